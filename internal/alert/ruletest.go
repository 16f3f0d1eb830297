package alert

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// QueryFunc runs the query of r over the tables of t and returns its rows. w is the window that bounds
// TimeGenerated; its From is zero where nothing bounds it (a hunting query). Tables that t does not name are empty.
type QueryFunc func(ctx context.Context, r *rule.Rule, t rule.Test, w Window) (types.Table, error)

// TestResult is the outcome of a test. The test passed if Err is nil and Failures is empty.
type TestResult struct {
	Name     string
	Rows     types.Table
	Alerts   []Alert
	Failures []Failure
	Err      error // the query could not be run
}

// Failure is an expectation that was not met.
type Failure struct {
	Msg  string
	Span source.Span // of the expectation, in the test file
}

// TestWindow returns the window over which a test runs the rule's query: the query period up to the test's
// time, for NRT rules the minute before it.
func TestWindow(r *rule.Rule, t rule.Test) Window {
	w := Window{To: t.At}
	switch r.Kind {
	case rule.Scheduled:
		w.From = t.At.Add(-r.QueryPeriod)
	case rule.NRT:
		w.From = t.At.Add(-time.Minute)
	}
	return w
}

// RunTest runs one test of a rule and compares the outcome with what the test expects.
func RunTest(ctx context.Context, r *rule.Rule, t rule.Test, query QueryFunc) TestResult {
	res := TestResult{Name: t.Name}
	w := TestWindow(r, t)
	rows, err := query(ctx, r, t, w)
	if err != nil {
		res.Err = fmt.Errorf("run test %q: %w", t.Name, err)
		return res
	}
	res.Rows, res.Alerts = rows, Evaluate(r, rows, w, nil)
	res.Failures = compare(t.Expect, res.Rows, res.Alerts)
	return res
}

func compare(want rule.Expect, rows types.Table, alerts []Alert) []Failure {
	var out []Failure
	fail := func(member, format string, args ...any) {
		out = append(out, Failure{fmt.Sprintf(format, args...), want.Spans[member]})
	}
	if len(alerts) != want.Alerts {
		fail("alerts", "expected %s, found %s", plural(want.Alerts, "alert"), plural(len(alerts), "alert"))
	}
	if want.Rows != nil && len(rows.Rows) != *want.Rows {
		fail("rows", "expected %s, found %s", plural(*want.Rows, "row"), plural(len(rows.Rows), "row"))
	}
	for _, i := range unmatched(want.RowsMatch, rows) {
		fail("rows", "no row agrees with %s%s", want.RowsMatch[i], nearestRow(want.RowsMatch[i], rows))
	}
	for i, a := range alerts {
		if want.Name != "" && a.Name != want.Name {
			fail("name", "alert %d: expected name '%s', found '%s'", i+1, want.Name, a.Name)
		}
		if want.Severity != "" && a.Severity.String() != want.Severity {
			fail("severity", "alert %d: expected severity %s, found %s", i+1, want.Severity, a.Severity)
		}
		if want.Tactics != nil && strings.Join(want.Tactics, ", ") != strings.Join(a.Tactics, ", ") {
			fail("tactics", "alert %d: expected tactics %s, found %s", i+1, strings.Join(want.Tactics, ", "), strings.Join(a.Tactics, ", "))
		}
		for _, d := range want.CustomDetails {
			var found []string
			for _, x := range a.CustomDetails {
				if x.Key == d.Key {
					found = x.Values
				}
			}
			if jsonArray(found).String() != jsonArray(d.Values).String() {
				fail("customDetails", "alert %d: expected custom detail %s = %s, found %s", i+1, d.Key, jsonArray(d.Values), jsonArray(found))
			}
		}
	}
	for _, e := range want.Entities {
		if len(alerts) > 0 && !inSome(e, alerts) {
			var have []string
			for _, a := range alerts {
				have = append(have, entity.Render(a.Entities))
			}
			fail("entities", "no alert has the entity %s; found %s", e, strings.Join(have, " "))
		}
	}
	return out
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func inSome(want types.JSON, alerts []Alert) bool {
	for _, a := range alerts {
		for _, e := range a.Entities {
			all := true
			for i, name := range want.Keys {
				got := e.Get(name)
				if name == "Type" {
					got = e.Keyword()
				}
				all = all && got == want.Items[i].Value().ToText()
			}
			if all {
				return true
			}
		}
	}
	return false
}

// unmatched gives each expected row a row of its own, as far as that is possible, and returns the indexes of those
// left over. An expectation may fit several rows, so earlier choices are changed where that helps.
func unmatched(want []types.JSON, rows types.Table) []int {
	owner := make([]int, len(rows.Rows)) // index of the expectation + 1
	var place func(i int, tried []bool) bool
	place = func(i int, tried []bool) bool {
		for j, row := range rows.Rows {
			if tried[j] || !fits(want[i], rows.Schema, row) {
				continue
			}
			tried[j] = true
			if owner[j] == 0 || place(owner[j]-1, tried) {
				owner[j] = i + 1
				return true
			}
		}
		return false
	}
	var out []int
	for i := range want {
		if !place(i, make([]bool, len(rows.Rows))) {
			out = append(out, i)
		}
	}
	return out
}

func fits(want types.JSON, schema types.Schema, row []types.Value) bool {
	return len(differing(want, schema, row)) == 0
}

// differing returns the expected columns in which a row disagrees.
func differing(want types.JSON, schema types.Schema, row []types.Value) []string {
	var out []string
	for i, name := range want.Keys {
		c := schema.Index(name)
		if c < 0 {
			out = append(out, name+" (no such column)")
		} else if !same(want.Items[i], row[c]) {
			out = append(out, name+" is "+types.JSONOf(row[c]).String())
		}
	}
	return out
}

// nearestRow says in what the row that agrees most with want still differs.
func nearestRow(want types.JSON, rows types.Table) string {
	best := ""
	least := math.MaxInt
	for i, row := range rows.Rows {
		if d := differing(want, rows.Schema, row); len(d) > 0 && len(d) < least {
			best, least = fmt.Sprintf("; in row %d %s", i+1, strings.Join(d, ", ")), len(d)
		}
	}
	return best
}

// same compares an expected value, as the test file has it, with a value of a result, by the rules of its type.
func same(want types.JSON, got types.Value) bool {
	if want.Kind == types.JSONNull {
		return got.IsNull() || got.Type() == types.String && got.Text() == ""
	}
	if got.IsNull() {
		return false
	}
	text := want.Value().ToText()
	switch got.Type() {
	case types.Bool:
		b, ok := types.ParseBool(text)
		return ok && b == got.Bool()
	case types.Datetime:
		t, ok := types.ParseDatetime(text)
		return ok && t == got.Int64()
	case types.Timespan:
		t, ok := types.ParseTimespan(text)
		return ok && t == got.Int64()
	case types.Real, types.Decimal:
		f, ok := types.ParseReal(text)
		g := got.Float64()
		return ok && (f == g || math.IsNaN(f) && math.IsNaN(g) || math.Abs(f-g) <= 1e-9*math.Max(math.Abs(f), math.Abs(g)))
	case types.Guid:
		id, ok := types.ParseGuid(text)
		return ok && id == got.Text()
	case types.Dynamic:
		if want.Kind == types.JSONString {
			return got.ToText() == text
		}
		return want.String() == types.JSONOf(got).String()
	}
	return text == got.ToText()
}
