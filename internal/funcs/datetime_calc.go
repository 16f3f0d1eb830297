package funcs

import (
	"math"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/vedette-siem/vedette/internal/types"
)

// datetimeCalcFuncs add to datetimes, count between them, take them apart by name and put them together.
var datetimeCalcFuncs = []*Func{
	{Name: "datetime_add", Class: Scalar, Page: "datetime-add-function",
		Sigs: Sigs(RetDatetime, P("part", String).Constant(addParts...), P("value", Integer), P("datetime", Datetime)),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return datetimeAdd(strings.ToLower(a[0].Text()), a[1].Int64(), a[2].Int64())
		},
		Lower: func(_ Writer, c *Call) string {
			part, n := c.Args[0].Const, c.Args[1].Const
			if part == nil || n == nil || n.IsNull() {
				return ""
			}
			ticks, ok := scaleSpan(strings.ToLower(part.Text()), n.Int64())
			if !ok || ticks > types.MaxDatetime || ticks < -types.MaxDatetime {
				return ""
			}
			return Expand(datetimeSQL("$3 + "+parenthesize(ticks)), c)
		},
		Doc:      "Adds a number of years, months, days and so on; a day past the end of a month becomes its last day.",
		Examples: []Example{{`datetime_add("month", 13, datetime(2019-01-31))`, `datetime(2020-02-29)`}, {`datetime_add("week", -53, datetime(2021-03-15 12:00:00))`, `datetime(2020-03-09 12:00:00)`}, {`datetime_add("day", -1, datetime(0001-01-01 12:00:00))`, `datetime(null)`}}},
	{Name: "datetime_diff", Class: Scalar, Page: "datetime-diff-function",
		// Microsoft's binder says long for every part; the engine gives a real for weeks.
		Sigs: Sigs(Computed(func(args []Arg) types.Type {
			if len(args) > 0 && args[0].Const != nil && strings.EqualFold(args[0].Const.Text(), "week") {
				return types.Real
			}
			return types.Long
		}), P("part", String).Constant(addParts...), P("datetime1", Datetime), P("datetime2", Datetime)),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			return datetimeDiff(strings.ToLower(a[0].Text()), a[1].Int64(), a[2].Int64())
		},
		Lower:    lowerDatetimeDiff,
		Doc:      "Counts the borders of years, months, days and so on that lie between two datetimes.",
		Examples: []Example{{`datetime_diff("month", datetime(2017-01-01), datetime(2015-12-30))`, `13`}, {`datetime_diff("hour", datetime(2017-10-31 01:00), datetime(2017-10-30 23:59))`, `2`}, {`datetime_diff("week", datetime(2017-10-29 00:00), datetime(2017-09-30 23:59))`, `5.0`}, {`datetime_diff("day", datetime(null), now())`, `long(null)`}}},
	{Name: "datetime_part", Aliases: []string{"datepart"}, Class: Scalar, Page: "datetime-part-function",
		Sigs: Sigs(RetInt, P("part", String).Constant("year", "quarter", "month", "week_of_year", "weekofyear", "day", "dayofyear", "hour", "minute", "second", "millisecond", "microsecond", "nanosecond"), P("date", Datetime)),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			part, ok := datetimeParts[strings.ToLower(a[0].Text())]
			if !ok {
				return types.Null(types.Int)
			}
			return types.IntOf(int32(part.of(types.CivilOf(a[1].Int64()))))
		},
		Lower: func(_ Writer, c *Call) string {
			if part := c.Args[0].Const; part != nil {
				if sql := datetimeParts[strings.ToLower(part.Text())].sql; sql != "" {
					return Expand(sql, c)
				}
			}
			return ""
		},
		Doc:      "Takes one part out of a datetime.",
		Examples: []Example{{`datetime_part("week_of_year", datetime(2017-10-30 01:02:03.7654321))`, `int(44)`}, {`datetime_part("nanosecond", datetime(2017-10-30 01:02:03.7654321))`, `int(765432100)`}, {`datetime_part("weekofyear", datetime(2021-01-03))`, `int(1)`}, {`datetime_part("year", datetime(null))`, `int(null)`}}},
	{Name: "make_datetime", Class: Scalar, Result: OnlyArg, Page: "make-datetime-function",
		Sigs: []Sig{
			S(RetDatetime, P("year", Number), P("month", Number), P("day", Number), P("hour", Number).Optional(), P("minute", Number).Optional(), P("second", Number).Optional()),
			{Params: value(Any), Out: RetDatetime, Go: convertTo(types.Datetime)},
		},
		Go:       makeDatetime,
		Doc:      "Puts a datetime together from its parts; null if a part is out of its range.",
		Examples: []Example{{`make_datetime(2017, 10, 1, 12, 11, 0.1234567)`, `datetime(2017-10-01 12:11:00.1234567)`}, {`make_datetime(2023, 2, 29)`, `datetime(null)`}, {`make_datetime(2017, 10, 1, 12, 10)`, `datetime(2017-10-01 12:10:00)`}}},
	{Name: "make_timespan", Class: Scalar, Result: OnlyArg, Page: "make-timespan-function",
		Sigs: []Sig{
			S(RetTimespan, P("days", Number), P("hours", Number), P("minutes", Number), P("seconds", Number)),
			S(RetTimespan, P("hours", Number), P("minutes", Number), P("seconds", Number).Optional()),
			{Params: value(Any), Out: RetTimespan, Go: convertTo(types.Timespan)},
		},
		Go:       makeTimespan,
		Doc:      "Puts a timespan together from days, hours, minutes and seconds.",
		Examples: []Example{{`make_timespan(1, 12, 30, 55.123)`, `timespan(1.12:30:55.123)`}, {`make_timespan(12, 30)`, `timespan(12:30:00)`}, {`make_timespan(1, 60, 0)`, `timespan(null)`}}},
	unixFunc("seconds", types.TicksPerSecond, 1, "1546300800"),
	unixFunc("milliseconds", types.TicksPerMillisecond, 1, "1546300800000"),
	unixFunc("microseconds", types.TicksPerMicrosecond, 1, "1546300800000000"),
	unixFunc("nanoseconds", 1, 100, "1546300800000000000"),
}

