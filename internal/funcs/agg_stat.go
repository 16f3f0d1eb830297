package funcs

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// aggStatFuncs are the aggregates of statistics.
var aggStatFuncs = []*Func{
	{Name: "variance", Class: Aggregate, Result: Prefixed("variance"), Page: "variance-aggregation-function",
		Sigs: spreadSigs(1, false), Lower: lowerVariance(true, false), Agg: varianceAgg(true, false),
		Doc: "Gives the variance of a sample.",
		Examples: []Example{{`datatable(x:long)[1, 2, 3, 4, 5] | summarize variance(x)`, `2.5`}, {`datatable(x:long)[] | summarize variance(x)`, `0.0`},
			{`datatable(x:long)[5, long(null)] | summarize variance(x)`, `0.0`}}},
	{Name: "varianceif", Class: Aggregate, Result: Prefixed("varianceif"), Page: "varianceif-aggregation-function",
		Sigs: spreadSigs(1, true), Lower: lowerVariance(true, false), Agg: onlyIf(1, varianceAgg(true, false)),
		Doc: "Gives the variance of a sample, of the rows for which a predicate is true.",
		Examples: []Example{{`range x from 1 to 100 step 1 | summarize varianceif(x, x % 2 == 0)`, `850.0`}, {`datatable(x:long)[1] | summarize varianceif(x, x > 1)`, `0.0`},
			{`datatable(x:long, b:bool)[1, true, 9, bool(null), 3, true] | summarize varianceif(x, b)`, `2.0`}}},
	{Name: "variancep", Class: Aggregate, Result: Prefixed("variancep"), Page: "variancep-aggregation-function",
		Sigs: spreadSigs(1, false), Lower: lowerVariance(false, false), Agg: varianceAgg(false, false),
		Doc: "Gives the variance of a whole population.",
		Examples: []Example{{`datatable(x:long)[1, 2, 3, 4, 5] | summarize variancep(x)`, `2.0`}, {`datatable(x:long)[] | summarize variancep(x)`, `0.0`},
			{`datatable(x:long)[5] | summarize variancep(x)`, `0.0`}}},
	{Name: "variancepif", Class: Aggregate, Result: Prefixed("variancepif"), Page: "variancepif-aggregation-function",
		Sigs: spreadSigs(1, true), Lower: lowerVariance(false, false), Agg: onlyIf(1, varianceAgg(false, false)),
		Doc: "Gives the variance of a whole population, of the rows for which a predicate is true.",
		Examples: []Example{{`range x from 1 to 100 step 1 | summarize variancepif(x, x % 2 == 0)`, `833.0`}, {`datatable(x:long)[1] | summarize variancepif(x, x > 1)`, `0.0`},
			{`datatable(x:long, b:bool)[1, true, 9, bool(null), 3, true] | summarize variancepif(x, b)`, `1.0`}}},
	{Name: "stdev", Class: Aggregate, Result: Prefixed("stdev"), Page: "stdev-aggregation-function",
		Sigs: spreadSigs(1, false), Lower: lowerVariance(true, true), Agg: varianceAgg(true, true),
		Doc: "Gives the standard deviation of a sample.",
		Examples: []Example{{`datatable(x:real)[1.5, 2.5, 3.5] | summarize stdev(x)`, `1.0`}, {`datatable(x:long)[] | summarize stdev(x)`, `0.0`},
			{`datatable(x:long)[5] | summarize stdev(x)`, `0.0`}}},
	{Name: "stdevif", Class: Aggregate, Result: Prefixed("stdevif"), Page: "stdevif-aggregation-function",
		Sigs: spreadSigs(1, true), Lower: lowerVariance(true, true), Agg: onlyIf(1, varianceAgg(true, true)),
		Doc: "Gives the standard deviation of a sample, of the rows for which a predicate is true.",
		Examples: []Example{{`datatable(x:real)[1.5, 2.5, 3.5, 99.0] | summarize stdevif(x, x < 50)`, `1.0`}, {`datatable(x:long)[1] | summarize stdevif(x, x > 1)`, `0.0`},
			{`datatable(x:long, b:bool)[1, true, 9, bool(null), 1, true] | summarize stdevif(x, b)`, `0.0`}}},
	{Name: "stdevp", Class: Aggregate, Result: Prefixed("stdevp"), Page: "stdevp-aggregation-function",
		Sigs: spreadSigs(1, false), Lower: lowerVariance(false, true), Agg: varianceAgg(false, true),
		Doc: "Gives the standard deviation of a whole population.",
		Examples: []Example{{`datatable(x:long)[1, 3] | summarize stdevp(x)`, `1.0`}, {`datatable(x:long)[] | summarize stdevp(x)`, `0.0`},
			{`datatable(x:long)[5, long(null)] | summarize stdevp(x)`, `0.0`}}},

	{Name: "covariance", Class: Aggregate, Columns: covarianceColumns("covariance"), Page: "covariance-aggregation-function",
		Sigs: spreadSigs(2, false), Lower: lowerCovariance(true), Agg: covarianceAgg(true),
		Doc: "Gives the covariance of two variables of a sample.",
		Examples: []Example{{`datatable(x:real, y:real)[1.0, 14.0, 2.0, 10.0, 3.0, 17.0, 4.0, 20.0, 5.0, 50.0] | summarize covariance(x, y)`, `20.5`},
			{`datatable(x:long, y:long)[] | summarize covariance(x, y)`, `0.0`}, {`datatable(x:long, y:long)[1, 2, 5, long(null)] | summarize covariance(x, y)`, `0.0`}}},
	{Name: "covarianceif", Class: Aggregate, Columns: covarianceColumns("covarianceif"), Page: "covarianceif-aggregation-function",
		Sigs: spreadSigs(2, true), Lower: lowerCovariance(true), Agg: onlyIf(2, covarianceAgg(true)),
		Doc: "Gives the covariance of two variables of a sample, of the rows for which a predicate is true.",
		Examples: []Example{{`range x from 1 to 100 step 1 | extend y = iff(x % 2 == 0, x * 2, x * 3) | summarize covarianceif(x, y, x % 3 == 0)`, `2142.0`},
			{`datatable(x:long, y:long)[1, 2] | summarize covarianceif(x, y, x > 1)`, `0.0`}, {`datatable(x:long, y:long)[1, 2, 3, 6, 50, 0] | summarize covarianceif(x, y, x < 10)`, `4.0`}}},
	{Name: "covariancep", Class: Aggregate, Columns: covarianceColumns("covariancep"), Page: "covariancep-aggregation-function",
		Sigs: spreadSigs(2, false), Lower: lowerCovariance(false), Agg: covarianceAgg(false),
		Doc: "Gives the covariance of two variables of a whole population.",
		Examples: []Example{{`datatable(x:real, y:real)[1.0, 14.0, 2.0, 10.0, 3.0, 17.0, 4.0, 20.0, 5.0, 50.0] | summarize covariancep(x, y)`, `16.4`},
			{`datatable(x:long, y:long)[] | summarize covariancep(x, y)`, `0.0`}, {`datatable(x:long, y:long)[1, 2, 3, 6] | summarize covariancep(x, y)`, `2.0`}}},
	{Name: "covariancepif", Class: Aggregate, Columns: covarianceColumns("covariancepif"), Page: "covariancepif-aggregation-function",
		Sigs: spreadSigs(2, true), Lower: lowerCovariance(false), Agg: onlyIf(2, covarianceAgg(false)),
		Doc: "Gives the covariance of two variables of a whole population, of the rows for which a predicate is true.",
		Examples: []Example{{`range x from 1 to 100 step 1 | extend y = iff(x % 2 == 0, x * 2, x * 3) | summarize covariancepif(x, y, x % 3 == 0)`, `2077.0909090909`},
			{`datatable(x:long, y:long)[1, 2] | summarize covariancepif(x, y, x > 1)`, `0.0`}, {`datatable(x:long, y:long)[1, 2, 3, 6, 50, 0] | summarize covariancepif(x, y, x < 10)`, `2.0`}}},

	{Name: "percentile", Class: Aggregate, Columns: percentileColumns(1), Page: "percentiles-aggregation-function", Deviates: deviatesPercentile,
		Sigs: Sigs(percentileOut, P("expr", percentileTypes), P("percentile", Number).Constant()), Lower: lowerPercentile, Agg: percentileAgg,
		Doc: "Gives the least value that at least so many percent of the values do not exceed.",
		Examples: []Example{{`range x from 1 to 10 step 1 | summarize percentile(x, 25)`, `3`}, {`datatable(x:long)[] | summarize percentile(x, 50)`, `long(null)`},
			{`datatable(x:real)[1.5, real(null), 2.5] | summarize percentile(x, 99.9)`, `2.5`}}},
	{Name: "percentiles", Class: Aggregate, Columns: percentileColumns(1), Spread: Spread{Each: "percentile", From: 1}, Page: "percentiles-aggregation-function", Deviates: deviatesPercentile,
		Sigs: Sigs(percentileOut, P("expr", percentileTypes), P("percentile", Number).Constant().Repeated()), Lower: lowerPercentile, Agg: percentileAgg,
		Doc: "Gives a column for each of some percentiles.",
		Examples: []Example{{`range x from 1 to 10 step 1 | summarize percentiles(x, 50)`, `5`}, {`datatable(x:long)[] | summarize percentiles(x, 50)`, `long(null)`},
			{`range x from 1 to 10 step 1 | summarize percentiles(x, 50, 90) | project percentile_x_90`, `9`}}},
	{Name: "percentiles_array", Class: Aggregate, Result: Prefixed("percentiles"), Page: "percentiles-aggregation-function", Deviates: deviatesPercentile,
		Sigs: []Sig{S(RetDynamic, P("expr", percentileTypes), P("percentile", Number).Constant().Repeated()),
			S(RetDynamic, P("expr", percentileTypes), P("percentiles", Dynamic).Constant())},
		Lower: lowerPercentiles, Agg: percentilesAgg(false),
		Doc: "Gives some percentiles as one array.",
		Examples: []Example{{`range x from 1 to 10 step 1 | summarize percentiles_array(x, 10, 50)`, `dynamic([1, 5])`}, {`datatable(x:long)[] | summarize percentiles_array(x, 50)`, `dynamic(null)`},
			{`range x from 1 to 10 step 1 | summarize percentiles_array(x, dynamic([0, 100]))`, `dynamic([1, 10])`}}},
	{Name: "percentilew", Class: Aggregate, Columns: percentileColumns(2), Page: "percentilesw-aggregation-function", Deviates: deviatesPercentile,
		Sigs: Sigs(percentileOut, P("expr", percentileTypes), P("weight", Integer), P("percentile", Number).Constant()), Agg: percentilewAgg,
		Doc: "Gives a percentile of values that each count as often as their weight says.",
		Examples: []Example{{`datatable(n:long, x:long)[8, 10, 6, 20, 3, 30, 1, 40] | summarize percentilew(x, n, 75)`, `20`}, {`datatable(n:long, x:long)[] | summarize percentilew(x, n, 75)`, `long(null)`},
			{`datatable(n:long, x:long)[0, 10, 1, 20] | summarize percentilew(x, n, 0)`, `20`}}},
	{Name: "percentilesw", Class: Aggregate, Columns: percentileColumns(2), Spread: Spread{Each: "percentilew", From: 2}, Page: "percentilesw-aggregation-function", Deviates: deviatesPercentile,
		Sigs: Sigs(percentileOut, P("expr", percentileTypes), P("weight", Integer), P("percentile", Number).Constant().Repeated()), Agg: percentilewAgg,
		Doc: "Gives a column for each of some percentiles of weighted values.",
		Examples: []Example{{`datatable(n:long, x:long)[8, 10, 6, 20, 3, 30, 1, 40] | summarize percentilesw(x, n, 50)`, `20`}, {`datatable(n:long, x:long)[] | summarize percentilesw(x, n, 75)`, `long(null)`},
			{`datatable(n:long, x:long)[8, 10, 6, 20, 3, 30, 1, 40] | summarize percentilesw(x, n, 50, 99.9) | project percentile_x_99_9`, `40`}}},
	{Name: "percentilesw_array", Class: Aggregate, Result: Prefixed("percentiles"), Page: "percentilesw-aggregation-function", Deviates: deviatesPercentile,
		Sigs: []Sig{S(RetDynamic, P("expr", percentileTypes), P("weight", Integer), P("percentile", Number).Constant().Repeated()),
			S(RetDynamic, P("expr", percentileTypes), P("weight", Integer), P("percentiles", Dynamic).Constant())},
		Agg: percentilesAgg(true),
		Doc: "Gives some percentiles of weighted values as one array.",
		Examples: []Example{{`datatable(n:long, x:long)[8, 10, 6, 20, 3, 30, 1, 40] | summarize percentilesw_array(x, n, 50, 75, 99.9)`, `dynamic([20, 20, 40])`},
			{`datatable(n:long, x:long)[] | summarize percentilesw_array(x, n, 50)`, `dynamic(null)`},
			{`datatable(n:long, x:long)[8, 10, 6, 20] | summarize percentilesw_array(x, n, dynamic([0, 100]))`, `dynamic([10, 20])`}}},
}

