package types

import (
	"math"
	"testing"
	"time"
)

func TestParseDatetime(t *testing.T) {
	const noon = "2014-11-08T15:05:02.0000000Z"
	const minute = "2014-11-08T15:05:00.0000000Z"
	const day = "2014-11-08T00:00:00.0000000Z"
	for in, want := range map[string]string{
		"2020-06-15T13:45:09.1234567Z": "2020-06-15T13:45:09.1234567Z", "2020-06-15 13:45:09": "2020-06-15T13:45:09.0000000Z",
		"1969-07-20": "1969-07-20T00:00:00.0000000Z", "0001-01-01": "0001-01-01T00:00:00.0000000Z", "1970-5-1": "1970-05-01T00:00:00.0000000Z",
		"9999-12-31T23:59:59.99999999Z": "9999-12-31T23:59:59.9999999Z", " 2014-11-08 ": day, "2014-11-08T15:05": minute,
		"2014-11-08T17:05:02+02:00": noon, "2014-11-08 10:05:02 -0500": noon, "2014-11-08T15:05:02 GMT": noon, "2014-11": "2014-11-01T00:00:00.0000000Z",
		"Sat, 8 Nov 14 15:05:02 GMT": noon, "Sat, 8 Nov 14 15:05:02": noon, "Sat, 8 Nov 14 15:05": minute, "8 Nov 14 15:05 GMT": minute, "8 Nov 14": day,
		"Saturday, 08-Nov-14 15:05:02 GMT": noon, "Saturday, 08-Nov-14 15:05": minute, "08-Nov-14 15:05:02": noon, "08-Nov-2014": day,
		"Sat, 08 Nov 2014 15:05:02 +0000": noon, "Sat Nov  8 15:05:02 2014": noon, "Nov 8, 2014 3:05:02 PM": noon, "November 8, 2014": day, "8 November 2014": day,
		"11/8/2014 3:05:02 PM": noon, "11/8/2014, 3:05:02.0 PM": noon, "11/08/2014 15:05": minute, "11/8/14": day, "11-08-2014": day, "2014/11/8 15:05:02": noon,
		"11/8/2014 12:05:02 AM": "2014-11-08T00:05:02.0000000Z", "8 Nov 51": "1951-11-08T00:00:00.0000000Z", "8 Nov 49": "2049-11-08T00:00:00.0000000Z",
	} {
		got, ok := ParseDatetime(in)
		if !ok || FormatDatetime(got) != want {
			t.Errorf("ParseDatetime(%q) = %s %v, want %s", in, FormatDatetime(got), ok, want)
		}
	}
	for _, in := range []string{"", "x", "2014-13-08", "2014-02-29", "2014-11-08T25:00", "2014-11-08T15:60", "2014-11-08T15:05:02.", "11/8/2014 13:05 PM",
		"13/8/2014", "8 Nov", "8 Nov 2014 GMT", "8 Nov 14 15:05 PST", "8 Nov 14 15:05 GMT GMT", "8 Nov 14 15:05 16:05", "0000-01-01", "10000-01-01",
		"0001-01-01T00:00:00+01:00", "1.2.3.4", "192.168.1.1", "20141108", "8//Nov//14", "Nov Nov 2014", "1 2 3 4", "8 Nov 14-", "2014-11-08x", "8 Nov 2014 15:05:02.+02"} {
		if got, ok := ParseDatetime(in); ok {
			t.Errorf("ParseDatetime(%q) = %s, want a refusal", in, FormatDatetime(got))
		}
	}
}

