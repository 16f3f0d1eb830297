package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vedette-siem/vedette/internal/bind"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// StepCount is a stage of a query's pipes and how many rows it puts out.
type StepCount struct {
	Span  source.Span
	Text  string // the source or operator as written, with … for the pipes inside it, which are steps of their own
	Pipe  int    // the pipe it belongs to; each has another number
	Depth int    // 0 for the query's own pipe, more for the pipes inside it
	Let   string // the let statement it stands in, "" for the query's last statement
	// Rows is how many rows are left behind the step. Counted is false for a stage that reads the row around it, as inside
	// mv-apply: it has no number of its own.
	Rows    int64
	Counted bool
	Sides   *SideCounts // of join and lookup
}

// SideCounts are how many rows the sides of a join have, and how many of them find a partner on the other one.
type SideCounts struct {
	Left, LeftMatched   int64
	Right, RightMatched int64
}

// TableCount is a stored table that a query reads, and how many of its rows the query's time bounds let through.
type TableCount struct {
	Table string
	Rows  int64
}

// Explanation tells what became of a query at every step.
type Explanation struct {
	Compiled *Compiled
	Tables   []TableCount
	Steps    []StepCount
	Rows     int64 // of the result
}

// Explain compiles a query and counts the rows of the tables it reads and those behind every operator, so that one sees at
// which step rows vanish.
func (e *Engine) Explain(ctx context.Context, req Request) (*Explanation, error) {
	if req.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, req.Timeout, ErrTimeout)
		defer cancel()
	}
	var steps []bind.Step
	seen := map[source.Span]bool{}
	bound, diags, err := e.bindWith(ctx, req, func(s bind.Step) {
		if !seen[s.Span] { // a table that let names is bound again at every use
			seen[s.Span] = true
			steps = append(steps, s)
		}
	})
	if err != nil {
		return nil, err
	}
	x := explaining{e: e, req: req}
	out := &Explanation{}
	if out.Compiled, err = e.write(ctx, bound, diags, types.TicksOf(req.Now), false); err != nil {
		return nil, err
	}
	for _, t := range bound.Tables {
		n, err := x.table(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("count %s: %w", t, err)
		}
		out.Tables = append(out.Tables, TableCount{t, n})
	}
	if out.Rows, _, err = x.rows(ctx, bound.Plan); err != nil {
		return nil, fmt.Errorf("count the rows of the result: %w", err)
	}
	last := map[int]int64{} // rows that the pipe has come to
	for i, s := range steps {
		c := StepCount{Span: s.Span, Text: outline(req.File.Text, s, steps[:i]), Pipe: s.Pipe, Depth: s.Depth, Let: s.Let}
		if c.Rows, c.Counted, err = x.rows(ctx, s.Plan); err != nil {
			return nil, fmt.Errorf("count the rows behind '%s': %w", c.Text, err)
		}
		if c.Counted && s.Sides != nil {
			c.Sides = &SideCounts{Left: last[s.Pipe]}
			for _, side := range []struct {
				plan rel.Node
				n    *int64
			}{{s.Sides.Right, &c.Sides.Right}, {s.Sides.LeftMatched, &c.Sides.LeftMatched}, {s.Sides.RightMatched, &c.Sides.RightMatched}} {
				if *side.n, _, err = x.rows(ctx, side.plan); err != nil {
					return nil, fmt.Errorf("count the sides of '%s': %w", c.Text, err)
				}
			}
		}
		last[s.Pipe] = c.Rows
		out.Steps = append(out.Steps, c)
	}
	return out, nil
}

// explaining is one call of Explain.
type explaining struct {
	e   *Engine
	req Request
}

// rows counts the rows of a plan; ok is false where it reads columns of a row around it.
func (x *explaining) rows(ctx context.Context, n rel.Node) (rows int64, ok bool, err error) {
	if !closed(n) {
		return 0, false, nil
	}
	count, found := funcs.All().Lookup(funcs.Aggregate, "count")
	if !found {
		return 0, false, errors.New("the catalogue lacks count")
	}
	col := rel.Col{ID: largest(n) + 1, Name: "rows", Type: types.Long}
	agg := &rel.Aggregate{In: n, Aggs: []rel.AggItem{{Call: &rel.Call{Fn: count, Sig: &count.Sigs[0], T: types.Long}, Outs: []rel.Col{col}}}}
	var plan rel.Node = agg
	if w, ok := n.(*rel.With); ok {
		agg.In = w.Body
		plan = &rel.With{Shares: w.Shares, Body: agg}
	}
	t, _, err := x.e.runBound(ctx, &bind.Result{Plan: plan, Columns: []rel.Col{col}}, source.Diagnostics{}, types.TicksOf(x.req.Now), 0, nil)
	if err != nil {
		return 0, false, err
	}
	return t.Rows[0][0].Int64(), true, nil
}

// table counts the rows of a stored table within the bounds of the request.
func (x *explaining) table(ctx context.Context, name string) (int64, error) {
	req := x.req
	req.File, req.Set, req.MaxRows = source.NewFile("", "table('"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name)+"') | count"), nil, 0
	res, err := x.e.Run(ctx, req)
	if err != nil {
		return 0, err
	}
	return res.Rows[0][0].Int64(), nil
}

// outline is a step in one line, with … for the pipes inside it.
func outline(text string, s bind.Step, before []bind.Step) string {
	inner := map[int]source.Span{}
	for _, b := range before {
		if b.Depth == s.Depth+1 && b.Span.Start >= s.Span.Start && b.Span.End <= s.Span.End {
			span, ok := inner[b.Pipe]
			if !ok {
				span = b.Span
			}
			inner[b.Pipe] = source.Span{Start: min(span.Start, b.Span.Start), End: max(span.End, b.Span.End)}
		}
	}
	var spans []source.Span
	for _, span := range inner {
		spans = append(spans, span)
	}
	slices.SortFunc(spans, func(a, b source.Span) int { return a.Start - b.Start })
	var out strings.Builder
	at := s.Span.Start
	for _, span := range spans {
		out.WriteString(text[at:span.Start] + "…")
		at = span.End
	}
	out.WriteString(text[at:s.Span.End])
	line := strings.Join(strings.Fields(out.String()), " ")
	return strings.ReplaceAll(strings.ReplaceAll(line, "( …", "(…"), "… )", "…)")
}

// largest is the largest number of a column in a plan.
func largest(n rel.Node) rel.ColID {
	var id rel.ColID
	for _, c := range n.Cols() {
		id = max(id, c.ID)
	}
	for _, in := range n.Inputs() {
		id = max(id, largest(in))
	}
	return id
}

// closed tells whether a plan reads no columns but those that it puts out somewhere itself.
func closed(n rel.Node) bool {
	have, read := map[rel.ColID]bool{}, map[rel.ColID]bool{}
	var visit func(rel.Node)
	expr := func(e rel.Expr) {
		rel.WalkExpr(e, func(e rel.Expr) {
			switch e := e.(type) {
			case *rel.ColRef:
				read[e.ID] = true
			case *rel.Subquery:
				visit(e.Plan)
			case *rel.InQuery:
				visit(e.Plan)
			case *rel.HasAnyQuery:
				visit(e.Plan)
			}
		})
	}
	visit = func(n rel.Node) {
		for _, c := range n.Cols() {
			have[c.ID] = true
		}
		rel.Exprs(n, expr)
		for _, in := range n.Inputs() {
			visit(in)
		}
	}
	visit(n)
	for id := range read {
		if !have[id] {
			return false
		}
	}
	return true
}
