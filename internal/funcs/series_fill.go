package funcs

import (
	"math"

	"github.com/vedette-siem/vedette/internal/types"
)

// seriesFillFuncs replace what is missing in a series: nulls, or the elements that equal a placeholder.
// Elements keep their type.
var seriesFillFuncs = []*Func{
	{Name: "series_fill_forward", Class: Scalar, Nulls: Own, Result: FirstArg, Page: "series-fill-forward-function",
		Sigs: Sigs(RetDynamic, P("series", Dynamic), P("missing_value_placeholder", Number).RawType().Optional()),
		Doc:  "Gives missing elements the last value before them.",
		Go: fillSeries(1, func(items []types.JSON, gone func(types.JSON) bool, _ []types.Value) {
			for i := 1; i < len(items); i++ {
				if gone(items[i]) {
					items[i] = items[i-1]
				}
			}
		}),
		Examples: []Example{{`series_fill_forward(dynamic([null,36,null,41,null]))`, `dynamic([null,36,36,41,41])`}, {`series_fill_forward(dynamic(null))`, `dynamic(null)`}, {`series_fill_forward(dynamic([5,0,null,7]), 0)`, `dynamic([5,5,null,7])`}}},
	{Name: "series_fill_backward", Class: Scalar, Nulls: Own, Result: FirstArg, Page: "series-fill-backward-function",
		Sigs: Sigs(RetDynamic, P("series", Dynamic), P("missing_value_placeholder", Number).RawType().Optional()),
		Doc:  "Gives missing elements the next value behind them.",
		Go: fillSeries(1, func(items []types.JSON, gone func(types.JSON) bool, _ []types.Value) {
			for i := len(items) - 2; i >= 0; i-- {
				if gone(items[i]) {
					items[i] = items[i+1]
				}
			}
		}),
		Examples: []Example{{`series_fill_backward(dynamic([111,null,36,null]))`, `dynamic([111,36,36,null])`}, {`series_fill_backward(dynamic([]))`, `dynamic([])`}, {`series_fill_backward(dynamic([0,7]), 0)`, `dynamic([7,7])`}}},
	{Name: "series_fill_const", Class: Scalar, Nulls: Own, Result: FirstArg, Page: "series-fill-const-function",
		Sigs: Sigs(RetDynamic, P("series", Dynamic), P("constant_value", Number).RawType().Optional(), P("missing_value_placeholder", Number).RawType().Optional()),
		Doc:  "Gives missing elements a constant value.",
		Go: fillSeries(2, func(items []types.JSON, gone func(types.JSON) bool, a []types.Value) {
			value := longNode(0)
			if len(a) > 1 {
				value = types.JSONOf(a[1])
			}
			for i := range items {
				if gone(items[i]) {
					items[i] = value
				}
			}
		}),
		Examples: []Example{{`series_fill_const(dynamic([111,null,23]), -1)`, `dynamic([111,-1,23])`}, {`series_fill_const(dynamic([1,null]), 0.0)`, `dynamic([1,0.0])`}, {`series_fill_const(dynamic([1,9,null]), 0, 9)`, `dynamic([1,0,null])`}}},
	{Name: "series_fill_linear", Class: Scalar, Nulls: Own, Result: FirstArg, Page: "series-fill-linear-function",
		Sigs: Sigs(RetDynamic, P("series", Dynamic), P("missing_value_placeholder", Number).RawType().Optional(), P("fill_edges", Bool).Optional(), P("constant_value", Number).RawType().Optional()),
		Doc:  "Gives missing elements values on the line between their neighbours; a series of longs stays one, cutting fractions.",
		Go:   fillSeries(1, fillLinear),
		Examples: []Example{{`series_fill_linear(dynamic([null,111.0,null,36.0]))`, `dynamic([111.0,111.0,73.5,36.0])`}, {`series_fill_linear(dynamic([null,111,null,36,null]), double(null), false)`, `dynamic([null,111,73,36,null])`},
			{`series_fill_linear(dynamic([null,null]))`, `dynamic([0.0,0.0])`}, {`series_fill_linear(dynamic([null]), real(null), true, 3.5)`, `dynamic([3.5])`}}},
}

// fillSeries makes a body that changes a copy of the elements. gone tells which are missing, by the placeholder at
// position at of the arguments.
func fillSeries(at int, f func(items []types.JSON, gone func(types.JSON) bool, a []types.Value)) Impl {
	return func(_ *Ctx, a []types.Value) types.Value {
		n := types.JSONOf(a[0])
		if n.Kind != types.JSONArray {
			return types.Null(types.Dynamic)
		}
		gone := func(e types.JSON) bool {
			return e.Kind == types.JSONNull || e.Kind == types.JSONString && e.Str == "NaN"
		}
		if len(a) > at && !a[at].IsNull() && !a[at].IsNaN() {
			mark := a[at].Float64()
			gone = func(e types.JSON) bool {
				return (e.Kind == types.JSONLong || e.Kind == types.JSONReal) && numberOf(e) == mark
			}
		}
		items := append([]types.JSON(nil), n.Items...)
		f(items, gone, a)
		return types.JSON{Kind: types.JSONArray, Items: items}.Value()
	}
}

func fillLinear(items []types.JSON, gone func(types.JSON) bool, a []types.Value) {
	edges := len(a) < 3 || a[2].IsNull() || a[2].Bool()
	known := func(i int) bool {
		return (items[i].Kind == types.JSONLong || items[i].Kind == types.JSONReal) && !gone(items[i])
	}
	whole, last := true, -1
	for i := range items {
		if known(i) {
			whole = whole && items[i].Kind == types.JSONLong
			last = i
		}
	}
	if last < 0 { // nothing to go by: the constant, which null keeps from being used
		value := realNode(0)
		if len(a) > 3 {
			value = types.JSONOf(a[3])
		}
		for i := range items {
			if gone(items[i]) && value.Kind != types.JSONNull {
				items[i] = value
			}
		}
		return
	}
	left := -1
	for right := 0; right <= last; right++ {
		if !known(right) {
			continue
		}
		for i := left + 1; i < right; i++ {
			switch {
			case !gone(items[i]):
			case left >= 0:
				items[i] = lineAt(items[left], items[right], i-left, right-left, whole)
			case edges:
				items[i] = items[right]
			}
		}
		left = right
	}
	for i := last + 1; i < len(items) && edges; i++ {
		if gone(items[i]) {
			items[i] = items[last]
		}
	}
}

// lineAt is the value at step of steps on the way from x to y.
func lineAt(x, y types.JSON, step, steps int, whole bool) types.JSON {
	from, to := numberOf(x), numberOf(y)
	v := to - (to-from)/float64(steps)*float64(steps-step)
	if whole {
		return longNode(int64(math.Trunc(v)))
	}
	return realNode(v)
}
