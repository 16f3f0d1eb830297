// Package duckdb writes a relational plan as DuckDB SQL. It makes text only: no driver is imported, so it
// is tested without one, and what it cannot write in SQL it names as user-defined functions (UDF) that the
// store registers before it runs the text.
//
// How values are held: datetime and timespan are BIGINT ticks, bool BOOLEAN, int INTEGER, long BIGINT,
// real DOUBLE; string is VARCHAR and never NULL; guid, decimal and dynamic (canonical JSON) are VARCHAR.
//
// Start with Write; node.go writes the nodes, expr.go the expressions. All quoting is in quote.go.
package duckdb

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// UDF is a scalar function that the SQL calls and that runs in Go.
type UDF struct {
	Name string
	Args []types.Type
	Out  types.Type
	Fn   *funcs.Func
	Body funcs.Impl
	// Agg is set instead of Body for an aggregate: every argument is then a list.
	Agg funcs.AggImpl
	// Native is set instead of both for a native operator: the argument is a list of rows as JSON arrays of
	// text, and so is the result. In and Result are the types of their values.
	Native     rel.NativeOp
	In, Result []types.Type
}

// Options change how SQL is written.
type Options struct {
	// Exact makes integer arithmetic wrap around, at some cost; without it the engine reports an overflow.
	Exact bool
	// Parts names the stored pieces that a scan reads; without any it gives no rows. Nil: a table is one piece, called
	// as it is.
	Parts func(*rel.Scan) []string
}

// Statement is the SQL of a plan.
type Statement struct {
	SQL  string
	UDFs []UDF
}

// Write returns the SQL for a plan that puts out columns in an order. A panic in a lowering is a broken
// invariant and is reported as an error that names the node.
func Write(plan rel.Node, columns []rel.Col, order []rel.Key, opts Options) (st Statement, err error) {
	w := &writer{opts: opts, udfs: map[string]UDF{}, shares: map[int][]rel.Col{}}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("write SQL: %v", p)
		}
	}()
	s := w.opened(w.named(w.compile(plan)))
	out := &sel{from: s.from, where: s.where, tail: w.orderBy(order, w.refs(s))}
	for _, c := range columns {
		w.name(c)
		out.items = append(out.items, column{c.ID, s.ref(c.ID)})
	}
	if len(w.ctes) > 0 {
		st.SQL = "WITH " + strings.Join(w.ctes, ",\n") + "\n"
	}
	st.SQL += w.text(out).String()
	for _, name := range w.udfOrder {
		st.UDFs = append(st.UDFs, w.udfs[name])
	}
	return st, nil
}

type writer struct {
	opts     Options
	names    columnNames
	udfs     map[string]UDF
	udfOrder []string
	ctes     []string
	shares   map[int][]rel.Col
	n        int                  // aliases of derived tables so far
	outer    map[rel.ColID]string // columns of the rows that a lateral join is evaluated for
}

// Exact implements funcs.Exacter.
func (w *writer) Exact() bool { return w.opts.Exact }

// columnNames are the names of columns in the SQL, by number; "" is one that has none yet.
type columnNames []string

func (n columnNames) get(id rel.ColID) string {
	if int(id) < len(n) {
		return n[id]
	}
	return ""
}

func (n *columnNames) set(id rel.ColID, name string) {
	for int(id) >= len(*n) {
		*n = append(*n, make([]string, max(256, len(*n)))...)
	}
	(*n)[id] = name
}

// name is a column's name in the SQL: unique, and still recognisable.
func (w *writer) name(c rel.Col) string {
	if n := w.names.get(c.ID); n != "" {
		return n
	}
	b := make([]byte, 0, 64)
	for i := 0; i < len(c.Name) && len(b) < 40; i++ {
		switch r := c.Name[i]; {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_':
			b = append(b, r)
		case r >= '0' && r <= '9':
			if len(b) == 0 {
				b = append(b, '_')
			}
			b = append(b, r)
		}
	}
	if len(b) == 0 {
		b = append(b, 'c')
	} else {
		b = append(b, '_')
	}
	n := string(strconv.AppendInt(b, int64(c.ID), 10))
	w.names.set(c.ID, n)
	return n
}

func (w *writer) alias() string {
	w.n++
	return "t" + strconv.Itoa(w.n)
}

// sqlTypes are the engine's types for KQL's.
var sqlTypes = map[types.Type]string{
	types.Bool: "BOOLEAN", types.Int: "INTEGER", types.Long: "BIGINT", types.Real: "DOUBLE", types.Decimal: "VARCHAR",
	types.String: "VARCHAR", types.Datetime: "BIGINT", types.Timespan: "BIGINT", types.Guid: "VARCHAR", types.Dynamic: "VARCHAR",
}

// SQLType returns the engine's type for a KQL type.
func SQLType(t types.Type) string { return sqlTypes[t] }

// udf names a user-defined function for a call and remembers it.
func (w *writer) udf(u UDF) string {
	var b strings.Builder
	b.WriteString("kql_")
	for _, r := range u.Fn.Name {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			b.WriteRune(r)
		} else {
			b.WriteString(strconv.Itoa(int(r)))
		}
	}
	b.WriteByte('_')
	for _, t := range u.Args {
		b.WriteByte(typeCode[t])
	}
	b.WriteString("_" + string(typeCode[u.Out]))
	u.Name = b.String()
	if _, ok := w.udfs[u.Name]; !ok {
		w.udfs[u.Name] = u
		w.udfOrder = append(w.udfOrder, u.Name)
	}
	return u.Name
}

var typeCode = map[types.Type]byte{
	types.Bool: 'b', types.Int: 'i', types.Long: 'l', types.Real: 'r', types.Decimal: 'm', types.String: 's',
	types.Datetime: 't', types.Timespan: 'n', types.Guid: 'g', types.Dynamic: 'd',
}
