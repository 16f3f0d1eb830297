package sqlite

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
)

type incidents struct{ *tx }

func (t incidents) NextNumber() (int, error) {
	var n int
	err := t.row("counter", "incidents", `INSERT INTO counters (name, value) VALUES ('incidents', 1)
		ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`, nil, &n)
	return n, err
}

func decode(data string) (*incident.Incident, error) {
	i := &incident.Incident{}
	if err := json.Unmarshal([]byte(data), i); err != nil {
		return nil, fmt.Errorf("%w: an incident's record: %w", state.ErrCorrupt, err)
	}
	return i, nil
}

// scanStored reads etag and data, of a Partial incident.
func scanStored(scan func(...any) error) (state.Stored, error) {
	var tag, data string
	if err := scan(&tag, &data); err != nil {
		return state.Stored{}, err
	}
	i, err := decode(data)
	if err != nil {
		return state.Stored{}, err
	}
	i.Partial = true
	return state.Stored{Incident: i, ETag: tag}, nil
}

func (t incidents) Get(id string) (state.Stored, error) {
	list, err := rows(t.tx, scanStored, "SELECT etag, data FROM incidents WHERE id = ?", id)
	if err != nil {
		return state.Stored{}, err
	}
	if len(list) == 0 {
		return state.Stored{}, missing("incident", id)
	}
	return list[0], t.complete(list[0].Incident)
}

// complete reads what Partial incidents lack.
func (t incidents) complete(i *incident.Incident) (err error) {
	type evidence struct{ alert, text string }
	all, err := rows(t.tx, func(scan func(...any) error) (e evidence, err error) { return e, scan(&e.alert, &e.text) },
		"SELECT alert_id, evidence FROM incident_alerts WHERE incident_id = ?", i.ID)
	if err != nil {
		return err
	}
	if len(all) != len(i.Alerts) {
		return fmt.Errorf("%w: incident %s has %d alerts and evidence of %d", state.ErrCorrupt, i.ID, len(i.Alerts), len(all))
	}
	for _, e := range all {
		a := i.Alert(e.alert)
		if a == nil {
			return fmt.Errorf("%w: incident %s has evidence of alert %s, which is not its own", state.ErrCorrupt, i.ID, e.alert)
		}
		if err := a.SetEvidence(e.text); err != nil {
			return fmt.Errorf("%w: incident %s: %w", state.ErrCorrupt, i.ID, err)
		}
	}
	i.Comments, err = rows(t.tx, func(scan func(...any) error) (c incident.Comment, err error) {
		var data string
		if err := scan(&data); err != nil {
			return c, err
		}
		return c, json.Unmarshal([]byte(data), &c)
	}, "SELECT data FROM incident_comments WHERE incident_id = ? ORDER BY place", i.ID)
	i.Partial = false
	return err
}

func (t incidents) Put(i *incident.Incident, m state.Match) (string, error) {
	if i.Partial {
		return "", incident.ErrPartial
	}
	_, _, err := t.demand("incident", i.ID, m, "SELECT etag, created FROM incidents WHERE id = ?", i.ID)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(i)
	if err != nil {
		return "", err
	}
	var rule, key, since any
	if i.Group != nil {
		rule, key, since = i.Group.RuleID, i.Group.Key, ticks(i.Group.Since)
	}
	tag := t.etag()
	_, err = t.exec(`INSERT INTO incidents (id, number, title, status, status_rank, severity, created, modified, group_rule, group_key, group_since, etag, data)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET number = excluded.number, title = excluded.title, status = excluded.status, status_rank = excluded.status_rank,
		severity = excluded.severity, created = excluded.created, modified = excluded.modified, group_rule = excluded.group_rule,
		group_key = excluded.group_key, group_since = excluded.group_since, etag = excluded.etag, data = excluded.data`,
		i.ID, i.Number, i.Title, string(i.Status), slices.Index(incident.Statuses(), i.Status)+1, i.Severity.Rank(), ticks(i.Created), ticks(i.LastModified),
		rule, key, since, tag, string(data))
	if err != nil {
		return "", err
	}
	if err := t.putAlerts(i); err != nil {
		return "", err
	}
	return tag, t.putComments(i)
}

// putAlerts writes the evidence of alerts that came, and drops that of alerts that went. What is there stays: it does
// not change, and there may be megabytes of it.
func (t incidents) putAlerts(i *incident.Incident) error {
	had, err := rows(t.tx, func(scan func(...any) error) (id string, err error) { return id, scan(&id) },
		"SELECT alert_id FROM incident_alerts WHERE incident_id = ?", i.ID)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, id := range had {
		known[strings.ToLower(id)] = true
		if i.Alert(id) == nil {
			if _, err := t.exec("DELETE FROM incident_alerts WHERE incident_id = ? AND alert_id = ?", i.ID, id); err != nil {
				return err
			}
		}
	}
	for n := range i.Alerts {
		a := &i.Alerts[n]
		if known[strings.ToLower(a.ID)] {
			continue
		}
		text, err := a.Evidence()
		if err != nil {
			return err
		}
		if _, err := t.exec("INSERT INTO incident_alerts (incident_id, alert_id, rule_id, evidence) VALUES (?, ?, ?, ?)", i.ID, a.ID, a.RuleID, text); err != nil {
			return err
		}
	}
	return nil
}

