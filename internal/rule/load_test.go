package rule

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// base is a rule without fault, by field, for the examples to change.
var base = []string{
	"id: 9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11",
	"kind: Scheduled",
	"name: Example",
	"description: An example",
	"severity: Low",
	"status: Available",
	"queryFrequency: 1h",
	"queryPeriod: 1h",
	"triggerOperator: gt",
	"triggerThreshold: 0",
	"query: |\n  T\n  | take 1",
	"version: 1.0.0",
}

var topField = regexp.MustCompile(`(?m)^(\w+):`)

// with returns base with the example's fields in place of its own.
func with(example string) string {
	replaced := map[string]bool{}
	for _, m := range topField.FindAllStringSubmatch(example, -1) {
		replaced[m[1]] = true
	}
	var out []string
	for _, f := range base {
		if name, _, _ := strings.Cut(f, ":"); !replaced[name] {
			out = append(out, f)
		}
	}
	return strings.Join(append(out, example), "\n") + "\n"
}

func heads(file *source.File, list []source.Diagnostic) string {
	ds := source.Diagnostics{File: file}
	var b strings.Builder
	for _, d := range list {
		b.WriteString(ds.Head(d) + "\n")
	}
	return b.String()
}

func TestBaseHasNoFault(t *testing.T) {
	f := source.NewFile("", with(""))
	if _, list := Load(f); len(list) > 0 {
		t.Fatal(heads(f, list))
	}
}

// TestFaultExamples runs the example of every fault and demands its code and severity.
func TestFaultExamples(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Faults() {
		if f.Code == "" || f.Title == "" || f.Reason == "" || f.Example == "" || seen[f.Code] {
			t.Errorf("fault %+v: incomplete, or its code is taken", f)
			continue
		}
		seen[f.Code] = true
		text := f.Example
		if !f.Whole && !f.InTests && !f.Template {
			text = with(f.Example)
		}
		if f.Template && !f.Whole {
			text = templateWith(f.Example)
		}
		file := source.NewFile("rule.yaml", text)
		var list []source.Diagnostic
		switch {
		case f.InTests:
			_, list = LoadTests(file)
		case f.Template:
			for _, l := range LoadTemplate(file) {
				list = append(list, l.Faults...)
			}
		default:
			var r *Rule
			if r, list = Load(file); r != nil {
				list = append(list, r.CheckColumns(types.Schema{{Name: "TimeGenerated", Type: types.Datetime}}, f.Code != faults[missingColumn].Code)...)
			}
		}
		found := false
		for _, d := range list {
			found = found || d.Code == f.Code && d.Severity == f.Severity
			if d.Span.Start < 0 || d.Span.End > len(text) || d.Span.Start > d.Span.End {
				t.Errorf("%s: span %v is outside the text", f.Code, d.Span)
			}
		}
		if !found {
			t.Errorf("%s (%s): the example gives\n%s", f.Code, f.Title, heads(file, list))
		}
	}
}

