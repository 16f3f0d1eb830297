package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// Table is a table that a query can read: its name, which is case-sensitive in KQL, and its columns.
type Table struct {
	Name    string
	Columns types.Schema
	// Hidden are columns that are stored as well, and that a query sees only if it names them.
	Hidden types.Schema

	stored []string
}

// Stored are the columns that are stored: the visible ones, then the hidden ones.
func (t *Table) Stored() types.Schema {
	if len(t.Hidden) == 0 {
		return t.Columns
	}
	return slices.Concat(t.Columns, t.Hidden)
}

// StoredNames are names for the stored columns that also differ where upper and lower case are the same, as they are for
// SQL: a column whose name an earlier one has in another case gets a number.
func (t *Table) StoredNames() []string {
	if t.stored != nil {
		return t.stored
	}
	cols := t.Stored()
	names := make([]string, len(cols))
	taken := make(map[string]bool, len(cols))
	for i, c := range cols {
		name := c.Name
		for n := 2; taken[strings.ToLower(name)]; n++ {
			name = c.Name + "~" + strconv.Itoa(n)
		}
		taken[strings.ToLower(name)] = true
		names[i] = name
	}
	return names
}

// Function is a stored function. Params is a KQL parameter list without its brackets
// (`starttime:datetime=datetime(null), pack:bool=false`) and Body a KQL function body without its braces.
// Source holds Body for diagnostics: its positions are those of the file the user edits.
type Function struct {
	Name   string
	Params string
	Body   string
	Source *source.File
}

// Watchlist is a named list of rows that _GetWatchlist(Alias) reads. SearchKey names the column whose
// content _GetWatchlist offers as the column SearchKey.
// https://learn.microsoft.com/azure/sentinel/watchlists-queries
type Watchlist struct {
	Alias     string
	SearchKey string
	Table     types.Table
}

// Catalog is an in-memory list of tables, functions and watchlists, safe for concurrent use. What it hands
// out is shared and must not be changed by the caller.
type Catalog struct {
	builtin *builtinTables // the Log Analytics schemas, or nil
	xdr     bool
	hidden  types.Schema // columns of every table
	of      *Catalog     // whose tables these are, with their hidden columns shown; nil: its own

	shown sync.Map // *Table → *Table: with hidden columns, or with those shown

	mu         sync.RWMutex
	tables     map[string]*Table // added tables; they stand before built-in ones
	functions  map[string]*Function
	watchlists map[string]*Watchlist
}

// Option changes what a catalog starts with.
type Option func(*Catalog)

// WithXDR adds to the built-in tables the columns that Microsoft Defender XDR's advanced hunting has beside
// those of Log Analytics (Timestamp above all), at the end of their schemas.
func WithXDR() Option { return func(c *Catalog) { c.xdr = true } }

// WithHidden gives every table further columns that a query sees only if it names them; see Table.Hidden. Tables that
// have a column of that name keep theirs.
func WithHidden(columns types.Schema) Option {
	return func(c *Catalog) { c.hidden = slices.Clone(columns) }
}

// New returns an empty catalog.
func New() *Catalog {
	return &Catalog{
		tables:     map[string]*Table{},
		functions:  map[string]*Function{},
		watchlists: map[string]*Watchlist{},
	}
}

// Builtin returns a catalog that knows the tables of Log Analytics and no function. The embedded schemas are
// decoded when a table is first asked for, each table at most once in a process.
func Builtin(opts ...Option) *Catalog {
	c := New()
	c.builtin = builtin
	for _, o := range opts {
		o(c)
	}
	return c
}

// Clone returns a catalog with the same content to which more can be added without changing c.
func (c *Catalog) Clone() *Catalog {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return &Catalog{
		builtin:    c.builtin,
		xdr:        c.xdr,
		hidden:     c.hidden,
		of:         c.of,
		tables:     maps.Clone(c.tables),
		functions:  maps.Clone(c.functions),
		watchlists: maps.Clone(c.watchlists),
	}
}

// Table returns the table called exactly name.
func (c *Catalog) Table(name string) (*Table, bool) {
	if c.of != nil {
		t, ok := c.of.Table(name)
		if ok && len(t.Hidden) > 0 {
			t = c.variant(t, func(t *Table) Table { return Table{Name: t.Name, Columns: t.Stored()} })
		}
		return t, ok
	}
	c.mu.RLock()
	t, ok := c.tables[name]
	c.mu.RUnlock()
	if !ok && c.builtin != nil {
		t, ok = c.builtin.table(name, c.xdr)
	}
	if ok && len(c.hidden) > 0 {
		t = c.variant(t, func(t *Table) Table { return Table{Name: t.Name, Columns: t.Columns, Hidden: c.hide(t.Columns)} })
	}
	return t, ok
}

