package syntax

// ForkOp is fork name=(operators) (operators) ….
type ForkOp struct {
	opNode
	Branches []*ForkBranch
}

// Children implements Node.
func (o *ForkOp) Children() []Node { return withAll(nil, o.Branches) }

// ForkBranch is one branch of fork. Name may be nil; Body is usually a *Pipe without Source.
type ForkBranch struct {
	node
	Name *Ident
	Body Expr
}

// Children implements Node.
func (b *ForkBranch) Children() []Node { return with(with(nil, b.Name), b.Body) }

func parseFork(p *parser, o opNode) Op {
	op := &ForkOp{opNode: o}
	for b := p.forkBranch(); b != nil; b = p.forkBranch() {
		op.Branches = append(op.Branches, b)
	}
	if len(op.Branches) == 0 {
		p.expected("(")
	}
	return op
}

// forkBranch parses name=(operators) or (operators), or returns nil.
func (p *parser) forkBranch() *ForkBranch {
	b := &ForkBranch{}
	start := p.start()
	if k := p.scanName(0); k > 0 && p.peek(k).kind == tokEqual {
		b.Name = p.name()
		p.next()
	} else if !p.at(tokLParen) {
		return nil
	}
	p.want(tokLParen)
	if pipe := p.optionalSubPipe(); pipe != nil {
		b.Body = pipe
	} else {
		b.Body = p.need((*parser).expression)
	}
	p.want(tokRParen)
	b.node = p.from(start)
	return b
}

func (o *ForkOp) print(p *printer) {
	p.op(o, nil)
	for _, b := range o.Branches {
		p.node(b)
	}
}

func (b *ForkBranch) print(p *printer) {
	if b.Name != nil {
		p.node(b.Name)
		p.word("=")
	}
	p.block(b.Body)
}
