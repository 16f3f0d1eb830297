package h3

import "math"

// latLng is a point in radians.
type latLng struct{ lat, lng float64 }

type vec [3]float64

func (a vec) dot(b vec) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

func (a vec) plus(f float64, b vec) vec {
	return vec{a[0] + f*b[0], a[1] + f*b[1], a[2] + f*b[2]}
}

func (p latLng) vec() vec {
	c := math.Cos(p.lat)
	return vec{c * math.Cos(p.lng), c * math.Sin(p.lng), math.Sin(p.lat)}
}

func (a vec) latLng() latLng {
	return latLng{math.Atan2(a[2], math.Hypot(a[0], a[1])), math.Atan2(a[1], a[0])}
}

// A frame is a face's plane: its centre and the directions of its x and y axes.
type frame struct{ centre, x, y vec }

var frames = func() (out [20]frame) {
	for f, c := range faceCenters {
		north := vec{-math.Sin(c.lat) * math.Cos(c.lng), -math.Sin(c.lat) * math.Sin(c.lng), math.Cos(c.lat)}
		east := vec{-math.Sin(c.lng), math.Cos(c.lng), 0}
		sin, cos := math.Sincos(faceAxes[f])
		out[f] = frame{c.vec(), vec{}.plus(cos, north).plus(sin, east), vec{}.plus(sin, north).plus(-cos, east)}
	}
	return out
}()

const (
	sqrt7 = 2.6457513110645905905016157536392604257102
	// unit is the length of a grid step of resolution 0 on the plane of a face.
	unit = 0.38196601125010500003
	// turn is the angle between the grids of successive resolutions.
	turn = 0.333473172251832115336090755351601070065900389
)

var sinTurn, cosTurn = math.Sincos(turn)

func odd(res int) bool { return res%2 == 1 }

// scale is how many grid steps of a resolution make one unit of length.
func scale(res int) float64 {
	s := 1 / unit
	for range res {
		s *= sqrt7
	}
	return s
}

// spot is a place in the grid of a face.
type spot struct {
	face int
	at   ijk
}

// locate finds the cell of a resolution that holds p.
func locate(p latLng, res int) spot {
	v := p.vec()
	face, best := 0, -2.0
	for f := range frames {
		if d := v.dot(frames[f].centre); d > best {
			face, best = f, d
		}
	}
	fr := &frames[face]
	s := scale(res) / best
	q := plane{v.dot(fr.x) * s, v.dot(fr.y) * s}
	if odd(res) {
		q = plane{q.x*cosTurn + q.y*sinTurn, q.y*cosTurn - q.x*sinTurn}
	}
	return spot{face, q.cell()}
}

// vec returns the point of the sphere at q, a point in the plane of a face at a resolution; with corner the
// grid is the even one in which corners have places.
func (q plane) vec(face, res int, corner bool) vec {
	s := 1 / scale(res)
	if corner {
		s /= 3
		if odd(res) {
			s /= sqrt7
		}
	} else if odd(res) {
		q = plane{q.x*cosTurn - q.y*sinTurn, q.y*cosTurn + q.x*sinTurn}
	}
	f := &frames[face]
	v := f.centre.plus(q.x*s, f.x).plus(q.y*s, f.y)
	return vec{}.plus(1/math.Sqrt(v.dot(v)), v)
}

func (q spot) vec(res int, corner bool) vec { return q.at.plane().vec(q.face, res, corner) }

// extent is the size of a face at an even resolution: the sum of the coordinates on its far edge.
func extent(res int) int {
	n := 2
	for range res / 2 {
		n *= 7
	}
	return n
}

type overage int

const (
	inside overage = iota
	onEdge
	moved
)

// settle moves a place beyond the edge of its face to the face it lies on, at an even resolution. fourth
// tells that the place belongs to a pentagon's part 4, next to the missing part.
func (q *spot) settle(res int, fourth, corner bool) overage {
	size := extent(res)
	if corner {
		size *= 3
	}
	if corner && q.at.sum() == size {
		return onEdge
	}
	if q.at.sum() <= size {
		return inside
	}
	step := &faceSteps[q.face][quadrantIJ]
	if q.at.k > 0 {
		if q.at.j > 0 {
			step = &faceSteps[q.face][quadrantJK]
		} else {
			step = &faceSteps[q.face][quadrantKI]
			if fourth {
				origin := ijk{size, 0, 0}
				q.at = q.at.minus(origin).cw().plus(origin)
			}
		}
	}
	q.face = step.face
	q.at = q.at.turned(step.rot).plus(step.move.times(size / 2))
	if corner && q.at.sum() == size {
		return onEdge
	}
	return moved
}

// side returns the corners of the face's edge towards another face, in the plane of an even resolution.
func side(face, other, res int) (a, b plane) {
	m := float64(3 * extent(res))
	v := [3]plane{{m, 0}, {-m / 2, m * sin60}, {-m / 2, -m * sin60}}
	switch other {
	case faceSteps[face][quadrantIJ].face:
		return v[0], v[1]
	case faceSteps[face][quadrantJK].face:
		return v[1], v[2]
	}
	return v[2], v[0]
}
