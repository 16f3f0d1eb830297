package funcs

import (
	"math"

	"github.com/cockroachdb/apd/v3"

	"github.com/vedette-siem/vedette/internal/types"
)

// datetimeFuncs work on datetimes and timespans, both counts of 100 ns ticks; bin and its like also on
// numbers. Wherever a result would leave the range of datetime it is null.
// https://learn.microsoft.com/kusto/query/scalar-functions#datetimetimespan-functions
var datetimeFuncs = []*Func{
	binFunc("bin", "Rounds down to a multiple of a bin size; a size of 0 or less gives null.", "bin-function",
		Example{`bin(4.5, 1)`, `4.0`}, Example{`bin(datetime(1970-05-11 13:45:07), 1d)`, `datetime(1970-05-11)`}, Example{`bin(-7, 3)`, `-9`}, Example{`bin(5, 0)`, `long(null)`}, Example{`bin(time(16d), 7d)`, `14d`}),
	binFunc("floor", "Rounds down to a multiple of a bin size, as bin() does.", "bin-function",
		Example{`floor(2.5, 1.0)`, `2.0`}, Example{`floor(-2.5, 1)`, `-3.0`}, Example{`floor(int(null), 1)`, `long(null)`}),
	{Name: "bin_at", Class: Scalar, Result: FirstArg, Page: "bin-at-function",
		Sigs: []Sig{
			{Params: []Param{P("value", Integer), P("bin_size", Integer), P("fixed_point", Integer)}, Out: Widest, Go: binAtTicks},
			{Params: []Param{P("value", Number), P("bin_size", Number), P("fixed_point", Number)}, Out: Widest, Go: binAtNumber},
			{Params: []Param{P("value", Timespan), P("bin_size", Timespan), P("fixed_point", Timespan)}, Out: RetTimespan, Go: binAtTicks},
			{Params: []Param{P("value", Datetime), P("bin_size", Timespan), P("fixed_point", Datetime)}, Out: RetDatetime, Go: binAtTicks, Lower: lowerBinAt},
		},
		Doc:      "Rounds down to a bin of a given size, the bins laid out from a fixed point.",
		Examples: []Example{{`bin_at(6.5, 2.5, 7)`, `4.5`}, {`bin_at(time(1h), 1d, 12h)`, `-12h`}, {`bin_at(datetime(2017-05-15 10:20:00.0), 1d, datetime(1970-01-01 12:00:00.0))`, `datetime(2017-05-14 12:00:00)`}, {`bin_at(5, 0, 1)`, `long(null)`}}},

	startOf("startofday", 0, false, startOfDay, "$1 - $1 % 864000000000", Example{`startofday(datetime(2017-01-01 10:10:17))`, `datetime(2017-01-01)`}, Example{`startofday(datetime(2017-01-01 10:10:17), -1)`, `datetime(2016-12-31)`}, Example{`startofday(datetime(null))`, `datetime(null)`}),
	startOf("startofweek", 0, false, startOfWeek, "$1 - ($1 + 864000000000) % 6048000000000", Example{`startofweek(datetime(2020-01-05 12:00:00))`, `datetime(2020-01-05)`}, Example{`startofweek(datetime(2017-01-01 10:10:17), 1)`, `datetime(2017-01-08)`}, Example{`startofweek(datetime(null))`, `datetime(null)`}),
	startOf("startofmonth", 0, false, startOfMonth, "kql_ticks(date_trunc('month', kql_ts($1)))", Example{`startofmonth(datetime(2017-01-01 10:10:17))`, `datetime(2017-01-01)`}, Example{`startofmonth(datetime(2017-01-01 10:10:17), -1)`, `datetime(2016-12-01)`}, Example{`startofmonth(datetime(null))`, `datetime(null)`}),
	startOf("startofyear", 0, false, startOfYear, "kql_ticks(date_trunc('year', kql_ts($1)))", Example{`startofyear(datetime(2020-06-15 13:45:00))`, `datetime(2020-01-01)`}, Example{`startofyear(datetime(2020-06-15), 1)`, `datetime(2021-01-01)`}, Example{`startofyear(datetime(null))`, `datetime(null)`}),
	startOf("endofday", 1, true, startOfDay, "$1 - $1 % 864000000000 + 863999999999", Example{`endofday(datetime(2017-01-01 10:10:17))`, `datetime(2017-01-01 23:59:59.9999999)`}, Example{`endofday(datetime(2017-01-01), 1)`, `datetime(2017-01-02 23:59:59.9999999)`}, Example{`endofday(datetime(null))`, `datetime(null)`}),
	startOf("endofweek", 1, true, startOfWeek, "$1 - ($1 + 864000000000) % 6048000000000 + 6047999999999", Example{`endofweek(datetime(2020-01-05 12:00:00))`, `datetime(2020-01-11 23:59:59.9999999)`}, Example{`endofweek(datetime(2020-06-15 13:45:00), 2)`, `datetime(2020-07-04 23:59:59.9999999)`}, Example{`endofweek(datetime(null))`, `datetime(null)`}),
	startOf("endofmonth", 1, true, startOfMonth, "(epoch_us(last_day(kql_ts($1))) * 10 + 621355968000000000 + 863999999999)", Example{`endofmonth(datetime(2020-02-15))`, `datetime(2020-02-29 23:59:59.9999999)`}, Example{`endofmonth(datetime(2020-01-31), 13)`, `datetime(2021-02-28 23:59:59.9999999)`}, Example{`endofmonth(datetime(null))`, `datetime(null)`}),
	startOf("endofyear", 1, true, startOfYear, "", Example{`endofyear(datetime(2020-06-15))`, `datetime(2020-12-31 23:59:59.9999999)`}, Example{`endofyear(datetime(2020-06-15), -1)`, `datetime(2019-12-31 23:59:59.9999999)`}, Example{`endofyear(datetime(null))`, `datetime(null)`}),

	partFunc("getyear", "Gives the year.", func(c types.Civil) int { return c.Year }, "year(kql_ts($1))::INTEGER", "2015", "1", "getyear-function"),
	partFunc("getmonth", "Gives the month, 1 to 12.", func(c types.Civil) int { return c.Month }, "month(kql_ts($1))::INTEGER", "10", "1", "monthofyear-function"),
	partFunc("monthofyear", "Gives the month, 1 to 12.", func(c types.Civil) int { return c.Month }, "month(kql_ts($1))::INTEGER", "10", "1", "monthofyear-function"),
	partFunc("dayofmonth", "Gives the day of the month, 1 to 31.", func(c types.Civil) int { return c.Day }, "day(kql_ts($1))::INTEGER", "12", "1", "day-of-month-function"),
	partFunc("dayofyear", "Gives the day of the year, 1 to 366.", dayOfYear, "dayofyear(kql_ts($1))::INTEGER", "285", "1", "day-of-year-function"),
	partFunc("hourofday", "Gives the hour, 0 to 23.", func(c types.Civil) int { return c.Hour }, "($1 // 36000000000 % 24)::INTEGER", "13", "0", "hour-of-day-function"),
	partFunc("week_of_year", "Gives the number of the week as ISO 8601 counts: weeks start on Monday, and week 1 has the year's first Thursday.", isoWeek, "weekofyear(kql_ts($1))::INTEGER", "42", "1", "week-of-year-function"),
	partFunc("weekofyear", "Gives the number of the week in the older way: weeks start on Sunday, and week 1 has the year's first Wednesday.", sundayWeek, "", "41", "1", "week-of-year-function"),
	{Name: "dayofweek", Class: Scalar, Sigs: Sigs(RetTimespan, P("date", Datetime)), Page: "day-of-week-function",
		// Kusto: the last day of the calendar has no day of the week.
		SQL: "CASE WHEN $1 < 3155378112000000000 THEN ($1 // 864000000000 + 1) % 7 * 864000000000 END",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			t := a[0].Int64()
			if t >= types.MaxDatetime+1-types.TicksPerDay {
				return types.Null(types.Timespan)
			}
			return types.TimespanOf((t/types.TicksPerDay + 1) % 7 * types.TicksPerDay)
		},
		Doc:      "Gives the days since the last Sunday, as a timespan.",
		Examples: []Example{{`dayofweek(datetime(1947-11-30 10:00:05))`, `0d`}, {`dayofweek(datetime(1970-05-11))`, `1d`}, {`dayofweek(datetime(null))`, `timespan(null)`}}},
	{Name: "around", Class: Scalar, Page: "around-function",
		Sigs: []Sig{
			{Params: []Param{P("value", Integer), P("center", Integer), P("delta", Integer)}, Out: RetBool, Go: aroundTicks},
			{Params: []Param{P("value", Number), P("center", Number), P("delta", Number)}, Out: RetBool, Go: func(_ *Ctx, a []types.Value) types.Value {
				v, c, d := a[0].Float64(), a[1].Float64(), a[2].Float64()
				return types.BoolOf(v >= c-d && v <= c+d)
			}},
			{Params: []Param{P("value", Datetime), P("center", Datetime), P("delta", Timespan)}, Out: RetBool, Go: aroundTicks, Lower: func(_ Writer, c *Call) string {
				if d := c.Args[2].Const; d == nil || d.IsNull() || d.Int64() > types.MaxDatetime || d.Int64() < -types.MaxDatetime {
					return "" // the sum could overflow
				}
				return Expand("($1 BETWEEN $2 - $3 AND $2 + $3)", c)
			}},
			{Params: []Param{P("value", Timespan), P("center", Timespan), P("delta", Timespan)}, Out: RetBool, Go: aroundTicks},
		},
		Doc:      "Tells whether a value is no farther from a center than delta.",
		Examples: []Example{{`around(datetime(2021-01-01 01:29), datetime(2021-01-01 01:30), 1m)`, `true`}, {`around(5, 10, 4)`, `false`}, {`around(int(null), 10, 4)`, `bool(null)`}}},
}

