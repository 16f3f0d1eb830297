package auth

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/state/sqlite"
)

var at = time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)

func open(t *testing.T) state.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func issue(t *testing.T, s state.Store, g Grant) (text string, kept state.Token) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx state.Tx) (err error) { text, kept, err = Issue(tx, g, at, rand.Reader); return err }); err != nil {
		t.Fatal(err)
	}
	return text, kept
}

func TestRoles(t *testing.T) {
	for _, c := range []struct {
		role                             Role
		read, respond, configure, ingest bool
	}{
		{Reader, true, false, false, false}, {Responder, true, true, false, false}, {Contributor, true, true, true, true},
		{IngestOnly, false, false, false, true}, {"", false, false, false, false}, {"owner", false, false, false, false},
	} {
		got := [...]bool{c.role.May(Read), c.role.May(Respond), c.role.May(Configure), c.role.May(Ingest)}
		if want := [...]bool{c.read, c.respond, c.configure, c.ingest}; got != want {
			t.Errorf("%s: %v, expected %v", c.role, got, want)
		}
	}
	if r, err := ParseRole("READER"); r != Reader || err != nil {
		t.Errorf("%s, %v", r, err)
	}
	if _, err := ParseRole("admin"); err == nil || !strings.Contains(err.Error(), "reader, responder, contributor, ingest-only") {
		t.Errorf("error %v", err)
	}
}

