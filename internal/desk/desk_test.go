package desk

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/deliver"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/state/sqlite"
	"github.com/vedette-siem/vedette/internal/types"
)

var at = time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)

var desk = &Desk{Workspace: alert.Workspace{ID: "w", Name: "soc"}, URL: func(id string) string { return "https://soc/" + id }}

func open(t *testing.T) state.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func testRule() *rule.Rule {
	return &rule.Rule{ID: "r1", Name: "Rule", Kind: rule.Scheduled, Severity: rule.Low, Tactics: []string{"Impact", "Discovery"}, Techniques: []string{"T1486"},
		Query: "T", QueryPeriod: time.Hour, TriggerOperator: rule.GreaterThan, EventGrouping: rule.AlertPerResult,
		EntityMappings: []entity.Mapping{{Kind: entity.IP, Fields: []entity.FieldMapping{{Identifier: "Address", Column: "IP"}}}},
		CustomDetails:  []rule.CustomDetail{{Key: "Where", Column: "IP"}, {Key: "A", Column: "IP"}},
		Incident:       rule.Incident{Create: true, Grouping: rule.Grouping{Lookback: time.Hour}}}
}

func testAlerts(r *rule.Rule, rows int, to time.Time) []alert.Alert {
	res := types.Table{Schema: types.Schema{{Name: "TimeGenerated", Type: types.Datetime}, {Name: "IP", Type: types.String}}}
	for n := range rows {
		res.Rows = append(res.Rows, []types.Value{types.DatetimeOf(types.TicksOf(to.Add(-time.Minute))), types.StringOf(fmt.Sprintf("8.8.8.%d", n))})
	}
	return alert.Evaluate(r, res, alert.Window{From: to.Add(-time.Hour), To: to}, nil)
}

