package rewrite

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// dropEmpty cuts away what cannot give rows: tables that hold nothing, filters that are constantly false,
// and all that depends on them. A parser that unions thirty sources is planned for the three that are
// there. It is right node by node: see the comments at the cases. Constants that come out of empty
// subqueries (a watchlist of disabled parsers) are folded on the way.
func dropEmpty(plan rel.Node, opts Options) rel.Node {
	d := &dropper{opts: opts, done: map[rel.Node]rel.Node{}, exprs: map[rel.Expr]rel.Expr{}, shares: map[int]bool{}}
	return d.node(plan)
}

type dropper struct {
	opts   Options
	done   map[rel.Node]rel.Node
	exprs  map[rel.Expr]rel.Expr
	shares map[int]bool // shares that give no rows
}

func (d *dropper) node(n rel.Node) rel.Node {
	if out, ok := d.done[n]; ok {
		return out
	}
	out := d.reduce(rel.WithExprs(rel.WithInputs(n, d.node), d.expr))
	d.done[n] = out
	return out
}

// none is a node with n's columns and no rows.
func none(n rel.Node) rel.Node { return &rel.Values{Out: n.Cols()} }

// isNone tells whether a node gives no rows.
func isNone(n rel.Node) bool {
	v, ok := n.(*rel.Values)
	return ok && len(v.Rows) == 0
}

func (d *dropper) reduce(n rel.Node) rel.Node {
	switch n := n.(type) {
	case *rel.Scan:
		if d.opts.Empty != nil && d.opts.Empty(n) {
			return none(n)
		}
	case *rel.Filter:
		if v, ok := rel.Const(n.Pred); ok {
			if v.IsNull() || !v.Bool() {
				return none(n)
			}
			return n.In
		}
		if isNone(n.In) {
			return none(n)
		}
	case *rel.Project, *rel.Limit, *rel.DistinctOn, *rel.Unnest, *rel.Window:
		if isNone(n.Inputs()[0]) {
			return none(n)
		}
	case *rel.Aggregate:
		if isNone(n.In) && len(n.Keys) > 0 { // without keys there is one row for no input
			return none(n)
		}
	case *rel.Join:
		return d.join(n)
	case *rel.Apply:
		if isNone(n.Left) || isNone(n.Right) {
			return none(n)
		}
	case *rel.Union:
		return d.union(n)
	case *rel.Share:
		d.shares[n.ID] = isNone(n.In)
	case *rel.Ref:
		if d.shares[n.ID] {
			return none(n)
		}
	case *rel.With:
		var kept []*rel.Share
		for _, s := range n.Shares {
			if !d.shares[s.ID] {
				kept = append(kept, s)
			}
		}
		if len(kept) == 0 {
			return n.Body
		}
		return &rel.With{Shares: kept, Body: n.Body}
	}
	return n
}

// join: an inner join needs both sides, an outer one the side that is kept; what the other side would give
// is null. Nothing on the right excludes nothing from an anti join.
func (d *dropper) join(n *rel.Join) rel.Node {
	left, right := isNone(n.Left), isNone(n.Right)
	switch {
	case !left && !right:
		return n
	case left && right:
		return none(n)
	case n.Kind == rel.LeftAnti && right:
		return n.Left
	case right && (n.Kind == rel.LeftOuter || n.Kind == rel.FullOuter):
		return keepSide(n.Left, n.LeftOut, n.RightOut, true)
	case left && (n.Kind == rel.RightOuter || n.Kind == rel.FullOuter):
		return keepSide(n.Right, n.RightOut, n.LeftOut, false)
	}
	return none(n)
}

// keepSide is an outer join of which only one side has rows.
func keepSide(in rel.Node, out, absent []rel.Col, first bool) rel.Node {
	p := &rel.Project{In: in}
	for i, c := range in.Cols() {
		to := c
		if out != nil {
			to = out[i]
		}
		p.Items = append(p.Items, rel.Item{Col: to, Expr: c.Ref()})
	}
	var nulls []rel.Item
	for _, c := range absent {
		nulls = append(nulls, rel.Item{Col: c, Expr: &rel.Lit{V: types.Null(c.Type)}})
	}
	if first {
		p.Items = append(p.Items, nulls...)
	} else {
		p.Items = append(nulls, p.Items...)
	}
	return p
}

// union leaves out the inputs without rows.
func (d *dropper) union(n *rel.Union) rel.Node {
	var ins []rel.Node
	for _, in := range n.Ins {
		if !isNone(in) {
			ins = append(ins, in)
		}
	}
	switch {
	case len(ins) == 0:
		return none(n)
	case len(ins) == 1:
		p := &rel.Project{In: ins[0]}
		for i, c := range ins[0].Cols() {
			p.Items = append(p.Items, rel.Item{Col: n.Out[i], Expr: c.Ref()})
		}
		return p
	case len(ins) == len(n.Ins):
		return n
	}
	return &rel.Union{Ins: ins, Out: n.Out}
}

// expr reduces an expression: subqueries without rows are constants, and so is what is computed of constants.
func (d *dropper) expr(e rel.Expr) rel.Expr {
	switch e.(type) {
	case *rel.ColRef, *rel.Lit:
		return e
	}
	if out, ok := d.exprs[e]; ok {
		return out
	}
	out := d.reduceExpr(e)
	d.exprs[e] = out
	return out
}

func (d *dropper) reduceExpr(e rel.Expr) rel.Expr {
	switch e := e.(type) {
	case *rel.Subquery:
		plan := d.node(e.Plan)
		if isNone(plan) {
			return &rel.Lit{V: types.Null(e.T)}
		}
		return &rel.Subquery{Plan: plan, T: e.T}
	case *rel.InQuery:
		plan := d.node(e.Plan)
		if isNone(plan) {
			return &rel.Lit{V: types.BoolOf(e.Not)}
		}
		return &rel.InQuery{X: d.expr(e.X), Plan: plan, Fold: e.Fold, Not: e.Not}
	case *rel.HasAnyQuery:
		plan := d.node(e.Plan)
		if isNone(plan) {
			return &rel.Lit{V: types.BoolOf(e.All)}
		}
		return &rel.HasAnyQuery{X: d.expr(e.X), Plan: plan, All: e.All}
	case *rel.Call:
		return d.call(e)
	}
	return e
}

func (d *dropper) call(e *rel.Call) rel.Expr {
	args := e.Args
	for i, a := range e.Args {
		if out := d.expr(a); out != a {
			if &args[0] == &e.Args[0] {
				args = append([]rel.Expr(nil), e.Args...)
			}
			args[i] = out
		}
	}
	c := e
	if len(args) > 0 && &args[0] != &e.Args[0] {
		c = &rel.Call{Fn: e.Fn, Sig: e.Sig, Args: args, T: e.T}
		if v, ok := rel.Fold(c, d.opts.Now); ok {
			return &rel.Lit{V: v}
		}
	}
	if c.Fn.Class == funcs.Operator && (c.Fn.Name == "and" || c.Fn.Name == "or") {
		for i, a := range c.Args {
			if v, ok := rel.Const(a); ok && !v.IsNull() {
				if v.Bool() == (c.Fn.Name == "or") {
					return a
				}
				return c.Args[1-i]
			}
		}
	}
	return c
}
