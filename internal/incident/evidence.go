package incident

import (
	"encoding/json"
	"fmt"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/entity"
)

// evidence is the stored form of what Related keeps apart.
type evidence struct {
	Entities string   `json:"entities,omitempty"` // as in the Entities column of SecurityAlert
	Details  []detail `json:"customDetails,omitempty"`
}

type detail struct {
	Key    string   `json:"key"`
	Values []string `json:"values"`
}

// Evidence returns the entities and custom details of r as text, for a store to keep beside the incident.
func (r *Related) Evidence() (string, error) {
	e := evidence{Entities: entity.Render(r.Entities)}
	for _, d := range r.CustomDetails {
		e.Details = append(e.Details, detail(d))
	}
	text, err := json.Marshal(e)
	return string(text), err
}

// SetEvidence gives r back what Evidence returned.
func (r *Related) SetEvidence(text string) error {
	var e evidence
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return fmt.Errorf("evidence of alert %s: %w", r.ID, err)
	}
	list, err := entity.Parse(e.Entities)
	if err != nil {
		return fmt.Errorf("entities of alert %s: %w", r.ID, err)
	}
	r.Entities, r.CustomDetails = list, nil
	for _, d := range e.Details {
		r.CustomDetails = append(r.CustomDetails, alert.Detail(d))
	}
	return nil
}
