package funcs

import (
	"math"
	"strings"
	"sync"

	"github.com/vedette-siem/vedette/internal/geo"
	"github.com/vedette-siem/vedette/internal/types"
)

// shapeCache keeps the shapes read from GeoJSON, so that a body may be handed a constant polygon on every
// row. It is bounded: past its size it starts anew.
type shapeCache struct {
	mu    sync.Mutex
	lines map[string]*geo.Line
	areas map[string]*geo.Area
}

const shapeCacheSize = 64

// line reads a LineString or a MultiLineString; nil if the value is none.
// https://learn.microsoft.com/kusto/query/geo-line-length-function
func (c *Ctx) line(v types.Value) *geo.Line {
	c.shapes.mu.Lock()
	defer c.shapes.mu.Unlock()
	if l, ok := c.shapes.lines[v.Text()]; ok {
		return l
	}
	var l *geo.Line
	if parts, ok := jsonLines(v); ok {
		l, _ = geo.NewLine(parts)
	}
	if c.shapes.lines == nil || len(c.shapes.lines) >= shapeCacheSize {
		c.shapes.lines = map[string]*geo.Line{}
	}
	c.shapes.lines[v.Text()] = l
	return l
}

// area reads a Polygon or a MultiPolygon; nil if the value is none.
// https://learn.microsoft.com/kusto/query/geo-polygon-area-function
func (c *Ctx) area(v types.Value) *geo.Area {
	c.shapes.mu.Lock()
	defer c.shapes.mu.Unlock()
	if a, ok := c.shapes.areas[v.Text()]; ok {
		return a
	}
	var a *geo.Area
	if parts, ok := jsonPolygons(v); ok {
		a, _ = geo.NewArea(parts)
	}
	if c.shapes.areas == nil || len(c.shapes.areas) >= shapeCacheSize {
		c.shapes.areas = map[string]*geo.Area{}
	}
	c.shapes.areas[v.Text()] = a
	return a
}

// shape splits a GeoJSON object into its type, in lower case, and its coordinates.
func shape(v types.Value) (kind string, at types.JSON) {
	n := types.JSONOf(v)
	t, _ := n.Get("type")
	at, _ = n.Get("coordinates")
	return strings.ToLower(t.Str), at
}

func jsonLines(v types.Value) ([][]geo.Coord, bool) {
	kind, at := shape(v)
	switch kind {
	case "linestring":
		cs, ok := jsonCoords(at)
		return [][]geo.Coord{cs}, ok
	case "multilinestring":
		return jsonList(at, jsonCoords)
	}
	return nil, false
}

func jsonPolygons(v types.Value) ([][][]geo.Coord, bool) {
	kind, at := shape(v)
	rings := func(n types.JSON) ([][]geo.Coord, bool) { return jsonList(n, jsonCoords) }
	switch kind {
	case "polygon":
		rs, ok := rings(at)
		return [][][]geo.Coord{rs}, ok
	case "multipolygon":
		return jsonList(at, rings)
	}
	return nil, false
}

func jsonList[T any](n types.JSON, item func(types.JSON) (T, bool)) ([]T, bool) {
	if n.Kind != types.JSONArray || len(n.Items) == 0 {
		return nil, false
	}
	out := make([]T, len(n.Items))
	for i, x := range n.Items {
		var ok bool
		if out[i], ok = item(x); !ok {
			return nil, false
		}
	}
	return out, true
}

func jsonCoords(n types.JSON) ([]geo.Coord, bool) { return jsonList(n, jsonCoord) }

// jsonCoord reads a position; an altitude behind longitude and latitude is ignored.
func jsonCoord(n types.JSON) (geo.Coord, bool) {
	if n.Kind != types.JSONArray || len(n.Items) < 2 {
		return geo.Coord{}, false
	}
	var c geo.Coord
	for i := range c {
		switch x := n.Items[i]; x.Kind {
		case types.JSONLong:
			c[i] = float64(x.Long)
		case types.JSONReal:
			c[i] = x.Real
		default:
			return c, false
		}
		if math.IsNaN(c[i]) || math.IsInf(c[i], 0) {
			return c, false
		}
	}
	return c, true
}

