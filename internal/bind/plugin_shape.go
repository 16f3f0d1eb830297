package bind

import (
	"strconv"

	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// narrow gives a row for each cell of a table.
// https://learn.microsoft.com/kusto/query/narrow-plugin
func narrow(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 0)
	a.none()
	if a.bad {
		return nil
	}
	texts := make([]rel.Expr, len(in.cols))
	for i, c := range in.cols {
		texts[i] = b.convert(c.Ref(), types.String)
	}
	node, args := b.computed(in, texts...)
	out := []rel.Col{b.newCol("Row", types.Long), b.newCol("Column", types.String), b.newCol("Value", types.String)}
	return b.native(&exec.Narrow{Columns: in.cols}, node, in.order, args, out)
}

// preview gives the first rows and, as a second result, the number of all rows. What stands behind it takes the
// rows.
// https://learn.microsoft.com/kusto/query/preview-plugin
func preview(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 1, "NumberOfRows")
	a.none()
	if a.bad {
		return nil
	}
	end, last := b.ends(o)
	if !last {
		b.warn("VQ015", o.Call.Span(), "the second table of preview, the number of rows, is not used here")
		return b.take(e, in, a.at["NumberOfRows"])
	}
	use := b.shared(in).(tableBinding).bind
	var outs []outcome
	var first *table
	for i := range 2 {
		t := use()
		if i == 0 {
			t = b.take(e, t, a.at["NumberOfRows"])
			first = t
		} else {
			t = b.count(t, &syntax.CountOp{})
		}
		if t == nil {
			return nil
		}
		out, ok := b.outcomeOf(t, o.Call.Span())
		if !ok {
			return nil
		}
		outs = append(outs, out)
	}
	end.give(outs...)
	return first
}

// dcountIntersect adds the sizes of the intersections of sketched sets.
// https://learn.microsoft.com/kusto/query/dcount-intersect-plugin
func dcountIntersect(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 2, "hll_1", "hll_2")
	const most = 16
	sets := append([]rel.Col{a.column("hll_1", types.Dynamic), a.column("hll_2", types.Dynamic)}, a.columns()...)
	if a.bad {
		return nil
	}
	if len(sets) > most {
		b.add("KS119", o.Call.Span(), "dcount_intersect takes at most 16 sets")
		return nil
	}
	op := &exec.Intersect{}
	out := in.cols[:len(in.cols):len(in.cols)]
	for _, s := range sets {
		at := colIndex(in.cols, s.Name)
		op.Sets = append(op.Sets, at)
	}
	for i := range sets {
		out = append(out, b.newCol("s"+strconv.Itoa(i), types.Long))
	}
	for i := range out[len(in.cols):] {
		if _, taken := in.col(out[len(in.cols)+i].Name); taken {
			b.errDuplicate(o.Call.Span(), out[len(in.cols)+i].Name)
			return nil
		}
	}
	return b.native(op, in.node, in.order, in.cols, out)
}
