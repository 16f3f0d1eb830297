package service

import (
	"context"
	"fmt"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/desk"
	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// outboxMark names the outbox among the sources of the event log; its mark is the number of the last row taken over.
const outboxMark = "outbox"

// rowsAtOnce bounds what one batch takes from the outbox.
const rowsAtOnce = 500

// pokeOutbox says that the outbox may have something.
func (s *Service) pokeOutbox() {
	for _, c := range []chan struct{}{s.rows, s.works} {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// pumpRows takes rows from the outbox to the event store until ctx ends.
func (s *Service) pumpRows(ctx context.Context) {
	for {
		n, err := s.flushRows(ctx)
		s.fault("append rows of alerts and incidents", err)
		if err == nil && n == rowsAtOnce {
			continue
		}
		pause := time.Minute
		if err != nil {
			pause = time.Second
		}
		select {
		case <-s.rows:
		case <-s.clock.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// flushRows takes over what waits, up to a limit, and says how much that was. A process that dies between the append and
// taking the messages off finds by the mark, which is kept with the rows, that they are there.
func (s *Service) flushRows(ctx context.Context) (n int, err error) {
	s.pumping.Lock()
	defer s.pumping.Unlock()
	var list []state.Message
	err = s.State.View(ctx, func(tx state.Tx) error {
		list, err = tx.Outbox().Pending(desk.RowsTopic, s.now(), rowsAtOnce)
		return err
	})
	if err != nil || len(list) == 0 {
		return 0, err
	}
	mark, err := s.Events.Mark(ctx, outboxMark)
	if err != nil {
		return 0, err
	}
	batch := eventlog.Batch{Source: outboxMark, Mark: outboxMark, MarkAt: list[len(list)-1].Seq}
	place := map[string]int{}
	var seqs []int64
	for _, m := range list {
		seqs = append(seqs, m.Seq)
		if m.Seq <= mark {
			continue
		}
		name, row, err := desk.DecodeRow(m.Data)
		if err != nil {
			return 0, fmt.Errorf("row %d of the outbox: %w", m.Seq, err)
		}
		table, ok := s.stored.Table(name)
		if !ok {
			return 0, fmt.Errorf("row %d of the outbox: there is no table %s", m.Seq, name)
		}
		i, ok := place[name]
		if !ok {
			i = len(batch.Parts)
			place[name] = i
			batch.Parts = append(batch.Parts, eventlog.Part{Table: table})
		}
		batch.Parts[i].Rows = append(batch.Parts[i].Rows, inOrder(table, row))
	}
	if len(batch.Parts) > 0 {
		if _, err := s.Events.Append(ctx, batch); err != nil {
			return 0, err
		}
	}
	return len(list), s.State.Update(ctx, func(tx state.Tx) error { return tx.Outbox().Done(seqs...) })
}

// inOrder puts a row's values in the order of the table's columns. Columns that the table lacks go into the one for them.
func inOrder(table *catalog.Table, row map[string]types.Value) []types.Value {
	out := make([]types.Value, len(table.Columns))
	for i, c := range table.Columns {
		out[i] = types.Null(c.Type)
		if v, ok := row[c.Name]; ok {
			out[i] = v.To(c.Type)
		}
	}
	return out
}
