package syntax

// FacetOp is facet by columns with (operators).
type FacetOp struct {
	opNode
	By []Expr
	// With is nil where there is none. Its Source is nil.
	With *Pipe
	// WithParen tells whether the operators stand in parentheses; without, there is one operator only.
	WithParen bool
}

// Children implements Node.
func (o *FacetOp) Children() []Node { return with(withAll(nil, o.By), o.With) }

func parseFacet(p *parser, o opNode) Op {
	op := &FacetOp{opNode: o}
	p.wantWord("by")
	op.By = list(p, (*parser).simplePath, (*parser).missingColumn, listOf{end: endOr("with"), atLeast1: true})
	if !p.takeWord("with") {
		return op
	}
	if op.WithParen = p.take(tokLParen); op.WithParen {
		op.With = p.subPipe()
		p.want(tokRParen)
		return op
	}
	first := p.needOperator()
	op.With = &Pipe{exprNode: exprNode{node{first.Span()}}, Ops: []Op{first}}
	return op
}

func (o *FacetOp) print(p *printer) {
	p.op(o, nil)
	p.word("by")
	printList(p, o.By)
	switch {
	case o.With == nil:
	case o.WithParen:
		p.word("with")
		p.block(o.With)
	default:
		p.word("with")
		p.node(o.With)
	}
}
