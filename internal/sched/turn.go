package sched

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
)

// maxHold is the longest wait after an error of the storage; the first is a second.
const maxHold = time.Minute

// turn is one piece of work for an entry: load its position and bring it together with the rule, or account for
// its next window. Its fields are the goroutine's own until it gives them back.
type turn struct {
	s      *Scheduler
	e      *entry
	def    definition
	pos    Position
	gaps   []Gap
	open   bool // the position is to be loaded
	enable []chan<- error

	stored   bool // pos is what is stored
	outcome  *Outcome
	aborted  bool
	conflict bool
	err      error // of the storage
}

// start begins e's turn. mu is held.
func (s *Scheduler) start(ctx context.Context, e *entry, now time.Time, turns *sync.WaitGroup) {
	t := &turn{s: s, e: e, enable: e.enable, open: !e.open || e.next != nil || len(e.enable) > 0}
	e.enable = nil
	if e.next != nil {
		e.rule, e.sched, e.created, e.next = e.next.rule, e.next.sched, e.next.created, nil
	}
	if !e.known {
		e.gaps = []Gap{{To: now}} // all that fell due before the rule was first looked at
	}
	t.def = definition{rule: e.rule, sched: e.sched, created: e.created}
	t.pos, t.gaps = e.pos, e.gaps
	ctx, cancel := context.WithCancelCause(ctx)
	e.cancel, e.busy, e.busySlow = cancel, true, e.slow
	s.running++
	if e.busySlow {
		s.runningSlow++
	}
	turns.Go(func() {
		defer cancel(nil)
		if t.open {
			t.load(ctx)
		} else {
			t.step(ctx)
		}
		s.finish(t)
	})
}

// finish gives back what t did and looks where its entry belongs now.
func (s *Scheduler) finish(t *turn) {
	s.mu.Lock()
	now := s.now()
	e := t.e
	s.running--
	if e.busySlow {
		s.runningSlow--
	}
	e.busy, e.busySlow, e.cancel = false, false, nil
	e.open = t.stored
	if t.stored {
		e.pos, e.known, e.tries, e.hold = t.pos, true, 0, time.Time{}
	}
	if t.err != nil && !t.aborted {
		s.counters.StorageErrors++
		if t.conflict {
			s.counters.Conflicts++
		}
		e.tries++
		e.hold = now.Add(min(time.Second<<min(e.tries-1, 10), maxHold))
	}
	if t.aborted {
		s.counters.Aborted++
	}
	if t.outcome != nil {
		s.counters.count(*t.outcome, s.settings.Late)
		if o := *t.outcome; o.Attempt > 0 && s.settings.Slow > 0 {
			e.slow = o.Finished.Sub(o.Started) >= s.settings.Slow
		}
	}
	s.arm(e, now)
	s.mu.Unlock()

	t.answer(t.err)
	if t.err != nil && !t.aborted && s.ports.Trouble != nil {
		s.ports.Trouble(t.def.rule.ID, t.err)
	}
	if t.outcome != nil && s.ports.Observe != nil {
		s.ports.Observe(*t.outcome)
	}
	s.poke()
}

// load reads the stored position, brings it together with the rule, and writes it if that changed it.
func (t *turn) load(ctx context.Context) {
	if len(t.enable) > 0 && !t.def.rule.Enabled {
		t.answer(ErrNotEnabled)
	}
	p, ok, err := t.s.ports.Positions.Load(ctx, t.def.rule.ID)
	if err != nil {
		t.trouble(ctx, "load the position of", err)
		return
	}
	now := t.s.now()
	changed := !ok
	if ok {
		p, changed = t.def.sched.Reconcile(p, t.def.rule.Enabled, len(t.enable) > 0, now)
	} else {
		created := t.def.created
		if created.IsZero() {
			created = now
		}
		if p = t.def.sched.Begin(created); !t.def.rule.Enabled {
			p.State, p.Since = Paused, now
		}
	}
	if changed {
		if err := t.s.ports.Positions.Save(ctx, p); err != nil {
			t.trouble(ctx, "save the position of", err)
			return
		}
	}
	t.pos, t.stored = p, true
}

