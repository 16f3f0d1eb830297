package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// batchRequest is one line of the batch protocol: a query to run, or to compile only (check).
type batchRequest struct {
	ID    json.RawMessage `json:"id"`
	Query string          `json:"query"`
	Check bool            `json:"check"`
}

// batchAnswer is the answer to one line: columns and rows, or an error.
type batchAnswer struct {
	ID       json.RawMessage `json:"id"`
	Columns  []batchColumn   `json:"columns,omitempty"`
	Rows     *[][]any        `json:"rows,omitempty"`
	Open     bool            `json:"schema_open,omitempty"`
	Tables   []string        `json:"tables,omitempty"`
	Calls    []string        `json:"functions,omitempty"`
	Warnings []batchError    `json:"warnings,omitempty"`
	Error    *batchError     `json:"error,omitempty"`
}

type batchColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type batchError struct {
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
}

// batchLimits bound one query of a batch.
const (
	batchTimeout = 60 * time.Second
	batchMaxRows = 1_000_000
	batchMaxLine = 64 << 20
)

// batch answers queries line by line until the input ends. A bad line or query is answered with an error
// and nothing else is lost because of it.
func batch(ctx context.Context, eng *query.Engine, now time.Time, in io.Reader, out io.Writer) error {
	r := bufio.NewReaderSize(in, 1<<20)
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for {
		line, err := readLine(r)
		if len(line) > 0 {
			if err := enc.Encode(answer(ctx, eng, now, line)); err != nil {
				return err
			}
			if err := w.Flush(); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, more, err := r.ReadLine()
		line = append(line, part...)
		if err != nil || !more {
			return line, err
		}
		if len(line) > batchMaxLine {
			return nil, fmt.Errorf("a line is longer than %d bytes", batchMaxLine)
		}
	}
}

func answer(ctx context.Context, eng *query.Engine, now time.Time, line []byte) batchAnswer {
	var req batchRequest
	if err := json.Unmarshal(line, &req); err != nil {
		return batchAnswer{Error: &batchError{Message: "the line is no JSON request: " + err.Error()}}
	}
	ans := batchAnswer{ID: req.ID}
	q := query.Request{File: source.NewFile("", req.Query), Now: now, Timeout: batchTimeout, MaxRows: batchMaxRows, Check: req.Check}
	if req.Check {
		c, err := eng.Compile(ctx, q)
		if err != nil {
			ans.Error = batchFault(err)
			return ans
		}
		ans.describe(c)
		return ans
	}
	res, err := eng.Run(ctx, q)
	if err != nil {
		ans.Error = batchFault(err)
		return ans
	}
	ans.describe(res.Compiled)
	rows := make([][]any, len(res.Rows))
	for i, row := range res.Rows {
		rows[i] = make([]any, len(row))
		for j, v := range row {
			rows[i][j] = jsonValue(v)
		}
	}
	ans.Rows = &rows
	return ans
}

func (a *batchAnswer) describe(c *query.Compiled) {
	a.Columns = []batchColumn{}
	for _, col := range c.Columns {
		a.Columns = append(a.Columns, batchColumn{col.Name, col.Type.String()})
	}
	a.Open, a.Tables, a.Calls = c.Bound.Open, c.Bound.Tables, c.Bound.Functions
	for _, d := range c.Warnings.List {
		a.Warnings = append(a.Warnings, batchDiagnostic(&c.Warnings, d))
	}
}

func batchFault(err error) *batchError {
	var ds *source.Diagnostics
	if errors.As(err, &ds) {
		for _, d := range ds.List {
			if d.Severity == source.Error {
				e := batchDiagnostic(ds, d)
				return &e
			}
		}
	}
	return &batchError{Message: err.Error()}
}

func batchDiagnostic(ds *source.Diagnostics, d source.Diagnostic) batchError {
	p := ds.File.Position(d.Span.Start)
	return batchError{Code: d.Code, Message: d.Msg, Line: p.Line, Column: p.Column}
}

// jsonValue is a value as the batch protocol and JSON output show it.
func jsonValue(v types.Value) any {
	if v.IsNull() {
		return nil
	}
	switch v.Type() {
	case types.Bool:
		return v.Bool()
	case types.Int, types.Long:
		return v.Int64()
	case types.Real:
		f := v.Float64()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return types.FormatReal(f)
		}
		// With an exponent where Go's encoder would write a long integer: a reader must see a real.
		return json.RawMessage(strconv.FormatFloat(f, 'g', -1, 64))
	case types.Datetime, types.Timespan:
		return v.ToText()
	case types.Dynamic:
		return json.RawMessage(v.Text())
	}
	return v.Text()
}
