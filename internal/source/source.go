// Package source holds query and rule text, byte spans into it, and the diagnostics that point at them.
//
// Every phase (lexer, parser, binder, rule loader) reports through Diagnostic, so a fault looks the same
// wherever it was found. The package imports nothing else of the project.
package source

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Span is a half-open range of bytes [Start, End) in a File's text.
type Span struct {
	Start, End int
}

// Len returns the number of bytes in s.
func (s Span) Len() int { return s.End - s.Start }

// To returns the smallest span that covers both s and t.
func (s Span) To(t Span) Span {
	return Span{min(s.Start, t.Start), max(s.End, t.End)}
}

// Position is a place in a text for people: both numbers start at 1, and Column counts characters
// (a tab is one).
type Position struct {
	Line, Column int
}

// File is a named text with an index of its lines.
type File struct {
	Name string
	Text string

	lines []int // byte offset of the first byte of each line
	// embedded text: where the text stands inside a larger file (a query inside a rule's YAML)
	outer    *File
	outerPos func(offset int) int
}

// NewFile returns a File for text. Name may be empty; it is printed before the position.
func NewFile(name, text string) *File {
	f := &File{Name: name, Text: text, lines: []int{0}}
	for i := 0; i < len(text); i++ {
		if text[i] == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
	return f
}

// Embed returns a File for a text that stands inside outer: toOuter maps a byte offset of text to one of
// outer, so that diagnostics are printed with the position in the file the user edits.
func Embed(outer *File, text string, toOuter func(offset int) int) *File {
	f := NewFile(outer.Name, text)
	f.outer, f.outerPos = outer, toOuter
	return f
}

// Position returns the line and column of a byte offset; offsets outside the text are moved to its ends.
func (f *File) Position(offset int) Position {
	offset = max(0, min(offset, len(f.Text)))
	if f.outer != nil {
		return f.outer.Position(f.outerPos(offset))
	}
	line := sort.SearchInts(f.lines, offset+1) - 1
	return Position{line + 1, utf8.RuneCountInString(f.Text[f.lines[line]:offset]) + 1}
}

// Line returns the text of line n (from 1) without its line end.
func (f *File) Line(n int) string {
	if f.outer != nil {
		return f.outer.Line(n)
	}
	if n < 1 || n > len(f.lines) {
		return ""
	}
	end := len(f.Text)
	if n < len(f.lines) {
		end = f.lines[n] - 1
	}
	return strings.TrimSuffix(f.Text[f.lines[n-1]:end], "\r")
}