var addParts = []string{"year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond", "nanosecond"}

// partTicks are the parts of fixed length; nanosecond is below a tick, and month and longer ones vary.
var partTicks = map[string]int64{"week": 7 * types.TicksPerDay, "day": types.TicksPerDay, "hour": types.TicksPerHour,
	"minute": types.TicksPerMinute, "second": types.TicksPerSecond, "millisecond": types.TicksPerMillisecond, "microsecond": types.TicksPerMicrosecond}

var partMonths = map[string]int64{"month": 1, "quarter": 3, "year": 12}

// scaleSpan is n parts of fixed length in ticks.
func scaleSpan(part string, n int64) (int64, bool) {
	if part == "nanosecond" {
		return n / 100, true
	}
	unit, ok := partTicks[part]
	if !ok || n > math.MaxInt64/unit || n < math.MinInt64/unit {
		return 0, false
	}
	return n * unit, true
}

func datetimeAdd(part string, n, t int64) types.Value {
	null := types.Null(types.Datetime)
	if m, ok := partMonths[part]; ok {
		if n > 12*maxOffset || n < -12*maxOffset {
			return null
		}
		c := types.CivilOf(t)
		month := int64(c.Year)*12 + int64(c.Month) - 1 + n*m
		if month < 12 || month >= 10000*12 {
			return null
		}
		c.Year, c.Month = int(month/12), int(month%12)+1
		c.Day = min(c.Day, types.DaysIn(c.Year, c.Month))
		t, _ = c.Ticks()
		return types.DatetimeOf(t)
	}
	span, ok := scaleSpan(part, n)
	if !ok {
		return null
	}
	if t, ok = addTicks(t, span); !ok && span != 0 {
		return null
	}
	return types.DatetimeOf(t)
}

