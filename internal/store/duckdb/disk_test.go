package duckdb_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// logs is a catalogue with one custom table.
func logs(t *testing.T, more ...types.Column) (*catalog.Catalog, *catalog.Table) {
	t.Helper()
	cat := catalog.New()
	table := catalog.Table{Name: "Logs_CL",
		Columns: append(types.Schema{{Name: "TimeGenerated", Type: types.Datetime}, {Name: "Message", Type: types.String}, {Name: "N", Type: types.Long},
			{Name: "_TimeReceived", Type: types.Datetime}}, more...),
		Hidden: types.Schema{{Name: "_Unknown", Type: types.Dynamic}}}
	if err := cat.AddTable(table); err != nil {
		t.Fatal(err)
	}
	added, _ := cat.Table("Logs_CL")
	return cat, added
}

func line(at time.Time, message string, n int64) []types.Value {
	v := types.DatetimeOf(types.TicksOf(at))
	if at.IsZero() {
		v = types.Null(types.Datetime)
	}
	return []types.Value{v, types.StringOf(message), types.LongOf(n), types.Null(types.Datetime), types.DynamicOf(`{"odd":1}`)}
}

func open(t *testing.T, dir string, opts duckdb.DiskOptions) *duckdb.Disk {
	t.Helper()
	d, err := duckdb.OpenDisk(t.Context(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func commit(t *testing.T, d *duckdb.Disk, table *catalog.Table, at time.Time, rows ...[]types.Value) {
	t.Helper()
	if err := d.Commit(t.Context(), store.Commit{Rows: []store.Rows{{Table: table, Rows: rows}}, At: types.TicksOf(at)}); err != nil {
		t.Fatal(err)
	}
}

// ask gives the rows of a query as text.
func ask(t *testing.T, cat *catalog.Catalog, d *duckdb.Disk, kql string, change ...func(*query.Request)) string {
	t.Helper()
	req := query.Request{File: source.NewFile("", kql), Now: noon}
	for _, f := range change {
		f(&req)
	}
	res, err := query.New(cat, d).Run(t.Context(), req)
	if err != nil {
		t.Fatalf("%s: %v", kql, err)
	}
	var out []string
	for _, r := range res.Rows {
		var cells []string
		for _, v := range r {
			cells = append(cells, v.ToText())
		}
		out = append(out, strings.Join(cells, ","))
	}
	return strings.Join(out, " ")
}

func TestRowsComeBack(t *testing.T) {
	dir := t.TempDir()
	cat, table := logs(t)
	d := open(t, dir, duckdb.DiskOptions{})
	if got := ask(t, cat, d, "Logs_CL | count"); got != "0" {
		t.Errorf("an empty store has %s rows", got)
	}
	commit(t, d, table, noon,
		line(noon, "today", 1), line(noon.AddDate(0, 0, -1), "yesterday", 2), line(noon, "", 3), line(time.Time{}, "no time", 4),
		line(noon.AddDate(-3, 0, 0), "long ago", 5), line(time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), "odd", 6), line(noon.Add(time.Hour), "soon", 7))
	look := func(t *testing.T, d *duckdb.Disk) {
		for _, c := range []struct{ kql, want string }{
			{"Logs_CL | count", "7"},
			{"Logs_CL | summarize sum(N)", "28"},
			{"Logs_CL | where TimeGenerated > ago(2d) | sort by N asc | project N, Message", "1,today 2,yesterday 3, 7,soon"},
			{"Logs_CL | where isempty(Message) | project N", "3"},
			{"Logs_CL | where isnull(TimeGenerated) | project N, Message", "4,no time"},
			{"Logs_CL | where N == 1 | project _TimeReceived", "2026-11-22T12:00:00.0000000Z"},
			{"Logs_CL | where N == 1 | project ingestion_time()", "2026-11-22T12:00:00.0000000Z"},
			{"Logs_CL | where N == 1 | project _Unknown.odd", "1"},
			{"Logs_CL | getschema | where ColumnName == '_Other' or ColumnOrdinal > 3 | count", "0"},
			{"union withsource=T Logs_CL | summarize count() by T", "Logs_CL,7"},
		} {
			if got := ask(t, cat, d, c.kql); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.kql, got, c.want)
			}
		}
		bounded := func(from, to time.Time, received bool) func(*query.Request) {
			return func(r *query.Request) { r.From, r.To, r.ByIngestion = from, to, received }
		}
		for _, c := range []struct {
			name string
			f    func(*query.Request)
			want string
		}{
			{"the last hour", bounded(noon, noon.Add(time.Second), false), "1 3"},
			{"two days", bounded(noon.AddDate(0, 0, -1), noon.AddDate(0, 0, 1), false), "1 2 3 7"},
			{"tomorrow", bounded(noon.AddDate(0, 0, 1), noon.AddDate(0, 0, 2), false), ""},
			{"taken in at noon", bounded(noon, noon.Add(100), true), "1 2 3 4 5 6 7"},
			{"taken in before", bounded(noon.Add(-time.Hour), noon, true), ""},
			{"taken in later", bounded(noon.Add(100), noon.Add(time.Hour), true), ""},
		} {
			if got := ask(t, cat, d, "Logs_CL | sort by N asc | project N", c.f); got != c.want {
				t.Errorf("%s: got %q, want %q", c.name, got, c.want)
			}
		}
	}
	t.Run("at once", func(t *testing.T) { look(t, d) })
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, dir, duckdb.DiskOptions{})
	t.Run("opened again", func(t *testing.T) { look(t, d) })
	if err := d.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Run("tidied", func(t *testing.T) { look(t, d) })
	if s := d.Stored(); len(s) != 1 || s[0].Table != "Logs_CL" || s[0].Rows != 7 || s[0].Parts != 5 {
		t.Errorf("stored: %+v", s)
	}
}

