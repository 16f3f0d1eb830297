package funcs

import (
	"slices"

	"github.com/vedette-siem/vedette/internal/geo"
	"github.com/vedette-siem/vedette/internal/geo/h3"
	"github.com/vedette-siem/vedette/internal/types"
)

var polygonParam = P("polygon", Dynamic)

// geoAreaFuncs work on polygons.
var geoAreaFuncs = []*Func{
	{Name: "geo_point_in_polygon", Class: Scalar, Page: "geo-point-in-polygon-function",
		Sigs: Sigs(RetBool, slices.Concat(place(""), []Param{polygonParam})...), Doc: "Tells whether a place lies in a polygon.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			p, ok := coordAt(a, 0)
			g := c.area(a[2])
			if !ok || g == nil {
				return types.Null(types.Bool)
			}
			return types.BoolOf(g.Contains(p))
		},
		Examples: []Example{{`geo_point_in_polygon(6, 3, dynamic({"type":"Polygon","coordinates":[[[0,0],[10,1],[10,10],[0,0]]]}))`, `true`}, {`geo_point_in_polygon(6, 8, dynamic({"type":"Polygon","coordinates":[[[0,0],[10,1],[10,10],[0,0]]]}))`, `false`},
			{`geo_point_in_polygon(200, 1, dynamic({"type":"Polygon","coordinates":[[[0,0],[10,10],[10,1],[0,0]]]}))`, `bool(null)`}, {`geo_point_in_polygon(1, 1, dynamic({"type":"Polygon","coordinates":[[[0,0],[10,10],[10,10],[0,0]]]}))`, `bool(null)`}}},
	{Name: "geo_distance_point_to_polygon", Class: Scalar, Page: "geo-distance-point-to-polygon-function",
		Sigs: Sigs(RetReal, slices.Concat(place(""), []Param{polygonParam})...), Doc: "Gives the distance of a place from a polygon in metres, 0 inside.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			p, ok := coordAt(a, 0)
			g := c.area(a[2])
			if !ok || g == nil {
				return types.Null(types.Real)
			}
			return types.RealOf(g.DistanceTo(p))
		},
		Examples: []Example{{`geo_distance_point_to_polygon(6, 3, dynamic({"type":"Polygon","coordinates":[[[0,0],[10,1],[10,10],[0,0]]]}))`, `0.0`}, {`round(geo_distance_point_to_polygon(-1, 0, dynamic({"type":"Polygon","coordinates":[[[0,0],[10,1],[10,10],[0,0]]]})), 3)`, `111195.101`},
			{`geo_distance_point_to_polygon(500, 1, dynamic({"type":"Polygon","coordinates":[[[0,0],[10,10],[10,1],[0,0]]]}))`, `real(null)`}}},
	{Name: "geo_closest_point_on_polygon", Class: Scalar, Page: "geo-closest-point-on-polygon-function",
		Sigs: Sigs(RetDynamic, slices.Concat(place(""), []Param{polygonParam})...), Doc: "Gives the place of a polygon that is closest to a place, which is that place itself inside.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			p, ok := coordAt(a, 0)
			g := c.area(a[2])
			if !ok || g == nil {
				return types.Null(types.Dynamic)
			}
			return pointValue(g.Closest(p))
		},
		Examples: []Example{{`geo_closest_point_on_polygon(6, 3, dynamic({"type":"Polygon","coordinates":[[[0,0],[10,1],[10,10],[0,0]]]}))`, `dynamic({"type":"Point","coordinates":[6.0,3.0]})`},
			{`geo_closest_point_on_polygon(500, 1, dynamic({"type":"Polygon","coordinates":[[[0,0],[10,10],[10,1],[0,0]]]}))`, `dynamic(null)`}, {`geo_closest_point_on_polygon(1, 1, dynamic({"type":"Polygon","coordinates":[[[0,0],[10,10],[10,10],[0,0]]]}))`, `dynamic(null)`}}},
	ofArea("geo_polygon_area", RetReal, "Gives the size of a polygon in square metres; overlaps of several polygons count once.",
		func(g *geo.Area) types.Value { return types.RealOf(g.Size()) },
		Example{`round(geo_polygon_area(dynamic({"type":"Polygon","coordinates":[[[0,0],[90,0],[0,90],[0,0]]]})), 0)`, `63758259139749.0`}, Example{`geo_polygon_area(dynamic({"type":"Polygon","coordinates":[[[0,0],[10,10],[10,10],[0,0]]]}))`, `real(null)`},
		Example{`geo_polygon_area(dynamic({"type":"Polygon"}))`, `real(null)`}),
	ofArea("geo_polygon_perimeter", RetReal, "Gives the length of a polygon's boundary in metres.",
		func(g *geo.Area) types.Value { return types.RealOf(g.Perimeter()) },
		Example{`round(geo_polygon_perimeter(dynamic({"type":"Polygon","coordinates":[[[0,0],[90,0],[0,90],[0,0]]]})), 3)`, `30022677.318`}, Example{`geo_polygon_perimeter(dynamic({"type":"Polygon","coordinates":[[[0,0],[10,10],[10,10],[0,0]]]}))`, `real(null)`},
		Example{`geo_polygon_perimeter(dynamic(1))`, `real(null)`}),
	ofArea("geo_polygon_centroid", RetDynamic, "Gives the middle of a polygon.",
		func(g *geo.Area) types.Value { return pointOrNull(g.Centroid()) },
		Example{`round(toreal(geo_polygon_centroid(dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,2],[0,0]]]})).coordinates[0]), 6)`, `1.0`}, Example{`geo_polygon_centroid(dynamic({"type":"Polygon","coordinates":[[[0,0],[10,10],[10,10],[0,0]]]}))`, `dynamic(null)`},
		Example{`geo_polygon_centroid(dynamic({}))`, `dynamic(null)`}),
	{Name: "geo_polygon_densify", Class: Scalar, Page: "geo-polygon-densify-function",
		Sigs: Sigs(RetDynamic, polygonParam, P("tolerance", Number).Optional(), P("preserve_crossing", NumberOrBool).Optional()),
		Doc:  "Turns the straight edges of a polygon on the map into geodesics that stay within a tolerance in metres.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			if g, t := c.area(a[0]), numberAt(a, 1, 10); g != nil && t >= 0.1 && t <= 10000 {
				return areaOrNull(g.Densify(t))
			}
			return types.Null(types.Dynamic)
		},
		Deviates: "a polygon that passes the antimeridian is not cut there, as with preserve_crossing",
		Examples: []Example{{`array_length(geo_polygon_densify(dynamic({"type":"Polygon","coordinates":[[[10,10],[11,10],[11,11],[10,11],[10,10]]]})).coordinates[0])`, `11`},
			{`geo_polygon_densify(dynamic({"type":"Polygon","coordinates":[[[10,10],[11,10],[11,11],[10,11],[10,10]]]}), 0)`, `dynamic(null)`}, {`geo_polygon_densify(dynamic({"type":"Polygon","coordinates":[[[10,900],[11,10],[11,11],[10,11],[10,10]]]}))`, `dynamic(null)`}}},
	{Name: "geo_polygon_simplify", Class: Scalar, Page: "geo-polygon-simplify-function",
		Sigs: Sigs(RetDynamic, polygonParam, P("tolerance", Number).Optional()), Doc: "Leaves out corners of a polygon that are closer to each other than a tolerance in metres.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			if g, t := c.area(a[0]), numberAt(a, 1, 10); g != nil && t >= 0 && t <= maxSimplify {
				return areaOrNull(g.Simplify(t))
			}
			return types.Null(types.Dynamic)
		},
		Deviates: simplifyDeviates,
		Examples: []Example{{`array_length(geo_polygon_simplify(dynamic({"type":"Polygon","coordinates":[[[0,0],[1,0],[1,0.00001],[0,1],[0,0]]]})).coordinates[0])`, `4`},
			{`geo_polygon_simplify(dynamic({"type":"Polygon","coordinates":[[[5,48],[0,50],[0,47],[4,47],[5,48]]]}), -0.1)`, `dynamic(null)`}, {`geo_polygon_simplify(dynamic({"type":"Polygon","coordinates":[[[5,48],[0,50],[0,47],[4,47],[5,48]]]}), 1000000)`, `dynamic(null)`}}},
	{Name: "geo_simplify_polygons_array", Class: Scalar, Page: "geo-simplify-polygons-array-function",
		Sigs: Sigs(RetDynamic, P("polygons", Dynamic), P("tolerance", Number).Optional()), Doc: "Simplifies the polygons of an array together, so that what they share of their boundaries stays shared.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			areas, t := areasAt(c, a[0]), numberAt(a, 1, 10)
			if areas == nil || !(t >= 0 && t <= maxSimplify) {
				return types.Null(types.Dynamic)
			}
			return areaOrNull(geo.SimplifyAll(areas, t))
		},
		Deviates: simplifyDeviates,
		Examples: []Example{{`array_length(geo_simplify_polygons_array(dynamic([{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]},{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,1],[0,0]]]}])).coordinates)`, `2`},
			{`geo_simplify_polygons_array(dynamic([{"type":"Polygon","coordinates":[[[1,1]]]}]))`, `dynamic(null)`}, {`geo_simplify_polygons_array(dynamic([{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}]), -1)`, `dynamic(null)`}}},
	{Name: "geo_union_polygons_array", Class: Scalar, Page: "geo-union-polygons-array-function",
		Sigs: Sigs(RetDynamic, P("polygons", Dynamic)), Doc: "Joins the polygons of an array to one.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			areas := areasAt(c, a[0])
			if areas == nil {
				return types.Null(types.Dynamic)
			}
			return areaJSON(geo.Union(areas)).Value()
		},
		Examples: []Example{{`round(geo_polygon_area(geo_union_polygons_array(dynamic([{"type":"Polygon","coordinates":[[[0,0],[90,0],[0,90],[0,0]]]},{"type":"Polygon","coordinates":[[[0,0],[45,0],[0,90],[0,0]]]}]))), 0)`, `63758259139749.0`},
			{`geo_union_polygons_array(dynamic([{"type":"Polygon","coordinates":[[[1,1]]]}]))`, `dynamic(null)`}, {`geo_union_polygons_array(dynamic([]))`, `dynamic(null)`}}},
	{Name: "geo_polygon_buffer", Class: Scalar, Page: "geo-polygon-buffer-function",
		Sigs: Sigs(RetDynamic, slices.Concat([]Param{polygonParam}, buffering)...), Doc: "Gives what lies within a distance in metres of a polygon.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			if g := c.area(a[0]); g != nil {
				return areaOrNull(g.Buffer(a[1].Float64(), numberAt(a, 2, 10)))
			}
			return types.Null(types.Dynamic)
		},
		Deviates: bufferDeviates,
		Examples: []Example{{`geo_point_in_polygon(-0.05, 0.5, geo_polygon_buffer(dynamic({"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}), 10000))`, `true`},
			{`geo_polygon_buffer(dynamic({"type":"p"}), 1)`, `dynamic(null)`}, {`geo_polygon_buffer(dynamic({"type":"Polygon","coordinates":[[[10,10],[0,10],[0,0],[10,10]]]}), 0)`, `dynamic(null)`}}},
	{Name: "geo_polygon_to_s2cells", Class: Scalar, Page: "geo-polygon-to-s2cells-function",
		Sigs: Sigs(RetDynamic, polygonParam, P("level", Number).Optional(), P("radius", Number).Optional()),
		Doc:  "Lists the S2 cells of a level that cover a polygon and what lies within a radius in metres of it.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			level, ok := wholeAt(a, 1, 11, 0, 30)
			r := numberAt(a, 2, 0)
			if g := c.area(a[0]); g != nil && ok && r >= 0 {
				if cells, ok := g.Cover(level, maxCover, r); ok {
					return cellTokens(cells)
				}
			}
			return types.Null(types.Dynamic)
		},
		Examples: []Example{{`array_length(geo_polygon_to_s2cells(dynamic({"type":"Polygon","coordinates":[[[0,0],[0,50],[100,50],[0,0]]]}), 5))`, `286`},
			{`geo_polygon_to_s2cells(dynamic({"type":"Polygon","coordinates":[[[0,0],[0,50],[100,50],[0,0]]]}), 30)`, `dynamic(null)`}, {`geo_polygon_to_s2cells(dynamic({"type":"Polygon","coordinates":[[[0,0],[0,50],[100,50],[0,0]]]}), 31)`, `dynamic(null)`}}},
	{Name: "geo_polygon_to_h3cells", Class: Scalar, Page: "geo-polygon-to-h3cells-function",
		Sigs: Sigs(RetDynamic, polygonParam, P("resolution", Number).Optional(), P("radius", Number).Optional()),
		Doc:  "Lists the H3 cells of a resolution whose centres lie in a polygon, enlarged by a radius in metres.",
		Go:   polygonToH3,
		Examples: []Example{{`array_length(geo_polygon_to_h3cells(dynamic({"type":"Polygon","coordinates":[[[-3.659,40.553],[-3.913,40.409],[-3.729,40.273],[-3.524,40.440],[-3.659,40.553]]]})))`, `13`},
			{`geo_polygon_to_h3cells(dynamic({"type":"Polygon","coordinates":[[[0,0],[1,1]]]}))`, `dynamic(null)`}, {`geo_polygon_to_h3cells(dynamic({"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}), 16)`, `dynamic(null)`}}},
	ofTwoAreas("geo_intersects_2polygons", RetBool, "Tells whether two polygons have a place in common.",
		func(g, h *geo.Area) types.Value { return types.BoolOf(g.Meets(h)) },
		Example{`geo_intersects_2polygons(dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}), dynamic({"type":"Polygon","coordinates":[[[1,0.5],[4,0],[4,4],[1,0.5]]]}))`, `true`},
		Example{`geo_intersects_2polygons(dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}), dynamic({"type":"Polygon","coordinates":[[[3,3],[4,3],[4,4],[3,3]]]}))`, `false`},
		Example{`geo_intersects_2polygons(dynamic({"type":"Polygon"}), dynamic({"type":"Polygon","coordinates":[[[3,3],[4,3],[4,4],[3,3]]]}))`, `bool(null)`}),
	ofTwoAreas("geo_intersection_2polygons", RetDynamic, "Gives what two polygons have in common: polygons, lines, places, or a collection of them.",
		func(g, h *geo.Area) types.Value { return shapesValue(geo.Intersection(g, h)) },
		Example{`tostring(geo_intersection_2polygons(dynamic({"type":"Polygon","coordinates":[[[2,45],[0,45],[1,44],[2,45]]]}), dynamic({"type":"Polygon","coordinates":[[[3,44],[2,45],[2,43],[3,44]]]})).type)`, `"Point"`},
		Example{`geo_intersection_2polygons(dynamic({"type":"Polygon","coordinates":[[[2,45],[0,45],[1,44],[2,45]]]}), dynamic({"type":"Polygon","coordinates":[[[3,44],[3,45],[2,43],[3,44]]]}))`, `dynamic({"type":"GeometryCollection","geometries":[]})`},
		Example{`geo_intersection_2polygons(dynamic({"type":"Polygon"}), dynamic({"type":"Polygon","coordinates":[[[3,3],[4,3],[4,4],[3,3]]]}))`, `dynamic(null)`}),
	ofLineAndArea("geo_intersects_line_with_polygon", RetBool, "Tells whether a line and a polygon have a place in common.",
		func(l *geo.Line, g *geo.Area) types.Value { return types.BoolOf(g.MeetsLine(l)) },
		Example{`geo_intersects_line_with_polygon(dynamic({"type":"LineString","coordinates":[[1,0.5],[1.2,0.5]]}), dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}))`, `true`},
		Example{`geo_intersects_line_with_polygon(dynamic({"type":"LineString","coordinates":[[3,0],[3,1]]}), dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}))`, `false`},
		Example{`geo_intersects_line_with_polygon(dynamic({"type":"LineString","coordinates":[[3,0]]}), dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}))`, `bool(null)`}),
	ofLineAndArea("geo_intersection_line_with_polygon", RetDynamic, "Gives what of a line lies in a polygon: lines, places, or a collection of them.",
		func(l *geo.Line, g *geo.Area) types.Value { return shapesValue(g.Clip(l)) },
		Example{`tostring(geo_intersection_line_with_polygon(dynamic({"type":"LineString","coordinates":[[1,0.5],[3,0.5]]}), dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]})).type)`, `"LineString"`},
		Example{`geo_intersection_line_with_polygon(dynamic({"type":"LineString","coordinates":[[3,0],[3,1]]}), dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}))`, `dynamic({"type":"GeometryCollection","geometries":[]})`},
		Example{`geo_intersection_line_with_polygon(dynamic({"type":"LineString","coordinates":[[3,0]]}), dynamic({"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}))`, `dynamic(null)`}),
}

