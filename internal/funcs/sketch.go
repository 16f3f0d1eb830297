package funcs

import (
	"fmt"
	"math"

	"github.com/vedette-siem/vedette/internal/types"
)

// sketchFuncs read and merge what hll and tdigest made. A value that is no such sketch gives null.
var sketchFuncs = []*Func{
	{Name: "dcount_hll", Class: Scalar, Result: FuncFirstArg, Page: "dcount-hll-function", Deviates: deviatesHLL,
		Sigs: Sigs(RetLong, P("hll", Dynamic)),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			h, ok := parseHLL(a[0])
			if !ok {
				return types.Null(types.Long)
			}
			return types.LongOf(h.count())
		},
		Doc: "Gives the number of distinct values in a sketch that hll made.",
		Examples: []Example{{`dcount_hll(dynamic([[1024,14],["1","2"],[]]))`, `2`}, {`dcount_hll(dynamic(null))`, `long(null)`},
			{`dcount_hll(dynamic("x"))`, `long(null)`}}},
	{Name: "hll_merge", Class: Scalar, Result: Just("hll_merged_result"), Nulls: Own, Page: "hll-merge-function", Deviates: deviatesHLL,
		Sigs: Sigs(RetDynamic, P("hll", Dynamic), P("hll", Dynamic).Repeated()),
		Go:   func(_ *Ctx, a []types.Value) types.Value { return mergeHLL(a) },
		Doc:  "Merges sketches that hll made.",
		Examples: []Example{{`dcount_hll(hll_merge(dynamic([[1024,14],["1"],[]]), dynamic([[1024,14],["1","2"],[]])))`, `2`},
			{`hll_merge(dynamic(null), dynamic(null))`, `dynamic(null)`}, {`dcount_hll(hll_merge(dynamic([[1024,14],["1"],[]]), dynamic(null)))`, `1`}}},
	{Name: "percentile_tdigest", Class: Scalar, Result: FuncFirstArg, Page: "percentile-tdigest-function", Deviates: deviatesDigest,
		Sigs: []Sig{S(RetDynamic, P("tdigest", Dynamic), P("percentile", Number)),
			// typeof(long) comes as the name of the type
			S(Computed(typeArg(2)), P("tdigest", Dynamic), P("percentile", Number), P("type", String).Constant())},
		Go: func(c *Ctx, a []types.Value) types.Value {
			v, ok := digestPercentile(a[0], a[1])
			if !ok {
				return types.Null(c.Out)
			}
			if c.Out == types.Dynamic {
				return types.JSONOf(v).Value()
			}
			return digestAs(v, c.Out)
		},
		Doc: "Gives a percentile out of a sketch that tdigest made.",
		Examples: []Example{{`percentile_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), 50, typeof(long))`, `2`}, {`percentile_tdigest(dynamic(null), 50, typeof(long))`, `long(null)`},
			{`percentile_tdigest(dynamic([[7],[1.5],[3]]), 100)`, `dynamic(1.5)`}}},
	{Name: "percentiles_array_tdigest", Class: Scalar, Result: Prefixed("percentile_tdigest"), Page: "percentile-array-tdigest-function", Deviates: deviatesDigest,
		Sigs: []Sig{S(RetDynamic, P("tdigest", Dynamic), P("percentile", Number).Repeated()),
			S(RetDynamic, P("tdigest", Dynamic), P("percentiles", Dynamic)),
			S(RetDynamic, P("tdigest", Dynamic), P("percentiles", Dynamic), P("type", String).Constant())},
		Go: func(c *Ctx, a []types.Value) types.Value {
			as := types.Dynamic
			if len(a) == 3 && a[2].Type() == types.String {
				var ok bool
				if as, ok = types.Parse(a[2].Text()); !ok {
					return c.Fail(fmt.Errorf("'%s' is no type", a[2].Text()))
				}
				a = a[:2]
			}
			ps, err := percentileConsts(a[1:])
			if err != nil {
				return c.Fail(err)
			}
			d, ok := parseDigest(a[0])
			if !ok || len(d) == 0 {
				return types.Null(types.Dynamic)
			}
			out := types.JSON{Kind: types.JSONArray}
			for _, p := range ps {
				v, _ := nearestRank(d, p)
				if as != types.Dynamic {
					v = digestAs(v, as)
				}
				out.Items = append(out.Items, types.JSONOf(v))

			}
			return out.Value()
		},
		Doc: "Gives some percentiles out of a sketch that tdigest made, as one array.",
		Examples: []Example{{`percentiles_array_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), 0, 50)`, `dynamic([1, 2])`}, {`percentiles_array_tdigest(dynamic(null), 50)`, `dynamic(null)`},
			{`percentiles_array_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), dynamic([100]))`, `dynamic([3])`}}},
	{Name: "rank_tdigest", Class: Scalar, Page: "rank-tdigest-function", Deviates: deviatesDigest,
		Sigs: Sigs(RetReal, P("digest", Dynamic), P("value", Summable).RawType()),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			rank, _, ok := digestRank(a[0], a[1])
			if !ok {
				return types.Null(types.Real)
			}
			return types.RealOf(rank)
		},
		Doc: "Tells how many values of a sketch that tdigest made do not exceed a value.",
		Examples: []Example{{`rank_tdigest(dynamic([[7],[1,2,3],[1,1,1]]), 2)`, `2.0`}, {`rank_tdigest(dynamic(null), 2)`, `real(null)`},
			{`rank_tdigest(dynamic([[7],[1,2],[10,5]]), 0)`, `0.0`}}},
	{Name: "percentrank_tdigest", Class: Scalar, Page: "percentrank-tdigest-function", Deviates: deviatesDigest,
		Sigs: Sigs(RetReal, P("digest", Dynamic), P("value", Summable).RawType()),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			rank, n, ok := digestRank(a[0], a[1])
			if !ok || n == 0 {
				return types.Null(types.Real)
			}
			return types.RealOf(rank * 100 / n)
		},
		Doc: "Tells how many percent of the values of a sketch that tdigest made do not exceed a value.",
		Examples: []Example{{`percentrank_tdigest(dynamic([[7],[1,2,3,4],[1,1,1,1]]), 3)`, `75.0`}, {`percentrank_tdigest(dynamic(null), 2)`, `real(null)`},
			{`percentrank_tdigest(dynamic([[7],[1,2],[10,10]]), 1)`, `50.0`}}},
	mergeDigestFunc("tdigest_merge"),
	mergeDigestFunc("merge_tdigest"),
}