// answer tells those who wait for the rule to be enabled.
func (t *turn) answer(err error) {
	for _, c := range t.enable {
		c <- err
	}
	t.enable = nil
}

// ErrNotEnabled refuses to enable a rule whose record says otherwise: the record would win at the next start.
var ErrNotEnabled = errors.New("the rule itself is not enabled")

// trouble keeps an error of the storage. That of a turn that was cancelled is nobody's trouble but that of who
// waits for it.
func (t *turn) trouble(ctx context.Context, what string, err error) {
	t.err, t.conflict = fmt.Errorf("%s rule %s: %w", what, t.def.rule.ID, err), errors.Is(err, ErrConflict)
	t.aborted = ctx.Err() != nil && !t.conflict
}

// step accounts for the rule's next window, if one is due.
func (t *turn) step(ctx context.Context) {
	now, sc, p := t.s.now(), t.def.sched, t.pos
	t.stored = true // until a write says otherwise
	step := sc.Step(p, now, t.gaps)
	o := Outcome{Rule: t.def.rule, At: step.At, Windows: 1, Missed: step.Missed, Finished: now}
	switch step.Action {
	case Stop, Wait:
		return // the clock went back between the decision and the turn
	case SkipWindows:
		o.Status, o.At, o.Windows, o.Missed = Skipped, step.To, step.Windows, true
		o.Window = alert.Window{From: step.At.Add(-sc.Period), To: step.To, Generated: now}
		p = sc.Skip(p, step.To, step.Windows)
	case LeaveOut:
		o.Status, o.Window = Suppressed, sc.Window(step.At, now)
		p = sc.Suppress(p, step.At)
	case Evaluate:
		o.Window, o.Attempt, o.Started = sc.Window(step.At, now), step.Attempt, now
		if o.Lateness = now.Sub(sc.Due(step.At)); step.Attempt > 1 {
			o.Lateness = max(0, now.Sub(p.RetryAt))
		}
		res, err := t.run(ctx, o.Window)
		o.Finished = t.s.now()
		switch {
		case err == nil:
			o.Status, o.Result = Succeeded, res
			p = sc.Succeed(p, step.At, o.Fired())
		case ctx.Err() != nil:
			t.aborted = true // the window is as due as it was
			return
		default:
			o.Failure = t.classify(err)
			p = sc.Fail(p, step.At, o.Failure, o.Finished)
			if o.Status = Failed; p.Attempt > 0 {
				o.Status, o.RetryAt = Retry, p.RetryAt
			}
			if p.State == AutoDisabled {
				o.Disabled = p.Reason
			}
		}
	}
	if err := t.s.ports.Sink.Commit(ctx, o, p); err != nil {
		t.stored = false // or perhaps it was written: only the storage knows
		t.trouble(ctx, "write an outcome of", err)
		return
	}
	t.pos, t.outcome = p, &o
}

// run calls the RunFunc with the timeout, and turns a panic into an error.
func (t *turn) run(ctx context.Context, w alert.Window) (res Result, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if limit := t.s.settings.Timeout; limit > 0 {
		expired := t.s.ports.Clock.After(limit)
		go func() {
			select {
			case <-expired:
				cancel(errTimeout)
			case <-ctx.Done():
			}
		}()
	}
	defer func() {
		if v := recover(); v != nil {
			res, err = Result{}, &PanicError{Value: v, Stack: debug.Stack()}
		}
		if err != nil && errors.Is(context.Cause(ctx), errTimeout) {
			err = errors.Join(errTimeout, err)
		}
	}()
	return t.s.ports.Run(ctx, t.def.rule, w)
}

func (t *turn) classify(err error) Failure {
	if errors.Is(err, errTimeout) {
		return Failure{Code: "QueryTimeout", Message: "the query took longer than " + t.s.settings.Timeout.String()}
	}
	f := Failure{}
	if t.s.ports.Classify != nil {
		f = t.s.ports.Classify(err)
	}
	if f.Code == "" {
		f.Code = "Unknown"
	}
	if f.Message == "" {
		f.Message = err.Error()
	}
	return f
}
