package types

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Ticks of 100 ns per unit of time.
const (
	TicksPerMicrosecond int64 = 10
	TicksPerMillisecond       = 1000 * TicksPerMicrosecond
	TicksPerSecond            = 1000 * TicksPerMillisecond
	TicksPerMinute            = 60 * TicksPerSecond
	TicksPerHour              = 60 * TicksPerMinute
	TicksPerDay               = 24 * TicksPerHour
)

// The range of datetime: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.9999999Z.
const (
	MinDatetime int64 = 0
	MaxDatetime int64 = 3652059*TicksPerDay - 1
)

// UnixEpochTicks is 1970-01-01T00:00:00Z.
const UnixEpochTicks int64 = 719162 * TicksPerDay

// TicksOf returns the ticks of t; what lies below 100 ns is cut.
func TicksOf(t time.Time) int64 {
	return UnixEpochTicks + t.Unix()*TicksPerSecond + int64(t.Nanosecond())/100
}

// TimeOf returns the time, in UTC, of a datetime's ticks.
func TimeOf(ticks int64) time.Time {
	sec, rest := floorDiv(ticks-UnixEpochTicks, TicksPerSecond)
	return time.Unix(sec, rest*100).UTC()
}

func floorDiv(a, b int64) (quotient, remainder int64) {
	quotient, remainder = a/b, a%b
	if remainder < 0 {
		quotient, remainder = quotient-1, remainder+b
	}
	return quotient, remainder
}

// DurationTicks returns the ticks of d; what lies below 100 ns is cut.
func DurationTicks(d time.Duration) int64 { return int64(d / 100) }

// FormatDatetime renders ticks as Kusto does: 2024-01-31T12:00:00.1234567Z, always seven digits.
func FormatDatetime(ticks int64) string {
	c := CivilOf(ticks)
	b := make([]byte, 0, len("2024-01-31T12:00:00.1234567Z"))
	b = appendDigits(b, c.Year, 4)
	b = appendDigits(append(b, '-'), c.Month, 2)
	b = appendDigits(append(b, '-'), c.Day, 2)
	b = appendDigits(append(b, 'T'), c.Hour, 2)
	b = appendDigits(append(b, ':'), c.Minute, 2)
	b = appendDigits(append(b, ':'), c.Second, 2)
	b = appendDigits(append(b, '.'), c.Tick, 7)
	return string(append(b, 'Z'))
}

