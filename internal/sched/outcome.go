package sched

import (
	"context"
	"fmt"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/types"
)

// RunFunc evaluates a rule over a window: the query, with now() at w.To, and the alerts. The window bounds
// TimeGenerated of every table, or the time of ingestion if the rule is a near-real-time one. It must give the
// same for the same rule and window (alert ids above all), for a run whose outcome was not written is repeated.
// It ends soon after ctx does.
type RunFunc func(ctx context.Context, r *rule.Rule, w alert.Window) (Result, error)

// Result is what a window gave. The scheduler looks at the number of alerts, to know whether the rule fired;
// the rest is for the Sink and the health record.
type Result struct {
	Rows       int  // of the query's result
	ProvedNone bool // the query was not run because it could not have returned rows
	Alerts     []alert.Alert
	Indicators types.JSON // QueryPerformanceIndicators of the health record
}

// Failure is why a window could not be evaluated.
type Failure struct {
	Permanent bool   // trying again would not help: the table, a function or a permission is gone
	Code      string // the kind of failure; those of one kind are counted together
	Message   string // a sentence without its full stop
}

// Classify tells what an error of a RunFunc is. What is not known to be permanent is transient.
type Classify func(error) Failure

// PanicError is the error of a run that panicked.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("the run panicked: %v", e.Value) }

// Status is how a step of a rule came out.
type Status uint8

// The statuses.
const (
	Succeeded  Status = iota + 1
	Failed            // permanently, or transiently for the last time
	Retry             // failed; the window will be tried again
	Suppressed        // left out because the rule had fired shortly before
	Skipped           // missed, and left out
)

func (s Status) String() string {
	return [...]string{"Unknown", "Succeeded", "Failed", "Retry", "Suppressed", "Skipped"}[s]
}

// Outcome is what became of a window. All windows of a rule come out in the order of At, each with exactly one
// outcome that is Final; those of a skipped stretch have one together.
type Outcome struct {
	Rule    *rule.Rule
	At      time.Time    // nominal time; of Skipped the last one
	Window  alert.Window // of Skipped: from the first window's beginning to the last one's end
	Windows int          // 1, or how many were skipped
	Status  Status
	Missed  bool // the window fell due while nothing ran

	Attempt  int       // of a run: 1, or more for a retry
	Started  time.Time // of a run
	Finished time.Time // or when it was decided that there would be none
	Lateness time.Duration

	Result   Result  // of Succeeded
	Failure  Failure // of Failed and Retry
	RetryAt  time.Time
	Disabled string // why the rule is disabled from here on; "" if it is not
}

// Final tells whether nothing more is to come for the window.
func (o Outcome) Final() bool { return o.Status != Retry }

// Fired tells whether the run raised an alert.
func (o Outcome) Fired() bool { return len(o.Result.Alerts) > 0 }

// RunID returns the id of the run, which its alerts bear as their correlation id. Attempts share it.
func (o Outcome) RunID() string { return alert.DeriveID(o.Rule.ID, o.At, -1, alert.RunID) }
