package rule

import (
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/source"
)

// yamlText turns the line and column of a YAML node into bytes of the file, and the bytes of a scalar's value
// into the bytes they were written with.
//
// The YAML library says where a node starts and no more. A query, though, is a scalar of its own lines, and
// a fault in it must be shown where the user typed it. So the scalar is read a second time here, by the same
// rules, with the place of every piece kept; if the two readings differ the second one is not used.
type yamlText struct {
	text  string
	lines []int // byte offset of each line, by YAML's line ends (CR and the Unicode ones too)
	// json has the places of the nodes of a text that is JSON, where they are known without a second reading.
	json map[*yaml.Node]source.Span
}

func newYAMLText(text string) *yamlText {
	start := 0
	if strings.HasPrefix(text, "\ufeff") {
		start = len("\ufeff")
	}
	t := &yamlText{text: text, lines: []int{start}}
	for i := start; i < len(text); {
		if n := breakLen(text, i); n > 0 {
			i += n
			t.lines = append(t.lines, i)
			continue
		}
		i++
	}
	return t
}

// breakLen returns the length of the line break at i, 0 if there is none.
func breakLen(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	switch s[i] {
	case '\n':
		return 1
	case '\r':
		if i+1 < len(s) && s[i+1] == '\n' {
			return 2
		}
		return 1
	case 0xC2:
		if strings.HasPrefix(s[i:], "\u0085") {
			return 2
		}
	case 0xE2:
		if strings.HasPrefix(s[i:], "\u2028") || strings.HasPrefix(s[i:], "\u2029") {
			return 3
		}
	}
	return 0
}

// breakText is what a line break of the file becomes in a value.
func breakText(s string) string {
	if s == "\u2028" || s == "\u2029" {
		return s
	}
	return "\n"
}

// lineStart returns the offset of a line counted from 1.
func (t *yamlText) lineStart(line int) int {
	return t.lines[max(0, min(line, len(t.lines))-1)]
}

// start returns the offset of the first byte of n.
func (t *yamlText) start(n *yaml.Node) int {
	if s, ok := t.json[n]; ok {
		return s.Start
	}
	i := t.lineStart(n.Line)
	for c := 1; c < n.Column && i < len(t.text); c++ {
		_, w := utf8.DecodeRuneInString(t.text[i:])
		i += w
	}
	return i
}

// content returns the offset of a scalar's own first byte, behind an anchor or a tag.
func (t *yamlText) content(n *yaml.Node) int {
	i := t.start(n)
	for i < len(t.text) && (t.text[i] == '&' || t.text[i] == '!') {
		for i < len(t.text) && t.text[i] != ' ' && t.text[i] != '\t' && breakLen(t.text, i) == 0 {
			i++
		}
		for i < len(t.text) && (t.text[i] == ' ' || t.text[i] == '\t' || breakLen(t.text, i) > 0) {
			i++
		}
	}
	return i
}

// span returns what a diagnostic about n points at: the scalar as far as its first line goes, or the first
// line of a mapping or list.
func (t *yamlText) span(n *yaml.Node) source.Span {
	if s, ok := t.json[n]; ok {
		return s
	}
	start := t.start(n)
	if n.Kind == yaml.ScalarNode {
		if n.Value == "" && n.Style == 0 { // an absent value: the place before the line end
			return source.Span{Start: start, End: start}
		}
		if m, ok := t.scalar(n, -1); ok && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
			return source.Span{Start: start, End: min(m.end, t.lineEnd(start))}
		}
	}
	return source.Span{Start: start, End: t.lineEnd(start)}
}

// lineEnd returns the end of the text on the line of offset i, without blanks and comments' leading blanks.
func (t *yamlText) lineEnd(i int) int {
	end := i
	for end < len(t.text) && breakLen(t.text, end) == 0 {
		end++
	}
	for end > i && (t.text[end-1] == ' ' || t.text[end-1] == '\t') {
		end--
	}
	return end
}

// placed is a scalar's value and where its bytes stand in the file.
type placed struct {
	value string
	runs  []run // in order of at
	end   int   // offset behind the scalar
}

// run is a piece of a value: size bytes from at on are written at from, in width bytes. Where size and width are
// equal the bytes correspond one to one; else (an escape, a line end) the piece stands as a whole.
type run struct{ at, from, size, width int }

