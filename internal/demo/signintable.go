package demo

import (
	"strconv"

	"github.com/vedette-siem/vedette/internal/types"
)

// signInTable turns sign-ins into rows of SigninLogs or AADNonInteractiveUserSignInLogs. The second has text where
// the first has dynamic values.
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs
type signInTable struct {
	g           *generator
	w           *tableWriter
	std         standard
	nested      types.Type // of the columns with JSON
	interactive bool
	grants      [grants]string // JSON of the policies, for each decision
	buf         []byte

	created, id, correlation, original, identity                           int
	userName, userID, userDisplay, userType, alternate, signInName         int
	ip, asn, location, locationDetails, networks                           int
	app, appID, resource, resourceID, client, agent, device                int
	result, description, status, duration, processing                      int
	caStatus, caPolicies, caText, requirement, requirementBy, mfa, details int
	protocol, token, session, crossTenant, homeTenant, homeTenantName      int
	riskNow, riskAll, riskState, riskTypes, riskTypes2, risky              int
}

func (g *generator) newSignInTable(w *tableWriter, interactive bool) *signInTable {
	t := &signInTable{g: g, w: w, interactive: interactive, nested: types.String}
	category, processing, ownTokens := "NonInteractiveUserSignInLogs", "ProcessingTimeInMs", "refreshToken"
	if interactive {
		t.nested = types.Dynamic
		category, processing, ownTokens = "SignInLogs", "ProcessingTimeInMilliseconds", "none"
	}
	t.std = g.standardColumns(w, "Azure AD")
	w.texts("AADTenantId", g.tenant, "ResourceTenantId", g.tenant, "ResourceOwnerTenantId", g.tenant, "AppOwnerTenantId", g.tenant,
		"Category", category, "OperationName", "Sign-in activity", "OperationVersion", "1.0", "Level", "4", "ResultSignature", "None",
		"ResourceGroup", "Microsoft.aadiam", "IncomingTokenType", ownTokens, "TokenIssuerType", "AzureAD", "OriginalTransferMethod", "none",
		"ClientCredentialType", "none", "RiskDetail", "none", "AuthenticationContextClassReferences", "[]", "SessionLifetimePolicies", "[]",
		"AuthenticationProcessingDetails", `[{"key":"Is CAE Token","value":"False"}]`, "AuthenticationMethodsUsed", "",
		"SignInIdentifierType", "userPrincipalName")
	if interactive {
		w.texts("ResourceId", "/tenants/"+g.tenant+"/providers/Microsoft.aadiam", "Resource", "Microsoft.aadiam", "ResourceProvider", "Microsoft.aadiam")
		w.constant("FlaggedForReview", types.BoolOf(false))
	} else {
		w.texts("SignInEventTypes", `["nonInteractiveUser"]`)
	}
	w.constant("IsInteractive", types.BoolOf(interactive))
	w.constant("IsTenantRestricted", types.BoolOf(false))
	w.constant("IsThroughGlobalSecureAccess", types.BoolOf(false))

	t.created = w.col("CreatedDateTime", types.Datetime)
	t.id, t.correlation, t.original, t.identity = w.str("Id"), w.str("CorrelationId"), w.str("OriginalRequestId"), w.str("Identity")
	t.userName, t.userID, t.userDisplay, t.userType = w.str("UserPrincipalName"), w.str("UserId"), w.str("UserDisplayName"), w.str("UserType")
	t.alternate, t.signInName = w.str("AlternateSignInName"), w.str("SignInIdentifier")
	t.ip, t.asn, t.location = w.str("IPAddress"), w.str("AutonomousSystemNumber"), w.str("Location")
	t.locationDetails, t.networks = w.col("LocationDetails", t.nested), w.str("NetworkLocationDetails")
	t.app, t.appID, t.resource, t.resourceID = w.str("AppDisplayName"), w.str("AppId"), w.str("ResourceDisplayName"), w.str("ResourceIdentity")
	t.client, t.agent, t.device = w.str("ClientAppUsed"), w.str("UserAgent"), w.col("DeviceDetail", t.nested)
	t.result, t.description, t.status = w.str("ResultType"), w.str("ResultDescription"), w.col("Status", t.nested)
	t.duration, t.processing = w.col("DurationMs", types.Long), w.str(processing)
	t.caStatus, t.caPolicies, t.caText = w.str("ConditionalAccessStatus"), w.col("ConditionalAccessPolicies", t.nested), w.str("AppliedConditionalAccessPolicies")
	t.requirement, t.requirementBy = w.str("AuthenticationRequirement"), w.str("AuthenticationRequirementPolicies")
	t.mfa, t.details, t.protocol = w.col("MfaDetail", t.nested), w.str("AuthenticationDetails"), w.str("AuthenticationProtocol")
	t.token, t.session = w.str("UniqueTokenIdentifier"), w.str("SessionId")
	t.crossTenant, t.homeTenant, t.homeTenantName = w.str("CrossTenantAccessType"), w.str("HomeTenantId"), w.str("HomeTenantName")
	t.riskNow, t.riskAll, t.riskState = w.str("RiskLevelDuringSignIn"), w.str("RiskLevelAggregated"), w.str("RiskState")
	t.riskTypes, t.riskTypes2, t.risky = w.str("RiskEventTypes"), w.str("RiskEventTypes_V2"), w.col("IsRisky", types.Bool)
	for d := range grants {
		t.grants[d] = g.policies(d)
	}
	return t
}

