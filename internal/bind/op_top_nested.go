package bind

import (
	"slices"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// nestedLevel is one level of top-nested as it is bound: its value and its aggregate.
type nestedLevel struct {
	value, agg item
	desc       bool
}

// topNested groups rows level by level and keeps the largest groups of each. Every level groups the rows whose
// groups were kept on the level before it.
// https://learn.microsoft.com/kusto/query/top-nested-operator
func (b *binder) topNested(e *env, in *table, o *syntax.TopNestedOp) *table {
	uses := b.shared(in).(tableBinding).bind
	names := newNames()
	var kept *table // value and aggregate of each level so far
	var rests []*table
	for i, l := range o.Levels {
		var before func() *table
		if kept != nil {
			before = b.shared(kept).(tableBinding).bind
		}
		groups, level, ok := b.nestedGroups(e, uses(), before, o.Levels[:i+1])
		if !ok {
			return nil
		}
		n := len(groups.cols)
		groups.cols[n-2].Name = names.unique(level.value.name)
		groups.cols[n-1].Name = names.unique(level.agg.name)
		if l.Count == nil || !slices.ContainsFunc(o.Levels[i:], func(l *syntax.TopNestedLevel) bool { return l.Others != nil }) {
			if kept, ok = b.nestedTop(e, groups, l, level); !ok {
				return nil
			}
			continue
		}
		top, below, ok := b.nestedSplit(e, groups, l, level)
		if !ok {
			return nil
		}
		rest, ok := b.nestedRest(e, uses(), below, o.Levels)
		if !ok {
			return nil
		}
		rests, kept = append(rests, rest), top
	}
	if len(rests) == 0 {
		return kept
	}
	return b.nestedUnion(kept, rests)
}

// nestedRows binds the values of the levels over rows of the input, and joins the groups kept so far. It returns
// the rows with the columns of those groups, and the values' expressions.
func (b *binder) nestedRows(e *env, rows *table, before func() *table, levels []*syntax.TopNestedLevel) (*table, []item, bool) {
	r := &row{t: rows, env: e}
	var values []item
	for _, l := range levels {
		its, ok := b.itemsOf(r, l.Of)
		if !ok || len(its) != 1 {
			return nil, nil, false
		}
		if its[0].expr, ok = b.key(its[0].expr, its[0].span); !ok {
			return nil, nil, false
		}
		values = append(values, its[0])
	}
	if before == nil {
		return rows, values, true
	}
	groups := before()
	j := &rel.Join{Kind: rel.Inner, Left: rows.node, Right: groups.node}
	for i := range levels[:len(levels)-1] {
		j.On = append(j.On, rel.EqKey{Left: values[i].expr, Right: groups.cols[2*i].Ref()})
	}
	out := *rows
	out.node = j
	for i := range values[:len(values)-1] {
		values[i].expr = groups.cols[2*i].Ref()
	}
	out.cols = append(rows.cols[:len(rows.cols):len(rows.cols)], groups.cols...)
	return &out, values, true
}

// nestedGroups groups rows by the values of all levels and computes the last level's aggregate.
func (b *binder) nestedGroups(e *env, rows *table, before func() *table, levels []*syntax.TopNestedLevel) (*table, nestedLevel, bool) {
	joined, values, ok := b.nestedRows(e, rows, before, levels)
	if !ok {
		return nil, nestedLevel{}, false
	}
	agg := &rel.Aggregate{In: joined.node, Order: rows.order}
	out := &table{}
	key := func(c rel.Col, x rel.Expr) {
		agg.Keys = append(agg.Keys, rel.Item{Col: c, Expr: x})
		out.cols = append(out.cols, c)
	}
	for _, c := range joined.cols[len(rows.cols):] { // the values and aggregates of the levels before
		key(b.newCol(c.Name, c.Type), c.Ref())
	}
	last := values[len(values)-1]
	key(b.newCol(last.name, last.expr.Type()), last.expr)
	level, ok := b.nestedAggregate(e, rows, agg, levels[len(levels)-1], last)
	if !ok {
		return nil, level, false
	}
	b.putNested(out, agg, level)
	return out, level, true
}

// putNested adds the aggregate of a level to the groups.
func (b *binder) putNested(out *table, agg *rel.Aggregate, level nestedLevel) {
	p := &rel.Project{In: agg}
	for _, c := range out.cols {
		p.Items = append(p.Items, rel.Item{Col: c, Expr: c.Ref()})
	}
	sum := b.newCol(level.agg.name, level.agg.expr.Type())
	p.Items = append(p.Items, rel.Item{Col: sum, Expr: level.agg.expr})
	out.cols = append(out.cols, sum)
	out.node = p
}

// nestedAggregate binds by aggregate asc|desc of a level.
func (b *binder) nestedAggregate(e *env, rows *table, agg *rel.Aggregate, l *syntax.TopNestedLevel, value item) (nestedLevel, bool) {
	level := nestedLevel{value: value, desc: true}
	by := l.By
	if ord, ok := by.(*syntax.OrderedExpr); ok {
		by = ord.X
		level.desc = ord.Dir != syntax.OrderAsc && ord.Dir != syntax.OrderGrannyAsc
	}
	aggs := &aggregates{keys: agg.Keys}
	its, ok := b.aggregateItems(&row{t: rows, env: e, aggs: aggs}, by)
	if !ok || len(its) != 1 {
		return level, false
	}
	agg.Aggs = aggs.items
	level.agg = its[0]
	if !level.agg.explicit {
		level.agg.name = "aggregated_" + value.name
	}
	return level, true
}

// nestedTop keeps the first groups of each parent group.
func (b *binder) nestedTop(e *env, groups *table, l *syntax.TopNestedLevel, level nestedLevel) (*table, bool) {
	if l.Count == nil {
		return groups, true
	}
	count, ok := b.rowCount(e, l.Count)
	if !ok {
		return nil, false
	}
	n := len(groups.cols)
	order := []rel.Key{{Col: groups.cols[n-1], Desc: level.desc, NullsLast: level.desc}}
	out := *groups
	if n == 2 {
		out.node = &rel.Limit{In: groups.node, Count: count, Order: order}
		return &out, true
	}
	number := rel.WindowItem{Out: b.newCol("$number", types.Long), Func: rel.RowNumber}
	for i := 0; i < n-2; i += 2 {
		number.Partition = append(number.Partition, groups.cols[i].Ref())
	}
	w := &rel.Window{In: groups.node, Items: []rel.WindowItem{number}, Order: order}
	out.node = &rel.Filter{In: w, Pred: b.apply("<=", l.Span(), number.Out.Ref(), count)}
	return b.keep(&out, out.cols), true
}

// nestedSplit parts the first groups of each parent group from the others. Among groups of one rank the values
// decide, so that none is on both sides.
func (b *binder) nestedSplit(e *env, groups *table, l *syntax.TopNestedLevel, level nestedLevel) (top, below *table, ok bool) {
	count, ok := b.rowCount(e, l.Count)
	if !ok {
		return nil, nil, false
	}
	n := len(groups.cols)
	number := rel.WindowItem{Out: b.newCol("$number", types.Long), Func: rel.RowNumber}
	for i := 0; i < n-2; i += 2 {
		number.Partition = append(number.Partition, groups.cols[i].Ref())
	}
	ranked := *groups
	ranked.node = &rel.Window{In: groups.node, Items: []rel.WindowItem{number},
		Order: []rel.Key{{Col: groups.cols[n-1], Desc: level.desc, NullsLast: level.desc}, {Col: groups.cols[n-2]}}}
	ranked.cols = append(groups.cols[:n:n], number.Out)
	use := b.shared(&ranked).(tableBinding).bind
	side := func(op string) *table {
		t := use()
		t.node = &rel.Filter{In: t.node, Pred: b.apply(op, l.Span(), t.cols[n].Ref(), count)}
		return b.keep(t, t.cols[:n])
	}
	return side("<="), side(">"), true
}

// nestedRest is with others for the rows that one level dropped: those of the groups (by the values of the levels
// so far) that are not among the top ones. There is a row for each parent group that lost some. In it this level
// and those behind it stand for all of these rows: with the value of others and the aggregate over them where the
// level has others, else with nulls.
func (b *binder) nestedRest(e *env, rows, groups *table, levels []*syntax.TopNestedLevel) (*table, bool) {
	n := len(groups.cols)
	r := &row{t: rows, env: e}
	j := &rel.Join{Kind: rel.Inner, Left: rows.node, Right: groups.node}
	agg := &rel.Aggregate{In: j, Order: rows.order}
	out := &table{}
	p := &rel.Project{In: agg}
	put := func(c rel.Col, x rel.Expr) {
		p.Items = append(p.Items, rel.Item{Col: c, Expr: x})
		out.cols = append(out.cols, c)
	}
	for _, c := range groups.cols[:n-2] {
		key := b.newCol(c.Name, c.Type)
		agg.Keys = append(agg.Keys, rel.Item{Col: key, Expr: c.Ref()})
		put(b.newCol(c.Name, c.Type), key.Ref())
	}
	// A key that is the same for all rows, so that without rows there is no group.
	agg.Keys = append(agg.Keys, rel.Item{Col: b.newCol("$rest", types.Bool), Expr: lit(types.BoolOf(true))})
	aggs := &aggregates{keys: agg.Keys}
	for i, l := range levels {
		its, ok := b.itemsOf(r, l.Of)
		if !ok || len(its) != 1 {
			return nil, false
		}
		value, ok := b.key(its[0].expr, its[0].span)
		if !ok {
			return nil, false
		}
		if 2*i < n {
			j.On = append(j.On, rel.EqKey{Left: value, Right: groups.cols[2*i].Ref()})
		}
		if 2*i < n-2 {
			continue
		}
		by := l.By
		if ord, isOrd := by.(*syntax.OrderedExpr); isOrd {
			by = ord.X
		}
		sums, ok := b.aggregateItems(&row{t: rows, env: e, aggs: aggs}, by)
		if !ok || len(sums) != 1 {
			return nil, false
		}
		name, sum := rel.Expr(lit(types.Null(value.Type()))), rel.Expr(lit(types.Null(sums[0].expr.Type())))
		if l.Others != nil {
			v, ok := b.constant(e, l.Others, "the value of others")
			if !ok {
				return nil, false
			}
			name, sum = b.convert(lit(v), value.Type()), sums[0].expr
		}
		put(b.newCol(its[0].name, value.Type()), name)
		put(b.newCol(sums[0].name, sum.Type()), sum)
	}
	agg.Aggs = aggs.items
	out.node = p
	return out, true
}

// nestedUnion puts the rows of tables of the same columns together.
func (b *binder) nestedUnion(first *table, rests []*table) *table {
	u := &rel.Union{}
	for _, t := range append([]*table{first}, rests...) {
		p := &rel.Project{In: t.node}
		for _, c := range t.cols {
			p.Items = append(p.Items, rel.Item{Col: b.newCol(c.Name, c.Type), Expr: c.Ref()})
		}
		u.Ins = append(u.Ins, p)
	}
	for _, c := range first.cols {
		u.Out = append(u.Out, b.newCol(c.Name, c.Type))
	}
	return &table{node: u, cols: u.Out}
}
