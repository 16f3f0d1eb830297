package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/vedette-siem/vedette/internal/state"
)

// Security is how the connection to a mail server is kept from others' eyes.
type Security uint8

// The ways. A server that does not offer what is asked for gets no mail.
const (
	StartTLS Security = iota + 1 // begins in the clear; port 587
	TLS                          // from the first byte; port 465
	NoTLS                        // in the clear, for a relay on the same machine; port 25. Nobody logs in over it
)

func (s Security) String() string {
	if s > NoTLS {
		return fmt.Sprintf("Security(%d)", s)
	}
	return [...]string{"unknown", "starttls", "tls", "none"}[s]
}

// SMTP is a server that takes mail.
type SMTP struct {
	Host     string
	Port     int // 0: that of Security
	Security Security
	User     string // empty: no log-in
	Password string // the name of the secret
	From     string // an address, perhaps with a name: SIEM <siem@example.com>
	Hello    string // how to introduce oneself; empty: the machine's name
}

// The limits of a mail.
const (
	MaxRecipients = 100
	maxSubject    = 250 // characters: mail programs show fewer
)

// triesForAll is after how many failures a mail goes without the recipients that are put off time and again. The failures
// before it take a quarter of an hour, which is longer than greylisting makes strangers wait.
const triesForAll = 10

func (s SMTP) checked() (SMTP, error) {
	if s.Host == "" || strings.ContainsFunc(s.Host, unsafeRune) || strings.Contains(s.Host, "/") {
		return s, fmt.Errorf("mail server %q: expected a host name or address", s.Host)
	}
	ports := [...]int{StartTLS: 587, TLS: 465, NoTLS: 25}
	if s.Security < StartTLS || s.Security > NoTLS {
		return s, fmt.Errorf("mail server %s: security is %s: expected starttls, tls or none", s.Host, s.Security)
	}
	if s.Port == 0 {
		s.Port = ports[s.Security]
	}
	switch from, err := mail.ParseAddress(s.From); {
	case err != nil:
		return s, fmt.Errorf("mail server %s: sender %q: %w", s.Host, s.From, err)
	case !plainAddress(from.Address):
		return s, fmt.Errorf("mail server %s: sender %q cannot be used in the protocol", s.Host, s.From)
	case s.Port < 1 || s.Port > 65535:
		return s, fmt.Errorf("mail server %s: port %d", s.Host, s.Port)
	case s.User != "" && s.Security == NoTLS:
		return s, fmt.Errorf("mail server %s: user %s would log in over an open connection: use starttls or tls", s.Host, s.User)
	case s.User != "" && s.Password == "":
		return s, fmt.Errorf("mail server %s: user %s has no password", s.Host, s.User)
	case strings.ContainsFunc(s.Hello, unsafeRune):
		return s, fmt.Errorf("mail server %s: %q is no name to introduce oneself with", s.Host, s.Hello)
	}
	return s, nil
}

func unsafeRune(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }

// plainAddress tells whether an address can stand between the angle brackets of an SMTP command as it is. Quoted local
// parts could not.
func plainAddress(a string) bool {
	return !strings.ContainsFunc(a, unsafeRune) && !strings.ContainsAny(a, "<>\"\\,;")
}

// mail sends a mail: to all recipients, or to those that are not refused for good, which is then a permanent error.
func (d *Deliverer) mail(ctx context.Context, due *Message, id string, m state.Message) error {
	if d.o.SMTP == nil {
		return refuse("no mail server is configured")
	}
	to, err := recipients(due.Action.Config.To)
	if err != nil {
		return refuse("%w", err)
	}
	msg, unknown, err := d.compose(due, id, to)
	if err != nil {
		return refuse("%w", err)
	}
	var text bytes.Buffer
	if _, err := msg.WriteTo(&text); err != nil {
		return refuse("write the mail: %w", err)
	}
	if err := d.send(ctx, to, text.Bytes(), m.Tries >= triesForAll); err != nil {
		return err
	}
	if len(unknown) > 0 && d.o.Report != nil {
		d.o.Report(m, fmt.Sprintf("the mail of automation rule %q went out with unknown placeholders: %s", due.RuleName, commas(unknown)))
	}
	return nil
}

// recipients reads the addresses of a rule, each once.
func recipients(list []string) ([]*mail.Address, error) {
	var out []*mail.Address
	seen := map[string]bool{}
	for _, text := range list {
		a, err := mail.ParseAddress(text)
		if err != nil || !plainAddress(a.Address) {
			return nil, fmt.Errorf("recipient %q is no mail address", text)
		}
		if key := strings.ToLower(a.Address); !seen[key] {
			seen[key] = true
			out = append(out, a)
		}
	}
	if len(out) == 0 || len(out) > MaxRecipients {
		return nil, fmt.Errorf("%d recipients: expected 1 to %d", len(out), MaxRecipients)
	}
	return out, nil
}

// The text of a mail whose rule gives none.
const (
	incidentBody = `{{IncidentTitle}}

Incident:  {{IncidentNumber}} ({{Event}})
Severity:  {{IncidentSeverity}}
Status:    {{IncidentStatus}}
Owner:     {{IncidentOwner}}
Tactics:   {{IncidentTactics}}
Alerts:    {{IncidentAlertCount}} ({{IncidentAlertNames}})
Activity:  {{IncidentFirstActivityTime}} to {{IncidentLastActivityTime}}
Page:      {{IncidentUrl}}

{{IncidentDescription}}

Sent by automation rule {{RuleName}} of {{WorkspaceName}}.
`
	alertBody = `{{AlertTitle}}

Alert:     {{AlertId}}
Severity:  {{AlertSeverity}}
Tactics:   {{AlertTactics}}
Rule:      {{AlertAnalyticRuleName}}
Activity:  {{AlertStartTime}} to {{AlertEndTime}}

{{AlertDescription}}

Sent by automation rule {{RuleName}} of {{WorkspaceName}}.
`
)