// policyMFA is the first of the tenant's Conditional Access policies.
const policyMFA = "Require MFA for all users"

// policies renders the applied Conditional Access policies of a decision.
func (g *generator) policies(d grant) string {
	results := [3]string{"notApplied", "notApplied", "notApplied"}
	switch d {
	case grantMFA:
		results[0] = "success"
	case grantDenied:
		results[0] = "failure"
	case grantBlocked:
		results[1] = "failure"
	}
	b := []byte{'['}
	for i, p := range [3][2]string{
		{policyMFA, "Mfa"},
		{"Block access from unmanaged clients", "Block"},
		{"Require compliant device for administrators", "RequireCompliantDevice"},
	} {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"id":"`+g.guid(tagPolicy, uint64(i))+`","displayName":"`+p[0]+`","enforcedGrantControls":["`+p[1]+
			`"],"enforcedSessionControls":[],"result":"`+results[i]+`","conditionsSatisfied":`...)
		if results[i] == "notApplied" {
			b = append(b, `1,"conditionsNotSatisfied":2}`...)
		} else {
			b = append(b, `3,"conditionsNotSatisfied":0}`...)
		}
	}
	return string(append(b, ']'))
}

// json returns JSON text as a value of the table's nested columns.
func (t *signInTable) json(text string) types.Value {
	if t.nested == types.String {
		return types.StringOf(text)
	}
	return types.DynamicOf(text)
}