// appendDigits writes n with at least width digits.
func appendDigits(b []byte, n, width int) []byte {
	var d [20]byte
	i := len(d)
	for ; n > 0 || width > 0; width-- {
		i--
		d[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, d[i:]...)
}

// Civil is a datetime taken apart; Tick counts the 100 ns inside the second.
type Civil struct {
	Year, Month, Day, Hour, Minute, Second, Tick int
}

// CivilOf takes a datetime apart.
func CivilOf(ticks int64) Civil {
	day, rest := ticks/TicksPerDay, ticks%TicksPerDay
	// Days are counted from 1 March of year 0, so that the leap day is the last of its year: 400 years have
	// 146097 days, and day 153 m + 2 over 5 starts month m.
	n := day + 306
	era, doe := n/146097, n%146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	c := Civil{Year: int(era*400 + yoe), Month: int(mp) + 3, Day: int(doy-(153*mp+2)/5) + 1}
	if c.Month > 12 {
		c.Month, c.Year = c.Month-12, c.Year+1
	}
	c.Tick = int(rest % TicksPerSecond)
	sec := int(rest / TicksPerSecond)
	c.Hour, c.Minute, c.Second = sec/3600, sec/60%60, sec%60
	return c
}

// Ticks puts a datetime together; what is no date or time of day, or lies outside datetime's range, is
// not ok.
func (c Civil) Ticks() (int64, bool) {
	day, ok := ymd(c.Year, c.Month, c.Day)
	if !ok || c.Hour < 0 || c.Hour > 23 || c.Minute < 0 || c.Minute > 59 || c.Second < 0 || c.Second > 59 ||
		c.Tick < 0 || int64(c.Tick) >= TicksPerSecond {
		return 0, false
	}
	return day + int64(c.Hour)*TicksPerHour + int64(c.Minute)*TicksPerMinute + int64(c.Second)*TicksPerSecond + int64(c.Tick), true
}

// DaysIn returns the number of days of a month.
func DaysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// FormatTimespan renders ticks as Kusto does: [-][d.]hh:mm:ss[.fffffff].
func FormatTimespan(ticks int64) string {
	var b strings.Builder
	u := uint64(ticks)
	if ticks < 0 {
		b.WriteByte('-')
		u = -u
	}
	day := uint64(TicksPerDay)
	if d := u / day; d > 0 {
		b.WriteString(strconv.FormatUint(d, 10))
		b.WriteByte('.')
	}
	u %= day
	frac := u % uint64(TicksPerSecond)
	s := u / uint64(TicksPerSecond)
	fmt.Fprintf(&b, "%02d:%02d:%02d", s/3600, s/60%60, s%60)
	if frac > 0 {
		fmt.Fprintf(&b, ".%07d", frac)
	}
	return b.String()
}

// ParseTimespan reads what totimespan() takes: [-][d.]hh:mm[:ss[.f…]], a whole number of days, or a number
// with a unit such as 1.5h. https://learn.microsoft.com/kusto/query/scalar-data-types/timespan
func ParseTimespan(text string) (int64, bool) {
	s := strings.TrimSpace(text)
	neg := false
	if strings.HasPrefix(s, "-") {
		neg, s = true, s[1:]
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	if s == "" {
		return 0, false
	}
	ticks, ok := parseClock(s)
	if !ok {
		ticks, ok = parseUnitTimespan(s)
	}
	switch {
	case !ok || ticks > 1<<63 || ticks == 1<<63 && !neg:
		return 0, false
	case neg:
		return -int64(ticks), true
	}
	return int64(ticks), true
}

// parseClock reads d, [d.]hh:mm[:ss[.f…]] and d:hh:mm:ss[.f…]. Days are few enough for the sum not to wrap
// around.
func parseClock(s string) (uint64, bool) {
	if !strings.Contains(s, ":") {
		d, err := strconv.ParseUint(s, 10, 24)
		return d * uint64(TicksPerDay), err == nil
	}
	days := ""
	colon := strings.IndexByte(s, ':')
	if dot := strings.IndexByte(s[:colon], '.'); dot >= 0 {
		days, s = s[:dot], s[dot+1:]
		if days == "" {
			return 0, false
		}
	}
	parts := strings.Split(s, ":")
	if len(parts) == 4 && days == "" {
		days, parts = parts[0], parts[1:]
	}
	if len(parts) > 3 {
		return 0, false
	}
	var d uint64
	if days != "" {
		var err error
		if d, err = strconv.ParseUint(days, 10, 24); err != nil {
			return 0, false
		}
	}
	h, err1 := strconv.ParseUint(parts[0], 10, 8)
	m, err2 := strconv.ParseUint(parts[1], 10, 8)
	if err1 != nil || err2 != nil || h > 23 || m > 59 {
		return 0, false
	}
	ticks := d*uint64(TicksPerDay) + h*uint64(TicksPerHour) + m*uint64(TicksPerMinute)
	if len(parts) == 3 {
		sec, frac, point := strings.Cut(parts[2], ".")
		n, err := strconv.ParseUint(sec, 10, 8)
		if err != nil || n > 59 || point && frac == "" {
			return 0, false
		}
		f, ok := fraction(frac)
		if !ok {
			return 0, false
		}
		ticks += n*uint64(TicksPerSecond) + uint64(f)
	}
	return ticks, true
}

// fraction reads the digits after a decimal point as ticks; digits past the seventh are cut.
func fraction(digits string) (int64, bool) {
	if len(digits) > 7 {
		for _, c := range digits[7:] {
			if c < '0' || c > '9' {
				return 0, false
			}
		}
		digits = digits[:7]
	}
	var n int64
	for i := range 7 {
		n *= 10
		if i < len(digits) {
			if digits[i] < '0' || digits[i] > '9' {
				return 0, false
			}
			n += int64(digits[i] - '0')
		}
	}
	return n, true
}

var timespanUnits = map[string]int64{
	"d": TicksPerDay, "day": TicksPerDay, "days": TicksPerDay,
	"h": TicksPerHour, "hr": TicksPerHour, "hrs": TicksPerHour, "hour": TicksPerHour, "hours": TicksPerHour,
	"m": TicksPerMinute, "min": TicksPerMinute, "minute": TicksPerMinute, "minutes": TicksPerMinute,
	"s": TicksPerSecond, "sec": TicksPerSecond, "second": TicksPerSecond, "seconds": TicksPerSecond,
	"ms": TicksPerMillisecond, "milli": TicksPerMillisecond, "millis": TicksPerMillisecond, "millisec": TicksPerMillisecond,
	"millisecond": TicksPerMillisecond, "milliseconds": TicksPerMillisecond,
	"micro": TicksPerMicrosecond, "micros": TicksPerMicrosecond, "microsec": TicksPerMicrosecond,
	"microsecond": TicksPerMicrosecond, "microseconds": TicksPerMicrosecond,
	"nano": 0, "nanos": 0, "nanosecond": 0, "nanoseconds": 0,
	"tick": 1, "ticks": 1,
}

func parseUnitTimespan(s string) (uint64, bool) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.') {
		i++
	}
	unit, ok := timespanUnits[strings.ToLower(strings.TrimSpace(s[i:]))]
	if !ok || i == 0 {
		return 0, false
	}
	if n, err := strconv.ParseUint(s[:i], 10, 64); err == nil {
		if unit == 0 { // nanoseconds
			return n / 100, true
		}
		return n * uint64(unit), n <= math.MaxInt64/uint64(unit)
	}
	f, err := strconv.ParseFloat(s[:i], 64)
	if err != nil {
		return 0, false
	}
	if unit == 0 {
		f /= 100
	} else {
		f = math.Round(f * float64(unit))
	}
	return uint64(f), f < math.MaxInt64
}

