package funcs

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vedette-siem/vedette/internal/types"
)

// stringFuncs build and cut texts. A KQL string is never null; positions and lengths count code points.
// https://learn.microsoft.com/kusto/query/scalar-functions#string-functions
var stringFuncs = []*Func{
	{Name: "strlen", Class: Scalar, Sigs: Sigs(RetLong, Str("source")), Result: FuncFirstArg,
		SQL: "length($1)",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.LongOf(int64(utf8.RuneCountInString(a[0].Text())))
		},
		Doc: "Counts the characters of a text.", Page: "strlen-function",
		Examples: []Example{{`strlen("abc")`, `3`}, {`strlen("")`, `0`}, {`strlen("é")`, `1`}}},
	{Name: "string_size", Class: Scalar, Sigs: Sigs(RetLong, Str("source")), Result: FuncFirstArg,
		SQL: "strlen($1)",
		Go:  func(_ *Ctx, a []types.Value) types.Value { return types.LongOf(int64(len(a[0].Text()))) },
		Doc: "Counts the bytes of a text in UTF-8.", Page: "string-size-function",
		Examples: []Example{{`string_size("hello")`, `5`}, {`string_size("")`, `0`}, {`string_size("é")`, `2`}}},
	{Name: "strcat", Class: Scalar, Sigs: Sigs(RetString, T("arg", Any).Repeated()),
		SQL: "concat($*)",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.StringOf(joinTexts(a, ""))
		},
		Doc: "Joins the texts of its arguments.", Page: "strcat-function",
		Examples: []Example{{`strcat("a", 1, "b")`, `"a1b"`}, {`strcat("a", tostring(int(null)), "z")`, `"az"`}, {`strcat(1s)`, `"00:00:01"`}}},
	{Name: "strcat_delim", Class: Scalar, Sigs: Sigs(RetString, T("delimiter", Any), T("arg", Any), T("arg", Any).Repeated()),
		SQL: "concat_ws($1, $2*)",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.StringOf(joinTexts(a[1:], a[0].Text()))
		},
		Doc: "Joins the texts of its arguments with a delimiter.", Page: "strcat-delim-function",
		Examples: []Example{{`strcat_delim("-", 1, "2", "A", 1s)`, `"1-2-A-00:00:01"`}, {`strcat_delim(",", "a", "", "b")`, `"a,,b"`}, {`strcat_delim("", "a", 2)`, `"a2"`}}},
	{Name: "strcat_array", Aliases: []string{"array_strcat"}, Class: Scalar, Sigs: Sigs(RetString, P("array", Dynamic), T("delimiter", Any)),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			n := types.JSONOf(a[0])
			if n.Kind != types.JSONArray {
				return types.StringOf("")
			}
			parts := make([]string, len(n.Items))
			for i, e := range n.Items {
				parts[i] = e.Value().ToText()
			}
			return types.StringOf(strings.Join(parts, a[1].Text()))
		},
		Doc: "Joins the texts of an array's elements with a delimiter.", Page: "strcat-array-function",
		Examples: []Example{{`strcat_array(dynamic([1, 2, 3]), "->")`, `"1->2->3"`}, {`strcat_array(dynamic(null), ",")`, `""`}, {`strcat_array(dynamic(["a", "", null]), "|")`, `"a||"`}}},
	{Name: "strcmp", Class: Scalar, Sigs: Sigs(RetLong, T("string1", Any), T("string2", Any)),
		SQL: "CASE WHEN $1 = $2 THEN 0 WHEN $1 < $2 THEN -1 ELSE 1 END::BIGINT",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.LongOf(int64(strings.Compare(a[0].Text(), a[1].Text())))
		},
		Doc: "Orders two texts by code point: -1, 0 or 1.", Page: "strcmp-function",
		Examples: []Example{{`strcmp("ABC", "abc")`, `-1`}, {`strcmp("", "")`, `0`}, {`strcmp("abcde", "abc")`, `1`}}},
	{Name: "strrep", Class: Scalar, Sigs: Sigs(RetString, T("value", Any), P("multiplier", Integer), T("delimiter", Any).Optional()),
		Go:  repeatText,
		Doc: "Repeats a text up to 1024 times, with a delimiter between.", Page: "strrep-function",
		Examples: []Example{{`strrep("ABC", 2)`, `"ABCABC"`}, {`strrep("a", int(null))`, `""`}, {`strrep(123, 3, ".")`, `"123.123.123"`}}},
	{Name: "tolower", Class: Scalar, Sigs: Sigs(RetString, T("value", Any)),
		SQL: "lower($1)",
		Go:  func(_ *Ctx, a []types.Value) types.Value { return types.StringOf(lowerText(a[0].Text())) },
		Doc: "Gives a text in lower case, each character for itself.", Page: "tolower-function",
		Examples: []Example{{`tolower("Hello")`, `"hello"`}, {`tolower("")`, `""`}, {`tolower("ÜBER")`, `"über"`}}},
	{Name: "toupper", Class: Scalar, Sigs: Sigs(RetString, T("value", Any)),
		SQL: "kql_upper($1)",
		Go:  func(_ *Ctx, a []types.Value) types.Value { return types.StringOf(strings.ToUpper(a[0].Text())) },
		Doc: "Gives a text in upper case, each character for itself.", Page: "toupper-function",
		Examples: []Example{{`toupper("Hello")`, `"HELLO"`}, {`toupper("")`, `""`}, {`toupper("naïve ß")`, `"NAÏVE ß"`}}},
	{Name: "substring", Class: Scalar, Sigs: Sigs(RetString, T("source", Any), P("startingIndex", Integer), P("length", Integer).Optional()),
		Go: substring, Lower: lowerSubstring,
		Doc: "Cuts a text from a position on, a negative one counting from its end.", Page: "substring-function",
		Examples: []Example{{`substring("123456", 2, 2)`, `"34"`}, {`substring("", -2)`, `""`}, {`substring("123456", -2, 2)`, `"56"`}, {`substring("hello", 1, -1)`, `""`}}},
	{Name: "split", Class: Scalar, Sigs: Sigs(RetDynamic, T("source", Any), P("delimiter", String), P("requestedIndex", Integer).Optional()), Result: FirstArg,
		Go: splitText, Lower: lowerSplit, Deviates: "a control character in a part shows with upper-case hexadecimal digits in the JSON text",
		Doc: "Cuts a text at a delimiter into an array of texts, or gives the array with only the part asked for.", Page: "split-function",
		Examples: []Example{{`split("aa_bb", "_")`, `dynamic(["aa","bb"])`}, {`split("", "_")`, `dynamic([""])`}, {`split("aaa_bbb_ccc", "_", 1)`, `dynamic(["bbb"])`}}},
	{Name: "reverse", Class: Scalar, Sigs: Sigs(RetString, T("value", Any)),
		Go:  func(_ *Ctx, a []types.Value) types.Value { return types.StringOf(reverseText(a[0].Text())) },
		Doc: "Turns a text around, code point by code point.", Page: "reverse-function",
		Examples: []Example{{`reverse("abc")`, `"cba"`}, {`reverse("")`, `""`}, {`reverse(123)`, `"321"`}}},
	{Name: "replace_string", Class: Scalar, Sigs: Sigs(RetString, P("text", String), P("lookup", String), P("rewrite", String)),
		SQL: "replace($1, $2, $3)",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			if a[1].Text() == "" {
				return a[0]
			}
			return types.StringOf(strings.ReplaceAll(a[0].Text(), a[1].Text(), a[2].Text()))
		},
		Doc: "Replaces every occurrence of a text by another.", Page: "replace-string-function",
		Examples: []Example{{`replace_string("100%off", "%", "PCT")`, `"100PCToff"`}, {`replace_string("", "a", "b")`, `""`}, {`replace_string("aaa", "", "X")`, `"aaa"`}}},
	{Name: "replace_strings", Class: Scalar, Sigs: Sigs(RetString, P("text", String), P("lookups", Dynamic), P("rewrites", Dynamic)),
		Go:  replaceStrings,
		Doc: "Replaces each of several texts by its counterpart, in their order; what one has matched the later ones do not see.", Page: "replace-strings-function",
		Examples: []Example{{`replace_strings("a cat", dynamic(["cat"]), dynamic(["dog"]))`, `"a dog"`}, {`replace_strings("", dynamic(["a"]), dynamic(["b"]))`, `""`},
			{`replace_strings("This is", dynamic(["This", "is"]), dynamic([12345, "was"]))`, `"This was"`}}},
	{Name: "translate", Class: Scalar, Sigs: Sigs(RetString, P("searchList", String), P("replacementList", String), P("source", String)),
		Go:  translate,
		Doc: "Replaces single characters by their counterparts in a second list, whose last character stands for missing ones.", Page: "translate-function",
		Examples: []Example{{`translate("krasp", "otsku", "spark")`, `"kusto"`}, {`translate("abc", "", "ab")`, `""`}, {`translate("abc", "x", "abc")`, `"xxx"`}}},
	{Name: "isascii", Class: Scalar, Sigs: Sigs(RetBool, T("value", Any)),
		SQL: "(strlen($1) = length($1))",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			for i := range len(a[0].Text()) {
				if a[0].Text()[i] >= 0x80 {
					return types.BoolOf(false)
				}
			}
			return types.BoolOf(true)
		},
		Doc: "Tells whether a text has only ASCII characters.", Page: "isascii",
		Examples: []Example{{`isascii("some string")`, `true`}, {`isascii("")`, `true`}, {`isascii("é")`, `false`}}},
	{Name: "isutf8", Class: Scalar, Sigs: Sigs(RetBool, T("value", Any)),
		Go:  func(_ *Ctx, a []types.Value) types.Value { return types.BoolOf(utf8.ValidString(a[0].Text())) },
		Doc: "Tells whether a text is valid UTF-8.", Page: "isutf8-function",
		Examples: []Example{{`isutf8("some string")`, `true`}, {`isutf8("")`, `true`}, {`isutf8("é")`, `true`}}},
	{Name: "unicode_codepoints_from_string", Aliases: []string{"to_utf8"}, Class: Scalar, Sigs: Sigs(RetDynamic, T("value", Any)),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			n := types.JSON{Kind: types.JSONArray}
			for _, r := range a[0].Text() {
				n.Items = append(n.Items, types.JSON{Kind: types.JSONLong, Long: int64(r)})
			}
			return n.Value()
		},
		Doc: "Lists the code points of a text.", Page: "unicode-codepoints-from-string-function",
		Examples: []Example{{`unicode_codepoints_from_string("Kö")`, `dynamic([75,246])`}, {`unicode_codepoints_from_string("")`, `dynamic([])`}, {`unicode_codepoints_from_string(1)`, `dynamic([49])`}}},
	{Name: "unicode_codepoints_to_string", Aliases: []string{"make_string"}, Class: Scalar, Nulls: Own, Sigs: Sigs(RetString, P("value", Integer|Dynamic).RawType().Repeated()),
		Go:  codePointsToText,
		Doc: "Builds a text from code points and arrays of them; a number that is none makes it empty.", Page: "unicode-codepoints-to-string-function",
		Examples: []Example{{`unicode_codepoints_to_string(75, 117, 115, 116, 111)`, `"Kusto"`}, {`unicode_codepoints_to_string(dynamic([]))`, `""`},
			{`unicode_codepoints_to_string(dynamic([75, 117]), 115)`, `"Kus"`}}},
	{Name: "format_bytes", Class: Scalar, Result: FirstArg, Sigs: Sigs(RetString, P("size", Number).RawType(), P("precision", Number).RawType().Optional(), P("units", String).Optional()),
		Go:  formatBytes,
		Doc: "Renders a number as a size of data.", Page: "format-bytes-function",
		Examples: []Example{{`format_bytes(10332, 1)`, `"10.1 KB"`}, {`format_bytes(long(null))`, `""`}, {`format_bytes(20010332, 0, "KB")`, `"19541 KB"`}, {`format_bytes(564)`, `"564 Bytes"`}}},
}

