package syntax

// ProjectAwayOp is project-away columns; the columns are *Ident, also wildcarded.
type ProjectAwayOp struct {
	opNode
	Columns []Expr
}

// Children implements Node.
func (o *ProjectAwayOp) Children() []Node { return withAll(nil, o.Columns) }

func parseProjectAway(p *parser, o opNode) Op {
	return &ProjectAwayOp{opNode: o, Columns: p.columnNames()}
}

// columnNames parses names, also wildcarded, with commas between.
func (p *parser) columnNames() []Expr {
	return list(p, (*parser).wildcardOrName, (*parser).missingExpr, listOf{end: commonEnd})
}

func (o *ProjectAwayOp) print(p *printer) {
	p.op(o, nil)
	printList(p, o.Columns)
}
