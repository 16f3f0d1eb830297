package ingest

import (
	"fmt"
	"sort"
	"strings"
)

// Fault is a record that could not be read, or a value that does not fit its column.
type Fault struct {
	Line   int64 // where the fault is, from 1; of a Parquet file the row
	Record int64 // which record of the body it is, from 1; 0 where it is not counted (LoadDir), or no record
	Reason string

	noRecord bool // a fault of the file that cost no record
}

// Error renders the fault as its place and the reason.
func (f *Fault) Error() string {
	if f.Record > 0 {
		return fmt.Sprintf("record %d (line %d): %s", f.Record, f.Line, f.Reason)
	}
	return fmt.Sprintf("line %d: %s", f.Line, f.Reason)
}

// Recognition says how the table of a file was found.
type Recognition uint8

// The ways a table is found, in the order in which they are tried.
const (
	NotRecognised Recognition = iota
	ByMapping                 // Options.Mapping names it
	ByShape                   // a Microsoft Entra export, which says itself what it is
	ByType                    // the Type or $table column
	ByName                    // the name of the file or its folder
	ByContent                 // the columns
	AsCustom                  // none of these: a custom table named after the file
)

func (r Recognition) String() string {
	return [...]string{"not recognised", "mapping", "shape", "Type column", "name", "columns", "new custom table"}[r]
}

// TableRows is how many rows of a file went to a table.
type TableRows struct {
	Table string
	Rows  int64
}

// FileReport says what became of one file.
type FileReport struct {
	File   string // path below the folder, with slashes
	Bytes  int64
	Table  string // the file's table; single records may have gone to others
	How    Recognition
	Shape  string // what the records look like: "table rows", "Microsoft Graph", …
	Tables []TableRows

	Rows    int64
	Skipped int64   // records not loaded
	Faults  []Fault // the first of them, and of the faults that cost no record

	UnknownColumns map[string]int64 // columns the table lacks → records that had a value for them
	BadValues      map[string]int64 // columns → values that did not fit and became null
	BadValueFaults []Fault          // the first of them
	Notes          []string         // what else a reader should know
	Err            error            // what ended the file early
}

// Report says what became of every file of a folder.
type Report struct {
	Files   []FileReport
	Ignored []string // files that are no data by their names
}

// Rows returns the number of rows loaded, and of records skipped.
func (r *Report) Rows() (rows, skipped int64) {
	for _, f := range r.Files {
		rows += f.Rows
		skipped += f.Skipped
	}
	return rows, skipped
}

// TableRows returns the rows loaded per table, sorted by name.
func (r *Report) TableRows() []TableRows {
	sum := map[string]int64{}
	for _, f := range r.Files {
		for _, t := range f.Tables {
			sum[t.Table] += t.Rows
		}
	}
	return sortedRows(sum)
}

func sortedRows(sum map[string]int64) []TableRows {
	out := make([]TableRows, 0, len(sum))
	for t, n := range sum {
		out = append(out, TableRows{t, n})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Table < out[j].Table })
	return out
}

// String renders the report for people, a line a file and indented lines for what went wrong.
func (r *Report) String() string {
	var b strings.Builder
	for _, f := range r.Files {
		table := f.Table
		if table == "" {
			table = "no table"
		}
		fmt.Fprintf(&b, "%s → %s (by %s, %s): %d rows", f.File, table, f.How, f.Shape, f.Rows)
		if f.Skipped > 0 {
			fmt.Fprintf(&b, ", %d records skipped", f.Skipped)
		}
		b.WriteByte('\n')
		if f.Err != nil {
			fmt.Fprintf(&b, "  error: %v\n", f.Err)
		}
		for _, t := range f.Tables {
			if t.Table != f.Table {
				fmt.Fprintf(&b, "  %d rows → %s\n", t.Rows, t.Table)
			}
		}
		for _, x := range f.Faults {
			fmt.Fprintf(&b, "  %s:%d: %s\n", f.File, x.Line, x.Reason)
		}
		for _, x := range f.BadValueFaults {
			fmt.Fprintf(&b, "  %s:%d: %s\n", f.File, x.Line, x.Reason)
		}
		if len(f.UnknownColumns) > 0 {
			fmt.Fprintf(&b, "  columns not in %s: %s\n", table, counts(f.UnknownColumns))
		}
		if len(f.BadValues) > 0 {
			fmt.Fprintf(&b, "  values made null: %s\n", counts(f.BadValues))
		}
		for _, n := range f.Notes {
			fmt.Fprintf(&b, "  %s\n", n)
		}
	}
	return b.String()
}

func counts(m map[string]int64) string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	for i, n := range names {
		names[i] = fmt.Sprintf("%s (%d)", n, m[n])
	}
	return strings.Join(names, ", ")
}
