package proof

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/types"
)

// Options are what a Prover works with. Zero numbers are the defaults.
type Options struct {
	// Covers tells of which tables every row is stored between a Begin and its End. Nothing is proved of others.
	Covers func(table string) bool
	// Run runs a plan of counting over the stored rows: for conditions that are new.
	Run func(ctx context.Context, c *Counting) (types.Table, error)
	// Keep is how long minutes are kept: the longest period of a rule, and how late its window may be looked at.
	Keep time.Duration
	// MaxSets bounds the sets of conditions that are counted.
	MaxSets int
	// Budget bounds what counting one row of a table may cost, by estimate: dear conditions are left out.
	Budget time.Duration
	// RetireAfter is how often a set of conditions is asked for in vain before it is counted no more, RetryAfter
	// when it is tried again, as is one whose counting failed.
	RetireAfter int
	RetryAfter  time.Duration
}

const (
	defaultKeep        = 16 * 24 * time.Hour // the longest period of a rule is 14 days
	defaultMaxSets     = 4096
	defaultBudget      = 5 * time.Microsecond
	defaultRetireAfter = 500
	defaultRetryAfter  = 24 * time.Hour
	// slack is how far behind its period a window may be looked at and still be covered when a condition is new.
	slack = time.Hour
	// ahead is how far in the future minutes are kept one by one.
	ahead = 2 * 24 * time.Hour
)

// Prover keeps in which minutes rows met the conditions of rules, and tells from it which runs need not be made.
// It is safe for concurrent use.
type Prover struct {
	opts    Options
	filling sync.Mutex // held by Fill

	mu     sync.Mutex
	now    int64 // the latest time it was told, in ticks
	rules  map[string]*watched
	groups map[groupKey]*group
	tables map[string]*table
	sets   int
	asked  int64
	proved int64
}

type groupKey struct{ table, timeCol string }

// table is what is stored at the moment: also where nothing is counted yet, for what comes next must know of it.
type table struct {
	version int         // of what is counted of it
	appends map[int]int // appends under way, by the version that they count
	ended   chan struct{}
}

// table returns the state of a table. The caller holds mu.
func (p *Prover) table(name string) *table {
	t := p.tables[name]
	if t == nil {
		t = &table{appends: map[int]int{}, ended: make(chan struct{})}
		p.tables[name] = t
	}
	return t
}

// group is what is counted of a table.
type group struct {
	groupKey
	stored   *table
	counters []*counter
	rows     int64 // counted
}

type state uint8

const (
	pending  state = iota // counted, but what was stored before has not been gone through
	live                  // known from its time on
	retired               // proved nothing; not counted
	rejected              // cannot be counted
)

// counter is a set of conditions and the minutes in which a row met all of them.
type counter struct {
	hits
	group    *group
	key      string
	conds    []Cond
	rules    map[string]time.Duration // which ask for it, with their periods
	state    state
	since    int   // the version from which on every append counts it
	epoch    int   // changes when what was counted is worth nothing
	from     int64 // known from here on, in ticks
	vain     int   // asked since it last proved something
	at       int64 // when it was retired or rejected
	failures int
	fault    string
}

// watched is a rule.
type watched struct {
	onNone   bool // it fires on no rows
	counters []*counter
	formula  *Formula
	asked    int64
	proved   int64
}

// New returns a Prover that knows nothing yet. now need not be exact: see Fill.
func New(now time.Time, opts Options) *Prover {
	if opts.Keep == 0 {
		opts.Keep = defaultKeep
	}
	if opts.MaxSets == 0 {
		opts.MaxSets = defaultMaxSets
	}
	if opts.Budget == 0 {
		opts.Budget = defaultBudget
	}
	if opts.RetireAfter == 0 {
		opts.RetireAfter = defaultRetireAfter
	}
	if opts.RetryAfter == 0 {
		opts.RetryAfter = defaultRetryAfter
	}
	if opts.Covers == nil {
		opts.Covers = func(string) bool { return false }
	}
	return &Prover{opts: opts, now: types.TicksOf(now), rules: map[string]*watched{}, groups: map[groupKey]*group{}, tables: map[string]*table{}}
}

