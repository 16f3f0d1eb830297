// Command load puts a server under load and tells how it bears it: sign-ins at a steady rate, with many rules on their real
// schedules. It starts the server itself, as a process of its own, so that its memory can be told from the sender's.
//
//	go build -o bin/vedette ./cmd/vedette
//	go run ./bench/load -vedette bin/vedette -rules RULES -parsers PARSERS -rate 10000 -for 10m
//
// The events are those that `vedette demo` makes up, 5.5 KB each as JSON, sent over the Logs Ingestion API in bodies of just
// under 1 MB; each gets the present as its time and an id of its own. A body that is sent back (429) is sent again. The
// figures are the machine's: the sender takes part of it too.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

type options struct {
	vedette, rules, parsers, data string
	rate, senders                 int
	length                        time.Duration
	env                           string
}

func main() {
	var o options
	flag.StringVar(&o.vedette, "vedette", "bin/vedette", "the server's binary")
	flag.StringVar(&o.rules, "rules", "", "folder of analytics rules")
	flag.StringVar(&o.parsers, "parsers", "", "folder of parsers")
	flag.StringVar(&o.data, "data", "", "data folder, made anew (default: a temporary one)")
	flag.IntVar(&o.rate, "rate", 10_000, "events a second")
	flag.IntVar(&o.senders, "senders", 24, "connections")
	flag.DurationVar(&o.length, "for", 10*time.Minute, "how long")
	flag.StringVar(&o.env, "env", "", "NAME=VALUE,…: more settings of the server")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// bodyBytes is how large bodies are at most; the API takes 1 MiB.
const bodyBytes = 1_000_000

func run(o options) error {
	if o.data == "" {
		dir, err := os.MkdirTemp("", "vedette-load")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.data = dir
	}
	bodies, err := signIns(o)
	if err != nil {
		return err
	}
	s, err := start(o)
	if err != nil {
		return err
	}
	defer s.stop()
	fmt.Printf("%s, %d processors; %d rules on schedule; %d events/s for %v\n", runtime.GOARCH, runtime.NumCPU(), s.status().Schedule.Rules, o.rate, o.length)
	l := &load{o: o, s: s, client: &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: o.senders}}}
	ctx, cancel := context.WithTimeout(context.Background(), o.length)
	defer cancel()
	var wg sync.WaitGroup
	tickets := make(chan int)
	for n := range o.senders {
		wg.Go(func() { l.send(tickets, bodies, n) })
	}
	wg.Go(func() { l.watch(ctx) })
	l.pace(ctx, tickets, bodies)
	close(tickets)
	wg.Wait()
	return l.report()
}

// body is an array of events in which times and ids can be put in place.
type body struct {
	text       []byte
	times, ids []int
	events     int
}

const timeForm = "2006-01-02T15:04:05.0000000Z"

