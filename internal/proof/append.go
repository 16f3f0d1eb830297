package proof

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// Append is the storing of some rows of a table. In this order:
//
//	a := prover.Begin(table)
//	defer a.End()                              // the rows can be read, or never will be
//	for _, c := range a.Countings() {
//		t, err := run(c.Plan(), c.Columns())   // over the new rows alone
//		… a.Add(c, t) or a.Fail(err)
//	}
//	commit                                     // not before: a query must not see what was not counted
//
// A failure to count need not keep the rows from being stored. It belongs to one goroutine.
type Append struct {
	p       *Prover
	table   *table
	version int
	parts   []part
	ended   bool
}

type part struct {
	counting *Counting
	done     bool // added or failed
}

// Begin begins an append to a table. Every Begin must have an End.
func (p *Prover) Begin(table string) *Append {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.table(table)
	t.appends[t.version]++
	a := &Append{p: p, table: t, version: t.version}
	for _, g := range p.groups {
		if g.table != table {
			continue
		}
		a.parts = append(a.parts, part{counting: &Counting{Key: g.planKey(), group: g, counters: g.counted()}})
	}
	return a
}

// Countings are the plans to run over the new rows; none if nothing of the table is watched.
func (a *Append) Countings() []*Counting {
	var out []*Counting
	for i := range a.parts {
		if len(a.parts[i].counting.counters) > 0 {
			out = append(out, a.parts[i].counting)
		}
	}
	return out
}

// Add takes the rows that a counting gave.
func (a *Append) Add(c *Counting, t types.Table) error {
	a.p.mu.Lock()
	defer a.p.mu.Unlock()
	for i := range a.parts {
		pt := &a.parts[i]
		if pt.counting != c || pt.done {
			continue
		}
		found, err := c.read(t, a.p.first(), a.p.last())
		if err != nil {
			a.fail(pt, err)
			return err
		}
		for j, ct := range c.counters {
			if ct.state <= live {
				ct.hits.add(&found[j])
			}
		}
		pt.done = true
		for _, row := range t.Rows {
			if len(c.counters[0].conds) == 0 {
				c.group.rows += row[1].Int64()
			}
		}
		return nil
	}
	return fmt.Errorf("count the rows of %s: no such counting, or added twice", c.group.table)
}

// Fail tells that the new rows could not be counted. What was known of the table is known no more until the next
// Fill; conditions that may be the reason are left out if that happens again and again.
func (a *Append) Fail(err error) {
	a.p.mu.Lock()
	defer a.p.mu.Unlock()
	for i := range a.parts {
		if pt := &a.parts[i]; !pt.done {
			a.fail(pt, err)
		}
	}
}

func (a *Append) fail(pt *part, err error) {
	pt.done = true
	counted := slices.DeleteFunc(slices.Clone(pt.counting.counters), func(c *counter) bool { return c.state > live })
	suspect := slices.ContainsFunc(counted, (*counter).risky)
	for _, c := range counted {
		if suspect && !c.risky() || len(c.conds) == 0 {
			c.restart()
		} else {
			a.p.failed(c, err, true)
		}
	}
}

// risky tells whether a counter calls what might end a statement with a fault.
func (c *counter) risky() bool {
	for _, cond := range c.conds {
		if cond.Cost >= costHeavy || strings.Contains(cond.Key, "matches regex") || strings.Contains(cond.Key, "extract(") {
			return true
		}
	}
	return false
}

// End tells that the rows can be read from now on, or that they were not stored. What was not counted by then
// counts as failed.
func (a *Append) End() {
	a.p.mu.Lock()
	defer a.p.mu.Unlock()
	if a.ended {
		return
	}
	a.ended = true
	for i := range a.parts {
		pt := &a.parts[i]
		if !pt.done && len(pt.counting.counters) > 0 {
			a.fail(pt, fmt.Errorf("rows of %s were stored and not counted", pt.counting.group.table))
		}
	}
	if a.table.appends[a.version]--; a.table.appends[a.version] == 0 {
		delete(a.table.appends, a.version)
	}
	close(a.table.ended)
	a.table.ended = make(chan struct{})
}
