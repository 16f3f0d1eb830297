package types

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxJSONDepth is how deep arrays and objects may nest in a dynamic value.
const MaxJSONDepth = 128

// JSONKind is what a node of a dynamic value is.
type JSONKind uint8

// The kinds of a JSON node. Null is the zero value.
const (
	JSONNull JSONKind = iota
	JSONBool
	JSONLong
	JSONReal
	JSONString
	JSONArray
	JSONObject
)

// JSON is a node of a dynamic value. An object keeps its keys in their order; of a repeated key the last
// value stays, at the first one's place.
type JSON struct {
	Kind  JSONKind
	Bool  bool
	Long  int64
	Real  float64
	Str   string
	Items []JSON   // elements of an array, values of an object
	Keys  []string // keys of an object, one for each item
}

// Get returns the value of an object's key.
func (n JSON) Get(key string) (JSON, bool) {
	for i, k := range n.Keys {
		if k == key {
			return n.Items[i], true
		}
	}
	return JSON{}, false
}

// Set gives an object's key a value, in place if the key is there.
func (n *JSON) Set(key string, v JSON) {
	n.Kind = JSONObject
	for i, k := range n.Keys {
		if k == key {
			n.Items[i] = v
			return
		}
	}
	n.Keys, n.Items = append(n.Keys, key), append(n.Items, v)
}

// JSONOf returns the node that a scalar becomes inside a dynamic value: datetime, timespan, guid and
// decimal become the text Kusto shows for them.
func JSONOf(v Value) JSON {
	if v.null {
		return JSON{}
	}
	switch v.typ {
	case Bool:
		return JSON{Kind: JSONBool, Bool: v.i != 0}
	case Int, Long:
		return JSON{Kind: JSONLong, Long: v.i}
	case Real:
		return JSON{Kind: JSONReal, Real: v.f}
	case Dynamic:
		n, err := ParseJSON(v.s)
		if err != nil { // a dynamic holds JSON by construction; keep the text rather than lose it
			return JSON{Kind: JSONString, Str: v.s}
		}
		return n
	}
	return JSON{Kind: JSONString, Str: v.ToText()}
}

// Scalar returns the value of a node in the type that it has by itself; arrays and objects stay dynamic.
func (n JSON) Scalar() Value {
	switch n.Kind {
	case JSONBool:
		return BoolOf(n.Bool)
	case JSONLong:
		return LongOf(n.Long)
	case JSONReal:
		return RealOf(n.Real)
	case JSONString:
		return StringOf(n.Str)
	}
	return n.Value()
}

// Value returns the node as a dynamic value.
func (n JSON) Value() Value {
	if n.Kind == JSONNull {
		return Null(Dynamic)
	}
	return Value{typ: Dynamic, s: n.String()}
}

// String renders the node in the canonical form: no blanks, keys in their order.
func (n JSON) String() string { return string(n.append(nil)) }

func (n JSON) append(b []byte) []byte {
	switch n.Kind {
	case JSONNull:
		return append(b, "null"...)
	case JSONBool:
		return strconv.AppendBool(b, n.Bool)
	case JSONLong:
		return strconv.AppendInt(b, n.Long, 10)
	case JSONReal:
		if math.IsNaN(n.Real) || math.IsInf(n.Real, 0) {
			return appendJSONString(b, FormatReal(n.Real))
		}
		return appendJSONReal(b, n.Real)
	case JSONString:
		return appendJSONString(b, n.Str)
	case JSONArray:
		b = append(b, '[')
		for i, e := range n.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.append(b)
		}
		return append(b, ']')
	}
	b = append(b, '{')
	for i, e := range n.Items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSONString(b, n.Keys[i]), ':')
		b = e.append(b)
	}
	return append(b, '}')
}

// appendJSONReal renders a real inside JSON. Of the shortest decimals that read back equal, Kusto's JSON writer
// takes the largest (9.999999999999999, not …998); tostring() of a real takes the closest.
func appendJSONReal(b []byte, f float64) []byte {
	text := FormatReal(f)
	for {
		next, ok := nextDecimal(text)
		if !ok {
			return append(b, text...)
		}
		if g, err := strconv.ParseFloat(next, 64); err != nil || g != f {
			return append(b, text...)
		}
		text = next
	}
}

// nextDecimal adds one to the last digit of a decimal, if it has so many digits that this could be another
// text of the same real, and a last digit that does not carry.
func nextDecimal(text string) (string, bool) {
	mantissa, digits := len(text), 0
	for i := range len(text) {
		if text[i] == 'E' {
			mantissa = i
			break
		}
		if text[i] >= '0' && text[i] <= '9' {
			digits++
		}
	}
	if last := text[mantissa-1]; digits < 16 || last < '0' || last >= '9' {
		return "", false
	}
	return text[:mantissa-1] + string(text[mantissa-1]+1) + text[mantissa:], true
}

const hexDigits = "0123456789abcdef"

// QuoteJSON returns s as a JSON string.
func QuoteJSON(s string) string { return string(appendJSONString(nil, s)) }

func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(b, s[start:]...), '"')
}

// CanonicalJSON returns JSON text in the canonical form of a dynamic value.
func CanonicalJSON(text string) (string, error) {
	n, err := ParseJSON(text)
	if err != nil {
		return "", err
	}
	return n.String(), nil
}

// ParseJSON reads one JSON value. Integers that fit become longs, other numbers reals.
func ParseJSON(text string) (JSON, error) {
	p := jsonParser{s: text}
	n, err := p.value(0)
	if err != nil {
		return JSON{}, err
	}
	p.blanks()
	if p.i != len(p.s) {
		return JSON{}, p.fault("text after the value")
	}
	return n, nil
}

