package funcs

import (
	"strconv"

	"github.com/vedette-siem/vedette/internal/types"
)

// aggRowFuncs give the values of one row of a group. Their lowering gives that row as one struct; RowField
// reads a column of it.
var aggRowFuncs = []*Func{
	argFunc("arg_max", 1, false, []Example{{`datatable(k:long, v:string)[1, "a", 3, "b"] | summarize arg_max(k, v) | project v`, `"b"`},
		{`datatable(k:long, v:string)[long(null), "a"] | summarize arg_max(k, v) | project v`, `"a"`}, {`datatable(k:long, v:string)[long(null), "a", 1, "b"] | summarize arg_max(k, *) | project v`, `"b"`},
		{`datatable(k:long, v:string)[] | summarize arg_max(k, v) | project v`, `""`}}),
	argFunc("arg_min", -1, false, []Example{{`datatable(k:long, v:string)[1, "a", 3, "b"] | summarize arg_min(k, v) | project v`, `"a"`},
		{`datatable(k:long, v:string)[long(null), "a"] | summarize arg_min(k, v) | project v`, `"a"`}, {`datatable(k:long, v:string)[long(null), "a", 1, "b"] | summarize arg_min(k, *) | project v`, `"b"`},
		{`datatable(k:long, v:string)[] | summarize arg_min(k, v) | project v`, `""`}}),
	argFunc("argmax", 1, true, []Example{{`datatable(k:long, v:string)[1, "a", 3, "b"] | summarize argmax(k, v) | project max_k_v`, `"b"`},
		{`datatable(k:long)[long(null), 2] | summarize argmax(k)`, `2`}, {`datatable(k:long)[] | summarize argmax(k)`, `long(null)`}}),
	argFunc("argmin", -1, true, []Example{{`datatable(k:long, v:string)[1, "a", 3, "b"] | summarize argmin(k, v) | project min_k_v`, `"a"`},
		{`datatable(k:long)[long(null), 2] | summarize argmin(k)`, `2`}, {`datatable(k:long)[] | summarize argmin(k)`, `long(null)`}}),

	{Name: "take_any", Class: Aggregate, Columns: anyColumns(false), Spread: Spread{Row: true}, Page: "take-any-aggregation-function",
		Sigs: Sigs(rowOut, P("expr", Any).RawType().Repeated().Starred()), Lower: lowerAny, Pick: pickAny,
		Doc: "Gives the values of some row of a group; a single value is not null and not empty if there is such a one.",
		Examples: []Example{{`datatable(x:long)[long(null), 5] | summarize take_any(x)`, `5`}, {`datatable(x:string)[] | summarize take_any(x)`, `""`},
			{`datatable(x:long, y:string)[7, "a"] | summarize take_any(*) | project y`, `"a"`}}},
	{Name: "any", Class: Aggregate, Columns: anyColumns(true), Spread: Spread{Row: true}, Page: "take-any-aggregation-function",
		Sigs: Sigs(rowOut, P("expr", Any).RawType().Repeated().Starred()), Lower: lowerAny, Pick: pickAny,
		Doc: "Gives the values of some row of a group, named any_x: the older spelling of take_any.",
		Examples: []Example{{`datatable(x:long)[long(null), 5] | summarize any(x)`, `5`}, {`datatable(x:string)[] | summarize any(x)`, `""`},
			{`datatable(x:long, y:string)[7, "a"] | summarize any(x, y) | project any_y`, `"a"`}}},
	{Name: "take_anyif", Class: Aggregate, Result: FirstArg, Page: "take-anyif-aggregation-function",
		Sigs: anyIfSigs, Agg: onlyIf(1, anyAgg),
		Doc: "Gives a value of some row for which a predicate is true, not null and not empty if there is such a one.",
		Examples: []Example{{`datatable(x:long)[long(null), 5] | summarize take_anyif(x, x > 3)`, `5`}, {`datatable(x:string)["a"] | summarize take_anyif(x, x == "b")`, `""`},
			{`datatable(x:string, b:bool)["", true, "a", true] | summarize take_anyif(x, b)`, `"a"`}}},
	{Name: "anyif", Class: Aggregate, Result: Prefixed("anyif"), Page: "take-anyif-aggregation-function",
		Sigs: anyIfSigs, Agg: onlyIf(1, anyAgg),
		Doc: "Gives a value of some row for which a predicate is true: the older spelling of take_anyif.",
		Examples: []Example{{`datatable(x:long)[long(null), 5] | summarize anyif(x, x > 3)`, `5`}, {`datatable(x:string)["a"] | summarize anyif(x, x == "b")`, `""`},
			{`datatable(x:string, b:bool)["", true, "a", true] | summarize anyif(x, b)`, `"a"`}}},
}

var rowOut = Computed(func(args []Arg) types.Type { return args[0].Type })

