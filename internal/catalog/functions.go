package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/source"
)

// Problem is a fault of one parser file; the other files are loaded all the same.
type Problem struct {
	File string
	Line int // 0: the file as a whole
	Msg  string
}

// String renders the problem as file:line: message.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Msg
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Msg)
}

// LoadFunctions reads all parser files under dir, in the order of their paths:
//
//   - .yaml, .yml: the parser format of the Azure-Sentinel repository. A parser that has a built-in equivalent
//     or an alias is returned under each of its names. Documents without a parser's keys (rules, say) are
//     passed over.
//   - .jsonl: one object a line with name, params and body.
//   - .kql, .csl: one ".create function" command; .txt likewise where it begins with one.
//
// A name met a second time is a Problem, and the first definition stays.
func LoadFunctions(dir string) ([]Function, []Problem, error) {
	return loadFunctions(os.DirFS(dir), dir)
}

func loadFunctions(fsys fs.FS, dir string) ([]Function, []Problem, error) {
	var l functionLoader
	l.seen = map[string]string{}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var load func(name string, text []byte)
		switch strings.ToLower(path.Ext(p)) {
		case ".yaml", ".yml":
			load = l.yaml
		case ".jsonl":
			load = l.jsonl
		case ".kql", ".csl":
			load = l.command
		case ".txt":
			load = l.commandIfAny
		default:
			return nil
		}
		text, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		load(filepath.ToSlash(filepath.Join(dir, p)), bytes.TrimPrefix(text, []byte("\ufeff")))
		return nil
	})
	if err != nil {
		return nil, l.problems, fmt.Errorf("load functions of %s: %w", dir, err)
	}
	return l.functions, l.problems, nil
}

type functionLoader struct {
	functions []Function
	problems  []Problem
	seen      map[string]string // function name → file
}

func (l *functionLoader) problem(file string, line int, format string, args ...any) {
	l.problems = append(l.problems, Problem{file, line, fmt.Sprintf(format, args...)})
}

func (l *functionLoader) add(file string, line int, f Function) {
	if first, ok := l.seen[f.Name]; ok {
		l.problem(file, line, "function %s is already defined in %s", f.Name, first)
		return
	}
	l.seen[f.Name] = file
	l.functions = append(l.functions, f)
}

// parserFile is the union of the spellings that parser files of the Azure-Sentinel repository use: ASIM's
// (Parser…), ASIM's library (Function…, EquivalentBuiltInFunction) and that of the solutions (FunctionAlias).
type parserFile struct {
	ParserName    yaml.Node `yaml:"ParserName"`
	ParserQuery   yaml.Node `yaml:"ParserQuery"`
	ParserParams  yaml.Node `yaml:"ParserParams"`
	FunctionName  yaml.Node `yaml:"FunctionName"`
	FunctionAlias yaml.Node `yaml:"FunctionAlias"`
	FunctionQuery yaml.Node `yaml:"FunctionQuery"`
	FuncParams    yaml.Node `yaml:"FunctionParams"`
	BuiltInParser yaml.Node `yaml:"EquivalentBuiltInParser"`
	BuiltInFunc   yaml.Node `yaml:"EquivalentBuiltInFunction"`
}

func (l *functionLoader) yaml(file string, text []byte) {
	var doc parserFile
	if err := yaml.Unmarshal(text, &doc); err != nil {
		l.problem(file, 0, "%v", err)
		return
	}
	query, params := &doc.ParserQuery, &doc.ParserParams
	if query.IsZero() {
		query = &doc.FunctionQuery
	}
	if params.IsZero() {
		params = &doc.FuncParams
	}
	var names []*yaml.Node
	for _, n := range []*yaml.Node{&doc.ParserName, &doc.FunctionName, &doc.FunctionAlias, &doc.BuiltInParser, &doc.BuiltInFunc} {
		if !n.IsZero() && strings.TrimSpace(n.Value) != "" {
			names = append(names, n)
		}
	}
	switch {
	case query.IsZero() && len(names) == 0:
		return // not a parser
	case len(names) == 0:
		l.problem(file, query.Line, "parser has no name: expected ParserName or FunctionName")
		return
	case query.IsZero() || strings.TrimSpace(query.Value) == "":
		l.problem(file, names[0].Line, "parser %s has no query: expected ParserQuery or FunctionQuery", names[0].Value)
		return
	}
	list, err := paramList(params)
	if err != nil {
		l.problem(file, params.Line, "parser %s: %v", names[0].Value, err)
		return
	}
	src := embedScalar(source.NewFile(file, string(text)), query)
	mine := map[string]bool{}
	for _, n := range names {
		name := strings.TrimSpace(n.Value)
		if mine[name] {
			continue
		}
		mine[name] = true
		l.add(file, n.Line, Function{Name: name, Params: list, Body: query.Value, Source: src})
	}
}

