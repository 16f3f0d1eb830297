package syntax

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bool returns the value of a LitBool; ok is false for a null and for what is no bool, such as bool(maybe).
func (l *Lit) Bool() (value, ok bool) {
	switch strings.ToLower(l.Text) {
	case "true", "1":
		return true, l.Kind == LitBool
	case "false", "0":
		return false, l.Kind == LitBool
	}
	return false, false
}

// Int returns the value of a LitLong or LitInt; ok is false for a null, for what is no integer, and for an
// integer outside 64 bits.
func (l *Lit) Int() (value int64, ok bool) {
	text, negative := strings.CutPrefix(l.Text, "-")
	text = strings.TrimPrefix(text, "+")
	if l.Kind != LitLong && l.Kind != LitInt || text == "" || text[0] == '-' || text[0] == '+' {
		return 0, false
	}
	if strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0X") {
		u, err := strconv.ParseUint(text[2:], 16, 64)
		if negative {
			return -int64(u), err == nil
		}
		return int64(u), err == nil
	}
	if negative {
		text = "-" + text
	}
	value, err := strconv.ParseInt(text, 10, 64)
	return value, err == nil
}

// Float returns the value of a LitReal, LitLong or LitInt; ok is false for a null and for what is no number.
// real(nan), real(+inf) and real(-inf) are numbers.
func (l *Lit) Float() (value float64, ok bool) {
	switch l.Kind {
	case LitLong, LitInt:
		i, ok := l.Int()
		return float64(i), ok
	case LitReal:
	default:
		return 0, false
	}
	switch strings.ToLower(l.Text) {
	case "nan":
		return math.NaN(), true
	case "+inf", "inf":
		return math.Inf(1), true
	case "-inf":
		return math.Inf(-1), true
	}
	if strings.ContainsAny(l.Text, "xXpP_nN") {
		return 0, false // Go reads more forms of numbers than Kusto
	}
	value, err := strconv.ParseFloat(l.Text, 64)
	return value, err == nil
}

// Ticks returns the value of a LitTimespan with a unit, such as 1.5h, in ticks of 100 ns. ok is false for the
// form time(…) with days and colons, whose Text the caller decodes, and for a value outside 64 bits.
func (l *Lit) Ticks() (ticks int64, ok bool) {
	text, negative := strings.CutPrefix(l.Text, "-")
	text = strings.TrimPrefix(text, "+")
	n := 0
	for n < len(text) && (isDigit(text[n]) || text[n] == '.') {
		n++
	}
	unit, known := timespanUnits[text[n:]]
	if l.Kind != LitTimespan || n == 0 || !known {
		return 0, false
	}
	if whole, err := strconv.ParseInt(text[:n], 10, 64); err == nil && unit >= 1 {
		if whole > math.MaxInt64/int64(unit) {
			return 0, false
		}
		ticks = whole * int64(unit)
	} else {
		f, err := strconv.ParseFloat(text[:n], 64)
		if f = math.RoundToEven(f * unit); err != nil || f >= math.MaxInt64 {
			return 0, false
		}
		ticks = int64(f)
	}
	if negative {
		ticks = -ticks
	}
	return ticks, true
}

// decodeString returns the value of a string literal, and whether it is marked with h. Raw is well formed.
// https://learn.microsoft.com/kusto/query/scalar-data-types/string
func decodeString(raw string) (value string, hidden bool) {
	if raw[0] == 'h' || raw[0] == 'H' {
		hidden, raw = true, raw[1:]
	}
	raw, verbatim := strings.CutPrefix(raw, "@")
	for _, q := range [...]string{"```", "~~~"} {
		if strings.HasPrefix(raw, q) {
			return strings.TrimSuffix(raw[3:], q), hidden
		}
	}
	if raw == "" {
		return "", hidden
	}
	quote := raw[:1]
	body := raw[1:]
	switch {
	case verbatim:
		return strings.ReplaceAll(strings.TrimSuffix(body, quote), quote+quote, quote), hidden
	case strings.IndexByte(body, '\\') < 0:
		return strings.TrimSuffix(body, quote), hidden
	}
	var b strings.Builder
	for i := 0; i < len(body); {
		switch {
		case body[i] == quote[0]:
			return b.String(), hidden
		case body[i] != '\\':
			b.WriteByte(body[i])
			i++
			continue
		}
		n := escapeLen(body[i:])
		if n == 0 {
			return b.String(), hidden
		}
		r, pair := decodeEscape(body[i:i+n]), rune(0)
		i += n
		// a character outside the first plane may be written as two escapes, one for each UTF-16 unit
		if r >= 0xD800 && r < 0xDC00 && strings.HasPrefix(body[i:], `\u`) && escapeLen(body[i:]) == 6 {
			pair = decodeEscape(body[i : i+6])
		}
		if pair >= 0xDC00 && pair < 0xE000 {
			r = (r-0xD800)<<10 + (pair - 0xDC00) + 0x10000
			i += 6
		}
		if !utf8.ValidRune(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String(), hidden
}

// decodeEscape returns the character that a well-formed escape sequence stands for.
func decodeEscape(s string) rune {
	base, digits := 16, s[2:]
	switch c := s[1]; c {
	case 'a':
		return '\a'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		return '\v'
	case 'u', 'U', 'x':
	default:
		if !isOctal(c) {
			return rune(c)
		}
		base, digits = 8, s[1:]
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return utf8.RuneError
	}
	return rune(n)
}

// bracketed returns name as ['name'].
func bracketed(name string) string { return "[" + Quote(name) + "]" }

// Quote returns text as a string literal of KQL.
func Quote(text string) string {
	quote := byte('\'')
	if strings.IndexByte(text, '\'') >= 0 && strings.IndexByte(text, '"') < 0 {
		quote = '"'
	}
	var b strings.Builder
	b.WriteByte(quote)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c == 0x7f:
			b.WriteString(`\x` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte(quote)
	return b.String()
}
