package syntax

// MacroExpandOp is macro-expand group as scope (statements), or macro-expand scope in group (statements). It
// begins a query.
type MacroExpandOp struct {
	opNode
	Params []*OpParam
	Group  Expr
	Scope  *Ident // nil where there is none
	Stmts  []Stmt
}

// Children implements Node.
func (o *MacroExpandOp) Children() []Node {
	return withAll(with(with(withAll(nil, o.Params), o.Group), o.Scope), o.Stmts)
}

func parseMacroExpand(p *parser, o opNode) Op {
	op := &MacroExpandOp{opNode: o, Params: p.opParams(&unionParams)}
	group := func(p *parser) Expr {
		if x := p.entityGroup(); x != nil {
			return x
		}
		if p.peek(1).kind == tokLParen && (p.scanText(0, "database") == 1 || p.scanText(0, "cluster") == 1) {
			return p.entityPath()
		}
		if id := p.name(); id != nil {
			return id
		}
		return nil
	}
	if k := p.scanName(0); k > 0 && p.scanText(k, "in") == 1 { // the other way to write it: name in group
		op.Scope = p.name()
		p.next()
		op.Group = p.need(group)
	} else if op.Group = p.need(group); p.takeWord("as") {
		op.Scope = p.needName()
	}
	p.want(tokLParen)
	op.Stmts = p.statements()
	p.want(tokRParen)
	return op
}

func (o *MacroExpandOp) print(p *printer) {
	p.op(o, o.Params)
	p.node(o.Group)
	if o.Scope != nil {
		p.word("as")
		p.node(o.Scope)
	}
	p.open("(")
	p.indent++
	for i, s := range o.Stmts {
		if i > 0 {
			p.close(";")
		}
		p.line()
		p.node(s)
	}
	p.indent--
	p.line()
	p.close(")")
}
