package rule

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// queryNode returns the scalar under the key query, wherever it is, and the column of its block.
func queryNode(n *yaml.Node) (*yaml.Node, int) {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "query" {
			return n.Content[i+1], n.Content[i].Column - 1
		}
	}
	for _, c := range n.Content {
		if q, col := queryNode(c); q != nil {
			return q, col
		}
	}
	return nil, 0
}

// placeOf reads text, finds the scalar and checks the property that matters: each mark «x» of the value is
// written at the place the map says.
func placeOf(t *testing.T, text string) (*yaml.Node, placed) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("yaml: %v", err)
	}
	n, indent := queryNode(&doc)
	p, ok := newYAMLText(text).scalar(n, indent)
	if !ok {
		t.Fatalf("second reading %q differs from the library's %q", p.value, n.Value)
	}
	return n, p
}

func TestScalarPlaces(t *testing.T) {
	cases := []struct{ name, text, value string }{
		{"literal", "a: 1\nquery: |\n  T1\n  | where x2\nb: 3\n", "T1\n| where x2\n"},
		{"literal at the end without line end", "query: |\n  T1\n  T2", "T1\nT2"},
		{"strip", "query: |-\n  T1\n  T2\n\n", "T1\nT2"},
		{"keep", "query: |+\n  T1\n\n\nb: 2\n", "T1\n\n\n"},
		{"comment behind the indicator", "query: | # the query\n  T1\n", "T1\n"},
		{"leading blank lines", "query:  |\n\n \n  T1\n  T2\n", "\n\nT1\nT2\n"},
		{"inner indentation and blank lines", "query: |\n  T1\n    T2\n\n  T3\n", "T1\n  T2\n\nT3\n"},
		{"tabs inside", "query: |\n  T1\t| take 1\n  \tT2\n", "T1\t| take 1\n\tT2\n"},
		{"explicit indentation", "query: |2\n    T1\n  T2\n", "  T1\nT2\n"},
		{"explicit indentation in a list", "l:\n  - query: |1-\n      T1\n      T2\n", " T1\n T2"},
		{"CRLF", "a: 1\r\nquery: |\r\n  T1\r\n  T2\r\n", "T1\nT2\n"},
		{"BOM", "\ufeffquery: |\n  T1\n", "T1\n"},
		{"BOM and plain on the first line", "\ufeffquery: T1 T2\n", "T1 T2"},
		{"wide characters before and in it", "é: ü\nquery: |\n  T1 // ü\n  T2\n", "T1 // ü\nT2\n"},
		{"NEL in a line", "query: |\n  T1\u0085  T2\n", "T1\nT2\n"},
		{"folded", "query: >\n  T1\n  T2\n\n  T3\n    T4\n  T5\n", "T1 T2\nT3\n  T4\nT5\n"},
		{"folded strip", "query: >-\n  T1\n  T2\n", "T1 T2"},
		{"plain", "query: T1 | take 1  # c\n", "T1 | take 1"},
		{"plain over lines", "query: T1\n  T2 \n\n  T3\nb: 1\n", "T1 T2\nT3"},
		{"single quotes", "query: 'T1 ''x'' T2'\n", "T1 'x' T2"},
		{"single quotes over lines", "query: 'T1 \n  T2\n\n  T3'\n", "T1 T2\nT3"},
		{"double quotes", `query: "T1 \"x\"\tT2\u00fc\n T3"` + "\n", "T1 \"x\"\tT2ü\n T3"},
		{"double quotes over lines", "query: \"T1\\\n   T2\n   T3\"\n", "T1T2 T3"},
		{"anchor and tag", "query: &q !!str |\n  T1\n", "T1\n"},
		{"in a flow mapping", "r: {query: T1 T2, b: 1}\n", "T1 T2"},
		{"empty", "query: ''\n", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n, p := placeOf(t, c.text)
			if n.Value != c.value {
				t.Fatalf("value %q, expected %q", n.Value, c.value)
			}
			// The marks T1, T2 … stand once each in the file: there and nowhere else must they map.
			for i := 0; i+1 < len(c.value); i++ {
				if c.value[i] != 'T' {
					continue
				}
				mark := c.value[i : i+2]
				if got, want := p.outer(i), strings.Index(c.text, mark); got != want {
					t.Errorf("%s maps to %d, expected %d", mark, got, want)
				}
			}
			last := -1
			for i := 0; i <= len(c.value); i++ {
				o := p.outer(i)
				if o < last || o > len(c.text) {
					t.Fatalf("offset %d maps to %d, after %d", i, o, last)
				}
				last = o
			}
		})
	}
}

func FuzzScalarPlaces(f *testing.F) {
	for _, s := range []string{"query: |\n  T\n", "query: >+\n\n  a\n   b\n\n  c\n", "query: 'a''b\n  c'", "query: \"a\\x41\\\n b\"", "query: a\n b\n\n c",
		"x: [{query: a b}]", "query: |2\n   a\n", "\ufeffquery: &a !!str >-\r\n a\r\n b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var doc yaml.Node
		if yaml.Unmarshal([]byte(text), &doc) != nil {
			return
		}
		n, indent := queryNode(&doc)
		if n == nil || n.Kind != yaml.ScalarNode {
			return
		}
		p, ok := newYAMLText(text).scalar(n, indent)
		if !ok {
			return // the caller falls back to the scalar's start
		}
		for i := 0; i <= len(p.value); i++ {
			if o := p.outer(i); o < 0 || o > len(text) {
				t.Fatalf("offset %d maps to %d of %d", i, o, len(text))
			}
		}
	})
}
