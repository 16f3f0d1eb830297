package funcs

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

// col builds a column of type t; nil is its null.
func col(t types.Type, vs ...any) []types.Value {
	out := make([]types.Value, len(vs))
	for i, v := range vs {
		switch v := v.(type) {
		case nil:
			out[i] = types.Null(t)
		case bool:
			out[i] = types.BoolOf(v)
		case float64:
			out[i] = types.RealOf(v)
		case string:
			switch t {
			case types.Dynamic:
				out[i] = types.DynamicOf(v)
			case types.Decimal:
				out[i] = types.DecimalOf(v)
			case types.Guid:
				out[i] = types.GuidOf(v)
			default:
				out[i] = types.StringOf(v)
			}
		case int:
			switch t {
			case types.Int:
				out[i] = types.IntOf(int32(v))
			case types.Real:
				out[i] = types.RealOf(float64(v))
			case types.Datetime:
				out[i] = types.DatetimeOf(int64(v))
			case types.Timespan:
				out[i] = types.TimespanOf(int64(v))
			default:
				out[i] = types.LongOf(int64(v))
			}
		default:
			panic(fmt.Sprintf("%T", v))
		}
	}
	return out
}

// show renders a value with its type, null told from "".
func show(v types.Value) string {
	if v.IsNull() {
		return v.Type().String() + "(null)"
	}
	return v.Type().String() + "(" + v.ToText() + ")"
}

