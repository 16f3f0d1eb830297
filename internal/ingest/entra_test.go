package ingest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vedette-siem/vedette/internal/catalog"
)

const (
	diagnosticSignIn = `{"time":"2024-05-01T10:00:00.1234567Z","resourceId":"/tenants/11111111-1111-1111-1111-111111111111/providers/Microsoft.aadiam","operationName":"Sign-in activity","operationVersion":"1.0","category":"SignInLogs","tenantId":"11111111-1111-1111-1111-111111111111","resultType":"500121","resultSignature":"None","resultDescription":"Authentication failed","durationMs":0,"callerIpAddress":"203.0.113.7","correlationId":"c1","identity":"Ada L","Level":4,"location":"NL","properties":{"id":"s1","createdDateTime":"2024-05-01T09:59:58Z","userPrincipalName":"Ada@contoso.com","userDisplayName":"Ada L","ipAddress":"203.0.113.8","status":{"errorCode":500121,"additionalDetails":"MFA denied; user declined the authentication"},"location":{"city":"Delft","countryOrRegion":"NL","geoCoordinates":{"latitude":52.01,"longitude":4.36}},"appliedConditionalAccessPolicies":[{"id":"p","result":"success"}],"resourceId":"00000003","riskEventTypes_v2":[],"isInteractive":true,"authenticationDetails":[{"succeeded":false}],"processingTimeInMilliseconds":120,"somethingNew":1}}`
	graphSignIn      = `{"id":"g1","createdDateTime":"2024-05-01T09:59:58Z","userDisplayName":"Ada L","userPrincipalName":"ada@contoso.com","appId":"a1","appDisplayName":"Portal","ipAddress":"203.0.113.8","status":{"errorCode":50126,"failureReason":"Invalid password","additionalDetails":null},"location":{"city":"Delft","state":"ZH","countryOrRegion":"NL"},"resourceId":"r1","isInteractive":true,"deviceDetail":{"deviceId":""}}`
)

// columnsOf splits a comma-separated list of columns.
func columnsOf(s string) map[string]bool {
	m := map[string]bool{}
	for _, c := range strings.Split(s, ",") {
		m[c] = true
	}
	return m
}

