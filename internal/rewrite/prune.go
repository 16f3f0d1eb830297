package rewrite

import (
	"slices"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// pruneColumns drops columns that nothing above reads. It is right because expressions have no effects:
// what is not read may as well not be computed. Keys of groupings, joins and orders are read by their node.
func pruneColumns(plan rel.Node, keep []rel.ColID) rel.Node {
	p := &pruner{shareNeeds: map[int][]bool{}, done: map[rel.Expr]bool{}}
	for _, id := range keep {
		p.need.add(id)
	}
	return p.node(plan)
}

// columnSet is a set of columns, by number.
type columnSet []bool

func (s columnSet) has(id rel.ColID) bool { return int(id) < len(s) && s[id] }

func (s *columnSet) add(id rel.ColID) {
	if int(id) >= len(*s) {
		*s = append(*s, make([]bool, int(id)+1-len(*s)+len(*s)/2+256)...)
	}
	(*s)[id] = true
}

// pruner goes from the top down. A column has one number in the whole plan, so one set of those that are read is
// enough: when a node is pruned, the set holds what the nodes above it read.
type pruner struct {
	need       columnSet
	shareNeeds map[int][]bool    // share → for each of its columns: is it read
	done       map[rel.Expr]bool // expressions with plans inside, which are pruned once
}

// reads adds the columns that an expression reads, plans inside it included.
func (p *pruner) reads(e rel.Expr) {
	switch e := e.(type) {
	case *rel.ColRef:
		p.need.add(e.ID)
	case *rel.Call:
		for _, a := range e.Args {
			p.reads(a)
		}
	case *rel.Subquery:
		p.inside(e, &e.Plan)
	case *rel.InQuery:
		p.reads(e.X)
		p.inside(e, &e.Plan)
	case *rel.HasAnyQuery:
		p.reads(e.X)
		p.inside(e, &e.Plan)
	}
}

// inside prunes the plan of an expression, of which the first column is read.
func (p *pruner) inside(e rel.Expr, plan *rel.Node) {
	if p.done[e] {
		return
	}
	p.done[e] = true
	p.need.add((*plan).Cols()[0].ID)
	*plan = p.node(*plan)
}

func (p *pruner) readsOf(n rel.Node) { rel.Exprs(n, p.reads) }

func (p *pruner) order(keys []rel.Key) {
	for _, k := range keys {
		p.need.add(k.Col.ID)
	}
}

// node prunes n, of whose columns those in p.need are read.
func (p *pruner) node(n rel.Node) rel.Node {
	switch n := n.(type) {
	case *rel.Scan:
		c := *n
		kept := p.kept(n.Out)
		c.Out, c.Source = make([]rel.Col, 0, kept), make([]string, 0, kept)
		for i, col := range n.Out {
			if p.need.has(col.ID) {
				c.Out, c.Source = append(c.Out, col), append(c.Source, n.Source[i])
			}
		}
		return &c
	case *rel.Values:
		return p.values(n)
	case *rel.Sequence:
		p.readsOf(n)
		return n
	case *rel.Filter:
		p.readsOf(n)
		return &rel.Filter{In: p.node(n.In), Pred: n.Pred}
	case *rel.Project:
		return p.project(n)
	case *rel.Aggregate:
		return p.aggregate(n)
	case *rel.DistinctOn:
		p.readsOf(n)
		p.order(n.Order)
		return &rel.DistinctOn{In: p.node(n.In), On: n.On, Order: n.Order}
	case *rel.Join:
		return p.join(n)
	case *rel.Limit:
		p.readsOf(n)
		p.order(n.Order)
		return &rel.Limit{In: p.node(n.In), Count: n.Count, Order: n.Order}
	case *rel.Union:
		return p.union(n)
	case *rel.Unnest:
		return p.unnest(n)
	case *rel.Window:
		return p.window(n)
	case *rel.Apply:
		right := p.node(n.Right) // what it reads of the left is in the set then
		return &rel.Apply{Left: p.node(n.Left), Right: right}
	case *rel.Ref:
		for i, c := range n.Out {
			if p.need.has(c.ID) {
				p.shareNeeds[n.ID][i] = true
			}
		}
		return n // its columns follow the share's: see With
	case *rel.With:
		return p.with(n)
	case *rel.Native:
		c := *n
		for _, a := range n.Args {
			p.need.add(a.ID)
		}
		p.order(n.Order)
		c.In = p.node(n.In)
		return &c
	}
	return n
}

// kept counts the columns that are read.
func (p *pruner) kept(cols []rel.Col) int {
	n := 0
	for i := range cols {
		if p.need.has(cols[i].ID) {
			n++
		}
	}
	return n
}

func (p *pruner) project(n *rel.Project) rel.Node {
	kept := 0
	for i := range n.Items {
		if p.need.has(n.Items[i].Col.ID) {
			kept++
		}
	}
	c := &rel.Project{Items: n.Items}
	if kept < len(n.Items) {
		c.Items = make([]rel.Item, 0, kept)
		for i := range n.Items {
			if p.need.has(n.Items[i].Col.ID) {
				c.Items = append(c.Items, n.Items[i])
			}
		}
	}
	// After all items are chosen: an item may read a column of the same number as one beside it.
	for i := range c.Items {
		p.reads(c.Items[i].Expr)
	}
	c.In = p.node(n.In)
	return c
}

func (p *pruner) aggregate(n *rel.Aggregate) rel.Node {
	c := &rel.Aggregate{Keys: n.Keys}
	for _, a := range n.Aggs {
		if slices.ContainsFunc(a.Outs, func(o rel.Col) bool { return p.need.has(o.ID) }) {
			a = p.row(a)
			c.Aggs = append(c.Aggs, a)
			if a.Call.Fn.Ordered || a.Call.Fn.Agg != nil {
				c.Order = n.Order
			}
		}
	}
	// Without keys the node gives one row for no input; an aggregate must stay to say so.
	if len(c.Aggs) == 0 && len(c.Keys) == 0 && len(n.Aggs) > 0 {
		c.Aggs = n.Aggs[:1]
	}
	p.readsOf(c)
	p.order(c.Order)
	c.In = p.node(n.In)
	return c
}

// row drops the columns of an aggregate of whole rows that are not read; the first argument of arg_max and
// arg_min decides on the row and stays.
func (p *pruner) row(a rel.AggItem) rel.AggItem {
	if !a.Call.Fn.Spread.Row || len(a.Outs) == 1 {
		return a
	}
	call := *a.Call
	call.Args = nil
	out := rel.AggItem{Call: &call}
	for i, o := range a.Outs {
		if i == 0 || p.need.has(o.ID) {
			out.Outs = append(out.Outs, o)
			call.Args = append(call.Args, a.Call.Args[i])
		}
	}
	return out
}

func (p *pruner) values(n *rel.Values) rel.Node {
	var at []int
	c := &rel.Values{}
	for i, col := range n.Out {
		if p.need.has(col.ID) {
			at = append(at, i)
			c.Out = append(c.Out, col)
		}
	}
	if len(at) == len(n.Out) {
		return n
	}
	if len(at) == 0 && len(n.Out) > 0 { // the number of rows still counts
		at, c.Out = []int{0}, n.Out[:1]
	}
	c.Rows = make([][]types.Value, len(n.Rows))
	for i, r := range n.Rows {
		for _, j := range at {
			c.Rows[i] = append(c.Rows[i], r[j])
		}
	}
	return c
}

func (p *pruner) join(n *rel.Join) rel.Node {
	c := *n
	pick := func(in rel.Node, out []rel.Col) {
		if out == nil { // the columns keep their numbers
			return
		}
		for i, col := range in.Cols() {
			if p.need.has(out[i].ID) {
				p.need.add(col.ID)
			}
		}
	}
	pick(n.Left, n.LeftOut)
	pick(n.Right, n.RightOut)
	p.readsOf(n)
	c.Left, c.LeftOut = p.side(n.Left, n.LeftOut)
	c.Right, c.RightOut = p.side(n.Right, n.RightOut)
	return &c
}

// side prunes one side of a join and keeps the renumbered columns in step with it.
func (p *pruner) side(n rel.Node, out []rel.Col) (rel.Node, []rel.Col) {
	if out == nil {
		return p.node(n), nil
	}
	before := n.Cols()
	pruned := p.node(n)
	after := pruned.Cols()
	kept := make([]rel.Col, 0, len(after))
	// Pruning leaves columns out and keeps the order of the others.
	for i := 0; i < len(before) && len(kept) < len(after); i++ {
		if before[i].ID == after[len(kept)].ID {
			kept = append(kept, out[i])
		}
	}
	if len(kept) != len(after) {
		panic("rewrite: pruning changed the order of columns")
	}
	return pruned, kept
}

func (p *pruner) union(n *rel.Union) rel.Node {
	c := &rel.Union{Ins: make([]rel.Node, 0, len(n.Ins))}
	kept := p.kept(n.Out)
	at := make([]int, 0, kept+1)
	c.Out = make([]rel.Col, 0, kept+1)
	for i, col := range n.Out {
		if p.need.has(col.ID) {
			at = append(at, i)
			c.Out = append(c.Out, col)
		}
	}
	if len(at) == 0 && len(n.Out) > 0 {
		at, c.Out = append(at, 0), append(c.Out, n.Out[0])
	}
	for _, in := range n.Ins {
		cols := in.Cols()
		for _, i := range at {
			p.need.add(cols[i].ID)
		}
		c.Ins = append(c.Ins, picked(p.node(in), cols, at))
	}
	return c
}

// picked is n, putting out just those of cols at some places, in that order.
func picked(n rel.Node, cols []rel.Col, at []int) rel.Node {
	have := n.Cols()
	same := len(have) == len(at)
	for i := 0; same && i < len(at); i++ {
		same = have[i].ID == cols[at[i]].ID
	}
	if same {
		return n
	}
	proj := &rel.Project{In: n, Items: make([]rel.Item, 0, len(at))}
	for _, i := range at {
		proj.Items = append(proj.Items, rel.Item{Col: cols[i], Expr: cols[i].Ref()})
	}
	return proj
}

func same(a, b []rel.Col) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].ID != b[i].ID {
			return false
		}
	}
	return true
}

