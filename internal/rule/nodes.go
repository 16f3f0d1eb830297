package rule

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/source"
)

// reader gives access to the nodes of a YAML file with the places of everything.
type reader struct {
	diags
	file *source.File
	text *yamlText
	read int // values read so far, aliases written out
	// typed tells that values have the type they are to be read as; in YAML a text may look like a number.
	typed bool
}

// maxValues is how many values a file may have with its aliases written out.
const maxValues = 100_000

// spend counts a value; false means that there are too many, which is reported once.
func (r *reader) spend(n *yaml.Node) bool {
	if r.read++; r.read == maxValues+1 {
		r.aliasesGrow(r.text.span(n))
	}
	return r.read <= maxValues
}

// member is a field of a mapping.
type member struct {
	name   string
	key    *yaml.Node
	value  *yaml.Node // an alias is already followed
	indent int        // column, from 0, of the block the member stands in
}

var yamlErrorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// root reads the file as one YAML mapping; nil means that a fault was reported.
func (r *reader) root() *yaml.Node {
	for i := 0; i < len(r.file.Text); {
		c, w := utf8.DecodeRuneInString(r.file.Text[i:])
		if c == utf8.RuneError && w <= 1 {
			r.notUTF8(source.Span{Start: i, End: i + 1})
			return nil
		}
		i += w
	}
	dec := yaml.NewDecoder(strings.NewReader(r.file.Text))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		r.notOneRule(source.Span{}, "an empty file")
		return nil
	} else if err != nil {
		r.yamlError(err)
		return nil
	}
	if err := dec.Decode(&second); err == nil {
		if second.Kind == yaml.DocumentNode && !isNull(second.Content[0]) {
			r.notOneRule(r.text.span(second.Content[0]), "a second document")
			return nil
		}
	} else if !errors.Is(err, io.EOF) {
		r.yamlError(err)
		return nil
	}
	n := follow(doc.Content[0])
	if n.Kind != yaml.MappingNode {
		r.notOneRule(r.text.span(n), kindName(n))
		return nil
	}
	return n
}

// maxSearched is how long a file may be, in lines, for the line of a YAML fault to be searched for.
const maxSearched = 1000

// yamlError reports a fault of the YAML library. The library tells the line at most, and often that of the block
// in which the fault is; the line is therefore searched: the first one after the longest head of the file that
// can still be read.
func (r *reader) yamlError(err error) {
	m := yamlErrorLine.FindStringSubmatch(err.Error())
	msg, line := err.Error(), 1
	if m != nil {
		msg = msg[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	if n := len(r.text.lines); n <= maxSearched {
		for line = n; line > 1; line-- {
			var doc yaml.Node
			head := r.file.Text[:r.text.lines[line-1]]
			if err := yaml.NewDecoder(strings.NewReader(head)).Decode(&doc); err == nil || errors.Is(err, io.EOF) {
				break
			}
		}
	}
	start := r.text.lineStart(line)
	r.notYAML(source.Span{Start: start, End: r.text.lineEnd(start)}, msg)
}

// follow returns the node that an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		switch n.Tag {
		case "!!null":
			return "nothing"
		case "!!int":
			return "a number"
		case "!!float":
			return "a number with a fraction"
		case "!!bool":
			return "true or false"
		}
		return "text"
	}
	return "something else"
}

// members returns the fields of a mapping in their order. Of a field that stands twice the last value counts, at
// the first one's place; merge keys (<<) fill in what the mapping itself lacks.
func (r *reader) members(n *yaml.Node) []member {
	return r.membersWithin(n, map[*yaml.Node]bool{})
}

