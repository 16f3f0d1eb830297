package bind

import (
	"sort"
	"strings"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// bagUnpack makes a column of each key of a property bag: bag_unpack(bag [, prefix] [, conflict] [, ignored]).
// Which keys there are is known from the schema that the query gives behind the call, else from the data:
// binding then looks at the rows (Options.Probe), and without that the result's schema is open.
// https://learn.microsoft.com/kusto/query/bag-unpack-plugin
func bagUnpack(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 1, "column", "column_prefix", "columnsConflict", "ignoredProperties")
	a.none()
	bag := a.column("column", types.Dynamic)
	prefix := a.constant("column_prefix", types.StringOf("")).ToText()
	conflict := a.constant("columnsConflict", types.StringOf("error")).ToText()
	ignored := map[string]bool{}
	if n, err := types.ParseJSON(a.constant("ignoredProperties", types.DynamicOf("[]")).Text()); err == nil {
		for _, k := range n.Items {
			ignored[k.Str] = true
		}
	}
	switch conflict {
	case "error", "keep_source", "replace_source":
	default:
		b.add("KS140", a.span("columnsConflict"), "'"+conflict+"' is no value for 'columnsConflict' of bag_unpack; it takes error, replace_source and keep_source")
		a.bad = true
	}
	if a.bad {
		return nil
	}
	keys, known := b.bagKeys(in, bag, prefix, conflict, o)
	if keys == nil && !known {
		return nil
	}
	its := make([]item, 0, len(in.cols)+len(keys))
	taken := map[string]int{}
	for _, c := range in.cols {
		taken[c.Name] = len(its)
		its = append(its, item{name: c.Name, expr: c.Ref(), explicit: true})
	}
	at := taken[bag.Name]
	its[at].expr = nil // a key of the bag's own name comes in its place
	for _, k := range keys {
		if ignored[k.Name] {
			continue
		}
		x := b.convert(b.member(bag.Ref(), k.Name), k.Type)
		name := prefix + k.Name
		i, clash := taken[name]
		switch {
		case clash && i == at:
			its[i].expr = x
		case clash && conflict == "keep_source":
		case clash && conflict == "replace_source":
			its[i].expr = x
		case clash:
			b.addHint("VQ011", o.Call.Span(), "bag_unpack would make a second column called '"+name+"'", "give a prefix, or 'keep_source' or 'replace_source' as the third argument")
			return nil
		default:
			taken[name] = len(its)
			its = append(its, item{name: name, expr: x, explicit: true, span: o.Call.Span()})
		}
	}
	if its[at].expr == nil {
		its = append(its[:at], its[at+1:]...)
	}
	hidden := *in
	hidden.bag = &bag
	out := b.projectItems(in.node, &hidden, its)
	switch {
	case out == nil:
	case o.Schema != nil:
		return b.schemaOrder(out, o.Schema)
	default:
		out.open = true
		out.bag = &bag
		if prefix != "" {
			out.bag = nil
		}
	}
	return out
}

// bagKeys lists the keys of a bag with their types. known is false after a fault.
func (b *binder) bagKeys(in *table, bag rel.Col, prefix, conflict string, o *syntax.EvaluateOp) (keys []types.Column, known bool) {
	if o.Schema != nil {
		cols, ok := b.rowSchema(o.Schema)
		for _, c := range cols {
			old, isInput := in.col(c.Name)
			if isInput && old.ID != bag.ID && conflict != "replace_source" {
				continue
			}
			if key, ok := strings.CutPrefix(c.Name, prefix); ok {
				keys = append(keys, types.Column{Name: key, Type: c.Type})
			}
		}
		return keys, ok
	}
	if b.opts.Probe == nil {
		return nil, true
	}
	fn, ok := b.opts.Funcs.Lookup(funcs.Aggregate, "buildschema")
	if !ok {
		panic("bind: the catalogue lacks buildschema")
	}
	out := b.newCol("schema", types.Dynamic)
	agg := &rel.Aggregate{In: in.node, Aggs: []rel.AggItem{{Call: &rel.Call{Fn: fn, Sig: &fn.Sigs[0], Args: []rel.Expr{bag.Ref()}, T: types.Dynamic}, Outs: []rel.Col{out}}}}
	res, ok := b.probed(in.node, agg, o.Call, "give the columns behind the call: evaluate bag_unpack(…) : (column: type, …)")
	if !ok {
		return nil, false
	}
	if len(res.Rows) == 0 || res.Rows[0][0].IsNull() {
		return nil, true
	}
	n, err := types.ParseJSON(res.Rows[0][0].Text())
	if err != nil || n.Kind != types.JSONObject {
		return nil, true
	}
	for i, k := range n.Keys {
		keys = append(keys, types.Column{Name: k, Type: schemaType(n.Items[i])})
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i].Name < keys[j].Name })
	return keys, true
}

// withShares makes the shared computations known to a plan that is run on its own.
func (b *binder) withShares(n rel.Node) rel.Node {
	if len(b.shares) == 0 {
		return n
	}
	return &rel.With{Shares: b.shares, Body: n}
}

// schemaType is the column type for what buildschema says of a key: one scalar type is itself, several or
// a nested one are dynamic.
func schemaType(n types.JSON) types.Type {
	if n.Kind != types.JSONString {
		return types.Dynamic
	}
	if t, ok := types.Parse(strings.TrimSpace(n.Str)); ok {
		return t
	}
	return types.Dynamic
}
