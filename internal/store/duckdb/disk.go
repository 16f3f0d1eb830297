package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	driverpkg "github.com/duckdb/duckdb-go/v2"

	"github.com/vedette-siem/vedette/internal/catalog"
	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/types"
)

// Disk is an engine whose tables are kept in a folder, each in parts by day. It implements store.Keeper.
//
// A table T of the catalogue is stored in tables called T@2026-11-22: one for each day of TimeGenerated, one for each
// month far from now, and one for rows without a time. A query reads the parts that its time bounds touch; retention
// drops whole parts. Commits go to the engine's write-ahead log and are durable when they return; Tidy brings the log into
// the tables' own form when it has grown.
type Disk struct {
	*Engine
	dir  string
	opts DiskOptions

	mu     sync.RWMutex
	tables map[string]*diskTable
	kept   map[string]catalog.Table // what tables are declared as, those without parts included

	wmu      sync.Mutex // one writer at a time; held before mu
	w        driver.Conn
	used     []*part // parts with an open appender, the least recently used first
	batches  *driverpkg.Appender
	declared map[*catalog.Table]bool
	copying  bool  // a backup is being made: the file must not change
	broken   error // set once the engine has given up the file
}

// DiskOptions bound what a Disk may use.
type DiskOptions struct {
	MemoryBytes int64 // of all queries together; 0 is 4 GiB
	Threads     int   // of one query; 0 is one for each processor
	// LogBytes is how large the log may grow before Tidy acts; 0 is 128 MiB.
	LogBytes int64
	// FreeBytes is how much free space commits leave on the disk; 0 is 256 MiB.
	FreeBytes int64
	// SpillBytes bounds what queries write to disk when memory is short; 0 is 4 GiB.
	SpillBytes int64
	// MustExist refuses a folder that holds no event store, with [fs.ErrNotExist], instead of making one in it.
	MustExist bool
}

type diskTable struct {
	name  string
	parts []*part // in the order of their keys
}

// part is a stored piece of a table.
type part struct {
	table string
	key   string
	name  string // of the engine's table
	cols  []stored

	rows     int64
	from, to int64 // bounds of TimeGenerated, to included; from > to: rows have none
	// bounds of _TimeReceived; known tells whether they have been looked up since the folder was opened
	received struct {
		known    bool
		from, to int64
	}
	app *driverpkg.Appender

	dirty  bool // rows came since the last checkpoint
	groups int  // checkpoints, since the folder was opened or the part compacted, that wrote rows of it
}

type stored struct{ name, typ string }

// The engine's own file and tables. Names of parts have an @, so nothing else is called like them.
const (
	eventsFile   = "events.duckdb"
	partsTable   = "vedette_parts"
	columnsTable = "vedette_columns"
	marksTable   = "vedette_marks"
	batchesTable = "vedette_batches"
)

const (
	defaultLog   = 128 << 20
	defaultFree  = 256 << 20
	defaultSpill = 4 << 30
	maxAppenders = 12 // each holds some megabytes
)

// HasStore tells whether a folder holds an event store.
func HasStore(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, eventsFile))
	return err == nil && info.Mode().IsRegular()
}

