package alert

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

var (
	at     = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	window = Window{From: at.Add(-time.Hour), To: at, Generated: at.Add(5 * time.Minute)}
	place  = Workspace{ID: "11111111-2222-3333-4444-555555555555", Name: "main", Subscription: "sub", ResourceGroup: "rg"}
)

// load reads a rule from the fields that matter to a case.
func load(t *testing.T, fields string) *rule.Rule {
	t.Helper()
	text := "id: d99cf5c3-d660-436c-895b-8a8f8448da23\nname: Static name\ndescription: Static text\nversion: 1.0.0\nquery: T\n"
	for _, f := range []string{"kind: Scheduled", "severity: Medium", "queryFrequency: 1h", "queryPeriod: 1h", "triggerOperator: gt", "triggerThreshold: 0"} {
		name, _, _ := strings.Cut(f, ":")
		if !regexp.MustCompile(`(?m)^`+name+`:`).MatchString(fields) && !(strings.Contains(fields, "kind: NRT") && (strings.HasPrefix(f, "q") || strings.HasPrefix(f, "t"))) {
			text += f + "\n"
		}
	}
	file := source.NewFile("r.yaml", text+fields)
	r, list := rule.Load(file)
	if err := (&source.Diagnostics{File: file, List: list}).Err(); err != nil {
		t.Fatal(err)
	}
	return r
}

// table makes n rows of the columns that cell fills.
func table(columns string, n int, cell func(row int, column string) types.Value) types.Table {
	var tab types.Table
	for i := range n {
		var row []types.Value
		for _, c := range strings.Fields(columns) {
			v := cell(i, c)
			if i == 0 {
				tab.Schema = append(tab.Schema, types.Column{Name: c, Type: v.Type()})
			}
			row = append(row, v)
		}
		tab.Rows = append(tab.Rows, row)
	}
	return tab
}

func texts(i int, c string) types.Value { return types.StringOf(fmt.Sprintf("%s%d", c, i)) }

func TestThresholdAndGrouping(t *testing.T) {
	cases := []struct {
		fields string
		rows   int
		alerts int
		last   int // rows of the last alert
	}{
		{"", 0, 0, 0}, {"", 1, 1, 1}, {"", 1000, 1, 1000},
		{"triggerThreshold: 5", 5, 0, 0}, {"triggerThreshold: 5", 6, 1, 6},
		{"triggerOperator: lt\ntriggerThreshold: 1", 0, 1, 0}, {"triggerOperator: lt\ntriggerThreshold: 1", 1, 0, 0},
		{"triggerOperator: eq\ntriggerThreshold: 0", 0, 1, 0}, {"triggerOperator: ne\ntriggerThreshold: 0", 3, 1, 3},
		{"eventGroupingSettings: {aggregationKind: AlertPerResult}", 3, 3, 1},
		{"eventGroupingSettings: {aggregationKind: AlertPerResult}", 150, 150, 1},
		{"eventGroupingSettings: {aggregationKind: AlertPerResult}", 151, 150, 151},
		{"eventGroupingSettings: {aggregationKind: AlertPerResult}\ntriggerOperator: eq", 0, 1, 0},
		{"kind: NRT", 0, 0, 0}, {"kind: NRT", 2, 1, 2},
		{"kind: NRT\neventGroupingSettings: {aggregationKind: AlertPerResult}", 30, 30, 1},
		{"kind: NRT\neventGroupingSettings: {aggregationKind: AlertPerResult}", 31, 30, 31},
	}
	for _, c := range cases {
		got := Evaluate(load(t, c.fields), table("A", c.rows, texts), window, nil)
		if len(got) != c.alerts {
			t.Errorf("%q with %d rows: %d alerts, expected %d", c.fields, c.rows, len(got), c.alerts)
			continue
		}
		ids := map[string]bool{}
		for _, a := range got {
			ids[a.ID], ids[a.VendorID] = true, true
			if a.ResultCount != c.rows || a.CorrelationID != got[0].CorrelationID {
				t.Errorf("%q: alert %+v", c.fields, a)
			}
		}
		if len(ids) != 2*c.alerts || c.alerts > 0 && got[len(got)-1].RowCount != c.last {
			t.Errorf("%q with %d rows: %d ids, the last alert has %d rows", c.fields, c.rows, len(ids), got[len(got)-1].RowCount)
		}
	}
	hunting, _ := rule.Load(source.NewFile("", "name: H\nid: d99cf5c3-d660-436c-895b-8a8f8448da23\nquery: T\n"))
	if len(Evaluate(hunting, table("A", 5, texts), window, nil)) != 0 {
		t.Error("a hunting query raised an alert")
	}
}

