package exec

import (
	"context"
	"errors"
	"slices"
	"sort"

	"github.com/vedette-siem/vedette/internal/types"
)

// maxReduceTerms bounds the terms of all different values that reduce takes in.
const maxReduceTerms = 50_000_000

// Reduce groups texts that are alike. The first value of a row is its text; the operator gives
// [pattern, count, representative] for each group, the largest first, or, with Source, appends them to the rest of
// each row.
// https://learn.microsoft.com/kusto/query/reduce-operator
//
// Kusto's operator is "largely based" on Vaarandi's SLCT, whose words are terms at their place in a line; how it
// groups is not published. Here:
//
//   - a text is cut into terms (see cut); the same term at the same place of two texts makes them alike;
//   - texts that share their most frequent term with no other text are alone. One that more than Threshold
//     of the rows have is a group of its own; all the rest are the group "others", without representative;
//   - of the other texts, the rarest terms are put aside, and texts that have the same terms left are a group (the
//     most frequent term of a text always stays). As many are put aside as it takes until there are no more groups
//     than a Threshold of the way from the fewest that this can give (0) to one for each different text (1);
//   - the pattern of a group has the terms that all of its texts have, and * between (see pattern). Where less than
//     Threshold of the rows of groups that differ in one term only have it, it shows as * too.
//
// That gives what the documentation's examples show: a smaller threshold makes fewer groups, and groups that a
// larger one keeps apart may have the same pattern.
type Reduce struct {
	Threshold  float64
	Characters string
	Source     bool
}

// Name implements rel.NativeOp.
func (*Reduce) Name() string { return "reduce" }

// others is the pattern of texts that are like no others.
const others = "others"

// reduced is one of the different texts.
type reduced struct {
	text  string
	at    int // the number of the first row that has it
	rows  int
	words []int32 // the numbers of its terms
	top   int32   // the most frequent one
	group *reduceGroup
}

// reduceGroup is a group of texts.
type reduceGroup struct {
	texts   []*reduced
	rows    int
	words   []int32      // the words that made it a group
	hidden  map[int]bool // the places of those that its pattern does not show
	pattern string
	example string
}

// word is a term at its place.
type word struct {
	at   int
	term string
}

// wordUse tells how often a word occurs.
type wordUse struct{ rows, texts int }

// Run implements rel.NativeOp.
func (r *Reduce) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	c := newCutter(r.Characters)
	at := map[string]*reduced{}
	var all []*reduced
	p := &pulse{ctx: ctx}
	for i, row := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		s := row[0].ToText()
		t := at[s]
		if t == nil {
			t = &reduced{text: s, at: i}
			at[s] = t
			all = append(all, t)
		}
		t.rows++
	}
	uses, err := count(p, all, c)
	if err != nil {
		return nil, err
	}
	groups, err := r.group(p, all, uses, len(rows))
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if len(g.texts) > 0 {
			g.pattern, g.example = c.pattern(g.texts, g.hidden), g.texts[0].text
		}
	}
	var out [][]types.Value
	if r.Source {
		for _, row := range rows {
			g := at[row[0].ToText()].group
			out = append(out, append(row[1:len(row):len(row)], g.values()...))
		}
		return out, nil
	}
	for _, g := range groups {
		out = append(out, g.values())
	}
	return out, nil
}

func (g *reduceGroup) values() []types.Value {
	return []types.Value{types.StringOf(g.pattern), types.LongOf(int64(g.rows)), types.StringOf(g.example)}
}

// count numbers the words of texts, counts them and finds the most frequent one of each text.
func count(p *pulse, all []*reduced, c *cutter) ([]wordUse, error) {
	number := map[word]int32{}
	var uses []wordUse
	total := 0
	for _, t := range all {
		if err := p.beat(); err != nil {
			return nil, err
		}
		terms, _ := c.cut(t.text)
		if total += len(terms); total > maxReduceTerms {
			return nil, errors.New("reduce takes in at most 50 million terms of different texts; take fewer rows, or cut the texts shorter")
		}
		t.words = make([]int32, len(terms))
		for i, term := range terms {
			n, ok := number[word{i, term}]
			if !ok {
				n = int32(len(uses))
				number[word{i, term}] = n
				uses = append(uses, wordUse{})
			}
			t.words[i] = n
			uses[n].rows += t.rows
			uses[n].texts++
		}
	}
	for _, t := range all {
		t.top = t.words[0]
		for _, w := range t.words {
			if uses[w].rows > uses[t.top].rows {
				t.top = w
			}
		}
	}
	return uses, nil
}

