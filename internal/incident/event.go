package incident

import (
	"strings"
	"time"
)

// Source is the kind of who made a change.
type Source string

// The sources, in the words of automation rules' condition on the source of an update.
const (
	User           Source = "User"
	Application    Source = "Application"
	AlertGrouping  Source = "AlertGrouping"
	AutomationRule Source = "AutomationRule"
	Playbook       Source = "Playbook"
)

// Actor is who made a change.
type Actor struct {
	Source            Source `json:"source"`
	Name              string `json:"name,omitempty"` // of the person, program or rule
	Email             string `json:"email,omitempty"`
	ObjectID          string `json:"objectId,omitempty"`
	UserPrincipalName string `json:"userPrincipalName,omitempty"`
}

// same tells whether two actors are one: by object id where both have one, else by all they say of themselves.
func (a Actor) same(b Actor) bool {
	if a.Source != b.Source {
		return false
	}
	if a.ObjectID != "" || b.ObjectID != "" {
		return strings.EqualFold(a.ObjectID, b.ObjectID)
	}
	return a.Name == b.Name && a.UserPrincipalName == b.UserPrincipalName && a.Email == b.Email
}

// String returns what the ModifiedBy column says of the actor. The service's own words for it are undocumented.
func (a Actor) String() string {
	name := a.UserPrincipalName
	for _, s := range []string{a.Name, a.Email, a.ObjectID} {
		if name == "" {
			name = s
		}
	}
	words := map[Source]string{AlertGrouping: "Alert grouping", AutomationRule: "Automation rule"}[a.Source]
	if words == "" {
		words = string(a.Source)
	}
	if name == "" {
		return words
	}
	return words + " - " + name
}

// EventKind is what happened to an incident.
type EventKind uint8

// The kinds of event. Unchanged is that of a change which asked for what already was: nothing is to be written.
const (
	Unchanged EventKind = iota
	Created
	Updated
	Deleted
)

func (k EventKind) String() string {
	return [...]string{"Unchanged", "Created", "Updated", "Deleted"}[k]
}

// Event is a step in the life of an incident.
type Event struct {
	Kind   EventKind
	Before *Incident // nil for Created
	After  *Incident // nil for Deleted; equal to Before for Unchanged
	By     Actor
	At     time.Time
	Diff   []Difference
}

// Difference is a property that changed, as text. Lists have a difference for each member that came or went, with
// From or To empty.
type Difference struct {
	Property string `json:"property"`
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
}

// Audit is what the audit trail keeps of an event.
type Audit struct {
	At         time.Time    `json:"at"`
	By         Actor        `json:"by"`
	Operation  string       `json:"operation"` // Created, Updated, Deleted
	IncidentID string       `json:"incidentId"`
	Number     int          `json:"number"`
	Changes    []Difference `json:"changes,omitempty"`
}

// Audit returns the entry for the audit trail; ok is false for Unchanged.
func (e Event) Audit() (entry Audit, ok bool) {
	i := e.After
	if i == nil {
		i = e.Before
	}
	return Audit{At: e.At, By: e.By, Operation: e.Kind.String(), IncidentID: i.ID, Number: i.Number, Changes: e.Diff}, e.Kind != Unchanged
}

// Delete returns the event of an incident's removal. The rows it left in SecurityIncident stay.
func Delete(i *Incident, by Actor, at time.Time) Event {
	return Event{Kind: Deleted, Before: i, By: by, At: at}
}

// stamp writes a time, "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// maxDifference is how much of a text the audit trail keeps.
const maxDifference = 500

func short(s string) string {
	if r := []rune(s); len(r) > maxDifference {
		return string(r[:maxDifference-1]) + "…"
	}
	return s
}

// diff lists what distinguishes two states of an incident.
func diff(a, b *Incident) []Difference {
	var out []Difference
	plain := func(property, from, to string) {
		if from != to {
			out = append(out, Difference{property, short(from), short(to)})
		}
	}
	plain("title", a.Title, b.Title)
	plain("description", a.Description, b.Description)
	plain("severity", string(a.Severity), string(b.Severity))
	plain("status", string(a.Status), string(b.Status))
	plain("classification", string(a.Classification), string(b.Classification))
	plain("classificationReason", string(a.Reason), string(b.Reason))
	plain("classificationComment", a.ClosingComment, b.ClosingComment)
	if a.Owner != b.Owner {
		out = append(out, Difference{"owner", a.Owner.String(), b.Owner.String()})
	}
	plain("firstActivity", stamp(a.FirstActivity), stamp(b.FirstActivity))
	plain("lastActivity", stamp(a.LastActivity), stamp(b.LastActivity))
	out = append(out, listDiff("label", a.Labels, b.Labels, func(l Label) (string, string) { return l.Name, l.Name })...)
	out = append(out, listDiff("task", a.Tasks, b.Tasks, func(t Task) (string, string) {
		return t.ID, strings.TrimSpace(string(t.Status) + ": " + t.Title + "\n" + t.Description)
	})...)
	out = append(out, listDiff("bookmark", a.Bookmarks, b.Bookmarks, func(s string) (string, string) { return s, s })...)
	out = append(out, listDiff("alert", a.Alerts, b.Alerts, func(r Related) (string, string) { return r.ID, r.ID })...)
	out = append(out, listDiff("comment", a.Comments, b.Comments, func(c Comment) (string, string) { return c.ID, c.Message })...)
	return out
}

// listDiff compares two lists by the key of their members, and members of one key by their text.
func listDiff[T any](property string, a, b []T, of func(T) (key, text string)) []Difference {
	var out []Difference
	index := func(list []T) map[string]string {
		m := make(map[string]string, len(list))
		for _, v := range list {
			k, t := of(v)
			m[k] = t
		}
		return m
	}
	was, is := index(a), index(b)
	for _, v := range a {
		k, t := of(v)
		if now, ok := is[k]; !ok {
			out = append(out, Difference{Property: property, From: short(t)})
		} else if now != t {
			out = append(out, Difference{property, short(t), short(now)})
		}
	}
	for _, v := range b {
		k, t := of(v)
		if _, ok := was[k]; !ok {
			out = append(out, Difference{Property: property, To: short(t)})
		}
	}
	return out
}
