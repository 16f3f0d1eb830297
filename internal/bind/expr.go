package bind

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// scalarExpr binds an expression that must be scalar. A fault is reported once and gives rel.Bad.
func (b *binder) scalarExpr(r *row, e syntax.Expr) rel.Expr {
	switch e := e.(type) {
	case *syntax.Lit:
		return b.literal(e)
	case *syntax.DynamicLit:
		n, ok := b.dynamicLit(e.Value)
		if !ok {
			return rel.Bad{}
		}
		if n.Kind == types.JSONNull {
			return b.nullLit(types.Dynamic)
		}
		return lit(n.Value())
	case *syntax.ParenExpr:
		return b.scalarExpr(r, e.X)
	case *syntax.Ident:
		return b.ident(r, e)
	case *syntax.UnaryExpr:
		return b.unary(r, e)
	case *syntax.BinaryExpr:
		return b.binary(r, e)
	case *syntax.PathExpr:
		return b.path(r, e)
	case *syntax.IndexExpr:
		return b.index(r, e)
	case *syntax.CallExpr:
		return b.callExpr(r, e)
	case *syntax.NamedExpr:
		return b.scalarExpr(r, e.Value)
	case *syntax.BadExpr, nil:
		return rel.Bad{}
	case *syntax.Pipe, *syntax.DataTableExpr, *syntax.ExternalDataExpr:
		b.errScalarExpected(e.Span())
	case *syntax.StarExpr:
		b.add("KS191", e.Span(), "* is not allowed here")
	case *syntax.TypeOfExpr:
		if len(e.Items) == 1 {
			if tn, ok := e.Items[0].(*syntax.TypeName); ok {
				return lit(types.StringOf(tn.Name))
			}
		}
		b.errScalarExpected(e.Span())
	default:
		b.errUnsupported(e.Span(), "this expression")
	}
	return rel.Bad{}
}

// constant binds an expression that must be a constant known before the query runs.
func (b *binder) constant(e *env, x syntax.Expr, what string) (types.Value, bool) {
	v := b.scalarExpr(scalarsOnly(e), x)
	if isBad(v) {
		return types.Value{}, false
	}
	c, ok := rel.Const(v)
	if !ok {
		b.errConstant(x.Span(), what)
	}
	return c, ok
}

// literal binds a literal.
func (b *binder) literal(l *syntax.Lit) rel.Expr {
	if l.Null {
		return b.nullLit(litTypes[l.Kind])
	}
	if t := strings.TrimSpace(l.Text); l.Kind == syntax.LitDatetime && (t == "now" || t == "") {
		return lit(types.DatetimeOf(b.opts.Now))
	}
	v, ok := litValue(l)
	if !ok && l.Kind == syntax.LitDatetime {
		v, ok = b.clockLit(l)
	}
	if !ok {
		b.add("KS107", l.Span(), "'"+l.Raw+"' is not a valid "+litTypes[l.Kind].String())
		return rel.Bad{}
	}
	return lit(v)
}

// nullLit is a null that stands in the query as such. It goes where a value of another type must stand; a
// call that happens to be null has its type, whether it was folded or not.
func (b *binder) nullLit(t types.Type) rel.Expr {
	e := lit(types.Null(t))
	b.nulls[e] = true
	return e
}

var litTypes = map[syntax.LitKind]types.Type{
	syntax.LitBool: types.Bool, syntax.LitInt: types.Int, syntax.LitLong: types.Long, syntax.LitReal: types.Real,
	syntax.LitDecimal: types.Decimal, syntax.LitString: types.String, syntax.LitDatetime: types.Datetime,
	syntax.LitTimespan: types.Timespan, syntax.LitGuid: types.Guid, syntax.LitNull: types.Dynamic,
}