// Watch has the conditions of a rule counted from now on; Fill makes them known. plans are the rule's query,
// compiled at two or more evaluation times over a store that has every table: conditions that are not in all of
// them change with the time and are not worth counting. What the plans say decides what is counted, never what is
// proved. A rule that is watched already is replaced.
func (p *Prover) Watch(r *rule.Rule, plans ...rel.Node) {
	w := &watched{onNone: r.TriggerOperator.Fires(0, r.TriggerThreshold), formula: unproven}
	var formulas []*Formula
	for _, plan := range plans {
		formulas = append(formulas, Of(plan))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(formulas) > 0 && !w.onNone {
		w.formula = formulas[0]
		p.choose(r, w, formulas[1:])
	}
	old := p.rules[r.ID]
	p.rules[r.ID] = w
	if old != nil {
		p.release(r.ID, slices.DeleteFunc(slices.Clone(old.counters), func(c *counter) bool { return slices.Contains(w.counters, c) }))
	}
}

// choose finds what is to be counted for a rule. The caller holds mu.
func (p *Prover) choose(r *rule.Rule, w *watched, others []*Formula) {
	period := max(r.QueryPeriod, time.Minute)
	for i, l := range w.formula.Leaves() {
		conds := l.Conds
		for _, o := range others {
			conds = common(conds, i, l, o.Leaves())
		}
		for _, c := range p.count(l, conds) {
			if !slices.Contains(w.counters, c) {
				w.counters = append(w.counters, c)
			}
			c.rules[r.ID] = period
			switch {
			case c.state == retired:
				c.restart()
			case c.state == live && c.from > p.now-types.DurationTicks(period): // it does not reach far enough back
				c.state = pending
			}
		}
	}
}

// common keeps the conditions that the leaf at the same place of another compilation has too.
func common(conds []Cond, i int, l *Leaf, others []*Leaf) []Cond {
	if i >= len(others) || others[i].Table != l.Table {
		return nil
	}
	var out []Cond
	for _, c := range conds {
		if slices.ContainsFunc(others[i].Conds, func(o Cond) bool { return o.Key == c.Key }) {
			out = append(out, c)
		}
	}
	return out
}

// Unwatch forgets a rule.
func (p *Prover) Unwatch(ruleID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w, ok := p.rules[ruleID]; ok {
		delete(p.rules, ruleID)
		p.release(ruleID, w.counters)
	}
}

// release gives up a rule's counters; those that nobody asks for any more are dropped.
func (p *Prover) release(ruleID string, counters []*counter) {
	for _, c := range counters {
		if delete(c.rules, ruleID); len(c.rules) > 0 {
			continue
		}
		g := c.group
		g.counters = slices.DeleteFunc(slices.Clone(g.counters), func(o *counter) bool { return o == c })
		g.stored.version++
		c.state = retired
		p.sets--
	}
}

// count finds or makes the counters for a leaf: that of its table's rows as such, and that of its conditions as
// far as they can be afforded. The caller holds mu.
func (p *Prover) count(l *Leaf, conds []Cond) []*counter {
	if !p.opts.Covers(l.Table) {
		return nil
	}
	key := groupKey{l.Table, l.TimeCol}
	g := p.groups[key]
	if g == nil {
		g = &group{groupKey: key, stored: p.table(l.Table)}
		p.groups[key] = g
	}
	var out []*counter
	if c := p.counter(g, nil); c != nil {
		out = append(out, c)
	}
	conds = slices.Clone(conds)
	slices.SortStableFunc(conds, func(x, y Cond) int { return x.Cost - y.Cost })
	for len(conds) > 1 && conds[len(conds)-1].Cost > maxCost { // the cheaper ones mostly say enough
		conds = conds[:len(conds)-1]
	}
	for ; len(conds) > 0; conds = conds[:len(conds)-1] { // the dearest goes first
		if g.find(setKey(conds)) == nil && g.cost()+g.extra(conds) > int(p.opts.Budget/time.Nanosecond) {
			continue
		}
		if c := p.counter(g, conds); c != nil {
			out = append(out, c)
		}
		break
	}
	return out
}

func (g *group) find(key string) *counter {
	for _, c := range g.counters {
		if c.key == key {
			return c
		}
	}
	return nil
}

func (p *Prover) counter(g *group, conds []Cond) *counter {
	key := setKey(conds)
	if c := g.find(key); c != nil {
		return c
	}
	if p.sets >= p.opts.MaxSets {
		return nil
	}
	p.sets++
	g.stored.version++
	c := &counter{group: g, key: key, conds: conds, rules: map[string]time.Duration{}, since: g.stored.version}
	g.counters = append(g.counters, c)
	return c
}

// restart forgets what a counter knows: it is to be filled anew. The Prover's mu is held.
func (c *counter) restart() {
	c.group.stored.version++
	c.state, c.since, c.vain, c.hits = pending, c.group.stored.version, 0, hits{}
	c.epoch++
}

func setKey(conds []Cond) string {
	keys := make([]string, len(conds))
	for i, c := range conds {
		keys[i] = c.Key
	}
	slices.Sort(keys)
	return strings.Join(keys, "\n")
}

// cost estimates what counting a row costs, in nanoseconds: see Counting.Plan.
func (g *group) cost() int {
	seen := map[string]bool{}
	total := 0
	for _, c := range g.counters {
		if c.state <= live {
			total += setCost(c.conds, seen)
		}
	}
	return total
}

func (g *group) extra(conds []Cond) int {
	seen := map[string]bool{}
	for _, c := range g.counters {
		if c.state <= live {
			setCost(c.conds, seen)
		}
	}
	return setCost(conds, seen)
}

func setCost(conds []Cond, seen map[string]bool) int {
	const aggregate, guarded = 5, 10 // of a guard it is assumed that it lets one row in ten pass
	total, part := aggregate, 1
	for _, c := range conds { // in the order of cost
		if c.Cost > costCheap {
			total += c.Cost / part
			part = guarded
			continue
		}
		if !seen[c.Key] {
			total += c.Cost
			seen[c.Key] = true
		}
		if c.Cost >= costEqual {
			part = guarded
		}
	}
	return total
}

// Empty tells whether the plan of a rule's run gives no rows, and why. The plan must be the one that would run
// now, compiled by the engine that would run it: what is stored after it was compiled need not be in the answer.
func (p *Prover) Empty(ruleID string, plan rel.Node) (bool, string) {
	p.mu.Lock()
	w, ok := p.rules[ruleID]
	p.mu.Unlock()
	if !ok || w.onNone {
		return false, ""
	}
	f := Of(plan)
	p.mu.Lock()
	defer p.mu.Unlock()
	if w, ok = p.rules[ruleID]; !ok || w.onNone {
		return false, ""
	}
	p.asked++
	w.asked++
	var zero, vain []*counter
	var why []string
	holds := f.Holds(func(l *Leaf) bool {
		for _, c := range w.counters {
			switch answer := p.none(c, l); {
			case answer == yes:
				zero = append(zero, c)
				why = append(why, l.String())
				return true
			case answer == no && len(c.conds) > 0:
				vain = append(vain, c)
			}
		}
		return false
	})
	if !holds {
		for _, c := range vain {
			p.retire(c)
		}
		return false, ""
	}
	for _, c := range zero {
		c.vain = 0
	}
	p.proved++
	w.proved++
	if len(why) == 0 {
		return true, "the query is constantly empty"
	}
	return true, "no rows of " + strings.Join(why, ", ")
}

type answer uint8

const (
	unknown answer = iota
	yes
	no
)

// none tells whether a counter shows that a leaf has no rows. It does if its conditions are among the leaf's: fewer
// conditions hold for more rows. The caller holds mu.
func (p *Prover) none(c *counter, l *Leaf) answer {
	if c.state != live || l.From < c.from || l.From < p.first()*binTicks {
		return unknown
	}
	if c.group.table != l.Table || c.group.timeCol != l.TimeCol {
		return unknown
	}
	for i := range c.conds {
		if !slices.ContainsFunc(l.Conds, func(o Cond) bool { return o.Key == c.conds[i].Key }) {
			return unknown
		}
	}
	if c.hits.none(l.From, l.To) {
		return yes
	}
	return no
}

// retire counts a set that was asked for in vain, and counts its rows no more if that happens too often.
func (p *Prover) retire(c *counter) {
	if c.vain++; c.vain < p.opts.RetireAfter {
		return
	}
	c.group.stored.version++
	c.state, c.at, c.hits = retired, p.now, hits{}
	c.epoch++
}

// first is the first minute that is kept.
func (p *Prover) first() int64 {
	return max(0, (p.now-types.DurationTicks(p.opts.Keep))/dayTicks) * dayBins
}

// last is the first minute that lies too far ahead.
func (p *Prover) last() int64 { return (p.now+types.DurationTicks(ahead))/binTicks + 1 }

// advance moves the time on. The caller holds mu.
func (p *Prover) advance(now int64) {
	if now <= p.now {
		return
	}
	before := p.first()
	p.now = now
	if first := p.first(); first > before {
		for _, g := range p.groups {
			for _, c := range g.counters {
				c.forget(first)
			}
		}
	}
}

// Fill goes through the stored rows for conditions that are new, so that they are known. It is to be called after
// rules were watched, and every few minutes: it also drops what is old and tries again what was retired. A set of
// conditions whose counting fails is left out and named in the error; the others are filled nevertheless.
func (p *Prover) Fill(ctx context.Context, now time.Time) error {
	p.filling.Lock()
	defer p.filling.Unlock()
	p.mu.Lock()
	p.advance(types.TicksOf(now))
	var groups []*group
	for _, k := range slices.SortedFunc(maps.Keys(p.groups), func(a, b groupKey) int {
		return strings.Compare(a.table+"\n"+a.timeCol, b.table+"\n"+b.timeCol)
	}) {
		g := p.groups[k]
		groups = append(groups, g)
		for _, c := range g.counters {
			switch {
			case c.state > live && p.now-c.at >= types.DurationTicks(p.opts.RetryAfter):
				c.failures = 0
				c.restart()
			case c.state <= live && c.far && c.beyond*binTicks <= p.now: // what was far ahead is now
				c.restart()
			}
		}
	}
	p.mu.Unlock()
	var errs []error
	for _, g := range groups {
		if err := p.fillGroup(ctx, g); err != nil {
			errs = append(errs, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// fill is a counter to fill, as it was before it was waited for that older appends end.
type fill struct {
	*counter
	epoch int
}

// fillGroup fills what is pending of a table: short periods first and apart from long ones, which mean more rows.
func (p *Prover) fillGroup(ctx context.Context, g *group) error {
	p.mu.Lock()
	byReach := map[int64][]fill{}
	since := 0
	for _, c := range g.counters {
		if c.state == pending {
			r := reach(c)
			byReach[r] = append(byReach[r], fill{c, c.epoch})
			since = max(since, c.since)
		}
	}
	p.mu.Unlock()
	if len(byReach) == 0 {
		return nil
	}
	if err := p.waitFor(ctx, g, since); err != nil {
		return err
	}
	var errs []error
	for _, r := range slices.Sorted(maps.Keys(byReach)) {
		if err := p.fillSets(ctx, g, byReach[r], r); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// reach is how far back a counter must know, in ticks, rounded up so that few statements fill many.
func reach(c *counter) int64 {
	longest := time.Duration(0)
	for _, period := range c.rules {
		longest = max(longest, period)
	}
	longest += slack
	for _, step := range []time.Duration{2 * time.Hour, 25 * time.Hour, 7*24*time.Hour + slack} {
		if longest <= step {
			return types.DurationTicks(step)
		}
	}
	return types.DurationTicks(longest)
}

// waitFor waits until every append that began before a version of the list of counters has ended: its rows were
// not counted for the new ones, and it is not known whether they can be read yet.
func (p *Prover) waitFor(ctx context.Context, g *group, version int) error {
	for {
		p.mu.Lock()
		waiting := false
		for v := range g.stored.appends {
			waiting = waiting || v < version
		}
		ended := g.stored.ended
		p.mu.Unlock()
		if !waiting {
			return nil
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// fillSets fills counters with one statement; if that fails, one by one.
func (p *Prover) fillSets(ctx context.Context, g *group, fills []fill, reach int64) error {
	p.mu.Lock()
	from := max(0, p.now-reach)
	first, last := p.first(), p.last()
	p.mu.Unlock()
	counting := &Counting{group: g, bounded: true, from: from, to: maxTicks}
	for _, f := range fills {
		counting.counters = append(counting.counters, f.counter)
	}
	t, err := p.opts.Run(ctx, counting)
	var found []hits
	if err == nil {
		found, err = counting.read(t, first, last)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil && len(fills) > 1:
		var errs []error
		for i := range fills {
			errs = append(errs, p.fillSets(ctx, g, fills[i:i+1], reach))
		}
		return errors.Join(errs...)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.failed(fills[0].counter, err, false)
		return fmt.Errorf("count %s where %s: %w", g.table, strings.ReplaceAll(fills[0].key, "\n", " and "), err)
	}
	for i, f := range fills {
		if c := f.counter; c.state == pending && c.epoch == f.epoch {
			c.hits.add(&found[i])
			c.state, c.from = live, from
		}
	}
	return nil
}

// maxFailures is how often counting a set may fail before it is counted no more, until Options.RetryAfter.
const maxFailures = 3

// failed tells that a set could not be counted. The caller holds mu.
func (p *Prover) failed(c *counter, err error, restart bool) {
	c.fault = err.Error()
	if c.failures++; c.failures >= maxFailures {
		c.group.stored.version++
		c.state, c.at, c.hits = rejected, p.now, hits{}
		c.epoch++
	} else if restart {
		c.restart()
	}
}

func (g *group) counted() []*counter {
	var out []*counter
	for _, c := range g.counters {
		if c.state <= live {
			out = append(out, c)
		}
	}
	return out
}

func (g *group) planKey() string {
	return g.table + "\n" + g.timeCol + "\n" + strconv.Itoa(g.stored.version)
}
