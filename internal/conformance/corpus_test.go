package conformance

import (
	"bufio"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
)

// lines decodes the lines of a JSON lines file, keeping numbers as they are written.
func lines[T any](t testing.TB, path string) []T {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []T
	r := bufio.NewScanner(f)
	r.Buffer(nil, 64<<20)
	for r.Scan() {
		d := json.NewDecoder(strings.NewReader(r.Text()))
		d.UseNumber()
		var v T
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, v)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCorpusAnswers runs the queries whose answers are known: those recorded from Microsoft's engine, and
// those that the KQL reference prints. How many pass may rise only: see TestZRatchet.
func TestCorpusAnswers(t *testing.T) {
	for _, name := range []string{"kusto-verified", "kql-docs"} {
		t.Run(name, func(t *testing.T) {
			cases := lines[corpusCase](t, corpus.Path(t, "corpus", name, "cases.jsonl"))
			e := query.New(catalog.Builtin(), store(t))
			e.EmptyExternal = true
			passed, judged := 0, 0
			for i := range cases {
				x := &cases[i]
				if !x.judgeable() {
					continue
				}
				judged++
				tbl, err := run(e, x.Query)
				if internal(err) {
					t.Errorf("%s: %v", x.ID, err)
				}
				if wrong := x.judge(tbl, err); wrong == "" {
					passed++
				} else {
					t.Logf("%s: %.300s", x.ID, wrong)
				}
			}
			t.Logf("%d of %d pass", passed, judged)
			counts.set("corpus "+name+" answers right", passed)
		})
	}
}

// goldenRule is what Microsoft's binder says of a rule.
type goldenRule struct {
	File       string            `json:"file"`
	Globals    string            `json:"globals"`
	Errors     []json.RawMessage `json:"errors"`
	Unresolved bool              `json:"unresolved"`
	Tables     []string          `json:"tables"`
	Schema     []named           `json:"schema"`
	SchemaOpen bool              `json:"schema_open"`
}

// agreement counts where vedette and Microsoft's binder say the same of rules.
type agreement struct {
	rules, agree            int // accepted by both or refused by both
	compiled, schema, table int // accepted by both; with the same columns; reading the same tables
	ran                     int // compiled, and run over empty tables without an error
}

// TestGolden compiles every rule of the corpus and runs it over empty tables. How many agree with Microsoft's
// binder may rise only: see TestZRatchet.
func TestGolden(t *testing.T) {
	corpus.Path(t, "corpus") // or skip
	plain, xdr := workspaces(t)
	for _, dir := range []string{"entra-2026", "sentinel"} {
		t.Run(dir, func(t *testing.T) {
			root := corpus.Path(t, "corpus", dir)
			var got agreement
			for _, g := range lines[goldenRule](t, filepath.Join(root, "golden.jsonl")) {
				if g.Unresolved { // what it names is not in the corpus
					continue
				}
				e := plain
				if g.Globals == "xdr" {
					e = xdr
				}
				got.compare(t, e, root, g)
			}
			t.Logf("%+v", got)
			counts.set("corpus "+dir+" rules agree", got.agree)
			counts.set("corpus "+dir+" rules compiled", got.compiled)
			counts.set("corpus "+dir+" schemas agree", got.schema)
			counts.set("corpus "+dir+" tables agree", got.table)
			counts.set("corpus "+dir+" rules run", got.ran)
			if got.ran != got.compiled {
				t.Errorf("%d rules compile, %d run", got.compiled, got.ran)
			}
		})
	}
}

func (a *agreement) compare(t *testing.T, e *query.Engine, root string, g goldenRule) {
	text, err := os.ReadFile(filepath.Join(root, g.File))
	if err != nil {
		t.Fatal(err)
	}
	r, diags := rule.Load(source.NewFile(g.File, string(text)))
	if r == nil || r.QueryFile == nil {
		t.Errorf("%s: no query: %v", g.File, diags)
		return
	}
	a.rules++
	req := query.Request{File: r.QueryFile, Now: evalTime, Check: true, Timeout: 30 * time.Second}
	c, err := e.Compile(context.Background(), req)
	if internal(err) {
		t.Errorf("%s: %v", g.File, err)
	}
	good := len(g.Errors) == 0
	if good == (err == nil) {
		a.agree++
	} else {
		t.Logf("%s: expected errors: %t, got %.200v", g.File, !good, err)
	}
	if !good || err != nil {
		return
	}
	a.compiled++
	if sameSchema(g, c) {
		a.schema++
	} else {
		t.Logf("%s: other columns: %v, want %v", g.File, c.Columns, g.Schema)
	}
	if sameNames(g.Tables, c.Bound.Tables) {
		a.table++
	} else {
		t.Logf("%s: other tables: %v, want %v", g.File, c.Bound.Tables, g.Tables)
	}
	req.Check = false
	if _, err := e.Run(context.Background(), req); err != nil {
		t.Errorf("%s: over empty tables: %.300v", g.File, err)
		return
	}
	a.ran++
}

// sameSchema compares columns in order; where the query's columns depend on data, the known ones must be
// there.
func sameSchema(g goldenRule, c *query.Compiled) bool {
	if len(g.Schema) == 1 && g.Schema[0].Name == "" {
		return len(c.Columns) == 1
	}
	same := len(g.Schema) == len(c.Columns)
	for i, w := range g.Schema {
		if same && (c.Columns[i].Name != w.Name || w.Type != "unknown" && w.Type != c.Columns[i].Type.String()) {
			same = false
		}
	}
	if same || !g.SchemaOpen {
		return same
	}
	for _, w := range g.Schema {
		if w.Type != "unknown" && c.Columns.Index(w.Name) < 0 {
			return false
		}
	}
	return true
}

func sameNames(a, b []string) bool {
	in := map[string]int{}
	for _, x := range a {
		in[x] |= 1
	}
	for _, x := range b {
		in[x] |= 2
	}
	for _, m := range in {
		if m != 3 {
			return false
		}
	}
	return true
}

// workspaces are engines with the built-in tables and the parsers of the corpus, for Sentinel and Defender.
func workspaces(t testing.TB) (plain, xdr *query.Engine) {
	t.Helper()
	dir := corpus.Path(t, "corpus", "sentinel")
	functions, _, err := catalog.LoadFunctions(dir) // its problems are the corpus's: names that are there twice
	if err != nil {
		t.Fatal(err)
	}
	engine := func(cat *catalog.Catalog) *query.Engine {
		for _, f := range functions {
			if err := cat.AddFunction(f); err != nil {
				t.Logf("%s: %v", f.Name, err)
			}
		}
		e := query.New(cat, store(t))
		e.EmptyExternal = true
		return e
	}
	return engine(catalog.Builtin()), engine(catalog.Builtin(catalog.WithXDR()))
}

// counts are what the tests have counted, for the ratchet.
var counts = counter{n: map[string]int{}}

type counter struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counter) set(name string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[name] = n
}

// all is a copy of the counts.
func (c *counter) all() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.n)
}