func litValue(l *syntax.Lit) (types.Value, bool) {
	text := l.Text
	if l.Kind != syntax.LitString {
		text = strings.Trim(text, `'"`) // guid("…") is as good as guid(…)
	}
	switch l.Kind {
	case syntax.LitBool:
		v, ok := types.ParseBool(text)
		return types.BoolOf(v), ok
	case syntax.LitInt:
		n, ok := types.ParseLong(text)
		return types.IntOf(int32(n)), ok && n >= math.MinInt32 && n <= math.MaxUint32 // 0xf0000000 wraps around
	case syntax.LitLong:
		n, ok := types.ParseLong(text)
		return types.LongOf(n), ok
	case syntax.LitReal:
		f, ok := types.ParseReal(text)
		if !ok {
			if n, isInt := types.ParseLong(text); isInt {
				f, ok = float64(n), true
			}
		}
		return types.RealOf(f), ok
	case syntax.LitDecimal:
		d, ok := types.ParseDecimal(text)
		return types.DecimalOf(d), ok
	case syntax.LitString:
		return types.StringOf(text), true
	case syntax.LitDatetime:
		t, ok := types.ParseDatetime(text)
		return types.DatetimeOf(t), ok
	case syntax.LitTimespan:
		t, ok := types.ParseTimespan(text)
		return types.TimespanOf(t), ok
	case syntax.LitGuid:
		g, ok := types.ParseGuid(text)
		return types.GuidOf(g), ok
	case syntax.LitNull:
		return types.Null(types.Dynamic), true
	}
	return types.Value{}, false
}

// clockLit reads datetime(8:00): a time of the day that the query runs on.
func (b *binder) clockLit(l *syntax.Lit) (types.Value, bool) {
	text := strings.Trim(l.Text, `'" `)
	if !strings.Contains(text, ":") {
		return types.Value{}, false
	}
	now := types.CivilOf(b.opts.Now)
	t, ok := types.ParseDatetime(fmt.Sprintf("%04d-%02d-%02d %s", now.Year, now.Month, now.Day, text))
	return types.DatetimeOf(t), ok
}

// dynamicLit reads the value inside dynamic(…).
func (b *binder) dynamicLit(e syntax.Expr) (types.JSON, bool) {
	switch e := e.(type) {
	case *syntax.Lit:
		if e.Null || e.Kind == syntax.LitNull {
			return types.JSON{}, true
		}
		v, ok := litValue(e)
		if f, isReal := types.ParseReal(e.Text); !ok && isReal && e.Kind == syntax.LitLong {
			v, ok = types.RealOf(f), true // an integer too large for long
		}
		if !ok {
			b.add("KS107", e.Span(), "'"+e.Raw+"' is not a valid value inside dynamic()")
		} else if e.Kind == syntax.LitDecimal {
			b.add("KS215", e.Span(), "a dynamic value cannot hold a decimal")
			ok = false
		}
		return types.JSONOf(v), ok
	case *syntax.DynamicLit:
		return b.dynamicLit(e.Value)
	case *syntax.UnaryExpr:
		if l, isLit := e.X.(*syntax.Lit); isLit && e.Op == "-" && l.Kind == syntax.LitLong {
			if least, fits := types.ParseLong("-" + l.Text); fits { // -9223372036854775808 among them
				return types.JSONOf(types.LongOf(least)), true
			}
		}
		n, ok := b.dynamicLit(e.X)
		if ok && e.Op == "-" {
			n.Long, n.Real = -n.Long, -n.Real
		}
		return n, ok
	case *syntax.ArrayLit:
		n := types.JSON{Kind: types.JSONArray}
		for _, i := range e.Items {
			v, ok := b.dynamicLit(i)
			if !ok {
				return n, false
			}
			n.Items = append(n.Items, v)
		}
		return n, true
	case *syntax.ObjectLit:
		n := types.JSON{Kind: types.JSONObject}
		for _, p := range e.Pairs {
			if p.Key == nil {
				return n, false
			}
			v, ok := b.dynamicLit(p.Value)
			if !ok {
				return n, false
			}
			n.Set(p.Key.Text, v)
		}
		return n, true
	}
	b.errUnsupported(e.Span(), "this value inside dynamic()")
	return types.JSON{}, false
}

// ident binds a name: a column, else a declared scalar.
func (b *binder) ident(r *row, id *syntax.Ident) rel.Expr {
	if id.IsMissing() {
		return rel.Bad{}
	}
	if id.IsWildcard() {
		b.add("KS268", id.Span(), "a name with a wildcard is not allowed here")
		return rel.Bad{}
	}
	if r.extra != nil {
		if e, ok := r.extra(id.Name); ok {
			return e
		}
	}
	if e, ok := b.column(r, id); ok {
		return e
	}
	if d, ok := r.env.lookup(id.Name); ok {
		switch d := d.(type) {
		case scalarBinding:
			return d.expr
		case badBinding:
			return rel.Bad{}
		case tableBinding:
			b.errScalarExpected(id.Span())
			return rel.Bad{}
		case funcBinding:
			return b.scalarOf(b.callLet(r, d, nil, id), id.Span())
		}
	}
	if f, ok := b.storedFunc(r.env, id.Name); ok {
		return b.scalarOf(b.callStored(r, f, nil, id.Span()), id.Span())
	}
	if _, ok := b.storedTable(r.env, id.Name); ok {
		b.errScalarExpected(id.Span())
		return rel.Bad{}
	}
	if r.t != nil && r.t.open {
		return b.openColumn(r.t, id.Name)
	}
	b.errName(id.Span(), id.Name, b.nearName(r, id.Name))
	return rel.Bad{}
}

