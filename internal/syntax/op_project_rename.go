package syntax

// ProjectRenameOp is project-rename new = old, ….
type ProjectRenameOp struct {
	opNode
	Columns []Expr
}

// Children implements Node.
func (o *ProjectRenameOp) Children() []Node { return withAll(nil, o.Columns) }

func parseProjectRename(p *parser, o opNode) Op {
	return &ProjectRenameOp{opNode: o, Columns: p.columns(false)}
}

func (o *ProjectRenameOp) print(p *printer) {
	p.op(o, nil)
	printList(p, o.Columns)
}
