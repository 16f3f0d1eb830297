package duckdb

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"

	driverpkg "github.com/duckdb/duckdb-go/v2"

	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/types"
)

// register makes the functions of a statement known to the engine, each once.
func (e *Engine) register(udfs []dialect.UDF) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, u := range udfs {
		name := u.Name
		if u.Native == nil && e.udfs[name] {
			continue
		}
		f, err := newUDF(u)
		if err != nil {
			return fmt.Errorf("function %s: %w", name, err)
		}
		if err := driverpkg.RegisterScalarUDF(e.conn, name, f); err != nil {
			return fmt.Errorf("function %s: %w", name, err)
		}
		e.udfs[name] = true
	}
	return nil
}

// udf is a catalogue function as the engine calls it. It implements the driver's ScalarFunc.
type udf struct {
	def    dialect.UDF
	config driverpkg.ScalarFuncConfig
	pool   sync.Pool // of *funcs.Ctx: one call at a time uses one
}

func newUDF(u dialect.UDF) (*udf, error) {
	f := &udf{def: u}
	f.pool.New = func() any { return &funcs.Ctx{Out: u.Out, Args: u.Args, Rand: rand.Uint64} }
	f.config.SpecialNullHandling = true
	var err error
	if u.Native != nil {
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
		f.config.InputTypeInfos, f.config.ResultTypeInfo = []driverpkg.TypeInfo{rows}, rows
		return f, nil
	}
	f.config.Volatile = u.Fn.Vol == funcs.PerRow
	for _, t := range u.Args {
		info, err := typeInfo(t)
		if err == nil && u.Agg != nil {
			info, err = driverpkg.NewListInfo(info)
		}
		if err != nil {
			return nil, err
		}
		f.config.InputTypeInfos = append(f.config.InputTypeInfos, info)
	}
	f.config.ResultTypeInfo, err = typeInfo(u.Out)
	return f, err
}

func typeInfo(t types.Type) (driverpkg.TypeInfo, error) {
	switch t {
	case types.Bool:
		return driverpkg.NewTypeInfo(driverpkg.TYPE_BOOLEAN)
	case types.Int:
		return driverpkg.NewTypeInfo(driverpkg.TYPE_INTEGER)
	case types.Long, types.Datetime, types.Timespan:
		return driverpkg.NewTypeInfo(driverpkg.TYPE_BIGINT)
	case types.Real:
		return driverpkg.NewTypeInfo(driverpkg.TYPE_DOUBLE)
	}
	return driverpkg.NewTypeInfo(driverpkg.TYPE_VARCHAR)
}

// Config implements the driver's ScalarFunc.
func (f *udf) Config() driverpkg.ScalarFuncConfig { return f.config }

// Executor implements the driver's ScalarFunc.
func (f *udf) Executor() driverpkg.ScalarFuncExecutor {
	switch {
	case f.def.Native != nil:
		return driverpkg.ScalarFuncExecutor{RowExecutor: guarded(f.native)}
	case f.def.Agg != nil:
		return driverpkg.ScalarFuncExecutor{RowExecutor: guarded(f.aggregate)}
	}
	return driverpkg.ScalarFuncExecutor{RowExecutor: guarded(f.scalar)}
}

// guarded makes an error of a panic: the engine calls from threads of its own, where nobody else recovers,
// and one bad query must not end the process.
func guarded(f func(in []driver.Value) (any, error)) func(in []driver.Value) (any, error) {
	return func(in []driver.Value) (out any, err error) {
		defer func() {
			if p := recover(); p != nil {
				out, err = nil, fmt.Errorf("internal error: %v", p)
			}
		}()
		return f(in)
	}
}

// recover turns a panic of a body into an error: one that left the callback would end the process.
func (f *udf) recover(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("internal error in %s: %v", f.def.Name, p)
	}
}

func (f *udf) scalar(in []driver.Value) (res any, err error) {
	defer f.recover(&err)
	args := make([]types.Value, len(in))
	for i, v := range in {
		if args[i], err = value(v, f.def.Args[i]); err != nil {
			return nil, err
		}
	}
	c := f.pool.Get().(*funcs.Ctx)
	out := f.def.Fn.Call(c, f.def.Body, args)
	err = c.TakeErr()
	f.pool.Put(c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.def.Fn.Name, err)
	}
	return native(out), nil
}

func (f *udf) aggregate(in []driver.Value) (res any, err error) {
	defer f.recover(&err)
	n := 0
	cols := make([][]types.Value, len(in))
	for i, v := range in {
		list, ok := v.([]any)
		if !ok && v != nil {
			return nil, fmt.Errorf("%s: the engine gave %T for a list", f.def.Fn.Name, v)
		}
		n = max(n, len(list))
		cols[i] = make([]types.Value, len(list))
		for j, x := range list {
			if cols[i][j], err = value(x, f.def.Args[i]); err != nil {
				return nil, err
			}
		}
	}
	c := f.pool.Get().(*funcs.Ctx)
	out := f.def.Agg(c, n, cols)
	err = c.TakeErr()
	f.pool.Put(c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.def.Fn.Name, err)
	}
	return native(out), nil
}

// native runs a native operator. Values come and go as text: the form in which every type of the engine
// can be written and read back.
func (f *udf) native(in []driver.Value) (res any, err error) {
	defer f.recover(&err)
	list, ok := in[0].([]any)
	if !ok {
		return nil, fmt.Errorf("%s: the engine gave %T for rows", f.def.Native.Name(), in[0])
	}
	rows := make([][]types.Value, len(list))
	for i, r := range list {
		cells, ok := r.([]any)
		if !ok || len(cells) != len(f.def.In) {
			return nil, fmt.Errorf("%s: the engine gave %T for a row", f.def.Native.Name(), r)
		}
		rows[i] = make([]types.Value, len(cells))
		for j, c := range cells {
			v, err := fromText(c, f.def.In[j])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.def.Native.Name(), err)
			}
			rows[i][j] = v
		}
	}
	rowsOut, err := f.def.Native.Run(rows)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.def.Native.Name(), err)
	}
	out := make([]any, len(rowsOut))
	for i, r := range rowsOut {
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
