package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/config"
	"github.com/vedette-siem/vedette/internal/deliver"
	"github.com/vedette-siem/vedette/internal/desk"
	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/geo/mmdb"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/sched"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/state/sqlite"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
	"github.com/vedette-siem/vedette/internal/watch"
)

// StateFile is the name of the state in the data folder.
const StateFile = "state.db"

// What else is kept where.
const (
	eventsFolder  = session.EventsFolder
	tablesFolder  = "tables"
	actionsFolder = "actions"
)

// problemsShown is how many faults of parsers the log names.
const problemsShown = 10

// Options are what a Service works with.
type Options struct {
	Config config.Config
	Clock  sched.Clock
	Log    *slog.Logger
	// Observe, if set, is told the outcome of every window after it was kept.
	Observe func(sched.Outcome)
}

// Service is an open data folder, and everything that works on it.
type Service struct {
	Catalog   *catalog.Catalog // what queries see
	Engine    *query.Engine
	Events    *eventlog.Log
	State     state.Store
	Desk      *desk.Desk
	Scheduler *sched.Scheduler
	Sources   ingest.Sources // what came from where

	opts      Options
	conf      config.Config
	log       *slog.Logger
	clock     sched.Clock
	deliver   *deliver.Deliverer
	disk      *duckdb.Disk
	stored    *catalog.Catalog // what those who bring events fill
	folder    *watch.Folder    // nil: none is watched
	locations *mmdb.Reader     // nil: there are none
	proof     *prover          // nil: no run is left out
	rows      chan struct{}    // capacity 1: the outbox has rows
	works     chan struct{}    // capacity 1: the outbox has actions

	pumping sync.Mutex // held while rows are taken from the outbox to the event store

	mu      sync.Mutex
	expired map[string]int64 // rows that retention has dropped, by table
	faults  int64            // of writing, reading and delivering
	started time.Time
}

// unknownColumn holds the fields of events that their table has no column for.
const unknownColumn = "_Unknown"

// receivedColumn holds the time at which a row was taken in.
const receivedColumn = "_TimeReceived"

