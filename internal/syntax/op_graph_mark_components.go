package syntax

// GraphMarkComponentsOp is graph-mark-components.
type GraphMarkComponentsOp struct {
	opNode
	Params []*OpParam
}

// Children implements Node.
func (o *GraphMarkComponentsOp) Children() []Node { return withAll(nil, o.Params) }

var graphMarkParams = paramSet{needsEquals: true, defs: []paramDef{
	{name: "kind", kind: paramWord, words: []string{"weak", "strong"}},
	{name: "with_component_id", kind: paramName},
}}

func parseGraphMarkComponents(p *parser, o opNode) Op {
	return &GraphMarkComponentsOp{opNode: o, Params: p.opParams(&graphMarkParams)}
}

func (o *GraphMarkComponentsOp) print(p *printer) { p.op(o, o.Params) }
