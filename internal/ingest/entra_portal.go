package ingest

import (
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// portalShape is the CSV file of sign-ins that the Microsoft Entra admin center downloads. Its columns depend
// on the portal's version, so each is found by the text of its header.
// https://learn.microsoft.com/entra/identity/monitoring-health/howto-download-logs
var portalShape = &shape{
	name:    "portal download",
	key:     portalKey,
	route:   func(m *fileMapper, _ *record) (table, reason string) { return "", "" },
	columns: func(string) (sub, top map[string][]string) { return nil, portalColumns },
	finish:  finishPortal,
}

// portalKey brings a header into the form of portalColumns: lower case, blanks collapsed.
func portalKey(header string) string {
	return strings.ToLower(strings.Join(strings.Fields(header), " "))
}

// portalColumns gives the columns of the headers. Of a header that stands twice the first value counts, unless
// empty. An empty list is read by finishPortal, or says nothing that the table holds.
var portalColumns = map[string][]string{
	"date (utc)":                         {"TimeGenerated", "CreatedDateTime"},
	"request id":                         {"Id"},
	"user agent":                         {"UserAgent"},
	"correlation id":                     {"CorrelationId"},
	"user id":                            {"UserId"},
	"user":                               {"UserDisplayName", "Identity"},
	"username":                           {"UserPrincipalName"},
	"user type":                          {"UserType"},
	"cross tenant access type":           {"CrossTenantAccessType"},
	"incoming token type":                {"IncomingTokenType"},
	"authentication protocol":            {"AuthenticationProtocol"},
	"unique token identifier":            {"UniqueTokenIdentifier"},
	"original transfer method":           {"OriginalTransferMethod"},
	"client credential type":             {"ClientCredentialType"},
	"token protection - sign in session": {},
	"token protection - sign in session statuscode": {},
	"application":                            {"AppDisplayName"},
	"application id":                         {"AppId"},
	"app owner tenant id":                    {"AppOwnerTenantId"},
	"resource":                               {"ResourceDisplayName"},
	"resource id":                            {"ResourceIdentity"},
	"resource tenant id":                     {"ResourceTenantId"},
	"resource owner tenant id":               {"ResourceOwnerTenantId"},
	"home tenant id":                         {"HomeTenantId"},
	"home tenant name":                       {"HomeTenantName"},
	"ip address":                             {"IPAddress"},
	"location":                               {},
	"status":                                 {},
	"sign-in error code":                     {},
	"failure reason":                         {},
	"client app":                             {"ClientAppUsed"},
	"device id":                              {},
	"browser":                                {},
	"operating system":                       {},
	"compliant":                              {},
	"managed":                                {},
	"join type":                              {},
	"multifactor authentication result":      {},
	"multifactor authentication auth method": {},
	"multifactor authentication auth detail": {},
	"authentication requirement":             {},
	"sign-in identifier":                     {"SignInIdentifier"},
	"session id":                             {"SessionId"},
	"ip address (seen by resource)":          {"IPAddressFromResourceProvider"},
	"through global secure access":           {"IsThroughGlobalSecureAccess"},
	"global secure access ip address":        {"GlobalSecureAccessIpAddress"},
	"autonomous system number":               {"AutonomousSystemNumber"},
	"flagged for review":                     {},
	"token issuer type":                      {"TokenIssuerType"},
	"token issuer name":                      {"TokenIssuerName"},
	"latency":                                {"ProcessingTimeInMilliseconds", "ProcessingTimeInMs"},
	"conditional access":                     {},
	"service principal id":                   {"ServicePrincipalId"},
	"service principal name":                 {"ServicePrincipalName", "Identity"},
}

// isPortalHeader tells whether the columns of a CSV file are those of the download.
func isPortalHeader(header []string) bool {
	need := map[string]bool{"date (utc)": true, "request id": true, "correlation id": true}
	for _, h := range header {
		delete(need, portalKey(h))
	}
	return len(need) == 0
}

// cell returns the first cell under header that is not empty, without the apostrophe that guards a value
// beginning with a sign from spreadsheets.
func (m *tableMapper) cell(rec *record, header string) string {
	if m.index == nil {
		m.index = map[string][]int{}
		for i := range rec.fields {
			k := portalKey(rec.key(&rec.fields[i]))
			m.index[k] = append(m.index[k], i)
		}
	}
	for _, i := range m.index[header] {
		if s := strings.TrimSpace(rec.raw(&rec.fields[i])); s != "" {
			return unguard(s)
		}
	}
	return ""
}

func unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' && (s[1] == '+' || s[1] == '-') {
		return s[1:]
	}
	return s
}

