package exec

import (
	"context"
	"errors"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

const (
	// MaxTextTokens is the length of the longest pattern that diffpatterns_text looks for.
	MaxTextTokens = 20
	// maxTextTokens bounds the tokens of all texts.
	maxTextTokens = 50_000_000
	// maxTextMining bounds the tokens that the search looks at, counting a token each time: some ten seconds.
	maxTextMining = 100_000_000
)

// DiffpatternsText finds patterns of consecutive tokens that are frequent in one of two sets of texts and less so
// in the other. Its rows are [text, whether it is of the first set]; null is of neither. It gives [count of
// true, count of false, percent of true, percent of false, pattern], from what is more frequent in the first set
// to what is more frequent in the second.
// https://learn.microsoft.com/kusto/query/diffpatterns-text-plugin
//
// Kusto does not publish its search. Here it starts from each token that at least Threshold of one of the sets
// have, and adds the token at a distance that makes the difference of the percentages largest, as long as one
// makes it larger or there are fewer than MinTokens. Where that ends is a pattern, with every other token
// that its places have in common, if the sets differ by Threshold in it; unless its texts are also those of a pattern
// with a larger difference. A pattern begins and ends with a token.
type DiffpatternsText struct {
	MinTokens, MaxTokens int
	Threshold            float64

	most int // how many tokens the search may look at; 0 for maxTextMining
}

// Name implements rel.NativeOp.
func (*DiffpatternsText) Name() string { return "diffpatterns_text" }

// Run implements rel.NativeOp.
func (p *DiffpatternsText) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	s := &textSearch{op: p, most: p.most, pulse: &pulse{ctx: ctx}}
	if s.most == 0 {
		s.most = maxTextMining
	}
	if err := s.read(rows); err != nil {
		return nil, err
	}
	if s.total[0] == 0 || s.total[1] == 0 {
		return nil, nil // what is compared with nothing does not differ from it
	}
	found, err := s.run()
	if err != nil {
		return nil, err
	}
	var out [][]types.Value
	for _, f := range found {
		out = append(out, []types.Value{
			types.LongOf(int64(f.rows[0])), types.LongOf(int64(f.rows[1])), percent(f.share[0]), percent(f.share[1]),
			types.StringOf(f.pattern),
		})
	}
	return out, nil
}

// place is where a token stands: the number of the text, and of the token in it.
type place struct{ text, at int }

// textSearch is the state of the search.
type textSearch struct {
	op     *DiffpatternsText
	words  []string  // by number, in order
	texts  [][]int32 // the numbers of their tokens
	side   []int
	total  [2]int
	places [][]place // of each token
	looked int
	most   int
	pulse  *pulse
}

// textPattern is a pattern that was found.
type textPattern struct {
	pattern string
	tokens  int
	texts   []int
	rows    [2]int
	share   [2]float64
	diff    float64
}

func (s *textSearch) read(rows [][]types.Value) error {
	number := map[string]int32{}
	total := 0
	for _, r := range rows {
		if err := s.pulse.beat(); err != nil {
			return err
		}
		if r[1].IsNull() {
			continue
		}
		side := 1
		if r[1].Bool() {
			side = 0
		}
		fields := strings.Fields(r[0].ToText())
		if total += len(fields); total > maxTextTokens {
			return errors.New("diffpatterns_text takes in at most 50 million tokens; take fewer rows, or cut the texts shorter")
		}
		t := make([]int32, len(fields))
		for i, f := range fields {
			n, ok := number[f]
			if !ok {
				n = int32(len(s.words))
				number[f] = n
				s.words = append(s.words, f)
			}
			t[i] = n
		}
		s.texts, s.side = append(s.texts, t), append(s.side, side)
		s.total[side]++
	}
	sort.Strings(s.words)
	to := make([]int32, len(s.words))
	for n, w := range s.words {
		to[number[w]] = int32(n)
	}
	s.places = make([][]place, len(s.words))
	for i, t := range s.texts {
		for j, n := range t {
			t[j] = to[n]
			s.places[t[j]] = append(s.places[t[j]], place{i, j})
		}
	}
	return nil
}

func (s *textSearch) run() ([]*textPattern, error) {
	known := map[string]bool{}
	var found []*textPattern
	for n := range s.words {
		if err := s.pulse.beat(); err != nil {
			return nil, err
		}
		if f := s.measure(s.places[n]); max(f.share[0], f.share[1]) < s.op.Threshold {
			continue
		}
		f, err := s.climb(int32(n))
		if err != nil {
			return nil, err
		}
		if f.tokens >= s.op.MinTokens && f.diff >= s.op.Threshold-tolerance && !known[f.pattern] {
			known[f.pattern] = true
			found = append(found, f)
		}
	}
	sort.Slice(found, func(i, j int) bool {
		x, y := found[i], found[j]
		switch {
		case x.diff != y.diff:
			return x.diff > y.diff
		case x.tokens != y.tokens:
			return x.tokens > y.tokens
		}
		return x.pattern < y.pattern
	})
	var out []*textPattern
	for _, f := range found {
		if !slices.ContainsFunc(out, func(g *textPattern) bool { return len(intersect(f.texts, g.texts)) == len(f.texts) }) {
			out = append(out, f)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].share[0]-out[i].share[1] > out[j].share[0]-out[j].share[1] })
	return out, nil
}

