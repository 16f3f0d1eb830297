package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"sync"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/types"
)

// Format is how a body is written.
type Format uint8

// The formats. JSON is an array of objects, objects one after the other or one a line (NDJSON), or an envelope with
// "records" or "value". Any but Parquet may be compressed with gzip.
const (
	JSON Format = iota
	CSV
	Parquet
)

func (f Format) String() string { return [...]string{"JSON", "CSV", "Parquet"}[f] }

// DecoderOptions say how a body is read.
type DecoderOptions struct {
	Format Format
	Limits Limits
	// Recognise looks whether the records are an export of Microsoft Entra (diagnostic settings, Graph, a portal
	// download) and brings them into the columns as LoadDir does. Else keys are columns.
	Recognise   bool
	AADTenantID string // tenant of Entra records that do not name theirs
	BatchRows   int    // rows of a batch at most; default 1000
	BatchBytes  int64  // bytes of the records of a batch, about; default 8 MiB
	MaxFaults   int    // faults kept in the report; default 20
	// Stamp fills what the server says of a row; the zero Stamp leaves that to a later Stamper.
	Stamp Stamp
}

// ErrBodyTooLarge ends a body that is longer than Limits.MaxBody.
var ErrBodyTooLarge = errors.New("the body is larger than the limit")

// Target is a table that bodies are decoded into. It keeps what was learnt of the fields of earlier bodies: looking
// up the columns of eighty names costs more than reading a record. It is safe for concurrent use.
type Target struct {
	Table *catalog.Table

	mappers sync.Map // *shape → *sync.Pool of *tableMapper
}

// NewTarget prepares for a table.
func NewTarget(table *catalog.Table) *Target { return &Target{Table: table} }

func (t *Target) pool(s *shape) *sync.Pool {
	if p, ok := t.mappers.Load(s); ok {
		return p.(*sync.Pool)
	}
	p, _ := t.mappers.LoadOrStore(s, &sync.Pool{})
	return p.(*sync.Pool)
}

func (t *Target) mapper(f *fileMapper) *tableMapper {
	if m, ok := t.pool(f.shape).Get().(*tableMapper); ok {
		m.file, m.rows, m.noTime, m.timeNamed = f, 0, 0, nil
		return m
	}
	return newTableMapper(f, t.Table)
}

// maxLearnt is how many names of fields are kept for the next body, beside those of columns.
const maxLearnt = 256

func (t *Target) release(m *tableMapper) {
	most := len(t.Table.Columns) + maxLearnt
	if len(m.keys)+len(m.subKeys) > most || len(m.layout)+len(m.subLayout) > most {
		return // a sender makes names up
	}
	p := t.pool(m.file.shape)
	m.file = nil
	p.Put(m)
}

// Decoder reads the records of one body as rows of one table. What it holds is bounded by its limits and one batch.
type Decoder struct {
	target  *Target
	file    *fileMapper
	m       *tableMapper // nil when the body is read
	opts    DecoderOptions
	limits  Limits
	read    recordReader
	json    *jsonReader
	close   func() error
	count   *countingReader
	body    *bodyReader
	rec     record
	stamper *Stamper
	report  FileReport
	records int64
	before  int64 // records that came before those of the last batch
}

// sampleBytes is how much of a body is looked at to tell its shape.
const sampleBytes = 1 << 18

// NewDecoder begins to read a body as rows of a table. r is read as the batches are asked for; Parquet is read from
// a *bytes.Reader or an *io.SectionReader, another reader's whole content is held for it.
func NewDecoder(r io.Reader, target *Target, opts DecoderOptions) (*Decoder, error) {
	table := target.Table
	if opts.BatchRows <= 0 {
		opts.BatchRows = 1000
	}
	if opts.BatchBytes <= 0 {
		opts.BatchBytes = 8 << 20
	}
	d := &Decoder{target: target, opts: opts, limits: opts.Limits.withDefaults(), close: func() error { return nil }, count: &countingReader{r: r}}
	d.report.Table, d.report.How = table.Name, ByMapping
	shape := rowShape
	if opts.Format == Parquet {
		if err := d.openParquet(r); err != nil {
			return nil, err
		}
	} else {
		text, err := openText(d.count, d.limits)
		if err != nil {
			return nil, err
		}
		if n, ok := r.(interface{ Len() int }); ok {
			d.limits.size = n.Len() + text.Buffered()
		}
		d.body = &bodyReader{r: text, left: d.limits.MaxBody}
		if opts.Recognise {
			if shape, err = d.recognise(table); err != nil {
				return nil, err
			}
		}
		if opts.Format == CSV {
			d.read, err = newCSVReader(d.body, d.limits)
		} else {
			d.json = newJSONReader(d.body, d.limits)
			d.json.expand = shape.expand
			d.read = d.json
		}
		if err != nil {
			return nil, err
		}
	}
	d.report.Shape = shape.name
	f := &fileMapper{limits: d.limits, shape: shape, base: table, fixed: true, stamped: true, report: &d.report,
		opts: Options{MaxFaults: opts.MaxFaults, AADTenantID: opts.AADTenantID, TimeReceived: opts.Stamp.Received}}
	d.file, d.m = f, target.mapper(f)
	if opts.Stamp.Received != 0 || opts.Stamp.ItemID != nil {
		d.stamper = NewStamper(table, opts.Stamp)
	}
	return d, nil
}

