package exec

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"

	"github.com/vedette-siem/vedette/internal/types"
)

// maxMining bounds the cells that a search for patterns looks at, counting a cell each time: some ten seconds.
const maxMining = 1_000_000_000

// tolerance keeps apart what differs by more than the last digits of a sum.
const tolerance = 1e-9

// errMining is the error of a search that would look at more than a number of cells.
func errMining(cells int, remedy string) error {
	return fmt.Errorf("the search for patterns would look at more than %d cells; %s", cells, remedy)
}

// discrete is the rows of a search for patterns, as numbers: every combination of values once, with what the
// rows that have it weigh. Combinations are in the order of their values' texts, so that a search does the same
// whatever the order of its input.
type discrete struct {
	// values are those of each column, by code; code 0 stands for null and empty text, which make no pattern.
	values [][]types.Value
	combos []combo
	total  [2]float64
	rows   int

	pulse *pulse
	err   error // the search was cancelled while it looked at all combinations
}

// combo is a combination of values.
type combo struct {
	codes  []int32
	weight [2]float64
	rows   int
}

// newDiscrete codes rows. Side says on which side a row counts and how much it weighs there; a row that weighs
// nothing is left out. The values of a row begin at its column from.
func newDiscrete(ctx context.Context, rows [][]types.Value, from, columns int, side func([]types.Value) (int, float64)) (*discrete, error) {
	d := &discrete{values: make([][]types.Value, columns), pulse: &pulse{ctx: ctx}}
	at := map[string]int{}
	seen := make([]map[string]int32, columns)
	for c := range seen {
		seen[c], d.values[c] = map[string]int32{"": 0}, []types.Value{{}}
	}
	codes := make([]int32, columns)
	key := make([]byte, 4*columns)
	for _, r := range rows {
		if err := d.pulse.beat(); err != nil {
			return nil, err
		}
		s, w := side(r)
		if !(w > 0) { // also not a number
			continue
		}
		for c, v := range r[from:] {
			t := v.ToText()
			code, ok := seen[c][t]
			if !ok {
				code = int32(len(d.values[c]))
				seen[c][t] = code
				d.values[c] = append(d.values[c], v)
			}
			codes[c] = code
			binary.LittleEndian.PutUint32(key[4*c:], uint32(code))
		}
		i, ok := at[string(key)]
		if !ok {
			i = len(d.combos)
			at[string(key)] = i
			d.combos = append(d.combos, combo{codes: append([]int32(nil), codes...)})
		}
		d.combos[i].weight[s] += w
		d.combos[i].rows++
		d.total[s] += w
		d.rows++
	}
	d.sort(seen)
	return d, d.err
}

// sort numbers the values of each column in the order of their texts, and puts the combinations in order.
func (d *discrete) sort(seen []map[string]int32) {
	for c, codes := range seen {
		texts := make([]string, 0, len(codes))
		for t := range codes {
			texts = append(texts, t)
		}
		sort.Strings(texts)
		to := make([]int32, len(texts))
		values := make([]types.Value, len(texts))
		for n, t := range texts {
			to[codes[t]], values[n] = int32(n), d.values[c][codes[t]]
		}
		d.values[c] = values
		for i := range d.combos {
			d.combos[i].codes[c] = to[d.combos[i].codes[c]]
		}
	}
	d.order()
}

// order puts the combinations in the order of their values.
func (d *discrete) order() {
	if err := sortStable(d.pulse, d.combos, func(a, b combo) int { return slices.Compare(a.codes, b.codes) }); err != nil {
		d.err = err
	}
}

func lessCodes(x, y []int32) bool { return slices.Compare(x, y) < 0 }

// fold forgets the values of each column that no pattern can have, which often leaves far fewer combinations.
func (d *discrete) fold(keep func(column int, code int32) bool) {
	at := map[string]int{}
	old := d.combos
	d.combos = nil
	for _, x := range old {
		if d.err = d.pulse.beat(); d.err != nil {
			return
		}
		for c, code := range x.codes {
			if code != 0 && !keep(c, code) {
				x.codes[c] = 0
			}
		}
		key := codesKey(x.codes)
		i, ok := at[key]
		if !ok {
			at[key] = len(d.combos)
			d.combos = append(d.combos, x)
			continue
		}
		d.combos[i].weight[0] += x.weight[0]
		d.combos[i].weight[1] += x.weight[1]
		d.combos[i].rows += x.rows
	}
	d.order()
}

// codesKey makes a key of codes.
func codesKey(codes []int32) string {
	b := make([]byte, 0, 4*len(codes))
	for _, c := range codes {
		b = binary.LittleEndian.AppendUint32(b, uint32(c))
	}
	return string(b)
}

// common are the codes that all the given combinations have; 0 where they differ.
func (d *discrete) common(list []int) []int32 {
	out := append([]int32(nil), d.combos[list[0]].codes...)
	for _, i := range list[1:] {
		for c, code := range d.combos[i].codes {
			if out[c] != code {
				out[c] = 0
			}
		}
	}
	return out
}

// show puts the values of a pattern behind a row, or the wildcard of a column that the pattern leaves open.
func (d *discrete) show(row []types.Value, pattern []int32, wildcards []types.Value) []types.Value {
	for c, code := range pattern {
		v := wildcards[c]
		if code != 0 {
			v = d.values[c][code]
		}
		row = append(row, v)
	}
	return row
}
