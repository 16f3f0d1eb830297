package funcs

import (
	"cmp"
	"math"
	"slices"

	"github.com/vedette-siem/vedette/internal/types"
)

const periodDeviates = "scores of periods are computed from the autocorrelation and differ from Kusto's in the second or third digit; so a period whose score is close to the threshold may be found here and not there, or the other way round"

// seriesDecomposeFuncs find periods in a series and take it apart into a seasonal part (the median of the
// points of one phase), a trend (of what then is left), and the rest.
// https://learn.microsoft.com/kusto/query/series-decompose-function
var seriesDecomposeFuncs = []*Func{
	{Name: "series_periods_detect", Class: Scalar, Page: "series-periods-detect-function",
		Sigs:     Sigs(RetDynamic, P("series", Dynamic), P("min_period", Number), P("max_period", Number), P("num_periods", Long|Int)),
		Columns:  seriesColumns("series_periods_detect", types.Column{Name: "periods", Type: types.Dynamic}, types.Column{Name: "scores", Type: types.Dynamic}),
		Doc:      "Finds the most significant periods of a series and gives them and their scores as columns.",
		Deviates: periodDeviates,
		Go: func(_ *Ctx, a []types.Value) types.Value {
			y, ok := fitSeries(a[0], 1)
			n := a[3].Int64()
			if !ok || n < 0 || n > int64(len(y)) {
				return types.Null(types.Dynamic)
			}
			periods, scores := make([]float64, n), make([]float64, n)
			for i, p := range detectPeriods(y, a[1].Float64(), a[2].Float64(), int(n)) {
				periods[i], scores[i] = float64(p.length), p.score
			}
			return nodes(realArray(periods), realArray(scores))
		},
		Examples: []Example{{`series_periods_detect(dynamic([1,2,3,4,1,2,3,4,1,2,3,4,1,2,3,4]), 3, 8, 2)[0]`, `dynamic([4.0,0.0])`}, {`series_periods_detect(dynamic(null), 1, 2, 1)`, `dynamic(null)`}, {`series_periods_detect(dynamic([1,1,1,1]), 0, 9, 1)`, `dynamic([[0.0],[0.0]])`}}},
	{Name: "series_periods_validate", Class: Scalar, Page: "series-periods-validate-function",
		Sigs:     Sigs(RetDynamic, P("series", Dynamic), P("period", Number).Repeated()),
		Columns:  seriesColumns("series_periods_validate", types.Column{Name: "periods", Type: types.Dynamic}, types.Column{Name: "scores", Type: types.Dynamic}),
		Doc:      "Scores whether a series has the given periods and gives periods and scores as columns.",
		Deviates: periodDeviates,
		Go: func(_ *Ctx, a []types.Value) types.Value {
			y, ok := fitSeries(a[0], 1)
			if !ok {
				return types.Null(types.Dynamic)
			}
			r := autocorrelation(y)
			var periods, scores []float64
			for _, v := range a[1:] {
				p := v.Float64()
				score := 0.0
				if p >= minPeriod && p <= float64(len(y)) {
					score = periodScore(r, int(math.Round(p)))
				}
				periods, scores = append(periods, p), append(scores, score)
			}
			return nodes(realArray(periods), realArray(scores))
		},
		Examples: []Example{{`series_periods_validate(dynamic([1,2,3,4,1,2,3,4,1,2,3,4,1,2,3,4]), 5.0, 3.0)`, `dynamic([[5.0,3.0],[0.0,0.0]])`}, {`series_periods_validate(dynamic([null]), 4.0)`, `dynamic(null)`}, {`series_periods_validate(dynamic([1,1,1,1,1,1,1,1,1,1]), 4.0)`, `dynamic([[4.0],[0.0]])`}}},
	{Name: "series_seasonal", Class: Scalar, Page: "series-seasonal-function", Deviates: periodDeviates, Nulls: Own,
		Sigs: Sigs(RetDynamic, P("series", Dynamic), P("period", Integer).Optional(), P("test_points", Integer).Optional()),
		Doc:  "Gives the seasonal part of a series, for a given period or one that is found.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			y, ok := fitSeries(a[0], 1)
			if !ok {
				return types.Null(types.Dynamic)
			}
			train := y[:len(y)-trainGap(a, 2, len(y))]
			return realArray(seasonal(train, len(y), seasonLength(train, longArg(a, 1, -1), 0.7))).Value()
		},
		Examples: []Example{{`series_seasonal(dynamic([1,3,5,1,3,5,2,4,6]), 3)`, `dynamic([1.0,3.0,5.0,1.0,3.0,5.0,1.0,3.0,5.0])`}, {`series_seasonal(dynamic(null))`, `dynamic(null)`},
			{`series_seasonal(dynamic([1,3,5,2,4,6,1,3,5,2,4,6]))`, `dynamic([0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0])`}}},
	{Name: "series_decompose", Class: Scalar, Page: "series-decompose-function", Deviates: periodDeviates, Nulls: Own,
		Sigs: Sigs(RetDynamic, P("series", Dynamic), P("period", Integer).Optional(), P("trend", String).Optional(), P("test_points", Integer).Optional(), P("seasonality_threshold", Number).Optional()),
		Columns: seriesColumns("series_decompose", types.Column{Name: "baseline", Type: types.Dynamic}, types.Column{Name: "seasonal", Type: types.Dynamic},
			types.Column{Name: "trend", Type: types.Dynamic}, types.Column{Name: "residual", Type: types.Dynamic}),
		Doc: "Takes a series apart and gives baseline, seasonal part, trend and residual as columns.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			d, ok := decompose(a[0], longArg(a, 1, -1), textArg(a, 2, "avg"), longArg(a, 3, 0), realArg(a, 4, 0.6))
			if !ok {
				return types.Null(types.Dynamic)
			}
			return nodes(realArray(d.baseline), realArray(d.seasonal), realArray(d.trend), realArray(d.residual))
		},
		Examples: []Example{{`series_decompose(dynamic([1,3,1,3]), 2)`, `dynamic([[1.0,3.0,1.0,3.0],[1.0,3.0,1.0,3.0],[0.0,0.0,0.0,0.0],[0.0,0.0,0.0,0.0]])`}, {`series_decompose(dynamic([1,null]))`, `dynamic(null)`},
			{`series_decompose(dynamic([1,2,3]), 0, "linefit")[0]`, `dynamic([1.0,2.0,3.0])`}}},
	{Name: "series_decompose_anomalies", Class: Scalar, Page: "series-decompose-anomalies-function", Deviates: periodDeviates, Nulls: Own,
		Sigs: Sigs(RetDynamic, P("series", Dynamic), P("threshold", Number).Optional(), P("period", Integer).Optional(), P("trend", String).Optional(), P("test_points", Integer).Optional(),
			P("method", String).Optional(), P("seasonality_threshold", Number).Optional()),
		Columns: seriesColumns("series_decompose_anomalies", types.Column{Name: "ad_flag", Type: types.Dynamic}, types.Column{Name: "ad_score", Type: types.Dynamic}, types.Column{Name: "baseline", Type: types.Dynamic}),
		Doc:     "Finds the anomalies of a series after taking season and trend off, and gives flags, scores and baseline as columns.",
		Go:      decomposeAnomalies,
		Examples: []Example{{`series_decompose_anomalies(dynamic([1,2,1,2,1,2,30,2,1,2,1,2]), 1.5, 0)[0]`, `dynamic([0,0,0,0,0,0,1,0,0,0,0,0])`}, {`series_decompose_anomalies(dynamic(null))`, `dynamic(null)`},
			{`series_decompose_anomalies(dynamic([5,5,5,5]), 1.5, 0)`, `dynamic([[0,0,0,0],[0.0,0.0,0.0,0.0],[5.0,5.0,5.0,5.0]])`}}},
	{Name: "series_decompose_forecast", Class: Scalar, Page: "series-decompose-forecast-function", Deviates: periodDeviates, Nulls: Own,
		Sigs:    Sigs(RetDynamic, P("series", Dynamic), P("test_points", Integer), P("period", Integer).Optional(), P("trend", String).Optional(), P("seasonality_threshold", Number).Optional()),
		Columns: seriesColumns("series_decompose_forecast", types.Column{Name: "baseline", Type: types.Dynamic}),
		Doc:     "Predicts the last points of a series from the season and trend of those before.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			// The page names avg as the default trend; the engine fits a line.
			d, ok := decompose(a[0], longArg(a, 2, -1), textArg(a, 3, "linefit"), longArg(a, 1, 0), realArg(a, 4, 0.6))
			if !ok {
				return types.Null(types.Dynamic)
			}
			return realArray(d.baseline).Value()
		},
		Examples: []Example{{`series_decompose_forecast(dynamic([1,2,3,0,0]), 2, 0)`, `dynamic([1.0,2.0,3.0,4.0,5.0])`}, {`series_decompose_forecast(dynamic(null), 1)`, `dynamic(null)`}, {`series_decompose_forecast(dynamic([2,4,0,0]), 2, 0, "none")`, `dynamic([0.0,0.0,0.0,0.0])`}}},
}

