package rule

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/source"
)

// baseProperties is a rule resource without a fault.
const baseProperties = `"displayName": "N", "description": "D", "enabled": true, "severity": "High", "query": "T\n| where a == \"b\"",
	"queryFrequency": "PT1H", "queryPeriod": "P1D", "triggerOperator": "GreaterThan", "triggerThreshold": 0,
	"suppressionEnabled": false, "suppressionDuration": "PT5H"`

// propertiesWith is the base with members added; a later member counts.
func propertiesWith(members string) string {
	if members == "" {
		return "{" + baseProperties + "}"
	}
	return "{" + baseProperties + ", " + members + "}"
}

func templateWith(members string) string {
	return `{"parameters": {"workspace": {"type": "String"}}, "resources": [{"type": "Microsoft.OperationalInsights/workspaces/providers/alertRules",
		"name": "[concat(parameters('workspace'), '/Microsoft.SecurityInsights/9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11')]", "kind": "Scheduled",
		"properties": ` + propertiesWith(members) + `}]}`
}

func TestCheckProperties(t *testing.T) {
	for _, c := range []struct{ members, want string }{ // want: the first error, empty for none
		{"", ""},
		{`"tactics": ["InitialAccess"], "techniques": ["T1078"], "subTechniques": ["T1078.004"]`, ""},
		{`"customDetails": null, "entityMappings": null, "alertDetailsOverride": null, "alertRuleTemplateName": null`, ""},
		{`"templateVersion": "1.2.3", "alertRuleTemplateName": "x", "lastModifiedUtc": "2024-01-01T00:00:00Z", "unheardOf": {"a": [1]}`, ""},
		{`"incidentConfiguration": {"createIncident": false, "groupingConfiguration": {"enabled": true, "reopenClosedIncident": true, "lookbackDuration": "P1D", "matchingMethod": "AnyAlert"}}`, ""},
		{`"techniques": ["T1078.004"]`, "the technique 'T1078.004' is invalid: the expected format is 'T####'"},
		{`"techniques": ["x"]`, "technique 'x' is left out"},
		{`"tactics": ["Nope"]`, "unknown tactic 'Nope' is left out"},
		{`"severity": "Urgent"`, "field 'severity': 'Urgent' is none of Informational, Low, Medium, High"},
		{`"severity": 3`, "field 'severity': expected text, found a number"},
		{`"query": null`, "a rule of kind Scheduled needs the field 'query'"},
		{`"query": {}`, "a rule of kind Scheduled needs the field 'query'"},
		{`"enabled": "perhaps"`, "field 'enabled': expected true or false, found text"},
		{`"enabled": null`, "a rule of kind Scheduled needs the field 'enabled'"},
		{`"queryFrequency": "PT1M"`, "field 'queryFrequency': PT1M is outside PT5M to P14D"},
		{`"queryFrequency": "P2D", "queryPeriod": "P1D"`, "queryPeriod P1D is shorter than queryFrequency P2D"},
		{`"triggerThreshold": 10001`, "triggerThreshold 10001 is outside 0 to 10000"},
		{`"triggerOperator": "Above"`, "field 'triggerOperator': 'Above' is none of GreaterThan, LessThan, Equal, NotEqual"},
		{`"displayName": "` + strings.Repeat("x", 257) + `"`, "field 'displayName' has 257 characters, at most 256 are allowed"},
		{`"query": "union * | take 1"`, "'union *' is not allowed in a rule"},
		{`"entityMappings": [{"entityType": "Ghost", "fieldMappings": []}]`, "unknown entity type 'Ghost'"},
		{`"entityMappings": "Account"`, "field 'entityMappings': expected a list, found text"},
		{`"incidentConfiguration": {"createIncident": true, "groupingConfiguration": {"enabled": true, "reopenClosedIncident": false, "lookbackDuration": "PT5H", "matchingMethod": "Selected"}}`,
			"matchingMethod is Selected, and nothing is selected; every alert of the rule matches"},
		{`"incidentConfiguration": {"createIncident": true, "groupingConfiguration": {"enabled": true}}`, "field 'lookbackDuration' is missing: PT5H is used"},
		{`"triggerThreshold": "5"`, "field 'triggerThreshold': expected a whole number, found text"}, {`"triggerThreshold": 1.5`, "field 'triggerThreshold': expected a whole number, found a number with a fraction"},
		{`"tactics": "Impact"`, "field 'tactics': expected a list, found text"},
		{`"a": `, "no JSON: expected a value"},
	} {
		text := propertiesWith(c.members)
		file := source.NewFile("", text)
		r, list := CheckProperties(file, "9D6DBA5A-6D8B-4B2F-9B7E-6A4E2C0B8F11", Scheduled)
		got := ""
		for _, d := range list {
			if d.Severity == source.Error && got == "" {
				got = d.Msg
			}
			if d.Span.Start < 0 || d.Span.End > len(text) || d.Span.Start > d.Span.End {
				t.Errorf("%s: span %v", c.members, d.Span)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, expected %q", c.members, got, c.want)
		}
		if c.want != "" {
			continue
		}
		if r.ID != "9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11" || r.Query != "T\n| where a == \"b\"" {
			t.Errorf("%+v", r)
		}
		// and there and back
		text2, err := json.Marshal(PropertiesOf(r))
		if err != nil {
			t.Fatal(err)
		}
		again, list := CheckProperties(source.NewFile("", string(text2)), r.ID, r.Kind)
		if len(list) > 0 || !reflect.DeepEqual(plain(again), plain(r)) {
			t.Errorf("%s became %s: %v\n%+v\n%+v", c.members, text2, list, plain(again), plain(r))
		}
	}
	if r, list := CheckProperties(source.NewFile("", `{"displayName": "N", "enabled": false, "severity": "Low", "query": "T", "suppressionEnabled": false, "suppressionDuration": "PT5H"}`),
		"name", NRT); r.ID != "name" || r.Kind != NRT || r.Enabled || r.TriggerOperator != GreaterThan || len(list) != 0 {
		t.Errorf("%+v, %v", r, list)
	}
	// a place in the query is one in the text, behind its escapes
	text := propertiesWith(`"query": "a\t\"\ud83d\ude00\u00e9\" x"`)
	r, _ := LoadProperties(source.NewFile("", text), "x", Scheduled)
	at := strings.IndexByte(r.Query, 'x')
	if p, want := r.QueryFile.Position(at), source.NewFile("", text).Position(strings.Index(text, ` x"`)+1); p != want {
		t.Errorf("position %v, expected %v", p, want)
	}
}

// plain is a rule without what tells of the file it comes from.
func plain(r *Rule) Rule {
	c := *r
	c.File, c.QueryFile, c.columns, c.Unknown = nil, nil, nil, nil
	return c
}

// TestLoadProperties shows that a rule which a file may have is read from its properties too, though the API refuses it.
func TestLoadProperties(t *testing.T) {
	text := propertiesWith(`"incidentConfiguration": {"createIncident": true, "groupingConfiguration": {"enabled": true, "reopenClosedIncident": false, "lookbackDuration": "PT5H", "matchingMethod": "Selected", "groupByEntities": ["Host"]}}`)
	errors := func(load func(*source.File, string, Kind) (*Rule, []source.Diagnostic)) int {
		r, list := load(source.NewFile("", text), "x", Scheduled)
		ds := source.Diagnostics{List: list}
		if r == nil || len(list) != 1 {
			t.Errorf("%+v, %v", r, list)
		}
		return map[bool]int{true: 1}[ds.HasErrors()]
	}
	if errors(CheckProperties) != 1 || errors(LoadProperties) != 0 {
		t.Error("what the API refuses and what can be run are the same")
	}
	for _, text := range []string{"[]", "1", "null", "", "{"} {
		if r, list := LoadProperties(source.NewFile("", text), "x", Scheduled); r != nil || len(list) == 0 {
			t.Errorf("%q: %+v, %v", text, r, list)
		}
	}
}

func TestFileToProperties(t *testing.T) {
	for _, members := range []string{"", "tactics: [Impact]\nrelevantTechniques: [T1486, T1078.004]\ntriggerOperator: ne\ntriggerThreshold: 7",
		"startTimeUtc: 2024-05-01T10:00:00Z\nsuppressionEnabled: true\nsuppressionDuration: 2h\neventGroupingSettings: {aggregationKind: AlertPerResult}",
		"entityMappings:\n  - entityType: Account\n    fieldMappings: [{identifier: Name, columnName: A}, {identifier: UPNSuffix, columnName: B}]\ncustomDetails: {One: A, Two: B}\nsentinelEntitiesMappings: [{columnName: Entities}]",
		"alertDetailsOverride: {alertDisplayNameFormat: 'x {{A}}', alertSeverityColumnName: S, alertDynamicProperties: [{alertProperty: AlertLink, value: L}]}",
		"customDetails: {K: C}\nincidentConfiguration: {createIncident: true, groupingConfiguration: {enabled: true, reopenClosedIncident: true, lookbackDuration: 3d, matchingMethod: Selected, groupByAlertDetails: [DisplayName, Severity], groupByCustomDetails: [K]}}",
	} {
		r, list := Load(source.NewFile("rule.yaml", with(members)))
		text, err := json.Marshal(PropertiesOf(r))
		if err != nil {
			t.Fatal(err)
		}
		again, more := CheckProperties(source.NewFile("", string(text)), r.ID, r.Kind)
		want := plain(r)
		want.RequiredDataConnectors, want.Status, want.Tags = nil, "", nil
		if again == nil || len(more) > 0 {
			t.Errorf("%s: %s: %v (from the file %v)", members, text, more, list)
			continue
		}
		if got := plain(again); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v\nexpected\n%+v", members, got, want)
		}
	}
}

