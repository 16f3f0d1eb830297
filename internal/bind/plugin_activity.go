package bind

import (
	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// activityPlugin describes a plugin that counts who was active when.
type activityPlugin struct {
	// args are the names of the constants behind the id and the time.
	args []string
	// open: start and end may be left out, and are then those of the data.
	open bool
	cols []types.Column
}

// activityPlugins are the plugins that exec.Activity runs.
// https://learn.microsoft.com/kusto/query/user-analytics
func activityPlugins() map[string]activityPlugin {
	longs := func(names ...string) (out []types.Column) {
		for _, n := range names {
			out = append(out, types.Column{Name: n, Type: types.Long})
		}
		return out
	}
	real := func(name string) types.Column { return types.Column{Name: name, Type: types.Real} }
	return map[string]activityPlugin{
		"activity_counts_metrics": {args: []string{"Start", "End", "Step"}, cols: longs("count", "dcount", "new_dcount", "aggregated_dcount")},
		"activity_metrics":        {args: []string{"Start", "End", "Step"}, open: true, cols: append(longs("dcount_values", "dcount_newvalues"), real("retention_rate"), real("churn_rate"))},
		"sliding_window_counts":   {args: []string{"Start", "End", "LookBackWindow", "Step"}, cols: longs("Count", "Dcount")},
		"activity_engagement":     {args: []string{"Start", "End", "InnerActivityWindow", "OuterActivityWindow"}, open: true, cols: append(longs("dcount_activities_inner", "dcount_activities_outer"), real("activity_ratio"))},
		"active_users_count":      {args: []string{"Start", "End", "LookbackWindow", "Period", "ActivePeriods", "Step"}, cols: longs("dcount")},
		"session_count":           {args: []string{"Start", "End", "Bin", "LookBackWindow"}, cols: longs("count_sessions")},
	}
}

// activity binds one of those plugins.
func activity(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	name := o.Call.Name.Name
	p := activityPlugins()[name]
	args := p.args
	if p.open && !b.hasStart(e, in, o.Call, len(args)) {
		args = args[2:]
	}
	a := b.pluginArgs(e, in, o.Call, 2+len(args), append([]string{"IdColumn", "TimelineColumn"}, args...)...)
	id := a.column("IdColumn")
	time := a.column("TimelineColumn", types.Datetime, types.Timespan, types.Long, types.Int)
	dims := a.columns()
	op := &exec.Activity{Plugin: name, Time: time.Type}
	step := func(arg string) { op.Line.Step, op.Line.Unit = a.step(arg, time.Type) }
	switch name {
	case "sliding_window_counts":
		step("Step")
		op.Lookback = a.span64("LookBackWindow", time.Type)
	case "activity_engagement":
		step("InnerActivityWindow")
		op.Lookback = a.span64("OuterActivityWindow", time.Type)
	case "active_users_count":
		step("Step")
		op.Lookback, op.Period = a.span64("LookbackWindow", time.Type), a.span64("Period", time.Type)
		op.Active = a.typed("ActivePeriods", types.Long).Int64()
	case "session_count":
		step("Bin")
		if op.Line.Unit != "" && !a.bad {
			b.errType(a.span("Bin"), types.Timespan, types.String)
			return nil
		}
		op.Lookback = a.span64("LookBackWindow", time.Type)
	default:
		step("Step")
	}
	if a.bad {
		return nil
	}
	if len(args) == len(p.args) {
		op.Line.From, op.Line.To = a.point("Start", time.Type), a.point("End", time.Type)
	} else if !b.dataRange(in, time, o.Call, &op.Line) {
		return nil
	}
	if a.bad {
		return nil
	}
	in = a.in
	input := append([]rel.Col{id, time}, dims...)
	out := append([]rel.Col{b.newCol(time.Name, time.Type)}, b.fresh(dims)...)
	for _, c := range p.cols {
		out = append(out, b.newCol(c.Name, c.Type))
	}
	return b.native(op, in.node, in.order, input, unique(out))
}

// unique gives result columns whose names clash numbers behind their names.
func unique(cols []rel.Col) []rel.Col {
	n := newNames()
	for i := range cols {
		cols[i].Name = n.unique(cols[i].Name)
	}
	return cols
}

// hasStart tells whether a call whose start and end are optional gives them: its third argument is then a
// point in time and there are enough arguments.
func (b *binder) hasStart(e *env, in *table, c *syntax.CallExpr, n int) bool {
	if len(c.Args) < 2+n {
		return false
	}
	ok := false
	b.quietly(func() {
		v, isConst := rel.Const(b.scalarExpr(&row{t: in, env: e}, c.Args[3]))
		ok = isConst && v.Type() != types.Unknown && v.Type() != types.String
	})
	return ok
}

// quietly runs f and takes back what it reported.
func (b *binder) quietly(f func()) {
	mark := len(b.diags)
	f()
	b.takeBack(mark)
}

// dataRange sets a timeline's start and end to those of the data.
func (b *binder) dataRange(in *table, time rel.Col, c *syntax.CallExpr, line *exec.Timeline) bool {
	if b.opts.Probe == nil {
		return true
	}
	aggs := &aggregates{}
	for _, name := range []string{"min", "max"} {
		fn, ok := b.opts.Funcs.Lookup(funcs.Aggregate, name)
		if !ok {
			panic("bind: the catalogue lacks " + name)
		}
		b.aggregate(aggs, fn, []rel.Expr{time.Ref()}, []source.Span{c.Span()}, c.Span())
	}
	res, ok := b.probed(in.node, &rel.Aggregate{In: in.node, Aggs: aggs.items}, c, "give the start and the end")
	if !ok {
		return false
	}
	if len(res.Rows) == 1 && !res.Rows[0][0].IsNull() {
		line.From, line.To = res.Rows[0][0].Int64(), res.Rows[0][1].Int64()
	}
	return true
}

// point is a constant on a timeline of type t: a time, or a whole number.
func (a *pluginArgs) point(name string, t types.Type) int64 {
	v := a.constant(name, types.Null(t))
	if a.bad {
		return 0
	}
	if v.Type() != t && !(v.Type().IsInteger() && t.IsInteger()) || v.IsNull() {
		a.b.errType(a.span(name), t, v.Type())
		a.bad = true
	}
	return v.Int64()
}

// span64 is a constant length on a timeline of type t: a timespan, or a whole number.
func (a *pluginArgs) span64(name string, t types.Type) int64 {
	v := a.constant(name, types.Null(types.Timespan))
	if a.bad {
		return 1
	}
	want := types.Timespan
	if t.IsInteger() {
		want = types.Long
	}
	if v.IsNull() || v.Type() != want && !(v.Type().IsInteger() && want == types.Long) {
		a.b.errType(a.span(name), want, v.Type())
		a.bad = true
		return 1
	}
	if v.Int64() <= 0 {
		a.b.add("VQ014", a.span(name), "'"+name+"' of "+a.call.Name.Name+" must be positive")
		a.bad = true
		return 1
	}
	return v.Int64()
}

// step is the length of the periods: as span64, or week, month, year.
func (a *pluginArgs) step(name string, t types.Type) (step int64, unit string) {
	if v := a.constant(name, types.Null(types.Timespan)); !a.bad && v.Type() == types.String && t == types.Datetime {
		switch u := v.Text(); u {
		case "week", "month", "year":
			return 1, u
		}
		a.b.add("KS140", a.span(name), "'"+v.Text()+"' is no value for '"+name+"'; it takes a timespan, or week, month or year")
		a.bad = true
		return 1, ""
	}
	return a.span64(name, t), ""
}

// newActivityMetrics follows the ids first seen in each period.
// https://learn.microsoft.com/kusto/query/new-activity-metrics-plugin
func newActivityMetrics(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 5, "IdColumn", "TimelineColumn", "Start", "End", "Window")
	id := a.column("IdColumn")
	time := a.column("TimelineColumn", types.Datetime, types.Timespan, types.Long, types.Int)
	op := &exec.Cohorts{Time: time.Type}
	op.Line.From, op.Line.To = a.point("Start", time.Type), a.point("End", time.Type)
	op.Line.Step, op.Line.Unit = a.step("Window", time.Type)
	if a.bad {
		return nil
	}
	var before *table
	var dims []rel.Col
	for i, x := range a.rest {
		if n, ok := x.(*syntax.NamedExpr); ok {
			x = n.Value
		}
		if i == len(a.rest)-1 && b.isTabular(e, x) {
			if before = b.tableExpr(e, x); before == nil {
				return nil
			}
			continue
		}
		ident, isName := x.(*syntax.Ident)
		if _, isCol := in.col(identName(ident)); isName && isCol {
			dims = append(dims, a.columnOf(in, x))
			continue
		}
		if i > 0 {
			b.errColumnExpected(x.Span())
			return nil
		}
		a.at["Cohort"] = x
		at := a.point("Cohort", time.Type)
		op.Only = &at
	}
	if a.bad {
		return nil
	}
	op.Dims = len(dims)
	in = a.in
	first := tier{in: in.node, order: in.order, cols: append([]rel.Col{id, time}, dims...)}
	tiers := []tier{first}
	if before != nil {
		col, ok := before.col(id.Name)
		if !ok && len(before.cols) > 0 {
			col = before.cols[len(before.cols)-1]
		}
		if col.Type != id.Type {
			b.errType(a.rest[len(a.rest)-1].Span(), id.Type, col.Type)
			return nil
		}
		tiers = append(tiers, tier{in: before.node, order: before.order, cols: []rel.Col{col}})
	}
	node, order, args := b.stacked(tiers...)
	out := append([]rel.Col{b.newCol("from_"+time.Name, time.Type), b.newCol("to_"+time.Name, time.Type)}, b.fresh(dims)...)
	for _, n := range []string{"dcount_new_values", "dcount_retained_values", "dcount_churn_values"} {
		out = append(out, b.newCol(n, types.Long))
	}
	out = append(out, b.newCol("retention_rate", types.Real), b.newCol("churn_rate", types.Real))
	return b.native(op, node, order, args, unique(out))
}