func joinTexts(a []types.Value, delimiter string) string {
	var b strings.Builder
	for i, v := range a {
		if i > 0 {
			b.WriteString(delimiter)
		}
		b.WriteString(v.Text())
	}
	return b.String()
}

// maxRepeat is how often strrep repeats at most.
const maxRepeat = 1024

func repeatText(_ *Ctx, a []types.Value) types.Value {
	n := min(a[1].Int64(), maxRepeat)
	if n <= 0 {
		return types.StringOf("")
	}
	parts := make([]string, n)
	for i := range parts {
		parts[i] = a[0].Text()
	}
	delimiter := ""
	if len(a) > 2 {
		delimiter = a[2].Text()
	}
	return types.StringOf(strings.Join(parts, delimiter))
}

// substring takes the part of the text inside [start, start+length); a negative start counts from the end
// and may lie before the beginning.
func substring(_ *Ctx, a []types.Value) types.Value {
	s := a[0].Text()
	n := int64(utf8.RuneCountInString(s))
	start := a[1].Int64()
	if start < 0 {
		start += n
	}
	if start >= n || start < -1<<40 {
		return types.StringOf("")
	}
	end := n
	if len(a) > 2 {
		length := a[2].Int64()
		if length <= 0 {
			return types.StringOf("")
		}
		if length < n-start {
			end = start + length
		}
	}
	start = max(start, 0)
	if end <= start {
		return types.StringOf("")
	}
	return types.StringOf(cutRunes(s, start, end))
}

