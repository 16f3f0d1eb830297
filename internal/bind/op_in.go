package bind

import (
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// inList binds x in (…), has_any (…) and has_all (…): a list of scalars, or the first column of a table.
// A constant array among the scalars stands for its elements.
func (b *binder) inList(r *row, e *syntax.BinaryExpr) rel.Expr {
	x := b.scalarExpr(r, e.X)
	if isBad(x) {
		return rel.Bad{}
	}
	list, ok := e.Y.(*syntax.ListExpr)
	if !ok {
		return rel.Bad{}
	}
	if e.Op != "in" && e.Op != "!in" && x.Type() != types.String && x.Type() != types.Dynamic {
		b.errType(e.X.Span(), types.String, x.Type())
		return rel.Bad{}
	}
	if len(list.Items) == 1 && b.isTabular(r.env, list.Items[0]) {
		return b.inTable(r, e, x, list.Items[0])
	}
	var vals []rel.Expr
	for _, it := range list.Items {
		v := b.scalarExpr(r, it)
		if isBad(v) {
			return rel.Bad{}
		}
		vals = append(vals, elements(v)...)
	}
	op := string(e.Op)
	t := x.Type()
	if op == "in" || op == "!in" {
		for _, v := range vals {
			if v.Type() != types.Dynamic {
				t = comparable(t, v.Type())
			}
			if t == types.Guid && (x.Type() != types.Guid && x.Type() != types.String && x.Type() != types.Dynamic) {
				t = types.String // only text converts to a guid
			}
		}
	} else {
		t = types.String
	}
	args := []rel.Expr{b.convert(x, t)}
	spans := []source.Span{e.X.Span()}
	for _, v := range vals {
		if v.Type() != types.Dynamic || t == types.Dynamic {
			v = b.convert(v, t)
		}
		args = append(args, v)
		spans = append(spans, e.Y.Span())
	}
	if len(vals) == 0 {
		return lit(types.BoolOf(op == "!in" || op == "!in~" || op == "has_all"))
	}
	return b.apply(op, e.Span(), args...)
}

// elements takes a constant array apart; what is no array is its own only element.
func elements(e rel.Expr) []rel.Expr {
	v, ok := rel.Const(e)
	if !ok || v.Type() != types.Dynamic || v.IsNull() {
		return []rel.Expr{e}
	}
	n, err := types.ParseJSON(v.Text())
	if err != nil {
		return []rel.Expr{e}
	}
	if n.Kind != types.JSONArray {
		return []rel.Expr{lit(n.Scalar())}
	}
	var out []rel.Expr
	for _, i := range n.Items {
		out = append(out, lit(i.Scalar()))
	}
	return out
}

// inTable binds x in (table).
func (b *binder) inTable(r *row, e *syntax.BinaryExpr, x rel.Expr, list syntax.Expr) rel.Expr {
	t := b.tableExpr(r.env, list)
	if t == nil {
		return rel.Bad{}
	}
	if len(t.cols) == 0 {
		b.add("KS190", list.Span(), "the table has no columns")
		return rel.Bad{}
	}
	if !b.rowFree(r, t.node, list.Span(), "'"+string(e.Op)+"'") {
		return rel.Bad{}
	}
	col := t.cols[0]
	want := comparable(x.Type(), col.Type)
	if e.Op != "in" && e.Op != "!in" {
		want = types.String
	}
	var plan rel.Node = b.only(t.node, t.cols[:1])
	if col.Type == types.Dynamic && want != types.Dynamic {
		// A dynamic column holds arrays as often as scalars: compare with the elements.
		el := b.newCol(col.Name, types.Dynamic)
		plan = b.only(&rel.Unnest{In: plan, Items: []rel.UnnestItem{{Expr: col.Ref(), Out: el}}}, []rel.Col{el})
		col = el
	}
	if col.Type != want {
		conv := b.newCol(col.Name, want)
		plan = &rel.Project{In: plan, Items: []rel.Item{{Col: conv, Expr: b.convert(col.Ref(), want)}}}
	}
	x = b.convert(x, want)
	switch e.Op {
	case "in", "!in", "in~", "!in~":
		return &rel.InQuery{X: x, Plan: plan, Fold: e.Op == "in~" || e.Op == "!in~", Not: e.Op == "!in" || e.Op == "!in~"}
	}
	return &rel.HasAnyQuery{X: x, Plan: plan, All: e.Op == "has_all"}
}
