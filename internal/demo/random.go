package demo

import (
	"math/rand/v2"

	"github.com/vedette-siem/vedette/internal/types"
)

// Units of time, in ticks.
const (
	millisecond = types.TicksPerMillisecond
	second      = types.TicksPerSecond
	minute      = types.TicksPerMinute
	hour        = types.TicksPerHour
	day         = types.TicksPerDay
)

// Each part of the generator draws from a stream of its own, and each kind of id has a tag of its own, so that leaving
// one part out changes nothing in the others.
const (
	streamPeople uint64 = iota + 1
	streamSignIns
	streamSpray
	streamNonInteractive
	streamChanges
	streamAttack
	streamIdentity
	streamLocalLogons
)

const (
	tagTenant uint64 = iota + 101
	tagUser
	tagSID
	tagDevice
	tagGroup
	tagApp
	tagPolicy
	tagSignIn
	tagFlow
	tagItem
	tagSession
	tagAudit
	tagIdentity
	tagBehavior
)

func (g *generator) stream(n uint64) *rand.Rand { return rand.New(rand.NewPCG(g.opts.Seed, n)) }

// mix is a bijection of 64 bits that leaves no trace of order (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hash returns 64 bits that depend on the seed, a tag and a number only, not on what was drawn before.
func (g *generator) hash(tag, n uint64) uint64 { return mix(mix(g.opts.Seed^mix(tag)) ^ n) }

// guid returns the n-th GUID of a tag, in the form of a random (version 4) one.
func (g *generator) guid(tag, n uint64) string {
	hi := g.hash(tag, n)
	lo := mix(hi ^ n)
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 2<<62
	const digits = "0123456789abcdef"
	var b [36]byte
	i := 0
	for _, w := range [2]uint64{hi, lo} {
		for shift := 60; shift >= 0; shift -= 4 {
			if i == 8 || i == 13 || i == 18 || i == 23 {
				b[i] = '-'
				i++
			}
			b[i] = digits[w>>shift&15]
			i++
		}
	}
	return string(b[:])
}

// pick returns one of a list, each with the same chance.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// weighted is a list of running totals of integer weights, to draw an index by weight.
type weighted []int64

func (w *weighted) add(weight int64) { *w = append(*w, w.total()+weight) }

func (w weighted) total() int64 {
	if len(w) == 0 {
		return 0
	}
	return w[len(w)-1]
}

// draw returns an index; the total must be above zero.
func (w weighted) draw(r *rand.Rand) int {
	x := r.Int64N(w.total())
	lo, hi := 0, len(w)-1
	for lo < hi {
		mid := (lo + hi) / 2
		if w[mid] > x {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// between returns a duration in ticks from lo up to hi, both in units.
func between(r *rand.Rand, lo, hi, unit int64) int64 { return lo*unit + r.Int64N((hi-lo)*unit) }
