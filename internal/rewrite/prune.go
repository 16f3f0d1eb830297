package rewrite

import (
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// pruneColumns drops columns that nothing above reads. It is right because expressions have no effects:
// what is not read may as well not be computed. Keys of groupings, joins and orders are read by their node.
func pruneColumns(plan rel.Node, keep []rel.ColID) rel.Node {
	p := &pruner{shareNeeds: map[int]map[int]bool{}, shares: map[int][]rel.Col{}}
	need := set{}
	for _, id := range keep {
		need[id] = true
	}
	return p.node(plan, need)
}

type set map[rel.ColID]bool

func (s set) clone() set {
	out := make(set, len(s)+8)
	for id := range s {
		out[id] = true
	}
	return out
}

type pruner struct {
	shareNeeds map[int]map[int]bool // share → positions of its columns that are read
	shares     map[int][]rel.Col
}

// reads adds the columns that an expression reads, plans inside it included.
func (p *pruner) reads(e rel.Expr, need set) {
	rel.WalkExpr(e, func(x rel.Expr) {
		switch x := x.(type) {
		case *rel.ColRef:
			need[x.ID] = true
		case *rel.Subquery:
			x.Plan = p.node(x.Plan, first(x.Plan))
		case *rel.InQuery:
			x.Plan = p.node(x.Plan, first(x.Plan))
		case *rel.HasAnyQuery:
			x.Plan = p.node(x.Plan, first(x.Plan))
		}
	})
}

func first(n rel.Node) set { return set{n.Cols()[0].ID: true} }

func (p *pruner) readsOf(n rel.Node, need set) {
	rel.Exprs(n, func(e rel.Expr) { p.reads(e, need) })
}

func order(keys []rel.Key, need set) {
	for _, k := range keys {
		need[k.Col.ID] = true
	}
}

// node prunes n, of whose columns those in need are read. Columns of outer rows (in a lateral join) may
// be in need as well; they do no harm.
func (p *pruner) node(n rel.Node, need set) rel.Node {
	switch n := n.(type) {
	case *rel.Scan:
		c := *n
		c.Out, c.Source = nil, nil
		for i, col := range n.Out {
			if need[col.ID] {
				c.Out, c.Source = append(c.Out, col), append(c.Source, n.Source[i])
			}
		}
		return &c
	case *rel.Values:
		return pruneValues(n, need)
	case *rel.Sequence:
		p.readsOf(n, set{})
		return n
	case *rel.Filter:
		below := need.clone()
		p.readsOf(n, below)
		return &rel.Filter{In: p.node(n.In, below), Pred: n.Pred}
	case *rel.Project:
		c := &rel.Project{}
		below := set{}
		for _, it := range n.Items {
			if need[it.Col.ID] {
				c.Items = append(c.Items, it)
				p.reads(it.Expr, below)
			}
		}
		c.In = p.node(n.In, below)
		return c
	case *rel.Aggregate:
		c := &rel.Aggregate{Keys: n.Keys}
		below := set{}
		for _, k := range n.Keys {
			p.reads(k.Expr, below)
		}
		for _, a := range n.Aggs {
			used := false
			for _, o := range a.Outs {
				used = used || need[o.ID]
			}
			if !used {
				continue
			}
			a = pruneRow(a, need)
			c.Aggs = append(c.Aggs, a)
			for _, e := range a.Call.Args {
				p.reads(e, below)
			}
			if a.Call.Fn.Ordered || a.Call.Fn.Agg != nil {
				c.Order = n.Order
			}
		}
		// Without keys the node gives one row for no input; an aggregate must stay to say so.
		if len(c.Aggs) == 0 && len(c.Keys) == 0 && len(n.Aggs) > 0 {
			c.Aggs = n.Aggs[:1]
			for _, e := range c.Aggs[0].Call.Args {
				p.reads(e, below)
			}
		}
		order(c.Order, below)
		c.In = p.node(n.In, below)
		return c
	case *rel.DistinctOn:
		below := need.clone()
		p.readsOf(n, below)
		order(n.Order, below)
		return &rel.DistinctOn{In: p.node(n.In, below), On: n.On, Order: n.Order}
	case *rel.Join:
		return p.join(n, need)
	case *rel.Limit:
		below := need.clone()
		p.readsOf(n, set{})
		order(n.Order, below)
		return &rel.Limit{In: p.node(n.In, below), Count: n.Count, Order: n.Order}
	case *rel.Union:
		return p.union(n, need)
	case *rel.Unnest:
		return p.unnest(n, need)
	case *rel.Window:
		return p.window(n, need)
	case *rel.Apply:
		// What the right side reads of the left is among the references inside it.
		below := need.clone()
		collect(n.Right, below)
		right := p.node(n.Right, need.clone())
		return &rel.Apply{Left: p.node(n.Left, below), Right: right}
	case *rel.Ref:
		for i, c := range n.Out {
			if need[c.ID] {
				p.shareNeeds[n.ID][i] = true
			}
		}
		return n // its columns follow the share's: see With
	case *rel.With:
		return p.with(n, need)
	case *rel.Native:
		c := *n
		below := set{}
		for _, a := range n.Args {
			below[a.ID] = true
		}
		order(n.Order, below)
		c.In = p.node(n.In, below)
		return &c
	}
	return n
}

// pruneRow drops the columns of an aggregate of whole rows that are not read; the first argument of
// arg_max and arg_min decides on the row and stays.
func pruneRow(a rel.AggItem, need set) rel.AggItem {
	if !a.Call.Fn.Spread.Row || len(a.Outs) == 1 {
		return a
	}
	call := *a.Call
	call.Args = nil
	out := rel.AggItem{Call: &call}
	for i, o := range a.Outs {
		if i == 0 || need[o.ID] {
			out.Outs = append(out.Outs, o)
			call.Args = append(call.Args, a.Call.Args[i])
		}
	}
	return out
}

// collect adds every column that a plan's expressions refer to.
func collect(n rel.Node, need set) {
	rel.Exprs(n, func(e rel.Expr) {
		rel.WalkExpr(e, func(x rel.Expr) {
			if c, ok := x.(*rel.ColRef); ok {
				need[c.ID] = true
			}
		})
	})
	for _, in := range n.Inputs() {
		collect(in, need)
	}
}

func pruneValues(n *rel.Values, need set) rel.Node {
	var at []int
	c := &rel.Values{}
	for i, col := range n.Out {
		if need[col.ID] {
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

func (p *pruner) join(n *rel.Join, need set) rel.Node {
	c := *n
	left, right := set{}, set{}
	pick := func(in, out []rel.Col, side set) {
		for i, col := range in {
			id := col.ID
			if out != nil {
				id = out[i].ID
			}
			if need[id] {
				side[col.ID] = true
			}
		}
	}
	pick(n.Left.Cols(), n.LeftOut, left)
	pick(n.Right.Cols(), n.RightOut, right)
	for _, k := range n.On {
		p.reads(k.Left, left)
		p.reads(k.Right, right)
	}
	c.Left, c.LeftOut = p.side(n.Left, n.LeftOut, left)
	c.Right, c.RightOut = p.side(n.Right, n.RightOut, right)
	return &c
}

// side prunes one side of a join and keeps the renumbered columns in step with it.
func (p *pruner) side(n rel.Node, out []rel.Col, need set) (rel.Node, []rel.Col) {
	before := n.Cols()
	pruned := p.node(n, need)
	if out == nil {
		return pruned, nil
	}
	renumbered := map[rel.ColID]rel.Col{}
	for i, c := range before {
		renumbered[c.ID] = out[i]
	}
	kept := []rel.Col{}
	for _, c := range pruned.Cols() {
		kept = append(kept, renumbered[c.ID])
	}
	return pruned, kept
}

func (p *pruner) union(n *rel.Union, need set) rel.Node {
	c := &rel.Union{}
	var at []int
	for i, col := range n.Out {
		if need[col.ID] {
			at = append(at, i)
			c.Out = append(c.Out, col)
		}
	}
	if len(at) == 0 && len(n.Out) > 0 {
		at, c.Out = []int{0}, n.Out[:1]
	}
	for _, in := range n.Ins {
		cols := in.Cols()
		leg := set{}
		proj := &rel.Project{In: in}
		for _, i := range at {
			leg[cols[i].ID] = true
			proj.Items = append(proj.Items, rel.Item{Col: cols[i], Expr: cols[i].Ref()})
		}
		pruned := p.node(in, leg)
		if same(pruned.Cols(), itemCols(proj.Items)) {
			c.Ins = append(c.Ins, pruned)
			continue
		}
		proj.In = pruned
		c.Ins = append(c.Ins, proj)
	}
	return c
}

func itemCols(items []rel.Item) []rel.Col {
	out := make([]rel.Col, len(items))
	for i, it := range items {
		out[i] = it.Col
	}
	return out
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

func (p *pruner) unnest(n *rel.Unnest, need set) rel.Node {
	c := *n
	below := set{}
	for _, col := range n.In.Cols() {
		if need[col.ID] {
			below[col.ID] = true
		}
	}
	p.readsOf(n, below) // every item counts: the longest one decides how many rows there are
	if !need[n.Index.ID] {
		c.Index = rel.Col{}
	}
	c.In = p.node(n.In, below)
	return &c
}

func (p *pruner) window(n *rel.Window, need set) rel.Node {
	c := &rel.Window{Order: n.Order}
	below := need.clone()
	for _, it := range n.Items {
		if !need[it.Out.ID] {
			continue
		}
		delete(below, it.Out.ID)
		c.Items = append(c.Items, it)
		for _, e := range it.Args {
			p.reads(e, below)
		}
		for _, e := range it.Partition {
			p.reads(e, below)
		}
	}
	if len(c.Items) == 0 {
		return p.node(n.In, below)
	}
	order(n.Order, below)
	c.In = p.node(n.In, below)
	return c
}

// with prunes the body first, to learn which columns of the shares it reads, then the shares from the last
// to the first, since a share may read those before it.
func (p *pruner) with(n *rel.With, need set) rel.Node {
	for _, s := range n.Shares {
		p.shareNeeds[s.ID] = map[int]bool{}
		p.shares[s.ID] = s.Cols()
	}
	c := &rel.With{Body: p.node(n.Body, need), Shares: make([]*rel.Share, len(n.Shares))}
	for i := len(n.Shares) - 1; i >= 0; i-- {
		s := n.Shares[i]
		cols := s.Cols()
		below := set{}
		proj := &rel.Project{}
		for j, col := range cols {
			if p.shareNeeds[s.ID][j] {
				below[col.ID] = true
			}
			proj.Items = append(proj.Items, rel.Item{Col: col, Expr: col.Ref()})
		}
		// The share keeps its columns in number and order, since a Ref goes by position; what is not read
		// becomes null and costs nothing.
		pruned := p.node(s.In, below)
		have := set{}
		for _, col := range pruned.Cols() {
			have[col.ID] = true
		}
		for j, col := range cols {
			if !have[col.ID] {
				proj.Items[j].Expr = &rel.Lit{V: types.Null(col.Type)}
			}
		}
		if same(pruned.Cols(), cols) {
			c.Shares[i] = &rel.Share{ID: s.ID, In: pruned}
			continue
		}
		proj.In = pruned
		c.Shares[i] = &rel.Share{ID: s.ID, In: proj}
	}
	return c
}
