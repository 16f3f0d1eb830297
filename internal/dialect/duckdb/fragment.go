package duckdb

import "strings"

// fragment is SQL text in parts: a SELECT that stands inside others is not copied at every level.
type fragment struct {
	text  string
	parts []fragment
}

// sqlf puts strings and fragments together.
func sqlf(parts ...any) fragment {
	f := fragment{parts: make([]fragment, 0, len(parts))}
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			if p != "" {
				f.parts = append(f.parts, fragment{text: p})
			}
		case fragment:
			f.parts = append(f.parts, p)
		default:
			panic("no SQL text")
		}
	}
	return f
}

func (f fragment) empty() bool { return f.text == "" && len(f.parts) == 0 }

func (f fragment) write(b *strings.Builder) {
	b.WriteString(f.text)
	for _, p := range f.parts {
		p.write(b)
	}
}

func (f fragment) size() int {
	n := len(f.text)
	for _, p := range f.parts {
		n += p.size()
	}
	return n
}

// String is the whole text.
func (f fragment) String() string {
	var b strings.Builder
	b.Grow(f.size())
	f.write(&b)
	return b.String()
}
