package sched

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/vedette-siem/vedette/internal/rule"
)

// Clock is the time. Now may jump, After must not: it counts what really passes.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

// Ports are what a Scheduler works with. Classify, Observe and Trouble may be nil.
type Ports struct {
	Clock     Clock
	Positions Positions
	Sink      Sink
	Run       RunFunc
	Classify  Classify
	// Observe is told each outcome after it was committed, Trouble each error that is no outcome of a rule: of
	// loading or writing. Both must return soon and must not call the Scheduler.
	Observe func(Outcome)
	Trouble func(ruleID string, err error)
}

// errTimeout ends a run that took too long.
var errTimeout = errors.New("the run timed out")

// ErrNotScheduled is returned for a rule that the Scheduler does not have, or no more.
var ErrNotScheduled = errors.New("the rule is not scheduled")

// Scheduler runs rules when they are due. A rule never runs twice at once: what falls due meanwhile queues behind
// itself, and rules that have something to do take turns, one window each.
type Scheduler struct {
	settings Settings
	ports    Ports
	wake     chan struct{} // capacity 1: the loop should look again

	mu          sync.Mutex
	rules       map[string]*entry
	waiting     entryHeap // by when to look at them
	ready       []*entry  // in the order of their turns
	running     int
	runningSlow int
	seen        time.Time // when the loop last looked at the clock
	started     bool
	stopping    bool
	over        bool
	counters    Counters
}

// entry is a rule in the Scheduler. Its fields belong to mu; while busy, those that a turn uses belong to the
// turn's goroutine as well, and nobody else writes them.
type entry struct {
	rule    *rule.Rule
	sched   Schedule
	created time.Time
	pos     Position
	gaps    []Gap

	next   *definition       // replaces rule, sched and created at the next turn
	enable []chan<- error    // who waits for the rule to be enabled
	open   bool              // pos is what is stored, for the rule as it is
	known  bool              // it was open before
	tries  int               // consecutive errors of the storage
	hold   time.Time         // after one: when to try again
	cancel func(cause error) // of the turn that is on

	busy, busySlow, queued, slow, removed bool

	at    time.Time // in waiting: when
	index int       // in waiting: where, -1 if it is not there
}

type definition struct {
	rule    *rule.Rule
	sched   Schedule
	created time.Time
}

// New returns a Scheduler without rules, which does nothing until Run.
func New(settings Settings, ports Ports) (*Scheduler, error) {
	if err := settings.Validate(); err != nil {
		return nil, fmt.Errorf("scheduler settings: %w", err)
	}
	if ports.Clock == nil || ports.Positions == nil || ports.Sink == nil || ports.Run == nil {
		return nil, errors.New("a scheduler needs a clock, positions, a sink and a run function")
	}
	return &Scheduler{settings: settings, ports: ports, wake: make(chan struct{}, 1), rules: map[string]*entry{}}, nil
}

// now is the time in UTC without the monotonic reading, which would hide that the clock jumped.
func (s *Scheduler) now() time.Time { return s.ports.Clock.Now().UTC().Round(0) }

