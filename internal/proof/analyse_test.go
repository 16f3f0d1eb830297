package proof_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/proof"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

var evalTime = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// testCatalog has tables with time (T, U, V), one without (NoTime), a watchlist with rows and one without.
func testCatalog(t testing.TB) *catalog.Catalog {
	t.Helper()
	cat := catalog.New()
	cols := types.Schema{{Name: "TimeGenerated", Type: types.Datetime}, {Name: "a", Type: types.String}, {Name: "b", Type: types.String}, {Name: "n", Type: types.Long},
		{Name: "i", Type: types.Int}, {Name: "r", Type: types.Real}, {Name: "f", Type: types.Bool}, {Name: "d", Type: types.Dynamic}, {Name: "t", Type: types.Datetime}, {Name: "odd name", Type: types.String}}
	for _, name := range []string{"T", "U", "V"} {
		if err := cat.AddTable(catalog.Table{Name: name, Columns: cols}); err != nil {
			t.Fatal(err)
		}
	}
	if err := cat.AddTable(catalog.Table{Name: "NoTime", Columns: cols[1:]}); err != nil {
		t.Fatal(err)
	}
	for alias, rows := range map[string][][]types.Value{"full": {{types.StringOf("x")}}, "none": nil} {
		w := catalog.Watchlist{Alias: alias, SearchKey: "k", Table: types.Table{Schema: types.Schema{{Name: "k", Type: types.String}}, Rows: rows}}
		if err := cat.AddWatchlist(w); err != nil {
			t.Fatal(err)
		}
	}
	for name, f := range map[string][2]string{
		"Parser":  {`want:string="*"`, `T | where want == "*" or a == want | extend Result = iff(n == 0, "Success", "Failure"), Actor = b`},
		"Both":    {"", `union isfuzzy=true (T | where a == "1" | project a, b), (U | where a == "2" | project a, b)`},
		"Missing": {"", `union isfuzzy=true (T | where a == "1"), (NoSuchTable | where a == "2")`},
	} {
		if err := cat.AddFunction(catalog.Function{Name: name, Params: f[0], Body: f[1], Source: source.NewFile(name, f[1])}); err != nil {
			t.Fatal(err)
		}
	}
	return cat
}

// compile compiles without a store: every table may have rows.
func compile(t testing.TB, cat *catalog.Catalog, kql string, at time.Time, period time.Duration) rel.Node {
	t.Helper()
	e := query.New(cat, nil)
	e.EmptyExternal = true
	c, err := e.Compile(context.Background(), query.Request{File: source.NewFile("", kql), Now: at, From: at.Add(-period), To: at})
	if err != nil {
		t.Fatalf("%s\n%v", kql, err)
	}
	return c.Plan
}