func TestAggregates(t *testing.T) {
	const (
		B, I, L, R, S, T, P, D, M = types.Bool, types.Int, types.Long, types.Real, types.String, types.Datetime, types.Timespan, types.Dynamic, types.Decimal
	)
	type cols = [][]types.Value
	nan, inf := math.NaN(), math.Inf(1)
	preds := col(B, true, false, nil, true)
	for _, c := range []struct {
		name string
		out  types.Type
		cols cols
		want string
	}{
		{"count", L, cols{col(L, 1, nil)}, "long(2)"},
		{"countif", L, cols{preds}, "long(2)"},
		{"countif", L, cols{col(B)}, "long(0)"},
		{"sum", L, cols{col(I, 1, nil, 2)}, "long(3)"},
		{"sum", L, cols{col(L)}, "long(0)"},
		{"sum", L, cols{col(L, math.MaxInt64, 1)}, "long(-9223372036854775808)"},
		{"sum", R, cols{col(R, 1e300, 1e300, -1e300)}, "real(1E+300)"},
		{"sum", R, cols{col(R, 1.0, nan)}, "real(NaN)"},
		{"sum", M, cols{col(M, "1.1", "2.2", "3.3", nil)}, "decimal(6.6)"},
		{"sum", P, cols{col(P, 10, 5)}, "timespan(00:00:00.0000015)"},
		{"sum", T, cols{col(T, 10, 5)}, "datetime(0001-01-01T00:00:00.0000015Z)"},
		{"sumif", L, cols{col(L, 1, 2, 4, 8), preds}, "long(9)"},
		{"avg", R, cols{col(L, math.MaxInt64-1, 1, math.MaxInt64)}, "real(-0.6666666666666666)"},
		{"avg", R, cols{col(I, -5, 0, 3, 7)}, "real(1.25)"},
		{"avg", R, cols{col(R, nil)}, "real(NaN)"},
		{"avg", R, cols{col(L)}, "real(NaN)"},
		{"avg", M, cols{col(M, "1.1", "2.2", "3.3")}, "decimal(2.2)"},
		{"avg", M, cols{col(M)}, "decimal(null)"},
		{"avg", P, cols{col(P, -3, 0)}, "timespan(-00:00:00.0000001)"},
		{"avg", T, cols{col(T, math.MaxInt64/3, math.MaxInt64/3, math.MaxInt64/3, math.MaxInt64/3)}, "datetime(" + types.FormatDatetime(math.MaxInt64/3) + ")"},
		{"avg", T, cols{col(T, nil)}, "datetime(null)"},
		{"avgif", R, cols{col(L, 1, 2, 4, 8), preds}, "real(4.5)"},
		{"min", L, cols{col(L, 3, nil, 1)}, "long(1)"},
		{"min", I, cols{col(I, nil, nil)}, "int(null)"},
		{"min", R, cols{col(R, 1.0, nan, 0.5)}, "real(NaN)"},
		{"max", R, cols{col(R, nan, 5.0)}, "real(NaN)"},
		{"max", R, cols{col(R, 1.0, inf)}, "real(Infinity)"},
		{"max", S, cols{col(S, "b", "é", "a")}, "string(é)"},
		{"max", S, cols{col(S)}, "string()"},
		{"max", B, cols{col(B, false, true, nil)}, "bool(True)"},
		{"max", M, cols{col(M, "9.5", "10.5", "-20")}, "decimal(10.5)"},
		{"minif", L, cols{col(L, 5, 1, 1, 3), preds}, "long(3)"},
		{"maxif", S, cols{col(S, "a", "z", "z", "b"), preds}, "string(b)"},
		{"dcount", L, cols{col(L, 1, 1, 2, nil)}, "long(2)"},
		{"dcount", L, cols{col(D, "[1]", "[1]", nil), col(L, 2)}, "long(1)"},
		{"dcountif", L, cols{col(S, "a", "b", "c", "a"), preds, col(L, 1)}, "long(1)"},
		{"count_distinct", L, cols{col(S, "", "a", "")}, "long(2)"},
		{"count_distinctif", L, cols{col(L, 1, 2, 3, 4), preds}, "long(2)"},
		{"binary_all_or", I, cols{col(I, 1, nil, 4)}, "int(5)"},
		{"binary_all_and", L, cols{col(L)}, "long(null)"},
		{"binary_all_xor", L, cols{col(L, 5, 1)}, "long(4)"},

		{"variance", R, cols{col(L, 1, 2, 3, 4)}, "real(1.6666666667)"}, // the engine rounds to ten places
		{"stdev", R, cols{col(L, 1, 2, 3, 4)}, "real(1.2909944487487155)"},
		{"stdevp", R, cols{col(L, 1, 2, 3, 4)}, "real(1.118033988749895)"},
		{"stdev", R, cols{col(R, 5.0, nil)}, "real(0.0)"},
		{"stdev", R, cols{col(R)}, "real(0.0)"},
		{"stdev", R, cols{col(R, 1.0, inf)}, "real(NaN)"},
		{"variancepif", R, cols{col(L, 1, 100, 100, 3), preds}, "real(1.0)"},
		{"covariance", R, cols{col(R, 1, 2, 3, 4, 5), col(R, 14, 10, 17, 20, 50)}, "real(20.5)"},
		{"covariancep", R, cols{col(R, 1, 2, nil), col(R, 1, 3, 9)}, "real(0.5)"},

		{"percentile", L, cols{col(I, 1, 2, 3, 4), col(L, 50)}, "long(2)"},
		{"percentile", L, cols{col(L, 4, 3, 2, 1, nil), col(R, 50.1)}, "long(3)"},
		{"percentile", L, cols{col(L, 4, 3), col(L, 0)}, "long(3)"},
		{"percentile", R, cols{col(M, "1.5", "2.5"), col(L, 100)}, "real(2.5)"},
		{"percentile", S, cols{col(S), col(L, 50)}, "string()"},
		{"percentile", T, cols{col(T, 7, 5), col(L, 50)}, "datetime(0001-01-01T00:00:00.0000005Z)"},
		{"percentiles_array", D, cols{col(R, 1.5, 2.5), col(L, 50), col(L, 100)}, "dynamic([1.5,2.5])"},
		{"percentiles_array", D, cols{col(L, 1, 2), col(D, "[0,99.9]")}, "dynamic([1,2])"},
		{"percentiles_array", D, cols{col(L), col(L, 50)}, "dynamic(null)"},
		{"percentilew", L, cols{col(L, 10, 20, 30, 40), col(L, 8, 6, 3, 1), col(L, 50)}, "long(20)"},
		{"percentilesw_array", D, cols{col(L, 10, 20, 30, 40), col(L, 8, 6, 3, 1), col(D, "[50,75,99.9]")}, "dynamic([20,20,40])"},
		{"percentilew", L, cols{col(L, 10, 20, 30), col(L, 0, -1, nil), col(L, 50)}, "long(null)"},

		{"make_list", D, cols{col(L, 2, nil, 1, 2)}, "dynamic([2,1,2])"},
		{"make_list", D, cols{col(D, "[1,2]", nil, "[]", `{"a":1}`, "[[3]]")}, `dynamic([1,2,null,{"a":1},[3]])`},
		{"make_list", D, cols{col(D, "[1,2]", "[3]"), col(L, 2)}, "dynamic([1,2])"},
		{"make_list", D, cols{col(T, 0), col(L, -1)}, `dynamic(["0001-01-01T00:00:00.0000000Z"])`},
		{"make_list", D, cols{col(S)}, "dynamic([])"},
		{"make_list_if", D, cols{col(S, "a", "b", "c", "d"), preds, col(L, 1)}, `dynamic(["a"])`},
		{"make_list_with_nulls", D, cols{col(L, 1, nil)}, "dynamic([1,null])"},
		{"make_set", D, cols{col(S, "b", "a", "b", "")}, `dynamic(["b","a",""])`},
		{"make_set", D, cols{col(D, `["b","a"]`, `["a"]`, `"b"`, "1")}, `dynamic(["b","a",1])`},
		{"make_set", D, cols{col(L, 5, 6, 7), col(L, 2)}, "dynamic([5,6])"},
		{"make_set_if", D, cols{col(R, 1.5, 2, 2, 1.5), preds}, "dynamic([1.5])"},
		{"make_bag", D, cols{col(D, `{"a":1,"b":2}`, nil, "5", `{"a":10,"c":3}`)}, `dynamic({"a":1,"b":2,"c":3})`},
		{"make_bag", D, cols{col(D)}, "dynamic({})"},
		{"make_bag_if", D, cols{col(D, `{"a":1}`, `{"b":2}`, `{"c":2}`, `{"d":null}`), preds}, `dynamic({"a":1,"d":null})`},
		{"make_dictionary", D, cols{col(D, `{"a":1,"b":2}`), col(L, 1)}, `dynamic({"a":1})`},

		{"take_anyif", L, cols{col(L, nil, 2, 3, 4), preds}, "long(4)"},
		{"anyif", S, cols{col(S, "", "x", "y", "z"), preds}, "string(z)"},

		{"buildschema", D, cols{col(D, `{"x":1,"y":3.5}`, `{"x":"s","z":[1,2,3]}`, `{"y":{"w":"zzz"},"t":["aa","bb"],"z":["foo"]}`)},
			"dynamic({\"x\":[\"long\",\"string\"],\"y\":[\"double\",{\"w\":\"string\"}],\"z\":{\"`indexer`\":[\"long\",\"string\"]},\"t\":{\"`indexer`\":\"string\"}})"},
		{"buildschema", D, cols{col(D, "[]", "true")}, `dynamic(["bool",{}])`},
	} {
		f, ok := All().Lookup(Aggregate, c.name)
		if !ok {
			t.Fatalf("no aggregate %s", c.name)
		}
		ctx := &Ctx{Out: c.out}
		got := f.Agg(ctx, len(c.cols[0]), c.cols)
		if show(got) != c.want || ctx.Err() != nil {
			t.Errorf("%s: got %s, want %s (%v)", c.name, show(got), c.want, ctx.Err())
		}
	}
}

