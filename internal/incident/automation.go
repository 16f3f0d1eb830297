package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/alert"
)

// Due is an action that the caller is to run, after those before it in the list.
type Due struct {
	RuleID   string
	RuleName string
	Action   Action
	Incident *Incident    // as it was when the action's turn came; nil for rules on alerts
	Event    EventKind    // Created or Updated
	Alert    *alert.Alert // nil for rules on incidents
}

// Fault is an action that could not be applied. The actions after it are not held up.
type Fault struct {
	RuleID   string
	RuleName string
	Order    int // of the action
	Err      error
}

// Outcome is what automation rules do about an event.
type Outcome struct {
	Incident *Incident // as the rules left it
	Events   []Event   // the changes they made, oldest first
	Due      []Due
	Faults   []Fault
	Ran      []string // ids of the rules that ran, in their order
}

// Automate applies the automation rules to what happened to an incident, and to what they themselves do to it. now
// decides about expiration. The rules must have passed Check.
//
// Rules run one after the other, by their order; a later one sees the incident as the earlier ones left it. Those for
// created incidents run before those for updated ones, which also see what other rules change. A rule runs once at most
// for what follows from one event, so rules cannot chase each other.
// https://learn.microsoft.com/azure/sentinel/automate-incident-handling-with-automation-rules
func Automate(e Event, rules []Automation, now time.Time) (Outcome, error) {
	out := Outcome{Incident: e.After}
	if e.Kind != Created && e.Kind != Updated {
		return out, nil
	}
	if e.After.Partial {
		return out, ErrPartial
	}
	rules = inOrder(rules)
	run := automation{out: &out, now: now, ran: map[string]bool{}}
	for queue := []Event{e}; len(queue) > 0; queue = queue[1:] {
		for n := range rules {
			r := &rules[n]
			if !run.ran[r.ID] && r.triggered(OnIncidents, queue[0].Kind, now) && r.holds(&facts{event: &queue[0], now: out.Incident}) {
				queue = append(queue, run.do(r, queue[0].Kind)...)
			}
		}
	}
	return out, nil
}

// AutomateAlert gives the actions that automation rules run for an alert that was created.
func AutomateAlert(a *alert.Alert, rules []Automation, now time.Time) []Due {
	var due []Due
	for _, r := range inOrder(rules) {
		if !r.triggered(OnAlerts, Created, now) || !r.holds(&facts{alert: a}) {
			continue
		}
		for _, act := range ordered(r.Actions) {
			due = append(due, Due{RuleID: r.ID, RuleName: r.Name, Action: act, Event: Created, Alert: a})
		}
	}
	return due
}

func inOrder(rules []Automation) []Automation {
	rules = slices.Clone(rules)
	slices.SortStableFunc(rules, func(a, b Automation) int {
		if a.Order != b.Order {
			return a.Order - b.Order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return rules
}

func ordered(list []Action) []Action {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Action) int { return a.Order - b.Order })
	return list
}

func (a *Automation) triggered(on string, kind EventKind, now time.Time) bool {
	t := a.Trigger
	return t.Enabled && t.On == on && t.When == kind.String() && (t.Expires == nil || now.Before(*t.Expires))
}

func (a *Automation) holds(f *facts) bool {
	return !slices.ContainsFunc(a.Trigger.Conditions, func(c Condition) bool { return !f.holds(c) })
}

type automation struct {
	out *Outcome
	now time.Time
	ran map[string]bool
}

// taskSpace is the name space of the ids of tasks that rules add; it must never change.
var taskSpace = uuid.MustParse("0d9f1f0b-6a0e-5a43-9a65-6c1c3b1f3c77")

// do runs a rule's actions and returns the changes they made.
func (run *automation) do(r *Automation, kind EventKind) []Event {
	run.ran[r.ID] = true
	run.out.Ran = append(run.out.Ran, r.ID)
	by := Actor{Source: AutomationRule, Name: r.Name, ObjectID: r.ID}
	var events []Event
	for _, act := range ordered(r.Actions) {
		var change Change
		switch act.Type {
		case ModifyProperties:
			change = act.Config.change()
		case AddIncidentTask:
			i := run.out.Incident
			id := uuid.NewSHA1(taskSpace, fmt.Appendf(nil, "%s/%s/%d/%d", i.ID, r.ID, act.Order, len(i.Tasks))).String()
			change.PutTask = &Task{ID: id, Title: act.Config.Title, Description: act.Config.Description}
		default:
			run.out.Due = append(run.out.Due, Due{RuleID: r.ID, RuleName: r.Name, Action: act, Incident: run.out.Incident, Event: kind})
			continue
		}
		e, err := Apply(run.out.Incident, change, by, run.now)
		if err != nil {
			run.out.Faults = append(run.out.Faults, Fault{r.ID, r.Name, act.Order, err})
			continue
		}
		if e.Kind != Unchanged {
			run.out.Incident = e.After
			run.out.Events = append(run.out.Events, e)
			events = append(events, e)
		}
	}
	return events
}