func TestIDs(t *testing.T) {
	r := load(t, "eventGroupingSettings: {aggregationKind: AlertPerResult}")
	tab := table("A", 2, texts)
	if a, b := Evaluate(r, tab, window, nil), Evaluate(r, tab, window, nil); !reflect.DeepEqual(a, b) {
		t.Error("the same run gives other alerts")
	}
	later := window
	later.To = at.Add(time.Hour)
	if a, b := Evaluate(r, tab, window, nil), Evaluate(r, tab, later, nil); a[0].ID == b[0].ID || a[0].ID == a[1].ID {
		t.Error("another run or row has the same id")
	}
	if id := DeriveID(r.ID, at, 0, AlertID); id != "bb9a6843-5199-56ab-a032-7b9c64f476e0" {
		t.Errorf("id %s: ids of stored alerts would change", id)
	}
	called := Evaluate(r, tab, window, func(ruleID string, at time.Time, i int, k IDKind) string { return fmt.Sprint(ruleID[:4], i, k) })
	if called[1].ID != "d99c1alert" || called[1].CorrelationID != "d99c-1run" {
		t.Errorf("ids %s %s", called[1].ID, called[1].CorrelationID)
	}
}

func TestTimes(t *testing.T) {
	cell := func(i int, c string) types.Value {
		if i == 2 {
			return types.Null(types.Datetime)
		}
		return types.DatetimeOf(types.TicksOf(at.Add(-time.Duration(10*(i+1)) * time.Minute)))
	}
	r := load(t, "")
	a := Evaluate(r, table("TimeGenerated", 3, cell), window, nil)[0]
	if !a.StartTime.Equal(at.Add(-20*time.Minute)) || !a.EndTime.Equal(at.Add(-10*time.Minute)) || !a.TimeGenerated.Equal(at.Add(5*time.Minute)) {
		t.Errorf("times %v %v %v", a.StartTime, a.EndTime, a.TimeGenerated)
	}
	for _, tab := range []types.Table{table("StartTime", 1, cell), table("TimeGenerated", 1, texts),
		table("TimeGenerated", 1, func(int, string) types.Value { return types.Null(types.Datetime) })} {
		a := Evaluate(r, tab, Window{From: window.From, To: at}, nil)[0]
		if !a.StartTime.Equal(window.From) || !a.EndTime.Equal(at) || !a.TimeGenerated.Equal(at) {
			t.Errorf("%v: times %v %v %v", tab.Schema, a.StartTime, a.EndTime, a.TimeGenerated)
		}
	}
}

const twoMappings = `entityMappings:
  - entityType: Account
    fieldMappings: [{identifier: FullName, columnName: U}]
  - entityType: IP
    fieldMappings: [{identifier: Address, columnName: I}]
`

