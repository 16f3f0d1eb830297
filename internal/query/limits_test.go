package query_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
)

// endless would run for hours.
const endless = `range x from 1 to 1000000000000 step 1 | summarize sum(x * x % 7)`

func request(text string) query.Request {
	return query.Request{File: source.NewFile("", text), Now: evaluated}
}

func TestCancel(t *testing.T) {
	eng := newEngine(t, catalog.Builtin())
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := eng.Run(ctx, request(endless)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled query ended with %v", err)
	}
	if _, err := eng.Run(context.Background(), request("print 1")); err != nil {
		t.Errorf("after a cancelled query the engine gives %v", err)
	}
}

func TestTimeout(t *testing.T) {
	eng := newEngine(t, catalog.Builtin())
	req := request(endless)
	req.Timeout = 20 * time.Millisecond
	if _, err := eng.Run(context.Background(), req); !errors.Is(err, query.ErrTimeout) {
		t.Errorf("a query over its time ended with %v", err)
	}
}

func TestMemoryLimit(t *testing.T) {
	st, err := duckdb.Open(context.Background(), duckdb.Options{MemoryBytes: 64 << 20, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	eng := query.New(catalog.Builtin(), st)
	_, err = eng.Run(context.Background(), request(`range x from 1 to 30000000 step 1 | summarize count() by x | summarize max(count_)`))
	if !errors.Is(err, store.ErrMemory) {
		t.Errorf("a query over its memory ended with %v", err)
	}
	if _, err := eng.Run(context.Background(), request("print 1")); err != nil {
		t.Errorf("after a query over its memory the engine gives %v", err)
	}
}

func TestRowLimit(t *testing.T) {
	eng := newEngine(t, catalog.Builtin())
	req := request("range x from 1 to 10 step 1")
	req.MaxRows = 3
	res, err := eng.Run(context.Background(), req)
	if !errors.Is(err, store.ErrRows) || len(res.Rows) != 3 {
		t.Errorf("got %v rows and %v", res, err)
	}
}

// TestLocked shows that a query reaches nothing outside the engine, whatever SQL it might smuggle in.
func TestLocked(t *testing.T) {
	eng := newEngine(t, catalog.Builtin())
	for _, text := range []string{
		`print x = "'; SELECT * FROM read_csv('/etc/passwd'); --"`,
		"datatable(['a\"; DROP TABLE x; --']:string)[\"'\"] | where ['a\"; DROP TABLE x; --'] == \"'\"",
	} {
		res, err := eng.Run(context.Background(), request(text))
		if err != nil || len(res.Rows) != 1 {
			t.Errorf("%s: %v", text, err)
		}
	}
}
