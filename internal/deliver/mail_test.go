package deliver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
)

// certificate makes one for 127.0.0.1, and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plan := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// letter is a mail that the test's server took.
type letter struct {
	from, user string
	to         []string
	secure     bool
	text       string
}

// post is a mail server for tests.
type post struct {
	mu      sync.Mutex
	got     []letter
	refuse  map[string]error // of a recipient, "from" for the sender, "data" for the text
	hang    chan struct{}    // where not nil, DATA waits for it
	dropped bool             // the connection ends when the text has come
}

func (p *post) NewSession(c *smtp.Conn) (smtp.Session, error) { return &visit{post: p, conn: c}, nil }

func (p *post) letters() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got)
}

type visit struct {
	post *post
	conn *smtp.Conn
	letter
}

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "siem" || password != "pass word" {
			return smtp.ErrAuthFailed
		}
		v.user = user
		return nil
	}), nil
}

func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	v.from = from
	_, v.secure = v.conn.TLSConnectionState()
	return v.post.refuse["from"]
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := v.post.refuse[to]; err != nil {
		return err
	}
	v.to = append(v.to, to)
	return nil
}

func (v *visit) Data(r io.Reader) error {
	if v.post.hang != nil {
		<-v.post.hang
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := v.post.refuse["data"]; err != nil {
		return err
	}
	v.text = string(text)
	v.post.mu.Lock()
	defer v.post.mu.Unlock()
	v.post.got = append(v.post.got, v.letter)
	if v.post.dropped {
		return v.conn.Conn().Close()
	}
	return nil
}

func (v *visit) Reset()        { v.to = nil }
func (v *visit) Logout() error { return nil }

// serve starts a mail server and returns what reaches it.
func (p *post) serve(t *testing.T, cert *tls.Certificate, implicit bool) SMTP {
	t.Helper()
	s := smtp.NewServer(p)
	s.Domain, s.ErrorLog, s.ReadTimeout, s.WriteTimeout = "mail.example.com", log.New(io.Discard, "", 0), 5*time.Second, 5*time.Second
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	how := NoTLS
	if cert != nil {
		s.TLSConfig, how = &tls.Config{Certificates: []tls.Certificate{*cert}}, StartTLS
	}
	at := l.Addr().(*net.TCPAddr)
	if implicit {
		l, how = tls.NewListener(l, s.TLSConfig), TLS
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Errorf("mail server: %v", err)
		}
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return SMTP{Host: "127.0.0.1", Port: at.Port, Security: how, From: "Vedette <siem@example.com>"}
}

func (p *post) deliverer(t *testing.T, s SMTP, change func(*Options)) *Deliverer {
	return deliverer(t, func(o *Options) {
		o.SMTP = &s
		if change != nil {
			change(o)
		}
	})
}

func email(t *testing.T, c incident.Config) state.Message {
	if c.Subject == "" {
		c.Subject = "s"
	}
	if c.To == nil {
		c.To = []string{"ann@example.com"}
	}
	return message(t, incident.SendEmail, c)
}

// read takes a mail apart.
func read(t *testing.T, l letter) (h mail.Header, subject, body string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(l.text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, l.text)
	}
	if subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	if e := m.Header.Get("Content-Transfer-Encoding"); e != "quoted-printable" {
		t.Fatalf("the text is encoded as %q", e)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, subject, strings.ReplaceAll(string(text), "\r\n", "\n")
}

func TestMail(t *testing.T) {
	p := &post{}
	var remarks []string
	d := p.deliverer(t, p.serve(t, nil, false), func(o *Options) {
		o.Report = func(_ state.Message, remark string) { remarks = append(remarks, remark) }
	})
	m := email(t, incident.Config{To: []string{"Ann Ü <ann@example.com>", "bob@example.com", "ANN@example.com"}, Subject: "[{{IncidentSeverity}}] {{IncidentTitle}} – {{Nope}}",
		Body: "Number {{IncidentNumber}}, é\n.\n.dot\n{{Nope}} {{CustomDetails.X}}\n"})
	outcome(t, d.Deliver(t.Context(), m), "")
	m.Tries = 2
	outcome(t, d.Deliver(t.Context(), m), "")
	got := p.letters()
	if len(got) != 2 || got[0].text != got[1].text {
		t.Fatalf("%d mails, or two that differ", len(got))
	}
	if got[0].from != "siem@example.com" || strings.Join(got[0].to, " ") != "ann@example.com bob@example.com" || got[0].secure || got[0].user != "" {
		t.Errorf("envelope %+v", got[0])
	}
	h, subject, body := read(t, got[0])
	if subject != "[High] Sign-in from Mars – {{Nope}}" || body != "Number 7, é\n.\n.dot\n{{Nope}} {{CustomDetails.X}}\n" {
		t.Errorf("subject %q, body %q", subject, body)
	}
	id := DeliveryID(m)
	date, err := h.Date()
	if err != nil || !date.Equal(day) || h.Get("Message-Id") != "<"+id+"@example.com>" || h.Get(DeliveryHeader) != id || h.Get("Auto-Submitted") != "auto-generated" ||
		!strings.HasPrefix(h.Get("Content-Type"), "text/plain; charset=UTF-8") {
		t.Errorf("headers %v (%v)", h, err)
	}
	if to, err := h.AddressList("To"); err != nil || len(to) != 2 || to[0].Name != "Ann Ü" {
		t.Errorf("to %v (%v)", to, err)
	}
	if len(remarks) != 2 || !strings.HasSuffix(remarks[0], "unknown placeholders: Nope, CustomDetails.X") {
		t.Errorf("remarks %q", remarks)
	}

	outcome(t, d.Deliver(t.Context(), email(t, incident.Config{Subject: "{{IncidentTitle}}"})), "")
	act := incident.Action{Order: 1, Type: incident.SendEmail, Config: incident.Config{To: []string{"a@b.c"}, Subject: "{{AlertTitle}}"}}
	outcome(t, d.Deliver(t.Context(), messageOf(t, incident.Due{RuleName: "R", Action: act, Alert: someAlert(t), Event: incident.Created})), "")
	for n, says := range map[int]string{2: "Incident:  7 (Created)\nSeverity:  High\n", 3: "Alert:     a9\nSeverity:  Low\n"} {
		if _, _, body := read(t, p.letters()[n]); !strings.Contains(body, says) || strings.Contains(body, "{{") {
			t.Errorf("the text of a rule without one is %q", body)
		}
	}
	if len(remarks) != 2 {
		t.Errorf("remarks %q", remarks[2:])
	}
}

func TestMailInjection(t *testing.T) {
	p := &post{}
	d := p.deliverer(t, p.serve(t, nil, false), nil)
	titles := []string{"a\r\nBcc: eve@example.com\r\n\r\nbody", "a\nBcc: eve@example.com", "a\rBcc: eve@example.com", "a\u2028Bcc: x\u0085y\x00z", "=?utf-8?q?x=0D=0ABcc:_eve?=",
		strings.Repeat("long", 500), strings.Repeat("ü", 500), "a\u202eb", "\xff\xfe", strings.Repeat("x ", 400)}
	for n, title := range titles {
		i := someIncident(t)
		i.Title = title
		act := incident.Action{Order: 1, Type: incident.SendEmail, Config: incident.Config{To: []string{"ann@example.com"}, Subject: "S {{IncidentTitle}}", Body: "{{IncidentTitle}}\r\n.\r\nQUIT\r\n"}}
		outcome(t, d.Deliver(t.Context(), messageOf(t, incident.Due{RuleID: "r", RuleName: "R\r\nBcc: eve@example.com", Action: act, Incident: i, Event: incident.Created})), "")
		got := p.letters()
		if len(got) != n+1 {
			t.Fatalf("%q: %d mails, expected %d", title, len(got), n+1)
		}
		h, subject, _ := read(t, got[n])
		if h.Get("Bcc") != "" || len(h) != 10 || strings.Join(got[n].to, " ") != "ann@example.com" || strings.ContainsAny(subject, "\r\n") || len([]rune(subject)) > maxSubject {
			t.Errorf("%.20q: headers %v, subject %q", title, h, subject)
		}
		for _, line := range strings.Split(got[n].text, "\r\n") { // https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
			if len(line) > 998 || strings.ContainsAny(line, "\r\n") {
				t.Errorf("%.20q: a line of %d bytes", title, len(line))
			}
		}
	}
	for _, to := range []string{"", "ann", "ann@", "ann@example.com\r\nRCPT TO:<eve@example.com>", "ann@example.com, eve@example.com", `"a b"@example.com`, `"a>b"@example.com`, "a@b\x00.c", "a@[127.0.0.1]\r\n"} {
		outcome(t, d.Deliver(t.Context(), email(t, incident.Config{To: []string{"bob@example.com", to}})), "permanent: is no mail address")
	}
	many := make([]string, MaxRecipients+1)
	for n := range many {
		many[n] = strings.Repeat("x", n+1) + "@example.com"
	}
	outcome(t, d.Deliver(t.Context(), email(t, incident.Config{To: many})), "permanent: 101 recipients")
	if len(p.letters()) != len(titles) {
		t.Error("a mail that was refused went out")
	}
}

func TestMailSecurity(t *testing.T) {
	cert, pool := certificate(t)
	p := &post{}
	user := func(s SMTP, user, secret string) SMTP { s.User, s.Password = user, secret; return s }
	as := func(s SMTP, how Security) SMTP { s.Security = how; return s }
	plain, start, whole := p.serve(t, nil, false), p.serve(t, &cert, false), p.serve(t, &cert, true)
	trust := func(o *Options) { o.RootCAs = pool }
	cases := []struct {
		name    string
		server  SMTP
		options func(*Options)
		want    string
		user    string
	}{
		{"starttls", start, trust, "", ""}, {"starttls, log-in", user(start, "siem", "smtp"), trust, "", "siem"}, {"tls", whole, trust, "", ""}, {"tls, log-in", user(whole, "siem", "smtp"), trust, "", "siem"},
		{"wrong password", user(start, "siem", "hook"), trust, "transient: Authentication failed", ""}, {"wrong user", user(whole, "eve", "smtp"), trust, "transient: 535", ""},
		{"no such secret", user(start, "siem", "lost"), trust, `transient: there is no secret "lost"`, ""},
		{"unknown authority", start, nil, "transient: certificate", ""}, {"unknown authority, tls", whole, nil, "transient: certificate", ""},
		{"no starttls there", as(plain, StartTLS), trust, "transient: STARTTLS", ""}, {"no tls there", as(plain, TLS), trust, "transient: tls", ""},
		{"tls there, spoken to in the clear", as(whole, NoTLS), trust, "transient: connect", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before := len(p.letters())
			err := p.deliverer(t, c.server, func(o *Options) {
				o.Timeout = time.Second
				if c.options != nil {
					c.options(o)
				}
			}).Deliver(t.Context(), email(t, incident.Config{}))
			outcome(t, err, c.want)
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error gives the password away: %v", err)
			}
			got := p.letters()[before:]
			if (len(got) == 1) != (c.want == "") || len(got) == 1 && (!got[0].secure || got[0].user != c.user) {
				t.Errorf("mails %+v", got)
			}
		})
	}
}