// argFunc declares arg_max (sign 1) or arg_min (sign -1). Rows whose key is null count only if all keys are;
// a NaN wins over every number, in both directions; of equal keys the first row seen stays.
func argFunc(name string, sign int, old bool, examples []Example) *Func {
	word, least := "max", "greatest"
	if sign < 0 {
		word, least = "min", "least"
	}
	f := &Func{Name: name, Class: Aggregate, Spread: Spread{Row: true}, Page: "arg-" + word + "-aggregation-function",
		Sigs:    Sigs(rowOut, P(word+"imized", orderable).RawType(), P("returned", Any).RawType().Optional().Repeated().Starred()),
		Columns: argColumns(word+"_", old), Lower: lowerArg(sign),
		Pick: func(_ *Ctx, n int, cols [][]types.Value) int {
			if i := pickExtreme(cols[0], sign); i >= 0 || n == 0 {
				return i
			}
			return 0
		},
		Doc: "Gives the values of the row with the " + least + " key.", Examples: examples}
	if old {
		f.Doc = "Gives the values of the row with the " + least + " key, named " + word + "_x: the older spelling of arg_" + word + "."
	}
	return f
}

// argColumns names the columns: those of the arguments; what has no name is max_ (the key) and
// max_key_arg1. The older spelling has max_key and max_key_x.
func argColumns(prefix string, old bool) func(args []Arg) []types.Column {
	return func(args []Arg) []types.Column {
		var cols []types.Column
		for i, a := range args {
			name := a.Name
			switch {
			case i == 0 && (old || name == ""):
				name = prefix + name
			case i > 0 && name == "":
				name = prefix + args[0].Name + "_arg" + strconv.Itoa(i)
			case i > 0 && old:
				name = prefix + args[0].Name + "_" + name
			}
			cols = append(cols, types.Column{Name: name, Type: a.Type})
		}
		return cols
	}
}

// anyColumns names the columns: those of the arguments; what has no name is any_arg0. The older spelling
// has any_x.
func anyColumns(old bool) func(args []Arg) []types.Column {
	return func(args []Arg) []types.Column {
		var cols []types.Column
		for i, a := range args {
			name := a.Name
			switch {
			case name == "" && old && len(args) == 1:
				name = "any_"
			case name == "":
				name = "any_arg" + strconv.Itoa(i)
			case old:
				name = "any_" + name
			}
			cols = append(cols, types.Column{Name: name, Type: a.Type})
		}
		return cols
	}
}

// lowerArg writes arg_max or arg_min. DuckDB leaves out rows whose key is null, so a null becomes a key
// behind all others; where the type has no such key, the first row stands in. NaN is above all numbers for
// DuckDB, so the least real is the greatest negative.
func lowerArg(sign int) Lowering {
	return func(w Writer, c *Call) string {
		key := c.Args[0]
		f, last := "arg_max_null(", "-9223372036854775808"
		if sign < 0 {
			f, last = "arg_min_null(", "9223372036854775808"
		}
		k := key.SQL
		switch key.Type {
		case types.String:
		case types.Int, types.Bool:
			k = "coalesce(" + k + "::BIGINT, " + map[int]string{1: "-2147483649", -1: "2147483648"}[sign] + ")"
		case types.Datetime:
			k = "coalesce(" + k + ", " + map[int]string{1: "-1", -1: "9223372036854775807"}[sign] + ")"
		case types.Real:
			if sign < 0 {
				k = "(-" + k + ")"
			}
			row := rowStruct(c.Args)
			return "coalesce(arg_max(" + row + ", " + k + "), first(" + row + "))"
		case types.Decimal:
			k = w.UDF("decimal.sortkey", types.String, key)
			if sign < 0 {
				k = "coalesce(nullif(" + k + ", ''), '~')"
			}
		default: // long, timespan
			if sign < 0 {
				k += "::HUGEINT" // the largest long is a key of its own
			}
			k = "coalesce(" + k + ", " + last + ")"
		}
		return rowOf(c.Args, func(x string) string { return f + x + ", " + k + ")" })
	}
}

// rowOf makes the row from one aggregate for each column. They decide alike on every row, so the values are from
// the same row, also where keys are equal; the engine does this several times faster than to keep structs.
func rowOf(args []Arg, aggregate func(x string) string) string {
	cols := make([]Arg, len(args))
	for i, a := range args {
		a.SQL = aggregate(a.SQL)
		cols[i] = a
	}
	return rowStruct(cols)
}

func lowerAny(_ Writer, c *Call) string {
	if len(c.Args) == 1 {
		a := c.Args[0]
		if a.Type == types.String {
			a.SQL = "nullif(" + a.SQL + ", '')"
		}
		a.SQL = "any_value(" + a.SQL + ")"
		return rowStruct([]Arg{a})
	}
	return rowOf(c.Args, func(x string) string { return "first(" + x + ")" })
}

func pickAny(_ *Ctx, n int, cols [][]types.Value) int {
	if n == 0 {
		return -1
	}
	if len(cols) == 1 {
		return max(0, filled(cols[0]))
	}
	return 0
}

// filled returns the first row with a value that is neither null nor empty, or -1.
func filled(col []types.Value) int {
	for i, v := range col {
		if !v.IsNull() && (v.Type() != types.String || v.Text() != "") {
			return i
		}
	}
	return -1
}

func anyAgg(c *Ctx, _ int, cols [][]types.Value) types.Value {
	if i := filled(cols[0]); i >= 0 {
		return cols[0][i]
	}
	return types.Null(c.Out)
}

var anyIfSigs = []Sig{
	{Params: []Param{P("expr", String), P("predicate", Bool)}, Out: RetString, SQL: "coalesce(any_value(nullif($1, '')) FILTER (WHERE $2), '')"},
	{Params: []Param{P("expr", Any).RawType(), P("predicate", Bool)}, Out: SameAs(0), SQL: "any_value($1) FILTER (WHERE $2)"},
}
