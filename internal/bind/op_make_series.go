package bind

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// seriesAxis is the axis of make-series, in numbers: ticks for times. Steps are numbered from the origin. Low
// and high are the first and last step, nil where each series has its own.
type seriesAxis struct {
	t                    types.Type // of the elements of the axis' array
	work                 types.Type // Long or Real
	origin, step         rel.Expr   // of type t (step: timespan for datetime)
	low, high            rel.Expr
	from, to             rel.Expr // bounds of the rows, of type t
	inclusive            bool     // rows at to are in
	value                rel.Expr // of type t
	originWork, stepWork rel.Expr
}

// makeSeries groups rows by steps of an axis and gives arrays without gaps.
// https://learn.microsoft.com/kusto/query/make-series-operator
func (b *binder) makeSeries(e *env, in *table, o *syntax.MakeSeriesOp) *table {
	r := &row{t: in, env: e, window: windowable(in)}
	on, ok := b.itemsOf(r, o.On)
	if !ok || len(on) != 1 {
		return nil
	}
	keys, ok := b.items(r, o.By)
	if !ok {
		return nil
	}
	axis, ok := b.seriesAxis(e, on[0], o)
	if !ok {
		return nil
	}
	kind, _ := param(o.Params, "kind")
	nonempty := kind == "nonempty"
	// Without keys and between bounds there is one series whatever the rows; else it takes a row of its own.
	always := nonempty && len(keys) == 0 && axis.low != nil && axis.high != nil

	// Rows by key and step.
	pred := b.scalarFunc("isnotnull", o.On.Span(), axis.value)
	if axis.from != nil {
		pred = b.apply("and", o.On.Span(), pred, b.apply(">=", o.On.Span(), axis.value, axis.from))
	}
	if axis.to != nil {
		op := "<"
		if axis.inclusive {
			op = "<="
		}
		pred = b.apply("and", o.On.Span(), pred, b.apply(op, o.On.Span(), axis.value, axis.to))
	}
	steps := &rel.Aggregate{In: &rel.Filter{In: windowed(r, in), Pred: pred}, Order: in.order}
	n := newNames()
	var keyCols []rel.Col
	for _, k := range keys {
		if k.expr, ok = b.key(k.expr, k.span); !ok {
			return nil
		}
		col := b.newCol(n.column(k.name), k.expr.Type())
		steps.Keys = append(steps.Keys, rel.Item{Col: col, Expr: k.expr})
		keyCols = append(keyCols, col)
	}
	index := b.newCol("$step", types.Long)
	steps.Keys = append(steps.Keys, rel.Item{Col: index, Expr: b.hiddenCall("series.index", b.convert(axis.value, axis.work), axis.originWork, axis.stepWork)})
	aggs := &aggregates{keys: steps.Keys}
	var series []item
	var defaults []rel.Expr
	for _, s := range o.Series {
		got, ok := b.aggregateItems(&row{t: in, env: e, aggs: aggs}, s.X)
		if !ok {
			return nil
		}
		for _, it := range got {
			def, ok := b.seriesDefault(e, s.Default, it.expr.Type())
			if !ok {
				return nil
			}
			series, defaults = append(series, it), append(defaults, def)
		}
	}
	steps.Aggs = aggs.items
	values := &rel.Project{In: steps}
	for _, k := range append(keyCols[:len(keyCols):len(keyCols)], index) {
		values.Items = append(values.Items, rel.Item{Col: k, Expr: k.Ref()})
	}
	var valueCols []rel.Col
	for _, s := range series {
		c := b.newCol("$value", s.expr.Type())
		values.Items = append(values.Items, rel.Item{Col: c, Expr: s.expr})
		valueCols = append(valueCols, c)
	}

	// Steps by key: lists of the numbers and of the values.
	lists := &aggregates{}
	list := func(name string, args ...rel.Expr) rel.Expr {
		fn, ok := b.opts.Funcs.Lookup(funcs.Aggregate, name)
		if !ok {
			panic("bind: the catalogue lacks " + name)
		}
		return b.aggregate(lists, fn, args, make([]source.Span, len(args)), o.Span())
	}
	numbers := list("make_list_with_nulls", index.Ref())
	var arrays []rel.Expr
	for _, c := range valueCols {
		arrays = append(arrays, list("make_list_with_nulls", c.Ref()))
	}
	low, high := axis.low, axis.high
	if low == nil {
		low = list("min", index.Ref())
	}
	if high == nil {
		high = list("max", index.Ref())
	}
	bySeries := &rel.Aggregate{In: values, Order: []rel.Key{{Col: index}}}
	for _, k := range keyCols {
		bySeries.Keys = append(bySeries.Keys, rel.Item{Col: k, Expr: k.Ref()})
	}
	var node rel.Node = bySeries
	if len(keyCols) == 0 && !always { // no rows, no series
		count := list("count")
		node = &rel.Filter{In: bySeries, Pred: b.apply(">", o.Span(), count, lit(types.LongOf(0)))}
	}
	bySeries.Aggs = lists.items

	out := &table{}
	p := &rel.Project{In: node}
	put := func(c rel.Col, x rel.Expr) {
		p.Items = append(p.Items, rel.Item{Col: c, Expr: x})
		out.cols = append(out.cols, c)
	}
	for _, k := range keyCols {
		put(k, k.Ref())
	}
	for i, s := range series {
		if s.explicit && n.taken[s.name] {
			b.errDuplicate(s.span, s.name)
			return nil
		}
		put(b.newCol(n.column(s.name), types.Dynamic), b.hiddenCall("series.fill", numbers, arrays[i], low, high, defaults[i]))
	}
	put(b.newCol(n.column(on[0].name), types.Dynamic), b.hiddenCall("series.axis", low, high, axis.origin, axis.step))
	out.node = p
	if nonempty && !always {
		return b.seriesOrDefault(out, keyCols, axis, defaults, o.Span())
	}
	return out
}

