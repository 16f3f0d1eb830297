package service_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/sched"
	"github.com/vedette-siem/vedette/internal/service"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

var wholeMonth = flag.Bool("month", false, "let TestMonth go on for a month, with hourly rules too; that takes ten minutes")

// fakeClock is a clock that the test moves. Now may jump, After counts what passes.
type fakeClock struct {
	mu      sync.Mutex
	now     time.Time
	passed  time.Duration
	waiters []waiter
}

type waiter struct {
	at time.Duration
	c  chan time.Time
}

func (f *fakeClock) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fakeClock) After(d time.Duration) <-chan time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := make(chan time.Time, 1)
	if d <= 0 {
		c <- f.now
		return c
	}
	f.waiters = append(f.waiters, waiter{f.passed + d, c})
	return c
}

// move lets d pass, and jumps.
func (f *fakeClock) move(d, jump time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.passed += d
	f.now = f.now.Add(d + jump)
	f.waiters = slices.DeleteFunc(f.waiters, func(w waiter) bool {
		if w.at > f.passed {
			return false
		}
		w.c <- f.now
		return true
	})
}

// seenEvent is an event of the month: when it happened, and when it was taken in, which may be much later.
type seenEvent struct {
	at, received time.Time
	n            int64
	ip           string
}

type monthRule struct {
	id            string
	every, period time.Duration
	ips           []string // whose events it looks at
	over          int64    // fires if there are more events than this
}

func (r monthRule) text(start time.Time) string {
	return fmt.Sprintf(`{"displayName":"rule %s","enabled":true,"severity":"Low","query":"Probe_CL | where IP in ('%s') | summarize Events = count(), Sum = sum(N), IP = max(IP) by Kind = 'probe' | where Events > %d",
"queryFrequency":"PT%dM","queryPeriod":"PT%dM","triggerOperator":"GreaterThan","triggerThreshold":0,"startTimeUtc":%q,"suppressionEnabled":false,"suppressionDuration":"PT5H",
"tactics":[],"techniques":[],"incidentConfiguration":{"createIncident":false},"customDetails":{"Events":"Events","Sum":"Sum"},
"entityMappings":[{"entityType":"IP","fieldMappings":[{"identifier":"Address","columnName":"IP"}]}]}`,
		r.id, strings.Join(r.ips, "', '"), r.over, int(r.every.Minutes()), int(r.period.Minutes()), start.Format(time.RFC3339))
}

// found is what a window of a rule comes to.
type found struct {
	Events, Sum int64
	IP          string
}

// expected is what the rule must find in a window when it looks at a time. It shares nothing with the server.
func (r monthRule) expected(events []seenEvent, window, looked time.Time) (out found) {
	for _, e := range events {
		if e.at.Before(window.Add(-r.period)) || !e.at.Before(window) || e.received.After(looked) || !slices.Contains(r.ips, e.ip) {
			continue
		}
		out = found{out.Events + 1, out.Sum + e.n, max(out.IP, e.ip)}
	}
	return out
}