// write emits the row of a sign-in.
func (t *signInTable) write(e *signIn) error {
	if !t.w.wanted() {
		return nil
	}
	g, row, o, u := t.g, t.w.row, e.outcome, e.user
	text := types.StringOf
	h := g.hash(tagSignIn, e.id)
	t.std.set(t.w, e.at, g.guid(tagItem, e.id), int64(90+h%240)*second+int64(h>>40%10_000_000), 2600+h>>8%900)
	id := text(g.guid(tagSignIn, e.id))
	row[t.created] = types.DatetimeOf(e.at)
	row[t.id], row[t.original], row[t.correlation] = id, id, text(g.guid(tagFlow, e.flow))

	var display, userID, userType, cross, home, homeName = "", "", "Member", "none", g.tenant, "Contoso"
	if u != nil {
		display, userID = u.display, u.id
		if u.kind == guest {
			userType, cross, home, homeName = "Guest", "b2bCollaboration", u.homeTenant, u.homeTenantName
		}
	}
	row[t.userName], row[t.userID], row[t.userDisplay], row[t.userType] = text(e.name), text(userID), text(display), text(userType)
	row[t.identity], row[t.alternate], row[t.signInName] = text(display), text(e.name), text(e.name)
	row[t.crossTenant], row[t.homeTenant], row[t.homeTenantName] = text(cross), text(home), text(homeName)

	row[t.ip], row[t.asn], row[t.location] = text(e.ip), text(e.place.asn), text(e.place.country)
	row[t.locationDetails] = t.json(e.place.location)
	row[t.networks] = text("[]")
	if e.place.trusted {
		row[t.networks] = text(`[{"networkType":"trustedNamedLocation","networkNames":["Contoso Offices"]}]`)
	}
	row[t.app], row[t.appID] = text(e.app.name), text(e.app.id)
	row[t.resource], row[t.resourceID] = text(e.app.resource), text(e.app.resourceID)
	row[t.client], row[t.agent], row[t.device] = text(e.client), text(e.device.userAgent), t.json(e.device.detail)

	row[t.result], row[t.description], row[t.status] = text(o.codeText), text(o.reason), t.json(o.status)
	row[t.duration], row[t.processing] = types.LongOf(0), text(strconv.FormatUint(60+h>>20%700, 10))
	row[t.caStatus], row[t.caPolicies], row[t.caText] = text(grantStatus[o.grant]), t.json(t.grants[o.grant]), text(t.grants[o.grant])
	row[t.requirement], row[t.requirementBy] = text("singleFactorAuthentication"), text("[]")
	if o.second != mfaNotAsked {
		row[t.requirement] = text("multiFactorAuthentication")
		row[t.requirementBy] = text(`[{"requirementProvider":"multiConditionalAccess","detail":"Conditional Access"}]`)
	}
	row[t.mfa] = types.Null(t.nested)
	if u != nil && (o.second == mfaDone || o.second == mfaFailed) {
		row[t.mfa] = t.json(`{"authMethod":"` + mfaMethodNames[u.mfa] + `","authDetail":""}`)
	}
	row[t.details] = text(t.steps(e))
	row[t.protocol] = text("oAuth2")
	if e.client == clientSMTP {
		row[t.protocol] = text("ropc")
	}
	b := append(t.buf[:0], id.Text()[:8]...)
	b = append(b, id.Text()[24:]...)
	row[t.token] = text(string(append(b, "AA"...)))
	t.buf = b[:0]
	row[t.session] = text("")
	if u != nil && o.code == 0 { // one session a day and device
		machine := uint64(0)
		if e.device == u.phone {
			machine = 1
		}
		row[t.session] = text(g.guid(tagSession, uint64(u.index)<<24|uint64(e.at/day)<<1|machine))
	}

	level, state, kinds, risky := "none", "none", "[]", false
	if e.risky {
		level, state, kinds, risky = "medium", "atRisk", `["unfamiliarFeatures"]`, true
	}
	row[t.riskNow], row[t.riskAll], row[t.riskState] = text(level), text(level), text(state)
	row[t.riskTypes], row[t.riskTypes2], row[t.risky] = text(kinds), text(kinds), types.BoolOf(risky)
	return t.w.put()
}

// appendTime appends a moment as Entra ID writes it into JSON.
func appendTime(b []byte, at int64) []byte {
	return types.TimeOf(at).AppendFormat(b, "2006-01-02T15:04:05.0000000Z07:00")
}

// steps renders AuthenticationDetails.
func (t *signInTable) steps(e *signIn) string {
	o := e.outcome
	step := func(b []byte, at int64, method string, s authStep, requirement string, n int64) []byte {
		b = append(b, `{"authenticationStepDateTime":"`...)
		b = appendTime(b, at)
		b = append(b, `","authenticationMethod":"`...)
		b = append(b, method...)
		b = append(b, `","succeeded":`...)
		b = strconv.AppendBool(b, s.succeeded)
		b = append(b, `,"authenticationStepResultDetail":"`...)
		b = append(b, s.result...)
		b = append(b, `","authenticationStepRequirement":"`...)
		b = append(b, requirement...)
		b = append(b, `","StatusSequence":0,"RequestSequence":`...)
		b = strconv.AppendInt(b, n, 10)
		return append(b, '}')
	}
	method := "Password"
	if o.first == factorClaim {
		method = "Previously satisfied"
	}
	b := step(append(t.buf[:0], '['), e.at-3*second, method, firstSteps[o.first], "Primary authentication", 1)
	if s, asked := o.secondStep(); asked {
		method = "Previously satisfied"
		if o.second != mfaClaim && e.user != nil {
			method = mfaMethodNames[e.user.mfa]
		}
		b = step(append(b, ','), e.at, method, s, "Conditional Access", 2)
	}
	t.buf = b
	return string(append(b, ']'))
}
