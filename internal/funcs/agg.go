package funcs

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/vedette-siem/vedette/internal/types"
)

// errAggregateRange is the fault of a sum that leaves the range of its type.
var errAggregateRange = errors.New("the sum is out of range")

// aggFuncs count, add and compare the rows of a group. Nulls are left out of all of them but count() and
// the functions whose name says otherwise; a string is never null. See agg_list.go, agg_row.go, agg_stat.go
// and agg_sketch.go for the other aggregates.
var aggFuncs = []*Func{
	{Name: "count", Class: Aggregate, Result: Prefixed("count"), Page: "count-aggregation-function",
		Sigs: []Sig{{Out: RetLong}, {Params: []Param{P("expr", Any).RawType()}, Out: RetLong}},
		SQL:  "count(*)",
		Agg:  func(_ *Ctx, n int, _ [][]types.Value) types.Value { return types.LongOf(int64(n)) },
		Doc:  "Counts the rows of a group; an argument makes no difference, whatever its value.",
		Examples: []Example{{`datatable(x:long)[1, long(null)] | summarize count()`, `2`}, {`datatable(x:long)[] | summarize count()`, `0`},
			{`datatable(x:long)[1, 2] | summarize count(x > 1)`, `2`}}},
	{Name: "cnt", Class: Aggregate, Result: Prefixed("cnt"), Page: "count-aggregation-function", Sigs: Sigs(RetLong),
		SQL:      "count(*)",
		Agg:      func(_ *Ctx, n int, _ [][]types.Value) types.Value { return types.LongOf(int64(n)) },
		Doc:      "Counts the rows of a group: the older spelling of count().",
		Examples: []Example{{`datatable(x:long)[1, long(null)] | summarize cnt()`, `2`}, {`datatable(x:long)[] | summarize cnt()`, `0`}, {`datatable(x:long)[7] | summarize n=cnt()`, `1`}}},
	{Name: "countif", Class: Aggregate, Result: Prefixed("countif"), Page: "countif-aggregation-function",
		Sigs: Sigs(RetLong, P("predicate", Bool)), SQL: "count(*) FILTER (WHERE $1)",
		Agg: onlyIf(0, func(_ *Ctx, n int, _ [][]types.Value) types.Value { return types.LongOf(int64(n)) }),
		Doc: "Counts the rows for which a predicate is true.",
		Examples: []Example{{`datatable(x:long)[1, 5, 9] | summarize countif(x > 3)`, `2`}, {`datatable(x:long)[] | summarize countif(x > 3)`, `0`},
			{`datatable(x:long)[1, long(null)] | summarize countif(x > 0)`, `1`}}},

	{Name: "sum", Class: Aggregate, Result: Prefixed("sum"), Page: "sum-aggregation-function",
		Sigs: sumSigs, Agg: sumAgg,
		Doc: "Adds the values of a group; of none it is 0. A sum of integers wraps around.",
		Examples: []Example{{`datatable(x:long)[1, 2] | summarize sum(x)`, `3`}, {`datatable(x:long)[] | summarize sum(x)`, `0`},
			{`datatable(x:real)[1.5, real(null)] | summarize sum(x)`, `1.5`}, {`datatable(x:timespan)[1h, 30m] | summarize sum(x)`, `90m`}}},
	{Name: "sumif", Class: Aggregate, Result: Prefixed("sumif"), Page: "sumif-aggregation-function",
		Sigs: sigsIf(sumSigs), Agg: onlyIf(1, sumAgg),
		Doc: "Adds the values of the rows for which a predicate is true.",
		Examples: []Example{{`datatable(x:long)[1, 2, 5] | summarize sumif(x, x > 1)`, `7`}, {`datatable(x:long)[1] | summarize sumif(x, x > 1)`, `0`},
			{`datatable(x:long, b:bool)[1, bool(null), 2, true] | summarize sumif(x, b)`, `2`}}},
	{Name: "avg", Class: Aggregate, Result: Prefixed("avg"), Page: "avg-aggregation-function",
		Sigs: avgSigs, Agg: avgAgg,
		Doc: "Gives the mean of the values; of none it is NaN for numbers and null for the other types.",
		Examples: []Example{{`datatable(x:long)[1, 2] | summarize avg(x)`, `1.5`}, {`datatable(x:long)[] | summarize avg(x)`, `real(nan)`},
			{`datatable(x:real)[1.5, real(null)] | summarize avg(x)`, `1.5`}, {`datatable(x:timespan)[1h, 2h] | summarize avg(x)`, `90m`}}},
	{Name: "avgif", Class: Aggregate, Result: Prefixed("avgif"), Page: "avgif-aggregation-function",
		Sigs: sigsIf(avgSigs), Agg: onlyIf(1, avgAgg),
		Doc: "Gives the mean of the values of the rows for which a predicate is true.",
		Examples: []Example{{`datatable(x:long)[1, 2, 5] | summarize avgif(x, x > 1)`, `3.5`}, {`datatable(x:long)[1] | summarize avgif(x, x > 1)`, `real(nan)`},
			{`datatable(x:real, b:bool)[1.0, bool(null), 2.0, true] | summarize avgif(x, b)`, `2.0`}}},

	{Name: "min", Class: Aggregate, Result: Prefixed("min"), Page: "min-aggregation-function",
		Sigs: minSigs, Agg: extreme(-1),
		Doc: "Gives the least value; a NaN among them makes it NaN.",
		Examples: []Example{{`datatable(x:long)[3, 1, 2] | summarize min(x)`, `1`}, {`datatable(x:long)[] | summarize min(x)`, `long(null)`},
			{`datatable(x:string)["b", "a"] | summarize min(x)`, `"a"`}}},
	{Name: "minif", Class: Aggregate, Result: Prefixed("minif"), Page: "minif-aggregation-function",
		Sigs: sigsIf(minSigs), Agg: onlyIf(1, extreme(-1)),
		Doc: "Gives the least value of the rows for which a predicate is true.",
		Examples: []Example{{`datatable(x:long)[3, 1, 2] | summarize minif(x, x > 1)`, `2`}, {`datatable(x:long)[1] | summarize minif(x, x > 1)`, `long(null)`},
			{`datatable(x:string)["b", "a"] | summarize minif(x, x == "c")`, `""`}}},
	{Name: "max", Class: Aggregate, Result: Prefixed("max"), Page: "max-aggregation-function",
		Sigs: maxSigs, Agg: extreme(1),
		Doc: "Gives the greatest value; a NaN among them makes it NaN.",
		Examples: []Example{{`datatable(x:long)[3, 1, 2] | summarize max(x)`, `3`}, {`datatable(x:long)[] | summarize max(x)`, `long(null)`},
			{`datatable(x:datetime)[datetime(2024-01-01), datetime(null)] | summarize max(x)`, `datetime(2024-01-01)`}}},
	{Name: "maxif", Class: Aggregate, Result: Prefixed("maxif"), Page: "maxif-aggregation-function",
		Sigs: sigsIf(maxSigs), Agg: onlyIf(1, extreme(1)),
		Doc: "Gives the greatest value of the rows for which a predicate is true.",
		Examples: []Example{{`datatable(x:long)[3, 1, 2] | summarize maxif(x, x < 3)`, `2`}, {`datatable(x:long)[3] | summarize maxif(x, x < 3)`, `long(null)`},
			{`datatable(x:string)["b", "a"] | summarize maxif(x, x != "b")`, `"a"`}}},

	{Name: "dcount", Class: Aggregate, Result: Prefixed("dcount"), Page: "dcount-aggregation-function",
		Sigs: Sigs(RetLong, P("expr", Any).RawType(), P("accuracy", NotDynamic).Optional().Constant()), SQL: "count(DISTINCT $1)", Agg: countDistinct,
		Doc:      "Counts the distinct values of a group.",
		Deviates: "The count is exact; Kusto estimates it where there are more than about a thousand values.",
		Examples: []Example{{`datatable(x:long)[1, 2, 2] | summarize dcount(x)`, `2`}, {`datatable(x:long)[1, long(null)] | summarize dcount(x)`, `1`},
			{`datatable(x:string)["", "a"] | summarize dcount(x, 4)`, `2`}}},
	{Name: "dcountif", Class: Aggregate, Result: Prefixed("dcountif"), Page: "dcountif-aggregation-function",
		Sigs: Sigs(RetLong, P("expr", Any).RawType(), P("predicate", Bool), P("accuracy", NotDynamic).Optional().Constant()),
		SQL:  "count(DISTINCT $1) FILTER (WHERE $2)", Agg: onlyIf(1, countDistinct),
		Doc:      "Counts the distinct values of the rows for which a predicate is true.",
		Deviates: "The count is exact; Kusto estimates it where there are more than about a thousand values.",
		Examples: []Example{{`datatable(x:long)[1, 2, 2, 3] | summarize dcountif(x, x > 1)`, `2`}, {`datatable(x:long)[1] | summarize dcountif(x, x > 1)`, `0`},
			{`datatable(x:string, b:bool)["a", bool(null), "b", true] | summarize dcountif(x, b, 2)`, `1`}}},
	{Name: "count_distinct", Class: Aggregate, Result: Prefixed("count_distinct"), Page: "count-distinct-aggregation-function",
		Sigs: Sigs(RetLong, P("expr", NotDynamic).RawType()), SQL: "count(DISTINCT $1)", Agg: countDistinct,
		Doc: "Counts the distinct values of a group, exactly.",
		Examples: []Example{{`datatable(x:long)[1, 2, 2] | summarize count_distinct(x)`, `2`}, {`datatable(x:long)[long(null)] | summarize count_distinct(x)`, `0`},
			{`datatable(x:string)["", "a"] | summarize count_distinct(x)`, `2`}}},
	{Name: "count_distinctif", Class: Aggregate, Result: Prefixed("count_distinctif"), Page: "count-distinctif-aggregation-function",
		Sigs: Sigs(RetLong, P("expr", NotDynamic).RawType(), P("predicate", Bool)), SQL: "count(DISTINCT $1) FILTER (WHERE $2)", Agg: onlyIf(1, countDistinct),
		Doc: "Counts the distinct values of the rows for which a predicate is true, exactly.",
		Examples: []Example{{`datatable(x:long)[1, 2, 2, 3] | summarize count_distinctif(x, x > 1)`, `2`}, {`datatable(x:long)[1] | summarize count_distinctif(x, x > 1)`, `0`},
			{`datatable(x:string, b:bool)["a", bool(null), "b", true] | summarize count_distinctif(x, b)`, `1`}}},

	binaryAll("and", "AND", func(x, y int64) int64 { return x & y },
		[]Example{{`datatable(x:long)[7, 13] | summarize binary_all_and(x)`, `5`}, {`datatable(x:long)[] | summarize binary_all_and(x)`, `long(null)`}, {`datatable(x:long)[6, long(null)] | summarize binary_all_and(x)`, `6`}}),
	binaryAll("or", "OR", func(x, y int64) int64 { return x | y },
		[]Example{{`datatable(x:long)[1, 4] | summarize binary_all_or(x)`, `5`}, {`datatable(x:long)[] | summarize binary_all_or(x)`, `long(null)`}, {`datatable(x:long)[6, long(null)] | summarize binary_all_or(x)`, `6`}}),
	binaryAll("xor", "XOR", func(x, y int64) int64 { return x ^ y },
		[]Example{{`datatable(x:long)[7, 2] | summarize binary_all_xor(x)`, `5`}, {`datatable(x:long)[] | summarize binary_all_xor(x)`, `long(null)`}, {`datatable(x:long)[6, 6] | summarize binary_all_xor(x)`, `0`}}),
}

