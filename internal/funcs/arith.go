package funcs

import (
	"math"

	"github.com/cockroachdb/apd/v3"

	"github.com/vedette-siem/vedette/internal/types"
)

// Integer arithmetic is done on longs (int + int is a long) and wraps around on overflow, as Kusto does.
// DuckDB raises an error instead: SQL for it is written with plain operators, and a query that overflows is
// compiled again with Exact, where these lowerings call the Go bodies. See docs/design.

// Exacter is what a Writer offers beside its methods: whether integer arithmetic must wrap around.
type Exacter interface{ Exact() bool }

func exact(w Writer) bool {
	e, ok := w.(Exacter)
	return ok && e.Exact()
}

// lowerWrap writes x op y on BIGINT, or nothing where the arithmetic must wrap.
func lowerWrap(op, x, y string) Lowering {
	return func(w Writer, c *Call) string {
		if exact(w) {
			return ""
		}
		return Expand("("+x+" "+op+" "+y+")", c)
	}
}

func long2(f func(x, y int64) int64) Impl {
	return func(_ *Ctx, a []types.Value) types.Value { return types.LongOf(f(a[0].Int64(), a[1].Int64())) }
}

func real2(f func(x, y float64) float64) Impl {
	return func(_ *Ctx, a []types.Value) types.Value {
		return types.RealOf(f(a[0].Float64(), a[1].Float64()))
	}
}

func negLong(_ *Ctx, a []types.Value) types.Value { return types.LongOf(-a[0].Int64()) }

// numberSigs are the overloads of an arithmetic operator over numbers, from the narrowest.
func numberSigs(longSig, realSig Sig, dec func(ctx *apd.Context, d, x, y *apd.Decimal) error) []Sig {
	longSig.Params, longSig.Out = []Param{P("x", Integer), P("y", Integer)}, RetLong
	realSig.Params, realSig.Out = []Param{P("x", Integer|Real), P("y", Integer|Real)}, RetReal
	return []Sig{longSig, realSig, {
		Params: []Param{P("x", Number), P("y", Number)}, Out: RetDecimal,
		Go: func(_ *Ctx, a []types.Value) types.Value { return decimal2(a[0], a[1], dec) },
	}}
}

var addSigs = append(numberSigs(
	Sig{Go: long2(func(x, y int64) int64 { return x + y }), Lower: lowerWrap("+", "$1", "$2")},
	Sig{Go: real2(func(x, y float64) float64 { return x + y }), SQL: "($1 + $2)"},
	func(c *apd.Context, d, x, y *apd.Decimal) error { _, err := c.Add(d, x, y); return err }),
	Sig{Params: []Param{P("x", Timespan), P("y", Timespan)}, Out: RetTimespan, Go: ticks2(addTicks, types.Timespan), Lower: lowerWrap("+", "$1", "$2")},
	Sig{Params: []Param{P("x", Datetime), P("y", Timespan)}, Out: RetDatetime, Go: ticks2(addTicks, types.Datetime), Lower: lowerDatetime("$1 + $2")},
	Sig{Params: []Param{P("x", Timespan), P("y", Datetime)}, Out: RetDatetime, Go: ticks2(addTicks, types.Datetime), Lower: lowerDatetime("$1 + $2")},
	// The sum of two datetimes is no point in time that means anything, but half of it is the time between them.
	// https://learn.microsoft.com/kusto/query/anomaly-diagnosis
	Sig{Params: []Param{P("x", Datetime), P("y", Datetime)}, Out: RetDatetime, Go: ticks2(addTicks, types.Datetime), Lower: lowerDatetime("$1 + $2")},
)

var subSigs = append(numberSigs(
	Sig{Go: long2(func(x, y int64) int64 { return x - y }), Lower: lowerWrap("-", "$1", "$2")},
	Sig{Go: real2(func(x, y float64) float64 { return x - y }), SQL: "($1 - $2)"},
	func(c *apd.Context, d, x, y *apd.Decimal) error { _, err := c.Sub(d, x, y); return err }),
	Sig{Params: []Param{P("x", Timespan), P("y", Timespan)}, Out: RetTimespan, Go: ticks2(subTicks, types.Timespan), Lower: lowerWrap("-", "$1", "$2")},
	Sig{Params: []Param{P("x", Datetime), P("y", Datetime)}, Out: RetTimespan, Go: ticks2(subTicks, types.Timespan), SQL: "($1 - $2)"},
	Sig{Params: []Param{P("x", Datetime), P("y", Timespan)}, Out: RetDatetime, Go: ticks2(subTicks, types.Datetime), Lower: lowerDatetime("$1 - $2")},
	Sig{Params: []Param{P("x", Timespan), P("y", Datetime)}, Out: RetDatetime, Go: ticks2(subTicks, types.Datetime), Lower: lowerDatetime("$1 - $2")},
)

