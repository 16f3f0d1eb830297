package syntax

// ScanOp is scan order by … partition by … declare (…) with (steps).
type ScanOp struct {
	opNode
	Params    []*OpParam
	Order     []Expr // nil where there is none
	Partition []Expr // nil where there is none
	Declare   []*Param
	Steps     []*ScanStep
}

// Children implements Node.
func (o *ScanOp) Children() []Node {
	list := withAll(withAll(withAll(nil, o.Params), o.Order), o.Partition)
	return withAll(withAll(list, o.Declare), o.Steps)
}

// ScanStep is step name optional output=… : condition => column = value, …;
type ScanStep struct {
	node
	Name      *Ident
	Optional  bool
	Output    string // "all", "last", "none"; empty where there is none
	Condition Expr
	Assign    []*NamedExpr // nil where there is none
}

// Children implements Node.
func (s *ScanStep) Children() []Node {
	return withAll(with(with(nil, s.Name), s.Condition), s.Assign)
}

var scanParams = paramSet{defs: []paramDef{
	{name: "kind", kind: paramWord, words: []string{"partial", "full"}},
	{name: "with_match_id", kind: paramName},
}}

var scanOutputs = []string{"all", "last", "none"}

func parseScan(p *parser, o opNode) Op {
	op := &ScanOp{opNode: o, Params: p.opParams(&scanParams)}
	end := endOr("partition", "order", "by", "declare", "with")
	if p.takeWord("order") {
		p.wantWord("by")
		op.Order = list(p, (*parser).ordered, (*parser).missingExpr, listOf{end: end, atLeast1: true})
	}
	if p.takeWord("partition") {
		p.wantWord("by")
		op.Partition = list(p, (*parser).unnamed, (*parser).missingExpr, listOf{end: end, atLeast1: true})
	}
	if p.takeWord("declare") {
		op.Declare = p.paramList()
	}
	p.wantWord("with")
	p.want(tokLParen)
	for s := p.scanStep(); s != nil; s = p.scanStep() {
		op.Steps = append(op.Steps, s)
	}
	p.want(tokRParen)
	return op
}

// scanStep parses step name: condition => assignments; or returns nil.
func (p *parser) scanStep() *ScanStep {
	if !p.atWord("step") {
		return nil
	}
	start := p.next().start
	s := &ScanStep{Name: p.declName()}
	if s.Name == nil {
		s.Name = p.missingName()
	}
	s.Optional = p.takeWord("optional")
	if p.takeWord("output") {
		p.want(tokEqual)
		if s.Output = p.takeAny(scanOutputs); s.Output == "" {
			p.expected(scanOutputs...)
		}
	}
	p.want(tokColon)
	s.Condition = p.need((*parser).unnamed)
	if p.take(tokFatArrow) {
		s.Assign = list(p, (*parser).scanAssign, func(p *parser) *NamedExpr {
			name := p.missingName()
			return &NamedExpr{exprNode: p.exprFrom(p.lastEnd()), Names: []*Ident{name}, Value: p.badExpr()}
		}, listOf{end: commonEnd, atLeast1: true})
	}
	p.want(tokSemicolon)
	s.node = p.from(start)
	return s
}

// scanAssign parses column = value, or returns nil.
func (p *parser) scanAssign() *NamedExpr {
	start := p.start()
	id := p.declName()
	if id == nil {
		return nil
	}
	p.want(tokEqual)
	value := p.need((*parser).unnamed)
	return &NamedExpr{exprNode: p.exprFrom(start), Names: []*Ident{id}, Value: value}
}

func (o *ScanOp) print(p *printer) {
	p.op(o, o.Params)
	if o.Order != nil {
		p.word("order by")
		printList(p, o.Order)
	}
	if o.Partition != nil {
		p.word("partition by")
		printList(p, o.Partition)
	}
	if o.Declare != nil {
		p.word("declare")
		p.open("(")
		printList(p, o.Declare)
		p.close(")")
	}
	p.word("with")
	p.open("(")
	p.indent++
	for _, s := range o.Steps {
		p.line()
		p.node(s)
	}
	p.indent--
	p.line()
	p.close(")")
}

func (s *ScanStep) print(p *printer) {
	p.word("step")
	p.node(s.Name)
	if s.Optional {
		p.word("optional")
	}
	if s.Output != "" {
		p.word("output=" + s.Output)
	}
	p.close(":")
	p.node(s.Condition)
	if s.Assign != nil {
		p.word("=>")
		printList(p, s.Assign)
	}
	p.close(";")
}