// orderable are the types that min, max and arg_max take.
const orderable = Orderable &^ Guid

// DuckDB adds integers as 128-bit numbers; Kusto wraps around at 64.
var sumSigs = []Sig{
	{Params: []Param{P("expr", Integer)}, Out: RetLong, SQL: "coalesce(kql_wrap(sum($1)), 0)"},
	{Params: []Param{P("expr", Real)}, Out: RetReal, SQL: "coalesce(sum($1), 0.0::DOUBLE)"},
	{Params: []Param{P("expr", Timespan)}, Out: RetTimespan, SQL: "coalesce(kql_wrap(sum($1)), 0)"},
	{Params: []Param{P("expr", Datetime)}, Out: RetDatetime, SQL: "kql_datetime(coalesce(sum($1), 0))::BIGINT"},
	{Params: []Param{P("expr", Decimal)}, Out: RetDecimal},
}

// Kusto divides the sum of integers, wrapped around, by their count.
var avgSigs = []Sig{
	{Params: []Param{P("expr", Integer)}, Out: RetReal, SQL: "coalesce(kql_wrap(sum($1))::DOUBLE / count($1), 'nan'::DOUBLE)"},
	{Params: []Param{P("expr", Real)}, Out: RetReal, SQL: "coalesce(avg($1), 'nan'::DOUBLE)"},
	{Params: []Param{P("expr", Decimal)}, Out: RetDecimal},
	{Params: []Param{P("expr", Timespan)}, Out: RetTimespan, SQL: "(sum($1) // count($1))::BIGINT"},
	{Params: []Param{P("expr", Datetime)}, Out: RetDatetime, SQL: "(sum($1) // count($1))::BIGINT"},
}

