package exec

import (
	"fmt"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// maxMatches bounds the rows that a match of a graph gives, maxMatchSteps the edges it looks at.
const (
	maxMatches    = 1_000_000
	maxMatchSteps = 200_000_000
)

// GraphMatch is graph-match and graph-shortest-paths: it finds the places of a graph that a pattern fits.
//
// Expressions see the variables of the pattern one behind the other: for each node its properties, for each
// edge its properties (null for one of variable length); then one element of a path, as an edge, as a node,
// and what is known of that node: its degrees and its id as text; then the values in Path. Slots says at which place of that each column stands.
// https://learn.microsoft.com/kusto/query/graph-match-operator
type GraphMatch struct {
	Nodes      int // variables
	Edges      []PatternEdge
	Node, Edge Types
	Cycles     CycleKind
	Path       []PathValue
	Where      []rel.Expr // all must be true
	Project    []rel.Expr
	Slots      map[rel.ColID]int
	// Shortest: for each pair of a first and a last node only the shortest matches; one of them unless All.
	Shortest, All bool
}

// PatternEdge joins two node variables.
type PatternEdge struct {
	From, To int
	Arrow    string // -->, <--, or -- for either
	Variable bool
	Min, Max int
}

// CycleKind says which cycles may be matched.
type CycleKind uint8

// The kinds of cycles.
const (
	UniqueEdges CycleKind = iota
	AllCycles
	NoCycles
)

// PathValue is a value computed from a path, or from a node's place in the graph.
type PathValue struct {
	Kind PathKind
	Edge int  // the edge variable whose path it is
	Node int  // the node variable, for what is known of a node
	Over bool // over the inner nodes of the path, not its edges
	Expr rel.Expr
}

// PathKind says how a PathValue comes about.
type PathKind uint8

// The kinds: map, all and any compute an expression for each element of a path.
const (
	PathMap PathKind = iota
	PathAll
	PathAny
	DegreeIn
	DegreeOut
	NodeID // as text
)

func (m *GraphMatch) name() string {
	if m.Shortest {
		return "graph-shortest-paths"
	}
	return "graph-match"
}

// Places in the row that expressions see.
func (m *GraphMatch) nodeAt(v int) int { return v * len(m.Node) }
func (m *GraphMatch) edgeAt(e int) int { return m.Nodes*len(m.Node) + e*len(m.Edge) }
func (m *GraphMatch) elemEdge() int    { return m.edgeAt(len(m.Edges)) }
func (m *GraphMatch) elemNode() int    { return m.elemEdge() + len(m.Edge) }
func (m *GraphMatch) known() int       { return m.elemNode() + len(m.Node) }

// PathAt is the place of the value Path[i].
func (m *GraphMatch) PathAt(i int) int { return m.known() + 3 + i }

// matcher is one run of a match. Step 0 binds a node variable, step i an edge and the node at its other end.
type matcher struct {
	*GraphMatch
	pulse   *pulse
	g       *graph
	steps   []matchStep
	where   []*Program
	path    []*Program
	project []*Program
	env     []types.Value
	nodes   []int   // what each node variable is bound to; -1 if not yet
	paths   [][]int // the edges that each edge variable is bound to
	inner   [][]int // and the nodes between them
	edgeUse []int
	nodeUse []int
	looked  int
	total   int // edges in the match so far
	want    int // exactly so many edges, if shortest
	found   map[[2]int]int
	out     [][]types.Value
}

type matchStep struct {
	edge    int
	back    bool // from To to From
	closing bool // both ends are bound
	// What can be computed and tested once this step is bound.
	path, where []int
	// The fewest and the most edges of the steps behind.
	least, most int
}

func (m *GraphMatch) run(p *pulse, g *graph) ([][]types.Value, error) {
	r := &matcher{GraphMatch: m, pulse: p, g: g, env: make([]types.Value, m.PathAt(len(m.Path))), nodes: make([]int, m.Nodes),
		paths: make([][]int, len(m.Edges)), inner: make([][]int, len(m.Edges)), edgeUse: make([]int, len(g.edges)),
		nodeUse: make([]int, len(g.nodes)), found: map[[2]int]int{}}
	for i := range r.nodes {
		r.nodes[i] = -1
	}
	for i := range r.env {
		r.env[i] = types.Null(types.Dynamic)
	}
	for e := range m.Edges {
		copy(r.env[m.edgeAt(e):], m.Edge.Nulls())
	}
	var err error
	compileAll := func(list []rel.Expr) (out []*Program) {
		for _, x := range list {
			p, e := Compile(x, m.Slots)
			if e != nil {
				err = e
			}
			out = append(out, p)
		}
		return out
	}
	r.where, r.project = compileAll(m.Where), compileAll(m.Project)
	for _, v := range m.Path {
		if v.Expr == nil {
			r.path = append(r.path, nil)
			continue
		}
		r.path = append(r.path, compileAll([]rel.Expr{v.Expr})...)
	}
	if err != nil {
		return nil, err
	}
	if err := r.plan(); err != nil {
		return nil, err
	}
	if !m.Shortest {
		r.want = -1
		return r.out, r.begin()
	}
	first := r.steps[0]
	for r.want = first.least; r.want <= first.most && r.want <= len(g.edges); r.want++ {
		if err := r.begin(); err != nil {
			return nil, err
		}
	}
	return r.out, nil
}

// plan orders the edges so that each begins at a node that is bound, and notes when what can be tested.
func (r *matcher) plan() error {
	bound := make([]bool, r.Nodes)
	edges := make([]bool, len(r.Edges))
	bound[0] = true
	r.steps = []matchStep{{edge: -1}}
	for len(r.steps) <= len(r.Edges) {
		at := -1
		for i, e := range r.Edges {
			if !edges[i] && (bound[e.From] || bound[e.To]) {
				at = i
				break
			}
		}
		if at < 0 {
			return fmt.Errorf("the parts of the pattern do not hang together")
		}
		e := r.Edges[at]
		r.steps = append(r.steps, matchStep{edge: at, back: !bound[e.From], closing: bound[e.From] && bound[e.To]})
		bound[e.From], bound[e.To], edges[at] = true, true, true
	}
	least, most := 0, 0
	for i := len(r.steps) - 1; i >= 0; i-- {
		r.steps[i].least, r.steps[i].most = least, most
		if e := r.steps[i].edge; e >= 0 {
			least, most = least+r.Edges[e].Min, most+r.Edges[e].Max
		}
	}
	r.steps[0].least, r.steps[0].most = least, most
	when := make([]int, r.PathAt(len(r.Path))) // the step at which a place of the row is known
	nodeStep, edgeStep := make([]int, r.Nodes), make([]int, len(r.Edges))
	for i, s := range r.steps[1:] {
		e := r.Edges[s.edge]
		edgeStep[s.edge] = i + 1
		for _, v := range []int{e.From, e.To} {
			if v != 0 && nodeStep[v] == 0 {
				nodeStep[v] = i + 1
			}
		}
	}
	for v, s := range nodeStep {
		for i := range r.Node {
			when[r.nodeAt(v)+i] = s
		}
	}
	for e, s := range edgeStep {
		for i := range r.Edge {
			when[r.edgeAt(e)+i] = s
		}
	}
	latest := func(x rel.Expr) int {
		last := 0
		if x != nil {
			rel.WalkExpr(x, func(x rel.Expr) {
				if c, ok := x.(*rel.ColRef); ok {
					last = max(last, when[r.Slots[c.ID]])
				}
			})
		}
		return last
	}
	for i, p := range r.Path {
		s := latest(p.Expr)
		if p.Kind == DegreeIn || p.Kind == DegreeOut || p.Kind == NodeID {
			s = max(s, nodeStep[p.Node])
		} else {
			s = max(s, edgeStep[p.Edge])
		}
		when[r.PathAt(i)] = s
		r.steps[s].path = append(r.steps[s].path, i)
	}
	for i, x := range r.Where {
		s := latest(x)
		r.steps[s].where = append(r.steps[s].where, i)
	}
	return nil
}

// begin tries every node for the first variable.
func (r *matcher) begin() error {
	for n := range r.g.nodes {
		if err := r.pulse.beat(); err != nil {
			return err
		}
		if err := r.bind(0, n, func() error { return r.check(0) }); err != nil {
			return err
		}
	}
	return nil
}

// bind gives a node variable a node and goes on.
func (r *matcher) bind(v, n int, next func() error) error {
	before := r.nodes[v]
	r.nodes[v] = n
	if before < 0 {
		copy(r.env[r.nodeAt(v):], r.g.nodes[n].props)
		r.nodeUse[n]++
	}
	err := next()
	if before < 0 {
		r.nodeUse[n]--
	}
	r.nodes[v] = before
	return err
}

// check computes and tests what a bound step allows, and goes on with the next step.
func (r *matcher) check(s int) error {
	for _, i := range r.steps[s].path {
		v, err := r.value(i)
		if err != nil {
			return err
		}
		r.env[r.PathAt(i)] = v
	}
	for _, i := range r.steps[s].where {
		ok, err := r.where[i].True(r.env)
		if err != nil || !ok {
			return err
		}
	}
	if s+1 < len(r.steps) {
		return r.follow(s + 1)
	}
	return r.emit()
}

func (r *matcher) emit() error {
	if r.Shortest {
		if r.total != r.want {
			return nil
		}
		last := r.Edges[len(r.Edges)-1].To
		ends := [2]int{r.nodes[0], r.nodes[last]}
		if n, ok := r.found[ends]; ok && (n < r.want || !r.All) {
			return nil
		}
		r.found[ends] = r.want
	}
	row := make([]types.Value, len(r.project))
	for i, p := range r.project {
		v, err := p.Eval(r.env)
		if err != nil {
			return err
		}
		row[i] = v
	}
	if r.out = append(r.out, row); len(r.out) > maxMatches {
		return fmt.Errorf("the pattern fits more than %d times", maxMatches)
	}
	return nil
}

// follow walks the edge of step s from the end that is bound.
func (r *matcher) follow(s int) error {
	st := r.steps[s]
	e := r.Edges[st.edge]
	from, to := e.From, e.To
	if st.back {
		from, to = to, from
	}
	return r.walk(s, r.nodes[from], to, nil, nil)
}

// walk is a path so far, which has come to node n: it ends here if it may, and goes on if it may.
func (r *matcher) walk(s, n, to int, path, inner []int) error {
	st := r.steps[s]
	e := r.Edges[st.edge]
	least, most := 1, 1
	if e.Variable {
		least, most = e.Min, e.Max
	}
	if len(path) >= least && (!st.closing || r.nodes[to] == n) && r.fits(s, 0) {
		if err := r.arrive(s, n, to, path, inner); err != nil {
			return err
		}
	}
	if len(path) >= most || !r.fits(s, 1) {
		return nil
	}
	if len(path) > 0 {
		if r.Cycles == NoCycles && r.nodeUse[n] > 0 {
			return nil
		}
		inner = append(inner[:len(inner):len(inner)], n)
		r.nodeUse[n]++
		defer func() { r.nodeUse[n]-- }()
	}
	arrow := e.Arrow
	if st.back {
		switch arrow {
		case "-->":
			arrow = "<--"
		case "<--":
			arrow = "-->"
		}
	}
	if arrow != "<--" {
		for _, i := range r.g.out[n] {
			if err := r.take(s, i, r.g.edges[i].to, to, path, inner); err != nil {
				return err
			}
		}
	}
	if arrow != "-->" {
		for _, i := range r.g.in[n] {
			if arrow == "--" && r.g.edges[i].from == r.g.edges[i].to {
				continue // a loop has been walked already
			}
			if err := r.take(s, i, r.g.edges[i].from, to, path, inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// fits tells whether a shortest path of the wanted length can have more edges at this place.
func (r *matcher) fits(s, more int) bool {
	return r.want < 0 || r.total+more+r.steps[s].least <= r.want && (more > 0 || r.total+r.steps[s].most >= r.want)
}

func (r *matcher) take(s, edge, n, to int, path, inner []int) error {
	if r.Cycles != AllCycles && r.edgeUse[edge] > 0 {
		return nil
	}
	if r.looked++; r.looked > maxMatchSteps {
		return fmt.Errorf("the pattern is too wide for this graph: more than %d edges were tried", maxMatchSteps)
	}
	if err := r.pulse.beat(); err != nil {
		return err
	}
	r.edgeUse[edge]++
	r.total++
	err := r.walk(s, n, to, append(path[:len(path):len(path)], edge), inner)
	r.total--
	r.edgeUse[edge]--
	return err
}

// arrive binds the edge variable of step s to a path and the node variable at its end.
func (r *matcher) arrive(s, n, to int, path, inner []int) error {
	st := r.steps[s]
	if r.Cycles == NoCycles && len(path) > 0 && (st.closing || r.nodeUse[n] > 0) {
		return nil
	}
	if !st.closing && r.nodes[to] >= 0 && r.nodes[to] != n {
		return nil
	}
	if st.back {
		path, inner = reversed(path), reversed(inner)
	}
	r.paths[st.edge], r.inner[st.edge] = path, inner
	if !r.Edges[st.edge].Variable {
		copy(r.env[r.edgeAt(st.edge):], r.g.edges[path[0]].props)
	}
	return r.bind(to, n, func() error { return r.check(s) })
}

func reversed(list []int) []int {
	out := make([]int, len(list))
	for i, x := range list {
		out[len(list)-1-i] = x
	}
	return out
}

// value computes Path[i] for what is bound.
func (r *matcher) value(i int) (types.Value, error) {
	p := r.Path[i]
	switch p.Kind {
	case DegreeIn:
		return long(len(r.g.in[r.nodes[p.Node]])), nil
	case DegreeOut:
		return long(len(r.g.out[r.nodes[p.Node]])), nil
	case NodeID:
		return types.StringOf(r.g.nodes[r.nodes[p.Node]].id.ToText()), nil
	}
	list := types.JSON{Kind: types.JSONArray}
	elements := r.paths[p.Edge]
	if p.Over {
		elements = r.inner[p.Edge]
	}
	for _, x := range elements {
		if p.Over {
			copy(r.env[r.elemNode():], r.g.nodes[x].props)
			at := r.known()
			r.env[at], r.env[at+1] = long(len(r.g.in[x])), long(len(r.g.out[x]))
			r.env[at+2] = types.StringOf(r.g.nodes[x].id.ToText())
		} else {
			copy(r.env[r.elemEdge():], r.g.edges[x].props)
		}
		v, err := r.path[i].Eval(r.env)
		if err != nil {
			return v, err
		}
		yes := !v.IsNull() && v.Type() == types.Bool && v.Bool()
		switch {
		case p.Kind == PathMap:
			list.Items = append(list.Items, types.JSONOf(v))
		case p.Kind == PathAll && !yes, p.Kind == PathAny && yes:
			return types.BoolOf(yes), nil
		}
	}
	if p.Kind == PathMap {
		return list.Value(), nil
	}
	return types.BoolOf(p.Kind == PathAll), nil
}
