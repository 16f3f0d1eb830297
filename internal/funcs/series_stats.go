package funcs

import (
	"math"
	"slices"

	"github.com/vedette-siem/vedette/internal/types"
)

// seriesStatsFuncs sum a series up. They give null for a series that holds anything but finite numbers, if
// nothing else is said.
var seriesStatsFuncs = []*Func{
	{Name: "series_stats", Class: Scalar, Page: "series-stats-function",
		Sigs: Sigs(RetDynamic, P("series", Dynamic), P("ignore_nonfinite", Bool).Constant().Optional()),
		Columns: seriesColumns("series_stats", types.Column{Name: "min", Type: types.Real}, types.Column{Name: "min_idx", Type: types.Long},
			types.Column{Name: "max", Type: types.Real}, types.Column{Name: "max_idx", Type: types.Long}, types.Column{Name: "avg", Type: types.Real},
			types.Column{Name: "stdev", Type: types.Real}, types.Column{Name: "variance", Type: types.Real}),
		Doc: "Gives minimum, maximum, their positions, mean, standard deviation and variance of a series as columns.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			bag := statsOf(a)
			if bag.Kind != types.JSONObject {
				return types.Null(types.Dynamic)
			}
			return types.JSON{Kind: types.JSONArray, Items: bag.Items[:7]}.Value()
		},
		Examples: []Example{{`series_stats(dynamic([1,2,3]))`, `dynamic([1.0,0,3.0,2,2.0,1.0,1.0])`}, {`series_stats(dynamic([1,null]))`, `dynamic(null)`}, {`series_stats(dynamic([5,null,5]), true)`, `dynamic([5.0,0,5.0,0,5.0,0.0,0.0])`}}},
	{Name: "series_stats_dynamic", Class: Scalar, Page: "series-stats-dynamic-function",
		Sigs: Sigs(RetDynamic, P("series", Dynamic), P("ignore_nonfinite", Bool).Constant().Optional()),
		Doc:  "Gives the statistics of a series as a property bag.",
		Go:   func(_ *Ctx, a []types.Value) types.Value { return statsOf(a).Value() },
		Examples: []Example{{`series_stats_dynamic(dynamic([1,2,3]))`, `dynamic({"min":1.0,"min_idx":0,"max":3.0,"max_idx":2,"avg":2.0,"stdev":1.0,"variance":1.0,"sum":6.0,"len":3})`},
			{`series_stats_dynamic(dynamic(null))`, `dynamic(null)`}, {`series_stats_dynamic(dynamic([1,"x"]))`, `dynamic(null)`}}},
	{Name: "series_sum", Aliases: []string{"array_sum"}, Class: Scalar, Sigs: Sigs(RetReal, P("series", Dynamic)), Page: "series-sum-function",
		Doc:      "Adds the elements of a series.",
		Go:       reduce(0, func(sum, x float64) float64 { return sum + x }, func(sum float64) float64 { return sum }),
		Examples: []Example{{`series_sum(dynamic([1,2,3,4]))`, `10.0`}, {`array_sum(dynamic([]))`, `0.0`}, {`series_sum(dynamic([1,"x"]))`, `real(null)`}}},
	{Name: "series_product", Class: Scalar, Sigs: Sigs(RetReal, P("series", Dynamic)), Page: "series-product-function",
		Doc:      "Multiplies the elements of a series.",
		Go:       reduce(1, func(p, x float64) float64 { return p * x }, func(p float64) float64 { return p }),
		Examples: []Example{{`series_product(dynamic([1,2,3,4]))`, `24.0`}, {`series_product(dynamic(null))`, `real(null)`}, {`series_product(dynamic([1,null]))`, `real(null)`}}},
	{Name: "series_magnitude", Class: Scalar, Sigs: Sigs(RetReal, P("series", Dynamic)), Page: "series-magnitude-function",
		Doc:      "Gives the Euclidean length of a series.",
		Go:       reduce(0, func(sum, x float64) float64 { return sum + x*x }, math.Sqrt),
		Examples: []Example{{`series_magnitude(dynamic([3,4]))`, `5.0`}, {`series_magnitude(dynamic(null))`, `real(null)`}, {`series_magnitude(dynamic([1,"x"]))`, `real(null)`}}},
	{Name: "series_dot_product", Class: Scalar, Sigs: seriesSigs(RetReal), Page: "series-dot-product-function",
		Doc: "Adds up the products of the elements of two series; what is not a number is left out.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			x, y, ok := twoSeries(a)
			if !ok || len(x.x) == 0 || len(y.x) == 0 {
				return types.Null(types.Real)
			}
			return types.RealOf(dot(x, y, min(len(x.x), len(y.x))))
		},
		Examples: []Example{{`series_dot_product(dynamic([1,2,4]), dynamic([4,2,1]))`, `12.0`}, {`series_dot_product(dynamic([]), dynamic([1]))`, `real(null)`}, {`series_dot_product(dynamic([1,2,4]), 2)`, `14.0`}}},
	{Name: "series_cosine_similarity", Class: Scalar, Page: "series-cosine-similarity-function",
		Sigs: Sigs(RetReal, P("series1", Dynamic), P("series2", Dynamic), P("magnitude1", Real).Optional(), P("magnitude2", Real).Optional()),
		Doc:  "Gives the cosine of the angle between two series, whose magnitudes may be given.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			x, y, ok := twoSeries(a[:2])
			n := min(len(x.x), len(y.x))
			if !ok || n == 0 {
				return types.Null(types.Real)
			}
			p, q := math.Sqrt(dot(x, x, n)), math.Sqrt(dot(y, y, n))
			if len(a) > 2 {
				p = a[2].Float64()
			}
			if len(a) > 3 {
				q = a[3].Float64()
			}
			return types.RealOf(dot(x, y, n) / (p * q))
		},
		Examples: []Example{{`series_cosine_similarity(dynamic([1,0]), dynamic([0,1]))`, `0.0`}, {`series_cosine_similarity(dynamic([]), dynamic([1]))`, `real(null)`}, {`series_cosine_similarity(dynamic([3,4]), dynamic([3,4]), 5.0, 5.0)`, `1.0`}}},
	{Name: "series_pearson_correlation", Class: Scalar, Sigs: Sigs(RetReal, P("series1", Dynamic), P("series2", Dynamic)), Page: "series-pearson-correlation-function",
		Doc: "Gives Pearson's correlation of two series of one length.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			x, y, ok := twoSeries(a)
			if !ok || len(x.x) != len(y.x) || !x.numeric() || !y.numeric() {
				return types.Null(types.Real)
			}
			mx, my := mean(x.x), mean(y.x)
			var xy, xx, yy float64
			for i := range x.x {
				dx, dy := x.x[i]-mx, y.x[i]-my
				xy, xx, yy = xy+dx*dy, xx+dx*dx, yy+dy*dy
			}
			return types.RealOf(xy / (math.Sqrt(xx) * math.Sqrt(yy)))
		},
		Examples: []Example{{`round(series_pearson_correlation(dynamic([1,2,3]), dynamic([2,4,6])), 6)`, `1.0`}, {`series_pearson_correlation(dynamic([1]), dynamic(["x"]))`, `real(null)`}, {`series_pearson_correlation(dynamic([1,2]), dynamic([1]))`, `real(null)`}}},
	{Name: "series_outliers", Class: Scalar, Nulls: Own, Result: FirstArg, Page: "series-outliers-function",
		Sigs: []Sig{
			S(RetDynamic, P("series", Dynamic), P("kind", String).Optional(), P("ignore_val", Number).RawType().Optional()),
			S(RetDynamic, P("series", Dynamic), P("kind", String), P("ignore_val", Real), P("min_percentile", Real), P("max_percentile", Real).Optional(), P("test_points", Integer).Optional()),
		},
		Doc:      "Scores how far the elements of a series lie outside its usual range; 1.5 and more is taken for an anomaly.",
		Go:       outliers,
		Deviates: "percentiles other than the defaults are scaled by the normal distribution, Kusto's own factor for them being unknown",
		Examples: []Example{{`series_outliers(dynamic([1,2,3,4,30]), "tukey")`, `dynamic([-0.5,0.0,0.0,0.0,13.0])`}, {`series_outliers(dynamic(null))`, `dynamic(null)`}, {`series_outliers(dynamic([1,2,3,4,null]), "tukey")`, `dynamic([-0.5,0.0,0.0,0.5,0.0])`}}},
}

