package exec

import (
	"context"

	"github.com/vedette-siem/vedette/internal/types"
)

// Session is row_window_session: it appends to each row the time at which its session began. A session
// ends FromFirst ticks after its first row, Between ticks after its last, or where Restart is true; a row at
// that very time is the first of the next. A row without a time belongs to no session, and ends one.
// https://learn.microsoft.com/kusto/query/row-window-session-function
type Session struct {
	Time, Restart      int // positions among the arguments
	FromFirst, Between int64
}

// Name implements rel.NativeOp.
func (*Session) Name() string { return "row_window_session" }

// Run implements rel.NativeOp.
func (s *Session) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	var start, last int64
	open := false
	out := make([][]types.Value, 0, len(rows))
	p := &pulse{ctx: ctx}
	for _, r := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		t := r[s.Time]
		session := types.Null(types.Datetime)
		if t.IsNull() {
			open = false
		} else {
			now := t.Int64()
			restart := !r[s.Restart].IsNull() && r[s.Restart].Bool()
			if !open || restart || now-start >= s.FromFirst || now-last >= s.Between {
				start, open = now, true
			}
			last = now
			session = types.DatetimeOf(start)
		}
		out = append(out, append(r[:len(r):len(r)], session))
	}
	return out, nil
}
