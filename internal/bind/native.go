package bind

import (
	"fmt"

	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// native runs op over the columns args of a node's rows. Its result is in the order in which op gives it.
func (b *binder) native(op rel.NativeOp, in rel.Node, order []rel.Key, args, out []rel.Col) *table {
	n := b.newCol("$row", types.Long)
	all := append(out[:len(out):len(out)], n)
	return &table{
		node: &rel.Native{In: in, Op: exec.Numbered{NativeOp: op}, Order: order, Args: args, Out: all},
		cols: out, order: []rel.Key{{Col: n}},
	}
}

// fresh gives columns new numbers, for an operator that puts the same columns out again.
func (b *binder) fresh(cols []rel.Col) []rel.Col {
	out := make([]rel.Col, len(cols))
	for i, c := range cols {
		out[i] = b.newCol(c.Name, c.Type)
	}
	return out
}

// computed makes columns of expressions over a table's rows, beside the columns the table has.
func (b *binder) computed(in *table, exprs ...rel.Expr) (rel.Node, []rel.Col) {
	p := &rel.Project{In: in.node}
	for _, c := range append(in.cols[:len(in.cols):len(in.cols)], in.hidden(in.cols)...) {
		p.Items = append(p.Items, rel.Item{Col: c, Expr: c.Ref()})
	}
	cols := make([]rel.Col, len(exprs))
	for i, e := range exprs {
		cols[i] = b.newCol("$arg", e.Type())
		p.Items = append(p.Items, rel.Item{Col: cols[i], Expr: e})
	}
	return p, cols
}

// tier is one of several inputs of a native operator, which takes only one: see stacked.
type tier struct {
	in    rel.Node
	order []rel.Key
	cols  []rel.Col
}

// stacked puts the rows of several inputs one below the other. A row begins with the number of its tier;
// then follow the columns of all tiers, those of the other tiers null. The order keeps the rows of each tier in
// the order they had.
func (b *binder) stacked(tiers ...tier) (in rel.Node, order []rel.Key, args []rel.Col) {
	u := &rel.Union{Out: []rel.Col{b.newCol("$tier", types.Long), b.newCol("$row", types.Long)}}
	for _, l := range tiers {
		u.Out = append(u.Out, b.fresh(l.cols)...)
	}
	for i, l := range tiers {
		n := b.newCol("$row", types.Long)
		w := &rel.Window{In: l.in, Items: []rel.WindowItem{{Out: n, Func: rel.RowNumber}}, Order: l.order}
		p := &rel.Project{In: w, Items: []rel.Item{
			{Col: b.newCol("$tier", types.Long), Expr: lit(types.LongOf(int64(i)))},
			{Col: b.newCol("$row", types.Long), Expr: n.Ref()},
		}}
		for j, other := range tiers {
			for _, c := range other.cols {
				x := rel.Expr(c.Ref())
				if j != i {
					x = lit(types.Null(c.Type))
				}
				p.Items = append(p.Items, rel.Item{Col: b.newCol(c.Name, c.Type), Expr: x})
			}
		}
		u.Ins = append(u.Ins, p)
	}
	args = append([]rel.Col{u.Out[0]}, u.Out[2:]...)
	return u, []rel.Key{{Col: u.Out[0]}, {Col: u.Out[1]}}, args
}

// pluginArgs are the arguments of a plugin's call, by the plugin's names for them.
type pluginArgs struct {
	b *binder
	e *env
	// in is the plugin's input. Binding arguments may add columns below the visible ones, if it is open.
	in   *table
	call *syntax.CallExpr
	at   map[string]syntax.Expr
	rest []syntax.Expr
	bad  bool
}

// pluginArgs gives each argument of a call its name, by its place or because it is written as name = value.
// The first least names must be given; arguments beyond the names are in rest.
func (b *binder) pluginArgs(e *env, in *table, c *syntax.CallExpr, least int, names ...string) *pluginArgs {
	a := &pluginArgs{b: b, e: e, in: in, call: c, at: map[string]syntax.Expr{}}
	known := map[string]bool{}
	for _, n := range names {
		known[n] = true
	}
	next := 0
	for _, x := range c.Args {
		if n, ok := x.(*syntax.NamedExpr); ok && len(n.Names) == 1 && known[n.Names[0].Name] {
			a.at[n.Names[0].Name] = n.Value
			continue
		}
		if next < len(names) {
			a.at[names[next]] = x
			next++
			continue
		}
		a.rest = append(a.rest, x)
	}
	for i, n := range names {
		if _, ok := a.at[n]; !ok && i < least {
			b.add("KS119", c.Span(), fmt.Sprintf("%s expects at least %d arguments: '%s' is missing", c.Name.Name, least, n))
			a.bad = true
			break
		}
	}
	return a
}

// none reports arguments beyond the named ones.
func (a *pluginArgs) none() {
	if len(a.rest) > 0 && !a.bad {
		a.b.add("KS119", a.rest[0].Span(), a.call.Name.Name+" does not take so many arguments")
		a.bad = true
	}
}

func (a *pluginArgs) has(name string) bool { _, ok := a.at[name]; return ok }

func (a *pluginArgs) span(name string) source.Span {
	if x, ok := a.at[name]; ok {
		return x.Span()
	}
	return a.call.Span()
}

// row is what the arguments may refer to.
func (a *pluginArgs) row() *row { return &row{t: a.in, env: a.e} }

// expr binds an argument over the plugin's input.
func (a *pluginArgs) expr(name string) rel.Expr {
	if a.bad {
		return rel.Bad{}
	}
	v := a.b.scalarExpr(a.row(), a.at[name])
	if isBad(v) {
		a.bad = true
	}
	return v
}

// column binds an argument that must be a column, of one of the types wanted if there are any.
func (a *pluginArgs) column(name string, want ...types.Type) rel.Col {
	if a.bad {
		return rel.Col{}
	}
	return a.columnOf(a.in, a.at[name], want...)
}

func (a *pluginArgs) columnOf(t *table, x syntax.Expr, want ...types.Type) rel.Col {
	name := ""
	switch x := x.(type) {
	case *syntax.Ident:
		name = x.Name
	case *syntax.BracketExpr:
		name = a.b.indexName(a.row(), x.X)
	}
	if name == "" {
		a.b.errColumnExpected(x.Span())
		a.bad = true
		return rel.Col{}
	}
	col, ok := t.col(name)
	if !ok && t.open && t == a.in {
		col, ok = a.openColumn(name), true
	}
	if !ok {
		a.b.errName(x.Span(), name, a.b.nearName(&row{t: t}, name))
		a.bad = true
		return rel.Col{}
	}
	if len(want) == 0 {
		return col
	}
	for _, w := range want {
		if col.Type == w {
			return col
		}
	}
	a.b.errType(x.Span(), want[0], col.Type)
	a.bad = true
	return col
}

// openColumn makes a column, below the visible ones of the input, of a name that only the run may know.
func (a *pluginArgs) openColumn(name string) rel.Col {
	in := *a.in
	x := a.b.openColumn(&in, name)
	col := a.b.newCol(name, x.Type())
	p := &rel.Project{In: in.node}
	for _, c := range in.node.Cols() {
		p.Items = append(p.Items, rel.Item{Col: c, Expr: c.Ref()})
	}
	p.Items = append(p.Items, rel.Item{Col: col, Expr: x})
	in.node = p
	a.in = &in
	return col
}

// columns binds the arguments beyond the named ones as columns.
func (a *pluginArgs) columns() []rel.Col {
	var out []rel.Col
	for _, x := range a.rest {
		if a.bad {
			return nil
		}
		out = append(out, a.columnOf(a.in, x))
	}
	return out
}

// constant binds an argument that must be a constant; def where it is not given.
func (a *pluginArgs) constant(name string, def types.Value) types.Value {
	x, ok := a.at[name]
	if a.bad || !ok {
		return def
	}
	v, ok := a.b.constant(a.e, x, "the argument '"+name+"' of "+a.call.Name.Name)
	if !ok {
		a.bad = true
		return def
	}
	return v
}

// typed binds a constant argument as a value of a type.
func (a *pluginArgs) typed(name string, t types.Type) types.Value {
	v := a.constant(name, types.Null(t))
	if a.bad || v.Type() == t {
		return v
	}
	if !(v.Type().IsNumeric() && t.IsNumeric() || v.Type() == types.Dynamic || v.IsNull()) {
		a.b.errType(a.span(name), t, v.Type())
		a.bad = true
		return v
	}
	return v.To(t)
}
