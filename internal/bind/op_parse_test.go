package bind

import (
	"regexp"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

// part makes a part of a pattern: * is an asterisk, 'text is a constant, name or name:type is a column.
func part(s string) parsePart {
	if s == "*" {
		return parsePart{star: true}
	}
	if text, ok := strings.CutPrefix(s, "'"); ok {
		return parsePart{text: text}
	}
	name, typ, ok := strings.Cut(s, ":")
	t := types.String
	if ok {
		t, _ = types.Parse(typ)
	}
	return parsePart{name: name, typ: t}
}

// TestParseRegex: patterns of the regex kind, and what their regular expressions find.
func TestParseRegex(t *testing.T) {
	const none = "no match"
	for _, c := range []struct{ pattern, flags, text, want string }{
		{"'a(.*?)= x ',", "", "abc=1,2,", "1,2"}, // columns are greedy; groups of the constants are not counted
		{"'a(.*?)= x ', *", "U", "abc=1,2,", "1"},
		{"'A= x", "", "a=1", none},
		{"'A= x", "i", "a=1", "1"},
		{"'a= x", "", "a=1\n2", none},
		{"'a= x", "s", "a=1\n2", "1\n2"},
		{"'v x:int '. y:int", "", "v1.23", "1|23"},
		{"'v x:int '. y:int", "", "v1.2x", none}, // bound to both ends
		{"'[A-Z]+ x '[a-z]*", "", "ABCdef", "def"},
		{`'\s*\d+ x`, "", " 12ab", "ab"},
	} {
		var parts []parsePart
		for _, s := range strings.Fields(c.pattern) {
			parts = append(parts, part(s))
		}
		p, err := newParsePattern(parts, parseRegex, c.flags, false)
		if err != nil {
			t.Errorf("%s: %s", c.pattern, err.msg)
			continue
		}
		got := none
		if m := regexp.MustCompile(p.re2).FindStringSubmatch(c.text); m != nil {
			var values []string
			for _, x := range p.parts {
				if x.name != "" {
					values = append(values, m[x.group])
				}
			}
			got = strings.Join(values, "|")
		}
		if got != c.want {
			t.Errorf("%s on %q: got %q, want %q (%s)", c.pattern, c.text, got, c.want, p.re2)
		}
	}
}

// TestParsePatternForms: how the patterns of the other kinds are run.
func TestParsePatternForms(t *testing.T) {
	for _, c := range []struct {
		pattern string
		kind    parseKind
		whole   bool
		want    string
	}{
		{"* 'a.b> x '< *", parseSimple, false, `(?s)a\.b>(.*?)<`},
		{"* 'a= x:long ', *", parseSimple, false, `["*","=a=",":long","=,","*"]`},
		{"* 'a> x '< *", parseSimple, true, `["*","=a>",":string","=<","*"]`}, // whether it matched is asked
		{"* 'a> x '<", parseSimple, false, `["*","=a>",":string","=<"]`},
		{"'a= x:date '; y:int * 'z", parseSimple, false, `["=a=",":datetime","=;",":int","*","=z"]`},
		{"'a= x:int '; *", parseRelaxed, false, `["=a=","?int","=;","*"]`},
		{"'a= x:date * 'z", parseSimple, false, `["=a=",":datetime","*","=z"]`},
		{"'[ x", parseRegex, false, "error: invalid regular expression: a character class is not closed"},
	} {
		var parts []parsePart
		for _, s := range strings.Fields(c.pattern) {
			parts = append(parts, part(s))
		}
		p, err := newParsePattern(parts, c.kind, "", c.whole)
		var got string
		switch {
		case err != nil:
			got = "error: " + err.msg
		case p.texts.IsNull():
			got = p.re2
		default:
			got = p.texts.Text()
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.pattern, got, c.want)
		}
	}
}
