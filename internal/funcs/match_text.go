package funcs

import (
	"regexp"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// textPattern is a pattern of the operator parse: constants, columns and asterisks. It means what the regular
// expression with the same parts means where everything is as short as it can be, and it is much faster on
// long texts, since constants are searched for and not stepped to.
type textPattern []textPart

// textPart is a constant, or something that ends where the next constant begins.
type textPart struct {
	kind byte // '=' constant, '*' anything, ':' column of a type, '?' column of a type that may be otherwise
	text string
	// shape is what the text of a column looks like, and shapeText its pattern; nil for any text.
	shape     *regexp.Regexp
	shapeText string
	// greedy tells that an expression which takes what it can takes the longest text of the shape.
	greedy bool
}

// TypedText returns what the text of a column of a type looks like, as an RE2 pattern, or "" for any text.
func TypedText(t types.Type) string {
	switch t {
	case types.Int, types.Long:
		return `-?[0-9]+`
	case types.Real, types.Decimal:
		return `[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?`
	case types.Bool:
		return `(?i:true|false)|[01]`
	case types.Guid:
		return `[{(]?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}[)}]?`
	}
	return ""
}

// PrefixText is TypedText for a column behind which anything may stand, so that the column ends where its type
// does: dates and timespans too then have a shape.
func PrefixText(t types.Type) string {
	const clock = `[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?`
	switch t {
	case types.Datetime:
		return `(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4})(?:[T ]` + clock + `(?: ?[AaPp][Mm])?(?:Z|[-+][0-9]{2}:?[0-9]{2})?)?`
	case types.Timespan:
		return `-?(?:(?:[0-9]+\.)?` + clock + `|[0-9]+(?:\.[0-9]+)?(?:ms|[dhms]))`
	}
	return TypedText(t)
}

// textPattern returns the pattern that a constant spells. It is kept, since the constant comes with every row.
func (c *Ctx) textPattern(parts types.Value) textPattern {
	p, ok := c.texts[parts.Text()]
	if !ok {
		if c.texts == nil {
			c.texts = make(map[string]textPattern)
		}
		p = newTextPattern(types.JSONOf(parts))
		c.texts[parts.Text()] = p
	}
	return p
}

func newTextPattern(parts types.JSON) textPattern {
	var p textPattern
	for i, item := range parts.Items {
		part := textPart{kind: item.Str[0], text: item.Str[1:]}
		if part.kind == ':' || part.kind == '?' {
			t, _ := types.Parse(part.text)
			shape := TypedText(t)
			if i+1 < len(parts.Items) && parts.Items[i+1].Str == "*" {
				shape = PrefixText(t)
			}
			if shape != "" {
				part.shape, part.shapeText = regexp.MustCompile(`\A(?:`+shape+`)`), shape
				part.greedy = TypedText(t) != ""
				part.shape.Longest()
			}
		}
		p = append(p, part)
	}
	return p
}

// shortText is the length, in bytes, up to which the engine's regular expressions are faster than a search for
// the constants, which costs a call for every row.
const shortText = 400

// columns counts the columns.
func (p textPattern) columns() int {
	n := 0
	for _, part := range p {
		if part.kind == ':' || part.kind == '?' {
			n++
		}
	}
	return n
}

// re2 returns the pattern as an RE2 pattern that matches the same texts in the same way, with a group around all
// of it, which is never empty, and one for each column. ok is false where an expression would take other places:
// it makes what has a shape as long as it can be, which is the same only if the constant behind it cannot begin
// inside, and it goes back where a column ends with its type.
func (p textPattern) re2() (pattern string, ok bool) {
	var re strings.Builder
	constant := false
	for i, part := range p {
		last := i+1 == len(p)
		switch {
		case part.kind == '=':
			constant = constant || part.text != ""
			re.WriteString(regexp.QuoteMeta(part.text))
		case part.kind == '*':
			if i > 0 && !last {
				re.WriteString(".*?")
			}
		case part.kind == ':' && part.greedy && i+2 == len(p) && p[i+1].kind == '*':
			re.WriteString("(" + part.shapeText + ")")
		case !last && p[i+1].kind != '=', part.kind == ':' && part.shape != nil && !last && mayHold(p[i+1].text):
			return "", false
		case part.kind == ':' && part.shape != nil:
			re.WriteString("(" + part.shapeText + ")")
		default:
			re.WriteString("(.*?)")
		}
	}
	head, tail := `\A`, `\z`
	if p[0].kind == '*' {
		head = ""
	}
	if p[len(p)-1].kind == '*' {
		tail = ""
	}
	return "(?s)" + head + "(" + re.String() + ")" + tail, constant
}

// mayHold tells whether a column that has a shape may hold the beginning of a constant.
func mayHold(constant string) bool {
	if constant == "" {
		return true
	}
	c := constant[0]
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("+-.:/{}()", c) >= 0
}

// match returns the texts of the columns.
func (p textPattern) match(text string) ([]string, bool) {
	m := textMatch{p: p, text: text}
	if !m.from(0, 0) {
		return nil, false
	}
	return m.values, true
}

// textMatch is one match. A place that was tried in vain is not tried again, so the work is bounded by the
// number of parts times the length of the text.
type textMatch struct {
	p      textPattern
	text   string
	values []string
	failed map[[2]int]bool
}

// from matches the parts from i on with the text from at on.
func (m *textMatch) from(i, at int) bool {
	if i == len(m.p) {
		return at == len(m.text)
	}
	if m.failed[[2]int{i, at}] {
		return false
	}
	if m.part(i, at) {
		return true
	}
	if m.failed == nil {
		m.failed = make(map[[2]int]bool)
	}
	m.failed[[2]int{i, at}] = true
	return false
}

func (m *textMatch) part(i, at int) bool {
	part := &m.p[i]
	switch {
	case part.kind == '=':
		return strings.HasPrefix(m.text[at:], part.text) && m.from(i+1, at+len(part.text))
	case part.kind == '*' && i+1 == len(m.p):
		return true
	case i+1 == len(m.p):
		return m.fits(part, m.text[at:]) && m.take(m.text[at:], i+1, len(m.text))
	case m.p[i+1].kind == '*': // a column that ends where its type ends
		end := part.shape.FindStringIndex(m.text[at:])
		if end == nil {
			return part.kind == '?' && m.take("", i+1, at)
		}
		return m.take(m.text[at:at+end[1]], i+1, at+end[1])
	}
	// Everything up to a constant, at the first of its places from which the rest fits.
	next := m.p[i+1].text
	for end := at; ; end++ {
		n := strings.Index(m.text[end:], next)
		if n < 0 {
			return false
		}
		end += n
		if part.kind == '*' {
			if m.from(i+2, end+len(next)) {
				return true
			}
		} else if m.fits(part, m.text[at:end]) && m.take(m.text[at:end], i+2, end+len(next)) {
			return true
		}
	}
}

// fits tells whether a text may be the value of a column.
func (m *textMatch) fits(part *textPart, value string) bool {
	if part.kind == '?' || part.shape == nil {
		return true
	}
	end := part.shape.FindStringIndex(value)
	return end != nil && end[1] == len(value)
}

// take notes the value of a column and goes on with the rest.
func (m *textMatch) take(value string, i, at int) bool {
	n := len(m.values)
	m.values = append(m.values, value)
	if m.from(i, at) {
		return true
	}
	m.values = m.values[:n]
	return false
}
