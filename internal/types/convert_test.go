package types

import (
	"math"
	"testing"
)

func TestTo(t *testing.T) {
	str, dyn := StringOf, DynamicOf
	for _, c := range []struct {
		from Value
		to   Type
		want string // of the result's text; "null" for null
	}{
		{str("5"), Int, "5"}, {str(" -5 "), Int, "-5"}, {str("5.9"), Int, "null"}, {str("1e3"), Int, "null"},
		{str("2147483647"), Int, "2147483647"}, {str("2147483648"), Int, "null"}, {str(""), Int, "null"}, {str("42.0"), Int, "null"},
		{RealOf(2.9), Int, "2"}, {RealOf(-2.9), Int, "-2"}, {RealOf(1e30), Int, "2147483647"}, {RealOf(-1e19), Int, "-2147483648"},
		{RealOf(math.NaN()), Int, "null"}, {RealOf(math.Inf(1)), Int, "null"}, {BoolOf(true), Int, "1"}, {LongOf(1<<32 + 7), Int, "7"},
		{dyn("9223372036854775807"), Int, "-1"}, {dyn("-9223372036854775808"), Int, "0"}, {dyn("1.7E+308"), Int, "2147483647"},
		{dyn(`"12"`), Int, "12"}, {dyn("[1]"), Int, "null"}, {dyn("true"), Int, "1"}, {Null(Long), Int, "null"},

		{str("9223372036854775807"), Long, "9223372036854775807"}, {str("9223372036854775808"), Long, "null"},
		{str("-9223372036854775808"), Long, "-9223372036854775808"}, {str("0x1F"), Long, "31"}, {str("1_000"), Long, "null"}, {str("+5"), Long, "5"},
		{RealOf(1e19), Long, "9223372036854775807"}, {RealOf(-1e19), Long, "-9223372036854775808"}, {RealOf(2147483648.9), Long, "2147483648"},
		{RealOf(math.Inf(-1)), Long, "null"}, {DatetimeOf(UnixEpochTicks), Long, "621355968000000000"}, {TimespanOf(TicksPerDay), Long, "864000000000"},
		{dyn("1.7976931348623157E+308"), Long, "9223372036854775807"}, {dyn("5E-324"), Long, "0"}, {DecimalOf("12.9"), Long, "12"}, {GuidOf("x"), Long, "null"},

		{str("5.9"), Real, "5.9"}, {str("1e19"), Real, "1E+19"}, {str("  NaN  "), Real, "NaN"}, {str("nan"), Real, "NaN"}, {str("INF"), Real, "null"},
		{str("inf"), Real, "Infinity"}, {str("-inf"), Real, "-Infinity"}, {str("+Infinity"), Real, "Infinity"}, {str("Infinity"), Real, "Infinity"},
		{str("0x10"), Real, "null"}, {str("1_0.5"), Real, "null"}, {str(".5"), Real, "0.5"}, {str("1e999"), Real, "Infinity"}, {str("1.2.3"), Real, "null"},
		{LongOf(3), Real, "3.0"}, {BoolOf(false), Real, "0.0"}, {dyn(`"2.5"`), Real, "2.5"}, {dyn("2"), Real, "2.0"}, {DecimalOf("0.25"), Real, "0.25"},

		{str("true"), Bool, "True"}, {str("False"), Bool, "False"}, {str("1"), Bool, "True"}, {str("-1"), Bool, "True"}, {str("0"), Bool, "False"},
		{str("1.0"), Bool, "null"}, {str("0.0"), Bool, "null"}, {str("yes"), Bool, "null"}, {str(""), Bool, "null"}, {LongOf(-5), Bool, "True"},
		{RealOf(0.5), Bool, "True"}, {dyn("false"), Bool, "False"}, {dyn(`"true"`), Bool, "True"}, {DatetimeOf(1), Bool, "null"}, {DecimalOf("-0.00"), Bool, "False"},

		{BoolOf(true), String, "True"}, {dyn("true"), String, "true"}, {dyn(`"a\"b"`), String, `a"b`}, {dyn(`{"a":1}`), String, `{"a":1}`}, {Null(Int), String, ""},
		{RealOf(42), String, "42.0"}, {TimespanOf(TicksPerDay), String, "1.00:00:00"}, {GuidOf("a"), String, "a"},

		{LongOf(1), Datetime, "0001-01-01T00:00:00.0000001Z"}, {RealOf(1.5), Datetime, "0001-01-01T00:00:00.0000001Z"}, {LongOf(-1), Datetime, "null"},
		{dyn(`"2024-02-29"`), Datetime, "2024-02-29T00:00:00.0000000Z"}, {BoolOf(true), Datetime, "null"}, {TimespanOf(1), Datetime, "null"},
		{str("1d"), Timespan, "1.00:00:00"}, {str("1.5"), Timespan, "null"}, {dyn(`"00:00:01"`), Timespan, "00:00:01"}, {LongOf(10), Timespan, "00:00:00.0000010"},

		{BoolOf(true), Decimal, "1"}, {LongOf(-7), Decimal, "-7"}, {RealOf(0.1), Decimal, "0.1"}, {RealOf(1e21), Decimal, "1000000000000000000000"},
		{RealOf(math.NaN()), Decimal, "null"}, {str("1.50"), Decimal, "1.50"}, {str("-.5e-3"), Decimal, "-0.0005"}, {str("1e500"), Decimal, "null"}, {dyn("1.5"), Decimal, "1.5"},
		{str("{AE3133F2-6E22-49AE-B06A-16E6A9B212EB}"), Guid, "ae3133f2-6e22-49ae-b06a-16e6a9b212eb"}, {str("ae3133f26e2249aeb06a16e6a9b212eb"), Guid, "ae3133f2-6e22-49ae-b06a-16e6a9b212eb"},
		{str("(ae3133f26e2249aeb06a16e6a9b212eb)"), Guid, "null"}, {str("ae3133f2-6e22-49ae-b06a-16e6a9b212e"), Guid, "null"}, {LongOf(1), Guid, "null"},
		{str(`{"a":1}`), Dynamic, `{"a":1}`}, {LongOf(1), Dynamic, "1"}, {TimespanOf(10), Dynamic, "00:00:00.0000010"},
	} {
		got := c.from.To(c.to)
		text := got.ToText()
		if got.IsNull() {
			text = "null"
		}
		if text != c.want || got.Type() != c.to {
			t.Errorf("%v %q to %v: got %v %q, want %q", c.from.Type(), c.from.ToText(), c.to, got.Type(), text, c.want)
		}
	}
}

