package exec

import (
	"context"
	"math"

	"github.com/vedette-siem/vedette/internal/types"
)

// Activity is one of the plugins that count who was active when. Its rows are [id, time, dimension …]; it
// gives a row for each period in which something happened and each combination of dimensions. Distinct
// counts are exact.
// https://learn.microsoft.com/kusto/query/user-analytics
type Activity struct {
	Plugin string
	Line   Timeline
	Time   types.Type // of the time column
	// Lookback is how far before its end a window reaches back (sliding_window_counts, activity_engagement,
	// active_users_count, session_count).
	Lookback int64
	// Period and Active: of active_users_count, how many different periods make a user active.
	Period, Active int64
}

// Name implements rel.NativeOp.
func (a *Activity) Name() string { return a.Plugin }

// Run implements rel.NativeOp.
func (a *Activity) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	bins, err := a.Line.bins()
	if err != nil {
		return nil, err
	}
	p := &pulse{ctx: ctx}
	parts, err := groups(p, rows)
	if err != nil {
		return nil, err
	}
	count := map[string]func(*pulse, *group, []int64, putter) error{
		"activity_counts_metrics": a.countsMetrics, "activity_metrics": a.metrics, "sliding_window_counts": a.sliding,
		"activity_engagement": a.engagement, "active_users_count": a.activeUsers, "session_count": a.sessions,
	}[a.Plugin]
	var out [][]types.Value
	for _, g := range parts {
		put := func(bin int64, vals ...types.Value) {
			r := append([]types.Value{timeOf(bin, a.Time)}, g.dims...)
			out = append(out, append(r, vals...))
		}
		if err := count(p, g, bins, put); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// putter puts out a row for a period.
type putter func(bin int64, vals ...types.Value)

type idSet map[string]bool

// perBin gives the ids and the number of events of each period from start to end.
func (a *Activity) perBin(p *pulse, g *group, bins []int64) (ids []idSet, counts []int64, err error) {
	ids, counts = make([]idSet, len(bins)), make([]int64, len(bins))
	for _, e := range g.events {
		if err := p.beat(); err != nil {
			return nil, nil, err
		}
		i := binOf(bins, e.time)
		if i < 0 || e.time < a.Line.From || e.time > a.Line.To {
			continue
		}
		if ids[i] == nil {
			ids[i] = idSet{}
		}
		ids[i][e.id] = true
		counts[i]++
	}
	return ids, counts, nil
}

func (a *Activity) countsMetrics(p *pulse, g *group, bins []int64, put putter) error {
	ids, counts, err := a.perBin(p, g, bins)
	if err != nil {
		return err
	}
	seen := idSet{}
	for i, set := range ids {
		if counts[i] == 0 {
			continue
		}
		fresh := addTo(seen, set)
		put(bins[i], types.LongOf(counts[i]), long(len(set)), long(fresh), long(len(seen)))
	}
	return nil
}

// addTo adds a set's members to another set and tells how many of them were new.
func addTo(to, set idSet) int {
	n := 0
	for id := range set {
		if !to[id] {
			to[id] = true
			n++
		}
	}
	return n
}

func long(n int) types.Value { return types.LongOf(int64(n)) }

// metrics compares each period with the one before.
func (a *Activity) metrics(p *pulse, g *group, bins []int64, put putter) error {
	ids, counts, err := a.perBin(p, g, bins)
	if err != nil {
		return err
	}
	for i, set := range ids {
		if counts[i] == 0 {
			continue
		}
		var before idSet
		if i > 0 {
			before = ids[i-1]
		}
		back := common(set, before)
		put(bins[i], long(len(set)), long(len(set)-back), rate(back, len(before)), rate(len(before)-back, len(before)))
	}
	return nil
}

func common(x, y idSet) int {
	n := 0
	for id := range x {
		if y[id] {
			n++
		}
	}
	return n
}

// rate is a share of a whole; of nothing it is not a number.
func rate(part, whole int) types.Value {
	if whole == 0 {
		return types.RealOf(math.NaN())
	}
	return types.RealOf(float64(part) / float64(whole))
}

// window counts the events and ids of [from, to).
func window(p *pulse, g *group, from, to int64) (events int, ids idSet, err error) {
	ids = idSet{}
	for _, e := range g.events {
		if err := p.beat(); err != nil {
			return 0, nil, err
		}
		if e.time >= from && e.time < to {
			events++
			ids[e.id] = true
		}
	}
	return events, ids, nil
}

// end is where the period at bins[i] ends.
func (a *Activity) end(bins []int64, i int) int64 {
	if i+1 < len(bins) {
		return bins[i+1]
	}
	switch a.Line.Unit {
	case "":
		return bins[i] + a.Line.Step
	case "week":
		return bins[i] + 7*types.TicksPerDay
	case "month":
		return bins[i] + int64(types.DaysIn(types.CivilOf(bins[i]).Year, types.CivilOf(bins[i]).Month))*types.TicksPerDay
	}
	c := types.CivilOf(bins[i])
	c.Year++
	t, _ := c.Ticks()
	return t
}

// sliding counts over the periods that a lookback window covers, the current one included. What happened
// before the start counts where a window reaches it.
func (a *Activity) sliding(p *pulse, g *group, bins []int64, put putter) error {
	for i, bin := range bins {
		from := a.end(bins, i) - a.Lookback
		if a.Line.Unit == "" && a.Line.Step > 0 {
			from = a.end(bins, i) - max(a.Lookback/a.Line.Step, 1)*a.Line.Step
		}
		n, ids, err := window(p, g, from, min(a.end(bins, i), a.Line.To+1))
		if err != nil {
			return err
		}
		if n > 0 {
			put(bin, long(n), long(len(ids)))
		}
	}
	return nil
}

func (a *Activity) engagement(p *pulse, g *group, bins []int64, put putter) error {
	for i, bin := range bins {
		to := min(a.end(bins, i), a.Line.To+1)
		_, inner, err := window(p, g, bin, to)
		if err != nil {
			return err
		}
		_, outer, err := window(p, g, a.end(bins, i)-a.Lookback, to)
		if err != nil {
			return err
		}
		if len(inner) > 0 {
			put(bin, long(len(inner)), long(len(outer)), rate(len(inner), len(outer)))
		}
	}
	return nil
}

// activeUsers counts, for each period, the ids with an appearance at which they are active: seen in at
// least Active different units of Period within Lookback up to it.
func (a *Activity) activeUsers(p *pulse, g *group, bins []int64, put putter) error {
	active := make([]idSet, len(bins))
	byID := map[string][]int64{}
	for _, e := range g.events {
		if err := p.beat(); err != nil {
			return err
		}
		times := append(byID[e.id], e.time)
		byID[e.id] = times
		i := binOf(bins, e.time)
		if i < 0 || e.time < a.Line.From || e.time > a.Line.To {
			continue
		}
		units := map[int64]bool{}
		for j := len(times) - 1; j >= 0 && times[j] > e.time-a.Lookback; j-- {
			if err := p.beat(); err != nil {
				return err
			}
			units[floorDiv(times[j]-a.Line.From, a.Period)] = true
		}
		if int64(len(units)) < a.Active {
			continue
		}
		if active[i] == nil {
			active[i] = idSet{}
		}
		active[i][e.id] = true
	}
	for i, set := range active {
		if len(set) > 0 {
			put(bins[i], long(len(set)))
		}
	}
	return nil
}

func floorDiv(a, b int64) int64 { return (a - floorMod(a, b)) / b }

// sessions counts the sessions that begin in each period. An id begins one where it was not seen within
// Lookback before. The periods are multiples of the step.
func (a *Activity) sessions(p *pulse, g *group, _ []int64, put putter) error {
	last := map[string]int64{}
	var counts []int64
	var bins []int64
	for _, e := range g.events { // in the order of time
		if err := p.beat(); err != nil {
			return err
		}
		before, seen := last[e.id]
		last[e.id] = e.time
		if seen && e.time-before < a.Lookback || e.time < a.Line.From || e.time > a.Line.To {
			continue
		}
		bin := e.time - floorMod(e.time, a.Line.Step)
		if n := len(bins); n == 0 || bins[n-1] != bin {
			bins, counts = append(bins, bin), append(counts, 0)
		}
		counts[len(counts)-1]++
	}
	for i, bin := range bins {
		put(bin, types.LongOf(counts[i]))
	}
	return nil
}
