package funcs

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vedette-siem/vedette/internal/types"
)

// searchFuncs find, count, take out and replace parts of texts, mostly with regular expressions.
// https://learn.microsoft.com/kusto/query/regex
var searchFuncs = []*Func{
	{Name: "indexof", Class: Scalar, Page: "indexof-function",
		Sigs: Sigs(RetLong, T("string", Any), T("match", Any), P("start", Integer).Optional(), P("length", Integer).Optional(), P("occurrence", Integer).Optional()),
		Go:   indexOf,
		Lower: func(_ Writer, c *Call) string {
			if len(c.Args) > 2 {
				return ""
			}
			return Expand("(instr($1, $2) - 1)::BIGINT", c)
		},
		Doc: "Gives the position of a text in another, counted from 0, or -1; a match must begin inside the part that start and length leave.",
		Examples: []Example{{`indexof("abcdefg", "cde")`, `2`}, {`indexof("", "a")`, `-1`}, {`indexof("abcdefgabcdefg", "cde", 1, 10, 2)`, `9`},
			{`indexof("abcdefg", "cde", -5)`, `2`}, {`indexof("abcdefg", "cde", 1, -2)`, `long(null)`}}},
	{Name: "indexof_regex", Class: Scalar, Page: "indexof-regex-function",
		Sigs:     Sigs(RetLong, T("string", Any), T("match", Any).Constant(), P("start", Integer).Optional(), P("length", Integer).Optional(), P("occurrence", Integer).Optional()),
		Go:       indexOfRegex,
		Doc:      "Gives the position of a match of a regular expression in a text, counted from 0, or -1.",
		Deviates: regexDeviates,
		Examples: []Example{{`indexof_regex("abcabc", @"a.c")`, `0`}, {`indexof_regex("", "a")`, `-1`}, {`indexof_regex("abcabcdefg", @"a.c", 0, 9, 2)`, `3`},
			{`indexof_regex("abcabc", @"a|ab", -1)`, `long(null)`}}},
	{Name: "countof", Class: Scalar, Page: "countof-function",
		Sigs:     Sigs(RetLong, P("source", String), P("search", String), P("kind", String).Constant("normal", "regex").Optional()),
		Go:       countOf,
		Doc:      "Counts how often a text occurs in another, overlaps included, or how often a regular expression matches, without overlaps.",
		Deviates: regexDeviates,
		Examples: []Example{{`countof("aaaa", "aa")`, `3`}, {`countof("", "a")`, `0`}, {`countof("ababa", "aba", "regex")`, `1`}}},
	{Name: "has_any_index", Class: Scalar, Page: "has-any-index-function",
		Sigs: Sigs(RetLong, Str("source"), P("values", Dynamic)), Nulls: Own,
		Go:  hasAnyIndex,
		Doc: "Gives the index of the first element of an array that occurs in a text as a term, or -1.",
		Examples: []Example{{`has_any_index("this is an example", dynamic(["not", "example"]))`, `1`}, {`has_any_index("a", dynamic([]))`, `-1`},
			{`has_any_index("Example number 2", dynamic([1, 2, 3]))`, `1`}}},
	{Name: "regex_quote", Class: Scalar, Sigs: Sigs(RetString, T("string", Any)), Page: "regex-quote-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.StringOf(regexp.QuoteMeta(a[0].Text()))
		},
		Doc:      "Escapes a text so that a regular expression takes it literally.",
		Examples: []Example{{`regex_quote("a.b")`, `@"a\.b"`}, {`regex_quote("")`, `""`}, {`regex_quote("(so$me.Te^xt)")`, `@"\(so\$me\.Te\^xt\)"`}}},
	{Name: "extract", Class: Scalar, Page: "extract-function",
		Sigs: []Sig{
			S(RetString, P("regex", String).Constant(), P("captureGroup", Integer), P("source", String)),
			S(typeArgument, P("regex", String).Constant(), P("captureGroup", Integer), P("source", String), P("typeLiteral", String).Constant()),
		},
		Go: extract, Lower: lowerExtract,
		Doc:      "Gives what a group of a regular expression matches first in a text (group 0: the whole match), as a text or converted to a type.",
		Deviates: regexDeviates,
		Examples: []Example{{`extract("User: ([^,]+)", 1, "User: James, Age: 29")`, `"James"`}, {`extract("x(y)", 1, "")`, `""`}, {`extract(@"-(\d{2})-", 1, "15-12-2024", typeof(int))`, `int(12)`}}},
	{Name: "extract_all", Aliases: []string{"extractall"}, Class: Scalar, Page: "extract-all-function",
		Sigs: []Sig{
			{Params: []Param{P("regex", String).Constant(), P("source", String)}, Out: RetDynamic, Go: extractAll, Lower: lowerExtractAll},
			{Params: []Param{P("regex", String).Constant(), P("captureGroups", Dynamic), P("source", String)}, Out: RetDynamic, Go: extractAll},
		},
		Doc:      "Lists what the groups of a regular expression match in a text, over all matches; null if there are none.",
		Deviates: regexDeviates,
		Examples: []Example{{`extract_all(@"(\d+)", "12, 567 and 789")`, `dynamic(["12","567","789"])`}, {`extract_all(@"(\d+)", "")`, `dynamic(null)`},
			{`extract_all(@"([a-z])(\d)?", "a1bc")`, `dynamic([["a","1"],["b",""],["c",""]])`}, {`extract_all(@"(?P<x>\w)(\w)", dynamic(["x"]), "abcd")`, `dynamic(["a","c"])`}}},
	{Name: "extract_json", Aliases: []string{"extractjson"}, Class: Scalar, Page: "extract-json-function",
		Sigs: []Sig{
			S(RetString, P("jsonPath", String).Constant(), P("jsonText", String)),
			S(typeArgument, P("jsonPath", String).Constant(), P("jsonText", String), P("type", String).Constant()),
		},
		Go:  extractJSON,
		Doc: "Gives the element that a path leads to in a JSON text, as a text or converted to a type.",
		Examples: []Example{{`extract_json("$.name", '{"name": "John"}')`, `"John"`}, {`extract_json("$.a", "no json")`, `""`},
			{`extract_json("$.a[1]['b c']", '{"a": [0, {"b c": 7}]}', typeof(long))`, `7`}}},
	{Name: "replace_regex", Class: Scalar, Page: "replace-regex-function",
		Sigs: Sigs(RetString, P("source", String), P("lookup_regex", String).Constant(), P("rewrite_pattern", String).Constant()),
		Go:   func(c *Ctx, a []types.Value) types.Value { return replaceRegex(c, a[0], a[1], a[2]) },
		Lower: func(w Writer, c *Call) string {
			return lowerReplaceRegex(w, c.Args[0], c.Args[1], c.Args[2])
		},
		Doc:      `Replaces every match of a regular expression; \1 and so on in the replacement stand for what the groups matched, \0 for the whole match.`,
		Deviates: regexDeviates,
		Examples: []Example{{`replace_regex("one two", @"(\w+)", @"[\1]")`, `"[one] [two]"`}, {`replace_regex("", "a", "b")`, `""`}, {`replace_regex("a  b", @"\s+", "-")`, `"a-b"`}}},
	{Name: "replace", Class: Scalar, Page: "replace-regex-function",
		Sigs: Sigs(RetString, P("regex", String).Constant(), P("rewrite", String).Constant(), P("source", String)),
		Go:   func(c *Ctx, a []types.Value) types.Value { return replaceRegex(c, a[2], a[0], a[1]) },
		Lower: func(w Writer, c *Call) string {
			return lowerReplaceRegex(w, c.Args[2], c.Args[0], c.Args[1])
		},
		Doc:      "Is the older form of replace_regex(), with the text as its last argument.",
		Deviates: regexDeviates,
		Examples: []Example{{`replace(@"(\w+)", @"[\1]", "one two")`, `"[one] [two]"`}, {`replace("a", "b", "")`, `""`}, {`replace(@"\.", "", "1.2.3")`, `"123"`}}},
	trimFunc("trim", true, true, "Takes one match of a regular expression off each end of a text.",
		Example{`trim("--", "--https://bing.com--")`, `"https://bing.com"`}, Example{`trim("x", "")`, `""`}, Example{`trim("x", "xxabcxx")`, `"xabcx"`}),
	trimFunc("trim_start", true, false, "Takes one match of a regular expression off the beginning of a text.",
		Example{`trim_start("https://", "https://bing.com")`, `"bing.com"`}, Example{`trim_start("x", "")`, `""`}, Example{`trim_start(@"\s+", "  a  ")`, `"a  "`}),
	trimFunc("trim_end", false, true, "Takes one match of a regular expression off the end of a text.",
		Example{`trim_end(".com", "bing.com")`, `"bing"`}, Example{`trim_end("x", "")`, `""`}, Example{`trim_end(@"[^\w]+", "- a1// $")`, `"- a1"`}),
}

