package alert

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

func TestRunTest(t *testing.T) {
	r := load(t, twoMappings+"customDetails: {Who: U}\ntactics: [Impact]\n")
	tab := types.Table{
		Schema: types.Schema{{Name: "U", Type: types.String}, {Name: "I", Type: types.String}, {Name: "T", Type: types.Datetime}, {Name: "N", Type: types.Long},
			{Name: "R", Type: types.Real}, {Name: "D", Type: types.Dynamic}, {Name: "G", Type: types.Guid}, {Name: "S", Type: types.Timespan}, {Name: "B", Type: types.Bool}, {Name: "Z", Type: types.Long}},
		Rows: [][]types.Value{
			{types.StringOf("a@b.c"), types.StringOf("1.1.1.1"), types.DatetimeOf(types.TicksOf(at)), types.LongOf(5), types.RealOf(0.1), types.DynamicOf(`{"k":[1]}`),
				types.GuidOf("11111111-2222-3333-4444-555555555555"), types.TimespanOf(types.TicksPerHour), types.BoolOf(true), types.Null(types.Long)},
			{types.StringOf("d@b.c"), types.StringOf("1.1.1.1"), types.DatetimeOf(types.TicksOf(at)), types.LongOf(6), types.RealOf(0.2), types.Null(types.Dynamic),
				types.Null(types.Guid), types.Null(types.Timespan), types.BoolOf(false), types.Null(types.Long)},
		},
	}
	cases := []struct{ expect, failure string }{
		{"{alerts: 1, rows: 2, name: Static name, severity: Medium, tactics: [Impact], entities: [{Type: account, Name: a, UPNSuffix: b.c}, {Address: 1.1.1.1}], customDetails: {Who: [a@b.c, d@b.c]}}", ""},
		{"{alerts: 1, rows: [{U: a@b.c, T: 2026-03-02 09:00, N: 5, R: 0.1, D: {k: [1]}, G: '{11111111-2222-3333-4444-555555555555}', S: 1h, B: true, Z: null}]}", ""},
		{"{alerts: 1, rows: [{I: 1.1.1.1}, {U: a@b.c}]}", ""}, // the first must take the second row
		{"{alerts: 1, rows: [{I: 1.1.1.1}, {I: 1.1.1.1}, {I: 1.1.1.1}]}", `no row agrees with {"I":"1.1.1.1"}`},
		{"{alerts: none}", "expected 0 alerts, found 1 alert"},
		{"{alerts: 2}", "expected 2 alerts, found 1 alert"},
		{"{alerts: 1, rows: 1}", "expected 1 row, found 2 rows"},
		{"{alerts: 1, rows: [{U: a@b.c, N: 6}]}", `no row agrees with {"U":"a@b.c","N":6}; in row 1 N is 5`},
		{"{alerts: 1, rows: [{X: 1}]}", `no row agrees with {"X":1}; in row 1 X (no such column)`},
		{"{alerts: 1, rows: [{Z: 0}]}", `no row agrees with {"Z":0}; in row 1 Z is null`},
		{"{alerts: 1, name: Other}", "alert 1: expected name 'Other', found 'Static name'"},
		{"{alerts: 1, severity: High}", "alert 1: expected severity High, found Medium"},
		{"{alerts: 1, tactics: [Impact, Discovery]}", "alert 1: expected tactics Impact, Discovery, found Impact"},
		{"{alerts: 1, entities: [{Type: host}]}", `no alert has the entity {"Type":"host"}`},
		{"{alerts: 1, entities: [{Type: ip, Address: 2.2.2.2}]}", `no alert has the entity {"Type":"ip","Address":"2.2.2.2"}`},
		{"{alerts: 1, customDetails: {Who: [d@b.c, a@b.c]}}", `alert 1: expected custom detail Who = ["d@b.c","a@b.c"], found ["a@b.c","d@b.c"]`},
		{"{alerts: 1, customDetails: {Other: [x]}}", `alert 1: expected custom detail Other = ["x"], found []`},
	}
	for _, c := range cases {
		file := source.NewFile("", "tests:\n  - name: a\n    at: 2026-03-02T09:00:00Z\n    expect: "+c.expect+"\n")
		tests, list := rule.LoadTests(file)
		if err := (&source.Diagnostics{File: file, List: list}).Err(); err != nil {
			t.Fatal(err)
		}
		got := RunTest(context.Background(), r, tests[0], func(_ context.Context, _ *rule.Rule, _ rule.Test, w Window) (types.Table, error) {
			if !w.To.Equal(at) || !w.From.Equal(at.Add(-time.Hour)) {
				t.Errorf("window %v", w)
			}
			return tab, nil
		})
		switch {
		case got.Err != nil:
			t.Error(got.Err)
		case c.failure == "" && len(got.Failures) > 0, c.failure != "" && len(got.Failures) != 1:
			t.Errorf("%s: %v", c.expect, got.Failures)
		case c.failure != "" && (!strings.HasPrefix(got.Failures[0].Msg, c.failure) || file.Position(got.Failures[0].Span.Start).Line != 4):
			t.Errorf("%s: %q at %v, expected %q", c.expect, got.Failures[0].Msg, got.Failures[0].Span, c.failure)
		}
	}
	broken := errors.New("broken")
	got := RunTest(context.Background(), r, rule.Test{Name: "x"}, func(context.Context, *rule.Rule, rule.Test, Window) (types.Table, error) {
		return types.Table{}, broken
	})
	if !errors.Is(got.Err, broken) {
		t.Errorf("error %v", got.Err)
	}
}

// TestSchemaIsDocumented compares our SecurityAlert columns with the table reference in the shared test data.
func TestSchemaIsDocumented(t *testing.T) {
	b, err := os.ReadFile(corpus.Path(t, "corpus", "schemas", "tables.json"))
	if err != nil {
		t.Fatal(err)
	}
	var tables map[string]map[string]string
	if err := json.Unmarshal(b, &tables); err != nil {
		t.Fatal(err)
	}
	want := tables["SecurityAlert"]
	for _, c := range Schema() {
		if want[c.Name] != c.Type.String() {
			t.Errorf("column %s:%s, the reference has '%s'", c.Name, c.Type, want[c.Name])
		}
		delete(want, c.Name)
	}
	for name := range want {
		if !strings.HasPrefix(name, "_") {
			t.Errorf("column %s is missing", name)
		}
	}
}
