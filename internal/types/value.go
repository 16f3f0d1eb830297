package types

import "math"

// Value is one scalar value of a KQL type, null included. It is immutable and comparable only through
// its accessors (two reals may both be NaN). A string is never null.
type Value struct {
	typ  Type
	null bool
	i    int64   // bool (0, 1), int, long, datetime and timespan ticks
	f    float64 // real
	s    string  // string, guid (lower case), decimal (digits), dynamic (JSON)
}

// Null returns the null of a type; for String it returns the empty string, which is what KQL has instead.
func Null(t Type) Value { return Value{typ: t, null: t != String} }

// BoolOf returns a bool.
func BoolOf(b bool) Value {
	if b {
		return Value{typ: Bool, i: 1}
	}
	return Value{typ: Bool}
}

// IntOf returns an int.
func IntOf(i int32) Value { return Value{typ: Int, i: int64(i)} }

// LongOf returns a long.
func LongOf(i int64) Value { return Value{typ: Long, i: i} }

// RealOf returns a real; NaN and the infinities are values, not nulls.
func RealOf(f float64) Value { return Value{typ: Real, f: f} }

// StringOf returns a string.
func StringOf(s string) Value { return Value{typ: String, s: s} }

// DatetimeOf returns a datetime from its ticks; ticks outside 0001…9999 give null.
func DatetimeOf(ticks int64) Value {
	if ticks < MinDatetime || ticks > MaxDatetime {
		return Null(Datetime)
	}
	return Value{typ: Datetime, i: ticks}
}

// TimespanOf returns a timespan from its ticks.
func TimespanOf(ticks int64) Value { return Value{typ: Timespan, i: ticks} }

// GuidOf returns a guid from its canonical text (lower case, with dashes); see ParseGuid.
func GuidOf(s string) Value { return Value{typ: Guid, s: s} }

// DecimalOf returns a decimal from its digits (as ParseDecimal yields them).
func DecimalOf(digits string) Value { return Value{typ: Decimal, s: digits} }

// DynamicOf returns a dynamic from JSON text in canonical form (see CanonicalJSON). "null" gives the null.
func DynamicOf(json string) Value {
	if json == "null" || json == "" {
		return Null(Dynamic)
	}
	return Value{typ: Dynamic, s: json}
}

// Type returns the type of v.
func (v Value) Type() Type { return v.typ }

// IsNull tells whether v is null.
func (v Value) IsNull() bool { return v.null }

// Bool returns the value of a bool.
func (v Value) Bool() bool { return v.i != 0 }

// Int64 returns the value of an int or long, or the ticks of a datetime or timespan.
func (v Value) Int64() int64 { return v.i }

// Float64 returns a number (int, long, real, decimal) as a float64.
func (v Value) Float64() float64 {
	switch v.typ {
	case Real:
		return v.f
	case Decimal:
		return decimalFloat(v.s)
	}
	return float64(v.i)
}

// Text returns the text behind a string, guid, decimal or dynamic.
func (v Value) Text() string { return v.s }

// IsNaN tells whether v is a real that is not a number.
func (v Value) IsNaN() bool { return v.typ == Real && !v.null && math.IsNaN(v.f) }

// As returns v relabelled with type t where both share their representation (int and long, the text
// types); used where a type is known to fit.
func (v Value) As(t Type) Value { v.typ = t; return v }
