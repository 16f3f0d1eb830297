package funcs

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/ua-parser/uap-go/uaparser"

	"github.com/vedette-siem/vedette/internal/types"
)

// parseFuncs take texts of known forms apart: URLs, paths, CSV, XML, versions, command lines, user agents.
// https://learn.microsoft.com/kusto/query/scalar-functions
var parseFuncs = []*Func{
	{Name: "parse_url", Aliases: []string{"parseurl"}, Class: Scalar, Sigs: Sigs(RetDynamic, P("url", String)), Page: "parse-url-function",
		Go:  func(_ *Ctx, a []types.Value) types.Value { return parseURL(a[0].Text()).Value() },
		Doc: "Takes a URL apart into scheme, host, port, path, user, query parameters and fragment.",
		Examples: []Example{
			{`parse_url("https://bing.com/a?k=v#f")`, `dynamic({"Scheme":"https","Host":"bing.com","Port":"","Path":"/a","Username":"","Password":"","Query Parameters":{"k":"v"},"Fragment":"f"})`},
			{`parse_url("")`, `dynamic({"Scheme":"","Host":"","Port":"","Path":"","Username":"","Password":"","Query Parameters":{},"Fragment":""})`},
			{`parse_url("s://u:p@[::1]:80")`, `dynamic({"Scheme":"s","Host":"[::1]","Port":"80","Path":"","Username":"u","Password":"p","Query Parameters":{},"Fragment":""})`}}},
	{Name: "parse_urlquery", Aliases: []string{"parseurlquery"}, Class: Scalar, Sigs: Sigs(RetDynamic, P("query", String)), Page: "parse-urlquery-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			var n types.JSON
			n.Set("Query Parameters", queryParameters(strings.TrimPrefix(a[0].Text(), "?")))
			return n.Value()
		},
		Doc:      "Takes the query part of a URL apart into its parameters, which stay encoded.",
		Examples: []Example{{`parse_urlquery("k1=v1&k2=v2")`, `dynamic({"Query Parameters":{"k1":"v1","k2":"v2"}})`}, {`parse_urlquery("")`, `dynamic({"Query Parameters":{}})`}, {`parse_urlquery("?a=b=c&d")`, `dynamic({"Query Parameters":{"a":"b=c","d":""}})`}}},
	{Name: "parse_path", Class: Scalar, Sigs: Sigs(RetDynamic, P("path", String)), Page: "parse-path-function",
		Go:  func(_ *Ctx, a []types.Value) types.Value { return parsePath(a[0].Text()).Value() },
		Doc: "Takes a file path apart into scheme, root, directory, file name, extension and alternate data stream.",
		Examples: []Example{
			{`parse_path(@"C:\temp\file.txt")`, `dynamic({"Scheme":"","RootPath":"C:","DirectoryPath":"C:\\temp","DirectoryName":"temp","Filename":"file.txt","Extension":"txt","AlternateDataStreamName":""})`},
			{`parse_path("")`, `dynamic({"Scheme":"","RootPath":"","DirectoryPath":"","DirectoryName":"","Filename":"","Extension":"","AlternateDataStreamName":""})`},
			{`parse_path("file://C:/temp/file.txt:some.exe")`, `dynamic({"Scheme":"file","RootPath":"C:","DirectoryPath":"C:/temp","DirectoryName":"temp","Filename":"file.txt","Extension":"txt","AlternateDataStreamName":"some.exe"})`}}},
	{Name: "parse_csv", Class: Scalar, Sigs: Sigs(RetDynamic, Str("csv_text")), Result: FirstArg, Page: "parse-csv-function",
		Go:       func(_ *Ctx, a []types.Value) types.Value { return stringArray(parseCSV(a[0].Text())) },
		Doc:      "Lists the values of one record of comma-separated values.",
		Examples: []Example{{`parse_csv('aa,"b,b","say ""x"""')`, `dynamic(["aa","b,b","say \"x\""])`}, {`parse_csv("")`, `dynamic([""])`}, {`parse_csv("a,b\nc")`, `dynamic(["a","b"])`}}},
	{Name: "parse_xml", Class: Scalar, Sigs: Sigs(RetDynamic, Str("xml_text")), Result: FirstArg, Page: "parse-xml-function",
		Go:  func(_ *Ctx, a []types.Value) types.Value { return parseXML(a[0].Text()) },
		Doc: "Turns XML into a property bag: attributes become @name, text beside them #text, repeated elements arrays; null for what is no XML.",
		Examples: []Example{{`parse_xml('<e name="value">text</e>')`, `dynamic({"e":{"@name":"value","#text":"text"}})`}, {`parse_xml("no xml")`, `dynamic(null)`},
			{`parse_xml("<e> <a>1</a> <a>2</a> <b/> </e>")`, `dynamic({"e":{"a":["1","2"],"b":null}})`}}},
	{Name: "parse_version", Class: Scalar, Sigs: Sigs(RetDecimal, P("version", String)), Page: "parse-version-function",
		Go:       parseVersion,
		Doc:      "Turns a version of one to four numbers into a decimal that orders as versions do.",
		Examples: []Example{{`parse_version("1.2.3.4")`, `decimal(1000000020000000300000004)`}, {`parse_version("")`, `decimal(null)`}, {`parse_version("0.2") > parse_version("0.1.9")`, `true`}}},
	{Name: "parse_command_line", Class: Scalar, Sigs: Sigs(RetDynamic, T("command_line", Any), P("parser_type", String).Constant("windows")), Page: "parse-command-line-function",
		Go: func(c *Ctx, a []types.Value) types.Value {
			if a[1].Text() != "windows" {
				return c.Fail(errors.New("parse_command_line(): the only parser is 'windows'"))
			}
			return stringArray(splitCommandLine(a[0].Text()))
		},
		Doc:      "Lists the arguments of a command line as Windows takes it apart.",
		Examples: []Example{{`parse_command_line('echo "hello world!"', "windows")`, `dynamic(["echo","hello world!"])`}, {`parse_command_line("", "windows")`, `dynamic([])`}, {`parse_command_line(@'a "b\"c" d\\e', "windows")`, `dynamic(["a","b\"c","d\\\\e"])`}}},
	{Name: "parse_user_agent", Class: Scalar, Sigs: Sigs(RetDynamic, P("user_agent", String), P("look_for", String|Dynamic).RawType().Optional()), Page: "parse-user-agent-function",
		Go:       parseUserAgent,
		Doc:      "Tells what a user agent says of the browser, the operating system and the device.",
		Deviates: "the definitions are those of the uap-core release that vedette was built with",
		Examples: []Example{
			{`parse_user_agent("Mozilla/5.0 (Windows; U; en-US) AppleWebKit/531.9 (KHTML, like Gecko) AdobeAIR/2.5.1", "browser")`, `dynamic({"Browser":{"Family":"AdobeAIR","MajorVersion":"2","MinorVersion":"5","Patch":"1"}})`},
			{`parse_user_agent("", "browser")`, `dynamic({"Browser":{"Family":"Other","MajorVersion":"","MinorVersion":"","Patch":""}})`},
			{`parse_user_agent("curl/7.68.0", dynamic(["browser"])).Browser.Family`, `dynamic("curl")`}}},
}