// Open opens a data folder, which is made if it is not there.
func Open(ctx context.Context, opts Options) (s *Service, err error) {
	c := opts.Config
	s = &Service{opts: opts, conf: c, log: opts.Log, clock: opts.Clock, expired: map[string]int64{}, started: opts.Clock.Now(),
		rows: make(chan struct{}, 1), works: make(chan struct{}, 1)}
	opened := s
	defer func() {
		if err != nil {
			err = errors.Join(err, opened.Close())
		}
	}()
	if err := os.MkdirAll(filepath.Join(c.Data, tablesFolder), 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	st, err := sqlite.Open(ctx, filepath.Join(c.Data, StateFile), sqlite.Options{})
	if err != nil {
		return nil, fmt.Errorf("state %s: %w", filepath.Join(c.Data, StateFile), err)
	}
	s.State = st
	s.disk, err = duckdb.OpenDisk(ctx, filepath.Join(c.Data, eventsFolder), duckdb.DiskOptions{MemoryBytes: int64(c.Query.Memory), Threads: c.Query.Threads,
		FreeBytes: max(1, int64(c.Ingest.MinFree)), LogBytes: int64(c.Ingest.LogSize)})
	if err != nil {
		return nil, err
	}
	tables := []catalog.Option{catalog.WithHidden(types.Schema{{Name: unknownColumn, Type: types.Dynamic}})}
	if c.Content.XDR {
		tables = append(tables, catalog.WithXDR())
	}
	s.Catalog = catalog.Builtin(tables...)
	s.stored = s.Catalog.Stored()
	content, err := session.AddContent(s.Catalog, c.Content.Parsers, c.Content.Watchlists, c.Content.External)
	if err != nil {
		return nil, err
	}
	for i, p := range content.Problems {
		if i == problemsShown {
			s.log.Warn("more parsers left out; 'vedette lint' lists them all", "parsers", len(content.Problems)-i)
			break
		}
		s.log.Warn("parser left out", "file", p.File, "line", p.Line, "fault", p.Msg)
	}
	if err := s.loadTables(ctx); err != nil {
		return nil, err
	}
	if err := s.loadWatchlists(ctx); err != nil {
		return nil, err
	}
	s.Events, err = eventlog.Open(ctx, eventlog.Options{Store: s.disk, Now: s.now, PendingBytes: int64(c.Ingest.Pending), Wait: 2 * time.Second,
		Trouble: func(err error) { s.fault("tidy the event store", err) }})
	if err != nil {
		return nil, err
	}
	s.Engine = query.New(s.Catalog, s.disk)
	s.Engine.External, s.Engine.EmptyExternal = content.External, c.Content.EmptyExternal
	if c.Content.GeoIP != "" {
		if s.locations, err = mmdb.Open(c.Content.GeoIP); err != nil {
			return nil, fmt.Errorf("content.geoIP: %w", err)
		}
		s.Engine.UseLocations(s.locations)
	}
	if c.Schedule.SkipEmpty {
		s.proof = newProver(s)
	}
	s.Desk = &desk.Desk{Workspace: s.Workspace(), URL: s.incidentURL}
	if s.folder, err = s.newFolder(); err != nil {
		return nil, fmt.Errorf("ingest.watch: %w", err)
	}
	if s.deliver, err = newDeliverer(c, s.now, s.log); err != nil {
		return nil, err
	}
	settings, err := Settings(c.Schedule)
	if err != nil {
		return nil, err
	}
	s.Scheduler, err = sched.New(settings, sched.Ports{Clock: s.clock, Positions: (*sink)(s), Sink: (*sink)(s), Run: s.evaluate, Classify: classify,
		Observe: s.observe, Trouble: func(rule string, err error) { s.fault("schedule rule "+rule, err) }})
	if err != nil {
		return nil, err
	}
	return s, s.loadRules(ctx)
}

// Settings turns what the operator set about schedules into the scheduler's settings.
func Settings(c config.Schedule) (sched.Settings, error) {
	s := sched.DefaultSettings()
	s.Delay, s.NRTEvery, s.NRTDelay, s.Spread = c.Delay, c.NRTEvery, c.NRTDelay, c.Spread
	s.MaxWaiting, s.MaxAge, s.DisableAfter = c.MaxWaiting, c.MaxAge.Duration(), c.DisableAfter
	s.Workers, s.Timeout = c.Workers, c.Timeout
	if c.Missed == "skip" {
		s.Missed = sched.SkipMissed
	}
	return s, s.Validate()
}

// Stored is the catalogue as those see it who bring events: hidden columns are shown.
func (s *Service) Stored() *catalog.Catalog { return s.stored }

// Workspace is what the server calls itself.
func (s *Service) Workspace() alert.Workspace {
	w := s.conf.Workspace
	return alert.Workspace{ID: w.ID, Name: w.Name, Subscription: w.Subscription, ResourceGroup: w.ResourceGroup}
}

// BaseURL is how others reach the server.
func (s *Service) BaseURL() string {
	if s.conf.URL != "" {
		return s.conf.URL
	}
	scheme := "http://"
	if s.conf.TLS.Cert != "" {
		scheme = "https://"
	}
	return scheme + s.conf.Listen
}

func (s *Service) incidentURL(id string) string { return s.BaseURL() + "/incidents/" + id }

func (s *Service) now() time.Time { return s.clock.Now().UTC().Round(0) }

// fault notes an error that nobody is there to be told of.
func (s *Service) fault(doing string, err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	s.mu.Lock()
	s.faults++
	s.mu.Unlock()
	s.log.Error("could not "+doing, "error", err)
}

// Run runs the schedule and the pumps until ctx ends, and then lets what is under way come to its end.
func (s *Service) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	pumps, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	loops := []func(context.Context){s.pumpRows, s.pumpWorks, s.pumpAudit, s.expire}
	if s.proof != nil {
		loops = append(loops, s.proof.fill)
	}
	if s.folder != nil {
		loops = append(loops, s.watch)
	}
	for _, f := range loops {
		wg.Go(func() { f(pumps) })
	}
	runs, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	wg.Go(func() {
		<-ctx.Done()
		s.Scheduler.Stop()
		select {
		case <-s.clock.After(grace):
			cancel() // what these runs would have given is evaluated at the next start
		case <-pumps.Done():
		}
	})
	err := s.Scheduler.Run(runs)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	// What the last runs left in the outbox is taken along, as far as that goes quickly; the rest waits for the next start.
	last, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	_, flushed := s.flushRows(last)
	stop()
	wg.Wait()
	return errors.Join(err, flushed)
}

// Close closes the folder. Events that were handed in are written first.
func (s *Service) Close() error {
	var errs []error
	if s.Events != nil {
		errs = append(errs, s.Events.Close())
	}
	if s.disk != nil {
		if s.Events != nil { // otherwise nothing was opened, and nothing is worth tidying
			errs = append(errs, s.disk.Checkpoint(context.Background()))
		}
		errs = append(errs, s.disk.Close())
	}
	if s.deliver != nil {
		errs = append(errs, s.deliver.Close())
	}
	if s.State != nil {
		errs = append(errs, s.State.Close())
	}
	return errors.Join(errs...)
}

// grace is how long runs that are on may take to end when the server stops.
const grace = 10 * time.Second

// expireEvery is how often retention is enforced.
const expireEvery = time.Hour

// expire drops what is older than its retention.
func (s *Service) expire(ctx context.Context) {
	for {
		dropped, err := s.Events.Expire(ctx, s.conf.Retention.Keep)
		s.fault("enforce retention", err)
		for _, d := range dropped {
			s.log.Info("dropped what was older than its retention", "table", d.Table, "rows", d.Rows)
			s.mu.Lock()
			s.expired[d.Table] += d.Rows
			s.mu.Unlock()
		}
		err = s.State.Update(ctx, func(tx state.Tx) error {
			now := s.now()
			var errs []error
			if d := s.conf.Retention.Alerts.Duration(); d > 0 {
				_, err := tx.Alerts().Forget(now.Add(-d))
				errs = append(errs, err)
			}
			if d := s.conf.Retention.Audit.Duration(); d > 0 {
				_, err := tx.Audit().Forget(now.Add(-d))
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		})
		s.fault("enforce retention of the state", err)
		select {
		case <-s.clock.After(expireEvery):
		case <-ctx.Done():
			return
		}
	}
}
