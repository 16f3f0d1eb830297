package sqlite

import (
	"time"

	"github.com/vedette-siem/vedette/internal/state"
)

type rules struct{ *tx }

const ruleColumns = "id, kind, name, text, enabled, reason, etag, created, modified, author"

func scanRule(scan func(...any) error) (state.Rule, error) {
	var r state.Rule
	var created, modified int64
	err := scan(&r.ID, &r.Kind, &r.Name, &r.Text, &r.Enabled, &r.Reason, &r.ETag, &created, &modified, &r.By)
	r.Created, r.Modified = timeOf(created), timeOf(modified)
	return r, err
}

func (t rules) Get(id string) (state.Rule, error) {
	list, err := rows(t.tx, scanRule, "SELECT "+ruleColumns+" FROM rules WHERE id = ?", id)
	if err == nil && len(list) == 0 {
		return state.Rule{}, missing("rule", id)
	}
	if err != nil {
		return state.Rule{}, err
	}
	return list[0], nil
}

func (t rules) Put(r state.Rule, m state.Match) (string, error) {
	created, exists, err := t.demand("rule", r.ID, m, "SELECT etag, created FROM rules WHERE id = ?", r.ID)
	if err != nil {
		return "", err
	}
	tag := t.etag()
	_, err = t.exec(`INSERT INTO rules (`+ruleColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, text = excluded.text, enabled = excluded.enabled,
		reason = excluded.reason, etag = excluded.etag, modified = excluded.modified, author = excluded.author`,
		r.ID, r.Kind, r.Name, r.Text, r.Enabled, r.Reason, tag, firstOr(created, exists, r.Created), ticks(r.Modified), r.By)
	return tag, err
}

func (t rules) Delete(id string, m state.Match) error {
	return t.remove("rule", id, m, "rules", "id = ?", id)
}

func (t rules) List(p state.Page) ([]state.Rule, string, error) {
	var from string
	if _, err := after(p, &from); err != nil {
		return nil, "", err
	}
	list, err := rows(t.tx, scanRule, "SELECT "+ruleColumns+" FROM rules WHERE id > ? ORDER BY id LIMIT ?", from, limit(p))
	if err != nil {
		return nil, "", err
	}
	return paged(list, p, func(r state.Rule) []any { return []any{r.ID} })
}

type positions struct{ *tx }

func scanPosition(scan func(...any) error) (state.Position, error) {
	var p state.Position
	var next, done int64
	err := scan(&p.RuleID, &next, &done, &p.Data)
	p.Next, p.Done = timeOf(next), timeOf(done)
	return p, err
}

func (t positions) Get(ruleID string) (state.Position, error) {
	list, err := rows(t.tx, scanPosition, "SELECT rule_id, next, done, data FROM positions WHERE rule_id = ?", ruleID)
	if err == nil && len(list) == 0 {
		return state.Position{}, missing("position of rule", ruleID)
	}
	if err != nil {
		return state.Position{}, err
	}
	return list[0], nil
}

func (t positions) Put(p state.Position) error {
	_, err := t.exec(`INSERT INTO positions (rule_id, next, done, data) VALUES (?, ?, ?, ?)
		ON CONFLICT (rule_id) DO UPDATE SET next = excluded.next, done = excluded.done, data = excluded.data`,
		p.RuleID, ticks(p.Next), ticks(p.Done), blob(p.Data))
	return err
}

func (t positions) Delete(ruleID string) error {
	n, err := t.exec("DELETE FROM positions WHERE rule_id = ?", ruleID)
	if err == nil && n == 0 {
		return missing("position of rule", ruleID)
	}
	return err
}

func (t positions) List() ([]state.Position, error) {
	return rows(t.tx, scanPosition, "SELECT rule_id, next, done, data FROM positions ORDER BY rule_id")
}

type alerts struct{ *tx }

func scanAlert(scan func(...any) error) (state.Alert, error) {
	var a state.Alert
	var at int64
	err := scan(&a.ID, &a.RuleID, &at, &a.Data)
	a.Generated = timeOf(at)
	return a, err
}

func (t alerts) Add(a state.Alert) (bool, error) {
	n, err := t.exec("INSERT INTO alerts (id, rule_id, generated, data) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
		a.ID, a.RuleID, ticks(a.Generated), blob(a.Data))
	return n > 0, err
}

func (t alerts) Get(id string) (state.Alert, error) {
	list, err := rows(t.tx, scanAlert, "SELECT id, rule_id, generated, data FROM alerts WHERE id = ?", id)
	if err == nil && len(list) == 0 {
		return state.Alert{}, missing("alert", id)
	}
	if err != nil {
		return state.Alert{}, err
	}
	return list[0], nil
}

func (t alerts) List(ruleID string, p state.Page) ([]state.Alert, string, error) {
	query, args := "SELECT id, rule_id, generated, data FROM alerts WHERE true", []any{}
	if ruleID != "" {
		query, args = query+" AND rule_id = ?", append(args, ruleID)
	}
	var at int64
	var id string
	more, err := after(p, &at, &id)
	if err != nil {
		return nil, "", err
	}
	if more {
		query, args = query+" AND (generated, id) < (?, ?)", append(args, at, id)
	}
	list, err := rows(t.tx, scanAlert, query+" ORDER BY generated DESC, id DESC LIMIT ?", append(args, limit(p))...)
	if err != nil {
		return nil, "", err
	}
	return paged(list, p, func(a state.Alert) []any { return []any{ticks(a.Generated), a.ID} })
}

func (t alerts) Forget(before time.Time) (int, error) {
	return t.exec("DELETE FROM alerts WHERE generated < ?", ticks(before))
}
