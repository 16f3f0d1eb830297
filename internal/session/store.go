package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// EventsFolder is where in its data folder, and in a backup of it, a server keeps the event store.
const EventsFolder = "events"

// openStore opens the event store of a server and makes its tables known, those that are not built in as they were declared.
func (s *Session) openStore(ctx context.Context, opts Options) error {
	dir := opts.Store
	if below := filepath.Join(dir, EventsFolder); !duckdb.HasStore(dir) && duckdb.HasStore(below) {
		dir = below
	}
	disk, err := duckdb.OpenDisk(ctx, dir, duckdb.DiskOptions{MemoryBytes: opts.Memory, Threads: opts.Threads, MustExist: true})
	switch {
	case errors.Is(err, store.ErrLocked):
		return fmt.Errorf("%s: %w: stop the server, or name the folder of a backup", opts.Store, store.ErrLocked)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s holds no event store: expected the data folder of a server, or a backup", opts.Store)
	case err != nil:
		return err
	}
	s.store, s.disk, s.counts = disk, disk, newCounter(disk)
	for _, t := range disk.Stored() {
		newest, err := s.storedTable(ctx, t.Table)
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", opts.Store, err), s.Close())
		}
		s.counts.found(t.Table, t.Rows, newest)
	}
	return nil
}

// storedTable brings a table of the store and the one of the catalogue together, and returns the newest time in it,
// in ticks; 0 is none.
func (s *Session) storedTable(ctx context.Context, name string) (newest int64, err error) {
	kept, declared := s.disk.Table(name)
	known, ok := s.Catalog.Table(name)
	if !declared && !ok {
		return 0, fmt.Errorf("%w: it does not say which columns table %s has", store.ErrCorrupt, name)
	}
	merged := kept
	if ok { // the catalogue's order, then what the store has beside it
		merged = catalog.Table{Name: name, Columns: slices.Clone(known.Columns), Hidden: slices.Clone(known.Hidden)}
		for _, c := range kept.Columns {
			if known.Stored().Index(c.Name) < 0 {
				merged.Columns = append(merged.Columns, c)
			}
		}
		for _, c := range kept.Hidden {
			if known.Stored().Index(c.Name) < 0 {
				merged.Hidden = append(merged.Hidden, c)
			}
		}
	}
	if !ok || len(merged.Stored()) > len(known.Stored()) {
		if err := s.Catalog.AddTable(merged); err != nil {
			return 0, err
		}
	}
	table, _ := s.Catalog.Table(name)
	if err := s.disk.Declare(ctx, table); err != nil { // a newer catalogue may have more columns than the parts
		return 0, err
	}
	if i := table.Columns.Index(timeColumn); i < 0 || table.Columns[i].Type != types.Datetime {
		return 0, nil
	}
	res, err := query.New(s.Catalog, s.disk).Run(ctx, query.Request{File: source.NewFile("", "['"+name+"'] | summarize max("+timeColumn+")"), Now: time.Unix(0, 0)})
	if err != nil {
		return 0, fmt.Errorf("newest event of %s: %w", name, err)
	}
	if v := res.Rows[0][0]; !v.IsNull() {
		newest = v.Int64()
	}
	return newest, nil
}
