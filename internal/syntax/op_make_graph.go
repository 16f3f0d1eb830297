package syntax

// MakeGraphOp is make-graph source --> target with nodes on key.
type MakeGraphOp struct {
	opNode
	Params   []*OpParam
	Source   *Ident
	Directed bool // --> and not --
	Target   *Ident
	Tables   []*GraphNodeTable // with table on key, …
	NodeID   *Ident            // with_node_id=name; nil where there is none
	// PartitionedBy and Body are partitioned-by column (operators); nil where there is none.
	PartitionedBy Expr
	Body          Expr
}

// Children implements Node.
func (o *MakeGraphOp) Children() []Node {
	list := withAll(with(with(withAll(nil, o.Params), o.Source), o.Target), o.Tables)
	return with(with(with(list, o.NodeID), o.PartitionedBy), o.Body)
}

// GraphNodeTable is table on key in the with of make-graph.
type GraphNodeTable struct {
	node
	Table Expr
	Key   *Ident
}

// Children implements Node.
func (g *GraphNodeTable) Children() []Node { return with(with(nil, g.Table), g.Key) }

var makeGraphParams = paramSet{needsEquals: true, defs: []paramDef{
	{name: "hint.strategy", kind: paramWord, words: []string{"shuffle", "native"}},
}}

func parseMakeGraph(p *parser, o opNode) Op {
	op := &MakeGraphOp{opNode: o, Params: p.opParams(&makeGraphParams), Source: p.needName()}
	switch {
	case p.takeText("-->"):
		op.Directed = true
	case p.takeText("--"):
	default:
		p.expected("-->", "--")
	}
	op.Target = p.needName()
	switch {
	case p.takeWord("with_node_id"):
		p.want(tokEqual)
		op.NodeID = p.needName()
	case p.takeWord("with"):
		op.Tables = list(p, (*parser).graphNodeTable, func(p *parser) *GraphNodeTable {
			x := p.missingExpr()
			return &GraphNodeTable{node: p.from(p.lastEnd()), Table: x, Key: &Ident{exprNode: p.exprFrom(p.lastEnd())}}
		}, listOf{end: endOr("partitioned-by"), atLeast1: true})
	}
	if p.takeWord("partitioned-by") {
		if op.PartitionedBy = p.simplePath(); op.PartitionedBy == nil {
			op.PartitionedBy = p.missingName()
		}
		op.Body = p.contextual()
	}
	return op
}

// graphNodeTable parses table on key, or returns nil.
func (p *parser) graphNodeTable() *GraphNodeTable {
	start := p.start()
	x := p.unary()
	if x == nil {
		return nil
	}
	p.wantWord("on")
	key := p.needName()
	return &GraphNodeTable{node: p.from(start), Table: x, Key: key}
}

func (o *MakeGraphOp) print(p *printer) {
	p.op(o, o.Params)
	p.node(o.Source)
	if o.Directed {
		p.word("-->")
	} else {
		p.word("--")
	}
	p.node(o.Target)
	if o.NodeID != nil {
		p.word("with_node_id=")
		p.glue()
		p.node(o.NodeID)
	}
	if o.Tables != nil {
		p.word("with")
		printList(p, o.Tables)
	}
	if o.PartitionedBy != nil {
		p.word("partitioned-by")
		p.node(o.PartitionedBy)
		p.block(o.Body)
	}
}

func (g *GraphNodeTable) print(p *printer) {
	p.node(g.Table)
	p.word("on")
	p.node(g.Key)
}
