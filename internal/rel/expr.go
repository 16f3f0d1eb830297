package rel

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/types"
)

// Expr is a typed scalar expression over the columns of a node's input. The set is closed.
type Expr interface {
	Type() types.Type
	expr()
}

// ColRef reads a column.
type ColRef struct {
	ID ColID
	T  types.Type
}

// Lit is a constant.
type Lit struct{ V types.Value }

// Call calls a function of the catalogue through one of its overloads. The arguments have the types that
// the overload's body expects.
type Call struct {
	Fn   *funcs.Func
	Sig  *funcs.Sig
	Args []Expr
	T    types.Type
}

// Subquery is the first column of the first row of a plan that reads none of the outer columns
// (toscalar); null where there is no row.
type Subquery struct {
	Plan Node
	T    types.Type
}

// InQuery tells whether X is among the first column of a plan. Fold compares without regard to case.
type InQuery struct {
	X    Expr
	Plan Node
	Fold bool
	Not  bool
}

// HasAnyQuery tells whether the text X has any (All: every) term of the first column of a plan.
type HasAnyQuery struct {
	X    Expr
	Plan Node
	All  bool
}

// Bad stands for an expression with an error; no plan that holds one is run.
type Bad struct{}

// Type implements Expr.
func (e *ColRef) Type() types.Type    { return e.T }
func (e *Lit) Type() types.Type       { return e.V.Type() }
func (e *Call) Type() types.Type      { return e.T }
func (e *Subquery) Type() types.Type  { return e.T }
func (*InQuery) Type() types.Type     { return types.Bool }
func (*HasAnyQuery) Type() types.Type { return types.Bool }
func (Bad) Type() types.Type          { return types.Unknown }

func (*ColRef) expr()      {}
func (*Lit) expr()         {}
func (*Call) expr()        {}
func (*Subquery) expr()    {}
func (*InQuery) expr()     {}
func (*HasAnyQuery) expr() {}
func (Bad) expr()          {}

// Ref returns an expression that reads c.
func (c Col) Ref() *ColRef { return &ColRef{c.ID, c.Type} }

// Const returns the value of a constant expression.
func Const(e Expr) (types.Value, bool) {
	if l, ok := e.(*Lit); ok {
		return l.V, true
	}
	return types.Value{}, false
}

// WalkExpr calls visit for e and the expressions below it; plans inside expressions are not entered.
func WalkExpr(e Expr, visit func(Expr)) {
	visit(e)
	switch e := e.(type) {
	case *Call:
		for _, a := range e.Args {
			WalkExpr(a, visit)
		}
	case *InQuery:
		WalkExpr(e.X, visit)
	case *HasAnyQuery:
		WalkExpr(e.X, visit)
	}
}

// Exprs calls visit for every expression that n holds itself.
func Exprs(n Node, visit func(Expr)) {
	switch n := n.(type) {
	case *Sequence:
		visit(n.From)
		visit(n.To)
		visit(n.Step)
	case *Filter:
		visit(n.Pred)
	case *Project:
		for _, i := range n.Items {
			visit(i.Expr)
		}
	case *Aggregate:
		for _, k := range n.Keys {
			visit(k.Expr)
		}
		for _, a := range n.Aggs {
			for _, e := range a.Call.Args {
				visit(e)
			}
		}
	case *DistinctOn:
		for _, e := range n.On {
			visit(e)
		}
	case *Join:
		for _, k := range n.On {
			visit(k.Left)
			visit(k.Right)
		}
	case *Limit:
		visit(n.Count)
	case *Unnest:
		for _, i := range n.Items {
			visit(i.Expr)
		}
	case *Window:
		for _, i := range n.Items {
			for _, e := range i.Args {
				visit(e)
			}
			for _, e := range i.Partition {
				visit(e)
			}
		}
	}
}

// MapExprs replaces every expression that n holds itself by change's result.
func MapExprs(n Node, change func(Expr) Expr) {
	list := func(es []Expr) {
		for i, e := range es {
			es[i] = change(e)
		}
	}
	switch n := n.(type) {
	case *Sequence:
		n.From, n.To, n.Step = change(n.From), change(n.To), change(n.Step)
	case *Filter:
		n.Pred = change(n.Pred)
	case *Project:
		for i := range n.Items {
			n.Items[i].Expr = change(n.Items[i].Expr)
		}
	case *Aggregate:
		for i := range n.Keys {
			n.Keys[i].Expr = change(n.Keys[i].Expr)
		}
		for i := range n.Aggs {
			list(n.Aggs[i].Call.Args)
		}
	case *DistinctOn:
		list(n.On)
	case *Join:
		for i := range n.On {
			n.On[i].Left, n.On[i].Right = change(n.On[i].Left), change(n.On[i].Right)
		}
	case *Limit:
		n.Count = change(n.Count)
	case *Unnest:
		for i := range n.Items {
			n.Items[i].Expr = change(n.Items[i].Expr)
		}
	case *Window:
		for i := range n.Items {
			list(n.Items[i].Args)
			list(n.Items[i].Partition)
		}
	}
}

// WithExprs returns n with each of its own expressions replaced by change's result; n itself stays as it
// is, and is returned where nothing changes.
func WithExprs(n Node, change func(Expr) Expr) Node {
	differs := false
	Exprs(n, func(e Expr) { differs = differs || change(e) != e })
	if !differs {
		return n
	}
	switch n := n.(type) {
	case *Sequence:
		c := *n
		MapExprs(&c, change)
		return &c
	case *Filter:
		c := *n
		MapExprs(&c, change)
		return &c
	case *Project:
		c := *n
		c.Items = append([]Item(nil), n.Items...)
		MapExprs(&c, change)
		return &c
	case *Aggregate:
		c := *n
		c.Keys = append([]Item(nil), n.Keys...)
		c.Aggs = append([]AggItem(nil), n.Aggs...)
		for i := range c.Aggs {
			call := *c.Aggs[i].Call
			call.Args = append([]Expr(nil), call.Args...)
			c.Aggs[i].Call = &call
		}
		MapExprs(&c, change)
		return &c
	case *DistinctOn:
		c := *n
		c.On = append([]Expr(nil), n.On...)
		MapExprs(&c, change)
		return &c
	case *Join:
		c := *n
		c.On = append([]EqKey(nil), n.On...)
		MapExprs(&c, change)
		return &c
	case *Limit:
		c := *n
		MapExprs(&c, change)
		return &c
	case *Unnest:
		c := *n
		c.Items = append([]UnnestItem(nil), n.Items...)
		MapExprs(&c, change)
		return &c
	case *Window:
		c := *n
		c.Items = append([]WindowItem(nil), n.Items...)
		for i := range c.Items {
			c.Items[i].Args = append([]Expr(nil), c.Items[i].Args...)
			c.Items[i].Partition = append([]Expr(nil), c.Items[i].Partition...)
		}
		MapExprs(&c, change)
		return &c
	}
	return n
}
