package sched

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// walk takes a rule from p to now, each evaluation coming out as outcome says ("." or "" nothing, "!" fired, "p"
// and "q" permanent failures of two kinds, "t" transient), and returns what was done: the nominal time, and
// afterwards "!" fired, "-" suppressed, "x" failed, "~" to be retried; (n) for skipped windows.
func walk(s Schedule, p Position, now time.Time, gaps []Gap, outcome func(at time.Time) string) (string, Position) {
	var out []string
	for range 10_000 {
		step := s.Step(p, now, gaps)
		seq := p.Seq
		switch step.Action {
		case Stop:
			return strings.Join(append(out, "stop"), " "), p
		case Wait:
			return strings.Join(append(out, "wait "+clockText(step.At)), " "), p
		case SkipWindows:
			out = append(out, fmt.Sprintf("%s(%d)", clockText(step.To), step.Windows))
			p = s.Skip(p, step.To, step.Windows)
		case LeaveOut:
			out = append(out, clockText(step.At)+"-")
			p = s.Suppress(p, step.At)
		case Evaluate:
			switch o := outcome(step.At); o {
			case "p", "q", "t":
				p = s.Fail(p, step.At, Failure{Permanent: o != "t", Code: o, Message: "no " + o}, now)
				mark := "x"
				if p.Attempt > 0 {
					mark = "~"
				}
				out = append(out, clockText(step.At)+mark)
			default:
				out = append(out, clockText(step.At)+strings.TrimPrefix(o, "."))
				p = s.Succeed(p, step.At, o == "!")
			}
		}
		if p.Seq != seq+1 {
			return fmt.Sprintf("seq %d after %d", p.Seq, seq), p
		}
	}
	return "no end: " + strings.Join(out[:10], " "), p
}

func always(o string) func(time.Time) string { return func(time.Time) string { return o } }

func TestMissedWindows(t *testing.T) {
	gap := func(from, to string) Gap {
		g := Gap{To: at(t, to)}
		if from != "" {
			g.From = at(t, from)
		}
		return g
	}
	for _, c := range []struct {
		name   string
		change func(*Settings)
		now    string
		gaps   []Gap
		want   string // hourly, begun 10:00, due five minutes after
	}{
		{"nothing yet", nil, "10:04:59", nil, "wait 10:05"},
		{"due", nil, "10:05", nil, "10:00 wait 11:05"},
		{"late start", nil, "10:59", []Gap{gap("", "10:59")}, "10:00 wait 11:05"},
		{"caught up in order", nil, "13:30", []Gap{gap("", "13:30")}, "10:00 11:00 12:00 13:00 wait 14:05"},
		{"skipped", func(s *Settings) { s.Missed = SkipMissed }, "13:30", []Gap{gap("", "13:30")}, "13:00(4) wait 14:05"},
		{"skipped but for the one just due", func(s *Settings) { s.Missed = SkipMissed }, "13:05:30", []Gap{gap("", "13:05:30")}, "12:00(3) 13:00 wait 14:05"},
		{"as late as may be", func(s *Settings) { s.Missed = SkipMissed }, "13:06", []Gap{gap("", "13:06")}, "12:00(3) 13:00 wait 14:05"},
		{"and a moment later", func(s *Settings) { s.Missed = SkipMissed }, "13:06:01", []Gap{gap("", "13:06:01")}, "13:00(4) wait 14:05"},
		{"what queues behind a slow run is not missed", func(s *Settings) { s.Missed = SkipMissed }, "13:30", nil, "10:00 11:00 12:00 13:00 wait 14:05"},
		{"a gap among what queues", func(s *Settings) { s.Missed = SkipMissed }, "15:30", []Gap{gap("11:30", "13:30")}, "10:00 11:00 13:00(2) 14:00 15:00 wait 16:05"},
		{"two gaps", func(s *Settings) { s.Missed = SkipMissed }, "16:30", []Gap{gap("", "10:30"), gap("12:30", "14:10")}, "10:00(1) 11:00 12:00 14:00(2) 15:00 16:00 wait 17:05"},
		{"a gap that is over", func(s *Settings) { s.Missed = SkipMissed }, "10:10", []Gap{gap("", "09:00")}, "10:00 wait 11:05"},
		{"at most two wait", func(s *Settings) { s.MaxWaiting = 2 }, "15:30", nil, "13:00(4) 14:00 15:00 wait 16:05"},
		{"fewer wait than may", func(s *Settings) { s.MaxWaiting = 20 }, "11:30", nil, "10:00 11:00 wait 12:05"},
		{"none too old", func(s *Settings) { s.MaxAge = 2 * time.Hour }, "14:05", nil, "11:00(2) 12:00 13:00 14:00 wait 15:05"},
		{"all too old", func(s *Settings) { s.MaxAge = 10 * time.Minute }, "14:50", nil, "14:00(5) wait 15:05"},
		{"the narrower bound holds", func(s *Settings) { s.MaxAge, s.MaxWaiting = 2*time.Hour, 1 }, "14:05", nil, "13:00(4) 14:00 wait 15:05"},
		{"a year away", func(s *Settings) { s.MaxWaiting = 3 }, "2025-05-01 10:30", nil, "07:00(8758) 08:00 09:00 10:00 wait 11:05"},
		{"the clock is before the rule", nil, "2023-05-01 10:30", nil, "wait 10:05"},
	} {
		s := unspread()
		s.MaxAge = 0
		if c.change != nil {
			c.change(&s)
		}
		sc := schedule(t, s, scheduled("a", time.Hour, time.Hour))
		got, p := walk(sc, sc.Begin(at(t, "10:00")), at(t, c.now), c.gaps, always("."))
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if skipped := strings.Count(c.want, "("); (p.Missed > 0) != (skipped > 0) {
			t.Errorf("%s: %d windows missed", c.name, p.Missed)
		}
	}
}

