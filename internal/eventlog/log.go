package eventlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/types"
)

// Options are what a Log works with and within.
type Options struct {
	Store store.Keeper
	Now   func() time.Time
	// PendingBytes bounds what waits to be written, roughly as it is in memory. 0 is 128 MiB.
	PendingBytes int64
	// Wait is how long Append waits for room before it says ErrBusy. 0 does not wait.
	Wait time.Duration
	// Linger is how long the writer lets batches gather while many come, because a commit costs about the same whether it is
	// of a hundred rows or of a thousand. Batches that come now and then are written at once. 0 is 100 ms.
	Linger time.Duration
	// Remember is how long identities of batches are recognised, and RememberMost how many at most. 0 is a day and a
	// million.
	Remember     time.Duration
	RememberMost int
	// Trouble is told of faults that nobody waits for. Nil: nobody is told.
	Trouble func(error)
}

const (
	defaultPending  = 128 << 20
	defaultLinger   = 100 * time.Millisecond
	defaultRemember = 24 * time.Hour
	rememberMost    = 1_000_000
	// commitBytes is about how much goes into one commit: more would make those who wait wait longer, and less would
	// flush the disk more often than it must.
	commitBytes = 24 << 20
	// busyBytes is how large the commit before must have been for the writer to linger.
	busyBytes = 1 << 20
)

// Log takes batches in. It is safe for concurrent use.
type Log struct {
	opts Options

	mu      sync.Mutex
	queue   []*waiting
	byID    map[string]*waiting // those in the queue or being written
	pending int64               // bytes of the same
	room    chan struct{}       // closed, and made anew, whenever something was written
	wake    chan struct{}
	recent  recent
	last    int64            // the time of the newest commit
	floor   int64            // commits from now on have this time or a later one
	writing int64            // the time of the commit under way; 0: none
	newest  map[string]int64 // by table: the time of the newest commit with rows of it
	closed  bool
	stats   Stats

	done chan struct{} // closed when the writer has stopped
}

// Stats counts what a Log has done since it was opened.
type Stats struct {
	Batches, Duplicates, Rows, Commits, Busy int64
	Pending                                  int64 // bytes waiting now
}

// waiting is a batch on its way to the disk.
type waiting struct {
	batch Batch
	bytes int64
	done  chan struct{}
	err   error // once done is closed
}

// Open returns a log over a store, and starts its writer. Close stops it.
func Open(ctx context.Context, opts Options) (*Log, error) {
	if opts.PendingBytes == 0 {
		opts.PendingBytes = defaultPending
	}
	if opts.Linger == 0 {
		opts.Linger = defaultLinger
	}
	if opts.Remember == 0 {
		opts.Remember = defaultRemember
	}
	if opts.RememberMost == 0 {
		opts.RememberMost = rememberMost
	}
	if opts.Trouble == nil {
		opts.Trouble = func(error) {}
	}
	l := &Log{opts: opts, byID: map[string]*waiting{}, newest: map[string]int64{}, last: types.TicksOf(opts.Now()), room: make(chan struct{}), wake: make(chan struct{}, 1), done: make(chan struct{}),
		recent: recent{most: opts.RememberMost}}
	now := opts.Now()
	ids, err := opts.Store.Batches(ctx, types.TicksOf(now.Add(-opts.Remember)))
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		l.recent.add(id, now) // remembered a little longer than they must be
	}
	go l.write()
	return l, nil
}

// Append keeps a batch. When it returns nil the batch is durable, and visible to queries; duplicate tells that it had
// been kept before. An error other than one of ctx means that nothing of the batch is kept. When ctx ends the batch may
// be kept all the same; one with an identity can be appended again to find out.
func (l *Log) Append(ctx context.Context, b Batch) (duplicate bool, err error) {
	w := &waiting{batch: b, bytes: sizeOf(&b), done: make(chan struct{})}
	patience := ctx
	l.mu.Lock()
	for {
		if l.closed {
			l.mu.Unlock()
			return false, ErrClosed
		}
		if b.ID != "" {
			if l.recent.has(b.ID) {
				l.stats.Duplicates++
				l.mu.Unlock()
				return true, nil
			}
			if first := l.byID[b.ID]; first != nil { // the same, at the same time: it has the first one's fate
				l.stats.Duplicates++
				l.mu.Unlock()
				return true, first.wait(ctx)
			}
		}
		if l.pending == 0 || l.pending+w.bytes <= l.opts.PendingBytes {
			break
		}
		room := l.room
		l.mu.Unlock()
		if patience == ctx {
			var cancel context.CancelFunc
			patience, cancel = context.WithTimeout(ctx, l.opts.Wait)
			defer cancel()
		}
		select {
		case <-room:
		case <-patience.Done():
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			l.mu.Lock()
			l.stats.Busy++
			l.mu.Unlock()
			return false, ErrBusy
		}
		l.mu.Lock()
	}
	l.queue = append(l.queue, w)
	l.pending += w.bytes
	if b.ID != "" {
		l.byID[b.ID] = w
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return false, w.wait(ctx)
}

func (w *waiting) wait(ctx context.Context) error {
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sizeOf is about how much memory a batch takes.
func sizeOf(b *Batch) int64 {
	var n int64 = 512
	for _, p := range b.Parts {
		for _, r := range p.Rows {
			n += int64(len(r)) * 40
			for _, v := range r {
				n += int64(len(v.Text()))
			}
		}
	}
	return n
}

// Settle returns when no commit is under way, or will come, whose rows have a time before t.
func (l *Log) Settle(ctx context.Context, t time.Time) error {
	ticks := types.TicksOf(t)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.floor = max(l.floor, ticks)
	for l.writing != 0 && l.writing < ticks {
		room := l.room
		l.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			l.mu.Lock()
			return ctx.Err()
		}
		l.mu.Lock()
	}
	return nil
}

// Visible is the time, in ticks, up to which all commits can be read: none with an earlier or equal time is under way, or
// will come.
func (l *Log) Visible() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writing != 0 {
		return l.writing - 1
	}
	return l.last
}

