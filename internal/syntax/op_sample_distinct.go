package syntax

// SampleDistinctOp is sample-distinct n of column.
type SampleDistinctOp struct {
	opNode
	Params []*OpParam
	Count  Expr
	Of     Expr
}

// Children implements Node.
func (o *SampleDistinctOp) Children() []Node {
	return with(with(withAll(nil, o.Params), o.Count), o.Of)
}

func parseSampleDistinct(p *parser, o opNode) Op {
	op := &SampleDistinctOp{opNode: o, Params: p.opParams(&noParamsEquals), Count: p.need((*parser).named)}
	p.wantWord("of")
	op.Of = p.need((*parser).named)
	return op
}

func (o *SampleDistinctOp) print(p *printer) {
	p.op(o, o.Params)
	p.node(o.Count)
	p.word("of")
	p.node(o.Of)
}
