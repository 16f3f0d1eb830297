// Package layers holds the test of the house's plan: which room may import which, where drivers and cgo may be,
// and that every path ARCHITECTURE.md names exists. docs/ARCHITECTURE.md says the same in words.
package layers

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/vedette-siem/vedette/"
	root   = "../.."
)

// rooms is the plan: a package and the packages of this module that it may import. A package that is not listed
// is a fault, and so is a line whose package is gone.
var rooms = map[string][]string{
	// the language: text to plan to SQL
	"internal/source":            {},
	"internal/types":             {},
	"internal/geo":               {"internal/geo/h3"},
	"internal/geo/h3":            {},
	"internal/geo/mmdb":          {"internal/geo"},
	"internal/geo/mmdb/mmdbtest": {"internal/geo"},
	"internal/syntax":            {"internal/source"},
	"internal/funcs":             {"internal/types", "internal/geo", "internal/geo/h3"},
	"internal/catalog":           {"internal/source", "internal/types"},
	"internal/catalog/gen":       {"internal/catalog", "internal/types"},
	"internal/rel":               {"internal/funcs", "internal/types"},
	"internal/exec":              {"internal/rel", "internal/funcs", "internal/types"},
	"internal/bind":              {"internal/source", "internal/syntax", "internal/types", "internal/funcs", "internal/catalog", "internal/rel", "internal/exec"},
	"internal/rewrite":           {"internal/rel", "internal/funcs", "internal/types"},
	"internal/dialect/duckdb":    {"internal/rel", "internal/funcs", "internal/types"},

	// running it
	"internal/store":        {"internal/dialect/duckdb", "internal/catalog", "internal/rel", "internal/types"},
	"internal/store/duckdb": {"internal/store", "internal/dialect/duckdb", "internal/catalog", "internal/funcs", "internal/rel", "internal/types"},
	"internal/query": {"internal/bind", "internal/rewrite", "internal/dialect/duckdb", "internal/store", "internal/rel", "internal/funcs", "internal/syntax",
		"internal/catalog", "internal/source", "internal/types"},

	// which runs need not be made: plans and rules, no query engine and no clock
	"internal/proof": {"internal/rel", "internal/funcs", "internal/types", "internal/rule"},

	// rules and alerts: pure, no query engine and no clock
	"internal/entity": {"internal/types"},
	"internal/rule":   {"internal/entity", "internal/source", "internal/types"},
	"internal/alert":  {"internal/rule", "internal/entity", "internal/source", "internal/types"},
	"internal/sched":  {"internal/rule", "internal/alert", "internal/source", "internal/types"},
	// and so are incidents
	"internal/incident": {"internal/alert", "internal/entity", "internal/rule", "internal/types"},

	// what is kept and changes in place
	"internal/state":           {"internal/incident"},
	"internal/state/sqlite":    {"internal/state", "internal/incident", "internal/types"},
	"internal/state/statetest": {"internal/state", "internal/incident", "internal/alert", "internal/entity", "internal/types"},

	// what leaves the machine
	"internal/deliver": {"internal/state", "internal/incident", "internal/alert", "internal/entity"},

	// who may do what, and the HTTP APIs
	"internal/auth": {"internal/state"},
	"internal/desk": {"internal/deliver", "internal/state", "internal/incident", "internal/alert", "internal/entity", "internal/rule", "internal/types"},
	"internal/api/arm": {"internal/auth", "internal/desk", "internal/state", "internal/incident", "internal/alert", "internal/rule", "internal/entity", "internal/source",
		"internal/types"},

	// events: know no rule and no query language
	"internal/ingest": {"internal/catalog", "internal/types"},
	"internal/demo":   {"internal/types"},
	// into the server: bodies and files to rows, rows to the log
	"internal/eventlog":      {"internal/store", "internal/catalog", "internal/types"},
	"internal/dcr":           {"internal/query", "internal/exec", "internal/rel", "internal/funcs", "internal/syntax", "internal/catalog", "internal/source", "internal/ingest", "internal/types"},
	"internal/api/ingestion": {"internal/dcr", "internal/eventlog", "internal/ingest", "internal/catalog", "internal/types"},
	"internal/watch":         {"internal/eventlog", "internal/ingest", "internal/catalog", "internal/types"},

	// the server
	"internal/config":  {},
	"internal/service": nil,
	"internal/server":  nil,

	// the top: everything may be used, nothing below may use it
	"internal/conformance": nil,
	"internal/reference":   nil,
	"internal/session": {"internal/query", "internal/geo/mmdb", "internal/sched", "internal/store", "internal/store/duckdb", "internal/catalog", "internal/ingest", "internal/rule", "internal/alert",
		"internal/incident", "internal/syntax", "internal/source", "internal/types"},
	"content":     {},
	"cmd/vedette": nil,
	"bench":       nil,
	"bench/load":  {},
	// this package is its test only
	"internal/clients": {},
	"internal/corpus":  {},
	"internal/layers":  {},
}

// anything are the rooms at the top whose line is nil: they may import every room but each other's commands.
func anything(pkg string) bool { return rooms[pkg] == nil }

// drivers are the libraries that only some rooms may import, by the beginning of their path.
var drivers = map[string][]string{
	"github.com/duckdb/":      {"internal/store/duckdb"},
	"database/sql":            {"internal/store/duckdb", "internal/state/sqlite"},
	"modernc.org/":            {"internal/state/sqlite"},
	"github.com/parquet-go/":  {"internal/ingest"},
	"github.com/spf13/cobra":  {"cmd/vedette"},
	"github.com/peterh/liner": {"cmd/vedette"},
	"github.com/wneessen/":    {"internal/deliver"},
	"github.com/oschwald/":    {"internal/geo/mmdb"},
	"github.com/maxmind/":     {"internal/geo/mmdb/mmdbtest"},
}

