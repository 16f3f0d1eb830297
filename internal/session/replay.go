package session

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/sched"
	"github.com/vedette-siem/vedette/internal/types"
)

// Replay says what Backtest replays.
type Replay struct {
	Rules    []*rule.Rule
	From, To time.Time // the first and the last nominal time that a run may have
	Settings sched.Settings
	// Set replaces values of let statements of the rules' queries, by name; see CheckSet.
	Set    map[string]string
	Limits Limits
	// Each, which may be nil, is handed every run in the order of time.
	Each func(*Run)
}

// Backtest is what rules would have done over a span of time, and the incidents that would have come of it.
type Backtest struct {
	Rules     []Replayed // in the order of Replay.Rules
	Incidents []*incident.Incident
}

// Replayed is what one rule would have done.
type Replayed struct {
	Rule       *rule.Rule
	Schedule   sched.Schedule
	First      time.Time // the first nominal time; zero where the span has none
	Windows    int       // runs that were due
	Suppressed int       // of these, runs left out because the rule had fired shortly before
	Fired      int       // runs that raised an alert
	Rows       int       // rows that the query found in all runs
	Alerts     int
	Incidents  int // that its alerts opened
	// Unfed are the tables that it reads and that a server would have filled from the alerts and incidents of the replay.
	Unfed []string
	Err   error // why its replay ended early
}

// unfed are the tables that a server fills from alerts and incidents.
var unfed = []string{"SecurityAlert", "SecurityIncident"}

// Backtest runs rules at every time their schedules have in a span, as the scheduler would have if they had come to be at
// its beginning: each run over its own window, none while its rule is suppressed, and all in the order in which they fall
// due, so that the rules share the numbers of their incidents. A rule that cannot be run ends with Err, and the others go
// on; the error is for what cannot be replayed at all.
func (s *Session) Backtest(ctx context.Context, p Replay) (*Backtest, error) {
	if err := p.Settings.Validate(); err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	named := map[string]*rule.Rule{}
	for _, r := range p.Rules {
		if other := named[r.ID]; other != nil && r.ID != "" {
			return nil, fmt.Errorf("the rules '%s' and '%s' have the same id %s, so their alerts could not be told apart; replay one after the other",
				other.Name, r.Name, r.ID)
		}
		named[r.ID] = r
	}
	if err := s.CheckSet(ctx, p.Rules, p.Set); err != nil {
		return nil, err
	}
	out := &Backtest{Rules: make([]Replayed, len(p.Rules))}
	b := &replaying{s: s, p: p, out: out, book: newBook()}
	for i, r := range p.Rules {
		t := track{to: &out.Rules[i]}
		t.to.Rule = r
		if t.to.Schedule, t.to.Err = p.Settings.Schedule(r); t.to.Err == nil {
			t.set, t.to.Err = s.values(ctx, r, p.Set)
		}
		t.pos = t.to.Schedule.Begin(p.From)
		b.tracks = append(b.tracks, t)
	}
	for ctx.Err() == nil {
		t := b.next()
		if t == nil {
			out.Incidents = b.book.list
			return out, nil
		}
		b.step(ctx, t)
	}
	return nil, context.Cause(ctx)
}

// replaying is one call of Backtest.
type replaying struct {
	s      *Session
	p      Replay
	out    *Backtest
	tracks []track
	book   *book
}

// track is how far a rule is.
type track struct {
	to  *Replayed
	pos sched.Position
	set map[string]types.Value
}

// next is the rule whose run falls due next; nil where none does in the span.
func (b *replaying) next() *track {
	var first *track
	var due time.Time
	for i := range b.tracks {
		t := &b.tracks[i]
		if t.to.Err != nil {
			continue
		}
		at := t.to.Schedule.Next(t.pos)
		if d := t.to.Schedule.Due(at); !at.After(b.p.To) && (first == nil || d.Before(due)) {
			first, due = t, d
		}
	}
	return first
}

