package geo

import (
	"math"

	"github.com/golang/geo/r3"
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// Distance is the length of the way from a to b on the sphere, in metres.
func Distance(a, b Coord) float64 { return metres(a.point().Distance(b.point())) }

// InCircle tells whether p is at most radius metres from the centre.
func InCircle(p, centre Coord, radius float64) bool {
	return s2.CapFromCenterAngle(centre.point(), angle(radius)).ContainsPoint(p.point())
}

// heading is the tangent at a towards b; false if they coincide or lie on opposite sides of the globe.
func heading(a, b s2.Point) (r3.Vector, bool) {
	if !properEdge(a, b) {
		return r3.Vector{}, false
	}
	return a.PointCross(b).Cross(a.Vector), true
}

// clockwise is the angle in [0, 2π) by which one must turn from u to v, two tangents at p.
func clockwise(p s2.Point, u, v r3.Vector) float64 {
	t := math.Atan2(v.Cross(u).Dot(p.Vector), u.Dot(v))
	if t < 0 {
		t += 2 * math.Pi
	}
	if t >= 2*math.Pi {
		t = 0
	}
	return t
}

// Azimuth is the direction from a to b, clockwise from north, in radians; false if there is none.
func Azimuth(a, b Coord) (float64, bool) {
	p := a.point()
	v, ok := heading(p, b.point())
	if !ok {
		return 0, false
	}
	sin, cos := math.Sincos(a[0] * math.Pi / 180)
	sinLat, cosLat := math.Sincos(a[1] * math.Pi / 180)
	return clockwise(p, r3.Vector{X: -sinLat * cos, Y: -sinLat * sin, Z: cosLat}, v), true
}

// Angle is the angle at b from the line to a, clockwise, to the line to c, in radians; false if there is none.
func Angle(a, b, c Coord) (float64, bool) {
	p := b.point()
	u, ok1 := heading(p, a.point())
	v, ok2 := heading(p, c.point())
	if !ok1 || !ok2 {
		return 0, false
	}
	return clockwise(p, u, v), true
}

// nearest finds the point of the edges that is closest to p.
func nearest(p s2.Point, edges []edge) (s2.Point, s1.Angle) {
	best, at := s1.InfAngle(), p
	for _, e := range edges {
		if d := s2.DistanceFromSegment(p, e.a, e.b); d < best {
			best, at = d, s2.Project(p, e.a, e.b)
		}
	}
	return at, best
}

// DistanceTo is how far p is from the line, in metres.
func (l *Line) DistanceTo(p Coord) float64 {
	_, d := nearest(p.point(), l.edges())
	return metres(d)
}

// Closest is the place of the line that is closest to p.
func (l *Line) Closest(p Coord) Coord {
	q, _ := nearest(p.point(), l.edges())
	return coord(q)
}

// Contains tells whether p is inside.
func (a *Area) Contains(p Coord) bool { return a.contains(p.point()) }

// DistanceTo is how far p is from the area, in metres; 0 inside.
func (a *Area) DistanceTo(p Coord) float64 {
	q := p.point()
	if a.contains(q) {
		return 0
	}
	_, d := nearest(q, a.edges())
	return metres(d)
}

// Closest is the place of the area that is closest to p: p itself if it is inside.
func (a *Area) Closest(p Coord) Coord {
	q := p.point()
	if a.contains(q) {
		return p
	}
	q, _ = nearest(q, a.edges())
	return coord(q)
}

// Length is the length in metres; what several parts share counts once.
func (l *Line) Length() float64 {
	sum := s1.Angle(0)
	for _, e := range l.merged().edges() {
		sum += e.a.Distance(e.b)
	}
	return metres(sum)
}

// Centroid is the middle of the line's length; false if there is none.
func (l *Line) Centroid() (Coord, bool) {
	var sum r3.Vector
	for _, e := range l.merged().edges() {
		sum = sum.Add(s2.EdgeTrueCentroid(e.a, e.b).Vector)
	}
	return direction(sum)
}

func direction(v r3.Vector) (Coord, bool) {
	if v.Norm2() == 0 {
		return Coord{}, false
	}
	return coord(s2.Point{Vector: v.Normalize()}), true
}

// sign is -1 for a hole.
func (r ring) sign() float64 {
	if r.hole {
		return -1
	}
	return 1
}

// Size is the area in square metres; overlaps count once.
func (a *Area) Size() float64 {
	sum := 0.0
	for _, r := range a.union().rings {
		sum += r.sign() * r.loop.Area()
	}
	return sum * EarthRadius * EarthRadius
}

// Perimeter is the length of the boundary in metres, of the union of several polygons.
func (a *Area) Perimeter() float64 {
	sum := s1.Angle(0)
	for _, e := range a.union().edges() {
		sum += e.a.Distance(e.b)
	}
	return metres(sum)
}

// Centroid is the middle of the area; false if there is none.
func (a *Area) Centroid() (Coord, bool) {
	var sum r3.Vector
	for _, r := range a.union().rings {
		sum = sum.Add(r.loop.Centroid().Mul(r.sign()))
	}
	return direction(sum)
}

// Interpolate is the place at a fraction, 0 to 1, of the length of a line of one part.
func (l *Line) Interpolate(fraction float64) Coord {
	p := s2.Polyline(l.parts[0])
	q, _ := p.Interpolate(fraction)
	return coord(q)
}

// Locate is the fraction, 0 to 1, of a line of one part at which it is closest to p.
func (l *Line) Locate(p Coord, spheroid bool) float64 {
	at := l.parts[0]
	q := p.point()
	best, index := s1.InfAngle(), 0
	for i := 1; i < len(at); i++ {
		if d := s2.DistanceFromSegment(q, at[i-1], at[i]); d < best {
			best, index = d, i
		}
	}
	length := func(a, b s2.Point) float64 {
		if spheroid {
			return SpheroidDistance(coord(a), coord(b))
		}
		return float64(a.Distance(b))
	}
	done, all := 0.0, 0.0
	for i := 1; i < len(at); i++ {
		if i == index {
			done = all + length(at[i-1], s2.Project(q, at[i-1], at[i]))
		}
		all += length(at[i-1], at[i])
	}
	return math.Min(1, done/all)
}
