package service

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/proof"
	"github.com/vedette-siem/vedette/internal/sched"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// Status tells how a server stands. Its JSON is what GET /status answers.
type Status struct {
	Started  time.Time            `json:"started"`
	Now      time.Time            `json:"now"`
	Bytes    int64                `json:"bytes"` // of the event store on disk
	Events   eventlog.Stats       `json:"events"`
	Sources  []ingest.SourceCount `json:"sources"`
	Tables   []TableStatus        `json:"tables"`
	Schedule sched.Counters       `json:"schedule"`
	Proof    *proof.Stats         `json:"proof,omitempty"` // what the empty-window proof does
	Rules    []RuleStatus         `json:"rules"`
	Waiting  map[string]int       `json:"outbox"`    // messages by topic
	Open     map[string]int       `json:"incidents"` // by status
	Expired  map[string]int64     `json:"expired"`   // rows dropped by retention since the start, by table
	Faults   int64                `json:"faults"`
}

// TableStatus is what is kept of a table.
type TableStatus struct {
	Name  string    `json:"name"`
	Rows  int64     `json:"rows"`
	Parts int       `json:"parts"`
	From  time.Time `json:"from"` // not older than the oldest row
	To    time.Time `json:"to"`   // not younger than the newest
}

// RuleStatus is how a rule stands.
type RuleStatus struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Reason   string    `json:"reason,omitempty"`
	Done     time.Time `json:"done"` // every window up to here has been dealt with
	Due      time.Time `json:"due"`
	Waiting  int       `json:"waiting"` // windows that are due
	Failures int       `json:"failures"`
	Running  bool      `json:"running"`
}

// Status gathers how the server stands.
func (s *Service) Status(ctx context.Context) (Status, error) {
	out := Status{Started: s.started, Now: s.now(), Bytes: s.disk.Bytes(), Events: s.Events.Stats(), Sources: s.Sources.Snapshot(), Schedule: s.Scheduler.Counters(), Open: map[string]int{},
		Expired: map[string]int64{}}
	if s.proof != nil {
		st := s.proof.Stats()
		out.Proof = &st
	}
	for _, t := range s.disk.Stored() {
		ts := TableStatus{Name: t.Table, Rows: t.Rows, Parts: t.Parts}
		if t.From <= t.To && t.From > types.MinDatetime && t.To < types.MaxDatetime {
			ts.From, ts.To = types.TimeOf(t.From), types.TimeOf(t.To)
		}
		out.Tables = append(out.Tables, ts)
	}
	for _, r := range s.Scheduler.Status() {
		out.Rules = append(out.Rules, RuleStatus{ID: r.ID, Name: r.Name, Kind: r.Kind.String(), State: r.Position.State.String(), Reason: r.Position.Reason, Done: r.Position.Last,
			Due: r.Due, Waiting: r.Waiting, Failures: r.Position.Failures, Running: r.Running})
	}
	slices.SortFunc(out.Rules, func(a, b RuleStatus) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	s.mu.Lock()
	out.Faults = s.faults
	for t, n := range s.expired {
		out.Expired[t] = n
	}
	s.mu.Unlock()
	err := s.State.View(ctx, func(tx state.Tx) error {
		var err error
		if out.Waiting, err = tx.Outbox().Count(); err != nil {
			return err
		}
		open, err := tx.Incidents().Count()
		for _, st := range incident.Statuses() {
			if n := open[st]; n > 0 {
				out.Open[string(st)] = n
			}
		}
		return err
	})
	return out, err
}
