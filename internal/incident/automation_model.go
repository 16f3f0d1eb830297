package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The limits of automation rules. https://learn.microsoft.com/azure/sentinel/sentinel-service-limits
const (
	MaxAutomationRules = 512
	MaxConditions      = 50 // of a rule, nested ones included
	MaxActions         = 20
	maxConditionDepth  = 8 // ours: Boolean in Boolean in …
)

// Automation is an automation rule: what sets it off, under which conditions, and what is then done. Its JSON is that of
// the REST API's properties, with further types of action.
// https://learn.microsoft.com/azure/sentinel/automation-rule-reference
type Automation struct {
	ID      string   `json:"-"`
	Name    string   `json:"displayName"`
	Order   int      `json:"order"` // rules run in this order, those of equal order by their id
	Trigger Trigger  `json:"triggeringLogic"`
	Actions []Action `json:"actions"`
}

// Trigger is what sets an automation rule off.
type Trigger struct {
	Enabled    bool        `json:"isEnabled"`
	Expires    *time.Time  `json:"expirationTimeUtc,omitempty"` // from then on the rule does not run
	On         string      `json:"triggersOn"`                  // Incidents, Alerts
	When       string      `json:"triggersWhen"`                // Created, Updated
	Conditions []Condition `json:"conditions"`                  // all must hold
}

// What a Trigger can be On, and When.
const (
	OnIncidents = "Incidents"
	OnAlerts    = "Alerts"
	WhenCreated = "Created"
	WhenUpdated = "Updated"
)

// Condition is a condition of one of five types; which members of Is count depends on the type.
type Condition struct {
	Type string `json:"conditionType"`
	Is   Test   `json:"conditionProperties"`
}

// The types of Condition.
const (
	PropertyCondition     = "Property"             // Property, Operator, Values
	ArrayCondition        = "PropertyArray"        // Array, ArrayCondition, Items
	ChangedCondition      = "PropertyChanged"      // Property, Change, Operator, Values
	ArrayChangedCondition = "PropertyArrayChanged" // Array, Change
	BooleanCondition      = "Boolean"              // Operator And, Or; Inner
)

// Test holds the members of all types of condition.
type Test struct {
	Property       string      `json:"propertyName,omitempty"`
	Operator       string      `json:"operator,omitempty"`
	Values         []string    `json:"propertyValues,omitempty"`
	Change         string      `json:"changeType,omitempty"`
	Array          string      `json:"arrayType,omitempty"`
	ArrayCondition string      `json:"arrayConditionType,omitempty"`
	Items          []Condition `json:"itemConditions,omitempty"`
	Inner          []Condition `json:"innerConditions,omitempty"`
}

// Action is one thing that an automation rule does.
type Action struct {
	Order  int    `json:"order"`
	Type   string `json:"actionType"`
	Config Config `json:"actionConfiguration"`
}

// The types of Action. The first two change the incident, and Automate does that itself; the others are for the caller.
const (
	ModifyProperties = "ModifyProperties" // Severity … Labels
	AddIncidentTask  = "AddIncidentTask"  // Title, Description
	RunPlaybook      = "RunPlaybook"      // PlaybookID, TenantID; what it means here is the caller's to say
	CallWebhook      = "CallWebhook"      // URL, Headers, Secret
	SendEmail        = "SendEmail"        // To, Subject, Body
	WriteFile        = "WriteFile"        // Path
)

// Config holds the members of all types of action.
type Config struct {
	Severity       Severity       `json:"severity,omitempty"`
	Status         Status         `json:"status,omitempty"`
	Classification Classification `json:"classification,omitempty"`
	Reason         Reason         `json:"classificationReason,omitempty"`
	ClosingComment string         `json:"classificationComment,omitempty"`
	Owner          *Owner         `json:"owner,omitempty"`
	Labels         []Label        `json:"labels,omitempty"` // added to those that are there

	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`

	PlaybookID string `json:"logicAppResourceId,omitempty"`
	TenantID   string `json:"tenantId,omitempty"`

	URL     string            `json:"url,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Secret  string            `json:"secretName,omitempty"` // the name of the secret that signs the call, never the secret
	To      []string          `json:"to,omitempty"`
	Subject string            `json:"subject,omitempty"`
	Body    string            `json:"body,omitempty"`
	Path    string            `json:"path,omitempty"`
}

