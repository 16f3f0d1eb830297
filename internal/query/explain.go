package query

import (
	"context"
	"fmt"

	"github.com/vedette-siem/vedette/internal/bind"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// StepCount is a stage of a query's pipes and how many rows it puts out.
type StepCount struct {
	Span  source.Span
	Text  string // the source or operator, as written
	Depth int    // 0 for the query's own pipe, more for the pipes inside it
	Rows  int64
}

// Explanation tells what became of a query at every step.
type Explanation struct {
	Compiled *Compiled
	Steps    []StepCount
}

// Explain compiles a query and counts the rows behind every operator, so that one sees at which step rows
// vanish. A stage that cannot stand alone (inside mv-apply) is left out.
func (e *Engine) Explain(ctx context.Context, req Request) (*Explanation, error) {
	if req.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, req.Timeout, ErrTimeout)
		defer cancel()
	}
	var steps []bind.Step
	seen := map[source.Span]bool{}
	bound, diags, err := e.bindWith(ctx, req, func(s bind.Step) {
		if !seen[s.Span] {
			seen[s.Span] = true
			steps = append(steps, s)
		}
	})
	if err != nil {
		return nil, err
	}
	now := types.TicksOf(req.Now)
	c, err := e.write(ctx, bound, diags, now, false)
	if err != nil {
		return nil, err
	}
	out := &Explanation{Compiled: c}
	count, ok := funcs.All().Lookup(funcs.Aggregate, "count")
	if !ok {
		return nil, fmt.Errorf("the catalogue lacks count")
	}
	for _, s := range steps {
		col := rel.Col{ID: largest(s.Plan) + 1, Name: "rows", Type: types.Long}
		agg := &rel.Aggregate{In: s.Plan, Aggs: []rel.AggItem{{Call: &rel.Call{Fn: count, Sig: &count.Sigs[0], T: types.Long}, Outs: []rel.Col{col}}}}
		var plan rel.Node = agg
		if w, ok := s.Plan.(*rel.With); ok {
			agg.In = w.Body
			plan = &rel.With{Shares: w.Shares, Body: agg}
		}
		stage, err := e.write(ctx, &bind.Result{Plan: plan, Columns: []rel.Col{col}}, source.Diagnostics{}, now, false)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			continue // it reads columns of rows around it
		}
		t, err := e.Store.Run(ctx, stage.Statement, schemaOf([]rel.Col{col}), 0)
		if err != nil {
			return nil, err
		}
		out.Steps = append(out.Steps, StepCount{Span: s.Span, Text: req.File.Text[s.Span.Start:s.Span.End], Depth: s.Depth, Rows: t.Rows[0][0].Int64()})
	}
	return out, nil
}

// largest is the largest number of a column in a plan.
func largest(n rel.Node) rel.ColID {
	var id rel.ColID
	for _, c := range n.Cols() {
		id = max(id, c.ID)
	}
	for _, in := range n.Inputs() {
		id = max(id, largest(in))
	}
	return id
}
