package conformance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/vedette-siem/vedette/internal/funcs"
)

// TestZRatchet compares what there is with testdata/baseline.json: a count may rise, and then wants to be
// written down with -update; falling is an error. Its name puts its file, and so the test, behind those that
// count. Counts of tests that were skipped or not selected are left as they are.
func TestZRatchet(t *testing.T) {
	now := counts.all()
	for _, f := range funcs.All().Funcs() {
		if f.Hidden {
			continue
		}
		class := "functions " + f.Class.String()
		now[class]++
		sql := false
		for i := range f.Sigs {
			sql = sql || hasSQL(f, &f.Sigs[i]) || f.SQL != "" || f.Lower != nil
		}
		if sql {
			now[class+" with SQL"]++
		}
		now["examples"] += len(f.Examples)
	}
	path := filepath.Join("testdata", "baseline.json")
	baseline := map[string]int{}
	b, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	if err == nil {
		if err := json.Unmarshal(b, &baseline); err != nil {
			t.Fatal(err)
		}
	}
	if *update {
		for k, n := range now {
			baseline[k] = n
		}
		b, err := json.MarshalIndent(baseline, "", "  ") // keys come sorted
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for k, n := range now {
		if n < baseline[k] {
			t.Errorf("%s: %d, was %d", k, n, baseline[k])
		}
	}
}