func (b *binder) scalarOf(v value, span source.Span) rel.Expr {
	switch v := v.(type) {
	case scalar:
		return v.expr
	case *table:
		b.errScalarExpected(span)
	}
	return rel.Bad{}
}

func (b *binder) column(r *row, id *syntax.Ident) (rel.Expr, bool) {
	if r.aggs != nil { // around aggregates there are no columns, not even the keys
		if r.t != nil {
			if _, ok := r.t.col(id.Name); ok {
				b.add("KS236", id.Span(), "'"+id.Name+"' is no aggregate: summarize computes aggregates, other columns belong behind by")
				return rel.Bad{}, true
			}
		}
		return nil, false
	}
	if r.t != nil {
		if c, ok := r.t.col(id.Name); ok {
			return c.Ref(), true
		}
	}
	if r.left != nil {
		lc, inLeft := r.left.col(id.Name)
		rc, inRight := r.right.col(id.Name)
		switch {
		case inLeft && inRight:
			b.add("KS146", id.Span(), "the name '"+id.Name+"' is a column of both sides: write $left."+id.Name+" or $right."+id.Name)
			return rel.Bad{}, true
		case inLeft:
			return lc.Ref(), true
		case inRight:
			return rc.Ref(), true
		}
	}
	return nil, false
}

// openColumn refers to a column of an open table that is not known before the query runs: it is read from
// the property bag the columns come from, or null where there is none.
func (b *binder) openColumn(t *table, name string) rel.Expr {
	e := lit(types.Null(types.Dynamic))
	if t.bag != nil {
		e = b.member(t.bag.Ref(), name)
	}
	b.untypedExprs[e] = true
	return e
}

func (b *binder) nearName(r *row, name string) string {
	var names []string
	for _, t := range []*table{r.t, r.left, r.right} {
		if t != nil {
			for _, c := range t.cols {
				names = append(names, c.Name)
			}
		}
	}
	for e := r.env; e != nil; e = e.parent {
		names = append(names, e.name)
	}
	return nearest(name, names)
}

// member reads a key of a dynamic value.
func (b *binder) member(x rel.Expr, key string) rel.Expr {
	fn, ok := b.opts.Funcs.Lookup(funcs.Operator, ".")
	if !ok {
		panic("bind: the catalogue lacks member access")
	}
	return b.call(fn, &fn.Sigs[0], []rel.Expr{x, lit(types.StringOf(key))}, types.Dynamic)
}

func (b *binder) path(r *row, p *syntax.PathExpr) rel.Expr {
	if base, ok := p.X.(*syntax.Ident); ok {
		if sel, ok := p.Sel.(*syntax.Ident); ok {
			if r.left != nil && (base.Name == "$left" || base.Name == "$right") {
				side := r.left
				if base.Name == "$right" {
					side = r.right
				}
				if c, ok := side.col(sel.Name); ok {
					return c.Ref()
				}
				if side.open {
					return b.openColumn(side, sel.Name)
				}
				b.errName(sel.Span(), sel.Name, b.nearName(&row{t: side}, sel.Name))
				return rel.Bad{}
			}
			if r.path != nil {
				if e, ok := r.path(base.Name, sel.Name); ok {
					if e == nil {
						b.errName(sel.Span(), sel.Name, "")
						return rel.Bad{}
					}
					return e
				}
			}
		}
	}
	if d, ok := entityOf(r.env, p.X); ok && !r.hasColumn(p.X) {
		return b.entityValue(d, p.Sel)
	}
	x := b.scalarExpr(r, p.X)
	if isBad(x) {
		return rel.Bad{}
	}
	if x.Type() != types.Dynamic {
		b.addHint("KS141", p.Sel.Span(), "only a dynamic value has members, this is a "+x.Type().String(), "parse text with parse_json() first")
		return rel.Bad{}
	}
	switch sel := p.Sel.(type) {
	case *syntax.Ident:
		if sel.IsMissing() {
			return rel.Bad{}
		}
		return b.member(x, sel.Name)
	case *syntax.BracketExpr:
		return b.element(r, x, sel.X, p.Span())
	}
	b.errUnsupported(p.Sel.Span(), "this selector")
	return rel.Bad{}
}

