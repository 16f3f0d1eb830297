package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Change is what someone wants of an incident. Nil and empty members leave things as they are.
type Change struct {
	Title          *string
	Description    *string
	Severity       *Severity
	Status         *Status
	Classification *Classification // only together with, or after, Closed
	Reason         *Reason
	ClosingComment *string
	Owner          *Owner
	FirstActivity  *time.Time
	LastActivity   *time.Time
	Labels         *[]string // replaces the labels that people and automation set
	AddLabels      []string

	AddComment    *Comment // ID and Message; the author is who changes
	EditComment   *Comment // ID and Message
	DeleteComment string   // whose role allows it, whoever wrote the comment

	PutTask    *Task // ID, Title, Description and Status, which New is meant by when empty; a new ID adds a task
	DeleteTask string

	Relate           *Related
	Unrelate         string // an alert's id
	RelateBookmark   string
	UnrelateBookmark string
}

// Apply gives the event of c: i as c wants it. Who makes the change by, and when at, is said in the result. The
// error is one of this package's, ErrInvalid and so on, wrapped with what exactly was wrong; i itself never changes.
func Apply(i *Incident, c Change, by Actor, at time.Time) (Event, error) {
	if i.Partial {
		return Event{}, ErrPartial
	}
	n := i.clone()
	for _, step := range []func(*Incident, Change, Actor, time.Time) error{(*Incident).texts, (*Incident).work, (*Incident).labels,
		(*Incident).comments, (*Incident).tasks, (*Incident).relations} {
		if err := step(n, c, by, at); err != nil {
			return Event{}, err
		}
	}
	return i.became(n, by, at), nil
}

// became makes the event of i having become n.
func (i *Incident) became(n *Incident, by Actor, at time.Time) Event {
	d := diff(i, n)
	if len(d) == 0 && i.SeverityPinned == n.SeverityPinned {
		return Event{Kind: Unchanged, Before: i, After: i, By: by, At: at}
	}
	n.CommentCount = len(n.Comments)
	if n.FirstModified.IsZero() {
		n.FirstModified = at
	}
	n.LastModified, n.ModifiedBy = at, by
	return Event{Kind: Updated, Before: i, After: n, By: by, At: at, Diff: d}
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

func limited(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrLimit, fmt.Sprintf(format, args...))
}

func tooLong(what, s string, limit int) error {
	if n := utf8.RuneCountInString(s); n > limit {
		return limited("the %s has %d characters, the limit is %d", what, n, limit)
	}
	return nil
}

func (i *Incident) texts(c Change, _ Actor, _ time.Time) error {
	if c.Title != nil {
		if strings.TrimSpace(*c.Title) == "" {
			return invalid("the title is empty")
		}
		if err := tooLong("title", *c.Title, MaxTitle); err != nil {
			return err
		}
		i.Title = *c.Title
	}
	if c.Description != nil {
		if err := tooLong("description", *c.Description, MaxDescription); err != nil {
			return err
		}
		i.Description = *c.Description
	}
	return nil
}

// work changes severity, owner, and the state machine of status and classification.
func (i *Incident) work(c Change, _ Actor, at time.Time) error {
	if c.Severity != nil {
		if c.Severity.Rank() == 0 {
			return invalid("severity %q: expected one of %s", *c.Severity, words(Severities()))
		}
		// writing back what was read is no decision about the severity
		if i.Severity != *c.Severity {
			i.Severity, i.SeverityPinned = *c.Severity, true
		}
	}
	if c.Owner != nil {
		if t := c.Owner.Type; t != "" && t != "User" && t != "Group" && t != "Unknown" {
			return invalid("ownerType %q: expected User, Group or Unknown", t)
		}
		for _, s := range []string{c.Owner.ObjectID, c.Owner.Email, c.Owner.AssignedTo, c.Owner.UserPrincipalName} {
			if err := tooLong("owner", s, MaxName); err != nil {
				return err
			}
		}
		i.Owner = *c.Owner
	}
	if c.FirstActivity != nil {
		i.FirstActivity = *c.FirstActivity
	}
	if c.LastActivity != nil {
		i.LastActivity = *c.LastActivity
	}
	if !i.FirstActivity.IsZero() && !i.LastActivity.IsZero() && i.LastActivity.Before(i.FirstActivity) {
		return invalid("the last activity, %s, is before the first, %s", stamp(i.LastActivity), stamp(i.FirstActivity))
	}
	was := i.Status
	if c.Status != nil {
		if !slices.Contains(Statuses(), *c.Status) {
			return invalid("status %q: expected one of %s", *c.Status, words(Statuses()))
		}
		i.Status = *c.Status
	}
	if i.Status != Closed {
		return i.open(c, was)
	}
	if c.Classification != nil && *c.Classification != i.Classification {
		i.Classification, i.Reason = *c.Classification, "" // a reason belongs to its classification
	}
	if c.Reason != nil {
		i.Reason = *c.Reason
	}
	if c.ClosingComment != nil {
		if err := tooLong("classification comment", *c.ClosingComment, MaxClosingComment); err != nil {
			return err
		}
		i.ClosingComment = *c.ClosingComment
	}
	if i.Classification == "" {
		return invalid("closing demands a classification: one of %s", classifications())
	}
	allowed, ok := ReasonsOf(i.Classification)
	if !ok {
		return invalid("classification %q: expected one of %s", i.Classification, classifications())
	}
	if i.Reason != "" && !slices.Contains(allowed, i.Reason) {
		if len(allowed) == 0 {
			return invalid("classification %s has no reason, found %q", i.Classification, i.Reason)
		}
		return invalid("classificationReason %q does not go with %s: expected %s", i.Reason, i.Classification, words(allowed))
	}
	if was != Closed {
		i.ClosedTime = at
	}
	return nil
}

