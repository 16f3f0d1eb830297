package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/types"
)

// dataFlags are the flags of commands that evaluate something over data.
type dataFlags struct {
	opts    session.Options
	at      string
	memory  string
	schema  schemaFlag
	timeout time.Duration
	maxRows int
	verbose bool
	quiet   bool
}

const geoIPUsage = "file in MaxMind's format (.mmdb) that geo_info_from_ip_address() answers from: a City or Country database"

func (f *dataFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringArrayVarP(&f.opts.Data, "data", "d", nil, "folder or file of events (JSON, NDJSON, CSV, Parquet, .gz); may be given again")
	fl.StringVar(&f.opts.Store, "store", "", "data folder of a server that is not running, or a backup of it, instead of --data")
	fl.StringArrayVar(&f.opts.Mapping, "table", nil, "PATTERN=TABLE: table of the files that match, - to leave them out")
	fl.StringArrayVar(&f.opts.Parsers, "parsers", nil, "folder of parser files (YAML, .kql), loaded as stored functions")
	fl.StringArrayVar(&f.opts.Watchlists, "watchlist", nil, "ALIAS=FILE.csv[,SEARCHKEY]: a watchlist")
	fl.StringArrayVar(&f.opts.External, "external", nil, "URLPREFIX=FILE_OR_FOLDER: what externaldata may read, and what stands for it here")
	fl.BoolVar(&f.opts.EmptyExternal, "empty-external", false, "take externaldata that --external does not name for empty, with a warning")
	fl.StringVar(&f.opts.GeoIP, "geoip", "", geoIPUsage)
	f.schema.add(cmd)
	fl.StringVar(&f.memory, "memory", "4GB", "memory that the events and queries may use")
	fl.DurationVar(&f.timeout, "timeout", 10*time.Minute, "time that one query may take")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "tell on stderr what became of every file and parser")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "say nothing on stderr but errors")
	cmd.MarkFlagsMutuallyExclusive("data", "store")
	cmd.MarkFlagsMutuallyExclusive("table", "store") // it says which files hold which table
}

// addAt adds the flag for the evaluation time, for commands that have just one.
func (f *dataFlags) addAt(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.at, "at", "", "evaluation time, RFC 3339 or a KQL datetime (default: the full minute after the newest event)")
}

// require demands that the flags say where the events are.
func (f *dataFlags) require(cmd *cobra.Command) {
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if len(f.opts.Data) == 0 && f.opts.Store == "" {
			return fmt.Errorf("no events are named: expected --data or --store; see 'vedette %s --help'", cmd.Name())
		}
		return nil
	}
}

func (f *dataFlags) limits() session.Limits {
	return session.Limits{Timeout: f.timeout, MaxRows: f.maxRows}
}

// open opens a session and tells on stderr what was loaded. Nobody closes it: it ends with the process, and
// freeing some gigabytes row group by row group would take a second of the user's time.
func (a *app) open(ctx context.Context, f *dataFlags) (*session.Session, error) {
	var err error
	if f.opts.Memory, err = parseSize(f.memory); err != nil {
		return nil, fmt.Errorf("--memory: %w", err)
	}
	f.opts.Catalog = f.schema.catalog()
	if f.at != "" && f.at != "now" {
		if _, err := parseTime("--at", f.at); err != nil { // before the loading
			return nil, err
		}
	}
	p := a.progress()
	f.opts.Progress = func(x ingest.Progress) {
		p.show("loading %s: %s rows (%d of %d files done)", x.File, grouped(x.Rows), x.FilesDone, x.Files)
	}
	start := time.Now()
	s, err := session.Open(ctx, f.opts)
	p.done()
	if err != nil {
		if errors.Is(err, session.ErrNoData) {
			err = fmt.Errorf("%w: expected files such as SigninLogs.ndjson, AuditLogs.csv or exports of Microsoft Entra", err)
		}
		return nil, err
	}
	a.reportParsers(s.Problems, f.verbose)
	if !f.quiet {
		a.reportLoad(s, f, time.Since(start))
	}
	return s, nil
}

// reportParsers names the parsers that could not be loaded: all of them, or the first few and how many more.
func (a *app) reportParsers(problems []catalog.Problem, all bool) {
	const few = 10
	for i, p := range problems {
		if i == few && !all {
			fmt.Fprintf(a.err, "%s %d more; --verbose lists them\n", a.term.errStyle.yellow("parser left out:"), len(problems)-few)
			return
		}
		fmt.Fprintf(a.err, "%s %s\n", a.term.errStyle.yellow("parser left out:"), p)
	}
}