const deviatesPercentile = "The percentile is exact by nearest rank; Kusto estimates it over many values."

// spreadSigs takes one or two numbers and perhaps a predicate. Kusto.Language also takes datetime and
// timespan, without a stated unit for the real that comes out: those are refused.
func spreadSigs(n int, predicate bool) []Sig {
	var ps []Param
	for range n {
		ps = append(ps, P("expr", Number))
	}
	if predicate {
		ps = append(ps, P("predicate", Bool))
	}
	return Sigs(RetReal, ps...)
}

// doubleSQL is a number as DOUBLE.
func doubleSQL(a Arg) string {
	if a.Type == types.Decimal {
		return "try_cast(" + a.SQL + " AS DOUBLE)"
	}
	return a.SQL + "::DOUBLE"
}

// lowerVariance writes variance and stdev. Kusto rounds a variance to ten decimal places, and the standard
// deviation is the root of that; one value, or none, gives 0. DuckDB: var_samp raises an error on NaN and
// infinities, the covariance of a value with itself does not.
func lowerVariance(sample, root bool) Lowering {
	return func(_ Writer, c *Call) string {
		x := doubleSQL(c.Args[0])
		return covarianceSQL(x, x, c, 1, sample, root)
	}
}

func lowerCovariance(sample bool) Lowering {
	return func(_ Writer, c *Call) string {
		return covarianceSQL(doubleSQL(c.Args[0]), doubleSQL(c.Args[1]), c, 2, sample, false)
	}
}

