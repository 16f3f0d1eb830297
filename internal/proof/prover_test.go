package proof_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/proof"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// row is a row of T.
func row(at time.Time, a string) []types.Value {
	return []types.Value{types.DatetimeOf(types.TicksOf(at)), types.StringOf(a), types.StringOf(""), types.Null(types.Long), types.Null(types.Int),
		types.Null(types.Real), types.Null(types.Bool), types.Null(types.Dynamic), types.Null(types.Datetime), types.StringOf("")}
}

// empty asks about a rule at a time, without a store.
func (w *world) empty(r *rule.Rule, at time.Time) bool {
	w.t.Helper()
	ok, why := w.prover.Empty(r.ID, compile(w.t, w.cat, r.Query, at, r.QueryPeriod))
	if ok == (why == "") {
		w.t.Errorf("%t because %q", ok, why)
	}
	return ok
}

func (w *world) expect(what string, r *rule.Rule, at time.Time, want bool) {
	w.t.Helper()
	if got := w.empty(r, at); got != want {
		w.t.Errorf("%s: empty is %t, want %t", what, got, want)
	}
}

func TestLife(t *testing.T) {
	w := newWorld(t, testCatalog(t), evalTime, proof.Options{})
	r := scheduled(1, `T | where a == "x"`, time.Hour, time.Hour)
	w.append("T", [][]types.Value{row(evalTime.Add(-30*time.Minute), "x"), row(evalTime.Add(-30*time.Minute), "y")})
	w.expect("not watched", r, evalTime, false)
	w.watch(r, evalTime)
	w.expect("not filled", r, evalTime.Add(2*time.Hour), false)
	w.fill(evalTime)
	w.expect("a row was there before", r, evalTime, false)
	w.expect("the row is older", r, evalTime.Add(time.Hour), true)
	w.expect("half of the window is unknown", r, evalTime.Add(-90*time.Minute), false)
	w.expect("the window is unknown", r, evalTime.Add(-50*time.Hour), false)
	now := evalTime.Add(time.Hour)
	w.append("T", [][]types.Value{row(now.Add(-time.Minute), "y")})
	w.expect("another row", r, now, true)
	w.append("T", [][]types.Value{row(now.Add(-time.Minute), "X")})
	w.expect("the case is another", r, now, true)
	noTime := row(now, "x")
	noTime[0] = types.Null(types.Datetime)
	w.append("T", [][]types.Value{noTime})
	w.expect("a row without a time is in no window", r, now, true)
	w.append("T", [][]types.Value{row(now, "x")})
	w.expect("the window is half-open", r, now, true)
	w.expect("the row is in the next window", r, now.Add(time.Hour), false)
	w.append("T", [][]types.Value{row(now.Add(-59*time.Minute), "x")})
	w.expect("late", r, now, false)

	other := scheduled(1, `T | where a == "x" and b == ""`, time.Hour, time.Hour)
	w.watch(other, now)
	w.expect("replaced and not filled", other, now.Add(10*time.Hour), true) // the table's rows as such are still known
	w.expect("replaced and not filled", other, now, false)
	w.fill(now)
	w.expect("replaced", other, now.Add(2*time.Hour), true)
	if s := w.prover.Stats(); s.Rules != 1 || s.Provable != 1 || len(s.Tables) != 1 || s.Tables[0].Sets != 2 || s.Tables[0].Pending != 0 || s.Proved == 0 || s.Asked <= s.Proved {
		t.Errorf("%+v", s)
	}
	w.watch(other, now)
	w.expect("watched again, nothing to fill", other, now.Add(2*time.Hour), true)
	longer := scheduled(1, other.Query, time.Hour, 30*time.Hour)
	w.watch(longer, now)
	w.expect("a longer period is not known yet", longer, now.Add(40*time.Hour), false)
	w.fill(now)
	w.expect("a longer period", longer, now.Add(40*time.Hour), true)
	w.prover.Unwatch("1")
	w.prover.Unwatch(longer.ID)
	w.expect("no longer watched", longer, now.Add(2*time.Hour), false)
	if s := w.prover.Stats(); s.Rules != 0 || len(s.Tables) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestNeverProved(t *testing.T) {
	w := newWorld(t, testCatalog(t), evalTime, proof.Options{Covers: func(table string) bool { return table != "U" }})
	fires := scheduled(1, `T | where a == "x"`, time.Hour, time.Hour)
	fires.TriggerOperator, fires.TriggerThreshold = rule.LessThan, 1
	equal := scheduled(2, `T | where a == "x"`, time.Hour, time.Hour)
	equal.TriggerOperator = rule.Equal
	uncovered := scheduled(3, `U | where a == "x"`, time.Hour, time.Hour)
	half := scheduled(4, `union (U | where a == "x"), (T | where a == "x")`, time.Hour, time.Hour)
	noTime := scheduled(5, `NoTime | where a == "x"`, time.Hour, time.Hour)
	rules := []*rule.Rule{fires, equal, uncovered, half, noTime}
	for _, r := range rules {
		w.watch(r, evalTime)
	}
	w.fill(evalTime)
	for _, r := range rules {
		w.expect(r.Query, r, evalTime, false)
	}
	either := scheduled(6, `U | where a == "x" | join kind=inner (T | where a == "x") on b`, time.Hour, time.Hour)
	w.watch(either, evalTime)
	w.fill(evalTime)
	w.expect("one side is enough", either, evalTime, true)
}

// TestBetween: rows that were under way when a rule came are not lost.
func TestBetween(t *testing.T) {
	w := newWorld(t, testCatalog(t), evalTime, proof.Options{})
	first := scheduled(1, `T | where a == "y"`, time.Hour, time.Hour)
	w.watch(first, evalTime)
	w.fill(evalTime)
	a := w.prover.Begin("T") // it counts nothing for the rule to come
	def, _ := w.cat.Table("T")
	rows := [][]types.Value{row(evalTime.Add(-time.Minute), "x")}
	for _, c := range a.Countings() {
		counted, err := w.overNew(def, rows, c)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Add(c, counted); err != nil {
			t.Fatal(err)
		}
		if err := a.Add(c, types.Table{}); err == nil {
			t.Error("added twice")
		}
	}
	r := scheduled(2, `T | where a == "x"`, time.Hour, time.Hour)
	w.watch(r, evalTime)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := w.prover.Fill(ctx, evalTime); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("filled while an older append was under way: %v", err)
	}
	w.expect("an older append is under way", r, evalTime, false)
	if err := w.main.Append(def, rows); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- w.prover.Fill(context.Background(), evalTime) }()
	time.Sleep(5 * time.Millisecond)
	a.End()
	a.End()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	w.expect("its row was found", r, evalTime, false)
	w.expect("and is not in other windows", r, evalTime.Add(time.Hour), true)
}