// paramList makes a KQL parameter list of a list of {Name, Type, Default}.
func paramList(n *yaml.Node) (string, error) {
	switch {
	case n.IsZero() || n.Tag == "!!null":
		return "", nil
	case n.Kind == yaml.ScalarNode:
		return strings.TrimSpace(n.Value), nil
	}
	var params []struct {
		Name    string    `yaml:"Name"`
		Type    string    `yaml:"Type"`
		Default yaml.Node `yaml:"Default"`
	}
	if err := n.Decode(&params); err != nil {
		return "", fmt.Errorf("parameters: %w", err)
	}
	var out []string
	for i, p := range params {
		name, typ := strings.TrimSpace(p.Name), strings.TrimSpace(p.Type)
		text := name + ":" + typ
		switch {
		case name == "" || typ == "":
			return "", fmt.Errorf("parameter %d has no name or no type", i+1)
		case strings.EqualFold(typ, "table") && strings.Contains(name, ":"):
			text = name // the name is written with its columns: T:(TimeGenerated:datetime)
		case strings.EqualFold(typ, "table"):
			text = name + ":(*)"
		}
		if !p.Default.IsZero() {
			text += "=" + defaultLiteral(typ, strings.TrimSpace(p.Default.Value))
		}
		out = append(out, text)
	}
	return strings.Join(out, ","), nil
}

