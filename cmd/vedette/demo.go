package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/vedette-siem/vedette/content"
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/demo"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

func (a *app) demoCommand() *cobra.Command {
	var opts demo.Options
	var dir string
	var out outputFlag
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Make up a tenant under attack and let a rule find the attack",
		Long: `demo makes up Contoso: its people and a month of their sign-ins, directory changes, identity records and UEBA rows,
with an MFA fatigue attack in the last hour. It then evaluates the rule "MFA Rejected by User" over that hour.
With --without-declined the prompts that users declined are left out, and the rule stays quiet.

Equal options give equal data. With --out the tables are written as NDJSON too, for 'vedette run' and 'query'.

` + exitCodes + `
The alert that the story expects is no finding; the rule doing otherwise is.`,
		Example: `  vedette demo
  vedette demo --without-declined
  vedette demo --out contoso && vedette query 'SigninLogs | summarize count() by ResultType' --data contoso`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), opts, dir, &out) },
	}
	fl := cmd.Flags()
	fl.StringVar(&dir, "out", "", "folder to write the tables to, as TABLE.ndjson.gz")
	fl.BoolVar(&opts.DropDeclined, "without-declined", false, "leave out the prompts that users declined")
	fl.IntVar(&opts.Users, "users", 0, "people (default 2,000)")
	fl.IntVar(&opts.SignIns, "sign-ins", 0, "interactive sign-ins of everyday life (default 300,000)")
	fl.IntVar(&opts.Days, "days", 0, "length of the period (default 30)")
	fl.Uint64Var(&opts.Seed, "seed", 0, "other seeds give other people and other days")
	out.add(cmd, "table", "json")
	return cmd
}

// foundingRule reads the rule that the demo evaluates, from the content that comes with vedette.
func foundingRule() (*rule.Rule, error) {
	text, err := content.FS.ReadFile(content.FoundingRule)
	if err != nil {
		return nil, err
	}
	ds := &source.Diagnostics{File: source.NewFile("content/"+content.FoundingRule, string(text))}
	var r *rule.Rule
	if r, ds.List = rule.Load(ds.File); ds.HasErrors() {
		return nil, ds
	}
	return r, nil
}

func (a *app) demo(ctx context.Context, opts demo.Options, dir string, out *outputFlag) error {
	r, err := foundingRule()
	if err != nil {
		return err
	}
	s, err := session.Open(ctx, session.Options{}) // ends with the process, as in open
	if err != nil {
		return err
	}
	start := time.Now()
	story, err := a.makeTenant(ctx, s, opts, dir)
	if err != nil {
		return err
	}
	made := time.Since(start)
	run, err := s.Evaluate(ctx, r, story.EvaluateAt, session.Limits{Timeout: time.Minute})
	if err != nil {
		return err
	}
	o := outcome{file: r.File.Name, rule: r, run: run}
	if out.value == "json" {
		if err := a.writeRunJSON(story.EvaluateAt, []outcome{o}); err != nil {
			return err
		}
	} else {
		a.tellStory(s, story, o, made, dir)
	}
	if len(run.Rows.Rows) != story.ExpectedRows {
		fmt.Fprintf(a.err, "the rule returned %s, the story expects %d\n", plural(int64(len(run.Rows.Rows)), "row"), story.ExpectedRows)
		return errFound
	}
	return nil
}

func (a *app) tellStory(s *session.Session, story demo.Story, o outcome, made time.Duration, dir string) {
	st := a.term.style
	w := a.out
	fmt.Fprintln(w, st.bold("What happened"))
	fmt.Fprintln(w, indent(story.String()[:max(0, len(story.String())-1)], "  "))
	var rows int64
	for _, t := range s.Tables() {
		rows += t.Rows
	}
	fmt.Fprintf(w, "\n%s  %s\n", st.bold("What the tenant logged"), st.dim(fmt.Sprintf("%s in %s, made and stored in %s", plural(rows, "row"), plural(int64(len(s.Tables())), "table"), seconds(made))))
	for _, t := range s.Tables() {
		fmt.Fprintf(w, "  %10s  %s\n", grouped(t.Rows), t.Table)
	}
	fmt.Fprintf(w, "\n%s  %s\n", st.bold("What the rule says"), st.dim("evaluated in "+seconds(o.run.Elapsed)))
	a.writeOutcome(o)
	fmt.Fprintln(w)
	if dir == "" {
		fmt.Fprintf(w, "%s\n", st.dim("Next: 'vedette demo --without-declined' keeps the rule quiet; 'vedette demo --out contoso' leaves the data to play with."))
		return
	}
	fmt.Fprintln(w, st.dim("Next, on the same data:"))
	fmt.Fprintf(w, "  vedette run 'content/%s' --data %s\n", content.FoundingRule, dir)
	fmt.Fprintf(w, "  vedette query 'SigninLogs | where ResultType == 500121 | summarize count() by IPAddress | top 5 by count_' --data %s\n", dir)
	fmt.Fprintf(w, "  vedette query --data %s      %s\n", dir, st.dim("a prompt"))
}

