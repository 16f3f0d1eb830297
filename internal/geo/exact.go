package geo

import (
	"math"

	"github.com/golang/geo/r3"
	"github.com/golang/geo/s2"
)

// The conversion between degrees and points in space decides about the last digit of every place that a
// function returns, and Kusto's answers show digits of correctly rounded sines. The functions of package math
// are off by one there now and then, so these work with twice the precision.

// double is the sum of two floats, the second far smaller than the first.
type double struct{ hi, lo float64 }

func quickSum(a, b float64) double {
	s := a + b
	return double{s, b - (s - a)}
}

func sum(a, b float64) double {
	s := a + b
	t := s - a
	return double{s, (a - (s - t)) + (b - t)}
}

func product(a, b float64) double {
	p := a * b
	return double{p, math.FMA(a, b, -p)}
}

func (a double) plus(b double) double {
	s := sum(a.hi, b.hi)
	return quickSum(s.hi, s.lo+a.lo+b.lo)
}

func (a double) minus(b double) double { return a.plus(double{-b.hi, -b.lo}) }

func (a double) times(b double) double {
	p := product(a.hi, b.hi)
	return quickSum(p.hi, p.lo+a.hi*b.lo+a.lo*b.hi)
}

func (a double) over(n float64) double {
	q := a.hi / n
	p := product(q, n)
	return quickSum(q, (a.hi-p.hi-p.lo+a.lo)/n)
}

// halfPi is π/2 in three parts.
var halfPi = [3]float64{1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33}

// sincos computes sine and cosine of an angle of at most a few turns.
func sincos(x float64) (sin, cos double) {
	k := math.Round(x / halfPi[0])
	r := sum(x, -k*halfPi[0])
	if p := product(k, halfPi[0]); p.lo != 0 {
		r = sum(x, -p.hi).minus(double{p.lo, 0})
	}
	r = r.minus(product(k, halfPi[1])).minus(double{k * halfPi[2], 0})
	sin, cos = series(r, r, 2), series(double{1, 0}, r, 1)
	neg := func(d double) double { return double{-d.hi, -d.lo} }
	switch int(k) & 3 {
	case 1:
		return cos, neg(sin)
	case 2:
		return neg(sin), neg(cos)
	case 3:
		return neg(cos), sin
	}
	return sin, cos
}

// series adds up term, term·(−r²)/(n(n+1)), and so on.
func series(term, r double, n float64) double {
	square := r.times(r)
	square = double{-square.hi, -square.lo}
	total := term
	for math.Abs(term.hi) > 1e-34 {
		term = term.times(square).over(n * (n + 1))
		total = total.plus(term)
		n += 2
	}
	return total
}

// atan2 improves the library's result by what its sine and cosine show to be missing.
func atan2(y, x float64) float64 {
	a := math.Atan2(y, x)
	if a == 0 || math.IsNaN(a) {
		return a
	}
	s, c := sincos(a)
	off := c.times(double{y, 0}).minus(s.times(double{x, 0}))
	return a + off.hi/(x*c.hi+y*s.hi)
}

func (c Coord) point() s2.Point {
	sinLat, cosLat := sincos(c[1] * (math.Pi / 180))
	sinLng, cosLng := sincos(c[0] * (math.Pi / 180))
	return s2.Point{Vector: r3.Vector{X: cosLng.hi * cosLat.hi, Y: sinLng.hi * cosLat.hi, Z: sinLat.hi}}
}

func coord(p s2.Point) Coord {
	lat := atan2(p.Z+0, math.Sqrt(float64(p.X*p.X)+float64(p.Y*p.Y)))
	return Coord{atan2(p.Y+0, p.X+0) * (180 / math.Pi), lat * (180 / math.Pi)}
}
