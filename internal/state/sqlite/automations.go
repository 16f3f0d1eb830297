package sqlite

import (
	"encoding/json"
	"fmt"

	"github.com/vedette-siem/vedette/internal/state"
)

type automations struct{ *tx }

func scanAutomation(scan func(...any) error) (state.Automation, error) {
	var a state.Automation
	var id, data string
	var created, modified int64
	if err := scan(&id, &data, &a.ETag, &created, &modified, &a.By); err != nil {
		return a, err
	}
	if err := json.Unmarshal([]byte(data), &a.Rule); err != nil {
		return a, fmt.Errorf("%w: automation rule %s: %w", state.ErrCorrupt, id, err)
	}
	a.Rule.ID, a.Created, a.Modified = id, timeOf(created), timeOf(modified)
	return a, nil
}

func (t automations) Get(id string) (state.Automation, error) {
	list, err := rows(t.tx, scanAutomation, "SELECT id, data, etag, created, modified, author FROM automations WHERE id = ?", id)
	if err == nil && len(list) == 0 {
		return state.Automation{}, missing("automation rule", id)
	}
	if err != nil {
		return state.Automation{}, err
	}
	return list[0], nil
}

func (t automations) Put(a state.Automation, m state.Match) (string, error) {
	id := a.Rule.ID
	created, exists, err := t.demand("automation rule", id, m, "SELECT etag, created FROM automations WHERE id = ?", id)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(a.Rule)
	if err != nil {
		return "", err
	}
	tag := t.etag()
	_, err = t.exec(`INSERT INTO automations (id, place, data, etag, created, modified, author) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET place = excluded.place, data = excluded.data, etag = excluded.etag, modified = excluded.modified,
		author = excluded.author`,
		id, a.Rule.Order, string(data), tag, firstOr(created, exists, a.Created), ticks(a.Modified), a.By)
	return tag, err
}

func (t automations) Delete(id string, m state.Match) error {
	return t.remove("automation rule", id, m, "automations", "id = ?", id)
}

func (t automations) List() ([]state.Automation, error) {
	return rows(t.tx, scanAutomation, "SELECT id, data, etag, created, modified, author FROM automations ORDER BY place, id")
}
