package conformance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/bind"
	"github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	engine "github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/types"
)

// TestSQLAgainstGo computes every overload that has SQL both ways over odd values: in the engine, with all
// arguments as columns and with each as a constant, and through the Go body, which is the meaning.
func TestSQLAgainstGo(t *testing.T) {
	for _, f := range funcs.All().Funcs() {
		if f.Class != funcs.Scalar && f.Class != funcs.Operator {
			continue
		}
		for i := range f.Sigs {
			s := &f.Sigs[i]
			if !hasSQL(f, s) || f.Body(s) == nil || f.Vol == funcs.PerRow {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s/%d", f.Family, f.Name, i), func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(1, uint64(len(f.Name)))) // one seed: a failure stays
				for _, sh := range shapes(rnd, f, i) {
					if compareShape(t, rnd, f, s, sh); t.Failed() {
						break // one is enough to see what is wrong
					}
				}
			})
		}
	}
}

func hasSQL(f *funcs.Func, s *funcs.Sig) bool {
	if s.SQL != "" || s.Lower != nil {
		return true
	}
	return (f.SQL != "" || f.Lower != nil) && s.Go == nil
}

// compareShape compares the two for one choice of argument types.
func compareShape(t *testing.T, rnd *rand.Rand, f *funcs.Func, s *funcs.Sig, sh shape) {
	pools := make([][]types.Value, len(sh))
	for i, typ := range sh {
		p, _ := s.Param(i, len(sh))
		pools[i] = argPool(p, typ)
	}
	rows := tuples(rnd, pools)
	in := &rel.Values{}
	for i, typ := range sh {
		in.Out = append(in.Out, rel.Col{ID: rel.ColID(i + 1), Name: fmt.Sprintf("a%d", i), Type: typ})
	}
	in.Rows = rows

	var calls []*rel.Call
	var fixed []int // the argument that is a constant in calls[i], or -1
	add := func(args []rel.Expr, at int) {
		var out types.Type
		if out = bind.ResultType(s, args); out == types.Unknown {
			return
		}
		calls, fixed = append(calls, &rel.Call{Fn: f, Sig: s, Args: args, T: out}), append(fixed, at)
	}
	constants := -1
	for i := range sh {
		if p, _ := s.Param(i, len(sh)); p.Const {
			constants = i
		}
	}
	columns := func() []rel.Expr {
		args := make([]rel.Expr, len(sh))
		for i, c := range in.Out {
			args[i] = c.Ref()
		}
		return args
	}
	if constants < 0 {
		add(columns(), -1)
	}
	for i := range sh {
		if constants >= 0 && i != constants {
			continue // an overload with two constants is tried through its examples
		}
		for _, v := range some(rnd, pools[i], maxConstants) {
			args := columns()
			args[i] = &rel.Lit{V: v}
			add(args, i)
		}
	}
	checkCalls(t, f, s, sh, in, calls, fixed)
}

// checkCalls computes calls in the engine, all at once where the body refuses none of the rows, and compares.
func checkCalls(t *testing.T, f *funcs.Func, s *funcs.Sig, sh shape, in *rel.Values, calls []*rel.Call, fixed []int) {
	var all []*rel.Call
	var allFixed []int
	for i, c := range calls {
		_, kept := expected(t, f, s, sh, in.Rows, c, fixed[i])
		switch {
		case len(kept) == len(in.Rows):
			all, allFixed = append(all, c), append(allFixed, fixed[i])
		case len(kept) > 0:
			compareCalls(t, f, s, sh, &rel.Values{Out: in.Out, Rows: kept}, calls[i:i+1], fixed[i:i+1])
		}
	}
	if len(all) > 0 {
		compareCalls(t, f, s, sh, in, all, allFixed)
	}
}

// deviates tells whether a difference is one that the declaration admits in Deviates: the text of a real that
// is taken out of a dynamic column may write its exponent in another form, which is the same number.
func deviates(f *funcs.Func, got, want types.Value) bool {
	if f.Name != "text_path" || f.Deviates == "" {
		return false
	}
	x, err := types.ParseJSON(got.ToText())
	y, err2 := types.ParseJSON(want.ToText())
	return err == nil && err2 == nil && equalJSON(x, y)
}

