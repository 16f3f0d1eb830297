package funcs

import (
	"regexp"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// ipTextFuncs look for IPv4 addresses in texts, where letters and digits must not touch them.
// https://learn.microsoft.com/kusto/query/has-ipv4-function
var ipTextFuncs = []*Func{
	hasIPv4("has_ipv4", false, false, "Tells whether an IPv4 address occurs in a text.",
		Example{`has_ipv4("05:04:54 127.0.0.1 GET", "127.0.0.1")`, `true`}, Example{`has_ipv4("", "127.0.0.1")`, `false`}, Example{`has_ipv4("05:04:54127.0.0.1 GET", "127.0.0.1")`, `false`}, Example{`has_ipv4("127.0.0.256", "127.0.0.256")`, `false`}),
	hasIPv4("has_any_ipv4", false, true, "Tells whether any of several IPv4 addresses occurs in a text.",
		Example{`has_any_ipv4("from 127.0.0.1", "10.0.0.1", "127.0.0.1")`, `true`}, Example{`has_any_ipv4("", "127.0.0.1")`, `false`}, Example{`has_any_ipv4("from 127.0.0.1", dynamic(["127.0.0.2"]))`, `false`}),
	hasIPv4("has_ipv4_prefix", true, false, "Tells whether an IPv4 address with a prefix such as 10.1. occurs in a text.",
		Example{`has_ipv4_prefix("from 127.0.0.1", "127.0.")`, `true`}, Example{`has_ipv4_prefix("", "127.")`, `false`}, Example{`has_ipv4_prefix("from 127.0.0.1", "127.0")`, `false`}, Example{`has_ipv4_prefix("127.0.0.256", "127.0.")`, `false`}),
	hasIPv4("has_any_ipv4_prefix", true, true, "Tells whether an IPv4 address with any of several prefixes occurs in a text.",
		Example{`has_any_ipv4_prefix("from 127.0.0.1", "10.", "127.0.")`, `true`}, Example{`has_any_ipv4_prefix("", "127.")`, `false`}, Example{`has_any_ipv4_prefix("from 127.0.0.1", dynamic(["192.168."]))`, `false`}),
}

const octet = `(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`

var (
	wholeIPv4  = regexp.MustCompile(`^(?:` + octet + `\.){3}` + octet + `$`)
	prefixIPv4 = regexp.MustCompile(`^(?:` + octet + `\.){1,3}$`)
)

// ipv4Needle returns the literal that an address or prefix must occur as, and the RE2 pattern of the
// addresses that it stands for, which must stand between term boundaries; ok is false for what is neither.
func ipv4Needle(s string, prefix bool) (literal, pattern string, ok bool) {
	switch {
	case wholeIPv4.MatchString(s):
		return s, regexp.QuoteMeta(s), true
	case prefix && prefixIPv4.MatchString(s):
		rest := strings.TrimSuffix(strings.Repeat(octet+`\.`, 4-strings.Count(s, ".")), `\.`)
		return s, regexp.QuoteMeta(s) + rest, true
	}
	return "", "", false
}

// hasIPv4 declares a search for addresses or prefixes of them, one or many.
func hasIPv4(name string, prefix, many bool, doc string, examples ...Example) *Func {
	f := &Func{Name: name, Class: Scalar, Nulls: Own, Page: strings.ReplaceAll(name, "_", "-") + "-function", Doc: doc, Examples: examples,
		Sigs: Sigs(RetBool, Str("source"), P("ip", String))}
	if many {
		f.Sigs = []Sig{S(RetBool, Str("source"), P("ips", Dynamic)), S(RetBool, Str("source"), P("ip", String).Repeated())}
	}
	f.Go = func(c *Ctx, a []types.Value) types.Value {
		text, found := a[0].ToText(), false
		elements(a[1:], func(v types.Value) bool {
			literal, pattern, ok := ipv4Needle(v.ToText(), prefix)
			if ok && strings.Contains(text, literal) {
				re, err := c.Regex(termStart + pattern + termEnd)
				found = err == nil && re.MatchString(text)
			}
			return !found
		})
		return types.BoolOf(found)
	}
	f.Lower = func(w Writer, c *Call) string {
		list, rest := constants(c.Args[1:])
		if len(rest) > 0 {
			return ""
		}
		x := c.Args[0].SQL
		var literals, patterns []string
		elements(list, func(v types.Value) bool {
			if literal, pattern, ok := ipv4Needle(v.ToText(), prefix); ok {
				literals, patterns = append(literals, literal), append(patterns, pattern)
			}
			return true
		})
		if len(patterns) == 0 {
			return "false"
		}
		exact := w.UDF(name, types.Bool, c.Args...)
		var searches []string
		if len(patterns) <= fewNeedles {
			for i, literal := range literals {
				searches = append(searches, "CASE WHEN contains("+x+", "+w.Lit(types.StringOf(literal))+") THEN "+bounded(patterns[i], true, true).sql(w, x, exact)+" ELSE false END")
			}
			return "(" + strings.Join(searches, " OR ") + ")"
		}
		for _, chunk := range chunks(patterns) {
			any := "(?:" + strings.Join(chunk, "|") + ")"
			searches = append(searches, "CASE WHEN regexp_matches("+x+", "+w.Lit(types.StringOf(any))+") THEN "+bounded(any, true, true).sql(w, x, exact)+" ELSE false END")
		}
		return "(" + strings.Join(searches, " OR ") + ")"
	}
	return f
}
