package geo

import (
	"math"

	"github.com/golang/geo/r3"
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// A brush draws what lies within a radius of a shape. Arcs become chords, whose distance from the arc is at
// most the tolerance.
type brush struct {
	radius s1.Angle
	vertex s1.Angle // turn between the places of an arc around a corner
	edge   s1.Angle // way along an edge between the places of its parallel
	path   []s2.Point
}

// maxTurn is the widest step of an arc.
const maxTurn = 2*math.Pi/3 + 1e-15

// newBrush makes a brush of a radius and a tolerance in metres; false if they make no sense together, or the
// radius reaches halfway round the globe.
func newBrush(radius, tolerance float64) (*brush, bool) {
	fraction := tolerance / radius
	if !(radius > 0) || !(tolerance > 0) || fraction < 1e-6 || radius >= math.Pi*EarthRadius/2 {
		return nil, false
	}
	r := angle(radius)
	e := s1.Angle(math.Min(fraction, 1-1e-9)) * r
	b := &brush{radius: r, vertex: span(r, e), edge: math.Pi}
	if parallel := math.Pi/2 - r; parallel > e {
		b.edge = span(parallel, e)
	}
	return b, true
}

// span is how far apart, seen from the centre, places on a circle may be.
func span(radius, tolerance s1.Angle) s1.Angle {
	step := s1.Angle(2 * math.Acos(math.Tan(float64(radius-tolerance))/math.Tan(float64(radius))))
	return min(step, maxTurn)
}

func along(p, dir r3.Vector, by s1.Angle) s2.Point {
	sin, cos := math.Sincos(float64(by))
	return s2.Point{Vector: p.Mul(cos).Add(dir.Mul(sin)).Normalize()}
}

// circle is the ring around a point.
func (b *brush) circle(p s2.Point) []s2.Point {
	n := math.Ceil(2 * math.Pi / float64(b.vertex))
	start := s2.Ortho(p).Vector
	side := p.Cross(start).Normalize()
	var out []s2.Point
	for i := range int(n) {
		sin, cos := math.Sincos(float64(i) * 2 * math.Pi / n)
		out = append(out, along(p.Vector, start.Mul(cos).Add(side.Mul(sin)), b.radius))
	}
	return out
}

// right is the direction to the right of the edge from a to b.
func right(a, b s2.Point) r3.Vector { return b.PointCross(a).Normalize() }

// arc draws around v from direction from to direction to, counterclockwise, without the end.
func (b *brush) arc(v s2.Point, from, to r3.Vector) {
	side := v.Cross(from).Normalize()
	whole := s1.Angle(from.Angle(to))
	for a := s1.Angle(0); a == 0 || a < whole; a += b.vertex {
		b.path = append(b.path, along(v.Vector, along(from, side, a).Vector, b.radius))
	}
}

// beside draws along the edge from p to q at its right, without the end.
func (b *brush) beside(p, q s2.Point) {
	axis := right(p, q)
	ahead := p.Cross(axis).Normalize()
	whole := p.Distance(q)
	for a := s1.Angle(0); a == 0 || a < whole; a += b.edge {
		b.path = append(b.path, along(along(p.Vector, ahead, a).Vector, axis, b.radius))
	}
}

// corner draws along the edge from p to q and around q to the edge that leads on to r.
func (b *brush) corner(p, q, r s2.Point) {
	b.beside(p, q)
	if s2.RobustSign(p, q, r) != s2.Clockwise {
		b.arc(q, right(p, q), right(q, r))
		return
	}
	b.path = append(b.path, along(q.Vector, right(p, q), b.radius), q)
}

// ring draws around a closed ring whose inside is on the left.
func (b *brush) ring(at []s2.Point) []s2.Point {
	b.path = nil
	n := len(at)
	for i := range at {
		b.corner(at[i], at[(i+1)%n], at[(i+2)%n])
	}
	return b.path
}

// line draws around both sides of a line, with round ends.
func (b *brush) line(at []s2.Point) []s2.Point {
	b.path = nil
	n := len(at)
	axis := right(at[0], at[1])
	b.arc(at[0], axis.Mul(-1), axis)
	for i := 0; i+2 < n; i++ {
		b.corner(at[i], at[i+1], at[i+2])
	}
	b.beside(at[n-2], at[n-1])
	axis = right(at[n-2], at[n-1])
	b.arc(at[n-1], axis, axis.Mul(-1))
	for i := n - 3; i >= 0; i-- {
		b.corner(at[i+2], at[i+1], at[i])
	}
	b.beside(at[1], at[0])
	return b.path
}

// BufferPoint is the polygon of all places within radius metres of p.
func BufferPoint(p Coord, radius, tolerance float64) ([]Coord, bool) {
	b, ok := newBrush(radius, tolerance)
	if !ok {
		return nil, false
	}
	return closedRing(b.circle(p.point())), true
}

// Buffer is what lies within radius metres of a line.
func (l *Line) Buffer(radius, tolerance float64) ([][][]Coord, bool) {
	b, ok := newBrush(radius, tolerance)
	if !ok {
		return nil, false
	}
	var paths [][]s2.Point
	for _, p := range l.parts {
		paths = append(paths, b.line(p))
	}
	p, ok := covered(paths)
	if !ok {
		return nil, false
	}
	return p.closed(), true
}

// Buffer is what lies within radius metres of an area.
func (a *Area) Buffer(radius, tolerance float64) ([][][]Coord, bool) {
	p, ok := a.buffer(radius, tolerance)
	if !ok {
		return nil, false
	}
	return p.closed(), true
}

func (a *Area) buffer(radius, tolerance float64) (*polygon, bool) {
	b, ok := newBrush(radius, tolerance)
	if !ok {
		return nil, false
	}
	var paths [][]s2.Point
	for _, p := range a.parts {
		for _, r := range p.rings {
			paths = append(paths, b.ring(r.at))
		}
	}
	return covered(paths)
}

// Buffered is the area enlarged by radius metres.
func (a *Area) Buffered(radius, tolerance float64) (*Area, bool) {
	p, ok := a.buffer(radius, tolerance)
	if !ok {
		return nil, false
	}
	return &Area{parts: []*polygon{p}}, true
}

// maxBrushed bounds the places of a drawn outline.
const maxBrushed = 200000

// covered is what closed paths go around at least once counterclockwise. They may cross themselves and each
// other. It is found from the pieces between their crossings: a piece bounds the result if on its left the
// paths go around at least once, and on its right they do not. False if there is nothing, or too much.
func covered(paths [][]s2.Point) (*polygon, bool) {
	var edges []edge
	for _, p := range paths {
		for i := range p {
			if e := (edge{p[i], p[(i+1)%len(p)]}); e.a.Sub(e.b.Vector).Norm() > slack {
				edges = append(edges, e)
			}
		}
	}
	if len(edges) > maxBrushed {
		return nil, false
	}
	x := arrange(edges, nil, true)
	w, ok := newWinding(x)
	if !ok {
		return nil, false
	}
	var kept []piece
	for _, p := range w.pieces {
		if r := w.rightOf(p); r <= 0 && r+w.net[p.ends()] > 0 {
			kept = append(kept, p)
		}
	}
	out := &polygon{rings: x.loops(kept)}
	return out, len(out.rings) > 0
}
