package exec

import (
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
func (a *Activity) Run(rows [][]types.Value) ([][]types.Value, error) {
	bins, err := a.Line.bins()
	if err != nil {
		return nil, err
	}
	var out [][]types.Value
	for _, g := range groups(rows) {
		put := func(bin int64, vals ...types.Value) {
			r := append([]types.Value{timeOf(bin, a.Time)}, g.dims...)
			out = append(out, append(r, vals...))
		}
		switch a.Plugin {
		case "activity_counts_metrics":
			a.countsMetrics(g, bins, put)
		case "activity_metrics":
			a.metrics(g, bins, put)
		case "sliding_window_counts":
			a.sliding(g, bins, put)
		case "activity_engagement":
			a.engagement(g, bins, put)
		case "active_users_count":
			a.activeUsers(g, bins, put)
		case "session_count":
			a.sessions(g, put)
		}
	}
	return out, nil
}

type idSet map[string]bool

// perBin gives the ids and the number of events of each period from start to end.
func (a *Activity) perBin(g *group, bins []int64) (ids []idSet, counts []int64) {
	ids, counts = make([]idSet, len(bins)), make([]int64, len(bins))
	for _, e := range g.events {
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
	return ids, counts
}

func (a *Activity) countsMetrics(g *group, bins []int64, put func(int64, ...types.Value)) {
	ids, counts := a.perBin(g, bins)
	seen := idSet{}
	for i, set := range ids {
		if counts[i] == 0 {
			continue
		}
		fresh := addTo(seen, set)
		put(bins[i], types.LongOf(counts[i]), long(len(set)), long(fresh), long(len(seen)))
	}
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
func (a *Activity) metrics(g *group, bins []int64, put func(int64, ...types.Value)) {
	ids, counts := a.perBin(g, bins)
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
func window(g *group, from, to int64) (events int, ids idSet) {
	ids = idSet{}
	for _, e := range g.events {
		if e.time >= from && e.time < to {
			events++
			ids[e.id] = true
		}
	}
	return events, ids
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
func (a *Activity) sliding(g *group, bins []int64, put func(int64, ...types.Value)) {
	for i, bin := range bins {
		from := a.end(bins, i) - a.Lookback
		if a.Line.Unit == "" && a.Line.Step > 0 {
			from = a.end(bins, i) - max(a.Lookback/a.Line.Step, 1)*a.Line.Step
		}
		if n, ids := window(g, from, min(a.end(bins, i), a.Line.To+1)); n > 0 {
			put(bin, long(n), long(len(ids)))
		}
	}
}

func (a *Activity) engagement(g *group, bins []int64, put func(int64, ...types.Value)) {
	for i, bin := range bins {
		to := min(a.end(bins, i), a.Line.To+1)
		_, inner := window(g, bin, to)
		_, outer := window(g, a.end(bins, i)-a.Lookback, to)
		if len(inner) > 0 {
			put(bin, long(len(inner)), long(len(outer)), rate(len(inner), len(outer)))
		}
	}
}

// activeUsers counts, for each period, the ids with an appearance at which they are active: seen in at
// least Active different units of Period within Lookback up to it.
func (a *Activity) activeUsers(g *group, bins []int64, put func(int64, ...types.Value)) {
	active := make([]idSet, len(bins))
	byID := map[string][]int64{}
	for _, e := range g.events {
		times := append(byID[e.id], e.time)
		byID[e.id] = times
		i := binOf(bins, e.time)
		if i < 0 || e.time < a.Line.From || e.time > a.Line.To {
			continue
		}
		units := map[int64]bool{}
		for j := len(times) - 1; j >= 0 && times[j] > e.time-a.Lookback; j-- {
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
}

func floorDiv(a, b int64) int64 { return (a - floorMod(a, b)) / b }

// sessions counts the sessions that begin in each period. An id begins one where it was not seen within
// Lookback before. The periods are multiples of the step.
func (a *Activity) sessions(g *group, put func(int64, ...types.Value)) {
	last := map[string]int64{}
	var counts []int64
	var bins []int64
	for _, e := range g.events { // in the order of time
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
}
