package bind

import (
	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// sequenceDetect finds rows that meet predicates one after the other:
// sequence_detect(time, max step, max span, name = (predicate) …, dimension …).
// https://learn.microsoft.com/kusto/query/sequence-detect-plugin
func sequenceDetect(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 3, "TimelineColumn", "MaxSequenceStepWindow", "MaxSequenceSpan")
	time := a.column("TimelineColumn", types.Datetime)
	op := &exec.Sequences{MaxStep: a.span64("MaxSequenceStepWindow", types.Datetime), Span: a.span64("MaxSequenceSpan", types.Datetime)}
	if a.bad {
		return nil
	}
	var steps, dims []rel.Expr
	var out, times []rel.Col
	for _, x := range a.rest {
		name, value := "", x
		if n, ok := x.(*syntax.NamedExpr); ok && len(n.Names) == 1 {
			name, value = n.Names[0].Name, n.Value
		}
		v := b.scalarExpr(a.row(), value)
		if isBad(v) {
			return nil
		}
		_, plain := value.(*syntax.Ident)
		if v.Type() == types.Bool && len(dims) == 0 && (name != "" || !plain) {
			steps = append(steps, v)
			times = append(times, b.newCol(name+"_"+time.Name, types.Datetime))
			continue
		}
		if name == "" {
			name = b.nameOf(a.row(), value)
		}
		dims = append(dims, v)
		out = append(out, b.newCol(name, v.Type()))
	}
	if len(steps) == 0 {
		b.add("KS119", o.Call.Span(), "sequence_detect expects a predicate for each step of the sequence")
		return nil
	}
	op.Steps = len(steps)
	node, args := b.computed(a.in, append(append([]rel.Expr{time.Ref()}, steps...), dims...)...)
	out = append(append(out, times...), b.newCol("Duration", types.Timespan))
	return b.native(op, node, in.order, args, unique(out))
}

// funnelCompletion counts how many ids got how far in a sequence of states.
// https://learn.microsoft.com/kusto/query/funnel-sequence-completion-plugin
func funnelCompletion(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 8, "IdColumn", "TimelineColumn", "Start", "End", "BinSize", "StateColumn", "Sequence", "MaxSequenceStepPeriods")
	a.none()
	id := a.column("IdColumn")
	time := a.column("TimelineColumn", types.Datetime, types.Timespan, types.Long, types.Int)
	state := a.column("StateColumn")
	op := &exec.Funnel{Time: time.Type}
	op.Line.From, op.Line.To = a.point("Start", time.Type), a.point("End", time.Type)
	op.Line.Step, op.Line.Unit = a.step("BinSize", time.Type)
	period := types.Timespan
	if time.Type.IsInteger() {
		period = types.Long
	}
	op.States = a.list("Sequence", types.String)
	op.Periods = a.list("MaxSequenceStepPeriods", period)
	if a.bad {
		return nil
	}
	node, args := b.computed(a.in, id.Ref(), time.Ref(), b.convert(state.Ref(), types.String))
	out := []rel.Col{b.newCol(time.Name, time.Type), b.newCol(state.Name, types.String), b.newCol("Period", period), b.newCol("dcount", types.Long)}
	return b.native(op, node, in.order, args, unique(out))
}

// list is a constant array of values of a type.
func (a *pluginArgs) list(name string, t types.Type) []types.Value {
	v := a.constant(name, types.Null(types.Dynamic))
	if a.bad {
		return nil
	}
	n, err := types.ParseJSON(v.Text())
	if v.Type() != types.Dynamic || err != nil || n.Kind != types.JSONArray {
		a.b.errType(a.span(name), types.Dynamic, v.Type())
		a.bad = true
		return nil
	}
	var out []types.Value
	for _, it := range n.Items {
		x := it.Value().To(t)
		if x.IsNull() {
			a.b.add("KS140", a.span(name), "'"+it.Value().ToText()+"' is no "+t.String())
			a.bad = true
			return nil
		}
		out = append(out, x)
	}
	return out
}

// rowsNear keeps the rows close to those that meet a condition.
// https://learn.microsoft.com/kusto/query/rows-near-plugin
func rowsNear(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 2, "Condition", "NumRows", "NumRowsAfter")
	a.none()
	if len(in.order) == 0 {
		b.errWindow(o.Call.Name.Span(), "rows_near")
		return nil
	}
	cond := b.asBool(a.expr("Condition"), a.span("Condition"), false)
	before := a.typed("NumRows", types.Long)
	after := before
	if a.has("NumRowsAfter") {
		after = a.typed("NumRowsAfter", types.Long)
	}
	if a.bad || isBad(cond) {
		return nil
	}
	node, flag := b.computed(in, cond)
	cols := in.cols[:len(in.cols):len(in.cols)]
	if in.bag != nil && !hasCol(cols, in.bag.ID) {
		cols = append(cols, *in.bag)
	}
	out := b.native(&exec.Near{Before: before.Int64(), After: after.Int64()}, node, in.order, append(flag, cols...), cols)
	out.cols, out.open, out.bag, out.explicit = in.cols, in.open, in.bag, in.explicit
	return out
}
