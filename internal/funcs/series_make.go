package funcs

import (
	"errors"
	"math"

	"github.com/vedette-siem/vedette/internal/types"
)

// seriesMakeFuncs are what the operator make-series is made of; no user can write their names. The axis is
// cut into steps that are numbered from an origin; rows are grouped by that number, and the numbers and values
// of a series become arrays without gaps.
// https://learn.microsoft.com/kusto/query/make-series-operator
var seriesMakeFuncs = []*Func{
	{Name: "series.index", Hidden: true, Class: Scalar, Page: "make-series-operator", Doc: "Gives the number of the step that a value on the axis is in.",
		Sigs: []Sig{
			{Params: []Param{P("value", Long), P("origin", Long), P("step", Long)}, Out: RetLong,
				Lower: unlessExact("(($1 - $2 - (($1 - $2) % $3 + $3) % $3) // $3)"),
				Go: func(_ *Ctx, a []types.Value) types.Value {
					return floorDiv(a[0].Int64()-a[1].Int64(), a[2].Int64())
				}},
			{Params: []Param{P("value", Real), P("origin", Real), P("step", Real)}, Out: RetLong,
				SQL: "CASE WHEN $3 <> 0 AND isfinite($1) THEN try_cast(floor(($1 - $2) / $3) AS BIGINT) END",
				Go: func(_ *Ctx, a []types.Value) types.Value {
					return longOfReal(math.Floor((a[0].Float64() - a[1].Float64()) / a[2].Float64()))
				}},
		}},
	{Name: "series.last", Hidden: true, Class: Scalar, Page: "make-series-operator", Doc: "Gives the number of the last step that begins before the end of the axis.",
		Sigs: []Sig{
			{Params: []Param{P("end", Long), P("origin", Long), P("step", Long)}, Out: RetLong,
				Lower: unlessExact("(($1 - $2 - 1 - (($1 - $2 - 1) % $3 + $3) % $3) // $3)"),
				Go: func(_ *Ctx, a []types.Value) types.Value {
					return floorDiv(a[0].Int64()-a[1].Int64()-1, a[2].Int64())
				}},
			{Params: []Param{P("end", Real), P("origin", Real), P("step", Real)}, Out: RetLong,
				SQL: "CASE WHEN $3 <> 0 AND isfinite($1) THEN try_cast(ceil(($1 - $2) / $3) - 1 AS BIGINT) END",
				Go: func(_ *Ctx, a []types.Value) types.Value {
					return longOfReal(math.Ceil((a[0].Float64()-a[1].Float64())/a[2].Float64()) - 1)
				}},
		}},
	{Name: "series.fill", Hidden: true, Class: Scalar, Nulls: Own, Page: "make-series-operator",
		Doc:  "Puts the values of numbered steps in an array from step low to step high, with a default where there is none.",
		Sigs: Sigs(RetDynamic, P("numbers", Dynamic), P("values", Dynamic), P("low", Long), P("high", Long), P("default", Dynamic)),
		Go: func(c *Ctx, a []types.Value) types.Value {
			n, ok := seriesLength(c, a[2], a[3])
			if !ok {
				return types.Null(types.Dynamic)
			}
			out := types.JSON{Kind: types.JSONArray, Items: make([]types.JSON, n)}
			def := types.JSONOf(a[4])
			for i := range out.Items {
				out.Items[i] = def
			}
			numbers, values := types.JSONOf(a[0]).Items, types.JSONOf(a[1]).Items
			for i, number := range numbers {
				if at := number.Long - a[2].Int64(); at >= 0 && at < int64(n) && i < len(values) {
					out.Items[at] = values[i]
				}
			}
			return out.Value()
		}},
	{Name: "series.axis", Hidden: true, Class: Scalar, Nulls: Own, Page: "make-series-operator",
		Doc: "Gives where the steps from low to high begin.",
		Sigs: []Sig{
			S(RetDynamic, P("low", Long), P("high", Long), P("origin", Datetime), P("step", Timespan)),
			S(RetDynamic, P("low", Long), P("high", Long), P("origin", Timespan), P("step", Timespan)),
			S(RetDynamic, P("low", Long), P("high", Long), P("origin", Long), P("step", Long)),
			S(RetDynamic, P("low", Long), P("high", Long), P("origin", Real), P("step", Real)),
		},
		Go: func(c *Ctx, a []types.Value) types.Value {
			n, ok := seriesLength(c, a[0], a[1])
			if !ok || a[2].IsNull() || a[3].IsNull() {
				return types.Null(types.Dynamic)
			}
			out := types.JSON{Kind: types.JSONArray, Items: make([]types.JSON, n)}
			for i := range out.Items {
				k := a[0].Int64() + int64(i)
				v := types.RealOf(a[2].Float64() + float64(k)*a[3].Float64())
				if at := a[2].Int64() + k*a[3].Int64(); a[2].Type() == types.Datetime {
					v = types.DatetimeOf(at)
				} else if a[2].Type() != types.Real {
					v = types.LongOf(at).As(a[2].Type())
				}
				out.Items[i] = types.JSONOf(v)
			}
			return out.Value()
		}},
}

func floorDiv(x, y int64) types.Value {
	if y == 0 {
		return types.Null(types.Long)
	}
	q := x / y
	if x%y != 0 && (x < 0) != (y < 0) {
		q--
	}
	return types.LongOf(q)
}

func longOfReal(f float64) types.Value {
	if math.IsNaN(f) || math.Abs(f) >= 1<<63 {
		return types.Null(types.Long)
	}
	return types.LongOf(int64(f))
}

// maxSeries is the most elements that Kusto's make-series gives.
const maxSeries = 1 << 20

var errSeriesLong = errors.New("make-series: a series would have more than 1048576 elements")

func seriesLength(c *Ctx, low, high types.Value) (int, bool) {
	if low.IsNull() || high.IsNull() {
		return 0, false
	}
	n := high.Int64() - low.Int64() + 1
	if n > maxSeries {
		c.Fail(errSeriesLong)
		return 0, false
	}
	return int(max(n, 0)), true
}