func TestOf(t *testing.T) {
	cat := testCatalog(t)
	for _, tt := range []struct{ kql, want string }{
		// filters
		{`T`, `T`},
		{`T | where a == "x"`, `T[(a == "x")]`},
		{`T | where a == "x" and b has "y"`, `T[(a == "x") and (b has "y")]`},
		{`T | where a == "x" | where b == "y"`, `T[(a == "x") and (b == "y")]`},
		{`T | where a == "x" or b == "y"`, `T[((a == "x") or (b == "y"))]`},
		{`T | where 1 == 1`, `T`},
		{`T | where 1 == 2`, `always`},
		{`T | where bool(null)`, `always`},
		{`T | where a == "x" and 1 == 2`, `always`},
		{`T | where f`, `T[f]`},
		{`T | where not(f)`, `T[not(f)]`},
		{`T | where a in~ ("x", "Y")`, `T[in~(a, "x", "Y")]`},
		{`T | where a !in ("x")`, `T[(a !in "x")]`},
		{`T | where ['odd name'] == "x"`, `T[(["odd name"] == "x")]`},
		{`T | where tostring(d.user.name) =~ "x"`, `T[(text_path(d, "user", "name") =~ "x")]`},
		{`T | where d.code == 7`, `T[(toreal((d . "code")) == real(7.0))]`},
		{`T | where isnotempty(a) and n > 5`, `T[(n > long(5)) and isnotempty(a)]`},
		{`T | where a has "x" and a has "x"`, `T[(a has "x")]`},
		{`T | where r < 0.5`, `T[(r < real(0.5))]`},
		{`T | where a matches regex "^x"`, `T[(a matches regex "^x")]`},
		{`T | where a matches regex b`, `T`}, // a bad pattern would be a fault
		{`T | where n + 1 > 5`, `T`},         // an overflow would be a fault
		{`T | where n / i == 2 and a == "x"`, `T[(a == "x")]`},
		{`T | where rand() < 0.5 and a == "x"`, `T[(a == "x")]`},
		{`T | extend q = rand() | where q < 0.5`, `T`},
		// time narrows the span and is no condition
		{`T | where TimeGenerated > ago(1h) and a == "x"`, `T[(a == "x")]`},
		{`T | where TimeGenerated between (ago(1h) .. now())`, `T`},
		{`T | where TimeGenerated > now()`, `always`},
		{`T | where TimeGenerated < ago(30d)`, `always`},
		{`T | where now() < TimeGenerated`, `always`},
		{`T | where TimeGenerated == ago(30d)`, `always`},
		{`T | extend When = TimeGenerated | where When > now()`, `always`},
		{`T | where t > now()`, `T[(t > datetime(2026-03-02T12:00:00.0000000Z))]`},
		{`T | where hourofday(TimeGenerated) < 6`, `T[(tolong(hourofday(TimeGenerated)) < long(6))]`},
		// projections
		{`T | extend c = tolower(a) | where c == "x"`, `T[(tolower(a) == "x")]`},
		{`T | project b = a, a = b | where a == "x"`, `T[(b == "x")]`},
		{`T | project-rename c = a | project c | where c == "x"`, `T[(a == "x")]`},
		{`T | extend c = iff(n == 0, "S", "F") | where c == "F"`, `T[(iff((n == long(0)), "S", "F") == "F")]`},
		{`Parser("k") | where Result == "Failure" and Actor == "z"`, `T[(a == "k") and (b == "z") and (iff((n == long(0)), "Success", "Failure") == "Failure")]`},
		{`Parser() | where Actor == "z"`, `T[(b == "z")]`},
		// rows pass
		{`T | where a == "x" | take 5`, `T[(a == "x")]`},
		{`T | take 5 | where a == "x"`, `T[(a == "x")]`},
		{`T | take 0`, `always`},
		{`T | top 3 by n | where a == "x"`, `T[(a == "x")]`},
		{`T | sort by n | extend p = prev(a) | where p == "x" and b == "y"`, `T[(b == "y")]`},
		{`T | where a == "x" | mv-expand d | where tostring(d) == "z" and b == "y"`, `T[(a == "x") and (b == "y")]`},
		{`T | mv-apply e = d on (where tostring(e) == "z") | where a == "x"`, `T[(a == "x")]`},
		{`T | mv-apply e = d on (summarize c = count()) | where a == "x"`, `T[(a == "x")]`},
		{`T | distinct a, b | where a == "x"`, `T[(a == "x")]`},
		{`T | where a == "x" | as X | where b == "y"`, `T[(a == "x") and (b == "y")]`},
		{`T | where a == "x" | serialize | extend k = row_number()`, `T[(a == "x")]`},
		// summarize
		{`T | where a == "x" | summarize count()`, `unproven`},
		{`T | where a == "x" | count`, `unproven`},
		{`T | where a == "x" | summarize count() | where count_ > 0`, `unproven`},
		{`T | where a == "x" | summarize count() by b`, `T[(a == "x")]`},
		{`T | summarize c = count() by a, k = tolower(b) | where a == "x" and k == "y" and c > 5`, `T[(a == "x") and (tolower(b) == "y")]`},
		{`T | summarize arg_max(n, b) by a | where b == "y" and a == "x"`, `T[(a == "x")]`},
		{`T | summarize c = count() by a | summarize sum(c)`, `unproven`},
		{`T | where a == "x" | make-series count() default = 0 on TimeGenerated from ago(1h) to now() step 10m`, `unproven`},
		// joins
		{`T | where a == "x" | join kind=inner (U | where a == "y") on b`, `(T[(a == "x")] | U[(a == "y")])`},
		{`T | where a == "x" | join (U | where a == "y") on b`, `(T[(a == "x")] | U[(a == "y")])`},
		{`T | where a == "x" | join kind=leftouter (U | where a == "y") on b`, `T[(a == "x")]`},
		{`T | where a == "x" | join kind=rightouter (U | where a == "y") on b`, `U[(a == "y")]`},
		{`T | where a == "x" | join kind=fullouter (U | where a == "y") on b`, `(T[(a == "x")] & U[(a == "y")])`},
		{`T | where a == "x" | join kind=leftsemi (U | where a == "y") on b`, `(T[(a == "x")] | U[(a == "y")])`},
		{`T | where a == "x" | join kind=rightsemi (U | where a == "y") on b`, `(T[(a == "x")] | U[(a == "y")])`},
		{`T | where a == "x" | join kind=leftanti (U | where a == "y") on b`, `T[(a == "x")]`},
		{`T | where a == "x" | join kind=rightanti (U | where a == "y") on b`, `U[(a == "y")]`},
		{`T | lookup (U | where a == "y") on b | where a == "x"`, `T[(a == "x")]`},
		{`T | join kind=leftouter (U) on b | where a == "x" and a1 == ""`, `T[(a == "x")]`},
		{`T | join kind=fullouter (U) on b | where a == "x"`, `(T & U)`},
		{`T | join kind=inner (U) on b | where a == "x" and a1 == "y" and n > n1`, `(T[(a == "x")] | U[(a == "y")])`},
		{`T | join kind=inner (T | where a == "x") on b`, `(T | T[(a == "x")])`},
		// unions
		{`union (T | where a == "x"), (U | where a == "y")`, `(T[(a == "x")] & U[(a == "y")])`},
		{`union T, U | where a == "x"`, `(T[(a == "x")] & U[(a == "x")])`},
		{`union (T | where a == "x"), (NoTime | where a == "y")`, `unproven`},
		{`union (T | where a == "x"), (print a = "1")`, `unproven`},
		{`union (T | where a == "x"), (U | count)`, `unproven`},
		{`union (T | where a == "x"), (U | where 1 == 2)`, `T[(a == "x")]`},
		{`union isfuzzy=true (T | where a == "x"), (Nowhere | where a == "y")`, `T[(a == "x")]`},
		{`Both | where b == "z"`, `(T[(a == "1") and (b == "z")] & U[(a == "2") and (b == "z")])`},
		{`Missing`, `T[(a == "1")]`},
		{`union withsource=S T, U | where S == "T" and a == "x"`, `(T[(a == "x")] & U[(a == "x")])`},
		{`find in (T, U) where a == "x"`, `(T[(a == "x")] & U[(a == "x")])`},
		{`search in (T) a == "x"`, `T[(a == "x")]`},
		// let, materialize, nested functions
		{`let x = T | where a == "x"; x | join kind=inner (x | where b == "y") on n`, `(T[(a == "x") and (b == "y")] | T[(a == "x")])`},
		{`let x = materialize(T | where a == "x"); union x, (x | where b == "y")`, `(T[(a == "x") and (b == "y")] & T[(a == "x")])`},
		{`let g = (v:string) { let h = (w:string) { T | where a == w }; h(v) | where b == v }; g("q")`, `T[(a == "q") and (b == "q")]`},
		{`let v = view () { T | where a == "x" }; v | where b == "y"`, `T[(a == "x") and (b == "y")]`},
		// subqueries
		{`T | where n > toscalar(U | summarize avg(n))`, `T`},
		{`let m = toscalar(U | summarize max(a)); T | where a == m and b == "y"`, `T[(b == "y")]`},
		{`T | where a in (U | where b == "y" | project a) and b == "z"`, `(T[(b == "z")] | U[(b == "y")])`},
		{`T | where a !in (U | where b == "y" | project a) and b == "z"`, `T[(b == "z")]`},
		{`T | where a in~ (U | project a) or b == "z"`, `T`},
		{`T | where a has_any (U | where b == "y" | project a)`, `(T | U[(b == "y")])`},
		{`T | where a has_all (U | where b == "y" | project a)`, `T`},
		{`T | where a in (NoTime | project a)`, `T`},
		// what is not bounded by time, or is given in the query
		{`NoTime | where a == "x"`, `unproven`},
		{`NoTime | where a == "x" | join kind=inner (T | where b == "y") on n`, `T[(b == "y")]`},
		{`_GetWatchlist("full")`, `unproven`},
		{`T | where a in (_GetWatchlist("full") | project k)`, `T`},
		{`T | where a in (_GetWatchlist("none") | project k)`, `always`},
		{`T | where a !in (_GetWatchlist("none") | project k) and b == "y"`, `T[(b == "y")]`},
		{`print x = 1`, `unproven`},
		{`range x from 1 to 3 step 1`, `unproven`},
		{`range x from 1 to 3 step 1 | extend b = "q" | join kind=inner (T | where a == "x") on b`, `T[(a == "x")]`},
		{`datatable(a:string)["x"] | join kind=leftouter (T) on a`, `unproven`},
		{`datatable(a:string)[]`, `always`},
		// operators that run in Go, by what they give for no rows
		{`T | where a == "x" | sort by TimeGenerated asc | scan with (step s: f; step e: not(f);)`, `T[(a == "x")]`},
		{`T | where a == "x" | evaluate basket(0.05)`, `T[(a == "x")]`},
		{`T | where a == "x" | evaluate bag_unpack(d)`, `T[(a == "x")]`},
		{`T | where a == "x" | partition by b (summarize count())`, `T[(a == "x")]`},
		{`T | where a == "x" | sample 5`, `T[(a == "x")]`},
		{`T | where a == "x" | parse b with * "k=" v " " * | where v == "y"`, `T[(a == "x")]`},
	} {
		got := proof.Of(compile(t, cat, tt.kql, evalTime, 24*time.Hour)).String()
		if got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.kql, got, tt.want)
		}
	}
}