// operators of a property condition, with their positive form where they negate one.
var operators = map[string]string{"Equals": "", "Contains": "", "StartsWith": "", "EndsWith": "",
	"NotEquals": "Equals", "NotContains": "Contains", "NotStartsWith": "StartsWith", "NotEndsWith": "EndsWith"}

// Check returns the first fault of an automation rule, as an ErrInvalid or ErrLimit that names the place of the fault.
func (a *Automation) Check() error {
	t := a.Trigger
	switch {
	case strings.TrimSpace(a.Name) == "":
		return invalid("displayName is missing")
	case a.Order < 1 || a.Order > 1000:
		return invalid("order %d: expected 1 to 1000", a.Order)
	case t.On != OnIncidents && t.On != OnAlerts:
		return invalid("triggeringLogic.triggersOn %q: expected Incidents or Alerts", t.On)
	case t.When != WhenCreated && t.When != WhenUpdated:
		return invalid("triggeringLogic.triggersWhen %q: expected Created or Updated", t.When)
	case t.On == OnAlerts && t.When != WhenCreated:
		return invalid("triggeringLogic.triggersWhen %q: rules on alerts run when they are Created", t.When)
	case len(a.Actions) == 0:
		return invalid("actions is empty")
	case len(a.Actions) > MaxActions:
		return limited("%d actions, the limit is %d", len(a.Actions), MaxActions)
	}
	count := 0
	for n := range t.Conditions {
		if err := a.checkCondition(fmt.Sprintf("triggeringLogic.conditions[%d]", n), t.Conditions[n], scope{}, 0, &count); err != nil {
			return err
		}
	}
	if count > MaxConditions {
		return limited("%d conditions, the limit is %d", count, MaxConditions)
	}
	for n, act := range a.Actions {
		if err := a.checkAction(act); err != nil {
			return fmt.Errorf("actions[%d]: %w", n, err)
		}
	}
	return nil
}

// scope is what arrays a condition stands in.
type scope struct{ detail, value bool }

func (a *Automation) checkCondition(at string, c Condition, in scope, depth int, count *int) error {
	*count++
	if depth > maxConditionDepth {
		return limited("%s: conditions nest deeper than %d", at, maxConditionDepth)
	}
	fault := func(format string, args ...any) error { return invalid("%s: %s", at, fmt.Sprintf(format, args...)) }
	enum := func(name, value string, of ...string) error {
		if slices.Contains(of, value) {
			return nil
		}
		return fault("%s %q: expected %s", name, value, strings.Join(of, ", "))
	}
	inner := func(name string, list []Condition, in scope) error {
		if len(list) == 0 {
			return fault("%s is empty", name)
		}
		for n := range list {
			if err := a.checkCondition(fmt.Sprintf("%s.%s[%d]", at, name, n), list[n], in, depth+1, count); err != nil {
				return err
			}
		}
		return nil
	}
	values := func() error {
		if _, ok := operators[c.Is.Operator]; !ok {
			return enum("operator", c.Is.Operator, sortedOperators()...)
		}
		if len(c.Is.Values) == 0 {
			return fault("propertyValues is empty")
		}
		return nil
	}
	updated := a.Trigger.On == OnIncidents && a.Trigger.When == WhenUpdated
	switch c.Type {
	case PropertyCondition:
		p, ok := propertyNamed(c.Is.Property)
		switch {
		case !ok:
			return fault("propertyName %q is not one of the properties that conditions can name", c.Is.Property)
		case a.Trigger.On == OnAlerts && !p.ofAlert:
			return fault("propertyName %s: rules on alerts know %s and %s only", p.name, "AlertAnalyticRuleIds", "AlertProductNames")
		case a.Trigger.On == OnIncidents && p.alertOnly:
			return fault("propertyName %s is known to rules on alerts only", p.name)
		case p.onlyUpdated && !updated:
			return fault("propertyName %s is known when incidents are Updated only", p.name)
		}
		return values()
	case ChangedCondition:
		if !updated {
			return fault("%s is for incidents that are Updated", c.Type)
		}
		if err := enum("propertyName", c.Is.Property, "IncidentSeverity", "IncidentStatus", "IncidentOwner"); err != nil {
			return err
		}
		if c.Is.Change == "" && c.Is.Operator == "" && len(c.Is.Values) == 0 {
			return nil // any change
		}
		if err := enum("changeType", c.Is.Change, "ChangedFrom", "ChangedTo"); err != nil {
			return err
		}
		return values()
	case ArrayChangedCondition:
		if !updated {
			return fault("%s is for incidents that are Updated", c.Type)
		}
		if err := enum("arrayType", c.Is.Array, "Alerts", "Labels", "Tactics", "Comments"); err != nil {
			return err
		}
		return enum("changeType", c.Is.Change, "Added")
	case ArrayCondition:
		if a.Trigger.On == OnAlerts {
			return fault("%s is for incidents", c.Type)
		}
		if err := enum("arrayConditionType", c.Is.ArrayCondition, "AnyItem"); err != nil {
			return err
		}
		switch {
		case c.Is.Array == "CustomDetails" && !in.detail:
			return inner("itemConditions", c.Is.Items, scope{detail: true})
		case c.Is.Array == "CustomDetailValues" && !in.value:
			return inner("itemConditions", c.Is.Items, scope{detail: true, value: true})
		}
		return fault("arrayType %q: expected CustomDetails, or inside it CustomDetailValues", c.Is.Array)
	case BooleanCondition:
		if err := enum("operator", c.Is.Operator, "And", "Or"); err != nil {
			return err
		}
		return inner("innerConditions", c.Is.Inner, in)
	}
	return enum("conditionType", c.Type, PropertyCondition, ArrayCondition, ChangedCondition, ArrayChangedCondition, BooleanCondition)
}