func TestPercentileFaults(t *testing.T) {
	f, _ := All().Lookup(Aggregate, "percentile")
	g, _ := All().Lookup(Aggregate, "percentiles_array")
	for _, c := range []struct {
		f    *Func
		cols [][]types.Value
	}{
		{f, [][]types.Value{col(types.Long, 1), col(types.Long, 101)}},
		{f, [][]types.Value{col(types.Long, 1), col(types.Real, -0.5)}},
		{f, [][]types.Value{col(types.Long, 1), col(types.Long, nil)}},
		{g, [][]types.Value{col(types.Long, 1), col(types.Dynamic, `["a"]`)}},
		{g, [][]types.Value{col(types.Long, 1), col(types.Dynamic, `{"a":1}`)}},
	} {
		ctx := &Ctx{Out: types.Long}
		if c.f.Agg(ctx, 1, c.cols); ctx.Err() == nil {
			t.Errorf("%s takes %s", c.f.Name, show(c.cols[1][0]))
		}
	}
}

func TestPickRow(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name string
		key  []types.Value
		want int
	}{
		{"arg_max", col(types.Long, 1, 2, 2), 1}, // of equal keys the first
		{"arg_max", col(types.Long, nil, 1), 1},
		{"arg_max", col(types.Long, nil, nil), 0},
		{"arg_max", col(types.Long), -1},
		{"arg_max", col(types.Real, nan, 2.0), 0},
		{"arg_max", col(types.Real, 5.0, nan), 1},
		{"arg_min", col(types.Real, nan, 2.0), 0},
		{"arg_min", col(types.Real, math.Inf(1), 3.0), 1},
		{"arg_min", col(types.String, "b", "a", "a"), 1},
		{"arg_min", col(types.Bool, true, nil, false), 2},
		{"arg_max", col(types.Decimal, "9", "10", "-3"), 1},
		{"take_any", col(types.Long, nil, 5), 1},
		{"take_any", col(types.String, "", ""), 0},
		{"take_any", col(types.String), -1},
	} {
		f, _ := All().Lookup(Aggregate, c.name)
		if got := f.Pick(&Ctx{}, len(c.key), [][]types.Value{c.key}); got != c.want {
			t.Errorf("%s over %v: row %d, want %d", c.name, c.key, got, c.want)
		}
	}
}

