package duckdb

import (
	"math"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// Lit implements funcs.Writer: the one place where a value becomes SQL text.
func (w *writer) Lit(v types.Value) string { return Literal(v) }

// Literal returns a constant as SQL of its type.
func Literal(v types.Value) string {
	t := v.Type()
	if v.IsNull() {
		return "NULL::" + sqlTypes[t]
	}
	switch t {
	case types.Bool:
		return strconv.FormatBool(v.Bool())
	case types.Int:
		return "'" + strconv.FormatInt(v.Int64(), 10) + "'::INTEGER"
	case types.Long, types.Datetime, types.Timespan:
		n := v.Int64()
		if n < 0 {
			return "'" + strconv.FormatInt(n, 10) + "'::BIGINT"
		}
		return strconv.FormatInt(n, 10) + "::BIGINT"
	case types.Real:
		switch f := v.Float64(); {
		case math.IsNaN(f):
			return "'NaN'::DOUBLE"
		case math.IsInf(f, 1):
			return "'Infinity'::DOUBLE"
		case math.IsInf(f, -1):
			return "'-Infinity'::DOUBLE"
		default:
			return "'" + strconv.FormatFloat(f, 'g', -1, 64) + "'::DOUBLE"
		}
	}
	return Text(v.Text())
}

// Text returns a SQL string. A NUL cannot stand in SQL text and is written as chr(0).
func Text(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.IndexByte(s, 0) < 0 {
		return q
	}
	return "(" + strings.ReplaceAll(q, "\x00", "' || chr(0) || '") + ")"
}

// Ident returns a quoted identifier.
func Ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// shareName is what a statement calls a shared step.
func shareName(id int) string { return "s" + strconv.Itoa(id) }

// IsShare tells whether a statement may call a shared step so. A stored table of that name could not be read beside it.
func IsShare(name string) bool {
	rest, ok := strings.CutPrefix(strings.ToLower(name), "s")
	if !ok || rest == "" {
		return false
	}
	return strings.Trim(rest, "0123456789") == ""
}
