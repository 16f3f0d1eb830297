package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/geo/mmdb"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// testMemory bounds the engine of one test: tests are small, and many may be open.
const testMemory = 1 << 30

// TestQuery returns the function that runs the queries of rule tests: each over a fresh engine that holds the
// test's rows and nothing else, with the catalogue's tables and parsers. Rows in files are looked for in dir;
// geo_info_from_ip_address() answers from locations, unless that is nil.
func TestQuery(cat *catalog.Catalog, dir string, limits Limits, locations *mmdb.Reader) alert.QueryFunc {
	return func(ctx context.Context, r *rule.Rule, t rule.Test, w alert.Window) (_ types.Table, err error) {
		store, err := duckdb.Open(ctx, duckdb.Options{MemoryBytes: testMemory, Threads: 1})
		if err != nil {
			return types.Table{}, err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		cat := cat.Clone() // a test's custom tables are its own
		for _, table := range t.Tables {
			if err := loadTestTable(ctx, table, dir, cat, store); err != nil {
				return types.Table{}, err
			}
		}
		eng := query.New(cat, store)
		if locations != nil {
			eng.UseLocations(locations)
		}
		res, err := eng.Run(ctx, query.Request{File: r.QueryFile, Now: w.To, From: w.From, To: w.To, Timeout: limits.Timeout, MaxRows: limits.MaxRows, Single: true})
		if err != nil {
			return types.Table{}, err
		}
		return res.Table, nil
	}
}

// loadTestTable decodes a table's rows as events are decoded. A value that no column can hold would make the
// test check something else than it says, so it is an error.
func loadTestTable(ctx context.Context, t rule.TestTable, dir string, cat *catalog.Catalog, sink ingest.Sink) error {
	var file memFile
	if t.File != "" {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return err
		}
		defer root.Close()
		text, err := fs.ReadFile(root.FS(), filepath.ToSlash(filepath.Clean(t.File)))
		if err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		file = memFile{name: filepath.Base(t.File), text: text}
	} else {
		if len(t.Rows) == 0 {
			return nil
		}
		var b bytes.Buffer
		for _, r := range t.Rows {
			b.WriteString(r.JSON)
			b.WriteByte('\n')
		}
		file = memFile{name: "rows.ndjson", text: b.Bytes()}
	}
	report, err := ingest.Load(ctx, file, ingest.Options{Mapping: []ingest.Mapping{{Pattern: "*", Table: t.Name}}}, cat, sink)
	if err != nil {
		return fmt.Errorf("table %s: %w", t.Name, err)
	}
	for _, f := range report.Files {
		switch {
		case f.Err != nil:
			return fmt.Errorf("table %s: %w", t.Name, f.Err)
		case len(f.Faults) > 0:
			return fmt.Errorf("table %s: row %d: %s", t.Name, f.Faults[0].Line, f.Faults[0].Reason)
		case len(f.BadValueFaults) > 0:
			return fmt.Errorf("table %s: row %d: %s", t.Name, f.BadValueFaults[0].Line, f.BadValueFaults[0].Reason)
		case len(f.UnknownColumns) > 0:
			var names []string
			for n := range f.UnknownColumns {
				names = append(names, "'"+n+"'")
			}
			sort.Strings(names)
			return fmt.Errorf("table %s has no column %s", t.Name, strings.Join(names, ", "))
		}
	}
	return nil
}

// memFile is a file system of one file in memory.
type memFile struct {
	name string
	text []byte
}

// Open implements fs.FS.
func (m memFile) Open(name string) (fs.File, error) {
	switch name {
	case m.name:
		return &openMemFile{memFile: m, Reader: bytes.NewReader(m.text)}, nil
	case ".":
		return &openMemDir{memFile: m}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// openMemFile is the file of a memFile; the embedded Reader gives ReadAt, which Parquet needs.
type openMemFile struct {
	memFile
	*bytes.Reader
}

func (f *openMemFile) Stat() (fs.FileInfo, error) { return memInfo{f.memFile, false}, nil }
func (f *openMemFile) Close() error               { return nil }

// openMemDir is the root of a memFile.
type openMemDir struct {
	memFile
	read bool
}

func (d *openMemDir) Stat() (fs.FileInfo, error) { return memInfo{d.memFile, true}, nil }
func (d *openMemDir) Close() error               { return nil }
func (d *openMemDir) Read([]byte) (int, error)   { return 0, errors.New("is a folder") }
func (d *openMemDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if d.read {
		if n > 0 {
			return nil, io.EOF
		}
		return nil, nil
	}
	d.read = true
	return []fs.DirEntry{fs.FileInfoToDirEntry(memInfo{d.memFile, false})}, nil
}

type memInfo struct {
	memFile
	dir bool
}

func (i memInfo) Name() string {
	if i.dir {
		return "."
	}
	return i.name
}
func (i memInfo) Size() int64 { return int64(len(i.text)) }
func (i memInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
func (i memInfo) ModTime() time.Time { return time.Time{} }
func (i memInfo) IsDir() bool        { return i.dir }
func (i memInfo) Sys() any           { return nil }