var mulSigs = append(numberSigs(
	Sig{Go: long2(func(x, y int64) int64 { return x * y }), Lower: lowerWrap("*", "$1", "$2")},
	Sig{Go: real2(func(x, y float64) float64 { return x * y }), SQL: "($1 * $2)"},
	func(c *apd.Context, d, x, y *apd.Decimal) error { _, err := c.Mul(d, x, y); return err }),
	Sig{Params: []Param{P("x", Timespan), P("y", Number)}, Out: RetTimespan, Go: scaleTicks(0, 1, false)},
	Sig{Params: []Param{P("x", Number), P("y", Timespan)}, Out: RetTimespan, Go: scaleTicks(1, 0, false)},
	Sig{Params: []Param{P("x", Datetime), P("y", Number)}, Out: RetDatetime, Go: asDatetime(scaleTicks(0, 1, false))},
	Sig{Params: []Param{P("x", Number), P("y", Datetime)}, Out: RetDatetime, Go: asDatetime(scaleTicks(1, 0, false))},
)

var divSigs = append(numberSigs(
	Sig{Go: divLong, Lower: func(w Writer, c *Call) string {
		if exact(w) {
			return ""
		}
		return Expand("($1 // nullif($2, 0))", c)
	}},
	Sig{Go: real2(func(x, y float64) float64 { return x / y }), SQL: "($1 / $2)"},
	func(c *apd.Context, d, x, y *apd.Decimal) error { _, err := c.Quo(d, x, y); return err }),
	Sig{Params: []Param{P("x", Timespan), P("y", Timespan)}, Out: RetReal, Go: ratio, SQL: "($1::DOUBLE / $2::DOUBLE)"},
	Sig{Params: []Param{P("x", Datetime), P("y", Datetime)}, Out: RetReal, Go: ratio, SQL: "($1::DOUBLE / $2::DOUBLE)"},
	Sig{Params: []Param{P("x", Datetime), P("y", Timespan)}, Out: RetReal, Go: ratio, SQL: "($1::DOUBLE / $2::DOUBLE)"},
	Sig{Params: []Param{P("x", Timespan), P("y", Number)}, Out: RetTimespan, Go: scaleTicks(0, 1, true)},
	Sig{Params: []Param{P("x", Datetime), P("y", Number)}, Out: RetDatetime, Go: asDatetime(scaleTicks(0, 1, true))},
)

var modSigs = append(numberSigs(
	Sig{Go: modLong, Lower: lowerMod},
	Sig{Go: real2(modReal)},
	func(c *apd.Context, d, x, y *apd.Decimal) error {
		_, err := c.Rem(d, x, y)
		if err == nil && d.Negative && !d.IsZero() {
			var abs apd.Decimal
			abs.Abs(y)
			_, err = c.Add(d, d, &abs)
		}
		return err
	}),
	Sig{Params: []Param{P("x", Timespan), P("y", Timespan)}, Out: RetTimespan, Go: modTicks},
	Sig{Params: []Param{P("x", Datetime), P("y", Timespan)}, Out: RetTimespan, Go: modTicks},
	Sig{Params: []Param{P("x", Datetime), P("y", Datetime)}, Out: RetTimespan, Go: modTicks},
)

// lowerMod writes a remainder that is never negative. DuckDB: abs of the least number of a type overflows.
func lowerMod(w Writer, c *Call) string {
	if d := c.Args[1].Const; d != nil && !d.IsNull() && d.Int64() > 0 && d.Int64() <= 1<<30 {
		return Expand("(($1 % $2 + $2) % $2)", c)
	}
	if exact(w) {
		return ""
	}
	return Expand("(($1 % nullif($2, 0) + abs($2)) % nullif(abs($2), 0))", c)
}

func addTicks(x, y int64) (int64, bool) {
	s := x + y
	return s, (s > x) == (y > 0)
}

func subTicks(x, y int64) (int64, bool) {
	s := x - y
	return s, (s < x) == (y > 0)
}

// ticks2 computes on ticks; a datetime outside its range is null.
func ticks2(f func(x, y int64) (int64, bool), out types.Type) Impl {
	return func(_ *Ctx, a []types.Value) types.Value {
		n, ok := f(a[0].Int64(), a[1].Int64())
		if out == types.Timespan {
			return types.TimespanOf(n)
		}
		if !ok {
			return types.Null(out)
		}
		return types.DatetimeOf(n)
	}
}

