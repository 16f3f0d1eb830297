package funcs

import (
	"slices"

	"github.com/vedette-siem/vedette/internal/geo"
	"github.com/vedette-siem/vedette/internal/types"
)

var lineParam = P("lineString", Dynamic)

// geoLineFuncs work on lines.
var geoLineFuncs = []*Func{
	ofLine("geo_line_length", RetReal, "Gives the length of a line in metres; what several lines share counts once.",
		func(l *geo.Line) types.Value { return types.RealOf(l.Length()) },
		Example{`round(geo_line_length(dynamic({"type":"LineString","coordinates":[[0,0],[1,0]]})), 3)`, `111195.101`}, Example{`geo_line_length(dynamic({"type":"LineString","coordinates":[[1,1]]}))`, `real(null)`},
		Example{`round(geo_line_length(dynamic({"type":"MultiLineString","coordinates":[[[0,0],[1,0]],[[1,0],[0,0]]]})), 3)`, `111195.101`}),
	ofLine("geo_line_centroid", RetDynamic, "Gives the middle of a line's length.",
		func(l *geo.Line) types.Value { return pointOrNull(l.Centroid()) },
		Example{`round(toreal(geo_line_centroid(dynamic({"type":"LineString","coordinates":[[0,0],[1,0]]})).coordinates[0]), 9)`, `0.5`}, Example{`geo_line_centroid(dynamic({"type":"LineString","coordinates":[[1,1]]}))`, `dynamic(null)`},
		Example{`geo_line_centroid(dynamic({"type":"Point","coordinates":[1,1]}))`, `dynamic(null)`}),
	{Name: "geo_distance_point_to_line", Class: Scalar, Page: "geo-distance-point-to-line-function",
		Sigs: Sigs(RetReal, slices.Concat(place(""), []Param{lineParam})...), Doc: "Gives the distance of a place from a line in metres.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			p, ok := coordAt(a, 0)
			l := c.line(a[2])
			if !ok || l == nil {
				return types.Null(types.Real)
			}
			return types.RealOf(l.DistanceTo(p))
		},
		Examples: []Example{{`round(geo_distance_point_to_line(0.5, 1, dynamic({"type":"LineString","coordinates":[[0,0],[1,0]]})), 3)`, `111195.101`}, {`geo_distance_point_to_line(1, 1, dynamic({"type":"LineString"}))`, `real(null)`},
			{`geo_distance_point_to_line(300, 3, dynamic({"type":"LineString","coordinates":[[1,1],[2,2]]}))`, `real(null)`}}},
	{Name: "geo_closest_point_on_line", Class: Scalar, Page: "geo-closest-point-on-line-function",
		Sigs: Sigs(RetDynamic, slices.Concat(place(""), []Param{lineParam})...), Doc: "Gives the place of a line that is closest to a place.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			p, ok := coordAt(a, 0)
			l := c.line(a[2])
			if !ok || l == nil {
				return types.Null(types.Dynamic)
			}
			return pointValue(l.Closest(p))
		},
		Examples: []Example{{`round(toreal(geo_closest_point_on_line(0.5, 1, dynamic({"type":"LineString","coordinates":[[0,0],[1,0]]})).coordinates[0]), 9)`, `0.5`},
			{`geo_closest_point_on_line(1, 1, dynamic({"type":"LineString"}))`, `dynamic(null)`}, {`geo_closest_point_on_line(300, 3, dynamic({"type":"LineString","coordinates":[[1,1],[2,2]]}))`, `dynamic(null)`}}},
	{Name: "geo_line_interpolate_point", Class: Scalar, Page: "geo-line-interpolate-point-function",
		Sigs: Sigs(RetDynamic, lineParam, P("fraction", Number)), Doc: "Gives the place at a fraction, 0 to 1, of a line's length.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			f := a[1].Float64()
			if l := c.line(a[0]); l != nil && l.Single() && f >= 0 && f <= 1 {
				return pointValue(l.Interpolate(f))
			}
			return types.Null(types.Dynamic)
		},
		Examples: []Example{{`round(toreal(geo_line_interpolate_point(dynamic({"type":"LineString","coordinates":[[0,0],[1,0]]}), 0.25).coordinates[0]), 9)`, `0.25`},
			{`geo_line_interpolate_point(dynamic({"type":"LineString","coordinates":[[1,1]]}), 0.5)`, `dynamic(null)`}, {`geo_line_interpolate_point(dynamic({"type":"LineString","coordinates":[[0,0],[1,0]]}), 1.5)`, `dynamic(null)`}}},
	{Name: "geo_line_locate_point", Class: Scalar, Page: "geo-line-locate-point-function",
		Sigs: Sigs(RetReal, slices.Concat([]Param{lineParam}, place(""), []Param{P("use_spheroid", NumberOrBool).Optional()})...),
		Doc:  "Gives the fraction, 0 to 1, of a line's length at which it is closest to a place.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			p, ok := coordAt(a, 1)
			l := c.line(a[0])
			if !ok || l == nil || !l.Single() {
				return types.Null(types.Real)
			}
			return types.RealOf(l.Locate(p, flagAt(a, 3)))
		},
		Deviates: "with use_spheroid, the closest place is found on the sphere and only lengths are measured on the spheroid",
		Examples: []Example{{`round(geo_line_locate_point(dynamic({"type":"LineString","coordinates":[[0,0],[1,0]]}), 0.25, 1), 9)`, `0.25`},
			{`geo_line_locate_point(dynamic({"type":"LineString","coordinates":[[1,1]]}), 1, 1)`, `real(null)`}, {`geo_line_locate_point(dynamic({"type":"LineString","coordinates":[[0,0],[1,0]]}), 7, 1)`, `1.0`}}},
	{Name: "geo_line_densify", Class: Scalar, Page: "geo-line-densify-function",
		Sigs: Sigs(RetDynamic, lineParam, P("tolerance", Number).Optional(), P("preserve_crossing", NumberOrBool).Optional()),
		Doc:  "Turns the straight edges of a line on the map into geodesics that stay within a tolerance in metres.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			parts, ok := jsonLines(a[0])
			t := numberAt(a, 1, 10)
			if !ok || !(t >= 0.1 && t <= 10000) {
				return types.Null(types.Dynamic)
			}
			return linesOrNull(geo.Densify(parts, t, flagAt(a, 2)))
		},
		Examples: []Example{{`array_length(geo_line_densify(dynamic({"type":"LineString","coordinates":[[50,50],[51,51]]})).coordinates)`, `9`},
			{`geo_line_densify(dynamic({"type":"LineString","coordinates":[[1,1],[2,2]]}), 0)`, `dynamic(null)`}, {`geo_line_densify(dynamic({"type":"LineString","coordinates":[[1,91],[2,2]]}))`, `dynamic(null)`}}},
	{Name: "geo_line_simplify", Class: Scalar, Page: "geo-line-simplify-function",
		Sigs: Sigs(RetDynamic, lineParam, P("tolerance", Number).Optional()), Doc: "Leaves out places of a line that are closer to each other than a tolerance in metres.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			if l, t := c.line(a[0]), numberAt(a, 1, 10); l != nil && t >= 0 && t <= maxSimplify {
				return linesOrNull(l.Simplify(t))
			}
			return types.Null(types.Dynamic)
		},
		Deviates: simplifyDeviates,
		Examples: []Example{{`array_length(geo_line_simplify(dynamic({"type":"LineString","coordinates":[[0,0],[0.00001,0],[1,0]]})).coordinates)`, `2`},
			{`geo_line_simplify(dynamic({"type":"LineString","coordinates":[[1,1],[2,2]]}), -1)`, `dynamic(null)`}, {`geo_line_simplify(dynamic({"type":"LineString","coordinates":[[1.1,1.1],[1.2,1.2]]}), 100000)`, `dynamic(null)`}}},
	{Name: "geo_line_buffer", Class: Scalar, Page: "geo-line-buffer-function",
		Sigs: Sigs(RetDynamic, slices.Concat([]Param{lineParam}, buffering)...), Doc: "Gives what lies within a distance in metres of a line.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			if l := c.line(a[0]); l != nil {
				return areaOrNull(l.Buffer(a[1].Float64(), numberAt(a, 2, 10)))
			}
			return types.Null(types.Dynamic)
		},
		Deviates: bufferDeviates,
		Examples: []Example{{`geo_point_in_polygon(0.5, 0.05, geo_line_buffer(dynamic({"type":"LineString","coordinates":[[0,0],[1,0]]}), 10000))`, `true`},
			{`geo_line_buffer(dynamic({"type":"LineString"}), 5)`, `dynamic(null)`}, {`geo_line_buffer(dynamic({"type":"LineString","coordinates":[[0,0],[1,1]]}), 0)`, `dynamic(null)`}}},
	{Name: "geo_line_to_s2cells", Class: Scalar, Page: "geo-line-to-s2cells-function",
		Sigs: Sigs(RetDynamic, lineParam, P("level", Number).Optional(), P("radius", Number).Optional()),
		Doc:  "Lists the S2 cells of a level that cover a line and what lies within a radius in metres of it.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			level, ok := wholeAt(a, 1, 11, 0, 30)
			r := numberAt(a, 2, 0)
			if l := c.line(a[0]); l != nil && ok && r >= 0 {
				if cells, ok := l.Cover(level, maxCover, r); ok {
					return cellTokens(cells)
				}
			}
			return types.Null(types.Dynamic)
		},
		Examples: []Example{{`geo_line_to_s2cells(dynamic({"type":"LineString","coordinates":[[10.1234,53],[10.1235,53]]}), 8)`, `dynamic(["47b1d"])`},
			{`geo_line_to_s2cells(dynamic({"type":"LineString","coordinates":[[[0,0],[0,0]]]}))`, `dynamic(null)`}, {`geo_line_to_s2cells(dynamic({"type":"LineString","coordinates":[[0,0],[90,0]]}), 30)`, `dynamic(null)`}}},
	{Name: "geo_union_lines_array", Class: Scalar, Page: "geo-union-lines-array-function",
		Sigs: Sigs(RetDynamic, P("lineStrings", Dynamic)), Doc: "Joins the lines of an array to as few as possible.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			lines, ok := jsonList(types.JSONOf(a[0]), func(n types.JSON) (*geo.Line, bool) { l := c.line(n.Value()); return l, l != nil })
			if !ok {
				return types.Null(types.Dynamic)
			}
			return linesJSON(geo.UnionLines(lines)).Value()
		},
		Examples: []Example{{`array_length(geo_union_lines_array(dynamic([{"type":"LineString","coordinates":[[0,0],[1,0]]},{"type":"LineString","coordinates":[[1,0],[2,0]]}])).coordinates)`, `3`},
			{`geo_union_lines_array(dynamic([{"type":"LineString","coordinates":[[1,1]]}]))`, `dynamic(null)`}, {`geo_union_lines_array(dynamic([]))`, `dynamic(null)`}}},
	ofTwoLines("geo_intersects_2lines", RetBool, "Tells whether two lines have a place in common.",
		func(l, m *geo.Line) types.Value { return types.BoolOf(l.Meets(m)) },
		Example{`geo_intersects_2lines(dynamic({"type":"LineString","coordinates":[[0,0],[2,2]]}), dynamic({"type":"LineString","coordinates":[[0,2],[2,0]]}))`, `true`},
		Example{`geo_intersects_2lines(dynamic({"type":"LineString","coordinates":[[0,0],[2,2]]}), dynamic({"type":"LineString","coordinates":[[0,2]]}))`, `bool(null)`},
		Example{`geo_intersects_2lines(dynamic({"type":"LineString","coordinates":[[0,0],[2,2]]}), dynamic({"type":"LineString","coordinates":[[0,2],[-2,0]]}))`, `false`}),
	ofTwoLines("geo_intersection_2lines", RetDynamic, "Gives what two lines have in common: places, lines, or a collection of them.",
		func(l, m *geo.Line) types.Value { return shapesValue(geo.IntersectionLines(l, m)) },
		Example{`tostring(geo_intersection_2lines(dynamic({"type":"LineString","coordinates":[[0,0],[2,2]]}), dynamic({"type":"LineString","coordinates":[[0,2],[2,0]]})).type)`, `"Point"`},
		Example{`geo_intersection_2lines(dynamic({"type":"LineString","coordinates":[[1,1],[2,2]]}), dynamic({"type":"LineString","coordinates":[[3,3],[4,4]]}))`, `dynamic({"type":"GeometryCollection","geometries":[]})`},
		Example{`geo_intersection_2lines(dynamic({"type":"LineString","coordinates":[[1,1],[2,2]]}), dynamic({"type":"LineString","coordinates":[[3,3]]}))`, `dynamic(null)`}),
}

