package funcs

import (
	"math"

	"github.com/vedette-siem/vedette/internal/types"
)

// seriesFuncs compute element by element on series, which are dynamic arrays of numbers. An element that is
// not a number gives null, and so does one beyond the end of the shorter series. A series that holds a real
// is a series of reals throughout; longs stay longs in + - * and where a function keeps its type.
// https://learn.microsoft.com/kusto/query/time-series-analysis
var seriesFuncs = []*Func{
	seriesPair("series_add", "Adds two series, or a series and a number.",
		func(x, y int64) int64 { return x + y }, func(x, y float64) float64 { return x + y },
		Example{`series_add(dynamic([1,2]), dynamic([4,0.5]))`, `dynamic([5.0,2.5])`}, Example{`series_add(dynamic([1,"x"]), dynamic([1,1,1]))`, `dynamic([2,null,null])`}, Example{`series_add(dynamic([1,2]), 10)`, `dynamic([11,12])`}),
	seriesPair("series_subtract", "Subtracts a series, or a number, from another.",
		func(x, y int64) int64 { return x - y }, func(x, y float64) float64 { return x - y },
		Example{`series_subtract(dynamic([1,2,4]), dynamic([4,2,1]))`, `dynamic([-3,0,3])`}, Example{`series_subtract(dynamic(null), dynamic([1]))`, `dynamic(null)`}, Example{`series_subtract(1, dynamic([0.5]))`, `dynamic([0.5])`}),
	seriesPair("series_multiply", "Multiplies two series, or a series and a number.",
		func(x, y int64) int64 { return x * y }, func(x, y float64) float64 { return x * y },
		Example{`series_multiply(dynamic([1,2,4]), dynamic([4,2,1]))`, `dynamic([4,4,4])`}, Example{`series_multiply(dynamic([]), 2)`, `dynamic([])`}, Example{`series_multiply(10, dynamic([1,null]))`, `dynamic([10,null])`}),
	seriesPair("series_divide", "Divides a series by another or by a number, in reals.",
		nil, func(x, y float64) float64 { return x / y },
		Example{`series_divide(dynamic([1,2,4]), dynamic([4,2,1]))`, `dynamic([0.25,1.0,4.0])`}, Example{`series_divide(dynamic([null]), 2)`, `dynamic([null])`}, Example{`series_divide(dynamic([2]), 0)`, `dynamic(["Infinity"])`}),
	seriesPair("series_pow", "Raises a series to the power of another or of a number, in reals.",
		nil, math.Pow,
		Example{`series_pow(dynamic([1,2,3,4]), dynamic([1,2,3,0.5]))`, `dynamic([1.0,4.0,27.0,2.0])`}, Example{`series_pow(dynamic(["x"]), 2)`, `dynamic([null])`}, Example{`series_pow(2, dynamic([10]))`, `dynamic([1024.0])`}),

	seriesCompare("series_greater", "is above", func(c int) bool { return c > 0 },
		Example{`series_greater(dynamic([1,2,4]), dynamic([4,2,1]))`, `dynamic([false,false,true])`}),
	seriesCompare("series_greater_equals", "is at or above", func(c int) bool { return c >= 0 },
		Example{`series_greater_equals(dynamic([1,2,4]), dynamic([4,2,1]))`, `dynamic([false,true,true])`}),
	seriesCompare("series_less", "is below", func(c int) bool { return c < 0 },
		Example{`series_less(dynamic([1,2,4]), dynamic([4,2,1]))`, `dynamic([true,false,false])`}),
	seriesCompare("series_less_equals", "is at or below", func(c int) bool { return c <= 0 },
		Example{`series_less_equals(dynamic([1,2,4]), dynamic([4,2,1]))`, `dynamic([true,true,false])`}),
	seriesCompare("series_equals", "equals", func(c int) bool { return c == 0 },
		Example{`series_equals(dynamic([1,2,4]), dynamic([4,2,1]))`, `dynamic([false,true,false])`}),
	seriesCompare("series_not_equals", "differs from", func(c int) bool { return c != 0 },
		Example{`series_not_equals(dynamic([1,2,4]), dynamic([4,2,1]))`, `dynamic([true,false,true])`}),

	seriesEach("series_abs", "Takes the absolute value of each element.",
		func(x int64) int64 { return max(x, -x) }, math.Abs,
		Example{`series_abs(dynamic([-6.5,0,8.2]))`, `dynamic([6.5,0.0,8.2])`}, Example{`series_abs(dynamic([-1,null]))`, `dynamic([1,null])`}),
	seriesEach("series_sign", "Gives the sign of each element: -1, 0 or 1.",
		func(x int64) int64 { return int64(signOf(float64(x))) }, signOf,
		Example{`series_sign(dynamic([-6,0,8]))`, `dynamic([-1,0,1])`}, Example{`series_sign(dynamic(["a"]))`, `dynamic([null])`}),
	seriesEach("series_ceiling", "Rounds each element up, in reals.", nil, math.Ceil,
		Example{`series_ceiling(dynamic([-1.5,1,2.5]))`, `dynamic([-1.0,1.0,3.0])`}, Example{`series_ceiling(dynamic([]))`, `dynamic([])`}),
	seriesEach("series_floor", "Rounds each element down, in reals.", nil, math.Floor,
		Example{`series_floor(dynamic([-1.5,1,2.5]))`, `dynamic([-2.0,1.0,2.0])`}, Example{`series_floor(dynamic([true]))`, `dynamic([null])`}),
	seriesEach("series_exp", "Raises e to the power of each element.", nil, math.Exp,
		Example{`series_exp(dynamic([0]))`, `dynamic([1.0])`}, Example{`series_exp(dynamic([null]))`, `dynamic([null])`}),
	seriesEach("series_log", "Takes the natural logarithm of each element.", nil, math.Log,
		Example{`series_log(dynamic([1]))`, `dynamic([0.0])`}, Example{`series_log(dynamic([-1]))`, `dynamic(["NaN"])`}),
	seriesEach("series_sin", "Takes the sine of each element.", nil, math.Sin,
		Example{`series_sin(dynamic([0]))`, `dynamic([0.0])`}, Example{`series_sin(dynamic(["0"]))`, `dynamic([null])`}),
	seriesEach("series_cos", "Takes the cosine of each element.", nil, math.Cos,
		Example{`series_cos(dynamic([-1,0,1]))`, `dynamic([0.5403023058681398,1.0,0.5403023058681398])`}, Example{`series_cos(dynamic([null]))`, `dynamic([null])`}),
	seriesEach("series_tan", "Takes the tangent of each element.", nil, math.Tan,
		Example{`series_tan(dynamic([0]))`, `dynamic([0.0])`}, Example{`series_tan(dynamic([null]))`, `dynamic([null])`}),
	seriesEach("series_asin", "Takes the arc sine of each element.", nil, math.Asin,
		Example{`series_asin(dynamic([0,1]))`, `dynamic([0.0,1.5707963267948966])`}, Example{`series_asin(dynamic([2]))`, `dynamic(["NaN"])`}),
	seriesEach("series_acos", "Takes the arc cosine of each element.", nil, math.Acos,
		Example{`series_acos(dynamic([-1,0,1]))`, `dynamic([3.141592653589793,1.5707963267948966,0.0])`}, Example{`series_acos(dynamic([null]))`, `dynamic([null])`}),
	seriesEach("series_atan", "Takes the arc tangent of each element.", nil, math.Atan,
		Example{`series_atan(dynamic([-1,0,1]))`, `dynamic([-0.7853981633974483,0.0,0.7853981633974483])`}, Example{`series_atan(dynamic([null]))`, `dynamic([null])`}),
}

