package desk

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// Related returns what an incident keeps of a stored alert, so that people can relate it by hand.
func Related(a state.Alert) (incident.Related, error) {
	_, row, err := DecodeRow(a.Data)
	if err != nil {
		return incident.Related{}, fmt.Errorf("alert %s: %w", a.ID, err)
	}
	entities, err := entity.Parse(row["Entities"].Text())
	if err != nil {
		return incident.Related{}, fmt.Errorf("alert %s: %w", a.ID, err)
	}
	at := func(column string) time.Time {
		if row[column].IsNull() {
			return time.Time{}
		}
		return types.TimeOf(row[column].Int64())
	}
	r := incident.Related{
		ID: a.ID, RuleID: a.RuleID, Name: row["AlertName"].Text(), Severity: incident.Severity(row["AlertSeverity"].Text()),
		Product: row["ProductName"].Text(), Generated: at("TimeGenerated"), Start: at("StartTime"), End: at("EndTime"), Entities: entities,
	}
	if t := row["Tactics"].Text(); t != "" && t != "Unknown" {
		r.Tactics = strings.Split(t, ",")
	}
	var details struct {
		Custom string `json:"Custom Details"`
	}
	var fault error
	read := func(text string, into any) {
		if text != "" && fault == nil {
			fault = json.Unmarshal([]byte(text), into)
		}
	}
	read(row["Techniques"].Text(), &r.Techniques)
	read(row["SubTechniques"].Text(), &r.SubTechniques)
	read(row["ExtendedProperties"].Text(), &details)
	custom := map[string][]string{}
	read(details.Custom, &custom)
	if fault != nil {
		return incident.Related{}, fmt.Errorf("alert %s: %w", a.ID, fault)
	}
	for key, values := range custom {
		r.CustomDetails = append(r.CustomDetails, alert.Detail{Key: key, Values: values})
	}
	slices.SortFunc(r.CustomDetails, func(a, b alert.Detail) int { return strings.Compare(a.Key, b.Key) })
	return r, nil
}