func put(t *testing.T, s state.Store, rules ...incident.Automation) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx state.Tx) error {
		for _, r := range rules {
			if err := r.Check(); err != nil {
				return err
			}
			if _, err := tx.Automations().Put(state.Automation{Rule: r}, state.Absent); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func automation(id, on string, actions ...incident.Action) incident.Automation {
	return incident.Automation{ID: id, Name: "Automation " + id, Order: 1, Trigger: incident.Trigger{Enabled: true, On: on, When: "Created"}, Actions: actions}
}

func TestRaise(t *testing.T) {
	s := open(t)
	put(t, s, automation("a", incident.OnIncidents,
		incident.Action{Order: 1, Type: incident.ModifyProperties, Config: incident.Config{Severity: incident.High}},
		incident.Action{Order: 2, Type: incident.CallWebhook, Config: incident.Config{URL: "https://x", Secret: "key"}},
		incident.Action{Order: 3, Type: incident.SendEmail, Config: incident.Config{To: []string{"soc"}, Subject: "x"}}),
		automation("b", incident.OnAlerts, incident.Action{Order: 1, Type: incident.WriteFile, Config: incident.Config{Path: "f"}}))
	r := testRule()
	alerts := testAlerts(r, 2, at)
	var res Result
	for round := range 2 { // the second one is a repetition
		if err := s.Update(t.Context(), func(tx state.Tx) (err error) { res, err = desk.Raise(tx, r, alerts, at); return err }); err != nil {
			t.Fatal(err)
		}
		if want := 2 - 2*round; len(res.Alerts) != want || len(res.Incidents) != want || len(res.Faults) != 0 {
			t.Errorf("round %d: %+v", round, res)
		}
	}
	if err := s.View(t.Context(), func(tx state.Tx) error {
		count, err := tx.Outbox().Count()
		// two alerts, two incidents, two changes by automation
		if want := map[string]int{RowsTopic: 6, WebhookTopic: 2, EmailTopic: 2, FileTopic: 2}; !reflect.DeepEqual(count, want) {
			t.Errorf("outbox %v, expected %v", count, want)
		}
		if err != nil {
			return err
		}
		list, _, err := tx.Incidents().List(state.IncidentQuery{})
		if len(list) != 2 || list[0].Severity != incident.High || list[0].Number != 1 || list[0].URL != "https://soc/"+list[0].ID {
			t.Errorf("incidents %+v", list)
		}
		if err != nil {
			return err
		}
		rows, err := tx.Outbox().Pending(RowsTopic, at, 100)
		if err != nil {
			return err
		}
		var tables []string
		for _, m := range rows {
			table, row, err := DecodeRow(m.Data)
			if err != nil {
				return err
			}
			tables = append(tables, table)
			if table == AlertTable && !reflect.DeepEqual(row, alert.Row(alerts[len(tables)-1], desk.Workspace)) {
				t.Errorf("row %v", row)
			}
		}
		if want := "SecurityAlert SecurityAlert SecurityIncident SecurityIncident SecurityIncident SecurityIncident"; strings.Join(tables, " ") != want {
			t.Errorf("tables %v", tables)
		}
		_, last, err := DecodeRow(rows[3].Data)
		if err != nil || last["Severity"].Text() != "High" || last["ModifiedBy"].Text() != "Automation rule - Automation a" {
			t.Errorf("%v, %v", last, err)
		}
		hooks, err := tx.Outbox().Pending(WebhookTopic, at, 100)
		if err != nil {
			return err
		}
		w, err := deliver.Decode(hooks[0].Data)
		if err != nil || w.Action.Config.URL != "https://x" || w.Incident.Properties.Severity != string(incident.High) || w.Event != "Created" || !w.At.Equal(at) {
			t.Errorf("%+v, %v", w, err)
		}
		files, err := tx.Outbox().Pending(FileTopic, at, 100)
		if err != nil {
			return err
		}
		w, err = deliver.Decode(files[0].Data)
		if err != nil {
			return err
		}
		if w.Alert == nil || w.Alert.Name != alerts[0].ID || w.Incident != nil {
			t.Errorf("%+v", w)
		}
		trail, _, err := tx.Audit().List(Target(list[0].ID), state.Page{})
		if len(trail) != 2 || trail[0].Operation != "incidents/Updated" || trail[1].Operation != "incidents/Created" {
			t.Errorf("audit %+v", trail)
		}
		if err != nil {
			return err
		}
		// what can be related by hand is what was related by itself
		stored, err := tx.Alerts().Get(alerts[0].ID)
		if err != nil {
			return err
		}
		got, err := Related(stored)
		want := incident.RelatedOf(alerts[0])
		want.CustomDetails = []alert.Detail{{Key: "A", Values: []string{"8.8.8.0"}}, {Key: "Where", Values: []string{"8.8.8.0"}}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v\nexpected %+v", got, want)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestCommit(t *testing.T) {
	s := open(t)
	title, low, status := "T", incident.Low, incident.New
	by := incident.Actor{Source: incident.User, Name: "ann"}
	opened, err := incident.Open(incident.Draft{ID: "i", Number: 1, Change: incident.Change{Title: &title, Severity: &low, Status: &status}}, by, at)
	if err != nil {
		t.Fatal(err)
	}
	commit := func(e incident.Event, m state.Match) (Result, error) {
		var res Result
		err := s.Update(t.Context(), func(tx state.Tx) (err error) { res, err = desk.Commit(tx, e, m); return err })
		return res, err
	}
	res, err := commit(opened, state.Absent)
	if err != nil || res.Incidents[0].ETag == "" || res.Incidents[0].Event != incident.Created {
		t.Fatalf("%+v, %v", res, err)
	}
	if _, err := commit(opened, state.Absent); !errors.Is(err, state.ErrExists) {
		t.Errorf("error %v", err)
	}
	first := res.Incidents[0]
	high := incident.High
	e, err := incident.Apply(first.Incident, incident.Change{Severity: &high}, by, at)
	if err != nil {
		t.Fatal(err)
	}
	// an automation rule that cannot do what it wants, since others have
	put(t, s, incident.Automation{ID: "f", Name: "F", Order: 1, Trigger: incident.Trigger{Enabled: true, On: incident.OnIncidents, When: "Updated"},
		Actions: []incident.Action{{Order: 1, Type: incident.ModifyProperties, Config: incident.Config{Status: incident.Closed, Classification: incident.TruePositive, Reason: incident.SuspiciousActivity}},
			{Order: 2, Type: incident.ModifyProperties, Config: incident.Config{Status: incident.Closed, Classification: incident.Undetermined, ClosingComment: "x"}},
			{Order: 3, Type: incident.ModifyProperties, Config: incident.Config{Labels: manyLabels()}}, {Order: 4, Type: incident.ModifyProperties, Config: incident.Config{Labels: []incident.Label{{Name: "one more"}}}}}})
	second, err := commit(e, state.Match(first.ETag))
	if err != nil {
		t.Fatal(err)
	}
	if len(second.Faults) != 1 || !errors.Is(second.Faults[0].Err, incident.ErrLimit) || second.Incidents[0].Incident.Classification != incident.Undetermined {
		t.Errorf("%+v", second)
	}
	if _, err := commit(e, state.Match(first.ETag)); !errors.Is(err, state.ErrConflict) {
		t.Errorf("error %v", err)
	}
	same, err := incident.Apply(second.Incidents[0].Incident, incident.Change{Severity: &high}, by, at)
	if err != nil || same.Kind != incident.Unchanged {
		t.Fatalf("%v, %v", same.Kind, err)
	}
	if _, err := commit(same, state.Match(first.ETag)); !errors.Is(err, state.ErrConflict) {
		t.Errorf("error %v", err)
	}
	if res, err := commit(same, state.Match(second.Incidents[0].ETag)); err != nil || res.Incidents[0].ETag != second.Incidents[0].ETag {
		t.Errorf("%+v, %v", res, err)
	}
	if res, err := commit(incident.Delete(second.Incidents[0].Incident, by, at), state.Existing); err != nil || res.Incidents[0].Incident != nil {
		t.Errorf("%+v, %v", res, err)
	}
	if err := s.View(t.Context(), func(tx state.Tx) error {
		var ops []string
		trail, _, err := tx.Audit().List(Target("i"), state.Page{})
		for _, e := range trail {
			ops = append(ops, e.Operation)
		}
		if got, want := strings.Join(ops, " "), "incidents/Deleted automationRules/fault incidents/Updated incidents/Updated incidents/Updated incidents/Updated incidents/Created"; got != want {
			t.Errorf("%s, expected %s", got, want)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func manyLabels() []incident.Label {
	var out []incident.Label
	for n := range incident.MaxLabels {
		out = append(out, incident.Label{Name: fmt.Sprint("l", n)})
	}
	return out
}

func TestRows(t *testing.T) {
	for _, data := range []string{"", "{", `{"cells":[{"c":"a","t":"money","v":"1"}]}`, `{"cells":[{"c":"a","t":"datetime","v":"soon"}]}`} {
		if _, _, err := DecodeRow([]byte(data)); err == nil {
			t.Errorf("%s is decoded", data)
		}
	}
}
