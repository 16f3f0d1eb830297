package funcs

import (
	"math"

	"github.com/vedette-siem/vedette/internal/types"
)

// seriesFitFuncs fit lines and polynomials to a series by least squares. The positions count from 1.
var seriesFitFuncs = []*Func{
	{Name: "series_fit_line", Class: Scalar, Sigs: Sigs(RetDynamic, P("series", Dynamic)), Page: "series-fit-line-function",
		Columns: seriesColumns("series_fit_line", reals("rsquare", "slope", "variance", "rvariance", "interception", "line_fit")...),
		Doc:     "Fits a line to a series and gives its parameters as columns.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			y, ok := fitSeries(a[0], 2)
			if !ok {
				return types.Null(types.Dynamic)
			}
			l := fitLine(y)
			return nodes(realNode(l.rsquare), realNode(l.slope), realNode(l.variance), realNode(l.rvariance), realNode(l.intercept), realArray(l.values(len(y))))
		},
		Examples: []Example{{`series_fit_line(dynamic([1,3,5]))`, `dynamic([1.0,2.0,4.0,0.0,-1.0,[1.0,3.0,5.0]])`}, {`series_fit_line(dynamic([1,null]))`, `dynamic(null)`}, {`series_fit_line(dynamic([2,2]))`, `dynamic([1.0,0.0,0.0,0.0,2.0,[2.0,2.0]])`}}},
	{Name: "series_fit_line_dynamic", Class: Scalar, Sigs: Sigs(RetDynamic, P("series", Dynamic)), Page: "series-fit-line-dynamic-function",
		Doc: "Fits a line to a series and gives its parameters as a property bag.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			y, ok := fitSeries(a[0], 2)
			if !ok {
				return types.Null(types.Dynamic)
			}
			l := fitLine(y)
			bag := l.bag()
			bag.Set("line_fit", realArray(l.values(len(y))))
			return bag.Value()
		},
		Examples: []Example{{`series_fit_line_dynamic(dynamic([1,3,5])).slope`, `dynamic(2.0)`}, {`series_fit_line_dynamic(dynamic([]))`, `dynamic(null)`}, {`series_fit_line_dynamic(dynamic([1,3,5])).line_fit`, `dynamic([1.0,3.0,5.0])`}}},
	{Name: "series_fit_2lines", Class: Scalar, Sigs: Sigs(RetDynamic, P("series", Dynamic)), Page: "series-fit-2lines-function",
		Columns: seriesColumns("series_fit_2lines", reals("rsquare", "split_idx", "variance", "rvariance", "line_fit",
			"right_rsquare", "right_slope", "right_interception", "right_variance", "right_rvariance",
			"left_rsquare", "left_slope", "left_interception", "left_variance", "left_rvariance")...),
		Doc: "Fits two lines to a series, one before and one from the best splitting position on, and gives their parameters as columns.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			y, ok := fitSeries(a[0], 4)
			if !ok {
				return types.Null(types.Dynamic)
			}
			f := fitTwoLines(y)
			out := []types.JSON{realNode(f.rsquare), longNode(int64(f.split)), realNode(f.variance), realNode(f.rvariance), realArray(f.fit)}
			for _, l := range []line{f.right, f.left} {
				out = append(out, realNode(l.rsquare), realNode(l.slope), realNode(l.intercept), realNode(l.variance), realNode(l.rvariance))
			}
			return nodes(out...)
		},
		Examples: []Example{{`series_fit_2lines(dynamic([1,2,3,9,7,5]))[1]`, `dynamic(3)`}, {`series_fit_2lines(dynamic([1,2,3]))`, `dynamic(null)`}, {`series_fit_2lines(dynamic([1,2,3,9,7,5]))[4]`, `dynamic([1.0,2.0,3.0,9.0,7.0,5.0])`}}},
	{Name: "series_fit_2lines_dynamic", Class: Scalar, Sigs: Sigs(RetDynamic, P("series", Dynamic)), Page: "series-fit-2lines-dynamic-function",
		Doc: "Fits two lines to a series and gives their parameters as a property bag.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			y, ok := fitSeries(a[0], 4)
			if !ok {
				return types.Null(types.Dynamic)
			}
			f := fitTwoLines(y)
			bag := types.JSON{Kind: types.JSONObject}
			bag.Set("rsquare", realNode(f.rsquare))
			bag.Set("split_idx", longNode(int64(f.split)))
			bag.Set("variance", realNode(f.variance))
			bag.Set("rvariance", realNode(f.rvariance))
			bag.Set("line_fit", realArray(f.fit))
			bag.Set("right", f.right.bag())
			bag.Set("left", f.left.bag())
			return bag.Value()
		},
		Examples: []Example{{`series_fit_2lines_dynamic(dynamic([1,2,3,9,7,5])).split_idx`, `dynamic(3)`}, {`series_fit_2lines_dynamic(dynamic(null))`, `dynamic(null)`}, {`series_fit_2lines_dynamic(dynamic([1,2,3,9,7,5])).right.slope`, `dynamic(-2.0)`}}},
	{Name: "series_fit_poly", Class: Scalar, Page: "series-fit-poly-function",
		Sigs:    Sigs(RetDynamic, P("y_series", Dynamic), P("x_series", Dynamic).Optional(), P("degree", Integer).Optional()),
		Columns: seriesColumns("series_fit_poly", reals("rsquare", "coefficients", "variance", "rvariance", "poly_fit")...),
		Doc:     "Fits a polynomial to a series, over another that gives the positions, and gives its parameters as columns.",
		Go:      fitPolyBody,
		Examples: []Example{{`array_length(series_fit_poly(dynamic([1,4,9,16]), dynamic([1,2,3,4]), 2)[1])`, `3`}, {`series_fit_poly(dynamic([1,"x"]))`, `dynamic(null)`},
			{`round(toreal(series_fit_poly(dynamic([1,3,5]))[1][0]), 9)`, `2.0`}}},
}