func TestLoadTemplate(t *testing.T) {
	rule := func(typ, name, kind, members string) string {
		return `{"type": "` + typ + `", "name": ` + name + `, "kind": "` + kind + `", "properties": ` + propertiesWith(members) + `}`
	}
	const plainType = "Microsoft.OperationalInsights/workspaces/providers/alertRules"
	for _, c := range []struct{ name, text, want string }{
		{"concat", templateWith(""), "9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11 N"},
		{"scope", `{"resources": [` + rule("Microsoft.SecurityInsights/alertRules", `"r1"`, "NRT", "") + `]}`, "r1 N"},
		{"export", `{"id": "/x", ` + rule("Microsoft.SecurityInsights/alertRules", `"r1"`, "Scheduled", "")[1:], "r1 N"},
		{"two", `{"resources": [` + rule(plainType, `"a/b/r1"`, "Scheduled", "") + `,` + rule(plainType, `"r2"`, "nrt", `"displayName": "[[M]"`) + `]}`, "r1 N; r2 [M]"},
		{"object", `{"resources": {"one": ` + rule(plainType, `"r1"`, "Scheduled", "") + `}}`, "r1 N"},
		{"variables", `{"variables": {"o": {"id": "[toLower(concat('R', '1'))]", "l": ["x"]}, "n": "[variables('o').id]"}, "resources": [` +
			rule(plainType, `"[concat(variables('n'), '-', variables('o')['l'][0], '-', parameters('p'))]"`, "Scheduled", `"displayName": "[parameters('p')]"`) +
			`], "parameters": {"p": {"defaultValue": "P''Q"}}}`, "r1-x-P''Q P''Q"},
		{"escape", `{"resources": [` + rule(plainType, `"[concat('a''b', 'c')]"`, "Scheduled", "") + `]}`, "a'bc N"},
		{"solution", `{"variables": {"o": {"id": "r9"}}, "resources": [{"type": "Microsoft.OperationalInsights/workspaces/providers/contentTemplates", "name": "x",
			"properties": {"mainTemplate": {"resources": [` + rule("Microsoft.SecurityInsights/AlertRuleTemplates", `"[variables('o').id]"`, "Scheduled", `"enabled": false`) +
			`, {"type": "Microsoft.OperationalInsights/workspaces/providers/metadata", "name": "m", "properties": {}}]}}}]}`, "r9 N"},
		{"nested", `{"resources": [{"type": "Microsoft.Resources/deployments", "properties": {"expressionEvaluationOptions": {"scope": "Inner"}, "template": {"variables": {"v": "r5"}, "resources": [` +
			rule(plainType, `"[variables('v')]"`, "Scheduled", "") + `]}}}]}`, "r5 N"},
		{"escaped", `{"resources": [{"type": "Microsoft.Resources/deployments", "properties": {"template": {"variables": {"v": "r6"}, "resources": [` +
			rule(plainType, `"[[concat(variables('v'), 'x')]"`, "Scheduled", "") + `]}}}]}`, "r6x N"},
		{"outer", `{"resources": [{"type": "Microsoft.Resources/deployments", "properties": {"template": {"variables": {"v": "r6"}, "resources": [` +
			rule(plainType, `"[variables('v')]"`, "Scheduled", "") + `]}}}]}`, "!expression '[variables('v')]': there is no variable 'v'"},
		{"no rules", `{"resources": []}`, "!the template has no analytics rule"},
		{"list", `[1]`, "!expected a deployment template, found a list"},
		{"fusion", `{"resources": [` + rule(plainType, `"r1"`, "Fusion", "") + `]}`, "!rules of kind 'Fusion' cannot be run"},
		{"no parameter", `{"resources": [` + rule(plainType, `"[parameters('x')]"`, "Scheduled", "") + `]}`, "!expression '[parameters('x')]': there is no parameter 'x'"},
		{"no default", `{"parameters": {"x": {}}, "resources": [` + rule(plainType, `"[parameters('x')]"`, "Scheduled", "") + `]}`,
			"!expression '[parameters('x')]': the rule's id depends on a parameter that has no default"},
		{"no default in text", `{"parameters": {"x": {}}, "resources": [` + rule(plainType, `"r"`, "Scheduled", `"query": "[concat('T', parameters('x'))]"`) + `]}`,
			"!expression '[concat('T', parameters('x'))]': the parameter 'x' has no default"},
		{"circle", `{"variables": {"a": "[variables('b')]", "b": "[variables('a')]"}, "resources": [` + rule(plainType, `"[variables('a')]"`, "Scheduled", "") + `]}`,
			"!expression '[variables('a')]': the variable 'a' refers to itself"},
		{"function", `{"resources": [` + rule(plainType, `"[newGuid()]"`, "Scheduled", "") + `]}`, "!expression '[newGuid()]': the function newGuid is not evaluated here"},
		{"open", `{"resources": [` + rule(plainType, `"[concat('a']"`, "Scheduled", "") + `]}`, "!expression '[concat('a']': expected , or ) in the arguments of concat"},
		{"tail", `{"resources": [` + rule(plainType, `"[concat('a') b]"`, "Scheduled", "") + `]}`, "!expression '[concat('a') b]': unexpected 'b'"},
		{"laughs", `{"variables": {"a": "` + strings.Repeat("x", 1000) + `", ` + laughs() + `"z": ""}, "resources": [` + rule(plainType, `"[variables('v9')]"`, "Scheduled", "") + `]}`,
			"!expression '[variables('v9')]': the template's expressions make too much"},
		{"deep", strings.Repeat("[", 100), "!no JSON: deeper than 64"},
	} {
		var got []string
		for _, l := range LoadTemplate(source.NewFile("t.json", c.text)) {
			for _, d := range l.Faults {
				if d.Severity == source.Error {
					got = append(got, "!"+d.Msg)
				}
				if d.Span.Start < 0 || d.Span.End > len(c.text) || d.Span.Start > d.Span.End {
					t.Errorf("%s: span %v", c.name, d.Span)
				}
			}
			if l.Rule != nil {
				got = append(got, l.Rule.ID+" "+l.Rule.Name)
				if !l.Rule.Enabled {
					t.Errorf("%s: the rule is not enabled", c.name)
				}
			}
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s: %s, expected %s", c.name, s, c.want)
		}
	}
}

