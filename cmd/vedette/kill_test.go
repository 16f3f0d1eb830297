package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/state/sqlite"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

var kills = flag.Int("kills", 12, "how often TestKill kills the server")

// killRule gives alerts for each window that has events, and says how many those were, with the sums of their numbers and
// of their squares: together these tell whether each event was in one window. Alerts about one address join one incident.
const killRule = `{"kind":"NRT","properties":{"displayName":"Every event once","enabled":true,"severity":"Low",
"query":"Kill_CL | summarize Events = count(), Sum = sum(N), Squares = sum(N * N) by Source","suppressionEnabled":false,"suppressionDuration":"PT5H","tactics":[],"techniques":[],
"customDetails":{"Events":"Events","Sum":"Sum","Squares":"Squares"},"eventGroupingSettings":{"aggregationKind":"AlertPerResult"},
"entityMappings":[{"entityType":"IP","fieldMappings":[{"identifier":"Address","columnName":"Source"}]}],
"incidentConfiguration":{"createIncident":true,"groupingConfiguration":{"enabled":true,"reopenClosedIncident":false,"lookbackDuration":"P1D","matchingMethod":"AllEntities"}}}}`

// TestKill kills the server again and again at random moments while events come in. Afterwards every acknowledged event is
// there once, every event was in exactly one window of the rule, and no alert, incident or row of theirs is missing or
// doubled. go test ./cmd/vedette -run TestKill -kills 200 is the long form.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills the server many times")
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "vedette")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	k := &killing{t: t, binary: binary, data: filepath.Join(dir, "data"), address: freeAddress(t), client: &http.Client{Timeout: 10 * time.Second}}
	k.start()
	k.put("/tables/Kill_CL", `{"columns":[{"name":"TimeGenerated","type":"datetime"},{"name":"N","type":"long"},{"name":"Source","type":"string"}]}`)
	k.put("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/vedette/providers/Microsoft.OperationalInsights/workspaces/vedette/providers/Microsoft.SecurityInsights/alertRules/"+
		"5f0d1c8e-7b0a-4b57-9b8e-0e6f7a1c2d3e?api-version=2024-09-01", killRule)
	time.Sleep(1500 * time.Millisecond) // events from before the rule's first window are in none

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var senders sync.WaitGroup
	for n := range int64(3) {
		senders.Go(func() { k.send(ctx, n) })
	}
	begun := time.Now()
	for i := range *kills {
		time.Sleep(time.Duration(50+rand.IntN(900)) * time.Millisecond)
		k.kill()
		k.start()
		if (i+1)%20 == 0 {
			t.Logf("%d kills in %v, %d events acknowledged", i+1, time.Since(begun).Round(time.Second), k.acked.Load())
		}
	}
	cancel()
	senders.Wait()
	k.settle()
	k.stop()
	k.check()
}

type killing struct {
	t       *testing.T
	binary  string
	data    string
	address string
	client  *http.Client
	cmd     *exec.Cmd
	exited  chan error
	log     bytes.Buffer

	acked atomic.Int64 // events
	next  atomic.Int64
}

