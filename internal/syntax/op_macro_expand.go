package syntax

// MacroExpandOp is macro-expand group as scope (statements), or macro-expand scope in group (statements). It
// begins a query.
type MacroExpandOp struct {
	opNode
	Params []*OpParam
	Group  Expr
	Scope  *Ident // nil where there is none
	In     bool   // written macro-expand scope in group
	Stmts  []Stmt
}

// Children implements Node.
func (o *MacroExpandOp) Children() []Node {
	list := withAll(nil, o.Params)
	if o.In {
		list = with(with(list, o.Scope), o.Group)
	} else {
		list = with(with(list, o.Group), o.Scope)
	}
	return withAll(list, o.Stmts)
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
		op.Scope, op.In = p.name(), true
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
	if o.In {
		p.node(o.Scope)
		p.word("in")
	}
	p.node(o.Group)
	if o.Scope != nil && !o.In {
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
