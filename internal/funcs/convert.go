package funcs

import (
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// convertFuncs turn a value into another type; what cannot be turned is null. The binder calls the to…()
// functions for implicit conversions too, so each has an overload for every source type.
// https://learn.microsoft.com/kusto/query/scalar-functions#conversion-functions
var convertFuncs = []*Func{
	{Name: "tostring", Class: Scalar, Result: FirstArg, Go: convertTo(types.String), Page: "tostring-function",
		Sigs: []Sig{
			{Params: value(Dynamic), Out: RetString, SQL: "kql_dynamic_text($1)"},
			{Params: value(String), Out: RetString, SQL: "$1"},
			{Params: value(Guid | Decimal), Out: RetString, SQL: "coalesce($1, '')"},
			{Params: value(Int | Long), Out: RetString, SQL: "coalesce($1::VARCHAR, '')"},
			{Params: value(Bool), Out: RetString, SQL: "CASE $1 WHEN true THEN 'True' WHEN false THEN 'False' ELSE '' END"},
			{Params: value(Datetime), Out: RetString, SQL: "coalesce(kql_datetime_text($1), '')"},
			{Params: value(Real | Timespan), Out: RetString},
		},
		Doc:      "Gives the text of a value; of a null it is the empty string.",
		Examples: []Example{{`tostring(123)`, `"123"`}, {`tostring(true)`, `"True"`}, {`tostring(dynamic({"a":true}))`, `'{"a":true}'`}, {`tostring(int(null))`, `""`}, {`tostring(1d)`, `"1.00:00:00"`}, {`tostring(42.0)`, `"42.0"`}}},
	{Name: "toint", Class: Scalar, Result: FirstArg, Go: convertTo(types.Int), Page: "toint-function",
		Sigs: []Sig{
			{Params: value(Dynamic), Out: RetInt, Lower: lowerJSONNumber("toint", types.Int, "try_cast(trunc(try_cast($1 AS DOUBLE)) AS INTEGER)")},
			{Params: value(Decimal), Out: RetInt},
			{Params: value(Int), Out: RetInt, SQL: "$1"},
			{Params: value(Bool), Out: RetInt, SQL: "$1::INTEGER"},
			{Params: value(Long | Datetime | Timespan), Out: RetInt, SQL: "(xor($1 & 4294967295, 2147483648) - 2147483648)::INTEGER"},
			{Params: value(Real), Out: RetInt, SQL: "CASE WHEN isfinite($1) THEN trunc(least(greatest($1, -2147483648), 2147483647))::INTEGER END"},
			{Params: value(String), Out: RetInt, Lower: lowerWhole("toint", types.Int, "INTEGER")},
			{Params: value(Guid), Out: RetInt, SQL: "NULL::INTEGER"},
		},
		Doc:      "Converts to an int: the fraction of a real is cut off, a text must be a whole number.",
		Examples: []Example{{`toint("123")`, `int(123)`}, {`toint(2.9)`, `int(2)`}, {`toint("5.9")`, `int(null)`}, {`toint(true)`, `int(1)`}, {`toint(dynamic({"a":"7"}).a)`, `int(7)`}}},
	{Name: "tolong", Class: Scalar, Result: FirstArg, Go: convertTo(types.Long), Page: "tolong-function",
		Sigs: []Sig{
			{Params: value(Dynamic), Out: RetLong, Lower: lowerJSONNumber("tolong", types.Long, "try_cast($1 || '.' AS BIGINT)")},
			{Params: value(Long | Datetime | Timespan), Out: RetLong, SQL: "$1"},
			{Params: value(Bool | Int), Out: RetLong, SQL: "$1::BIGINT"},
			{Params: value(Real), Out: RetLong, SQL: "kql_real_long($1)"},
			{Params: value(String), Out: RetLong, Lower: lowerWhole("tolong", types.Long, "BIGINT")},
			{Params: value(Decimal), Out: RetLong},
			{Params: value(Guid), Out: RetLong, SQL: "NULL::BIGINT"},
		},
		Doc:      "Converts to a long: the fraction of a real is cut off, a datetime gives its ticks of 100 ns.",
		Examples: []Example{{`tolong("123")`, `123`}, {`tolong("9223372036854775808")`, `long(null)`}, {`tolong(real(1e30))`, `9223372036854775807`}, {`tolong(datetime(1970-01-01))`, `621355968000000000`}}},
	{Name: "toreal", Aliases: []string{"todouble"}, Class: Scalar, Result: FirstArg, Go: convertTo(types.Real), Page: "toreal-function",
		Sigs: []Sig{
			{Params: value(Dynamic), Out: RetReal, Lower: lowerJSONNumber("toreal", types.Real, "try_cast($1 AS DOUBLE)")},
			{Params: value(Real), Out: RetReal, SQL: "$1"},
			{Params: value(Int | Long | Bool | Datetime | Timespan), Out: RetReal, SQL: "$1::DOUBLE"},
			{Params: value(String), Out: RetReal, Lower: lowerReal},
			{Params: value(Decimal), Out: RetReal},
			{Params: value(Guid), Out: RetReal, SQL: "NULL::DOUBLE"},
		},
		Doc:      "Converts to a real.",
		Examples: []Example{{`toreal("123.4")`, `123.4`}, {`todouble("inf")`, `real(+inf)`}, {`toreal("")`, `real(null)`}, {`toreal("INF")`, `real(null)`}, {`toreal(7)`, `7.0`}}},
	{Name: "todecimal", Class: Scalar, Result: FirstArg, Go: convertTo(types.Decimal), Page: "todecimal-function",
		Sigs: []Sig{
			{Params: value(Bool | Real | String | Dynamic | Guid), Out: RetDecimal},
			{Params: value(Decimal), Out: RetDecimal, SQL: "$1"},
			{Params: value(Int | Long | Datetime | Timespan), Out: RetDecimal, SQL: "$1::VARCHAR"},
		},
		Doc:      "Converts to a decimal.",
		Examples: []Example{{`todecimal("123.45678")`, `decimal(123.45678)`}, {`todecimal("abc")`, `decimal(null)`}, {`todecimal(true)`, `decimal(1)`}}},
	{Name: "tobool", Aliases: []string{"toboolean"}, Class: Scalar, Result: FirstArg, Go: convertTo(types.Bool), Page: "tobool-function",
		Sigs: []Sig{
			{Params: value(String), Out: RetBool, Lower: lowerBool},
			{Params: value(Dynamic), Out: RetBool, Lower: lowerJSONNumber("tobool", types.Bool, "try_cast($1 AS BOOLEAN)")},
			{Params: value(Bool), Out: RetBool, SQL: "$1"},
			{Params: value(Int | Long | Real), Out: RetBool, SQL: "($1 <> 0)"},
			{Params: value(Decimal), Out: RetBool},
			{Params: value(Datetime | Timespan | Guid), Out: RetBool, SQL: "NULL::BOOLEAN"},
		},
		Doc:      "Converts to a bool: true or false in any case, or a number, of which all but 0 is true.",
		Examples: []Example{{`tobool("True")`, `true`}, {`tobool("yes")`, `bool(null)`}, {`tobool(-5)`, `true`}, {`tobool("1.0")`, `bool(null)`}}},
	{Name: "todatetime", Class: Scalar, Result: FirstArg, Go: convertTo(types.Datetime), Page: "todatetime-function",
		Sigs: []Sig{
			{Params: value(Real | Decimal | Dynamic), Out: RetDatetime},
			{Params: value(Datetime), Out: RetDatetime, SQL: "$1"},
			{Params: value(Int | Long), Out: RetDatetime, SQL: datetimeSQL("$1::BIGINT")},
			{Params: value(String), Out: RetDatetime, Lower: lowerToDatetime},
			{Params: value(Bool | Timespan | Guid), Out: RetDatetime, SQL: "NULL::BIGINT"},
		},
		Doc:      "Reads a datetime from text, or takes a number as ticks of 100 ns since 0001-01-01.",
		Examples: []Example{{`todatetime("2015-12-31 23:59:59.9")`, `datetime(2015-12-31 23:59:59.9)`}, {`todatetime("x")`, `datetime(null)`}, {`todatetime(1)`, `datetime(0001-01-01 00:00:00.0000001)`}, {`todatetime("Sat, 8 Nov 14 15:05:02 GMT")`, `datetime(2014-11-08 15:05:02)`}}},
	{Name: "totimespan", Aliases: []string{"totime"}, Class: Scalar, Result: FirstArg, Go: convertTo(types.Timespan), Page: "totimespan-function",
		Sigs: []Sig{
			{Params: value(Real | Decimal | Dynamic | String), Out: RetTimespan},
			{Params: value(Timespan), Out: RetTimespan, SQL: "$1"},
			{Params: value(Int | Long), Out: RetTimespan, SQL: "$1::BIGINT"},
			{Params: value(Bool | Datetime | Guid), Out: RetTimespan, SQL: "NULL::BIGINT"},
		},
		Doc:      "Reads a timespan from text, or takes a number as ticks of 100 ns.",
		Examples: []Example{{`totimespan("0.00:03:00")`, `3m`}, {`totimespan("1.5")`, `timespan(null)`}, {`totimespan("90s")`, `90s`}}},
	{Name: "toguid", Class: Scalar, Result: FirstArg, Go: convertTo(types.Guid), Page: "toguid-function",
		Sigs: Sigs(RetGuid, P("value", String|Dynamic|Guid)),
		Doc:  "Reads a guid from text.",
		Examples: []Example{{`toguid("70fc66f7-8279-44fc-9092-d364d70fce44")`, `guid(70fc66f7-8279-44fc-9092-d364d70fce44)`}, {`toguid("70fc66f7")`, `guid(null)`},
			{`toguid("{70FC66F7827944FC9092D364D70FCE44}")`, `guid(null)`}}},
	{Name: "todynamic", Aliases: []string{"toobject"}, Class: Scalar, Result: FirstArg, Sigs: parseJSONSigs, Go: parseJSON, Page: "parse-json-function",
		Doc:      "Reads JSON text into a dynamic value; text that is no JSON becomes a string value.",
		Examples: []Example{{`todynamic('{"a": 1}')`, `dynamic({"a":1})`}, {`todynamic("")`, `dynamic(null)`}, {`todynamic("[1,")`, `dynamic("[1,")`}}},
	{Name: "parse_json", Aliases: []string{"parsejson"}, Class: Scalar, Result: FirstArg, Sigs: parseJSONSigs, Go: parseJSON, Page: "parse-json-function",
		Doc:      "Reads JSON text into a dynamic value; text that is no JSON becomes a string value, a dynamic stays as it is.",
		Examples: []Example{{`parse_json('{"a":123, "b":[1.5]}')`, `dynamic({"a":123,"b":[1.5]})`}, {`parse_json("")`, `dynamic(null)`}, {`parse_json("abc")`, `dynamic("abc")`}, {`parse_json(dynamic([1]))`, `dynamic([1])`}}},
	{Name: "dynamic_to_json", Class: Scalar, Sigs: Sigs(RetString, P("dynamic", Any).RawType()), Page: "dynamic-to-json-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			if a[0].Type() != types.Dynamic {
				return a[0].To(types.String)
			}
			n, err := types.ParseJSON(a[0].Text())
			if err != nil {
				return types.StringOf(a[0].Text())
			}
			sortKeys(n)
			return types.StringOf(n.String())
		},
		Doc:      "Gives the JSON text of a dynamic value, the keys of every object in order.",
		Examples: []Example{{`dynamic_to_json(dynamic({"b":2,"a":{"d":1,"c":[3]}}))`, `'{"a":{"c":[3],"d":1},"b":2}'`}, {`dynamic_to_json(dynamic(null))`, `""`}, {`dynamic_to_json(1s)`, `"00:00:01"`}}},
	{Name: "tohex", Class: Scalar, Result: FirstArg, Page: "tohex-function",
		Sigs: []Sig{
			S(RetString, P("value", Int), P("minLength", Integer).Optional()),
			{Params: []Param{P("value", Long), P("minLength", Integer).Optional()}, Out: RetString, Lower: func(_ Writer, c *Call) string {
				if len(c.Args) > 1 {
					return ""
				}
				return Expand("coalesce(lower(to_hex($1)), '')", c)
			}},
		},
		Go: func(_ *Ctx, a []types.Value) types.Value {
			u := uint64(a[0].Int64())
			if a[0].Type() == types.Int {
				u = uint64(uint32(u))
			}
			s := strconv.FormatUint(u, 16)
			if len(a) > 1 {
				if pad := max(0, min(a[1].Int64(), 16)) - int64(len(s)); pad > 0 {
					s = strings.Repeat("0", int(pad)) + s
				}
			}
			return types.StringOf(s)
		},
		Doc:      "Writes a whole number in hexadecimal, a negative one as two's complement.",
		Examples: []Example{{`tohex(256)`, `"100"`}, {`tohex(-256)`, `"ffffffffffffff00"`}, {`tohex(toint(-256), 8)`, `"ffffff00"`}, {`tohex(256, 8)`, `"00000100"`}, {`tohex(long(null))`, `""`}}},
	{Name: "gettype", Class: Scalar, Nulls: Own, Result: Prefixed("type"), Sigs: Sigs(RetString, P("value", Any).RawType()), Page: "gettype-function",
		Lower: func(w Writer, c *Call) string {
			if c.Args[0].Type == types.Dynamic {
				return ""
			}
			return w.Lit(types.StringOf(c.Args[0].Type.String()))
		},
		Go:       func(_ *Ctx, a []types.Value) types.Value { return types.StringOf(typeName(a[0])) },
		Doc:      "Names the type of a value; for a dynamic, the type of what is in it.",
		Examples: []Example{{`gettype("a")`, `"string"`}, {`gettype(parse_json('{"abc":1}'))`, `"dictionary"`}, {`gettype(dynamic(null))`, `"null"`}, {`gettype(parse_json("1.5"))`, `"double"`}}},
	realTest("isnan", "is not a number (NaN)", math.IsNaN,
		Example{`isnan(real(nan))`, `true`}, Example{`isnan(1.5)`, `false`}, Example{`isnan(real(null))`, `bool(null)`}),
	realTest("isinf", "is one of the infinities", func(f float64) bool { return math.IsInf(f, 0) },
		Example{`isinf(real(-inf))`, `true`}, Example{`isinf(real(nan))`, `false`}, Example{`isinf(real(null))`, `bool(null)`}),
	realTest("isfinite", "is neither NaN nor an infinity", func(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) },
		Example{`isfinite(1.5)`, `true`}, Example{`isfinite(real(nan))`, `false`}, Example{`isfinite(real(null))`, `bool(null)`}),
}

