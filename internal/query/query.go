// Package query is KQL in, rows out: it parses, binds, rewrites, writes SQL and runs it, within limits.
// Everything that runs a query (the commands, rules, tests) goes through Engine.
package query

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vedette-siem/vedette/internal/bind"
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/rewrite"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// ErrNotAllowed is what Engine.External gives for a place that the operator of this vedette did not allow.
var ErrNotAllowed = bind.ErrNotAllowed

// ErrTimeout is the fault of a query that ran longer than its limit.
var ErrTimeout = errors.New("the query ran longer than its limit")

// Engine compiles and runs queries. It is safe for concurrent use.
type Engine struct {
	Catalog *catalog.Catalog
	// Store runs the SQL; nil compiles only.
	Store store.Engine
	// External reads externaldata's places; nil refuses them.
	External func(uris []string, schema types.Schema, props map[string]string) ([][]types.Value, error)
	// EmptyExternal lets externaldata be empty where External is nil or gives ErrNotAllowed, with a warning:
	// for checking content without data.
	EmptyExternal bool
	// NoRewrite runs plans as they were bound; tests compare the two.
	NoRewrite bool

	functions *bind.FunctionCache
	funcs     *funcs.Set // that queries can call
}

// New returns an engine over a catalogue and a store.
func New(cat *catalog.Catalog, st store.Engine) *Engine {
	return &Engine{Catalog: cat, Store: st, functions: bind.NewFunctionCache(), funcs: funcs.All()}
}

// UseLocations has geo_info_from_ip_address(), which is refused otherwise, answer from l. It must be called before the
// first query; engines over one Store must use the same locations, as the store keeps the functions it once called.
func (e *Engine) UseLocations(l funcs.Locations) { e.funcs = e.funcs.WithLocations(l) }

// Request is a query and the circumstances it is evaluated in.
type Request struct {
	File *source.File
	// Now is the evaluation time.
	Now time.Time
	// From and To bound TimeGenerated of every table, half open, unless both are zero.
	From, To time.Time
	// ByIngestion makes From and To bounds of the time at which rows were taken in, as for near-real-time rules.
	ByIngestion bool
	// Timeout and MaxRows bound the run, with all its results; 0 is no bound.
	Timeout time.Duration
	MaxRows int
	Params  map[string]types.Value
	// Set replaces the values of the query's own scalar let statements, by name.
	Set map[string]types.Value
	// Check compiles without looking at data.
	Check bool
	// Single refuses a query that gives several results: rules, and whatever else is made of one table, have
	// no use for the others.
	Single bool
	// None, if set, may tell of the plan that is about to run that it gives no rows; then it is not run. It must
	// not change the plan.
	None func(plan rel.Node) bool
}

// Compiled is a query ready to run: one statement, whatever the number of its results.
type Compiled struct {
	Bound     *bind.Result
	Plan      rel.Node
	Statement duckdb.Statement
	// Columns are those of the first result.
	Columns  types.Schema
	Warnings source.Diagnostics
}

// Output is one of several results: its name, "" if the query gives it none, and its rows.
type Output struct {
	Name string
	types.Table
}

// Result is what a query gave.
type Result struct {
	// Output is the first result.
	Output
	// More are the other results of a query with several statements, fork, facet and the like.
	More     []Output
	Compiled *Compiled
	Elapsed  time.Duration
	// ProvedNone tells that the query was not run because Request.None said that it gives no rows.
	ProvedNone bool
}

// Outputs lists all results, in order.
func (r *Result) Outputs() []Output { return append([]Output{r.Output}, r.More...) }

// Compile compiles a query. A fault in the query is a *source.Diagnostics; when ctx ends, so does it, with ctx's error.
func (e *Engine) Compile(ctx context.Context, req Request) (*Compiled, error) {
	bound, diags, err := e.bind(ctx, req)
	if err != nil {
		return nil, err
	}
	return e.write(ctx, bound, diags, types.TicksOf(req.Now), false)
}

func (e *Engine) bind(ctx context.Context, req Request) (*bind.Result, source.Diagnostics, error) {
	return e.bindWith(ctx, req, nil)
}

func (e *Engine) bindWith(ctx context.Context, req Request, trace func(bind.Step)) (bound *bind.Result, diags source.Diagnostics, err error) {
	diags.File = req.File
	q, list := syntax.Parse(req.File)
	diags.List = list
	if diags.HasErrors() {
		diags.Sort()
		return nil, diags, &diags
	}
	defer func() {
		if p := recover(); p != nil {
			bound, err = nil, fmt.Errorf("internal error: %v; the query is:\n%s", p, req.File.Text)
		}
	}()
	opts := bind.Options{Catalog: e.Catalog, Funcs: e.funcs, Now: types.TicksOf(req.Now), Functions: e.functions, Params: req.Params, External: e.External, EmptyExternal: e.EmptyExternal,
		Trace: trace, Set: req.Set, Single: req.Single, Stop: ctx.Err}
	if !req.From.IsZero() || !req.To.IsZero() {
		opts.Bounded, opts.From, opts.To, opts.ByIngestion = true, types.TicksOf(req.From), types.TicksOf(req.To), req.ByIngestion
	}
	if e.External == nil && !e.EmptyExternal && !req.Check {
		opts.External = refuseExternal
	}
	if e.Store != nil && !req.Check {
		opts.Probe = func(plan rel.Node) (types.Table, error) { return e.probe(ctx, plan, opts.Now) }
	}
	bound, list = bind.Bind(q, opts)
	diags.List = append(diags.List, list...)
	diags.Sort()
	if err := ctx.Err(); err != nil {
		return nil, diags, ended(ctx, err)
	}
	if bound == nil {
		return nil, diags, &diags
	}
	return bound, diags, nil
}