// typeArgument is the result type that the last argument, a typeof() literal, names.
var typeArgument = Computed(func(args []Arg) types.Type {
	if len(args) > 0 {
		if v := args[len(args)-1].Const; v != nil {
			if t, ok := types.Parse(v.ToText()); ok {
				return t
			}
		}
	}
	return types.String
})

// window returns the byte range of s in which a match may begin, after start and length, and which
// occurrence is wanted; ok is false where the arguments are out of range.
func window(s string, a []types.Value, negativeStart bool) (from, to int, occurrence int64, ok bool) {
	n := int64(utf8.RuneCountInString(s))
	start, length := int64(0), int64(-1)
	occurrence = 1
	if len(a) > 2 {
		start = a[2].Int64()
	}
	if len(a) > 3 {
		length = a[3].Int64()
	}
	if len(a) > 4 {
		occurrence = a[4].Int64()
	}
	if start < 0 && negativeStart {
		start += n
	}
	if start < 0 || length < -1 || occurrence < 1 {
		return 0, 0, 0, false
	}
	end := n + 1 // an empty match may begin behind the last character
	if length >= 0 && length < end-start {
		end = start + length
	}
	return byteOffset(s, start), byteOffset(s, end), occurrence, true
}

// byteOffset is where the n-th character of s begins; one past the end for an n past all of them.
func byteOffset(s string, n int64) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	if n == 0 {
		return len(s)
	}
	return len(s) + 1
}