func TestIssue(t *testing.T) {
	s := open(t)
	text, kept := issue(t, s, Grant{Name: " ann ", Role: "Responder", Expires: at.Add(time.Hour), By: "bob"})
	if kept.Name != "ann" || kept.Role != "responder" || kept.By != "bob" || len(text) != len(prefix)+idDigits+keyDigits {
		t.Errorf("%q, %+v", text, kept)
	}
	other, _ := issue(t, s, Grant{Name: "ann", Role: Reader})
	if other == text {
		t.Error("two tokens are one")
	}
	if err := s.View(t.Context(), func(tx state.Tx) error {
		list, err := tx.Tokens().List()
		all, _ := json.Marshal(list)
		if len(list) != 2 || strings.Contains(string(all), text[len(prefix)+idDigits:]) || bytes.Contains(kept.Digest, []byte(text)) {
			t.Errorf("the secret is kept: %s", all)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	for _, g := range []Grant{{Name: "x", Role: "king"}, {Name: " ", Role: Reader}, {Name: strings.Repeat("x", 101), Role: Reader},
		{Name: "x", Role: Reader, Expires: at}} {
		if err := s.Update(t.Context(), func(tx state.Tx) error { _, _, err := Issue(tx, g, at, rand.Reader); return err }); err == nil {
			t.Errorf("%+v is issued", g)
		}
	}
	if err := s.Update(t.Context(), func(tx state.Tx) error {
		_, _, err := Issue(tx, Grant{Name: "x", Role: Reader}, at, strings.NewReader("short"))
		return err
	}); err == nil {
		t.Error("a token of too little randomness is issued")
	}
}

func TestGuard(t *testing.T) {
	s := open(t)
	text, kept := issue(t, s, Grant{Name: "ann", Role: Responder, Expires: at.Add(time.Hour)})
	now := at
	g := &Guard{Store: s, Now: func() time.Time { return now }, Fault: func(err error) { t.Error(err) }}
	var who Principal
	h := g.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ = From(r.Context())
		if no := Permit(r.Context(), Configure, "x/alertRules/write"); no != nil {
			WriteRefusal(w, r, no)
		}
	}))
	flip := func(i int) string {
		b := []byte(text)
		b[i] = "10"[(b[i]&1)^1]
		if string(b) == text {
			b[i] = 'f'
		}
		return string(b)
	}
	for _, c := range []struct {
		header string
		after  time.Duration
		status int
		code   string
	}{
		{"", 0, 401, "AuthenticationFailed"}, {"Basic YTpi", 0, 401, "AuthenticationFailed"}, {"Bearer", 0, 401, "AuthenticationFailed"},
		{"Bearer ", 0, 401, "AuthenticationFailed"}, {"Bearer x", 0, 401, "InvalidAuthenticationToken"}, {text, 0, 401, "AuthenticationFailed"},
		{"Bearer " + text[:len(text)-1], 0, 401, "InvalidAuthenticationToken"}, {"Bearer " + text + "0", 0, 401, "InvalidAuthenticationToken"},
		{"Bearer " + flip(len(text)-1), 0, 401, "InvalidAuthenticationToken"}, {"Bearer " + flip(len(prefix)), 0, 401, "InvalidAuthenticationToken"},
		{"Bearer " + prefix + strings.Repeat("g", idDigits+keyDigits), 0, 401, "InvalidAuthenticationToken"},
		{"Bearer " + text, time.Hour, 401, "ExpiredAuthenticationToken"}, {"Bearer " + text, time.Hour - 1, 403, "AuthorizationFailed"},
		{"bearer   " + text + " ", 0, 403, "AuthorizationFailed"},
	} {
		now = at.Add(c.after)
		r := httptest.NewRequest("GET", "/x", nil)
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var body struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != c.status || body.Error.Code != c.code || body.Error.Message == "" {
			t.Errorf("%q after %s: %d %s, expected %d %s", c.header, c.after, w.Code, w.Body, c.status, c.code)
		}
		if (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%q: WWW-Authenticate %q", c.header, w.Header().Get("WWW-Authenticate"))
		}
	}
	if who != (Principal{ID: kept.ID, Name: "ann", Role: Responder}) {
		t.Errorf("principal %+v", who)
	}
	if err := s.View(t.Context(), func(tx state.Tx) error {
		k, err := tx.Tokens().Get(kept.ID)
		if !k.Used.Equal(at.Add(time.Hour - 100)) { // the state keeps 100 ns
			t.Errorf("used at %s", k.Used)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	// two headers are no header
	r := httptest.NewRequest("GET", "/x", nil)
	r.Header.Add("Authorization", "Bearer "+text)
	r.Header.Add("Authorization", "Bearer "+text)
	if _, err := g.Identify(r); err == nil {
		t.Error("two headers are taken")
	}
	// a token that was taken back
	if err := s.Update(t.Context(), func(tx state.Tx) error { return tx.Tokens().Delete(kept.ID) }); err != nil {
		t.Fatal(err)
	}
	r = httptest.NewRequest("GET", "/x", nil)
	r.Header.Set("Authorization", "Bearer "+text)
	var no *Refusal
	if _, err := g.Identify(r); !errors.As(err, &no) || no.Status != 401 {
		t.Errorf("error %v", err)
	}
	// a state that does not answer is not the caller's fault
	_ = s.Close()
	var heard error
	g.Fault = func(err error) { heard = err }
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 503 || !errors.Is(heard, state.ErrClosed) {
		t.Errorf("%d, %v", w.Code, heard)
	}
}

func TestOpenGuard(t *testing.T) {
	g := &Guard{Open: true}
	for _, c := range []struct {
		method, host, origin, site string
		ok                         bool
	}{
		{"GET", "localhost:8080", "", "", true}, {"PUT", "127.0.0.1:8080", "", "", true}, {"PUT", "[::1]:8080", "", "", true},
		{"GET", "vedette.example.com", "", "", false}, {"GET", "localhost.example.com", "", "", false}, {"PUT", "10.0.0.1", "", "", false},
		{"PUT", "localhost:8080", "https://example.com", "", false}, {"PUT", "localhost:8080", "http://localhost:8080", "", true},
		{"POST", "localhost:8080", "", "cross-site", false}, {"POST", "localhost:8080", "", "same-origin", true},
	} {
		r := httptest.NewRequest(c.method, "/x", nil)
		r.Host = c.host
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		p, err := g.Identify(r)
		if (err == nil) != c.ok || c.ok && p != Local() {
			t.Errorf("%+v: %+v, %v", c, p, err)
		}
	}
	if no := Permit(context.Background(), Read, "x"); no == nil || no.Status != 401 {
		t.Errorf("nobody is permitted: %v", no)
	}
}

func TestCheckListen(t *testing.T) {
	for _, c := range []struct {
		address     string
		tls, tokens bool
		ok          bool
	}{
		{"127.0.0.1:80", false, false, true}, {"127.9.9.9:80", false, false, true}, {"[::1]:80", false, false, true},
		{"localhost:80", false, false, true}, {"[::ffff:127.0.0.1]:80", false, false, true},
		{":80", false, false, false}, {"0.0.0.0:80", false, true, false}, {"0.0.0.0:80", true, false, false}, {"0.0.0.0:80", true, true, true},
		{"[::]:80", true, false, false}, {"host.example.com:80", false, true, false}, {"host.example.com:80", true, true, true},
		{"localhost.example.com:80", false, false, false}, {"192.168.0.1:80", false, false, false}, {"80", true, true, false}, {"", true, true, false},
	} {
		err := CheckListen(Listener{c.address, c.tls, c.tokens})
		if (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
		if err != nil && !strings.Contains(err.Error(), c.address) {
			t.Errorf("%+v: the address is not named: %v", c, err)
		}
	}
	if err := CheckListen(Listener{Address: ":80"}); !strings.Contains(err.Error(), "no tokens and no TLS") {
		t.Errorf("error %v", err)
	}
}

func TestRecord(t *testing.T) {
	s := open(t)
	if err := s.Update(t.Context(), func(tx state.Tx) error {
		return errors.Join(Record(tx, Entry{At: at, By: Principal{"1", "ann", Reader}, Operation: "a/write", Target: "/x", Status: 403, Code: "No", Address: "::1"}),
			Record(tx, Entry{At: at, By: Local(), Operation: "a/delete", Target: "/x", Status: 204}))
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.View(t.Context(), func(tx state.Tx) error {
		list, _, err := tx.Audit().List("/x", state.Page{})
		if err != nil || len(list) != 2 {
			t.Fatalf("%v, %v", list, err)
		}
		for i, want := range []string{`{"outcome":"Succeeded","status":204,"role":"contributor"}`,
			`{"outcome":"Failed","status":403,"code":"No","tokenId":"1","role":"reader","address":"::1"}`} {
			if string(list[i].Data) != want {
				t.Errorf("%s, expected %s", list[i].Data, want)
			}
		}
		if list[1].Actor != "ann" || list[1].Operation != "a/write" {
			t.Errorf("%+v", list[1])
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
