package session

import (
	"sort"
	"sync"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/types"
)

const timeColumn = "TimeGenerated"

// counter hands rows to a sink and keeps what the commands tell of them: how many, and how new.
type counter struct {
	sink ingest.Sink

	mu     sync.Mutex
	tables map[string]*tableCount
	newest int64 // ticks; 0 while no row has a time
}

type tableCount struct {
	rows int64
	time int // index of TimeGenerated, or -1
}

func newCounter(sink ingest.Sink) *counter {
	return &counter{sink: sink, tables: map[string]*tableCount{}}
}

// Append implements ingest.Sink.
func (c *counter) Append(table *catalog.Table, rows [][]types.Value) error {
	if err := c.sink.Append(table, rows); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tables[table.Name]
	if t == nil {
		t = &tableCount{time: table.Columns.Index(timeColumn)}
		if t.time >= 0 && table.Columns[t.time].Type != types.Datetime {
			t.time = -1
		}
		c.tables[table.Name] = t
	}
	t.rows += int64(len(rows))
	if t.time >= 0 {
		for _, r := range rows {
			if v := r[t.time]; !v.IsNull() {
				c.newest = max(c.newest, v.Int64())
			}
		}
	}
	return nil
}

// found notes rows that were there before.
func (c *counter) found(table string, rows, newest int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tables[table] = &tableCount{rows: rows, time: -1}
	c.newest = max(c.newest, newest)
}

func (c *counter) rows(table string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.tables[table]; t != nil {
		return t.rows
	}
	return 0
}

func (c *counter) total() (n int64) {
	for _, t := range c.list() {
		n += t.Rows
	}
	return n
}

func (c *counter) list() []ingest.TableRows {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []ingest.TableRows
	for name, t := range c.tables {
		out = append(out, ingest.TableRows{Table: name, Rows: t.rows})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Table < out[j].Table })
	return out
}

func (c *counter) newestTime() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return types.TimeOf(c.newest), c.newest > 0
}
