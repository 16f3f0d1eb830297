package demo

import (
	"errors"
	"fmt"

	"github.com/vedette-siem/vedette/internal/types"
)

// tableWriter holds the row that is being filled for one table. Columns are resolved to positions once; what is
// constant stays in the row, what varies must be set for every row.
type tableWriter struct {
	name   string
	schema types.Schema
	row    []types.Value // one slot more than the schema: values of columns that the schema lacks go there
	emit   Emit
	errs   []error
}

func newTableWriter(name string, schema types.Schema, emit Emit) *tableWriter {
	w := &tableWriter{name: name, schema: schema, row: make([]types.Value, len(schema)+1), emit: emit}
	for i, c := range schema {
		w.row[i] = types.Null(c.Type)
	}
	return w
}

// wanted tells whether the table has any column, so whether its rows are worth making.
func (w *tableWriter) wanted() bool { return len(w.schema) > 0 }

// col returns the slot of a column that holds values of type t.
func (w *tableWriter) col(name string, t types.Type) int {
	i := w.schema.Index(name)
	if i < 0 {
		return len(w.schema)
	}
	if have := w.schema[i].Type; have != t {
		w.errs = append(w.errs, fmt.Errorf("demo: column %s of %s is %s, want %s", name, w.name, have, t))
	}
	return i
}

// str returns the slot of a string column.
func (w *tableWriter) str(name string) int { return w.col(name, types.String) }

// constant gives a column one value for all rows.
func (w *tableWriter) constant(name string, v types.Value) { w.row[w.col(name, v.Type())] = v }

// texts gives string columns one value each for all rows: name, value, name, value …
func (w *tableWriter) texts(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		w.constant(pairs[i], types.StringOf(pairs[i+1]))
	}
}

// ready returns what was wrong with the schema.
func (w *tableWriter) ready() error { return errors.Join(w.errs...) }

// put hands the row on.
func (w *tableWriter) put() error { return w.emit(w.name, w.schema, w.row[:len(w.schema)]) }

// standard are the columns that every table has.
type standard struct {
	timeGenerated, itemID, timeReceived, billedSize int
}

// standardColumns resolves the columns that every table has and sets the constant ones.
func (g *generator) standardColumns(w *tableWriter, sourceSystem string) standard {
	w.texts("TenantId", g.workspace, "SourceSystem", sourceSystem, "Type", w.name, "_IsBillable", "True")
	return standard{
		timeGenerated: w.col("TimeGenerated", types.Datetime),
		itemID:        w.str("_ItemId"),
		timeReceived:  w.col("_TimeReceived", types.Datetime),
		billedSize:    w.col("_BilledSize", types.Real),
	}
}

// set fills the standard columns of a row; id is the row's number, delay how long it took to arrive.
func (s standard) set(w *tableWriter, at int64, item string, delay int64, size uint64) {
	w.row[s.timeGenerated] = types.DatetimeOf(at)
	w.row[s.itemID] = types.StringOf(item)
	w.row[s.timeReceived] = types.DatetimeOf(at + delay)
	w.row[s.billedSize] = types.RealOf(float64(size))
}
