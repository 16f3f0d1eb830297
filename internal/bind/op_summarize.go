package bind

import (
	"slices"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// aggregates collects the aggregate calls of a summarize.
type aggregates struct {
	items []rel.AggItem
	keys  []rel.Item // the by expressions, which may be named beside the aggregates
}

// aggregateCall binds a call of an aggregate inside an expression of summarize: the expression then reads
// the column that the aggregate puts out.
func (b *binder) aggregateCall(r *row, fn *funcs.Func, c *syntax.CallExpr) rel.Expr {
	inner := *r
	inner.aggs = nil
	args, spans, ok := b.args(&inner, c.Args)
	if !ok {
		return rel.Bad{}
	}
	return b.aggregate(r.aggs, fn, args, spans, c.Span())
}

// aggregate adds an aggregate of bound arguments and returns the column it puts out.
func (b *binder) aggregate(to *aggregates, fn *funcs.Func, args []rel.Expr, spans []source.Span, span source.Span) rel.Expr {
	sig := b.choose(fn, args, spans, span)
	if sig == nil {
		return rel.Bad{}
	}
	args, ok := b.convertArgs(fn, sig, args, spans, span)
	if !ok {
		return rel.Bad{}
	}
	t := resultType(sig, args)
	col := b.newCol(fn.Name, t)
	to.items = append(to.items, rel.AggItem{Call: &rel.Call{Fn: fn, Sig: sig, Args: args, T: t}, Outs: []rel.Col{col}})
	return col.Ref()
}

// summarize groups rows.
func (b *binder) summarize(e *env, in *table, o *syntax.SummarizeOp) *table {
	keyRow := &row{t: in, env: e, window: windowable(in)}
	keys, ok := b.items(keyRow, o.By)
	if !ok {
		return nil
	}
	agg := &rel.Aggregate{In: windowed(keyRow, in), Order: in.order}
	n := newNames()
	var cols []rel.Col
	for _, k := range keys {
		if k.expr, ok = b.key(k.expr, k.span); !ok {
			return nil
		}
		name, ok := n.give(k)
		if !ok {
			b.errDuplicate(k.span, name)
			return nil
		}
		col := b.newCol(name, k.expr.Type())
		agg.Keys = append(agg.Keys, rel.Item{Col: col, Expr: k.expr})
		cols = append(cols, col)
	}
	aggs := &aggregates{keys: agg.Keys}
	r := &row{t: in, env: e, aggs: aggs}
	var its []item
	for _, x := range o.Aggregates {
		got, ok := b.aggregateItems(r, x)
		if !ok {
			return nil
		}
		its = append(its, got...)
	}
	out := &table{open: in.open}
	p := &rel.Project{In: agg}
	for _, c := range cols {
		p.Items = append(p.Items, rel.Item{Col: c, Expr: c.Ref()})
	}
	if first, ok := b.firstSeen(aggs, in, keys); ok {
		out.order = []rel.Key{{Col: first}}
		p.Items = append(p.Items, rel.Item{Col: first, Expr: first.Ref()})
	}
	agg.Aggs = aggs.items
	for _, it := range its {
		name, ok := n.give(it)
		if !ok {
			b.errDuplicate(it.span, name)
			return nil
		}
		col := b.newCol(name, it.expr.Type())
		p.Items = append(p.Items, rel.Item{Col: col, Expr: it.expr})
		cols = append(cols, col)
	}
	out.node, out.cols = p, cols
	return out
}

// firstSeen adds the place of each group's first row, where rows have numbers: what depends on the order of
// rows behind summarize (make_list) then finds the groups in the order they were first seen, as in Kusto.
func (b *binder) firstSeen(aggs *aggregates, in *table, keys []item) (rel.Col, bool) {
	if len(keys) == 0 || len(in.order) != 1 || in.order[0].Desc {
		return rel.Col{}, false
	}
	key := in.order[0].Col
	fn, ok := b.opts.Funcs.Lookup(funcs.Aggregate, "min")
	if !ok || key.Type != types.Long {
		return rel.Col{}, false
	}
	ref := b.aggregate(aggs, fn, []rel.Expr{key.Ref()}, []source.Span{{}}, source.Span{})
	c, ok := ref.(*rel.ColRef)
	if !ok {
		return rel.Col{}, false
	}
	return rel.Col{ID: c.ID, Name: "$first", Type: types.Long}, true
}

// aggregateItems binds one column expression of summarize.
func (b *binder) aggregateItems(r *row, x syntax.Expr) ([]item, bool) {
	var given []*syntax.Ident
	value := x
	if n, ok := x.(*syntax.NamedExpr); ok {
		given, value = n.Names, n.Value
	}
	if c, ok := value.(*syntax.CallExpr); ok {
		if _, shadowed := r.env.lookup(c.Name.Name); !shadowed {
			if fn, ok := b.opts.Funcs.Lookup(funcs.Aggregate, c.Name.Name); ok {
				if fn.Columns != nil {
					return b.spread(r, fn, c, given)
				}
			}
		}
	}
	v := b.scalarExpr(r, value)
	if isBad(v) {
		return nil, false
	}
	if len(given) > 1 {
		b.add("KS149", x.Span(), "the expression does not have several values")
		return nil, false
	}
	return []item{{itemName(given, b.nameOf(r, value)), v, len(given) > 0, x.Span(), false}}, true
}

func itemName(given []*syntax.Ident, name string) string {
	if len(given) > 0 {
		return given[0].Name
	}
	return name
}

// spread binds an aggregate that gives several columns: all from one row (arg_max, take_any), or each
// computed on its own (percentiles).
func (b *binder) spread(r *row, fn *funcs.Func, c *syntax.CallExpr, given []*syntax.Ident) ([]item, bool) {
	inner := *r
	inner.aggs = nil
	var args []rel.Expr
	var spans []source.Span
	var named []string
	for i, a := range c.Args {
		if _, star := a.(*syntax.StarExpr); star {
			for _, col := range r.t.cols {
				if b.isKey(r, col) || i > 0 && named[0] == col.Name {
					continue
				}
				args, spans, named = append(args, col.Ref()), append(spans, a.Span()), append(named, col.Name)
			}
			continue
		}
		v := b.scalarExpr(&inner, a)
		if isBad(v) {
			return nil, false
		}
		args, spans, named = append(args, v), append(spans, a.Span()), append(named, b.nameOf(&inner, a))
	}
	sig := b.choose(fn, args, spans, c.Span())
	if sig == nil {
		return nil, false
	}
	args, ok := b.convertArgs(fn, sig, args, spans, c.Span())
	if !ok {
		return nil, false
	}
	callArgs := CallArgs(args)
	for i := range callArgs {
		callArgs[i].Name = named[i]
	}
	cols := fn.Columns(callArgs)
	var its []item
	put := func(i int, e rel.Expr) {
		it := item{name: cols[i].Name, expr: e, span: c.Span()}
		if i < len(given) {
			it.name, it.explicit = given[i].Name, true
		}
		its = append(its, it)
	}
	switch {
	case fn.Spread.Row:
		agg := rel.AggItem{Call: &rel.Call{Fn: fn, Sig: sig, Args: args, T: args[0].Type()}}
		for i, col := range cols {
			out := b.newCol(col.Name, args[i].Type())
			agg.Outs = append(agg.Outs, out)
			put(i, out.Ref())
		}
		r.aggs.items = append(r.aggs.items, agg)
	case fn.Spread.Each != "":
		each, ok := b.opts.Funcs.Lookup(funcs.Aggregate, fn.Spread.Each)
		if !ok {
			panic("bind: the catalogue lacks " + fn.Spread.Each)
		}
		for i := range cols {
			part := append(append([]rel.Expr(nil), args[:fn.Spread.From]...), args[fn.Spread.From+i])
			v := b.aggregate(r.aggs, each, part, append(spans[:fn.Spread.From:fn.Spread.From], spans[fn.Spread.From+i]), c.Span())
			if isBad(v) {
				return nil, false
			}
			put(i, v)
		}
	default:
		v := b.aggregate(r.aggs, fn, args, spans, c.Span())
		if isBad(v) {
			return nil, false
		}
		if len(cols) == 1 {
			put(0, v)
			break
		}
		for i, col := range cols {
			put(i, b.convert(b.apply("[]", c.Span(), v, lit(types.LongOf(int64(i)))), col.Type))
		}
	}
	return its, true
}

// isKey tells whether a column is one of the keys by which rows are grouped; * leaves those out.
func (b *binder) isKey(r *row, c rel.Col) bool {
	for _, k := range r.aggs.keys {
		if ref, ok := k.Expr.(*rel.ColRef); ok && ref.ID == c.ID {
			return true
		}
	}
	return false
}

// count gives the number of rows.
func (b *binder) count(in *table, o *syntax.CountOp) *table {
	fn, ok := b.opts.Funcs.Lookup(funcs.Aggregate, "count")
	if !ok {
		panic("bind: the catalogue lacks count")
	}
	name := "Count"
	if o.As != nil {
		name = o.As.Name
	}
	col := b.newCol(name, types.Long)
	agg := &rel.Aggregate{In: in.node, Aggs: []rel.AggItem{{Call: &rel.Call{Fn: fn, Sig: &fn.Sigs[0], T: types.Long}, Outs: []rel.Col{col}}}}
	return &table{node: agg, cols: []rel.Col{col}}
}

// distinct gives each combination of some columns once.
func (b *binder) distinct(e *env, in *table, o *syntax.DistinctOp) *table {
	r := &row{t: in, env: e, window: windowable(in)}
	var its []item
	for _, x := range o.Columns {
		if !isStar(x) {
			got, ok := b.itemsOf(r, x)
			if !ok {
				return nil
			}
			its = append(its, got...)
			continue
		}
		named := its
		for _, c := range in.cols {
			if !slices.ContainsFunc(named, func(it item) bool { return it.self && it.name == c.Name }) {
				its = append(its, item{name: c.Name, expr: c.Ref()})
			}
		}
	}
	agg := &rel.Aggregate{In: windowed(r, in)}
	n := newNames()
	for _, it := range its {
		var ok bool
		if it.expr, ok = b.key(it.expr, o.Span()); !ok {
			return nil
		}
		name, ok := n.give(it)
		if !ok {
			b.errDuplicate(it.span, name)
			return nil
		}
		col := b.newCol(name, it.expr.Type())
		agg.Keys = append(agg.Keys, rel.Item{Col: col, Expr: it.expr})
	}
	return &table{node: agg, cols: agg.Cols(), open: in.open}
}

func isStar(x syntax.Expr) bool {
	if id, ok := x.(*syntax.Ident); ok {
		return id.Name == "*"
	}
	_, ok := x.(*syntax.StarExpr)
	return ok
}
