package exec

import (
	"context"
	"math"
	"sort"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/types"
)

// Rolling is rolling_percentile: over rows [value, index, dimension …] it gives, for each period that has
// rows, the percentile of the values in the Bins periods up to it. The percentile is the value of the
// nearest rank.
// https://learn.microsoft.com/kusto/query/rolling-percentile-plugin
type Rolling struct {
	Percentile float64
	Step, Bins int64
	Time       types.Type
}

// Name implements rel.NativeOp.
func (*Rolling) Name() string { return "rolling_percentile" }

// Run implements rel.NativeOp.
func (w *Rolling) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	type part struct {
		dims []types.Value
		bins map[int64][]types.Value
	}
	var parts []*part
	at := map[string]*part{}
	p := &pulse{ctx: ctx}
	for _, r := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		if r[1].IsNull() {
			continue
		}
		k := rowKey(r[2:])
		g, ok := at[k]
		if !ok {
			g = &part{r[2:], map[int64][]types.Value{}}
			at[k] = g
			parts = append(parts, g)
		}
		bin := floorDiv(r[1].Int64(), w.Step)
		vals := g.bins[bin]
		if !r[0].IsNull() {
			vals = append(vals, r[0])
		}
		g.bins[bin] = vals
	}
	var out [][]types.Value
	for _, g := range parts {
		var bins []int64
		for b := range g.bins {
			bins = append(bins, b)
		}
		sort.Slice(bins, func(i, j int) bool { return bins[i] < bins[j] })
		for _, b := range bins {
			var vals []types.Value
			for i := b - w.Bins + 1; i <= b; i++ {
				vals = append(vals, g.bins[i]...)
			}
			v := types.Null(types.Long)
			if len(vals) > 0 {
				if err := sortStable(p, vals, funcs.Compare); err != nil {
					return nil, err
				}
				rank := int(math.Ceil(w.Percentile / 100 * float64(len(vals))))
				v = vals[min(max(rank, 1), len(vals))-1]
			}
			out = append(out, append(append([]types.Value{timeOf(b*w.Step, w.Time)}, g.dims...), v))
		}
	}
	return out, nil
}
