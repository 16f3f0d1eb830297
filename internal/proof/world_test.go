package proof_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/demo"
	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/proof"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// world is a store that grows, and the prover beside it.
type world struct {
	t      testing.TB
	cat    *catalog.Catalog
	main   *duckdb.Engine
	engine *query.Engine
	prover *proof.Prover

	mu    sync.Mutex
	stage map[string]*duckdb.Engine // holds the new rows of a table alone
	fault func(*proof.Counting) error
	count time.Duration // spent on counting
}

func open(t testing.TB) *duckdb.Engine {
	t.Helper()
	e, err := duckdb.Open(context.Background(), duckdb.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func newWorld(t testing.TB, cat *catalog.Catalog, now time.Time, opts proof.Options) *world {
	w := &world{t: t, cat: cat, main: open(t), stage: map[string]*duckdb.Engine{}}
	w.engine = query.New(cat, w.main)
	w.engine.EmptyExternal = true
	if opts.Covers == nil {
		opts.Covers = func(string) bool { return true }
	}
	opts.Run = func(ctx context.Context, c *proof.Counting) (types.Table, error) {
		if len(w.main.Parts(&rel.Scan{Table: tableOf(c.Plan())})) == 0 {
			return types.Table{}, nil
		}
		return w.run(ctx, w.main, c)
	}
	w.prover = proof.New(now, opts)
	return w
}

// tableOf is the table that a counting reads.
func tableOf(n rel.Node) string {
	if s, ok := n.(*rel.Scan); ok {
		return s.Table
	}
	return tableOf(n.Inputs()[0])
}

func (w *world) run(ctx context.Context, e *duckdb.Engine, c *proof.Counting) (types.Table, error) {
	if w.fault != nil {
		if err := w.fault(c); err != nil {
			return types.Table{}, err
		}
	}
	st, err := dialect.Write(c.Plan(), c.Columns(), nil, dialect.Options{Exact: true})
	if err != nil {
		return types.Table{}, err
	}
	var schema types.Schema
	for _, col := range c.Columns() {
		schema = append(schema, types.Column{Name: col.Name, Type: col.Type})
	}
	return e.Run(ctx, st, schema, 0)
}

// append stores rows as a server would: counted before they can be read.
func (w *world) append(table string, rows [][]types.Value) {
	w.t.Helper()
	def, ok := w.cat.Table(table)
	if !ok {
		w.t.Fatalf("no table %s", table)
	}
	a := w.prover.Begin(table)
	defer a.End()
	start := time.Now()
	for _, c := range a.Countings() {
		t, err := w.overNew(def, rows, c)
		if err == nil {
			err = a.Add(c, t)
		}
		if err != nil {
			a.Fail(err)
			break
		}
	}
	w.mu.Lock()
	w.count += time.Since(start)
	w.mu.Unlock()
	if err := w.main.Append(def, rows); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) overNew(def *catalog.Table, rows [][]types.Value, c *proof.Counting) (types.Table, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.stage[def.Name]
	if e == nil {
		e = open(w.t)
		w.stage[def.Name] = e
	}
	if len(e.Parts(&rel.Scan{Table: def.Name})) > 0 {
		if err := e.Exec(context.Background(), "DELETE FROM "+dialect.Ident(def.Name)); err != nil {
			return types.Table{}, err
		}
	}
	if err := e.Append(def, rows); err != nil {
		return types.Table{}, err
	}
	return w.run(context.Background(), e, c)
}

// watch has a rule's conditions counted, from its query at two times.
func (w *world) watch(r *rule.Rule, at time.Time) {
	w.t.Helper()
	e := query.New(w.cat, nil)
	e.EmptyExternal = true
	var plans []rel.Node
	for _, now := range []time.Time{at, at.Add(-17*time.Hour - 23*time.Minute)} {
		c, err := e.Compile(context.Background(), query.Request{File: r.QueryFile, Now: now, From: now.Add(-r.QueryPeriod), To: now})
		if err != nil {
			w.t.Fatalf("%s: %v", r.Name, err)
		}
		plans = append(plans, c.Plan)
	}
	w.prover.Watch(r, plans...)
}

func (w *world) fill(now time.Time) {
	w.t.Helper()
	if err := w.prover.Fill(context.Background(), now); err != nil {
		w.t.Fatal(err)
	}
}

// answer is what a run gave and what was proved of it before.
type answer struct {
	rows   types.Table
	proved bool
	why    string
	spent  time.Duration // to prove it
}

// evaluate runs a rule's query, whatever was proved, and keeps both.
func (w *world) evaluate(r *rule.Rule, at time.Time) answer {
	w.t.Helper()
	var a answer
	res, err := w.engine.Run(context.Background(), query.Request{File: r.QueryFile, Now: at, From: at.Add(-r.QueryPeriod), To: at,
		None: func(plan rel.Node) bool {
			start := time.Now()
			a.proved, a.why = w.prover.Empty(r.ID, plan)
			a.spent = time.Since(start)
			return false
		}})
	if err != nil {
		w.t.Fatalf("%s at %s: %v", r.Name, at, err)
	}
	a.rows = res.Table
	return a
}

// scheduled is a rule as a test writes it.
func scheduled(id int, kql string, frequency, period time.Duration) *rule.Rule {
	return &rule.Rule{ID: fmt.Sprintf("00000000-0000-0000-0000-%012d", id), Name: kql, Kind: rule.Scheduled, Enabled: true, Severity: rule.Medium, Query: kql,
		QueryFile: source.NewFile("", kql), QueryFrequency: frequency, QueryPeriod: period, TriggerOperator: rule.GreaterThan}
}

var errInjected = errors.New("injected")

// readsOnly tells whether a rule compiles and reads none but these tables.
func (w *world) readsOnly(r *rule.Rule, tables []string) bool {
	e := query.New(w.cat, nil)
	e.EmptyExternal = true
	c, err := e.Compile(context.Background(), query.Request{File: r.QueryFile, Now: demoEnd, From: demoEnd.Add(-time.Hour), To: demoEnd})
	if err != nil || len(c.Bound.Tables) == 0 {
		return false
	}
	for _, t := range c.Bound.Tables {
		if !slices.Contains(tables, t) {
			return false
		}
	}
	return true
}

var demoEnd = demo.DefaultEnd()
