package query_test

import (
	"context"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/content"
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
)

// BenchmarkCompileFoundingRule measures text to SQL, warm: schemas are decoded and functions parsed.
func BenchmarkCompileFoundingRule(b *testing.B) {
	const path = "Microsoft Entra ID/Analytic Rules/MFARejectedbyUser.yaml"
	text, err := content.FS.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	r, _ := rule.Load(source.NewFile(path, string(text)))
	eng := query.New(catalog.Builtin(), nil)
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	req := query.Request{File: r.QueryFile, Now: now, From: now.Add(-time.Hour), To: now}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := eng.Compile(context.Background(), req); err != nil {
			b.Fatal(err)
		}
	}
}