func datetimeDiff(part string, a, b int64) types.Value {
	switch part {
	case "week": // weeks start on Sunday
		return types.RealOf(float64((a+types.TicksPerDay)/partTicks["week"] - (b+types.TicksPerDay)/partTicks["week"]))
	case "nanosecond":
		return types.LongOf((a - b) * 100)
	}
	if m, ok := partMonths[part]; ok {
		return types.LongOf(monthIndex(a)/m - monthIndex(b)/m)
	}
	if unit, ok := partTicks[part]; ok {
		return types.LongOf(a/unit - b/unit)
	}
	return types.Null(types.Long)
}

func monthIndex(t int64) int64 {
	c := types.CivilOf(t)
	return int64(c.Year)*12 + int64(c.Month) - 1
}

func lowerDatetimeDiff(_ Writer, c *Call) string {
	if c.Args[0].Const == nil {
		return ""
	}
	part := strings.ToLower(c.Args[0].Const.Text())
	switch part {
	case "year":
		return Expand("(year(kql_ts($2)) - year(kql_ts($3)))", c)
	case "week":
		return Expand("(($2 + 864000000000) // 6048000000000 - ($3 + 864000000000) // 6048000000000)::DOUBLE", c)
	}
	if unit, ok := partTicks[part]; ok {
		u := types.LongOf(unit).ToText()
		return Expand("($2 // "+u+" - $3 // "+u+")", c)
	}
	return ""
}

type datetimePart struct {
	of  func(types.Civil) int
	sql string
}

var datetimeParts = map[string]datetimePart{
	"year":         {func(c types.Civil) int { return c.Year }, "year(kql_ts($2))::INTEGER"},
	"quarter":      {func(c types.Civil) int { return (c.Month + 2) / 3 }, "quarter(kql_ts($2))::INTEGER"},
	"month":        {func(c types.Civil) int { return c.Month }, "month(kql_ts($2))::INTEGER"},
	"week_of_year": {isoWeek, "weekofyear(kql_ts($2))::INTEGER"},
	"weekofyear":   {sundayWeek, ""}, // obsolete
	"day":          {func(c types.Civil) int { return c.Day }, "day(kql_ts($2))::INTEGER"},
	"dayofyear":    {dayOfYear, "dayofyear(kql_ts($2))::INTEGER"},
	"hour":         {func(c types.Civil) int { return c.Hour }, "(($2 // 36000000000) % 24)::INTEGER"},
	"minute":       {func(c types.Civil) int { return c.Minute }, "(($2 // 600000000) % 60)::INTEGER"},
	"second":       {func(c types.Civil) int { return c.Second }, "(($2 // 10000000) % 60)::INTEGER"},
	"millisecond":  {func(c types.Civil) int { return c.Tick / 10000 }, "(($2 // 10000) % 1000)::INTEGER"},
	"microsecond":  {func(c types.Civil) int { return c.Tick / 10 }, "(($2 // 10) % 1000000)::INTEGER"},
	"nanosecond":   {func(c types.Civil) int { return c.Tick * 100 }, "($2 % 10000000 * 100)::INTEGER"},
}

// wholePart reads a part that must be a whole number in a range; a fraction is cut off.
func wholePart(v types.Value, most float64) (int, bool) {
	f := math.Trunc(v.Float64())
	return int(f), f >= 0 && f <= most
}

// secondPart reads seconds with a fraction as seconds and ticks.
func secondPart(v types.Value) (ticks int64, ok bool) {
	f := math.Round(v.Float64() * float64(types.TicksPerSecond))
	return int64(f), f >= 0 && f < float64(types.TicksPerMinute)
}

func makeDatetime(_ *Ctx, a []types.Value) types.Value {
	n := [5]int{2: 1}
	for i, most := range [5]float64{9999, 12, 31, 23, 59} {
		if i < len(a) {
			var ok bool
			if n[i], ok = wholePart(a[i], most); !ok {
				return types.Null(types.Datetime)
			}
		}
	}
	t, ok := types.Civil{Year: n[0], Month: n[1], Day: n[2], Hour: n[3], Minute: n[4]}.Ticks()
	if ok && len(a) == 6 {
		var sec int64
		sec, ok = secondPart(a[5])
		t += sec
	}
	if !ok {
		return types.Null(types.Datetime)
	}
	return types.DatetimeOf(t)
}

