// Package store runs SQL and keeps rows. It declares what an engine must do; duckdb is the embedded one
// and, beside clickhouse, the only importer of a database driver.
package store

import (
	"context"
	"errors"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/dialect/duckdb"
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
)

// Engine runs statements over stored tables. It is safe for concurrent use.
type Engine interface {
	// Run runs a statement and returns its rows, typed by columns. More than maxRows rows are ErrRows with
	// the first maxRows rows; 0 is no limit. Cancelling ctx ends the statement.
	Run(ctx context.Context, st duckdb.Statement, columns types.Schema, maxRows int) (types.Table, error)
	// Has tells whether a table holds storage; one that does not has no rows.
	Has(table string) bool
	// Append stores rows of a table, whose values are in the order of its columns. The rows may be reused
	// after Append returns.
	Append(table *catalog.Table, rows [][]types.Value) error
	// Close frees everything.
	Close() error
}