// maxH3 is how many H3 cells may stand for a polygon.
const maxH3 = 61680

func polygonToH3(c *Ctx, a []types.Value) types.Value {
	res, ok := wholeAt(a, 1, 6, 0, h3.MaxResolution)
	r := numberAt(a, 2, 0)
	g := c.area(a[0])
	if g == nil || !ok || !(r >= 0) {
		return types.Null(types.Dynamic)
	}
	if r > 0 {
		if g, ok = g.Buffered(r, min(10, r/2)); !ok {
			return types.Null(types.Dynamic)
		}
	}
	var tokens []string
	for _, rings := range g.Polygons() {
		loops := make([][][2]float64, len(rings))
		for i, ring := range rings {
			for _, p := range ring[:len(ring)-1] {
				loops[i] = append(loops[i], p)
			}
		}
		cells, ok := h3.Fill(loops, res, maxH3-len(tokens))
		if !ok {
			return types.Null(types.Dynamic)
		}
		for _, cell := range cells {
			tokens = append(tokens, cell.String())
		}
	}
	return tokenSet(tokens)
}

// areasAt reads an array of polygons; nil if one is invalid or there is none.
func areasAt(c *Ctx, v types.Value) []*geo.Area {
	areas, _ := jsonList(types.JSONOf(v), func(n types.JSON) (*geo.Area, bool) { g := c.area(n.Value()); return g, g != nil })
	return areas
}

