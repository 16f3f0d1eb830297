package syntax

import "strings"

// Style is how Print lays out a text.
type Style uint8

// The styles.
const (
	// Compact is one line (but for directives and strings that hold line breaks).
	Compact Style = iota
	// Pretty gives each statement and each operator its own line, with the parts of nested pipes indented.
	Pretty
)

// Print returns n as KQL text. The text of a tree without diagnostics parses to an equal tree, which prints the
// same. Comments are not kept.
func Print(n Node, style Style) string {
	p := printer{pretty: style == Pretty, tight: true}
	p.node(n)
	return p.b.String()
}

// printer writes words with one blank between where they need it.
type printer struct {
	b      strings.Builder
	pretty bool
	indent int
	tight  bool // the next word follows without a blank
}

// word writes s, with a blank before it.
func (p *printer) word(s string) {
	if s == "" {
		return
	}
	// a string in ~~~ must not follow = at once, because =~ is a token
	if !p.tight || s[0] == '~' && strings.HasSuffix(p.b.String(), "=") {
		p.b.WriteByte(' ')
	}
	p.tight = false
	p.b.WriteString(s)
}

// open writes an opening bracket with a blank before it and none after it.
func (p *printer) open(s string) {
	p.word(s)
	p.tight = true
}

// close writes s without a blank before it.
func (p *printer) close(s string) {
	p.tight = true
	p.word(s)
}

// glue makes the next word follow without a blank.
func (p *printer) glue() { p.tight = true }

// line begins a new line in the pretty style.
func (p *printer) line() {
	if p.pretty {
		p.b.WriteString("\n" + strings.Repeat("    ", p.indent))
		p.tight = true
	}
}

// node writes n.
func (p *printer) node(n Node) { n.print(p) }

// printList writes nodes with commas between.
func printList[N Node](p *printer, list []N) {
	for i, n := range list {
		if i > 0 {
			p.close(",")
		}
		n.print(p)
	}
}

// op writes the beginning of an operator.
func (p *printer) op(o Op, params []*OpParam) {
	p.word(o.Word())
	p.params(params)
}

// params writes the parameters of an operator.
func (p *printer) params(params []*OpParam) {
	for _, prm := range params {
		p.node(prm)
	}
}

// with writes with (properties), or nothing where there are none.
func (p *printer) with(properties []*OpParam) {
	if properties == nil {
		return
	}
	p.word("with")
	p.open("(")
	printList(p, properties)
	p.close(")")
}

// tables writes the in (tables) of find and search.
func (p *printer) tables(list []Expr) {
	if list == nil {
		return
	}
	p.word("in")
	p.open("(")
	printList(p, list)
	p.close(")")
}

// dataScope writes datascope=scope.
func (p *printer) dataScope(scope string) {
	if scope != "" {
		p.word("datascope=" + scope)
	}
}

// block writes (x), in the pretty style with x on lines of its own if it is a pipe.
func (p *printer) block(x Expr) { p.blockIn("(", x, ")") }

func (p *printer) blockIn(open string, x Expr, end string) {
	p.open(open)
	if _, isPipe := x.(*Pipe); !isPipe || !p.pretty {
		p.node(x)
		p.close(end)
		return
	}
	p.indent++
	p.line()
	p.node(x)
	p.indent--
	p.line()
	p.close(end)
}

func (q *Query) print(p *printer) {
	for _, d := range q.Directives {
		p.b.WriteString(d + "\n")
	}
	for i, s := range q.Stmts {
		if i > 0 {
			p.close(";")
			p.line()
		}
		p.node(s)
	}
}

func (s *LetStmt) print(p *printer) {
	p.word("let")
	p.node(s.Name)
	p.word("=")
	if pipe, ok := s.Value.(*Pipe); ok && p.pretty {
		p.indent++
		p.line()
		p.node(pipe)
		p.indent--
		return
	}
	p.node(s.Value)
}

func (s *ExprStmt) print(p *printer) { p.node(s.X) }

func (s *SetStmt) print(p *printer) {
	p.word("set")
	p.node(s.Name)
	if s.Value != nil {
		p.word("=")
		p.node(s.Value)
	}
}

func (s *AliasStmt) print(p *printer) {
	p.word("alias database")
	p.node(s.Name)
	p.word("=")
	p.node(s.Value)
}

func (s *DeclareParamsStmt) print(p *printer) {
	p.word("declare query_parameters")
	p.open("(")
	printList(p, s.Params)
	p.close(")")
}

func (s *DeclarePatternStmt) print(p *printer) {
	p.word("declare pattern")
	p.node(s.Name)
	if s.Bare {
		return
	}
	p.word("=")
	p.open("(")
	printList(p, s.Params)
	p.close(")")
	if s.Path != nil {
		p.close("[")
		p.glue()
		p.node(s.Path)
		p.close("]")
	}
	p.open("{")
	p.indent++
	for _, m := range s.Matches {
		p.line()
		p.node(m)
	}
	p.indent--
	p.line()
	p.close("}")
}

func (m *PatternMatch) print(p *printer) {
	p.open("(")
	printList(p, m.Args)
	p.close(")")
	if m.Path != nil {
		p.close(".[")
		p.glue()
		p.node(m.Path)
		p.close("]")
	}
	p.word("=")
	p.node(m.Body)
	p.close(";")
}

func (s *RestrictStmt) print(p *printer) {
	p.word("restrict access to")
	p.open("(")
	printList(p, s.Items)
	p.close(")")
	p.with(s.With)
}

func (f *FuncExpr) print(p *printer) {
	if f.View {
		p.word("view")
	}
	p.open("(")
	printList(p, f.Params)
	p.close(")")
	p.node(f.Body)
}

func (b *FuncBody) print(p *printer) {
	p.open("{")
	p.indent++
	for _, s := range b.Stmts {
		p.line()
		p.node(s)
		p.close(";")
	}
	if b.Result != nil {
		p.line()
		p.node(b.Result)
	}
	p.indent--
	p.line()
	p.close("}")
}

func (prm *Param) print(p *printer) {
	p.node(prm.Name)
	p.close(":")
	p.glue()
	p.node(prm.Type)
	if prm.Default != nil {
		p.close("=")
		p.glue()
		p.node(prm.Default)
	}
}

func (t *TypeName) print(p *printer) { p.word(t.Name) }

func (s *SchemaType) print(p *printer) {
	p.open("(")
	if s.Star {
		p.word("*")
	}
	printList(p, s.Columns)
	p.close(")")
}

func (c *ColumnDecl) print(p *printer) {
	p.node(c.Name)
	if c.Type != nil {
		p.close(":")
		p.glue()
		p.node(c.Type)
	}
}

func (s *RowSchema) print(p *printer) {
	p.open("(")
	if s.Star {
		p.word("*")
		if len(s.Columns) > 0 {
			p.close(",")
		}
	}
	printList(p, s.Columns)
	p.close(")")
}

func (o *OpParam) print(p *printer) {
	if o.id != nil {
		p.node(o.id)
	} else {
		p.word(o.Name)
	}
	if !o.NoEquals {
		p.close("=")
		p.glue()
	}
	if o.Value != nil {
		p.node(o.Value)
	}
}
