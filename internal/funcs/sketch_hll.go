package funcs

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/vedette-siem/vedette/internal/types"
)

// hll is a HyperLogLog sketch of 2^p registers. Until it has more than sparse hashes it keeps them all and
// counts exactly. As a dynamic it is [[sparse, p], [hashes], [registers]]; the registers are one string
// with a character for each. https://learn.microsoft.com/kusto/query/hll-aggregation-function
type hll struct {
	p         uint
	sparse    int
	hashes    map[uint64]struct{}
	order     []uint64 // the hashes in the order they came
	registers []uint8
}

// registerChars are the characters of the register values 0, 1, 2 …
const registerChars = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newHLL makes an empty sketch; the accuracy is 0 to 4.
func newHLL(accuracy int64) *hll {
	p, sparse := uint(14), 1024
	switch accuracy {
	case 0:
		p = 12
	case 2:
		p, sparse = 16, 8192
	case 3:
		p, sparse = 17, 8192
	case 4:
		p, sparse = 18, 8192
	}
	return &hll{p: p, sparse: sparse, hashes: make(map[uint64]struct{})}
}

// hllHash hashes a value; int and long hash alike.
func hllHash(v types.Value) uint64 {
	t := v.Type()
	if t == types.Int {
		t = types.Long
	}
	return xxhash.Sum64String(strconv.Itoa(int(t)) + ":" + valueKey(v))
}

func (h *hll) add(hash uint64) {
	if h.registers != nil {
		h.set(hash)
		return
	}
	if _, ok := h.hashes[hash]; ok {
		return
	}
	h.hashes[hash] = struct{}{}
	h.order = append(h.order, hash)
	if len(h.order) > h.sparse {
		h.dense()
	}
}

// dense goes over from hashes to registers.
func (h *hll) dense() {
	if h.registers != nil {
		return
	}
	h.registers = make([]uint8, 1<<h.p)
	for _, x := range h.order {
		h.set(x)
	}
	h.hashes, h.order = nil, nil
}

func (h *hll) set(hash uint64) {
	i := hash >> (64 - h.p)
	rank := uint8(bits.LeadingZeros64(hash<<h.p|1<<(h.p-1))) + 1
	if rank > h.registers[i] {
		h.registers[i] = rank
	}
}

// fold reduces the registers to 2^p.
func (h *hll) fold(p uint) {
	if p >= h.p {
		return
	}
	d := h.p - p
	if h.registers != nil {
		small := make([]uint8, 1<<p)
		for i, rank := range h.registers {
			if rank == 0 {
				continue
			}
			if low := uint64(i) & (1<<d - 1); low != 0 {
				rank = uint8(bits.LeadingZeros64(low<<(64-d))) + 1
			} else {
				rank += uint8(d)
			}
			if rank > small[i>>d] {
				small[i>>d] = rank
			}
		}
		h.registers = small
	}
	h.p = p
}

// merge adds other to h; the lower precision of both remains.
func (h *hll) merge(other *hll) {
	h.sparse = min(h.sparse, other.sparse)
	h.fold(other.p)
	other.fold(h.p)
	if other.registers == nil {
		for _, x := range other.order {
			h.add(x)
		}
		return
	}
	h.dense()
	for i, rank := range other.registers {
		if rank > h.registers[i] {
			h.registers[i] = rank
		}
	}
}

// count estimates the number of distinct values.
func (h *hll) count() int64 {
	if h.registers == nil {
		return int64(len(h.order))
	}
	m := float64(len(h.registers))
	var sum, zeros float64
	for _, rank := range h.registers {
		sum += math.Ldexp(1, -int(rank))
		if rank == 0 {
			zeros++
		}
	}
	e := 0.7213 / (1 + 1.079/m) * m * m / sum
	if e <= 2.5*m && zeros > 0 {
		e = m * math.Log(m/zeros)
	}
	return int64(math.Round(e))
}

func (h *hll) value() types.Value {
	var b strings.Builder
	b.WriteString("[[" + strconv.Itoa(h.sparse) + "," + strconv.Itoa(int(h.p)) + "],[")
	for i, x := range h.order {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strconv.FormatInt(int64(x), 10) + `"`)
	}
	b.WriteString("],[")
	if h.registers != nil {
		b.WriteByte('"')
		for _, rank := range h.registers {
			b.WriteByte(registerChars[rank])
		}
		b.WriteByte('"')
	}
	b.WriteString("]]")
	return types.DynamicOf(b.String())
}

// parseHLL reads a sketch; false if the value is none.
func parseHLL(v types.Value) (*hll, bool) {
	if v.IsNull() {
		return nil, false
	}
	n := types.JSONOf(v)
	if n.Kind != types.JSONArray || len(n.Items) != 3 || len(n.Items[0].Items) != 2 {
		return nil, false
	}
	sparse, p := n.Items[0].Items[0], n.Items[0].Items[1]
	if sparse.Kind != types.JSONLong || p.Kind != types.JSONLong || p.Long < 4 || p.Long > 18 {
		return nil, false
	}
	h := &hll{p: uint(p.Long), sparse: int(sparse.Long), hashes: make(map[uint64]struct{})}
	if regs := n.Items[2].Items; len(regs) == 1 {
		if regs[0].Kind != types.JSONString || len(regs[0].Str) != 1<<h.p {
			return nil, false
		}
		h.registers = make([]uint8, 1<<h.p)
		for i := range len(regs[0].Str) {
			rank := strings.IndexByte(registerChars, regs[0].Str[i])
			if rank < 0 {
				return nil, false
			}
			h.registers[i] = uint8(rank)
		}
	}
	for _, e := range n.Items[1].Items {
		x, err := strconv.ParseInt(e.Str, 10, 64)
		if e.Kind != types.JSONString || err != nil {
			return nil, false
		}
		h.add(uint64(x))
	}
	return h, true
}

// mergeHLL merges the sketches among some values; null if there is none.
func mergeHLL(vs []types.Value) types.Value {
	var sum *hll
	for _, v := range vs {
		switch h, ok := parseHLL(v); {
		case !ok:
		case sum == nil:
			sum = h
		default:
			sum.merge(h)
		}
	}
	if sum == nil {
		return types.Null(types.Dynamic)
	}
	return sum.value()
}
