package rule

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// Test is one test of a rule: rows in, alerts or none out.
//
// Tests stand in a file beside the rule (X.yaml, X.test.yaml), because the content repository's validation
// refuses a member of the rule file that it does not know. The file holds one mapping:
//
//	tests:
//	  - name: a declined prompt raises one alert
//	    at: 2024-05-01T10:00:00Z          # the evaluation time: the end of the query's window
//	    tables:
//	      SigninLogs:                     # rows as mappings …
//	        - TimeGenerated: !ago 10m     # … times may be counted back from the evaluation time
//	          UserPrincipalName: adele@contoso.com
//	      IdentityInfo: identities.jsonl  # … or the name of a file beside this one
//	    expect:
//	      alerts: 1                       # or none
//	      rows: 1                         # a number, or mappings of which each must match a row of its own
//	      name: …                         # of every alert
//	      severity: Medium                # of every alert
//	      tactics: [InitialAccess]        # of every alert
//	      entities:                       # each must be in some alert
//	        - {Type: account, Name: adele, UPNSuffix: contoso.com}
//	      customDetails: {Key: [value]}   # of every alert
//
// Anchors, aliases and merge keys (<<) save repetition; members beside tests are free for anchors if their names
// start with x-.
type Test struct {
	Name   string
	At     time.Time
	Tables []TestTable
	Expect Expect
	Span   source.Span // of its name
}

// TestTable is the content of a table in a test: rows, or the name of a file that has them.
type TestTable struct {
	Name string
	Rows []TestRow
	File string
	Span source.Span
}

// TestRow is a row as a JSON object, its columns in the file's order; the decoder of the table's schema makes
// typed values of it, as it does of an event.
type TestRow struct {
	JSON string
	Span source.Span
}

// Expect is what a test demands. Members that are nil or empty demand nothing, but for Alerts.
type Expect struct {
	Alerts        int
	Rows          *int
	RowsMatch     []types.JSON // objects; each must agree with a row of its own in the columns it has
	Name          string
	Severity      string
	Tactics       []string
	Entities      []types.JSON // objects; each must agree with an entity in the fields it has
	CustomDetails []Detail
	Spans         map[string]source.Span // of the members, by name
}

// Detail is the expected values of a custom detail, in their order.
type Detail struct {
	Key    string
	Values []string
}

// testLoader reads a test file.
type testLoader struct {
	reader
	at time.Time // of the test being read
}

// LoadTests reads a test file; the diagnostics are in the file's order. The tests must not be run if one of the
// diagnostics is an Error: they would not check what they say.
func LoadTests(file *source.File) ([]Test, []source.Diagnostic) {
	l := &testLoader{reader: reader{file: file, text: newYAMLText(file.Text)}}
	var tests []Test
	if root := l.root(); root != nil {
		found := false
		for _, m := range l.members(root) {
			switch {
			case m.name == "tests":
				found = true
				for _, e := range l.list(m) {
					tests = append(tests, l.test(e))
				}
			case !strings.HasPrefix(m.name, "x-"):
				l.testField(l.text.span(m.key), m.name, "the file", nearest(m.name, []string{"tests"}))
			}
		}
		if !found || len(tests) == 0 && len(l.diags.list) == 0 {
			l.testMissing(l.text.span(root), "tests", "the file")
		}
	}
	seen := map[string]bool{}
	for _, t := range tests {
		if seen[t.Name] && t.Name != "" {
			l.testValue(t.Span, "name", "another name for each test", "'"+t.Name+"' again")
		}
		seen[t.Name] = true
	}
	ds := source.Diagnostics{File: file, List: l.diags.list}
	ds.Sort()
	return tests, ds.List
}

// each calls the function that read gives for each member, reports others, and the needed ones that are missing.
func (l *testLoader) each(m member, where string, read []testMember) {
	var names []string
	for _, r := range read {
		names = append(names, r.name)
	}
	have := map[string]member{}
	for _, in := range l.mapping(m) {
		if !has(names, in.name) {
			l.testField(l.text.span(in.key), in.name, where, nearest(in.name, names))
			continue
		}
		have[in.name] = in
	}
	for _, r := range read { // in this order, because rows need the time
		in, ok := have[r.name]
		switch {
		case ok && !isNull(in.value):
			r.read(in)
		case r.needed:
			l.testMissing(l.text.span(m.value), r.name, where)
		}
	}
}

type testMember struct {
	name   string
	needed bool
	read   func(member)
}

func (l *testLoader) test(m member) Test {
	t := Test{Span: l.text.span(m.value)}
	l.at = time.Time{}
	l.each(m, "a test", []testMember{
		{"name", true, func(in member) { t.Name, _ = l.str(in); t.Span = l.text.span(in.value) }},
		{"at", true, func(in member) {
			s, _ := l.str(in)
			ticks, ok := types.ParseDatetime(s)
			if !ok {
				l.testValue(l.text.span(in.value), "at", "a time such as 2024-05-01T10:00:00Z", "'"+s+"'")
				return
			}
			t.At = types.TimeOf(ticks)
			l.at = t.At
		}},
		{"tables", false, func(in member) {
			for _, table := range l.mapping(in) {
				t.Tables = append(t.Tables, l.table(table))
			}
		}},
		{"expect", true, func(in member) { t.Expect = l.expect(in) }},
	})
	return t
}

