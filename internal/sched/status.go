package sched

import (
	"sort"
	"time"

	"github.com/vedette-siem/vedette/internal/rule"
)

// Counters count what a Scheduler did since it was made. Outcomes are counted once they are committed.
type Counters struct {
	Runs              int64 // that came to an end, retries included
	Succeeded         int64
	ProvedNone        int64 // of these, those that needed no query
	Fired             int64 // of these, those that raised alerts
	Alerts            int64
	TransientFailures int64
	PermanentFailures int64
	Retries           int64 // failures after which the window is tried again
	GivenUp           int64 // windows lost to transient failures
	Disabled          int64 // rules disabled for their failures
	Suppressed        int64 // windows
	Skipped           int64 // windows
	CaughtUp          int64 // windows that fell due while nothing ran, and were evaluated
	Late              int64 // runs in time otherwise that began late
	MaxLateness       time.Duration
	Aborted           int64 // turns that were cancelled and left nothing behind
	StorageErrors     int64
	Conflicts         int64 // of these, positions that another had written
	Gaps              int64 // times that the clock was found to have jumped ahead
	BackwardJumps     int64

	// Now.
	Rules, Running, Ready int
}

func (c *Counters) count(o Outcome, late time.Duration) {
	switch o.Status {
	case Suppressed:
		c.Suppressed++
		return
	case Skipped:
		c.Skipped += int64(o.Windows)
		return
	case Succeeded:
		c.Succeeded++
		c.Alerts += int64(len(o.Result.Alerts))
		if o.Result.ProvedNone {
			c.ProvedNone++
		}
		if o.Fired() {
			c.Fired++
		}
	case Failed, Retry:
		switch {
		case o.Failure.Permanent:
			c.PermanentFailures++
		default:
			c.TransientFailures++
			if o.Status == Retry {
				c.Retries++
			} else {
				c.GivenUp++
			}
		}
		if o.Disabled != "" {
			c.Disabled++
		}
	}
	c.Runs++
	if o.Missed {
		if o.Final() {
			c.CaughtUp++
		}
		return
	}
	c.MaxLateness = max(c.MaxLateness, o.Lateness)
	if o.Lateness > late {
		c.Late++
	}
}

// Counters returns what was counted so far.
func (s *Scheduler) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counters
	c.Rules, c.Running, c.Ready = len(s.rules), s.running, len(s.ready)
	return c
}

// RuleStatus is how a rule stands.
type RuleStatus struct {
	ID       string
	Name     string
	Kind     rule.Kind
	Known    bool     // its position was loaded; without it the members below say nothing
	Position Position // as stored
	Next     time.Time
	Due      time.Time // when the window of Next runs, or is tried again
	Waiting  int       // windows that are due
	Running  bool
}

// Status returns how each rule stands, by id.
func (s *Scheduler) Status() []RuleStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	out := make([]RuleStatus, 0, len(s.rules))
	for id, e := range s.rules {
		r, sc := e.rule, e.sched
		if e.next != nil {
			r, sc = e.next.rule, e.next.sched
		}
		st := RuleStatus{ID: id, Name: r.Name, Kind: r.Kind, Known: e.known, Position: e.pos, Running: e.busy}
		if e.known && e.pos.State == Active {
			if st.Next = sc.Next(e.pos); e.pos.Attempt > 0 {
				st.Next, st.Due = e.pos.Retrying, e.pos.RetryAt
			} else {
				st.Due = sc.Due(st.Next)
			}
			if behind := now.Sub(sc.Due(st.Next)); behind >= 0 {
				st.Waiting = int(behind/sc.Every) + 1
			}
		}
		out = append(out, st)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}
