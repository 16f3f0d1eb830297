package bind

import (
	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// windowCall binds prev, next, row_number, row_cumsum, row_rank_*: functions of rows in an order.
// https://learn.microsoft.com/kusto/query/window-functions
func (b *binder) windowCall(r *row, c *syntax.CallExpr) rel.Expr {
	name := c.Name.Name
	if r.window == nil || len(r.window.order) == 0 {
		b.errWindow(c.Span(), name)
		return rel.Bad{}
	}
	args, _, ok := b.args(r, c.Args)
	if !ok {
		return rel.Bad{}
	}
	switch name {
	case "prev", "next":
		return b.neighbour(r, name, args, c)
	case "row_number":
		return b.rowNumber(r, args, c)
	case "row_cumsum":
		return b.rowCumsum(r, args, c)
	case "row_rank", "row_rank_dense", "row_rank_min": // row_rank is the older name of row_rank_dense
		return b.rowRank(r, name, args, c)
	}
	return b.rowWindowSession(r, args, c)
}

// addWindow adds window functions to the row's table and returns the columns they put out.
func (r *row) addWindow(items ...rel.WindowItem) {
	r.window.node = &rel.Window{In: r.window.node, Items: items, Order: r.window.order}
}

func (b *binder) arity(c *syntax.CallExpr, n, least, most int) bool {
	if n >= least && n <= most {
		return true
	}
	b.add("KS119", c.Span(), c.Name.Name+" got a wrong number of arguments")
	return false
}

// neighbour is prev(column, offset, default) and next.
func (b *binder) neighbour(r *row, name string, args []rel.Expr, c *syntax.CallExpr) rel.Expr {
	if !b.arity(c, len(args), 1, 3) {
		return rel.Bad{}
	}
	offset := rel.Expr(lit(types.LongOf(1)))
	if len(args) > 1 {
		if _, ok := rel.Const(args[1]); !ok || !args[1].Type().IsInteger() {
			b.errConstant(c.Args[1].Span(), "the offset of "+name)
			return rel.Bad{}
		}
		offset = b.convert(args[1], types.Long)
	}
	t := args[0].Type()
	def := rel.Expr(lit(types.Null(t)))
	if len(args) > 2 {
		def = b.convert(args[2], t)
	}
	fn := rel.Lag
	if name == "next" {
		fn = rel.Lead
	}
	col := b.newCol("$"+name, t)
	r.addWindow(rel.WindowItem{Out: col, Func: fn, Args: []rel.Expr{args[0], offset, def}})
	return col.Ref()
}

// restarts adds the number of restarts up to each row, by which a running count or sum is partitioned.
func (b *binder) restarts(r *row, restart rel.Expr, span source.Span) (rel.Col, bool) {
	restart = b.asBool(restart, span, false)
	if isBad(restart) {
		return rel.Col{}, false
	}
	col := b.newCol("$restarts", types.Long)
	r.addWindow(rel.WindowItem{Out: col, Func: rel.RunningCount, Args: []rel.Expr{restart}})
	return col, true
}

// rowNumber is row_number(start, restart).
func (b *binder) rowNumber(r *row, args []rel.Expr, c *syntax.CallExpr) rel.Expr {
	if !b.arity(c, len(args), 0, 2) {
		return rel.Bad{}
	}
	item := rel.WindowItem{Out: b.newCol("$row_number", types.Long), Func: rel.RowNumber}
	if len(args) > 1 {
		g, ok := b.restarts(r, args[1], c.Args[1].Span())
		if !ok {
			return rel.Bad{}
		}
		item.Partition = []rel.Expr{g.Ref()}
	}
	r.addWindow(item)
	var out rel.Expr = item.Out.Ref()
	if len(args) > 0 {
		start := b.convert(args[0], types.Long)
		if v, ok := rel.Const(start); !ok || v.Int64() != 1 {
			out = b.apply("+", c.Span(), out, b.apply("-", c.Span(), start, lit(types.LongOf(1))))
		}
	}
	return out
}

// rowCumsum is row_cumsum(term, restart).
func (b *binder) rowCumsum(r *row, args []rel.Expr, c *syntax.CallExpr) rel.Expr {
	if !b.arity(c, len(args), 1, 2) {
		return rel.Bad{}
	}
	t := args[0].Type()
	switch t {
	case types.Int:
		t = types.Long
	case types.Long, types.Real, types.Timespan, types.Decimal:
	case types.Dynamic:
		t = types.Real
	default:
		b.errType(c.Args[0].Span(), types.Long, t)
		return rel.Bad{}
	}
	item := rel.WindowItem{Out: b.newCol("$row_cumsum", t), Func: rel.RunningSum, Args: []rel.Expr{b.convert(args[0], t)}}
	if len(args) > 1 {
		g, ok := b.restarts(r, args[1], c.Args[1].Span())
		if !ok {
			return rel.Bad{}
		}
		item.Partition = []rel.Expr{g.Ref()}
	}
	r.addWindow(item)
	return item.Out.Ref()
}

// rowRank is row_rank_dense(term, restart), which counts the runs of equal terms, and row_rank_min, which
// gives every row of a run the run's first row number.
func (b *binder) rowRank(r *row, name string, args []rel.Expr, c *syntax.CallExpr) rel.Expr {
	if !b.arity(c, len(args), 1, 2) {
		return rel.Bad{}
	}
	var partition []rel.Expr
	if len(args) > 1 {
		g, ok := b.restarts(r, args[1], c.Args[1].Span())
		if !ok {
			return rel.Bad{}
		}
		partition = []rel.Expr{g.Ref()}
	}
	number := b.newCol("$number", types.Long)
	before := b.newCol("$before", args[0].Type())
	r.addWindow(
		rel.WindowItem{Out: number, Func: rel.RowNumber, Partition: partition},
		rel.WindowItem{Out: before, Func: rel.Lag, Args: []rel.Expr{args[0], lit(types.LongOf(1)), lit(types.Null(args[0].Type()))}, Partition: partition},
	)
	first := b.apply("==", c.Span(), number.Ref(), lit(types.LongOf(1)))
	changed := b.apply("or", c.Span(), first, b.apply("!=", c.Span(), args[0], before.Ref()))
	if name != "row_rank_min" {
		out := b.newCol("$rank", types.Long)
		r.addWindow(rel.WindowItem{Out: out, Func: rel.RunningCount, Args: []rel.Expr{changed}, Partition: partition})
		return out.Ref()
	}
	// The first row of each run has its number; the largest such number so far is the run's.
	starts := b.iff(changed, number.Ref(), lit(types.Null(types.Long)), c.Span())
	out := b.newCol("$rank", types.Long)
	r.addWindow(rel.WindowItem{Out: out, Func: rel.RunningMax, Args: []rel.Expr{starts}, Partition: partition})
	return out.Ref()
}

// iff builds iff(c, x, y).
func (b *binder) iff(cond, x, y rel.Expr, span source.Span) rel.Expr {
	return b.scalarFunc("iff", span, cond, x, y)
}

// scalarFunc calls a scalar function of the catalogue by name.
func (b *binder) scalarFunc(name string, span source.Span, args ...rel.Expr) rel.Expr {
	fn, ok := b.opts.Funcs.Lookup(scalarClass, name)
	if !ok {
		panic("bind: the catalogue lacks " + name)
	}
	spans := make([]source.Span, len(args))
	for i := range spans {
		spans[i] = span
	}
	return b.overload(fn, args, spans, span)
}

// rowWindowSession is row_window_session(time, max from first, max between, restart): the time at which
// the session of each row began. It depends on the session before, so it runs row by row.
func (b *binder) rowWindowSession(r *row, args []rel.Expr, c *syntax.CallExpr) rel.Expr {
	if !b.arity(c, len(args), 3, 4) {
		return rel.Bad{}
	}
	if args[0].Type() != types.Datetime {
		b.errType(c.Args[0].Span(), types.Datetime, args[0].Type())
		return rel.Bad{}
	}
	var limits [2]int64
	for i := range limits {
		v, ok := rel.Const(b.convert(args[i+1], types.Timespan))
		if !ok {
			b.errConstant(c.Args[i+1].Span(), "a limit of row_window_session")
			return rel.Bad{}
		}
		limits[i] = v.Int64()
	}
	restart := rel.Expr(lit(types.BoolOf(false)))
	if len(args) > 3 {
		restart = b.asBool(args[3], c.Args[3].Span(), false)
		if isBad(restart) {
			return rel.Bad{}
		}
	}
	key, flag := b.newCol("$time", types.Datetime), b.newCol("$restart", types.Bool)
	p := &rel.Project{In: r.window.node}
	for _, col := range r.window.node.Cols() {
		p.Items = append(p.Items, rel.Item{Col: col, Expr: col.Ref()})
	}
	p.Items = append(p.Items, rel.Item{Col: key, Expr: args[0]}, rel.Item{Col: flag, Expr: restart})
	all := p.Cols()
	out := b.newCol("$session", types.Datetime)
	r.window.node = &rel.Native{In: p, Op: &exec.Session{Time: len(all) - 2, Restart: len(all) - 1, FromFirst: limits[0], Between: limits[1]},
		Order: r.window.order, Args: all, Out: append(all[:len(all):len(all)], out)}
	return out.Ref()
}
