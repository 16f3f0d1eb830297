package syntax

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/vedette-siem/vedette/internal/source"
)

// TEMP: not part of the delivery
func TestZZDiff(t *testing.T) {
	in := os.Getenv("ZZ_IN")
	if in == "" {
		t.Skip()
	}
	type rec struct {
		ID int    `json:"id"`
		Q  string `json:"q"`
	}
	out, _ := os.Create(os.Getenv("ZZ_OUT"))
	enc := json.NewEncoder(out)
	jsonLines(t, in, func(r rec) {
		f := source.NewFile("", r.Q)
		q, d := Parse(f)
		codes := []any{}
		for _, x := range d {
			codes = append(codes, []any{x.Code, x.Msg, x.Span.Start})
		}
		if len(d) == 0 {
			checkPrint(t, r.Q, q)
		}
		enc.Encode(map[string]any{"id": r.ID, "e": codes})
	})
	out.Close()
}