// jsonArray writes a list.
func listJSON[T any](xs []T, item func(T) types.JSON) types.JSON {
	n := types.JSON{Kind: types.JSONArray, Items: make([]types.JSON, len(xs))}
	for i, x := range xs {
		n.Items[i] = item(x)
	}
	return n
}

func coordJSON(c geo.Coord) types.JSON {
	return listJSON(c[:], func(f float64) types.JSON { return types.JSON{Kind: types.JSONReal, Real: f} })
}

func coordsJSON(cs []geo.Coord) types.JSON       { return listJSON(cs, coordJSON) }
func ringsJSON(rs [][]geo.Coord) types.JSON      { return listJSON(rs, coordsJSON) }
func polygonsJSON(ps [][][]geo.Coord) types.JSON { return listJSON(ps, ringsJSON) }

func geometry(kind, key string, value types.JSON) types.JSON {
	var n types.JSON
	n.Set("type", types.JSON{Kind: types.JSONString, Str: kind})
	n.Set(key, value)
	return n
}

func pointJSON(c geo.Coord) types.JSON { return geometry("Point", "coordinates", coordJSON(c)) }

func pointValue(c geo.Coord) types.Value { return pointJSON(c).Value() }

// linesJSON is one LineString, or a MultiLineString.
func linesJSON(parts [][]geo.Coord) types.JSON {
	if len(parts) == 1 {
		return geometry("LineString", "coordinates", coordsJSON(parts[0]))
	}
	return geometry("MultiLineString", "coordinates", ringsJSON(parts))
}

// areaJSON is one Polygon, or a MultiPolygon.
func areaJSON(polygons [][][]geo.Coord) types.JSON {
	if len(polygons) == 1 {
		return geometry("Polygon", "coordinates", ringsJSON(polygons[0]))
	}
	return geometry("MultiPolygon", "coordinates", polygonsJSON(polygons))
}

// shapesValue is the one geometry an intersection consists of, or a GeometryCollection of several or none.
func shapesValue(s geo.Shapes) types.Value {
	var all []types.JSON
	switch len(s.Points) {
	case 0:
	case 1:
		all = append(all, pointJSON(s.Points[0]))
	default:
		all = append(all, geometry("MultiPoint", "coordinates", coordsJSON(s.Points)))
	}
	if len(s.Lines) > 0 {
		all = append(all, linesJSON(s.Lines))
	}
	if len(s.Polygons) > 0 {
		all = append(all, areaJSON(s.Polygons))
	}
	if len(all) == 1 {
		return all[0].Value()
	}
	return geometry("GeometryCollection", "geometries", types.JSON{Kind: types.JSONArray, Items: all}).Value()
}

// coordAt reads the longitude and latitude in arguments i and i+1.
func coordAt(a []types.Value, i int) (geo.Coord, bool) {
	c := geo.Coord{a[i].Float64(), a[i+1].Float64()}
	return c, c.Valid()
}

// numberAt is argument i, or its default.
func numberAt(a []types.Value, i int, otherwise float64) float64 {
	if i < len(a) {
		return a[i].Float64()
	}
	return otherwise
}

// wholeAt is argument i as a whole number in a range, or its default.
func wholeAt(a []types.Value, i, otherwise, least, most int) (int, bool) {
	f := math.Trunc(numberAt(a, i, float64(otherwise)))
	return int(f), f >= float64(least) && f <= float64(most)
}

// flagAt is argument i as a truth value, false by default.
func flagAt(a []types.Value, i int) bool {
	if i >= len(a) {
		return false
	}
	if a[i].Type() == types.Bool {
		return a[i].Bool()
	}
	return a[i].Float64() != 0
}
