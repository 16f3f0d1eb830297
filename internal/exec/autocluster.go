package exec

import (
	"context"
	"math"
	"slices"
	"sort"

	"github.com/vedette-siem/vedette/internal/types"
)

// Autocluster finds a few patterns that together describe many of the rows. Its rows are [weight, value …]; it
// gives [number, count, percent, value or wildcard …], the best pattern first.
// https://learn.microsoft.com/kusto/query/autocluster-plugin
//
// Kusto does not publish its search; the documentation names what it is built on: seeds that are expanded, and
// a score that is the geometric mean of size and information, weighted by SizeWeight. Here:
//
//   - size is the share of the rows (by weight) that a pattern holds;
//   - information is the entropy of the columns that the pattern sets, as a share of that of all columns: a value
//     of a column that says little (nine rows in ten have it) adds little, one of a telling column adds much;
//   - seeds are rows at equal distances, when the rows with the most usual values come first. All values of a
//     seed are a pattern; one after the other, a value is left away, once so that the score is best each time,
//     once so that the size is. What is met on both ways, and all that are one value away, are the candidates;
//   - the candidates are gone through, the best first, down to half the score of the best. Those are dropped that
//     hold one row only, that have nothing but values of a better pattern, or more than three quarters of whose rows
//     (by weight) are in better patterns. A pattern is shown with every other value that its rows have in common.
type Autocluster struct {
	SizeWeight float64
	Seeds      int
	Wildcards  []types.Value // one for each value column
}

// Name implements rel.NativeOp.
func (*Autocluster) Name() string { return "autocluster" }

// cluster is a pattern that autocluster considers.
type cluster struct {
	codes []int32
	score float64
}

// Run implements rel.NativeOp.
func (a *Autocluster) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	d, err := newDiscrete(ctx, rows, 1, len(a.Wildcards), func(r []types.Value) (int, float64) { return 0, r[0].Float64() })
	if err != nil {
		return nil, err
	}
	s := newClusterSearch(d, a.SizeWeight)
	if d.err != nil {
		return nil, d.err
	}
	seeds := s.seeds(a.Seeds)
	// Each of two ways compares a seed with all combinations, and goes over them twice for each column.
	if s.looked = len(seeds) * len(d.combos) * len(a.Wildcards) * 6; s.looked > maxMining {
		return nil, errMining(maxMining, "fewer rows, columns or seeds make it shorter")
	}
	for _, seed := range seeds {
		for _, w := range []way{byScore, bySize} {
			if err := s.walk(d.combos[seed].codes, w); err != nil {
				return nil, err
			}
		}
	}
	found, err := s.choose()
	if err != nil {
		return nil, err
	}
	var out [][]types.Value
	for i, list := range found {
		weight := s.weight(list, nil)
		r := []types.Value{types.LongOf(int64(i)), types.LongOf(int64(weight)), types.RealOf(100 * weight / d.total[0])}
		out = append(out, d.show(r, d.common(list), a.Wildcards))
	}
	return out, nil
}

// clusterSearch is the state of the search.
type clusterSearch struct {
	d           *discrete
	sizeWeight  float64
	entropy     []float64 // of each column
	information float64   // of all columns
	share       [][]float64
	differs     []int32 // how many of a pattern's values a combination does not have
	where       []int32 // the sum of their columns: the one column where there is one
	known       map[string]bool
	candidates  []cluster
	looked      int
}

func newClusterSearch(d *discrete, sizeWeight float64) *clusterSearch {
	s := &clusterSearch{d: d, sizeWeight: sizeWeight, known: map[string]bool{}}
	rows := make([][]int, len(d.values))
	for c, values := range d.values {
		share := make([]float64, len(values))
		rows[c] = make([]int, len(values))
		for i := range d.combos {
			x := &d.combos[i]
			share[x.codes[c]] += x.weight[0] / d.total[0]
			rows[c][x.codes[c]] += x.rows
		}
		h := 0.0
		for _, p := range share {
			if p > 0 {
				h -= p * math.Log(p)
			}
		}
		s.share = append(s.share, share)
		s.entropy = append(s.entropy, h)
		s.information += h
	}
	if d.rows > 1 { // a pattern holds more than one row
		d.fold(func(c int, code int32) bool { return rows[c][code] > 1 })
	}
	s.differs, s.where = make([]int32, len(d.combos)), make([]int32, len(d.combos))
	return s
}

// seeds chooses up to n combinations: at equal distances by weight, those with the most usual values first; then
// those that weigh most.
func (s *clusterSearch) seeds(n int) []int {
	combos := s.d.combos
	usual := make([]float64, len(combos))
	order := make([]int, len(combos))
	for i, x := range combos {
		order[i] = i
		for c, code := range x.codes {
			if code != 0 {
				usual[i] += s.share[c][code]
			}
		}
	}
	sort.SliceStable(order, func(i, j int) bool { return usual[order[i]] > usual[order[j]] })
	var out []int
	taken := make([]bool, len(combos))
	sum := 0.0
	for _, i := range order {
		sum += combos[i].weight[0]
		if next := (float64(len(out)) + 0.5) / float64(n) * s.d.total[0]; sum >= next && len(out) < n {
			out = append(out, i)
			taken[i] = true
		}
	}
	sort.SliceStable(order, func(i, j int) bool { return combos[order[i]].weight[0] > combos[order[j]].weight[0] })
	for _, i := range order {
		if !taken[i] && len(out) < n {
			out = append(out, i)
		}
	}
	return out
}

