package sched

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/rule"
)

func TestSchedulerRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := begin(t)
		var windows []string
		h.run = func(_ context.Context, r *rule.Rule, w alert.Window) (Result, error) {
			windows = append(windows, fmt.Sprintf("%s %s-%s at %s", r.ID, clockText(w.From), clockText(w.To), clockText(h.clock.Now())))
			if r.ID == "hourly" && w.To.Equal(at(t, "10:00")) {
				return fired(2), nil
			}
			return Result{}, nil
		}
		h.settings.Workers = 1
		hourly := scheduled("hourly", time.Hour, 2*time.Hour)
		hourly.SuppressionEnabled, hourly.SuppressionDuration = true, 2*time.Hour
		h.start(hourly, scheduled("half", 30*time.Minute, 30*time.Minute))
		h.to("12:06")
		h.want("hourly", "10:00! 11:00- 12:00")
		h.want("half", "10:00 10:30 11:00 11:30 12:00")
		got := strings.Join(windows, "; ")
		for _, want := range []string{"hourly 08:00-10:00 at 10:05", "hourly 10:00-12:00 at 12:05", "half 10:00-10:30 at 10:35", "half 11:30-12:00 at 12:05"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in %s", want, got)
			}
		}
		st := h.s.Status()
		if len(st) != 2 || st[0].ID != "half" || !st[0].Known || clockText(st[0].Next) != "12:30" || clockText(st[0].Due) != "12:35" || st[0].Waiting != 0 || st[0].Running {
			t.Errorf("status %+v", st)
		}
		c := h.s.Counters()
		if c.Runs != 7 || c.Succeeded != 7 || c.Fired != 1 || c.Alerts != 2 || c.Suppressed != 1 || c.Late != 0 || c.Rules != 2 || c.Running != 0 || c.MaxLateness != 0 || c.Gaps != 0 {
			t.Errorf("counters %+v", c)
		}
		if err := h.stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("Run gives %v", err)
		}
		if err := h.s.Run(context.Background()); err == nil {
			t.Error("it runs twice")
		}
		h.kept()
	})
}

// TestNRT: each minute, over the minute that ended two minutes ago; and, set so, within a second of the event.
func TestNRT(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := begin(t)
		var runs []string
		h.run = func(_ context.Context, r *rule.Rule, w alert.Window) (Result, error) {
			runs = append(runs, fmt.Sprintf("%s-%s@%s", clockText(w.From), clockText(w.To), clockText(h.clock.Now())))
			return Result{}, nil
		}
		h.start(nrt("n"))
		h.to("10:04:30")
		if got, want := strings.Join(runs, " "), "09:59-10:00@10:02 10:00-10:01@10:03 10:01-10:02@10:04"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		_ = h.stop()

		h.settings.NRTEvery, h.settings.NRTDelay, h.settings.MaxAge = time.Second, 500*time.Millisecond, time.Second
		runs = nil
		h.start(nrt("n"))
		h.to("10:04:33.8")
		if got, want := strings.Join(runs[len(runs)-3:], " "), "10:04:30-10:04:31@10:04:31 10:04:31-10:04:32@10:04:32 10:04:32-10:04:33@10:04:33"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		_ = h.stop()
		h.kept()
	})
}

