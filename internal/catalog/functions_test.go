package catalog

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/source"
)

func TestLoadFunctions(t *testing.T) {
	for _, tt := range []struct {
		name, file, text string
		want             string // name(params)=body; … of the functions, one a line
		problems         string // one a line
	}{
		{"asim", "a.yaml", "Parser:\n  Title: x\nParserName: ASimX\nEquivalentBuiltInParser: _ASim_X \nParserParams:\n  - Name: starttime\n    Type: datetime\n    Default: datetime(null)\n  - Name: user\n    Type: string\n    Default: '*'\n  - Name: pack\n    Type: dynamic \n    Default: dynamic([])\nParserQuery: |\n  T\n  | take 1\n",
			"ASimX(starttime:datetime=datetime(null),user:string='*',pack:dynamic=dynamic([]))=T\n| take 1\n_ASim_X(starttime:datetime=datetime(null),user:string='*',pack:dynamic=dynamic([]))=T\n| take 1", ""},
		{"library", "a.yml", "FunctionName: F\nFunctionParams:\n- {Name: \"T:(TimeGenerated:datetime)\", Type: table}\n- {Name: U, Type: table}\n- {Name: s, Type: string, Default: it's}\n- {Name: q, Type: string, Default: \"'x'\"}\n- {Name: n, Type: int}\nFunctionQuery: T | take n\n",
			`F(T:(TimeGenerated:datetime),U:(*),s:string='it\'s',q:string='x',n:int)=T | take n`, ""},
		{"solution with alias", "a.yaml", "Function:\n  Title: x\nFunctionName: Cisco\nFunctionAlias: Cisco_X\nFunctionQuery: Syslog\n", "Cisco()=Syslog\nCisco_X()=Syslog", ""},
		{"alias equal to name", "a.yaml", "FunctionName: C\nFunctionAlias: C\nFunctionQuery: Syslog\n", "C()=Syslog", ""},
		{"parameters as text", "a.yaml", "FunctionName: C\nFunctionParams: a:long, b:string=''\nFunctionQuery: print a\n", "C(a:long, b:string='')=print a", ""},
		{"byte-order mark", "a.yaml", "\ufeffFunctionName: C\nFunctionQuery: Syslog\n", "C()=Syslog", ""},
		{"a rule", "a.yaml", "id: 1\nname: x\nquery: T\n", "", ""},
		{"no name", "a.yaml", "ParserQuery: T\n", "", "d/a.yaml:1: parser has no name: expected ParserName or FunctionName"},
		{"no query", "a.yaml", "Title: x\nParserName: P\n", "", "d/a.yaml:2: parser P has no query: expected ParserQuery or FunctionQuery"},
		{"nameless parameter", "a.yaml", "ParserName: P\nParserParams:\n- Type: int\nParserQuery: T\n", "", "d/a.yaml:3: parser P: parameter 1 has no name or no type"},
		{"broken yaml", "a.yaml", "ParserName: [\n", "", "d/a.yaml: yaml: line 1: did not find expected node content"},
		{"jsonl", "f.jsonl", `{"name":"A","params":"x:long","body":"print x"}` + "\n\n" + `{"name":"B"}` + "\n{\n" + `{"name":"A","body":"T"}` + "\n",
			"A(x:long)=print x", "d/f.jsonl:3: expected name and body\nd/f.jsonl:4: unexpected end of JSON input\nd/f.jsonl:5: function A is already defined in d/f.jsonl"},
		{"create", "c.kql", "// head\n.create-or-alter function with (docstring='a ) b', folder=\"x\")\n  My_F(a:string='}', T:(x:long)) {\n  // it's }\n  T | where s == \"}\" or s == @'\\' // done\n}\n",
			"My_F(a:string='}', T:(x:long))=// it's }\n  T | where s == \"}\" or s == @'\\' // done", ""},
		{"create with quoted name", "c.csl", ".create function ifnotexists ['a b'] () { print '{' }", "a b()=print '{'", ""},
		{"text with command", "c.txt", "\n.create function F() { T }", "F()=T", ""},
		{"text without", "c.txt", "let x = 1; T", "", ""},
		{"not a command", "c.kql", "\nT | take 1", "", "d/c.kql:2: expected .create function"},
		{"no body", "c.kql", ".create function F()", "", "d/c.kql:1: expected the body in braces"},
		{"open body", "c.kql", ".create function F() { T \"}", "", "d/c.kql:1: expected the body in braces"},
		{"more after it", "c.kql", ".create function F() { T }\nT", "", "d/c.kql:2: expected the end of the command"},
		{"no parameters", "c.kql", ".create function F { T }", "", "d/c.kql:1: expected the parameters in brackets"},
		{"other file", "readme.md", "ParserName: P\n", "", ""},
	} {
		fs, ps, err := loadFunctions(fstest.MapFS{tt.file: {Data: []byte(tt.text)}}, "d")
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		var got, problems []string
		for _, f := range fs {
			got = append(got, f.Name+"("+f.Params+")="+strings.TrimSpace(f.Body))
			if f.Source.Text != f.Body {
				t.Errorf("%s: source of %s is not its body", tt.name, f.Name)
			}
		}
		for _, p := range ps {
			problems = append(problems, p.String())
		}
		if g := strings.Join(got, "\n"); g != tt.want {
			t.Errorf("%s: functions\n%s\nexpected\n%s", tt.name, g, tt.want)
		}
		if g := strings.Join(problems, "\n"); g != tt.problems {
			t.Errorf("%s: problems\n%s\nexpected\n%s", tt.name, g, tt.problems)
		}
	}
	if _, _, err := LoadFunctions(t.TempDir() + "/absent"); err == nil {
		t.Error("a folder that is not there is taken")
	}
}

