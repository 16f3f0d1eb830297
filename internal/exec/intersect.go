package exec

import (
	"context"
	"fmt"
	"math/bits"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/types"
)

// Intersect is dcount_intersect: it appends to each row the sizes of the first set, of what the first two
// have in common, and so on. Sets stands for the places of the sketches. A sketch tells the size of a union,
// and from those the size of an intersection follows.
// https://learn.microsoft.com/kusto/query/dcount-intersect-plugin
type Intersect struct{ Sets []int }

// Name implements rel.NativeOp.
func (*Intersect) Name() string { return "dcount_intersect" }

// Run implements rel.NativeOp.
func (s *Intersect) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	merge, ok1 := funcs.All().Lookup(funcs.Aggregate, "hll_merge")
	size, ok2 := funcs.All().Lookup(funcs.Scalar, "dcount_hll")
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("the catalogue lacks hll_merge or dcount_hll")
	}
	call := &funcs.Ctx{Out: types.Dynamic, Args: []types.Type{types.Dynamic}}
	out := make([][]types.Value, 0, len(rows))
	for _, r := range rows {
		sums := make([]int64, len(s.Sets))
		for set := uint(1); set < 1<<len(s.Sets); set++ {
			var sketches []types.Value
			for i, at := range s.Sets {
				if set&(1<<i) != 0 && !r[at].IsNull() {
					sketches = append(sketches, r[at])
				}
			}
			if err := ctx.Err(); err != nil { // a merge of sketches takes as long as many rows elsewhere
				return nil, err
			}
			union := merge.Agg(call, len(sketches), [][]types.Value{sketches})
			n := size.Call(call, size.Go, []types.Value{union})
			if err := call.TakeErr(); err != nil {
				return nil, err
			}
			var count int64
			if !n.IsNull() {
				count = n.Int64()
			}
			if bits.OnesCount(set)%2 == 0 {
				count = -count
			}
			for k := bits.Len(set) - 1; k < len(s.Sets); k++ {
				sums[k] += count
			}
		}
		row := r[:len(r):len(r)]
		for _, n := range sums {
			row = append(row, types.LongOf(max(n, 0)))
		}
		out = append(out, row)
	}
	return out, nil
}
