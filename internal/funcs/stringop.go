package funcs

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vedette-siem/vedette/internal/types"
)

// stringOpFuncs compare texts; membership (in, has_any, between) is in membershipFuncs. Operators without
// _cs ignore case, which here is the case of each character alone (ß is not SS). None of them gives null: a
// string is never null, and a null dynamic is an empty text.
//
// A term is a maximal run of letters and digits. What has and its kin look for must begin and end where
// terms do; an end of it that is no letter or digit has no such demand.
// https://learn.microsoft.com/kusto/query/datatypes-string-operators
var stringOpFuncs = []*Func{
	textOp("has", "", termTest(true, true), "has-operator", "Tells whether a term or a sequence of whole terms occurs in a text.",
		Example{`"North America" has "america"`, "true"}, Example{`"" has "a"`, "false"}, Example{`"alpha_beta" has "beta"`, "true"}),
	textOp("!has", "", termTest(true, true), "not-has-operator", "Tells whether a term does not occur in a text.",
		Example{`"North America" !has "amer"`, "true"}, Example{`"" !has ""`, "false"}, Example{`"1.2.3" !has "2.3"`, "false"}),
	textOp("has_cs", "", termTest(true, true), "has-cs-operator", "Tells whether a term occurs in a text, in the same case.",
		Example{`"North America" has_cs "America"`, "true"}, Example{`"" has_cs "a"`, "false"}, Example{`"North America" has_cs "america"`, "false"}),
	textOp("!has_cs", "", termTest(true, true), "not-has-cs-operator", "Tells whether a term does not occur in a text in the same case.",
		Example{`"North America" !has_cs "america"`, "true"}, Example{`"" !has_cs "a"`, "true"}, Example{`"a b" !has_cs " "`, "false"}),
	textOp("hasprefix", "", termTest(true, false), "hasprefix-operator", "Tells whether a term of a text begins with another text.",
		Example{`"North America" hasprefix "ame"`, "true"}, Example{`"" hasprefix ""`, "true"}, Example{`"North America" hasprefix "mer"`, "false"}),
	textOp("!hasprefix", "", termTest(true, false), "not-hasprefix-operator", "Tells whether no term of a text begins with another text.",
		Example{`"North America" !hasprefix "mer"`, "true"}, Example{`"" !hasprefix "a"`, "true"}, Example{`"North America" !hasprefix "AME"`, "false"}),
	textOp("hasprefix_cs", "", termTest(true, false), "hasprefix-cs-operator", "Tells whether a term of a text begins with another text, in the same case.",
		Example{`"North America" hasprefix_cs "Ame"`, "true"}, Example{`"" hasprefix_cs "a"`, "false"}, Example{`"North America" hasprefix_cs "ame"`, "false"}),
	textOp("!hasprefix_cs", "", termTest(true, false), "not-hasprefix-cs-operator", "Tells whether no term of a text begins with another text in the same case.",
		Example{`"North America" !hasprefix_cs "CA"`, "true"}, Example{`"" !hasprefix_cs ""`, "false"}, Example{`"North America" !hasprefix_cs "Nor"`, "false"}),
	textOp("hassuffix", "", termTest(false, true), "hassuffix-operator", "Tells whether a term of a text ends with another text.",
		Example{`"North America" hassuffix "ICA"`, "true"}, Example{`"" hassuffix "a"`, "false"}, Example{`"the end." hassuffix "end"`, "true"}),
	textOp("!hassuffix", "", termTest(false, true), "not-hassuffix-operator", "Tells whether no term of a text ends with another text.",
		Example{`"North America" !hassuffix "americ"`, "true"}, Example{`"" !hassuffix "a"`, "true"}, Example{`"ending" !hassuffix "end"`, "true"}),
	textOp("hassuffix_cs", "", termTest(false, true), "hassuffix-cs-operator", "Tells whether a term of a text ends with another text, in the same case.",
		Example{`"North America" hassuffix_cs "ica"`, "true"}, Example{`"" hassuffix_cs "a"`, "false"}, Example{`"North America" hassuffix_cs "ICA"`, "false"}),
	textOp("!hassuffix_cs", "", termTest(false, true), "not-hassuffix-cs-operator", "Tells whether no term of a text ends with another text in the same case.",
		Example{`"North America" !hassuffix_cs "icA"`, "true"}, Example{`"" !hassuffix_cs "a"`, "true"}, Example{`"North America" !hassuffix_cs "rth"`, "false"}),
	textOp("contains", "", containsTest, "contains-operator", "Tells whether a text occurs anywhere in another.",
		Example{`"FabriKam" contains "BRik"`, "true"}, Example{`"" contains ""`, "true"}, Example{`"CAFÉ" contains "é"`, "true"}),
	textOp("!contains", "notcontains", containsTest, "not-contains-operator", "Tells whether a text does not occur in another.",
		Example{`"Fabrikam" !contains "xyz"`, "true"}, Example{`"" !contains ""`, "false"}, Example{`"abc" !contains "B"`, "false"}),
	textOp("contains_cs", "containscs", containsTest, "contains-cs-operator", "Tells whether a text occurs anywhere in another, in the same case.",
		Example{`"FabriKam" contains_cs "Kam"`, "true"}, Example{`"" contains_cs "a"`, "false"}, Example{`"FabriKam" contains_cs "kam"`, "false"}),
	textOp("!contains_cs", "notcontainscs", containsTest, "not-contains-cs-operator", "Tells whether a text does not occur in another in the same case.",
		Example{`"Fabrikam" !contains_cs "Kam"`, "true"}, Example{`"" !contains_cs "a"`, "true"}, Example{`"Fabrikam" !contains_cs "Fab"`, "false"}),
	textOp("startswith", "", prefixTest, "startswith-operator", "Tells whether a text begins with another.",
		Example{`"Fabrikam" startswith "fab"`, "true"}, Example{`"" startswith ""`, "true"}, Example{`"Fabrikam" startswith "kam"`, "false"}),
	textOp("!startswith", "", prefixTest, "not-startswith-operator", "Tells whether a text does not begin with another.",
		Example{`"Fabrikam" !startswith "kam"`, "true"}, Example{`"" !startswith "a"`, "true"}, Example{`"Fabrikam" !startswith "FAB"`, "false"}),
	textOp("startswith_cs", "", prefixTest, "startswith-cs-operator", "Tells whether a text begins with another, in the same case.",
		Example{`"Fabrikam" startswith_cs "Fab"`, "true"}, Example{`"" startswith_cs "a"`, "false"}, Example{`"Fabrikam" startswith_cs "fab"`, "false"}),
	textOp("!startswith_cs", "", prefixTest, "not-startswith-cs-operator", "Tells whether a text does not begin with another in the same case.",
		Example{`"Fabrikam" !startswith_cs "fab"`, "true"}, Example{`"" !startswith_cs ""`, "false"}, Example{`"Fabrikam" !startswith_cs "Fab"`, "false"}),
	textOp("endswith", "", suffixTest, "endswith-operator", "Tells whether a text ends with another.",
		Example{`"Fabrikam" endswith "Kam"`, "true"}, Example{`"" endswith ""`, "true"}, Example{`"end." endswith "end"`, "false"}),
	textOp("!endswith", "", suffixTest, "not-endswith-operator", "Tells whether a text does not end with another.",
		Example{`"Fabrikam" !endswith "brik"`, "true"}, Example{`"" !endswith "a"`, "true"}, Example{`"Fabrikam" !endswith "KAM"`, "false"}),
	textOp("endswith_cs", "", suffixTest, "endswith-cs-operator", "Tells whether a text ends with another, in the same case.",
		Example{`"Fabrikam" endswith_cs "kam"`, "true"}, Example{`"" endswith_cs "a"`, "false"}, Example{`"Fabrikam" endswith_cs "Kam"`, "false"}),
	textOp("!endswith_cs", "", suffixTest, "not-endswith-cs-operator", "Tells whether a text does not end with another in the same case.",
		Example{`"Fabrikam" !endswith_cs "Kam"`, "true"}, Example{`"" !endswith_cs ""`, "false"}, Example{`"Fabrikam" !endswith_cs "kam"`, "false"}),
	textOp("=~", "", equalTest, "equals-operator", "Tells whether two texts are equal but for case.",
		Example{`"abc" =~ "ABC"`, "true"}, Example{`"" =~ ""`, "true"}, Example{`"Straße" =~ "STRASSE"`, "false"}),
	textOp("!~", "", equalTest, "not-equals-operator", "Tells whether two texts differ in more than case.",
		Example{`"aBc" !~ "xyz"`, "true"}, Example{`"" !~ ""`, "false"}, Example{`"MÜLLER" !~ "müller"`, "false"}),
	{Name: "matches regex", Class: Operator, Sigs: Sigs(RetBool, Str("text"), Str("regex")), Page: "matches-regex-operator",
		Doc: "Tells whether a regular expression matches anywhere in a text.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			re, err := c.Regex(a[1].Text())
			if err != nil {
				return c.Fail(err)
			}
			return types.BoolOf(re.MatchString(a[0].Text()))
		},
		Lower: func(w Writer, c *Call) string {
			re, ok := constRE2(c.Args[1])
			if !ok {
				return ""
			}
			return "regexp_matches(" + c.Args[0].SQL + ", " + w.Lit(types.StringOf(re)) + ")"
		},
		Deviates: regexDeviates,
		Examples: []Example{{`"Fabrikam" matches regex "b.*k"`, "true"}, {`"" matches regex "a"`, "false"}, {`"１２" matches regex @"^\d+$"`, "true"}}},
	{Name: ":", Class: Operator, Sigs: Sigs(RetBool, Str("text"), Str("term")), Page: "search-operator",
		Doc: "Tells whether a term occurs in a text; an asterisk in the term stands for any text.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			needle := a[1].Text()
			if !strings.Contains(needle, "*") {
				return types.BoolOf(termTest(true, true).holds(lowerText(a[0].Text()), lowerText(needle)))
			}
			re, err := c.Regex(wildcardRegex(needle))
			if err != nil {
				return c.Fail(err)
			}
			return types.BoolOf(re.MatchString(lowerText(a[0].Text())))
		},
		Lower: func(w Writer, c *Call) string {
			needle := c.Args[1].Const
			if needle == nil {
				return ""
			}
			if text := needle.ToText(); strings.Contains(text, "*") {
				return "regexp_matches(lower(" + c.Args[0].SQL + "), " + w.Lit(types.StringOf(wildcardRegex(text))) + ")"
			}
			return termTest(true, true).lower(w, "has", false, c)
		},
		Examples: []Example{{`datatable(s:string)["North America"] | search s:"america" | count`, "1"},
			{`datatable(s:string)[""] | search s:"a" | count`, "0"}, {`datatable(s:string)["North America"] | search s:"am*" | count`, "1"}}},
}

