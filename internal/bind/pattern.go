package bind

import (
	"strings"

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
	sel, ok := b.pathWord(e, path)
	if !ok {
		return nil
	}
	if p.decl.Bare {
		b.add("KS188", c.Span(), "the pattern '"+c.Name.Name+"' is declared and not defined: "+reference(c.Name.Name, args, path, sel)+" stands for nothing")
		return nil
	}
	if len(args) != len(p.decl.Params) {
		b.add("KS185", c.Span(), "the pattern '"+c.Name.Name+"' takes "+itoa(len(p.decl.Params))+" arguments")
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
			return b.tableOf(b.body(m.Body, p.withArgs(args, sel)), c.Span())
		}
	}
	b.add("KS188", c.Span(), "no pattern of '"+c.Name.Name+"' matches "+reference(c.Name.Name, args, path, sel))
	return nil
}

// withArgs is the scope of a pattern's bodies: the arguments and the path are known by their names.
func (p patternBinding) withArgs(args []types.Value, sel string) *env {
	e := p.env
	for i, d := range p.decl.Params {
		e = e.with(d.Name.Name, scalarBinding{lit(args[i])})
	}
	if p.decl.Path != nil {
		e = e.with(p.decl.Path.Name.Name, scalarBinding{lit(types.StringOf(sel))})
	}
	return e
}

// reference is a call of a pattern as Kusto spells it in its errors, for the applications that read them there.
func reference(name string, args []types.Value, path syntax.Expr, sel string) string {
	texts := make([]string, len(args))
	for i, a := range args {
		texts[i] = "'" + a.ToText() + "'"
	}
	out := name + "(" + strings.Join(texts, ",") + ")"
	if path != nil {
		out += ".['" + sel + "']"
	}
	return out
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
	case "best_effort":
		v := types.BoolOf(true)
		if s.Value != nil {
			var ok bool
			if v, ok = b.constant(e, s.Value, "best_effort"); !ok {
				return e
			}
		}
		b.bestEffort = v.Type() == types.Bool && !v.IsNull() && v.Bool()
		return e
	case "query_take_max_records":
		if s.Value != nil {
			if v, ok := b.constant(e, s.Value, "query_take_max_records"); ok && v.Type().IsInteger() && v.Int64() >= 0 {
				b.most = lit(v.To(types.Long))
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