// cgoFree are the rooms that a compiler test links: they must stay free of cgo, directly and through others, so
// that they test in milliseconds.
var cgoFree = []string{"internal/bind", "internal/dialect/duckdb", "internal/rel", "internal/rewrite", "internal/syntax", "internal/funcs",
	"internal/catalog", "internal/rule", "internal/alert", "internal/sched", "internal/incident", "internal/state", "internal/ingest", "internal/demo", "internal/proof"}

// imports returns what each package's files import, test files left out.
func imports(t *testing.T) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); p != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(p))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		if out[pkg] == nil {
			out[pkg] = map[string]string{}
		}
		if strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, im := range f.Imports {
			name, err := strconv.Unquote(im.Path.Value)
			if err != nil {
				return err
			}
			out[pkg][name] = filepath.Base(p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRooms(t *testing.T) {
	all := imports(t)
	for pkg, ims := range all {
		allowed, listed := rooms[pkg]
		if !listed {
			t.Errorf("%s is not in the plan: give it a line in rooms and in docs/ARCHITECTURE.md", pkg)
			continue
		}
		for im, file := range ims {
			target, ours := strings.CutPrefix(im, module)
			switch {
			case ours && strings.HasPrefix(target, "cmd/"):
				t.Errorf("%s/%s imports the command %s", pkg, file, target)
			case ours && !anything(pkg) && !slices.Contains(allowed, target):
				t.Errorf("%s/%s imports %s, which the plan does not allow: it may import %v", pkg, file, target, allowed)
			case im == "C":
				t.Errorf("%s/%s uses cgo: cgo belongs to the drivers", pkg, file)
			}
			for prefix, owners := range drivers {
				if !slices.Contains(owners, pkg) && (im == strings.TrimSuffix(prefix, "/") || strings.HasPrefix(im, strings.TrimSuffix(prefix, "/")+"/")) {
					t.Errorf("%s/%s imports %s: only %v may; use its interface", pkg, file, im, owners)
				}
			}
		}
	}
	for pkg := range rooms {
		if _, ok := all[pkg]; !ok {
			t.Errorf("the plan has a line for %s, which does not exist", pkg)
		}
	}
}

func TestPlanHasNoCircle(t *testing.T) {
	const (
		open = 1
		done = 2
	)
	state := map[string]int{}
	var visit func(pkg string, way []string)
	visit = func(pkg string, way []string) {
		switch state[pkg] {
		case open:
			t.Errorf("the plan goes in a circle: %s", strings.Join(append(way, pkg), " → "))
			return
		case done:
			return
		}
		state[pkg] = open
		for _, next := range rooms[pkg] {
			if _, ok := rooms[next]; !ok {
				t.Errorf("the plan lets %s import %s, which has no line", pkg, next)
			}
			visit(next, append(way, pkg))
		}
		state[pkg] = done
	}
	for pkg := range rooms {
		visit(pkg, nil)
	}
}

func TestCompilerReachesNoDriver(t *testing.T) {
	all := imports(t)
	for _, start := range cgoFree {
		from := map[string]string{start: ""}
		queue := []string{start}
		for len(queue) > 0 {
			pkg := queue[0]
			queue = queue[1:]
			for im := range all[pkg] {
				if strings.HasPrefix(im, "github.com/duckdb/") || im == "database/sql" || im == "C" {
					t.Errorf("%s reaches %s through %s", start, im, way(from, pkg))
				}
				if target, ours := strings.CutPrefix(im, module); ours {
					if _, seen := from[target]; !seen {
						from[target] = pkg
						queue = append(queue, target)
					}
				}
			}
		}
	}
}

func way(from map[string]string, pkg string) string {
	var out []string
	for ; pkg != ""; pkg = from[pkg] {
		out = append(out, pkg)
	}
	slices.Reverse(out)
	return strings.Join(out, " → ")
}

// TestClock keeps the wall clock out of everything but the commands: evaluation times are inputs. Measuring how
// long something took is no input, and the one place that does it is listed.
func TestClock(t *testing.T) {
	measures := []string{"internal/query/query.go"}
	call := regexp.MustCompile(`\btime\.(Now|Since|Until|After|Tick|NewTimer|NewTicker|Sleep)\(`)
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		if slices.Contains(measures, filepath.ToSlash(rel)) {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		for n, line := range strings.Split(string(text), "\n") {
			code, _, _ := strings.Cut(line, "//")
			if call.MatchString(code) {
				t.Errorf("%s:%d reads the clock: take the time as an argument", filepath.ToSlash(rel), n+1)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestArchitectureNamesWhatIs checks every path in backquotes of the project's pages.
func TestArchitectureNamesWhatIs(t *testing.T) {
	named := map[string]bool{}
	for _, page := range []string{"docs/ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"} {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`((?:cmd|internal|content|docs|bench)(?:/[^` ]*)?)`").FindAllStringSubmatch(string(text), -1) {
			name := path.Clean(m[1])
			named[name] = true
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil {
				t.Errorf("%s names `%s`, which does not exist", page, m[1])
			}
		}
	}
	var missing []string
	for pkg := range rooms {
		if !named[pkg] && pkg != "internal/layers" {
			missing = append(missing, pkg)
		}
	}
	sort.Strings(missing)
	for _, pkg := range missing {
		t.Errorf("docs/ARCHITECTURE.md does not mention `%s`", pkg)
	}
}