func TestLoadFields(t *testing.T) {
	text := `id: 9D6DBA5A-6D8B-4B2F-9B7E-6A4E2C0B8F11
kind: nrt
name: N
description: D
severity: high
version: 2.0.3
tags: [A, [B, C], {Schema: ASim, SchemaVersion: 1.2}]
tactics: [Initial Access, CommandandControl, InitialAccess]
relevantTechniques: [T1078.004, t1550, T1078]
requiredDataConnectors:
  - connectorId: X
    dataTypes: [A, B]
query: SigninLogs
entityMappings:
  - entityType: File hash
    fieldMappings:
      - {identifier: Algorithm, columnName: Alg}
      - {identifier: value, columnName: Hash}
sentinelEntitiesMappings:
  - columnName: Entities
customDetails: {Zeta: Z, Alpha: A}
alertDetailsOverride:
  alertDisplayNameFormat: 'by {{User}}'
  alertTacticsColumnName:
  alertSeverityColumnName: Sev
  alertDynamicProperties: [{alertProperty: AlertLink, value: Link}]
eventGroupingSettings: {aggregationKind: AlertPerResult}
suppressionEnabled: True
suppressionDuration: PT5H
incidentConfiguration:
  createIncident: false
  groupingConfiguration: {enabled: true, reopenClosedIncident: true, lookbackDuration: 3d, matchingMethod: Selected,
    groupByEntities: [FileHash], groupByAlertDetails: [Severity], groupByCustomDetails: [Alpha]}
someTool: {x: 1}
`
	file := source.NewFile("r.yaml", text)
	r, list := Load(file)
	want := `r.yaml:2:7: warning VR017: field 'kind': 'nrt' is spelt 'NRT'
r.yaml:5:11: warning VR017: field 'severity': 'high' is spelt 'High'
r.yaml:8:11: warning VR017: field 'tactics': 'Initial Access' is spelt 'InitialAccess'
r.yaml:8:27: warning VR017: field 'tactics': 'CommandandControl' is spelt 'CommandAndControl'
r.yaml:9:33: warning VR017: field 'relevantTechniques': 't1550' is spelt 'T1550'
r.yaml:15:17: warning VR017: field 'entityType': 'File hash' is spelt 'FileHash'
r.yaml:18:22: warning VR017: field 'identifier': 'value' is spelt 'Value'
r.yaml:34:1: warning VR005: unknown field 'someTool'
`
	if got := heads(file, list); got != want {
		t.Errorf("diagnostics\n%sexpected\n%s", got, want)
	}
	checks := []struct {
		name      string
		got, want any
	}{
		{"ID", r.ID, "9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11"}, {"Kind", r.Kind, NRT}, {"Severity", r.Severity, High},
		{"Tags", r.Tags, []string{"A", "B", "C", "Schema: ASim", "SchemaVersion: 1.2"}},
		{"Tactics", r.Tactics, []string{"InitialAccess", "CommandAndControl"}},
		{"Techniques", r.Techniques, []string{"T1078", "T1550"}}, {"SubTechniques", r.SubTechniques, []string{"T1078.004"}},
		{"Connectors", r.RequiredDataConnectors, []Connector{{"X", []string{"A", "B"}}}},
		{"Operator", r.TriggerOperator, GreaterThan}, {"Threshold", r.TriggerThreshold, 0},
		{"EntityMappings", r.EntityMappings, []entity.Mapping{{Kind: entity.FileHash, Fields: []entity.FieldMapping{{Identifier: "Algorithm", Column: "Alg"}, {Identifier: "Value", Column: "Hash"}}}}},
		{"SentinelEntities", r.SentinelEntities, []string{"Entities"}},
		{"CustomDetails", r.CustomDetails, []CustomDetail{{"Zeta", "Z"}, {"Alpha", "A"}}},
		{"AlertDetails", r.AlertDetails, AlertDetails{DisplayNameFormat: "by {{User}}", SeverityColumn: "Sev", DynamicProperties: []DynamicProperty{{"AlertLink", "Link"}}}},
		{"EventGrouping", r.EventGrouping, AlertPerResult}, {"Suppression", r.SuppressionDuration, 5 * time.Hour}, {"Suppressed", r.SuppressionEnabled, true},
		{"Incident", r.Incident, Incident{false, Grouping{Enabled: true, ReopenClosed: true, Lookback: 72 * time.Hour, Matching: Selected,
			ByEntities: []entity.Kind{entity.FileHash}, BySeverity: true, ByCustomDetails: []string{"Alpha"}}}},
		{"Unknown", r.Unknown[0].Name + r.Unknown[0].Text, "someTool{x: 1}"},
		{"Query place", r.QueryFile.Position(3), source.Position{Line: 13, Column: 11}},
	}
	for _, c := range checks {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: %v, expected %v", c.name, c.got, c.want)
		}
	}
	cols := r.CheckColumns(types.Schema{{Name: "Alg"}, {Name: "Hash"}, {Name: "Entities"}, {Name: "Z"}, {Name: "A"}, {Name: "Sevv"}, {Name: "Link"}}, false)
	want = `r.yaml:23:27: warning VR041: alertDisplayNameFormat: the result has no column 'User'
r.yaml:25:28: warning VR041: alertSeverityColumnName: the result has no column 'Sev'
`
	if got := heads(file, cols); got != want || cols[1].Hint != "did you mean 'Sevv'?" {
		t.Errorf("columns\n%s%q", got, cols[1].Hint)
	}
}

