package syntax

// ProjectKeepOp is project-keep columns; the columns are *Ident, also wildcarded.
type ProjectKeepOp struct {
	opNode
	Columns []Expr
}

// Children implements Node.
func (o *ProjectKeepOp) Children() []Node { return withAll(nil, o.Columns) }

func parseProjectKeep(p *parser, o opNode) Op {
	return &ProjectKeepOp{opNode: o, Columns: p.columnNames()}
}

func (o *ProjectKeepOp) print(p *printer) {
	p.op(o, nil)
	printList(p, o.Columns)
}
