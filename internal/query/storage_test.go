package query_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// stored is an engine over one table without rows.
func stored(t *testing.T, memory int64, columns types.Schema) (*catalog.Table, *duckdb.Engine, *query.Engine) {
	t.Helper()
	cat := catalog.New()
	table := &catalog.Table{Name: "Events_CL", Columns: columns}
	if err := cat.AddTable(*table); err != nil {
		t.Fatal(err)
	}
	st, err := duckdb.Open(context.Background(), duckdb.Options{MemoryBytes: memory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return table, st, query.New(cat, st)
}

// TestStoredValues: a value of every type comes back as it was stored.
func TestStoredValues(t *testing.T) {
	values := map[types.Type][]types.Value{
		types.Bool:     {types.BoolOf(true), types.BoolOf(false)},
		types.Int:      {types.IntOf(math.MaxInt32), types.IntOf(math.MinInt32 + 1)},
		types.Long:     {types.LongOf(math.MaxInt64), types.LongOf(math.MinInt64 + 1)},
		types.Real:     {types.RealOf(math.NaN()), types.RealOf(math.Inf(-1)), types.RealOf(math.SmallestNonzeroFloat64)},
		types.Decimal:  {types.DecimalOf("12345678901234567.890123456789"), types.DecimalOf("-0.1")},
		types.String:   {types.StringOf(""), types.StringOf("'\"\\\n\x00é𝄞"), types.StringOf(strings.Repeat("a", 1<<17))},
		types.Datetime: {types.DatetimeOf(1), types.DatetimeOf(3_155_378_975_999_999_999)},
		types.Timespan: {types.TimespanOf(math.MaxInt64), types.TimespanOf(-1)},
		types.Guid:     {types.GuidOf("74be27de-1e4e-49d9-b579-fe0b331d3642")},
		types.Dynamic:  {types.DynamicOf(`{"a":[1,2.5,null,"x"],"b":{}}`), types.DynamicOf(`"text"`), types.DynamicOf("3")},
	}
	for typ, of := range values {
		t.Run(typ.String(), func(t *testing.T) {
			table, st, eng := stored(t, 0, types.Schema{{Name: "N", Type: types.Long}, {Name: "V", Type: typ}})
			of := append(of, types.Null(typ))
			var rows [][]types.Value
			for i, v := range of {
				rows = append(rows, []types.Value{types.LongOf(int64(i)), v})
			}
			if err := st.Append(table, rows); err != nil {
				t.Fatal(err)
			}
			res, err := eng.Run(context.Background(), request("Events_CL | sort by N asc"))
			if err != nil {
				t.Fatal(err)
			}
			if len(res.Rows) != len(of) {
				t.Fatalf("%d rows came back, %d were stored", len(res.Rows), len(of))
			}
			for i, row := range res.Rows {
				if got, want := fmt.Sprint(row[1]), fmt.Sprint(of[i]); got != want || row[1].IsNull() != of[i].IsNull() {
					t.Errorf("%.80s came back as %.80s", want, got)
				}
			}
		})
	}
}

// TestStoredNames: names of columns that differ in case alone are different names.
func TestStoredNames(t *testing.T) {
	table, st, eng := stored(t, 0, types.Schema{{Name: "Name", Type: types.Long}, {Name: "name", Type: types.Long}, {Name: "NAME~2", Type: types.Long}})
	if err := st.Append(table, [][]types.Value{{types.LongOf(1), types.LongOf(2), types.LongOf(3)}}); err != nil {
		t.Fatal(err)
	}
	res, err := eng.Run(context.Background(), request("Events_CL | project Name, name, ['NAME~2']"))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range res.Rows[0] {
		if v.Int64() != int64(i+1) {
			t.Errorf("%s is %d, expected %d", table.Columns[i].Name, v.Int64(), i+1)
		}
	}
}

// TestStoredTables: names of tables that differ in case alone are different names, and so is a name that SQL uses itself.
func TestStoredTables(t *testing.T) {
	_, st, eng := stored(t, 0, types.Schema{{Name: "N", Type: types.Long}})
	names := []string{"Events_CL", "EVENTS_CL", "events_cl", "events_cl~2", "s1", "S1"}
	for i, name := range names {
		table := catalog.Table{Name: name, Columns: types.Schema{{Name: "N", Type: types.Long}}}
		if err := eng.Catalog.AddTable(table); err != nil {
			t.Fatal(err)
		}
		if err := st.Append(&table, [][]types.Value{{types.LongOf(int64(i))}}); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range names {
		res, err := eng.Run(context.Background(), request("let m = materialize(['"+name+"']); union m, m, ['"+name+"'] | summarize n = sum(N), c = count()"))
		if err != nil {
			t.Fatal(err)
		}
		if n, c := res.Rows[0][0].Int64(), res.Rows[0][1].Int64(); n != 3*int64(i) || c != 3 {
			t.Errorf("%s has the rows of another table: %d, %d", name, n, c)
		}
	}
}

// TestStoredInMemory: rows that are several times the memory fit, because they are kept compressed.
func TestStoredInMemory(t *testing.T) {
	const count, batch = 800_000, 10_000
	table, st, eng := stored(t, 200<<20, types.Schema{{Name: "N", Type: types.Long}, {Name: "Text", Type: types.String}})
	rows := make([][]types.Value, batch)
	for n := 0; n < count; n += batch {
		for i := range rows {
			text := fmt.Sprintf("user%d@contoso.com %s", (n+i)%500, strings.Repeat("sign-in ", 60))
			rows[i] = []types.Value{types.LongOf(int64(n + i)), types.StringOf(text)}
		}
		if err := st.Append(table, rows); err != nil {
			t.Fatalf("after %d rows: %v", n, err)
		}
	}
	res, err := eng.Run(context.Background(), request("Events_CL | summarize count(), dcount(Text), sum(strlen(Text))"))
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Rows[0][0].Int64(); got != count {
		t.Errorf("%d rows came back, %d were stored", got, count)
	}
}

// TestStoredWhileRead: queries run while others store, and see whole batches only.
func TestStoredWhileRead(t *testing.T) {
	const writers, batches, batch = 4, 40, 250
	table, st, eng := stored(t, 0, types.Schema{{Name: "N", Type: types.Long}})
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			rows := make([][]types.Value, batch)
			for i := range rows {
				rows[i] = []types.Value{types.LongOf(int64(i))}
			}
			for range batches {
				if err := st.Append(table, rows); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writing.Wait(); close(done) }()
	count := func() int64 {
		res, err := eng.Run(context.Background(), request("Events_CL | count"))
		if err != nil {
			t.Error(err)
			return 0
		}
		n := res.Rows[0][0].Int64()
		return n
	}
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
			if n := count(); n%batch != 0 {
				t.Errorf("a query saw %d rows, a part of a batch", n)
			}
		}
	}
	if n := count(); n != writers*batches*batch {
		t.Errorf("%d rows are stored, not %d", n, writers*batches*batch)
	}
}
