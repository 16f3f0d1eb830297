package deliver

import (
	"encoding/json"
	"fmt"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/incident"
)

// Incident is an incident in the form of the REST API, with its alerts and entities.
// https://learn.microsoft.com/rest/api/securityinsights/incidents/get
type Incident struct {
	ID         string             `json:"id"`
	Name       string             `json:"name"`
	Type       string             `json:"type"`
	Properties IncidentProperties `json:"properties"`
}

// IncidentProperties are the properties of an incident. Comments are counted only.
type IncidentProperties struct {
	Title          string           `json:"title"`
	Description    string           `json:"description,omitempty"`
	Severity       string           `json:"severity"`
	Status         string           `json:"status"`
	Classification string           `json:"classification,omitempty"`
	Reason         string           `json:"classificationReason,omitempty"`
	ClosingComment string           `json:"classificationComment,omitempty"`
	Owner          incident.Owner   `json:"owner"`
	Labels         []incident.Label `json:"labels"`
	FirstActivity  string           `json:"firstActivityTimeUtc,omitempty"`
	LastActivity   string           `json:"lastActivityTimeUtc,omitempty"`
	Created        string           `json:"createdTimeUtc,omitempty"`
	LastModified   string           `json:"lastModifiedTimeUtc,omitempty"`
	Number         int              `json:"incidentNumber"`
	URL            string           `json:"incidentUrl,omitempty"`
	Provider       string           `json:"providerName,omitempty"`
	ProviderID     string           `json:"providerIncidentId,omitempty"`
	RuleIDs        []string         `json:"relatedAnalyticRuleIds"`
	Additional     IncidentCounts   `json:"additionalData"`
	Alerts         []Alert          `json:"alerts"` // without their entities and custom details
	Evidence
}

// IncidentCounts are what the API calls the additional data of an incident.
type IncidentCounts struct {
	Alerts     int      `json:"alertsCount"`
	Bookmarks  int      `json:"bookmarksCount"`
	Comments   int      `json:"commentsCount"`
	Products   []string `json:"alertProductNames"`
	Tactics    []string `json:"tactics"`
	Techniques []string `json:"techniques"`
}

// Evidence is what alerts found.
type Evidence struct {
	// Entities are as in the Entities column of SecurityAlert, no more than alert.MaxEntitiesBytes of them; Omitted says how
	// many did not fit.
	Entities json.RawMessage `json:"entities,omitempty"`
	Omitted  int             `json:"entitiesOmitted,omitempty"`
	// CustomDetails has a list of values for each key.
	CustomDetails map[string][]string `json:"customDetails,omitempty"`
}

// Alert is an alert in the form that the REST API gives a related alert of an incident.
// https://learn.microsoft.com/rest/api/securityinsights/incidents/list-alerts
type Alert struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	Kind       string          `json:"kind"`
	Properties AlertProperties `json:"properties"`
}

// AlertProperties are the properties of an alert.
type AlertProperties struct {
	ID            string   `json:"systemAlertId"`
	Name          string   `json:"alertDisplayName"`
	Description   string   `json:"description,omitempty"`
	Severity      string   `json:"severity"`
	Status        string   `json:"status,omitempty"`
	Tactics       []string `json:"tactics"`
	Techniques    []string `json:"techniques,omitempty"`
	SubTechniques []string `json:"subTechniques,omitempty"`
	Generated     string   `json:"timeGenerated"`
	Start         string   `json:"startTimeUtc"`
	End           string   `json:"endTimeUtc"`
	Product       string   `json:"productName"`
	Component     string   `json:"productComponentName,omitempty"`
	Vendor        string   `json:"vendorName,omitempty"`
	ProviderID    string   `json:"providerAlertId,omitempty"`
	Link          string   `json:"alertLink,omitempty"`
	Confidence    string   `json:"confidenceLevel,omitempty"`
	Score         *float64 `json:"confidenceScore,omitempty"`
	Remediation   []string `json:"remediationSteps,omitempty"`
	RuleID        string   `json:"analyticRuleId,omitempty"` // not the API's, which hides it in further data
	RuleName      string   `json:"analyticRuleName,omitempty"`
	*Evidence              // nil for the alerts of an incident
}

