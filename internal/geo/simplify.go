package geo

import (
	"slices"
	"sort"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// snapper moves places to sites that are more than a tolerance apart. As S2 does, it takes places as sites
// in their order along the S2 curve, unless one is near already.
type snapper struct {
	tolerance s1.Angle
	sites     []s2.Point
	site      map[s2.Point]int
}

func newSnapper(places []s2.Point, tolerance s1.Angle) *snapper {
	s := &snapper{tolerance: tolerance, site: map[s2.Point]int{}}
	sorted := slices.Clone(places)
	sort.SliceStable(sorted, func(i, j int) bool {
		a, b := s2.CellFromPoint(sorted[i]).ID(), s2.CellFromPoint(sorted[j]).ID()
		return a < b || a == b && sorted[i].Cmp(sorted[j].Vector) < 0
	})
	byX := newStrips(tolerance)
	for _, p := range sorted {
		if byX.nearest(s.sites, p, tolerance) < 0 {
			s.sites = append(s.sites, p)
			byX.add(p, len(s.sites)-1)
		}
	}
	for _, p := range places {
		s.site[p] = byX.nearest(s.sites, p, tolerance)
	}
	return s
}

// strips sorts sites into strips of space as wide as the tolerance.
type strips struct {
	width float64
	sites map[[3]int64][]int
}

func newStrips(tolerance s1.Angle) *strips {
	return &strips{width: max(float64(tolerance), 1e-13), sites: map[[3]int64][]int{}}
}

func (t *strips) key(p s2.Point) [3]int64 {
	return [3]int64{int64(p.X/t.width + 1e15), int64(p.Y/t.width + 1e15), int64(p.Z/t.width + 1e15)}
}

func (t *strips) add(p s2.Point, i int) { t.sites[t.key(p)] = append(t.sites[t.key(p)], i) }

func (t *strips) nearest(sites []s2.Point, p s2.Point, within s1.Angle) int {
	best, found := within, -1
	k := t.key(p)
	for x := k[0] - 1; x <= k[0]+1; x++ {
		for y := k[1] - 1; y <= k[1]+1; y++ {
			for z := k[2] - 1; z <= k[2]+1; z++ {
				for _, i := range t.sites[[3]int64{x, y, z}] {
					if d := sites[i].Distance(p); d < best || d == best && (found < 0 || i < found) {
						best, found = d, i
					}
				}
			}
		}
	}
	return found
}

// snap turns a line into steps between sites, without steps that lead nowhere.
func (s *snapper) snap(ps []piece, line []s2.Point, id int) []piece {
	for i := 1; i < len(line); i++ {
		if a, b := s.site[line[i-1]], s.site[line[i]]; a != b {
			ps = append(ps, piece{a, b, id})
		}
		id++
	}
	return ps
}

// thin leaves out the inner places of a line as long as the edges that replace them stay within the tolerance
// of them and keep their direction.
func thin(line []s2.Point, tolerance s1.Angle) []s2.Point {
	p := s2.Polyline(line)
	var out []s2.Point
	for _, i := range p.SubsampleVertices(tolerance) {
		out = append(out, line[i])
	}
	return out
}

// Simplify leaves out places of a line so that none are closer than tolerance metres and the rest stays within
// that of the original. False if nothing remains.
func (l *Line) Simplify(tolerance float64) ([][]Coord, bool) {
	m := l.merged()
	if tolerance == 0 {
		return m.Parts(), true
	}
	var all []s2.Point
	for _, p := range m.parts {
		all = append(all, p...)
	}
	s := newSnapper(all, angle(tolerance))
	var ps []piece
	seen := map[[2]int]bool{}
	id := 0
	for _, p := range m.parts {
		for _, q := range s.snap(nil, p, id) {
			if !seen[q.ends()] && !seen[q.back()] {
				seen[q.ends()] = true
				ps = append(ps, q)
			}
		}
		id += len(p)
	}
	n := &nodes{at: s.sites}
	var out [][]Coord
	for _, p := range n.paths(ps) {
		out = append(out, coords(thin(p, angle(tolerance))))
	}
	return out, len(out) > 0
}

// Simplify leaves out places of an area's boundary so that none are closer than tolerance metres. False if
// nothing remains.
func (a *Area) Simplify(tolerance float64) ([][][]Coord, bool) {
	out := simplify([]*polygon{a.union()}, tolerance)
	return out, len(out) > 0
}

// SimplifyAll simplifies areas together, so that what they share of their boundaries stays shared. False if
// nothing remains.
func SimplifyAll(areas []*Area, tolerance float64) ([][][]Coord, bool) {
	var ps []*polygon
	for _, a := range areas {
		ps = append(ps, a.parts...)
	}
	out := simplify(ps, tolerance)
	return out, len(out) > 0
}

func simplify(polygons []*polygon, tolerance float64) [][][]Coord {
	if tolerance == 0 {
		var out [][][]Coord
		for _, p := range polygons {
			out = append(out, p.closed()...)
		}
		return out
	}
	var all []s2.Point
	for _, p := range polygons {
		for _, e := range p.edges() {
			all = append(all, e.a)
		}
	}
	s := newSnapper(all, angle(tolerance))
	// Where boundaries meet, and at no other place, all of them keep the site.
	around := map[int]map[int]bool{}
	steps := make([][]piece, len(polygons))
	for i, p := range polygons {
		id := 0
		for _, r := range p.rings {
			steps[i] = s.snap(steps[i], append(slices.Clone(r.at), r.at[0]), id)
			id += len(r.at)
		}
		steps[i] = uncancelled(steps[i])
		for _, q := range steps[i] {
			for _, e := range [][2]int{q.ends(), q.back()} {
				if around[e[0]] == nil {
					around[e[0]] = map[int]bool{}
				}
				around[e[0]][e[1]] = true
			}
		}
	}
	n := &nodes{at: s.sites}
	var out [][][]Coord
	for _, ps := range steps {
		var u polygon
		for _, r := range n.loops(ps) {
			if at := s.thinRing(r.at, around, angle(tolerance)); len(at) > 2 {
				u.rings = append(u.rings, newRing(at))
			}
		}
		out = append(out, u.closed()...)
	}
	return out
}

// uncancelled drops steps that are taken back.
func uncancelled(ps []piece) []piece {
	count := map[[2]int]int{}
	for _, p := range ps {
		count[p.ends()]++
	}
	var out []piece
	for _, p := range ps {
		switch {
		case count[p.back()] > 0 && count[p.ends()] > 0:
			count[p.back()]--
			count[p.ends()]--
		case count[p.ends()] > 0:
			count[p.ends()]--
			out = append(out, p)
		}
	}
	return out
}

// thinRing thins a ring between the sites where more than two edges meet; a chain is thinned from its end that
// comes first, so that both sides of a shared boundary lose the same places.
func (s *snapper) thinRing(at []s2.Point, around map[int]map[int]bool, tolerance s1.Angle) []s2.Point {
	start := slices.IndexFunc(at, func(p s2.Point) bool { return len(around[s.indexOf(p)]) > 2 })
	if start < 0 {
		closed := append(slices.Clone(at), at[0])
		thinned := thin(closed, tolerance)
		return thinned[:len(thinned)-1]
	}
	at = append(slices.Clone(at[start:]), at[:start]...)
	at = append(at, at[0])
	var out []s2.Point
	from := 0
	for i := 1; i < len(at); i++ {
		if i < len(at)-1 && len(around[s.indexOf(at[i])]) <= 2 {
			continue
		}
		chain := at[from : i+1]
		if s.indexOf(at[from]) < s.indexOf(at[i]) {
			chain = thin(chain, tolerance)
		} else {
			chain = reversed(thin(reversed(chain), tolerance))
		}
		out = append(out, chain[:len(chain)-1]...)
		from = i
	}
	return out
}

// indexOf is the number of a site, given its place.
func (s *snapper) indexOf(p s2.Point) int { return s.site[p] }
