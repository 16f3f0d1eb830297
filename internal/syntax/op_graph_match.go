package syntax

// GraphMatchOp is graph-match patterns where predicate project columns.
type GraphMatchOp struct {
	opNode
	Params   []*OpParam
	Patterns []*GraphPattern
	Where    Expr   // nil where there is none
	Project  []Expr // nil where there is none
}

// Children implements Node.
func (o *GraphMatchOp) Children() []Node {
	return withAll(with(withAll(withAll(nil, o.Params), o.Patterns), o.Where), o.Project)
}

// GraphPattern is a chain of nodes and edges: (a)-[e]->(b).
type GraphPattern struct {
	node
	Parts []Node // *GraphNode and *GraphEdge
}

// Children implements Node.
func (g *GraphPattern) Children() []Node { return g.Parts }

// GraphNode is (name) in a pattern; Name may be nil.
type GraphNode struct {
	node
	Name *Ident
}

// Children implements Node.
func (g *GraphNode) Children() []Node { return with(nil, g.Name) }

// GraphEdge is an edge in a pattern. Arrow is "-->", "<--" or "--", also for edges with brackets such as
// -[name*1..3]->, which may be "<-->" too. Name, Min and Max may be nil.
type GraphEdge struct {
	node
	Arrow    string
	Brackets bool
	Name     *Ident
	Min, Max Expr
}

// Children implements Node.
func (g *GraphEdge) Children() []Node { return with(with(with(nil, g.Name), g.Min), g.Max) }

var graphMatchParams = paramSet{needsEquals: true, defs: []paramDef{{name: "cycles", kind: paramWord, words: graphCycleKinds}}}

func parseGraphMatch(p *parser, o opNode) Op {
	op := &GraphMatchOp{opNode: o, Params: p.opParams(&graphMatchParams), Patterns: p.graphPatterns()}
	op.Where, op.Project = p.graphWhere(), p.graphProject()
	return op
}

// graphPatterns parses patterns with commas between.
func (p *parser) graphPatterns() []*GraphPattern {
	pattern := func(p *parser) *GraphPattern {
		start := p.start()
		g := &GraphPattern{}
		for part := p.graphPart(); part != nil; part = p.graphPart() {
			g.Parts = append(g.Parts, part)
		}
		if len(g.Parts) == 0 {
			p.missingPattern()
		}
		g.node = p.from(start)
		return g
	}
	return list(p, pattern, pattern, listOf{atLeast1: true})
}

// graphPart parses a node or an edge, or returns nil.
func (p *parser) graphPart() Node {
	start := p.start()
	if p.take(tokLParen) {
		name := p.name()
		p.want(tokRParen)
		return &GraphNode{node: p.from(start), Name: name}
	}
	e := &GraphEdge{}
	switch {
	case p.takeText("-->"):
		e.Arrow = "-->"
	case p.takeText("<--"):
		e.Arrow = "<--"
	case p.takeText("--"):
		e.Arrow = "--"
	default:
		left := p.takeText("<-[")
		if !left && !p.takeText("-[") {
			return nil
		}
		e.Brackets = true
		e.Name = p.name()
		if p.take(tokStar) {
			if e.Min = p.unary(); e.Min == nil {
				e.Min = p.missingValue()
			}
			p.want(tokDotDot)
			e.Max = p.need((*parser).unary)
		}
		switch {
		case p.takeText("]->"):
			e.Arrow = "-->"
		case p.takeText("]-"):
			e.Arrow = "--"
		default:
			p.expected("]->", "]-")
		}
		switch {
		case left && e.Arrow == "-->":
			e.Arrow = "<-->"
		case left:
			e.Arrow = "<--"
		}
	}
	e.node = p.from(start)
	return e
}

// graphWhere parses where predicate, or returns nil.
func (p *parser) graphWhere() Expr {
	if !p.takeWord("where") {
		return nil
	}
	return p.need((*parser).expression)
}

// graphProject parses project columns, or returns nil.
func (p *parser) graphProject() []Expr {
	if !p.takeWord("project") {
		return nil
	}
	return p.columns(true)
}

func (o *GraphMatchOp) print(p *printer) {
	p.op(o, o.Params)
	p.graphMatch(o.Patterns, o.Where, o.Project)
}

// graphMatch prints what graph-match and graph-shortest-paths have in common.
func (p *printer) graphMatch(patterns []*GraphPattern, where Expr, project []Expr) {
	printList(p, patterns)
	if where != nil {
		p.word("where")
		p.node(where)
	}
	if project != nil {
		p.word("project")
		printList(p, project)
	}
}

func (g *GraphPattern) print(p *printer) {
	for i, part := range g.Parts {
		if i > 0 {
			p.glue()
		}
		p.node(part)
	}
}

func (g *GraphNode) print(p *printer) {
	p.open("(")
	if g.Name != nil {
		p.node(g.Name)
	}
	p.close(")")
}

func (g *GraphEdge) print(p *printer) {
	if !g.Brackets {
		p.word(g.Arrow)
		return
	}
	begin, end := "-[", "]-"
	if g.Arrow == "<--" || g.Arrow == "<-->" {
		begin = "<-["
	}
	if g.Arrow == "-->" || g.Arrow == "<-->" {
		end = "]->"
	}
	p.open(begin)
	if g.Name != nil {
		p.node(g.Name)
	}
	if g.Min != nil {
		p.close("*")
		p.glue()
		p.node(g.Min)
		p.word("..")
		p.node(g.Max)
	}
	p.close(end)
}
