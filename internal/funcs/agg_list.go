package funcs

import (
	"strconv"

	"github.com/vedette-siem/vedette/internal/types"
)

// The default sizes of what make_list and its like build, and of their older spellings.
// https://learn.microsoft.com/kusto/query/make-list-aggregation-function
const (
	maxElements    = 1048576
	maxOldElements = 128
)

// aggListFuncs collect the values of a group in a dynamic value. Of a dynamic array its elements are
// collected, and a dynamic null stays (other nulls are left out), as the engine does.
var aggListFuncs = []*Func{
	{Name: "make_list", Class: Aggregate, Result: Prefixed("list"), Ordered: true, Page: "make-list-aggregation-function",
		Sigs: listSigs(false), Lower: lowerList(collect{limit: maxElements}), Agg: listAgg(collect{limit: maxElements}),
		Doc: "Collects the values of a group in an array, in the order of the rows.",
		Examples: []Example{{`datatable(x:long)[2, 1, 2] | summarize make_list(x)`, `dynamic([2, 1, 2])`}, {`datatable(x:long)[long(null)] | summarize make_list(x)`, `dynamic([])`},
			{`datatable(x:dynamic)[dynamic([1, 2]), dynamic(null), dynamic({"a": 1})] | summarize make_list(x)`, `dynamic([1, 2, null, {"a": 1}])`},
			{`datatable(x:string)["a", "", "b"] | summarize make_list(x, 2)`, `dynamic(["a", ""])`}}},
	{Name: "makelist", Class: Aggregate, Result: Prefixed("list"), Ordered: true, Page: "make-list-aggregation-function",
		Sigs: listSigs(false), Lower: lowerList(collect{limit: maxOldElements}), Agg: listAgg(collect{limit: maxOldElements}),
		Doc: "Collects at most 128 values of a group in an array: the older spelling of make_list.",
		Examples: []Example{{`datatable(x:long)[2, 1, 2] | summarize makelist(x)`, `dynamic([2, 1, 2])`}, {`datatable(x:long)[] | summarize makelist(x)`, `dynamic([])`},
			{`range x from 1 to 500 step 1 | summarize n=makelist(x) | project array_length(n)`, `128`}}},
	{Name: "make_list_if", Class: Aggregate, Result: Prefixed("list"), Ordered: true, Page: "make-list-if-aggregation-function",
		Sigs: listSigs(true), Lower: lowerList(collect{limit: maxElements, pred: true}), Agg: onlyIf(1, listAgg(collect{limit: maxElements})),
		Doc: "Collects the values of the rows for which a predicate is true.",
		Examples: []Example{{`datatable(x:long)[2, 1, 2] | summarize make_list_if(x, x > 1)`, `dynamic([2, 2])`}, {`datatable(x:long)[1] | summarize make_list_if(x, x > 1)`, `dynamic([])`},
			{`datatable(x:long)[5, 6, 7] | summarize make_list_if(x, x > 5, 1)`, `dynamic([6])`}}},
	{Name: "make_list_with_nulls", Class: Aggregate, Result: Prefixed("list"), Ordered: true, Page: "make-list-with-nulls-aggregation-function",
		Sigs: Sigs(RetDynamic, P("expr", Any).RawType()), Lower: lowerList(collect{limit: maxElements, nulls: true}), Agg: listAgg(collect{limit: maxElements, nulls: true}),
		Doc: "Collects the values of a group in an array, nulls included.",
		Examples: []Example{{`datatable(x:long)[1, long(null)] | summarize make_list_with_nulls(x)`, `dynamic([1, null])`}, {`datatable(x:long)[] | summarize make_list_with_nulls(x)`, `dynamic([])`},
			{`datatable(x:string)["", "a"] | summarize make_list_with_nulls(x)`, `dynamic(["", "a"])`}}},

	{Name: "make_set", Class: Aggregate, Result: Prefixed("set"), Page: "make-set-aggregation-function",
		Sigs: listSigs(false), Lower: lowerList(collect{limit: maxElements, distinct: true}), Agg: listAgg(collect{limit: maxElements, distinct: true}),
		Doc:      "Collects the distinct values of a group in an array.",
		Deviates: "The order of the elements is open, as in Kusto, but not the same.",
		Examples: []Example{{`datatable(x:long)[2, 2] | summarize make_set(x)`, `dynamic([2])`}, {`datatable(x:long)[long(null)] | summarize make_set(x)`, `dynamic([])`},
			{`datatable(x:dynamic)[dynamic(["a", "b"]), dynamic(["b"])] | summarize s=make_set(x) | project array_sort_asc(s)`, `dynamic(["a", "b"])`}}},
	{Name: "makeset", Class: Aggregate, Result: Prefixed("set"), Page: "make-set-aggregation-function",
		Sigs: listSigs(false), Lower: lowerList(collect{limit: maxOldElements, distinct: true}), Agg: listAgg(collect{limit: maxOldElements, distinct: true}),
		Doc:      "Collects at most 128 distinct values of a group in an array: the older spelling of make_set.",
		Deviates: "The order of the elements is open, as in Kusto, but not the same.",
		Examples: []Example{{`datatable(x:long)[2, 2] | summarize makeset(x)`, `dynamic([2])`}, {`datatable(x:long)[] | summarize makeset(x)`, `dynamic([])`},
			{`range x from 1 to 500 step 1 | summarize n=makeset(x) | project array_length(n)`, `128`}}},
	{Name: "make_set_if", Class: Aggregate, Result: Prefixed("set"), Page: "make-set-if-aggregation-function",
		Sigs: listSigs(true), Lower: lowerList(collect{limit: maxElements, distinct: true, pred: true}), Agg: onlyIf(1, listAgg(collect{limit: maxElements, distinct: true})),
		Doc:      "Collects the distinct values of the rows for which a predicate is true.",
		Deviates: "The order of the elements is open, as in Kusto, but not the same.",
		Examples: []Example{{`datatable(x:long)[2, 1, 2] | summarize make_set_if(x, x > 1)`, `dynamic([2])`}, {`datatable(x:long)[1] | summarize make_set_if(x, x > 1)`, `dynamic([])`},
			{`datatable(x:long)[5, 6, 6] | summarize make_set_if(x, x > 5, 1)`, `dynamic([6])`}}},

	{Name: "make_bag", Class: Aggregate, Result: Prefixed("bag"), Ordered: true, Page: "make-bag-aggregation-function",
		Sigs: Sigs(RetDynamic, P("expr", Dynamic), P("maxSize", Integer).Optional().Constant()), Agg: bagAgg(maxElements),
		Doc: "Joins the property bags of a group in one; of a key that comes twice the first value stays.",
		Examples: []Example{{`datatable(x:dynamic)[dynamic({"a": 1}), dynamic({"b": 2, "a": 3})] | summarize make_bag(x)`, `dynamic({"a": 1, "b": 2})`},
			{`datatable(x:dynamic)[dynamic(null), dynamic([1])] | summarize make_bag(x)`, `dynamic({})`}, {`datatable(x:dynamic)[dynamic({"a": null})] | summarize make_bag(x, 5)`, `dynamic({"a": null})`}}},
	{Name: "make_bag_if", Class: Aggregate, Result: Prefixed("bag"), Ordered: true, Page: "make-bag-if-aggregation-function",
		Sigs: Sigs(RetDynamic, P("expr", Dynamic), P("predicate", Bool), P("maxSize", Integer).Optional().Constant()), Agg: onlyIf(1, bagAgg(maxElements)),
		Doc: "Joins the property bags of the rows for which a predicate is true.",
		Examples: []Example{{`datatable(x:dynamic, b:bool)[dynamic({"a": 1}), true, dynamic({"b": 2}), false] | summarize make_bag_if(x, b)`, `dynamic({"a": 1})`},
			{`datatable(x:dynamic)[dynamic({"a": 1})] | summarize make_bag_if(x, false)`, `dynamic({})`},
			{`datatable(x:dynamic, b:bool)[dynamic({"a": 1}), bool(null), dynamic({"b": 2, "c": 3}), true] | summarize make_bag_if(x, b, 1)`, `dynamic({"b": 2})`}}},
	{Name: "make_dictionary", Class: Aggregate, Result: Prefixed("dictionary"), Ordered: true, Page: "make-bag-aggregation-function",
		Sigs: Sigs(RetDynamic, P("expr", Dynamic), P("maxSize", Integer).Optional().Constant()), Agg: bagAgg(maxOldElements),
		Doc: "Joins the property bags of a group in one of at most 128 keys: the older spelling of make_bag.",
		Examples: []Example{{`datatable(x:dynamic)[dynamic({"a": 1}), dynamic({"b": 2, "a": 3})] | summarize make_dictionary(x)`, `dynamic({"a": 1, "b": 2})`},
			{`datatable(x:dynamic)[dynamic(null), dynamic([1])] | summarize make_dictionary(x)`, `dynamic({})`}, {`datatable(x:dynamic)[dynamic({"a": null})] | summarize make_dictionary(x)`, `dynamic({"a": null})`}}},

	{Name: "elements.cut", Hidden: true, Class: Scalar, Sigs: Sigs(RetDynamic, P("array", Dynamic), P("n", Long)), Page: "make-list-aggregation-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return collectElements(a[:1], collect{limit: a[1].Int64()})
		},
		Doc: "Cuts an array to its first elements."},
	{Name: "elements.distinct", Hidden: true, Class: Scalar, Sigs: Sigs(RetDynamic, P("array", Dynamic), P("n", Long)), Page: "make-set-aggregation-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return collectElements(a[:1], collect{limit: a[1].Int64(), distinct: true})
		},
		Doc: "Gives the first distinct elements of an array."},
	ofOneValue("list", collect{limit: maxElements}, "Gives the array that make_list makes of one row."),
	ofOneValue("set", collect{limit: maxElements, distinct: true}, "Gives the array that make_set makes of one row."),
}

