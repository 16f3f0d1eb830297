package proof_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/proof"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/types"
)

// grower makes up queries over T, U, V and NoTime. Every tabular one puts out the columns all.
type grower struct{ *rand.Rand }

const all = "TimeGenerated, a, b, n, f, d"

func (g grower) pick(s ...string) string { return s[g.IntN(len(s))] }

func (g grower) word() string { return g.pick("x", "y", "z", "x y", "Y", "") }

func (g grower) ago() string {
	return fmt.Sprintf("ago(%dm)", g.IntN(90))
}

func (g grower) pred(depth int) string {
	if depth > 0 {
		switch g.IntN(9) {
		case 0, 1, 2:
			return "(" + g.pred(depth-1) + " and " + g.pred(depth-1) + ")"
		case 3:
			return "(" + g.pred(depth-1) + " or " + g.pred(depth-1) + ")"
		case 4:
			return "not(" + g.pred(depth-1) + ")"
		case 5:
			return g.pick("a", "b") + g.pick(" in (", " !in (", " in~ (", " has_any (", " has_all (") + g.query(depth-1) + " | project a)"
		case 6:
			return "n " + g.pick("<", ">=") + " toscalar(" + g.query(depth-1) + " | summarize max(n))"
		}
	}
	col := g.pick("a", "b")
	switch g.IntN(15) {
	case 0, 1:
		return fmt.Sprintf("%s == '%s'", col, g.word())
	case 2:
		return fmt.Sprintf("%s %s '%s'", col, g.pick("!=", "=~", "!~", "has", "!has", "contains", "startswith", "has_cs", "!endswith"), g.word())
	case 3:
		return fmt.Sprintf("%s %s ('%s', '%s')", col, g.pick("in", "!in", "in~", "has_any", "has_all"), g.word(), g.word())
	case 4:
		return fmt.Sprintf("n %s %d", g.pick("<", ">", "==", "!=", ">="), g.IntN(6))
	case 5:
		return g.pick("isempty(a)", "isnotempty(b)", "isnull(n)", "isnotnull(n)", "f", "isnull(f)", "isempty(d)")
	case 6:
		return "TimeGenerated " + g.pick("<", ">", "<=", ">=") + " " + g.ago()
	case 7:
		return "TimeGenerated between (" + g.ago() + " .. " + g.ago() + ")"
	case 8:
		return fmt.Sprintf("tostring(d.k) == '%s'", g.word())
	case 9:
		return fmt.Sprintf("d.n > %d", g.IntN(6))
	case 10:
		return "a == b"
	case 11:
		return fmt.Sprintf("n between (%d .. %d)", g.IntN(4), g.IntN(7))
	case 12:
		return fmt.Sprintf("datetime_part('minute', now()) %% 5 == %d", g.IntN(5))
	case 13:
		return fmt.Sprintf("a matches regex '%s'", g.pick("^x", "y$", "^$", "[xz]"))
	}
	return fmt.Sprintf("n + 1 > %d", g.IntN(6))
}

func (g grower) query(depth int) string {
	if depth <= 0 {
		return g.pick("T", "T", "U", "V")
	}
	in := g.query(depth - 1)
	switch g.IntN(17) {
	case 0, 1, 2, 3, 4:
		return in + " | where " + g.pred(depth-1)
	case 5:
		return in + " | extend b = " + g.pick("tolower(a)", "strcat(a, 'y')", "iff("+g.pred(0)+", 'x', 'z')", "case(n > 3, 'x', n > 1, b, 'y')", "tostring(d.k)", "coalesce(b, a)")
	case 6:
		return in + " | project TimeGenerated, a = b, b = a, n, f, d"
	case 7:
		return in + " | " + g.pick("take 2", "top 2 by n", "sample 1", "sort by n asc | where prev(a) != a", "distinct TimeGenerated, a, b, n, f | extend d = dynamic(null)", "serialize r = row_number() | project "+all)
	case 8:
		return in + " | summarize " + g.pick("arg_max(n, *) by a", "arg_min(TimeGenerated, *) by b", "take_any(TimeGenerated, b, n, f, d) by a") + " | project " + all
	case 9:
		return in + " | summarize n = count(), TimeGenerated = max(TimeGenerated), f = true, d = make_set(a) by a, b | where n > " + fmt.Sprint(g.IntN(3)) + " | project " + all
	case 10, 11:
		kind := g.pick("inner", "innerunique", "leftouter", "fullouter", "leftsemi", "leftanti", "rightouter", "rightanti", "rightsemi")
		return in + " | join kind=" + kind + " (" + g.query(depth-1) + ") on " + g.pick("a", "b", "n") + " | project " + all
	case 12:
		return "union " + g.pick("", "isfuzzy=true ") + "(" + in + "), (" + g.query(depth-1) + ")"
	case 13:
		return in + " | mv-expand d | project " + all
	case 14:
		return in + " | mv-apply e = d on (" + g.pick("where tostring(e) == 'x'", "summarize c = count()", "take 1") + ") | project " + all
	case 15:
		return in + " | join kind=" + g.pick("inner", "leftouter", "rightouter") + " (NoTime | project b, c = a) on b | project " + strings.Replace(all, " a,", " a = coalesce(a, c),", 1)
	}
	return in + " | lookup (" + g.query(depth-1) + " | project b, m = n) on b | where isnull(m) or m > 1 | project " + all
}

