package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
)

// What Options stand for where they are zero.
const (
	DefaultTimeout  = 10 * time.Second
	DefaultConns    = 4
	DefaultAgent    = "vedette"
	minTLS          = tls.VersionTLS12
	maxHeaderBytes  = 64 * 1024 // of a webhook's answer
	maxAnswerBytes  = 64 * 1024 // of its body, which is read so far that the connection can be used again
	maxAnswerQuoted = 200       // bytes of it in an error
)

// Options are what the operator allows rules, and what their actions need.
type Options struct {
	// Now is the clock. It must be set.
	Now func() time.Time
	// Secrets gives the secret of a name. Rules name secrets, they never hold them.
	Secrets func(name string) (string, bool)
	// Timeout is how long one try may take; zero means DefaultTimeout.
	Timeout time.Duration
	// RootCAs are the authorities that servers' certificates must come from; nil means the system's.
	RootCAs *x509.CertPool
	// Report hears of what a delivery that succeeded lacks: a mail's unknown placeholders. It may be nil.
	Report func(m state.Message, remark string)

	// Hosts are the only hosts that webhooks may name: mail.example.com, or *.example.com for all below example.com. None
	// means any.
	Hosts []string
	// Networks are networks that webhooks may reach although they hold addresses of the machine itself, of its links or of
	// a metadata service.
	Networks []netip.Prefix
	// MaxConns is how many connections there may be to one host; zero means DefaultConns.
	MaxConns int
	// UserAgent is how webhooks are called; empty means DefaultAgent.
	UserAgent string
	// Playbooks are what RunPlaybook calls, by the playbook's resource id. They are the operator's, so neither Hosts nor
	// Networks hold for them.
	Playbooks map[string]Playbook

	// SMTP is the server that takes mail; nil means that rules cannot send any.
	SMTP *SMTP
	// Files is the folder that WriteFile writes below; empty means that rules cannot write files.
	Files string
}

// Playbook is a webhook of the operator's that stands for a playbook.
type Playbook struct {
	URL     string
	Headers map[string]string
	Secret  string // the name of the secret that signs the call; empty: it is not signed
}

// Deliverer runs due actions. It is safe for concurrent use.
type Deliverer struct {
	o         Options
	rules     *http.Client        // may call what rules may
	own       *http.Client        // may call what the operator may
	playbooks map[string]Playbook // by lower-case id
	files     *os.Root            // nil: none
	fileLock  sync.Mutex          // over appending, so that lines stay whole
}

// New returns a Deliverer, or what is wrong with the options. Close gives back what it holds.
func New(o Options) (*Deliverer, error) {
	if o.Now == nil {
		return nil, errors.New("deliver: no clock")
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxConns == 0 {
		o.MaxConns = DefaultConns
	}
	if o.UserAgent == "" {
		o.UserAgent = DefaultAgent
	}
	if o.Secrets == nil {
		o.Secrets = func(string) (string, bool) { return "", false }
	}
	if o.Timeout < 0 || o.MaxConns < 0 {
		return nil, fmt.Errorf("deliver: timeout %s and %d connections: expected neither below zero", o.Timeout, o.MaxConns)
	}
	if !validValue(o.UserAgent) {
		return nil, fmt.Errorf("deliver: user agent %q is no value of a header", o.UserAgent)
	}
	for _, h := range o.Hosts {
		if name := strings.TrimPrefix(h, "*."); name == "" || strings.ContainsAny(name, "*/:@ ") {
			return nil, fmt.Errorf("deliver: webhook host %q: expected a name, or *. and a name", h)
		}
	}
	d := &Deliverer{o: o, playbooks: map[string]Playbook{}}
	for id, p := range o.Playbooks {
		key := strings.ToLower(id)
		if _, twice := d.playbooks[key]; twice {
			return nil, fmt.Errorf("deliver: playbook %s is there twice", id)
		}
		if _, err := parseURL(p.URL); err != nil {
			return nil, fmt.Errorf("deliver: playbook %s: %w", id, err)
		}
		if err := checkHeaders(p.Headers); err != nil {
			return nil, fmt.Errorf("deliver: playbook %s: %w", id, err)
		}
		d.playbooks[key] = p
	}
	if o.SMTP != nil {
		s, err := o.SMTP.checked()
		if err != nil {
			return nil, fmt.Errorf("deliver: %w", err)
		}
		d.o.SMTP = &s
	}
	if o.Files != "" {
		root, err := os.OpenRoot(o.Files)
		if err != nil {
			return nil, fmt.Errorf("deliver: folder for files: %w", err)
		}
		d.files = root
	}
	d.rules, d.own = d.client(guard{allowed: o.Networks}.control), d.client(nil)
	return d, nil
}

// Close gives back the connections and the folder. Nothing may be delivered after it.
func (d *Deliverer) Close() error {
	d.rules.CloseIdleConnections()
	d.own.CloseIdleConnections()
	if d.files == nil {
		return nil
	}
	return d.files.Close()
}

// Deliver runs the action that Encode made a message of. When it returns nil the action is done. Permanent, RetryAfter and
// Next say what an error means; where ctx is over, it is that of ctx, and no failure of the message.
func (d *Deliverer) Deliver(ctx context.Context, m state.Message) error {
	due, err := Decode(m.Data)
	if err != nil {
		return refuse("message %d: %w", m.Seq, err)
	}
	try, cancel := context.WithTimeout(ctx, d.o.Timeout)
	defer cancel()
	id := DeliveryID(m)
	c := due.Action.Config
	switch due.Action.Type {
	case incident.CallWebhook:
		err = d.webhook(try, &due, id)
	case incident.RunPlaybook:
		p, ok := d.playbooks[strings.ToLower(c.PlaybookID)]
		if !ok {
			err = refuse("no URL is configured for playbook %s", c.PlaybookID)
			break
		}
		err = d.post(try, d.own, p, &due, id)
	case incident.SendEmail:
		err = d.mail(try, &due, id, m)
	case incident.WriteFile:
		err = d.write(&due, id)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && !Permanent(err):
		return fmt.Errorf("delivery %s: %w", id, context.Cause(ctx))
	case try.Err() != nil && !Permanent(err):
		err = fmt.Errorf("no answer in %s: %w", d.o.Timeout, err)
	}
	return fmt.Errorf("%s of automation rule %q (delivery %s): %w", due.Action.Type, due.RuleName, id, err)
}

func (d *Deliverer) webhook(ctx context.Context, due *Message, id string) error {
	c := due.Action.Config
	u, err := parseURL(c.URL)
	if err != nil {
		return refuse("%w", err)
	}
	if !allowedHost(d.o.Hosts, u) {
		return refuse("host %s is none of those that webhooks may call", u.Hostname())
	}
	if err := checkHeaders(c.Headers); err != nil {
		return refuse("%w", err)
	}
	return d.post(ctx, d.rules, Playbook{URL: c.URL, Headers: c.Headers, Secret: c.Secret}, due, id)
}

// secret looks a secret up. One that is missing may be there at the next try.
func (d *Deliverer) secret(name string) (string, error) {
	s, ok := d.o.Secrets(name)
	if !ok || s == "" {
		return "", fmt.Errorf("there is no secret %q", name)
	}
	return s, nil
}

func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("the URL cannot be read") // its error would repeat the URL, which may hold a secret
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("URL of scheme %q: expected https or http", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("the URL names no host")
	}
	return u, nil
}