// series is a dynamic array read as numbers. ok tells which elements are numbers; whole that those which
// are were longs, and then long holds them exactly.
type series struct {
	x     []float64
	long  []int64
	ok    []bool
	whole bool
}

// toSeries reads a dynamic array, or makes one of a number repeated n times.
func toSeries(v types.Value, n int) (series, bool) {
	node := types.JSONOf(v)
	items := node.Items
	switch {
	case v.IsNull():
		return series{}, false
	case v.Type() != types.Dynamic:
		if v.Type() == types.Decimal {
			node = types.JSON{Kind: types.JSONReal, Real: v.Float64()}
		}
		items = make([]types.JSON, n)
		for i := range items {
			items[i] = node
		}
	case node.Kind != types.JSONArray:
		return series{}, false
	}
	s := series{x: make([]float64, len(items)), long: make([]int64, len(items)), ok: make([]bool, len(items)), whole: true}
	for i, e := range items {
		switch e.Kind {
		case types.JSONLong:
			s.x[i], s.long[i], s.ok[i] = float64(e.Long), e.Long, true
		case types.JSONReal:
			s.x[i], s.ok[i], s.whole = e.Real, true, false
		case types.JSONString:
			// A datetime inside a dynamic counts by its ticks; the infinities are strings in JSON.
			if len(e.Str) == len("2006-01-02T15:04:05.0000000Z") && e.Str[len(e.Str)-1] == 'Z' {
				if t, ok := types.ParseDatetime(e.Str); ok {
					s.x[i], s.long[i], s.ok[i] = float64(t), t, true
				}
			} else if f, ok := nonFinite(e.Str); ok {
				s.x[i], s.ok[i], s.whole = f, true, false
			}
		}
	}
	return s, true
}

func nonFinite(text string) (float64, bool) {
	switch text {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		return math.Inf(1), true
	case "-Infinity":
		return math.Inf(-1), true
	}
	return 0, false
}

