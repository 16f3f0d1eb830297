package arm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
)

// incidentProperties are those of an incident.
// https://learn.microsoft.com/rest/api/securityinsights/incidents/get
type incidentProperties struct {
	Title                 string         `json:"title"`
	Description           string         `json:"description,omitempty"`
	Severity              string         `json:"severity"`
	Status                string         `json:"status"`
	Classification        string         `json:"classification,omitempty"`
	ClassificationReason  string         `json:"classificationReason,omitempty"`
	ClassificationComment string         `json:"classificationComment,omitempty"`
	Owner                 owner          `json:"owner"`
	Labels                []label        `json:"labels"`
	FirstActivity         *instant       `json:"firstActivityTimeUtc,omitempty"`
	LastActivity          *instant       `json:"lastActivityTimeUtc,omitempty"`
	LastModified          *instant       `json:"lastModifiedTimeUtc,omitempty"`
	Created               *instant       `json:"createdTimeUtc,omitempty"`
	Number                int            `json:"incidentNumber"`
	Additional            additionalData `json:"additionalData"`
	RuleIDs               []string       `json:"relatedAnalyticRuleIds"`
	URL                   string         `json:"incidentUrl,omitempty"`
	ProviderName          string         `json:"providerName"`
	ProviderIncidentID    string         `json:"providerIncidentId"`
}

type owner struct {
	ObjectID          *string `json:"objectId" arm:"null"`
	Email             *string `json:"email" arm:"null"`
	AssignedTo        *string `json:"assignedTo" arm:"null"`
	UserPrincipalName *string `json:"userPrincipalName" arm:"null"`
	OwnerType         *string `json:"ownerType,omitempty"`
}

type label struct {
	Name string `json:"labelName"`
	Type string `json:"labelType,omitempty"`
}

type additionalData struct {
	Alerts     int      `json:"alertsCount"`
	Bookmarks  int      `json:"bookmarksCount"`
	Comments   int      `json:"commentsCount"`
	Products   []string `json:"alertProductNames"`
	Tactics    []string `json:"tactics"`
	Techniques []string `json:"techniques"`
}

// incidentInput is what counts of an incident that is written. A PUT replaces: a description, an owner and labels that
// are left out are taken away. What alerts decide, and the classification of what is closed, stay unless they are given.
type incidentInput struct {
	Title                 *string  `json:"title"`
	Description           *string  `json:"description,omitempty"`
	Severity              *string  `json:"severity"`
	Status                *string  `json:"status"`
	Classification        *string  `json:"classification,omitempty"`
	ClassificationReason  *string  `json:"classificationReason,omitempty"`
	ClassificationComment *string  `json:"classificationComment,omitempty"`
	Owner                 *owner   `json:"owner,omitempty"`
	Labels                []label  `json:"labels,omitempty"`
	FirstActivity         *instant `json:"firstActivityTimeUtc,omitempty"`
	LastActivity          *instant `json:"lastActivityTimeUtc,omitempty"`
}

func incidentRoutes() []route {
	type one = resource[incidentProperties]
	return []route{
		{method: "GET", path: "/incidents", name: "Incidents_List", summary: "Lists the incidents.", right: auth.Read, out: paged[one]{},
			query: []string{"$filter", "$orderby", "$top", "$skipToken"}, do: listIncidents},
		{method: "GET", path: "/incidents/{incidentId}", name: "Incidents_Get", summary: "Gets an incident.", right: auth.Read, out: one{}, do: getIncident},
		{method: "PUT", path: "/incidents/{incidentId}", name: "Incidents_CreateOrUpdate", summary: "Opens or changes an incident.", right: auth.Respond,
			in: body[incidentInput]{}, out: one{}, status: []int{200, 201}, do: putIncident},
		{method: "DELETE", path: "/incidents/{incidentId}", name: "Incidents_Delete", summary: "Deletes an incident.", right: auth.Configure, status: []int{200, 204}, do: deleteIncident},
	}
}

