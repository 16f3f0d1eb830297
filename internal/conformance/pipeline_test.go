package conformance

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// pipelineTime is how long TestPipelines looks for faults.
var pipelineTime = flag.Duration("pipelines", 15*time.Second, "how long TestPipelines grows queries")

// pipelineSeed starts the random numbers; a fault names the number that shows it again.
var pipelineSeed = flag.Uint64("pipelineseed", 0, "first seed of TestPipelines")

// TestPipelines grows well-typed queries of many operators. Each runs as it is and without the rewrites of its
// plan: neither may fail inside, and both give the same rows.
func TestPipelines(t *testing.T) {
	rewritten, plain := pipelineEngines(t)
	start := time.Now()
	ran, compared := 0, 0
	for seed := *pipelineSeed; time.Since(start) < *pipelineTime; seed++ {
		p := &pipeline{t: t, eng: rewritten, grow: newGrower()}
		p.grow.rnd = rand.New(rand.NewPCG(7, seed))
		text := p.query()
		a, err := run(rewritten, text)
		b, err2 := run(plain, text)
		switch {
		case internal(err):
			t.Errorf("seed %d: %s\n%v", seed, text, err)
		case internal(err2):
			t.Errorf("seed %d, without rewrites: %s\n%v", seed, text, err2)
		case err != nil || err2 != nil: // a value out of range and the like
		case p.open:
			ran++
		default:
			ran++
			compared++
			if x, y := rowSet(a), rowSet(b); !slices.Equal(x, y) {
				t.Errorf("seed %d: %s\nrewritten:\n  %s\nas bound:\n  %s", seed, text, strings.Join(x, "\n  "), strings.Join(y, "\n  "))
			}
		}
		if t.Failed() && *pipelineTime <= 15*time.Second {
			return
		}
	}
	t.Logf("%d queries ran, %d were compared", ran, compared)
	if ran == 0 || compared < ran/3 {
		t.Error("too few were compared")
	}
}

// pipelineEngines are two engines over the same two tables of odd values, one of which does not rewrite.
func pipelineEngines(t *testing.T) (rewritten, plain *query.Engine) {
	cat := catalog.New()
	rnd := rand.New(rand.NewPCG(7, 7))
	for _, name := range []string{"A_CL", "B_CL"} {
		table := catalog.Table{Name: name, Columns: types.Schema{{Name: "TimeGenerated", Type: types.Datetime}, {Name: "Key", Type: types.Long}}}
		for _, typ := range types.Scalars() {
			table.Columns = append(table.Columns, types.Column{Name: name[:1] + "_" + typ.String(), Type: typ})
		}
		if err := cat.AddTable(table); err != nil {
			t.Fatal(err)
		}
		var rows [][]types.Value
		for i := range 24 {
			row := []types.Value{types.DatetimeOf(types.TicksOf(evalTime.Add(-time.Duration(i) * 40 * time.Minute))), types.LongOf(rnd.Int64N(9))}
			for _, typ := range types.Scalars() {
				list := addable(pool(typ))
				row = append(row, list[rnd.IntN(len(list))])
			}
			rows = append(rows, row)
		}
		if err := store(t).Append(&table, rows); err != nil {
			t.Fatal(err)
		}
	}
	rewritten, plain = query.New(cat, store(t)), query.New(cat, store(t))
	plain.NoRewrite = true
	return rewritten, plain
}

// rowSet are the rows as sorted texts. Sums of reals are rounded: their order of adding is left open.
func rowSet(t types.Table) []string {
	var out []string
	for _, row := range t.Rows {
		var cells []string
		for _, v := range row {
			if v.Type() == types.Real && !v.IsNull() {
				cells = append(cells, strconv.FormatFloat(v.Float64(), 'g', 6, 64))
				continue
			}
			cells = append(cells, show(v))
		}
		out = append(out, strings.Join(cells, " | "))
	}
	slices.Sort(out)
	return out
}

// pipeline grows one query.
type pipeline struct {
	t    *testing.T
	eng  *query.Engine
	grow *grower
	made int // names made up so far
	// open: the language leaves open which rows the query gives.
	open bool
}

func (p *pipeline) pick(list ...string) string { return list[p.grow.rnd.IntN(len(list))] }

func (p *pipeline) name() string {
	p.made++
	return fmt.Sprintf("n%d", p.made)
}

