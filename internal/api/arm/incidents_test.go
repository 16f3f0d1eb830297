package arm

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/desk"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// raise has the desk raise alerts, and returns their ids.
func (b *bench) raise(n int) []string {
	b.t.Helper()
	r := &rule.Rule{ID: "r1", Name: "Rule", Kind: rule.Scheduled, Severity: rule.Low, Tactics: []string{"Impact"}, Techniques: []string{"T1486"}, Query: "T", QueryPeriod: time.Hour,
		TriggerOperator: rule.GreaterThan, EventGrouping: rule.AlertPerResult, Incident: rule.Incident{Create: true, Grouping: rule.Grouping{Lookback: time.Hour}},
		EntityMappings: []entity.Mapping{{Kind: entity.IP, Fields: []entity.FieldMapping{{Identifier: "Address", Column: "IP"}}},
			{Kind: entity.Account, Fields: []entity.FieldMapping{{Identifier: "Name", Column: "Who"}, {Identifier: "UPNSuffix", Column: "Where"}}}}}
	res := types.Table{Schema: types.Schema{{Name: "TimeGenerated", Type: types.Datetime}, {Name: "IP", Type: types.String}, {Name: "Who", Type: types.String}, {Name: "Where", Type: types.String}}}
	for i := range n {
		res.Rows = append(res.Rows, []types.Value{types.DatetimeOf(types.TicksOf(b.now.Add(-time.Minute))), types.StringOf(fmt.Sprintf("8.8.8.%d", i)), types.StringOf("ann"), types.StringOf("x.com")})
	}
	alerts := alert.Evaluate(r, res, alert.Window{From: b.now.Add(-time.Hour), To: b.now}, nil)
	var out []string
	if err := b.store.Update(b.t.Context(), func(tx state.Tx) error {
		res, err := b.api.Desk.Raise(tx, r, alerts, b.now)
		out = res.Alerts
		return err
	}); err != nil {
		b.t.Fatal(err)
	}
	slices.Sort(out) // the order in which they open incidents
	return out
}

// names lists the names of a page.
func names(o map[string]any) []string {
	out := []string{}
	list, _ := o["value"].([]any)
	for _, v := range list {
		out = append(out, at(v, "name").(string))
	}
	return out
}

func titles(o map[string]any) string {
	var out []string
	list, _ := o["value"].([]any)
	for _, v := range list {
		out = append(out, at(v, "properties", "title").(string))
	}
	return strings.Join(out, " ")
}

