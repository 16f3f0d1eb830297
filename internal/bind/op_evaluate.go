package bind

import (
	"github.com/vedette-siem/vedette/internal/syntax"
)

// plugin binds a call of a plugin behind evaluate over its input (nil where evaluate begins the query).
type plugin func(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table

// plugins lists the plugins that can be run, by name.
func plugins() map[string]plugin {
	list := map[string]plugin{
		"autocluster":                autocluster,
		"bag_unpack":                 bagUnpack,
		"basket":                     basket,
		"dcount_intersect":           dcountIntersect,
		"diffpatterns":               diffpatterns,
		"diffpatterns_text":          diffpatternsText,
		"funnel_sequence":            funnelSequence,
		"funnel_sequence_completion": funnelCompletion,
		"geo_line_lookup":            geoLineLookup,
		"geo_polygon_lookup":         geoPolygonLookup,
		"ipv4_lookup":                ipv4Lookup,
		"ipv6_lookup":                ipv6Lookup,
		"narrow":                     narrow,
		"new_activity_metrics":       newActivityMetrics,
		"pivot":                      pivot,
		"preview":                    preview,
		"rolling_percentile":         rollingPercentile,
		"rows_near":                  rowsNear,
		"schema_merge":               schemaMerge,
		"sequence_detect":            sequenceDetect,
	}
	for name := range activityPlugins() {
		list[name] = activity
	}
	return list
}

// evaluate calls a plugin.
func (b *binder) evaluate(e *env, in *table, o *syntax.EvaluateOp) *table {
	if o.Call == nil {
		return nil
	}
	name := o.Call.Name.Name
	p, ok := plugins()[name]
	if why, refused := refusedPlugins[name]; refused {
		b.addHint("VQ001", o.Call.Name.Span(), "the plugin '"+name+"' is not supported", why)
		return nil
	}
	if !ok {
		b.errPlugin(o.Call.Name.Span(), name)
		return nil
	}
	if in == nil {
		b.add("KS174", o.WordSpan(), "'evaluate "+name+"' needs rows to work on")
		return nil
	}
	return p(b, e, in, o)
}

// refusedPlugins are Kusto's plugins that are not run, with the reason.
var refusedPlugins = map[string]string{
	"ai_chat_completion": reachesOut, "ai_chat_completion_prompt": reachesOut, "ai_embed_text": reachesOut, "ai_embeddings": reachesOut,
	"azure_digital_twins_query_request": reachesOut, "cosmosdb_sql_request": reachesOut, "dax_request": reachesOut,
	"execute_query": reachesOut, "execute_show_command": reachesOut, "http_request": reachesOut, "http_request_post": reachesOut,
	"infer_storage_schema": reachesOut, "infer_storage_schema_with_suggestions": reachesOut, "mysql_request": reachesOut,
	"postgresql_request": reachesOut, "sql_request": reachesOut,
	"csharp": runsCode, "python": runsCode, "r": runsCode,
	"estimate_rows_count": "its result depends on Kusto's own estimates; count is exact",
	"identity":            "it is for tests of Kusto itself", "identity_v3": "it is for tests of Kusto itself",
}

const (
	reachesOut = "a query does not reach out to other systems; load the data first, or use externaldata"
	runsCode   = "a query does not run code in other languages"
)

// deviatingPlugins tells of plugins whose result may differ from Kusto's, and how.
var deviatingPlugins = map[string]string{
	"autocluster":       searches,
	"basket":            "all rows are looked at, where Kusto takes a sample to begin with",
	"diffpatterns":      searches,
	"diffpatterns_text": searches,
	"preview":           "the number of all rows, which Kusto gives in a second table, is left out",
	"schema_merge":      "Kusto does not publish how it reduces types: here int, long, real and decimal are reduced to the widest of them, and other types that differ are an error; columns are put in the order of their largest ordinals, then of their names",
}

const searches = "Kusto does not publish its search, so other patterns may be found; their counts and percentages are exact, and the same in every run"
