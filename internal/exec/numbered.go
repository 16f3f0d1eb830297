package exec

import (
	"context"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// Numbered runs another operator and appends to every row it gives the row's number, by which the order
// of the rows is kept.
type Numbered struct{ rel.NativeOp }

// Run implements rel.NativeOp.
func (n Numbered) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	out, err := n.NativeOp.Run(ctx, rows)
	for i, r := range out {
		out[i] = append(r[:len(r):len(r)], types.LongOf(int64(i)))
	}
	return out, err
}