func (d *Decoder) openParquet(r io.Reader) error {
	var at io.ReaderAt
	size := int64(0)
	switch r := r.(type) {
	case *bytes.Reader:
		at, size = r, r.Size()
	case *io.SectionReader:
		at, size = r, r.Size()
	default:
		text, err := io.ReadAll(&bodyReader{r: d.count, left: d.limits.MaxBody})
		if err != nil {
			return err
		}
		at, size = bytes.NewReader(text), int64(len(text))
	}
	if size > d.limits.MaxBody {
		return ErrBodyTooLarge
	}
	p, err := newParquetReader(at, size, d.limits)
	if err != nil {
		return err
	}
	d.count.n = size
	d.read, d.close = p, p.Close
	return nil
}

// recognise tells the shape of the body by its first records, as LoadDir does for a file whose table is given.
func (d *Decoder) recognise(table *catalog.Table) (*shape, error) {
	head, err := io.ReadAll(io.LimitReader(d.body, sampleBytes))
	if err != nil {
		return nil, err
	}
	var read recordReader = newJSONReader(bytes.NewReader(head), d.limits)
	if d.opts.Format == CSV {
		if read, err = newCSVReader(bytes.NewReader(head), d.limits); err != nil {
			return nil, err
		}
	}
	d.body = &bodyReader{r: io.MultiReader(bytes.NewReader(head), d.body.r), left: d.body.left + int64(len(head))}
	var x *nameIndex
	s, err := x.take(read)
	if err != nil {
		return nil, err
	}
	sh := s.shape()
	if _, entra := entraByTable(table.Name); !entra && sh != diagnosticShape {
		return rowShape, nil
	}
	return sh, nil
}

// bodyReader ends a body that is longer than its limit.
type bodyReader struct {
	r    io.Reader
	left int64
}

func (b *bodyReader) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, ErrBodyTooLarge
	}
	return n, err
}

// Next returns the next rows, which belong to the caller: at least one, or the error that ends the body, io.EOF at
// its end. A record that cannot be read is a fault of the report and does not end the body.
func (d *Decoder) Next() ([][]types.Value, error) {
	if d.m == nil {
		return nil, d.end()
	}
	d.before = d.records
	w := len(d.m.template)
	var rows [][]types.Value
	var cells []types.Value
	f := d.file
	for bytes := int64(0); len(rows) < d.opts.BatchRows && bytes < d.opts.BatchBytes; {
		err := d.read.next(&d.rec)
		var fault *Fault
		switch {
		case err == nil:
			d.records++
		case errors.As(err, &fault):
			if !fault.noRecord {
				d.records++
				fault.Record = d.records
			}
			f.fault(*fault)
			continue
		default:
			d.report.Rows += int64(len(rows))
			d.finish(err)
			if len(rows) == 0 {
				return nil, d.end()
			}
			return rows, nil
		}
		f.record = d.records
		fault = d.limits.tooLong(&d.rec)
		if fault == nil {
			if _, reason := f.shape.route(f, &d.rec); reason != "" {
				fault = &Fault{Line: d.rec.line, Reason: reason}
			}
		}
		if fault != nil {
			fault.Record = d.records
			f.fault(*fault)
			continue
		}
		if len(cells) < w {
			cells = make([]types.Value, w*min(max(1, len(rows)), 64, d.opts.BatchRows))
		}
		row := cells[:w:w]
		cells = cells[w:]
		copy(row, d.m.template)
		d.m.fill(&d.rec, row)
		if d.stamper != nil {
			d.stamper.Fill(row)
		}
		rows = append(rows, row)
		bytes += int64(len(d.rec.text))
	}
	d.report.Rows += int64(len(rows))
	return rows, nil
}

// finish ends the body: with err, which is io.EOF where all of it was read.
func (d *Decoder) finish(err error) {
	f := d.file
	if d.json != nil && len(d.json.tail) > 0 {
		f.fault(Fault{Line: d.json.line, noRecord: true, Reason: fmt.Sprintf("expected nothing beside the records of the envelope, found %q", d.json.tail)})
	}
	f.summary(d.m)
	d.target.release(d.m)
	d.m = nil
	if f.moreUnknown > 0 {
		f.note(fmt.Sprintf("%d values of further unknown columns", f.moreUnknown))
	}
	if !errors.Is(err, io.EOF) {
		d.report.Err = err
	}
	if cerr := d.close(); cerr != nil && d.report.Err == nil {
		d.report.Err = cerr
	}
}

func (d *Decoder) end() error {
	if d.report.Err != nil {
		return d.report.Err
	}
	return io.EOF
}

// Records is how many records were read so far, those with faults included; Before how many of them came before the
// last batch.
func (d *Decoder) Records() int64 { return d.records }

// Before is how many records came before those of the last batch.
func (d *Decoder) Before() int64 { return d.before }

// Report says what became of the records so far; it is whole when Next has returned an error.
func (d *Decoder) Report() *FileReport {
	d.report.Bytes = d.count.n
	return &d.report
}

// Unread tells whether anything of the body could not be read: a record, or the text around the records.
func (r *FileReport) Unread() bool { return r.Skipped > 0 || len(r.Faults) > 0 || r.Err != nil }

// Unknown lists the names of the fields without a column, sorted.
func (r *FileReport) Unknown() []string {
	names := make([]string, 0, len(r.UnknownColumns))
	for n := range r.UnknownColumns {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
