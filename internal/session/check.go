package session

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// FileKind is what a content file holds.
type FileKind string

// The kinds of content file. Other files are passed over.
const (
	RuleFile   FileKind = "rule"
	HuntFile   FileKind = "hunting query"
	ParserFile FileKind = "parser"
	QueryFile  FileKind = "query"
	TestsFile  FileKind = "tests"
	OtherFile  FileKind = "other"
)

// Checked is what compiling a content file found.
type Checked struct {
	File        string
	Kind        FileKind
	Diagnostics []Finding
}

// Finding is a diagnostic with its place.
type Finding struct {
	source.Diagnostic
	In *source.Diagnostics // the list of one that renders it
}

// Checker compiles content files without data. It is safe for concurrent use.
type Checker struct {
	engine  *query.Engine
	parsers map[string][]catalog.Function // by file
	faults  map[string][]catalog.Problem
	now     time.Time
}

// IsContent tells whether a file's name is one that Check reads.
func IsContent(name string) bool {
	return IsYAML(name) || IsTemplate(name) || strings.HasSuffix(name, ".kql") || strings.HasSuffix(name, ".csl")
}

// NewChecker returns a checker that knows the tables of cat and the parsers in parsers and among the files.
func NewChecker(cat *catalog.Catalog, parsers []string, files []string, now time.Time) (*Checker, error) {
	c := &Checker{parsers: map[string][]catalog.Function{}, faults: map[string][]catalog.Problem{}, now: now}
	if _, err := AddParsers(cat, parsers); err != nil {
		return nil, err
	}
	dirs := map[string]bool{}
	wanted := map[string]bool{}
	for _, f := range files {
		wanted[filepath.ToSlash(f)] = true
		dirs[filepath.Dir(f)] = true
	}
	for dir := range dirs {
		for up := filepath.Dir(dir); ; up = filepath.Dir(up) {
			if dirs[up] && up != dir {
				delete(dirs, dir) // LoadFunctions goes down by itself
			}
			if up == filepath.Dir(up) {
				break
			}
		}
	}
	for dir := range dirs {
		fns, problems, err := catalog.LoadFunctions(dir)
		if err != nil {
			return nil, err
		}
		for _, f := range fns {
			if f.Source == nil || !wanted[f.Source.Name] {
				continue
			}
			c.parsers[f.Source.Name] = append(c.parsers[f.Source.Name], f)
			if err := cat.AddFunction(f); err != nil {
				c.faults[f.Source.Name] = append(c.faults[f.Source.Name], catalog.Problem{File: f.Source.Name, Msg: err.Error()})
			}
		}
		for _, p := range problems {
			c.faults[p.File] = append(c.faults[p.File], p)
		}
	}
	c.engine = query.New(cat, nil)
	c.engine.EmptyExternal = true
	return c, nil
}

// Check compiles one file. The error is for a file that cannot be read.
func (c *Checker) Check(ctx context.Context, name string) (Checked, error) {
	file, err := ReadFile(name)
	if err != nil {
		return Checked{}, err
	}
	out := Checked{File: file.Name}
	lower := strings.ToLower(name)
	switch fns := c.parsers[file.Name]; {
	case len(fns) > 0:
		out.Kind = ParserFile
		for _, f := range fns[:1] { // the names of one file share a body
			c.compile(ctx, &out, parserCall(f), false)
		}
	case IsYAML(lower):
		c.checkYAML(ctx, &out, file)
	case IsTemplate(lower):
		c.checkTemplate(ctx, &out, file)
	case strings.HasPrefix(strings.TrimSpace(withoutComments(file.Text)), "."):
		out.Kind = ParserFile
	default:
		out.Kind = QueryFile
		c.compile(ctx, &out, file, false)
	}
	if out.Kind == ParserFile {
		for _, p := range c.faults[file.Name] {
			out.add(file, source.Diagnostic{Severity: source.Error, Span: lineSpan(file, p.Line), Msg: p.Msg})
		}
	}
	return out, nil
}

func (c *Checker) checkYAML(ctx context.Context, out *Checked, file *source.File) {
	if IsTests(file.Name) {
		out.Kind = TestsFile
		_, list := rule.LoadTests(file)
		out.add(file, list...)
		return
	}
	switch kindOfYAML(file.Text) {
	case OtherFile:
		out.Kind = OtherFile
		return
	case ParserFile:
		out.Kind = ParserFile
		return
	}
	out.Kind = RuleFile
	r, list := rule.Load(file)
	out.add(file, list...)
	if r == nil {
		return
	}
	if r.Kind == rule.Hunting {
		out.Kind = HuntFile
	}
	if r.QueryFile == nil || strings.TrimSpace(r.Query) == "" {
		return
	}
	if compiled := c.compile(ctx, out, r.QueryFile, true); compiled != nil {
		out.add(file, r.CheckColumns(compiled.Columns, compiled.Bound.Outputs[0].Open)...)
	}
}