const regexDeviates = `\b and \B in a regular expression take only ASCII letters, digits and _ for word characters; (?x), (?R), (?-u) and set operations inside classes are refused`

// textTest is how two texts are compared; both are in lower case where case is ignored.
type textTest struct {
	holds func(text, needle string) bool
	// sql writes the test for expressions; term tests then also look at the boundaries.
	sql         func(text, needle string) string
	term        bool
	left, right bool
}

var (
	containsTest = textTest{holds: strings.Contains, sql: func(x, y string) string { return "contains(" + x + ", " + y + ")" }}
	prefixTest   = textTest{holds: strings.HasPrefix, sql: func(x, y string) string { return "starts_with(" + x + ", " + y + ")" }}
	suffixTest   = textTest{holds: strings.HasSuffix, sql: func(x, y string) string { return "suffix(" + x + ", " + y + ")" }}
	equalTest    = textTest{holds: func(x, y string) bool { return x == y }, sql: func(x, y string) string { return "(" + x + " = " + y + ")" }}
)

// termTest wants a term boundary at the left and the right end of the needle.
func termTest(left, right bool) textTest {
	return textTest{term: true, left: left, right: right, sql: containsTest.sql,
		holds: func(text, needle string) bool { return hasTerm(text, needle, left, right) }}
}