// open sees to it that an incident which is not closed has no classification. A client that reopens an incident
// writes back the classification it read; that is dropped, a new one is refused.
func (i *Incident) open(c Change, was Status) error {
	stale := was == Closed
	switch {
	case c.Classification != nil && *c.Classification != "" && !(stale && *c.Classification == i.Classification):
		return invalid("classification %q: only a Closed incident has one, and this one is %s", *c.Classification, i.Status)
	case c.Reason != nil && *c.Reason != "" && !(stale && *c.Reason == i.Reason):
		return invalid("classificationReason %q: only a Closed incident has one, and this one is %s", *c.Reason, i.Status)
	case c.ClosingComment != nil && *c.ClosingComment != "" && !(stale && *c.ClosingComment == i.ClosingComment):
		return invalid("classificationComment: only a Closed incident has one, and this one is %s", i.Status)
	}
	i.Classification, i.Reason, i.ClosingComment = "", "", ""
	return nil
}

func classifications() string {
	var list []Classification
	for _, r := range reasons {
		list = append(list, r.of)
	}
	return words(list)
}

func words[T ~string](list []T) string {
	var out []string
	for _, s := range list {
		out = append(out, string(s))
	}
	return strings.Join(out, ", ")
}

func (i *Incident) labels(c Change, _ Actor, _ time.Time) error {
	if c.Labels != nil {
		had := i.Labels
		i.Labels = nil
		for _, l := range had {
			if l.Type == "AutoAssigned" || slices.ContainsFunc(*c.Labels, func(s string) bool { return strings.EqualFold(s, l.Name) }) {
				i.Labels = append(i.Labels, l)
			}
		}
	}
	add := c.AddLabels
	if c.Labels != nil {
		add = append(slices.Clone(*c.Labels), add...)
	}
	for _, name := range add {
		if strings.TrimSpace(name) == "" {
			return invalid("a label has no name")
		}
		if err := tooLong("label", name, MaxLabel); err != nil {
			return err
		}
		if !slices.ContainsFunc(i.Labels, func(l Label) bool { return strings.EqualFold(l.Name, name) }) {
			i.Labels = append(i.Labels, Label{Name: name, Type: "User"})
		}
	}
	if len(i.Labels) > MaxLabels {
		return limited("%d labels, the limit is %d", len(i.Labels), MaxLabels)
	}
	return nil
}

func (i *Incident) comments(c Change, by Actor, at time.Time) error {
	if n := c.AddComment; n != nil {
		switch {
		case n.ID == "":
			return invalid("a comment needs an id")
		case i.Comment(n.ID) != nil:
			return invalid("a comment %q exists", n.ID)
		case len(i.Comments) >= MaxComments:
			return limited("an incident has %d comments at most", MaxComments)
		}
		if err := message(n.Message); err != nil {
			return err
		}
		i.Comments = append(i.Comments, Comment{ID: n.ID, Message: n.Message, Author: by, Created: at, Modified: at})
	}
	if n := c.EditComment; n != nil {
		had := i.Comment(n.ID)
		if had == nil {
			return fmt.Errorf("%w: comment %q", ErrNotFound, n.ID)
		}
		if !had.Author.same(by) {
			return fmt.Errorf("%w: only its author edits a comment", ErrForbidden)
		}
		if err := message(n.Message); err != nil {
			return err
		}
		if had.Message != n.Message {
			had.Message, had.Modified = n.Message, at
		}
	}
	if id := c.DeleteComment; id != "" {
		if i.Comment(id) == nil {
			return fmt.Errorf("%w: comment %q", ErrNotFound, id)
		}
		i.Comments = slices.DeleteFunc(i.Comments, func(c Comment) bool { return c.ID == id })
	}
	return nil
}

func message(s string) error {
	if strings.TrimSpace(s) == "" {
		return invalid("a comment has no message")
	}
	return tooLong("comment", s, MaxComment)
}

