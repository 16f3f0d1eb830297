package bind

import (
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// sortKeys binds the keys of sort and top; keys that are no plain columns become hidden ones. Kusto's
// default is descending, nulls last when descending and first when ascending.
func (b *binder) sortKeys(e *env, in *table, list []syntax.Expr) (*table, []rel.Key, bool) {
	r := &row{t: in, env: e, window: windowable(in)}
	var keys []rel.Key
	var extra []rel.Item
	for _, x := range list {
		desc, nullsLast := true, true
		inner := x
		if o, ok := x.(*syntax.OrderedExpr); ok {
			inner = o.X
			if o.Dir == syntax.OrderAsc || o.Dir == syntax.OrderGrannyAsc {
				desc, nullsLast = false, false
			}
			switch o.Nulls {
			case syntax.NullsFirst:
				nullsLast = false
			case syntax.NullsLast:
				nullsLast = true
			}
		}
		if n, ok := inner.(*syntax.NamedExpr); ok {
			inner = n.Value
		}
		v := b.scalarExpr(r, inner)
		if isBad(v) {
			return nil, nil, false
		}
		v, ok := b.key(v, inner.Span())
		if !ok {
			return nil, nil, false
		}
		if c, ok := v.(*rel.ColRef); ok {
			keys = append(keys, rel.Key{Col: rel.Col{ID: c.ID, Type: c.T, Name: b.nameOf(r, inner)}, Desc: desc, NullsLast: nullsLast})
			continue
		}
		if _, isConst := rel.Const(v); isConst {
			continue // every row has the same key
		}
		col := b.newCol("$key", v.Type())
		extra = append(extra, rel.Item{Col: col, Expr: v})
		keys = append(keys, rel.Key{Col: col, Desc: desc, NullsLast: nullsLast})
	}
	out := *in
	out.node = windowed(r, in)
	if len(extra) > 0 {
		p := &rel.Project{In: out.node}
		for _, c := range append(in.cols[:len(in.cols):len(in.cols)], in.hidden(in.cols)...) {
			p.Items = append(p.Items, rel.Item{Col: c, Expr: c.Ref()})
		}
		p.Items = append(p.Items, extra...)
		out.node = p
	}
	return &out, keys, true
}

// sort puts the rows in an order. Rows that tie keep the order they had.
func (b *binder) sort(e *env, in *table, list []syntax.Expr) *table {
	out, keys, ok := b.sortKeys(e, in, list)
	if !ok {
		return nil
	}
	out.order, out.explicit = appendKeys(keys, in.order), true
	return out
}

func appendKeys(keys, more []rel.Key) []rel.Key {
	out := append([]rel.Key(nil), keys...)
next:
	for _, k := range more {
		for _, have := range out {
			if have.Col.ID == k.Col.ID {
				continue next
			}
		}
		out = append(out, k)
	}
	return out
}

// top is sort and take.
func (b *binder) top(e *env, in *table, o *syntax.TopOp) *table {
	out := b.sort(e, in, []syntax.Expr{o.By})
	if out == nil {
		return nil
	}
	return b.take(e, out, o.Count)
}

// take keeps some rows: the first ones of an order, any if there is none.
func (b *binder) take(e *env, in *table, count syntax.Expr) *table {
	n := b.scalarExpr(scalarsOnly(e), count)
	if isBad(n) {
		return nil
	}
	if !n.Type().IsInteger() {
		b.add("KS134", count.Span(), "expected a whole number, found "+n.Type().String())
		return nil
	}
	out := *in
	out.node = &rel.Limit{In: in.node, Count: b.convert(n, types.Long), Order: in.order}
	return &out
}

// serialize fixes the order the rows have, and may add columns with window functions.
func (b *binder) serialize(e *env, in *table, o *syntax.SerializeOp) *table {
	out := *in
	if len(in.order) == 0 {
		n := b.newCol("$row", types.Long)
		out.node = &rel.Window{In: in.node, Items: []rel.WindowItem{{Out: n, Func: rel.RowNumber}}}
		out.order = []rel.Key{{Col: n}}
	}
	out.explicit = true
	if len(o.Columns) == 0 {
		return &out
	}
	return b.extend(e, &out, o.Columns)
}
