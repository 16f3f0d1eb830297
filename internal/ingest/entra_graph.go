package ingest

import "github.com/vedette-siem/vedette/internal/types"

// graphShape is an object of Microsoft Graph's reports, as auditLogs/signIns, auditLogs/directoryAudits and
// identityProtection return it; the portal's JSON download of sign-ins has the same form.
// https://learn.microsoft.com/graph/api/resources/signin
var graphShape = &shape{
	name:    "Microsoft Graph",
	route:   graphTable,
	columns: func(table string) (sub, top map[string][]string) { return nil, graphColumns(table) },
	finish:  finishGraph,
}

// graphMark is what tells a kind of Graph object: keys it has.
type graphMark struct {
	table string
	keys  []string
}

// graphMarks lists the kinds that are no sign-in; the first that fits is taken.
var graphMarks = []graphMark{
	{"AuditLogs", []string{"activityDateTime", "activityDisplayName", "targetResources"}},
	{"AuditLogs", []string{"activityDateTime", "activityDisplayName", "initiatedBy", "loggedByService"}},
	{"AADProvisioningLogs", []string{"activityDateTime", "provisioningSteps"}},
	{"AADProvisioningLogs", []string{"activityDateTime", "provisioningAction", "jobId"}},
	{"AADServicePrincipalRiskEvents", []string{"riskEventType", "detectedDateTime", "servicePrincipalId"}},
	{"AADUserRiskEvents", []string{"riskEventType", "detectedDateTime"}},
	{"AADRiskyServicePrincipals", []string{"riskLastUpdatedDateTime", "riskState", "servicePrincipalType"}},
	{"AADRiskyServicePrincipals", []string{"riskLastUpdatedDateTime", "riskState", "appId"}},
	{"AADRiskyUsers", []string{"riskLastUpdatedDateTime", "riskState", "userPrincipalName"}},
}

// isGraph tells whether a record is one of those objects.
func isGraph(rec *record) bool { return graphKind(rec) != "" }

// graphKind returns the table of a record by its keys, "sign-in" for a sign-in of whatever kind, "" for none.
func graphKind(rec *record) string {
	has := func(key string) bool { _, ok := rec.find(rec.fields, key); return ok }
	if has("TimeGenerated") {
		return ""
	}
	if has("createdDateTime") && has("status") && (has("appDisplayName") || has("appId") || has("servicePrincipalId")) &&
		(has("userPrincipalName") || has("ipAddress") || has("signInEventTypes")) {
		return "sign-in"
	}
	for _, m := range graphMarks {
		all := true
		for _, k := range m.keys {
			all = all && has(k)
		}
		if all {
			return m.table
		}
	}
	return ""
}

func graphTable(m *fileMapper, rec *record) (table, reason string) {
	kind := graphKind(rec)
	switch {
	case kind == "":
		if m.fixed || m.base != nil {
			return "", ""
		}
		return "", "not an object of a Microsoft Graph report"
	case kind != "sign-in" && m.fixed:
		return "", ""
	case kind != "sign-in":
		return kind, ""
	case m.fixed:
		return "", ""
	}
	if f, ok := rec.find(rec.fields, "signInEventTypes"); ok && f.kind == kindNested {
		for _, t := range rec.node(f).Items {
			for _, e := range entraTables {
				if e.eventType != "" && e.eventType == t.Str {
					return e.table, ""
				}
			}
		}
	}
	if m.download != "" {
		return m.download, ""
	}
	if f, ok := rec.find(rec.fields, "isInteractive"); ok && f.kind == kindBool && rec.raw(f) == "false" {
		return "AADNonInteractiveUserSignInLogs", ""
	}
	return "SigninLogs", ""
}

func graphColumns(table string) map[string][]string {
	c := entraProperties(table)
	c["@odata.type"] = nil
	return c
}

func finishGraph(m *tableMapper, rec *record, row []types.Value) {
	switch table := m.table.Name; {
	case isSignInTable(table):
		country := ""
		if f, ok := rec.find(rec.fields, "location"); ok && f.kind == kindNested {
			country = textMember(rec.node(f), "countryOrRegion")
		}
		signInDefaults(m, row, rec.nodeOf(rec.fields, "status"), country)
		m.set(row, "Identity", rec.textOf(rec.fields, "userDisplayName"))
		m.set(row, "Identity", rec.textOf(rec.fields, "servicePrincipalName"))
	case table == "AuditLogs":
		m.set(row, "OperationName", rec.textOf(rec.fields, "activityDisplayName"))
		m.set(row, "ResultSignature", "None")
		m.set(row, "OperationVersion", "1.0")
		m.copyTime(row, "ActivityDateTime")
	case table == "AADProvisioningLogs":
		m.set(row, "ResultType", textMember(rec.nodeOf(rec.fields, "provisioningStatusInfo"), "status"))
	default:
		m.copyTime(row, "DetectedDateTime")
		m.copyTime(row, "RiskLastUpdatedDateTime")
	}
	entraCommon(m, row)
}
