package bind

import (
	"strconv"

	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// graph is what make-graph gives. It is built when an operator that gives a table follows: the edges and the
// node tables then go through Go together.
type graph struct {
	tiers []tier
	shape exec.GraphShape
	nodes []rel.Col // the properties of a node
}

// graphOp binds an operator of a graph, and refuses others behind one.
// https://learn.microsoft.com/kusto/query/graph-operators
func (b *binder) graphOp(e *env, in *table, op syntax.Op) (*table, *env) {
	if in.graph == nil {
		b.addHint("KS174", op.WordSpan(), "'"+op.Word()+"' needs a graph", "put make-graph in front of it")
		return nil, e
	}
	switch o := op.(type) {
	case *syntax.GraphMatchOp:
		word, p := param(o.Params, "cycles")
		m := &exec.GraphMatch{}
		switch {
		case p == nil || word == "unique_edges":
		case word == "all":
			m.Cycles = exec.AllCycles
		case word == "none":
			m.Cycles = exec.NoCycles
		}
		return b.graphMatch(e, in.graph, m, o.Patterns, o.Where, o.Project, o.WordSpan()), e
	case *syntax.GraphShortestPathsOp:
		word, _ := param(o.Params, "output")
		m := &exec.GraphMatch{Shortest: true, All: word == "all"}
		if len(o.Patterns) > 1 {
			b.add("VQ001", o.Patterns[1].Span(), "graph-shortest-paths takes one pattern")
			return nil, e
		}
		return b.graphMatch(e, in.graph, m, o.Patterns, o.Where, o.Project, o.WordSpan()), e
	case *syntax.GraphMarkComponentsOp:
		return b.graphMarkComponents(in, o), e
	case *syntax.GraphToTableOp:
		return b.graphToTable(e, in.graph, o)
	}
	b.errUnsupported(op.WordSpan(), "the operator '"+op.Word()+"'")
	return nil, e
}

// isGraphOp tells whether an operator works on a graph.
func isGraphOp(op syntax.Op) bool {
	switch op.(type) {
	case *syntax.GraphMatchOp, *syntax.GraphShortestPathsOp, *syntax.GraphMarkComponentsOp, *syntax.GraphToTableOp, *syntax.GraphWhereNodesOp, *syntax.GraphWhereEdgesOp:
		return true
	}
	return false
}

// graphTable wraps a graph as the value of a pipe: a table without columns.
func graphTable(g *graph) *table {
	return &table{node: &rel.Values{Rows: [][]types.Value{}}, graph: g}
}

// makeGraph binds make-graph.
// https://learn.microsoft.com/kusto/query/make-graph-operator
func (b *binder) makeGraph(e *env, in *table, o *syntax.MakeGraphOp) *table {
	if !o.Directed {
		b.errUnsupported(o.WordSpan(), "make-graph with undirected edges")
		return nil
	}
	from, ok1 := b.graphColumn(in, o.Source)
	to, ok2 := b.graphColumn(in, o.Target)
	if !ok1 || !ok2 {
		return nil
	}
	if from.Type != to.Type {
		b.add("KS242", o.Target.Span(), "the ids of source and target have different types: "+from.Type.String()+" and "+to.Type.String())
		return nil
	}
	g := &graph{tiers: []tier{{in: in.node, order: in.order, cols: in.cols}}}
	g.shape = exec.GraphShape{Edge: colTypes(in.cols), Source: colIndex(in.cols, from.Name), Target: colIndex(in.cols, to.Name), ID: -1}
	if o.NodeID != nil {
		g.shape.ID = g.property(b.newCol(o.NodeID.Name, from.Type))
	}
	partition := ""
	if o.PartitionedBy != nil {
		id, ok := o.PartitionedBy.(*syntax.Ident)
		if !ok {
			b.errColumnExpected(o.PartitionedBy.Span())
			return nil
		}
		if _, ok := b.graphColumn(in, id); !ok {
			return nil
		}
		partition = id.Name
		g.shape.Partitioned, g.shape.Partition = true, colIndex(in.cols, partition)
	}
	for _, t := range o.Tables {
		nodes := b.tableExpr(e, t.Table)
		if nodes == nil {
			return nil
		}
		key, ok := b.graphColumn(nodes, t.Key)
		if !ok {
			return nil
		}
		if key.Type != from.Type {
			b.add("KS242", t.Key.Span(), "the ids of nodes and edges have different types: "+key.Type.String()+" and "+from.Type.String())
			return nil
		}
		nt := exec.NodeTable{Key: colIndex(nodes.cols, key.Name)}
		if partition != "" {
			if nt.Partition = colIndex(nodes.cols, partition); nt.Partition < 0 {
				b.errName(o.PartitionedBy.Span(), partition, "")
				return nil
			}
		}
		if clash, ok := g.conflict(nodes.cols); ok {
			// A property that is one thing here and another there is dynamic.
			b.errUnsupported(t.Table.Span(), "a property '"+clash+"' of two types in the tables of nodes")
			return nil
		}
		for _, c := range nodes.cols {
			nt.Property = append(nt.Property, g.property(b.newCol(c.Name, c.Type)))
		}
		g.shape.Nodes = append(g.shape.Nodes, nt)
		g.tiers = append(g.tiers, tier{in: nodes.node, order: nodes.order, cols: nodes.cols})
	}
	out := graphTable(g)
	if o.Body == nil {
		return out
	}
	body, ok := o.Body.(*syntax.Pipe)
	if !ok || body.Source != nil || len(body.Ops) != 1 || !isGraphOp(body.Ops[0]) {
		b.add("KS174", o.Body.Span(), "partitioned-by takes one operator of a graph")
		return nil
	}
	res, _ := b.graphOp(e, out, body.Ops[0])
	return res
}

// property gives the place of a node's property, and makes it if it is not there.
func (g *graph) property(c rel.Col) int {
	if i := colIndex(g.nodes, c.Name); i >= 0 {
		return i
	}
	g.nodes = append(g.nodes, c)
	g.shape.Node = append(g.shape.Node, c.Type)
	return len(g.nodes) - 1
}

func (g *graph) conflict(cols []rel.Col) (string, bool) {
	for _, c := range cols {
		if i := colIndex(g.nodes, c.Name); i >= 0 && g.nodes[i].Type != c.Type {
			return c.Name, true
		}
	}
	return "", false
}

func (b *binder) graphColumn(t *table, id *syntax.Ident) (rel.Col, bool) {
	c, ok := t.col(id.Name)
	if !ok && !id.IsMissing() {
		b.errName(id.Span(), id.Name, b.nearName(&row{t: t}, id.Name))
	}
	return c, ok
}

// graphMarkComponents adds a property with the number of the connected component to every node.
// https://learn.microsoft.com/kusto/query/graph-mark-components-operator
func (b *binder) graphMarkComponents(in *table, o *syntax.GraphMarkComponentsOp) *table {
	name := "ComponentId"
	word, p := param(o.Params, "with_component_id")
	if p != nil {
		name = word
	}
	g := *in.graph
	if colIndex(g.nodes, name) >= 0 {
		b.errDuplicate(o.WordSpan(), name)
		return nil
	}
	g.nodes, g.shape.Node = append([]rel.Col(nil), g.nodes...), append(exec.Types(nil), g.shape.Node...)
	at := g.property(b.newCol(name, types.Long))
	kind, _ := param(o.Params, "kind")
	g.shape.Components = append(append([]exec.ComponentStep(nil), g.shape.Components...), exec.ComponentStep{Property: at, Strong: kind == "strong"})
	return graphTable(&g)
}

// graphToTable gives the nodes or the edges of a graph, or both. Both are named, so that the statements behind
// can read them; if there is none they are results of the query themselves.
// https://learn.microsoft.com/kusto/query/graph-to-table-operator
func (b *binder) graphToTable(e *env, g *graph, o *syntax.GraphToTableOp) (*table, *env) {
	if len(o.Outputs) == 1 {
		return b.graphOutput(e, g, o.Outputs[0])
	}
	end, last := b.ends(o)
	if !last {
		b.errSeveral(o.WordSpan(), "graph-to-table with nodes and edges")
		return nil, e
	}
	var outs []outcome
	for _, out := range o.Outputs {
		if out.As == nil {
			b.add("KS273", out.Span(), "each of several outputs of graph-to-table needs a name: "+out.What+" as …")
			return nil, e
		}
		var t *table
		if t, e = b.graphOutput(e, g, out); t == nil {
			return nil, e
		}
		res, ok := b.outcomeOf(t, out.Span())
		if !ok {
			return nil, e
		}
		res.Name = out.As.Name
		outs = append(outs, res)
	}
	if !end.last {
		outs = nil
	}
	end.give(outs...)
	return nil, e
}

// graphOutput gives the nodes or the edges of a graph.
func (b *binder) graphOutput(e *env, g *graph, out *syntax.GraphOutput) (*table, *env) {
	op := &exec.GraphToTable{Edges: out.What == "edges"}
	var cols []rel.Col
	id := func(name string) bool {
		word, p := param(out.Params, name)
		if p != nil {
			cols = append(cols, b.newCol(word, types.Long))
		}
		return p != nil
	}
	if op.Edges {
		op.Source, op.Target = id("with_source_id"), id("with_target_id")
		cols = append(cols, b.fresh(g.tiers[0].cols)...)
	} else {
		op.NodeID = id("with_node_id")
		cols = append(cols, b.fresh(g.nodes)...)
	}
	for i, c := range cols {
		if colIndex(cols[:i], c.Name) >= 0 {
			b.errDuplicate(out.Span(), c.Name)
			return nil, e
		}
	}
	t := b.graphNative(g, op, cols)
	if out.As != nil {
		bind := b.shared(t).(tableBinding)
		return bind.bind(), e.with(out.As.Name, bind)
	}
	return t, e
}

// graphNative runs an operator on a graph.
func (b *binder) graphNative(g *graph, op exec.GraphOp, out []rel.Col) *table {
	node, order, args := b.stacked(g.tiers...)
	return b.native(&exec.Graph{Shape: g.shape, Op: op}, node, order, args, out)
}

// graphMatch binds graph-match and graph-shortest-paths.
// https://learn.microsoft.com/kusto/query/graph-match-operator
func (b *binder) graphMatch(e *env, g *graph, m *exec.GraphMatch, patterns []*syntax.GraphPattern, where syntax.Expr, project []syntax.Expr, span source.Span) *table {
	s := &graphScope{b: b, env: e, g: g, m: m, nodes: map[string]int{}, edges: map[string]int{}}
	for _, p := range patterns {
		if !s.pattern(p) {
			return nil
		}
	}
	if project == nil {
		b.add("KS006", span, "the columns of the result (project …) are missing")
		return nil
	}
	if m.Shortest {
		variable := false
		for _, pe := range m.Edges {
			variable = variable || pe.Variable
		}
		if !variable {
			b.add("KS006", patterns[0].Span(), "the pattern needs an edge of variable length, such as -[e*1..5]->")
			return nil
		}
	}
	m.Node, m.Edge = g.shape.Node, g.shape.Edge
	s.number()
	h := b.hoister(nil)
	take := func(x rel.Expr, span source.Span) (rel.Expr, bool) {
		x, ok := h.expr(x, span)
		if ok && len(h.items) > 0 {
			b.errUnsupported(span, "a subquery in a graph's pattern")
			return nil, false
		}
		return x, ok
	}
	r := s.row(nil)
	for _, c := range conjuncts(where) {
		x := b.asBool(b.scalarExpr(r, c), c.Span(), false)
		if isBad(x) {
			return nil
		}
		x, ok := take(x, c.Span())
		if !ok {
			return nil
		}
		m.Where = append(m.Where, x)
	}
	its, ok := b.items(r, project)
	if !ok {
		return nil
	}
	n := newNames()
	var out []rel.Col
	for i, it := range its {
		if it.explicit && n.taken[it.name] {
			b.errDuplicate(it.span, it.name)
			return nil
		}
		x, ok := take(it.expr, project[min(i, len(project)-1)].Span())
		if !ok {
			return nil
		}
		m.Project = append(m.Project, x)
		out = append(out, b.newCol(n.column(it.name), it.expr.Type()))
	}
	for i := range m.Path {
		x := m.Path[i].Expr
		if x == nil {
			continue
		}
		if m.Path[i].Expr, ok = take(x, span); !ok {
			return nil
		}
	}
	return b.graphNative(g, m, out)
}

// conjuncts parts a predicate at its ands.
func conjuncts(x syntax.Expr) []syntax.Expr {
	switch x := x.(type) {
	case nil:
		return nil
	case *syntax.ParenExpr:
		return conjuncts(x.X)
	case *syntax.BinaryExpr:
		if x.Op == "and" {
			return append(conjuncts(x.X), conjuncts(x.Y)...)
		}
	}
	return []syntax.Expr{x}
}

// graphScope resolves the names of a pattern's variables.
type graphScope struct {
	b     *binder
	env   *env
	g     *graph
	m     *exec.GraphMatch
	nodes map[string]int
	edges map[string]int
	// The columns that stand for places of exec.GraphMatch's row.
	nodeCols, edgeCols [][]rel.Col
	elemEdge, elemNode []rel.Col
	known              []rel.Col // of a node: its degrees and its id
}

// pattern adds the nodes and edges of one pattern.
func (s *graphScope) pattern(p *syntax.GraphPattern) bool {
	b := s.b
	last := -1
	var edge *syntax.GraphEdge
	for i, part := range p.Parts {
		switch part := part.(type) {
		case *syntax.GraphNode:
			if i > 0 && edge == nil {
				b.add("KS006", part.Span(), "an edge is missing between two nodes")
				return false
			}
			v := s.node(part)
			if edge != nil && !s.edge(edge, last, v) {
				return false
			}
			last, edge = v, nil
		case *syntax.GraphEdge:
			if last < 0 || edge != nil {
				b.add("KS006", part.Span(), "a node is missing before the edge")
				return false
			}
			edge = part
		}
	}
	if edge != nil || last < 0 {
		b.add("KS006", p.Span(), "the pattern must end in a node")
		return false
	}
	return true
}

func (s *graphScope) node(n *syntax.GraphNode) int {
	if n.Name != nil {
		if v, ok := s.nodes[n.Name.Name]; ok {
			return v
		}
		s.nodes[n.Name.Name] = s.m.Nodes
	}
	s.m.Nodes++
	return s.m.Nodes - 1
}

func (s *graphScope) edge(x *syntax.GraphEdge, from, to int) bool {
	b := s.b
	pe := exec.PatternEdge{From: from, To: to, Arrow: x.Arrow, Min: 1, Max: 1}
	if pe.Arrow == "<-->" {
		pe.Arrow = "--"
	}
	if x.Min != nil {
		pe.Variable = true
		for i, bound := range []syntax.Expr{x.Min, x.Max} {
			v, ok := b.constant(s.env, bound, "a bound of an edge's length")
			if !ok {
				return false
			}
			if !v.Type().IsInteger() || v.IsNull() || v.Int64() < 0 || v.Int64() > maxPathLength {
				b.add("VQ014", bound.Span(), "the length of an edge must lie between 0 and "+strconv.Itoa(maxPathLength))
				return false
			}
			if i == 0 {
				pe.Min = int(v.Int64())
			} else {
				pe.Max = int(v.Int64())
			}
		}
		if pe.Min > pe.Max {
			b.add("VQ014", x.Span(), "the least length of an edge is larger than the greatest")
			return false
		}
	}
	if x.Name != nil {
		if _, twice := s.edges[x.Name.Name]; twice {
			b.add("KS171", x.Name.Span(), "an edge called '"+x.Name.Name+"' is already in the pattern")
			return false
		}
		s.edges[x.Name.Name] = len(s.m.Edges)
	}
	s.m.Edges = append(s.m.Edges, pe)
	return true
}

// maxPathLength bounds the length of variable edges.
const maxPathLength = 1000

// number makes columns for what expressions may read.
func (s *graphScope) number() {
	b := s.b
	var all [][]rel.Col
	for range s.m.Nodes {
		s.nodeCols = append(s.nodeCols, b.fresh(s.g.nodes))
	}
	for range s.m.Edges {
		s.edgeCols = append(s.edgeCols, b.fresh(s.g.tiers[0].cols))
	}
	s.elemEdge, s.elemNode = b.fresh(s.g.tiers[0].cols), b.fresh(s.g.nodes)
	s.known = []rel.Col{b.newCol("$in", types.Long), b.newCol("$out", types.Long), b.newCol("$id", types.String)}
	all = append(append(append(all, s.nodeCols...), s.edgeCols...), s.elemEdge, s.elemNode, s.known)
	s.m.Slots = exec.Slots(all...)
}

// row is what an expression sees; element are the properties of a path's element, inside map, all and any.
func (s *graphScope) row(element []rel.Col) *row {
	r := &row{env: s.env, path: s.member}
	r.call = func(r *row, c *syntax.CallExpr) (rel.Expr, bool) { return s.call(element, c) }
	if element != nil {
		r.extra = func(name string) (rel.Expr, bool) {
			if i := colIndex(element, name); i >= 0 {
				return element[i].Ref(), true
			}
			return nil, false
		}
	}
	return r
}

// member is variable.property. Of an edge of variable length it is the array of the property's values.
func (s *graphScope) member(base, name string) (rel.Expr, bool) {
	if v, ok := s.nodes[base]; ok {
		if i := colIndex(s.nodeCols[v], name); i >= 0 {
			return s.nodeCols[v][i].Ref(), true
		}
		return nil, true
	}
	e, ok := s.edges[base]
	if !ok {
		return nil, false
	}
	i := colIndex(s.edgeCols[e], name)
	switch {
	case i < 0:
		return nil, true
	case s.m.Edges[e].Variable:
		return s.value(exec.PathValue{Kind: exec.PathMap, Edge: e, Expr: s.elemEdge[i].Ref()}, types.Dynamic), true
	}
	return s.edgeCols[e][i].Ref(), true
}

// value adds a value that is computed from a path.
func (s *graphScope) value(p exec.PathValue, t types.Type) rel.Expr {
	col := s.b.newCol("$path", t)
	s.m.Path = append(s.m.Path, p)
	s.m.Slots[col.ID] = s.m.PathAt(len(s.m.Path) - 1)
	return col.Ref()
}

// call binds the functions of graphs.
// https://learn.microsoft.com/kusto/query/map-graph-function
func (s *graphScope) call(element []rel.Col, c *syntax.CallExpr) (rel.Expr, bool) {
	b := s.b
	name := c.Name.Name
	switch name {
	case "map", "all", "any":
		if len(c.Args) != 2 {
			b.add("KS119", c.Span(), name+" expects 2 arguments, found "+strconv.Itoa(len(c.Args)))
			return rel.Bad{}, true
		}
		edge, over, ok := s.pathOf(c.Args[0])
		if !ok {
			return rel.Bad{}, true
		}
		elem := s.elemEdge
		if over {
			elem = append(s.elemNode[:len(s.elemNode):len(s.elemNode)], s.known...)
		}
		x := b.scalarExpr(s.row(elem), c.Args[1])
		if name != "map" {
			x = b.asBool(x, c.Args[1].Span(), false)
		}
		if isBad(x) {
			return rel.Bad{}, true
		}
		kind, t := exec.PathMap, types.Dynamic
		switch name {
		case "all":
			kind, t = exec.PathAll, types.Bool
		case "any":
			kind, t = exec.PathAny, types.Bool
		}
		return s.value(exec.PathValue{Kind: kind, Edge: edge, Over: over, Expr: x}, t), true
	case "inner_nodes":
		b.add("VQ016", c.Span(), "inner_nodes stands as the first argument of map, all or any")
		return rel.Bad{}, true
	case "node_degree_in", "node_degree_out", "node_id":
		kind, at, t := exec.DegreeIn, 0, types.Long
		switch name {
		case "node_degree_out":
			kind, at = exec.DegreeOut, 1
		case "node_id":
			kind, at, t = exec.NodeID, 2, types.String
		}
		if len(c.Args) == 0 && colIndex(element, "$in") >= 0 {
			return s.known[at].Ref(), true
		}
		if len(c.Args) == 1 {
			if id, ok := c.Args[0].(*syntax.Ident); ok {
				if v, ok := s.nodes[id.Name]; ok {
					return s.value(exec.PathValue{Kind: kind, Node: v}, t), true
				}
			}
		}
		b.add("VQ016", c.Span(), name+" expects a node of the pattern")
		return rel.Bad{}, true
	case "labels":
		return lit(types.DynamicOf("[]")), true // a graph made of tables has no labels
	}
	return nil, false
}

// pathOf resolves the edge that map, all and any go along, and whether they go over its inner nodes.
func (s *graphScope) pathOf(x syntax.Expr) (edge int, over, ok bool) {
	if c, isCall := x.(*syntax.CallExpr); isCall && c.Name.Name == "inner_nodes" && len(c.Args) == 1 {
		edge, _, ok = s.pathOf(c.Args[0])
		return edge, true, ok
	}
	if id, isName := x.(*syntax.Ident); isName {
		if edge, ok = s.edges[id.Name]; ok {
			return edge, false, true
		}
	}
	s.b.add("VQ016", x.Span(), "expected an edge of the pattern, or inner_nodes(edge)")
	return 0, false, false
}
