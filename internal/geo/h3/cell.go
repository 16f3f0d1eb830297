// Package h3 is the hexagonal grid that geo_point_to_h3cell() and its relatives use: cells of the sphere in
// 16 resolutions, each with a 64-bit number. It is written in Go, without the C library of the grid, so that
// the compiler packages need no C compiler. It imports nothing of the project; start with FromPoint.
//
// The grid is that of https://h3geo.org/docs/core-library/overview: hexagons on the 20 faces of an
// icosahedron, and a pentagon at each of its 12 corners.
package h3

import (
	"math"
	"strconv"
)

// MaxResolution is the finest resolution.
const MaxResolution = 15

// Cell is the number of a cell.
type Cell uint64

const (
	empty     Cell = 1<<59 | 1<<45 - 1
	resShift       = 52
	baseShift      = 45
)

// Parse reads the hexadecimal form of a cell's number.
func Parse(text string) (Cell, bool) {
	n, err := strconv.ParseUint(text, 16, 64)
	c := Cell(n)
	return c, err == nil && c.valid()
}

func (c Cell) String() string { return strconv.FormatUint(uint64(c), 16) }

// Resolution is 0 for the largest cells to 15 for the smallest.
func (c Cell) Resolution() int { return int(c >> resShift & 15) }

func (c Cell) base() int { return int(c >> baseShift & 127) }

func (c Cell) digit(r int) int { return int(c >> (3 * (15 - r)) & 7) }

func (c Cell) with(r, digit int) Cell {
	s := 3 * (15 - r)
	return c&^(7<<s) | Cell(digit)<<s
}

func (c Cell) withBase(b int) Cell { return c&^(127<<baseShift) | Cell(b)<<baseShift }

func (c Cell) withResolution(r int) Cell { return c&^(15<<resShift) | Cell(r)<<resShift }

func (c Cell) valid() bool {
	if c>>56 != 0x08 || c.base() >= len(baseCells) {
		return false
	}
	for r := 1; r <= MaxResolution; r++ {
		if (c.digit(r) == 7) != (r > c.Resolution()) {
			return false
		}
	}
	return !(baseCells[c.base()].pentagon && c.lead() == 1)
}

// lead is the first digit that is not zero.
func (c Cell) lead() int {
	for r := 1; r <= c.Resolution(); r++ {
		if d := c.digit(r); d != 0 {
			return d
		}
	}
	return 0
}

func (c Cell) pentagon() bool { return baseCells[c.base()].pentagon && c.lead() == 0 }

// turnDigit turns a digit's direction by 60 degrees.
func turnDigit(d int, ccw bool) int {
	if ccw {
		return units[d].ccw().digit()
	}
	return units[d].cw().digit()
}

// turned turns all digits by 60 degrees.
func (c Cell) turned(ccw bool) Cell {
	for r := 1; r <= c.Resolution(); r++ {
		c = c.with(r, turnDigit(c.digit(r), ccw))
	}
	return c
}

// turnedPentagon turns as turned does, jumping over the part that a pentagon lacks.
func (c Cell) turnedPentagon(ccw bool) Cell {
	c = c.turned(ccw)
	if c.lead() == 1 {
		c = c.turned(ccw)
	}
	return c
}

// FromPoint returns the cell that holds a point, in degrees.
func FromPoint(lng, lat float64, res int) Cell {
	return fromRadians(latLng{lat * math.Pi / 180, lng * math.Pi / 180}, res)
}

func fromRadians(p latLng, res int) Cell { return locate(p, res).cell(res) }

// cell numbers the cell at q.
func (q spot) cell(res int) Cell {
	c := empty.withResolution(res)
	at := q.at
	for r := res; r >= 1; r-- {
		up := at.up(odd(r))
		c = c.with(r, at.minus(up.down(odd(r))).digit())
		at = up
	}
	b := baseSpots[q.face][9*at.i+3*at.j+at.k]
	c = c.withBase(b.cell)
	base := &baseCells[b.cell]
	if !base.pentagon {
		for range b.rot {
			c = c.turned(true)
		}
		return c
	}
	if c.lead() == 1 {
		c = c.turned(q.face != base.cw1 && q.face != base.cw2)
	}
	for range b.rot {
		c = c.turnedPentagon(true)
	}
	return c
}

