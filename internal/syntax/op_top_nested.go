package syntax

// TopNestedOp is top-nested n of x with others=value by aggregate, top-nested ….
type TopNestedOp struct {
	opNode
	Levels []*TopNestedLevel
}

// Children implements Node.
func (o *TopNestedOp) Children() []Node { return withAll(nil, o.Levels) }

// TopNestedLevel is one level of top-nested. Count and Others may be nil; By may be an *OrderedExpr.
type TopNestedLevel struct {
	node
	Count  Expr
	Of     Expr
	Others Expr
	By     Expr
}

// Children implements Node.
func (l *TopNestedLevel) Children() []Node {
	return with(with(with(with(nil, l.Count), l.Of), l.Others), l.By)
}

func parseTopNested(p *parser, o opNode) Op {
	p.pos-- // every level begins with the keyword
	missing := func(p *parser) *TopNestedLevel {
		p.missing("another top-nested")
		return &TopNestedLevel{node: p.from(p.lastEnd()), Of: p.badExpr(), By: p.badExpr()}
	}
	op := &TopNestedOp{opNode: o}
	op.Levels = list(p, (*parser).topNestedLevel, missing, listOf{end: commonEnd, atLeast1: true})
	return op
}

// topNestedLevel parses top-nested n of x with others=value by aggregate, or returns nil.
func (p *parser) topNestedLevel() *TopNestedLevel {
	if !p.atWord("top-nested") {
		return nil
	}
	start := p.next().start
	l := &TopNestedLevel{Count: p.named()}
	p.wantWord("of")
	l.Of = p.need((*parser).named)
	if p.takeWord("with") {
		p.wantWord("others")
		p.want(tokEqual)
		if l.Others = p.literal(); l.Others == nil {
			l.Others = p.need((*parser).unnamed)
		}
	}
	p.wantWord("by")
	l.By = p.need((*parser).ordered)
	l.node = p.from(start)
	return l
}

func (o *TopNestedOp) print(p *printer) { printList(p, o.Levels) }

func (l *TopNestedLevel) print(p *printer) {
	p.word("top-nested")
	if l.Count != nil {
		p.node(l.Count)
	}
	p.word("of")
	p.node(l.Of)
	if l.Others != nil {
		p.word("with others=")
		p.glue()
		p.node(l.Others)
	}
	p.word("by")
	p.node(l.By)
}