// object builds a JSON object from keys and texts.
func object(pairs ...string) types.JSON {
	n := types.JSON{Kind: types.JSONObject}
	for i := 0; i+1 < len(pairs); i += 2 {
		n.Set(pairs[i], types.JSON{Kind: types.JSONString, Str: pairs[i+1]})
	}
	return n
}

func parseURL(url string) types.JSON {
	rest, fragment, _ := strings.Cut(url, "#")
	rest, query, _ := strings.Cut(rest, "?")
	var scheme, user, password, host, port string
	if s, after, ok := strings.Cut(rest, "://"); ok {
		scheme, rest = s, after
		authority := rest
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			authority, rest = rest[:i], rest[i:]
		} else {
			rest = ""
		}
		if i := strings.LastIndexByte(authority, '@'); i >= 0 {
			user, password, _ = strings.Cut(authority[:i], ":")
			authority = authority[i+1:]
		}
		host = authority
		if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.Contains(authority[i:], "]") {
			host, port = authority[:i], authority[i+1:]
		}
	}
	n := object("Scheme", scheme, "Host", host, "Port", port, "Path", rest, "Username", user, "Password", password)
	n.Set("Query Parameters", queryParameters(query))
	n.Set("Fragment", types.JSON{Kind: types.JSONString, Str: fragment})
	return n
}

func queryParameters(query string) types.JSON {
	n := types.JSON{Kind: types.JSONObject}
	for pair := range strings.SplitSeq(query, "&") {
		if key, value, _ := strings.Cut(pair, "="); pair != "" {
			n.Set(key, types.JSON{Kind: types.JSONString, Str: value})
		}
	}
	return n
}

var (
	pathScheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+)://`)
	pathRoot   = regexp.MustCompile(`^(?:\\\\\?\\)?([A-Za-z]:)`)
)

