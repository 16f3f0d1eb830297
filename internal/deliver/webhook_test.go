package deliver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/incident"
)

func TestWebhook(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that is to fail
	d := deliverer(t, func(o *Options) {
		o.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		o.UserAgent = "vedette/9"
		o.Playbooks = map[string]Playbook{"/subscriptions/S/workflows/Block": {URL: server.URL + "/block", Secret: "hook"}}
	})
	m := message(t, incident.CallWebhook, incident.Config{URL: server.URL + "/in?x=1", Secret: "hook", Headers: map[string]string{"authorization": "Bearer t"}})
	outcome(t, d.Deliver(t.Context(), m), "")
	if got.Method != http.MethodPost || got.RequestURI != "/in?x=1" || got.Header.Get("Content-Type") != "application/json" || got.UserAgent() != "vedette/9" || got.Header.Get("Authorization") != "Bearer t" {
		t.Errorf("got %s %s with %v", got.Method, got.RequestURI, got.Header)
	}
	if s := got.Header.Get(SignatureHeader); s != Sign("s3cret", day, body) || got.Header.Get(DeliveryHeader) != DeliveryID(m) {
		t.Errorf("signed %s for delivery %s", s, got.Header.Get(DeliveryHeader))
	}
	var p struct {
		DeliveryID, ObjectSchemaType, ObjectEventType, EventTimeUtc, WorkspaceID string
		WorkspaceInfo, AutomationRule                                            map[string]string
		Object                                                                   Incident
	}
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatal(err)
	}
	o := p.Object.Properties
	if p.DeliveryID != DeliveryID(m) || p.ObjectSchemaType != "Incident" || p.ObjectEventType != "Create" || p.EventTimeUtc != "2026-03-01T12:00:00Z" || p.WorkspaceID != "5e1f" ||
		p.WorkspaceInfo["WorkspaceName"] != "w" || p.AutomationRule["displayName"] != "Tell all" {
		t.Errorf("body %s", body)
	}
	at := "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w/providers/Microsoft.SecurityInsights/"
	if p.Object.ID != at+"Incidents/0c5a" || o.Number != 7 || o.RuleIDs[0] != at+"alertRules/r1" || len(o.Alerts) != 2 || o.Additional.Comments != 2 || o.CustomDetails["App"][1] != "Drive" ||
		!strings.Contains(string(o.Entities), "ann") || o.Labels[1].Name != "mail" {
		t.Errorf("object %+v", p.Object)
	}
	if strings.Contains(string(body), "Bearer") || strings.Contains(string(body), `"hook"`) {
		t.Error("the body holds settings of the action")
	}

	first := string(body)
	m.Tries = 3
	outcome(t, d.Deliver(t.Context(), m), "")
	if string(body) != first {
		t.Error("another try has another body")
	}
	outcome(t, d.Deliver(t.Context(), message(t, incident.CallWebhook, incident.Config{URL: server.URL})), "")
	if s := got.Header.Get(SignatureHeader); s != "" {
		t.Errorf("signed %s without a secret", s)
	}
	outcome(t, d.Deliver(t.Context(), message(t, incident.RunPlaybook, incident.Config{PlaybookID: "/Subscriptions/s/workflows/block"})), "")
	if got.URL.Path != "/block" || got.Header.Get(SignatureHeader) != Sign("s3cret", day, body) {
		t.Errorf("the playbook got %s %v", got.URL, got.Header)
	}
	outcome(t, d.Deliver(t.Context(), messageOf(t, incident.Due{Action: incident.Action{Type: incident.CallWebhook, Config: incident.Config{URL: server.URL}}, Alert: someAlert(t), Event: incident.Created})), "")
	if !strings.Contains(string(body), `"objectSchemaType":"Alert"`) || !strings.Contains(string(body), `"alertDisplayName":"Venus"`) || !strings.Contains(string(body), "bob") {
		t.Errorf("body %s", body)
	}
	stranger := deliverer(t, nil) // who does not know the authority
	outcome(t, stranger.Deliver(t.Context(), m), "transient: certificate")
}

