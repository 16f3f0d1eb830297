package conformance

import (
	"testing"

	"github.com/vedette-siem/vedette/internal/funcs"
)

// leastExamples: one ordinary, one null or empty, one at an edge.
const leastExamples = 3

// TestWhole demands of every function what readers, users and the other tests rely on.
func TestWhole(t *testing.T) {
	for _, f := range funcs.All().Funcs() {
		t.Run(f.Class.String()+" "+f.Name, func(t *testing.T) {
			if len(f.Sigs) == 0 {
				t.Error("no overload")
			}
			for i := range f.Sigs {
				checkSig(t, f, &f.Sigs[i])
			}
			if f.Hidden {
				return
			}
			if f.Doc == "" || f.Doc[len(f.Doc)-1] != '.' {
				t.Errorf("Doc is no sentence: %q", f.Doc)
			}
			if f.Page == "" {
				t.Error("no page of the KQL reference")
			}
			if len(f.Examples) < leastExamples {
				t.Errorf("%d examples, want %d or more", len(f.Examples), leastExamples)
			}
		})
	}
}

// checkSig demands that an overload can be computed, and that its parameters make sense.
func checkSig(t *testing.T, f *funcs.Func, s *funcs.Sig) {
	body := s.Go != nil || f.Go != nil
	sql := s.SQL != "" || s.Lower != nil || f.SQL != "" || f.Lower != nil
	switch f.Class {
	case funcs.Scalar, funcs.Operator:
		if !body && (!f.Hidden || !sql) {
			t.Errorf("%s has no Go body", f.Signature(s))
		}
	case funcs.Aggregate:
		if f.Agg == nil && f.Pick == nil {
			t.Errorf("%s has no Go body", f.Signature(s))
		}
	case funcs.Window: // the binder makes nodes of them; see TestExamples
		if body || sql {
			t.Errorf("%s has a body that nobody calls", f.Signature(s))
		}
	default:
		t.Errorf("%s: a %s is not listed here", f.Signature(s), f.Class)
	}
	optional := false
	for _, p := range s.Params {
		if p.Name == "" || p.Types == 0 {
			t.Errorf("%s: a parameter without a name or types", f.Signature(s))
		}
		if optional && !p.Opt && !p.Rep {
			t.Errorf("%s: '%s' must be given but stands behind one that may be left out", f.Signature(s), p.Name)
		}
		optional = optional || p.Opt
		if len(p.Values) > 0 && !p.Const {
			t.Errorf("%s: '%s' has a list of values but need not be a constant", f.Signature(s), p.Name)
		}
	}
}
