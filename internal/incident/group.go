package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/types"
)

// Lookup finds the incidents whose Group has this rule and key and whose first alert was generated at from or later,
// whole (not Partial), in any order and any state.
type Lookup func(ruleID, key string, from time.Time) ([]*Incident, error)

// Options are what Raise needs besides the alerts.
type Options struct {
	At     time.Time                   // when the incidents come to be
	Find   Lookup                      // nil: there are none yet
	Number func() (int, error)         // the next number of the workspace
	ID     func(alertID string) string // of the incident that an alert opens; nil means DeriveID
	URL    func(id string) string      // of the page that shows the incident; nil: none
}

// space is the name space of the ids that DeriveID makes. It must never change: stored incidents hold such ids.
var space = uuid.MustParse("a2b0c0de-53a5-5c1b-8d0e-2b7f0f6f1c42")

// DeriveID returns the id of the incident that an alert opens: a version 5 UUID of the alert's id. A run that is
// repeated gives the same ids.
func DeriveID(alertID string) string {
	return uuid.NewSHA1(space, []byte(strings.ToLower(alertID))).String()
}

// Raise gives what becomes of incidents when a run of r has raised alerts: one event for each incident that is opened,
// joined or reopened, in the order of their first alerts. All alerts of the run must be given at once; their order does
// not matter. An alert that is in one of the found incidents already is passed over, so a repeated run changes nothing.
//
// The service documents the methods and limits, but not how ties are broken; there our rules are: alerts are taken in the
// order of their time and id; an alert joins the youngest open incident that matches and has room, else, where the rule
// reopens, the youngest closed one; equality is of whole sets, and what is missing equals nothing.
// https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview#alert-grouping
func Raise(r *rule.Rule, alerts []alert.Alert, o Options) ([]Event, error) {
	if !r.Incident.Create || len(alerts) == 0 {
		return nil, nil
	}
	if o.ID == nil {
		o.ID = DeriveID
	}
	run := raising{r: r, o: o, by: Actor{Source: AlertGrouping, Name: r.Name, ObjectID: r.ID}, found: map[string]bool{}}
	alerts = slices.Clone(alerts)
	slices.SortStableFunc(alerts, func(a, b alert.Alert) int {
		if c := a.TimeGenerated.Compare(b.TimeGenerated); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	seen := map[string]bool{}
	for _, a := range alerts {
		if seen[a.ID] {
			continue
		}
		seen[a.ID] = true
		if err := run.place(a); err != nil {
			return nil, fmt.Errorf("group alert %s of rule %s: %w", a.ID, r.ID, err)
		}
	}
	var out []Event
	for _, t := range run.touched {
		if t.was == nil {
			out = append(out, created(t.is, run.by, o.At))
		} else if e := t.was.became(t.is, run.by, o.At); e.Kind != Unchanged {
			out = append(out, e)
		}
	}
	return out, nil
}

// raising is one call of Raise.
type raising struct {
	r       *rule.Rule
	o       Options
	by      Actor
	found   map[string]bool // keys that were looked up
	known   []*candidate
	touched []*candidate // in the order of their first alert
}

// candidate is an incident as it was found and as it is by now.
type candidate struct {
	was, is *Incident // was is nil for one that this run opened
	touched bool
}

func (run *raising) place(a alert.Alert) error {
	g := run.r.Incident.Grouping
	group := Group{RuleID: run.r.ID, Since: a.TimeGenerated}
	joins := false
	if g.Enabled {
		group.Key, joins = Key(run.r, a)
	}
	var target, full *candidate
	if joins {
		if err := run.find(group.Key, a.TimeGenerated.Add(-g.Lookback)); err != nil {
			return err
		}
		matching := run.matching(group.Key, a.TimeGenerated, g.Lookback)
		for _, c := range matching {
			if c.is.Alert(a.ID) != nil {
				return nil
			}
		}
		target, full = pick(matching, g.ReopenClosed)
	}
	if target == nil {
		opened, err := run.open(a, full)
		if err != nil {
			return err
		}
		if joins {
			opened.is.Group = &group
		}
		target = opened
	}
	if target.is.Status == Closed {
		target.is.Status, target.is.Classification, target.is.Reason, target.is.ClosingComment = New, "", "", ""
	}
	target.is.join(RelatedOf(a))
	if !target.touched {
		target.touched = true
		run.touched = append(run.touched, target)
	}
	return nil
}

// find brings in the incidents of a key. Alerts come in the order of time, so the first look goes back far enough.
func (run *raising) find(key string, from time.Time) error {
	if run.found[key] || run.o.Find == nil {
		return nil
	}
	run.found[key] = true
	list, err := run.o.Find(run.r.ID, key, from)
	if err != nil {
		return err
	}
	for _, i := range list {
		if i.Partial {
			return ErrPartial
		}
		run.known = append(run.known, &candidate{was: i, is: i.clone()})
	}
	return nil
}

// matching lists the incidents of a key that are inside the lookback, the youngest first.
func (run *raising) matching(key string, at time.Time, lookback time.Duration) []*candidate {
	var out []*candidate
	for _, c := range run.known {
		if g := c.is.Group; g != nil && g.RuleID == run.r.ID && g.Key == key && !at.After(g.Since.Add(lookback)) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b *candidate) int {
		if c := b.is.Group.Since.Compare(a.is.Group.Since); c != 0 {
			return c
		}
		return b.is.Number - a.is.Number
	})
	return out
}

// pick chooses the incident that an alert joins. Where one would be it but for its limit of alerts, full is that one:
// a new incident with its details takes the alert.
func pick(matching []*candidate, reopen bool) (target, full *candidate) {
	for _, closed := range []bool{false, true} {
		if closed && !reopen {
			break
		}
		for _, c := range matching {
			if (c.is.Status == Closed) != closed {
				continue
			}
			if len(c.is.Alerts) < MaxAlerts {
				return c, nil
			}
			if full == nil {
				full = c
			}
		}
		if full != nil {
			return nil, full
		}
	}
	return nil, nil
}

func (run *raising) open(a alert.Alert, like *candidate) (*candidate, error) {
	number, err := run.o.Number()
	if err != nil {
		return nil, err
	}
	id, link := run.o.ID(a.ID), ""
	if run.o.URL != nil {
		link = run.o.URL(id)
	}
	i := blank(id, number, link)
	i.Title, i.Description, i.Severity = a.Name, a.Description, SeverityOf(a.Severity)
	if like != nil {
		i.Title, i.Description, i.Severity, i.SeverityPinned = like.is.Title, like.is.Description, like.is.Severity, like.is.SeverityPinned
	}
	if strings.TrimSpace(i.Title) == "" {
		i.Title = run.r.Name
	}
	i.Title, i.Description = cut(i.Title, MaxTitle), cut(i.Description, MaxDescription)
	c := &candidate{is: i}
	run.known = append(run.known, c)
	return c, nil
}

func cut(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit])
	}
	return s
}

