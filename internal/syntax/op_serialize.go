package syntax

// SerializeOp is serialize columns.
type SerializeOp struct {
	opNode
	Params  []*OpParam
	Columns []Expr
}

// Children implements Node.
func (o *SerializeOp) Children() []Node { return withAll(withAll(nil, o.Params), o.Columns) }

func parseSerialize(p *parser, o opNode) Op {
	return &SerializeOp{opNode: o, Params: p.opParams(&noParamsEquals), Columns: p.columns(false)}
}

func (o *SerializeOp) print(p *printer) {
	p.op(o, o.Params)
	printList(p, o.Columns)
}