func TestEntra(t *testing.T) {
	portal := "\ufeffDate (UTC),Request ID,User agent,Correlation ID,User ID,User,Username,Application,Application ID ,IP address,Location,Status,Sign-in error code,Failure reason,Client app,Device ID,Browser,Operating System,Compliant,Managed,Join Type,Multifactor authentication result,Multifactor authentication auth method,Authentication requirement,Autonomous system  number,Flagged for review,Incoming token type,Incoming token type,Latency,Conditional Access,Managed Identity type\n"
	for _, tt := range []struct {
		name, file, text string
		columns          string
		want             string // rows, one a line
		shape            string
		faults           string
		unknown          string
	}{
		{"diagnostic sign-in", "PT1H.json", diagnosticSignIn + "\n",
			"TimeGenerated,AADTenantId,ResourceId,Resource,ResourceGroup,ResourceIdentity,IPAddress,Level,Location,LocationDetails,ResultType,ResultDescription,UserPrincipalName,AppliedConditionalAccessPolicies,ConditionalAccessPolicies,RiskEventTypes_V2,AuthenticationDetails,ProcessingTimeInMilliseconds,IsInteractive,CreatedDateTime,Category,SourceSystem,Type,Status,DurationMs",
			`SigninLogs AADTenantId=11111111-1111-1111-1111-111111111111 AppliedConditionalAccessPolicies=[{"id":"p","result":"success"}] AuthenticationDetails=[{"succeeded":false}] Category=SignInLogs ConditionalAccessPolicies=[{"id":"p","result":"success"}] CreatedDateTime=2024-05-01T09:59:58.0000000Z DurationMs=0 IPAddress=203.0.113.8 IsInteractive=True Level=4 Location=NL LocationDetails={"city":"Delft","countryOrRegion":"NL","geoCoordinates":{"latitude":52.01,"longitude":4.36}} ProcessingTimeInMilliseconds=120 Resource=Microsoft.aadiam ResourceGroup=Microsoft.aadiam ResourceId=/tenants/11111111-1111-1111-1111-111111111111/providers/Microsoft.aadiam ResourceIdentity=00000003 ResultDescription=Authentication failed ResultType=500121 RiskEventTypes_V2=[] SourceSystem=Azure AD Status={"errorCode":500121,"additionalDetails":"MFA denied; user declined the authentication"} TimeGenerated=2024-05-01T10:00:00.1234567Z Type=SigninLogs UserPrincipalName=Ada@contoso.com`,
			"diagnostic settings", "", "somethingNew (1)"},
		{"categories of one hub", "hub.json", `{"records":[
			{"time":"2024-05-01T10:00:00Z","category":"NonInteractiveUserSignInLogs","tenantId":"t","resultType":"0","callerIpAddress":"192.0.2.1","properties":{"id":"n1","status":{"errorCode": 0},"location":{"countryOrRegion":"SE"},"processingTimeInMilliseconds":7}},
			{"time":"2024-05-01T10:00:00Z","category":"AuditLogs","operationName":"Add user","tenantId":"t","resultType":"","resultSignature":"None","Level":"Informational","properties":{"id":"a1","category":"UserManagement","operationType":"Add","result":"0","activityDateTime":"2024-05-01T09:00:00Z","initiatedBy":{"user":{"id":"u"}},"targetResources":[{"modifiedProperties":[{"newValue":"\"x\""}]}]}},
			{"time":"2024-05-01T10:00:00Z","category":"RiskyUsers","operationName":"Risky user","tenantId":"t","properties":{"id":"u1","riskLevel":"high","isDeleted":false,"riskLastUpdatedDateTime":"2024-05-01T08:00:00Z"}},
			{"time":"2024-05-01T10:00:00Z","category":"UserRiskEvents","tenantId":"t","properties":{"id":"e1","ipAddress":"192.0.2.9","location":{"city":"X"},"riskEventType":"anonymizedIPAddress"}},
			{"time":"2024-05-01T10:00:00Z","category":"Wonders","properties":{}},
			{"time":"2024-05-01T10:00:00Z","category":"SignInLogs","properties":"text"},
			{"time":"2024-05-01T10:00:00Z","category":"ServicePrincipalSignInLogs","properties":{"id":"p1","servicePrincipalName":"app"}}]}`,
			"Id,IPAddress,IpAddress,Status,Location,LocationDetails,ProcessingTimeInMs,Category,AADOperationType,Result,OperationName,InitiatedBy,TargetResources,RiskLevel,IsDeleted,TimeGenerated",
			strings.Join([]string{
				`AADNonInteractiveUserSignInLogs Category=NonInteractiveUserSignInLogs IPAddress=192.0.2.1 Id=n1 Location=SE LocationDetails={"countryOrRegion":"SE"} OperationName=Sign-in activity ProcessingTimeInMs=7 Status={"errorCode":0} TimeGenerated=2024-05-01T10:00:00.0000000Z`,
				`AADRiskyUsers Id=u1 IsDeleted=False OperationName=Risky user RiskLevel=high TimeGenerated=2024-05-01T10:00:00.0000000Z`,
				`AADServicePrincipalSignInLogs Category=ServicePrincipalSignInLogs Id=p1 OperationName=Sign-in activity TimeGenerated=2024-05-01T10:00:00.0000000Z`,
				`AADUserRiskEvents Id=e1 IpAddress=192.0.2.9 Location={"city":"X"} OperationName=User Risk Detection TimeGenerated=2024-05-01T10:00:00.0000000Z`,
				`AuditLogs AADOperationType=Add Category=UserManagement Id=a1 InitiatedBy={"user":{"id":"u"}} OperationName=Add user Result=success TargetResources=[{"modifiedProperties":[{"newValue":"\"x\""}]}] TimeGenerated=2024-05-01T10:00:00.0000000Z`,
			}, "\n"), "diagnostic settings", "6: no table for diagnostic category \"Wonders\"\n7: expected an object under \"properties\"", ""},
		{"graph sign-in", "export.json", `{"@odata.context":"x","value":[` + graphSignIn + `]}`,
			"TimeGenerated,Category,OperationName,ResultType,ResultDescription,Identity,Location,LocationDetails,ResourceIdentity,AADTenantId,ResultSignature,Level,DurationMs,Status,DeviceDetail,UserPrincipalName,IPAddress,Type,ResourceId",
			`SigninLogs AADTenantId=my-tenant Category=SignInLogs DeviceDetail={"deviceId":""} DurationMs=0 IPAddress=203.0.113.8 Identity=Ada L Level=4 Location=NL LocationDetails={"city":"Delft","state":"ZH","countryOrRegion":"NL"} OperationName=Sign-in activity ResourceId=/tenants/my-tenant/providers/Microsoft.aadiam ResourceIdentity=r1 ResultDescription=Invalid password ResultSignature=None ResultType=50126 Status={"errorCode":50126,"failureReason":"Invalid password","additionalDetails":null} TimeGenerated=2024-05-01T09:59:58.0000000Z Type=SigninLogs UserPrincipalName=ada@contoso.com`,
			"Microsoft Graph", "", ""},
		{"graph kinds by event type", "export.json", "[" + strings.Join([]string{
			strings.Replace(graphSignIn, `"id":"g1"`, `"id":"g2","signInEventTypes":["nonInteractiveUser"]`, 1),
			strings.Replace(graphSignIn, `"id":"g1"`, `"id":"g3","signInEventTypes":["servicePrincipal"],"servicePrincipalName":"app"`, 1),
			strings.Replace(graphSignIn, `"isInteractive":true`, `"isInteractive":false`, 1),
			`{"id":"d1","category":"UserManagement","activityDisplayName":"Add user","activityDateTime":"2024-05-01T09:00:00Z","loggedByService":"Core Directory","operationType":"Add","result":"success","initiatedBy":{},"targetResources":[],"additionalDetails":[]}`,
			`{"id":"u1","isDeleted":false,"riskLastUpdatedDateTime":"2024-05-01T08:00:00Z","riskState":"atRisk","userPrincipalName":"x@y"}`,
			`{"id":"e1","riskEventType":"leakedCredentials","detectedDateTime":"2024-05-01T07:00:00Z","userPrincipalName":"x@y","activityDateTime":"2024-05-01T06:00:00Z"}`,
			`{"id":"v1","jobId":"j","provisioningAction":"create","activityDateTime":"2024-05-01T07:00:00Z","durationInMilliseconds":5,"provisioningStatusInfo":{"status":"success"},"sourceSystem":{"id":"x"},"tenantId":"t"}`,
			`{"id":"x1"}`}, ",\n") + "]",
			"Id,Category,TimeGenerated,OperationName,AADOperationType,DurationMs,ResultType,AADTenantId,SourceSystem",
			strings.Join([]string{
				`AADNonInteractiveUserSignInLogs AADTenantId=my-tenant Category=NonInteractiveUserSignInLogs DurationMs=0 Id=g2 OperationName=Sign-in activity ResultType=50126 SourceSystem=Azure AD TimeGenerated=2024-05-01T09:59:58.0000000Z`,
				`AADNonInteractiveUserSignInLogs AADTenantId=my-tenant Category=NonInteractiveUserSignInLogs DurationMs=0 Id=g1 OperationName=Sign-in activity ResultType=50126 SourceSystem=Azure AD TimeGenerated=2024-05-01T09:59:58.0000000Z`,
				`AADProvisioningLogs AADTenantId=t Category=ProvisioningLogs DurationMs=5 Id=v1 OperationName=Provisioning activity ResultType=success SourceSystem=Azure AD TimeGenerated=2024-05-01T07:00:00.0000000Z`,
				`AADRiskyUsers Id=u1 OperationName=Risky user SourceSystem=Azure AD TimeGenerated=2024-05-01T08:00:00.0000000Z`,
				`AADServicePrincipalSignInLogs AADTenantId=my-tenant Category=ServicePrincipalSignInLogs DurationMs=0 Id=g3 OperationName=Sign-in activity ResultType=50126 SourceSystem=Azure AD TimeGenerated=2024-05-01T09:59:58.0000000Z`,
				`AADUserRiskEvents Id=e1 OperationName=User Risk Detection SourceSystem=Azure AD TimeGenerated=2024-05-01T07:00:00.0000000Z`,
				`AuditLogs AADOperationType=Add AADTenantId=my-tenant Category=UserManagement Id=d1 OperationName=Add user SourceSystem=Azure AD TimeGenerated=2024-05-01T09:00:00.0000000Z`,
			}, "\n"), "Microsoft Graph", "8: not an object of a Microsoft Graph report", "-"},
		{"portal json of another kind", "NonInteractiveSignIns_2024-05-01.json", "[" + graphSignIn + "]", "Id", "AADNonInteractiveUserSignInLogs Id=g1", "Microsoft Graph", "", "-"},
		{"portal csv", "InteractiveSignIns_2024-05-01.csv", portal +
			`2024-05-01T09:59:58Z,p1,Mozilla,c1,u1,Ada L,ada@contoso.com,Portal,a1,203.0.113.8,"Den Haag, South, Zuid-Holland, NL",Failure,500121,Authentication failed,Browser,,Edge 120,Windows 11,Yes,No,Hybrid,MFA denied; user declined the authentication,Text message,Multifactor authentication,1136,No,,none,120,Not Applied,` + "\n" +
			`2024-05-01T10:00:00Z,p2,'-agent,c2,u1,Ada L,ada@contoso.com,Portal,a1,203.0.113.8,NL,Success,,,Browser,,,,,,,,,Single-factor authentication,,,primary,x,,Success,None` + "\n",
			"TimeGenerated,CreatedDateTime,Id,AppId,AutonomousSystemNumber,UserAgent,Location,LocationDetails,ResultType,ResultDescription,Status,DeviceDetail,MfaDetail,AuthenticationRequirement,IncomingTokenType,ProcessingTimeInMilliseconds,ConditionalAccessStatus,FlaggedForReview,Identity,UserPrincipalName,Category",
			strings.Join([]string{
				`SigninLogs AppId=a1 AuthenticationRequirement=multiFactorAuthentication AutonomousSystemNumber=1136 Category=SignInLogs ConditionalAccessStatus=notApplied CreatedDateTime=2024-05-01T09:59:58.0000000Z DeviceDetail={"operatingSystem":"Windows 11","browser":"Edge 120","isCompliant":true,"isManaged":false,"trustType":"Hybrid"} FlaggedForReview=False Id=p1 Identity=Ada L IncomingTokenType=none Location=NL LocationDetails={"city":"Den Haag, South","state":"Zuid-Holland","countryOrRegion":"NL"} MfaDetail={"authMethod":"Text message"} ProcessingTimeInMilliseconds=120 ResultDescription=Authentication failed ResultType=500121 Status={"errorCode":500121,"failureReason":"Authentication failed","additionalDetails":"MFA denied; user declined the authentication"} TimeGenerated=2024-05-01T09:59:58.0000000Z UserAgent=Mozilla UserPrincipalName=ada@contoso.com`,
				`SigninLogs AppId=a1 AuthenticationRequirement=singleFactorAuthentication Category=SignInLogs ConditionalAccessStatus=success CreatedDateTime=2024-05-01T10:00:00.0000000Z Id=p2 Identity=Ada L IncomingTokenType=primary Location=NL LocationDetails={"countryOrRegion":"NL"} ResultType=0 Status={"errorCode":0} TimeGenerated=2024-05-01T10:00:00.0000000Z UserAgent=-agent UserPrincipalName=ada@contoso.com`,
			}, "\n"), "portal download", "", "Managed Identity type (1)"},
	} {
		sink := &textSink{only: columnsOf(tt.columns)}
		rep, err := Load(context.Background(), fstest.MapFS{tt.file: {Data: []byte(tt.text)}}, Options{AADTenantID: "my-tenant"}, catalog.Builtin(), sink)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		f := rep.Files[0]
		if got := strings.Join(sink.rows, "\n"); got != tt.want {
			t.Errorf("%s: rows\n%s\nexpected\n%s", tt.name, got, tt.want)
		}
		var faults []string
		for _, x := range append(f.Faults, f.BadValueFaults...) {
			faults = append(faults, fmt.Sprintf("%d: %s", x.Line, x.Reason))
		}
		if got := strings.Join(faults, "\n"); got != tt.faults {
			t.Errorf("%s: faults\n%s\nexpected\n%s", tt.name, got, tt.faults)
		}
		if got := counts(f.UnknownColumns); got != tt.unknown && tt.unknown != "-" {
			t.Errorf("%s: unknown columns %s, expected %s", tt.name, got, tt.unknown)
		}
		if f.Shape != tt.shape || f.How != ByShape {
			t.Errorf("%s: shape %s by %s, expected %s", tt.name, f.Shape, f.How, tt.shape)
		}
	}
}

