package sqlite

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// tx is a state.Tx.
type tx struct {
	ctx  context.Context
	tx   *sql.Tx
	etag func() string
}

func (t *tx) Rules() state.Rules             { return rules{t} }
func (t *tx) Positions() state.Positions     { return positions{t} }
func (t *tx) Alerts() state.Alerts           { return alerts{t} }
func (t *tx) Incidents() state.Incidents     { return incidents{t} }
func (t *tx) Watchlists() state.Watchlists   { return watchlists{t} }
func (t *tx) Automations() state.Automations { return automations{t} }
func (t *tx) Documents() state.Documents     { return documents{t} }
func (t *tx) Tokens() state.Tokens           { return tokens{t} }
func (t *tx) Outbox() state.Outbox           { return outbox{t} }
func (t *tx) Audit() state.Audit             { return audit{t} }

func (t *tx) exec(query string, args ...any) (int, error) {
	res, err := t.tx.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, wrap(err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// row reads one row; what names it in ErrNotFound.
func (t *tx) row(what, id string, query string, args []any, into ...any) error {
	err := t.tx.QueryRowContext(t.ctx, query, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return missing(what, id)
	}
	return wrap(err)
}

func missing(what, id string) error { return fmt.Errorf("%s %q: %w", what, id, state.ErrNotFound) }

// rows reads rows into a list.
func rows[T any](t *tx, scan func(func(...any) error) (T, error), query string, args ...any) (list []T, err error) {
	res, err := t.tx.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, wrap(err)
	}
	defer func() { err = errors.Join(err, res.Close()) }()
	for res.Next() {
		v, err := scan(res.Scan)
		if err != nil {
			return nil, wrap(err)
		}
		list = append(list, v)
	}
	return list, wrap(res.Err())
}

// demand holds m against the record there is, which query looks up, and returns when that was created, 0 for none.
func (t *tx) demand(what, id string, m state.Match, query string, args ...any) (created int64, exists bool, err error) {
	var have string
	err = t.tx.QueryRowContext(t.ctx, query, args...).Scan(&have, &created)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, false, wrap(err)
	}
	exists = err == nil
	switch {
	case m == state.Always:
	case m == state.Absent:
		if exists {
			return 0, true, fmt.Errorf("%s %q: %w", what, id, state.ErrExists)
		}
	case !exists:
		return 0, false, missing(what, id)
	case m != state.Existing && string(m) != have:
		return 0, true, &state.Conflict{Kind: what, ID: id, Have: have}
	}
	return created, exists, nil
}

// remove deletes a record on m's conditions; one that is not there is ErrNotFound.
func (t *tx) remove(what, id string, m state.Match, table, where string, args ...any) error {
	_, exists, err := t.demand(what, id, m, "SELECT etag, created FROM "+table+" WHERE "+where, args...)
	if err != nil {
		return err
	}
	if !exists {
		return missing(what, id)
	}
	_, err = t.exec("DELETE FROM "+table+" WHERE "+where, args...)
	return err
}

// ticks is how a time is kept; 0 is none.
func ticks(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return types.TicksOf(at)
}

func timeOf(ticks int64) time.Time {
	if ticks == 0 {
		return time.Time{}
	}
	return types.TimeOf(ticks)
}

// firstOr returns when a record was created: what is kept, or at for a new one.
func firstOr(kept int64, exists bool, at time.Time) int64 {
	if exists {
		return kept
	}
	return ticks(at)
}

// blob keeps no bytes as no bytes, not as NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// limit is SQL's limit for a page, one more than the page, to see whether there is a next one.
func limit(p state.Page) int {
	if p.Limit <= 0 {
		return -1
	}
	return p.Limit + 1
}

// paged cuts what is beyond the page off a list, and returns the place of its last member for the next page.
func paged[T any](list []T, p state.Page, place func(T) []any) ([]T, string, error) {
	if p.Limit <= 0 || len(list) <= p.Limit {
		return list, "", nil
	}
	list = list[:p.Limit]
	text, err := json.Marshal(place(list[p.Limit-1]))
	return list, base64.RawURLEncoding.EncodeToString(text), err
}

// after reads the place that paged made, into pointers to what its place gave.
func after(p state.Page, into ...any) (bool, error) {
	if p.After == "" {
		return false, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(p.After)
	if err != nil {
		return false, state.ErrPage
	}
	var parts []json.RawMessage
	if json.Unmarshal(text, &parts) != nil || len(parts) != len(into) {
		return false, state.ErrPage
	}
	for n := range into {
		if json.Unmarshal(parts[n], into[n]) != nil {
			return false, state.ErrPage
		}
	}
	return true, nil
}
