package exec

import (
	"strings"
	"unicode"
)

// cutter cuts texts into terms.
//
// The documentation says of reduce's characters both that they separate terms and, with an example, that they do
// not break terms, and shows a letter that does. So they change sides: a letter or digit among them separates
// terms, and another sign among them does not.
type cutter struct{ changed map[rune]bool }

func newCutter(characters string) *cutter {
	c := &cutter{changed: map[rune]bool{}}
	for _, r := range characters {
		c.changed[r] = true
	}
	return c
}

func alphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func (c *cutter) separates(r rune) bool { return alphanumeric(r) == c.changed[r] }

// cut gives the terms of a text and what stands before, between and behind them: there is one more of these. A
// text without a term is itself a term.
func (c *cutter) cut(s string) (terms, gaps []string) {
	from, inside := 0, false
	for i, r := range s {
		if c.separates(r) != inside {
			continue
		}
		if inside {
			terms = append(terms, s[from:i])
		} else {
			gaps = append(gaps, s[from:i])
		}
		from, inside = i, !inside
	}
	if inside {
		return append(terms, s[from:]), append(gaps, "")
	}
	if len(terms) == 0 {
		return []string{s}, []string{"", ""}
	}
	return terms, append(gaps, s[from:])
}

// pattern describes texts: the terms that all of them have at the same place, but for those at hidden places, and what
// all have between these; * stands for the rest. Letters and digits that separate terms are a part of the * beside them, as
// the documentation shows.
func (c *cutter) pattern(texts []*reduced, hidden map[int]bool) string {
	first := texts[0]
	if len(texts) == 1 && len(hidden) == 0 {
		return first.text
	}
	var kept []int // the places of the common terms
	for i, w := range first.words {
		same := !hidden[i]
		for _, t := range texts[1:] {
			same = same && i < len(t.words) && t.words[i] == w
		}
		if same {
			kept = append(kept, i)
		}
	}
	spaces := make([]space, len(kept)+1)
	var terms []string
	for n, t := range texts {
		all, gaps := c.cut(t.text)
		if n == 0 {
			terms = all
		}
		from := 0 // the gap in which the space begins
		for i := range spaces {
			to := len(gaps) - 1
			if i < len(kept) {
				to = kept[i]
			}
			spaces[i].add(gaps[from:to+1], n == 0)
			from = to + 1
		}
	}
	var b strings.Builder
	for i := range spaces {
		b.WriteString(spaces[i].String())
		if i < len(kept) {
			b.WriteString(terms[kept[i]])
		}
	}
	return b.String()
}

// space is what stands before, between or behind the common terms of texts.
type space struct {
	left, right         string // how it begins and ends in all of them
	noLeft, noRight     bool   // it does not begin or end alike
	terms, none, differ bool   // in some of them it has terms; it has none; it is not the same
}

// add takes in the gaps between the terms of one text's space.
func (s *space) add(gaps []string, first bool) {
	left, right := gaps[0], gaps[len(gaps)-1]
	if first {
		s.left, s.right = left, right
	}
	s.noLeft = s.noLeft || s.left != left
	s.noRight = s.noRight || s.right != right
	if len(gaps) > 1 {
		s.terms = true
	} else {
		s.none = true
		s.differ = s.differ || s.left != left
	}
}

func (s *space) String() string {
	switch {
	case !s.terms && !s.differ:
		return s.left
	case s.none: // the beginning may be the end as well
		return "*"
	}
	left, right := s.left, s.right
	if s.noLeft {
		left = ""
	}
	if s.noRight {
		right = ""
	}
	return strings.TrimRightFunc(left, alphanumeric) + "*" + strings.TrimLeftFunc(right, alphanumeric)
}
