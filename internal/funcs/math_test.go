package funcs

import (
	"encoding/json"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/types"
)

func TestMathFunctions(t *testing.T) {
	checkCalls(t, All(), [][2]string{
		{`abs(-9223372036854775808)`, `-9223372036854775808`}, {`abs(decimal(-1.5))`, `decimal(1.5)`}, {`ceiling(decimal(1.2))`, `decimal(2)`}, {`ceiling(-0.5)`, `real(-0.0)`},
		{`round(-2.5)`, `-3.0`}, {`round(2.5)`, `3.0`}, {`round(3.25, 1)`, `3.3`}, {`round(155, -1)`, `160`}, {`round(-155, -1)`, `-160`}, {`round(155, 2)`, `155`}, {`round(155, -30)`, `0`}, {`round(21.5, -1)`, `20.0`},
		{`round(1.5, 400)`, `1.5`}, {`round(1.5, -400)`, `0.0`}, {`round(decimal(2.345), 2)`, `decimal(2.35)`}, {`round(decimal(2.3), 2)`, `decimal(2.3)`}, {`round(real(+inf))`, `real(+inf)`},
		{`sign(decimal(-2))`, `-1.0`}, {`sign(real(-inf))`, `-1.0`}, {`isnan(log(-1))`, `true`}, {`log(0)`, `real(-inf)`}, {`log10(100)`, `2.0`}, {`log10(real(1e-5))`, `-5.0`}, {`log2(5)`, `real(2.321928094887362)`},
		{`round(tan(100000.5), 13)`, `0.5007451900085`}, {`exp(1000)`, `real(+inf)`}, {`pow(2, 63)`, `real(9.223372036854776e+18)`}, {`degrees(4.71238898038469)`, `270.0`}, {`radians(360)`, `6.283185307179586`}, {`pow(1024, 2)`, `1048576.0`},
		{`max_of(1, 2.5, 2)`, `2.5`}, {`max_of("", "a")`, `"a"`}, {`min_of("", "a")`, `""`}, {`max_of(datetime(2024-01-01), datetime(2024-01-02))`, `datetime(2024-01-02)`}, {`isnan(max_of(1.0, real(nan)))`, `true`}, {`min_of(1.0, real(nan))`, `1.0`},
		{`binary_shift_left(1, 63)`, `-9223372036854775808`}, {`binary_shift_left(1, 64)`, `1`}, {`binary_shift_right(-1, 63)`, `-1`}, {`bitset_count_ones(-1)`, `64`},
		{`gamma(7)`, `720.0`}, {`gamma(10)`, `362880.0`}, {`gamma(23)`, `real(1.1240007277776077e+21)`}, {`isinf(gamma(172))`, `true`},
		{`convert_length(1.2, "Meter", "Foot")`, `3.9370078740157477`}, {`convert_mass(1.2, "Kilogram", "Pound")`, `2.6455471462185307`}, {`round(convert_temperature(100, "DegreeCelsius", "DegreeFahrenheit"), 9)`, `212.0`}, {`round(convert_temperature(0, "DegreeCelsius", "DegreeDelisle"), 9)`, `150.0`},
		{`round(convert_temperature(100, "DegreeCelsius", "DegreeRoemer"), 9)`, `60.0`}, {`round(convert_angle(45, "Degree", "Tilt"), 9)`, `0.707106781`}, {`round(convert_volume(1.2, "CubicMeter", "AcreFoot"), 12)`, `0.0009728568`}, {`round(convert_speed(1, "Knot", "KilometerPerHour"), 9)`, `1.8519984`}, {`round(convert_volume(2, "UsGallon", "Liter"), 9)`, `7.57082`},
		{`convert_length(1, "meter", "Foot")`, `real(null)`},
	})
}