// datetimeSQL bounds a computed datetime: outside 0001…9999 it is null.
func datetimeSQL(sum string) string { return "kql_datetime(" + sum + ")" }

// lowerDatetime writes a sum that is a datetime. One beyond 64 bits, which is null as well, is left to the
// Go body.
func lowerDatetime(sum string) Lowering { return unlessExact(datetimeSQL(sum)) }

// unlessExact is a template that is left to the Go body where the arithmetic in it must not overflow.
func unlessExact(template string) Lowering {
	return func(w Writer, c *Call) string {
		if exact(w) {
			return ""
		}
		return Expand(template, c)
	}
}

// asDatetime takes the ticks of a computed timespan as a datetime's; outside 0001…9999 it is null.
func asDatetime(f Impl) Impl {
	return func(c *Ctx, a []types.Value) types.Value {
		v := f(c, a)
		if v.IsNull() {
			return types.Null(types.Datetime)
		}
		return types.DatetimeOf(v.Int64())
	}
}

// scaleTicks multiplies or divides the ticks of a timespan (or a datetime) by a number.
func scaleTicks(span, factor int, divide bool) Impl {
	return func(_ *Ctx, a []types.Value) types.Value {
		if f := a[factor]; f.Type().IsInteger() {
			switch {
			case !divide:
				return types.TimespanOf(a[span].Int64() * f.Int64())
			case f.Int64() == 0:
				return types.Null(types.Timespan)
			}
			return types.TimespanOf(a[span].Int64() / f.Int64())
		}
		x := float64(a[span].Int64())
		if divide {
			x /= a[factor].Float64()
		} else {
			x *= a[factor].Float64()
		}
		if math.IsNaN(x) || math.Abs(x) >= math.MaxInt64 {
			return types.Null(types.Timespan)
		}
		return types.TimespanOf(int64(x))
	}
}

func ratio(_ *Ctx, a []types.Value) types.Value {
	return types.RealOf(float64(a[0].Int64()) / float64(a[1].Int64()))
}

func divLong(_ *Ctx, a []types.Value) types.Value {
	x, y := a[0].Int64(), a[1].Int64()
	if y == 0 {
		return types.Null(types.Long)
	}
	return types.LongOf(x / y)
}

func modLong(_ *Ctx, a []types.Value) types.Value {
	x, y := a[0].Int64(), a[1].Int64()
	if y == 0 {
		return types.Null(types.Long)
	}
	if y == -1 {
		return types.LongOf(0)
	}
	return types.LongOf(positive(x%y, y))
}

// positive moves a remainder into [0, |y|).
func positive(m, y int64) int64 {
	if m < 0 {
		if y < 0 {
			return m - y
		}
		return m + y
	}
	return m
}

func modReal(x, y float64) float64 {
	m := math.Mod(x, y)
	if m < 0 {
		m += math.Abs(y)
	}
	return m
}

func modTicks(_ *Ctx, a []types.Value) types.Value {
	x, y := a[0].Int64(), a[1].Int64()
	if y == 0 {
		return types.Null(types.Timespan)
	}
	return types.TimespanOf(positive(x%y, y))
}

// decimalContext is Kusto's decimal: 34 significant digits.
// https://learn.microsoft.com/kusto/query/scalar-data-types/decimal
var decimalContext = apd.BaseContext.WithPrecision(34)

func toDecimal(v types.Value) (*apd.Decimal, bool) {
	text := v.Text()
	if v.Type() != types.Decimal {
		text = v.ToText()
	}
	d, _, err := apd.NewFromString(text)
	return d, err == nil && d.Form == apd.Finite
}

func decimalOf(d *apd.Decimal) types.Value {
	digits, ok := types.ParseDecimal(d.Text('f'))
	if !ok {
		return types.Null(types.Decimal)
	}
	return types.DecimalOf(digits)
}

func decimal2(x, y types.Value, f func(c *apd.Context, d, x, y *apd.Decimal) error) types.Value {
	a, ok1 := toDecimal(x)
	b, ok2 := toDecimal(y)
	var d apd.Decimal
	if !ok1 || !ok2 || f(decimalContext, &d, a, b) != nil || d.Form != apd.Finite {
		return types.Null(types.Decimal)
	}
	return decimalOf(&d)
}

func decimalNeg(v types.Value) types.Value {
	d, ok := toDecimal(v)
	if !ok {
		return types.Null(types.Decimal)
	}
	d.Negative = !d.Negative && !d.IsZero()
	return decimalOf(d)
}

func decimalCompare(x, y types.Value) int {
	a, ok1 := toDecimal(x)
	b, ok2 := toDecimal(y)
	if !ok1 || !ok2 {
		return 2
	}
	return a.Cmp(b)
}
