package funcs

import (
	"slices"

	"github.com/golang/geo/s2"

	"github.com/vedette-siem/vedette/internal/geo"
	"github.com/vedette-siem/vedette/internal/geo/h3"
	"github.com/vedette-siem/vedette/internal/types"
)

// geoCellFuncs work on the cells of the three grids: geohash, S2 and H3.
// https://learn.microsoft.com/kusto/query/geospatial-grid-systems
var geoCellFuncs = []*Func{
	{Name: "geo_point_to_geohash", Class: Scalar, Page: "geo-point-to-geohash-function",
		Sigs: Sigs(RetString, slices.Concat(place(""), []Param{P("accuracy", Number).Optional()})...), Doc: "Gives the geohash, of 1 to 18 characters, that holds a place.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			p, ok := coordAt(a, 0)
			n, good := wholeAt(a, 2, 5, 1, maxGeohash)
			if !ok || !good {
				return types.StringOf("")
			}
			return types.StringOf(geohashOf(p, n).String())
		},
		Examples: []Example{{`geo_point_to_geohash(-80.195829, 25.802215, 8)`, `"dhwfz15h"`}, {`geo_point_to_geohash(200, 1, 8)`, `""`}, {`geo_point_to_geohash(1, 1, int(null))`, `""`}, {`geo_point_to_geohash(-122.303404, 47.570482)`, `"c23n8"`}}},
	ofGeohash("geo_geohash_to_central_point", "Gives the middle of a geohash.", func(g geohash) types.Value { return pointValue(g.centre()) },
		Example{`geo_geohash_to_central_point("sunny")`, `dynamic({"type":"Point","coordinates":[42.47314453125,23.70849609375]})`}, Example{`geo_geohash_to_central_point("a")`, `dynamic(null)`}, Example{`geo_geohash_to_central_point("")`, `dynamic(null)`}),
	ofGeohash("geo_geohash_to_polygon", "Gives the rectangle of a geohash.", func(g geohash) types.Value {
		return areaJSON([][][]geo.Coord{{g.ring()}}).Value()
	}, Example{`geo_geohash_to_polygon("dr5ru")`, `dynamic({"type":"Polygon","coordinates":[[[-74.00390625,40.7373046875],[-73.9599609375,40.7373046875],[-73.9599609375,40.78125],[-74.00390625,40.78125],[-74.00390625,40.7373046875]]]})`},
		Example{`geo_geohash_to_polygon("a")`, `dynamic(null)`}, Example{`geo_geohash_to_polygon("")`, `dynamic(null)`}),
	ofGeohash("geo_geohash_neighbors", "Lists the geohashes around a geohash.", func(g geohash) types.Value { return tokenSet(g.neighbours()) },
		Example{`geo_geohash_neighbors("sunny")`, `dynamic(["sunnv","sunnt","sunnw","sunnx","sunpp","sunnz","sunpn","sunpj"])`}, Example{`geo_geohash_neighbors("a")`, `dynamic(null)`}, Example{`array_length(geo_geohash_neighbors("0"))`, `5`}),

	{Name: "geo_point_to_s2cell", Class: Scalar, Page: "geo-point-to-s2cell-function",
		Sigs: Sigs(RetString, slices.Concat(place(""), []Param{P("level", Number).Optional()})...), Doc: "Gives the S2 cell of a level, 0 to 30, that holds a place.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			p, ok := coordAt(a, 0)
			level, good := wholeAt(a, 2, 11, 0, 30)
			if !ok || !good {
				return types.StringOf("")
			}
			return types.StringOf(p.Cell(level).ToToken())
		},
		Examples: []Example{{`geo_point_to_s2cell(-80.195829, 25.802215, 8)`, `"88d9b"`}, {`geo_point_to_s2cell(300, 1, 8)`, `""`}, {`geo_point_to_s2cell(1, 1, 35)`, `""`}, {`geo_point_to_s2cell(10.1234, 53, 8)`, `"47b1d"`}}},
	ofS2("geo_s2cell_to_central_point", "Gives the middle of an S2 cell.", func(id s2.CellID) types.Value { return pointValue(geo.CellCentre(id)) },
		Example{`round(toreal(geo_s2cell_to_central_point("1234567").coordinates[0]), 9)`, `9.868307319`}, Example{`geo_s2cell_to_central_point("a")`, `dynamic(null)`}, Example{`geo_s2cell_to_central_point("")`, `dynamic(null)`}),
	ofS2("geo_s2cell_to_polygon", "Gives the outline of an S2 cell.", func(id s2.CellID) types.Value {
		return areaJSON([][][]geo.Coord{{geo.CellRing(id)}}).Value()
	}, Example{`array_length(geo_s2cell_to_polygon("89c259").coordinates[0])`, `5`}, Example{`geo_s2cell_to_polygon("a")`, `dynamic(null)`}, Example{`geo_s2cell_to_polygon("x")`, `dynamic(null)`}),
	ofS2("geo_s2cell_neighbors", "Lists the S2 cells around an S2 cell.", func(id s2.CellID) types.Value { return cellTokens(id.AllNeighbors(id.Level())) },
		Example{`array_sort_asc(geo_s2cell_neighbors("89c259"))`, `dynamic(["89c251","89c257","89c25b","89c25d","89c25f","89c2f5","89c2f7","89c2f9"])`}, Example{`geo_s2cell_neighbors("a")`, `dynamic(null)`}, Example{`geo_s2cell_neighbors("")`, `dynamic(null)`}),

	{Name: "geo_point_to_h3cell", Class: Scalar, Page: "geo-point-to-h3cell-function",
		Sigs: Sigs(RetString, slices.Concat(place(""), []Param{P("resolution", Number).Optional()})...), Doc: "Gives the H3 cell of a resolution, 0 to 15, that holds a place.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			p, ok := coordAt(a, 0)
			res, good := wholeAt(a, 2, 6, 0, h3.MaxResolution)
			if !ok || !good {
				return types.StringOf("")
			}
			return types.StringOf(h3.FromPoint(p[0], p[1], res).String())
		},
		Examples: []Example{{`geo_point_to_h3cell(-74.04450446039874, 40.689250859314974, 6)`, `"862a1072fffffff"`}, {`geo_point_to_h3cell(300, 1, 8)`, `""`}, {`geo_point_to_h3cell(1, 1, 16)`, `""`}, {`geo_point_to_h3cell(1, 1, int(null))`, `""`}}},
	ofH3("geo_h3cell_to_central_point", RetDynamic, "Gives the middle of an H3 cell.", func(c h3.Cell) types.Value { return pointValue(c.Centre()) },
		Example{`round(toreal(geo_h3cell_to_central_point("862a1072fffffff").coordinates[0]), 9)`, `-74.01600848`}, Example{`geo_h3cell_to_central_point("1")`, `dynamic(null)`}, Example{`geo_h3cell_to_central_point("")`, `dynamic(null)`}),
	ofH3("geo_h3cell_to_polygon", RetDynamic, "Gives the outline of an H3 cell.", func(c h3.Cell) types.Value {
		var ring []geo.Coord
		for _, p := range c.Boundary() {
			ring = append(ring, p)
		}
		return areaJSON([][][]geo.Coord{{append(ring, ring[0])}}).Value()
	}, Example{`array_length(geo_h3cell_to_polygon("862a1072fffffff").coordinates[0])`, `7`}, Example{`geo_h3cell_to_polygon("@")`, `dynamic(null)`}, Example{`array_length(geo_h3cell_to_polygon("8009fffffffffff").coordinates[0])`, `6`}),
	ofH3("geo_h3cell_neighbors", RetDynamic, "Lists the H3 cells around an H3 cell.", func(c h3.Cell) types.Value { return tokenSet(h3Tokens(c.Neighbours())) },
		Example{`geo_h3cell_neighbors("862a1072fffffff")`, `dynamic(["862a10777ffffff","862a100d7ffffff","862a100dfffffff","862a1070fffffff","862a10707ffffff","862a10727ffffff"])`}, Example{`geo_h3cell_neighbors("abc")`, `dynamic(null)`},
		Example{`array_length(geo_h3cell_neighbors("8009fffffffffff"))`, `5`}),
	ofH3("geo_h3cell_level", RetInt, "Gives the resolution of an H3 cell.", func(c h3.Cell) types.Value { return types.IntOf(int32(c.Resolution())) },
		Example{`tostring(geo_h3cell_level("862a1072fffffff"))`, `"6"`}, Example{`geo_h3cell_level("abc")`, `int(null)`}, Example{`tostring(geo_h3cell_level(geo_point_to_h3cell(1, 1, 10)))`, `"10"`}),
	{Name: "geo_h3cell_rings", Class: Scalar, Page: "geo-h3cell-rings-function",
		Sigs: Sigs(RetDynamic, P("h3cell", String), P("distance", Number)), Doc: "Lists the H3 cells at each distance, in steps from cell to cell, up to a limit.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			c, ok := h3.Parse(a[0].Text())
			k, good := wholeAt(a, 1, 0, 0, 142)
			if !ok || !good {
				return types.Null(types.Dynamic)
			}
			return listJSON(c.Rings(k), func(ring []h3.Cell) types.JSON { return listJSON(h3Tokens(ring), stringNode) }).Value()
		},
		Examples: []Example{{`geo_h3cell_rings("861f8894fffffff", 1)`, `dynamic([["861f8894fffffff"],["861f88947ffffff","861f8895fffffff","861f88867ffffff","861f8d497ffffff","861f8d4b7ffffff","861f8896fffffff"]])`},
			{`geo_h3cell_rings("abc", 3)`, `dynamic(null)`}, {`geo_h3cell_rings("861f8894fffffff", 150)`, `dynamic(null)`}}},
	{Name: "geo_h3cell_parent", Class: Scalar, Page: "geo-h3cell-parent-function",
		Sigs: Sigs(RetString, P("h3cell", String), P("resolution", Number).Optional()), Doc: "Gives the H3 cell of a coarser resolution, by default the next, that an H3 cell belongs to.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			c, ok := h3.Parse(a[0].Text())
			res, good := wholeAt(a, 1, c.Resolution()-1, 0, c.Resolution())
			if !ok || !good {
				return types.StringOf("")
			}
			return types.StringOf(c.Parent(res).String())
		},
		Examples: []Example{{`geo_h3cell_parent("862a1072fffffff")`, `"852a1073fffffff"`}, {`geo_h3cell_parent("862a1072fffffff", 1)`, `"812a3ffffffffff"`}, {`geo_h3cell_parent("123")`, `""`}, {`geo_h3cell_parent("862a1072fffffff", 15)`, `""`}}},
	{Name: "geo_h3cell_children", Class: Scalar, Page: "geo-h3cell-children-function",
		Sigs: Sigs(RetDynamic, P("h3cell", String), P("resolution", Number).Optional()), Doc: "Lists the H3 cells of a finer resolution, by default the next, that belong to an H3 cell.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			c, ok := h3.Parse(a[0].Text())
			res, good := wholeAt(a, 1, c.Resolution()+1, max(1, c.Resolution()), min(h3.MaxResolution, c.Resolution()+5))
			if !ok || !good {
				return types.Null(types.Dynamic)
			}
			return listJSON(h3Tokens(c.Children(res)), stringNode).Value()
		},
		Examples: []Example{{`geo_h3cell_children("862a1072fffffff")`, `dynamic(["872a10728ffffff","872a10729ffffff","872a1072affffff","872a1072bffffff","872a1072cffffff","872a1072dffffff","872a1072effffff"])`},
			{`geo_h3cell_children("abc")`, `dynamic(null)`}, {`geo_h3cell_children(geo_point_to_h3cell(1, 1, 9), 15)`, `dynamic(null)`}}},
}

