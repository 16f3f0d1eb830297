package syntax

// ReduceOp is reduce by x with properties.
type ReduceOp struct {
	opNode
	Params []*OpParam
	By     Expr
	With   []*OpParam
}

// Children implements Node.
func (o *ReduceOp) Children() []Node { return withAll(with(withAll(nil, o.Params), o.By), o.With) }

// reduceParams are the parameters of reduce, which may also stand in its with.
var reduceParams = paramSet{defs: []paramDef{
	{name: "threshold", kind: paramValue},
	{name: "characters", kind: paramValue},
}}

func parseReduce(p *parser, o opNode) Op {
	op := &ReduceOp{opNode: o, Params: p.opParams(&reduceParams)}
	p.wantWord("by")
	op.By = p.need((*parser).named)
	if p.takeWord("with") {
		op.With = p.properties(&reduceParams)
	}
	return op
}

func (o *ReduceOp) print(p *printer) {
	p.op(o, o.Params)
	p.word("by")
	p.node(o.By)
	if o.With != nil {
		p.word("with")
		printList(p, o.With)
	}
}