// OpenDisk opens the event store in a folder, which is made if it is not there.
func OpenDisk(ctx context.Context, dir string, opts DiskOptions) (d *Disk, err error) {
	for _, o := range []struct {
		v *int64
		d int64
	}{{&opts.LogBytes, defaultLog}, {&opts.FreeBytes, defaultFree}, {&opts.SpillBytes, defaultSpill}} {
		if *o.v == 0 {
			*o.v = o.d
		}
	}
	file := filepath.Join(dir, eventsFile)
	if opts.MustExist {
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("event store: %w", err)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("event store: %w", err)
	}
	e, err := Open(ctx, Options{Path: file, MemoryBytes: opts.MemoryBytes, Threads: opts.Threads, spill: filepath.Join(dir, "spill"), spillBytes: opts.SpillBytes})
	if err != nil {
		return nil, fmt.Errorf("event store %s: %w", file, openFault(err))
	}
	d = &Disk{Engine: e, dir: dir, opts: opts, tables: map[string]*diskTable{}, kept: map[string]catalog.Table{}, declared: map[*catalog.Table]bool{}}
	opened := d
	defer func() {
		if err != nil {
			err = errors.Join(err, opened.Close())
		}
	}()
	for _, s := range []string{
		"CREATE TABLE IF NOT EXISTS " + partsTable + " (tab VARCHAR NOT NULL, part VARCHAR NOT NULL, name VARCHAR NOT NULL)",
		// The engine has one type for several of KQL's, so what a table was declared as is kept beside it.
		"CREATE TABLE IF NOT EXISTS " + columnsTable + " (tab VARCHAR NOT NULL, name VARCHAR NOT NULL, typ VARCHAR NOT NULL, hidden BOOLEAN NOT NULL, pos INTEGER NOT NULL)",
		"CREATE TABLE IF NOT EXISTS " + marksTable + " (name VARCHAR NOT NULL, mark BIGINT NOT NULL)",
		"CREATE TABLE IF NOT EXISTS " + batchesTable + " (id VARCHAR NOT NULL, received BIGINT NOT NULL)",
		// A mark is a row for each commit; the highest of each source is all that counts.
		"CREATE TEMP TABLE highest AS SELECT name, max(mark) AS mark FROM " + marksTable + " GROUP BY name",
		"BEGIN", "DELETE FROM " + marksTable, "INSERT INTO " + marksTable + " SELECT name, mark FROM highest", "COMMIT",
		"DROP TABLE highest",
	} {
		if _, err := e.conn.ExecContext(ctx, s); err != nil {
			return nil, fmt.Errorf("event store %s: %w", file, openFault(err))
		}
	}
	if err := d.list(ctx); err != nil {
		return nil, fmt.Errorf("event store %s: %w", file, openFault(err))
	}
	if d.w, err = e.connector.Connect(ctx); err != nil {
		return nil, fmt.Errorf("event store %s: %w", file, openFault(err))
	}
	return d, nil
}

// openFault turns what the engine says about a file into the faults that callers tell apart.
func openFault(err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "Could not set lock on file"), strings.Contains(text, "Conflicting lock"):
		return store.ErrLocked
	case strings.Contains(text, "not a valid DuckDB database file"), strings.Contains(text, "Corrupt"), strings.Contains(text, "checksum"),
		strings.Contains(text, "Serialization Error"):
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	return err
}

// list reads which parts there are.
func (d *Disk) list(ctx context.Context) error {
	cols := map[string][]stored{}
	rows, err := d.conn.QueryContext(ctx, "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal ORDER BY table_name, column_index")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		var c stored
		if err := rows.Scan(&table, &c.name, &c.typ); err != nil {
			return err
		}
		cols[table] = append(cols[table], c)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	parts, err := d.conn.QueryContext(ctx, "SELECT p.tab, p.part, p.name, t.estimated_size FROM "+partsTable+" p JOIN duckdb_tables() t ON t.table_name = p.name")
	if err != nil {
		return err
	}
	defer parts.Close()
	for parts.Next() {
		p := &part{}
		if err := parts.Scan(&p.table, &p.key, &p.name, &p.rows); err != nil {
			return err
		}
		p.cols = cols[p.name]
		p.from, p.to = keyBounds(p.key)
		d.add(p)
	}
	if err := parts.Err(); err != nil {
		return err
	}
	return d.listColumns(ctx)
}

// add notes a part. The caller holds mu, or is alone.
func (d *Disk) add(p *part) {
	t := d.tables[p.table]
	if t == nil {
		t = &diskTable{name: p.table}
		d.tables[p.table] = t
	}
	i, _ := slices.BinarySearchFunc(t.parts, p, func(a, b *part) int { return strings.Compare(a.key, b.key) })
	t.parts = slices.Insert(t.parts, i, p)
}

// Close implements store.Engine.
func (d *Disk) Close() error {
	d.wmu.Lock()
	var errs []error
	if d.w != nil {
		d.closeAppenders()
		errs = append(errs, d.w.Close())
		d.w = nil
	}
	d.broken = errors.New("the event store is closed")
	d.wmu.Unlock()
	return errors.Join(append(errs, d.Engine.Close())...)
}