func TestAggregateColumns(t *testing.T) {
	args := func(names ...string) []Arg {
		var out []Arg
		for _, n := range names {
			a := Arg{Name: n, Type: types.Int}
			if p, ok := strings.CutPrefix(n, "="); ok {
				f, _ := types.ParseReal(p)
				v := types.RealOf(f)
				a = Arg{Const: &v, Type: types.Real}
			}
			out = append(out, a)
		}
		return out
	}
	for _, c := range []struct {
		name string
		args []Arg
		want string
	}{
		{"arg_max", args("a", "b"), "a:int b:int"},
		{"arg_max", args("", "b", "", "c"), "max_:int b:int max__arg2:int c:int"},
		{"arg_min", args("a", ""), "a:int min_a_arg1:int"},
		{"argmax", args("a", "b", ""), "max_a:int max_a_b:int max_a_arg2:int"},
		{"argmin", args("", "b"), "min_:int min__b:int"},
		{"take_any", args("a", ""), "a:int any_arg1:int"},
		{"take_any", args(""), "any_arg0:int"},
		{"any", args("a"), "any_a:int"},
		{"any", args(""), "any_:int"},
		{"any", args("a", ""), "any_a:int any_arg1:int"},
		{"percentile", args("x", "=50"), "percentile_x_50:long"},
		{"percentiles", args("x", "=5", "=99.9"), "percentile_x_5:long percentile_x_99_9:long"},
		{"percentilesw", args("", "w", "=50.50"), "percentile__50_5:long"},
		{"covariance", args("x", "y"), "covariance_x_y:real"},
		{"covariancepif", args("x", "y", "p"), "covariancepif_x_y:real"},
	} {
		f, _ := All().Lookup(Aggregate, c.name)
		var got []string
		for _, col := range f.Columns(c.args) {
			got = append(got, col.Name+":"+col.Type.String())
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: columns %s, want %s", c.name, s, c.want)
		}
	}
}

// plainWriter stands in for the SQL writer.
type plainWriter struct{}

func (plainWriter) Lit(v types.Value) string { return v.ToText() }
func (plainWriter) UDF(name string, _ types.Type, args ...Arg) string {
	var s []string
	for _, a := range args {
		s = append(s, a.SQL)
	}
	return name + "(" + strings.Join(s, ", ") + ")"
}
func (plainWriter) Convert(a Arg, to types.Type) string { return "convert(" + a.SQL + ")" }
func (plainWriter) JSON(a Arg) string                   { return "json(" + a.SQL + ")" }

