package sched

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/rule"
)

// shifted is the bubble's clock, moved: it can jump, in local time, while what it waits for is what passes.
type shifted struct {
	mu    sync.Mutex
	by    time.Duration
	place *time.Location
}

func (c *shifted) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now().Add(c.by)
	if c.place != nil {
		now = now.In(c.place)
	}
	return now
}

func (c *shifted) After(d time.Duration) <-chan time.Time { return time.After(d) }

func (c *shifted) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by += d
}

// set makes it the given time.
func (c *shifted) set(t time.Time) { c.jump(t.Sub(c.Now())) }

// errStorage is a fault of the tests' storage.
var errStorage = errors.New("no space left")

// memory is storage with transactions, which outlives the schedulers that use it.
type memory struct {
	mu        sync.Mutex
	positions map[string]Position
	outcomes  []Outcome
	fault     func(stage string, ruleID string) error // stages load, save, before and after (the write)
	deaf      bool                                    // to the context
	breaks    []string                                // broken promises
}

func newMemory() *memory { return &memory{positions: map[string]Position{}} }

func (m *memory) faulty(stage, id string) error {
	if m.fault == nil {
		return nil
	}
	return m.fault(stage, id)
}

func (m *memory) Load(_ context.Context, id string) (Position, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.faulty("load", id); err != nil {
		return Position{}, false, err
	}
	p, ok := m.positions[id]
	return p, ok, nil
}

func (m *memory) put(p Position) error {
	if m.positions[p.RuleID].Seq != p.Seq-1 {
		return fmt.Errorf("seq %d after %d: %w", p.Seq, m.positions[p.RuleID].Seq, ErrConflict)
	}
	m.positions[p.RuleID] = p
	return nil
}

func (m *memory) Save(_ context.Context, p Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.faulty("save", p.RuleID); err != nil {
		return err
	}
	return m.put(p)
}

func (m *memory) Commit(ctx context.Context, o Outcome, p Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil && !m.deaf {
		return ctx.Err()
	}
	if err := m.faulty("before", p.RuleID); err != nil {
		return err
	}
	old := m.positions[p.RuleID]
	if err := m.put(p); err != nil {
		return err
	}
	switch {
	case p.RuleID != o.Rule.ID:
		m.breaks = append(m.breaks, fmt.Sprintf("the position of %s with an outcome of %s", p.RuleID, o.Rule.ID))
	case o.Final() && (!o.At.After(old.Last) || !p.Last.Equal(o.At)):
		m.breaks = append(m.breaks, fmt.Sprintf("%s: %s of %s between the positions %s and %s", o.Rule.ID, o.Status, o.At, old.Last, p.Last))
	case !o.Final() && !p.Last.Equal(old.Last):
		m.breaks = append(m.breaks, fmt.Sprintf("%s: %s of %s moves on", o.Rule.ID, o.Status, o.At))
	}
	for _, t := range []time.Time{o.At, o.Window.From, o.Window.To, o.Window.Generated, o.Finished, p.Last, p.Anchor, p.RetryAt, p.Since} {
		if t.Location() != time.UTC || strings.Contains(t.String(), "m=") {
			m.breaks = append(m.breaks, fmt.Sprintf("%s: %s is in local time or has a monotonic reading", o.Rule.ID, t))
		}
	}
	m.outcomes = append(m.outcomes, o)
	return m.faulty("after", p.RuleID)
}

// of returns what became of a rule's windows, in the order written, as walk in step_test.go writes it.
func (m *memory) of(id string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, o := range m.outcomes {
		if o.Rule.ID != id {
			continue
		}
		s := clockText(o.At) + map[Status]string{Succeeded: "", Failed: "x", Retry: "~", Suppressed: "-", Skipped: fmt.Sprintf("(%d)", o.Windows)}[o.Status]
		if o.Fired() {
			s += "!"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// house is a scheduler with all around it, in a bubble.
type house struct {
	t        *testing.T
	clock    *shifted
	mem      *memory
	settings Settings
	run      RunFunc
	ports    func(*Ports)

	s    *Scheduler
	stop func() error // ends Run at once and returns its error
}

// begin returns a house at ten o'clock of the tests' day, whose rules find nothing.
func begin(t *testing.T) *house {
	h := &house{t: t, clock: &shifted{}, mem: newMemory(), settings: unspread(),
		run: func(context.Context, *rule.Rule, alert.Window) (Result, error) { return Result{}, nil }}
	h.clock.set(at(t, "10:00"))
	return h
}

// start makes a scheduler with rules and runs it.
func (h *house) start(rules ...*rule.Rule) {
	h.t.Helper()
	ports := Ports{Clock: h.clock, Positions: h.mem, Sink: h.mem, Run: h.run}
	if h.ports != nil {
		h.ports(&ports)
	}
	s, err := New(h.settings, ports)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, r := range rules {
		if err := s.Set(r, time.Time{}); err != nil {
			h.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	h.s = s
	h.stop = func() error {
		cancel()
		return <-done
	}
	synctest.Wait()
}

// to lets time pass until the clock says so.
func (h *house) to(text string) {
	h.t.Helper()
	d := at(h.t, text).Sub(h.clock.Now())
	if d < 0 {
		h.t.Fatalf("%s is past", text)
	}
	time.Sleep(d)
	synctest.Wait()
}

func (h *house) want(id, want string) {
	h.t.Helper()
	if got := h.mem.of(id); got != want {
		h.t.Errorf("%s %s:\n got %s\nwant %s", clockText(h.clock.Now()), id, got, want)
	}
}

func (h *house) kept() {
	h.t.Helper()
	for _, b := range h.mem.breaks {
		h.t.Error(b)
	}
}

// fired is the result of a run that raised n alerts.
func fired(n int) Result { return Result{Rows: n, Alerts: make([]alert.Alert, n)} }