func TestIncidents(t *testing.T) {
	b := newBench(t)
	const id = "/incidents/73e01a99-5cd7-4139-a149-9f2736ff2ab5"
	put := func(members string) string {
		return `{"properties": {"title": "T", "severity": "High", "status": "New"` + members + `}}`
	}
	b.want(404, "", "GET", id, "")
	// Microsoft's example of a creation carries an etag
	o := b.want(201, "", "PUT", id, `{"etag": "\"0300bf09-0000-0000-0000-5c37296e0000\"", `+put(`, "description": "D", "owner": {"objectId": "2046feea-040d-4a46-9e2b-91c2941bfa70", "email": null}, "labels": [{"labelName": "x", "labelType": "AutoAssigned"}], "firstActivityTimeUtc": "2024-01-01T00:00:00Z"`)[1:])
	same(t, "number", at(o, "properties", "incidentNumber"), 1)
	same(t, "owner", at(o, "properties", "owner"), map[string]any{"objectId": "2046feea-040d-4a46-9e2b-91c2941bfa70", "email": nil, "assignedTo": nil, "userPrincipalName": nil})
	same(t, "labels", at(o, "properties", "labels"), []any{map[string]any{"labelName": "x", "labelType": "User"}})
	same(t, "first activity", at(o, "properties", "firstActivityTimeUtc"), "2024-01-01T00:00:00Z")
	same(t, "link", at(o, "properties", "incidentUrl"), "https://soc/73e01a99-5cd7-4139-a149-9f2736ff2ab5")
	same(t, "lists", []any{at(o, "properties", "additionalData", "tactics"), at(o, "properties", "relatedAnalyticRuleIds")}, []any{[]any{}, []any{}})
	etag := o["etag"].(string)
	b.want(200, "", "PUT", id, put(""), "If-Match", etag)
	o = b.want(200, "", "GET", id, "")
	same(t, "a PUT replaces", []any{at(o, "properties", "description"), at(o, "properties", "owner", "objectId"), at(o, "properties", "labels")}, []any{nil, nil, []any{}})
	if o["etag"] == etag {
		t.Error("the etag stayed")
	}
	b.want(409, "", "PUT", id, `{"etag": `+mustJSON(etag)+`, `+put("")[1:])
	b.want(412, "", "PUT", id, put(""), "If-Match", etag)
	for _, c := range []struct{ body, want string }{
		{`{"properties": {"severity": "High", "status": "New"}}`, "properties.title: is missing"},
		{put(`, "severity": "Worse"`), `severity \"Worse\": expected one of Informational, Low, Medium, High`},
		{put(`, "status": "Closed"`), "closing demands a classification"},
		{put(`, "status": "Closed", "classification": "TruePositive", "classificationReason": "InaccurateData"`), "does not go with TruePositive"},
		{put(`, "classification": "TruePositive"`), "only a Closed incident has one"},
		{put(`, "title": " "`), "the title is empty"}, {put(`, "title": 1`), "properties.title: expected a string, found number"},
		{put(`, "title": "` + strings.Repeat("x", 1001) + `"`), "the limit is 1000"},
		{put(`, "labels": [{"labelName": ""}]`), "a label has no name"}, {put(`, "labels": {}`), "expected an array, found object"},
		{put(`, "firstActivityTimeUtc": "soon"`), "'soon' is no time"}, {put(`, "firstActivityTimeUtc": 5`), "5: expected a time"},
		{put(`, "firstActivityTimeUtc": "2024-01-02T00:00:00Z", "lastActivityTimeUtc": "2024-01-01T00:00:00Z"`), "is before the first"},
		{put(`, "owner": {"ownerType": "Dog"}`), "expected User, Group or Unknown"},
	} {
		b.want(400, c.want, "PUT", id, c.body)
	}
	b.want(200, `"classificationReason":"SuspiciousActivity"`, "PUT", id, put(`, "status": "Closed", "classification": "TruePositive", "classificationReason": "SuspiciousActivity", "classificationComment": "c"`))
	// sent back as it was read, opened again
	o = b.want(200, "", "GET", id, "")
	o["properties"].(map[string]any)["status"] = "Active"
	if o = b.want(200, "", "PUT", id, mustJSON(o)); at(o, "properties", "classification") != nil {
		t.Errorf("an open incident is classified: %v", o)
	}
	// numbers that failed requests took are given back
	b.want(201, `"incidentNumber":2`, "PUT", "/incidents/two", put(""))
	b.want(403, "", "DELETE", "/incidents/two", "", "Authorization", "Bearer "+b.tokens[auth.Responder])
	b.want(200, "", "DELETE", "/incidents/two", "")
	b.want(204, "", "DELETE", "/incidents/two", "")
}

