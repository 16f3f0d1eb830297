package auth

import (
	"encoding/json"
	"time"

	"github.com/vedette-siem/vedette/internal/state"
)

// Entry is what the audit trail keeps of a request that would change something.
type Entry struct {
	At        time.Time
	By        Principal
	Operation string // as in Microsoft.SecurityInsights/alertRules/write
	Target    string // the resource
	Status    int    // of the answer
	Code      string // of the error, where there was one
	Address   string // of the caller
}

// Outcome returns Succeeded or Failed.
func (e Entry) Outcome() string {
	if e.Status >= 400 {
		return "Failed"
	}
	return "Succeeded"
}

// entryData is the JSON of an entry's Data.
type entryData struct {
	Outcome string `json:"outcome"`
	Status  int    `json:"status"`
	Code    string `json:"code,omitempty"`
	TokenID string `json:"tokenId,omitempty"`
	Role    Role   `json:"role"`
	Address string `json:"address,omitempty"`
}

// Record adds an entry to the audit trail: of a request that succeeded in the transaction of what it changed, so that
// there is neither without the other, of one that failed in one of its own. Requests without a valid token leave none, or
// anyone could fill the trail.
func Record(tx state.Tx, e Entry) error {
	data, err := json.Marshal(entryData{e.Outcome(), e.Status, e.Code, e.By.ID, e.By.Role, e.Address})
	if err != nil {
		return err
	}
	return tx.Audit().Add(state.AuditEntry{At: e.At, Actor: e.By.Name, Operation: e.Operation, Target: e.Target, Data: data})
}