// Newest is the time, in ticks, of the newest commit with rows of a table since the log was opened; 0: there was none.
func (l *Log) Newest(table string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest[table]
}

// Mark says how far a source has been read; see Batch. 0 is not at all.
func (l *Log) Mark(ctx context.Context, source string) (int64, error) {
	return l.opts.Store.Mark(ctx, source)
}

// Stats returns what the log has done.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Pending = l.pending
	return s
}

// Close writes what waits and stops the log. Later batches get ErrClosed.
func (l *Log) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	<-l.done
	return nil
}

// write is the writer.
func (l *Log) write() {
	defer close(l.done)
	var before int64 // bytes of the commit before
	for {
		if before >= busyBytes {
			l.linger()
		}
		group, at, ok := l.next()
		if !ok {
			return
		}
		before = 0
		for _, w := range group {
			before += w.bytes
		}
		l.commit(group, at)
		if err := l.opts.Store.Tidy(context.Background()); err != nil {
			l.opts.Trouble(err)
		}
	}
}

// linger waits a little, or until enough has gathered.
func (l *Log) linger() {
	ctx, cancel := context.WithTimeout(context.Background(), l.opts.Linger)
	defer cancel()
	for {
		l.mu.Lock()
		enough := l.pending >= min(commitBytes, l.opts.PendingBytes/2) || l.closed
		l.mu.Unlock()
		if enough {
			return
		}
		select {
		case <-l.wake:
		case <-ctx.Done():
			return
		}
	}
}

// next takes what is to be written together; ok is false when the log is closed and there is nothing left.
func (l *Log) next() (group []*waiting, at int64, ok bool) {
	for {
		l.mu.Lock()
		if len(l.queue) > 0 {
			break
		}
		closed := l.closed
		l.mu.Unlock()
		if closed {
			return nil, 0, false
		}
		<-l.wake
	}
	defer l.mu.Unlock()
	var bytes int64
	n := 0
	for n < len(l.queue) && (n == 0 || bytes+l.queue[n].bytes <= commitBytes) {
		bytes += l.queue[n].bytes
		n++
	}
	group, l.queue = l.queue[:n:n], l.queue[n:]
	l.last = max(types.TicksOf(l.opts.Now()), l.last+1, l.floor)
	l.writing = l.last
	return group, l.last, true
}

// commit writes a group, or, when that cannot be, each batch of it alone, so that none suffers for another.
func (l *Log) commit(group []*waiting, at int64) {
	err := l.opts.Store.Commit(context.Background(), commitOf(group, at))
	for _, w := range group {
		switch {
		case err == nil, errors.Is(err, store.ErrFull):
			w.err = err
		case len(group) == 1:
			w.err = err
		default:
			w.err = l.opts.Store.Commit(context.Background(), commitOf([]*waiting{w}, at))
		}
		if errors.Is(w.err, store.ErrFull) {
			w.err = fmt.Errorf("%w: %w", ErrFull, w.err)
		}
	}
	now := l.opts.Now()
	l.mu.Lock()
	l.stats.Commits++
	for _, w := range group {
		l.pending -= w.bytes
		if id := w.batch.ID; id != "" {
			delete(l.byID, id)
			if w.err == nil {
				l.recent.add(id, now)
			}
		}
		for _, p := range w.batch.Parts {
			l.newest[p.Table.Name] = at
		}
		if w.err == nil {
			l.stats.Batches++
			l.stats.Rows += int64(w.batch.Rows())
		}
	}
	l.recent.forget(now.Add(-l.opts.Remember))
	l.writing = 0
	close(l.room)
	l.room = make(chan struct{})
	l.mu.Unlock()
	for _, w := range group {
		close(w.done)
	}
}

// commitOf is a group as the store takes it: the rows of a table together, in the order of the batches.
func commitOf(group []*waiting, at int64) store.Commit {
	c := store.Commit{At: at, Marks: map[string]int64{}}
	place := map[string]int{}
	for _, w := range group {
		if w.batch.ID != "" {
			c.Batches = append(c.Batches, w.batch.ID)
		}
		if w.batch.Mark != "" {
			c.Marks[w.batch.Mark] = max(c.Marks[w.batch.Mark], w.batch.MarkAt)
		}
		for _, p := range w.batch.Parts {
			i, ok := place[p.Table.Name]
			if !ok || c.Rows[i].Table != p.Table {
				i = len(c.Rows)
				place[p.Table.Name] = i
				c.Rows = append(c.Rows, store.Rows{Table: p.Table})
			}
			if len(c.Rows[i].Rows) == 0 {
				c.Rows[i].Rows = p.Rows[:len(p.Rows):len(p.Rows)]
			} else {
				c.Rows[i].Rows = append(c.Rows[i].Rows, p.Rows...)
			}
		}
	}
	return c
}
