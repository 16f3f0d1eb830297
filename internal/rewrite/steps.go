package rewrite

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// steps makes chains of constant steps into a dynamic value (x.a.b[0]) one extraction, and tostring() of
// such a chain one extraction of text. It is right because path and text_path are declared as just those
// compositions.
func steps(plan rel.Node) rel.Node {
	path, ok1 := funcs.All().Lookup(funcs.Operator, "path")
	text, ok2 := funcs.All().Lookup(funcs.Operator, "text_path")
	if !ok1 || !ok2 {
		return plan
	}
	mapExprs(plan, func(e rel.Expr, change func(rel.Expr) rel.Expr) rel.Expr {
		c, ok := e.(*rel.Call)
		if !ok {
			return nil
		}
		fn, chain, t := path, e, types.Dynamic
		if c.Fn.Name == "tostring" && c.Fn.Class == funcs.Scalar && len(c.Args) == 1 {
			fn, chain, t = text, c.Args[0], types.String
		}
		base, keys := chainOf(chain)
		if part, ok := splitPart(base, keys); ok && fn == text {
			part.Args[0] = change(part.Args[0])
			return part
		}
		if len(keys) == 0 || fn == path && len(keys) < 2 {
			return nil
		}
		return &rel.Call{Fn: fn, Sig: &fn.Sigs[0], Args: append([]rel.Expr{change(base)}, keys...), T: t}
	})
	return plan
}

// splitPart makes split(x, "d")[i] and split(x, "d", i)[0], of which the text is wanted, a look at one part of
// the split text: no JSON is made and read again. An empty delimiter splits otherwise and is left alone.
func splitPart(base rel.Expr, keys []rel.Expr) (*rel.Call, bool) {
	c, ok := base.(*rel.Call)
	if !ok || len(keys) != 1 || c.Fn.Name != "split" || c.Fn.Class != funcs.Scalar {
		return nil, false
	}
	d, ok := rel.Const(c.Args[1])
	key, _ := rel.Const(keys[0])
	if !ok || d.Text() == "" || !key.Type().IsInteger() {
		return nil, false
	}
	i := key.Int64()
	if len(c.Args) > 2 {
		at, ok := rel.Const(c.Args[2])
		if !ok || at.IsNull() || i != 0 || at.Int64() < 0 {
			return nil, false
		}
		i = at.Int64()
	}
	if i >= 0 {
		i++ // from 1; a negative index counts from the end as it is
	}
	fn, ok := funcs.All().Lookup(funcs.Operator, "split_at")
	if !ok {
		return nil, false
	}
	return &rel.Call{Fn: fn, Sig: &fn.Sigs[0], T: types.String,
		Args: []rel.Expr{c.Args[0], c.Args[1], &rel.Lit{V: types.LongOf(i)}}}, true
}

// chainOf takes x.a[0] apart into x and the constant steps.
func chainOf(e rel.Expr) (base rel.Expr, keys []rel.Expr) {
	c, ok := e.(*rel.Call)
	if !ok || c.Fn.Class != funcs.Operator || c.Fn.Name != "." && c.Fn.Name != "[]" {
		return e, nil
	}
	v, ok := rel.Const(c.Args[1])
	if !ok || v.IsNull() || v.Type() != types.String && !v.Type().IsInteger() {
		return e, nil
	}
	base, keys = chainOf(c.Args[0])
	return base, append(keys, c.Args[1])
}

// mapExprs replaces expressions everywhere in a plan, plans inside expressions included. change returns nil
// to leave an expression and go on below it; the function it is handed changes a part.
func mapExprs(plan rel.Node, change func(e rel.Expr, part func(rel.Expr) rel.Expr) rel.Expr) {
	seen := map[rel.Node]bool{}
	done := map[rel.Expr]bool{}
	var visit func(n rel.Node)
	var expr func(e rel.Expr) rel.Expr
	expr = func(e rel.Expr) rel.Expr {
		switch e.(type) {
		case *rel.ColRef, *rel.Lit: // most expressions: nothing below them
			return e
		}
		if done[e] {
			return e
		}
		if out := change(e, expr); out != nil {
			done[out] = true
			return out
		}
		done[e] = true
		switch e := e.(type) {
		case *rel.Call:
			for i, a := range e.Args {
				e.Args[i] = expr(a)
			}
		case *rel.Subquery:
			visit(e.Plan)
		case *rel.InQuery:
			e.X = expr(e.X)
			visit(e.Plan)
		case *rel.HasAnyQuery:
			e.X = expr(e.X)
			visit(e.Plan)
		}
		return e
	}
	visit = func(n rel.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		rel.MapExprs(n, expr)
		for _, in := range n.Inputs() {
			visit(in)
		}
	}
	visit(plan)
}
