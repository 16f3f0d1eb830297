package conformance

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/bind"
	"github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	engine "github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/types"
)

// TestAggregateSQLAgainstGo computes every aggregate that has SQL both ways: in the engine over groups of
// odd values, and over no rows, and through the Go body.
func TestAggregateSQLAgainstGo(t *testing.T) {
	for _, f := range funcs.All().Funcs() {
		if f.Class != funcs.Aggregate || f.Agg == nil || f.Columns != nil {
			continue
		}
		for i := range f.Sigs {
			s := &f.Sigs[i]
			if !hasSQL(f, s) && f.SQL == "" && f.Lower == nil {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", f.Name, i), func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(3, uint64(len(f.Name))))
				for _, sh := range shapes(rnd, f, i) {
					compareAggregate(t, rnd, f, s, sh)
				}
			})
		}
	}
}

const aggregateGroups = 12

func compareAggregate(t *testing.T, rnd *rand.Rand, f *funcs.Func, s *funcs.Sig, sh shape) {
	in := &rel.Values{Out: []rel.Col{{ID: 1, Name: "g", Type: types.Long}, {ID: 2, Name: "n", Type: types.Long}}}
	var pools [][]types.Value
	var args []rel.Expr
	column := make([]int, len(sh)) // of argument i in a row, or -1 for a constant
	for i, typ := range sh {
		p, _ := s.Param(i, len(sh))
		if p.Const {
			args, column[i] = append(args, &rel.Lit{V: aggregateConstant(rnd, p, typ)}), -1
			continue
		}
		col := rel.Col{ID: rel.ColID(10 + i), Name: fmt.Sprintf("a%d", i), Type: typ}
		column[i] = len(in.Out)
		in.Out, args = append(in.Out, col), append(args, col.Ref())
		pools = append(pools, addable(pool(typ)))
	}
	limited := slices.Contains(column, -1)
	out := bind.ResultType(s, args)
	if out == types.Unknown {
		return
	}
	groups := make([][][]types.Value, aggregateGroups)
	for g := range groups {
		for range rnd.IntN(9) + 1 {
			row := []types.Value{types.LongOf(int64(g)), types.LongOf(int64(len(in.Rows)))}
			for _, p := range pools {
				row = append(row, p[rnd.IntN(len(p))])
			}
			in.Rows, groups[g] = append(in.Rows, row), append(groups[g], row)
		}
	}
	call := &rel.Call{Fn: f, Sig: s, Args: args, T: out}
	want := make([]types.Value, len(groups))
	for g, rows := range groups {
		var ok bool
		if want[g], ok = aggregateInGo(f, call, sh, rows, column); !ok {
			return
		}
	}
	got, err := aggregateInEngine(t, in, call, true)
	if err != nil {
		t.Errorf("%s: %v", describeAggregate(f, args), err)
		return
	}
	for g := range groups {
		if !equalAggregate(f, limited, got[g], want[g]) {
			t.Errorf("%s over %s: SQL gives %s, Go %s", describeAggregate(f, args), showRows(groups[g]), show(got[g]), show(want[g]))
			return
		}
	}
	none, ok := aggregateInGo(f, call, sh, nil, column)
	if !ok {
		return
	}
	if got, err = aggregateInEngine(t, &rel.Values{Out: in.Out}, call, false); err != nil {
		t.Errorf("%s over no rows: %v", describeAggregate(f, args), err)
	} else if len(got) != 1 || !equalAggregate(f, limited, got[0], none) {
		t.Errorf("%s over no rows: SQL gives %v, Go %s", describeAggregate(f, args), got, show(none))
	}
}

func aggregateInGo(f *funcs.Func, c *rel.Call, sh shape, rows [][]types.Value, column []int) (types.Value, bool) {
	cols := make([][]types.Value, len(sh))
	for i, at := range column {
		if at < 0 {
			cols[i] = []types.Value{c.Args[i].(*rel.Lit).V}
			continue
		}
		for _, r := range rows {
			cols[i] = append(cols[i], r[at])
		}
	}
	ctx := &funcs.Ctx{Out: c.T, Args: sh}
	v := f.Agg(ctx, len(rows), cols)
	if v.IsNull() {
		v = types.Null(c.T)
	}
	return v, ctx.Err() == nil
}