func covarianceSQL(x, y string, c *Call, values int, sample, root bool) string {
	f := "covar_pop("
	if sample {
		f = "covar_samp("
	}
	s := f + x + ", " + y + ")"
	if len(c.Args) > values {
		s += " FILTER (WHERE " + c.Args[values].SQL + ")"
	}
	s = "round(" + s + ", 10)"
	if root {
		s = "sqrt(" + s + ")"
	}
	return "coalesce(" + s + ", 0.0::DOUBLE)"
}

func varianceAgg(sample, root bool) AggImpl {
	cov := covarianceAgg(sample)
	return func(c *Ctx, n int, cols [][]types.Value) types.Value {
		v := cov(c, n, [][]types.Value{cols[0], cols[0]})
		if root {
			return types.RealOf(math.Sqrt(v.Float64()))
		}
		return v
	}
}

// covarianceAgg takes the pairs in which neither side is null, by Welford's method.
func covarianceAgg(sample bool) AggImpl {
	return func(_ *Ctx, n int, cols [][]types.Value) types.Value {
		var count, meanX, meanY, co float64
		for i := range n {
			if cols[0][i].IsNull() || cols[1][i].IsNull() {
				continue
			}
			x, y := cols[0][i].Float64(), cols[1][i].Float64()
			count++
			dx := x - meanX
			meanX += dx / count
			meanY += (y - meanY) / count
			co += dx * (y - meanY)
		}
		if sample {
			count--
		}
		if count <= 0 {
			return types.RealOf(0)
		}
		return types.RealOf(round10(co / count))
	}
}

