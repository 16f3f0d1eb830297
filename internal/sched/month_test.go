package sched

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sort"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/rule"
)

// fate is what becomes of a window when it is evaluated: the same whenever it is asked.
type fate struct {
	fires     bool
	transient int  // attempts that fail before one does not; 4 are more than are made
	permanent bool // instead of all that
	takes     time.Duration
}

func fateOf(id string, t time.Time) fate {
	h := fnv.New64()
	fmt.Fprint(h, id, t.Unix())
	rnd := rand.New(rand.NewPCG(h.Sum64(), 7))
	f := fate{fires: rnd.IntN(20) == 0, takes: time.Duration(rnd.IntN(800)) * time.Millisecond}
	switch n := rnd.IntN(1000); {
	case id[0] == '0': // a rule that is broken for good
		f.permanent = n < 900
	case n < 3:
		f.transient = 1 + n
	case n == 3:
		f.transient = 4
	case n < 25:
		f.permanent = true
	}
	if id[0] == '1' {
		f.takes = 4 * time.Minute
	}
	return f
}

// errPermanent is the error of a window whose fate it is.
var errPermanent = errors.New("no table 'X'")

// expect walks a rule's windows up to a time one by one, as one would by hand, and gives what must become of each.
// It shares nothing with the package but the words for the result.
func expect(r *rule.Rule, created, until time.Time) map[time.Time]string {
	every := r.QueryFrequency
	if r.Kind == rule.NRT {
		every = time.Minute
	}
	t := r.StartTime
	if t.IsZero() {
		spread := min(every, time.Hour) / time.Second
		h := fnv.New64a()
		h.Write([]byte(r.ID))
		place := int64(h.Sum64() % uint64(spread))
		for t = created; t.Unix()%int64(spread) != place; {
			t = t.Add(time.Second)
		}
	}
	for t.Before(created) {
		t = t.Add(every)
	}
	out := map[time.Time]string{}
	var quiet time.Time
	for failures := 0; !t.After(until) && failures < 10; t = t.Add(every) {
		f := fateOf(r.ID, t)
		switch {
		case r.SuppressionEnabled && t.Before(quiet):
			out[t] = "Suppressed"
			continue
		case f.permanent:
			failures++
			out[t] = "Failed"
			continue
		case f.transient > 3:
			out[t] = "Failed"
			continue
		}
		failures = 0
		out[t] = "Succeeded"
		if f.fires {
			out[t] = "Succeeded!"
			quiet = t.Add(r.SuppressionDuration)
		}
	}
	return out
}