// TestBeforeAnything is the same where nothing of the table was watched when the append began.
func TestBeforeAnything(t *testing.T) {
	w := newWorld(t, testCatalog(t), evalTime, proof.Options{})
	a := w.prover.Begin("T")
	r := scheduled(1, `T | where a == "x"`, time.Hour, time.Hour)
	w.watch(r, evalTime)
	if n := len(a.Countings()); n != 0 {
		t.Errorf("%d countings", n)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := w.prover.Fill(ctx, evalTime); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("filled while an older append was under way: %v", err)
	}
	def, _ := w.cat.Table("T")
	if err := w.main.Append(def, [][]types.Value{row(evalTime.Add(-time.Minute), "x")}); err != nil {
		t.Fatal(err)
	}
	w.expect("an older append is under way", r, evalTime, false)
	a.End()
	w.fill(evalTime)
	w.expect("its row was found", r, evalTime, false)
}

func TestFailures(t *testing.T) {
	w := newWorld(t, testCatalog(t), evalTime, proof.Options{})
	plain := scheduled(1, `T | where a == "x"`, time.Hour, time.Hour)
	risky := scheduled(2, `T | where a matches regex "^z"`, time.Hour, time.Hour)
	w.watch(plain, evalTime)
	w.watch(risky, evalTime)
	w.fill(evalTime)
	later := evalTime.Add(3 * time.Hour)
	for i := range 3 {
		w.expect("before", plain, later, true)
		w.fault = func(*proof.Counting) error { return errInjected }
		w.append("T", [][]types.Value{row(evalTime.Add(-time.Minute), "x"), row(evalTime.Add(-time.Minute), "z")})
		w.fault = nil
		w.expect("rows were stored and not counted", plain, later, false)
		w.fill(evalTime)
		w.expect("found again", plain, evalTime, false)
		w.expect(fmt.Sprint("suspect ", i), risky, evalTime, false)
	}
	w.expect("what was not the reason goes on", plain, later, true)
	if s := w.prover.Stats().Tables[0]; s.Rejected != 1 || s.Sets != 2 || len(s.Faults) != 1 || !strings.Contains(s.Faults[0], "regex") || !strings.Contains(s.Faults[0], "injected") {
		t.Errorf("%+v", s)
	}
	w.prover.Begin("T").End()
	w.expect("an append that counted nothing", plain, later, false)

	bad := scheduled(3, `T | where a has "q"`, time.Hour, time.Hour)
	w.watch(bad, evalTime)
	w.fault = func(c *proof.Counting) error {
		if strings.Contains(sql(t, c.Plan()), "'q'") {
			return errInjected
		}
		return nil
	}
	for range 3 {
		if err := w.prover.Fill(context.Background(), evalTime); !errors.Is(err, errInjected) || !strings.Contains(err.Error(), `T where (a has "q")`) {
			t.Errorf("fault while filling: %v", err)
		}
		w.expect("the others are filled", plain, later, true)
	}
	w.fill(evalTime) // given up
	if s := w.prover.Stats().Tables[0]; s.Rejected != 2 {
		t.Errorf("%+v", s)
	}
}

