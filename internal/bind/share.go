package bind

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// share binds let x = materialize(…): computed once, read by every use.
func (b *binder) share(e *env, call *syntax.CallExpr) binding {
	t := b.tableExpr(e, call.Args[0])
	if t == nil {
		return badBinding{}
	}
	return b.shared(t)
}

// shared makes every use of a bound table read one computation. Inside a subquery that is evaluated for each row
// of another table there is no such thing for what reads that row: every use computes it, which is the same
// unless a call such as rand() is in it.
func (b *binder) shared(t *table) binding {
	all := t.node.Cols()
	if b.lateral > 0 && readsOuter(t.node) && !volatile(t.node) {
		return b.copies(t)
	}
	s := &rel.Share{ID: b.nextShare, In: t.node}
	b.nextShare++
	b.shares = append(b.shares, s)
	return tableBinding{func() *table {
		fresh := make(map[rel.ColID]rel.Col, len(all))
		ref := &rel.Ref{ID: s.ID}
		for _, c := range all {
			n := b.newCol(c.Name, c.Type)
			fresh[c.ID] = n
			ref.Out = append(ref.Out, n)
		}
		return t.over(ref, fresh)
	}}
}

// copies makes every use of a bound table compute it anew.
func (b *binder) copies(t *table) binding {
	return tableBinding{func() *table {
		node, fresh := rel.Copy(t.node, func(c rel.Col) rel.Col {
			n := b.newCol(c.Name, c.Type)
			if b.untyped[c.ID] {
				b.untyped[n.ID] = true
			}
			return n
		})
		return t.over(node, fresh)
	}}
}

// over is the table with another node, whose columns stand for those that the table's node has.
func (t *table) over(node rel.Node, fresh map[rel.ColID]rel.Col) *table {
	out := *t
	out.node, out.cols, out.order = node, nil, nil
	for _, c := range t.cols {
		n := fresh[c.ID]
		n.Name = c.Name // which may be another one than the node's
		out.cols = append(out.cols, n)
	}
	for _, k := range t.order {
		k.Col = fresh[k.Col.ID]
		out.order = append(out.order, k)
	}
	if t.bag != nil {
		bag := fresh[t.bag.ID]
		out.bag = &bag
	}
	return &out
}

// sharesClosed refuses a subquery in which something that is computed once for the whole query, because it is
// read twice, reads the row that the subquery is evaluated for.
func (b *binder) sharesClosed(mark int, span source.Span) bool {
	for _, s := range b.shares[mark:] {
		if readsOuter(s.In) {
			b.errUnsupported(span, "a subquery of mv-apply or partition that reads its own rows more than once (as, invoke, top-nested) and calls rand() or the like")
			return false
		}
	}
	return true
}

// probed runs a plan while the query is bound, for a plugin whose columns follow from its input. In a subquery
// that reads the row it is evaluated for there is no one input.
func (b *binder) probed(in rel.Node, plan rel.Node, call *syntax.CallExpr, hint string) (types.Table, bool) {
	if b.lateral > 0 && readsOuter(in) {
		b.addHint("VQ001", call.Span(), call.Name.Name+" as it is written here is not supported inside the subquery of mv-apply or partition", hint)
		return types.Table{}, false
	}
	res, err := b.opts.Probe(b.withShares(plan))
	if err != nil {
		b.add("VQ012", call.Span(), call.Name.Name+" could not read its input: "+err.Error())
	}
	return res, err == nil
}

// readsOuter tells whether a plan reads columns that it does not have: those of a row around it.
func readsOuter(n rel.Node) bool {
	have, want := map[rel.ColID]bool{}, map[rel.ColID]bool{}
	columnsOf(n, have, want)
	for id := range want {
		if !have[id] {
			return true
		}
	}
	return false
}

// volatile tells whether two computations of a plan may differ.
func volatile(n rel.Node) bool {
	found := false
	rel.Exprs(n, func(e rel.Expr) {
		rel.WalkExpr(e, func(x rel.Expr) {
			c, ok := x.(*rel.Call)
			found = found || ok && c.Fn.Vol == funcs.PerRow
		})
	})
	for _, in := range n.Inputs() {
		found = found || volatile(in)
	}
	return found
}

// columnsOf adds the columns that the nodes of a plan put out, and those that its expressions read.
func columnsOf(n rel.Node, have, want map[rel.ColID]bool) {
	for _, c := range n.Cols() {
		have[c.ID] = true
	}
	rel.Exprs(n, func(e rel.Expr) {
		rel.WalkExpr(e, func(x rel.Expr) {
			switch x := x.(type) {
			case *rel.ColRef:
				want[x.ID] = true
			case *rel.Subquery:
				columnsOf(x.Plan, have, want)
			case *rel.InQuery:
				columnsOf(x.Plan, have, want)
			case *rel.HasAnyQuery:
				columnsOf(x.Plan, have, want)
			}
		})
	})
	for _, in := range n.Inputs() {
		columnsOf(in, have, want)
	}
}
