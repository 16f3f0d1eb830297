package deliver

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
)

// version is that of the stored form. A message outlives the program that wrote it.
const version = 1

// Message is a due action as the outbox keeps it, with all that running it needs: what it is about is a snapshot, since
// the incident may be another, or gone, when the action's turn comes.
type Message struct {
	Version   int             `json:"version"`
	RuleID    string          `json:"ruleId"`
	RuleName  string          `json:"ruleName"`
	Action    incident.Action `json:"action"`
	Event     string          `json:"event"` // Created, Updated
	At        time.Time       `json:"at"`    // of the event
	Workspace alert.Workspace `json:"workspace"`
	Incident  *Incident       `json:"incident,omitempty"` // nil for rules on alerts
	Alert     *Alert          `json:"alert,omitempty"`    // nil for rules on incidents
}

// Encode returns the message of a due action. at is the time of the event that set the rule off.
func Encode(d incident.Due, at time.Time, ws alert.Workspace) ([]byte, error) {
	m := Message{Version: version, RuleID: d.RuleID, RuleName: d.RuleName, Action: d.Action, Event: d.Event.String(), At: at.UTC(), Workspace: ws}
	switch {
	case d.Incident != nil && d.Incident.Partial:
		return nil, fmt.Errorf("action %d of automation rule %s: %w", d.Action.Order, d.RuleID, incident.ErrPartial)
	case d.Incident != nil:
		i := incidentOf(d.Incident, ws)
		m.Incident = &i
	case d.Alert != nil:
		a := alertOf(*d.Alert, ws)
		m.Alert = &a
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("action %d of automation rule %s: %w", d.Action.Order, d.RuleID, err)
	}
	return json.Marshal(m)
}

// Decode reads what Encode wrote.
func Decode(data []byte) (Message, error) {
	var m Message
	if err := json.Unmarshal(data, &m); err != nil {
		return Message{}, fmt.Errorf("read a due action: %w", err)
	}
	if m.Version != version {
		return Message{}, fmt.Errorf("read a due action: version %d, expected %d", m.Version, version)
	}
	if err := m.check(); err != nil {
		return Message{}, fmt.Errorf("read a due action: %w", err)
	}
	return m, nil
}

func (m *Message) check() error {
	switch m.Action.Type {
	case incident.CallWebhook, incident.RunPlaybook, incident.SendEmail, incident.WriteFile:
	default:
		return fmt.Errorf("actions of type %q are not delivered", m.Action.Type)
	}
	if (m.Incident == nil) == (m.Alert == nil) {
		return errors.New("an action is about an incident or an alert")
	}
	if m.Event != incident.Created.String() && m.Event != incident.Updated.String() {
		return fmt.Errorf("event %q: expected Created or Updated", m.Event)
	}
	return nil
}

// deliverySpace is the name space of delivery ids. It must never change while messages wait.
var deliverySpace = uuid.MustParse("6d0b6b1e-52c3-5c0a-8f55-3a1f0f2d7c61")

// DeliveryID returns the id that all tries of a message share. It follows from the message's number and content, so two
// installations, whose numbers both begin at one, do not share ids.
func DeliveryID(m state.Message) string {
	name := strconv.AppendInt(nil, m.Seq, 10)
	return uuid.NewSHA1(deliverySpace, append(append(name, '/'), m.Data...)).String()
}

// payload is what a receiver gets. Its outer members are those that playbooks know from the service's triggers.
// https://learn.microsoft.com/connectors/azuresentinel/
type payload struct {
	DeliveryID  string     `json:"deliveryId"`
	Schema      string     `json:"objectSchemaType"` // Incident, Alert
	EventType   string     `json:"objectEventType"`  // Create, Update
	EventTime   string     `json:"eventTimeUtc"`
	WorkspaceID string     `json:"workspaceId"`
	Workspace   workspace  `json:"workspaceInfo"`
	Rule        ruleRef    `json:"automationRule"`
	Action      payloadAct `json:"action"`
	Object      any        `json:"object"`
}

type workspace struct {
	Subscription  string `json:"SubscriptionId"`
	ResourceGroup string `json:"ResourceGroupName"`
	Name          string `json:"WorkspaceName"`
}

type ruleRef struct {
	ID   string `json:"id"`
	Name string `json:"displayName"`
}

type payloadAct struct {
	Order int    `json:"order"`
	Type  string `json:"actionType"`
}

// payload returns the JSON of a message, the same for every try. The action's settings stay here: they may hold headers
// that are secret.
func (m *Message) payload(id string) ([]byte, error) {
	p := payload{
		DeliveryID: id, EventTime: stamp(m.At), WorkspaceID: m.Workspace.ID,
		Workspace: workspace{m.Workspace.Subscription, m.Workspace.ResourceGroup, m.Workspace.Name},
		Rule:      ruleRef{m.RuleID, m.RuleName}, Action: payloadAct{m.Action.Order, m.Action.Type},
		EventType: "Create", Schema: "Incident", Object: m.Incident,
	}
	if m.Event == incident.Updated.String() {
		p.EventType = "Update"
	}
	if m.Alert != nil {
		p.Schema, p.Object = "Alert", m.Alert
	}
	return json.Marshal(p)
}

// stamp writes a time, "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
