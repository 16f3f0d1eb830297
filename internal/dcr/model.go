package dcr

import (
	"fmt"
	"sort"
	"strings"
	"sync"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/types"
)

// Rule is a data collection rule whose tables are found and whose transformations are compiled. It is safe for
// concurrent use.
type Rule struct {
	Name        string
	ImmutableID string // dcr- and 32 hexadecimal digits
	Description string

	streams map[string]*Stream
	lookup  func(stream string) (*Stream, bool) // instead of streams
}

// Stream is what a rule takes in under one name.
type Stream struct {
	Name string
	// Input is the table that records are decoded into: the columns the stream declares, or those of a table. It has
	// the unknown column, so that what is not declared reaches the tables' own.
	Input *ingest.Target
	Flows []*Flow
}

// Flow takes the rows of a stream to a table.
type Flow struct {
	Table *catalog.Table

	transform *transform // nil: rows go as they are
	from      []int      // which column of the transformed row each column of Table is; -1: none
	unknown   int        // the unknown column of Table, or -1
	inUnknown int        // of the stream's input, or -1
	same      bool       // input and Table are one
}

// Stream returns the stream called name.
func (r *Rule) Stream(name string) (*Stream, bool) {
	if r.lookup != nil {
		return r.lookup(name)
	}
	s, ok := r.streams[name]
	return s, ok
}