// Key returns what a has in common with the alerts of r that share an incident with it, as a digest. ok is false where
// no other alert can share one: the rule does not group, or a lacks something that r groups by.
func Key(r *rule.Rule, a alert.Alert) (key string, ok bool) {
	g := r.Incident.Grouping
	if !g.Enabled {
		return "", false
	}
	parts := []string{g.Matching.String()}
	add := func(name string, values []string) {
		slices.Sort(values)
		parts = append(parts, name)
		parts = append(parts, slices.Compact(values)...)
	}
	switch g.Matching {
	case rule.AllEntities:
		if len(a.Entities) == 0 {
			return "", false
		}
		add("entities", keysOf(a.Entities))
	case rule.Selected:
		kinds := slices.Clone(g.ByEntities)
		slices.Sort(kinds)
		for _, k := range slices.Compact(kinds) {
			var list []*entity.Entity
			for _, e := range a.Entities {
				if e.Kind == k {
					list = append(list, e)
				}
			}
			if len(list) == 0 {
				return "", false
			}
			add("entity "+k.String(), keysOf(list))
		}
		if g.ByDisplayName {
			add("DisplayName", []string{a.Name})
		}
		if g.BySeverity {
			add("Severity", []string{a.Severity.String()})
		}
		details := slices.Clone(g.ByCustomDetails)
		slices.Sort(details)
		for _, name := range slices.Compact(details) {
			n := slices.IndexFunc(a.CustomDetails, func(d alert.Detail) bool { return d.Key == name })
			if n < 0 || len(a.CustomDetails[n].Values) == 0 {
				return "", false
			}
			add("detail "+name, slices.Clone(a.CustomDetails[n].Values))
		}
	}
	// values come from logs and may hold anything: JSON keeps one list from looking like another
	list := types.JSON{Kind: types.JSONArray}
	for _, p := range parts {
		list.Items = append(list.Items, types.JSON{Kind: types.JSONString, Str: p})
	}
	sum := sha256.Sum256([]byte(list.String()))
	return hex.EncodeToString(sum[:]), true
}

func keysOf(list []*entity.Entity) []string {
	var out []string
	for _, e := range list {
		k, _ := e.Key()
		out = append(out, k)
	}
	return out
}
