package syntax

// GraphWhereEdgesOp is graph-where-edges predicate.
type GraphWhereEdgesOp struct {
	opNode
	Predicate Expr
}

// Children implements Node.
func (o *GraphWhereEdgesOp) Children() []Node { return []Node{o.Predicate} }

func parseGraphWhereEdges(p *parser, o opNode) Op {
	return &GraphWhereEdgesOp{opNode: o, Predicate: p.need((*parser).unnamed)}
}

func (o *GraphWhereEdgesOp) print(p *printer) {
	p.op(o, nil)
	p.node(o.Predicate)
}