func (s *Scheduler) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Set puts a rule on the schedule, or replaces the one with its id. A rule whose record is not enabled is kept
// and paused. created is when the rule came to be, which is where a rule without a stored position begins; zero
// means now. The rule must not be changed afterwards.
func (s *Scheduler) Set(r *rule.Rule, created time.Time) error {
	sc, err := s.settings.Schedule(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.rules[r.ID]
	if e == nil {
		e = &entry{index: -1}
		s.rules[r.ID] = e
	}
	e.next = &definition{rule: r, sched: sc, created: created}
	e.hold = time.Time{}
	s.enqueue(e)
	return nil
}

// Remove takes a rule off the schedule. A run that is on is cancelled and leaves nothing behind, unless it is
// being written already. It tells whether the rule was there.
func (s *Scheduler) Remove(ruleID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.rules[ruleID]
	if e == nil {
		return false
	}
	delete(s.rules, ruleID)
	s.drop(e, ErrNotScheduled)
	return true
}

// drop forgets an entry that is in rules no more.
func (s *Scheduler) drop(e *entry, cause error) {
	e.removed = true
	if e.index >= 0 {
		heap.Remove(&s.waiting, e.index)
	}
	for _, c := range e.enable {
		c <- cause
	}
	e.enable = nil
	if e.cancel != nil {
		e.cancel(cause)
	}
	s.poke()
}

// ErrStopped is returned for what a Scheduler is asked to do that runs no more.
var ErrStopped = errors.New("the scheduler has stopped")

// Enable lets a rule run again that was disabled for its failures, from now on. It returns when that is stored,
// so it needs a Scheduler that runs. The rule's record must be enabled: Set it first.
func (s *Scheduler) Enable(ctx context.Context, ruleID string) error {
	done := make(chan error, 1) // so that nobody waits for one who left
	s.mu.Lock()
	e := s.rules[ruleID]
	if e == nil || s.over {
		s.mu.Unlock()
		if e == nil {
			return fmt.Errorf("enable rule %s: %w", ruleID, ErrNotScheduled)
		}
		return fmt.Errorf("enable rule %s: %w", ruleID, ErrStopped)
	}
	e.enable = append(e.enable, done)
	e.hold = time.Time{}
	s.enqueue(e)
	s.mu.Unlock()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("enable rule %s: %w", ruleID, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("enable rule %s: %w", ruleID, context.Cause(ctx))
	}
}

// enqueue gives e a turn. One that is on has it when it ends.
func (s *Scheduler) enqueue(e *entry) {
	if e.index >= 0 {
		heap.Remove(&s.waiting, e.index)
	}
	if !e.busy && !e.queued && !e.removed {
		e.queued = true
		s.ready = append(s.ready, e)
		s.poke()
	}
}

// Stop begins no more runs and lets Run return when those that are on have ended.
func (s *Scheduler) Stop() {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	s.poke()
}

// Run runs rules until Stop, after which it returns nil, or until ctx is done. Then runs that are on are
// cancelled, what they would have given is not written and is evaluated at the next start. Either way nothing
// of the Scheduler runs any more when Run returns. A Scheduler runs once.
func (s *Scheduler) Run(ctx context.Context) error {
	s.mu.Lock()
	if s.started {
		s.mu.Unlock()
		return errors.New("the scheduler runs already, or did")
	}
	s.started = true
	s.seen = s.now()
	s.mu.Unlock()

	var turns sync.WaitGroup
	defer s.end(&turns)
	for {
		wait, over := s.look(ctx, &turns)
		if over {
			return nil
		}
		var timer <-chan time.Time
		if wait > 0 {
			timer = s.ports.Clock.After(wait)
		}
		select {
		case <-s.wake:
		case <-timer:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// end waits for the turns that are on, and tells those who wait for another that there will be none.
func (s *Scheduler) end(turns *sync.WaitGroup) {
	turns.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, e := range s.rules {
		for _, c := range e.enable {
			c <- ErrStopped
		}
		e.enable = nil
	}
}

// look starts what can start now. It returns how long there is nothing to look at again (0 if only a wake-up
// can bring something), or that all is over.
func (s *Scheduler) look(ctx context.Context, turns *sync.WaitGroup) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.stopping {
		return 0, s.running == 0
	}
	if ctx.Err() != nil {
		return 0, false
	}
	s.watchClock(now)
	for len(s.waiting) > 0 && !s.waiting[0].at.After(now) {
		s.enqueue(s.waiting[0])
	}
	for s.running < s.settings.Workers {
		e := s.pick()
		if e == nil {
			break
		}
		s.start(ctx, e, now, turns)
	}
	wait := s.settings.Heartbeat
	if len(s.waiting) > 0 {
		wait = min(wait, max(s.waiting[0].at.Sub(now), time.Millisecond))
	}
	return wait, false
}

// watchClock notices that time passed unseen, and that it went back.
func (s *Scheduler) watchClock(now time.Time) {
	switch {
	case now.Sub(s.seen) > s.settings.Heartbeat+s.settings.Late:
		s.counters.Gaps++
		for _, e := range s.rules {
			if e.known {
				e.gaps = append(e.gaps[:len(e.gaps):len(e.gaps)], Gap{From: s.seen, To: now}) // a turn may be reading the old ones
			}
		}
	case now.Before(s.seen):
		// What waits was told a time by the clock as it was.
		s.counters.BackwardJumps++
		for _, e := range append([]*entry(nil), s.waiting...) {
			s.arm(e, now)
		}
	}
	s.seen = now
}

// pick takes the next entry whose turn it is off the queue.
func (s *Scheduler) pick() *entry {
	slowMay := s.runningSlow < max(1, s.settings.Workers-1)
	for i, e := range s.ready {
		if e.removed || slowMay || !e.slow {
			s.ready = append(s.ready[:i], s.ready[i+1:]...)
			e.queued = false
			if e.removed {
				return s.pick()
			}
			return e
		}
	}
	return nil
}

// arm puts an idle entry where it belongs at now: among those that wait, in the queue, or nowhere.
func (s *Scheduler) arm(e *entry, now time.Time) {
	if e.busy || e.removed {
		return
	}
	if e.index >= 0 {
		heap.Remove(&s.waiting, e.index)
	}
	if e.hold.After(now) {
		if e.hold.Sub(now) > maxHold {
			e.hold = now.Add(maxHold) // the clock went back
		}
		s.await(e, e.hold)
		return
	}
	if e.open && e.next == nil && len(e.enable) == 0 {
		switch step := e.sched.Step(e.pos, now, e.gaps); step.Action {
		case Stop:
			return
		case Wait:
			if e.pos.Attempt == 0 {
				e.gaps = nil // all that fell due in them is done
			}
			s.await(e, step.At)
			return
		}
	}
	s.enqueue(e)
}

func (s *Scheduler) await(e *entry, at time.Time) {
	e.at = at
	heap.Push(&s.waiting, e)
}

// entryHeap orders entries by when to look at them.
type entryHeap []*entry

func (h entryHeap) Len() int           { return len(h) }
func (h entryHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h entryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *entryHeap) Push(x any) {
	e := x.(*entry)
	e.index = len(*h)
	*h = append(*h, e)
}
func (h *entryHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	e.index = -1
	return e
}
