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
	"github.com/vedette-siem/vedette/internal/source"
)

func TestLoadTests(t *testing.T) {
	text := `x-base:
  - &row {TimeGenerated: !ago 10m, Name: a, N: 5, R: 1.5, B: true, Z: null, T: 2024-01-01T00:00:00Z, D: {k: [1, x]}, H: 0x10}
tests:
  - name: fires
    expect:
      alerts: 2
      rows: [{Name: a}]
      name: Alert
      severity: High
      tactics: [Impact]
      entities: [{Type: ip, Address: 1.2.3.4}]
      customDetails: {K: [v, w], One: x}
    at: 2024-05-01T10:00:00Z
    tables:
      T:
        - *row
        - <<: *row
          Name: b
      U: data/u.jsonl
      V: []
  - {name: silent, at: 2024-05-01, expect: {alerts: none, rows: 0}}
`
	file := source.NewFile("x.test.yaml", text)
	tests, list := LoadTests(file)
	if len(list) > 0 || len(tests) != 2 {
		t.Fatalf("%d tests\n%s", len(tests), heads(file, list))
	}
	a := tests[0]
	row := `{"TimeGenerated":"2024-05-01T09:50:00.0000000Z","Name":"a","N":5,"R":1.5,"B":true,"Z":null,"T":"2024-01-01T00:00:00Z","D":{"k":[1,"x"]},"H":"0x10"}`
	if a.Tables[0].Rows[0].JSON != row {
		t.Errorf("row %s, expected %s", a.Tables[0].Rows[0].JSON, row)
	}
	if got := a.Tables[0].Rows[1].JSON; !strings.Contains(got, `"Name":"b"`) || strings.Contains(got, `"Name":"a"`) || !strings.Contains(got, `"N":5`) {
		t.Errorf("merged row %s", got)
	}
	if a.Tables[1].File != "data/u.jsonl" || a.Tables[2].Name != "V" || len(a.Tables[2].Rows) != 0 {
		t.Errorf("tables %+v", a.Tables)
	}
	e := a.Expect
	if e.Alerts != 2 || e.Rows != nil || len(e.RowsMatch) != 1 || e.Name != "Alert" || e.Severity != "High" || len(e.Entities) != 1 ||
		!reflect.DeepEqual(e.CustomDetails, []Detail{{"K", []string{"v", "w"}}, {"One", []string{"x"}}}) {
		t.Errorf("expect %+v", e)
	}
	if b := tests[1]; b.Expect.Alerts != 0 || *b.Expect.Rows != 0 || !b.At.Equal(time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("second test %+v", b)
	}
}

func TestLoadTestsFaults(t *testing.T) {
	one := func(s string) string { return "tests:\n  - name: a\n    at: 2024-05-01T10:00:00Z\n" + s }
	cases := []struct{ name, text, heads string }{
		{"no tests", "x-a: 1\n", "1:1: error VR052: the file needs 'tests'\n"},
		{"no test", "tests: []\n", "1:1: error VR052: the file needs 'tests'\n"},
		{"other member", "test: []\ntests: [{name: a, at: 2024-05-01, expect: {alerts: 1}}]\n", "1:1: error VR050: unknown member 'test' in the file\n"},
		{"nothing expected", one("    expect: {}\n"), "4:13: error VR052: expect needs 'alerts'\n"},
		{"null expectation", one("    expect:\n"), "2:5: error VR052: a test needs 'expect'\n"},
		{"entities of no alert", one("    expect: {alerts: none, entities: []}\n"), "4:22: error VR051: alerts: expected at least 1, since the test says what the alerts hold, found none\n"},
		{"slip", one("    expect: {alerts: 1, entites: []}\n"), "4:25: error VR050: unknown member 'entites' in expect\n"},
		{"negative", one("    expect: {alerts: -1}\n"), "4:22: error VR051: alerts: expected a number, found '-1'\n"},
		{"severity", one("    expect: {alerts: 1, severity: high}\n"), "4:35: error VR051: severity: expected one of Informational, Low, Medium, High, found 'high'\n"},
		{"bad ago", one("    tables: {T: [{A: !ago ten}]}\n    expect: {alerts: 1}\n"), "4:22: error VR051: !ago: expected a duration such as 10m, found 'ten'\n"},
		{"row is no mapping", one("    tables: {T: [5]}\n    expect: {alerts: 1}\n"), "4:18: error VR051: T: expected a row as a mapping, found a number\n"},
		{"file outside", one("    tables: {T: ../x.csv}\n    expect: {alerts: 1}\n"), "4:17: error VR051: T: expected the name of a file beside this one or below, found '../x.csv'\n"},
		{"name twice", "tests:\n  - {name: a, at: 2024-05-01, expect: {alerts: 1}}\n  - {name: a, at: 2024-05-01, expect: {alerts: 1}}\n",
			"3:12: error VR051: name: expected another name for each test, found 'a' again\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := source.NewFile("", c.text)
			if _, list := LoadTests(f); heads(f, list) != c.heads {
				t.Errorf("got\n%sexpected\n%s", heads(f, list), c.heads)
			}
		})
	}
}

