package geo

import (
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
)

// Cover lists the S2 cells of a level that have points within radius metres of a line, in their order
// along the S2 curve; false if they are more than limit.
func (l *Line) Cover(level, limit int, radius float64) ([]s2.CellID, bool) {
	return cover(l.edges(), func(s2.Point) bool { return false }, level, limit, radius)
}

// Cover does the same for an area.
func (a *Area) Cover(level, limit int, radius float64) ([]s2.CellID, bool) {
	return cover(a.edges(), a.contains, level, limit, radius)
}

func cover(edges []edge, inside func(s2.Point) bool, level, limit int, radius float64) ([]s2.CellID, bool) {
	length := s1.Angle(0)
	for _, e := range edges {
		length = max(length, e.a.Distance(e.b))
	}
	// A cell holds no more of an edge than its diagonal: a long edge alone may need too many.
	if float64(length) > float64(limit)*s2.MaxDiagMetric.Value(level) {
		return nil, false
	}
	reach := s1.ChordAngleFromAngle(angle(radius))
	var out []s2.CellID
	var visit func(id s2.CellID, edges []edge, within bool) bool
	visit = func(id s2.CellID, edges []edge, within bool) bool {
		var near []edge
		if !within {
			// Edges that are out of reach of a cell are so of all cells in it.
			cell := s2.CellFromCellID(id)
			for _, e := range edges {
				if cell.DistanceToEdge(e.a, e.b) <= reach {
					near = append(near, e)
				}
			}
			if len(near) == 0 {
				if !inside(cell.Center()) {
					return true
				}
				within = true
			}
		}
		if id.Level() == level {
			out = append(out, id)
			return len(out) <= limit
		}
		if deeper := level - id.Level(); within && (deeper > 15 || len(out)+1<<(2*deeper) > limit) {
			return false
		}
		for _, child := range id.Children() {
			if !visit(child, near, within) {
				return false
			}
		}
		return true
	}
	for face := range 6 {
		if !visit(s2.CellIDFromFace(face), edges, false) {
			return nil, false
		}
	}
	return out, true
}

// Cell is the S2 cell of a level that holds p.
func (c Coord) Cell(level int) s2.CellID { return s2.CellFromPoint(c.point()).ID().Parent(level) }

// CellCentre is the centre of an S2 cell.
func CellCentre(id s2.CellID) Coord {
	ll := id.LatLng()
	return Coord{ll.Lng.Degrees(), ll.Lat.Degrees()}
}

// CellRing lists the corners of an S2 cell, closed.
func CellRing(id s2.CellID) []Coord {
	cell := s2.CellFromCellID(id)
	return closedRing([]s2.Point{cell.Vertex(0), cell.Vertex(1), cell.Vertex(2), cell.Vertex(3)})
}