// binFunc declares bin() or floor(). Over ticks and integers with a constant size it is integer arithmetic
// that DuckDB runs at the speed of the scan.
func binFunc(name, doc, page string, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Result: FirstArg, Doc: doc, Page: page, Examples: examples,
		Sigs: []Sig{
			{Params: []Param{P("value", Integer), P("roundTo", Integer)}, Out: Widest, Go: binTicks, Lower: lowerBin},
			{Params: []Param{P("value", Integer|Real), P("roundTo", Integer|Real)}, Out: RetReal, Go: binReal, Lower: lowerBinReal},
			{Params: []Param{P("value", Number), P("roundTo", Number)}, Out: RetDecimal, Go: binDecimal},
			{Params: []Param{P("value", Timespan), P("roundTo", Timespan)}, Out: RetTimespan, Go: binTicks, Lower: lowerBin},
			{Params: []Param{P("value", Datetime), P("roundTo", Timespan)}, Out: RetDatetime, Go: binTicks, Lower: lowerBin},
			{Params: []Param{P("value", Datetime), P("roundTo", Datetime)}, Out: RetDatetime, Go: binTicks, Lower: lowerBin},
		}}
}

// ofType makes a value of one of the types that hold an int64; a datetime out of range is null.
func ofType(t types.Type, i int64) types.Value {
	switch t {
	case types.Int:
		return types.IntOf(int32(i))
	case types.Datetime:
		return types.DatetimeOf(i)
	case types.Timespan:
		return types.TimespanOf(i)
	}
	return types.LongOf(i)
}

