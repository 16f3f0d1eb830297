package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vedette-siem/vedette/internal/desk"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/sched"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/state"
)

// sink keeps positions, and what runs produce; see docs/design/0006.
type sink Service

// Load implements sched.Positions.
func (k *sink) Load(ctx context.Context, ruleID string) (p sched.Position, ok bool, err error) {
	err = k.State.View(ctx, func(tx state.Tx) error {
		p, ok, err = load(tx, ruleID)
		return err
	})
	return p, ok, err
}

func load(tx state.Tx, ruleID string) (p sched.Position, ok bool, err error) {
	kept, err := tx.Positions().Get(ruleID)
	if errors.Is(err, state.ErrNotFound) {
		return p, false, nil
	}
	if err != nil {
		return p, false, err
	}
	if err := json.Unmarshal(kept.Data, &p); err != nil {
		return p, false, fmt.Errorf("position of rule %s: %w", ruleID, err)
	}
	return p, true, nil
}

// save writes a position if it follows the stored one.
func save(tx state.Tx, p sched.Position, next time.Time) error {
	old, ok, err := load(tx, p.RuleID)
	switch {
	case err != nil:
		return err
	case !ok && p.Seq != 1, ok && old.Seq != p.Seq-1:
		return sched.ErrConflict
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return tx.Positions().Put(state.Position{RuleID: p.RuleID, Next: next, Done: p.Last, Data: data})
}

// Save implements sched.Positions.
func (k *sink) Save(ctx context.Context, p sched.Position) error {
	return k.State.Update(ctx, func(tx state.Tx) error { return save(tx, p, time.Time{}) })
}

// Commit implements sched.Sink.
func (k *sink) Commit(ctx context.Context, o sched.Outcome, p sched.Position) error {
	s := (*Service)(k)
	err := k.State.Update(ctx, func(tx state.Tx) error {
		if err := save(tx, p, o.RetryAt); err != nil {
			return err
		}
		if len(o.Result.Alerts) > 0 {
			if _, err := k.Desk.Raise(tx, o.Rule, o.Result.Alerts, o.Finished); err != nil {
				return err
			}
		}
		if row, ok := sched.Health(o, s.Workspace()); ok && worthRow(o) {
			data, err := desk.EncodeRow(healthTable, row)
			if err != nil {
				return err
			}
			if _, err := tx.Outbox().Add(desk.RowsTopic, data); err != nil {
				return err
			}
		}
		if o.Disabled != "" {
			return disable(tx, o, p)
		}
		return nil
	})
	if err == nil {
		s.pokeOutbox()
	}
	return err
}

const healthTable = "SentinelHealth"

// worthRow tells whether a run leaves a row in SentinelHealth. Near-real-time rules run every second or so: of theirs
// only those that found something or failed do.
func worthRow(o sched.Outcome) bool {
	return o.Rule.Kind != rule.NRT || o.Status != sched.Succeeded || o.Result.Rows > 0
}

// disable writes into a rule's record that it was disabled, and why, as the service does.
// https://learn.microsoft.com/azure/sentinel/troubleshoot-analytics-rules
func disable(tx state.Tx, o sched.Outcome, p sched.Position) error {
	kept, err := tx.Rules().Get(o.Rule.ID)
	if errors.Is(err, state.ErrNotFound) { // deleted meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	var props map[string]any
	if err := json.Unmarshal([]byte(kept.Text), &props); err != nil {
		return fmt.Errorf("rule %s: %w", kept.ID, err)
	}
	description, _ := props["description"].(string)
	kept.Name = sched.DisabledName(kept.Name)
	props["displayName"], props["description"], props["enabled"] = kept.Name, sched.DisabledDescription(description, p), false
	text, err := json.Marshal(props)
	if err != nil {
		return err
	}
	kept.Text, kept.Enabled, kept.Reason, kept.Modified = string(text), false, o.Disabled, o.Finished
	_, err = tx.Rules().Put(kept, state.Always)
	return err
}

// observe is told of every outcome once it is kept.
func (s *Service) observe(o sched.Outcome) {
	switch o.Status {
	case sched.Failed, sched.Retry:
		s.log.Warn("rule failed", "rule", o.Rule.Name, "id", o.Rule.ID, "window", o.At, "code", o.Failure.Code, "error", o.Failure.Message, "attempt", o.Attempt)
	case sched.Skipped:
		s.log.Warn("windows skipped", "rule", o.Rule.Name, "id", o.Rule.ID, "windows", o.Windows)
	default:
		if o.Fired() {
			s.log.Info("rule fired", "rule", o.Rule.Name, "id", o.Rule.ID, "window", o.At, "rows", o.Result.Rows, "alerts", len(o.Result.Alerts))
		}
	}
	if o.Disabled != "" {
		s.log.Error("rule disabled", "rule", o.Rule.Name, "id", o.Rule.ID, "reason", o.Disabled)
	}
	if s.opts.Observe != nil {
		s.opts.Observe(o)
	}
}

// ruleOf reads a stored rule. It is nil for kinds that are kept for others and not scheduled here.
func ruleOf(kept state.Rule) (*rule.Rule, source.Diagnostics) {
	kind, ok := rule.ParseKind(kept.Kind)
	if !ok || kind != rule.Scheduled && kind != rule.NRT {
		return nil, source.Diagnostics{}
	}
	file := source.NewFile("rule "+kept.ID, kept.Text)
	r, faults := rule.LoadProperties(file, kept.ID, kind)
	return r, source.Diagnostics{File: file, List: faults}
}