// compose makes the mail. It is the same for every try but for its date.
func (d *Deliverer) compose(due *Message, id string, to []*mail.Address) (msg *gomail.Msg, unknown []string, err error) {
	c := due.Action.Config
	body := c.Body
	switch {
	case strings.TrimSpace(body) != "":
	case due.Alert != nil:
		body = alertBody
	default:
		body = incidentBody
	}
	subject, lacks := expand(c.Subject, due.value)
	body, more := expand(body, due.value)
	for _, name := range more {
		if !strings.Contains("\x00"+strings.Join(lacks, "\x00")+"\x00", "\x00"+name+"\x00") {
			lacks = append(lacks, name)
		}
	}
	from, err := mail.ParseAddress(d.o.SMTP.From)
	if err != nil {
		return nil, nil, err
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	msg = gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(to...)
	msg.Subject(oneLine(subject, maxSubject))
	msg.SetMessageIDWithValue(id + "@" + domain)
	msg.SetDateWithValue(d.o.Now())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // no out-of-office answers: https://www.rfc-editor.org/rfc/rfc3834#section-5
	msg.SetGenHeader(DeliveryHeader, id)
	msg.SetBodyString(gomail.TypeTextPlain, strings.ToValidUTF8(body, "�"))
	return msg, lacks, nil
}

// oneLine makes a text fit for a header: nothing in it can end the header and begin another.
func oneLine(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "�"), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || !unicode.IsGraphic(r) }), " ")
	s = strings.ReplaceAll(s, "=?", "= ?") // or readers would decode what only looks encoded: https://www.rfc-editor.org/rfc/rfc2047#section-2
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

// connect opens a session with the mail server, which end closes, as does the end of ctx. Its errors are never permanent:
// they are about the server and how it is set up, which the operator can put right, not about the mail.
func (d *Deliverer) connect(ctx context.Context) (session *smtp.Client, end func(), err error) {
	s := d.o.SMTP
	config := &tls.Config{ServerName: s.Host, MinVersion: minTLS, RootCAs: d.o.RootCAs}
	end = func() {}
	// the library neither closes the connection where the session's beginning fails, nor heeds the end of ctx once it is
	// connected, so it is kept here
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(dialing, network, address)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		end = func() {
			stop()
			_ = conn.Close()
		}
		if s.Security != TLS {
			return conn, nil
		}
		secure := tls.Client(conn, config)
		return secure, secure.HandshakeContext(dialing)
	}
	options := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(2 * d.o.Timeout), gomail.WithTLSConfig(config), gomail.WithDialContextFunc(dial)}
	if s.Hello != "" {
		options = append(options, gomail.WithHELO(s.Hello))
	}
	switch s.Security {
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		options = append(options, gomail.WithSSL())
	case NoTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.User != "" {
		password, err := d.secret(s.Password)
		if err != nil {
			return nil, end, err
		}
		options = append(options, gomail.WithUsername(s.User), gomail.WithPassword(password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256PLUS, gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	client, err := gomail.NewClient(s.Host, options...)
	if err != nil {
		return nil, end, err
	}
	session, err = client.DialToSMTPClientWithContext(ctx)
	return session, end, err
}

// send hands a mail to the server. withoutSome says that recipients who are put off do not hold up the others any more.
func (d *Deliverer) send(ctx context.Context, to []*mail.Address, text []byte, withoutSome bool) error {
	fail := func(doing string, err error) error {
		return fmt.Errorf("mail server %s: %s: %w", d.o.SMTP.Host, doing, err)
	}
	session, end, err := d.connect(ctx)
	defer end()
	if err != nil {
		return fail("connect", err)
	}
	from, err := mail.ParseAddress(d.o.SMTP.From)
	if err != nil {
		return fail("sender", err)
	}
	if err := session.Mail("<" + from.Address + ">"); err != nil {
		return fail("sender "+from.Address, err) // the operator's setting, so not permanent
	}
	accepted := 0
	var refused, later []error
	for _, a := range to {
		err := session.Rcpt("<" + a.Address + ">")
		var reply *textproto.Error
		switch {
		case err == nil:
			accepted++
		case !errors.As(err, &reply):
			return fail("recipient "+a.Address, err) // the connection, not the recipient
		case reply.Code/100 == 5:
			refused = append(refused, fmt.Errorf("%s: %w", a.Address, err))
		default:
			later = append(later, fmt.Errorf("%s: %w", a.Address, err))
		}
	}
	if len(later) > 0 && (accepted == 0 || !withoutSome) {
		return fail("put off", errors.Join(later...))
	}
	refused = append(refused, later...)
	if accepted == 0 {
		return &fault{err: fail("refused all recipients", errors.Join(refused...)), permanent: true}
	}
	if err := submit(session, text); err != nil {
		return &fault{err: fail("mail", err), permanent: permanentReply(err)}
	}
	_ = session.Quit() // the server has taken the mail; how it says good-bye changes nothing
	if len(refused) > 0 {
		return &fault{err: fail(fmt.Sprintf("the mail went to %d of %d recipients", accepted, len(to)), errors.Join(refused...)), permanent: true}
	}
	return nil
}

func submit(session *smtp.Client, text []byte) error {
	w, err := session.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	return w.Close()
}

// permanentReply tells whether a server's reply to a mail is for good.
// https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1
func permanentReply(err error) bool {
	var reply *textproto.Error
	return errors.As(err, &reply) && reply.Code/100 == 5
}