// cutRunes returns the characters from up to to, which both lie in s.
func cutRunes(s string, from, to int64) string {
	if int64(len(s)) == int64(utf8.RuneCountInString(s)) {
		return s[from:to]
	}
	i, begin := int64(0), len(s)
	for pos := range s {
		if i == from {
			begin = pos
		}
		if i == to {
			return s[begin:pos]
		}
		i++
	}
	return s[begin:]
}

func lowerSubstring(_ Writer, c *Call) string {
	start := c.Args[1].Const
	if start == nil || start.IsNull() || start.Int64() < 0 || start.Int64() > math.MaxInt32-1 {
		return ""
	}
	from := strconv.FormatInt(start.Int64()+1, 10)
	if len(c.Args) == 2 {
		return "substring(" + c.Args[0].SQL + ", " + from + ")"
	}
	length := c.Args[2]
	if length.Const == nil {
		// the length is often computed with indexof(), which gives -1
		return "substring(" + c.Args[0].SQL + ", " + from + ", greatest(0, least(coalesce(" + length.SQL + ", 0), 2147483647)))"
	}
	if length.Const.IsNull() || length.Const.Int64() < 0 {
		return ""
	}
	return "substring(" + c.Args[0].SQL + ", " + from + ", " + strconv.FormatInt(min(length.Const.Int64(), math.MaxInt32), 10) + ")"
}

