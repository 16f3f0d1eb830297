package sched

import (
	"fmt"
	"strconv"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/types"
)

// healthID makes the record ids of health records differ from the other ids of a run.
const healthID alert.IDKind = "health"

// HealthSchema returns the columns of the SentinelHealth table that Health fills.
// https://learn.microsoft.com/azure/sentinel/health-table-reference
func HealthSchema() types.Schema {
	return types.Schema{
		{Name: "TenantId", Type: types.String}, {Name: "TimeGenerated", Type: types.Datetime}, {Name: "OperationName", Type: types.String},
		{Name: "SentinelResourceId", Type: types.String}, {Name: "SentinelResourceName", Type: types.String},
		{Name: "SentinelResourceType", Type: types.String}, {Name: "SentinelResourceKind", Type: types.String},
		{Name: "Status", Type: types.String}, {Name: "Description", Type: types.String}, {Name: "Reason", Type: types.String},
		{Name: "RecordId", Type: types.String}, {Name: "WorkspaceId", Type: types.String},
		{Name: "ExtendedProperties", Type: types.Dynamic}, {Name: "SourceSystem", Type: types.String}, {Name: "Type", Type: types.String},
	}
}

// Health returns the row of SentinelHealth for an outcome: a value for each column of HealthSchema. A suppressed
// window has none, for nothing ran. Skipped windows have one together, so that nothing is left out in silence.
func Health(o Outcome, ws alert.Workspace) (map[string]types.Value, bool) {
	if o.Status == Suppressed {
		return nil, false
	}
	text := types.StringOf
	operation, status, reason := "Scheduled analytics rule run", "Success", ""
	if o.Rule.Kind == rule.NRT {
		operation = "NRT analytics rule run"
	}
	switch o.Status {
	case Failed, Retry:
		status, reason = "Failure", o.Failure.Code
	case Skipped:
		status, reason = "Failure", "WindowsSkipped"
	}
	return map[string]types.Value{
		"TenantId": text(ws.ID), "TimeGenerated": types.DatetimeOf(types.TicksOf(o.Finished)), "OperationName": text(operation),
		"SentinelResourceId": text(resourceID(ws, o.Rule.ID)), "SentinelResourceName": text(o.Rule.Name),
		"SentinelResourceType": text("Analytics Rule"), "SentinelResourceKind": text(o.Rule.Kind.String()),
		"Status": text(status), "Description": text(describe(o)), "Reason": text(reason),
		"RecordId": text(alert.DeriveID(o.Rule.ID, o.At, o.Attempt, healthID)), "WorkspaceId": text(ws.ID),
		"ExtendedProperties": types.DynamicOf(healthProperties(o).String()), "SourceSystem": text("Azure"), "Type": text("SentinelHealth"),
	}, true
}

// resourceID is the resource id of a rule.
func resourceID(ws alert.Workspace, ruleID string) string {
	return "/subscriptions/" + ws.Subscription + "/resourceGroups/" + ws.ResourceGroup + "/providers/Microsoft.OperationalInsights/workspaces/" +
		ws.Name + "/providers/Microsoft.SecurityInsights/alertRules/" + ruleID
}

// describe says in a sentence or two what became of the window.
func describe(o Outcome) string {
	switch o.Status {
	case Succeeded:
		n := len(o.Result.Alerts)
		switch {
		case n == 1:
			return "The rule ran and raised 1 alert."
		case n > 1:
			return "The rule ran and raised " + strconv.Itoa(n) + " alerts."
		case o.Result.ProvedNone:
			return "The rule had nothing to look at in its window, so its query was not needed and no alert was raised."
		}
		return "The rule ran and its result did not meet the threshold, so no alert was raised."
	case Retry:
		return fmt.Sprintf("The rule could not be run: %s. The window is tried again at %s.", o.Failure.Message, o.RetryAt.UTC().Format(time.RFC3339))
	case Skipped:
		return fmt.Sprintf("%d windows of the rule, up to %s, were missed and are left out.", o.Windows, o.At.UTC().Format(time.RFC3339))
	}
	out := "The rule could not be run: " + o.Failure.Message + "."
	switch {
	case o.Disabled != "":
		out += " The rule is disabled: " + o.Disabled + "."
	case !o.Failure.Permanent && o.Attempt > 1:
		out += fmt.Sprintf(" %d attempts were made, and the window is left out.", o.Attempt)
	}
	return out
}

// healthProperties is the object in the column ExtendedProperties.
func healthProperties(o Outcome) types.JSON {
	r := o.Rule
	j := types.JSON{Kind: types.JSONObject}
	text := func(key, value string) { j.Set(key, types.JSON{Kind: types.JSONString, Str: value}) }
	long := func(key string, n int) { j.Set(key, types.JSON{Kind: types.JSONLong, Long: int64(n)}) }
	span := func(d time.Duration) string { return types.FormatTimespan(types.DurationTicks(d)) }

	entities, dropped := 0, 0
	issues := types.JSON{Kind: types.JSONArray}
	for _, a := range o.Result.Alerts {
		entities += len(a.Entities)
		for _, i := range a.Issues {
			if i.Kind == alert.EntityIssue || i.Kind == alert.EntityDropped {
				dropped += i.Count
			}
			issues.Items = addIssue(issues.Items, string(i.Kind), i.Msg)
		}
	}
	if o.Status == Failed || o.Status == Retry {
		issues.Items = addIssue(issues.Items, o.Failure.Code, o.Failure.Message)
	}

	text("AggregationKind", r.EventGrouping.String())
	long("AlertsGeneratedAmount", len(o.Result.Alerts))
	text("CorrelationId", o.RunID())
	long("EntitiesDroppedDueToMappingIssuesAmount", dropped)
	long("EntitiesGeneratedAmount", entities)
	j.Set("Issues", issues)
	text("QueryStartTimeUTC", types.FormatDatetime(types.TicksOf(o.Window.From)))
	text("QueryEndTimeUTC", types.FormatDatetime(types.TicksOf(o.Window.To)))
	trigger := "NrtRun"
	if r.Kind == rule.Scheduled {
		trigger = "Scheduled"
		text("QueryFrequency", span(r.QueryFrequency))
		text("QueryPeriod", span(r.QueryPeriod))
	}
	if o.Result.Indicators.Kind == types.JSONObject {
		j.Set("QueryPerformanceIndicators", o.Result.Indicators)
	} else {
		j.Set("QueryPerformanceIndicators", types.JSON{Kind: types.JSONObject})
	}
	long("QueryResultAmount", o.Result.Rows)
	text("RuleId", r.ID)
	text("SuppressionDuration", span(r.SuppressionDuration))
	j.Set("SuppressionEnabled", types.JSON{Kind: types.JSONBool, Bool: r.SuppressionEnabled})
	text("TriggerOperator", r.TriggerOperator.String())
	long("TriggerThreshold", r.TriggerThreshold)
	text("TriggerType", trigger)
	return j
}

// addIssue adds an issue to a list unless it is there.
func addIssue(list []types.JSON, code, description string) []types.JSON {
	item := types.JSON{Kind: types.JSONObject}
	item.Set("Code", types.JSON{Kind: types.JSONString, Str: code})
	item.Set("Description", types.JSON{Kind: types.JSONString, Str: description})
	for _, have := range list {
		if have.String() == item.String() {
			return list
		}
	}
	return append(list, item)
}