func indexOf(_ *Ctx, a []types.Value) types.Value {
	s, match := a[0].Text(), a[1].Text()
	from, to, occurrence, ok := window(s, a, true)
	if !ok {
		return types.Null(types.Long)
	}
	for from <= len(s) {
		i := strings.Index(s[from:], match)
		if i < 0 || from+i >= to {
			break
		}
		from += i
		if occurrence--; occurrence == 0 {
			return types.LongOf(int64(utf8.RuneCountInString(s[:from])))
		}
		from += max(len(match), 1)
	}
	return types.LongOf(-1)
}

func indexOfRegex(c *Ctx, a []types.Value) types.Value {
	re, err := c.Regex(a[1].Text())
	if err != nil {
		return c.Fail(err)
	}
	s := a[0].Text()
	from, to, occurrence, ok := window(s, a, false)
	if !ok {
		return types.Null(types.Long)
	}
	if from <= len(s) {
		for _, m := range re.FindAllStringIndex(s[from:], -1) {
			if from+m[0] >= to {
				break
			}
			if occurrence--; occurrence == 0 {
				return types.LongOf(int64(utf8.RuneCountInString(s[:from+m[0]])))
			}
		}
	}
	return types.LongOf(-1)
}

func countOf(c *Ctx, a []types.Value) types.Value {
	s, search := a[0].Text(), a[1].Text()
	if len(a) > 2 && a[2].Text() == "regex" {
		re, err := c.Regex(search)
		if err != nil {
			return c.Fail(err)
		}
		return types.LongOf(int64(len(re.FindAllStringIndex(s, -1))))
	}
	if search == "" {
		return types.LongOf(0)
	}
	n := int64(0)
	for {
		i := strings.Index(s, search)
		if i < 0 {
			return types.LongOf(n)
		}
		n++
		s = s[i+1:]
	}
}

func hasAnyIndex(_ *Ctx, a []types.Value) types.Value {
	index, found := int64(-1), false
	text := lowerText(a[0].ToText())
	elements(a[1:2], func(v types.Value) bool {
		index++
		found = !v.IsNull() && hasTerm(text, lowerText(v.ToText()), true, true)
		return !found
	})
	if !found {
		index = -1
	}
	return types.LongOf(index)
}

func extract(c *Ctx, a []types.Value) types.Value {
	re, err := c.Regex(a[0].Text())
	if err != nil {
		return c.Fail(err)
	}
	text := ""
	if m, g := re.FindStringSubmatch(a[2].Text()), a[1].Int64(); m != nil && g >= 0 && g < int64(len(m)) {
		text = m[g]
	}
	return types.StringOf(text).To(c.Out)
}