// demoBatch is how many rows are handed on at once.
const demoBatch = 2048

// batchOf is rows of one table on their way to the engine and to a file.
type batchOf struct {
	table *catalog.Table
	rows  [][]types.Value
}

// makeTenant generates the tenant into the session and, with a folder, into files. Generating, storing and
// writing go on at the same time.
func (a *app) makeTenant(ctx context.Context, s *session.Session, opts demo.Options, dir string) (story demo.Story, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	sinks := []func(batchOf) error{func(b batchOf) error { return s.Append(b.table, b.rows) }}
	var files *demoFiles
	if dir != "" {
		if files, err = newDemoFiles(dir); err != nil {
			return story, err
		}
		sinks = append(sinks, files.write)
	}
	var queues []chan batchOf
	done := make(chan error, len(sinks))
	for _, sink := range sinks {
		q := make(chan batchOf, 4)
		queues = append(queues, q)
		go func() {
			var err error
			for b := range q {
				if err == nil {
					if err = sink(b); err != nil {
						cancel(err)
					}
				}
			}
			done <- err
		}()
	}
	p := a.progress()
	var rows int64
	var cur batchOf
	flush := func() error {
		if len(cur.rows) == 0 {
			return nil
		}
		for _, q := range queues {
			q <- cur
		}
		rows += int64(len(cur.rows))
		p.show("making up Contoso: %s rows, now %s", grouped(rows), cur.table.Name)
		cur = batchOf{table: cur.table}
		return context.Cause(ctx)
	}
	var slab []types.Value
	story, err = demo.Generate(opts, func(name string) types.Schema {
		if t, ok := s.Catalog.Table(name); ok {
			return t.Columns
		}
		return nil
	}, func(name string, _ types.Schema, row []types.Value) error {
		if cur.table == nil || cur.table.Name != name {
			if err := flush(); err != nil {
				return err
			}
			cur.table, _ = s.Catalog.Table(name)
		}
		if cap(slab)-len(slab) < len(row) {
			slab = make([]types.Value, 0, 256*len(row))
		}
		n := len(slab)
		slab = append(slab, row...)
		cur.rows = append(cur.rows, slab[n:len(slab):len(slab)])
		if len(cur.rows) == demoBatch {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	for _, q := range queues {
		close(q)
	}
	for range sinks {
		err = errors.Join(err, <-done)
	}
	p.done()
	if files != nil {
		err = errors.Join(err, files.close())
	}
	return story, err
}

// demoFiles writes tables as gzipped NDJSON, a file each.
type demoFiles struct {
	dir   string
	table string
	file  *os.File
	zip   *gzip.Writer
	w     *bufio.Writer
	line  []byte
}

func newDemoFiles(dir string) (*demoFiles, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return &demoFiles{dir: dir}, nil
}

func (f *demoFiles) write(b batchOf) error {
	if b.table.Name != f.table {
		if err := f.close(); err != nil {
			return err
		}
		file, err := os.Create(filepath.Join(f.dir, b.table.Name+".ndjson.gz"))
		if err != nil {
			return err
		}
		f.table, f.file = b.table.Name, file
		if f.zip, err = gzip.NewWriterLevel(file, gzip.BestSpeed); err != nil {
			return err
		}
		f.w = bufio.NewWriterSize(f.zip, 1<<16)
	}
	for _, row := range b.rows {
		f.line = append(f.line[:0], '{')
		for i, v := range row {
			if v.IsNull() || v.Type() == types.String && v.Text() == "" {
				continue
			}
			if len(f.line) > 1 {
				f.line = append(f.line, ',')
			}
			f.line = append(append(append(f.line, '"'), b.table.Columns[i].Name...), '"', ':')
			f.line = appendJSON(f.line, v)
		}
		if _, err := f.w.Write(append(f.line, '}', '\n')); err != nil {
			return err
		}
	}
	return nil
}

// appendJSON appends a value as it stands in an export.
func appendJSON(b []byte, v types.Value) []byte {
	switch v.Type() {
	case types.Dynamic:
		return append(b, v.Text()...)
	case types.Bool, types.Int, types.Long:
		return append(b, types.JSONOf(v).String()...)
	case types.Real:
		return append(b, types.JSONOf(v).String()...)
	}
	return append(b, types.QuoteJSON(v.ToText())...)
}

func (f *demoFiles) close() error {
	if f.file == nil {
		return nil
	}
	err := errors.Join(f.w.Flush(), f.zip.Close(), f.file.Close())
	f.file = nil
	return err
}
