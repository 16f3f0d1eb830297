package proof

import "github.com/vedette-siem/vedette/internal/types"

// A bin is a minute of the time column: near-real-time rules look at one, and a day of them is 180 bytes.
const (
	binTicks = 60 * 10_000_000
	dayBins  = 24 * 60
	dayTicks = dayBins * binTicks
)

// hits are the minutes in which a row met a condition. Days without any take no memory, which is most of them for
// what rules look for.
type hits struct {
	days map[int64]*[(dayBins + 63) / 64]uint64
	// beyond is the first minute of those that lie too far ahead to be kept one by one; all after it count as hit.
	beyond int64
	far    bool
}

// set marks the minute of a row. Minutes before first are forgotten already; those of last and later are kept
// together.
func (h *hits) set(bin, first, last int64) {
	switch {
	case bin < first:
		return
	case bin >= last:
		if !h.far || bin < h.beyond {
			h.beyond, h.far = bin, true
		}
		return
	}
	if h.days == nil {
		h.days = map[int64]*[(dayBins + 63) / 64]uint64{}
	}
	d := h.days[bin/dayBins]
	if d == nil {
		d = new([(dayBins + 63) / 64]uint64)
		h.days[bin/dayBins] = d
	}
	i := bin % dayBins
	d[i/64] |= 1 << (i % 64)
}

// forget drops the days before a minute.
func (h *hits) forget(first int64) {
	for d := range h.days {
		if (d+1)*dayBins <= first {
			delete(h.days, d)
		}
	}
}

// none tells whether no row was seen in any minute that [from, to) touches, in ticks.
func (h *hits) none(from, to int64) bool {
	if from >= to {
		return true
	}
	first, last := from/binTicks, (to-1)/binTicks
	if h.far && last >= h.beyond {
		return false
	}
	for d, bits := range h.days {
		if d < first/dayBins || d > last/dayBins {
			continue
		}
		low, high := int64(0), int64(dayBins-1)
		if d == first/dayBins {
			low = first % dayBins
		}
		if d == last/dayBins {
			high = last % dayBins
		}
		for w := low / 64; w <= high/64; w++ {
			mask := ^uint64(0)
			if w == low/64 {
				mask &= ^uint64(0) << (low % 64)
			}
			if w == high/64 {
				mask &= ^uint64(0) >> (63 - high%64)
			}
			if bits[w]&mask != 0 {
				return false
			}
		}
	}
	return true
}

// add marks what o has.
func (h *hits) add(o *hits) {
	for d, bits := range o.days {
		if h.days == nil {
			h.days = map[int64]*[(dayBins + 63) / 64]uint64{}
		}
		if h.days[d] == nil {
			h.days[d] = new([(dayBins + 63) / 64]uint64)
		}
		for i, b := range bits {
			h.days[d][i] |= b
		}
	}
	if o.far && (!h.far || o.beyond < h.beyond) {
		h.beyond, h.far = o.beyond, true
	}
}

// binOf is the minute of a value of the time column; a row without a time is in no window.
func binOf(v types.Value) (int64, bool) { return v.Int64() / binTicks, !v.IsNull() }