func lowerExtract(w Writer, c *Call) string {
	re, ok := constRE2(c.Args[0])
	group := c.Args[1].Const
	if !ok || group == nil || group.IsNull() {
		return ""
	}
	if g := group.Int64(); g < 0 || g > int64(regexp.MustCompile(re).NumSubexp()) {
		return ""
	}
	s := "regexp_extract(" + c.Args[2].SQL + ", " + w.Lit(types.StringOf(re)) + ", " + strconv.FormatInt(group.Int64(), 10) + ")"
	if c.Type == types.String {
		return s
	}
	return w.Convert(Arg{SQL: s, Type: types.String}, c.Type)
}

var errNoGroups = errors.New("extract_all() needs a regular expression with one to 16 groups")

func extractAll(c *Ctx, a []types.Value) types.Value {
	re, err := c.Regex(a[0].Text())
	if err != nil {
		return c.Fail(err)
	}
	if re.NumSubexp() < 1 || re.NumSubexp() > 16 {
		return c.Fail(errNoGroups)
	}
	var groups []int
	if len(a) > 2 {
		for _, g := range types.JSONOf(a[1]).Items {
			i := -1
			switch g.Kind {
			case types.JSONLong:
				i = int(g.Long)
			case types.JSONString:
				i = re.SubexpIndex(g.Str)
			}
			if i < 1 || i > re.NumSubexp() {
				return c.Fail(fmt.Errorf("extract_all(): the regular expression has no group %s", g.String()))
			}
			groups = append(groups, i)
		}
	} else {
		for i := range re.NumSubexp() {
			groups = append(groups, i+1)
		}
	}
	out := types.JSON{Kind: types.JSONArray}
	for _, m := range re.FindAllStringSubmatch(a[len(a)-1].Text(), -1) {
		row := types.JSON{Kind: types.JSONArray}
		for _, g := range groups {
			row.Items = append(row.Items, types.JSON{Kind: types.JSONString, Str: m[g]})
		}
		if len(groups) == 1 {
			row = row.Items[0]
		}
		out.Items = append(out.Items, row)
	}
	if len(out.Items) == 0 {
		return types.Null(types.Dynamic)
	}
	return out.Value()
}

// lowerExtractAll has DuckDB list the matches of a single group. Kusto gives null for none.
func lowerExtractAll(w Writer, c *Call) string {
	re, ok := constRE2(c.Args[0])
	if !ok || regexp.MustCompile(re).NumSubexp() != 1 || matchesEmpty(re) {
		return ""
	}
	return "nullif(to_json(regexp_extract_all(" + c.Args[1].SQL + ", " + w.Lit(types.StringOf(re)) + ", 1))::VARCHAR, '[]')"
}

func replaceRegex(c *Ctx, source, pattern, rewritePattern types.Value) types.Value {
	re, err := c.Regex(pattern.Text())
	if err != nil {
		return c.Fail(err)
	}
	rewrite := rewritePattern.Text()
	return types.StringOf(replaceAll(re, source.Text(), func(dst []byte, s string, m []int) []byte {
		for i := 0; i < len(rewrite); i++ {
			if rewrite[i] != '\\' || i+1 == len(rewrite) {
				dst = append(dst, rewrite[i])
				continue
			}
			i++
			switch g := int(rewrite[i]) - '0'; {
			case g >= 0 && g <= 9:
				if 2*g+1 < len(m) && m[2*g] >= 0 {
					dst = append(dst, s[m[2*g]:m[2*g+1]]...)
				}
			case rewrite[i] == '\\':
				dst = append(dst, '\\')
			default:
				dst = append(dst, '\\', rewrite[i])
			}
		}
		return dst
	}))
}

// replaceAll replaces every match by what write appends for it.
func replaceAll(re *regexp.Regexp, s string, write func(dst []byte, s string, m []int) []byte) string {
	matches := re.FindAllStringSubmatchIndex(s, -1)
	if matches == nil {
		return s
	}
	dst := make([]byte, 0, len(s))
	at := 0
	for _, m := range matches {
		dst = append(dst, s[at:m[0]]...)
		dst = write(dst, s, m)
		at = m[1]
	}
	return string(append(dst, s[at:]...))
}

// plainRewrite are replacements that RE2 reads as Kusto does.
var plainRewrite = regexp.MustCompile(`^(?:[^\\]|\\[0-9]|\\\\)*$`)

