package sched

import (
	"fmt"
	"strings"
	"time"
)

// Action is what is to be done about a rule.
type Action uint8

// The actions.
const (
	Stop        Action = iota // nothing, until the rule is enabled
	Wait                      // nothing, until Step.At
	Evaluate                  // run the window of Step.At
	LeaveOut                  // the window of Step.At is suppressed
	SkipWindows               // leave out the windows from Step.At to Step.To
)

func (a Action) String() string {
	return [...]string{"Stop", "Wait", "Evaluate", "LeaveOut", "SkipWindows"}[a]
}

// Step is what is to be done next about a rule.
type Step struct {
	Action  Action
	At      time.Time // when to look again, or a nominal time
	To      time.Time // of SkipWindows: the last nominal time skipped
	Windows int       // of SkipWindows: how many
	Attempt int       // of Evaluate: 1, or more for a retry
	Missed  bool      // the window fell due in a gap
}

// Gap is a time in which nobody looked at the clock: before the process started, while the machine slept, or
// that the clock jumped over. To is when somebody looked again.
type Gap struct{ From, To time.Time }

func (g Gap) holds(due time.Time) bool { return !due.Before(g.From) && due.Before(g.To) }

// Step decides what is to be done at now about a rule at p.
func (s Schedule) Step(p Position, now time.Time, gaps []Gap) Step {
	if p.State != Active {
		return Step{Action: Stop}
	}
	if p.Attempt > 0 {
		at := p.RetryAt
		if wait := s.retry(p.Attempt); at.Sub(now) > wait {
			at = now // the clock went back: the wait is over in any case
		}
		if now.Before(at) {
			return Step{Action: Wait, At: at}
		}
		return Step{Action: Evaluate, At: p.Retrying, Attempt: p.Attempt + 1, Missed: inGap(gaps, s.Due(p.Retrying))}
	}
	t := s.Next(p)
	if due := s.Due(t); now.Before(due) {
		return Step{Action: Wait, At: due}
	}
	if from := s.keepFrom(p, t, now, gaps); from.After(t) {
		return Step{Action: SkipWindows, At: t, To: from.Add(-s.Every), Windows: int(from.Sub(t) / s.Every)}
	}
	if s.Suppression > 0 && t.Before(p.SuppressedUntil) {
		return Step{Action: LeaveOut, At: t}
	}
	return Step{Action: Evaluate, At: t, Attempt: 1, Missed: inGap(gaps, s.Due(t))}
}

func inGap(gaps []Gap, due time.Time) bool {
	for _, g := range gaps {
		if g.holds(due) {
			return true
		}
	}
	return false
}

// keepFrom is the nominal time before which the settings have windows skipped: t or a later one.
func (s Schedule) keepFrom(p Position, t, now time.Time, gaps []Gap) time.Time {
	// dueFrom is the first nominal time that is due at or after x, but not before t.
	dueFrom := func(x time.Time) time.Time {
		if nominal := x.Add(-s.Delay); nominal.After(t) {
			return s.after(p.Anchor, nominal.Add(-1))
		}
		return t
	}
	from := t
	if s.settings.MaxAge > 0 {
		from = later(from, dueFrom(now.Add(-s.settings.MaxAge)))
	}
	if n := s.settings.MaxWaiting; n > 0 {
		newest := s.after(p.Anchor, now.Add(-s.Delay)).Add(-s.Every)
		from = later(from, newest.Add(-time.Duration(n-1)*s.Every))
	}
	if s.settings.Missed == SkipMissed {
		for _, g := range gaps {
			if inTime := g.To.Add(-s.settings.Late); s.Due(from).Before(inTime) && g.holds(s.Due(from)) {
				from = dueFrom(inTime)
			}
		}
	}
	return from
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// retry is the wait after the given failed attempt, 0 if there is to be no other one.
func (s Schedule) retry(attempt int) time.Duration {
	if attempt < 1 || attempt > len(s.settings.Retries) {
		return 0
	}
	return s.settings.Retries[attempt-1]
}

// done is p with the window of t behind it.
func done(p Position, t time.Time) Position {
	p.Seq++
	p.Last, p.Attempt, p.Retrying, p.RetryAt = later(p.Last, t), 0, time.Time{}, time.Time{}
	return p
}

// Succeed returns the position after the window of t was evaluated. Suppression counts from the nominal time of
// the run that fired.
func (s Schedule) Succeed(p Position, t time.Time, fired bool) Position {
	p = done(p, t)
	p.Failures, p.FailureCode = 0, ""
	if fired && s.Suppression > 0 {
		p.SuppressedUntil = t.Add(s.Suppression)
	}
	return p
}

// Fail returns the position after the window of t could not be evaluated at now. A transient failure has it
// tried again, with the same t, until the retries are used up; it never disables the rule and says nothing about
// the permanent ones before it. A permanent failure counts, and the last of too many of one kind disables.
// https://learn.microsoft.com/azure/sentinel/troubleshoot-analytics-rules
func (s Schedule) Fail(p Position, t time.Time, f Failure, now time.Time) Position {
	if !f.Permanent {
		if wait := s.retry(p.Attempt + 1); wait > 0 {
			p.Seq++
			p.Attempt, p.Retrying, p.RetryAt = p.Attempt+1, t, now.Add(wait)
			return p
		}
		return done(p, t)
	}
	p = done(p, t)
	if p.FailureCode != f.Code {
		p.Failures, p.FailureCode = 0, f.Code
	}
	if p.Failures++; p.Failures >= s.settings.DisableAfter {
		p.State, p.Since = AutoDisabled, now
		p.Reason = fmt.Sprintf("the rule failed %d times in a row: %s", p.Failures, f.Message)
	}
	return p
}

// Suppress returns the position after the window of t was left out because the rule had fired before.
func (s Schedule) Suppress(p Position, t time.Time) Position { return done(p, t) }

// Skip returns the position after windows up to t were skipped.
func (s Schedule) Skip(p Position, t time.Time, windows int) Position {
	p = done(p, t)
	p.Missed += int64(windows)
	return p
}

// autoDisabled is what the service puts before the name of a rule that it disabled.
const autoDisabled = "AUTO DISABLED"

// DisabledName returns the name that a rule bears once it is disabled for its failures.
func DisabledName(name string) string {
	if strings.HasPrefix(name, autoDisabled) {
		return name
	}
	return autoDisabled + " " + name
}

// DisabledDescription returns the description that a rule bears once it is disabled for its failures: the time
// and the reason, and then its own.
func DisabledDescription(description string, p Position) string {
	return fmt.Sprintf("The rule was disabled at %s: %s.\n\n%s", p.Since.UTC().Format(time.RFC3339), strings.TrimSuffix(p.Reason, "."), description)
}

// EnabledName is the inverse of DisabledName.
func EnabledName(name string) string { return strings.TrimPrefix(name, autoDisabled+" ") }