func TestWebhookAnswers(t *testing.T) {
	cases := []struct {
		status int
		after  string
		body   string
		want   string
		wait   time.Duration
	}{
		{200, "", "ok", "", 0}, {204, "", "", "", 0}, {299, "5", "", "", 0},
		{301, "", "", "transient: redirections are not followed", 0}, {304, "", "", "transient: 304", 0},
		{400, "", "no\r\nsuch \x1b[31mfield", "permanent: 400 Bad Request: no such [31mfield", 0}, {401, "", "", "permanent: 401", 0}, {404, "10", "", "permanent: 404", 10 * time.Second}, {410, "", "", "permanent: 410", 0}, {422, "", strings.Repeat("é", 300), "permanent: é…", 0},
		{408, "", "", "transient: 408", 0}, {425, "", "", "transient: 425", 0}, {429, "120", "", "transient: 429", 2 * time.Minute},
		{500, "", "", "transient: 500", 0}, {501, "", "", "transient: 501", 0}, {503, day.Add(90 * time.Second).Format(http.TimeFormat), "", "transient: 503", 90 * time.Second},
		{503, day.Add(-time.Hour).Format(http.TimeFormat), "", "transient: 503", 0}, {503, "soon", "", "transient: 503", 0}, {503, "-5", "", "transient: 503", 0},
		{503, "99999999999999999999999", "", "transient: 503", maxWait}, {503, day.AddDate(9, 0, 0).Format(http.TimeFormat), "", "transient: 503", maxWait}, {999, "", "", "transient: 999", 0},
	}
	d := deliverer(t, nil)
	for _, c := range cases {
		t.Run(fmt.Sprint(c.status, c.after), func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", c.after)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			err := d.Deliver(t.Context(), message(t, incident.CallWebhook, incident.Config{URL: server.URL + "/T0KEN"}))
			outcome(t, err, c.want)
			if wait, _ := RetryAfter(err); err != nil && wait != c.wait {
				t.Errorf("to be tried again after %s, expected %s", wait, c.wait)
			}
			if err != nil && strings.Contains(err.Error(), "T0KEN") {
				t.Errorf("the error gives the URL away: %v", err)
			}
		})
	}
}

// TestWebhookPeers are servers that behave badly.
func TestWebhookPeers(t *testing.T) {
	var calls, elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	release := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/drip", func(w http.ResponseWriter, r *http.Request) { // says yes, then never ends
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/twice", func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	var sent atomic.Int64
	mux.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		for block := make([]byte, 1<<20); sent.Load() < 1<<30; sent.Add(1 << 20) {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/headers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 2*maxHeaderBytes))
	})
	mux.HandleFunc("/drop", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	server := httptest.NewServer(mux)
	defer server.Close()
	defer close(release)
	quick := deliverer(t, func(o *Options) { o.Timeout = 300 * time.Millisecond })
	d := deliverer(t, nil)
	call := func(path string) error {
		with := d
		if path == "/slow" || path == "/drip" {
			with = quick
		}
		return with.Deliver(t.Context(), message(t, incident.CallWebhook, incident.Config{URL: server.URL + path}))
	}
	outcome(t, call("/slow"), "transient: no answer in 300ms")
	outcome(t, call("/drip"), "")
	outcome(t, call("/away"), "transient: 307 Temporary Redirect (redirections are not followed)")
	outcome(t, call("/huge"), "transient: 502 Bad Gateway")
	outcome(t, call("/headers"), "transient: header")
	outcome(t, call("/drop"), "transient: EOF")
	for _, want := range []string{"transient: 503", "transient: 503", ""} {
		outcome(t, call("/twice"), want)
	}
	if elsewhere.Load() != 0 {
		t.Error("a redirection was followed")
	}
	if sent.Load() == 1<<30 {
		t.Error("a huge answer was read to its end")
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	err := d.Deliver(ctx, message(t, incident.CallWebhook, incident.Config{URL: server.URL + "/slow"}))
	if _, again := Next(message(t, incident.CallWebhook, incident.Config{}), err, day); ctx.Err() == nil || err == nil || !again {
		t.Errorf("stopped: %v", err)
	}
}

func TestWebhookRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was called", r.URL) }))
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(u.Host)
	strict := func(o *Options) { o.Networks = nil }
	only := func(o *Options) { o.Hosts = []string{"hooks.example.com", "*.example.org"} }
	header := func(name, value string) incident.Config {
		return incident.Config{URL: server.URL, Headers: map[string]string{name: value}}
	}
	cases := []struct {
		options func(*Options)
		config  incident.Config
		want    string
	}{
		{strict, incident.Config{URL: server.URL}, "permanent: address 127.0.0.1 is of this machine"},
		{strict, incident.Config{URL: "http://localhost:" + port}, "permanent: of this machine"}, // after the look-up of a name
		{strict, incident.Config{URL: "http://[::1]:" + port}, "permanent: of this machine"},
		{strict, incident.Config{URL: "http://[::ffff:127.0.0.1]:" + port}, "permanent: of this machine"},
		{strict, incident.Config{URL: "http://0.0.0.0:" + port}, "permanent: of this machine"},
		{strict, incident.Config{URL: "http://169.254.169.254/latest/meta-data"}, "permanent: link-local"},
		{nil, incident.Config{URL: "http://169.254.169.254/latest/meta-data"}, "permanent: link-local"},
		{only, incident.Config{URL: server.URL}, "permanent: host 127.0.0.1 is none of those"},
		{nil, incident.Config{URL: "ftp://example.com"}, `permanent: scheme "ftp"`}, {nil, incident.Config{URL: "file:///etc/passwd"}, "permanent: scheme"},
		{nil, incident.Config{URL: "hooks.example.com/x"}, "permanent: scheme"}, {nil, incident.Config{URL: "https:///x"}, "permanent: names no host"},
		{nil, incident.Config{URL: "http://a b"}, "permanent: cannot be read"}, {nil, incident.Config{URL: ""}, "permanent: scheme"}, {nil, incident.Config{URL: "http://x\r\nA: b"}, "permanent: cannot be read"},
		{nil, header("Host", "x"), "permanent: header Host"}, {nil, header("x-vedette-signature", "x"), "permanent: header X-Vedette-Signature"}, {nil, header("transfer-encoding", "chunked"), "permanent: Transfer-Encoding"},
		{nil, header("A\r\nB", "x"), "permanent: no name of a header"}, {nil, header("", "x"), "permanent: no name of a header"}, {nil, header("A", "x\r\nB: c"), "permanent: control characters"},
		{nil, incident.Config{URL: server.URL, Secret: "lost"}, `transient: there is no secret "lost"`},
		{nil, incident.Config{URL: "http://127.0.0.1:1/T0KEN"}, "transient: refused"},
	}
	for _, c := range cases {
		err := deliverer(t, c.options).Deliver(t.Context(), message(t, incident.CallWebhook, c.config))
		outcome(t, err, c.want)
		if err != nil && strings.Contains(err.Error(), "T0KEN") {
			t.Errorf("the error gives the URL away: %v", err)
		}
	}
}

