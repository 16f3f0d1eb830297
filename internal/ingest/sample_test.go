package ingest

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/types"
)

// countSink checks rows against their table and forgets them.
type countSink struct {
	t    testing.TB
	rows map[string]int
}

func (s *countSink) Append(table *catalog.Table, rows [][]types.Value) error {
	s.rows[table.Name] += len(rows)
	for _, r := range rows {
		if len(r) != len(table.Columns) {
			s.t.Fatalf("%s: row of %d values, expected %d", table.Name, len(r), len(table.Columns))
		}
		for i, v := range r {
			if v.Type() != table.Columns[i].Type {
				s.t.Fatalf("%s.%s: value of type %s, expected %s", table.Name, table.Columns[i].Name, v.Type(), table.Columns[i].Type)
			}
		}
	}
	return nil
}

// TestSampleData loads public sample events and compares table and number of rows with what is known of them.
func TestSampleData(t *testing.T) {
	dir := corpus.Path(t, "corpus", "sample-data")
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest []struct {
		File, Table, Shape string
		Rows               int64
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	sink := &countSink{t, map[string]int{}}
	report, err := LoadDir(context.Background(), dir, Options{Mapping: []Mapping{{"manifest.json", "-"}, {"feeds/*", "-"}}}, catalog.Builtin(), sink)
	if err != nil {
		t.Fatal(err)
	}
	byFile := map[string]FileReport{}
	for _, f := range report.Files {
		byFile[f.File] = f
	}
	right, all, rows, skipped := 0, 0, int64(0), int64(0)
	how := map[Recognition]int{}
	for _, m := range manifest {
		if m.Table == "" {
			continue
		}
		all++
		f := byFile[m.File]
		rows += f.Rows
		skipped += f.Skipped
		if f.Table != m.Table {
			t.Logf("%s is %s (by %s), the manifest says %s", m.File, f.Table, f.How, m.Table)
			continue
		}
		right++
		how[f.How]++
		if f.Rows != m.Rows || f.Err != nil {
			t.Errorf("%s: %d rows, the manifest says %d; %v, %v", m.File, f.Rows, m.Rows, f.Faults, f.Err)
		}
	}
	t.Logf("%d of %d files go to the manifest's table (%v), %d rows, %d skipped", right, all, how, rows, skipped)
	if right < 95 {
		t.Errorf("%d of %d files recognised", right, all)
	}
	if testing.Verbose() {
		t.Log(report)
	}
}
