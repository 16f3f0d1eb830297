package bind

import (
	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// funnelSequence counts the ids that went through a sequence of states, by the states before and behind it. It
// gives three results: by both, by the state before, by the state behind. What stands behind it takes the first.
// https://learn.microsoft.com/kusto/query/funnel-sequence-plugin
func funnelSequence(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 8, "IdColumn", "TimelineColumn", "Start", "End", "MaxSequenceStepWindow", "Step", "StateColumn", "Sequence")
	a.none()
	id := a.column("IdColumn")
	time := a.column("TimelineColumn", types.Datetime, types.Timespan, types.Long, types.Int)
	op := &exec.FunnelPaths{Time: time.Type}
	op.Line.From, op.Line.To = a.point("Start", time.Type), a.point("End", time.Type)
	op.MaxStep = a.span64("MaxSequenceStepWindow", time.Type)
	op.Line.Step, op.Line.Unit = a.step("Step", time.Type)
	state := a.column("StateColumn")
	if a.bad {
		return nil
	}
	op.State = state.Type
	if op.States = a.list("Sequence", state.Type); a.bad {
		return nil
	}
	if len(op.States) == 0 {
		b.add("KS140", a.span("Sequence"), "'Sequence' of funnel_sequence must have a state at least")
		return nil
	}
	node, args := b.computed(a.in, id.Ref(), time.Ref(), state.Ref())
	which := b.newCol("$table", types.Long)
	all := b.native(op, node, in.order, args, []rel.Col{which, b.newCol(time.Name, time.Type), b.newCol("prev", state.Type),
		b.newCol("next", state.Type), b.newCol("dcount", types.Long), b.newCol("samples", types.Dynamic)})
	part := func(t *table, number int64, at ...int) *table {
		out := *t
		out.node = &rel.Filter{In: t.node, Pred: b.apply("==", o.Call.Span(), t.cols[0].Ref(), lit(types.LongOf(number)))}
		var cols []rel.Col
		for _, i := range at {
			cols = append(cols, t.cols[i])
		}
		return b.keep(&out, unique(cols))
	}
	end, last := b.ends(o)
	if !last {
		b.warn("VQ015", o.Call.Span(), "the second and third table of funnel_sequence are not used here")
		return part(all, 0, 1, 2, 3, 4, 5)
	}
	use := b.shared(all).(tableBinding).bind
	var outs []outcome
	for i, at := range [][]int{{1, 2, 3, 4, 5}, {1, 2, 4, 5}, {1, 3, 4, 5}} {
		out, ok := b.outcomeOf(part(use(), int64(i), at...), o.Call.Span())
		if !ok {
			return nil
		}
		outs = append(outs, out)
	}
	end.give(outs...)
	return all
}