// laughs is variables that stand for ever more of each other.
func laughs() string {
	out, last := "", "a"
	for i := range 10 {
		name := "v" + string(rune('0'+i))
		out += `"` + name + `": "[concat(` + strings.Repeat("variables('"+last+"'), ", 9) + `'')]", `
		last = name
	}
	return out
}

// TestTemplateOfTheSeed puts the template of the shared page together again, whose lines without text were lost, and
// compares its rule with that of the YAML form that comes with vedette.
func TestTemplateOfTheSeed(t *testing.T) {
	page, err := os.ReadFile(corpus.Path(t, "seeds/000_7287194ab01abda9.txt"))
	if err != nil {
		t.Fatal(err)
	}
	member := func(name string) string {
		all := regexp.MustCompile(`(?m)^("`+name+`": .*?),?$`).FindAllStringSubmatch(string(page), -1)
		if all == nil {
			t.Fatalf("the page has no %s", name)
		}
		return all[len(all)-1][1]
	}
	var props []string
	for _, name := range []string{"alertRuleTemplateName", "customDetails", "description", "displayName", "enabled", "OriginalUri", "query", "queryFrequency", "queryPeriod",
		"severity", "status", "suppressionDuration", "suppressionEnabled", "templateVersion", "triggerOperator", "triggerThreshold"} {
		props = append(props, member(name))
	}
	var mappings, fields []string
	for _, m := range regexp.MustCompile(`(?m)^"(entityType|columnName|identifier)": "(.*)",?$`).FindAllStringSubmatch(string(page), -1) {
		switch m[1] {
		case "entityType":
			mappings, fields = append(mappings, `{"entityType": "`+m[2]+`", "fieldMappings": [`), nil
		case "columnName":
			fields = append(fields, `{"columnName": "`+m[2]+`", `)
		case "identifier":
			n := len(mappings) - 1
			if len(fields) > 1 {
				mappings[n] += ","
			}
			mappings[n] += fields[len(fields)-1] + `"identifier": "` + m[2] + `"}`
		}
	}
	for i := range mappings {
		mappings[i] += "]}"
	}
	props = append(props, `"entityMappings": [`+strings.Join(mappings, ",")+`]`, `"tactics": ["InitialAccess"]`, `"techniques": ["T1078"]`,
		`"subTechniques": ["T1078.004"]`, `"tags": ["AADSecOpsGuide"]`)
	text := `{"parameters": {"workspace": {"type": "String"}}, "resources": [{` + strings.Join([]string{member("apiVersion"), member("id"), member("kind"),
		member("name"), member("type")}, ",") + `, "properties": {` + strings.Join(props, ",") + `}}]}`
	list := LoadTemplate(source.NewFile("seed.json", text))
	if len(list) != 1 || list[0].Rule == nil || len(list[0].Faults) > 0 && list[0].Faults[0].Severity == source.Error {
		t.Fatalf("%+v\n%s", list, text)
	}
	yaml, err := os.ReadFile("../../content/Microsoft Entra ID/Analytic Rules/MFARejectedbyUser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want, _ := Load(source.NewFile("rule.yaml", string(yaml)))
	a, b := plain(list[0].Rule), plain(want)
	b.RequiredDataConnectors = nil // which the converter drops
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%+v\nexpected\n%+v", a, b)
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add(templateWith(""))
	f.Add(templateWith(`"displayName": "[concat('a', variables('x').y[0])]", "query": "\ud800 \u0041"`))
	f.Fuzz(func(t *testing.T, text string) {
		list := LoadTemplate(source.NewFile("f", text))
		if len(list) == 0 {
			t.Fatal("neither rule nor fault")
		}
		_, more := CheckProperties(source.NewFile("f", text), "x", Scheduled)
		_, soft := LoadProperties(source.NewFile("f", text), "x", Scheduled)
		more = append(more, soft...)
		for _, l := range append(list, Loaded{nil, more}) {
			for _, d := range l.Faults {
				if d.Span.Start < 0 || d.Span.End > len(text) || d.Span.Start > d.Span.End {
					t.Fatalf("span %v of %s is outside the text", d.Span, d.Code)
				}
			}
		}
	})
}
