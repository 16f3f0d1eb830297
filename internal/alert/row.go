package alert

import (
	"strconv"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/types"
)

// Workspace is what an alert says of the place it was raised in.
type Workspace struct {
	ID            string // GUID
	Name          string
	Subscription  string
	ResourceGroup string
}

// Schema returns the columns of the SecurityAlert table. Entities and ExtendedProperties are strings that hold
// JSON, not dynamic: content reads them with parse_json.
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/securityalert
func Schema() types.Schema {
	return types.Schema{
		{Name: "TenantId", Type: types.String}, {Name: "TimeGenerated", Type: types.Datetime}, {Name: "DisplayName", Type: types.String},
		{Name: "AlertName", Type: types.String}, {Name: "AlertSeverity", Type: types.String}, {Name: "Description", Type: types.String},
		{Name: "ProviderName", Type: types.String}, {Name: "VendorName", Type: types.String}, {Name: "VendorOriginalId", Type: types.String},
		{Name: "SystemAlertId", Type: types.String}, {Name: "ResourceId", Type: types.String}, {Name: "SourceComputerId", Type: types.String},
		{Name: "AlertType", Type: types.String}, {Name: "ConfidenceLevel", Type: types.String}, {Name: "ConfidenceScore", Type: types.Real},
		{Name: "IsIncident", Type: types.Bool}, {Name: "StartTime", Type: types.Datetime}, {Name: "EndTime", Type: types.Datetime},
		{Name: "ProcessingEndTime", Type: types.Datetime}, {Name: "RemediationSteps", Type: types.String},
		{Name: "ExtendedProperties", Type: types.String}, {Name: "Entities", Type: types.String}, {Name: "SourceSystem", Type: types.String},
		{Name: "WorkspaceSubscriptionId", Type: types.String}, {Name: "WorkspaceResourceGroup", Type: types.String},
		{Name: "ExtendedLinks", Type: types.String}, {Name: "ProductName", Type: types.String},
		{Name: "ProductComponentName", Type: types.String}, {Name: "AlertLink", Type: types.String}, {Name: "Status", Type: types.String},
		{Name: "CompromisedEntity", Type: types.String}, {Name: "Tactics", Type: types.String}, {Name: "Techniques", Type: types.String},
		{Name: "SubTechniques", Type: types.String}, {Name: "Type", Type: types.String},
	}
}

// Row returns the row of SecurityAlert that is written when a is raised: a value for each column of Schema.
// https://learn.microsoft.com/azure/sentinel/security-alert-schema
func Row(a Alert, ws Workspace) map[string]types.Value {
	text := func(s string) types.Value { return types.StringOf(s) }
	at := func(t time.Time) types.Value { return types.DatetimeOf(types.TicksOf(t)) }
	or := func(s, instead string) types.Value {
		if s == "" {
			s = instead
		}
		return types.StringOf(s)
	}
	component := "Scheduled Alerts"
	if a.Kind == rule.NRT {
		component = "NRT Alerts"
	}
	score := types.Null(types.Real)
	if a.Properties.ConfidenceScore != nil {
		score = types.RealOf(*a.Properties.ConfidenceScore)
	}
	p := a.Properties
	return map[string]types.Value{
		"TenantId": text(ws.ID), "TimeGenerated": at(a.TimeGenerated), "DisplayName": text(a.Name), "AlertName": text(a.Name),
		"AlertSeverity": text(a.Severity.String()), "Description": text(a.Description),
		"ProviderName": or(p.ProviderName, "ASI Scheduled Alerts"), "VendorName": text("Microsoft"),
		"VendorOriginalId": text(a.VendorID), "SystemAlertId": text(a.ID), "ResourceId": text(""), "SourceComputerId": text(""),
		"AlertType": text(ws.ID + "_" + a.RuleID), "ConfidenceLevel": text(p.ConfidenceLevel), "ConfidenceScore": score,
		"IsIncident": types.BoolOf(false), "StartTime": at(a.StartTime), "EndTime": at(a.EndTime),
		"ProcessingEndTime": at(a.TimeGenerated), "RemediationSteps": text(jsonList(p.RemediationSteps)),
		"ExtendedProperties": text(a.ExtendedProperties(ws)), "Entities": text(entity.Render(a.Entities)), "SourceSystem": text("Detection"),
		"WorkspaceSubscriptionId": text(ws.Subscription), "WorkspaceResourceGroup": text(ws.ResourceGroup),
		"ExtendedLinks": text(p.ExtendedLinks), "ProductName": or(p.ProductName, "Azure Sentinel"),
		"ProductComponentName": or(p.ProductComponentName, component), "AlertLink": text(p.AlertLink), "Status": text("New"),
		"CompromisedEntity": text(""), "Tactics": or(strings.Join(a.Tactics, ","), "Unknown"), "Techniques": text(jsonList(a.Techniques)),
		"SubTechniques": text(jsonList(a.SubTechniques)), "Type": text("SecurityAlert"),
	}
}

