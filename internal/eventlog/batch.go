package eventlog

import (
	"errors"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/types"
)

// Batch is a number of events that are kept together or not at all.
type Batch struct {
	// ID names the batch: a second batch of the same ID is the same events again and is not kept. Empty: the batch
	// is not recognised again.
	ID string
	// Source says where the events came from, for people: "dcr:default/Microsoft-SigninLogs", "watch:SigninLogs.json".
	Source string
	Parts  []Part
	// Mark names a source that is read in order, and MarkAt says how far it is read with this batch. The log keeps the
	// mark together with the events; see Log.Mark. Empty: none.
	Mark   string
	MarkAt int64
}

// Part is the rows of a batch that belong to one table, their values in the order of its columns.
type Part struct {
	Table *catalog.Table
	Rows  [][]types.Value
}

// Rows is the number of rows of all parts.
func (b *Batch) Rows() int {
	n := 0
	for _, p := range b.Parts {
		n += len(p.Rows)
	}
	return n
}

// Faults of Append that callers tell apart. After either nothing of the batch is kept, and the same batch may be
// appended again.
var (
	// ErrBusy: more is being appended than can be written; try again a little later.
	ErrBusy = errors.New("the event log is busy")
	// ErrFull: there is no room left; somebody must make some.
	ErrFull = errors.New("the event log has no room left")
	// ErrClosed: the log has stopped.
	ErrClosed = errors.New("the event log is closed")
)
