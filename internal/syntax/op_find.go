package syntax

// FindOp is find in (tables) where predicate project columns. In search, tables and the like are names (also
// wildcarded), paths such as database("d").T, and name | as other, which is a *Pipe.
type FindOp struct {
	opNode
	DataScope    string // of datascope=…; empty where there is none
	Params       []*OpParam
	In           []Expr // nil where there is no in (…)
	Where        bool   // the word where is there
	Predicate    Expr
	Project      []Expr // *Ident, *ColumnDecl (name:type), *StarExpr, a *CallExpr pack(*)
	ProjectSmart bool
	ProjectAway  []Expr
}

// Children implements Node.
func (o *FindOp) Children() []Node {
	list := withAll(withAll(nil, o.Params), o.In)
	return withAll(withAll(with(list, o.Predicate), o.Project), o.ProjectAway)
}

var findParams = paramSet{defs: []paramDef{{name: "withsource", kind: paramName}, {name: "with_source", kind: paramName}}}

func parseFind(p *parser, o opNode) Op {
	op := &FindOp{opNode: o, DataScope: p.dataScope()}
	op.Params = p.opParams(&findParams)
	op.In = p.findIn()
	if len(op.Params) > 0 || op.In != nil {
		op.Where = p.wantWord("where")
	} else {
		op.Where = p.takeWord("where")
	}
	op.Predicate = p.need((*parser).unnamed)
	switch {
	case p.takeWord("project"):
		op.Project = list(p, (*parser).findColumn, (*parser).missingExpr, listOf{atLeast1: true})
	case p.takeWord("project-smart"):
		op.ProjectSmart = true
	}
	if p.takeWord("__projectAway") {
		op.ProjectAway = list(p, (*parser).findColumn, (*parser).missingExpr, listOf{atLeast1: true})
	}
	return op
}

// findIn parses in (tables), or returns nil.
func (p *parser) findIn() []Expr {
	if !p.takeWord("in") {
		return nil
	}
	p.want(tokLParen)
	tables := list(p, (*parser).findTable, (*parser).missingExpr, listOf{end: commonEnd, atLeast1: true})
	p.want(tokRParen)
	return tables
}

// findTable parses a table of find and search: a path whose last step may be wildcarded, or name | as other.
func (p *parser) findTable() Expr {
	start := p.start()
	x := p.wildcardEntity()
	id, ok := x.(*Ident)
	if !ok || id.Form == NameWildcard || !p.take(tokBar) {
		return x
	}
	var as Op
	if p.atWord("as") {
		as = p.operator()
	} else {
		p.expected("as")
		as = &BadOp{opNode{node: p.from(p.lastEnd())}}
	}
	return &Pipe{exprNode: p.exprFrom(start), Source: x, Ops: []Op{as}}
}

// findColumn parses a column in the project of find: name, name:type, *, pack(*), or pack_all(),
// which is the documentation's word for pack(*).
func (p *parser) findColumn() Expr {
	start := p.start()
	switch {
	case p.atWord("pack"):
		c := &CallExpr{Name: p.plainName()}
		p.want(tokLParen)
		if p.at(tokStar) {
			c.Args = []Expr{p.star()}
		} else {
			p.expected("*")
		}
		p.want(tokRParen)
		c.exprNode = p.exprFrom(start)
		return c
	case p.scanText(0, "pack_all") == 1 && p.peek(1).kind == tokLParen:
		c := &CallExpr{Name: p.plainName()}
		p.want(tokLParen)
		p.want(tokRParen)
		c.exprNode = p.exprFrom(start)
		return c
	case p.at(tokStar):
		return p.star()
	}
	id := p.name()
	if id == nil {
		return nil
	}
	if !p.take(tokColon) {
		return id
	}
	typ := p.needType(typeWord | looseTypeWord)
	return &ColumnDecl{exprNode: p.exprFrom(start), Name: id, Type: typ}
}

func (o *FindOp) print(p *printer) {
	p.op(o, nil)
	p.dataScope(o.DataScope)
	p.params(o.Params)
	p.tables(o.In)
	if o.Where {
		p.word("where")
	}
	p.node(o.Predicate)
	if o.Project != nil {
		p.word("project")
		printList(p, o.Project)
	}
	if o.ProjectSmart {
		p.word("project-smart")
	}
	if o.ProjectAway != nil {
		p.word("__projectAway")
		printList(p, o.ProjectAway)
	}
}