func TestRetire(t *testing.T) {
	w := newWorld(t, testCatalog(t), evalTime, proof.Options{RetireAfter: 5, RetryAfter: 24 * time.Hour})
	r := scheduled(1, `T | where a == "x"`, time.Hour, time.Hour)
	w.watch(r, evalTime)
	w.fill(evalTime)
	w.append("T", [][]types.Value{row(evalTime.Add(-time.Minute), "x")})
	for range 4 {
		w.expect("in vain", r, evalTime, false)
	}
	w.append("T", [][]types.Value{row(evalTime.Add(time.Hour), "y")})
	w.expect("not quite", r, evalTime.Add(90*time.Minute), true)
	for range 5 {
		w.expect("in vain", r, evalTime, false)
	}
	w.expect("retired", r, evalTime.Add(90*time.Minute), false)
	w.expect("the table as such is not", r, evalTime.Add(3*time.Hour), true)
	w.fill(evalTime.Add(23 * time.Hour))
	if s := w.prover.Stats().Tables[0]; s.Retired != 1 || s.Sets != 1 {
		t.Errorf("%+v", s)
	}
	now := evalTime.Add(25 * time.Hour)
	w.append("T", [][]types.Value{row(now, "y")})
	w.fill(now)
	w.expect("tried again", r, now.Add(time.Minute), true)
}

func TestFarAhead(t *testing.T) {
	w := newWorld(t, testCatalog(t), evalTime, proof.Options{})
	r := scheduled(1, `T | where a == "x"`, time.Hour, time.Hour)
	w.watch(r, evalTime)
	w.fill(evalTime)
	ahead := evalTime.Add(10 * 24 * time.Hour)
	w.append("T", [][]types.Value{row(ahead, "x"), row(evalTime.Add(-400*24*time.Hour), "x"), row(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), "x")})
	w.expect("now", r, evalTime, true)
	w.expect("then", r, ahead.Add(time.Minute), false)
	for day := range 14 {
		w.fill(evalTime.Add(time.Duration(day) * 24 * time.Hour))
	}
	w.expect("then", r, ahead.Add(time.Minute), false)
	w.expect("after it", r, ahead.Add(2*24*time.Hour), true)
}

func TestBounds(t *testing.T) {
	w := newWorld(t, testCatalog(t), evalTime, proof.Options{MaxSets: 4, Budget: 600 * time.Nanosecond})
	for i := range 6 {
		w.watch(scheduled(i+1, fmt.Sprintf(`T | where a == "x%d" and a matches regex "y%d"`, i, i), time.Hour, time.Hour), evalTime)
	}
	w.fill(evalTime)
	s := w.prover.Stats().Tables[0]
	if s.Sets != 4 || s.Cost > 600 {
		t.Errorf("%+v", s)
	}
	w.append("T", [][]types.Value{row(evalTime.Add(-time.Minute), "x0")})
	w.expect("dear conditions may be left out, the answer is right", scheduled(2, `T | where a == "x1" and a matches regex "y1"`, time.Hour, time.Hour), evalTime, true)
	w.expect("one too many", scheduled(6, `T | where a == "x5" and a matches regex "y5"`, time.Hour, time.Hour), evalTime, false)
}