func TestRetryTiming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := begin(t)
		var tries []string
		left := 4
		h.run = func(_ context.Context, r *rule.Rule, w alert.Window) (Result, error) {
			tries = append(tries, clockText(w.To)+"@"+clockText(h.clock.Now()))
			if left--; left >= 0 {
				time.Sleep(10 * time.Second)
				return Result{}, errors.New("connection reset")
			}
			return Result{}, nil
		}
		h.start(scheduled("a", 10*time.Minute, 10*time.Minute))
		h.to("10:30")
		want := "10:00@10:05 10:00@10:06:10 10:00@10:11:20 10:00@10:26:30 10:10@10:26:40 10:20@10:26:40"
		if got := strings.Join(tries, " "); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		h.want("a", "10:00~ 10:00~ 10:00~ 10:00x 10:10 10:20")
		c := h.s.Counters()
		if c.TransientFailures != 4 || c.Retries != 3 || c.GivenUp != 1 || c.PermanentFailures != 0 || c.Succeeded != 2 || c.Runs != 6 {
			t.Errorf("counters %+v", c)
		}
		o := h.mem.outcomes[3]
		if o.Attempt != 4 || o.Failure.Code != "Unknown" || o.Failure.Message != "connection reset" || o.Lateness != 0 || o.RunID() != h.mem.outcomes[0].RunID() {
			t.Errorf("outcome %+v", o)
		}
		_ = h.stop()

		// The count of attempts survives a restart, and so does the time of the next.
		left, tries = 9, nil
		h.start(scheduled("a", 10*time.Minute, 10*time.Minute))
		h.to("10:36")
		_ = h.stop()
		h.start(scheduled("a", 10*time.Minute, 10*time.Minute))
		h.to("10:42")
		_ = h.stop()
		if got, want := strings.Join(tries, " "), "10:30@10:35 10:30@10:36:10 10:30@10:41:20"; got != want {
			t.Errorf("over restarts: got %s, want %s", got, want)
		}
		h.kept()
	})
}

func TestAutoDisable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := begin(t)
		broken := true
		var observed []Outcome
		h.run = func(context.Context, *rule.Rule, alert.Window) (Result, error) {
			if broken {
				return Result{}, errors.New("no table 'X'")
			}
			return Result{}, nil
		}
		h.ports = func(p *Ports) {
			p.Classify = func(err error) Failure { return Failure{Permanent: true, Code: "TableMissing", Message: err.Error()} }
			p.Observe = func(o Outcome) { observed = append(observed, o) }
		}
		r := scheduled("a", 5*time.Minute, 5*time.Minute)
		h.start(r)
		h.to("11:30")
		failed := "10:00x 10:05x 10:10x 10:15x 10:20x 10:25x 10:30x 10:35x 10:40x 10:45x"
		h.want("a", failed)
		p := h.mem.positions["a"]
		if p.State != AutoDisabled || p.Reason != "the rule failed 10 times in a row: no table 'X'" || clockText(p.Since) != "10:50" {
			t.Errorf("position %+v", p)
		}
		if len(observed) != 10 || observed[8].Disabled != "" || observed[9].Disabled != p.Reason || h.s.Counters().Disabled != 1 {
			t.Errorf("observed %d outcomes, counters %+v", len(observed), h.s.Counters())
		}
		// A restart and a rule set again with its record enabled change nothing.
		_ = h.stop()
		h.start(r)
		if err := h.s.Set(r, time.Time{}); err != nil {
			t.Fatal(err)
		}
		h.to("12:00")
		h.want("a", failed)
		// A person does.
		broken = false
		if err := h.s.Enable(context.Background(), "a"); err != nil {
			t.Fatal(err)
		}
		h.to("12:12")
		h.want("a", failed+" 12:00 12:05")
		if err := h.s.Enable(context.Background(), "b"); !errors.Is(err, ErrNotScheduled) {
			t.Errorf("an unknown rule: %v", err)
		}
		// A rule whose record is not enabled is paused, and begins anew without the windows of its pause.
		off := *r
		off.Enabled = false
		if err := h.s.Set(&off, time.Time{}); err != nil {
			t.Fatal(err)
		}
		h.to("13:01")
		if err := h.s.Enable(context.Background(), "a"); !errors.Is(err, ErrNotEnabled) {
			t.Errorf("enabled against the record: %v", err)
		}
		if st := h.s.Status(); st[0].Position.State != Paused || !st[0].Next.IsZero() {
			t.Errorf("status %+v", st[0])
		}
		if err := h.s.Set(r, time.Time{}); err != nil {
			t.Fatal(err)
		}
		h.to("13:07")
		h.want("a", failed+" 12:00 12:05 13:01")
		_ = h.stop()
		if err := h.s.Enable(context.Background(), "a"); !errors.Is(err, ErrStopped) {
			t.Errorf("enabled after the end: %v", err)
		}
		h.kept()
	})
}