func pointer(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func full(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (a *API) incidentResource(s state.Stored) (resource[incidentProperties], error) {
	i := s.Incident
	p := incidentProperties{
		Title: i.Title, Description: i.Description, Severity: string(i.Severity), Status: string(i.Status), Classification: string(i.Classification),
		ClassificationReason: string(i.Reason), ClassificationComment: i.ClosingComment,
		Owner:  owner{pointer(i.Owner.ObjectID), pointer(i.Owner.Email), pointer(i.Owner.AssignedTo), pointer(i.Owner.UserPrincipalName), pointer(i.Owner.Type)},
		Labels: []label{}, FirstActivity: when(i.FirstActivity), LastActivity: when(i.LastActivity), LastModified: when(i.LastModified), Created: when(i.Created),
		Number: i.Number, Additional: additionalData{len(i.Alerts), len(i.Bookmarks), i.CommentCount, full(i.Products()), full(i.Tactics()), full(i.Techniques())},
		RuleIDs: []string{}, URL: i.URL, ProviderName: i.ProviderName, ProviderIncidentID: i.ProviderIncidentID,
	}
	for _, l := range i.Labels {
		p.Labels = append(p.Labels, label(l))
	}
	for _, id := range i.RuleIDs() {
		p.RuleIDs = append(p.RuleIDs, a.id("alertRules", id))
	}
	return envelope(a, p, s.ETag, nil, "incidents", i.ID), nil
}

// words are the values of an enumeration.
func words[T ~string](list []T) []string {
	var out []string
	for _, s := range list {
		out = append(out, string(s))
	}
	return out
}

type incidentIs = *incident.Incident

// incidentFilters are the properties that lists of incidents can be filtered by.
var incidentFilters = []property[incidentIs]{
	{"name", textValue, nil, func(i incidentIs) value { return textOf(i.ID) }},
	{"properties/title", textValue, nil, func(i incidentIs) value { return textOf(i.Title) }},
	{"properties/description", textValue, nil, func(i incidentIs) value { return textOf(i.Description) }},
	{"properties/severity", wordValue, words(incident.Severities()), func(i incidentIs) value { return textOf(string(i.Severity)) }},
	{"properties/status", wordValue, words(incident.Statuses()), func(i incidentIs) value { return textOf(string(i.Status)) }},
	{"properties/classification", wordValue, words([]incident.Classification{incident.Undetermined, incident.TruePositive, incident.BenignPositive, incident.FalsePositive}),
		func(i incidentIs) value { return textOf(string(i.Classification)) }},
	{"properties/classificationReason", wordValue, words([]incident.Reason{incident.SuspiciousActivity, incident.SuspiciousButExpected, incident.IncorrectAlertLogic, incident.InaccurateData}),
		func(i incidentIs) value { return textOf(string(i.Reason)) }},
	{"properties/classificationComment", textValue, nil, func(i incidentIs) value { return textOf(i.ClosingComment) }},
	{"properties/incidentNumber", numValue, nil, func(i incidentIs) value { return numOf(i.Number) }},
	{"properties/createdTimeUtc", timeValue, nil, func(i incidentIs) value { return timeOf(i.Created) }},
	{"properties/lastModifiedTimeUtc", timeValue, nil, func(i incidentIs) value { return timeOf(i.LastModified) }},
	{"properties/firstActivityTimeUtc", timeValue, nil, func(i incidentIs) value { return timeOf(i.FirstActivity) }},
	{"properties/lastActivityTimeUtc", timeValue, nil, func(i incidentIs) value { return timeOf(i.LastActivity) }},
	{"properties/owner/objectId", textValue, nil, func(i incidentIs) value { return textOf(i.Owner.ObjectID) }},
	{"properties/owner/email", textValue, nil, func(i incidentIs) value { return textOf(i.Owner.Email) }},
	{"properties/owner/assignedTo", textValue, nil, func(i incidentIs) value { return textOf(i.Owner.AssignedTo) }},
	{"properties/owner/userPrincipalName", textValue, nil, func(i incidentIs) value { return textOf(i.Owner.UserPrincipalName) }},
	{"properties/providerName", textValue, nil, func(i incidentIs) value { return textOf(i.ProviderName) }},
	{"properties/providerIncidentId", textValue, nil, func(i incidentIs) value { return textOf(i.ProviderIncidentID) }},
	{"properties/additionalData/alertsCount", numValue, nil, func(i incidentIs) value { return numOf(len(i.Alerts)) }},
	{"properties/additionalData/bookmarksCount", numValue, nil, func(i incidentIs) value { return numOf(len(i.Bookmarks)) }},
	{"properties/additionalData/commentsCount", numValue, nil, func(i incidentIs) value { return numOf(i.CommentCount) }},
}

// incidentOrders are the properties that lists of incidents can be ordered by, and incidentColumns what the state calls them.
var (
	incidentOrders  = []string{"properties/incidentNumber", "properties/createdTimeUtc", "properties/lastModifiedTimeUtc", "properties/severity", "properties/status", "properties/title"}
	incidentColumns = []state.Order{state.ByNumber, state.ByCreated, state.ByModified, state.BySeverity, state.ByStatus, state.ByTitle}
)

func listIncidents(r *request) (out answer, err error) {
	p, err := r.page()
	if err != nil {
		return out, err
	}
	q := state.IncidentQuery{Page: p, Order: state.ByNumber, Descending: true}
	f, err := parseFilter(r.option("$filter"), incidentFilters)
	if err != nil {
		return out, err
	}
	if f != nil {
		q.Where = f
	}
	n, descending, err := parseOrder(r.option("$orderby"), incidentOrders)
	if err != nil {
		return out, err
	}
	if n >= 0 {
		q.Order, q.Descending = incidentColumns[n], descending
	}
	err = r.view(func(tx state.Tx) error {
		list, next, err := tx.Incidents().List(q)
		if err != nil {
			return err
		}
		out, err = listOf(r, list, next, r.api.incidentResource)
		return err
	})
	return out, err
}

// incident loads the incident of the path.
func (r *request) incident(tx state.Tx) (state.Stored, error) {
	s, err := tx.Incidents().Get(r.param("incidentId"))
	if there, err := found(err); !there {
		return s, orNotFound(err, "incident", r.param("incidentId"))
	}
	return s, nil
}

func getIncident(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		s, err := r.incident(tx)
		if err != nil {
			return err
		}
		res, err := r.api.incidentResource(s)
		out = ok(res)
		return err
	})
	return out, err
}