func longArg(a []types.Value, i int, otherwise int64) int64 {
	if i < len(a) && !a[i].IsNull() {
		return a[i].Int64()
	}
	return otherwise
}

func realArg(a []types.Value, i int, otherwise float64) float64 {
	if i < len(a) && !a[i].IsNull() {
		return a[i].Float64()
	}
	return otherwise
}

func textArg(a []types.Value, i int, otherwise string) string {
	if i < len(a) && a[i].Text() != "" {
		return a[i].Text()
	}
	return otherwise
}

// trainGap is the number of points at the end that nothing is learned from; at least one point remains.
func trainGap(a []types.Value, i, n int) int {
	return int(min(max(longArg(a, i, 0), 0), int64(n-1)))
}

// minPeriod is the shortest period that is looked for.
const minPeriod = 4

type period struct {
	length int
	score  float64
}

// detectPeriods returns at most n periods between low and high, the best first. A period must also stand out
// of the spectrum. A multiple of a better period says nothing new and is left out, and so is a neighbour
// that the length of the series cannot tell from it.
func detectPeriods(y []float64, low, high float64, n int) []period {
	r := autocorrelation(y)
	strong := spectrum(y)
	var all []period
	for p := max(minPeriod, int(math.Ceil(low))); p <= len(y)/2 && float64(p) <= high; p++ {
		if s := periodScore(r, p); s > 0 && strong(p) {
			all = append(all, period{p, s})
		}
	}
	slices.SortStableFunc(all, func(x, y period) int { return cmp.Compare(y.score, x.score) })
	var out []period
	for _, p := range all {
		known := slices.ContainsFunc(out, func(q period) bool {
			off := p.length % q.length
			multiple := p.length > q.length && min(off, q.length-off)*10 <= q.length
			return multiple || math.Abs(float64(len(y))/float64(p.length)-float64(len(y))/float64(q.length)) < 1
		})
		if len(out) < n && !known {
			out = append(out, p)
		}
	}
	return out
}

