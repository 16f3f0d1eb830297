package rewrite

import (
	"slices"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// restartByKey makes a window function that restarts where the first sort key changes, as in
//
//	sort by User asc, TimeGenerated desc | extend n = row_number(1, prev(User) != User)
//
// one that is partitioned by that key, which takes one sort instead of three. It is right because rows of one
// key follow each other in that order. The key must be a string: with nulls the comparison would be null.
func restartByKey(plan rel.Node) rel.Node {
	return mapNodes(plan, func(n rel.Node) rel.Node {
		w, ok := n.(*rel.Window)
		if !ok || len(w.Order) == 0 || w.Order[0].Col.Type != types.String {
			return n
		}
		out := *w
		out.Items = slices.Clone(w.Items)
		changed := false
		for i, it := range out.Items {
			if len(it.Partition) != 1 {
				continue
			}
			runs, ok := it.Partition[0].(*rel.ColRef)
			if ok && countsRuns(w, runs.ID) {
				out.Items[i].Partition = []rel.Expr{w.Order[0].Col.Ref()}
				changed = true
			}
		}
		if !changed {
			return n
		}
		return &out
	})
}

// countsRuns tells whether a column counts how often the first sort key of w has changed so far.
func countsRuns(w *rel.Window, id rel.ColID) bool {
	count, ok := windowItem(w, id)
	if !ok || count.Func != rel.RunningCount || len(count.Partition) > 0 {
		return false
	}
	c, ok := count.Args[0].(*rel.Call)
	if !ok || c.Fn.Class != funcs.Operator || c.Fn.Name != "!=" || len(c.Args) != 2 {
		return false
	}
	x, ok1 := c.Args[0].(*rel.ColRef)
	y, ok2 := c.Args[1].(*rel.ColRef)
	if !ok1 || !ok2 {
		return false
	}
	key := w.Order[0].Col.ID
	if x.ID == key {
		x, y = y, x
	}
	if y.ID != key {
		return false
	}
	before, ok := windowItem(w, x.ID)
	if !ok || before.Func != rel.Lag || len(before.Partition) > 0 {
		return false
	}
	of, ok := before.Args[0].(*rel.ColRef)
	distance, isConst := rel.Const(before.Args[1])
	return ok && of.ID == key && isConst && !distance.IsNull() && distance.Int64() == 1
}

// windowItem finds the window function that puts out a column, among those below w in the same order.
func windowItem(w *rel.Window, id rel.ColID) (rel.WindowItem, bool) {
	for in := w.In; ; {
		below, ok := in.(*rel.Window)
		if !ok || !slices.Equal(below.Order, w.Order) {
			return rel.WindowItem{}, false
		}
		for _, it := range below.Items {
			if it.Out.ID == id {
				return it, true
			}
		}
		in = below.In
	}
}

// mergeWindows makes window functions over one order one step, which the engine sorts for once. It is right
// where none of the upper ones reads what a lower one puts out.
func mergeWindows(plan rel.Node) rel.Node {
	return mapNodes(plan, func(n rel.Node) rel.Node {
		w, ok := n.(*rel.Window)
		if !ok {
			return n
		}
		below, ok := w.In.(*rel.Window)
		if !ok || !slices.Equal(below.Order, w.Order) {
			return n
		}
		for _, it := range w.Items {
			for _, e := range slices.Concat(it.Args, it.Partition) {
				if !readsOnly(e, below.In.Cols()) {
					return n
				}
			}
		}
		return &rel.Window{In: below.In, Items: slices.Concat(below.Items, w.Items), Order: w.Order}
	})
}