// change makes of an input what is wanted of an incident.
func (in incidentInput) change() (incident.Change, error) {
	for _, x := range []struct {
		name  string
		value *string
	}{{"title", in.Title}, {"severity", in.Severity}, {"status", in.Status}} {
		if x.value == nil {
			return incident.Change{}, invalid("properties.%s: is missing", x.name)
		}
	}
	severity, status, description := incident.Severity(*in.Severity), incident.Status(*in.Status), deref(in.Description)
	c := incident.Change{Title: in.Title, Severity: &severity, Status: &status, Description: &description, ClosingComment: in.ClassificationComment,
		Owner: &incident.Owner{}, Labels: &[]string{}}
	if in.Classification != nil {
		v := incident.Classification(*in.Classification)
		c.Classification = &v
	}
	if in.ClassificationReason != nil {
		v := incident.Reason(*in.ClassificationReason)
		c.Reason = &v
	}
	if o := in.Owner; o != nil {
		*c.Owner = incident.Owner{ObjectID: deref(o.ObjectID), Email: deref(o.Email), AssignedTo: deref(o.AssignedTo),
			UserPrincipalName: deref(o.UserPrincipalName), Type: deref(o.OwnerType)}
	}
	for _, l := range in.Labels {
		*c.Labels = append(*c.Labels, l.Name)
	}
	if in.FirstActivity != nil && !in.FirstActivity.IsZero() {
		c.FirstActivity = &in.FirstActivity.Time
	}
	if in.LastActivity != nil && !in.LastActivity.IsZero() {
		c.LastActivity = &in.LastActivity.Time
	}
	return c, nil
}

func putIncident(r *request) (answer, error) {
	in, b, err := read[incidentInput](r)
	if err != nil {
		return answer{}, err
	}
	c, err := in.change()
	if err != nil {
		return answer{}, err
	}
	return r.change(func(tx state.Tx) (answer, error) {
		s, err := tx.Incidents().Get(r.param("incidentId"))
		exists, err := found(err)
		if err != nil {
			return answer{}, err
		}
		if err := r.check(s.ETag, exists, b.ETag); err != nil {
			return answer{}, err
		}
		var e incident.Event
		if exists {
			e, err = incident.Apply(s.Incident, c, r.actor(), r.at)
		} else {
			number, err2 := tx.Incidents().NextNumber()
			if err2 != nil {
				return answer{}, err2
			}
			id := r.param("incidentId")
			d := incident.Draft{ID: id, Number: number, Change: c}
			if r.api.Desk.URL != nil {
				d.URL = r.api.Desk.URL(id)
			}
			e, err = incident.Open(d, r.actor(), r.at)
		}
		if err != nil {
			return answer{}, err
		}
		s, err = r.commit(tx, e)
		if err != nil {
			return answer{}, err
		}
		res, err := r.api.incidentResource(s)
		return written(res, exists), err
	})
}

