package exec

import (
	"context"
	"fmt"
	"sort"

	"github.com/vedette-siem/vedette/internal/types"
)

// maxBaskets bounds the patterns that basket looks at.
const maxBaskets = 200_000

// Basket finds the values that often stand together: the patterns that at least Threshold of the rows share,
// each with every value that all of these rows have in common. Its rows are [weight, value …]; it gives
// [number, count, percent, value or wildcard …], the most frequent pattern first. Null and empty values make
// no pattern.
// https://learn.microsoft.com/kusto/query/basket-plugin
type Basket struct {
	Threshold float64
	MaxDims   int
	Wildcards []types.Value // one for each value column
}

// Name implements rel.NativeOp.
func (*Basket) Name() string { return "basket" }

// basketPattern is a pattern that basket found.
type basketPattern struct {
	codes []int32
	count float64
}

// basketItem is a value of a column that is frequent enough to be in a pattern.
type basketItem struct {
	col  int
	list []int // the combinations that have it
}

// Run implements rel.NativeOp.
func (b *Basket) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	d, err := newDiscrete(ctx, rows, 1, len(b.Wildcards), func(r []types.Value) (int, float64) { return 0, r[0].Float64() })
	if err != nil {
		return nil, err
	}
	order, err := b.patterns(d)
	if err != nil {
		return nil, err
	}
	sort.SliceStable(order, func(i, j int) bool { return order[i].count > order[j].count })
	var out [][]types.Value
	for i, p := range order {
		r := []types.Value{types.LongOf(int64(i)), types.LongOf(int64(p.count)), types.RealOf(100 * p.count / d.total[0])}
		out = append(out, d.show(r, p.codes, b.Wildcards))
	}
	return out, nil
}

// items are the frequent values, by column and text.
func (b *Basket) items(d *discrete) []basketItem {
	least := b.Threshold * d.total[0]
	weight := make([][]float64, len(d.values))
	for c, values := range d.values {
		weight[c] = make([]float64, len(values))
		for _, x := range d.combos {
			weight[c][x.codes[c]] += x.weight[0]
		}
	}
	d.fold(func(c int, code int32) bool { return weight[c][code] >= least })
	var items []basketItem
	for c, values := range d.values {
		lists := make([][]int, len(values))
		for i, x := range d.combos {
			lists[x.codes[c]] = append(lists[x.codes[c]], i)
		}
		for code, list := range lists {
			if code > 0 && len(list) > 0 {
				items = append(items, basketItem{c, list})
			}
		}
	}
	return items
}

// patterns finds the frequent patterns.
func (b *Basket) patterns(d *discrete) ([]*basketPattern, error) {
	items := b.items(d)
	if d.err != nil {
		return nil, d.err
	}
	least := b.Threshold * d.total[0]
	known := map[string]bool{}
	var order []*basketPattern
	tried := 0
	var grow func(from, dims int, list []int, lastCol int) error
	grow = func(from, dims int, list []int, lastCol int) error {
		for k := from; k < len(items) && dims < b.MaxDims; k++ {
			if items[k].col == lastCol {
				continue
			}
			rest := items[k].list
			if dims > 0 {
				rest = intersect(list, rest)
			}
			n := 0.0
			for _, i := range rest {
				if err := d.pulse.beat(); err != nil {
					return err
				}
				n += d.combos[i].weight[0]
			}
			if n < least || n == 0 {
				continue
			}
			if tried++; tried > maxBaskets {
				return fmt.Errorf("there are more than %d patterns; a higher threshold or fewer columns give fewer", maxBaskets)
			}
			codes := d.common(rest)
			if key := codesKey(codes); !known[key] {
				known[key] = true
				order = append(order, &basketPattern{codes, n})
			}
			if err := grow(k+1, dims+1, rest, items[k].col); err != nil {
				return err
			}
		}
		return nil
	}
	return order, grow(0, 0, nil, -1)
}

// intersect gives the numbers that two ascending lists have in common.
func intersect(x, y []int) []int {
	var out []int
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i] < y[j]:
			i++
		case x[i] > y[j]:
			j++
		default:
			out = append(out, x[i])
			i, j = i+1, j+1
		}
	}
	return out
}