func TestFunctionPositions(t *testing.T) {
	for _, tt := range []struct {
		name, file, text, find string
		line, col              int
	}{
		{"literal block", "a.yaml", "FunctionName: F\nFunctionQuery: |\n\n    T\n      | take 1\n", "take", 5, 9},
		{"literal block, crlf", "a.yaml", "FunctionName: F\r\nFunctionQuery: |\r\n  T\r\n  | take 1\r\n", "take", 4, 5},
		{"end of literal block", "a.yaml", "FunctionName: F\nFunctionQuery: |\n  T\n  | take 1", "1", 4, 10},
		{"explicit indentation", "a.yaml", "FunctionName: F\nFunctionQuery: |2\n    T\n  | take 1\n", "take", 4, 5},
		{"plain scalar", "a.yaml", "FunctionName: F\nFunctionQuery: T | take 1\n", "take", 2, 16},
		{"command", "a.kql", "// x\n.create function F() {\n  T\n  | take 1 }", "take", 4, 5},
	} {
		fs, ps, err := loadFunctions(fstest.MapFS{tt.file: {Data: []byte(tt.text)}}, "d")
		if err != nil || len(fs) != 1 {
			t.Errorf("%s: %d functions, %v, %v", tt.name, len(fs), ps, err)
			continue
		}
		got := fs[0].Source.Position(strings.Index(fs[0].Body, tt.find))
		if got != (source.Position{Line: tt.line, Column: tt.col}) {
			t.Errorf("%s: %q stands at %v, expected %d:%d", tt.name, tt.find, got, tt.line, tt.col)
		}
	}
}

// TestParserFiles compares what parser files give with functions extracted from the same files by other means.
func TestParserFiles(t *testing.T) {
	fs, problems, err := LoadFunctions(corpus.Path(t, "corpus", "sentinel", "parsers"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Function{}
	for _, f := range fs {
		got[f.Name] = f
	}
	twice := map[string]bool{} // which definition stands is a matter of file names
	for _, p := range problems {
		name, _, ok := strings.Cut(strings.TrimPrefix(p.Msg, "function "), " is already defined")
		if !ok {
			t.Errorf("unexpected problem %v", p)
		}
		twice[name] = true
	}
	in, err := os.Open(corpus.Path(t, "corpus", "sentinel", "functions.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	sc := bufio.NewScanner(in)
	sc.Buffer(nil, 1<<24)
	compared, missing := 0, []string{}
	for sc.Scan() {
		var want struct {
			Name, Params, Body, Origin string
		}
		if err := json.Unmarshal(sc.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		if want.Origin != "yaml" {
			continue
		}
		f, ok := got[want.Name]
		if !ok {
			missing = append(missing, want.Name)
			continue
		}
		if twice[want.Name] {
			continue
		}
		compared++
		if f.Params != want.Params {
			t.Errorf("%s: parameters %s, expected %s", f.Name, f.Params, want.Params)
		}
		if strings.TrimSpace(f.Body) != strings.TrimSpace(want.Body) {
			t.Errorf("%s: body differs", f.Name)
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("no function %v", missing)
	}
	t.Logf("%d functions, %d compared, %d defined twice", len(fs), compared, len(twice))
	if compared < 250 {
		t.Errorf("%d functions compared, expected 250 at least", compared)
	}
	all, ps, err := LoadFunctions(corpus.Path(t, "corpus", "sentinel"))
	if err != nil || len(all) < 542 {
		t.Errorf("%d functions of the whole folder (%d problems), expected 542 at least: %v", len(all), len(ps), err)
	}
}
