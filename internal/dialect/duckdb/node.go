package duckdb

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// compile writes a node as a SELECT.
func (w *writer) compile(n rel.Node) *sel {
	if w.opts.Stop != nil {
		if err := w.opts.Stop(); err != nil {
			panic(stopped{err})
		}
	}
	switch n := n.(type) {
	case *rel.Scan:
		return w.scan(n)
	case *rel.Values:
		return w.values(n)
	case *rel.Sequence:
		return w.sequence(n)
	case *rel.Filter:
		s := w.opened(w.compile(n.In))
		c := *s
		c.where = append(s.where[:len(s.where):len(s.where)], w.expr(n.Pred, w.refs(s), true))
		return &c
	case *rel.Project:
		return w.project(n)
	case *rel.Aggregate:
		return w.aggregate(n)
	case *rel.DistinctOn:
		s := w.opened(w.compile(n.In))
		var on []string
		for _, e := range n.On {
			if _, ok := rel.Const(e); !ok { // a constant tells no rows apart, and DuckDB refuses it
				on = append(on, w.expr(e, w.refs(s), false))
			}
		}
		c := *s
		c.open, c.tail = false, w.orderBy(n.Order, w.refs(s))
		if len(on) > 0 {
			c.distinct = "DISTINCT ON (" + strings.Join(on, ", ") + ") "
		} else {
			c.tail += " LIMIT 1"
		}
		return &c
	case *rel.Join:
		return w.join(n)
	case *rel.Limit:
		s := w.opened(w.compile(n.In))
		c := *s
		c.open = false
		c.tail = w.orderBy(n.Order, w.refs(s)) + " LIMIT greatest(0, " + w.expr(n.Count, w.refs(&sel{}), false) + ")"
		return &c
	case *rel.Union:
		return w.union(n)
	case *rel.Unnest:
		return w.unnest(n)
	case *rel.Window:
		return w.window(n)
	case *rel.Apply:
		return w.apply(n)
	case *rel.Ref:
		s := &sel{open: true, from: sqlf(shareName(n.ID))}
		in := w.shares[n.ID]
		for i, c := range n.Out {
			w.names.declare(c)
			s.items = append(s.items, column{c.ID, w.name(in[i])})
		}
		return s
	case *rel.With:
		for _, sh := range n.Shares {
			// the share puts out exactly the node's columns, under their names
			cols := sh.In.Cols()
			c := w.picked(w.opened(w.compile(sh.In)), cols)
			w.shares[sh.ID] = cols
			w.ctes = append(w.ctes, sqlf(shareName(sh.ID)+" AS MATERIALIZED (", w.text(c), ")"))
		}
		return w.compile(n.Body)
	case *rel.Native:
		return w.native(n)
	}
	panic(fmt.Sprintf("no SQL for node %T", n))
}

// picked is a SELECT of columns of an open one.
func (w *writer) picked(s *sel, cols []rel.Col) *sel {
	at := w.refs(s)
	out := &sel{from: s.from, where: s.where, source: s.source, items: make([]column, 0, len(cols))}
	for _, c := range cols {
		w.names.declare(c)
		out.items = append(out.items, column{c.ID, at(c.ID)})
	}
	return out
}

func (w *writer) scan(n *rel.Scan) *sel {
	s := &sel{open: true}
	parts := []string{n.Table}
	if w.opts.Parts != nil {
		parts = w.opts.Parts(n)
	}
	switch len(parts) {
	case 0:
		return w.values(&rel.Values{Out: n.Out})
	case 1:
		s.from = sqlf(Ident(parts[0]))
	default:
		s.from = sqlf(w.pieces(n, parts))
	}
	s.items = make([]column, 0, len(n.Out))
	for i, c := range n.Out {
		w.names.declare(c)
		s.items = append(s.items, column{c.ID, Ident(n.Source[i])})
	}
	if n.Bounded {
		t := Ident(n.TimeCol)
		s.where = append(s.where, fmt.Sprintf("%s >= %d::BIGINT AND %s < %d::BIGINT", t, n.From, t, n.To))
	}
	return s
}

