package query_test

import (
	"context"
	"errors"
	"flag"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// cancelAfter is how long TestCancelHeavy lets queries run: more brings them to later steps.
var cancelAfter = flag.Duration("cancelafter", 150*time.Millisecond, "how long TestCancelHeavy lets its queries run")

// heavy are queries that take seconds over a million rows, each because of another part of the engine.
var heavy = []struct{ name, query string }{
	{"aggregate", `Events_CL | summarize count(), dcount(User), percentile(Number, 95), make_set(Key, 1000) by Text, bin(TimeGenerated, 1m)`},
	{"join", `Events_CL | join kind=inner (Events_CL | where Number > 0.2) on Small | summarize sum(Number * Number1) by User`},
	{"regex", `Events_CL | where Text matches regex @"(a+)+b[0-9]{3}.*(x|y|z)+$" or extract(@"user(\d+).*?host(\d+)", 2, Text) == "x" | count`},
	{"window", `Events_CL | sort by User asc, Number desc | extend p = prev(Number), n = row_number(1, prev(User) != User), c = row_cumsum(Number) | summarize sum(p * n * c)`},
	{"sort", `Events_CL | sort by Text asc, Number desc`},
	{"mv-expand", `Events_CL | mv-expand Bag.list to typeof(long) | mv-expand x = range(1, 50) to typeof(long) | summarize sum(x) by User`},
	{"mv-apply", `Events_CL | mv-apply e = Bag.list to typeof(long) on (summarize s = sum(e), m = make_list(e)) | summarize sum(s)`},
	{"series", `range k from 1 to 20000 step 1 | extend s = range(1, 3000), t = range(k, k + 3000) | extend a = series_stats_dynamic(series_fit_line_dynamic(s)), b = series_decompose_anomalies(t) | summarize count() by tostring(a.avg)`},
	{"parse", `Events_CL | parse Text with "user" u:long " on " rest " at " n:real | extend j = parse_json(Text), h = hash_sha256(Text), d = todatetime(Text) | summarize dcount(h), count() by tostring(j), d`},
	{"functions in Go", `Events_CL | extend d = base64_decode_tostring(base64_encode_tostring(Text)), x = parse_user_agent(Text, "browser"), e = strcat_array(split(Text, " "), "-") | summarize count() by d, tostring(x), e`},
	{"aggregate in Go", `Events_CL | summarize hll(Text), tdigest(Number), buildschema(Bag) by Small`},
	{"scan", `Events_CL | sort by TimeGenerated asc | scan declare (n: long = 0) with (step s: true => n = s.n + 1;) | summarize max(n)`},
	{"session window", `Events_CL | sort by User asc, TimeGenerated asc | extend s = row_window_session(TimeGenerated, 1h, 5m, User != prev(User)) | summarize count() by s`},
	{"sequence_detect", `Events_CL | evaluate sequence_detect(TimeGenerated, 5m, 1h, a = Small == 1, b = Small == 2, User)`},
	{"activity", `Events_CL | evaluate sliding_window_counts(Key, TimeGenerated, datetime(2024-01-01), datetime(2024-01-25), 7d, 1h)`},
	{"reduce", `Events_CL | reduce by Text with threshold=0.01`},
	{"basket", `Events_CL | project User, Small, Key = Key % 7, Half = Key % 2 | evaluate basket(0.001)`},
	{"graph", `Events_CL | where Key < 60000 | extend From = Key % 500, To = (Key * 7) % 500 | make-graph From --> To with_node_id = id | graph-match (a)-[x*1..6]->(b) where a.id != b.id project a.id, b.id | count`},
	{"rows", `Events_CL | project TimeGenerated, Text, Bag`},
}

// TestCancelHeavy: whatever a query is at, it ends soon when it is cancelled, and so does the work behind it. -v
// tells how soon each does; on an otherwise idle machine Run is to return within 100 ms.
func TestCancelHeavy(t *testing.T) {
	if testing.Short() {
		t.Skip("generates a million rows")
	}
	st, eng := generated(t, 1_000_000)
	const soon, stops = 2 * time.Second, 10 * time.Second
	cancelled := 0
	for _, c := range heavy {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() {
			_, err := eng.Run(ctx, request(c.query))
			done <- err
		}()
		select {
		case err := <-done:
			cancel()
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			t.Logf("%-16s was done before it was cancelled", c.name)
			continue
		case <-time.After(*cancelAfter):
		}
		start := time.Now()
		cancel()
		err := <-done
		returned := time.Since(start)
		if err == nil {
			continue // it was done just then
		}
		cancelled++
		if testing.Verbose() {
			busy := busyUntil(st, start)
			t.Logf("%-16s returned after %6.1f ms, worked on for %6.1f ms, was gone after %6.1f ms", c.name, ms(returned), ms(busy), ms(time.Since(start)))
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: a cancelled query ended with %v", c.name, err)
		}
		if returned > soon {
			t.Errorf("%s: cancelled, it returned after %v", c.name, returned)
		}
	}
	start := time.Now()
	if st.Wait(); time.Since(start) > stops {
		t.Errorf("cancelled queries worked on for %v", time.Since(start))
	}
	if cancelled < len(heavy)/2 {
		t.Errorf("only %d of %d queries ran long enough to be cancelled", cancelled, len(heavy))
	}
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// busyUntil waits for the engine to be idle and returns how long after start the process last used its processors.
func busyUntil(st *duckdb.Engine, start time.Time) time.Duration {
	idle := make(chan struct{})
	go func() { st.Wait(); close(idle) }()
	last, used := time.Duration(0), processorTime()
	for {
		select {
		case <-idle:
			return last
		case <-time.After(5 * time.Millisecond):
			if now := processorTime(); now-used > 2*time.Millisecond {
				last = time.Since(start)
				used = now
			} else {
				used = now
			}
		}
	}
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// generated is an engine over a table of so many rows.
func generated(t *testing.T, rows int) (*duckdb.Engine, *query.Engine) {
	t.Helper()
	cat := catalog.New()
	table := catalog.Table{Name: "Events_CL", Columns: types.Schema{
		{Name: "TimeGenerated", Type: types.Datetime}, {Name: "Key", Type: types.Long}, {Name: "Small", Type: types.Long},
		{Name: "User", Type: types.String}, {Name: "Text", Type: types.String}, {Name: "Number", Type: types.Real}, {Name: "Bag", Type: types.Dynamic}}}
	if err := cat.AddTable(table); err != nil {
		t.Fatal(err)
	}
	st, err := duckdb.Open(context.Background(), duckdb.Options{MemoryBytes: 6 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := st.Create(&table); err != nil {
		t.Fatal(err)
	}
	from := types.LongOf(types.TicksOf(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))).ToText()
	err = st.Exec(context.Background(), strings.NewReplacer("$rows", types.LongOf(int64(rows)).ToText(), "$from", from).Replace(`INSERT INTO Events_CL SELECT
		$from + i * 10000000, i, hash(i) % 97, 'user' || (hash(i) % 5000), 'user' || (i % 5000) || ' on host' || (hash(i * 3) % 100000) || ' at ' || i,
		(hash(i * 7) % 1000000) / 1e6, '{"list":[' || (i % 9) || ',' || (i % 5) || ',3],"name":"n' || (i % 11) || '"}' FROM range($rows) AS r(i)`))
	if err != nil {
		t.Fatal(err)
	}
	return st, query.New(cat, st)
}
