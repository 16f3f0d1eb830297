package geo

import (
	"slices"

	"github.com/golang/geo/s2"
)

// Shapes is what an intersection may consist of.
type Shapes struct {
	Points   []Coord
	Lines    [][]Coord
	Polygons [][][]Coord
}

// union joins the polygons of the area.
func (a *Area) union() *polygon {
	if len(a.parts) == 1 {
		return a.parts[0]
	}
	return unite(a.parts)
}

// unite joins polygons two by two, the smallest first: which ones decides where the result's rings begin. As in
// S2, a union counts as having the corners of both.
func unite(parts []*polygon) *polygon {
	type sized struct {
		size int
		*polygon
	}
	var queue []sized
	push := func(s sized) {
		i := len(queue)
		for i > 0 && queue[i-1].size > s.size {
			i--
		}
		queue = slices.Insert(queue, i, s)
	}
	for _, p := range parts {
		push(sized{p.corners(), p})
	}
	for len(queue) > 1 {
		a, b := queue[0].polygon, queue[1].polygon
		queue = queue[2:]
		push(sized{a.corners() + b.corners(), unitePair(a, b)})
	}
	return queue[0].polygon
}

// unitePair keeps the pieces of each boundary that lie outside the other polygon, and those that both have in
// the same direction.
func unitePair(p, q *polygon) *polygon {
	x := arrange(p.edges(), q.edges(), false)
	return &polygon{rings: x.loops(x.bounding(p, q, false))}
}

// bounding picks the pieces that bound the union, or the intersection, of two polygons.
func (x *arrangement) bounding(p, q *polygon, inside bool) []piece {
	inA, inB := endsOf(x.a), endsOf(x.b)
	var out []piece
	for _, s := range x.a {
		if inB[s.ends()] || !inB[s.back()] && q.contains(x.mid(s)) == inside {
			out = append(out, s)
		}
	}
	for _, s := range x.b {
		if !inA[s.ends()] && !inA[s.back()] && p.contains(x.mid(s)) == inside {
			out = append(out, s)
		}
	}
	return out
}

// Union joins areas to one.
func Union(areas []*Area) [][][]Coord {
	var parts []*polygon
	for _, a := range areas {
		parts = append(parts, a.parts...)
	}
	return unite(parts).closed()
}

// merged is the line with each edge once, in whichever direction it comes first.
func (l *Line) merged() *Line {
	if len(l.parts) == 1 {
		return l
	}
	return &Line{parts: uniteLines(l.edges())}
}

func uniteLines(edges []edge) [][]s2.Point {
	n := newNodes()
	seen := map[[2]int]bool{}
	var ps []piece
	for i, e := range edges {
		p := piece{n.of(e.a), n.of(e.b), i}
		if p.from == p.to || seen[p.ends()] || seen[p.back()] {
			continue
		}
		seen[p.ends()] = true
		ps = append(ps, p)
	}
	return n.paths(ps)
}

// UnionLines joins lines to as few as possible, with what they share only once.
func UnionLines(lines []*Line) [][]Coord {
	var edges []edge
	for _, l := range lines {
		edges = append(edges, l.edges()...)
	}
	var out [][]Coord
	for _, p := range uniteLines(edges) {
		out = append(out, coords(p))
	}
	return out
}

// touching lists the nodes that both sides have and none of the kept pieces.
func (x *arrangement) touching(kept ...[]piece) []Coord {
	taken, onA := map[int]bool{}, map[int]bool{}
	for _, ps := range kept {
		for _, p := range ps {
			taken[p.from], taken[p.to] = true, true
		}
	}
	for _, p := range x.a {
		onA[p.from], onA[p.to] = true, true
	}
	var out []Coord
	for _, p := range x.b {
		for _, i := range [2]int{p.from, p.to} {
			if onA[i] && !taken[i] {
				taken[i] = true
				out = append(out, coord(x.at[i]))
			}
		}
	}
	return out
}

func (x *arrangement) lines(ps []piece) [][]Coord {
	var out [][]Coord
	for _, p := range x.paths(ps) {
		out = append(out, coords(p))
	}
	return out
}

// Intersection is what two areas share: polygons, and where they only touch, lines and points.
func Intersection(a, b *Area) Shapes {
	p, q := a.union(), b.union()
	x := arrange(p.edges(), q.edges(), false)
	bounds := x.bounding(p, q, true)
	inB := endsOf(x.b)
	var shared []piece
	for _, s := range x.a {
		if inB[s.back()] {
			shared = append(shared, s)
		}
	}
	u := polygon{rings: x.loops(bounds)}
	return Shapes{Points: x.touching(bounds, shared), Lines: x.lines(shared), Polygons: u.closed()}
}

// IntersectionLines is what two lines share: lines, and points where they cross or touch.
func IntersectionLines(l, m *Line) Shapes {
	x := arrange(l.merged().edges(), m.merged().edges(), false)
	inB := endsOf(x.b)
	var shared []piece
	for _, s := range x.a {
		if inB[s.ends()] || inB[s.back()] {
			shared = append(shared, s)
		}
	}
	return Shapes{Points: x.touching(shared), Lines: x.lines(shared)}
}

// Clip is what of a line lies in an area, its boundary included.
func (a *Area) Clip(l *Line) Shapes {
	p := a.union()
	x := arrange(l.merged().edges(), p.edges(), false)
	onEdge := endsOf(x.b)
	var kept []piece
	for _, s := range x.a {
		if onEdge[s.ends()] || onEdge[s.back()] || p.contains(x.mid(s)) {
			kept = append(kept, s)
		}
	}
	return Shapes{Points: x.touching(kept), Lines: x.lines(kept)}
}

// meet tells whether any edges cross or share a corner.
func meet(a, b []edge) bool {
	found := false
	eachPair(a, b, false, func(i, j int) bool {
		found = s2.CrossingSign(a[i].a, a[i].b, b[j].a, b[j].b) != s2.DoNotCross
		return !found
	})
	return found
}

// Meets tells whether two lines have a point in common.
func (l *Line) Meets(m *Line) bool { return meet(l.edges(), m.edges()) }

// Meets tells whether two areas have a point in common.
func (a *Area) Meets(b *Area) bool {
	return meet(a.edges(), b.edges()) || a.holdsAny(b.edges()) || b.holdsAny(a.edges())
}

// MeetsLine tells whether a line and the area have a point in common.
func (a *Area) MeetsLine(l *Line) bool { return meet(l.edges(), a.edges()) || a.holdsAny(l.edges()) }

// holdsAny tells whether the area holds a corner of the edges. Where no edges cross, one corner of each part
// would do; asking for all costs more but needs no knowledge of the parts.
func (a *Area) holdsAny(edges []edge) bool {
	return slices.ContainsFunc(edges, func(e edge) bool { return a.contains(e.a) })
}
