package syntax

// SortOp is sort by columns, or order by columns; a column may be an *OrderedExpr.
type SortOp struct {
	opNode
	Params []*OpParam
	By     []Expr
}

// Children implements Node.
func (o *SortOp) Children() []Node { return withAll(withAll(nil, o.Params), o.By) }

var sortParams = paramSet{defs: []paramDef{
	{name: "hint.strategy", kind: paramWord, words: []string{"splitBlock", "multipleBlocks"}},
}}

func parseSort(p *parser, o opNode) Op {
	op := &SortOp{opNode: o, Params: p.opParams(&sortParams)}
	p.wantWord("by")
	op.By = list(p, (*parser).ordered, (*parser).missingExpr, listOf{end: commonEnd, atLeast1: true})
	return op
}

func (o *SortOp) print(p *printer) {
	p.op(o, o.Params)
	p.word("by")
	printList(p, o.By)
}
