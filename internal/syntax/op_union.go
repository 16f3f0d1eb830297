package syntax

// UnionOp is union kind=… withsource=… tables. A table may be a wildcarded name, a path such as database("d").T,
// a call, or a *ParenExpr with a pipe. It may begin a query.
type UnionOp struct {
	opNode
	Params []*OpParam
	Tables []Expr
}

// Children implements Node.
func (o *UnionOp) Children() []Node { return withAll(withAll(nil, o.Params), o.Tables) }

// unionParams are the parameters of union and macro-expand.
var unionParams = paramSet{needsEquals: true, defs: []paramDef{
	{name: "kind", kind: paramWord, words: []string{"inner", "outer"}},
	{name: "withsource", kind: paramName},
	{name: "with_source", kind: paramName},
	{name: "isfuzzy", kind: paramValue},
	{name: "__isFuzzy", kind: paramValue},
	{name: "best_effort", kind: paramValue},
	{name: "hint.concurrency", kind: paramWord, words: hintLocalities},
	{name: "hint.spread", kind: paramWord, words: autoOrLocal},
}}

func parseUnion(p *parser, o opNode) Op {
	op := &UnionOp{opNode: o, Params: p.opParams(&unionParams)}
	table := func(p *parser) Expr {
		if x := p.paren(); x != nil {
			return x
		}
		return p.wildcardEntity()
	}
	op.Tables = list(p, table, (*parser).missingExpr, listOf{end: commonEnd, atLeast1: true})
	return op
}

func (o *UnionOp) print(p *printer) {
	p.op(o, o.Params)
	printList(p, o.Tables)
}
