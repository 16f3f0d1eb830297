package rewrite

import "github.com/vedette-siem/vedette/internal/rel"

// applyUnnest makes mv-apply over a subquery of filters and projections an expansion of the rows themselves:
// no row is looked up again for its elements. It is right because such a subquery makes of each element one
// row or none, whatever the other elements are.
func applyUnnest(plan rel.Node) rel.Node {
	return mapNodes(plan, func(n rel.Node) rel.Node {
		a, ok := n.(*rel.Apply)
		if !ok {
			return n
		}
		var chain []rel.Node // from the top
		in := a.Right
		for {
			switch r := in.(type) {
			case *rel.Filter:
				chain, in = append(chain, r), r.In
				continue
			case *rel.Project:
				chain, in = append(chain, r), r.In
				continue
			}
			break
		}
		u, ok := in.(*rel.Unnest)
		if !ok || !oneRow(u.In) {
			return n
		}
		expand := *u
		expand.In = a.Left
		var out rel.Node = &expand
		for i := len(chain) - 1; i >= 0; i-- {
			switch r := chain[i].(type) {
			case *rel.Filter:
				out = &rel.Filter{In: out, Pred: r.Pred}
			case *rel.Project:
				p := &rel.Project{In: out}
				for _, c := range a.Left.Cols() {
					p.Items = append(p.Items, rel.Item{Col: c, Expr: c.Ref()})
				}
				p.Items = append(p.Items, r.Items...)
				out = p
			}
		}
		return out
	})
}

// oneRow tells whether a plan is a single row without columns.
func oneRow(n rel.Node) bool {
	v, ok := n.(*rel.Values)
	return ok && len(v.Rows) == 1 && len(v.Out) == 0
}