func TestMailAnswers(t *testing.T) {
	reply := func(code int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: "no"}
	}
	two := []string{"ann@example.com", "bob@example.com"}
	cases := []struct {
		name   string
		refuse map[string]error
		to     []string
		tries  int
		want   string
		took   string // who got it
	}{
		{"text refused for good", map[string]error{"data": reply(554)}, nil, 0, "permanent: 554", ""},
		{"text put off", map[string]error{"data": reply(451)}, nil, 0, "transient: 451", ""},
		{"sender refused", map[string]error{"from": reply(553)}, nil, 0, "transient: sender siem@example.com: 553", ""},
		{"recipient refused", map[string]error{"ann@example.com": reply(550)}, nil, 0, "permanent: refused all recipients: ann@example.com: 550", ""},
		{"one recipient refused", map[string]error{"ann@example.com": reply(550)}, two, 0, "permanent: the mail went to 1 of 2 recipients: ann@example.com: 550", "bob@example.com"},
		{"recipient put off", map[string]error{"ann@example.com": reply(450)}, nil, 20, "transient: put off: ann@example.com: 450", ""},
		{"one recipient put off", map[string]error{"ann@example.com": reply(450)}, two, 0, "transient: put off: ann@example.com: 450", ""},
		{"one recipient put off for long", map[string]error{"ann@example.com": reply(450)}, two, triesForAll, "permanent: the mail went to 1 of 2 recipients: ann@example.com: 450", "bob@example.com"},
		{"one refused, one put off", map[string]error{"ann@example.com": reply(450), "bob@example.com": reply(550)}, two, triesForAll, "transient: ann@example.com: 450", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := &post{refuse: c.refuse}
			m := email(t, incident.Config{To: c.to})
			m.Tries = c.tries
			outcome(t, p.deliverer(t, p.serve(t, nil, false), nil).Deliver(t.Context(), m), c.want)
			var took []string
			for _, l := range p.letters() {
				took = append(took, l.to...)
			}
			if strings.Join(took, " ") != c.took {
				t.Errorf("%q got it, expected %q", took, c.took)
			}
		})
	}
}