// jsonList returns a JSON array as text, "" for none.
func jsonList(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return jsonArray(values).String()
}

func jsonArray(values []string) types.JSON {
	j := types.JSON{Kind: types.JSONArray}
	for _, s := range values {
		j.Items = append(j.Items, jsonString(s))
	}
	return j
}

func jsonString(s string) types.JSON { return types.JSON{Kind: types.JSONString, Str: s} }

// secondsLayout is how the extended properties write a time.
const secondsLayout = "2006-01-02 15:04:05Z"

// ExtendedProperties returns the JSON object of the column of that name. All its values are strings, numbers and
// lists too. For NRT alerts the keys are undocumented; they have the same but for the period, which such a rule
// does not have.
func (a Alert) ExtendedProperties(ws Workspace) string {
	j := types.JSON{Kind: types.JSONObject}
	set := func(key, value string) { j.Set(key, jsonString(value)) }
	if a.Kind == rule.Scheduled {
		set("Query Period", types.FormatTimespan(types.DurationTicks(a.QueryPeriod)))
	}
	set("Trigger Operator", a.Trigger.String())
	set("Trigger Threshold", strconv.Itoa(a.Threshold))
	set("Correlation Id", a.CorrelationID)
	set("Search Query Results Overall Count", strconv.Itoa(a.ResultCount))
	set("Data Sources", jsonArray([]string{ws.Name}).String())
	set("Query", a.Query)
	if a.OriginalQuery != "" {
		set("OriginalQuery", a.OriginalQuery)
	}
	set("Query Start Time UTC", a.Window.From.UTC().Format(secondsLayout))
	set("Query End Time UTC", ceilSecond(a.Window.To).UTC().Format(secondsLayout))
	set("Analytic Rule Ids", jsonArray([]string{a.RuleID}).String())
	set("Analytic Rule Name", a.RuleName)
	grouping := "SingleAlert"
	if a.Grouping == rule.AlertPerResult {
		grouping = "AlertPerEvent" // this column's word for it
	}
	set("Event Grouping", grouping)
	set("ProcessedBySentinel", "True")
	set("Alert generation status", a.generationStatus())
	if len(a.CustomDetails) > 0 {
		details := types.JSON{Kind: types.JSONObject}
		for _, d := range a.CustomDetails {
			details.Set(d.Key, jsonArray(d.Values))
		}
		set("Custom Details", details.String())
	}
	return j.String()
}

// ceilSecond rounds up to a whole second, as the service shows the end of a window.
func ceilSecond(t time.Time) time.Time {
	if s := t.Truncate(time.Second); s.Before(t) {
		return s.Add(time.Second)
	}
	return t
}

// generationStatus says whether something that the rule asks for was left out.
func (a Alert) generationStatus() string {
	var left []string
	for _, i := range a.Issues {
		switch i.Kind {
		case EntityDropped:
			left = appendOnce(left, "entities")
		case DetailDropped:
			left = appendOnce(left, "custom details")
		case RowCut:
			left = appendOnce(left, "event columns")
		}
	}
	if len(left) == 0 {
		return "Full alert created"
	}
	return "Alert created without some " + strings.Join(left, " and ")
}
