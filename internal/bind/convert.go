package bind

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// conversions are the functions that convert to a type.
var conversions = map[types.Type]string{
	types.Bool: "tobool", types.Int: "toint", types.Long: "tolong", types.Real: "toreal", types.Decimal: "todecimal",
	types.String: "tostring", types.Datetime: "todatetime", types.Timespan: "totimespan", types.Guid: "toguid",
	types.Dynamic: "todynamic",
}

// convert returns e as a value of type t.
func (b *binder) convert(e rel.Expr, t types.Type) rel.Expr {
	if e.Type() == t || isBad(e) || t == types.Unknown {
		return e
	}
	if v, ok := rel.Const(e); ok && v.IsNull() {
		return lit(types.Null(t))
	}
	if t == types.Dynamic {
		return b.toDynamic(e)
	}
	fn, ok := b.opts.Funcs.Lookup(funcs.Scalar, conversions[t])
	if !ok {
		panic("bind: no conversion to " + t.String())
	}
	sig := pickConversion(fn, e.Type())
	if sig == nil {
		panic("bind: no conversion from " + e.Type().String() + " to " + t.String())
	}
	return b.call(fn, sig, []rel.Expr{e}, t)
}

func pickConversion(fn *funcs.Func, from types.Type) *funcs.Sig {
	for i := range fn.Sigs {
		s := &fn.Sigs[i]
		if s.Takes(1) && s.Params[0].Types.Has(from) {
			return s
		}
	}
	return nil
}

// toDynamic makes a scalar the dynamic value that holds it (a string stays a string, unlike parse_json).
func (b *binder) toDynamic(e rel.Expr) rel.Expr {
	fn, ok := b.opts.Funcs.Lookup(funcs.Operator, "to_dynamic")
	if !ok {
		panic("bind: the catalogue lacks to_dynamic")
	}
	return b.call(fn, &fn.Sigs[0], []rel.Expr{e}, types.Dynamic)
}

// rank orders the numeric types by width.
var rank = map[types.Type]int{types.Int: 1, types.Long: 2, types.Real: 3, types.Decimal: 4}

func widest(a, c types.Type) types.Type {
	if rank[c] > rank[a] {
		return c
	}
	return a
}

// common returns the type that values of both types are converted to in iff, case, coalesce, max_of …
func common(a, c types.Type) (types.Type, bool) {
	switch {
	case a == c:
		return a, true
	case a == types.Unknown:
		return c, true
	case c == types.Unknown:
		return a, true
	case a.IsNumeric() && c.IsNumeric():
		return widest(a, c), true
	case a == types.Dynamic || c == types.Dynamic:
		return types.Dynamic, true
	}
	return types.Unknown, false
}

// commonNonDynamic is the rule of iff and case: beside a dynamic the other type wins, and types without
// anything in common become dynamic.
func commonNonDynamic(a, c types.Type) types.Type {
	switch {
	case a == types.Dynamic:
		return c
	case c == types.Dynamic:
		return a
	}
	if t, ok := common(a, c); ok {
		return t
	}
	return types.Dynamic
}

// comparable returns the type that both sides of a comparison are compared in. Against dynamic it is the
// other side's type; a string and a number compare as text (ResultType == 500121).
func comparable(a, c types.Type) types.Type {
	switch {
	case a == c:
		return a
	case a.IsNumeric() && c.IsNumeric():
		return widest(a, c)
	case a == types.Dynamic:
		return inDynamic(c)
	case c == types.Dynamic:
		return inDynamic(a)
	case a == types.Bool && c.IsNumeric():
		return widest(types.Long, c)
	case c == types.Bool && a.IsNumeric():
		return widest(types.Long, a)
	case a == types.String || c == types.String:
		other := a
		if a == types.String {
			other = c
		}
		if other == types.Datetime || other == types.Timespan || other == types.Guid {
			return other
		}
		return types.String
	}
	return types.String
}

// inDynamic is the type in which a dynamic value is compared with one of type t: numbers as real, since a
// dynamic number may have a fraction.
func inDynamic(t types.Type) types.Type {
	if t.IsInteger() {
		return types.Real
	}
	return t
}

// accepts tells whether an argument of type t may be passed for p, and how well: 0 as it is, more the
// further it is converted; -1 not at all.
func accepts(p funcs.Param, t types.Type) int {
	switch {
	case t == types.Unknown:
		return 0
	case p.Types.Has(t):
		if p.Text && t != types.String {
			return 1
		}
		return 0
	case t == types.Int && p.Types.Has(types.Long):
		return 1
	case t.IsInteger() && p.Types.Has(types.Real):
		return 2
	case (t.IsInteger() || t == types.Real) && p.Types.Has(types.Decimal):
		return 3
	case t == types.Decimal && p.Types.Has(types.Real):
		return 4
	case t == types.Long && p.Types.Has(types.Int):
		return 5
	}
	return -1
}

// target is the type that an argument of type t is converted to for p.
func target(p funcs.Param, t types.Type) types.Type {
	switch {
	case p.Text:
		return types.String
	case p.Types.Has(t):
		return t
	case t == types.Int && p.Types.Has(types.Long):
		return types.Long
	case t.IsNumeric() && p.Types.Has(types.Real):
		return types.Real
	case t.IsNumeric() && p.Types.Has(types.Decimal):
		return types.Decimal
	case t == types.Long && p.Types.Has(types.Int):
		return types.Int
	}
	return t
}

// call builds a call, folding it if its arguments are constants.
func (b *binder) call(fn *funcs.Func, sig *funcs.Sig, args []rel.Expr, t types.Type) rel.Expr {
	c := &rel.Call{Fn: fn, Sig: sig, Args: args, T: t}
	if v, ok := b.fold(c); ok {
		return lit(v)
	}
	return c
}

// fold computes a call of constants through the function's Go body.
func (b *binder) fold(c *rel.Call) (types.Value, bool) {
	return rel.Fold(c, b.opts.Now)
}

// asBool makes a predicate of an expression; a dynamic value counts as one beside and/or only.
func (b *binder) asBool(e rel.Expr, span source.Span, dynamicToo bool) rel.Expr {
	switch t := e.Type(); {
	case t == types.Unknown || t == types.Bool:
		return e
	case t == types.Dynamic && (dynamicToo || b.isUntyped(e)):
		return b.convert(e, types.Bool)
	}
	if b.nulls[e] {
		return lit(types.Null(types.Bool))
	}
	code := "KS141"
	if dynamicToo {
		code = "KS106"
	}
	b.add(code, span, "expected a value of type bool, found "+e.Type().String())
	return rel.Bad{}
}
