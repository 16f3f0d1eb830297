package funcs

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

// eval is a small evaluator of KQL calls, so that the bodies of a family can be tested with the text that
// users write, without the packages above this one.
type eval struct {
	s   string
	set *Set
	ctx func() *Ctx
}

// textSet is the catalogue of the families that this evaluator's tests are about, and what their examples need.
func textSet() *Set {
	return NewSet(map[string][]*Func{
		"operator": operatorFuncs, "stringop": append(stringOpFuncs[:len(stringOpFuncs):len(stringOpFuncs)], membershipFuncs...),
		"string": stringFuncs, "search": searchFuncs, "parse": parseFuncs, "encode": encodeFuncs, "hash": hashFuncs,
		"ip": ipFuncs, "iptext": ipTextFuncs, "system": systemFuncs, "cond": condFuncs,
	})
}

func evalText(t *testing.T, set *Set, text string) (v types.Value, err error) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			if e, ok := r.(error); ok {
				err = e
				return
			}
			panic(r)
		}
	}()
	random := uint64(0x9e3779b97f4a7c15)
	e := &eval{s: text, set: set, ctx: func() *Ctx {
		return &Ctx{Now: 638000000000000000, Rand: func() uint64 { random = random*6364136223846793005 + 1442695040888963407; return random }}
	}}
	v = e.expr()
	if e.blank(); e.s != "" {
		t.Fatalf("%s: the evaluator stops at %q", text, e.s)
	}
	return v, nil
}

func (e *eval) blank() { e.s = strings.TrimLeft(e.s, " \n\t") }

func (e *eval) eat(token string) bool {
	e.blank()
	if !strings.HasPrefix(e.s, token) {
		return false
	}
	e.s = e.s[len(token):]
	return true
}

var operatorForm = regexp.MustCompile(`^(?:matches regex|!?(?:has_any|has_all|hasprefix_cs|hasprefix|hassuffix_cs|hassuffix|has_cs|has|contains_cs|contains|startswith_cs|startswith|endswith_cs|endswith|between|in~|in)\b~?|and\b|==|!=|=~|!~|<=|>=|<|>|-)`)

func (e *eval) expr() types.Value {
	x := e.operand()
	for {
		e.blank()
		op := operatorForm.FindString(e.s)
		if op == "" {
			return x
		}
		e.s = e.s[len(op):]
		args := []types.Value{x}
		switch {
		case strings.HasSuffix(op, "between"):
			e.eat("(")
			args = append(args, e.operand())
			e.eat("..")
			args = append(args, e.operand())
			e.eat(")")
		case strings.HasPrefix(strings.TrimPrefix(op, "!"), "in") || strings.HasPrefix(op, "has_a"):
			e.eat("(")
			args = append(args, e.list()...)
		default:
			args = append(args, e.operand())
		}
		x = e.call(Operator, op, args)
	}
}

// list reads arguments up to the closing parenthesis.
func (e *eval) list() []types.Value {
	var args []types.Value
	for !e.eat(")") {
		args = append(args, e.expr())
		e.eat(",")
	}
	return args
}

var (
	numberForm   = regexp.MustCompile(`^-?\d+(\.\d+)?`)
	timespanForm = regexp.MustCompile(`^-?\d+(\.\d+)?(ms|d|h|m|s)\b`)
	nameForm     = regexp.MustCompile(`^[a-z_][a-z0-9_]*`)
)

func (e *eval) operand() types.Value {
	v := e.primary()
	for e.s != "" && e.s[0] == '.' && !strings.HasPrefix(e.s, "..") {
		e.s = e.s[1:]
		name := regexp.MustCompile(`^\w+`).FindString(e.s)
		e.s = e.s[len(name):]
		n, _ := types.JSONOf(v).Get(name)
		v = n.Value()
	}
	return v
}

func (e *eval) primary() types.Value {
	e.blank()
	if s, ok := e.str(); ok {
		return types.StringOf(s)
	}
	if m := timespanForm.FindString(e.s); m != "" {
		e.s = e.s[len(m):]
		return types.StringOf(m).To(types.Timespan)
	}
	if m := numberForm.FindString(e.s); m != "" {
		e.s = e.s[len(m):]
		if strings.Contains(m, ".") {
			return types.StringOf(m).To(types.Real)
		}
		return types.StringOf(m).To(types.Long)
	}
	name := nameForm.FindString(e.s)
	if name == "" {
		panic(fmt.Errorf("no operand at %q", e.s))
	}
	e.s = e.s[len(name):]
	switch name {
	case "true", "false":
		return types.BoolOf(name == "true")
	case "typeof":
		return types.StringOf(e.raw())
	}
	if typ, ok := types.Parse(name); ok {
		text := e.raw()
		switch {
		case text == "null":
			return types.Null(typ)
		case typ == types.Dynamic:
			n, err := types.ParseJSON(text)
			if err != nil {
				panic(err)
			}
			return n.Value()
		}
		return types.StringOf(text).To(typ)
	}
	if name == "tostring" {
		e.eat("(")
		return types.StringOf(e.list()[0].ToText())
	}
	if !e.eat("(") {
		panic(fmt.Errorf("no value %s", name))
	}
	return e.call(Scalar, name, e.list())
}

