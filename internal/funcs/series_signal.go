package funcs

import (
	"math"
	"math/bits"
	"math/cmplx"

	"github.com/vedette-siem/vedette/internal/types"
)

// seriesSignalFuncs filter and transform series.
var seriesSignalFuncs = []*Func{
	{Name: "series_fir", Class: Scalar, Result: FirstArg, Page: "series-fir-function",
		Sigs: Sigs(RetDynamic, P("series", Dynamic), P("filter", Dynamic), P("normalize", Bool).Optional(), P("center", Bool).Optional()),
		Doc:  "Applies a finite impulse response filter, such as a moving average, to a series.",
		Go:   fir,
		Examples: []Example{{`series_fir(dynamic([0,2,2,3]), dynamic([1,-1]), false, false)`, `dynamic([0,2,0,1])`}, {`series_fir(dynamic(null), dynamic([1]))`, `dynamic(null)`},
			{`series_fir(dynamic([0,3,0]), dynamic([1,1,1]), true, true)`, `dynamic([1.0,1.0,1.0])`}}},
	{Name: "series_iir", Class: Scalar, Result: FirstArg, Sigs: Sigs(RetDynamic, P("series", Dynamic), P("numerators", Dynamic), P("denominators", Dynamic)), Page: "series-iir-function",
		Doc:      "Applies an infinite impulse response filter, such as a cumulative sum, to a series.",
		Go:       iir,
		Examples: []Example{{`series_iir(dynamic([1,2,3]), dynamic([1]), dynamic([1,-1]))`, `dynamic([1.0,3.0,6.0])`}, {`series_iir(dynamic(null), dynamic([1]), dynamic([1]))`, `dynamic(null)`}, {`series_iir(dynamic([1]), dynamic([1]), dynamic([0]))`, `dynamic(null)`}}},
	{Name: "series_fft", Class: Scalar, Sigs: Sigs(RetDynamic, P("series", Dynamic), P("series_imaginary", Dynamic).Optional()), Page: "series-fft-function",
		Columns:  seriesColumns("series_fft", types.Column{Name: "real", Type: types.Dynamic}, types.Column{Name: "imag", Type: types.Dynamic}),
		Doc:      "Gives the discrete Fourier transform of a series, its real and its imaginary part, as columns.",
		Go:       fftBody(false),
		Examples: []Example{{`series_fft(dynamic([1,1,1,1]))`, `dynamic([[4.0,0.0,0.0,0.0],[0.0,0.0,0.0,0.0]])`}, {`series_fft(dynamic(null))`, `dynamic(null)`}, {`series_fft(dynamic([7]))`, `dynamic([[7.0],[0.0]])`}}},
	{Name: "series_ifft", Class: Scalar, Sigs: Sigs(RetDynamic, P("series", Dynamic), P("series_imaginary", Dynamic).Optional()), Page: "series-ifft-function",
		Columns:  seriesColumns("series_ifft", types.Column{Name: "real", Type: types.Dynamic}, types.Column{Name: "imag", Type: types.Dynamic}),
		Doc:      "Gives the inverse discrete Fourier transform of a series as columns.",
		Go:       fftBody(true),
		Examples: []Example{{`series_ifft(dynamic([4.0,0.0,0.0,0.0]))`, `dynamic([[1.0,1.0,1.0,1.0],[0.0,0.0,0.0,0.0]])`}, {`series_ifft(dynamic(["x"]))`, `dynamic(null)`}, {`series_ifft(dynamic([7]), dynamic([0]))`, `dynamic([[7.0],[0.0]])`}}},
}

// fir adds up filter[j] times the element j positions before (centered: around) each position. Outside the
// series there are zeros. Left open, a filter is normalized to the sum 1 unless it has negative coefficients.
func fir(_ *Ctx, a []types.Value) types.Value {
	s, ok1 := toSeries(a[0], 0)
	filter, ok2 := toSeries(a[1], 0)
	if !ok1 || !ok2 || !filter.numeric() {
		return types.Null(types.Dynamic)
	}
	negative, sum := false, 0.0
	for _, c := range filter.x {
		negative, sum = negative || c < 0, sum+c
	}
	normalize := !negative
	if len(a) > 2 {
		normalize = a[2].Bool()
	}
	if normalize && (negative || sum == 0) {
		return types.Null(types.Dynamic)
	}
	shift := 0
	if len(a) > 3 && a[3].Bool() {
		shift = len(filter.x) / 2
	}
	whole := s.whole && filter.whole && !normalize
	out := types.JSON{Kind: types.JSONArray, Items: make([]types.JSON, len(s.x))}
	for i := range s.x {
		var total float64
		var exact int64
		numbers := true
		for j, c := range filter.x {
			k := i - j + shift
			if k < 0 || k >= len(s.x) {
				continue
			}
			numbers = numbers && s.ok[k]
			total += c * s.x[k]
			exact += filter.long[j] * s.long[k]
		}
		switch {
		case !numbers:
		case whole:
			out.Items[i] = longNode(exact)
		case normalize:
			out.Items[i] = realNode(total / sum)
		default:
			out.Items[i] = realNode(total)
		}
	}
	return out.Value()
}

