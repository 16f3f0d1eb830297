package session

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadRulesOfTemplates(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	rule := func(name, kind string) string {
		return `{"type": "Microsoft.SecurityInsights/alertRules", "name": "` + name + `", "kind": "` + kind + `", "properties": {"displayName": "` + name + `", "severity": "Low", "query": "T"}}`
	}
	write("a.yaml", "id: 9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11\nkind: NRT\nname: a\nseverity: Low\nquery: T")
	write("b.json", `{"resources": [`+rule("b1", "NRT")+`, `+rule("b2", "Fusion")+`, `+rule("b3", "NRT")+`]}`)
	data := write("data.json", `[{"name": "no rule"}]`)
	for _, c := range []struct{ path, want string }{{dir, "a b1 ! b3"}, {filepath.Join(dir, "b.json"), "b1 ! b3"}, {data, "!"}} {
		list, err := ReadRules([]string{c.path})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range list {
			if r.Faults.HasErrors() {
				got = append(got, "!")
			} else {
				got = append(got, r.Rule.Name)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, expected %s", c.path, s, c.want)
		}
	}
}
