package syntax

// ExtendOp is extend columns.
type ExtendOp struct {
	opNode
	Columns []Expr
}

// Children implements Node.
func (o *ExtendOp) Children() []Node { return withAll(nil, o.Columns) }

func parseExtend(p *parser, o opNode) Op {
	return &ExtendOp{opNode: o, Columns: p.columns(true)}
}

func (o *ExtendOp) print(p *printer) {
	p.op(o, nil)
	printList(p, o.Columns)
}
