package duckdb

import (
	"fmt"
	"strings"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// refs says how a column is written at some place.
type refs func(id rel.ColID) string

// expr writes an expression; filter tells that null may be given as false.
func (w *writer) expr(e rel.Expr, at refs, filter bool) string {
	switch e := e.(type) {
	case *rel.ColRef:
		return at(e.ID)
	case *rel.Lit:
		return Literal(e.V)
	case *rel.Call:
		return w.call(e, at, filter)
	case *rel.Subquery:
		col := e.Plan.Cols()[0]
		s := w.opened(w.compile(e.Plan))
		q := "(SELECT " + s.ref(col.ID) + s.body().String() + ")"
		if e.T == types.String {
			return "coalesce(" + q + ", '')"
		}
		return q
	case *rel.InQuery:
		col := e.Plan.Cols()[0]
		s := w.opened(w.compile(e.Plan))
		x, y := w.expr(e.X, at, false), s.ref(col.ID)
		if e.Fold {
			x, y = "lower("+x+")", "lower("+y+")"
		}
		q := "(" + x + " IN (SELECT " + y + s.body().String() + "))"
		if filter && !e.Not {
			return q
		}
		q = "coalesce(" + q + ", false)"
		if e.Not {
			return "(NOT " + q + ")"
		}
		return q
	case *rel.HasAnyQuery:
		col := e.Plan.Cols()[0]
		s := w.opened(w.compile(e.Plan))
		hit := w.UDF("has", types.Bool, funcs.Arg{SQL: w.expr(e.X, at, false), Type: types.String}, funcs.Arg{SQL: s.ref(col.ID), Type: types.String})
		if !e.All {
			return "(EXISTS (SELECT 1" + s.with(hit).body().String() + "))"
		}
		return "(NOT EXISTS (SELECT 1" + s.with("NOT "+hit).body().String() + "))"
	}
	panic(fmt.Sprintf("no SQL for expression %T", e))
}

// call writes a call: the overload's or the function's SQL, else its Go body as a UDF.
func (w *writer) call(e *rel.Call, at refs, filter bool) string {
	inFilter := filter && e.Fn.Class == funcs.Operator && (e.Fn.Name == "and" || e.Fn.Name == "or")
	c := &funcs.Call{Type: e.T, Filter: filter}
	for i, a := range e.Args {
		arg := funcs.Arg{SQL: w.expr(a, at, inFilter || decides(e, i)), Type: a.Type()}
		if v, ok := rel.Const(a); ok {
			arg.Const = &v
		}
		c.Args = append(c.Args, arg)
	}
	return w.lower(e.Fn, e.Sig, c)
}

// decides tells whether an argument only decides on something, so that null is as good as false: the conditions
// of iff and case, and of the aggregates that take one.
func decides(e *rel.Call, i int) bool {
	if e.Sig == nil {
		return false
	}
	p, ok := e.Sig.Param(i, len(e.Args))
	return ok && p.Types == funcs.Bool && (p.Name == "predicate" || p.Name == "if")
}

func (w *writer) lower(fn *funcs.Func, sig *funcs.Sig, c *funcs.Call) string {
	sql := ""
	switch {
	case sig != nil && sig.Lower != nil:
		sql = sig.Lower(w, c)
	case sig != nil && sig.SQL != "":
		sql = funcs.Expand(sig.SQL, c)
	case fn.Lower != nil && (sig == nil || sig.Go == nil):
		sql = fn.Lower(w, c)
	case fn.SQL != "" && (sig == nil || sig.Go == nil):
		sql = funcs.Expand(fn.SQL, c)
	}
	if sql == "" {
		return w.udfCall(fn, sig, c)
	}
	if c.Type == types.String && nullable(c) {
		return "coalesce(" + sql + ", '')"
	}
	if strings.HasPrefix(sql, "CASE ") {
		return "(" + sql + ")"
	}
	return sql
}

// nullable tells whether SQL of string type may give NULL: only if an argument may be null.
func nullable(c *funcs.Call) bool {
	for _, a := range c.Args {
		if a.Type != types.String && (a.Const == nil || a.Const.IsNull()) {
			return true
		}
	}
	return false
}

func (w *writer) udfCall(fn *funcs.Func, sig *funcs.Sig, c *funcs.Call) string {
	body := fn.Body(sig)
	if body == nil {
		panic("the function " + fn.Name + " has neither SQL nor a Go body for this call")
	}
	u := UDF{Out: c.Type, Fn: fn, Body: body}
	var args []string
	for _, a := range c.Args {
		u.Args = append(u.Args, a.Type)
		args = append(args, a.SQL)
	}
	return w.udf(u, args)
}

// UDF implements funcs.Writer.
func (w *writer) UDF(name string, out types.Type, args ...funcs.Arg) string {
	fn := lookup(name)
	return w.udfCall(fn, pick(fn, args), &funcs.Call{Args: args, Type: out})
}

func lookup(name string) *funcs.Func {
	for _, class := range []funcs.Class{funcs.Scalar, funcs.Operator} {
		if fn, ok := funcs.All().Lookup(class, name); ok {
			return fn
		}
	}
	panic("the catalogue lacks " + name)
}

func pick(fn *funcs.Func, args []funcs.Arg) *funcs.Sig {
	for i := range fn.Sigs {
		s := &fn.Sigs[i]
		fits := s.Takes(len(args))
		for j := range args {
			p, ok := s.Param(j, len(args))
			fits = fits && ok && p.Types.Has(args[j].Type)
		}
		if fits {
			return s
		}
	}
	return nil
}

var conversions = map[types.Type]string{
	types.Bool: "tobool", types.Int: "toint", types.Long: "tolong", types.Real: "toreal", types.Decimal: "todecimal",
	types.String: "tostring", types.Datetime: "todatetime", types.Timespan: "totimespan", types.Guid: "toguid",
}

// Convert implements funcs.Writer.
func (w *writer) Convert(arg funcs.Arg, to types.Type) string {
	if arg.Type == to {
		return arg.SQL
	}
	if to == types.Dynamic {
		return w.JSON(arg)
	}
	fn := lookup(conversions[to])
	return w.lower(fn, pick(fn, []funcs.Arg{arg}), &funcs.Call{Args: []funcs.Arg{arg}, Type: to})
}

// JSON implements funcs.Writer.
func (w *writer) JSON(arg funcs.Arg) string {
	switch arg.Type {
	case types.Dynamic:
		return "coalesce(" + arg.SQL + ", 'null')"
	case types.String:
		return "to_json(" + arg.SQL + ")::VARCHAR"
	case types.Int, types.Long:
		return "coalesce(" + arg.SQL + "::VARCHAR, 'null')"
	case types.Bool:
		return "coalesce(" + arg.SQL + "::VARCHAR, 'null')"
	}
	return "coalesce(" + w.UDF("to_dynamic", types.Dynamic, arg) + ", 'null')"
}