func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (k *killing) start() {
	k.t.Helper()
	k.cmd = exec.Command(k.binary, "serve", "--data", k.data, "--listen", k.address)
	// A small log is brought into the tables often, so that kills fall into that as well.
	k.cmd.Env = append(os.Environ(), "VEDETTE_SCHEDULE_NRTEVERY=200ms", "VEDETTE_SCHEDULE_SPREAD=0s", "VEDETTE_INGEST_MINFREE=0", "VEDETTE_INGEST_LOGSIZE=1MiB")
	k.log.Reset()
	k.cmd.Stderr = &k.log
	if err := k.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	k.exited = make(chan error, 1)
	go func(cmd *exec.Cmd, exited chan error) { exited <- cmd.Wait() }(k.cmd, k.exited)
	for range 1200 {
		if res, err := k.client.Get("http://" + k.address + "/health"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-k.exited:
			k.t.Fatalf("the server ended: %v\n%s", err, k.log.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	k.t.Fatalf("the server does not come up\n%s", k.log.String())
}

func (k *killing) kill() {
	if err := k.cmd.Process.Kill(); err != nil {
		k.t.Fatal(err)
	}
	<-k.exited
}

func (k *killing) stop() {
	if err := k.cmd.Process.Signal(os.Interrupt); err != nil {
		k.t.Fatal(err)
	}
	select {
	case err := <-k.exited:
		if err != nil {
			k.t.Fatalf("the server did not stop as told: %v\n%s", err, k.log.String())
		}
	case <-time.After(time.Minute):
		k.t.Fatalf("the server does not stop\n%s", k.log.String())
	}
}

func (k *killing) put(path, body string) {
	k.t.Helper()
	req, err := http.NewRequest(http.MethodPut, "http://"+k.address+path, strings.NewReader(body))
	if err != nil {
		k.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := k.client.Do(req)
	if err != nil {
		k.t.Fatal(err)
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); res.StatusCode/100 != 2 {
		k.t.Fatalf("PUT %s: %s %s", path, res.Status, text)
	}
}

// send sends batches until ctx ends. One that was not acknowledged is sent again as it is, until it is.
func (k *killing) send(ctx context.Context, sender int64) {
	for ctx.Err() == nil {
		size := 1 + rand.Int64N(40)
		first := k.next.Add(size) - size
		var body bytes.Buffer
		for i := range size {
			fmt.Fprintf(&body, `%s{"TimeGenerated":%q,"N":%d,"Source":"192.0.2.%d"}`, []string{"[", ","}[min(i, 1)], time.Now().UTC().Format(time.RFC3339Nano), first+i, sender)
		}
		body.WriteString("]")
		id := fmt.Sprintf("%08x-0000-4000-8000-%012x", first, sender)
		for {
			req, err := http.NewRequest(http.MethodPost, "http://"+k.address+"/dataCollectionRules/default/streams/Custom-Kill_CL?api-version=2023-01-01", bytes.NewReader(body.Bytes()))
			if err != nil {
				k.t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("x-ms-client-request-id", id)
			res, err := k.client.Do(req)
			if err != nil {
				time.Sleep(5 * time.Millisecond)
				continue
			}
			text, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode == http.StatusNoContent {
				k.acked.Add(size)
				break
			}
			if res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusServiceUnavailable {
				k.t.Errorf("a batch is refused: %s %s", res.Status, text)
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(time.Duration(rand.IntN(8)) * time.Millisecond)
	}
}

// settle waits until the rule has looked at everything and nothing waits in the outbox.
func (k *killing) settle() {
	end := time.Now().UTC()
	for range 600 {
		time.Sleep(100 * time.Millisecond)
		res, err := k.client.Get("http://" + k.address + "/status")
		if err != nil {
			k.t.Fatal(err)
		}
		var st struct {
			Rules []struct {
				Done  time.Time
				State string
			}
			Outbox map[string]int
			Faults int
		}
		err = json.NewDecoder(res.Body).Decode(&st)
		res.Body.Close()
		if err != nil || len(st.Rules) != 1 {
			k.t.Fatalf("%+v, %v", st, err)
		}
		if st.Rules[0].Done.After(end.Add(time.Second)) && st.Outbox["rows"] == 0 {
			if st.Faults > 0 {
				k.t.Errorf("%d faults:\n%s", st.Faults, k.log.String())
			}
			return
		}
	}
	k.t.Fatal("the rule does not catch up")
}

// check looks at what is kept.
func (k *killing) check() {
	ctx := context.Background()
	d, err := duckdb.OpenDisk(ctx, filepath.Join(k.data, "events"), duckdb.DiskOptions{})
	if err != nil {
		k.t.Fatal(err)
	}
	defer d.Close()
	cat := catalog.Builtin()
	if err := cat.AddTable(catalog.Table{Name: "Kill_CL", Columns: types.Schema{{Name: "TimeGenerated", Type: types.Datetime}, {Name: "N", Type: types.Long}, {Name: "Source", Type: types.String}}}); err != nil {
		k.t.Fatal(err)
	}
	engine := query.New(cat, d)
	ask := func(kql string) [][]types.Value {
		res, err := engine.Run(ctx, query.Request{File: source.NewFile("", kql), Now: time.Now()})
		if err != nil {
			k.t.Fatal(err)
		}
		return res.Rows
	}
	acked := k.acked.Load()
	for _, r := range ask("Kill_CL | summarize rows = count(), events = dcount(N, 4), low = min(N), high = max(N), each = count_distinct(N)") {
		if r[0].Int64() != acked || r[4].Int64() != acked || r[2].Int64() != 0 || r[3].Int64() != acked-1 {
			k.t.Errorf("%d events were acknowledged; there are %d rows of %d events, from %d to %d", acked, r[0].Int64(), r[4].Int64(), r[2].Int64(), r[3].Int64())
		}
	}
	// Each event is in one alert, which has one row.
	alerts := map[string]int{}
	var got, want [3]int64
	for _, r := range ask(`SecurityAlert | extend d = todynamic(tostring(todynamic(ExtendedProperties)["Custom Details"]))
		| project SystemAlertId, tolong(d.Events[0]), tolong(d.Sum[0]), tolong(d.Squares[0])`) {
		alerts[r[0].Text()]++
		for i := range got {
			got[i] += r[i+1].Int64()
		}
	}
	for n := range acked {
		for i, v := range []int64{1, n, n * n} {
			want[i] += v
		}
	}
	if got != want {
		k.t.Errorf("the alerts speak of %d events, with the sums %d and %d; expected %d, %d and %d", got[0], got[1], got[2], want[0], want[1], want[2])
	}
	for id, n := range alerts {
		if n != 1 {
			k.t.Errorf("alert %s has %d rows", id, n)
		}
	}
	if rows := ask("SentinelHealth | summarize n = count() by RecordId | where n > 1 | count"); rows[0][0].Int64() != 0 {
		k.t.Errorf("%d health records are doubled", rows[0][0].Int64())
	}
	k.checkIncidents(alerts, ask("SecurityIncident | mv-expand id = AlertIds to typeof(string) | distinct IncidentNumber, id"))
	k.t.Logf("%d events, %d alerts", acked, len(alerts))
}

// checkIncidents looks at the incidents in the state, and at the rows that tell of them.
func (k *killing) checkIncidents(alerts map[string]int, rows [][]types.Value) {
	st, err := sqlite.Open(context.Background(), filepath.Join(k.data, "state.db"), sqlite.Options{})
	if err != nil {
		k.t.Fatal(err)
	}
	defer st.Close()
	kept := map[string]int{} // alert → incident
	var numbers []int
	err = st.View(context.Background(), func(tx state.Tx) error {
		list, _, err := tx.Incidents().List(state.IncidentQuery{Order: state.ByNumber})
		if err != nil {
			return err
		}
		for _, s := range list {
			numbers = append(numbers, s.Number)
			i, err := tx.Incidents().Get(s.ID)
			if err != nil {
				return err
			}
			for _, a := range i.Alerts {
				if other, ok := kept[a.ID]; ok {
					k.t.Errorf("alert %s is in the incidents %d and %d", a.ID, other, i.Number)
				}
				kept[a.ID] = i.Number
			}
		}
		return nil
	})
	if err != nil {
		k.t.Fatal(err)
	}
	for i, n := range numbers {
		if n != i+1 {
			k.t.Errorf("the numbers of the incidents have a gap: %v", numbers)
			break
		}
	}
	for id := range alerts {
		if _, ok := kept[id]; !ok {
			k.t.Errorf("alert %s is in no incident", id)
		}
	}
	if len(kept) != len(alerts) {
		k.t.Errorf("%d alerts are in incidents, and %d in rows", len(kept), len(alerts))
	}
	told := map[string]int{}
	for _, r := range rows {
		told[strings.ToLower(r[1].Text())] = int(r[0].Int64())
	}
	var wrong []string
	for id, n := range kept {
		if told[strings.ToLower(id)] != n {
			wrong = append(wrong, id)
		}
	}
	if slices.Sort(wrong); len(wrong) > 0 {
		k.t.Errorf("%d alerts of incidents are not in the rows of SecurityIncident: %v …", len(wrong), wrong[:min(3, len(wrong))])
	}
}
