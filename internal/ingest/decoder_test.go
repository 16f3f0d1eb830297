package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/demo"
	"github.com/vedette-siem/vedette/internal/types"
)

// withUnknown returns a table of smallCatalog with the server's columns.
func serverTable(t testing.TB, name string) *catalog.Table {
	t.Helper()
	from, ok := smallCatalog(t).Table(name)
	if !ok {
		t.Fatalf("no table %s", name)
	}
	tab := &catalog.Table{Name: name, Columns: append(types.Schema{}, from.Columns...)}
	tab.Columns = append(tab.Columns, types.Column{Name: "_TimeReceived", Type: types.Datetime}, types.Column{Name: "_ItemId", Type: types.String},
		types.Column{Name: UnknownColumn, Type: types.Dynamic})
	return tab
}

// decodeAll reads a whole body and renders its rows as column=value, empty and null values left out.
func decodeAll(t testing.TB, body string, table *catalog.Table, opts DecoderOptions) (rows []string, report *FileReport, err error) {
	t.Helper()
	d, err := NewDecoder(strings.NewReader(body), NewTarget(table), opts)
	if err != nil {
		return nil, nil, err
	}
	for {
		batch, err := d.Next()
		for _, row := range batch {
			var cells []string
			for i, v := range row {
				if v.Type() != table.Columns[i].Type {
					t.Fatalf("%s holds a %s", table.Columns[i].Name, v.Type())
				}
				if hasValue(v) {
					cells = append(cells, table.Columns[i].Name+"="+v.ToText())
				}
			}
			rows = append(rows, strings.Join(cells, " "))
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			if _, again := d.Next(); again == nil {
				t.Error("rows after the end")
			}
			return rows, d.Report(), err
		}
		if len(batch) == 0 {
			t.Fatal("an empty batch")
		}
	}
}

