package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

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
	Name     string          `json:"name,omitempty"` // of the result, where the query names it
	More     []batchResult   `json:"more,omitempty"` // the results behind the first one
	Open     bool            `json:"schema_open,omitempty"`
	Tables   []string        `json:"tables,omitempty"`
	Calls    []string        `json:"functions,omitempty"`
	Warnings []batchError    `json:"warnings,omitempty"`
	Error    *batchError     `json:"error,omitempty"`
}

// batchResult is a result behind the first one, of a query that gives several.
type batchResult struct {
	Name    string        `json:"name,omitempty"`
	Columns []batchColumn `json:"columns"`
	Rows    *[][]any      `json:"rows,omitempty"` // none where the query was only compiled
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

const (
	batchMaxRows = 1_000_000 // unless limits say otherwise
	batchMaxLine = 64 << 20
)

// batch answers queries line by line until the input ends. A bad line or query is answered with an error
// and nothing else is lost because of it. limits is the request that each query is run with.
func batch(ctx context.Context, eng *query.Engine, limits query.Request, in io.Reader, out io.Writer) error {
	if limits.MaxRows == 0 {
		limits.MaxRows = batchMaxRows
	}
	r := bufio.NewReaderSize(in, 1<<20)
	w := bufio.NewWriter(out)
	say := func(ans batchAnswer) error {
		text, err := marshal(ans)
		if err != nil { // a value that is no JSON must not end the batch
			if text, err = marshal(batchAnswer{ID: ans.ID, Error: &batchError{Message: "internal error: the result is no JSON: " + err.Error()}}); err != nil {
				return err
			}
		}
		_, err = w.WriteString(text + "\n")
		return errors.Join(err, w.Flush())
	}
	for {
		line, err := readLine(r)
		if len(bytes.TrimSpace(line)) > 0 {
			if err := say(safeAnswer(ctx, eng, limits, line)); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errLongLine):
			if err := say(batchAnswer{Error: &batchError{Message: err.Error()}}); err != nil {
				return err
			}
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

// errLongLine is the fault of a line that is no request because of its length. The line is passed over.
var errLongLine = fmt.Errorf("a line is longer than %d bytes", batchMaxLine)

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, more, err := r.ReadLine()
		if len(line) <= batchMaxLine {
			line = append(line, part...)
		}
		if err != nil || !more {
			if len(line) > batchMaxLine {
				return nil, errors.Join(errLongLine, err)
			}
			return line, err
		}
	}
}

// safeAnswer answers a line whatever happens in the middle.
func safeAnswer(ctx context.Context, eng *query.Engine, limits query.Request, line []byte) (ans batchAnswer) {
	var req batchRequest
	if err := json.Unmarshal(line, &req); err != nil {
		return batchAnswer{Error: &batchError{Message: "the line is no JSON request: " + err.Error()}}
	}
	defer func() {
		if p := recover(); p != nil {
			ans = batchAnswer{ID: req.ID, Error: &batchError{Message: fmt.Sprintf("internal error: %v", p)}}
		}
	}()
	return answer(ctx, eng, limits, req)
}

func answer(ctx context.Context, eng *query.Engine, q query.Request, req batchRequest) batchAnswer {
	ans := batchAnswer{ID: req.ID}
	q.File, q.Check = source.NewFile("", req.Query), req.Check
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
	ans.Rows = batchRows(res.Table)
	for i, o := range res.More {
		ans.More[i].Rows = batchRows(o.Table)
	}
	return ans
}

func batchRows(t types.Table) *[][]any {
	rows := make([][]any, len(t.Rows))
	for i, row := range t.Rows {
		rows[i] = make([]any, len(row))
		for j, v := range row {
			rows[i][j] = jsonValue(v)
		}
	}
	return &rows
}

func (a *batchAnswer) describe(c *query.Compiled) {
	for i, o := range c.Bound.Outputs {
		cols := []batchColumn{}
		for _, col := range o.Columns {
			cols = append(cols, batchColumn{col.Name, col.Type.String()})
		}
		if i == 0 {
			a.Name, a.Columns, a.Open = o.Name, cols, o.Open
			continue
		}
		a.More = append(a.More, batchResult{Name: o.Name, Columns: cols})
	}
	a.Tables, a.Calls = c.Bound.Tables, c.Bound.Functions
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
