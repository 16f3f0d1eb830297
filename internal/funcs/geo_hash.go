package funcs

import (
	"math"
	"strings"

	"github.com/vedette-siem/vedette/internal/geo"
)

// geohash is a rectangle of the map: x counts its width from longitude -180, y its height from latitude -90;
// it takes n characters. https://learn.microsoft.com/kusto/query/geo-point-to-geohash-function
type geohash struct {
	x, y uint64
	n    int
}

const (
	maxGeohash   = 18
	geohashChars = "0123456789bcdefghjkmnpqrstuvwxyz"
)

// bits are how often longitude and latitude are halved.
func (g geohash) bits() (x, y int) { return (5*g.n + 1) / 2, 5 * g.n / 2 }

func geohashOf(p geo.Coord, n int) geohash {
	g := geohash{n: n}
	bx, by := g.bits()
	g.x, g.y = gridIndex((p[0]+180)/360, bx), gridIndex((p[1]+90)/180, by)
	return g
}

// gridIndex halves the range [0, 1] repeatedly; its end belongs to the last part.
func gridIndex(f float64, bits int) uint64 {
	return min(uint64(math.Ldexp(f, bits)), 1<<bits-1)
}

// String interleaves the bits, longitude first, and writes five at a time.
func (g geohash) String() string {
	bx, by := g.bits()
	out := make([]byte, g.n)
	for i := range out {
		c := 0
		for b := 5 * i; b < 5*i+5; b++ {
			if b%2 == 0 {
				bx--
				c = c<<1 | int(g.x>>bx&1)
			} else {
				by--
				c = c<<1 | int(g.y>>by&1)
			}
		}
		out[i] = geohashChars[c]
	}
	return string(out)
}

func parseGeohash(s string) (geohash, bool) {
	g := geohash{n: len(s)}
	if g.n == 0 || g.n > maxGeohash {
		return g, false
	}
	for i := range len(s) {
		c := strings.IndexByte(geohashChars, s[i])
		if c < 0 {
			return g, false
		}
		for b := range 5 {
			bit := uint64(c >> (4 - b) & 1)
			if (5*i+b)%2 == 0 {
				g.x = g.x<<1 | bit
			} else {
				g.y = g.y<<1 | bit
			}
		}
	}
	return g, true
}

// corner is the place dx widths and dy heights from the south-west corner.
func (g geohash) corner(dx, dy float64) geo.Coord {
	bx, by := g.bits()
	return geo.Coord{math.Ldexp((float64(g.x)+dx)*360, -bx) - 180, math.Ldexp((float64(g.y)+dy)*180, -by) - 90}
}

func (g geohash) centre() geo.Coord { return g.corner(0.5, 0.5) }

func (g geohash) ring() []geo.Coord {
	return []geo.Coord{g.corner(0, 0), g.corner(1, 0), g.corner(1, 1), g.corner(0, 1), g.corner(0, 0)}
}

// neighbours go clockwise from the north-west; beyond the antimeridian the map goes on, beyond the poles it
// does not.
func (g geohash) neighbours() []string {
	bx, by := g.bits()
	var out []string
	for _, d := range [8][2]int{{-1, 1}, {0, 1}, {1, 1}, {1, 0}, {1, -1}, {0, -1}, {-1, -1}, {-1, 0}} {
		n := geohash{(g.x + uint64(d[0])) & (1<<bx - 1), g.y + uint64(d[1]), g.n}
		if n.y < 1<<by {
			out = append(out, n.String())
		}
	}
	return out
}