// pieces reads a table that is stored in several.
func (w *writer) pieces(n *rel.Scan, parts []string) string {
	cols := slices.Clone(n.Source)
	if n.Bounded && !slices.Contains(cols, n.TimeCol) {
		cols = append(cols, n.TimeCol)
	}
	for i, c := range cols {
		cols[i] = Ident(c)
	}
	list := strings.Join(cols, ", ")
	if len(cols) == 0 {
		list = "1 AS one"
	}
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteString(" UNION ALL ")
		}
		b.WriteString("SELECT " + list + " FROM " + Ident(p))
	}
	return "(" + b.String() + ") AS " + w.alias()
}

func (w *writer) values(n *rel.Values) *sel {
	s := &sel{open: true}
	if len(n.Rows) == 1 && len(n.Out) == 0 {
		s.from = sqlf("(SELECT 1 AS nothing) AS " + w.alias())
		return s
	}
	var b strings.Builder
	names := make([]string, len(n.Out))
	for i, c := range n.Out {
		names[i] = w.name(c)
		s.items = append(s.items, column{c.ID, names[i]})
	}
	if len(n.Rows) == 0 {
		b.WriteString("(SELECT ")
		for i, c := range n.Out {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString("NULL::" + sqlTypes[c.Type] + " AS " + names[i])
		}
		if len(n.Out) == 0 {
			b.WriteString("1 AS nothing")
		}
		b.WriteString(" WHERE false) AS " + w.alias())
		s.from = sqlf(b.String())
		return s
	}
	b.WriteString("(VALUES ")
	for i, r := range n.Rows {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for j, v := range r {
			if j > 0 {
				b.WriteString(", ")
			}
			b.WriteString(Literal(v))
		}
		b.WriteByte(')')
	}
	b.WriteString(") AS " + w.alias() + "(" + strings.Join(names, ", ") + ")")
	s.from = sqlf(b.String())
	return s
}

// sequence counts the rows of range(): value i is from + i * step. With constant ends the engine counts
// without a list; others (toscalar) make one.
func (w *writer) sequence(n *rel.Sequence) *sel {
	none := w.refs(&sel{})
	from, to, step := w.expr(n.From, none, false), w.expr(n.To, none, false), w.expr(n.Step, none, false)
	name, i := w.name(n.Out), w.alias()
	var rows string
	if count, ok := sequenceLength(n); ok {
		rows = "range(0, " + strconv.FormatInt(count, 10) + ") AS " + w.alias() + "(" + i + ")"
	} else {
		span := "(" + to + ")::HUGEINT - (" + from + ")"
		count := "CASE WHEN " + step + " = 0 OR sign(" + span + ") * sign(" + step + ") < 0 THEN 0 ELSE (" + span + ") // " + step + " + 1 END"
		if n.Out.Type == types.Real {
			count = "CASE WHEN " + step + " = 0 THEN 0 ELSE greatest(0, floor(((" + to + ") - (" + from + ")) / " + step + " + 1e-9)::BIGINT + 1) END"
		}
		rows = "(SELECT unnest(range(0, coalesce((" + count + ")::BIGINT, 0))) AS " + i + ") AS " + w.alias()
	}
	sql := "(" + from + " + " + i + " * " + step + ")::" + sqlTypes[n.Out.Type]
	return &sel{open: true, items: []column{{n.Out.ID, name}}, from: sqlf("(SELECT " + sql + " AS " + name + " FROM " + rows + ") AS " + w.alias())}
}

