package watch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/types"
)

const (
	batchRows  = 2000
	batchBytes = 8 << 20
	maxFaults  = 1000 // that an error text lists
	maxPause   = 5 * time.Second
)

// read reads a file of .reading and moves it on. An error leaves it there, to be read again.
func (f *Folder) read(ctx context.Context, file string) error {
	before, sum, err := hashFile(f.path(reading, file))
	if err != nil {
		return err
	}
	now := f.opts.Clock.Now()
	s := &sink{f: f, ctx: ctx, file: file, sum: sum, stamp: ingest.Stamp{Received: types.TicksOf(now), ItemID: f.opts.NewID}, tables: map[string]*tableSink{}}
	opts := ingest.Options{Mapping: f.mapping(file), Limits: f.opts.Limits, MaxFaults: maxFaults, BatchRows: batchRows, BatchBytes: batchBytes, Parallel: 1,
		AADTenantID: f.opts.AADTenantID, FixedTables: true}
	report, err := ingest.LoadFile(ctx, os.DirFS(f.path(reading)), file, opts, f.opts.Catalog, s)
	if err != nil {
		return err
	}
	o := Outcome{File: file}
	rep := ingest.FileReport{File: file, Err: errors.New("what the file is does not show in its name: expected .json, .jsonl, .ndjson, .csv, .tsv or .parquet, the first five perhaps with .gz")}
	if len(report.Files) > 0 {
		rep = report.Files[0]
	}
	after, err := os.Stat(f.path(reading, file))
	if err != nil {
		return err
	}
	changed := after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime())
	if changed {
		rep.Err = errors.Join(rep.Err, errors.New("the file was changed while it was read: what is kept of it is what was there at that time. Write under another name (.tmp) and rename"))
	}
	s.count(now, &rep, &o)
	if rep.Unread() {
		o.Err = rep.Err
		if o.Err == nil {
			o.Err = fmt.Errorf("%d records could not be read, the first: %s", rep.Skipped, rep.Faults[0].Error())
		}
		if o.Moved, err = f.free(failed, file); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(f.path(o.Moved)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(f.path(o.Moved+".error.txt"), []byte(errorText(&rep, &o)), 0o600); err != nil {
			return err
		}
	} else if !f.opts.Delete {
		if o.Moved, err = f.free(done, file); err != nil {
			return err
		}
	}
	if o.Moved == "" {
		err = os.Remove(f.path(reading, file))
	} else {
		err = f.move(path.Join(reading, file), o.Moved)
	}
	if err != nil {
		return err
	}
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if os.Remove(f.path(reading, dir)) != nil {
			break // there are others in it
		}
	}
	f.tell(o)
	return nil
}

// mapping sends a file in a folder named as a table there.
func (f *Folder) mapping(file string) []ingest.Mapping {
	dir, _, ok := strings.Cut(file, "/")
	if !ok {
		return f.opts.Mapping
	}
	if _, ok := f.opts.Catalog.Table(dir); !ok {
		return f.opts.Mapping
	}
	exactly := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(file)
	return append([]ingest.Mapping{{Pattern: exactly, Table: dir}}, f.opts.Mapping...)
}

func hashFile(name string) (os.FileInfo, string, error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, "", err
	}
	defer in.Close() //nolint:errcheck // read only
	info, err := in.Stat()
	if err != nil {
		return nil, "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return nil, "", err
	}
	return info, hex.EncodeToString(h.Sum(nil)), nil
}

// sink keeps the rows of one file.
type sink struct {
	f      *Folder
	ctx    context.Context //nolint:containedctx // of one call of read
	file   string
	sum    string // of the file's content
	stamp  ingest.Stamp
	tables map[string]*tableSink
}

type tableSink struct {
	stamper         *ingest.Stamper
	kept, duplicate int64
}

// Append implements ingest.Sink.
func (s *sink) Append(table *catalog.Table, rows [][]types.Value) error {
	t := s.tables[table.Name]
	if t == nil {
		t = &tableSink{stamper: ingest.NewStamper(table, s.stamp)}
		s.tables[table.Name] = t
	}
	h := sha256.New()
	for _, part := range []string{s.file, s.sum, table.Name, strconv.FormatInt(t.kept+t.duplicate, 10), strconv.Itoa(len(rows)),
		strconv.FormatUint(ingest.Fingerprint(rows), 16)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	b := eventlog.Batch{ID: "watch-" + hex.EncodeToString(h.Sum(nil)[:20]), Source: "watch/" + s.file, Parts: []eventlog.Part{{Table: table, Rows: rows}}}
	for _, row := range rows {
		t.stamper.Fill(row)
	}
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, maxPause) {
		duplicate, err := s.f.opts.Log.Append(s.ctx, b)
		switch {
		case errors.Is(err, eventlog.ErrBusy):
		case err != nil:
			return err
		case duplicate:
			t.duplicate += int64(len(rows))
			return nil
		default:
			t.kept += int64(len(rows))
			return nil
		}
		select {
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case <-s.f.opts.Clock.After(pause):
		}
	}
}

// count adds up what became of a file.
func (s *sink) count(now time.Time, rep *ingest.FileReport, o *Outcome) {
	source := func(table string) string {
		if table == "" {
			return "watch"
		}
		return "watch/" + table
	}
	for name, t := range s.tables {
		o.Rows += t.kept
		o.Duplicate += t.duplicate
		s.f.opts.Sources.Add(ingest.SourceCount{Source: source(name), Received: t.kept + t.duplicate, Accepted: t.kept, Rows: t.kept, Duplicate: t.duplicate, Last: now})
	}
	o.Rejected = rep.Skipped
	n := ingest.SourceCount{Source: source(rep.Table), Received: rep.Skipped, Rejected: rep.Skipped, Bytes: rep.Bytes, Bodies: 1, Last: now}
	n.Unknown, n.BadValues = rep.Values()
	s.f.opts.Sources.Add(n)
}

// errorText is what stands beside a file that could not be read, or not wholly.
func errorText(rep *ingest.FileReport, o *Outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", rep.File)
	if rep.Err != nil {
		fmt.Fprintf(&b, "%v\n", rep.Err)
	}
	fmt.Fprintf(&b, "%d rows are kept (%d of them from before), %d records are not.\n", o.Rows+o.Duplicate, o.Duplicate, rep.Skipped)
	if o.Rows+o.Duplicate > 0 {
		b.WriteString("Put in again only what is missing: the whole file would add its other records twice.\n")
	}
	if rep.Table != "" {
		fmt.Fprintf(&b, "Table: %s (by %s)\n", rep.Table, rep.How)
	}
	for i := range rep.Faults {
		fmt.Fprintf(&b, "%s\n", rep.Faults[i].Error())
	}
	if more := rep.Skipped - int64(len(rep.Faults)); more > 0 {
		fmt.Fprintf(&b, "and %d more\n", more)
	}
	return b.String()
}