func TestAggregateSQL(t *testing.T) {
	five := types.LongOf(5)
	arg := func(sql string, t types.Type) Arg { return Arg{SQL: sql, Type: t} }
	n5 := Arg{SQL: "5", Type: types.Long, Const: &five}
	for _, c := range []struct {
		name string
		call Call
		want string
	}{
		{"make_list", Call{Args: []Arg{arg("x", types.Long), n5}, Order: "ts, id"}, "coalesce('[' || array_to_string((list(json(x) ORDER BY ts, id) FILTER (WHERE x IS NOT NULL))[:5], ',') || ']', '[]')"},
		{"make_list", Call{Args: []Arg{arg("s", types.String)}}, "CASE WHEN count(*) > 1048576 THEN elements.cut(coalesce('[' || string_agg(json(s), ',') || ']', '[]'), 1048576) ELSE coalesce('[' || string_agg(json(s), ',') || ']', '[]') END"},
		{"make_set_if", Call{Args: []Arg{arg("x", types.Long), arg("p", types.Bool), n5}}, "coalesce('[' || array_to_string((list(DISTINCT json(x)) FILTER (WHERE p AND x IS NOT NULL))[:5], ',') || ']', '[]')"},
		{"make_set", Call{Args: []Arg{arg("x", types.Real), n5}}, "coalesce('[' || array_to_string(list_transform((list(DISTINCT x) FILTER (WHERE x IS NOT NULL))[:5], lambda kql_e: json(kql_e)), ',') || ']', '[]')"},
		{"arg_max", Call{Args: []Arg{arg("k", types.Datetime), arg("v", types.String)}}, "{'c0': arg_max_null(k, coalesce(k, -1)), 'c1': arg_max_null(v, coalesce(k, -1))}"},
		{"arg_min", Call{Args: []Arg{arg("k", types.Real)}}, "coalesce(arg_max({'c0': k}, (-k)), first({'c0': k}))"},
		{"take_any", Call{Args: []Arg{arg("v", types.String)}}, "{'c0': any_value(nullif(v, ''))}"},
		{"take_any", Call{Args: []Arg{arg("v", types.String), arg("w", types.Int)}}, "{'c0': first(v), 'c1': first(w)}"},
		{"stdevif", Call{Args: []Arg{arg("x", types.Long), arg("p", types.Bool)}}, "coalesce(sqrt(round(covar_samp(x::DOUBLE, x::DOUBLE) FILTER (WHERE p), 10)), 0.0::DOUBLE)"},
		{"percentile", Call{Args: []Arg{arg("x", types.Int), n5}}, "quantile_disc(x::BIGINT, 0.05)"},
		{"percentile", Call{Args: []Arg{arg("x", types.Int), arg("y", types.Int)}}, ""},
	} {
		f, _ := All().Lookup(Aggregate, c.name)
		if got := f.Lower(plainWriter{}, &c.call); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	if got, want := RowField("r", 2, types.String), "coalesce((r).c2, '')"; got != want {
		t.Errorf("RowField: got %s, want %s", got, want)
	}
	if got, want := Expand("list($1$order)", &Call{Args: []Arg{arg("x", types.Long)}, Order: "y"}), "list(x ORDER BY y)"; got != want {
		t.Errorf("Expand: got %s, want %s", got, want)
	}
}

// TestAggregateFilters: every call of an engine's aggregate in the SQL of an …if function is filtered.
func TestAggregateFilters(t *testing.T) {
	for _, f := range All().Funcs() {
		if f.Class != Aggregate || !strings.HasSuffix(f.Name, "if") {
			continue
		}
		for i := range f.Sigs {
			sql := f.Sigs[i].SQL
			if sql == "" {
				sql = f.SQL
			}
			if sql == "" {
				continue
			}
			for _, call := range []string{"sum(", "avg(", "count(", "min(", "max(", "any_value("} {
				if n, m := strings.Count(sql, call), strings.Count(sql, "FILTER"); n > m {
					t.Errorf("%s: %s", f.Name, sql)
				}
			}
		}
	}
}

func TestDecimalSortKey(t *testing.T) {
	order := []string{"-100", "-20.5", "-20", "-2", "-1.5", "-1", "-0.5", "-0.05", "0", "0.05", "0.5", "1", "1.5", "2", "10", "10.25", "100"}
	last := decimalSortKey.Go(nil, col(types.Decimal, nil)).Text()
	for _, d := range order {
		k := decimalSortKey.Go(nil, col(types.Decimal, d)).Text()
		if k <= last {
			t.Errorf("%s sorts at %q, not above %q", d, k, last)
		}
		last = k
	}
	if a, b := decimalSortKey.Go(nil, col(types.Decimal, "1.50")).Text(), decimalSortKey.Go(nil, col(types.Decimal, "1.5")).Text(); a != b {
		t.Errorf("1.50 and 1.5 have keys %q and %q", a, b)
	}
}

// TestAggregatesWhole: every aggregate says what it means, and one of rows or several columns how they come.
func TestAggregatesWhole(t *testing.T) {
	for _, f := range All().Funcs() {
		if f.Class != Aggregate {
			continue
		}
		if (f.Agg != nil) == (f.Pick != nil) || (f.Pick != nil) != f.Spread.Row {
			t.Errorf("%s: a body over rows belongs to Spread.Row, any other aggregate has Agg", f.Name)
		}
		if f.Spread != (Spread{}) && f.Columns == nil || f.Spread.Row && f.Lower == nil {
			t.Errorf("%s gives several columns without naming or computing them", f.Name)
		}
		if each := f.Spread.Each; each != "" {
			if _, ok := All().Lookup(Aggregate, each); !ok {
				t.Errorf("%s spreads to %s, which is no aggregate", f.Name, each)
			}
		}
		if f.Doc == "" || f.Page == "" || len(f.Examples) < 3 || len(f.Sigs) == 0 {
			t.Errorf("%s is not documented, or has no overload", f.Name)
		}
	}
}
