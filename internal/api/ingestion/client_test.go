package ingestion

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vedette-siem/vedette/internal/clients"
	"github.com/vedette-siem/vedette/internal/dcr"
	"github.com/vedette-siem/vedette/internal/eventlog"
)

// TestOfficialClient sends thousands of records through the client from npm: in several calls, compressed, with a log
// that is busy now and then, so that the client has to try again.
func TestOfficialClient(t *testing.T) {
	log := &memoryLog{fault: func(n int) error {
		if n%3 == 1 {
			return eventlog.ErrBusy
		}
		return nil
	}}
	var h atomic.Pointer[Handler]
	h.Store(newHandler(t, log, func(o *Options) { o.RetryAfter, o.Wait = 1, 1 }))
	var compressed, calls, busy atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.Header.Get("Content-Encoding") == "gzip" {
			compressed.Add(1)
		}
		if r.Header.Get("Authorization") != "Bearer from the test" || r.Header.Get(requestID) == "" {
			t.Errorf("headers %v", r.Header)
		}
		s := &status{ResponseWriter: w}
		h.Load().ServeHTTP(s, r)
		if s.code == http.StatusTooManyRequests {
			busy.Add(1)
		}
	}))
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	const count = 6000
	env := []string{"ENDPOINT=" + server.URL, "NODE_EXTRA_CA_CERTS=" + ca, "RULE=" + dcr.DefaultImmutableID, "STREAM=Custom-T_CL", fmt.Sprint("COUNT=", count)}
	if out := clients.Run(t, "logsingestion.mjs", env...); strings.TrimSpace(out) != fmt.Sprint("sent ", count) {
		t.Errorf("the client says %s", out)
	}
	seen := map[string]bool{}
	for _, row := range log.rows["T_CL"] {
		seen[row] = true
	}
	if len(seen) != count || log.count("T_CL") != count {
		t.Errorf("%d rows, %d different, want %d", log.count("T_CL"), len(seen), count)
	}
	want := "TimeGenerated=2023-11-14T22:13:25.9990000Z Name=user 5999 N=5999 _Unknown={\"Extra\":{\"Text\":\"" + strings.Repeat("ä", 100) + "\",\"Number\":1499.75}}"
	if !seen[want] {
		t.Errorf("no row %s, but %s", want, log.rows["T_CL"][0])
	}
	if calls.Load() < 3 || compressed.Load() != calls.Load() || busy.Load() == 0 {
		t.Errorf("%d calls, %d compressed, %d refused for a while", calls.Load(), compressed.Load(), busy.Load())
	}
	// a body with a record that is none is refused as a whole, and the client says so
	log = &memoryLog{}
	h.Store(newHandler(t, log, nil))
	out := clients.Run(t, "logsingestion.mjs", append(env, "COUNT=3", "BAD=1")...)
	if !strings.Contains(out, "failed 4 400 InvalidPayload") || !strings.Contains(out, "record 4 (line 1): expected an object") || log.count("T_CL") != 0 {
		t.Errorf("the client says %s", out)
	}
	if out = clients.Run(t, "logsingestion.mjs", append(env, "STREAM=Custom-None")...); !strings.Contains(out, "400 InvalidStream") {
		t.Errorf("the client says %s", out)
	}
	if out = clients.Run(t, "logsingestion.mjs", append(env, "RULE=none")...); !strings.Contains(out, "404 NotFound") {
		t.Errorf("the client says %s", out)
	}
}

// status remembers the answer's status.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController through.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
