package query_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/types"
)

// holding is a store for compiling only: every table has storage, or none has.
type holding bool

var _ store.Engine = holding(true)

func (h holding) Parts(s *rel.Scan) []string {
	if !h {
		return nil
	}
	return []string{s.Table}
}
func (holding) Close() error { return nil }
func (holding) Append(*catalog.Table, [][]types.Value) error {
	panic("compiling stores nothing")
}
func (holding) Run(context.Context, duckdb.Statement, types.Schema, int) (types.Table, error) {
	panic("compiling runs nothing")
}

// corpusRule is a rule or hunting query of the shared corpus.
type corpusRule struct {
	path string
	req  query.Request
}

// corpusRules are the rules of the shared corpus that have a query.
func corpusRules(tb testing.TB) []corpusRule {
	tb.Helper()
	root := corpus.Path(tb, "corpus", "sentinel")
	var out []corpusRule
	for _, dir := range []string{"analytic-rules", "hunting-queries"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if r, _ := rule.Load(source.NewFile(path, string(text))); r != nil && r.QueryFile != nil {
				out = append(out, corpusRule{filepath.Base(path), query.Request{File: r.QueryFile, Now: evaluated, Check: true}})
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return out
}

// corpusEngine has the parsers of the shared corpus.
func corpusEngine(tb testing.TB, st store.Engine) *query.Engine {
	tb.Helper()
	cat := catalog.Builtin()
	fns, _, err := catalog.LoadFunctions(corpus.Path(tb, "corpus", "sentinel")) // its problems are names that are there twice
	if err != nil {
		tb.Fatal(err)
	}
	if err := cat.AddFunctions(fns); err != nil {
		tb.Fatal(err)
	}
	e := query.New(cat, st)
	e.EmptyExternal = true
	return e
}

// BenchmarkCompileCorpus compiles every rule of the shared corpus, warm, and reports the median and the slowest;
// a rule's time is the best of several, since other programs can only make it longer. -v names the slowest rules.
func BenchmarkCompileCorpus(b *testing.B) {
	rules := corpusRules(b)
	for name, st := range map[string]holding{"present": true, "absent": false} {
		b.Run(name, func(b *testing.B) {
			eng := corpusEngine(b, st)
			type timing struct {
				path string
				d    time.Duration
				sql  int
			}
			var all []timing
			for b.Loop() {
				all = all[:0]
				for _, r := range rules {
					t := timing{path: r.path}
					for i := 0; i < 4 || i < 20 && t.d > 20*time.Millisecond; i++ { // the first decodes schemas and parses functions
						start := time.Now()
						c, err := eng.Compile(context.Background(), r.req)
						d := time.Since(start)
						if err != nil {
							break
						}
						if t.sql = len(c.Statement.SQL); i == 1 || i > 1 && d < t.d {
							t.d = d
						}
					}
					if t.d > 0 {
						all = append(all, t)
					}
				}
			}
			slices.SortFunc(all, func(x, y timing) int { return int(y.d - x.d) })
			for _, t := range all[:10] {
				b.Logf("%8.2f ms, %7d bytes of SQL: %s", t.d.Seconds()*1000, t.sql, t.path)
			}
			b.ReportMetric(float64(len(all)), "rules")
			b.ReportMetric(all[len(all)/2].d.Seconds()*1000, "median-ms")
			b.ReportMetric(all[len(all)/20].d.Seconds()*1000, "p95-ms")
			b.ReportMetric(all[0].d.Seconds()*1000, "slowest-ms")
		})
	}
}

// BenchmarkCompileLargest compiles the rules of the shared corpus that reach the most parsers.
func BenchmarkCompileLargest(b *testing.B) {
	rules := corpusRules(b)
	for name, st := range map[string]holding{"present": true, "absent": false} {
		eng := corpusEngine(b, st)
		for _, path := range []string{"bariumipioc112020-6cc92676.yaml", "iridiumiocs-274d2b3d.yaml", "ipentity-imnetworksession-a8f74dec.yaml"} {
			i := slices.IndexFunc(rules, func(r corpusRule) bool { return r.path == path })
			if i < 0 {
				b.Fatal(path, "is not in the corpus")
			}
			b.Run(name+"/"+path, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := eng.Compile(context.Background(), rules[i].req); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
