package duckdb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"sync"

	driverpkg "github.com/duckdb/duckdb-go/v2"

	dialect "github.com/vedette-siem/vedette/internal/dialect/duckdb"
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/types"
)

// register makes the functions of a statement known to the engine, each once.
func (e *Engine) register(st dialect.Statement) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	add := func(name string, newFunc func() (driverpkg.ScalarFunc, error)) error {
		if e.udfs[name] {
			return nil
		}
		f, err := newFunc()
		if err == nil {
			err = driverpkg.RegisterScalarUDF(e.conn, name, f)
		}
		if err != nil {
			return fmt.Errorf("function %s: %w", name, err)
		}
		e.udfs[name] = true
		return nil
	}
	for _, u := range st.UDFs {
		if err := add(u.Name, func() (driverpkg.ScalarFunc, error) { return newUDF(u, &e.runs) }); err != nil {
			return err
		}
	}
	if len(st.Natives) > 0 {
		return add(dialect.NativeFunc, newNativeFunc)
	}
	return nil
}

// udf is a catalogue function as the engine calls it. It implements the driver's ScalarFunc.
type udf struct {
	def    dialect.UDF
	runs   *runs
	config driverpkg.ScalarFuncConfig
	pool   sync.Pool // of *funcs.Ctx: one call at a time uses one
}

func newUDF(u dialect.UDF, of *runs) (*udf, error) {
	f := &udf{def: u, runs: of}
	f.pool.New = func() any { return &funcs.Ctx{Out: u.Out, Args: u.Args, Rand: rand.Uint64} }
	f.config.SpecialNullHandling = true
	var err error
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
	if u.Run {
		number, err := typeInfo(types.Long)
		if err != nil {
			return nil, err
		}
		f.config.InputTypeInfos = append(f.config.InputTypeInfos, number)
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
	if f.def.Agg != nil {
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

// context splits off the argument that tells which run a call belongs to, and gives the run's context, which has not
// ended.
func (f *udf) context(in []driver.Value) (context.Context, []driver.Value, error) {
	if !f.def.Run {
		return context.Background(), in, nil
	}
	id, ok := in[len(in)-1].(int64)
	if !ok {
		return nil, nil, fmt.Errorf("the engine gave %T for the number of a run", in[len(in)-1])
	}
	ctx, err := f.runs.context(id)
	return ctx, in[:len(in)-1], err
}

func (f *udf) scalar(in []driver.Value) (res any, err error) {
	defer f.recover(&err)
	_, in, err = f.context(in)
	if err != nil {
		return nil, err
	}
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
	ctx, in, err := f.context(in)
	if err != nil {
		return nil, err
	}
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
			if j%someRows == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
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
