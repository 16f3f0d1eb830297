package syntax

// GraphToTableOp is graph-to-table nodes as name, edges as name.
type GraphToTableOp struct {
	opNode
	Outputs []*GraphOutput
}

// Children implements Node.
func (o *GraphToTableOp) Children() []Node { return withAll(nil, o.Outputs) }

// GraphOutput is one output of graph-to-table. What is "nodes" or "edges"; As may be nil.
type GraphOutput struct {
	node
	What   string
	As     *Ident
	Params []*OpParam
}

// Children implements Node.
func (g *GraphOutput) Children() []Node { return withAll(with(nil, g.As), g.Params) }

var (
	graphNodesParams = paramSet{needsEquals: true, defs: []paramDef{{name: "with_node_id", kind: paramName}}}
	graphEdgesParams = paramSet{needsEquals: true, defs: []paramDef{
		{name: "with_source_id", kind: paramName}, {name: "with_target_id", kind: paramName},
	}}
)

func parseGraphToTable(p *parser, o opNode) Op {
	missing := func(p *parser) *GraphOutput {
		p.graphOutputs()
		return &GraphOutput{node: p.from(p.lastEnd())}
	}
	return &GraphToTableOp{opNode: o, Outputs: list(p, (*parser).graphOutput, missing, listOf{atLeast1: true})}
}

// graphOutput parses nodes as name or edges as name, or returns nil.
func (p *parser) graphOutput() *GraphOutput {
	g := &GraphOutput{What: p.word()}
	params := &graphNodesParams
	switch g.What {
	case "nodes":
	case "edges":
		params = &graphEdgesParams
	default:
		return nil
	}
	start := p.next().start
	if p.takeWord("as") {
		g.As = p.needName()
	}
	g.Params = p.opParams(params)
	g.node = p.from(start)
	return g
}

func (o *GraphToTableOp) print(p *printer) {
	p.op(o, nil)
	printList(p, o.Outputs)
}

func (g *GraphOutput) print(p *printer) {
	p.word(g.What)
	if g.As != nil {
		p.word("as")
		p.node(g.As)
	}
	p.params(g.Params)
}