// resource returns the id of one of the workspace's resources, as the API writes it.
func resource(ws alert.Workspace, kind, name string) string {
	return fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.OperationalInsights/workspaces/%s/providers/Microsoft.SecurityInsights/%s/%s",
		ws.Subscription, ws.ResourceGroup, ws.Name, kind, name)
}

func evidenceOf(list []*entity.Entity, details []alert.Detail) Evidence {
	text, kept := entity.RenderWithin(list, alert.MaxEntitiesBytes)
	e := Evidence{Omitted: len(list) - kept}
	if kept > 0 {
		e.Entities = json.RawMessage(text)
	}
	for _, d := range details {
		if e.CustomDetails == nil {
			e.CustomDetails = map[string][]string{}
		}
		e.CustomDetails[d.Key] = append(e.CustomDetails[d.Key], d.Values...)
	}
	return e
}

// some makes a list that JSON writes as [] where it is empty, as the API does.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func incidentOf(i *incident.Incident, ws alert.Workspace) Incident {
	p := IncidentProperties{
		Title: i.Title, Description: i.Description, Severity: string(i.Severity), Status: string(i.Status), Classification: string(i.Classification),
		Reason: string(i.Reason), ClosingComment: i.ClosingComment, Owner: i.Owner, Labels: some(i.Labels),
		FirstActivity: stamp(i.FirstActivity), LastActivity: stamp(i.LastActivity), Created: stamp(i.Created), LastModified: stamp(i.LastModified),
		Number: i.Number, URL: i.URL, Provider: i.ProviderName, ProviderID: i.ProviderIncidentID, RuleIDs: []string{}, Alerts: []Alert{},
		Additional: IncidentCounts{len(i.Alerts), len(i.Bookmarks), i.CommentCount, some(i.Products()), some(i.Tactics()), some(i.Techniques())},
		Evidence:   evidenceOf(i.Entities(), i.CustomDetails()),
	}
	for _, id := range i.RuleIDs() {
		p.RuleIDs = append(p.RuleIDs, resource(ws, "alertRules", id))
	}
	for _, a := range i.Alerts {
		p.Alerts = append(p.Alerts, alertObject(ws, AlertProperties{
			ID: a.ID, Name: a.Name, Severity: string(a.Severity), Tactics: some(a.Tactics), Techniques: a.Techniques, SubTechniques: a.SubTechniques,
			Generated: stamp(a.Generated), Start: stamp(a.Start), End: stamp(a.End), Product: a.Product, RuleID: a.RuleID,
		}))
	}
	return Incident{ID: resource(ws, "Incidents", i.ID), Name: i.ID, Type: "Microsoft.SecurityInsights/Incidents", Properties: p}
}

func alertObject(ws alert.Workspace, p AlertProperties) Alert {
	return Alert{ID: resource(ws, "Entities", p.ID), Name: p.ID, Type: "Microsoft.SecurityInsights/Entities", Kind: "SecurityAlert", Properties: p}
}

func alertOf(a alert.Alert, ws alert.Workspace) Alert {
	row := alert.Row(a, ws) // which knows what stands where a rule says nothing
	text := func(column string) string { return row[column].Text() }
	return alertObject(ws, AlertProperties{
		ID: a.ID, Name: a.Name, Description: a.Description, Severity: text("AlertSeverity"), Status: text("Status"),
		Tactics: some(a.Tactics), Techniques: a.Techniques, SubTechniques: a.SubTechniques,
		Generated: stamp(a.TimeGenerated), Start: stamp(a.StartTime), End: stamp(a.EndTime),
		Product: text("ProductName"), Component: text("ProductComponentName"), Vendor: text("VendorName"), ProviderID: text("VendorOriginalId"),
		Link: text("AlertLink"), Confidence: text("ConfidenceLevel"), Score: a.Properties.ConfidenceScore, Remediation: a.Properties.RemediationSteps,
		RuleID: a.RuleID, RuleName: a.RuleName, Evidence: new(evidenceOf(a.Entities, a.CustomDetails)),
	})
}
