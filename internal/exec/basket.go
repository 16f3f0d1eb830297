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

// cell is a value of a column.
type cell struct {
	col  int
	text string
}

type pattern struct {
	rows  []int
	count float64
	cells map[int]types.Value
}

// Run implements rel.NativeOp.
func (b *Basket) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	p := &pulse{ctx: ctx}
	weight := func(i int) float64 { return rows[i][0].Float64() }
	total := 0.0
	at := map[cell][]int{}
	for i, r := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		total += weight(i)
		for c, v := range r[1:] {
			if t := v.ToText(); t != "" {
				at[cell{c, t}] = append(at[cell{c, t}], i)
			}
		}
	}
	count := func(list []int) float64 {
		n := 0.0
		for _, i := range list {
			n += weight(i)
		}
		return n
	}
	var items []cell
	for c, list := range at {
		if count(list) >= b.Threshold*total {
			items = append(items, c)
		}
	}
	sort.Slice(items, func(i, j int) bool {
		return items[i].col < items[j].col || items[i].col == items[j].col && items[i].text < items[j].text
	})
	found := map[string]*pattern{}
	var order []*pattern
	tried := 0
	var grow func(from, dims int, list []int, lastCol int) error
	grow = func(from, dims int, list []int, lastCol int) error {
		for k := from; k < len(items) && dims < b.MaxDims; k++ {
			c := items[k]
			if c.col == lastCol {
				continue
			}
			rest := at[c]
			if dims > 0 {
				rest = intersect(list, rest)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			n := count(rest)
			if n < b.Threshold*total || n == 0 {
				continue
			}
			if tried++; tried > maxBaskets {
				return fmt.Errorf("there are more than %d patterns; a higher threshold or fewer columns give fewer", maxBaskets)
			}
			fresh := &pattern{rows: rest, count: n, cells: shared(rows, rest)}
			if key := fresh.key(len(b.Wildcards)); found[key] == nil {
				found[key] = fresh
				order = append(order, fresh)
			}
			if err := grow(k+1, dims+1, rest, c.col); err != nil {
				return err
			}
		}
		return nil
	}
	if err := grow(0, 0, nil, -1); err != nil {
		return nil, err
	}
	sort.SliceStable(order, func(i, j int) bool { return order[i].count > order[j].count })
	var out [][]types.Value
	for i, p := range order {
		r := []types.Value{types.LongOf(int64(i)), types.LongOf(int64(p.count)), types.RealOf(100 * p.count / total)}
		for c, w := range b.Wildcards {
			if v, ok := p.cells[c]; ok {
				w = v
			}
			r = append(r, w)
		}
		out = append(out, r)
	}
	return out, nil
}

func (p *pattern) key(n int) string {
	vals := make([]types.Value, n)
	for i := range vals {
		vals[i] = types.Null(types.Long)
		if v, ok := p.cells[i]; ok {
			vals[i] = v
		}
	}
	return rowKey(vals)
}

// shared are the values that all the given rows have.
func shared(rows [][]types.Value, list []int) map[int]types.Value {
	out := map[int]types.Value{}
	for c, v := range rows[list[0]][1:] {
		text := v.ToText()
		same := text != ""
		for _, i := range list[1:] {
			if !same {
				break
			}
			same = rows[i][1+c].ToText() == text
		}
		if same {
			out[c] = v
		}
	}
	return out
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