// query grows a query of a few operators, at times with statements around it.
func (p *pipeline) query() string {
	switch p.grow.rnd.IntN(5) {
	case 0:
		body := p.stages("A_CL", 2)
		body = "let T = " + p.pick("", "materialize(") + body
		if strings.Contains(body, "materialize(") {
			body += ")"
		}
		body += ";\n"
		rest := p.rest(body, "T", 2)
		return rest
	case 1:
		body := "let F = (rows:(Key:long, *), least:long=0) { rows | where Key >= least };\n"
		return p.rest(body, "F(A_CL, 2)", 3)
	}
	return p.stages("A_CL", 4)
}

// stages adds up to n operators to a table.
func (p *pipeline) stages(table string, n int) string { return p.rest("", table, n) }

func (p *pipeline) rest(head, text string, n int) string {
	text = head + text
	columns := p.columns(text)
	for range 1 + p.grow.rnd.IntN(n) {
		stage := p.stage(columns)
		next := p.columns(text + "\n| " + stage)
		if next == nil { // refused: a value that an overload does not take, or a name that is gone
			continue
		}
		text, columns = text+"\n| "+stage, next
	}
	return text
}

// columns are the columns of a query, or nil when it is refused.
func (p *pipeline) columns(text string) types.Schema {
	c, err := p.eng.Compile(context.Background(), query.Request{File: source.NewFile("", text), Now: evalTime})
	if internal(err) {
		p.t.Errorf("%s\n%v", text, err)
	}
	if err != nil {
		return nil
	}
	return c.Columns
}

// expr grows an expression over columns.
func (p *pipeline) expr(columns types.Schema, t types.Type, depth int) string {
	p.grow.columns = map[types.Type][]string{}
	for _, c := range columns {
		p.grow.columns[c.Type] = append(p.grow.columns[c.Type], "['"+c.Name+"']")
	}
	return p.grow.expression(t, depth)
}

// one is a column of one of the types, or "".
func (p *pipeline) one(columns types.Schema, of ...types.Type) string {
	var names []string
	for _, c := range columns {
		if slices.Contains(of, c.Type) {
			names = append(names, "['"+c.Name+"']")
		}
	}
	if len(names) == 0 {
		return ""
	}
	return p.pick(names...)
}

// total sorts so that rows of the same place are the same.
func (p *pipeline) total(columns types.Schema) string {
	var keys []string
	for _, c := range columns {
		key := "['" + c.Name + "']"
		if c.Type == types.Dynamic || c.Type == types.Guid || c.Type == types.Bool {
			key = "tostring(" + key + ")"
		}
		keys = append(keys, key+p.pick(" asc", " desc"))
	}
	return strings.Join(keys, ", ")
}

func (p *pipeline) aggregates(columns types.Schema) string {
	number := p.one(columns, types.Long, types.Int)
	text := p.one(columns, types.String)
	moment := p.one(columns, types.Datetime, types.Timespan)
	if number == "" {
		number = "1"
	}
	if text == "" {
		text = "'x'"
	}
	if moment == "" {
		moment = "now()"
	}
	all := []string{
		"count()", "countif(" + p.expr(columns, types.Bool, 2) + ")", "sum(" + number + " % 1000)", "min(" + moment + ")", "max(" + number + ")",
		"dcount(" + text + ")", "array_sort_asc(make_set(" + text + "))", "array_sort_asc(make_list(" + number + "))", "avg(" + number + " % 1000)",
		"sumif(" + number + " % 1000, " + p.expr(columns, types.Bool, 2) + ")", "percentile(" + number + ", 50)", "array_length(make_list(" + text + "))",
		"count_distinct(" + text + ")", "max(strlen(" + text + ")) - min(strlen(" + text + "))", "binary_all_or(" + number + ")", "dcountif(" + text + ", " + p.expr(columns, types.Bool, 1) + ")",
	}
	var out []string
	for range 1 + p.grow.rnd.IntN(3) {
		out = append(out, p.name()+" = "+p.pick(all...))
	}
	return strings.Join(out, ", ")
}

func (p *pipeline) keys(columns types.Schema) string {
	key := p.one(columns, types.Long, types.String, types.Bool, types.Datetime, types.Int, types.Guid, types.Timespan)
	switch p.grow.rnd.IntN(5) {
	case 0:
		return ""
	case 1:
		if moment := p.one(columns, types.Datetime); moment != "" {
			return " by " + p.name() + " = bin(" + moment + ", 1h)"
		}
	case 2:
		if text := p.one(columns, types.String); text != "" {
			return " by " + p.name() + " = tolower(" + text + ")"
		}
	}
	if key == "" {
		return ""
	}
	return " by " + key
}