// way is how walk chooses the next value to leave away.
type way int

const (
	byScore way = iota
	bySize
)

// score is what a pattern is worth that holds a weight and sets columns with an entropy.
func (s *clusterSearch) score(weight, entropy float64) float64 {
	information := 1.0 // rows that are all alike
	if s.information > 0 {
		information = math.Max(0, entropy) / s.information
	}
	return math.Pow(weight/s.d.total[0], s.sizeWeight) * math.Pow(information, 1-s.sizeWeight)
}

// walk leaves away one value of a combination after the other and notes the candidates on the way.
func (s *clusterSearch) walk(codes []int32, w way) error {
	d := s.d
	now := append([]int32(nil), codes...)
	left, entropy, weight, rows := 0, 0.0, 0.0, 0
	for c, code := range codes {
		if code != 0 {
			left++
			entropy += s.entropy[c]
		}
	}
	for i := range d.combos {
		x := &d.combos[i]
		s.differs[i], s.where[i] = 0, 0
		for c, code := range x.codes {
			if codes[c] != 0 && code != codes[c] {
				s.differs[i]++
				s.where[i] += int32(c)
			}
		}
		if s.differs[i] == 0 {
			weight += x.weight[0]
			rows += x.rows
		}
	}
	gain, gainRows := make([]float64, len(codes)), make([]int, len(codes))
	for ; left > 0; left-- {
		if err := d.pulse.ctx.Err(); err != nil {
			return err
		}
		s.note(now, rows, s.score(weight, entropy))
		if left == 1 {
			return nil
		}
		clear(gain)
		clear(gainRows)
		for i, n := range s.differs {
			if n == 1 {
				gain[s.where[i]] += d.combos[i].weight[0]
				gainRows[s.where[i]] += d.combos[i].rows
			}
		}
		at, high, low := -1, -1.0, 0.0
		for c, code := range now {
			if code == 0 {
				continue
			}
			score := s.score(weight+gain[c], entropy-s.entropy[c])
			now[c] = 0
			s.note(now, rows+gainRows[c], score)
			now[c] = code
			v := score
			if w == bySize {
				v = gain[c]
			}
			if v > high || v == high && s.entropy[c] > low { // what says most is rarest, and best left away
				at, high, low = c, v, s.entropy[c]
			}
		}
		now[at] = 0
		weight, rows, entropy = weight+gain[at], rows+gainRows[at], entropy-s.entropy[at]
		for i := range d.combos {
			if d.combos[i].codes[at] != codes[at] {
				s.differs[i]--
				s.where[i] -= int32(at)
			}
		}
	}
	return nil
}

// note takes a pattern for a candidate if more than one row has it.
func (s *clusterSearch) note(codes []int32, rows int, score float64) {
	if rows < 2 && s.d.rows > 1 {
		return
	}
	if key := codesKey(codes); !s.known[key] {
		s.known[key] = true
		s.candidates = append(s.candidates, cluster{append([]int32(nil), codes...), score})
	}
}

// choose gives the combinations of the candidates that tell something that better ones do not.
func (s *clusterSearch) choose() ([][]int, error) {
	all := s.candidates
	sort.Slice(all, func(i, j int) bool {
		if x, y := all[i].score, all[j].score; x != y {
			return x > y
		}
		return lessCodes(all[i].codes, all[j].codes)
	})
	var out [][]int
	var patterns [][]int32
	covered := make([]bool, len(s.d.combos))
	for _, p := range all {
		if p.score < all[0].score/2 {
			break
		}
		if slices.ContainsFunc(patterns, func(better []int32) bool { return holds(p.codes, better) }) {
			continue
		}
		if s.looked += len(s.d.combos) * len(p.codes); s.looked > maxMining {
			return nil, errMining(maxMining, "fewer rows, columns or seeds make it shorter")
		}
		var list []int
		for i := range s.d.combos {
			if err := s.d.pulse.beat(); err != nil {
				return nil, err
			}
			if holds(p.codes, s.d.combos[i].codes) {
				list = append(list, i)
			}
		}
		if s.weight(list, covered) < s.weight(list, nil)/4 {
			continue
		}
		for _, i := range list {
			covered[i] = true
		}
		out, patterns = append(out, list), append(patterns, s.d.common(list))
	}
	return out, nil
}

// weight is what combinations weigh but for some.
func (s *clusterSearch) weight(list []int, but []bool) float64 {
	w := 0.0
	for _, i := range list {
		if but == nil || !but[i] {
			w += s.d.combos[i].weight[0]
		}
	}
	return w
}

// holds tells whether a combination has all values of a pattern.
func holds(pattern, codes []int32) bool {
	for c, code := range pattern {
		if code != 0 && codes[c] != code {
			return false
		}
	}
	return true
}
