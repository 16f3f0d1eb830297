package syntax

// LookupOp is lookup kind=… right on conditions.
type LookupOp struct {
	opNode
	Params []*OpParam
	Right  Expr
	On     []Expr
}

// Children implements Node.
func (o *LookupOp) Children() []Node {
	return withAll(with(withAll(nil, o.Params), o.Right), o.On)
}

var lookupParams = paramSet{needsEquals: true, defs: []paramDef{
	{name: "kind", kind: paramWord, words: []string{"inner", "leftouter"}},
}}

func parseLookup(p *parser, o opNode) Op {
	op := &LookupOp{opNode: o, Params: p.opParams(&lookupParams), Right: p.need((*parser).unnamed)}
	if p.takeWord("on") {
		op.On = p.joinConditions()
	} else {
		p.missing("on and a condition")
	}
	return op
}

func (o *LookupOp) print(p *printer) {
	p.op(o, o.Params)
	p.node(o.Right)
	p.word("on")
	printList(p, o.On)
}