// textOp declares an operator on two texts; its name tells whether it negates and minds the case.
func textOp(name, alias string, test textTest, page, doc string, examples ...Example) *Func {
	positive := strings.TrimPrefix(name, "!")
	negated := positive != name
	if name == "!~" {
		positive = "=~"
	}
	cs := strings.HasSuffix(name, "_cs")
	f := &Func{Name: name, Class: Operator, Sigs: Sigs(RetBool, Str("text"), Str("other")), Page: page, Doc: doc, Examples: examples}
	if test.term { // the needle of a term test is no dynamic
		f.Sigs = Sigs(RetBool, Str("text"), Str("term"))
	}
	if alias != "" {
		f.Aliases = []string{alias}
	}
	f.Go = func(_ *Ctx, a []types.Value) types.Value {
		x, y := a[0].Text(), a[1].Text()
		if !cs {
			x, y = lowerText(x), lowerText(y)
		}
		return types.BoolOf(test.holds(x, y) != negated)
	}
	f.Lower = func(w Writer, c *Call) string {
		s := test.lower(w, positive, cs, c)
		if negated && s != "" {
			return "(NOT " + s + ")"
		}
		return s
	}
	return f
}

// lower writes the test for a call of the operator called name.
func (t textTest) lower(w Writer, name string, cs bool, c *Call) string {
	x, y := c.Args[0].SQL, c.Args[1].SQL
	needle := c.Args[1].Const
	if needle == nil {
		if !cs {
			x, y = "lower("+x+")", "lower("+y+")"
		}
		if !t.term {
			return t.sql(x, y)
		}
		return "CASE WHEN " + t.sql(x, y) + " THEN " + w.UDF(name, types.Bool, c.Args...) + " ELSE false END"
	}
	return t.constant(w, name, c.Args[0], needle.ToText(), cs)
}

