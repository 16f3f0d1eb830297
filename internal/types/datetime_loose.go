package types

import "strings"

// parseLooseDatetime reads the datetimes that are not ISO 8601: an optional day of the week, a date of
// three parts (8 Nov 2014, 08-Nov-14, Nov 8, 2014, 11/8/2014, 2014/11/8), an optional time of day (15:05,
// 15:05:02.5, 3:05 PM) and an optional zone (GMT, UTC, Z or an offset), the time before or after the year.
func parseLooseDatetime(s string) (int64, bool) {
	if len(s) < 6 || len(s) > 64 {
		return 0, false
	}
	p := looseScanner{s: s}
	p.weekday()
	for p.i < len(p.s) {
		if !p.part() {
			return 0, false
		}
	}
	c, ok := p.date()
	if !ok {
		return 0, false
	}
	c.Hour, c.Minute, c.Second, c.Tick = p.clock.Hour, p.clock.Minute, p.clock.Second, p.clock.Tick
	ticks, ok := c.Ticks()
	if !ok {
		return 0, false
	}
	return inRange(ticks - p.offset)
}

type looseScanner struct {
	s string
	i int
	// parts are the parts of the date: numbers, or the negative number of a month given by its name.
	parts  [3]int
	width  [3]int // how many digits a number has
	n      int
	clock  Civil
	timed  bool
	zoned  bool
	offset int64
}

var monthNames = [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september",
	"october", "november", "december"}

var dayNames = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// nameIndex finds a name or its first three letters.
func nameIndex(names []string, word string) int {
	word = strings.ToLower(word)
	for i, n := range names {
		if word == n || len(word) == 3 && word == n[:3] {
			return i
		}
	}
	return -1
}

func (p *looseScanner) word() string {
	start := p.i
	for p.i < len(p.s) && (p.s[p.i]|0x20 >= 'a' && p.s[p.i]|0x20 <= 'z') {
		p.i++
	}
	return p.s[start:p.i]
}

func (p *looseScanner) number() (value, digits int) {
	start := p.i
	for p.i < len(p.s) && p.i-start < 8 && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		value = value*10 + int(p.s[p.i]-'0')
		p.i++
	}
	return value, p.i - start
}

func (p *looseScanner) blanks() {
	for p.i < len(p.s) && p.s[p.i] == ' ' {
		p.i++
	}
}

func (p *looseScanner) weekday() {
	if w := p.word(); nameIndex(dayNames[:], w) < 0 {
		p.i = 0
		return
	}
	if p.i < len(p.s) && p.s[p.i] == ',' {
		p.i++
	}
	p.blanks()
}

// part reads one part: of the date, the time, or the zone.
func (p *looseScanner) part() bool {
	switch c := p.s[p.i]; {
	case c == '+' || c == '-' && p.timed && p.n == 3:
		return p.zone(p.s[p.i:])
	case c >= '0' && c <= '9':
		v, digits := p.number()
		if p.i < len(p.s) && p.s[p.i] == ':' {
			return digits <= 2 && p.time(v)
		}
		return p.datePart(v, digits)
	default:
		w := p.word()
		if m := nameIndex(monthNames[:], w); m >= 0 {
			return p.datePart(-(m + 1), 0)
		}
		return w != "" && p.zone(w)
	}
}

// datePart takes one part of the date and what separates it from the next.
func (p *looseScanner) datePart(v, digits int) bool {
	if p.n == 3 {
		return false
	}
	p.parts[p.n], p.width[p.n] = v, digits
	p.n++
	if mark := p.i; p.n < 3 {
		p.blanks() // 2017 - 08 - 01
		if p.i == len(p.s) || strings.IndexByte("/-.", p.s[p.i]) < 0 {
			p.i = mark
		}
	}
	switch {
	case p.i == len(p.s):
		return true
	case p.n < 3 && strings.IndexByte("/-.", p.s[p.i]) >= 0:
		p.i++
		p.blanks()
		return p.i < len(p.s)

	case p.s[p.i] == ',':
		p.i++
	case p.n == 3 && p.s[p.i] == 'T':
		p.i++
		return p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9'
	case p.s[p.i] != ' ':
		return false
	}
	p.blanks()
	return p.i < len(p.s)
}

// time reads the rest of hh:mm[:ss[.f…]] [AM|PM].
func (p *looseScanner) time(hour int) bool {
	if p.timed {
		return false
	}
	p.timed = true
	p.i++
	minute, d := p.number()
	if d == 0 || d > 2 {
		return false
	}
	p.clock.Hour, p.clock.Minute = hour, minute
	if p.i < len(p.s) && p.s[p.i] == ':' {
		p.i++
		if p.clock.Second, d = p.number(); d == 0 || d > 2 {
			return false
		}
		if p.i < len(p.s) && p.s[p.i] == '.' {
			p.i++
			start := p.i
			for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
				p.i++
			}
			f, ok := fraction(p.s[start:p.i])
			if !ok || p.i == start {
				return false
			}
			p.clock.Tick = int(f)
		}
	}
	p.blanks()
	mark := p.i
	switch strings.ToUpper(p.word()) {
	case "AM", "PM":
		if hour < 1 || hour > 12 {
			return false
		}
		p.clock.Hour = hour % 12
		if p.s[mark]|0x20 == 'p' {
			p.clock.Hour += 12
		}
	default:
		p.i = mark
	}
	p.blanks()
	return true
}

func (p *looseScanner) zone(text string) bool {
	if !p.timed || p.zoned {
		return false
	}
	p.zoned = true
	end := strings.IndexByte(text, ' ')
	if text[0] != '+' && text[0] != '-' || end < 0 {
		end = len(text)
	}
	iso := isoScanner{s: text[:end]}
	z, ok := iso.zone()
	if text[0] == '+' || text[0] == '-' {
		p.i += end
	}
	p.offset = z
	p.blanks()
	return ok
}

// date puts the parts in order: a month's name may stand anywhere, a year of four digits first or last;
// all in numbers, the month comes first unless the year does.
func (p *looseScanner) date() (Civil, bool) {
	if p.n != 3 {
		return Civil{}, false
	}
	y, m, d := 2, 0, 1
	switch {
	case p.width[0] == 4:
		y, m, d = 0, 1, 2
	case p.parts[1] < 0:
		m, d = 1, 0
	}
	year, month, day := p.parts[y], p.parts[m], p.parts[d]
	if month < 0 {
		month = -month
	}
	if year < 0 || day < 0 || p.width[d] > 2 || p.width[m] > 2 {
		return Civil{}, false
	}
	switch p.width[y] {
	case 4:
	case 1, 2: // .NET reads 00 to 49 as 20xx
		if year += 1900; year < 1950 {
			year += 100
		}
	default:
		return Civil{}, false
	}
	return Civil{Year: year, Month: month, Day: day}, true
}