// DuckDB: NaN is above all numbers, so max gives it if there is one, and min must be asked the other way.
var minSigs = []Sig{
	{Params: []Param{P("expr", orderable&^Real&^Decimal&^String)}, Out: SameAs(0), SQL: "min($1)"},
	{Params: []Param{P("expr", Real)}, Out: RetReal, SQL: "(-max(-$1))"},
	{Params: []Param{P("expr", String)}, Out: RetString, SQL: "coalesce(min($1), '')"},
	{Params: []Param{P("expr", Decimal)}, Out: RetDecimal},
}

var maxSigs = []Sig{
	{Params: []Param{P("expr", orderable&^Decimal&^String)}, Out: SameAs(0), SQL: "max($1)"},
	{Params: []Param{P("expr", String)}, Out: RetString, SQL: "coalesce(max($1), '')"},
	{Params: []Param{P("expr", Decimal)}, Out: RetDecimal},
}

// sigsIf adds a predicate to overloads of one parameter, and its FILTER to every aggregate call in their SQL.
func sigsIf(base []Sig) []Sig {
	out := make([]Sig, len(base))
	for i, s := range base {
		s.Params = append(append([]Param{}, s.Params...), P("predicate", Bool))
		for _, call := range []string{"sum($1)", "avg($1)", "count($1)", "min($1)", "max($1)", "max(-$1)"} {
			s.SQL = strings.ReplaceAll(s.SQL, call, call+" FILTER (WHERE $2)")
		}
		out[i] = s
	}
	return out
}

