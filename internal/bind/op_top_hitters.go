package bind

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
)

// topHitters gives the most frequent values, or those with the largest sum. Kusto approximates; this is exact.
// https://learn.microsoft.com/kusto/query/top-hitters-operator
func (b *binder) topHitters(e *env, in *table, o *syntax.TopHittersOp) *table {
	n, ok := b.rowCount(e, o.Count)
	if !ok {
		return nil
	}
	r := &row{t: in, env: e, window: windowable(in)}
	of, ok := b.itemsOf(r, o.Of)
	if !ok || len(of) != 1 {
		return nil
	}
	if of[0].expr, ok = b.key(of[0].expr, of[0].span); !ok {
		return nil
	}
	name, fn, args := "approximate_count_"+of[0].name, "count", []rel.Expr(nil)
	if o.By != nil {
		id, ok := o.By.(*syntax.Ident)
		if !ok {
			b.errColumnExpected(o.By.Span())
			return nil
		}
		by := b.scalarExpr(r, id)
		if isBad(by) {
			return nil
		}
		name, fn, args = "approximate_sum_"+id.Name, "sum", []rel.Expr{by}
	}
	agg, found := b.opts.Funcs.Lookup(funcs.Aggregate, fn)
	if !found {
		panic("bind: the catalogue lacks " + fn)
	}
	names := newNames()
	value := b.newCol(names.column(of[0].name), of[0].expr.Type())
	aggs := &aggregates{}
	weight := b.aggregate(aggs, agg, args, make([]source.Span, len(args)), o.Span())
	if isBad(weight) {
		return nil
	}
	node := &rel.Aggregate{In: windowed(r, in), Keys: []rel.Item{{Col: value, Expr: of[0].expr}}, Aggs: aggs.items}
	sum := b.newCol(names.column(name), weight.Type())
	cols := []rel.Col{value, sum}
	out := &table{cols: cols, order: []rel.Key{{Col: sum, Desc: true, NullsLast: true}, {Col: value, Desc: true}}, explicit: true}
	out.node = &rel.Limit{Count: n, Order: out.order,
		In: &rel.Project{In: node, Items: []rel.Item{{Col: value, Expr: value.Ref()}, {Col: sum, Expr: weight}}}}
	return out
}
