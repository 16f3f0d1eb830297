package funcs

import (
	"cmp"
	"math"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// operatorFuncs are KQL's scalar operators, under the sign or word that users write; "neg" and "pos" are
// the unary signs. Arithmetic between dynamic and a typed value happens in the typed value's type.
// https://learn.microsoft.com/kusto/query/scalar-data-types/
var operatorFuncs = []*Func{
	{Name: "+", Class: Operator, Sigs: addSigs, Page: "numerical-operators",
		Doc:      "Adds numbers, timespans, datetimes, or a timespan to a datetime.",
		Examples: []Example{{"1 + 2.5", "3.5"}, {"int(null) + 1", "long(null)"}, {"datetime(2024-01-01) + 1d", "datetime(2024-01-02)"}, {"datetime(2024-01-01) + datetime(9000-01-01)", "datetime(null)"}}},
	{Name: "-", Class: Operator, Sigs: subSigs, Page: "numerical-operators",
		Doc:      "Subtracts numbers, timespans, datetimes (giving a timespan), or a timespan from a datetime.",
		Examples: []Example{{"7 - 2", "5"}, {"datetime(null) - 1d", "datetime(null)"}, {"datetime(2024-01-02) - datetime(2024-01-01)", "1d"}}},
	{Name: "*", Class: Operator, Sigs: mulSigs, Page: "numerical-operators",
		Doc:      "Multiplies numbers, or a timespan or datetime by a number.",
		Examples: []Example{{"6 * 7", "42"}, {"real(null) * 2", "real(null)"}, {"1h * 2.5", "2.5h"}}},
	{Name: "/", Class: Operator, Sigs: divSigs, Page: "numerical-operators",
		Doc:      "Divides; integers truncate, and dividing an integer by zero gives null.",
		Examples: []Example{{"7 / 2", "3"}, {"7 / 0", "long(null)"}, {"1d / 6h", "4.0"}, {"(datetime(2024-01-01) + datetime(2024-01-03)) / 2.0", "datetime(2024-01-02)"}}},
	{Name: "%", Class: Operator, Sigs: modSigs, Page: "numerical-operators",
		Doc:      "Gives the remainder, which is never negative.",
		Examples: []Example{{"7 % 3", "1"}, {"-5 % 3", "1"}, {"5 % 0", "long(null)"}}},
	{Name: "neg", Class: Operator, Page: "numerical-operators", Doc: "Changes the sign.",
		Sigs: []Sig{
			{Params: []Param{P("x", Integer)}, Out: RetLong, Go: negLong, Lower: lowerWrap("-", "0::BIGINT", "$1")},
			{Params: []Param{P("x", Real)}, Out: RetReal, SQL: "(-$1)", Go: func(_ *Ctx, a []types.Value) types.Value { return types.RealOf(-a[0].Float64()) }},
			{Params: []Param{P("x", Decimal)}, Out: RetDecimal, Go: func(_ *Ctx, a []types.Value) types.Value { return decimalNeg(a[0]) }},
			{Params: []Param{P("x", Timespan)}, Out: RetTimespan, Lower: lowerWrap("-", "0::BIGINT", "$1"), Go: func(_ *Ctx, a []types.Value) types.Value { return types.TimespanOf(-a[0].Int64()) }},
		},
		Examples: []Example{{"-(2)", "-2"}, {"-real(null)", "real(null)"}, {"-(1d)", "-1d"}}},
	{Name: "pos", Class: Operator, Page: "numerical-operators", Doc: "Leaves a number as it is.",
		Sigs: []Sig{S(PromotedFrom(0), P("x", Number|Timespan))}, SQL: "$1",
		Go:       func(c *Ctx, a []types.Value) types.Value { return a[0].To(c.Out) },
		Examples: []Example{{"+2", "2"}, {"+real(null)", "real(null)"}, {"+1.5", "1.5"}}},

	compareOp("==", func(c int, eq bool) bool { return eq }),
	compareOp("!=", func(c int, eq bool) bool { return !eq }, "<>"),
	compareOp("<", func(c int, _ bool) bool { return c == -1 }),
	compareOp("<=", func(c int, _ bool) bool { return c == -1 || c == 0 }),
	compareOp(">", func(c int, _ bool) bool { return c == 1 }),
	compareOp(">=", func(c int, _ bool) bool { return c == 1 || c == 0 }),

	{Name: "and", Class: Operator, Sigs: Sigs(RetBool, P("x", Bool|Dynamic), P("y", Bool|Dynamic)), Nulls: Own, SQL: "($1 AND $2)", Page: "logical-operators",
		Doc: "True if both sides are; false if either is false, even beside a null.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return logic(a, false)
		},
		Examples: []Example{{"true and false", "false"}, {"bool(null) and false", "false"}, {"bool(null) and true", "bool(null)"}}},
	{Name: "or", Class: Operator, Sigs: Sigs(RetBool, P("x", Bool|Dynamic), P("y", Bool|Dynamic)), Nulls: Own, SQL: "($1 OR $2)", Page: "logical-operators",
		Doc: "True if either side is, even beside a null.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return logic(a, true)
		},
		Examples: []Example{{"true or false", "true"}, {"bool(null) or true", "true"}, {"bool(null) or false", "bool(null)"}}},
}

// logic is and/or: decisive is the value that settles the result alone.
func logic(a []types.Value, decisive bool) types.Value {
	null := false
	for _, v := range a {
		if v.IsNull() {
			null = true
		} else if v.Bool() == decisive {
			return types.BoolOf(decisive)
		}
	}
	if null {
		return types.Null(types.Bool)
	}
	return types.BoolOf(!decisive)
}

