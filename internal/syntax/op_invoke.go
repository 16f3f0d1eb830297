package syntax

// InvokeOp is invoke f(arguments). Call is a *CallExpr, or a *PathExpr of calls.
type InvokeOp struct {
	opNode
	Call Expr
}

// Children implements Node.
func (o *InvokeOp) Children() []Node { return []Node{o.Call} }

func parseInvoke(p *parser, o opNode) Op {
	op := &InvokeOp{opNode: o}
	if !p.callAhead(0) {
		op.Call = p.missingExpr()
		return op
	}
	op.Call = p.call()
	for n := 0; p.at(tokDot) && p.callAhead(1) && n < maxChain; n++ {
		p.next()
		call := p.call()
		op.Call = &PathExpr{exprNode: p.exprFrom(op.Call.Span().Start), X: op.Call, Sel: call}
	}
	return op
}

func (o *InvokeOp) print(p *printer) {
	p.op(o, nil)
	p.node(o.Call)
}
