package arm

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// bodies are sound bodies of all routes that take one.
var bodies = []struct{ method, path, body string }{
	{"PUT", "/alertRules/r", scheduledWith(`"description": "d", "tactics": ["Impact"], "techniques": ["T1486"], "subTechniques": ["T1078.004"], "customDetails": {"A": "B"},
		"entityMappings": [{"entityType": "Account", "fieldMappings": [{"identifier": "Name", "columnName": "C"}]}], "sentinelEntitiesMappings": [{"columnName": "E"}],
		"alertDetailsOverride": {"alertDisplayNameFormat": "{{A}}", "alertDynamicProperties": [{"alertProperty": "AlertLink", "value": "L"}]}, "eventGroupingSettings": {"aggregationKind": "SingleAlert"},
		"incidentConfiguration": {"createIncident": true, "groupingConfiguration": {"enabled": true, "reopenClosedIncident": false, "lookbackDuration": "PT5H", "matchingMethod": "Selected", "groupByEntities": ["Account"], "groupByAlertDetails": ["Severity"], "groupByCustomDetails": ["A"]}}`)},
	{"PUT", "/alertRules/f", `{"kind": "Fusion", "properties": {"displayName": "x", "alertRuleTemplateName": "y"}}`},
	{"PUT", "/automationRules/a", `{"etag": "", "properties": {"displayName": "A", "order": 1, "triggeringLogic": {"isEnabled": true, "expirationTimeUtc": "2030-01-01T00:00:00Z", "triggersOn": "Incidents", "triggersWhen": "Updated", "conditions": [
		{"conditionType": "Boolean", "conditionProperties": {"operator": "Or", "innerConditions": [{"conditionType": "Property", "conditionProperties": {"propertyName": "IncidentTitle", "operator": "Contains", "propertyValues": ["T"]}}]}},
		{"conditionType": "PropertyChanged", "conditionProperties": {"propertyName": "IncidentStatus", "changeType": "ChangedTo", "operator": "Equals", "propertyValues": ["Closed"]}}]},
		"actions": [{"order": 1, "actionType": "ModifyProperties", "actionConfiguration": {"severity": "Low", "owner": {"objectId": "x"}, "labels": [{"labelName": "l"}]}}]}}`},
	{"PUT", "/incidents/i", `{"properties": {"title": "T", "description": "D", "severity": "High", "status": "Closed", "classification": "TruePositive", "classificationReason": "SuspiciousActivity", "classificationComment": "c",
		"owner": {"objectId": "x", "ownerType": "User"}, "labels": [{"labelName": "l", "labelType": "User"}], "firstActivityTimeUtc": "2024-01-01T00:00:00Z", "lastActivityTimeUtc": "2024-01-01T00:00:00Z"}}`},
	{"PUT", "/incidents/there/comments/c", `{"properties": {"message": "m"}}`},
	{"PUT", "/incidents/there/tasks/t", `{"properties": {"title": "t", "description": "d", "status": "New"}}`},
	{"PUT", "/incidents/there/relations/r", `{"properties": {"relatedResourceId": "` + testBase + `/bookmarks/b"}}`},
	{"POST", "/incidents/there/runPlaybook", `{"logicAppsResourceId": "/playbooks/one", "tenantId": "t"}`},
	{"POST", "/incidents/there/createTeam", `{"teamName": "t"}`},
	{"PUT", "/bookmarks/b", `{"properties": {"displayName": "B", "query": "T", "queryResult": "{}", "notes": "n", "labels": ["l"], "eventTime": "2024-01-01T00:00:00Z", "queryStartTime": "2024-01-01T00:00:00Z",
		"queryEndTime": "2024-01-01T00:00:00Z", "entityMappings": [{"entityType": "Account"}], "tactics": ["Impact"]}}`},
	{"PUT", "/watchlists/w", `{"properties": {"displayName": "W", "provider": "p", "source": "s", "sourceType": "Local file", "itemsSearchKey": "A", "labels": ["l"], "numberOfLinesToSkip": 0, "contentType": "text/csv", "rawContent": "A,B\n1,2"}}`},
	{"PUT", "/watchlists/there/watchlistItems/i", `{"properties": {"itemsKeyValue": {"A": "1", "B": {"c": [1]}}}}`},
	{"PUT", "/onboardingStates/default", `{"properties": {"customerManagedKey": false}}`},
	{"PUT", "/metadata/m", `{"properties": {}}`},
	{"PATCH", "/metadata/m", `{"properties": {}}`},
}

