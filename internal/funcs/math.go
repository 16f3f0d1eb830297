package funcs

import (
	"math"
	"math/bits"

	"github.com/cockroachdb/apd/v3"

	"github.com/vedette-siem/vedette/internal/types"
)

// mathFuncs compute with numbers. Outside its domain a real function gives NaN or an infinity, as the
// engine does even where the reference says null.
// https://learn.microsoft.com/kusto/query/scalar-functions#mathematical-functions
var mathFuncs = []*Func{
	{Name: "abs", Class: Scalar, Result: FirstArg, Page: "abs-function",
		Sigs: []Sig{
			{Params: []Param{P("number", Integer)}, Out: RetLong, Go: absLong, Lower: lowerWrapped("abs($1::BIGINT)")},
			{Params: []Param{P("number", Real)}, Out: RetReal, SQL: "abs($1)", Go: func(_ *Ctx, a []types.Value) types.Value { return types.RealOf(math.Abs(a[0].Float64())) }},
			{Params: []Param{P("number", Decimal)}, Out: RetDecimal, Go: decimal1((*apd.Context).Abs)},
			{Params: []Param{P("number", Timespan)}, Out: RetTimespan, Go: absLong, Lower: lowerWrapped("abs($1)")},
		},
		Doc:      "Gives the value without its sign.",
		Examples: []Example{{`abs(-5)`, `5`}, {`abs(-1.5)`, `1.5`}, {`abs(-1h)`, `1h`}, {`abs(int(null))`, `long(null)`}}},
	{Name: "ceiling", Class: Scalar, Result: FirstArg, Page: "ceiling-function",
		Sigs: []Sig{
			{Params: []Param{P("number", Integer)}, Out: SameAs(0), SQL: "$1", Go: func(_ *Ctx, a []types.Value) types.Value { return a[0] }},
			{Params: []Param{P("number", Real)}, Out: RetReal, SQL: "ceil($1)", Go: func(_ *Ctx, a []types.Value) types.Value { return types.RealOf(math.Ceil(a[0].Float64())) }},
			{Params: []Param{P("number", Decimal)}, Out: RetDecimal, Go: decimal1((*apd.Context).Ceil)},
		},
		Doc:      "Rounds up to a whole number.",
		Examples: []Example{{`ceiling(1.2)`, `2.0`}, {`ceiling(-1.2)`, `-1.0`}, {`ceiling(3)`, `3`}, {`ceiling(real(null))`, `real(null)`}}},
	{Name: "round", Class: Scalar, Result: FirstArg, Page: "round-function",
		Sigs: []Sig{
			{Params: []Param{P("number", Integer), P("precision", Integer).Optional().Constant()}, Out: SameAs(0), Go: roundLong, Lower: func(_ Writer, c *Call) string {
				if len(c.Args) == 1 {
					return c.Args[0].SQL
				}
				return ""
			}},
			{Params: []Param{P("number", Real), P("precision", Integer).Optional().Constant()}, Out: RetReal, Go: roundReal, Lower: lowerRound},
			{Params: []Param{P("number", Decimal), P("precision", Integer).Optional().Constant()}, Out: RetDecimal, Go: roundDecimal},
		},
		Doc:      "Rounds to a number of digits behind the point (before it, if negative), halves away from zero.",
		Examples: []Example{{`round(2.98765, 3)`, `2.988`}, {`round(2.15, 1)`, `2.2`}, {`round(-50.55, -2)`, `-100.0`}, {`round(-2.5)`, `-3.0`}, {`round(real(null))`, `real(null)`}}},
	{Name: "sign", Class: Scalar, Sigs: Sigs(RetReal, P("number", Number)), Page: "sign-function",
		Lower: func(_ Writer, c *Call) string {
			if c.Args[0].Type == types.Decimal {
				return ""
			}
			return Expand("sign($1)::DOUBLE", c)
		},
		Go: func(_ *Ctx, a []types.Value) types.Value {
			switch f := a[0].Float64(); {
			case f > 0:
				return types.RealOf(1)
			case f < 0:
				return types.RealOf(-1)
			}
			return types.RealOf(0) // of NaN too
		},
		Doc:      "Gives 1, 0 or -1 by the sign of a number.",
		Examples: []Example{{`sign(-42)`, `-1.0`}, {`sign(0)`, `0.0`}, {`sign(11.2)`, `1.0`}, {`sign(real(nan))`, `0.0`}, {`sign(int(null))`, `real(null)`}}},
	{Name: "sqrt", Class: Scalar, Result: FirstArg, Sigs: Sigs(RetReal, P("number", Number)), Page: "sqrt-function",
		Lower: func(_ Writer, c *Call) string {
			if c.Args[0].Type == types.Decimal {
				return ""
			}
			return Expand("CASE WHEN $1 < 0 THEN 'nan'::DOUBLE ELSE sqrt($1) END", c)
		},
		Go:       real1(math.Sqrt),
		Doc:      "Gives the square root.",
		Examples: []Example{{`sqrt(256)`, `16.0`}, {`isnan(sqrt(-1))`, `true`}, {`sqrt(real(null))`, `real(null)`}}},
	{Name: "pow", Class: Scalar, Result: FirstArg, Sigs: Sigs(RetReal, P("base", Number), P("exponent", Number)), Page: "pow-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.RealOf(math.Pow(a[0].Float64(), a[1].Float64()))
		},
		Doc:      "Raises a number to a power.",
		Examples: []Example{{`pow(2, 3)`, `8.0`}, {`isnan(pow(-8, 0.5))`, `true`}, {`pow(2, -1)`, `0.5`}, {`pow(int(null), 2)`, `real(null)`}}},
	{Name: "pi", Class: Scalar, Sigs: Sigs(RetReal), Go: func(*Ctx, []types.Value) types.Value { return types.RealOf(math.Pi) }, Page: "pi-function",
		Doc:      "Gives the number pi.",
		Examples: []Example{{`pi()`, `3.141592653589793`}, {`round(pi(), 2)`, `3.14`}, {`gettype(pi())`, `"real"`}}},
	realFunc("exp", true, math.Exp, "Raises e to a power.", Example{`exp(0)`, `1.0`}, Example{`exp(1)`, `2.718281828459045`}),
	realFunc("exp2", true, math.Exp2, "Raises 2 to a power.", Example{`exp2(3)`, `8.0`}, Example{`exp2(-1)`, `0.5`}),
	realFunc("exp10", true, func(x float64) float64 { return math.Pow(10, x) }, "Raises 10 to a power.", Example{`exp10(2)`, `100.0`}, Example{`exp10(-1)`, `0.1`}),
	realFunc("log", true, math.Log, "Gives the natural logarithm.", Example{`log(1)`, `0.0`}, Example{`log(5)`, `1.6094379124341003`}),
	realFunc("log10", true, log10, "Gives the logarithm to base 10.", Example{`log10(1000)`, `3.0`}, Example{`log10(0.01)`, `-2.0`}),
	realFunc("log2", true, math.Log2, "Gives the logarithm to base 2.", Example{`log2(8)`, `3.0`}, Example{`isinf(log2(0))`, `true`}),
	realFunc("sin", true, math.Sin, "Gives the sine of an angle in radians.", Example{`sin(0)`, `0.0`}, Example{`sin(1)`, `0.8414709848078965`}),
	realFunc("cos", true, math.Cos, "Gives the cosine of an angle in radians.", Example{`cos(0)`, `1.0`}, Example{`cos(1)`, `0.5403023058681398`}),
	realFunc("tan", true, math.Tan, "Gives the tangent of an angle in radians.", Example{`tan(0)`, `0.0`}, Example{`isnan(tan(real(+inf)))`, `true`}),
	realFunc("cot", false, func(x float64) float64 { return 1 / math.Tan(x) }, "Gives the cotangent of an angle in radians.", Example{`round(cot(1), 12)`, `0.642092615934`}, Example{`isinf(cot(0))`, `true`}),
	realFunc("acos", true, math.Acos, "Gives the angle whose cosine a number is.", Example{`acos(1)`, `0.0`}, Example{`isnan(acos(2))`, `true`}),
	realFunc("asin", true, math.Asin, "Gives the angle whose sine a number is.", Example{`asin(0)`, `0.0`}, Example{`isnan(asin(-2))`, `true`}),
	realFunc("atan", true, math.Atan, "Gives the angle whose tangent a number is.", Example{`atan(0)`, `0.0`}, Example{`atan(0.5)`, `0.4636476090008061`}),
	{Name: "atan2", Class: Scalar, Result: FirstArg, Sigs: Sigs(RetReal, P("y", Number), P("x", Number)), Page: "atan2-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.RealOf(math.Atan2(a[0].Float64(), a[1].Float64()))
		},
		Doc:      "Gives the angle between the x axis and the line to the point (x, y).",
		Examples: []Example{{`atan2(0, 1)`, `0.0`}, {`atan2(1, 0)`, `1.5707963267948966`}, {`atan2(real(null), 1)`, `real(null)`}}},
	realFunc("degrees", false, func(x float64) float64 { return x * 180 / math.Pi }, "Converts radians to degrees.", Example{`degrees(pi())`, `180.0`}, Example{`degrees(0)`, `0.0`}),
	realFunc("radians", false, func(x float64) float64 { return x * math.Pi / 180 }, "Converts degrees to radians.", Example{`radians(180)`, `3.141592653589793`}, Example{`radians(90)`, `1.5707963267948966`}),
	{Name: "max_of", Class: Scalar, Nulls: Own, Page: "max-of-function", Lower: lowerExtreme("greatest($*)"),
		Sigs: Sigs(CommonType, Common("arg", Orderable), Common("arg", Orderable).Repeated()), Go: extremeOf(1),
		Doc:      "Gives the largest of its arguments, nulls aside.",
		Examples: []Example{{`max_of(10, 1, -3, 17)`, `17`}, {`max_of(int(null), 2)`, `2`}, {`max_of(1, 2.5)`, `2.5`}, {`max_of(int(null), int(null))`, `int(null)`}}},
	{Name: "min_of", Class: Scalar, Nulls: Own, Page: "min-of-function", Lower: lowerExtreme("least($*)"),
		Sigs: Sigs(CommonType, Common("arg", Orderable), Common("arg", Orderable).Repeated()), Go: extremeOf(-1),
		Doc:      "Gives the smallest of its arguments, nulls aside.",
		Examples: []Example{{`min_of(10, 1, -3, 17)`, `-3`}, {`min_of(int(null), 2)`, `2`}, {`min_of("b", "a")`, `"a"`}}},
	bitFunc("binary_and", "($1::BIGINT & $2::BIGINT)", "Combines the bits of two numbers with and.", func(x, y int64) int64 { return x & y }, Example{`binary_and(6, 3)`, `2`}, Example{`binary_and(-1, 255)`, `255`}),
	bitFunc("binary_or", "($1::BIGINT | $2::BIGINT)", "Combines the bits of two numbers with or.", func(x, y int64) int64 { return x | y }, Example{`binary_or(6, 3)`, `7`}, Example{`binary_or(-1, 255)`, `-1`}),
	bitFunc("binary_xor", "xor($1::BIGINT, $2::BIGINT)", "Combines the bits of two numbers with exclusive or.", func(x, y int64) int64 { return x ^ y }, Example{`binary_xor(6, 3)`, `5`}, Example{`binary_xor(-1, 0)`, `-1`}),
	shiftFunc("binary_shift_left", "left", func(x int64, n uint) int64 { return x << n }, Example{`binary_shift_left(1, 2)`, `4`}, Example{`binary_shift_left(1, 65)`, `2`}),
	shiftFunc("binary_shift_right", "right", func(x int64, n uint) int64 { return x >> n }, Example{`binary_shift_right(9, 2)`, `2`}, Example{`binary_shift_right(-8, 1)`, `-4`}),
	{Name: "binary_not", Class: Scalar, Result: FirstArg, Sigs: Sigs(RetLong, P("value", Integer)), SQL: "(~($1::BIGINT))", Page: "binary-not-function",
		Go:       func(_ *Ctx, a []types.Value) types.Value { return types.LongOf(^a[0].Int64()) },
		Doc:      "Turns every bit of a number over.",
		Examples: []Example{{`binary_not(100)`, `-101`}, {`binary_not(-1)`, `0`}, {`binary_not(int(null))`, `long(null)`}}},
	{Name: "bitset_count_ones", Class: Scalar, Result: FirstArg, Sigs: Sigs(RetLong, P("value", Integer)), SQL: "bit_count($1::BIGINT)::BIGINT", Page: "bitset-count-ones-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.LongOf(int64(bits.OnesCount64(uint64(a[0].Int64()))))
		},
		Doc:      "Counts the bits of a number that are set.",
		Examples: []Example{{`bitset_count_ones(42)`, `3`}, {`bitset_count_ones(0)`, `0`}, {`bitset_count_ones(int(null))`, `long(null)`}}},
}

