package funcs

import (
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// dynamicFuncs reach into dynamic values. The binder turns d.a, d["a"] and d[0] into the operators "." and
// "[]", a longer chain of constant steps into "path", and tostring() of such a chain into "text_path".
// https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic
var dynamicFuncs = []*Func{
	{Name: ".", Class: Operator, Sigs: Sigs(RetDynamic, P("object", Dynamic), P("key", String).Constant()), Result: FirstArg,
		Page: "scalar-data-types/dynamic", Doc: "Gives the value of a property bag's key, or null where there is none.",
		Go: pathOf, Lower: lowerPath, Deviates: extractDeviates,
		Examples: []Example{{`dynamic({"a": 1}).a`, `dynamic(1)`}, {`dynamic(null).a`, `dynamic(null)`}, {`dynamic({"a": 1}).b`, `dynamic(null)`}}},
	{Name: "[]", Class: Operator, Sigs: Sigs(RetDynamic, P("object", Dynamic), P("index", String|Integer).RawType()), Result: FirstArg,
		Page: "scalar-data-types/dynamic", Doc: "Gives an element of an array, a negative index counting from its end, or the value of a property bag's key.",
		Go: pathOf, Lower: lowerPath, Deviates: extractDeviates,
		Examples: []Example{{`dynamic([1, 2, 3])[-1]`, `dynamic(3)`}, {`dynamic([1])[1]`, `dynamic(null)`}, {`dynamic({"a b": "x"})["a b"]`, `dynamic("x")`}}},
	{Name: "path", Class: Operator, Sigs: Sigs(RetDynamic, P("object", Dynamic), P("step", String|Integer).RawType().Constant().Repeated()), Result: FirstArg,
		Page: "scalar-data-types/dynamic", Doc: "Follows several constant steps, keys and indexes, into a dynamic value.",
		Go: pathOf, Lower: lowerPath, Deviates: extractDeviates,
		Examples: []Example{{`dynamic({"a": [{"b": 2}]}).a[0].b`, `dynamic(2)`}, {`dynamic(null).a.b`, `dynamic(null)`}, {`dynamic({"a": 1}).a.b`, `dynamic(null)`}}},
	{Name: "text_path", Class: Operator, Sigs: Sigs(RetString, P("object", Dynamic), P("step", String|Integer).RawType().Constant().Repeated()), Result: FirstArg,
		Page: "tostring-function", Doc: "Gives the text of what constant steps lead to in a dynamic value; null gives an empty string.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.StringOf(types.DynamicText(jsonText(follow(a[0], a[1:]))))
		},
		Lower: func(_ Writer, c *Call) string {
			p, ok := jsonPath(c.Args[1:])
			if !ok {
				return ""
			}
			return "coalesce(json_extract_string(" + c.Args[0].SQL + ", " + p + "), '')"
		},
		Deviates: extractDeviates,
		Examples: []Example{{`tostring(dynamic({"a": {"b": "x"}}).a.b)`, `"x"`}, {`tostring(dynamic({"a": null}).a)`, `""`}, {`tostring(dynamic({"a": [1, 2]}).a)`, `"[1,2]"`}}},
	{Name: "treepath", Class: Scalar, Sigs: Sigs(RetDynamic, P("object", Dynamic)), Result: Prefixed("tree"), Page: "treepath-function",
		Doc: "Lists the path expressions of a property bag; the elements of an array share the index 0.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			n := types.JSONOf(a[0])
			if n.Kind != types.JSONObject && n.Kind != types.JSONArray {
				return types.Null(types.Dynamic)
			}
			var paths treePaths
			paths.walk(n, "")
			return paths.found.Value()
		},
		Examples: []Example{{`treepath(parse_json('{"a":"b","c":123}'))`, `dynamic(["['a']","['c']"])`}, {`treepath(dynamic(null))`, `dynamic(null)`},
			{`treepath(parse_json('{"l":[1,{"x":"y"}]}'))`, `dynamic(["['l']","['l'][0]","['l'][0]['x']"])`}}},
}

// extractDeviates tells how text that DuckDB takes out of JSON differs from Kusto's.
const extractDeviates = "a real of 1e15 and more or below 1e-4 that is taken out of a column shows without or with a lower-case exponent, and a control character inside a nested string with upper-case hexadecimal digits; the values are the same"

func pathOf(_ *Ctx, a []types.Value) types.Value { return follow(a[0], a[1:]).Value() }

// follow walks the steps, strings for keys and integers for indexes; it ends in the null node where a step
// leads nowhere.
func follow(v types.Value, steps []types.Value) types.JSON {
	n := types.JSONOf(v)
	for _, s := range steps {
		if s.Type() == types.String || s.Type() == types.Dynamic {
			if n.Kind != types.JSONObject {
				return types.JSON{}
			}
			n, _ = n.Get(s.ToText())
			continue
		}
		i := s.Int64()
		if i < 0 {
			i += int64(len(n.Items))
		}
		if n.Kind != types.JSONArray || i < 0 || i >= int64(len(n.Items)) {
			return types.JSON{}
		}
		n = n.Items[i]
	}
	return n
}

// jsonText is the text form of a node, "" for null.
func jsonText(n types.JSON) string {
	if n.Kind == types.JSONNull {
		return ""
	}
	return n.String()
}

// lowerPath takes a part out of JSON text. A null inside the JSON becomes the SQL null.
func lowerPath(_ Writer, c *Call) string {
	p, ok := jsonPath(c.Args[1:])
	if !ok {
		return ""
	}
	return "nullif(CAST(json_extract(" + c.Args[0].SQL + ", " + p + ") AS VARCHAR), 'null')"
}

// jsonPath writes DuckDB's path for constant steps as an SQL literal. Keys that its path syntax has special
// characters for, and the empty key, which it does not take, are left to the Go body.
func jsonPath(steps []Arg) (string, bool) {
	var b strings.Builder
	b.WriteString("'$")
	for _, s := range steps {
		switch {
		case s.Const == nil || s.Const.IsNull():
			return "", false
		case s.Type == types.String:
			key := s.Const.Text()
			if key == "" || strings.ContainsAny(key, "\"\\*\x00") {
				return "", false
			}
			b.WriteString(`."` + strings.ReplaceAll(key, "'", "''") + `"`)
		case s.Type.IsInteger():
			b.WriteString("[" + strconv.FormatInt(s.Const.Int64(), 10) + "]")
		default:
			return "", false
		}
	}
	b.WriteByte('\'')
	return b.String(), true
}

// treePaths gathers distinct paths in the order they are met.
type treePaths struct {
	found types.JSON
	seen  map[string]bool
}

func (p *treePaths) walk(n types.JSON, at string) {
	if p.seen == nil {
		p.seen, p.found.Kind = make(map[string]bool), types.JSONArray
	}
	for i, e := range n.Items {
		next := at + "[0]"
		if n.Kind == types.JSONObject {
			next = at + "['" + n.Keys[i] + "']"
		}
		if !p.seen[next] {
			p.seen[next] = true
			p.found.Items = append(p.found.Items, types.JSON{Kind: types.JSONString, Str: next})
		}
		p.walk(e, next)
	}
}
