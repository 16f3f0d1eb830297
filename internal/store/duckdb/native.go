package duckdb

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"

	driverpkg "github.com/duckdb/duckdb-go/v2"

	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/types"
)

// nativesKey is under what a statement's context holds its native operators. They differ from statement to
// statement, and statements run side by side, so one function serves all and asks the context.
type nativesKey struct{}

// nativeFunc is that function. It implements the driver's ScalarFunc.
type nativeFunc struct{ config driverpkg.ScalarFuncConfig }

func newNativeFunc() (driverpkg.ScalarFunc, error) {
	number, err := driverpkg.NewTypeInfo(driverpkg.TYPE_INTEGER)
	if err != nil {
		return nil, err
	}
	text, err := driverpkg.NewTypeInfo(driverpkg.TYPE_VARCHAR)
	if err != nil {
		return nil, err
	}
	row, err := driverpkg.NewListInfo(text)
	if err != nil {
		return nil, err
	}
	rows, err := driverpkg.NewListInfo(row)
	if err != nil {
		return nil, err
	}
	return &nativeFunc{driverpkg.ScalarFuncConfig{InputTypeInfos: []driverpkg.TypeInfo{number, rows}, ResultTypeInfo: rows, SpecialNullHandling: true}}, nil
}

// Config implements the driver's ScalarFunc.
func (f *nativeFunc) Config() driverpkg.ScalarFuncConfig { return f.config }

// Executor implements the driver's ScalarFunc.
//
// The statement's context is taken when the statement is bound, because without a binder the driver would set it
// from several threads at once. Before it calls a binder it folds constant arguments, and ends the process over one
// that is null: the other functions have such arguments, and so they do without a context.
func (f *nativeFunc) Executor() driverpkg.ScalarFuncExecutor {
	return driverpkg.ScalarFuncExecutor{
		ScalarBinder: func(ctx context.Context, _ []driverpkg.ScalarUDFArg) (context.Context, error) { return ctx, nil },
		RowContextExecutor: func(ctx context.Context, in []driver.Value) (any, error) {
			return guarded(func(in []driver.Value) (any, error) { return runNative(ctx, in) })(in)
		},
	}
}

// someRows is after how many rows the loops over all rows look whether the statement was cancelled.
const someRows = 1 << 10

// runNative runs a native operator. Values come and go as text: the form in which every type of the engine
// can be written and read back.
func runNative(ctx context.Context, in []driver.Value) (any, error) {
	natives, _ := ctx.Value(nativesKey{}).([]dialect.Native)
	at, ok := in[0].(int32)
	if !ok || at < 0 || int(at) >= len(natives) {
		return nil, fmt.Errorf("the statement has no native operator %v", in[0])
	}
	op := natives[at]
	name := op.Op.Name()
	list, ok := in[1].([]any)
	if !ok {
		return nil, fmt.Errorf("%s: the engine gave %T for rows", name, in[1])
	}
	rows := make([][]types.Value, len(list))
	for i, r := range list {
		if i%someRows == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		cells, ok := r.([]any)
		if !ok || len(cells) != len(op.In) {
			return nil, fmt.Errorf("%s: the engine gave %T for a row", name, r)
		}
		rows[i] = make([]types.Value, len(cells))
		for j, c := range cells {
			v, err := fromText(c, op.In[j])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			rows[i][j] = v
		}
	}
	rowsOut, err := op.Op.Run(ctx, rows)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out := make([]any, len(rowsOut))
	for i, r := range rowsOut {
		if i%someRows == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		cells := make([]any, len(r))
		for j, v := range r {
			cells[j] = toText(v)
		}
		out[i] = cells
	}
	return out, nil
}

func fromText(c any, t types.Type) (types.Value, error) {
	s, ok := c.(string)
	if !ok {
		if c == nil {
			return types.Null(t), nil
		}
		return types.Value{}, fmt.Errorf("the engine gave %T for text", c)
	}
	switch t {
	case types.Bool:
		return types.BoolOf(s == "true"), nil
	case types.Int, types.Long, types.Datetime, types.Timespan:
		n, err := json.Number(s).Int64()
		if err != nil {
			return types.Value{}, err
		}
		return integer(n, t)
	case types.Real:
		x, ok := types.ParseReal(s)
		if !ok {
			return types.Value{}, fmt.Errorf("'%s' is no real", s)
		}
		return types.RealOf(x), nil
	}
	return value(s, t)
}

func toText(v types.Value) any {
	if v.IsNull() {
		return nil
	}
	switch v.Type() {
	case types.Bool:
		if v.Bool() {
			return "true"
		}
		return "false"
	case types.Datetime, types.Timespan:
		return types.LongOf(v.Int64()).ToText()
	case types.Int, types.Long, types.Real:
		return v.ToText()
	}
	return v.Text()
}
