package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/geo/mmdb"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// Options say what a session is opened over.
type Options struct {
	// Catalog has the tables that queries can name, and is added to; nil: those of Log Analytics.
	Catalog    *catalog.Catalog
	Data       []string // folders or files of events
	Store      string   // data folder of a server, a backup of it, or the event store in either; instead of Data
	Mapping    []string // pattern=Table, for files whose table does not show
	Parsers    []string // folders of parser files
	Watchlists []string // alias=FILE or alias=FILE,SearchKey
	External   []string // URL prefix=FILE or FOLDER
	// EmptyExternal lets externaldata outside of External be empty, with a warning.
	EmptyExternal bool
	// GeoIP is a file in MaxMind's format (.mmdb) that geo_info_from_ip_address() answers from; "" has it refused.
	GeoIP    string
	Memory   int64 // bytes; 0 is the engine's default
	Threads  int   // 0 is one for each processor
	Progress func(ingest.Progress)
}

// Session is an open engine and what was loaded into it.
type Session struct {
	Catalog *catalog.Catalog
	Engine  *query.Engine
	// Loaded tells what became of each of Options.Data; Problems are the faults of parser files.
	Loaded   []Loaded
	Problems []catalog.Problem

	store  store.Engine
	disk   *duckdb.Disk // the same, where it is an event store
	counts *counter
}

// Loaded is a folder or file of events and what became of its files.
type Loaded struct {
	Path   string
	Report *ingest.Report
}

// loadBatch is how many rows are handed on at once.
const loadBatch = 2048

// ErrStoreAndData is the fault of options that name an event store and events to load: they would go into the store.
var ErrStoreAndData = errors.New("an event store and files of events cannot be read together")

// ErrNoData is the fault of data folders that hold nothing to load.
var ErrNoData = errors.New("no events found")

// Open opens an engine and loads what the options name. Parsers that have faults are listed in Problems and
// left out; everything else that cannot be read is an error.
func Open(ctx context.Context, opts Options) (s *Session, err error) {
	s = &Session{Catalog: opts.Catalog}
	if s.Catalog == nil {
		s.Catalog = catalog.Builtin()
	}
	content, err := AddContent(s.Catalog, opts.Parsers, opts.Watchlists, opts.External)
	if err != nil {
		return nil, err
	}
	s.Problems = content.Problems
	var mapping []ingest.Mapping
	for _, text := range opts.Mapping {
		m, err := ingest.ParseMapping(text)
		if err != nil {
			return nil, err
		}
		mapping = append(mapping, m)
	}
	for _, dir := range opts.Data { // before minutes of loading go by
		if _, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
	}
	var locations *mmdb.Reader
	if opts.GeoIP != "" {
		if locations, err = mmdb.Open(opts.GeoIP); err != nil {
			return nil, err
		}
	}
	switch {
	case opts.Store != "" && len(opts.Data) > 0:
		return nil, ErrStoreAndData
	case opts.Store != "":
		err = s.openStore(ctx, opts)
	default:
		s.store, err = duckdb.Open(ctx, duckdb.Options{MemoryBytes: opts.Memory, Threads: opts.Threads})
		s.counts = newCounter(s.store)
	}
	if err != nil {
		return nil, err
	}
	s.Engine = query.New(s.Catalog, s.store)
	s.Engine.EmptyExternal, s.Engine.External = opts.EmptyExternal, content.External
	if locations != nil {
		s.Engine.UseLocations(locations)
	}
	for _, dir := range opts.Data {
		p := newPipe(s.counts)
		report, err := ingest.LoadDir(ctx, dir, ingest.Options{Mapping: mapping, Progress: opts.Progress, BatchRows: loadBatch}, s.Catalog, p)
		if stored := p.close(); err == nil {
			err = stored
		}
		if errors.Is(err, store.ErrMemory) {
			return nil, fmt.Errorf("the events of %s take more memory than they may have (an Entra sign-in takes about 7 KB)", dir)
		}
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.Loaded = append(s.Loaded, Loaded{dir, report})
	}
	if len(opts.Data) > 0 && s.counts.total() == 0 {
		return nil, errors.Join(fmt.Errorf("%w in %q", ErrNoData, opts.Data), s.Close())
	}
	return s, nil
}

// Close frees the engine.
func (s *Session) Close() error { return s.store.Close() }

// Append stores rows of a table of the catalogue, in the order of its columns. It implements ingest.Sink.
func (s *Session) Append(table *catalog.Table, rows [][]types.Value) error {
	return s.counts.Append(table, rows)
}

// Rows returns how many rows of a table were loaded.
func (s *Session) Rows(table string) int64 { return s.counts.rows(table) }

// Tables lists the tables that hold rows, by name.
func (s *Session) Tables() []ingest.TableRows { return s.counts.list() }

// Newest returns the newest TimeGenerated that was loaded; ok is false where no row has one.
func (s *Session) Newest() (t time.Time, ok bool) { return s.counts.newestTime() }

// EvaluationTime returns the next full minute after the newest event: the first time at which a window that
// ends there holds every event. ok is false where no event has a time.
func (s *Session) EvaluationTime() (t time.Time, ok bool) {
	t, ok = s.Newest()
	return t.Truncate(time.Minute).Add(time.Minute), ok
}

// Content is what AddContent found.
type Content struct {
	Problems []catalog.Problem // faults of parser files; those are left out
	// External reads externaldata's places, for query.Engine.
	External func(uris []string, schema types.Schema, props map[string]string) ([][]types.Value, error)
}

// AddContent adds to a catalogue what stands beside the rules: the parsers in folders, and watchlists and places for
// externaldata in the forms of Options.
func AddContent(cat *catalog.Catalog, parsers, watchlists, places []string) (c Content, err error) {
	if c.Problems, err = AddParsers(cat, parsers); err != nil {
		return c, err
	}
	for _, w := range watchlists {
		list, err := readWatchlist(w)
		if err != nil {
			return c, err
		}
		if err := cat.AddWatchlist(list); err != nil {
			return c, fmt.Errorf("watchlist %s: %w", list.Alias, err)
		}
	}
	external, err := parseExternal(places)
	if err != nil {
		return c, err
	}
	c.External = external.read
	return c, nil
}

// AddParsers adds the stored functions that the parser files under dirs define.
func AddParsers(cat *catalog.Catalog, dirs []string) ([]catalog.Problem, error) {
	var problems []catalog.Problem
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("parsers: %w", err)
		} else if !info.IsDir() {
			return nil, fmt.Errorf("parsers: %s is no folder", dir)
		}
		fns, ps, err := catalog.LoadFunctions(dir)
		if err != nil {
			return nil, err
		}
		problems = append(problems, ps...)
		if err := cat.AddFunctions(fns); err != nil {
			return nil, fmt.Errorf("parsers of %s: %w", dir, err)
		}
	}
	return problems, nil
}
