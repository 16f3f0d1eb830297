package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// disk is a real store whose commits can be held up and made to fail.
type disk struct {
	*duckdb.Disk
	gate chan struct{} // nil: open
	fail func(store.Commit) error

	mu    sync.Mutex
	times []int64
	rows  []int
}

func (d *disk) Commit(ctx context.Context, c store.Commit) error {
	if d.gate != nil {
		<-d.gate
	}
	if d.fail != nil {
		if err := d.fail(c); err != nil {
			return err
		}
	}
	n := 0
	for _, r := range c.Rows {
		n += len(r.Rows)
	}
	d.mu.Lock()
	d.times, d.rows = append(d.times, c.At), append(d.rows, n)
	d.mu.Unlock()
	return d.Disk.Commit(ctx, c)
}

func openStore(t *testing.T, dir string) *disk {
	t.Helper()
	d, err := duckdb.OpenDisk(t.Context(), dir, duckdb.DiskOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return &disk{Disk: d}
}

func open(t *testing.T, d *disk, change func(*eventlog.Options)) *eventlog.Log {
	t.Helper()
	o := eventlog.Options{Store: d, Now: func() time.Time { return noon }}
	if change != nil {
		change(&o)
	}
	l, err := eventlog.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

var table = func() *catalog.Table {
	cat := catalog.New()
	err := cat.AddTable(catalog.Table{Name: "Logs_CL", Columns: types.Schema{{Name: "TimeGenerated", Type: types.Datetime}, {Name: "N", Type: types.Long}, {Name: "_TimeReceived", Type: types.Datetime}}})
	if err != nil {
		panic(err)
	}
	t, _ := cat.Table("Logs_CL")
	return t
}()

func batch(id string, ns ...int64) eventlog.Batch {
	b := eventlog.Batch{ID: id, Parts: []eventlog.Part{{Table: table}}}
	for _, n := range ns {
		b.Parts[0].Rows = append(b.Parts[0].Rows, []types.Value{types.DatetimeOf(types.TicksOf(noon)), types.LongOf(n), types.Null(types.Datetime)})
	}
	return b
}

func rows(d *disk) int64 {
	var n int64
	for _, s := range d.Stored() {
		n += s.Rows
	}
	return n
}

func TestBatchesAreKeptOnce(t *testing.T) {
	dir := t.TempDir()
	d := openStore(t, dir)
	l := open(t, d, nil)
	for i, c := range []struct {
		id   string
		dup  bool
		rows int64
	}{{"a", false, 2}, {"b", false, 4}, {"a", true, 4}, {"", false, 6}, {"", false, 8}, {"b", true, 8}} {
		dup, err := l.Append(t.Context(), batch(c.id, 1, 2))
		if err != nil || dup != c.dup || rows(d) != c.rows {
			t.Errorf("%d: batch %q: duplicate %v, %v, %d rows; want %v and %d", i, c.id, dup, err, rows(d), c.dup, c.rows)
		}
	}
	marked := batch("m", 1)
	marked.Mark, marked.MarkAt = "file", 17
	if _, err := l.Append(t.Context(), marked); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Close(), d.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), batch("z", 1)); !errors.Is(err, eventlog.ErrClosed) {
		t.Errorf("a closed log: %v", err)
	}
	l = open(t, openStore(t, dir), nil)
	for id, want := range map[string]bool{"a": true, "b": true, "c": false} {
		if dup, err := l.Append(t.Context(), batch(id, 1)); dup != want || err != nil {
			t.Errorf("after a restart, batch %s: duplicate %v, %v", id, dup, err)
		}
	}
	if m, err := l.Mark(t.Context(), "file"); m != 17 || err != nil {
		t.Errorf("mark %d, %v", m, err)
	}
}

func TestSmallBatchesShareACommit(t *testing.T) {
	d := openStore(t, t.TempDir())
	d.gate = make(chan struct{})
	l := open(t, d, nil)
	var wg sync.WaitGroup
	var dups atomic.Int64
	for i := range int64(200) {
		wg.Go(func() {
			dup, err := l.Append(t.Context(), batch(fmt.Sprint(i/2), i)) // each identity twice
			if err != nil {
				t.Error(err)
			}
			if dup {
				dups.Add(1)
			}
		})
	}
	waitFor(t, func() bool { return l.Stats().Pending > 0 })
	time.Sleep(50 * time.Millisecond)
	close(d.gate)
	wg.Wait()
	if s := l.Stats(); s.Commits > 50 || s.Batches != 100 || s.Rows != 100 || dups.Load() != 100 || rows(d) != 100 {
		t.Errorf("%+v, %d duplicates, %d rows", s, dups.Load(), rows(d))
	}
	for i := 1; i < len(d.times); i++ {
		if d.times[i] <= d.times[i-1] {
			t.Errorf("commit %d has the time of the one before, or an earlier one: %v", i, d.times)
		}
	}
}