// commit records an event of an incident with all that follows. Conditions were checked in the same transaction.
func (r *request) commit(tx state.Tx, e incident.Event) (state.Stored, error) {
	res, err := r.api.Desk.Commit(tx, e, state.Always)
	if err != nil {
		return state.Stored{}, err
	}
	if len(res.Incidents) != 1 {
		return state.Stored{}, fmt.Errorf("an event of one incident became %d changes", len(res.Incidents))
	}
	return state.Stored{Incident: res.Incidents[0].Incident, ETag: res.Incidents[0].ETag}, nil
}

// partSpace is the name space of the etags of parts.
var partSpace = uuid.MustParse("3d6f0c52-6b53-5d0e-8e0f-0b8b6a0c9d71")

// partTag is the etag of a part of an incident: it changes with the part, not with the rest of the incident.
func partTag(part any) (string, error) {
	text, err := json.Marshal(part)
	return `"` + uuid.NewSHA1(partSpace, text).String() + `"`, err
}

// apply changes the incident of the path, and gives it as it is after that. part returns the part that is changed, nil if
// there is none yet; the conditions of the request are those on that part.
func (r *request) apply(tx state.Tx, part func(*incident.Incident) any, etag string, c incident.Change) (after state.Stored, had bool, err error) {
	s, err := r.incident(tx)
	if err != nil {
		return s, false, err
	}
	tag := ""
	if p := part(s.Incident); p != nil {
		had = true
		if tag, err = partTag(p); err != nil {
			return s, had, err
		}
	}
	if err := r.check(tag, had, etag); err != nil {
		return s, had, err
	}
	e, err := incident.Apply(s.Incident, c, r.actor(), r.at)
	if err != nil {
		return s, had, err
	}
	s, err = r.commit(tx, e)
	return s, had, err
}

// commentPart and taskPart find a part by its id.
func commentPart(id string) func(*incident.Incident) any {
	return func(i *incident.Incident) any {
		if c := i.Comment(id); c != nil {
			return *c
		}
		return nil
	}
}

func taskPart(id string) func(*incident.Incident) any {
	return func(i *incident.Incident) any {
		if t := i.Task(id); t != nil {
			return *t
		}
		return nil
	}
}

func deleteIncident(r *request) (answer, error) {
	return r.change(func(tx state.Tx) (answer, error) {
		s, err := tx.Incidents().Get(r.param("incidentId"))
		exists, err := found(err)
		if err != nil {
			return answer{}, err
		}
		if err := r.check(s.ETag, exists, ""); err != nil || !exists {
			return gone(exists), err
		}
		if _, err := r.api.Desk.Commit(tx, incident.Delete(s.Incident, r.actor(), r.at), state.Existing); err != nil {
			return answer{}, err
		}
		names, _, err := tx.Documents().List(relationKind, relationPrefix(s.ID), state.Page{})
		if err != nil {
			return answer{}, err
		}
		for _, d := range names {
			if err := tx.Documents().Delete(relationKind, d.ID, state.Existing); err != nil {
				return answer{}, err
			}
		}
		return gone(true), nil
	})
}

// selected answers with a page of a list that is part of an incident, filtered and ordered as the request asks.
func selected[T, P any](r *request, all []T, props []property[T], orders []string, compare []func(a, b T) int, make func(T) (resource[P], error)) (answer, error) {
	p, err := r.page()
	if err != nil {
		return answer{}, err
	}
	f, err := parseFilter(r.option("$filter"), props)
	if err != nil {
		return answer{}, err
	}
	n, descending, err := parseOrder(r.option("$orderby"), orders)
	if err != nil {
		return answer{}, err
	}
	var list []T
	for _, v := range all {
		if f == nil || f(v) {
			list = append(list, v)
		}
	}
	if n >= 0 {
		slices.SortStableFunc(list, func(a, b T) int {
			if descending {
				a, b = b, a
			}
			return compare[n](a, b)
		})
	}
	list, next, err := slice(list, p)
	if err != nil {
		return answer{}, err
	}
	return listOf(r, list, next, make)
}

// commentProperties are those of a comment.
type commentProperties struct {
	Message  string   `json:"message"`
	Author   client   `json:"author"`
	Created  *instant `json:"createdTimeUtc,omitempty"`
	Modified *instant `json:"lastModifiedTimeUtc,omitempty"`
}

// client is who wrote something.
type client struct {
	Name              string `json:"name,omitempty"`
	Email             string `json:"email,omitempty"`
	ObjectID          string `json:"objectId,omitempty"`
	UserPrincipalName string `json:"userPrincipalName,omitempty"`
}

