// Package duckdb is the embedded engine: DuckDB in this process.
//
// The engine has no access to files or the network, and its configuration is locked once it is open: a
// query can reach nothing but the tables in it.
package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	driverpkg "github.com/duckdb/duckdb-go/v2"

	"github.com/vedette-siem/vedette/internal/catalog"
	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/types"
)

// Options bound what the engine may use.
type Options struct {
	// Path is the database file; empty keeps everything in memory.
	Path string
	// MemoryBytes bounds the memory of all queries together; 0 is half of 8 GiB.
	MemoryBytes int64
	// Threads bounds the threads of one query; 0 is one for each processor.
	Threads int

	spill      string // folder that queries may write to when memory is short; empty: none
	spillBytes int64
}

// Engine is an open DuckDB. It implements store.Engine.
type Engine struct {
	connector *driverpkg.Connector
	db        *sql.DB
	conn      *sql.Conn // on which functions are registered

	runs    runs
	running sync.WaitGroup // statements under way, abandoned ones included

	inMemory bool
	stored   atomic.Int64 // rows stored and not compressed

	mu     sync.Mutex
	udfs   map[string]bool
	tables map[string]*appender
}

var _ store.Engine = (*Engine)(nil)

const defaultMemory = 4 << 30

// Open opens an engine.
func Open(ctx context.Context, opts Options) (*Engine, error) {
	if opts.MemoryBytes == 0 {
		opts.MemoryBytes = defaultMemory
	}
	if opts.Threads == 0 {
		opts.Threads = runtime.NumCPU()
	}
	settings := []string{
		fmt.Sprintf("SET memory_limit = '%dB'", opts.MemoryBytes),
		fmt.Sprintf("SET threads = %d", opts.Threads),
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET allow_community_extensions = false",
		"SET temp_directory = " + dialect.Text(opts.spill),
	}
	if opts.spill != "" {
		settings = append(settings, fmt.Sprintf("SET max_temp_directory_size = '%dB'", opts.spillBytes))
	}
	if opts.Path != "" {
		settings = append(settings, "SET checkpoint_threshold = '1TB'", // Disk.Tidy says when
			"SET max_vacuum_tasks = 0") // merging what earlier checkpoints wrote takes seconds; Disk.compact does what is needed
	}
	settings = append(settings, "SET enable_external_access = false")
	e := &Engine{udfs: map[string]bool{}, tables: map[string]*appender{}, inMemory: opts.Path == ""}
	connector, err := driverpkg.NewConnector(opts.Path, e.use)
	if err != nil {
		return nil, fmt.Errorf("open DuckDB: %w", err)
	}
	e.connector, e.db = connector, sql.OpenDB(connector)
	if e.conn, err = e.db.Conn(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open DuckDB: %w", err), e.Close())
	}
	for _, m := range funcs.Macros() {
		settings = append(settings, fmt.Sprintf("CREATE OR REPLACE MACRO %s(%s) AS %s", m.Name, m.Params, m.Body))
	}
	for _, s := range settings {
		if _, err := e.conn.ExecContext(ctx, s); err != nil {
			return nil, errors.Join(fmt.Errorf("open DuckDB: %s: %w", s, err), e.Close())
		}
	}
	if _, err := e.conn.ExecContext(ctx, "SET lock_configuration = true"); err != nil {
		return nil, errors.Join(fmt.Errorf("lock DuckDB's configuration: %w", err), e.Close())
	}
	return e, nil
}

// use makes the tables' database the default one of a new connection. In memory that is one of its own: the
// database that DuckDB opens with keeps rows as they came, several kilobytes a sign-in; an attached one can be
// told to compress them.
func (e *Engine) use(conn driver.ExecerContext) error {
	if !e.inMemory {
		return nil
	}
	for _, sql := range []string{"ATTACH IF NOT EXISTS ':memory:' AS events (COMPRESS)", "USE events"} {
		if _, err := conn.ExecContext(context.Background(), sql, nil); err != nil {
			return err
		}
	}
	return nil
}

// Close implements store.Engine. It waits for the statements under way.
func (e *Engine) Close() error {
	e.running.Wait()
	var errs []error
	e.mu.Lock()
	for _, a := range e.tables {
		errs = append(errs, a.close())
	}
	e.mu.Unlock()
	if e.conn != nil {
		errs = append(errs, e.conn.Close())
	}
	errs = append(errs, e.db.Close())
	return errors.Join(errs...)
}

// Wait waits for the statements under way, those included that Run gave up because their context had ended.
func (e *Engine) Wait() { e.running.Wait() }

