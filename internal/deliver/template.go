package deliver

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/incident"
)

// Placeholder is a name that subject and body of a mail can have in double braces, {{IncidentTitle}}.
type Placeholder struct {
	Name string
	Doc  string
	On   string // incident.OnIncidents, incident.OnAlerts; "" for rules on either
	of   func(m *Message) string
}

// customDetail begins the placeholder of a custom detail: {{CustomDetails.App}}.
const customDetail = "CustomDetails."

// maxValue is how many bytes a placeholder stands for at most.
const maxValue = 16 * 1024

var placeholders = []Placeholder{
	{"RuleName", "the automation rule", "", func(m *Message) string { return m.RuleName }},
	{"RuleId", "its id", "", func(m *Message) string { return m.RuleID }},
	{"Event", "what set the rule off: Created or Updated", "", func(m *Message) string { return m.Event }},
	{"EventTime", "when that was", "", func(m *Message) string { return stamp(m.At) }},
	{"WorkspaceName", "the workspace", "", func(m *Message) string { return m.Workspace.Name }},
	{"WorkspaceId", "its id", "", func(m *Message) string { return m.Workspace.ID }},
	{"Entities", "what the incident or alert is about, as JSON", "", func(m *Message) string { return string(m.evidence().Entities) }},

	ofIncident("IncidentId", "the incident's id, a GUID", func(i *Incident) string { return i.Name }),
	ofIncident("IncidentNumber", "its number", func(i *Incident) string { return strconv.Itoa(i.Properties.Number) }),
	ofIncident("IncidentTitle", "its title", func(i *Incident) string { return i.Properties.Title }),
	ofIncident("IncidentDescription", "its description", func(i *Incident) string { return i.Properties.Description }),
	ofIncident("IncidentSeverity", "its severity", func(i *Incident) string { return i.Properties.Severity }),
	ofIncident("IncidentStatus", "its status", func(i *Incident) string { return i.Properties.Status }),
	ofIncident("IncidentClassification", "what it turned out to be", func(i *Incident) string { return i.Properties.Classification }),
	ofIncident("IncidentClassificationReason", "why", func(i *Incident) string { return i.Properties.Reason }),
	ofIncident("IncidentClassificationComment", "the comment it was closed with", func(i *Incident) string { return i.Properties.ClosingComment }),
	ofIncident("IncidentOwner", "who works on it", func(i *Incident) string { return i.Properties.Owner.String() }),
	ofIncident("IncidentLabels", "its tags", func(i *Incident) string {
		var names []string
		for _, l := range i.Properties.Labels {
			names = append(names, l.Name)
		}
		return commas(names)
	}),
	ofIncident("IncidentTactics", "the tactics of its alerts", func(i *Incident) string { return commas(i.Properties.Additional.Tactics) }),
	ofIncident("IncidentTechniques", "the techniques of its alerts", func(i *Incident) string { return commas(i.Properties.Additional.Techniques) }),
	ofIncident("IncidentProviderName", "who raised it", func(i *Incident) string { return i.Properties.Provider }),
	ofIncident("IncidentProductNames", "the products of its alerts", func(i *Incident) string { return commas(i.Properties.Additional.Products) }),
	ofIncident("IncidentAlertCount", "how many alerts it has", func(i *Incident) string { return strconv.Itoa(i.Properties.Additional.Alerts) }),
	ofIncident("IncidentAlertNames", "the names of its alerts, each once", func(i *Incident) string {
		var names []string
		for _, a := range i.Properties.Alerts {
			if !slices.Contains(names, a.Properties.Name) {
				names = append(names, a.Properties.Name)
			}
		}
		return commas(names)
	}),
	ofIncident("IncidentUrl", "the page that shows it", func(i *Incident) string { return i.Properties.URL }),
	ofIncident("IncidentCreatedTime", "when it was opened", func(i *Incident) string { return i.Properties.Created }),
	ofIncident("IncidentLastModifiedTime", "when it was last changed", func(i *Incident) string { return i.Properties.LastModified }),
	ofIncident("IncidentFirstActivityTime", "its first event", func(i *Incident) string { return i.Properties.FirstActivity }),
	ofIncident("IncidentLastActivityTime", "its last event", func(i *Incident) string { return i.Properties.LastActivity }),

	ofAlert("AlertId", "the alert's id, a GUID", func(a *AlertProperties) string { return a.ID }),
	ofAlert("AlertTitle", "its name", func(a *AlertProperties) string { return a.Name }),
	ofAlert("AlertDescription", "its description", func(a *AlertProperties) string { return a.Description }),
	ofAlert("AlertSeverity", "its severity", func(a *AlertProperties) string { return a.Severity }),
	ofAlert("AlertTactics", "its tactics", func(a *AlertProperties) string { return commas(a.Tactics) }),
	ofAlert("AlertTechniques", "its techniques", func(a *AlertProperties) string { return commas(a.Techniques) }),
	ofAlert("AlertProductName", "its product", func(a *AlertProperties) string { return a.Product }),
	ofAlert("AlertAnalyticRuleId", "the rule that raised it", func(a *AlertProperties) string { return a.RuleID }),
	ofAlert("AlertAnalyticRuleName", "that rule's name", func(a *AlertProperties) string { return a.RuleName }),
	ofAlert("AlertLink", "the page that shows it", func(a *AlertProperties) string { return a.Link }),
	ofAlert("AlertTime", "when it was raised", func(a *AlertProperties) string { return a.Generated }),
	ofAlert("AlertStartTime", "its first event", func(a *AlertProperties) string { return a.Start }),
	ofAlert("AlertEndTime", "its last event", func(a *AlertProperties) string { return a.End }),
}

