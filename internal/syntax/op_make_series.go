package syntax

// MakeSeriesOp is make-series aggregates on axis from start to end step s by columns.
type MakeSeriesOp struct {
	opNode
	Params         []*OpParam
	Series         []*SeriesItem
	On             Expr
	From, To, Step Expr   // nil where they are absent
	Range          []Expr // the arguments of the old form in range(start, end, step); nil where there is none
	By             []Expr // nil where there is none
}

// Children implements Node.
func (o *MakeSeriesOp) Children() []Node {
	list := with(withAll(withAll(nil, o.Params), o.Series), o.On)
	return withAll(withAll(with(with(with(list, o.From), o.To), o.Step), o.Range), o.By)
}

// SeriesItem is aggregate default=value in make-series.
type SeriesItem struct {
	node
	X       Expr
	Default Expr // nil where there is none
}

// Children implements Node.
func (s *SeriesItem) Children() []Node { return with(with(nil, s.X), s.Default) }

var makeSeriesParams = paramSet{needsEquals: true, defs: []paramDef{
	{name: "hint.shufflekey", kind: paramColumn},
	{name: "kind", kind: paramWord, words: []string{"nonempty"}},
}}

func parseMakeSeries(p *parser, o opNode) Op {
	op := &MakeSeriesOp{opNode: o, Params: p.opParams(&makeSeriesParams)}
	op.Series = list(p, (*parser).seriesItem, func(p *parser) *SeriesItem {
		x := p.missingExpr()
		return &SeriesItem{node: p.from(p.lastEnd()), X: x}
	}, listOf{end: endOr("on", "from", "in"), atLeast1: true})
	p.wantWord("on")
	op.On = p.need((*parser).named)
	switch p.word() {
	case "from", "to", "step":
		if p.takeWord("from") {
			op.From = p.need((*parser).unnamed)
		}
		if p.takeWord("to") {
			op.To = p.need((*parser).unnamed)
		}
		p.wantWord("step")
		op.Step = p.need((*parser).unnamed)
	default:
		p.wantWord("in")
		p.wantWord("range")
		p.want(tokLParen)
		op.Range = list(p, (*parser).named, (*parser).missingExpr, listOf{end: commonEnd})
		p.want(tokRParen)
	}
	if p.takeWord("by") {
		op.By = list(p, (*parser).named, (*parser).missingExpr, listOf{atLeast1: true})
	}
	return op
}

// seriesItem parses aggregate default=value, or returns nil.
func (p *parser) seriesItem() *SeriesItem {
	start := p.start()
	x := p.named()
	if x == nil {
		return nil
	}
	s := &SeriesItem{X: x}
	if p.takeWord("default") {
		p.want(tokEqual)
		s.Default = p.need((*parser).named)
	}
	s.node = p.from(start)
	return s
}

func (o *MakeSeriesOp) print(p *printer) {
	p.op(o, o.Params)
	printList(p, o.Series)
	p.word("on")
	p.node(o.On)
	for _, part := range [...]struct {
		word string
		x    Expr
	}{{"from", o.From}, {"to", o.To}, {"step", o.Step}} {
		if part.x != nil {
			p.word(part.word)
			p.node(part.x)
		}
	}
	if o.Step == nil {
		p.word("in range")
		p.glue()
		p.open("(")
		printList(p, o.Range)
		p.close(")")
	}
	if o.By != nil {
		p.word("by")
		printList(p, o.By)
	}
}

func (s *SeriesItem) print(p *printer) {
	p.node(s.X)
	if s.Default != nil {
		p.word("default=")
		p.glue()
		p.node(s.Default)
	}
}