// compareOp declares a comparison. holds gets -1, 0, 1 (2 for an unordered pair: NaN) and whether the two
// are equal.
func compareOp(name string, holds func(c int, eq bool) bool, aliases ...string) *Func {
	f := &Func{Name: name, Aliases: aliases, Class: Operator, Nulls: Own, Page: "datatypes-string-operators", Lower: lowerCompare(name)}
	equality := name == "==" || name == "!="
	if equality {
		f.Sigs = Sigs(RetBool, Comparable("x", Any), Comparable("y", Any))
		f.Doc = "Tells whether two values are " + map[string]string{"==": "equal", "!=": "different"}[name] + "; a null and a value are different, two nulls give null."
		f.Examples = []Example{{`1 ` + name + ` 1.0`, map[string]string{"==": "true", "!=": "false"}[name]},
			{`int(null) ` + name + ` 1`, map[string]string{"==": "false", "!=": "true"}[name]}, {`int(null) ` + name + ` int(null)`, "bool(null)"}}
	} else {
		f.Sigs = []Sig{
			S(RetBool, Comparable("x", NumberOrBool), Comparable("y", NumberOrBool)),
			S(RetBool, P("x", Timespan), P("y", Timespan)),
			S(RetBool, P("x", Datetime), P("y", Datetime)),
			S(RetBool, Comparable("x", Dynamic), Comparable("y", Number)),
			S(RetBool, Comparable("x", Number), Comparable("y", Dynamic)),
		}
		f.Page = "numerical-operators"
		f.Doc = "Compares two values in order; null if either is null."
		f.Examples = []Example{{`1 ` + name + ` 2`, map[bool]string{true: "true", false: "false"}[name[0] == '<']}, {`int(null) ` + name + ` 1`, "bool(null)"}, {`real(nan) ` + name + ` 1.0`, "false"}}
	}
	f.Go = func(_ *Ctx, a []types.Value) types.Value {
		x, y := a[0], a[1]
		if x.IsNull() || y.IsNull() {
			if equality && x.IsNull() != y.IsNull() {
				return types.BoolOf(name == "!=")
			}
			return types.Null(types.Bool)
		}
		c := Compare(x, y)
		return types.BoolOf(holds(c, c == 0))
	}
	return f
}

// Compare orders two non-null values of one type: -1, 0, 1, or 2 if a NaN makes them unordered. Strings
// compare by code point.
func Compare(x, y types.Value) int {
	switch x.Type() {
	case types.Real:
		a, b := x.Float64(), y.Float64()
		if math.IsNaN(a) || math.IsNaN(b) {
			return 2
		}
		return cmp.Compare(a, b)
	case types.Decimal:
		return decimalCompare(x, y)
	case types.String, types.Guid, types.Dynamic:
		return strings.Compare(x.Text(), y.Text())
	}
	return cmp.Compare(x.Int64(), y.Int64())
}

// lowerCompare writes a comparison. DuckDB: NaN equals NaN and is above all; Kusto: NaN compares false.
func lowerCompare(op string) Lowering {
	return func(_ Writer, c *Call) string {
		x, y := c.Args[0], c.Args[1]
		sql := map[string]string{"==": "=", "!=": "<>"}[op]
		if sql == "" {
			sql = op
		}
		if x.Type == types.Decimal || isNaNConst(x) || isNaNConst(y) {
			return ""
		}
		plain := "(" + x.SQL + " " + sql + " " + y.SQL + ")"
		if x.Type == types.Real {
			// The side on which a NaN makes DuckDB say true. For == it is enough to ask one of two columns: a
			// NaN equals no other value in DuckDB either.
			nan := x
			if op == "<" || op == "<=" {
				nan = y
			}
			switch column := nan.Const == nil; {
			case op == "==" || op == "!=":
				if x.Const != nil || y.Const != nil {
					break
				}
				if op == "!=" {
					plain = "(" + plain + " OR isnan(" + x.SQL + "))"
				} else {
					plain = "(" + plain + " AND NOT isnan(" + x.SQL + "))"
				}
			case column && c.Filter:
				plain = "(" + plain + " AND NOT isnan(" + nan.SQL + "))"
			case column: // false beside a value, but null beside a null
				other := x.SQL
				if nan.SQL == x.SQL {
					other = y.SQL
				}
				plain = "(CASE WHEN isnan(" + nan.SQL + ") THEN " + other + " <> " + other + " ELSE " + plain + " END)"
			}
		}
		if x.Type == types.String || op != "==" && op != "!=" || c.Filter && op == "==" {
			return plain
		}
		xn, yn := isNullConst(x), isNullConst(y)
		switch {
		case xn && yn:
			return "NULL::BOOLEAN"
		case x.Const != nil && !xn || y.Const != nil && !yn:
			if op == "!=" {
				return "coalesce(" + plain + ", true)"
			}
			return "coalesce(" + plain + ", false)"
		}
		other := map[string]string{"==": "false", "!=": "true"}[op]
		return "CASE WHEN " + x.SQL + " IS NULL AND " + y.SQL + " IS NULL THEN NULL ELSE coalesce(" + plain + ", " + other + ") END"
	}
}

func isNullConst(a Arg) bool { return a.Const != nil && a.Const.IsNull() }

func isNaNConst(a Arg) bool { return a.Const != nil && a.Const.IsNaN() }
