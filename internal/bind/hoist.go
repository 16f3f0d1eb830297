package bind

import (
	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
)

// hoister prepares expressions that a native operator computes row by row: what reads a plan (toscalar,
// in (table)) cannot be, so it becomes a column of the input, if it reads nothing but the input.
type hoister struct {
	b     *binder
	input map[rel.ColID]bool
	items []rel.Item // the columns to compute below the operator
}

func (b *binder) hoister(cols []rel.Col) *hoister {
	h := &hoister{b: b, input: map[rel.ColID]bool{}}
	for _, c := range cols {
		h.input[c.ID] = true
	}
	return h
}

// expr returns an expression that can be computed row by row, or false after a fault.
func (h *hoister) expr(x rel.Expr, span source.Span) (rel.Expr, bool) {
	switch x := x.(type) {
	case *rel.Subquery, *rel.InQuery, *rel.HasAnyQuery:
		reads := true
		rel.WalkExpr(x, func(y rel.Expr) {
			if c, ok := y.(*rel.ColRef); ok && !h.input[c.ID] {
				reads = false
			}
		})
		if !reads {
			h.b.errUnsupported(span, "a comparison with the rows of a table, here of a value that only this operator knows,")
			return nil, false
		}
		col := h.b.newCol("$arg", x.Type())
		h.items = append(h.items, rel.Item{Col: col, Expr: x})
		return col.Ref(), true
	case *rel.Call:
		c := *x
		c.Args = make([]rel.Expr, len(x.Args))
		for i, a := range x.Args {
			var ok bool
			if c.Args[i], ok = h.expr(a, span); !ok {
				return nil, false
			}
		}
		return &c, true
	}
	return x, !isBad(x)
}

// node is the input with the hoisted columns.
func (h *hoister) node(in rel.Node, cols []rel.Col) (rel.Node, []rel.Col) {
	if len(h.items) == 0 {
		return in, cols
	}
	p := &rel.Project{In: in}
	for _, c := range in.Cols() {
		p.Items = append(p.Items, rel.Item{Col: c, Expr: c.Ref()})
	}
	out := append([]rel.Col(nil), cols...)
	for _, it := range h.items {
		p.Items = append(p.Items, it)
		out = append(out, it.Col)
	}
	return p, out
}

func colTypes(cols []rel.Col) exec.Types {
	out := make(exec.Types, len(cols))
	for i, c := range cols {
		out[i] = c.Type
	}
	return out
}
