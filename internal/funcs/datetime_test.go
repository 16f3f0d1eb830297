package funcs

import (
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/types"
)

func TestDatetimeFunctions(t *testing.T) {
	checkCalls(t, All(), [][2]string{
		{`bin(datetime(1955-11-05 06:15:00), 7d)`, `datetime(1955-10-31)`}, {`bin(datetime(2999-12-31 23:30:00), 1d)`, `datetime(2999-12-31)`}, {`bin(-1h, 1d)`, `-1d`},
		{`bin(5, -2)`, `long(null)`}, {`bin(1h, 0s)`, `timespan(null)`}, {`bin(-5.5, 1)`, `-6.0`}, {`bin(5, 2.5)`, `5.0`}, {`bin(decimal(-4.5), 1)`, `decimal(-5)`}, {`bin(4.5, 0)`, `real(null)`},
		{`bin(-9223372036854775808, 10)`, `9223372036854775806`}, // wraps around
		{`bin_at(datetime(2023-06-14 12:00:00), 7d, datetime(2023-01-01))`, `datetime(2023-06-11)`}, {`bin_at(datetime(2017-05-17 10:20:00), 7d, datetime(2017-06-04))`, `datetime(2017-05-14)`},
		{`bin_at(datetime(1955-11-05 06:15:00), 3h, datetime(1955-11-05 00:30:00))`, `datetime(1955-11-05 03:30:00)`}, {`bin_at(datetime(0001-01-01), 1d, datetime(0001-01-02 12:00))`, `datetime(null)`}, {`bin_at(-3, 5, 1)`, `-4`},
		{`startofweek(datetime(0001-01-02))`, `datetime(null)`}, {`startofweek(datetime(2007-12-31))`, `datetime(2007-12-30)`}, {`endofyear(datetime(9999-12-31))`, `datetime(9999-12-31 23:59:59.9999999)`},
		{`endofmonth(datetime(2020-01-31), 1)`, `datetime(2020-02-29 23:59:59.9999999)`}, {`endofweek(datetime(9999-12-31))`, `datetime(null)`}, {`startofyear(datetime(2020-01-01), 9223372036854775807)`, `datetime(null)`},
		{`endofday(datetime(2020-01-01), 9223372036854775807)`, `datetime(null)`}, {`startofmonth(datetime(0001-01-15), -1)`, `datetime(null)`}, {`startofday(datetime(9999-12-31), 1)`, `datetime(null)`},
		{`week_of_year(datetime(2015-12-31))`, `int(53)`}, {`week_of_year(datetime(2016-01-01))`, `int(53)`}, {`week_of_year(datetime(2018-12-31))`, `int(1)`}, {`week_of_year(datetime(2023-01-01))`, `int(52)`},
		{`week_of_year(datetime(9999-12-31 23:59:59.9999999))`, `int(52)`}, {`week_of_year(datetime(2000-01-01))`, `int(52)`}, {`week_of_year(datetime(2020-12-31))`, `int(53)`},
		{`weekofyear(datetime(2023-01-01))`, `int(1)`}, {`weekofyear(datetime(2020-01-04))`, `int(1)`}, {`weekofyear(datetime(2020-01-05))`, `int(2)`},
		{`dayofweek(datetime(9999-12-31 23:59:59.9999999))`, `timespan(null)`}, {`dayofweek(datetime(9999-12-30))`, `4d`}, {`dayofweek(datetime(0001-01-01))`, `1d`}, {`dayofyear(datetime(2020-12-31))`, `int(366)`},
		{`datetime_add("quarter", -5, datetime(2020-05-31))`, `datetime(2019-02-28)`}, {`datetime_add("YEAR", 1, datetime(2020-02-29))`, `datetime(2021-02-28)`}, {`datetime_add("hour", 100000, datetime(2020-01-01))`, `datetime(2031-05-29 16:00)`},
		{`datetime_add("nanosecond", 250, datetime(2020-01-01))`, `datetime(2020-01-01 00:00:00.0000002)`}, {`datetime_add("year", 9223372036854775807, datetime(2020-01-01))`, `datetime(null)`}, {`datetime_add("day", 9223372036854775807, datetime(2020-01-01))`, `datetime(null)`},
		{`datetime_diff("week", datetime(2024-02-29), datetime(2020-02-29))`, `209.0`}, {`datetime_diff("week", datetime(2020-01-31), datetime(2019-12-31))`, `4.0`}, {`datetime_diff("week", datetime(2021-03-01), datetime(2020-12-31))`, `9.0`},
		{`datetime_diff("Quarter", datetime(2017-07-01), datetime(2017-03-30))`, `2`}, {`datetime_diff("year", datetime(2017-01-01), datetime(2000-12-31))`, `17`}, {`datetime_diff("nanosecond", datetime(2017-10-30 23:00:00.0000000), datetime(2017-10-30 23:00:00.0000007))`, `-700`},
		{`datetime_diff("second", datetime(2020-01-01 00:00:01.9999999), datetime(2020-01-01 00:00:00.0000001))`, `1`}, {`datetime_diff("millisecond", datetime(2017-10-30 23:00:00.200100), datetime(2017-10-30 23:00:00.100900))`, `100`},
		{`datetime_part("dayOfYear", datetime(2017-10-30))`, `int(303)`}, {`datetime_part("quarter", datetime(2017-10-30))`, `int(4)`}, {`datetime_part("microsecond", datetime(2017-10-30 01:02:03.7654321))`, `int(765432)`},
		{`make_datetime(2020, 2, 29, 23, 59, 59.9999999)`, `datetime(2020-02-29 23:59:59.9999999)`}, {`make_datetime(9999, 12, 31, 23, 59, 59)`, `datetime(9999-12-31 23:59:59)`}, {`make_datetime(0, 1, 1)`, `datetime(null)`},
		{`make_datetime(2020, 1, 1, 24, 0, 0)`, `datetime(null)`}, {`make_datetime(2020, 1, 1, 0, 0, 60)`, `datetime(null)`}, {`make_datetime("2020-01-01")`, `datetime(2020-01-01)`}, {`make_timespan(23, 59, 59.5)`, `timespan(23:59:59.5)`}, {`make_timespan("1d")`, `1d`},
		{`unixtime_seconds_todatetime(1546300800.5)`, `datetime(2019-01-01 00:00:00.5)`}, {`unixtime_seconds_todatetime(-1)`, `datetime(1969-12-31 23:59:59)`}, {`unixtime_seconds_todatetime(253402300800)`, `datetime(null)`}, {`unixtime_seconds_todatetime(9223372036854775807)`, `datetime(null)`},
		{`unixtime_milliseconds_todatetime(-62135596800000)`, `datetime(0001-01-01)`}, {`unixtime_nanoseconds_todatetime(9223372036854775807)`, `datetime(2262-04-11 23:47:16.8547758)`}, {`unixtime_seconds_todatetime(real(nan))`, `datetime(null)`},
		{`around(10, 5, -1)`, `false`}, {`around(1.5, 1.0, 0.5)`, `true`}, {`around(-9223372036854775808, 9223372036854775807, 1)`, `false`}, {`around(1h, 30m, 30m)`, `true`},
	})
}

