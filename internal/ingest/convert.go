package ingest

import (
	"math"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// convert returns a field's value as a value of type t. ok is false where the value is there and does not
// fit; then the result is null.
func convert(r *record, f *field, t types.Type) (v types.Value, ok bool) {
	switch f.kind {
	case kindNull:
		return types.Null(t), true
	case kindValue:
		return convertValue(r.values[f.value], t)
	}
	if t == types.Dynamic {
		return convertDynamic(r, f)
	}
	if f.kind == kindNested {
		if t == types.String {
			return types.StringOf(canonical(r, f)), true
		}
		return types.Null(t), false
	}
	text := r.raw(f)
	if t == types.String {
		return types.StringOf(text), true
	}
	if text == "" || text == "null" { // exports write a null as either
		return types.Null(t), true
	}
	if f.kind == kindNumber && t == types.Datetime {
		return epoch(text)
	}
	return convertText(text, t)
}

func canonical(r *record, f *field) string {
	text := r.text[f.start:f.end]
	if f.canonical {
		return text
	}
	if c, err := types.CanonicalJSON(text); err == nil {
		return c
	}
	return text
}

func convertDynamic(r *record, f *field) (types.Value, bool) {
	switch f.kind {
	case kindNested, kindNumber, kindBool:
		return types.DynamicOf(canonical(r, f)), true
	}
	return dynamicOfText(r.raw(f), f.kind == kindText)
}

// dynamicOfText reads the text of a dynamic column: exports write an object or array as JSON text. Untyped
// text (a CSV cell) may also stand for a number, a bool or a quoted string.
func dynamicOfText(text string, untyped bool) (types.Value, bool) {
	s := strings.TrimSpace(text)
	if s == "" || untyped && s == "null" {
		return types.Null(types.Dynamic), true
	}
	if c := s[0]; c == '{' || c == '[' || untyped && (c == '"' || c == '-' || c >= '0' && c <= '9' || s == "true" || s == "false") {
		if j, err := types.CanonicalJSON(s); err == nil {
			return types.DynamicOf(j), true
		}
	}
	return types.DynamicOf(types.QuoteJSON(text)), true
}

func convertText(text string, t types.Type) (types.Value, bool) {
	switch t {
	case types.Bool:
		if b, ok := types.ParseBool(text); ok {
			return types.BoolOf(b), true
		}
	case types.Int:
		if n, ok := wholeNumber(text); ok && n >= math.MinInt32 && n <= math.MaxInt32 {
			return types.IntOf(int32(n)), true
		}
	case types.Long:
		if n, ok := wholeNumber(text); ok {
			return types.LongOf(n), true
		}
	case types.Real:
		if x, ok := types.ParseReal(text); ok {
			return types.RealOf(x), true
		}
	case types.Decimal:
		if d, ok := types.ParseDecimal(text); ok {
			return types.DecimalOf(d), true
		}
	case types.Datetime:
		if ticks, ok := types.ParseDatetime(text); ok {
			return types.DatetimeOf(ticks), true
		}
		if isEpochText(text) {
			return epoch(text)
		}
	case types.Timespan:
		if ticks, ok := types.ParseTimespan(text); ok {
			return types.TimespanOf(ticks), true
		}
	case types.Guid:
		if g, ok := types.ParseGuid(text); ok {
			return types.GuidOf(g), true
		}
	}
	return types.Null(t), false
}

// wholeNumber reads an integer; 47616.0 is one.
func wholeNumber(text string) (int64, bool) {
	if n, ok := types.ParseLong(text); ok {
		return n, true
	}
	if f, ok := types.ParseReal(text); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), true
	}
	return 0, false
}

// isEpochText tells whether text is a count of seconds of our age at least, perhaps with a fraction: ten
// digits (September 2001) or more.
func isEpochText(text string) bool {
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	if digits < 10 {
		return false
	}
	if digits == len(text) {
		return true
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil && text[digits] == '.'
}

// epoch reads a number of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size:
// up to the year 5138 seconds, and so on by thousands.
func epoch(text string) (types.Value, bool) {
	unit := types.TicksPerSecond
	n, whole := types.ParseLong(text)
	f, ok := types.ParseReal(text)
	if !ok || math.IsNaN(f) || math.IsInf(f, 0) {
		return types.Null(types.Datetime), false
	}
	nano := false
	switch a := math.Abs(f); {
	case a < 1e11:
	case a < 1e14:
		unit = types.TicksPerMillisecond
	case a < 1e17:
		unit = types.TicksPerMicrosecond
	case a < 1e20:
		nano = true
	default:
		return types.Null(types.Datetime), false
	}
	var ticks int64
	switch {
	case nano && whole:
		ticks = n / 100
	case nano:
		ticks = int64(f / 100)
	case whole:
		ticks = n * unit
	default: // seconds with a fraction: the whole part apart, or ticks are lost
		sec, frac := math.Modf(f)
		ticks = int64(sec)*unit + int64(math.Round(frac*float64(unit)))
	}
	v := types.DatetimeOf(types.UnixEpochTicks + ticks)
	return v, !v.IsNull()
}

// convertValue brings a typed value to another type.
func convertValue(v types.Value, t types.Type) (types.Value, bool) {
	switch {
	case v.Type() == t:
		return v, true
	case v.IsNull():
		return types.Null(t), true
	case t == types.String:
		if v.Type() == types.Dynamic {
			return types.StringOf(v.Text()), true
		}
		return types.StringOf(v.ToText()), true
	case t == types.Dynamic:
		if v.Type() == types.String {
			return dynamicOfText(v.Text(), false)
		}
		return types.JSONOf(v).Value(), true
	case t == types.Datetime && (v.Type().IsNumeric()):
		return epoch(v.ToText())
	case t == types.Real && v.Type().IsNumeric():
		return types.RealOf(v.Float64()), true
	case v.Type() == types.Dynamic:
		return types.Null(t), false
	}
	text := v.ToText()
	if text == "" || text == "null" {
		return types.Null(t), true
	}
	return convertText(text, t)
}
