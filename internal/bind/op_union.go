package bind

import (
	"slices"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// union puts the rows of several tables together. With isfuzzy a leg that cannot be resolved is left out.
func (b *binder) union(e *env, in *table, o *syntax.UnionOp) *table {
	fuzzyWord, _ := param(o.Params, "isfuzzy")
	fuzzy := b.bestEffort || fuzzyWord == "true" || fuzzyWord == "True" || fuzzyWord == "1"
	kind, kp := param(o.Params, "kind")
	if kp != nil && kind != "inner" && kind != "outer" {
		b.add("KS120", kp.Value.Span(), "'"+kind+"' is no kind of union: inner or outer")
		return nil
	}
	with, _ := param(o.Params, "withsource")
	if with == "" {
		with, _ = param(o.Params, "with_source")
	}
	var legs []leg
	open := false // a leg that is left out may have had any column
	if in != nil {
		legs = append(legs, leg{in, in.source("union_arg0")})
	}
	for _, x := range o.Tables {
		var got []leg
		var faults []source.Diagnostic
		bind := func() { got = b.unionLegs(e, x, len(legs)) }
		if fuzzy {
			faults = b.try(bind)
		} else {
			bind()
		}
		if len(faults) > 0 {
			b.warn("VQ010", x.Span(), "left out of the union (isfuzzy): "+faults[0].Msg)
			open = true
			continue
		}
		if b.failed() {
			return nil
		}
		legs = append(legs, got...)
	}
	if len(legs) == 0 {
		b.add("KS204", o.Span(), "no table of the union can be resolved")
		return nil
	}
	out := b.unionOf(legs, kind == "inner", with)
	out.open = out.open || open
	return out
}

// leg is one input of a union, with the name that withsource shows.
type leg struct {
	t    *table
	name string
}

// unionLegs binds one source of a union: an expression, or a name with wildcards, which stands for every
// stored table that fits.
func (b *binder) unionLegs(e *env, x syntax.Expr, n int) []leg {
	name := "union_arg" + itoa(n)
	inner := x
	for {
		p, ok := inner.(*syntax.ParenExpr)
		if !ok {
			break
		}
		inner = p.X
	}
	if id, ok := inner.(*syntax.Ident); ok {
		if b.isStored(e, id.Name) || e.isView(id.Name) {
			name = id.Name
		}
		if id.IsWildcard() {
			legs := b.viewLegs(e, id)
			for _, tn := range b.storedTables(e) {
				if wildcard(id.Name, tn) {
					t, _ := b.opts.Catalog.Table(tn)
					legs = append(legs, leg{b.scan(t), tn})
				}
			}
			if len(legs) == 0 {
				b.errTable(id.Span(), id.Name)
			}
			return legs
		}
	}
	t := b.tableExpr(e, x)
	if t == nil {
		if !b.failed() {
			b.errTabularExpected(x.Span())
		}
		return nil
	}
	return []leg{{t, t.source(name)}}
}

// viewLegs are the views, declared by let, whose names fit a wildcard, in the order they were declared.
// https://learn.microsoft.com/kusto/query/functions/user-defined-functions#view-functions
func (b *binder) viewLegs(e *env, id *syntax.Ident) []leg {
	var legs []leg
	for at := e; at != nil; at = at.parent {
		if !wildcard(id.Name, at.name) || !at.isView(at.name) {
			continue
		}
		if seen, _ := e.lookup(at.name); seen != at.b { // declared again further on
			continue
		}
		call := &syntax.CallExpr{Name: &syntax.Ident{Name: at.name}}
		if t, ok := b.callLet(scalarsOnly(e), at.b.(funcBinding), nil, call).(*table); ok {
			legs = append(legs, leg{t, at.name})
		}
	}
	slices.Reverse(legs)
	return legs
}

// isView tells whether a name is that of a view: let v = view () { … }.
func (e *env) isView(name string) bool {
	d, _ := e.lookup(name)
	f, ok := d.(funcBinding)
	return ok && f.fn.View
}

// isStored tells whether a name is that of a stored table: besides views, the one case in which a source has a
// name to show.
func (b *binder) isStored(e *env, name string) bool {
	if _, ok := e.lookup(name); ok {
		return false
	}
	if _, ok := b.storedFunc(e, name); ok {
		return false
	}
	_, ok := b.storedTable(e, name)
	return ok
}

func itoa(n int) string { return types.LongOf(int64(n)).ToText() }

// unionOf puts legs together: a column of one name and type is one column; of one name and several types
// it is name_type for each. Where the first two legs that have a column agree on its type, it stays one column
// and the values of later legs are converted, as Microsoft's binder has it. Inner keeps the columns that every
// leg has.
func (b *binder) unionOf(legs []leg, inner bool, with string) *table {
	type shape struct {
		name  string
		types []types.Type
		legs  int
		fixed bool // the first two legs agree on the type: it is the column's, whatever the others have
	}
	var shapes []*shape
	byName := map[string]*shape{}
	for _, l := range legs {
		for _, c := range l.t.cols {
			t := b.unionType(c)
			s := byName[c.Name]
			if s == nil {
				s = &shape{name: c.Name}
				byName[c.Name] = s
				shapes = append(shapes, s)
			}
			s.legs++
			if s.legs == 2 && s.types[0] == t {
				s.fixed = true
			}
			if !s.fixed && !slices.Contains(s.types, t) {
				s.types = append(s.types, t)
			}
		}
	}
	out := &table{}
	u := &rel.Union{}
	var source rel.Col
	if with != "" {
		source = b.newCol(with, types.String)
		u.Out = append(u.Out, source)
	}
	// In the order of the columns: a name that is taken, by a column or by a name made of a name and a type, gets a number.
	taken := map[string]bool{with: true}
	type pick struct {
		name  string
		t     types.Type
		fixed bool
	}
	var picks []pick
	for _, s := range shapes {
		if inner && s.legs < len(legs) || s.name == with {
			continue
		}
		for _, t := range s.types {
			name := s.name
			if len(s.types) > 1 {
				name += "_" + t.String()
			}
			for n, plain := 1, name; taken[name]; n++ {
				name = plain + itoa(n)
			}
			taken[name] = true
			picks = append(picks, pick{s.name, t, s.fixed})
			u.Out = append(u.Out, b.unionCol(name, t))
		}
	}
	// A search reads hundreds of tables of thousands of columns in all: what a leg lacks is one null for each type.
	nulls := map[types.Type]rel.Expr{}
	for _, k := range picks {
		if nulls[k.t] == nil {
			nulls[k.t] = lit(types.Null(held(k.t)))
		}
	}
	for _, l := range legs {
		p := &rel.Project{In: l.t.node, Items: make([]rel.Item, 0, len(picks)+1)}
		own := make(map[string]rel.Col, len(l.t.cols))
		for i := len(l.t.cols) - 1; i >= 0; i-- {
			own[l.t.cols[i].Name] = l.t.cols[i]
		}
		if with != "" {
			p.Items = append(p.Items, rel.Item{Col: b.newCol(with, types.String), Expr: lit(types.StringOf(l.name))})
		}
		refs := make([]rel.ColRef, 0, len(l.t.cols)) // one allocation for most
		for _, k := range picks {
			x := nulls[k.t]
			if c, ok := own[k.name]; ok && b.unionType(c) == k.t {
				refs = append(refs, rel.ColRef{ID: c.ID, T: c.Type})
				x = &refs[len(refs)-1]
			} else if ok && k.fixed {
				x = b.convert(c.Ref(), held(k.t))
			}
			p.Items = append(p.Items, rel.Item{Col: b.newCol(k.name, held(k.t)), Expr: x})
		}
		u.Ins = append(u.Ins, p)
		out.open = out.open || l.t.open
	}
	out.node, out.cols = u, u.Out
	return out
}

// unionType is the type by which a column is matched with those of other legs. What comes out of an open
// table is of unknown type, which is one of its own.
func (b *binder) unionType(c rel.Col) types.Type {
	if b.untyped[c.ID] {
		return types.Unknown
	}
	return c.Type
}

// held is the type that values of a column's type are held in.
func held(t types.Type) types.Type {
	if t == types.Unknown {
		return types.Dynamic
	}
	return t
}

// unionCol is a column that a union puts out.
func (b *binder) unionCol(name string, t types.Type) rel.Col {
	c := b.newCol(name, held(t))
	if t == types.Unknown {
		b.untyped[c.ID] = true
	}
	return c
}

// search looks for a text in every column of some tables.
func (b *binder) search(e *env, in *table, o *syntax.SearchOp) *table {
	var legs []leg
	switch {
	case in != nil:
		legs = []leg{{in, in.source("search_arg0")}}
		if scan, ok := in.node.(*rel.Scan); ok {
			legs[0].name = scan.Table
		}
	case o.In != nil:
		for i, x := range o.In {
			got := b.unionLegs(e, x, len(legs))
			if len(got) == 1 && got[0].name == "union_arg"+itoa(len(legs)) {
				got[0].name = "search_arg" + itoa(i)
			}
			legs = append(legs, got...)
		}
	default:
		legs = b.everyTable(e)
	}
	if b.failed() || len(legs) == 0 {
		return nil
	}
	kind, _ := param(o.Params, "kind")
	out, _, _, _ := b.legsWith(e, legs, o.Predicate, kind == "case_sensitive")
	if out == nil {
		if !b.failed() {
			b.add("KS204", o.Span(), "no table has the columns that search names")
		}
		return nil
	}
	if in != nil { // one table: the order of its rows stays
		t := out[0].t
		its := []item{{name: "$table", expr: lit(types.StringOf(out[0].name)), explicit: true, span: o.WordSpan()}}
		for _, c := range t.cols {
			its = append(its, item{name: c.Name, expr: c.Ref(), explicit: true, span: o.WordSpan()})
		}
		open, bag := t.open, t.bag
		if t = b.projectItems(t.node, t, its); t != nil {
			t.open, t.bag = open, bag
		}
		return t
	}
	return b.unionOf(out, false, "$table")
}

// searchPredicate binds search's predicate, in which a bare text means: any column has it.
func (b *binder) searchPredicate(r *row, x syntax.Expr, caseSensitive bool) rel.Expr {
	switch x := x.(type) {
	case *syntax.StarExpr:
		return lit(types.BoolOf(true))
	case *syntax.ParenExpr:
		return b.searchPredicate(r, x.X, caseSensitive)
	case *syntax.BinaryExpr:
		if x.Op == "and" || x.Op == "or" {
			l, m := b.searchPredicate(r, x.X, caseSensitive), b.searchPredicate(r, x.Y, caseSensitive)
			if isBad(l) || isBad(m) {
				return rel.Bad{}
			}
			return b.simplifyLogic(string(x.Op), l, m, x.Span())
		}
	case *syntax.CallExpr:
		if x.Name.Name == "not" && len(x.Args) == 1 {
			inner := b.searchPredicate(r, x.Args[0], caseSensitive)
			if isBad(inner) {
				return rel.Bad{}
			}
			return b.scalarFunc("not", x.Span(), inner)
		}
	}
	v := b.scalarExpr(r, x)
	if isBad(v) {
		return v
	}
	if v.Type() == types.Bool {
		return v
	}
	text := b.convert(v, types.String)
	var out rel.Expr = lit(types.BoolOf(false))
	op := ":"
	if caseSensitive {
		op = "has_cs"
	}
	for _, c := range r.t.cols {
		m := b.apply(op, x.Span(), b.convert(c.Ref(), types.String), text)
		if isBad(m) {
			return m
		}
		out = b.simplifyLogic("or", out, m, x.Span())
	}
	return out
}
