package funcs

import (
	"math"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// tdigest is a distribution: values in order and how often each counts. As a dynamic it is
// [[7], [values], [weights]]. Up to maxCentroids distinct values it is exact; above, neighbours are merged
// as in a t-digest: few of them at the ends, more in the middle.
type tdigest []weighted

const maxCentroids = 2048

// squeezed joins equal values, and neighbours where there are too many values.
func (d tdigest) squeezed() tdigest {
	var out tdigest
	for _, e := range d {
		if n := len(out); n > 0 && Compare(out[n-1].v, e.v) == 0 {
			out[n-1].w += e.w
			continue
		}
		out = append(out, e)
	}
	if len(out) <= maxCentroids {
		return out
	}
	var total, before float64
	for _, e := range out {
		total += float64(e.w)
	}
	merged := tdigest{out[0]}
	for i, e := range out[1:] {
		last := &merged[len(merged)-1]
		w := float64(last.w + e.w)
		q := (before + w/2) / total
		// 4·N·q·(1-q)/δ bounds the weight of a centroid at quantile q; the last value stays alone
		if w > 4*total*q*(1-q)/maxCentroids || i == len(out)-2 || len(merged) == 1 {
			before += float64(last.w)
			merged = append(merged, e)
			continue
		}
		last.v = centroidMean(*last, e)
		last.w += e.w
	}
	return merged
}

// centroidMean is the weighted mean of two values of one type.
func centroidMean(a, b weighted) types.Value {
	share := float64(b.w) / float64(a.w+b.w)
	if a.v.Type() == types.Real {
		return types.RealOf(a.v.Float64() + (b.v.Float64()-a.v.Float64())*share)
	}
	n := a.v.Int64() + int64(math.Round(float64(b.v.Int64()-a.v.Int64())*share))
	switch a.v.Type() {
	case types.Datetime:
		return types.DatetimeOf(n)
	case types.Timespan:
		return types.TimespanOf(n)
	}
	return types.LongOf(n)
}

func (d tdigest) value() types.Value {
	array := func(items ...types.JSON) types.JSON { return types.JSON{Kind: types.JSONArray, Items: items} }
	values, weights := array(), array()
	for _, e := range d {
		values.Items = append(values.Items, types.JSONOf(e.v))
		weights.Items = append(weights.Items, types.JSON{Kind: types.JSONLong, Long: e.w})
	}
	return array(array(types.JSON{Kind: types.JSONLong, Long: 7}), values, weights).Value()
}

// parseDigest reads a digest; false if the value is none.
func parseDigest(v types.Value) (tdigest, bool) {
	if v.IsNull() {
		return nil, false
	}
	n := types.JSONOf(v)
	if n.Kind != types.JSONArray || len(n.Items) != 3 || len(n.Items[1].Items) != len(n.Items[2].Items) {
		return nil, false
	}
	var values, weights []types.Value
	for i, e := range n.Items[1].Items {
		w := n.Items[2].Items[i]
		x, ok := digestValue(e)
		if !ok || w.Kind != types.JSONLong {
			return nil, false
		}
		values, weights = append(values, x), append(weights, types.LongOf(w.Long))
	}
	return weigh(sameType(values), weights), true
}

func digestValue(e types.JSON) (types.Value, bool) {
	switch e.Kind {
	case types.JSONLong:
		return types.LongOf(e.Long), true
	case types.JSONReal:
		return types.RealOf(e.Real), true
	case types.JSONString:
		if strings.Contains(e.Str, "T") {
			t, ok := types.ParseDatetime(e.Str)
			return types.DatetimeOf(t), ok
		}
		if f, ok := types.ParseReal(e.Str); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			return types.RealOf(f), true
		}
		t, ok := types.ParseTimespan(e.Str)
		return types.TimespanOf(t), ok
	}
	return types.Value{}, false
}

// sameType makes longs real where reals are among them, and keeps of other mixtures the first type only.
func sameType(vs []types.Value) []types.Value {
	if len(vs) == 0 {
		return vs
	}
	want := vs[0].Type()
	for _, v := range vs {
		if v.Type() == types.Real && want == types.Long {
			want = types.Real
		}
	}
	out := make([]types.Value, len(vs))
	for i, v := range vs {
		switch {
		case v.Type() == want:
			out[i] = v
		case want == types.Real && v.Type() == types.Long:
			out[i] = types.RealOf(v.Float64())
		default:
			out[i] = types.Null(want)
		}
	}
	return out
}

// mergeDigests merges the digests among some values; null if there is none.
func mergeDigests(vs []types.Value) types.Value {
	var values, weights []types.Value
	any := false
	for _, v := range vs {
		d, ok := parseDigest(v)
		if !ok {
			continue
		}
		any = true
		for _, e := range d {
			values, weights = append(values, e.v), append(weights, types.LongOf(e.w))
		}
	}
	if !any {
		return types.Null(types.Dynamic)
	}
	return tdigest(weigh(sameType(values), weights)).squeezed().value()
}