// TestKilled kills the process at every point between a run and its commit: the window is evaluated again where
// nothing was written, and never where something was.
func TestKilled(t *testing.T) {
	for _, c := range []struct {
		name, stage string
		evaluations int // of the first window
	}{{"in the run", "run", 2}, {"before the commit", "before", 2}, {"in the commit", "within", 2}, {"after the commit", "after", 1}} {
		synctest.Test(t, func(t *testing.T) {
			h := begin(t)
			var ids []string
			killed := false
			kill := func(stage string) error {
				if stage != c.stage || killed {
					return nil
				}
				killed = true
				return errors.New("killed")
			}
			var halt context.CancelFunc
			h.run = func(ctx context.Context, r *rule.Rule, w alert.Window) (Result, error) {
				res := fired(1)
				res.Alerts[0].ID = alert.DeriveID(r.ID, w.To, 0, alert.AlertID)
				if w.To.Equal(at(t, "10:00")) {
					ids = append(ids, res.Alerts[0].ID)
				}
				if kill("run") != nil {
					go halt()
					<-ctx.Done()
					return Result{}, ctx.Err()
				}
				if c.stage == "within" && !killed {
					killed = true
					go halt()
					<-ctx.Done() // and the result is there all the same
				}
				return res, nil
			}
			h.mem.fault = func(stage, _ string) error {
				if (stage == "before" || stage == "after") && kill(stage) != nil {
					go halt()
					return errors.New("killed")
				}
				return nil
			}
			r := scheduled("a", time.Hour, time.Hour)
			r.SuppressionEnabled, r.SuppressionDuration = true, time.Hour
			halt = func() { _ = h.stop() }
			h.start(r)
			h.to("10:30")
			if !killed {
				t.Fatalf("%s: nobody was killed", c.name)
			}
			halt = func() {}
			h.start(r)
			h.to("11:30")
			_ = h.stop()
			h.want("a", "10:00! 11:00!")
			if len(ids) != c.evaluations || ids[0] != ids[len(ids)-1] {
				t.Errorf("%s: evaluated %d times, ids %v", c.name, len(ids), ids)
			}
			h.kept()
		})
	}
}

// TestStorageFails: errors of the storage, also those after which the write was there, stop nothing and repeat
// nothing, and are tried again at growing intervals.
func TestStorageFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := begin(t)
		var trouble []string
		h.ports = func(p *Ports) {
			p.Trouble = func(id string, err error) {
				trouble = append(trouble, clockText(h.clock.Now())+" "+err.Error())
			}
		}
		fail := map[string]int{"load": 2, "save": 1, "before": 3, "after": 0}
		h.mem.fault = func(stage, _ string) error {
			if fail[stage] > 0 {
				fail[stage]--
				return errStorage
			}
			return nil
		}
		h.start(scheduled("a", time.Hour, time.Hour))
		h.to("10:30")
		h.want("a", "10:00:07") // it began when its position could be saved
		fail["after"] = 1
		h.to("12:30")
		h.want("a", "10:00:07 11:00:07 12:00:07")
		want := []string{
			"10:00 load the position of rule a: no space left", "10:00:01 load the position of rule a: no space left",
			"10:00:03 save the position of rule a: no space left",
			"10:05:07 write an outcome of rule a: no space left", "10:05:08 write an outcome of rule a: no space left",
			"10:05:09 write an outcome of rule a: no space left", "11:05:07 write an outcome of rule a: no space left",
		}
		if !slices.Equal(trouble, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(trouble, "\n"), strings.Join(want, "\n"))
		}
		if c := h.s.Counters(); c.StorageErrors != 7 || c.Conflicts != 0 || c.Runs != 2 {
			t.Errorf("counters %+v", c)
		}
		// Another writer: what it wrote holds.
		h.mem.mu.Lock()
		p := h.mem.positions["a"]
		p.Seq, p.Last = p.Seq+1, at(t, "13:00:07")
		h.mem.positions["a"] = p
		h.mem.mu.Unlock()
		h.to("14:30")
		h.want("a", "10:00:07 11:00:07 12:00:07 14:00:07")
		if c := h.s.Counters(); c.Conflicts != 1 {
			t.Errorf("counters %+v", c)
		}
		_ = h.stop()
		h.kept()
	})
}