func TestIncidentLists(t *testing.T) {
	b := newBench(t)
	for n, members := range []string{`"severity": "High", "status": "New"`, `"severity": "Low", "status": "Active", "owner": {"assignedTo": "Ann O'Hara"}`,
		`"severity": "Low", "status": "Closed", "classification": "FalsePositive"`, `"severity": "Medium", "status": "New", "description": "100% (or so)"`} {
		b.now = start.Add(time.Duration(n) * time.Hour)
		b.want(201, "", "PUT", fmt.Sprint("/incidents/i", n), fmt.Sprintf(`{"properties": {"title": "T%d", %s}}`, n, members))
	}
	for _, c := range []struct{ filter, order, want string }{
		{"", "", "T3 T2 T1 T0"}, {"", "properties/createdTimeUtc", "T0 T1 T2 T3"}, {"", "properties/createdTimeUtc desc", "T3 T2 T1 T0"},
		{"", "properties/severity desc", "T0 T3 T2 T1"}, {"", "Properties/Title ASC", "T0 T1 T2 T3"}, {"", "properties/status", "T0 T3 T1 T2"},
		{"properties/severity eq 'Low'", "", "T2 T1"}, {"properties/severity eq 'low' and properties/status ne 'Closed'", "", "T1"},
		{"properties/status eq 'New' or properties/status eq 'Closed'", "", "T3 T2 T0"}, {"not (properties/status eq 'New')", "", "T2 T1"},
		{"not properties/status eq 'New' and properties/incidentNumber gt 2", "", "T2"}, {"properties/incidentNumber in (1, 3)", "", "T2 T0"},
		{"properties/createdTimeUtc ge 2024-05-01T11:00:00Z and properties/createdTimeUtc lt 2024-05-01T13:00:00Z", "", "T2 T1"},
		{"properties/createdTimeUtc gt '2024-05-01T11:00:00Z'", "", "T3 T2"}, {"properties/lastModifiedTimeUtc le 2024-05-01", "", ""},
		{"contains(properties/title, '2')", "", "T2"}, {"startswith(properties/title,'T') and endswith(properties/title, '3')", "", "T3"},
		{"contains(tolower(properties/owner/assignedTo), 'o''hara')", "", "T1"}, {"properties/owner/assignedTo eq 'Ann O''Hara'", "", "T1"},
		{"properties/owner/assignedTo ne null", "", "T1"}, {"properties/classification eq null", "properties/incidentNumber", "T0 T1 T3"},
		{"properties/classification ne 'FalsePositive'", "properties/incidentNumber", "T0 T1 T3"},
		{"contains(properties/description, '% (or')", "", "T3"}, {"properties/title gt 'T1'", "", "T3 T2"}, {"name eq 'i0'", "", "T0"},
		{"((((properties/incidentNumber le 1))))", "", "T0"}, {"properties/additionalData/alertsCount ge 0.5", "", ""},
		{"properties/status in ('new', 'Closed') and not contains(properties/title, '0')", "", "T3 T2"},
	} {
		o := b.want(200, "", "GET", "/incidents?$filter="+url.QueryEscape(c.filter)+"&$orderby="+url.QueryEscape(c.order), "")
		if got := titles(o); got != c.want {
			t.Errorf("%s by %s: %s, expected %s", c.filter, c.order, got, c.want)
		}
		// the same in pages of one
		got, path := []string{}, "/incidents?$top=1&$filter="+url.QueryEscape(c.filter)+"&$orderby="+url.QueryEscape(c.order)
		for range 6 {
			o := b.want(200, "", "GET", path, "")
			if s := titles(o); s != "" {
				got = append(got, s)
			}
			next, _ := o["nextLink"].(string)
			if next == "" {
				break
			}
			path = "/" + strings.TrimPrefix(next, "http://example.com")
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s by %s in pages: %s, expected %s", c.filter, c.order, s, c.want)
		}
	}
	for filter, want := range map[string]string{
		"properties/x eq 1": "position 1: there is no property 'properties/x'", "properties/severity eq 'Bad'": "position 24: properties/severity is one of Informational",
		"properties/severity gt 'Low'": "position 21: properties/severity is compared by eq and ne only", "properties/title eq 1": "position 21: properties/title is a text, and is compared with a number",
		"properties/title eq 'x": "position 21: the text is not closed", "properties/title like 'x'": "position 18: expected eq", "properties/title eq x": "'x' is no value",
		"(properties/title eq 'x'": "position 25: expected )", "properties/title eq 'x' properties": "position 25: expected and", "": "", " ": "",
		"properties/labels/any(l: l/labelName eq 'x')": "position 1: the function 'properties/labels/any' is not supported", "length(properties/title) gt 1": "the function 'length' is not supported",
		"contains(properties/incidentNumber, '1')": "is for text", "contains(properties/title, 1)": "expected a text in apostrophes", "properties/createdTimeUtc gt null": "null is compared by eq and ne only",
		"not": "expected a property", strings.Repeat("(", 100): "nests deeper", strings.Repeat("not ", 100): "nests deeper", "properties/title eq 'é' x": "position 25", "properties/createdTimeUtc gt 'soon'": "is compared with a text",
		strings.Repeat("x", 9000): "longer than", "properties/title in ('a' 'b')": "expected , or )",
	} {
		if want != "" {
			b.want(400, "", "GET", "/incidents?$filter="+url.QueryEscape(filter), "")
		}
		o := b.object(b.send("", "GET", "/incidents?$filter="+url.QueryEscape(filter), ""))
		if msg, _ := at(o, "error", "message").(string); !strings.Contains(msg, want) {
			t.Errorf("%s: %s, expected %s", cut(filter, 100), msg, want)
		}
	}
	for order, want := range map[string]string{"properties/x": "there is no property", "properties/title up": "expected asc or desc", "properties/title,properties/status": "not several"} {
		b.want(400, want, "GET", "/incidents?$orderby="+url.QueryEscape(order), "")
	}
	// a page of one list is none of another
	o := b.want(200, "nextLink", "GET", "/incidents?$top=1", "")
	u, _ := url.Parse(o["nextLink"].(string))
	token := u.Query().Get("$skipToken")
	b.want(200, "", "GET", "/incidents?$top=2&$skipToken="+token, "")
	b.want(400, "$skipToken", "GET", "/incidents?$orderby=properties/title&$skipToken="+token, "")
	b.want(400, "$skipToken", "GET", "/bookmarks?$skipToken="+token, "")
}

