package syntax

// MvExpandOp is mv-expand columns limit n.
type MvExpandOp struct {
	opNode
	Params  []*OpParam
	Columns []*MvColumn
	Limit   Expr // nil where there is none
}

// Children implements Node.
func (o *MvExpandOp) Children() []Node {
	return with(withAll(withAll(nil, o.Params), o.Columns), o.Limit)
}

var mvExpandParams = paramSet{needsEquals: true, defs: []paramDef{
	{name: "kind", kind: paramWord, words: expandKinds},
	{name: "bagexpansion", kind: paramWord, words: expandKinds},
	{name: "with_itemindex", kind: paramName},
}}

func parseMvExpand(p *parser, o opNode) Op {
	op := &MvExpandOp{opNode: o, Params: p.opParams(&mvExpandParams)}
	op.Columns = list(p, (*parser).mvColumn, (*parser).missingMvColumn, listOf{end: endOr("limit"), atLeast1: true})
	if p.takeWord("limit") {
		op.Limit = p.need((*parser).unnamed)
	}
	return op
}

func (o *MvExpandOp) print(p *printer) {
	p.op(o, o.Params)
	printList(p, o.Columns)
	if o.Limit != nil {
		p.word("limit")
		p.node(o.Limit)
	}
}
