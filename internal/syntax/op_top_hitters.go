package syntax

// TopHittersOp is top-hitters n of x by weight.
type TopHittersOp struct {
	opNode
	Count Expr
	Of    Expr
	By    Expr // nil where there is none
}

// Children implements Node.
func (o *TopHittersOp) Children() []Node { return with(with(with(nil, o.Count), o.Of), o.By) }

func parseTopHitters(p *parser, o opNode) Op {
	op := &TopHittersOp{opNode: o, Count: p.need((*parser).named)}
	p.wantWord("of")
	op.Of = p.need((*parser).named)
	if p.takeWord("by") {
		op.By = p.need((*parser).named)
	}
	return op
}

func (o *TopHittersOp) print(p *printer) {
	p.op(o, nil)
	p.node(o.Count)
	p.word("of")
	p.node(o.Of)
	if o.By != nil {
		p.word("by")
		p.node(o.By)
	}
}