func (g grower) top() string {
	q := g.query(1 + g.IntN(5))
	switch g.IntN(8) {
	case 0:
		return q + " | count"
	case 1:
		return "let q = materialize(" + q + "); union (q | where " + g.pred(1) + "), (q | where " + g.pred(1) + ")"
	case 2:
		return "let q = " + q + "; q | join kind=inner (q | where " + g.pred(1) + ") on a"
	case 3:
		return "let h = (v:string) { " + q + " | where a == v }; h('x')"
	}
	return q
}

func (g grower) row(at int64) []types.Value {
	maybe := func(v types.Value) types.Value {
		if g.IntN(6) == 0 {
			return types.Null(v.Type())
		}
		return v
	}
	at -= g.Int64N(types.DurationTicks(80 * time.Minute)) // out of order, and some before what was looked at last
	return []types.Value{maybe(types.DatetimeOf(at)), types.StringOf(g.word()), types.StringOf(g.word()), maybe(types.LongOf(int64(g.IntN(6)))),
		maybe(types.IntOf(int32(g.IntN(3)))), maybe(types.RealOf(g.Float64())), maybe(types.BoolOf(g.IntN(2) == 0)),
		maybe(types.DynamicOf(fmt.Sprintf(`{"k":%q,"n":%d}`, g.word(), g.IntN(6)))), maybe(types.DatetimeOf(at)), types.StringOf("")}
}

// TestRandom grows queries and rows, and demands that no run is called empty that gives rows.
func TestRandom(t *testing.T) {
	rounds, queries := 6, 45
	if *wholeMonth {
		rounds = 200
	}
	runs, proved, empty := 0, 0, 0
	for seed := range rounds {
		g := grower{rand.New(rand.NewPCG(uint64(seed), 7))}
		cat := testCatalog(t)
		now := evalTime
		w := newWorld(t, cat, now, proof.Options{RetireAfter: 6, RetryAfter: time.Hour})
		w.append("NoTime", [][]types.Value{g.row(types.TicksOf(now))[1:], g.row(types.TicksOf(now))[1:]})
		var rules []*rule.Rule
		for i := range queries {
			r := scheduled(i+1, g.top(), time.Hour, time.Duration(1+g.IntN(70))*time.Minute)
			rules = append(rules, r)
			if i%3 > 0 {
				w.watch(r, now)
			}
		}
		for step := range 5 {
			now = now.Add(time.Duration(1+g.IntN(90)) * time.Minute)
			for _, table := range []string{"T", "U", "V"} {
				var rows [][]types.Value
				for range g.IntN(4) {
					rows = append(rows, g.row(types.TicksOf(now)))
				}
				w.fault = nil
				if g.IntN(12) == 0 {
					w.fault = func(*proof.Counting) error { return errInjected }
				}
				if len(rows) > 0 {
					w.append(table, rows)
				}
				w.fault = nil
			}
			if step != 1 {
				w.fill(now)
			}
			for i, r := range rules {
				if i%3 == 0 && step == 2 {
					w.watch(r, now)
				}
				a := w.evaluate(r, now)
				runs++
				if len(a.rows.Rows) == 0 {
					empty++
				}
				if a.proved {
					proved++
					if len(a.rows.Rows) > 0 {
						t.Fatalf("seed %d: %d rows, but %s\n%s", seed, len(a.rows.Rows), a.why, r.Query)
					}
				}
			}
		}
	}
	t.Logf("%d runs, %d without rows, %d proved", runs, empty, proved)
	if proved*4 < empty || empty == runs {
		t.Errorf("%d of %d runs are without rows and %d proved: expected a quarter of them", empty, runs, proved)
	}
}
