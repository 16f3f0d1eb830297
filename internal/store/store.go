// Package store runs SQL and keeps rows. It declares what an engine must do; duckdb is the embedded one
// and, beside clickhouse, the only importer of a database driver.
package store

import (
	"context"
	"errors"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// Faults that callers tell apart.
var (
	// ErrOverflow: integer arithmetic left its range; the statement can be written anew with Exact.
	ErrOverflow = errors.New("integer overflow")
	// ErrMemory: the query needs more memory than it may have.
	ErrMemory = errors.New("the query needs more memory than its limit allows")
	// ErrRows: the result has more rows than were asked for at most.
	ErrRows = errors.New("the result has more rows than its limit allows")
	// ErrGone: a piece of a table that the statement names was dropped meanwhile; it can be written anew.
	ErrGone = errors.New("a part of a table is gone")
	// ErrFull: the disk has less free space than must stay.
	ErrFull = errors.New("the disk is full")
	// ErrLocked: another process has the store open.
	ErrLocked = errors.New("the event store is in use by another process")
	// ErrCorrupt: the file is no event store, or is damaged.
	ErrCorrupt = errors.New("the file does not hold a sound event store")
)

// Engine runs statements over stored tables. It is safe for concurrent use.
type Engine interface {
	// Run runs a statement and returns its rows, typed by columns. More than maxRows rows are ErrRows with
	// the first maxRows rows; 0 is no limit. Cancelling ctx ends the statement.
	Run(ctx context.Context, st duckdb.Statement, columns types.Schema, maxRows int) (types.Table, error)
	// Parts names the stored pieces that a scan must read: those that may hold rows within its bounds. Without any, it
	// has no rows.
	Parts(s *rel.Scan) []string
	// Append stores rows of a table, whose values are in the order of its columns. The rows may be reused
	// after Append returns.
	Append(table *catalog.Table, rows [][]types.Value) error
	// Close frees everything.
	Close() error
}

// Rows are rows of a table; their values are in the order of its stored columns.
type Rows struct {
	Table *catalog.Table
	Rows  [][]types.Value
}

// Commit is what a Keeper keeps together or not at all.
type Commit struct {
	Rows []Rows
	// At is the time at which the rows were taken in, in ticks. It goes into the column _TimeReceived of each.
	At int64
	// Batches are the identities of what the rows came in, to tell repetitions.
	Batches []string
	// Marks say how far sources have been read, by name. A mark only grows.
	Marks map[string]int64
}

// Stored tells what is kept of a table.
type Stored struct {
	Table string
	Parts int
	Rows  int64
	From  int64 // the oldest and the newest time that its parts may hold, in ticks
	To    int64
}

// Keeper is an engine that keeps rows durably, in parts by time.
type Keeper interface {
	Engine
	// Commit stores all of c durably, or nothing of it. Readers see all or nothing of it as well.
	Commit(ctx context.Context, c Commit) error
	// Declare makes every part of a table have the table's columns. A column that is stored with another type is an error.
	Declare(ctx context.Context, table *catalog.Table) error
	// Batches lists the identities of batches committed at or after a time, in ticks, the oldest first.
	Batches(ctx context.Context, since int64) ([]string, error)
	// ForgetBatches drops the identities of batches committed before a time.
	ForgetBatches(ctx context.Context, before int64) error
	// Mark returns the mark of a source; 0 is none.
	Mark(ctx context.Context, name string) (int64, error)
	// Drop drops the parts of a table that hold nothing from a time on, and tells how many rows those held.
	Drop(ctx context.Context, table string, before int64) (rows int64, err error)
	// Stored lists the tables that hold rows, by name.
	Stored() []Stored
	// Tidy does the housekeeping that is due: it brings what was logged into the tables' own files. It takes seconds at
	// times, in which commits wait.
	Tidy(ctx context.Context) error
	// Bytes is the size on disk.
	Bytes() int64
}
