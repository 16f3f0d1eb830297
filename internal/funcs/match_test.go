package funcs

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

// textParts spells a pattern as match.values takes it.
func textParts(parts ...string) types.Value {
	list := types.JSON{Kind: types.JSONArray}
	for _, p := range parts {
		list.Items = append(list.Items, types.JSON{Kind: types.JSONString, Str: p})
	}
	return list.Value()
}

func TestTextPattern(t *testing.T) {
	const none = "no match"
	for _, c := range []struct {
		pattern string // parts, separated by blanks; _ in a constant is a blank
		text    string
		want    string // the values, separated by |
	}{
		{"=a= :string", "a=b", "b"},
		{"=a= :string", "xa=b", none}, // bound to the start
		{"* =a= :string", "xa=b", "b"},
		{"=a= :string =;", "a=b;c", none}, // and to the end
		{"=a= :string =; *", "a=b;c;", "b"},
		{"=a= :string =;", "a=b;c;", "b;c"}, // the last constant stands at the end
		{"=a= :string", "", none},
		{":string", "", ""},
		{":string =, :string", "a,b,c", "a|b,c"},
		{":string =## :string", "a###b", "a|#b"},
		{"* =n= :long *", "n=27, n=28", "27"},
		{"* =n= :long *", "n=x, n=-28z", "-28"}, // a constant whose column does not fit is passed over
		{"=n= :long =.", "n=1.2.", none},
		{":string =: :int =_ *", "fe80::1:53 x", "fe80::1|53"},
		{"=g :guid =_end", "g550e8400-e29b-41d4-a716-446655440000 end", "550e8400-e29b-41d4-a716-446655440000"},
		{"=b :bool", "btrue", "true"},
		{"=b :bool", "byes", none},
		{"=r :real *", "r-1.5e3x", "-1.5e3"},
		{"=n= ?long =, ?date =. *", "n=many,soon.x", "many|soon"},
		{"=n= ?long * =z", "n=12abcz", "12"},
		{"=n= ?long * =z", "n=abcz", ""},
		{"=a", "a", ""},
		{"=a", "b", none},
		{"=é :string =é", "é€é", "€"},
	} {
		var parts []string
		for _, p := range strings.Fields(c.pattern) {
			parts = append(parts, p[:1]+strings.ReplaceAll(p[1:], "_", " "))
		}
		ctx := &Ctx{Out: types.Dynamic}
		values, ok := ctx.textPattern(textParts(parts...)).match(c.text)
		got := strings.Join(values, "|")
		if !ok {
			got = none
		}
		if got != c.want {
			t.Errorf("%s on %q: got %q, want %q", c.pattern, c.text, got, c.want)
		}
		sameAsRE2(t, parts, c.text)
	}
}

// sameAsRE2 demands that the expression of a pattern, where it has one, matches a text as the pattern does. It
// tells whether there is one.
func sameAsRE2(t *testing.T, parts []string, text string) bool {
	t.Helper()
	p := newTextPattern(types.JSONOf(textParts(parts...)))
	re2, ok := p.re2()
	if !ok {
		return false
	}
	values, matches := p.match(text)
	groups := regexp.MustCompile(re2).FindStringSubmatch(text)
	switch {
	case matches != (groups != nil):
		t.Fatalf("%q on %q: match tells %v, %s tells %v", parts, text, matches, re2, !matches)
	case matches && (groups[1] == "" || strings.Join(values, "|") != strings.Join(groups[2:], "|")):
		t.Fatalf("%q on %q: match gives %q, %s gives %q", parts, text, values, re2, groups[1:])
	}
	return true
}

// TestTextPatternIsRegex: the search for constants gives what the regular expression of the same parts gives, of which
// every part is as short as it can be.
func TestTextPatternIsRegex(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const letters = "a1-;"
	word := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	matched, expressed := 0, 0
	for range 30000 {
		var parts []string
		var re strings.Builder
		re.WriteString(`(?s)\A`)
		for i, n := 0, 1+r.IntN(4); i < n; i++ {
			if i > 0 || r.IntN(2) == 0 {
				switch r.IntN(3) {
				case 0:
					parts = append(parts, "*")
					re.WriteString(".*?")
				case 1:
					parts = append(parts, ":string")
					re.WriteString("(.*?)")
				default:
					parts = append(parts, ":long")
					re.WriteString("(" + TypedText(types.Long) + "?)")
				}
			}
			constant := word(1 + r.IntN(2))
			parts = append(parts, "="+constant)
			re.WriteString(regexp.QuoteMeta(constant))
		}
		re.WriteString(`\z`)
		text := word(r.IntN(14))
		want := regexp.MustCompile(re.String()).FindStringSubmatch(text)
		values, ok := newTextPattern(types.JSONOf(textParts(parts...))).match(text)
		if ok != (want != nil) || ok && strings.Join(values, "|") != strings.Join(want[1:], "|") {
			t.Fatalf("%q on %q: got %q %v, the regular expression gives %q", parts, text, values, ok, want)
		}
		if ok {
			matched++
		}
		if r.IntN(2) == 0 {
			parts = append(parts, "*")
		}
		if sameAsRE2(t, parts, text) {
			expressed++
		}
	}
	if matched < 500 || expressed < 5000 {
		t.Errorf("only %d texts matched, and only %d patterns have an expression: the test says little", matched, expressed)
	}
}

func TestTextPatternIsBounded(t *testing.T) {
	// Columns that never fit make every place of every constant a candidate.
	p := newTextPattern(types.JSONOf(textParts("*", "=a", ":string", "=a", ":string", "=a", ":string", "=a", ":long", "=b")))
	if values, ok := p.match(strings.Repeat("a", 3000)); ok {
		t.Errorf("matched %q", values)
	}
}

