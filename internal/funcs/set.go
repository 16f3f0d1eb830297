package funcs

import (
	"strconv"

	"github.com/vedette-siem/vedette/internal/types"
)

// setFuncs treat arrays as sets. Results keep the order of first appearance; Kusto leaves it open.
var setFuncs = []*Func{
	{Name: "set_has_element", Class: Scalar, Sigs: Sigs(RetBool, P("set", Dynamic), P("value", Any).RawType()), Page: "set-has-element-function",
		Doc: "Tells whether an array holds a value.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			n := types.JSONOf(a[0])
			if n.Kind != types.JSONArray {
				return types.Null(types.Bool)
			}
			want := setKey(types.JSONOf(a[1]))
			for _, e := range n.Items {
				if setKey(e) == want {
					return types.BoolOf(true)
				}
			}
			return types.BoolOf(false)
		},
		Lower: func(w Writer, c *Call) string {
			// Only for a constant string: numbers are equal across long and real.
			k := c.Args[1].Const
			if k == nil || k.Type() != types.String {
				return ""
			}
			for _, r := range k.Text() {
				if r < ' ' {
					return ""
				}
			}
			return Expand("CASE WHEN starts_with($1, '[') THEN list_contains(CAST(json_extract($1, '$[*]') AS VARCHAR[]), "+w.Lit(types.StringOf(types.QuoteJSON(k.Text())))+") END", c)
		},
		Examples: []Example{{`set_has_element(dynamic(["a","b"]), "b")`, `true`}, {`set_has_element(dynamic(null), "b")`, `bool(null)`}, {`set_has_element(dynamic([1,2]), 3)`, `false`}}},
	{Name: "set_union", Class: Scalar, Sigs: setSigs(), Page: "set-union-function",
		Doc:      "Gives the distinct elements of all arrays.",
		Go:       onArrays(func(in [][]types.JSON) types.JSON { return setOf(in, func(int) bool { return true }) }),
		Examples: []Example{{`set_union(dynamic([1,2,1]), dynamic([2,3]))`, `dynamic([1,2,3])`}, {`set_union(dynamic([]), dynamic([]))`, `dynamic([])`}, {`set_union(dynamic(["a"]), dynamic(["A"]))`, `dynamic(["a","A"])`}}},
	{Name: "set_intersect", Class: Scalar, Sigs: setSigs(), Page: "set-intersect-function",
		Doc: "Gives the distinct elements that all arrays have.",
		Go: onArrays(func(in [][]types.JSON) types.JSON {
			return setOf(in[:1], func(others int) bool { return others == len(in)-1 }, in[1:]...)
		}),
		Examples: []Example{{`set_intersect(dynamic([1,2,3]), dynamic([3,1]))`, `dynamic([1,3])`}, {`set_intersect(dynamic([1]), dynamic([]))`, `dynamic([])`}, {`set_intersect(dynamic([1,1,"a"]), dynamic([1]), dynamic([1,2]))`, `dynamic([1])`}}},
	{Name: "set_difference", Class: Scalar, Sigs: setSigs(), Page: "set-difference-function",
		Doc: "Gives the distinct elements of the first array that no other array has.",
		Go: onArrays(func(in [][]types.JSON) types.JSON {
			return setOf(in[:1], func(others int) bool { return others == 0 }, in[1:]...)
		}),
		Examples: []Example{{`set_difference(dynamic([1,2,1,4]), dynamic([1,2]))`, `dynamic([4])`}, {`set_difference(dynamic([1]), dynamic([1]))`, `dynamic([])`}, {`set_difference(dynamic([null,1]), dynamic([null]))`, `dynamic([1])`}}},
	{Name: "set_equals", Class: Scalar, Sigs: Sigs(RetBool, P("set1", Dynamic), P("set2", Dynamic)), Page: "scalar-functions",
		Doc: "Tells whether two arrays hold the same elements, whatever their order and number.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			x, y := types.JSONOf(a[0]), types.JSONOf(a[1])
			if x.Kind != types.JSONArray || y.Kind != types.JSONArray {
				return types.Null(types.Bool)
			}
			s, t := keysOf(x.Items), keysOf(y.Items)
			for k := range s {
				if !t[k] {
					return types.BoolOf(false)
				}
			}
			return types.BoolOf(len(s) == len(t))
		},
		Examples: []Example{{`set_equals(dynamic([1,2,2]), dynamic([2,1]))`, `true`}, {`set_equals(dynamic(null), dynamic([]))`, `bool(null)`}, {`set_equals(dynamic([1]), dynamic(["1"]))`, `false`}}},
	{Name: "jaccard_index", Class: Scalar, Sigs: Sigs(RetDynamic, P("set1", Dynamic), P("set2", Dynamic)), Page: "jaccard-index-function",
		Doc: "Divides the number of elements that two arrays share by the number that either has.",
		Go: onArrays(func(in [][]types.JSON) types.JSON {
			s, t := keysOf(in[0]), keysOf(in[1])
			shared := 0
			for k := range s {
				if t[k] {
					shared++
				}
			}
			return types.JSON{Kind: types.JSONReal, Real: float64(shared) / float64(len(s)+len(t)-shared)}
		}),
		Examples: []Example{{`jaccard_index(dynamic([1,2,3]), dynamic([1,2,3,4]))`, `dynamic(0.75)`}, {`jaccard_index(dynamic(null), dynamic([1]))`, `dynamic(null)`}, {`jaccard_index(dynamic([1,1]), dynamic([2]))`, `dynamic(0.0)`}}},
}

func setSigs() []Sig {
	return Sigs(RetDynamic, P("set", Dynamic), P("set", Dynamic).Repeated())
}

// setKey is equal for elements that count as the same: by type and value, a whole real like a long.
func setKey(n types.JSON) string {
	if n.Kind == types.JSONReal && n.Real == float64(int64(n.Real)) && n.Real > -1e15 && n.Real < 1e15 {
		return strconv.FormatInt(int64(n.Real), 10)
	}
	return n.String()
}

func keysOf(items []types.JSON) map[string]bool {
	keys := make(map[string]bool, len(items))
	for _, e := range items {
		keys[setKey(e)] = true
	}
	return keys
}

// setOf gathers the distinct elements of in that keep wants; it is told how many of the other arrays hold
// the element.
func setOf(in [][]types.JSON, keep func(others int) bool, others ...[]types.JSON) types.JSON {
	var sets []map[string]bool
	for _, o := range others {
		sets = append(sets, keysOf(o))
	}
	seen := make(map[string]bool)
	out := types.JSON{Kind: types.JSONArray}
	for _, items := range in {
		for _, e := range items {
			k := setKey(e)
			if seen[k] {
				continue
			}
			seen[k] = true
			n := 0
			for _, s := range sets {
				if s[k] {
					n++
				}
			}
			if keep(n) {
				out.Items = append(out.Items, e)
			}
		}
	}
	return out
}
