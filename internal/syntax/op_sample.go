package syntax

// SampleOp is sample n.
type SampleOp struct {
	opNode
	Params []*OpParam
	Count  Expr
}

// Children implements Node.
func (o *SampleOp) Children() []Node { return with(withAll(nil, o.Params), o.Count) }

func parseSample(p *parser, o opNode) Op {
	return &SampleOp{opNode: o, Params: p.opParams(&noParamsEquals), Count: p.need((*parser).named)}
}

func (o *SampleOp) print(p *printer) {
	p.op(o, o.Params)
	p.node(o.Count)
}