func TestSuppression(t *testing.T) {
	for _, c := range []struct {
		name string
		d    time.Duration
		on   bool
		fire string // nominal times that fire if they are evaluated
		want string
	}{
		{"off", 3 * time.Hour, false, "10:00 11:00", "10:00! 11:00! 12:00 13:00 14:00 wait 15:05"},
		{"counts from the nominal time", 2 * time.Hour, true, "10:00 11:00 12:00", "10:00! 11:00- 12:00! 13:00- 14:00 wait 15:05"},
		{"ends within a slot", 90 * time.Minute, true, "10:00", "10:00! 11:00- 12:00 13:00 14:00 wait 15:05"},
		{"shorter than a slot", 5 * time.Minute, true, "10:00", "10:00! 11:00 12:00 13:00 14:00 wait 15:05"},
		{"nothing fired", 5 * time.Hour, true, "", "10:00 11:00 12:00 13:00 14:00 wait 15:05"},
		{"to the end", 24 * time.Hour, true, "11:00", "10:00 11:00! 12:00- 13:00- 14:00- wait 15:05"},
	} {
		r := scheduled("a", time.Hour, time.Hour)
		r.SuppressionEnabled, r.SuppressionDuration = c.on, c.d
		sc := schedule(t, unspread(), r)
		got, p := walk(sc, sc.Begin(at(t, "10:00")), at(t, "14:30"), nil, func(at time.Time) string {
			if strings.Contains(c.fire, clockText(at)) {
				return "!"
			}
			return "."
		})
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		// Suppression that is switched off by an edit does not outlast it.
		if c.on && c.want[len(c.want)-len("- wait 15:05"):] == "- wait 15:05" {
			r.SuppressionEnabled = false
			if step := schedule(t, unspread(), r).Step(p, at(t, "15:30"), nil); step.Action != Evaluate {
				t.Errorf("%s: switched off, and still %s", c.name, step.Action)
			}
		}
	}
}

func TestFailures(t *testing.T) {
	letters := func(text string) func(time.Time) string {
		i := -1
		return func(time.Time) string { i++; return string(text[i]) }
	}
	for _, c := range []struct {
		name, outcomes, want string
		failures             int
	}{
		{"one after the other", "ppppp", "10:00x 11:00x 12:00x 13:00x stop", 4},
		{"a success in between", "ppp.p", "10:00x 11:00x 12:00x 13:00 14:00x wait 15:05", 1},
		{"of two kinds", "ppqqp", "10:00x 11:00x 12:00x 13:00x 14:00x wait 15:05", 1},
	} {
		s := unspread()
		s.DisableAfter = 4
		sc := schedule(t, s, scheduled("a", time.Hour, time.Hour))
		got, p := walk(sc, sc.Begin(at(t, "10:00")), at(t, "14:30"), nil, letters(c.outcomes))
		if got != c.want || p.Failures != c.failures {
			t.Errorf("%s: %d failures\n got %s\nwant %s", c.name, p.Failures, got, c.want)
		}
		if disabled := strings.HasSuffix(c.want, "stop"); disabled != (p.State == AutoDisabled) || disabled != strings.Contains(p.Reason, "failed 4 times in a row: no p") {
			t.Errorf("%s: %s, %q", c.name, p.State, p.Reason)
		}
	}
}

