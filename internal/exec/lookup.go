package exec

import (
	"context"
	"net/netip"
	"sort"

	"github.com/vedette-siem/vedette/internal/types"
)

// IPLookup pairs addresses with the networks they lie in. Its rows are of two tiers: [0, address, …] and
// [1, …, network, number of the row it came from]. It gives a row [address, number] for each network an
// address lies in. What is no address lies in none.
// https://learn.microsoft.com/kusto/query/ipv4-lookup-plugin
type IPLookup struct {
	Plugin string
	Parse  func(text string) (netip.Prefix, bool)
}

// Name implements rel.NativeOp.
func (l *IPLookup) Name() string { return l.Plugin }

// Run implements rel.NativeOp.
func (l *IPLookup) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	networks := map[netip.Prefix][]types.Value{}
	lengths := map[int]bool{}
	beat := &pulse{ctx: ctx}
	for _, r := range rows {
		if err := beat.beat(); err != nil {
			return nil, err
		}
		if r[0].Int64() != 1 {
			continue
		}
		if p, ok := l.Parse(r[2].Text()); ok {
			networks[p] = append(networks[p], r[3])
			lengths[p.Bits()] = true
		}
	}
	var bits []int
	for n := range lengths {
		bits = append(bits, n)
	}
	sort.Sort(sort.Reverse(sort.IntSlice(bits)))
	var out [][]types.Value
	for _, r := range rows {
		if err := beat.beat(); err != nil {
			return nil, err
		}
		if r[0].Int64() != 0 {
			continue
		}
		ip, ok := l.Parse(r[1].Text())
		if !ok {
			continue
		}
		for _, n := range bits {
			p, err := ip.Addr().Prefix(n)
			if err != nil {
				return nil, err
			}
			for _, row := range networks[p] {
				if err := beat.beat(); err != nil {
					return nil, err
				}
				out = append(out, []types.Value{r[1], row})
			}
		}
	}
	return out, nil
}
