package service

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/config"
	"github.com/vedette-siem/vedette/internal/deliver"
	"github.com/vedette-siem/vedette/internal/desk"
	"github.com/vedette-siem/vedette/internal/state"
)

// worksAtOnce bounds what is taken from one topic of the outbox at a time.
const worksAtOnce = 50

// retryEvery is how often actions that were put off are looked for.
const retryEvery = 5 * time.Second

// newDeliverer makes what runs the actions of automation rules.
func newDeliverer(c config.Config, now func() time.Time, log *slog.Logger) (*deliver.Deliverer, error) {
	a := c.Actions
	o := deliver.Options{Now: now, Timeout: a.Timeout, Files: a.Files, Playbooks: map[string]deliver.Playbook{}, Hosts: a.Hosts,
		Secrets: func(name string) (string, bool) {
			file, ok := a.Secrets[name]
			if !ok {
				return "", false
			}
			text, err := os.ReadFile(file) // each time, so that it can be changed while the server runs
			if err != nil {
				log.Error("secret cannot be read", "name", name, "error", err)
				return "", false
			}
			return strings.TrimSpace(string(text)), true
		},
		Report: func(m state.Message, remark string) {
			log.Warn("action ran, with a remark", "topic", m.Topic, "number", m.Seq, "remark", remark)
		}}
	if o.Files == "" {
		o.Files = filepath.Join(c.Data, actionsFolder)
	}
	if err := os.MkdirAll(o.Files, 0o700); err != nil {
		return nil, fmt.Errorf("actions.files: %w", err)
	}
	for id, p := range a.Playbooks {
		o.Playbooks[id] = deliver.Playbook{URL: p.URL, Secret: p.Secret}
	}
	for _, text := range a.Networks {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("actions.networks: %w", err)
		}
		o.Networks = append(o.Networks, prefix)
	}
	if s := a.SMTP; s.Host != "" {
		o.SMTP = &deliver.SMTP{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, From: s.From,
			Security: map[string]deliver.Security{"starttls": deliver.StartTLS, "tls": deliver.TLS, "none": deliver.NoTLS}[s.Security]}
	}
	d, err := deliver.New(o)
	if err != nil {
		return nil, fmt.Errorf("actions: %w", err)
	}
	return d, nil
}

// pumpWorks runs the actions in the outbox until ctx ends. Those of one topic run in order, so that a slow mail server
// does not hold up webhooks.
func (s *Service) pumpWorks(ctx context.Context) {
	for {
		n := 0
		for _, topic := range desk.Topics() {
			n += s.runWorks(ctx, topic)
		}
		if n > 0 {
			continue
		}
		select {
		case <-s.works:
		case <-s.clock.After(retryEvery):
		case <-ctx.Done():
			return
		}
	}
}

// runWorks runs what is due of a topic and says how much that was.
func (s *Service) runWorks(ctx context.Context, topic string) int {
	var list []state.Message
	err := s.State.View(ctx, func(tx state.Tx) (err error) {
		list, err = tx.Outbox().Pending(topic, s.now(), worksAtOnce)
		return err
	})
	if err != nil {
		s.fault("read the outbox", err)
		return 0
	}
	for _, m := range list {
		failed := s.deliver.Deliver(ctx, m)
		if ctx.Err() != nil {
			return 0
		}
		again, retry := time.Time{}, false
		if failed != nil {
			again, retry = deliver.Next(m, failed, s.now())
			s.log.Warn("action failed", "topic", m.Topic, "number", m.Seq, "tries", m.Tries+1, "error", failed, "retry", retry, "at", again)
		}
		s.fault("note that an action ran", s.State.Update(ctx, func(tx state.Tx) error {
			if retry {
				return tx.Outbox().Retry(m.Seq, again)
			}
			return tx.Outbox().Done(m.Seq)
		}))
	}
	return len(list)
}