// TestRetries: each wait counts from the failure, T is kept, later windows wait for it, and giving up neither
// counts towards being disabled nor against it.
func TestRetries(t *testing.T) {
	s := unspread()
	s.DisableAfter = 2
	sc := schedule(t, s, scheduled("a", 5*time.Minute, 5*time.Minute))
	got, p := walk(sc, sc.Begin(at(t, "09:55")), at(t, "10:00"), nil, always("p"))
	if got != "09:55x wait 10:05" {
		t.Fatal(got)
	}
	for _, c := range []struct{ now, outcome, want string }{
		{"10:05", "t", "10:00~ wait 10:06"},
		{"10:05:59", "t", "wait 10:06"},
		{"10:06:30", "t", "10:00~ wait 10:11:30"},
		{"10:11:30", "t", "10:00~ wait 10:26:30"},
		{"10:20", ".", "wait 10:26:30"},
		{"10:26:30", "t", "10:00x 10:05~ wait 10:27:30"},
		{"10:27:30", ".", "10:05 10:10 10:15 10:20 wait 10:30"},
	} {
		var got string
		if got, p = walk(sc, p, at(t, c.now), nil, always(c.outcome)); got != c.want {
			t.Errorf("at %s:\n got %s\nwant %s", c.now, got, c.want)
		}
		if c.outcome == "t" && (p.State != Active || p.Failures != 1) {
			t.Errorf("at %s: %s with %d failures", c.now, p.State, p.Failures)
		}
	}
	// The clock goes back a day during a wait: the wait is not a day longer.
	p = sc.Fail(p, at(t, "10:25"), Failure{Code: "t"}, at(t, "10:30"))
	if step := sc.Step(p, at(t, "2024-04-30 10:30"), nil); step.Action != Evaluate || !step.At.Equal(at(t, "10:25")) || step.Attempt != 2 {
		t.Errorf("after the clock went back: %+v", step)
	}
	// Fewer retries are allowed since.
	sc.settings.Retries = nil
	if step := sc.Step(p, at(t, "10:30"), nil); step.Action != Evaluate {
		t.Errorf("without retries: %+v", step)
	}
	if q := sc.Fail(p, at(t, "10:25"), Failure{Code: "t"}, at(t, "10:31")); q.Attempt != 0 || !q.Last.Equal(at(t, "10:25")) {
		t.Errorf("given up: %+v", q)
	}
	// A permanent failure of a window that is being retried ends it.
	if q := sc.Fail(p, at(t, "10:25"), Failure{Permanent: true, Code: "z"}, at(t, "10:31")); q.Attempt != 0 || q.Failures != 1 || !q.Last.Equal(at(t, "10:25")) {
		t.Errorf("failed for good: %+v", q)
	}
}

// TestClockGoesBack: no window comes twice, none is left out.
func TestClockGoesBack(t *testing.T) {
	sc := schedule(t, unspread(), scheduled("a", time.Hour, time.Hour))
	p := sc.Begin(at(t, "10:00"))
	for _, c := range []struct{ now, want string }{
		{"13:30", "10:00 11:00 12:00 13:00 wait 14:05"}, {"09:00", "wait 14:05"}, {"14:00", "wait 14:05"},
		{"2023-01-01 00:00", "wait 14:05"}, {"15:10", "14:00 15:00 wait 16:05"},
	} {
		var got string
		if got, p = walk(sc, p, at(t, c.now), nil, always(".")); got != c.want {
			t.Errorf("at %s: got %s, want %s", c.now, got, c.want)
		}
	}
}

// TestLateAlerts: what a late run finds bears the time it was found.
func TestLateAlerts(t *testing.T) {
	sc := schedule(t, unspread(), scheduled("a", time.Hour, time.Hour))
	for _, c := range []struct{ now, want string }{{"10:05", "10:05"}, {"10:05:40", "10:05"}, {"10:06", "10:05"}, {"10:06:01", "10:06:01"}, {"17:00", "17:00"}} {
		if got := clockText(sc.Window(at(t, "10:00"), at(t, c.now)).Generated); got != c.want {
			t.Errorf("run at %s: alerts of %s, want %s", c.now, got, c.want)
		}
	}
}
