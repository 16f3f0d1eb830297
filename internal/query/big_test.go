package query_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
)

// BenchmarkCompileLargest compiles the rule of the shared corpus that reaches the most parsers.
func BenchmarkCompileLargest(b *testing.B) {
	rules := corpus.Path(b, "corpus", "sentinel")
	path := filepath.Join(rules, "analytic-rules", "bariumipioc112020-6cc92676.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	cat := catalog.Builtin()
	fns, _, err := catalog.LoadFunctions(rules)
	if err != nil {
		b.Fatal(err)
	}
	if err := cat.AddFunctions(fns); err != nil {
		b.Fatal(err)
	}
	r, _ := rule.Load(source.NewFile(path, string(text)))
	eng := query.New(cat, nil)
	req := query.Request{File: r.QueryFile, Now: evaluated, Check: true}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := eng.Compile(context.Background(), req); err != nil {
			b.Fatal(err)
		}
	}
}
