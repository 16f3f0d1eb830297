package bind

import (
	"fmt"
	"strings"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// special returns the binder of a call that needs more than its arguments, because it looks at names,
// columns or other rows; nil for all others.
func special(name string) func(b *binder, r *row, c *syntax.CallExpr) rel.Expr {
	switch name {
	case "toscalar":
		return (*binder).toScalar
	case "materialize":
		return (*binder).scalarMaterialize
	case "column_ifexists", "columnifexists":
		return (*binder).columnIfExists
	case "pack_all":
		return (*binder).packAll
	case "bag_pack_columns":
		return (*binder).bagPackColumns
	case "bin_auto":
		return (*binder).binAuto
	case "column_names_of":
		return (*binder).columnNamesOf
	case "ingestion_time":
		return (*binder).ingestionTime
	case "assert":
		return (*binder).assertCall
	case "row_number", "row_cumsum", "row_rank", "row_rank_dense", "row_rank_min", "row_window_session", "prev", "next":
		return (*binder).windowCall
	}
	return nil
}

// callExpr binds a call that must be scalar.
func (b *binder) callExpr(r *row, c *syntax.CallExpr) rel.Expr {
	name := c.Name.Name
	if r.call != nil {
		if x, ok := r.call(r, c); ok {
			return x
		}
	}
	if d, ok := r.env.lookup(name); ok {
		switch d := d.(type) {
		case funcBinding:
			return b.scalarOf(b.callLet(r, d, c.Args, c), c.Span())
		case badBinding:
			return rel.Bad{}
		}
	}
	if f := special(name); f != nil {
		return f(b, r, c)
	}
	if fn, ok := b.opts.Funcs.Lookup(funcs.Aggregate, name); ok {
		if r.aggs != nil {
			return b.aggregateCall(r, fn, c)
		}
		if _, scalarToo := b.opts.Funcs.Lookup(funcs.Scalar, name); !scalarToo {
			b.errAggregate(c.Name.Span(), name)
			return rel.Bad{}
		}
	}
	if fn, ok := b.opts.Funcs.Lookup(funcs.Scalar, name); ok {
		return b.scalarCall(r, fn, c)
	}
	if f, ok := b.storedFunc(r.env, name); ok {
		return b.scalarOf(b.callStored(r, f, c.Args, c.Span()), c.Span())
	}
	b.errFunction(c.Name.Span(), name, b.opts.Funcs.Near(funcs.Scalar, name))
	return rel.Bad{}
}

// scalarCall binds the arguments of a catalogue function and chooses the overload.
func (b *binder) scalarCall(r *row, fn *funcs.Func, c *syntax.CallExpr) rel.Expr {
	args, spans, ok := b.args(r, c.Args)
	if !ok {
		return rel.Bad{}
	}
	return b.overload(fn, args, spans, c.Span())
}

func (b *binder) args(r *row, list []syntax.Expr) (args []rel.Expr, spans []source.Span, ok bool) {
	ok = true
	for _, a := range list {
		if _, star := a.(*syntax.StarExpr); star && r.t != nil {
			for _, col := range r.t.cols {
				args, spans = append(args, col.Ref()), append(spans, a.Span())
			}
			continue
		}
		e := b.scalarExpr(r, a)
		if isBad(e) {
			ok = false
		}
		args, spans = append(args, e), append(spans, a.Span())
	}
	return args, spans, ok
}

// overload chooses the overload of fn that takes the arguments with the least conversion, converts them
// and builds the call.
func (b *binder) overload(fn *funcs.Func, args []rel.Expr, spans []source.Span, span source.Span) rel.Expr {
	sig := b.choose(fn, args, spans, span)
	if sig == nil {
		return rel.Bad{}
	}
	args, ok := b.convertArgs(fn, sig, args, spans, span)
	if !ok {
		return rel.Bad{}
	}
	return b.call(fn, sig, args, resultType(sig, args))
}

func (b *binder) choose(fn *funcs.Func, args []rel.Expr, spans []source.Span, span source.Span) *funcs.Sig {
	best, bestCost := -1, 1<<30
	takes, forms := false, 0
	var misfit *int // the argument that failed the closest overload
	var misfitParam funcs.Param
	for i := range fn.Sigs {
		s := &fn.Sigs[i]
		if !s.Takes(len(args)) {
			continue
		}
		takes = true
		forms++
		cost := 0
		for j, a := range args {
			p, _ := s.Param(j, len(args))
			c := accepts(p, a.Type())
			if c < 0 && a.Type() == types.Dynamic && fn.Class == funcs.Scalar && !p.Types.Has(types.Dynamic) && dynamicFits(p) && !isComposite(a) {
				c = 6
			}
			if c < 0 && b.isUntyped(a) {
				c = 7
			}
			if c < 0 {
				cost = -1
				if misfit == nil || j > *misfit {
					at := j
					misfit, misfitParam = &at, p
				}
				break
			}
			cost += c
		}
		if cost >= 0 && cost < bestCost {
			best, bestCost = i, cost
		}
	}
	switch {
	case best >= 0:
		return &fn.Sigs[best]
	case !takes:
		b.errArity(span, fn, len(args))
	case fn.Class == funcs.Operator:
		var ts []types.Type
		for _, a := range args {
			ts = append(ts, a.Type())
		}
		b.errOperator(span, fn.Name, ts)
	case forms > 1:
		b.add("KS127", span, fmt.Sprintf("%s does not take these arguments: it expects a %s for '%s', found %s", fn.Name, misfitParam.Types, misfitParam.Name, args[*misfit].Type()))
	default:
		b.errArgument(spans[*misfit], fn.Name, misfitParam, args[*misfit].Type())
	}
	return nil
}

// dynamicFits tells whether a dynamic argument is converted for a parameter that does not name dynamic:
// text is, as in Kusto; bools, numbers and times are not, nor is a value of any type but dynamic (hash).
func dynamicFits(p funcs.Param) bool { return p.Types.Has(types.String) && p.Types != funcs.NotDynamic }

// isComposite tells whether an expression is a constant array or property bag, which is no text.
func isComposite(e rel.Expr) bool {
	v, ok := rel.Const(e)
	if !ok || v.IsNull() || v.Type() != types.Dynamic {
		return false
	}
	kind := types.JSONOf(v).Kind
	return kind == types.JSONArray || kind == types.JSONObject
}

// convertArgs gives the arguments the types that the overload's body expects.
func (b *binder) convertArgs(fn *funcs.Func, sig *funcs.Sig, args []rel.Expr, spans []source.Span, span source.Span) ([]rel.Expr, bool) {
	out := make([]rel.Expr, len(args))
	n := len(args)
	commonT, widestT := types.Unknown, types.Unknown
	clash := false // two values have no common type: the result is dynamic, whatever the others are
	var first types.Type
	for i, a := range args {
		p, _ := sig.Param(i, n)
		if p.Common {
			if first == types.Unknown {
				first, commonT = a.Type(), a.Type()
				continue
			}
			if p.Mixed {
				commonT = comparable(commonT, a.Type())
				continue
			}
			if b.nulls[a] && a.Type() != types.String && a.Type() != types.Dynamic && !a.Type().IsNumeric() {
				continue
			}
			if sig.Out.Kind == funcs.OutCommonNonDynamic || a.Type() == types.Dynamic || commonT == types.Dynamic {
				if was := commonT; !clash {
					commonT = commonNonDynamic(was, a.Type())
					clash = commonT == types.Dynamic && was != types.Dynamic && a.Type() != types.Dynamic
				}
				continue
			}
			t, ok := common(commonT, a.Type())
			if !ok && b.nulls[a] {
				t, ok = commonT, true
			}
			if !ok {
				b.errNoCommonType(span, fn.Name)
				return nil, false
			}
			commonT = t
		}
		if sig.Out.Kind == funcs.OutWidest && a.Type().IsNumeric() {
			widestT = widest(widestT, a.Type())
		}
	}
	for i, a := range args {
		p, _ := sig.Param(i, n)
		if p.Const {
			v, ok := rel.Const(a)
			if !ok {
				b.errConstant(spans[i], fmt.Sprintf("the argument '%s' of %s", p.Name, fn.Name))
				return nil, false
			}
			if len(p.Values) > 0 && !containsFold(p.Values, v.ToText()) {
				b.add("KS140", spans[i], fmt.Sprintf("'%s' is no value for '%s' of %s; it takes %v", v.ToText(), p.Name, fn.Name, p.Values))
				return nil, false
			}
		}
		switch {
		case p.Common:
			out[i] = b.convert(a, commonT)
		case p.Raw && (!b.isUntyped(a) || p.Types.Has(a.Type())):
			out[i] = a
		case sig.Out.Kind == funcs.OutWidest && a.Type().IsNumeric():
			out[i] = b.convert(a, widestT)
		default:
			t := target(p, a.Type())
			if a.Type() == types.Dynamic && !p.Types.Has(types.Dynamic) && p.Types.Has(types.String) {
				t = types.String
			}
			if (b.nulls[a] || b.isUntyped(a)) && !p.Types.Has(t) {
				t = anyOf(p.Types)
			}
			out[i] = b.convert(a, t)
		}
	}
	return out, true
}

// anyOf is the type that a value of unknown type is taken for where one of a set is needed.
func anyOf(s funcs.TypeSet) types.Type {
	for _, t := range []types.Type{types.String, types.Real, types.Datetime} {
		if s.Has(t) {
			return t
		}
	}
	return s.Types()[0]
}

func containsFold(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}

// resultType applies the overload's rule to the converted arguments.
func resultType(sig *funcs.Sig, args []rel.Expr) types.Type {
	t := types.Unknown
	switch sig.Out.Kind {
	case funcs.OutDeclared:
		return sig.Out.Type
	case funcs.OutParam, funcs.OutPromoted:
		if sig.Out.Param < len(args) {
			t = args[sig.Out.Param].Type()
		}
		if sig.Out.Kind == funcs.OutPromoted && t == types.Int {
			t = types.Long
		}
	case funcs.OutCommon, funcs.OutCommonNonDynamic:
		for i, a := range args {
			if p, _ := sig.Param(i, len(args)); p.Common {
				t = a.Type()
			}
		}
	case funcs.OutWidest:
		for _, a := range args {
			if a.Type().IsNumeric() {
				t = widest(t, a.Type())
			}
		}
	case funcs.OutCustom:
		return sig.Out.Custom(CallArgs(args))
	}
	return t
}

// CallArgs shows arguments to a result rule: their types and constants.
func CallArgs(args []rel.Expr) []funcs.Arg {
	out := make([]funcs.Arg, len(args))
	for i, a := range args {
		out[i].Type = a.Type()
		if v, ok := rel.Const(a); ok {
			out[i].Const = &v
		}
	}
	return out
}

// callLet calls a function declared by let. list are the arguments as written.
func (b *binder) callLet(r *row, f funcBinding, list []syntax.Expr, at syntax.Node) value {
	if !b.enter(at.Span(), f.name) {
		return scalar{expr: rel.Bad{}}
	}
	defer b.leave()
	e, ok := b.bindParams(r, f.fn.Params, list, f.env, f.name, at.Span())
	if !ok {
		return scalar{expr: rel.Bad{}}
	}
	return b.body(f.fn.Body, e)
}

// callStored calls a stored function (a parser).
func (b *binder) callStored(r *row, f *catalog.Function, list []syntax.Expr, span source.Span) value {
	b.usedFuncs[f.Name] = true
	parsed := b.opts.Functions.parse(f)
	if len(parsed.diags) > 0 {
		d := parsed.diags[0]
		b.add(d.Code, span, fmt.Sprintf("the stored function '%s' does not parse: %s", f.Name, d.Msg))
		return scalar{expr: rel.Bad{}}
	}
	if !b.enter(span, f.Name) {
		return scalar{expr: rel.Bad{}}
	}
	defer b.leave()
	e, ok := b.bindParams(r, parsed.params, list, nil, f.Name, span)
	if !ok {
		return scalar{expr: rel.Bad{}}
	}
	b.inside = append(b.inside, frame{f.Name, span})
	defer func() { b.inside = b.inside[:len(b.inside)-1] }()
	return b.body(parsed.body, e)
}

// enter guards against functions that call each other without end.
func (b *binder) enter(span source.Span, name string) bool {
	if b.depth >= maxDepth {
		b.add("KS200", span, fmt.Sprintf("functions call each other too deep at '%s' (%d levels)", name, maxDepth))
		return false
	}
	b.depth++
	return true
}

func (b *binder) leave() { b.depth-- }

// body binds the statements of a function and gives its result.
func (b *binder) body(body *syntax.FuncBody, e *env) value {
	for _, s := range body.Stmts {
		e = b.statement(s, e)
	}
	if body.Result == nil {
		b.add("KS176", body.Span(), "the function has no result")
		return scalar{expr: rel.Bad{}}
	}
	return b.value(e, body.Result)
}

// bindParams declares a function's parameters, from the arguments by position and name, else the defaults.
// Arguments are bound in the caller's scope.
func (b *binder) bindParams(r *row, params []*syntax.Param, list []syntax.Expr, outer *env, name string, span source.Span) (*env, bool) {
	given := make([]syntax.Expr, len(params))
	for i, a := range list {
		if n, ok := a.(*syntax.NamedExpr); ok && len(n.Names) == 1 {
			at := -1
			for j, p := range params {
				if p.Name.Name == n.Names[0].Name {
					at = j
				}
			}
			if at < 0 && len(b.inside) > 0 {
				// A misspelt name in shipped content. The argument is lost, as it is in Microsoft's parser,
				// which accepts the call; it is said.
				b.warn("KS196", n.Names[0].Span(), fmt.Sprintf("'%s' has no parameter called '%s': the argument has no effect", name, n.Names[0].Name))
				continue
			}
			if at < 0 {
				b.add("KS196", n.Names[0].Span(), fmt.Sprintf("'%s' has no parameter called '%s'", name, n.Names[0].Name))
				return nil, false
			}
			given[at] = n.Value
			continue
		}
		if i >= len(params) {
			b.add("KS119", span, fmt.Sprintf("%s expects %d arguments, found %d", name, len(params), len(list)))
			return nil, false
		}
		given[i] = a
	}
	e := outer
	ok := true
	for i, p := range params {
		a := given[i]
		switch t := p.Type.(type) {
		case *syntax.SchemaType:
			if a == nil {
				b.add("KS119", span, fmt.Sprintf("%s expects a table for '%s'", name, p.Name.Name))
				return nil, false
			}
			e = e.with(p.Name.Name, b.tableArg(r, t, a))
		case *syntax.TypeName:
			typ, known := types.Parse(t.Name)
			if !known {
				b.add("KS160", t.Span(), fmt.Sprintf("'%s' is no type", t.Name))
				return nil, false
			}
			var x rel.Expr
			switch {
			case a != nil:
				x = b.scalarExpr(r, a)
			case p.Default != nil:
				x = b.scalarExpr(scalarsOnly(outer), p.Default)
			default:
				b.add("KS119", span, fmt.Sprintf("%s expects an argument for '%s'", name, p.Name.Name))
				return nil, false
			}
			if isBad(x) {
				ok = false
				continue
			}
			e = e.with(p.Name.Name, scalarBinding{b.cast(x, typ)})
		default:
			b.add("KS160", p.Span(), "the parameter has no type")
			return nil, false
		}
	}
	return e, ok
}

// cast is convert for an argument of a declared parameter, which takes a value of any type: types without a
// conversion of their own meet in their text.
func (b *binder) cast(e rel.Expr, t types.Type) rel.Expr {
	if e.Type() != t && t != types.Dynamic && !isBad(e) {
		if fn, ok := b.opts.Funcs.Lookup(funcs.Scalar, conversions[t]); ok && pickConversion(fn, e.Type()) == nil {
			e = b.convert(e, types.String)
		}
	}
	return b.convert(e, t)
}

// tableArg declares a tabular parameter: the argument is bound in the caller's scope at every use.
func (b *binder) tableArg(r *row, t *syntax.SchemaType, a syntax.Expr) binding {
	inside := b.inside
	return tableBinding{func() *table {
		here := b.inside
		b.inside = inside
		defer func() { b.inside = here }()
		out := b.tableExpr(r.env, a)
		if out == nil {
			return nil
		}
		for _, c := range t.Columns {
			col, ok := out.col(c.Name.Name)
			if !ok && !out.open {
				b.add("KS249", a.Span(), fmt.Sprintf("the table lacks the column '%s'", c.Name.Name))
				return nil
			}
			tn, typed := c.Type.(*syntax.TypeName)
			if !ok || !typed || b.untyped[col.ID] {
				continue
			}
			if want, known := types.Parse(tn.Name); known && col.Type != want {
				b.add("KS249", a.Span(), fmt.Sprintf("the column '%s' must be of type %s, it is %s", c.Name.Name, want, col.Type))
				return nil
			}
		}
		return out // with all its columns: those that the parameter names must be there
	}}
}
