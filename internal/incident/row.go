package incident

import (
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/types"
)

// Schema returns the columns of the SecurityIncident table.
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/securityincident
func Schema() types.Schema {
	return types.Schema{
		{Name: "AdditionalData", Type: types.Dynamic}, {Name: "AlertIds", Type: types.Dynamic}, {Name: "BookmarkIds", Type: types.Dynamic},
		{Name: "Classification", Type: types.String}, {Name: "ClassificationComment", Type: types.String},
		{Name: "ClassificationReason", Type: types.String}, {Name: "ClosedTime", Type: types.Datetime}, {Name: "Comments", Type: types.Dynamic},
		{Name: "CreatedTime", Type: types.Datetime}, {Name: "Description", Type: types.String}, {Name: "FirstActivityTime", Type: types.Datetime},
		{Name: "FirstModifiedTime", Type: types.Datetime}, {Name: "IncidentName", Type: types.String}, {Name: "IncidentNumber", Type: types.Int},
		{Name: "IncidentUrl", Type: types.String}, {Name: "Labels", Type: types.Dynamic}, {Name: "LastActivityTime", Type: types.Datetime},
		{Name: "LastModifiedTime", Type: types.Datetime}, {Name: "ModifiedBy", Type: types.String}, {Name: "Owner", Type: types.Dynamic},
		{Name: "ProviderIncidentId", Type: types.String}, {Name: "ProviderName", Type: types.String},
		{Name: "RelatedAnalyticRuleIds", Type: types.Dynamic}, {Name: "Severity", Type: types.String}, {Name: "SourceSystem", Type: types.String},
		{Name: "Status", Type: types.String}, {Name: "Tasks", Type: types.Dynamic}, {Name: "TenantId", Type: types.String},
		{Name: "TimeGenerated", Type: types.Datetime}, {Name: "Title", Type: types.String}, {Name: "Type", Type: types.String},
	}
}

// Row returns the row of SecurityIncident that the event appends: a value for each column of Schema. Where it would
// pass MaxRowBytes the oldest comments are left out, then the oldest tasks and labels, then the ends of the texts; the
// counts in AdditionalData stay true.
// ok is false for Unchanged and Deleted, which append none.
// https://learn.microsoft.com/azure/sentinel/manage-soc-with-incident-metrics
func (e Event) Row(ws alert.Workspace) (row map[string]types.Value, ok bool) {
	if e.Kind != Created && e.Kind != Updated {
		return nil, false
	}
	i := e.After
	text := types.StringOf
	at := func(t time.Time) types.Value {
		if t.IsZero() {
			return types.Null(types.Datetime)
		}
		return types.DatetimeOf(types.TicksOf(t))
	}
	row = map[string]types.Value{
		"TimeGenerated": at(e.At), "IncidentName": text(i.ID), "IncidentNumber": types.IntOf(int32(i.Number)),
		"Title": text(i.Title), "Description": text(i.Description), "Severity": text(string(i.Severity)), "Status": text(string(i.Status)),
		"Classification": text(string(i.Classification)), "ClassificationReason": text(string(i.Reason)),
		"ClassificationComment": text(i.ClosingComment), "Owner": ownerJSON(i.Owner).Value(),
		"ProviderName": text(i.ProviderName), "ProviderIncidentId": text(i.ProviderIncidentID),
		"FirstActivityTime": at(i.FirstActivity), "LastActivityTime": at(i.LastActivity), "FirstModifiedTime": at(i.FirstModified),
		"LastModifiedTime": at(i.LastModified), "CreatedTime": at(i.Created), "ClosedTime": at(i.ClosedTime),
		"RelatedAnalyticRuleIds": texts(i.RuleIDs()).Value(), "AlertIds": texts(i.alertIDs()).Value(), "BookmarkIds": texts(i.Bookmarks).Value(),
		"AdditionalData": i.additional().Value(), "ModifiedBy": text(i.ModifiedBy.String()),
		"IncidentUrl": text(i.URL), "TenantId": text(ws.ID), "SourceSystem": text("Azure"), "Type": text("SecurityIncident"),
	}
	room := MaxRowBytes - 3*len("[]") // the lists that follow
	for _, c := range Schema() {
		room -= len(c.Name) + len(row[c.Name].ToText())
	}
	for _, name := range []string{"Description", "ClassificationComment"} {
		if room < 0 {
			kept := strings.ToValidUTF8(row[name].Text()[:max(0, len(row[name].Text())+room)], "")
			room += len(row[name].Text()) - len(kept)
			row[name] = text(kept)
		}
	}
	// comments are the first to give way, so they are the last to get room
	row["Labels"] = newest(i.Labels, labelJSON, &room).Value()
	row["Tasks"] = newest(i.Tasks, taskJSON, &room).Value()
	row["Comments"] = newest(i.Comments, commentJSON, &room).Value()
	return row, true
}

