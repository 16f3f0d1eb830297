package ingestion

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/dcr"
	"github.com/vedette-siem/vedette/internal/demo"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// signIns writes sign-ins of the demo as a sender does: a JSON array.
func signIns(tb testing.TB, n int) string {
	tb.Helper()
	cat := catalog.Builtin()
	enough := errors.New("enough")
	var records []string
	_, err := demo.Generate(demo.Options{Users: 200, SignIns: 1000, Days: 5}, func(table string) types.Schema {
		if table != demo.TableSigninLogs {
			return nil
		}
		t, _ := cat.Table(table)
		return t.Columns
	}, func(_ string, schema types.Schema, row []types.Value) error {
		if len(records) == n {
			return enough
		}
		rec := types.JSON{Kind: types.JSONObject}
		for i, v := range row {
			if !v.IsNull() && (v.Type() != types.String || v.Text() != "") {
				rec.Set(schema[i].Name, types.JSONOf(v))
			}
		}
		records = append(records, rec.String())
		return nil
	})
	if err != nil && !errors.Is(err, enough) {
		tb.Fatal(err)
	}
	return "[" + strings.Join(records, ",") + "]"
}

// BenchmarkLogs is a call of the Logs Ingestion API from its body to a log that does nothing: what events cost before
// they are stored.
func BenchmarkLogs(b *testing.B) {
	const records = 180 // about 1 MB
	cat := catalog.Builtin()
	t, _ := cat.Table("SigninLogs")
	wide := catalog.Table{Name: t.Name, Columns: append(append(types.Schema{}, t.Columns...), types.Column{Name: ingest.UnknownColumn, Type: types.Dynamic})}
	if err := cat.AddTable(wide); err != nil {
		b.Fatal(err)
	}
	rule, diags := dcr.Load(source.NewFile("", "name: lower\ndataFlows:\n- streams: [Microsoft-SigninLogs]\n  transformKql: source | where ResultType != 'x' | extend UserPrincipalName = tolower(UserPrincipalName)"), cat)
	if rule == nil {
		b.Fatal(diags.Error())
	}
	set, err := dcr.NewSet(dcr.Default(cat), rule)
	if err != nil {
		b.Fatal(err)
	}
	h := newHandler(b, discardLog{}, func(o *Options) {
		n := 0
		o.Rules, o.NewID = set.Rule, func() string { n++; return fmt.Sprint(n) }
	})
	body := signIns(b, records)
	for _, bb := range []struct{ name, rule, body, encoding string }{
		{"plain", "default", body, ""}, {"gzip", "default", packed(body), "gzip"}, {"transformed", "lower", body, ""},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				w := send(h, "/dataCollectionRules/"+bb.rule+"/streams/Microsoft-SigninLogs"+version, bb.body, "Content-Encoding", bb.encoding, requestID, "x")
				if w.Code != 204 {
					b.Fatal(w.Code, w.Body)
				}
			}
			b.ReportMetric(float64(records*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