func value(ts TypeSet) []Param { return []Param{P("value", ts)} }

func convertTo(t types.Type) Impl {
	return func(_ *Ctx, a []types.Value) types.Value { return a[0].To(t) }
}

func realTest(name, what string, test func(float64) bool, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Sigs: Sigs(RetBool, P("number", Real)), SQL: name + "($1)",
		Go:  func(_ *Ctx, a []types.Value) types.Value { return types.BoolOf(test(a[0].Float64())) },
		Doc: "Tells whether a real " + what + ".", Page: name + "-function", Examples: examples}
}

// The overload for dynamic stands first here and above: a dynamic would also be taken as the text it holds.
var parseJSONSigs = []Sig{{Params: []Param{P("json_text", Dynamic)}, Out: RetDynamic, SQL: "$1"}, S(RetDynamic, P("json_text", String))}

func parseJSON(_ *Ctx, a []types.Value) types.Value {
	if a[0].Type() == types.Dynamic {
		return a[0]
	}
	text := a[0].Text()
	n, err := types.ParseJSON(text)
	if err == nil {
		return n.Value()
	}
	if strings.TrimSpace(text) == "" {
		return types.Null(types.Dynamic)
	}
	return types.DynamicOf(types.QuoteJSON(text))
}

func sortKeys(n types.JSON) {
	if n.Kind == types.JSONObject {
		sort.Sort(byKey(n))
	}
	for _, e := range n.Items {
		sortKeys(e)
	}
}

