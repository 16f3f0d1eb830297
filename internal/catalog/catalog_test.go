package catalog

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/types"
)

func TestBuiltinCounts(t *testing.T) {
	c := Builtin()
	names := c.TableNames()
	columns := 0
	for _, n := range names {
		tab, ok := c.Table(n)
		if !ok {
			t.Fatalf("no table %s", n)
		}
		columns += len(tab.Columns)
	}
	if len(names) != 1101 || columns != 38759 {
		t.Errorf("%d tables with %d columns, expected 1101 with 38759", len(names), columns)
	}
	if !slices.IsSorted(names) {
		t.Error("names are not sorted")
	}
	if len(schemasBin) > 250_000 {
		t.Errorf("schemas.bin has %d bytes, expected at most 250000", len(schemasBin))
	}
}

func TestBuiltinTables(t *testing.T) {
	for _, tt := range []struct {
		table, column string
		typ           types.Type
	}{
		{"SigninLogs", "Status", types.Dynamic},
		{"SigninLogs", "TimeGenerated", types.Datetime},
		{"SigninLogs", "ResultType", types.String},
		{"AADNonInteractiveUserSignInLogs", "Status", types.String},
		{"SecurityEvent", "EventID", types.Int},
		{"AuditLogs", "TargetResources", types.Dynamic},
		{"AuditLogs", "DurationMs", types.Long},
		{"IdentityInfo", "Timestamp", types.Unknown},
		{"AADRiskyUsers", "IsDeleted", types.Bool},
	} {
		tab, ok := Builtin().Table(tt.table)
		if !ok {
			t.Errorf("no table %s", tt.table)
			continue
		}
		got := types.Unknown
		if i := tab.Columns.Index(tt.column); i >= 0 {
			got = tab.Columns[i].Type
		}
		if got != tt.typ {
			t.Errorf("%s.%s is %s, expected %s", tt.table, tt.column, got, tt.typ)
		}
	}
	for _, absent := range []string{"", "signinlogs", "SigninLogs "} {
		if _, ok := Builtin().Table(absent); ok {
			t.Errorf("table %q exists", absent)
		}
	}
}

func TestWithXDR(t *testing.T) {
	plain, _ := Builtin().Table("DeviceEvents")
	xdr, _ := Builtin(WithXDR()).Table("DeviceEvents")
	if len(xdr.Columns) != len(plain.Columns)+1 || xdr.Columns[len(plain.Columns)] != (types.Column{Name: "Timestamp", Type: types.Datetime}) {
		t.Errorf("DeviceEvents of XDR ends in %v, expected Timestamp:datetime", xdr.Columns[len(plain.Columns)-1:])
	}
	if again, _ := Builtin().Table("DeviceEvents"); len(again.Columns) != len(plain.Columns) {
		t.Error("the columns of XDR leaked into the plain catalog")
	}
	a, _ := Builtin().Table("SigninLogs")
	b, _ := Builtin(WithXDR()).Table("SigninLogs")
	if !slices.Equal(a.Columns, b.Columns) {
		t.Error("SigninLogs has other columns with XDR")
	}
}

// TestBuiltinMatchesSource compares the embedded list with the files it was made of, order included.
func TestBuiltinMatchesSource(t *testing.T) {
	for _, tt := range []struct {
		file string
		opts []Option
	}{{"tables.json", nil}, {"xdr-columns.json", []Option{WithXDR()}}} {
		text, err := os.ReadFile(corpus.Path(t, "corpus", "schemas", tt.file))
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		c := Builtin(tt.opts...)
		if tt.opts == nil && len(want) != len(c.TableNames()) {
			t.Errorf("%d tables, source has %d", len(c.TableNames()), len(want))
		}
		for name, raw := range want {
			tab, ok := c.Table(name)
			if !ok {
				t.Errorf("no table %s", name)
				continue
			}
			var types map[string]string
			if err := json.Unmarshal(raw, &types); err != nil {
				t.Fatal(err)
			}
			if tt.opts == nil {
				if got, want := order(tab.Columns), keys(t, raw); !slices.Equal(got, want) {
					t.Errorf("%s: columns %v, source has %v", name, got, want)
				}
			}
			for col, typ := range types {
				if i := tab.Columns.Index(col); i < 0 || tab.Columns[i].Type.String() != typ {
					t.Errorf("%s.%s: expected %s", name, col, typ)
				}
			}
		}
	}
}