// TestLoadQuirks are files as people write them: what must be read, and what must be said.
func TestLoadQuirks(t *testing.T) {
	cases := []struct{ name, text, heads string }{
		{"CRLF", strings.ReplaceAll(with(""), "\n", "\r\n"), ""},
		{"BOM", "\ufeff" + with(""), ""},
		{"tabs in the query", with("query: |\n  T\t| take 1\n  \t| take 2"), ""},
		{"query with leading blank lines", with("query:  |\n\n\n  T | take 1"), ""},
		{"quoted query", with(`query: "T | where a == \"b\""`), ""},
		{"comment and document marks", "---\n# c\n" + with("") + "...\n", ""},
		{"empty second document", with("") + "---\n", ""},
		{"two documents", with("") + "---\na: 1\n", "17:1: error VR003: expected one mapping, found a second document\n"},
		{"empty", "", "1:1: error VR003: expected one mapping, found an empty file\n"},
		{"text", "just text\n", "1:1: error VR003: expected one mapping, found text\n"},
		{"tab as indentation", "name: A\nquery: |\n\tT\n", "3:1: error VR001: no YAML: found a tab character where an indentation space is expected\n"},
		{"bad YAML", "a: 1\nb: [\nc: 2", "2:1: error VR001…"},
		{"list item indented wrongly", "a:\n  - b: 1\n   - c: 2\nd: 3\n", "3:1: error VR001…"},
		{"unclosed quote", "a: 1\nb: 'x\nc: 2\n", "2:1: error VR001…"},
		{"not UTF-8", "name: caf\xe9 x\n", "1:10: error VR002: the text is not UTF-8 from here on\n"},
		{"UTF-16", "\xff\xfen\x00:\x00", "1:1: error VR002…"},
		{"nulls count as absent", with("entityMappings:\ntactics:\nrelevantTechniques: ~\nmetadata:\nalertRuleTemplateName: null"), ""},
		{"null name", with("name:"), "1:1: error VR007: a rule of kind Scheduled needs the field 'name'\n"},
		{"blank query", with("query: |\n  "), "1:1: error VR007: a rule of kind Scheduled needs the field 'query'\n"},
		{"null technique", with("relevantTechniques:\n  - T1078\n  -"), ""},
		{"duplicate tag and query", with("query: A\nquery: |\n  B"), "13:1: warning VR004: field 'query' stands twice; the last one counts\n"},
		{"merge key", with("x-c: &c {connectorId: A}\nrequiredDataConnectors:\n  - <<: *c\n    dataTypes: [T]"), "15:1: warning VR005: unknown field 'x-c'\n"},
		{"fault in a bad query's place", with("query: |\n  let a = 1;\n  union isfuzzy=true * | take 1"), "14:3: error VR025: 'union isfuzzy=true *' is not allowed in a rule\n"},
		{"no star in literals", with("query: |\n  T // search *\n  | where a has \"union *\" or b has 'search * ' or c == @\"\\\"\n  | extend d = a * 2 | union A* "), ""},
		{"hunting query", "id: 9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11\nname: H\nquery: T\nentityMappings:\n  - entityType: Person\n    fieldMappings: [{identifier: A, columnName: B}]\n",
			"5:17: warning VR028: unknown entity type 'Person'\n"},
		{"entity mapping without parts", with("entityMappings:\n  - entityType: IP\n    fieldMappings:\n      - identifier: Address\n  - fieldMappings: []"),
			"16:5: warning VR032: IP needs Address\n18:21: error VR007: a field mapping needs the field 'columnName'\n19:5: error VR007: an entity mapping needs the field 'entityType'\n"},
		{"mapping is a list", with("customDetails: [a]"), "15:16: error VR009: field 'customDetails': expected a mapping, found a list\n"},
		{"threshold with fraction", with("triggerThreshold: 1.5"), "14:19: error VR009: field 'triggerThreshold': expected a whole number, found '1.5'\n"},
		{"self alias", "a: &a\n  <<: *a\n" + with(""), "1:1…"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := source.NewFile("", c.text)
			_, list := Load(f)
			got := heads(f, list)
			if prefix, cut := strings.CutSuffix(c.heads, "…"); got != c.heads && !(cut && strings.HasPrefix(got, prefix)) {
				t.Errorf("got\n%sexpected\n%s", got, c.heads)
			}
		})
	}
}

