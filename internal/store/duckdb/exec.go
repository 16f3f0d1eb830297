package duckdb

import (
	"context"
	"fmt"

	"github.com/vedette-siem/vedette/internal/catalog"
)

// Create makes storage for a table, so that it has parts, without storing rows. A table that has storage stays as
// it is.
func (e *Engine) Create(table *catalog.Table) error {
	_, err := e.appender(table)
	return err
}

// Exec runs one statement of the engine's own SQL, with no result: it is for tools that generate data inside
// the engine or inspect it. Queries go through Run.
func (e *Engine) Exec(ctx context.Context, sql string) error {
	if _, err := e.db.ExecContext(ctx, sql); err != nil {
		return fmt.Errorf("run SQL: %w", fault(ctx, err))
	}
	return nil
}

// Scalar runs a statement of the engine's own SQL that gives one value, for tools that inspect the engine.
func (e *Engine) Scalar(ctx context.Context, sql string, into any) error {
	if err := e.db.QueryRowContext(ctx, sql).Scan(into); err != nil {
		return fmt.Errorf("run SQL: %w", fault(ctx, err))
	}
	return nil
}
