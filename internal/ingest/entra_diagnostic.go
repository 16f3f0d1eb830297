package ingest

import (
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// diagnosticShape is a record of Azure's diagnostic settings, as it arrives through Event Hubs, blobs or a
// workspace: an envelope with the event under "properties".
// https://learn.microsoft.com/entra/identity/monitoring-health/reference-azure-monitor-sign-ins-log-schema
var diagnosticShape = &shape{
	name:   "diagnostic settings",
	expand: "properties",
	route:  diagnosticTable,
	columns: func(table string) (sub, top map[string][]string) {
		return entraProperties(table), diagnosticEnvelope
	},
	finish: finishDiagnostic,
}

// diagnosticEnvelope gives the columns of the envelope's keys. A table without the column does without: the
// risk tables have few of them.
var diagnosticEnvelope = map[string][]string{
	"time":              {"TimeGenerated"},
	"resourceid":        {"ResourceId"},
	"operationname":     {"OperationName"},
	"operationversion":  {"OperationVersion"},
	"category":          {"Category"},
	"tenantid":          {"AADTenantId"},
	"resulttype":        {"ResultType"},
	"resultsignature":   {"ResultSignature"},
	"resultdescription": {"ResultDescription"},
	"durationms":        {"DurationMs"},
	"calleripaddress":   {"IPAddress", "IpAddress"},
	"correlationid":     {"CorrelationId"},
	"identity":          {"Identity"},
	"level":             {"Level"},
	"location":          {"Location"},
	"properties":        {},
}

// isDiagnostic tells whether a record is such an envelope.
func isDiagnostic(rec *record) bool {
	_, time := rec.find(rec.fields, "time")
	_, category := rec.find(rec.fields, "category")
	f, properties := rec.find(rec.fields, "properties")
	return time && category && properties && f.kind == kindNested
}

func diagnosticTable(m *fileMapper, rec *record) (table, reason string) {
	if !rec.expanded {
		return "", `expected an object under "properties"`
	}
	if m.fixed {
		return "", ""
	}
	category := rec.textOf(rec.fields, "category")
	for _, e := range entraTables {
		if strings.EqualFold(e.category, category) || category == "Audit" && e.category == "AuditLogs" { // Audit: older records
			return e.table, ""
		}
	}
	// categories of other services are named as their tables are, or the user named one
	if t, ok := m.named(category); ok {
		return t, ""
	}
	return "", "no table for diagnostic category " + quoteShort(category)
}

func quoteShort(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return `"` + s + `"`
}

func finishDiagnostic(m *tableMapper, rec *record, row []types.Value) {
	if i := m.column("ResourceId", types.String); i >= 0 && row[i].Text() != "" {
		id := row[i].Text()
		m.set(row, "Resource", id[strings.LastIndexByte(id, '/')+1:])
	}
	if isSignInTable(m.table.Name) {
		country := ""
		if f, ok := rec.find(rec.sub, "location"); ok && f.kind == kindNested && !m.hasText(row, "Location") {
			country = textMember(rec.node(f), "countryOrRegion")
		}
		if m.hasText(row, "ResultType") {
			signInDefaults(m, row, types.JSON{}, country)
		} else {
			signInDefaults(m, row, rec.nodeOf(rec.sub, "status"), country)
		}
	}
	entraCommon(m, row)
}

func (m *tableMapper) hasText(row []types.Value, column string) bool {
	i := m.column(column, types.String)
	return i >= 0 && row[i].Text() != ""
}