func real1(f func(float64) float64) Impl {
	return func(_ *Ctx, a []types.Value) types.Value { return types.RealOf(f(a[0].Float64())) }
}

// realFunc declares a function from a number to a real. There is no SQL: the engine's C library may differ
// from Go's in the last digit, and folded and computed results must agree.
func realFunc(name string, named bool, f func(float64) float64, doc string, examples ...Example) *Func {
	fn := &Func{Name: name, Class: Scalar, Sigs: Sigs(RetReal, P("number", Number)), Go: real1(f), Doc: doc, Page: name + "-function",
		Examples: append(examples, Example{name + "(real(null))", "real(null)"})}
	if named {
		fn.Result = FirstArg
	}
	return fn
}

// log10 is exact for powers of ten, which math.Log10 is not for all.
func log10(x float64) float64 {
	r := math.Log10(x)
	if n := math.Round(r); n >= -300 && n <= 300 && math.Abs(r-n) < 1e-9 && math.Pow(10, n) == x {
		return n
	}
	return r
}

// lowerWrapped is SQL that fails on overflow, where the Go body wraps around; see lowerWrap.
func lowerWrapped(sql string) Lowering {
	return func(w Writer, c *Call) string {
		if exact(w) {
			return ""
		}
		return Expand(sql, c)
	}
}