func finishPortal(m *tableMapper, rec *record, row []types.Value) {
	for i := range row {
		if row[i].Type() == types.String && strings.HasPrefix(row[i].Text(), "'") {
			row[i] = types.StringOf(unguard(row[i].Text()))
		}
	}

	code, ok := types.ParseLong(m.cell(rec, "sign-in error code"))
	if !ok {
		code = 0 // an empty cell means success
		if s := m.cell(rec, "sign-in error code"); s != "" && s != "None" {
			m.file.note("a sign-in error code is no number: " + quoteShort(s))
		}
	}
	status := types.JSON{Kind: types.JSONObject}
	status.Set("errorCode", types.JSON{Kind: types.JSONLong, Long: code})
	setText(&status, "failureReason", m.cell(rec, "failure reason"))
	setText(&status, "additionalDetails", m.cell(rec, "multifactor authentication result"))
	m.setJSON(row, "Status", status)
	if s := m.cell(rec, "status"); code == 0 && s == "Failure" || code != 0 && s == "Success" {
		m.file.note("the status of some records contradicts their error code")
	}

	country := m.portalLocation(rec, row)
	device := types.JSON{Kind: types.JSONObject}
	setText(&device, "deviceId", m.cell(rec, "device id"))
	setText(&device, "operatingSystem", m.cell(rec, "operating system"))
	setText(&device, "browser", m.cell(rec, "browser"))
	setBool(&device, "isCompliant", m.cell(rec, "compliant"))
	setBool(&device, "isManaged", m.cell(rec, "managed"))
	setText(&device, "trustType", m.cell(rec, "join type"))
	if len(device.Keys) > 0 {
		m.setJSON(row, "DeviceDetail", device)
	}

	mfa := types.JSON{Kind: types.JSONObject}
	setText(&mfa, "authMethod", m.cell(rec, "multifactor authentication auth method"))
	setText(&mfa, "authDetail", m.cell(rec, "multifactor authentication auth detail"))
	if len(mfa.Keys) > 0 {
		m.setJSON(row, "MfaDetail", mfa)
	}

	token := types.JSON{Kind: types.JSONObject}
	setText(&token, "signInSessionStatus", m.cell(rec, "token protection - sign in session"))
	setText(&token, "signInSessionStatusCode", m.cell(rec, "token protection - sign in session statuscode"))
	if len(token.Keys) > 0 {
		m.setJSON(row, "TokenProtectionStatusDetails", token)
	}

	if s := m.cell(rec, "flagged for review"); s != "" {
		if b, ok := yesNo(s); ok {
			if i := m.column("FlaggedForReview", types.Bool); i >= 0 {
				row[i] = types.BoolOf(b)
			}
		}
	}
	m.set(row, "ConditionalAccessStatus", portalWord(conditionalAccessWords, m.cell(rec, "conditional access")))
	m.set(row, "AuthenticationRequirement", portalWord(requirementWords, m.cell(rec, "authentication requirement")))
	if i := m.column("IsInteractive", types.Bool); i >= 0 && row[i].IsNull() {
		row[i] = types.BoolOf(m.table.Name == "SigninLogs")
	}
	signInDefaults(m, row, status, country)
	entraCommon(m, row)
}

// portalLocation fills LocationDetails from "City, State, CC" and returns the country. A city may hold commas.
func (m *tableMapper) portalLocation(rec *record, row []types.Value) (country string) {
	text := m.cell(rec, "location")
	if text == "" {
		return ""
	}
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	n := len(parts)
	country = parts[n-1]
	details := types.JSON{Kind: types.JSONObject}
	if n > 2 {
		setText(&details, "city", strings.Join(parts[:n-2], ", "))
	}
	if n > 1 {
		setText(&details, "state", parts[n-2])
	}
	setText(&details, "countryOrRegion", country)
	m.setJSON(row, "LocationDetails", details)
	return country
}

// conditionalAccessWords and requirementWords are what the portal shows for the values that the logs hold.
var (
	conditionalAccessWords = map[string]string{"success": "success", "failure": "failure", "not applied": "notApplied"}
	requirementWords       = map[string]string{
		"multifactor authentication": "multiFactorAuthentication", "multi-factor authentication": "multiFactorAuthentication",
		"single-factor authentication": "singleFactorAuthentication", "single factor authentication": "singleFactorAuthentication",
	}
)

// portalWord returns the log's value for a word of the portal; an unknown word stays as it is.
func portalWord(words map[string]string, s string) string {
	if w, ok := words[strings.ToLower(s)]; ok {
		return w
	}
	return s
}

func setText(n *types.JSON, key, text string) {
	if text != "" {
		n.Set(key, types.JSON{Kind: types.JSONString, Str: text})
	}
}

func setBool(n *types.JSON, key, text string) {
	if b, ok := yesNo(text); ok {
		n.Set(key, types.JSON{Kind: types.JSONBool, Bool: b})
	}
}

func yesNo(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "yes", "true":
		return true, true
	case "no", "false":
		return false, true
	}
	return false, false
}
