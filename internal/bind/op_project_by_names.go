package bind

import (
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// projectByNames keeps the columns whose names are given as text, with wildcards, or as arrays of texts; names
// of no column are passed over.
// https://learn.microsoft.com/kusto/query/project-by-names-operator
func (b *binder) projectByNames(e *env, in *table, o *syntax.ProjectByNamesOp) *table {
	var cols []rel.Col
	take := func(pattern string) {
		for _, c := range in.cols {
			if (c.Name == pattern || wildcard(pattern, c.Name)) && !hasCol(cols, c.ID) {
				cols = append(cols, c)
			}
		}
	}
	for _, x := range o.Columns {
		v, ok := b.constant(e, x, "a name of project-by-names")
		if !ok {
			return nil
		}
		switch n := types.JSONOf(v); {
		case v.Type() == types.String:
			take(v.Text())
		case v.Type() == types.Dynamic && n.Kind == types.JSONArray:
			for _, i := range n.Items {
				if i.Kind == types.JSONString {
					take(i.Str)
				}
			}
		case v.Type() == types.Dynamic && n.Kind == types.JSONString:
			take(n.Str)
		default:
			b.add("KS140", x.Span(), "project-by-names takes names as text or as an array of texts")
			return nil
		}
	}
	return b.keep(in, cols)
}