// odd are values that are put in the place of every value of a sound body.
func odd() []any {
	deep := any("x")
	for range 200 {
		deep = []any{deep}
	}
	inside := any("x")
	for range 200 {
		inside = map[string]any{"a": inside}
	}
	return []any{nil, true, -1, 1e300, "", "\x00\u2028\ufffd", strings.Repeat("é", 40_000), []any{}, []any{nil}, []any{1, "a"}, map[string]any{}, map[string]any{"": nil}, deep, inside,
		"9999-12-31T23:59:59.9999999Z", "0001-01-01", "../../x", json.Number("18446744073709551616")}
}

// vary calls f with copies of v that have one value replaced, or left out.
func vary(v any, with any, f func(any)) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			change := func(y any) {
				c := map[string]any{}
				for k2, x2 := range v {
					c[k2] = x2
				}
				c[k] = y
				f(c)
			}
			change(with)
			vary(x, with, change)
		}
	case []any:
		for i, x := range v {
			change := func(y any) {
				c := append([]any{}, v...)
				c[i] = y
				f(c)
			}
			change(with)
			vary(x, with, change)
		}
	}
}

func fuzzBench(t testing.TB) *bench {
	b := newBench(t)
	b.want(201, "", "PUT", "/incidents/there", `{"properties": {"title": "T", "severity": "High", "status": "New"}}`)
	b.want(201, "", "PUT", "/watchlists/there", `{"properties": {"displayName": "W", "provider": "p", "itemsSearchKey": "A"}}`)
	b.want(201, "", "PUT", "/bookmarks/b", `{"properties": {"displayName": "B", "query": "T"}}`)
	return b
}

// TestOddBodies sends sound bodies with one value made odd, for every value there is: what cannot be taken must be
// refused in the API's own shape, and nothing may break.
func TestOddBodies(t *testing.T) {
	b := fuzzBench(t)
	sent, taken := 0, 0
	for _, c := range bodies {
		if w := b.send("", c.method, c.path, c.body); w.Code >= 500 || w.Code >= 300 && !strings.Contains(w.Body.String(), "NotSupported") {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Body)
		}
		var v any
		if err := json.Unmarshal([]byte(c.body), &v); err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		for n, with := range odd() {
			if testing.Short() && n > 8 {
				break
			}
			vary(v, with, func(v any) {
				sent++
				w := b.send("", c.method, c.path, mustJSON(v))
				if w.Code < 300 {
					taken++
				}
				if w.Code >= 500 {
					t.Errorf("%s %s %s: %d %s", c.method, c.path, cut(mustJSON(v), 500), w.Code, w.Body)
				}
			})
		}
	}
	t.Logf("%d bodies sent, %d taken", sent, taken)
	// what was taken can be read
	for _, path := range []string{"/alertRules", "/automationRules", "/incidents", "/incidents/there/comments", "/incidents/there/tasks", "/incidents/there/relations", "/bookmarks", "/watchlists", "/watchlists/there/watchlistItems"} {
		b.want(200, "", "GET", path, "")
	}
}

func FuzzBody(f *testing.F) {
	for n, c := range bodies {
		f.Add(n, c.body)
	}
	f.Add(0, strings.Repeat("[", 20_000))
	f.Add(0, strings.Repeat(`{"a":`, 20_000))
	f.Add(1, `{"kind": "Fusion", "properties": `+strings.Repeat(`{"a":`, 5_000)+"1"+strings.Repeat("}", 5_001))
	f.Add(2, "{\"properties\": {\"title\": \"\xff\"}}")
	f.Add(3, `{"properties": {"title": "\ud800", "severity": "High", "status": "New"}}`)
	b := fuzzBench(f)
	f.Fuzz(func(t *testing.T, n int, body string) {
		b.t = t
		c := bodies[(n%len(bodies)+len(bodies))%len(bodies)]
		if w := b.send("", c.method, c.path, body+" "); w.Code >= 500 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{"properties/severity eq 'Low'", "not (contains(tolower(properties/title), 'x') or properties/incidentNumber in (1, 2))", "properties/createdTimeUtc ge 2024-01-01"} {
		f.Add(s, "properties/title desc", "x")
	}
	b := fuzzBench(f)
	f.Fuzz(func(t *testing.T, filter, order, skip string) {
		b.t = t
		w := b.send("", http.MethodGet, "/incidents?$filter="+url.QueryEscape(filter)+"&$orderby="+url.QueryEscape(order)+"&$skipToken="+url.QueryEscape(skip), "")
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
