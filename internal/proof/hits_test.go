package proof

import (
	"math/rand/v2"
	"testing"

	"github.com/vedette-siem/vedette/internal/funcs"
)

// TestHits compares with a plain set of minutes.
func TestHits(t *testing.T) {
	for seed := range 300 {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		const base = int64(1_000_000_000)
		first, last := base, base+10*dayBins
		var h, part hits
		set := map[int64]bool{}
		beyond := int64(-1)
		for range rng.IntN(12) {
			bin := base - dayBins + rng.Int64N(13*dayBins)
			to := &h
			if rng.IntN(3) == 0 {
				to = &part
			}
			to.set(bin, first, last)
			switch {
			case bin >= last && (beyond < 0 || bin < beyond):
				beyond = bin
			case bin >= first && bin < last:
				set[bin] = true
			}
		}
		h.add(&part)
		if rng.IntN(3) == 0 {
			first = base + rng.Int64N(4)*dayBins
			h.forget(first)
		}
		for range 40 {
			from := (first + rng.Int64N(11*dayBins)) * binTicks
			from += rng.Int64N(binTicks)
			to := from + rng.Int64N(3*dayTicks)
			switch rng.IntN(4) {
			case 0:
				to = from + rng.Int64N(3*binTicks)
			case 1:
				from, to = from/binTicks*binTicks, to/binTicks*binTicks
			}
			want := true
			for bin := from / binTicks; bin*binTicks < to; bin++ {
				want = want && !set[bin] && (beyond < 0 || bin < beyond)
			}
			if got := h.none(from, to); got != want {
				t.Fatalf("seed %d: none(%d, %d) is %t, want %t", seed, from, to, got, want)
			}
		}
	}
}

// TestCostsAreOfFunctions: a name that the catalogue does not have would allow nothing.
func TestCostsAreOfFunctions(t *testing.T) {
	for name := range costs {
		found := false
		for _, class := range []funcs.Class{funcs.Scalar, funcs.Operator} {
			f, ok := funcs.All().Lookup(class, name)
			found = found || ok && f.Vol == funcs.Pure
		}
		if !found {
			t.Errorf("the catalogue has no pure function %q", name)
		}
	}
}
