package session

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zipped(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var abc = types.Schema{{Name: "a", Type: types.String}, {Name: "n", Type: types.Long}, {Name: "d", Type: types.Dynamic}}

func TestExternal(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "feeds/plain.csv", "a,n,d\nx,1,\"{\"\"k\"\":[1]}\"\n\"y, z\",2,word\n")
	write(t, dir, "feeds/sub/short.tsv", "x\t1\ny\n\tno number\t[]\tsurplus\n")
	write(t, dir, "feeds/lines.txt", "one, two\r\nthree\n")
	write(t, dir, "feeds/rows.json", `{"a":"x","n":1,"other":true}{"n":"7","d":{"k":null}}`+"\n"+`[{"a":"z"}]`)
	write(t, dir, "feeds/packed.csv.gz", gzipped(t, "x,1\n"))
	write(t, dir, "feeds/many.zip", zipped(t, "one.csv", "x,1\n", "two.csv", "y,2\n", "readme.md", "z,3\n"))
	write(t, dir, "feeds/list.parquet", "PAR1")
	write(t, dir, "feeds/nocsv.json", "a,b")
	write(t, dir, "feeds/a folder/x.csv", "x,1\n")
	write(t, dir, "secret.csv", "secret,1\n")
	if err := os.Symlink(filepath.Join(dir, "secret.csv"), filepath.Join(dir, "feeds", "link.csv")); err != nil {
		t.Fatal(err)
	}
	const host = "https://feeds.example.com"
	x, err := parseExternal([]string{host + "=" + filepath.Join(dir, "feeds"), host + "/one=two/x.csv=" + filepath.Join(dir, "feeds", "plain.csv")})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, uri string
		props     map[string]string
		want      string // rows as text, or "error: " and a part of it
	}{
		{"header skipped", host + "/plain.csv", map[string]string{"ignoreFirstRecord": "True"}, `x,1,{"k":[1]};y, z,2,word`},
		{"header kept", host + "/plain.csv", nil, `a,,d;x,1,{"k":[1]};y, z,2,word`},
		{"credentials dropped", host + "/plain.csv?sig=a;b", map[string]string{"ignorefirstrecord": "true"}, `x,1,{"k":[1]};y, z,2,word`},
		{"the longest prefix counts", host + "/one=two/x.csv", map[string]string{"ignoreFirstRecord": "true"}, `x,1,{"k":[1]};y, z,2,word`},
		{"short, long and bad fields", host + "/sub/short.tsv", nil, `x,1,;y,,;,,[]`},
		{"lines", host + "/lines.txt", nil, `one, two,,;three,,`},
		{"format over extension", host + "/lines.txt", map[string]string{"format": "csv"}, `one,,;three,,`},
		{"raw", host + "/lines.txt", map[string]string{"format": "raw", "zipPattern": "*"}, "one, two\r\nthree\n,,"},
		{"objects and arrays of them", host + "/rows.json", map[string]string{"format": "multijson"}, `x,1,;,7,{"k":null};z,,`},
		{"gzip", host + "/packed.csv.gz", nil, `x,1,`},
		{"zip", host + "/many.zip", map[string]string{"format": "csv", "zipPattern": "*.csv"}, `x,1,;y,2,`},
		{"zip without a match", host + "/many.zip", map[string]string{"zipPattern": "*.tsv"}, "error: no file in the archive"},
		{"zip with a bad pattern", host + "/many.zip", map[string]string{"zipPattern": "["}, "error: zipPattern"},
		{"escapes of the URL", host + "/a%20folder/x.csv", nil, "x,1,"},
		{"upwards, escaped", host + "/%2e%2e/secret.csv", nil, "error: secret.csv"},
		{"no such file", host + "/absent.csv", nil, "error: absent.csv"},
		{"upwards", host + "/../secret.csv", nil, "error: secret.csv"},
		{"upwards, further in", host + "/sub/../../secret.csv", nil, "error: secret.csv"},
		{"out through a link", host + "/link.csv", nil, "error: link.csv"},
		{"a folder", host + "/sub", nil, "error: sub"},
		{"another host with the same beginning", host + ".evil.test/plain.csv", nil, "error: is not allowed"},
		{"another host", "https://example.org/plain.csv", nil, "error: is not allowed"},
		{"a file of this machine", filepath.Join(dir, "secret.csv"), nil, "error: is not allowed"},
		{"unsupported format", host + "/list.parquet", nil, "error: the format 'parquet' is not supported"},
		{"unsupported property", host + "/plain.csv", map[string]string{"ingestionMapping": "[]"}, "error: the property 'ingestionMapping' is not supported"},
		{"bad property", host + "/plain.csv", map[string]string{"ignoreFirstRecord": "perhaps"}, "error: expected true or false"},
		{"no JSON", host + "/nocsv.json", nil, "error: row 1"},
		{"no zip", host + "/plain.csv", map[string]string{"format": "json"}, "error: row 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, err := x.read([]string{c.uri}, abc, c.props)
			if part, fails := strings.CutPrefix(c.want, "error: "); fails {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Fatalf("error %v, want one with %q", err, part)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := textOf(rows); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
	if rows, err := x.read([]string{host + "/packed.csv.gz", host + "/sub/short.tsv"}, abc, nil); err != nil || len(rows) != 4 {
		t.Errorf("two places: %d rows, %v", len(rows), err)
	}
}

func textOf(rows [][]types.Value) string {
	var lines []string
	for _, r := range rows {
		var cells []string
		for _, v := range r {
			cells = append(cells, v.ToText())
		}
		lines = append(lines, strings.Join(cells, ","))
	}
	return strings.Join(lines, ";")
}

func TestExternalIsBounded(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "bomb.csv.gz", gzipped(t, strings.Repeat("x,1\n", maxExternal/4+1)))
	x, err := parseExternal([]string{"https://a.example/=" + dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.read([]string{"https://a.example/bomb.csv.gz"}, abc, nil); err == nil || !strings.Contains(err.Error(), "larger than 100 MB") {
		t.Errorf("error %v", err)
	}
}

func TestWatchlist(t *testing.T) {
	dir := t.TempDir()
	f := write(t, dir, "vip.csv", "\ufeffUPN,Grade\nadele@contoso.com,A\n\"x, y\",\n")
	keyed := write(t, dir, "keyed.tsv", "SearchKey\tB\nk\tb\n")
	write(t, dir, "empty.csv", "")
	write(t, dir, "ragged.csv", "A,B\n1\n")
	for _, c := range []struct{ arg, want string }{
		{"V=" + f, "(SearchKey:string, UPN:string, Grade:string) adele@contoso.com,adele@contoso.com,A;x, y,x, y,"},
		{"V=" + f + ",Grade", "(SearchKey:string, UPN:string, Grade:string) A,adele@contoso.com,A;,x, y,"},
		{"V=" + keyed, "(SearchKey:string, B:string) k,b"},
		{"V=" + f + ",Nothing", "error: has no column 'Nothing'"},
		{"V=" + filepath.Join(dir, "absent.csv"), "error: absent.csv"},
		{"V=" + filepath.Join(dir, "empty.csv"), "error: the file has no header"},
		{"V=" + filepath.Join(dir, "ragged.csv"), "error: wrong number of fields"},
		{"V", "error: expected alias=FILE"},
		{"=" + f, "error: expected alias=FILE"},
	} {
		w, err := readWatchlist(c.arg)
		got := w.Table.Schema.String() + " " + textOf(w.Table.Rows)
		if part, fails := strings.CutPrefix(c.want, "error: "); fails {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %v, want one with %q", c.arg, err, part)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", c.arg, got, err, c.want)
		}
	}
}