// constant writes the test of the operator called name for a constant needle. Looking for the text alone is
// several times faster than a regular expression with its boundaries, which therefore sees only the rows that
// have the text.
func (t textTest) constant(w Writer, name string, a Arg, needle string, cs bool) string {
	x := a.SQL
	if !cs {
		needle = lowerText(needle)
		if !caseless(needle) {
			x = "lower(" + x + ")"
		}
	}
	guard := t.sql(x, w.Lit(types.StringOf(needle)))
	left, right := t.bounds(needle)
	if !left && !right {
		return guard
	}
	n := types.StringOf(needle)
	exact := w.UDF(name, types.Bool, a, Arg{SQL: w.Lit(n), Type: types.String, Const: &n})
	return "CASE WHEN " + guard + " THEN " + bounded(regexp.QuoteMeta(needle), left, right).sql(w, x, exact) + " ELSE false END"
}

const termEnd, termStart = `(?:[^\p{L}\p{Nd}]|$)`, `(?:^|[^\p{L}\p{Nd}])`

// ASCII's term boundaries, and the characters that only the Go body knows about. The engine needs about 20 ms to
// make ready a regular expression with Unicode's letters in it, more than most queries take.
const asciiEnd, asciiStart, notASCII = `(?:[\x00-/:-@\[-` + "`" + `{-\x7f]|$)`, `(?:^|[\x00-/:-@\[-` + "`" + `{-\x7f])`, `[^\x00-\x7f]`

// boundedRegex finds a pattern between term boundaries: surely where sure matches, and if it does not, perhaps
// where open does, which is where a character beyond ASCII touches what the pattern matches.
type boundedRegex struct{ sure, open []string }

func bounded(re string, left, right bool) boundedRegex {
	b := boundedRegex{sure: []string{re}}
	if left {
		b.sure[0] = asciiStart + b.sure[0]
		b.open = append(b.open, notASCII+re)
	}
	if right {
		b.sure[0] += asciiEnd
		b.open = append(b.open, re+notASCII)
	}
	return b
}

func (b boundedRegex) sql(w Writer, x, exact string) string {
	sql := "regexp_matches(" + x + ", " + w.Lit(types.StringOf(strings.Join(b.sure, "|"))) + ")"
	if len(b.open) == 0 {
		return sql
	}
	return "CASE WHEN " + sql + " THEN true WHEN regexp_matches(" + x + ", " + w.Lit(types.StringOf(strings.Join(b.open, "|"))) + ") THEN " + exact + " ELSE false END"
}

// bounds tells which ends of a needle need a boundary.
func (t textTest) bounds(needle string) (left, right bool) {
	first, _ := utf8.DecodeRuneInString(needle)
	last, _ := utf8.DecodeLastRuneInString(needle)
	return t.term && t.left && isTermRune(first), t.term && t.right && isTermRune(last)
}

// lowerText lowers every character for itself, as DuckDB's lower does.
func lowerText(s string) string { return strings.ToLower(s) }

// caseless tells whether no character of s has another case, so that the other side need not be lowered.
func caseless(s string) bool {
	for _, r := range s {
		if unicode.SimpleFold(r) != r || unicode.ToLower(r) != r || unicode.ToUpper(r) != r {
			return false
		}
	}
	return true
}

func isTermRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// hasTerm finds needle in text with term boundaries at its ends.
func hasTerm(text, needle string, left, right bool) bool {
	if needle == "" {
		return true
	}
	first, _ := utf8.DecodeRuneInString(needle)
	last, _ := utf8.DecodeLastRuneInString(needle)
	left, right = left && isTermRune(first), right && isTermRune(last)
	for from := 0; ; {
		i := strings.Index(text[from:], needle)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(needle):])
		if !(left && i > 0 && isTermRune(before)) && !(right && i+len(needle) < len(text) && isTermRune(after)) {
			return true
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		from = i + size
	}
}

// wildcardRegex is the RE2 pattern, for lowered text, of a search term with asterisks: at its ends they
// lift the demand for a term boundary, inside it they stand for any text.
func wildcardRegex(term string) string {
	term = lowerText(term)
	trimmed := strings.Trim(term, "*")
	var parts []string
	for p := range strings.SplitSeq(trimmed, "*") {
		parts = append(parts, regexp.QuoteMeta(p))
	}
	re := strings.Join(parts, `(?s:.*)`)
	first, _ := utf8.DecodeRuneInString(trimmed)
	last, _ := utf8.DecodeLastRuneInString(trimmed)
	if !strings.HasPrefix(term, "*") && isTermRune(first) {
		re = termStart + re
	}
	if !strings.HasSuffix(term, "*") && isTermRune(last) {
		re += termEnd
	}
	return re
}