const content = "../../content"

// TestContentLoads loads every rule and test file that the project ships: no fault worse than a matter of style.
func TestContentLoads(t *testing.T) {
	rules, tests := 0, 0
	err := filepath.WalkDir(content, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f := source.NewFile(path, string(b))
		var list []source.Diagnostic
		switch {
		case strings.HasSuffix(path, ".test.yaml"):
			_, list = LoadTests(f)
			tests++
		case strings.Contains(path, "Analytic Rules") || strings.Contains(path, "Hunting Queries"):
			_, list = Load(f)
			rules++
		}
		for _, d := range list {
			if d.Severity != source.Info {
				t.Error(heads(f, []source.Diagnostic{d}))
			}
		}
		return nil
	})
	if err != nil || rules == 0 || tests == 0 {
		t.Fatalf("%d rules, %d test files: %v", rules, tests, err)
	}
}

// TestFoundingRule compares the founding rule with the text that was given for it.
func TestFoundingRule(t *testing.T) {
	path := filepath.Join(content, "Microsoft Entra ID", "Analytic Rules", "MFARejectedbyUser.yaml")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, list := Load(source.NewFile(path, string(b)))
	if r == nil || (&source.Diagnostics{List: list}).HasErrors() {
		t.Fatal(heads(source.NewFile(path, string(b)), list))
	}
	if r.ID != "d99cf5c3-d660-436c-895b-8a8f8448da23" || r.Version != "2.0.3" || r.Kind != Scheduled || r.Severity != Medium ||
		r.QueryPeriod != time.Hour || r.QueryFrequency != time.Hour || r.TriggerOperator != GreaterThan || r.TriggerThreshold != 0 ||
		len(r.EntityMappings) != 3 || !reflect.DeepEqual(r.Techniques, []string{"T1078"}) || !reflect.DeepEqual(r.SubTechniques, []string{"T1078.004"}) ||
		len(r.RequiredDataConnectors) != 3 || !placesAgree(r) {
		t.Errorf("%+v", r)
	}
	var given []byte
	files, _ := filepath.Glob(filepath.Join(corpus.Path(t, "seeds"), "*.txt"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		given = append(given, b...)
	}
	for field, got := range map[string]string{"query": r.Query, "description": r.Description, "displayName": r.Name} {
		m := regexp.MustCompile(`(?m)^"` + field + `": (".*"),$`).FindSubmatch(given)
		var want string
		if m == nil || json.Unmarshal(m[1], &want) != nil {
			t.Fatalf("no %s in the given text", field)
		}
		if got != want {
			t.Errorf("%s\n%q\nexpected\n%q", field, got, want)
		}
	}
}