// seriesColumns names the columns of a function as Kusto does: series_stats_y_min for series y.
func seriesColumns(name string, cols ...types.Column) func(args []Arg) []types.Column {
	return func(args []Arg) []types.Column {
		series := ""
		if len(args) > 0 {
			series = args[0].Name
		}
		out := make([]types.Column, len(cols))
		for i, c := range cols {
			out[i] = types.Column{Name: name + "_" + series + "_" + c.Name, Type: c.Type}
		}
		return out
	}
}

// statsOf returns the statistics as a bag, or the null node.
func statsOf(a []types.Value) types.JSON {
	s, ok := toSeries(a[0], 0)
	ignore := len(a) > 1 && a[1].Bool()
	if !ok || !ignore && !s.numeric() {
		return types.JSON{}
	}
	var x []float64
	low, high := -1, -1
	for i, f := range s.x {
		if !s.ok[i] || math.IsNaN(f) || math.IsInf(f, 0) {
			continue
		}
		x = append(x, f)
		if low < 0 || f < s.x[low] {
			low = i
		}
		if high < 0 || f > s.x[high] {
			high = i
		}
	}
	if len(x) == 0 {
		return types.JSON{}
	}
	v := variance(x)
	sum := 0.0
	for _, f := range x {
		sum += f
	}
	bag := types.JSON{Kind: types.JSONObject}
	bag.Set("min", realNode(s.x[low]))
	bag.Set("min_idx", longNode(int64(low)))
	bag.Set("max", realNode(s.x[high]))
	bag.Set("max_idx", longNode(int64(high)))
	bag.Set("avg", realNode(sum/float64(len(x))))
	bag.Set("stdev", realNode(math.Sqrt(v)))
	bag.Set("variance", realNode(v))
	bag.Set("sum", realNode(sum))
	bag.Set("len", longNode(int64(len(x))))
	return bag
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, f := range x {
		sum += f
	}
	return sum / float64(len(x))
}