func (l *testLoader) table(m member) TestTable {
	t := TestTable{Name: m.name, Span: l.text.span(m.key)}
	switch {
	case m.value.Kind == yaml.ScalarNode && m.value.Tag == "!!str":
		t.File = m.value.Value
		if !localFile(t.File) {
			l.testValue(l.text.span(m.value), m.name, "the name of a file beside this one or below", "'"+t.File+"'")
			t.File = ""
		}
	default:
		for _, e := range l.list(m) {
			if e.value.Kind != yaml.MappingNode {
				l.testValue(l.text.span(e.value), m.name, "a row as a mapping", kindName(e.value))
				continue
			}
			t.Rows = append(t.Rows, TestRow{JSON: l.json(e.value, 0).String(), Span: l.text.span(e.value)})
		}
	}
	return t
}

// localFile tells whether a name stays inside the folder of the test file.
func localFile(name string) bool {
	if name == "" || strings.ContainsAny(name, `\:`) || strings.HasPrefix(name, "/") {
		return false
	}
	return !has(strings.Split(name, "/"), "..")
}

var agoPattern = regexp.MustCompile(`^\d`)

// json turns a YAML value into JSON. Times stay the text they are; !ago 10m becomes the time that long before the
// evaluation time.
func (l *testLoader) json(n *yaml.Node, depth int) types.JSON {
	n = follow(n)
	if !l.spend(n) {
		return types.JSON{}
	}
	if depth > types.MaxJSONDepth {
		l.testValue(l.text.span(n), "value", "less nesting", "more than "+strconv.Itoa(types.MaxJSONDepth)+" levels")
		return types.JSON{}
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := types.JSON{Kind: types.JSONObject}
		for _, m := range l.members(n) {
			out.Set(m.name, l.json(m.value, depth+1))
		}
		return out
	case yaml.SequenceNode:
		out := types.JSON{Kind: types.JSONArray}
		for _, c := range n.Content {
			out.Items = append(out.Items, l.json(c, depth+1))
		}
		return out
	}
	text := types.JSON{Kind: types.JSONString, Str: n.Value}
	switch n.Tag {
	case "!ago":
		d, ok := ParseDuration(n.Value)
		if !ok || !agoPattern.MatchString(n.Value) {
			l.testValue(l.text.span(n), "!ago", "a duration such as 10m", "'"+n.Value+"'")
			return types.JSON{}
		}
		text.Str = types.FormatDatetime(types.TicksOf(l.at.Add(-d)))
	case "!!null":
		return types.JSON{}
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return types.JSON{Kind: types.JSONBool, Bool: b}
		}
	case "!!int", "!!float":
		// As JSON has numbers: 0x10, 1_000 and .inf are text.
		if json.Valid([]byte(n.Value)) {
			if j, err := types.ParseJSON(n.Value); err == nil {
				return j
			}
		}
	}
	return text
}

func (l *testLoader) expect(m member) Expect {
	e := Expect{Alerts: -1, Spans: map[string]source.Span{}}
	texts := func(in member) []string {
		s, _ := l.strs(in)
		return s
	}
	at := func(name string, needed bool, read func(member)) testMember {
		return testMember{name, needed, func(in member) {
			e.Spans[name] = l.text.span(in.value)
			read(in)
		}}
	}
	l.each(m, "expect", []testMember{
		at("alerts", true, func(in member) {
			if s, _ := l.str(in); s == "none" {
				e.Alerts = 0
			} else {
				e.Alerts = l.count(in)
			}
		}),
		at("rows", false, func(in member) {
			if in.value.Kind == yaml.SequenceNode {
				e.RowsMatch = l.objects(in)
			} else {
				n := l.count(in)
				e.Rows = &n
			}
		}),
		at("name", false, func(in member) { e.Name, _ = l.str(in) }),
		at("severity", false, func(in member) {
			e.Severity, _ = l.str(in)
			if names := []string{"Informational", "Low", "Medium", "High"}; !has(names, e.Severity) {
				l.testValue(l.text.span(in.value), "severity", "one of "+strings.Join(names, ", "), "'"+e.Severity+"'")
			}
		}),
		at("tactics", false, func(in member) { e.Tactics = texts(in) }),
		at("entities", false, func(in member) { e.Entities = l.objects(in) }),
		at("customDetails", false, func(in member) {
			for _, d := range l.mapping(in) {
				e.CustomDetails = append(e.CustomDetails, Detail{d.name, texts(d)})
			}
		}),
	})
	if e.Alerts == 0 && (e.Name != "" || e.Severity != "" || e.Tactics != nil || e.Entities != nil || e.CustomDetails != nil) {
		l.testValue(e.Spans["alerts"], "alerts", "at least 1, since the test says what the alerts hold", "none")
	}
	return e
}

// count reads a number of alerts or rows.
func (l *testLoader) count(m member) int {
	s, _ := l.str(m)
	n, ok := types.ParseLong(s)
	if !ok || n < 0 || n > 1<<30 {
		l.testValue(l.text.span(m.value), m.name, "a number", "'"+s+"'")
		return -1
	}
	return int(n)
}

// objects reads a list of mappings.
func (l *testLoader) objects(m member) []types.JSON {
	out := []types.JSON{}
	for _, e := range l.list(m) {
		if e.value.Kind != yaml.MappingNode {
			l.testValue(l.text.span(e.value), m.name, "a mapping", kindName(e.value))
			continue
		}
		out = append(out, l.json(e.value, 0))
	}
	return out
}