// defaultLiteral turns the default of a parameter into a KQL literal. YAML takes the quotes of '*' away, so a
// string is quoted again unless it still carries quotes of its own.
func defaultLiteral(typ, text string) string {
	if !strings.EqualFold(typ, "string") {
		return text
	}
	if n := len(text); n >= 2 && (text[0] == '\'' || text[0] == '"') && text[n-1] == text[0] {
		return text
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(text) + "'"
}

// embedScalar returns the text of a YAML scalar as a File whose positions are those of the YAML. A literal
// block maps line by line; of other styles, where line ends are folded, only the start is known.
func embedScalar(outer *source.File, n *yaml.Node) *source.File {
	starts := []int{0}
	for i := 0; i < len(outer.Text); i++ {
		if outer.Text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	lineStart := func(line int) int { return starts[max(0, min(line, len(starts)-1))] } // line from 0
	if n.Style&yaml.LiteralStyle == 0 {
		at := lineStart(n.Line-1) + n.Column - 1
		return source.Embed(outer, n.Value, func(int) int { return at })
	}
	// The text after the indicator begins on the next line; its first line with content tells the indentation.
	first, indent := n.Line, 0
	body := source.NewFile("", n.Value)
	for i, line := range strings.Split(n.Value, "\n") {
		if line = strings.TrimRight(line, "\r"); strings.TrimSpace(line) != "" {
			raw := outer.Line(first + i + 1)
			indent = max(0, len(raw)-len(strings.TrimLeft(raw, " "))-(len(line)-len(strings.TrimLeft(line, " "))))
			break
		}
	}
	inner := []int{0}
	for i := 0; i < len(n.Value); i++ {
		if n.Value[i] == '\n' {
			inner = append(inner, i+1)
		}
	}
	return source.Embed(outer, n.Value, func(offset int) int {
		line := body.Position(offset).Line - 1
		return min(lineStart(first+line)+indent+offset-inner[line], len(outer.Text))
	})
}

func (l *functionLoader) jsonl(file string, text []byte) {
	line := 0
	for raw := range bytes.Lines(text) {
		line++
		if len(bytes.TrimSpace(raw)) == 0 {
			continue
		}
		var f struct{ Name, Params, Body string }
		if err := json.Unmarshal(raw, &f); err != nil {
			l.problem(file, line, "%v", err)
			continue
		}
		if f.Name == "" || strings.TrimSpace(f.Body) == "" {
			l.problem(file, line, "expected name and body")
			continue
		}
		src := source.NewFile(file+"#"+f.Name, f.Body)
		l.add(file, line, Function{Name: f.Name, Params: f.Params, Body: f.Body, Source: src})
	}
}

func (l *functionLoader) commandIfAny(file string, text []byte) {
	if s := skipBlank(string(text), 0); strings.HasPrefix(string(text)[s:], ".create") {
		l.command(file, text)
	}
}

func (l *functionLoader) command(file string, text []byte) {
	f, at, err := ParseCreateFunction(source.NewFile(file, string(text)))
	if err != nil {
		l.problem(file, source.NewFile(file, string(text)).Position(at).Line, "%v", err)
		return
	}
	l.add(file, f.Source.Position(0).Line, f)
}

// ParseCreateFunction reads the text of one ".create function" or ".create-or-alter function" command. On
// error it returns the offset of the fault.
// https://learn.microsoft.com/kusto/management/create-function
func ParseCreateFunction(file *source.File) (f Function, at int, err error) {
	s := commandScanner{text: file.Text}
	s.at = skipBlank(s.text, 0)
	if !s.word(".create-or-alter") && !s.word(".create") && !s.word(".alter") {
		return f, s.at, errors.New("expected .create function")
	}
	if !s.word("function") {
		return f, s.at, errors.New("expected function")
	}
	s.word("ifnotexists")
	if s.word("with") {
		if _, ok := s.bracket('(', ')'); !ok {
			return f, s.at, errors.New("expected the properties after with in brackets")
		}
	}
	if f.Name = s.name(); f.Name == "" {
		return f, s.at, errors.New("expected the name of the function")
	}
	params, ok := s.bracket('(', ')')
	if !ok {
		return f, s.at, errors.New("expected the parameters in brackets")
	}
	f.Params = strings.TrimSpace(params)
	bodyAt := s.at + 1
	if f.Body, ok = s.bracket('{', '}'); !ok {
		return f, s.at, errors.New("expected the body in braces")
	}
	if s.at < len(s.text) {
		return f, s.at, errors.New("expected the end of the command")
	}
	f.Source = source.Embed(file, f.Body, func(offset int) int { return bodyAt + offset })
	return f, 0, nil
}

// commandScanner reads the head of a command; at stands on the next character that is not blank or comment.
type commandScanner struct {
	text string
	at   int
}

// skipBlank returns the place of the first character from at on that is neither blank nor in a comment.
func skipBlank(text string, at int) int {
	for at < len(text) {
		switch {
		case strings.IndexByte(" \t\r\n", text[at]) >= 0:
			at++
		case strings.HasPrefix(text[at:], "//"):
			n := strings.IndexByte(text[at:], '\n')
			if n < 0 {
				return len(text)
			}
			at += n
		default:
			return at
		}
	}
	return at
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (s *commandScanner) word(w string) bool {
	end := s.at + len(w)
	if end > len(s.text) || !strings.EqualFold(s.text[s.at:end], w) || end < len(s.text) && (isNameByte(s.text[end]) || s.text[end] == '-') {
		return false
	}
	s.at = skipBlank(s.text, end)
	return true
}

func (s *commandScanner) name() string {
	rest := s.text[s.at:]
	for _, q := range []string{`['`, `["`} {
		if strings.HasPrefix(rest, q) {
			n := strings.Index(rest[2:], q[1:]+"]")
			if n < 0 {
				return ""
			}
			s.at = skipBlank(s.text, s.at+2+n+2)
			return rest[2 : 2+n]
		}
	}
	n := 0
	for n < len(rest) && isNameByte(rest[n]) {
		n++
	}
	s.at = skipBlank(s.text, s.at+n)
	return rest[:n]
}

// bracket returns what stands between open and its closing counterpart, strings and comments respected.
func (s *commandScanner) bracket(open, closing byte) (string, bool) {
	if s.at >= len(s.text) || s.text[s.at] != open {
		return "", false
	}
	depth := 0
	for i := s.at; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == open:
			depth++
		case c == closing:
			if depth--; depth == 0 {
				in := s.text[s.at+1 : i]
				s.at = skipBlank(s.text, i+1)
				return in, true
			}
		case strings.HasPrefix(s.text[i:], "//"):
			n := strings.IndexByte(s.text[i:], '\n')
			if n < 0 {
				return "", false
			}
			i += n
		case strings.HasPrefix(s.text[i:], "```"):
			n := strings.Index(s.text[i+3:], "```")
			if n < 0 {
				return "", false
			}
			i += n + 5
		case c == '"' || c == '\'':
			verbatim := i > 0 && s.text[i-1] == '@'
			for i++; i < len(s.text) && s.text[i] != c; i++ {
				if s.text[i] == '\\' && !verbatim {
					i++
				}
			}
		}
	}
	return "", false
}
