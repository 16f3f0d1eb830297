package ingest

import (
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// entraTable is a table of the Microsoft Entra ID connector: the diagnostic category that feeds it, the value of
// Microsoft Graph's signInEventTypes that means it, and what portal downloads of it are called.
type entraTable struct {
	table     string
	category  string
	eventType string
	download  string
	operation string // OperationName of records that carry none
}

// entraTables lists them all.
// https://learn.microsoft.com/azure/sentinel/connect-azure-active-directory
var entraTables = []entraTable{
	{"SigninLogs", "SignInLogs", "interactiveUser", "interactivesignins", "Sign-in activity"},
	{"AADNonInteractiveUserSignInLogs", "NonInteractiveUserSignInLogs", "nonInteractiveUser", "noninteractivesignins", "Sign-in activity"},
	{"AADServicePrincipalSignInLogs", "ServicePrincipalSignInLogs", "servicePrincipal", "applicationsignins", "Sign-in activity"},
	{"AADManagedIdentitySignInLogs", "ManagedIdentitySignInLogs", "managedIdentity", "msisignins", "Sign-in activity"},
	{"ADFSSignInLogs", "ADFSSignInLogs", "", "", "Sign-in activity"},
	{"AuditLogs", "AuditLogs", "", "", ""},
	{"AADProvisioningLogs", "ProvisioningLogs", "", "", "Provisioning activity"},
	{"AADRiskyUsers", "RiskyUsers", "", "", "Risky user"},
	{"AADUserRiskEvents", "UserRiskEvents", "", "", "User Risk Detection"},
	{"AADRiskyServicePrincipals", "RiskyServicePrincipals", "", "", "Risky service principal"},
	{"AADServicePrincipalRiskEvents", "ServicePrincipalRiskEvents", "", "", "Service Principal Risk Detection"},
	{"NetworkAccessTraffic", "NetworkAccessTrafficLogs", "", "", ""},
}

func entraByTable(name string) (entraTable, bool) {
	for _, e := range entraTables {
		if e.table == name {
			return e, true
		}
	}
	return entraTable{}, false
}

func isSignInTable(name string) bool {
	e, ok := entraByTable(name)
	return ok && e.operation == "Sign-in activity"
}

// entraProperties gives the columns of the members of Microsoft Graph's objects, which are also the properties
// of diagnostic records, where they are not just the member's name in other case.
func entraProperties(table string) map[string][]string {
	switch {
	case isSignInTable(table):
		return map[string][]string{
			"location":                         {"LocationDetails"},
			"appliedconditionalaccesspolicies": {"ConditionalAccessPolicies", "AppliedConditionalAccessPolicies"},
			"resourceid":                       {"ResourceIdentity"},
			"processingtimeinmilliseconds":     {"ProcessingTimeInMilliseconds", "ProcessingTimeInMs"},
			"processingtimeinms":               {"ProcessingTimeInMs", "ProcessingTimeInMilliseconds"},
		}
	case table == "AuditLogs":
		return map[string][]string{"operationtype": {"AADOperationType"}}
	case table == "AADProvisioningLogs":
		return map[string][]string{
			"tenantid":               {"AADTenantId"},
			"sourcesystem":           {}, // an object; the column of that name says which product wrote the row
			"durationinmilliseconds": {"DurationMs"},
		}
	}
	return map[string][]string{}
}

// entraCommon fills what every row of the Entra tables says. A row that lacks its own tenant gets
// Options.AADTenantID: a Graph object does not carry it.
func entraCommon(m *tableMapper, row []types.Value) {
	e, ok := entraByTable(m.table.Name)
	if !ok {
		return
	}
	m.set(row, "SourceSystem", "Azure AD")
	m.set(row, "AADTenantId", m.file.opts.AADTenantID)
	m.set(row, "Category", e.category)
	m.set(row, "OperationName", e.operation)
	if _, has := m.exact["ResourceId"]; has && m.file.opts.AADTenantID != "" {
		m.set(row, "ResourceId", "/tenants/"+m.file.opts.AADTenantID+"/providers/Microsoft.aadiam")
	}
	m.set(row, "Resource", "Microsoft.aadiam")
	m.set(row, "ResourceGroup", "Microsoft.aadiam")
	if i := m.column("Result", types.String); i >= 0 && m.table.Name == "AuditLogs" && row[i].Text() == "0" {
		row[i] = types.StringOf("success") // older records
	}
}

// signInDefaults fills what a sign-in says through Status where the record has no result of its own, as
// Microsoft Graph's objects and the portal's downloads have not.
func signInDefaults(m *tableMapper, row []types.Value, status types.JSON, country string) {
	if code, ok := status.Get("errorCode"); ok && code.Kind == types.JSONLong {
		m.set(row, "ResultType", types.LongOf(code.Long).ToText())
		if reason, ok := status.Get("failureReason"); ok && reason.Kind == types.JSONString {
			m.set(row, "ResultDescription", reason.Str)
		}
	}
	m.set(row, "Location", country)
	m.set(row, "ResultSignature", "None")
	m.set(row, "Level", "4")
	m.set(row, "OperationVersion", "1.0")
	if i := m.column("DurationMs", types.Long); i >= 0 && row[i].IsNull() {
		row[i] = types.LongOf(0)
	}
	m.copyTime(row, "CreatedDateTime")
}

// copyTime gives TimeGenerated the time of another column, if it has none.
func (m *tableMapper) copyTime(row []types.Value, column string) {
	if i := m.column(column, types.Datetime); i >= 0 && m.timeCol >= 0 && row[m.timeCol].IsNull() {
		row[m.timeCol] = row[i]
	}
}

// textMember returns the string member of an object, or "".
func textMember(n types.JSON, key string) string {
	if v, ok := n.Get(key); ok && v.Kind == types.JSONString {
		return v.Str
	}
	return ""
}

// downloadTable returns the table that a portal download of this name holds, or "".
func downloadTable(file string) string {
	name := squeeze(file[strings.LastIndexByte(file, '/')+1:])
	for _, e := range entraTables {
		if e.download != "" && strings.HasPrefix(name, e.download) {
			return e.table
		}
	}
	return ""
}