func round10(x float64) float64 {
	if r := math.Round(x*1e10) / 1e10; !math.IsInf(r, 0) {
		return r
	}
	return x
}

// covarianceColumns names covariance_x_y as the engine does; Kusto.Language says covariance_x.
func covarianceColumns(prefix string) func(args []Arg) []types.Column {
	return func(args []Arg) []types.Column {
		name := prefix + "_" + args[0].Name
		if args[1].Name != "" {
			name += "_" + args[1].Name
		}
		return []types.Column{{Name: name, Type: types.Real}}
	}
}

// percentileTypes can be put in order.
const percentileTypes = Orderable

var percentileOut = Computed(func(args []Arg) types.Type { return percentileType(args[0].Type) })

func percentileType(t types.Type) types.Type {
	switch t {
	case types.Int:
		return types.Long
	case types.Decimal:
		return types.Real
	}
	return t
}

// percentileColumns names percentile_x_99_9; the percentiles begin at argument from.
func percentileColumns(from int) func(args []Arg) []types.Column {
	return func(args []Arg) []types.Column {
		var cols []types.Column
		for _, a := range args[from:] {
			p := ""
			if a.Const != nil && !a.Const.IsNull() && a.Const.Float64() >= 0 {
				p = strings.ReplaceAll(strconv.FormatFloat(a.Const.Float64(), 'f', -1, 64), ".", "_")
			}
			cols = append(cols, types.Column{Name: "percentile_" + args[0].Name + "_" + p, Type: percentileType(args[0].Type)})
		}
		return cols
	}
}

