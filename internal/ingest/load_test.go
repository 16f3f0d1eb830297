package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/types"
)

// textSink renders rows as "Table Column=value …" of the columns that have a value.
type textSink struct {
	rows []string
	only map[string]bool // columns to render; nil: all but Type
}

func (s *textSink) Append(t *catalog.Table, rows [][]types.Value) error {
	for _, r := range rows {
		var b strings.Builder
		b.WriteString(t.Name)
		for i, v := range r {
			name := t.Columns[i].Name
			if !hasValue(v) || s.only != nil && !s.only[name] || s.only == nil && name == "Type" {
				continue
			}
			text := v.ToText()
			if v.Type() == types.Dynamic {
				text = v.Text()
			}
			fmt.Fprintf(&b, " %s=%s", name, text)
		}
		s.rows = append(s.rows, b.String())
	}
	return nil
}

// smallCatalog has a few tables, so that tests need not know the wide ones.
func smallCatalog(t testing.TB) *catalog.Catalog {
	t.Helper()
	c := catalog.New()
	col := func(name string, typ types.Type) types.Column { return types.Column{Name: name, Type: typ} }
	for _, tab := range []catalog.Table{
		{Name: "T", Columns: types.Schema{col("TimeGenerated", types.Datetime), col("Type", types.String), col("Name", types.String), col("N", types.Long),
			col("I", types.Int), col("R", types.Real), col("B", types.Bool), col("D", types.Dynamic), col("G", types.Guid), col("S", types.Timespan), col("M", types.Decimal)}},
		{Name: "Raw_CL", Columns: types.Schema{col("TimeGenerated", types.Datetime), col("Type", types.String), col("user_s", types.String), col("count_d", types.Real), col("ok_b", types.Bool)}},
		{Name: "Other", Columns: types.Schema{col("TimeGenerated", types.Datetime), col("Type", types.String), col("Alpha", types.String), col("Beta", types.String), col("Gamma", types.Long)}},
	} {
		if err := c.AddTable(tab); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func gz(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func TestFormats(t *testing.T) {
	one := "T Name=a N=1"
	two := one + "\nT Name=b N=2"
	for _, tt := range []struct {
		name, file, text string
		want             string // rows, one a line
		faults           string // "line: reason" of faults and bad values, one a line
	}{
		{"ndjson", "T.json", "{\"Name\":\"a\",\"N\":1}\n{\"Name\":\"b\",\"N\":2}\n", two, ""},
		{"ndjson, crlf, no last line end", "T.ndjson", "{\"Name\":\"a\",\"N\":1}\r\n\r\n{\"Name\":\"b\",\"N\":2}", two, ""},
		{"array", "T.json", "[{\"Name\":\"a\",\"N\":1},\n {\"Name\":\"b\",\"N\":2}]", two, ""},
		{"array, byte-order mark", "T.json", "\ufeff[{\"Name\":\"a\",\"N\":1}]", one, ""},
		{"empty array", "T.json", "[]", "", ""},
		{"empty file", "T.json", "", "", ""},
		{"concatenated", "T.json", "{\"Name\":\"a\",\n\"N\":1}{\"Name\":\"b\",\"N\":2}", two, ""},
		{"records envelope", "T.json", "{\"records\":[{\"Name\":\"a\",\"N\":1},{\"Name\":\"b\",\"N\":2}]}", two, ""},
		{"value envelope with annotations", "T.json", `{"@odata.context":"x","@odata.count":2,"value":[{"Name":"a","N":1}],"@odata.nextLink":"y"}{"value":[{"Name":"b","N":2}]}`, two, ""},
		{"envelope lines", "T.json", "{\"Records\":[{\"Name\":\"a\",\"N\":1}]}\n{\"records\":[]}\n{\"records\":[{\"Name\":\"b\",\"N\":2}]}\n", two, ""},
		{"value that is no envelope", "T.json", `{"value":[1,2],"Name":"a","N":1}`, one, ""},
		{"gzip", "T.json.gz", gz("{\"Name\":\"a\",\"N\":1}\n"), one, ""},
		{"gzip without the ending", "T.json", gz("{\"Name\":\"a\",\"N\":1}\n"), one, ""},
		{"csv", "T.csv", "Name,N\na,1\nb,2\n", two, ""},
		{"csv, byte-order mark, crlf", "T.csv", "\ufeffName,N\r\na,1\r\nb,2", two, ""},
		{"csv, gzip", "T.csv.gz", gz("Name,N\na,1\n"), one, ""},
		{"csv, quotes", "T.csv", "\"Name\",\"N\"\n\"a, \"\"b\"\"\nc\",1\n\"x\"y,2\nit\"s,3\n", "T Name=a, \"b\"\nc N=1\nT Name=xy N=2\nT Name=it\"s N=3", ""},
		{"csv, semicolons", "T.csv", "Name;N\na;1\n", one, ""},
		{"tsv", "T.tsv", "Name\tN\na\t1\n", one, ""},
		{"csv, superfluous empty cells", "T.csv", "Name,N\na,1,,\n", one, ""},
		{"csv, broken lines", "T.csv", "Name,N\na\na,1\na,b,c\n\"open\nb,2\n", one + "\nT Name=b N=2", "2: expected 2 cells, found 1\n4: expected 2 cells, found 3\n5: a quote is not closed"},
		{"csv, header only", "T.csv", "Name,N\n", "", ""},
		{"escapes", "T.json", `{"Na\u006de":"\"\u00e4\\\/\ud83d\ude00","N":1}`, "T Name=\"ä\\/😀 N=1", ""},
		{"invalid utf-8", "T.json", "{\"Name\":\"a\xffb\",\"N\":1}\n", "T Name=a\ufffdb N=1", ""},
		{"invalid utf-8 in csv", "T.csv", "Name,N\na\xffb,1\n", "T Name=a\ufffdb N=1", ""},
		{"keys in other case", "T.json", `{"NAME":"a","n":1}`, one, ""},
		{"exact key wins", "T.json", `{"Name":"a","name":"x","N":1,"n":9}`, one, ""},
		{"exact key wins behind", "T.json", `{"name":"x","Name":"a","N":1}`, one, ""},
		{"headers with time zone", "T.csv", "TimeGenerated [UTC],Name\n\"8/4/2021, 1:05:10.123 PM\",a\n", "T TimeGenerated=2021-08-04T13:05:10.1230000Z Name=a", ""},
		{"split dynamic", "T.csv", "Name,D_dynamic,D_string\na,\"{\"\"x\"\": 1}\",\nb,,text\n", "T Name=a D={\"x\":1}\nT Name=b D=\"text\"", ""},

		{"broken line", "T.json", "{\"Name\":\"a\",\"N\":1}\n{\"Name\":\"x\n{\"Name\":\"b\",\"N\":2}\n", two, "2: a string is not closed at the end of the line"},
		{"unclosed object", "T.json", "{\"Name\":\"x\"\n{\"Name\":\"a\",\"N\":1}\n", one, `2: expected "," or "}", found "{"`},
		{"bad word", "T.json", "{\"Name\":tru}\n{\"Name\":\"a\",\"N\":1}\n", one, "1: unexpected word"},
		{"bad element in an array", "T.json", "[{\"Name\":\"a\",\"N\":1},{\"N\":01},{\"Name\":\"b\",\"N\":2}]", two, "1: malformed number"},
		{"bad element in an indented array", "T.json", "[\n  {\n    \"Name\": \"x\" \"N\": 1,\n    \"D\": [\n      {\n        \"a\": 1\n      }\n    ]\n  },\n  {\n    \"Name\": \"a\",\n    \"N\": 1\n  }\n]\n", one, `3: expected "," or "}", found """`},
		{"cut off", "T.json", "{\"Name\":\"a\",\"N\":1}\n{\"Name\":\"b\",", one, "2: the text ends inside a record"},
		{"cut-off array", "T.json", "[{\"Name\":\"a\",\"N\":1},", one, "1: the text ends inside an array"},
		{"no objects", "T.json", "[{\"Name\":\"a\",\"N\":1},5,\"x\",null,[1]]\nhello\n{\"Name\":\"b\",\"N\":2}", two, "1: expected an object, found \"5\"\n1: expected an object, found \"\"\"\n1: expected an object, found \"n\"\n1: expected an object, found \"[\"\n2: expected an object, found \"h\""},
		{"cut-off envelope", "T.json", "{\"records\":[{\"Name\":\"a\",\"N\":1}]", one, "1: the text ends inside an array"},
		{"envelope with a broken end", "T.json", "{\"records\":[{\"Name\":\"a\",\"N\":1}] oops}\n{\"Name\":\"b\",\"N\":2}\n", two, "1: the envelope is not closed as JSON is"},
		{"nested too deep", "T.json", "{\"D\":" + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}\n{\"Name\":\"a\",\"N\":1}\n", one, "1: nested too deep"},

		{"values", "T.json", `{"N":"12","I":3.0,"R":"1.5","B":"True","G":"{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}","S":"1.02:03:04","M":"12.50","D":{"b": 1, "a":[1.50,2e1,null]}}`,
			`T N=12 I=3 R=1.5 B=True D={"b":1,"a":[1.5,20.0,null]} G=a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 S=1.02:03:04 M=12.50`, ""},
		{"values that do not fit", "T.json", `{"Name":"a","N":"x","I":3000000000,"R":[1],"B":"maybe","G":"1","S":"x"}`, "T Name=a",
			"1: N: \"x\" is no long\n1: I: \"3000000000\" is no int\n1: R: \"[1]\" is no real\n1: B: \"maybe\" is no bool\n1: G: \"1\" is no guid\n1: S: \"x\" is no timespan"},
		{"nulls", "T.json", `{"Name":null,"N":"","I":null,"D":null,"R":"null","B":""}`, "T", ""},
		{"number and bool as string", "T.json", "{\"Name\":1.50}\n{\"Name\":true}\n{\"Name\":{\"a\": 1}}", "T Name=1.50\nT Name=true\nT Name={\"a\":1}", ""},
		{"dynamic of text", "T.json", "{\"D\":\"{\\\"a\\\": [1]}\"}\n{\"D\":\"{x\"}\n{\"D\":\"5\"}\n{\"D\":5}\n{\"D\":\"\"}\n{\"D\":{\"a\":1,\"a\":2}}\n{\"D\":\"null\"}",
			"T D={\"a\":[1]}\nT D=\"{x\"\nT D=\"5\"\nT D=5\nT\nT D={\"a\":2}\nT D=\"null\"", ""},
		{"dynamic of cells", "T.csv", "D,N\n5,1\n\"\"\"q\"\"\",1\ntrue,1\nword,1\nnull,1\n", "T N=1 D=5\nT N=1 D=\"q\"\nT N=1 D=true\nT N=1 D=\"word\"\nT N=1", ""},
		{"times", "T.json", "{\"TimeGenerated\":\"2024-01-31T12:00:00.1234567Z\"}\n{\"TimeGenerated\":1706702400}\n{\"TimeGenerated\":1706702400123}\n{\"TimeGenerated\":1706702400.5}\n{\"TimeGenerated\":\"1706702400\"}\n{\"TimeGenerated\":\"1/31/2024, 12:00:00.123 PM\"}\n{\"TimeGenerated\":\"2024-01-31T14:00:00+02:00\"}\n{\"TimeGenerated\":1706702400123456}\n{\"TimeGenerated\":1706702400123456700}\n{\"TimeGenerated\":\"soon\"}",
			"T TimeGenerated=2024-01-31T12:00:00.1234567Z\nT TimeGenerated=2024-01-31T12:00:00.0000000Z\nT TimeGenerated=2024-01-31T12:00:00.1230000Z\nT TimeGenerated=2024-01-31T12:00:00.5000000Z\nT TimeGenerated=2024-01-31T12:00:00.0000000Z\nT TimeGenerated=2024-01-31T12:00:00.1230000Z\nT TimeGenerated=2024-01-31T12:00:00.0000000Z\nT TimeGenerated=2024-01-31T12:00:00.1234560Z\nT TimeGenerated=2024-01-31T12:00:00.1234567Z\nT",
			"10: TimeGenerated: \"soon\" is no datetime"},
		{"another key tells the time", "T.json", `{"Name":"a","eventTime":"2024-01-31T12:00:00Z","date":"2020-01-01"}`, "T TimeGenerated=2024-01-31T12:00:00.0000000Z Name=a", ""},
		{"collector suffixes", "Raw-CL.json", `{"user":"u","count":3,"ok":true}`, "Raw_CL user_s=u count_d=3.0 ok_b=True", ""},
		{"custom table grows", "Raw_CL.json", "{\"user\":\"u\",\"new\":1}\n{\"new\":2.5,\"late\":{\"a\":1}}\n", "Raw_CL user_s=u new=1.0\nRaw_CL new=2.5 late={\"a\":1}", ""},
	} {
		sink := &textSink{}
		rep, err := Load(context.Background(), fstest.MapFS{tt.file: {Data: []byte(tt.text)}}, Options{Parallel: 1}, smallCatalog(t), sink)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		f := rep.Files[0]
		if f.Err != nil {
			t.Errorf("%s: %v", tt.name, f.Err)
		}
		if got := strings.Join(sink.rows, "\n"); got != tt.want {
			t.Errorf("%s: rows\n%s\nexpected\n%s", tt.name, got, tt.want)
		}
		var faults []string
		for _, x := range append(f.Faults, f.BadValueFaults...) {
			faults = append(faults, fmt.Sprintf("%d: %s", x.Line, x.Reason))
		}
		if got := strings.Join(faults, "\n"); got != tt.faults {
			t.Errorf("%s: faults\n%s\nexpected\n%s", tt.name, got, tt.faults)
		}
		if f.Rows != int64(len(sink.rows)) {
			t.Errorf("%s: the report says %d rows of %d", tt.name, f.Rows, len(sink.rows))
		}
	}
}

func TestFilesRefused(t *testing.T) {
	for _, tt := range []struct{ name, file, text, err string }{
		{"utf-16", "T.json", "\xff\xfe{\x00", "UTF-16"},
		{"broken gzip", "T.json.gz", "\x1f\x8bnot gzip", "gzip"},
		{"no csv header", "T.csv", "", "no header line"},
		{"no parquet", "T.parquet", "PAR1 but no more", "open parquet"},
		{"empty parquet", "T.parquet", "", "parquet"},
		{"compressed parquet", "T.parquet.gz", gz("PAR1"), "compressed Parquet"},
		{"too many columns", "T.csv", strings.Repeat("a,", 5000) + "b\n", "5001 columns"},
		{"gzip bomb", "T.json.gz", gz("{\"Name\":\"" + strings.Repeat("a", 80<<20) + "\"}"), "expansion limit"},
	} {
		sink := &textSink{}
		rep, err := Load(context.Background(), fstest.MapFS{tt.file: {Data: []byte(tt.text)}}, Options{}, smallCatalog(t), sink)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if e := rep.Files[0].Err; e == nil || !strings.Contains(e.Error(), tt.err) {
			t.Errorf("%s: error %v, expected %q", tt.name, e, tt.err)
		}
		if len(sink.rows) != 0 {
			t.Errorf("%s: rows %v", tt.name, sink.rows)
		}
	}
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("x", 3000)
	for _, tt := range []struct{ name, file, text, reason string }{
		{"json line", "T.json", "{\"Name\":\"" + long + "\"}\n{\"Name\":\"a\"}\n", "larger than the limit"},
		{"json without end", "T.json", "{\"Name\":\"" + strings.Repeat(long, 10) + "\n{\"Name\":\"a\"}\n", "larger than the limit"},
		{"json array", "T.json", "[{\"Name\":\"" + long + "\"},\n{\"Name\":\"a\"}]", "larger than the limit"},
		{"fields", "T.json", "{" + strings.Repeat("\"k\":1,", 50) + "\"k\":1}\n{\"Name\":\"a\"}\n", "more fields"},
		{"csv cell", "T.csv", "Name\n\"" + long + "\"\na\n", "larger than the limit"},
		{"csv without end", "T.csv", "Name\n\"" + strings.Repeat(long, 10) + "\na\n", "larger than the limit"},
	} {
		sink := &textSink{}
		opts := Options{Limits: Limits{MaxRecord: 1000, MaxFields: 40}}
		rep, err := Load(context.Background(), fstest.MapFS{tt.file: {Data: []byte(tt.text)}}, opts, smallCatalog(t), sink)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		f := rep.Files[0]
		if len(f.Faults) == 0 || !strings.Contains(f.Faults[0].Reason, tt.reason) || f.Skipped < 1 {
			t.Errorf("%s: faults %v, expected %q", tt.name, f.Faults, tt.reason)
		}
		if strings.Join(sink.rows, ";") != "T Name=a" {
			t.Errorf("%s: rows %.200v, expected the good one", tt.name, sink.rows)
		}
	}
}

// slowReader hands out a byte at a time, so that every record is cut by the window somewhere.
type slowReader struct{ text string }

func (s *slowReader) Read(p []byte) (int, error) {
	if s.text == "" {
		return 0, errors.New("read beyond the end")
	}
	n := copy(p[:1], s.text)
	s.text = s.text[n:]
	return n, nil
}

func TestSmallWindow(t *testing.T) {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "{\"Name\":\"%s\", \"N\":%d, \"D\":{\"a\":[%d,-1.5e3,true,null]}}\n", strings.Repeat("x", i%97), i, i)
	}
	r := newJSONReader(strings.NewReader(b.String()), Limits{MaxRecord: 100}.withDefaults())
	r.limits.MaxRecord = 200
	var rec record
	n := 0
	for ; ; n++ {
		err := r.next(&rec)
		if err != nil {
			if err.Error() != "EOF" {
				t.Fatal(err)
			}
			break
		}
		if got := rec.textOf(rec.fields, "N"); got != fmt.Sprint(n) || rec.line != int64(n+1) {
			t.Fatalf("record %d: N=%s, line %d", n, got, rec.line)
		}
	}
	if n != 300 {
		t.Errorf("%d records, expected 300", n)
	}
	// a reader that fails in the middle ends the file with its error
	r = newJSONReader(&slowReader{"{\"N\":1}\n{\"N\":"}, Limits{}.withDefaults())
	if err := r.next(&rec); err == nil || !strings.Contains(err.Error(), "read beyond") {
		t.Errorf("error %v", err)
	}
}

type failingSink struct{}

func (failingSink) Append(*catalog.Table, [][]types.Value) error { return errors.New("disk full") }

func TestLoadStops(t *testing.T) {
	fsys := fstest.MapFS{"T.json": {Data: []byte("{\"N\":1}\n")}, "T2/T.json": {Data: []byte("{\"N\":1}\n")}}
	if _, err := Load(context.Background(), fsys, Options{}, smallCatalog(t), failingSink{}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("a failing sink gives %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Load(ctx, fsys, Options{}, smallCatalog(t), &textSink{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled load gives %v", err)
	}
	if _, err := LoadDir(context.Background(), t.TempDir()+"/absent", Options{}, smallCatalog(t), &textSink{}); err == nil {
		t.Error("a folder that is not there is taken")
	}
}

func TestProgressAndReceived(t *testing.T) {
	var last Progress
	sink := &textSink{}
	ticks, _ := types.ParseDatetime("2024-05-01")
	fsys := fstest.MapFS{"T.json": {Data: []byte("{\"N\":1}\n")}, "notes.md": {Data: []byte("x")}}
	rep, err := Load(context.Background(), fsys, Options{TimeReceived: ticks, Progress: func(p Progress) { last = p }}, smallCatalog(t), sink)
	if err != nil {
		t.Fatal(err)
	}
	if last != (Progress{File: "T.json", FilesDone: 1, Files: 1, Bytes: 8, Rows: 1}) {
		t.Errorf("last progress %+v", last)
	}
	if strings.Join(sink.rows, "") != "T TimeGenerated=2024-05-01T00:00:00.0000000Z N=1" {
		t.Errorf("rows %v", sink.rows)
	}
	if len(rep.Ignored) != 1 || rep.Ignored[0] != "notes.md" {
		t.Errorf("ignored %v", rep.Ignored)
	}
	if rows, skipped := rep.Rows(); rows != 1 || skipped != 0 || !strings.Contains(rep.String(), "T.json → T (by name, table rows): 1 rows") {
		t.Errorf("report %d %d\n%s", rows, skipped, rep)
	}
}
