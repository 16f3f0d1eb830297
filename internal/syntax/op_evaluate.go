package syntax

// EvaluateOp is evaluate plugin(arguments) : (schema). It may also begin a query.
type EvaluateOp struct {
	opNode
	Params []*OpParam
	Call   *CallExpr
	Schema *RowSchema // nil where there is none
}

// Children implements Node.
func (o *EvaluateOp) Children() []Node {
	return with(with(withAll(nil, o.Params), o.Call), o.Schema)
}

var evaluateParams = paramSet{defs: []paramDef{
	{name: "hint.distribution", kind: paramWord, words: distributions},
	{name: "hint.remote", kind: paramWord, words: autoOrLocal},
}}

func parseEvaluate(p *parser, o opNode) Op {
	op := &EvaluateOp{opNode: o, Params: p.opParams(&evaluateParams)}
	if p.scanName(0) > 0 {
		op.Call = p.call()
	} else {
		p.missing("the call of a plugin")
		at := p.exprFrom(p.lastEnd())
		op.Call = &CallExpr{exprNode: at, Name: &Ident{exprNode: at}}
	}
	if p.take(tokColon) {
		op.Schema = p.needRowSchema(true)
	}
	return op
}

func (o *EvaluateOp) print(p *printer) {
	p.op(o, o.Params)
	p.node(o.Call)
	if o.Schema != nil {
		p.word(":")
		p.node(o.Schema)
	}
}
