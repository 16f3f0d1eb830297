package arm

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vedette-siem/vedette/internal/types"
)

// The bounds of $filter.
const (
	maxFilter      = 8 << 10
	maxFilterDepth = 32
)

// value is what a field or a literal is. Of the members one counts, as kind says.
type value struct {
	kind valueKind
	text string
	num  float64
	at   time.Time
	is   bool
}

type valueKind uint8

const (
	nullValue valueKind = iota
	textValue
	wordValue // text that is one of a few words, whatever its case
	numValue
	timeValue
	boolValue
)

func (k valueKind) String() string {
	return [...]string{"null", "a text", "a word", "a number", "a time", "true or false"}[k]
}

func textOf(s string) value {
	if s == "" {
		return value{}
	}
	return value{kind: textValue, text: s}
}

func numOf(n int) value { return value{kind: numValue, num: float64(n)} }

func timeOf(t time.Time) value {
	if t.IsZero() {
		return value{}
	}
	return value{kind: timeValue, at: t}
}

// property is something that $filter can name of a T.
type property[T any] struct {
	path  string
	kind  valueKind
	words []string // of wordValue
	get   func(T) value
}

// filter is a $filter that was read: what is true of the members of a list that it lets pass.
type filter[T any] func(T) bool

// parseFilter reads the subset of OData that lists take: eq ne gt ge lt le in, and or not, parentheses, contains,
// startswith and endswith, tolower and toupper, on the properties there are. All else is refused with its place.
// https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_SystemQueryOptionfilter
func parseFilter[T any](s string, props []property[T]) (filter[T], error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	if len(s) > maxFilter || !utf8.ValidString(s) {
		return nil, faultf(http.StatusBadRequest, "BadRequest", "Invalid $filter: it is longer than %d bytes, or not UTF-8.", maxFilter)
	}
	p := &filterParser[T]{s: s, props: props}
	f, err := p.or(0)
	if err == nil {
		if p.blanks(); p.i < len(s) {
			err = p.fault(p.i, "expected and, or, or the end")
		}
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

type filterParser[T any] struct {
	s     string
	i     int
	props []property[T]
}

func (p *filterParser[T]) fault(at int, format string, args ...any) error {
	return faultf(http.StatusBadRequest, "BadRequest", "Invalid $filter at position %d: %s.", utf8.RuneCountInString(p.s[:min(at, len(p.s))])+1, fmt.Sprintf(format, args...))
}

func (p *filterParser[T]) blanks() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\t') {
		p.i++
	}
}

