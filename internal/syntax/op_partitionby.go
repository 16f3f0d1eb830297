package syntax

// PartitionByOp is __partitionby column id value (operators).
type PartitionByOp struct {
	opNode
	Params []*OpParam
	By     Expr
	ID     Expr // nil where there is none
	Body   Expr
}

// Children implements Node.
func (o *PartitionByOp) Children() []Node {
	return with(with(with(withAll(nil, o.Params), o.By), o.ID), o.Body)
}

func parsePartitionBy(p *parser, o opNode) Op {
	op := &PartitionByOp{opNode: o, Params: p.opParams(&partitionParams)}
	if op.By = p.simplePath(); op.By == nil {
		op.By = p.missingName()
	}
	if p.takeWord("id") {
		if op.ID = p.literal(); op.ID == nil {
			op.ID = p.missingValue()
		}
	}
	op.Body = p.contextual()
	return op
}

func (o *PartitionByOp) print(p *printer) {
	p.op(o, o.Params)
	p.node(o.By)
	if o.ID != nil {
		p.word("id")
		p.node(o.ID)
	}
	p.block(o.Body)
}
