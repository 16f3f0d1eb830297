package query_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

var update = flag.Bool("update", false, "rewrite the expected sections of testdata/ops")

// evaluated is the time at which every case is evaluated.
var evaluated = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

func newEngine(t testing.TB, cat *catalog.Catalog) *query.Engine {
	t.Helper()
	st, err := duckdb.Open(context.Background(), duckdb.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return query.New(cat, st)
}

// TestOperators runs every case of testdata/ops: a query and what it becomes at each step. A case has the
// sections query, and as far as they apply duckdb.sql, rows, warnings and error; -update rewrites all but
// the query, and the difference is reviewed like code.
func TestOperators(t *testing.T) {
	files, err := filepath.Glob("testdata/ops/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	eng := newEngine(t, catalog.Builtin())
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := txtar.Archive{Comment: ar.Comment}
		for _, f := range ar.Files {
			if name, ok := strings.CutSuffix(f.Name, "query"); ok {
				got.Files = append(got.Files, f)
				got.Files = append(got.Files, outcome(eng, name, strings.TrimSpace(string(f.Data)))...)
			}
		}
		text := txtar.Format(&got)
		if *update {
			if err := os.WriteFile(file, text, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, want) {
			t.Errorf("%s differs (rerun with -update and review the difference):\n%s", file, firstDifference(string(want), string(text)))
		}
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			line := ""
			if i < len(g) {
				line = g[i]
			}
			return fmt.Sprintf("line %d:\nwant %s\ngot  %s", i+1, w[i], line)
		}
	}
	return "more lines than expected"
}

func outcome(eng *query.Engine, prefix, text string) []txtar.File {
	res, err := eng.Run(context.Background(), query.Request{File: source.NewFile("query.kql", text), Now: evaluated})
	var ds *source.Diagnostics
	if errors.As(err, &ds) {
		return []txtar.File{{Name: prefix + "error", Data: []byte(ds.Error() + "\n")}}
	}
	if err != nil {
		return []txtar.File{{Name: prefix + "error", Data: []byte(err.Error() + "\n")}}
	}
	out := []txtar.File{
		{Name: prefix + "duckdb.sql", Data: []byte(res.Compiled.Statement.SQL + "\n")},
		{Name: prefix + "rows", Data: []byte(rowsText(res))},
	}
	if len(res.Compiled.Warnings.List) > 0 {
		out = append(out, txtar.File{Name: prefix + "warnings", Data: []byte(res.Compiled.Warnings.Error() + "\n")})
	}
	return out
}

// rowsText renders rows one a line; rows that come in no order are sorted. Each of several results has a line
// with its number and name before it.
func rowsText(res *query.Result) string {
	if len(res.More) == 0 {
		return tableText(res.Table, len(res.Compiled.Bound.Order) > 0)
	}
	var b strings.Builder
	for i, o := range res.Outputs() {
		fmt.Fprintf(&b, "# %d %s\n%s", i, o.Name, tableText(o.Table, len(res.Compiled.Bound.Outputs[i].Order) > 0))
	}
	return b.String()
}

func tableText(t types.Table, ordered bool) string {
	var b strings.Builder
	b.WriteString(t.Schema.String() + "\n")
	var lines []string
	for _, r := range t.Rows {
		cells := make([]string, len(r))
		for i, v := range r {
			switch {
			case v.IsNull():
				cells[i] = "null"
			case v.Type() == types.String:
				cells[i] = types.QuoteJSON(v.Text())
			default:
				cells[i] = v.ToText()
			}
		}
		lines = append(lines, strings.Join(cells, " | "))
	}
	if !ordered {
		slices.Sort(lines)
	}
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	return b.String()
}
