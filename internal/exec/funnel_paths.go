package exec

import (
	"cmp"
	"context"
	"sort"

	"github.com/vedette-siem/vedette/internal/types"
)

// maxSamples is how many ids a row of funnel_sequence names.
const maxSamples = 128

// FunnelPaths is funnel_sequence: how many ids went through a sequence of states, by the states they were in
// before and went to. Its rows are [id, time, state]; it gives rows [table, start of the window, state before,
// state behind, ids, array of ids]. Table 0 counts by both states, 1 by the state before, 2 by the one behind;
// a state that does not count is null there.
//
// Each window is looked at by itself. In it an id's rows that follow each other in one state are one stay in
// that state: the documented results never name the state that the sequence begins with as the one before it,
// nor the one it ends with as the one behind it. The sequence must be taken from stay to stay, without others
// between, and from the last row of one to the first row of the next no more than MaxStep may pass; the states
// before and behind may be any time away. They are empty where there is no such row in the window.
// https://learn.microsoft.com/kusto/query/funnel-sequence-plugin
type FunnelPaths struct {
	Line        Timeline
	Time, State types.Type
	MaxStep     int64
	States      []types.Value
}

// stay are rows of one id in one state that follow each other.
type stay struct {
	state    types.Value
	key      string
	from, to int64
}

// path is what funnel_sequence counts by, and the ids it counts.
type path struct {
	prev, next types.Value
	ids        []types.Value
	seen       map[string]bool
}

// Name implements rel.NativeOp.
func (*FunnelPaths) Name() string { return "funnel_sequence" }

// Run implements rel.NativeOp.
func (f *FunnelPaths) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	bins, err := f.Line.bins()
	if err != nil {
		return nil, err
	}
	life := &pulse{ctx: ctx}
	kept := make([][]types.Value, 0, len(rows))
	for _, r := range rows {
		if err := life.beat(); err != nil {
			return nil, err
		}
		if !r[1].IsNull() && r[1].Int64() >= f.Line.From && r[1].Int64() <= f.Line.To {
			kept = append(kept, r)
		}
	}
	if err := sortStable(life, kept, func(a, b []types.Value) int { return cmp.Compare(a[1].Int64(), b[1].Int64()) }); err != nil {
		return nil, err
	}
	var want []string
	for _, s := range f.States {
		want = append(want, rowKey([]types.Value{s}))
	}
	var out [][]types.Value
	for first := 0; first < len(kept); {
		bin := binOf(bins, kept[first][1].Int64())
		last := first
		for last < len(kept) && binOf(bins, kept[last][1].Int64()) == bin {
			last++
		}
		counted, err := f.window(life, timeOf(bins[bin], f.Time), kept[first:last], want)
		if err != nil {
			return nil, err
		}
		out = append(out, counted...)
		first = last
	}
	return out, nil
}

// window counts the paths of one window; its rows are in the order of time.
func (f *FunnelPaths) window(life *pulse, start types.Value, rows [][]types.Value, want []string) ([][]types.Value, error) {
	type visitor struct {
		id    types.Value
		stays []stay
	}
	var visitors []*visitor
	byID := map[string]*visitor{}
	for _, r := range rows {
		if err := life.beat(); err != nil {
			return nil, err
		}
		id := rowKey(r[:1])
		v, ok := byID[id]
		if !ok {
			v = &visitor{id: r[0]}
			byID[id] = v
			visitors = append(visitors, v)
		}
		key, t := rowKey(r[2:3]), r[1].Int64()
		if n := len(v.stays); n > 0 && v.stays[n-1].key == key {
			v.stays[n-1].to = t
			continue
		}
		v.stays = append(v.stays, stay{r[2], key, t, t})
	}
	var tables [3]struct {
		list []*path
		at   map[string]*path
	}
	none := types.Null(f.State)
	add := func(table int, prev, next, id types.Value) {
		t := &tables[table]
		key := rowKey([]types.Value{prev, next})
		p, ok := t.at[key]
		if !ok {
			if t.at == nil {
				t.at = map[string]*path{}
			}
			p = &path{prev: prev, next: next, seen: map[string]bool{}}
			t.at[key] = p
			t.list = append(t.list, p)
		}
		if k := rowKey([]types.Value{id}); !p.seen[k] {
			p.seen[k] = true
			p.ids = append(p.ids, id)
		}
	}
	for _, v := range visitors {
		for i := range v.stays {
			if err := life.beat(); err != nil {
				return nil, err
			}
			if !f.takes(v.stays[i:], want) {
				continue
			}
			prev, next := none, none
			if i > 0 {
				prev = v.stays[i-1].state
			}
			if end := i + len(want); end < len(v.stays) {
				next = v.stays[end].state
			}
			add(0, prev, next, v.id)
			add(1, prev, none, v.id)
			add(2, none, next, v.id)
		}
	}
	var out [][]types.Value
	for i, t := range tables {
		sort.SliceStable(t.list, func(i, j int) bool { return len(t.list[i].ids) > len(t.list[j].ids) })
		for _, p := range t.list {
			samples := types.JSON{Kind: types.JSONArray}
			for _, id := range p.ids[:min(len(p.ids), maxSamples)] {
				samples.Items = append(samples.Items, types.JSONOf(id))
			}
			out = append(out, []types.Value{types.LongOf(int64(i)), start, p.prev, p.next, types.LongOf(int64(len(p.ids))), types.DynamicOf(samples.String())})
		}
	}
	return out, nil
}

// takes tells whether stays begin with the sequence.
func (f *FunnelPaths) takes(stays []stay, want []string) bool {
	if len(stays) < len(want) {
		return false
	}
	for i, w := range want {
		if stays[i].key != w || i > 0 && stays[i].from-stays[i-1].to > f.MaxStep {
			return false
		}
	}
	return true
}