func TestParseDuration(t *testing.T) {
	const d = 24 * time.Hour
	cases := []struct {
		text string
		want time.Duration // 0: refused
		iso  string
	}{
		{"5m", 5 * time.Minute, "PT5M"}, {"24h", d, "P1D"}, {"14d", 14 * d, "P14D"}, {" 70M ", 70 * time.Minute, "PT1H10M"},
		{"PT5M", 5 * time.Minute, "PT5M"}, {"P1DT2H", d + 2*time.Hour, "P1DT2H"}, {"PT24H", d, "P1D"}, {"P1W", 7 * d, "P7D"}, {"PT20160M", 14 * d, "P14D"}, {"PT123456789M", 0, ""}, {"pt1h", time.Hour, "PT1H"}, {"PT90S", 90 * time.Second, "PT1M30S"},
		{"1.00:00:00", d, "P1D"}, {"01:00:00", time.Hour, "PT1H"}, {"00:05", 5 * time.Minute, "PT5M"}, {"7", 7 * d, "P7D"},
		{"", 0, ""}, {"P", 0, ""}, {"PT", 0, ""}, {"P1DT", 0, ""}, {"1", d, "P1D"}, {"-1h", 0, ""}, {"1 h", 0, ""}, {"1w", 0, ""}, {"5s", 0, ""},
		{"1.5h", 0, ""}, {"7d // more", 0, ""}, {"99999999999d", 0, ""}, {"2000000000", 0, ""}, {"1e3", 0, ""}, {"25:00:00", 0, ""},
	}
	for _, c := range cases {
		got, ok := ParseDuration(c.text)
		if ok != (c.want != 0) || ok && (got != c.want || FormatDuration(got) != c.iso) {
			t.Errorf("%q: %v %v %s, expected %v %s", c.text, got, ok, FormatDuration(got), c.want, c.iso)
		}
	}
}

func TestOperatorFires(t *testing.T) {
	for _, c := range []struct {
		op             Operator
		less, eq, more bool
	}{{GreaterThan, false, false, true}, {LessThan, true, false, false}, {Equal, false, true, false}, {NotEqual, true, false, true}, {NoOperator, false, false, false}} {
		if c.op.Fires(1, 2) != c.less || c.op.Fires(2, 2) != c.eq || c.op.Fires(3, 2) != c.more {
			t.Errorf("%s fires wrongly", c.op)
		}
	}
}

