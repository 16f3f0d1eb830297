package ingest

import (
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/types"
)

// Stamp is what a server says of the rows it receives.
// https://learn.microsoft.com/azure/azure-monitor/logs/log-standard-columns
type Stamp struct {
	Received int64         // ticks for _TimeReceived, and for TimeGenerated where a row has none; 0 for none
	ItemID   func() string // a new _ItemId; nil for none
}

// Stamper fills the standard columns of one table.
type Stamper struct {
	stamp                     Stamp
	name                      types.Value
	time, typ, received, item int // -1: the table has none
}

// NewStamper prepares for the columns of a table.
func NewStamper(t *catalog.Table, s Stamp) *Stamper {
	at := func(name string, typ types.Type) int {
		if i := t.Columns.Index(name); i >= 0 && t.Columns[i].Type == typ {
			return i
		}
		return -1
	}
	return &Stamper{stamp: s, name: types.StringOf(t.Name), time: at("TimeGenerated", types.Datetime), typ: at("Type", types.String),
		received: at("_TimeReceived", types.Datetime), item: at("_ItemId", types.String)}
}

// Fill writes the standard columns: the table's name, when the row was received and a number of its own, which are
// the server's to say whatever the sender wrote there, and the time of receipt as the row's time if it has none.
func (s *Stamper) Fill(row []types.Value) {
	if s.typ >= 0 {
		row[s.typ] = s.name
	}
	if s.stamp.Received != 0 {
		if s.time >= 0 && row[s.time].IsNull() {
			row[s.time] = types.DatetimeOf(s.stamp.Received)
		}
		if s.received >= 0 {
			row[s.received] = types.DatetimeOf(s.stamp.Received)
		}
	}
	if s.item >= 0 && s.stamp.ItemID != nil {
		row[s.item] = types.StringOf(s.stamp.ItemID())
	}
}