func (b *binder) index(r *row, i *syntax.IndexExpr) rel.Expr {
	x := b.scalarExpr(r, i.X)
	if isBad(x) {
		return rel.Bad{}
	}
	if x.Type() != types.Dynamic {
		b.addHint("KS147", i.Span(), "[] needs a dynamic value, this is a "+x.Type().String(), "parse text with parse_json() first")
		return rel.Bad{}
	}
	return b.element(r, x, i.Index, i.Span())
}

// element reads x[index]: an element of an array by number, a member of a bag by name.
func (b *binder) element(r *row, x rel.Expr, index syntax.Expr, span source.Span) rel.Expr {
	i := b.scalarExpr(r, index)
	if isBad(i) {
		return rel.Bad{}
	}
	if v, ok := rel.Const(i); ok && i.Type() == types.String {
		return b.member(x, v.Text())
	}
	switch t := i.Type(); {
	case t == types.Dynamic:
		i = b.convert(i, types.String)
	case t != types.String && !t.IsInteger():
		b.add("KS141", index.Span(), "an index must be an int, a long or a string, this is a "+t.String())
		return rel.Bad{}
	}
	return b.apply("[]", span, x, i)
}

func (b *binder) unary(r *row, u *syntax.UnaryExpr) rel.Expr {
	x := b.scalarExpr(r, u.X)
	if isBad(x) {
		return rel.Bad{}
	}
	if x.Type() == types.Dynamic {
		x = b.convert(x, types.Real)
	}
	name := "neg"
	if u.Op == "+" {
		name = "pos"
	}
	return b.apply(name, u.Span(), x)
}

// apply calls an operator of the catalogue.
func (b *binder) apply(op string, span source.Span, args ...rel.Expr) rel.Expr {
	fn, ok := b.opts.Funcs.Lookup(funcs.Operator, op)
	if !ok {
		b.errUnsupported(span, "the operator '"+op+"'")
		return rel.Bad{}
	}
	spans := make([]source.Span, len(args))
	for i := range spans {
		spans[i] = span
	}
	return b.overload(fn, args, spans, span)
}

func unparen(x syntax.Expr) syntax.Expr {
	for {
		p, ok := x.(*syntax.ParenExpr)
		if !ok {
			return x
		}
		x = p.X
	}
}

func (b *binder) binary(r *row, e *syntax.BinaryExpr) rel.Expr {
	if _, ok := e.X.(*syntax.StarExpr); ok {
		return b.anyColumn(r, e)
	}
	switch e.Op {
	case "in", "!in", "in~", "!in~", "has_any", "has_all":
		return b.inList(r, e)
	case "between", "!between":
		return b.between(r, e)
	case "and", "or":
		x, y := b.scalarExpr(r, e.X), b.scalarExpr(r, e.Y)
		x, y = b.asBool(x, e.X.Span(), true), b.asBool(y, e.Y.Span(), true)
		if isBad(x) || isBad(y) {
			return rel.Bad{}
		}
		return b.simplifyLogic(string(e.Op), x, y, e.Span())
	}
	x, y := b.scalarExpr(r, e.X), b.scalarExpr(r, e.Y)
	if isBad(x) || isBad(y) {
		return rel.Bad{}
	}
	switch e.Op {
	case "+", "-", "*", "/", "%":
		x, y = b.arithmetic(x, y)
	case "<", "<=", ">", ">=":
		if x.Type() == types.Dynamic && y.Type() == types.Dynamic { // ordered as numbers
			x, y = b.convert(x, types.Real), b.convert(y, types.Real)
		}
	case ":":
		return b.searchMatch(x, y, e.Span())
	case "has", "!has", "has_cs", "!has_cs", "hasprefix", "!hasprefix", "hasprefix_cs", "!hasprefix_cs", "hassuffix", "!hassuffix", "hassuffix_cs", "!hassuffix_cs":
		if _, written := unparen(e.Y).(*syntax.DynamicLit); written && !b.nulls[y] { // a parameter may hold text
			b.errOperator(e.Span(), string(e.Op), []types.Type{x.Type(), y.Type()})
			return rel.Bad{}
		}
	}
	return b.apply(string(e.Op), e.Span(), x, y)
}

