package desk

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/types"
)

// The topics of the outbox. The first has rows (DecodeRow), the others have actions, for package deliver.
const (
	RowsTopic     = "rows"
	WebhookTopic  = "action.webhook"
	EmailTopic    = "action.email"
	FileTopic     = "action.file"
	PlaybookTopic = "action.playbook"
)

// Topics lists the topics of actions.
func Topics() []string { return []string{WebhookTopic, EmailTopic, FileTopic, PlaybookTopic} }

// topicOf returns the topic of a type of action that is not the desk's own to apply.
func topicOf(action string) (string, bool) {
	t, ok := map[string]string{incident.CallWebhook: WebhookTopic, incident.SendEmail: EmailTopic, incident.WriteFile: FileTopic,
		incident.RunPlaybook: PlaybookTopic}[action]
	return t, ok
}

// The tables whose rows the desk makes.
const (
	AlertTable    = "SecurityAlert"
	IncidentTable = "SecurityIncident"
)

// message is a row as the outbox keeps it. Each cell has its type with it, so that a message can be read by a version
// whose table has other columns.
type message struct {
	Table string `json:"table"`
	Cells []cell `json:"cells"`
}

type cell struct {
	Column string  `json:"c"`
	Type   string  `json:"t"`
	Text   *string `json:"v"` // nil is null
}

// EncodeRow makes a message of a row.
func EncodeRow(table string, row map[string]types.Value) ([]byte, error) {
	m := message{Table: table}
	for _, c := range slices.Sorted(maps.Keys(row)) {
		v := row[c]
		out := cell{Column: c, Type: v.Type().String()}
		if !v.IsNull() {
			text := v.ToText()
			if v.Type() == types.Dynamic {
				text = v.Text()
			}
			out.Text = &text
		}
		m.Cells = append(m.Cells, out)
	}
	return json.Marshal(m)
}

// DecodeRow reads a message of RowsTopic.
func DecodeRow(data []byte) (table string, row map[string]types.Value, err error) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return "", nil, fmt.Errorf("decode a row: %w", err)
	}
	row = make(map[string]types.Value, len(m.Cells))
	for _, c := range m.Cells {
		t, ok := types.Parse(c.Type)
		if !ok {
			return "", nil, fmt.Errorf("decode a row of %s: column %s has the unknown type %s", m.Table, c.Column, c.Type)
		}
		v := types.Null(t)
		switch {
		case c.Text == nil:
		case t == types.Dynamic:
			v = types.DynamicOf(*c.Text)
		case t == types.String:
			v = types.StringOf(*c.Text)
		default:
			if v = types.StringOf(*c.Text).To(t); v.IsNull() {
				return "", nil, fmt.Errorf("decode a row of %s: %q of column %s is no %s", m.Table, *c.Text, c.Column, t)
			}
		}
		row[c.Column] = v
	}
	return m.Table, row, nil
}
