package geo

import (
	"github.com/golang/geo/r3"
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// winding tells how often the paths of an arrangement go around a place.
type winding struct {
	x      *arrangement
	pieces []piece        // one between each two nodes, in the direction in which more paths take it
	net    map[[2]int]int // by its ends, how many more
	next   map[int][]piece
	in     map[int]int
	known  map[[2]int]int
	ref    s2.Point // where the paths go around 0 times
}

func newWinding(x *arrangement) (*winding, bool) {
	net := map[[2]int]int{}
	for _, p := range x.a {
		net[p.ends()]++
		net[p.back()]--
	}
	w := &winding{x: x, net: map[[2]int]int{}, next: map[int][]piece{}, in: map[int]int{}, known: map[[2]int]int{}}
	for _, p := range x.a {
		if n := net[p.ends()]; n > 0 && w.net[p.ends()] == 0 {
			w.net[p.ends()] = n
			w.pieces = append(w.pieces, p)
			w.next[p.from] = append(w.next[p.from], p)
			w.in[p.to]++
		}
	}
	ok := w.refer()
	return w, ok
}

// widest is how far a shape may reach from its middle, in radians, so that there is a place outside of it from
// which all of it is seen.
const widest = s1.Angle(1.4)

func (w *winding) refer() bool {
	var sum r3.Vector
	for _, p := range w.x.at {
		sum = sum.Add(p.Vector)
	}
	if sum.Norm() < 1e-9 {
		return false
	}
	centre := s2.Point{Vector: sum.Normalize()}
	reach := s1.Angle(0)
	for _, p := range w.x.at {
		reach = max(reach, centre.Distance(p))
	}
	w.ref = along(centre.Vector, s2.Ortho(centre).Vector, reach*1.1+1e-6)
	return reach < widest
}

// rightOf is how often the paths go around the right side of a piece. Along pieces that follow each other
// without others meeting them it stays the same.
func (w *winding) rightOf(p piece) int {
	if n, ok := w.known[p.ends()]; ok {
		return n
	}
	n := w.count(p)
	for {
		w.known[p.ends()] = n
		if w.in[p.to] != 1 || len(w.next[p.to]) != 1 {
			return n
		}
		q := w.next[p.to][0]
		if _, ok := w.known[q.ends()]; ok || w.net[q.ends()] != w.net[p.ends()] {
			return n
		}
		p = q
	}
}

// count adds up the paths between the reference and the middle of a piece.
func (w *winding) count(p piece) int {
	mid := w.x.mid(p)
	crosser := s2.NewEdgeCrosser(w.ref, mid)
	sum := 0
	for _, q := range w.pieces {
		a, b := w.x.at[q.from], w.x.at[q.to]
		if q == p || crosser.CrossingSign(a, b) != s2.Cross {
			continue
		}
		if s2.RobustSign(a, b, mid) == s2.CounterClockwise {
			sum += w.net[q.ends()]
		} else {
			sum -= w.net[q.ends()]
		}
	}
	if s2.RobustSign(w.x.at[p.from], w.x.at[p.to], w.ref) == s2.CounterClockwise {
		sum -= w.net[p.ends()] // it was counted on the left side
	}
	return sum
}
