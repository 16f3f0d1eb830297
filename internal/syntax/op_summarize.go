package syntax

// SummarizeOp is summarize aggregates by columns.
type SummarizeOp struct {
	opNode
	Params     []*OpParam
	Aggregates []Expr
	HasBy      bool // the word by is there
	By         []Expr
	Bin        Expr // the old form by column bin=value; nil where there is none
}

// Children implements Node.
func (o *SummarizeOp) Children() []Node {
	return with(withAll(withAll(withAll(nil, o.Params), o.Aggregates), o.By), o.Bin)
}

var summarizeParams = paramSet{needsEquals: true, defs: []paramDef{
	{name: "hint.shufflekey", kind: paramColumn},
	{name: "hint.strategy", kind: paramWord, words: []string{"shuffle"}},
	{name: "hint.num_partitions", kind: paramValue},
}}

func parseSummarize(p *parser, o opNode) Op {
	op := &SummarizeOp{opNode: o, Params: p.opParams(&summarizeParams)}
	op.Aggregates = list(p, (*parser).named, (*parser).missingExpr, listOf{end: endOr("by")})
	if op.HasBy = p.takeWord("by"); !op.HasBy {
		return op
	}
	end := func(p *parser) bool { return p.oldBinAhead() && p.peek(2).kind.isLiteral() || commonEnd(p) }
	op.By = list(p, (*parser).named, (*parser).missingExpr, listOf{end: end, atLeast1: true})
	if p.oldBinAhead() {
		p.pos += 2
		op.Bin = p.need((*parser).unnamed)
	}
	return op
}

// oldBinAhead tells whether bin= stands here, which once gave the size of bins for all columns.
func (p *parser) oldBinAhead() bool { return p.atWord("bin") && p.peek(1).kind == tokEqual }

func (o *SummarizeOp) print(p *printer) {
	p.op(o, o.Params)
	printList(p, o.Aggregates)
	if o.HasBy {
		p.word("by")
		printList(p, o.By)
	}
	if o.Bin != nil {
		p.word("bin=")
		p.glue()
		p.node(o.Bin)
	}
}
