package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/geo/mmdb"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
)

func (a *app) testCommand() *cobra.Command {
	var parsers []string
	var geoIP string
	var out outputFlag
	var schema schemaFlag
	var timeout time.Duration
	var verbose bool
	cmd := &cobra.Command{
		Use:   "test PATH...",
		Short: "Run the tests that stand beside rules",
		Long: `test runs the tests of the rules below the paths. The tests of Rule.yaml stand beside it in Rule.test.yaml: rows
of tables in, alerts or none out. Each test runs the rule's query over a fresh engine that holds its rows only,
with the rule's own window before the test's time, and compares rows, alerts, entities and details.

` + exitCodes + `
A failed test is something found.`,
		Example: `  vedette test content/
  vedette test Detections/ --parsers Parsers/ --verbose`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.test(cmd.Context(), args, schema.catalog(), parsers, geoIP, &out, timeout, verbose)
		},
	}
	cmd.Flags().StringArrayVar(&parsers, "parsers", nil, "folder of parser files, loaded as stored functions")
	cmd.Flags().StringVar(&geoIP, "geoip", "", geoIPUsage)
	schema.add(cmd)
	cmd.Flags().DurationVar(&timeout, "timeout", time.Minute, "time that the query of one test may take")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "name the tests that pass too, and every parser that was left out")
	out.add(cmd, "text", "json")
	return cmd
}

// testedFile is a file of tests and their results.
type testedFile struct {
	file    *source.File // of the tests
	rule    *rule.Rule
	tests   []rule.Test
	results []alert.TestResult
	faults  *source.Diagnostics // of the rule or the tests: nothing was run
	took    time.Duration
}

func (t *testedFile) failed() (n int) {
	for _, r := range t.results {
		if r.Err != nil || len(r.Failures) > 0 {
			n++
		}
	}
	return n
}

func (a *app) test(ctx context.Context, paths []string, cat *catalog.Catalog, parsers []string, geoIP string, out *outputFlag, timeout time.Duration, verbose bool) error {
	files, err := testFiles(paths)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no tests below %s: the tests of Rule.yaml stand in Rule.test.yaml beside it", strings.Join(paths, ", "))
	}
	var locations *mmdb.Reader
	if geoIP != "" {
		if locations, err = mmdb.Open(geoIP); err != nil {
			return err
		}
	}
	problems, err := session.AddParsers(cat, parsers)
	if err != nil {
		return err
	}
	a.reportParsers(problems, verbose)
	all, err := a.runTests(ctx, cat, files, session.Limits{Timeout: timeout}, locations)
	if err != nil {
		return err
	}
	return a.reportTests(all, out.value, verbose)
}

// testFiles lists the files of tests below the paths; a rule named by a path stands for its tests.
func testFiles(paths []string) ([]string, error) {
	files, err := session.Files(paths, func(name string) bool { return session.IsYAML(name) && session.IsTests(name) })
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		if !session.IsTests(f) {
			files[i] = strings.TrimSuffix(f, filepath.Ext(f)) + session.TestSuffix
			if _, err := os.Stat(files[i]); err != nil {
				return nil, fmt.Errorf("%s has no tests: %w", f, err)
			}
		}
	}
	return files, nil
}

func (a *app) runTests(ctx context.Context, cat *catalog.Catalog, files []string, limits session.Limits, locations *mmdb.Reader) ([]*testedFile, error) {
	all, errs := make([]*testedFile, len(files)), make([]error, len(files))
	p := a.progress()
	defer p.done()
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				all[i], errs[i] = runTestFile(ctx, cat, files[i], limits, locations)
			}
		})
	}
	for i, f := range files {
		p.show("%d of %d files of tests: %s", i+1, len(files), f)
		next <- i
	}
	close(next)
	wg.Wait()
	return all, errors.Join(append(errs, ctx.Err())...)
}

func runTestFile(ctx context.Context, cat *catalog.Catalog, name string, limits session.Limits, locations *mmdb.Reader) (*testedFile, error) {
	start := time.Now()
	file, err := session.ReadFile(name)
	if err != nil {
		return nil, err
	}
	t := &testedFile{file: file}
	ruleFile, err := ruleOf(name)
	if err != nil {
		return nil, err
	}
	var list []source.Diagnostic
	if t.rule, list = rule.Load(ruleFile); t.rule == nil || (&source.Diagnostics{File: ruleFile, List: list}).HasErrors() {
		t.faults = onlyErrors(&source.Diagnostics{File: ruleFile, List: list})
		return t, nil
	}
	t.tests, list = rule.LoadTests(file)
	if ds := onlyErrors(&source.Diagnostics{File: file, List: list}); len(ds.List) > 0 {
		t.faults = ds
		return t, nil
	}
	query := session.TestQuery(cat, filepath.Dir(name), limits, locations)
	for _, test := range t.tests {
		if ctx.Err() != nil {
			return t, nil
		}
		t.results = append(t.results, alert.RunTest(ctx, t.rule, test, query))
	}
	t.took = time.Since(start)
	return t, nil
}

