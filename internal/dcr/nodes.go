package dcr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/source"
)

// text is a rule file and the places of its nodes.
type text struct {
	file  *source.File
	lines []int // byte offset of the first byte of each line
}

func newText(file *source.File) *text {
	t := &text{file: file, lines: []int{0}}
	for i := 0; i < len(file.Text); i++ {
		if file.Text[i] == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

// at returns the byte offset of a line and column, both from 1; columns count characters.
func (t *text) at(line, column int) int {
	if line < 1 || line > len(t.lines) {
		return 0
	}
	i := t.lines[line-1]
	for ; column > 1 && i < len(t.file.Text); column-- {
		_, w := utf8.DecodeRuneInString(t.file.Text[i:])
		i += w
	}
	return i
}

// span is the first line of a node.
func (t *text) span(n *yaml.Node) source.Span {
	start := t.at(n.Line, n.Column)
	end := start + strings.IndexAny(t.file.Text[start:]+"\n", "\r\n")
	if n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		if strings.HasPrefix(t.file.Text[start:], n.Value) {
			end = start + len(n.Value)
		} else if l := len(n.Value) + 2; start+l <= end {
			end = start + l
		}
	}
	return source.Span{Start: start, End: end}
}

// inside returns, for an offset in a scalar's value, the one in the file.
func (t *text) inside(n *yaml.Node) func(int) int {
	start := t.at(n.Line, n.Column)
	raw := t.file.Text[start:]
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		return t.insideBlock(n)
	case strings.HasPrefix(raw, n.Value):
		return func(i int) int { return start + i }
	case raw != "" && raw[0] == '"':
		var places []int // of each byte of the value
		for i := 1; i < len(raw) && raw[i] != '"' && len(places) <= len(n.Value); {
			w, size := 1, 1
			if raw[i] == '\\' && i+1 < len(raw) {
				w = 2
				if raw[i+1] == 'u' {
					w = 6
					if r, err := strconv.ParseUint(raw[min(i+2, len(raw)):min(i+6, len(raw))], 16, 32); err == nil {
						size = max(1, utf8.RuneLen(rune(r)))
					}
				}
			}
			for range size {
				places = append(places, start+i)
			}
			i += w
		}
		return func(i int) int {
			if i < len(places) {
				return places[i]
			}
			if len(places) > 0 {
				return places[len(places)-1] + 1
			}
			return start
		}
	case raw != "" && raw[0] == '\'' && strings.HasPrefix(raw[1:], n.Value):
		return func(i int) int { return start + 1 + i }
	}
	return func(int) int { return start }
}

// insideBlock is for a literal block, whose lines stand as they are behind their indentation.
func (t *text) insideBlock(n *yaml.Node) func(int) int {
	starts := []int{0}
	for i := 0; i < len(n.Value); i++ {
		if n.Value[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return func(i int) int {
		row := sort.SearchInts(starts, i+1) - 1
		line := n.Line + row // from 0: the block begins on the line behind
		if line >= len(t.lines) {
			return len(t.file.Text)
		}
		outer := t.lines[line]
		end := outer + strings.IndexByte(t.file.Text[outer:]+"\n", '\n')
		valueEnd := starts[row] + strings.IndexByte(n.Value[starts[row]:]+"\n", '\n')
		indent := max(0, len(strings.TrimSuffix(t.file.Text[outer:end], "\r"))-(valueEnd-starts[row]))
		return outer + indent + i - starts[row]
	}
}

var yamlPlace = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// parse reads the file's one document; a file that begins with a brace is JSON.
func (t *text) parse() (*yaml.Node, source.Span, error) {
	body := strings.TrimPrefix(t.file.Text, "\ufeff")
	if strings.HasPrefix(strings.TrimSpace(body), "{") {
		n, at, err := t.json(body)
		return n, source.Span{Start: at, End: min(at+1, len(t.file.Text))}, err
	}
	var doc yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(body))
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, source.Span{}, errors.New("the file is empty")
	} else if err != nil {
		m := yamlPlace.FindStringSubmatch(err.Error())
		line, msg := 1, err.Error()
		if m != nil {
			msg = msg[len(m[0]):]
			if l, err := strconv.Atoi(m[1]); err == nil {
				line = l
			}
		}
		at := t.at(line, 1)
		return nil, source.Span{Start: at, End: at}, errors.New(msg)
	}
	var second yaml.Node
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, source.Span{}, errors.New("a file holds one rule, and this one goes on behind it")
	}
	return doc.Content[0], source.Span{}, nil
}

// json reads JSON into the nodes of YAML, which has other rules for escapes and tabs. at is where a fault is.
func (t *text) json(body string) (n *yaml.Node, at int, err error) {
	skipped := len(t.file.Text) - len(body)
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	n, err = t.jsonNode(dec, skipped, 0)
	at = skipped + int(dec.InputOffset())
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("a file holds one rule, and this one goes on behind it")
		}
	}
	var syn *json.SyntaxError
	if errors.As(err, &syn) {
		at = skipped + max(0, int(syn.Offset)-1)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the file ends inside the rule")
	}
	return n, at, err
}

const maxDepth = 64

func (t *text) jsonNode(dec *json.Decoder, skipped, depth int) (*yaml.Node, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deep")
	}
	before := skipped + int(dec.InputOffset())
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	for before < len(t.file.Text) && strings.IndexByte(" \t\r\n,:", t.file.Text[before]) >= 0 {
		before++
	}
	p := t.file.Position(before)
	n := &yaml.Node{Line: p.Line, Column: p.Column, Kind: yaml.ScalarNode, Tag: "!!str"}
	switch v := tok.(type) {
	case json.Delim:
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
		if v == '[' {
			n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		}
		for dec.More() {
			c, err := t.jsonNode(dec, skipped, depth+1)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, c)
		}
		_, err = dec.Token()
	case string:
		n.Value, n.Style = v, yaml.DoubleQuotedStyle
	case nil:
		n.Tag, n.Value = "!!null", "null"
	case bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(v)
	default:
		n.Tag, n.Value = "!!int", fmt.Sprint(v)
	}
	return n, err
}