func binTicks(c *Ctx, a []types.Value) types.Value {
	size := a[1].Int64()
	if size <= 0 {
		return types.Null(c.Out)
	}
	v := a[0].Int64()
	return ofType(c.Out, v-positive(v%size, size))
}

func binReal(_ *Ctx, a []types.Value) types.Value {
	v, size := a[0].Float64(), a[1].Float64()
	if size <= 0 {
		return types.Null(types.Real)
	}
	return types.RealOf(math.Floor(v/size) * size)
}

func binDecimal(_ *Ctx, a []types.Value) types.Value {
	v, ok1 := toDecimal(a[0])
	size, ok2 := toDecimal(a[1])
	if !ok1 || !ok2 || size.Sign() <= 0 {
		return types.Null(types.Decimal)
	}
	return decimalFloor(v, size)
}

func lowerBin(w Writer, c *Call) string {
	size := c.Args[1].Const
	if size == nil || size.IsNull() {
		return ""
	}
	if size.Int64() <= 0 {
		if c.Type == types.Int {
			return "NULL::INTEGER"
		}
		return "NULL::BIGINT"
	}
	lit := types.LongOf(size.Int64()).ToText()
	if c.Args[0].Type == types.Datetime { // never negative
		return Expand("($1 - $1 % "+lit+")", c)
	}
	if exact(w) || c.Type == types.Int || size.Int64() > math.MaxInt64/2 {
		return ""
	}
	return Expand("($1 - ($1 % "+lit+"::BIGINT + "+lit+") % "+lit+")", c)
}