// TestEntraMapped sends Entra records to tables the user names.
func TestEntraMapped(t *testing.T) {
	for _, tt := range []struct{ table, text, columns, want string }{
		{"AADNonInteractiveUserSignInLogs", graphSignIn, "Id,ResultType,Category", "AADNonInteractiveUserSignInLogs Category=NonInteractiveUserSignInLogs Id=g1 ResultType=50126"},
		{"SigninLogs", strings.Replace(diagnosticSignIn, "SignInLogs", "Wonders", 1), "Id,ResultType,LocationDetails", `SigninLogs Id=s1 LocationDetails={"city":"Delft","countryOrRegion":"NL","geoCoordinates":{"latitude":52.01,"longitude":4.36}} ResultType=500121`},
		{"Mine_CL", graphSignIn, "TimeGenerated,id,resourceId,location", `Mine_CL TimeGenerated=2024-05-01T09:59:58.0000000Z id=g1 location={"city":"Delft","state":"ZH","countryOrRegion":"NL"} resourceId=r1`},
	} {
		sink := &textSink{only: columnsOf(tt.columns)}
		opts := Options{Mapping: []Mapping{{"x.json", tt.table}}}
		if _, err := Load(context.Background(), fstest.MapFS{"x.json": {Data: []byte(tt.text)}}, opts, catalog.Builtin(), sink); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(sink.rows, "\n"); got != tt.want {
			t.Errorf("%s: rows\n%s\nexpected\n%s", tt.table, got, tt.want)
		}
	}
}

// TestEntraMapping demands that every column the mapping tables name is in one of the connector's tables.
func TestEntraMapping(t *testing.T) {
	all := map[string]bool{}
	for _, e := range entraTables {
		tab, ok := catalog.Builtin().Table(e.table)
		if !ok {
			t.Errorf("no table %s", e.table)
			continue
		}
		for _, c := range tab.Columns {
			all[c.Name] = true
		}
		for key, cols := range entraProperties(e.table) {
			found := len(cols) == 0
			for _, c := range cols {
				found = found || tab.Columns.Index(c) >= 0
			}
			lacks := e.table == "ADFSSignInLogs" && key == "location" // reported as an unknown column
			if !found && !lacks && !strings.HasPrefix(key, "processingtime") {
				t.Errorf("%s has none of %v for %s", e.table, cols, key)
			}
		}
	}
	for _, m := range []map[string][]string{portalColumns, diagnosticEnvelope} {
		for key, cols := range m {
			for _, c := range cols {
				if !all[c] {
					t.Errorf("%s goes to %s, which no table has", key, c)
				}
			}
		}
	}
}
