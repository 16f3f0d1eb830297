package syntax

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/source"
)

// TestLex pins the tokens of small texts: kind and text, joined by blanks.
func TestLex(t *testing.T) {
	names := map[tokenKind]string{
		tokBad: "bad", tokIdent: "id", tokKeyword: "kw", tokDirective: "dir", tokString: "str", tokBool: "bool",
		tokLong: "long", tokInt: "int", tokReal: "real", tokDecimal: "dec", tokDatetime: "dt", tokTimespan: "ts",
		tokGuid: "guid", tokRawGuid: "raw",
	}
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"a A_1 $left _x", "id:a id:A_1 id:$left id:_x"},
		{"where Where project-away project-awayx", "kw:where id:Where kw:project-away id:project - id:awayx"},
		{"in in~ !in !in~ !inx int internal", "kw:in kw:in~ kw:!in kw:!in~ bad:! id:inx kw:int id:internal"},
		{"matches regex matches  regex", "kw:matches regex id:matches kw:regex"},
		{"hint.strategy=x hint.other", "kw:hint.strategy = id:x id:hint . id:other"},
		{"3Dchart 3D 1d2 12ab", "kw:3Dchart id:3D id:1d2 id:12ab"},
		{"1 12 0x1F 0x 0xg 1.5 1. 1.e5 1e5 1e+5 1e 1.5e", "long:1 long:12 long:0x1F id:0x id:0xg real:1.5 real:1. real:1.e5 real:1e5 real:1e+5 id:1e long:1 . id:5e"},
		{"1..2 1...2 1.foo", "long:1 .. long:2 real:1. .. long:2 long:1 . id:foo"},
		{"1d 1.5h 2microseconds 1tick 3mins 1.d", "ts:1d ts:1.5h ts:2microseconds ts:1tick id:3mins long:1 . id:d"},
		{"long(1) long (1) int( 5 ) datetime(2020-01-01 10:00) date(x) time(1.0:0) guid(a) decimal(1) bool(1) real(1)",
			"int:… "},
		{"true True TRUE tRue false", "bool:true bool:True bool:TRUE id:tRue bool:false"},
		{"'a' \"b\" @'c\\' h'd' H@\"e\" ```f\ng``` ~~~h~~~ 'i\\'j' @'k''l'", "str:'a' str:\"b\" str:@'c\\' str:h'd' str:H@\"e\" str:```f\ng``` str:~~~h~~~ str:'i\\'j' str:@'k''l'"},
		{"h 'a' hx'a'", "id:h str:'a' id:hx str:'a'"},
		{"74be27de-1e4e-49d9-b579-fe0b331d3642 a4be27de-1e4e-49d9-b579-fe0b331d3642 a4be27de-1", "raw:74be27de-1e4e-49d9-b579-fe0b331d3642 raw:a4be27de-1e4e-49d9-b579-fe0b331d3642 id:a4be27de - long:1"},
		{"a//b\nc // d", "id:a id:c"},
		{"a\u2003b\ufeffc\u200bd", "id:a id:b id:c id:d"},
		{"==~ =~ => <= <> <| >= != !~ ! ? @ @a", "== bad:~ =~ => <= <> <| >= != !~ ! ? @ @ id:a"},
		{"#a b\nc", "dir:#a b id:c"},
		{"aéb", "id:a bad:é id:b"},
	} {
		if strings.HasPrefix(c.want, "int:…") {
			c.want = "long:long(1) kw:long ( long:1 ) int:int( 5 ) dt:datetime(2020-01-01 10:00) dt:date(x) ts:time(1.0:0) guid:guid(a) dec:decimal(1) bool:bool(1) real:real(1)"
		}
		var parts []string
		for _, tok := range lex(c.text, func(source.Diagnostic) {}) {
			switch text := c.text[tok.start:tok.end]; {
			case tok.kind == tokEOF:
			case names[tok.kind] == "":
				parts = append(parts, text)
			default:
				parts = append(parts, names[tok.kind]+":"+text)
			}
		}
		if got := strings.Join(parts, " "); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// TestLit pins how literals are decoded.
func TestLit(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`'a\tb\'\u00e9\x41\101\\'`, "string a\tb'éAA\\"},
		{`'\ud83d\ude00 \U0001F600 \ud83d'`, "string 😀 😀 \ufffd"},
		{`@'a\b''c'`, `string a\b'c`},
		{`@"a""b"`, `string a"b`},
		{"```a\n'b```", "string a\n'b"},
		{`'a' "b" @'c\'`, `string abc\ (3 parts)`},
		{`h'secret'`, "string secret hidden"},
		{"``````", "string "},
		{"true", "bool true"}, {"bool(1)", "bool true"}, {"bool(FALSE)", "bool false"}, {"bool(maybe)", "bool ?"}, {"bool(null)", "bool null"},
		{"12", "long 12"}, {"0x1F", "long 31"}, {"0xFFFFFFFFFFFFFFFF", "long -1"}, {"long(-5)", "long -5"}, {"long( 7 )", "long 7"},
		{"9223372036854775808", "long ?"}, {"long(null)", "long null"}, {"int(3)", "int 3"}, {"int(x)", "int ?"}, {"long(--1)", "long ?"},
		{"1.5", "real 1.5"}, {"1.", "real 1"}, {"1e3", "real 1000"}, {"real(nan)", "real NaN"}, {"real(-inf)", "real -Inf"}, {"real(0x1p4)", "real ?"}, {"real(null)", "real null"},
		{"1d", "timespan 864000000000"}, {"1.5h", "timespan 54000000000"}, {"2tick", "timespan 2"}, {"150nanoseconds", "timespan 2"}, {"3microseconds", "timespan 30"},
		{"0.1s", "timespan 1000000"}, {"99999999999d", "timespan ?"}, {"time(1.02:03:04)", "timespan ? 1.02:03:04"}, {"timespan(null)", "timespan null"},
		{"datetime( 2020-01-01 )", "datetime 2020-01-01"}, {"guid(null)", "guid null"}, {"decimal(1.50)", "decimal 1.50"},
	} {
		x, diags := ParseExpr(c.text)
		l, ok := x.(*Lit)
		if !ok || len(diags) > 0 {
			t.Errorf("%s: %T, %v", c.text, x, diags)
			continue
		}
		if got := describeLit(l); got != c.want {
			t.Errorf("%s: got %q, want %q", c.text, got, c.want)
		}
	}
	for _, c := range []struct {
		text string
		want int64
	}{{"-1d", -864000000000}, {"+2s", 20000000}, {"-5", -5}} {
		q, _ := Parse(source.NewFile("", "datatable(a:long)["+c.text+"]"))
		l := q.Stmts[0].(*ExprStmt).X.(*DataTableExpr).Values[0].(*Lit)
		got, ok := l.Ticks()
		if l.Kind == LitLong {
			got, ok = l.Int()
		}
		if got != c.want || !ok {
			t.Errorf("%s: got %d, %v", c.text, got, ok)
		}
	}
}