func order(s types.Schema) []string {
	var out []string
	for _, c := range s {
		out = append(out, c.Name)
	}
	return out
}

func keys(t *testing.T, raw json.RawMessage) []string {
	d := json.NewDecoder(bytes.NewReader(raw))
	var out []string
	for i := 0; ; i++ {
		tok, err := d.Token()
		if err != nil {
			return out
		}
		if s, ok := tok.(string); ok && i%2 == 1 {
			out = append(out, s)
		}
	}
}

func TestDecodeSchemasBroken(t *testing.T) {
	good, err := EncodeSchemas([]Table{{Name: "T", Columns: types.Schema{{Name: "b", Type: types.Long}, {Name: "a", Type: types.String}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	x, err := decodeSchemas(good)
	if err != nil {
		t.Fatal(err)
	}
	if got := x.schema(x.tables["T"], nil).String(); got != "(b:long, a:string)" {
		t.Errorf("got %s: the order of columns must survive", got)
	}
	for n := range good {
		if _, err := decodeSchemas(good[:n]); err == nil {
			t.Errorf("a list cut at byte %d of %d is taken", n, len(good))
		}
	}
	if _, err := decodeSchemas(append(slices.Clone(good), 0)); err == nil {
		t.Error("a trailing byte is taken")
	}
	for i := range good {
		bad := slices.Clone(good)
		bad[i] = 0xff
		if x, err := decodeSchemas(bad); err == nil { // some changes are other valid lists; they must decode
			for _, p := range x.tables {
				x.schema(p, nil)
			}
		}
	}
	for _, s := range []types.Schema{{{Name: "", Type: types.Long}}, {{Name: "a", Type: types.Unknown}}} {
		if _, err := EncodeSchemas([]Table{{Name: "T", Columns: s}}, nil); err == nil {
			t.Errorf("schema %v is embedded", s)
		}
	}
}

func TestAddTable(t *testing.T) {
	long := func(n ...string) (s types.Schema) {
		for _, n := range n {
			s = append(s, types.Column{Name: n, Type: types.Long})
		}
		return s
	}
	c := Builtin()
	for _, tt := range []struct {
		table Table
		err   string
	}{
		{Table{Name: "My_CL", Columns: long("a", "A")}, ""},
		{Table{Name: "SigninLogs", Columns: long("a")}, ""},
		{Table{Name: "", Columns: long("a")}, "no name"},
		{Table{Name: "X", Columns: long("a", "b", "a")}, `"a" stands twice`},
		{Table{Name: "X", Columns: long("")}, "has no name"},
		{Table{Name: "X", Columns: types.Schema{{Name: "a"}}}, "has no type"},
	} {
		err := c.AddTable(tt.table)
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("add %v: error %v, expected %q", tt.table, err, tt.err)
		}
	}
	if tab, _ := c.Table("SigninLogs"); len(tab.Columns) != 1 || c.IsBuiltin("SigninLogs") {
		t.Error("an added table does not stand before the built-in one")
	}
	if !c.IsBuiltin("AuditLogs") || c.IsBuiltin("My_CL") || c.IsBuiltin("Nothing") {
		t.Error("IsBuiltin is wrong")
	}
	if n := len(c.TableNames()); n != 1102 {
		t.Errorf("%d names, expected 1102", n)
	}
	d := c.Clone()
	if err := d.AddTable(Table{Name: "Other_CL"}); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Table("Other_CL"); ok {
		t.Error("a table added to a clone is in the original")
	}
	if _, ok := d.Table("My_CL"); !ok {
		t.Error("a clone lacks a table of the original")
	}
}

func TestWatchlists(t *testing.T) {
	c := New()
	tab := types.Table{Schema: types.Schema{{Name: "User", Type: types.String}}, Rows: [][]types.Value{{types.StringOf("a")}}}
	for _, tt := range []struct {
		w   Watchlist
		err string
	}{
		{Watchlist{"VIP", "User", tab}, ""},
		{Watchlist{"Open", "", tab}, ""},
		{Watchlist{"", "User", tab}, "no alias"},
		{Watchlist{"X", "Usr", tab}, `no column "Usr"`},
		{Watchlist{"X", "User", types.Table{Schema: tab.Schema, Rows: [][]types.Value{{}}}}, "row 1 has 0 values"},
	} {
		err := c.AddWatchlist(tt.w)
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("add %s: error %v, expected %q", tt.w.Alias, err, tt.err)
		}
	}
	if w, ok := c.Watchlist("VIP"); !ok || w.SearchKey != "User" {
		t.Errorf("VIP: %v, %v", w, ok)
	}
	if _, ok := c.Watchlist("vip"); ok {
		t.Error("an alias in other case is found")
	}
	if got := c.SuggestWatchlist("vip"); !slices.Equal(got, []string{"VIP"}) {
		t.Errorf("suggestions for vip: %v", got)
	}
	if got := c.WatchlistAliases(); !slices.Equal(got, []string{"Open", "VIP"}) {
		t.Errorf("aliases %v", got)
	}
}

func TestSuggest(t *testing.T) {
	c := Builtin()
	if err := c.AddFunction(Function{Name: "imDns", Body: "print 1"}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, first string }{
		{"signinlogs", "SigninLogs"},
		{"SigninLog", "SigninLogs"},
		{"SignInLogs", "SigninLogs"},
		{"SigninLosg", "SigninLogs"},
		{"SecurityEvents", "SecurityEvent"},
		{"AuditLog", "AuditLogs"},
		{"imDNS", "imDns"},
		{"Zzzzzqqqqqxxxx", ""},
		{"", ""},
	} {
		got := c.SuggestTable(tt.name)
		first := ""
		if len(got) > 0 {
			first = got[0]
		}
		if first != tt.first || len(got) > 3 {
			t.Errorf("%s: suggestions %v, expected %q first", tt.name, got, tt.first)
		}
	}
	if got := Near("Acount", []string{"Account", "Count", "Acount", "Amount", "Host"}); !slices.Equal(got, []string{"Account", "Amount", "Count"}) {
		t.Errorf("Near: %v", got)
	}
}

func TestConcurrentUse(t *testing.T) {
	c := Builtin()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, n := range c.TableNames() {
				if _, ok := c.Table(n); !ok {
					t.Errorf("no table %s", n)
				}
				if i%100 == 0 {
					if err := c.AddTable(Table{Name: n + "_CL"}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		if _, err := decodeSchemas(schemasBin); err != nil {
			b.Fatal(err)
		}
	}
}

func TestHiddenColumns(t *testing.T) {
	cat := Builtin(WithHidden(types.Schema{{Name: "_Unknown", Type: types.Dynamic}, {Name: "TimeGenerated", Type: types.Datetime}}))
	if err := cat.AddTable(Table{Name: "My_CL", Columns: types.Schema{{Name: "A", Type: types.Long}}}); err != nil {
		t.Fatal(err)
	}
	stored := cat.Stored()
	if err := stored.AddTable(Table{Name: "Later_CL", Columns: types.Schema{{Name: "B", Type: types.Long}}}); err != nil {
		t.Fatal(err)
	}
	plain, _ := Builtin().Table("SigninLogs")
	for _, c := range []struct {
		table         string
		hidden, shown int
	}{{"SigninLogs", 1, len(plain.Columns) + 1}, {"My_CL", 2, 3}, {"Later_CL", 2, 3}} {
		q, ok := cat.Table(c.table)
		again, _ := cat.Table(c.table)
		s, ok2 := stored.Table(c.table)
		if !ok || !ok2 || q != again || len(q.Hidden) != c.hidden || len(s.Columns) != c.shown || len(s.Hidden) != 0 || !slices.Equal(q.StoredNames(), s.StoredNames()) {
			t.Errorf("%s: %d hidden, %d stored", c.table, len(q.Hidden), len(s.Columns))
		}
	}
	if !slices.Contains(stored.TableNames(), "My_CL") {
		t.Error("the names of stored tables are others")
	}
	if _, ok := stored.Table("None"); ok {
		t.Error("a table that is not there")
	}
}