// spectrum returns a test whether the frequency of a period has more than the mean power.
func spectrum(y []float64) func(length int) bool {
	m := mean(y)
	z := make([]complex128, len(y))
	for i, f := range y {
		z[i] = complex(f-m, 0)
	}
	power, sum := make([]float64, len(y)/2+1), 0.0
	for i, c := range fft(z, false)[:len(power)] {
		power[i] = real(c)*real(c) + imag(c)*imag(c)
		sum += power[i]
	}
	return func(length int) bool {
		k := len(y) / length // the frequency lies at or just above k
		return max(power[k], power[min(k+1, len(power)-1)]) > sum/float64(len(power))
	}
}

// autocorrelation correlates a series with itself at every distance, through the Fourier transform. It is
// nil for a constant series.
func autocorrelation(y []float64) []float64 {
	m := mean(y)
	size := 1
	for size < 2*len(y) {
		size *= 2
	}
	z := make([]complex128, size)
	for i, f := range y {
		z[i] = complex(f-m, 0)
	}
	z = fft(z, false)
	for i, c := range z {
		z[i] = complex(real(c)*real(c)+imag(c)*imag(c), 0)
	}
	z = fft(z, true)
	power := squares(y)
	if power == 0 {
		return nil
	}
	r := make([]float64, len(y))
	for i := range r {
		r[i] = real(z[i]) / power
	}
	return r
}