func TestEntities(t *testing.T) {
	count := func(a Alert, kind IssueKind) (n int) {
		for _, i := range a.Issues {
			if i.Kind == kind {
				n += i.Count
			}
		}
		return n
	}
	r := load(t, twoMappings)
	// Mapping by mapping, each entity once.
	a := Evaluate(r, table("U I", 4, func(i int, c string) types.Value { return types.StringOf(fmt.Sprintf("%s%d", c, i/2)) }), window, nil)[0]
	if got := entity.Render(a.Entities); got != `[{"$id":"2","Name":"U0","Type":"account"},{"$id":"3","Name":"U1","Type":"account"},{"$id":"4","Address":"I0","Type":"ip"},{"$id":"5","Address":"I1","Type":"ip"}]` {
		t.Error(got)
	}
	// The share of each mapping.
	a = Evaluate(r, table("U I", 300, texts), window, nil)[0]
	if len(a.Entities) != 500 || count(a, EntityDropped) != 100 || a.Entities[250].Kind != entity.IP {
		t.Errorf("%d entities, %d dropped", len(a.Entities), count(a, EntityDropped))
	}
	// The size of the column.
	a = Evaluate(r, table("U I", 200, func(i int, c string) types.Value { return types.StringOf(fmt.Sprintf("%s%0300d", c, i)) }), window, nil)[0]
	text := entity.Render(a.Entities)
	if len(text) > MaxEntitiesBytes || len(text) < MaxEntitiesBytes-400 || count(a, EntityDropped) != 400-len(a.Entities) {
		t.Errorf("%d bytes, %d entities, %d dropped", len(text), len(a.Entities), count(a, EntityDropped))
	}
	// A column that is not there.
	a = Evaluate(r, table("U", 3, texts), window, nil)[0]
	if len(a.Entities) != 3 || count(a, EntityIssue) != 3 || len(a.Issues) != 1 {
		t.Errorf("%d entities, %v", len(a.Entities), a.Issues)
	}
	// Ready-made entities.
	r = load(t, "sentinelEntitiesMappings:\n  - columnName: Entities\n")
	cells := []string{`[{"$id":"9","Address":"1.1.1.1","Type":"ip"}]`, `broken`, ``, `[{"$id":"3","Address":"1.1.1.1","Type":"ip"},{"$id":"4","Name":"n","Type":"malware"}]`}
	a = Evaluate(r, table("Entities", 4, func(i int, c string) types.Value { return types.StringOf(cells[i]) }), window, nil)[0]
	if got := entity.Render(a.Entities); got != `[{"$id":"2","Address":"1.1.1.1","Type":"ip"},{"$id":"3","Name":"n","Type":"malware"}]` || count(a, EntityIssue) != 1 {
		t.Errorf("%s %v", got, a.Issues)
	}
}

func TestCustomDetails(t *testing.T) {
	r := load(t, "customDetails: {Zeta: B, Alpha: A, None: N, Gone: X}\n")
	cell := func(i int, c string) types.Value {
		if c == "N" {
			return types.StringOf("")
		}
		if c == "A" {
			return types.LongOf(int64(i % 2))
		}
		return types.StringOf([]string{"y", "x", "y", "z"}[i%4])
	}
	a := Evaluate(r, table("A B N", 4, cell), window, nil)[0]
	want := []Detail{{"Zeta", []string{"y", "x", "z"}}, {"Alpha", []string{"0", "1"}}}
	if !reflect.DeepEqual(a.CustomDetails, want) || len(a.Issues) != 1 || a.Issues[0].Kind != DetailIssue {
		t.Errorf("%v %v", a.CustomDetails, a.Issues)
	}
	r = load(t, "customDetails: {One: A, Two: B}\n")
	a = Evaluate(r, table("A B", 60, texts), window, nil)[0]
	if len(a.CustomDetails[0].Values) != MaxDetailValues || len(a.CustomDetails[1].Values) != MaxDetailValues || len(a.Issues) != 2 {
		t.Errorf("%d values, %v", len(a.CustomDetails[0].Values), a.Issues)
	}
	for _, n := range []int{0, 30, 100, 500, 3000} {
		long := func(i int, c string) types.Value {
			return types.StringOf(fmt.Sprintf("%s\"%d", strings.Repeat("é", n), i))
		}
		a = Evaluate(r, table("A B", 40, long), window, nil)[0]
		text := "{}"
		if len(a.CustomDetails) > 0 {
			text = properties(t, a)["Custom Details"]
		}
		if len(text) > MaxDetailsBytes || n > 0 && len(a.Issues) == 0 {
			t.Errorf("%d: %d bytes, %v", n, len(text), a.Issues)
		}
	}
}

