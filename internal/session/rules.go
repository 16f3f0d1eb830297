package session

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// Run is one evaluation of a rule.
type Run struct {
	Rule     *rule.Rule
	Window   alert.Window
	Rows     types.Table
	Alerts   []alert.Alert
	Warnings source.Diagnostics
	// Tables are the stored tables that the query read, with the rows that each has in the window; filled
	// where the rule did not fire, because then they tell why.
	Tables  []TableInWindow
	Elapsed time.Duration
}

// TableInWindow is how many rows of a table lie in a window.
type TableInWindow struct {
	Table  string
	Loaded int64 // in all
	Rows   int64 // in the window
}

// Limits bound the queries of a run; zero members bound nothing.
type Limits struct {
	Timeout time.Duration
	MaxRows int
}

// Evaluate runs a rule at a time, as the scheduler does: its period bounds every table, now() is the time, and
// the alerts follow from the rows.
func (s *Session) Evaluate(ctx context.Context, r *rule.Rule, at time.Time, limits Limits) (*Run, error) {
	run, res, err := s.evaluate(ctx, s.request(r, at, limits, nil), r, at)
	if err != nil {
		return run, err
	}
	req := s.request(r, at, limits, nil)
	if len(run.Alerts) > 0 || r.Kind == rule.Hunting && len(run.Rows.Rows) > 0 {
		return run, nil
	}
	for _, t := range res.Compiled.Bound.Tables {
		n := TableInWindow{Table: t, Loaded: s.Rows(t)}
		if n.Loaded > 0 {
			req.File = source.NewFile("", "['"+t+"'] | count")
			count, err := s.Engine.Run(ctx, req)
			if err != nil {
				return run, fmt.Errorf("count %s: %w", t, err)
			}
			n.Rows = count.Rows[0][0].Int64()
		}
		run.Tables = append(run.Tables, n)
	}
	return run, nil
}

// request is the query of a rule at a time; set replaces values of its let statements.
func (s *Session) request(r *rule.Rule, at time.Time, limits Limits, set map[string]types.Value) query.Request {
	w := windowOf(r, at)
	return query.Request{File: r.QueryFile, Now: at, From: w.From, To: w.To, Timeout: limits.Timeout, MaxRows: limits.MaxRows, Set: set, Single: true}
}

// evaluate runs a rule's query and makes alerts of its rows.
func (s *Session) evaluate(ctx context.Context, req query.Request, r *rule.Rule, at time.Time) (*Run, *query.Result, error) {
	run := &Run{Rule: r, Window: windowOf(r, at)}
	res, err := s.Engine.Run(ctx, req)
	if err != nil {
		return run, nil, err
	}
	run.Rows, run.Warnings, run.Elapsed = res.Table, res.Compiled.Warnings, res.Elapsed
	if r.Kind != rule.Hunting {
		run.Alerts = alert.Evaluate(r, run.Rows, run.Window, nil)
	}
	return run, res, nil
}

// windowOf is the window that a run of a rule looks at; the one of its tests, so that both are the same.
func windowOf(r *rule.Rule, at time.Time) alert.Window {
	return alert.TestWindow(r, rule.Test{At: at})
}

// TestSuffix ends the name of the file with a rule's tests; the rule's file has .yaml in its place.
const TestSuffix = ".test.yaml"

// Files lists the files under the paths for which want says yes to the lower-cased name, in order and each
// once. A path that is a file is listed whatever its name.
func Files(paths []string, want func(name string) bool) ([]string, error) {
	seen := map[string]bool{}
	var out []string
	add := func(p string) {
		if !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			add(filepath.Clean(p))
			continue
		}
		var below []string
		err = filepath.WalkDir(p, func(f string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && f != p && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			if !d.IsDir() && want(strings.ToLower(d.Name())) {
				below = append(below, f)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		sort.Strings(below)
		for _, f := range below {
			add(f)
		}
	}
	return out, nil
}

// IsYAML tells whether a file's name says YAML.
func IsYAML(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// IsTemplate tells whether a file's name is one that deployment templates have.
func IsTemplate(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".json") }

// IsTests tells whether a file's name says that it holds a rule's tests.
func IsTests(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".test.yaml") || strings.HasSuffix(name, ".test.yml")
}

// ReadFile reads a text that the user edits; its name in diagnostics has slashes.
func ReadFile(name string) (*source.File, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return source.NewFile(filepath.ToSlash(name), string(text)), nil
}

// RuleFileRead is a rule file; Rule is nil or must not be run where Faults has an error.
type RuleFileRead struct {
	Rule   *rule.Rule
	Faults source.Diagnostics
}

// ReadRules reads the rules and hunting queries below the paths, from YAML files and from deployment templates, which may
// hold several. Files in folders that hold none are passed over; a path that names a file must be a rule. The error is
// for what cannot be read at all.
func ReadRules(paths []string) ([]RuleFileRead, error) {
	files, err := Files(paths, func(name string) bool { return IsYAML(name) && !IsTests(name) || IsTemplate(name) })
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, p := range paths {
		named[filepath.Clean(p)] = true
	}
	var out []RuleFileRead
	for _, name := range files {
		file, err := ReadFile(name)
		if err != nil {
			return nil, err
		}
		if IsTemplate(name) {
			if named[name] || rule.IsTemplate(file.Text) {
				for _, l := range rule.LoadTemplate(file) {
					out = append(out, RuleFileRead{Rule: l.Rule, Faults: source.Diagnostics{File: file, List: l.Faults}})
				}
			}
			continue
		}
		if !named[name] && kindOfYAML(file.Text) != RuleFile {
			continue
		}
		r := RuleFileRead{Faults: source.Diagnostics{File: file}}
		r.Rule, r.Faults.List = rule.Load(file)
		out = append(out, r)
	}
	return out, nil
}