func lowerBinReal(w Writer, c *Call) string {
	size := c.Args[1].Const
	if size == nil || size.IsNull() || !(size.Float64() > 0) || math.IsInf(size.Float64(), 0) {
		return ""
	}
	lit := w.Lit(types.RealOf(size.Float64()))
	return Expand("(floor($1 / "+lit+") * "+lit+")", c)
}

func binAtTicks(c *Ctx, a []types.Value) types.Value {
	v, size, at := a[0].Int64(), a[1].Int64(), a[2].Int64()
	if size <= 0 {
		return types.Null(c.Out)
	}
	d, ok := subTicks(v, at)
	if !ok && c.Out != types.Long {
		return types.Null(c.Out)
	}
	return ofType(c.Out, v-positive(d%size, size))
}

func binAtNumber(c *Ctx, a []types.Value) types.Value {
	if c.Out == types.Decimal {
		v, ok1 := toDecimal(a[0])
		size, ok2 := toDecimal(a[1])
		at, ok3 := toDecimal(a[2])
		if !ok1 || !ok2 || !ok3 || size.Sign() <= 0 {
			return types.Null(types.Decimal)
		}
		if _, err := decimalContext.Sub(v, v, at); err != nil {
			return types.Null(types.Decimal)
		}
		return decimal2(decimalFloor(v, size), a[2], func(c *apd.Context, d, x, y *apd.Decimal) error { _, err := c.Add(d, x, y); return err })
	}
	v, size, at := a[0].Float64(), a[1].Float64(), a[2].Float64()
	if size <= 0 {
		return types.Null(types.Real)
	}
	return types.RealOf(math.Floor((v-at)/size)*size + at)
}

func lowerBinAt(_ Writer, c *Call) string {
	size, at := c.Args[1].Const, c.Args[2].Const
	if size == nil || size.IsNull() || at == nil || at.IsNull() || size.Int64() <= 0 || size.Int64() > math.MaxInt64/2 {
		return ""
	}
	s := types.LongOf(size.Int64()).ToText()
	// The fixed point moved to the first bin border from tick 0 on: the rest is the arithmetic of bin().
	shift := types.LongOf(positive(-at.Int64()%size.Int64(), size.Int64())).ToText()
	return Expand(datetimeSQL("$1 - ($1 + "+shift+") % "+s), c)
}

func aroundTicks(_ *Ctx, a []types.Value) types.Value {
	v, c, d := a[0].Int64(), a[1].Int64(), a[2].Int64()
	if d < 0 {
		return types.BoolOf(false)
	}
	diff := uint64(v) - uint64(c)
	if v < c {
		diff = -diff
	}
	return types.BoolOf(diff <= uint64(d))
}

// startOf declares startof… (step 0, end false) and endof… (the tick before the start of the next). The SQL
// is for calls without an offset.
func startOf(name string, step int64, end bool, start func(t, offset int64) (int64, bool), sql string, examples ...Example) *Func {
	unit := name[len("startof"):]
	doc := "Gives the first moment of the " + unit + " that a datetime lies in, shifted by a number of " + unit + "s."
	if end {
		unit = name[len("endof"):]
		doc = "Gives the last tick of the " + unit + " that a datetime lies in, shifted by a number of " + unit + "s."
	}
	f := &Func{Name: name, Class: Scalar, Sigs: Sigs(RetDatetime, P("date", Datetime), P("offset", Long).Optional()), Page: name + "-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			offset := step
			if len(a) > 1 {
				n := a[1].Int64()
				if n < -12*maxOffset || n > 12*maxOffset {
					return types.Null(types.Datetime)
				}
				offset += n
			}
			t, ok := start(a[0].Int64(), offset)
			if !ok {
				return types.Null(types.Datetime)
			}
			if end {
				t--
			}
			return types.DatetimeOf(t)
		},
		Doc: doc, Examples: examples}
	if name == "startofday" {
		f.Result = FirstArg
	}
	if sql != "" {
		f.Lower = func(_ Writer, c *Call) string {
			if len(c.Args) > 1 {
				return ""
			}
			if unit == "week" { // the first and the last week of the calendar reach out of it
				return Expand(datetimeSQL(sql), c)
			}
			return Expand("("+sql+")", c)
		}
	}
	return f
}