// outer returns the offset in the file of an offset of the value.
func (p *placed) outer(offset int) int {
	if len(p.runs) == 0 {
		return p.end
	}
	i := sort.Search(len(p.runs), func(i int) bool { return p.runs[i].at > offset }) - 1
	if i < 0 {
		return p.runs[0].from
	}
	r := p.runs[i]
	switch d := offset - r.at; {
	case d >= r.size:
		return r.from + r.width
	case r.size == r.width:
		return r.from + d
	default:
		return r.from
	}
}

// builder collects a value and its runs.
type builder struct {
	b    strings.Builder
	runs []run
}

func (b *builder) add(value string, from, width int) {
	if value == "" {
		return
	}
	if n := len(b.runs); n > 0 && len(value) == width {
		if r := &b.runs[n-1]; r.size == r.width && r.from+r.width == from {
			r.size, r.width = r.size+width, r.width+width
			b.b.WriteString(value)
			return
		}
	}
	b.runs = append(b.runs, run{b.b.Len(), from, len(value), width})
	b.b.WriteString(value)
}

func (b *builder) placed(end int) placed { return placed{b.b.String(), b.runs, end} }

// scalar reads the scalar n again and returns where each byte of its value stands. indent is the column
// (from 0) of the block that the scalar is a value of, which only an explicit indentation indicator needs. ok is
// false where this reading does not give the library's value.
func (t *yamlText) scalar(n *yaml.Node, indent int) (p placed, ok bool) {
	if s, known := t.json[n]; known {
		if n.Style&yaml.DoubleQuotedStyle == 0 {
			return placed{}, false
		}
		p, _, msg := jsonString(t.text, s.Start)
		return p, msg == "" && p.value == n.Value
	}
	i := t.content(n)
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		p, ok = t.block(i, indent)
	case n.Style&yaml.SingleQuotedStyle != 0:
		p, ok = t.quoted(i, '\'')
	case n.Style&yaml.DoubleQuotedStyle != 0:
		p, ok = t.quoted(i, '"')
	default:
		p, ok = t.plain(i, n.Value)
	}
	return p, ok && p.value == n.Value
}

// block reads a literal (|) or folded (>) scalar. https://yaml.org/spec/1.2.2/#81-block-scalar-styles
func (t *yamlText) block(i, parent int) (placed, bool) {
	s := t.text
	if i >= len(s) || s[i] != '|' && s[i] != '>' {
		return placed{}, false
	}
	folded := s[i] == '>'
	chomp, indent := byte(0), 0
	for i++; i < len(s) && (s[i] == '+' || s[i] == '-' || s[i] >= '1' && s[i] <= '9'); i++ {
		if s[i] == '+' || s[i] == '-' {
			chomp = s[i]
		} else {
			indent = max(parent, 0) + int(s[i]-'0')
		}
	}
	for i < len(s) && breakLen(s, i) == 0 {
		i++
	}
	i += breakLen(s, i)

	type brk struct{ from, width int }
	// breaks skips indentation and empty lines and returns those lines' ends.
	breaks := func() (out []brk, column int) {
		deepest := 0
		for {
			column = 0
			for i < len(s) && s[i] == ' ' && (indent == 0 || column < indent) {
				i++
				column++
			}
			deepest = max(deepest, column)
			n := breakLen(s, i)
			if n == 0 {
				break
			}
			out = append(out, brk{i, n})
			i += n
		}
		if indent == 0 {
			indent = max(deepest, parent+1, 1)
		}
		return out, column
	}
	var b builder
	write := func(x brk) { b.add(breakText(s[x.from:x.from+x.width]), x.from, x.width) }
	trailing, column := breaks()
	var leading *brk
	afterBlank := false
	for column == indent && i < len(s) {
		blank := s[i] == ' ' || s[i] == '\t'
		if folded && !afterBlank && !blank && leading != nil && breakText(s[leading.from:leading.from+leading.width]) == "\n" {
			if len(trailing) == 0 {
				b.add(" ", leading.from, leading.width)
			}
		} else if leading != nil {
			write(*leading)
		}
		leading = nil
		for _, x := range trailing {
			write(x)
		}
		afterBlank = blank
		from := i
		for i < len(s) && breakLen(s, i) == 0 {
			i++
		}
		b.add(s[from:i], from, i-from)
		if n := breakLen(s, i); n > 0 {
			leading = &brk{i, n}
			i += n
		}
		trailing, column = breaks()
	}
	if chomp != '-' && leading != nil {
		write(*leading)
	}
	if chomp == '+' {
		for _, x := range trailing {
			write(x)
		}
	}
	return b.placed(i), true
}