// signIns makes bodies of made-up sign-ins.
func signIns(o options) ([]*body, error) {
	dir, err := os.MkdirTemp("", "vedette-load-events")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if out, err := exec.Command(o.vedette, "demo", "--out", dir, "--sign-ins", "20000", "--users", "300", "--days", "7").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("vedette demo: %w\n%s", err, out)
	}
	f, err := os.Open(filepath.Join(dir, "SigninLogs.ndjson.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	var out []*body
	b := &body{text: []byte("[")}
	for lines.Scan() && len(out) < 100 {
		line := lines.Bytes()
		if len(b.text)+len(line)+2 > bodyBytes {
			b.text[len(b.text)-1] = ']'
			out = append(out, b)
			b = &body{text: []byte("[")}
		}
		at := len(b.text)
		b.text = append(append(b.text, line...), ',')
		b.events++
		for _, p := range []struct {
			mark string
			list *[]int
		}{{`"TimeGenerated":"`, &b.times}, {`"CreatedDateTime":"`, &b.times}, {`"Id":"`, &b.ids}} {
			i := bytes.Index(line, []byte(p.mark))
			if i < 0 {
				return nil, fmt.Errorf("a sign-in without %s", p.mark)
			}
			*p.list = append(*p.list, at+i+len(p.mark))
		}
	}
	if len(out) == 0 {
		return nil, errors.Join(errors.New("no sign-ins were made"), lines.Err())
	}
	return out, nil
}

// fresh puts the present and new ids in place, in a copy that belongs to a sender.
func (b *body) fresh(into []byte) []byte {
	into = append(into[:0], b.text...)
	now := time.Now().UTC()
	for i, at := range b.times {
		copy(into[at:at+len(timeForm)], now.Add(time.Duration(i)*100*time.Nanosecond).Format(timeForm))
	}
	const digits = "0123456789abcdef"
	for _, at := range b.ids {
		r := rand.Uint64()
		for i := range 8 {
			into[at+i] = digits[r>>(4*i)&15]
		}
	}
	return into
}

type server struct {
	cmd     *exec.Cmd
	url     string
	log     *os.File
	exited  chan error
	stopped bool
}

func start(o options) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	s := &server{url: "http://" + address, exited: make(chan error, 1)}
	if s.log, err = os.CreateTemp("", "vedette-load-*.log"); err != nil {
		return nil, err
	}
	s.cmd = exec.Command(o.vedette, "serve", "--data", filepath.Join(o.data, "data"), "--listen", address)
	s.cmd.Env = append(os.Environ(), "VEDETTE_CONTENT_EMPTYEXTERNAL=true")
	if o.rules != "" {
		s.cmd.Env = append(s.cmd.Env, "VEDETTE_CONTENT_RULES="+o.rules)
	}
	if o.parsers != "" {
		s.cmd.Env = append(s.cmd.Env, "VEDETTE_CONTENT_PARSERS="+o.parsers)
	}
	if o.env != "" {
		s.cmd.Env = append(s.cmd.Env, strings.Split(o.env, ",")...)
	}
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.exited <- s.cmd.Wait() }()
	for range 1200 {
		if res, err := http.Get(s.url + "/health"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return s, nil
			}
		}
		select {
		case err := <-s.exited:
			return nil, fmt.Errorf("the server ended: %w; see %s", err, s.log.Name())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("the server does not come up; see %s", s.log.Name())
}

func (s *server) stop() {
	if s.stopped {
		return
	}
	s.stopped = true
	_ = s.cmd.Process.Signal(os.Interrupt)
	<-s.exited
}

// status is what is read of GET /status.
type status struct {
	Bytes  int64
	Events struct{ Rows, Batches, Duplicates, Busy, Commits, Pending int64 }

	Schedule struct {
		Rules                                                                  int
		Runs, Succeeded, ProvedNone, Fired, Alerts, TransientFailures          int64
		PermanentFailures, GivenUp, Disabled, Skipped, Late, Aborted, CaughtUp int64
		MaxLateness                                                            time.Duration
	}
	Rules []struct {
		Name, State string
		Waiting     int
	}
	Faults int64
}

func (s *server) status() (st status) {
	res, err := http.Get(s.url + "/status")
	if err != nil {
		return st
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&st); err != nil {
		fmt.Fprintln(os.Stderr, "load: status:", err)
	}
	return st
}

// memory is the server's memory and its highest so far, in bytes, and the processor time it took.
func (s *server) memory() (now, peak int64, cpu time.Duration) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, 0, 0
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(f[1], 10, 64)
		switch f[0] {
		case "VmRSS:":
			now = n << 10
		case "VmHWM:":
			peak = n << 10
		}
	}
	if text, err = os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid)); err == nil {
		f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		user, _ := strconv.ParseInt(f[11], 10, 64)
		system, _ := strconv.ParseInt(f[12], 10, 64)
		cpu = time.Duration(user+system) * time.Second / 100
	}
	return now, peak, cpu
}

type load struct {
	o      options
	s      *server
	client *http.Client

	acked, sentBack, failed atomic.Int64
	mu                      sync.Mutex
	latencies               []time.Duration
	begun                   time.Time
	behind                  time.Duration // how far the sender was behind its pace at the worst
}

// pace hands out bodies so that the events come at the rate.
func (l *load) pace(ctx context.Context, tickets chan<- int, bodies []*body) {
	l.begun = time.Now()
	due := l.begun
	for n := 0; ; n++ {
		i := n % len(bodies)
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return
		}
		select {
		case tickets <- i:
		case <-ctx.Done():
			return
		}
		l.behind = max(l.behind, time.Since(due))
		due = due.Add(time.Duration(float64(bodies[i].events) / float64(l.o.rate) * float64(time.Second)))
	}
}