// TestCorpus loads every rule of the shared corpus. The floors are what loads today; they may rise.
func TestCorpus(t *testing.T) {
	for _, c := range []struct {
		dir         string
		files, good int
	}{
		{"corpus/entra-2026", 74, 74},
		{"corpus/sentinel/analytic-rules", 543, 543},
		{"corpus/sentinel/hunting-queries", 608, 608},
	} {
		files, err := filepath.Glob(filepath.Join(corpus.Path(t, c.dir), "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		good, mapped := 0, 0
		codes := map[string]int{}
		for _, path := range files {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f := source.NewFile(path, string(b))
			r, list := Load(f)
			ds := source.Diagnostics{File: f, List: list}
			for _, d := range list {
				codes[d.Code+" "+d.Severity.String()]++
			}
			if ds.HasErrors() {
				t.Logf("%s", ds.Error())
			} else {
				good++
			}
			if r != nil && placesAgree(r) {
				mapped++
			} else {
				t.Errorf("%s: the query's places do not agree with the file", f.Name)
			}
		}
		t.Logf("%s: %d files, %d without error, %d with exact places; %v", c.dir, len(files), good, mapped, codes)
		if len(files) < c.files || good < c.good {
			t.Errorf("%s: %d of %d files load, expected %d of %d", c.dir, good, len(files), c.good, c.files)
		}
	}
}

// TestCorpusColumns checks the columns that the rules of the Entra ID solution name against the result schemas that
// Microsoft's binder gave: what is missing is listed, for these are defects of the rules.
func TestCorpusColumns(t *testing.T) {
	dir := corpus.Path(t, "corpus", "entra-2026")
	golden, err := os.ReadFile(filepath.Join(dir, "golden.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	rules := 0
	for _, line := range strings.Split(strings.TrimSpace(string(golden)), "\n") {
		var g struct {
			File   string
			Open   bool `json:"schema_open"`
			Schema []struct{ Name string }
		}
		if err := json.Unmarshal([]byte(line), &g); err != nil {
			t.Fatal(err)
		}
		if g.Schema == nil { // the query has an error of its own
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, g.File))
		if err != nil {
			t.Fatal(err)
		}
		r, _ := Load(source.NewFile(g.File, string(b)))
		var schema types.Schema
		for _, c := range g.Schema {
			schema = append(schema, types.Column{Name: c.Name})
		}
		for _, d := range r.CheckColumns(schema, g.Open) {
			got[g.File] = append(got[g.File], d.Msg[strings.LastIndex(d.Msg, " ")+1:])
		}
		rules++
	}
	want := map[string][]string{
		"Cross-tenantAccessSettingsOrganizationInboundDirectSettingsChanged.yaml": {"'InitiatingIPAddress'"},
		"ExplicitMFADeny.yaml":                        {"'IPAddress'", "'ResourceID'"},
		"NRT_NewAppOrServicePrincipalCredential.yaml": {"'InitiatedByName'", "'InitiatedByUPNSuffix'"},
	}
	if rules != 73 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d rules, missing columns %v", rules, got)
	}
}

// placesAgree tells whether each line of the query is, at the place it is mapped to, the text of the file.
func placesAgree(r *Rule) bool {
	offset := 0
	for _, line := range strings.SplitAfter(r.Query, "\n") {
		if text := strings.TrimRight(line, "\r\n"); text != "" {
			p := r.QueryFile.Position(offset)
			runes := []rune(r.File.Line(p.Line))
			if p.Column-1 > len(runes) || string(runes[p.Column-1:]) != text {
				return false
			}
		}
		offset += len(line)
	}
	return true
}

func FuzzLoad(f *testing.F) {
	f.Add(with(""))
	for _, x := range Faults() {
		f.Add(x.Example)
		f.Add(with(x.Example))
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := source.NewFile("f", text)
		r, list := Load(file)
		if r == nil && len(list) == 0 {
			t.Fatal("neither rule nor fault")
		}
		for _, d := range list {
			if d.Span.Start < 0 || d.Span.End > len(text) || d.Span.Start > d.Span.End {
				t.Fatalf("span %v of %s is outside the text", d.Span, d.Code)
			}
		}
		ds := source.Diagnostics{File: file, List: list}
		_ = ds.Error()
		_, list = LoadTests(file)
		for _, d := range list {
			if d.Span.Start < 0 || d.Span.End > len(text) || d.Span.Start > d.Span.End {
				t.Fatalf("span %v of %s is outside the text", d.Span, d.Code)
			}
		}
	})
}