// checkTemplate checks the rules of a deployment template. JSON of other sorts is passed over.
func (c *Checker) checkTemplate(ctx context.Context, out *Checked, file *source.File) {
	if !rule.IsTemplate(file.Text) {
		out.Kind = OtherFile
		return
	}
	out.Kind = RuleFile
	for _, l := range rule.LoadTemplate(file) {
		out.add(file, l.Faults...)
		if l.Rule == nil || l.Rule.QueryFile == nil {
			continue
		}
		if compiled := c.compile(ctx, out, l.Rule.QueryFile, true); compiled != nil {
			out.add(file, l.Rule.CheckColumns(compiled.Columns, compiled.Bound.Outputs[0].Open)...)
		}
	}
}

// kindOfYAML tells by its keys what a YAML file holds; content repositories have many that are no rules. A file
// that is no YAML counts as a rule, so that its fault is reported.
func kindOfYAML(text string) FileKind {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return RuleFile
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return OtherFile
	}
	marks := 0
	top := doc.Content[0].Content
	for i := 0; i+1 < len(top); i += 2 {
		switch strings.ToLower(top[i].Value) {
		case "query":
			if top[i+1].Kind == yaml.ScalarNode {
				marks += 2
			}
		case "triggeroperator", "triggerthreshold", "queryfrequency", "queryperiod", "entitymappings", "tactics", "relevanttechniques", "severity":
			marks++
		case "parserquery", "functionquery", "parsername":
			return ParserFile
		}
	}
	if marks >= 2 {
		return RuleFile
	}
	return OtherFile
}

func (c *Checker) compile(ctx context.Context, out *Checked, file *source.File, single bool) *query.Compiled {
	compiled, err := c.engine.Compile(ctx, query.Request{File: file, Now: c.now, Check: true, Single: single})
	if err != nil {
		var ds *source.Diagnostics
		if errors.As(err, &ds) {
			out.add(ds.File, ds.List...)
		} else {
			out.add(file, source.Diagnostic{Severity: source.Error, Msg: err.Error()})
		}
		return nil
	}
	out.add(file, compiled.Warnings.List...)
	return compiled
}

func (c *Checked) add(file *source.File, list ...source.Diagnostic) {
	ds := &source.Diagnostics{File: file, List: list}
	for _, d := range list {
		c.Diagnostics = append(c.Diagnostics, Finding{d, ds})
	}
}

// Head is the finding in one line.
func (f Finding) Head() string { return f.In.Head(f.Diagnostic) }

// Render is the finding with its source line.
func (f Finding) Render() string { return f.In.Render(f.Diagnostic) }

// Position is the place of the finding in the file that the user edits.
func (f Finding) Position() (from, to source.Position) {
	return f.In.File.Position(f.Span.Start), f.In.File.Position(f.Span.End)
}

func lineSpan(f *source.File, line int) source.Span {
	for i, n := 0, 1; i < len(f.Text); i++ {
		if n == line {
			return source.Span{Start: i, End: i}
		}
		if f.Text[i] == '\n' {
			n++
		}
	}
	return source.Span{}
}

// withoutComments drops the // comments that stand before the first statement.
func withoutComments(text string) string {
	for {
		text = strings.TrimLeft(text, " \t\r\n\ufeff")
		if !strings.HasPrefix(text, "//") {
			return text
		}
		_, text, _ = strings.Cut(text, "\n")
	}
}

// parserCall returns a query that calls a parser in the way it is written for: its own defaults, and for
// parameters without one a null or an empty table. Faults in the body keep their place in the parser's file.
func parserCall(f catalog.Function) *source.File {
	const name = "vedette_parser"
	prefix := "let " + name + " = (" + f.Params + ") {"
	text := prefix + f.Body + "\n};\n" + name + "(" + strings.Join(parserArgs(f.Params), ", ") + ")"
	return source.Embed(f.Source, text, func(offset int) int {
		return max(0, min(offset-len(prefix), len(f.Body)))
	})
}

func parserArgs(params string) []string {
	q, _ := syntax.Parse(source.NewFile("", "let f = ("+params+") {1}; f"))
	var args []string
	for _, s := range q.Stmts {
		l, ok := s.(*syntax.LetStmt)
		if !ok {
			continue
		}
		fn, ok := l.Value.(*syntax.FuncExpr)
		if !ok {
			continue
		}
		for _, p := range fn.Params {
			if p.Default != nil {
				break // the parameters after the first default have one too
			}
			args = append(args, parserArg(p))
		}
	}
	return args
}

func parserArg(p *syntax.Param) string {
	switch t := p.Type.(type) {
	case *syntax.TypeName:
		if typ, ok := types.Parse(t.Name); ok && typ != types.String {
			return fmt.Sprintf("%s(null)", typ)
		}
		return "''"
	case *syntax.SchemaType:
		var cols []string
		for _, col := range t.Columns {
			if tn, ok := col.Type.(*syntax.TypeName); ok {
				cols = append(cols, fmt.Sprintf("['%s']:%s", col.Name.Name, tn.Name))
			}
		}
		if len(cols) > 0 {
			return "datatable(" + strings.Join(cols, ", ") + ")[]"
		}
	}
	return "_GetWatchlist('')" // of (*) any column is known, as it is of a watchlist that nobody has loaded
}
