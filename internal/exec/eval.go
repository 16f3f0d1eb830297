package exec

import (
	"fmt"
	"math/rand/v2"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// Program is a bound expression ready to be computed over rows. It serves one goroutine at a time.
type Program struct {
	run func(row []types.Value) (types.Value, error)
}

// Compile makes a Program of an expression. slot tells at which place of a row a column stands. What reads
// a plan (in (table), toscalar) is refused.
func Compile(e rel.Expr, slot map[rel.ColID]int) (*Program, error) {
	run, err := compile(e, slot)
	if err != nil {
		return nil, err
	}
	return &Program{run}, nil
}

// Eval computes the expression over one row.
func (p *Program) Eval(row []types.Value) (types.Value, error) { return p.run(row) }

// True tells whether a predicate is true; null is not.
func (p *Program) True(row []types.Value) (bool, error) {
	v, err := p.run(row)
	return err == nil && !v.IsNull() && v.Bool(), err
}

type step = func(row []types.Value) (types.Value, error)

func compile(e rel.Expr, slot map[rel.ColID]int) (step, error) {
	switch e := e.(type) {
	case *rel.Lit:
		v := e.V
		return func([]types.Value) (types.Value, error) { return v, nil }, nil
	case *rel.ColRef:
		i, ok := slot[e.ID]
		if !ok {
			return nil, fmt.Errorf("the column %d is not among the operator's columns", e.ID)
		}
		return func(row []types.Value) (types.Value, error) { return row[i], nil }, nil
	case *rel.Call:
		return compileCall(e, slot)
	}
	return nil, fmt.Errorf("%T cannot be computed row by row", e)
}

func compileCall(c *rel.Call, slot map[rel.ColID]int) (step, error) {
	body := c.Fn.Go
	if c.Sig != nil && c.Sig.Go != nil {
		body = c.Sig.Go
	}
	if body == nil {
		body = c.Fn.Row
	}
	if body == nil {
		return nil, fmt.Errorf("the function %s cannot be computed row by row", c.Fn.Name)
	}
	args := make([]step, len(c.Args))
	ctx := &funcs.Ctx{Out: c.T, Args: make([]types.Type, len(c.Args)), Rand: rand.Uint64}
	for i, a := range c.Args {
		var err error
		if args[i], err = compile(a, slot); err != nil {
			return nil, err
		}
		ctx.Args[i] = a.Type()
	}
	switch {
	case c.Fn.Class == funcs.Scalar && (c.Fn.Name == "iff" || c.Fn.Name == "case"):
		return choose(args), nil
	case c.Fn.Class == funcs.Operator && (c.Fn.Name == "and" || c.Fn.Name == "or"):
		return logic(args, c.Fn.Name == "or", call(c, ctx, body, args)), nil
	}
	return call(c, ctx, body, args), nil
}

func call(c *rel.Call, ctx *funcs.Ctx, body funcs.Impl, args []step) step {
	vals := make([]types.Value, len(args))
	return func(row []types.Value) (types.Value, error) {
		// A call inside an argument has its own vals, so this one is free again when the arguments are known.
		for i, a := range args {
			v, err := a(row)
			if err != nil {
				return v, err
			}
			vals[i] = v
		}
		out := c.Fn.Call(ctx, body, vals)
		if err := ctx.TakeErr(); err != nil {
			return out, fmt.Errorf("%s: %w", c.Fn.Name, err)
		}
		return out, nil
	}
}

// choose is iff and case: only the branch that is taken is computed, so that a fault in another one does
// not count.
func choose(args []step) step {
	return func(row []types.Value) (types.Value, error) {
		for i := 0; i+1 < len(args); i += 2 {
			cond, err := args[i](row)
			if err != nil {
				return cond, err
			}
			if !cond.IsNull() && cond.Bool() {
				return args[i+1](row)
			}
		}
		return args[len(args)-1](row)
	}
}

// logic is and (or): where the first side decides, the second one is not computed.
func logic(args []step, decides bool, both step) step {
	return func(row []types.Value) (types.Value, error) {
		x, err := args[0](row)
		if err != nil || !x.IsNull() && x.Bool() == decides {
			return x, err
		}
		return both(row)
	}
}

// Slots numbers columns in order, for Compile.
func Slots(cols ...[]rel.Col) map[rel.ColID]int {
	out := map[rel.ColID]int{}
	n := 0
	for _, list := range cols {
		for _, c := range list {
			out[c.ID] = n
			n++
		}
	}
	return out
}

// Types are the types of an operator's columns.
type Types []types.Type

// Nulls is a row of nulls.
func (t Types) Nulls() []types.Value {
	out := make([]types.Value, len(t))
	for i := range t {
		out[i] = types.Null(t[i])
	}
	return out
}
