package funcs

import (
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// matchFuncs are what the operator parse is made of: one match of a text against a pattern, whose values are
// then read one by one. No user can write their names. Between the two the values are a STRUCT or a LIST of
// DuckDB's, which no other function may be given, so the binder puts them in a hidden column of their own.
// https://learn.microsoft.com/kusto/query/parse-operator
var matchFuncs = []*Func{
	{Name: "match.groups", Hidden: true, Class: Scalar, Nulls: Own, Page: "parse-operator",
		Sigs: Sigs(RetString, P("text", String), P("pattern", String).Constant(), P("groups", Long).Constant()),
		Doc:  "Matches a text against an RE2 pattern and gives all its groups, empty where it does not match.",
		Lower: func(w Writer, c *Call) string {
			names := make([]string, c.Args[2].Const.Int64())
			for i := range names {
				names[i] = "'g" + strconv.Itoa(i+1) + "'"
			}
			return "regexp_extract(" + c.Args[0].SQL + ", " + w.Lit(*c.Args[1].Const) + ", [" + strings.Join(names, ", ") + "])"
		},
		Row: func(c *Ctx, a []types.Value) types.Value {
			re, err := c.re2(a[1].Text())
			if err != nil {
				return c.Fail(err)
			}
			groups := re.FindStringSubmatch(a[0].Text())
			if len(groups) > 0 {
				groups = groups[1:]
			}
			return rowMatch(groups, len(groups) > 0)
		}},
	{Name: "match.group", Hidden: true, Class: Scalar, Nulls: Own, Page: "parse-operator",
		Sigs: Sigs(RetString, P("groups", String), P("number", Long).Constant()),
		Doc:  "Gives the text of one group of a match.",
		Lower: func(_ Writer, c *Call) string {
			return "struct_extract(" + c.Args[0].SQL + ", 'g" + strconv.FormatInt(c.Args[1].Const.Int64(), 10) + "')"
		},
		Row: func(_ *Ctx, a []types.Value) types.Value {
			n, err := types.ParseJSON(a[0].Text())
			if i := a[1].Int64(); err == nil && i > 0 && i < int64(len(n.Items)) {
				return types.StringOf(n.Items[i].Str)
			}
			return types.StringOf("")
		}},
	{Name: "match.text", Hidden: true, Class: Scalar, Nulls: Own, Page: "parse-operator",
		Sigs: Sigs(RetDynamic, P("text", String), P("pattern", Dynamic).Constant()),
		Doc:  "Matches a text against the parts of a pattern (* for anything, =text, :type and ?type for columns) and gives the columns' texts as g1, g2 and so on; g0 tells that it matches.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			values, ok := c.textPattern(a[1]).match(a[0].Text())
			out := types.JSON{Kind: types.JSONObject}
			if !ok {
				return out.Value()
			}
			out.Keys, out.Items = append(out.Keys, "g0"), append(out.Items, types.JSON{Kind: types.JSONString, Str: "1"})
			for i, v := range values {
				out.Keys, out.Items = append(out.Keys, "g"+strconv.Itoa(i+1)), append(out.Items, types.JSON{Kind: types.JSONString, Str: v})
			}
			return out.Value()
		}},
	{Name: "match.values", Hidden: true, Class: Scalar, Nulls: Own, Page: "parse-operator",
		Sigs: Sigs(RetString, P("text", String), P("pattern", Dynamic).Constant()),
		Doc:  "Gives the groups of match.text: the columns' texts, empty or null where the text does not match.",
		Lower: func(w Writer, c *Call) string {
			pattern := newTextPattern(types.JSONOf(*c.Args[1].Const))
			names, shape := []string{"'g0'"}, []string{`"g0":"VARCHAR"`}
			for i := range pattern.columns() {
				name := "g" + strconv.Itoa(i+1)
				names, shape = append(names, "'"+name+"'"), append(shape, `"`+name+`":"VARCHAR"`)
			}
			searched := "from_json(" + w.UDF("match.text", types.Dynamic, c.Args...) + ", '{" + strings.Join(shape, ",") + "}')"
			re2, ok := pattern.re2()
			if !ok {
				return searched
			}
			return "CASE WHEN strlen(" + c.Args[0].SQL + ") <= " + strconv.Itoa(shortText) + " THEN regexp_extract(" + c.Args[0].SQL + ", " +
				w.Lit(types.StringOf(re2)) + ", [" + strings.Join(names, ", ") + "]) ELSE " + searched + " END"
		},
		Row: func(c *Ctx, a []types.Value) types.Value {
			return rowMatch(c.textPattern(a[1]).match(a[0].Text()))
		}},
	{Name: "match.any", Hidden: true, Class: Scalar, Nulls: Own, Page: "parse-operator",
		Sigs: Sigs(RetBool, P("values", String)), SQL: "coalesce(struct_extract($1, 'g0') <> '', false)",
		Doc: "Tells whether match.values found a match.",
		Row: func(_ *Ctx, a []types.Value) types.Value { return types.BoolOf(a[0].Text() != "") }},
	{Name: "match.same", Hidden: true, Class: Scalar, Nulls: Own, Page: "partition-operator", SQL: "($1 IS NOT DISTINCT FROM $2)",
		Sigs: Sigs(RetBool, Common("x", Any), Common("y", Any)),
		Doc:  "Tells whether two keys are the same; null is the same as null.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.BoolOf(a[0] == a[1] || a[0].IsNaN() && a[1].IsNaN())
		}},
	{Name: "elements.any", Hidden: true, Class: Scalar, Nulls: Own, Page: "mv-apply-operator", SQL: "coalesce($1 NOT IN ('[]', '{}'), true)",
		Sigs: Sigs(RetBool, P("value", Dynamic)),
		Doc:  "Tells whether mv-expand makes a row of a value: it does of all but empty arrays and bags.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.BoolOf(a[0].IsNull() || a[0].Text() != "[]" && a[0].Text() != "{}")
		}},
}

// rowMatch is a match in Go: the text of a JSON array, whose first element makes the groups count from 1; or the empty
// text where there is no match.
func rowMatch(groups []string, ok bool) types.Value {
	if !ok {
		return types.StringOf("")
	}
	out := types.JSON{Kind: types.JSONArray, Items: make([]types.JSON, 1, len(groups)+1)}
	for _, g := range groups {
		out.Items = append(out.Items, types.JSON{Kind: types.JSONString, Str: g})
	}
	return types.StringOf(out.String())
}
