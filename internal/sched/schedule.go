package sched

import (
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/rule"
)

// Missed is what becomes of the windows that fell due while nothing ran.
type Missed uint8

// The ways to treat missed windows.
const (
	CatchUp    Missed = iota // evaluate them in order, oldest first
	SkipMissed               // count them and leave them out
)

func (m Missed) String() string { return [...]string{"CatchUp", "SkipMissed"}[m] }

// Settings are what an operator can set about when rules run. Take [DefaultSettings] and change what should
// differ: a zero duration means none, not the default.
type Settings struct {
	// Delay is how long after the end of its window a scheduled rule runs, so that late events can arrive.
	// https://learn.microsoft.com/azure/sentinel/ingestion-delay
	Delay time.Duration
	// NRTEvery is how often near-real-time rules run, and NRTDelay how long after the end of their window.
	// A fraction of a second of each makes an event reach its rules as soon as it is acknowledged.
	NRTEvery time.Duration
	NRTDelay time.Duration
	// Spread is the span over which the first slots of rules without a start time are spread, by a hash of the
	// rule's identity. It bounds how long a new rule waits for its first window. 0 starts each at once.
	Spread time.Duration

	// Missed says what becomes of windows that fell due while the process or the machine slept. A window that
	// is no later than Late is always evaluated.
	Missed Missed
	// MaxWaiting and MaxAge bound what waits for one rule, whatever it waits for: the number of windows, and
	// the time since the oldest fell due. The oldest beyond them are skipped and counted. 0 is no bound.
	MaxWaiting int
	MaxAge     time.Duration
	// Late is the delay from which a run counts as late and its alerts bear the time they were made, not the
	// time they should have been.
	Late time.Duration

	// Retries are the times to wait after each transient failure of a window before it is tried again.
	Retries []time.Duration
	// DisableAfter is the number of consecutive permanent failures of one kind after which a rule is disabled.
	DisableAfter int

	// Workers is how many runs there may be at a time, and Timeout how long one may take. 0 is no timeout.
	Workers int
	Timeout time.Duration
	// Slow marks a rule whose last run took at least this long. Slow rules never hold the last worker, if there
	// is more than one. 0 marks none.
	Slow time.Duration
	// Heartbeat is how often the clock is looked at when nothing is due: how soon a jump of it is noticed.
	Heartbeat time.Duration
}

// DefaultSettings returns the settings that hold where nothing else is said.
func DefaultSettings() Settings {
	return Settings{
		Delay: 5 * time.Minute, NRTEvery: time.Minute, NRTDelay: 2 * time.Minute, Spread: time.Hour,
		Missed: CatchUp, MaxAge: 14 * 24 * time.Hour, Late: time.Minute,
		Retries: []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute}, DisableAfter: 10,
		Workers: 4, Timeout: 10 * time.Minute, Slow: 30 * time.Second, Heartbeat: 10 * time.Second,
	}
}

// Validate returns everything that is wrong with the settings, joined.
func (s Settings) Validate() error {
	var errs []error
	for _, d := range []struct {
		name  string
		value time.Duration
		least time.Duration
	}{
		{"delay", s.Delay, 0}, {"NRT interval", s.NRTEvery, time.Millisecond}, {"NRT delay", s.NRTDelay, 0}, {"spread", s.Spread, 0},
		{"maximal age", s.MaxAge, 0}, {"late", s.Late, 0}, {"timeout", s.Timeout, 0}, {"slow", s.Slow, 0},
		{"heartbeat", s.Heartbeat, time.Millisecond},
	} {
		if d.value < d.least {
			errs = append(errs, fmt.Errorf("the %s is %s, expected at least %s", d.name, d.value, d.least))
		}
	}
	for _, n := range []struct {
		name         string
		value, least int
	}{{"number of windows that may wait", s.MaxWaiting, 0}, {"number of failures that disable", s.DisableAfter, 1}, {"number of workers", s.Workers, 1}} {
		if n.value < n.least {
			errs = append(errs, fmt.Errorf("the %s is %d, expected at least %d", n.name, n.value, n.least))
		}
	}
	for i, d := range s.Retries {
		if d <= 0 {
			errs = append(errs, fmt.Errorf("the wait before retry %d is %s, expected more than none", i+1, d))
		}
	}
	if s.Missed > SkipMissed {
		errs = append(errs, fmt.Errorf("unknown way %d to treat missed windows", s.Missed))
	}
	return errors.Join(errs...)
}

