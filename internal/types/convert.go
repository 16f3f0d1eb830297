package types

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// To returns v converted to type t, as the functions tostring(), tolong(), todatetime() and their like
// convert: what cannot be converted is null. A dynamic is converted by the value inside it. A string made
// dynamic becomes a JSON string; it is not parsed.
// https://learn.microsoft.com/kusto/query/scalar-functions#conversion-functions
func (v Value) To(t Type) Value {
	switch {
	case v.typ == t:
		return v
	case v.null:
		return Null(t)
	case t == String:
		return StringOf(v.ToText())
	case t == Dynamic:
		return JSONOf(v).Value()
	case v.typ == Dynamic:
		return v.inner().convert(t)
	}
	return v.convert(t)
}

func (v Value) convert(t Type) Value {
	if v.null || v.typ == t {
		return v.orNull(t)
	}
	switch t {
	case Bool:
		if b, ok := v.toBool(); ok {
			return BoolOf(b)
		}
	case Int:
		if i, ok := v.toInt(); ok {
			return IntOf(i)
		}
	case Long:
		if i, ok := v.toLong(); ok {
			return LongOf(i)
		}
	case Real:
		if f, ok := v.toReal(); ok {
			return RealOf(f)
		}
	case Decimal:
		if s, ok := v.toDecimal(); ok {
			return DecimalOf(s)
		}
	case Datetime:
		if v.typ == String {
			if ticks, ok := ParseDatetime(v.s); ok {
				return DatetimeOf(ticks)
			}
		} else if i, ok := v.toLong(); ok && v.typ.IsNumeric() {
			return DatetimeOf(i)
		}
	case Timespan:
		if v.typ == String {
			if ticks, ok := ParseTimespan(v.s); ok {
				return TimespanOf(ticks)
			}
		} else if i, ok := v.toLong(); ok && v.typ.IsNumeric() {
			return TimespanOf(i)
		}
	case Guid:
		if v.typ == String {
			if s, ok := ParseGuid(v.s); ok {
				return GuidOf(s)
			}
		}
	}
	return Null(t)
}

func (v Value) orNull(t Type) Value {
	if v.null {
		return Null(t)
	}
	return v
}

// inner returns the scalar inside a dynamic; an array or object has none and gives a null.
func (v Value) inner() Value {
	n, err := ParseJSON(v.s)
	if err != nil {
		return Null(Dynamic)
	}
	if v := n.Scalar(); v.typ != Dynamic {
		return v
	}
	return Null(Dynamic)
}

func (v Value) toBool() (value, ok bool) {
	switch v.typ {
	case Int, Long:
		return v.i != 0, true
	case Real:
		return v.f != 0, true
	case Decimal:
		return strings.Trim(v.s, "-0.") != "", true
	case String:
		return ParseBool(v.s)
	}
	return false, false
}

// toInt keeps the low 32 bits of a long, and holds a real at the ends of int's range.
func (v Value) toInt() (int32, bool) {
	switch v.typ {
	case Real:
		if math.IsNaN(v.f) || math.IsInf(v.f, 0) {
			return 0, false
		}
		return int32(math.Max(math.MinInt32, math.Min(math.MaxInt32, math.Trunc(v.f)))), true
	case String, Decimal:
		i, ok := v.toLong()
		return int32(i), ok && i >= math.MinInt32 && i <= math.MaxInt32
	}
	i, ok := v.toLong()
	return int32(i), ok
}

func (v Value) toLong() (int64, bool) {
	switch v.typ {
	case Bool, Int, Long, Datetime, Timespan:
		return v.i, true
	case Real:
		return RealToLong(v.f)
	case Decimal:
		whole, _, _ := strings.Cut(v.s, ".")
		i, err := strconv.ParseInt(whole, 10, 64)
		return i, err == nil
	case String:
		return ParseLong(v.s)
	}
	return 0, false
}