// collect says what make_list and its like do.
type collect struct {
	limit                 int64
	distinct, nulls, pred bool
}

func listSigs(pred bool) []Sig {
	ps := []Param{P("expr", Any).RawType()}
	if pred {
		ps = append(ps, P("predicate", Bool))
	}
	return Sigs(RetDynamic, append(ps, P("maxSize", Integer).Optional().Constant())...)
}

// limitOf reads a maxSize argument; one that is not in range means the largest size.
func limitOf(v types.Value, largest int64) int64 {
	if v.IsNull() || v.Int64() <= 0 || v.Int64() > maxElements {
		return largest
	}
	return v.Int64()
}

func listAgg(k collect) AggImpl {
	return func(_ *Ctx, _ int, cols [][]types.Value) types.Value {
		k := k
		if len(cols) > 1 {
			k.limit = limitOf(cols[1][0], maxElements)
		}
		return collectElements(cols[0], k)
	}
}

func collectElements(col []types.Value, k collect) types.Value {
	out := types.JSON{Kind: types.JSONArray}
	var seen map[string]struct{}
	if k.distinct {
		seen = make(map[string]struct{})
	}
	add := func(e types.JSON) {
		if int64(len(out.Items)) >= k.limit {
			return
		}
		if k.distinct {
			text := e.String()
			if _, ok := seen[text]; ok {
				return
			}
			seen[text] = struct{}{}
		}
		out.Items = append(out.Items, e)
	}
	for _, v := range col {
		if v.IsNull() && v.Type() != types.Dynamic && !k.nulls {
			continue
		}
		e := types.JSONOf(v)
		if e.Kind != types.JSONArray {
			add(e)
			continue
		}
		for _, in := range e.Items {
			add(in)
		}
	}
	return out.Value()
}

