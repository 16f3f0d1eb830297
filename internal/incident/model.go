package incident

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/rule"
)

// The limits of the service. Those of title, closing comment, labels, names and a task's texts are ours, since the
// service's are undocumented.
// https://learn.microsoft.com/azure/sentinel/sentinel-service-limits
const (
	MaxTitle           = 1000
	MaxDescription     = 5000
	MaxComments        = 100
	MaxComment         = 30000
	MaxClosingComment  = 5000
	MaxTasks           = 40
	MaxTaskTitle       = 150
	MaxTaskDescription = 3000
	MaxAlerts          = 150
	MaxBookmarks       = 20
	MaxLabels          = 100
	MaxLabel           = 200
	MaxName            = 500       // of each way to name an owner, and of an id that comes from outside
	MaxRowBytes        = 64 * 1024 // of a row of SecurityIncident
)

// What a change may be refused for, to be told apart with errors.Is.
var (
	ErrInvalid   = errors.New("invalid")
	ErrLimit     = errors.New("over a limit")
	ErrNotFound  = errors.New("not in the incident")
	ErrRelated   = errors.New("already related to the incident")
	ErrForbidden = errors.New("not allowed")
	ErrPartial   = errors.New("the incident was listed without its comments and entities; load it whole to change it")
)

// Severity is how bad an incident is.
type Severity string

// The severities.
const (
	Informational Severity = "Informational"
	Low           Severity = "Low"
	Medium        Severity = "Medium"
	High          Severity = "High"
)

// Severities lists the severities in rising order.
func Severities() []Severity { return []Severity{Informational, Low, Medium, High} }

// Rank orders the severities: 1 for Informational to 4 for High, 0 for none of them.
func (s Severity) Rank() int { return slices.Index(Severities(), s) + 1 }

// SeverityOf returns the severity of an incident whose alert has severity s.
func SeverityOf(s rule.Severity) Severity {
	switch s {
	case rule.Low:
		return Low
	case rule.Medium:
		return Medium
	case rule.High:
		return High
	}
	return Informational
}

// Status is how far the work on an incident is.
type Status string

// The states of an incident. Every state can follow every other; closing demands a Classification, and what is not
// closed has none.
const (
	New    Status = "New"
	Active Status = "Active"
	Closed Status = "Closed"
)

// Statuses lists the states.
func Statuses() []Status { return []Status{New, Active, Closed} }

// Classification is what a closed incident turned out to be.
type Classification string

// The classifications.
const (
	Undetermined   Classification = "Undetermined"
	TruePositive   Classification = "TruePositive"
	BenignPositive Classification = "BenignPositive"
	FalsePositive  Classification = "FalsePositive"
)

// Reason says more about a Classification.
type Reason string

// The reasons.
const (
	SuspiciousActivity    Reason = "SuspiciousActivity"
	SuspiciousButExpected Reason = "SuspiciousButExpected"
	IncorrectAlertLogic   Reason = "IncorrectAlertLogic"
	InaccurateData        Reason = "InaccurateData"
)

// reasons says which reasons a classification can have.
var reasons = []struct {
	of    Classification
	words []Reason
}{
	{Undetermined, nil},
	{TruePositive, []Reason{SuspiciousActivity}},
	{BenignPositive, []Reason{SuspiciousButExpected}},
	{FalsePositive, []Reason{IncorrectAlertLogic, InaccurateData}},
}

// ReasonsOf lists the reasons that c can have, and whether c is a classification.
func ReasonsOf(c Classification) ([]Reason, bool) {
	for _, r := range reasons {
		if r.of == c {
			return r.words, true
		}
	}
	return nil, false
}

// Owner is who works on an incident. The zero Owner is nobody.
type Owner struct {
	ObjectID          string `json:"objectId,omitempty"`
	Email             string `json:"email,omitempty"`
	AssignedTo        string `json:"assignedTo,omitempty"`
	UserPrincipalName string `json:"userPrincipalName,omitempty"`
	Type              string `json:"ownerType,omitempty"` // User, Group or Unknown
}

