package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/types"
)

// FuzzJSON reads any text: no panic, an end, records inside the text, and of one-line objects exactly what
// the standard library takes.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":1}`, "{\"a\":1}\n{\"b\":[1,2,{\"c\":null}]}\n", `[{"a":"x\"y\u00e4"},{"b":-1.5e3}]`, `{"records":[{"a":1}],"x":2}`,
		`{"@odata.context":"c","value":[{"a":true}]}`, "{\"a\":\"\n{\"b\":1}", `{"a":{"properties":{"b":1}}}`, "[{\"a\":01},{\"b\":1}]", "{\"a\":\xff}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := newJSONReader(bytes.NewReader(text), Limits{MaxRecord: 1 << 12}.withDefaults())
		r.expand = "properties"
		var rec record
		records, faults := 0, 0
		for n := 0; ; n++ {
			if n > len(text)+10 {
				t.Fatal("no end")
			}
			err := r.next(&rec)
			if errors.Is(err, io.EOF) {
				break
			}
			var fault *Fault
			if errors.As(err, &fault) {
				faults++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			records++
			for _, fields := range [][]field{rec.fields, rec.sub} {
				for i := range fields {
					fl := &fields[i]
					rec.key(fl)
					for _, typ := range types.Scalars() {
						if v, _ := convert(&rec, fl, typ); v.Type() != typ {
							t.Fatalf("convert to %s gives %s", typ, v.Type())
						}
					}
					if fl.kind == kindNested && fl.canonical {
						raw := rec.text[fl.start:fl.end]
						if c, err := types.CanonicalJSON(raw); err != nil || c != raw {
							t.Fatalf("%q is taken for canonical, which is %q, %v", raw, c, err)
						}
					}
				}
				if !rec.expanded {
					break
				}
			}
		}
		// a text that is one object to the standard library is one record here
		var m map[string]json.RawMessage
		if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && len(trimmed) < 1<<12 && trimmed[0] == '{' && json.Unmarshal(text, &m) == nil {
			if n, _ := envelopeStart(string(trimmed)); n == 0 && records != 1 && faults == 0 {
				t.Fatalf("%q: %d records", text, records)
			}
		}
	})
}

// FuzzCSV reads any text: no panic, an end, every record with the header's number of cells.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\",b\r\n\"x\n\"\"y\",2", "a;b\n1;2", "a\n\"", "a,b\n1,2,,\n\xff,1\n", "Date (UTC),Request ID,Correlation ID,Location\n1,2,3,\"a, b, c\"\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := newCSVReader(bytes.NewReader(text), Limits{MaxRecord: 1 << 10}.withDefaults())
		if err != nil {
			return
		}
		var rec record
		for n := 0; ; n++ {
			if n > len(text)+10 {
				t.Fatal("no end")
			}
			err := r.next(&rec)
			if errors.Is(err, io.EOF) {
				return
			}
			var fault *Fault
			if errors.As(err, &fault) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(rec.fields) != len(r.header) {
				t.Fatalf("%d cells of %d", len(rec.fields), len(r.header))
			}
			for i := range rec.fields {
				if rec.key(&rec.fields[i]) != r.header[i] {
					t.Fatalf("cell %d has key %q, header %q", i, rec.key(&rec.fields[i]), r.header[i])
				}
				rec.raw(&rec.fields[i])
			}
		}
	})
}

// FuzzLoad loads any content under names of each format: no panic, and no count that contradicts another.
func FuzzLoad(f *testing.F) {
	f.Add("a.json", []byte(diagnosticSignIn))
	f.Add("a.json", []byte("["+graphSignIn+"]"))
	f.Add("InteractiveSignIns.csv", []byte("Date (UTC),Request ID,Correlation ID,Sign-in error code,Location\n2024-01-01,1,2,50126,\"a, b\"\n"))
	f.Add("SigninLogs.csv.gz", []byte(gz("TimeGenerated [UTC],UserPrincipalName\n1,b\n")))
	f.Add("x.parquet", []byte("PAR1PAR1"))
	builtin := catalog.Builtin()
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		if name = strings.Map(func(r rune) rune {
			if r == '/' || r == 0 || r == '\\' {
				return '_'
			}
			return r
		}, name); name == "" || name == "." || name == ".." || len(name) > 40 {
			return
		}
		sink := &countSink{t, map[string]int{}}
		rep, err := Load(context.Background(), fstest.MapFS{name: {Data: text}}, Options{Limits: Limits{MaxRecord: 1 << 14}}, builtin.Clone(), sink)
		if err != nil {
			if strings.Contains(err.Error(), "invalid argument") || strings.Contains(err.Error(), "invalid name") {
				return
			}
			t.Fatal(err)
		}
		sum := 0
		for _, n := range sink.rows {
			sum += n
		}
		if rows, _ := rep.Rows(); rows != int64(sum) {
			t.Fatalf("report of %d rows, the sink got %d", rows, sum)
		}
	})
}