// ParseDatetime reads what todatetime() takes: ISO 8601, and the forms of RFC 822, RFC 850 and US English
// dates. A time without a zone is UTC.
// https://learn.microsoft.com/kusto/query/scalar-data-types/datetime#supported-formats
func ParseDatetime(text string) (int64, bool) {
	s := strings.TrimSpace(text)
	if t, ok := parseISO(s); ok {
		return t, true
	}
	return parseLooseDatetime(s)
}

// parseISO reads yyyy-MM[-dd[(T| )hh[:mm[:ss[.f…]]][zone]]].
func parseISO(s string) (int64, bool) {
	p := isoScanner{s: s}
	y, ok := p.digits(4, 4)
	if !ok {
		return 0, false
	}
	if p.done() {
		return ymd(y, 1, 1)
	}
	if !p.eat('-') {
		return 0, false
	}
	mo, ok := p.digits(1, 2)
	if !ok {
		return 0, false
	}
	d := 1
	if p.eat('-') {
		if d, ok = p.digits(1, 2); !ok {
			return 0, false
		}
	}
	ticks, ok := ymd(y, mo, d)
	if !ok || p.done() {
		return ticks, ok
	}
	if !p.eat('T') && !p.eat('t') && !p.eat(' ') {
		if z, ok := p.zone(); ok {
			return inRange(ticks - z)
		}
		return 0, false
	}
	for p.eat(' ') {
	}
	h, ok := p.digits(1, 2)
	if !ok || h > 24 {
		return 0, false
	}
	var mi, sec int
	var frac int64
	if p.eat(':') {
		if mi, ok = p.digits(1, 2); !ok || mi > 59 {
			return 0, false
		}
		if p.eat(':') {
			if sec, ok = p.digits(1, 2); !ok || sec > 59 {
				return 0, false
			}
			if p.eat('.') || p.eat(',') {
				start := p.i
				for p.i < len(s) && s[p.i] >= '0' && s[p.i] <= '9' {
					p.i++
				}
				if frac, ok = fraction(s[start:p.i]); !ok || p.i == start {
					return 0, false
				}
			}
		}
	}
	if h == 24 && (mi != 0 || sec != 0 || frac != 0) {
		return 0, false
	}
	ticks += int64(h)*TicksPerHour + int64(mi)*TicksPerMinute + int64(sec)*TicksPerSecond + frac
	for p.eat(' ') {
	}
	z, ok := p.zone()
	if !ok {
		return 0, false
	}
	return inRange(ticks - z)
}

func inRange(ticks int64) (int64, bool) {
	return ticks, ticks >= MinDatetime && ticks <= MaxDatetime
}

func ymd(y, m, d int) (int64, bool) {
	if y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > DaysIn(y, m) {
		return 0, false
	}
	return int64(dayNumber(y, m, d)) * TicksPerDay, true
}

// dayNumber counts the days from 0001-01-01; see CivilOf.
func dayNumber(y, m, d int) int {
	if m < 3 {
		y, m = y-1, m+12
	}
	return y*365 + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 307
}

type isoScanner struct {
	s string
	i int
}

func (p *isoScanner) done() bool { return p.i == len(p.s) }

func (p *isoScanner) eat(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *isoScanner) digits(least, most int) (int, bool) {
	n, start := 0, p.i
	for p.i < len(p.s) && p.i-start < most && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		n = n*10 + int(p.s[p.i]-'0')
		p.i++
	}
	return n, p.i-start >= least
}

// zone reads what is left: nothing, Z, UTC, GMT or an offset; the result is ticks east of UTC.
func (p *isoScanner) zone() (int64, bool) {
	switch rest := strings.ToUpper(p.s[p.i:]); rest {
	case "", "Z", "UTC", "GMT":
		return 0, true
	default:
		sign := int64(1)
		switch rest[0] {
		case '-':
			sign = -1
		case '+':
		default:
			return 0, false
		}
		q := isoScanner{s: rest, i: 1}
		h, ok := q.digits(1, 2)
		if !ok || h > 14 {
			return 0, false
		}
		m := 0
		q.eat(':')
		if !q.done() {
			if m, ok = q.digits(2, 2); !ok || m > 59 || !q.done() {
				return 0, false
			}
		}
		return sign * (int64(h)*TicksPerHour + int64(m)*TicksPerMinute), true
	}
}
