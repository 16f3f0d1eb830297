package proof

import (
	"slices"
	"sort"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// Op is what a Formula says of when a plan gives no rows.
type Op uint8

// The kinds of formula.
const (
	Unproven Op = iota // nothing is known: the plan may give rows whatever is stored
	Always             // never a row
	NoRows             // no rows if Leaf has none
	AnyOf              // no rows if one of Args says so
	AllOf              // no rows if all of Args say so
)

// Formula tells on what it depends that a plan gives no rows. It only ever says "certainly none": a formula that
// does not hold says nothing.
type Formula struct {
	Op   Op
	Args []*Formula
	Leaf *Leaf
}

// Leaf stands for the rows of a stored table whose time lies in [From, To) and which meet all conditions.
type Leaf struct {
	Table    string
	TimeCol  string
	From, To int64  // ticks
	Conds    []Cond // by key, each once
}

// Keys are the keys of the leaf's conditions.
func (l *Leaf) Keys() []string {
	out := make([]string, len(l.Conds))
	for i, c := range l.Conds {
		out[i] = c.Key
	}
	return out
}

func (l *Leaf) String() string {
	if len(l.Conds) == 0 {
		return l.Table
	}
	return l.Table + "[" + strings.Join(l.Keys(), " and ") + "]"
}

// span tells the time that a leaf looks at.
func (l *Leaf) span() string {
	return types.FormatDatetime(l.From) + " to " + types.FormatDatetime(l.To)
}

func (l *Leaf) equal(o *Leaf) bool {
	return l.Table == o.Table && l.TimeCol == o.TimeCol && l.From == o.From && l.To == o.To && slices.Equal(l.Keys(), o.Keys())
}

var (
	unproven = &Formula{Op: Unproven}
	always   = &Formula{Op: Always}
)

// anyOf is a formula that holds if one of fs does.
func anyOf(fs ...*Formula) *Formula { return combine(AnyOf, Always, Unproven, fs) }

// allOf is a formula that holds if all of fs do; of none it always holds.
func allOf(fs ...*Formula) *Formula { return combine(AllOf, Unproven, Always, fs) }

// combine simplifies: decisive settles the result alone, neutral does not matter to it.
func combine(op, decisive, neutral Op, fs []*Formula) *Formula {
	out := &Formula{Op: op}
	var add func(f *Formula) bool
	add = func(f *Formula) bool {
		switch f.Op {
		case decisive:
			return false
		case neutral:
			return true
		case op:
			for _, a := range f.Args {
				if !add(a) {
					return false
				}
			}
			return true
		}
		for _, a := range out.Args {
			if a == f || a.Op == NoRows && f.Op == NoRows && a.Leaf.equal(f.Leaf) {
				return true
			}
		}
		out.Args = append(out.Args, f)
		return true
	}
	for _, f := range fs {
		if !add(f) {
			return &Formula{Op: decisive}
		}
	}
	switch len(out.Args) {
	case 0:
		return &Formula{Op: neutral}
	case 1:
		return out.Args[0]
	}
	return out
}

// String writes a formula for people: | is any of, & all of.
func (f *Formula) String() string {
	switch f.Op {
	case Always:
		return "always"
	case NoRows:
		return f.Leaf.String()
	case AnyOf, AllOf:
		sign := map[Op]string{AnyOf: " | ", AllOf: " & "}[f.Op]
		parts := make([]string, len(f.Args))
		for i, a := range f.Args {
			parts[i] = a.String()
		}
		sort.Strings(parts)
		return "(" + strings.Join(parts, sign) + ")"
	}
	return "unproven"
}

// Leaves lists the leaves of a formula, in the order of the plan.
func (f *Formula) Leaves() []*Leaf {
	if f.Op == NoRows {
		return []*Leaf{f.Leaf}
	}
	var out []*Leaf
	for _, a := range f.Args {
		out = append(out, a.Leaves()...)
	}
	return out
}

// Holds answers a formula, given which leaves are known to have no rows.
func (f *Formula) Holds(none func(*Leaf) bool) bool {
	switch f.Op {
	case Always:
		return true
	case NoRows:
		return none(f.Leaf)
	case AnyOf:
		return slices.ContainsFunc(f.Args, func(a *Formula) bool { return a.Holds(none) })
	case AllOf:
		return !slices.ContainsFunc(f.Args, func(a *Formula) bool { return !a.Holds(none) })
	}
	return false
}