func (r *reader) membersWithin(n *yaml.Node, open map[*yaml.Node]bool) []member {
	if open[n] || !r.spend(n) { // a mapping that merges itself
		return nil
	}
	open[n] = true
	defer delete(open, n)
	var out []member
	at := map[string]int{}
	merged := map[string]bool{}
	add := func(m member, fromMerge bool) {
		i, taken := at[m.name]
		switch {
		case !taken:
			at[m.name] = len(out)
			merged[m.name] = fromMerge
			out = append(out, m)
		case fromMerge: // what stands in the mapping, or was merged before, wins
		case merged[m.name]:
			merged[m.name] = false
			out[i] = m
		default:
			r.duplicateField(r.text.span(m.key), m.name)
			out[i] = m
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := follow(n.Content[i]), follow(n.Content[i+1])
		if key.Tag == "!!merge" {
			sources := []*yaml.Node{value}
			if value.Kind == yaml.SequenceNode {
				sources = value.Content
			}
			for _, s := range sources {
				if s = follow(s); s.Kind == yaml.MappingNode {
					for _, m := range r.membersWithin(s, open) {
						add(m, true)
					}
				} else {
					r.wrongType(r.text.span(n.Content[i]), "<<", "a mapping", kindName(s))
				}
			}
			continue
		}
		if key.Kind != yaml.ScalarNode {
			r.wrongType(r.text.span(key), "key", "text", kindName(key))
			continue
		}
		add(member{name: key.Value, key: n.Content[i], value: value, indent: key.Column - 1}, false)
	}
	return out
}

// mapping returns the members of m's value; a null is an empty mapping.
func (r *reader) mapping(m member) []member {
	if isNull(m.value) {
		return nil
	}
	if m.value.Kind != yaml.MappingNode {
		r.wrongType(r.text.span(m.value), m.name, "a mapping", kindName(m.value))
		return nil
	}
	return r.members(m.value)
}

// list returns the elements of m's value as members of the same name; a null is an empty list.
func (r *reader) list(m member) []member {
	if isNull(m.value) {
		return nil
	}
	if m.value.Kind != yaml.SequenceNode {
		r.wrongType(r.text.span(m.value), m.name, "a list", kindName(m.value))
		return nil
	}
	out := make([]member, len(m.value.Content))
	for i, n := range m.value.Content {
		out[i] = member{name: fmt.Sprintf("%s[%d]", m.name, i), key: n, value: follow(n), indent: m.value.Column - 1}
	}
	return out
}

// str returns the text of a scalar; ok is false for a null and, with a report, for anything else.
func (r *reader) str(m member) (string, bool) {
	if isNull(m.value) {
		return "", false
	}
	if m.value.Kind != yaml.ScalarNode || r.typed && m.value.Tag != "!!str" {
		r.wrongType(r.text.span(m.value), m.name, "text", kindName(m.value))
		return "", false
	}
	return m.value.Value, true
}

// other returns the text of a scalar that is to be something other than text.
func (r *reader) other(m member, tag, expected string) (string, bool) {
	if isNull(m.value) {
		return "", false
	}
	if m.value.Kind != yaml.ScalarNode || r.typed && m.value.Tag != tag {
		r.wrongType(r.text.span(m.value), m.name, expected, kindName(m.value))
		return "", false
	}
	return m.value.Value, true
}

// strs returns the texts of a list; a null element is left out. A scalar counts as a list of one.
func (r *reader) strs(m member) (texts []string, at []member) {
	if m.value.Kind == yaml.ScalarNode && !isNull(m.value) && !r.typed {
		return []string{m.value.Value}, []member{m}
	}
	for _, e := range r.list(m) {
		if s, ok := r.str(e); ok {
			texts, at = append(texts, strings.TrimSpace(s)), append(at, e)
		}
	}
	return texts, at
}

// boolean returns a true or false.
func (r *reader) boolean(m member) (value, ok bool) {
	s, ok := r.other(m, "!!bool", "true or false")
	if !ok {
		return false, false
	}
	switch {
	case strings.EqualFold(s, "true"):
		return true, true
	case strings.EqualFold(s, "false"):
		return false, true
	}
	r.wrongType(r.text.span(m.value), m.name, "true or false", "'"+s+"'")
	return false, false
}
