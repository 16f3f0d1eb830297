package funcs

import (
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

func TestArrayExamples(t *testing.T) { checkFamily(t, arrayFuncs, arraySortFuncs, setFuncs) }

func TestArrays(t *testing.T) {
	checkCalculated(t, []Example{
		{`array_iff(dynamic(["some string value","2022-01-01",null]), 1, 0)`, `dynamic([null,null,null])`},
		{`array_iff(dynamic([true,true,true]), dynamic([1,2]), dynamic([3,4]))`, `dynamic([1,2,null])`},
		{`array_iff(dynamic([1,0,50]), "yes", "no")`, `dynamic(["yes","no","yes"])`},
		{`array_iff(dynamic([0.0,true]), dynamic({"a":1}), int(null))`, `dynamic([null,{"a":1}])`},
		{`array_index_of(dynamic(["this","is","an","example","an","example"]), "example", 1, 3)`, `3`},
		{`array_index_of(dynamic(["this","is","an","example","an","example"]), "example", 1, 2)`, `-1`},
		{`array_index_of(dynamic(["this","is","an","example","an","example"]), "an", 1, -1, 2)`, `4`},
		{`array_index_of(dynamic(["this","is","an","example","an","example"]), "an", -3)`, `4`},
		{`array_index_of(dynamic(["this","is","an","example","an","example"]), "is", -4)`, `-1`},
		{`array_index_of(dynamic([1,2]), 2, 0, -2)`, `long(null)`},
		{`array_index_of(dynamic([1,2]), 2, 0, -1, -1)`, `long(null)`},
		{`array_index_of(dynamic([1,2]), 2, 99)`, `-1`},
		{`array_index_of(dynamic(["2024-01-01T00:00:00.0000000Z"]), datetime(2024-01-01))`, `0`},
		{`array_slice(dynamic([1,2,3]), -99, 99)`, `dynamic([1,2,3])`},
		{`array_slice(dynamic([1,2,3]), 2, 1)`, `dynamic([])`},
		{`array_slice(dynamic([1,2,3]), 2, -1)`, `dynamic([3])`},
		{`array_slice(dynamic({"a":1}), 0, 1)`, `dynamic(null)`},
		{`array_split(dynamic([1,2]), 9)`, `dynamic([[1,2],[]])`},
		{`array_split(dynamic([1,2]), -9)`, `dynamic([[],[1,2]])`},
		{`array_split(dynamic([1,2,3,4,5]), dynamic([1,3]))`, `dynamic([[1],[2,3],[4,5]])`},
		{`array_split(dynamic([1,2]), dynamic(["a"]))`, `dynamic(null)`},
		{`array_rotate_left(dynamic([1,2,3,4,5]), 7)`, `dynamic([3,4,5,1,2])`},
		{`array_shift_left(dynamic([1,2]), -9223372036854775807)`, `dynamic([null,null])`},
		{`array_shift_right(dynamic([1,2,3,4,5]), -2, -1)`, `dynamic([3,4,5,-1,-1])`},
		{`array_concat(dynamic([1]), dynamic(null))`, `dynamic(null)`},
		{`range(5, 1, -2)`, `dynamic([5,3,1])`},
		{`range(5, 1)`, `dynamic([])`},
		{`range(1, 2, 0)`, `dynamic(null)`},
		{`range(1.0, 3, 1)`, `dynamic([1.0,2.0,3.0])`},
		{`range(1, 2, 0.5)`, `dynamic([1.0,1.5,2.0])`},
		{`range(9223372036854775806, 9223372036854775807, 1)`, `dynamic([9223372036854775806,9223372036854775807])`},
		{`range(1, 2h)`, `dynamic(null)`},
		{`array_length(range(1, 1000000000))`, `1048576`},
		{`repeat(long(null), 2)`, `dynamic([null,null])`},
		{`repeat(dynamic({"a":1}), 2)`, `dynamic([{"a":1},{"a":1}])`},
		{`array_sort_asc(dynamic({"a":1}))`, `dynamic(null)`},
		{`array_sort_asc(dynamic([true,"b",2.5,null,"a",1]))`, `dynamic([1,2.5,"a","b",true,null])`},
		{`array_sort_desc(dynamic(["b",3,null,1]))`, `dynamic([3,1,"b",null])`},
		{`array_sort_desc(dynamic(["b",3,null,1]), false)`, `dynamic([null,3,1,"b"])`},
		{`array_sort_asc(dynamic([2,1]), dynamic([1]), dynamic(["x","y"]))`, `dynamic([[1,2],null,["y","x"]])`},
		{`array_sort_asc(dynamic([1,1]), dynamic(["first","second"]), true)`, `dynamic([[1,1],["first","second"]])`},
		{`set_difference(dynamic([null,1,null,2,null]), dynamic([null]))`, `dynamic([1,2])`},
		{`set_difference(dynamic([1,2,1,4]), dynamic([1,2]), dynamic([1,2,8]))`, `dynamic([4])`},
		{`set_union(dynamic([1]), dynamic([1.0,"1",true,[1],{"a":1}]))`, `dynamic([1,"1",true,[1],{"a":1}])`},
		{`set_has_element(dynamic([[1]]), 1)`, `false`},
		{`set_has_element(dynamic([1,2]), 2.0)`, `true`},
		{`set_has_element(dynamic({"a":1}), 1)`, `bool(null)`},
		{`set_has_element(dynamic(["01:00:00"]), 1h)`, `true`},
		{`zip(dynamic([1]), dynamic("x"))`, `dynamic(null)`},
	})
}

func TestSortColumns(t *testing.T) {
	d, e, last := Arg{Type: types.Dynamic, Name: "y"}, Arg{Type: types.Dynamic}, Arg{Type: types.Bool}
	for _, c := range []struct {
		args []Arg
		want string
	}{
		{[]Arg{d}, "(y_sorted:dynamic)"}, {[]Arg{e}, "()"}, {[]Arg{e, last}, "()"},
		{[]Arg{d, e, last}, "(y_sorted:dynamic, array1_sorted:dynamic)"}, {[]Arg{e, e}, "(array0_sorted:dynamic, array1_sorted:dynamic)"},
	} {
		if got := types.Schema(sortColumns(c.args)).String(); got != c.want {
			t.Errorf("columns of %v: %s, want %s", c.args, got, c.want)
		}
	}
}

func TestArraySQL(t *testing.T) {
	x := types.StringOf(`it"s`)
	for _, c := range []struct {
		class Class
		name  string
		args  []Arg
		want  string
	}{
		{Scalar, "set_has_element", []Arg{{SQL: "d", Type: types.Dynamic}, {SQL: "?", Type: types.String, Const: &x}},
			`CASE WHEN starts_with(d, '[') THEN list_contains(CAST(json_extract(d, '$[*]') AS VARCHAR[]), "it\"s") END`},
		{Scalar, "set_has_element", []Arg{{SQL: "d", Type: types.Dynamic}, {SQL: "s", Type: types.String}}, ""},
		{Scalar, "pack_array", []Arg{{SQL: "a", Type: types.Long}, {SQL: "b", Type: types.String}}, `('[' || json(a) || ',' || json(b) || ']')`},
		{Scalar, "bag_pack", []Arg{{SQL: "k", Type: types.String, Const: &x}, {SQL: "b", Type: types.String}}, `({"it\"s": || json(b) || '}')`},
		{Scalar, "bag_pack", []Arg{{SQL: "k", Type: types.String}, {SQL: "b", Type: types.String}}, ``},
		{Scalar, "bag_pack", []Arg{{Const: &x}, {SQL: "a"}, {Const: &x}, {SQL: "b"}}, ``}, // one key twice
	} {
		f, _ := All().Lookup(c.class, c.name)
		if got := f.Lower(plainWriter{}, &Call{Args: c.args}); got != c.want {
			t.Errorf("%s = %s, want %s", c.name, got, c.want)
		}
	}
}