// newest returns as many of a list's last members as fit into room, in their order, and takes them from room.
func newest[T any](all []T, of func(T) types.JSON, room *int) types.JSON {
	first := len(all)
	for first > 0 {
		size := len(of(all[first-1]).String()) + len(",")
		if size > *room {
			break
		}
		*room -= size
		first--
	}
	return list(all[first:], of)
}

func (i *Incident) alertIDs() []string {
	var ids []string
	for _, a := range i.Alerts {
		ids = append(ids, a.ID)
	}
	return ids
}

func (i *Incident) additional() types.JSON {
	j := types.JSON{Kind: types.JSONObject}
	count := func(key string, n int) { j.Set(key, types.JSON{Kind: types.JSONLong, Long: int64(n)}) }
	count("alertsCount", len(i.Alerts))
	count("bookmarksCount", len(i.Bookmarks))
	count("commentsCount", i.CommentCount)
	j.Set("alertProductNames", texts(i.Products()))
	j.Set("tactics", texts(i.Tactics()))
	j.Set("techniques", texts(i.Techniques()))
	return j
}

// object makes a JSON object of keys and values in turn; empty values become null, as in the service's rows.
func object(pairs ...string) types.JSON {
	j := types.JSON{Kind: types.JSONObject}
	for n := 0; n < len(pairs); n += 2 {
		v := types.JSON{}
		if pairs[n+1] != "" {
			v = types.JSON{Kind: types.JSONString, Str: pairs[n+1]}
		}
		j.Set(pairs[n], v)
	}
	return j
}

func ownerJSON(o Owner) types.JSON {
	return object("objectId", o.ObjectID, "email", o.Email, "assignedTo", o.AssignedTo, "userPrincipalName", o.UserPrincipalName)
}

func labelJSON(l Label) types.JSON { return object("labelName", l.Name, "labelType", l.Type) }

func actorJSON(a Actor) types.JSON {
	return object("name", a.Name, "email", a.Email, "objectId", a.ObjectID, "userPrincipalName", a.UserPrincipalName)
}

func commentJSON(c Comment) types.JSON {
	j := object("id", c.ID, "message", c.Message, "createdTimeUtc", stamp(c.Created), "lastModifiedTimeUtc", stamp(c.Modified))
	j.Set("author", actorJSON(c.Author))
	return j
}

func taskJSON(t Task) types.JSON {
	j := object("taskId", t.ID, "title", t.Title, "description", t.Description, "status", string(t.Status),
		"createdTimeUtc", stamp(t.Created), "lastModifiedTimeUtc", stamp(t.Modified))
	j.Set("createdBy", actorJSON(t.CreatedBy))
	j.Set("lastModifiedBy", actorJSON(t.ModifiedBy))
	return j
}

func list[T any](all []T, of func(T) types.JSON) types.JSON {
	j := types.JSON{Kind: types.JSONArray}
	for _, v := range all {
		j.Items = append(j.Items, of(v))
	}
	return j
}

func texts(all []string) types.JSON {
	return list(all, func(s string) types.JSON { return types.JSON{Kind: types.JSONString, Str: s} })
}