func parsePath(path string) types.JSON {
	var scheme, root, stream, extension, name string
	if m := pathScheme.FindStringSubmatch(path); m != nil {
		scheme, path = m[1], path[len(m[0]):]
	}
	if m := pathRoot.FindStringSubmatch(path); m != nil {
		root = m[1]
	}
	directory, file := "", path
	if i := strings.LastIndexAny(path, `/\`); i >= 0 {
		directory, file = path[:i], path[i+1:]
	} else if root != "" {
		directory, file = root, path[len(root):]
	}
	file, stream, _ = strings.Cut(file, ":")
	if i := strings.LastIndexByte(file, '.'); i >= 0 {
		extension = file[i+1:]
	}
	if name = directory[strings.LastIndexAny(directory, `/\`)+1:]; name == root {
		name = ""
	}
	return object("Scheme", scheme, "RootPath", root, "DirectoryPath", directory, "DirectoryName", name,
		"Filename", file, "Extension", extension, "AlternateDataStreamName", stream)
}

// parseCSV reads the first record; a quote opens quoting only at the beginning of a value.
func parseCSV(s string) []string {
	var fields []string
	for {
		var b strings.Builder
		if strings.HasPrefix(s, `"`) {
			s = s[1:]
			for s != "" {
				i := strings.IndexByte(s, '"')
				if i < 0 {
					b.WriteString(s)
					s = ""
					break
				}
				b.WriteString(s[:i])
				if s = s[i+1:]; !strings.HasPrefix(s, `"`) {
					break
				}
				b.WriteByte('"')
				s = s[1:]
			}
		}
		i := strings.IndexAny(s, ",\r\n")
		if i < 0 {
			b.WriteString(s)
			return append(fields, b.String())
		}
		b.WriteString(s[:i])
		fields = append(fields, b.String())
		if s[i] != ',' {
			return fields
		}
		s = s[i+1:]
	}
}

var versionForm = regexp.MustCompile(`^\d{1,8}(?:\.\d{1,8}){0,3}$`)

func parseVersion(_ *Ctx, a []types.Value) types.Value {
	s := strings.TrimSpace(a[0].Text())
	if !versionForm.MatchString(s) {
		return types.Null(types.Decimal)
	}
	parts := strings.Split(s, ".")
	var digits strings.Builder
	for i := range 4 {
		part := ""
		if i < len(parts) {
			part = parts[i]
		}
		digits.WriteString(strings.Repeat("0", 8-len(part)) + part)
	}
	d, ok := types.ParseDecimal(digits.String())
	if !ok {
		return types.Null(types.Decimal)
	}
	return types.DecimalOf(d)
}

// splitCommandLine follows CommandLineToArgvW: the program's name knows quotes only; in the arguments,
// backslashes count double before a quote, and a doubled quote inside quotes is a literal one.
// https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw
func splitCommandLine(s string) []string {
	s = strings.TrimLeft(s, " \t")
	if s == "" {
		return nil
	}
	var args []string
	if s[0] == '"' {
		name, rest, _ := strings.Cut(s[1:], `"`)
		args, s = append(args, name), rest
	} else if i := strings.IndexAny(s, " \t"); i >= 0 {
		args, s = append(args, s[:i]), s[i:]
	} else {
		return []string{s}
	}
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		var arg string
		arg, s = commandArgument(s)
		args = append(args, arg)
	}
	return args
}

func commandArgument(s string) (arg, rest string) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			n := 0
			for i+n < len(s) && s[i+n] == '\\' {
				n++
			}
			if i+n < len(s) && s[i+n] == '"' {
				b.WriteString(strings.Repeat(`\`, n/2))
				if n%2 == 1 {
					b.WriteByte('"')
					i++
				}
			} else {
				b.WriteString(strings.Repeat(`\`, n))
			}
			i += n - 1
		case c == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
			b.WriteByte('"')
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\t'):
			return b.String(), s[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// userAgents is built on first use: it compiles more than a thousand patterns.
var userAgents = sync.OnceValues(func() (*uaparser.Parser, error) { return uaparser.New() })

func parseUserAgent(c *Ctx, a []types.Value) types.Value {
	parser, err := userAgents()
	if err != nil {
		return c.Fail(err)
	}
	targets := []types.Value{types.StringOf("browser")}
	if len(a) > 1 {
		targets = a[1:]
	}
	out := types.JSON{Kind: types.JSONObject}
	elements(targets, func(v types.Value) bool {
		switch strings.ToLower(v.ToText()) {
		case "browser":
			ua := parser.ParseUserAgent(a[0].Text())
			out.Set("Browser", object("Family", ua.Family, "MajorVersion", ua.Major, "MinorVersion", ua.Minor, "Patch", ua.Patch))
		case "os":
			os := parser.ParseOs(a[0].Text())
			out.Set("OperatingSystem", object("Family", os.Family, "MajorVersion", os.Major, "MinorVersion", os.Minor, "Patch", os.Patch, "PatchMinor", os.PatchMinor))
		case "device":
			d := parser.ParseDevice(a[0].Text())
			out.Set("Device", object("Family", d.Family, "Brand", d.Brand, "Model", d.Model))
		default:
			err = errors.New("parse_user_agent(): expected 'browser', 'os' or 'device', found " + strconv.Quote(v.ToText()))
		}
		return err == nil
	})
	if err != nil {
		return c.Fail(err)
	}
	return out.Value()
}
