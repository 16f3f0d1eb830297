package exec

import (
	"context"

	"github.com/vedette-siem/vedette/internal/types"
)

// Cohorts is new_activity_metrics: it follows the ids first seen in a period through the later periods. Its
// rows are of two tiers: [0, id, time, dimension …, …] and [1, …, id] for ids seen before the start.
// https://learn.microsoft.com/kusto/query/new-activity-metrics-plugin
type Cohorts struct {
	Line Timeline
	Time types.Type
	Dims int
	// Only, if set, is a time in the one cohort wanted.
	Only *int64
}

// Name implements rel.NativeOp.
func (*Cohorts) Name() string { return "new_activity_metrics" }

// Run implements rel.NativeOp.
func (c *Cohorts) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	bins, err := c.Line.bins()
	if err != nil {
		return nil, err
	}
	known := idSet{}
	var own [][]types.Value
	p := &pulse{ctx: ctx}
	for _, r := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		if r[0].Int64() == 1 {
			known[rowKey(r[3+c.Dims:])] = true
			continue
		}
		own = append(own, r[1:3+c.Dims])
	}
	var out [][]types.Value
	a := &Activity{Line: c.Line}
	parts, err := groups(p, own)
	if err != nil {
		return nil, err
	}
	for _, g := range parts {
		ids, _, err := a.perBin(p, g, bins)
		if err != nil {
			return nil, err
		}
		seen := idSet{}
		addTo(seen, known)
		for i := range bins {
			cohort := idSet{}
			for id := range ids[i] {
				if !seen[id] {
					cohort[id] = true
				}
			}
			addTo(seen, ids[i])
			if c.Only != nil && binOf(bins, *c.Only) != i {
				continue
			}
			for j := i; j < len(bins); j++ {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				fresh := len(cohort)
				if j > i {
					fresh = len(ids[j]) - common(ids[j], seen)
				}
				kept := common(cohort, ids[j])
				r := append([]types.Value{timeOf(bins[i], c.Time), timeOf(bins[j], c.Time)}, g.dims...)
				out = append(out, append(r, long(fresh), long(kept), long(len(cohort)-kept), rate(kept, len(cohort)), rate(len(cohort)-kept, len(cohort))))
			}
		}
	}
	return out, nil
}
