package syntax

// PrintOp is print columns. It begins a query.
type PrintOp struct {
	opNode
	Columns []Expr
}

// Children implements Node.
func (o *PrintOp) Children() []Node { return withAll(nil, o.Columns) }

func parsePrint(p *parser, o opNode) Op { return &PrintOp{opNode: o, Columns: p.columns(true)} }

func (o *PrintOp) print(p *printer) {
	p.op(o, nil)
	printList(p, o.Columns)
}