// numeric tells whether the series is not empty and all its elements are finite numbers.
func (s series) numeric() bool {
	for i := range s.x {
		if !s.ok[i] || math.IsNaN(s.x[i]) || math.IsInf(s.x[i], 0) {
			return false
		}
	}
	return len(s.x) > 0
}

// realArray is a series of reals as a node.
func realArray(x []float64) types.JSON {
	out := types.JSON{Kind: types.JSONArray, Items: make([]types.JSON, len(x))}
	for i, f := range x {
		out.Items[i] = realNode(f)
	}
	return out
}

func realNode(f float64) types.JSON { return types.JSON{Kind: types.JSONReal, Real: f} }

func longNode(n int64) types.JSON { return types.JSON{Kind: types.JSONLong, Long: n} }

func signOf(f float64) float64 {
	switch {
	case f > 0:
		return 1
	case f < 0:
		return -1
	}
	return f
}

// seriesSigs are the overloads of a function of two series, one of which may be a number.
func seriesSigs(out Out) []Sig {
	return []Sig{
		S(out, P("series1", Dynamic), P("series2", Dynamic)),
		S(out, P("series1", Dynamic), P("series2", Number).RawType()),
		S(out, P("series1", Number).RawType(), P("series2", Dynamic)),
	}
}

// twoSeries reads both arguments; a number becomes as long as the other series.
func twoSeries(a []types.Value) (x, y series, ok bool) {
	if a[0].Type() != types.Dynamic {
		if y, ok = toSeries(a[1], 0); ok {
			x, ok = toSeries(a[0], len(y.x))
		}
		return x, y, ok
	}
	if x, ok = toSeries(a[0], 0); ok {
		y, ok = toSeries(a[1], len(x.x))
	}
	return x, y, ok
}

// zipSeries makes a body of two series from what it does with two elements that are numbers.
func zipSeries(f func(x, y series, i int) types.JSON) Impl {
	return func(_ *Ctx, a []types.Value) types.Value {
		x, y, ok := twoSeries(a)
		if !ok {
			return types.Null(types.Dynamic)
		}
		out := types.JSON{Kind: types.JSONArray, Items: make([]types.JSON, max(len(x.x), len(y.x)))}
		for i := range min(len(x.x), len(y.x)) {
			if x.ok[i] && y.ok[i] {
				out.Items[i] = f(x, y, i)
			}
		}
		return out.Value()
	}
}

func seriesPair(name, doc string, long func(x, y int64) int64, real func(x, y float64) float64, ex ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Sigs: seriesSigs(RetDynamic), Page: pageOf(name), Doc: doc, Examples: ex,
		Go: zipSeries(func(x, y series, i int) types.JSON {
			if long != nil && x.whole && y.whole {
				return longNode(long(x.long[i], y.long[i]))
			}
			return realNode(real(x.x[i], y.x[i]))
		})}
}

func seriesCompare(name, words string, holds func(c int) bool, ex Example) *Func {
	return &Func{Name: name, Class: Scalar, Sigs: seriesSigs(RetDynamic), Page: pageOf(name),
		Doc: "Tells for each element of a series whether it " + words + " that of another, or a number.",
		Go: zipSeries(func(x, y series, i int) types.JSON {
			var truth bool
			switch p, q := x.x[i], y.x[i]; {
			case x.whole && y.whole:
				truth = holds(compareNumbers(longNode(x.long[i]), longNode(y.long[i])))
			case math.IsNaN(p) || math.IsNaN(q):
				truth = name == "series_not_equals"
			default:
				truth = holds(compareNumbers(realNode(p), realNode(q)))
			}
			return types.JSON{Kind: types.JSONBool, Bool: truth}
		}),
		Examples: []Example{ex, {name + `(dynamic([1,"x"]), dynamic([1,1,1]))`, map[bool]string{true: `dynamic([true,null,null])`, false: `dynamic([false,null,null])`}[holds(0)]},
			{name + `(dynamic(null), 1)`, `dynamic(null)`}}}
}

func seriesEach(name, doc string, long func(int64) int64, real func(float64) float64, ex ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Sigs: Sigs(RetDynamic, P("series", Dynamic)), Page: pageOf(name), Doc: doc,
		Go: func(_ *Ctx, a []types.Value) types.Value {
			s, ok := toSeries(a[0], 0)
			if !ok {
				return types.Null(types.Dynamic)
			}
			out := types.JSON{Kind: types.JSONArray, Items: make([]types.JSON, len(s.x))}
			for i := range s.x {
				switch {
				case !s.ok[i]:
				case long != nil && s.whole:
					out.Items[i] = longNode(long(s.long[i]))
				default:
					out.Items[i] = realNode(real(s.x[i]))
				}
			}
			return out.Value()
		},
		Examples: append(ex, Example{name + `(dynamic(null))`, `dynamic(null)`})}
}

// pageOf is the reference page of a function that has one of its own.
func pageOf(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c == '_' {
			b[i] = '-'
		}
	}
	return string(b) + "-function"
}