func TestAllowedHost(t *testing.T) {
	list := []string{"hooks.example.com", "*.Example.org"}
	for host, want := range map[string]bool{"hooks.example.com": true, "HOOKS.example.com.": true, "hooks.example.com:8443": true, "a.example.org": true, "a.b.example.org": true,
		"example.org": false, "evilexample.org": false, "hooks.example.com.evil.net": false, "x.hooks.example.com": false, "hooks.example.com@evil.net": false} {
		u, err := parseURL("https://" + host + "/x")
		if err != nil {
			t.Fatal(err)
		}
		if allowedHost(list, u) != want {
			t.Errorf("%s: allowed is %t", host, !want)
		}
	}
	if u, _ := parseURL("https://any"); !allowedHost(nil, u) {
		t.Error("no list forbids all")
	}
}

func TestGuard(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1": false, "127.8.8.8": false, "0.0.0.0": false, "0.1.2.3": false, "::": false, "::1": false, "::ffff:127.0.0.1": false, "169.254.169.254": false, "169.254.0.1": false,
		"fe80::1": false, "fe80::1%eth0": false, "168.63.129.16": false, "100.100.100.200": false, "192.0.0.192": false, "fd00:ec2::254": false, "224.0.0.1": false, "ff02::1": false,
		"255.255.255.255": false, "64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "::a9fe:a9fe": false, "2002:7f00:1::": false, "2002:a9fe:a9fe::1": false,
		"10.0.0.1": true, "192.168.1.1": true, "172.16.0.1": true, "100.64.0.1": true, "8.8.8.8": true, "2001:db8::1": true, "fd00::1": true, "64:ff9b::808:808": true, "2002:808:808::1": true,
	} {
		err := guard{}.control(t.Context(), "tcp", net.JoinHostPort(addr, "443"), nil)
		if (err == nil) != want {
			t.Errorf("%s: error %v", addr, err)
		}
	}
	open := guard{allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32"), netip.MustParsePrefix("fe80::/10")}}
	for addr, want := range map[string]bool{"127.0.0.2": true, "::ffff:127.0.0.2": true, "127.0.0.1": false, "fe80::1%eth0": true, "169.254.169.254": false} {
		if err := open.control(t.Context(), "tcp", net.JoinHostPort(addr, "443"), nil); (err == nil) != want {
			t.Errorf("%s with its network allowed: error %v", addr, err)
		}
	}
	if err := open.control(t.Context(), "tcp", "nonsense", nil); err == nil {
		t.Error("an address that cannot be read is let through")
	}
}
