package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vedette-siem/vedette/internal/types"
)

// Expired is what retention has dropped of a table.
type Expired struct {
	Table string
	Rows  int64
}

// Expire drops what is older than its table's retention, in whole parts, so some rows stay up to a day longer (those
// far from the present up to a month), and forgets old identities. keep gives a table's retention; 0 is for ever.
func (l *Log) Expire(ctx context.Context, keep func(table string) time.Duration) ([]Expired, error) {
	now := l.opts.Now()
	var out []Expired
	var errs []error
	for _, s := range l.opts.Store.Stored() {
		span := keep(s.Table)
		if span <= 0 {
			continue
		}
		rows, err := l.opts.Store.Drop(ctx, s.Table, types.TicksOf(now.Add(-span)))
		if err != nil {
			errs = append(errs, fmt.Errorf("retention of %s: %w", s.Table, err))
		}
		if rows > 0 {
			out = append(out, Expired{s.Table, rows})
		}
	}
	errs = append(errs, l.opts.Store.ForgetBatches(ctx, types.TicksOf(now.Add(-l.opts.Remember))))
	return out, errors.Join(errs...)
}
