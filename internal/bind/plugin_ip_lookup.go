package bind

import (
	"strconv"

	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// ipv4Lookup adds the rows of a table of networks to the rows whose address lies in them.
// https://learn.microsoft.com/kusto/query/ipv4-lookup-plugin
func ipv4Lookup(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	return b.ipLookup(e, in, o, &exec.IPLookup{Plugin: "ipv4_lookup", Parse: funcs.IPv4Prefix})
}

// ipv6Lookup is the same for IPv6 addresses. Its result begins with the columns of the looked-up table.
// https://learn.microsoft.com/kusto/query/ipv6-lookup-plugin
func ipv6Lookup(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	return b.ipLookup(e, in, o, &exec.IPLookup{Plugin: "ipv6_lookup", Parse: funcs.IPv6Prefix})
}

// ipLookup binds a lookup. Only the distinct addresses and the networks go through Go, which tells what
// lies where; joins do the rest.
func (b *binder) ipLookup(e *env, in *table, o *syntax.EvaluateOp, op *exec.IPLookup) *table {
	a := b.pluginArgs(e, in, o.Call, 3, "LookupTable", "SourceIPKey", "IPLookupKey")
	if a.bad {
		return nil
	}
	right := b.tableExpr(e, a.at["LookupTable"])
	if right == nil {
		return nil
	}
	var extra []*syntax.Ident
	all := false
	for _, x := range a.rest {
		if n, ok := x.(*syntax.NamedExpr); ok && len(n.Names) == 1 && n.Names[0].Name == "return_unmatched" {
			x = n.Value
		} else if id, ok := x.(*syntax.Ident); ok {
			if _, isCol := in.col(id.Name); isCol && op.Plugin == "ipv4_lookup" {
				extra = append(extra, id)
				continue
			}
		}
		v, ok := b.constant(e, x, "the argument 'return_unmatched' of "+op.Plugin)
		if !ok {
			return nil
		}
		all = v.To(types.Bool).Bool()
	}
	left, address := b.keyed(in, a.at["SourceIPKey"])
	if left == nil {
		return nil
	}
	networks, network := b.keyed(right, a.at["IPLookupKey"])
	if networks == nil {
		return nil
	}
	number := b.newCol("$number", types.Long)
	networks.node = &rel.Window{In: networks.node, Items: []rel.WindowItem{{Out: number, Func: rel.RowNumber}}, Order: networks.order}
	hide := func(t *table, cols ...rel.Col) *table { // keeps columns below the visible ones
		t.order = append(t.order[:len(t.order):len(t.order)], keysOf(cols)...)
		return t
	}
	shareL := b.shared(hide(left, address)).(tableBinding)
	shareR := b.shared(hide(networks, network, number)).(tableBinding)
	take := func(s tableBinding, n int) (*table, []rel.Col) {
		t := *s.bind()
		cut := len(t.order) - n
		var cols []rel.Col
		for _, k := range t.order[cut:] {
			cols = append(cols, k.Col)
		}
		t.order = t.order[:cut]
		return &t, cols
	}
	l1, c1 := take(shareL, 1)
	r1, c2 := take(shareR, 2)
	distinct := b.newCol("$address", types.String)
	node, order, args := b.stacked(
		tier{in: &rel.Aggregate{In: l1.node, Keys: []rel.Item{{Col: distinct, Expr: c1[0].Ref()}}}, order: keysOf([]rel.Col{distinct}), cols: []rel.Col{distinct}},
		tier{in: r1.node, order: r1.order, cols: c2},
	)
	pairs := b.native(op, node, order, args, []rel.Col{b.newCol("$address", types.String), b.newCol("$number", types.Long)})
	l2, c3 := take(shareL, 1)
	r2, c4 := take(shareR, 2)
	found := &table{cols: r2.cols, node: &rel.Join{Kind: rel.Inner, Left: pairs.node, Right: r2.node,
		On: []rel.EqKey{{Left: pairs.cols[1].Ref(), Right: c4[1].Ref()}}}}
	on := []rel.EqKey{{Left: c3[0].Ref(), Right: pairs.cols[0].Ref()}}
	drop := map[string]bool{}
	for _, id := range extra {
		k, ok := b.joinKey(e, l2, found, id)
		if !ok {
			return nil
		}
		on = append(on, k...)
		drop[id.Name] = true
	}
	kind := rel.Inner
	if all {
		kind = rel.LeftOuter
	}
	out := b.joined(kind, l2, found, on, drop)
	if op.Plugin == "ipv6_lookup" {
		return b.lookedUpFirst(out, len(in.cols), right.cols)
	}
	return out
}

// keyed adds a column with an address or network, as text, to a table.
func (b *binder) keyed(t *table, x syntax.Expr) (*table, rel.Col) {
	id, ok := x.(*syntax.Ident)
	if !ok {
		b.errColumnExpected(x.Span())
		return nil, rel.Col{}
	}
	ref, ok := b.sideColumn(t, id.Name)
	if !ok {
		b.errName(id.Span(), id.Name, b.nearName(&row{t: t}, id.Name))
		return nil, rel.Col{}
	}
	if ref.Type() != types.String && ref.Type() != types.Dynamic {
		b.errType(x.Span(), types.String, ref.Type())
		return nil, rel.Col{}
	}
	out := *t
	var cols []rel.Col
	out.node, cols = b.computed(t, b.convert(ref, types.String))
	return &out, cols[0]
}

func keysOf(cols []rel.Col) []rel.Key {
	out := make([]rel.Key, len(cols))
	for i, c := range cols {
		out[i] = rel.Key{Col: c}
	}
	return out
}

// lookedUpFirst puts the last columns of a join first; where names clash, those behind get the number.
func (b *binder) lookedUpFirst(t *table, left int, right []rel.Col) *table {
	taken := map[string]bool{}
	var cols []rel.Col
	for i, c := range t.cols[left:] {
		c.Name = right[i].Name
		taken[c.Name] = true
		cols = append(cols, c)
	}
	for _, c := range t.cols[:left] {
		name := c.Name
		for i := 1; taken[name]; i++ {
			name = c.Name + strconv.Itoa(i)
		}
		c.Name = name
		taken[name] = true
		cols = append(cols, c)
	}
	return b.keep(t, cols)
}
