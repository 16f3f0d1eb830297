package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
)

// runs are the statements under way, by number. The engine calls functions from threads of its own and does not tell
// for which statement; those that can take long are told its number by an argument, and find its context here.
type runs struct {
	last atomic.Int64
	m    sync.Map // number → context.Context
}

// context is that of a run, which has not ended.
func (r *runs) context(id int64) (context.Context, error) {
	ctx, ok := r.m.Load(id)
	if !ok {
		return nil, fmt.Errorf("there is no run %d of a statement", id)
	}
	return ctx.(context.Context), ctx.(context.Context).Err()
}

// begin numbers a run of a statement. It returns the statement's arguments, and what to call when the run is over.
func (r *runs) begin(ctx context.Context, st dialect.Statement) (args []any, end func()) {
	if !slices.ContainsFunc(st.UDFs, func(u dialect.UDF) bool { return u.Run }) {
		return nil, func() {}
	}
	id := r.last.Add(1)
	r.m.Store(id, ctx)
	return []any{sql.Named(dialect.RunParam, id)}, func() { r.m.Delete(id) }
}
