package funcs

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vedette-siem/vedette/internal/types"
)

// datetimeFormatFuncs write datetimes and timespans in a format of the caller's.
var datetimeFormatFuncs = []*Func{
	{Name: "format_datetime", Class: Scalar, Result: FirstArg, Page: "format-datetime-function",
		Sigs: Sigs(RetString, P("date", Datetime), P("format", String).Constant()),
		Go: func(c *Ctx, a []types.Value) types.Value {
			return formatTime(c, a[1].Text(), datetimeSpecs, civilField(types.CivilOf(a[0].Int64())), "")
		},
		Doc:      "Writes a datetime in a format made of d, f, F, h, H, m, M, s, tt, y and delimiters.",
		Examples: []Example{{`format_datetime(datetime(2017-01-29 09:00:05), "yy-MM-dd [HH:mm:ss]")`, `"17-01-29 [09:00:05]"`}, {`format_datetime(datetime(2020-06-15 13:45:09.123), "M/d/yyyy h:mm:ss.fff tt")`, `"6/15/2020 1:45:09.123 PM"`}, {`format_datetime(datetime(null), "yyyy")`, `""`}}},
	{Name: "format_timespan", Class: Scalar, Result: FirstArg, Page: "format-timespan-function",
		Sigs: Sigs(RetString, P("timespan", Timespan), P("format", String).Constant()),
		Go: func(c *Ctx, a []types.Value) types.Value {
			u, sign := uint64(a[0].Int64()), ""
			if a[0].Int64() < 0 {
				u, sign = -u, "-"
			}
			sec := int(u % uint64(types.TicksPerDay) / uint64(types.TicksPerSecond))
			t := types.Civil{Day: int(u / uint64(types.TicksPerDay)), Hour: sec / 3600, Minute: sec / 60 % 60, Second: sec % 60, Tick: int(u % uint64(types.TicksPerSecond))}
			return formatTime(c, a[1].Text(), timespanSpecs, civilField(t), sign)
		},
		Doc:      "Writes a timespan in a format made of d, f, F, h, H, m, s and delimiters.",
		Examples: []Example{{`format_timespan(time(29.09:00:05.12345), "dd.hh:mm:ss:FF")`, `"29.09:00:05:12"`}, {`format_timespan(-90s, "mm:ss")`, `"-01:30"`}, {`format_timespan(time(29.09:00:05.12345), "ddd.h:mm:ss [fffffff]")`, `"029.9:00:05 [1234500]"`}, {`format_timespan(timespan(null), "d")`, `""`}}},
}

// The longest run of each letter that is one specifier; a longer run is several.
var (
	datetimeSpecs = map[byte]int{'d': 2, 'f': 7, 'F': 7, 'h': 2, 'H': 2, 'm': 2, 'M': 2, 's': 2, 'y': 4, 't': 2}
	timespanSpecs = map[byte]int{'d': 8, 'f': 7, 'F': 7, 'h': -2, 'H': 2, 'm': 2, 's': 2}
)

const formatDelimiters = " /-:,._[]"

// formatTime writes a format: field gives the text of a specifier, or "" and false for none.
func formatTime(c *Ctx, format string, specs map[byte]int, field func(spec byte, n int, is24 bool) (string, bool), sign string) types.Value {
	var b strings.Builder
	b.WriteString(sign)
	for i := 0; i < len(format); {
		ch := format[i]
		longest, known := specs[ch]
		if !known {
			if strings.IndexByte(formatDelimiters, ch) < 0 {
				r, _ := utf8.DecodeRuneInString(format[i:])
				return c.Fail(fmt.Errorf("format %q: unexpected %q at position %d", format, r, i+1))
			}
			b.WriteByte(ch)
			i++
			continue
		}
		n := 1
		for n < max(longest, -longest) && i+n < len(format) && format[i+n] == ch {
			n++
		}
		if ch == 'y' && n == 3 {
			n = 2
		}
		text, ok := field(ch, n, longest < 0)
		if !ok {
			return c.Fail(fmt.Errorf("format %q: unexpected %q at position %d", format, format[i:i+n], i+1))
		}
		b.WriteString(text)
		i += n
	}
	return types.StringOf(b.String())
}

func civilField(t types.Civil) func(spec byte, n int, is24 bool) (string, bool) {
	return func(spec byte, n int, is24 bool) (string, bool) {
		v := 0
		switch spec {
		case 'd':
			v = t.Day
		case 'h':
			if v = t.Hour; !is24 {
				v = (v+11)%12 + 1
			}
		case 'H':
			v = t.Hour
		case 'm':
			v = t.Minute
		case 'M':
			v = t.Month
		case 's':
			v = t.Second
		case 'y':
			if v = t.Year; n < 4 {
				v %= 100
			}
		case 'f':
			return pad(t.Tick, 7)[:n], true
		case 'F':
			return strings.TrimRight(pad(t.Tick, 7)[:n], "0"), true
		case 't':
			if n != 2 {
				return "", false
			}
			return map[bool]string{false: "AM", true: "PM"}[t.Hour >= 12], true
		}
		return pad(v, n), true
	}
}

// pad writes v with at least n digits.
func pad(v, n int) string {
	s := strconv.Itoa(v)
	if len(s) < n {
		s = strings.Repeat("0", n-len(s)) + s
	}
	return s
}
