package exec

import (
	"context"
	"math"
	"sort"

	"github.com/vedette-siem/vedette/internal/types"
)

// Diffpatterns finds patterns that are frequent in one of two sets of rows and less so in the other. Its rows are
// [split value as text, weight, value …]; it gives [number, count in A, count in B, percent of A, percent of B,
// difference of the percentages, value or wildcard …], the largest difference first.
// https://learn.microsoft.com/kusto/query/diffpatterns-plugin
//
// Kusto does not publish its search. Here it starts from each value that at least Threshold of one of the sets
// have, and adds the value that makes the difference largest, as long as one makes it larger and there are not more
// than MaxDims. Where that ends is a pattern, with every other value that its rows have in common, if the sets
// differ by Threshold in it; unless it is a special case of a pattern with a larger difference.
type Diffpatterns struct {
	A, B      string
	Threshold float64
	MaxDims   int           // 0: as many as there are
	Wildcards []types.Value // one for each value column
}

// Name implements rel.NativeOp.
func (*Diffpatterns) Name() string { return "diffpatterns" }

// difference is a pattern that diffpatterns found.
type difference struct {
	codes  []int32
	weight [2]float64
	share  [2]float64
	diff   float64
}

// Run implements rel.NativeOp.
func (p *Diffpatterns) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	d, err := newDiscrete(ctx, rows, 2, len(p.Wildcards), func(r []types.Value) (int, float64) {
		switch r[0].ToText() {
		case p.A:
			return 0, r[1].Float64()
		case p.B:
			return 1, r[1].Float64()
		}
		return 0, 0
	})
	if err != nil {
		return nil, err
	}
	if d.total[0] == 0 || d.total[1] == 0 {
		return nil, nil // what is compared with nothing does not differ from it
	}
	found, err := newDiffSearch(d, p.Threshold, p.MaxDims).run()
	if err != nil {
		return nil, err
	}
	var out [][]types.Value
	for i, f := range found {
		r := []types.Value{
			types.LongOf(int64(i)), types.LongOf(int64(f.weight[0])), types.LongOf(int64(f.weight[1])),
			percent(f.share[0]), percent(f.share[1]), percent(f.diff),
		}
		out = append(out, d.show(r, f.codes, p.Wildcards))
	}
	return out, nil
}

// percent is a share in percent, with two decimals as in the documentation.
func percent(share float64) types.Value { return types.RealOf(math.Round(1e4*share) / 100) }

// diffSearch is the state of the search. An item is a value of a column that is frequent enough to be in a pattern.
type diffSearch struct {
	d         *discrete
	threshold float64
	maxDims   int
	items     []item
	of        [][]int32 // the item of each code of each column; -1 where it is too rare
	sums      [][2]float64
	looked    int
}

type item struct {
	col  int
	list []int // the combinations that have it
}

func newDiffSearch(d *discrete, threshold float64, maxDims int) *diffSearch {
	s := &diffSearch{d: d, threshold: threshold, maxDims: maxDims, of: make([][]int32, len(d.values))}
	for c, values := range d.values {
		weight := make([][2]float64, len(values))
		for _, x := range d.combos {
			weight[x.codes[c]][0] += x.weight[0]
			weight[x.codes[c]][1] += x.weight[1]
		}
		s.of[c] = make([]int32, len(values))
		for code, w := range weight {
			s.of[c][code] = -1
			if share := s.shares(w); code > 0 && max(share[0], share[1]) >= threshold {
				s.of[c][code] = int32(len(s.items))
				s.items = append(s.items, item{col: c})
			}
		}
	}
	d.fold(func(c int, code int32) bool { return s.of[c][code] >= 0 })
	for i, x := range d.combos {
		for c, code := range x.codes {
			if it := s.of[c][code]; it >= 0 {
				s.items[it].list = append(s.items[it].list, i)
			}
		}
	}
	s.sums = make([][2]float64, len(s.items))
	return s
}

func (s *diffSearch) shares(weight [2]float64) [2]float64 {
	return [2]float64{weight[0] / s.d.total[0], weight[1] / s.d.total[1]}
}

func (s *diffSearch) run() ([]*difference, error) {
	if s.d.err != nil {
		return nil, s.d.err
	}
	known := map[string]bool{}
	var found []*difference
	for it := range s.items {
		f, err := s.climb(it)
		if err != nil {
			return nil, err
		}
		if key := codesKey(f.codes); f.diff >= s.threshold-tolerance && !known[key] {
			known[key] = true
			found = append(found, f)
		}
	}
	sort.SliceStable(found, func(i, j int) bool {
		if x, y := found[i], found[j]; x.diff != y.diff {
			return x.diff > y.diff
		}
		return lessCodes(found[i].codes, found[j].codes)
	})
	var out []*difference
	for _, f := range found {
		special := false
		for _, g := range out {
			special = special || holds(g.codes, f.codes)
		}
		if !special {
			out = append(out, f)
		}
	}
	return out, nil
}

// climb adds values to an item as long as that makes the difference larger.
func (s *diffSearch) climb(it int) (*difference, error) {
	list := s.items[it].list
	now := s.measure(list)
	set := map[int]bool{s.items[it].col: true}
	for s.maxDims == 0 || len(set) < s.maxDims {
		if s.looked += len(list)*len(s.of) + len(s.items); s.looked > maxMining {
			return nil, errMining(maxMining, "fewer rows, columns or dimensions, or a higher threshold, make it shorter")
		}
		clear(s.sums)
		for _, i := range list {
			if err := s.d.pulse.beat(); err != nil {
				return nil, err
			}
			x := &s.d.combos[i]
			for c, code := range x.codes {
				if n := s.of[c][code]; n >= 0 {
					s.sums[n][0] += x.weight[0]
					s.sums[n][1] += x.weight[1]
				}
			}
		}
		best, high := -1, now.diff+tolerance
		for n, w := range s.sums {
			if share := s.shares(w); !set[s.items[n].col] && math.Abs(share[0]-share[1]) > high {
				best, high = n, math.Abs(share[0]-share[1])
			}
		}
		if best < 0 {
			break
		}
		set[s.items[best].col] = true
		list = intersect(list, s.items[best].list)
		now = s.measure(list)
	}
	now.codes = s.d.common(list)
	return now, nil
}

func (s *diffSearch) measure(list []int) *difference {
	f := &difference{}
	for _, i := range list {
		f.weight[0] += s.d.combos[i].weight[0]
		f.weight[1] += s.d.combos[i].weight[1]
	}
	f.share = s.shares(f.weight)
	f.diff = math.Abs(f.share[0] - f.share[1])
	return f
}
