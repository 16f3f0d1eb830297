package syntax

// TopOp is top n by x; By may be an *OrderedExpr.
type TopOp struct {
	opNode
	Params []*OpParam
	Count  Expr
	By     Expr
}

// Children implements Node.
func (o *TopOp) Children() []Node { return with(with(withAll(nil, o.Params), o.Count), o.By) }

var topParams = paramSet{needsEquals: true, defs: []paramDef{{name: "hint.progressive_top", kind: paramValue}}}

func parseTop(p *parser, o opNode) Op {
	op := &TopOp{opNode: o, Params: p.opParams(&topParams), Count: p.need((*parser).named)}
	p.wantWord("by")
	op.By = p.need((*parser).ordered)
	return op
}

func (o *TopOp) print(p *printer) {
	p.op(o, o.Params)
	p.node(o.Count)
	p.word("by")
	p.node(o.By)
}
