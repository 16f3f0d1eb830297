package funcs

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// systemFuncs read the evaluation context: its time, and chance. Functions that tell of a cluster, its
// principals or its cursors have no counterpart here and are not in the catalogue.
var systemFuncs = []*Func{
	{Name: "now", Class: Scalar, Vol: PerQuery, Sigs: Sigs(RetDatetime, P("offset", Timespan).Optional()), Page: "now-function",
		Go: func(c *Ctx, a []types.Value) types.Value {
			if len(a) == 0 {
				return types.DatetimeOf(c.Now)
			}
			return shifted(c.Now, a[0].Int64(), addTicks)
		},
		Doc:      "Gives the evaluation time of the query, moved by an offset.",
		Examples: []Example{{`now() == now()`, `true`}, {`now(timespan(null))`, `datetime(null)`}, {`now(1d) - now()`, `1d`}}},
	{Name: "ago", Class: Scalar, Vol: PerQuery, Sigs: Sigs(RetDatetime, P("timespan", Timespan)), Page: "ago-function",
		Go:       func(c *Ctx, a []types.Value) types.Value { return shifted(c.Now, a[0].Int64(), subTicks) },
		Doc:      "Gives the evaluation time of the query, less a timespan.",
		Examples: []Example{{`now() - ago(1h)`, `1h`}, {`ago(timespan(null))`, `datetime(null)`}, {`ago(-1d) - now()`, `1d`}}},
	{Name: "rand", Class: Scalar, Vol: PerRow, Sigs: Sigs(RetReal, P("number", Integer).Optional()), Result: FirstArg, Page: "rand-function",
		Go: func(c *Ctx, a []types.Value) types.Value {
			r := float64(c.Rand()>>11) / (1 << 53)
			if len(a) == 0 {
				return types.RealOf(r)
			}
			return types.RealOf(math.Floor(r * float64(max(a[0].Int64(), 1))))
		},
		Lower: func(_ Writer, c *Call) string {
			if len(c.Args) == 0 {
				return "random()"
			}
			return Expand("floor(random() * ($1 + greatest(1 - $1, 0)))", c)
		},
		Doc:      "Gives a random real from 0 to below 1, or a random integral real from 0 to below a number.",
		Examples: []Example{{`rand() < 1.0`, `true`}, {`rand(int(null))`, `real(null)`}, {`rand(1)`, `0.0`}}},
	{Name: "new_guid", Class: Scalar, Vol: PerRow, Sigs: Sigs(RetGuid), Page: "new-guid-function",
		SQL: "uuid()::VARCHAR",
		Go: func(c *Ctx, _ []types.Value) types.Value {
			var b [16]byte
			for i := range 2 {
				for r, k := c.Rand(), 0; k < 8; k++ {
					b[8*i+k] = byte(r >> (8 * k))
				}
			}
			b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // version 4
			g, _ := types.ParseGuid(hex.EncodeToString(b[:]))
			return types.GuidOf(g)
		},
		Doc:      "Gives a new random guid.",
		Examples: []Example{{`strlen(tostring(new_guid()))`, `36`}, {`isnull(new_guid())`, `false`}, {`new_guid() == new_guid()`, `false`}}},
	{Name: "assert", Class: Scalar, Nulls: Own, Sigs: Sigs(RetBool, P("predicate", Bool).Constant(), P("message", String).Constant()), Page: "assert-function",
		Go: func(c *Ctx, a []types.Value) types.Value {
			if a[0].IsNull() || !a[0].Bool() {
				return c.Fail(fmt.Errorf("assert() has failed with message: '%s'", a[1].Text()))
			}
			return types.BoolOf(true)
		},
		Doc:      "Is true for a constant that is true; any other ends the query with a message.",
		Examples: []Example{{`assert(1 < 2, "order")`, `true`}, {`assert(isnull(int(null)), "null")`, `true`}, {`assert(true and not(false), "")`, `true`}}},
	{Name: "estimate_data_size", Class: Scalar, Nulls: Own, Sigs: Sigs(RetLong, P("column", Any).RawType().Starred().Repeated()), Page: "estimate-data-size-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			n := int64(0)
			for _, v := range a {
				if size, fixed := dataSize(v.Type()); fixed {
					n += size
				} else {
					n += int64(len(v.Text()))
				}
			}
			return types.LongOf(n)
		},
		Lower: func(_ Writer, c *Call) string {
			n, sizes := int64(0), []string{""}
			for _, a := range c.Args {
				if size, fixed := dataSize(a.Type); fixed {
					n += size
				} else {
					sizes = append(sizes, "coalesce(strlen("+a.SQL+"), 0)")
				}
			}
			sizes[0] = fmt.Sprintf("%d::BIGINT", n)
			return "(" + strings.Join(sizes, " + ") + ")"
		},
		Doc: "Estimates the bytes that values take.", Deviates: "a dynamic counts with the length of its JSON text",
		Examples: []Example{{`estimate_data_size("1234567890", 1)`, `18`}, {`estimate_data_size("")`, `0`}, {`estimate_data_size(true, 1.5)`, `9`}}},
}

// dataSize is the size of a value of a type whose values all have the same.
func dataSize(t types.Type) (int64, bool) {
	switch t {
	case types.Bool:
		return 1, true
	case types.Int:
		return 4, true
	case types.Long, types.Real, types.Datetime, types.Timespan:
		return 8, true
	case types.Guid, types.Decimal:
		return 16, true
	}
	return 0, false
}

func shifted(now, offset int64, move func(x, y int64) (int64, bool)) types.Value {
	if t, ok := move(now, offset); ok || offset == 0 {
		return types.DatetimeOf(t)
	}
	return types.Null(types.Datetime)
}
