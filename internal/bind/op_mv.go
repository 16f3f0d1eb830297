package bind

import (
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// expansion is one column of mv-expand or mv-apply, bound.
type expansion struct {
	name string
	expr rel.Expr
	to   types.Type // Unknown: stays dynamic
	span source.Span
}

func (b *binder) expansions(r *row, list []*syntax.MvColumn) ([]expansion, bool) {
	var out []expansion
	for _, c := range list {
		x := expansion{span: c.Span()}
		if c.Type != nil {
			if len(c.Type.Items) == 1 {
				if tn, ok := c.Type.Items[0].(*syntax.TypeName); ok {
					t, known := types.Parse(tn.Name)
					if !known {
						b.add("KS160", tn.Span(), "'"+tn.Name+"' is no type")
						return nil, false
					}
					x.to = t
				}
			}
		}
		if c.X == nil {
			b.errColumnExpected(c.Span())
			return nil, false
		}
		value := c.X
		if n, ok := value.(*syntax.NamedExpr); ok {
			value = n.Value
			x.name = n.Names[0].Name
		} else {
			x.name = b.nameOf(r, value)
		}
		x.expr = b.scalarExpr(r, value)
		if isBad(x.expr) {
			return nil, false
		}
		if x.expr.Type() != types.Dynamic {
			b.addHint("KS116", value.Span(), "only a dynamic value can be expanded, this is a "+x.expr.Type().String(), "parse text with parse_json() first")
			return nil, false
		}
		for _, other := range out {
			if x.name != "" && other.name == x.name {
				b.errDuplicate(c.Span(), x.name)
				return nil, false
			}
		}
		out = append(out, x)
	}
	return out, true
}

// unnest adds the Unnest node for expansions; it returns the columns of the elements, converted.
func (b *binder) unnest(node rel.Node, xs []expansion, array bool, index string, limit int64) (*rel.Unnest, []rel.Item, rel.Col) {
	u := &rel.Unnest{In: node, Limit: limit}
	var items []rel.Item
	for _, x := range xs {
		el := b.newCol(x.name, types.Dynamic)
		u.Items = append(u.Items, rel.UnnestItem{Expr: x.expr, Out: el, Array: array})
		if x.to == types.Unknown || x.to == types.Dynamic {
			items = append(items, rel.Item{Col: el, Expr: el.Ref()})
			continue
		}
		items = append(items, rel.Item{Col: b.newCol(x.name, x.to), Expr: b.convert(el.Ref(), x.to)})
	}
	u.Index = b.newCol(index, types.Long)
	return u, items, u.Index
}

// limitOf binds the limit of mv-expand and mv-apply.
func (b *binder) limitOf(e *env, x syntax.Expr) (int64, bool) {
	if x == nil {
		return 0, true
	}
	v, ok := b.constant(e, x, "the limit")
	if !ok {
		return 0, false
	}
	return v.Int64(), true
}

// oldExpandLimit is the limit of mvexpand, the old spelling of mv-expand, where none is given.
const oldExpandLimit = 128

// mvExpand repeats each row for every element of dynamic values. Null is one element; an empty array has none.
// https://learn.microsoft.com/kusto/query/mv-expand-operator
func (b *binder) mvExpand(e *env, in *table, o *syntax.MvExpandOp) *table {
	r := &row{t: in, env: e, window: windowable(in)}
	xs, ok := b.expansions(r, o.Columns)
	if !ok {
		return nil
	}
	limit, ok := b.limitOf(e, o.Limit)
	if !ok {
		return nil
	}
	if limit == 0 && o.Word() == "mvexpand" {
		limit = oldExpandLimit
	}
	kind, _ := param(o.Params, "bagexpansion")
	if kind == "" {
		kind, _ = param(o.Params, "kind")
	}
	index, ip := param(o.Params, "with_itemindex")
	u, items, idx := b.unnest(windowed(r, in), xs, kind == "array", index, limit)
	cols := append([]rel.Col(nil), in.cols...)
	n := newNames()
	for _, c := range cols {
		n.taken[c.Name] = true
	}
	p := &rel.Project{In: u}
	for i, it := range items {
		if it.Col.Name == "" {
			it.Col.Name = n.column("")
			items[i] = it
		}
		if at := colIndex(cols, it.Col.Name); at >= 0 {
			cols[at] = it.Col
		} else {
			cols = append(cols, it.Col)
		}
	}
	if ip != nil {
		for _, c := range cols {
			n.taken[c.Name] = true
		}
		shown := idx
		shown.Name = n.unique(idx.Name)
		cols = append(cols, shown)
	}
	out := *in
	out.cols = cols
	// Elements follow each other within their row.
	out.order = appendKeys(in.order, []rel.Key{{Col: idx}})
	if len(in.order) == 0 {
		out.order = nil
	}
	for _, c := range append(cols[:len(cols):len(cols)], out.hidden(cols)...) {
		if i := itemIndex(items, c.ID); i >= 0 {
			p.Items = append(p.Items, items[i])
		} else {
			p.Items = append(p.Items, rel.Item{Col: c, Expr: c.Ref()})
		}
	}
	out.node = p
	return &out
}

// mvApply runs a subquery over the elements of each row.
func (b *binder) mvApply(e *env, in *table, o *syntax.MvApplyOp) *table {
	r := &row{t: in, env: e, window: windowable(in)}
	xs, ok := b.expansions(r, o.Columns)
	if !ok {
		return nil
	}
	limit, ok := b.limitOf(e, o.Limit)
	if !ok {
		return nil
	}
	body, ok := o.Body.(*syntax.Pipe)
	if !ok {
		b.errUnsupported(o.Body.Span(), "this subquery of mv-apply")
		return nil
	}
	kind, _ := param(o.Params, "bagexpansion")
	if kind == "" {
		kind, _ = param(o.Params, "kind")
	}
	index, ip := param(o.Params, "with_itemindex")
	outer := *in
	outer.node = windowed(r, in)
	one := &rel.Values{Rows: [][]types.Value{{}}}
	u, items, idx := b.unnest(one, xs, kind == "array", index, limit)
	// The subquery sees the outer row's columns, under numbers of their own, and the elements.
	inner := &table{}
	p := &rel.Project{In: u}
	replaced := map[string]bool{}
	for i, it := range items {
		if it.Col.Name == "" {
			it.Col.Name = "Column" + itoa(i+1)
			items[i] = it
		}
		replaced[it.Col.Name] = true
	}
	outerOf := map[rel.ColID]rel.Col{}
	for _, c := range in.cols {
		if replaced[c.Name] {
			continue
		}
		n := b.newCol(c.Name, c.Type)
		outerOf[n.ID] = c
		p.Items = append(p.Items, rel.Item{Col: n, Expr: c.Ref()})
		inner.cols = append(inner.cols, n)
	}
	for _, it := range items {
		p.Items = append(p.Items, it)
		inner.cols = append(inner.cols, it.Col)
	}
	p.Items = append(p.Items, rel.Item{Col: idx, Expr: idx.Ref()})
	if ip != nil {
		inner.cols = append(inner.cols, idx)
	}
	inner.node, inner.order = p, []rel.Key{{Col: idx}}
	mark := len(b.shares)
	b.lateral++
	sub := b.pipe(e, inner, body)
	b.lateral--
	if sub == nil || !b.sharesClosed(mark, body.Span()) {
		return nil
	}
	left := outer.node
	if aggregatesAll(sub.node) { // over no elements there is no subquery, not one over no rows
		left = &rel.Filter{In: left, Pred: b.anyElement(xs)}
	}
	out := *in
	out.node = &rel.Apply{Left: left, Right: sub.node}
	out.cols = nil
	// A column of the subquery takes the place of the outer column of its name; an outer column that the
	// subquery passes on is not repeated.
	taken := map[string]bool{}
	for _, c := range in.cols {
		s, ok := sub.col(c.Name)
		if !ok && replaced[c.Name] {
			continue
		}
		if _, passed := outerOf[s.ID]; ok && !passed {
			c = s
		}
		taken[c.Name] = true
		out.cols = append(out.cols, c)
	}
	for _, c := range sub.cols {
		if !taken[c.Name] {
			out.cols = append(out.cols, c)
		}
	}
	if len(in.order) > 0 {
		out.order = appendKeys(in.order, sub.order)
	}
	return b.keep(&out, out.cols)
}

// aggregatesAll tells whether a plan gives a row even where its input has none.
func aggregatesAll(n rel.Node) bool {
	if a, ok := n.(*rel.Aggregate); ok && len(a.Keys) == 0 {
		return true
	}
	for _, in := range n.Inputs() {
		if aggregatesAll(in) {
			return true
		}
	}
	return false
}

// anyElement tells whether any of the values has an element.
func (b *binder) anyElement(xs []expansion) rel.Expr {
	var any rel.Expr = lit(types.BoolOf(false))
	for _, x := range xs {
		any = b.simplifyLogic("or", any, b.hiddenCall("elements.any", x.expr), x.span)
	}
	return any
}
