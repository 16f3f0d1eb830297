package funcs

import (
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

// TestTextCalls holds what the engine is known to answer beside the examples of the declarations, and what
// must hold at the edges.
func TestTextCalls(t *testing.T) {
	checkCalls(t, textSet(), [][2]string{
		// Terms: runs of letters and digits, of any script.
		{`"hello-world" has "hello"`, `true`}, {`"helloworld" has "hello"`, `false`}, {`"version=1.2.3" has "2.3"`, `true`},
		{`"1_2_3" has "2.3"`, `false`}, {`"a b" has " "`, `true`}, {`"a\tb" has " "`, `false`}, {`"x" has ""`, `true`}, {`"x" !has ""`, `false`},
		{`"café" has "caf"`, `false`}, {`"café" has "café"`, `true`}, {`"xneedle needle" has "needle"`, `true`}, {`"tag==value" has "value"`, `true`},
		{`"a.b.c" hasprefix "b.c"`, `true`}, {`"the end." hassuffix "end"`, `true`}, {`"ending" hassuffix "end"`, `false`}, {`"abc" hasprefix "-"`, `false`},
		{`"RED green" has_cs "red"`, `false`}, {`"ab" has "ab "`, `false`}, {`"ab cd" has "ab c"`, `false`}, {`"aa" has "a"`, `false`},
		// Case: each character for itself.
		{`"MÜLLER" in~ ("müller")`, `true`}, {`"cafe\u0301" =~ "x"`, `false`}, {`"ß" =~ "SS"`, `false`}, {`"ΑΒΓ" contains "β"`, `true`},
		// Membership.
		{`1 in (1.0, 2.0)`, `true`}, {`1.5 in (1, 2)`, `false`}, {`1 in ("1")`, `true`}, {`"1" in (1, 2)`, `true`}, {`"b" in (dynamic(["a", "b"]))`, `true`},
		{`dynamic("a") in ("a")`, `true`}, {`dynamic(5) in (5)`, `true`}, {`dynamic(5) in ("5")`, `true`}, {`dynamic(null) in ("a")`, `false`},
		{`int(null) in (dynamic([null]))`, `false`}, {`int(null) !in (dynamic([]))`, `true`}, {`datetime(2024-01-01) in (datetime(2024-01-01))`, `true`},
		{`guid(ae3133f2-6e22-49ae-b06a-16e6a9b212eb) in ("AE3133F2-6E22-49AE-B06A-16E6A9B212EB")`, `true`}, {`"" in ("")`, `true`},
		{`"x y" has_any (dynamic([null, "z"]))`, `false`}, {`"x y" has_all ("x", "y")`, `true`}, {`"x1" has_any (1)`, `false`}, {`"x 1" has_any (1)`, `true`},
		{`5 between (int(null) .. 4)`, `false`}, {`5 between (int(null) .. 6)`, `bool(null)`}, {`5 !between (int(null) .. 4)`, `true`},
		{`1d between (1h .. 2d)`, `true`}, {`datetime(2024-01-03) between (datetime(2024-01-01) .. 1d)`, `false`}, {`dynamic(3) between (1 .. 5)`, `true`},
		// Positions.
		{`substring("hello", -3, 2)`, `"ll"`}, {`substring("Hello", -100, 3)`, `""`}, {`substring("xy", -2)`, `"xy"`}, {`substring("héllo", 1, 2)`, `"él"`},
		{`substring("abc", 10, 5)`, `""`}, {`substring("abc", 0, 0)`, `""`}, {`substring("abc", 1, 100)`, `"bc"`}, {`substring("abc", int(null))`, `""`},
		{`indexof("abcdefg", "cde", 1, 4)`, `2`}, {`indexof("abcdefg", "cde", 1, 2)`, `2`}, {`indexof("abcdefg", "cde", 3, 4)`, `-1`}, {`indexof(1234567, 5, 1, 4)`, `4`},
		{`indexof("abcdefg", "cde", 2, -1)`, `2`}, {`indexof("abcdefgabcdefg", "cde", 1, -1, 3)`, `-1`}, {`indexof("éa", "a")`, `1`}, {`indexof("abc", "")`, `0`},
		{`indexof_regex("abcabc", @"a.c", 1, -1, 2)`, `-1`}, {`indexof_regex("ababaa", @"a.a", 0, -1, 2)`, `-1`},
		// Regular expressions are Unicode's, and replaced by numbered groups.
		{`extract_all(@"(\d)", "ＡＢ１２")`, `dynamic(["１","２"])`}, {`extract(@"(\w+)", 1, "café!")`, `"café"`}, {`extract(@"[^\W_]+", 0, "_é_")`, `"é"`},
		{`extract("(", 1, "x")`, `error invalid regular expression`}, {`"x" matches regex "[a&&b]"`, `error set operations`}, {`"a b" matches regex @"a\u0020b"`, `true`},
		{`extract_all(@"([;,|-])", "single")`, `dynamic(null)`}, {`extract_all("a", "a")`, `error one to 16 groups`}, {`extract_all(@"(a)(b)", dynamic([3]), "ab")`, `error no group 3`},
		{`extract_all(@"(?P<first>\w)(?<last>\w)", dynamic(["last", 1]), "ab")`, `dynamic([["b","a"]])`}, {`extract(@"Email: (\S+),", 1, "User: David, Age: 35")`, `""`},
		{`extract("a(b)?", 1, "ac")`, `""`}, {`extract("a", 1, "a")`, `""`}, {`extract("a", -1, "a")`, `""`}, {`extract(@"(\d+)", 1, "x", typeof(long))`, `long(null)`},
		{`replace_regex("one two three", @"(\w)(\w)", @"\2\1")`, `"noe wto htere"`}, {`replace_regex("a-b", "(-)", @"\0\0\\")`, `@"a--\b"`}, {`replace_regex("abc", "b", "$1")`, `"a$1c"`},
		{`replace_string("aaaa", "a", "XY")`, `"XYXYXYXY"`}, {`trim(@"[\sx]", "xxstripxx")`, `"xstripx"`}, {`trim("1", "11")`, `""`}, {`trim_start(@"[^\w]+", "-  Te st1// $")`, `"Te st1// $"`},
		{`trim_end("a|ab", "xab")`, `"x"`}, {`countof("ababa", "ab", "normal")`, `2`}, {`countof("abcabc", "a.c", "regex")`, `2`}, {`countof("abc", "")`, `0`},
		{`"<x@y>" matches regex @"\<\w+ "`, `false`}, {`"a{b" matches regex @"a{b"`, `true`}, {`"aa" matches regex "^a{ 1, 2}$"`, `true`}, {`"[x" matches regex "[[x]{2}"`, `true`},
		{`extract_json("$['a b']", '{"a b": [1, 2]}')`, `"[1,2]"`}, {`extract_json("a", '{"a": 1}')`, `""`}, {`extract_json("$.a", '{"a": "x"}', typeof(long))`, `long(null)`},
		// Texts.
		{`split("a,,b", ",")`, `dynamic(["a","","b"])`}, {`split("x", ",", 3)`, `dynamic([])`}, {`split("abc", "")`, `dynamic(["abc"])`}, {`strcat_array(dynamic([1, [2], {"a": 3}]), "|")`, `"1|[2]|{\"a\":3}"`},
		{`strlen(strrep("ab", 5000))`, `2048`}, {`strrep(3s, 2, " ")`, `"00:00:03 00:00:03"`}, {`strcmp("abc", "ABC")`, `1`}, {`reverse("é1")`, `"1é"`},
		{`replace_strings("This is an", dynamic(["is", "This"]), dynamic(["was", "This"]))`, `"Thwas was an"`}, {`replace_strings("a b", dynamic(["a"]), dynamic([]))`, `"a b"`},
		{`format_bytes(20010332, 2)`, `"19.08 MB"`}, {`format_bytes(20010332)`, `"19 MB"`}, {`format_bytes(0)`, `"0 Bytes"`}, {`format_bytes(1, 0, "XB")`, `""`},
		{`unicode_codepoints_to_string(dynamic([48, 55296]))`, `""`}, {`string_size("⒦⒰⒮⒯⒪")`, `15`}, {`translate("ab", "xy", "cab")`, `"cxy"`},
	})
}

// TestParseCalls covers the parsers of URLs, paths, XML and the like.
func TestParseCalls(t *testing.T) {
	checkCalls(t, textSet(), [][2]string{
		{`parse_url("scheme://username:password@host:1234/this/is/a/path?k1=v1&k2=v2#fragment")`, `dynamic({"Scheme":"scheme","Host":"host","Port":"1234","Path":"/this/is/a/path","Username":"username","Password":"password","Query Parameters":{"k1":"v1","k2":"v2"},"Fragment":"fragment"})`},
		{`parse_url("a/b?x=1").Path`, `dynamic("a/b")`}, {`parse_url("http://h?q=a%20b").Host`, `dynamic("h")`},
		{`parse_path(@"\\shared\users\temp\file.txt.gz")`, `dynamic({"Scheme":"","RootPath":"","DirectoryPath":"\\\\shared\\users\\temp","DirectoryName":"temp","Filename":"file.txt.gz","Extension":"gz","AlternateDataStreamName":""})`},
		{`parse_path(@"temp\file.txt").DirectoryPath`, `dynamic("temp")`}, {`parse_path("/usr/lib/temp/file").DirectoryName`, `dynamic("temp")`}, {`parse_path(@"C:\a.b").DirectoryName`, `dynamic("")`},
		{`parse_csv('aa,"b,b,b",cc,"Escaping quotes: ""Title""","line1\nline2"')`, `dynamic(["aa","b,b,b","cc","Escaping quotes: \"Title\"","line1\nline2"])`}, {`parse_csv('"a')`, `dynamic(["a"])`}, {`parse_csv("a,")`, `dynamic(["a",""])`},
		{`parse_xml("<e/>")`, `dynamic({"e":null})`}, {`parse_xml('<e name="value" />')`, `dynamic({"e":{"@name":"value"}})`}, {`parse_xml("<e> <a>text</a> <b>text</b> </e>")`, `dynamic({"e":{"a":"text","b":"text"}})`},
		{`parse_xml("<e> text <a>text</a> </e>")`, `dynamic({"e":{"#text":"text","a":"text"}})`}, {`parse_xml('<?xml version="1.0" encoding="utf-16"?><a xmlns="x"><n:b xmlns:n="y">1 &amp; 2</n:b><!-- c --></a>')`, `dynamic({"a":{"@xmlns":"x","n:b":{"@xmlns:n":"y","#text":"1 & 2"}}})`},
		{`parse_xml("<a><b></a>")`, `dynamic(null)`}, {`parse_xml("<a/><b/>")`, `dynamic(null)`}, {`parse_xml("")`, `dynamic(null)`}, {`parse_xml("<a><![CDATA[<x>]]></a>")`, `dynamic({"a":"<x>"})`},
		{`parse_version("0.0.7.0")`, `decimal(700000000)`}, {`parse_version("1")`, `decimal(1000000000000000000000000)`}, {`parse_version("1.2.3.4.5")`, `decimal(null)`}, {`parse_version("1.x")`, `decimal(null)`}, {`parse_version("123456789")`, `decimal(null)`},
		{`parse_command_line(@'"C:\Program Files\a.exe" "x y"z \\"q\" r" ""', "windows")`, `dynamic(["C:\\Program Files\\a.exe","x yz","\\q\" r",""])`}, {`parse_command_line("a", "linux")`, `error the only parser`},
		{`parse_user_agent("x", "car")`, `error expected 'browser'`},
		{`parse_user_agent("Mozilla/5.0 (SymbianOS/9.2; U; Series60/3.1 NokiaN81-3/10.0.032 Profile/MIDP-2.0 Configuration/CLDC-1.1 ) AppleWebKit/413 (KHTML, like Gecko) Safari/4", dynamic(["browser","os","device"]))`,
			`dynamic({"Browser":{"Family":"Nokia OSS Browser","MajorVersion":"3","MinorVersion":"1","Patch":""},"OperatingSystem":{"Family":"Symbian OS","MajorVersion":"9","MinorVersion":"2","Patch":"","PatchMinor":""},"Device":{"Family":"Nokia N81","Brand":"Nokia","Model":"N81-3"}})`},
		{`url_decode("%e9")`, `"�"`}, {`url_encode_component("https://www.bing.com/hello world/")`, `"https%3a%2f%2fwww.bing.com%2fhello%20world%2f"`},
		{`punycode_domain_from_string("xn--Ry-lja8c.xn--Jng-uta63a.xn--Bng-9ka.com")`, `"Rúyì.Jīngū.Bàng.com"`}, {`punycode_domain_to_string("Kaledvoulc'h.Artorījos.edu")`, `"Kaledvoulc'h.xn--Artorjos-ejb.edu"`},
		{`punycode_domain_to_string("Lê Lợi。Thuận Thiên。com")`, `"xn--L Li-gpa4517b.xn--Thun Thin-s4a7194f.com"`}, {`punycode_domain_from_string("xn--!.com")`, `""`},
		{`base64_decode_tostring("S3Vz dG8=")`, `"Kusto"`}, {`base64_decode_tostring("S3VzdG8")`, `""`}, {`gzip_decompress_from_base64_string("eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4=")`, `""`},
		{`hash(1) == hash(int(1))`, `true`}, {`hash("a", 0)`, `long(null)`}, {`hash_many("Hello", "World") == hash_combine(hash("Hello"), hash("World"))`, `true`},
		{`assert(1 > 2, "order")`, `error assert() has failed with message: 'order'`},
	})
}

// TestIPCalls covers prefixes, mapped addresses and what is no address.
func TestIPCalls(t *testing.T) {
	pairs := [][2]string{
		{`ipv4_is_private("172.31.0.1")`, `true`}, {`ipv4_is_private("172.32.0.1")`, `false`}, {`ipv4_is_private("010.1.1.1")`, `bool(null)`}, {`ipv4_is_private("::1")`, `bool(null)`},
		{`ipv4_compare("192.168.1.1/30", "192.168.1.255/24")`, `0`}, {`ipv4_compare("192.168.1.1", "192.168.1.255", 24)`, `0`}, {`ipv4_compare("192.168.1.1", "192.168.1.0", 33)`, `long(null)`}, {`ipv4_compare("1.1.1.1/33", "1.1.1.1")`, `long(null)`},
		{`ipv6_is_in_any_range("a5e:f127:8a9d:146d:e102:b5d3:c755:abcd", dynamic(["a5e:f127:8a9d:146d:e102:b5d3:c755:f6cd/112"]))`, `true`},
		{`ipv6_is_in_any_range("a5e:f127:8a9d:146d:e102:b5d3:c756:abd1", dynamic(["a5e:f127:8a9d:146d:e102:b5d3:c755:f6cd/112", "0:0:0:0:0:ffff:c0a8:ac/60"]))`, `false`},
		{`ipv4_is_in_any_range("127.0.0.1", dynamic(["x", "127.0.0.1"]))`, `true`}, {`format_ipv4("192.168.1.1/24", 32)`, `"192.168.1.0"`}, {`format_ipv4(4294967296)`, `""`}, {`format_ipv4("192.168.1.1/24", -1)`, `""`},
		{`parse_ipv6("::192.168.255.255/24")`, `"0000:0000:0000:0000:0000:ffff:c0a8:ff00"`}, {`parse_ipv6_mask("192.168.255.255/24", 124)`, `"0000:0000:0000:0000:0000:ffff:c0a8:ff00"`},
		{`parse_ipv6_mask("fe80::85d:e82c:9446:7994/120", 124)`, `"fe80:0000:0000:0000:085d:e82c:9446:7900"`}, {`parse_ipv4("192.168.1.1/24")`, `3232235776`}, {`ipv4_netmask_suffix("127.0.0.1/16")`, `16`},
		{`has_ipv4_prefix("05:04:54127.0.0.1 GET", "127.0.")`, `false`}, {`has_ipv4_prefix("127.0.0.1", "127.0.0.1")`, `true`}, {`has_ipv4_prefix("127.0.0.1x", "127.")`, `false`}, {`has_any_ipv4_prefix("x 10.1.2.3:443", "10.1.")`, `true`},
		{`ipv4_range_to_cidr_list("10.0.0.1", "10.0.0.2")`, `dynamic(["10.0.0.1/32","10.0.0.2/32"])`}, {`ipv4_range_to_cidr_list("2.0.0.0", "1.0.0.0")`, `dynamic(null)`}, {`ipv4_range_to_cidr_list("255.255.255.255", "255.255.255.255")`, `dynamic(["255.255.255.255/32"])`},
	}
	for _, p := range []string{
		`"192.168.1.1", "192.168.1.1"`, `"192.168.1.1/24", "192.168.1.255"`, `"192.168.1.1/30", "192.168.1.255/24"`, `"fe80::85d:e82c:9446:7994", "fe80::85d:e82c:9446:7998/120"`,
		`"192.168.1.1", "::ffff:c0a8:0101"`, `"192.168.1.1/24", "::ffff:c0a8:01ff"`, `"::192.168.1.1/30", "192.168.1.255/24"`, `"192.168.1.1", "192.168.1.0", 31`,
		`"fe80::85d:e82c:9446:7994/127", "fe80::85d:e82c:9446:7998", 120`, `"192.168.1.1/24", "::ffff:c0a8:01ff", 127`, `"::ffff:c0a8:0101", "192.168.1.255", 120`,
	} {
		pairs = append(pairs, [2]string{"ipv6_is_match(" + p + ")", "true"}, [2]string{"ipv6_compare(" + p + ")", "0"})
	}
	checkCalls(t, textSet(), pairs)
}

// TestRE2Pattern pins the rewriting of patterns.
func TestRE2Pattern(t *testing.T) {
	for pattern, want := range map[string]string{
		`a.b`: `a.b`, `\d+`: `\p{Nd}+`, `[\d_]`: `[\p{Nd}_]`, `(?<n>x)`: `(?P<n>x)`, `\/\"\'`: `/"'`, `\.`: `\.`, `[\-\]]`: `[\-\]]`, `\p{Letter}\pL`: `\p{L}\pL`,
		`a{2,3}`: `a{2,3}`, `{x}`: `\{x}`, `x\{`: `x\{`, `[[:alpha:]]`: `[[:alpha:]]`, `\x41\u{1F600}`: `\x{41}\x{1f600}`, `\b\<a\>`: `\b\ba\b`, `[]a]`: `[\]a]`,
	} {
		got, err := RE2Pattern(pattern)
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", pattern, got, err, want)
		}
	}
	for _, pattern := range []string{`(`, `[a`, `a\`, `[a-z--b]`, `[x[^y]]`, `(?=a)`, `\u12`, `a**`, `\k<n>`, `(?x)a`, `[\d`} {
		if got, err := RE2Pattern(pattern); err == nil {
			t.Errorf("%s: accepted as %s", pattern, got)
		}
	}
}

// fakeWriter writes constants plainly, enough to look at lowered SQL.
type fakeWriter struct{}

func (fakeWriter) Lit(v types.Value) string {
	if v.Type() == types.String || v.Type() == types.Dynamic || v.Type() == types.Guid {
		return "'" + strings.ReplaceAll(v.Text(), "'", "''") + "'"
	}
	return v.ToText()
}

func (fakeWriter) UDF(name string, _ types.Type, args ...Arg) string {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.SQL
	}
	return "udf_" + name + "(" + strings.Join(parts, ", ") + ")"
}

func (fakeWriter) Convert(arg Arg, to types.Type) string { return to.String() + "(" + arg.SQL + ")" }
func (fakeWriter) JSON(arg Arg) string                   { return "json(" + arg.SQL + ")" }

// term is the search for a term: for its text, for it between ASCII's boundaries, and by the Go body where other
// characters touch it.
func term(x, needle, re, exact string) string {
	return "CASE WHEN contains(" + x + ", '" + needle + "') THEN CASE WHEN regexp_matches(" + x + ", '" + asciiStart + re + asciiEnd + "') THEN true WHEN regexp_matches(" +
		x + ", '" + notASCII + re + "|" + re + notASCII + "') THEN " + exact + " ELSE false END ELSE false END"
}

// TestTextSQL pins what the hot operators are lowered to: cheap guards before regular expressions, and no
// lower() where nothing has a case.
func TestTextSQL(t *testing.T) {
	set := textSet()
	str := func(s string) Arg {
		v := types.StringOf(s)
		return Arg{SQL: "'" + s + "'", Type: types.String, Const: &v}
	}
	val := func(v types.Value) Arg { return Arg{SQL: fakeWriter{}.Lit(v), Type: v.Type(), Const: &v} }
	s, y, l, d := Arg{SQL: "s", Type: types.String}, Arg{SQL: "y", Type: types.String}, Arg{SQL: "l", Type: types.Long}, Arg{SQL: "d", Type: types.Dynamic}
	list := types.JSON{Kind: types.JSONArray, Items: []types.JSON{{Kind: types.JSONString, Str: "A"}, {Kind: types.JSONString, Str: "b"}}}.Value()
	for _, c := range []struct {
		class  Class
		name   string
		args   []Arg
		filter bool
		want   string
	}{
		{Operator, "has", []Arg{s, str("Cmd")}, true, term("lower(s)", "cmd", "cmd", "udf_has(s, 'cmd')")},
		{Operator, "has", []Arg{s, str("10.0")}, true, term("s", "10.0", `10\.0`, "udf_has(s, '10.0')")},
		{Operator, "!has_cs", []Arg{s, str("--")}, true, `(NOT contains(s, '--'))`},
		{Operator, "hasprefix", []Arg{s, y}, true, `CASE WHEN contains(lower(s), lower(y)) THEN udf_hasprefix(s, y) ELSE false END`},
		{Operator, "contains", []Arg{s, str("aB")}, true, `contains(lower(s), 'ab')`},
		{Operator, "startswith_cs", []Arg{s, str("aB")}, true, `starts_with(s, 'aB')`},
		{Operator, "!endswith", []Arg{s, y}, true, `(NOT suffix(lower(s), lower(y)))`},
		{Operator, "=~", []Arg{s, str("O'B")}, true, `(lower(s) = 'o''b')`},
		{Operator, "in", []Arg{s, val(list), str("c")}, true, `(s IN ('A', 'b', 'c'))`},
		{Operator, "!in~", []Arg{s, val(list)}, true, `(lower(s) NOT IN ('a', 'b'))`},
		{Operator, "in~", []Arg{s, str("1.2.3.4")}, true, `(s IN ('1.2.3.4'))`},
		{Operator, "in", []Arg{l, val(types.LongOf(1)), val(types.RealOf(2)), val(types.RealOf(2.5))}, true, `(l IN (1, 2))`},
		{Operator, "!in", []Arg{l, val(types.LongOf(1))}, true, `coalesce((l NOT IN (1)), true)`},
		{Operator, "in", []Arg{l, val(types.LongOf(1))}, false, `coalesce((l IN (1)), false)`},
		{Operator, "in", []Arg{d, str("5"), str("x")}, true, `(d IN ('"5"', '5', '"x"'))`},
		{Operator, "in", []Arg{s, val(types.Null(types.Dynamic))}, true, `false`},
		{Operator, "in", []Arg{s, d}, true, ``},
		{Operator, "has_any", []Arg{s, val(list), str("a")}, true, "(" + term("lower(s)", "a", "a", "udf_has(s, 'a')") + " OR " + term("lower(s)", "b", "b", "udf_has(s, 'b')") + ")"},
		{Operator, "has_any", []Arg{s, str("a"), str("b"), str("c."), str("d"), str("-")}, true, `(CASE WHEN regexp_matches(lower(s), 'a|b|c\.|d|-') THEN CASE WHEN regexp_matches(lower(s), '` +
			asciiStart + `(?:a|b|d)` + asciiEnd + `|` + asciiStart + `(?:c\.)|(?:-)') THEN true WHEN regexp_matches(lower(s), '` +
			notASCII + `(?:a|b|d)|(?:a|b|d)` + notASCII + `|` + notASCII + `(?:c\.)') THEN udf_has_any(s, '["a","b","c.","d","-"]') ELSE false END ELSE false END)`},
		{Operator, "matches regex", []Arg{s, str(`\d`)}, true, `regexp_matches(s, '\p{Nd}')`},
		{Operator, "matches regex", []Arg{s, str(`(`)}, true, ``},
		{Scalar, "extract", []Arg{str("a(b)"), val(types.LongOf(1)), s}, false, `regexp_extract(s, 'a(b)', 1)`},
		{Scalar, "extract", []Arg{str("a(b)"), val(types.LongOf(2)), s}, false, ``},
		{Scalar, "split", []Arg{s, str("@"), val(types.LongOf(0))}, false, `to_json(list_slice(string_split(s, '@'), 1, 1))::VARCHAR`},
		{Scalar, "replace_regex", []Arg{s, str(`x*`), str("")}, false, ``},
		{Scalar, "replace_regex", []Arg{s, str(`x+`), str(`\1`)}, false, ``},
		{Scalar, "has_ipv4", []Arg{s, str("1.2.3.256")}, true, `false`},
	} {
		f, ok := set.Lookup(c.class, c.name)
		if !ok {
			t.Fatalf("no %s", c.name)
		}
		out := types.Bool
		if c.class == Scalar && c.name != "has_ipv4" {
			out = types.String
		}
		if got := f.Lower(fakeWriter{}, &Call{Args: c.args, Type: out, Filter: c.filter}); got != c.want {
			t.Errorf("%s: got\n%s, want\n%s", c.name, got, c.want)
		}
	}
}