func sortedOperators() []string {
	var out []string
	for name := range operators {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func (a *Automation) checkAction(act Action) error {
	c := act.Config
	need := func(name, value string) error {
		if strings.TrimSpace(value) == "" {
			return invalid("%s needs %s", act.Type, name)
		}
		return nil
	}
	if a.Trigger.On == OnAlerts && (act.Type == ModifyProperties || act.Type == AddIncidentTask) {
		return invalid("%s changes an incident, and the rule runs on alerts", act.Type)
	}
	switch act.Type {
	case ModifyProperties:
		return c.checkModify()
	case AddIncidentTask:
		if err := tooLong("task's title", c.Title, MaxTaskTitle); err != nil {
			return err
		}
		if err := tooLong("task's description", c.Description, MaxTaskDescription); err != nil {
			return err
		}
		return need("title", c.Title)
	case RunPlaybook:
		return need("logicAppResourceId", c.PlaybookID)
	case CallWebhook:
		return need("url", c.URL)
	case SendEmail:
		if len(c.To) == 0 {
			return invalid("%s needs to", act.Type)
		}
		return need("subject", c.Subject)
	case WriteFile:
		return need("path", c.Path)
	}
	return invalid("actionType %q: expected %s", act.Type,
		strings.Join([]string{ModifyProperties, AddIncidentTask, RunPlaybook, CallWebhook, SendEmail, WriteFile}, ", "))
}

// checkModify tries the change on an incident, so that what can never succeed is refused when the rule is written. The
// state a classification depends on may be another by then; there the closed one is tried.
func (c Config) checkModify() error {
	change := c.change()
	if change.empty() {
		return invalid("%s changes nothing", ModifyProperties)
	}
	i := blank("x", 1, "")
	i.Title, i.Severity = "x", Low
	if c.Status == "" && (c.Classification != "" || c.Reason != "" || c.ClosingComment != "") {
		return invalid("%s: a classification goes with the status Closed", ModifyProperties)
	}
	_, err := Apply(i, change, Actor{}, time.Time{})
	return err
}

// change returns what a ModifyProperties action wants.
func (c Config) change() Change {
	var out Change
	if c.Severity != "" {
		out.Severity = &c.Severity
	}
	if c.Status != "" {
		out.Status = &c.Status
	}
	if c.Classification != "" {
		out.Classification = &c.Classification
	}
	if c.Reason != "" {
		out.Reason = &c.Reason
	}
	if c.ClosingComment != "" {
		out.ClosingComment = &c.ClosingComment
	}
	out.Owner = c.Owner
	for _, l := range c.Labels {
		out.AddLabels = append(out.AddLabels, l.Name)
	}
	return out
}

func (c Change) empty() bool {
	return c.Severity == nil && c.Status == nil && c.Classification == nil && c.Reason == nil && c.ClosingComment == nil &&
		c.Owner == nil && len(c.AddLabels) == 0
}
