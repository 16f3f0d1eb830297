package bind

import (
	"fmt"
	"sort"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// maxPivot bounds the columns that pivot makes of the values of a column.
const maxPivot = 2000

// pivoted is the form of an aggregate that pivot computes for the rows of one column: with a predicate as
// its second argument.
var pivoted = map[string]string{
	"count": "countif", "sum": "sumif", "min": "minif", "max": "maxif", "avg": "avgif", "stdev": "stdevif", "variance": "varianceif",
	"dcount": "dcountif", "take_any": "take_anyif", "any": "take_anyif", "make_list": "make_list_if", "makelist": "make_list_if",
	"make_set": "make_set_if", "makeset": "make_set_if", "make_bag": "make_bag_if",
}

// pivot makes a column of every value of a column: pivot(column [, aggregate] [, column …]). The other
// columns named (all, if none is) group the rows. Which values there are is known from the schema that the
// query gives behind the call, else from the data: binding then looks at the rows (Options.Probe), and
// without that the result's schema is open. A value without text makes no column; one that is called as a
// grouping column gets a number behind its name.
// https://learn.microsoft.com/kusto/query/pivot-plugin
func pivot(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 1, "pivotColumn", "aggregateFunction")
	key := a.column("pivotColumn")
	fn, args, spans, used := pivotAggregate(a)
	dims := a.columns()
	if a.bad {
		return nil
	}
	in = a.in
	if len(a.rest) == 0 {
		for _, c := range in.cols {
			if c.ID != key.ID && !used[c.ID] {
				dims = append(dims, c)
			}
		}
	}
	values, ok := b.pivotValues(in, key, dims, o)
	if !ok {
		return nil
	}
	agg := &rel.Aggregate{In: in.node, Order: in.order}
	out := &table{open: o.Schema == nil}
	names := newNames()
	for _, d := range dims {
		col := b.newCol(d.Name, d.Type)
		names.taken[d.Name] = true
		agg.Keys = append(agg.Keys, rel.Item{Col: col, Expr: d.Ref()})
		out.cols = append(out.cols, col)
	}
	aggs := &aggregates{}
	text := b.convert(key.Ref(), types.String)
	p := &rel.Project{In: agg}
	for _, d := range out.cols {
		p.Items = append(p.Items, rel.Item{Col: d, Expr: d.Ref()})
	}
	for _, v := range values {
		span := o.Call.Span()
		hit := b.apply("==", span, text, lit(types.StringOf(v.Name)))
		var list []rel.Expr
		var at []source.Span
		if len(args) > 0 {
			list, at = append(list, args[0]), append(at, spans[0])
		}
		list, at = append(list, hit), append(at, span)
		if len(args) > 1 {
			list, at = append(list, args[1:]...), append(at, spans[1:]...)
		}
		x := b.aggregate(aggs, fn, list, at, span)
		if isBad(x) {
			return nil
		}
		if v.Type != types.Unknown {
			x = b.convert(x, v.Type)
		}
		col := b.newCol(names.unique(v.Name), x.Type())
		p.Items = append(p.Items, rel.Item{Col: col, Expr: x})
		out.cols = append(out.cols, col)
	}
	agg.Aggs = aggs.items
	out.node = p
	if o.Schema != nil {
		return b.schemaOrder(out, o.Schema)
	}
	return out
}

// pivotAggregate binds pivot's aggregate: its form with a predicate, its arguments, and the columns they
// read.
func pivotAggregate(a *pluginArgs) (fn *funcs.Func, args []rel.Expr, spans []source.Span, used map[rel.ColID]bool) {
	b := a.b
	name := "count"
	used = map[rel.ColID]bool{}
	if x, ok := a.at["aggregateFunction"]; ok && !a.bad {
		call, isCall := x.(*syntax.CallExpr)
		if !isCall {
			b.addHint("KS143", x.Span(), "pivot expects an aggregate as its second argument", "write pivot(column, count(), other columns)")
			a.bad = true
			return nil, nil, nil, nil
		}
		name = call.Name.Name
		args, spans, ok = b.args(a.row(), call.Args)
		a.bad = a.bad || !ok
		for _, x := range args {
			rel.WalkExpr(x, func(x rel.Expr) {
				if c, ok := x.(*rel.ColRef); ok {
					used[c.ID] = true
				}
			})
		}
		if _, ok := pivoted[name]; !ok {
			b.errUnsupported(call.Name.Span(), "the aggregate '"+name+"' in pivot")
			a.bad = true
		}
	}
	if a.bad {
		return nil, nil, nil, nil
	}
	fn, ok := b.opts.Funcs.Lookup(funcs.Aggregate, pivoted[name])
	if !ok {
		panic("bind: the catalogue lacks " + pivoted[name])
	}
	return fn, args, spans, used
}

