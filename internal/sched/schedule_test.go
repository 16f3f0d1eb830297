package sched

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the daylight saving tests must not depend on the machine

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/rule"
)

// at reads a time of the tests' day.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	for _, layout := range []string{"15:04:05", "15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.RFC3339Nano} {
		if x, err := time.Parse(layout, text); err == nil {
			if x.Year() == 0 {
				x = x.AddDate(2024, 4, 0)
			}
			return x.UTC()
		}
	}
	t.Fatalf("no time: %q", text)
	return time.Time{}
}

// scheduled is a rule of the tests.
func scheduled(id string, every, period time.Duration) *rule.Rule {
	return &rule.Rule{ID: id, Name: "rule " + id, Kind: rule.Scheduled, Enabled: true, QueryFrequency: every, QueryPeriod: period,
		TriggerOperator: rule.GreaterThan, SuppressionDuration: time.Hour}
}

func nrt(id string) *rule.Rule {
	return &rule.Rule{ID: id, Name: "rule " + id, Kind: rule.NRT, Enabled: true, TriggerOperator: rule.GreaterThan}
}

func schedule(t *testing.T, s Settings, r *rule.Rule) Schedule {
	t.Helper()
	sc, err := s.Schedule(r)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// unspread are the default settings with every rule beginning at once.
func unspread() Settings {
	s := DefaultSettings()
	s.Spread = 0
	return s
}

func TestNominalTimes(t *testing.T) {
	const minute = time.Minute
	startAt := func(r *rule.Rule, text string) *rule.Rule {
		r.StartTime = at(t, text)
		return r
	}
	for _, c := range []struct {
		name    string
		rule    *rule.Rule
		created string
		want    string // of the first three: window and when it is due
	}{
		{"at once", scheduled("a", 10*minute, 15*minute), "10:00", "09:45-10:00@10:05 09:55-10:10@10:15 10:05-10:20@10:25"},
		{"whole seconds", scheduled("a", 5*minute, 5*minute), "2024-05-01T10:00:00.25Z", "09:55:01-10:00:01@10:05:01 10:00:01-10:05:01@10:10:01 10:05:01-10:10:01@10:15:01"},
		{"start to come", startAt(scheduled("a", 60*minute, 60*minute), "12:30"), "10:00", "11:30-12:30@12:35 12:30-13:30@13:35 13:30-14:30@14:35"},
		{"start at creation", startAt(scheduled("a", 60*minute, 60*minute), "10:00"), "10:00", "09:00-10:00@10:05 10:00-11:00@11:05 11:00-12:00@12:05"},
		{"start long past", startAt(scheduled("a", 60*minute, 60*minute), "2020-02-29 00:17"), "10:00", "09:17-10:17@10:22 10:17-11:17@11:22 11:17-12:17@12:22"},
		{"period longer than frequency", scheduled("a", 60*minute, 120*minute), "10:00", "08:00-10:00@10:05 09:00-11:00@11:05 10:00-12:00@12:05"},
		{"odd frequency", scheduled("a", 70*minute, 70*minute), "10:00", "08:50-10:00@10:05 10:00-11:10@11:15 11:10-12:20@12:25"},
		{"near real time", nrt("a"), "10:00", "09:59-10:00@10:02 10:00-10:01@10:03 10:01-10:02@10:04"},
	} {
		s := schedule(t, unspread(), c.rule)
		p := s.Begin(at(t, c.created))
		var got []string
		for range 3 {
			next := s.Next(p)
			w := s.Window(next, s.Due(next))
			if !w.Generated.Equal(s.Due(next)) {
				t.Errorf("%s: a run in time has its alerts made at %s, due %s", c.name, w.Generated, s.Due(next))
			}
			got = append(got, clockText(w.From)+"-"+clockText(w.To)+"@"+clockText(s.Due(next)))
			p = s.Succeed(p, next, false)
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func clockText(t time.Time) string { return strings.TrimSuffix(t.UTC().Format("15:04:05"), ":00") }

func TestNoSchedule(t *testing.T) {
	for _, c := range []struct {
		rule *rule.Rule
		want string
	}{
		{&rule.Rule{ID: "h", Kind: rule.Hunting}, "of kind Hunting, which has no schedule"},
		{&rule.Rule{ID: "u"}, "of kind Unknown, which has no schedule"},
		{scheduled("", time.Hour, time.Hour), "has no id"},
		{scheduled("f", 0, time.Hour), "query frequency 0s"},
		{scheduled("f", -time.Hour, time.Hour), "query frequency -1h0m0s"},
		{scheduled("p", time.Hour, 0), "query period 0s"},
	} {
		if _, err := DefaultSettings().Schedule(c.rule); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

func TestSettings(t *testing.T) {
	if err := DefaultSettings().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	bad := Settings{Delay: -1, NRTDelay: -1, Spread: -1, MaxAge: -1, MaxWaiting: -1, Late: -1, Timeout: -1, Slow: -1, Retries: []time.Duration{time.Minute, 0}, Missed: 7}
	err := bad.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"the delay is", "NRT interval", "NRT delay", "spread", "maximal age", "windows that may wait", "late", "timeout", "slow",
		"heartbeat", "retry 2", "failures that disable", "workers", "unknown way 7"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %q in:\n%v", want, err)
		}
	}
	if _, err := New(bad, Ports{}); err == nil {
		t.Error("New accepted them")
	}
	if _, err := New(DefaultSettings(), Ports{}); err == nil {
		t.Error("New accepted no ports")
	}
}

// TestSpread: the slots of many rules lie evenly over the spread, each always at the same place, and no rule
// waits longer than the spread for its first window.
func TestSpread(t *testing.T) {
	for _, every := range []time.Duration{5 * time.Minute, time.Hour, 70 * time.Minute, 24 * time.Hour, 14 * 24 * time.Hour} {
		s := DefaultSettings()
		span := min(every, s.Spread)
		const buckets, rules = 10, 2000
		var count [buckets]int
		rnd := rand.New(rand.NewPCG(1, uint64(every)))
		for range rules {
			var id uuid.UUID
			for i := range id {
				id[i] = byte(rnd.Uint32())
			}
			sc := schedule(t, s, scheduled(id.String(), every, every))
			created := at(t, "10:00").Add(time.Duration(rnd.Int64N(int64(100 * time.Hour))))
			first := sc.Next(sc.Begin(created))
			if first.Before(created) || first.Sub(created) > span+time.Second {
				t.Fatalf("every %s, created %s: first at %s", every, created, first)
			}
			if first.Nanosecond() != 0 {
				t.Fatalf("nominal time %s is no whole second", first)
			}
			// A rule that is made again some spreads later has its slots at the same place.
			if again := sc.Next(sc.Begin(first.Add(7*span - time.Second))); !again.Equal(first.Add(7 * span)) {
				t.Fatalf("every %s: first at %s, made again at %s", every, first, again)
			}
			count[int64(first.Sub(time.Unix(0, 0))%span)*buckets/int64(span)]++
		}
		for i, n := range count {
			if n < rules/buckets*7/10 || n > rules/buckets*13/10 {
				t.Errorf("every %s: %d of %d rules in part %d of %d", every, n, rules, i, buckets)
			}
		}
	}
}

// TestDaylightSaving walks a rule through both changes of the clocks of a place. All that is in local time is
// what the clock says.
func TestDaylightSaving(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, created := range []time.Time{time.Date(2024, 3, 30, 22, 30, 0, 0, berlin), time.Date(2024, 10, 26, 22, 30, 0, 0, berlin)} {
		for _, every := range []time.Duration{30 * time.Minute, time.Hour, 24 * time.Hour} {
			r := scheduled("a", every, every)
			r.StartTime = created.Add(time.Hour)
			s := schedule(t, unspread(), r)
			p := s.Begin(created)
			var runs []time.Time
			for now := created; now.Before(created.Add(72 * time.Hour)); now = now.Add(time.Minute) {
				if step := s.Step(p, now, nil); step.Action == Evaluate {
					runs = append(runs, step.At)
					p = s.Succeed(p, step.At, false)
				}
			}
			for i, run := range runs {
				if want := r.StartTime.Add(time.Duration(i) * every); !run.Equal(want) {
					t.Errorf("every %s, run %d is at %s, want %s", every, i, run, want.UTC())
				}
				if run.Location() != time.UTC {
					t.Errorf("run %d is in %s", i, run.Location())
				}
			}
			if want := int((71*time.Hour-5*time.Minute-time.Minute)/every) + 1; len(runs) != want {
				t.Errorf("every %s from %s: %d runs, want %d", every, created, len(runs), want)
			}
		}
	}
}

func TestReconcile(t *testing.T) {
	r := scheduled("a", time.Hour, time.Hour)
	s := schedule(t, unspread(), r)
	now := at(t, "15:20")
	base := s.Begin(at(t, "10:00"))
	base = s.Succeed(base, at(t, "12:00"), false)
	with := func(change func(*Position)) Position {
		p := base
		change(&p)
		return p
	}
	disabled := with(func(p *Position) { p.State, p.Reason, p.Failures, p.FailureCode = AutoDisabled, "why", 10, "x" })
	for _, c := range []struct {
		name            string
		p               Position
		enabled, enable bool
		state           State
		next            string // "" if nothing changes
	}{
		{"as it was", base, true, false, Active, ""},
		{"as it was, enabled once more", base, true, true, Active, ""},
		{"paused", base, false, false, Paused, "13:00"},
		{"paused stays", with(func(p *Position) { p.State = Paused }), false, false, Paused, ""},
		{"enabled again begins anew", with(func(p *Position) { p.State = Paused }), true, false, Active, "15:20"},
		{"disabled for failures stays", disabled, true, false, AutoDisabled, ""},
		{"until enabled", disabled, true, true, Active, "15:20"},
		{"or its record says no and then yes", with(func(p *Position) { *p = disabled; p.State = Paused }), true, false, Active, "15:20"},
		{"a retry is given up by a pause", with(func(p *Position) { p.State, p.Attempt, p.Retrying = Paused, 2, at(t, "13:00") }), true, false, Active, "15:20"},
		{"nothing is repeated if the clock went back", with(func(p *Position) { p.State, p.Last = Paused, at(t, "18:00") }), true, false, Active, "18:20"},
	} {
		got, changed := s.Reconcile(c.p, c.enabled, c.enable, now)
		if changed != (c.next != "") || got.State != c.state {
			t.Errorf("%s: changed %t, state %s", c.name, changed, got.State)
		}
		if !changed {
			if got != c.p {
				t.Errorf("%s: %+v is not %+v", c.name, got, c.p)
			}
			continue
		}
		if got.Seq != c.p.Seq+1 {
			t.Errorf("%s: seq %d after %d", c.name, got.Seq, c.p.Seq)
		}
		if next := clockText(s.Next(got)); next != c.next {
			t.Errorf("%s: next at %s, want %s", c.name, next, c.next)
		}
		if got.State == Active && (got.Attempt != 0 || got.Failures != 0 || got.Reason != "") {
			t.Errorf("%s: begins with %+v", c.name, got)
		}
	}

	// A start time that is edited moves the grid, and nothing already evaluated comes again.
	for _, c := range []struct{ start, next string }{{"12:40", "12:40"}, {"11:15", "12:15"}, {"20:00", "20:00"}, {"2023-01-01 00:59", "12:59"}} {
		r.StartTime = at(t, c.start)
		s := schedule(t, unspread(), r)
		got, changed := s.Reconcile(base, true, false, now)
		if next := clockText(s.Next(got)); !changed || next != c.next {
			t.Errorf("start %s: next at %s (changed %t), want %s", c.start, next, changed, c.next)
		}
		if _, again := s.Reconcile(got, true, false, now); again {
			t.Errorf("start %s: changes twice", c.start)
		}
	}

	// A frequency that is edited goes on from the last window.
	for _, c := range []struct {
		every time.Duration
		next  string
	}{{5 * time.Minute, "12:05"}, {70 * time.Minute, "12:20"}, {24 * time.Hour, "10:00"}} {
		s := schedule(t, unspread(), scheduled("a", c.every, c.every))
		if next := s.Next(base); clockText(next) != c.next || next.Sub(base.Last) > c.every {
			t.Errorf("every %s: next at %s, want %s", c.every, next, c.next)
		}
	}
}

func TestDisabledTexts(t *testing.T) {
	p := Position{Since: at(t, "10:00"), Reason: "the rule failed 10 times in a row: no table 'X'"}
	if got := DisabledName("Sign-ins"); got != "AUTO DISABLED Sign-ins" || DisabledName(got) != got || EnabledName(got) != "Sign-ins" || EnabledName("Sign-ins") != "Sign-ins" {
		t.Errorf("name %q", got)
	}
	want := "The rule was disabled at 2024-05-01T10:00:00Z: the rule failed 10 times in a row: no table 'X'.\n\nFinds sign-ins."
	if got := DisabledDescription("Finds sign-ins.", p); got != want {
		t.Errorf("description %q", got)
	}
}

func TestStrings(t *testing.T) {
	got := fmt.Sprint(CatchUp, SkipMissed, Active, Paused, AutoDisabled, Stop, Wait, Evaluate, LeaveOut, SkipWindows, Succeeded, Failed, Retry, Suppressed, Skipped, Status(0))
	if want := "CatchUp SkipMissed Active Paused AutoDisabled Stop Wait Evaluate LeaveOut SkipWindows Succeeded Failed Retry Suppressed Skipped Unknown"; got != want {
		t.Errorf("got %s", got)
	}
}
