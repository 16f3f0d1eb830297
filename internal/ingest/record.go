package ingest

import (
	"strings"

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

// unescape takes the escapes out of the inside of a JSON string that the scanner has found well-formed.
func unescape(s string) string {
	n, err := types.ParseJSON(`"` + s + `"`)
	if err != nil { // a raw control character, which the scanner allows and JSON does not
		return strings.ReplaceAll(s, `\"`, `"`)
	}
	return n.Str
}

// recordReader reads the records of a file one after the other. A *Fault is a record that cannot be read; the
// reader goes on behind it. Any other error but io.EOF ends the file.
type recordReader interface {
	next(*record) error
}