// reals are columns of reals, but for those that hold a position or an array.
func reals(names ...string) []types.Column {
	var out []types.Column
	for _, n := range names {
		t := types.Real
		switch n {
		case "split_idx":
			t = types.Long
		case "line_fit", "poly_fit", "coefficients":
			t = types.Dynamic
		}
		out = append(out, types.Column{Name: n, Type: t})
	}
	return out
}

// nodes is an array of one node for each result column.
func nodes(n ...types.JSON) types.Value {
	return types.JSON{Kind: types.JSONArray, Items: n}.Value()
}

// fitSeries reads a series of at least n finite numbers.
func fitSeries(v types.Value, n int) ([]float64, bool) {
	s, ok := toSeries(v, 0)
	return s.x, ok && len(s.x) >= n && s.numeric()
}

// line is a fitted line.
type line struct{ slope, intercept, rsquare, variance, rvariance float64 }

func (l line) at(i int) float64 { return l.intercept + l.slope*float64(i+1) }

func (l line) values(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = l.at(i)
	}
	return out
}

func (l line) bag() types.JSON {
	bag := types.JSON{Kind: types.JSONObject}
	bag.Set("slope", realNode(l.slope))
	bag.Set("interception", realNode(l.intercept))
	bag.Set("rsquare", realNode(l.rsquare))
	bag.Set("variance", realNode(l.variance))
	bag.Set("rvariance", realNode(l.rvariance))
	return bag
}

func fitLine(y []float64) line {
	n := float64(len(y))
	mx, my := (n+1)/2, mean(y)
	var xy, xx float64
	for i, f := range y {
		dx := float64(i+1) - mx
		xy, xx = xy+dx*(f-my), xx+dx*dx
	}
	var l line
	if xx > 0 {
		l.slope = xy / xx
	}
	l.intercept = my - l.slope*mx
	l.rsquare, l.variance, l.rvariance = quality(y, l.at)
	return l
}

// quality compares a series with what was fitted to it: the share of the variance that is explained, the
// variance, and the variance of what is left.
func quality(y []float64, fit func(i int) float64) (rsquare, total, rest float64) {
	for i, f := range y {
		rest += (f - fit(i)) * (f - fit(i))
	}
	if n := float64(len(y)) - 1; n > 0 {
		rest /= n
	}
	total, rsquare = variance(y), 1
	if total > 0 {
		rsquare = 1 - rest/total
	}
	return rsquare, total, rest
}

// twoLines are the lines on both sides of a split; each counts its positions from its own start.
type twoLines struct {
	split                        int
	left, right                  line
	rsquare, variance, rvariance float64
	fit                          []float64
}

