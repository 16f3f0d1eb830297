package desk

import (
	"encoding/json"
	"time"

	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// BookmarkTable is the table that gets a row for every change of a bookmark.
const BookmarkTable = "HuntingBookmark"

// Bookmark is what someone found while hunting, as the table has it.
type Bookmark struct {
	ID         string
	Name       string
	Notes      string
	Query      string
	QueryRow   string // JSON
	Tags       string // names with commas between
	Created    time.Time
	Updated    time.Time
	EventTime  time.Time
	QueryStart time.Time
	QueryEnd   time.Time
	CreatedBy  incident.Actor
	UpdatedBy  incident.Actor
	Deleted    bool
}

// Keep leaves the row of a bookmark that was written or deleted in the outbox.
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/huntingbookmark
func (d *Desk) Keep(tx state.Tx, b Bookmark, at time.Time) error {
	text := types.StringOf
	when := func(t time.Time) types.Value {
		if t.IsZero() {
			return types.Null(types.Datetime)
		}
		return types.DatetimeOf(types.TicksOf(t))
	}
	var people [2]string
	for i, a := range []incident.Actor{b.CreatedBy, b.UpdatedBy} {
		s, err := json.Marshal(map[string]string{"Name": a.Name, "Email": a.Email, "ObjectId": a.ObjectID})
		if err != nil {
			return err
		}
		people[i] = string(s)
	}
	data, err := EncodeRow(BookmarkTable, map[string]types.Value{
		"TenantId": text(d.Workspace.ID), "TimeGenerated": when(at), "BookmarkId": text(b.ID), "BookmarkName": text(b.Name), "BookmarkType": text(""),
		"CreatedBy": text(people[0]), "CreatedTime": when(b.Created), "EventTime": when(b.EventTime), "Entities": text(""),
		"LastUpdatedTime": when(b.Updated), "Notes": text(b.Notes), "QueryText": text(b.Query), "QueryResultRow": text(b.QueryRow),
		"QueryStartTime": when(b.QueryStart), "QueryEndTime": when(b.QueryEnd), "SoftDeleted": types.BoolOf(b.Deleted), "Tags": text(b.Tags),
		"UpdatedBy": text(people[1]), "SourceSystem": text("Azure"), "Type": text(BookmarkTable),
	})
	if err != nil {
		return err
	}
	_, err = tx.Outbox().Add(RowsTopic, data)
	return err
}