func absLong(c *Ctx, a []types.Value) types.Value {
	i := a[0].Int64()
	if i < 0 {
		i = -i
	}
	return ofType(c.Out, i)
}

func decimal1(f func(c *apd.Context, d, x *apd.Decimal) (apd.Condition, error)) Impl {
	return func(_ *Ctx, a []types.Value) types.Value {
		x, ok := toDecimal(a[0])
		if !ok {
			return types.Null(types.Decimal)
		}
		var d apd.Decimal
		if _, err := f(decimalContext, &d, x); err != nil {
			return types.Null(types.Decimal)
		}
		return decimalOf(&d)
	}
}

func precision(a []types.Value) int64 {
	if len(a) < 2 {
		return 0
	}
	return max(-400, min(400, a[1].Int64()))
}

func roundLong(c *Ctx, a []types.Value) types.Value {
	i, p := a[0].Int64(), -precision(a)
	if p <= 0 {
		return a[0]
	}
	if p > 18 {
		return ofType(c.Out, 0)
	}
	unit := int64(math.Pow10(int(p)))
	m := i % unit
	switch i -= m; { // half of a power of ten is whole
	case m >= unit/2:
		i += unit
	case m <= -unit/2:
		i -= unit
	}
	return ofType(c.Out, i)
}

// lowerRound leaves the precisions to the Go body whose power of ten is not exact.
func lowerRound(_ Writer, c *Call) string {
	if len(c.Args) == 1 {
		return Expand("round($1)", c)
	}
	p := c.Args[1].Const
	if p == nil || p.IsNull() || p.Int64() < -22 || p.Int64() > 22 {
		return ""
	}
	return Expand("round($1, "+p.ToText()+")", c)
}

