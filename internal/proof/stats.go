package proof

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Stats tell what a Prover does.
type Stats struct {
	Rules    int   // watched
	Provable int   // of these, rules with something to prove
	Asked    int64 // runs that were asked about
	Proved   int64 // of these, runs that need not be made
	Tables   []TableStats
}

// TableStats tell what is counted of a table.
type TableStats struct {
	Table    string
	Sets     int           // sets of conditions that are counted
	Pending  int           // of these, not known yet
	Retired  int           // not counted because they proved nothing
	Rejected int           // not counted because counting failed
	Cost     time.Duration // estimate for one row
	Rows     int64         // counted so far
	Faults   []string      // why sets were rejected
}

// Stats returns what the Prover does.
func (p *Prover) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Stats{Rules: len(p.rules), Asked: p.asked, Proved: p.proved}
	for _, w := range p.rules {
		if len(w.counters) > 0 {
			s.Provable++
		}
	}
	for _, g := range p.groups {
		if len(g.counters) == 0 {
			continue
		}
		t := TableStats{Table: g.table, Cost: time.Duration(g.cost()), Rows: g.rows}
		for _, c := range g.counters {
			switch c.state {
			case pending:
				t.Sets++
				t.Pending++
			case live:
				t.Sets++
			case retired:
				t.Retired++
			case rejected:
				t.Rejected++
				t.Faults = append(t.Faults, strings.ReplaceAll(c.key, "\n", " and ")+": "+c.fault)
			}
		}
		s.Tables = append(s.Tables, t)
	}
	slices.SortFunc(s.Tables, func(a, b TableStats) int { return cmp.Compare(a.Table, b.Table) })
	return s
}

// RuleStats tell how a rule fares.
type RuleStats struct {
	Formula string // on what it depends that a run gives no rows; "unproven" if on nothing that is known
	Asked   int64
	Proved  int64
}

// Rule returns how a rule fares; false if it is not watched.
func (p *Prover) Rule(ruleID string) (RuleStats, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.rules[ruleID]
	if !ok {
		return RuleStats{}, false
	}
	return RuleStats{Formula: w.formula.String(), Asked: w.asked, Proved: w.proved}, true
}