func clientOf(a incident.Actor) client {
	return client{a.Name, a.Email, a.ObjectID, a.UserPrincipalName}
}

type commentInput struct {
	Message *string `json:"message"`
}

// taskProperties are those of a task.
// https://learn.microsoft.com/rest/api/securityinsights/incident-tasks
type taskProperties struct {
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Status      string   `json:"status"`
	Created     *instant `json:"createdTimeUtc,omitempty"`
	Modified    *instant `json:"lastModifiedTimeUtc,omitempty"`
	CreatedBy   client   `json:"createdBy"`
	ModifiedBy  client   `json:"lastModifiedBy"`
}

type taskInput struct {
	Title       *string `json:"title"`
	Description *string `json:"description,omitempty"`
	Status      *string `json:"status"`
}

func partRoutes() []route {
	type comment = resource[commentProperties]
	type task = resource[taskProperties]
	lists := []string{"$filter", "$orderby", "$top", "$skipToken"}
	return []route{
		{method: "GET", path: "/incidents/{incidentId}/comments", name: "IncidentComments_List", summary: "Lists an incident's comments.", right: auth.Read,
			out: paged[comment]{}, query: lists, do: listComments},
		{method: "GET", path: "/incidents/{incidentId}/comments/{incidentCommentId}", name: "IncidentComments_Get", summary: "Gets a comment.", right: auth.Read, out: comment{}, do: getComment},
		{method: "PUT", path: "/incidents/{incidentId}/comments/{incidentCommentId}", name: "IncidentComments_CreateOrUpdate", summary: "Writes a comment; only its author changes one.",
			right: auth.Respond, in: body[commentInput]{}, out: comment{}, status: []int{200, 201}, do: putComment},
		{method: "DELETE", path: "/incidents/{incidentId}/comments/{incidentCommentId}", name: "IncidentComments_Delete", summary: "Deletes a comment.", right: auth.Respond,
			status: []int{200, 204}, do: deleteComment},
		{method: "GET", path: "/incidents/{incidentId}/tasks", name: "IncidentTasks_List", summary: "Lists an incident's tasks.", right: auth.Read, out: paged[task]{},
			query: lists, do: listTasks},
		{method: "GET", path: "/incidents/{incidentId}/tasks/{incidentTaskId}", name: "IncidentTasks_Get", summary: "Gets a task.", right: auth.Read, out: task{}, do: getTask},
		{method: "PUT", path: "/incidents/{incidentId}/tasks/{incidentTaskId}", name: "IncidentTasks_CreateOrUpdate", summary: "Writes a task.", right: auth.Respond,
			in: body[taskInput]{}, out: task{}, status: []int{200, 201}, do: putTask},
		{method: "DELETE", path: "/incidents/{incidentId}/tasks/{incidentTaskId}", name: "IncidentTasks_Delete", summary: "Deletes a task.", right: auth.Respond,
			status: []int{200, 204}, do: deleteTask},
	}
}

func (a *API) commentResource(s state.Stored, c incident.Comment) (resource[commentProperties], error) {
	tag, err := partTag(c)
	return envelope(a, commentProperties{c.Message, clientOf(c.Author), when(c.Created), when(c.Modified)}, tag, nil, "incidents", s.ID, "comments", c.ID), err
}

func listComments(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		s, err := r.incident(tx)
		if err != nil {
			return err
		}
		type one = incident.Comment
		out, err = selected(r, s.Comments, []property[one]{
			{"name", textValue, nil, func(c one) value { return textOf(c.ID) }},
			{"properties/message", textValue, nil, func(c one) value { return textOf(c.Message) }},
			{"properties/author/name", textValue, nil, func(c one) value { return textOf(c.Author.Name) }},
			{"properties/author/objectId", textValue, nil, func(c one) value { return textOf(c.Author.ObjectID) }},
			{"properties/createdTimeUtc", timeValue, nil, func(c one) value { return timeOf(c.Created) }},
			{"properties/lastModifiedTimeUtc", timeValue, nil, func(c one) value { return timeOf(c.Modified) }},
		}, []string{"properties/createdTimeUtc", "properties/lastModifiedTimeUtc"},
			[]func(a, b one) int{func(a, b one) int { return a.Created.Compare(b.Created) }, func(a, b one) int { return a.Modified.Compare(b.Modified) }},
			func(c one) (resource[commentProperties], error) { return r.api.commentResource(s, c) })
		return err
	})
	return out, err
}