func TestOverride(t *testing.T) {
	cells := map[string]types.Value{
		"U": types.StringOf("adele"), "Empty": types.StringOf(""), "Sev": types.StringOf("hIGH"), "Bad": types.StringOf("Terrible"),
		"Tac": types.DynamicOf(`["initial access","Nonsense","Impact"]`), "TacText": types.StringOf("Execution, Impact"),
		"N": types.RealOf(0.5), "Steps": types.StringOf("Call them, then close"), "Links": types.DynamicOf(`[{"Href":"x"}]`),
		"Tech": types.StringOf(`["T1078","T1078.004","nonsense"]`), "Long": types.StringOf(strings.Repeat("é", 4000)), "Conf": types.StringOf("high"),
	}
	columns := "U Empty Sev Bad Tac TacText N Steps Links Tech Long Conf"
	tab := table(columns, 2, func(i int, c string) types.Value {
		if i == 1 {
			return types.StringOf("second row")
		}
		return cells[c]
	})
	dyn := func(p, c string) string {
		return "alertDetailsOverride: {alertDynamicProperties: [{alertProperty: " + p + ", value: " + c + "}]}\n"
	}
	cases := []struct {
		fields, column, want string
		issues               int
	}{
		{"alertDetailsOverride: {alertDisplayNameFormat: 'by {{U}} and {{N}}'}\n", "AlertName", "by adele and 0.5", 0},
		{"alertDetailsOverride: {alertDisplayNameFormat: 'by {{U}}'}\n", "DisplayName", "by adele", 0},
		{"alertDetailsOverride: {alertDisplayNameFormat: 'no place'}\n", "AlertName", "no place", 0},
		{"alertDetailsOverride: {alertDisplayNameFormat: 'by {{Empty}}'}\n", "AlertName", "Static name", 0},
		{"alertDetailsOverride: {alertDisplayNameFormat: 'by {{Gone}}'}\n", "AlertName", "Static name", 1},
		{"alertDetailsOverride: {alertDisplayNameFormat: 'by {{ U }}'}\n", "AlertName", "Static name", 1},
		{"alertDetailsOverride: {alertDisplayNameFormat: 'a{{Long}}'}\n", "AlertName", "a" + strings.Repeat("é", 127), 0},
		{"alertDetailsOverride: {alertDescriptionFormat: '{{Long}}'}\n", "Description", strings.Repeat("é", 2560), 0},
		{"alertDetailsOverride: {alertSeverityColumnName: Sev}\n", "AlertSeverity", "High", 0},
		{"alertDetailsOverride: {alertSeverityColumnName: Bad}\n", "AlertSeverity", "Medium", 1},
		{"alertDetailsOverride: {alertSeverityColumnName: Empty}\n", "AlertSeverity", "Medium", 0},
		{"alertDetailsOverride: {alertTacticsColumnName: Tac}\n", "Tactics", "InitialAccess,Impact", 0},
		{"alertDetailsOverride: {alertTacticsColumnName: TacText}\n", "Tactics", "Execution,Impact", 0},
		{"alertDetailsOverride: {alertTacticsColumnName: Bad}\ntactics: [Discovery]\n", "Tactics", "Discovery", 1},
		{"", "Tactics", "Unknown", 0},
		{dyn("AlertLink", "U"), "AlertLink", "adele", 0}, {dyn("AlertLink", "Long"), "AlertLink", "", 1},
		{dyn("ProductName", "U"), "ProductName", "adele", 0}, {dyn("ProductName", "Empty"), "ProductName", "Azure Sentinel", 0},
		{dyn("ProviderName", "U"), "ProviderName", "adele", 0}, {dyn("ProductComponentName", "U"), "ProductComponentName", "adele", 0},
		{dyn("ConfidenceLevel", "Conf"), "ConfidenceLevel", "High", 0}, {dyn("ConfidenceLevel", "U"), "ConfidenceLevel", "", 1},
		{dyn("ConfidenceScore", "N"), "ConfidenceScore", "0.5", 0}, {dyn("ConfidenceScore", "U"), "ConfidenceScore", "", 1},
		{dyn("RemediationSteps", "Steps"), "RemediationSteps", `["Call them, then close"]`, 0},
		{dyn("ExtendedLinks", "Links"), "ExtendedLinks", `[{"Href":"x"}]`, 0}, {dyn("ExtendedLinks", "U"), "ExtendedLinks", "", 1},
		{dyn("Techniques", "Tech") + "relevantTechniques: [T1110]\n", "Techniques", `["T1078"]`, 0},
		{dyn("Techniques", "U") + "relevantTechniques: [T1110.001]\n", "Techniques", `["T1110"]`, 1},
		{dyn("SubTechniques", "Tech"), "SubTechniques", `["T1078.004"]`, 0},
	}
	for _, c := range cases {
		a := Evaluate(load(t, c.fields), tab, window, nil)[0]
		if got := Row(a, place)[c.column].ToText(); got != c.want || len(a.Issues) != c.issues {
			t.Errorf("%s%s is %q with %v, expected %q", c.fields, c.column, got, a.Issues, c.want)
		}
	}
	// Without rows there is nothing to take values from.
	a := Evaluate(load(t, "triggerOperator: eq\nalertDetailsOverride: {alertDisplayNameFormat: '{{U}}'}\n"), types.Table{Schema: tab.Schema}, window, nil)[0]
	if a.Name != "Static name" {
		t.Error(a.Name)
	}
}

