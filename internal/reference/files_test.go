package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/funcs"
)

// TestCommitted demands that docs/reference is what the command writes.
func TestCommitted(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "reference")
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%v: run go run ./internal/reference", err)
			continue
		}
		if string(got) != want {
			t.Errorf("docs/reference/%s is out of date: run go run ./internal/reference", name)
		}
	}
	have, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range have {
		if _, ok := files[f.Name()]; !ok {
			t.Errorf("docs/reference/%s is written by nobody", f.Name())
		}
	}
}

// TestEveryFunctionHasAPlace follows the links of the index to the functions.
func TestEveryFunctionHasAPlace(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range funcs.All().Funcs() {
		if f.Hidden {
			continue
		}
		link := f.Family + ".md#" + anchor(f)
		if !strings.Contains(files["index.md"], "("+link+")") {
			t.Errorf("the index has no link to %s", f.Name)
		}
		if strings.Count(files[f.Family+".md"], `<a id="`+anchor(f)+`"></a>`) != 1 {
			t.Errorf("%s has no place, or two, on %s.md", f.Name, f.Family)
		}
		if title(f.Family) == f.Family {
			t.Errorf("the family %s has no title", f.Family)
		}
	}
}

func TestCode(t *testing.T) {
	for in, want := range map[string]string{"a": "`a`", "a`b": "`` a`b ``", "": "``"} {
		if got := code(in); got != want {
			t.Errorf("code(%q) = %s, want %s", in, got, want)
		}
	}
}
