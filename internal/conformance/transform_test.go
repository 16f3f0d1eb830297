package conformance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/dcr"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// TestTransformations runs pipes as transformations, in Go row by row, and as queries in the engine: both give the
// same rows. What parse is made of has no Go body outside of transformations, so its kinds are gone through.
func TestTransformations(t *testing.T) {
	texts := []string{"", "alpha beta", "user=ada ip=10.0.0.1 port=443 end", "user=ada ip=10.0.0.1 port=x end", "USER=Eve ip= port=1 end", "a=1;b=2;c=", "a=;b=;c=;", "x [1] y [2] z",
		"line one\nline two=3", "é=ü ö", "user=ada user=eve ip=1 port=2 end", "12 34", strings.Repeat("filler ", 200) + "user=long ip=::1 port=7 end", `{"a":1} tail`, "2024-01-01 10:00:00 went"}
	pipes := []string{
		"parse s with 'user=' u ' ip=' i ' port=' p:long ' end'",
		"parse s with * 'user=' u ' ip=' i ' port=' p:int *",
		"parse kind=relaxed s with * 'user=' u ' ip=' i ' port=' p:long ' end' *",
		"parse s with * 'user=' u ' ip' *",
		"parse s with * '=' u ' ' *",
		"parse s with a ' ' b",
		"parse s with a:long ' ' b:long",
		"parse s with * '[' a:long ']' * '[' b:long ']' *",
		"parse s with d:datetime ' went'",
		"parse s with a:dynamic ' tail'",
		"parse kind=regex s with 'user=' u 'ip=.*port=' p:long '.*'",
		"parse kind=regex flags=i s with 'USER=' u ' ip' * ",
		"parse kind=regex flags=U s with * '=' u ';' *",
		"parse kind=regex s with * '=(.)' u ';' *",
		"parse s with 'a=' a ';b=' b ';c=' c",
		"parse s with *",
		"extend n = strlen(s), w = split(s, ' ') | where n > 5 | project-away s",
		"where s has 'user' or s startswith 'X' | extend u = extract('user=([a-z]+)', 1, s), up = toupper(s)",
		"extend j = parse_json(s) | extend a = toint(j.a), t = gettype(j.a) | project-rename z = s",
		"project TimeGenerated, x = case(s == '', 'none', s contains '=', 'pairs', 'text'), y = iff(isempty(s), int(null), strlen(s)), h = hash_sha256(s)",
	}
	var rows, body strings.Builder
	for i, s := range texts {
		fmt.Fprintf(&rows, "datetime(2024-01-%02d), %s, ", i+1, kqlString(s))
		fmt.Fprintf(&body, `{"TimeGenerated":"2024-01-%02d","s":%s}`+"\n", i+1, types.QuoteJSON(s))
	}
	e := emptyWorkspace(t)
	for _, pipe := range pipes {
		want, err := run(e, "datatable(TimeGenerated:datetime, s:string)["+rows.String()+"] | "+pipe)
		if err != nil {
			t.Errorf("%s: %v", pipe, err)
			continue
		}
		cat := catalog.New()
		if err := cat.AddTable(catalog.Table{Name: "Out_CL", Columns: want.Schema}); err != nil {
			t.Fatal(err)
		}
		rule := "name: r\nstreamDeclarations: {Custom-In: {columns: [{name: TimeGenerated, type: datetime}, {name: s, type: string}]}}\n" +
			"dataFlows:\n- streams: [Custom-In]\n  outputStream: Custom-Out_CL\n  transformKql: " + types.QuoteJSON("source | "+pipe)
		r, diags := dcr.Load(source.NewFile("", rule), cat)
		if r == nil {
			t.Errorf("%s: %s", pipe, diags.Error())
			continue
		}
		stream, _ := r.Stream("Custom-In")
		d, err := ingest.NewDecoder(strings.NewReader(body.String()), stream.Input, ingest.DecoderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		in, err := d.Next()
		if err != nil || len(in) != len(texts) {
			t.Fatal(len(in), err)
		}
		got, err := stream.Flows[0].Run(in, ingest.Stamp{}, true)
		if err != nil {
			t.Errorf("%s: %v", pipe, err)
			continue
		}
		if len(got) != len(want.Rows) {
			t.Errorf("%s: %d rows, the engine gives %d", pipe, len(got), len(want.Rows))
			continue
		}
		for i, row := range got {
			for c, v := range row {
				if !equal(v, want.Rows[i][c]) {
					t.Errorf("%s: row %d: %s is %s, in the engine %s", pipe, i+1, want.Schema[c].Name, show(v), show(want.Rows[i][c]))
				}
			}
		}
	}
}
