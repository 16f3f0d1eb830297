package funcs

import (
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// bagFuncs make property bags and change them. A bag keeps the order in which its keys were added, which
// Kusto leaves open.
var bagFuncs = []*Func{
	{Name: "bag_pack", Aliases: []string{"pack", "pack_dictionary"}, Class: Scalar, Nulls: Own, Page: "pack-function",
		Sigs: Sigs(RetDynamic, Str("key").Repeated(), P("value", Any).RawType().Repeated()),
		Doc:  "Makes a property bag of keys and values.",
		Go:   func(_ *Ctx, a []types.Value) types.Value { return packPairs(a, false) },
		Lower: func(w Writer, c *Call) string {
			return lowerPack(w, c.Args)
		},
		Examples: []Example{{`bag_pack("a", 1, "b", "x")`, `dynamic({"a":1,"b":"x"})`}, {`bag_pack("a", int(null))`, `dynamic({"a":null})`}, {`bag_pack("a", 1, "a", 2)`, `dynamic({"a":2})`}}},
	{Name: "pack_columns", Class: Operator, Nulls: Own, Page: "pack-all-function",
		Sigs: Sigs(RetDynamic, P("ignore_null_empty", Bool).Constant(), P("key", String).Constant().Repeated(), P("value", Any).RawType().Repeated()),
		Doc:  "What the binder makes of pack_all() and bag_pack_columns(): a property bag of column names and values.",
		Go:   func(_ *Ctx, a []types.Value) types.Value { return packPairs(a[1:], a[0].Bool()) },
		Lower: func(w Writer, c *Call) string {
			if k := c.Args[0].Const; k == nil || k.Bool() {
				return ""
			}
			return lowerPack(w, c.Args[1:])
		},
		Examples: []Example{{`toscalar(datatable(a:long, b:string)[1, ""] | project pack_all())`, `dynamic({"a":1,"b":""})`},
			{`toscalar(datatable(a:long, b:string)[1, ""] | project pack_all(true))`, `dynamic({"a":1})`},
			{`toscalar(datatable(a:long, b:string)[long(null), "x"] | project bag_pack_columns(a, b))`, `dynamic({"a":null,"b":"x"})`}}},
	{Name: "pack_all", Class: Scalar, Nulls: Own, Page: "pack-all-function",
		Sigs: Sigs(RetDynamic, P("ignore_null_empty", Bool).Constant().Optional()),
		Doc:  "Makes a property bag of all columns, if asked without those that are null or empty.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			if len(a)%2 == 0 { // the flag was left out
				return packPairs(a, false)
			}
			return packPairs(a[1:], a[0].Bool())
		},
		Examples: []Example{{`toscalar(datatable(a:long, b:string)[1, "x"] | project pack_all())`, `dynamic({"a":1,"b":"x"})`},
			{`toscalar(datatable(a:long, b:string)[long(null), ""] | project pack_all(true))`, `dynamic({})`},
			{`toscalar(datatable(a:long, b:string)[long(null), ""] | project pack_all(false))`, `dynamic({"a":null,"b":""})`}}},
	{Name: "bag_pack_columns", Class: Scalar, Nulls: Own, Page: "bag-pack-columns-function",
		Sigs: Sigs(RetDynamic, P("value", Any).RawType().Repeated()),
		Doc:  "Makes a property bag of the named columns.",
		Go:   func(_ *Ctx, a []types.Value) types.Value { return packPairs(a, false) },
		Examples: []Example{{`toscalar(datatable(a:long, b:string)[1, "x"] | project bag_pack_columns(b))`, `dynamic({"b":"x"})`},
			{`toscalar(datatable(a:long)[long(null)] | project bag_pack_columns(a))`, `dynamic({"a":null})`},
			{`toscalar(datatable(a:long, b:string)[1, "x"] | project bag_pack_columns(b, a))`, `dynamic({"b":"x","a":1})`}}},
	{Name: "bag_keys", Class: Scalar, Sigs: Sigs(RetDynamic, P("object", Dynamic)), Page: "bag-keys-function",
		Doc: "Lists the keys of a property bag.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			n := types.JSONOf(a[0])
			if n.Kind != types.JSONObject {
				return types.Null(types.Dynamic)
			}
			out := types.JSON{Kind: types.JSONArray}
			for _, k := range n.Keys {
				out.Items = append(out.Items, types.JSON{Kind: types.JSONString, Str: k})
			}
			return out.Value()
		},
		Examples: []Example{{`bag_keys(dynamic({"a":1,"b":{"c":2}}))`, `dynamic(["a","b"])`}, {`bag_keys(dynamic(null))`, `dynamic(null)`}, {`bag_keys(dynamic([]))`, `dynamic(null)`}}},
	{Name: "bag_has_key", Class: Scalar, Sigs: Sigs(RetBool, P("bag", Dynamic), P("key", String)), Page: "bag-has-key-function",
		Doc: "Tells whether a property bag has a key, which may be a JSON path.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			n := types.JSONOf(a[0])
			for _, k := range bagPath(a[1].Text()) {
				v, ok := n.Get(k)
				if !ok || n.Kind != types.JSONObject {
					return types.BoolOf(false)
				}
				n = v
			}
			return types.BoolOf(true)
		},
		Examples: []Example{{`bag_has_key(dynamic({"a":1}), "a")`, `true`}, {`bag_has_key(dynamic({"a":{"b":1}}), "$.a.c")`, `false`}, {`bag_has_key(dynamic({"a":{"b":1}}), "$.a.b")`, `true`}}},
	{Name: "bag_merge", Class: Scalar, Nulls: Own, Sigs: Sigs(RetDynamic, P("bag", Dynamic), P("bag", Dynamic).Repeated()), Page: "bag-merge-function",
		Doc: "Merges property bags; of a key in several bags the leftmost value stays.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			var out types.JSON
			seen := make(map[string]bool)
			for _, v := range a {
				n := types.JSONOf(v)
				if n.Kind != types.JSONObject {
					continue
				}
				out.Kind = types.JSONObject
				for i, k := range n.Keys {
					if !seen[k] {
						seen[k] = true
						out.Keys, out.Items = append(out.Keys, k), append(out.Items, n.Items[i])
					}
				}
			}
			return out.Value()
		},
		Examples: []Example{{`bag_merge(dynamic({"a":1,"b":2}), dynamic({"b":3,"c":4}))`, `dynamic({"a":1,"b":2,"c":4})`}, {`bag_merge(dynamic(null), dynamic({"a":1}))`, `dynamic({"a":1})`}, {`bag_merge(dynamic({}), dynamic({}))`, `dynamic({})`}}},
	{Name: "bag_remove_keys", Class: Scalar, Sigs: Sigs(RetDynamic, P("bag", Dynamic), P("keys", Dynamic)), Page: "bag-remove-keys-function",
		Doc: "Leaves out keys, which may be JSON paths, from a property bag.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			n, keys := types.JSONOf(a[0]), types.JSONOf(a[1])
			if n.Kind != types.JSONObject || keys.Kind != types.JSONArray {
				return types.Null(types.Dynamic)
			}
			for _, k := range keys.Items {
				if k.Kind == types.JSONString {
					n = withoutKey(n, bagPath(k.Str))
				}
			}
			return n.Value()
		},
		Examples: []Example{{`bag_remove_keys(dynamic({"a":1,"b":2}), dynamic(["b","c"]))`, `dynamic({"a":1})`}, {`bag_remove_keys(dynamic(null), dynamic(["b"]))`, `dynamic(null)`},
			{`bag_remove_keys(dynamic({"a":{"b":1,"c":2}}), dynamic(["$.a.b"]))`, `dynamic({"a":{"c":2}})`}}},
	{Name: "bag_set_key", Class: Scalar, Nulls: Own, Sigs: Sigs(RetDynamic, P("bag", Dynamic), P("key", String).Constant(), P("value", Any).RawType()), Page: "bag-set-key-function",
		Doc: "Gives a key of a property bag, or a JSON path into it, a value.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			n, path := types.JSONOf(a[0]), bagPath(a[1].Text())
			if n.Kind != types.JSONObject || len(path) == 0 {
				return types.Null(types.Dynamic)
			}
			return withKey(n, path, types.JSONOf(a[2])).Value()
		},
		Examples: []Example{{`bag_set_key(dynamic({"a":1}), "b", 2)`, `dynamic({"a":1,"b":2})`}, {`bag_set_key(dynamic(null), "b", 2)`, `dynamic(null)`},
			{`bag_set_key(dynamic({"a":1}), "$.c.d", "x")`, `dynamic({"a":1,"c":{"d":"x"}})`}}},
	{Name: "bag_zip", Class: Scalar, Nulls: Own, Sigs: Sigs(RetDynamic, P("keys", Dynamic), P("values", Dynamic)), Page: "bag-zip",
		Doc: "Makes a property bag of an array of keys and an array of values; keys that are not strings are left out.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			keys, values := types.JSONOf(a[0]), types.JSONOf(a[1])
			if keys.Kind != types.JSONArray {
				return types.Null(types.Dynamic)
			}
			out := types.JSON{Kind: types.JSONObject}
			for i, k := range keys.Items {
				if k.Kind != types.JSONString {
					continue
				}
				var v types.JSON
				if values.Kind == types.JSONArray && i < len(values.Items) {
					v = values.Items[i]
				}
				out.Set(k.Str, v)
			}
			return out.Value()
		},
		Examples: []Example{{`bag_zip(dynamic(["a","b"]), dynamic([1]))`, `dynamic({"a":1,"b":null})`}, {`bag_zip(dynamic(null), dynamic([1]))`, `dynamic(null)`}, {`bag_zip(dynamic(["a",8,"b"]), dynamic([1,"2",2.5]))`, `dynamic({"a":1,"b":2.5})`}}},
}