func iir(_ *Ctx, a []types.Value) types.Value {
	s, ok1 := toSeries(a[0], 0)
	num, ok2 := toSeries(a[1], 0)
	den, ok3 := toSeries(a[2], 0)
	if !ok1 || !ok2 || !ok3 || !num.numeric() || !den.numeric() || den.x[0] == 0 || len(s.x) > 0 && !s.numeric() {
		return types.Null(types.Dynamic)
	}
	y := make([]float64, len(s.x))
	for i := range y {
		for j := range min(len(num.x), i+1) {
			y[i] += num.x[j] * s.x[i-j]
		}
		for j := 1; j < min(len(den.x), i+1); j++ {
			y[i] -= den.x[j] * y[i-j]
		}
		y[i] /= den.x[0]
	}
	return realArray(y).Value()
}

func fftBody(inverse bool) Impl {
	return func(_ *Ctx, a []types.Value) types.Value {
		re, ok := fitSeries(a[0], 1)
		if !ok {
			return types.Null(types.Dynamic)
		}
		im := make([]float64, len(re))
		if len(a) > 1 {
			if im, ok = fitSeries(a[1], 1); !ok || len(im) != len(re) {
				return types.Null(types.Dynamic)
			}
		}
		z := make([]complex128, len(re))
		for i := range z {
			z[i] = complex(re[i], im[i])
		}
		z = fft(z, inverse)
		for i, c := range z {
			re[i], im[i] = real(c), imag(c)
		}
		return nodes(realArray(re), realArray(im))
	}
}

// fft transforms a series of any length; the inverse is divided by the length.
func fft(z []complex128, inverse bool) []complex128 {
	n := len(z)
	sign := -1.0
	if inverse {
		sign = 1
	}
	var out []complex128
	if n&(n-1) == 0 {
		out = append([]complex128(nil), z...)
		radix2(out, sign)
	} else {
		out = bluestein(z, sign)
	}
	if inverse {
		for i := range out {
			out[i] /= complex(float64(n), 0)
		}
	}
	return out
}

// radix2 transforms in place; the length is a power of two.
func radix2(z []complex128, sign float64) {
	n := len(z)
	if n < 2 {
		return
	}
	shift := 64 - bits.Len(uint(n-1))
	for i := range z {
		if j := int(bits.Reverse64(uint64(i)) >> shift); i < j {
			z[i], z[j] = z[j], z[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		half := size / 2
		for k := range half {
			w := cmplx.Rect(1, sign*2*math.Pi*float64(k)/float64(size))
			for i := k; i < n; i += size {
				t := w * z[i+half]
				z[i], z[i+half] = z[i]+t, z[i]-t
			}
		}
	}
}

// bluestein writes a transform of any length as a convolution, which is done with powers of two.
func bluestein(z []complex128, sign float64) []complex128 {
	n := len(z)
	m := 1 << bits.Len(uint(2*n-1))
	chirp := make([]complex128, n)
	for i := range chirp {
		k := int64(i) * int64(i) % int64(2*n)
		chirp[i] = cmplx.Rect(1, sign*math.Pi*float64(k)/float64(n))
	}
	x, y := make([]complex128, m), make([]complex128, m)
	for i := range z {
		x[i] = z[i] * chirp[i]
		y[i] = cmplx.Conj(chirp[i])
		if i > 0 {
			y[m-i] = y[i]
		}
	}
	radix2(x, -1)
	radix2(y, -1)
	for i := range x {
		x[i] *= y[i]
	}
	radix2(x, 1)
	out := make([]complex128, n)
	for i := range out {
		out[i] = x[i] / complex(float64(m), 0) * chirp[i]
	}
	return out
}
