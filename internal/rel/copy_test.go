package rel_test

import (
	"testing"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// defined adds the columns that the nodes of a plan put out, and those that its expressions, keys and arguments
// read.
func defined(n rel.Node, out, read map[rel.ColID]bool) {
	for _, c := range n.Cols() {
		out[c.ID] = true
	}
	expr := func(e rel.Expr) {
		rel.WalkExpr(e, func(x rel.Expr) {
			switch x := x.(type) {
			case *rel.ColRef:
				read[x.ID] = true
			case *rel.Subquery:
				defined(x.Plan, out, read)
			case *rel.InQuery:
				defined(x.Plan, out, read)
			case *rel.HasAnyQuery:
				defined(x.Plan, out, read)
			}
		})
	}
	rel.Exprs(n, expr)
	var keys []rel.Key
	switch n := n.(type) {
	case *rel.Aggregate:
		keys = n.Order
	case *rel.Window:
		keys = n.Order
	case *rel.Limit:
		keys = n.Order
	case *rel.DistinctOn:
		keys = n.Order
	case *rel.Native:
		keys = n.Order
		for _, a := range n.Args {
			read[a.ID] = true
		}
	}
	for _, k := range keys {
		read[k.Col.ID] = true
	}
	for _, in := range n.Inputs() {
		defined(in, out, read)
	}
}

// TestCopy copies a plan with a node of every kind: the copy has columns of its own, and reads only those and the
// ones that the plan reads from around it.
func TestCopy(t *testing.T) {
	const outer rel.ColID = 1000
	next := rel.ColID(0)
	col := func(name string, typ types.Type) rel.Col {
		next++
		return rel.Col{ID: next, Name: name, Type: typ}
	}
	long := func(name string) rel.Col { return col(name, types.Long) }
	count, ok := funcs.All().Lookup(funcs.Aggregate, "count")
	if !ok {
		t.Fatal("the catalogue lacks count")
	}
	call := func(args ...rel.Expr) *rel.Call {
		return &rel.Call{Fn: count, Sig: &count.Sigs[0], Args: args, T: types.Long}
	}
	five := &rel.Lit{V: types.LongOf(5)}
	a, b := long("a"), long("b")
	var n rel.Node = &rel.Scan{Table: "T", Out: []rel.Col{a, b}, Source: []string{"a", "b"}}
	n = &rel.Filter{In: n, Pred: call(a.Ref(), &rel.ColRef{ID: outer, T: types.Long})}
	c := long("c")
	n = &rel.Project{In: n, Items: []rel.Item{{Col: a, Expr: a.Ref()}, {Col: c, Expr: call(b.Ref())}}} // a passes
	w := long("w")
	n = &rel.Window{In: n, Items: []rel.WindowItem{{Out: w, Func: rel.Lag, Args: []rel.Expr{c.Ref(), five}, Partition: []rel.Expr{a.Ref()}}}, Order: []rel.Key{{Col: c}}}
	u, i := col("u", types.Dynamic), long("i")
	n = &rel.Unnest{In: n, Items: []rel.UnnestItem{{Expr: w.Ref(), Out: u}}, Index: i, Limit: 3}
	k, sum := long("k"), long("sum")
	n = &rel.Aggregate{In: n, Keys: []rel.Item{{Col: k, Expr: i.Ref()}}, Aggs: []rel.AggItem{{Call: call(a.Ref()), Outs: []rel.Col{sum}}}, Order: []rel.Key{{Col: c}}}
	n = &rel.DistinctOn{In: n, On: []rel.Expr{k.Ref()}, Order: []rel.Key{{Col: sum}}}
	n = &rel.Limit{In: n, Count: five, Order: []rel.Key{{Col: sum, Desc: true}}}
	s := long("s")
	seq := &rel.Sequence{Out: s, From: five, To: k.Ref(), Step: five}
	n = &rel.Apply{Left: n, Right: seq}
	ref, lo, ro := long("ref"), []rel.Col{long("k"), long("sum"), long("s")}, []rel.Col{long("ref")}
	n = &rel.Join{Kind: rel.FullOuter, Left: n, Right: &rel.Ref{ID: 7, Out: []rel.Col{ref}}, On: []rel.EqKey{{Left: k.Ref(), Right: ref.Ref()}}, LeftOut: lo, RightOut: ro}
	v := long("v")
	in := &rel.Values{Out: []rel.Col{v}, Rows: [][]types.Value{{types.LongOf(1)}}}
	n = &rel.Filter{In: n, Pred: &rel.InQuery{X: lo[0].Ref(), Plan: in}}
	v2, v3 := long("v2"), col("v3", types.String)
	n = &rel.Filter{In: n, Pred: &rel.HasAnyQuery{X: ro[0].Ref(), Plan: &rel.Values{Out: []rel.Col{v3}}}}
	n = &rel.Project{In: n, Items: []rel.Item{{Col: lo[1], Expr: lo[1].Ref()}, {Col: v2, Expr: &rel.Subquery{Plan: &rel.Values{Out: []rel.Col{long("one")}}, T: types.Long}}}}
	o1, o2 := long("o1"), long("o2")
	n = &rel.Native{In: n, Order: []rel.Key{{Col: v2}}, Args: []rel.Col{lo[1], v2}, Out: []rel.Col{o1, o2}}
	out := []rel.Col{long("x"), long("y")}
	n = &rel.Union{Ins: []rel.Node{n}, Out: out}

	last := next
	got, names := rel.Copy(n, func(c rel.Col) rel.Col { return col(c.Name, c.Type) })
	had, wanted := map[rel.ColID]bool{}, map[rel.ColID]bool{}
	defined(n, had, wanted)
	have, read := map[rel.ColID]bool{}, map[rel.ColID]bool{}
	defined(got, have, read)
	if len(have) != len(had) || len(read) != len(wanted) {
		t.Errorf("the copy has %d columns and reads %d, the plan %d and %d", len(have), len(read), len(had), len(wanted))
	}
	for id := range have {
		if id <= last {
			t.Errorf("the copy puts out column %d of the plan", id)
		}
	}
	for id := range read {
		if !have[id] && id != outer {
			t.Errorf("the copy reads column %d, which it does not have", id)
		}
	}
	if !read[outer] {
		t.Error("the copy does not read the outer column")
	}
	if c := got.Cols(); len(c) != 2 || c[0] != names[out[0].ID] || c[0].Name != "x" {
		t.Errorf("the copy puts out %v", c)
	}
}