// Schedule is when one rule runs. Its nominal times are an anchor, which the rule's [Position] keeps, and every
// so often from there.
type Schedule struct {
	RuleID      string
	Kind        rule.Kind
	Start       time.Time     // the rule's own first nominal time; zero: as soon as the spread allows
	Every       time.Duration // from one nominal time to the next
	Period      time.Duration // length of the window
	Delay       time.Duration // from the nominal time until the run is due
	Suppression time.Duration // after a run that fired; 0: none

	settings Settings
	step     time.Duration // grid of the first slot
	offset   time.Duration // place on it, by the hash of RuleID
}

// Schedule returns the schedule of a rule, or why it cannot have one.
func (s Settings) Schedule(r *rule.Rule) (Schedule, error) {
	out := Schedule{RuleID: r.ID, Kind: r.Kind, settings: s}
	if r.ID == "" {
		return out, fmt.Errorf("rule %q has no id, so its position could not be kept", r.Name)
	}
	switch r.Kind {
	case rule.Scheduled:
		out.Every, out.Period, out.Delay = r.QueryFrequency, r.QueryPeriod, s.Delay
		if !r.StartTime.IsZero() {
			out.Start = ceilSecond(r.StartTime)
		}
		if out.Every < time.Second {
			return out, fmt.Errorf("rule %s has the query frequency %s, expected at least a second", r.ID, out.Every)
		}
		if out.Period <= 0 {
			return out, fmt.Errorf("rule %s has the query period %s, expected more than none", r.ID, out.Period)
		}
	case rule.NRT:
		out.Every, out.Period, out.Delay = s.NRTEvery, s.NRTEvery, s.NRTDelay
	default:
		return out, fmt.Errorf("rule %s is of kind %s, which has no schedule", r.ID, r.Kind)
	}
	if r.SuppressionEnabled {
		out.Suppression = r.SuppressionDuration
	}
	if out.step = min(s.Spread, out.Every).Truncate(time.Second); out.step > 0 {
		h := fnv.New64a()
		h.Write([]byte(r.ID))
		out.offset = time.Duration(h.Sum64()%uint64(out.step/time.Second)) * time.Second
	}
	return out, nil
}

// ceilSecond is t in UTC, rounded up to a whole second as all nominal times of the service are.
func ceilSecond(t time.Time) time.Time {
	t = t.UTC().Round(0)
	if s := t.Truncate(time.Second); s.Before(t) {
		return s.Add(time.Second)
	}
	return t
}

// first is the first nominal time, at or after at, of a rule that has no start time of its own.
func (s Schedule) first(at time.Time) time.Time {
	at = ceilSecond(at)
	if s.step <= 0 {
		return at
	}
	step, offset := int64(s.step/time.Second), int64(s.offset/time.Second)
	ahead := (offset - at.Unix()) % step
	if ahead < 0 {
		ahead += step
	}
	return at.Add(time.Duration(ahead) * time.Second)
}

// Next returns the nominal time that comes after p.Last.
func (s Schedule) Next(p Position) time.Time { return s.after(p.Anchor, p.Last) }

// after is the first nominal time later than t.
func (s Schedule) after(anchor, t time.Time) time.Time {
	if t.Before(anchor) {
		return anchor
	}
	return anchor.Add((t.Sub(anchor)/s.Every + 1) * s.Every)
}

// Due returns when the run of nominal time t is due.
func (s Schedule) Due(t time.Time) time.Time { return t.Add(s.Delay) }

// Window returns the window of nominal time t for a run that begins at now. It is half-open, [t-Period, t), and
// now() in the query is t. For a near-real-time rule it bounds the time of ingestion, not TimeGenerated.
//
// Alerts of a run in time bear the time at which it was due, so that a repeated run and a replay give the same
// rows. Those of a late run bear the time at which they came to be: a rule that reads them by TimeGenerated has
// already looked at the earlier one.
func (s Schedule) Window(t, now time.Time) alert.Window {
	w := alert.Window{From: t.Add(-s.Period), To: t, Generated: s.Due(t)}
	if now.Sub(w.Generated) > s.settings.Late {
		w.Generated = now
	}
	return w
}
