package funcs

import (
	"math"

	"github.com/vedette-siem/vedette/internal/types"
)

// mathStatFuncs are the gamma and beta functions, and the distributions made of them.
var mathStatFuncs = []*Func{
	realFunc("gamma", true, gamma, "Gives the gamma function, which is (n-1)! for a whole number n.", Example{`gamma(5)`, `24.0`}, Example{`gamma(0.5) > 1.77`, `true`}),
	realFunc("loggamma", true, func(x float64) float64 { l, _ := math.Lgamma(x); return l }, "Gives the natural logarithm of the gamma function's absolute value.",
		Example{`loggamma(5)`, `3.1780538303479458`}, Example{`loggamma(1)`, `0.0`}),
	realFunc("erf", true, math.Erf, "Gives the error function.", Example{`erf(0)`, `0.0`}, Example{`erf(real(+inf))`, `1.0`}),
	realFunc("erfc", true, math.Erfc, "Gives 1 minus the error function.", Example{`erfc(0)`, `1.0`}, Example{`erfc(real(+inf))`, `0.0`}),
	{Name: "beta_cdf", Class: Scalar, Sigs: Sigs(RetReal, P("x", Number), P("alpha", Number), P("beta", Number)), Go: real3(betaCDF), Page: "beta-cdf-function",
		Doc:      "Gives the cumulative beta distribution.",
		Examples: []Example{{`round(beta_cdf(0.5, 2, 2), 12)`, `0.5`}, {`isnan(beta_cdf(1.5, 10.0, 20.0))`, `true`}, {`beta_cdf(0.1, -1.0, 20.0)`, `1.0`}, {`beta_cdf(real(null), 1, 1)`, `real(null)`}}},
	{Name: "beta_pdf", Class: Scalar, Sigs: Sigs(RetReal, P("x", Number), P("alpha", Number), P("beta", Number)), Go: real3(betaPDF), Page: "beta-pdf-function",
		Doc:      "Gives the density of the beta distribution.",
		Examples: []Example{{`round(beta_pdf(0.5, 10.0, 20.0), 9)`, `0.746176019`}, {`isnan(beta_pdf(1.5, 10.0, 20.0))`, `true`}, {`beta_pdf(real(null), 1, 1)`, `real(null)`}}},
	{Name: "beta_inv", Class: Scalar, Sigs: Sigs(RetReal, P("probability", Number), P("alpha", Number), P("beta", Number)), Go: betaInverse, Page: "beta-inv-function",
		Doc:      "Gives the value at which the cumulative beta distribution has a probability.",
		Examples: []Example{{`round(beta_inv(0.1, 10.0, 20.0), 9)`, `0.226415022`}, {`beta_inv(1.5, 10.0, 20.0)`, `real(null)`}, {`isnan(beta_inv(0.1, -1.0, 20.0))`, `true`}, {`beta_inv(real(null), 1, 1)`, `real(null)`}}},
	{Name: "welch_test", Class: Scalar, Page: "welch-test-function",
		Sigs: Sigs(RetReal, P("mean1", Number), P("variance1", Number), P("count1", Number), P("mean2", Number), P("variance2", Number), P("count2", Number)),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			var x [6]float64
			for i := range x {
				x[i] = a[i].Float64()
			}
			return types.RealOf(welch(x[0], x[1], x[2], x[3], x[4], x[5]))
		},
		Doc:      "Gives the p-value of Welch's t-test: how likely two samples with these means differ by chance alone.",
		Examples: []Example{{`round(welch_test(20.82, 7.889, 15, 23.0, 3.94, 15), 3)`, `0.021`}, {`welch_test(1, 1, 10, 1, 1, 10)`, `1.0`}, {`welch_test(real(null), 1, 10, 1, 1, 10)`, `real(null)`}}},
}

func real3(f func(x, y, z float64) float64) Impl {
	return func(_ *Ctx, a []types.Value) types.Value {
		return types.RealOf(f(a[0].Float64(), a[1].Float64(), a[2].Float64()))
	}
}

// gamma multiplies out the factorials that a real holds exactly.
func gamma(x float64) float64 {
	if x != math.Trunc(x) || x < 1 || x > 23 {
		return math.Gamma(x)
	}
	g := 1.0
	for n := 2.0; n < x; n++ {
		g *= n
	}
	return g
}

func lgamma(x float64) float64 { l, _ := math.Lgamma(x); return l }

// betaCDF is the regularized incomplete beta function by its continued fraction. Kusto computes on where
// alpha is not positive: 1 is what the engine gives for alpha -1.
//
// https://learn.microsoft.com/kusto/query/beta-cdf-function#returns
func betaCDF(x, a, b float64) float64 {
	const most = 10000
	switch {
	case !(x >= 0 && x <= 1), a > most, b > most:
		return math.NaN()
	case x == 0 || x == 1:
		return x
	}
	front := math.Exp(lgamma(a+b) - lgamma(a) - lgamma(b) + a*math.Log(x) + b*math.Log1p(-x))
	if x < (a+1)/(a+b+2) {
		return front * betaFraction(x, a, b) / a
	}
	return 1 - front*betaFraction(1-x, b, a)/b
}

// betaFraction evaluates the continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's
// method.
func betaFraction(x, a, b float64) float64 {
	const tiny, steps = 1e-300, 10000
	floor := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/floor(1-(a+b)*x/(a+1))
	h := d
	for i := 1; i <= steps; i++ {
		m := float64(i)
		for _, k := range [2]float64{
			m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m)),
			-(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1)),
		} {
			d, c = 1/floor(1+k*d), floor(1+k/c)
			h *= c * d
		}
		if math.Abs(c*d-1) < 1e-16 || math.IsNaN(h) {
			break
		}
	}
	return h
}

func betaPDF(x, a, b float64) float64 {
	if !(x > 0 && x < 1 && a > 0 && b > 0) {
		return math.NaN()
	}
	return math.Exp(lgamma(a+b) - lgamma(a) - lgamma(b) + (a-1)*math.Log(x) + (b-1)*math.Log1p(-x))
}

// betaInverse is beta_inv: null for what is no probability, NaN where alpha or beta is not positive, as in the
// output on its page (whose list of rules has the two the other way round).
//
// https://learn.microsoft.com/kusto/query/beta-inv-function#examples
func betaInverse(_ *Ctx, a []types.Value) types.Value {
	if p := a[0].Float64(); !(p > 0 && p <= 1) {
		return types.Null(types.Real)
	}
	return types.RealOf(betaInv(a[0].Float64(), a[1].Float64(), a[2].Float64()))
}

// betaInv halves the interval until it is as small as a real allows.
func betaInv(p, a, b float64) float64 {
	if !(a > 0 && b > 0) {
		return math.NaN()
	}
	if p == 1 {
		return 1
	}
	low, high := 0.0, 1.0
	for range 1100 {
		mid := low + (high-low)/2
		if mid == low || mid == high {
			break
		}
		if betaCDF(mid, a, b) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// welch is the two-sided p-value of Student's t with the degrees of freedom of Welch and Satterthwaite.
func welch(mean1, var1, n1, mean2, var2, n2 float64) float64 {
	s1, s2 := var1/n1, var2/n2
	t := (mean1 - mean2) / math.Sqrt(s1+s2)
	df := (s1 + s2) * (s1 + s2) / (s1*s1/(n1-1) + s2*s2/(n2-1))
	return betaCDF(df/(df+t*t), df/2, 0.5)
}
