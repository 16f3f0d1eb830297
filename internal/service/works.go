package service

import (
	"context"
	"time"

	"github.com/vedette-siem/vedette/internal/desk"
	"github.com/vedette-siem/vedette/internal/state"
)

// worksAtOnce bounds what is taken from one topic of the outbox at a time.
const worksAtOnce = 50

// Deliverer runs an action of an automation rule: a webhook, a mail, a file.
type Deliverer interface {
	// Deliver runs it once. again says when to try again after an error; zero means that there is no point.
	Deliver(ctx context.Context, m state.Message) (again time.Time, err error)
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
		case <-s.clock.After(time.Second):
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
		again, err := s.opts.Deliver.Deliver(ctx, m)
		if ctx.Err() != nil {
			return 0
		}
		if err != nil {
			s.log.Warn("action failed", "topic", m.Topic, "number", m.Seq, "tries", m.Tries+1, "error", err, "again", again)
		}
		err = s.State.Update(ctx, func(tx state.Tx) error {
			if err != nil && !again.IsZero() {
				return tx.Outbox().Retry(m.Seq, again)
			}
			return tx.Outbox().Done(m.Seq)
		})
		s.fault("note that an action ran", err)
	}
	return len(list)
}