// percentileConst returns a percentile from 0 to 100.
func percentileConst(v types.Value) (float64, error) {
	if p := v.Float64(); !v.IsNull() && p >= 0 && p <= 100 {
		return p, nil
	}
	return 0, fmt.Errorf("a percentile is a number from 0 to 100, not %s", v.ToText())
}

// percentileConsts returns the percentiles given one by one or as one dynamic array.
func percentileConsts(vs []types.Value) ([]float64, error) {
	if len(vs) == 1 && vs[0].Type() == types.Dynamic {
		n := types.JSONOf(vs[0])
		if n.Kind != types.JSONArray {
			return nil, fmt.Errorf("the percentiles are an array of numbers, not %s", vs[0].ToText())
		}
		vs = nil
		for _, e := range n.Items {
			switch e.Kind {
			case types.JSONLong:
				vs = append(vs, types.LongOf(e.Long))
			case types.JSONReal:
				vs = append(vs, types.RealOf(e.Real))
			default:
				return nil, fmt.Errorf("a percentile is a number from 0 to 100, not %s", e.String())
			}
		}
	}
	var out []float64
	for _, v := range vs {
		p, err := percentileConst(v)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func lowerPercentile(w Writer, c *Call) string {
	if c.Args[1].Const == nil {
		return ""
	}
	p, err := percentileConst(*c.Args[1].Const)
	if err != nil {
		return "" // the body reports it
	}
	s := "quantile_disc(" + percentileOperand(c.Args[0]) + ", " + w.Lit(types.RealOf(p/100)) + ")"
	if c.Args[0].Type == types.String {
		return "coalesce(" + s + ", '')"
	}
	return s
}

func percentileOperand(a Arg) string {
	switch a.Type {
	case types.Decimal:
		return doubleSQL(a)
	case types.Int:
		return a.SQL + "::BIGINT"
	}
	return a.SQL
}

func lowerPercentiles(w Writer, c *Call) string {
	var vs []types.Value
	for _, a := range c.Args[1:] {
		if a.Const == nil {
			return ""
		}
		vs = append(vs, *a.Const)
	}
	ps, err := percentileConsts(vs)
	if err != nil || len(ps) == 0 {
		return ""
	}
	var q []string
	for _, p := range ps {
		q = append(q, w.Lit(types.RealOf(p/100)))
	}
	e := Arg{SQL: "kql_e", Type: percentileType(c.Args[0].Type)}
	return "('[' || array_to_string(list_transform(quantile_disc(" + percentileOperand(c.Args[0]) + ", [" + strings.Join(q, ", ") + "]), lambda kql_e: " + w.JSON(e) + "), ',') || ']')"
}

// percentileAgg is the nearest rank: https://learn.microsoft.com/kusto/query/percentiles-aggregation-function
func percentileAgg(c *Ctx, n int, cols [][]types.Value) types.Value {
	return percentileWeighted(c, weigh(cols[0], nil), cols[1][0])
}

func percentilewAgg(c *Ctx, n int, cols [][]types.Value) types.Value {
	return percentileWeighted(c, weigh(cols[0], cols[1]), cols[2][0])
}

func percentileWeighted(c *Ctx, ws []weighted, at types.Value) types.Value {
	p, err := percentileConst(at)
	if err != nil {
		return c.Fail(err)
	}
	v, ok := nearestRank(ws, p)
	if !ok {
		return types.Null(c.Out)
	}
	return asPercentile(v)
}

func percentilesAgg(weights bool) AggImpl {
	return func(c *Ctx, _ int, cols [][]types.Value) types.Value {
		var ws []types.Value
		from := 1
		if weights {
			ws, from = cols[1], 2
		}
		var consts []types.Value
		for _, col := range cols[from:] {
			consts = append(consts, col[0])
		}
		ps, err := percentileConsts(consts)
		if err != nil {
			return c.Fail(err)
		}
		sorted := weigh(cols[0], ws)
		if len(sorted) == 0 {
			return types.Null(types.Dynamic)
		}
		out := types.JSON{Kind: types.JSONArray}
		for _, p := range ps {
			v, _ := nearestRank(sorted, p)
			out.Items = append(out.Items, types.JSONOf(asPercentile(v)))
		}
		return out.Value()
	}
}

func asPercentile(v types.Value) types.Value {
	switch v.Type() {
	case types.Int:
		return types.LongOf(v.Int64())
	case types.Decimal:
		return types.RealOf(v.Float64())
	}
	return v
}

// weighted is a value and how often it counts.
type weighted struct {
	v types.Value
	w int64
}

// weigh sorts the values that are not null and have a positive weight; without weights each counts once.
func weigh(values, weights []types.Value) []weighted {
	var out []weighted
	for i, v := range values {
		w := int64(1)
		if weights != nil {
			if weights[i].IsNull() {
				continue
			}
			w = weights[i].Int64()
		}
		if !v.IsNull() && w > 0 {
			out = append(out, weighted{v, w})
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].v.IsNaN() || out[j].v.IsNaN() {
			return !out[i].v.IsNaN() // NaN is above all, as in the SQL
		}
		return Compare(out[i].v, out[j].v) < 0
	})
	return out
}

// nearestRank returns the least value that at least p percent of the weight do not exceed.
func nearestRank(sorted []weighted, p float64) (types.Value, bool) {
	var sum float64
	for _, e := range sorted {
		sum += float64(e.w)
	}
	var below float64
	for _, e := range sorted {
		below += float64(e.w)
		if below >= sum*p/100-1e-9 {
			return e.v, true
		}
	}
	return types.Value{}, false
}