// lowerList builds the array as text. The size is checked on the result where that is cheap, since cutting
// a list costs more than joining texts.
func lowerList(k collect) Lowering {
	return func(w Writer, c *Call) string {
		k := k
		x, rest := c.Args[0], c.Args[1:]
		where := ""
		if k.pred {
			where, rest = rest[0].SQL, rest[1:]
		}
		explicit := len(rest) > 0
		if explicit {
			if rest[0].Const == nil {
				return ""
			}
			k.limit = limitOf(*rest[0].Const, maxElements)
		}
		if x.Type != types.String && x.Type != types.Dynamic && !k.nulls {
			if where != "" {
				where += " AND "
			}
			where += x.SQL + " IS NOT NULL"
		}
		filter := ""
		if where != "" {
			filter = " FILTER (WHERE " + where + ")"
		}
		if x.Type == types.Dynamic {
			return lowerElements(w, c, k, filter)
		}
		n := strconv.FormatInt(k.limit, 10)
		switch {
		case k.distinct && cheapText(x.Type):
			return jsonArray("(list(DISTINCT " + w.JSON(x) + ")" + filter + ")[:" + n + "]")
		case k.distinct:
			// the text of a datetime or real is dear: only of the distinct ones
			e := Arg{SQL: "kql_e", Type: x.Type}
			return jsonArray("list_transform((list(DISTINCT " + x.SQL + ")" + filter + ")[:" + n + "], lambda kql_e: " + w.JSON(e) + ")")
		case explicit || k.limit < maxElements:
			return jsonArray("(list(" + w.JSON(x) + orderBy(c) + ")" + filter + ")[:" + n + "]")
		}
		text := "coalesce('[' || string_agg(" + w.JSON(x) + ", ','" + orderBy(c) + ")" + filter + " || ']', '[]')"
		return "CASE WHEN count(*)" + filter + " > " + n + " THEN " + cutUDF(w, "elements.cut", text, k.limit) + " ELSE " + text + " END"
	}
}

// plainStrings matches the elements of an array of strings that need no escaping. A quotation mark in it opens or
// closes a string, so "," with its quotation marks parts the strings and nothing else.
const plainStrings = `"[^"\\]*"(?:,"[^"\\]*")*`