// Parts implements store.Engine.
func (e *Engine) Parts(s *rel.Scan) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	a, ok := e.tables[s.Table]
	if !ok {
		return nil
	}
	return []string{a.table}
}

// Run implements store.Engine. The driver interrupts a statement at once when ctx ends, but then looks only
// every half second whether it has stopped; Run does not wait for that.
func (e *Engine) Run(ctx context.Context, st dialect.Statement, columns types.Schema, maxRows int) (types.Table, error) {
	type answer struct {
		table types.Table
		err   error
	}
	done := make(chan answer, 1)
	e.running.Add(1)
	go func() {
		defer e.running.Done()
		t, err := e.run(ctx, st, columns, maxRows)
		done <- answer{t, err}
	}()
	select {
	case a := <-done:
		return a.table, a.err
	case <-ctx.Done():
		return types.Table{Schema: columns}, ctx.Err()
	}
}

func (e *Engine) run(ctx context.Context, st dialect.Statement, columns types.Schema, maxRows int) (types.Table, error) {
	out := types.Table{Schema: columns}
	if err := e.flush(); err != nil {
		return out, err
	}
	if err := e.register(st); err != nil {
		return out, err
	}
	if len(st.Natives) > 0 {
		ctx = context.WithValue(ctx, nativesKey{}, st.Natives)
	}
	args, end := e.runs.begin(ctx, st)
	defer end()
	rows, err := e.db.QueryContext(ctx, st.SQL, args...)
	if err != nil {
		return out, fault(ctx, err)
	}
	defer rows.Close()
	vals := make([]any, max(1, len(columns)))
	ptrs := make([]any, len(vals))
	for i := range vals {
		ptrs[i] = &vals[i]
	}
	for rows.Next() {
		if maxRows > 0 && len(out.Rows) >= maxRows {
			return out, fmt.Errorf("%w (%d)", store.ErrRows, maxRows)
		}
		if err := rows.Scan(ptrs...); err != nil {
			return out, fault(ctx, err)
		}
		row := make([]types.Value, len(columns))
		for i, c := range columns {
			if row[i], err = value(vals[i], c.Type); err != nil {
				return out, fmt.Errorf("column %s: %w", c.Name, err)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	if err := rows.Err(); err != nil {
		return out, fault(ctx, err)
	}
	return out, nil
}

// fault turns the engine's errors into the ones that callers tell apart.
func fault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var d *driverpkg.Error
	if errors.As(err, &d) {
		switch {
		case d.Type == driverpkg.ErrorTypeOutOfRange, d.Type == driverpkg.ErrorTypeConversion && strings.Contains(d.Msg, "INT128"):
			return fmt.Errorf("%w: %s", store.ErrOverflow, d.Msg)
		case d.Type == driverpkg.ErrorTypeOutOfMemory:
			return store.ErrMemory
		case d.Type == driverpkg.ErrorTypeCatalog && strings.Contains(d.Msg, "does not exist"):
			return fmt.Errorf("%w: %s", store.ErrGone, d.Msg)
		}
		// A KQL function's own words, without the engine's around them.
		if _, own, ok := strings.Cut(d.Msg, "database/sql/driver: API error: "); ok {
			return errors.New(own)
		}
	}
	return err
}

// value reads one value of the engine as a KQL value.
func value(v any, t types.Type) (types.Value, error) {
	if v == nil {
		return types.Null(t), nil
	}
	switch x := v.(type) {
	case bool:
		if t == types.Bool {
			return types.BoolOf(x), nil
		}
	case int32:
		return integer(int64(x), t)
	case int64:
		return integer(x, t)
	case int8:
		return integer(int64(x), t)
	case float64:
		if t == types.Real {
			return types.RealOf(x), nil
		}
	case string:
		switch t {
		case types.String:
			return types.StringOf(x), nil
		case types.Guid:
			return types.GuidOf(x), nil
		case types.Decimal:
			return types.DecimalOf(x), nil
		case types.Dynamic:
			return types.DynamicOf(x), nil
		}
	}
	return types.Value{}, fmt.Errorf("the engine gave %T for a %s", v, t)
}

func integer(n int64, t types.Type) (types.Value, error) {
	switch t {
	case types.Int:
		return types.IntOf(int32(n)), nil
	case types.Long:
		return types.LongOf(n), nil
	case types.Datetime:
		return types.DatetimeOf(n), nil
	case types.Timespan:
		return types.TimespanOf(n), nil
	}
	return types.Value{}, fmt.Errorf("the engine gave an integer for a %s", t)
}

// native is the engine's form of a value.
func native(v types.Value) driver.Value {
	if v.IsNull() {
		return nil
	}
	switch v.Type() {
	case types.Bool:
		return v.Bool()
	case types.Int:
		return int32(v.Int64())
	case types.Long, types.Datetime, types.Timespan:
		return v.Int64()
	case types.Real:
		return v.Float64()
	}
	return v.Text()
}

// appender stores the rows of one table.
type appender struct {
	mu   sync.Mutex
	conn driver.Conn
	app  *driverpkg.Appender
	vals []driver.Value

	table   string
	pending int // rows appended and not stored
}

func (a *appender) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return errors.Join(a.app.Close(), a.conn.Close())
}

// Append implements store.Engine.
func (e *Engine) Append(table *catalog.Table, rows [][]types.Value) error {
	a, err := e.appender(table)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	schema := table.Stored()
	for _, r := range rows {
		for i, v := range r {
			if v.IsNull() && schema[i].Type == types.String {
				v = types.StringOf("")
			}
			a.vals[i] = native(v)
		}
		if err := a.app.AppendRow(a.vals...); err != nil {
			return a.fault(err)
		}
	}
	if a.pending += len(rows); a.pending < flushRows {
		return nil
	}
	if err := a.flush(); err != nil {
		return err
	}
	e.stored.Add(flushRows)
	e.compress()
	return nil
}

// compress compresses what is stored: an in-memory database keeps rows as they came, several kilobytes a sign-in,
// until a checkpoint. The engine refuses while somebody else writes; then it is tried again after more rows, or
// before the next query.
func (e *Engine) compress() {
	if _, err := e.conn.ExecContext(context.Background(), "CHECKPOINT"); err == nil {
		e.stored.Store(0)
	}
}

// flushRows is how many appended rows wait at most until they are stored: one row group of the engine, because
// storing a few at a time costs half of the loading. Run stores what waits.
const flushRows = 122_880

// flush stores the rows that wait. The caller holds a.mu.
func (a *appender) flush() error {
	if a.pending == 0 {
		return nil
	}
	a.pending = 0
	return a.fault(a.app.Flush())
}

// fault is an error of the appender; that the memory is used up is told from its text, because the driver
// hands it on without its kind.
func (a *appender) fault(err error) error {
	if err != nil && strings.Contains(err.Error(), "could not allocate block") {
		err = store.ErrMemory
	}
	if err != nil {
		return fmt.Errorf("append to %s: %w", a.table, err)
	}
	return nil
}

// flush stores the rows that wait in any table.
func (e *Engine) flush() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var errs []error
	for _, a := range e.tables {
		a.mu.Lock()
		e.stored.Add(int64(a.pending))
		errs = append(errs, a.flush())
		a.mu.Unlock()
	}
	if e.stored.Load() >= flushRows/4 { // fewer rows are not worth it
		e.compress()
	}
	return errors.Join(errs...)
}

