package rewrite

import (
	"github.com/vedette-siem/vedette/internal/rel"
)

// filterBelowUnique moves a filter over the left columns of a join below the step that keeps one left row
// for each key (kind=innerunique). It is right because which row is kept is open: Kusto filters first too,
// so a row that the filter wants is never lost to one it does not want.
func filterBelowUnique(plan rel.Node) rel.Node {
	return mapNodes(plan, func(n rel.Node) rel.Node {
		f, ok := n.(*rel.Filter)
		if !ok {
			return n
		}
		var through []*rel.Project
		in := f.In
		for {
			p, ok := in.(*rel.Project)
			if !ok || !passes(p) {
				break
			}
			through = append(through, p)
			in = p.In
		}
		j, ok := in.(*rel.Join)
		if !ok || j.Kind != rel.Inner {
			return n
		}
		d, ok := j.Left.(*rel.DistinctOn)
		if !ok || !readsOnly(f.Pred, d.Cols()) {
			return n
		}
		join := *j
		join.Left = &rel.DistinctOn{In: &rel.Filter{In: d.In, Pred: f.Pred}, On: d.On, Order: d.Order}
		var out rel.Node = &join
		for i := len(through) - 1; i >= 0; i-- {
			out = &rel.Project{In: out, Items: through[i].Items}
		}
		return out
	})
}

// passes tells whether a projection only picks columns, under their own numbers.
func passes(p *rel.Project) bool {
	for _, it := range p.Items {
		c, ok := it.Expr.(*rel.ColRef)
		if !ok || c.ID != it.Col.ID {
			return false
		}
	}
	return true
}

// readsOnly tells whether an expression reads no columns but these, and no other plans.
func readsOnly(e rel.Expr, cols []rel.Col) bool {
	ok := true
	rel.WalkExpr(e, func(x rel.Expr) {
		switch x := x.(type) {
		case *rel.ColRef:
			found := false
			for _, c := range cols {
				found = found || c.ID == x.ID
			}
			ok = ok && found
		case *rel.Subquery, *rel.InQuery, *rel.HasAnyQuery:
			ok = false
		}
	})
	return ok
}

// mapNodes rebuilds a plan from the bottom, replacing each node by change's result. A node that is reached
// twice is changed once.
func mapNodes(plan rel.Node, change func(rel.Node) rel.Node) rel.Node {
	done := map[rel.Node]rel.Node{}
	var visit func(n rel.Node) rel.Node
	visit = func(n rel.Node) rel.Node {
		if out, ok := done[n]; ok {
			return out
		}
		out := change(rel.WithInputs(n, visit))
		done[n] = out
		return out
	}
	return visit(plan)
}
