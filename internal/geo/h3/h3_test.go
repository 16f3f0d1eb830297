package h3

import (
	"math"
	"math/rand"
	"testing"
)

// The expected cells are those of the C library of the grid.

func cells(t *testing.T, texts ...string) []Cell {
	t.Helper()
	var out []Cell
	for _, s := range texts {
		c, ok := Parse(s)
		if !ok {
			t.Fatalf("%s is no cell", s)
		}
		out = append(out, c)
	}
	return out
}

func TestFromPoint(t *testing.T) {
	for _, x := range []struct {
		lng, lat float64
		res      int
		want     string
	}{
		{-74.04450446039874, 40.689250859314974, 6, "862a1072fffffff"}, {0, 0, 0, "8075fffffffffff"}, {0, 0, 15, "8f754e64992d6d8"},
		{0, 90, 3, "830326fffffffff"}, {180, -90, 3, "83f293fffffffff"}, {-180, 10, 4, "845ba5dffffffff"},
	} {
		if got := FromPoint(x.lng, x.lat, x.res).String(); got != x.want {
			t.Errorf("FromPoint(%v, %v, %d) = %s, want %s", x.lng, x.lat, x.res, got, x.want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, s := range []string{"", "1", "@", "abc", "862a1072ffffff", "862a1072ffffffff", "962a1072fffffff", "8ff293fffffffff", "80ffffffffffff", "862a1072ffffff7"} {
		if c, ok := Parse(s); ok {
			t.Errorf("%q was read as %s", s, c)
		}
	}
	// Part 1 of a pentagon does not exist.
	if _, ok := Parse("81087ffffffffff"); ok {
		t.Error("a pentagon's missing part was accepted")
	}
}

// TestAllCoarse walks all cells of the three coarsest resolutions: each is where its centre is, has its
// neighbours' neighbour in itself, and 12 of a resolution are pentagons.
func TestAllCoarse(t *testing.T) {
	count := []int{122, 842, 5882}
	for res, want := range count {
		n, pentagons := 0, 0
		for b := range baseCells {
			root := empty.withBase(b)
			for _, c := range root.Children(res) {
				n++
				if !c.valid() {
					t.Fatalf("%s is not valid", c)
				}
				centre := c.Centre()
				if got := FromPoint(centre[0], centre[1], res); got != c {
					t.Fatalf("the centre of %s lies in %s", c, got)
				}
				if c.Parent(0) != root {
					t.Fatalf("%s has the parent %s", c, c.Parent(0))
				}
				want := 6
				if c.pentagon() {
					pentagons++
					want = 5
				}
				ns := c.Neighbours()
				if len(ns) != want {
					t.Fatalf("%s has %d neighbours", c, len(ns))
				}
				for _, x := range ns {
					back := false
					for _, y := range x.Neighbours() {
						back = back || y == c
					}
					if !back {
						t.Fatalf("%s is a neighbour of %s but not the other way", x, c)
					}
				}
			}
		}
		if n != want || pentagons != 12 {
			t.Errorf("resolution %d has %d cells and %d pentagons", res, n, pentagons)
		}
	}
}

func TestBoundary(t *testing.T) {
	for _, x := range []struct {
		cell    string
		corners int
	}{
		{"862a1072fffffff", 6}, {"8009fffffffffff", 5}, {"81083ffffffffff", 10}, {"8101bffffffffff", 7},
	} {
		if got := len(cells(t, x.cell)[0].Boundary()); got != x.corners {
			t.Errorf("%s has %d corners, want %d", x.cell, got, x.corners)
		}
	}
	want := [][2]float64{{-74.0022744646159, 40.73537602621501}, {-74.04690802968624, 40.72798622248911}, {-74.06061071222366, 40.69677514034901},
		{-74.02972440815668, 40.672970047595456}, {-73.98514098370819, 40.680349049267576}, {-73.97139376102862, 40.71154393543933}}
	for i, p := range cells(t, "862a1072fffffff")[0].Boundary() {
		if math.Abs(p[0]-want[i][0]) > 1e-11 || math.Abs(p[1]-want[i][1]) > 1e-11 {
			t.Errorf("corner %d is %v, want %v", i, p, want[i])
		}
	}
}

func TestRings(t *testing.T) {
	want := [][]string{{"861f8894fffffff"},
		{"861f88947ffffff", "861f8895fffffff", "861f88867ffffff", "861f8d497ffffff", "861f8d4b7ffffff", "861f8896fffffff"},
		{"861f88967ffffff", "861f88977ffffff", "861f88957ffffff", "861f8882fffffff", "861f88877ffffff", "861f88847ffffff", "861f8886fffffff", "861f8d49fffffff", "861f8d487ffffff", "861f8d4a7ffffff", "861f8d59fffffff", "861f8d597ffffff"}}
	got := cells(t, "861f8894fffffff")[0].Rings(2)
	for d, ring := range want {
		for i, c := range cells(t, ring...) {
			if got[d][i] != c {
				t.Fatalf("ring %d is %v, want %v", d, got[d], ring)
			}
		}
	}
	// Around a pentagon a ring has five cells for each step of distance.
	for d, ring := range cells(t, "8009fffffffffff")[0].Rings(2) {
		if want := max(1, 5*d); len(ring) != want {
			t.Errorf("ring %d around a pentagon has %d cells, want %d", d, len(ring), want)
		}
	}
}

func TestFill(t *testing.T) {
	loop := [][2]float64{{-3.659, 40.553}, {-3.913, 40.409}, {-3.729, 40.273}, {-3.524, 40.440}}
	want := cells(t, "86390cb57ffffff", "86390ca27ffffff", "86390ca2fffffff", "86390cb07ffffff", "86390ca37ffffff", "86390cb0fffffff", "86390cb17ffffff",
		"86390cb87ffffff", "86390cb1fffffff", "86390cb8fffffff", "86390cba7ffffff", "86390ca07ffffff", "86390cbafffffff")
	got, ok := Fill([][][2]float64{loop}, 6, 100)
	if !ok || len(got) != len(want) {
		t.Fatalf("Fill gives %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("Fill gives %v, want %v", got, want)
		}
	}
	if _, ok := Fill([][][2]float64{loop}, 6, 12); ok {
		t.Error("the limit was passed")
	}
	if _, ok := Fill([][][2]float64{loop}, 15, 100); ok {
		t.Error("the limit was passed by far")
	}
	hole := [][2]float64{{-3.7, 40.35}, {-3.7, 40.45}, {-3.8, 40.45}, {-3.8, 40.35}}
	if got, _ := Fill([][][2]float64{loop, hole}, 6, 100); len(got) >= len(want) {
		t.Errorf("a hole leaves %d cells", len(got))
	}
	over, _ := Fill([][][2]float64{{{179, 0}, {-179, 0}, {-179, 1}, {179, 1}}}, 5, 1000)
	if len(over) == 0 {
		t.Error("no cells across the antimeridian")
	}
	for _, c := range over {
		if p := c.Centre(); math.Abs(p[0]) < 179 {
			t.Errorf("%s at %v is not within", c, p)
		}
	}
	if got, ok := Fill([][][2]float64{{{1, 1}, {2, 1}, {3, 1}}}, 5, 100); !ok || len(got) != 0 {
		t.Errorf("an area without height gives %v", got)
	}
}

func TestPointsAndCells(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 5000 {
		lat, lng, res := math.Asin(2*r.Float64()-1)*180/math.Pi, r.Float64()*360-180, r.Intn(16)
		c := FromPoint(lng, lat, res)
		if !c.valid() || c.Resolution() != res {
			t.Fatalf("FromPoint(%v, %v, %d) = %s", lng, lat, res, c)
		}
		if p := c.Centre(); FromPoint(p[0], p[1], res) != c {
			t.Fatalf("the centre of %s lies elsewhere", c)
		}
	}
}