func lowerReplaceRegex(w Writer, source, pattern, rewritePattern Arg) string {
	re, ok := constRE2(pattern)
	rewrite := rewritePattern.Const
	if !ok || rewrite == nil || matchesEmpty(re) || !plainRewrite.MatchString(rewrite.ToText()) {
		return ""
	}
	groups := regexp.MustCompile(re).NumSubexp()
	for i, s := 0, rewrite.ToText(); i+1 < len(s); i++ {
		if s[i] == '\\' {
			if i++; s[i] != '\\' && int(s[i]-'0') > groups {
				return ""
			}
		}
	}
	return "regexp_replace(" + source.SQL + ", " + w.Lit(types.StringOf(re)) + ", " + w.Lit(*rewrite) + ", 'g')"
}

// trimFunc declares trim and its kin: the pattern is matched once at each end.
func trimFunc(name string, start, end bool, doc string, examples ...Example) *Func {
	head := func(re string) string { return `\A(?:` + re + `)` }
	tail := func(re string) string { return `(?:` + re + `)\z` }
	return &Func{Name: name, Class: Scalar, Page: strings.ReplaceAll(name, "_", "-") + "-function", Doc: doc, Examples: examples, Deviates: regexDeviates,
		Sigs: Sigs(RetString, P("regex", String).Constant(), P("source", String)),
		Go: func(c *Ctx, a []types.Value) types.Value {
			s := a[1].Text()
			if _, err := c.Regex(a[0].Text()); err != nil {
				return c.Fail(err)
			}
			if start {
				re, err := c.Regex(head(a[0].Text()))
				if err != nil {
					return c.Fail(err)
				}
				if m := re.FindStringIndex(s); m != nil {
					s = s[m[1]:]
				}
			}
			if end {
				re, err := c.Regex(tail(a[0].Text()))
				if err != nil {
					return c.Fail(err)
				}
				if m := re.FindStringIndex(s); m != nil {
					s = s[:m[0]]
				}
			}
			return types.StringOf(s)
		},
		Lower: func(w Writer, c *Call) string {
			re, ok := constRE2(c.Args[0])
			if !ok {
				return ""
			}
			s := c.Args[1].SQL
			if start {
				s = "regexp_replace(" + s + ", " + w.Lit(types.StringOf(head(re))) + ", '')"
			}
			if end {
				s = "regexp_replace(" + s + ", " + w.Lit(types.StringOf(tail(re))) + ", '')"
			}
			return s
		}}
}

func extractJSON(c *Ctx, a []types.Value) types.Value {
	null := types.Null(c.Out)
	steps, ok := jsonPathSteps(a[0].Text())
	if !ok {
		return null
	}
	n, err := types.ParseJSON(a[1].Text())
	if err != nil {
		return null
	}
	for _, step := range steps {
		if step.Type() == types.String {
			n, ok = n.Get(step.Text())
		} else if i := step.Int64(); n.Kind == types.JSONArray && i >= 0 && i < int64(len(n.Items)) {
			n = n.Items[i]
		} else {
			ok = false
		}
		if !ok {
			return null
		}
	}
	if c.Out == types.Dynamic {
		return n.Value()
	}
	return types.StringOf(n.Value().ToText()).To(c.Out)
}

var pathStep = regexp.MustCompile(`^(?:\.([A-Za-z_@$][\w@$-]*)|\[(\d+)\]|\.?\['((?:[^'\\]|\\.)*)'\]|\.?\["((?:[^"\\]|\\.)*)"\])`)

// jsonPathSteps reads a JSONPath of keys and indexes: $.a[0]['b c'].
// https://learn.microsoft.com/kusto/query/jsonpath
func jsonPathSteps(path string) ([]types.Value, bool) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(path), "$")
	var steps []types.Value
	for ok && rest != "" {
		m := pathStep.FindStringSubmatch(rest)
		if m == nil {
			return nil, false
		}
		switch {
		case m[1] != "":
			steps = append(steps, types.StringOf(m[1]))
		case m[2] != "":
			i, err := strconv.ParseInt(m[2], 10, 32)
			if err != nil {
				return nil, false
			}
			steps = append(steps, types.LongOf(i))
		default:
			steps = append(steps, types.StringOf(m[3]+m[4]))
		}
		rest = rest[len(m[0]):]
	}
	return steps, ok
}