func TestFormatReal(t *testing.T) {
	for f, want := range map[float64]string{
		1: "1.0", 1.5: "1.5", 0.30000000000000004: "0.30000000000000004", 1e14: "100000000000000.0", 1e15: "1E+15", 1.25e20: "1.25E+20",
		0.0001: "0.0001", 0.00001: "1E-05", -3.5: "-3.5", math.MaxFloat64: "1.7976931348623157E+308", 5e-324: "5E-324",
	} {
		if got := FormatReal(f); got != want {
			t.Errorf("FormatReal(%v) = %s, want %s", f, got, want)
		}
	}
	if got := FormatReal(math.Copysign(0, -1)); got != "-0.0" {
		t.Errorf("negative zero: %s", got)
	}
}

func TestParseDecimalRounds(t *testing.T) {
	for in, want := range map[string]string{
		"0.33333333333333333333333333333333333333": "0.3333333333333333333333333333333333",
		"0.66666666666666666666666666666666666666": "0.6666666666666666666666666666666667",
		"000.10": "0.10", "+1": "1", "1.": "1", "-0": "0", "12e2": "1200", "12.345e1": "123.45",
	} {
		if got, ok := ParseDecimal(in); !ok || got != want {
			t.Errorf("ParseDecimal(%s) = %s %v, want %s", in, got, ok, want)
		}
	}
	for _, in := range []string{"", ".", "-", "1-2", "1e", "0x1", "nan", "1,5", "1e999"} {
		if got, ok := ParseDecimal(in); ok {
			t.Errorf("ParseDecimal(%q) = %s, want a refusal", in, got)
		}
	}
}
