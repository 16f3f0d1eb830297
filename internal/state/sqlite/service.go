package sqlite

import (
	"errors"
	"fmt"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/vedette-siem/vedette/internal/state"
)

type tokens struct{ *tx }

const tokenColumns = "id, name, role, digest, created, expires, used, author FROM tokens"

func scanToken(scan func(...any) error) (state.Token, error) {
	var k state.Token
	var created, expires, used int64
	err := scan(&k.ID, &k.Name, &k.Role, &k.Digest, &created, &expires, &used, &k.By)
	k.Created, k.Expires, k.Used = timeOf(created), timeOf(expires), timeOf(used)
	return k, err
}

func (t tokens) one(id, where string, arg any) (state.Token, error) {
	list, err := rows(t.tx, scanToken, "SELECT "+tokenColumns+" WHERE "+where, arg)
	if err == nil && len(list) == 0 {
		return state.Token{}, missing("token", id)
	}
	if err != nil {
		return state.Token{}, err
	}
	return list[0], nil
}

func (t tokens) Get(id string) (state.Token, error) { return t.one(id, "id = ?", id) }

func (t tokens) ByDigest(digest []byte) (state.Token, error) {
	return t.one("", "digest = ?", blob(digest))
}

func (t tokens) Add(k state.Token) error {
	_, err := t.exec("INSERT INTO tokens (id, name, role, digest, created, expires, used, author) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		k.ID, k.Name, k.Role, blob(k.Digest), ticks(k.Created), ticks(k.Expires), ticks(k.Used), k.By)
	var e *driver.Error
	if errors.As(err, &e) && e.Code()&0xff == lib.SQLITE_CONSTRAINT {
		return fmt.Errorf("token %q: %w", k.ID, state.ErrExists)
	}
	return err
}

func (t tokens) Use(id string, at time.Time) error {
	n, err := t.exec("UPDATE tokens SET used = ? WHERE id = ?", ticks(at), id)
	if err == nil && n == 0 {
		return missing("token", id)
	}
	return err
}

func (t tokens) Delete(id string) error {
	n, err := t.exec("DELETE FROM tokens WHERE id = ?", id)
	if err == nil && n == 0 {
		return missing("token", id)
	}
	return err
}

func (t tokens) List() ([]state.Token, error) {
	return rows(t.tx, scanToken, "SELECT "+tokenColumns+" ORDER BY id")
}

type outbox struct{ *tx }

func (t outbox) Add(topic string, data []byte) (int64, error) {
	var seq int64
	err := t.row("outbox", topic, "INSERT INTO outbox (topic, data, not_till, tries) VALUES (?, ?, 0, 0) RETURNING seq", []any{topic, blob(data)}, &seq)
	return seq, err
}

func (t outbox) Pending(topic string, now time.Time, limit int) ([]state.Message, error) {
	return rows(t.tx, func(scan func(...any) error) (m state.Message, err error) {
		var till int64
		err = scan(&m.Seq, &m.Topic, &m.Data, &till, &m.Tries)
		m.NotTill = timeOf(till)
		return m, err
	}, "SELECT seq, topic, data, not_till, tries FROM outbox WHERE topic = ? AND not_till <= ? ORDER BY seq LIMIT ?", topic, ticks(now), limit)
}

func (t outbox) Retry(seq int64, notTill time.Time) error {
	n, err := t.exec("UPDATE outbox SET not_till = ?, tries = tries + 1 WHERE seq = ?", ticks(notTill), seq)
	if err == nil && n == 0 {
		return missing("message", fmt.Sprint(seq))
	}
	return err
}

func (t outbox) Done(seqs ...int64) error {
	for _, seq := range seqs {
		if _, err := t.exec("DELETE FROM outbox WHERE seq = ?", seq); err != nil {
			return err
		}
	}
	return nil
}

func (t outbox) Count() (map[string]int, error) {
	type group struct {
		topic string
		n     int
	}
	list, err := rows(t.tx, func(scan func(...any) error) (g group, err error) { return g, scan(&g.topic, &g.n) },
		"SELECT topic, count(*) FROM outbox GROUP BY topic")
	out := map[string]int{}
	for _, g := range list {
		out[g.topic] = g.n
	}
	return out, err
}

type audit struct{ *tx }

func (t audit) Add(e state.AuditEntry) error {
	_, err := t.exec("INSERT INTO audit (at, actor, operation, target, data) VALUES (?, ?, ?, ?, ?)", ticks(e.At), e.Actor, e.Operation, e.Target, blob(e.Data))
	return err
}

func (t audit) List(target string, p state.Page) ([]state.AuditEntry, string, error) {
	query, args := "SELECT seq, at, actor, operation, target, data FROM audit WHERE true", []any{}
	if target != "" {
		query, args = query+" AND target = ?", append(args, target)
	}
	var seq int64
	more, err := after(p, &seq)
	if err != nil {
		return nil, "", err
	}
	if more {
		query, args = query+" AND seq < ?", append(args, seq)
	}
	list, err := rows(t.tx, func(scan func(...any) error) (e state.AuditEntry, err error) {
		var at int64
		err = scan(&e.Seq, &at, &e.Actor, &e.Operation, &e.Target, &e.Data)
		e.At = timeOf(at)
		return e, err
	}, query+" ORDER BY seq DESC LIMIT ?", append(args, limit(p))...)
	if err != nil {
		return nil, "", err
	}
	return paged(list, p, func(e state.AuditEntry) []any { return []any{e.Seq} })
}

func (t audit) Forget(before time.Time) (int, error) {
	return t.exec("DELETE FROM audit WHERE at < ?", ticks(before))
}
