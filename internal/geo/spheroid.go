package geo

import "math"

// The WGS-84 ellipsoid.
const (
	equator   = 6378137.0
	flatness  = 1 / 298.257223563
	poleRatio = 1 - flatness
)

// SpheroidDistance is the length of the geodesic from a to b on the WGS-84 ellipsoid, in metres, by Vincenty's
// inverse formula. For points nearly opposite on the globe, where that does not converge, the geodesic is
// taken as two halves over the point in the middle.
func SpheroidDistance(a, b Coord) float64 {
	if d, ok := vincenty(a, b); ok {
		return d
	}
	// The shortest way between nearly opposite points leads close to a pole.
	best := math.Inf(1)
	for _, pole := range []Coord{{0, 90}, {0, -90}} {
		d1, _ := vincenty(a, pole)
		d2, _ := vincenty(pole, b)
		best = math.Min(best, d1+d2)
	}
	return best
}

func vincenty(a, b Coord) (float64, bool) {
	if a == b {
		return 0, true
	}
	const rad = math.Pi / 180
	u1, u2 := math.Atan(poleRatio*math.Tan(a[1]*rad)), math.Atan(poleRatio*math.Tan(b[1]*rad))
	if math.Abs(a[1]) == 90 {
		u1 = a[1] * rad
	}
	if math.Abs(b[1]) == 90 {
		u2 = b[1] * rad
	}
	s1, c1 := math.Sincos(u1)
	s2, c2 := math.Sincos(u2)
	l := math.Remainder((b[0]-a[0])*rad, 2*math.Pi)
	lambda := l
	for range 200 {
		sl, cl := math.Sincos(lambda)
		sinSigma := math.Hypot(c2*sl, c1*s2-s1*c2*cl)
		if sinSigma == 0 {
			return 0, s1*s2+c1*c2*cl > 0
		}
		cosSigma := s1*s2 + c1*c2*cl
		sigma := math.Atan2(sinSigma, cosSigma)
		sinAlpha := c1 * c2 * sl / sinSigma
		cos2Alpha := 1 - sinAlpha*sinAlpha
		mid := 0.0 // cos(2 sigma m), 0 on the equator
		if cos2Alpha > 0 {
			mid = cosSigma - 2*s1*s2/cos2Alpha
		}
		c := flatness / 16 * cos2Alpha * (4 + flatness*(4-3*cos2Alpha))
		next := l + (1-c)*flatness*sinAlpha*(sigma+c*sinSigma*(mid+c*cosSigma*(2*mid*mid-1)))
		if math.Abs(next-lambda) > 1e-13 {
			lambda = next
			continue
		}
		k2 := cos2Alpha * (1/(poleRatio*poleRatio) - 1)
		f := (math.Sqrt(1+k2) - 1) / (math.Sqrt(1+k2) + 1)
		bigA, bigB := (1+f*f/4)/(1-f), f*(1-3*f*f/8)
		delta := bigB * sinSigma * (mid + bigB/4*(cosSigma*(2*mid*mid-1)-bigB/6*mid*(4*sinSigma*sinSigma-3)*(4*mid*mid-3)))
		return equator * poleRatio * bigA * (sigma - delta), true
	}
	return 0, false
}