func TestParseTimespan(t *testing.T) {
	for in, want := range map[string]string{
		"1d": "1.00:00:00", "2h": "02:00:00", "01:00:00": "01:00:00", "90s": "00:01:30", "-1d": "-1.00:00:00", "00:00:00.001": "00:00:00.0010000",
		"1.02:03:04": "1.02:03:04", "0.00:03:00": "00:03:00", "1:2": "01:02:00", "1:02:03:04.5": "1.02:03:04.5000000", "5": "5.00:00:00", "1.5h": "01:30:00",
		"100ms": "00:00:00.1000000", "1tick": "00:00:00.0000001", "10 seconds": "00:00:10", "3microseconds": "00:00:00.0000030", "-00:00:01": "-00:00:01",
		"10675199.02:48:05.4775807": "10675199.02:48:05.4775807", "-10675199.02:48:05.4775808": "-10675199.02:48:05.4775808", "250nanoseconds": "00:00:00.0000002",
	} {
		got, ok := ParseTimespan(in)
		if !ok || FormatTimespan(got) != want {
			t.Errorf("ParseTimespan(%q) = %s %v, want %s", in, FormatTimespan(got), ok, want)
		}
	}
	for _, in := range []string{"", "-", "1.5", "1w", "24:00:00", "00:60:00", "00:00:60", "1:", ":1", "1:2:3:4:5", "1.2:3:4:5", "x", "d", "00:00:01.", "00:00:0x",
		"10675199.02:48:05.4775808", "99999999999d", "106751991167d", ".01:00:00", "1..5h"} {
		if got, ok := ParseTimespan(in); ok {
			t.Errorf("ParseTimespan(%q) = %s, want a refusal", in, FormatTimespan(got))
		}
	}
}

// TestCivil compares with package time over all kinds of year.
func TestCivil(t *testing.T) {
	for _, ticks := range []int64{0, 1, MaxDatetime, UnixEpochTicks, UnixEpochTicks - 1} {
		checkCivil(t, ticks)
	}
	for ticks := int64(123456789); ticks < MaxDatetime; ticks += 37*TicksPerDay + 12345*TicksPerSecond + 7 {
		checkCivil(t, ticks)
	}
	for _, c := range []Civil{{}, {Year: 2023, Month: 2, Day: 29}, {Year: 10000, Month: 1, Day: 1}, {Year: 1, Month: 1, Day: 1, Hour: 24}, {Year: 1, Month: 1, Day: 1, Tick: -1}} {
		if _, ok := c.Ticks(); ok {
			t.Errorf("%+v is taken for a datetime", c)
		}
	}
}

func checkCivil(t *testing.T, ticks int64) {
	t.Helper()
	want, c := TimeOf(ticks), CivilOf(ticks)
	got := time.Date(c.Year, time.Month(c.Month), c.Day, c.Hour, c.Minute, c.Second, c.Tick*100, time.UTC)
	back, ok := c.Ticks()
	if !got.Equal(want) || !ok || back != ticks || TicksOf(want) != ticks {
		t.Fatalf("%d: %v, want %v; back %d", ticks, got, want, back)
	}
	if s := want.Format("2006-01-02T15:04:05.0000000Z"); s != FormatDatetime(ticks) {
		t.Fatalf("FormatDatetime: %s, want %s", FormatDatetime(ticks), s)
	}
}

func TestFormatTimespan(t *testing.T) {
	for ticks, want := range map[int64]string{0: "00:00:00", 1: "00:00:00.0000001", -TicksPerHour: "-01:00:00", TicksPerDay: "1.00:00:00",
		math.MaxInt64: "10675199.02:48:05.4775807", math.MinInt64: "-10675199.02:48:05.4775808"} {
		if got := FormatTimespan(ticks); got != want {
			t.Errorf("%d: %s, want %s", ticks, got, want)
		}
	}
}

func FuzzParseDatetime(f *testing.F) {
	for _, s := range []string{"2020-06-15T13:45:09.1234567Z", "Sat, 8 Nov 14 15:05:02 GMT", "11/8/2014, 3:05:02.0 PM", "Nov 8, 2014", "1d", "-1.02:03:04.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ticks, ok := ParseDatetime(s); ok {
			back, ok := ParseDatetime(FormatDatetime(ticks))
			if !ok || back != ticks {
				t.Errorf("%q: %d comes back as %d", s, ticks, back)
			}
		}
		if ticks, ok := ParseTimespan(s); ok {
			back, ok := ParseTimespan(FormatTimespan(ticks))
			if !ok || back != ticks {
				t.Errorf("%q: %d comes back as %d", s, ticks, back)
			}
		}
		if d, ok := ParseDecimal(s); ok {
			if back, ok := ParseDecimal(d); !ok || back != d {
				t.Errorf("%q: %s comes back as %s", s, d, back)
			}
		}
	})
}
