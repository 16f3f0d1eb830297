package exec

import (
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// The graphs of these tests have edges (from, to, weight) and nodes (name, age); a row is
// [tier, from, to, weight, name, age].
func testShape() GraphShape {
	return GraphShape{Edge: Types{types.String, types.String, types.Long}, Source: 0, Target: 1, Node: Types{types.String, types.Long}, ID: -1,
		Nodes: []NodeTable{{Key: 0, Property: []int{0, 1}}}}
}

func edge(from, to string, w int) []types.Value { return row(0, from, to, w, "", nil) }

func node(name string, age int) []types.Value { return row(1, "", "", nil, name, age) }

func diamond() [][]types.Value {
	return [][]types.Value{
		edge("a", "b", 1), edge("a", "c", 2), edge("b", "d", 3), edge("c", "d", 4), edge("d", "a", 5),
		node("a", 10), node("b", 20), node("c", 30), node("a", 99),
	}
}

func TestGraphToTable(t *testing.T) {
	if got, want := mustRun(t, &Graph{testShape(), &GraphToTable{}}, diamond()...), "a,10; b,20; c,30; d,null"; got != want {
		t.Errorf("nodes: got %s, want %s", got, want)
	}
	if got, want := mustRun(t, &Graph{testShape(), &GraphToTable{Edges: true}}, edge("x", "y", 7)), "x,y,7"; got != want {
		t.Errorf("edges: got %s, want %s", got, want)
	}
	got := mustRun(t, &Graph{testShape(), &GraphToTable{NodeID: true}}, edge("Alice", "Bob", 1))
	if want := "-3122868243544336885,Alice,null; -7133945255344544237,Bob,null"; got != want { // hash("Alice"), hash("Bob")
		t.Errorf("hashes: got %s, want %s", got, want)
	}
	if got := mustRun(t, &Graph{testShape(), &GraphToTable{}}); got != "" {
		t.Errorf("no rows: got %s", got)
	}
}

func TestComponents(t *testing.T) {
	rows := [][]types.Value{edge("a", "b", 1), edge("b", "a", 1), edge("b", "c", 1), edge("c", "d", 1), edge("d", "e", 1), edge("e", "c", 1), edge("x", "x", 1), edge("f", "e", 1)}
	for _, c := range []struct {
		strong bool
		want   string
	}{
		{false, "a:0 b:0 c:0 d:0 e:0 x:1 f:0"},
		{true, "a:0 b:0 c:1 d:1 e:1 x:2 f:3"},
	} {
		shape := GraphShape{Edge: Types{types.String, types.String, types.Long}, Target: 1, Node: Types{types.String, types.Long}, ID: 0, Components: []ComponentStep{{1, c.strong}}}
		got := strings.NewReplacer(",", ":", ";", "").Replace(mustRun(t, &Graph{shape, &GraphToTable{}}, rows...))
		if got != c.want {
			t.Errorf("strong %v: got %s, want %s", c.strong, got, c.want)
		}
	}
}

// matchOf builds a match over n nodes; expressions read node v's properties and so on by exec's own layout.
func matchOf(n int, edges ...PatternEdge) *GraphMatch {
	m := &GraphMatch{Nodes: n, Edges: edges, Node: Types{types.String, types.Long}, Edge: Types{types.String, types.String, types.Long}}
	for i := range edges {
		if !edges[i].Variable {
			edges[i].Min, edges[i].Max = 1, 1
		}
	}
	m.Slots = slots(1000)
	for v := range n {
		m.Project = append(m.Project, col(m.nodeAt(v), types.String))
	}
	return m
}

func (m *GraphMatch) with(change func(m *GraphMatch)) *GraphMatch { change(m); return m }

func TestGraphMatch(t *testing.T) {
	one := func(from, to int, arrow string) PatternEdge { return PatternEdge{From: from, To: to, Arrow: arrow} }
	some := func(from, to int, arrow string, least, most int) PatternEdge {
		return PatternEdge{From: from, To: to, Arrow: arrow, Variable: true, Min: least, Max: most}
	}
	starts := func(m *GraphMatch, v int, name string) rel.Expr {
		return op("==", types.Bool, col(m.nodeAt(v), types.String), konst(name))
	}
	names := func(m *GraphMatch) { // what map(edge, to) gives for edge 0
		m.Path = append(m.Path, PathValue{Kind: PathMap, Edge: 0, Expr: col(m.elemEdge()+1, types.String)})
		m.Project = append(m.Project, col(m.PathAt(0), types.Dynamic))
	}
	for _, c := range []struct {
		name string
		m    *GraphMatch
		want string
	}{
		{"one edge", matchOf(2, one(0, 1, "-->")), "a,b; a,c; b,d; c,d; d,a"},
		{"backwards", matchOf(2, one(0, 1, "<--")), "a,d; b,a; c,a; d,b; d,c"},
		{"either way", matchOf(2, one(0, 1, "--")).with(func(m *GraphMatch) { m.Where = append(m.Where, starts(m, 0, "b")) }), "b,d; b,a"},
		{"a chain", matchOf(3, one(0, 1, "-->"), one(1, 2, "-->")).with(func(m *GraphMatch) { m.Where = append(m.Where, starts(m, 2, "d")) }), "a,b,d; a,c,d"},
		{"a closed chain", matchOf(3, one(0, 1, "-->"), one(1, 2, "-->"), one(2, 0, "-->")).with(func(m *GraphMatch) { m.Where = append(m.Where, starts(m, 0, "a")) }), "a,b,d; a,c,d"},
		{"a star, from its points", matchOf(3, one(1, 0, "-->"), one(2, 0, "-->")).with(func(m *GraphMatch) { m.Where = append(m.Where, starts(m, 0, "d")) }), "d,b,c; d,c,b"},
		{"a condition on an edge", matchOf(2, one(0, 1, "-->")).with(func(m *GraphMatch) {
			m.Where = append(m.Where, op(">", types.Bool, col(m.edgeAt(0)+2, types.Long), konst(3)))
		}), "c,d; d,a"},
		{"variable length", matchOf(2, some(0, 1, "-->", 2, 3)).with(func(m *GraphMatch) { m.Where = append(m.Where, starts(m, 0, "a")); names(m) }),
			`a,d,["b","d"]; a,a,["b","d","a"]; a,d,["c","d"]; a,a,["c","d","a"]`},
		{"variable length, no cycles", matchOf(2, some(0, 1, "-->", 1, 5)).with(func(m *GraphMatch) { m.Where = append(m.Where, starts(m, 0, "b")); m.Cycles = NoCycles }), "b,d; b,a; b,c"},
		{"variable length against the arrows", matchOf(2, some(0, 1, "<--", 2, 2)).with(func(m *GraphMatch) { m.Where = append(m.Where, starts(m, 0, "d")); names(m) }),
			`d,a,["d","b"]; d,a,["d","c"]`},
		{"length zero", matchOf(2, some(0, 1, "-->", 0, 1)).with(func(m *GraphMatch) { m.Where = append(m.Where, starts(m, 0, "b")); names(m) }), `b,b,[]; b,d,["d"]`},
		{"the same edge again", matchOf(2, some(0, 1, "-->", 4, 4)).with(func(m *GraphMatch) {
			m.Where = append(m.Where, starts(m, 0, "b"), starts(m, 1, "d"))
			m.Cycles = AllCycles
		}), "b,d; b,d"},
		{"all of the edges", matchOf(2, some(0, 1, "-->", 1, 2)).with(func(m *GraphMatch) {
			m.Path = []PathValue{{Kind: PathAll, Edge: 0, Expr: op(">", types.Bool, col(m.elemEdge()+2, types.Long), konst(2))}}
			m.Where = append(m.Where, col(m.PathAt(0), types.Bool))
		}), "b,d; b,a; c,d; c,a; d,a"},
		{"any of the inner nodes", matchOf(2, some(0, 1, "-->", 1, 2)).with(func(m *GraphMatch) {
			m.Path = []PathValue{{Kind: PathAny, Edge: 0, Over: true, Expr: op(">", types.Bool, col(m.elemNode()+1, types.Long), konst(25))}}
			m.Where = append(m.Where, col(m.PathAt(0), types.Bool))
		}), "a,d"},
		{"degrees", matchOf(1).with(func(m *GraphMatch) {
			m.Path = []PathValue{{Kind: DegreeIn, Node: 0}, {Kind: DegreeOut, Node: 0}}
			m.Project = append(m.Project, col(m.PathAt(0), types.Long), col(m.PathAt(1), types.Long))
		}), "a,1,2; b,1,1; c,1,1; d,2,1"},
		{"shortest, any", matchOf(2, some(0, 1, "-->", 1, 5)).with(func(m *GraphMatch) { m.Shortest = true; m.Where = append(m.Where, starts(m, 0, "a")); names(m) }),
			`a,b,["b"]; a,c,["c"]; a,d,["b","d"]; a,a,["b","d","a"]`},
		{"shortest, all", matchOf(2, some(0, 1, "-->", 1, 5)).with(func(m *GraphMatch) {
			m.Shortest, m.All = true, true
			m.Where = append(m.Where, starts(m, 0, "a"), starts(m, 1, "d"))
			names(m)
		}), `a,d,["b","d"]; a,d,["c","d"]`},
	} {
		if got := mustRun(t, &Graph{testShape(), c.m}, diamond()...); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	apart := matchOf(4, one(0, 1, "-->"), one(2, 3, "-->"))
	if _, err := (&Graph{testShape(), apart}).Run(t.Context(), diamond()); err == nil || !strings.Contains(err.Error(), "hang together") {
		t.Errorf("a pattern in two parts: %v", err)
	}
}

func TestGraphPartitions(t *testing.T) {
	shape := testShape()
	shape.Partitioned, shape.Partition = true, 2
	shape.Nodes[0].Partition = 1
	m := matchOf(3, PatternEdge{From: 0, To: 1, Arrow: "-->"}, PatternEdge{From: 1, To: 2, Arrow: "-->"})
	rows := [][]types.Value{edge("a", "b", 1), edge("b", "c", 2), edge("b", "d", 1), edge("c", "e", 2), node("a", 1), node("a", 3)}
	if got, want := mustRun(t, &Graph{shape, m}, rows...), "a,b,d; b,c,e"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
