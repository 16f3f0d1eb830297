package session

import (
	"context"
	"fmt"
	"time"

	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/sched"
	"github.com/vedette-siem/vedette/internal/types"
)

// Backtest is what a rule would have done over a span of time.
type Backtest struct {
	Rule       *rule.Rule
	Windows    int // runs that were due
	Suppressed int // of these, runs left out because the rule had fired shortly before
	Fired      int // runs that raised an alert
	Rows       int // rows that the query found in all runs
	Alerts     int
}

// Backtest runs a rule at every time its schedule has between from and to, both included, as the scheduler
// would have: each run over its own window, and none while the rule is suppressed. set replaces values of
// the rule's own let statements. Each run is handed to each (which may be nil) in order.
func (s *Session) Backtest(ctx context.Context, r *rule.Rule, from, to time.Time, set map[string]types.Value, limits Limits, each func(*Run)) (Backtest, error) {
	out := Backtest{Rule: r}
	step := r.QueryFrequency
	switch {
	case r.Kind == rule.NRT:
		step = sched.DefaultSettings().NRTEvery
	case step <= 0:
		return out, fmt.Errorf("%s has no query frequency: it is on no schedule that could be replayed", r.Name)
	}
	var quietUntil time.Time
	for at := from; !at.After(to); at = at.Add(step) {
		out.Windows++
		if at.Before(quietUntil) {
			out.Suppressed++
			continue
		}
		run, _, err := s.evaluate(ctx, s.request(r, at, limits, set), r, at)
		if err != nil {
			return out, fmt.Errorf("run at %s: %w", at.Format(time.RFC3339), err)
		}
		out.Rows += len(run.Rows.Rows)
		out.Alerts += len(run.Alerts)
		if len(run.Alerts) > 0 {
			out.Fired++
			if r.SuppressionEnabled {
				quietUntil = at.Add(r.SuppressionDuration)
			}
		}
		if each != nil {
			each(run)
		}
	}
	return out, nil
}

// Explain counts the rows behind every step of a rule's query at a time.
func (s *Session) Explain(ctx context.Context, r *rule.Rule, at time.Time, limits Limits) (*query.Explanation, error) {
	return s.Engine.Explain(ctx, s.request(r, at, limits, nil))
}