// seriesOrDefault gives the series, or where there is none one of the defaults, whose keys are null: the groups
// that by makes are those of the rows, so without rows kind=nonempty has no better key. Where only the rows tell
// how long a series is, it has no steps.
func (b *binder) seriesOrDefault(series *table, keys []rel.Col, axis *seriesAxis, defaults []rel.Expr, span source.Span) *table {
	uses := b.shared(series).(tableBinding).bind
	found, counted := uses(), uses()
	aggs := &aggregates{}
	fn, ok := b.opts.Funcs.Lookup(funcs.Aggregate, "count")
	if !ok {
		panic("bind: the catalogue lacks count")
	}
	count := b.aggregate(aggs, fn, nil, nil, span)
	none := &rel.Filter{In: &rel.Aggregate{In: counted.node, Aggs: aggs.items}, Pred: b.apply("==", span, count, lit(types.LongOf(0)))}
	empty := lit(types.DynamicOf("[]"))
	p := &rel.Project{In: none}
	for i, c := range found.cols {
		x := rel.Expr(lit(types.Null(c.Type)))
		switch at := i - len(keys); {
		case at >= 0 && (axis.low == nil || axis.high == nil):
			x = empty
		case at >= 0 && at < len(defaults):
			x = b.hiddenCall("series.fill", empty, empty, axis.low, axis.high, defaults[at])
		case at >= 0:
			x = b.hiddenCall("series.axis", axis.low, axis.high, axis.origin, axis.step)
		}
		p.Items = append(p.Items, rel.Item{Col: b.newCol(c.Name, c.Type), Expr: x})
	}
	kept := b.keep(found, found.cols)
	out := &table{cols: b.fresh(found.cols)}
	out.node = &rel.Union{Ins: []rel.Node{kept.node, p}, Out: out.cols}
	return out
}

