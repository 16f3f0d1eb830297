package catalog

import (
	"cmp"
	"slices"
	"strings"
)

// maxSuggestions bounds what a "did you mean" offers: more than three is a list, not a hint.
const maxSuggestions = 3

// SuggestTable returns up to three names of tables or stored functions near name, the nearest first: both
// stand where a query names its source, so a slip in one may have meant the other.
func (c *Catalog) SuggestTable(name string) []string {
	return Near(name, append(c.TableNames(), c.FunctionNames()...))
}

// SuggestFunction returns up to three names of stored functions near name, the nearest first.
func (c *Catalog) SuggestFunction(name string) []string { return Near(name, c.FunctionNames()) }

// SuggestWatchlist returns up to three aliases near alias, the nearest first.
func (c *Catalog) SuggestWatchlist(alias string) []string { return Near(alias, c.WatchlistAliases()) }

// Near returns the up to three candidates nearest to name, the nearest first: names that differ in case only,
// then names a few typing slips away (a third of the shorter name's length at most). Names equal to name are
// left out.
func Near(name string, candidates []string) []string {
	type scored struct {
		name string
		d    int
	}
	lower := strings.ToLower(name)
	var found []scored
	for _, c := range candidates {
		if c == name {
			continue
		}
		limit := max(1, min(len(name), len(c))/3)
		if len(c)-len(name) > limit || len(name)-len(c) > limit {
			continue
		}
		if d := slips(lower, strings.ToLower(c), limit); d <= limit {
			found = append(found, scored{c, d})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.d, b.d), cmp.Compare(a.name, b.name))
	})
	var out []string
	for _, f := range found {
		// beside an exact spelling in other case, farther names are noise
		if len(out) == maxSuggestions || f.d > 0 && len(out) > 0 && found[0].d == 0 {
			break
		}
		if !slices.Contains(out, f.name) {
			out = append(out, f.name)
		}
	}
	return out
}

// slips returns the number of insertions, deletions, substitutions and swaps of neighbours that make b of a,
// or limit+1 as soon as it is sure to be greater than limit.
func slips(a, b string, limit int) int {
	prev2 := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	cur := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		best := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, prev2[j-2]+1)
			}
			cur[j] = d
			best = min(best, d)
		}
		if best > limit {
			return limit + 1
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
