package syntax

// DistinctOp is distinct columns; a column may be a *StarExpr.
type DistinctOp struct {
	opNode
	Params  []*OpParam
	Columns []Expr
}

// Children implements Node.
func (o *DistinctOp) Children() []Node { return withAll(withAll(nil, o.Params), o.Columns) }

var distinctParams = paramSet{needsEquals: true, defs: []paramDef{
	{name: "hint.shufflekey", kind: paramColumn},
	{name: "hint.strategy", kind: paramWord, words: hintStrategies},
	{name: "hint.num_partitions", kind: paramValue},
}}

func parseDistinct(p *parser, o opNode) Op {
	op := &DistinctOp{opNode: o, Params: p.opParams(&distinctParams)}
	column := func(p *parser) Expr {
		if p.at(tokStar) {
			return p.star()
		}
		return p.named()
	}
	op.Columns = list(p, column, (*parser).missingExpr, listOf{end: commonEnd, atLeast1: true})
	return op
}

func (o *DistinctOp) print(p *printer) {
	p.op(o, o.Params)
	printList(p, o.Columns)
}
