package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/types"
)

// Sink takes rows. The values of a row stand in the order of table.Columns. The slices are reused after the
// call and must not be kept; the values in them may. Calls do not overlap. An error ends the load.
type Sink interface {
	Append(table *catalog.Table, rows [][]types.Value) error
}

// Options say how files are read.
type Options struct {
	Mapping      []Mapping // the first that matches a file counts
	Limits       Limits
	MaxFaults    int    // faults kept per file; default 20
	BatchRows    int    // rows handed to the sink at once; default 512
	BatchBytes   int64  // bytes of the records of these rows, about; 0 for no bound
	Parallel     int    // files read at the same time; default 2
	AADTenantID  string // tenant of Entra records that do not name theirs
	TimeReceived int64  // ticks for _TimeReceived, and for TimeGenerated where an event has no time; 0 for none
	Progress     func(Progress)
	// FixedTables leaves the catalogue as it is: a file that no table fits is refused, and what the table of a file
	// lacks goes into its unknown column, if it has one.
	FixedTables bool
}

func (o Options) maxFaults() int {
	if o.MaxFaults <= 0 {
		return 20
	}
	return o.MaxFaults
}

// Progress tells how far a load is. Calls do not overlap.
type Progress struct {
	File      string
	FilesDone int
	Files     int
	Bytes     int64 // read of File
	Rows      int64 // loaded of File
}

// LoadDir loads every data file under dir, or the one file that dir is. Tables that cat lacks are added to it
// before the first row of them is handed over. The report says what became of each file; the error is for what
// ends the load as a whole: the sink, the context, a folder that cannot be read.
func LoadDir(ctx context.Context, dir string, opts Options, cat *catalog.Catalog, sink Sink) (*Report, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", dir, err)
	}
	if !info.IsDir() {
		return loadFiles(ctx, os.DirFS(filepath.Dir(dir)), []string{filepath.Base(dir)}, opts, cat, sink)
	}
	return Load(ctx, os.DirFS(dir), opts, cat, sink)
}

// Load is LoadDir over a file system. Parquet files need files that can be read at any place (io.ReaderAt).
func Load(ctx context.Context, fsys fs.FS, opts Options, cat *catalog.Catalog, sink Sink) (*Report, error) {
	var files []string
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return loadFiles(ctx, fsys, files, opts, cat, sink)
}

// LoadFile loads one file of a file system. Its path may name its table, as those of Load do.
func LoadFile(ctx context.Context, fsys fs.FS, file string, opts Options, cat *catalog.Catalog, sink Sink) (*Report, error) {
	return loadFiles(ctx, fsys, []string{file}, opts, cat, sink)
}

// loader is one run of Load.
type loader struct {
	fsys    fs.FS
	opts    Options
	limits  Limits
	cat     *catalog.Catalog
	names   *nameIndex
	columns func() *columnIndex
	sink    Sink

	mu   sync.Mutex // guards the sink, progress and what follows
	done int
	all  int
}

// plan is what is known of a file before its rows are loaded.
type plan struct {
	file   string
	stem   string
	format fileFormat
	how    Recognition
	shape  *shape
	table  string // "" where each record has its own
	custom bool   // the table is the user's: its schema follows the data
	report *FileReport
}

func loadFiles(ctx context.Context, fsys fs.FS, files []string, opts Options, cat *catalog.Catalog, sink Sink) (*Report, error) {
	if opts.BatchRows <= 0 {
		opts.BatchRows = 512
	}
	if opts.Parallel <= 0 {
		opts.Parallel = 2
	}
	l := &loader{fsys: fsys, opts: opts, limits: opts.Limits.withDefaults(), cat: cat, names: newNameIndex(cat), sink: sink}
	l.columns = sync.OnceValue(func() *columnIndex { return newColumnIndex(cat) })
	report := &Report{}
	var plans []*plan
	for _, f := range files {
		p := &plan{file: f}
		p.format, p.stem = formatOf(f)
		if p.format == formatNone {
			report.Ignored = append(report.Ignored, f)
			continue
		}
		i := slices.IndexFunc(opts.Mapping, func(m Mapping) bool { return m.Matches(f) })
		if i >= 0 {
			if opts.Mapping[i].Table == "-" {
				report.Ignored = append(report.Ignored, f)
				continue
			}
			p.table, p.how = opts.Mapping[i].Table, ByMapping
		}
		p.report = &FileReport{File: f}
		plans = append(plans, p)
	}
	l.all = len(plans)
	if err := l.each(ctx, plans, l.recognise); err != nil {
		return nil, err
	}
	if err := l.inferTables(ctx, plans); err != nil {
		return nil, err
	}
	err := l.each(ctx, plans, l.load)
	for _, p := range plans {
		report.Files = append(report.Files, *p.report)
	}
	return report, err
}

