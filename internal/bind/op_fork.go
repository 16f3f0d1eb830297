package bind

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// A query gives one table here, so fork is taken with one branch and facet with one column.

// fork runs several operators over the same rows.
// https://learn.microsoft.com/kusto/query/fork-operator
func (b *binder) fork(e *env, in *table, o *syntax.ForkOp) *table {
	if len(o.Branches) != 1 {
		b.errUnsupported(o.WordSpan(), "fork with several branches, since a query gives one table,")
		return nil
	}
	pipe, ok := o.Branches[0].Body.(*syntax.Pipe)
	if !ok || pipe.Source != nil {
		b.errUnsupported(o.Branches[0].Span(), "this branch of fork")
		return nil
	}
	return b.pipe(e, in, pipe)
}

// facet counts the values of columns.
// https://learn.microsoft.com/kusto/query/facet-operator
func (b *binder) facet(e *env, in *table, o *syntax.FacetOp) *table {
	if len(o.By) != 1 || o.With != nil {
		b.errUnsupported(o.WordSpan(), "facet with several columns or with, since a query gives one table,")
		return nil
	}
	its, ok := b.itemsOf(&row{t: in, env: e}, o.By[0])
	if !ok {
		return nil
	}
	fn, found := b.opts.Funcs.Lookup(funcs.Aggregate, "count")
	if !found {
		panic("bind: the catalogue lacks count")
	}
	if its[0].expr, ok = b.key(its[0].expr, its[0].span); !ok {
		return nil
	}
	aggs := &aggregates{}
	count := b.aggregate(aggs, fn, nil, []source.Span{}, o.Span())
	key, n := b.newColFor(its[0].name, its[0].expr), b.newCol("count_"+its[0].name, types.Long)
	node := &rel.Aggregate{In: in.node, Keys: []rel.Item{{Col: key, Expr: its[0].expr}}, Aggs: aggs.items}
	return &table{cols: []rel.Col{key, n}, node: &rel.Project{In: node, Items: []rel.Item{{Col: key, Expr: key.Ref()}, {Col: n, Expr: count}}}}
}
