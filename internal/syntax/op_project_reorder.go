package syntax

// ProjectReorderOp is project-reorder columns; the columns are *Ident, also wildcarded, or an *OrderedExpr of one.
type ProjectReorderOp struct {
	opNode
	Columns []Expr
}

// Children implements Node.
func (o *ProjectReorderOp) Children() []Node { return withAll(nil, o.Columns) }

func parseProjectReorder(p *parser, o opNode) Op {
	column := func(p *parser) Expr {
		x := p.wildcardOrName()
		if x == nil {
			return nil
		}
		return p.ordering(x, false)
	}
	return &ProjectReorderOp{opNode: o, Columns: list(p, column, (*parser).missingExpr, listOf{end: commonEnd})}
}

func (o *ProjectReorderOp) print(p *printer) {
	p.op(o, nil)
	printList(p, o.Columns)
}