// step accounts for a rule's next window at the time at which it is due.
func (b *replaying) step(ctx context.Context, t *track) {
	r, sc := t.to.Rule, t.to.Schedule
	now := sc.Due(sc.Next(t.pos))
	do := sc.Step(t.pos, now, nil)
	if t.to.Windows++; t.to.First.IsZero() {
		t.to.First = do.At
	}
	switch do.Action {
	case sched.LeaveOut:
		t.to.Suppressed++
		t.pos = sc.Suppress(t.pos, do.At)
		return
	case sched.Evaluate:
	default:
		t.to.Err = fmt.Errorf("run at %s: the schedule says %s for a run that is just due", do.At.Format(time.RFC3339), do.Action)
		return
	}
	w := sc.Window(do.At, now)
	run, res, err := b.s.evaluate(ctx, b.s.request(r, w, b.p.Limits, t.set), r, w)
	if err == nil {
		err = b.raise(t, run, now)
	}
	if err != nil {
		t.to.Err = fmt.Errorf("run at %s: %w", do.At.Format(time.RFC3339), err)
		return
	}
	for _, name := range unfed {
		if slices.Contains(res.Compiled.Bound.Tables, name) && !slices.Contains(t.to.Unfed, name) {
			t.to.Unfed = append(t.to.Unfed, name)
		}
	}
	t.to.Rows += len(run.Rows.Rows)
	t.to.Alerts += len(run.Alerts)
	if len(run.Alerts) > 0 {
		t.to.Fired++
	}
	t.pos = sc.Succeed(t.pos, do.At, len(run.Alerts) > 0)
	if b.p.Each != nil {
		b.p.Each(run)
	}
}

// raise makes incidents of a run's alerts.
func (b *replaying) raise(t *track, run *Run, at time.Time) error {
	events, err := incident.Raise(run.Rule, run.Alerts, incident.Options{At: at, Find: b.book.find, Number: b.book.number})
	if err != nil {
		return err
	}
	for _, e := range events {
		if e.Kind == incident.Created {
			t.to.Incidents++
		}
		b.book.note(e)
	}
	return nil
}

// book keeps the incidents of a replay in the order of their numbers.
type book struct {
	list   []*incident.Incident
	at     map[string]int   // by id: place in list
	groups map[string][]int // by rule and key
	last   int              // number
}

func newBook() *book { return &book{at: map[string]int{}, groups: map[string][]int{}} }

func (b *book) number() (int, error) {
	b.last++
	return b.last, nil
}

// find is an incident.Lookup.
func (b *book) find(ruleID, key string, from time.Time) ([]*incident.Incident, error) {
	var out []*incident.Incident
	for _, n := range b.groups[ruleID+" "+key] {
		if i := b.list[n]; !i.Group.Since.Before(from) {
			out = append(out, i)
		}
	}
	return out, nil
}

func (b *book) note(e incident.Event) {
	i := e.After
	n, ok := b.at[i.ID]
	if ok {
		b.list[n] = i
		return
	}
	n = len(b.list)
	b.at[i.ID] = n
	b.list = append(b.list, i)
	if g := i.Group; g != nil {
		key := g.RuleID + " " + g.Key
		b.groups[key] = append(b.groups[key], n)
	}
}

// Explained is what became of a rule's query at every step.
type Explained struct {
	*query.Explanation
	Window alert.Window
	Stored map[string]int64 // rows of its tables in all
}

// Explain counts the rows behind every step of a rule's query at a time; set replaces values of its let statements.
func (s *Session) Explain(ctx context.Context, r *rule.Rule, at time.Time, set map[string]string, limits Limits) (*Explained, error) {
	if err := s.CheckSet(ctx, []*rule.Rule{r}, set); err != nil {
		return nil, err
	}
	values, err := s.values(ctx, r, set)
	if err != nil {
		return nil, err
	}
	out := &Explained{Window: windowOf(r, at), Stored: map[string]int64{}}
	if out.Explanation, err = s.Engine.Explain(ctx, s.request(r, out.Window, limits, values)); err != nil {
		return nil, err
	}
	for _, t := range out.Tables {
		out.Stored[t.Table] = s.Rows(t.Table)
	}
	return out, nil
}
