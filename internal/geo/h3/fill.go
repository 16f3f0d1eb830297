package h3

import (
	"math"
	"slices"
)

// Fill lists the cells of a resolution whose centres lie in a polygon with straight edges on the map: loops of
// longitude and latitude in degrees, the outer one first, without the closing point. It gives up, with false,
// when they are more than limit.
//
// The cells along the outline are the first candidates; from those found inside, the search spreads to their
// neighbours. The cells come in the order of the C library of the grid: by their numbers modulo the size that
// it estimates.
func Fill(loops [][][2]float64, res, limit int) ([]Cell, bool) {
	p := make([]area, len(loops))
	corners := 0
	for i, l := range loops {
		p[i] = newArea(l)
		corners += len(l)
	}
	size, ok := p[0].estimate(res)
	if !ok {
		return nil, true
	}
	// The estimate is rough; far beyond the limit the search need not start.
	if size > int64(limit)*64+1<<12 {
		return nil, false
	}
	size = max(size, int64(corners)) + 12
	edge := edgeKm(res)
	seen := map[Cell]bool{}
	var search []Cell
	for _, a := range p {
		search = a.trace(search, seen, res, edge)
	}
	found := newTable(size)
	for len(search) > 0 {
		var next []Cell
		for _, s := range search {
			for _, c := range append([]Cell{s}, s.Neighbours()...) {
				if found.has(c) {
					continue
				}
				v := c.centre().latLng()
				if !within(p, v) {
					continue
				}
				found.add(c)
				next = append(next, c)
				if found.count > limit {
					return nil, false
				}
			}
		}
		search = next
	}
	return found.list(), true
}

// area is one loop, in radians, and its bounds.
type area struct {
	at                       []latLng
	north, south, east, west float64
}

func newArea(loop [][2]float64) area {
	a := area{north: -math.MaxFloat64, south: math.MaxFloat64, east: -math.MaxFloat64, west: math.MaxFloat64}
	for _, q := range loop {
		a.at = append(a.at, latLng{q[1] * math.Pi / 180, q[0] * math.Pi / 180})
	}
	west, east, wraps := math.MaxFloat64, -math.MaxFloat64, false
	for i, q := range a.at {
		a.south, a.north = min(a.south, q.lat), max(a.north, q.lat)
		a.west, a.east = min(a.west, q.lng), max(a.east, q.lng)
		if q.lng > 0 {
			west = min(west, q.lng)
		}
		if q.lng < 0 {
			east = max(east, q.lng)
		}
		wraps = wraps || math.Abs(q.lng-a.at[(i+1)%len(a.at)].lng) > math.Pi
	}
	if wraps {
		a.west, a.east = west, east
	}
	return a
}

// wraps tells whether the loop passes the antimeridian.
func (a *area) wraps() bool { return a.east < a.west }

func (a *area) norm(lng float64) float64 {
	if a.wraps() && lng < 0 {
		return lng + 2*math.Pi
	}
	return lng
}

const earthKm = 6371.007180918475

func distanceKm(a, b latLng) float64 {
	lat, lng := math.Sin((b.lat-a.lat)/2), math.Sin((b.lng-a.lng)/2)
	h := lat*lat + lng*lng*math.Cos(a.lat)*math.Cos(b.lat)
	return 2 * math.Atan2(math.Sqrt(h), math.Sqrt(1-h)) * earthKm
}

// edgeKm is the radius of a pentagon, the most distorted cell.
func edgeKm(res int) float64 {
	c := empty.withResolution(res).withBase(4)
	for r := 1; r <= res; r++ {
		c = c.with(r, 0)
	}
	q := c.Boundary()[0]
	return distanceKm(c.centre().latLng(), latLng{q[1] * math.Pi / 180, q[0] * math.Pi / 180})
}

// estimate is how many cells the bounds may hold, false where they have no extent.
func (a *area) estimate(res int) (int64, bool) {
	r := edgeKm(res)
	cell := 0.8 * (2.59807621135 * r * r)
	d := distanceKm(latLng{a.north, a.east}, latLng{a.south, a.west})
	lng, lat := math.Abs(a.east-a.west), math.Abs(a.north-a.south)
	if lng == 0 || lat == 0 {
		return 0, false
	}
	return max(1, int64(math.Ceil(d*d/min(3, max(lng, lat)/min(lng, lat))/cell))), true
}

// trace adds the cells along the loop's edges.
func (a *area) trace(to []Cell, seen map[Cell]bool, res int, edge float64) []Cell {
	for i, p := range a.at {
		q := a.at[(i+1)%len(a.at)]
		n := max(1, math.Ceil(distanceKm(p, q)/(2*edge)))
		for j := 0.0; j < n; j++ {
			c := fromRadians(latLng{p.lat*(n-j)/n + q.lat*j/n, p.lng*(n-j)/n + q.lng*j/n}, res)
			if !seen[c] {
				seen[c] = true
				to = append(to, c)
			}
		}
	}
	return to
}

// within tells whether v lies in the first loop and in none of the others.
func within(p []area, v latLng) bool {
	for i := range p {
		if p[i].holds(v) != (i == 0) {
			return false
		}
	}
	return true
}

const epsilon = 2.220446049250313e-16

// holds casts a ray to the east.
func (a *area) holds(v latLng) bool {
	if v.lat < a.south || v.lat > a.north {
		return false
	}
	if a.wraps() && v.lng < a.west && v.lng > a.east || !a.wraps() && (v.lng < a.west || v.lng > a.east) {
		return false
	}
	lat, lng, in := v.lat, a.norm(v.lng), false
	for i, p := range a.at {
		q := a.at[(i+1)%len(a.at)]
		if p.lat > q.lat {
			p, q = q, p
		}
		if lat == p.lat || lat == q.lat {
			lat += epsilon // the ray passes a corner once, not twice
		}
		if lat < p.lat || lat > q.lat {
			continue
		}
		pl, ql := a.norm(p.lng), a.norm(q.lng)
		if pl == lng || ql == lng {
			lng -= epsilon
		}
		if a.norm(pl+(ql-pl)*(lat-p.lat)/(q.lat-p.lat)) > lng {
			in = !in
		}
	}
	return in
}

// table is an open hash table with linear probing, of a fixed nominal size.
type table struct {
	slots map[int64]Cell
	size  int64
	count int
	all   map[Cell]bool
}

func newTable(size int64) *table {
	return &table{slots: map[int64]Cell{}, size: size, all: map[Cell]bool{}}
}

func (t *table) has(c Cell) bool { return t.all[c] }

func (t *table) add(c Cell) {
	i := int64(uint64(c) % uint64(t.size))
	if int64(t.count) >= t.size {
		t.size++ // more cells than estimated
		i = t.size - 1
	}
	for t.slots[i] != 0 {
		i = (i + 1) % t.size
	}
	t.slots[i], t.all[c] = c, true
	t.count++
}

func (t *table) list() []Cell {
	out := make([]Cell, 0, t.count)
	keys := make([]int64, 0, t.count)
	for k := range t.slots {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		out = append(out, t.slots[k])
	}
	return out
}
