package geo

import (
	"math"

	"github.com/golang/geo/r3"
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// maxDense is how many places a densified shape may have.
const maxDense = 10485760

// Densify adds places to edges that are meant as straight lines on the map, so that the geodesics between them
// stay within tolerance metres of those. A line that then passes the antimeridian is cut there, unless crossing
// says that it shall stay whole. False if the input is invalid or the result too large.
func Densify(parts [][]Coord, tolerance float64, crossing bool) ([][]Coord, bool) {
	var out [][]Coord
	total := 0
	for _, cs := range parts {
		ps, ok := densify(cs, tolerance)
		if total += len(ps); !ok || total > maxDense {
			return nil, false
		}
		if crossing {
			out = append(out, coords(ps))
		} else {
			out = append(out, cutAtAntimeridian(ps)...)
		}
	}
	return out, len(out) > 0
}

// densify accepts any longitude: the map goes on beyond the antimeridian.
func densify(cs []Coord, tolerance float64) ([]s2.Point, bool) {
	if len(cs) < 2 {
		return nil, false
	}
	var out []s2.Point
	for i, c := range cs {
		if math.IsNaN(c[0]) || math.IsInf(c[0], 0) || !(Coord{0, c[1]}).Valid() {
			return nil, false
		}
		if i == 0 {
			out = append(out, c.point())
			continue
		}
		a, b := cs[i-1], c
		if d := b[0] - a[0]; math.Abs(d) > 180 && a[0]*b[0] < 0 {
			b[0] = a[0] + math.Remainder(d, 360) // the shorter way, over the antimeridian
		}
		if a == b {
			return nil, false
		}
		if out = tessellate(out, a, a.point(), b, c.point(), angle(tolerance)); len(out) > maxDense {
			return nil, false
		}
	}
	return out, true
}

// tessellate halves an edge of the map until the geodesic is near enough. The distance is largest somewhere
// around probe from either end; scale makes up for what these two places miss.
// https://github.com/google/s2geometry/blob/master/src/s2/s2edge_tessellator.cc explains the numbers.
func tessellate(out []s2.Point, a Coord, pa s2.Point, b Coord, pb s2.Point, tolerance s1.Angle) []s2.Point {
	const probe, scale = 0.31215691082248312, 0.83829992569888509
	at := func(f float64) Coord { return Coord{a[0]*(1-f) + b[0]*f, a[1]*(1-f) + b[1]*f} }
	off := func(f float64) s1.Angle { return s2.Interpolate(f, pa, pb).Distance(at(f).point()) }
	if len(out) > maxDense || pa.Dot(pb.Vector) >= -1e-14 && max(off(probe), off(1-probe)) <= tolerance*scale {
		return append(out, pb)
	}
	mid := at(0.5)
	pm := mid.point()
	return tessellate(tessellate(out, a, pa, mid, pm, tolerance), mid, pm, b, pb, tolerance)
}

// cutAtAntimeridian splits a line where an edge passes longitude 180.
func cutAtAntimeridian(ps []s2.Point) [][]Coord {
	const east = 180 - 1e-12
	var out [][]Coord
	part := []Coord{coord(ps[0])}
	for i := 1; i < len(ps); i++ {
		a, b := part[len(part)-1], coord(ps[i])
		if math.Abs(a[0]-b[0]) > 180 {
			switch {
			case math.Abs(b[0]) == 180:
				b[0] = -b[0]
			case math.Abs(a[0]) == 180:
				out = append(out, part)
				part = []Coord{{-a[0], a[1]}}
			default:
				// Where the plane of the edge meets the half plane of the antimeridian.
				x := ps[i-1].PointCross(ps[i]).Cross(r3.Vector{Y: 1})
				if x.X > 0 {
					x = x.Mul(-1)
				}
				side, lat := math.Copysign(east, a[0]), s2.LatLngFromPoint(s2.Point{Vector: x.Normalize()}).Lat.Degrees()
				out = append(out, append(part, Coord{side, lat}))
				part = []Coord{{-side, lat}}
			}
		}
		part = append(part, b)
	}
	return append(out, part)
}

// Densify does the same for the polygons of an area, which are not cut.
func (a *Area) Densify(tolerance float64) ([][][]Coord, bool) {
	var out [][][]Coord
	total := 0
	for _, p := range a.parts {
		var rings [][]Coord
		for _, r := range p.given {
			ps, ok := densify(r, tolerance)
			if total += len(ps); !ok || total > maxDense {
				return nil, false
			}
			rings = append(rings, coords(ps))
		}
		out = append(out, rings)
	}
	return out, true
}
