// Package bind gives a syntax tree its meaning: it resolves names, chooses overloads, types every
// expression and follows the schema through every pipe. What comes out is a relational plan (package rel)
// without KQL syntax, or diagnostics with the codes of Microsoft's parser.
//
// Start with Bind below; scope.go says what names mean where, expr.go and call.go bind scalar
// expressions, table.go tabular ones, and each op_….go one tabular operator. The package reads no clock
// and no data: time and schemas come in through Options.
package bind

import (
	"errors"
	"fmt"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// Options are what a query is bound against.
type Options struct {
	Catalog *catalog.Catalog
	Funcs   *funcs.Set
	// Now is the evaluation time, in ticks: now() and what ago() counts from.
	Now int64
	// Window bounds the time column of every table, half open, in ticks, if Bounded.
	Bounded  bool
	From, To int64
	// ByIngestion makes the bounds those of the time when rows were taken in.
	ByIngestion bool
	// Probe runs a plan while binding, for operators whose columns depend on the data (bag_unpack, pivot).
	// Nil: such operators put out the columns that are known, and the schema is open.
	Probe func(plan rel.Node) (types.Table, error)
	// External reads the rows of externaldata; nil refuses it when the query runs.
	External func(uris []string, schema types.Schema, props map[string]string) ([][]types.Value, error)
	// EmptyExternal makes externaldata empty, with a warning, where External gives ErrNotAllowed.
	EmptyExternal bool
	// Functions keeps parsed stored functions between queries; may be nil.
	Functions *FunctionCache
	// Trace, if set, is told of the source and of every operator of the query's own pipes (not of those inside
	// functions), in the order they are bound.
	Trace func(Step)
	// Set replaces the values of the query's own scalar let statements, by name.
	Set map[string]types.Value
	// Single refuses a query that gives several results.
	Single bool
	// Params are the values of declare query_parameters.
	Params map[string]types.Value
	// Stop, if set, is asked at every operator; when it gives an error, binding ends without a result.
	Stop func() error
}

// Result is a bound query.
type Result struct {
	// Plan computes all results of the query.
	Plan rel.Node
	// Columns are the columns of Plan's rows, in order. For one result they are its columns; several results
	// stand side by side, behind a number that tells for each row which result it belongs to, from 0. The
	// columns of the other results are null there.
	Columns []rel.Col
	// Order is the order the rows must come in; empty if the query leaves it open.
	Order []rel.Key
	// Outputs are the results, in order. There is at least one, and the first is what is meant by the result
	// where one is expected.
	Outputs []Output
	// Tables are the stored tables that the query reads, functions included; Functions the stored functions.
	Tables, Functions []string
	// Warnings are things a person should know about the result.
	Warnings []source.Diagnostic
}

// Step is one stage of a pipe: the rows that its source or operator puts out.
type Step struct {
	Span  source.Span // of the source or the operator
	Depth int         // how many pipes stand around this one: 0 is the query, 1 the right side of its joins …
	Plan  rel.Node
}

// ErrNotAllowed is what Options.External gives for a place that may not be read.
var ErrNotAllowed = errors.New("not allowed")

// timeColumn is the column that time bounds apply to.
const timeColumn = "TimeGenerated"

// ingestionColumn holds the time at which a row was taken in.
const ingestionColumn = "_TimeReceived"

// maxDepth bounds how deep functions and views may call each other.
const maxDepth = 64

const scalarClass = funcs.Scalar

// Bind binds a parsed query. The result is nil if any of the diagnostics is an error, or if Options.Stop gave one.
func Bind(q *syntax.Query, opts Options) (res *Result, diags []source.Diagnostic) {
	if opts.Funcs == nil {
		opts.Funcs = funcs.All()
	}
	if opts.Functions == nil {
		opts.Functions = NewFunctionCache()
	}
	b := &binder{opts: opts, file: q.File, nextShare: 1, used: map[string]bool{}, usedFuncs: map[string]bool{},
		soft: map[int]bool{}, misspelt: map[int]string{}, untyped: map[rel.ColID]bool{}, untypedExprs: map[rel.Expr]bool{}, nulls: map[rel.Expr]bool{}}
	res = b.query(q)
	b.hints()
	return res, b.diags
}

// query binds a whole query; nil after a fault.
func (b *binder) query(q *syntax.Query) *Result {
	root := b.root()
	out := b.statements(q.Stmts, root)
	if len(out) == 0 && !b.failed() {
		b.add("KS176", q.Span(), "a query is expected: there is no expression to run")
	}
	if len(out) > 1 && b.opts.Single {
		b.addHint("VQ020", out[1].span, fmt.Sprintf("the query gives %d results where one is expected", len(out)), "keep the one that is meant")
	}
	if b.failed() {
		return nil
	}
	res := b.finish(out)
	if b.failed() {
		return nil
	}
	return res
}

// binder binds one query.
type binder struct {
	opts      Options
	file      *source.File
	diags     []source.Diagnostic
	nextCol   rel.ColID
	nextShare int
	shares    []*rel.Share
	used      map[string]bool // stored tables read
	usedFuncs map[string]bool // stored functions called
	render    map[string]string
	ending    *ending
	// bestEffort is set best_effort: union and macro-expand leave out what does not resolve.
	bestEffort bool
	most       rel.Expr // how many rows set query_take_max_records leaves of each result; nil for all
	// inside is the chain of stored functions being bound. Faults inside one are reported at its call.
	inside []frame
	depth  int
	pipes  int // pipes being bound, for Options.Trace
	// stopped: Options.Stop gave an error. Everything fails from then on.
	stopped bool
	// lateral counts the subqueries being bound that are evaluated for each row of another table.
	lateral int
	// soft[i] tells that diags[i] was found inside a stored function, or is a name that does not resolve: a
	// fuzzy union leaves such a leg out.
	soft map[int]bool
	// misspelt[i] is the name of a table that diags[i] is about; see hints.
	misspelt map[int]string
	// untyped are columns and expressions that come out of an open table: what they are is known when the
	// query runs, so they are taken for whatever is needed.
	untyped      map[rel.ColID]bool
	untypedExprs map[rel.Expr]bool
	nulls        map[rel.Expr]bool // null literals; see nullLit
	// onces are the values of toscalar(rand()) and the like, by call.
	onces map[*syntax.CallExpr][]onceValue
}

// frame is one call of a stored function.
type frame struct {
	name string
	call source.Span
}

func (b *binder) failed() bool {
	if b.stopped {
		return true
	}
	for _, d := range b.diags {
		if d.Severity == source.Error {
			return true
		}
	}
	return false
}

// try runs f. If it failed with nothing but soft faults they are taken back and returned.
func (b *binder) try(f func()) (faults []source.Diagnostic) {
	mark := len(b.diags)
	if b.failed() {
		f()
		return nil
	}
	f()
	for i := mark; i < len(b.diags); i++ {
		if b.diags[i].Severity != source.Error {
			continue
		}
		if !b.soft[i] {
			return nil
		}
		faults = append(faults, b.diags[i])
	}
	if len(faults) > 0 {
		b.takeBack(mark)
	}
	return faults
}

// takeBack forgets the diagnostics from a place on.
func (b *binder) takeBack(mark int) {
	for i := mark; i < len(b.diags); i++ {
		delete(b.soft, i)
		delete(b.misspelt, i)
	}
	b.diags = b.diags[:mark]
}

func (b *binder) newCol(name string, t types.Type) rel.Col {
	b.nextCol++
	return rel.Col{ID: b.nextCol, Name: name, Type: t}
}

// finish makes one plan of the results of a query.
func (b *binder) finish(outs []outcome) *Result {
	res := &Result{Tables: sortedKeys(b.used), Functions: sortedKeys(b.usedFuncs)}
	if len(outs) == 1 {
		o := outs[0]
		res.Plan, res.Columns, res.Order, res.Outputs = o.node, o.Columns, o.Order, []Output{o.Output}
	} else {
		res.Plan, res.Columns, res.Order, res.Outputs = b.sideBySide(outs)
	}
	if len(b.shares) > 0 {
		res.Plan = &rel.With{Shares: b.shares, Body: res.Plan}
	}
	return res
}
