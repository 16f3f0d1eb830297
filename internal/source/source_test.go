package source

import (
	"strings"
	"testing"
)

func TestPosition(t *testing.T) {
	const text = "é = 1\r\n\n\tlast"
	f := NewFile("q.kql", text)
	for _, c := range []struct {
		offset, line, column int
	}{
		{-1, 1, 1},
		{0, 1, 1},
		{2, 1, 2}, // é is two bytes and one character
		{strings.Index(text, "\r"), 1, 6},
		{strings.Index(text, "\n\t"), 2, 1},
		{strings.Index(text, "last"), 3, 2}, // a tab is one character
		{len(text), 3, 6},
		{len(text) + 9, 3, 6},
	} {
		if got := f.Position(c.offset); got != (Position{c.line, c.column}) {
			t.Errorf("offset %d is %d:%d, want %d:%d", c.offset, got.Line, got.Column, c.line, c.column)
		}
	}
	for n, want := range map[int]string{0: "", 1: "é = 1", 2: "", 3: "\tlast", 4: ""} {
		if got := f.Line(n); got != want {
			t.Errorf("line %d is %q, want %q", n, got, want)
		}
	}
}

// TestEmbed: a fault in a query inside a rule is shown where it stands in the rule.
func TestEmbed(t *testing.T) {
	const rule = "name: x\nquery: |\n  T\n  | where a\n"
	outer := NewFile("rule.yaml", rule)
	query := Embed(outer, "T\n| where a\n", func(offset int) int {
		if offset < 2 {
			return strings.Index(rule, "T") + offset
		}
		return strings.Index(rule, "| where") + offset - 2
	})
	at := strings.Index(query.Text, "a\n")
	ds := Diagnostics{File: query, List: []Diagnostic{
		{Severity: Error, Code: "KS142", Msg: "no column is called 'a'", Span: Span{at, at + 1}, Hint: "write b"},
		{Severity: Error, Code: "KS142", Msg: "no column is called 'a'", Span: Span{at, at + 1}, Hint: "write b"},
		{Severity: Warning, Msg: "over two lines", Span: Span{0, at}},
	}}
	ds.Sort()
	const want = `rule.yaml:3:3: warning: over two lines
  T
  ~
rule.yaml:4:11: error KS142: no column is called 'a'
  | where a
          ~
  hint: write b`
	got := strings.ReplaceAll(ds.Error(), "\n    ", "\n  ")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !ds.HasErrors() || ds.Err() == nil {
		t.Error("the errors are not counted as such")
	}
}
