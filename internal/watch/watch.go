package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/ingest"
)

// Log keeps events. Append returns when they are durable; duplicate tells that a batch of this id was kept before.
type Log interface {
	Append(ctx context.Context, b eventlog.Batch) (duplicate bool, err error)
}

// Clock is the time. Now may jump, After must not.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

// Options say what is watched and where its events go.
type Options struct {
	Dir     string
	Catalog *catalog.Catalog // whose tables files go to; none is added
	Log     Log
	Clock   Clock

	Mapping     []ingest.Mapping // patterns of paths below Dir → tables; "-" leaves a file where it is
	Limits      ingest.Limits    // MaxRecord defaults to 4 MiB here
	AADTenantID string           // tenant of Entra records that do not name theirs
	NewID       func() string    // new _ItemId; nil for none
	Sources     *ingest.Sources  // where the counts go; nil for nowhere
	Told        func(Outcome)    // hears of every file that is done with, and of faults; may be nil

	Every  time.Duration // between two looks at the folder; default 5 s
	Settle time.Duration // how long a file must not have changed; default 10 s
	Delete bool          // files that were read are removed, and not moved to done/
}

// Outcome is what became of a file, or what kept the folder from being looked at.
type Outcome struct {
	File      string // path below the folder; "" for the folder itself
	Moved     string // where it is now, below the folder; "" where it was removed or is to be read again
	Rows      int64  // kept
	Duplicate int64  // rows of batches that were kept before
	Rejected  int64  // records that could not be read
	Err       error  // why it was not read, or not wholly
}

// Folder is a folder that is watched. One Folder at a time may watch it.
type Folder struct {
	opts Options
	seen map[string]state
}

// state is what a file looked like, and since when.
type state struct {
	size     int64
	modified time.Time
	since    time.Time
}

const (
	reading = ".reading"
	done    = "done"
	failed  = "failed"
)

// New prepares to watch a folder, which must be there.
func New(opts Options) (*Folder, error) {
	if opts.Catalog == nil || opts.Log == nil || opts.Clock == nil {
		return nil, errors.New("watch: Catalog, Log and Clock are needed")
	}
	if info, err := os.Stat(opts.Dir); err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("watch: %s is no folder", opts.Dir)
	}
	if opts.Every <= 0 {
		opts.Every = 5 * time.Second
	}
	if opts.Settle <= 0 {
		opts.Settle = 10 * time.Second
	}
	if opts.Limits.MaxRecord <= 0 {
		opts.Limits.MaxRecord = 4 << 20
	}
	if opts.Sources == nil {
		opts.Sources = &ingest.Sources{}
	}
	return &Folder{opts: opts, seen: map[string]state{}}, nil
}

// Run looks at the folder again and again, until ctx ends.
func (f *Folder) Run(ctx context.Context) error {
	for {
		if err := f.Poll(ctx); err != nil && ctx.Err() == nil {
			f.tell(Outcome{Err: err})
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-f.opts.Clock.After(f.opts.Every):
		}
	}
}

func (f *Folder) tell(o Outcome) {
	if f.opts.Told != nil {
		f.opts.Told(o)
	}
}

// Poll looks at the folder once: it reads what an earlier run left unfinished, and every file that has settled. An
// error is of the folder or the log; the files that it concerns are read again at the next call.
func (f *Folder) Poll(ctx context.Context) error {
	left, err := f.list(reading)
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range left {
		if err := f.read(ctx, file); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	ready, err := f.settled()
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, file := range ready {
		if slices.Contains(left, file) {
			if _, err := os.Lstat(f.path(reading, file)); err == nil {
				continue // an earlier file of this name is still to be read
			}
		}
		if err := f.move(file, path.Join(reading, file)); err != nil {
			errs = append(errs, err)
			continue
		}
		delete(f.seen, file)
		if err := f.read(ctx, file); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return errors.Join(errs...)
}

// path returns the place of a file below the folder.
func (f *Folder) path(parts ...string) string {
	return filepath.Join(f.opts.Dir, filepath.FromSlash(path.Join(parts...)))
}

// list returns the files in one of the folder's own folders, sorted.
func (f *Folder) list(own string) ([]string, error) {
	var out []string
	err := fs.WalkDir(os.DirFS(f.path(own)), ".", func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && d.Type().IsRegular() {
			out = append(out, p)
		}
		return err
	})
	return out, err
}

// unfinished are the endings of names that writers use until a file is whole.
var unfinished = []string{".tmp", ".part", ".partial", ".crdownload", ".filepart", "~"}

// settled returns the files that have not changed for a while, sorted.
func (f *Folder) settled() ([]string, error) {
	now := f.opts.Clock.Now()
	here := map[string]bool{}
	var out []string
	err := fs.WalkDir(os.DirFS(f.opts.Dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) && p != "." {
				return nil // gone in the meantime
			}
			return err
		}
		switch {
		case p == ".":
			return nil
		case strings.HasPrefix(d.Name(), "."), d.IsDir() && (p == done || p == failed):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular(): // a link could lead anywhere
			return nil
		case slices.ContainsFunc(unfinished, func(end string) bool { return strings.HasSuffix(strings.ToLower(p), end) }), f.leftOut(p):
			return nil
		}
		info, err := d.Info()
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		here[p] = true
		was, known := f.seen[p]
		if !known || was.size != info.Size() || !was.modified.Equal(info.ModTime()) || now.Before(was.since) {
			f.seen[p] = state{info.Size(), info.ModTime(), now}
			return nil
		}
		if now.Sub(was.since) >= f.opts.Settle {
			out = append(out, p)
		}
		return nil
	})
	for p := range f.seen {
		if !here[p] {
			delete(f.seen, p)
		}
	}
	return out, err
}

// leftOut tells whether the first mapping that fits a file says to leave it.
func (f *Folder) leftOut(file string) bool {
	for _, m := range f.opts.Mapping {
		if m.Matches(file) {
			return m.Table == "-"
		}
	}
	return false
}

// move moves a file below the folder.
func (f *Folder) move(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(f.path(to)), 0o755); err != nil {
		return err
	}
	return os.Rename(f.path(from), f.path(to))
}

// free returns a name in one of the folder's own folders that no file has yet.
func (f *Folder) free(own, file string) (string, error) {
	ext := path.Ext(file)
	if strings.EqualFold(ext, ".gz") {
		ext = path.Ext(strings.TrimSuffix(file, ext)) + ext
	}
	for n := 1; ; n++ {
		to := path.Join(own, file)
		if n > 1 {
			to = path.Join(own, fmt.Sprintf("%s~%d%s", strings.TrimSuffix(file, ext), n, ext))
		}
		_, err := os.Lstat(f.path(to))
		if errors.Is(err, fs.ErrNotExist) {
			return to, nil
		}
		if err != nil {
			return "", err
		}
	}
}
