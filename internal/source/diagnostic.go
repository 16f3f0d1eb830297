package source

import (
	"fmt"
	"sort"
	"strings"
)

// Severity says how much a Diagnostic matters.
type Severity uint8

// The severities. An Error stops the query or rule; a Warning does not.
const (
	Error Severity = iota + 1
	Warning
	Info
)

func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	case Info:
		return "info"
	}
	return "unknown"
}

// Diagnostic is one fault found in a text. Code is Microsoft's own KS… code where their parser has one for
// the fault, else one of ours (VQ… for queries, VR… for rules).
type Diagnostic struct {
	Code     string
	Severity Severity
	Span     Span
	Msg      string // lower case, no full stop: what is wrong
	Hint     string // what to do about it; may be empty
}

// Diagnostics are the faults of one text; as an error they print one after the other.
type Diagnostics struct {
	File *File
	List []Diagnostic
}

// Add appends d.
func (ds *Diagnostics) Add(d Diagnostic) { ds.List = append(ds.List, d) }

// HasErrors tells whether any of the diagnostics is an Error.
func (ds *Diagnostics) HasErrors() bool {
	for _, d := range ds.List {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Sort orders the diagnostics by place, then message, and drops exact repetitions.
func (ds *Diagnostics) Sort() {
	sort.SliceStable(ds.List, func(i, j int) bool {
		a, b := ds.List[i], ds.List[j]
		if a.Span != b.Span {
			return a.Span.Start < b.Span.Start || a.Span.Start == b.Span.Start && a.Span.End < b.Span.End
		}
		return a.Msg < b.Msg
	})
	out := ds.List[:0]
	for i, d := range ds.List {
		if i == 0 || d != ds.List[i-1] {
			out = append(out, d)
		}
	}
	ds.List = out
}

// Err returns ds as an error if it holds an Error, else nil.
func (ds *Diagnostics) Err() error {
	if ds.HasErrors() {
		return ds
	}
	return nil
}

// Error renders all diagnostics, with the source line and a marker under the span.
func (ds *Diagnostics) Error() string {
	var b strings.Builder
	for i, d := range ds.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(ds.Render(d))
	}
	return b.String()
}

// Head renders d in one line: file:line:column: severity code: message.
func (ds *Diagnostics) Head(d Diagnostic) string {
	p := ds.File.Position(d.Span.Start)
	name := ds.File.Name
	if name != "" {
		name += ":"
	}
	code := d.Code
	if code != "" {
		code = " " + code
	}
	return fmt.Sprintf("%s%d:%d: %s%s: %s", name, p.Line, p.Column, d.Severity, code, d.Msg)
}

// Render renders d with the source line, a ~~~ marker under the span, and the hint.
func (ds *Diagnostics) Render(d Diagnostic) string {
	p, q := ds.File.Position(d.Span.Start), ds.File.Position(d.Span.End)
	line := ds.File.Line(p.Line)
	runes := []rune(line)
	var b strings.Builder
	b.WriteString(ds.Head(d))
	if strings.TrimSpace(line) != "" {
		width := 1
		if q.Line == p.Line {
			width = max(1, q.Column-p.Column)
		} else if len(runes)+1 > p.Column {
			width = len(runes) + 1 - p.Column
		}
		b.WriteString("\n  " + strings.ReplaceAll(line, "\t", " ") + "\n  ")
		b.WriteString(strings.Repeat(" ", p.Column-1) + strings.Repeat("~", width))
	}
	if d.Hint != "" {
		b.WriteString("\n  hint: " + d.Hint)
	}
	return b.String()
}