func TestFormats(t *testing.T) {
	checkCalls(t, All(), [][2]string{
		{`format_datetime(datetime(2007-03-09 05:04:03), "dddd, MMMM d, yyyy")`, `"0909, 0303 9, 2007"`}, {`format_datetime(datetime(2007-03-09 05:04:03), "ddd MMM")`, `"099 033"`},
		{`format_datetime(datetime(2007-03-09 05:04:03.5), "s.f")`, `"3.5"`}, {`format_datetime(datetime(2007-03-09 00:30:00), "hh:mm tt")`, `"12:30 AM"`}, {`format_datetime(datetime(2007-03-09 17:04:03), "h tt")`, `"5 PM"`},
		{`format_datetime(datetime(2007-01-02 03:04:05), "yy-MM-dd HH:mm")`, `"07-01-02 03:04"`}, {`format_datetime(datetime(2020-12-09 23:45:59), "M/d/yy H:m:s")`, `"12/9/20 23:45:59"`}, {`format_datetime(datetime(0001-01-01), "y yyyy")`, `"1 0001"`},
		{`format_datetime(datetime(2009-06-15 13:45:30.0001150), "F FFFFFFF fffffff")`, `" 000115 0001150"`}, {`format_datetime(datetime(2009-06-15), "yyyyMMddTHH")`, `error unexpected 'T' at position 9`}, {`format_datetime(datetime(2009-06-15), "t")`, `error unexpected "t"`},
		{`format_timespan(time(1.02:03:04.005), "d:hh:mm:ss.fff")`, `"1:02:03:04.005"`}, {`format_timespan(timespan(0.00:00:00.0000001), "fffffff")`, `"0000001"`}, {`format_timespan(-26h, "d.hh:mm")`, `"-1.02:00"`},
		{`format_timespan(time(10675199.02:48:05.4775807), "d.hh:mm:ss")`, `"10675199.02:48:05"`}, {`format_timespan(time(-10675199.02:48:05.4775808), "d")`, `"-10675199"`}, {`format_timespan(90061123ms, "d:h:m:s.fff")`, `"1:1:1:1.123"`},
		{`format_timespan(13h, "h HH")`, `"13 13"`}, {`format_timespan(1d, "ddddddddd")`, `"000000011"`}, {`format_timespan(1d, "c")`, `error unexpected 'c'`}, {`format_timespan(1d, "G")`, `error unexpected 'G'`}, {`format_timespan(1d, "M")`, `error unexpected 'M'`},
	})
}