type byKey types.JSON

func (o byKey) Len() int           { return len(o.Keys) }
func (o byKey) Less(i, j int) bool { return o.Keys[i] < o.Keys[j] }
func (o byKey) Swap(i, j int) {
	o.Keys[i], o.Keys[j] = o.Keys[j], o.Keys[i]
	o.Items[i], o.Items[j] = o.Items[j], o.Items[i]
}

func typeName(v types.Value) string {
	if v.Type() != types.Dynamic {
		return v.Type().String()
	}
	if v.IsNull() {
		return "null"
	}
	n, err := types.ParseJSON(v.Text())
	if err != nil {
		return "string"
	}
	switch n.Kind {
	case types.JSONBool:
		return "bool"
	case types.JSONLong:
		return "long"
	case types.JSONReal:
		return "double"
	case types.JSONString:
		return "string"
	case types.JSONArray:
		return "array"
	case types.JSONObject:
		return "dictionary"
	}
	return "null"
}

// cheapSQL bounds the expressions that a lowering writes out more than once.
const cheapSQL = 100

// lowerWhole converts text that is a whole number as the engine itself writes one, and leaves all other text to
// the Go body. DuckDB: the cast also takes 5.9, 1e3 and 1_000 for a whole number. Kusto: these are null.
func lowerWhole(name string, out types.Type, sqlType string) Lowering {
	return func(w Writer, c *Call) string {
		a := c.Args[0]
		if len(a.SQL) > cheapSQL {
			return ""
		}
		cast := "try_cast(" + a.SQL + " AS " + sqlType + ")"
		return "CASE WHEN " + cast + "::VARCHAR = " + a.SQL + " THEN " + cast + " WHEN " + a.SQL + " = '' THEN NULL ELSE " + w.UDF(name, out, a) + " END"
	}
}

