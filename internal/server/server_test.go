package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/clients"
	"github.com/vedette-siem/vedette/internal/config"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/server"
	"github.com/vedette-siem/vedette/internal/service"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/state"
)

type wall struct{}

func (wall) Now() time.Time                         { return time.Now() }
func (wall) After(d time.Duration) <-chan time.Time { return time.After(d) }

type running struct {
	t    *testing.T
	svc  *service.Service
	url  string
	auth string
}

func start(t *testing.T, change func(*config.Config)) *running {
	t.Helper()
	c := config.Default()
	c.Data, c.Ingest.MinFree, c.Schedule.Spread, c.Schedule.NRTEvery = t.TempDir(), 0, 0, 200*time.Millisecond
	if change != nil {
		change(&c)
	}
	log := slog.New(slog.DiscardHandler)
	svc, err := service.Open(t.Context(), service.Options{Config: c, Clock: wall{}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(server.Options{Config: c, Service: svc, Now: time.Now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- svc.Run(ctx) }()
	front := httptest.NewUnstartedServer(srv)
	if c.TLS.Cert != "" { // the name of a file for the test server's certificate
		front.StartTLS()
		cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})
		if err := os.WriteFile(c.TLS.Cert, cert, 0o600); err != nil {
			t.Fatal(err)
		}
	} else {
		front.Start()
	}
	t.Cleanup(func() {
		front.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := svc.Close(); err != nil {
			t.Error(err)
		}
	})
	return &running{t: t, svc: svc, url: front.URL}
}

// call makes a request and returns the answer's status and body.
func (r *running) call(method, path string, body []byte, headers ...string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequest(method, r.url+path, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if r.auth != "" {
		req.Header.Set("Authorization", "Bearer "+r.auth)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func (r *running) ask(kql string) string {
	r.t.Helper()
	res, err := r.svc.Engine.Run(r.t.Context(), query.Request{File: source.NewFile("", kql), Now: time.Now()})
	if err != nil {
		r.t.Fatal(err)
	}
	var out []string
	for _, row := range res.Rows {
		var cells []string
		for _, v := range row {
			cells = append(cells, v.ToText())
		}
		out = append(out, strings.Join(cells, ","))
	}
	return strings.Join(out, " ")
}

func (r *running) waitFor(kql, want string) {
	r.t.Helper()
	got := ""
	for range 400 {
		if got = r.ask(kql); got == want {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	r.t.Fatalf("%s\n gives %s\nnot   %s", kql, got, want)
}

const (
	base = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/vedette/providers/Microsoft.OperationalInsights/workspaces/vedette/providers/Microsoft.SecurityInsights"
	rule = `{"kind":"NRT","properties":{"displayName":"Probe","enabled":true,"severity":"High","query":"Probe_CL | where N > 10 and IP !in ((_GetWatchlist('friends') | project IP))",
"suppressionEnabled":false,"suppressionDuration":"PT5H","tactics":["Persistence"],"techniques":["T1098"],
"entityMappings":[{"entityType":"IP","fieldMappings":[{"identifier":"Address","columnName":"IP"}]}],"incidentConfiguration":{"createIncident":true}}}`
)

// From an event that a client sends to an incident that another one reads, over HTTP alone.
func TestFromEventToIncident(t *testing.T) {
	r := start(t, nil)
	expect := func(status, want int, text string) {
		t.Helper()
		if status != want {
			t.Fatalf("%d, expected %d: %s", status, want, text)
		}
	}
	status, text := r.call("PUT", "/tables/Probe_CL", []byte(`{"columns":[{"name":"TimeGenerated","type":"datetime"},{"name":"N","type":"long"},{"name":"IP","type":"string"}]}`))
	expect(status, 200, text)
	status, text = r.call("PUT", base+"/watchlists/friends?api-version=2024-09-01", []byte(`{"properties":{"displayName":"Friends","provider":"test","source":"friends.csv","itemsSearchKey":"IP",
		"contentType":"text/csv","numberOfLinesToSkip":0,"rawContent":"IP,Name\n192.0.2.1,ann\n"}}`))
	if status/100 != 2 {
		t.Fatal(status, text)
	}
	status, text = r.call("PUT", base+"/alertRules/5f0d1c8e-7b0a-4b57-9b8e-0e6f7a1c2d3e?api-version=2024-09-01", []byte(rule))
	expect(status, 201, text)
	for range 200 {
		if r.svc.Scheduler.Counters().Runs > 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	now := time.Now().UTC().Format(time.RFC3339Nano)
	fmt.Fprintf(z, `[{"TimeGenerated":%q,"N":5,"IP":"192.0.2.9"},{"TimeGenerated":%q,"N":50,"IP":"192.0.2.1"},{"TimeGenerated":%q,"N":50,"IP":"192.0.2.9","Colour":"red"}]`, now, now, now)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second is a repetition
		status, text = r.call("POST", "/dataCollectionRules/default/streams/Custom-Probe_CL?api-version=2023-01-01", body.Bytes(), "Content-Encoding", "gzip", "x-ms-client-request-id", "b-1")
		expect(status, 204, text)
	}
	if got := r.ask("Probe_CL | summarize count(), take_anyif(tostring(_Unknown.Colour), isnotempty(_Unknown))"); got != "3,red" {
		t.Errorf("events: %s", got)
	}
	r.waitFor("SecurityAlert | project DisplayName, Status", "Probe,New")
	for range 200 {
		if _, text = r.call("GET", base+"/incidents?api-version=2024-09-01", nil); strings.Contains(text, `"title":"Probe"`) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	var list struct {
		Value []struct {
			Name, Etag string
			Properties map[string]any
		}
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Value) != 1 || list.Value[0].Properties["severity"] != "High" {
		t.Fatalf("incidents %s, %v", text, err)
	}
	status, text = r.call("PUT", base+"/incidents/"+list.Value[0].Name+"?api-version=2024-09-01", []byte(`{"properties":{"title":"Probe","severity":"High","status":"Closed","classification":"TruePositive","classificationReason":"SuspiciousActivity"}}`))
	expect(status, 200, text)
	r.waitFor("SecurityIncident | summarize arg_max(LastModifiedTime, Status) by IncidentNumber | project Status", "Closed")
	r.waitFor("SentinelAudit | where SentinelResourceType == 'Analytic Rule' | project OperationName, Status", "Microsoft.SecurityInsights/alertRules/Write,Success")
	status, text = r.call("GET", "/status", nil)
	var st service.Status
	if err := json.Unmarshal([]byte(text), &st); status != 200 || err != nil || st.Events.Duplicates != 1 || len(st.Sources) == 0 {
		t.Errorf("status %d %s, %v", status, text, err)
	}
	if status, text = r.call("GET", "/metrics", nil); status != 200 || !strings.Contains(text, "vedette_ingest_rows_total") || !strings.Contains(text, `vedette_table_rows{table="Probe_CL"} 3`) {
		t.Errorf("metrics %d %s", status, text)
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	r := start(t, func(c *config.Config) { c.Auth.Tokens = true })
	tokens := map[auth.Role]string{}
	err := r.svc.State.Update(t.Context(), func(tx state.Tx) error {
		for _, role := range []auth.Role{auth.Reader, auth.Responder, auth.Contributor, auth.IngestOnly} {
			text, _, err := auth.Issue(tx, auth.Grant{Name: string(role), Role: role}, time.Now(), rnd{})
			if err != nil {
				return err
			}
			tokens[role] = text
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	table := []byte(`{"columns":[{"name":"TimeGenerated","type":"datetime"}]}`)
	for _, c := range []struct {
		method, path string
		body         []byte
		want         [5]int // nobody, reader, responder, contributor, ingest-only
	}{
		{"GET", "/health", nil, [5]int{200, 200, 200, 200, 200}},
		{"GET", "/status", nil, [5]int{401, 200, 200, 200, 403}},
		{"GET", "/metrics", nil, [5]int{401, 200, 200, 200, 403}},
		{"GET", "/tokens", nil, [5]int{401, 403, 403, 200, 403}},
		{"GET", "/debug/pprof/", nil, [5]int{401, 403, 403, 200, 403}},
		{"PUT", "/tables/A_CL", table, [5]int{401, 403, 403, 200, 403}},
		{"POST", "/dataCollectionRules/default/streams/Custom-A_CL?api-version=2023-01-01", []byte(`[{"TimeGenerated":"2026-11-22T10:00:00Z"}]`), [5]int{401, 403, 403, 204, 204}},
		{"POST", "/v1/upload/A_CL", []byte(`[{"TimeGenerated":"2026-11-22T10:00:00Z"}]`), [5]int{401, 403, 403, 200, 200}},
		{"GET", base + "/incidents?api-version=2024-09-01", nil, [5]int{401, 200, 200, 200, 403}},
		{"PUT", base + "/alertRules/5f0d1c8e-7b0a-4b57-9b8e-0e6f7a1c2d3e?api-version=2024-09-01", []byte(`{}`), [5]int{401, 403, 403, 400, 403}},
		{"GET", "/nothing", nil, [5]int{401, 404, 404, 404, 404}},
	} {
		for i, role := range []auth.Role{"", auth.Reader, auth.Responder, auth.Contributor, auth.IngestOnly} {
			r.auth = tokens[role]
			if status, text := r.call(c.method, c.path, c.body); status != c.want[i] {
				t.Errorf("%s %s as %q: %d, want %d: %s", c.method, c.path, role, status, c.want[i], text)
			}
		}
	}
	r.auth = tokens[auth.Contributor]
	status, text := r.call("POST", "/tokens", []byte(`{"name":"new","role":"reader"}`))
	var made struct{ ID, Token string }
	if err := json.Unmarshal([]byte(text), &made); status != 200 || err != nil || made.Token == "" {
		t.Fatalf("%d %s", status, text)
	}
	r.auth = made.Token
	if status, text := r.call("GET", "/status", nil); status != 200 {
		t.Errorf("with the new token: %d %s", status, text)
	}
	r.auth = tokens[auth.Contributor]
	if status, text := r.call("DELETE", "/tokens/"+made.ID, nil); status != 200 {
		t.Errorf("revoking: %d %s", status, text)
	}
	r.auth = made.Token
	if status, _ := r.call("GET", "/status", nil); status != 401 {
		t.Errorf("with the revoked token: %d", status)
	}
}

// A client that sends its body by and by, or not at all, is cut off, on every path.
func TestSlowClients(t *testing.T) {
	r := start(t, func(c *config.Config) { c.Ingest.BodyTimeout = time.Second })
	address := strings.TrimPrefix(r.url, "http://")
	for _, path := range []string{"PUT /tables/A_CL", "PUT " + base + "/alertRules/x?api-version=2024-09-01", "POST /dataCollectionRules/default/streams/Microsoft-SigninLogs?api-version=2023-01-01",
		"POST /v1/upload/SigninLogs"} {
		t.Run(strings.Fields(path)[0]+strings.SplitN(path, "/", 4)[1], func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[", path)
			if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(conn)
			if err != nil {
				t.Fatalf("the connection is still open: %v", err)
			}
			if line, _, _ := strings.Cut(string(answer), "\r\n"); !strings.HasPrefix(line, "HTTP/1.1 4") {
				t.Errorf("the answer is %q", line)
			}
		})
	}
}

// Microsoft's own clients, as they are, against the whole server.
func TestOfficialClients(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	r := start(t, func(c *config.Config) { c.Auth.Tokens, c.TLS.Cert = true, ca })
	var token string
	err := r.svc.State.Update(t.Context(), func(tx state.Tx) (err error) {
		token, _, err = auth.Issue(tx, auth.Grant{Name: "clients", Role: auth.Contributor}, time.Now(), rnd{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = r.svc.DeclareTable(t.Context(), service.TableSchema{Name: "Doors_CL", Columns: []service.TableColumn{{Name: "TimeGenerated", Type: "datetime"}, {Name: "Badge", Type: "string"},
		{Name: "Result", Type: "string"}, {Name: "Note", Type: "string"}}})
	if err != nil {
		t.Fatal(err)
	}
	ws := r.svc.Workspace()
	out := clients.Run(t, "siem.mjs", "SERVER="+r.url, "TOKEN="+token, "SUBSCRIPTION="+ws.Subscription, "GROUP="+ws.ResourceGroup, "WORKSPACE="+ws.Name, "NODE_EXTRA_CA_CERTS="+ca)
	if want := "5060 sent; Many failures Closed BenignPositive"; strings.TrimSpace(out) != want {
		t.Errorf("the clients say %q, expected %q", out, want)
	}
	if got := r.ask("Doors_CL | summarize count(), countif(Result == 'denied' and Badge == 'badge-7')"); got != "5060,110" {
		t.Errorf("events: %s", got)
	}
	r.waitFor("SecurityIncident | summarize arg_max(LastModifiedTime, *) by IncidentNumber | project Title, Status, array_length(Comments)", "Many failures,Closed,1")
}

// A data collection rule of the configuration changes events on their way in.
func TestATransformation(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"tables.yaml": "name: Web_CL\ncolumns: [{name: TimeGenerated, type: datetime}, {name: Path, type: string}, {name: Status, type: int}]\n",
		"rule.yaml": `name: web
streamDeclarations:
  Custom-Access: {columns: [{name: at, type: datetime}, {name: line, type: string}]}
dataFlows:
  - streams: [Custom-Access]
    transformKql: source | parse line with Path " " Status:int | where Status >= 400 | project TimeGenerated = at, Path, Status
    outputStream: Custom-Web_CL
`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := start(t, func(c *config.Config) {
		c.Content.Tables, c.Ingest.Rules = []string{filepath.Join(dir, "tables.yaml")}, []string{filepath.Join(dir, "rule.yaml")}
	})
	status, text := r.call("POST", "/dataCollectionRules/web/streams/Custom-Access?api-version=2023-01-01", []byte(`[{"at":"2026-11-22T10:00:00Z","line":"/a 200"},{"at":"2026-11-22T10:00:01Z","line":"/b 404"}]`))
	if status != 204 {
		t.Fatal(status, text)
	}
	if got := r.ask("Web_CL | project TimeGenerated, Path, Status"); got != "2026-11-22T10:00:01.0000000Z,/b,404" {
		t.Errorf("rows: %s", got)
	}
}

// rnd is no randomness: digests of equal tokens are refused, so it counts.
type rnd struct{}

var drawn byte

func (rnd) Read(p []byte) (int, error) {
	drawn++
	for i := range p {
		p[i] = drawn + byte(i)
	}
	return len(p), nil
}

// Bad bodies get a clear 4xx, and nothing of them is kept, nor is anything else lost.
func TestBadInput(t *testing.T) {
	r := start(t, nil)
	if status, text := r.call("PUT", "/tables/Probe_CL", []byte(`{"columns":[{"name":"TimeGenerated","type":"datetime"},{"name":"N","type":"long"}]}`)); status != 200 {
		t.Fatal(text)
	}
	zip := func(b []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		if _, err := z.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	good := []byte(`[{"TimeGenerated":"2026-11-22T10:00:00Z","N":1}]`)
	for i, c := range []struct {
		path    string
		body    []byte
		headers []string
		want    int
		say     string
	}{
		{"/dataCollectionRules/default/streams/Custom-Probe_CL", []byte(`[{"N":`), nil, 400, "error"},
		{"/dataCollectionRules/default/streams/Custom-Probe_CL", []byte(strings.Repeat("[", 100_000)), nil, 400, "error"},
		{"/dataCollectionRules/default/streams/Custom-Probe_CL", []byte(`[{"N":` + strings.Repeat("[", 5_000) + strings.Repeat("]", 5_000) + `}]`), nil, 400, "deep"},
		{"/dataCollectionRules/default/streams/Custom-Probe_CL", bytes.Repeat([]byte("x"), 2<<20), nil, 413, "error"},
		{"/dataCollectionRules/default/streams/Custom-Probe_CL", zip(append([]byte("["), bytes.Repeat([]byte(" "), 300<<20)...)), []string{"Content-Encoding", "gzip"}, 413, "error"},
		{"/dataCollectionRules/default/streams/Custom-Probe_CL", zip(good)[:20], []string{"Content-Encoding", "gzip"}, 400, "error"},
		{"/dataCollectionRules/default/streams/Custom-Probe_CL", good, []string{"Content-Encoding", "br"}, 415, "error"},
		{"/dataCollectionRules/default/streams/Custom-Nothing", good, nil, 400, "Custom-Nothing"},
		{"/dataCollectionRules/other/streams/Custom-Probe_CL", good, nil, 404, "other"},
		{"/v1/upload/Nothing_CL", good, nil, 404, "Nothing_CL"},
		{"/tables/Probe_CL", []byte(`{"columns":[`), []string{"method", "PUT"}, 400, "body"},
		{"/tables/Probe_CL", bytes.Repeat([]byte(" "), 2<<20), []string{"method", "PUT"}, 413, "bytes"},
		{"/tokens", []byte(`{"name":"x","role":"king"}`), nil, 400, "king"},
		{"/backup", []byte(`{"name":"../x"}`), nil, 400, "../x"},
	} {
		method := "POST"
		if len(c.headers) > 0 && c.headers[0] == "method" {
			method, c.headers = c.headers[1], nil
		}
		path := c.path
		if strings.HasPrefix(path, "/dataCollection") {
			path += "?api-version=2023-01-01"
		}
		status, text := r.call(method, path, c.body, c.headers...)
		if status != c.want || !strings.Contains(text, c.say) || !json.Valid([]byte(text)) {
			t.Errorf("%d: %s: %d, want %d: %s", i, c.path, status, c.want, text)
		}
	}
	if got := r.ask("Probe_CL | count"); got != "0" {
		t.Errorf("%s rows of bad bodies", got)
	}
	if status, text := r.call("POST", "/dataCollectionRules/default/streams/Custom-Probe_CL?api-version=2023-01-01", good); status != 204 {
		t.Errorf("a good body after all that: %d %s", status, text)
	}
}
