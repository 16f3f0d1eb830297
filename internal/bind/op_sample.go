package bind

import (
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// sample keeps rows chosen at random.
// https://learn.microsoft.com/kusto/query/sample-operator
func (b *binder) sample(e *env, in *table, o *syntax.SampleOp) *table {
	n, ok := b.rowCount(e, o.Count)
	if !ok {
		return nil
	}
	chance := b.newCol("$chance", types.Real)
	out := *in
	drawn := b.passing(in.node, in, []rel.Item{{Col: chance, Expr: b.scalarFunc("rand", o.Span())}})
	out.node = &rel.Limit{In: drawn, Count: n, Order: []rel.Key{{Col: chance}}}
	return b.keep(&out, out.cols)
}

// sampleDistinct gives some of the values of a column.
// https://learn.microsoft.com/kusto/query/sample-distinct-operator
func (b *binder) sampleDistinct(e *env, in *table, o *syntax.SampleDistinctOp) *table {
	n, ok := b.rowCount(e, o.Count)
	if !ok {
		return nil
	}
	id, ok := o.Of.(*syntax.Ident)
	if !ok {
		b.errColumnExpected(o.Of.Span())
		return nil
	}
	its, ok := b.itemsOf(&row{t: in, env: e}, id)
	if !ok {
		return nil
	}
	col := b.newColFor(its[0].name, its[0].expr)
	node := &rel.Limit{In: &rel.Aggregate{In: in.node, Keys: []rel.Item{{Col: col, Expr: its[0].expr}}}, Count: n}
	return &table{node: node, cols: []rel.Col{col}}
}

// rowCount binds a number of rows, which may be any number.
func (b *binder) rowCount(e *env, x syntax.Expr) (rel.Expr, bool) {
	n := b.scalarExpr(scalarsOnly(e), x)
	if isBad(n) {
		return nil, false
	}
	if !n.Type().IsNumeric() {
		b.add("KS134", x.Span(), "expected a whole number, found "+n.Type().String())
		return nil, false
	}
	return b.convert(n, types.Long), true
}
