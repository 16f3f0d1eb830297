package watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/parquet-go/parquet-go"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/types"
)

// memoryLog keeps batches in memory, each id once. It outlives the folders of a test, as a log on disk does.
type memoryLog struct {
	mu    sync.Mutex
	seen  map[string]bool
	names []string // of the rows kept, by their column Name
	calls int
	// before and after are asked at every call: an error of before keeps nothing, one of after comes when the batch
	// is kept, as if the process had ended in between.
	before, after func(call int) error
}

func (l *memoryLog) Append(_ context.Context, b eventlog.Batch) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.before != nil {
		if err := l.before(l.calls); err != nil {
			return false, err
		}
	}
	if b.ID == "" {
		return false, errors.New("a batch without an id")
	}
	if l.seen[b.ID] {
		return true, nil
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[b.ID] = true
	for _, p := range b.Parts {
		name := p.Table.Columns.Index("Name")
		for _, row := range p.Rows {
			l.names = append(l.names, p.Table.Name+":"+row[name].Text())
		}
	}
	if l.after != nil {
		return false, l.after(l.calls)
	}
	return false, nil
}

func (l *memoryLog) rows() string {
	out := append([]string{}, l.names...)
	sort.Strings(out)
	return strings.Join(out, " ")
}

// clock moves on when it is waited for.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.now = c.now.Add(d)
	ch := make(chan time.Time, 1)
	ch <- c.now
	return ch
}

type fixture struct {
	t      *testing.T
	dir    string
	log    *memoryLog
	clock  *clock
	folder *Folder
	opts   Options
	told   []Outcome
}

func newFixture(t *testing.T, change func(*Options)) *fixture {
	t.Helper()
	cat := catalog.New()
	col := func(name string, typ types.Type) types.Column { return types.Column{Name: name, Type: typ} }
	for _, tab := range []catalog.Table{
		{Name: "Web_CL", Columns: types.Schema{col("TimeGenerated", types.Datetime), col("Name", types.String), col("N", types.Long), col(ingest.UnknownColumn, types.Dynamic)}},
		{Name: "Mail_CL", Columns: types.Schema{col("TimeGenerated", types.Datetime), col("Name", types.String), col("Sender", types.String), col("Subject", types.String), col("Size", types.Long)}},
	} {
		if err := cat.AddTable(tab); err != nil {
			t.Fatal(err)
		}
	}
	f := &fixture{t: t, dir: t.TempDir(), log: &memoryLog{}, clock: &clock{now: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}}
	f.opts = Options{Dir: f.dir, Catalog: cat, Log: f.log, Clock: f.clock, Sources: &ingest.Sources{}, Told: func(o Outcome) { f.told = append(f.told, o) }}
	if change != nil {
		change(&f.opts)
	}
	f.restart()
	return f
}