// sequenceLength counts the rows of a range with constant ends.
func sequenceLength(n *rel.Sequence) (int64, bool) {
	from, ok1 := rel.Const(n.From)
	to, ok2 := rel.Const(n.To)
	step, ok3 := rel.Const(n.Step)
	if !ok1 || !ok2 || !ok3 {
		return 0, false
	}
	if from.IsNull() || to.IsNull() || step.IsNull() {
		return 0, true
	}
	if n.Out.Type == types.Real {
		s := step.Float64()
		// The last value may miss the end by a rounding error.
		count := math.Floor((to.Float64()-from.Float64())/s+1e-9) + 1
		if s == 0 || math.IsNaN(count) || count < 0 {
			return 0, true
		}
		return int64(math.Min(count, math.MaxInt64/2)), true
	}
	s := big.NewInt(step.Int64())
	span := new(big.Int).Sub(big.NewInt(to.Int64()), big.NewInt(from.Int64()))
	if s.Sign() == 0 || span.Sign()*s.Sign() < 0 {
		return 0, true
	}
	count := span.Quo(span, s)
	count.Add(count, big.NewInt(1))
	if !count.IsInt64() {
		return math.MaxInt64, true
	}
	return count.Int64(), true
}

func (w *writer) project(n *rel.Project) *sel {
	s := w.opened(w.compile(n.In))
	at := w.refs(s)
	out := &sel{from: s.from, where: s.where, source: s.source, open: true, items: make([]column, 0, len(n.Items))}
	for _, it := range n.Items {
		w.names.declare(it.Col)
		if _, ok := it.Expr.(*rel.ColRef); !ok {
			out.open = false
		}
		out.items = append(out.items, column{it.Col.ID, w.expr(it.Expr, at, false)})
	}
	return out
}

func (w *writer) aggregate(n *rel.Aggregate) *sel {
	s := w.own(w.compile(n.In))
	at := w.refs(s)
	out := &sel{from: s.from, where: s.where}
	var group []string
	for i, k := range n.Keys {
		w.names.declare(k.Col)
		out.items = append(out.items, column{k.Col.ID, w.expr(k.Expr, at, false)})
		group = append(group, strconv.Itoa(i+1))
	}
	if len(n.Aggs) == 0 {
		out.distinct = "DISTINCT "
		return out
	}
	order := strings.TrimPrefix(w.orderBy(n.Order, at), " ORDER BY ")
	var rows []column // fields of aggregates of whole rows, read in a SELECT around this one
	for _, a := range n.Aggs {
		if !a.Call.Fn.Spread.Row {
			w.names.declare(a.Outs[0])
			out.items = append(out.items, column{a.Outs[0].ID, w.aggCall(a.Call, at, order)})
			continue
		}
		row := w.alias() + "_row"
		out.items = append(out.items, column{0, w.aggCall(a.Call, at, order) + " AS " + row})
		for i, o := range a.Outs {
			w.names.declare(o)
			rows = append(rows, column{o.ID, funcs.RowField(row, i, o.Type)})
		}
	}
	if len(group) > 0 {
		out.tail = " GROUP BY " + strings.Join(group, ", ")
	}
	if rows == nil {
		return out
	}
	outer := &sel{from: sqlf("(", w.text(out), ") AS "+w.alias())}
	for _, c := range out.items {
		if c.id != 0 {
			outer.items = append(outer.items, column{c.id, w.names.get(c.id)})
		}
	}
	outer.items = append(outer.items, rows...)
	return outer
}

// aggCall writes an aggregate: its SQL, else its Go body over lists of the arguments.
func (w *writer) aggCall(e *rel.Call, at refs, order string) string {
	c := &funcs.Call{Type: e.T, Order: order}
	for i, a := range e.Args {
		arg := funcs.Arg{SQL: w.expr(a, at, decides(e, i)), Type: a.Type()}
		if v, ok := rel.Const(a); ok {
			arg.Const = &v
		}
		c.Args = append(c.Args, arg)
	}
	sql := ""
	switch {
	case e.Sig != nil && e.Sig.Lower != nil:
		sql = e.Sig.Lower(w, c)
	case e.Sig != nil && e.Sig.SQL != "":
		sql = funcs.Expand(e.Sig.SQL, c)
	case e.Fn.Lower != nil:
		sql = e.Fn.Lower(w, c)
	case e.Fn.SQL != "":
		sql = funcs.Expand(e.Fn.SQL, c)
	}
	if sql == "" {
		if e.Fn.Agg == nil {
			panic("the aggregate " + e.Fn.Name + " has neither SQL nor a Go body")
		}
		u := UDF{Out: e.T, Fn: e.Fn, Agg: e.Fn.Agg}
		var args []string
		for i, a := range c.Args {
			u.Args = append(u.Args, a.Type)
			if p, ok := e.Sig.Param(i, len(c.Args)); ok && p.Const {
				args = append(args, "["+a.SQL+"]")
				continue
			}
			list := "list(" + a.SQL
			if order != "" && e.Fn.Ordered {
				list += " ORDER BY " + order
			}
			args = append(args, "coalesce("+list+"), [])")
		}
		if len(args) == 0 {
			args, u.Args = []string{"coalesce(list(1::BIGINT), [])"}, []types.Type{types.Long}
		}
		return w.udf(u, args)
	}
	if e.T == types.String && !e.Fn.Spread.Row {
		return "coalesce(" + sql + ", '')"
	}
	return sql
}

