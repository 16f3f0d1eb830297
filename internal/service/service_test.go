package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/config"
	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/sched"
	"github.com/vedette-siem/vedette/internal/service"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// wall is the real clock.
type wall struct{}

func (wall) Now() time.Time                         { return time.Now() }
func (wall) After(d time.Duration) <-chan time.Time { return time.After(d) }

type server struct {
	*service.Service
	t    *testing.T
	stop func()
	now  func() time.Time
}

func configOf(dir string) config.Config {
	c := config.Default()
	c.Data = dir
	c.Ingest.MinFree, c.Schedule.Spread = 0, 0
	return c
}

// start opens a server over a folder and runs it until stop or the end of the test.
func start(t *testing.T, c config.Config, observe func(sched.Outcome)) *server {
	t.Helper()
	s, err := service.Open(t.Context(), service.Options{Config: c, Clock: wall{}, Log: slog.New(slog.DiscardHandler), Observe: observe})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	t.Cleanup(stop)
	return &server{s, t, stop, time.Now}
}

// put keeps a rule as the API does.
func (s *server) put(id, kind, text string) {
	s.t.Helper()
	var props struct {
		DisplayName string `json:"displayName"`
		Enabled     bool   `json:"enabled"`
	}
	if err := json.Unmarshal([]byte(text), &props); err != nil {
		s.t.Fatal(err)
	}
	err := s.State.Update(s.t.Context(), func(tx state.Tx) error {
		now := s.now().UTC()
		_, err := tx.Rules().Put(state.Rule{ID: id, Kind: kind, Name: props.DisplayName, Text: text, Enabled: props.Enabled, Created: now, Modified: now, By: "test"}, state.Always)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.RuleChanged(s.t.Context(), id)
}

// line takes in a row of Probe_CL.
func (s *server) line(n int64) {
	s.t.Helper()
	table, ok := s.Stored().Table("Probe_CL")
	if !ok {
		s.t.Fatal("no table Probe_CL")
	}
	row := make([]types.Value, len(table.Columns))
	for i, c := range table.Columns {
		row[i] = types.Null(c.Type)
	}
	row[0], row[1], row[2] = types.DatetimeOf(types.TicksOf(time.Now())), types.LongOf(n), types.StringOf("192.0.2.7")
	if _, err := s.Events.Append(s.t.Context(), eventlog.Batch{Parts: []eventlog.Part{{Table: table, Rows: [][]types.Value{row}}}}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) declare() {
	s.t.Helper()
	err := s.DeclareTable(s.t.Context(), service.TableSchema{Name: "Probe_CL", Columns: []service.TableColumn{{Name: "TimeGenerated", Type: "datetime"}, {Name: "N", Type: "long"}, {Name: "IP", Type: "string"}}})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) ask(kql string) string {
	s.t.Helper()
	res, err := s.Engine.Run(s.t.Context(), query.Request{File: source.NewFile("", kql), Now: time.Now()})
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, r := range res.Rows {
		var cells []string
		for _, v := range r {
			cells = append(cells, v.ToText())
		}
		out = append(out, strings.Join(cells, ","))
	}
	return strings.Join(out, " ")
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 400 {
		if ok() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("it does not come about: %s", what)
}

const nrt = `{"displayName":"Probe","enabled":true,"severity":"High","query":"Probe_CL | where N > %d","suppressionEnabled":false,"suppressionDuration":"PT5H",
"tactics":["Persistence"],"techniques":["T1098"],"entityMappings":[{"entityType":"IP","fieldMappings":[{"identifier":"Address","columnName":"IP"}]}],
"eventGroupingSettings":{"aggregationKind":"AlertPerResult"},
"incidentConfiguration":{"createIncident":true,"groupingConfiguration":{"enabled":true,"reopenClosedIncident":false,"lookbackDuration":"PT5H","matchingMethod":"AllEntities"}}}`

func TestAnEventBecomesAnIncident(t *testing.T) {
	c := configOf(t.TempDir())
	c.Schedule.NRTEvery = 200 * time.Millisecond
	s := start(t, c, nil)
	s.declare()
	s.put("b1f0c0de-0000-4000-8000-000000000001", "NRT", fmt.Sprintf(nrt, 10))
	waitFor(t, "the first run", func() bool { return s.Scheduler.Counters().Runs > 0 })
	s.line(5)
	s.line(11)
	acknowledged := time.Now()
	waitFor(t, "an alert", func() bool { return s.ask("SecurityAlert | count") == "1" })
	if d := time.Since(acknowledged); d > 2*time.Second {
		t.Logf("the alert came %v after the event", d)
	}
	waitFor(t, "an incident", func() bool { return s.ask("SecurityIncident | count") == "1" })
	s.line(12) // joins the incident, as it is about the same address
	waitFor(t, "a second alert in the incident", func() bool {
		return s.ask("SecurityIncident | summarize arg_max(LastModifiedTime, *) by IncidentNumber | project Title, Severity, Status, array_length(AlertIds)") == "Probe,High,New,2"
	})
	if got := s.ask("SecurityAlert | mv-expand e = todynamic(Entities) | distinct tostring(e.Address)"); got != "192.0.2.7" {
		t.Errorf("the alerts' entities: %s", got)
	}
	if got := s.ask("SentinelHealth | distinct SentinelResourceName, Status"); got != "Probe,Success" {
		t.Errorf("health: %s", got)
	}
	s.stop()

	s = start(t, c, nil) // and all is there after a restart
	if got := s.ask("Probe_CL | summarize count(), max(N)"); got != "3,12" {
		t.Errorf("after a restart: %s", got)
	}
	s.line(13)
	waitFor(t, "a third alert", func() bool {
		return s.ask("SecurityIncident | summarize arg_max(LastModifiedTime, *) by IncidentNumber | project IncidentNumber, array_length(AlertIds)") == "1,3"
	})
	st, err := s.Status(t.Context())
	if err != nil || len(st.Rules) != 1 || st.Rules[0].State != "Active" || st.Open["New"] != 1 || st.Faults != 0 {
		t.Errorf("status %+v, %v", st, err)
	}
}

func TestAFailingRuleIsDisabled(t *testing.T) {
	c := configOf(t.TempDir())
	c.Schedule.NRTEvery, c.Schedule.DisableAfter = 100*time.Millisecond, 3
	s := start(t, c, nil)
	s.declare()
	id := "b1f0c0de-0000-4000-8000-000000000002"
	s.put(id, "NRT", strings.Replace(fmt.Sprintf(nrt, 10), "Probe_CL", "Gone_CL", 1))
	var kept state.Rule
	waitFor(t, "the rule is disabled", func() bool {
		err := s.State.View(t.Context(), func(tx state.Tx) (err error) {
			kept, err = tx.Rules().Get(id)
			return err
		})
		return err == nil && !kept.Enabled
	})
	if !strings.HasPrefix(kept.Name, "AUTO DISABLED ") || !strings.Contains(kept.Text, "Gone_CL") || kept.Reason == "" {
		t.Errorf("%+v", kept)
	}
	waitFor(t, "its health", func() bool {
		return strings.Contains(s.ask("SentinelHealth | where Status == 'Failure' | project Description"), "Gone_CL")
	})
}

func TestAFolderHasOneServer(t *testing.T) {
	c := configOf(t.TempDir())
	start(t, c, nil)
	_, err := service.Open(t.Context(), service.Options{Config: c, Clock: wall{}, Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, state.ErrLocked) {
		t.Errorf("a second server over the same folder: %v", err)
	}
	c.Data = t.TempDir()
	c.Content.Rules = []string{filepath.Join(c.Data, "none")}
	if _, err := service.Open(t.Context(), service.Options{Config: c, Clock: wall{}, Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), "content.rules") {
		t.Errorf("a folder of rules that is not there: %v", err)
	}
}

func TestAWatchedFolder(t *testing.T) {
	c := configOf(t.TempDir())
	c.Ingest.Watch, c.Ingest.WatchEvery = filepath.Join(t.TempDir(), "drop"), 100*time.Millisecond
	if err := os.MkdirAll(filepath.Join(c.Ingest.Watch, "SigninLogs"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := start(t, c, nil)
	for name, text := range map[string]string{
		"SigninLogs/one.ndjson": "{\"TimeGenerated\":\"2026-11-22T10:00:00Z\",\"UserPrincipalName\":\"ann@contoso.com\",\"Shoe\":42}\n",
		"SigninLogs/bad.json":   "[{\"TimeGenerated\":",
	} {
		if err := os.WriteFile(filepath.Join(c.Ingest.Watch, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "the row of the good file", func() bool {
		return s.ask("SigninLogs | project UserPrincipalName, tostring(_Unknown.Shoe)") == "ann@contoso.com,42"
	})
	waitFor(t, "both files are put away", func() bool {
		done, _ := filepath.Glob(filepath.Join(c.Ingest.Watch, "done", "SigninLogs", "one.ndjson*"))
		failed, _ := filepath.Glob(filepath.Join(c.Ingest.Watch, "failed", "SigninLogs", "bad.json*"))
		return len(done) == 1 && len(failed) == 2
	})
}

func TestCustomTables(t *testing.T) {
	s := start(t, configOf(t.TempDir()), nil)
	col := func(pairs ...string) (out []service.TableColumn) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, service.TableColumn{Name: pairs[i], Type: pairs[i+1]})
		}
		return out
	}
	for _, c := range []struct {
		name string
		cols []service.TableColumn
		want string
	}{
		{"A_CL", col("TimeGenerated", "datetime", "X", "string"), ""},
		{"A_CL", col("TimeGenerated", "datetime", "Y", "dynamic"), ""},
		{"A_CL", col("TimeGenerated", "datetime", "X", "long"), "column X is of type string and cannot become long"},
		{"SigninLogs", col("TimeGenerated", "datetime"), "ends in _CL"},
		{"B_CL", col("X", "string"), "has no column TimeGenerated"},
		{"B_CL", col("TimeGenerated", "string"), "must be a datetime"},
		{"B_CL", col("TimeGenerated", "datetime", "X", "text"), "'text' is no type"},
		{"B_CL", col("TimeGenerated", "datetime", "X", "long", "X", "long"), "stands twice"},
		{"B_CL", col("TimeGenerated", "datetime", "a b", "long"), "column 'a b'"},
		{"B_CL", nil, "0 columns"},
	} {
		err := s.DeclareTable(t.Context(), service.TableSchema{Name: c.name, Columns: c.cols})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %v: %v, want %q", c.name, c.cols, err, c.want)
		}
	}
	if got := s.ask("A_CL | getschema | summarize make_list(ColumnName)"); got != `["TimeGenerated","Y","X","_TimeReceived"]` {
		t.Errorf("columns %s", got)
	}
}

// Runs that cannot return rows are left out, and only those.
func TestRunsAreLeftOut(t *testing.T) {
	c := configOf(t.TempDir())
	c.Schedule.Delay = 0
	var mu sync.Mutex
	type run struct {
		proved bool
		alerts int
	}
	runs := map[string][]run{}
	s := start(t, c, func(o sched.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		runs[o.Rule.Name] = append(runs[o.Rule.Name], run{o.Result.ProvedNone, len(o.Result.Alerts)})
	})
	s.declare()
	text := func(name, query, operator string, threshold int) string {
		return fmt.Sprintf(`{"displayName":%q,"enabled":true,"severity":"Low","query":%q,"queryFrequency":"PT5M","queryPeriod":"PT5M","triggerOperator":%q,"triggerThreshold":%d,
"startTimeUtc":%q,"suppressionEnabled":false,"suppressionDuration":"PT5H","tactics":[],"techniques":[],"incidentConfiguration":{"createIncident":false}}`,
			name, query, operator, threshold, time.Now().UTC().Add(3*time.Second).Format(time.RFC3339))
	}
	for i, r := range []struct{ name, text string }{
		{"hit", text("hit", "Probe_CL | where N == 7", "GreaterThan", 0)},
		{"miss", text("miss", "Probe_CL | where N == 8 | summarize count() by IP", "GreaterThan", 0)},
		{"none", text("none", "Probe_CL | where N == 8", "LessThan", 1)},
		{"count", text("count", "Probe_CL | where N == 8 | count | where Count == 0", "GreaterThan", 0)},
	} {
		s.put(fmt.Sprintf("b1f0c0de-0000-4000-8000-00000000010%d", i), "Scheduled", r.text)
	}
	s.line(7)
	s.line(9)
	waitFor(t, "a run of each", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(runs) == 4
	})
	mu.Lock()
	defer mu.Unlock()
	for name, want := range map[string]run{"hit": {false, 1}, "miss": {true, 0}, "none": {false, 1}, "count": {false, 1}} {
		if got := runs[name]; len(got) == 0 || got[0] != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
