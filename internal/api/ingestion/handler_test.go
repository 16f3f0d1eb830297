package ingestion

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/parquet-go/parquet-go"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/dcr"
	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// memoryLog keeps batches in memory: all of a batch or nothing, each id once.
type memoryLog struct {
	mu      sync.Mutex
	seen    map[string]bool
	rows    map[string][]string // by table, rendered
	batches int
	fault   func(batch int) error // of the batch that comes next, from 1; nil for none
	calls   int
}

func (l *memoryLog) Append(ctx context.Context, b eventlog.Batch) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.fault != nil {
		if err := l.fault(l.calls); err != nil {
			return false, err
		}
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if b.ID != "" {
		if l.seen[b.ID] {
			return true, nil
		}
		if l.seen == nil {
			l.seen = map[string]bool{}
		}
		l.seen[b.ID] = true
	}
	l.batches++
	if l.rows == nil {
		l.rows = map[string][]string{}
	}
	for _, p := range b.Parts {
		for _, row := range p.Rows {
			var cells []string
			for i, v := range row {
				if v.Type() != p.Table.Columns[i].Type {
					return false, fmt.Errorf("%s holds a %s", p.Table.Columns[i].Name, v.Type())
				}
				if !v.IsNull() && v.ToText() != "" {
					cells = append(cells, p.Table.Columns[i].Name+"="+v.ToText())
				}
			}
			l.rows[p.Table.Name] = append(l.rows[p.Table.Name], strings.Join(cells, " "))
		}
	}
	return false, nil
}

func (l *memoryLog) text(table string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.rows[table], "\n")
}

func (l *memoryLog) count(table string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.rows[table])
}

const rules = `
name: web
streamDeclarations:
  Custom-Web:
    columns: [{name: TimeGenerated, type: datetime}, {name: user, type: string}, {name: n, type: int}]
dataFlows:
- streams: [Custom-Web]
  outputStream: Custom-T_CL
  transformKql: "source | where n != 0 | project TimeGenerated, Name = tolower(user), N = n, Zone = tostring(datetime_utc_to_local(datetime(2024-01-01), iff(n >= 100, user, 'UTC')))"
- streams: [Custom-Web]
  table: U_CL
  transformKql: "source | where n > 5 | project TimeGenerated"
`

