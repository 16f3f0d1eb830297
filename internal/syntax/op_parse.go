package syntax

// ParseOp is parse kind=… x with pattern. The parts of the pattern are *StarExpr, string *Lit, and *ColumnDecl
// (whose Type may be nil).
type ParseOp struct {
	opNode
	Params  []*OpParam
	X       Expr
	Pattern []Node
}

// Children implements Node.
func (o *ParseOp) Children() []Node {
	return append(with(withAll(nil, o.Params), o.X), o.Pattern...)
}

var parseParams = paramSet{needsEquals: true, defs: []paramDef{
	{name: "kind", kind: paramWord, words: parseKinds},
	{name: "flags", kind: paramWord},
}}

func parseParse(p *parser, o opNode) Op {
	op := &ParseOp{opNode: o, Params: p.opParams(&parseParams), X: p.need((*parser).unnamed)}
	p.wantWord("with")
	op.Pattern = p.parsePattern()
	return op
}

// parsePattern parses the pattern of parse and parse-where.
func (p *parser) parsePattern() []Node {
	var parts []Node
	for {
		switch {
		case p.at(tokStar):
			parts = append(parts, p.star())
		case p.at(tokString):
			parts = append(parts, p.stringLit())
		default:
			start := p.start()
			c := &ColumnDecl{}
			if p.at(tokColon) {
				c.Name = p.missingName()
			} else if c.Name = p.declName(); c.Name == nil {
				return parts
			}
			if p.take(tokColon) {
				c.Type = p.needType(typeWord)
			}
			c.exprNode = p.exprFrom(start)
			parts = append(parts, c)
		}
	}
}

func (o *ParseOp) print(p *printer) {
	p.op(o, o.Params)
	p.parsePattern(o.X, o.Pattern)
}

// parsePattern prints what parse and parse-where have in common.
func (p *printer) parsePattern(x Expr, pattern []Node) {
	p.node(x)
	p.word("with")
	for _, part := range pattern {
		p.node(part)
	}
}
