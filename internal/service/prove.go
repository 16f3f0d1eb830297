package service

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/proof"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/types"
)

// prover tells which runs need no query; see package proof. Rows are counted not one commit at a time but when somebody
// asks, all that came since the last time together: a statement over a hundred rows costs as much as one over a hundred
// thousand. A run that is left out is one that would have given nothing at the moment of that counting.
type prover struct {
	*proof.Prover
	s    *Service
	news chan struct{} // capacity 1: rules were watched, whose conditions are not known yet
	// plans compiles rules over a store that has every table.
	plans *query.Engine

	mu      sync.Mutex
	counted map[string]int64     // by table: commits up to this time are counted
	at      map[string]time.Time // by table: and this was done then
}

func newProver(s *Service) *prover {
	p := &prover{s: s, news: make(chan struct{}, 1), plans: query.New(s.Catalog, nil), counted: map[string]int64{}, at: map[string]time.Time{}}
	p.plans.EmptyExternal = true
	if s.locations != nil { // what is counted runs over the same store
		p.plans.UseLocations(s.locations)
	}
	keep := 14 * 24 * time.Hour
	p.Prover = proof.New(s.now(), proof.Options{Covers: func(string) bool { return true }, Keep: keep + 24*time.Hour,
		Run: func(ctx context.Context, c *proof.Counting) (types.Table, error) {
			return p.run(ctx, c, func(scan *rel.Scan) {
				if !scan.Bounded { // older minutes are of no use to anybody
					scan.Bounded, scan.From, scan.To = true, types.TicksOf(s.now().Add(-keep-24*time.Hour)), math.MaxInt64
				}
			})
		}})
	for _, t := range s.disk.Stored() {
		p.counted[t.Table] = s.Events.Visible() // all that is there is gone through by Fill
	}
	return p
}

// watch has a rule's conditions counted from now on.
func (p *prover) watch(ctx context.Context, r *rule.Rule) {
	if r.Kind != rule.Scheduled || !r.Enabled {
		p.Unwatch(r.ID)
		return
	}
	now := p.s.now()
	var plans []rel.Node
	for _, at := range []time.Time{now, now.Add(-26*time.Hour - 17*time.Minute - 43*time.Second)} {
		c, err := p.plans.Compile(ctx, query.Request{File: r.QueryFile, Now: at, From: at.Add(-r.QueryPeriod), To: at, Single: true})
		if err != nil { // its runs will say what is wrong
			p.Unwatch(r.ID)
			return
		}
		plans = append(plans, c.Plan)
	}
	p.Watch(r, plans...)
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// fillEvery is how often old minutes are dropped and retired conditions tried again.
const fillEvery = 5 * time.Minute

// fill keeps the counters in order until ctx ends.
func (p *prover) fill(ctx context.Context) {
	for {
		p.s.fault("go through stored rows for the empty-window proof", p.Fill(ctx, p.s.now()))
		select {
		case <-p.news:
		case <-p.s.clock.After(fillEvery):
		case <-ctx.Done():
			return
		}
	}
}

// empty tells whether a run that was due at a time needs no query.
func (p *prover) empty(ctx context.Context, r *rule.Rule, due time.Time, plan rel.Node) bool {
	for _, l := range proof.Of(plan).Leaves() {
		if err := p.count(ctx, l.Table, due); err != nil {
			p.s.fault("count rows of "+l.Table, err)
			return false
		}
	}
	ok, _ := p.Empty(r.ID, plan)
	return ok
}

// count counts the rows of a table that came since the last time, unless that was after due.
func (p *prover) count(ctx context.Context, table string, due time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.s.now()
	if done, ok := p.at[table]; ok && !done.Before(due) {
		return nil
	}
	to := p.s.Events.Visible()
	from := p.counted[table]
	if p.s.Events.Newest(table) > from {
		if err := p.countBetween(ctx, table, from, to); err != nil {
			return err
		}
	}
	p.counted[table], p.at[table] = to, now
	return nil
}

// countBetween counts the rows of commits after one time up to another.
func (p *prover) countBetween(ctx context.Context, table string, from, to int64) error {
	a := p.Begin(table)
	defer a.End()
	for _, c := range a.Countings() {
		t, err := p.run(ctx, c, func(scan *rel.Scan) {
			scan.Bounded, scan.TimeCol, scan.From, scan.To = true, receivedColumn, from+1, to+1
		})
		if err != nil {
			if ctx.Err() != nil { // the run was cancelled, and its conditions are not to blame
				return ctx.Err()
			}
			a.Fail(err)
			continue
		}
		if err := a.Add(c, t); err != nil {
			return err
		}
	}
	return nil
}

// run runs the plan of a counting with its scans narrowed.
func (p *prover) run(ctx context.Context, c *proof.Counting, narrow func(*rel.Scan)) (types.Table, error) {
	plan := c.Plan()
	scans := 0
	var visit func(n rel.Node)
	visit = func(n rel.Node) {
		if s, ok := n.(*rel.Scan); ok {
			narrow(s)
			scans++
		}
		for _, in := range n.Inputs() {
			visit(in)
		}
	}
	visit(plan)
	if scans != 1 {
		return types.Table{}, fmt.Errorf("a counting with %d scans", scans)
	}
	st, err := dialect.Write(plan, c.Columns(), nil, dialect.Options{Exact: true, Parts: p.s.disk.Parts, Stop: ctx.Err})
	if err != nil {
		return types.Table{}, err
	}
	var schema types.Schema
	for _, col := range c.Columns() {
		schema = append(schema, types.Column{Name: col.Name, Type: col.Type})
	}
	return p.s.disk.Run(ctx, st, schema, 0)
}