// simplifyLogic drops constant sides of and/or: parsers are full of (disabled or …) with constants.
func (b *binder) simplifyLogic(op string, x, y rel.Expr, span source.Span) rel.Expr {
	for i, s := range []rel.Expr{x, y} {
		if v, ok := rel.Const(s); ok && !v.IsNull() {
			if v.Bool() == (op == "or") {
				return s
			}
			return []rel.Expr{y, x}[i]
		}
	}
	return b.apply(op, span, x, y)
}

// arithmetic brings a dynamic operand to the type of the other one.
func (b *binder) arithmetic(x, y rel.Expr) (rel.Expr, rel.Expr) {
	other := func(t types.Type) types.Type {
		switch t {
		case types.Int:
			return types.Long
		case types.Dynamic:
			return types.Real
		}
		return t
	}
	switch {
	case x.Type() == types.Dynamic && y.Type() == types.Dynamic:
		return b.convert(x, types.Real), b.convert(y, types.Real)
	case x.Type() == types.Dynamic:
		return b.convert(x, other(y.Type())), y
	case y.Type() == types.Dynamic:
		return x, b.convert(y, other(x.Type()))
	}
	return x, y
}

// between binds x between (low .. high); a timespan as the high end of a datetime counts from the low end.
func (b *binder) between(r *row, e *syntax.BinaryExpr) rel.Expr {
	rng, ok := e.Y.(*syntax.RangeExpr)
	if !ok {
		return rel.Bad{}
	}
	x, low, high := b.scalarExpr(r, e.X), b.scalarExpr(r, rng.Low), b.scalarExpr(r, rng.High)
	if isBad(x) || isBad(low) || isBad(high) {
		return rel.Bad{}
	}
	if low.Type() == types.Datetime && high.Type() == types.Timespan {
		high = b.apply("+", rng.Span(), low, high)
	}
	t := x.Type()
	for _, s := range []rel.Expr{low, high} {
		switch {
		case t == s.Type():
		case t.IsNumeric() && s.Type().IsNumeric():
			t = widest(t, s.Type())
		case t == types.Dynamic:
			t = inDynamic(s.Type())
		case s.Type() == types.Dynamic:
		default:
			b.errOperator(e.Span(), string(e.Op), []types.Type{x.Type(), low.Type(), high.Type()})
			return rel.Bad{}
		}
	}
	if t == types.String || t == types.Bool || t == types.Guid {
		b.errOperator(e.Span(), string(e.Op), []types.Type{x.Type(), low.Type(), high.Type()})
		return rel.Bad{}
	}
	return b.apply(string(e.Op), e.Span(), b.convert(x, t), b.convert(low, t), b.convert(high, t))
}

// anyColumn binds * op y: true if it holds for any column (search, find, where * has "x").
func (b *binder) anyColumn(r *row, e *syntax.BinaryExpr) rel.Expr {
	if r.t == nil {
		b.add("KS199", e.X.Span(), "no columns are in scope")
		return rel.Bad{}
	}
	y := b.scalarExpr(r, e.Y)
	if isBad(y) {
		return rel.Bad{}
	}
	// What is denied must not hold for any column: * !has "x" is not(* has "x").
	negated := strings.HasPrefix(string(e.Op), "!")
	join := "or"
	if negated {
		join = "and"
	}
	var out rel.Expr
	for _, c := range r.t.cols {
		var m rel.Expr
		switch {
		case e.Op == ":":
			m = b.searchMatch(c.Ref(), y, e.Span())
		case e.Op == "==" || e.Op == "!=":
			if c.Type != y.Type() && c.Type != types.Dynamic && !(c.Type.IsNumeric() && y.Type().IsNumeric()) {
				continue
			}
			m = b.apply(string(e.Op), e.Span(), c.Ref(), y)
		default:
			m = b.apply(string(e.Op), e.Span(), b.convert(c.Ref(), types.String), y)
		}
		if isBad(m) {
			return m
		}
		if out == nil {
			out = m
		} else {
			out = b.apply(join, e.Span(), out, m)
		}
	}
	if out == nil {
		return lit(types.BoolOf(negated))
	}
	return out
}

// searchMatch is search's x : y, a has with wildcards.
func (b *binder) searchMatch(x, y rel.Expr, span source.Span) rel.Expr {
	return b.apply(":", span, b.convert(x, types.String), b.convert(y, types.String))
}

