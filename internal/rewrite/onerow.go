package rewrite

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// groupsOfOne computes the aggregates of groups that have one row each from that row. Rules do this often:
//
//	IdentityInfo | summarize arg_max(TimeGenerated, *) by AccountUPN | summarize make_set(Tags) by AccountUPN
//
// It is right because the inner grouping leaves one row for each value of its keys, so a second one by the
// same keys (and maybe more) finds nothing to put together.
func groupsOfOne(plan rel.Node) rel.Node {
	return mapNodes(plan, func(n rel.Node) rel.Node {
		a, ok := n.(*rel.Aggregate)
		if !ok || len(a.Aggs) == 0 {
			return n
		}
		unique := uniqueBy(a.In)
		if len(unique) == 0 {
			return n
		}
		by := map[rel.ColID]bool{}
		for _, k := range a.Keys {
			if ref, ok := k.Expr.(*rel.ColRef); ok {
				by[ref.ID] = true
			}
		}
		for _, id := range unique {
			if !by[id] {
				return n
			}
		}
		p := &rel.Project{In: a.In, Items: append([]rel.Item(nil), a.Keys...)}
		for _, g := range a.Aggs {
			items, ok := ofOneRow(g)
			if !ok {
				return n
			}
			p.Items = append(p.Items, items...)
		}
		return p
	})
}

// uniqueBy returns columns of which no two rows of a plan have the same values, none if it knows of none.
func uniqueBy(n rel.Node) []rel.ColID {
	var ids []rel.ColID
	switch n := n.(type) {
	case *rel.Aggregate:
		for _, k := range n.Keys {
			ids = append(ids, k.Col.ID)
		}
	case *rel.Filter:
		return uniqueBy(n.In)
	case *rel.Project:
		for _, id := range uniqueBy(n.In) {
			out, ok := passed(n, id)
			if !ok {
				return nil
			}
			ids = append(ids, out)
		}
	}
	return ids
}

// passed finds the column under which a projection puts out a column of its input.
func passed(p *rel.Project, id rel.ColID) (rel.ColID, bool) {
	for _, it := range p.Items {
		if ref, ok := it.Expr.(*rel.ColRef); ok && ref.ID == id {
			return it.Col.ID, true
		}
	}
	return 0, false
}

// ofOneRow gives the values of an aggregate over one row.
func ofOneRow(g rel.AggItem) ([]rel.Item, bool) {
	args := g.Call.Args
	switch g.Call.Fn.Name {
	case "count":
		return []rel.Item{{Col: g.Outs[0], Expr: &rel.Lit{V: types.LongOf(1)}}}, true
	case "min", "max":
		return []rel.Item{{Col: g.Outs[0], Expr: args[0]}}, args[0].Type() == g.Outs[0].Type
	case "arg_max", "arg_min", "take_any":
		var items []rel.Item
		for i, out := range g.Outs {
			items = append(items, rel.Item{Col: out, Expr: args[i]})
		}
		return items, true
	case "make_set", "make_list":
		fn, ok := funcs.All().Lookup(funcs.Scalar, "elements."+g.Call.Fn.Name[len("make_"):])
		if !ok {
			return nil, false
		}
		size := rel.Expr(&rel.Lit{V: types.Null(types.Long)})
		if len(args) > 1 {
			v, ok := rel.Const(args[1])
			if !ok {
				return nil, false
			}
			if !v.IsNull() {
				size = &rel.Lit{V: types.LongOf(v.Int64())}
			}
		}
		return []rel.Item{{Col: g.Outs[0], Expr: &rel.Call{Fn: fn, Sig: &fn.Sigs[0], Args: []rel.Expr{args[0], size}, T: types.Dynamic}}}, true
	}
	return nil, false
}