// putComments makes the kept comments those of i.
func (t incidents) putComments(i *incident.Incident) error {
	type kept struct{ id, data string }
	had, err := rows(t.tx, func(scan func(...any) error) (k kept, err error) { return k, scan(&k.id, &k.data) },
		"SELECT id, data FROM incident_comments WHERE incident_id = ?", i.ID)
	if err != nil {
		return err
	}
	known := map[string]string{}
	for _, k := range had {
		known[k.id] = k.data
		if i.Comment(k.id) == nil {
			if _, err := t.exec("DELETE FROM incident_comments WHERE incident_id = ? AND id = ?", i.ID, k.id); err != nil {
				return err
			}
		}
	}
	place := 0
	if err := t.row("comments", i.ID, "SELECT coalesce(max(place), 0) FROM incident_comments WHERE incident_id = ?", []any{i.ID}, &place); err != nil {
		return err
	}
	for _, c := range i.Comments {
		data, err := json.Marshal(c)
		if err != nil {
			return err
		}
		was, ok := known[c.ID]
		switch {
		case !ok:
			place++
			_, err = t.exec("INSERT INTO incident_comments (incident_id, id, place, data) VALUES (?, ?, ?, ?)", i.ID, c.ID, place, string(data))
		case was != string(data):
			_, err = t.exec("UPDATE incident_comments SET data = ? WHERE incident_id = ? AND id = ?", string(data), i.ID, c.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t incidents) Delete(id string, m state.Match) error {
	return t.remove("incident", id, m, "incidents", "id = ?", id)
}

func (t incidents) Matching(ruleID, key string, from time.Time) ([]*incident.Incident, error) {
	list, err := rows(t.tx, scanStored, `SELECT etag, data FROM incidents
		WHERE group_rule = ? AND group_key = ? AND group_since >= ? ORDER BY group_since, number`, ruleID, key, ticks(from))
	if err != nil {
		return nil, err
	}
	var out []*incident.Incident
	for _, s := range list {
		if err := t.complete(s.Incident); err != nil {
			return nil, err
		}
		out = append(out, s.Incident)
	}
	return out, nil
}

func (t incidents) Count() (map[incident.Status]int, error) {
	type group struct {
		status incident.Status
		n      int
	}
	list, err := rows(t.tx, func(scan func(...any) error) (g group, err error) { return g, scan(&g.status, &g.n) },
		"SELECT status, count(*) FROM incidents GROUP BY status")
	out := map[incident.Status]int{}
	for _, g := range list {
		out[g.status] = g.n
	}
	return out, err
}

// orders are the columns that lists go by.
var orders = map[state.Order]string{state.ByNumber: "number", state.ByCreated: "created", state.ByModified: "modified",
	state.BySeverity: "severity", state.ByStatus: "status_rank", state.ByTitle: "title"}

// batch is how many incidents are read at a time where a function decides which of them count.
const batch = 200

type listed struct {
	state.Stored
	place  any
	number int
}

func (t incidents) List(q state.IncidentQuery) ([]state.Stored, string, error) {
	column, ok := orders[q.Order]
	if !ok {
		return nil, "", fmt.Errorf("order %d of incidents is unknown", q.Order)
	}
	var text string
	var number int64
	var from any
	place := int64(0)
	into := any(&place)
	if q.Order == state.ByTitle {
		into = &text
	}
	more, err := after(q.Page, into, &number)
	if err != nil {
		return nil, "", err
	}
	from = place
	if q.Order == state.ByTitle {
		from = text
	}
	want := q.Limit
	var list []listed
	for {
		size := -1
		if want > 0 {
			size = want + 1
			if q.Where != nil {
				size = max(size, batch)
			}
		}
		part, err := t.part(q, column, more, from, number, size)
		if err != nil {
			return nil, "", err
		}
		for _, l := range part {
			if q.Where == nil || q.Where(l.Incident) {
				list = append(list, l)
			}
		}
		if size < 0 || len(part) < size || len(list) > want {
			break
		}
		last := part[len(part)-1]
		more, from, number = true, last.place, int64(last.number)
	}
	list, next, err := paged(list, q.Page, func(l listed) []any { return []any{l.place, l.number} })
	var out []state.Stored
	for _, l := range list {
		out = append(out, l.Stored)
	}
	return out, next, err
}

// part reads size incidents from a place on.
func (t incidents) part(q state.IncidentQuery, column string, more bool, from any, number int64, size int) ([]listed, error) {
	var where []string
	var args []any
	and := func(condition string, values ...any) {
		where = append(where, condition)
		args = append(args, values...)
	}
	direction, beyond := "ASC", ">"
	if q.Descending {
		direction, beyond = "DESC", "<"
	}
	if more {
		and("("+column+", number) "+beyond+" (?, ?)", from, number)
	}
	anyOf := func(column string, values []any) {
		if len(values) > 0 {
			and(column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
		}
	}
	var statuses, severities []any
	for _, s := range q.Statuses {
		statuses = append(statuses, string(s))
	}
	for _, s := range q.Severities {
		severities = append(severities, s.Rank())
	}
	anyOf("status", statuses)
	anyOf("severity", severities)
	for _, r := range []struct {
		column string
		state.Range
	}{{"created", q.Created}, {"modified", q.Modified}} {
		if !r.From.IsZero() {
			and(r.column+" >= ?", ticks(r.From))
		}
		if !r.To.IsZero() {
			and(r.column+" < ?", ticks(r.To))
		}
	}
	if q.RuleID != "" {
		and("id IN (SELECT incident_id FROM incident_alerts WHERE rule_id = ?)", q.RuleID)
	}
	if q.AlertID != "" {
		and("id IN (SELECT incident_id FROM incident_alerts WHERE alert_id = ?)", q.AlertID)
	}
	query := "SELECT " + column + ", number, etag, data FROM incidents"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	query += " ORDER BY " + column + " " + direction + ", number " + direction + " LIMIT ?"
	return rows(t.tx, func(scan func(...any) error) (l listed, err error) {
		l.Stored, err = scanStored(func(into ...any) error { return scan(append([]any{&l.place, &l.number}, into...)...) })
		return l, err
	}, query, append(args, size)...)
}
