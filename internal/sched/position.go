package sched

import (
	"context"
	"errors"
	"time"
)

// State is whether a rule is running.
type State uint8

// The states of a rule.
const (
	Active       State = iota
	Paused             // its record says that it is not enabled
	AutoDisabled       // it failed too often
)

func (s State) String() string { return [...]string{"Active", "Paused", "AutoDisabled"}[s] }

// Position is how far a rule is along its schedule. It is all that must survive a restart. Times are UTC and
// must be kept to 100 ns; zero times must stay zero.
type Position struct {
	RuleID string
	// Seq counts the writes of this position, from 1. A write carries the Seq that it makes; the storage must
	// refuse it with ErrConflict unless what it holds is Seq-1 (nothing for 1).
	Seq int64

	Anchor          time.Time // a nominal time; the others are whole intervals later
	Last            time.Time // every window up to here is done: evaluated, suppressed, skipped, or from before the rule
	SuppressedUntil time.Time // nominal times before this are not evaluated

	Attempt  int       // failed attempts of the window that is being retried; 0: none is
	Retrying time.Time // its nominal time
	RetryAt  time.Time // when it is tried again

	Failures    int // consecutive permanent failures with FailureCode
	FailureCode string

	State  State
	Reason string    // why it is AutoDisabled
	Since  time.Time // when it was paused or disabled

	Missed int64 // windows skipped so far
}

// ErrConflict is what storage returns for a position that does not follow the one it holds: another writer was
// there, or the rule is gone. Nothing of such a write may stay.
var ErrConflict = errors.New("the stored position is another")

// Positions keeps positions. Whoever deletes a rule deletes its position with it.
type Positions interface {
	// Load returns the position of a rule, and whether there is one.
	Load(ctx context.Context, ruleID string) (Position, bool, error)
	// Save writes a position that changed without a window: of a new rule, or one paused or enabled.
	// It is durable when Save returns.
	Save(ctx context.Context, p Position) error
}

// Sink takes what runs produce.
type Sink interface {
	// Commit writes, in one durable transaction with p, all that follows from the outcome: alerts and what
	// comes of them, the health record, the rule's being disabled. After an error the position is loaded again,
	// and the window is evaluated again if that shows that nothing was written, so an error may be ambiguous.
	// Commits of different rules come concurrently, those of one rule one after the other.
	Commit(ctx context.Context, o Outcome, p Position) error
}

// Begin returns the position of a rule that comes to be at a time: its first window is the first one at or after.
// A start time in the past is where the grid lies, not a reason to catch up since then.
func (s Schedule) Begin(at time.Time) Position {
	at = ceilSecond(at)
	p := Position{RuleID: s.RuleID, Seq: 1, Anchor: s.Start, Last: at.Add(-time.Second)}
	if s.Start.IsZero() {
		p.Anchor = s.first(at)
	}
	return p
}

// Reconcile brings a stored position together with the rule as it is now, and tells whether it changed: a rule
// that is not enabled is paused; a paused one whose record is enabled again begins anew at now, without the
// windows of its pause; a start time that was edited moves the grid. A rule disabled for its failures stays so
// until enable, which is a person's decision, says otherwise.
func (s Schedule) Reconcile(p Position, enabled, enable bool, now time.Time) (Position, bool) {
	before := p
	switch {
	case !enabled && p.State != Paused:
		p.State, p.Since = Paused, now
	case enabled && (p.State == Paused || enable && p.State == AutoDisabled):
		fresh := s.Begin(now)
		fresh.Seq, fresh.Missed, fresh.SuppressedUntil = p.Seq, p.Missed, p.SuppressedUntil
		if fresh.Last.Before(p.Last) {
			fresh.Last = p.Last // the clock went back: what was evaluated stays so
		}
		p = fresh
	}
	if !s.Start.IsZero() && !p.Anchor.Equal(s.Start) {
		p.Anchor = s.Start
	}
	if p == before {
		return p, false
	}
	p.Seq++
	return p, true
}