func makeTimespan(_ *Ctx, a []types.Value) types.Value {
	null := types.Null(types.Timespan)
	days := 0
	if len(a) == 4 {
		var ok bool
		if days, ok = wholePart(a[0], 10675198); !ok {
			return null
		}
		a = a[1:]
	}
	h, ok1 := wholePart(a[0], 23)
	m, ok2 := wholePart(a[1], 59)
	if !ok1 || !ok2 {
		return null
	}
	t := int64(days)*types.TicksPerDay + int64(h)*types.TicksPerHour + int64(m)*types.TicksPerMinute
	if len(a) == 3 {
		sec, ok := secondPart(a[2])
		if !ok {
			return null
		}
		t += sec
	}
	return types.TimespanOf(t)
}

// unixFunc declares a conversion from a count of units since 1970; a unit is mul/div ticks.
func unixFunc(unit string, mul, div int64, sample string) *Func {
	name := "unixtime_" + unit + "_todatetime"
	// The first and last count that lie in the calendar; every long does as nanoseconds.
	least, most := -types.UnixEpochTicks/mul, (types.MaxDatetime-types.UnixEpochTicks)/mul
	if div > 1 {
		least, most = math.MinInt64, math.MaxInt64
	}
	text := func(n int64) string { return types.LongOf(n).ToText() }
	sql := "($1::BIGINT * " + text(mul) + " // " + text(div) + " + " + text(types.UnixEpochTicks) + ")"
	if div == 1 {
		sql = "CASE WHEN $1 BETWEEN " + text(least) + " AND " + text(most) + " THEN " + sql + " END"
	}
	return &Func{Name: name, Class: Scalar, Page: "unixtime-" + unit + "-todatetime-function",
		Sigs: []Sig{
			{Params: []Param{P("number", Integer)}, Out: RetDatetime, SQL: sql,
				Go: func(_ *Ctx, a []types.Value) types.Value {
					n := a[0].Int64()
					if n < least || n > most {
						return types.Null(types.Datetime)
					}
					return types.DatetimeOf(n*mul/div + types.UnixEpochTicks)
				}},
			{Params: []Param{P("number", Number)}, Out: RetDatetime, Go: func(_ *Ctx, a []types.Value) types.Value {
				f := math.Round(a[0].Float64() * float64(mul) / float64(div))
				if !(math.Abs(f) <= float64(types.MaxDatetime)) {
					return types.Null(types.Datetime)
				}
				return types.DatetimeOf(int64(f) + types.UnixEpochTicks)
			}},
		},
		Doc:      "Converts " + unit + " since 1970-01-01 to a datetime.",
		Examples: []Example{{name + `(` + sample + `)`, `datetime(2019-01-01)`}, {name + `(long(null))`, `datetime(null)`}, {name + `(0)`, `datetime(1970-01-01)`}}}
}

func parenthesize(n int64) string { return "(" + types.LongOf(n).ToText() + ")" }

// decimalFloor is the largest multiple of size that is not above v.
func decimalFloor(v, size *apd.Decimal) types.Value {
	var quo, rem apd.Decimal
	if _, err := decimalContext.QuoInteger(&quo, v, size); err != nil {
		return types.Null(types.Decimal)
	}
	if _, err := decimalContext.Rem(&rem, v, size); err != nil {
		return types.Null(types.Decimal)
	}
	if rem.Sign() < 0 {
		if _, err := decimalContext.Sub(&quo, &quo, apd.New(1, 0)); err != nil {
			return types.Null(types.Decimal)
		}
	}
	if _, err := decimalContext.Mul(&quo, &quo, size); err != nil {
		return types.Null(types.Decimal)
	}
	return decimalOf(&quo)
}
