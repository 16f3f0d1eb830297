package desk

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/state"
)

// Rule returns a stored rule as it is to be run; nil for kinds that are kept only. Whether it is enabled, the record
// says, not its text: a rule may have been disabled for its failures.
func Rule(s state.Rule) (*rule.Rule, error) {
	kind, ok := rule.ParseKind(s.Kind)
	if !ok {
		return nil, nil
	}
	file := source.NewFile("rule "+s.ID, s.Text)
	r, list := rule.LoadProperties(file, s.ID, kind)
	ds := source.Diagnostics{File: file, List: list}
	if err := ds.Err(); err != nil {
		return nil, fmt.Errorf("%w: rule %s: %w", state.ErrCorrupt, s.ID, err)
	}
	r.Enabled = s.Enabled
	r.QueryFile = source.NewFile("rule "+s.ID, r.Query) // places are told in the query
	return r, nil
}

// Record returns the record of a rule that was read from a file, as the API would have made it.
func Record(r *rule.Rule, at time.Time, by string) (state.Rule, error) {
	if _, ok := rule.ParseKind(r.Kind.String()); !ok {
		return state.Rule{}, fmt.Errorf("rule %s: rules of kind %s cannot be scheduled", r.ID, r.Kind)
	}
	p := rule.PropertiesOf(r)
	p.TemplateName = r.ID
	text, err := json.Marshal(p)
	if err != nil {
		return state.Rule{}, err
	}
	return state.Rule{ID: r.ID, Kind: r.Kind.String(), Name: r.Name, Text: string(text), Enabled: r.Enabled, Created: at, Modified: at, By: by}, nil
}