func (i *Incident) tasks(c Change, by Actor, at time.Time) error {
	if n := c.PutTask; n != nil {
		status := n.Status
		if status == "" {
			status = TaskNew
		}
		switch {
		case n.ID == "":
			return invalid("a task needs an id")
		case strings.TrimSpace(n.Title) == "":
			return invalid("a task needs a title")
		case status != TaskNew && status != TaskCompleted:
			return invalid("task status %q: expected New or Completed", status)
		}
		if err := tooLong("task's title", n.Title, MaxTaskTitle); err != nil {
			return err
		}
		if err := tooLong("task's description", n.Description, MaxTaskDescription); err != nil {
			return err
		}
		had := i.Task(n.ID)
		if had == nil {
			if len(i.Tasks) >= MaxTasks {
				return limited("an incident has %d tasks at most", MaxTasks)
			}
			i.Tasks = append(i.Tasks, Task{ID: n.ID, CreatedBy: by, Created: at})
			had = &i.Tasks[len(i.Tasks)-1]
		}
		if had.Title != n.Title || had.Description != n.Description || had.Status != status {
			had.Title, had.Description, had.Status, had.ModifiedBy, had.Modified = n.Title, n.Description, status, by, at
		}
	}
	if id := c.DeleteTask; id != "" {
		if i.Task(id) == nil {
			return fmt.Errorf("%w: task %q", ErrNotFound, id)
		}
		i.Tasks = slices.DeleteFunc(i.Tasks, func(t Task) bool { return t.ID == id })
	}
	return nil
}

// relations relates alerts and bookmarks by hand. https://learn.microsoft.com/azure/sentinel/relate-alerts-to-incidents
func (i *Incident) relations(c Change, _ Actor, _ time.Time) error {
	if r := c.Relate; r != nil {
		switch {
		case r.ID == "":
			return invalid("an alert to relate needs an id")
		case i.Alert(r.ID) != nil:
			return fmt.Errorf("%w: alert %s", ErrRelated, r.ID)
		case len(i.Alerts) >= MaxAlerts:
			return limited("an incident has %d alerts at most", MaxAlerts)
		}
		i.join(*r)
	}
	if id := c.Unrelate; id != "" {
		had := i.Alert(id)
		if had == nil {
			return fmt.Errorf("%w: alert %s", ErrNotFound, id)
		}
		id = had.ID
		i.Alerts = slices.DeleteFunc(i.Alerts, func(r Related) bool { return r.ID == id })
	}
	if id := c.RelateBookmark; id != "" {
		switch {
		case slices.Contains(i.Bookmarks, id):
			return fmt.Errorf("%w: bookmark %s", ErrRelated, id)
		case len(i.Bookmarks) >= MaxBookmarks:
			return limited("an incident has %d bookmarks at most", MaxBookmarks)
		}
		if err := tooLong("bookmark's id", id, MaxName); err != nil {
			return err
		}
		i.Bookmarks = append(i.Bookmarks, id)
	}
	if id := c.UnrelateBookmark; id != "" {
		if !slices.Contains(i.Bookmarks, id) {
			return fmt.Errorf("%w: bookmark %s", ErrNotFound, id)
		}
		i.Bookmarks = slices.DeleteFunc(i.Bookmarks, func(s string) bool { return s == id })
	}
	return nil
}

// join takes an alert in. The incident is as bad as its worst alert, until someone says otherwise.
func (i *Incident) join(r Related) {
	i.Alerts = append(i.Alerts, r)
	if !r.Start.IsZero() && (i.FirstActivity.IsZero() || r.Start.Before(i.FirstActivity)) {
		i.FirstActivity = r.Start
	}
	if r.End.After(i.LastActivity) {
		i.LastActivity = r.End
	}
	if !i.SeverityPinned && r.Severity.Rank() > i.Severity.Rank() {
		i.Severity = r.Severity
	}
}

// Draft is an incident that someone opens by hand.
type Draft struct {
	ID     string // a GUID
	Number int
	URL    string
	Change Change // Title, Severity and Status are required
}

// Open gives the event of an incident that is opened by hand, or by a program through the API.
func Open(d Draft, by Actor, at time.Time) (Event, error) {
	c := d.Change
	switch {
	case d.ID == "" || d.Number <= 0:
		return Event{}, invalid("an incident needs an id and a number")
	case c.Title == nil:
		return Event{}, invalid("title is missing")
	case c.Severity == nil:
		return Event{}, invalid("severity is missing")
	case c.Status == nil:
		return Event{}, invalid("status is missing")
	}
	e, err := Apply(blank(d.ID, d.Number, d.URL), c, by, at)
	if err != nil {
		return Event{}, err
	}
	return created(e.After, by, at), nil
}

// blank is an incident of which nothing is said yet.
func blank(id string, number int, url string) *Incident {
	return &Incident{ID: id, Number: number, URL: url, Status: New, ProviderName: "Azure Sentinel", ProviderIncidentID: fmt.Sprint(number)}
}

// created makes the event of n's creation.
func created(n *Incident, by Actor, at time.Time) Event {
	n.Created, n.LastModified, n.FirstModified, n.ModifiedBy = at, at, time.Time{}, by
	n.CommentCount = len(n.Comments)
	return Event{Kind: Created, After: n, By: by, At: at, Diff: diff(&Incident{}, n)}
}