func stringNode(s string) types.JSON { return types.JSON{Kind: types.JSONString, Str: s} }

func h3Tokens(cells []h3.Cell) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = c.String()
	}
	return out
}

func cellTokens(cells []s2.CellID) types.Value {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = c.ToToken()
	}
	return tokenSet(out)
}

func ofGeohash(name, doc string, f func(geohash) types.Value, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Page: page(name), Sigs: Sigs(RetDynamic, P("geohash", String)), Doc: doc, Examples: examples,
		Go: func(_ *Ctx, a []types.Value) types.Value {
			if g, ok := parseGeohash(a[0].Text()); ok {
				return f(g)
			}
			return types.Null(types.Dynamic)
		}}
}

func ofS2(name, doc string, f func(s2.CellID) types.Value, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Page: page(name), Sigs: Sigs(RetDynamic, P("s2cell", String)), Doc: doc, Examples: examples,
		Go: func(_ *Ctx, a []types.Value) types.Value {
			if id := s2.CellIDFromToken(a[0].Text()); id.IsValid() {
				return f(id)
			}
			return types.Null(types.Dynamic)
		}}
}

func ofH3(name string, out Out, doc string, f func(h3.Cell) types.Value, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Page: page(name), Sigs: Sigs(out, P("h3cell", String)), Doc: doc, Examples: examples,
		Go: func(_ *Ctx, a []types.Value) types.Value {
			if c, ok := h3.Parse(a[0].Text()); ok {
				return f(c)
			}
			return types.Null(out.Type)
		}}
}

