package syntax

// GraphShortestPathsOp is graph-shortest-paths patterns where predicate project columns.
type GraphShortestPathsOp struct {
	opNode
	Params   []*OpParam
	Patterns []*GraphPattern
	Where    Expr   // nil where there is none
	Project  []Expr // nil where there is none
}

// Children implements Node.
func (o *GraphShortestPathsOp) Children() []Node {
	return withAll(with(withAll(withAll(nil, o.Params), o.Patterns), o.Where), o.Project)
}

var graphPathsParams = paramSet{needsEquals: true, defs: []paramDef{{name: "output", kind: paramWord, words: []string{"any", "all"}}}}

func parseGraphShortestPaths(p *parser, o opNode) Op {
	op := &GraphShortestPathsOp{opNode: o, Params: p.opParams(&graphPathsParams), Patterns: p.graphPatterns()}
	op.Where, op.Project = p.graphWhere(), p.graphProject()
	return op
}

func (o *GraphShortestPathsOp) print(p *printer) {
	p.op(o, o.Params)
	p.graphMatch(o.Patterns, o.Where, o.Project)
}