func (w *writer) join(n *rel.Join) *sel {
	l, r := w.opened(w.compile(n.Left)), w.opened(w.compile(n.Right))
	la, ra := w.alias(), w.alias()
	lat, rat := w.side(l, la, n.Left), w.side(r, ra, n.Right)
	word := map[rel.JoinKind]string{
		rel.Inner: "JOIN", rel.LeftOuter: "LEFT JOIN", rel.RightOuter: "RIGHT JOIN", rel.FullOuter: "FULL JOIN",
		rel.LeftSemi: "SEMI JOIN", rel.LeftAnti: "ANTI JOIN", rel.Cross: "CROSS JOIN",
	}[n.Kind]
	s := &sel{open: true, from: sqlf(lat.from, " "+word+" ", rat.from)}
	var on []string
	for _, k := range n.On {
		op := " IS NOT DISTINCT FROM "
		if k.Left.Type() == types.String {
			op = " = "
		}
		on = append(on, w.expr(k.Left, lat.at, false)+op+w.expr(k.Right, rat.at, false))
	}
	if n.Kind != rel.Cross {
		if len(on) == 0 {
			on = []string{"true"}
		}
		s.from = sqlf(s.from, " ON "+strings.Join(on, " AND "))
	}
	put := func(in []rel.Col, out []rel.Col, at refs) {
		for i, c := range in {
			if out == nil {
				w.names.declare(c)
				s.items = append(s.items, column{c.ID, at(c.ID)})
				continue
			}
			sql := at(c.ID)
			w.names.declare(out[i])
			if c.Type == types.String {
				sql, s.open = "coalesce("+sql+", '')", false
			}
			s.items = append(s.items, column{out[i].ID, sql})
		}
	}
	put(n.Left.Cols(), n.LeftOut, lat.at)
	if n.Kind != rel.LeftSemi && n.Kind != rel.LeftAnti {
		put(n.Right.Cols(), n.RightOut, rat.at)
	}
	return s
}

type joinSide struct {
	from fragment
	at   refs
}

// side makes an input of a join a derived table, under an alias of its own.
func (w *writer) side(s *sel, alias string, n rel.Node) joinSide {
	return joinSide{sqlf("(", w.text(w.picked(s, n.Cols())), ") AS "+alias), func(id rel.ColID) string {
		if n, ok := w.outer[id]; ok {
			return n
		}
		return alias + "." + w.names.get(id)
	}}
}

func (w *writer) union(n *rel.Union) *sel {
	for _, c := range n.Out {
		w.names.declare(c)
	}
	legs := make([]any, 0, 2*len(n.Ins))
	for i, in := range n.Ins {
		if i > 0 {
			legs = append(legs, " UNION ALL ")
		}
		legs = append(legs, w.leg(in, n.Out, i == 0))
	}
	items := make([]column, len(n.Out))
	for i, c := range n.Out {
		items[i].id = c.ID
	}
	return w.derived(sqlf(legs...), items)
}

