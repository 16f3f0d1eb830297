package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// slowSink keeps what it gets, and fails at the row number fail.
type slowSink struct {
	got  []string
	fail int
}

func (s *slowSink) Append(table *catalog.Table, rows [][]types.Value) error {
	for _, r := range rows {
		if len(s.got) == s.fail {
			return errors.New("the disk is full")
		}
		s.got = append(s.got, table.Name+r[0].Text())
	}
	return nil
}

func TestPipe(t *testing.T) {
	table := &catalog.Table{Name: "T", Columns: types.Schema{{Name: "a", Type: types.String}}}
	for _, fail := range []int{-1, 0, 7, 99} {
		sink := &slowSink{fail: fail}
		p := newPipe(sink)
		var err error
		row := []types.Value{{}}
		for i := 0; i < 100 && err == nil; i++ {
			row[0] = types.StringOf(fmt.Sprint(i)) // the row is reused, as ingest does
			err = p.Append(table, [][]types.Value{row})
		}
		if stored := p.close(); err == nil {
			err = stored
		}
		want := fail
		if fail < 0 {
			want = 100
		}
		if (err != nil) != (fail >= 0) || len(sink.got) != want {
			t.Errorf("fail at %d: %d rows, error %v", fail, len(sink.got), err)
		}
		for i, got := range sink.got {
			if got != fmt.Sprintf("T%d", i) {
				t.Fatalf("row %d is %s", i, got)
			}
		}
	}
}

func TestEvaluateIsBounded(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	write(t, dir, "SigninLogs.csv", "TimeGenerated,UserPrincipalName\n2026-03-02T07:59:59.9999999Z,early\n2026-03-02T08:00:00Z,first\n2026-03-02T08:59:59.9999999Z,last\n2026-03-02T09:00:00Z,late\n")
	s, err := Open(ctx, Options{Data: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if at, ok := s.EvaluationTime(); !ok || !at.Equal(time.Date(2026, 3, 2, 9, 1, 0, 0, time.UTC)) {
		t.Errorf("evaluation time %v, %v: an event on the minute must be inside", at, ok)
	}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, query, want string
		kind              rule.Kind
	}{
		{"scheduled", "SigninLogs | summarize make_list(UserPrincipalName), now()", `["first","last"],2026-03-02T09:00:00.0000000Z`, rule.Scheduled},
		{"NRT looks at a minute", "SigninLogs | project UserPrincipalName", "last", rule.NRT},
		{"hunting looks at everything before", "SigninLogs | sort by TimeGenerated asc | project UserPrincipalName", "early;first;last", rule.Hunting},
		{"both sides of a join", "SigninLogs | join kind=inner (SigninLogs | summarize n=count()) on $left.CreatedDateTime == $right.n", "error", rule.Scheduled},
	} {
		r := &rule.Rule{Kind: c.kind, QueryFile: source.NewFile("", c.query), QueryPeriod: time.Hour, TriggerOperator: rule.GreaterThan}
		run, err := s.Evaluate(ctx, r, at, Limits{Timeout: time.Minute})
		if c.want == "error" {
			var ds *source.Diagnostics
			if !errors.As(err, &ds) {
				t.Errorf("%s: error %v", c.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got := textOf(run.Rows.Rows); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	r := &rule.Rule{Kind: rule.Scheduled, QueryFile: source.NewFile("", "union SigninLogs, AuditLogs"), QueryPeriod: time.Minute, TriggerOperator: rule.GreaterThan, TriggerThreshold: 5}
	run, err := s.Evaluate(ctx, r, at, Limits{})
	if err != nil || len(run.Alerts) != 0 {
		t.Fatal(run.Alerts, err)
	}
	if got := fmt.Sprint(run.Tables); got != "[{AuditLogs 0 0} {SigninLogs 4 1}]" {
		t.Errorf("why quiet: %s", got)
	}
	if _, err := s.Evaluate(ctx, r, at, Limits{MaxRows: 1, Timeout: time.Nanosecond}); !errors.Is(err, query.ErrTimeout) {
		t.Errorf("a nanosecond: %v", err)
	}
}

func TestParserArgs(t *testing.T) {
	for _, c := range []struct{ params, want string }{
		{"", ""},
		{"a:string, b:long, c:datetime, d:dynamic", "'', long(null), datetime(null), dynamic(null)"},
		{"a:string='x', b:bool=false", ""},
		{"T:(x:string, ['odd name']:long), n:int=5", "datatable(['x']:string, ['odd name']:long)[]"},
		{"T:(*)", "_GetWatchlist('')"},
	} {
		if got := strings.Join(parserArgs(c.params), ", "); got != c.want {
			t.Errorf("%s: %s, want %s", c.params, got, c.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "a.txt", "x")
	for _, c := range []struct {
		opts Options
		want string
	}{
		{Options{Data: []string{dir + "/absent"}}, "absent"},
		{Options{Data: []string{t.TempDir()}}, "no events found"},
		{Options{Parsers: []string{file}}, "is no folder"},
		{Options{External: []string{"https://x/=" + dir + "/absent"}}, "absent"},
		{Options{Mapping: []string{"nothing"}}, "nothing"},
		{Options{GeoIP: file}, "is no MaxMind database"},
	} {
		s, err := Open(context.Background(), c.opts)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, %v", c.opts, s, err)
		}
	}
}
