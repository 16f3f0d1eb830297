package funcs

import (
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/geo"
	"github.com/vedette-siem/vedette/internal/types"
)

// geoTextFuncs read other notations of shapes.
var geoTextFuncs = []*Func{
	{Name: "geo_from_wkt", Class: Scalar, Page: "geo-from-wkt-function", Sigs: Sigs(RetDynamic, Str("wkt")),
		Doc: "Gives the GeoJSON shape that a well-known text describes.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			p := wkt{s: a[0].Text()}
			n, ok := p.shape(0)
			if p.blank(); !ok || p.s != "" {
				return types.Null(types.Dynamic)
			}
			return n.Value()
		},
		Deviates: "shapes with more than two dimensions and empty ones are null",
		Examples: []Example{{`geo_from_wkt("POINT (1 2)")`, `dynamic({"type":"Point","coordinates":[1.0,2.0]})`}, {`geo_from_wkt("LINESTRING")`, `dynamic(null)`},
			{`geo_from_wkt("GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (2 2, 3 3))")`, `dynamic({"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1.0,1.0]},{"type":"LineString","coordinates":[[2.0,2.0],[3.0,3.0]]}]})`}}},
}

// wkt reads well-known text from the front of s.
type wkt struct{ s string }

func (p *wkt) blank() { p.s = strings.TrimLeft(p.s, " \t\r\n") }

func (p *wkt) eat(c byte) bool {
	p.blank()
	if p.s == "" || p.s[0] != c {
		return false
	}
	p.s = p.s[1:]
	return true
}

func (p *wkt) word() string {
	p.blank()
	n := strings.IndexFunc(p.s, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') })
	if n < 0 {
		n = len(p.s)
	}
	w := p.s[:n]
	p.s = p.s[n:]
	return strings.ToUpper(w)
}

// wktDepth bounds how deep collections may nest.
const wktDepth = 32

func (p *wkt) shape(depth int) (types.JSON, bool) {
	var at types.JSON
	var ok bool
	kind := p.word()
	switch kind {
	case "POINT":
		at, ok = p.one(p.coord)
		kind = "Point"
	case "LINESTRING":
		at, ok = p.list(p.coord)
		kind = "LineString"
	case "POLYGON":
		at, ok = p.list(p.coords)
		kind = "Polygon"
	case "MULTIPOINT":
		at, ok = p.list(p.point)
		kind = "MultiPoint"
	case "MULTILINESTRING":
		at, ok = p.list(p.coords)
		kind = "MultiLineString"
	case "MULTIPOLYGON":
		at, ok = p.list(func() (types.JSON, bool) { return p.list(p.coords) })
		kind = "MultiPolygon"
	case "GEOMETRYCOLLECTION":
		if depth == wktDepth {
			return at, false
		}
		at, ok = p.list(func() (types.JSON, bool) { return p.shape(depth + 1) })
		return geometry("GeometryCollection", "geometries", at), ok
	}
	return geometry(kind, "coordinates", at), ok
}

// one reads what stands in parentheses.
func (p *wkt) one(item func() (types.JSON, bool)) (types.JSON, bool) {
	if !p.eat('(') {
		return types.JSON{}, false
	}
	n, ok := item()
	return n, ok && p.eat(')')
}

func (p *wkt) list(item func() (types.JSON, bool)) (types.JSON, bool) {
	out := types.JSON{Kind: types.JSONArray}
	if !p.eat('(') {
		return out, false
	}
	for {
		n, ok := item()
		if !ok {
			return out, false
		}
		out.Items = append(out.Items, n)
		if !p.eat(',') {
			return out, p.eat(')')
		}
	}
}

func (p *wkt) coords() (types.JSON, bool) { return p.list(p.coord) }

// point reads a place of a MULTIPOINT, which may stand in parentheses.
func (p *wkt) point() (types.JSON, bool) {
	p.blank()
	if strings.HasPrefix(p.s, "(") {
		return p.one(p.coord)
	}
	return p.coord()
}

func (p *wkt) coord() (types.JSON, bool) {
	var c geo.Coord
	for i := range c {
		p.blank()
		n := strings.IndexAny(p.s, " \t\r\n,()")
		if n < 0 {
			return types.JSON{}, false
		}
		f, err := strconv.ParseFloat(p.s[:n], 64)
		if err != nil {
			return types.JSON{}, false
		}
		c[i] = f
		p.s = p.s[n:]
	}
	return coordJSON(c), c.Valid()
}