func ofIncident(name, doc string, f func(*Incident) string) Placeholder {
	return Placeholder{name, doc, incident.OnIncidents, func(m *Message) string { return f(m.Incident) }}
}

func ofAlert(name, doc string, f func(*AlertProperties) string) Placeholder {
	return Placeholder{name, doc, incident.OnAlerts, func(m *Message) string { return f(&m.Alert.Properties) }}
}

func commas(list []string) string { return strings.Join(list, ", ") }

// Placeholders lists the placeholders. Besides them there is {{CustomDetails.Key}}, the values of a custom detail.
func Placeholders() []Placeholder { return slices.Clone(placeholders) }

// Unknown returns the placeholders of a text that rules of this kind (incident.OnIncidents, incident.OnAlerts) do not have,
// each once: the place to say so is where the rule is written. Custom details are known to be there when the rule runs only.
func Unknown(text, on string) []string {
	_, unknown := expand(text, func(name string) (string, bool) {
		p, ok := placeholderNamed(name)
		return "", ok && (p.On == "" || p.On == on) || strings.HasPrefix(name, customDetail)
	})
	return unknown
}

func placeholderNamed(name string) (Placeholder, bool) {
	n := slices.IndexFunc(placeholders, func(p Placeholder) bool { return p.Name == name })
	if n < 0 {
		return Placeholder{}, false
	}
	return placeholders[n], true
}

func (m *Message) on() string {
	if m.Alert != nil {
		return incident.OnAlerts
	}
	return incident.OnIncidents
}

func (m *Message) evidence() Evidence {
	switch {
	case m.Incident != nil:
		return m.Incident.Properties.Evidence
	case m.Alert.Properties.Evidence != nil:
		return *m.Alert.Properties.Evidence
	}
	return Evidence{}
}

// value returns what a placeholder stands for in this message.
func (m *Message) value(name string) (string, bool) {
	if key, ok := strings.CutPrefix(name, customDetail); ok {
		values, ok := m.evidence().CustomDetails[key]
		return commas(values), ok
	}
	p, ok := placeholderNamed(name)
	if !ok || p.On != "" && p.On != m.on() {
		return "", false
	}
	return p.of(m), true
}

var inBraces = regexp.MustCompile(`\{\{[ \t]*([^{}]*?)[ \t]*\}\}`)

// expand puts values in the place of a text's placeholders, once: what values hold is not looked at, since it comes
// from events and the rule's author did not write it. Unknown ones stay and are returned, each once.
func expand(text string, value func(name string) (string, bool)) (out string, unknown []string) {
	out = inBraces.ReplaceAllStringFunc(text, func(found string) string {
		name := inBraces.FindStringSubmatch(found)[1]
		v, ok := value(name)
		if !ok {
			if !slices.Contains(unknown, name) {
				unknown = append(unknown, name)
			}
			return found
		}
		return cut(v, maxValue)
	})
	return out, unknown
}

// cut shortens a text to about n bytes, and shows that it did.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
