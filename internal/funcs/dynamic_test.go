package funcs

import (
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

func TestDynamicExamples(t *testing.T) { checkFamily(t, dynamicFuncs, bagFuncs) }

func TestDynamicAccess(t *testing.T) {
	checkCalculated(t, []Example{
		{`dynamic([1,2,3])[-1]`, `dynamic(3)`},
		{`dynamic([1,2,3])[-4]`, `dynamic(null)`},
		{`dynamic([1,2,3])["0"]`, `dynamic(null)`},
		{`dynamic({"0":1})[0]`, `dynamic(null)`},
		{`dynamic({"a":null}).a`, `dynamic(null)`},
		{`dynamic({"A":1}).a`, `dynamic(null)`},
		{`dynamic("{\"a\":1}").a`, `dynamic(null)`},
		{`dynamic({"":5})[""]`, `dynamic(5)`},
		{`dynamic({"a.b":5})["a.b"]`, `dynamic(5)`},
		{`dynamic({"a":[1,[2,3],{"b":4}]}).a[2].b`, `dynamic(4)`},
		{`dynamic(7)[0]`, `dynamic(null)`},
	})
}

func TestBags(t *testing.T) {
	checkCalculated(t, []Example{
		{`bag_set_key(dynamic({"key1":1,"key3":"abc"}), "key3", 3)`, `dynamic({"key1":1,"key3":3})`},
		{`bag_set_key(dynamic({"key1":123,"key2":{"prop1":123,"prop2":"xyz"}}), "$.key2.prop1", "abc")`, `dynamic({"key1":123,"key2":{"prop2":"xyz","prop1":"abc"}})`},
		{`bag_set_key(dynamic({"key1":123}), "$.key2.prop1", "abc")`, `dynamic({"key1":123,"key2":{"prop1":"abc"}})`},
		{`bag_set_key(dynamic([1]), "a", 1)`, `dynamic(null)`},
		{`bag_set_key(dynamic({}), "$", 1)`, `dynamic(null)`},
		{`bag_set_key(dynamic({}), "a", int(null))`, `dynamic({"a":null})`},
		{`bag_remove_keys(dynamic({"key1":123,"key2":{"prop1":"abc","prop2":"xyz"},"key3":[100,200]}), dynamic(["$.key2.prop1","key3"]))`, `dynamic({"key1":123,"key2":{"prop2":"xyz"}})`},
		{`bag_remove_keys(dynamic({"a b":{"c.d":1}}), dynamic(["$['a b']['c.d']"]))`, `dynamic({"a b":{}})`},
		{`bag_remove_keys(dynamic({"$x":1}), dynamic(["$x"]))`, `dynamic({})`},
		{`bag_remove_keys(dynamic({"a":1}), dynamic("a"))`, `dynamic(null)`},
		{`bag_merge(dynamic({"a":[1]}), dynamic({"a":[4],"b":9}))`, `dynamic({"a":[1],"b":9})`},
		{`bag_merge(dynamic(null), dynamic(null))`, `dynamic(null)`},
		{`bag_zip(dynamic(["a",8,"b"]), dynamic(1))`, `dynamic({"a":null,"b":null})`},
		{`bag_pack("t", datetime(2024-01-01), "s", 1h, "n", dynamic(null), "d", dynamic({"x":[1]}))`, `dynamic({"t":"2024-01-01T00:00:00.0000000Z","s":"01:00:00","n":null,"d":{"x":[1]}})`},
		{`bag_pack(dynamic("k"), 1.0)`, `dynamic({"k":1.0})`},
		{`bag_has_key(dynamic({"a":null}), "a")`, `true`},
		{`bag_has_key(dynamic([1]), "a")`, `false`},
		{`bag_keys(dynamic("a"))`, `dynamic(null)`},
		{`treepath(dynamic({"p":[1,2],"q":"v"}))`, `dynamic(["['p']","['p'][0]","['q']"])`},
		{`treepath(dynamic(5))`, `dynamic(null)`},
	})
}

// packed is a row as pack_all sees it after binding.
func TestPackColumns(t *testing.T) {
	row := []types.Value{types.StringOf("a"), types.LongOf(1), types.StringOf("b"), types.StringOf(""), types.StringOf("c"), types.Null(types.Int)}
	for _, c := range []struct {
		name string
		args []types.Value
		want string
	}{
		{"pack_columns", append([]types.Value{types.BoolOf(false)}, row...), `{"a":1,"b":"","c":null}`},
		{"pack_columns", append([]types.Value{types.BoolOf(true)}, row...), `{"a":1}`},
	} {
		f, _ := All().Lookup(Operator, c.name)
		if got := f.Call(&Ctx{Out: types.Dynamic}, f.Go, c.args).Text(); got != c.want {
			t.Errorf("%s%v = %s, want %s", c.name, c.args, got, c.want)
		}
	}
}

func TestPathSQL(t *testing.T) {
	text := func(s string) Arg { v := types.StringOf(s); return Arg{Type: types.String, Const: &v} }
	index := func(i int64) Arg { v := types.LongOf(i); return Arg{Type: types.Long, Const: &v} }
	d := Arg{SQL: "d", Type: types.Dynamic}
	for _, c := range []struct {
		name string
		args []Arg
		want string
	}{
		{".", []Arg{d, text("a")}, `nullif(CAST(json_extract(d, '$."a"') AS VARCHAR), 'null')`},
		{"[]", []Arg{d, index(-1)}, `nullif(CAST(json_extract(d, '$[-1]') AS VARCHAR), 'null')`},
		{"path", []Arg{d, text("a b"), index(0), text("it's.$x")}, `nullif(CAST(json_extract(d, '$."a b"[0]."it''s.$x"') AS VARCHAR), 'null')`},
		{"text_path", []Arg{d, text("a"), text("b")}, `coalesce(json_extract_string(d, '$."a"."b"'), '')`},
		{".", []Arg{d, text(`a"b`)}, ""},
		{".", []Arg{d, text(`a\b`)}, ""},
		{".", []Arg{d, text("")}, ""},
		{".", []Arg{d, text("*")}, ""}, // a wildcard even in quotes
		{"[]", []Arg{d, {SQL: "k", Type: types.String}}, ""},
		{"text_path", []Arg{d, text("")}, ""},
	} {
		f, ok := All().Lookup(Operator, c.name)
		if !ok {
			t.Fatalf("no operator %s", c.name)
		}
		if got := f.Lower(nil, &Call{Args: c.args}); got != c.want {
			t.Errorf("%s = %s, want %s", c.name, got, c.want)
		}
	}
}
