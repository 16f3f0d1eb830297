package syntax

// ProjectByNamesOp is project-by-names names.
type ProjectByNamesOp struct {
	opNode
	Columns []Expr
}

// Children implements Node.
func (o *ProjectByNamesOp) Children() []Node { return withAll(nil, o.Columns) }

func parseProjectByNames(p *parser, o opNode) Op {
	return &ProjectByNamesOp{opNode: o, Columns: list(p, (*parser).unnamed, (*parser).missingExpr, listOf{end: commonEnd})}
}

func (o *ProjectByNamesOp) print(p *printer) {
	p.op(o, nil)
	printList(p, o.Columns)
}
