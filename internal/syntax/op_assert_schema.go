package syntax

// AssertSchemaOp is assert-schema (column:type, …).
type AssertSchemaOp struct {
	opNode
	Schema *RowSchema
}

// Children implements Node.
func (o *AssertSchemaOp) Children() []Node { return with(nil, o.Schema) }

func parseAssertSchema(p *parser, o opNode) Op {
	return &AssertSchemaOp{opNode: o, Schema: p.needRowSchema(false)}
}

func (o *AssertSchemaOp) print(p *printer) {
	p.op(o, nil)
	p.node(o.Schema)
}
