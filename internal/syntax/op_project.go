package syntax

// ProjectOp is project columns.
type ProjectOp struct {
	opNode
	Columns []Expr
}

// Children implements Node.
func (o *ProjectOp) Children() []Node { return withAll(nil, o.Columns) }

func parseProject(p *parser, o opNode) Op { return &ProjectOp{opNode: o, Columns: p.columns(false)} }

// columns parses named expressions with commas between.
func (p *parser) columns(atLeast1 bool) []Expr {
	return list(p, (*parser).named, (*parser).missingExpr, listOf{end: commonEnd, atLeast1: atLeast1})
}

func (o *ProjectOp) print(p *printer) {
	p.op(o, nil)
	printList(p, o.Columns)
}