// Streams lists the streams that the rule names, by name; those of the default rule are as many as there are tables.
func (r *Rule) Streams() []*Stream {
	out := make([]*Stream, 0, len(r.streams))
	for _, s := range r.streams {
		out = append(out, s)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// The names by which the default rule is found.
const (
	DefaultName        = "default"
	DefaultImmutableID = "dcr-00000000000000000000000000000000"
)

const (
	customPrefix  = "Custom-"
	builtinPrefix = "Microsoft-"
)

// streamTable is the table that a stream's name names, if it does: Custom-T and Microsoft-T are T.
func streamTable(stream string) (string, bool) {
	if t, ok := strings.CutPrefix(stream, builtinPrefix); ok {
		return t, t != ""
	}
	t, ok := strings.CutPrefix(stream, customPrefix)
	return t, ok && t != ""
}

// Default returns the rule that is there without a file: the stream Microsoft-T, and Custom-T, goes into table T of
// the catalogue as it is. A table that is added or replaced later is found.
func Default(cat *catalog.Catalog) *Rule {
	var mu sync.Mutex
	streams := map[string]*Stream{}
	return &Rule{Name: DefaultName, ImmutableID: DefaultImmutableID, Description: "Streams named after tables go into them as they are.",
		lookup: func(name string) (*Stream, bool) {
			table, ok := streamTable(name)
			if !ok {
				return nil, false
			}
			t, ok := cat.Table(table)
			if !ok {
				return nil, false
			}
			mu.Lock()
			defer mu.Unlock()
			s := streams[name]
			if s == nil || s.Flows[0].Table != t { // the names are of tables: they cannot grow without end
				s = &Stream{Name: name, Input: ingest.NewTarget(t), Flows: []*Flow{{Table: t, same: true}}}
				streams[name] = s
			}
			return s, true
		}}
}

// Set is the rules of a server, found by their immutable ids and by their names.
type Set struct {
	rules []*Rule
	byID  map[string]*Rule
}

// NewSet puts rules together. Two rules that could not be told apart are an error.
func NewSet(rules ...*Rule) (*Set, error) {
	s := &Set{byID: map[string]*Rule{}}
	for _, r := range rules {
		for _, id := range []string{r.ImmutableID, r.Name} {
			if id == "" {
				continue
			}
			if other, ok := s.byID[strings.ToLower(id)]; ok && other != r {
				return nil, fmt.Errorf("data collection rules %q and %q are both found by %q", other.Name, r.Name, id)
			}
			s.byID[strings.ToLower(id)] = r
		}
		s.rules = append(s.rules, r)
	}
	return s, nil
}

// Rule returns the rule of an immutable id or a name, in whatever case.
func (s *Set) Rule(id string) (*Rule, bool) {
	r, ok := s.byID[strings.ToLower(id)]
	return r, ok
}

// Rules lists the rules in the order they were given.
func (s *Set) Rules() []*Rule { return s.rules }

// RowError is a record whose transformation ended in a fault.
type RowError struct {
	Row int // of those given, from 0
	Err error
}

// Error names the row as the first, second and so on.
func (e *RowError) Error() string { return fmt.Sprintf("row %d: %v", e.Row+1, e.Err) }

// Unwrap returns the fault.
func (e *RowError) Unwrap() error { return e.Err }

// Run takes rows of the stream's input to the flow's table and fills the standard columns. Rows that the transformation
// drops are missing. The rows given are not changed, unless last is set: then they may be reused for the result. The
// time of receipt is the evaluation time of the transformation. A fault is a *RowError.
func (f *Flow) Run(rows [][]types.Value, stamp ingest.Stamp, last bool) ([][]types.Value, error) {
	stamper := ingest.NewStamper(f.Table, stamp)
	if f.same && f.transform == nil && last {
		for _, row := range rows {
			stamper.Fill(row)
		}
		return rows, nil
	}
	var run *instance
	if f.transform != nil {
		var err error
		if run, err = f.transform.get(stamp.Received); err != nil {
			return nil, err
		}
		defer f.transform.put(run)
	}
	w := len(f.Table.Columns)
	out := make([][]types.Value, 0, len(rows))
	var cells []types.Value
	for i, row := range rows {
		vals := row
		if run != nil {
			var err error
			var keep bool
			if vals, keep, err = run.row(row); err != nil {
				return nil, &RowError{i, err}
			}
			if !keep {
				continue
			}
		}
		if len(cells) < w {
			cells = make([]types.Value, w*min(max(1, i), 64))
		}
		to := cells[:w:w]
		cells = cells[w:]
		for c, col := range f.Table.Columns {
			switch {
			case f.same && run == nil:
				to[c] = row[c]
			case f.from[c] >= 0:
				to[c] = vals[f.from[c]].As(col.Type)
			default:
				to[c] = types.Null(col.Type)
			}
		}
		if f.unknown >= 0 && f.inUnknown >= 0 && to[f.unknown].IsNull() {
			to[f.unknown] = row[f.inUnknown]
		}
		stamper.Fill(to)
		out = append(out, to)
	}
	return out, nil
}

// connect finds where the columns of the flow's table come from. It returns what does not fit: columns that the table
// lacks, and those of another type.
func (f *Flow) connect(input *catalog.Table, columns types.Schema) (faults []string) {
	f.unknown, f.inUnknown = dynamicColumn(f.Table), dynamicColumn(input)
	f.from = make([]int, len(f.Table.Columns))
	for i := range f.from {
		f.from[i] = -1
	}
	for i, c := range columns {
		to := f.Table.Columns.Index(c.Name)
		if to < 0 {
			if c.Name == ingest.UnknownColumn {
				continue // this table has no place for what is not declared
			}
			msg := fmt.Sprintf("table %s has no column %s", f.Table.Name, c.Name)
			names := make([]string, len(f.Table.Columns))
			for i, c := range f.Table.Columns {
				names[i] = c.Name
			}
			if near := catalog.Near(c.Name, names); len(near) > 0 {
				msg += "; did you mean " + strings.Join(near, ", ") + "?"
			}
			faults = append(faults, msg)
			continue
		}
		want := f.Table.Columns[to].Type
		if c.Type != want && (c.Type != types.Int || want != types.Long) {
			faults = append(faults, fmt.Sprintf("column %s is %s, and in table %s it is %s", c.Name, c.Type, f.Table.Name, want))
			continue
		}
		f.from[to] = i
	}
	if i := f.Table.Columns.Index("TimeGenerated"); i >= 0 && f.from[i] < 0 && len(faults) == 0 {
		faults = append(faults, "there is no TimeGenerated: every row of "+f.Table.Name+" has one")
	}
	return faults
}

func dynamicColumn(t *catalog.Table) int {
	if i := t.Columns.Index(ingest.UnknownColumn); i >= 0 && t.Columns[i].Type == types.Dynamic {
		return i
	}
	return -1
}