// fitTwoLines tries every split that leaves two points on each side. Running sums give the squared error of
// a part without looking at its points again.
func fitTwoLines(y []float64) twoLines {
	n := len(y)
	my := mean(y) // taken off, so that the sums stay small
	sums := make([][3]float64, n+1)
	for i, f := range y {
		f -= my
		sums[i+1] = [3]float64{sums[i][0] + f, sums[i][1] + f*f, sums[i][2] + f*float64(i)}
	}
	rest := func(from, to int) float64 {
		k := float64(to - from)
		sy, syy := sums[to][0]-sums[from][0], sums[to][1]-sums[from][1]
		mx := float64(from) + (k-1)/2
		sxy := sums[to][2] - sums[from][2] - mx*sy
		sxx := k * (k*k - 1) / 12
		return syy - sy*sy/k - sxy*sxy/sxx
	}
	var f twoLines
	best := math.Inf(1)
	for k := 2; k <= n-2; k++ {
		if r := rest(0, k) + rest(k, n); r < best {
			best, f.split = r, k
		}
	}
	f.left, f.right = fitLine(y[:f.split]), fitLine(y[f.split:])
	f.fit = append(f.left.values(f.split), f.right.values(n-f.split)...)
	f.rsquare, f.variance, f.rvariance = quality(y, func(i int) float64 { return f.fit[i] })
	return f
}

func fitPolyBody(_ *Ctx, a []types.Value) types.Value {
	degree := int64(1)
	if len(a) > 2 {
		degree = a[2].Int64()
	}
	if degree < 0 || degree > 64 {
		return types.Null(types.Dynamic)
	}
	y, ok := fitSeries(a[0], int(degree)+1)
	if !ok {
		return types.Null(types.Dynamic)
	}
	x := make([]float64, len(y))
	for i := range x {
		x[i] = float64(i + 1)
	}
	if len(a) > 1 {
		if x, ok = fitSeries(a[1], 1); !ok || len(x) != len(y) {
			return types.Null(types.Dynamic)
		}
	}
	coef, ok := fitPoly(x, y, int(degree))
	if !ok {
		return types.Null(types.Dynamic)
	}
	fit := make([]float64, len(y))
	for i, at := range x {
		for _, c := range coef {
			fit[i] = fit[i]*at + c
		}
	}
	rsquare, total, rest := quality(y, func(i int) float64 { return fit[i] })
	return nodes(realNode(rsquare), realArray(coef), realNode(total), realNode(rest), realArray(fit))
}

// fitPoly solves the least squares problem by Householder reflections; the coefficients come from the
// highest power down. It fails where the positions do not determine the polynomial.
func fitPoly(x, y []float64, degree int) ([]float64, bool) {
	rows, cols := len(x), degree+1
	m := make([][]float64, rows) // the matrix, with y as its last column
	for i := range m {
		m[i] = make([]float64, cols+1)
		p := 1.0
		for j := cols - 1; j >= 0; j-- {
			m[i][j], p = p, p*x[i]
		}
		m[i][cols] = y[i]
	}
	for k := range cols {
		norm := 0.0
		for i := k; i < rows; i++ {
			norm = math.Hypot(norm, m[i][k])
		}
		if norm < 1e-300 || math.IsInf(norm, 0) {
			return nil, false
		}
		if m[k][k] > 0 {
			norm = -norm
		}
		v := make([]float64, rows)
		for i := k; i < rows; i++ {
			v[i] = m[i][k]
		}
		v[k] -= norm
		vv := 0.0
		for i := k; i < rows; i++ {
			vv += v[i] * v[i]
		}
		for j := k; j <= cols; j++ {
			s := 0.0
			for i := k; i < rows; i++ {
				s += v[i] * m[i][j]
			}
			for i := k; i < rows && vv > 0; i++ {
				m[i][j] -= 2 * s / vv * v[i]
			}
		}
	}
	coef := make([]float64, cols)
	for k := cols - 1; k >= 0; k-- {
		s := m[k][cols]
		for j := k + 1; j < cols; j++ {
			s -= m[k][j] * coef[j]
		}
		coef[k] = s / m[k][k]
		if math.IsNaN(coef[k]) || math.IsInf(coef[k], 0) {
			return nil, false
		}
	}
	return coef, true
}
