package syntax

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/source"
)

// corpusQuery is a text of the corpus and whether Microsoft's parser finds syntax errors in it.
type corpusQuery struct {
	id, text string
	bad      bool
}

// jsonLines decodes each line of a file into a new T and hands it on.
func jsonLines[T any](tb testing.TB, path string, each func(T)) {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 64<<20)
	for sc.Scan() {
		var v T
		if err := json.Unmarshal(sc.Bytes(), &v); err != nil {
			tb.Fatalf("%s: %v", path, err)
		}
		each(v)
	}
	if err := sc.Err(); err != nil {
		tb.Fatal(err)
	}
}

// corpora reads every corpus of queries.
func corpora(tb testing.TB) map[string][]corpusQuery {
	dir := corpus.Path(tb, "corpus")
	out := map[string][]corpusQuery{}
	for _, name := range []string{"sentinel", "entra-2026"} {
		type golden struct {
			File       string
			ErrorClass string `json:"error_class"`
		}
		jsonLines(tb, filepath.Join(dir, name, "golden.jsonl"), func(g golden) {
			data, err := os.ReadFile(filepath.Join(dir, name, g.File))
			if err != nil {
				tb.Fatal(err)
			}
			var rule struct{ Query string }
			if err := yaml.Unmarshal(data, &rule); err != nil {
				tb.Fatalf("%s: %v", g.File, err)
			}
			text := strings.ReplaceAll(rule.Query, "\r\n", "\n")
			out[name+" rules"] = append(out[name+" rules"], corpusQuery{g.File, text, g.ErrorClass == "syntax"})
		})
	}
	type function struct {
		Name, Body   string
		SyntaxErrors []any `json:"syntax_errors"`
	}
	bad := map[string]bool{}
	jsonLines(tb, filepath.Join(dir, "sentinel", "functions-golden.jsonl"), func(f function) { bad[f.Name] = len(f.SyntaxErrors) > 0 })
	jsonLines(tb, filepath.Join(dir, "sentinel", "functions.jsonl"), func(f function) {
		out["functions"] = append(out["functions"], corpusQuery{f.Name, f.Body, bad[f.Name]})
	})
	type community struct {
		ID, Query    string
		SyntaxErrors []any `json:"syntax_errors"`
	}
	jsonLines(tb, filepath.Join(dir, "community", "queries.jsonl"), func(q community) {
		out["community"] = append(out["community"], corpusQuery{q.ID, q.Query, len(q.SyntaxErrors) > 0})
	})
	type page struct {
		ID, Query   string
		ParseErrors []any `json:"parse_errors"`
	}
	jsonLines(tb, filepath.Join(dir, "kql-docs", "cases.jsonl"), func(q page) {
		if !strings.HasPrefix(strings.TrimSpace(q.Query), ".") { // management commands are refused
			out["kql-docs"] = append(out["kql-docs"], corpusQuery{q.ID, q.Query, len(q.ParseErrors) > 0})
		}
	})
	return out
}

// TestCorpusAgreement demands that Microsoft's parser and this one agree on which queries have syntax errors.
func TestCorpusAgreement(t *testing.T) {
	const least = 0.995
	for name, queries := range corpora(t) {
		agree := 0
		for _, q := range queries {
			_, diags := Parse(source.NewFile(q.id, q.text))
			if len(diags) > 0 == q.bad {
				agree++
				continue
			}
			ds := source.Diagnostics{File: source.NewFile(q.id, q.text), List: diags}
			t.Logf("%s: %s: Microsoft finds errors: %v\n%s", name, q.id, q.bad, ds.Error())
		}
		share := float64(agree) / float64(len(queries))
		t.Logf("%s: %d of %d agree (%.2f%%)", name, agree, len(queries), 100*share)
		if share < least {
			t.Errorf("%s: only %.2f%% agree", name, 100*share)
		}
	}
}

// TestCorpusPrint demands that every well-formed query of the corpus prints to a text that parses and prints the
// same, in both styles.
func TestCorpusPrint(t *testing.T) {
	for name, queries := range corpora(t) {
		for _, q := range queries {
			tree, diags := Parse(source.NewFile(q.id, q.text))
			if len(diags) == 0 {
				checkPrint(t, name+" "+q.id, tree)
			}
		}
	}
}

// TestCorpusParams parses the parameter list of every stored function.
func TestCorpusParams(t *testing.T) {
	type function struct{ Name, Params string }
	jsonLines(t, filepath.Join(corpus.Path(t, "corpus"), "sentinel", "functions.jsonl"), func(f function) {
		params, diags := ParseParams(f.Params)
		if len(diags) > 0 {
			t.Errorf("%s: %s: %v", f.Name, f.Params, diags)
		}
		if (f.Params == "") != (len(params) == 0) {
			t.Errorf("%s: %d parameters in %q", f.Name, len(params), f.Params)
		}
	})
}

// checkPrint demands that the tree of a well-formed query prints to a fixed point.
func checkPrint(t *testing.T, name string, tree *Query) {
	t.Helper()
	for _, style := range []Style{Compact, Pretty} {
		once := Print(tree, style)
		again, diags := Parse(source.NewFile("", once))
		if len(diags) > 0 {
			t.Errorf("%s: printed text has errors: %v\n%s", name, diags, once)
			return
		}
		if twice := Print(again, style); twice != once {
			t.Errorf("%s: printed\n%s\nthen\n%s", name, once, twice)
			return
		}
	}
	// the two styles differ in blanks only
	pretty, _ := Parse(source.NewFile("", Print(tree, Pretty)))
	if a, b := Print(tree, Compact), Print(pretty, Compact); a != b {
		t.Errorf("%s: compact\n%s\nafter pretty\n%s", name, a, b)
	}
}