// variant is a table changed by f; always the same one for the same table.
func (c *Catalog) variant(t *Table, f func(*Table) Table) *Table {
	if v, ok := c.shown.Load(t); ok {
		return v.(*Table)
	}
	v := f(t)
	v.stored = v.StoredNames()
	kept, _ := c.shown.LoadOrStore(t, &v)
	return kept.(*Table)
}

// hide lists the hidden columns of a table with the given ones.
func (c *Catalog) hide(columns types.Schema) types.Schema {
	var out types.Schema
	for _, h := range c.hidden {
		if !slices.ContainsFunc(columns, func(x types.Column) bool { return x.Name == h.Name }) {
			out = append(out, h)
		}
	}
	return out
}

// Stored returns the same tables with their hidden columns shown: what those who bring rows must fill. Tables that
// are added to c later are in it too.
func (c *Catalog) Stored() *Catalog {
	v := New()
	v.of = c
	return v
}

// IsBuiltin tells whether the table called exactly name is one of the embedded Log Analytics tables and has
// not been replaced by AddTable.
func (c *Catalog) IsBuiltin(name string) bool {
	c.mu.RLock()
	_, added := c.tables[name]
	c.mu.RUnlock()
	return !added && c.builtin != nil && c.builtin.has(name)
}

// AddTable adds a table. A table of the same name, built in or not, is replaced: a workspace's own schema
// counts before the documented one. Column names must be unique.
func (c *Catalog) AddTable(t Table) error {
	if c.of != nil {
		return c.of.AddTable(t)
	}
	if t.Name == "" {
		return fmt.Errorf("add table: no name")
	}
	seen := make(map[string]bool, len(t.Columns))
	for _, col := range t.Stored() {
		switch {
		case col.Name == "":
			return fmt.Errorf("add table %s: a column has no name", t.Name)
		case seen[col.Name]:
			return fmt.Errorf("add table %s: column %q stands twice", t.Name, col.Name)
		case col.Type == types.Unknown:
			return fmt.Errorf("add table %s: column %q has no type", t.Name, col.Name)
		}
		seen[col.Name] = true
	}
	t.Columns, t.Hidden = slices.Clone(t.Columns), slices.Clone(t.Hidden)
	t.stored = nil
	t.stored = t.StoredNames()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tables[t.Name] = &t
	return nil
}

// TableNames lists the names of all tables in byte order.
func (c *Catalog) TableNames() []string {
	if c.of != nil {
		return c.of.TableNames()
	}
	c.mu.RLock()
	names := slices.Collect(maps.Keys(c.tables))
	c.mu.RUnlock()
	if c.builtin != nil {
		names = append(names, c.builtin.names()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Function returns the stored function called exactly name.
func (c *Catalog) Function(name string) (*Function, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	f, ok := c.functions[name]
	return f, ok
}

// AddFunction adds a stored function; one of the same name is replaced.
func (c *Catalog) AddFunction(f Function) error {
	if f.Name == "" {
		return fmt.Errorf("add function: no name")
	}
	if f.Source == nil {
		f.Source = source.NewFile(f.Name, f.Body)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.functions[f.Name] = &f
	return nil
}

// AddFunctions adds several functions in order, as AddFunction does each.
func (c *Catalog) AddFunctions(fs []Function) error {
	for _, f := range fs {
		if err := c.AddFunction(f); err != nil {
			return err
		}
	}
	return nil
}

// FunctionNames lists the names of all stored functions in byte order.
func (c *Catalog) FunctionNames() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Sorted(maps.Keys(c.functions))
}

// Watchlist returns the watchlist whose alias is exactly alias.
func (c *Catalog) Watchlist(alias string) (*Watchlist, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	w, ok := c.watchlists[alias]
	return w, ok
}

// RemoveWatchlist takes a watchlist out, if it is there.
func (c *Catalog) RemoveWatchlist(alias string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.watchlists, alias)
}

// AddWatchlist adds a watchlist; one of the same alias is replaced. Its search key must be a column of it.
func (c *Catalog) AddWatchlist(w Watchlist) error {
	if w.Alias == "" {
		return fmt.Errorf("add watchlist: no alias")
	}
	if w.SearchKey != "" && w.Table.Schema.Index(w.SearchKey) < 0 {
		return fmt.Errorf("add watchlist %s: no column %q for its search key", w.Alias, w.SearchKey)
	}
	for i, row := range w.Table.Rows {
		if len(row) != len(w.Table.Schema) {
			return fmt.Errorf("add watchlist %s: row %d has %d values, expected %d", w.Alias, i+1, len(row), len(w.Table.Schema))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchlists[w.Alias] = &w
	return nil
}

// WatchlistAliases lists the aliases of all watchlists in byte order.
func (c *Catalog) WatchlistAliases() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Sorted(maps.Keys(c.watchlists))
}
