package syntax

// AsOp is as name: it names the rows so far.
type AsOp struct {
	opNode
	Params []*OpParam
	Name   *Ident
}

// Children implements Node.
func (o *AsOp) Children() []Node { return with(withAll(nil, o.Params), o.Name) }

var asParams = paramSet{needsEquals: true, defs: []paramDef{{name: "hint.materialized", kind: paramValue}}}

func parseAs(p *parser, o opNode) Op {
	return &AsOp{opNode: o, Params: p.opParams(&asParams), Name: p.needName()}
}

func (o *AsOp) print(p *printer) {
	p.op(o, o.Params)
	p.node(o.Name)
}
