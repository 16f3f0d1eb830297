package sched

import (
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/types"
)

var workspace = alert.Workspace{ID: "11111111-2222-3333-4444-555555555555", Name: "soc", Subscription: "sub", ResourceGroup: "rg"}

func TestHealthSchema(t *testing.T) {
	table, ok := catalog.Builtin().Table("SentinelHealth")
	if !ok {
		t.Fatal("the catalogue has no SentinelHealth")
	}
	ours := HealthSchema()
	for _, c := range ours {
		if i := table.Columns.Index(c.Name); i < 0 || table.Columns[i].Type != c.Type {
			t.Errorf("the catalogue's table has no column %s of type %s", c.Name, c.Type)
		}
	}
	for _, c := range table.Columns {
		if !strings.HasPrefix(c.Name, "_") && ours.Index(c.Name) < 0 {
			t.Errorf("no column %s", c.Name)
		}
	}
}

func TestHealth(t *testing.T) {
	r := scheduled("5f9a0d6e-0000-4000-8000-000000000001", time.Hour, 26*time.Hour)
	r.Name, r.EventGrouping, r.TriggerThreshold = "Sign-ins", rule.AlertPerResult, 3
	r.SuppressionEnabled, r.SuppressionDuration = true, 5*time.Hour
	base := Outcome{Rule: r, At: at(t, "12:00"), Window: alert.Window{From: at(t, "10:00").AddDate(0, 0, -1), To: at(t, "12:00")}, Windows: 1,
		Attempt: 1, Started: at(t, "12:05"), Finished: at(t, "12:05:02"), Status: Succeeded}
	with := func(change func(*Outcome)) Outcome {
		o := base
		change(&o)
		return o
	}
	failure := func(permanent bool) Failure {
		return Failure{Permanent: permanent, Code: "TableMissing", Message: "no table 'X'"}
	}
	ofNRT := *r
	ofNRT.Kind = rule.NRT
	issue := alert.Issue{Kind: alert.EntityDropped, Msg: "too many", Count: 7}
	for _, c := range []struct {
		name                        string
		o                           Outcome
		status, reason, description string
		properties                  string // a part of them
	}{
		{"below the threshold", with(func(o *Outcome) { o.Result.Rows = 2 }), "Success", "", "The rule ran and its result did not meet the threshold, so no alert was raised.",
			`{"AggregationKind":"AlertPerResult","AlertsGeneratedAmount":0,"CorrelationId":"` + alert.DeriveID(r.ID, base.At, -1, alert.RunID) + `",` +
				`"EntitiesDroppedDueToMappingIssuesAmount":0,"EntitiesGeneratedAmount":0,"Issues":[],"QueryStartTimeUTC":"2024-04-30T10:00:00.0000000Z",` +
				`"QueryEndTimeUTC":"2024-05-01T12:00:00.0000000Z","QueryFrequency":"01:00:00","QueryPeriod":"1.02:00:00","QueryPerformanceIndicators":{},` +
				`"QueryResultAmount":2,"RuleId":"` + r.ID + `","SuppressionDuration":"05:00:00","SuppressionEnabled":true,"TriggerOperator":"GreaterThan",` +
				`"TriggerThreshold":3,"TriggerType":"Scheduled"}`},
		{"one alert", with(func(o *Outcome) { o.Result = fired(1) }), "Success", "", "The rule ran and raised 1 alert.", `"AlertsGeneratedAmount":1,`},
		{"alerts", with(func(o *Outcome) {
			o.Result = Result{Rows: 9, Indicators: types.JSON{Kind: types.JSONObject, Keys: []string{"ms"}, Items: []types.JSON{{Kind: types.JSONLong, Long: 12}}},
				Alerts: []alert.Alert{{Entities: make([]*entity.Entity, 3), Issues: []alert.Issue{issue}}, {Entities: make([]*entity.Entity, 2), Issues: []alert.Issue{issue}}}}
		}), "Success", "", "The rule ran and raised 2 alerts.",
			`"EntitiesDroppedDueToMappingIssuesAmount":14,"EntitiesGeneratedAmount":5,"Issues":[{"Code":"EntityDropped","Description":"too many"}],`},
		{"with indicators", with(func(o *Outcome) {
			o.Result.Indicators = types.JSON{Kind: types.JSONObject, Keys: []string{"ms"}, Items: []types.JSON{{Kind: types.JSONLong, Long: 12}}}
		}), "Success", "", "The rule ran and its result did not meet the threshold, so no alert was raised.", `"QueryPerformanceIndicators":{"ms":12}`},
		{"proved empty", with(func(o *Outcome) { o.Result.ProvedNone = true }), "Success", "",
			"The rule had nothing to look at in its window, so its query was not needed and no alert was raised.", `"QueryResultAmount":0`},
		{"failed", with(func(o *Outcome) { o.Status, o.Failure = Failed, failure(true) }), "Failure", "TableMissing", "The rule could not be run: no table 'X'.",
			`"Issues":[{"Code":"TableMissing","Description":"no table 'X'"}]`},
		{"tried again", with(func(o *Outcome) { o.Status, o.Failure, o.RetryAt = Retry, failure(false), at(t, "12:06:02") }), "Failure", "TableMissing",
			"The rule could not be run: no table 'X'. The window is tried again at 2024-05-01T12:06:02Z.", ""},
		{"given up", with(func(o *Outcome) { o.Status, o.Failure, o.Attempt = Failed, failure(false), 4 }), "Failure", "TableMissing",
			"The rule could not be run: no table 'X'. 4 attempts were made, and the window is left out.", ""},
		{"disabled", with(func(o *Outcome) { o.Status, o.Failure, o.Disabled = Failed, failure(true), "it failed 10 times" }), "Failure", "TableMissing",
			"The rule could not be run: no table 'X'. The rule is disabled: it failed 10 times.", ""},
		{"skipped", with(func(o *Outcome) { o.Status, o.Windows, o.Attempt = Skipped, 3, 0 }), "Failure", "WindowsSkipped",
			"3 windows of the rule, up to 2024-05-01T12:00:00Z, were missed and are left out.", ""},
		{"near real time", with(func(o *Outcome) { o.Rule, o.Result = &ofNRT, fired(1) }), "Success", "", "The rule ran and raised 1 alert.",
			`"QueryPerformanceIndicators":{},"QueryResultAmount":1,"RuleId":"` + r.ID + `","SuppressionDuration":"05:00:00","SuppressionEnabled":true,"TriggerOperator":"GreaterThan","TriggerThreshold":3,"TriggerType":"NrtRun"}`},
	} {
		row, ok := Health(c.o, workspace)
		if !ok {
			t.Errorf("%s: no row", c.name)
			continue
		}
		for _, col := range HealthSchema() {
			if v, ok := row[col.Name]; !ok || v.Type() != col.Type {
				t.Errorf("%s: column %s is %s", c.name, col.Name, v.Type())
			}
		}
		if len(row) != len(HealthSchema()) {
			t.Errorf("%s: %d columns", c.name, len(row))
		}
		for col, want := range map[string]string{"Status": c.status, "Reason": c.reason, "Description": c.description, "SentinelResourceName": "Sign-ins",
			"SentinelResourceKind": c.o.Rule.Kind.String(), "OperationName": c.o.Rule.Kind.String() + " analytics rule run", "WorkspaceId": workspace.ID,
			"SentinelResourceId": "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/soc/providers/Microsoft.SecurityInsights/alertRules/" + r.ID} {
			if got := row[col].Text(); got != want {
				t.Errorf("%s: %s is %q, want %q", c.name, col, got, want)
			}
		}
		if got := row["ExtendedProperties"].Text(); !strings.Contains(got, c.properties) {
			t.Errorf("%s: properties\n%s\nlack\n%s", c.name, got, c.properties)
		}
		if got := types.TimeOf(row["TimeGenerated"].Int64()); !got.Equal(base.Finished) {
			t.Errorf("%s: TimeGenerated %s", c.name, got)
		}
	}
	if _, ok := Health(with(func(o *Outcome) { o.Status = Suppressed }), workspace); ok {
		t.Error("a suppressed window has a row")
	}
	first, _ := Health(base, workspace)
	second, _ := Health(with(func(o *Outcome) { o.Attempt = 2 }), workspace)
	if first["RecordId"].Text() == second["RecordId"].Text() {
		t.Error("two attempts have one record id")
	}
}