func TestOneBadBatchHurtsNoOther(t *testing.T) {
	d := openStore(t, t.TempDir())
	d.gate = make(chan struct{})
	bad := errors.New("bad batch")
	d.fail = func(c store.Commit) error {
		for _, id := range c.Batches {
			if id == "bad" {
				return bad
			}
		}
		return nil
	}
	l := open(t, d, nil)
	var wg sync.WaitGroup
	for i, id := range []string{"a", "b", "bad", "c"} {
		wg.Go(func() {
			_, err := l.Append(t.Context(), batch(id, int64(i)))
			if (id == "bad") != errors.Is(err, bad) {
				t.Errorf("batch %s: %v", id, err)
			}
		})
	}
	waitFor(t, func() bool { return l.Stats().Pending > 2000 })
	close(d.gate)
	wg.Wait()
	if rows(d) != 3 {
		t.Errorf("%d rows", rows(d))
	}
	d.fail = func(store.Commit) error { return store.ErrFull }
	if _, err := l.Append(t.Context(), batch("late", 1)); !errors.Is(err, eventlog.ErrFull) {
		t.Errorf("a full disk: %v", err)
	}
	d.fail = nil
	if dup, err := l.Append(t.Context(), batch("late", 1)); dup || err != nil {
		t.Errorf("the same batch once there is room: %v, %v", dup, err)
	}
}

func TestWhatMayWaitIsBounded(t *testing.T) {
	d := openStore(t, t.TempDir())
	d.gate = make(chan struct{})
	l := open(t, d, func(o *eventlog.Options) { o.PendingBytes, o.Wait = 2000, 20*time.Millisecond })
	var wg sync.WaitGroup
	var busy, kept atomic.Int64
	for i := range int64(20) {
		wg.Go(func() {
			switch _, err := l.Append(t.Context(), batch("", i)); {
			case err == nil:
				kept.Add(1)
			case errors.Is(err, eventlog.ErrBusy):
				busy.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	waitFor(t, func() bool { return busy.Load() >= 15 })
	if p := l.Stats().Pending; p > 2000 {
		t.Errorf("%d bytes wait", p)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(ctx, batch("", 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	close(d.gate)
	wg.Wait()
	if kept.Load() == 0 || rows(d) != kept.Load() {
		t.Errorf("%d acknowledged and %d rows", kept.Load(), rows(d))
	}
	// Room that comes in time is used.
	l2 := open(t, openStore(t, t.TempDir()), func(o *eventlog.Options) { o.PendingBytes, o.Wait = 1, time.Minute })
	for i := range int64(20) {
		wg.Go(func() {
			if _, err := l2.Append(t.Context(), batch("", i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestSettle(t *testing.T) {
	d := openStore(t, t.TempDir())
	d.gate = make(chan struct{}, 10)
	l := open(t, d, nil)
	done := make(chan error, 1)
	go func() {
		_, err := l.Append(t.Context(), batch("", 1))
		done <- err
	}()
	waitFor(t, func() bool { return l.Stats().Pending > 0 })
	time.Sleep(20 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := l.Settle(ctx, noon); err != nil {
		t.Errorf("nothing before noon is under way: %v", err)
	}
	if err := l.Settle(ctx, noon.Add(time.Second)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a commit from before is under way: %v", err)
	}
	d.gate <- struct{}{}
	if err := l.Settle(t.Context(), noon.Add(time.Second)); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	d.gate <- struct{}{}
	if _, err := l.Append(t.Context(), batch("", 2)); err != nil {
		t.Error(err)
	}
	if at := types.TimeOf(d.times[1]); at.Before(noon.Add(time.Second)) {
		t.Errorf("a commit got the time %v, which was settled", at)
	}
}

func TestExpire(t *testing.T) {
	d := openStore(t, t.TempDir())
	l := open(t, d, nil)
	for day := range 10 {
		b := batch(fmt.Sprint(day), int64(day))
		b.Parts[0].Rows[0][0] = types.DatetimeOf(types.TicksOf(noon.AddDate(0, 0, -day)))
		if _, err := l.Append(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	keep := 0 * time.Hour
	for _, c := range []struct {
		keep time.Duration
		want int64
	}{{0, 10}, {240 * time.Hour, 10}, {72 * time.Hour, 4}, {time.Hour, 1}} {
		keep = c.keep
		if _, err := l.Expire(t.Context(), func(string) time.Duration { return keep }); err != nil || rows(d) != c.want {
			t.Errorf("keeping %v leaves %d rows, %v; want %d", c.keep, rows(d), err, c.want)
		}
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("it does not come about")
}
