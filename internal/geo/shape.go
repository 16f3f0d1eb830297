// Package geo is the geometry of the geo_ functions: points, lines and areas on a sphere, what lies where,
// how far and how large it is, and shapes made of other shapes. Its input and output are longitudes and
// latitudes in degrees; the functions' package reads and writes GeoJSON. Package h3 below it is the hexagonal
// grid. It imports nothing else of the project and uses the S2 library for predicates on the sphere.
//
// Start with Line, Area and their constructors here. All edges are geodesics, and a distance is an angle times
// EarthRadius, as in Kusto: https://learn.microsoft.com/kusto/query/geospatial-grid-systems
package geo

import (
	"math"
	"slices"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// EarthRadius is the radius of the sphere in metres.
const EarthRadius = 6371010.0

// Coord is a longitude and a latitude in degrees.
type Coord [2]float64

// Valid tells whether both numbers are in their ranges.
func (c Coord) Valid() bool {
	return c[0] >= -180 && c[0] <= 180 && c[1] >= -90 && c[1] <= 90
}

func coords(ps []s2.Point) []Coord {
	out := make([]Coord, len(ps))
	for i, p := range ps {
		out[i] = coord(p)
	}
	return out
}

func metres(a s1.Angle) float64 { return float64(a) * EarthRadius }

func angle(metres float64) s1.Angle { return s1.Angle(metres / EarthRadius) }

// Line is one polyline or several.
type Line struct{ parts [][]s2.Point }

// NewLine makes a line; false if a part has fewer than two places, a place out of range, or an edge that
// leads nowhere or halfway round the globe.
func NewLine(parts [][]Coord) (*Line, bool) {
	l := &Line{}
	for _, cs := range parts {
		var ps []s2.Point
		for i, c := range cs {
			if !c.Valid() {
				return nil, false
			}
			ps = append(ps, c.point())
			if i > 0 && !properEdge(ps[i-1], ps[i]) {
				return nil, false
			}
		}
		if len(ps) < 2 {
			return nil, false
		}
		l.parts = append(l.parts, ps)
	}
	return l, len(l.parts) > 0
}

// properEdge tells whether there is one shortest way from a to b.
func properEdge(a, b s2.Point) bool { return a != b && a.Add(b.Vector).Norm() > 1e-15 }

// Parts returns the places of each part.
func (l *Line) Parts() [][]Coord {
	out := make([][]Coord, len(l.parts))
	for i, p := range l.parts {
		out[i] = coords(p)
	}
	return out
}

// Single tells whether the line has only one part.
func (l *Line) Single() bool { return len(l.parts) == 1 }

func (l *Line) edges() []edge {
	var out []edge
	for _, p := range l.parts {
		for i := 1; i < len(p); i++ {
			out = append(out, edge{p[i-1], p[i]})
		}
	}
	return out
}

// edge is a geodesic, the shorter way from a to b.
type edge struct{ a, b s2.Point }

func (e edge) mid() s2.Point { return s2.Point{Vector: e.a.Add(e.b.Vector).Normalize()} }

// ring is a closed boundary without its closing point; the inside is on the left. The loop over it is
// normalized: it always holds the smaller side.
type ring struct {
	at   []s2.Point
	loop *s2.Loop
	hole bool
}

func newRing(at []s2.Point) ring {
	loop := s2.LoopFromPoints(at)
	r := ring{at: at, loop: loop}
	if !loop.IsNormalized() {
		r.loop, r.hole = s2.LoopFromPoints(reversed(at)), true
	}
	r.loop.ContainsPoint(at[0]) // builds the loop's index now: later several threads may ask at once
	return r
}

func reversed(at []s2.Point) []s2.Point {
	out := slices.Clone(at)
	slices.Reverse(out)
	return out
}

// polygon is a set of rings that do not cross: a point is inside if it lies in an odd number of them.
type polygon struct {
	rings []ring
	given [][]Coord // the closed rings as they were given, in the rings' directions; nil for a computed polygon
}

func (p *polygon) contains(q s2.Point) bool {
	in := false
	for i := range p.rings {
		if p.rings[i].loop.ContainsPoint(q) {
			in = !in
		}
	}
	return in
}

func (p *polygon) edges() []edge {
	var out []edge
	for _, r := range p.rings {
		for i := range r.at {
			out = append(out, edge{r.at[i], r.at[(i+1)%len(r.at)]})
		}
	}
	return out
}

func (p *polygon) corners() int {
	n := 0
	for _, r := range p.rings {
		n += len(r.at)
	}
	return n
}

// Area is one polygon or several, which may overlap.
type Area struct{ parts []*polygon }

// NewArea makes an area of polygons, each given by its shell and its holes as closed rings; false if one is
// invalid: too short, not closed, with a repeated place, an edge that leads halfway round the globe, or edges
// that cross or coincide. Of the two sides of a ring the smaller one counts, whatever its direction.
func NewArea(polygons [][][]Coord) (*Area, bool) {
	a := &Area{}
	for _, rings := range polygons {
		p := &polygon{}
		for i, cs := range rings {
			at, ok := ringPoints(cs)
			if !ok {
				return nil, false
			}
			r := newRing(at)
			if r.hole != (i > 0) {
				// Without its closing place, so that the ring begins with the last one.
				cs = slices.Clone(cs[:len(cs)-1])
				slices.Reverse(cs)
				cs = append(cs, cs[0])
				r = ring{at: reversed(at), loop: r.loop, hole: i > 0}
			}
			p.rings, p.given = append(p.rings, r), append(p.given, cs)
		}
		if len(p.rings) == 0 || !p.simple() {
			return nil, false
		}
		a.parts = append(a.parts, p)
	}
	return a, len(a.parts) > 0
}

func ringPoints(cs []Coord) ([]s2.Point, bool) {
	if len(cs) < 4 || cs[0] != cs[len(cs)-1] {
		return nil, false
	}
	seen := map[s2.Point]bool{}
	var at []s2.Point
	for _, c := range cs[:len(cs)-1] {
		if !c.Valid() {
			return nil, false
		}
		p := c.point()
		if seen[p] {
			return nil, false
		}
		seen[p] = true
		at = append(at, p)
	}
	for i := range at {
		if !properEdge(at[i], at[(i+1)%len(at)]) {
			return nil, false
		}
	}
	return at, true
}

// simple tells whether no two edges cross or coincide.
func (p *polygon) simple() bool {
	edges := p.edges()
	known := map[edge]bool{}
	for _, e := range edges {
		if known[e] || known[edge{e.b, e.a}] {
			return false
		}
		known[e] = true
	}
	crossed := false
	eachPair(edges, edges, true, func(i, j int) bool {
		crossed = s2.CrossingSign(edges[i].a, edges[i].b, edges[j].a, edges[j].b) == s2.Cross
		return !crossed
	})
	return !crossed
}

// contains tells whether any of the polygons holds q.
func (a *Area) contains(q s2.Point) bool {
	for _, p := range a.parts {
		if p.contains(q) {
			return true
		}
	}
	return false
}

func (a *Area) edges() []edge {
	var out []edge
	for _, p := range a.parts {
		out = append(out, p.edges()...)
	}
	return out
}

// Polygons returns the closed rings of each polygon: shells counterclockwise, each followed by its holes.
func (a *Area) Polygons() [][][]Coord {
	var out [][][]Coord
	for _, p := range a.parts {
		out = append(out, p.closed()...)
	}
	return out
}

// closed groups the rings of a polygon by shell.
func (p *polygon) closed() [][][]Coord {
	var shells []ring
	var out [][][]Coord
	for _, r := range p.rings {
		if !r.hole {
			shells = append(shells, r)
			out = append(out, [][]Coord{closedRing(r.at)})
		}
	}
	for _, r := range p.rings {
		if !r.hole || len(shells) == 0 {
			continue
		}
		best := 0
		for i := range shells {
			if shells[i].holds(r) && (!shells[best].holds(r) || shells[i].loop.Area() < shells[best].loop.Area()) {
				best = i
			}
		}
		out[best] = append(out[best], closedRing(r.at))
	}
	return out
}

// holds tells whether a ring lies within another, which it may touch but not cross.
func (r ring) holds(inner ring) bool {
	own := map[s2.Point]bool{}
	for _, p := range r.at {
		own[p] = true
	}
	for _, p := range inner.at {
		if !own[p] {
			return r.loop.ContainsPoint(p)
		}
	}
	return r.loop.ContainsPoint(edge{inner.at[0], inner.at[1]}.mid())
}

func closedRing(at []s2.Point) []Coord {
	cs := coords(at)
	return append(cs, cs[0])
}

// eachPair calls f for the pairs of edges, by index, that are near enough to meet, until it says no; within
// one list, each pair once. The edges are sorted along one axis, so that far ones are never compared.
func eachPair(a, b []edge, same bool, f func(i, j int) bool) {
	boxes := func(es []edge) []box {
		out := make([]box, len(es))
		for i, e := range es {
			out[i] = e.box()
		}
		return out
	}
	ab, bb := boxes(a), boxes(b)
	byX := sortedByLow(bb)
	widest := 0.0
	for _, x := range bb {
		widest = math.Max(widest, x.hi[0]-x.lo[0])
	}
	for i, x := range ab {
		for k := firstFrom(bb, byX, x.lo[0]-widest); k < len(byX) && bb[byX[k]].lo[0] <= x.hi[0]; k++ {
			j := byX[k]
			if same && j <= i || !x.meets(bb[j]) {
				continue
			}
			if !f(i, j) {
				return
			}
		}
	}
}
