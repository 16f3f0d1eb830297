package ingest

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vedette-siem/vedette/internal/catalog"
)

func TestRecognise(t *testing.T) {
	signIn := `{"TimeGenerated":"2024-01-01T00:00:00Z","UserPrincipalName":"a","ResultType":"0","AppDisplayName":"x","RiskState":"none","FlaggedForReview":false}`
	plain := `{"x":1,"y":"z"}`
	for _, tt := range []struct {
		file, text, mapping string
		table               string
		how                 Recognition
	}{
		{"SigninLogs.json", plain, "", "SigninLogs", ByName},
		{"signinlogs.ndjson.gz", gz(plain), "", "SigninLogs", ByName},
		{"SigninLogs_2024.csv.gz", gz("UserPrincipalName,Foo\na,b\n"), "", "SigninLogs", ByName},
		{"signinlogs-hunting.csv", "UserPrincipalName,Foo\na,b\n", "", "SigninLogs", ByName},
		{"sign-in-logs-2.json", signIn, "", "SigninLogs", ByName},
		{"SigninLogs/part-1.json", plain, "", "SigninLogs", ByName},
		{"export/SigninLogs/2024/part-1.json", plain, "", "SigninLogs", ByName},
		{"SigninLogs/AuditLogs.json", plain, "", "AuditLogs", ByName},
		{"SigninLogsX.json", plain, "", "SigninLogsX_CL", AsCustom}, // no boundary behind the name
		{"event-hub-dump.json", plain, "", "event_hub_dump_CL", AsCustom},
		{"dump.json", `{"Type":"AuditLogs","TimeGenerated":"2024-01-01T00:00:00Z"}`, "", "AuditLogs", ByType},
		{"SigninLogs.json", `{"Type":"AuditLogs","TimeGenerated":"2024-01-01T00:00:00Z"}`, "", "AuditLogs", ByType},
		{"dump.json", `{"$table":"auditlogs","TimeGenerated":"2024-01-01T00:00:00Z"}`, "", "AuditLogs", ByType},
		{"dump.json", `{"Type":"Event","x":1,"y":2,"z":3}`, "", "dump_CL", AsCustom}, // the source's own word
		{"dump.json", signIn, "", "SigninLogs", ByContent},
		{"dump.csv", "TimeGenerated [UTC],EventID,Account,SubjectUserName,TargetUserName,LogonType\n2024-01-01,4624,a,b,c,3\n", "", "SecurityEvent", ByContent},
		{"dump.json", plain, "dump.json=SigninLogs", "SigninLogs", ByMapping},
		{"a/b/dump.json", plain, "a/*/d*.json=signinlogs", "SigninLogs", ByMapping},
		{"dump.json", plain, "dump.json=Mine_CL", "Mine_CL", ByMapping},
		{"my log (1).json", plain, "", "my_log__1__CL", AsCustom},
		{"4-events-cl.json", plain, "", "_4_events_CL", AsCustom},
		{"SigninLogs.json", "not json", "", "SigninLogs", ByName},
		{"dump.json", "not json", "", "", NotRecognised},
		{"dump.json", "", "", "", NotRecognised},
	} {
		opts := Options{}
		if tt.mapping != "" {
			m, err := ParseMapping(tt.mapping)
			if err != nil {
				t.Fatal(err)
			}
			opts.Mapping = []Mapping{m}
		}
		rep, err := Load(context.Background(), fstest.MapFS{tt.file: {Data: []byte(tt.text)}}, opts, catalog.Builtin(), &textSink{})
		if err != nil {
			t.Errorf("%s: %v", tt.file, err)
			continue
		}
		f := rep.Files[0]
		if f.Table != tt.table || f.How != tt.how || f.Err != nil {
			t.Errorf("%s with %.40s: %s by %s (%v), expected %s by %s", tt.file, tt.text, f.Table, f.How, f.Err, tt.table, tt.how)
		}
	}
}

// TestTypePerRecord sends the rows of an export that unites tables to each its own.
func TestTypePerRecord(t *testing.T) {
	text := `{"Type":"AuditLogs","TimeGenerated":"2024-01-01T00:00:00Z","Id":"1"}
{"Type":"SigninLogs","TimeGenerated":"2024-01-01T00:00:00Z","Id":"2"}
{"Type":"AuditLogs","TimeGenerated":"2024-01-01T00:00:00Z","Id":"3"}
{"Type":"other","TimeGenerated":"2024-01-01T00:00:00Z","Id":"4"}`
	sink := &textSink{only: columnsOf("Id,Type")}
	rep, err := Load(context.Background(), fstest.MapFS{"dump.json": {Data: []byte(text)}}, Options{}, catalog.Builtin(), sink)
	if err != nil {
		t.Fatal(err)
	}
	want := "AuditLogs Id=1 Type=AuditLogs\nAuditLogs Id=3 Type=AuditLogs\nAuditLogs Id=4 Type=other\nSigninLogs Id=2 Type=SigninLogs"
	if got := strings.Join(sink.rows, "\n"); got != want {
		t.Errorf("rows\n%s\nexpected\n%s", got, want)
	}
	if got := rep.TableRows(); len(got) != 2 || got[0] != (TableRows{"AuditLogs", 3}) || got[1] != (TableRows{"SigninLogs", 1}) {
		t.Errorf("table rows %v", got)
	}
}

