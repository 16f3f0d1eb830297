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
		}},
	{Name: "match.group", Hidden: true, Class: Scalar, Nulls: Own, Page: "parse-operator",
		Sigs: Sigs(RetString, P("groups", String), P("number", Long).Constant()),
		Doc:  "Gives the text of one group of a match.",
		Lower: func(_ Writer, c *Call) string {
			return "struct_extract(" + c.Args[0].SQL + ", 'g" + strconv.FormatInt(c.Args[1].Const.Int64(), 10) + "')"
		}},
	{Name: "match.values", Hidden: true, Class: Scalar, Nulls: Own, Page: "parse-operator",
		Sigs: Sigs(RetDynamic, P("text", String), P("pattern", Dynamic).Constant()),
		Doc:  "Matches a text against the parts of a pattern (* for anything, =text, :type and ?type for columns) and gives the columns' texts, or no element where it does not match.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			values, ok := c.textPattern(a[1]).match(a[0].Text())
			if !ok {
				return types.DynamicOf("[]")
			}
			out := types.JSON{Kind: types.JSONArray, Items: make([]types.JSON, 0, len(values)+1)}
			for _, v := range values {
				out.Items = append(out.Items, types.JSON{Kind: types.JSONString, Str: v})
			}
			if len(values) == 0 {
				out.Items = append(out.Items, types.JSON{})
			}
			return out.Value()
		}},
	{Name: "match.list", Hidden: true, Class: Scalar, Nulls: Own, Page: "parse-operator",
		Sigs: Sigs(RetDynamic, P("values", Dynamic)), SQL: `from_json($1, '["VARCHAR"]')`,
		Doc: "Makes a list of the values of a match."},
	{Name: "match.value", Hidden: true, Class: Scalar, Nulls: Own, Page: "parse-operator",
		Sigs: Sigs(RetString, P("values", Dynamic), P("number", Long).Constant()), SQL: "list_extract($1, $2)",
		Doc: "Gives one value of a match, empty where there is none."},
	{Name: "match.any", Hidden: true, Class: Scalar, Nulls: Own, Page: "parse-operator",
		Sigs: Sigs(RetBool, P("values", Dynamic)), SQL: "(len($1) > 0)",
		Doc: "Tells whether there was a match."},
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
