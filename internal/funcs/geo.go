package funcs

import (
	"slices"

	"github.com/vedette-siem/vedette/internal/geo"
	"github.com/vedette-siem/vedette/internal/types"
)

// geoFuncs measure places, lines and areas. What is no valid place or shape gives null.
// https://learn.microsoft.com/kusto/query/scalar-functions#geospatial-functions
var geoFuncs = []*Func{
	{Name: "geo_distance_2points", Class: Scalar, Page: "geo-distance-2points-function",
		Sigs: Sigs(RetReal, slices.Concat(place("p1_"), place("p2_"), []Param{P("use_spheroid", NumberOrBool).Optional()})...),
		Doc:  "Gives the distance between two places in metres, on a sphere or, if asked to, on the WGS-84 spheroid.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			p, ok1 := coordAt(a, 0)
			q, ok2 := coordAt(a, 2)
			switch {
			case !ok1 || !ok2:
				return types.Null(types.Real)
			case flagAt(a, 4):
				return types.RealOf(geo.SpheroidDistance(p, q))
			}
			return types.RealOf(geo.Distance(p, q))
		},
		Deviates: "on the spheroid, the distance of places that are within half a degree of being opposite on the globe is that of the way over a pole",
		Examples: []Example{{`round(geo_distance_2points(-122.407628, 47.578557, -118.275287, 34.019056), 3)`, `1546754.352`}, {`geo_distance_2points(300, 1, 1, 1)`, `real(null)`},
			{`geo_distance_2points(5, 5, 5, 5)`, `0.0`}, {`round(geo_distance_2points(0, 0, 90, 0, true), 3)`, `10018754.171`}}},
	{Name: "geo_point_in_circle", Class: Scalar, Page: "geo-point-in-circle-function",
		Sigs: Sigs(RetBool, slices.Concat(place("p_"), place("pc_"), []Param{P("c_radius", Number)})...),
		Doc:  "Tells whether a place lies in a circle, given by its centre and its radius in metres.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			p, ok1 := coordAt(a, 0)
			q, ok2 := coordAt(a, 2)
			r := a[4].Float64()
			if !ok1 || !ok2 || !(r > 0) {
				return types.Null(types.Bool)
			}
			return types.BoolOf(geo.InCircle(p, q, r))
		},
		Examples: []Example{{`geo_point_in_circle(-122.143564, 47.535677, -122.100896, 47.527351, 3500)`, `true`}, {`geo_point_in_circle(200, 1, 1, 1, 1)`, `bool(null)`},
			{`geo_point_in_circle(1, 1, 1, 1, -1)`, `bool(null)`}, {`geo_point_in_circle(-122.137575, 47.630683, -122.100896, 47.527351, 3500)`, `false`}}},
	{Name: "geo_azimuth", Class: Scalar, Page: "geo-azimuth-function",
		Sigs: Sigs(RetReal, slices.Concat(place("p1_"), place("p2_"))...),
		Doc:  "Gives the direction from one place to another in radians, clockwise from north.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			p, ok1 := coordAt(a, 0)
			q, ok2 := coordAt(a, 2)
			if !ok1 || !ok2 {
				return types.Null(types.Real)
			}
			return realOrNull(geo.Azimuth(p, q))
		},
		Examples: []Example{{`round(geo_azimuth(5, 10, 10, -40), 6)`, `3.054599`}, {`geo_azimuth(5, 10, 5, 10)`, `real(null)`}, {`round(geo_azimuth(0, 0, -1, 0), 6)`, `4.712389`}}},
	{Name: "geo_angle", Class: Scalar, Page: "geo-angle-function",
		Sigs: Sigs(RetReal, slices.Concat(place("p1_"), place("p2_"), place("p3_"))...),
		Doc:  "Gives the angle at the second of three places, clockwise from the first to the third, in radians.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			p, ok1 := coordAt(a, 0)
			q, ok2 := coordAt(a, 2)
			r, ok3 := coordAt(a, 4)
			if !ok1 || !ok2 || !ok3 {
				return types.Null(types.Real)
			}
			return realOrNull(geo.Angle(p, q, r))
		},
		Examples: []Example{{`round(geo_angle(0, 10, 0, 5, 3, -10), 6)`, `2.944938`}, {`geo_angle(0, 10, 0, 10, 3, -10)`, `real(null)`}, {`round(geo_angle(1, 0, 0, 0, 0, 1), 6)`, `4.712389`}}},
	{Name: "geo_point_buffer", Class: Scalar, Page: "geo-point-buffer-function",
		Sigs: Sigs(RetDynamic, slices.Concat(place(""), buffering)...), Doc: "Gives the polygon around a place at a distance in metres.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			if p, ok := coordAt(a, 0); ok {
				if ring, ok := geo.BufferPoint(p, a[2].Float64(), numberAt(a, 3, 10)); ok {
					return areaJSON([][][]geo.Coord{{ring}}).Value()
				}
			}
			return types.Null(types.Dynamic)
		},
		Examples: []Example{{`geo_point_buffer(10, 10, -1)`, `dynamic(null)`}, {`geo_point_buffer(200, 1, 0.1)`, `dynamic(null)`}, {`geo_point_in_polygon(2, 1, geo_point_buffer(1, 1, 200000))`, `true`},
			{`geo_point_in_polygon(3, 1, geo_point_buffer(1, 1, 200000))`, `false`}}},
	geoInfoFromIP,
}

// place declares a longitude and a latitude.
func place(prefix string) []Param {
	return []Param{P(prefix+"longitude", Number), P(prefix+"latitude", Number)}
}

// buffering declares a radius and a tolerance.
var buffering = []Param{P("radius", Number), P("tolerance", Number).Optional()}

func realOrNull(f float64, ok bool) types.Value {
	if !ok {
		return types.Null(types.Real)
	}
	return types.RealOf(f)
}

func pointOrNull(c geo.Coord, ok bool) types.Value {
	if !ok {
		return types.Null(types.Dynamic)
	}
	return pointValue(c)
}

func linesOrNull(parts [][]geo.Coord, ok bool) types.Value {
	if !ok {
		return types.Null(types.Dynamic)
	}
	return linesJSON(parts).Value()
}

func areaOrNull(polygons [][][]geo.Coord, ok bool) types.Value {
	if !ok {
		return types.Null(types.Dynamic)
	}
	return areaJSON(polygons).Value()
}
