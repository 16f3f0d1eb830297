package funcs

import (
	"math"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

// calc evaluates a KQL expression of literals, calls, and steps into dynamic values with the Go bodies
// alone; it lets tests be written as users write calls.
type calc struct {
	t *testing.T
	s string
	i int
}

func evaluate(t *testing.T, text string) types.Value {
	t.Helper()
	c := &calc{t: t, s: text}
	v := c.expr()
	if c.blanks(); c.i != len(c.s) {
		t.Fatalf("%s: text behind byte %d", text, c.i)
	}
	return v
}

func (c *calc) blanks() {
	for c.i < len(c.s) && c.s[c.i] == ' ' {
		c.i++
	}
}

func (c *calc) eat(b byte) bool {
	c.blanks()
	if c.i < len(c.s) && c.s[c.i] == b {
		c.i++
		return true
	}
	return false
}

func (c *calc) word() string {
	c.blanks()
	start := c.i
	for c.i < len(c.s) && (c.s[c.i] == '_' || c.s[c.i] >= '0' && c.s[c.i] <= '9' || c.s[c.i] >= 'a' && c.s[c.i] <= 'z' || c.s[c.i] >= 'A' && c.s[c.i] <= 'Z') {
		c.i++
	}
	return c.s[start:c.i]
}

func (c *calc) expr() types.Value {
	v := c.primary()
	for {
		switch {
		case c.i < len(c.s) && c.s[c.i] == '.':
			c.i++
			v = c.apply(Operator, ".", v, types.StringOf(c.word()))
		case c.i < len(c.s) && c.s[c.i] == '[':
			c.i++
			v = c.apply(Operator, "[]", v, c.expr())
			c.eat(']')
		default:
			return v
		}
	}
}

func (c *calc) primary() types.Value {
	c.blanks()
	start := c.i
	switch b := c.s[c.i]; {
	case b == '"' || b == '\'':
		end := c.i + 1
		for c.s[end] != b {
			end++
		}
		c.i = end + 1
		return types.StringOf(c.s[start+1 : end])
	case b == '-' || b >= '0' && b <= '9':
		c.i++
		for c.i < len(c.s) && strings.IndexByte("0123456789.dhsmE+-", c.s[c.i]) >= 0 {
			c.i++
		}
		text := c.s[start:c.i]
		if n, ok := types.ParseLong(text); ok {
			return types.LongOf(n)
		}
		if f, ok := types.ParseReal(text); ok {
			return types.RealOf(f)
		}
		n, ok := types.ParseTimespan(text)
		if !ok {
			c.t.Fatalf("%s: bad number %s", c.s, text)
		}
		return types.TimespanOf(n)
	}
	w := c.word()
	if w == "true" || w == "false" {
		return types.BoolOf(w == "true")
	}
	if !c.eat('(') {
		c.t.Fatalf("%s: %q at byte %d", c.s, w, c.i)
	}
	if typ, ok := types.Parse(w); ok {
		return c.literal(typ)
	}
	var args []types.Value
	for !c.eat(')') {
		args = append(args, c.expr())
		c.eat(',')
	}
	switch w {
	case "tostring":
		return types.StringOf(args[0].ToText())
	case "toreal":
		f, ok := types.ParseReal(args[0].ToText())
		if !ok {
			return types.Null(types.Real)
		}
		return types.RealOf(f)
	case "round":
		p := math.Pow(10, args[1].Float64())
		return types.RealOf(math.Round(args[0].Float64()*p) / p)
	case "parse_json":
		n, err := types.ParseJSON(args[0].Text())
		if err != nil {
			c.t.Fatal(err)
		}
		return n.Value()
	}
	return c.apply(Scalar, w, args...)
}

func (c *calc) literal(typ types.Type) types.Value {
	depth, start := 1, c.i
	for depth > 0 {
		switch c.s[c.i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		c.i++
	}
	text := c.s[start : c.i-1]
	switch {
	case text == "null":
		return types.Null(typ)
	case typ == types.Dynamic:
		n, err := types.ParseJSON(text)
		if err != nil {
			c.t.Fatalf("%s: %v", c.s, err)
		}
		return n.Value()
	case typ == types.Datetime:
		n, ok := types.ParseDatetime(text)
		if !ok {
			c.t.Fatalf("%s: bad datetime", c.s)
		}
		return types.DatetimeOf(n)
	case typ == types.Real:
		f, _ := types.ParseReal(text)
		return types.RealOf(f)
	case typ == types.Guid:
		g, _ := types.ParseGuid(text)
		return types.GuidOf(g)
	case typ == types.Decimal:
		return types.DecimalOf(text)
	}
	c.t.Fatalf("%s: no literal of type %s", c.s, typ)
	return types.Value{}
}

// apply calls a function through the first overload that takes the arguments as they are.
func (c *calc) apply(class Class, name string, args ...types.Value) types.Value {
	f, ok := All().Lookup(class, name)
	if !ok {
		c.t.Fatalf("%s: no function %s", c.s, name)
	}
	for i := range f.Sigs {
		sig := &f.Sigs[i]
		fits := sig.Takes(len(args))
		in := append([]types.Value(nil), args...)
		for k := 0; k < len(args) && fits; k++ {
			p, has := sig.Param(k, len(args))
			switch t := args[k].Type(); {
			case !has:
				fits = false
			case p.Types.Has(t) && p.Text:
				in[k] = types.StringOf(args[k].ToText())
			case p.Types.Has(t):
			case p.Types.Has(types.Real) && t.IsInteger() && !args[k].IsNull():
				in[k] = types.RealOf(args[k].Float64())
			default:
				fits = false
			}
		}
		if !fits {
			continue
		}
		body := f.Go
		if sig.Go != nil {
			body = sig.Go
		}
		ctx := &Ctx{Out: sig.Out.Type}
		v := f.Call(ctx, body, in)
		if ctx.Err() != nil {
			c.t.Fatalf("%s: %v", c.s, ctx.Err())
		}
		return v
	}
	c.t.Fatalf("%s: no overload of %s takes these %d arguments", c.s, name, len(args))
	return types.Value{}
}

func shown(v types.Value) string {
	if v.IsNull() {
		return v.Type().String() + "(null)"
	}
	return v.Type().String() + "(" + v.ToText() + ")"
}

// checkCalculated evaluates both sides of each case.
func checkCalculated(t *testing.T, cases []Example) {
	t.Helper()
	for _, c := range cases {
		if got, want := shown(evaluate(t, c.Query)), shown(evaluate(t, c.Want)); got != want {
			t.Errorf("%s\n got %s\nwant %s", c.Query, got, want)
		}
	}
}

// checkFamily demands what every declaration must have and runs the examples that are plain expressions;
// those with a pipeline are run where there is an engine.
func checkFamily(t *testing.T, fs ...[]*Func) {
	t.Helper()
	for _, list := range fs {
		for _, f := range list {
			if f.Doc == "" || f.Page == "" || f.Go == nil || len(f.Examples) < 3 || len(f.Sigs) == 0 {
				t.Errorf("%s lacks a doc, a page, a body, an overload, or three examples", f.Name)
			}
			for _, ex := range f.Examples {
				if !strings.Contains(ex.Query, "datatable") {
					checkCalculated(t, []Example{ex})
				}
			}
		}
	}
}
