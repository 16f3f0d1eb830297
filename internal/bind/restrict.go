package bind

import (
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/syntax"
)

// restrictBinding is a restrict statement in the chain of scopes: what was declared before it, and the stored
// tables and functions, are visible behind it only as far as it names them. Scalars stay visible, and so does
// everything to the bodies of the views that it names, since they were declared in front of it.
// https://learn.microsoft.com/kusto/query/restrict-statement
type restrictBinding struct {
	hidden map[string]bool // tabular names declared before
	stored []string        // names of stored tables and functions, or patterns of them
}

func (*restrictBinding) binding() {}

// restrict binds restrict access to (…). A name with a wildcard stands for declared views; stored entities
// are named one by one, or behind database().
func (b *binder) restrict(s *syntax.RestrictStmt, e *env) *env {
	r := &restrictBinding{hidden: map[string]bool{}}
	var declared []string
	for _, item := range s.Items {
		switch x := item.(type) {
		case *syntax.Ident:
			declared = append(declared, x.Name)
			if x.IsWildcard() {
				continue
			}
			if _, ok := e.lookup(x.Name); ok {
				continue
			}
			if !b.isTabular(e, x) {
				b.errTable(x.Span(), x.Name)
				return e
			}
			r.stored = append(r.stored, x.Name)
		case *syntax.PathExpr:
			sel, ok := x.Sel.(*syntax.Ident)
			if !ok || !b.isTabular(e, x) {
				b.errTabularExpected(x.Span())
				return e
			}
			r.stored = append(r.stored, sel.Name)
		case *syntax.CallExpr: // f(): the function f
			declared = append(declared, x.Name.Name)
			r.stored = append(r.stored, x.Name.Name)
		default:
			b.errTabularExpected(item.Span())
			return e
		}
	}
	for at := e; at != nil; at = at.parent {
		named := false
		for _, d := range declared {
			named = named || wildcard(d, at.name)
		}
		if !named && b.isDeclaredTabular(at.b) {
			r.hidden[at.name] = true
		}
	}
	return e.with("", r)
}

// isDeclaredTabular tells whether a declaration stands for rows.
func (b *binder) isDeclaredTabular(d binding) bool {
	switch d := d.(type) {
	case tableBinding, patternBinding:
		return true
	case funcBinding:
		return b.bodyTabular(d.env, d.fn.Params, d.fn.Body)
	}
	return false
}

// sees tells whether a stored table or function may be read in this scope.
func (e *env) sees(name string) bool {
	for ; e != nil; e = e.parent {
		r, ok := e.b.(*restrictBinding)
		if !ok {
			continue
		}
		named := false
		for _, s := range r.stored {
			named = named || wildcard(s, name)
		}
		if !named {
			return false
		}
	}
	return true
}

// restrictions is the scope without its names: what database().T is looked up in.
func (e *env) restrictions() *env {
	if e == nil {
		return nil
	}
	outer := e.parent.restrictions()
	if r, ok := e.b.(*restrictBinding); ok {
		return outer.with("", r)
	}
	return outer
}

func (b *binder) storedTable(e *env, name string) (*catalog.Table, bool) {
	if !e.sees(name) {
		return nil, false
	}
	return b.opts.Catalog.Table(name)
}

func (b *binder) storedFunc(e *env, name string) (*catalog.Function, bool) {
	if !e.sees(name) {
		return nil, false
	}
	return b.opts.Catalog.Function(name)
}

// storedTables are the names of the stored tables that may be read.
func (b *binder) storedTables(e *env) []string {
	all := b.opts.Catalog.TableNames()
	if e.restrictions() == nil {
		return all
	}
	var out []string
	for _, name := range all {
		if e.sees(name) {
			out = append(out, name)
		}
	}
	return out
}
