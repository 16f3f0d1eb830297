package bind

import (
	"slices"
	"strconv"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// joinKinds are the flavours of join. Swap: the flavour is that of the exchanged sides.
var joinKinds = map[string]struct {
	kind   rel.JoinKind
	swap   bool
	unique bool
}{
	"inner": {kind: rel.Inner}, "innerunique": {kind: rel.Inner, unique: true},
	"leftouter": {kind: rel.LeftOuter}, "rightouter": {kind: rel.RightOuter}, "fullouter": {kind: rel.FullOuter},
	"leftsemi": {kind: rel.LeftSemi}, "rightsemi": {kind: rel.LeftSemi, swap: true},
	"leftanti": {kind: rel.LeftAnti}, "leftantisemi": {kind: rel.LeftAnti}, "anti": {kind: rel.LeftAnti},
	"rightanti": {kind: rel.LeftAnti, swap: true}, "rightantisemi": {kind: rel.LeftAnti, swap: true},
}

// param returns the value of an operator's parameter as a word or text, "" if it is not given.
func param(params []*syntax.OpParam, name string) (string, *syntax.OpParam) {
	for _, p := range params {
		if p.Name != name {
			continue
		}
		switch v := p.Value.(type) {
		case *syntax.Ident:
			return v.Name, p
		case *syntax.Lit:
			return v.Text, p
		}
		return "", p
	}
	return "", nil
}

// join combines the rows of two tables on equal keys.
func (b *binder) join(e *env, in *table, o *syntax.JoinOp) *table {
	right := b.tableExpr(e, o.Right)
	if right == nil {
		return nil
	}
	word, p := param(o.Params, "kind")
	if p == nil {
		word = "innerunique"
	}
	k, ok := joinKinds[word]
	if !ok {
		b.add("KS120", p.Value.Span(), "'"+word+"' is no kind of join")
		return nil
	}
	on := o.On
	if o.Where != nil {
		on = append(on[:len(on):len(on)], o.Where)
	}
	keys, ok := b.joinKeys(e, in, right, on, o.WordSpan())
	if !ok {
		return nil
	}
	b.noteSides(in, right, keys)
	left := in
	if k.unique {
		l := *in
		d := &rel.DistinctOn{In: in.node, Order: in.order}
		for _, key := range keys {
			d.On = append(d.On, key.Left)
		}
		l.node = d
		left = &l
	}
	if k.swap {
		left, right = right, left
		for i, key := range keys {
			keys[i] = rel.EqKey{Left: key.Right, Right: key.Left}
		}
	}
	return b.joined(k.kind, left, right, keys, nil)
}

// noteSides keeps for Options.Trace what a join is made of.
func (b *binder) noteSides(left, right *table, keys []rel.EqKey) {
	if b.opts.Trace == nil {
		return
	}
	back := make([]rel.EqKey, len(keys))
	for i, k := range keys {
		back[i] = rel.EqKey{Left: k.Right, Right: k.Left}
	}
	b.sides = &Sides{Right: right.node, LeftMatched: &rel.Join{Kind: rel.LeftSemi, Left: left.node, Right: right.node, On: slices.Clone(keys)},
		RightMatched: &rel.Join{Kind: rel.LeftSemi, Left: right.node, Right: left.node, On: back}}
}

// joined builds a join. Columns of the right side named in drop (lookup's keys) are not put out.
func (b *binder) joined(kind rel.JoinKind, left, right *table, keys []rel.EqKey, drop map[string]bool) *table {
	j := &rel.Join{Kind: kind, Left: left.node, Right: right.node, On: keys}
	out := &table{node: j, open: left.open || right.open, bag: left.bag}
	if kind == rel.LeftSemi || kind == rel.LeftAnti {
		out.cols, out.open = left.cols, left.open
		return out
	}
	leftCols, rightCols := left.cols, right.cols
	if kind == rel.RightOuter || kind == rel.FullOuter {
		j.LeftOut, leftCols = b.absent(left)
		out.bag = nil
	}
	if kind == rel.LeftOuter || kind == rel.FullOuter {
		j.RightOut, rightCols = b.absent(right)
	}
	out.cols = append(out.cols, leftCols...)
	taken := map[string]bool{}
	for _, c := range leftCols {
		taken[c.Name] = true
	}
	inLeft := map[string]bool{}
	for n := range taken {
		inLeft[n] = true
	}
	for _, c := range rightCols {
		taken[c.Name] = true
	}
	rename := false
	for _, c := range rightCols {
		if drop[c.Name] {
			continue
		}
		if inLeft[c.Name] {
			name := c.Name
			for i := 1; taken[name]; i++ {
				name = c.Name + strconv.Itoa(i)
			}
			taken[name] = true
			c.Name = name
			rename = true
		}
		out.cols = append(out.cols, c)
	}
	if rename || len(drop) > 0 {
		return b.keep(out, out.cols)
	}
	return out
}

// absent gives the columns of a side that may be missing new numbers; visible are those a user sees.
func (b *binder) absent(t *table) (all, visible []rel.Col) {
	fresh := map[rel.ColID]rel.Col{}
	for _, c := range t.node.Cols() {
		n := b.newCol(c.Name, c.Type)
		fresh[c.ID] = n
		all = append(all, n)
	}
	for _, c := range t.cols {
		n := fresh[c.ID]
		n.Name = c.Name
		visible = append(visible, n)
	}
	return all, visible
}

// joinKeys binds the conditions of join and lookup: a common column, or $left.a == $right.b, and any
// number of them joined by commas or and.
func (b *binder) joinKeys(e *env, left, right *table, on []syntax.Expr, span source.Span) ([]rel.EqKey, bool) {
	if len(on) == 0 {
		b.add("KS006", span, "the condition (on …) is missing")
		return nil, false
	}
	var keys []rel.EqKey
	for _, x := range on {
		k, ok := b.joinKey(e, left, right, x)
		if !ok {
			return nil, false
		}
		keys = append(keys, k...)
	}
	return keys, true
}

func (b *binder) joinKey(e *env, left, right *table, x syntax.Expr) ([]rel.EqKey, bool) {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return b.joinKey(e, left, right, x.X)
	case *syntax.Ident:
		l, okL := b.sideColumn(left, x.Name)
		r, okR := b.sideColumn(right, x.Name)
		if !okL && !okR {
			b.errName(x.Span(), x.Name, b.nearName(&row{t: left}, x.Name))
			return nil, false
		}
		if !okL || !okR {
			b.add("KS145", x.Span(), "the column '"+x.Name+"' must be on both sides of the join")
			return nil, false
		}
		if l.Type() != r.Type() && !b.isUntyped(l) && !b.isUntyped(r) && l.Type() != types.Dynamic && r.Type() != types.Dynamic {
			b.add("KS227", x.Span(), "the common column '"+x.Name+"' must have the same type on both sides: it is "+l.Type().String()+" and "+r.Type().String())
			return nil, false
		}
		return b.matchKeys(l, r, x)
	case *syntax.BinaryExpr:
		if x.Op == "and" {
			l, ok1 := b.joinKey(e, left, right, x.X)
			r, ok2 := b.joinKey(e, left, right, x.Y)
			return append(l, r...), ok1 && ok2
		}
		if x.Op != "==" {
			break
		}
		l, sideL, ok1 := b.joinSide(e, left, right, x.X)
		r, sideR, ok2 := b.joinSide(e, left, right, x.Y)
		if !ok1 || !ok2 {
			return nil, false
		}
		if sideL != "$left" || sideR != "$right" {
			b.add("KS183", x.Span(), "a join condition must be $left.column == $right.column, in this order")
			return nil, false
		}
		return b.matchKeys(l, r, x)
	}
	b.addHint("KS182", x.Span(), "this is no join condition", "name a column that both sides have, or write $left.a == $right.b")
	return nil, false
}