func identName(id *syntax.Ident) string {
	if id == nil {
		return ""
	}
	return id.Name
}

// rollingPercentile gives the percentile of a value over the periods up to each.
// https://learn.microsoft.com/kusto/query/rolling-percentile-plugin
func rollingPercentile(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 5, "ValueColumn", "Percentile", "IndexColumn", "BinSize", "BinsPerWindow")
	value := a.column("ValueColumn", types.Long, types.Int, types.Real, types.Decimal, types.Datetime, types.Timespan)
	index := a.column("IndexColumn", types.Datetime, types.Timespan, types.Long, types.Int)
	pct := a.constant("Percentile", types.Null(types.Real))
	step := a.span64("BinSize", index.Type)
	bins := a.typed("BinsPerWindow", types.Long)
	dims := a.columns()
	if a.bad {
		return nil
	}
	if !pct.Type().IsNumeric() {
		b.errType(a.span("Percentile"), types.Real, pct.Type())
		return nil
	}
	const most = 100_000
	if bins.Int64() < 1 || bins.Int64() > most {
		b.add("VQ014", a.span("BinsPerWindow"), "'BinsPerWindow' of rolling_percentile must lie between 1 and 100000")
		return nil
	}
	in = a.in
	op := &exec.Rolling{Percentile: pct.Float64(), Step: step, Bins: bins.Int64(), Time: index.Type}
	out := append([]rel.Col{b.newCol(index.Name, index.Type)}, b.fresh(dims)...)
	out = append(out, b.newCol("rolling_"+bins.ToText()+"_percentile_"+value.Name+"_"+pct.ToText(), value.Type))
	return b.native(op, in.node, in.order, append([]rel.Col{value, index}, dims...), unique(out))
}
