package exec

import (
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

func TestSchemaMerge(t *testing.T) {
	names := map[types.Type]string{}
	for _, typ := range types.Scalars() {
		names[typ] = strings.ToUpper(typ.String())
	}
	const moved = "-1,ERROR(unknown CSL type:ERROR(columns are out of order)),ERROR(columns are out of order)"
	failed := func(words string) string {
		e := "ERROR(data types can't be reduced: " + words + ")"
		return "-1,ERROR(unknown CSL type:" + e + ")," + e
	}
	null := types.Null(types.Long)
	for _, c := range []struct {
		name string
		rows [][]types.Value
		// the result when the order is preserved and when not
		want, loose string
	}{
		{"no rows", nil, "", ""},
		{"one table", [][]types.Value{row("b", 0, "int"), row("a", 1, "string")}, "b,0,INT,int; a,1,STRING,string", ""},
		{"a new column", [][]types.Value{row("b", 0, "int"), row("b", 0, "int"), row("a", 1, "bool")}, "b,0,INT,int; a,1,BOOL,bool", ""},
		{"a column before others", [][]types.Value{row("a", 0, "int"), row("b", 1, "int"), row("a", 0, "int"), row("c", 1, "guid"), row("b", 2, "int")},
			"a,0,INT,int; c,1,GUID,guid; b," + moved, "a,0,INT,int; c,1,GUID,guid; b,2,INT,int"},
		{"exchanged columns", [][]types.Value{row("b", 0, "int"), row("a", 1, "int"), row("a", 0, "int"), row("b", 1, "int")},
			"a," + moved + "; b," + moved, "a,0,INT,int; b,1,INT,int"},
		{"two columns at one place", [][]types.Value{row("k", 0, "int"), row("z", 1, "int"), row("k", 0, "int"), row("y", 1, "int")},
			"k,0,INT,int; y,1,INT,int; z,2,INT,int", ""},
		{"names differ by case", [][]types.Value{row("a", 0, "int"), row("A", 1, "string")}, "a,0,INT,int; A,1,STRING,string", ""},
		{"the others keep their places beside an error", [][]types.Value{row("a", 0, "int"), row("a", 0, "string"), row("b", 1, "int")},
			"a," + failed("int, string") + "; b,1,INT,int", ""},
		{"both errors", [][]types.Value{row("a", 0, "int"), row("a", 1, "string")}, "a," + moved, "a," + failed("int, string")},
		{"int and long", [][]types.Value{row("a", 0, "long"), row("a", 0, "int")}, "a,0,LONG,long", ""},
		{"int and real", [][]types.Value{row("a", 0, "int"), row("a", 0, "real")}, "a,0,REAL,real", ""},
		{"real and decimal", [][]types.Value{row("a", 0, "decimal"), row("a", 0, "real")}, "a,0,DECIMAL,decimal", ""},
		{"numbers and a text", [][]types.Value{row("a", 0, "real"), row("a", 0, "string"), row("a", 0, "int")}, "a," + failed("int, real, string"), ""},
		{"numbers and a span", [][]types.Value{row("a", 0, "timespan"), row("a", 0, "long")}, "a," + failed("long, timespan"), ""},
		{"a bag takes nothing in", [][]types.Value{row("a", 0, "dynamic"), row("a", 0, "string")}, "a," + failed("dynamic, string"), ""},
		{"aliases", [][]types.Value{row("a", 0, "Int64"), row("a", 0, "long"), row("a", 0, "double"), row("b", 1, "date"), row("b", 1, "datetime")}, "a,0,REAL,real; b,1,DATETIME,datetime", ""},
		{"no type", [][]types.Value{row("a", 0, "thing"), row("b", 1, "")}, "a,-1,ERROR(unknown CSL type:thing),thing; b,-1,ERROR(unknown CSL type:),", ""},
		{"no place", [][]types.Value{row("a", null, "int"), row("c", -7, "int"), row("d", -1, "int"), row("b", 5, "int")}, "b,0,INT,int; a,1,INT,int; c,2,INT,int; d,3,INT,int", ""},
		{"a place and none", [][]types.Value{row("a", null, "int"), row("a", 0, "int")}, "a," + moved, "a,0,INT,int"},
	} {
		if c.loose == "" {
			c.loose = c.want
		}
		for preserve, want := range map[bool]string{true: c.want, false: c.loose} {
			op := &SchemaMerge{PreserveOrder: preserve, DataTypes: names}
			if got := mustRun(t, op, c.rows...); got != want {
				t.Errorf("%s, PreserveOrder=%t: got %s, want %s", c.name, preserve, got, want)
			}
			if got := mustRun(t, op, shuffled(c.rows)...); got != want {
				t.Errorf("%s, PreserveOrder=%t: in another order of the rows: got %s", c.name, preserve, got)
			}
		}
	}
	op := &SchemaMerge{DataTypes: names}
	if _, err := op.Run(t.Context(), [][]types.Value{row("a", 0, "int"), row("", 1, "int")}); err == nil || !strings.Contains(err.Error(), "ColumnName") {
		t.Errorf("a column without a name: %v", err)
	}
}