func TestIncidentParts(t *testing.T) {
	b := newBench(t)
	alerts := b.raise(2)
	o := b.want(200, "", "GET", "/incidents?$orderby=properties/incidentNumber", "")
	id := "/incidents/" + names(o)[0]
	second := "/incidents/" + names(o)[1]
	same(t, "rules", at(o, "value", 0, "properties", "relatedAnalyticRuleIds"), []string{testBase + "/alertRules/r1"})
	// comments
	comment := func(s string) string { return `{"properties": {"message": ` + mustJSON(s) + `}}` }
	b.want(404, "There is no incident", "PUT", "/incidents/x/comments/c1", comment("a"))
	o = b.want(201, `"name":"contributor"`, "PUT", id+"/comments/c1", comment("a"))
	same(t, "type", o["type"], "Microsoft.SecurityInsights/incidents/comments")
	b.now = b.now.Add(time.Minute)
	b.want(200, `"lastModifiedTimeUtc":"2024-05-01T10:01:00Z"`, "PUT", id+"/comments/c1", comment("b"))
	b.want(412, "", "PUT", id+"/comments/c1", comment("c"), "If-Match", o["etag"].(string))
	if w := b.send(auth.Responder, "PUT", id+"/comments/c1", comment("c")); w.Code != 403 || !strings.Contains(w.Body.String(), "only its author") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	b.want(400, "a comment has no message", "PUT", id+"/comments/c2", comment(" "))
	b.want(400, "the limit is 30000", "PUT", id+"/comments/c2", comment(strings.Repeat("x", 30001)))
	b.want(400, "message: is missing", "PUT", id+"/comments/c2", `{"properties": {}}`)
	b.want(201, "", "PUT", id+"/comments/c2", comment("zz"))
	same(t, "comments", names(b.want(200, "", "GET", id+"/comments?$orderby="+url.QueryEscape("properties/createdTimeUtc desc"), "")), []string{"c2", "c1"})
	same(t, "comments", names(b.want(200, "", "GET", id+"/comments?$filter="+url.QueryEscape("contains(properties/message, 'z')"), "")), []string{"c2"})
	same(t, "comments", names(b.want(200, "nextLink", "GET", id+"/comments?$top=1", "")), []string{"c1"})
	o = b.want(200, "", "GET", id+"/comments/c1", "")
	same(t, "a comment's etag stays when another is written", b.want(200, "", "GET", id+"/comments?$top=1", "")["value"].([]any)[0], o)
	b.want(200, "", "PUT", id+"/comments/c1", comment("b again"), "If-Match", o["etag"].(string))
	b.want(409, "", "PUT", id+"/comments/c1", `{"etag": `+mustJSON(o["etag"])+`, "properties": {"message": "late"}}`)
	b.want(412, "", "DELETE", id+"/comments/c1", "", "If-Match", o["etag"].(string))
	b.want(200, "", "DELETE", id+"/comments/c1", "")
	b.want(204, "", "DELETE", id+"/comments/c1", "")
	b.want(404, "", "GET", id+"/comments/c1", "")
	// tasks
	task := func(members string) string { return `{"properties": {"title": "Do", "status": "New"` + members + `}}` }
	b.want(201, `"lastModifiedBy":{"name":"contributor"`, "PUT", id+"/tasks/t1", task(`, "description": "it"`))
	b.want(200, `"status":"Completed"`, "PUT", id+"/tasks/t1", task(`, "status": "Completed"`))
	b.want(400, "expected New or Completed", "PUT", id+"/tasks/t1", task(`, "status": "Half"`))
	b.want(400, "title and status are required", "PUT", id+"/tasks/t1", `{"properties": {"title": "x"}}`)
	same(t, "tasks", names(b.want(200, "", "GET", id+"/tasks?$filter="+url.QueryEscape("properties/status eq 'Completed'"), "")), []string{"t1"})
	b.want(200, "", "GET", id+"/tasks/t1", "")
	b.want(200, "", "DELETE", id+"/tasks/t1", "")
	b.want(404, "", "GET", id+"/tasks/t1", "")
	// alerts and entities
	o = b.want(200, "", "POST", id+"/alerts", "")
	same(t, "alert", []any{at(o, "value", 0, "name"), at(o, "value", 0, "kind"), at(o, "value", 0, "properties", "severity"), at(o, "value", 0, "properties", "tactics"),
		at(o, "value", 0, "properties", "timeGenerated"), at(o, "value", 0, "properties", "techniques"), at(o, "value", 0, "properties", "additionalData", "Analytic Rule Name")},
		[]any{alerts[0], "SecurityAlert", "Low", []string{"Impact"}, "2024-05-01T10:00:00Z", []string{"T1486"}, "Rule"})
	b.want(200, `"systemAlertId":"`+alerts[0]+`"`, "GET", "/entities/"+alerts[0], "")
	o = b.want(200, "", "POST", id+"/entities", "")
	same(t, "meta data", o["metaData"], []any{map[string]any{"entityKind": "Ip", "count": 1}, map[string]any{"entityKind": "Account", "count": 1}})
	address := at(o, "entities", 0, "properties", "address")
	same(t, "entities", []any{at(o, "entities", 0, "properties"), at(o, "entities", 1, "properties", "accountName"), at(o, "entities", 1, "properties", "upnSuffix")},
		[]any{map[string]any{"address": address, "friendlyName": address}, "ann", "x.com"})
	account := at(o, "entities", 1, "name").(string)
	b.want(200, `"kind":"Account"`, "GET", "/entities/"+account, "")
	b.want(404, "", "GET", "/entities/nothing", "")
	all := names(b.want(200, "", "GET", "/entities", ""))
	if len(all) != 3 || !slices.IsSorted(all) {
		t.Errorf("entities %v", all)
	}
	var inPages []string
	for path := "/entities?$top=1"; path != ""; {
		o := b.want(200, "", "GET", path, "")
		inPages = append(inPages, names(o)...)
		next, _ := o["nextLink"].(string)
		if path = ""; next != "" {
			path = "/" + strings.TrimPrefix(next, "http://example.com")
		}
	}
	same(t, "entities in pages", inPages, all)
	// relations
	same(t, "relations", names(b.want(200, "", "GET", id+"/relations", "")), []string{alerts[0]})
	relate := func(resource string) string {
		return `{"properties": {"relatedResourceId": ` + mustJSON(resource) + `}}`
	}
	other := testBase + "/entities/" + alerts[1]
	b.want(404, "There is no alert", "PUT", id+"/relations/n1", relate(testBase+"/entities/x"))
	b.want(400, "not a resource of this workspace", "PUT", id+"/relations/n1", relate("/subscriptions/x/entities/y"))
	b.want(400, "neither an alert", "PUT", id+"/relations/n1", relate(testBase+"/incidents/y"))
	b.want(201, `"relatedResourceKind":"SecurityAlert"`, "PUT", id+"/relations/n1", relate(strings.ToUpper(other)))
	b.want(200, "", "PUT", id+"/relations/N1", relate(other))
	b.want(409, "Already related", "PUT", id+"/relations/n2", relate(other))
	b.want(409, "leads to another resource", "PUT", id+"/relations/n1", relate(testBase+"/entities/"+alerts[0]))
	b.want(200, `"name":"n1"`, "GET", id+"/relations/n1", "")
	b.want(200, `"alertsCount":2`, "GET", id, "")
	o = b.want(200, "", "POST", id+"/entities", "")
	same(t, "meta data", o["metaData"], []any{map[string]any{"entityKind": "Ip", "count": 2}, map[string]any{"entityKind": "Account", "count": 1}})
	b.want(200, "", "DELETE", id+"/relations/n1", "")
	b.want(204, "", "DELETE", id+"/relations/n1", "")
	b.want(200, "", "DELETE", second+"/relations/"+alerts[1], "")
	same(t, "relations", names(b.want(200, "", "GET", id+"/relations", "")), []string{alerts[0]})
	// bookmarks
	b.want(400, "query: is missing", "PUT", "/bookmarks/b1", `{"properties": {"displayName": "B"}}`)
	b.want(201, `"labels":["l"]`, "PUT", "/bookmarks/b1", `{"properties": {"displayName": "B", "query": "T", "labels": ["l"], "eventTime": "2024-05-01T00:00:00Z"}}`)
	b.want(200, `"notes":"n"`, "PUT", "/bookmarks/B1", `{"properties": {"displayName": "B", "query": "T", "notes": "n"}}`)
	b.want(400, "before queryStartTime", "PUT", "/bookmarks/b1", `{"properties": {"displayName": "B", "query": "T", "queryStartTime": "2024-05-02", "queryEndTime": "2024-05-01"}}`)
	b.want(404, "There is no bookmark", "PUT", id+"/relations/n3", relate(testBase+"/bookmarks/x"))
	b.want(201, `"relatedResourceType":"Microsoft.SecurityInsights/bookmarks"`, "PUT", id+"/relations/n3", relate(testBase+"/bookmarks/b1"))
	same(t, "bookmarks", names(b.want(200, `"kind":"Bookmark"`, "POST", id+"/bookmarks", "")), []string{"b1"})
	same(t, "incidents of a bookmark", "/incidents/"+names(b.want(200, "", "GET", "/bookmarks/b1/relations", ""))[0], id)
	same(t, "bookmarks", names(b.want(200, "", "GET", "/bookmarks", "")), []string{"b1"})
	b.want(200, "", "DELETE", "/bookmarks/b1", "")
	b.want(204, "", "DELETE", "/bookmarks/b1", "")
	same(t, "bookmarks", names(b.want(200, "", "POST", id+"/bookmarks", "")), []string{})
	// playbooks
	b.want(400, "PlaybookNotFound", "POST", id+"/runPlaybook", `{"logicAppsResourceId": "/playbooks/two"}`)
	b.want(204, "", "POST", id+"/runPlaybook", `{"logicAppsResourceId": "/playbooks/one", "tenantId": "t"}`)
	b.want(400, "NotSupported", "POST", id+"/createTeam", `{"teamName": "x"}`)
	if err := b.store.View(t.Context(), func(tx state.Tx) error {
		work, err := tx.Outbox().Pending(desk.PlaybookTopic, b.now, 10)
		if len(work) != 1 {
			t.Errorf("playbooks %v", work)
		}
		rows, err2 := tx.Outbox().Pending(desk.RowsTopic, b.now, 1000)
		tables := map[string]int{}
		for _, m := range rows {
			table, _, err := desk.DecodeRow(m.Data)
			if err != nil {
				return err
			}
			tables[table]++
		}
		if tables[desk.BookmarkTable] != 3 || tables[desk.AlertTable] != 2 || tables[desk.IncidentTable] != 14 {
			t.Errorf("rows %v", tables)
		}
		if err2 != nil {
			return err2
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	// with the incident go the names of its relations
	b.want(200, "", "DELETE", id, "")
	if err := b.store.View(t.Context(), func(tx state.Tx) error {
		list, _, err := tx.Documents().List(relationKind, "", state.Page{})
		if len(list) > 0 {
			t.Errorf("left behind: %v", list)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