// onlyIf is the body of an aggregate whose argument number p is a predicate: body over the rows for which
// it is true. The arguments behind the predicate are constants.
func onlyIf(p int, body AggImpl) AggImpl {
	return func(c *Ctx, n int, cols [][]types.Value) types.Value {
		kept := make([][]types.Value, 0, len(cols)-1)
		for range p {
			kept = append(kept, nil)
		}
		rows := 0
		for r := range n {
			if v := cols[p][r]; v.IsNull() || !v.Bool() {
				continue
			}
			rows++
			for i := range p {
				kept[i] = append(kept[i], cols[i][r])
			}
		}
		return body(c, rows, append(kept, cols[p+1:]...))
	}
}

func sumAgg(c *Ctx, _ int, cols [][]types.Value) types.Value {
	v, _ := total(c, cols[0], c.Out)
	return v
}

// total adds the values that are not null, as type t, and counts them.
func total(c *Ctx, col []types.Value, t types.Type) (types.Value, int) {
	var l int64
	var r float64
	var d apd.Decimal
	n := 0
	for _, v := range col {
		if v.IsNull() {
			continue
		}
		n++
		switch t {
		case types.Real:
			r += v.Float64()
		case types.Decimal:
			x, ok := toDecimal(v)
			if !ok {
				return c.Fail(errAggregateRange), n
			}
			if _, err := decimalContext.Add(&d, &d, x); err != nil {
				return c.Fail(errAggregateRange), n
			}
		default:
			l += v.Int64()
		}
	}
	switch t {
	case types.Real:
		return types.RealOf(r), n
	case types.Decimal:
		return decimalOf(&d), n
	case types.Timespan:
		return types.TimespanOf(l), n
	case types.Datetime:
		return types.DatetimeOf(l), n
	}
	return types.LongOf(l), n
}

func avgAgg(c *Ctx, _ int, cols [][]types.Value) types.Value {
	in := c.Out
	if c.Out == types.Real && len(cols[0]) > 0 {
		in = cols[0][0].Type() // integers are added as such
	}
	if in == types.Datetime || in == types.Timespan {
		return meanTicks(cols[0], in)
	}
	sum, n := total(c, cols[0], in)
	if c.Out == types.Decimal {
		var d apd.Decimal
		x, ok := toDecimal(sum)
		if n == 0 || !ok {
			return types.Null(types.Decimal)
		}
		if _, err := decimalContext.Quo(&d, x, apd.New(int64(n), 0)); err != nil {
			return types.Null(types.Decimal)
		}
		d.Reduce(&d) // apd fills a quotient with zeros up to its precision
		return decimalOf(&d)
	}
	if n == 0 {
		return types.RealOf(math.NaN())
	}
	return types.RealOf(sum.Float64() / float64(n))
}