func TestTimezones(t *testing.T) {
	checkCalls(t, All(), [][2]string{
		{`datetime_local_to_utc(datetime(2022-03-27 01:00), "Europe/Brussels")`, `datetime(2022-03-27 00:00)`}, {`datetime_local_to_utc(datetime(2022-03-27 03:00), "Europe/Brussels")`, `datetime(2022-03-27 01:00)`},
		{`datetime_local_to_utc(datetime(2022-10-30 02:30), "Europe/Brussels")`, `datetime(2022-10-30 01:30)`}, {`datetime_local_to_utc(datetime(2022-10-30 01:30), "Europe/Brussels")`, `datetime(2022-10-29 23:30)`},
		{`datetime_local_to_utc(datetime(2020-02-02 20:02:20), "US/Pacific")`, `datetime(2020-02-03 04:02:20)`}, {`datetime_utc_to_local(datetime(2020-06-01), "Australia/Canberra")`, `datetime(2020-06-01 10:00)`},
		{`datetime_utc_to_local(datetime(9999-12-31 23:00), "Europe/Paris")`, `datetime(null)`}, {`datetime_utc_to_local(datetime(2020-01-01), "Nowhere/Nothing")`, `error unknown time zone "Nowhere/Nothing"`},
		{`datetime_utc_to_local(datetime(2020-01-01), "")`, `error unknown time zone`}, {`datetime_utc_to_local(datetime(2020-01-01), "Local")`, `error unknown time zone`},
	})
	for _, z := range timezones() {
		if _, err := time.LoadLocation(z); err != nil {
			t.Errorf("listed zone: %v", err)
		}
	}
}

// TestWeeks compares with package time, and the Sunday weeks with counting.
func TestWeeks(t *testing.T) {
	for ticks := int64(0); ticks <= types.MaxDatetime; ticks += 3 * types.TicksPerDay {
		c, want := types.CivilOf(ticks), types.TimeOf(ticks)
		if _, w := want.ISOWeek(); w != isoWeek(c) || want.YearDay() != dayOfYear(c) {
			t.Fatalf("%v: week %d, want %d; day %d", want, isoWeek(c), w, dayOfYear(c))
		}
		if w := sundayWeek(c); c.Month == 6 && w != (want.YearDay()+int(want.AddDate(0, 0, 1-want.YearDay()).Weekday())+6)/7-sundayShift(want) {
			t.Fatalf("%v: Sunday week %d", want, w)
		}
	}
}

// sundayShift is 1 in a year whose first days belong to the year before.
func sundayShift(t time.Time) int {
	if first := t.AddDate(0, 0, 1-t.YearDay()).Weekday(); first > time.Wednesday {
		return 1
	}
	return 0
}
