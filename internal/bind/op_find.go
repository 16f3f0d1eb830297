package bind

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// find looks for rows in several tables. A table that has none of the columns its predicate names is left out;
// a column that only other tables have is null.
// https://learn.microsoft.com/kusto/query/find-operator
func (b *binder) find(e *env, in *table, o *syntax.FindOp) *table {
	if in != nil {
		b.errUnsupported(o.WordSpan(), "find behind |")
		return nil
	}
	var legs []leg
	if o.In == nil {
		legs = b.everyTable(e)
	}
	for _, x := range o.In {
		legs = append(legs, b.unionLegs(e, x, len(legs))...)
	}
	if b.failed() || len(legs) == 0 {
		return nil
	}
	with := "source_"
	for _, name := range []string{"withsource", "with_source"} {
		if w, p := param(o.Params, name); p != nil && w != "" {
			with = w
		}
	}
	kept, used, known, open := b.legsWith(e, legs, o.Predicate, false)
	if kept == nil {
		if !b.failed() {
			b.add("KS204", o.Span(), "no table has the columns that find names")
		}
		return nil
	}
	var out *table
	if o.Project != nil {
		out = b.findProject(o, kept, with, known, open)
	} else {
		out = b.findSmart(o, kept, with, used)
	}
	if out == nil || o.ProjectAway == nil {
		return out
	}
	return b.projectAway(e, out, &syntax.ProjectAwayOp{Columns: o.ProjectAway})
}

// legsWith are the tables of find or search, filtered by the predicate. A table that has none of the columns
// that the predicate names is left out; in one that has only some, the others are null. used are the columns
// that it names, known those of all tables with the type that the first of them gives each.
func (b *binder) legsWith(e *env, legs []leg, predicate syntax.Expr, caseSensitive bool) (kept []leg, used map[string]bool, known map[string]types.Type, open bool) {
	known = map[string]types.Type{}
	for _, l := range legs {
		open = open || l.t.open
		for _, c := range l.t.cols {
			if _, ok := known[c.Name]; !ok {
				known[c.Name] = c.Type
			}
		}
	}
	used = map[string]bool{}
	for _, l := range legs {
		own, missing := false, false
		r := &row{t: l.t, env: e, search: true}
		r.extra = func(name string) (rel.Expr, bool) {
			t, ok := known[name]
			if !ok {
				return nil, false
			}
			used[name] = true
			if _, has := l.t.col(name); has {
				own = true
				return nil, false
			}
			missing = true
			return lit(types.Null(t)), true
		}
		pred := b.searchPredicate(r, predicate, caseSensitive)
		if isBad(pred) {
			return nil, nil, nil, false
		}
		if missing && !own {
			continue
		}
		t := *l.t
		t.node = &rel.Filter{In: t.node, Pred: pred}
		kept = append(kept, leg{&t, l.name})
	}
	return kept, used, known, open
}

// everyTable are the sources of a find or search that names none: the views of the query and all stored
// tables.
func (b *binder) everyTable(e *env) []leg {
	legs := b.viewLegs(e, &syntax.Ident{Name: "*"})
	for _, name := range b.storedTables(e) {
		t, _ := b.opts.Catalog.Table(name)
		legs = append(legs, leg{b.scan(t), name})
	}
	return legs
}