func refuseExternal(uris []string, _ types.Schema, _ map[string]string) ([][]types.Value, error) {
	return nil, fmt.Errorf("reading %v is %w here", uris, ErrNotAllowed)
}

// probe runs a plan while a query is being bound.
func (e *Engine) probe(ctx context.Context, plan rel.Node, now int64) (types.Table, error) {
	c, err := e.write(ctx, &bind.Result{Plan: plan, Columns: plan.Cols()}, source.Diagnostics{}, now, false)
	if err != nil {
		return types.Table{}, err
	}
	return e.Store.Run(ctx, c.Statement, schemaOf(plan.Cols()), 0)
}

// write turns a bound query into SQL.
func (e *Engine) write(ctx context.Context, bound *bind.Result, diags source.Diagnostics, now int64, exact bool) (*Compiled, error) {
	c := e.plan(ctx, bound, diags, now)
	return c, e.sql(ctx, c, exact)
}

// sql writes the SQL of a plan.
func (e *Engine) sql(ctx context.Context, c *Compiled, exact bool) (err error) {
	opts := duckdb.Options{Exact: exact, Stop: ctx.Err}
	if e.Store != nil {
		opts.Parts = e.Store.Parts
	}
	c.Statement, err = duckdb.Write(c.Plan, c.Bound.Columns, c.Bound.Order, opts)
	return ended(ctx, err)
}

// plan rewrites the plan of a bound query; its SQL is still to be written.
func (e *Engine) plan(ctx context.Context, bound *bind.Result, diags source.Diagnostics, now int64) *Compiled {
	c := &Compiled{Bound: bound, Warnings: diags}
	var keep []rel.ColID
	for _, col := range bound.Columns {
		keep = append(keep, col.ID)
	}
	if len(bound.Outputs) > 0 {
		c.Columns = schemaOf(bound.Outputs[0].Columns)
	}
	for _, k := range bound.Order {
		keep = append(keep, k.Col.ID)
	}
	opts := rewrite.Options{Now: now, Stop: ctx.Err}
	if e.Store != nil {
		opts.Empty = func(s *rel.Scan) bool { return len(e.Store.Parts(s)) == 0 }
	}
	c.Plan = bound.Plan
	if !e.NoRewrite {
		c.Plan = rewrite.Apply(bound.Plan, keep, opts)
	}
	return c
}

// ended is err, as a run that ended over its time calls it.
func ended(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), ErrTimeout) {
		return ErrTimeout
	}
	return err
}

// Run compiles and runs a query.
func (e *Engine) Run(ctx context.Context, req Request) (*Result, error) {
	start := time.Now() // a measurement, not an input: see Request.Now
	if req.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, req.Timeout, ErrTimeout)
		defer cancel()
	}
	bound, diags, err := e.bind(ctx, req)
	if err != nil {
		return nil, err
	}
	c := e.plan(ctx, bound, diags, types.TicksOf(req.Now))
	if req.None != nil && ctx.Err() == nil && req.None(c.Plan) {
		outs := split(types.Table{Schema: schemaOf(bound.Columns)}, bound.Outputs)
		return &Result{Output: outs[0], More: outs[1:], Compiled: c, Elapsed: time.Since(start), ProvedNone: true}, nil
	}
	t, c, err := e.runBound(ctx, bound, diags, types.TicksOf(req.Now), req.MaxRows, c)
	if c == nil {
		return nil, err
	}
	outs := split(t, bound.Outputs)
	return &Result{Output: outs[0], More: outs[1:], Compiled: c, Elapsed: time.Since(start)}, err
}

// runBound writes a bound query and runs it. Without a Compiled it could not be written. planned is the rewritten plan, if
// there is one already.
func (e *Engine) runBound(ctx context.Context, bound *bind.Result, diags source.Diagnostics, now int64, maxRows int, planned *Compiled) (types.Table, *Compiled, error) {
	run := func(exact bool) (types.Table, *Compiled, error) {
		c := planned
		if c == nil {
			c = e.plan(ctx, bound, diags, now)
		}
		planned = nil
		if err := e.sql(ctx, c, exact); err != nil {
			return types.Table{}, nil, err
		}
		t, err := e.Store.Run(ctx, c.Statement, schemaOf(bound.Columns), maxRows)
		return t, c, err
	}
	t, c, err := run(false)
	if errors.Is(err, store.ErrGone) { // retention has dropped a part since the query was compiled
		t, c, err = run(false)
	}
	if errors.Is(err, store.ErrOverflow) {
		// Kusto's integers wrap around; the engine's do not, so the arithmetic is done in Go.
		t, c, err = run(true)
	}
	if err != nil {
		err = ended(ctx, err)
	}
	return t, c, err
}

func schemaOf(cols []rel.Col) types.Schema {
	out := make(types.Schema, len(cols))
	for i, c := range cols {
		out[i] = types.Column{Name: c.Name, Type: c.Type}
	}
	return out
}

// split takes several results that stand side by side apart; see bind.Result.
func split(t types.Table, parts []bind.Output) []Output {
	if len(parts) == 1 {
		return []Output{{parts[0].Name, t}}
	}
	outs := make([]Output, len(parts))
	from := make([]int, len(parts))
	next := 1
	for i, p := range parts {
		outs[i] = Output{p.Name, types.Table{Schema: schemaOf(p.Columns)}}
		from[i] = next
		next += len(p.Columns)
	}
	for _, r := range t.Rows {
		i := r[0].Int64()
		o := &outs[i]
		o.Rows = append(o.Rows, r[from[i]:from[i]+len(o.Schema):from[i]+len(o.Schema)])
	}
	return outs
}
