package proof

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// Counting is the work of counting the rows of a table: a plan, whose rows Add takes.
type Counting struct {
	// Key names the plan: two countings with one key have equal plans, so that a statement can be kept.
	Key string

	group    *group
	counters []*counter
	bounded  bool
	from, to int64
}

// Columns are the columns of the plan.
func (c *Counting) Columns() []rel.Col {
	b := counterIDs{}
	out := []rel.Col{b.next("minute", types.Datetime)}
	for i := range c.counters {
		out = append(out, b.next("n"+strconv.Itoa(i), types.Long))
	}
	return out
}

type counterIDs struct{ last rel.ColID }

func (b *counterIDs) next(name string, t types.Type) rel.Col {
	b.last++
	return rel.Col{ID: b.last, Name: name, Type: t}
}

// Plan counts for every minute the rows that meet each set of conditions. It is made anew at each call, because
// rewrites change plans in place.
//
// Cheap conditions are computed once for all sets that share them; the others only for rows that meet the cheap
// ones of their set.
func (c *Counting) Plan() rel.Node {
	b := &counterIDs{}
	out := c.Columns()
	b.last = out[len(out)-1].ID
	scan := &rel.Scan{Table: c.group.table, TimeCol: c.group.timeCol, Bounded: c.bounded, From: c.from, To: c.to}
	read := map[string]rel.Col{}
	stored := func(col column) rel.ColID {
		if have, ok := read[col.stored]; ok {
			return have.ID
		}
		made := b.next(col.stored, col.typ)
		read[col.stored] = made
		scan.Out, scan.Source = append(scan.Out, made), append(scan.Source, col.stored)
		return made.ID
	}
	time := &rel.ColRef{ID: stored(column{c.group.timeCol, types.Datetime}), T: types.Datetime}
	minute := b.next("minute", types.Datetime)
	first := &rel.Project{In: scan, Items: []rel.Item{{Col: minute,
		Expr: call(funcs.Scalar, "bin", types.Datetime, time, &rel.Lit{V: types.TimespanOf(binTicks)})}}}
	flags := map[string]rel.Col{}
	agg := &rel.Aggregate{In: first, Keys: []rel.Item{{Col: out[0], Expr: minute.Ref()}}}
	for i, ct := range c.counters {
		conds := slices.Clone(ct.conds)
		slices.SortStableFunc(conds, func(x, y Cond) int { return x.Cost - y.Cost })
		var all rel.Expr
		for j := len(conds) - 1; j >= 0; j-- { // the dearest innermost
			cond := &conds[j]
			var e rel.Expr
			if cond.Cost <= costCheap {
				flag, ok := flags[cond.Key]
				if !ok {
					flag = b.next("is", types.Bool)
					flags[cond.Key] = flag
					first.Items = append(first.Items, rel.Item{Col: flag, Expr: cond.bind(stored)})
				}
				e = flag.Ref()
			} else {
				e = cond.bind(stored)
			}
			switch {
			case all == nil:
				all = e
			case conds[j+1].Cost <= costCheap:
				all = call(funcs.Operator, "and", types.Bool, e, all)
			default:
				all = call(funcs.Scalar, "iff", types.Bool, e, all, &rel.Lit{V: types.BoolOf(false)})
			}
		}
		item := rel.AggItem{Outs: []rel.Col{out[i+1]}}
		if all == nil {
			item.Call = call(funcs.Aggregate, "count", types.Long)
		} else {
			item.Call = call(funcs.Aggregate, "countif", types.Long, all)
		}
		agg.Aggs = append(agg.Aggs, item)
	}
	for _, col := range scan.Out { // what the conditions above the first projection read, and more
		first.Items = append(first.Items, rel.Item{Col: col, Expr: col.Ref()})
	}
	return agg
}

// call makes a call of the catalogue, through the overload that takes the arguments' types.
func call(class funcs.Class, name string, t types.Type, args ...rel.Expr) *rel.Call {
	fn, ok := funcs.All().Lookup(class, name)
	if !ok {
		panic("the catalogue lacks " + name)
	}
	for i := range fn.Sigs {
		s := &fn.Sigs[i]
		fits := s.Takes(len(args))
		for j, a := range args {
			p, ok := s.Param(j, len(args))
			fits = fits && ok && p.Types.Has(a.Type())
		}
		if fits {
			return &rel.Call{Fn: fn, Sig: s, Args: args, T: t}
		}
	}
	panic("the catalogue lacks an overload of " + name)
}

// read turns the rows of the plan into hits, one for each of its counters.
func (c *Counting) read(t types.Table, first, last int64) ([]hits, error) {
	out := make([]hits, len(c.counters))
	for _, row := range t.Rows {
		if len(row) != len(c.counters)+1 {
			return nil, fmt.Errorf("count the rows of %s: %d columns, want %d", c.group.table, len(row), len(c.counters)+1)
		}
		bin, ok := binOf(row[0])
		if !ok {
			continue
		}
		for i := range out {
			if v := row[i+1]; !v.IsNull() && v.Int64() > 0 {
				out[i].set(bin, first, last)
			}
		}
	}
	return out, nil
}
