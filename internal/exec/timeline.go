package exec

import (
	"cmp"
	"fmt"
	"sort"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// maxBins bounds the periods that a timeline is cut into.
const maxBins = 100_000

// Timeline cuts the time from From to To (inclusive) into periods. Times are ticks, or whole numbers where
// the column that tells the time holds those.
type Timeline struct {
	From, To int64
	// Step is the length of a period, unless Unit (week, month, year) says so.
	Step int64
	Unit string
}

// bins lists the beginnings of the periods.
func (l Timeline) bins() ([]int64, error) {
	var out []int64
	t := l.From
	switch l.Unit {
	case "week":
		t -= floorMod(t-types.TicksPerDay*6, 7*types.TicksPerDay) // weeks begin on Sunday; day 0 was a Monday
	case "month", "year":
		c := types.CivilOf(t)
		if l.Unit == "year" {
			c.Month = 1
		}
		t, _ = types.Civil{Year: c.Year, Month: c.Month, Day: 1}.Ticks()
	}
	for t <= l.To {
		if out = append(out, t); len(out) > maxBins {
			return nil, fmt.Errorf("the time from start to end has more than %d periods", maxBins)
		}
		switch l.Unit {
		case "":
			t += l.Step
		case "week":
			t += 7 * types.TicksPerDay
		default:
			c := types.CivilOf(t)
			if l.Unit == "year" {
				c.Year++
			} else if c.Month++; c.Month > 12 {
				c.Year, c.Month = c.Year+1, 1
			}
			next, ok := c.Ticks()
			if !ok {
				return out, nil
			}
			t = next
		}
	}
	return out, nil
}

func floorMod(a, b int64) int64 { return ((a % b) + b) % b }

// binOf is the place of the period that t lies in, -1 before the first.
func binOf(bins []int64, t int64) int {
	return sort.Search(len(bins), func(i int) bool { return bins[i] > t }) - 1
}

// event is one row of an activity plugin: who, when.
type event struct {
	id   string
	time int64
}

// group are the events with the same dimensions.
type group struct {
	dims   []types.Value
	events []event
}

// groups parts rows [id, time, dimension …] by their dimensions, in the order in which those come up. Rows
// without a time are left out.
func groups(p *pulse, rows [][]types.Value) ([]*group, error) {
	var out []*group
	at := map[string]*group{}
	for _, r := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		if r[1].IsNull() {
			continue
		}
		k := rowKey(r[2:])
		g, ok := at[k]
		if !ok {
			g = &group{dims: r[2:]}
			at[k] = g
			out = append(out, g)
		}
		g.events = append(g.events, event{rowKey(r[:1]), r[1].Int64()})
	}
	for _, g := range out {
		if err := sortStable(p, g.events, func(a, b event) int { return cmp.Compare(a.time, b.time) }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rowKey is equal for equal values.
func rowKey(vals []types.Value) string {
	var b strings.Builder
	for _, v := range vals {
		if v.IsNull() {
			b.WriteString("n")
			continue
		}
		s := v.ToText()
		fmt.Fprintf(&b, "%d:", len(s))
		b.WriteString(s)
	}
	return b.String()
}

// timeOf makes a value of a time column's type.
func timeOf(t int64, typ types.Type) types.Value {
	switch typ {
	case types.Datetime:
		return types.DatetimeOf(t)
	case types.Timespan:
		return types.TimespanOf(t)
	case types.Int:
		return types.IntOf(int32(t))
	}
	return types.LongOf(t)
}
