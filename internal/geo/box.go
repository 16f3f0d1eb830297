package geo

import (
	"math"
	"sort"
)

// box bounds an edge in space.
type box struct{ lo, hi [3]float64 }

// slack is a distance, in radians, below which points count as one; it is far below a micrometre.
const slack = 1e-14

func (e edge) box() box {
	a, b := [3]float64{e.a.X, e.a.Y, e.a.Z}, [3]float64{e.b.X, e.b.Y, e.b.Z}
	// The arc bulges out of the chord by at most its sagitta.
	half := e.a.Sub(e.b.Vector).Norm() / 2
	bulge := 1 - math.Sqrt(math.Max(0, 1-half*half)) + slack
	var out box
	for i := range a {
		out.lo[i], out.hi[i] = math.Min(a[i], b[i])-bulge, math.Max(a[i], b[i])+bulge
	}
	return out
}

func (x box) meets(y box) bool {
	for i := range x.lo {
		if x.hi[i] < y.lo[i] || y.hi[i] < x.lo[i] {
			return false
		}
	}
	return true
}

func sortedByLow(bs []box) []int {
	out := make([]int, len(bs))
	for i := range out {
		out[i] = i
	}
	sort.SliceStable(out, func(i, j int) bool { return bs[out[i]].lo[0] < bs[out[j]].lo[0] })
	return out
}

func firstFrom(bs []box, order []int, x float64) int {
	return sort.Search(len(order), func(k int) bool { return bs[order[k]].lo[0] >= x })
}