// plain reads an unquoted scalar whose value is known: only the folding of its line ends is to be found.
func (t *yamlText) plain(i int, value string) (placed, bool) {
	s := t.text
	var b builder
	for b.b.Len() < len(value) {
		rest := value[b.b.Len():]
		if i < len(s) && rest[0] == s[i] && breakLen(s, i) == 0 && !t.blanksThenBreak(i) {
			b.add(s[i:i+1], i, 1)
			i++
			continue
		}
		text, next, ok := t.fold(i)
		if !ok || !strings.HasPrefix(rest, text) || text == "" {
			return placed{}, false
		}
		b.add(text, i, next-i)
		i = next
	}
	return b.placed(i), true
}

// blanksThenBreak tells whether only blanks stand between i and the line's end, and at least one.
func (t *yamlText) blanksThenBreak(i int) bool {
	j := i
	for j < len(t.text) && (t.text[j] == ' ' || t.text[j] == '\t') {
		j++
	}
	return j > i && breakLen(t.text, j) > 0
}

// fold reads the blanks and line ends at i, to the next text, and returns what they become: one line end a
// blank, more of them themselves but for the first.
func (t *yamlText) fold(i int) (value string, next int, ok bool) {
	s := t.text
	var lines []string
	for i < len(s) {
		if n := breakLen(s, i); n > 0 {
			lines = append(lines, breakText(s[i:i+n]))
			i += n
			continue
		}
		if s[i] != ' ' && s[i] != '\t' {
			break
		}
		i++
	}
	switch {
	case len(lines) == 0:
		return "", i, false
	case lines[0] != "\n":
		return strings.Join(lines, ""), i, true
	case len(lines) == 1:
		return " ", i, true
	}
	return strings.Join(lines[1:], ""), i, true
}

// escapes are the one-letter escapes of a double-quoted scalar.
var escapes = map[byte]string{'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f",
	'r': "\r", 'e': "\x1b", ' ': " ", '"': "\"", '\'': "'", '/': "/", '\\': "\\", 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029"}

// quoted reads a quoted scalar.
func (t *yamlText) quoted(i int, quote byte) (placed, bool) {
	s := t.text
	if i >= len(s) || s[i] != quote {
		return placed{}, false
	}
	var b builder
	for i++; i < len(s); {
		switch c := s[i]; {
		case c == quote && quote == '\'' && strings.HasPrefix(s[i:], "''"):
			b.add("'", i, 2)
			i += 2
		case c == quote:
			return b.placed(i + 1), true
		case c == '\\' && quote == '"':
			if n := breakLen(s, i+1); n > 0 { // an escaped line end joins the lines without a blank
				i += 1 + n
				for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
					i++
				}
				// empty lines after it count
				for n := breakLen(s, i); n > 0; n = breakLen(s, i) {
					b.add(breakText(s[i:i+n]), i, n)
					i += n
					for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
						i++
					}
				}
				continue
			}
			if i+1 >= len(s) {
				return placed{}, false
			}
			if text, ok := escapes[s[i+1]]; ok {
				b.add(text, i, 2)
				i += 2
				continue
			}
			digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[i+1]]
			if digits == 0 || i+2+digits > len(s) {
				return placed{}, false
			}
			r, err := strconv.ParseUint(s[i+2:i+2+digits], 16, 32)
			if err != nil {
				return placed{}, false
			}
			b.add(string(rune(r)), i, 2+digits)
			i += 2 + digits
		case breakLen(s, i) > 0 || t.blanksThenBreak(i):
			text, next, ok := t.fold(i)
			if !ok {
				return placed{}, false
			}
			b.add(text, i, next-i)
			i = next
		default:
			b.add(s[i:i+1], i, 1)
			i++
		}
	}
	return placed{}, false
}
