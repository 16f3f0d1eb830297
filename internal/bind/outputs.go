package bind

import (
	"fmt"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// Output is one of the results of a query.
type Output struct {
	// Name is what as, fork or graph-to-table calls the result; "" if nothing does.
	Name string
	// Columns are the visible columns, in order; the plan puts them out.
	Columns []rel.Col
	// Order is the order the rows must come in; empty if the query leaves it open.
	Order []rel.Key
	// Open tells that the result may have more columns than are known without running it.
	Open bool
	// Scalar tells that the result is that of a scalar expression: one column without a name.
	Scalar bool
	// Render is the render operator's chart and properties, if there is one.
	Render map[string]string
}

// outcome is a result while its plan still stands alone.
type outcome struct {
	Output
	node rel.Node
	span source.Span // what gives it
}

// ending is the statement being bound whose results are those of the query. An operator that gives several
// tables can only be its last one: what stands behind it, or around it, takes one table.
type ending struct {
	op   syntax.Op
	last bool // no other statement with results comes behind
	// outs are the results, if the operator gave another number of them than one.
	outs  []outcome
	given bool
}

// ends tells whether an operator ends the statement being bound, and with it what takes its results.
func (b *binder) ends(op syntax.Op) (*ending, bool) {
	return b.ending, b.ending != nil && b.ending.op == op
}

// give hands several results over.
func (e *ending) give(outs ...outcome) { e.outs, e.given = append(e.outs, outs...), true }

// errSeveral: VQ019: T | fork (count) (take 1) | take 1
func (b *binder) errSeveral(span source.Span, what string) {
	b.addHint("VQ019", span, what+" gives several results, so it must be the last operator of a statement",
		"the results go to whoever asked the query; what takes rows takes those of one table")
}

// results binds a statement that is an expression: it gives one result, or several behind such as fork. The
// scope comes back because as names what later statements can read.
// https://learn.microsoft.com/kusto/query/batches
func (b *binder) results(e *env, x syntax.Expr, last bool) ([]outcome, *env) {
	render := b.render
	b.render = nil
	defer func() { b.render = render }()
	p, ok := x.(*syntax.Pipe)
	if !ok || len(p.Ops) == 0 {
		if o, ok := b.outcomeOf(b.value(e, x), x.Span()); ok {
			return []outcome{o}, e
		}
		return nil, e
	}
	n := len(p.Ops) - 1
	for n > 0 && isRender(p.Ops[n]) { // which says how results are shown, be they one or several
		n--
	}
	outer := b.ending
	end := &ending{op: p.Ops[n], last: last}
	b.ending = end
	t, e := b.pipeNaming(e, nil, p)
	b.ending = outer
	switch {
	case end.given:
		for i := range end.outs {
			if n < len(p.Ops)-1 {
				end.outs[i].Render = b.render
			}
		}
		return end.outs, e
	case t == nil:
		return nil, e
	}
	if o, ok := b.outcomeOf(t, x.Span()); ok {
		return []outcome{o}, e
	}
	return nil, e
}

func isRender(op syntax.Op) bool {
	_, ok := op.(*syntax.RenderOp)
	return ok
}

// outcomeOf makes a result of a value.
func (b *binder) outcomeOf(v value, span source.Span) (o outcome, ok bool) {
	o.span = span
	switch v := v.(type) {
	case *table:
		if v.graph != nil {
			b.addHint("KS174", source.Span{}, "the result of the query is a graph", "graph-match, graph-shortest-paths and graph-to-table make a table of a graph")
			return o, false
		}
		o.node, o.Columns, o.Open, o.Render = v.node, v.cols, v.open, b.render
		o.Name = v.source("")
		if v.explicit {
			o.Order = v.order
		}
		if b.most != nil {
			o.node = &rel.Limit{In: o.node, Count: b.most, Order: v.order}
		}
	case scalar:
		if isBad(v.expr) {
			return o, false
		}
		col := b.newCol("", v.expr.Type())
		one := &rel.Values{Rows: [][]types.Value{{}}}
		o.node = &rel.Project{In: one, Items: []rel.Item{{Col: col, Expr: v.expr}}}
		o.Columns, o.Scalar = []rel.Col{col}, true
	default:
		panic(fmt.Sprintf("bind: a statement gave %T", v))
	}
	return o, true
}

// sideBySide makes one plan of several results, so that what they share is computed once and all see the same
// rows. Its first column numbers the results from 0; the columns of all of them follow, and those that only an
// order needs. In a row of one result the columns of the others are null.
func (b *binder) sideBySide(outs []outcome) (plan rel.Node, cols []rel.Col, order []rel.Key, parts []Output) {
	number := b.newCol("$result", types.Long)
	u := &rel.Union{Out: []rel.Col{number}}
	inner := make([][]rel.Col, len(outs)) // the columns of each plan that its rows carry
	for i, o := range outs {
		inner[i] = o.Columns[:len(o.Columns):len(o.Columns)]
		for _, k := range o.Order {
			if !hasCol(inner[i], k.Col.ID) {
				inner[i] = append(inner[i], k.Col)
			}
		}
		fresh := b.fresh(inner[i])
		u.Out = append(u.Out, fresh...)
		part := o.Output
		part.Columns, part.Order = fresh[:len(o.Columns)], nil
		for _, k := range o.Order {
			for j, c := range inner[i] {
				if c.ID == k.Col.ID {
					k.Col = fresh[j]
					break
				}
			}
			part.Order = append(part.Order, k)
		}
		parts = append(parts, part)
		cols = append(cols, part.Columns...)
		order = append(order, part.Order...)
	}
	for i, o := range outs {
		p := &rel.Project{In: o.node, Items: []rel.Item{{Col: b.newCol("$result", types.Long), Expr: lit(types.LongOf(int64(i)))}}}
		for j, other := range inner {
			for _, c := range other {
				x := rel.Expr(c.Ref())
				if j != i {
					x = lit(types.Null(c.Type))
				}
				p.Items = append(p.Items, rel.Item{Col: b.newCol(c.Name, c.Type), Expr: x})
			}
		}
		u.Ins = append(u.Ins, p)
	}
	if len(order) > 0 {
		order = append([]rel.Key{{Col: number}}, order...)
	}
	return u, append([]rel.Col{number}, cols...), order, parts
}
