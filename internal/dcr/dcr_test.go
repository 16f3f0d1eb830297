package dcr

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

func col(name string, t types.Type) types.Column { return types.Column{Name: name, Type: t} }

// tables has a table with the server's columns, and one without.
func tables(t testing.TB) *catalog.Catalog {
	t.Helper()
	c := catalog.New()
	for _, tab := range []catalog.Table{
		{Name: "Web_CL", Columns: types.Schema{col("TimeGenerated", types.Datetime), col("Url", types.String), col("Status", types.Long), col("Extra", types.Dynamic),
			col("Slow", types.Bool), col("Type", types.String), col("_ItemId", types.String), col(ingest.UnknownColumn, types.Dynamic)}},
		{Name: "Plain", Columns: types.Schema{col("TimeGenerated", types.Datetime), col("Name", types.String), col("N", types.Long)}},
		{Name: "NoTime", Columns: types.Schema{col("Name", types.String)}},
	} {
		if err := c.AddTable(tab); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

const webRule = `
name: web
description: what the web servers say
streamDeclarations:
  Custom-Web:
    columns:
      - {name: time, type: datetime}
      - name: url
        type: string
      - {name: status, type: int}
      - {name: body, type: dynamic}
dataFlows:
  - streams: [Custom-Web]
    transformKql: |
      source
      | where status != 204
      | extend b = parse_json(body)
      | project TimeGenerated = ['time'], Url = tolower(url), Status = status, Slow = toint(b.ms) > 100
    outputStream: Custom-Web_CL
`

func load(t testing.TB, text string) *Rule {
	t.Helper()
	r, diags := Load(source.NewFile("rule.yaml", text), tables(t))
	if r == nil {
		t.Fatal(diags.Error())
	}
	return r
}

// run sends a body through a stream and renders what comes out.
func run(t testing.TB, r *Rule, stream, body string) (string, error) {
	t.Helper()
	s, ok := r.Stream(stream)
	if !ok {
		t.Fatalf("no stream %s", stream)
	}
	d, err := ingest.NewDecoder(strings.NewReader(body), s.Input, ingest.DecoderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.Next()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	n := 0
	stamp := ingest.Stamp{Received: types.UnixEpochTicks + 5*types.TicksPerSecond, ItemID: func() string { n++; return fmt.Sprint("i", n) }}
	for i, f := range s.Flows {
		got, err := f.Run(rows, stamp, i == len(s.Flows)-1)
		if err != nil {
			return "", err
		}
		for _, row := range got {
			var cells []string
			for i, v := range row {
				if v.Type() != f.Table.Columns[i].Type {
					t.Fatalf("%s holds a %s", f.Table.Columns[i].Name, v.Type())
				}
				if !v.IsNull() && v.ToText() != "" {
					cells = append(cells, f.Table.Columns[i].Name+"="+v.ToText())
				}
			}
			out = append(out, f.Table.Name+": "+strings.Join(cells, " "))
		}
	}
	return strings.Join(out, "\n"), nil
}

func TestTransform(t *testing.T) {
	r := load(t, webRule)
	if !immutableID.MatchString(r.ImmutableID) || r.Name != "web" || len(r.Streams()) != 1 {
		t.Errorf("rule %+v", r)
	}
	got, err := run(t, r, "Custom-Web", `[
		{"time":"2024-05-01T10:00:00Z","url":"/A","status":200,"body":{"ms":7},"more":[1]},
		{"time":"2024-05-01T10:00:01Z","url":"/B","status":204},
		{"url":"/C","status":"x","body":"{\"ms\":200}"}]`)
	want := `Web_CL: TimeGenerated=2024-05-01T10:00:00.0000000Z Url=/a Status=200 Slow=False Type=Web_CL _ItemId=i1 _Unknown={"more":[1]}
Web_CL: TimeGenerated=1970-01-01T00:00:05.0000000Z Url=/c Slow=True Type=Web_CL _ItemId=i2 _Unknown={"status":"x"}`
	if err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

// TestTransforms runs single transformations of the stream Custom-S (TimeGenerated, Name, n int) into Plain.
func TestTransforms(t *testing.T) {
	const body = `[{"TimeGenerated":"2024-01-01T00:00:00Z","Name":"alpha beta","n":3}]`
	const times = "TimeGenerated=2024-01-01T00:00:00.0000000Z"
	for _, tt := range []struct{ kql, want string }{
		{"source | project-rename N = n", times + " Name=alpha beta N=3"},
		{"source | project-away n", times + " Name=alpha beta"},
		{"source | parse Name with head ' ' * | project TimeGenerated, Name = head, N = n * 2", times + " Name=alpha N=6"},
		{"source | parse kind=relaxed Name with 'alpha ' N:long 'x' | project TimeGenerated, Name, N", times + " Name=alpha beta"},
		{"source | parse kind=regex flags=i Name with 'ALPH.' rest | project TimeGenerated, Name = rest", times + " Name= beta"},
		{"source | parse Name with * 'lpha' mid 't' * | project TimeGenerated, Name = mid", times + " Name= be"},
		{"source | parse Name with 'x' a 'y' b:long | project TimeGenerated, Name = a, N = b", times},
		{"source | parse Name with a 'beta' b | project TimeGenerated, Name = strcat(a, '/', b)", times + " Name=alpha /"},
		{"source | where Name has 'gamma' | project-away n", ""},
		{"source\n| where n > 1 // enough\n| extend Name = case(n == 1, 'one', n == 3, 'three', 'many') | project-away n", times + " Name=three"},
		{"let f = (x:long) { x + 1 };\nsource | project TimeGenerated, N = f(n)", times + " N=4"},
		{"let few = source | where n < 2;\nfew | project TimeGenerated", ""},
		{"source | project TimeGenerated = now() - 1s, Name", "TimeGenerated=1970-01-01T00:00:04.0000000Z Name=alpha beta"},
		{"source | project TimeGenerated = ago(2s)", "TimeGenerated=1970-01-01T00:00:03.0000000Z"},
		{"source | extend N = tolong(columnifexists('m', 9)) | project-away n", times + " Name=alpha beta N=9"},
		{"print TimeGenerated = datetime(2020-01-01), Name = 'fixed'", "TimeGenerated=2020-01-01T00:00:00.0000000Z Name=fixed"},
		{"source | project TimeGenerated = datetime(null), N = n", "TimeGenerated=1970-01-01T00:00:05.0000000Z N=3"},
		{"source | extend Name = strcat(Name, '/', tostring(_Unknown.x)) | project-away n, _Unknown", times + " Name=alpha beta/"},
	} {
		rule := "name: r\nstreamDeclarations:\n  Custom-S:\n    columns: [{name: TimeGenerated, type: datetime}, {name: Name, type: string}, {name: n, type: int}]\n" +
			"dataFlows:\n- streams: [Custom-S]\n  table: Plain\n  transformKql: " + types.QuoteJSON(tt.kql) + "\n"
		got, err := run(t, load(t, rule), "Custom-S", body)
		if tt.want != "" {
			tt.want = "Plain: " + tt.want
		}
		if err != nil || got != tt.want {
			t.Errorf("%s: %v\n got %s\nwant %s", tt.kql, err, got, tt.want)
		}
	}
}

func TestIdentity(t *testing.T) {
	for _, kql := range []string{"", "source", " source // as it is\n"} {
		rule := "name: r\ndataFlows:\n- streams: [Custom-Web_CL]\n  transformKql: " + types.QuoteJSON(kql) + "\n"
		r := load(t, rule)
		s, _ := r.Stream("Custom-Web_CL")
		if s.Flows[0].transform != nil || !s.Flows[0].same {
			t.Errorf("%q: a transformation is run", kql)
		}
		got, err := run(t, r, "Custom-Web_CL", `[{"Url":"u","x":1}]`)
		if want := `Web_CL: TimeGenerated=1970-01-01T00:00:05.0000000Z Url=u Type=Web_CL _ItemId=i1 _Unknown={"x":1}`; err != nil || got != want {
			t.Errorf("%q: %v\n got %s\nwant %s", kql, err, got, want)
		}
	}
}

// TestDeclaredType: a column of the sender's that is called as a standard one is his.
func TestDeclaredType(t *testing.T) {
	r := load(t, "name: r\nstreamDeclarations: {Custom-In: {columns: [{name: TimeGenerated, type: datetime}, {name: Type, type: string}]}}\n"+
		"dataFlows:\n- streams: [Custom-In]\n  table: Plain\n  transformKql: \"source | project TimeGenerated, Name = strcat('<', Type, '>')\"")
	got, err := run(t, r, "Custom-In", `[{"TimeGenerated":"2024-01-01","Type":"mine"},{"TimeGenerated":"2024-01-01"}]`)
	want := "Plain: TimeGenerated=2024-01-01T00:00:00.0000000Z Name=<mine>\nPlain: TimeGenerated=2024-01-01T00:00:00.0000000Z Name=<>"
	if err != nil || got != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

// TestTwoFlows sends a stream into two tables: the rows of the first must not be those of the second.
func TestTwoFlows(t *testing.T) {
	r := load(t, "name: r\ndataFlows:\n- streams: [Custom-Web_CL]\n- streams: [Custom-Web_CL]\n  table: Plain\n  transformKql: source | project TimeGenerated, Name = Url\n")
	got, err := run(t, r, "Custom-Web_CL", `[{"Url":"u"},{"Url":"v"}]`)
	want := "Web_CL: TimeGenerated=1970-01-01T00:00:05.0000000Z Url=u Type=Web_CL _ItemId=i1\nWeb_CL: TimeGenerated=1970-01-01T00:00:05.0000000Z Url=v Type=Web_CL _ItemId=i2\n" +
		"Plain: TimeGenerated=1970-01-01T00:00:05.0000000Z Name=u\nPlain: TimeGenerated=1970-01-01T00:00:05.0000000Z Name=v"
	if err != nil || got != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

func TestRowFault(t *testing.T) {
	r := load(t, "name: r\ndataFlows:\n- streams: [Custom-Web_CL]\n  table: Plain\n  transformKql: source | project TimeGenerated, Name = tostring(datetime_utc_to_local(TimeGenerated, Url))\n")
	_, err := run(t, r, "Custom-Web_CL", `[{"Url":"UTC","TimeGenerated":"2024-01-01"},{"Url":"nowhere","TimeGenerated":"2024-01-01"}]`)
	var row *RowError
	if !errors.As(err, &row) || row.Row != 1 || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("error %v", err)
	}
}

func TestARM(t *testing.T) {
	r := load(t, `{
	"location": "westeurope", "kind": "Direct", "name": "app",
	"properties": {
		"immutableId": "dcr-0123456789abcdef0123456789abcdef",
		"streamDeclarations": {"Custom-In": {"columns": [{"name": "TimeGenerated", "type": "datetime"}, {"name": "Url", "type": "string"}]}},
		"destinations": {"logAnalytics": [{"workspaceResourceId": "/x", "name": "ws"}]},
		"dataFlows": [{"streams": ["Custom-In"], "destinations": ["ws"], "transformKql": "source | where Url != \"\"\n| extend Url = strcat(\"\u00e9\", Url)", "outputStream": "Custom-Web_CL"}]
	}
}`)
	if r.Name != "app" || r.ImmutableID != "dcr-0123456789abcdef0123456789abcdef" {
		t.Errorf("rule %+v", r)
	}
	got, err := run(t, r, "Custom-In", `[{"Url":"u","y":1},{"Url":""}]`)
	if want := `Web_CL: TimeGenerated=1970-01-01T00:00:05.0000000Z Url=éu Type=Web_CL _ItemId=i1 _Unknown={"y":1}`; err != nil || got != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

func TestFaults(t *testing.T) {
	flow := func(kql string) string {
		return "name: r\ndataFlows:\n- streams: [Custom-Web_CL]\n  transformKql: |\n    source\n    " + kql + "\n  table: Plain\n"
	}
	for _, tt := range []struct{ text, want string }{
		{"", "rule.yaml:1:1: error VD001: the file is empty"},
		{"a: [", "error VD001"},
		{"- a", "1:1: error VD001: expected a data collection rule"},
		{"name: r\n---\nname: s\n", "VD001: a file holds one rule"},
		{`{"name": "r", "dataFlows": [}`, "VD001"},
		{`{"name": "r"`, "VD001: the file ends inside the rule"},
		{`{"name": "r", "dataFlows": []} x`, "VD001"},
		{"name: r", "1:1: error VD004: the rule has no dataFlows"},
		{"dataFlows: []", "VD004: the rule has no name"},
		{"name: default\ndataFlows: []", "1:7: error VD006"},
		{"name: a/b\ndataFlows: []", "VD006"},
		{"immutableId: dcr-1\ndataFlows: []", "1:14: error VD006: expected dcr- and 32"},
		{"name: r\nkind: Linux\ndataFlows: []", `2:7: error VD007: kind "Linux"`},
		{"name: r\ndataSources: {syslog: []}\ndataFlows: []", "2:1: error VD007: dataSources are not supported"},
		{"name: r\ndataFlow: []", `2:1: error VD002: the rule has no "dataFlow"; did you mean dataFlows`},
		{"name: r\nname: s\ndataFlows: []", "VD"},
		{"name: r\ndataFlows: {}", "2:12: error VD003: dataFlows: expected a list"},
		{"name: r\ndataFlows:\n- streams: [Custom-Nope_CL]", "VD010: there is no table Nope_CL"},
		{"name: r\ndataFlows:\n- streams: [web]", "3:13: error VD008"},
		{"name: r\ndataFlows:\n- table: Plain", "VD004: the data flow has no streams"},
		{"name: r\ndataFlows:\n- streams: [Custom-In]\n  table: Plain", "VD008: the stream Custom-In is not declared"},
		{"name: r\ndataFlows:\n- streams: [Custom-Web_CL]\n  outputStream: Plain", "4:17: error VD008"},
		{"name: r\ndestinations: {eventHubs: [{name: e}]}\ndataFlows:\n- streams: [Custom-Web_CL]\n  destinations: [e, f]", `VD007: the destination "e" is no workspace`},
		{"name: r\nstreamDeclarations: {In: {columns: []}}\ndataFlows: []", "VD008: the name of a declared stream"},
		{"name: r\nstreamDeclarations: {Custom-In: {columns: []}}\ndataFlows: []", "declares 0 columns"},
		{"name: r\nstreamDeclarations: {Custom-In: {columns: [{name: a b, type: string}]}}\ndataFlows: []", `VD009: "a b" is no name`},
		{"name: r\nstreamDeclarations: {Custom-In: {columns: [{name: a, type: guid}]}}\ndataFlows: []", `VD009: "guid" is no type`},
		{"name: r\nstreamDeclarations: {Custom-In: {columns: [{name: a}]}}\ndataFlows: []", "VD004: a column has a name and a type"},
		{"name: r\nstreamDeclarations: {Custom-In: {columns: [{name: a, type: int}, {name: a, type: int}]}}\ndataFlows: []", "VD005"},
		{flow("| summarize count() by Url"), "6:7: error VD023: the operator summarize"},
		{flow("| take 5"), "VD023: the operator take"},
		{flow("| join (source) on Url"), "VD023: the operator join"},
		{flow("| mv-expand Extra"), "VD023: the operator mv-expand"},
		{flow("| extend x = toscalar(source | project Url)"), "VD024"},
		{flow("| extend g = geo_location(Url)"), "VD024: the function geo_location"},
		{flow("| where Url in (datatable(u:string)['a'])"), "VD025"},
		{flow("| project TimeGenerated, Name = nosuch"), "6:37: error KS"},
		{flow("| project TimeGenerated, Name = Plain"), "error KS"},
		{flow("| project TimeGenerated, Name = Status"), "VD011: column Name is long, and in table Plain it is string"},
		{flow("| project TimeGenerated, Nam = Url"), "VD011: table Plain has no column Nam; did you mean Name"},
		{flow("| project Name = Url"), "VD011: there is no TimeGenerated"},
		{"name: r\ndataFlows:\n- streams: [Custom-Web_CL]\n  table: Plain\n  transformKql: Web_CL | project TimeGenerated\n", "5:17: error KS"},
		{"name: r\ndataFlows:\n- streams: [Custom-Web_CL]\n  table: Plain\n  transformKql: set notruncation; source\n", "VD022"},
		{"name: r\ndataFlows:\n- streams: [Custom-Web_CL]\n  table: Plain\n  transformKql: \"source\\n| wher 1\"\n", "5:"},
		{"name: r\ndataFlows: &a\n- streams: [Custom-Web_CL]\n  table: *a\n", "VD003"},
		{"name: r\nproperties: &p {properties: *p}\ndataFlows: []", `VD002: properties has no "properties"`},
	} {
		r, diags := Load(source.NewFile("rule.yaml", tt.text), tables(t))
		if r != nil || !diags.HasErrors() {
			t.Errorf("%q: no error", tt.text)
			continue
		}
		if got := diags.Error(); !strings.Contains(got, tt.want) {
			t.Errorf("%q:\n got %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

func TestDefault(t *testing.T) {
	cat := tables(t)
	r := Default(cat)
	for name, want := range map[string]bool{"Custom-Plain": true, "Microsoft-Plain": true, "Plain": false, "Custom-": false, "Custom-None": false} {
		if _, ok := r.Stream(name); ok != want {
			t.Errorf("%s: %v", name, ok)
		}
	}
	first, _ := r.Stream("Custom-Plain")
	if again, _ := r.Stream("Custom-Plain"); again != first {
		t.Error("the stream is made twice")
	}
	if err := cat.AddTable(catalog.Table{Name: "Plain", Columns: types.Schema{col("A", types.String)}}); err != nil {
		t.Fatal(err)
	}
	if after, _ := r.Stream("Custom-Plain"); after == first || len(after.Flows[0].Table.Columns) != 1 {
		t.Error("a table that changed is not found")
	}
}

func TestSet(t *testing.T) {
	web, def := load(t, webRule), Default(tables(t))
	s, err := NewSet(def, web)
	if err != nil || len(s.Rules()) != 2 {
		t.Fatal(err)
	}
	for id, want := range map[string]*Rule{"default": def, DefaultImmutableID: def, "WEB": web, web.ImmutableID: web, "": nil, "x": nil} {
		if r, ok := s.Rule(id); r != want || ok != (want != nil) {
			t.Errorf("%q: %v", id, r)
		}
	}
	if _, err := NewSet(web, load(t, webRule)); err == nil {
		t.Error("two rules of one name")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(webRule)
	f.Add(`{"name":"r","properties":{"dataFlows":[{"streams":["Custom-Web_CL"],"transformKql":"source\n| extend Url=\"\u00e9\""}]}}`)
	f.Add("name: r\ndataFlows: &a [*a]")
	cat := tables(f)
	f.Fuzz(func(t *testing.T, text string) {
		r, diags := Load(source.NewFile("f", text), cat)
		if (r == nil) != diags.HasErrors() {
			t.Fatalf("rule %v, %s", r, diags.Error())
		}
		_ = diags.Error()
	})
}

func BenchmarkFlow(b *testing.B) {
	cat := catalog.Builtin()
	table, _ := cat.Table("SigninLogs")
	rows := make([][]types.Value, 1000)
	for i := range rows {
		rows[i] = make([]types.Value, len(table.Columns))
		for j, c := range table.Columns {
			rows[i][j] = types.Null(c.Type)
			if c.Type == types.String {
				rows[i][j] = types.StringOf("some text of a sign-in")
			}
		}
	}
	for _, kql := range []string{"source", "source | where ResultType != '0' | extend UserPrincipalName = tolower(UserPrincipalName), Level = strcat(Level, '-', Category)"} {
		b.Run(strings.Fields(kql + " identity")[1], func(b *testing.B) {
			r, diags := Load(source.NewFile("f", "name: r\ndataFlows:\n- streams: [Microsoft-SigninLogs]\n  transformKql: "+types.QuoteJSON(kql)), cat)
			if r == nil {
				b.Fatal(diags.Error())
			}
			s, _ := r.Stream("Microsoft-SigninLogs")
			for b.Loop() {
				if out, err := s.Flows[0].Run(rows, ingest.Stamp{}, true); err != nil || len(out) != len(rows) {
					b.Fatal(len(out), err)
				}
			}
			b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