// TestMonth runs 200 rules over a stretch of time in which events come late, the server is stopped and started, the clock
// jumps both ways and the place changes to winter time; every window of every rule must have come once, with just the
// alerts that looking at that window alone gives.
func TestMonth(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	days, frequencies := 5, []time.Duration{6 * time.Hour, 12 * time.Hour, 8 * time.Hour, 24 * time.Hour, 25 * time.Hour, 48 * time.Hour}
	if *wholeMonth {
		days, frequencies = 31, append(frequencies, 70*time.Minute, time.Hour, 14*24*time.Hour)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(20261023, 7))
	begin := time.Date(2026, 10, 23, 9, 0, 0, 0, berlin)
	end := begin.Add(time.Duration(days) * 24 * time.Hour)
	clock := &fakeClock{now: begin}

	var rules []monthRule
	for i := range 200 {
		every := frequencies[rnd.IntN(len(frequencies))]
		r := monthRule{id: fmt.Sprintf("b1f0c0de-0000-4000-9000-%012d", i), every: every, period: min(every*time.Duration(1+rnd.IntN(3)), 14*24*time.Hour), over: rnd.Int64N(2)}
		for first := rnd.IntN(12); len(r.ips) <= i%4; first++ {
			r.ips = append(r.ips, fmt.Sprint("192.0.2.", first))
		}
		rules = append(rules, r)
	}
	var events []seenEvent
	for n := range int64(days * 36) {
		e := seenEvent{received: begin.Add(time.Duration(rnd.Int64N(int64(end.Sub(begin))))).Truncate(time.Microsecond).Add(300 * time.Nanosecond), n: n, ip: fmt.Sprint("192.0.2.", n%15)}
		e.at = e.received.Add(-time.Duration(rnd.Int64N(int64(3 * time.Minute)))).Truncate(time.Microsecond)
		if rnd.IntN(5) == 0 { // late
			e.at = e.received.Add(-time.Duration(rnd.Int64N(int64(20 * time.Hour)))).Truncate(time.Microsecond)
		}
		events = append(events, e)
	}
	slices.SortFunc(events, func(a, b seenEvent) int { return a.received.Compare(b.received) })

	m := &month{t: t, clock: clock, rules: map[string]monthRule{}, looked: map[string]map[time.Time]time.Time{}, dir: t.TempDir()}
	m.start()
	m.s.declare()
	starts := map[string]time.Time{}
	for _, r := range rules {
		m.rules[r.id], m.looked[r.id] = r, map[time.Time]time.Time{}
		starts[r.id] = begin.Add(time.Duration(rnd.IntN(360)) * time.Minute).UTC()
		m.s.put(r.id, "Scheduled", r.text(starts[r.id]))
	}
	stops := []time.Time{begin.Add(30 * time.Hour), begin.Add(31 * time.Hour), begin.Add(75*time.Hour + 20*time.Minute), begin.Add(100 * time.Hour)}
	jumps := map[int]time.Duration{1: 40 * time.Minute, 2: -10 * time.Minute, 3: 3 * time.Hour, 4: -25 * time.Minute}
	turn := 0
	for taken := 0; clock.Now().Before(end); {
		m.idle()
		next := end
		if taken < len(events) {
			next = events[taken].received
		}
		if due := m.nextDue(); due.Before(next) {
			next = due
		}
		if len(stops) > 0 && !next.Before(stops[0]) {
			stops = stops[1:]
			turn++
			m.s.stop()
			clock.move(time.Duration(turn%3)*time.Hour, jumps[turn])
			m.start()
			continue
		}
		if d := next.Sub(clock.Now()); d > 0 {
			clock.move(d, 0)
		}
		if taken < len(events) && !events[taken].received.After(clock.Now()) {
			clock.move(time.Microsecond, 0) // a run that began at this moment has not seen it
		}
		for ; taken < len(events) && !events[taken].received.After(clock.Now()); taken++ {
			e := &events[taken]
			e.received = m.take(*e)
		}
	}
	m.idle()
	m.check(events, starts)
}

type month struct {
	t     *testing.T
	s     *server
	clock *fakeClock
	dir   string
	rules map[string]monthRule

	mu     sync.Mutex
	looked map[string]map[time.Time]time.Time // by rule and window: when it was looked at
	proved int
	faults []string
}

func (m *month) start() {
	c := configOf(m.dir)
	s, err := service.Open(m.t.Context(), service.Options{Config: c, Clock: m.clock, Log: slog.New(slog.DiscardHandler), Observe: m.observe})
	if err != nil {
		m.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(m.t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	m.s = &server{s, m.t, func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			m.t.Errorf("run: %v", err)
		}
		if err := s.Close(); err != nil {
			m.t.Errorf("close: %v", err)
		}
	}, m.clock.Now}
	m.t.Cleanup(m.s.stop)
}

func (m *month) observe(o sched.Outcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.looked[o.Rule.ID]
	if _, ok := seen[o.At]; ok {
		m.faults = append(m.faults, fmt.Sprintf("rule %s: window %v came twice", o.Rule.ID, o.At))
	}
	if o.Status != sched.Succeeded {
		m.faults = append(m.faults, fmt.Sprintf("rule %s: window %v: %v %v", o.Rule.ID, o.At, o.Status, o.Failure))
	}
	seen[o.At] = o.Started
	if o.Result.ProvedNone {
		m.proved++
	}
}