// near is a token at a distance from a place.
type near struct {
	by   int
	word int32
}

// climb adds tokens to one as long as that makes the difference larger.
func (s *textSearch) climb(start int32) (*textPattern, error) {
	list := s.places[start]
	now := s.measure(list)
	set := map[int]int32{0: start}
	from, to := 0, 0 // the window of the pattern
	longest := s.op.MaxTokens
	for {
		if err := s.pulse.ctx.Err(); err != nil {
			return nil, err
		}
		if s.looked > s.most {
			return nil, errMining(s.most, "fewer rows or tokens, or a higher threshold, make it shorter")
		}
		best, high := near{}, now.diff+tolerance
		if len(set) < s.op.MinTokens {
			high = s.op.Threshold - tolerance
		}
		for n, c := range s.around(list, set, to-longest+1, from+longest-1) {
			share := [2]float64{float64(c[0]) / float64(s.total[0]), float64(c[1]) / float64(s.total[1])}
			switch diff := math.Abs(share[0] - share[1]); {
			case diff > high, diff == high && best.by != 0 && n.before(best):
				best, high = n, diff
			}
		}
		if best.by == 0 {
			break
		}
		set[best.by] = best.word
		from, to = min(from, best.by), max(to, best.by)
		list = s.with(list, best)
		now = s.measure(list)
	}
	s.complete(list, set, from, to)
	now.tokens, now.pattern = len(set), s.render(set)
	return now, nil
}

// before orders tokens that do equally well: the nearer one comes first.
func (n near) before(m near) bool {
	if x, y := max(n.by, -n.by), max(m.by, -m.by); x != y {
		return x < y
	}
	return n.by > m.by || n.by == m.by && n.word < m.word
}

// around counts, for each token at a distance from places, the texts of each side.
func (s *textSearch) around(list []place, set map[int]int32, from, to int) map[near][2]int {
	type tally struct {
		rows [2]int
		last int
	}
	seen := map[near]*tally{}
	for _, p := range list {
		t := s.texts[p.text]
		for by := max(from, -p.at); by <= to && p.at+by < len(t); by++ {
			s.looked++
			if _, taken := set[by]; taken {
				continue
			}
			n := near{by, t[p.at+by]}
			c := seen[n]
			if c == nil {
				c = &tally{last: -1}
				seen[n] = c
			}
			if c.last != p.text {
				c.last = p.text
				c.rows[s.side[p.text]]++
			}
		}
	}
	out := make(map[near][2]int, len(seen))
	for n, c := range seen {
		out[n] = c.rows
	}
	return out
}

// with keeps the places that have a token at a distance.
func (s *textSearch) with(list []place, n near) []place {
	var out []place
	for _, p := range list {
		if at := p.at + n.by; at >= 0 && at < len(s.texts[p.text]) && s.texts[p.text][at] == n.word {
			out = append(out, p)
		}
	}
	return out
}

// complete adds the tokens that all places have in common, the nearest first, while the pattern is not too long.
func (s *textSearch) complete(list []place, set map[int]int32, from, to int) {
	for far := 1; far < s.op.MaxTokens; far++ {
		for _, by := range []int{far, -far} {
			if _, taken := set[by]; taken || max(to, by)-min(from, by) >= s.op.MaxTokens {
				continue
			}
			at := list[0].at + by
			if at < 0 || at >= len(s.texts[list[0].text]) {
				continue
			}
			n := near{by, s.texts[list[0].text][at]}
			if len(s.with(list, n)) == len(list) {
				set[by] = n.word
				from, to = min(from, by), max(to, by)
			}
		}
	}
}

// render writes a pattern, with * for tokens that it leaves open.
func (s *textSearch) render(set map[int]int32) string {
	from, to := 0, 0
	for by := range set {
		from, to = min(from, by), max(to, by)
	}
	var tokens []string
	for by := from; by <= to; by++ {
		if w, ok := set[by]; ok {
			tokens = append(tokens, s.words[w])
		} else {
			tokens = append(tokens, "*")
		}
	}
	return strings.Join(tokens, " ")
}

// measure counts the texts of places.
func (s *textSearch) measure(list []place) *textPattern {
	f := &textPattern{}
	for i, p := range list {
		if i == 0 || list[i-1].text != p.text {
			f.texts = append(f.texts, p.text)
			f.rows[s.side[p.text]]++
		}
	}
	f.share = [2]float64{float64(f.rows[0]) / float64(s.total[0]), float64(f.rows[1]) / float64(s.total[1])}
	f.diff = math.Abs(f.share[0] - f.share[1])
	return f
}
