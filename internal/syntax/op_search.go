package syntax

// SearchOp is search kind=… in (tables) predicate. It may begin a query.
type SearchOp struct {
	opNode
	Params    []*OpParam
	DataScope string // of datascope=…; empty where there is none
	In        []Expr // nil where there is no in (…)
	Predicate Expr   // a *StarExpr stands for everything
}

// Children implements Node.
func (o *SearchOp) Children() []Node {
	return with(withAll(withAll(nil, o.Params), o.In), o.Predicate)
}

var searchParams = paramSet{needsEquals: true, defs: []paramDef{
	{name: "kind", kind: paramWord, words: []string{"default", "case_insensitive", "case_sensitive"}},
}}

func parseSearch(p *parser, o opNode) Op {
	op := &SearchOp{opNode: o, Params: p.opParams(&searchParams), DataScope: p.dataScope()}
	op.In = p.findIn()
	if op.Predicate = p.unnamed(); op.Predicate != nil {
		return op
	}
	if !p.at(tokStar) {
		op.Predicate = p.missingExpr()
		return op
	}
	op.Predicate = p.star()
	if t := p.tok(); p.takeWord("and") {
		op.Predicate = p.binary("and", t, op.Predicate, p.need((*parser).unnamed))
	}
	return op
}

func (o *SearchOp) print(p *printer) {
	p.op(o, o.Params)
	p.dataScope(o.DataScope)
	p.tables(o.In)
	p.node(o.Predicate)
}
