package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	driverpkg "github.com/duckdb/duckdb-go/v2"

	"github.com/vedette-siem/vedette/internal/catalog"
	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/types"
)

// Commit implements store.Keeper.
func (d *Disk) Commit(ctx context.Context, c store.Commit) error {
	d.wmu.Lock()
	defer d.wmu.Unlock()
	if d.broken != nil {
		return d.broken
	}
	if err := d.free(); err != nil {
		return err
	}
	var list []*slice
	for _, r := range c.Rows {
		s, err := d.split(ctx, r, c.At)
		if err != nil {
			return err
		}
		list = append(list, s...)
	}
	if err := d.begin(ctx); err != nil {
		return err
	}
	if err := d.write(ctx, list, c); err != nil {
		return errors.Join(err, d.rollback())
	}
	// The context does not reach the commit: nobody could tell whether one that was cut short has happened.
	if err := d.exec(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return errors.Join(err, d.rollback())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Engine.mu.Lock()
	defer d.Engine.mu.Unlock()
	for _, s := range list {
		p := s.part
		p.rows += int64(len(s.rows))
		p.dirty = true
		if p.received.known {
			p.received.from, p.received.to = min(p.received.from, c.At), max(p.received.to, c.At)
		}
	}
	return nil
}

// slice is what of a commit goes to one part. A row holds the values of the table, of which cols[i] is the one for the
// part's column i; -1 is none.
type slice struct {
	part     *part
	types    types.Schema
	cols     []int
	received int // which of the part's columns is the time of taking in; -1: none
	rows     [][]types.Value
}

// split sorts rows into the parts they belong to, which are made where they are missing.
func (d *Disk) split(ctx context.Context, r store.Rows, now int64) ([]*slice, error) {
	if strings.Contains(r.Table.Name, "@") {
		return nil, fmt.Errorf("table %s: names of stored tables have no @", r.Table.Name)
	}
	if err := d.declare(ctx, r.Table); err != nil {
		return nil, err
	}
	schema := r.Table.Stored()
	at := slices.IndexFunc(schema, func(c types.Column) bool { return c.Name == timeColumn && c.Type == types.Datetime })
	byKey := map[string]*slice{}
	var out []*slice
	var last struct { // the day of the row before, and its slice
		from, to int64
		s        *slice
	}
	for _, row := range r.Rows {
		key := noTime
		if at >= 0 && !row[at].IsNull() {
			ticks := row[at].Int64()
			if last.s != nil && ticks >= last.from && ticks <= last.to {
				last.s.rows = append(last.s.rows, row)
				continue
			}
			key = partKey(ticks, now)
		}
		s := byKey[key]
		if s == nil {
			p, err := d.part(ctx, r.Table, key)
			if err != nil {
				return nil, err
			}
			s = newSlice(p, r.Table, len(r.Rows))
			byKey[key] = s
			out = append(out, s)
		}
		s.rows = append(s.rows, row)
		if key != noTime && key != oddTime {
			last.s = s
			last.from, last.to = keyBounds(key)
		}
	}
	return out, nil
}

func newSlice(p *part, table *catalog.Table, rows int) *slice {
	names := table.StoredNames()
	s := &slice{part: p, types: table.Stored(), received: -1, rows: make([][]types.Value, 0, rows)}
	for i, c := range p.cols {
		s.cols = append(s.cols, slices.Index(names, c.name))
		if c.name == receivedColumn {
			s.received = i
		}
	}
	return s
}

// part returns a part of a table, which is made if it is missing.
func (d *Disk) part(ctx context.Context, table *catalog.Table, key string) (*part, error) {
	d.mu.RLock()
	if t := d.tables[table.Name]; t != nil {
		for _, p := range t.parts {
			if p.key == key {
				d.mu.RUnlock()
				return p, nil
			}
		}
	}
	taken := map[string]bool{}
	for _, t := range d.tables {
		for _, p := range t.parts {
			taken[strings.ToLower(p.name)] = true
		}
	}
	d.mu.RUnlock()
	p := &part{table: table.Name, key: key, name: table.Name + "@" + key}
	for n := 2; taken[strings.ToLower(p.name)]; n++ { // a table whose name differs in case
		p.name = fmt.Sprintf("%s@%s@%d", table.Name, key, n)
	}
	names := table.StoredNames()
	var cols []string
	for i, c := range table.Stored() {
		typ := dialect.SQLType(c.Type)
		p.cols = append(p.cols, stored{names[i], typ})
		cols = append(cols, dialect.Ident(names[i])+" "+typ)
	}
	p.from, p.to = keyBounds(key)
	p.received.known, p.received.from, p.received.to = true, 1, 0
	if err := d.begin(ctx); err != nil {
		return nil, err
	}
	for _, s := range []string{
		"CREATE TABLE " + dialect.Ident(p.name) + " (" + strings.Join(cols, ", ") + ")",
		"INSERT INTO " + partsTable + " VALUES (" + dialect.Text(table.Name) + ", " + dialect.Text(key) + ", " + dialect.Text(p.name) + ")",
		"COMMIT",
	} {
		if err := d.exec(ctx, s); err != nil {
			return nil, errors.Join(fmt.Errorf("make part %s of table %s: %w", key, table.Name, err), d.rollback())
		}
	}
	p.received.from, p.received.to = 1<<62, -1<<62
	d.mu.Lock()
	d.add(p)
	d.mu.Unlock()
	return p, nil
}

// write appends within the open transaction.
func (d *Disk) write(ctx context.Context, list []*slice, c store.Commit) error {
	at := driver.Value(c.At)
	for _, s := range list {
		app, err := d.open(s.part)
		if err != nil {
			return err
		}
		vals := make([]driver.Value, len(s.cols))
		for n, row := range s.rows {
			if n%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			for i, from := range s.cols {
				if i == s.received {
					vals[i] = at
					continue
				}
				if from < 0 {
					vals[i] = nil
					continue
				}
				v := row[from]
				if v.IsNull() && s.types[from].Type == types.String {
					v = types.StringOf("")
				}
				vals[i] = native(v)
			}
			if err := app.AppendRow(vals...); err != nil {
				return fmt.Errorf("append to %s: %w", s.part.table, err)
			}
		}
		if err := app.Flush(); err != nil {
			return fmt.Errorf("append to %s: %w", s.part.table, err)
		}
	}
	if len(c.Batches) > 0 {
		if d.batches == nil {
			app, err := driverpkg.NewAppenderFromConn(d.w, "", batchesTable)
			if err != nil {
				return fmt.Errorf("append batches: %w", err)
			}
			d.batches = app
		}
		for _, id := range c.Batches {
			if err := d.batches.AppendRow(id, c.At); err != nil {
				return fmt.Errorf("append batches: %w", err)
			}
		}
		if err := d.batches.Flush(); err != nil {
			return fmt.Errorf("append batches: %w", err)
		}
	}
	for name, mark := range c.Marks {
		if err := d.exec(ctx, fmt.Sprintf("INSERT INTO %s VALUES (%s, %d)", marksTable, dialect.Text(name), mark)); err != nil {
			return fmt.Errorf("mark %s: %w", name, err)
		}
	}
	return nil
}

// open returns the part's appender. Those that have not been used for longest are closed, because each holds memory.
func (d *Disk) open(p *part) (*driverpkg.Appender, error) {
	if i := slices.Index(d.used, p); i >= 0 {
		d.used = append(slices.Delete(d.used, i, i+1), p)
		return p.app, nil
	}
	if len(d.used) >= maxAppenders {
		d.closeAppender(d.used[0])
	}
	app, err := driverpkg.NewAppenderFromConn(d.w, "", p.name)
	if err != nil {
		return nil, fmt.Errorf("append to %s: %w", p.table, err)
	}
	p.app = app
	d.used = append(d.used, p)
	return app, nil
}

// closeAppender closes a part's appender, which holds no rows: those were flushed, or belong to a transaction that failed.
func (d *Disk) closeAppender(p *part) {
	i := slices.Index(d.used, p)
	if i < 0 {
		return
	}
	_ = p.app.Close()
	p.app = nil
	d.used = slices.Delete(d.used, i, i+1)
}

func (d *Disk) closeAppenders() {
	for len(d.used) > 0 {
		d.closeAppender(d.used[0])
	}
	if d.batches != nil {
		_ = d.batches.Close()
		d.batches = nil
	}
}

func (d *Disk) begin(ctx context.Context) error { return d.exec(ctx, "BEGIN") }

// rollback ends a transaction that failed. Appenders may still hold rows of it, so they are closed first, and what they
// flush then goes with the transaction.
func (d *Disk) rollback() error {
	d.closeAppenders()
	err := d.exec(context.Background(), "ROLLBACK")
	if err != nil && strings.Contains(err.Error(), "no transaction is active") {
		return nil
	}
	return err
}

// exec runs a statement on the writer's connection.
func (d *Disk) exec(ctx context.Context, sql string) error {
	_, err := d.w.(driver.ExecerContext).ExecContext(ctx, sql, nil)
	if err == nil {
		return nil
	}
	err = fault(ctx, err)
	if strings.Contains(err.Error(), "database has been invalidated") {
		d.broken = fmt.Errorf("the event store must be opened again: %w", err)
		return d.broken
	}
	return err
}

// Append implements store.Engine: each call is a commit, taken in at the newest time of its rows.
func (d *Disk) Append(table *catalog.Table, rows [][]types.Value) error {
	var newest int64
	for i, c := range table.Columns {
		if c.Name != timeColumn {
			continue
		}
		for _, r := range rows {
			if !r[i].IsNull() {
				newest = max(newest, r[i].Int64())
			}
		}
	}
	return d.Commit(context.Background(), store.Commit{Rows: []store.Rows{{Table: table, Rows: rows}}, At: newest})
}
