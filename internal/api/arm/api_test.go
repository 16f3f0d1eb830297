package arm

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/desk"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/state/sqlite"
)

var start = time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)

const testBase = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/soc/providers/Microsoft.OperationalInsights/workspaces/main/providers/Microsoft.SecurityInsights"

// bench is an API with a state of its own.
type bench struct {
	t       testing.TB
	api     *API
	store   state.Store
	handler http.Handler
	tokens  map[auth.Role]string
	now     time.Time
	mu      sync.Mutex
	rules   []string // what the hooks heard
	lists   []string
	faults  []error
}

func newBench(t testing.TB) *bench {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, store: s, tokens: map[auth.Role]string{}, now: start}
	t.Cleanup(func() {
		_ = s.Close()
		for _, err := range b.faults {
			t.Errorf("the service is at fault: %v", err)
		}
	})
	ws := alert.Workspace{ID: "11111111-0000-0000-0000-000000000001", Name: "main", Subscription: "00000000-0000-0000-0000-000000000001", ResourceGroup: "soc"}
	template, _ := rule.Load(source.NewFile("rule.yaml", "id: 22222222-0000-0000-0000-000000000001\nkind: NRT\nname: Shipped\nseverity: Low\nquery: T\nversion: 1.2.0\nrequiredDataConnectors:\n  - connectorId: C\n    dataTypes: [T]"))
	heard := func(list *[]string) func(string) {
		return func(id string) { b.mu.Lock(); *list = append(*list, id); b.mu.Unlock() }
	}
	o := Options{Workspace: ws, Store: s, Desk: &desk.Desk{Workspace: ws, URL: func(id string) string { return "https://soc/" + id }}, Now: func() time.Time { return b.now },
		CompileRule: func(_ context.Context, r *rule.Rule) source.Diagnostics {
			ds := source.Diagnostics{File: r.QueryFile}
			if i := strings.Index(r.Query, "Nowhere"); i >= 0 {
				ds.Add(source.Diagnostic{Code: "KS204", Severity: source.Error, Span: source.Span{Start: i, End: i + 7}, Msg: "no table is called 'Nowhere'"})
			}
			ds.Add(source.Diagnostic{Severity: source.Warning, Msg: "a warning"})
			return ds
		},
		Templates: []*rule.Rule{template}, RuleChanged: heard(&b.rules), WatchlistChanged: heard(&b.lists),
		Playbook: func(id string) bool { return id == "/playbooks/one" },
		Fault:    func(err error) { b.mu.Lock(); b.faults = append(b.faults, err); b.mu.Unlock() }}
	if b.api, err = New(o); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), func(tx state.Tx) error {
		for _, role := range auth.Roles() {
			text, _, err := auth.Issue(tx, auth.Grant{Name: string(role), Role: role, By: "test"}, start, rand.Reader)
			if err != nil {
				return err
			}
			b.tokens[role] = text
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b.handler = b.api.Handler(&auth.Guard{Store: s, Now: func() time.Time { return b.now }})
	return b
}

// send sends a request below the workspace, or to a whole path that begins with //. The role is contributor if empty.
func (b *bench) send(role auth.Role, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	if rest, whole := strings.CutPrefix(path, "//"); whole {
		path = "/" + rest
	} else {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		path = testBase + path + sep + "api-version=2024-09-01"
	}
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, path, in)
	if body != "" {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	if role == "" {
		role = auth.Contributor
	}
	if role != "nobody" {
		r.Header.Set("Authorization", "Bearer "+b.tokens[role])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	if method != http.MethodHead {
		b.checkShape(method, path, w)
	}
	return w
}

// want sends a request whose answer must have a status, and must contain something.
func (b *bench) want(status int, contains, method, path, body string, headers ...string) map[string]any {
	b.t.Helper()
	w := b.send("", method, path, body, headers...)
	if w.Code != status || !strings.Contains(w.Body.String(), contains) {
		b.t.Errorf("%s %s %s: %d %s\nexpected %d with %s", method, path, cut(body, 300), w.Code, w.Body, status, contains)
	}
	return b.object(w)
}

func (b *bench) object(w *httptest.ResponseRecorder) map[string]any {
	b.t.Helper()
	out := map[string]any{}
	if w.Body.Len() == 0 {
		return out
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		b.t.Errorf("the answer is no JSON object: %v\n%s", err, w.Body)
	}
	if e, ok := out["error"].(map[string]any); (w.Code >= 400) != ok && out["status"] == nil || ok && (e["code"] == "" || e["message"] == "" || e["code"] == nil || e["message"] == nil) {
		b.t.Errorf("status %d with %s", w.Code, w.Body)
	}
	return out
}

// at digs in an answer: at(o, "properties", "title").
func at(o any, keys ...any) any {
	for _, k := range keys {
		switch k := k.(type) {
		case string:
			m, _ := o.(map[string]any)
			o = m[k]
		case int:
			l, _ := o.([]any)
			if k >= len(l) {
				return nil
			}
			o = l[k]
		}
	}
	return o
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if string(a) != string(b) {
		t.Errorf("%s: %s, expected %s", what, a, b)
	}
}

const scheduledBody = `"displayName": "N", "enabled": true, "severity": "High", "query": "T\n| take 1", "queryFrequency": "PT60M", "queryPeriod": "P1D",
	"triggerOperator": "GreaterThan", "triggerThreshold": 0, "suppressionEnabled": false, "suppressionDuration": "PT5H"`

func scheduledWith(members string) string {
	if members != "" {
		members = ", " + members
	}
	return `{"kind": "Scheduled", "properties": {` + scheduledBody + members + `}}`
}

func TestRules(t *testing.T) {
	b := newBench(t)
	const id = "/alertRules/9D6DBA5A-6D8B-4B2F-9B7E-6A4E2C0B8F11"
	b.want(404, `"NotFound"`, "GET", id, "")
	o := b.want(201, "", "PUT", id, scheduledWith(`"unheardOf": 1, "subTechniques": ["T1078.004"], "techniques": ["T1078"], "templateVersion": "1.0.0", "alertRuleTemplateName": "22222222-0000-0000-0000-000000000001"`))
	same(t, "name", o["name"], "9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11")
	same(t, "id", o["id"], testBase+"/alertRules/9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11")
	same(t, "type", o["type"], "Microsoft.SecurityInsights/alertRules")
	same(t, "kind", o["kind"], "Scheduled")
	same(t, "frequency as written", at(o, "properties", "queryFrequency"), "PT60M")
	same(t, "unknown property", at(o, "properties", "unheardOf"), nil)
	same(t, "default", at(o, "properties", "incidentConfiguration", "createIncident"), true)
	same(t, "sub-techniques", at(o, "properties", "subTechniques"), []string{"T1078.004"})
	same(t, "modified", at(o, "properties", "lastModifiedUtc"), "2024-05-01T10:00:00.0000000Z")
	same(t, "system", o["systemData"], map[string]any{"createdAt": "2024-05-01T10:00:00Z", "lastModifiedAt": "2024-05-01T10:00:00Z", "lastModifiedBy": "contributor", "lastModifiedByType": "User"})
	etag := o["etag"].(string)
	if len(etag) != 38 || etag[0] != '"' {
		t.Errorf("etag %s", etag)
	}
	// the conditions
	b.want(412, "PreconditionFailed", "PUT", id, scheduledWith(""), "If-Match", `"x"`)
	b.want(412, "PreconditionFailed", "PUT", id, scheduledWith(""), "If-None-Match", `*`)
	b.want(412, "PreconditionFailed", "PUT", "/alertRules/other", scheduledWith(""), "If-Match", `*`)
	b.want(409, "Conflict", "PUT", id, `{"etag": "\"x\"", `+scheduledWith("")[1:])
	b.now = b.now.Add(time.Hour)
	o = b.want(200, "", "PUT", id, scheduledWith(`"enabled": false`), "If-Match", etag)
	same(t, "enabled", at(o, "properties", "enabled"), false)
	same(t, "created", at(o, "systemData", "createdAt"), "2024-05-01T10:00:00Z")
	b.want(409, "Conflict", "PUT", id, `{"etag": `+mustJSON(etag)+`, `+scheduledWith("")[1:])
	o = b.want(200, "", "PUT", id, `{"etag": `+mustJSON(strings.Trim(o["etag"].(string), `"`))+`, `+scheduledWith("")[1:])
	// what was answered can be sent back
	again := b.want(200, "", "PUT", id, mustJSON(o))
	same(t, "sent back", at(again, "properties", "queryPeriod"), "P1D")
	// faults
	for _, c := range []struct{ body, want string }{
		{`{"properties": {}}`, "Invalid data model. [kind: is missing]"},
		{`{"kind": "Scheduled"}`, "Invalid data model. [properties: is missing]"},
		{`{"kind": "Scheduled", "properties": null}`, "properties: is missing"},
		{`{"kind": "Scheduled", "properties": []}`, "Invalid data model."},
		{`{"kind": 1, "properties": {}}`, "Invalid data model. [kind: expected a string, found number]"},
		{`[]`, "expected a JSON object"}, {`{`, "could not be deserialized"}, {`{"a": 1} x`, "could not be deserialized"}, {"null", "expected a JSON object"},
		{scheduledWith(`"techniques": ["T1078.004"]`), "the technique 'T1078.004' is invalid: the expected format is 'T####'"},
		{scheduledWith(`"queryPeriod": "PT1M"`), "field 'queryPeriod': PT1M is outside PT5M to P14D"},
		{scheduledWith(`"severity": "Bad", "queryPeriod": "x"`), "field 'queryPeriod': 'x' is no duration"},
		{scheduledWith(`"query": "T\n| join Nowhere"`), "properties.query: line 2, column 8: no table is called 'Nowhere'"},
		{`{"kind": "NRT", ` + scheduledWith("")[len(`{"kind": "Scheduled", `):], "which cannot be changed to NRT"},
		{`{"kind": "a b", "properties": {}}`, "'a b' is no kind of rule"},
	} {
		b.want(400, c.want, "PUT", id, c.body)
	}
	// kinds that are kept only
	o = b.want(201, "", "PUT", "/alertRules/BuiltInFusion", `{"kind": "Fusion", "properties": {"enabled": true, "alertRuleTemplateName": "f", "x": [1, 2.5, null]}}`)
	same(t, "unknown kind", o["properties"], map[string]any{"enabled": true, "alertRuleTemplateName": "f", "x": []any{1, 2.5, nil}})
	if err := b.store.View(t.Context(), func(tx state.Tx) error {
		s, err := tx.Rules().Get("BuiltInFusion")
		if s.Enabled || s.Reason == "" {
			t.Errorf("%+v", s)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	b.want(201, `"kind":"NRT"`, "PUT", "/alertRules/nrt", `{"kind": "nrt", "properties": {`+scheduledBody+`}}`)
	if o := b.want(200, "", "GET", "/ALERTRULES/nrt", ""); at(o, "properties", "queryFrequency") != nil {
		t.Errorf("an NRT rule has a frequency: %v", o)
	}
	// templates know the rules made of them
	b.want(200, "", "PUT", id, scheduledWith(`"alertRuleTemplateName": "22222222-0000-0000-0000-000000000001"`))
	o = b.want(200, "", "GET", "/alertRuleTemplates/22222222-0000-0000-0000-000000000001", "")
	same(t, "template", []any{at(o, "properties", "alertRulesCreatedByTemplateCount"), at(o, "properties", "status"), at(o, "properties", "version"), at(o, "properties", "requiredDataConnectors", 0, "dataTypes"), o["kind"]},
		[]any{1, "Installed", "1.2.0", []string{"T"}, "NRT"})
	b.want(200, `"Shipped"`, "GET", "/alertRuleTemplates", "")
	b.want(404, "", "GET", "/alertRuleTemplates/x", "")
	// pages
	var names []string
	path := "/alertRules?$top=1"
	for path != "" {
		o := b.want(200, "", "GET", path, "")
		same(t, "length of a page", len(at(o, "value").([]any)), 1)
		names = append(names, at(o, "value", 0, "name").(string))
		path = ""
		if next, _ := o["nextLink"].(string); next != "" {
			u, err := url.Parse(next)
			if err != nil || u.Host != "example.com" || u.Scheme != "http" {
				t.Fatalf("nextLink %s", next)
			}
			path = "//" + u.RequestURI()[1:]
		}
	}
	same(t, "pages", names, []string{"9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11", "BuiltInFusion", "nrt"})
	b.want(400, "$skipToken", "GET", "/alertRules?$skipToken=abc", "")
	b.want(400, "$top", "GET", "/alertRules?$top=0", "")
	b.want(400, "$top", "GET", "/alertRules?$top=x", "")
	// deletion
	b.want(412, "", "DELETE", id, "", "If-Match", `"x"`)
	b.want(200, "", "DELETE", id, "")
	b.want(204, "", "DELETE", id, "")
	b.want(412, "", "DELETE", id, "", "If-Match", "*")
	if want := "9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11"; len(b.rules) != 8 || b.rules[0] != want || b.rules[7] != want {
		t.Errorf("the hook heard %v", b.rules)
	}
}

func mustJSON(v any) string {
	s, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(s)
}

func TestRuleLimit(t *testing.T) {
	b := newBench(t)
	if err := b.store.Update(t.Context(), func(tx state.Tx) error {
		for n := range maxNRT {
			if _, err := tx.Rules().Put(state.Rule{ID: fmt.Sprint("r", n), Kind: "NRT", Text: "{}", Enabled: true}, state.Absent); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	nrt := func(enabled bool) string {
		return fmt.Sprintf(`{"kind": "NRT", "properties": {%s, "enabled": %t}}`, scheduledBody, enabled)
	}
	b.want(400, "which is the limit", "PUT", "/alertRules/more", nrt(true))
	b.want(201, "", "PUT", "/alertRules/more", nrt(false))
	b.want(200, "", "PUT", "/alertRules/r1", nrt(true))
	b.want(201, "", "PUT", "/alertRules/scheduled", scheduledWith(""))
}

func TestCommon(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		role         auth.Role
		method, path string
		status       int
		code         string
	}{
		{"nobody", "GET", "/incidents", 401, "AuthenticationFailed"}, {auth.IngestOnly, "GET", "/incidents", 403, "AuthorizationFailed"},
		{auth.Reader, "GET", "/incidents", 200, ""}, {auth.Reader, "HEAD", "/incidents", 200, ""}, {auth.Reader, "PUT", "/incidents/x", 403, "AuthorizationFailed"},
		{auth.Responder, "PUT", "/alertRules/x", 403, "AuthorizationFailed"}, {auth.Responder, "DELETE", "/incidents/x", 403, "AuthorizationFailed"},
		{auth.Responder, "DELETE", "/incidents/x/comments/y", 404, "NotFound"},
		{"", "GET", "/nothing", 404, "NotFound"}, {"", "GET", "/incidents/x/y", 404, "NotFound"}, {"", "PATCH", "/incidents/x", 405, "MethodNotAllowed"},
		{"", "GET", "/incidents/x/", 404, "NotFound"}, {"", "GET", "//", 404, "NotFound"}, {"", "GET", "//subscriptions", 404, "NotFound"},
		{"", "GET", "/incidents/a%2Fb", 400, "BadRequest"}, {"", "GET", "/incidents/%00", 400, "BadRequest"}, {"", "GET", "/incidents/-", 400, "BadRequest"},
		{"", "GET", "/incidents/" + strings.Repeat("x", 200), 400, "BadRequest"},
		{"", "GET", "/" + testBase + "/incidents", 400, "MissingApiVersionParameter"},
		{"", "GET", "/" + testBase + "/incidents?api-version=2019-01-01", 400, "InvalidApiVersionParameter"},
		{"", "GET", "/" + testBase + "/incidents?api-version=2024-13-01", 400, "InvalidApiVersionParameter"},
		{"", "GET", "/" + testBase + "/incidents?api-version=latest", 400, "InvalidApiVersionParameter"},
		{"", "GET", "/" + testBase + "/incidents?API-Version=2022-09-01-Preview", 200, ""},
		{"", "GET", "/" + strings.ToUpper(testBase) + "/incidents?api-version=2024-09-01", 200, ""},
		{"", "GET", "/" + strings.Replace(testBase, "000000000001", "000000000002", 1) + "/incidents?api-version=2024-09-01", 404, "SubscriptionNotFound"},
		{"", "GET", "/" + strings.Replace(testBase, "/soc/", "/other/", 1) + "/incidents?api-version=2024-09-01", 404, "ResourceGroupNotFound"},
		{"", "GET", "/" + strings.Replace(testBase, "/main/", "/other/", 1) + "/incidents?api-version=2024-09-01", 404, "ResourceNotFound"},
		{"nobody", "GET", "//health", 200, ""}, {"nobody", "GET", "//health/live", 200, ""}, {"nobody", "GET", "//health/ready", 200, ""}, {"nobody", "POST", "//health", 401, "AuthenticationFailed"},
		{"nobody", "GET", "//openapi.json", 200, ""},
	} {
		w := b.send(c.role, c.method, c.path, "")
		o := b.object(w)
		if code, _ := at(o, "error", "code").(string); w.Code != c.status || code != c.code {
			t.Errorf("%s %s as %s: %d %s, expected %d %s", c.method, c.path, c.role, w.Code, w.Body, c.status, c.code)
		}
		if (w.Code == 405) != (w.Header().Get("Allow") != "") {
			t.Errorf("%s: Allow %q", c.path, w.Header().Get("Allow"))
		}
	}
	b.want(415, "UnsupportedMediaType", "PUT", "/alertRules/x", "{}", "Content-Type", "text/plain")
	b.want(415, "UnsupportedMediaType", "PUT", "/alertRules/x", "{}", "Content-Encoding", "gzip")
	b.want(400, "not UTF-8", "PUT", "/alertRules/x", "{\"a\": \"\xff\"}")
	w := b.send("", "GET", "/incidents", "", "X-Ms-Client-Request-Id", "mine")
	if w.Header().Get("X-Ms-Request-Id") == "" || w.Header().Get("X-Ms-Client-Request-Id") != "mine" {
		t.Errorf("headers %v", w.Header())
	}
	b.want(413, "RequestEntityTooLarge", "PUT", "/alertRules/x", `{"a": "`+strings.Repeat("x", smallBody)+`"}`)
}

func TestReadiness(t *testing.T) {
	b := newBench(t)
	b.api.Ready = func(context.Context) error { return fmt.Errorf("the engine is starting") }
	if w := b.send("nobody", "GET", "//health/ready", ""); w.Code != 503 || strings.Contains(w.Body.String(), "engine") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := b.send("nobody", "GET", "//health/live", ""); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if len(b.faults) != 1 {
		t.Errorf("faults %v", b.faults)
	}
	b.faults = nil
}

// TestAudit sends requests that would change something, and looks for each in the audit trail.
func TestAudit(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		role                    auth.Role
		method, path, body, has string
	}{
		{auth.Contributor, "PUT", "/alertRules/a", scheduledWith(""), `alertRules/write {"outcome":"Succeeded","status":201,"tokenId":"`},
		{auth.Contributor, "PUT", "/alertRules/a", "{}", `alertRules/write {"outcome":"Failed","status":400,"code":"BadRequest","tokenId":"`},
		{auth.Contributor, "DELETE", "/alertRules/a", "", `alertRules/delete {"outcome":"Succeeded","status":200`},
		{auth.Contributor, "DELETE", "/alertRules/a", "", `alertRules/delete {"outcome":"Succeeded","status":204`},
		{auth.Reader, "PUT", "/alertRules/a", scheduledWith(""), `alertRules/write {"outcome":"Failed","status":403,"code":"AuthorizationFailed"`},
		{auth.Responder, "POST", "/incidents/x/runPlaybook", `{"logicAppsResourceId": "y"}`, `incidents/runPlaybook/action {"outcome":"Failed","status":400,"code":"PlaybookNotFound"`},
	} {
		b.send(c.role, c.method, c.path, c.body)
		if err := b.store.View(t.Context(), func(tx state.Tx) error {
			list, _, err := tx.Audit().List(testBase+c.path, state.Page{Limit: 1})
			if len(list) != 1 || list[0].Actor != string(c.role) || !strings.HasPrefix(list[0].Operation+" "+string(list[0].Data), "Microsoft.SecurityInsights/"+c.has) {
				t.Errorf("%s %s: %+v", c.method, c.path, list)
			} else if !strings.Contains(string(list[0].Data), `"address":"192.0.2.1"`) {
				t.Errorf("no address: %s", list[0].Data)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	}
	count := func() int {
		n := 0
		if err := b.store.View(t.Context(), func(tx state.Tx) error {
			list, _, err := tx.Audit().List("", state.Page{})
			n = len(list)
			return err
		}); err != nil {
			t.Error(err)
		}
		return n
	}
	was := count()
	b.send("nobody", "PUT", "/alertRules/a", scheduledWith(""))
	b.send("", "GET", "/alertRules/a", "")
	b.send("", "POST", "/incidents/x/alerts", "")
	if count() != was {
		t.Error("requests that change nothing are in the trail")
	}
}

func TestAutomation(t *testing.T) {
	b := newBench(t)
	rule := func(members string) string {
		return `{"properties": {"displayName": "A", "order": 1, "triggeringLogic": {"isEnabled": true, "triggersOn": "Incidents", "triggersWhen": "Created", "conditions": [
			{"conditionType": "Property", "conditionProperties": {"propertyName": "IncidentTitle", "operator": "Contains", "propertyValues": ["T"]}}]},
			"actions": [{"order": 1, "actionType": "ModifyProperties", "actionConfiguration": {"severity": "Low", "status": null, "owner": null, "labels": [{"labelName": "auto"}]}}]` + members + `}}`
	}
	o := b.want(201, "", "PUT", "/automationRules/a1", rule(""))
	same(t, "rule", []any{at(o, "properties", "triggeringLogic", "conditions", 0, "conditionProperties", "propertyValues"), at(o, "properties", "createdTimeUtc"), at(o, "properties", "lastModifiedBy", "name")},
		[]any{[]string{"T"}, "2024-05-01T10:00:00Z", "contributor"})
	b.want(200, "", "PUT", "/automationRules/A1", rule(`, "order": 2`), "If-Match", o["etag"].(string))
	b.want(409, "", "PUT", "/automationRules/a1", `{"etag": `+mustJSON(o["etag"])+`, `+rule("")[1:])
	b.want(201, "", "PUT", "/automationRules/a0", rule(`, "order": 3, "triggeringLogic": {"isEnabled": false, "triggersOn": "Incidents", "triggersWhen": "Created", "conditions": null}`))
	same(t, "in order", names(b.want(200, `"conditions":[]`, "GET", "/automationRules", "")), []string{"a1", "a0"})
	for _, c := range []struct{ members, want string }{
		{`, "order": 0`, "expected 1 to 1000"}, {`, "order": 1.5`, "properties.order: expected a whole number, found number 1.5"}, {`, "actions": []`, "actions is empty"},
		{`, "actions": [{"order": 1, "actionType": "Fly", "actionConfiguration": {}}]`, `actionType \"Fly\"`},
		{`, "actions": [{"order": 1, "actionType": "RunPlaybook", "actionConfiguration": {"logicAppResourceId": "/x", "tenantId": "y"}}]`, "there is no playbook '/x'"},
		{`, "triggeringLogic": {"triggersOn": "Alerts", "triggersWhen": "Updated"}`, "rules on alerts run when they are Created"},
		{`, "triggeringLogic": {"triggersOn": "Incidents", "triggersWhen": "Created", "expirationTimeUtc": "soon"}`, "could not be deserialized"},
	} {
		b.want(400, c.want, "PUT", "/automationRules/a2", rule(c.members))
	}
	b.want(201, "", "PUT", "/automationRules/a3", rule(`, "displayName": "P", "actions": [{"order": 1, "actionType": "RunPlaybook", "actionConfiguration": {"logicAppResourceId": "/playbooks/one"}}]`))
	// an incident that someone opens is subject to automation
	o = b.want(201, `"severity":"Low"`, "PUT", "/incidents/i1", `{"properties": {"title": "T", "severity": "High", "status": "New"}}`)
	same(t, "labels", at(o, "properties", "labels", 0, "labelName"), "auto")
	b.want(200, "", "DELETE", "/automationRules/a1", "")
	b.want(204, "", "DELETE", "/automationRules/a1", "")
	b.want(404, "", "GET", "/automationRules/a1", "")
}

func TestWatchlists(t *testing.T) {
	b := newBench(t)
	list := func(members string) string {
		return `{"properties": {"displayName": "VIPs", "provider": "soc", "itemsSearchKey": "User"` + members + `}}`
	}
	o := b.want(201, "", "PUT", "/watchlists/Vip", list(`, "labels": ["a"], "contentType": "text/csv", "numberOfLinesToSkip": 1, "rawContent": "made by hand\nUser,Note\r\nann,\"a, \"\"b\"\"\"\r\nbob,\r\n\r\nann,\"a, \"\"b\"\"\"\r\n"`))
	same(t, "watchlist", []any{at(o, "properties", "watchlistItemsCount"), at(o, "properties", "uploadStatus"), at(o, "properties", "watchlistAlias"), at(o, "properties", "labels"), o["name"]},
		[]any{2, "Complete", "Vip", []string{"a"}, "Vip"})
	o = b.want(200, "", "GET", "/watchlists/vip/watchlistItems", "")
	same(t, "items", []any{at(o, "value", 0, "properties", "itemsKeyValue"), at(o, "value", 1, "properties", "itemsKeyValue")},
		[]any{map[string]any{"User": "ann", "Note": `a, "b"`}, map[string]any{"User": "bob", "Note": ""}})
	// more rows are added, those that are there are not
	o = b.want(200, "", "PUT", "/watchlists/vip", list(`, "contentType": "text/tsv", "rawContent": "\ufeffNote\tUser\n\tbob\nx\tcid"`))
	same(t, "count", at(o, "properties", "watchlistItemsCount"), 3)
	same(t, "alias", o["name"], "Vip")
	b.want(200, `"watchlistItemsCount":3`, "PUT", "/watchlists/vip", list(""))
	for _, c := range []struct{ members, want string }{
		{`, "displayName": ""`, "displayName: is missing"}, {`, "provider": null`, ""}, {`, "itemsSearchKey": "None", "rawContent": "User\na"`, "'None' is no column of the file, which has User"},
		{`, "itemsSearchKey": "None"`, "'None' is no column of the items, which have User, Note"},
		{`, "rawContent": "User,Note\na"`, "line 2, column 1: wrong number of fields"}, {`, "rawContent": "User,User\na,b"`, "has the column 'User' twice"},
		{`, "rawContent": "User,\na,b"`, "column 2 of the header has no name"}, {`, "rawContent": "User\n\"a"`, "line 2, column 3: extraneous or missing"},
		{`, "rawContent": "\n\n"`, "there is no header line"}, {`, "contentType": "text/html", "rawContent": "User"`, "none of text/csv"},
		{`, "numberOfLinesToSkip": 5, "rawContent": "User\na"`, "the file has 2 lines"}, {`, "numberOfLinesToSkip": -1`, "is negative"}, {`, "numberOfLinesToSkip": "1"`, "expected a whole number"},
		{`, "sourceType": "AzureStorage"`, "NotSupported"}, {`, "watchlistAlias": "other"`, "is not the alias in the path"},
		{`, "rawContent": "User\n` + strings.Repeat("x", maxWatchlistLine) + `"`, "line 2 has more than 10240 characters"},
		{`, "rawContent": "User\n` + strings.Repeat("é", maxWatchlistLine-10) + `"`, "line 2 makes an item of"},
	} {
		if c.want != "" {
			b.want(400, c.want, "PUT", "/watchlists/vip", list(c.members))
		}
	}
	b.want(413, "The file has", "PUT", "/watchlists/vip", list(`, "rawContent": "`+strings.Repeat("x", maxWatchlistFile+1)+`"`))
	b.want(400, "is no alias", "PUT", "/watchlists/a.b", list(""))
	// items
	item := func(members string) string { return `{"properties": {"itemsKeyValue": {` + members + `}}}` }
	o = b.want(201, `"itemsKeyValue":{"Note":"1","User":"dan"}`, "PUT", "/watchlists/vip/watchlistItems/i1", item(`"User": "dan", "Note": 1`))
	b.want(200, `"Note":""`, "PUT", "/watchlists/vip/watchlistItems/I1", item(`"User": "dan", "Note": null`), "If-Match", o["etag"].(string))
	b.want(412, "", "PUT", "/watchlists/vip/watchlistItems/i1", item(`"User": "dan"`), "If-Match", o["etag"].(string))
	b.want(400, "the search key 'User' is missing", "PUT", "/watchlists/vip/watchlistItems/i1", item(`"Note": "x"`))
	b.want(400, "itemsKeyValue: is missing", "PUT", "/watchlists/vip/watchlistItems/i1", `{"properties": {}}`)
	b.want(400, "an item may have", "PUT", "/watchlists/vip/watchlistItems/i1", item(`"User": "`+strings.Repeat("x", maxWatchlistRow)+`"`))
	b.want(404, "There is no watchlist", "PUT", "/watchlists/none/watchlistItems/i1", item(`"User": "dan"`))
	b.want(200, "", "GET", "/watchlists/vip/watchlistItems/i1", "")
	b.want(200, "nextLink", "GET", "/watchlists/vip/watchlistItems?$top=3", "")
	b.want(200, "", "DELETE", "/watchlists/vip/watchlistItems/i1", "")
	b.want(204, "", "DELETE", "/watchlists/vip/watchlistItems/i1", "")
	b.want(404, "", "GET", "/watchlists/vip/watchlistItems/i1", "")
	same(t, "watchlists", names(b.want(200, "", "GET", "/watchlists", "")), []string{"Vip"})
	b.want(412, "", "DELETE", "/watchlists/vip", "", "If-Match", `"x"`)
	b.want(200, "", "DELETE", "/watchlists/vip", "")
	b.want(204, "", "DELETE", "/watchlists/vip", "")
	b.want(404, "", "GET", "/watchlists/vip/watchlistItems", "")
	if len(b.lists) != 7 {
		t.Errorf("the hook heard %v", b.lists)
	}
}

func TestRefused(t *testing.T) {
	b := newBench(t)
	b.want(201, "", "PUT", "/alertRules/r", scheduledWith(""))
	b.want(200, `{"value":[]}`, "GET", "/alertRules/r/actions", "")
	b.want(404, "", "GET", "/alertRules/x/actions", "")
	b.want(404, "", "GET", "/alertRules/r/actions/a", "")
	b.want(400, "NotSupported", "PUT", "/alertRules/r/actions/a", `{"properties": {}}`)
	b.want(204, "", "DELETE", "/alertRules/r/actions/a", "")
	for _, path := range []string{"/dataConnectors", "/entityQueries", "/securityMLAnalyticsSettings", "/metadata"} {
		b.want(200, `{"value":[]}`, "GET", path, "")
		b.want(404, "NotFound", "GET", path+"/x", "")
		b.want(400, "NotSupported", "PUT", path+"/x", "{}")
		b.want(204, "", "DELETE", path+"/x", "")
	}
	b.want(400, "NotSupported", "GET", "/threatIntelligence/main/indicators", "")
	b.want(400, "NotSupported", "POST", "/entities/x/expand", "{}")
	b.want(200, `"name":"default"`, "GET", "/onboardingStates", "")
	b.want(200, "", "GET", "/onboardingStates/default", "")
	b.want(404, "", "GET", "/onboardingStates/x", "")
	b.want(200, `"customerManagedKey":false`, "PUT", "/onboardingStates/default", `{"properties": {}}`)
	b.want(400, "keys of customers", "PUT", "/onboardingStates/default", `{"properties": {"customerManagedKey": true}}`)
	b.want(400, "NotSupported", "DELETE", "/onboardingStates/default", "")
}

func TestNew(t *testing.T) {
	ok := newBench(t).api.Options
	for name, change := range map[string]func(*Options){"store": func(o *Options) { o.Store = nil }, "clock": func(o *Options) { o.Now = nil }, "desk": func(o *Options) { o.Desk = nil },
		"group": func(o *Options) { o.Workspace.ResourceGroup = "a/b" }, "id": func(o *Options) { o.Workspace.ID = "" }, "url": func(o *Options) { o.URL = "soc" }} {
		o := ok
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: made", name)
		}
	}
}
