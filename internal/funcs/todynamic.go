package funcs

import (
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

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

// splitFuncs are what rewrites put in the place of split() where only one part is wanted.
var splitFuncs = []*Func{
	{Name: "split_at", Class: Operator, Hidden: true, Page: "split-function",
		Sigs: Sigs(RetString, P("source", String), P("delimiter", String).Constant(), P("index", Integer).Constant()),
		SQL:  "coalesce(string_split($1, $2)[$3], '')",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			parts := strings.Split(a[0].Text(), a[1].Text())
			i := a[2].Int64()
			if i < 0 {
				i += int64(len(parts)) + 1
			}
			if i < 1 || i > int64(len(parts)) {
				return types.StringOf("")
			}
			return types.StringOf(parts[i-1])
		},
		Doc: "Gives part number index, from 1, of a text split at a delimiter; a negative index counts from the end."},
}
