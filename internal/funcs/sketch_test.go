package funcs

import (
	"math"
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

func call(t *testing.T, name string, out types.Type, args ...types.Value) types.Value {
	t.Helper()
	f, ok := All().Lookup(Scalar, name)
	if !ok {
		t.Fatalf("no function %s", name)
	}
	c := &Ctx{Out: out}
	v := f.Call(c, f.Go, args)
	if c.Err() != nil {
		t.Fatalf("%s: %v", name, c.Err())
	}
	return v
}

func aggregate(t *testing.T, name string, cols ...[]types.Value) types.Value {
	t.Helper()
	f, ok := All().Lookup(Aggregate, name)
	if !ok {
		t.Fatalf("no aggregate %s", name)
	}
	return f.Agg(&Ctx{Out: types.Dynamic}, len(cols[0]), cols)
}

func numbers(from, to int) []types.Value {
	var out []types.Value
	for i := from; i <= to; i++ {
		out = append(out, types.LongOf(int64(i)))
	}
	return out
}

func TestHLL(t *testing.T) {
	for _, c := range []struct {
		n        int
		accuracy int64
		within   float64 // three standard deviations
	}{
		{0, 1, 0}, {10, 0, 0}, {1024, 1, 0}, {8192, 2, 0},
		{2000, 1, 0.024}, {50000, 0, 0.05}, {50000, 1, 0.024}, {50000, 2, 0.012}, {100000, 4, 0.006},
	} {
		h := aggregate(t, "hll", numbers(1, c.n), []types.Value{types.LongOf(c.accuracy)})
		got := call(t, "dcount_hll", types.Long, h).Int64()
		if diff := math.Abs(float64(got) - float64(c.n)); diff > c.within*float64(c.n) {
			t.Errorf("hll of %d values, accuracy %d, counts %d", c.n, c.accuracy, got)
		}
	}
}

func TestHLLMerge(t *testing.T) {
	one := func(a int64) []types.Value { return []types.Value{types.LongOf(a)} }
	for _, c := range []struct {
		name   string
		x, y   types.Value
		want   float64
		within float64
	}{
		{"sparse", aggregate(t, "hll", numbers(1, 10)), aggregate(t, "hll", numbers(11, 20)), 20, 0},
		{"overlap", aggregate(t, "hll", numbers(1, 10)), aggregate(t, "hll", numbers(5, 12)), 12, 0},
		{"dense and sparse", aggregate(t, "hll", numbers(1, 30000)), aggregate(t, "hll", numbers(29000, 29500)), 30000, 0.024},
		{"sparse and dense", aggregate(t, "hll", numbers(1, 500)), aggregate(t, "hll", numbers(1, 30000)), 30000, 0.024},
		{"two precisions", aggregate(t, "hll", numbers(1, 30000), one(4)), aggregate(t, "hll", numbers(20001, 50000), one(0)), 50000, 0.05},
		{"other way", aggregate(t, "hll", numbers(1, 30000), one(0)), aggregate(t, "hll", numbers(20001, 50000), one(4)), 50000, 0.05},
		{"with null", aggregate(t, "hll", numbers(1, 10)), types.Null(types.Dynamic), 10, 0},
		{"with another value", types.DynamicOf(`[1,2,3]`), aggregate(t, "hll", numbers(1, 10)), 10, 0},
	} {
		merged := call(t, "hll_merge", types.Dynamic, c.x, c.y)
		got := float64(call(t, "dcount_hll", types.Long, merged).Int64())
		if math.Abs(got-c.want) > c.within*c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if agg := aggregate(t, "hll_merge", []types.Value{c.x, c.y}); agg.Text() != merged.Text() {
			t.Errorf("%s: the aggregate merges otherwise than the function", c.name)
		}
	}
	// A register sketch folded to a lower precision equals one made with it.
	fine, coarse := newHLL(4), newHLL(0)
	for _, v := range numbers(1, 20000) {
		fine.add(hllHash(v))
		coarse.add(hllHash(v))
	}
	fine.fold(12)
	for i, r := range coarse.registers {
		if fine.registers[i] != r {
			t.Fatalf("register %d folds to %d, not %d", i, fine.registers[i], r)
		}
	}
}

func TestNoSketch(t *testing.T) {
	for _, text := range []string{`1`, `"x"`, `[]`, `[[1024,14],["a"],[]]`, `[[1024,99],[],[]]`, `[[1024,14],[],["01"]]`, `[[1024],[],[]]`, `{"a":1}`} {
		if v := call(t, "dcount_hll", types.Long, types.DynamicOf(text)); !v.IsNull() {
			t.Errorf("dcount_hll(%s) is %s", text, show(v))
		}
	}
	for _, text := range []string{`1`, `[]`, `[[7],[1],[]]`, `[[7],["x"],[1]]`, `[[7],[1],["a"]]`, `{"a":1}`} {
		if v := call(t, "rank_tdigest", types.Real, types.DynamicOf(text), types.LongOf(1)); !v.IsNull() {
			t.Errorf("rank_tdigest(%s) is %s", text, show(v))
		}
	}
}

func TestDigest(t *testing.T) {
	d := aggregate(t, "tdigest", numbers(1, 1000))
	for _, c := range []struct{ got, want string }{
		{show(call(t, "rank_tdigest", types.Real, d, types.LongOf(685))), "real(685.0)"},
		{show(call(t, "percentrank_tdigest", types.Real, d, types.RealOf(500))), "real(50.0)"},
		{show(call(t, "percentile_tdigest", types.Dynamic, d, types.LongOf(95))), "dynamic(950)"},
		{show(call(t, "percentile_tdigest", types.Real, d, types.RealOf(99.9), types.StringOf("real"))), "real(999.0)"},
		{show(call(t, "percentile_tdigest", types.Datetime, d, types.RealOf(99.9), types.StringOf("datetime"))), "datetime(null)"},
		{show(call(t, "percentiles_array_tdigest", types.Dynamic, d, types.LongOf(0), types.LongOf(100))), "dynamic([1,1000])"},
		{show(aggregate(t, "tdigest", col(types.Real, 1.0, 2.0), col(types.Long, 1, 2))), "dynamic([[7],[1.0,2.0],[1,2]])"},
		{show(aggregate(t, "tdigest", col(types.Long, 3, nil, 1, 3))), "dynamic([[7],[1,3],[1,2]])"},
		{show(aggregate(t, "tdigest", col(types.Decimal, "1.5"))), "dynamic([[7],[1.5],[1]])"},
		{show(aggregate(t, "tdigest", col(types.Long))), "dynamic(null)"},
		{show(aggregate(t, "tdigest", col(types.Long, nil))), "dynamic([[7],[],[]])"},
		{show(aggregate(t, "tdigest", col(types.Timespan, 36000000000))), `dynamic([[7],["01:00:00"],[1]])`},
		{show(call(t, "percentile_tdigest", types.Timespan, types.DynamicOf(`[[7],["01:00:00"],[1]]`), types.LongOf(5), types.StringOf("timespan"))), "timespan(01:00:00)"},
		{show(call(t, "percentile_tdigest", types.Dynamic, aggregate(t, "tdigest", col(types.Datetime, 0)), types.LongOf(5))), "dynamic(0001-01-01T00:00:00.0000000Z)"},
		{show(call(t, "merge_tdigest", types.Dynamic, types.DynamicOf(`[[7],[1],[1]]`), types.DynamicOf(`[[7],[0.5],[1]]`))), "dynamic([[7],[0.5,1.0],[1,1]])"},
		{show(aggregate(t, "tdigest_merge", col(types.Dynamic, nil, "5"))), "dynamic(null)"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestDigestOfMany(t *testing.T) {
	const n = 100000
	d := aggregate(t, "tdigest", numbers(1, n))
	parsed, ok := parseDigest(d)
	if !ok || len(parsed) > 4*maxCentroids {
		t.Fatalf("%d centroids", len(parsed))
	}
	for _, p := range []float64{0, 0.1, 1, 25, 50, 75, 99, 99.9, 100} {
		got := call(t, "percentile_tdigest", types.Long, d, types.RealOf(p), types.StringOf("long")).Int64()
		want := math.Max(1, p/100*n)
		if diff := math.Abs(float64(got) - want); diff > n/1000 || (p == 0 || p == 100) && diff != 0 {
			t.Errorf("percentile %v of 1 to %d is %d", p, n, got)
		}
	}
}