func TestOfSpan(t *testing.T) {
	cat := testCatalog(t)
	for _, tt := range []struct{ where, want string }{
		{`true`, "2026-03-01T12:00:00.0000000Z to 2026-03-02T12:00:00.0000000Z"},
		{`TimeGenerated > ago(1h)`, "2026-03-02T11:00:00.0000001Z to 2026-03-02T12:00:00.0000000Z"},
		{`TimeGenerated >= ago(1h)`, "2026-03-02T11:00:00.0000000Z to 2026-03-02T12:00:00.0000000Z"},
		{`ago(1h) <= TimeGenerated`, "2026-03-02T11:00:00.0000000Z to 2026-03-02T12:00:00.0000000Z"},
		{`TimeGenerated < ago(1h)`, "2026-03-01T12:00:00.0000000Z to 2026-03-02T11:00:00.0000000Z"},
		{`TimeGenerated <= ago(1h)`, "2026-03-01T12:00:00.0000000Z to 2026-03-02T11:00:00.0000001Z"},
		{`TimeGenerated between (ago(2h) .. ago(1h))`, "2026-03-02T10:00:00.0000000Z to 2026-03-02T11:00:00.0000001Z"},
		{`TimeGenerated between (ago(2h) .. 1h)`, "2026-03-02T10:00:00.0000000Z to 2026-03-02T11:00:00.0000001Z"},
		{`TimeGenerated !between (ago(2h) .. now())`, "2026-03-01T12:00:00.0000000Z to 2026-03-02T12:00:00.0000000Z"},
		{`TimeGenerated != now()`, "2026-03-01T12:00:00.0000000Z to 2026-03-02T12:00:00.0000000Z"},
		{`TimeGenerated > ago(90d)`, "2026-03-01T12:00:00.0000000Z to 2026-03-02T12:00:00.0000000Z"},
		{`TimeGenerated > ago(1h) or a == "x"`, "2026-03-01T12:00:00.0000000Z to 2026-03-02T12:00:00.0000000Z"},
		{`TimeGenerated == datetime(2026-03-02T01:02:03)`, "2026-03-02T01:02:03.0000000Z to 2026-03-02T01:02:03.0000001Z"},
		{`t > ago(1h)`, "2026-03-01T12:00:00.0000000Z to 2026-03-02T12:00:00.0000000Z"},
		{`TimeGenerated > datetime(null)`, "2026-03-01T12:00:00.0000000Z to 2026-03-02T12:00:00.0000000Z"},
	} {
		f := proof.Of(compile(t, cat, "T | where "+tt.where, evalTime, 24*time.Hour))
		_, got, _ := strings.Cut(strings.Split(proof.Explain(f), "\n")[1], ": ")
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.where, got, tt.want)
		}
	}
}

// TestOfLeavesThePlanAlone: the plan is still to be run.
func TestOfLeavesThePlanAlone(t *testing.T) {
	cat := testCatalog(t)
	const kql = `let x = materialize(T | extend c = tolower(a) | where c == "x"); union (x | where tostring(d.a.b) == "q"), (x | join kind=inner (U | summarize by a, b | where a == "z") on b)`
	plan := compile(t, cat, kql, evalTime, time.Hour)
	before := proof.Of(plan).String()
	if again := proof.Of(plan).String(); again != before {
		t.Errorf("%s\n%s", before, again)
	}
	other := compile(t, cat, kql, evalTime, time.Hour)
	if a, b := sql(t, plan), sql(t, other); a != b {
		t.Errorf("the plan is another one after it was looked at:\n%s\n%s", a, b)
	}
}