// leg writes an input of a union. Its columns go by position, so only the first leg names them, as out.
func (w *writer) leg(n rel.Node, out []rel.Col, first bool) fragment {
	s := w.compile(n)
	cols := n.Cols()
	if !s.open && (s.distinct != "" || s.tail != "" || len(s.items) != len(cols)) {
		s = w.opened(s)
	}
	at := w.refs(s)
	whole := !first && s.open && len(s.source) == len(cols) // SELECT * puts out just these, in this order
	parts := make([]string, 0, 2*len(cols)+2)
	for i, c := range cols {
		if i > 0 {
			parts = append(parts, ", ")
		}
		sql := at(c.ID)
		parts = append(parts, sql)
		if first {
			parts = append(parts, " AS ", w.names.get(out[i].ID))
		}
		whole = whole && s.source[i].sql == sql
	}
	switch {
	case len(cols) == 0:
		parts = append(parts, "1 AS nothing")
	case whole:
		parts = append(parts[:0], "*")
	}
	if s.from.empty() {
		return sqlf("SELECT ", strings.Join(parts, ""))
	}
	return sqlf("SELECT ", strings.Join(parts, ""), s.body())
}

// unnest expands dynamic values side by side. The lists of elements are computed in a SELECT of their own,
// because each is used more than once.
func (w *writer) unnest(n *rel.Unnest) *sel {
	in := w.opened(w.compile(n.In))
	at := w.refs(in)
	lists := w.picked(in, n.In.Cols())
	inner := w.alias()
	var names, lens []string
	for i, it := range n.Items {
		macro := "kql_unnest("
		if it.Array {
			macro = "kql_unnest_pairs("
		}
		list := macro + w.expr(it.Expr, at, false) + ")"
		if n.Limit > 0 {
			list += "[1:" + strconv.FormatInt(n.Limit, 10) + "]"
		}
		name := inner + "_list" + strconv.Itoa(i)
		names = append(names, name)
		lens = append(lens, "coalesce(len("+name+"), 0)")
		lists.items = append(lists.items, column{0, list + " AS " + name})
	}
	out := &sel{from: sqlf("(", w.text(lists), ") AS "+inner)}
	for _, c := range n.In.Cols() {
		out.items = append(out.items, column{c.ID, w.names.get(c.ID)})
	}
	count := "greatest(" + strings.Join(lens, ", ") + ")"
	if len(lens) == 1 {
		count = lens[0]
	}
	for i, it := range n.Items {
		w.names.declare(it.Out)
		list := names[i]
		out.items = append(out.items, column{it.Out.ID, "nullif(unnest(" + list + "), 'null')::VARCHAR"})
	}
	if n.Index.ID != 0 {
		w.names.declare(n.Index)
		out.items = append(out.items, column{n.Index.ID, "unnest(range(0, " + count + "))"})
	}
	return out
}

func (w *writer) window(n *rel.Window) *sel {
	s := w.own(w.compile(n.In))
	at := w.refs(s)
	out := w.picked(s, n.In.Cols())
	for _, it := range n.Items {
		w.names.declare(it.Out)
		var part []string
		for _, p := range it.Partition {
			part = append(part, w.expr(p, at, false))
		}
		over := " OVER ("
		if len(part) > 0 {
			over += "PARTITION BY " + strings.Join(part, ", ") + " "
		}
		over += strings.TrimPrefix(w.orderBy(within(n.Order, it.Partition), at), " ")
		var args []string
		for _, a := range it.Args {
			args = append(args, w.expr(a, at, it.Func == rel.RunningCount))
		}
		const soFar = " ROWS UNBOUNDED PRECEDING)"
		var sql string
		switch it.Func {
		case rel.RowNumber:
			sql = "row_number()" + over + ")"
		case rel.Lag:
			sql = "lag(" + strings.Join(args, ", ") + ")" + over + ")"
		case rel.Lead:
			sql = "lead(" + strings.Join(args, ", ") + ")" + over + ")"
		case rel.RunningSum:
			sql = "coalesce(sum(" + args[0] + ")" + over + soFar + ", 0)::" + sqlTypes[it.Out.Type]
		case rel.RunningCount:
			// With a FILTER clause the engine counts each row's frame anew.
			sql = "count(CASE WHEN " + args[0] + " THEN 1 END)" + over + soFar
		case rel.RunningMax:
			sql = "max(" + args[0] + ")" + over + soFar
		default:
			panic(fmt.Sprintf("no SQL for window function %d", it.Func))
		}
		out.items = append(out.items, column{it.Out.ID, sql})
	}
	return out
}