// squares is the sum of the squared distances from the mean.
func squares(x []float64) float64 {
	m, sum := mean(x), 0.0
	for _, f := range x {
		sum += (f - m) * (f - m)
	}
	return sum
}

// variance is the sample variance, summed up as Welford does; of a single value it is 0.
func variance(x []float64) float64 {
	if len(x) < 2 {
		return 0
	}
	var m, sum float64
	for i, f := range x {
		d := f - m
		m += d / float64(i+1)
		sum += d * (f - m)
	}
	return sum / float64(len(x)-1)
}

// reduce makes a body that folds a series of numbers.
func reduce(start float64, step func(sum, x float64) float64, end func(float64) float64) Impl {
	return func(_ *Ctx, a []types.Value) types.Value {
		s, ok := toSeries(a[0], 0)
		if !ok {
			return types.Null(types.Real)
		}
		sum := start
		for i, f := range s.x {
			if !s.ok[i] {
				return types.Null(types.Real)
			}
			sum = step(sum, f)
		}
		return types.RealOf(end(sum))
	}
}

// dot multiplies the first n elements; a pair with anything but numbers is left out.
func dot(x, y series, n int) float64 {
	sum := 0.0
	for i := range n {
		if x.ok[i] && y.ok[i] {
			sum += x.x[i] * y.x[i]
		}
	}
	return sum
}

// ctukeyFactor scales the distance from the 10-90 percentile range so that 1.5 means about as much as with
// Tukey's quartiles. It is the factor that the real engine's recorded scores show.
const ctukeyFactor = 2.772605605507915

// fence scores distances from a percentile range.
type fence struct{ low, high, factor float64 }

// newFence takes the range from the sorted, finite values.
func newFence(sorted []float64, low, high float64) fence {
	f := fence{percentileOf(sorted, low/100), percentileOf(sorted, high/100), ctukeyFactor}
	if low != 10 || high != 90 {
		quantile := func(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p/100-1) }
		outer := 4 * quantile(75) // where Tukey's upper fence lies
		f.factor = 1.5 * (quantile(high) - quantile(low)) / (outer - max(quantile(high), -quantile(low)))
	}
	return f
}

func (f fence) score(x float64) float64 {
	switch {
	case x > f.high:
		return (x - f.high) * f.factor / (f.high - f.low)
	case x < f.low:
		return (x - f.low) * f.factor / (f.high - f.low)
	}
	return 0
}

// percentileOf interpolates between the ranks of sorted values.
func percentileOf(sorted []float64, p float64) float64 {
	h := float64(len(sorted)-1) * p
	i := int(math.Floor(h))
	j := min(i+1, len(sorted)-1)
	return sorted[i] + (h-float64(i))*(sorted[j]-sorted[i])
}

// fenceRange is the percentile range of an outlier method.
func fenceRange(kind string) (low, high float64, ok bool) {
	switch kind {
	case "", "ctukey":
		return 10, 90, true
	case "tukey":
		return 25, 75, true
	}
	return 0, 0, false
}

func outliers(_ *Ctx, a []types.Value) types.Value {
	s, ok := toSeries(a[0], 0)
	kind := ""
	if len(a) > 1 {
		kind = a[1].Text()
	}
	low, high, known := fenceRange(kind)
	if !ok || !known {
		return types.Null(types.Dynamic)
	}
	test := 0
	if len(a) > 3 && kind != "tukey" && !a[3].IsNull() {
		low = a[3].Float64()
	}
	if len(a) > 4 && kind != "tukey" && !a[4].IsNull() {
		high = a[4].Float64()
	}
	if len(a) > 5 {
		test = int(min(max(a[5].Int64(), 0), int64(len(s.x))))
	}
	if !(low >= 2 && low < high && high <= 98) {
		return types.Null(types.Dynamic)
	}
	counts := func(i int) bool {
		return s.ok[i] && !math.IsNaN(s.x[i]) && !(len(a) > 2 && !a[2].IsNull() && s.x[i] == a[2].Float64())
	}
	var sorted []float64
	for i, f := range s.x[:len(s.x)-test] {
		if counts(i) {
			sorted = append(sorted, f)
		}
	}
	scores := make([]float64, len(s.x))
	if len(sorted) > 0 {
		slices.Sort(sorted)
		f := newFence(sorted, low, high)
		for i := range scores {
			if counts(i) {
				scores[i] = f.score(s.x[i])
			}
		}
	}
	return realArray(scores).Value()
}