// periodScore is the correlation at a distance, if it is a peak, the series holds more than two periods, and
// noise would reach it less than once in a hundred times. The correlation over fewer and fewer points is
// raised by half the exponent that would make it unbiased.
func periodScore(r []float64, p int) float64 {
	n := len(r)
	if p < minPeriod || 2*p >= n || r[p] < r[p-1] || r[p] < r[p+1] {
		return 0
	}
	score := r[p] * math.Sqrt(float64(n)/float64(n-p))
	if score <= 2.576/math.Sqrt(float64(n)) {
		return 0
	}
	return min(score, 1)
}

// seasonLength is the period to use: the given one, or for a negative one the best that is found.
func seasonLength(train []float64, given int64, threshold float64) int {
	if given >= 0 {
		return int(min(given, int64(len(train))))
	}
	n := float64(len(train))
	for _, p := range detectPeriods(train, minPeriod, n, 1) {
		// The threshold is held against the unbiased correlation.
		if p.score*math.Sqrt(n/(n-float64(p.length))) >= threshold {
			return p.length
		}
	}
	return 0
}

// seasonal repeats the medians of the phases of a period over n points; without a period it is zero.
func seasonal(train []float64, n, length int) []float64 {
	out := make([]float64, n)
	if length <= 0 {
		return out
	}
	phase := make([]float64, length)
	for p := range phase {
		var at []float64
		for i := p; i < len(train); i += length {
			at = append(at, train[i])
		}
		slices.Sort(at)
		phase[p] = percentileOf(at, 0.5)
	}
	for i := range out {
		out[i] = phase[i%length]
	}
	return out
}

type parts struct {
	baseline, seasonal, trend, residual []float64
	train                               int // the number of points that were learned from
}

// decompose learns from all but the last test points and computes the parts for all.
func decompose(v types.Value, length int64, trend string, test int64, threshold float64) (parts, bool) {
	y, ok := fitSeries(v, 1)
	if !ok || test < 0 || test >= int64(len(y)) || length < -1 {
		return parts{}, false
	}
	n := len(y)
	d := parts{train: n - int(test)}
	d.seasonal = seasonal(y[:d.train], n, seasonLength(y[:d.train], length, threshold))
	rest := make([]float64, d.train)
	for i := range rest {
		rest[i] = y[i] - d.seasonal[i]
	}
	switch trend {
	case "avg":
		d.trend = slices.Repeat([]float64{mean(rest)}, n)
	case "linefit":
		d.trend = fitLine(rest).values(n)
	case "none":
		d.trend = make([]float64, n)
	default:
		return parts{}, false
	}
	d.baseline, d.residual = make([]float64, n), make([]float64, n)
	for i := range y {
		d.baseline[i] = d.seasonal[i] + d.trend[i]
		d.residual[i] = y[i] - d.baseline[i]
	}
	return d, true
}

func decomposeAnomalies(_ *Ctx, a []types.Value) types.Value {
	threshold := realArg(a, 1, 1.5)
	low, high, known := fenceRange(textArg(a, 5, "ctukey"))
	d, ok := decompose(a[0], longArg(a, 2, -1), textArg(a, 3, "avg"), longArg(a, 4, 0), realArg(a, 6, 0.6))
	if !ok || !known {
		return types.Null(types.Dynamic)
	}
	f := newFence(slices.Sorted(slices.Values(d.residual[:d.train])), low, high)
	flags, scores := make([]types.JSON, len(d.residual)), make([]float64, len(d.residual))
	for i, r := range d.residual {
		scores[i] = f.score(r)
		flags[i] = longNode(0)
		if math.Abs(scores[i]) >= threshold {
			flags[i] = longNode(int64(signOf(scores[i])))
		}
	}
	return nodes(types.JSON{Kind: types.JSONArray, Items: flags}, realArray(scores), realArray(d.baseline))
}