func TestOnlyPartsWithinTheBoundsAreRead(t *testing.T) {
	cat, table := logs(t)
	d := open(t, t.TempDir(), duckdb.DiskOptions{})
	for day := range 30 {
		commit(t, d, table, noon, line(noon.AddDate(0, 0, -day), "x", int64(day)))
	}
	c, err := query.New(cat, d).Compile(t.Context(), query.Request{File: source.NewFile("", "Logs_CL | summarize sum(N)"), Now: noon,
		From: noon.AddDate(0, 0, -2), To: noon.AddDate(0, 0, -1)})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(c.Statement.SQL, "Logs_CL@"); n != 2 {
		t.Errorf("%d parts are read for a window over two days:\n%s", n, c.Statement.SQL)
	}
}

func TestBatchesAndMarks(t *testing.T) {
	dir := t.TempDir()
	_, table := logs(t)
	d := open(t, dir, duckdb.DiskOptions{})
	for i := range int64(5) {
		err := d.Commit(t.Context(), store.Commit{Rows: []store.Rows{{Table: table, Rows: [][]types.Value{line(noon, "x", i)}}}, At: 100 + i,
			Batches: []string{fmt.Sprint("b", i), fmt.Sprint("c'", i)}, Marks: map[string]int64{"it's": i * 10}})
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func() {
		t.Helper()
		got, err := d.Batches(t.Context(), 103)
		if err != nil || !slices.Equal(got, []string{"b3", "c'3", "b4", "c'4"}) {
			t.Errorf("batches: %q, %v", got, err)
		}
		for name, want := range map[string]int64{"it's": 40, "other": 0} {
			if m, err := d.Mark(t.Context(), name); m != want || err != nil {
				t.Errorf("mark %s: %d, %v; want %d", name, m, err, want)
			}
		}
	}
	check()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, dir, duckdb.DiskOptions{})
	check()
	if err := d.ForgetBatches(t.Context(), 104); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Batches(t.Context(), 0); err != nil || !slices.Equal(got, []string{"b4", "c'4"}) {
		t.Errorf("batches after forgetting: %q, %v", got, err)
	}
}

func TestRetentionDropsWholeParts(t *testing.T) {
	cat, table := logs(t)
	d := open(t, t.TempDir(), duckdb.DiskOptions{})
	for day := range 10 {
		commit(t, d, table, noon, line(noon.AddDate(0, 0, -day), "x", 1), line(noon.AddDate(0, 0, -day).Add(time.Minute), "y", 1))
	}
	rows, err := d.Drop(t.Context(), "Logs_CL", types.TicksOf(noon.AddDate(0, 0, -3)))
	if err != nil || rows != 12 {
		t.Errorf("dropped %d rows, %v; want 12: the day that the limit is in stays", rows, err)
	}
	if got := ask(t, cat, d, "Logs_CL | count"); got != "8" {
		t.Errorf("%s rows are left", got)
	}
	if rows, err := d.Drop(t.Context(), "None", 1<<60); rows != 0 || err != nil {
		t.Errorf("a table that is not there: %d, %v", rows, err)
	}
	commit(t, d, table, noon, line(noon.AddDate(0, 0, -9), "again", 1))
	if got := ask(t, cat, d, "Logs_CL | count"); got != "9" {
		t.Errorf("%s rows after a late one", got)
	}
}