// packPairs makes a bag of keys and values in turn.
func packPairs(a []types.Value, skipEmpty bool) types.Value {
	out := types.JSON{Kind: types.JSONObject}
	for i := 0; i+1 < len(a); i += 2 {
		if skipEmpty && (a[i+1].IsNull() || a[i+1].ToText() == "") {
			continue
		}
		out.Set(a[i].ToText(), types.JSONOf(a[i+1]))
	}
	return out.Value()
}

// lowerPack writes a bag with constant, distinct keys as text put together.
func lowerPack(w Writer, pairs []Arg) string {
	seen := make(map[string]bool)
	var b strings.Builder
	b.WriteString("(")
	for i := 0; i+1 < len(pairs); i += 2 {
		k := pairs[i].Const
		if k == nil || k.Type() != types.String || seen[k.Text()] || len(seen) >= 256 {
			return ""
		}
		seen[k.Text()] = true
		head := "{"
		if i > 0 {
			head = ","
		}
		b.WriteString(w.Lit(types.StringOf(head+types.QuoteJSON(k.Text())+":")) + " || " + w.JSON(pairs[i+1]) + " || ")
	}
	if len(seen) == 0 {
		return ""
	}
	b.WriteString("'}')")
	return b.String()
}

// bagPath splits a key into the keys it leads through: itself, or those of a JSON path ($.a['b c']). Array
// indexes have no place in it; the root alone gives none.
// https://learn.microsoft.com/kusto/query/jsonpath
func bagPath(key string) []string {
	if key == "$" {
		return nil
	}
	if !strings.HasPrefix(key, "$.") && !strings.HasPrefix(key, "$[") {
		return []string{key}
	}
	var path []string
	for rest := key[1:]; rest != ""; {
		if rest[0] == '.' {
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			path, rest = append(path, rest[1:end+1]), rest[end+1:]
			continue
		}
		if len(rest) < 4 || rest[0] != '[' || rest[1] != '\'' && rest[1] != '"' {
			return []string{key}
		}
		end := strings.Index(rest[2:], rest[1:2]+"]")
		if end < 0 {
			return []string{key}
		}
		path, rest = append(path, rest[2:end+2]), rest[end+4:]
	}
	return path
}

func withoutKey(n types.JSON, path []string) types.JSON {
	if n.Kind != types.JSONObject || len(path) == 0 {
		return n
	}
	out := types.JSON{Kind: types.JSONObject}
	for i, k := range n.Keys {
		e := n.Items[i]
		if k == path[0] {
			if len(path) == 1 {
				continue
			}
			e = withoutKey(e, path[1:])
		}
		out.Keys, out.Items = append(out.Keys, k), append(out.Items, e)
	}
	return out
}

// withKey sets the value at a path. The engine puts a changed key behind the others; bags on the way that
// are missing are made.
func withKey(n types.JSON, path []string, v types.JSON) types.JSON {
	if n.Kind != types.JSONObject {
		n = types.JSON{Kind: types.JSONObject}
	}
	if len(path) > 1 {
		inner, _ := n.Get(path[0])
		v = withKey(inner, path[1:], v)
		if inner.Kind == types.JSONObject {
			out := types.JSON{Kind: types.JSONObject, Keys: n.Keys, Items: append([]types.JSON(nil), n.Items...)}
			out.Set(path[0], v)
			return out
		}
	}
	out := withoutKey(n, path[:1])
	out.Keys, out.Items = append(out.Keys, path[0]), append(out.Items, v)
	return out
}
