package ingest

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/vedette-siem/vedette/internal/types"
)

// kind is what a field's value was in the file.
type kind uint8

const (
	kindNull   kind = iota
	kindText        // a CSV cell: untyped text
	kindString      // a JSON string
	kindNumber
	kindBool
	kindNested // a JSON object or array
	kindValue  // a typed value of a Parquet column
)

// field is a key and its value, as places in the text of a record.
type field struct {
	keyStart, keyEnd int
	start, end       int // of a string without its quotes
	kind             kind
	keyEscaped       bool
	escaped          bool // a string that holds escapes
	canonical        bool // nested: the text is in the canonical form of a dynamic already
	value            int  // kindValue: index in record.values
}

// record is one event. Its text is not reused, so substrings of it may be kept.
type record struct {
	text     string
	line     int64
	fields   []field
	sub      []field // the members of the object under the key that the reader was told to expand
	expanded bool    // the expanded key is there and holds an object
	values   []types.Value
}

func (r *record) key(f *field) string {
	k := r.text[f.keyStart:f.keyEnd]
	if f.keyEscaped {
		return unescape(k)
	}
	return k
}

// raw returns the text of a value as it stands in the file, a string without its quotes and escapes.
func (r *record) raw(f *field) string {
	switch s := r.text[f.start:f.end]; {
	case f.kind == kindValue:
		return r.values[f.value].ToText()
	case f.escaped:
		return unescape(s)
	default:
		return s
	}
}

// find returns the first of fields called key, exactly.
func (r *record) find(fields []field, key string) (*field, bool) {
	for i := range fields {
		f := &fields[i]
		if f.keyEnd-f.keyStart == len(key) && r.text[f.keyStart:f.keyEnd] == key {
			return f, true
		}
	}
	return nil, false
}

// textOf returns the text of the field of fields called key, or "".
func (r *record) textOf(fields []field, key string) string {
	if f, ok := r.find(fields, key); ok && f.kind != kindNull && f.kind != kindNested {
		return r.raw(f)
	}
	return ""
}

// nodeOf returns the JSON of the field of fields called key, the null node where there is none.
func (r *record) nodeOf(fields []field, key string) types.JSON {
	f, ok := r.find(fields, key)
	if !ok {
		return types.JSON{}
	}
	return r.node(f)
}

func (r *record) node(f *field) types.JSON {
	switch f.kind {
	case kindNested, kindNumber, kindBool:
		if n, err := types.ParseJSON(r.text[f.start:f.end]); err == nil {
			return n
		}
	case kindValue:
		return types.JSONOf(r.values[f.value])
	case kindNull:
		return types.JSON{}
	}
	return types.JSON{Kind: types.JSONString, Str: r.raw(f)}
}

// unescape takes the escapes out of the inside of a JSON string that the scanner has found well-formed. A half of a
// surrogate pair that stands alone becomes U+FFFD.
func unescape(s string) string {
	n := strings.IndexByte(s, '\\')
	if n < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for {
		b.WriteString(s[:n])
		c := s[n+1]
		s = s[n+2:]
		switch c {
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		}
		if c != 'u' {
			b.WriteByte(c)
		} else {
			r := hex4(s)
			s = s[4:]
			if utf16.IsSurrogate(r) {
				low := rune(utf8.RuneError)
				if strings.HasPrefix(s, `\u`) {
					low = utf16.DecodeRune(r, hex4(s[2:]))
				}
				if r = low; r != utf8.RuneError {
					s = s[6:]
				}
			}
			b.WriteRune(r)
		}
		if n = strings.IndexByte(s, '\\'); n < 0 {
			b.WriteString(s)
			return b.String()
		}
	}
}

// hex4 reads the four hexadecimal digits that s begins with.
func hex4(s string) (r rune) {
	for i := range 4 {
		c := rune(s[i])
		if c > '9' {
			c = c&0x0f + 9
		}
		r = r<<4 | c&0x0f
	}
	return r
}

// recordReader reads the records of a file one after the other. A *Fault is a record that cannot be read; the
// reader goes on behind it. Any other error but io.EOF ends the file.
type recordReader interface {
	next(*record) error
}
