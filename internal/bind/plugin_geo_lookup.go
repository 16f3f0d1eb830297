package bind

import (
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// geoPolygonLookup adds the rows of a table of polygons to the rows whose location lies in them, or with a radius
// near them.
// https://learn.microsoft.com/kusto/query/geo-polygon-lookup-plugin
func geoPolygonLookup(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	return b.geoLookup(e, in, o, "LookupPolygonKey", 4, func(lon, lat, shape, radius rel.Expr, span source.Span) rel.Expr {
		if radius == nil {
			return b.scalarFunc("geo_point_in_polygon", span, lon, lat, shape)
		}
		return b.apply("<=", span, b.scalarFunc("geo_distance_point_to_polygon", span, lon, lat, shape), radius)
	})
}

// geoLineLookup does so for lines within a radius.
// https://learn.microsoft.com/kusto/query/geo-line-lookup-plugin
func geoLineLookup(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	return b.geoLookup(e, in, o, "LookupLineKey", 5, func(lon, lat, shape, radius rel.Expr, span source.Span) rel.Expr {
		return b.apply("<=", span, b.scalarFunc("geo_distance_point_to_line", span, lon, lat, shape), radius)
	})
}

// geoLookup binds a lookup by location: every location is tried with every shape, as the documentation expects
// few of those. lookup_area_radius is a hint for Kusto's own way and changes no result.
func (b *binder) geoLookup(e *env, in *table, o *syntax.EvaluateOp, key string, least int, near func(lon, lat, shape, radius rel.Expr, span source.Span) rel.Expr) *table {
	a := b.pluginArgs(e, in, o.Call, least, "LookupTable", key, "SourceLongitude", "SourceLatitude", "radius", "return_unmatched", "lookup_area_radius", "return_lookup_key")
	a.none()
	if a.bad {
		return nil
	}
	shapes := b.tableExpr(e, a.at["LookupTable"])
	if shapes == nil {
		return nil
	}
	lon, lat := a.column("SourceLongitude", types.Real), a.column("SourceLatitude", types.Real)
	if a.bad {
		return nil
	}
	shape := a.columnOf(shapes, a.at[key], types.Dynamic)
	var radius rel.Expr
	if a.has("radius") {
		radius = lit(a.typed("radius", types.Real))
	}
	a.typed("lookup_area_radius", types.Real)
	all, withKey := a.typed("return_unmatched", types.Bool), a.typed("return_lookup_key", types.Bool)
	if a.bad {
		return nil
	}
	// The locations are numbered, so that those without a shape can be told.
	number := b.newCol("$number", types.Long)
	numbered := *a.in
	numbered.node = &rel.Window{In: a.in.node, Items: []rel.WindowItem{{Out: number, Func: rel.RowNumber}}, Order: a.in.order}
	use := b.shared(&numbered).(tableBinding).bind
	at := func(t *table, c rel.Col) rel.Expr { return t.cols[colIndex(numbered.cols, c.Name)].Ref() }
	numberOf := func(t *table) rel.Expr { return t.node.Cols()[len(t.node.Cols())-1].Ref() }
	points, left := use(), use()
	pairs := &rel.Project{In: &rel.Filter{
		In:   &rel.Join{Kind: rel.Cross, Left: points.node, Right: shapes.node},
		Pred: near(at(points, lon), at(points, lat), shape.Ref(), radius, o.Call.Span()),
	}}
	where := b.newCol("$number", types.Long)
	pairs.Items = append(pairs.Items, rel.Item{Col: where, Expr: numberOf(points)})
	found := &table{open: shapes.open, node: pairs}
	for _, c := range shapes.cols {
		pairs.Items = append(pairs.Items, rel.Item{Col: c, Expr: c.Ref()})
		if c.ID != shape.ID || withKey.Type() == types.Bool && !withKey.IsNull() && withKey.Bool() {
			found.cols = append(found.cols, c)
		}
	}
	kind := rel.Inner
	if !all.IsNull() && all.Bool() {
		kind = rel.LeftOuter
	}
	return b.joined(kind, left, found, []rel.EqKey{{Left: numberOf(left), Right: where.Ref()}}, nil)
}