const (
	deviatesHLL    = "The sketch has the form of Kusto's, but other hashes: sketches stored by Kusto cannot be mixed with ours, and estimates of many values differ."
	deviatesDigest = "The sketch has the form of Kusto's, but other centroids where there are more than about two thousand values."
)

func mergeDigestFunc(name string) *Func {
	return &Func{Name: name, Class: Scalar, Result: Just("tdigests_merge_result"), Nulls: Own, Page: "merge-tdigest-function", Deviates: deviatesDigest,
		Sigs: Sigs(RetDynamic, P("tdigest", Dynamic), P("tdigest", Dynamic).Repeated()),
		Go:   func(_ *Ctx, a []types.Value) types.Value { return mergeDigests(a) },
		Doc:  "Merges sketches that tdigest made.",
		Examples: []Example{{`percentile_tdigest(` + name + `(dynamic([[7],[1],[1]]), dynamic([[7],[9],[1]])), 100, typeof(long))`, `9`},
			{name + `(dynamic(null), dynamic(null))`, `dynamic(null)`}, {name + `(dynamic([[7],[1],[1]]), dynamic([[7],[1],[2]]))`, `dynamic([[7],[1],[3]])`}}}
}

// typeArg is the type that a type literal names.
func typeArg(i int) func(args []Arg) types.Type {
	return func(args []Arg) types.Type {
		if i < len(args) && args[i].Const != nil {
			if t, ok := types.Parse(args[i].Const.Text()); ok {
				return t
			}
		}
		return types.Dynamic
	}
}

func digestPercentile(sketch, at types.Value) (types.Value, bool) {
	p, err := percentileConst(at)
	d, ok := parseDigest(sketch)
	if err != nil || !ok {
		return types.Value{}, false
	}
	return nearestRank(d, p)
}

func digestRank(sketch, v types.Value) (rank, total float64, ok bool) {
	d, ok := parseDigest(sketch)
	if !ok {
		return 0, 0, false
	}
	for _, e := range d {
		total += float64(e.w)
		if c, comparable := digestCompare(e.v, v); !comparable {
			return 0, 0, false
		} else if c <= 0 {
			rank += float64(e.w)
		}
	}
	return rank, total, true
}

// digestCompare orders a value of a sketch and another value of the same kind.
func digestCompare(a, b types.Value) (int, bool) {
	switch {
	case a.Type() == b.Type(), a.Type().IsInteger() && b.Type().IsInteger():
		c := Compare(a, b)
		return c, c != 2
	case a.Type().IsNumeric() && b.Type().IsNumeric():
		x, y := a.Float64(), b.Float64()
		switch {
		case math.IsNaN(x) || math.IsNaN(y):
			return 0, false
		case x < y:
			return -1, true
		case x > y:
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// digestAs gives a value of a sketch in the type that was asked for, or null if it is of another kind.
func digestAs(v types.Value, t types.Type) types.Value {
	switch {
	case v.Type() == t:
		return v
	case !v.Type().IsNumeric():
		return types.Null(t)
	}
	switch t {
	case types.Real:
		return types.RealOf(v.Float64())
	case types.Long, types.Int:
		n := v.Int64()
		if v.Type() == types.Real {
			f := v.Float64()
			if math.IsNaN(f) || math.Abs(f) >= math.MaxInt64 {
				return types.Null(t)
			}
			n = int64(f)
		}
		if t == types.Long {
			return types.LongOf(n)
		}
		if n >= math.MinInt32 && n <= math.MaxInt32 {
			return types.IntOf(int32(n))
		}
	case types.Decimal:
		if digits, ok := types.ParseDecimal(v.ToText()); ok {
			return types.DecimalOf(digits)
		}
	}
	return types.Null(t)
}