func ofArea(name string, out Out, doc string, f func(*geo.Area) types.Value, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Page: page(name), Sigs: Sigs(out, polygonParam), Doc: doc, Examples: examples,
		Go: func(c *Ctx, a []types.Value) types.Value {
			if g := c.area(a[0]); g != nil {
				return f(g)
			}
			return types.Null(out.Type)
		}}
}

func ofTwoAreas(name string, out Out, doc string, f func(g, h *geo.Area) types.Value, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Page: page(name), Sigs: Sigs(out, P("polygon1", Dynamic), P("polygon2", Dynamic)), Doc: doc, Examples: examples,
		Go: func(c *Ctx, a []types.Value) types.Value {
			if g, h := c.area(a[0]), c.area(a[1]); g != nil && h != nil {
				return f(g, h)
			}
			return types.Null(out.Type)
		}}
}

func ofLineAndArea(name string, out Out, doc string, f func(*geo.Line, *geo.Area) types.Value, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Page: page(name), Sigs: Sigs(out, lineParam, polygonParam), Doc: doc, Examples: examples,
		Go: func(c *Ctx, a []types.Value) types.Value {
			if l, g := c.line(a[0]), c.area(a[1]); l != nil && g != nil {
				return f(l, g)
			}
			return types.Null(out.Type)
		}}
}