func (l *load) send(tickets <-chan int, bodies []*body, _ int) {
	var text []byte
	for i := range tickets {
		begun := time.Now()
		text = bodies[i].fresh(text)
		id := uuid.NewString()
		for try := 0; ; try++ {
			req, err := http.NewRequest(http.MethodPost, l.s.url+"/dataCollectionRules/default/streams/Microsoft-SigninLogs?api-version=2023-01-01", bytes.NewReader(text))
			if err != nil {
				panic(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("x-ms-client-request-id", id)
			res, err := l.client.Do(req)
			if err != nil {
				fmt.Fprintln(os.Stderr, "load:", err)
				l.failed.Add(1)
				break
			}
			answer, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode == http.StatusNoContent {
				l.acked.Add(int64(bodies[i].events))
				l.mu.Lock()
				l.latencies = append(l.latencies, time.Since(begun))
				l.mu.Unlock()
				break
			}
			if res.StatusCode != http.StatusTooManyRequests {
				fmt.Fprintf(os.Stderr, "load: %s %s\n", res.Status, answer)
				l.failed.Add(1)
				break
			}
			l.sentBack.Add(1)
			time.Sleep(200 * time.Millisecond)
		}
	}
}

// watch prints a line every half minute.
func (l *load) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(30 * time.Second):
		}
		st := l.s.status()
		now, peak, cpu := l.s.memory()
		up := time.Since(l.begun)
		fmt.Printf("%4.0f s: %9d events (%.0f/s), %d sent back; memory %d MiB, peak %d; disk %d MiB; processor %.2f; %d runs, %d proved, %d fired, %d failed, %d late, at most %v\n",
			up.Seconds(), l.acked.Load(), float64(l.acked.Load())/up.Seconds(), l.sentBack.Load(), now>>20, peak>>20, st.Bytes>>20, cpu.Seconds()/up.Seconds(), st.Schedule.Runs,
			st.Schedule.ProvedNone, st.Schedule.Fired, st.Schedule.TransientFailures+st.Schedule.PermanentFailures, st.Schedule.Late, st.Schedule.MaxLateness.Round(time.Millisecond))
	}
}

func (l *load) report() error {
	up := time.Since(l.begun)
	st := l.s.status()
	_, peak, cpu := l.s.memory()
	slices.Sort(l.latencies)
	at := func(share float64) time.Duration {
		if len(l.latencies) == 0 {
			return 0
		}
		return l.latencies[min(len(l.latencies)-1, int(share*float64(len(l.latencies))))].Round(time.Millisecond)
	}
	waiting := 0
	for _, r := range st.Rules {
		waiting = max(waiting, r.Waiting)
	}
	s := st.Schedule
	fmt.Printf(`
events        %d acknowledged in %v: %.0f/s; %d rows stored; %d bodies sent back, %d failed; sender at most %v behind
acknowledged  median %v, 99 %% %v, slowest %v
rules         %d: %d runs, %d needed no query, %d fired, %d alerts, %d failures, %d disabled
lateness      at most %v; %d runs over a minute late; %d windows skipped; at most %d windows of a rule wait
memory        peak %d MiB; processor %.2f of one; disk %d MiB; %d commits
faults        %d
`, l.acked.Load(), up.Round(time.Second), float64(l.acked.Load())/up.Seconds(), st.Events.Rows, l.sentBack.Load(), l.failed.Load(), l.behind.Round(time.Millisecond),
		at(0.5), at(0.99), at(1), s.Rules, s.Runs, s.ProvedNone, s.Fired, s.Alerts, s.TransientFailures+s.PermanentFailures, s.Disabled,
		s.MaxLateness.Round(time.Millisecond), s.Late, s.Skipped, waiting, peak>>20, cpu.Seconds()/up.Seconds(), st.Bytes>>20, st.Events.Commits, st.Faults)
	l.s.stop()
	if l.failed.Load() > 0 {
		return fmt.Errorf("%d bodies failed; see %s", l.failed.Load(), l.s.log.Name())
	}
	return os.Remove(l.s.log.Name())
}
