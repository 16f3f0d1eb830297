package funcs

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// arraySortFuncs sort arrays. Of several arrays the first is sorted and the others follow it, one column
// for each.
// https://learn.microsoft.com/kusto/query/array-sort-asc-function
var arraySortFuncs = []*Func{
	{Name: "array_sort_asc", Class: Scalar, Nulls: Own, Sigs: sortSigs(), Columns: sortColumns, Page: "array-sort-asc-function",
		Doc: "Sorts an array in ascending order, and further arrays along with it; nulls go last unless asked otherwise.",
		Go:  sortArrays(false),
		Examples: []Example{{`array_sort_asc(dynamic([3,1,2]))`, `dynamic([1,2,3])`}, {`array_sort_asc(dynamic([null,"b","a"]))`, `dynamic(["a","b",null])`},
			{`array_sort_asc(dynamic([null,"b","a"]), false)`, `dynamic([null,"a","b"])`}, {`array_sort_asc(dynamic([2,1]), dynamic(["a","b"]))[1]`, `dynamic(["b","a"])`}}},
	{Name: "array_sort_desc", Class: Scalar, Nulls: Own, Sigs: sortSigs(), Columns: sortColumns, Page: "array-sort-desc-function",
		Doc: "Sorts an array in descending order, and further arrays along with it; nulls go last unless asked otherwise.",
		Go:  sortArrays(true),
		Examples: []Example{{`array_sort_desc(dynamic([3,1,2]))`, `dynamic([3,2,1])`}, {`array_sort_desc(dynamic(null))`, `dynamic(null)`},
			{`array_sort_desc(dynamic([1,null,2]))`, `dynamic([2,1,null])`}, {`array_sort_desc(dynamic([1,2]), dynamic(["a","b"]))[1]`, `dynamic(["b","a"])`}}},
}

func sortSigs() []Sig {
	return []Sig{
		S(RetDynamic, P("array", Dynamic).Repeated()),
		S(RetDynamic, P("array", Dynamic).Repeated(), P("nulls_last", Bool).Constant()),
	}
}

// sortColumns: y_sorted for array y, array1_sorted for a nameless one at position 1. A single nameless array
// is named like any other expression.
func sortColumns(args []Arg) []types.Column {
	if n := len(args); n > 0 && args[n-1].Type == types.Bool {
		args = args[:n-1]
	}
	if len(args) == 1 && args[0].Name == "" {
		return nil
	}
	var out []types.Column
	for i, a := range args {
		name := a.Name
		if name == "" {
			name = "array" + strconv.Itoa(i)
		}
		out = append(out, types.Column{Name: name + "_sorted", Type: types.Dynamic})
	}
	return out
}

func sortArrays(desc bool) Impl {
	return func(_ *Ctx, a []types.Value) types.Value {
		nullsLast := true
		if n := len(a); a[n-1].Type() == types.Bool {
			nullsLast, a = a[n-1].IsNull() || a[n-1].Bool(), a[:n-1]
		}
		first := types.JSONOf(a[0])
		var order []int
		if first.Kind == types.JSONArray {
			order = sortedOrder(first.Items, desc, nullsLast)
		}
		sorted := make([]types.JSON, len(a))
		for i, v := range a {
			n := types.JSONOf(v)
			if n.Kind != types.JSONArray || first.Kind != types.JSONArray || len(n.Items) != len(order) {
				continue // null
			}
			sorted[i] = types.JSON{Kind: types.JSONArray, Items: make([]types.JSON, len(order))}
			for k, at := range order {
				sorted[i].Items[k] = n.Items[at]
			}
		}
		if len(sorted) == 1 {
			return sorted[0].Value()
		}
		return types.JSON{Kind: types.JSONArray, Items: sorted}.Value()
	}
}

// sortedOrder returns the positions of the elements in sorted order: numbers, strings, guids, all else;
// what is neither keeps its order.
func sortedOrder(items []types.JSON, desc, nullsLast bool) []int {
	order, group := make([]int, len(items)), make([]int, len(items))
	for i, e := range items {
		order[i] = i
		switch e.Kind {
		case types.JSONNull:
			group[i] = 9
			if !nullsLast {
				group[i] = 0
			}
		case types.JSONLong, types.JSONReal:
			group[i] = 1
		case types.JSONString:
			group[i] = 2
			if _, ok := types.ParseGuid(e.Str); ok && len(e.Str) == 36 {
				group[i] = 3
			}
		default:
			group[i] = 4
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		c := cmp.Compare(group[i], group[j])
		if c != 0 {
			return c
		}
		switch group[i] {
		case 1:
			c = compareNumbers(items[i], items[j])
		case 2, 3:
			c = strings.Compare(items[i].Str, items[j].Str)
		}
		if desc {
			return -c
		}
		return c
	})
	return order
}

func compareNumbers(x, y types.JSON) int {
	if x.Kind == types.JSONLong && y.Kind == types.JSONLong {
		return cmp.Compare(x.Long, y.Long)
	}
	return cmp.Compare(numberOf(x), numberOf(y))
}

// numberOf is the value of a node that is a number.
func numberOf(n types.JSON) float64 {
	if n.Kind == types.JSONLong {
		return float64(n.Long)
	}
	return n.Real
}
