package syntax

// PartitionOp is partition by column (operators), or the old form partition by column { query } (Braces).
type PartitionOp struct {
	opNode
	Params []*OpParam
	By     Expr
	In     Expr // in scope; nil where there is none
	Braces bool
	Body   Expr
}

// Children implements Node.
func (o *PartitionOp) Children() []Node {
	return with(with(with(withAll(nil, o.Params), o.By), o.In), o.Body)
}

// partitionParams are the parameters of partition and __partitionby.
var partitionParams = paramSet{defs: []paramDef{
	{name: "hint.concurrency", kind: paramWord, words: hintLocalities},
	{name: "hint.spread", kind: paramWord, words: autoOrLocal},
	{name: "hint.materialized", kind: paramValue},
	{name: "hint.shufflekey", kind: paramColumn},
	{name: "hint.strategy", kind: paramWord, words: partStrategies},
}}

func parsePartition(p *parser, o opNode) Op {
	op := &PartitionOp{opNode: o, Params: p.opParams(&partitionParams)}
	p.wantWord("by")
	if op.By = p.simplePath(); op.By == nil {
		op.By = p.missingName()
	}
	if p.takeWord("in") {
		switch {
		case p.callAhead(0):
			op.In = p.call()
		default:
			op.In = p.need((*parser).dynamicLit)
		}
	}
	switch {
	case p.take(tokLBrace):
		op.Braces = true
		op.Body = p.need((*parser).expression)
		p.want(tokRBrace)
	case p.take(tokLParen):
		op.Body = p.subPipe()
		p.want(tokRParen)
	default:
		p.expected("(")
		op.Body = p.badExpr()
	}
	return op
}

func (o *PartitionOp) print(p *printer) {
	p.op(o, o.Params)
	p.word("by")
	p.node(o.By)
	if o.In != nil {
		p.word("in")
		p.node(o.In)
	}
	if o.Braces {
		p.blockIn("{", o.Body, "}")
	} else {
		p.block(o.Body)
	}
}