// group makes the groups, the largest first and the others last.
func (r *Reduce) group(p *pulse, all []*reduced, uses []wordUse, rows int) ([]*reduceGroup, error) {
	var groups []*reduceGroup
	var alike []*reduced
	rest := &reduceGroup{pattern: others}
	for _, t := range all {
		switch {
		case uses[t.top].texts > 1:
			alike = append(alike, t)
		case float64(t.rows) > r.Threshold*float64(rows) || t.rows == rows:
			t.group = &reduceGroup{texts: []*reduced{t}, rows: t.rows}
			groups = append(groups, t.group)
		default:
			t.group = rest
			rest.rows += t.rows
		}
	}
	like, err := r.alike(p, alike, uses)
	if err != nil {
		return nil, err
	}
	groups = append(groups, like...)
	sort.Slice(groups, func(i, j int) bool {
		x, y := groups[i], groups[j]
		return x.rows > y.rows || x.rows == y.rows && x.texts[0].at < y.texts[0].at
	})
	if rest.rows > 0 {
		groups = append(groups, rest)
	}
	return groups, nil
}

// alike groups texts that share their most frequent word with others.
func (r *Reduce) alike(p *pulse, texts []*reduced, uses []wordUse) ([]*reduceGroup, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	least := map[int]bool{0: true} // how many rows a word must at least have: what can make a difference
	most := 0
	for _, t := range texts {
		for _, w := range t.words {
			least[uses[w].rows+1] = true
			most = max(most, uses[w].rows+1)
		}
	}
	levels := make([]int, 0, len(least))
	for n := range least {
		levels = append(levels, n)
	}
	sort.Ints(levels)
	// groups counts the groups of a level, or gives each text with its group's words.
	var stopped error
	groups := func(level int, each func(words []int32, t *reduced)) int {
		seen := map[string]bool{}
		var words []int32
		for _, t := range texts {
			if stopped == nil {
				stopped = p.beat()
			}
			if stopped != nil {
				break
			}
			words = words[:0]
			for _, w := range t.words {
				if w == t.top || uses[w].rows >= level {
					words = append(words, w)
				}
			}
			if each != nil {
				each(words, t)
			} else {
				seen[codesKey(words)] = true
			}
		}
		return len(seen)
	}
	fewest := groups(most, nil)
	allowed := fewest + int(r.Threshold*float64(len(texts)-fewest)+tolerance)
	level := levels[sort.Search(len(levels)-1, func(i int) bool { return groups(levels[i], nil) <= allowed })]
	var out []*reduceGroup
	at := map[string]*reduceGroup{}
	groups(level, func(words []int32, t *reduced) {
		k := codesKey(words)
		g := at[k]
		if g == nil {
			g = &reduceGroup{words: slices.Clone(words)}
			at[k] = g
			out = append(out, g)
		}
		g.texts, g.rows, t.group = append(g.texts, t), g.rows+t.rows, g
	})
	if stopped != nil {
		return nil, stopped
	}
	r.hide(out, at)
	return out, nil
}

// hide finds the words of groups that too few rows have of those that are alike but for the word: of the groups with
// the same other words and one at the same place or none.
func (r *Reduce) hide(groups []*reduceGroup, at map[string]*reduceGroup) {
	type frame struct {
		words string
		place int
	}
	rows := map[frame]int{}
	each := func(do func(g *reduceGroup, f frame, without string)) {
		for _, g := range groups {
			t := g.texts[0]
			for i, w := range g.words {
				if w != t.top {
					without := codesKey(slices.Delete(slices.Clone(g.words), i, i+1))
					do(g, frame{without, slices.Index(t.words, w)}, without)
				}
			}
		}
	}
	each(func(g *reduceGroup, f frame, _ string) { rows[f] += g.rows })
	each(func(g *reduceGroup, f frame, without string) {
		all := rows[f]
		if bare := at[without]; bare != nil {
			all += bare.rows
		}
		if float64(g.rows) < r.Threshold*float64(all) {
			if g.hidden == nil {
				g.hidden = map[int]bool{}
			}
			g.hidden[f.place] = true
		}
	})
}