// roundReal computes as DuckDB's round() does.
func roundReal(_ *Ctx, a []types.Value) types.Value {
	f, p := a[0].Float64(), precision(a)
	if p < 0 {
		unit := math.Pow(10, float64(-p))
		r := math.Round(f/unit) * unit
		if math.IsNaN(r) || math.IsInf(r, 0) {
			r = 0
		}
		return types.RealOf(r)
	}
	unit := math.Pow(10, float64(p))
	r := math.Round(f*unit) / unit
	if math.IsNaN(r) || math.IsInf(r, 0) {
		r = f
	}
	return types.RealOf(r)
}

func roundDecimal(_ *Ctx, a []types.Value) types.Value {
	x, ok := toDecimal(a[0])
	if !ok {
		return types.Null(types.Decimal)
	}
	var d apd.Decimal
	ctx := *decimalContext
	ctx.Rounding = apd.RoundHalfUp
	p := -int32(precision(a))
	if x.Exponent >= p {
		return a[0]
	}
	if _, err := ctx.Quantize(&d, x, p); err != nil {
		return types.Null(types.Decimal)
	}
	return decimalOf(&d)
}

// extremeOf is max_of (sign 1) and min_of (-1). Among reals NaN counts as the largest, as in DuckDB.
func extremeOf(sign int) Impl {
	return func(c *Ctx, a []types.Value) types.Value {
		best := types.Null(c.Out)
		found := false
		for _, v := range a {
			if v.IsNull() {
				continue
			}
			if !found || order(v, best) == sign {
				best, found = v, true
			}
		}
		return best
	}
}

