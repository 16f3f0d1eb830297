package syntax

// JoinOp is join kind=… right on conditions.
type JoinOp struct {
	opNode
	Params []*OpParam
	Right  Expr
	On     []Expr // nil where there is none
	Where  Expr   // the old form join … where condition; nil where there is none
}

// Children implements Node.
func (o *JoinOp) Children() []Node {
	return with(withAll(with(withAll(nil, o.Params), o.Right), o.On), o.Where)
}

var joinParams = paramSet{needsEquals: true, defs: []paramDef{
	{name: "kind", kind: paramWord, words: []string{
		"inner", "fullouter", "innerunique", "leftanti", "leftantisemi", "anti", "leftouter", "leftsemi",
		"rightanti", "rightantisemi", "rightouter", "rightsemi",
	}},
	{name: "hint.remote", kind: paramWord, words: hintLocalities},
	{name: "hint.shufflekey", kind: paramColumn},
	{name: "hint.strategy", kind: paramWord, words: hintStrategies},
	{name: "hint.num_partitions", kind: paramValue},
}}

func parseJoin(p *parser, o opNode) Op {
	op := &JoinOp{opNode: o, Params: p.opParams(&joinParams), Right: p.need((*parser).unnamed)}
	switch {
	case p.takeWord("on"):
		op.On = p.joinConditions()
	case p.takeWord("where"):
		op.Where = p.need((*parser).unnamed)
	}
	return op
}

// joinConditions parses what follows the on of join and lookup.
func (p *parser) joinConditions() []Expr {
	return list(p, (*parser).unnamed, (*parser).missingExpr, listOf{atLeast1: true})
}

func (o *JoinOp) print(p *printer) {
	p.op(o, o.Params)
	p.node(o.Right)
	if o.On != nil {
		p.word("on")
		printList(p, o.On)
	}
	if o.Where != nil {
		p.word("where")
		p.node(o.Where)
	}
}