func properties(t *testing.T, a Alert) map[string]string {
	t.Helper()
	var m map[string]string // all values are strings
	if err := json.Unmarshal([]byte(a.ExtendedProperties(place)), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRow(t *testing.T) {
	r := load(t, twoMappings+"customDetails: {Who: U}\nrelevantTechniques: [T1078.004]\ntactics: [InitialAccess, Impact]\n")
	a := Evaluate(r, table("U I", 2, texts), window, nil)[0]
	row := Row(a, place)
	var b strings.Builder
	for _, c := range Schema() {
		v, ok := row[c.Name]
		if !ok || v.Type() != c.Type {
			t.Errorf("column %s: there %v, of type %s", c.Name, ok, v.Type())
		}
		if c.Name != "ExtendedProperties" && c.Name != "SystemAlertId" && c.Name != "VendorOriginalId" {
			b.WriteString(c.Name + "=" + v.ToText() + "\n")
		}
	}
	if len(row) != len(Schema()) {
		t.Errorf("%d values for %d columns", len(row), len(Schema()))
	}
	want := `TenantId=11111111-2222-3333-4444-555555555555
TimeGenerated=2026-03-02T09:05:00.0000000Z
DisplayName=Static name
AlertName=Static name
AlertSeverity=Medium
Description=Static text
ProviderName=ASI Scheduled Alerts
VendorName=Microsoft
ResourceId=
SourceComputerId=
AlertType=11111111-2222-3333-4444-555555555555_d99cf5c3-d660-436c-895b-8a8f8448da23
ConfidenceLevel=
ConfidenceScore=
IsIncident=False
StartTime=2026-03-02T08:00:00.0000000Z
EndTime=2026-03-02T09:00:00.0000000Z
ProcessingEndTime=2026-03-02T09:05:00.0000000Z
RemediationSteps=
Entities=[{"$id":"2","Name":"U0","Type":"account"},{"$id":"3","Name":"U1","Type":"account"},{"$id":"4","Address":"I0","Type":"ip"},{"$id":"5","Address":"I1","Type":"ip"}]
SourceSystem=Detection
WorkspaceSubscriptionId=sub
WorkspaceResourceGroup=rg
ExtendedLinks=
ProductName=Azure Sentinel
ProductComponentName=Scheduled Alerts
AlertLink=
Status=New
CompromisedEntity=
Tactics=InitialAccess,Impact
Techniques=["T1078"]
SubTechniques=["T1078.004"]
Type=SecurityAlert
`
	if b.String() != want {
		t.Errorf("row\n%s", b.String())
	}
	p := properties(t, a)
	for k, v := range map[string]string{
		"Query Period": "01:00:00", "Trigger Operator": "GreaterThan", "Trigger Threshold": "0", "Correlation Id": a.CorrelationID,
		"Search Query Results Overall Count": "2", "Data Sources": `["main"]`, "Query Start Time UTC": "2026-03-02 08:00:00Z",
		"Query End Time UTC": "2026-03-02 09:00:00Z", "Analytic Rule Ids": `["d99cf5c3-d660-436c-895b-8a8f8448da23"]`,
		"Analytic Rule Name": "Static name", "Event Grouping": "SingleAlert", "ProcessedBySentinel": "True",
		"Alert generation status": "Full alert created", "Custom Details": `{"Who":["U0","U1"]}`,
		"Query": "// now() and ago() count from the evaluation time of the alert.\nset query_now = datetime(2026-03-02T09:00:00.0000000Z);\nT",
	} {
		if p[k] != v {
			t.Errorf("%s is %q, expected %q", k, p[k], v)
		}
		delete(p, k)
	}
	if len(p) > 0 {
		t.Errorf("more properties: %v", p)
	}
	nrt := Evaluate(load(t, "kind: NRT\n"), table("A", 1, texts), Window{From: at, To: at.Add(time.Millisecond)}, nil)[0]
	p = properties(t, nrt)
	if _, has := p["Query Period"]; has || p["Query End Time UTC"] != "2026-03-02 09:00:01Z" || p["Trigger Operator"] != "GreaterThan" || Row(nrt, place)["ProductComponentName"].Text() != "NRT Alerts" {
		t.Errorf("NRT: %v", p)
	}
}

// TestCarriedRow unpacks the row that an alert of AlertPerResult carries.
func TestCarriedRow(t *testing.T) {
	r := load(t, "eventGroupingSettings: {aggregationKind: AlertPerResult}\n")
	for _, size := range []int{1, 20000} {
		tab := table("A B Big Last", 2, func(i int, c string) types.Value {
			switch c {
			case "B":
				return types.DynamicOf(`{"k":[1]}`)
			case "Big":
				return types.StringOf(strings.Repeat("x", size))
			case "Last":
				return types.Null(types.Long)
			}
			return texts(i, c)
		})
		a := Evaluate(r, tab, window, nil)[1]
		p := properties(t, a)
		m := regexp.MustCompile(`\['([^']+)'\]`).FindStringSubmatch(p["Query"])
		if m == nil || p["OriginalQuery"] != "T" || p["Event Grouping"] != "AlertPerEvent" {
			t.Fatalf("properties %v", p)
		}
		raw, err := base64.StdEncoding.DecodeString(m[1])
		if err != nil {
			t.Fatal(err)
		}
		z, err := zlib.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"A":"A1","B":{"k":[1]},"Big":"x","Last":null}`
		status := "Full alert created"
		if size > MaxRowBytes {
			want, status = `{"A":"A1","B":{"k":[1]}}`, "Alert created without some event columns"
		}
		if string(text) != want || p["Alert generation status"] != status {
			t.Errorf("row %s, status %s", text, p["Alert generation status"])
		}
	}
}