func TestDecoder(t *testing.T) {
	item := 0
	stamp := Stamp{Received: types.UnixEpochTicks, ItemID: func() string { item++; return fmt.Sprint("id", item) }}
	const received = "TimeGenerated=1970-01-01T00:00:00.0000000Z Type=T "
	for _, tt := range []struct {
		name, body string
		opts       DecoderOptions
		rows       []string
		faults     []string
		unknown    string
	}{
		{name: "array", body: `[{"Name":"a","N":1},{"Name":"b","D":{"x":[1, 2]}}]`, rows: []string{"Name=a N=1", `Name=b D={"x":[1,2]}`}},
		{name: "lines", body: "{\"Name\":\"a\"}\n\n{\"Name\":\"b\"}", rows: []string{"Name=a", "Name=b"}},
		{name: "envelope", body: `{"records":[{"Name":"a"}]}`, rows: []string{"Name=a"}},
		{name: "envelope with more", body: `{"records":[{"Name":"a"}],"lost":1}`, rows: []string{"Name=a"}, faults: []string{`beside the records of the envelope, found ["lost"]`}},
		{name: "empty array", body: `[]`},
		{name: "nothing"},
		{name: "gzip", body: gz(`[{"Name":"a"}]`), rows: []string{"Name=a"}},
		{name: "csv", body: "Name,N,Other\na,1,x\nb,,\n", opts: DecoderOptions{Format: CSV}, rows: []string{`Name=a N=1 _Unknown={"Other":"x"}`, "Name=b"}, unknown: "Other"},
		{name: "unknown fields", body: `[{"Name":"a","X":1.50,"Y":{"z": [null]},"Ü":"é\u00e9","e":"","z":null}]`,
			rows: []string{`Name=a _Unknown={"X":1.5,"Y":{"z":[null]},"Ü":"éé","e":"","z":null}`}, unknown: "X Y Ü"},
		{name: "values that do not fit", body: `[{"N":"x","I":3000000000,"G":"no","Name":"a"}]`, rows: []string{`Name=a _Unknown={"N":"x","I":3000000000,"G":"no"}`}},
		{name: "two names for a column", body: `[{"Name":"a","name":"b"},{"name":"a","Name":"a"},{"NAME":"c"}]`, rows: []string{`Name=a _Unknown={"name":"b"}`, "Name=a", "Name=c"}},
		{name: "a repeated field", body: `[{"X":1,"X":2}]`, rows: []string{`_Unknown={"X":2}`}, unknown: "X"},
		{name: "own unknown column", body: `[{"_Unknown":{"a":1},"x":2},{"_Unknown":"text","x":2},{"_Unknown":{"a":1}}]`,
			rows: []string{`_Unknown={"a":1,"x":2}`, `_Unknown={"_Unknown":"text","x":2}`, `_Unknown={"a":1}`}, unknown: "x"},
		{name: "the server's columns", body: `[{"Name":"a","_TimeReceived":"2024-01-01T00:00:00Z","_ItemId":"mine","Type":"Other"}]`, rows: []string{"Name=a"}},
		{name: "no objects", body: `[1,{"Name":"a"},"x",[]]`, rows: []string{"Name=a"},
			faults: []string{"record 1 (line 1): expected an object", "record 3 (line 1)", "record 4 (line 1)"}},
		{name: "broken record", body: "[{\"Name\":\"a\"},\n{\"Name\":\"b\",},\n{\"Name\":\"c\"}]", rows: []string{"Name=a", "Name=c"}, faults: []string{"record 2 (line 2): expected a key"}},
		{name: "cut off", body: `[{"Name":"a"},{"Name":"b"`, rows: []string{"Name=a"}, faults: []string{"record 2 (line 1): the text ends inside a record", "line 1: the text ends inside an array"}},
		{name: "cut off between", body: `[{"Name":"a"},`, rows: []string{"Name=a"}, faults: []string{"line 1: the text ends inside an array"}},
		{name: "no JSON", body: "hello", faults: []string{`found "h"`}},
		{name: "too deep", body: `[{"D":[[[[1]]]]},{"D":[[1]]}]`, opts: DecoderOptions{Limits: Limits{MaxDepth: 4}}, rows: []string{"D=[[1]]"}, faults: []string{"record 1 (line 1): nested too deep"}},
		{name: "long value", body: `[{"Name":"aaaaaaaaaaa"},{"Name":"b"},{"D":["aaaa","aaaa"]}]`, opts: DecoderOptions{Limits: Limits{MaxValue: 10}}, rows: []string{"Name=b"},
			faults: []string{`record 1 (line 1): the value of "Name" is longer than the limit of 10 bytes`, "record 3"}},
		{name: "many fields", body: `[{"a":1,"b":1,"c":1},{"Name":"b"}]`, opts: DecoderOptions{Limits: Limits{MaxFields: 2}}, rows: []string{"Name=b"}, faults: []string{"record 1 (line 1): record has more fields"}},
		{name: "long record", body: `[{"Name":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},{"Name":"b"}]`, opts: DecoderOptions{Limits: Limits{MaxRecord: 30}}, rows: []string{"Name=b"}, faults: []string{"record 1 (line 1): record is larger"}},
	} {
		item = 0
		tt.opts.Stamp = stamp
		rows, report, err := decodeAll(t, tt.body, serverTable(t, "T"), tt.opts)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		for i := range tt.rows {
			own, unknown, more := strings.Cut(tt.rows[i], UnknownColumn+"=")
			tt.rows[i] = strings.TrimSpace(received+own) + fmt.Sprintf(" _TimeReceived=1970-01-01T00:00:00.0000000Z _ItemId=id%d", i+1)
			if more {
				tt.rows[i] += " " + UnknownColumn + "=" + unknown
			}
		}
		if got, want := strings.Join(rows, "\n"), strings.Join(tt.rows, "\n"); got != want {
			t.Errorf("%s: rows\n%s\nwant\n%s", tt.name, got, want)
		}
		if len(report.Faults) != len(tt.faults) || report.Unread() != (len(tt.faults) > 0) || report.Rows != int64(len(rows)) {
			t.Errorf("%s: faults %v of %d rows", tt.name, report.Faults, report.Rows)
		}
		for i := range min(len(tt.faults), len(report.Faults)) {
			if !strings.Contains(report.Faults[i].Error(), tt.faults[i]) {
				t.Errorf("%s: fault %q, want %q", tt.name, report.Faults[i].Error(), tt.faults[i])
			}
		}
		if got := strings.Join(report.Unknown(), " "); got != tt.unknown {
			t.Errorf("%s: unknown %q, want %q", tt.name, got, tt.unknown)
		}
	}
}

