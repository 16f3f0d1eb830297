package syntax

// GetSchemaOp is getschema.
type GetSchemaOp struct {
	opNode
	Params []*OpParam
}

// Children implements Node.
func (o *GetSchemaOp) Children() []Node { return withAll(nil, o.Params) }

var getSchemaParams = paramSet{defs: []paramDef{{name: "kind", kind: paramWord, words: []string{"csl"}}}}

func parseGetSchema(p *parser, o opNode) Op {
	op := &GetSchemaOp{opNode: o}
	if kind := p.oneParam(&getSchemaParams.defs[0]); kind != nil {
		op.Params = []*OpParam{kind}
	}
	return op
}

func (o *GetSchemaOp) print(p *printer) { p.op(o, o.Params) }