type jsonParser struct {
	s string
	i int
}

var errJSON = errors.New("invalid JSON")

func (p *jsonParser) fault(what string) error {
	return fmt.Errorf("%w: %s at byte %d", errJSON, what, p.i)
}

func (p *jsonParser) blanks() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *jsonParser) value(depth int) (JSON, error) {
	p.blanks()
	if p.i >= len(p.s) {
		return JSON{}, p.fault("a value is missing")
	}
	if depth > MaxJSONDepth {
		return JSON{}, p.fault("nested too deep")
	}
	switch c := p.s[p.i]; {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		s, err := p.str()
		return JSON{Kind: JSONString, Str: s}, err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case strings.HasPrefix(p.s[p.i:], "true"):
		p.i += 4
		return JSON{Kind: JSONBool, Bool: true}, nil
	case strings.HasPrefix(p.s[p.i:], "false"):
		p.i += 5
		return JSON{Kind: JSONBool}, nil
	case strings.HasPrefix(p.s[p.i:], "null"):
		p.i += 4
		return JSON{}, nil
	}
	return JSON{}, p.fault("unexpected character")
}

func (p *jsonParser) array(depth int) (JSON, error) {
	n := JSON{Kind: JSONArray}
	p.i++
	p.blanks()
	if p.i < len(p.s) && p.s[p.i] == ']' {
		p.i++
		return n, nil
	}
	for {
		e, err := p.value(depth + 1)
		if err != nil {
			return n, err
		}
		n.Items = append(n.Items, e)
		p.blanks()
		if p.i >= len(p.s) {
			return n, p.fault("an array is not closed")
		}
		switch p.s[p.i] {
		case ',':
			p.i++
		case ']':
			p.i++
			return n, nil
		default:
			return n, p.fault("expected , or ]")
		}
	}
}

func (p *jsonParser) object(depth int) (JSON, error) {
	n := JSON{Kind: JSONObject}
	var seen map[string]int // built once an object is large, so that many keys stay linear
	p.i++
	p.blanks()
	if p.i < len(p.s) && p.s[p.i] == '}' {
		p.i++
		return n, nil
	}
	for {
		p.blanks()
		if p.i >= len(p.s) || p.s[p.i] != '"' {
			return n, p.fault("expected a key")
		}
		key, err := p.str()
		if err != nil {
			return n, err
		}
		p.blanks()
		if p.i >= len(p.s) || p.s[p.i] != ':' {
			return n, p.fault("expected :")
		}
		p.i++
		e, err := p.value(depth + 1)
		if err != nil {
			return n, err
		}
		switch {
		case seen != nil:
			if at, ok := seen[key]; ok {
				n.Items[at] = e
			} else {
				seen[key] = len(n.Keys)
				n.Keys, n.Items = append(n.Keys, key), append(n.Items, e)
			}
		default:
			n.Set(key, e)
			if len(n.Keys) == 32 {
				seen = make(map[string]int, 64)
				for i, k := range n.Keys {
					seen[k] = i
				}
			}
		}
		p.blanks()
		if p.i >= len(p.s) {
			return n, p.fault("an object is not closed")
		}
		switch p.s[p.i] {
		case ',':
			p.i++
		case '}':
			p.i++
			return n, nil
		default:
			return n, p.fault("expected , or }")
		}
	}
}

func (p *jsonParser) number() (JSON, error) {
	start := p.i
	whole := true
	if p.s[p.i] == '-' {
		p.i++
	}
	digits := p.i
	for p.i < len(p.s) {
		c := p.s[p.i]
		if c == '.' || c == 'e' || c == 'E' || (c == '+' || c == '-') && !whole {
			whole = false
		} else if c < '0' || c > '9' {
			break
		}
		p.i++
	}
	text := p.s[start:p.i]
	if p.i == digits || len(text) > digits-start+1 && p.s[digits] == '0' && p.s[digits+1] >= '0' && p.s[digits+1] <= '9' {
		return JSON{}, p.fault("malformed number")
	}
	if whole {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return JSON{Kind: JSONLong, Long: n}, nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return JSON{}, p.fault("malformed number")
	}
	return JSON{Kind: JSONReal, Real: f}, nil
}

func (p *jsonParser) str() (string, error) {
	p.i++
	start := p.i
	for p.i < len(p.s) && p.s[p.i] != '"' && p.s[p.i] != '\\' {
		p.i++
	}
	if p.i < len(p.s) && p.s[p.i] == '"' {
		p.i++
		return p.s[start : p.i-1], nil
	}
	b := []byte(p.s[start:p.i])
	for p.i < len(p.s) {
		c := p.s[p.i]
		p.i++
		if c == '"' {
			return string(b), nil
		}
		if c != '\\' {
			b = append(b, c)
			continue
		}
		if p.i >= len(p.s) {
			break
		}
		c = p.s[p.i]
		p.i++
		switch c {
		case '"', '\\', '/', '\'':
			b = append(b, c)
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r, ok := p.hex4()
			if !ok {
				return "", p.fault("malformed \\u escape")
			}
			if utf16.IsSurrogate(r) && strings.HasPrefix(p.s[p.i:], "\\u") {
				mark := p.i
				p.i += 2
				low, ok := p.hex4()
				if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
					r = pair
				} else {
					p.i = mark
				}
			}
			b = utf8.AppendRune(b, r)
		default:
			return "", p.fault("unknown escape")
		}
	}
	return "", p.fault("a string is not closed")
}

func (p *jsonParser) hex4() (rune, bool) {
	if p.i+4 > len(p.s) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.s[p.i:p.i+4], 16, 32)
	if err != nil {
		return 0, false
	}
	p.i += 4
	return rune(n), true
}
