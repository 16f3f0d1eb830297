package funcs

import (
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/geo"
	"github.com/vedette-siem/vedette/internal/types"
)

func TestGeoExamples(t *testing.T) {
	checkFamily(t, geoFuncs, geoLineFuncs, geoAreaFuncs, geoCellFuncs, geoTextFuncs)
}

func TestTokenHash(t *testing.T) {
	if got := tokenHash("862a10727ffffff"); got != 3706567643538346758 {
		t.Errorf("the hash is %d", got)
	}
	if got := tokenSet([]string{"a", "b", "a"}); len(types.JSONOf(got).Items) != 2 {
		t.Errorf("a set of two is %s", got.Text())
	}
	if got := tokenSet(nil); got.Text() != "[]" {
		t.Errorf("an empty set is %s", got.Text())
	}
}

func TestGeohashes(t *testing.T) {
	for _, p := range []geo.Coord{{0, 0}, {-180, -90}, {180, 90}, {179.999999, -89.999999}, {-73.985654, 40.748487}} {
		for n := 1; n <= maxGeohash; n++ {
			g := geohashOf(p, n)
			back, ok := parseGeohash(g.String())
			if !ok || back != g {
				t.Fatalf("%v at %d is %s, read back as %v", p, n, g, back)
			}
			low, high := g.corner(0, 0), g.corner(1, 1)
			if p[0] < low[0] || p[0] > high[0] || p[1] < low[1] || p[1] > high[1] {
				t.Fatalf("%v is not in %s", p, g)
			}
		}
	}
	for _, s := range []string{"", "a", "sunnyi", "SUNNY", strings.Repeat("0", 19), "é"} {
		if _, ok := parseGeohash(s); ok {
			t.Errorf("%q is a geohash", s)
		}
	}
}

// TestOddShapes hands the functions what is no shape at all.
func TestOddShapes(t *testing.T) {
	for _, text := range []string{
		`1`, `"x"`, `[]`, `{}`, `{"type":1}`, `{"type":"LineString"}`, `{"type":"LineString","coordinates":1}`, `{"type":"LineString","coordinates":[1,2]}`, `{"type":"LineString","coordinates":[[1],[2]]}`,
		`{"type":"LineString","coordinates":[["1",2],[3,4]]}`, `{"type":"LineString","coordinates":[[1e999,2],[3,4]]}`, `{"type":"MultiLineString","coordinates":[[1,2],[3,4]]}`, `{"type":"MultiLineString","coordinates":[[]]}`,
		`{"type":"Polygon","coordinates":[]}`, `{"type":"Polygon","coordinates":[[]]}`, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,0]]]}`, `{"type":"MultiPolygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`,
		`{"type":"Point","coordinates":[1,2]}`, `{"type":"GeometryCollection","geometries":[]}`, `{"coordinates":[[1,2],[3,4]]}`,
	} {
		v := types.DynamicOf(text)
		c := &Ctx{}
		if l := c.line(v); l != nil {
			t.Errorf("%s is the line %v", text, l.Parts())
		}
		if a := c.area(v); a != nil {
			t.Errorf("%s is the area %v", text, a.Polygons())
		}
	}
	// The type's case does not matter, and an altitude is ignored.
	c := &Ctx{}
	if c.line(types.DynamicOf(`{"type":"linestring","coordinates":[[1,2,99],[3,4,99]]}`)) == nil || c.area(types.DynamicOf(`{"type":"POLYGON","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`)) == nil {
		t.Error("a shape was not read")
	}
}

func TestWellKnownText(t *testing.T) {
	for text, want := range map[string]string{
		"point(1 2)": `{"type":"Point","coordinates":[1.0,2.0]}`, " MULTIPOINT ((1 1), (2 2)) ": `{"type":"MultiPoint","coordinates":[[1.0,1.0],[2.0,2.0]]}`,
		"MULTIPOINT (1 1, 2 2)": `{"type":"MultiPoint","coordinates":[[1.0,1.0],[2.0,2.0]]}`, "POLYGON ((0 0, 2 0, 2 2, 0 0))": `{"type":"Polygon","coordinates":[[[0.0,0.0],[2.0,0.0],[2.0,2.0],[0.0,0.0]]]}`,
		"POINT (1e1 -2.5)": `{"type":"Point","coordinates":[10.0,-2.5]}`,
		"POINT":            "", "POINT EMPTY": "", "POINT (1)": "", "POINT (1 2": "", "POINT (1 2))": "", "POINT (1 2 3)": "", "POINT Z (1 2 3)": "", "POINT (x y)": "", "CIRCLE (1 2)": "", "": "", "POINT (1 91)": "",
		strings.Repeat("GEOMETRYCOLLECTION (", 100) + "POINT (1 2)" + strings.Repeat(")", 100): "",
	} {
		got := geoTextFuncs[0].Go(&Ctx{Out: types.Dynamic}, []types.Value{types.StringOf(text)})
		if got.IsNull() != (want == "") || !got.IsNull() && got.Text() != want {
			t.Errorf("%q gives %s, want %s", text, got.Text(), want)
		}
	}
}
