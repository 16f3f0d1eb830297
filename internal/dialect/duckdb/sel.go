package duckdb

import (
	"fmt"
	"strings"

	"github.com/vedette-siem/vedette/internal/rel"
)

// sel is a SELECT under construction. While it is open its items are plain columns of its source, and
// filters and projections merge into it; then it becomes a derived table of the next one.
type sel struct {
	items []column
	from  fragment
	// source are the columns that from puts out, under their names, if it is a derived table; else nil.
	source   []column
	where    []string
	distinct string
	tail     string // GROUP BY, ORDER BY, LIMIT
	open     bool
}

// column is one item of a select list.
type column struct {
	id  rel.ColID
	sql string
}

// ref writes a column of an open SELECT; for more than one, see refs.
func (s *sel) ref(id rel.ColID) string {
	for _, c := range s.items {
		if c.id == id {
			return c.sql
		}
	}
	panic(fmt.Sprintf("column %d is not put out here", id))
}

// refs looks columns up in an open SELECT; outer ones (of a lateral join) keep their own names.
func (w *writer) refs(s *sel) refs {
	index := indexOf(s.items)
	return func(id rel.ColID) string {
		if i, ok := index.find(id); ok {
			return s.items[i].sql
		}
		if n, ok := w.outer[id]; ok {
			return n
		}
		panic(fmt.Sprintf("column %d is not in scope", id))
	}
}

// columnIndex finds columns by number. The numbers of a node's columns mostly follow each other, so a slice
// does it; a map is the way out for those that do not.
type columnIndex struct {
	least  rel.ColID
	dense  []int32 // position + 1
	sparse map[rel.ColID]int32
}

func indexOf(items []column) columnIndex {
	if len(items) == 0 {
		return columnIndex{}
	}
	x := columnIndex{least: items[0].id}
	most := items[0].id
	for _, c := range items {
		x.least, most = min(x.least, c.id), max(most, c.id)
	}
	if span := int(most-x.least) + 1; span <= 8*len(items)+64 {
		x.dense = make([]int32, span)
		for i, c := range items {
			x.dense[c.id-x.least] = int32(i) + 1
		}
		return x
	}
	x.sparse = make(map[rel.ColID]int32, len(items))
	for i, c := range items {
		x.sparse[c.id] = int32(i) + 1
	}
	return x
}

func (x *columnIndex) find(id rel.ColID) (int, bool) {
	i := int32(0)
	if x.sparse != nil {
		i = x.sparse[id]
	} else if at := int(id - x.least); at >= 0 && at < len(x.dense) {
		i = x.dense[at]
	}
	return int(i) - 1, i > 0
}

// body is what follows the select list of a SELECT over an open one: its source and filters.
func (s *sel) body() fragment {
	if len(s.where) > 0 {
		return sqlf(" FROM ", s.from, " WHERE "+strings.Join(s.where, " AND "))
	}
	return sqlf(" FROM ", s.from)
}

// with is an open SELECT with one more filter.
func (s *sel) with(filter string) *sel {
	c := *s
	c.where = append(s.where[:len(s.where):len(s.where)], filter)
	return &c
}

// opened returns s as an open SELECT, making it a derived table if it must be.
func (w *writer) opened(s *sel) *sel {
	if s.open {
		return s
	}
	return w.derived(w.text(s), s.items)
}

// derived is an open SELECT over a query that puts out columns under their names.
func (w *writer) derived(query fragment, items []column) *sel {
	out := &sel{open: true, from: sqlf("(", query, ") AS "+w.alias()), items: make([]column, 0, len(items))}
	for _, c := range items {
		out.items = append(out.items, column{c.id, w.names.get(c.id)})
	}
	out.source = out.items
	return out
}

// own is opened for what computes over all rows of a lateral join's right side: columns of the left side become
// columns of the rows, since the engine takes an aggregate or a window over the left side's columns alone for one
// over the left side's rows.
func (w *writer) own(s *sel) *sel {
	s = w.opened(s)
	for _, c := range s.items {
		for _, name := range w.outer {
			if strings.Contains(c.sql, name) {
				return w.opened(&sel{items: s.items, from: s.from, where: s.where})
			}
		}
	}
	return s
}

// passesAll tells whether a SELECT puts out every column of its source as it is, maybe beside others: then the
// list of them is written as an asterisk, which keeps the text of large plans short.
func (w *writer) passesAll(s *sel) bool {
	if len(s.source) < 2 || s.distinct != "" || s.tail != "" {
		return false
	}
	n := 0
	for i := range s.items {
		if w.passed(&s.items[i]) {
			n++
		}
	}
	return n == len(s.source)
}

// passed tells whether an item is a column of a derived table under its own name.
func (w *writer) passed(c *column) bool { return c.id != 0 && c.sql == w.names.get(c.id) }

// text is the SELECT statement.
func (w *writer) text(s *sel) fragment {
	parts := make([]string, 0, 4*len(s.items)+2)
	parts = append(parts, "SELECT "+s.distinct)
	if len(s.items) == 0 {
		parts = append(parts, "1 AS nothing")
	}
	star := w.passesAll(s)
	if star {
		parts = append(parts, "*")
	}
	for i := range s.items {
		c := &s.items[i]
		own := w.passed(c)
		if own && star {
			continue
		}
		if len(parts) > 1 {
			parts = append(parts, ", ")
		}
		parts = append(parts, c.sql)
		if c.id != 0 && !own {
			parts = append(parts, " AS ", w.names.get(c.id))
		}
	}
	list := strings.Join(parts, "")
	if s.from.empty() {
		return sqlf(list, s.tail)
	}
	return sqlf(list, s.body(), s.tail)
}
