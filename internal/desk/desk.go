package desk

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/deliver"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/state"
)

// Desk is where alerts and changes of incidents come together. Its methods run inside a transaction of the caller's, so
// that the caller can add to it; they are safe for concurrent use, as they keep nothing.
type Desk struct {
	Workspace alert.Workspace
	URL       func(id string) string // of the page that shows an incident; nil: none
}

// Result is what a transaction has come to.
type Result struct {
	Alerts    []string // ids of the alerts that are new
	Incidents []Change
	Faults    []incident.Fault // actions of automation rules that could not be applied; they are in the audit trail too
}

// Change is what became of an incident.
type Change struct {
	Incident *incident.Incident // as the automation rules left it; nil where it was deleted
	ETag     string
	Event    incident.EventKind
}

// Raise records the alerts of a run of r. Alerts that are known already change nothing, so a run that is repeated is
// recorded once.
func (d *Desk) Raise(tx state.Tx, r *rule.Rule, alerts []alert.Alert, at time.Time) (Result, error) {
	var out Result
	rules, err := automations(tx)
	if err != nil {
		return out, err
	}
	var fresh []alert.Alert
	for _, a := range alerts {
		row, err := EncodeRow(AlertTable, alert.Row(a, d.Workspace))
		if err != nil {
			return out, fmt.Errorf("alert %s: %w", a.ID, err)
		}
		added, err := tx.Alerts().Add(state.Alert{ID: a.ID, RuleID: a.RuleID, Generated: a.TimeGenerated, Data: row})
		if err != nil {
			return out, fmt.Errorf("alert %s: %w", a.ID, err)
		}
		if !added {
			continue
		}
		fresh = append(fresh, a)
		out.Alerts = append(out.Alerts, a.ID)
		if _, err := tx.Outbox().Add(RowsTopic, row); err != nil {
			return out, err
		}
	}
	events, err := incident.Raise(r, fresh, incident.Options{At: at, Find: tx.Incidents().Matching, Number: tx.Incidents().NextNumber, URL: d.URL})
	if err != nil {
		return out, err
	}
	for _, e := range events {
		m := state.Existing
		if e.Kind == incident.Created {
			m = state.Absent
		}
		if err := d.commit(tx, e, m, rules, &out); err != nil {
			return out, err
		}
	}
	// playbooks of alerts may look for the incident, so they come after it
	for i := range fresh {
		for _, due := range incident.AutomateAlert(&fresh[i], rules, at) {
			if err := d.due(tx, due, at); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// Commit records an event of an incident, if the stored incident meets m, and what automation rules do about it.
func (d *Desk) Commit(tx state.Tx, e incident.Event, m state.Match) (Result, error) {
	var out Result
	rules, err := automations(tx)
	if err != nil {
		return out, err
	}
	return out, d.commit(tx, e, m, rules, &out)
}

func automations(tx state.Tx) ([]incident.Automation, error) {
	list, err := tx.Automations().List()
	if err != nil {
		return nil, err
	}
	var out []incident.Automation
	for _, a := range list {
		out = append(out, a.Rule)
	}
	return out, nil
}

func (d *Desk) commit(tx state.Tx, e incident.Event, m state.Match, rules []incident.Automation, out *Result) error {
	switch e.Kind {
	case incident.Deleted:
		if err := tx.Incidents().Delete(e.Before.ID, m); err != nil {
			return err
		}
		out.Incidents = append(out.Incidents, Change{Event: e.Kind})
		return d.trail(tx, e)
	case incident.Unchanged:
		stored, err := tx.Incidents().Get(e.After.ID)
		if err != nil {
			return err
		}
		if m != state.Always && m != state.Existing && string(m) != stored.ETag {
			return &state.Conflict{Kind: "incident", ID: e.After.ID, Have: stored.ETag}
		}
		out.Incidents = append(out.Incidents, Change{stored.Incident, stored.ETag, e.Kind})
		return nil
	}
	done, err := incident.Automate(e, rules, e.At)
	if err != nil {
		return err
	}
	tag, err := tx.Incidents().Put(done.Incident, m)
	if err != nil {
		return err
	}
	out.Incidents = append(out.Incidents, Change{done.Incident, tag, e.Kind})
	for _, step := range append([]incident.Event{e}, done.Events...) {
		if err := d.trail(tx, step); err != nil {
			return err
		}
		row, ok := step.Row(d.Workspace)
		if !ok {
			continue
		}
		data, err := EncodeRow(IncidentTable, row)
		if err != nil {
			return err
		}
		if _, err := tx.Outbox().Add(RowsTopic, data); err != nil {
			return err
		}
	}
	for _, due := range done.Due {
		if err := d.due(tx, due, e.At); err != nil {
			return err
		}
	}
	for _, f := range done.Faults {
		out.Faults = append(out.Faults, f)
		data, err := json.Marshal(struct {
			RuleID string `json:"ruleId"`
			Order  int    `json:"order"`
			Error  string `json:"error"`
		}{f.RuleID, f.Order, f.Err.Error()})
		if err != nil {
			return err
		}
		entry := state.AuditEntry{At: e.At, Actor: incident.Actor{Source: incident.AutomationRule, Name: f.RuleName}.String(),
			Operation: "automationRules/fault", Target: Target(done.Incident.ID), Data: data}
		if err := tx.Audit().Add(entry); err != nil {
			return err
		}
	}
	return nil
}

// Target is how the audit trail names an incident.
func Target(id string) string { return "incidents/" + id }

// trail leaves the event in the audit trail.
func (d *Desk) trail(tx state.Tx, e incident.Event) error {
	entry, ok := e.Audit()
	if !ok {
		return nil
	}
	data, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	return tx.Audit().Add(state.AuditEntry{At: e.At, Actor: e.By.String(), Operation: "incidents/" + entry.Operation, Target: Target(entry.IncidentID), Data: data})
}

// due leaves an action in the outbox.
func (d *Desk) due(tx state.Tx, due incident.Due, at time.Time) error {
	topic, ok := topicOf(due.Action.Type)
	if !ok {
		return fmt.Errorf("automation rule %s: no topic for actions of type %s", due.RuleID, due.Action.Type)
	}
	data, err := deliver.Encode(due, at, d.Workspace)
	if err != nil {
		return fmt.Errorf("automation rule %s: %w", due.RuleID, err)
	}
	_, err = tx.Outbox().Add(topic, data)
	return err
}

// Play leaves a playbook in the outbox that someone runs on an incident by hand.
func (d *Desk) Play(tx state.Tx, i *incident.Incident, playbook, tenant string, by incident.Actor, at time.Time) error {
	due := incident.Due{RuleName: by.String(), Incident: i, Event: incident.Updated,
		Action: incident.Action{Order: 1, Type: incident.RunPlaybook, Config: incident.Config{PlaybookID: playbook, TenantID: tenant}}}
	return d.due(tx, due, at)
}