// spot finds the face on which the cell's centre lies, and its place there.
func (c Cell) spot() spot {
	base := &baseCells[c.base()]
	if base.pentagon && c.lead() == 5 {
		c = c.turned(false)
	}
	res := c.Resolution()
	q := spot{base.face, base.at}
	for r := 1; r <= res; r++ {
		q.at = q.at.down(odd(r)).plus(units[c.digit(r)])
	}
	if !base.pentagon && (res == 0 || base.at == ijk{}) {
		return q
	}
	even, before := res, q.at
	if odd(res) {
		q.at = q.at.down(false)
		even++
	}
	if q.settle(even, base.pentagon && c.lead() == 4, false) == inside {
		q.at = before
		return q
	}
	if base.pentagon {
		for q.settle(even, false, false) != inside {
		}
	}
	if even != res {
		q.at = q.at.up(false)
	}
	return q
}

func (c Cell) centre() vec { return c.spot().vec(c.Resolution(), false) }

func degrees(v vec) [2]float64 {
	p := v.latLng()
	return [2]float64{p.lng * 180 / math.Pi, p.lat * 180 / math.Pi}
}

// Centre returns the longitude and latitude of the cell's centre.
func (c Cell) Centre() [2]float64 { return degrees(c.centre()) }

var (
	evenCorners = [6]ijk{{2, 1, 0}, {1, 2, 0}, {0, 2, 1}, {0, 1, 2}, {1, 0, 2}, {2, 0, 1}}
	oddCorners  = [6]ijk{{5, 4, 0}, {1, 5, 0}, {0, 5, 4}, {0, 1, 5}, {4, 0, 5}, {5, 0, 1}}
)

// corners lists the places of the cell's corners, counterclockwise, in the plane of its centre's face, and
// the even resolution they are in.
func (c Cell) corners() ([]spot, int) {
	res := c.Resolution()
	q := c.spot()
	q.at = q.at.third()
	from := evenCorners[:]
	if odd(res) {
		q.at = q.at.down(false)
		res++
		from = oddCorners[:]
	}
	if c.pentagon() {
		from = from[:5]
	}
	out := make([]spot, len(from))
	for i, v := range from {
		out[i] = spot{q.face, q.at.plus(v)}
	}
	return out, res
}

// Boundary returns the corners of the cell, counterclockwise, as longitude and latitude. Where an edge passes
// from one face of the icosahedron to another, it has a corner more.
func (c Cell) Boundary() [][2]float64 {
	corners, res := c.corners()
	var out [][2]float64
	if c.pentagon() {
		for _, v := range c.pentagonBoundary(corners, res) {
			out = append(out, degrees(v))
		}
		return out
	}
	home := corners[0].face
	n := len(corners)
	last, lastOver := -1, inside
	for step := 0; step <= n; step++ {
		q := corners[step%n]
		over := q.settle(res, false, true)
		if odd(c.Resolution()) && step > 0 && q.face != last && lastOver != onEdge {
			a, b := corners[(step-1)%n].at.plane(), corners[step%n].at.plane()
			other := last
			if last == home {
				other = q.face
			}
			e, f := side(home, other, res)
			if x := cross(a, b, e, f); !x.near(a) && !x.near(b) {
				out = append(out, degrees(x.vec(home, res, true)))
			}
		}
		if step < n {
			out = append(out, degrees(q.vec(res, true)))
		}
		last, lastOver = q.face, over
	}
	return out
}

// settleCorner moves a corner of a pentagon to the face it lies on.
func (q *spot) settleCorner(res int) {
	for q.settle(res, false, true) == moved {
	}
}

func (c Cell) pentagonBoundary(corners []spot, res int) []vec {
	var out []vec
	var last spot
	n := len(corners)
	for step := 0; step <= n; step++ {
		q := corners[step%n]
		q.settleCorner(res)
		if odd(c.Resolution()) && step > 0 {
			// Each edge of an odd pentagon passes to another face: the current corner, seen from the last one's.
			moved := q
			for _, s := range faceSteps[q.face] {
				if s.face == last.face {
					moved = spot{s.face, q.at.turned(s.rot).plus(s.move.times(3 * extent(res) / 2))}
				}
			}
			e, f := side(moved.face, q.face, res)
			out = append(out, cross(last.at.plane(), moved.at.plane(), e, f).vec(moved.face, res, true))
		}
		if step < n {
			out = append(out, q.vec(res, true))
		}
		last = q
	}
	return out
}
