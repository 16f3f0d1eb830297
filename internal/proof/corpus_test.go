package proof_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/content"
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/demo"
	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/proof"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// corpusRules compiles the analytics rules of the corpus and hands the plans of each at two times to use.
func corpusRules(t testing.TB, cat *catalog.Catalog, use func(r *rule.Rule, plans []rel.Node)) (rules, compiled int) {
	t.Helper()
	root := corpus.Path(t, "corpus", "sentinel")
	functions, _, err := catalog.LoadFunctions(root) // its problems are the corpus's: names that are there twice
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range functions {
		if err := cat.AddFunction(f); err != nil {
			t.Logf("%s: %v", f.Name, err)
		}
	}
	read, err := session.ReadRules([]string{corpus.Path(t, "corpus", "sentinel", "analytic-rules")})
	if err != nil {
		t.Fatal(err)
	}
	e := query.New(cat, nil)
	e.EmptyExternal = true
	for _, r := range read {
		if r.Rule == nil || r.Faults.HasErrors() || r.Rule.Kind == rule.Hunting {
			continue
		}
		rules++
		period := max(r.Rule.QueryPeriod, time.Minute)
		var plans []rel.Node
		for _, at := range []time.Time{demoEnd, demoEnd.Add(-17*time.Hour - 23*time.Minute)} {
			c, err := e.Compile(context.Background(), query.Request{File: r.Rule.QueryFile, Now: at, From: at.Add(-period), To: at})
			if err != nil {
				break
			}
			plans = append(plans, c.Plan)
		}
		if len(plans) == 2 {
			compiled++
			use(r.Rule, plans)
		}
	}
	return rules, compiled
}

func TestCorpus(t *testing.T) {
	cat := catalog.Builtin()
	p := proof.New(demoEnd, proof.Options{Covers: func(string) bool { return true }})
	provable, conditional := 0, 0
	leaves := map[string]bool{}
	var spent time.Duration
	rules, compiled := corpusRules(t, cat, func(r *rule.Rule, plans []rel.Node) {
		start := time.Now()
		f := proof.Of(plans[0])
		spent += time.Since(start)
		p.Watch(r, plans...)
		if f.Op == proof.Unproven || r.TriggerOperator.Fires(0, r.TriggerThreshold) {
			t.Logf("unproven: %s", r.Name)
			return
		}
		provable++
		if slices.ContainsFunc(f.Leaves(), func(l *proof.Leaf) bool { return len(l.Conds) > 0 }) {
			conditional++
		}
		for _, l := range f.Leaves() {
			leaves[l.String()] = true
		}
	})
	s := p.Stats()
	sets := 0
	for _, table := range s.Tables {
		sets += table.Sets
	}
	t.Logf("%d rules, %d compile, %d have a formula, %d with conditions; %d distinct leaves, %d sets of conditions on %d tables are counted; a formula takes %s",
		rules, compiled, provable, conditional, len(leaves), sets, len(s.Tables), spent/time.Duration(max(1, compiled)))
	slices.SortFunc(s.Tables, func(a, b proof.TableStats) int { return b.Sets - a.Sets })
	for _, table := range s.Tables[:min(8, len(s.Tables))] {
		t.Logf("%s: %d sets, about %s a row", table.Table, table.Sets, table.Cost)
	}
	if provable*100 < 85*compiled || conditional*100 < 80*compiled {
		t.Errorf("%d of %d rules have a formula and %d have conditions: expected 85%% and 80%%", provable, compiled, conditional)
	}
}

// BenchmarkCounting counts rows for all rules of the corpus: a few, which shows what a statement costs, and many.
func BenchmarkCounting(b *testing.B) {
	for _, table := range []string{demo.TableSigninLogs, demo.TableAuditLogs, demo.TableNonInteractive} {
		for _, n := range []int{10, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", table, n), func(b *testing.B) { benchmarkCounting(b, table, n) })
		}
	}
}

func benchmarkCounting(b *testing.B, table string, n int) {
	cat := catalog.Builtin()
	w := newWorld(b, cat, demoEnd, proof.Options{})
	corpusRules(b, cat, func(r *rule.Rule, plans []rel.Node) { w.prover.Watch(r, plans...) })
	def, _ := cat.Table(table)
	var rows [][]types.Value
	schemaOf := func(name string) types.Schema {
		if name != table {
			return nil
		}
		return def.Columns
	}
	_, err := demo.Generate(demo.Options{Users: 300, SignIns: 100_000, Days: 30}, schemaOf, func(_ string, _ types.Schema, row []types.Value) error {
		if len(rows) < n {
			rows = append(rows, slices.Clone(row))
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for len(rows) < n {
		rows = append(rows, rows[:min(len(rows), n-len(rows))]...)
	}
	if err := w.main.Append(def, rows); err != nil {
		b.Fatal(err)
	}
	a := w.prover.Begin(table)
	defer a.End()
	c := a.Countings()[0]
	var schema types.Schema
	for _, col := range c.Columns() {
		schema = append(schema, types.Column{Name: col.Name, Type: col.Type})
	}
	st, err := dialect.Write(c.Plan(), c.Columns(), nil, dialect.Options{Exact: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d sets, %d bytes of SQL, %d functions in Go", len(c.Columns())-1, len(st.SQL), len(st.UDFs))
	if testing.Verbose() {
		for _, u := range st.UDFs {
			b.Log(u.Name)
		}
	}
	b.ResetTimer()
	for b.Loop() {
		if _, err := w.main.Run(context.Background(), st, schema, 0); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if err := a.Add(c, types.Table{}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
}

// BenchmarkSkip is a run of the founding rule that is not made, and one that is, over the same rows.
func BenchmarkSkip(b *testing.B) {
	cat := catalog.Builtin()
	w := newWorld(b, cat, demoEnd.Add(-30*24*time.Hour), proof.Options{})
	for i, r := range events(b, cat, demo.Options{Users: 100, SignIns: 20_000, NoAttack: true}) {
		def, _ := cat.Table(r.table)
		if err := w.main.Append(def, [][]types.Value{r.row}); err != nil {
			b.Fatal(i, err)
		}
	}
	text, err := content.FS.ReadFile(content.FoundingRule)
	if err != nil {
		b.Fatal(err)
	}
	r, _ := rule.Load(source.NewFile(content.FoundingRule, string(text)))
	w.watch(r, demoEnd)
	w.fill(demoEnd)
	at := demoEnd
	for n := 0; ; n++ {
		if a := w.evaluate(r, at); a.proved {
			break
		}
		if n == 24 {
			b.Fatal("no window is proved")
		}
		at = at.Add(-time.Hour)
	}
	for _, skip := range []bool{true, false} {
		b.Run(map[bool]string{true: "skipped", false: "run"}[skip], func(b *testing.B) {
			for b.Loop() {
				res, err := w.engine.Run(context.Background(), query.Request{File: r.QueryFile, Now: at, From: at.Add(-r.QueryPeriod), To: at,
					None: func(plan rel.Node) bool { ok, _ := w.prover.Empty(r.ID, plan); return ok && skip }})
				if err != nil || res.ProvedNone != skip {
					b.Fatal(err)
				}
			}
		})
	}
}