// idle waits until nothing is due.
func (m *month) idle() {
	for n := range 200_000 {
		if m.nextDue().After(m.clock.Now()) {
			return
		}
		time.Sleep(200 * time.Microsecond)
		if n%1000 == 999 { // the scheduler may have begun to wait just after the clock was moved
			m.clock.move(time.Second, 0)
		}
	}
	m.t.Fatal("the rules do not come to their end")
}

func (m *month) nextDue() time.Time {
	next := m.clock.Now().Add(1000 * time.Hour)
	for _, r := range m.s.Scheduler.Status() {
		if !r.Known || r.Running {
			return time.Time{}
		}
		if r.Due.Before(next) {
			next = r.Due
		}
	}
	return next
}

// take takes an event in, and says when that was.
func (m *month) take(e seenEvent) time.Time {
	table, _ := m.s.Stored().Table("Probe_CL")
	row := make([]types.Value, len(table.Columns))
	for i, c := range table.Columns {
		row[i] = types.Null(c.Type)
	}
	row[0], row[1], row[2] = types.DatetimeOf(types.TicksOf(e.at)), types.LongOf(e.n), types.StringOf(e.ip)
	if _, err := m.s.Events.Append(m.t.Context(), eventlog.Batch{Parts: []eventlog.Part{{Table: table, Rows: [][]types.Value{row}}}}); err != nil {
		m.t.Fatal(err)
	}
	return m.clock.Now()
}

func (m *month) check(events []seenEvent, starts map[string]time.Time) {
	t := m.t
	for _, f := range m.faults {
		t.Error(f)
	}
	alerts := 0
	err := m.s.State.View(t.Context(), func(tx state.Tx) error {
		list, _, err := tx.Alerts().List("", state.Page{})
		alerts = len(list)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the rows of the alerts", func() bool { return m.s.ask("SecurityAlert | count") == strconv.Itoa(alerts) })
	res, err := m.s.Engine.Run(t.Context(), query.Request{Now: m.clock.Now(), File: source.NewFile("", `SecurityAlert
		| extend p = todynamic(ExtendedProperties) | extend d = todynamic(tostring(p["Custom Details"]))
		| project tostring(todynamic(tostring(p["Analytic Rule Ids"]))[0]), todatetime(tostring(p["Query End Time UTC"])), tolong(d.Events[0]), tolong(d.Sum[0]), tostring(todynamic(Entities)[0].Address)`)})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]map[time.Time]found{}
	for _, r := range res.Rows {
		id, at := r[0].Text(), types.TimeOf(r[1].Int64())
		if got[id] == nil {
			got[id] = map[time.Time]found{}
		}
		if _, ok := got[id][at]; ok {
			t.Errorf("rule %s: window %v has two alerts", id, at)
		}
		got[id][at] = found{r[2].Int64(), r[3].Int64(), r[4].Text()}
	}
	windows, fired := 0, 0
	limit := m.clock.Now().Add(-5 * time.Minute)
	for id, r := range m.rules {
		for at := starts[id]; !at.After(limit); at = at.Add(r.every) {
			windows++
			looked, ok := m.looked[id][at]
			if !ok {
				t.Errorf("rule %s: window %v did not come", id, at)
				continue
			}
			delete(m.looked[id], at)
			want := r.expected(events, at, looked)
			have := got[id][at]
			if want.Events > r.over {
				fired++
			} else {
				want = found{}
			}
			if have != want {
				t.Errorf("rule %s: window %v, looked at %v: %+v, want %+v", id, at, looked, have, want)
			}
		}
		for at := range m.looked[id] {
			t.Errorf("rule %s: window %v is none of its schedule", id, at)
		}
	}
	if len(res.Rows) != fired {
		t.Errorf("%d alerts, expected %d", len(res.Rows), fired)
	}
	if fired < windows/50 || m.proved < windows/10 {
		t.Errorf("of %d windows %d fired and %d needed no query: too few for the test to say much", windows, fired, m.proved)
	}
	t.Logf("%d windows, %d alerts, %d runs needed no query", windows, fired, m.proved)
}
