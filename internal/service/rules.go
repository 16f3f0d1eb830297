package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/state"
)

// byContent is who wrote the rules that came from the content folders.
const byContent = "content folder"

// loadRules brings the rules of the content folders into the state, and puts all on the schedule.
func (s *Service) loadRules(ctx context.Context) error {
	files, err := session.ReadRules(s.conf.Content.Rules)
	if err != nil {
		return fmt.Errorf("content.rules: %w", err)
	}
	var found []*rule.Rule
	for _, f := range files {
		if f.Faults.HasErrors() || f.Rule == nil {
			s.log.Warn("rule file left out", "file", f.Faults.File.Name, "fault", first(f.Faults))
			continue
		}
		if f.Rule.Kind == rule.Scheduled || f.Rule.Kind == rule.NRT {
			found = append(found, f.Rule)
		}
	}
	if err := s.State.Update(ctx, func(tx state.Tx) error { return s.syncContent(tx, found) }); err != nil {
		return fmt.Errorf("content.rules: %w", err)
	}
	var kept []state.Rule
	err = s.State.View(ctx, func(tx state.Tx) error {
		kept, _, err = tx.Rules().List(state.Page{})
		return err
	})
	if err != nil {
		return err
	}
	for _, k := range kept {
		s.schedule(ctx, k)
	}
	return nil
}

// syncContent makes the stored rules of the content folders those that are there now. One that somebody has changed
// through the API since stays as it is.
func (s *Service) syncContent(tx state.Tx, found []*rule.Rule) error {
	seen := map[string]bool{}
	for _, r := range found {
		if seen[r.ID] {
			s.log.Warn("rule left out: another file has its id", "id", r.ID, "name", r.Name)
			continue
		}
		seen[r.ID] = true
		old, err := tx.Rules().Get(r.ID)
		switch {
		case err == nil && old.By != byContent:
			continue
		case err != nil && !errors.Is(err, state.ErrNotFound):
			return err
		}
		text, err := json.Marshal(rule.PropertiesOf(r))
		if err != nil {
			return err
		}
		now := s.now()
		put := state.Rule{ID: r.ID, Kind: r.Kind.String(), Name: r.Name, Text: string(text), Enabled: r.Enabled, Created: now, Modified: now, By: byContent}
		if put.Text == old.Text || old.Reason != "" { // unchanged, or disabled for its failures
			continue
		}
		if _, err := tx.Rules().Put(put, state.Always); err != nil {
			return err
		}
	}
	kept, _, err := tx.Rules().List(state.Page{})
	if err != nil {
		return err
	}
	for _, k := range kept {
		if k.By == byContent && !seen[k.ID] {
			s.log.Info("rule deleted: its file is gone", "id", k.ID, "name", k.Name)
			if err := errors.Join(tx.Rules().Delete(k.ID, state.Always), tx.Positions().Delete(k.ID)); err != nil && !errors.Is(err, state.ErrNotFound) {
				return err
			}
		}
	}
	return nil
}

func first(ds source.Diagnostics) string {
	for _, d := range ds.List {
		if d.Severity == source.Error {
			return d.Msg
		}
	}
	return "nothing could be read"
}

// schedule puts a stored rule on the schedule.
func (s *Service) schedule(ctx context.Context, kept state.Rule) {
	r, faults := ruleOf(kept)
	if r == nil || faults.HasErrors() {
		if faults.HasErrors() {
			s.log.Warn("rule cannot be scheduled", "id", kept.ID, "name", kept.Name, "fault", first(faults))
		}
		s.Scheduler.Remove(kept.ID)
		if s.proof != nil {
			s.proof.Unwatch(kept.ID)
		}
		return
	}
	r.Enabled = kept.Enabled
	if s.proof != nil {
		s.proof.watch(ctx, r)
	}
	if err := s.Scheduler.Set(r, kept.Created); err != nil {
		s.log.Warn("rule cannot be scheduled", "id", kept.ID, "name", kept.Name, "fault", err)
	}
}

// RuleChanged brings the schedule in line with a stored rule that was written or deleted.
func (s *Service) RuleChanged(ctx context.Context, id string) {
	var kept state.Rule
	err := s.State.View(ctx, func(tx state.Tx) (err error) {
		kept, err = tx.Rules().Get(id)
		return err
	})
	switch {
	case errors.Is(err, state.ErrNotFound):
		s.Scheduler.Remove(id)
		if s.proof != nil {
			s.proof.Unwatch(id)
		}
		s.fault("forget the position of rule "+id, s.State.Update(ctx, func(tx state.Tx) error {
			if err := tx.Positions().Delete(id); !errors.Is(err, state.ErrNotFound) {
				return err
			}
			return nil
		}))
	case err != nil:
		s.fault("read rule "+id, err)
	default:
		s.schedule(ctx, kept)
	}
}

// CompileRule compiles a rule's query against the tables and functions that there are; the faults are the author's.
func (s *Service) CompileRule(ctx context.Context, r *rule.Rule) source.Diagnostics {
	now := s.now()
	c, err := s.Engine.Compile(ctx, query.Request{File: r.QueryFile, Now: now, From: now.Add(-time.Hour), To: now, Check: true, Single: true})
	var ds *source.Diagnostics
	switch {
	case errors.As(err, &ds):
		return *ds
	case err != nil:
		return source.Diagnostics{File: r.QueryFile, List: []source.Diagnostic{{Severity: source.Error, Msg: err.Error()}}}
	}
	return c.Warnings
}