func TestNewColumns(t *testing.T) {
	dir := t.TempDir()
	_, table := logs(t)
	d := open(t, dir, duckdb.DiskOptions{})
	commit(t, d, table, noon, line(noon, "old", 1))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	cat, wider := logs(t, types.Column{Name: "User", Type: types.String}, types.Column{Name: "Size", Type: types.Long})
	d = open(t, dir, duckdb.DiskOptions{})
	row := line(noon, "new", 2)
	row = slices.Insert(row, 4, types.StringOf("ann"), types.LongOf(9))
	commit(t, d, wider, noon, row)
	if got, want := ask(t, cat, d, "Logs_CL | sort by N asc | project Message, User, Size, isnull(Size)"), "old,,,True new,ann,9,False"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := ask(t, cat, d, "Logs_CL | where N == 2 | project _Unknown.odd"); got != "1" {
		t.Errorf("a column behind the new ones: %s", got)
	}
	_, other := logs(t, types.Column{Name: "Size", Type: types.String})
	err := d.Commit(t.Context(), store.Commit{Rows: []store.Rows{{Table: other, Rows: nil}}})
	if err == nil || !strings.Contains(err.Error(), "column Size is stored as long and declared as string") {
		t.Errorf("a column of another type: %v", err)
	}
}

// What a table was declared as comes back, though the engine has one type for several of KQL's.
func TestDeclaredTypesComeBack(t *testing.T) {
	dir := t.TempDir()
	var all types.Schema
	for _, typ := range []types.Type{types.Bool, types.Datetime, types.Decimal, types.Dynamic, types.Guid, types.Int, types.Long, types.Real, types.String, types.Timespan} {
		all = append(all, types.Column{Name: "it's " + typ.String(), Type: typ})
	}
	hidden := types.Schema{{Name: "_Unknown", Type: types.Dynamic}}
	cat := catalog.New()
	declare := func(d *duckdb.Disk, table catalog.Table) error {
		if err := cat.AddTable(table); err != nil {
			t.Fatal(err)
		}
		added, _ := cat.Table(table.Name)
		return d.Declare(t.Context(), added)
	}
	d := open(t, dir, duckdb.DiskOptions{})
	if _, ok := d.Table("T_CL"); ok {
		t.Error("a table that nobody declared")
	}
	late := types.Column{Name: "Late", Type: types.Guid}
	for _, cols := range []types.Schema{all, append(slices.Clone(all), late), all[:2]} { // a column that is left out stays
		if err := declare(d, catalog.Table{Name: "T_CL", Columns: cols, Hidden: hidden}); err != nil {
			t.Fatal(err)
		}
	}
	want := catalog.Table{Name: "T_CL", Columns: append(slices.Clone(all), late), Hidden: hidden}
	check := func(when string) {
		t.Helper()
		if got, ok := d.Table("T_CL"); !ok || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s:\n got %v\nwant %v", when, got, want)
		}
	}
	check("at once")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, dir, duckdb.DiskOptions{MustExist: true})
	check("opened again")
	err := declare(d, catalog.Table{Name: "T_CL", Columns: types.Schema{{Name: "it's string", Type: types.Dynamic}}})
	if err == nil || !strings.Contains(err.Error(), "column it's string is stored as string and declared as dynamic") {
		t.Errorf("another type of KQL's that is the same for the engine: %v", err)
	}
	check("after a table that was refused")
	empty := filepath.Join(t.TempDir(), "typo")
	if _, err := duckdb.OpenDisk(t.Context(), empty, duckdb.DiskOptions{MustExist: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without a store: %v", err)
	}
	if _, err := os.Stat(empty); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a folder was made")
	}
}

