package exec

import (
	"context"
	"fmt"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/types"
)

// Graph builds a graph from rows of several tiers (0: edges, 1 and up: tables of nodes; behind the tier's
// number stand the columns of all tiers) and runs an operator on it. With a partition, it builds a graph
// for each of its values.
// https://learn.microsoft.com/kusto/query/make-graph-operator
type Graph struct {
	Shape GraphShape
	Op    GraphOp
}

// GraphShape says what the columns of a graph's rows are.
type GraphShape struct {
	Edge           Types // the properties of an edge
	Source, Target int   // among them
	Nodes          []NodeTable
	Node           Types // the properties of a node
	// ID is the property that a node's own id goes to; -1 if none.
	ID int
	// Components are the properties that the numbers of connected components go to, in order.
	Components []ComponentStep
	// Partitioned: Partition is the place of the partition among an edge's properties.
	Partitioned bool
	Partition   int
}

// NodeTable describes a table of nodes: which of its columns is the id and which the partition, and which
// property of a node each column is.
type NodeTable struct {
	Key, Partition int
	Property       []int
}

// ComponentStep numbers the connected components of a graph; strong ones if Strong.
type ComponentStep struct {
	Property int
	Strong   bool
}

// GraphOp is what is done with a graph.
type GraphOp interface {
	name() string
	run(p *pulse, g *graph) ([][]types.Value, error)
}

// graph is a graph in memory.
type graph struct {
	nodes   []graphNode
	edges   []graphEdge
	out, in [][]int // for each node, its edges
	byID    map[string]int
}

type graphNode struct {
	id    types.Value
	props []types.Value
	rows  int // rows of node tables that described it
}

type graphEdge struct {
	from, to int
	props    []types.Value
}

// Name implements rel.NativeOp.
func (g *Graph) Name() string { return g.Op.name() }

// Run implements rel.NativeOp.
func (g *Graph) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	p := &pulse{ctx: ctx}
	var parts [][][]types.Value
	if g.Shape.Partitioned {
		var err error
		if parts, err = g.parts(p, rows); err != nil {
			return nil, err
		}
	} else {
		parts = [][][]types.Value{rows}
	}
	var out [][]types.Value
	for _, part := range parts {
		built, err := g.Shape.build(p, part)
		if err != nil {
			return nil, err
		}
		res, err := g.Op.run(p, built)
		if err != nil {
			return nil, err
		}
		out = append(out, res...)
	}
	return out, nil
}

// parts groups the rows by their partition, in the order in which the edges' partitions come up.
func (g *Graph) parts(p *pulse, rows [][]types.Value) ([][][]types.Value, error) {
	var out [][][]types.Value
	at := map[string]int{}
	for _, r := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		tier := int(r[0].Int64())
		place := 1 + g.Shape.Partition
		if tier > 0 {
			place = g.Shape.offset(tier) + g.Shape.Nodes[tier-1].Partition
		}
		k := rowKey(r[place : place+1])
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], r)
	}
	return out, nil
}

// offset is where the columns of a tier begin in a row.
func (s *GraphShape) offset(tier int) int {
	at := 1
	if tier > 0 {
		at += len(s.Edge)
	}
	for i := 0; i < tier-1; i++ {
		at += len(s.Nodes[i].Property)
	}
	return at
}

// build makes the graph. Nodes are numbered as they come up: first those of the node tables, then those that
// only edges name. A node that several rows describe has the first value of each property that is not null.
func (s *GraphShape) build(p *pulse, rows [][]types.Value) (*graph, error) {
	g := &graph{byID: map[string]int{}}
	for t, table := range s.Nodes {
		at := s.offset(t + 1)
		for _, r := range rows {
			if err := p.beat(); err != nil {
				return nil, err
			}
			if int(r[0].Int64()) != t+1 || r[at+table.Key].IsNull() {
				continue
			}
			n := &g.nodes[s.node(g, r[at+table.Key])]
			n.rows++
			for i, to := range table.Property {
				if v := r[at+i]; n.props[to].ToText() == "" && !v.IsNull() {
					n.props[to] = v
				}
			}
		}
	}
	for _, r := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		if r[0].Int64() != 0 || r[1+s.Source].IsNull() || r[1+s.Target].IsNull() {
			continue
		}
		e := graphEdge{props: r[1 : 1+len(s.Edge)]}
		e.from = s.node(g, r[1+s.Source])
		e.to = s.node(g, r[1+s.Target])
		g.edges = append(g.edges, e)
	}
	g.out, g.in = make([][]int, len(g.nodes)), make([][]int, len(g.nodes))
	for i, e := range g.edges {
		g.out[e.from] = append(g.out[e.from], i)
		g.in[e.to] = append(g.in[e.to], i)
	}
	for i := range g.nodes {
		n := &g.nodes[i]
		if s.ID >= 0 {
			n.props[s.ID] = n.id
		}
		if n.rows > 0 {
			continue
		}
		for _, table := range s.Nodes { // a node that only edges name still knows its id
			n.props[table.Property[table.Key]] = n.id
		}
	}
	for _, c := range s.Components {
		number := g.weak
		if c.Strong {
			number = g.strong
		}
		parts, err := number(p)
		if err != nil {
			return nil, err
		}
		for i := range g.nodes {
			g.nodes[i].props[c.Property] = types.LongOf(int64(parts[i]))
		}
	}
	return g, nil
}