func (p *pruner) unnest(n *rel.Unnest) rel.Node {
	c := *n
	if !p.need.has(n.Index.ID) {
		c.Index = rel.Col{}
	}
	p.readsOf(n) // every item counts: the longest one decides how many rows there are
	c.In = p.node(n.In)
	return &c
}

func (p *pruner) window(n *rel.Window) rel.Node {
	c := &rel.Window{Order: n.Order}
	for _, it := range n.Items {
		if p.need.has(it.Out.ID) {
			c.Items = append(c.Items, it)
		}
	}
	if len(c.Items) == 0 {
		return p.node(n.In)
	}
	p.readsOf(c)
	p.order(n.Order)
	c.In = p.node(n.In)
	return c
}

// with prunes the body first, to learn which columns of the shares it reads, then the shares from the last
// to the first, since a share may read those before it.
func (p *pruner) with(n *rel.With) rel.Node {
	for _, s := range n.Shares {
		p.shareNeeds[s.ID] = make([]bool, len(s.Cols()))
	}
	c := &rel.With{Body: p.node(n.Body), Shares: make([]*rel.Share, len(n.Shares))}
	for i := len(n.Shares) - 1; i >= 0; i-- {
		s := n.Shares[i]
		cols := s.Cols()
		for j, col := range cols {
			if p.shareNeeds[s.ID][j] {
				p.need.add(col.ID)
			}
		}
		pruned := p.node(s.In)
		have := pruned.Cols()
		if same(have, cols) {
			c.Shares[i] = &rel.Share{ID: s.ID, In: pruned}
			continue
		}
		// The share keeps its columns in number and order, since a Ref goes by position; what is not read
		// becomes null and costs nothing.
		put := map[rel.ColID]bool{}
		for _, col := range have {
			put[col.ID] = true
		}
		proj := &rel.Project{In: pruned, Items: make([]rel.Item, len(cols))}
		for j, col := range cols {
			proj.Items[j] = rel.Item{Col: col, Expr: &rel.Lit{V: types.Null(col.Type)}}
			if put[col.ID] {
				proj.Items[j].Expr = col.Ref()
			}
		}
		c.Shares[i] = &rel.Share{ID: s.ID, In: proj}
	}
	return c
}