// maxSimplify is the largest tolerance of the simplifying functions, in metres: an angle of 70 degrees.
const maxSimplify = 7784000

const (
	simplifyDeviates = "which of several close places remain may differ; the tolerance is kept"
	bufferDeviates   = "a result that spans more than 80 degrees from its middle is null"
)

// maxCover is how many S2 cells a covering may have.
const maxCover = 65536

func page(name string) string {
	out := []byte(name)
	for i, c := range out {
		if c == '_' {
			out[i] = '-'
		}
	}
	return string(out) + "-function"
}

func ofLine(name string, out Out, doc string, f func(*geo.Line) types.Value, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Page: page(name), Sigs: Sigs(out, lineParam), Doc: doc, Examples: examples,
		Go: func(c *Ctx, a []types.Value) types.Value {
			if l := c.line(a[0]); l != nil {
				return f(l)
			}
			return types.Null(out.Type)
		}}
}

func ofTwoLines(name string, out Out, doc string, f func(l, m *geo.Line) types.Value, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Page: page(name), Sigs: Sigs(out, P("lineString1", Dynamic), P("lineString2", Dynamic)), Doc: doc, Examples: examples,
		Go: func(c *Ctx, a []types.Value) types.Value {
			if l, m := c.line(a[0]), c.line(a[1]); l != nil && m != nil {
				return f(l, m)
			}
			return types.Null(out.Type)
		}}
}
