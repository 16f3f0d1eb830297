package session_test

import (
	"slices"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// A built-in table that is stored with columns of its own has those as well, and all that it has now although the store
// was written when it had fewer.
func TestStoredTablesMeetTheCatalogue(t *testing.T) {
	dir := t.TempDir()
	disk, err := duckdb.OpenDisk(t.Context(), dir, duckdb.DiskOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cat := catalog.New()
	at := time.Date(2026, 3, 2, 8, 40, 12, 0, time.UTC)
	for _, table := range []catalog.Table{
		{Name: "SigninLogs", Columns: types.Schema{{Name: "TimeGenerated", Type: types.Datetime}, {Name: "Device_CF", Type: types.Guid}},
			Hidden: types.Schema{{Name: "_Unknown", Type: types.Dynamic}}},
		{Name: "Counts_CL", Columns: types.Schema{{Name: "N", Type: types.Long}, {Name: "Bag", Type: types.Dynamic}}},
	} {
		if err := cat.AddTable(table); err != nil {
			t.Fatal(err)
		}
		added, _ := cat.Table(table.Name)
		row := []types.Value{types.LongOf(7), types.DynamicOf(`{"a":1}`)}
		if table.Name == "SigninLogs" {
			row = []types.Value{types.DatetimeOf(types.TicksOf(at)), types.GuidOf("6f9619ff-8b86-d011-b42d-00c04fc964ff"), types.DynamicOf(`{"odd":1}`)}
		}
		if err := disk.Append(added, [][]types.Value{row}); err != nil {
			t.Fatal(err)
		}
	}
	if err := disk.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := session.Open(t.Context(), session.Options{Store: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range []struct{ kql, want string }{
		{"SigninLogs | project ResultType, Device_CF, isnull(RiskLevelDuringSignIn), _Unknown.odd", ",6f9619ff-8b86-d011-b42d-00c04fc964ff,False,1"},
		{"SigninLogs | getschema | where ColumnName == 'Device_CF' | project ColumnType", "guid"},
		{"SigninLogs | getschema | where ColumnName startswith '_Unk' | count", "0"},
		{"Counts_CL | project N, Bag.a", "7,1"},
	} {
		res, err := s.Engine.Run(t.Context(), query.Request{File: source.NewFile("", c.kql), Now: at})
		if err != nil {
			t.Errorf("%s: %v", c.kql, err)
			continue
		}
		got := ""
		for _, row := range res.Rows {
			for i, v := range row {
				if i > 0 {
					got += ","
				}
				got += v.ToText()
			}
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.kql, got, c.want)
		}
	}
	if n := s.Rows("SigninLogs"); n != 1 || s.Rows("AuditLogs") != 0 {
		t.Errorf("%d rows of SigninLogs", n)
	}
	if got, ok := s.EvaluationTime(); !ok || !got.Equal(at.Truncate(time.Minute).Add(time.Minute)) {
		t.Errorf("evaluated at %v, %v", got, ok)
	}
	var names []string
	for _, x := range s.Tables() {
		names = append(names, x.Table)
	}
	if !slices.Equal(names, []string{"Counts_CL", "SigninLogs"}) {
		t.Errorf("tables: %q", names)
	}
	if _, err := session.Open(t.Context(), session.Options{Store: dir, Data: []string{dir}}); err == nil {
		t.Error("a store and files at once")
	}
}