func TestInference(t *testing.T) {
	for _, tt := range []struct{ name, file, text, schema, rows string }{
		{"json", "my-app.json", "{\"b\":true,\"l\":1,\"r\":1,\"when\":\"2024-01-01T00:00:00Z\",\"o\":{\"a\":1},\"n\":null,\"m\":1}\n{\"r\":1.5,\"m\":\"x\",\"late\":\"y\"}",
			"(TimeGenerated:datetime, b:bool, l:long, r:real, when:datetime, o:dynamic, n:string, m:string, late:string, Type:string)",
			"my_app_CL b=True l=1 r=1.0 when=2024-01-01T00:00:00.0000000Z o={\"a\":1} m=1\nmy_app_CL r=1.5 m=x late=y"},
		{"csv", "x.csv", "timestamp,n,f,flag,t,zip\n2024-01-01 10:00:00,1,0.5,true,a,007\n2024-01-02 10:00:00,,2,FALSE,b,1\n",
			"(TimeGenerated:datetime, timestamp:datetime, n:long, f:real, flag:bool, t:string, zip:string, Type:string)",
			"x_CL TimeGenerated=2024-01-01T10:00:00.0000000Z timestamp=2024-01-01T10:00:00.0000000Z n=1 f=0.5 flag=True t=a zip=007\nx_CL TimeGenerated=2024-01-02T10:00:00.0000000Z timestamp=2024-01-02T10:00:00.0000000Z f=2.0 flag=False t=b zip=1"},
		{"own TimeGenerated", "x.csv", "\"TimeGenerated [UTC]\",Type\n\"8/4/2021, 1:05:10.123 PM\",k\n", "(TimeGenerated:datetime, Type:string)", "x_CL TimeGenerated=2021-08-04T13:05:10.1230000Z"},
	} {
		cat := catalog.New()
		sink := &textSink{}
		rep, err := Load(context.Background(), fstest.MapFS{tt.file: {Data: []byte(tt.text)}}, Options{}, cat, sink)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		tab, ok := cat.Table(rep.Files[0].Table)
		if !ok {
			t.Errorf("%s: no table %q", tt.name, rep.Files[0].Table)
			continue
		}
		if got := tab.Columns.String(); got != tt.schema {
			t.Errorf("%s: schema %s, expected %s", tt.name, got, tt.schema)
		}
		if got := strings.Join(sink.rows, "\n"); got != tt.rows {
			t.Errorf("%s: rows\n%s\nexpected\n%s", tt.name, got, tt.rows)
		}
	}
}

// TestCustomTableOfFiles unites the columns of several files of one custom table before any row is handed over.
func TestCustomTableOfFiles(t *testing.T) {
	fsys := fstest.MapFS{"app/app_1.json": {Data: []byte(`{"a":1}`)}, "app/app_2.json": {Data: []byte(`{"a":1.5,"b":"x"}`)}}
	cat := catalog.New()
	sink := &textSink{}
	opts := Options{Parallel: 1, Mapping: []Mapping{{"app/*", "App_CL"}}}
	if _, err := Load(context.Background(), fsys, opts, cat, sink); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(sink.rows, "\n"); got != "App_CL a=1.0\nApp_CL a=1.5 b=x" {
		t.Errorf("rows\n%s", got)
	}
}

func TestParseMapping(t *testing.T) {
	for _, tt := range []struct{ text, pattern, table, err string }{
		{"*.json=SigninLogs", "*.json", "SigninLogs", ""},
		{" a = b ", "a", "b", ""},
		{"x=-", "x", "-", ""},
		{"x", "", "", "expected pattern=Table"},
		{"=T", "", "", "expected pattern=Table"},
		{"x=", "", "", "expected pattern=Table"},
		{"[=T", "", "", "syntax error"},
		{"x=a b", "", "", "no name of a table"},
	} {
		m, err := ParseMapping(tt.text)
		if tt.err == "" && (err != nil || m != Mapping{tt.pattern, tt.table}) || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%q: %v, %v", tt.text, m, err)
		}
	}
}