func BenchmarkSignIns(b *testing.B) {
	row := `{"TenantId":"7c759f10-811c-4db8-ad6d-f07d8ae3f8ea","SourceSystem":"Azure AD","TimeGenerated":"2024-05-01T10:00:00.1234567Z","ResourceId":"/tenants/2ad3fc79-1859-42fa-9011-6f8df2251b22/providers/Microsoft.aadiam","OperationName":"Sign-in activity","OperationVersion":"1.0","Category":"SignInLogs","ResultType":"50126","ResultSignature":"None","ResultDescription":"Invalid username or password or Invalid on-premise username or password.","DurationMs":0,"CorrelationId":"f9ff9ee8-d565-478b-bc95-8b4f0d468fe1","Resource":"Microsoft.aadiam","ResourceGroup":"Microsoft.aadiam","Identity":"Ada Lovelace","Level":"4","Location":"NL","AppDisplayName":"Azure Portal","AppId":"c44b4083-3bb0-49c1-b47d-974e53cbdf3c","AuthenticationDetails":"[{\"authenticationStepDateTime\":\"2024-05-01T09:59:58\",\"authenticationMethod\":\"Password\",\"succeeded\":false,\"authenticationStepResultDetail\":\"Incorrect password\"}]","AuthenticationRequirement":"singleFactorAuthentication","ClientAppUsed":"Browser","ConditionalAccessPolicies":[{"id":"p1","displayName":"Require MFA","enforcedGrantControls":["Mfa"],"enforcedSessionControls":[],"result":"notApplied","conditionsSatisfied":3,"conditionsNotSatisfied":0},{"id":"p2","displayName":"Block legacy","enforcedGrantControls":["Block"],"enforcedSessionControls":[],"result":"notApplied","conditionsSatisfied":1,"conditionsNotSatisfied":8}],"ConditionalAccessStatus":"notApplied","CreatedDateTime":"2024-05-01T09:59:58.123Z","DeviceDetail":{"deviceId":"","displayName":"","operatingSystem":"Windows 10","browser":"Edge 120.0.0","isCompliant":false,"isManaged":false,"trustType":""},"IsInteractive":true,"Id":"aa7b2d1e-1111-2222-3333-444455556666","IPAddress":"203.0.113.8","IsRisky":false,"LocationDetails":{"city":"Delft","state":"Zuid-Holland","countryOrRegion":"NL","geoCoordinates":{"latitude":52.0116,"longitude":4.3571}},"MfaDetail":null,"NetworkLocationDetails":"[]","OriginalRequestId":"aa7b2d1e-1111-2222-3333-444455556666","ProcessingTimeInMilliseconds":"123","RiskDetail":"none","RiskEventTypes":"[]","RiskEventTypes_V2":"[]","RiskLevelAggregated":"none","RiskLevelDuringSignIn":"none","RiskState":"none","ResourceDisplayName":"Windows Azure Service Management API","ResourceIdentity":"797f4846-ba00-4fd7-ba43-dac1f8f63013","Status":{"errorCode":50126,"failureReason":"Invalid username or password or Invalid on-premise username or password.","additionalDetails":"The user didn't enter the right credentials."},"TokenIssuerType":"AzureAD","UserAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0","UserDisplayName":"Ada Lovelace","UserId":"34070915-82ff-492a-801f-e90484e79248","UserPrincipalName":"ada@contoso.com","AADTenantId":"2ad3fc79-1859-42fa-9011-6f8df2251b22","UserType":"Member","FlaggedForReview":false,"Type":"SigninLogs"}` + "\n"
	const rows = 20000
	for _, bb := range []struct{ name, file, text string }{
		{"rows", "SigninLogs.json", strings.Repeat(row, rows)},
		{"diagnostic", "PT1H.json", strings.Repeat(diagnosticSignIn+"\n", rows)},
		{"graph", "x.json", "[" + strings.Repeat(graphSignIn+",", rows-1) + graphSignIn + "]"},
		{"csv", "SigninLogs.csv", "TimeGenerated,UserPrincipalName,ResultType,Status,IPAddress\n" + strings.Repeat("2024-05-01T10:00:00Z,ada@contoso.com,50126,\"{\"\"errorCode\"\":50126}\",203.0.113.8\n", rows)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			fsys := fstest.MapFS{bb.file: {Data: []byte(bb.text)}}
			b.SetBytes(int64(len(bb.text)))
			for b.Loop() {
				rep, err := Load(context.Background(), fsys, Options{Parallel: 1}, catalog.Builtin(), nullSink{})
				if err != nil {
					b.Fatal(err)
				}
				if n, _ := rep.Rows(); n != rows {
					b.Fatalf("%d rows: %s", n, rep)
				}
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

type nullSink struct{}

func (nullSink) Append(*catalog.Table, [][]types.Value) error { return nil }