func (b *binder) sideColumn(t *table, name string) (rel.Expr, bool) {
	if c, ok := t.col(name); ok {
		return c.Ref(), true
	}
	if t.open {
		return b.openColumn(t, name), true
	}
	return nil, false
}

func (b *binder) joinSide(_ *env, left, right *table, x syntax.Expr) (rel.Expr, string, bool) {
	if p, ok := x.(*syntax.PathExpr); ok {
		base, ok1 := p.X.(*syntax.Ident)
		sel, ok2 := p.Sel.(*syntax.Ident)
		if ok1 && ok2 && (base.Name == "$left" || base.Name == "$right") {
			side := left
			if base.Name == "$right" {
				side = right
			}
			c, ok := b.sideColumn(side, sel.Name)
			if !ok {
				b.errName(sel.Span(), sel.Name, b.nearName(&row{t: side}, sel.Name))
			}
			return c, base.Name, ok
		}
	}
	b.add("KS183", x.Span(), "a side of a join condition must be $left.column or $right.column")
	return nil, "", false
}

// matchKeys brings two keys to one type.
func (b *binder) matchKeys(l, r rel.Expr, x syntax.Expr) ([]rel.EqKey, bool) {
	switch {
	case b.isUntyped(l) && b.isUntyped(r):
		l, r = b.convert(l, types.String), b.convert(r, types.String)
	case b.isUntyped(l):
		l = b.convert(l, r.Type())
	case b.isUntyped(r):
		r = b.convert(r, l.Type())
	case l.Type() == types.Dynamic || r.Type() == types.Dynamic:
		b.addHint("KS241", x.Span(), "a join key cannot be dynamic", "convert it: extend key = tostring(…)")
		return nil, false
	}
	if l.Type() == r.Type() {
		return []rel.EqKey{{Left: l, Right: r}}, true
	}
	if l.Type().IsInteger() && r.Type().IsInteger() {
		t := widest(l.Type(), r.Type())
		return []rel.EqKey{{Left: b.convert(l, t), Right: b.convert(r, t)}}, true
	}
	b.add("KS242", x.Span(), "the join keys have different types: "+l.Type().String()+" and "+r.Type().String())
	return nil, false
}

// lookup adds the columns of a smaller table; its keys are not repeated.
func (b *binder) lookup(e *env, in *table, o *syntax.LookupOp) *table {
	right := b.tableExpr(e, o.Right)
	if right == nil {
		return nil
	}
	kind := rel.LeftOuter
	switch word, p := param(o.Params, "kind"); {
	case p == nil || word == "leftouter":
	case word == "inner":
		kind = rel.Inner
	default:
		b.add("KS120", p.Value.Span(), "'"+word+"' is no kind of lookup: leftouter or inner")
		return nil
	}
	keys, ok := b.joinKeys(e, in, right, o.On, o.WordSpan())
	if !ok {
		return nil
	}
	b.noteSides(in, right, keys)
	drop := map[string]bool{}
	for _, k := range keys {
		rel.WalkExpr(k.Right, func(x rel.Expr) {
			if ref, ok := x.(*rel.ColRef); ok {
				for _, c := range right.cols {
					if c.ID == ref.ID {
						drop[c.Name] = true
					}
				}
			}
		})
	}
	return b.joined(kind, in, right, keys, drop)
}
