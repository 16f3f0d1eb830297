package geo

import (
	"math"
	"math/rand"
	"testing"
)

func line(t *testing.T, parts ...[]Coord) *Line {
	t.Helper()
	l, ok := NewLine(parts)
	if !ok {
		t.Fatalf("%v is no line", parts)
	}
	return l
}

func area(t *testing.T, polygons ...[][]Coord) *Area {
	t.Helper()
	a, ok := NewArea(polygons)
	if !ok {
		t.Fatalf("%v is no area", polygons)
	}
	return a
}

// square is a ring from (x, y), counterclockwise, with sides of a number of degrees.
func square(x, y, side float64) []Coord {
	return []Coord{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}
}

func backwards(r []Coord) []Coord {
	out := make([]Coord, len(r))
	for i, c := range r {
		out[len(r)-1-i] = c
	}
	return out
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestValidLines(t *testing.T) {
	for _, x := range []struct {
		parts [][]Coord
		ok    bool
	}{
		{[][]Coord{{{0, 0}, {1, 1}}}, true}, {[][]Coord{{{0, 0}, {1, 1}}, {{2, 2}, {3, 3}}}, true}, {nil, false}, {[][]Coord{{}}, false}, {[][]Coord{{{0, 0}}}, false},
		{[][]Coord{{{0, 0}, {0, 0}}}, false}, {[][]Coord{{{0, 0}, {181, 0}}}, false}, {[][]Coord{{{0, 0}, {0, 91}}}, false}, {[][]Coord{{{0, 0}, {math.NaN(), 0}}}, false},
		{[][]Coord{{{0, 0}, {1, 1}}, {{2, 2}}}, false},
	} {
		if _, ok := NewLine(x.parts); ok != x.ok {
			t.Errorf("NewLine(%v) = %v", x.parts, ok)
		}
	}
}

func TestValidAreas(t *testing.T) {
	hole := backwards(square(1, 1, 1))
	for _, x := range []struct {
		name string
		ring [][]Coord
		ok   bool
	}{
		{"square", [][]Coord{square(0, 0, 4)}, true}, {"clockwise", [][]Coord{backwards(square(0, 0, 4))}, true}, {"hole", [][]Coord{square(0, 0, 4), hole}, true},
		{"hole counterclockwise", [][]Coord{square(0, 0, 4), square(1, 1, 1)}, true}, {"nothing", nil, false}, {"open", [][]Coord{square(0, 0, 4)[:4]}, false},
		{"two corners", [][]Coord{{{0, 0}, {1, 1}, {0, 0}}}, false}, {"repeated", [][]Coord{{{0, 0}, {10, 10}, {10, 10}, {0, 0}}}, false},
		{"crossing itself", [][]Coord{{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}}, false}, {"crossing hole", [][]Coord{square(0, 0, 4), square(3, 3, 4)}, false},
		{"hole on an edge", [][]Coord{square(0, 0, 4), square(0, 0, 4)}, false}, {"out of range", [][]Coord{{{0, 0}, {1, 0}, {1, 95}, {0, 0}}}, false},
	} {
		if _, ok := NewArea([][][]Coord{x.ring}); ok != x.ok {
			t.Errorf("%s: NewArea = %v", x.name, ok)
		}
	}
	if _, ok := NewArea(nil); ok {
		t.Error("an area of nothing")
	}
}

func TestMeasures(t *testing.T) {
	degree := EarthRadius * math.Pi / 180
	near(t, "distance", Distance(Coord{-122.407628, 47.578557}, Coord{-118.275287, 34.019056}), 1546754.3519738095, 1e-6)
	near(t, "distance of a place to itself", Distance(Coord{3, 4}, Coord{3, 4}), 0, 0)
	l := line(t, []Coord{{0, 0}, {2, 0}})
	near(t, "distance to a line", l.DistanceTo(Coord{1, 1}), degree, 1e-6)
	near(t, "length", l.Length(), 2*degree, 1e-6)
	near(t, "length of a line there and back", line(t, []Coord{{0, 0}, {2, 0}}, []Coord{{2, 0}, {0, 0}}).Length(), 2*degree, 1e-6)
	near(t, "fraction", l.Locate(Coord{0.5, 3}, false), 0.25, 1e-12)
	near(t, "fraction on the spheroid", l.Locate(Coord{0.5, 3}, true), 0.25, 1e-12)
	near(t, "fraction beyond the end", l.Locate(Coord{5, 3}, false), 1, 0)
	near(t, "interpolated", l.Interpolate(0.75)[0], 1.5, 1e-12)
	a := area(t, [][]Coord{square(0, 0, 1)})
	near(t, "distance inside", a.DistanceTo(Coord{0.5, 0.5}), 0, 0)
	near(t, "distance outside", a.DistanceTo(Coord{-1, 0}), degree, 1e-6)
	octant := []Coord{{0, 0}, {90, 0}, {0, 90}, {0, 0}}
	near(t, "an octant", area(t, [][]Coord{octant}).Size(), 4*math.Pi*EarthRadius*EarthRadius/8, 1)
	near(t, "an octant twice", area(t, [][]Coord{octant}, [][]Coord{octant}).Size(), 4*math.Pi*EarthRadius*EarthRadius/8, 1)
	near(t, "its boundary", area(t, [][]Coord{octant}).Perimeter(), 270*degree, 1e-3)
	holed := area(t, [][]Coord{square(0, 0, 3), square(1, 1, 1)})
	near(t, "an area with a hole", holed.Size(), area(t, [][]Coord{square(0, 0, 3)}).Size()-area(t, [][]Coord{square(1, 1, 1)}).Size(), 1)
	if holed.Contains(Coord{1.5, 1.5}) || !holed.Contains(Coord{0.5, 1.5}) {
		t.Error("a hole is not a hole")
	}
}

func TestDirections(t *testing.T) {
	for _, x := range []struct {
		to   Coord
		want float64
	}{{Coord{0, 1}, 0}, {Coord{1, 0}, math.Pi / 2}, {Coord{0, -1}, math.Pi}, {Coord{-1, 0}, 3 * math.Pi / 2}} {
		got, ok := Azimuth(Coord{0, 0}, x.to)
		if !ok {
			t.Fatalf("no azimuth to %v", x.to)
		}
		near(t, "azimuth", got, x.want, 1e-12)
	}
	for _, to := range []Coord{{0, 0}, {180, 0}} {
		if _, ok := Azimuth(Coord{0, 0}, to); ok {
			t.Errorf("an azimuth to %v", to)
		}
	}
	got, _ := Angle(Coord{0, 10}, Coord{0, 5}, Coord{3, -10})
	near(t, "angle", got, 2.9449384340688165, 1e-12)
	if _, ok := Angle(Coord{0, 10}, Coord{0, 10}, Coord{3, -10}); ok {
		t.Error("an angle without a side")
	}
}

func TestSpheroid(t *testing.T) {
	// Distances along the equator and a meridian are known.
	near(t, "a quarter of the equator", SpheroidDistance(Coord{0, 0}, Coord{90, 0}), math.Pi/2*equator, 1e-3)
	near(t, "a quarter of a meridian", SpheroidDistance(Coord{0, 0}, Coord{0, 90}), 10001965.7293, 1e-3)
	near(t, "the same place", SpheroidDistance(Coord{7, 8}, Coord{7, 8}), 0, 0)
	near(t, "opposite places", SpheroidDistance(Coord{0, 0}, Coord{180, 0}), 2*10001965.7293, 1e-2)
}

// TestCombined compares unions and intersections with where random places lie.
func TestCombined(t *testing.T) {
	r := rand.New(rand.NewSource(7))
	star := func() [][]Coord {
		x, y, n := r.Float64()*4, r.Float64()*4, 3+r.Intn(9)
		var ring []Coord
		for i := range n {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
			d := 0.5 + 2*r.Float64()
			ring = append(ring, Coord{x + d*cos, y + d*sin})
		}
		return [][]Coord{append(ring, ring[0])}
	}
	for range 150 {
		a, b, c := area(t, star()), area(t, star()), area(t, star())
		u := area(t, Union([]*Area{a, b, c})...)
		var in *Area
		if s := Intersection(a, b); len(s.Polygons) > 0 {
			in = area(t, s.Polygons...)
		}
		for range 60 {
			p := Coord{r.Float64()*10 - 3, r.Float64()*10 - 3}
			inA, inB := a.Contains(p), b.Contains(p)
			if u.Contains(p) != (inA || inB || c.Contains(p)) {
				t.Fatalf("%v and the union of\n%v\n%v\n%v", p, a.Polygons(), b.Polygons(), c.Polygons())
			}
			if (in != nil && in.Contains(p)) != (inA && inB) {
				t.Fatalf("%v and the intersection of\n%v\n%v", p, a.Polygons(), b.Polygons())
			}
		}
		if a.Meets(b) != (in != nil) {
			t.Fatalf("Meets is %v of\n%v\n%v", a.Meets(b), a.Polygons(), b.Polygons())
		}
	}
}

func TestNeighboursUnite(t *testing.T) {
	var all []*Area
	for x := range 3 {
		for y := range 3 {
			if x != 1 || y != 1 {
				all = append(all, area(t, [][]Coord{square(float64(x), float64(y), 1)}))
			}
		}
	}
	u := Union(all)
	if len(u) != 1 || len(u[0]) != 2 || len(u[0][0]) != 13 || len(u[0][1]) != 5 {
		t.Errorf("eight squares around a gap make %v", u)
	}
	if apart := Union([]*Area{area(t, [][]Coord{square(0, 0, 1)}), area(t, [][]Coord{square(5, 5, 1)})}); len(apart) != 2 {
		t.Errorf("two squares apart make %v", apart)
	}
}

func TestTouching(t *testing.T) {
	a := area(t, [][]Coord{square(0, 0, 1)})
	if s := Intersection(a, area(t, [][]Coord{square(1, 0, 1)})); len(s.Lines) != 1 || len(s.Points)+len(s.Polygons) != 0 {
		t.Errorf("squares side by side share %+v", s)
	}
	if s := Intersection(a, area(t, [][]Coord{square(1, 1, 1)})); len(s.Points) != 1 || len(s.Lines)+len(s.Polygons) != 0 {
		t.Errorf("squares at a corner share %+v", s)
	}
	if s := Intersection(a, a); len(s.Polygons) != 1 || len(s.Points)+len(s.Lines) != 0 {
		t.Errorf("a square shares with itself %+v", s)
	}
	if s := Intersection(a, area(t, [][]Coord{square(0.25, 0.25, 0.5)})); len(s.Polygons) != 1 || len(s.Polygons[0][0]) != 5 {
		t.Errorf("a square in a square shares %+v", s)
	}
	l := line(t, []Coord{{0.5, 0.5}, {3, 0.5}})
	if s := a.Clip(l); len(s.Lines) != 1 || len(s.Lines[0]) != 2 || len(s.Points) != 0 {
		t.Errorf("a line out of a square leaves %+v", s)
	}
	if s := a.Clip(line(t, []Coord{{1, 1}, {3, 3}})); len(s.Points) != 1 || len(s.Lines) != 0 {
		t.Errorf("a line from a corner leaves %+v", s)
	}
	if s := IntersectionLines(l, line(t, []Coord{{1, 0}, {1, 2}})); len(s.Points) != 1 || len(s.Lines) != 0 {
		t.Errorf("crossing lines share %+v", s)
	}
	if s := IntersectionLines(l, l); len(s.Lines) != 1 || len(s.Points) != 0 {
		t.Errorf("a line shares with itself %+v", s)
	}
}

// TestBuffers checks that what is near is in and what is far is out.
func TestBuffers(t *testing.T) {
	const radius, tolerance = 20000.0, 50.0
	l := line(t, []Coord{{0, 0}, {1, 0}, {1, 1}, {0.2, 0.2}}, []Coord{{2, 2}, {2.1, 2.1}})
	a := area(t, [][]Coord{{{0, 0}, {1, 0}, {0.5, 0.3}, {1, 1}, {0, 1}, {0, 0}}}, [][]Coord{square(1.2, 0, 1)}, [][]Coord{square(5, 5, 3), square(6, 6, 1), square(7.5, 7.5, 0.1)})
	lb, ok1 := l.Buffer(radius, tolerance)
	ab, ok2 := a.Buffer(radius, tolerance)
	ring, ok3 := BufferPoint(Coord{3, 60}, radius, tolerance)
	if !ok1 || !ok2 || !ok3 {
		t.Fatal("no buffer")
	}
	r := rand.New(rand.NewSource(3))
	for _, x := range []struct {
		name string
		in   *Area
		far  func(Coord) float64
		at   Coord
	}{
		{"line", area(t, lb...), l.DistanceTo, Coord{1, 1}}, {"area", area(t, ab...), a.DistanceTo, Coord{4, 4}},
		{"point", area(t, [][]Coord{ring}), func(p Coord) float64 { return Distance(p, Coord{3, 60}) }, Coord{3, 60}},
	} {
		for range 4000 {
			p := Coord{x.at[0] + r.NormFloat64(), x.at[1] + r.NormFloat64()}
			d := x.far(p)
			if math.Abs(d-radius) > tolerance+1 && x.in.Contains(p) != (d < radius) {
				t.Fatalf("%s: %v is %v away, in the buffer: %v", x.name, p, d, x.in.Contains(p))
			}
		}
	}
	for _, x := range [][2]float64{{0, 10}, {-1, 10}, {math.NaN(), 10}, {10, 0}, {1e6, 0.5}, {1.1e7, 10}} {
		if _, ok := l.Buffer(x[0], x[1]); ok {
			t.Errorf("a buffer of radius %v and tolerance %v", x[0], x[1])
		}
	}
}

func TestDensify(t *testing.T) {
	got, ok := Densify([][]Coord{{{50, 50}, {51, 51}}}, 10, false)
	if !ok || len(got) != 1 || len(got[0]) != 9 || got[0][1] != (Coord{50.125, 50.125}) {
		t.Errorf("%v", got)
	}
	got, _ = Densify([][]Coord{{{170, 10}, {-170, 10}}}, 1000, false)
	if len(got) != 2 || math.Abs(got[0][len(got[0])-1][0]) < 179.99 || math.Abs(got[1][0][0]) < 179.99 {
		t.Errorf("an edge over the antimeridian becomes %v", got)
	}
	if whole, _ := Densify([][]Coord{{{170, 10}, {-170, 10}}}, 1000, true); len(whole) != 1 {
		t.Errorf("uncut it becomes %v", whole)
	}
	for _, bad := range [][]Coord{nil, {{1, 1}}, {{1, 1}, {1, 1}}, {{1, 1}, {1, 91}}, {{1, 1}, {math.Inf(1), 1}}} {
		if _, ok := Densify([][]Coord{bad}, 10, false); ok {
			t.Errorf("%v is densified", bad)
		}
	}
	if p, ok := area(t, [][]Coord{square(10, 10, 1)}).Densify(10); !ok || len(p[0][0]) != 11 {
		t.Errorf("a square becomes %v", p)
	}
}

func TestSimplify(t *testing.T) {
	var wavy []Coord
	for i := range 101 {
		wavy = append(wavy, Coord{float64(i) / 100, 1e-5 * math.Sin(float64(i))})
	}
	got, ok := line(t, wavy).Simplify(50)
	if !ok || len(got) != 1 || len(got[0]) != 2 {
		t.Errorf("a nearly straight line becomes %v", got)
	}
	if same, _ := line(t, wavy).Simplify(0); len(same[0]) != len(wavy) {
		t.Errorf("a tolerance of 0 leaves %d places", len(same[0]))
	}
	if _, ok := line(t, wavy).Simplify(1e6); ok {
		t.Error("a short line is left at a large tolerance")
	}
	shared := append([]Coord{{0, 1}, {0, 0}}, wavy...)
	left := append(shared[1:len(shared):len(shared)], Coord{1, -1}, Coord{0, -1}, Coord{0, 0})[1:]
	right := append(backwards(wavy), Coord{0, 1}, Coord{1, 1}, wavy[100])
	both, ok := SimplifyAll([]*Area{area(t, [][]Coord{left}), area(t, [][]Coord{right})}, 50)
	if !ok || len(both) != 2 || len(both[0][0]) != 5 || len(both[1][0]) != 5 {
		t.Errorf("two areas that share a boundary become %v", both)
	}
}

func TestCover(t *testing.T) {
	triangle := area(t, [][]Coord{{{0, 0}, {0, 50}, {100, 50}, {0, 0}}})
	cells, ok := triangle.Cover(5, 65536, 0)
	if !ok || len(cells) != 286 {
		t.Errorf("%d cells", len(cells))
	}
	if _, ok := triangle.Cover(30, 65536, 0); ok {
		t.Error("the limit was passed")
	}
	small := area(t, [][]Coord{square(10, 50, 0.5)})
	wide, ok := small.Cover(9, 65536, 10000)
	narrow, _ := small.Cover(9, 65536, 0)
	if !ok || len(wide) <= len(narrow) {
		t.Errorf("%d cells with a radius, %d without", len(wide), len(narrow))
	}
	in := map[uint64]bool{}
	for _, c := range wide {
		in[uint64(c)] = true
	}
	r := rand.New(rand.NewSource(5))
	for range 2000 {
		p := Coord{10.25 + r.NormFloat64()*0.4, 50.25 + r.NormFloat64()*0.4}
		if small.DistanceTo(p) < 10000 && !in[uint64(p.Cell(9))] {
			t.Fatalf("%v is near but not covered", p)
		}
	}
	if cells, ok := line(t, []Coord{{10.1234, 53}, {10.1235, 53}}).Cover(8, 10, 0); !ok || len(cells) != 1 || cells[0].ToToken() != "47b1d" {
		t.Errorf("%v", cells)
	}
}

// TestRoundTrip holds the conversion of places to what correctly rounded functions give.
func TestRoundTrip(t *testing.T) {
	for _, x := range []struct{ in, want Coord }{
		{Coord{-73.949247, 40.79686}, Coord{-73.949247, 40.79686}}, {Coord{50.25, 50.25}, Coord{50.25000000000001, 50.25000000000001}},
		{Coord{50.625, 50.625}, Coord{50.625, 50.62500000000001}}, {Coord{51, 51}, Coord{50.99999999999999, 51}}, {Coord{10, 10}, Coord{10, 10.000000000000002}},
		{Coord{0, 0}, Coord{0, 0}}, {Coord{180, 0}, Coord{180, 0}}, {Coord{-180, 0}, Coord{-180, 0}}, {Coord{0, 90}, Coord{0, 90}}, {Coord{90, -90}, Coord{90, -90}},
	} {
		if got := coord(x.in.point()); got != x.want {
			t.Errorf("%v becomes %v, want %v", x.in, got, x.want)
		}
	}
}