// pivotValues lists the values of pivot's column, with the types their columns must have (Unknown: what the
// aggregate gives).
func (b *binder) pivotValues(in *table, key rel.Col, dims []rel.Col, o *syntax.EvaluateOp) ([]types.Column, bool) {
	if o.Schema != nil {
		cols, ok := b.rowSchema(o.Schema)
		var out []types.Column
		for _, c := range cols {
			if colIndex(dims, c.Name) < 0 {
				out = append(out, types.Column{Name: c.Name, Type: c.Type})
			}
		}
		return out, ok
	}
	if b.opts.Probe == nil {
		return nil, true
	}
	// In the order in which the values come up, where rows have an order, else by name.
	text := b.newCol(key.Name, types.String)
	agg := &rel.Aggregate{In: in.node, Keys: []rel.Item{{Col: text, Expr: b.convert(key.Ref(), types.String)}}}
	order := []rel.Key{{Col: text}}
	if len(in.order) > 0 {
		n, first := b.newCol("$row", types.Long), b.newCol("$first", types.Long)
		agg.In = &rel.Window{In: in.node, Items: []rel.WindowItem{{Out: n, Func: rel.RowNumber}}, Order: in.order}
		fn, _ := b.opts.Funcs.Lookup(funcs.Aggregate, "min")
		aggs := &aggregates{}
		x := b.aggregate(aggs, fn, []rel.Expr{n.Ref()}, []source.Span{{}}, source.Span{})
		agg.Aggs = aggs.items
		first.ID = x.(*rel.ColRef).ID
		order = []rel.Key{{Col: first}}
	}
	res, ok := b.probed(in.node, &rel.Limit{In: agg, Count: lit(types.LongOf(maxPivot + 1)), Order: order}, o.Call,
		"give the columns behind the call: evaluate pivot(…) : (column: type, …)")
	if !ok {
		return nil, false
	}
	if len(res.Rows) > maxPivot {
		b.addHint("VQ013", o.Call.Span(), fmt.Sprintf("pivot would make more than %d columns", maxPivot), "give the columns behind the call: evaluate pivot(…) : (column: type, …)")
		return nil, false
	}
	sort.SliceStable(res.Rows, func(i, j int) bool {
		x, y := res.Rows[i], res.Rows[j]
		return funcs.Compare(x[len(x)-1], y[len(y)-1]) < 0
	})
	var out []types.Column
	for _, r := range res.Rows {
		if t := r[0].ToText(); t != "" {
			out = append(out, types.Column{Name: t})
		}
	}
	return out, true
}

// schemaOrder puts out the columns that a schema behind a plugin's call names, in its order and types. A
// star stands for the columns the schema does not name.
func (b *binder) schemaOrder(t *table, s *syntax.RowSchema) *table {
	cols, ok := b.rowSchema(s)
	if !ok {
		return nil
	}
	var its []item
	named := map[string]bool{}
	for _, c := range cols {
		named[c.Name] = true
	}
	if s.Star {
		for _, c := range t.cols {
			if !named[c.Name] {
				its = append(its, item{name: c.Name, expr: c.Ref(), explicit: true})
			}
		}
	}
	for i, c := range cols {
		x := rel.Expr(lit(types.Null(c.Type)))
		if col, ok := t.col(c.Name); ok {
			x = b.convert(col.Ref(), c.Type)
		}
		its = append(its, item{name: c.Name, expr: x, explicit: true, span: s.Columns[i].Span()})
	}
	return b.projectItems(t.node, t, its)
}
