package desk

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/content"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/state"
)

func TestRuleRecords(t *testing.T) {
	text, err := content.FS.ReadFile(content.FoundingRule)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := rule.Load(source.NewFile(content.FoundingRule, string(text)))
	s, err := Record(r, at, "ann")
	if err != nil || s.ID != r.ID || s.Kind != "Scheduled" || !s.Enabled || s.By != "ann" || !strings.Contains(s.Text, `"alertRuleTemplateName":"`+r.ID) {
		t.Fatalf("%+v, %v", s, err)
	}
	s.Enabled = false
	got, err := Rule(s)
	if err != nil {
		t.Fatal(err)
	}
	if got.Enabled || got.QueryFile.Text != r.Query || !reflect.DeepEqual(got.EntityMappings, r.EntityMappings) || got.QueryPeriod != r.QueryPeriod || got.ID != r.ID {
		t.Errorf("%+v\nexpected %+v", got, r)
	}
	if got, err := Rule(state.Rule{ID: "f", Kind: "Fusion", Text: "?"}); got != nil || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Rule(state.Rule{ID: "x", Kind: "NRT", Text: "{}"}); !errors.Is(err, state.ErrCorrupt) {
		t.Errorf("error %v", err)
	}
	r.Kind = rule.Hunting
	if _, err := Record(r, at, "ann"); err == nil {
		t.Error("a hunting query is scheduled")
	}
}