// each runs do for the plans that are without error, Options.Parallel at a time, until one returns an error.
func (l *loader) each(ctx context.Context, plans []*plan, do func(context.Context, *plan) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan *plan)
	var wg sync.WaitGroup
	for range min(l.opts.Parallel, len(plans)) {
		wg.Go(func() {
			for p := range work {
				if err := do(ctx, p); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, p := range plans {
		if p.report.Err != nil {
			continue
		}
		select {
		case work <- p:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx)
}

// openFile is a file being read.
type openFile struct {
	recordReader
	count *countingReader
	json  *jsonReader
	close func() error
}

// open opens a file for reading its records; expand is the key whose members are fields too.
func (l *loader) open(p *plan, expand string) (*openFile, error) {
	f, err := l.fsys.Open(p.file)
	if err != nil {
		return nil, err
	}
	o := &openFile{count: &countingReader{r: f}, close: f.Close}
	if p.format == formatParquet {
		var r *parquetReader
		at, ok := f.(io.ReaderAt)
		info, err := f.Stat()
		switch {
		case err != nil:
		case strings.HasSuffix(strings.ToLower(p.file), ".gz"):
			err = errors.New("a compressed Parquet file cannot be read: Parquet compresses inside")
		case !ok:
			err = errors.New("a Parquet file needs random access")
		default:
			r, err = newParquetReader(at, info.Size(), l.limits)
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		o.count.n = info.Size()
		o.recordReader = r
		o.close = func() error { return errors.Join(r.Close(), f.Close()) }
		return o, nil
	}
	text, err := openText(o.count, l.limits)
	if err == nil && p.format == formatCSV {
		o.recordReader, err = newCSVReader(text, l.limits)
	} else if err == nil {
		o.json = newJSONReader(text, l.limits)
		o.json.expand = expand
		o.recordReader = o.json
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return o, nil
}

// recognise finds the shape and the table of a file.
func (l *loader) recognise(_ context.Context, p *plan) error {
	o, err := l.open(p, "")
	if err != nil {
		p.report.Err = err
		return nil
	}
	s, err := l.names.take(o.recordReader)
	if cerr := o.close(); err == nil {
		err = cerr
	}
	if err != nil && s.records == 0 {
		p.report.Err = err
		return nil
	}
	p.shape = s.shape()
	l.choose(p, s)
	p.report.Shape = p.shape.name
	p.custom = p.table != "" && (strings.HasSuffix(p.table, "_CL") || !l.known(p.table)) && p.shape == rowShape
	if p.how != ByMapping && s.records == 0 && p.how == AsCustom {
		p.how, p.table, p.custom = NotRecognised, "", false
		p.report.note("no record could be read")
	}
	p.report.How, p.report.Table = p.how, p.table
	if l.opts.FixedTables && p.custom {
		p.custom = false
		if !l.known(p.table) {
			p.report.How = NotRecognised
			p.report.Err = fmt.Errorf("no table fits: there is no %s; name a table of the catalogue", p.table)
		}
	}
	return nil
}

func (l *loader) known(table string) bool {
	_, ok := l.cat.Table(table)
	return ok
}

// choose sets how and table.
func (l *loader) choose(p *plan, s *sample) {
	if p.how == ByMapping {
		n, known := l.names.named(p.table)
		if known {
			p.table = n
		}
		// into a table of another kind the keys go as they stand
		if _, entra := entraByTable(p.table); !entra && (p.shape != diagnosticShape || !known) {
			p.shape = rowShape
		}
		return
	}
	switch p.shape {
	case portalShape:
		if p.how, p.table = ByShape, downloadTable(p.file); p.table == "" {
			p.table = "SigninLogs"
		}
		return
	case diagnosticShape, graphShape:
		p.how, p.table = ByShape, "" // each record says
		return
	}
	var ok bool
	if p.table, ok = s.byType(l.names); ok {
		p.how = ByType
	} else if p.table, ok = s.byName(l.names, p.file, p.stem); ok {
		p.how = ByName
	} else if table, also, ok := s.byContent(l.columns()); ok {
		p.how, p.table = ByContent, table
		if len(also) > 0 {
			p.report.note("the columns fit as well: " + strings.Join(also[:min(len(also), 5)], ", "))
		}
	} else {
		p.how, p.table = AsCustom, customTable(p.stem)
	}
}

// inferTables gives the custom tables their schemas: what the catalog has, and a column for each key beside.
// The whole of the files is read for it, so that a late record cannot have a key the table lacks.
func (l *loader) inferTables(ctx context.Context, plans []*plan) error {
	byTable := map[string][]*plan{}
	for _, p := range plans {
		if p.custom && p.report.Err == nil {
			byTable[p.table] = append(byTable[p.table], p)
		}
	}
	names := make([]string, 0, len(byTable))
	for n := range byTable {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		t := &catalog.Table{Name: n}
		if have, ok := l.cat.Table(n); ok {
			t.Columns = slices.Clone(have.Columns)
		}
		had := len(t.Columns)
		m := newTableMapper(&fileMapper{shape: rowShape}, t)
		seen := &inferredTypes{types: map[string]types.Type{}}
		for _, p := range byTable[n] {
			if err := l.infer(ctx, p, m, seen); err != nil {
				return err
			}
		}
		if had == 0 && m.timeCol < 0 && seen.types["TimeGenerated"] == types.Unknown {
			t.Columns = append(t.Columns, types.Column{Name: "TimeGenerated", Type: types.Datetime})
			delete(seen.types, "TimeGenerated")
		}
		for _, c := range seen.names {
			typ, ok := seen.types[c]
			if !ok || len(t.Columns) >= l.limits.MaxFields {
				continue
			}
			if typ == types.Unknown {
				typ = types.String
			}
			t.Columns = append(t.Columns, types.Column{Name: c, Type: typ})
		}
		if had == 0 && t.Columns.Index("Type") < 0 {
			t.Columns = append(t.Columns, types.Column{Name: "Type", Type: types.String})
		}
		if len(t.Columns) == had {
			continue
		}
		if err := l.cat.AddTable(*t); err != nil {
			return err
		}
		for _, p := range byTable[n] {
			if had == 0 {
				p.report.note(fmt.Sprintf("new table %s with %d columns taken from the data", n, len(t.Columns)))
			} else {
				p.report.note(fmt.Sprintf("%d columns added to %s from the data", len(t.Columns)-had, n))
			}
		}
	}
	return nil
}

// infer adds a file's keys that table m has no column for.
func (l *loader) infer(ctx context.Context, p *plan, m *tableMapper, seen *inferredTypes) error {
	o, err := l.open(p, "")
	if err != nil {
		p.report.Err = err
		return nil
	}
	defer o.close() //nolint:errcheck // read only
	var rec record
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := o.next(&rec)
		var fault *Fault
		switch {
		case errors.As(err, &fault):
			continue
		case err != nil:
			return nil // the end, or a fault that loading will meet again and report
		}
		for i := range rec.fields {
			f := &rec.fields[i]
			key := rec.key(f)
			if _, _, ok := m.find(key, f.kind); ok || key == "" {
				continue
			}
			name := cleanHeader(key)
			if len(seen.names) >= l.limits.MaxFields {
				if _, ok := seen.types[name]; !ok {
					continue
				}
			}
			seen.observe(name, typeOf(&rec, f))
		}
	}
}

// fileMapper brings the records of one file into rows of tables.
type fileMapper struct {
	opts     Options
	limits   Limits
	names    *nameIndex
	shape    *shape
	base     *catalog.Table // the file's table, or nil
	fixed    bool           // every record goes to base
	byType   bool           // a Type column may send records elsewhere
	download string         // table by the name of a portal download
	report   *FileReport

	mappers     map[string]*tableMapper
	last        *tableMapper
	moreUnknown int64
	stamped     bool  // the standard columns are a Stamper's to fill
	record      int64 // the number of the record at hand, where they are counted
}

func (f *fileMapper) named(table string) (string, bool) { return f.names.named(table) }

func (f *fileMapper) note(text string) { f.report.note(text) }

func (r *FileReport) note(text string) {
	if len(r.Notes) < maxReported && !slices.Contains(r.Notes, text) {
		r.Notes = append(r.Notes, text)
	}
}

// fault counts a record that is not loaded, or a fault of the file.
func (f *fileMapper) fault(x Fault) {
	if !x.noRecord {
		f.report.Skipped++
	}
	if len(f.report.Faults) < f.opts.maxFaults() {
		f.report.Faults = append(f.report.Faults, x)
	}
}

// mapper returns the mapper of the table called name, the file's own if empty.
func (f *fileMapper) mapper(name string) (*tableMapper, bool) {
	if name == "" {
		if f.base == nil {
			return nil, false
		}
		name = f.base.Name
	}
	if f.last != nil && f.last.table.Name == name {
		return f.last, true
	}
	m, ok := f.mappers[name]
	if !ok {
		t, found := f.names.cat.Table(name)
		if !found {
			return nil, false
		}
		m = newTableMapper(f, t)
		f.mappers[name] = m
	}
	f.last = m
	return m, true
}

// row returns the next free row of m's batch, holding nulls.
func (m *tableMapper) row(batchRows int) []types.Value {
	n, w := len(m.batch), len(m.template)
	if m.cells == nil {
		m.cells = make([]types.Value, batchRows*w)
	}
	row := m.cells[n*w : (n+1)*w : (n+1)*w]
	copy(row, m.template)
	return row
}

// load reads a file and hands its rows to the sink.
func (l *loader) load(ctx context.Context, p *plan) error {
	o, err := l.open(p, p.shape.expand)
	if err != nil {
		p.report.Err = err
		return nil
	}
	f := &fileMapper{opts: l.opts, limits: l.limits, names: l.names, shape: p.shape, report: p.report,
		fixed: p.how == ByMapping, byType: p.how == ByType, download: downloadTable(p.file), mappers: map[string]*tableMapper{}}
	if p.table != "" {
		f.base, _ = l.cat.Table(p.table)
		if f.base == nil {
			p.report.Err = fmt.Errorf("no table %s", p.table)
			return o.close()
		}
	}
	err = l.records(ctx, f, o)
	for _, m := range f.sorted() {
		if err == nil {
			err = l.flush(f, m, o)
		}
		f.summary(m)
	}
	if o.json != nil && len(o.json.tail) > 0 {
		f.note("keys beside the records of the envelope were passed over: " + strings.Join(o.json.tail, ", "))
	}
	if f.moreUnknown > 0 {
		f.note(fmt.Sprintf("%d values of further unknown columns", f.moreUnknown))
	}
	p.report.Bytes = o.count.n
	if cerr := o.close(); cerr != nil && p.report.Err == nil {
		p.report.Err = cerr
	}
	sum := map[string]int64{}
	for _, m := range f.sorted() {
		sum[m.table.Name] += m.rows
		p.report.Rows += m.rows
	}
	p.report.Tables = sortedRows(sum)
	if len(p.report.Tables) == 1 && p.report.Table == "" {
		p.report.Table = p.report.Tables[0].Table
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	l.progress(f, o)
	return err
}

func (f *fileMapper) sorted() []*tableMapper {
	out := make([]*tableMapper, 0, len(f.mappers))
	for _, m := range f.mappers {
		out = append(out, m)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].table.Name < out[j].table.Name })
	return out
}

// records reads the records of a file into batches. It returns what ends the load; what ends the file goes
// into the report.
func (l *loader) records(ctx context.Context, f *fileMapper, o *openFile) error {
	var rec record
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := o.next(&rec)
		var fault *Fault
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &fault):
			f.fault(*fault)
			continue
		default:
			f.report.Err = err
			return nil
		}
		if x := l.limits.tooLong(&rec); x != nil {
			f.fault(*x)
			continue
		}
		table, reason := f.shape.route(f, &rec)
		if reason != "" {
			f.fault(Fault{Line: rec.line, Reason: reason})
			continue
		}
		m, ok := f.mapper(table)
		if !ok {
			f.fault(Fault{Line: rec.line, Reason: "no table " + quoteShort(table)})
			continue
		}
		row := m.row(l.opts.BatchRows)
		m.fill(&rec, row)
		m.batch = append(m.batch, row)
		m.rows++
		m.bytes += int64(len(rec.text))
		if len(m.batch) == l.opts.BatchRows || l.opts.BatchBytes > 0 && m.bytes >= l.opts.BatchBytes {
			if err := l.flush(f, m, o); err != nil {
				return err
			}
		}
	}
}

func (l *loader) flush(f *fileMapper, m *tableMapper, o *openFile) error {
	if len(m.batch) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(m.batch)
	err := l.sink.Append(m.table, m.batch)
	m.batch, m.bytes = m.batch[:0], 0
	if err != nil {
		m.rows -= int64(n)
		return fmt.Errorf("append rows of %s to %s: %w", f.report.File, m.table.Name, err)
	}
	l.progress(f, o)
	return nil
}

// progress reports; l.mu is held.
func (l *loader) progress(f *fileMapper, o *openFile) {
	if l.opts.Progress == nil {
		return
	}
	rows := int64(0)
	for _, m := range f.mappers {
		rows += m.rows
	}
	l.opts.Progress(Progress{File: f.report.File, FilesDone: l.done, Files: l.all, Bytes: o.count.n, Rows: rows})
}

// summary notes how a table's rows got their times.
func (f *fileMapper) summary(m *tableMapper) {
	keys := make([]string, 0, len(m.timeNamed))
	for k := range m.timeNamed {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		f.note(fmt.Sprintf("TimeGenerated of %d rows of %s taken from %q", m.timeNamed[k], m.table.Name, k))
	}
	switch {
	case m.noTime == 0:
	case f.opts.TimeReceived != 0:
		f.note(fmt.Sprintf("%d rows of %s have no time of their own and got the time of receipt", m.noTime, m.table.Name))
	default:
		f.note(fmt.Sprintf("%d rows of %s have no TimeGenerated: no query over a span of time will see them", m.noTime, m.table.Name))
	}
}
