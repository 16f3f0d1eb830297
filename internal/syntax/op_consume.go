package syntax

// ConsumeOp is consume: it reads all rows and gives none.
type ConsumeOp struct {
	opNode
	Params []*OpParam
}

// Children implements Node.
func (o *ConsumeOp) Children() []Node { return withAll(nil, o.Params) }

var consumeParams = paramSet{defs: []paramDef{{name: "decodeblocks", kind: paramValue}}}

func parseConsume(p *parser, o opNode) Op {
	return &ConsumeOp{opNode: o, Params: p.opParams(&consumeParams)}
}

func (o *ConsumeOp) print(p *printer) { p.op(o, o.Params) }