// raw reads what stands between two parentheses.
func (e *eval) raw() string {
	e.eat("(")
	depth, quoted := 1, false
	for i := 0; i < len(e.s); i++ {
		switch c := e.s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				text := e.s[:i]
				e.s = e.s[i+1:]
				return strings.TrimSpace(text)
			}
		}
	}
	panic(fmt.Errorf("no closing parenthesis"))
}

func (e *eval) str() (string, bool) {
	verbatim := strings.HasPrefix(e.s, "@")
	s := strings.TrimPrefix(e.s, "@")
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0] && verbatim && i+1 < len(s) && s[i+1] == s[0]:
			b.WriteByte(s[0])
			i++
		case s[i] == s[0]:
			e.s = s[i+1:]
			return b.String(), true
		case s[i] == '\\' && !verbatim:
			i++
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			default:
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	panic(fmt.Errorf("a string is not closed"))
}

func (e *eval) call(class Class, name string, args []types.Value) types.Value {
	f, ok := e.set.Lookup(class, name)
	if !ok {
		panic(fmt.Errorf("no function %s", name))
	}
	for i := range f.Sigs {
		sig := &f.Sigs[i]
		bound, ok := fit(sig, args)
		if !ok {
			continue
		}
		c := e.ctx()
		c.Out = sig.Out.Type
		if sig.Out.Custom != nil {
			var list []Arg
			for i := range bound {
				list = append(list, Arg{Type: bound[i].Type(), Const: &bound[i]})
			}
			c.Out = sig.Out.Custom(list)
		} else if sig.Out.Kind != OutDeclared && len(bound) > 0 {
			c.Out = bound[len(bound)-1].Type()
		}
		body := f.Go
		if sig.Go != nil {
			body = sig.Go
		}
		v := f.Call(c, body, bound)
		if c.Err() != nil {
			panic(c.Err())
		}
		return v
	}
	panic(fmt.Errorf("no overload of %s takes %v", name, args))
}

// fit converts arguments to an overload's parameters, if it takes them.
func fit(sig *Sig, args []types.Value) ([]types.Value, bool) {
	if !sig.Takes(len(args)) {
		return nil, false
	}
	common := types.Unknown
	for _, a := range args {
		if common == types.Unknown || common.IsInteger() && a.Type() == types.Real {
			common = a.Type()
		}
	}
	bound := make([]types.Value, len(args))
	for i, a := range args {
		p, ok := sig.Param(i, len(args))
		if !ok {
			return nil, false
		}
		switch t := a.Type(); {
		case p.Text && p.Types.Has(t):
			a = types.StringOf(a.ToText())
		case p.Common && p.Types.Has(t):
			a = a.To(common)
		case p.Types.Has(t) && (p.Raw || !t.IsNumeric() || !p.Types.Has(types.Real) || p.Types&^(Integer|Real) == 0):
			if p.Types == Integer|Real && !p.Raw {
				a = a.To(types.Real)
			}
		case p.Types.Has(t):
		case t == types.Long && p.Types.Has(types.Real):
			a = a.To(types.Real)
		case t == types.Dynamic && p.Types == String:
			a = types.StringOf(a.ToText())
		default:
			return nil, false
		}
		bound[i] = a
	}
	return bound, true
}

func same(x, y types.Value) bool {
	if x.IsNull() || y.IsNull() {
		return x.IsNull() && y.IsNull()
	}
	return x.ToText() == y.ToText() && (x.Type() == y.Type() || x.Type().IsInteger() && y.Type().IsInteger())
}

// checkCalls evaluates pairs of texts, which must be equal. A second text that begins with "error" is a part
// of the message that the first must fail with.
func checkCalls(t *testing.T, set *Set, pairs [][2]string) {
	t.Helper()
	for _, p := range pairs {
		got, err := evalText(t, set, p[0])
		if want, ok := strings.CutPrefix(p[1], "error "); ok {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %s, error %v, want error %s", p[0], got.ToText(), err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", p[0], err)
			continue
		}
		want, err := evalText(t, set, p[1])
		if err != nil {
			t.Fatalf("%s: %v", p[1], err)
		}
		if !same(got, want) {
			t.Errorf("%s: got %s %s, want %s %s", p[0], got.Type(), got.ToText(), want.Type(), want.ToText())
		}
	}
}

// TestTextExamples runs the examples of the families on text.
func TestTextExamples(t *testing.T) {
	set := textSet()
	for _, family := range [][]*Func{stringOpFuncs, membershipFuncs, stringFuncs, searchFuncs, parseFuncs, encodeFuncs, hashFuncs, ipFuncs, ipTextFuncs, systemFuncs} {
		for _, f := range family {
			if len(f.Examples) < 3 || f.Doc == "" || f.Page == "" || f.Go == nil && f.Sigs[0].Go == nil {
				t.Errorf("%s: the declaration is not whole", f.Name)
			}
			for _, x := range f.Examples {
				if strings.Contains(x.Query, "|") && strings.Contains(x.Query, "datatable") {
					continue // a whole query
				}
				checkCalls(t, set, [][2]string{{x.Query, x.Want}})
			}
		}
	}
}
