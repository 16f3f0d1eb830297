package rel

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/types"
)

// Fold computes a call whose arguments are all constants, through the function's Go body; now is the
// evaluation time. A call that is not the same on every row, or that ends in a fault, is left to the run,
// where the row decides whether it is reached.
func Fold(c *Call, now int64) (types.Value, bool) {
	body := c.Fn.Body(c.Sig)
	if body == nil || c.Fn.Vol == funcs.PerRow || c.T == types.Unknown {
		return types.Value{}, false
	}
	vals := make([]types.Value, len(c.Args))
	argTypes := make([]types.Type, len(c.Args))
	for i, a := range c.Args {
		v, ok := Const(a)
		if !ok {
			return types.Value{}, false
		}
		vals[i], argTypes[i] = v, a.Type()
	}
	ctx := &funcs.Ctx{Now: now, Out: c.T, Args: argTypes}
	v := c.Fn.Call(ctx, body, vals)
	return v, ctx.Err() == nil
}
