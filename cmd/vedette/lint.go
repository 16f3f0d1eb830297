package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
)

func (a *app) lintCommand() *cobra.Command {
	var parsers []string
	var out outputFlag
	var schema schemaFlag
	var strict, quiet bool
	cmd := &cobra.Command{
		Use:   "lint PATH...",
		Short: "Compile every rule, hunting query, parser and query, and report what is wrong",
		Long: `lint compiles every rule, hunting query and parser (YAML), every .kql file and every file of rule tests below
the paths, without data, against the tables of Log Analytics, or with --schema xdr those of Defender's advanced
hunting. Parsers found there or given by --parsers are loaded
as stored functions first. YAML files that hold none of these are passed over.

` + exitCodes + `
An error is something found; with --strict a warning is too.`,
		Example: `  vedette lint Solutions/
  vedette lint Detections/ --parsers Parsers/ --output json
  vedette lint . --output github     annotations in a GitHub workflow`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.lint(cmd.Context(), args, schema.catalog(), parsers, &out, strict, quiet)
		},
	}
	cmd.Flags().StringArrayVar(&parsers, "parsers", nil, "folder of parser files, loaded but not reported on")
	schema.add(cmd)
	cmd.Flags().BoolVar(&strict, "strict", false, "let warnings fail too")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "report errors only")
	out.add(cmd, "text", "json", "csv", "github")
	return cmd
}

// findingJSON is a diagnostic in JSON output.
type findingJSON struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
	Severity  string `json:"severity"`
	Code      string `json:"code,omitempty"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
}

func findingsOf(ds *source.Diagnostics) []findingJSON {
	var out []findingJSON
	for _, d := range ds.List {
		p, q := ds.File.Position(d.Span.Start), ds.File.Position(d.Span.End)
		out = append(out, findingJSON{ds.File.Name, p.Line, p.Column, q.Line, q.Column, d.Severity.String(), d.Code, d.Msg, d.Hint})
	}
	return out
}

func (a *app) lint(ctx context.Context, paths []string, cat *catalog.Catalog, parsers []string, out *outputFlag, strict, quiet bool) error {
	files, err := session.Files(paths, session.IsContent)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no rule, parser or query below %s", strings.Join(paths, ", "))
	}
	checker, err := session.NewChecker(cat, parsers, files, time.Now())
	if err != nil {
		return err
	}
	results, err := a.checkAll(ctx, checker, files)
	if err != nil {
		return err
	}
	count := map[source.Severity]int64{}
	kinds := map[session.FileKind]int64{}
	var shown []session.Finding
	for _, r := range results {
		kinds[r.Kind]++
		for _, d := range r.Diagnostics {
			count[d.Severity]++
			if !quiet || d.Severity == source.Error {
				shown = append(shown, d)
			}
		}
	}
	if err := a.writeFindings(out.value, shown); err != nil {
		return err
	}
	if out.value == "text" {
		fmt.Fprintf(a.out, "%s: %s, %s\n", kindsText(kinds), plural(count[source.Error], "error"), plural(count[source.Warning], "warning"))
	}
	if count[source.Error] > 0 || strict && count[source.Warning] > 0 {
		return errFound
	}
	return nil
}

func (a *app) checkAll(ctx context.Context, checker *session.Checker, files []string) ([]session.Checked, error) {
	results, errs := make([]session.Checked, len(files)), make([]error, len(files))
	p := a.progress()
	defer p.done()
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				results[i], errs[i] = checker.Check(ctx, files[i])
			}
		})
	}
	for i := range files {
		if ctx.Err() != nil {
			break
		}
		p.show("%d of %d files", i, len(files))
		next <- i
	}
	close(next)
	wg.Wait()
	return results, errors.Join(append(errs, ctx.Err())...)
}

func kindsText(kinds map[session.FileKind]int64) string {
	var parts []string
	for _, k := range []struct {
		kind session.FileKind
		one  string
	}{{session.RuleFile, "rule"}, {session.HuntFile, "hunting query"}, {session.ParserFile, "parser"}, {session.QueryFile, "query"}, {session.TestsFile, "test file"}} {
		if n := kinds[k.kind]; n > 0 {
			parts = append(parts, plural(n, k.one))
		}
	}
	if n := kinds[session.OtherFile]; n > 0 {
		parts = append(parts, plural(n, "file")+" passed over")
	}
	return strings.Join(parts, ", ")
}

func (a *app) writeFindings(form string, list []session.Finding) error {
	switch form {
	case "json":
		all := []findingJSON{}
		for _, f := range list {
			all = append(all, findingsOf(&source.Diagnostics{File: f.In.File, List: []source.Diagnostic{f.Diagnostic}})...)
		}
		return a.writeDocument(all)
	case "csv":
		w := csv.NewWriter(a.out)
		err := w.Write([]string{"file", "line", "column", "severity", "code", "message", "hint"})
		for _, f := range list {
			p, _ := f.Position()
			err = errors.Join(err, w.Write([]string{f.In.File.Name, strconv.Itoa(p.Line), strconv.Itoa(p.Column), f.Severity.String(), f.Code, f.Msg, f.Hint}))
		}
		w.Flush()
		return errors.Join(err, w.Error())
	case "github":
		for _, f := range list {
			p, q := f.Position()
			level := map[source.Severity]string{source.Error: "error", source.Warning: "warning"}[f.Severity]
			if level == "" {
				level = "notice"
			}
			msg := f.Msg
			if f.Hint != "" {
				msg += " (" + f.Hint + ")"
			}
			// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
			if _, err := fmt.Fprintf(a.out, "::%s file=%s,line=%d,col=%d,endLine=%d,endColumn=%d,title=%s::%s\n", level,
				annotation(f.In.File.Name, true), p.Line, p.Column, q.Line, q.Column, annotation(f.Code, true), annotation(msg, false)); err != nil {
				return err
			}
		}
		return nil
	}
	for _, f := range list {
		if _, err := fmt.Fprintln(a.out, paintDiagnostic(a.term.style, f.Render(), f.Severity.String())); err != nil {
			return err
		}
	}
	return nil
}

// annotation escapes text for a workflow command.
func annotation(s string, property bool) string {
	s = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
	if property {
		s = strings.NewReplacer(":", "%3A", ",", "%2C").Replace(s)
	}
	return s
}
