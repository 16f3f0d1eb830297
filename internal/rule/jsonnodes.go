package rule

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/source"
)

// maxJSONDepth is how deep a rule's JSON may nest; rules need eight.
const maxJSONDepth = 64

// jsonReader reads JSON into the nodes that the loader works on, with the place of each: a rule means the same in both
// forms, so one loader reads both. YAML's own reader would not do: it refuses some JSON (surrogate pairs, long keys).
type jsonReader struct {
	text   string
	i      int
	values int
	places map[*yaml.Node]source.Span
}

// jsonFault is why a text is no JSON.
type jsonFault struct {
	at  int
	msg string
}

func (f *jsonFault) Error() string { return f.msg }

// readJSON reads one JSON value. The yamlText knows the places of its nodes.
func readJSON(text string) (*yaml.Node, *yamlText, *jsonFault) {
	p := &jsonReader{text: text, places: map[*yaml.Node]source.Span{}}
	p.i = len(text) - len(strings.TrimPrefix(text, "\ufeff"))
	n, err := p.value(0)
	if err == nil {
		if p.blanks(); p.i < len(text) {
			err = p.fault("something follows the value")
		}
	}
	t := newYAMLText(text)
	t.json = p.places
	return n, t, err
}

func (p *jsonReader) fault(format string, args ...any) *jsonFault {
	return &jsonFault{min(p.i, len(p.text)), fmt.Sprintf(format, args...)}
}

func (p *jsonReader) blanks() {
	for p.i < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.i]) >= 0 {
		p.i++
	}
}

// node makes a node that starts at a place and ends here. A list or object is pointed at by its bracket.
func (p *jsonReader) node(start int, kind yaml.Kind, tag, value string) *yaml.Node {
	n := &yaml.Node{Kind: kind, Tag: tag, Value: value}
	end := p.i
	if kind != yaml.ScalarNode {
		end = start + 1
	} else if tag == "!!str" {
		n.Style = yaml.DoubleQuotedStyle
	}
	p.places[n] = source.Span{Start: start, End: end}
	return n
}

func (p *jsonReader) value(depth int) (*yaml.Node, *jsonFault) {
	p.blanks()
	start := p.i
	if p.i >= len(p.text) {
		return nil, p.fault("a value is missing")
	}
	if p.values++; p.values > maxValues {
		return nil, p.fault("more than %d values", maxValues)
	}
	if depth > maxJSONDepth {
		return nil, p.fault("deeper than %d", maxJSONDepth)
	}
	switch c := p.text[p.i]; {
	case c == '{' || c == '[':
		return p.composite(c, depth)
	case c == '"':
		return p.str()
	case c == '-' || c >= '0' && c <= '9':
		for p.i < len(p.text) && strings.IndexByte("+-.0123456789eE", p.text[p.i]) >= 0 {
			p.i++
		}
		text, tag := p.text[start:p.i], "!!int"
		if strings.ContainsAny(text, ".eE") {
			tag = "!!float"
		}
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			p.i = start
			return nil, p.fault("malformed number")
		}
		return p.node(start, yaml.ScalarNode, tag, text), nil
	}
	for _, w := range []struct{ word, tag string }{{"true", "!!bool"}, {"false", "!!bool"}, {"null", "!!null"}} {
		if strings.HasPrefix(p.text[p.i:], w.word) {
			p.i += len(w.word)
			return p.node(start, yaml.ScalarNode, w.tag, w.word), nil
		}
	}
	return nil, p.fault("expected a value")
}

func (p *jsonReader) composite(open byte, depth int) (*yaml.Node, *jsonFault) {
	n, end := p.node(p.i, yaml.MappingNode, "!!map", ""), byte('}')
	if open == '[' {
		n.Kind, n.Tag, end = yaml.SequenceNode, "!!seq", ']'
	}
	p.i++
	for first := true; ; first = false {
		p.blanks()
		if first && p.i < len(p.text) && p.text[p.i] == end {
			p.i++
			return n, nil
		}
		if open == '{' {
			if p.i >= len(p.text) || p.text[p.i] != '"' {
				return nil, p.fault("expected a name in quotation marks")
			}
			key, err := p.str()
			if err != nil {
				return nil, err
			}
			p.blanks()
			if p.i >= len(p.text) || p.text[p.i] != ':' {
				return nil, p.fault("expected :")
			}
			p.i++
			n.Content = append(n.Content, key)
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, v)
		p.blanks()
		switch {
		case p.i < len(p.text) && p.text[p.i] == ',':
			p.i++
		case p.i < len(p.text) && p.text[p.i] == end:
			p.i++
			return n, nil
		default:
			return nil, p.fault("expected , or %c", end)
		}
	}
}

func (p *jsonReader) str() (*yaml.Node, *jsonFault) {
	start := p.i
	s, at, msg := jsonString(p.text, start)
	p.i = at
	if msg != "" {
		return nil, p.fault("%s", msg)
	}
	return p.node(start, yaml.ScalarNode, "!!str", s.value), nil
}

// jsonEscapes are the escapes of one letter. https://www.rfc-editor.org/rfc/rfc8259#section-7
var jsonEscapes = map[byte]string{'"': `"`, '\\': `\`, '/': "/", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t"}

// jsonString reads the string at i, with the place of each byte. at is where it ends, or where the fault is that msg tells.
func jsonString(text string, i int) (s placed, at int, msg string) {
	var b builder
	for i++; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			return b.placed(i + 1), i + 1, ""
		case c < ' ':
			return placed{}, i, "a control character stands in a string"
		case c != '\\':
			n := i
			for n < len(text) && text[n] != '"' && text[n] != '\\' && text[n] >= ' ' {
				n++
			}
			b.add(text[i:n], i, n-i)
			i = n
		default:
			if i+1 >= len(text) {
				return placed{}, i, "a string is not closed"
			}
			if out, ok := jsonEscapes[text[i+1]]; ok {
				b.add(out, i, 2)
				i += 2
				continue
			}
			r, width := jsonRune(text[i:])
			if width == 0 {
				return placed{}, i, "unknown escape"
			}
			b.add(string(r), i, width)
			i += width
		}
	}
	return placed{}, i, "a string is not closed"
}

// jsonRune reads \uXXXX, or two of them that are a surrogate pair.
func jsonRune(s string) (r rune, width int) {
	unit := func(s string) (rune, bool) {
		if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
			return 0, false
		}
		n, err := strconv.ParseUint(s[2:6], 16, 16)
		return rune(n), err == nil
	}
	r, ok := unit(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := unit(s[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
		r = utf8.RuneError
	}
	return r, 6
}