// String returns the name by which an owner is best known.
func (o Owner) String() string {
	for _, s := range []string{o.UserPrincipalName, o.AssignedTo, o.Email, o.ObjectID} {
		if s != "" {
			return s
		}
	}
	return ""
}

// Label is a tag on an incident.
type Label struct {
	Name string `json:"labelName"`
	Type string `json:"labelType"` // User, or AutoAssigned, which cannot be written from outside
}

// Comment is what someone wrote about an incident.
type Comment struct {
	ID       string    `json:"id"`
	Message  string    `json:"message"`
	Author   Actor     `json:"author"`
	Created  time.Time `json:"created"`
	Modified time.Time `json:"modified"`
}

// TaskStatus is whether a task is done.
type TaskStatus string

// The states of a task.
const (
	TaskNew       TaskStatus = "New"
	TaskCompleted TaskStatus = "Completed"
)

// Task is a step to be taken for an incident.
type Task struct {
	ID          string     `json:"id"`
	Title       string     `json:"title"`
	Description string     `json:"description,omitempty"`
	Status      TaskStatus `json:"status"`
	CreatedBy   Actor      `json:"createdBy"`
	ModifiedBy  Actor      `json:"modifiedBy"`
	Created     time.Time  `json:"created"`
	Modified    time.Time  `json:"modified"`
}

// Related is an alert that belongs to an incident, as far as the incident needs to know it.
type Related struct {
	ID            string    `json:"id"` // SystemAlertId
	RuleID        string    `json:"ruleId,omitempty"`
	Name          string    `json:"name"`
	Severity      Severity  `json:"severity"`
	Product       string    `json:"product,omitempty"`
	Generated     time.Time `json:"generated"`
	Start         time.Time `json:"start"`
	End           time.Time `json:"end"`
	Tactics       []string  `json:"tactics,omitempty"`
	Techniques    []string  `json:"techniques,omitempty"`
	SubTechniques []string  `json:"subTechniques,omitempty"`

	// The evidence is kept apart from the rest, because it is large; see Incident.Partial.
	Entities      []*entity.Entity `json:"-"`
	CustomDetails []alert.Detail   `json:"-"`
}

// RelatedOf returns what an incident keeps of a.
func RelatedOf(a alert.Alert) Related {
	product := a.Properties.ProductName
	if product == "" {
		product = "Azure Sentinel"
	}
	return Related{
		ID: a.ID, RuleID: a.RuleID, Name: a.Name, Severity: SeverityOf(a.Severity), Product: product,
		Generated: a.TimeGenerated, Start: a.StartTime, End: a.EndTime,
		Tactics: a.Tactics, Techniques: a.Techniques, SubTechniques: a.SubTechniques,
		Entities: a.Entities, CustomDetails: a.CustomDetails,
	}
}

// Group is what the alerts of an incident that a rule opened have in common; further alerts join by it.
type Group struct {
	RuleID string    `json:"ruleId"`
	Key    string    `json:"key"`
	Since  time.Time `json:"since"` // when the first alert was generated; the lookback counts from here
}

// Incident is a case to be looked into. Functions of this package that change one return a changed copy.
type Incident struct {
	ID             string         `json:"id"` // IncidentName, a GUID
	Number         int            `json:"number"`
	Title          string         `json:"title"`
	Description    string         `json:"description,omitempty"`
	Severity       Severity       `json:"severity"`
	SeverityPinned bool           `json:"severityPinned,omitempty"` // someone set it; alerts no longer raise it
	Status         Status         `json:"status"`
	Classification Classification `json:"classification,omitempty"`
	Reason         Reason         `json:"classificationReason,omitempty"`
	ClosingComment string         `json:"classificationComment,omitempty"`
	Owner          Owner          `json:"owner"`
	Labels         []Label        `json:"labels,omitempty"`
	Tasks          []Task         `json:"tasks,omitempty"`
	Bookmarks      []string       `json:"bookmarks,omitempty"`
	Alerts         []Related      `json:"alerts,omitempty"` // in the order they joined
	Group          *Group         `json:"group,omitempty"`  // nil where no alert can join by itself

	ProviderName       string `json:"providerName"`
	ProviderIncidentID string `json:"providerIncidentId"`
	URL                string `json:"url,omitempty"`

	FirstActivity time.Time `json:"firstActivity"` // of the alerts' events, unless someone said otherwise
	LastActivity  time.Time `json:"lastActivity"`
	Created       time.Time `json:"created"`
	FirstModified time.Time `json:"firstModified"` // of the first change after the creation; zero before it
	LastModified  time.Time `json:"lastModified"`
	ClosedTime    time.Time `json:"closed"` // of the last closing; stays when the incident is reopened
	ModifiedBy    Actor     `json:"modifiedBy"`

	CommentCount int       `json:"commentCount,omitempty"`
	Comments     []Comment `json:"-"` // oldest first
	// Partial incidents come from lists: they lack the comments and the alerts' evidence, and cannot be changed.
	Partial bool `json:"-"`
}

