package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store"
)

func (a *app) queryCommand() *cobra.Command {
	var f dataFlags
	var out outputFlag
	var file string
	var batchMode bool
	cmd := &cobra.Command{
		Use:   "query [KQL | -f FILE] [--data DIR]",
		Short: "Run one query, or ask queries at a prompt",
		Long: `query runs a KQL query over data and prints its rows. Without a query it reads one from stdin, or opens a prompt
where stdin is a terminal. Without --data the tables of Log Analytics are there and empty; without --external too
externaldata is empty, with a warning. Otherwise what --external does not allow is refused.

A query with several statements, fork, facet and the like gives several results. They are printed one after another,
each behind its name; as JSON {"results": [{"name": ..., "rows": [...]}, ...]} instead of the rows of one result, as
CSV with an empty line between them.

With --batch it answers JSON lines on stdin, {"id": ..., "query": "..."} each, by JSON lines on stdout:
{"id", "columns", "rows"} or {"id", "error": {"code", "message", "line", "column"}}. "check": true compiles only.
Results behind the first are in "more", each {"name", "columns", "rows"}.

` + exitCodes + ` Rows are no finding.`,
		Example: `  vedette query 'SigninLogs | summarize count() by ResultType' --data exports/
  vedette query -f hunt.kql --data exports/ --at 2026-11-20T00:00:00Z --output csv
  vedette query --data exports/       a prompt
  vedette query 'print now(), 1 + 1'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 0 && file != "" || batchMode && len(args)+len(file) > 0:
				return errors.New("expected one of a query, --file and --batch")
			}
			f.opts.EmptyExternal = f.opts.EmptyExternal || len(f.opts.Data)+len(f.opts.External) == 0
			f.quiet = f.quiet || batchMode
			text := source.NewFile("", strings.Join(args, ""))
			if file != "" {
				var err error
				if text, err = session.ReadFile(file); err != nil {
					return err
				}
			}
			s, err := a.open(cmd.Context(), &f)
			if err != nil {
				return err
			}
			q, err := a.newAsker(s, &f, &out)
			switch {
			case err != nil:
				return err
			case batchMode:
				return batch(cmd.Context(), s.Engine, q.limits(), a.in, a.out)
			case len(args) > 0 || file != "":
				return q.ask(cmd.Context(), text)
			case a.term.inTTY:
				return a.prompt(cmd.Context(), q)
			}
			stdin, err := io.ReadAll(a.in)
			if err != nil {
				return err
			}
			return q.ask(cmd.Context(), source.NewFile("", string(stdin)))
		},
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.StringVarP(&file, "file", "f", "", "file that holds the query")
	fl.IntVar(&f.maxRows, "max-rows", 0, "rows that a result may have (default 100,000; batch 1,000,000)")
	fl.BoolVar(&batchMode, "batch", false, "answer JSON lines")
	out.add(cmd, "table", "json", "csv")
	return cmd
}

// defaultMaxRows bounds a result that a person asks for.
const defaultMaxRows = 100_000

// asker runs queries one by one.
type asker struct {
	app  *app
	s    *session.Session
	f    *dataFlags
	at   time.Time
	how  string
	form *outputFlag
}

func (a *app) newAsker(s *session.Session, f *dataFlags, out *outputFlag) (*asker, error) {
	q := &asker{app: a, s: s, f: f, form: out}
	var err error
	q.at, q.how, err = f.evaluationTime(s, time.Now().UTC())
	return q, err
}

func (q *asker) limits() query.Request {
	return query.Request{Now: q.at, Timeout: q.f.timeout, MaxRows: q.f.maxRows}
}

// ask runs a query and prints its rows. Rows beyond the limit are left out with an error.
func (q *asker) ask(ctx context.Context, text *source.File) error {
	if strings.TrimSpace(text.Text) == "" {
		return errors.New("the query is empty")
	}
	req := q.limits()
	req.File = text
	if req.MaxRows == 0 {
		req.MaxRows = defaultMaxRows
	}
	p := q.app.progress()
	stop := make(chan struct{})
	go func() {
		start := time.Now()
		for {
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Millisecond):
				p.show("running for %s", seconds(time.Since(start)))
			}
		}
	}()
	res, err := q.s.Engine.Run(ctx, req)
	close(stop)
	p.done()
	if res != nil && res.Compiled != nil {
		for _, d := range res.Compiled.Warnings.List {
			fmt.Fprintln(q.app.err, paintDiagnostic(q.app.term.errStyle, res.Compiled.Warnings.Render(d), d.Severity.String()))
		}
	}
	if err != nil && !(errors.Is(err, store.ErrRows) && res != nil) {
		return err
	}
	if werr := q.app.writeResults(q.form.value, res.Outputs()); werr != nil {
		return werr
	}
	if err != nil {
		return fmt.Errorf("%w; --max-rows sets another limit", err)
	}
	return nil
}

// historyFile is where the prompt keeps its history; empty where there is no place for it.
func historyFile() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return dir + string(os.PathSeparator) + "vedette" + string(os.PathSeparator) + "history"
}