// Parts implements store.Engine.
func (d *Disk) Parts(s *rel.Scan) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	t := d.tables[s.Table]
	if t == nil {
		return nil
	}
	out := make([]string, 0, 4)
	for _, p := range t.parts {
		if s.Bounded {
			from, to := p.from, p.to
			if s.TimeCol == receivedColumn {
				from, to = d.receivedBounds(p)
			}
			if from > to || to < s.From || from >= s.To {
				continue
			}
		}
		out = append(out, p.name)
	}
	return out
}

// receivedBounds looks up between which times a part's rows were taken in.
func (d *Disk) receivedBounds(p *part) (from, to int64) {
	d.Engine.mu.Lock() // also guards p.received
	defer d.Engine.mu.Unlock()
	if !p.received.known {
		var a, b *int64
		row := d.conn.QueryRowContext(context.Background(), "SELECT min("+dialect.Ident(receivedColumn)+"), max("+dialect.Ident(receivedColumn)+") FROM "+dialect.Ident(p.name))
		if err := row.Scan(&a, &b); err != nil {
			return math.MinInt64, math.MaxInt64 // reads too much, which is no error
		}
		p.received.known, p.received.from, p.received.to = true, math.MaxInt64, math.MinInt64
		if a != nil && b != nil {
			p.received.from, p.received.to = *a, *b
		}
	}
	return p.received.from, p.received.to
}

// Stored implements store.Keeper.
func (d *Disk) Stored() []store.Stored {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var out []store.Stored
	for _, t := range d.tables {
		s := store.Stored{Table: t.name, Parts: len(t.parts), From: math.MaxInt64, To: math.MinInt64}
		for _, p := range t.parts {
			s.Rows += p.rows
			s.From, s.To = min(s.From, p.from), max(s.To, p.to)
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b store.Stored) int { return strings.Compare(a.Table, b.Table) })
	return out
}

// Bytes implements store.Keeper.
func (d *Disk) Bytes() int64 {
	return size(filepath.Join(d.dir, eventsFile)) + d.logBytes()
}

func (d *Disk) logBytes() int64 { return size(filepath.Join(d.dir, eventsFile+".wal")) }

func size(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}

// free refuses to write when the disk is nearly full: the engine gives a file up when a write fails half way.
func (d *Disk) free() error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &st); err != nil {
		return fmt.Errorf("event store: free space of %s: %w", d.dir, err)
	}
	if have := int64(st.Bavail) * st.Bsize; have < d.opts.FreeBytes {
		return fmt.Errorf("%w: %s has %d MiB left, and %d MiB must stay free", store.ErrFull, d.dir, have>>20, d.opts.FreeBytes>>20)
	}
	return nil
}

// Columns that storage knows by name.
const (
	timeColumn     = "TimeGenerated"
	receivedColumn = "_TimeReceived"
)

// Keys of parts that are no span of time.
const (
	noTime  = "none"  // rows without a time
	oddTime = "other" // rows from before 1970 or after 2200
)

// partKey is the part that a time belongs to, seen from now: a day, or a month where that is over a year away, so that
// odd times do not make many parts.
func partKey(ticks, now int64) string {
	t, n := types.TimeOf(ticks), types.TimeOf(now)
	switch away := t.Sub(n).Abs(); {
	case t.Year() < 1970 || t.Year() > 2200:
		return oddTime
	case away > 400*24*time.Hour:
		return t.Format("2006-01")
	default:
		return t.Format(time.DateOnly)
	}
}

// keyBounds are the times that a part may hold, both included.
func keyBounds(key string) (from, to int64) {
	if t, err := time.Parse(time.DateOnly, key); err == nil {
		return types.TicksOf(t), types.TicksOf(t.AddDate(0, 0, 1)) - 1
	}
	if t, err := time.Parse("2006-01", key); err == nil {
		return types.TicksOf(t), types.TicksOf(t.AddDate(0, 1, 0)) - 1
	}
	if key == noTime {
		return math.MaxInt64, math.MinInt64
	}
	return math.MinInt64, math.MaxInt64
}
