package bind

import (
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// print gives one row of expressions.
func (b *binder) print(e *env, o *syntax.PrintOp) *table {
	r := scalarsOnly(e)
	one := &rel.Values{Rows: [][]types.Value{{}}}
	p := &rel.Project{In: one}
	out := &table{node: p}
	n := newNames()
	for i, x := range o.Columns {
		if named, ok := x.(*syntax.NamedExpr); ok && b.isTabular(e, named.Value) || b.isTabular(e, x) {
			b.errScalarExpected(x.Span())
			return nil
		}
		its, ok := b.itemsOf(r, x)
		if !ok {
			return nil
		}
		for _, it := range its {
			name := it.name
			if !it.explicit && len(its) == 1 {
				name = "print_" + itoa(i)
			}
			if it.explicit && n.taken[name] {
				b.errDuplicate(it.span, name)
				return nil
			}
			col := b.newCol(n.unique(name), it.expr.Type())
			p.Items = append(p.Items, rel.Item{Col: col, Expr: it.expr})
			out.cols = append(out.cols, col)
		}
	}
	return out
}

// rangeOp gives the values of an arithmetic sequence.
func (b *binder) rangeOp(e *env, o *syntax.RangeOp) *table {
	r := scalarsOnly(e)
	from, to, step := b.scalarExpr(r, o.From), b.scalarExpr(r, o.To), b.scalarExpr(r, o.Step)
	if isBad(from) || isBad(to) || isBad(step) {
		return nil
	}
	t := from.Type()
	for _, x := range []rel.Expr{from, to, step} {
		if x.Type() == types.Dynamic || x.Type() == types.String || x.Type() == types.Bool || x.Type() == types.Guid {
			b.add("KS138", o.Span(), "the ends and the step of range must be numbers, timespans or datetimes")
			return nil
		}
		if t.IsNumeric() && x.Type().IsNumeric() {
			t = widest(t, x.Type())
		}
	}
	if t == types.Decimal {
		t = types.Real
	}
	stepT := t
	if t == types.Datetime {
		stepT = types.Timespan
	}
	if step.Type().IsNumeric() != stepT.IsNumeric() || to.Type().IsNumeric() != t.IsNumeric() {
		b.errOperator(o.Span(), "range", []types.Type{from.Type(), to.Type(), step.Type()})
		return nil
	}
	col := b.newCol(o.Column.Name, t)
	s := &rel.Sequence{Out: col, From: b.convert(from, t), To: b.convert(to, t), Step: b.convert(step, stepT)}
	key := rel.Key{Col: col}
	if v, ok := rel.Const(s.Step); ok && v.Float64() < 0 {
		key.Desc = true
	}
	return &table{node: s, cols: []rel.Col{col}, order: []rel.Key{key}}
}