func describeLit(l *Lit) string {
	kinds := [...]string{"", "bool", "int", "long", "real", "decimal", "string", "datetime", "timespan", "guid", "null"}
	s := kinds[l.Kind] + " "
	if l.Null {
		return s + "null"
	}
	switch l.Kind {
	case LitBool:
		if v, ok := l.Bool(); ok {
			return s + fmt.Sprint(v)
		}
		return s + "?"
	case LitInt, LitLong:
		if v, ok := l.Int(); ok {
			return s + fmt.Sprint(v)
		}
		return s + "?"
	case LitReal:
		v, ok := l.Float()
		if !ok {
			return s + "?"
		}
		if math.IsInf(v, -1) {
			return s + "-Inf"
		}
		return s + fmt.Sprint(v)
	case LitTimespan:
		if v, ok := l.Ticks(); ok {
			return s + fmt.Sprint(v)
		}
		if strings.Contains(l.Text, ":") {
			return s + "? " + l.Text
		}
		return s + "?"
	}
	s += l.Text
	if l.Hidden {
		s += " hidden"
	}
	if l.Parts > 1 {
		s += fmt.Sprintf(" (%d parts)", l.Parts)
	}
	return s
}

// TestQuote demands that quoting is undone by parsing.
func TestQuote(t *testing.T) {
	for _, s := range []string{"", "a", "it's", `a"b`, `'"`, "a\\b", "\n\r\t\x00\x7f", "é😀"} {
		x, diags := ParseExpr(Quote(s))
		if l, ok := x.(*Lit); !ok || l.Text != s || len(diags) > 0 {
			t.Errorf("%q as %s: %v", s, Quote(s), diags)
		}
	}
}

// TestNeedsBrackets demands that it tells which names can be written bare.
func TestNeedsBrackets(t *testing.T) {
	for _, s := range append(Keywords(), "a", "A1", "_", "$left", "a b", "é", "", "true", "a$") {
		_, diags := Parse(source.NewFile("", "let "+s+" = 1; print x = "+s))
		if bare := len(diags) == 0; bare == NeedsBrackets(s) {
			t.Errorf("%q: bare works: %v", s, bare)
		}
	}
}