func (p *filterParser[T]) eat(c byte) bool {
	if p.blanks(); p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

// word reads a name, an operator or a bare literal.
func (p *filterParser[T]) word() (string, int) {
	p.blanks()
	start := p.i
	for p.i < len(p.s) && strings.IndexByte(" \t(),'", p.s[p.i]) < 0 {
		p.i++
	}
	return p.s[start:p.i], start
}

// peek tells whether a word comes next, and takes it if so.
func (p *filterParser[T]) peek(want string) bool {
	was := p.i
	if w, _ := p.word(); strings.EqualFold(w, want) {
		return true
	}
	p.i = was
	return false
}

func (p *filterParser[T]) or(depth int) (filter[T], error) {
	if depth > maxFilterDepth {
		return nil, p.fault(p.i, "it nests deeper than %d", maxFilterDepth)
	}
	left, err := p.and(depth)
	for err == nil && p.peek("or") {
		var right filter[T]
		if right, err = p.and(depth); err == nil {
			l := left
			left = func(v T) bool { return l(v) || right(v) }
		}
	}
	return left, err
}

func (p *filterParser[T]) and(depth int) (filter[T], error) {
	left, err := p.not(depth)
	for err == nil && p.peek("and") {
		var right filter[T]
		if right, err = p.not(depth); err == nil {
			l := left
			left = func(v T) bool { return l(v) && right(v) }
		}
	}
	return left, err
}

func (p *filterParser[T]) not(depth int) (filter[T], error) {
	if depth > maxFilterDepth {
		return nil, p.fault(p.i, "it nests deeper than %d", maxFilterDepth)
	}
	if p.peek("not") {
		f, err := p.not(depth + 1)
		return func(v T) bool { return !f(v) }, err
	}
	if p.eat('(') {
		f, err := p.or(depth + 1)
		if err == nil && !p.eat(')') {
			err = p.fault(p.i, "expected )")
		}
		return f, err
	}
	return p.test()
}

// test reads a comparison or one of the functions that are true or false.
func (p *filterParser[T]) test() (filter[T], error) {
	was := p.i
	name, at := p.word()
	functions := map[string]func(s, part string) bool{"contains": strings.Contains, "startswith": strings.HasPrefix, "endswith": strings.HasSuffix}
	if f, ok := functions[strings.ToLower(name)]; ok && p.eat('(') {
		prop, err := p.operand()
		if err != nil {
			return nil, err
		}
		if prop.kind != textValue && prop.kind != wordValue {
			return nil, p.fault(at, "%s is for text, and %s is %s", name, prop.path, prop.kind)
		}
		if !p.eat(',') {
			return nil, p.fault(p.i, "expected ,")
		}
		lit, start, err := p.literal()
		switch {
		case err != nil:
			return nil, err
		case lit.kind != textValue:
			return nil, p.fault(start, "expected a text in apostrophes")
		case !p.eat(')'):
			return nil, p.fault(p.i, "expected )")
		}
		return func(v T) bool { return f(prop.get(v).text, lit.text) }, nil
	}
	p.i = was
	prop, err := p.operand()
	if err != nil {
		return nil, err
	}
	op, at := p.word()
	switch op = strings.ToLower(op); {
	case op == "in":
		return p.in(prop)
	case slices.Contains([]string{"eq", "ne", "gt", "ge", "lt", "le"}, op):
		lit, start, err := p.literal()
		if err != nil {
			return nil, err
		}
		return p.compare(prop, op, at, lit, start)
	case op == "" && prop.kind == boolValue:
		return func(v T) bool { return prop.get(v).is }, nil
	}
	return nil, p.fault(at, "expected eq, ne, gt, ge, lt, le or in, found '%s'", cut(op, 40))
}

// operand reads a property, or one in tolower or toupper.
func (p *filterParser[T]) operand() (property[T], error) {
	name, at := p.word()
	change := map[string]func(string) string{"tolower": strings.ToLower, "toupper": strings.ToUpper}[strings.ToLower(name)]
	if change != nil && p.eat('(') {
		prop, err := p.operand()
		if err == nil && prop.kind != textValue && prop.kind != wordValue {
			err = p.fault(at, "%s is for text, and %s is %s", name, prop.path, prop.kind)
		}
		if err == nil && !p.eat(')') {
			err = p.fault(p.i, "expected )")
		}
		get := prop.get
		prop.kind = textValue
		prop.get = func(v T) value { x := get(v); x.text = change(x.text); return x }
		return prop, err
	}
	if p.i < len(p.s) && p.s[p.i] == '(' {
		return property[T]{}, p.fault(at, "the function '%s' is not supported", cut(name, 40))
	}
	for _, prop := range p.props {
		if strings.EqualFold(prop.path, name) {
			return prop, nil
		}
	}
	if name == "" {
		return property[T]{}, p.fault(at, "expected a property")
	}
	var names []string
	for _, prop := range p.props {
		names = append(names, prop.path)
	}
	return property[T]{}, p.fault(at, "there is no property '%s' to filter by, but %s", cut(name, 80), strings.Join(names, ", "))
}

// literal reads a text in apostrophes, a number, a time, true, false or null.
func (p *filterParser[T]) literal() (value, int, error) {
	p.blanks()
	start := p.i
	if p.eat('\'') {
		var b strings.Builder
		for p.i < len(p.s) {
			if p.s[p.i] == '\'' {
				if p.i++; p.i >= len(p.s) || p.s[p.i] != '\'' {
					return value{kind: textValue, text: b.String()}, start, nil
				}
			}
			b.WriteByte(p.s[p.i])
			p.i++
		}
		return value{}, start, p.fault(start, "the text is not closed")
	}
	w, at := p.word()
	switch strings.ToLower(w) {
	case "null":
		return value{}, at, nil
	case "true", "false":
		return value{kind: boolValue, is: strings.EqualFold(w, "true")}, at, nil
	case "":
		return value{}, at, p.fault(at, "expected a value")
	}
	if n, err := strconv.ParseFloat(w, 64); err == nil {
		return value{kind: numValue, num: n, text: w}, at, nil
	}
	if guid, ok := types.ParseGuid(w); ok {
		return value{kind: textValue, text: guid}, at, nil
	}
	if ticks, ok := types.ParseDatetime(w); ok {
		return value{kind: timeValue, at: types.TimeOf(ticks)}, at, nil
	}
	return value{}, at, p.fault(at, "'%s' is no value; a text stands in apostrophes", cut(w, 40))
}

func (p *filterParser[T]) in(prop property[T]) (filter[T], error) {
	if !p.eat('(') {
		return nil, p.fault(p.i, "expected (")
	}
	var any []filter[T]
	for !p.eat(')') {
		if len(any) > 0 && !p.eat(',') {
			return nil, p.fault(p.i, "expected , or )")
		}
		lit, start, err := p.literal()
		if err != nil {
			return nil, err
		}
		f, err := p.compare(prop, "eq", start, lit, start)
		if err != nil {
			return nil, err
		}
		any = append(any, f)
	}
	return func(v T) bool { return slices.ContainsFunc(any, func(f filter[T]) bool { return f(v) }) }, nil
}

// compare makes the test of a comparison. A property without a value equals null only, and nothing orders against it.
func (p *filterParser[T]) compare(prop property[T], op string, opAt int, lit value, litAt int) (filter[T], error) {
	if lit.kind == nullValue {
		switch op {
		case "eq":
			return func(v T) bool { return prop.get(v).kind == nullValue }, nil
		case "ne":
			return func(v T) bool { return prop.get(v).kind != nullValue }, nil
		}
		return nil, p.fault(opAt, "null is compared by eq and ne only")
	}
	if prop.kind == timeValue && lit.kind == textValue { // clients put times in apostrophes
		if ticks, ok := types.ParseDatetime(lit.text); ok {
			lit = value{kind: timeValue, at: types.TimeOf(ticks)}
		}
	}
	want := prop.kind
	if want == wordValue {
		want = textValue
	}
	if lit.kind != want {
		return nil, p.fault(litAt, "%s is %s, and is compared with %s", prop.path, prop.kind, lit.kind)
	}
	switch prop.kind {
	case wordValue:
		n := slices.IndexFunc(prop.words, func(w string) bool { return strings.EqualFold(w, lit.text) })
		if n < 0 {
			return nil, p.fault(litAt, "%s is one of %s", prop.path, strings.Join(prop.words, ", "))
		}
		lit.text = prop.words[n]
		fallthrough
	case boolValue:
		if op != "eq" && op != "ne" {
			return nil, p.fault(opAt, "%s is compared by eq and ne only", prop.path)
		}
	}
	return func(v T) bool {
		x := prop.get(v)
		if x.kind == nullValue {
			return op == "ne"
		}
		c := 0
		switch prop.kind {
		case textValue, wordValue:
			c = strings.Compare(x.text, lit.text)
		case numValue:
			c = cmp.Compare(x.num, lit.num)
		case timeValue:
			c = x.at.Compare(lit.at)
		case boolValue:
			if x.is != lit.is {
				c = 1
			}
		}
		switch op {
		case "eq":
			return c == 0
		case "ne":
			return c != 0
		case "gt":
			return c > 0
		case "ge":
			return c >= 0
		case "lt":
			return c < 0
		}
		return c <= 0
	}, nil
}

// parseOrder reads $orderby: one of the names, and asc or desc.
func parseOrder(s string, names []string) (index int, descending bool, err error) {
	fields := strings.Fields(s)
	if len(fields) == 0 {
		return -1, false, nil
	}
	bad := func(why string) error {
		return faultf(http.StatusBadRequest, "BadRequest", "Invalid $orderby: %s.", why)
	}
	if strings.Contains(s, ",") {
		return -1, false, bad("one property orders a list, not several")
	}
	index = slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, fields[0]) })
	if index < 0 {
		return -1, false, bad(fmt.Sprintf("there is no property '%s' to order by, but %s", cut(fields[0], 80), strings.Join(names, ", ")))
	}
	if len(fields) > 2 || len(fields) == 2 && !strings.EqualFold(fields[1], "asc") && !strings.EqualFold(fields[1], "desc") {
		return -1, false, bad("expected asc or desc after the property")
	}
	return index, len(fields) == 2 && strings.EqualFold(fields[1], "desc"), nil
}