// restart is what a new process does.
func (f *fixture) restart() {
	f.t.Helper()
	var err error
	if f.folder, err = New(f.opts); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) put(file, text string) {
	f.t.Helper()
	p := filepath.Join(f.dir, filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// settle looks at the folder until what is in it has settled.
func (f *fixture) settle() error {
	f.t.Helper()
	if err := f.folder.Poll(context.Background()); err != nil {
		return err
	}
	f.clock.now = f.clock.now.Add(11 * time.Second)
	return f.folder.Poll(context.Background())
}

// files lists what is in the folder.
func (f *fixture) files() string {
	f.t.Helper()
	var out []string
	err := filepath.WalkDir(f.dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(f.dir, p)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

func (f *fixture) text(file string) string {
	f.t.Helper()
	b, err := os.ReadFile(filepath.Join(f.dir, filepath.FromSlash(file)))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

type parquetRow struct {
	Name string `parquet:"Name"`
}

func TestFormats(t *testing.T) {
	var file, packed bytes.Buffer
	w := parquet.NewGenericWriter[parquetRow](&file)
	if _, err := w.Write([]parquetRow{{"p"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte("Name\ng\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, func(o *Options) {
		o.Mapping = []ingest.Mapping{{Pattern: "m*", Table: "Mail_CL"}, {Pattern: "skip/*", Table: "-"}}
	})
	f.put("Web_CL/a.json", `[{"Name":"a","X":1},{"Name":"b"}]`)
	f.put("Web_CL/deep/[er]*.jsonl", "{\"Name\":\"c\"}\n")
	f.put("Web_CL.parquet", file.String())
	f.put("Web_CL/x.csv.gz", packed.String())
	f.put("m1.csv", "Name\nm\n")
	f.put("whatever.json", `{"Name":"w","Sender":"s","Subject":"t","Size":1}`)
	f.put("skip/a.json", `{}`)
	f.put("now.json.tmp", `{`)
	f.put(".hidden.json", `{`)
	if err := os.Symlink("/etc/passwd", filepath.Join(f.dir, "link.json")); err != nil {
		t.Fatal(err)
	}
	if err := f.settle(); err != nil {
		t.Fatal(err)
	}
	if got, want := f.log.rows(), "Mail_CL:m Mail_CL:w Web_CL:a Web_CL:b Web_CL:c Web_CL:g Web_CL:p"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	want := ".hidden.json done/Web_CL.parquet done/Web_CL/a.json done/Web_CL/deep/[er]*.jsonl done/Web_CL/x.csv.gz done/m1.csv done/whatever.json link.json now.json.tmp skip/a.json"
	if got := f.files(); got != want {
		t.Errorf("files %s\n want %s", got, want)
	}
	if _, err := os.Stat(filepath.Join(f.dir, reading, "Web_CL")); !errors.Is(err, os.ErrNotExist) {
		t.Error("empty folders are left behind")
	}
	c := f.opts.Sources.Snapshot()
	if len(c) != 2 || c[1].Source != "watch/Web_CL" || c[1].Received != 5 || c[1].Rows != 5 || c[1].Bodies != 4 || c[1].Unknown != 1 || c[1].Bytes == 0 {
		t.Errorf("counts %+v", c)
	}
}

// TestGrowing: a file that grows is waited for.
func TestGrowing(t *testing.T) {
	f := newFixture(t, nil)
	for i := range 5 {
		f.put("Web_CL/a.json", strings.Repeat("{\"Name\":\"a\"}\n", i+1))
		if err := f.folder.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.clock.now = f.clock.now.Add(8 * time.Second)
		if err := f.folder.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if f.log.calls > 0 {
		t.Fatal("a growing file is read")
	}
	if err := f.settle(); err != nil || len(f.log.names) != 5 {
		t.Errorf("%v: rows %s", err, f.log.rows())
	}
}

func TestBadFiles(t *testing.T) {
	f := newFixture(t, nil)
	f.put("Web_CL/some.json", "{\"Name\":\"a\"}\n{\"Name\":}\n{\"Name\":\"b\"}\n")
	f.put("Web_CL/none.csv", "")
	f.put("Web_CL/cut.parquet", "PAR1")
	f.put("Web_CL/notes.txt", "hello")
	f.put("nowhere.json", `{"Alpha":1}`)
	f.put("Web_CL/cut.json.gz", "\x1f\x8b\x08")
	if err := f.settle(); err != nil {
		t.Fatal(err)
	}
	if got, want := f.log.rows(), "Web_CL:a Web_CL:b"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	for file, want := range map[string][]string{
		"Web_CL/some.json":   {"2 rows are kept (0 of them from before), 1 records are not", "line 2: unexpected character", "Put in again only what is missing", "Table: Web_CL"},
		"Web_CL/none.csv":    {"no header line", "0 rows are kept"},
		"Web_CL/cut.parquet": {"parquet"},
		"Web_CL/notes.txt":   {"expected .json"},
		"nowhere.json":       {"no table fits: there is no nowhere_CL"},
		"Web_CL/cut.json.gz": {"gzip"},
	} {
		text := f.text("failed/" + file + ".error.txt")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %s\nlacks %s", file, text, w)
			}
		}
		f.text("failed/" + file)
	}
	if strings.Contains(f.files(), "done") || len(f.told) != 6 {
		t.Errorf("files %s, told %v", f.files(), f.told)
	}
	for _, o := range f.told {
		if o.Err == nil || !strings.HasPrefix(o.Moved, "failed/") {
			t.Errorf("told %+v", o)
		}
	}
}

// TestAgain: the same file put in again adds nothing, another one of its name does, and both are kept apart.
func TestAgain(t *testing.T) {
	f := newFixture(t, nil)
	for _, name := range []string{"a", "a", "b"} {
		f.put("Web_CL/x.json", `{"Name":"`+name+`"}`)
		if err := f.settle(); err != nil {
			t.Fatal(err)
		}
	}
	f.put("Web_CL/y.json", `{"Name":"a"}`) // another file of equal content is other events
	if err := f.settle(); err != nil {
		t.Fatal(err)
	}
	if got := f.log.rows(); got != "Web_CL:a Web_CL:a Web_CL:b" {
		t.Errorf("rows %s", got)
	}
	if got := f.files(); got != "done/Web_CL/x.json done/Web_CL/x~2.json done/Web_CL/x~3.json done/Web_CL/y.json" {
		t.Errorf("files %s", got)
	}
	if len(f.told) != 4 || f.told[1].Duplicate != 1 || f.told[1].Rows != 0 {
		t.Errorf("told %+v", f.told)
	}
}

func TestDelete(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Delete = true })
	f.put("Web_CL/x.json", `{"Name":"a"}`)
	f.put("Web_CL/y.json", `{"Name":}`)
	if err := f.settle(); err != nil {
		t.Fatal(err)
	}
	if got := f.files(); got != "failed/Web_CL/y.json failed/Web_CL/y.json.error.txt" {
		t.Errorf("files %s", got)
	}
}

// TestKills ends the process at every batch of a file, before it is kept or behind, and starts a new one: each row
// is kept once, whichever way.
func TestKills(t *testing.T) {
	var b strings.Builder
	want := map[string]bool{}
	for i := range 3*batchRows + 7 {
		fmt.Fprintf(&b, "{\"Name\":\"%d\"}\n", i)
		want[fmt.Sprint("Web_CL:", i)] = true
	}
	killed := errors.New("killed")
	for kill := 1; kill <= 4; kill++ {
		for _, behind := range []bool{false, true} {
			f := newFixture(t, nil)
			at := func(call int) error {
				if call == kill {
					return killed
				}
				return nil
			}
			if behind {
				f.log.after = at
			} else {
				f.log.before = at
			}
			f.put("Web_CL/a.json", b.String())
			if err := f.settle(); !errors.Is(err, killed) {
				t.Fatal(err)
			}
			if got := f.files(); got != ".reading/Web_CL/a.json" {
				t.Fatalf("files %s", got)
			}
			f.put("Web_CL/a.json", `{"Name":"later"}`) // a new file of the name waits for the first
			f.restart()
			if err := f.settle(); err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for _, n := range f.log.names {
				got[n] = true
			}
			if len(f.log.names) != len(want)+1 || len(got) != len(want)+1 || !got["Web_CL:later"] {
				t.Errorf("killed at %d, behind %v: %d rows, %d different, want %d", kill, behind, len(f.log.names), len(got), len(want)+1)
			}
			if got := f.files(); got != "done/Web_CL/a.json done/Web_CL/a~2.json" {
				t.Errorf("files %s", got)
			}
		}
	}
}

// TestBusy: a log that is busy is waited for.
func TestBusy(t *testing.T) {
	f := newFixture(t, nil)
	f.log.before = func(call int) error {
		if call < 10 {
			return fmt.Errorf("log: %w", eventlog.ErrBusy)
		}
		return nil
	}
	f.put("Web_CL/a.json", `{"Name":"a"}`)
	if err := f.settle(); err != nil || f.log.rows() != "Web_CL:a" {
		t.Errorf("%v: rows %s", err, f.log.rows())
	}
	// until the end of the process
	f.log.before = func(int) error { return eventlog.ErrBusy }
	f.put("Web_CL/b.json", `{"Name":"b"}`)
	if err := f.folder.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.clock.now = f.clock.now.Add(time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	f.log.before = func(int) error { cancel(); return eventlog.ErrBusy }
	if err := f.folder.Poll(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestChanged: a file that is changed while it is read is not taken for whole.
func TestChanged(t *testing.T) {
	f := newFixture(t, nil)
	f.log.before = func(int) error {
		f.put(".reading/Web_CL/a.json", "{\"Name\":\"a\"}\n{\"Name\":\"b\"}\n")
		return nil
	}
	f.put("Web_CL/a.json", "{\"Name\":\"a\"}\n")
	if err := f.settle(); err != nil {
		t.Fatal(err)
	}
	if text := f.text("failed/Web_CL/a.json.error.txt"); !strings.Contains(text, "was changed while it was read") {
		t.Errorf("%s", text)
	}
}

func TestRun(t *testing.T) {
	f := newFixture(t, nil)
	f.put("Web_CL/a.json", `{"Name":"a"}`)
	ctx, cancel := context.WithCancel(t.Context())
	told := f.opts.Told
	f.opts.Told = func(o Outcome) { told(o); cancel() }
	f.restart()
	if err := f.folder.Run(ctx); !errors.Is(err, context.Canceled) || f.log.rows() != "Web_CL:a" {
		t.Errorf("%v: %s", err, f.log.rows())
	}
	if _, err := New(Options{Dir: filepath.Join(f.dir, "none"), Catalog: f.opts.Catalog, Log: f.log, Clock: f.clock}); err == nil {
		t.Error("a folder that is not there")
	}
}