func (s *GraphShape) node(g *graph, id types.Value) int {
	k := rowKey([]types.Value{id})
	i, ok := g.byID[k]
	if !ok {
		i = len(g.nodes)
		g.byID[k] = i
		g.nodes = append(g.nodes, graphNode{id: id, props: s.Node.Nulls()})
	}
	return i
}

// weak numbers the parts of a graph that hang together whatever the direction of the edges, in the order
// of their first nodes.
func (g *graph) weak(p *pulse) ([]int, error) {
	number := make([]int, len(g.nodes))
	for i := range number {
		number[i] = -1
	}
	count := 0
	for i := range number {
		if number[i] >= 0 {
			continue
		}
		number[i] = count
		todo := []int{i}
		for len(todo) > 0 {
			if err := p.beat(); err != nil {
				return nil, err
			}
			n := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, list := range [][]int{g.out[n], g.in[n]} {
				for _, e := range list {
					for _, m := range []int{g.edges[e].from, g.edges[e].to} {
						if number[m] < 0 {
							number[m] = count
							todo = append(todo, m)
						}
					}
				}
			}
		}
		count++
	}
	return number, nil
}

// strong numbers the parts of a graph in which every node reaches every other along the edges, in the order
// of their first nodes. It is Tarjan's algorithm without recursion.
func (g *graph) strong(p *pulse) ([]int, error) {
	n := len(g.nodes)
	index, low, part := make([]int, n), make([]int, n), make([]int, n)
	onStack := make([]bool, n)
	for i := range index {
		index[i], part[i] = -1, -1
	}
	type frame struct{ node, edge int }
	var stack []int
	next, parts := 0, 0
	for root := range index {
		if index[root] >= 0 {
			continue
		}
		calls := []frame{{node: root}}
		for len(calls) > 0 {
			if err := p.beat(); err != nil {
				return nil, err
			}
			f := &calls[len(calls)-1]
			v := f.node
			if f.edge == 0 {
				index[v], low[v] = next, next
				next++
				stack, onStack[v] = append(stack, v), true
			}
			if f.edge < len(g.out[v]) {
				w := g.edges[g.out[v][f.edge]].to
				f.edge++
				if index[w] < 0 {
					calls = append(calls, frame{node: w})
				} else if onStack[w] {
					low[v] = min(low[v], index[w])
				}
				continue
			}
			if low[v] == index[v] {
				for {
					w := stack[len(stack)-1]
					stack, onStack[w] = stack[:len(stack)-1], false
					part[w] = parts
					if w == v {
						break
					}
				}
				parts++
			}
			calls = calls[:len(calls)-1]
			if len(calls) > 0 {
				up := calls[len(calls)-1].node
				low[up] = min(low[up], low[v])
			}
		}
	}
	number := map[int]int{}
	for i, n := range part {
		if _, ok := number[n]; !ok {
			number[n] = len(number)
		}
		part[i] = number[n]
	}
	return part, nil
}

// GraphToTable gives the nodes or the edges of a graph, with hashes of ids before their properties.
// https://learn.microsoft.com/kusto/query/graph-to-table-operator
type GraphToTable struct {
	Edges          bool
	NodeID         bool
	Source, Target bool
}

func (*GraphToTable) name() string { return "graph-to-table" }

func (t *GraphToTable) run(p *pulse, g *graph) ([][]types.Value, error) {
	hash, ok := funcs.All().Lookup(funcs.Scalar, "hash")
	if !ok {
		return nil, fmt.Errorf("the catalogue lacks hash")
	}
	hashed := map[int]types.Value{}
	id := func(node int) types.Value {
		v, ok := hashed[node]
		if !ok {
			body := hash.Go
			if hash.Sigs[0].Go != nil {
				body = hash.Sigs[0].Go
			}
			v = hash.Call(&funcs.Ctx{Out: types.Long, Args: []types.Type{g.nodes[node].id.Type()}}, body, []types.Value{g.nodes[node].id})
			hashed[node] = v
		}
		return v
	}
	var out [][]types.Value
	if !t.Edges {
		for i, n := range g.nodes {
			if err := p.beat(); err != nil {
				return nil, err
			}
			var r []types.Value
			if t.NodeID {
				r = append(r, id(i))
			}
			out = append(out, append(r, n.props...))
		}
		return out, nil
	}
	for _, e := range g.edges {
		if err := p.beat(); err != nil {
			return nil, err
		}
		var r []types.Value
		if t.Source {
			r = append(r, id(e.from))
		}
		if t.Target {
			r = append(r, id(e.to))
		}
		out = append(out, append(r, e.props...))
	}
	return out, nil
}
