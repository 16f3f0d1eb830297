// Command bench measures what compiling from KQL costs at run time: it makes tables of sign-in, audit, process
// and network events inside the embedded engine, runs every case of cases/ once as the SQL that vedette
// compiles from KQL and once as the SQL that a person would write by hand over the same storage, checks that
// the results are equal, and prints the ratio of the times.
//
//	go run ./bench -rows 3000000
//	go run ./bench -rows 300000 -only 'join|arg_max' -sql
//
// The times are those of the engine, without compiling, which has a column of its own. Ratios compare between
// machines; milliseconds do not. Start with run.go; data.go makes the tables.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
)

type options struct {
	rows   int64
	rounds int
	only   *regexp.Regexp
	output string
	sql    bool
	// explain prints what the engine did on both sides.
	explain bool
	memory  int64
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	only := flag.String("only", "", "run the cases whose name matches this regular expression")
	flag.Int64Var(&o.rows, "rows", 3_000_000, "rows of each of the four event tables")
	flag.IntVar(&o.rounds, "n", 5, "measured runs of each side of a case; short cases are run more often")
	flag.StringVar(&o.output, "output", "table", "table or json")
	flag.BoolVar(&o.sql, "sql", false, "print the compiled SQL of each case")
	flag.BoolVar(&o.explain, "explain", false, "print the engine's profile of both sides of each case")
	flag.Int64Var(&o.memory, "memory", 4096, "MiB of memory that the engine may use")
	flag.Parse()
	var err error
	if o.only, err = regexp.Compile(*only); err == nil {
		err = bench(ctx, o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench runs the cases and writes the report. Cases that fail are in the report, and make it fail.
func bench(ctx context.Context, o options, out io.Writer) error {
	if o.output != "table" && o.output != "json" {
		return fmt.Errorf("-output is table or json, not %s", o.output)
	}
	if o.rows < 1 || o.rounds < 1 {
		return fmt.Errorf("-rows and -n must be 1 or more")
	}
	cases, err := loadCases(o.only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "vedette-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	st, err := duckdb.Open(ctx, duckdb.Options{Path: filepath.Join(dir, "bench.duckdb"), MemoryBytes: o.memory << 20})
	if err != nil {
		return err
	}
	defer st.Close()
	cat := catalog.Builtin()
	start := time.Now()
	if err := fill(ctx, st, cat, o.rows); err != nil {
		return err
	}
	r := &runner{engine: query.New(cat, st), store: st, rounds: o.rounds}
	rep := report{Rows: o.rows, Rounds: o.rounds, FillSeconds: time.Since(start).Seconds()}
	if o.output == "table" {
		fmt.Fprintf(out, "%d rows in each event table, made in %.1f s; best of %d runs or more\n\n", rep.Rows, rep.FillSeconds, o.rounds)
		fmt.Fprintf(out, "%-30s %9s %10s %10s %10s %7s\n", "case", "rows out", "KQL ms", "SQL ms", "compile ms", "ratio")
	}
	failed := 0
	for _, c := range cases {
		m := r.measure(ctx, c)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rep.Cases = append(rep.Cases, m)
		if m.Error != "" {
			failed++
		}
		if o.output == "table" {
			m.print(out)
			if o.sql {
				fmt.Fprintf(out, "%s\n\n", m.compiled.SQL)
			}
			if o.explain {
				if err := r.explain(ctx, out, m.compiled, dialect.Statement{SQL: c.sql}); err != nil {
					return err
				}
			}
		}
	}
	rep.summarize()
	if o.output == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(rep); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(out, "\ngeometric mean %.2f, highest %.2f (%s)\n", rep.GeometricMean, rep.Highest, rep.HighestCase)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d cases failed", failed, len(cases))
	}
	return nil
}

// report is the result of a run, as -output json gives it.
type report struct {
	Rows          int64         `json:"rows"`
	Rounds        int           `json:"rounds"`
	FillSeconds   float64       `json:"fill_seconds"`
	Cases         []measurement `json:"cases"`
	GeometricMean float64       `json:"geometric_mean"`
	Highest       float64       `json:"highest"`
	HighestCase   string        `json:"highest_case"`
}

// measurement is one case's result; times are milliseconds of the fastest run.
type measurement struct {
	Case     string  `json:"case"`
	RowsOut  int     `json:"rows_out"`
	KQL      float64 `json:"kql_ms"`
	SQL      float64 `json:"sql_ms"`
	Compile  float64 `json:"compile_ms"`
	Ratio    float64 `json:"ratio"`
	Error    string  `json:"error,omitempty"`
	compiled dialect.Statement
}

func (m measurement) print(out io.Writer) {
	if m.Error != "" {
		fmt.Fprintf(out, "%-30s FAILED: %s\n", m.Case, m.Error)
		return
	}
	fmt.Fprintf(out, "%-30s %9d %10.1f %10.1f %10.2f %7.2f\n", m.Case, m.RowsOut, m.KQL, m.SQL, m.Compile, m.Ratio)
}

func (r *report) summarize() {
	sum, n := 0.0, 0
	for _, m := range r.Cases {
		if m.Error != "" {
			continue
		}
		sum += math.Log(m.Ratio)
		n++
		if m.Ratio > r.Highest {
			r.Highest, r.HighestCase = m.Ratio, m.Case
		}
	}
	if n > 0 {
		r.GeometricMean = math.Exp(sum / float64(n))
	}
}
