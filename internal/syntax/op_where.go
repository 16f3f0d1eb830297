package syntax

// WhereOp is where predicate, or filter predicate.
type WhereOp struct {
	opNode
	Params    []*OpParam
	Predicate Expr
}

// Children implements Node.
func (o *WhereOp) Children() []Node { return with(withAll(nil, o.Params), o.Predicate) }

func parseWhere(p *parser, o opNode) Op {
	return &WhereOp{opNode: o, Params: p.opParams(&noParamsEquals), Predicate: p.need((*parser).named)}
}

func (o *WhereOp) print(p *printer) {
	p.op(o, o.Params)
	p.node(o.Predicate)
}
