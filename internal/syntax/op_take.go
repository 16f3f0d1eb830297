package syntax

// TakeOp is take n, or limit n.
type TakeOp struct {
	opNode
	Params []*OpParam
	Count  Expr
}

// Children implements Node.
func (o *TakeOp) Children() []Node { return with(withAll(nil, o.Params), o.Count) }

func parseTake(p *parser, o opNode) Op {
	return &TakeOp{opNode: o, Params: p.opParams(&noParamsEquals), Count: p.need((*parser).named)}
}

func (o *TakeOp) print(p *printer) {
	p.op(o, o.Params)
	p.node(o.Count)
}