// maxOffset is more days than the calendar has: past it every result is null.
const maxOffset = 4_000_000

func startOfDay(t, offset int64) (int64, bool) {
	return t - t%types.TicksPerDay + offset*types.TicksPerDay, offset > -maxOffset && offset < maxOffset
}

// startOfWeek: tick 0 is a Monday, weeks start on Sunday.
func startOfWeek(t, offset int64) (int64, bool) {
	return t - (t+types.TicksPerDay)%(7*types.TicksPerDay) + offset*7*types.TicksPerDay, offset > -maxOffset && offset < maxOffset
}

func startOfMonth(t, offset int64) (int64, bool) {
	c := types.CivilOf(t)
	return monthStart(int64(c.Year)*12+int64(c.Month)-1, offset)
}

func startOfYear(t, offset int64) (int64, bool) {
	if offset < -maxOffset || offset > maxOffset {
		return 0, false
	}
	return monthStart(int64(types.CivilOf(t).Year)*12, offset*12)
}

// monthStart is the start of month n (counted from year 0) plus offset; the month after the calendar's last
// is allowed, for endof….
func monthStart(n, offset int64) (int64, bool) {
	if offset < -12*maxOffset || offset > 12*maxOffset {
		return 0, false
	}
	n += offset
	if n == 10000*12 {
		return types.MaxDatetime + 1, true
	}
	if n < 12 || n > 10000*12 {
		return 0, false
	}
	return types.Civil{Year: int(n / 12), Month: int(n%12) + 1, Day: 1}.Ticks()
}

// partFunc declares a function that takes one part out of a datetime; want and wantMin are its results for
// 2015-10-12 13:45 and 0001-01-01.
func partFunc(name, doc string, part func(types.Civil) int, sql, want, wantMin, page string) *Func {
	return &Func{Name: name, Class: Scalar, Sigs: Sigs(RetInt, P("date", Datetime)), SQL: sql, Doc: doc, Page: page,
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return types.IntOf(int32(part(types.CivilOf(a[0].Int64()))))
		},
		Examples: []Example{{name + `(datetime(2015-10-12 13:45:00))`, "int(" + want + ")"}, {name + `(datetime(0001-01-01))`, "int(" + wantMin + ")"}, {name + `(datetime(null))`, `int(null)`}}}
}

// dayIndex counts days from 0001-01-01, a Monday, which is 0.
func dayIndex(year, month, day int) int {
	t, _ := types.Civil{Year: year, Month: month, Day: day}.Ticks()
	return int(t / types.TicksPerDay)
}

func dayOfYear(c types.Civil) int {
	return dayIndex(c.Year, c.Month, c.Day) - dayIndex(c.Year, 1, 1) + 1
}

// isoWeek: the week has the number of its Thursday's place in its year.
func isoWeek(c types.Civil) int {
	d := dayIndex(c.Year, c.Month, c.Day)
	return weekNumber(d - d%7 + 3)
}

// sundayWeek: the same with weeks from Sunday and the Wednesday in their middle.
func sundayWeek(c types.Civil) int {
	d := dayIndex(c.Year, c.Month, c.Day)
	return weekNumber(d - (d+1)%7 + 3)
}

// weekNumber is the number of the week whose middle is the given day; the calendar starts on a Monday and
// ends on a Friday, so the middle lies in it.
func weekNumber(middle int) int {
	return (dayOfYear(types.CivilOf(int64(middle)*types.TicksPerDay))-1)/7 + 1
}
