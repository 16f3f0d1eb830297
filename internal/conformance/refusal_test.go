package conformance

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// plainName tells the functions that are called by name and brackets.
var plainName = regexp.MustCompile(`^[A-Za-z_]\w*$`)

// takesColumns are the functions that the binder hands the columns in scope, whatever their arguments.
var takesColumns = map[string]bool{"pack_all": true, "bag_pack_columns": true}

// TestRefusals calls every function with too few, too many and wrongly typed arguments. What its overloads
// do not take must be refused with a diagnostic, by the standard code for the number of arguments.
func TestRefusals(t *testing.T) {
	e := query.New(catalog.New(), nil)
	var columns, names []string
	for _, typ := range types.Scalars() {
		columns = append(columns, "c_"+typ.String()+":"+typ.String())
		names = append(names, "c_"+typ.String())
	}
	table := "datatable(" + strings.Join(columns, ", ") + ")[]"
	for _, f := range funcs.All().Funcs() {
		if f.Hidden || !plainName.MatchString(f.Name) || takesColumns[f.Name] ||
			f.Class != funcs.Scalar && f.Class != funcs.Aggregate {
			continue
		}
		t.Run(f.Class.String()+" "+f.Name, func(t *testing.T) {
			check := func(args []string) error {
				call := f.Name + "(" + strings.Join(args, ", ") + ")"
				text := table + " | extend x = " + call
				if f.Class == funcs.Aggregate {
					text = table + " | summarize x = " + call
				}
				_, err := e.Compile(context.Background(), query.Request{File: source.NewFile("", text), Now: evalTime})
				if err != nil && code(err) == "" {
					t.Errorf("%s: %v", call, err)
				}
				return err
			}
			least, most := f.Arity()
			counts := []int{0, 1, least - 1, most + 1, most + 2}
			for _, n := range counts {
				if n < 0 || slices.ContainsFunc(f.Sigs, func(s funcs.Sig) bool { return s.Takes(n) }) {
					continue
				}
				err := check(slices.Repeat([]string{"c_long"}, n))
				if err == nil {
					t.Errorf("%s with %d arguments is taken", f.Name, n)
				} else if c := code(err); c != "KS119" && c != "KS120" && c != "KS121" && c != "KS118" {
					t.Errorf("%s with %d arguments: code %s, want KS119: %v", f.Name, n, c, err)
				}
			}
			// every type in every place: a diagnostic or a query, never a fault of ours
			n := max(least, 1)
			if most < 0 || n <= most {
				for i := range n {
					for _, c := range names {
						args := slices.Repeat([]string{"c_long"}, n)
						args[i] = c
						check(args)
					}
				}
				for _, c := range names {
					check(slices.Repeat([]string{c}, n))
				}
			}
			// what no overload takes in the first place, and nothing converts to
			if typ, ok := refused(f, n); ok {
				if err := check(append([]string{"c_" + typ.String()}, slices.Repeat([]string{"c_long"}, n-1)...)); err == nil {
					t.Errorf("%s takes a %s, though no overload says so", f.Name, typ)
				}
			}
		})
	}
}

// refused is a type that no overload of n arguments takes in the first place, not even converted.
func refused(f *funcs.Func, n int) (types.Type, bool) {
	var ts funcs.TypeSet
	for i := range f.Sigs {
		if p, ok := f.Sigs[i].Param(0, n); ok && f.Sigs[i].Takes(n) {
			ts |= p.Types
			if p.Common {
				return types.Unknown, false
			}
		}
	}
	for _, typ := range []types.Type{types.Guid, types.Bool, types.Datetime} {
		if ts != 0 && !ts.Has(typ) {
			return typ, true
		}
	}
	return types.Unknown, false
}

// TestOperatorRefusals tries every pair of types on every binary operator.
func TestOperatorRefusals(t *testing.T) {
	e := query.New(catalog.New(), nil)
	for _, f := range funcs.All().Funcs() {
		if f.Class != funcs.Operator || f.Hidden || f.Name == "." || f.Name == "[]" || f.Name == "path" || f.Name == "text_path" {
			continue
		}
		for _, x := range types.Scalars() {
			for _, y := range types.Scalars() {
				expr := fmt.Sprintf("x %s y", f.Name)
				switch {
				case f.Name == "neg" || f.Name == "pos":
					expr = map[string]string{"neg": "-x", "pos": "+x"}[f.Name]
				case strings.HasSuffix(f.Name, "between"):
					expr = fmt.Sprintf("x %s (y .. y)", f.Name)
				case strings.Contains(f.Name, "in") && !strings.Contains(f.Name, "contains"), strings.Contains(f.Name, "_a"):
					expr = fmt.Sprintf("x %s (y, y)", f.Name)
				}
				text := fmt.Sprintf("datatable(x:%s, y:%s)[] | extend z = %s", x, y, expr)
				_, err := e.Compile(context.Background(), query.Request{File: source.NewFile("", text), Now: evalTime})
				if err != nil && code(err) == "" {
					t.Errorf("%s: %v", text, err)
				}
			}
		}
	}
}
