package syntax

// GraphWhereNodesOp is graph-where-nodes predicate.
type GraphWhereNodesOp struct {
	opNode
	Predicate Expr
}

// Children implements Node.
func (o *GraphWhereNodesOp) Children() []Node { return []Node{o.Predicate} }

func parseGraphWhereNodes(p *parser, o opNode) Op {
	return &GraphWhereNodesOp{opNode: o, Predicate: p.need((*parser).unnamed)}
}

func (o *GraphWhereNodesOp) print(p *printer) {
	p.op(o, nil)
	p.node(o.Predicate)
}