// lowerReal converts plain digits and leaves all other text to the Go body.
func lowerReal(w Writer, c *Call) string {
	a := c.Args[0]
	if len(a.SQL) > cheapSQL {
		return ""
	}
	return "CASE WHEN regexp_full_match(" + a.SQL + ", '-?[0-9]+(?:\\.[0-9]+)?') THEN try_cast(" + a.SQL + " AS DOUBLE) WHEN " + a.SQL + " = '' THEN NULL ELSE " +
		w.UDF("toreal", types.Real, a) + " END"
}

// lowerJSONNumber converts a dynamic value by an expression over its JSON text that is NULL for what it does not
// convert exactly; that is left to the Go body. The engine computes an argument anew wherever it is written in
// a filter, so the common case reads it once. In JSON text a string keeps its quotes, which no cast takes, and a
// number has no sign but -, no blanks and no underscores. A point behind it makes a cast to a whole number
// refuse a fraction, which it would round.
func lowerJSONNumber(name string, out types.Type, fast string) Lowering {
	return func(w Writer, c *Call) string {
		a := c.Args[0]
		if len(a.SQL) > 4*cheapSQL {
			return ""
		}
		// A step into a dynamic gives SQL's NULL for JSON's; here both come to nothing.
		text := a.SQL
		if inner, ok := strings.CutPrefix(text, "nullif("); ok && strings.HasPrefix(inner, "CAST(json_extract(") {
			if inner, ok = strings.CutSuffix(inner, " AS VARCHAR), 'null')"); ok && strings.Count(inner, "json_extract(") == 1 {
				text = inner + " AS VARCHAR)"
			}
		}
		return "coalesce(" + strings.ReplaceAll(fast, "$1", text) + ", CASE WHEN " + text + " <> 'null' THEN " + w.UDF(name, out, a) + " END)"
	}
}

func lowerBool(w Writer, c *Call) string {
	a := c.Args[0]
	return "CASE " + a.SQL + " WHEN 'true' THEN true WHEN 'false' THEN false ELSE " + w.UDF("tobool", types.Bool, a) + " END"
}

// lowerToDatetime reads the two commonest forms, 2024-01-31T12:00:00.1234567Z and 2024-01-31T12:00:00Z, by
// DuckDB's cast, which keeps six digits; the seventh is added. All other text goes to the Go body.
func lowerToDatetime(w Writer, c *Call) string {
	a := c.Args[0]
	if len(a.SQL) > cheapSQL || strings.Contains(a.SQL, "(") {
		return "" // the macro writes its argument out six times: columns only
	}
	return "coalesce(kql_iso_ticks(" + a.SQL + "), " + w.UDF("todatetime", types.Datetime, a) + ")"
}
