package h3

import "slices"

// Parent returns the cell of a coarser resolution that c belongs to.
func (c Cell) Parent(res int) Cell {
	for r := res + 1; r <= c.Resolution(); r++ {
		c = c.with(r, 7)
	}
	return c.withResolution(res)
}

// Children lists the cells of a finer resolution that belong to c, by number.
func (c Cell) Children(res int) []Cell {
	if res == c.Resolution() {
		return []Cell{c}
	}
	r := c.Resolution() + 1
	var out []Cell
	for d := range 7 {
		if d == 1 && c.pentagon() {
			continue // the part a pentagon lacks
		}
		out = append(out, c.withResolution(r).with(r, d).Children(res)...)
	}
	return out
}

// Neighbours lists the cells that share an edge with c, as a walk around it, from direction IJ of the grid
// of c's base cell; a pentagon has five.
func (c Cell) Neighbours() []Cell {
	var out []Cell
	for _, n := range c.byDirection() {
		if n != 0 {
			out = append(out, n)
		}
	}
	return out
}

// byDirection finds the neighbours in the directions IJ, J, JK, K, IK and I, in which a ring of cells is
// walked; 0 for the one that a pentagon lacks. They are found by stepping over the middle of each edge, which holds at all seams of the grid.
func (c Cell) byDirection() (out [6]Cell) {
	corners, even := c.corners()
	centre := c.centre()
	n := len(corners)
	points := make([]vec, n)
	for i, q := range corners {
		q.settleCorner(even)
		points[i] = q.vec(even, true)
	}
	var ring []Cell
	for i := range n {
		mid := points[i].plus(1, points[(i+1)%n])
		mid = vec{}.plus(0.5, mid)
		ring = append(ring, fromRadians(centre.plus(1.2, mid.plus(-1, centre)).latLng(), c.Resolution()))
	}
	shift := c.frameTurn(ring)
	for i := range ring {
		out[(i+shift)%6] = ring[i]
	}
	return out
}

// ringDigits are the digits of the directions IJ, J, JK, K, IK and I.
var ringDigits = [6]int{6, 2, 3, 1, 5, 4}

// frameTurn is by how many places the neighbours found around the cell are shifted against the directions of
// its base cell's frame. A neighbour whose direction is known tells: the centre of the parent lies opposite
// to the cell's own last digit, and seen from a centre, a sibling lies in the direction of its digit.
func (c Cell) frameTurn(ring []Cell) int {
	res := c.Resolution()
	if res == 0 {
		return 0
	}
	known, dir := c.with(res, 0), 3
	if own := c.digit(res); own != 0 {
		dir += slices.Index(ringDigits[:], own)
	} else {
		known, dir = c.with(res, 2), 1
	}
	return (dir - slices.Index(ring, known) + 12) % 6
}

// Rings lists the cells at each distance up to k, from c itself.
func (c Cell) Rings(k int) [][]Cell {
	out := [][]Cell{{c}}
	if rings, ok := c.walkRings(k); ok {
		return append(out, rings...)
	}
	seen := map[Cell]bool{c: true}
	for d := 1; d <= k; d++ {
		var ring []Cell
		for _, p := range out[d-1] {
			for _, n := range p.Neighbours() {
				if !seen[n] {
					seen[n] = true
					ring = append(ring, n)
				}
			}
		}
		out = append(out, ring)
	}
	return out
}

// walkRings walks straight lines, which works as long as no pentagon is near.
func (c Cell) walkRings(k int) ([][]Cell, bool) {
	if c.pentagon() {
		return nil, false
	}
	var out [][]Cell
	at, turn, ok := c, 0, true
	known := map[Cell][6]Cell{}
	near := func(c Cell) [6]Cell {
		n, ok := known[c]
		if !ok {
			n = c.byDirection()
			known[c] = n
		}
		return n
	}
	step := func(dir int) {
		// dir counts from IJ in the frame of c, turn is the frame of at against it.
		dir = (dir + turn) % 6
		next := near(at)[dir]
		if next == 0 || next.pentagon() {
			ok = false
			return
		}
		for i, back := range near(next) {
			if back == at {
				turn = (turn + i + 3 - dir + 6) % 6
				at = next
				return
			}
		}
		ok = false
	}
	const first = 5 // direction I
	legs := [6]int{1, 2, 3, 4, 5, 0}
	for d := 1; d <= k; d++ {
		step(first)
		var ring []Cell
		for _, dir := range legs {
			for range d {
				if !ok {
					return nil, false
				}
				step(dir)
				if !ok {
					return nil, false
				}
				ring = append(ring, at)
			}
		}
		out = append(out, ring)
	}
	return out, true
}