// RealToLong cuts the fraction off a real, and holds it at the ends of long's range; NaN and the infinities
// have no long.
func RealToLong(f float64) (int64, bool) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return 0, false
	case f >= math.MaxInt64:
		return math.MaxInt64, true
	case f <= math.MinInt64:
		return math.MinInt64, true
	}
	return int64(f), true
}

func (v Value) toReal() (float64, bool) {
	switch v.typ {
	case Bool, Int, Long, Datetime, Timespan:
		return float64(v.i), true
	case Decimal:
		return decimalFloat(v.s), true
	case String:
		return ParseReal(v.s)
	}
	return 0, false
}

func (v Value) toDecimal() (string, bool) {
	switch v.typ {
	case Bool, Int, Long, Datetime, Timespan:
		return strconv.FormatInt(v.i, 10), true
	case Real:
		return ParseDecimal(strconv.FormatFloat(v.f, 'g', -1, 64))
	case String:
		return ParseDecimal(v.s)
	}
	return "", false
}

// ToText returns tostring(v): the text that Kusto shows for a value; null gives "".
// https://learn.microsoft.com/kusto/query/tostring-function
func (v Value) ToText() string {
	if v.null {
		return ""
	}
	switch v.typ {
	case Bool:
		if v.i != 0 {
			return "True"
		}
		return "False"
	case Int, Long:
		return strconv.FormatInt(v.i, 10)
	case Real:
		return FormatReal(v.f)
	case Datetime:
		return FormatDatetime(v.i)
	case Timespan:
		return FormatTimespan(v.i)
	case Dynamic:
		return DynamicText(v.s)
	}
	return v.s
}

// DynamicText returns tostring() of a dynamic given as JSON: a string without its quotes, anything else as
// it stands.
func DynamicText(json string) string {
	if len(json) > 1 && json[0] == '"' {
		if n, err := ParseJSON(json); err == nil {
			return n.Str
		}
	}
	return json
}

