package exec

import (
	"cmp"
	"context"
	"fmt"
	"sort"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// maxSequences bounds the sequences that sequence_detect finds.
const maxSequences = 1_000_000

// Sequences is sequence_detect: it finds the rows that meet predicates one after the other. Its rows are
// [time, predicate …, dimension …]; it gives a row [dimension …, time of each step …, duration] for each
// different sequence. Two steps are two rows, and a step is not before the one before it; steps at the same
// time do follow each other.
// https://learn.microsoft.com/kusto/query/sequence-detect-plugin
type Sequences struct {
	Steps         int
	MaxStep, Span int64
}

// Name implements rel.NativeOp.
func (*Sequences) Name() string { return "sequence_detect" }

// Run implements rel.NativeOp.
func (s *Sequences) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	type part struct {
		dims []types.Value
		rows [][]types.Value
	}
	var parts []*part
	at := map[string]*part{}
	p := &pulse{ctx: ctx}
	for _, r := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		if r[0].IsNull() {
			continue
		}
		dims := r[1+s.Steps:]
		k := rowKey(dims)
		g, ok := at[k]
		if !ok {
			g = &part{dims: dims}
			at[k] = g
			parts = append(parts, g)
		}
		g.rows = append(g.rows, r)
	}
	var out [][]types.Value
	for _, g := range parts {
		if err := sortStable(p, g.rows, func(a, b []types.Value) int { return cmp.Compare(a[0].Int64(), b[0].Int64()) }); err != nil {
			return nil, err
		}
		steps := make([][]int, s.Steps) // the rows that meet each predicate
		for i, r := range g.rows {
			if err := p.beat(); err != nil {
				return nil, err
			}
			for k := range steps {
				if p := r[1+k]; !p.IsNull() && p.Bool() {
					steps[k] = append(steps[k], i)
				}
			}
		}
		seen := map[string]bool{}
		chain := make([]int, s.Steps)
		var follow func(k int) error
		follow = func(k int) error {
			if k == s.Steps {
				r := append([]types.Value(nil), g.dims...)
				for _, i := range chain {
					r = append(r, g.rows[i][0])
				}
				r = append(r, types.TimespanOf(g.rows[chain[k-1]][0].Int64()-g.rows[chain[0]][0].Int64()))
				if key := rowKey(r); !seen[key] {
					seen[key] = true
					out = append(out, r)
				}
				if len(out) > maxSequences {
					return fmt.Errorf("there are more than %d sequences", maxSequences)
				}
				return nil
			}
			from := sort.Search(len(steps[k]), func(i int) bool {
				return k == 0 || g.rows[steps[k][i]][0].Int64() >= g.rows[chain[k-1]][0].Int64()
			})
			for _, i := range steps[k][from:] {
				if err := p.beat(); err != nil {
					return err
				}
				t := g.rows[i][0].Int64()
				if k > 0 && (t-g.rows[chain[k-1]][0].Int64() > s.MaxStep || t-g.rows[chain[0]][0].Int64() > s.Span) {
					break
				}
				if k > 0 && used(chain[:k], i) {
					continue
				}
				chain[k] = i
				if err := follow(k + 1); err != nil {
					return err
				}
			}
			return nil
		}
		if err := follow(0); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func used(chain []int, i int) bool {
	for _, j := range chain {
		if i == j {
			return true
		}
	}
	return false
}

// Funnel is funnel_sequence_completion: how many ids got how far in a sequence of states, within each of
// several times. Its rows are [id, time, state]; it gives a row [start of the window, state, time allowed,
// ids] for each window that has the first state, each time and each state of the sequence. An id reached a
// state if, from some first state in the window on, it went through the states in order within the time.
// https://learn.microsoft.com/kusto/query/funnel-sequence-completion-plugin
type Funnel struct {
	Line    Timeline
	Time    types.Type
	States  []types.Value
	Periods []types.Value
}

// Name implements rel.NativeOp.
func (*Funnel) Name() string { return "funnel_sequence_completion" }

// Run implements rel.NativeOp.
func (f *Funnel) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	bins, err := f.Line.bins()
	if err != nil {
		return nil, err
	}
	state := map[string]int{}
	for i, s := range f.States {
		state[s.ToText()] = i
	}
	type step struct {
		time  int64
		state int
	}
	byBin := make([]map[string][]step, len(bins))
	p := &pulse{ctx: ctx}
	for _, r := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		if r[1].IsNull() {
			continue
		}
		t := r[1].Int64()
		k, wanted := state[r[2].ToText()]
		i := binOf(bins, t)
		if !wanted || i < 0 || t < f.Line.From || t > f.Line.To {
			continue
		}
		if byBin[i] == nil {
			byBin[i] = map[string][]step{}
		}
		id := rowKey(r[:1])
		byBin[i][id] = append(byBin[i][id], step{t, k})
	}
	var out [][]types.Value
	for i, ids := range byBin {
		if len(ids) == 0 {
			continue
		}
		for _, steps := range ids {
			if err := sortStable(p, steps, func(a, b step) int { return cmp.Compare(a.time, b.time) }); err != nil {
				return nil, err
			}
		}
		for _, period := range f.Periods {
			reached := make([]int64, len(f.States))
			for _, steps := range ids {
				best := 0
				for j, first := range steps {
					if first.state != 0 {
						continue
					}
					n := 1
					for _, next := range steps[j+1:] {
						if err := p.beat(); err != nil {
							return nil, err
						}
						if n < len(f.States) && next.state == n && next.time-first.time <= period.Int64() {
							n++
						}
					}
					best = max(best, n)
				}
				for k := range best {
					reached[k]++
				}
			}
			for k, n := range reached {
				out = append(out, []types.Value{timeOf(bins[i], f.Time), types.StringOf(f.States[k].ToText()), period, types.LongOf(n)})
			}
		}
	}
	return out, nil
}

// Near is rows_near: it keeps the rows close to those whose first value is true, and drops that value.
// https://learn.microsoft.com/kusto/query/rows-near-plugin
type Near struct{ Before, After int64 }

// Name implements rel.NativeOp.
func (*Near) Name() string { return "rows_near" }

// Run implements rel.NativeOp.
func (n *Near) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	keep := make([]bool, len(rows))
	p := &pulse{ctx: ctx}
	for i, r := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		if r[0].IsNull() || !r[0].Bool() {
			continue
		}
		last := int64(len(rows) - 1)
		for j := max(int64(i)-n.Before, 0); j <= min(int64(i)+n.After, last); j++ {
			if err := p.beat(); err != nil {
				return nil, err
			}
			keep[j] = true
		}
	}
	var out [][]types.Value
	for i, r := range rows {
		if keep[i] {
			out = append(out, r[1:])
		}
	}
	return out, nil
}

// Narrow gives a row [row number, column, value] for each cell; its rows hold texts.
// https://learn.microsoft.com/kusto/query/narrow-plugin
type Narrow struct{ Columns []rel.Col }

// Name implements rel.NativeOp.
func (*Narrow) Name() string { return "narrow" }

// Run implements rel.NativeOp.
func (n *Narrow) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	p := &pulse{ctx: ctx}
	var out [][]types.Value
	for i, r := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		for j, c := range n.Columns {
			out = append(out, []types.Value{types.LongOf(int64(i)), types.StringOf(c.Name), r[j]})
		}
	}
	return out, nil
}