// expected computes a call through the Go body, for the rows that the body takes.
func expected(t *testing.T, f *funcs.Func, s *funcs.Sig, sh shape, rows [][]types.Value, c *rel.Call, fixed int) (want []types.Value, kept [][]types.Value) {
	ctx := &funcs.Ctx{Out: c.T, Args: sh, Now: types.TicksOf(evalTime)}
	for _, row := range rows {
		args := arguments(row, c, fixed)
		v, err := call(ctx, f, s, args)
		if err != nil {
			t.Errorf("%s of (%s): the Go body panics: %v", describe(f, sh, c, fixed), showAll(args), err)
			return nil, nil
		}
		if ctx.TakeErr() != nil {
			continue
		}
		if v.IsNull() {
			v = types.Null(c.T)
		}
		want, kept = append(want, v), append(kept, row)
	}
	return want, kept
}

// call runs the Go body and makes an error of a panic.
func call(ctx *funcs.Ctx, f *funcs.Func, s *funcs.Sig, args []types.Value) (v types.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return f.Call(ctx, f.Body(s), args), nil
}

func arguments(row []types.Value, c *rel.Call, fixed int) []types.Value {
	args := append([]types.Value(nil), row...)
	if fixed >= 0 {
		args[fixed] = c.Args[fixed].(*rel.Lit).V
	}
	return args
}

func compareCalls(t *testing.T, f *funcs.Func, s *funcs.Sig, sh shape, in *rel.Values, calls []*rel.Call, fixed []int) {
	got, err := compute(t, in, calls)
	if err != nil {
		for i, c := range calls { // find the call that fails
			if _, err := compute(t, in, []*rel.Call{c}); err != nil {
				t.Errorf("%s: %v", describe(f, sh, c, fixed[i]), err)
				return
			}
		}
		t.Errorf("%s: only all calls together fail: %v", f.Name, err)
		return
	}
	for i, c := range calls {
		want, _ := expected(t, f, s, sh, in.Rows, c, fixed[i])
		bad := 0
		for r := range in.Rows {
			if equal(got[r][i], want[r]) || deviates(f, got[r][i], want[r]) {
				continue
			}
			if bad++; bad <= 2 {
				t.Errorf("%s of (%s): SQL gives %s, Go %s", describe(f, sh, c, fixed[i]), showAll(arguments(in.Rows[r], c, fixed[i])), show(got[r][i]), show(want[r]))
			}
		}
		if bad > 0 {
			return
		}
	}
}

func argPool(p funcs.Param, typ types.Type) []types.Value {
	if len(p.Values) > 0 {
		var out []types.Value
		for _, w := range p.Values {
			out = append(out, types.StringOf(w).To(typ))
		}
		return out
	}
	return pool(typ)
}

// compute runs calls over rows, in their order. Where integers overflow it runs the exact form, as queries do.
func compute(t *testing.T, in *rel.Values, calls []*rel.Call) ([][]types.Value, error) {
	number := rel.Col{ID: 1000, Name: "row", Type: types.Long}
	numbered := &rel.Values{Out: append(append([]rel.Col(nil), in.Out...), number)}
	for i, r := range in.Rows {
		numbered.Rows = append(numbered.Rows, append(append([]types.Value(nil), r...), types.LongOf(int64(i))))
	}
	p := &rel.Project{In: numbered}
	var out []rel.Col
	var schema types.Schema
	for i, c := range calls {
		col := rel.Col{ID: rel.ColID(2000 + i), Name: fmt.Sprintf("x%d", i), Type: c.T}
		p.Items = append(p.Items, rel.Item{Col: col, Expr: c})
		out, schema = append(out, col), append(schema, types.Column{Name: col.Name, Type: col.Type})
	}
	p.Items = append(p.Items, rel.Item{Col: number, Expr: number.Ref()})
	var tbl types.Table
	for _, exact := range []bool{false, true} {
		st, err := duckdb.Write(p, out, []rel.Key{{Col: number}}, duckdb.Options{Exact: exact})
		if err != nil {
			return nil, err
		}
		tbl, err = store(t).Run(context.Background(), st, schema, 0)
		if err == nil {
			break
		}
		if exact || !errors.Is(err, engine.ErrOverflow) {
			return nil, err
		}
	}
	if len(tbl.Rows) != len(in.Rows) {
		return nil, fmt.Errorf("%d rows for %d", len(tbl.Rows), len(in.Rows))
	}
	return tbl.Rows, nil
}

func describe(f *funcs.Func, sh shape, c *rel.Call, fixed int) string {
	var w []string
	for i, t := range sh {
		if i == fixed {
			w = append(w, "const "+show(c.Args[i].(*rel.Lit).V))
		} else {
			w = append(w, t.String())
		}
	}
	return f.Name + "(" + strings.Join(w, ", ") + ")"
}

func showAll(args []types.Value) string {
	var w []string
	for _, a := range args {
		w = append(w, show(a))
	}
	return strings.Join(w, ", ")
}
