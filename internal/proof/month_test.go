package proof_test

import (
	"flag"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/content"
	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/demo"
	"github.com/vedette-siem/vedette/internal/proof"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

var wholeMonth = flag.Bool("proof.month", false, "evaluate every rule at every time of its schedule, over ten times the events: takes minutes")

// arrival is a row and when it came.
type arrival struct {
	table string
	row   []types.Value
	at    int64
}

// events makes up a month, of which most rows arrive soon, some hours or days late, some before their time, and
// some have no time at all.
func events(t testing.TB, cat *catalog.Catalog, opts demo.Options) []arrival {
	t.Helper()
	var out []arrival
	rng := rand.New(rand.NewPCG(1, 2))
	schemaOf := func(name string) types.Schema {
		def, ok := cat.Table(name)
		if !ok {
			t.Fatalf("no table %s", name)
		}
		return def.Columns
	}
	_, err := demo.Generate(opts, schemaOf, func(table string, schema types.Schema, row []types.Value) error {
		i := schema.Index("TimeGenerated")
		late := rng.Int64N(types.DurationTicks(2 * time.Minute))
		switch n := rng.IntN(100); {
		case n < 10:
			late = rng.Int64N(types.DurationTicks(3 * time.Hour))
		case n < 12:
			late = rng.Int64N(types.DurationTicks(4 * 24 * time.Hour))
		case n < 13:
			late = -rng.Int64N(types.DurationTicks(time.Hour))
		}
		a := arrival{table, slices.Clone(row), row[i].Int64() + late}
		if rng.IntN(200) == 0 {
			a.row[i] = types.Null(types.Datetime)
		}
		out = append(out, a)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(out, func(a, b arrival) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return 0
	})
	return out
}

// monthRules are rules of the corpus and of vedette itself that read only what events makes, and some of our own.
func monthRules(t testing.TB, cat *catalog.Catalog) []*rule.Rule {
	t.Helper()
	var rules []*rule.Rule
	text, err := content.FS.ReadFile(content.FoundingRule)
	if err != nil {
		t.Fatal(err)
	}
	founding, _ := rule.Load(source.NewFile(content.FoundingRule, string(text)))
	rules = append(rules, founding)
	const day = 24 * time.Hour
	own := []struct {
		kql               string
		frequency, period time.Duration
	}{
		{`SigninLogs | where ResultType == "500121" and UserPrincipalName startswith "a"`, time.Hour, time.Hour},
		{`SigninLogs | where ResultType == "50057" | summarize n = count() by UserPrincipalName`, time.Hour, 3 * time.Hour},
		{`SigninLogs | where ResultType == "no such code"`, time.Hour, time.Hour},
		{`SigninLogs | where ResultType in ("53003", "50053") | join kind=inner (AuditLogs | where OperationName has "password") on CorrelationId`, time.Hour, 6 * time.Hour},
		{`AuditLogs | where OperationName =~ "add member to role" | mv-expand TargetResources | extend who = tostring(TargetResources.userPrincipalName)`, time.Hour, time.Hour},
		{`let recent = SigninLogs | where TimeGenerated > ago(1h) and ResultType == "50126"; recent | join kind=leftanti (SigninLogs | where TimeGenerated between (ago(7d) .. ago(1h)) | where ResultType == "0") on IPAddress`, time.Hour, 7 * day},
		{`union (SigninLogs | where ResultType == "50140"), (AADNonInteractiveUserSignInLogs | where ResultType == "70043")`, time.Hour, time.Hour},
		{`AuditLogs | where Category == "Policy" | summarize arg_max(TimeGenerated, *) by OperationName`, 3 * time.Hour, 12 * time.Hour},
		{`BehaviorAnalytics | where InvestigationPriority > 8 | project UserPrincipalName, TimeGenerated`, time.Hour, time.Hour},
		{`IdentityInfo | where AssignedRoles has "Global Administrator" | join kind=inner (SigninLogs | where ResultType == "50074") on $left.AccountUPN == $right.UserPrincipalName`, 6 * time.Hour, 14 * day},
		{`SigninLogs | where ResultType == "500121" | summarize n = count()`, time.Hour, time.Hour},
		{`SigninLogs | where UserPrincipalName in ((AuditLogs | where OperationName == "Disable account" | extend u = tostring(TargetResources[0].userPrincipalName) | project u))`, 2 * time.Hour, 2 * time.Hour},
		{`SigninLogs | where tostring(parse_json(tostring(DeviceDetail)).operatingSystem) has "linux" and RiskLevelDuringSignIn == "high"`, time.Hour, time.Hour},
		{`SigninLogs | where hourofday(now()) == 3 and ResultType != "0"`, time.Hour, time.Hour},
		{`SigninLogs | where dayofweek(TimeGenerated) == 0d and hourofday(TimeGenerated) between (1 .. 3) and AppDisplayName has "Azure"`, time.Hour, time.Hour},
		{`SigninLogs | where LocationDetails.countryOrRegion == "ZZ" or RiskState == "atRisk"`, time.Hour, time.Hour},
		{`SigninLogs | where bin(TimeGenerated, 1d) == startofday(now()) and ResultType == "50076" | top 3 by TimeGenerated`, time.Hour, day},
		{`AADNonInteractiveUserSignInLogs | where toint(ResultType) between (50000 .. 50058) | make-series n = count() on TimeGenerated from ago(3h) to now() step 1h by UserPrincipalName`, 3 * time.Hour, 3 * time.Hour},
	}
	for i, o := range own {
		r := scheduled(i+1, o.kql, o.frequency, o.period)
		switch i % 5 {
		case 1:
			r.EventGrouping = rule.AlertPerResult
		case 2:
			r.TriggerThreshold = 3
		}
		rules = append(rules, r)
	}
	fewer := scheduled(900, `SigninLogs | where ResultType == "50074"`, time.Hour, time.Hour)
	fewer.TriggerOperator, fewer.TriggerThreshold = rule.LessThan, 2 // fires on silence
	rules = append(rules, fewer)
	read, err := session.ReadRules([]string{corpus.Path(t, "corpus", "entra-2026")})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, cat: cat}
	for _, r := range read {
		if r.Rule != nil && !r.Faults.HasErrors() && r.Rule.Kind == rule.Scheduled && r.Rule.ID != founding.ID && w.readsOnly(r.Rule, demo.Tables()) {
			rules = append(rules, r.Rule)
		}
	}
	return rules
}

// TestMonth plays a month of events and runs every rule at its times, with and without the proof: the alerts are
// the same. Rules come, go and change on the way, and counting fails now and then.
func TestMonth(t *testing.T) {
	cat := catalog.Builtin()
	opts, step, leastEvery := demo.Options{Users: 60, SignIns: 6_000}, 6*time.Hour, 48*time.Hour
	if *wholeMonth {
		opts, step, leastEvery = demo.Options{Users: 300, SignIns: 60_000}, time.Hour, time.Hour
	}
	rows := events(t, cat, opts)
	rules := monthRules(t, cat)
	if len(rules) < 40 {
		t.Fatalf("%d rules, expected at least 40", len(rules))
	}
	end := demo.DefaultEnd()
	start := end.Add(-30 * 24 * time.Hour)
	w := newWorld(t, cat, start, proof.Options{})
	var runs, proved, fired, alerts, steps int
	var spent time.Duration
	for at := start; !at.After(end.Add(step)); at = at.Add(step) {
		batch := map[string][][]types.Value{}
		for len(rows) > 0 && rows[0].at < types.TicksOf(at) {
			batch[rows[0].table] = append(batch[rows[0].table], rows[0].row)
			rows = rows[1:]
		}
		steps++
		w.fault = nil
		if steps%40 == 17 {
			w.fault = func(*proof.Counting) error { return errInjected }
		}
		for _, table := range demo.Tables() {
			if len(batch[table]) > 0 {
				w.append(table, batch[table])
			}
		}
		w.fault = nil
		for i, r := range rules {
			switch {
			case steps == 1+i%7*4 || steps == 100 && i%4 == 0: // some come later, some are replaced by themselves
				w.watch(r, at)
			case steps == 60 && i%11 == 3:
				w.prover.Unwatch(r.ID)
			}
		}
		if steps%3 == 0 {
			w.fill(at)
		}
		for i, r := range rules {
			every := max(r.QueryFrequency, step)
			if i > 19 {
				every = max(every, leastEvery)
			}
			if at.Sub(start.Add(time.Duration(i)*step))%every != 0 {
				continue
			}
			a := w.evaluate(r, at)
			runs++
			window := alert.Window{From: at.Add(-r.QueryPeriod), To: at}
			without := alert.Evaluate(r, a.rows, window, nil)
			with := without
			spent += a.spent
			if a.proved {
				proved++
				with = alert.Evaluate(r, types.Table{Schema: a.rows.Schema}, window, nil)
				if len(a.rows.Rows) > 0 {
					t.Errorf("%s at %s: %d rows, but %s", r.Name, at, len(a.rows.Rows), a.why)
				}
			}
			if !reflect.DeepEqual(with, without) {
				t.Errorf("%s at %s: other alerts with the proof: %v, without: %v", r.Name, at, with, without)
			}
			if alerts += len(without); len(without) > 0 {
				fired++
			}
		}
		if t.Failed() {
			break
		}
	}
	s := w.prover.Stats()
	t.Logf("%d rules, %d runs, %d fired with %d alerts, %d not made (%d%%); a proof takes %s, counting %s in all",
		len(rules), runs, fired, alerts, proved, 100*proved/runs, spent/time.Duration(runs), w.count.Round(time.Millisecond))
	for _, table := range s.Tables {
		t.Logf("%+v", table)
	}
	empty := runs - fired
	if fired < runs/20 || proved*2 < empty {
		t.Errorf("%d of %d runs fired and %d were proved empty: expected some to fire, and half of the others to be proved", fired, runs, proved)
	}
	if len(rows) > 0 && !t.Failed() {
		left := rows[0].at - types.TicksOf(end)
		t.Logf("%d rows arrive after the end, the first %s later", len(rows), time.Duration(left*100))
	}
	for _, r := range rules {
		if st, ok := w.prover.Rule(r.ID); ok && testing.Verbose() {
			t.Logf("%d/%d %s: %.200s", st.Proved, st.Asked, strings.SplitN(r.Name, "\n", 2)[0], st.Formula)
		}
	}
}