func getComment(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		s, err := r.incident(tx)
		if err != nil {
			return err
		}
		c := s.Comment(r.param("incidentCommentId"))
		if c == nil {
			return notFound("comment", r.param("incidentCommentId"))
		}
		res, err := r.api.commentResource(s, *c)
		out = ok(res)
		return err
	})
	return out, err
}

func putComment(r *request) (answer, error) {
	in, b, err := read[commentInput](r)
	if err != nil {
		return answer{}, err
	}
	if in.Message == nil {
		return answer{}, invalid("properties.message: is missing")
	}
	id := r.param("incidentCommentId")
	return r.change(func(tx state.Tx) (answer, error) {
		s, err := r.incident(tx)
		if err != nil {
			return answer{}, err
		}
		c := incident.Change{AddComment: &incident.Comment{ID: id, Message: *in.Message}}
		if s.Comment(id) != nil {
			c = incident.Change{EditComment: c.AddComment}
		}
		s, had, err := r.apply(tx, commentPart(id), b.ETag, c)
		if err != nil {
			return answer{}, err
		}
		res, err := r.api.commentResource(s, *s.Comment(id))
		return written(res, had), err
	})
}

// without answers the deletion of a part of an incident.
func (r *request) without(part func(*incident.Incident) any, c incident.Change) (answer, error) {
	return r.change(func(tx state.Tx) (answer, error) {
		s, err := r.incident(tx)
		if err != nil {
			return answer{}, err
		}
		if part(s.Incident) == nil {
			return gone(false), r.check("", false, "")
		}
		_, _, err = r.apply(tx, part, "", c)
		return gone(true), err
	})
}

func deleteComment(r *request) (answer, error) {
	id := r.param("incidentCommentId")
	return r.without(commentPart(id), incident.Change{DeleteComment: id})
}

func (a *API) taskResource(s state.Stored, t incident.Task) (resource[taskProperties], error) {
	tag, err := partTag(t)
	return envelope(a, taskProperties{t.Title, t.Description, string(t.Status), when(t.Created), when(t.Modified), clientOf(t.CreatedBy), clientOf(t.ModifiedBy)},
		tag, nil, "incidents", s.ID, "tasks", t.ID), err
}

func listTasks(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		s, err := r.incident(tx)
		if err != nil {
			return err
		}
		type one = incident.Task
		out, err = selected(r, s.Tasks, []property[one]{
			{"name", textValue, nil, func(t one) value { return textOf(t.ID) }},
			{"properties/title", textValue, nil, func(t one) value { return textOf(t.Title) }},
			{"properties/status", wordValue, []string{"New", "Completed"}, func(t one) value { return textOf(string(t.Status)) }},
			{"properties/createdTimeUtc", timeValue, nil, func(t one) value { return timeOf(t.Created) }},
			{"properties/lastModifiedTimeUtc", timeValue, nil, func(t one) value { return timeOf(t.Modified) }},
		}, []string{"properties/createdTimeUtc", "properties/lastModifiedTimeUtc", "properties/title"},
			[]func(a, b one) int{func(a, b one) int { return a.Created.Compare(b.Created) }, func(a, b one) int { return a.Modified.Compare(b.Modified) },
				func(a, b one) int { return strings.Compare(a.Title, b.Title) }},
			func(t one) (resource[taskProperties], error) { return r.api.taskResource(s, t) })
		return err
	})
	return out, err
}

func getTask(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		s, err := r.incident(tx)
		if err != nil {
			return err
		}
		t := s.Task(r.param("incidentTaskId"))
		if t == nil {
			return notFound("task", r.param("incidentTaskId"))
		}
		res, err := r.api.taskResource(s, *t)
		out = ok(res)
		return err
	})
	return out, err
}

func putTask(r *request) (answer, error) {
	in, b, err := read[taskInput](r)
	if err != nil {
		return answer{}, err
	}
	if in.Title == nil || in.Status == nil {
		return answer{}, invalid("properties: title and status are required")
	}
	id := r.param("incidentTaskId")
	t := &incident.Task{ID: id, Title: *in.Title, Description: deref(in.Description), Status: incident.TaskStatus(*in.Status)}
	return r.change(func(tx state.Tx) (answer, error) {
		s, had, err := r.apply(tx, taskPart(id), b.ETag, incident.Change{PutTask: t})
		if err != nil {
			return answer{}, err
		}
		res, err := r.api.taskResource(s, *s.Task(id))
		return written(res, had), err
	})
}

func deleteTask(r *request) (answer, error) {
	id := r.param("incidentTaskId")
	return r.without(taskPart(id), incident.Change{DeleteTask: id})
}
