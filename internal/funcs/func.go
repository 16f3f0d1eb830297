// Package funcs is the catalogue: every operator, scalar function, aggregate, window function and plugin
// of KQL that vedette knows, each declared once as one Func value.
//
// A declaration carries the name, the overloads in Kusto's own words, the null rule, what the function
// does (a Go body, which is the reference for its meaning), how an engine computes it (a SQL template or a
// lowering, where that is faster than calling the Go body), and its documentation with examples. Binder,
// folding, SQL writer, help, completion, reference pages and tests read the same value.
//
// Start with Func below and with string.go as an example family; families.go lists all families. The
// package imports types, and geo for the geometry of the geo_ family, and nothing else of the project.
package funcs

import "github.com/vedette-siem/vedette/internal/types"

// Class says where a function may stand.
type Class uint8

// The classes. Operator is a scalar function that is written with an operator sign or word.
const (
	Scalar Class = iota + 1
	Operator
	Aggregate
	Window
	Plugin
)

func (c Class) String() string {
	return [...]string{"unknown", "scalar", "operator", "aggregate", "window", "plugin"}[c]
}

// NullRule says what a null argument does. Strings are never null, so it does not speak of them.
type NullRule uint8

const (
	// Propagate: any null argument makes the result null (or "" for a string). The body never sees a null.
	Propagate NullRule = iota
	// Own: the body and the SQL treat nulls themselves.
	Own
)

// Volatility says when two calls with equal arguments give equal results.
type Volatility uint8

const (
	// Pure calls are folded when all arguments are constants.
	Pure Volatility = iota
	// PerQuery calls (now) have one value in a query; they fold too, from the evaluation context.
	PerQuery
	// PerRow calls (rand, new_guid) are never folded.
	PerRow
)

// Func declares one function. The zero value of each field is its commonest value.
type Func struct {
	Name    string   // as users type it
	Aliases []string // other spellings, deprecated ones included
	Family  string   // filled by the family that lists it
	Class   Class
	Sigs    []Sig
	Nulls   NullRule
	Vol     Volatility
	Result  Naming // the name of the result column when the user gives none
	// Columns are the result columns of a call that may give several; nil for a call that gives one, named
	// by Result. With two and more the body returns a dynamic array that holds one element for each column.
	Columns func(args []Arg) []types.Column

	// Go is what a scalar function means: it computes one value. It is used for folding, as the engine's
	// user-defined function where there is no SQL, and as the reference the SQL is tested against.
	Go Impl
	// Row is instead of Go where what the function gives has a form of its own in SQL: it takes part where a whole
	// plan is computed in Go, and is never used for folding, which would mix the two.
	Row Impl
	// Agg is what an aggregate means, over all rows of a group.
	Agg AggImpl
	// Pick is what an aggregate of whole rows (Spread.Row) means, instead of Agg.
	Pick PickImpl
	// Spread says how an aggregate with Columns computes each of them.
	Spread Spread
	// Ordered: the result depends on the order of the rows (make_list); the SQL writer sets Call.Order
	// where the input has one, and collects the rows for Agg in it.
	Ordered bool
	// Hidden: called by lowerings only. Such a name is none that a user could write.
	Hidden bool
	// SQL is the DuckDB template: $1, $2 … are the arguments (already in parentheses where needed), $* is
	// all of them. Empty: Lower, or else the Go body.
	SQL string
	// Lower writes DuckDB SQL where a template is too little; "" means: use the Go body for this call.
	Lower Lowering

	Doc      string    // one sentence
	Page     string    // page of the KQL reference, without the extension: "strlen-function"
	Examples []Example // run by the tests
	Deviates string    // how the result may differ from Kusto's, if it may
}

// Sig is one overload.
type Sig struct {
	Params []Param
	Out    Out
	SQL    string   // instead of Func.SQL for this overload
	Lower  Lowering // instead of Func.Lower
	Go     Impl     // instead of Func.Go
}

// Param is one parameter of an overload.
type Param struct {
	Name  string
	Types TypeSet
	// Text: an argument of any accepted type is handed over as its tostring().
	Text bool
	// Opt: may be left out. Rep: this and the other Rep parameters may be repeated as a group.
	Opt, Rep bool
	// Const: must be a constant. Values: the words it may be, if limited.
	Const  bool
	Values []string
	// Common: all such arguments are converted to their common type. Mixed: types without one are compared
	// by text or value.
	Common, Mixed bool
	// Star: * is taken (arg_max).
	Star bool
	// Raw: handed over in the argument's own type; the body tells the types apart itself.
	Raw bool
}

// Example is a call and its result, both KQL text.
type Example struct{ Query, Want string }

// Impl computes a scalar function. Arguments have the types of the chosen overload. A fault that Kusto
// reports at run time is reported with Ctx.Fail; most functions return null instead.
type Impl func(c *Ctx, a []types.Value) types.Value