// TestMonth runs 200 rules for a month in which the process is killed and started again, with and without time
// in between, its storage fails before and after writing, the clock jumps both ways and the place changes to
// summer time; and compares what became of every window with what expect says.
func TestMonth(t *testing.T) {
	days := 31
	if testing.Short() {
		days = 4
	}
	rnd := rand.New(rand.NewPCG(20240310, 4))
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	created := time.Date(2024, 3, 10, 7, 13, 21, 0, time.UTC)
	var rules []*rule.Rule
	frequencies := []time.Duration{5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, time.Hour, 70 * time.Minute, 2 * time.Hour,
		6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 24 * time.Hour, 25 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour}
	for i := range 200 {
		var id uuid.UUID
		for k := range id {
			id[k] = byte(rnd.Uint32())
		}
		text := id.String()
		switch { // the first letter decides on the fate
		case i < 3:
			text = "0" + text[1:]
		case i < 5:
			text = "1" + text[1:]
		default:
			text = "f" + text[1:]
		}
		every := frequencies[rnd.IntN(len(frequencies))]
		if text[0] == '1' {
			every = 5 * time.Minute
		}
		if text[0] == '0' {
			every = time.Hour
		}
		r := scheduled(text, every, every*time.Duration(1+rnd.IntN(3)))
		switch {
		case i%67 == 66:
			r = nrt(text)
		case i%9 == 8:
			r.StartTime = created.Add(time.Duration(rnd.Int64N(int64(96*time.Hour))) - 48*time.Hour).Truncate(time.Second)
		}
		r.SuppressionEnabled, r.SuppressionDuration = rnd.IntN(3) == 0, time.Duration(1+rnd.IntN(300))*time.Minute
		rules = append(rules, r)
	}

	synctest.Test(t, func(t *testing.T) {
		h := begin(t)
		h.clock.place = berlin
		h.clock.set(created)
		h.settings = DefaultSettings()
		h.settings.Heartbeat = time.Minute
		h.settings.Workers = 8
		wrong := make(chan string, 1000)
		h.run = func(ctx context.Context, r *rule.Rule, w alert.Window) (Result, error) {
			period := r.QueryPeriod
			if r.Kind == rule.NRT {
				period = time.Minute
			}
			if w.To.Sub(w.From) != period || w.To.Location() != time.UTC {
				wrong <- fmt.Sprintf("%s: window %s to %s", r.ID, w.From, w.To)
			}
			f := fateOf(r.ID, w.To)
			select {
			case <-time.After(f.takes):
			case <-ctx.Done():
				return Result{}, ctx.Err()
			}
			p, _, _ := h.mem.Load(ctx, r.ID)
			switch {
			case f.permanent:
				return Result{}, errPermanent
			case p.Attempt < f.transient:
				return Result{}, errors.New("timed out")
			case f.fires:
				return fired(1), nil
			}
			return Result{Rows: 0}, nil
		}
		h.ports = func(p *Ports) {
			p.Classify = func(err error) Failure {
				return Failure{Permanent: errors.Is(err, errPermanent), Code: "X", Message: err.Error()}
			}
		}
		storage := rand.New(rand.NewPCG(3, 3))
		h.mem.fault = func(stage, _ string) error {
			if stage != "load" && storage.IntN(5000) == 0 {
				return errStorage
			}
			return nil
		}
		jumps := map[int]time.Duration{2: 2 * time.Hour, 3: -2 * time.Hour, 9: 26 * time.Hour, 14: -time.Hour, 20: 40 * time.Second, 25: -10 * time.Minute}
		kills, aborted := 0, int64(0)
		for day := range days {
			midnight := time.Now().Add(24 * time.Hour)
			for first := true; time.Now().Before(midnight); first = false {
				rnd.Shuffle(len(rules), func(i, k int) { rules[i], rules[k] = rules[k], rules[i] })
				ports := Ports{Clock: h.clock, Positions: h.mem, Sink: h.mem, Run: h.run}
				h.ports(&ports)
				s, err := New(h.settings, ports)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range rules {
					if err := s.Set(r, created); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan error, 1)
				go func() { done <- s.Run(ctx) }()
				time.Sleep(time.Duration(rnd.Int64N(int64(9 * time.Hour))))
				if d := jumps[day]; d != 0 && first {
					h.clock.jump(d)
					time.Sleep(time.Duration(rnd.Int64N(int64(time.Hour))))
				}
				if rnd.IntN(4) == 0 {
					s.Stop()
				} else {
					cancel()
				}
				<-done
				cancel()
				kills++
				aborted += s.Counters().Aborted
				if rnd.IntN(3) == 0 {
					time.Sleep(time.Duration(rnd.Int64N(int64(3 * time.Hour))))
				}
			}
		}
		// What is due by now is given the time to come to an end, retries included.
		until := h.clock.Now().UTC().Add(-h.settings.Delay)
		h.mem.fault = nil
		h.start(rules...)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		_ = h.stop()

		close(wrong)
		for w := range wrong {
			t.Error(w)
		}
		h.kept()
		got := map[string]map[time.Time]string{}
		for _, r := range rules {
			got[r.ID] = map[time.Time]string{}
		}
		alerts := 0
		for _, o := range h.mem.outcomes {
			if !o.Final() {
				continue
			}
			if was := got[o.Rule.ID][o.At]; was != "" {
				t.Errorf("%s of %s came out as %s and as %s", o.Rule.ID, o.At, was, o.Status)
			}
			status := o.Status.String()
			if o.Fired() {
				status, alerts = status+"!", alerts+1
			}
			if !o.At.After(until) {
				got[o.Rule.ID][o.At] = status
			}
		}
		windows, faults := 0, 0
		for _, r := range rules {
			want := expect(r, created, until)
			windows += len(want)
			var lines []string
			for at, status := range want {
				if got[r.ID][at] != status {
					lines = append(lines, fmt.Sprintf("%s: %q, want %q", at.Format(time.RFC3339), got[r.ID][at], status))
				}
			}
			for at, status := range got[r.ID] {
				if want[at] == "" {
					lines = append(lines, fmt.Sprintf("%s: %q, want none", at.Format(time.RFC3339), status))
				}
			}
			sort.Strings(lines)
			if len(lines) > 0 && faults < 5 {
				faults++
				t.Errorf("rule %s (%s, every %s, suppression %t %s): %d windows differ, the first %s", r.ID, r.Kind, r.QueryFrequency, r.SuppressionEnabled, r.SuppressionDuration, len(lines), lines[0])
			}
		}
		t.Logf("%d days, %d rules, %d windows, %d alerts, %d starts, %d runs cut off", days, len(rules), windows, alerts, kills+1, aborted)
		if windows < days*5000 || aborted == 0 {
			t.Errorf("the month was too quiet")
		}
	})
}
