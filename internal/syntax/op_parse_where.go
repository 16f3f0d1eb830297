package syntax

// ParseWhereOp is parse-where: as parse, but rows that do not match are left out.
type ParseWhereOp struct {
	opNode
	Params  []*OpParam
	X       Expr
	Pattern []Node
}

// Children implements Node.
func (o *ParseWhereOp) Children() []Node {
	return append(with(withAll(nil, o.Params), o.X), o.Pattern...)
}

func parseParseWhere(p *parser, o opNode) Op {
	op := &ParseWhereOp{opNode: o, Params: p.opParams(&parseParams), X: p.need((*parser).unnamed)}
	p.wantWord("with")
	op.Pattern = p.parsePattern()
	return op
}

func (o *ParseWhereOp) print(p *printer) {
	p.op(o, o.Params)
	p.parsePattern(o.X, o.Pattern)
}
