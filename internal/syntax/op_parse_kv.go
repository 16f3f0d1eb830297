package syntax

// ParseKvOp is parse-kv x as (column:type, …) with (properties).
type ParseKvOp struct {
	opNode
	X    Expr
	Keys *RowSchema
	With []*OpParam
}

// Children implements Node.
func (o *ParseKvOp) Children() []Node { return withAll(with(with(nil, o.X), o.Keys), o.With) }

// parseKvParams are the properties in the with (…) of parse-kv.
var parseKvParams = paramSet{strict: true, defs: []paramDef{
	{name: "pair_delimiter", kind: paramValue},
	{name: "kv_delimiter", kind: paramValue},
	{name: "regex", kind: paramValue},
	{name: "quote", kind: paramValue},
	{name: "escape", kind: paramValue},
	{name: "greedy", kind: paramValue},
}}

func parseParseKv(p *parser, o opNode) Op {
	op := &ParseKvOp{opNode: o, X: p.need((*parser).unnamed)}
	p.wantWord("as")
	op.Keys = p.needRowSchema(false)
	if p.takeWord("with") {
		p.want(tokLParen)
		op.With = p.properties(&parseKvParams)
		p.want(tokRParen)
	}
	return op
}

func (o *ParseKvOp) print(p *printer) {
	p.op(o, nil)
	p.node(o.X)
	p.word("as")
	p.node(o.Keys)
	p.with(o.With)
}