// TestFairness: slow rules and rules with much to catch up delay nobody but themselves, and no rule overlaps itself.
func TestFairness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := begin(t)
		h.settings.Workers, h.settings.Timeout = 3, 0
		var mu sync.Mutex
		on, most := map[string]int{}, 0
		late := map[string]time.Duration{}
		h.run = func(_ context.Context, r *rule.Rule, w alert.Window) (Result, error) {
			mu.Lock()
			on[r.ID]++
			all := 0
			for _, n := range on {
				all += n
			}
			most = max(most, all)
			if on[r.ID] > 1 {
				t.Errorf("%s runs twice at once", r.ID)
			}
			late[r.ID] = max(late[r.ID], h.clock.Now().Sub(w.To)-h.settings.Delay)
			mu.Unlock()
			if strings.HasPrefix(r.ID, "slow") {
				time.Sleep(11 * time.Minute)
			} else {
				time.Sleep(100 * time.Millisecond)
			}
			mu.Lock()
			on[r.ID]--
			mu.Unlock()
			return Result{}, nil
		}
		// Slow rules begin an hour before the others: nobody can know them for slow before they have run.
		rules := []*rule.Rule{}
		for i := range 4 {
			rules = append(rules, scheduled(fmt.Sprintf("slow%d", i), 10*time.Minute, 10*time.Minute))
		}
		h.start(rules...)
		h.to("11:00")
		for i := range 30 {
			if err := h.s.Set(scheduled(fmt.Sprintf("quick%02d", i), 5*time.Minute, 5*time.Minute), time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		h.to("15:00:30")
		for i := range 30 {
			id := fmt.Sprintf("quick%02d", i)
			if late[id] > 5*time.Second {
				t.Errorf("%s was late by %s", id, late[id])
			}
			if n := len(strings.Fields(h.mem.of(id))); n != 48 {
				t.Errorf("%s ran %d times", id, n)
			}
		}
		if most != 3 {
			t.Errorf("%d runs at once", most)
		}
		for i := range 4 { // two workers for four rules, in turns
			id := fmt.Sprintf("slow%d", i)
			runs := strings.Fields(h.mem.of(id))
			if len(runs) < 11 || len(runs) > 16 {
				t.Errorf("%s ran %d times", id, len(runs))
			}
			for k, run := range runs {
				if want := clockText(at(t, "10:00").Add(time.Duration(k) * 10 * time.Minute)); run != want {
					t.Errorf("%s: run %d is %s, want %s", id, k, run, want)
				}
			}
		}
		if st := h.s.Status(); st[len(st)-1].Waiting < 5 {
			t.Errorf("status %+v", st[len(st)-1])
		}
		_ = h.stop()
		h.kept()
	})
}

// TestCatchUpIsFair: after a long downtime of a rule with many windows, the others' single ones come in between.
func TestCatchUpIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := begin(t)
		h.settings.Workers = 1
		rules := []*rule.Rule{nrt("n"), scheduled("a", time.Hour, time.Hour), scheduled("b", time.Hour, time.Hour)}
		h.start(rules...)
		h.to("10:10")
		_ = h.stop()
		before := len(h.mem.outcomes)
		h.clock.jump(24 * time.Hour)
		h.start(rules...)
		h.to("2024-05-02 10:10:01")
		var order []string
		for _, o := range h.mem.outcomes[before : before+9] {
			order = append(order, o.Rule.ID)
			if !o.Missed {
				t.Errorf("%s of %s counts as in time", o.Rule.ID, o.At)
			}
		}
		slices.Sort(order[:3])
		slices.Sort(order[3:6])
		slices.Sort(order[6:9])
		if got := strings.Join(order, ""); got != "abnabnabn" {
			t.Errorf("order %s", got)
		}
		// One window of n falls due at the very moment of the start.
		if c := h.s.Counters(); c.CaughtUp != 24*60-1+24+24 || c.Late != 0 || c.Skipped != 0 {
			t.Errorf("counters %+v", c)
		}
		_ = h.stop()
		h.kept()
	})
}