// FormatReal renders a real as Kusto does: the shortest text that reads back equal, with ".0" where it
// would look like an integer, and an exponent (1E+15, 1E-05) from 1e15 on and below 1e-4.
func FormatReal(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		if math.Signbit(f) {
			return "-0.0"
		}
		return "0.0"
	}
	if a := math.Abs(f); a >= 1e15 || a < 1e-4 {
		return strconv.FormatFloat(f, 'E', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// ParseReal reads what toreal() takes from a string: digits, an exponent, NaN and the infinities. NaN and
// Infinity may be written in any case, the short inf only in lower case. A number too large to hold is an
// infinity.
func ParseReal(text string) (float64, bool) {
	s := strings.TrimSpace(text)
	switch s {
	case "inf", "+inf":
		return math.Inf(1), true
	case "-inf":
		return math.Inf(-1), true
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '.', c == '+', c == '-', c == 'e', c == 'E':
		default: // keeps out Go's hexadecimal floats and underscores
			return parseNamedReal(s)
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || math.IsInf(f, 0)
}

func parseNamedReal(s string) (float64, bool) {
	switch strings.ToLower(s) {
	case "nan":
		return math.NaN(), true
	case "infinity", "+infinity":
		return math.Inf(1), true
	case "-infinity":
		return math.Inf(-1), true
	}
	return 0, false
}

// ParseLong reads what tolong() takes from a string: decimal digits or 0x hexadecimal, blanks around.
func ParseLong(text string) (int64, bool) {
	s := strings.TrimSpace(text)
	neg := strings.HasPrefix(s, "-")
	if h := strings.TrimPrefix(s, "-"); len(h) > 2 && h[0] == '0' && (h[1] == 'x' || h[1] == 'X') {
		u, err := strconv.ParseUint(h[2:], 16, 64)
		if err != nil {
			return 0, false
		}
		if neg {
			return -int64(u), true
		}
		return int64(u), true
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// ParseBool reads what tobool() takes from a string: true and false in any case, or an integer.
func ParseBool(text string) (value, ok bool) {
	s := strings.TrimSpace(text)
	switch {
	case strings.EqualFold(s, "true"):
		return true, true
	case strings.EqualFold(s, "false"):
		return false, true
	}
	if n, ok := ParseLong(s); ok {
		return n != 0, true
	}
	return false, false
}

// ParseGuid reads a guid in any of .NET's forms (with or without dashes, braces, parentheses) and returns
// its canonical text. Outside braces each of the four dashes may be missing.
// https://learn.microsoft.com/kusto/query/toguid-function
func ParseGuid(text string) (string, bool) {
	s := strings.TrimSpace(text)
	if n := len(s); n > 2 && (s[0] == '{' && s[n-1] == '}' || s[0] == '(' && s[n-1] == ')') {
		s = s[1 : n-1]
		if len(s) != 36 {
			return "", false
		}
	}
	if len(s) < 32 || len(s) > 36 {
		return "", false
	}
	out := make([]byte, 0, 36)
	for i := 0; i < len(s); i++ {
		if n := len(out); n == 8 || n == 13 || n == 18 || n == 23 {
			out = append(out, '-')
			if s[i] == '-' {
				continue
			}
		}
		c := s[i]
		switch {
		case c >= 'A' && c <= 'F':
			c += 'a' - 'A'
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return "", false
		}
		if len(out) == 36 {
			return "", false
		}
		out = append(out, c)
	}
	return string(out), len(out) == 36
}

// DecimalDigits is how many significant digits a decimal holds.
// https://learn.microsoft.com/kusto/query/scalar-data-types/decimal
const DecimalDigits = 34

// maxDecimalExponent bounds the powers of ten that are written out as digits.
const maxDecimalExponent = 400

// ParseDecimal reads a decimal number and returns its digits without an exponent, rounded to
// DecimalDigits.
func ParseDecimal(text string) (string, bool) {
	s := strings.TrimSpace(text)
	mant, exp := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n < -maxDecimalExponent || n > maxDecimalExponent {
			return "", false
		}
		mant, exp = s[:i], n
	}
	neg := strings.HasPrefix(mant, "-")
	if neg || strings.HasPrefix(mant, "+") {
		mant = mant[1:]
	}
	whole, frac, _ := strings.Cut(mant, ".")
	digits := whole + frac
	if digits == "" || len(digits) > 2*maxDecimalExponent || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return decimalText(neg, digits, len(frac)-exp), true
}

// decimalText writes digits, of which the last scale stand behind the point.
func decimalText(neg bool, digits string, scale int) string {
	digits = strings.TrimLeft(digits, "0")
	if over := len(digits) - DecimalDigits; over > 0 && scale > 0 {
		over = min(over, scale)
		digits, scale = roundDigits(digits, over), scale-over
	}
	if scale < 0 && digits != "" {
		digits += strings.Repeat("0", -scale)
	}
	scale = max(scale, 0)
	if n := scale + 1 - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	if strings.Trim(digits, "0") == "" {
		neg = false
	}
	text := digits[:len(digits)-scale]
	if scale > 0 {
		text += "." + digits[len(digits)-scale:]
	}
	if neg {
		text = "-" + text
	}
	return text
}

// roundDigits takes the last n digits away, half rounded to even.
func roundDigits(digits string, n int) string {
	num, _ := new(big.Int).SetString(digits, 10)
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	quo, rem := new(big.Int).QuoRem(num, unit, new(big.Int))
	switch rem.Lsh(rem, 1).Cmp(unit) {
	case 1:
		quo.Add(quo, big.NewInt(1))
	case 0:
		quo.Add(quo, big.NewInt(int64(quo.Bit(0))))
	}
	return quo.String()
}

func decimalFloat(digits string) float64 {
	f, _ := strconv.ParseFloat(digits, 64)
	return f
}