func splitText(_ *Ctx, a []types.Value) types.Value {
	parts := []string{a[0].Text()}
	if d := a[1].Text(); d != "" {
		parts = strings.Split(a[0].Text(), d)
	}
	if len(a) > 2 {
		if i := a[2].Int64(); i >= 0 && i < int64(len(parts)) {
			parts = parts[i : i+1]
		} else {
			parts = nil
		}
	}
	return stringArray(parts)
}

// stringArray is a dynamic array of strings.
func stringArray(parts []string) types.Value {
	n := types.JSON{Kind: types.JSONArray, Items: make([]types.JSON, len(parts))}
	for i, p := range parts {
		n.Items[i] = types.JSON{Kind: types.JSONString, Str: p}
	}
	return n.Value()
}

func lowerSplit(_ Writer, c *Call) string {
	d := c.Args[1].Const
	if d == nil || d.ToText() == "" {
		return ""
	}
	parts := "string_split(" + c.Args[0].SQL + ", " + c.Args[1].SQL + ")"
	if len(c.Args) > 2 {
		i := c.Args[2].Const
		if i == nil || i.IsNull() || i.Int64() < 0 || i.Int64() > math.MaxInt32-1 {
			return ""
		}
		at := strconv.FormatInt(i.Int64()+1, 10)
		parts = "list_slice(" + parts + ", " + at + ", " + at + ")"
	}
	return "to_json(" + parts + ")::VARCHAR"
}

