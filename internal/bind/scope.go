package bind

import (
	"sort"
	"strings"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// value is what an expression or a name stands for: a *table or a scalar.
type value interface{ value() }

// table is a bound tabular expression.
type table struct {
	node rel.Node
	// cols are the columns a user sees; node may put out more (hidden columns that carry the order).
	cols []rel.Col
	// order is the order the rows are in, as far as it is known; explicit if the query asked for it.
	order    []rel.Key
	explicit bool
	// open: there may be columns that are only known when the query runs. bag is then the dynamic column
	// they come from, if there is one.
	open bool
	bag  *rel.Col
	// graph is set if this is no table but the graph that make-graph gave.
	graph *graph
	// as is the name that the operator as gave to the rows of asNode; see source.
	as     string
	asNode rel.Node
}

// source is the name of a table among the sources of union and find: the one that as gave it last, if no
// operator came behind, or else the given one.
//
// https://learn.microsoft.com/kusto/query/as-operator
func (t *table) source(name string) string {
	if t.as != "" && t.asNode == t.node {
		return t.as
	}
	return name
}

// scalar is a bound scalar expression. Name is the name a result column takes from it.
type scalar struct {
	expr rel.Expr
	name string
}

func (*table) value() {}
func (scalar) value() {}

// col returns the visible column called name.
func (t *table) col(name string) (rel.Col, bool) {
	for _, c := range t.cols {
		if c.Name == name {
			return c, true
		}
	}
	return rel.Col{}, false
}

// hidden lists the columns that must be kept below the visible ones so that the order is not lost.
func (t *table) hidden(kept []rel.Col) []rel.Col {
	var out []rel.Col
	for _, k := range t.order {
		if !hasCol(kept, k.Col.ID) && !hasCol(out, k.Col.ID) {
			out = append(out, k.Col)
		}
	}
	if t.bag != nil && !hasCol(kept, t.bag.ID) && !hasCol(out, t.bag.ID) {
		out = append(out, *t.bag)
	}
	return out
}

func hasCol(cols []rel.Col, id rel.ColID) bool {
	for _, c := range cols {
		if c.ID == id {
			return true
		}
	}
	return false
}

// env is a chain of declared names: let statements, parameters, and the like.
type env struct {
	parent *env
	name   string
	b      binding
}

func (e *env) with(name string, b binding) *env { return &env{e, name, b} }

func (e *env) lookup(name string) (binding, bool) {
	for ; e != nil; e = e.parent {
		if r, ok := e.b.(*restrictBinding); ok && r.hidden[name] {
			return nil, false
		}
		if e.name == name && e.b != nil {
			return e.b, true
		}
	}
	return nil, false
}

// binding is what a declared name stands for.
type binding interface{ binding() }

// scalarBinding is let x = scalar, or a scalar parameter.
type scalarBinding struct{ expr rel.Expr }

// tableBinding is let T = tabular, or a tabular parameter: it is bound anew wherever it is used, so that
// every use has columns of its own.
type tableBinding struct {
	bind func() *table
}

// funcBinding is let f = (…) { … }.
type funcBinding struct {
	name string
	fn   *syntax.FuncExpr
	env  *env
}

// badBinding is a name whose declaration had an error: its use is not reported again.
type badBinding struct{}

// patternBinding is declare pattern: calls with constant arguments stand for one of its bodies.
type patternBinding struct {
	decl *syntax.DeclarePatternStmt
	env  *env
}

func (patternBinding) binding() {}
func (scalarBinding) binding()  {}
func (tableBinding) binding()   {}
func (funcBinding) binding()    {}
func (badBinding) binding()     {}

// row is what a scalar expression may refer to: the columns of one table, or of both sides of a join.
type row struct {
	t *table
	// left and right are set in a join's condition.
	left, right *table
	// aggregates are collected here while binding what summarize computes; nil elsewhere.
	aggs *aggregates
	// window tells that window functions are allowed; they are added to this table.
	window *table
	env    *env
	search bool // in search's predicate
	// extra resolves names before columns: scan's step states, graph-match's variables.
	extra func(name string) (rel.Expr, bool)
	// path resolves x.name of such names; nil where x has no such member.
	path func(base, name string) (rel.Expr, bool)
	// call binds functions that only some operators know: map, all and any of graph-match.
	call func(r *row, c *syntax.CallExpr) (rel.Expr, bool)
}

// scalarsOnly is the row of an expression that sees no columns.
func scalarsOnly(e *env) *row { return &row{env: e} }

// root is the outermost scope: the catalogue alone.
func (b *binder) root() *env { return nil }

func sortedKeys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// add reports an error; inside a stored function it is reported at the call.
func (b *binder) add(code string, span source.Span, msg string) { b.addHint(code, span, msg, "") }

func (b *binder) addHint(code string, span source.Span, msg, hint string) {
	if code == "KS204" || code == "KS211" || code == "KS208" {
		b.soft[len(b.diags)] = true
	}
	if len(b.inside) > 0 {
		f := b.inside[0]
		msg = "in function '" + b.inside[len(b.inside)-1].name + "': " + msg
		span = f.call
		b.soft[len(b.diags)] = true
	}
	b.diags = append(b.diags, source.Diagnostic{Code: code, Severity: source.Error, Span: span, Msg: msg, Hint: hint})
}

func (b *binder) warn(code string, span source.Span, msg string) {
	if len(b.inside) > 0 {
		f := b.inside[0]
		msg = "in function '" + b.inside[len(b.inside)-1].name + "': " + msg
		span = f.call
	}
	b.diags = append(b.diags, source.Diagnostic{Code: code, Severity: source.Warning, Span: span, Msg: msg})
}

// nearest returns the name closest to a misspelt one, or "".
func nearest(name string, names []string) string {
	if near := catalog.Near(name, names); len(near) > 0 && !strings.HasPrefix(near[0], "$") {
		return near[0]
	}
	return ""
}

func lit(v types.Value) rel.Expr { return &rel.Lit{V: v} }

func isBad(e rel.Expr) bool { return e == nil || e.Type() == types.Unknown }

// isUntyped tells whether an expression is a value out of an open table.
func (b *binder) isUntyped(e rel.Expr) bool {
	if c, ok := e.(*rel.ColRef); ok {
		return b.untyped[c.ID]
	}
	return b.untypedExprs[e]
}

// newColFor is newCol for an expression: a column of an untyped value is untyped.
func (b *binder) newColFor(name string, e rel.Expr) rel.Col {
	c := b.newCol(name, e.Type())
	if b.isUntyped(e) {
		b.untyped[c.ID] = true
	}
	return c
}
