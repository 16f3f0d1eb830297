package conformance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/types"
)

// The random test grows this many queries of this many expressions, or as many as fit the time.
const (
	randomQueries     = 500
	randomExpressions = 10
	randomDepth       = 3
	randomTime        = 20 * time.Second
)

// TestRandom grows well-typed expressions from the catalogue. Each runs over columns, which is the SQL, and
// over the same values as constants, which is folded; both must run and agree.
func TestRandom(t *testing.T) {
	e := emptyWorkspace(t)
	start := time.Now()
	g := newGrower()
	ran := 0
	for seed := range uint64(randomQueries) {
		if time.Since(start) > randomTime {
			t.Logf("stopped after %d queries: out of time", seed)
			break
		}
		g.rnd = rand.New(rand.NewPCG(4, seed))
		row := map[types.Type]types.Value{}
		var columns []string
		for _, typ := range types.Scalars() {
			list := notNull(addable(pool(typ)))
			row[typ] = list[g.rnd.IntN(len(list))]
			columns = append(columns, "c_"+typ.String()+" = "+literal(row[typ]))
		}
		head := "print " + strings.Join(columns, ", ") + " | project "
		for range randomExpressions {
			expr := g.expression(types.Scalars()[g.rnd.IntN(len(types.Scalars()))], randomDepth)
			folded := expr
			for _, typ := range types.Scalars() {
				folded = strings.ReplaceAll(folded, "c_"+typ.String(), literal(row[typ]))
			}
			a, err := run(e, head+"x = "+expr)
			b, err2 := run(e, "print x = "+folded)
			switch {
			case internal(err):
				t.Errorf("seed %d: %s: %v", seed, head+"x = "+expr, err)
			case internal(err2):
				t.Errorf("seed %d: print x = %s: %v", seed, folded, err2)
			case err != nil || err2 != nil: // refused: values out of range and the like
			case !equalRounded(a.Rows[0][0], b.Rows[0][0]):
				t.Errorf("seed %d: print x = %s: folded %s, over columns %s", seed, folded, show(b.Rows[0][0]), show(a.Rows[0][0]))
			default:
				ran++
			}
		}
	}
	if least := randomQueries * randomExpressions / 3; ran < least && time.Since(start) < randomTime {
		t.Errorf("only %d expressions ran in both forms, want %d: the grower makes too many that are refused", ran, least)
	}
	t.Logf("%d expressions agree", ran)
}

// equalRounded is equal with room for the errors of nested real arithmetic.
func equalRounded(a, b types.Value) bool {
	if a.Type() == types.Real && b.Type() == types.Real && !a.IsNull() && !b.IsNull() {
		x, y := a.Float64(), b.Float64()
		if math.Abs(x-y) <= 1e-9*math.Max(1, math.Max(math.Abs(x), math.Abs(y))) {
			return true
		}
	}
	return equal(a, b)
}

// notNull leaves the null out: as a literal it may take the type of what stands beside it, which a column
// does not. Nulls come from calls that give them.
func notNull(list []types.Value) []types.Value {
	return slices.DeleteFunc(slices.Clone(list), types.Value.IsNull)
}

// grower makes expressions of a wanted type.
type grower struct {
	rnd    *rand.Rand
	byType map[types.Type][]candidate
	// columns are the names of the columns of a type, or nil: c_long and so on.
	columns map[types.Type][]string
}

type candidate struct {
	f *funcs.Func
	s *funcs.Sig
}

func newGrower() *grower {
	g := &grower{byType: map[types.Type][]candidate{}}
	for _, f := range funcs.All().Funcs() {
		infix := f.Class == funcs.Operator && strings.Contains(" + - * / % == != < <= > >= and or has contains startswith endswith =~ ", " "+f.Name+" ")
		if f.Hidden || f.Vol != funcs.Pure || f.Columns != nil || takesColumns[f.Name] || makesArrays[f.Name] ||
			!infix && (f.Class != funcs.Scalar || !plainName.MatchString(f.Name)) {
			continue
		}
		for i := range f.Sigs {
			s := &f.Sigs[i]
			for _, t := range types.Scalars() {
				if s.Out.Kind == funcs.OutDeclared && s.Out.Type != t || s.Out.Kind == funcs.OutCustom {
					continue
				}
				g.byType[t] = append(g.byType[t], candidate{f, s})
			}
		}
	}
	return g
}

// column names a column of a type; where there is none it writes a constant.
func (g *grower) column(t types.Type) string {
	if g.columns == nil {
		return "c_" + t.String()
	}
	if names := g.columns[t]; len(names) > 0 {
		return names[g.rnd.IntN(len(names))]
	}
	list := notNull(pool(t))
	return literal(list[g.rnd.IntN(len(list))])
}

func (g *grower) expression(t types.Type, depth int) string {
	if depth == 0 || g.rnd.IntN(5) == 0 || len(g.byType[t]) == 0 {
		if g.rnd.IntN(3) > 0 {
			return g.column(t)
		}
		list := notNull(pool(t))
		return literal(list[g.rnd.IntN(len(list))])
	}
	c := g.byType[t][g.rnd.IntN(len(g.byType[t]))]
	n := len(c.s.Params)
	if !c.s.Takes(n) || g.rnd.IntN(4) == 0 {
		n, _ = c.f.Arity()
	}
	args := make([]string, n)
	for i := range args {
		p, ok := c.s.Param(i, n)
		if !ok {
			return g.column(t)
		}
		args[i] = g.argument(c.s, p, t, depth)
	}
	if c.f.Class == funcs.Operator {
		if len(args) != 2 {
			return g.column(t)
		}
		return "(" + args[0] + " " + c.f.Name + " " + args[1] + ")"
	}
	return c.f.Name + "(" + strings.Join(args, ", ") + ")"
}

func (g *grower) argument(s *funcs.Sig, p funcs.Param, t types.Type, depth int) string {
	ts := p.Types.Types()
	typ := ts[g.rnd.IntN(len(ts))]
	if s.Out.Kind != funcs.OutDeclared && p.Types.Has(t) && !p.Const {
		typ = t
	}
	switch {
	case len(p.Values) > 0:
		return fmt.Sprintf("%q", p.Values[g.rnd.IntN(len(p.Values))])
	case p.Const:
		list := notNull(pool(typ))
		return literal(list[g.rnd.IntN(len(list))])
	}
	return g.expression(typ, depth-1)
}
