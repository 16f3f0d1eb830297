package exec

import (
	"context"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// Scan is the scan operator: it goes through the rows in order and matches them against steps, each of
// which remembers what matched it last. A row it puts out is the input row, the declared columns, and the
// number of the match.
//
// Expressions see, one behind the other: the row, the declared columns' defaults, and for each step the row
// and the declared columns that it remembers. Slots says at which place of that each column stands.
// https://learn.microsoft.com/kusto/query/scan-operator#scan-logic
type Scan struct {
	In       Types         // of the input columns
	Declared []types.Value // the defaults
	Steps    []ScanStep
	Slots    map[rel.ColID]int
	// Partition are the places of columns in a row: rows that are equal there are scanned by themselves, with
	// states and match numbers of their own. None: all rows are one partition.
	Partition []int
}

// ScanStep is one step of a scan.
type ScanStep struct {
	Condition rel.Expr
	Assign    []ScanAssign
	Output    ScanOutput
	// Optional tells that a sequence may pass over the step: what is carried on behind it may come from the
	// step before it, and a sequence may begin behind it if it is the first.
	Optional bool
}

// ScanAssign gives a column (by its place among the input's and the declared ones) a value.
type ScanAssign struct {
	At    int
	Value rel.Expr
}

// ScanOutput says which of the rows that match a step are put out.
type ScanOutput uint8

// The outputs: every match, the last one of a series of matches, none.
const (
	ScanAll ScanOutput = iota
	ScanLast
	ScanNone
)

// Name implements rel.NativeOp.
func (*Scan) Name() string { return "scan" }

// scanState is what a step remembers: the latest row of each step up to it, and the match they belong to.
type scanState struct {
	active bool
	rows   [][]types.Value
	match  int64
	last   []types.Value // a row that comes out when the series of matches ends
}

// scanRun is a scan over all partitions. The partitions share the compiled steps and the output, which is in
// the order in which the rows that are put out were read.
type scanRun struct {
	*Scan
	conds  []*Program
	values [][]*Program
	env    []types.Value
	empty  []types.Value
	out    [][]types.Value
}

// scanPart is what a scan knows of one partition.
type scanPart struct {
	*scanRun
	states  []scanState
	matches int64
}

// Run implements rel.NativeOp.
func (s *Scan) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	r := &scanRun{Scan: s}
	r.empty = append(s.In.Nulls(), s.Declared...)
	r.env = make([]types.Value, len(r.empty)*(1+len(s.Steps)))
	for _, st := range s.Steps {
		cond, err := Compile(st.Condition, s.Slots)
		if err != nil {
			return nil, err
		}
		var values []*Program
		for _, a := range st.Assign {
			p, err := Compile(a.Value, s.Slots)
			if err != nil {
				return nil, err
			}
			values = append(values, p)
		}
		r.conds, r.values = append(r.conds, cond), append(r.values, values)
	}
	var parts []*scanPart
	byKey := map[string]*scanPart{}
	key := make([]types.Value, len(s.Partition))
	life := &pulse{ctx: ctx}
	for _, row := range rows {
		if err := life.beat(); err != nil {
			return nil, err
		}
		for i, at := range s.Partition {
			key[i] = row[at]
		}
		k := rowKey(key)
		p, ok := byKey[k]
		if !ok {
			p = &scanPart{scanRun: r, states: make([]scanState, len(s.Steps))}
			byKey[k] = p
			parts = append(parts, p)
		}
		copy(r.env, row)
		copy(r.env[len(row):], s.Declared)
		for k := len(s.Steps) - 1; k >= 0; k-- {
			if err := p.match(k, row); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range parts {
		for k := range p.states {
			p.flush(k)
		}
	}
	return r.out, nil
}

// match tries a row at step k: first to carry the sequence of the step before on (or of the one before that,
// if the step between is optional), then to go on with the step's own. The first step needs no sequence: it
// begins one. So does a step with nothing but optional steps before it.
func (r *scanPart) match(k int, row []types.Value) error {
	first := true
	for j := k - 1; j >= 0 && first; j-- {
		if r.states[j].active {
			before := &r.states[j]
			r.see(before.rows)
			ok, err := r.conds[k].True(r.env)
			if err != nil {
				return err
			}
			if ok {
				return r.promote(j, k, row)
			}
		}
		first = r.Steps[j].Optional
	}
	here := &r.states[k]
	if !here.active && !first {
		return nil
	}
	r.see(here.rows)
	ok, err := r.conds[k].True(r.env)
	if err != nil || !ok {
		return err
	}
	rec, err := r.record(k, row)
	if err != nil {
		return err
	}
	if !here.active {
		*here = scanState{active: true, rows: make([][]types.Value, k+1), match: r.matches}
		r.matches++
	}
	here.rows[k] = rec
	r.put(k, rec)
	return nil
}

// promote makes the sequence of step j one of step k, which a row met. The steps between were passed over and
// remember nothing.
func (r *scanPart) promote(j, k int, row []types.Value) error {
	r.flush(k)
	r.flush(j)
	rec, err := r.record(k, row)
	if err != nil {
		return err
	}
	rows := make([][]types.Value, k+1)
	copy(rows, r.states[j].rows)
	rows[k] = rec
	r.states[k] = scanState{active: true, rows: rows, match: r.states[j].match}
	r.states[j] = scanState{}
	r.put(k, rec)
	return nil
}

// see lets expressions read what the steps remember; those beyond and those passed over are empty.
func (r *scanRun) see(rows [][]types.Value) {
	for i := range r.Steps {
		rec := r.empty
		if i < len(rows) && rows[i] != nil {
			rec = rows[i]
		}
		copy(r.env[len(r.empty)*(1+i):], rec)
	}
}

// record is a row with the declared columns as step k assigns them.
func (r *scanRun) record(k int, row []types.Value) ([]types.Value, error) {
	rec := append(append(make([]types.Value, 0, len(r.empty)), row...), r.Declared...)
	for i, a := range r.Steps[k].Assign {
		v, err := r.values[k][i].Eval(r.env)
		if err != nil {
			return nil, err
		}
		rec[a.At] = v
	}
	return rec, nil
}

func (r *scanPart) put(k int, rec []types.Value) {
	switch r.Steps[k].Output {
	case ScanAll:
		r.emit(k, rec)
	case ScanLast:
		r.states[k].last = rec
	}
}

func (r *scanPart) emit(k int, rec []types.Value) {
	r.out = append(r.out, append(rec[:len(rec):len(rec)], types.LongOf(r.states[k].match)))
}

// flush puts out the row that step k kept as the last of its series.
func (r *scanPart) flush(k int) {
	if rec := r.states[k].last; rec != nil {
		r.emit(k, rec)
		r.states[k].last = nil
	}
}
