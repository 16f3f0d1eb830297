package rel

import "fmt"

// Copy returns a plan that computes what n does, with columns of its own: fresh gives the column that stands for
// one of n's. Columns that n reads from around it (in the right side of an Apply) stay as they are. The second
// result tells which column of the copy stands for which of n's.
func Copy(n Node, fresh func(Col) Col) (Node, map[ColID]Col) {
	c := &copier{fresh: fresh, cols: map[ColID]Col{}}
	return c.node(n), c.cols
}

type copier struct {
	fresh func(Col) Col
	cols  map[ColID]Col
}

// col is the copy of a column that a node puts out: a new one, unless the column comes from below.
func (c *copier) col(old Col) Col {
	n, ok := c.cols[old.ID]
	if !ok {
		n = c.fresh(old)
		c.cols[old.ID] = n
	}
	return n
}

func (c *copier) list(old []Col) []Col {
	if old == nil {
		return nil
	}
	out := make([]Col, len(old))
	for i, o := range old {
		out[i] = c.col(o)
	}
	return out
}

// read is the copy of a column that a node reads.
func (c *copier) read(old Col) Col {
	if n, ok := c.cols[old.ID]; ok {
		return n
	}
	return old
}

func (c *copier) keys(old []Key) []Key {
	out := make([]Key, len(old))
	for i, k := range old {
		k.Col = c.read(k.Col)
		out[i] = k
	}
	return out
}

func (c *copier) items(old []Item) []Item {
	out := make([]Item, len(old))
	for i, it := range old {
		x := c.expr(it.Expr) // before its column is known: the expression reads what is below
		out[i] = Item{Col: c.col(it.Col), Expr: x}
	}
	return out
}

func (c *copier) exprs(old []Expr) []Expr {
	if old == nil {
		return nil
	}
	out := make([]Expr, len(old))
	for i, x := range old {
		out[i] = c.expr(x)
	}
	return out
}

func (c *copier) expr(x Expr) Expr {
	switch x := x.(type) {
	case *ColRef:
		if n, ok := c.cols[x.ID]; ok {
			return n.Ref()
		}
		return x
	case *Call:
		out := *x
		out.Args = c.exprs(x.Args)
		return &out
	case *Subquery:
		return &Subquery{Plan: c.node(x.Plan), T: x.T}
	case *InQuery:
		out := *x
		out.X, out.Plan = c.expr(x.X), c.node(x.Plan)
		return &out
	case *HasAnyQuery:
		out := *x
		out.X, out.Plan = c.expr(x.X), c.node(x.Plan)
		return &out
	case nil, *Lit, Bad:
		return x
	}
	panic(fmt.Sprintf("rel: no copy of a %T", x))
}

func (c *copier) node(n Node) Node {
	switch n := n.(type) {
	case *Scan:
		out := *n
		out.Out = c.list(n.Out)
		return &out
	case *Values:
		return &Values{Out: c.list(n.Out), Rows: n.Rows}
	case *Sequence:
		return &Sequence{From: c.expr(n.From), To: c.expr(n.To), Step: c.expr(n.Step), Out: c.col(n.Out)}
	case *Filter:
		in := c.node(n.In)
		return &Filter{In: in, Pred: c.expr(n.Pred)}
	case *Project:
		in := c.node(n.In)
		return &Project{In: in, Items: c.items(n.Items)}
	case *Aggregate:
		out := &Aggregate{In: c.node(n.In), Order: c.keys(n.Order)}
		out.Keys = c.items(n.Keys)
		for _, a := range n.Aggs {
			call := c.expr(a.Call).(*Call)
			out.Aggs = append(out.Aggs, AggItem{Call: call, Outs: c.list(a.Outs)})
		}
		return out
	case *DistinctOn:
		in := c.node(n.In)
		return &DistinctOn{In: in, On: c.exprs(n.On), Order: c.keys(n.Order)}
	case *Join:
		out := &Join{Kind: n.Kind, Left: c.node(n.Left), Right: c.node(n.Right)}
		for _, k := range n.On {
			out.On = append(out.On, EqKey{Left: c.expr(k.Left), Right: c.expr(k.Right)})
		}
		out.LeftOut, out.RightOut = c.list(n.LeftOut), c.list(n.RightOut)
		return out
	case *Limit:
		in := c.node(n.In)
		return &Limit{In: in, Count: c.expr(n.Count), Order: c.keys(n.Order)}
	case *Union:
		out := &Union{}
		for _, in := range n.Ins {
			out.Ins = append(out.Ins, c.node(in))
		}
		out.Out = c.list(n.Out)
		return out
	case *Unnest:
		out := &Unnest{In: c.node(n.In), Limit: n.Limit}
		for _, it := range n.Items {
			it.Expr = c.expr(it.Expr)
			it.Out = c.col(it.Out)
			out.Items = append(out.Items, it)
		}
		if n.Index.ID != 0 {
			out.Index = c.col(n.Index)
		}
		return out
	case *Window:
		out := &Window{In: c.node(n.In), Order: c.keys(n.Order)}
		for _, it := range n.Items {
			it.Args, it.Partition = c.exprs(it.Args), c.exprs(it.Partition)
			it.Out = c.col(it.Out)
			out.Items = append(out.Items, it)
		}
		return out
	case *Apply:
		left := c.node(n.Left)
		return &Apply{Left: left, Right: c.node(n.Right)}
	case *Ref:
		return &Ref{ID: n.ID, Out: c.list(n.Out)}
	case *Native:
		out := &Native{In: c.node(n.In), Op: n.Op, Order: c.keys(n.Order)}
		for _, a := range n.Args {
			out.Args = append(out.Args, c.read(a))
		}
		out.Out = c.list(n.Out)
		return out
	}
	// With and Share are made when a query is bound as a whole.
	panic(fmt.Sprintf("rel: no copy of a %T", n))
}