func TestTablesThatDifferInCase(t *testing.T) {
	cat, d := catalog.New(), open(t, t.TempDir(), duckdb.DiskOptions{})
	for i, name := range []string{"Logs", "LOGS"} {
		if err := cat.AddTable(catalog.Table{Name: name, Columns: types.Schema{{Name: "N", Type: types.Long}}}); err != nil {
			t.Fatal(err)
		}
		table, _ := cat.Table(name)
		commit(t, d, table, noon, []types.Value{types.LongOf(int64(i))})
	}
	if got := ask(t, cat, d, "Logs | project N") + ask(t, cat, d, "LOGS | project N"); got != "01" {
		t.Errorf("got %s", got)
	}
}

func TestFaults(t *testing.T) {
	dir := t.TempDir()
	_, table := logs(t)
	d := open(t, dir, duckdb.DiskOptions{FreeBytes: 1 << 60})
	err := d.Commit(t.Context(), store.Commit{Rows: []store.Rows{{Table: table, Rows: [][]types.Value{line(noon, "x", 1)}}}})
	if !errors.Is(err, store.ErrFull) {
		t.Errorf("a full disk: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(t.Context(), store.Commit{}); err == nil {
		t.Error("a closed store takes commits")
	}
	bad := t.TempDir()
	if err := os.WriteFile(filepath.Join(bad, "events.duckdb"), []byte(strings.Repeat("no database", 5000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := duckdb.OpenDisk(t.Context(), bad, duckdb.DiskOptions{}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("a damaged file: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	d = open(t, t.TempDir(), duckdb.DiskOptions{})
	if err := d.Commit(cancelled, store.Commit{Rows: []store.Rows{{Table: table, Rows: [][]types.Value{line(noon, "x", 1)}}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	cat, _ := logs(t)
	commit(t, d, table, noon, line(noon, "y", 2))
	if got := ask(t, cat, d, "Logs_CL | project Message"); got != "y" {
		t.Errorf("after a cancelled commit: %s", got)
	}
}

// Readers see whole commits only, and are not held up by them.
func TestReadersBesideAWriter(t *testing.T) {
	cat, table := logs(t)
	d := open(t, t.TempDir(), duckdb.DiskOptions{LogBytes: 1})
	commit(t, d, table, noon, line(noon, "x", 0), line(noon.AddDate(0, 0, -1), "x", 0))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				got := ask(t, cat, d, "Logs_CL | summarize a = countif(TimeGenerated >= datetime(2026-11-22)), b = countif(TimeGenerated < datetime(2026-11-22)) | project a == b")
				if got != "True" {
					t.Errorf("half a commit was seen: %s", got)
					return
				}
			}
		})
	}
	for i := range int64(60) {
		commit(t, d, table, noon, line(noon, "x", i), line(noon.AddDate(0, 0, -1), "x", i))
		if i%10 == 0 {
			if err := d.Tidy(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	close(done)
	wg.Wait()
	if got := ask(t, cat, d, "Logs_CL | count"); got != "122" {
		t.Errorf("%s rows", got)
	}
}

// A table that few rows come to is rewritten now and then, and nothing of it is lost.
func TestCompacting(t *testing.T) {
	dir := t.TempDir()
	cat, table := logs(t)
	d := open(t, dir, duckdb.DiskOptions{})
	pieces := func() int64 {
		t.Helper()
		var n int64
		if err := d.Scalar(t.Context(), `SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('Logs_CL@2026-11-22')`, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	most := int64(0)
	for i := range int64(150) {
		commit(t, d, table, noon, line(noon, fmt.Sprint("row ", i), i))
		if err := d.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			most = max(most, pieces())
		}
	}
	if n := pieces(); n > 40 || most > 70 || most < 30 {
		t.Errorf("%d pieces, and %d at most", n, most)
	}
	if got := ask(t, cat, d, "Logs_CL | serialize n = row_number() - 1 | summarize count(), countif(n == N), countif(Message == strcat('row ', N))"); got != "150,150,150" {
		t.Errorf("rows: %s", got)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, dir, duckdb.DiskOptions{})
	commit(t, d, table, noon, line(noon, "more", 150))
	if got := ask(t, cat, d, "Logs_CL | summarize count(), max(N)"); got != "151,150" {
		t.Errorf("opened again: %s", got)
	}
}