// nameOf is the name that a result column takes from an expression, "" for none.
func (b *binder) nameOf(r *row, e syntax.Expr) string {
	switch e := e.(type) {
	case *syntax.Ident:
		return e.Name
	case *syntax.ParenExpr:
		return b.nameOf(r, e.X)
	case *syntax.PathExpr:
		if id, ok := e.X.(*syntax.Ident); ok && (id.Name == "$left" || id.Name == "$right") {
			return b.nameOf(r, e.Sel)
		}
		return joinName(b.nameOf(r, e.X), b.nameOf(r, e.Sel))
	case *syntax.BracketExpr:
		return b.indexName(r, e.X)
	case *syntax.IndexExpr:
		return joinName(b.nameOf(r, e.X), b.indexName(r, e.Index))
	case *syntax.NamedExpr:
		if len(e.Names) == 1 {
			return e.Names[0].Name
		}
	case *syntax.CallExpr:
		return b.callName(r, e)
	case *syntax.OrderedExpr:
		return b.nameOf(r, e.X)
	}
	return ""
}

func joinName(a, c string) string {
	if a == "" || c == "" {
		return ""
	}
	return a + "_" + c
}

func (b *binder) indexName(r *row, e syntax.Expr) string {
	if l, ok := e.(*syntax.Lit); ok {
		switch l.Kind {
		case syntax.LitString, syntax.LitLong, syntax.LitInt:
			return l.Text
		}
	}
	return ""
}

// callName is the name a call gives its column, by the function's naming rule.
func (b *binder) callName(r *row, c *syntax.CallExpr) string {
	if n := c.Name.Name; (n == "column_ifexists" || n == "columnifexists") && len(c.Args) == 2 {
		return b.columnIfExistsName(r, c)
	}
	fn, ok := b.lookupForName(r, c)
	if !ok {
		return ""
	}
	first := ""
	if len(c.Args) > 0 {
		first = b.nameOf(r, c.Args[0])
	}
	switch fn.Result.Kind {
	case funcs.NameFirstArg:
		return first
	case funcs.NameOnlyArg:
		if len(c.Args) == 1 {
			return first
		}
	case funcs.NamePrefix:
		return fn.Result.Prefix
	case funcs.NamePrefixAndFirstArg:
		return fn.Result.Prefix + "_" + first
	case funcs.NameFuncAndFirstArg:
		return fn.Name + "_" + first
	case funcs.NameConstFirst:
		if l, ok := firstLit(c); ok {
			return l.Text
		}
		return first
	}
	return ""
}

func firstLit(c *syntax.CallExpr) (*syntax.Lit, bool) {
	if len(c.Args) == 0 {
		return nil, false
	}
	l, ok := c.Args[0].(*syntax.Lit)
	return l, ok
}

func (b *binder) lookupForName(r *row, c *syntax.CallExpr) (*funcs.Func, bool) {
	if _, ok := r.env.lookup(c.Name.Name); ok {
		return nil, false
	}
	if c.Name.Name == "bin_auto" {
		return b.opts.Funcs.Lookup(funcs.Scalar, "bin")
	}
	if r.aggs != nil {
		if fn, ok := b.opts.Funcs.Lookup(funcs.Aggregate, c.Name.Name); ok {
			return fn, true
		}
	}
	return b.opts.Funcs.Lookup(funcs.Scalar, c.Name.Name)
}

// names gives result columns their names: one that is taken gets a number behind it.
type names struct {
	taken    map[string]bool
	declared map[string]bool // taken by a column that was called so, not by an expression that is named after its parts
	n        int             // unnamed columns so far
}

func newNames() *names { return &names{taken: map[string]bool{}, declared: map[string]bool{}} }

// give is the name of an item's column; not ok if two columns are called the same.
func (n *names) give(it item) (name string, ok bool) {
	if !it.explicit && !it.self {
		return n.column(it.name), true
	}
	if n.declared[it.name] {
		return it.name, false
	}
	n.declared[it.name] = true
	return n.unique(it.name), true
}

// unique returns name, or name1, name2 … if it is taken.
func (n *names) unique(name string) string {
	out := name
	for i := 1; n.taken[out]; i++ {
		out = name + strconv.Itoa(i)
	}
	n.taken[out] = true
	return out
}

// column returns a name for an expression's column: its own, or Column1, Column2 ….
func (n *names) column(name string) string {
	if name != "" {
		return n.unique(name)
	}
	for {
		n.n++
		if c := "Column" + strconv.Itoa(n.n); !n.taken[c] {
			n.taken[c] = true
			return c
		}
	}
}