// storedName is a name for a new table that also differs from the others' where upper and lower case are the same, as
// they are for SQL, and from the names that statements give to shared steps. The caller holds e.mu.
func (e *Engine) storedName(table string) string {
	taken := map[string]bool{}
	for _, a := range e.tables {
		taken[strings.ToLower(a.table)] = true
	}
	name := table
	for n := 2; taken[strings.ToLower(name)] || dialect.IsShare(name); n++ {
		name = table + "~" + strconv.Itoa(n)
	}
	return name
}

// appender returns the table's appender, creating the table at the first use.
func (e *Engine) appender(table *catalog.Table) (*appender, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if a, ok := e.tables[table.Name]; ok {
		return a, nil
	}
	var cols []string
	names, schema := table.StoredNames(), table.Stored()
	for i, c := range schema {
		cols = append(cols, dialect.Ident(names[i])+" "+dialect.SQLType(c.Type))
	}
	stored := e.storedName(table.Name)
	create := "CREATE TABLE " + dialect.Ident(stored) + " (" + strings.Join(cols, ", ") + ")"
	if _, err := e.conn.ExecContext(context.Background(), create); err != nil {
		return nil, fmt.Errorf("create table %s: %w", table.Name, err)
	}
	conn, err := e.connector.Connect(context.Background())
	if err != nil {
		return nil, fmt.Errorf("append to %s: %w", table.Name, err)
	}
	app, err := driverpkg.NewAppenderFromConn(conn, "", stored)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("append to %s: %w", table.Name, err), conn.Close())
	}
	a := &appender{conn: conn, app: app, vals: make([]driver.Value, len(schema)), table: stored}
	e.tables[table.Name] = a
	return a, nil
}