func order(x, y types.Value) int {
	c := Compare(x, y)
	if c != 2 {
		return c
	}
	switch {
	case x.IsNaN() && y.IsNaN():
		return 0
	case x.IsNaN():
		return 1
	}
	return -1
}

func lowerExtreme(sql string) Lowering {
	return func(_ Writer, c *Call) string {
		if c.Type == types.Decimal {
			return ""
		}
		return Expand(sql, c)
	}
}

func bitFunc(name, sql, doc string, f func(x, y int64) int64, examples ...Example) *Func {
	page := map[string]string{"binary_and": "binary-and-function", "binary_or": "binary-or-function", "binary_xor": "binary-xor-function"}[name]
	return &Func{Name: name, Class: Scalar, Result: FirstArg, Sigs: Sigs(RetLong, P("value1", Integer), P("value2", Integer)), SQL: sql, Go: long2(f), Doc: doc, Page: page,
		Examples: append(examples, Example{name + "(int(null), 1)", "long(null)"})}
}

// shiftFunc declares a shift; the distance counts modulo 64, and a negative one gives null. There is SQL
// for a constant distance to the right only. DuckDB: a left shift fails on overflow.
func shiftFunc(name, direction string, f func(x int64, n uint) int64, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Result: FirstArg, Sigs: Sigs(RetLong, P("value", Integer), P("shift", Integer)), Page: "binary-shift-" + direction + "-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			n := a[1].Int64()
			if n < 0 {
				return types.Null(types.Long)
			}
			return types.LongOf(f(a[0].Int64(), uint(n%64)))
		},
		Lower: func(_ Writer, c *Call) string {
			n := c.Args[1].Const
			if direction == "left" || n == nil || n.IsNull() || n.Int64() < 0 {
				return ""
			}
			return Expand("($1::BIGINT >> "+types.LongOf(n.Int64()%64).ToText()+")", c)
		},
		Doc:      "Shifts the bits of a number to the " + direction + ".",
		Examples: append(examples, Example{name + "(1, -1)", "long(null)"})}
}