func TestDecoderBatches(t *testing.T) {
	body := strings.Repeat("{\"Name\":\"a\"}\n5\n", 10)
	d, err := NewDecoder(strings.NewReader(body), NewTarget(serverTable(t, "T")), DecoderOptions{BatchRows: 4})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		rows, err := d.Next()
		if err != nil {
			break
		}
		got = append(got, fmt.Sprint(len(rows), "@", d.Before()))
		rows[0][0] = types.Null(types.Datetime) // the caller's
	}
	if s := strings.Join(got, " "); s != "4@0 4@7 2@15" || d.Records() != 20 {
		t.Errorf("batches %s of %d records", s, d.Records())
	}
	d, err = NewDecoder(strings.NewReader(body), NewTarget(serverTable(t, "T")), DecoderOptions{BatchBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := d.Next(); err != nil || len(rows) != 1 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func TestDecoderBodyLimit(t *testing.T) {
	record := `{"Name":"aaaaaaaaaa"}` + "\n"
	for _, tt := range []struct {
		name, body string
		limit      int64
		rows       int
		err        error
	}{
		{"within", strings.Repeat(record, 10), int64(10 * len(record)), 10, nil},
		{"a byte more", strings.Repeat(record, 10), int64(10*len(record) - 1), 0, ErrBodyTooLarge},
		{"compressed", gz(strings.Repeat(record, 100_000)), 1 << 20, 0, ErrBodyTooLarge},
		{"parquet", parquetFile(t, []parquetRow{{}}), 20, 0, ErrBodyTooLarge},
	} {
		for _, recognise := range []bool{false, true} {
			opts := DecoderOptions{Limits: Limits{MaxBody: tt.limit}, Recognise: recognise}
			if tt.name == "parquet" {
				opts.Format = Parquet
			}
			d, err := NewDecoder(bytes.NewReader([]byte(tt.body)), NewTarget(serverTable(t, "T")), opts)
			rows := 0
			for err == nil {
				var batch [][]types.Value
				batch, err = d.Next()
				rows += len(batch)
			}
			if tt.err == nil && (!errors.Is(err, io.EOF) || rows != tt.rows) || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("%s, recognise %v: %d rows, %v", tt.name, recognise, rows, err)
			}
		}
	}
}

// TestDecoderShapes reads what the services themselves write into their table, over more than the sample.
func TestDecoderShapes(t *testing.T) {
	table, _ := catalog.Builtin().Table("SigninLogs")
	for _, tt := range []struct {
		name, body, shape string
		opts              DecoderOptions
	}{
		{"diagnostic", strings.Repeat(diagnosticSignIn+"\n", 1000), "diagnostic settings", DecoderOptions{Recognise: true}},
		{"graph", `{"value":[` + strings.Repeat(graphSignIn+",", 999) + graphSignIn + "]}", "Microsoft Graph", DecoderOptions{Recognise: true}},
		{"as it stands", strings.Repeat(diagnosticSignIn+"\n", 1000), "table rows", DecoderOptions{}},
	} {
		rows, report, err := decodeAll(t, tt.body, table, tt.opts)
		if err != nil || len(rows) != 1000 || report.Shape != tt.shape || report.Unread() {
			t.Fatalf("%s: %d rows, %v, %+v", tt.name, len(rows), err, report)
		}
		if has := strings.Contains(rows[0], "UserPrincipalName="); has != tt.opts.Recognise || rows[0] != rows[999] {
			t.Errorf("%s: row %s", tt.name, rows[0])
		}
	}
}

func TestDecoderParquet(t *testing.T) {
	text := parquetFile(t, []parquetRow{{}, {}})
	for _, r := range []io.Reader{bytes.NewReader([]byte(text)), strings.NewReader(text), io.NewSectionReader(strings.NewReader(text), 0, int64(len(text)))} {
		d, err := NewDecoder(r, NewTarget(serverTable(t, "T")), DecoderOptions{Format: Parquet})
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := d.Next(); err != nil || len(rows) != 2 {
			t.Errorf("%T: %d rows, %v", r, len(rows), err)
		}
	}
	if _, err := NewDecoder(strings.NewReader("PAR1 no"), NewTarget(serverTable(t, "T")), DecoderOptions{Format: Parquet}); err == nil {
		t.Error("no error for a broken file")
	}
}

func FuzzDecoder(f *testing.F) {
	for _, s := range []string{`[{"Name":"a","X":{"y":[1]}},{"N":"x"}]`, "Name,N\na,1\n", `{"records":[{"a":1}],"b":2}`, gz(`[{"Name":"a"}]`), "PAR1", `[{"a":"` + strings.Repeat("[", 200)} {
		f.Add([]byte(s), uint8(0))
		f.Add([]byte(s), uint8(1))
		f.Add([]byte(s), uint8(2))
	}
	f.Fuzz(func(t *testing.T, body []byte, format uint8) {
		opts := DecoderOptions{Format: Format(format % 3), BatchRows: 3, Recognise: format%2 == 0, Limits: Limits{MaxRecord: 1 << 12, MaxBody: 1 << 16, MaxDepth: 8, MaxFields: 32}}
		d, err := NewDecoder(bytes.NewReader(body), NewTarget(serverTable(t, "T")), opts)
		if err != nil {
			return
		}
		rows := int64(0)
		for {
			batch, err := d.Next()
			if err != nil {
				break
			}
			rows += int64(len(batch))
			for _, row := range batch {
				if u := row[len(row)-1]; !u.IsNull() {
					if _, err := types.ParseJSON(u.Text()); err != nil {
						t.Fatalf("%s: %v", u.Text(), err)
					}
				}
			}
		}
		if r := d.Report(); r.Rows != rows || d.Records() != r.Rows+r.Skipped {
			t.Fatalf("%d records, %d rows (reported %d), %d skipped", d.Records(), rows, r.Rows, r.Skipped)
		}
	})
}

// demoSignIns writes the demo's sign-ins as a sender does: a JSON array.
func demoSignIns(tb testing.TB, n int) string {
	tb.Helper()
	var b strings.Builder
	cat := catalog.Builtin()
	done := errors.New("enough")
	rows := 0
	_, err := demo.Generate(demo.Options{Users: 200, SignIns: max(n, 1000), Days: 5}, func(table string) types.Schema {
		if table != demo.TableSigninLogs {
			return nil
		}
		t, _ := cat.Table(table)
		return t.Columns
	}, func(_ string, schema types.Schema, row []types.Value) error {
		if rows == n {
			return done
		}
		sep := ",{"
		if rows == 0 {
			sep = "[{"
		}
		rows++
		for i, v := range row {
			if !hasValue(v) {
				continue
			}
			b.WriteString(sep)
			sep = ","
			b.WriteString(types.QuoteJSON(schema[i].Name) + ":" + types.JSONOf(v).String())
		}
		b.WriteByte('}')
		return nil
	})
	if err != nil && !errors.Is(err, done) {
		tb.Fatal(err)
	}
	b.WriteByte(']')
	return b.String()
}

// BenchmarkDecoder reads sign-ins of the demo in bodies of the size that clients send (400 records, near the API's
// limit of 1 MB), and single.
func BenchmarkDecoder(b *testing.B) {
	for _, n := range []int{1, 400} {
		body := []byte(demoSignIns(b, n))
		table, _ := catalog.Builtin().Table("SigninLogs")
		wide := &catalog.Table{Name: table.Name, Columns: append(append(types.Schema{}, table.Columns...), types.Column{Name: UnknownColumn, Type: types.Dynamic})}
		target := NewTarget(wide)
		b.Run(fmt.Sprint("records=", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				d, err := NewDecoder(bytes.NewReader(body), target, DecoderOptions{Stamp: Stamp{Received: types.UnixEpochTicks}})
				if err != nil {
					b.Fatal(err)
				}
				rows := 0
				for {
					batch, err := d.Next()
					if err != nil {
						break
					}
					rows += len(batch)
				}
				if rows != n || d.Report().Unread() {
					b.Fatalf("%d rows: %+v", rows, d.Report())
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// TestUnescape holds the short way against the parser of dynamic values.
func TestUnescape(t *testing.T) {
	for _, s := range []string{``, `plain`, `\"`, `a\\b\/c\n\r\t\b\fd`, `\u00e9\u00E9\u20AC`, `\ud83d\ude00x`, `\ud83d`, `\ud83dx`, `\ud83d\n`, `\ud83d\ud83d\ude00`, `\ude00\ud83d`, `\u0000`, `é\u0041`} {
		want, err := types.ParseJSON(`"` + s + `"`)
		if err != nil {
			t.Fatal(err)
		}
		if got := unescape(s); got != want.Str {
			t.Errorf("unescape(%s) = %q, want %q", s, got, want.Str)
		}
	}
}
