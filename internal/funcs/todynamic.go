package funcs

import "github.com/vedette-siem/vedette/internal/types"

// toDynamicFuncs are what the binder inserts where a typed value becomes dynamic.
var toDynamicFuncs = []*Func{
	{Name: "to_dynamic", Class: Operator, Hidden: true, Sigs: Sigs(RetDynamic, P("value", Any).RawType()),
		Lower: func(w Writer, c *Call) string {
			switch c.Args[0].Type {
			case types.Dynamic:
				return c.Args[0].SQL
			case types.String, types.Int, types.Long, types.Bool:
				return "nullif(" + w.JSON(c.Args[0]) + ", 'null')"
			}
			return ""
		},
		Go:   func(_ *Ctx, a []types.Value) types.Value { return types.JSONOf(a[0]).Value() },
		Doc:  "Holds a value as dynamic: a string stays a string, it is not parsed.",
		Page: "scalar-data-types/dynamic"},
}
