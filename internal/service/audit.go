package service

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// The audit trail is kept in the state; what it says of requests to the API is told in SentinelAudit too, each entry once:
// the mark, which is kept with the rows, says how far the trail was read.
const (
	auditMark  = "audit"
	auditTable = "SentinelAudit"
	provider   = "Microsoft.SecurityInsights/"
	auditEvery = 5 * time.Second
	auditPage  = 200
)

// pumpAudit takes entries of the audit trail to the event store until ctx ends.
func (s *Service) pumpAudit(ctx context.Context) {
	for {
		s.fault("append rows of the audit trail", s.flushAudit(ctx))
		select {
		case <-s.clock.After(auditEvery):
		case <-ctx.Done():
			return
		}
	}
}

func (s *Service) flushAudit(ctx context.Context) error {
	mark, err := s.Events.Mark(ctx, auditMark)
	if err != nil {
		return err
	}
	var fresh []state.AuditEntry // the youngest first
	err = s.State.View(ctx, func(tx state.Tx) error {
		page := state.Page{Limit: auditPage}
		for {
			list, next, err := tx.Audit().List("", page)
			if err != nil {
				return err
			}
			for _, e := range list {
				if e.Seq <= mark {
					return nil
				}
				fresh = append(fresh, e)
			}
			if next == "" {
				return nil
			}
			page.After = next
		}
	})
	if err != nil || len(fresh) == 0 {
		return err
	}
	table, ok := s.stored.Table(auditTable)
	if !ok {
		return fmt.Errorf("there is no table %s", auditTable)
	}
	batch := eventlog.Batch{Source: auditMark, Mark: auditMark, MarkAt: fresh[0].Seq, Parts: []eventlog.Part{{Table: table}}}
	for _, e := range slices.Backward(fresh) {
		if strings.HasPrefix(e.Operation, provider) {
			batch.Parts[0].Rows = append(batch.Parts[0].Rows, inOrder(table, s.auditRow(e)))
		}
	}
	_, err = s.Events.Append(ctx, batch)
	return err
}

// auditSpace is the name space of the correlation ids; it must never change.
var auditSpace = uuid.MustParse("c4a8c0de-1d51-5d0a-8f4e-7a6f2b9d3e10")

// auditRow is the row of an entry.
// https://learn.microsoft.com/azure/sentinel/audit-table-reference
func (s *Service) auditRow(e state.AuditEntry) map[string]types.Value {
	text := types.StringOf
	ws := s.Workspace()
	var data struct{ Outcome, Code, Address string }
	_ = json.Unmarshal(e.Data, &data) // an entry of another kind has none of these
	status := "Success"
	if data.Outcome == "Failed" {
		status = "Failure"
	}
	parts := strings.Split(strings.TrimPrefix(e.Operation, provider), "/")
	verb := parts[len(parts)-1]
	operation := strings.TrimSuffix(e.Operation, verb) + strings.ToUpper(verb[:min(1, len(verb))]) + verb[min(1, len(verb)):]
	kind := map[string]string{"alertRules": "Analytic Rule", "automationRules": "Automation Rule", "incidents": "Incident", "watchlists": "Watchlist"}[parts[0]]
	if kind == "" {
		kind = parts[0]
	}
	properties := types.JSON{Kind: types.JSONObject}
	for _, p := range [][2]string{{"CallerName", e.Actor}, {"CallerIpAddress", data.Address}, {"ResourceId", e.Target}, {"Reason", data.Code}, {"SubscriptionId", ws.Subscription},
		{"ResourceGroupName", ws.ResourceGroup}, {"WorkspaceName", ws.Name}, {"WorkspaceId", ws.ID}} {
		properties.Set(p[0], types.JSONOf(text(p[1])))
	}
	return map[string]types.Value{
		"TenantId": text(ws.ID), "WorkspaceId": text(ws.ID), "TimeGenerated": types.DatetimeOf(types.TicksOf(e.At)), "OperationName": text(operation), "Status": text(status),
		"Description": text(fmt.Sprintf("%s by %s", verb, e.Actor)), "SentinelResourceId": text(e.Target), "SentinelResourceName": text(e.Target[strings.LastIndexByte(e.Target, '/')+1:]),
		"SentinelResourceType": text(kind), "CorrelationId": text(uuid.NewSHA1(auditSpace, fmt.Append(nil, e.Seq)).String()),
		"ExtendedProperties": types.DynamicOf(properties.String()), "SourceSystem": text("Azure"), "Type": text(auditTable),
	}
}