// seriesDefault binds what stands for steps without rows: 0 unless it is given.
func (b *binder) seriesDefault(e *env, x syntax.Expr, t types.Type) (rel.Expr, bool) {
	def := rel.Expr(lit(types.LongOf(0)))
	if x != nil {
		v, ok := b.constant(e, x, "the default of a series")
		if !ok {
			return nil, false
		}
		def = lit(v)
	} else if !t.IsNumeric() {
		def = lit(types.Null(types.Dynamic))
	}
	if t == types.Real && def.Type().IsInteger() {
		def = b.convert(def, types.Real)
	}
	return b.convert(def, types.Dynamic), true
}

// seriesAxis binds on x from a to b step c, and on x in range(a, b, c), which is inclusive and counts its
// steps from 0 instead of a.
func (b *binder) seriesAxis(e *env, on item, o *syntax.MakeSeriesOp) (*seriesAxis, bool) {
	fromX, toX, stepX := o.From, o.To, o.Step
	a := &seriesAxis{}
	if o.Step == nil {
		if len(o.Range) != 3 {
			b.add("KS119", o.On.Span(), "range of make-series expects 3 arguments: start, end, step")
			return nil, false
		}
		fromX, toX, stepX, a.inclusive = o.Range[0], o.Range[1], o.Range[2], true
	}
	bind := func(x syntax.Expr) (rel.Expr, bool) {
		if x == nil {
			return nil, true
		}
		v := b.scalarExpr(scalarsOnly(e), x)
		return v, !isBad(v)
	}
	var ok1, ok2, ok3 bool
	a.from, ok1 = bind(fromX)
	a.to, ok2 = bind(toX)
	a.step, ok3 = bind(stepX)
	if !ok1 || !ok2 || !ok3 {
		return nil, false
	}
	a.t = on.expr.Type()
	stepT := a.t
	switch {
	case a.t == types.Datetime:
		a.work, stepT = types.Long, types.Timespan
	case a.t == types.Timespan:
		a.work = types.Long
	case a.t.IsNumeric():
		a.work = types.Long
		for _, x := range []rel.Expr{on.expr, a.from, a.to, a.step} {
			if x != nil && (x.Type() == types.Real || x.Type() == types.Decimal) {
				a.work = types.Real
			}
		}
		a.t, stepT = a.work, a.work
	default:
		b.add("KS138", o.On.Span(), "the axis of make-series must be a datetime, a timespan or a number, this is a "+a.t.String())
		return nil, false
	}
	fit := func(x rel.Expr, at syntax.Expr, t types.Type) (rel.Expr, bool) {
		if x == nil || x.Type() == t || x.Type().IsNumeric() && t.IsNumeric() {
			if x != nil {
				x = b.convert(x, t)
			}
			return x, true
		}
		if v, isConst := rel.Const(x); isConst && v.IsNull() || b.isUntyped(x) || x.Type() == types.Dynamic {
			return b.convert(x, t), true
		}
		b.errType(at.Span(), t, x.Type())
		return nil, false
	}
	a.from, ok1 = fit(a.from, fromX, a.t)
	a.to, ok2 = fit(a.to, toX, a.t)
	a.step, ok3 = fit(a.step, stepX, stepT)
	if !ok1 || !ok2 || !ok3 {
		return nil, false
	}
	if v, isConst := rel.Const(a.step); isConst && !v.IsNull() && v.Float64() <= 0 {
		b.add("KS140", stepX.Span(), "the step of make-series must be positive")
		return nil, false
	}
	a.value = b.convert(on.expr, a.t)
	a.origin = b.convert(lit(types.LongOf(0)), a.t)
	if a.from != nil && !a.inclusive {
		a.origin = a.from
	}
	a.originWork, a.stepWork = b.convert(a.origin, a.work), b.convert(a.step, a.work)
	switch {
	case a.inclusive:
		a.low = b.hiddenCall("series.index", b.convert(a.from, a.work), a.originWork, a.stepWork)
		a.high = b.hiddenCall("series.index", b.convert(a.to, a.work), a.originWork, a.stepWork)
	default:
		if a.from != nil {
			a.low = lit(types.LongOf(0))
		}
		if a.to != nil {
			a.high = b.hiddenCall("series.last", b.convert(a.to, a.work), a.originWork, a.stepWork)
		}
	}
	return a, true
}
