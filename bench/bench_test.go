package main

import (
	"context"
	"errors"
	"regexp"
	"testing"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// TestCases runs every case over little data: KQL and hand-written SQL must agree. Where so little data gives no
// rows there is nothing to compare; that most cases have some is tested too.
func TestCases(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the cases need a few seconds of data")
	}
	ctx := context.Background()
	st, err := duckdb.Open(ctx, duckdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	cat := catalog.Builtin()
	if err := fill(ctx, st, cat, 30000); err != nil {
		t.Fatal(err)
	}
	cases, err := loadCases(regexp.MustCompile(""))
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{engine: query.New(cat, st), store: st, rounds: 1, once: true}
	empty := 0
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var m measurement
			switch err := r.run(ctx, c, &m); {
			case errors.Is(err, errNoRows):
				empty++
			case err != nil:
				t.Error(err)
			}
		})
	}
	if empty > len(cases)/5 {
		t.Errorf("%d of %d cases have no rows", empty, len(cases))
	}
}

func TestEqual(t *testing.T) {
	table := func(rows ...[]types.Value) types.Table { return types.Table{Rows: rows} }
	row := func(vs ...types.Value) []types.Value { return vs }
	a, b := row(types.StringOf("a"), types.RealOf(0.1+0.2)), row(types.StringOf("b"), types.RealOf(1))
	for _, c := range []struct {
		name string
		x, y types.Table
		sets bool
		same bool
	}{
		{"another order", table(a, b), table(b, a), false, true},
		{"sums in another order", table(a), table(row(types.StringOf("a"), types.RealOf(0.3))), false, true},
		{"another value", table(a), table(b), false, false},
		{"a row more", table(a, a), table(a), false, false},
		{"the other row twice", table(a, a, b), table(a, b, b), false, false},
		{"null is no empty string", table(row(types.Null(types.Long))), table(row(types.StringOf(""))), false, false},
		{"a set", table(row(types.DynamicOf(`[1,2]`))), table(row(types.DynamicOf(`[2,1]`))), true, true},
		{"a list", table(row(types.DynamicOf(`[1,2]`))), table(row(types.DynamicOf(`[2,1]`))), false, false},
		{"no rows", table(), table(), false, false},
	} {
		if err := equal(c.x, c.y, c.sets); (err == nil) != c.same {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestParseCase(t *testing.T) {
	good := "What it shows.\nwindow: 24h\nsets: true\n-- query --\nT | count\n-- sql --\nSELECT $ago(24h)\n"
	c, err := parseCase("x", good)
	if err != nil || c.window.Hours() != 24 || !c.sets || c.query != "T | count\n" || c.sql != "SELECT 639085248000000000\n" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []string{"", "-- query --\nT\n", "-- sql --\nS\n", "window: soon\n-- query --\nT\n-- sql --\nS\n", "rule: none.yaml\n-- sql --\nS\n", "-- query --\nT\n-- sql --\nS\n-- plan --\n"} {
		if _, err := parseCase("x", bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