// TestMailPeers are servers that behave badly.
func TestMailPeers(t *testing.T) {
	hanging := &post{hang: make(chan struct{})}
	defer close(hanging.hang)
	outcome(t, hanging.deliverer(t, hanging.serve(t, nil, false), func(o *Options) { o.Timeout = 300 * time.Millisecond }).Deliver(t.Context(), email(t, incident.Config{})), "transient: no answer in 300ms")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	began := time.Now()
	patient := hanging.deliverer(t, hanging.serve(t, nil, false), func(o *Options) { o.Timeout = time.Minute })
	if err := patient.Deliver(ctx, email(t, incident.Config{})); !errors.Is(err, context.Canceled) || time.Since(began) > 3*time.Second {
		t.Errorf("stopped after %s: %v", time.Since(began), err)
	}
	dropping := &post{dropped: true}
	outcome(t, dropping.deliverer(t, dropping.serve(t, nil, false), nil).Deliver(t.Context(), email(t, incident.Config{})), "transient: mail: ")

	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := SMTP{Host: "127.0.0.1", Port: silent.Addr().(*net.TCPAddr).Port, Security: NoTLS, From: "a@b.c"}
	quick := hanging.deliverer(t, at, func(o *Options) { o.Timeout = 200 * time.Millisecond })
	outcome(t, quick.Deliver(t.Context(), email(t, incident.Config{})), "transient: no answer in 200ms")
	if err := silent.Close(); err != nil {
		t.Fatal(err)
	}
	outcome(t, quick.Deliver(t.Context(), email(t, incident.Config{})), "transient: refused")
}