// tokenSet writes cells that Kusto collects in a set. Its order is that of the engine's hash table, which shows
// in the answers: the nodes form one list, a bucket's first one goes to the front of the list, and later ones
// go before the others of the bucket.
func tokenSet(tokens []string) types.Value {
	buckets := uint64(tokenBuckets[len(tokenBuckets)-1])
	if i, _ := slices.BinarySearch(tokenBuckets[:], len(tokens)); i < len(tokenBuckets) {
		buckets = uint64(tokenBuckets[i])
	}
	// The buckets come in the reverse order of their first use, and so do the tokens in each.
	var order []uint64
	at, seen := map[uint64][]string{}, map[string]bool{}
	for _, t := range tokens {
		if seen[t] {
			continue
		}
		seen[t] = true
		b := tokenHash(t) % buckets
		if at[b] == nil {
			order = append(order, b)
		}
		at[b] = append(at[b], t)
	}
	out := make([]string, 0, len(tokens))
	for _, b := range slices.Backward(order) {
		for _, t := range slices.Backward(at[b]) {
			out = append(out, t)
		}
	}
	return listJSON(out, stringNode).Value()
}

// tokenBuckets are the sizes of the hash table.
var tokenBuckets = [...]int{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 103, 109, 113, 127,
	137, 139, 149, 157, 167, 179, 193, 199, 211, 227, 241, 257, 277, 293, 313, 337, 359, 383, 409, 439, 467, 503, 541, 577, 619, 661, 709, 761,
	823, 887, 953, 1031, 1109, 1193, 1289, 1381, 1493, 1613, 1741, 1879, 2029, 2179, 2357, 2549, 2753, 2971, 3209, 3469, 3739, 4027, 4349, 4703,
	5087, 5503, 5953, 6427, 6949, 7517, 8123, 8783, 9497, 10273, 11113, 12011, 12983, 14033, 15173, 16411, 17749, 19183, 20753, 22447, 24281,
	26267, 28411, 30727, 33223, 35933, 38873, 42043, 45481, 49201, 53201, 57557, 62233, 67307}

// tokenHash is MurmurHash64A with the seed of the C++ library that the engine is built with.
// https://github.com/aappleby/smhasher/wiki/MurmurHash2
func tokenHash(s string) uint64 {
	const mul, seed = 0xc6a4a7935bd1e995, 0xc70f6907
	mix := func(v uint64) uint64 { return (v ^ v>>47) * mul }
	h := seed ^ uint64(len(s))*mul
	for ; len(s) >= 8; s = s[8:] {
		var k uint64
		for i := range 8 {
			k |= uint64(s[i]) << (8 * i)
		}
		k *= mul
		h = (h ^ mix(k)) * mul
	}
	if len(s) > 0 {
		var k uint64
		for i := range len(s) {
			k |= uint64(s[i]) << (8 * i)
		}
		h = (h ^ k) * mul
	}
	h = mix(h)
	return h ^ h>>47
}
