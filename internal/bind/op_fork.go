package bind

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// fork runs several pipes over the same rows, each of which gives a result of the query.
// https://learn.microsoft.com/kusto/query/fork-operator
func (b *binder) fork(e *env, in *table, o *syntax.ForkOp) (*table, *env) {
	end, last := b.ends(o)
	if !last && len(o.Branches) > 1 {
		b.errSeveral(o.WordSpan(), "fork")
		return nil, e
	}
	use := func() *table { return in }
	if len(o.Branches) > 1 {
		use = b.shared(in).(tableBinding).bind
	}
	var outs []outcome
	var first *table
	for _, br := range o.Branches {
		pipe, ok := br.Body.(*syntax.Pipe)
		if !ok || pipe.Source != nil {
			b.add("KS176", br.Span(), "a branch of fork begins with an operator, which takes fork's rows")
			return nil, e
		}
		for _, op := range pipe.Ops {
			if !forks(op) {
				b.add("KS177", op.WordSpan(), "the operator '"+op.Word()+"' is not allowed in a branch of fork")
				return nil, e
			}
		}
		var t *table
		t, e = b.pipeNaming(e, use(), pipe)
		if t == nil {
			return nil, e
		}
		out, ok := b.outcomeOf(t, br.Span())
		if !ok {
			return nil, e
		}
		if br.Name != nil {
			out.Name = br.Name.Name
		}
		outs = append(outs, out)
		if first == nil {
			first = t
		}
	}
	if last {
		end.give(outs...)
	}
	return first, e
}

// forks tells whether an operator may stand in a branch of fork.
// https://learn.microsoft.com/kusto/query/fork-operator#supported-query-operators
func forks(op syntax.Op) bool {
	switch op.(type) {
	case *syntax.AsOp, *syntax.CountOp, *syntax.ExtendOp, *syntax.ParseOp, *syntax.ParseWhereOp, *syntax.ParseKvOp,
		*syntax.WhereOp, *syntax.TakeOp, *syntax.ProjectOp, *syntax.ProjectAwayOp, *syntax.ProjectKeepOp,
		*syntax.ProjectRenameOp, *syntax.ProjectReorderOp, *syntax.ProjectByNamesOp, *syntax.SummarizeOp, *syntax.TopOp,
		*syntax.TopNestedOp, *syntax.TopHittersOp, *syntax.SortOp, *syntax.MvExpandOp, *syntax.ReduceOp,
		*syntax.DistinctOp, *syntax.SampleOp, *syntax.SampleDistinctOp, *syntax.InvokeOp, *syntax.ExecuteAndCacheOp, *syntax.BadOp:
		return true
	}
	return false
}

// facet counts the values of columns: a result for the operators behind with, and one for each column.
// https://learn.microsoft.com/kusto/query/facet-operator
func (b *binder) facet(e *env, in *table, o *syntax.FacetOp) *table {
	n := len(o.By)
	if o.With != nil {
		n++
	}
	end, last := b.ends(o)
	if !last && n > 1 {
		b.errSeveral(o.WordSpan(), "facet with several columns or with")
		return nil
	}
	use := func() *table { return in }
	if n > 1 {
		use = b.shared(in).(tableBinding).bind
	}
	var outs []outcome
	if o.With != nil {
		t := b.pipe(e, use(), o.With)
		if t == nil {
			return nil
		}
		out, ok := b.outcomeOf(t, o.With.Span())
		if !ok {
			return nil
		}
		outs = append(outs, out)
		b.render = nil // it is that of the first result
	}
	var counted *table
	for _, by := range o.By {
		if counted = b.facetOf(e, use(), by, o.Span()); counted == nil {
			return nil
		}
		out, ok := b.outcomeOf(counted, by.Span())
		if !ok {
			return nil
		}
		outs = append(outs, out)
	}
	if last {
		end.give(outs...)
	}
	return counted
}

// facetOf counts the values of one column.
func (b *binder) facetOf(e *env, in *table, by syntax.Expr, span source.Span) *table {
	its, ok := b.itemsOf(&row{t: in, env: e}, by)
	if !ok {
		return nil
	}
	fn, found := b.opts.Funcs.Lookup(funcs.Aggregate, "count")
	if !found {
		panic("bind: the catalogue lacks count")
	}
	if its[0].expr, ok = b.key(its[0].expr, its[0].span); !ok {
		return nil
	}
	aggs := &aggregates{}
	count := b.aggregate(aggs, fn, nil, []source.Span{}, span)
	key, n := b.newColFor(its[0].name, its[0].expr), b.newCol("count_"+its[0].name, types.Long)
	node := &rel.Aggregate{In: in.node, Keys: []rel.Item{{Col: key, Expr: its[0].expr}}, Aggs: aggs.items}
	return &table{cols: []rel.Col{key, n}, node: &rel.Project{In: node, Items: []rel.Item{{Col: key, Expr: key.Ref()}, {Col: n, Expr: count}}}}
}