// stage grows one operator over columns.
func (p *pipeline) stage(columns types.Schema) string {
	all := types.Scalars()
	anyType := func() types.Type { return all[p.grow.rnd.IntN(len(all))] }
	number, text, bag := p.one(columns, types.Long), p.one(columns, types.String), p.one(columns, types.Dynamic)
	switch n := p.grow.rnd.IntN(30); n {
	case 0, 1, 2:
		return "where " + p.expr(columns, types.Bool, 3)
	case 3, 4, 5:
		return "extend " + p.name() + " = " + p.expr(columns, anyType(), 3) + ", " + p.name() + " = " + p.expr(columns, anyType(), 2)
	case 6:
		var list []string
		for _, c := range columns {
			if p.grow.rnd.IntN(3) > 0 {
				list = append(list, "['"+c.Name+"']")
			}
		}
		return "project " + strings.Join(append(list, p.name()+" = "+p.expr(columns, anyType(), 2)), ", ")
	case 7, 8:
		return "summarize " + p.aggregates(columns) + p.keys(columns)
	case 9:
		return "distinct " + p.pick("*", "Key", "A_string, A_bool")
	case 10:
		return "sort by " + p.total(columns) + " | take " + strconv.Itoa(p.grow.rnd.IntN(12))
	case 11:
		return "top 5 by " + p.total(columns)
	case 12:
		window := "row_number(1, " + p.expr(columns, types.Bool, 1) + ")"
		if number != "" {
			window = p.pick(window, "prev("+number+", 1, -1)", "next("+number+")", "row_cumsum("+number+" % 100)", "row_rank_dense("+number+")")
		}
		return "sort by " + p.total(columns) + " | extend " + p.name() + " = " + window
	case 13, 14, 15:
		kind := p.pick("inner", "leftouter", "rightouter", "fullouter", "leftanti", "rightanti", "leftsemi", "rightsemi", "innerunique", "anti")
		p.open = p.open || kind == "innerunique"
		return "join kind=" + kind + " (" + p.stages("B_CL", 2) + ") on " + p.pick("Key", "Key", "$left.A_string == $right.B_string", "$left.Key == $right.B_long")
	case 16:
		return "lookup kind=" + p.pick("leftouter", "inner") + " (B_CL | summarize " + p.name() + " = count() by Key) on Key"
	case 17:
		return "union " + p.pick("", "kind=inner ", "withsource=Source ") + "(" + p.stages(p.pick("A_CL", "B_CL"), 2) + ")"
	case 18:
		if bag != "" {
			return "mv-expand " + p.pick("", "with_itemindex=Index ") + bag + p.pick("", " to typeof(string)", " to typeof(long)")
		}
	case 19:
		if bag != "" {
			return "mv-apply e = " + bag + " to typeof(long) on (" + p.pick("summarize Sum = sum(e)", "where e > 0", "top 1 by e desc", "count") + ")"
		}
	case 20:
		if text != "" {
			return p.pick("parse ", "parse-where ") + text + " with First:string " + p.pick("\".\"", "\" \"", "\",\"") + " Rest"
		}
	case 21:
		return "make-series " + p.name() + " = count() default=0 on TimeGenerated from ago(1d) to now() step 6h" + p.pick("", " by Key")
	case 22:
		return "where Key " + p.pick("in", "!in") + " ((B_CL | where B_bool | project Key))"
	case 23:
		return "where Key > toscalar(B_CL | summarize " + p.pick("min(Key)", "avg(Key)", "take_any(3)") + ")"
	case 24:
		return "partition hint.strategy=" + p.pick("native", "legacy", "shuffle") + " by Key (" + p.pick("summarize "+p.aggregates(columns), "where A_bool", "count") + ")"
	case 25:
		return p.pick("count", "getschema", "search 'a'", "as Named", "project-away A_*", "project-keep Key, A_*", "project-reorder Key", "project-rename Renamed = Key", "summarize take_any(1) by Key")
	case 26:
		if text != "" {
			return "project Key, " + text + " | evaluate " + p.pick("pivot("+text+")", "pivot(Key, count(), "+text+")")
		}
	case 27:
		return "scan declare (Run:long = 0) with (step s: true => Run = s.Run + 1;)"
	case 28:
		return "top-nested 3 of Key by " + p.name() + " = max(Key)"
	case 29:
		p.open = true
		return p.pick("take 3", "sample 2", "summarize arg_max(Key, *) by A_bool", "summarize take_any(*) by Key", "sample-distinct 2 of Key", "serialize | extend p = prev(Key)",
			"summarize make_list(Key), make_bag(bag_pack(tostring(Key), 1))", "top-hitters 2 of Key", "project Key, A_string | evaluate narrow()", "top-nested 2 of Key by count()")
	}
	return "extend " + p.name() + " = " + p.expr(columns, anyType(), 2)
}
