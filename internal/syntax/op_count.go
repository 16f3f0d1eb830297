package syntax

// CountOp is count, or count as name.
type CountOp struct {
	opNode
	As *Ident // nil where there is none
}

// Children implements Node.
func (o *CountOp) Children() []Node { return with(nil, o.As) }

func parseCount(p *parser, o opNode) Op {
	op := &CountOp{opNode: o}
	if p.takeWord("as") {
		if p.at(tokIdent) {
			op.As = p.plainName()
		} else {
			op.As = p.missingName()
		}
	}
	return op
}

func (o *CountOp) print(p *printer) {
	p.op(o, nil)
	if o.As != nil {
		p.word("as")
		p.node(o.As)
	}
}