// meanTicks does not wrap around: the ticks of a few datetimes are more than 64 bits hold.
func meanTicks(col []types.Value, t types.Type) types.Value {
	var n int64
	for _, v := range col {
		if !v.IsNull() {
			n++
		}
	}
	if n == 0 {
		return types.Null(t)
	}
	var whole, rest int64
	for _, v := range col {
		if !v.IsNull() {
			whole += v.Int64() / n
			rest += v.Int64() % n
			whole += rest / n
			rest %= n
		}
	}
	if whole > 0 && rest < 0 { // cut towards zero, as a division of the sum does
		whole--
	} else if whole < 0 && rest > 0 {
		whole++
	}
	if t == types.Timespan {
		return types.TimespanOf(whole)
	}
	return types.DatetimeOf(whole)
}

// extreme is min (sign -1) or max (sign 1). A NaN wins over everything.
func extreme(sign int) AggImpl {
	return func(c *Ctx, _ int, cols [][]types.Value) types.Value {
		if i := pickExtreme(cols[0], sign); i >= 0 {
			return cols[0][i]
		}
		return types.Null(c.Out)
	}
}

// pickExtreme returns the first row with the least or greatest value, or -1 if all are null.
func pickExtreme(col []types.Value, sign int) int {
	best := -1
	for i, v := range col {
		switch {
		case v.IsNull():
		case best < 0:
			best = i
		case col[best].IsNaN():
		case v.IsNaN() || Compare(v, col[best]) == sign:
			best = i
		}
	}
	return best
}

func countDistinct(_ *Ctx, _ int, cols [][]types.Value) types.Value {
	seen := make(map[string]struct{})
	for _, v := range cols[0] {
		if !v.IsNull() {
			seen[valueKey(v)] = struct{}{}
		}
	}
	return types.LongOf(int64(len(seen)))
}

// valueKey is equal for equal values of one type.
func valueKey(v types.Value) string {
	if v.Type() == types.Dynamic {
		return v.Text()
	}
	return v.ToText()
}

// binaryAll declares binary_all_and and its like. Kusto.Language takes every summable argument; the page
// says long, and bits of a real have no stated meaning.
func binaryAll(word, sign string, op func(x, y int64) int64, examples []Example) *Func {
	return &Func{Name: "binary_all_" + word, Class: Aggregate, Result: FirstArg, Page: "binary-all-" + word + "-aggregation-function",
		Sigs: Sigs(SameAs(0), P("expr", Integer)), SQL: "bit_" + word + "($1)",
		Agg: func(c *Ctx, _ int, cols [][]types.Value) types.Value {
			acc, any := int64(0), false
			for _, v := range cols[0] {
				switch {
				case v.IsNull():
				case !any:
					acc, any = v.Int64(), true
				default:
					acc = op(acc, v.Int64())
				}
			}
			switch {
			case !any:
				return types.Null(c.Out)
			case c.Out == types.Int:
				return types.IntOf(int32(acc))
			}
			return types.LongOf(acc)
		},
		Doc: "Joins the bits of all values with " + sign + ".", Examples: examples}
}

// decimalSortKey gives texts that sort as the decimals do, since decimals are kept as their digits.
var decimalSortKey = &Func{Name: "decimal.sortkey", Hidden: true, Class: Scalar, Nulls: Own, Page: "scalar-data-types/decimal",
	Sigs: Sigs(RetString, P("x", Decimal)),
	Go: func(_ *Ctx, a []types.Value) types.Value {
		if a[0].IsNull() {
			return types.StringOf("")
		}
		digits, neg := strings.CutPrefix(a[0].Text(), "-")
		whole, frac, _ := strings.Cut(digits, ".")
		whole, frac = strings.TrimLeft(whole, "0"), strings.TrimRight(frac, "0")
		n := len(whole)
		key := strconv.Itoa(1000+n) + whole + frac
		if !neg || n == 0 && frac == "" {
			return types.StringOf("2" + key[1:])
		}
		b := []byte("1" + key[1:])
		for i := 1; i < len(b); i++ {
			b[i] = '0' + '9' - b[i]
		}
		return types.StringOf(string(b) + "~")
	},
	Doc: "Gives a text that sorts as the decimal does; \"\" for null.",
}