// TestJumps: what the clock jumps over is missed like what a process misses that is not there.
func TestJumps(t *testing.T) {
	for _, c := range []struct {
		missed Missed
		want   string
	}{{CatchUp, "10:00 11:00 12:00 13:00 14:00 15:00"}, {SkipMissed, "10:00 13:00(3) 14:00 15:00"}} {
		synctest.Test(t, func(t *testing.T) {
			h := begin(t)
			h.settings.Missed = c.missed
			h.start(scheduled("a", time.Hour, time.Hour))
			h.to("10:30")
			h.clock.jump(3 * time.Hour) // and 20 seconds later somebody notices
			h.to("13:30:20")
			h.clock.jump(-2 * time.Hour)
			h.to("13:45")
			h.to("15:30")
			_ = h.stop()
			h.want("a", c.want)
			if n := h.s.Counters(); n.Gaps != 1 || n.BackwardJumps != 1 || (n.Skipped == 3) != (c.missed == SkipMissed) || (n.CaughtUp == 3) != (c.missed == CatchUp) {
				t.Errorf("counters %+v", n)
			}
			h.kept()
		})
	}
}

// TestJumpsInARetry: windows that were jumped over while a retry waited are missed like others, and the wait ends
// though the clock went back.
func TestJumpsInARetry(t *testing.T) {
	for _, c := range []struct {
		name         string
		then         time.Duration // a second jump, at 13:07; the first is three hours ahead at 10:05:30
		tries, wants string
	}{
		// 13:00 fell due in the jump, but so late in it that it counts as in time.
		{"ahead", 0, "10:00@10:05 10:00@13:05:40 10:00@13:10:40 10:00@13:25:40 13:00@13:25:40 14:00@14:05 15:00@15:05",
			"10:00~ 10:00~ 10:00~ 10:00 12:00(2) 13:00 14:00 15:00"},
		// What was jumped over falls due a second time, in time.
		{"and back", -24 * time.Hour, "10:00@10:05 10:00@13:05:40 10:00@13:07:10 10:00@13:22:10 11:00@11:05 12:00@12:05 13:00@13:05 14:00@14:05 15:00@15:05",
			"10:00~ 10:00~ 10:00~ 10:00 11:00 12:00 13:00 14:00 15:00"},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := begin(t)
			h.settings.Missed = SkipMissed
			var tries []string
			h.run = func(_ context.Context, r *rule.Rule, w alert.Window) (Result, error) {
				now := clockText(h.clock.Now())
				if tries = append(tries, clockText(w.To)+"@"+now); len(tries) < 4 {
					return Result{}, errors.New("connection reset")
				}
				return Result{}, nil
			}
			h.start(scheduled("a", time.Hour, time.Hour))
			h.to("10:05:30")
			h.clock.jump(3 * time.Hour)
			h.to("13:07")
			h.clock.jump(c.then)
			h.to("15:30")
			_ = h.stop()
			if got := strings.Join(tries, " "); got != c.tries {
				t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.tries)
			}
			h.want("a", c.wants)
			h.kept()
		})
	}
}

func TestTimeoutAndPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := begin(t)
		h.settings.Retries = nil
		h.run = func(ctx context.Context, r *rule.Rule, _ alert.Window) (Result, error) {
			if r.ID == "panics" {
				panic("index out of range")
			}
			<-ctx.Done()
			return Result{}, fmt.Errorf("query: %w", ctx.Err())
		}
		h.start(scheduled("hangs", time.Hour, time.Hour), scheduled("panics", time.Hour, time.Hour))
		h.to("10:20")
		h.want("hangs", "10:00x")
		h.want("panics", "10:00x")
		for _, o := range h.mem.outcomes {
			if want := map[string]string{"hangs": "the query took longer than 10m0s", "panics": "the run panicked: index out of range"}[o.Rule.ID]; o.Failure.Message != want || o.Failure.Permanent {
				t.Errorf("%s: %+v", o.Rule.ID, o.Failure)
			}
			if o.Rule.ID == "hangs" && (o.Failure.Code != "QueryTimeout" || o.Finished.Sub(o.Started) != 10*time.Minute) {
				t.Errorf("%+v after %s", o.Failure, o.Finished.Sub(o.Started))
			}
		}
		_ = h.stop()
	})
}

func TestStopAndRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := begin(t)
		h.mem.deaf = true
		var mu sync.Mutex
		cancelled := map[string]bool{}
		h.run = func(ctx context.Context, r *rule.Rule, _ alert.Window) (Result, error) {
			select {
			case <-time.After(3 * time.Minute):
				return fired(1), nil
			case <-ctx.Done():
				mu.Lock()
				cancelled[r.ID] = true
				mu.Unlock()
				return Result{}, ctx.Err()
			}
		}
		gone, stays := scheduled("gone", 5*time.Minute, time.Hour), scheduled("stays", 5*time.Minute, time.Hour)
		h.start(gone, stays)
		h.to("10:06")
		if !h.s.Remove("gone") || h.s.Remove("gone") {
			t.Error("removed never or twice")
		}
		h.to("10:07")
		h.s.Stop()
		h.to("10:12")
		h.want("gone", "")
		h.want("stays", "10:00!") // it was let finish, and the next one did not begin
		if !cancelled["gone"] || cancelled["stays"] {
			t.Errorf("cancelled: %v", cancelled)
		}
		if err := h.stop(); err != nil {
			t.Errorf("Run gives %v", err)
		}
		if c := h.s.Counters(); c.Aborted != 1 || c.StorageErrors != 0 || c.Rules != 1 {
			t.Errorf("counters %+v", c)
		}
		h.start(gone, stays)
		h.to("10:13")
		_ = h.stop() // at once
		h.want("stays", "10:00!")
		if !cancelled["stays"] {
			t.Error("the run was not cancelled")
		}
		h.start(gone, stays)
		h.to("10:20")
		_ = h.stop()
		h.want("gone", "10:00! 10:05!")
		h.want("stays", "10:00! 10:05! 10:10!")
		h.kept()
	})
}

// TestSetWhileRunning: an edit takes hold between two windows, and what is due by then is neither lost nor twice.
func TestSetWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := begin(t)
		runs := 0
		h.run = func(_ context.Context, r *rule.Rule, w alert.Window) (Result, error) {
			runs++
			time.Sleep(2 * time.Minute)
			return Result{Rows: int(w.To.Sub(w.From) / time.Minute)}, nil
		}
		h.start(scheduled("a", 10*time.Minute, 10*time.Minute))
		h.to("10:06")
		if err := h.s.Set(scheduled("a", 5*time.Minute, 20*time.Minute), time.Time{}); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Set(scheduled("a", 0, 0), time.Time{}); err == nil {
			t.Error("a rule without frequency was set")
		}
		h.to("10:18")
		_ = h.stop()
		h.want("a", "10:00 10:05 10:10")
		if runs != 3 {
			t.Errorf("%d runs for three windows", runs)
		}
		for i, want := range []int{10, 20, 20} {
			if got := h.mem.outcomes[i].Result.Rows; got != want {
				t.Errorf("window %d is %d minutes long, want %d", i, got, want)
			}
		}
		// A rule from a record that was made while nobody ran begins when it was made.
		s, err := New(h.settings, Ports{Clock: h.clock, Positions: h.mem, Sink: h.mem, Run: h.run})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Set(scheduled("b", time.Hour, time.Hour), at(t, "08:30")); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(10*time.Minute, s.Stop)
		if err := s.Run(context.Background()); err != nil {
			t.Error(err)
		}
		h.want("b", "08:30 09:30")
		h.kept()
	})
}
