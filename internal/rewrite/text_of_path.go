package rewrite

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// textOfPath makes tostring(x.a.b) one extraction of text instead of an extraction of JSON that is then
// unquoted. It is right because text_path is declared as just that composition.
func textOfPath(plan rel.Node, _ []rel.ColID) rel.Node {
	fn, ok := funcs.All().Lookup(funcs.Operator, "text_path")
	if !ok {
		return plan
	}
	seen := map[rel.Node]bool{}
	var visit func(n rel.Node)
	var change func(e rel.Expr) rel.Expr
	change = func(e rel.Expr) rel.Expr {
		switch e := e.(type) {
		case *rel.Call:
			if e.Fn.Name == "tostring" && len(e.Args) == 1 {
				if base, keys := path(e.Args[0]); len(keys) > 0 {
					args := []rel.Expr{change(base)}
					for _, k := range keys {
						args = append(args, &rel.Lit{V: types.StringOf(k)})
					}
					return &rel.Call{Fn: fn, Sig: &fn.Sigs[0], Args: args, T: types.String}
				}
			}
			for i, a := range e.Args {
				e.Args[i] = change(a)
			}
		case *rel.Subquery:
			visit(e.Plan)
		case *rel.InQuery:
			e.X = change(e.X)
			visit(e.Plan)
		case *rel.HasAnyQuery:
			e.X = change(e.X)
			visit(e.Plan)
		}
		return e
	}
	visit = func(n rel.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		rel.MapExprs(n, change)
		for _, in := range n.Inputs() {
			visit(in)
		}
	}
	visit(plan)
	return plan
}

// path takes x.a.b apart into x and the keys.
func path(e rel.Expr) (base rel.Expr, keys []string) {
	c, ok := e.(*rel.Call)
	if !ok || c.Fn.Class != funcs.Operator || c.Fn.Name != "." {
		return e, nil
	}
	key, ok := rel.Const(c.Args[1])
	if !ok {
		return e, nil
	}
	base, keys = path(c.Args[0])
	return base, append(keys, key.Text())
}