// AggImpl computes an aggregate over n rows: cols[i] holds the values of argument i, nulls included. The
// column of a parameter that must be a constant (Param.Const) holds its one value, also where n is 0.
type AggImpl func(c *Ctx, n int, cols [][]types.Value) types.Value

// PickImpl chooses the row that an aggregate of whole rows gives, or -1 if there is none.
type PickImpl func(c *Ctx, n int, cols [][]types.Value) int

// Lowering writes DuckDB SQL for a call, or returns "" to have the Go body called.
type Lowering func(w Writer, c *Call) string

// Call is a bound call as a Lowering sees it.
type Call struct {
	Args []Arg
	Type types.Type // of the result
	// Filter: the result decides on rows only (where, and/or below it), so null may be given as false.
	Filter bool
	// Order is the SQL list behind ORDER BY in which an Ordered aggregate takes its rows; "" for any.
	Order string
}

// Arg is an argument of a Call.
type Arg struct {
	SQL   string // an expression that may be used as an operand anywhere
	Type  types.Type
	Const *types.Value // its value, if it is a constant
	Name  string       // the name it gives a result column, or ""; filled for Columns only
}

// Writer is what a Lowering may ask of the SQL writer.
type Writer interface {
	// Lit quotes a constant; the only way for a value to enter SQL text.
	Lit(v types.Value) string
	// UDF returns the call of another catalogue function through its Go body.
	UDF(name string, out types.Type, args ...Arg) string
	// Convert returns arg converted to another type, as tostring() and its like do.
	Convert(arg Arg, to types.Type) string
	// JSON returns an expression for arg as an element of a dynamic value (SQL NULL becomes JSON null).
	JSON(arg Arg) string
}

// Ctx is what a body may know of its surroundings. One Ctx serves one call site in one query.
type Ctx struct {
	Now  int64      // the evaluation time, in ticks
	Out  types.Type // the type the call must return
	Args []types.Type
	Rand func() uint64 // random bits for PerRow functions

	regexes RegexCache
	shapes  shapeCache
	texts   map[string]textPattern // of match.text, by their spelling
	err     error
}

// Fail records that the query must end with this fault, and returns null.
func (c *Ctx) Fail(err error) types.Value {
	if c.err == nil {
		c.err = err
	}
	return types.Null(c.Out)
}

// Err returns the first fault recorded.
func (c *Ctx) Err() error { return c.err }

// TakeErr returns the fault recorded and forgets it, so that the Ctx can serve another call.
func (c *Ctx) TakeErr() error {
	err := c.err
	c.err = nil
	return err
}

// Body returns the Go body that a call through an overload runs: the overload's own, else the function's.
func (f *Func) Body(s *Sig) Impl {
	if s != nil && s.Go != nil {
		return s.Go
	}
	return f.Go
}

// Call applies the null rule and then the body.
func (f *Func) Call(c *Ctx, body Impl, args []types.Value) types.Value {
	if f.Nulls == Propagate {
		for _, a := range args {
			if a.IsNull() {
				return types.Null(c.Out)
			}
		}
	}
	return body(c, args)
}

// Naming is how an unnamed result column gets its name.
// https://learn.microsoft.com/kusto/query/schema-entities/columns
type Naming struct {
	Kind   NamingKind
	Prefix string
}

// NamingKind is one of Kusto's rules for the name of an unnamed result.
type NamingKind uint8

const (
	// NameNone: Column1, Column2 … (print_0 … in print).
	NameNone NamingKind = iota
	// NameFirstArg: the name of the first argument (bin(TimeGenerated, 1h) is TimeGenerated).
	NameFirstArg
	// NamePrefixAndFirstArg: Prefix_name (sum_x); without a name just Prefix_.
	NamePrefixAndFirstArg
	// NamePrefix: Prefix alone (count_).
	NamePrefix
	// NameFuncAndFirstArg: function name, underscore, first argument (strlen_x).
	NameFuncAndFirstArg
	// NameOnlyArg: the name of the argument if there is exactly one.
	NameOnlyArg
	// NameConstFirst: the text of the first argument if it is a constant (column_ifexists).
	NameConstFirst
)

// FirstArg, and the like, are short for the naming rules in declarations.
var (
	FirstArg     = Naming{Kind: NameFirstArg}
	FuncFirstArg = Naming{Kind: NameFuncAndFirstArg}
	OnlyArg      = Naming{Kind: NameOnlyArg}
)

// Prefixed is sum_x, dcount_y and the like.
func Prefixed(p string) Naming { return Naming{NamePrefixAndFirstArg, p} }

// Just is count_ and the like.
func Just(p string) Naming { return Naming{NamePrefix, p} }