func (a *app) reportLoad(s *session.Session, f *dataFlags, took time.Duration) {
	if len(s.Loaded) == 0 && f.opts.Store == "" {
		return
	}
	var rows int64
	for _, t := range s.Tables() {
		rows += t.Rows
	}
	st := a.term.errStyle
	verb := "loaded"
	if f.opts.Store != "" {
		verb = "opened the event store with"
	}
	fmt.Fprintln(a.err, st.dim(fmt.Sprintf("%s %s of %s in %s", verb, plural(rows, "row"), plural(int64(len(s.Tables())), "table"), seconds(took))))
	for _, l := range s.Loaded {
		if f.verbose {
			fmt.Fprint(a.err, l.Report)
			continue
		}
		bad := 0
		for _, file := range l.Report.Files {
			if file.Err != nil {
				fmt.Fprintf(a.err, "%s %s/%s: %v\n", st.yellow("not loaded to its end:"), l.Path, file.File, file.Err)
			}
			if file.Skipped > 0 || len(file.BadValues) > 0 {
				bad++
			}
		}
		if _, skipped := l.Report.Rows(); bad > 0 {
			fmt.Fprintf(a.err, "%s %s of %s had records or values that could not be read (%s skipped); --verbose lists them\n",
				st.yellow("warning:"), plural(int64(bad), "file"), l.Path, grouped(skipped))
		}
	}
}

// evaluationTime is the time given by --at, or the one that follows from the data. how says where it is from.
func (f *dataFlags) evaluationTime(s *session.Session, now time.Time) (at time.Time, how string, err error) {
	switch f.at {
	case "now":
		return now, "now", nil
	case "":
		if at, ok := s.EvaluationTime(); ok {
			return at, "the full minute after the newest event", nil
		}
		return now, "now, because no event has a time", nil
	}
	at, err = parseTime("--at", f.at)
	return at, "", err
}

// parseTime reads the time that a flag gives.
func parseTime(flag, text string) (time.Time, error) {
	if ticks, ok := types.ParseDatetime(text); ok {
		return types.TimeOf(ticks), nil
	}
	return time.Time{}, fmt.Errorf("%s: '%s' is no time; expected something like 2026-11-20T00:00:00Z", flag, text)
}

// parseSize reads a number of bytes with a unit: 512MB, 4GB.
func parseSize(text string) (int64, error) {
	upper := strings.ToUpper(strings.TrimSpace(text))
	shift := 0
	for i, unit := range []string{"KB", "MB", "GB", "TB"} {
		if s, ok := strings.CutSuffix(upper, unit); ok {
			upper, shift = strings.TrimSpace(s), 10*(i+1)
			break
		}
	}
	n, err := strconv.ParseInt(upper, 10, 64)
	if err != nil || n <= 0 || n > 1<<62>>shift {
		return 0, fmt.Errorf("'%s' is no size; expected something like 512MB or 4GB", text)
	}
	return n << shift, nil
}

// choiceFlag is a flag that takes one of several words. It implements pflag.Value.
type choiceFlag struct {
	value   string
	allowed []string
	kind    string // what help calls the word
}

// add makes a flag that is the first of the allowed words if it is not given.
func (c *choiceFlag) add(cmd *cobra.Command, name, short, kind, usage string, allowed ...string) {
	c.value, c.kind, c.allowed = allowed[0], kind, allowed
	cmd.Flags().VarP(c, name, short, usage+": "+strings.Join(allowed, ", "))
	cobra.CheckErr(cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp)))
}

// String implements pflag.Value.
func (c *choiceFlag) String() string { return c.value }

// Type implements pflag.Value.
func (c *choiceFlag) Type() string { return c.kind }

// Set implements pflag.Value.
func (c *choiceFlag) Set(s string) error {
	if !slices.Contains(c.allowed, s) {
		return fmt.Errorf("expected %s", strings.Join(c.allowed, ", "))
	}
	c.value = s
	return nil
}

// outputFlag is --output.
type outputFlag struct{ choiceFlag }

func (o *outputFlag) add(cmd *cobra.Command, allowed ...string) {
	o.choiceFlag.add(cmd, "output", "o", "form", "form of the output", allowed...)
}

// schemaFlag is --schema: whose columns the tables of Microsoft Defender have. Advanced hunting has more of them than
// Log Analytics (Timestamp above all), and since a query shows the columns of its tables, it is one or the other.
type schemaFlag struct{ choiceFlag }

func (s *schemaFlag) add(cmd *cobra.Command) {
	s.choiceFlag.add(cmd, "schema", "", "portal", "where the queries are written for: in xdr (Defender's advanced hunting) its tables have the column Timestamp and more", "sentinel", "xdr")
}

// catalog has the tables in that form.
func (s *schemaFlag) catalog() *catalog.Catalog {
	if s.value == "xdr" {
		return catalog.Builtin(catalog.WithXDR())
	}
	return catalog.Builtin()
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasSuffix(what, "y") {
		what = strings.TrimSuffix(what, "y") + "ie"
	}
	return grouped(n) + " " + what + "s"
}

// grouped writes a number with commas.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func seconds(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}
