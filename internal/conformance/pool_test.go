package conformance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/types"
)

// pool returns odd values of a type: null, empty, the ends of its range, and what people forget.
func pool(t types.Type) []types.Value {
	var out []types.Value
	switch t {
	case types.Bool:
		out = []types.Value{types.BoolOf(true), types.BoolOf(false)}
	case types.Int:
		for _, i := range []int32{0, 1, -1, 2, 7, 300, math.MaxInt32, math.MinInt32} {
			out = append(out, types.IntOf(i))
		}
	case types.Long:
		for _, i := range []int64{0, 1, -1, 2, -3, 64, 1_000_000_007, 1715949296, math.MaxInt64, math.MinInt64} {
			out = append(out, types.LongOf(i))
		}
	case types.Real:
		for _, f := range []float64{0, 1, -1, 0.5, -2.5, 3.7, 1e-7, 1e300, -1e19, 9.2e18, math.NaN(), math.Inf(1), math.Inf(-1)} {
			out = append(out, types.RealOf(f))
		}
	case types.Decimal:
		for _, s := range []string{"0", "1", "-1.5", "0.1", "12345678901234567890.123"} {
			out = append(out, types.DecimalOf(s))
		}
	case types.String:
		for _, s := range []string{"", "a", "abc", "ABC", "Hello, World", " x ", "a.b.c", "é", "straße", "日本語 text", "😀x", "İıK", "10.0.0.1",
			"a_b-c", "1", "-2.5", "true", "2024-01-15T10:20:30Z", "[1,\"a\"]", `{"a":1}`, "a\x00b", "x\ny", "'q\"\\", "%_", "(", "aXbXc", "X"} {
			out = append(out, types.StringOf(s))
		}
	case types.Datetime:
		for _, s := range []string{"2024-01-15T10:20:30.1234567Z", "2024-02-29", "2023-12-31T23:59:59.9999999Z", "1970-01-01", "0001-01-01", "9999-12-31T23:59:59.9999999Z", "1969-07-20T20:17:40Z"} {
			ticks, _ := types.ParseDatetime(s)
			out = append(out, types.DatetimeOf(ticks))
		}
	case types.Timespan:
		for _, n := range []int64{0, 1, -1, 10_000_000, 36_000_000_000, 864_000_000_000, -864_000_000_001, 10 * 864_000_000_000, math.MaxInt64, math.MinInt64} {
			out = append(out, types.TimespanOf(n))
		}
	case types.Guid:
		for _, s := range []string{"00000000-0000-0000-0000-000000000000", "74be27de-1e4e-49d9-b579-fe0b331d3642"} {
			out = append(out, types.GuidOf(s))
		}
	case types.Dynamic:
		for _, s := range []string{`[]`, `{}`, `[1,2,3]`, `[3.5,-1,null]`, `["a","B","a"]`, `[1,"a",null,[2],{"k":1}]`, `{"a":1,"b":[1,2]}`, `{"a":null,"A":"x","":{"a":{"a":5}}}`,
			`1`, `-2.5`, `"text"`, `"1"`, `true`, `"2024-01-15T10:20:30Z"`, `{"x y":"\u0001","é":"日"}`, `[9223372036854775807,1e300]`, `["10.0.0.1",""]`, `"a\"b\\c"`, `[true,false]`} {
			if c, err := types.CanonicalJSON(s); err == nil {
				out = append(out, types.DynamicOf(c))
			}
		}
	}
	if t != types.String {
		out = append(out, types.Null(t))
	}
	return out
}

// maxTuples bounds the rows that one overload is tried with.
const maxTuples = 120