// findProject gives the columns that project lists; pack(*) or pack_all() is a bag of all the columns of a row.
func (b *binder) findProject(o *syntax.FindOp, legs []leg, with string, known map[string]types.Type, open bool) *table {
	var projected []leg
	for _, l := range legs {
		its := []item{}
		for _, x := range o.Project {
			switch x := x.(type) {
			case *syntax.Ident:
				it, ok := b.findColumn(legs, l, x, known, open)
				if !ok {
					return nil
				}
				its = append(its, it)
			case *syntax.ColumnDecl:
				tn, ok := x.Type.(*syntax.TypeName)
				if !ok {
					b.errUnsupported(x.Span(), "this column of find")
					return nil
				}
				t, ok := types.Parse(tn.Name)
				if !ok {
					b.add("KS160", tn.Span(), "'"+tn.Name+"' is no type")
					return nil
				}
				it := item{name: x.Name.Name, expr: lit(types.Null(t)), explicit: true, span: x.Span()}
				if c, has := l.t.col(x.Name.Name); has {
					it.expr = b.convert(c.Ref(), t)
				}
				its = append(its, it)
			case *syntax.CallExpr:
				its = append(its, item{name: "pack_", expr: b.packed(l.t.cols), explicit: true, span: x.Span()})
			default:
				b.errUnsupported(x.Span(), "this column of find")
				return nil
			}
		}
		t := b.projectItems(l.t.node, l.t, its)
		if t == nil {
			return nil
		}
		projected = append(projected, leg{t, l.name})
	}
	return b.unionOf(projected, false, with)
}

// findColumn is a column of a table under find; where the tables' types differ it is dynamic.
func (b *binder) findColumn(legs []leg, l leg, id *syntax.Ident, known map[string]types.Type, open bool) (item, bool) {
	t, ok := known[id.Name]
	if !ok && !open {
		var names []string
		for n := range known {
			names = append(names, n)
		}
		b.errName(id.Span(), id.Name, nearest(id.Name, names))
		return item{}, false
	}
	for _, other := range legs {
		if c, has := other.t.col(id.Name); has && c.Type != t {
			t = types.Dynamic
		}
	}
	it := item{name: id.Name, expr: lit(types.Null(t)), explicit: true, span: id.Span()}
	if c, has := l.t.col(id.Name); has {
		it.expr = b.convert(c.Ref(), t)
	}
	return it, true
}

// findSmart gives the columns that the predicate names and those that all tables have; the others are packed
// into a bag.
func (b *binder) findSmart(o *syntax.FindOp, legs []leg, with string, used map[string]bool) *table {
	count := map[string]int{}
	for _, l := range legs {
		for _, c := range l.t.cols {
			count[c.Name]++
		}
	}
	packs := false
	for _, l := range legs {
		for _, c := range l.t.cols {
			packs = packs || count[c.Name] < len(legs) && !used[c.Name]
		}
	}
	var shown []leg
	for _, l := range legs {
		var its, named []item // the columns that all tables have come first
		var rest []rel.Col
		for _, c := range l.t.cols {
			it := item{name: c.Name, expr: c.Ref(), explicit: true, span: o.WordSpan()}
			switch {
			case count[c.Name] == len(legs):
				its = append(its, it)
			case used[c.Name]:
				named = append(named, it)
			default:
				rest = append(rest, c)
			}
		}
		its = append(its, named...)
		t := b.projectItems(l.t.node, l.t, its)
		if packs {
			its = append(its, item{name: "pack_", expr: b.packed(rest), explicit: true, span: o.WordSpan()})
			t = b.projectItems(l.t.node, l.t, its)
		}
		if t == nil {
			return nil
		}
		shown = append(shown, leg{t, l.name})
	}
	out := b.unionOf(shown, false, with)
	if packs { // the bag stands last
		cols := out.cols[:0:0]
		var bag []rel.Col
		for _, c := range out.cols {
			if c.Name == "pack_" {
				bag = append(bag, c)
			} else {
				cols = append(cols, c)
			}
		}
		out = b.keep(out, append(cols, bag...))
	}
	return out
}

// packed is a property bag of columns, as pack_all() makes it.
func (b *binder) packed(cols []rel.Col) rel.Expr {
	fn, ok := b.opts.Funcs.Lookup(funcs.Scalar, "pack_all")
	if !ok {
		panic("bind: the catalogue lacks pack_all")
	}
	args := []rel.Expr{lit(types.BoolOf(false))}
	for _, c := range cols {
		args = append(args, lit(types.StringOf(c.Name)), c.Ref())
	}
	return b.call(fn, &fn.Sigs[0], args, types.Dynamic)
}
