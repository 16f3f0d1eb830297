package proof

import (
	"context"
	"fmt"
	"sort"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// maxNodes bounds how many nodes are looked at: a share is gone through once for every place that reads it.
const maxNodes = 20_000

// Of tells when a plan gives no rows.
//
// It asks of every node: when does it put out no row that meets these conditions? The conditions of filters travel
// down along with the one row that they speak of, as far as a row of the output comes from a row of the input
// with the same values. That is less than pushing a filter down needs, since only one row must be found: a
// condition may pass a limit, a window function or the keys of a grouping.
func Of(plan rel.Node) *Formula {
	a := &analysis{shares: map[int]*rel.Share{}, nodes: maxNodes}
	return a.none(plan, nil)
}

type analysis struct {
	shares map[int]*rel.Share
	nodes  int
}

// none tells when n puts out no row for which all conds are true.
func (a *analysis) none(n rel.Node, conds []rel.Expr) *Formula {
	if a.nodes--; a.nodes < 0 {
		return unproven
	}
	switch n := n.(type) {
	case *rel.Scan:
		return scan(n, conds)
	case *rel.Values:
		if len(n.Rows) == 0 {
			return always
		}
	case *rel.Filter:
		return a.filter(n, conds)
	case *rel.Project:
		return a.none(n.In, moved(conds, items(n.Items)))
	case *rel.Aggregate:
		if len(n.Keys) == 0 {
			return unproven // one row even for no input
		}
		var keys []rel.Expr
		of := ids(n.Keys)
		for _, c := range conds {
			if reads(c, func(id rel.ColID) bool { return of[id] }) {
				keys = append(keys, c)
			}
		}
		return a.none(n.In, moved(keys, items(n.Keys)))
	case *rel.DistinctOn:
		return a.none(n.In, conds)
	case *rel.Limit:
		if v, ok := rel.Const(n.Count); ok && !v.IsNull() && v.Int64() <= 0 {
			return always
		}
		return a.none(n.In, conds)
	case *rel.Join:
		return a.join(n, conds)
	case *rel.Union:
		legs := make([]*Formula, len(n.Ins))
		for i, in := range n.Ins {
			to := map[rel.ColID]rel.Expr{}
			for j, c := range in.Cols() {
				to[n.Out[j].ID] = c.Ref()
			}
			legs[i] = a.none(in, moved(conds, to))
		}
		return allOf(legs...)
	case *rel.Unnest, *rel.Window:
		in := n.Inputs()[0]
		return a.none(in, within(conds, in.Cols()))
	case *rel.Apply:
		// Rows without a match are dropped, so both sides must give one.
		return anyOf(a.none(n.Left, within(conds, n.Left.Cols())), a.none(n.Right, within(conds, n.Right.Cols())))
	case *rel.With:
		for _, s := range n.Shares {
			a.shares[s.ID] = s
		}
		return a.none(n.Body, conds)
	case *rel.Share:
		return a.none(n.In, conds)
	case *rel.Ref:
		s, ok := a.shares[n.ID]
		if !ok {
			return unproven
		}
		to := map[rel.ColID]rel.Expr{}
		for i, c := range s.Cols() {
			to[n.Out[i].ID] = c.Ref()
		}
		return a.none(s.In, moved(conds, to))
	case *rel.Native:
		if emptyOfEmpty(n.Op) {
			return a.none(n.In, nil)
		}
	}
	return unproven // Sequence, and what comes to be
}

// filter adds a predicate to the conditions. One that looks for a value among the rows of another plan is never
// true where that plan has none.
func (a *analysis) filter(n *rel.Filter, conds []rel.Expr) *Formula {
	conds = conds[:len(conds):len(conds)]
	var out []*Formula
	for _, c := range conjuncts(n.Pred) {
		if v, ok := rel.Const(c); ok {
			if v.Type() == types.Bool && (v.IsNull() || !v.Bool()) {
				return always
			}
			continue
		}
		switch c := c.(type) {
		case *rel.InQuery:
			if !c.Not {
				out = append(out, a.none(c.Plan, nil))
			}
		case *rel.HasAnyQuery:
			if !c.All {
				out = append(out, a.none(c.Plan, nil))
			}
		default:
			conds = append(conds, c)
		}
	}
	return anyOf(append(out, a.none(n.In, conds))...)
}

func (a *analysis) join(n *rel.Join, conds []rel.Expr) *Formula {
	left := func() *Formula {
		if n.LeftOut != nil {
			return a.none(n.Left, nil)
		}
		return a.none(n.Left, within(conds, n.Left.Cols()))
	}
	right := func() *Formula {
		if n.RightOut != nil || n.Kind == rel.LeftSemi {
			return a.none(n.Right, nil)
		}
		return a.none(n.Right, within(conds, n.Right.Cols()))
	}
	switch n.Kind {
	case rel.Inner, rel.Cross, rel.LeftSemi:
		return anyOf(left(), right())
	case rel.LeftOuter, rel.LeftAnti:
		return left()
	case rel.RightOuter:
		return right()
	case rel.FullOuter:
		return allOf(left(), right())
	}
	return unproven
}

// items says what the columns of a projection are.
func items(list []rel.Item) map[rel.ColID]rel.Expr {
	to := make(map[rel.ColID]rel.Expr, len(list))
	for _, it := range list {
		to[it.Col.ID] = it.Expr
	}
	return to
}

func ids(list []rel.Item) map[rel.ColID]bool {
	out := make(map[rel.ColID]bool, len(list))
	for _, it := range list {
		out[it.Col.ID] = true
	}
	return out
}

// moved puts conditions in other terms and leaves out those that cannot be.
func moved(conds []rel.Expr, to map[rel.ColID]rel.Expr) []rel.Expr {
	var out []rel.Expr
	for _, c := range conds {
		budget := maxExpr
		if m := substitute(c, to, &budget); m != nil {
			out = append(out, m)
		}
	}
	return out
}

// within keeps the conditions that read nothing but cols.
func within(conds []rel.Expr, cols []rel.Col) []rel.Expr {
	if len(conds) == 0 {
		return nil
	}
	have := make(map[rel.ColID]bool, len(cols))
	for _, c := range cols {
		have[c.ID] = true
	}
	var out []rel.Expr
	for _, c := range conds {
		if reads(c, func(id rel.ColID) bool { return have[id] }) {
			out = append(out, c)
		}
	}
	return out
}

// emptyOfEmpty asks an operator that runs in Go what it gives for no rows.
func emptyOfEmpty(op rel.NativeOp) (none bool) {
	defer func() {
		if recover() != nil {
			none = false
		}
	}()
	rows, err := op.Run(context.Background(), nil)
	return err == nil && len(rows) == 0
}

// scan makes a leaf of a table and the conditions on its rows. Conditions on the time itself narrow the span.
// A table whose rows are not bounded by time is never proved empty.
func scan(n *rel.Scan, conds []rel.Expr) *Formula {
	if !n.Bounded {
		return unproven
	}
	l := &Leaf{Table: n.Table, TimeCol: n.TimeCol, From: n.From, To: n.To}
	of := make(map[rel.ColID]column, len(n.Out))
	var time rel.ColID
	for i, c := range n.Out {
		of[c.ID] = column{n.Source[i], c.Type}
		if n.Source[i] == n.TimeCol {
			time = c.ID
		}
	}
	for _, e := range conds {
		if from, to, ok := span(e, time); ok {
			l.From, l.To = max(l.From, from), min(l.To, to)
			continue
		}
		if c, ok := condOf(e, of); ok {
			l.Conds = append(l.Conds, c)
		}
	}
	if l.From >= l.To {
		return always
	}
	sort.SliceStable(l.Conds, func(i, j int) bool { return l.Conds[i].Key < l.Conds[j].Key })
	kept := l.Conds[:0]
	for i, c := range l.Conds {
		if i == 0 || c.Key != l.Conds[i-1].Key {
			kept = append(kept, c)
		}
	}
	l.Conds = kept
	return &Formula{Op: NoRows, Leaf: l}
}

const (
	minTicks = 0
	maxTicks = 3_155_378_976_000_000_000 // the end of the year 9999
)

// span reads a comparison of the time column with a constant as a half-open span of ticks.
func span(e rel.Expr, time rel.ColID) (from, to int64, ok bool) {
	c, isCall := e.(*rel.Call)
	if !isCall || c.Fn.Class != funcs.Operator || time == 0 {
		return 0, 0, false
	}
	tick := func(e rel.Expr) (int64, bool) {
		v, ok := rel.Const(e)
		return v.Int64(), ok && !v.IsNull() && v.Type() == types.Datetime
	}
	isTime := func(e rel.Expr) bool {
		r, ok := e.(*rel.ColRef)
		return ok && r.ID == time
	}
	if c.Fn.Name == "between" && isTime(c.Args[0]) {
		low, ok1 := tick(c.Args[1])
		high, ok2 := tick(c.Args[2])
		return low, high + 1, ok1 && ok2
	}
	if len(c.Args) != 2 {
		return 0, 0, false
	}
	op, x, y := c.Fn.Name, c.Args[0], c.Args[1]
	if isTime(y) {
		turned, is := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}[op]
		if !is {
			return 0, 0, false
		}
		op, x, y = turned, y, x
	}
	at, isTick := tick(y)
	if !isTick || !isTime(x) {
		return 0, 0, false
	}
	switch op {
	case "<":
		return minTicks, at, true
	case "<=":
		return minTicks, at + 1, true
	case ">":
		return at + 1, maxTicks, true
	case ">=":
		return at, maxTicks, true
	case "==":
		return at, at + 1, true
	}
	return 0, 0, false
}

// Explain writes a formula with the time that each leaf looks at, one leaf a line.
func Explain(f *Formula) string {
	out := f.String() + "\n"
	for _, l := range f.Leaves() {
		out += fmt.Sprintf("%s: %s\n", l, l.span())
	}
	return out
}
