package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOperatorPage runs the examples of the reference's page of tabular operators: those that it does not
// say are refused.
func TestOperatorPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "tabular-operators.md"))
	if err != nil {
		t.Fatal(err)
	}
	e := emptyWorkspace(t)
	ran := 0
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		name, _, _ := strings.Cut(section, "\n")
		_, rest, ok := strings.Cut(section, "```kusto\n")
		if !ok {
			t.Errorf("%s: no example", name)
			continue
		}
		query, after, _ := strings.Cut(rest, "\n```")
		_, err := run(e, query)
		switch refused := strings.Contains(after, "**Refused:**"); {
		case refused && code(err) == "":
			t.Errorf("%s: the page says it is refused, but: %v", name, err)
		case !refused && err != nil:
			t.Errorf("%s: %v", name, err)
		case !refused:
			ran++
		}
	}
	if ran == 0 {
		t.Error("no example was run")
	}
}
