package funcs

import (
	"strconv"

	"github.com/vedette-siem/vedette/internal/types"
)

// Spread says how an aggregate that gives several columns computes them; Func.Columns names them. The zero
// value: the aggregate gives one column.
type Spread struct {
	// Each is the aggregate that computes one column from the first From arguments and one of the others:
	// percentiles(x, 5, 95) is percentile(x, 5) and percentile(x, 95).
	Each string
	From int
	// Row: the columns are the arguments, all taken from one row of the group. Func.Lower gives that row as
	// one struct, so that ties cannot mix rows; RowField reads a column of it.
	Row bool
}

// RowField reads column i out of the struct that an aggregate of whole rows gives. An empty input gives no
// row: null, or "" for a string.
func RowField(row string, i int, t types.Type) string {
	field := "(" + row + ").c" + strconv.Itoa(i)
	if t == types.String {
		return "coalesce(" + field + ", '')"
	}
	return field
}

// rowStruct packs arguments as RowField expects them.
func rowStruct(args []Arg) string {
	s := "{"
	for i, a := range args {
		if i > 0 {
			s += ", "
		}
		s += "'c" + strconv.Itoa(i) + "': " + a.SQL
	}
	return s + "}"
}
