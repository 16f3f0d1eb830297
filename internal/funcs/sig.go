package funcs

import (
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// TypeSet is a set of scalar types.
type TypeSet uint16

// The single types and Kusto's classes of types.
const (
	Bool     TypeSet = 1 << types.Bool
	Int      TypeSet = 1 << types.Int
	Long     TypeSet = 1 << types.Long
	Real     TypeSet = 1 << types.Real
	Decimal  TypeSet = 1 << types.Decimal
	String   TypeSet = 1 << types.String
	Datetime TypeSet = 1 << types.Datetime
	Timespan TypeSet = 1 << types.Timespan
	Guid     TypeSet = 1 << types.Guid
	Dynamic  TypeSet = 1 << types.Dynamic

	Integer         = Int | Long
	Number          = Integer | Real | Decimal
	Summable        = Number | Timespan | Datetime
	NumberOrBool    = Number | Bool
	StringOrDynamic = String | Dynamic
	Any             = Bool | Number | String | Datetime | Timespan | Guid | Dynamic
	NotDynamic      = Any &^ Dynamic
	NotBool         = Any &^ Bool
	Orderable       = Any &^ Dynamic
)

// Has tells whether t is in the set.
func (s TypeSet) Has(t types.Type) bool { return s&(1<<t) != 0 }

// Types lists the members.
func (s TypeSet) Types() []types.Type {
	var out []types.Type
	for _, t := range types.Scalars() {
		if s.Has(t) {
			out = append(out, t)
		}
	}
	return out
}

func (s TypeSet) String() string {
	switch s {
	case Any:
		return "scalar"
	case Number:
		return "number"
	case Integer:
		return "integer"
	}
	var w []string
	for _, t := range s.Types() {
		w = append(w, t.String())
	}
	return strings.Join(w, "|")
}

// P declares a parameter.
func P(name string, ts TypeSet) Param { return Param{Name: name, Types: ts} }

// T declares a parameter that takes the types ts and is handed over as text.
func T(name string, ts TypeSet) Param { return Param{Name: name, Types: ts, Text: true} }

// Str declares a string parameter that also takes a dynamic, as its text.
func Str(name string) Param { return T(name, StringOrDynamic) }

// Common declares a parameter that is converted to the common type of all such arguments.
func Common(name string, ts TypeSet) Param { return Param{Name: name, Types: ts, Common: true} }

// Comparable declares a parameter of a comparison: as Common, and where types have none in common, a string
// is compared with the other side's text, a dynamic by its value in the other side's type.
func Comparable(name string, ts TypeSet) Param {
	return Param{Name: name, Types: ts, Common: true, Mixed: true}
}

// Optional makes a parameter optional.
func (p Param) Optional() Param { p.Opt = true; return p }

// Repeated lets a parameter be repeated.
func (p Param) Repeated() Param { p.Rep = true; return p }

// Constant demands a constant, one of values if any are given.
func (p Param) Constant(values ...string) Param { p.Const, p.Values = true, values; return p }

// RawType keeps the argument's own type.
func (p Param) RawType() Param { p.Raw = true; return p }

// Starred also takes *.
func (p Param) Starred() Param { p.Star = true; return p }

// S declares an overload.
func S(out Out, params ...Param) Sig { return Sig{Params: params, Out: out} }

// Sigs is one overload as the list that a Func wants.
func Sigs(out Out, params ...Param) []Sig { return []Sig{S(out, params...)} }

// OutKind is how the result type follows from the argument types.
type OutKind uint8

// The kinds, in Kusto.Language's words.
const (
	OutDeclared OutKind = iota
	OutParam
	OutCommon
	OutCommonNonDynamic
	OutWidest
	OutPromoted // the argument's type, int as long
	OutCustom
)

// Out is the rule for an overload's result type.
type Out struct {
	Kind   OutKind
	Type   types.Type
	Param  int
	Custom func(args []Arg) types.Type
}

// Fixed is a declared result type.
func Fixed(t types.Type) Out { return Out{Kind: OutDeclared, Type: t} }

// SameAs is the type of argument i (from 0).
func SameAs(i int) Out { return Out{Kind: OutParam, Param: i} }

// PromotedFrom is the type of argument i, with int made long.
func PromotedFrom(i int) Out { return Out{Kind: OutPromoted, Param: i} }

// The result rules without parameters.
var (
	CommonType       = Out{Kind: OutCommon}
	CommonNonDynamic = Out{Kind: OutCommonNonDynamic}
	Widest           = Out{Kind: OutWidest}
)

// Computed is a rule of the function's own; it sees the constants among the arguments.
func Computed(f func(args []Arg) types.Type) Out { return Out{Kind: OutCustom, Custom: f} }

// Ret are the declared result types, for short declarations.
var (
	RetBool     = Fixed(types.Bool)
	RetInt      = Fixed(types.Int)
	RetLong     = Fixed(types.Long)
	RetReal     = Fixed(types.Real)
	RetDecimal  = Fixed(types.Decimal)
	RetString   = Fixed(types.String)
	RetDatetime = Fixed(types.Datetime)
	RetTimespan = Fixed(types.Timespan)
	RetGuid     = Fixed(types.Guid)
	RetDynamic  = Fixed(types.Dynamic)
)

// Param returns the parameter that argument i of n goes to, or false if there is none.
func (s *Sig) Param(i, n int) (Param, bool) {
	first, count := s.repeated()
	if count == 0 {
		if i < len(s.Params) {
			return s.Params[i], true
		}
		return Param{}, false
	}
	tail := len(s.Params) - first - count // parameters behind the repeated group
	if i < first {
		return s.Params[i], true
	}
	if tail > 0 && i >= n-tail {
		return s.Params[len(s.Params)-(n-i)], true
	}
	return s.Params[first+(i-first)%count], true
}

func (s *Sig) repeated() (first, count int) {
	for i, p := range s.Params {
		if p.Rep {
			if count == 0 {
				first = i
			}
			count++
		}
	}
	return first, count
}

// Takes tells whether the overload takes n arguments.
func (s *Sig) Takes(n int) bool {
	least := 0
	for _, p := range s.Params {
		if !p.Opt {
			least++
		}
	}
	if n < least {
		return false
	}
	first, count := s.repeated()
	if count == 0 {
		return n <= len(s.Params)
	}
	if count == 1 {
		return true
	}
	return (n-first-(len(s.Params)-first-count))%count == 0
}

// Arity returns the least and the largest number of arguments over all overloads; most is -1 where there
// is no limit.
func (f *Func) Arity() (least, most int) {
	least = 1 << 30
	for i := range f.Sigs {
		s := &f.Sigs[i]
		n := 0
		for _, p := range s.Params {
			if !p.Opt {
				n++
			}
		}
		least = min(least, n)
		if _, count := s.repeated(); count > 0 {
			most = -1
		} else if most >= 0 {
			most = max(most, len(s.Params))
		}
	}
	return least, most
}

// Signature renders an overload for messages and the reference: strcat(arg, …).
func (f *Func) Signature(s *Sig) string {
	var w []string
	for _, p := range s.Params {
		n := p.Name
		if p.Opt {
			n = "[" + n + "]"
		}
		w = append(w, n)
	}
	if _, count := s.repeated(); count > 0 {
		w = append(w, "…")
	}
	return f.Name + "(" + strings.Join(w, ", ") + ")"
}