// ruleOf reads the rule that a file of tests stands beside.
func ruleOf(tests string) (*source.File, error) {
	stem := tests[:len(tests)-len(session.TestSuffix)]
	if !strings.HasSuffix(strings.ToLower(tests), session.TestSuffix) { // .test.yml
		stem = tests[:len(tests)-len(".test.yml")]
	}
	for _, ext := range []string{".yaml", ".yml"} {
		f, err := session.ReadFile(stem + ext)
		if err == nil || !errors.Is(err, os.ErrNotExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("%s: there is no rule %s.yaml beside it", tests, filepath.Base(stem))
}

func (a *app) reportTests(all []*testedFile, form string, verbose bool) error {
	var passed, failed, broken int64
	for _, t := range all {
		n := int64(t.failed())
		failed, passed = failed+n, passed+int64(len(t.results))-n
		if t.faults != nil {
			broken++
		}
	}
	if form == "json" {
		if err := a.writeTestsJSON(all); err != nil {
			return err
		}
	} else {
		for _, t := range all {
			a.writeTests(t, verbose)
		}
		fmt.Fprintf(a.out, "%s of %s: %d passed, %d failed", plural(passed+failed, "test"), plural(int64(len(all)), "rule"), passed, failed)
		if broken > 0 {
			fmt.Fprintf(a.out, "; %s could not be read", plural(broken, "file"))
		}
		fmt.Fprintln(a.out)
	}
	if failed+broken > 0 {
		return errFound
	}
	return nil
}

func (a *app) writeTests(t *testedFile, verbose bool) {
	st := a.term.style
	if t.faults != nil {
		fmt.Fprintf(a.out, "%s  %s\n%s\n", st.red("FAIL"), t.file.Name, indent(renderAll(st, t.faults), "      "))
		return
	}
	word := st.green("ok  ")
	if t.failed() > 0 {
		word = st.red("FAIL")
	}
	fmt.Fprintf(a.out, "%s  %s  %s\n", word, printable(t.rule.Name), st.dim(fmt.Sprintf("%s, %s, %s", t.file.Name, plural(int64(len(t.results)), "test"), seconds(t.took))))
	for i, r := range t.results {
		if r.Err == nil && len(r.Failures) == 0 {
			if verbose {
				fmt.Fprintf(a.out, "      %s %s\n", st.green("ok"), r.Name)
			}
			continue
		}
		fmt.Fprintf(a.out, "      %s %s\n", st.red("--- FAIL"), r.Name)
		if r.Err != nil {
			a.writeTestError(t, i, r.Err)
			continue
		}
		for _, f := range r.Failures {
			ds := &source.Diagnostics{File: t.file}
			d := source.Diagnostic{Severity: source.Error, Span: f.Span, Msg: f.Msg}
			fmt.Fprintln(a.out, indent(paintDiagnostic(st, ds.Render(d), "error"), "          "))
		}
		if len(r.Rows.Rows) > 0 {
			fmt.Fprintf(a.out, "          the query returned %s:\n", plural(int64(len(r.Rows.Rows)), "row"))
			for i, row := range r.Rows.Rows[:min(len(r.Rows.Rows), maxCardRows)] {
				var b strings.Builder
				writeRow(&b, r.Rows.Schema, row, 0, st)
				fmt.Fprintln(a.out, indent(fmt.Sprintf("row %d", i+1), "          "))
				fmt.Fprintln(a.out, indent(strings.TrimRight(b.String(), "\n"), "            "))
			}
		} else {
			fmt.Fprintln(a.out, "          the query returned no rows")
		}
	}
}

func (a *app) writeTestError(t *testedFile, i int, err error) {
	var ds *source.Diagnostics
	if errors.As(err, &ds) {
		fmt.Fprintln(a.out, indent(renderAll(a.term.style, onlyErrors(ds)), "          "))
		return
	}
	if inner := errors.Unwrap(err); inner != nil {
		err = inner // without the test's name, which stands above
	}
	at := &source.Diagnostics{File: t.file}
	d := source.Diagnostic{Severity: source.Error, Span: t.tests[i].Span, Msg: err.Error()}
	fmt.Fprintln(a.out, indent(at.Render(d), "          "))
}

// testJSON is a test in JSON output.
type testJSON struct {
	File     string        `json:"file"`
	Rule     string        `json:"rule,omitempty"`
	Test     string        `json:"test,omitempty"`
	State    string        `json:"state"` // passed, failed, broken
	Rows     int           `json:"rows"`
	Alerts   int           `json:"alerts"`
	Error    string        `json:"error,omitempty"`
	Failures []findingJSON `json:"failures,omitempty"`
}

func (a *app) writeTestsJSON(all []*testedFile) error {
	out := []testJSON{}
	for _, t := range all {
		if t.faults != nil {
			out = append(out, testJSON{File: t.file.Name, State: stateBroken, Failures: findingsOf(t.faults)})
			continue
		}
		for _, r := range t.results {
			j := testJSON{File: t.file.Name, Rule: t.rule.Name, Test: r.Name, State: "passed", Rows: len(r.Rows.Rows), Alerts: len(r.Alerts)}
			ds := &source.Diagnostics{File: t.file}
			for _, f := range r.Failures {
				ds.Add(source.Diagnostic{Severity: source.Error, Span: f.Span, Msg: f.Msg})
			}
			if r.Err != nil {
				j.Error = firstLine(r.Err.Error())
				var faults *source.Diagnostics
				if errors.As(r.Err, &faults) {
					ds = onlyErrors(faults)
				}
			}
			if j.Failures = findingsOf(ds); r.Err != nil || len(r.Failures) > 0 {
				j.State = "failed"
			}
			out = append(out, j)
		}
	}
	return a.writeDocument(out)
}
