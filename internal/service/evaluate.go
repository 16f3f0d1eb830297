package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/sched"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/store"
	"github.com/vedette-siem/vedette/internal/types"
)

// evaluate is the scheduler's RunFunc: the rule's query over the window, with now() at its end, and the alerts. The
// window bounds TimeGenerated, or, for near-real-time rules, the time when rows were taken in; such a window is complete
// once the event log has settled it.
func (s *Service) evaluate(ctx context.Context, r *rule.Rule, w alert.Window) (sched.Result, error) {
	nrt := r.Kind == rule.NRT
	if nrt {
		if err := s.Events.Settle(ctx, w.To); err != nil {
			return sched.Result{}, err
		}
	}
	res, err := s.Engine.Run(ctx, query.Request{File: r.QueryFile, Now: w.To, From: w.From, To: w.To, ByIngestion: nrt, Single: true, MaxRows: s.conf.Query.MaxRows})
	if err != nil {
		return sched.Result{}, err
	}
	indicators := types.JSON{Kind: types.JSONObject}
	indicators.Set("ExecutionTimeMs", types.JSONOf(types.LongOf(res.Elapsed.Milliseconds())))
	return sched.Result{Rows: len(res.Rows), Alerts: alert.Evaluate(r, res.Table, w, nil), Indicators: indicators}, nil
}

// classify tells what an error of a run is. A query that does not compile, or whose result is too large, does so every
// time; a lack of memory or time may pass.
// https://learn.microsoft.com/azure/sentinel/troubleshoot-analytics-rules
func classify(err error) sched.Failure {
	f := sched.Failure{Code: "QueryExecution", Message: err.Error()}
	var ds *source.Diagnostics
	switch {
	case errors.As(err, &ds):
		f.Permanent, f.Code = true, "QuerySemantics"
		for _, d := range ds.List {
			if d.Severity == source.Error {
				f.Message = fmt.Sprintf("the query does not compile: %s %s", d.Code, d.Msg)
				break
			}
		}
	case errors.Is(err, store.ErrRows):
		f.Permanent, f.Code = true, "ResultTooLarge"
	case errors.Is(err, store.ErrMemory):
		f.Code = "MemoryLimit"
	case errors.Is(err, query.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		f.Code = "Timeout"
	}
	return f
}
