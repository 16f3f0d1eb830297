package syntax

// MvApplyOp is mv-apply columns limit n id g on (operators). Body is a *Pipe without Source, or one whose Source
// is a *ContextualDataTableExpr.
type MvApplyOp struct {
	opNode
	Params  []*OpParam
	Columns []*MvColumn
	Limit   Expr // nil where there is none
	ID      Expr // nil where there is none
	Body    Expr
}

// Children implements Node.
func (o *MvApplyOp) Children() []Node {
	list := with(with(withAll(withAll(nil, o.Params), o.Columns), o.Limit), o.ID)
	return with(list, o.Body)
}

// MvColumn is column to typeof(type) in mv-expand and mv-apply. In mv-apply X may be nil: to typeof(type) alone.
type MvColumn struct {
	node
	X    Expr
	Type *TypeOfExpr // nil where there is none
}

// Children implements Node.
func (m *MvColumn) Children() []Node { return with(with(nil, m.X), m.Type) }

var mvApplyParams = paramSet{needsEquals: true, defs: []paramDef{{name: "with_itemindex", kind: paramName}}}

func parseMvApply(p *parser, o opNode) Op {
	op := &MvApplyOp{opNode: o, Params: p.opParams(&mvApplyParams), Columns: p.mvApplyColumns()}
	if p.takeWord("limit") {
		op.Limit = p.need((*parser).unnamed)
	}
	if p.takeWord("id") {
		op.ID = p.need((*parser).unnamed)
	}
	p.wantWord("on")
	op.Body = p.contextual()
	return op
}

// mvApplyColumns parses the columns of mv-apply; to typeof(…) alone may stand for them.
func (p *parser) mvApplyColumns() []*MvColumn {
	if start := p.pos; p.atWord("to") {
		c := &MvColumn{Type: p.toTypeOf()}
		if !p.at(tokComma) {
			c.node = p.from(p.toks[start].start)
			return []*MvColumn{c}
		}
		p.pos = start
	}
	// limit, id and on end the list unless what follows shows that they are names
	end := func(p *parser) bool {
		switch p.word() {
		case "limit", "id", "on":
			if next := p.peek(1); next.kind != tokComma && next.kind != tokEqual && !p.isWord(next, "to") {
				return true
			}
		}
		return commonEnd(p)
	}
	return list(p, (*parser).mvColumn, (*parser).missingMvColumn, listOf{end: end, atLeast1: true})
}

// mvColumn parses column to typeof(…), or returns nil.
func (p *parser) mvColumn() *MvColumn {
	start := p.start()
	c := &MvColumn{}
	if p.atWord("to") {
		c.X = p.missingExpr()
	} else if c.X = p.named(); c.X == nil {
		return nil
	}
	c.Type = p.toTypeOf()
	c.node = p.from(start)
	return c
}

func (p *parser) missingMvColumn() *MvColumn {
	x := p.missingExpr()
	return &MvColumn{node: p.from(p.lastEnd()), X: x}
}

// toTypeOf parses to typeof(…), or returns nil.
func (p *parser) toTypeOf() *TypeOfExpr {
	if !p.takeWord("to") {
		return nil
	}
	if t := p.typeOf(); t != nil {
		return t
	}
	p.missing("typeof(...)")
	return &TypeOfExpr{exprNode: p.exprFrom(p.lastEnd())}
}

func (o *MvApplyOp) print(p *printer) {
	p.op(o, o.Params)
	printList(p, o.Columns)
	if o.Limit != nil {
		p.word("limit")
		p.node(o.Limit)
	}
	if o.ID != nil {
		p.word("id")
		p.node(o.ID)
	}
	p.word("on")
	p.block(o.Body)
}

func (m *MvColumn) print(p *printer) {
	if m.X != nil {
		p.node(m.X)
	}
	if m.Type != nil {
		p.word("to")
		p.node(m.Type)
	}
}
