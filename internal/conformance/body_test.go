package conformance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/bind"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// TestBodies calls every Go body with odd values: none may panic or give a value of another type than it
// declares, and a null argument makes the result null where the function says Propagate.
func TestBodies(t *testing.T) {
	for _, f := range funcs.All().Funcs() {
		if f.Class != funcs.Scalar && f.Class != funcs.Operator {
			continue
		}
		for i := range f.Sigs {
			s := &f.Sigs[i]
			if f.Body(s) == nil || f.Hidden { // lowerings choose the arguments of hidden ones
				continue
			}
			t.Run(fmt.Sprintf("%s/%s/%d", f.Family, f.Name, i), func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(2, uint64(len(f.Name))))
				for _, sh := range shapes(rnd, f, i) {
					if checkBody(t, rnd, f, s, sh); t.Failed() {
						break
					}
				}
			})
		}
	}
}

// makesArrays are the functions whose arguments say how long their result is. It is bounded, at a million
// elements, which takes too long to be tried hundreds of times.
var makesArrays = map[string]bool{"range": true, "repeat": true}

func large(v types.Value) bool {
	switch {
	case v.IsNull():
		return false
	case v.Type() == types.Datetime:
		year := types.TimeOf(v.Int64()).Year()
		return year < 2023 || year > 2024
	case v.Type() == types.Timespan:
		return v.Int64()%36_000_000_000 != 0 || v.Int64() > 1<<60
	}
	return v.Type().IsNumeric() && math.Abs(v.Float64()) > 1000
}

// slowest is how long one call may take whatever it is given: a query cannot be stopped inside one.
const slowest = time.Second

func checkBody(t *testing.T, rnd *rand.Rand, f *funcs.Func, s *funcs.Sig, sh shape) {
	pools := make([][]types.Value, len(sh))
	for i, typ := range sh {
		p, _ := s.Param(i, len(sh))
		pools[i] = argPool(p, typ)
	}
	for _, args := range tuples(rnd, pools) {
		if makesArrays[f.Name] && slices.ContainsFunc(args, large) {
			continue
		}
		exprs := make([]rel.Expr, len(args))
		null := false
		for i, a := range args {
			exprs[i] = &rel.Lit{V: a}
			null = null || a.IsNull()
		}
		out := bind.ResultType(s, exprs)
		if out == types.Unknown {
			continue
		}
		ctx := &funcs.Ctx{Out: out, Args: sh, Now: types.TicksOf(evalTime), Rand: rnd.Uint64}
		start := time.Now()
		v, err := call(ctx, f, s, args)
		switch {
		case err != nil:
			t.Errorf("%s(%s) panics: %v", f.Name, showAll(args), err)
			return
		case time.Since(start) > slowest:
			t.Errorf("%s(%s) takes %s", f.Name, showAll(args), time.Since(start))
			return
		case ctx.Err() != nil:
		case !v.IsNull() && v.Type() != out:
			t.Errorf("%s(%s) = %s: a %s where the overload says %s", f.Name, showAll(args), show(v), v.Type(), out)
			return
		case null && f.Nulls == funcs.Propagate && !v.IsNull() && (v.Type() != types.String || v.Text() != ""):
			t.Errorf("%s(%s) = %s: a null argument must make it null", f.Name, showAll(args), show(v))
			return
		case v.Type() == types.Dynamic && !v.IsNull():
			if c, err := types.CanonicalJSON(v.Text()); err != nil || c != v.Text() {
				t.Errorf("%s(%s) = %s: not JSON in the canonical form (%s)", f.Name, showAll(args), show(v), c)
				return
			}
		}
	}
}
