package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/store"
)

var _ store.Keeper = (*Disk)(nil)

// Batches implements store.Keeper.
func (d *Disk) Batches(ctx context.Context, since int64) ([]string, error) {
	rows, err := d.db.QueryContext(ctx, fmt.Sprintf("SELECT id FROM %s WHERE received >= %d ORDER BY received", batchesTable, since))
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", fault(ctx, err))
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("list batches: %w", err)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// ForgetBatches implements store.Keeper.
func (d *Disk) ForgetBatches(ctx context.Context, before int64) error {
	d.wmu.Lock()
	defer d.wmu.Unlock()
	if d.broken != nil {
		return d.broken
	}
	return d.exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE received < %d", batchesTable, before))
}

// Mark implements store.Keeper.
func (d *Disk) Mark(ctx context.Context, name string) (int64, error) {
	var mark sql.NullInt64
	row := d.db.QueryRowContext(ctx, "SELECT max(mark) FROM "+marksTable+" WHERE name = "+dialect.Text(name))
	if err := row.Scan(&mark); err != nil {
		return 0, fmt.Errorf("mark %s: %w", name, fault(ctx, err))
	}
	return mark.Int64, nil
}

// Drop implements store.Keeper. Queries under way keep what they see.
func (d *Disk) Drop(ctx context.Context, table string, before int64) (rows int64, err error) {
	d.wmu.Lock()
	defer d.wmu.Unlock()
	if d.broken != nil {
		return 0, d.broken
	}
	d.mu.RLock()
	var old []*part
	if t := d.tables[table]; t != nil {
		for _, p := range t.parts {
			if p.from <= p.to && p.to < before {
				old = append(old, p)
			}
		}
	}
	d.mu.RUnlock()
	for _, p := range old {
		d.closeAppender(p)
		// It goes from the list first, so that no new query names it.
		d.mu.Lock()
		t := d.tables[table]
		t.parts = slices.DeleteFunc(t.parts, func(q *part) bool { return q == p })
		if len(t.parts) == 0 {
			delete(d.tables, table)
		}
		d.mu.Unlock()
		if err := d.begin(ctx); err != nil {
			return rows, err
		}
		for _, s := range []string{"DELETE FROM " + partsTable + " WHERE name = " + dialect.Text(p.name), "DROP TABLE " + dialect.Ident(p.name), "COMMIT"} {
			if err := d.exec(ctx, s); err != nil {
				return rows, errors.Join(fmt.Errorf("drop part %s of %s: %w", p.key, table, err), d.rollback())
			}
		}
		rows += p.rows
	}
	return rows, nil
}

// Tidy implements store.Keeper.
func (d *Disk) Tidy(ctx context.Context) error {
	if d.logBytes() < d.opts.LogBytes {
		return nil
	}
	d.wmu.Lock()
	copying := d.copying
	d.wmu.Unlock()
	if copying {
		return nil
	}
	return d.Checkpoint(ctx)
}

// Checkpoint brings all of the log into the tables' own form, whatever its size. After it the folder is as small as it gets,
// and is opened fastest.
func (d *Disk) Checkpoint(ctx context.Context) error {
	d.wmu.Lock()
	defer d.wmu.Unlock()
	if d.broken != nil {
		return d.broken
	}
	if d.copying {
		return errors.New("a backup is being made")
	}
	if err := d.exec(ctx, "CHECKPOINT"); err != nil {
		return fmt.Errorf("tidy the event store: %w", err)
	}
	return d.compact(ctx)
}

// A part is rewritten when checkpoints have left it in this many pieces, of fewer rows than that on average.
const (
	compactGroups = 64
	compactRows   = 1024
)

// compact rewrites parts of tables that few rows come to. Every checkpoint writes the rows that came since the one before as
// a piece of its own; a table with a row a second would have ten thousand pieces a day, and each costs a query more than
// its rows do. A part is rewritten so seldom that no more than about compactRows of its rows are for each checkpoint.
// The caller holds wmu.
func (d *Disk) compact(ctx context.Context) error {
	var small []*part
	d.mu.Lock()
	for _, t := range d.tables {
		for _, p := range t.parts {
			if p.dirty {
				p.dirty = false
				p.groups++
			}
			if p.groups >= compactGroups && p.rows/int64(p.groups) < compactRows {
				small = append(small, p)
			}
		}
	}
	d.mu.Unlock()
	for _, p := range small {
		d.closeAppender(p)
		name, copied := dialect.Ident(p.name), dialect.Ident(p.name+"@new")
		if err := d.begin(ctx); err != nil {
			return err
		}
		for _, s := range []string{"CREATE TABLE " + copied + " AS SELECT * FROM " + name, "DROP TABLE " + name, "ALTER TABLE " + copied + " RENAME TO " + name, "COMMIT"} {
			if err := d.exec(ctx, s); err != nil {
				return errors.Join(fmt.Errorf("compact part %s of table %s: %w", p.key, p.table, err), d.rollback())
			}
		}
		p.groups = 0
	}
	return nil
}

// Backup copies the store, as it is now, to a file in a folder, while commits go on: between two checkpoints the engine
// writes to its log only, so what the file says does not change while it is copied. Until the copy is done Tidy does nothing.
// at, if set, is called when the moment of the copy is fixed and commits still wait.
func (d *Disk) Backup(ctx context.Context, folder string, at func() error) error {
	d.wmu.Lock()
	if d.broken != nil {
		d.wmu.Unlock()
		return d.broken
	}
	if d.copying {
		d.wmu.Unlock()
		return errors.New("a backup is being made")
	}
	err := d.exec(ctx, "CHECKPOINT")
	if err == nil && at != nil {
		err = at()
	}
	d.copying = err == nil
	d.wmu.Unlock()
	if err != nil {
		return fmt.Errorf("back up the event store: %w", err)
	}
	defer func() {
		d.wmu.Lock()
		d.copying = false
		d.wmu.Unlock()
	}()
	if err := copyFile(ctx, filepath.Join(d.dir, eventsFile), filepath.Join(folder, eventsFile)); err != nil {
		return fmt.Errorf("back up the event store: %w", err)
	}
	return nil
}

// copyFile copies a file to one that must not be there; it is on the disk when copyFile returns.
func copyFile(ctx context.Context, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	buf := make([]byte, 4<<20)
	for err == nil {
		var n int
		n, err = in.Read(buf)
		if n > 0 {
			if _, werr := out.Write(buf[:n]); werr != nil {
				err = werr
			}
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
	}
	if errors.Is(err, io.EOF) {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}