func reverseText(s string) string {
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		_, size := utf8.DecodeLastRuneInString(s)
		out = append(out, s[len(s)-size:]...)
		s = s[:len(s)-size]
	}
	return string(out)
}

// replaceStrings takes the lookups in turn; what one has matched is out of reach of the later ones.
func replaceStrings(_ *Ctx, a []types.Value) types.Value {
	lookups, rewrites := types.JSONOf(a[1]), types.JSONOf(a[2])
	type piece struct {
		text string
		done bool
	}
	pieces := []piece{{text: a[0].Text()}}
	for k, l := range lookups.Items {
		if l.Kind != types.JSONString || l.Str == "" {
			continue
		}
		rewrite := l.Str // a lookup without a counterpart keeps its text
		if k < len(rewrites.Items) && rewrites.Items[k].Kind == types.JSONString {
			rewrite = rewrites.Items[k].Str
		}
		var next []piece
		for _, p := range pieces {
			if p.done {
				next = append(next, p)
				continue
			}
			for i, part := range strings.Split(p.text, l.Str) {
				if i > 0 {
					next = append(next, piece{rewrite, true})
				}
				if part != "" {
					next = append(next, piece{text: part})
				}
			}
		}
		pieces = next
	}
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.text)
	}
	return types.StringOf(b.String())
}

func translate(_ *Ctx, a []types.Value) types.Value {
	search, replacement := []rune(a[0].Text()), []rune(a[1].Text())
	return types.StringOf(strings.Map(func(r rune) rune {
		for i, s := range search {
			switch {
			case s != r:
			case len(replacement) == 0:
				return -1
			default:
				return replacement[min(i, len(replacement)-1)]
			}
		}
		return r
	}, a[2].Text()))
}

func codePointsToText(_ *Ctx, a []types.Value) types.Value {
	var b strings.Builder
	valid := true
	elements(a, func(v types.Value) bool {
		n := v.Int64()
		valid = !v.IsNull() && v.Type().IsInteger() && n >= 0 && n <= utf8.MaxRune && utf8.ValidRune(rune(n))
		b.WriteRune(rune(n))
		return valid
	})
	if !valid {
		return types.StringOf("")
	}
	return types.StringOf(b.String())
}

var byteUnits = []string{"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"}

func formatBytes(_ *Ctx, a []types.Value) types.Value {
	size, precision, unit := a[0].Float64(), 0, -1
	if math.IsNaN(size) || math.IsInf(size, 0) {
		return types.StringOf("")
	}
	if len(a) > 1 {
		precision = int(min(max(a[1].Float64(), 0), 15))
	}
	if len(a) > 2 && a[2].Text() != "" {
		for i, u := range byteUnits {
			if strings.EqualFold(u, a[2].Text()) {
				unit = i
			}
		}
		if unit < 0 {
			return types.StringOf("")
		}
		size /= math.Pow(1024, float64(unit))
	} else {
		for unit = 0; unit < len(byteUnits)-1 && math.Abs(size) >= 1024; unit++ {
			size /= 1024
		}
	}
	scale := math.Pow(10, float64(precision))
	if r := math.Round(size * scale); !math.IsInf(r, 0) {
		size = r / scale
	}
	return types.StringOf(strconv.FormatFloat(size, 'f', -1, 64) + " " + byteUnits[unit])
}
