package bind

import (
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
)

// partition runs a subquery for every value of a key: over the rows with that value, or, in braces, over a
// source of its own that may name the key. The strategies differ in cost and not in the result.
// https://learn.microsoft.com/kusto/query/partition-operator
func (b *binder) partition(e *env, in *table, by, scope, body syntax.Expr) *table {
	if scope != nil {
		b.errUnsupported(scope.Span(), "partition by … in")
		return nil
	}
	r := &row{t: in, env: e, window: windowable(in)}
	key := b.scalarExpr(r, by)
	if isBad(key) {
		return nil
	}
	key, ok := b.key(key, by.Span())
	if !ok {
		return nil
	}
	withKey := *in
	keyCol := b.newCol("$partition", key.Type())
	withKey.node = b.passing(windowed(r, in), in, []rel.Item{{Col: keyCol, Expr: key}})
	b.lateral++
	defer func() { b.lateral-- }()
	mark := len(b.shares)

	distinct := func(node rel.Node, key rel.Col) (rel.Node, rel.Col) {
		one := b.newCol(keyCol.Name, key.Type)
		return &rel.Aggregate{In: node, Keys: []rel.Item{{Col: one, Expr: key.Ref()}}}, one
	}
	if pipe, ok := body.(*syntax.Pipe); !ok || pipe.Source != nil {
		keys, one := distinct(withKey.node, keyCol)
		name := b.nameOf(r, by)
		sub := b.tableExpr(e.with(name, scalarBinding{one.Ref()}), body)
		if sub == nil || !b.sharesClosed(mark, body.Span()) {
			return nil
		}
		return b.applied(keys, sub)
	} else {
		rows, keyOf := b.sharedWith(&withKey, keyCol)
		mark = len(b.shares)
		left, leftKey := keyOf(rows())
		keys, one := distinct(left.node, leftKey)
		right, rightKey := keyOf(rows())
		part := *right
		part.node = &rel.Filter{In: right.node, Pred: b.hiddenCall("match.same", rightKey.Ref(), one.Ref())}
		sub := b.pipe(e, &part, pipe)
		if sub == nil || !b.sharesClosed(mark, body.Span()) {
			return nil
		}
		return b.applied(keys, sub)
	}
}

// applied is the table of a subquery that is evaluated for every row of left.
func (b *binder) applied(left rel.Node, sub *table) *table {
	out := *sub
	out.node, out.explicit = &rel.Apply{Left: left, Right: sub.node}, false
	out.order = append(keysOf(left.Cols()), sub.order...) // rows that tie later on stay as they are here
	return b.keep(&out, out.cols)
}

// sharedWith is shared for a table with a hidden column; the second function finds that column in a use.
func (b *binder) sharedWith(t *table, hidden rel.Col) (uses func() *table, find func(*table) (*table, rel.Col)) {
	wide := *t
	wide.cols = append(t.cols[:len(t.cols):len(t.cols)], hidden)
	uses = b.shared(&wide).(tableBinding).bind
	return uses, func(u *table) (*table, rel.Col) {
		n := len(u.cols) - 1
		narrow := *u
		narrow.cols = u.cols[:n]
		return &narrow, u.cols[n]
	}
}

// partitionBody is the subquery of __partitionby.
func (b *binder) partitionBy(e *env, in *table, o *syntax.PartitionByOp) *table {
	if pipe, ok := o.Body.(*syntax.Pipe); ok && pipe.Source != nil {
		b.errUnsupported(pipe.Source.Span(), "a source in the subquery of __partitionby")
		return nil
	}
	return b.partition(e, in, o.By, nil, o.Body)
}