func TestBeta(t *testing.T) {
	for _, c := range []struct{ got, want float64 }{
		{betaCDF(0.9, 10, 20), 0.9999999999999593}, {betaCDF(0.1, -1, 20), 1}, {betaCDF(0, 2, 3), 0}, {betaCDF(1, 2, 3), 1}, {betaCDF(1.5, 10, 20), math.NaN()}, {betaCDF(-10, 10, 20), math.NaN()},
		{betaPDF(0.5, 10, 20), 0.746176019310951}, {betaPDF(0.1, -1, 20), math.NaN()}, {betaPDF(0, 1, 1), math.NaN()},
		{betaInv(0.1, 10, 20), 0.226415022388749}, {betaInv(1, 2, 2), 1}, {betaInv(0.1, -1, 20), math.NaN()}, {betaCDF(0.5, 10001, 2), math.NaN()},
	} {
		if math.IsNaN(c.got) != math.IsNaN(c.want) || math.Abs(c.got-c.want) > 1e-13 {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
	for p := 0.01; p < 1; p += 0.07 {
		for _, ab := range [][2]float64{{0.5, 0.5}, {1, 3}, {10, 20}, {300, 200}} {
			if got := betaCDF(betaInv(p, ab[0], ab[1]), ab[0], ab[1]); math.Abs(got-p) > 1e-9 {
				t.Errorf("beta_inv(%v, %v) comes back as %v", p, ab, got)
			}
		}
	}
}

// TestUnitsAreConsistent: every unit converts into every other and back.
func TestUnitsAreConsistent(t *testing.T) {
	for _, units := range [][]unit{angleUnits, energyUnits, forceUnits, lengthUnits, massUnits, speedUnits, temperatureUnits, volumeUnits} {
		var names []string
		for _, u := range units {
			if slices.Contains(names, u.name) {
				t.Errorf("%s stands twice", u.name)
			}
			names = append(names, u.name)
			for _, v := range units {
				if v.name == tilt && u.toBase(0.5) > 1 {
					continue // the sine of so large an angle does not come back
				}
				if got := u.fromBase(v.toBase(v.fromBase(u.toBase(0.5)))); math.Abs(got-0.5) > 1e-6 {
					t.Errorf("0.5 %s through %s: %v", u.name, v.name, got)
				}
			}
		}
	}
}

// TestRecordedAnswers runs the calls of print statements whose results the corpus has recorded.
func TestRecordedAnswers(t *testing.T) {
	file, err := os.Open(corpus.Path(t, "corpus", "kusto-verified", "cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ran := 0
	for d := json.NewDecoder(file); d.More(); {
		var c struct {
			ID, Query, Family string
			Usable            bool
			Expected          [][]any
		}
		if err := d.Decode(&c); err != nil {
			t.Fatal(err)
		}
		if !c.Usable || len(c.Expected) != 1 {
			continue
		}
		ran += runPrint(t, c.ID, c.Query, c.Expected[0])
	}
	if ran < 100 {
		t.Errorf("only %d calls of the corpus were understood", ran)
	}
}

// runPrint evaluates what it can of a print statement's columns: calls of this file's families on constants.
// It returns how many.
func runPrint(t *testing.T, id, query string, want []any) (ran int) {
	t.Helper()
	list, ok := strings.CutPrefix(strings.TrimSpace(query), "print ")
	if !ok || strings.ContainsAny(list, "|;/") {
		return 0
	}
	columns := splitColumns(list)
	if len(columns) != len(want) {
		return 0
	}
	for i, column := range columns {
		column = regexp.MustCompile(`^\s*\w+\s*=\s*`).ReplaceAllString(column, "")
		name, _, _ := strings.Cut(strings.TrimSpace(column), "(")
		if f, ok := All().Lookup(Scalar, name); !ok || f.Family != "convert" && f.Family != "datetime" && f.Family != "math" {
			continue
		}
		got, ok := tryEval(column)
		if !ok {
			continue
		}
		ran++
		if !matches(got, want[i]) {
			t.Errorf("%s: %s gives %s, want %v", id, strings.TrimSpace(column), got.ToText(), want[i])
		}
	}
	return ran
}

func splitColumns(s string) (out []string) {
	depth, start, quote := 0, 0, byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case c == ',' && depth == 0:
			out, start = append(out, s[start:i]), i+1
		}
	}
	return append(out, s[start:])
}

// tryEval evaluates a call, if the evaluator understands all of it.
func tryEval(text string) (v types.Value, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	e := &eval{s: text, set: All(), ctx: func() *Ctx { return &Ctx{} }}
	v = e.expr()
	e.blank()
	return v, e.s == ""
}

func matches(got types.Value, want any) bool {
	switch want := want.(type) {
	case nil:
		return got.IsNull()
	case bool:
		return got.Type() == types.Bool && got.Bool() == want
	case float64:
		return !got.IsNull() && math.Abs(got.Float64()-want) <= 1e-13*math.Abs(want)
	case string:
		if got.Type() == types.Datetime {
			return got.ToText() == types.StringOf(want).To(types.Datetime).ToText()
		}
		return got.ToText() == want
	}
	return false
}
