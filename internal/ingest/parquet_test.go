package ingest

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/vedette-siem/vedette/internal/catalog"
)

type parquetRow struct {
	TimeGenerated time.Time         `parquet:"TimeGenerated,timestamp(microsecond)"`
	Name          *string           `parquet:"Name,optional"`
	N             int64             `parquet:"N"`
	I             int32             `parquet:"I"`
	R             float64           `parquet:"R"`
	B             *bool             `parquet:"B,optional"`
	D             parquetGroup      `parquet:"D"`
	Tags          []string          `parquet:"Tags,list"`
	Plain         []int64           `parquet:"Plain"`
	Deep          []parquetItem     `parquet:"Deep,list"`
	Map           map[string]string `parquet:"Map"`
	Opt           *parquetGroup     `parquet:"Opt,optional"`
	M             int64             `parquet:"M,decimal(2:10)"`
	J             string            `parquet:"J,json"`
	Day           int32             `parquet:"Day,date"`
	U             uint32            `parquet:"U"`
}

type parquetGroup struct {
	A int64   `parquet:"A"`
	S *string `parquet:"S,optional"`
}

type parquetItem struct {
	X  int64   `parquet:"X"`
	Ys []int64 `parquet:"Ys,list"`
}

func parquetFile(t testing.TB, rows []parquetRow) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[parquetRow](&b, parquet.MaxRowsPerRowGroup(2))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestParquet(t *testing.T) {
	text := func(s string) *string { return &s }
	yes := true
	when := time.Date(2024, 5, 1, 10, 0, 0, 123456000, time.UTC)
	rows := []parquetRow{
		{when, text("a"), 1, 2, 1.5, &yes, parquetGroup{1, text("s")}, []string{"x", "y"}, []int64{1, 2}, []parquetItem{{1, []int64{1, 2}}, {2, nil}, {3, []int64{3}}},
			map[string]string{"k": "v"}, &parquetGroup{2, nil}, -1234, `{"q": 1}`, 19844, 4000000000},
		{TimeGenerated: when},
		{TimeGenerated: when, Name: text("c"), Tags: []string{"z"}, Deep: []parquetItem{{4, []int64{5}}}},
	}
	file := parquetFile(t, rows)
	for _, tt := range []struct{ name, file, want, schema string }{
		{"custom table", "export.parquet", strings.Join([]string{
			`export_CL TimeGenerated=2024-05-01T10:00:00.1234560Z Name=a N=1 I=2 R=1.5 B=True D={"A":1,"S":"s"} Tags=["x","y"] Plain=[1,2] Deep=[{"X":1,"Ys":[1,2]},{"X":2,"Ys":[]},{"X":3,"Ys":[3]}] Map={"k":"v"} Opt={"A":2,"S":null} M=-12.34 J={"q":1} Day=2024-05-01T00:00:00.0000000Z U=4000000000`,
			`export_CL TimeGenerated=2024-05-01T10:00:00.1234560Z N=0 I=0 R=0.0 D={"A":0,"S":null} Tags=[] Plain=[] Deep=[] Map={} M=0.00 Day=1970-01-01T00:00:00.0000000Z U=0`,
			`export_CL TimeGenerated=2024-05-01T10:00:00.1234560Z Name=c N=0 I=0 R=0.0 D={"A":0,"S":null} Tags=["z"] Plain=[] Deep=[{"X":4,"Ys":[5]}] Map={} M=0.00 Day=1970-01-01T00:00:00.0000000Z U=0`,
		}, "\n"),
			"(TimeGenerated:datetime, Name:string, N:long, I:long, R:real, B:bool, D:dynamic, Tags:dynamic, Plain:dynamic, Deep:dynamic, Map:dynamic, Opt:dynamic, M:decimal, J:dynamic, Day:datetime, U:long, Type:string)"},
		{"known table", "T/part-1.parquet", strings.Join([]string{
			`T TimeGenerated=2024-05-01T10:00:00.1234560Z Name=a N=1 I=2 R=1.5 B=True D={"A":1,"S":"s"} M=-12.34`,
			`T TimeGenerated=2024-05-01T10:00:00.1234560Z N=0 I=0 R=0.0 D={"A":0,"S":null} M=0.00`,
			`T TimeGenerated=2024-05-01T10:00:00.1234560Z Name=c N=0 I=0 R=0.0 D={"A":0,"S":null} M=0.00`,
		}, "\n"), ""},
	} {
		cat := smallCatalog(t)
		if tt.schema != "" {
			cat = catalog.New()
		}
		sink := &textSink{}
		rep, err := Load(context.Background(), fstest.MapFS{tt.file: {Data: []byte(file)}}, Options{}, cat, sink)
		if err != nil || rep.Files[0].Err != nil {
			t.Errorf("%s: %v, %v", tt.name, err, rep.Files[0].Err)
			continue
		}
		if got := strings.Join(sink.rows, "\n"); got != tt.want {
			t.Errorf("%s: rows\n%s\nexpected\n%s", tt.name, got, tt.want)
		}
		if tab, ok := cat.Table(rep.Files[0].Table); tt.schema != "" && (!ok || tab.Columns.String() != tt.schema) {
			t.Errorf("%s: schema %s, expected %s", tt.name, tab.Columns, tt.schema)
		}
	}
}

func TestParquetGuid(t *testing.T) {
	var b bytes.Buffer
	w := parquet.NewWriter(&b, parquet.NewSchema("rows", parquet.Group{"G": parquet.UUID(), "Name": parquet.String()}))
	row := parquet.Row{parquet.FixedLenByteArrayValue([]byte{0xa0, 15: 1}).Level(0, 0, 0), parquet.ByteArrayValue([]byte("a\xff")).Level(0, 0, 1)}
	if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sink := &textSink{}
	if _, err := Load(context.Background(), fstest.MapFS{"T.parquet": {Data: b.Bytes()}}, Options{}, smallCatalog(t), sink); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(sink.rows, "\n"); got != "T Name=a\ufffd G=a0000000-0000-0000-0000-000000000001" {
		t.Errorf("rows %s", got)
	}
}

// TestParquetBroken cuts and changes a file: an error or fewer rows, never a panic.
func TestParquetBroken(t *testing.T) {
	name := "a"
	file := parquetFile(t, []parquetRow{{Name: &name, Tags: []string{"x"}}, {}})
	load := func(text string) {
		if _, err := Load(context.Background(), fstest.MapFS{"T.parquet": {Data: []byte(text)}}, Options{}, smallCatalog(t), &textSink{}); err != nil {
			t.Error(err)
		}
	}
	for i := 0; i < len(file); i += 7 {
		load(file[:i])
		b := []byte(file)
		b[i] ^= 0xff
		load(string(b))
	}
	for _, footer := range []string{"\xff\xff\xff\xff", "\xff\xff\xff\x0f", "\x00\x00\x00\x00"} { // lengths that the file cannot have
		load(file[:len(file)-8] + footer + "PAR1")
	}
}