func newCatalog(t testing.TB) *catalog.Catalog {
	t.Helper()
	col := func(name string, typ types.Type) types.Column { return types.Column{Name: name, Type: typ} }
	c := catalog.New()
	for _, tab := range []catalog.Table{
		{Name: "T_CL", Columns: types.Schema{col("TimeGenerated", types.Datetime), col("Name", types.String), col("N", types.Long), col("Zone", types.String),
			col(ingest.UnknownColumn, types.Dynamic)}},
		{Name: "U_CL", Columns: types.Schema{col("TimeGenerated", types.Datetime), col("Type", types.String)}},
	} {
		if err := c.AddTable(tab); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func newHandler(t testing.TB, log Log, change func(*Options)) *Handler {
	t.Helper()
	cat := newCatalog(t)
	web, diags := dcr.Load(source.NewFile("web.yaml", rules), cat)
	if web == nil {
		t.Fatal(diags.Error())
	}
	set, err := dcr.NewSet(dcr.Default(cat), web)
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{Rules: set.Rule, Tables: cat.Table, Suggest: cat.SuggestTable, Log: log, Now: time.Now, Wait: 30 * time.Millisecond,
		Failed: func(_ *http.Request, err error) { t.Log("failed: ", err) }}
	if change != nil {
		change(&opts)
	}
	h, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func packed(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// send serves one request; headers are name, value, name, value.
func send(h http.Handler, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	version  = "?api-version=2023-01-01"
	logsPath = "/dataCollectionRules/default/streams/Custom-T_CL" + version
	webPath  = "/dataCollectionRules/web/streams/Custom-Web" + version
	one      = `[{"TimeGenerated":"2024-01-01T00:00:00Z","Name":"a","N":1}]`
	oneRow   = "TimeGenerated=2024-01-01T00:00:00.0000000Z Name=a N=1"
)

func TestLogs(t *testing.T) {
	const gz = "Content-Encoding"
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	for _, tt := range []struct {
		name, path, body string
		headers          []string
		status           int
		code, message    string
		rows             string // of T_CL
	}{
		{name: "one", path: logsPath, body: one, status: 204, rows: oneRow},
		{name: "by immutable id", path: "/dataCollectionRules/" + dcr.DefaultImmutableID + "/streams/Microsoft-T_CL" + version, body: one, status: 204, rows: oneRow},
		{name: "old version", path: "/dataCollectionRules/default/streams/Custom-T_CL?api-version=2021-11-01-preview", body: one, status: 204, rows: oneRow},
		{name: "content type", path: logsPath, body: one, headers: []string{"Content-Type", "application/json; charset=UTF-8"}, status: 204, rows: oneRow},
		{name: "compressed", path: logsPath, body: packed(one), headers: []string{gz, "gzip"}, status: 204, rows: oneRow},
		{name: "nothing", path: logsPath, body: "[]", status: 204},
		{name: "unknown field", path: logsPath, body: `[{"TimeGenerated":"2024-01-01T00:00:00Z","Name":"a","N":"x","Y":[1]}]`, status: 204,
			rows: `TimeGenerated=2024-01-01T00:00:00.0000000Z Name=a _Unknown={"N":"x","Y":[1]}`},
		{name: "transformed", path: webPath, body: `[{"TimeGenerated":"2024-01-01T00:00:00Z","user":"A","n":1,"more":2},{"user":"B","n":0}]`, status: 204,
			rows: `TimeGenerated=2024-01-01T00:00:00.0000000Z Name=a N=1 Zone=2024-01-01T00:00:00.0000000Z _Unknown={"more":2}`},
		{name: "transformation at fault", path: webPath, body: `[{"user":"A","n":1},{"user":"nowhere","n":100}]`, status: 400, code: "TransformationFailed", message: "record 2: the transformation into T_CL"},

		{name: "no version", path: "/dataCollectionRules/default/streams/Custom-T_CL", body: one, status: 400, code: "MissingApiVersionParameter"},
		{name: "other version", path: "/dataCollectionRules/default/streams/Custom-T_CL?api-version=1", body: one, status: 400, code: "InvalidApiVersionParameter", message: "2023-01-01"},
		{name: "no rule", path: "/dataCollectionRules/none/streams/Custom-T_CL" + version, body: one, status: 404, code: "NotFound", message: `no data collection rule "none"`},
		{name: "no stream", path: "/dataCollectionRules/default/streams/Custom-None" + version, body: one, status: 400, code: "InvalidStream", message: `no stream "Custom-None"`},
		{name: "no such path", path: "/dataCollectionRules/default" + version, body: one, status: 404, code: "NotFound"},
		{name: "other type", path: logsPath, body: one, headers: []string{"Content-Type", "text/csv"}, status: 415, code: "UnsupportedMediaType", message: "expected application/json"},
		{name: "other charset", path: logsPath, body: one, headers: []string{"Content-Type", "application/json; charset=utf-16"}, status: 415, code: "UnsupportedMediaType", message: "utf-16"},
		{name: "other encoding", path: logsPath, body: one, headers: []string{gz, "br"}, status: 415, code: "UnsupportedMediaType", message: `"br"`},
		{name: "not compressed", path: logsPath, body: one, headers: []string{gz, "gzip"}, status: 400, code: "InvalidPayload", message: "Content-Encoding: gzip"},
		{name: "compressed, cut off", path: logsPath, body: packed(one)[:30], headers: []string{gz, "gzip"}, status: 400, code: "InvalidPayload", message: "breaks off"},
		{name: "compressed, header only", path: logsPath, body: packed(one)[:5], headers: []string{gz, "gzip"}, status: 400, code: "InvalidPayload", message: "breaks off"},
		{name: "compressed, wrong sum", path: logsPath, body: packed(one)[:len(packed(one))-8] + "12345678", headers: []string{gz, "gzip"}, status: 400, code: "InvalidPayload", message: "checksum"},
		{name: "a bomb", path: logsPath, body: packed(strings.Repeat(" ", 50<<20)), headers: []string{gz, "gzip"}, status: 413, code: "ContentLengthLimitExceeded", message: "1048576"},
		{name: "a bomb in one record", path: logsPath, body: packed(`[{"Name":"` + strings.Repeat("a", 50<<20) + `"}]`), headers: []string{gz, "gzip"}, status: 413, code: "ContentLengthLimitExceeded"},
		{name: "a bomb of nothing", path: logsPath, body: strings.Repeat(packed(""), 60000), headers: []string{gz, "gzip"}, status: 413, code: "ContentLengthLimitExceeded"},
		{name: "too large", path: logsPath, body: `[{"Name":"` + strings.Repeat("a", 1<<20) + `"}]`, status: 413, code: "ContentLengthLimitExceeded", message: "Provided content length: 1048589"},
		{name: "empty", path: logsPath, body: " \n", status: 400, code: "InvalidPayload", message: "the body is empty"},
		{name: "no JSON", path: logsPath, body: "hello", status: 400, code: "InvalidPayload", message: `found "h"`},
		{name: "no objects", path: logsPath, body: `[{"Name":"a"},7]`, status: 400, code: "InvalidPayload", message: "record 2 (line 1): expected an object"},
		{name: "one bad of three", path: logsPath, body: "[{\"Name\":\"a\"},\n{\"Name\":\"b\",},\n{\"Name\":\"c\"}]", status: 400, code: "InvalidPayload", message: "nothing was kept, because of: record 2 (line 2)"},
		{name: "cut off", path: logsPath, body: `[{"Name":"a"},`, status: 400, code: "InvalidPayload", message: "ends inside an array"},
		{name: "many bad", path: logsPath, body: "[" + strings.Repeat("1,", 500) + "1]", status: 400, code: "InvalidPayload", message: "and 498 more records"},
		{name: "deep", path: logsPath, body: `[{"Name":` + deep + `}]`, status: 400, code: "InvalidPayload", message: "nested too deep"},
		{name: "deeper than a stack", path: logsPath, body: `[{"Name":` + strings.Repeat(`{"a":`, 150_000), status: 400, code: "InvalidPayload", message: "nested too deep"},
		{name: "many fields", path: logsPath, body: `[{` + strings.Repeat(`"a":1,`, 2000) + `"a":1}]`, status: 400, code: "InvalidPayload", message: "more fields than the limit"},
	} {
		log := &memoryLog{}
		h := newHandler(t, log, nil)
		w := send(h, tt.path, tt.body, append([]string{requestID, "id 1"}, tt.headers...)...)
		var e errorBody
		if w.Code != http.StatusNoContent {
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Error.Message == "" || w.Header().Get("x-ms-error-code") != e.Error.Code {
				t.Errorf("%s: body %s", tt.name, w.Body)
			}
		} else if w.Body.Len() > 0 {
			t.Errorf("%s: body %s", tt.name, w.Body)
		}
		if w.Code != tt.status || e.Error.Code != tt.code || !strings.Contains(e.Error.Message, tt.message) {
			t.Errorf("%s: %d %s %s", tt.name, w.Code, e.Error.Code, e.Error.Message)
		}
		if got := log.text("T_CL"); got != tt.rows {
			t.Errorf("%s: rows %s, want %s", tt.name, got, tt.rows)
		}
		if w.Header().Get(requestID) != "id 1" && tt.code != "NotFound" {
			t.Errorf("%s: the request's id is not given back", tt.name)
		}
		if !h.memory.TryAcquire(h.opts.MaxInFlight) {
			t.Errorf("%s: memory is not given back", tt.name)
		}
	}
}

func TestMethod(t *testing.T) {
	h := newHandler(t, &memoryLog{}, nil)
	for _, path := range []string{logsPath, "/v1/upload/T_CL"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != 405 || w.Header().Get("Allow") != "POST" {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestTwice: the same request again is not kept twice; another content under the same id is kept.
func TestTwice(t *testing.T) {
	log := &memoryLog{}
	h := newHandler(t, log, nil)
	two := strings.Replace(one, `"a"`, `"b"`, 1)
	for _, s := range []struct{ id, body, path string }{
		{"x", one, logsPath}, {"x", one, logsPath}, {"x", two, logsPath}, {"y", one, logsPath}, {"", one, logsPath}, {"", one, logsPath},
		{"x", one, strings.Replace(logsPath, "Custom-", "Microsoft-", 1)},
	} {
		if w := send(h, s.path, s.body, requestID, s.id); w.Code != 204 {
			t.Fatalf("%v: %d %s", s, w.Code, w.Body)
		}
	}
	if n := log.count("T_CL"); n != 6 {
		t.Errorf("%d rows, want 6", n)
	}
	c := h.Snapshot()
	if len(c) != 2 || c[0].Source != "dcr/default/Custom-T_CL" || c[0].Received != 6 || c[0].Accepted != 5 || c[0].Duplicate != 1 || c[0].Rows != 5 || c[0].Bodies != 6 ||
		c[0].Bytes != int64(6*len(one)) || c[0].Last.IsZero() {
		t.Errorf("counts %+v", c)
	}
}

func TestCounts(t *testing.T) {
	h := newHandler(t, &memoryLog{}, nil)
	send(h, webPath, `[{"user":"A","n":9,"x":1},{"user":"B","n":0},{"user":"C","n":"?"}]`)
	send(h, webPath, `[{"user":"A"},2]`)
	send(h, "/dataCollectionRules/web/streams/made-up"+version, one)
	c := h.Snapshot()
	if len(c) != 1 {
		t.Fatalf("%+v", c)
	}
	c[0].Last, c[0].Bytes = time.Time{}, 0
	// A is in two tables, B in none, C, whose n is null and so not 0, in one
	if want := (ingest.SourceCount{Source: "dcr/web/Custom-Web", Received: 5, Accepted: 3, Rejected: 2, Rows: 3, Unknown: 1, BadValues: 1, Bodies: 2}); c[0] != want {
		t.Errorf("counts\n%+v, want\n%+v", c[0], want)
	}
}

func TestAllow(t *testing.T) {
	var asked []string
	h := newHandler(t, &memoryLog{}, func(o *Options) {
		o.Allow = func(_ *http.Request, target string) bool { asked = append(asked, target); return false }
	})
	for _, path := range []string{webPath, "/v1/upload/T_CL?format=json"} {
		if w := send(h, path, one); w.Code != 403 || !strings.Contains(w.Body.String(), "OperationFailed") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if fmt.Sprint(asked) != "[dcr/web table/T_CL]" {
		t.Errorf("asked %v", asked)
	}
}

func TestLogFaults(t *testing.T) {
	for _, tt := range []struct {
		name           string
		fault          func(int) error
		logs, upload   int
		rows           int
		retry, message string
	}{
		{"busy for a moment", func(n int) error {
			if n < 3 {
				return fmt.Errorf("segment: %w", eventlog.ErrBusy)
			}
			return nil
		}, 204, 200, 1, "", ""},
		{"busy", func(int) error { return eventlog.ErrBusy }, 429, 429, 0, "5", "TooManyRequests"},
		{"full", func(int) error { return fmt.Errorf("disk: %w", eventlog.ErrFull) }, 503, 507, 0, "5", "no room left"},
		{"broken", func(int) error { return fmt.Errorf("secret path") }, 500, 500, 0, "", "InternalServerError"},
	} {
		for path, status := range map[string]int{logsPath: tt.logs, "/v1/upload/T_CL?format=json": tt.upload} {
			log := &memoryLog{fault: tt.fault}
			h := newHandler(t, log, nil)
			w := send(h, path, one)
			if w.Code != status || log.count("T_CL") != tt.rows || w.Header().Get("Retry-After") != tt.retry || !strings.Contains(w.Body.String(), tt.message) {
				t.Errorf("%s %s: %d %v %s, %d rows", tt.name, path, w.Code, w.Header(), w.Body, log.count("T_CL"))
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("the server's own words go out: %s", w.Body)
			}
		}
	}
}

// blockedLog keeps nothing until it is opened.
type blockedLog struct {
	memoryLog
	open chan struct{}
}

func (l *blockedLog) Append(ctx context.Context, b eventlog.Batch) (bool, error) {
	select {
	case <-l.open:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	return l.memoryLog.Append(ctx, b)
}

// TestMemory: more bodies than there is room for are told to come again; none of those that found room is lost.
func TestMemory(t *testing.T) {
	log := &blockedLog{open: make(chan struct{})}
	h := newHandler(t, log, func(o *Options) { o.MaxInFlight, o.MaxBody, o.Limits.MaxRecord = 8<<20, 1<<20, 1<<20 })
	body := `[{"Name":"` + strings.Repeat("a", 1000_000) + `"}]`
	var wg sync.WaitGroup
	codes := make(chan int, 40)
	for range cap(codes) {
		wg.Go(func() { codes <- send(h, logsPath, body).Code })
	}
	for len(codes) < cap(codes)-8 { // eight fit, or fewer while many grow at a time
		time.Sleep(time.Millisecond)
	}
	close(log.open)
	wg.Wait()
	kept := 0
	for range cap(codes) {
		switch c := <-codes; c {
		case 204:
			kept++
		case 429:
		default:
			t.Errorf("status %d", c)
		}
	}
	if kept == 0 || kept > 8 || log.count("T_CL") != kept {
		t.Errorf("%d acknowledged, %d kept", kept, log.count("T_CL"))
	}
	if !h.memory.TryAcquire(h.opts.MaxInFlight) {
		t.Error("memory is not given back")
	}
}

// TestSlow: a sender who stops in the middle is cut off, and so is one who sends drop by drop; one whose body is
// large and comes steadily is not.
func TestSlow(t *testing.T) {
	log := &memoryLog{}
	h := newHandler(t, log, func(o *Options) { o.ReadTimeout = 300 * time.Millisecond })
	server := httptest.NewServer(h)
	defer server.Close()
	talk := func(path string, length int, parts ...func(w io.Writer)) (answers []string) {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(c)
		for _, send := range parts {
			fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, length)
			go send(c)
			r, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			answers = append(answers, fmt.Sprint(r.StatusCode, " ", string(body)))
		}
		return answers
	}
	for _, path := range []string{logsPath, "/v1/upload/T_CL"} {
		stops := talk(path, 1000, func(w io.Writer) { fmt.Fprint(w, `[{"Name":`) })
		drops := talk(path, 1000, func(w io.Writer) {
			for range 200 {
				if _, err := fmt.Fprint(w, ` `); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
		for _, a := range append(stops, drops...) {
			if !strings.HasPrefix(a, "408") || !strings.Contains(a, "too slowly") {
				t.Errorf("%s: %s", path, a)
			}
		}
	}
	const times = 6
	part := strings.Repeat(`{"Name":"`+strings.Repeat("a", 1000)+`"}`+"\n", 260) // 256 KiB and a bit
	steady := func(w io.Writer) {
		for range times {
			if _, err := fmt.Fprint(w, part); err != nil {
				return
			}
			time.Sleep(80 * time.Millisecond)
		}
	}
	later := func(w io.Writer) { // the deadline of the body before it is lifted
		time.Sleep(100 * time.Millisecond)
		steady(w)
	}
	for _, a := range talk("/v1/upload/T_CL", times*len(part), steady, later) {
		if !strings.HasPrefix(a, "200") {
			t.Errorf("%.300s", a)
		}
	}
	if n := log.count("T_CL"); n != 2*times*260 {
		t.Errorf("%d rows", n)
	}
}

func upload(t *testing.T, h http.Handler, path, body string, headers ...string) (Answer, int) {
	t.Helper()
	w := send(h, path, body, headers...)
	var a Answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s: %s", path, w.Body)
	}
	return a, w.Code
}

type parquetRow struct {
	Name string `parquet:"Name"`
	N    int64  `parquet:"N"`
}

func TestUpload(t *testing.T) {
	var file bytes.Buffer
	pw := parquet.NewGenericWriter[parquetRow](&file)
	if _, err := pw.Write([]parquetRow{{"p", 1}, {"q", 2}}); err != nil {
		t.Fatal(err)
	}
	if err := pw.Close(); err != nil {
		t.Fatal(err)
	}
	const path = "/v1/upload/T_CL"
	lines := "{\"Name\":\"a\",\"N\":1,\"X\":2}\n{\"Name\":}\n{\"Name\":\"b\",\"N\":\"?\"}\n"
	for _, tt := range []struct {
		name, path, typ, encoding, body string
		status                          int
		accepted, rejected              int64
		fault, code, message            string
	}{
		{name: "lines", path: path, typ: "application/x-ndjson", body: lines, status: 200, accepted: 2, rejected: 1, fault: "2 2 unexpected character"},
		{name: "format in the path", path: path + "?format=ndjson", typ: "application/x-www-form-urlencoded", body: lines, status: 200, accepted: 2, rejected: 1, fault: "2 2 unexpected character"},
		{name: "array", path: path, typ: "application/json", body: "[{\"Name\":\"a\"}]", status: 200, accepted: 1},
		{name: "csv", path: path, typ: "text/csv; charset=utf-8", body: "Name,N\na,1\nb,2,3\n", status: 200, accepted: 1, rejected: 1, fault: "2 3 expected 2 cells"},
		{name: "parquet", path: path, typ: "application/vnd.apache.parquet", body: file.String(), status: 200, accepted: 2},
		{name: "compressed", path: path, typ: "text/csv", encoding: "gzip", body: packed("Name\na\n"), status: 200, accepted: 1},
		{name: "a compressed file", path: path, typ: "text/csv", body: packed("Name\na\n"), status: 200, accepted: 1},
		{name: "compressed parquet", path: path, typ: "application/parquet", encoding: "gzip", body: packed(file.String()), status: 200, accepted: 2},
		{name: "nothing", path: path, typ: "application/json", body: "", status: 200},
		{name: "no table", path: "/v1/upload/T_CM", typ: "application/json", body: "", status: 404, code: "NotFound", message: `no table "T_CM"; did you mean T_CL`},
		{name: "no type", path: path, body: lines, status: 415, code: "UnsupportedMediaType", message: "?format="},
		{name: "no format", path: path + "?format=xml", body: lines, status: 400, code: "InvalidFormat"},
		{name: "not compressed", path: path, typ: "text/csv", encoding: "gzip", body: "Name\na\n", status: 400, code: "InvalidPayload", message: "does not begin as gzip"},
		{name: "no parquet", path: path, typ: "application/parquet", body: "Name\na\n", status: 400, code: "InvalidPayload", message: "parquet"},
		{name: "cut off", path: path, typ: "text/csv", encoding: "gzip", body: packed("Name\na\n" + strings.Repeat("b\n", 1000))[:40], status: 400, code: "InvalidPayload", message: "EOF"},
		{name: "no header", path: path, typ: "text/csv", body: "", status: 400, code: "InvalidPayload", message: "no header"},
		{name: "all bad", path: path, typ: "application/json", body: "1\n2\n", status: 400, rejected: 2, fault: "1 1 expected an object", code: "InvalidPayload", message: "no record could be read"},
	} {
		log := &memoryLog{}
		h := newHandler(t, log, nil)
		var headers []string
		if tt.typ != "" {
			headers = append(headers, "Content-Type", tt.typ)
		}
		if tt.encoding != "" {
			headers = append(headers, "Content-Encoding", tt.encoding)
		}
		a, status := upload(t, h, tt.path, tt.body, headers...)
		if a.Error == nil {
			a.Error = &errorDetail{}
		}
		if status != tt.status || a.Accepted != tt.accepted || a.Rejected != tt.rejected || a.Error.Code != tt.code || !strings.Contains(a.Error.Message, tt.message) ||
			log.count("T_CL") != int(tt.accepted) || a.Records != a.Accepted+a.Rejected {
			t.Errorf("%s: %d %+v %+v, %d rows", tt.name, status, a, a.Error, log.count("T_CL"))
		}
		if tt.fault != "" && (len(a.Faults) == 0 || !strings.HasPrefix(fmt.Sprint(a.Faults[0].Record, " ", a.Faults[0].Line, " ", a.Faults[0].Reason), tt.fault)) {
			t.Errorf("%s: faults %+v", tt.name, a.Faults)
		}
		if strings.HasPrefix(tt.fault, "2 2") && (a.UnknownFields["X"] != 1 || a.BadValues["N"] != 1) {
			t.Errorf("%s: %+v", tt.name, a)
		}
		if !h.memory.TryAcquire(h.opts.MaxInFlight) {
			t.Errorf("%s: memory is not given back", tt.name)
		}
	}
}

// TestUploadAgain breaks an upload off in the log and repeats it: every row is kept once.
func TestUploadAgain(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, `{"Name":"%d","N":%d}`+"\n", i, i)
	}
	for _, id := range []string{"mine", ""} {
		log := &memoryLog{fault: func(n int) error {
			if n == 4 {
				return eventlog.ErrFull
			}
			return nil
		}}
		h := newHandler(t, log, nil)
		a, status := upload(t, h, "/v1/upload/T_CL?format=json", b.String(), batchHeader, id)
		if status != 507 || a.Accepted != 3000 || a.Error == nil || log.count("T_CL") != 3000 {
			t.Fatalf("%d %+v", status, a)
		}
		a, status = upload(t, h, "/v1/upload/T_CL?format=json", b.String(), batchHeader, id)
		want := Answer{Table: "T_CL", Records: 5000, Accepted: 2000, Duplicate: 3000}
		if id == "" {
			want.Accepted, want.Duplicate = 5000, 0
		}
		if status != 200 || fmt.Sprint(a) != fmt.Sprint(want) {
			t.Errorf("%d %+v", status, a)
		}
		seen := map[string]bool{}
		for _, row := range log.rows["T_CL"] {
			seen[row[strings.Index(row, "Name="):]] = true
		}
		if len(seen) != 5000 || id != "" && log.count("T_CL") != 5000 {
			t.Errorf("%d rows, %d different", log.count("T_CL"), len(seen))
		}
		// other content under the same id is other events
		if a, _ = upload(t, h, "/v1/upload/T_CL?format=json", strings.ReplaceAll(b.String(), "Name", "Zone"), batchHeader, id); a.Accepted != 5000 {
			t.Errorf("%+v", a)
		}
	}
}

// TestUploadBounds sends far more than may be held: memory stays bounded, and bombs are stopped.
func TestUploadBounds(t *testing.T) {
	h := newHandler(t, discardLog{}, func(o *Options) { o.MaxUpload = 40 << 20 })
	record := []byte(`{"Name":"` + strings.Repeat("a", 1000) + `","N":1}` + "\n")
	most := uint64(0)
	body := func(n int) io.Reader {
		r, w := io.Pipe()
		go func() {
			var m runtime.MemStats
			for i := range n {
				if _, err := w.Write(record); err != nil {
					return
				}
				if i%5000 == 0 {
					runtime.ReadMemStats(&m)
					most = max(most, m.HeapAlloc)
				}
			}
			w.Close()
		}()
		return r
	}
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := httptest.NewRequest(http.MethodPost, "/v1/upload/T_CL?format=json", body(35_000))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"accepted":35000`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if grown := int64(most) - int64(before.HeapAlloc); grown > 30<<20 {
		t.Errorf("35 MB were read in %d MB", grown>>20)
	}
	r = httptest.NewRequest(http.MethodPost, "/v1/upload/T_CL?format=json", body(60_000))
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 413 || !strings.Contains(w.Body.String(), `"accepted":`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// what grows too much is stopped before it is as large as an upload may be
	h = newHandler(t, discardLog{}, nil)
	if w := send(h, "/v1/upload/T_CL?format=json", packed(strings.Repeat(strings.Repeat(" ", 100_000)+"{\"N\":1}\n", 800)), "Content-Encoding", "gzip"); w.Code != 413 || !strings.Contains(w.Body.String(), "expansion") {
		t.Errorf("%d %.300s", w.Code, w.Body)
	}
	h = newHandler(t, discardLog{}, func(o *Options) { o.MaxUpload = 4 << 20 })
	if w := send(h, "/v1/upload/T_CL?format=json", packed(`{"Name":"`+strings.Repeat("a", 20<<20)), "Content-Encoding", "gzip"); w.Code != 413 {
		t.Errorf("%d %.300s", w.Code, w.Body)
	}
}

type discardLog struct{}

func (discardLog) Append(context.Context, eventlog.Batch) (bool, error) { return false, nil }

// FuzzLogs sends any body to both ways: an answer is 204, 200 or a clear 4xx, what is acknowledged is kept, and what
// is refused is not.
func FuzzLogs(f *testing.F) {
	for _, s := range []string{one, packed(one), packed(one)[:20], `[{"a":[[[[]]]]}]`, "Name,N\na,1\n", `{"records":[{"Name":"a"}]}`, "[1,2", `[{"Name":"` + strings.Repeat("a", 5000) + `"}]`, "PAR1"} {
		for way := range uint8(6) {
			f.Add([]byte(s), way)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, way uint8) {
		log := &memoryLog{}
		h := newHandler(t, log, func(o *Options) { o.MaxBody, o.MaxUpload, o.Limits.MaxRecord, o.MaxInFlight = 4096, 8192, 1024, 16<<20 })
		path := []string{logsPath, webPath, "/v1/upload/T_CL?format=json", "/v1/upload/T_CL?format=csv", "/v1/upload/T_CL?format=parquet"}[int(way)%5]
		var headers []string
		if way >= 128 || way == 5 {
			headers = []string{"Content-Encoding", "gzip"}
		}
		w := send(h, path, string(body), headers...)
		kept := log.count("T_CL")
		switch {
		case w.Code == 204 && w.Body.Len() == 0:
		case w.Code == 200 || w.Code >= 400 && w.Code < 500:
			var a struct {
				Answer
				Error *errorDetail `json:"error"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != 200 && (a.Error == nil || a.Error.Code == "" || a.Error.Message == "") {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if int64(kept) != a.Accepted || a.Table == "" && kept > 0 {
				t.Fatalf("%d rows: %s", kept, w.Body)
			}
		default:
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if !h.memory.TryAcquire(h.opts.MaxInFlight) {
			t.Fatal("memory is not given back")
		}
	})
}