// TestQueryNone: a run that is proved empty is not made, and its result has the columns of the query.
func TestQueryNone(t *testing.T) {
	w := newWorld(t, testCatalog(t), evalTime, proof.Options{})
	r := scheduled(1, `T | where a == "x" | project A = a, N = n`, time.Hour, time.Hour)
	w.watch(r, evalTime)
	w.fill(evalTime)
	w.append("T", [][]types.Value{row(evalTime.Add(-time.Minute), "x")})
	for _, at := range []time.Time{evalTime, evalTime.Add(time.Hour)} {
		req := query.Request{File: r.QueryFile, Now: at, From: at.Add(-time.Hour), To: at}
		without, err := w.engine.Run(context.Background(), req)
		if err != nil {
			t.Fatal(err)
		}
		req.None = func(plan rel.Node) bool { ok, _ := w.prover.Empty(r.ID, plan); return ok }
		with, err := w.engine.Run(context.Background(), req)
		if err != nil {
			t.Fatal(err)
		}
		if with.ProvedNone != (at != evalTime) || len(with.Rows) != len(without.Rows) || with.Schema.String() != without.Schema.String() {
			t.Errorf("at %s: %v, proved %t; want %v", at, with.Table, with.ProvedNone, without.Table)
		}
	}
}

// TestConcurrent: whatever else goes on, a row that was stored is never denied.
func TestConcurrent(t *testing.T) {
	cat := catalog.New()
	cols := types.Schema{{Name: "TimeGenerated", Type: types.Datetime}, {Name: "a", Type: types.String}}
	for i := range 3 {
		if err := cat.AddTable(catalog.Table{Name: fmt.Sprint("T", i), Columns: cols}); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t, cat, evalTime, proof.Options{RetireAfter: 100, RetryAfter: time.Nanosecond})
	var rules []*rule.Rule
	for i := range 9 {
		rules = append(rules, scheduled(i+1, fmt.Sprintf(`T%d | where a == "x%d"`, i%3, i/3), time.Minute, time.Minute))
	}
	stop := make(chan struct{})
	var others, writers sync.WaitGroup
	others.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			r := rules[n%len(rules)]
			if n%4 == 3 {
				w.prover.Unwatch(r.ID)
			} else {
				w.watch(r, evalTime)
			}
			if err := w.prover.Fill(context.Background(), evalTime.Add(time.Duration(n)*time.Second)); err != nil {
				t.Error(err)
			}
			w.prover.Stats()
		}
	})
	denied, proved, missed := 0, 0, 0
	var mu sync.Mutex
	for table := range 3 {
		writers.Go(func() {
			for n := range 60 {
				at := evalTime.Add(time.Duration(n) * time.Minute)
				w.append(fmt.Sprint("T", table), [][]types.Value{{types.DatetimeOf(types.TicksOf(at)), types.StringOf(fmt.Sprint("x", n%3))}})
				for i, r := range rules {
					if i%3 != table {
						continue
					}
					e := query.New(cat, nil)
					c, err := e.Compile(context.Background(), query.Request{File: source.NewFile("", r.Query), Now: at, From: at, To: at.Add(time.Minute)})
					if err != nil {
						t.Error(err)
						return
					}
					none, _ := w.prover.Empty(r.ID, c.Plan)
					mu.Lock()
					if none {
						proved++
						if i/3 == n%3 {
							denied++
						}
					}
					mu.Unlock()
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	others.Wait()
	for _, r := range rules {
		w.watch(r, evalTime)
	}
	w.fill(evalTime)
	for i, r := range rules {
		for n := range 60 {
			at := evalTime.Add(time.Duration(n) * time.Minute)
			switch none := w.empty(r, at.Add(time.Minute)); {
			case none && i/3 == n%3:
				denied++
			case !none && i/3 != n%3:
				missed++
			}
		}
	}
	t.Logf("%d windows proved while rows came", proved)
	if denied > 0 || missed > 0 {
		t.Errorf("%d rows were denied, %d windows without rows not proved", denied, missed)
	}
}
