package h3

import "math"

// ijk is a place in a hexagonal grid: steps along three axes that are 120 degrees apart. In the normal form
// none is negative and at least one is zero.
type ijk struct{ i, j, k int }

func (a ijk) normal() ijk {
	m := min(a.i, a.j, a.k)
	return ijk{a.i - m, a.j - m, a.k - m}
}

func (a ijk) plus(b ijk) ijk  { return ijk{a.i + b.i, a.j + b.j, a.k + b.k}.normal() }
func (a ijk) minus(b ijk) ijk { return ijk{a.i - b.i, a.j - b.j, a.k - b.k}.normal() }
func (a ijk) times(n int) ijk { return ijk{a.i * n, a.j * n, a.k * n} }
func (a ijk) sum() int        { return a.i + a.j + a.k }
func (a ijk) ccw() ijk        { return a.onto(ijk{1, 1, 0}, ijk{0, 1, 1}, ijk{1, 0, 1}) }
func (a ijk) cw() ijk         { return a.onto(ijk{1, 0, 1}, ijk{1, 1, 0}, ijk{0, 1, 1}) }
func (a ijk) onto(i, j, k ijk) ijk {
	return i.times(a.i).plus(j.times(a.j)).plus(k.times(a.k))
}

// turned turns a by n times 60 degrees counterclockwise.
func (a ijk) turned(n int) ijk {
	for range n {
		a = a.ccw()
	}
	return a
}

// down leads to the same place in the next finer grid, which is turned ccw at odd resolutions and cw at even
// ones.
func (a ijk) down(odd bool) ijk {
	if odd {
		return a.onto(ijk{3, 0, 1}, ijk{1, 3, 0}, ijk{0, 1, 3})
	}
	return a.onto(ijk{3, 1, 0}, ijk{0, 3, 1}, ijk{1, 0, 3})
}

// up leads to the cell of the next coarser grid; odd is of the finer one.
func (a ijk) up(odd bool) ijk {
	i, j := a.i-a.k, a.j-a.k
	if odd {
		return ijk{seventh(3*i - j), seventh(i + 2*j), 0}.normal()
	}
	return ijk{seventh(2*i + j), seventh(3*j - i), 0}.normal()
}

func seventh(n int) int { return int(math.Round(float64(n) / 7)) }

// third leads to the same place in the grid of a third of the area, twice: there the corners of cells have
// places of their own.
func (a ijk) third() ijk {
	a = a.onto(ijk{2, 0, 1}, ijk{1, 2, 0}, ijk{0, 1, 2})
	return a.onto(ijk{2, 1, 0}, ijk{0, 2, 1}, ijk{1, 0, 2})
}

// units are the places next to the origin, by digit.
var units = [7]ijk{{0, 0, 0}, {0, 0, 1}, {0, 1, 0}, {0, 1, 1}, {1, 0, 0}, {1, 0, 1}, {1, 1, 0}}

// digit tells which unit a normal a is, or 7 if it is none.
func (a ijk) digit() int {
	if a.i > 1 || a.j > 1 || a.k > 1 {
		return 7
	}
	return a.i<<2 | a.j<<1 | a.k
}

const sin60 = 0.8660254037844386467637231707529361834714

// plane is a point of a face's plane, in steps of its grid.
type plane struct{ x, y float64 }

func (a ijk) plane() plane {
	i, j := float64(a.i-a.k), float64(a.j-a.k)
	return plane{i - j/2, j * sin60}
}

// cell rounds to the cell that holds p.
func (p plane) cell() ijk {
	r := p.y / sin60
	q := p.x + r/2 - r
	s := -q - r
	rq, rr, rs := math.Round(q), math.Round(r), math.Round(s)
	dq, dr, ds := math.Abs(rq-q), math.Abs(rr-r), math.Abs(rs-s)
	if dq > dr && dq > ds {
		rq = -rr - rs
	} else if dr > ds {
		rr = -rq - rs
	}
	return ijk{int(rq + rr), int(rr), 0}.normal()
}

// cross returns where the line through a and b meets the line through c and d.
func cross(a, b, c, d plane) plane {
	s, t := plane{b.x - a.x, b.y - a.y}, plane{d.x - c.x, d.y - c.y}
	f := (t.x*(a.y-c.y) - t.y*(a.x-c.x)) / (s.x*t.y - t.x*s.y)
	return plane{a.x + f*s.x, a.y + f*s.y}
}

func (p plane) near(q plane) bool {
	const e = 1.1920929e-07
	return math.Abs(p.x-q.x) < e && math.Abs(p.y-q.y) < e
}
