package funcs

import (
	"github.com/vedette-siem/vedette/internal/types"
)

// aggSketchFuncs summarize values in a dynamic value that can be stored and merged; see sketch.go for what
// reads it.
var aggSketchFuncs = []*Func{
	{Name: "hll", Class: Aggregate, Result: Prefixed("hll"), Page: "hll-aggregation-function", Deviates: deviatesHLL,
		Sigs: Sigs(RetDynamic, P("expr", hllTypes).RawType(), P("accuracy", Integer).Optional().Constant()), Agg: sketchOf(hllAgg),
		Doc: "Gives a sketch of the distinct values of a group, for dcount_hll and hll_merge.",
		Examples: []Example{{`datatable(x:long)[1, 2, 2] | summarize h=hll(x) | project dcount_hll(h)`, `2`}, {`datatable(x:long)[] | summarize h=hll(x)`, `dynamic(null)`},
			{`datatable(x:long)[1, long(null)] | summarize h=hll(x, 4) | project dcount_hll(h)`, `1`}}},
	{Name: "hll_if", Class: Aggregate, Result: Prefixed("hll_if"), Page: "hll-if-aggregation-function", Deviates: deviatesHLL,
		Sigs: Sigs(RetDynamic, P("expr", hllTypes).RawType(), P("predicate", Bool), P("accuracy", Integer).Optional().Constant()), Agg: sketchOf(onlyIf(1, hllAgg)),
		Doc: "Gives a sketch of the distinct values of the rows for which a predicate is true.",
		Examples: []Example{{`datatable(x:long)[1, 2, 3] | summarize h=hll_if(x, x > 1) | project dcount_hll(h)`, `2`}, {`datatable(x:long)[1] | summarize h=hll_if(x, x > 1) | project dcount_hll(h)`, `0`},

			{`datatable(x:string, b:bool)["a", true, "b", bool(null)] | summarize h=hll_if(x, b, 2) | project dcount_hll(h)`, `1`}}},
	{Name: "hll_merge", Class: Aggregate, Result: Prefixed("hll_merge"), Page: "hll-merge-aggregation-function", Deviates: deviatesHLL,
		Sigs: Sigs(RetDynamic, P("hll", Dynamic)),
		Agg:  func(c *Ctx, _ int, cols [][]types.Value) types.Value { return mergeHLL(cols[0]) },
		Doc:  "Merges the sketches of a group that hll made.",
		Examples: []Example{{`datatable(k:long, x:long)[1, 1, 1, 2, 2, 2, 2, 3] | summarize h=hll(x) by k | summarize m=hll_merge(h) | project dcount_hll(m)`, `3`},
			{`datatable(h:dynamic)[] | summarize hll_merge(h)`, `dynamic(null)`}, {`datatable(x:long)[5] | summarize h=hll(x) by x | summarize m=hll_merge(h) | project dcount_hll(m)`, `1`}}},
	{Name: "tdigest", Class: Aggregate, Result: Prefixed("tdigest"), Page: "tdigest-aggregation-function", Deviates: deviatesDigest,
		Sigs: Sigs(RetDynamic, P("expr", Summable).RawType(), P("weight", Integer).Optional()), Agg: sketchOf(digestAgg),
		Doc: "Gives a sketch of the distribution of the values of a group, for percentile_tdigest and its like.",
		Examples: []Example{{`range x from 1 to 1000 step 1 | summarize t=tdigest(x) | project rank_tdigest(t, 685)`, `685.0`}, {`datatable(x:long)[] | summarize t=tdigest(x) | project percentile_tdigest(t, 50, typeof(long))`, `long(null)`},
			{`datatable(v:real, w:long)[1.0, 1, 2.0, 2] | summarize t=tdigest(v, w) | project percentile_tdigest(t, 50, typeof(real))`, `2.0`}}},
	mergeDigestAgg("tdigest_merge"),
	mergeDigestAgg("merge_tdigest"),
}

func mergeDigestAgg(name string) *Func {
	return &Func{Name: name, Class: Aggregate, Result: Prefixed("merge_tdigests"), Page: "tdigest-merge-aggregation-function", Deviates: deviatesDigest,
		Sigs: Sigs(RetDynamic, P("tdigest", Dynamic)),
		Agg:  func(_ *Ctx, _ int, cols [][]types.Value) types.Value { return mergeDigests(cols[0]) },
		Doc:  "Merges the sketches of a group that tdigest made.",
		Examples: []Example{{`range x from 1 to 10 step 1 | summarize t=tdigest(x) by x % 2 | summarize m=` + name + `(t) | project percentile_tdigest(m, 50, typeof(long))`, `5`},
			{`datatable(t:dynamic)[] | summarize ` + name + `(t)`, `dynamic(null)`},
			{`datatable(x:long)[7] | summarize t=tdigest(x) by x | summarize m=` + name + `(t) | project percentile_tdigest(m, 100, typeof(long))`, `7`}}}
}

const hllTypes = Any &^ Real &^ Bool

// sketchOf gives null where a group has no rows at all, which only the whole of an empty table has.
// https://learn.microsoft.com/kusto/query/summarize-operator#default-values-of-aggregations
func sketchOf(body AggImpl) AggImpl {
	return func(c *Ctx, n int, cols [][]types.Value) types.Value {
		if n == 0 {
			return types.Null(types.Dynamic)
		}
		return body(c, n, cols)
	}
}

func hllAgg(_ *Ctx, _ int, cols [][]types.Value) types.Value {
	accuracy := int64(1)
	if len(cols) > 1 && !cols[1][0].IsNull() {
		accuracy = cols[1][0].Int64()
	}
	h := newHLL(accuracy)
	for _, v := range cols[0] {
		if !v.IsNull() {
			h.add(hllHash(v))
		}
	}
	return h.value()
}

func digestAgg(_ *Ctx, _ int, cols [][]types.Value) types.Value {
	var weights []types.Value
	if len(cols) > 1 {
		weights = cols[1]
	}
	values := cols[0]
	if len(values) > 0 && values[0].Type() == types.Decimal {
		values = make([]types.Value, len(values))
		for i, v := range cols[0] {
			values[i] = types.Null(types.Real)
			if !v.IsNull() {
				values[i] = types.RealOf(v.Float64())
			}
		}
	}
	return tdigest(weigh(values, weights)).squeezed().value()
}
