package bind

import (
	"reflect"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// toScalar is toscalar(table): the first column of the first row.
func (b *binder) toScalar(r *row, c *syntax.CallExpr) rel.Expr {
	if len(c.Args) != 1 {
		b.add("KS119", c.Span(), "toscalar expects 1 argument")
		return rel.Bad{}
	}
	if !b.isTabular(r.env, c.Args[0]) {
		return b.onceScalar(c, b.scalarExpr(r, c.Args[0]))
	}
	t := b.tableExpr(r.env, c.Args[0])
	if t == nil {
		return rel.Bad{}
	}
	if len(t.cols) == 0 {
		b.add("KS190", c.Args[0].Span(), "the table has no columns")
		return rel.Bad{}
	}
	if !b.rowFree(r, t.node, c.Span(), "toscalar") {
		return rel.Bad{}
	}
	plan := &rel.Limit{In: t.node, Count: lit(types.LongOf(1)), Order: t.order}
	return &rel.Subquery{Plan: b.only(plan, t.cols[:1]), T: t.cols[0].Type}
}

// onceScalar is toscalar of a scalar: a call such as new_guid() or rand() is made once for the query, and
// every use of the same toscalar gives that value.
//
// https://learn.microsoft.com/kusto/query/toscalar-function#generate-fixed-and-dynamic-guid
func (b *binder) onceScalar(c *syntax.CallExpr, x rel.Expr) rel.Expr {
	once, perRow := true, false
	rel.WalkExpr(x, func(y rel.Expr) {
		switch y := y.(type) {
		case *rel.ColRef:
			once = false
		case *rel.Call:
			perRow = perRow || y.Fn.Vol == funcs.PerRow
		}
	})
	if isBad(x) || !once || !perRow {
		return x
	}
	for _, k := range b.onces[c] {
		if reflect.DeepEqual(k.expr, x) {
			return k.read()
		}
	}
	one := &rel.Values{Rows: [][]types.Value{{}}}
	col := b.newCol("$once", x.Type())
	t := b.shared(&table{node: &rel.Project{In: one, Items: []rel.Item{{Col: col, Expr: x}}}, cols: []rel.Col{col}}).(tableBinding)
	k := onceValue{x, func() rel.Expr {
		u := t.bind()
		return &rel.Subquery{Plan: u.node, T: x.Type()}
	}}
	if b.onces == nil {
		b.onces = map[*syntax.CallExpr][]onceValue{}
	}
	b.onces[c] = append(b.onces[c], k)
	return k.read()
}

// onceValue is a scalar that is computed once, and how to read it.
type onceValue struct {
	expr rel.Expr
	read func() rel.Expr
}

// rowFree reports a table that reads columns of the row it is used in: it would have to be computed anew for
// each row, which Kusto refuses.
//
// https://learn.microsoft.com/kusto/query/toscalar-function#limitations
func (b *binder) rowFree(r *row, n rel.Node, span source.Span, what string) bool {
	own, used := map[rel.ColID]bool{}, map[rel.ColID]bool{}
	var walk func(rel.Node)
	walk = func(n rel.Node) {
		for _, c := range n.Cols() {
			own[c.ID] = true
		}
		rel.Exprs(n, func(x rel.Expr) {
			rel.WalkExpr(x, func(y rel.Expr) {
				if c, ok := y.(*rel.ColRef); ok {
					used[c.ID] = true
				}
			})
		})
		for _, in := range n.Inputs() {
			walk(in)
		}
	}
	walk(n)
	for id := range own {
		delete(used, id)
	}
	if len(used) == 0 {
		return true
	}
	name := ""
	for _, t := range []*table{r.t, r.left, r.right} {
		if t == nil {
			continue
		}
		for _, c := range t.cols {
			if used[c.ID] && name == "" {
				name = c.Name
			}
		}
	}
	b.errRowContext(span, what, name)
	return false
}

// only keeps the given columns of a node.
func (b *binder) only(n rel.Node, cols []rel.Col) rel.Node {
	p := &rel.Project{In: n}
	for _, c := range cols {
		p.Items = append(p.Items, rel.Item{Col: c, Expr: c.Ref()})
	}
	return p
}

func (b *binder) scalarMaterialize(r *row, c *syntax.CallExpr) rel.Expr {
	if len(c.Args) != 1 {
		b.add("KS119", c.Span(), "materialize expects 1 argument")
		return rel.Bad{}
	}
	return b.scalarExpr(r, c.Args[0])
}

// columnIfExists is column_ifexists("name", default).
func (b *binder) columnIfExists(r *row, c *syntax.CallExpr) rel.Expr {
	if len(c.Args) != 2 {
		b.add("KS119", c.Span(), "column_ifexists expects 2 arguments")
		return rel.Bad{}
	}
	name, ok := b.wantedColumn(r, c.Args[0])
	if !ok {
		return rel.Bad{}
	}
	// The result has the type of the default, whatever the column's: a query is typed before it is known
	// which columns there are.
	def := b.scalarExpr(r, c.Args[1])
	if isBad(def) {
		return def
	}
	if r.t != nil {
		if col, ok := r.t.col(name); ok {
			return b.cast(col.Ref(), def.Type())
		}
		if r.t.open && r.t.bag != nil {
			return b.cast(b.openColumn(r.t, name), def.Type())
		}
	}
	return def
}

// wantedColumn is the first argument of column_ifexists: a text, a column's name, or a let statement's text.
func (b *binder) wantedColumn(r *row, x syntax.Expr) (string, bool) {
	id, ok := x.(*syntax.Ident)
	if !ok {
		v, ok := b.constant(r.env, x, "the name of a column")
		if !ok {
			return "", false
		}
		return v.ToText(), true
	}
	if d, ok := r.env.lookup(id.Name); ok {
		if s, ok := d.(scalarBinding); ok {
			if v, ok := rel.Const(s.expr); ok {
				return v.ToText(), true
			}
		}
	}
	return id.Name, true
}

// columnIfExistsName is the name of column_ifexists' result: that of the column it stands for, which is the
// default if that is a column.
//
// https://learn.microsoft.com/kusto/query/column-ifexists-function#example
func (b *binder) columnIfExistsName(r *row, c *syntax.CallExpr) string {
	n := len(b.diags)
	name, ok := b.wantedColumn(r, c.Args[0])
	b.takeBack(n) // binding the call reports them
	if !ok || r.t == nil {
		return ""
	}
	if _, ok := r.t.col(name); ok || r.t.open && r.t.bag != nil {
		return name
	}
	return b.nameOf(r, c.Args[1])
}

// assertCall is assert(condition, message): its arguments are constants, and a false one ends the query
// here, whether any row would reach it or not.
//
// https://learn.microsoft.com/kusto/query/assert-function
func (b *binder) assertCall(r *row, c *syntax.CallExpr) rel.Expr {
	fn, ok := b.opts.Funcs.Lookup(funcs.Scalar, "assert")
	if !ok {
		panic("bind: the catalogue lacks assert")
	}
	x := b.scalarCall(r, fn, c)
	call, ok := x.(*rel.Call)
	if !ok {
		return x // true, or reported
	}
	holds, ok1 := rel.Const(call.Args[0])
	message, ok2 := rel.Const(call.Args[1])
	if ok1 && ok2 && (holds.IsNull() || !holds.Bool()) {
		b.errAssert(c.Span(), message.Text())
		return rel.Bad{}
	}
	return x
}

// packAll is pack_all([ignore null or empty]): all columns as one property bag.
func (b *binder) packAll(r *row, c *syntax.CallExpr) rel.Expr {
	if r.t == nil {
		b.add("KS199", c.Span(), "no columns are in scope")
		return rel.Bad{}
	}
	ignore := types.BoolOf(false)
	if len(c.Args) > 0 {
		v, ok := b.constant(r.env, c.Args[0], "the argument of pack_all")
		if !ok {
			return rel.Bad{}
		}
		ignore = v
	}
	return b.packColumns(ignore, r.t.cols, c)
}

// bagPackColumns is bag_pack_columns(a, b, …): columns as a property bag under their names.
func (b *binder) bagPackColumns(r *row, c *syntax.CallExpr) rel.Expr {
	if len(c.Args) == 0 {
		b.add("KS119", c.Span(), "bag_pack_columns expects at least 1 argument")
		return rel.Bad{}
	}
	var cols []rel.Col
	for _, a := range c.Args {
		id, ok := a.(*syntax.Ident)
		if !ok || r.t == nil {
			b.errColumnExpected(a.Span())
			return rel.Bad{}
		}
		col, ok := r.t.col(id.Name)
		if !ok {
			b.errName(id.Span(), id.Name, b.nearName(r, id.Name))
			return rel.Bad{}
		}
		cols = append(cols, col)
	}
	return b.packColumns(types.BoolOf(false), cols, c)
}

func (b *binder) packColumns(ignore types.Value, cols []rel.Col, c *syntax.CallExpr) rel.Expr {
	fn, ok := b.opts.Funcs.Lookup(funcs.Operator, "pack_columns")
	if !ok {
		panic("bind: the catalogue lacks pack_columns")
	}
	args := []rel.Expr{lit(ignore)}
	for _, col := range cols {
		args = append(args, lit(types.StringOf(col.Name)), col.Ref())
	}
	return b.call(fn, &fn.Sigs[0], args, types.Dynamic)
}

// ingestionTime is ingestion_time(): the time a row was taken in. Rows loaded from files have none of
// their own, so it is _TimeReceived where a table has it, else the row's TimeGenerated.
func (b *binder) ingestionTime(r *row, c *syntax.CallExpr) rel.Expr {
	if r.t != nil {
		for _, name := range []string{ingestionColumn, timeColumn} {
			if col, ok := r.t.col(name); ok && col.Type == types.Datetime {
				return col.Ref()
			}
		}
	}
	return lit(types.Null(types.Datetime))
}