// aggregateInEngine returns the values of the groups, in the order of their numbers.
func aggregateInEngine(t *testing.T, in *rel.Values, c *rel.Call, grouped bool) ([]types.Value, error) {
	x := rel.Col{ID: 50, Name: "x", Type: c.T}
	agg := &rel.Aggregate{In: in, Aggs: []rel.AggItem{{Call: c, Outs: []rel.Col{x}}}, Order: []rel.Key{{Col: in.Out[1]}}}
	var order []rel.Key
	if grouped {
		g := rel.Col{ID: 51, Name: "k", Type: types.Long}
		agg.Keys = []rel.Item{{Col: g, Expr: in.Out[0].Ref()}}
		order = []rel.Key{{Col: g}}
	}
	for _, exact := range []bool{false, true} {
		st, err := duckdb.Write(agg, []rel.Col{x}, order, duckdb.Options{Exact: exact})
		if err != nil {
			return nil, err
		}
		tbl, err := store(t).Run(context.Background(), st, types.Schema{{Name: "x", Type: c.T}}, 0)
		if err != nil && !exact && errors.Is(err, engine.ErrOverflow) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var out []types.Value
		for _, r := range tbl.Rows {
			out = append(out, r[0])
		}
		return out, nil
	}
	return nil, nil
}

// aggregateConstant is a value for a parameter that must be a constant: a count or a percentage, mostly.
func aggregateConstant(rnd *rand.Rand, p funcs.Param, typ types.Type) types.Value {
	if len(p.Values) > 0 {
		return types.StringOf(p.Values[rnd.IntN(len(p.Values))]).To(typ)
	}
	switch typ {
	case types.Int, types.Long, types.Real, types.Decimal:
		return types.LongOf([]int64{1, 2, 50}[rnd.IntN(3)]).To(typ)
	case types.Bool:
		return types.BoolOf(rnd.IntN(2) == 0)
	}
	list := pool(typ)
	return list[rnd.IntN(len(list))]
}

// addable leaves out the reals whose sums depend on the order they are added in.
func addable(list []types.Value) []types.Value {
	return slices.DeleteFunc(slices.Clone(list), func(v types.Value) bool {
		return v.Type() == types.Real && !math.IsInf(v.Float64(), 0) && math.Abs(v.Float64()) > 1e15
	})
}

// equalAggregate compares as equal does, but sets in any order and sums with the error of their adding.
func equalAggregate(f *funcs.Func, limited bool, got, want types.Value) bool {
	if got.Type() != want.Type() {
		return false
	}
	if strings.Contains(f.Name, "set") && !got.IsNull() && !want.IsNull() {
		x, y := sortedItems(got), sortedItems(want)
		return slices.Equal(x, y) || limited && len(x) == len(y) // which members a limit keeps is left open
	}
	if got.Type() == types.Real && !got.IsNull() && !want.IsNull() {
		x, y := got.Float64(), want.Float64()
		if math.Abs(x-y) <= 1e-9*math.Max(1, math.Abs(y)) {
			return true
		}
	}
	return equal(got, want)
}

func sortedItems(v types.Value) []string {
	var out []string
	for _, n := range types.JSONOf(v).Items {
		out = append(out, n.String())
	}
	slices.Sort(out)
	return out
}

func describeAggregate(f *funcs.Func, args []rel.Expr) string {
	var w []string
	for _, a := range args {
		if v, ok := rel.Const(a); ok {
			w = append(w, show(v))
		} else {
			w = append(w, a.Type().String())
		}
	}
	return f.Name + "(" + strings.Join(w, ", ") + ")"
}

func showRows(rows [][]types.Value) string {
	var w []string
	for _, r := range rows {
		w = append(w, "("+showAll(r[2:])+")")
	}
	return strings.Join(w, " ")
}
