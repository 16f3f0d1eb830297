package geo

import (
	"math"
	"slices"
	"sort"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// nodes numbers points; points closer than slack share a number.
type nodes struct {
	at   []s2.Point
	grid map[[3]int64][]int
}

func newNodes() *nodes { return &nodes{grid: map[[3]int64][]int{}} }

// gridStep is the width of the cells in which nodes are looked up.
const gridStep = 4 * slack

func (n *nodes) of(p s2.Point) int {
	k := [3]int64{int64(math.Floor(p.X / gridStep)), int64(math.Floor(p.Y / gridStep)), int64(math.Floor(p.Z / gridStep))}
	for x := k[0] - 1; x <= k[0]+1; x++ {
		for y := k[1] - 1; y <= k[1]+1; y++ {
			for z := k[2] - 1; z <= k[2]+1; z++ {
				for _, i := range n.grid[[3]int64{x, y, z}] {
					if n.at[i].Sub(p.Vector).Norm() < slack {
						return i
					}
				}
			}
		}
	}
	n.at = append(n.at, p)
	n.grid[k] = append(n.grid[k], len(n.at)-1)
	return len(n.at) - 1
}

// piece is a part of an input edge between two nodes; id counts the input edges.
type piece struct{ from, to, id int }

func (p piece) back() [2]int { return [2]int{p.to, p.from} }
func (p piece) ends() [2]int { return [2]int{p.from, p.to} }

// arrangement is two lists of edges cut where edges of one meet the other's (or, with within, any edge): at
// crossings, and where a corner lies on an edge.
type arrangement struct {
	*nodes
	a, b []piece
}

func arrange(a, b []edge, within bool) *arrangement {
	out := &arrangement{nodes: newNodes()}
	all := slices.Concat(a, b)
	cuts := make([][]int, len(all))
	for _, e := range all {
		out.of(e.a)
		out.of(e.b)
	}
	cut := func(i, j int) bool {
		e, f := all[i], all[j]
		if s2.CrossingSign(e.a, e.b, f.a, f.b) == s2.Cross {
			x := out.of(s2.Intersection(e.a, e.b, f.a, f.b))
			cuts[i], cuts[j] = append(cuts[i], x), append(cuts[j], x)
		}
		for _, q := range [2]s2.Point{f.a, f.b} {
			if s2.DistanceFromSegment(q, e.a, e.b) < s1.Angle(slack) {
				cuts[i] = append(cuts[i], out.of(q))
			}
		}
		for _, q := range [2]s2.Point{e.a, e.b} {
			if s2.DistanceFromSegment(q, f.a, f.b) < s1.Angle(slack) {
				cuts[j] = append(cuts[j], out.of(q))
			}
		}
		return true
	}
	if within {
		eachPair(all, all, true, cut)
	} else {
		eachPair(a, b, false, func(i, j int) bool { return cut(i, len(a)+j) })
	}
	for i, e := range all {
		ps := out.pieces(e, cuts[i], i)
		if i < len(a) {
			out.a = append(out.a, ps...)
		} else {
			out.b = append(out.b, ps...)
		}
	}
	return out
}

// pieces cuts an edge at nodes.
func (n *nodes) pieces(e edge, cuts []int, id int) []piece {
	from, to := n.of(e.a), n.of(e.b)
	sort.Slice(cuts, func(i, j int) bool {
		return e.a.Sub(n.at[cuts[i]].Vector).Norm2() < e.a.Sub(n.at[cuts[j]].Vector).Norm2()
	})
	var out []piece
	last := from
	for _, c := range append(cuts, to) {
		if c != last && (c == to || c != from) && last != to {
			out = append(out, piece{last, c, id})
			last = c
		}
	}
	return out
}

func (n *nodes) mid(p piece) s2.Point { return edge{n.at[p.from], n.at[p.to]}.mid() }

func endsOf(ps []piece) map[[2]int]bool {
	out := make(map[[2]int]bool, len(ps))
	for _, p := range ps {
		out[p.ends()] = true
	}
	return out
}

// loops joins pieces, whose insides lie on the left, to rings. Where several go on from a node, the sharpest
// left turn is taken, so that rings that touch stay apart. A ring begins behind its piece of the highest id,
// and the rings are in the order of the first pieces' ids, as S2 orders what it builds.
func (n *nodes) loops(ps []piece) []ring {
	next := map[int][]int{}
	for i, p := range ps {
		next[p.from] = append(next[p.from], i)
	}
	used := make([]bool, len(ps))
	var found [][]int
	for start := range ps {
		if used[start] {
			continue
		}
		var path []int
		for i := start; i >= 0 && !used[i]; {
			used[i] = true
			path = append(path, i)
			// A node met again closes a ring of its own.
			for k := range path {
				if ps[path[k]].from == ps[i].to {
					found = append(found, slices.Clone(path[k:]))
					path = path[:k]
					break
				}
			}
			at := ps[i].to
			i = n.sharpest(ps, ps[i].from, at, next[at], used)
		}
	}
	for i := range found {
		found[i] = fromHighest(ps, found[i])
	}
	sort.SliceStable(found, func(i, j int) bool { return ps[found[i][0]].id < ps[found[j][0]].id })
	var out []ring
	for _, f := range found {
		if len(f) < 3 {
			continue
		}
		var at []s2.Point
		for _, i := range f {
			at = append(at, n.at[ps[i].from])
		}
		out = append(out, newRing(at))
	}
	return out
}

func (n *nodes) sharpest(ps []piece, from, at int, choices []int, used []bool) int {
	best, turn := -1, s1.Angle(-10)
	for _, i := range choices {
		if used[i] {
			continue
		}
		t := s1.Angle(-math.Pi)
		if ps[i].to != from {
			t = s2.TurnAngle(n.at[from], n.at[at], n.at[ps[i].to])
		}
		if t > turn {
			best, turn = i, t
		}
	}
	return best
}

// fromHighest turns a ring so that it begins behind its last piece of the highest id.
func fromHighest(ps []piece, f []int) []int {
	pos, gap := 0, false
	for i := 1; i < len(f); i++ {
		switch d := ps[f[i]].id - ps[f[pos]].id; {
		case d < 0:
			gap = true
		case d > 0 || !gap:
			pos, gap = i, false
		}
	}
	pos = (pos + 1) % len(f)
	return append(slices.Clone(f[pos:]), f[:pos]...)
}

// paths joins directed pieces to lines as long as they can be without passing a node where others meet. What
// is left then is closed.
func (n *nodes) paths(ps []piece) [][]s2.Point {
	in, next := map[int]int{}, map[int][]int{}
	for i, p := range ps {
		in[p.to]++
		next[p.from] = append(next[p.from], i)
	}
	inner := func(at int) bool { return in[at] == 1 && len(next[at]) == 1 }
	used := make([]bool, len(ps))
	var out [][]s2.Point
	walk := func(i int) {
		line := []s2.Point{n.at[ps[i].from]}
		for !used[i] {
			used[i] = true
			line = append(line, n.at[ps[i].to])
			if !inner(ps[i].to) {
				break
			}
			i = next[ps[i].to][0]
		}
		out = append(out, line)
	}
	for i, p := range ps {
		if !inner(p.from) {
			walk(i)
		}
	}
	for i := range ps {
		if !used[i] {
			walk(i)
		}
	}
	return out
}
