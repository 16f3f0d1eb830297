package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"

	"github.com/google/uuid"
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/vedette-siem/vedette/internal/state"
)

// readers is how many views run at a time; more wait.
const readers = 4

// Options are the choices of Open. The zero Options are right outside tests.
type Options struct {
	ETag func() string // makes the ETag of a write; nil means random GUIDs
}

// Store is a state.Store on one file.
type Store struct {
	file          string
	etag          func() string
	write, read   *sql.DB
	lock          *sql.DB
	lockHeld      *sql.Conn
	closed        atomic.Bool
	schemaVersion int
}

var _ state.Store = (*Store)(nil)

// Open opens the state in file, which is made if it is not there (its folder must be). The file belongs to this Store
// until Close or the end of the process, however that comes; until then another Open gives state.ErrLocked.
func Open(ctx context.Context, file string, o Options) (*Store, error) {
	s, err := open(ctx, file, o)
	if err != nil {
		return nil, fmt.Errorf("open the state %s: %w", file, err)
	}
	return s, nil
}

func open(ctx context.Context, file string, o Options) (_ *Store, err error) {
	file, err = filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", filepath.Dir(file))
	}
	if o.ETag == nil {
		o.ETag = func() string { return `"` + uuid.NewString() + `"` }
	}
	s := &Store{file: file, etag: o.ETag}
	defer func() {
		if err != nil {
			err = errors.Join(wrap(err), s.release())
		}
	}()
	if err := s.take(ctx); err != nil {
		return nil, err
	}
	if err := private(file); err != nil {
		return nil, err
	}
	s.write, err = sql.Open("sqlite", dsn(file, "_txlock=immediate", "_pragma=busy_timeout(5000)", "_pragma=journal_mode(WAL)",
		"_pragma=synchronous(FULL)", "_pragma=foreign_keys(1)", "_pragma=trusted_schema(0)"))
	if err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if s.schemaVersion, err = migrate(ctx, s.write); err != nil {
		return nil, err
	}
	s.read, err = sql.Open("sqlite", dsn(file, "_pragma=busy_timeout(5000)", "_pragma=query_only(1)", "_pragma=trusted_schema(0)"))
	if err != nil {
		return nil, err
	}
	s.read.SetMaxOpenConns(readers)
	return s, s.read.PingContext(ctx)
}

// dsn names a file with options. SQLite's URI escapes what a path may hold, such as ? and #.
func dsn(file string, options ...string) string {
	p := filepath.ToSlash(file)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // C:/…
	}
	return "file://" + (&url.URL{Path: p}).EscapedPath() + "?" + strings.Join(options, "&")
}

// private makes a file that only its owner reads, unless it is there.
func private(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // and not opened: closing it would drop the locks that this process holds on it
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// take holds a lock beside the file as long as the process lives: an exclusive transaction on an empty database, which
// the system ends with the process, on every platform alike. The state itself cannot be locked so, or views would be
// locked out.
func (s *Store) take(ctx context.Context) (err error) {
	name := s.file + ".lock"
	if err := private(name); err != nil {
		return err
	}
	if s.lock, err = sql.Open("sqlite", dsn(name, "_pragma=busy_timeout(0)", "_pragma=journal_mode(DELETE)")); err != nil {
		return err
	}
	s.lock.SetMaxOpenConns(1)
	if s.lockHeld, err = s.lock.Conn(ctx); err == nil {
		_, err = s.lockHeld.ExecContext(ctx, "BEGIN EXCLUSIVE")
	}
	if err != nil && errors.Is(wrap(err), state.ErrLocked) {
		return fmt.Errorf("%w (%s)", state.ErrLocked, name)
	}
	return err
}

// release closes what is open. The lock goes last.
func (s *Store) release() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lockHeld != nil {
		errs = append(errs, s.lockHeld.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// Close waits for what is running and closes the file. A second Close does nothing.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return wrap(s.release())
}

// SchemaVersion returns the number of the last migration.
func (s *Store) SchemaVersion() int { return s.schemaVersion }

// Update is part of state.Store.
func (s *Store) Update(ctx context.Context, f func(state.Tx) error) error {
	return s.run(ctx, s.write, f)
}

// View is part of state.Store.
func (s *Store) View(ctx context.Context, f func(state.Tx) error) error { return s.run(ctx, s.read, f) }

func (s *Store) run(ctx context.Context, db *sql.DB, f func(state.Tx) error) error {
	if s.closed.Load() {
		return state.ErrClosed
	}
	t, err := db.BeginTx(ctx, nil)
	if err != nil {
		return wrap(err)
	}
	defer func() { _ = t.Rollback() }() // of a panic or an error; after Commit it does nothing
	if err := f(&tx{ctx: ctx, tx: t, etag: s.etag}); err != nil {
		return err
	}
	return wrap(t.Commit())
}

// Backup is part of state.Store. The copy appears under its name only when it is whole and on the disk.
func (s *Store) Backup(ctx context.Context, file string) error {
	if s.closed.Load() {
		return state.ErrClosed
	}
	if err := s.backup(ctx, file); err != nil {
		return fmt.Errorf("back up the state to %s: %w", file, wrap(err))
	}
	return nil
}

func (s *Store) backup(ctx context.Context, file string) (err error) {
	file, err = filepath.Abs(file)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(file); err == nil {
		return fs.ErrExist
	}
	part := file + ".partial"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a backup that was cut short
		return err
	}
	if err := private(part); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part)
		}
	}()
	from, err := sql.Open("sqlite", dsn(s.file, "mode=ro", "_pragma=busy_timeout(5000)"))
	if err != nil {
		return err
	}
	_, err = from.ExecContext(ctx, "VACUUM INTO ?", part)
	if err = errors.Join(err, from.Close()); err != nil {
		return err
	}
	if err := sync(part); err != nil {
		return err
	}
	// a link does not replace a file that came to be in the meantime, as a rename does where there are no links
	switch err := os.Link(part, file); {
	case errors.Is(err, fs.ErrExist):
		return err
	case err == nil:
		err = os.Remove(part)
		if err != nil {
			return err
		}
	default:
		if err := os.Rename(part, file); err != nil {
			return err
		}
	}
	if runtime.GOOS == "windows" {
		return nil // which cannot sync a folder
	}
	return sync(filepath.Dir(file))
}

// sync puts a file's bytes, or a folder's names, on the disk.
func sync(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Check looks through the whole file for damage.
func (s *Store) Check(ctx context.Context) error {
	if s.closed.Load() {
		return state.ErrClosed
	}
	var word string
	if err := s.read.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&word); err != nil {
		return wrap(err)
	}
	if word != "ok" {
		return fmt.Errorf("%w: %s", state.ErrCorrupt, word)
	}
	return nil
}

// wrap gives the driver's errors the names that callers know.
func wrap(err error) error {
	if err == nil {
		return nil
	}
	var e *driver.Error
	if !errors.As(err, &e) {
		return err
	}
	for _, m := range []struct {
		code int
		as   error
	}{{lib.SQLITE_BUSY, state.ErrLocked}, {lib.SQLITE_LOCKED, state.ErrLocked}, {lib.SQLITE_READONLY, state.ErrReadOnly},
		{lib.SQLITE_CORRUPT, state.ErrCorrupt}, {lib.SQLITE_NOTADB, state.ErrCorrupt}, {lib.SQLITE_FULL, state.ErrFull}} {
		if e.Code()&0xff == m.code && !errors.Is(err, m.as) {
			return fmt.Errorf("%w: %w", m.as, err)
		}
	}
	return err
}