// tuples returns rows of arguments: all combinations where they are few, else a fixed random choice that
// has every value of every pool.
func tuples(rnd *rand.Rand, pools [][]types.Value) [][]types.Value {
	n := 1
	for _, p := range pools {
		n = min(n*len(p), maxTuples+1)
	}
	var out [][]types.Value
	if n <= maxTuples {
		idx := make([]int, len(pools))
		for {
			row := make([]types.Value, len(pools))
			for i, p := range pools {
				row[i] = p[idx[i]]
			}
			out = append(out, row)
			k := len(idx) - 1
			for ; k >= 0; k-- {
				if idx[k]++; idx[k] < len(pools[k]) {
					break
				}
				idx[k] = 0
			}
			if k < 0 {
				return out
			}
		}
	}
	for r := range maxTuples {
		row := make([]types.Value, len(pools))
		for i, p := range pools {
			if r < len(p) && i == r%len(pools) {
				row[i] = p[r]
			} else {
				row[i] = p[rnd.IntN(len(p))]
			}
		}
		out = append(out, row)
	}
	return out
}

// maxShapes bounds the combinations of argument types that one overload is tried with, for one number of
// arguments.
const maxShapes = 8

// allShapes bounds them for all numbers of arguments.
const allShapes = 16

// maxConstants bounds the values that are tried as a constant in one place of one shape.
const maxConstants = 8

// shape is the types of the arguments of a call.
type shape []types.Type

// shapes returns argument types that the body of overload at may get, after the binder's conversions:
// optional arguments are given or not, a repeated group stands up to three times. Types that an earlier
// overload takes as they are never get here.
func shapes(rnd *rand.Rand, f *funcs.Func, at int) []shape {
	s := &f.Sigs[at]
	var out []shape
	seen := map[string]bool{}
	for n := 0; n <= len(s.Params)+2 && len(out) < allShapes; n++ {
		if !s.Takes(n) || repeats(s, n) > 3 {
			continue
		}
		for range maxShapes {
			sh := randomShape(rnd, s, n)
			if sh == nil || taken(f, at, sh) {
				continue
			}
			k := fmt.Sprint(sh)
			if !seen[k] {
				seen[k] = true
				out = append(out, sh)
			}
		}
	}
	return out
}

func taken(f *funcs.Func, at int, sh shape) bool {
	for i := range at {
		s := &f.Sigs[i]
		fits := s.Takes(len(sh))
		for j, t := range sh {
			p, ok := s.Param(j, len(sh))
			fits = fits && ok && p.Types.Has(t)
		}
		if fits {
			return true
		}
	}
	// and, or: the binder makes predicates of dynamic values
	return f.Class == funcs.Operator && (f.Name == "and" || f.Name == "or") && slices.Contains(sh, types.Dynamic)
}

func repeats(s *funcs.Sig, n int) int {
	count := 0
	for i := range n {
		if p, ok := s.Param(i, n); ok && p.Rep {
			count++
		}
	}
	return count
}

func randomShape(rnd *rand.Rand, s *funcs.Sig, n int) shape {
	sh := make(shape, n)
	common := types.Unknown
	for i := range sh {
		p, ok := s.Param(i, n)
		if !ok {
			return nil
		}
		ts := p.Types.Types()
		switch {
		case p.Text:
			sh[i] = types.String
		case p.Common:
			if common == types.Unknown {
				common = ts[rnd.IntN(len(ts))]
			}
			if !p.Types.Has(common) {
				return nil
			}
			sh[i] = common
		default:
			sh[i] = ts[rnd.IntN(len(ts))]
		}
	}
	if s.Out.Kind == funcs.OutWidest { // the numbers have been made one type
		wide := types.Unknown
		for _, t := range sh {
			if t.IsNumeric() && t > wide {
				wide = t
			}
		}
		for i, t := range sh {
			if t.IsNumeric() {
				sh[i] = wide
			}
		}
	}
	return sh
}

// some is n values of a list, or all if there are no more.
func some(rnd *rand.Rand, list []types.Value, n int) []types.Value {
	if len(list) <= n {
		return list
	}
	out := make([]types.Value, n)
	for i, at := range rnd.Perm(len(list))[:n] {
		out[i] = list[at]
	}
	return out
}