// Entities returns what the incident's alerts are about, each thing once.
func (i *Incident) Entities() []*entity.Entity {
	var all []*entity.Entity
	for _, a := range i.Alerts {
		all = append(all, a.Entities...)
	}
	return entity.Merge(all)
}

// CustomDetails returns the custom details of the incident's alerts, each key and value once.
func (i *Incident) CustomDetails() []alert.Detail {
	var out []alert.Detail
	at := map[string]int{}
	for _, a := range i.Alerts {
		for _, d := range a.CustomDetails {
			n, ok := at[d.Key]
			if !ok {
				n = len(out)
				at[d.Key] = n
				out = append(out, alert.Detail{Key: d.Key})
			}
			out[n].Values = union(out[n].Values, d.Values)
		}
	}
	return out
}

// Tactics returns the tactics of the incident's alerts, each once.
func (i *Incident) Tactics() []string {
	return i.collect(func(a *Related) []string { return a.Tactics })
}

// Techniques returns the techniques of the incident's alerts, each once.
func (i *Incident) Techniques() []string {
	return i.collect(func(a *Related) []string { return a.Techniques })
}

// SubTechniques returns the sub-techniques of the incident's alerts, each once.
func (i *Incident) SubTechniques() []string {
	return i.collect(func(a *Related) []string { return a.SubTechniques })
}

// Products returns the products that the incident's alerts come from, each once.
func (i *Incident) Products() []string {
	return i.collect(func(a *Related) []string { return one(a.Product) })
}

// RuleIDs returns the rules that the incident's alerts come from, each once.
func (i *Incident) RuleIDs() []string {
	return i.collect(func(a *Related) []string { return one(a.RuleID) })
}

// Alert returns the related alert of that id, nil where there is none.
func (i *Incident) Alert(id string) *Related {
	for n := range i.Alerts {
		if strings.EqualFold(i.Alerts[n].ID, id) {
			return &i.Alerts[n]
		}
	}
	return nil
}

// Comment returns the comment of that id, nil where there is none.
func (i *Incident) Comment(id string) *Comment {
	for n := range i.Comments {
		if i.Comments[n].ID == id {
			return &i.Comments[n]
		}
	}
	return nil
}

// Task returns the task of that id, nil where there is none.
func (i *Incident) Task(id string) *Task {
	for n := range i.Tasks {
		if i.Tasks[n].ID == id {
			return &i.Tasks[n]
		}
	}
	return nil
}

// clone copies i so far that changing the copy's lists leaves i alone. Alerts' evidence is shared: nothing changes it.
func (i *Incident) clone() *Incident {
	c := *i
	c.Labels, c.Tasks, c.Bookmarks = slices.Clone(i.Labels), slices.Clone(i.Tasks), slices.Clone(i.Bookmarks)
	c.Alerts, c.Comments = slices.Clone(i.Alerts), slices.Clone(i.Comments)
	return &c
}

func (i *Incident) collect(of func(*Related) []string) []string {
	var out []string
	for n := range i.Alerts {
		out = union(out, of(&i.Alerts[n]))
	}
	return out
}

func union(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
