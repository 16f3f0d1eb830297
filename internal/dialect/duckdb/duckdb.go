// Package duckdb writes a relational plan as DuckDB SQL. It makes text only: no driver is imported, so it
// is tested without one, and what it cannot write in SQL it names as user-defined functions (UDF) that the
// store registers before it runs the text.
//
// How values are held: datetime and timespan are BIGINT ticks, bool BOOLEAN, int INTEGER, long BIGINT,
// real DOUBLE; string is VARCHAR and never NULL; guid, decimal and dynamic (canonical JSON) are VARCHAR.
//
// Start with Write; node.go writes the nodes as SELECTs (sel.go), expr.go the expressions. All quoting is in quote.go.
package duckdb

import (
	"fmt"
	"slices"
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
	// Run tells that a call can take long, so that it is told by its last argument, the parameter RunParam, which
	// statement it belongs to and can end with that.
	Run bool
}

// RunParam is the parameter of a statement that tells its calls which run of the statement they belong to.
const RunParam = "run"

// Native is an operator that runs in Go over all rows of its input. The SQL calls NativeFunc with its place among
// the statement's, and a list of rows, each a list of texts; so is the result. In and Result are the types of the
// values.
type Native struct {
	Op         rel.NativeOp
	In, Result []types.Type
}

// NativeFunc is the function that runs a statement's native operators.
const NativeFunc = "kql_native"

// Options change how SQL is written.
type Options struct {
	// Exact makes integer arithmetic wrap around, at some cost; without it the engine reports an overflow.
	Exact bool
	// Parts names the stored pieces that a scan reads; without any it gives no rows. Nil: a table is one piece, called
	// as it is.
	Parts func(*rel.Scan) []string
	// Stop, if set, is asked at every node of the plan; an error of it is Write's.
	Stop func() error
}

// stopped is the panic by which the writer leaves a plan when Options.Stop gave an error.
type stopped struct{ err error }

// Statement is the SQL of a plan.
type Statement struct {
	SQL     string
	UDFs    []UDF
	Natives []Native
}

// Write returns the SQL for a plan that puts out columns in an order. A panic in a lowering is a broken
// invariant and is reported as an error that names the node.
func Write(plan rel.Node, columns []rel.Col, order []rel.Key, opts Options) (st Statement, err error) {
	w := &writer{opts: opts, udfs: map[string]UDF{}, shares: map[int][]rel.Col{}}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case stopped:
			err = p.err
		default:
			err = fmt.Errorf("write SQL: %v", p)
		}
	}()
	s := w.opened(w.compile(plan))
	at := w.refs(s)
	out := &sel{from: s.from, where: s.where, tail: w.orderBy(order, at), items: make([]column, 0, len(columns))}
	for _, c := range columns {
		w.names.declare(c)
		out.items = append(out.items, column{c.ID, at(c.ID)})
	}
	whole := make([]any, 0, 2*len(w.ctes)+2)
	for i, cte := range w.ctes {
		if i == 0 {
			whole = append(whole, "WITH ", cte)
		} else {
			whole = append(whole, ",\n", cte)
		}
	}
	if len(w.ctes) > 0 {
		whole = append(whole, "\n")
	}
	st.SQL = sqlf(append(whole, w.text(out))...).String()
	for _, name := range w.udfOrder {
		st.UDFs = append(st.UDFs, w.udfs[name])
	}
	st.Natives = w.natives
	return st, nil
}

type writer struct {
	opts     Options
	names    columnNames
	udfs     map[string]UDF
	udfOrder []string
	natives  []Native
	ctes     []fragment
	shares   map[int][]rel.Col
	n        int                  // aliases of derived tables so far
	outer    map[rel.ColID]string // columns of the rows that a lateral join is evaluated for
}

// Exact implements funcs.Exacter.
func (w *writer) Exact() bool { return w.opts.Exact }

// columnNames are the names of columns in the SQL, by number, in pages. A name is made when it is asked for first:
// most columns of a large plan are passed on without being written.
type columnNames [][]columnName

type columnName struct{ own, sql string }

const columnPage = 256

// declare gives a column the name that its own is made of, unless it has one.
func (n *columnNames) declare(c rel.Col) {
	if e := n.at(c.ID); e.own == "" {
		e.own = c.Name
	}
}

func (n *columnNames) at(id rel.ColID) *columnName {
	page, i := int(id)/columnPage, int(id)%columnPage
	for page >= len(*n) {
		*n = append(*n, nil)
	}
	if (*n)[page] == nil {
		(*n)[page] = make([]columnName, columnPage)
	}
	return &(*n)[page][i]
}

// get is a column's name in the SQL: unique, and still recognisable.
func (n *columnNames) get(id rel.ColID) string {
	e := n.at(id)
	if e.sql != "" {
		return e.sql
	}
	var buf [64]byte
	b := buf[:0]
	for i := 0; i < len(e.own) && len(b) < 40; i++ {
		switch r := e.own[i]; {
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
	e.sql = string(strconv.AppendInt(b, int64(id), 10))
	return e.sql
}

// name declares a column and returns its name.
func (w *writer) name(c rel.Col) string {
	w.names.declare(c)
	return w.names.get(c.ID)
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

// udf writes a call of a user-defined function and remembers the function.
func (w *writer) udf(u UDF, args []string) string {
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
	u.Run = u.Agg != nil || u.Out == types.Dynamic || slices.Contains(u.Args, types.Dynamic)
	u.Name = b.String()
	if _, ok := w.udfs[u.Name]; !ok {
		w.udfs[u.Name] = u
		w.udfOrder = append(w.udfOrder, u.Name)
	}
	if u.Run {
		args = append(args, "$"+RunParam)
	}
	return u.Name + "(" + strings.Join(args, ", ") + ")"
}

var typeCode = map[types.Type]byte{
	types.Bool: 'b', types.Int: 'i', types.Long: 'l', types.Real: 'r', types.Decimal: 'm', types.String: 's',
	types.Datetime: 't', types.Timespan: 'n', types.Guid: 'g', types.Dynamic: 'd',
}
