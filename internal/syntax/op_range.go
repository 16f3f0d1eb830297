package syntax

// RangeOp is range column from start to end step s. It begins a query.
type RangeOp struct {
	opNode
	Column         *Ident
	From, To, Step Expr
}

// Children implements Node.
func (o *RangeOp) Children() []Node {
	return with(with(with(with(nil, o.Column), o.From), o.To), o.Step)
}

func parseRange(p *parser, o opNode) Op {
	op := &RangeOp{opNode: o, Column: p.needName()}
	p.wantWord("from")
	op.From = p.need((*parser).unnamed)
	p.wantWord("to")
	op.To = p.need((*parser).unnamed)
	p.wantWord("step")
	op.Step = p.need((*parser).unnamed)
	return op
}

func (o *RangeOp) print(p *printer) {
	p.op(o, nil)
	p.node(o.Column)
	p.word("from")
	p.node(o.From)
	p.word("to")
	p.node(o.To)
	p.word("step")
	p.node(o.Step)
}
