package bind

import (
	"strings"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// entityGroupBinding is let g = entity_group […].
type entityGroupBinding struct {
	items []syntax.Expr
	env   *env
}

// entityBinding is the name that macro-expand gives to a cluster or a database of its group. One vedette is one
// workspace, so the tables behind the name are its own, whatever it stands for.
type entityBinding struct {
	cluster, database string // as written; empty if the reference names none
	span              source.Span
}

func (entityGroupBinding) binding() {}
func (entityBinding) binding()      {}

// scopes are the functions that name a place where tables are.
var scopes = map[string]bool{"cluster": true, "database": true, "workspace": true, "app": true, "resource": true}

// macroExpand binds a subquery once for each entity of a group and puts the rows together.
// https://learn.microsoft.com/kusto/query/macro-expand-operator
func (b *binder) macroExpand(e *env, in *table, o *syntax.MacroExpandOp) *table {
	if in != nil {
		b.add("KS175", o.WordSpan(), "macro-expand begins a query: it takes no rows")
		return nil
	}
	kind, kp := param(o.Params, "kind")
	if kp != nil && kind != "inner" && kind != "outer" {
		b.add("KS120", kp.Value.Span(), "'"+kind+"' is no kind of macro-expand: inner or outer")
		return nil
	}
	for _, name := range []string{"withsource", "with_source"} {
		if _, p := param(o.Params, name); p != nil {
			b.errUnsupported(p.Span(), "macro-expand with "+name)
			return nil
		}
	}
	word, _ := param(o.Params, "isfuzzy")
	fuzzy := b.bestEffort || word == "true" || word == "True" || word == "1"
	items, groupEnv, ok := b.entityGroup(e, o.Group)
	if !ok {
		return nil
	}
	var legs []leg
	for _, x := range items {
		var t *table
		expand := func() { t = b.expandOver(e, groupEnv, x, o) }
		var faults []source.Diagnostic
		if fuzzy {
			faults = b.try(expand)
		} else {
			expand()
		}
		if len(faults) > 0 {
			b.warn("VQ010", x.Span(), "left out of macro-expand (isfuzzy): "+faults[0].Msg)
			continue
		}
		if t == nil {
			return nil
		}
		legs = append(legs, leg{t, ""})
	}
	if len(legs) == 0 {
		b.add("KS204", o.Group.Span(), "no entity of the group can be resolved")
		return nil
	}
	return b.unionOf(legs, kind == "inner", "")
}

// entityGroup lists the entities of a group: one that is written out, one that let names, or a single entity.
func (b *binder) entityGroup(e *env, x syntax.Expr) (items []syntax.Expr, at *env, ok bool) {
	switch x := x.(type) {
	case *syntax.EntityGroupExpr:
		return x.Items, e, true
	case *syntax.Ident:
		if x.IsMissing() {
			return nil, nil, false
		}
		switch g, found := e.lookup(x.Name); g := g.(type) {
		case entityGroupBinding:
			return g.items, g.env, true
		case badBinding:
		default:
			if found {
				b.add("KS216", x.Span(), "'"+x.Name+"' is no entity group")
			} else {
				b.addHint("KS142", x.Span(), "no entity group is called '"+x.Name+"'", "entity groups are those of the query: let g = entity_group [database('d'), …]")
			}
		}
		return nil, nil, false
	case *syntax.CallExpr:
		if x.Name.Name == "entity_group" {
			b.errUnsupported(x.Span(), "a stored entity group")
			return nil, nil, false
		}
		return []syntax.Expr{x}, e, true
	case *syntax.PathExpr:
		return []syntax.Expr{x}, e, true
	}
	b.add("KS216", x.Span(), "expected an entity group")
	return nil, nil, false
}

// expandOver binds macro-expand's subquery for one entity.
func (b *binder) expandOver(e, groupEnv *env, x syntax.Expr, o *syntax.MacroExpandOp) *table {
	d, ok := b.entity(groupEnv, x)
	if !ok {
		return nil
	}
	if o.Scope != nil {
		e = e.with(o.Scope.Name, d)
	}
	var out *table
	for i, s := range o.Stmts {
		expr, ok := s.(*syntax.ExprStmt)
		switch {
		case !ok:
			e = b.statement(s, e)
			continue
		case i < len(o.Stmts)-1:
			b.add("KS198", o.Stmts[i+1].Span(), "the subquery of macro-expand is one tabular expression, behind let statements")
			return nil
		}
		if out = b.tableExpr(e, expr.X); out == nil {
			return nil
		}
	}
	if out == nil && !b.failed() {
		b.add("KS176", o.Span(), "the subquery of macro-expand has no expression")
	}
	return out
}

// entity tells what a reference of an entity group stands for: a cluster, a database, or a table.
func (b *binder) entity(e *env, x syntax.Expr) (binding, bool) {
	d := entityBinding{span: x.Span()}
	at := x
	for {
		sel := at
		path, isPath := at.(*syntax.PathExpr)
		if isPath {
			sel = path.Sel
		}
		call, ok := sel.(*syntax.CallExpr)
		if !ok || !scopes[call.Name.Name] {
			break
		}
		name := ""
		if len(call.Args) > 0 {
			v, ok := b.constant(e, call.Args[0], "the name of a "+call.Name.Name)
			if !ok {
				return nil, false
			}
			name = v.ToText()
		}
		switch call.Name.Name {
		case "cluster":
			d.cluster = name
		default:
			d.database = name
		}
		if !isPath {
			return d, true
		}
		at = path.X
	}
	if !b.isTabular(e, x) {
		b.add("KS216", x.Span(), "expected a cluster, a database or a table")
		return nil, false
	}
	return tableBinding{func() *table { return b.tableExpr(e, x) }}, true
}

// entityOf finds the entity that a path begins with.
func entityOf(e *env, x syntax.Expr) (entityBinding, bool) {
	id, ok := x.(*syntax.Ident)
	if !ok {
		return entityBinding{}, false
	}
	d, _ := e.lookup(id.Name)
	ent, ok := d.(entityBinding)
	return ent, ok
}

// hasColumn tells whether an expression is the name of a column: it then wins over a name declared outside.
func (r *row) hasColumn(x syntax.Expr) bool {
	id, ok := x.(*syntax.Ident)
	if !ok || r.t == nil {
		return false
	}
	_, ok = r.t.col(id.Name)
	return ok
}

// entityValue is what the subquery can ask of an entity: X.$current_database and X.$current_cluster_endpoint.
// https://learn.microsoft.com/kusto/query/macro-expand-operator#subquery-contextual-scalars
func (b *binder) entityValue(d entityBinding, sel syntax.Expr) rel.Expr {
	id, ok := sel.(*syntax.Ident)
	switch {
	case ok && id.Name == "$current_database":
		return lit(types.StringOf(d.database))
	case ok && id.Name == "$current_cluster_endpoint" && strings.Contains(d.cluster, "://"):
		return lit(types.StringOf(d.cluster))
	case ok && id.Name == "$current_cluster_endpoint":
		b.addHint("VQ001", sel.Span(), "$current_cluster_endpoint of an entity without the URL of its cluster is not supported", "name the cluster by its URL")
		return rel.Bad{}
	}
	b.errScalarExpected(sel.Span())
	return rel.Bad{}
}