func TestKeyValuePairs(t *testing.T) {
	pairs, ok := All().Lookup(Scalar, "match.pairs")
	if !ok {
		t.Fatal("no match.pairs")
	}
	for _, c := range []struct {
		name, text, pair, kv, quotes, escapes string
		greedy                                bool
		regex, keys, want                     string
	}{
		{name: "plain", text: "a=1;b=2", pair: ";", kv: "=", keys: "a,b,c", want: "1|2|"},
		{name: "first counts", text: "a=1;a=2", pair: ";", kv: "=", keys: "a", want: "1"},
		{name: "delimiter twice", text: "a==1;b=2", pair: ";", kv: "=", keys: "a,b", want: "=1|2"},
		{name: "blanks", text: "  a  =  1  b = 2", pair: " ", kv: "=", keys: "a,b", want: "1|2"},
		{name: "junk", text: "junk;a=1;more", pair: ";", kv: "=", keys: "a,more", want: "1|"},
		{name: "none", text: "nothing here", pair: ";", kv: "=", keys: "a", want: ""},
		{name: "empty", text: "", pair: ";", kv: "=", keys: "a", want: ""},
		{name: "long delimiters", text: "a:=1&&b:=2", pair: "&&", kv: ":=", keys: "a,b", want: "1|2"},
		{name: "quotes", text: `a="1;2";b="3"`, pair: ";", kv: "=", quotes: `""`, keys: "a,b", want: "1;2|3"},
		{name: "brackets", text: "f=(x y) (e t)=(1 2)", pair: " ", kv: "=", quotes: "()", keys: "f,e t", want: "x y|1 2"},
		{name: "escapes", text: `a="say \"hi\"";b=2`, pair: ";", kv: "=", quotes: `""`, escapes: `\`, keys: "a,b", want: `say "hi"|2`},
		{name: "open quote", text: `a="1;b=2`, pair: ";", kv: "=", quotes: `""`, keys: "a,b", want: `"1|2`},
		{name: "greedy", text: "n=J Doe p=5 55 c=New York", pair: " ", kv: "=", greedy: true, keys: "n,p,c", want: "J Doe|5 55|New York"},
		{name: "words", text: "[INFO] Id:45, M:No, T: 'x y' z", quotes: "''", keys: "T,Id,M", want: "x y|45|No"},
		{name: "regex", text: `"a b": 1, "c": 2`, regex: `"([^"]+)":\s*(\d+)`, keys: "c,a b", want: "2|1"},
	} {
		args := []types.Value{types.StringOf(c.text), types.StringOf(c.pair), types.StringOf(c.kv), types.StringOf(c.quotes),
			types.StringOf(c.escapes), types.BoolOf(c.greedy), types.StringOf(c.regex)}
		for _, k := range strings.Split(c.keys, ",") {
			args = append(args, types.StringOf(k))
		}
		var got []string
		for _, item := range types.JSONOf(pairs.Go(&Ctx{Out: types.Dynamic}, args)).Items {
			got = append(got, item.Str)
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%s: got %q, want %q", c.name, s, c.want)
		}
	}
}

func TestSeriesMake(t *testing.T) {
	call := func(name string, sig int, args ...types.Value) string {
		f, ok := All().Lookup(Scalar, name)
		if !ok {
			t.Fatal("no " + name)
		}
		c := &Ctx{Out: f.Sigs[sig].Out.Type}
		v := f.Call(c, f.Body(&f.Sigs[sig]), args)
		if err := c.Err(); err != nil {
			return err.Error()
		}
		if v.IsNull() {
			return "null"
		}
		return v.ToText()
	}
	long, real := types.LongOf, types.RealOf
	list := func(text string) types.Value { return types.DynamicOf(text) }
	for _, c := range []struct{ got, want string }{
		{call("series.index", 0, long(7), long(0), long(5)), "1"},
		{call("series.index", 0, long(-1), long(0), long(5)), "-1"},
		{call("series.index", 0, long(-5), long(0), long(5)), "-1"},
		{call("series.index", 0, long(7), long(7), long(5)), "0"},
		{call("series.index", 0, long(7), long(7), long(0)), "null"},
		{call("series.index", 1, real(0.35), real(0), real(0.1)), "3"},
		{call("series.last", 0, long(10), long(0), long(5)), "1"}, // the end is left out
		{call("series.last", 0, long(11), long(0), long(5)), "2"},
		{call("series.last", 0, long(0), long(0), long(5)), "-1"},
		{call("series.last", 1, real(1), real(0), real(0.25)), "3"},
		{call("series.fill", 0, list("[2,0]"), list(`["c","a"]`), long(0), long(2), list("0")), `["a",0,"c"]`},
		{call("series.fill", 0, list("[5]"), list("[1]"), long(0), long(2), types.Null(types.Dynamic)), "[null,null,null]"},
		{call("series.fill", 0, list("[]"), list("[]"), long(0), long(-1), list("0")), "[]"},
		{call("series.fill", 0, list("[]"), list("[]"), long(0), types.Null(types.Long), list("0")), "null"},
		{call("series.fill", 0, list("[]"), list("[]"), long(0), long(1<<20), list("0")), errSeriesLong.Error()},
		{call("series.axis", 0, long(0), long(1), types.DatetimeOf(0), types.TimespanOf(864000000000)), `["0001-01-01T00:00:00.0000000Z","0001-01-02T00:00:00.0000000Z"]`},
		{call("series.axis", 2, long(-1), long(1), long(10), long(5)), "[5,10,15]"},
		{call("series.axis", 3, long(0), long(2), real(0.5), real(0.25)), "[0.5,0.75,1.0]"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}