// lowerElements collects dynamic values. kql_elements opens an array to the text of its elements; a text
// too short for more than the wished number of elements needs no cut. Arrays of plain strings, the commonest,
// are parted again without the Go body.
func lowerElements(w Writer, c *Call, k collect, filter string) string {
	x := c.Args[0].SQL
	limit := strconv.FormatInt(2*k.limit+2, 10)
	if k.distinct {
		// The list is bound by a lambda: written out wherever it is read, it would double the time to plan a rule.
		const all, joined = "kql_l", "array_to_string(kql_l, ',')"
		n := strconv.FormatInt(k.limit, 10)
		return "list_transform([list(DISTINCT kql_elements(" + x + "))" + filter + "], lambda kql_l: CASE WHEN NOT coalesce(bool_or(starts_with(" + x + ", '['))" + filter + ", false) THEN " + jsonArray(all+"[:"+n+"]") +
			" WHEN " + joined + " = '' THEN '[]' WHEN regexp_full_match(" + joined + ", " + w.Lit(types.StringOf(plainStrings)) + ") THEN kql_string_set(" + joined + ", " + n + ")" +
			" ELSE " + cutUDF(w, "elements.distinct", jsonArray(all), k.limit) + " END)[1]"
	}
	text := "coalesce('[' || string_agg(kql_elements(" + x + "), ','" + orderBy(c) + ")" + filter + " || ']', '[]')"
	return "CASE WHEN strlen(" + text + ") > " + limit + " THEN " + cutUDF(w, "elements.cut", text, k.limit) + " ELSE " + text + " END"
}

// ofOneValue declares what make_list and make_set come to where a group has one row.
func ofOneValue(name string, k collect, doc string) *Func {
	return &Func{Name: "elements." + name, Hidden: true, Class: Scalar, Nulls: Own, Page: "make-" + name + "-aggregation-function", Doc: doc,
		Sigs: Sigs(RetDynamic, P("value", Any).RawType(), P("maxSize", Long).Constant()),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			k := k
			k.limit = limitOf(a[1], maxElements)
			return collectElements(a[:1], k)
		},
		Lower: func(w Writer, c *Call) string {
			x := c.Args[0]
			if c.Args[1].Const == nil || len(x.SQL) > cheapSQL {
				return ""
			}
			n := limitOf(*c.Args[1].Const, maxElements)
			switch {
			case x.Type == types.String:
				return "('[' || " + w.JSON(x) + " || ']')"
			case x.Type != types.Dynamic:
				return "CASE WHEN " + x.SQL + " IS NULL THEN '[]' ELSE '[' || " + w.JSON(x) + " || ']' END"
			}
			body := w.UDF("elements."+name, types.Dynamic, c.Args...)
			sql := "CASE WHEN " + x.SQL + " IS NULL THEN '[null]' WHEN NOT starts_with(" + x.SQL + ", '[') THEN '[' || " + x.SQL + " || ']' WHEN "
			if !k.distinct {
				return sql + "strlen(" + x.SQL + ") <= " + strconv.FormatInt(2*n+2, 10) + " THEN " + x.SQL + " ELSE " + body + " END"
			}
			inner := "(" + x.SQL + ")[2:-2]"
			return sql + "NOT contains(" + x.SQL + ", ',') THEN " + x.SQL +
				" WHEN regexp_full_match(" + inner + ", " + w.Lit(types.StringOf(plainStrings)) + ") THEN kql_string_set(" + inner + ", " + strconv.FormatInt(n, 10) + ")" +
				" ELSE " + body + " END"
		}}
}

// cheapText tells the types whose text as a JSON element costs no more than hashing the value.
func cheapText(t types.Type) bool {
	return t == types.String || t == types.Bool || t.IsInteger() || t == types.Guid
}

func jsonArray(list string) string {
	return "coalesce('[' || array_to_string(" + list + ", ',') || ']', '[]')"
}

func cutUDF(w Writer, name, array string, n int64) string {
	v := types.LongOf(n)
	return w.UDF(name, types.Dynamic, Arg{SQL: array, Type: types.Dynamic}, Arg{SQL: w.Lit(v), Type: types.Long, Const: &v})
}

func bagAgg(largest int64) AggImpl {
	return func(_ *Ctx, _ int, cols [][]types.Value) types.Value {
		limit := largest
		if len(cols) > 1 {
			limit = limitOf(cols[1][0], maxElements)
		}
		out := types.JSON{Kind: types.JSONObject}
		seen := make(map[string]struct{})
		for _, v := range cols[0] {
			n := types.JSONOf(v)
			if n.Kind != types.JSONObject {
				continue
			}
			for i, k := range n.Keys {
				if _, ok := seen[k]; ok || int64(len(out.Keys)) >= limit {
					continue
				}
				seen[k] = struct{}{}
				out.Keys, out.Items = append(out.Keys, k), append(out.Items, n.Items[i])
			}
		}
		return out.Value()
	}
}
