package bind

import (
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

func patternOf(e *env, c *syntax.CallExpr) (patternBinding, bool) {
	d, _ := e.lookup(c.Name.Name)
	p, ok := d.(patternBinding)
	return p, ok
}

// pattern binds a call of a pattern: the body whose values equal the arguments (and the path).
// https://learn.microsoft.com/kusto/query/pattern-statement
func (b *binder) pattern(e *env, p patternBinding, c *syntax.CallExpr, path syntax.Expr) *table {
	var args []types.Value
	for _, a := range c.Args {
		v, ok := b.constant(e, a, "the argument of a pattern")
		if !ok {
			return nil
		}
		args = append(args, v)
	}
	if len(args) != len(p.decl.Params) {
		b.add("KS185", c.Span(), "the pattern '"+c.Name.Name+"' takes "+itoa(len(p.decl.Params))+" arguments")
		return nil
	}
	sel, ok := b.pathWord(e, path)
	if !ok {
		return nil
	}
match:
	for _, m := range p.decl.Matches {
		if len(m.Args) != len(args) {
			continue
		}
		for i, a := range m.Args {
			v, ok := b.constant(p.env, a, "a value of a pattern")
			if !ok {
				return nil
			}
			if v.ToText() != args[i].ToText() {
				continue match
			}
		}
		word, ok := b.pathWord(p.env, m.Path)
		if !ok {
			return nil
		}
		if word == sel {
			return b.tableOf(b.body(m.Body, p.env), c.Span())
		}
	}
	b.add("KS188", c.Span(), "no pattern of '"+c.Name.Name+"' matches these arguments")
	return nil
}

// pathWord is the word behind the dot of a pattern.
func (b *binder) pathWord(e *env, x syntax.Expr) (string, bool) {
	switch x := x.(type) {
	case nil:
		return "", true
	case *syntax.Ident:
		return x.Name, true
	case *syntax.BracketExpr:
		return b.pathWord(e, x.X)
	}
	v, ok := b.constant(e, x, "the path of a pattern")
	return v.ToText(), ok
}

// set binds set name = value. Options that change what a query means are kept in the scope under a name no
// query can spell; the others govern Microsoft's service and change nothing here.
func (b *binder) set(s *syntax.SetStmt, e *env) *env {
	switch s.Name.Name {
	case "query_bin_auto_size", "query_bin_auto_at":
	case "query_now":
		if s.Value != nil {
			if v, ok := b.constant(e, s.Value, "query_now"); ok && v.Type() == types.Datetime {
				b.opts.Now = v.Int64()
			}
		}
		return e
	default:
		return e
	}
	if s.Value == nil {
		return e
	}
	x := b.scalarExpr(scalarsOnly(e), s.Value)
	if isBad(x) {
		return e
	}
	return e.with("$"+s.Name.Name, scalarBinding{x})
}

// binAuto is bin_auto(x): bin_at with the size and origin that the query's options set.
func (b *binder) binAuto(r *row, c *syntax.CallExpr) rel.Expr {
	if !b.arity(c, len(c.Args), 1, 1) {
		return rel.Bad{}
	}
	x := b.scalarExpr(r, c.Args[0])
	size, ok := r.env.lookup("$query_bin_auto_size")
	s, isScalar := size.(scalarBinding)
	if !ok || !isScalar || isBad(x) {
		b.addHint("VQ013", c.Span(), "bin_auto needs the size of the bins", "set query_bin_auto_size=1h; before the query")
		return rel.Bad{}
	}
	at, _ := r.env.lookup("$query_bin_auto_at")
	origin, ok := at.(scalarBinding)
	if !ok {
		return b.scalarFunc("bin", c.Span(), x, s.expr)
	}
	return b.scalarFunc("bin_at", c.Span(), x, s.expr, origin.expr)
}

// columnNamesOf is column_names_of(table): the names of its columns.
func (b *binder) columnNamesOf(r *row, c *syntax.CallExpr) rel.Expr {
	if !b.arity(c, len(c.Args), 1, 1) {
		return rel.Bad{}
	}
	t := b.tableExpr(r.env, c.Args[0])
	if t == nil {
		return rel.Bad{}
	}
	n := types.JSON{Kind: types.JSONArray}
	for _, col := range t.cols {
		n.Items = append(n.Items, types.JSON{Kind: types.JSONString, Str: col.Name})
	}
	return lit(n.Value())
}