// within leaves out the keys that are equal throughout a partition: the engine does not see that they are.
func within(order []rel.Key, partition []rel.Expr) []rel.Key {
	var out []rel.Key
	for _, k := range order {
		same := slices.ContainsFunc(partition, func(e rel.Expr) bool {
			ref, ok := e.(*rel.ColRef)
			return ok && ref.ID == k.Col.ID
		})
		if !same {
			out = append(out, k)
		}
	}
	return out
}

// apply is a lateral join: the right side reads the left side's columns.
func (w *writer) apply(n *rel.Apply) *sel {
	l := w.opened(w.compile(n.Left))
	la := w.alias()
	left := w.side(l, la, n.Left)
	saved := w.outer
	w.outer = map[rel.ColID]string{}
	for id, name := range saved {
		w.outer[id] = name
	}
	s := &sel{open: true}
	for _, c := range n.Left.Cols() {
		w.outer[c.ID] = la + "." + w.names.get(c.ID)
		s.items = append(s.items, column{c.ID, la + "." + w.names.get(c.ID)})
	}
	r := w.opened(w.compile(n.Right))
	ra := w.alias()
	c := w.picked(r, n.Right.Cols())
	for _, col := range n.Right.Cols() {
		s.items = append(s.items, column{col.ID, ra + "." + w.names.get(col.ID)})
	}
	s.from = sqlf(left.from, ", LATERAL (", w.text(c), ") AS "+ra)
	w.outer = saved
	return s
}

// native hands all rows to Go as one list and takes a list back.
func (w *writer) native(n *rel.Native) *sel {
	s := w.own(w.compile(n.In))
	at := w.refs(s)
	u := Native{Op: n.Op}
	var vals []string
	for _, c := range n.Args {
		u.In = append(u.In, c.Type)
		vals = append(vals, at(c.ID)+"::VARCHAR")
	}
	for _, c := range n.Out {
		u.Result = append(u.Result, c.Type)
	}
	call := NativeFunc + "(" + strconv.Itoa(len(w.natives)) + ", "
	w.natives = append(w.natives, u)
	row, out := w.alias(), w.alias()
	src := sqlf("SELECT unnest("+call+"coalesce(list(["+strings.Join(vals, ", ")+"]::VARCHAR[]"+w.orderBy(n.Order, at)+"), []))) AS "+row, s.body())
	res := &sel{from: sqlf("(", src, ") AS "+out)}
	for i, c := range n.Out {
		w.names.declare(c)
		res.items = append(res.items, column{c.ID, "CAST(" + row + "[" + strconv.Itoa(i+1) + "] AS " + sqlTypes[c.Type] + ")"})
	}
	return res
}

// orderBy writes an ORDER BY clause, with a blank in front; "" for no keys. NaN stands beside null, between it
// and the numbers; the engine takes it for the greatest number, which is the same only where nulls are at that
// end.
//
// https://learn.microsoft.com/kusto/query/sort-operator#using-special-floating-point-values
func (w *writer) orderBy(keys []rel.Key, at refs) string {
	var parts []string
	for _, k := range keys {
		p := at(k.Col.ID)
		if k.Col.Type == types.Real && k.Desc == k.NullsLast {
			if k.Desc {
				parts = append(parts, "isnan("+p+") ASC NULLS LAST")
			} else {
				parts = append(parts, "isnan("+p+") DESC NULLS FIRST")
			}
		}
		if k.Desc {
			p += " DESC"
		} else {
			p += " ASC"
		}
		if k.NullsLast {
			p += " NULLS LAST"
		} else {
			p += " NULLS FIRST"
		}
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		return ""
	}
	return " ORDER BY " + strings.Join(parts, ", ")
}
