package funcs

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/corpus"
	"github.com/vedette-siem/vedette/internal/types"
)

func TestSeriesExamples(t *testing.T) {
	checkFamily(t, seriesFuncs, seriesFillFuncs, seriesStatsFuncs, seriesFitFuncs, seriesSignalFuncs, seriesDecomposeFuncs)
}

func TestSeries(t *testing.T) {
	const traffic = `dynamic([80,139,87,110,68,54,50,51,53,133,86,141,97,156,94,149,95,140,77,61,50,54,47,133,72,152,94,148,105,162,101,160,87,63,53,55,54,151,103,189,108,183,113,175,113,178,90,71,62,62,65,165,109,181,115,182,121,178,114,170])`
	checkCalculated(t, []Example{
		{`series_fill_linear(dynamic([null,111,null,36,41,null,null,16,61,33,null,null]))`, `dynamic([111,111,73,36,41,32,24,16,61,33,33,33])`},
		{`series_fill_linear(dynamic([null,111.0,null,36.0,41.0,null,null,16.0]), double(null), false)`, `dynamic([null,111.0,73.5,36.0,41.0,32.66666666666667,24.333333333333336,16.0])`},
		{`series_fill_linear(dynamic([null,null]), double(null), false)`, `dynamic([0.0,0.0])`},
		{`series_fill_linear(dynamic([null,null]), double(null), true, double(null))`, `dynamic([null,null])`},
		{`series_fill_linear(dynamic([1,-1,3]), -1)`, `dynamic([1,2,3])`},
		{`series_fill_backward(dynamic([111,null,36,41,null,null,16,61,33,null,null]))`, `dynamic([111,36,36,41,16,16,16,61,33,null,null])`},
		{`series_fir(dynamic([0,0,0,0,0,0,0,0,0,10,20,40,100,40,20,10]), dynamic([1,1,1,1,1]))`, `dynamic([0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,2.0,6.0,14.0,34.0,42.0,44.0,42.0])`},
		{`series_fir(dynamic([0,0,10,20,40,100,40,20,10,0,0]), dynamic([1,1,1,1,1]), true, true)`, `dynamic([2.0,6.0,14.0,34.0,42.0,44.0,42.0,34.0,14.0,6.0,2.0])`},
		{`series_fir(dynamic([1,2]), dynamic([1,-1]))`, `dynamic([1,1])`},
		{`series_fir(dynamic([1,2]), dynamic([1,-1]), true)`, `dynamic(null)`},
		{`series_iir(dynamic([10,30,0]), dynamic([1]), dynamic([1,-1]))`, `dynamic([10.0,40.0,40.0])`},
		{`series_cosine_similarity(dynamic([0.1,0.2,0.1,0.2]), dynamic([0.11,0.2,0.11,0.21]))`, `0.9993534382550399`},
		{`series_stats_dynamic(dynamic([23,46,23,87,4,8,3,75,2,56,13,75,32,16,29]))`, `dynamic({"min":2.0,"min_idx":8,"max":87.0,"max_idx":3,"avg":32.8,"stdev":28.50363385354827,"variance":812.4571428571429,"sum":492.0,"len":15})`},
		{`series_periods_detect(` + traffic + `, 0.0, 50.0, 2)[0]`, `dynamic([14.0,0.0])`},
		{`round(toreal(series_periods_detect(` + traffic + `, 0.0, 50.0, 2)[1][0]), 2)`, `0.84`},
		{`series_periods_validate(` + traffic + `, 14.0, 10.0)[0]`, `dynamic([14.0,10.0])`},
		{`series_periods_validate(` + traffic + `, 14.0, 10.0)[1][1]`, `dynamic(0.0)`},
		{`series_seasonal(dynamic([2,5,3,4,3,2,1,2,3,4,3,2,1,2,3,4,3,2,1,2,3,4,3,2,1]))`, `dynamic([1.0,2.0,3.0,4.0,3.0,2.0,1.0,2.0,3.0,4.0,3.0,2.0,1.0,2.0,3.0,4.0,3.0,2.0,1.0,2.0,3.0,4.0,3.0,2.0,1.0])`},
		{`series_seasonal(dynamic([8,12,14,12,10,10,12,14,12,10,10,12,14,12,10,10,12,14,12,10]))`, `dynamic([10.0,12.0,14.0,12.0,10.0,10.0,12.0,14.0,12.0,10.0,10.0,12.0,14.0,12.0,10.0,10.0,12.0,14.0,12.0,10.0])`},
		{`series_seasonal(dynamic([1,3,5,2,4,6,1,3,5,2,4,6]), 3)`, `dynamic([1.5,3.5,5.5,1.5,3.5,5.5,1.5,3.5,5.5,1.5,3.5,5.5])`},
		{`series_fit_2lines(dynamic([1,2.2,2.5,4.7,5.0,12,10.3,10.3,9,8.3,6.2]))[1]`, `dynamic(5)`},
		{`series_outliers(dynamic([1,2]), "other")`, `dynamic(null)`},
		{`series_stats(series_subtract(dynamic(["2024-01-01T00:00:00.0000000Z","2024-01-01T00:00:01.0000000Z"]), dynamic(["2024-01-01T00:00:00.0000000Z","2024-01-01T00:00:00.0000000Z"])))[2]`, `dynamic(10000000.0)`},
		{`series_add(dynamic([9007199254740993]), 1)`, `dynamic([9007199254740994])`},
		{`series_decompose(dynamic([1,2,3]), 0, "other")`, `dynamic(null)`},
		{`series_decompose(dynamic([1,2]), 0, "avg", 2)`, `dynamic(null)`},
	})
}

// TestFourier goes there and back, for lengths that are powers of two and others.
func TestFourier(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 8, 12, 100, 128} {
		z := make([]complex128, n)
		for i := range z {
			z[i] = complex(float64(i*i%7), float64(i%3))
		}
		f := fft(z, false)
		for k := range f {
			var want complex128
			for i := range z {
				s, c := math.Sincos(-2 * math.Pi * float64(i*k%n) / float64(n))
				want += z[i] * complex(c, s)
			}
			if d := f[k] - want; math.Hypot(real(d), imag(d)) > 1e-9*float64(n) {
				t.Fatalf("length %d: element %d is %v, want %v", n, k, f[k], want)
			}
		}
		for i, c := range fft(f, true) {
			if d := c - z[i]; math.Hypot(real(d), imag(d)) > 1e-10*float64(n) {
				t.Fatalf("length %d: element %d came back as %v, was %v", n, i, c, z[i])
			}
		}
	}
}

// TestRecordedDecompositions compares with what the real engine answered for series that are part of the
// answer themselves.
func TestRecordedDecompositions(t *testing.T) {
	data, err := os.ReadFile(corpus.Path(t, "corpus", "kusto-verified", "cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	calls := []struct{ in, call string }{
		{"extend series_decompose(y)\n", `series_decompose(y)`},
		{"extend series_decompose(y, -1, 'linefit')", `series_decompose(y, -1, "linefit")`},
		{"extend series_decompose_anomalies(y)\n", `series_decompose_anomalies(y)`},
		{"extend series_decompose_anomalies(y, 1.5, -1, 'linefit')", `series_decompose_anomalies(y, 1.5, -1, "linefit")`},
		{"extend series_decompose_anomalies(y, 2.5, -1, 'linefit')", `series_decompose_anomalies(y, 2.5, -1, "linefit")`},
		{"series_decompose_forecast(y, 24*7)", `pack_array(series_decompose_forecast(y, 168))`},
		{"series_fit_line_dynamic(y)\n| extend\n", `pack_array(series_fit_line_dynamic(y))`},
		{"series_fit_line(y)\n| render", `series_fit_line(y)`},
	}
	found, numbers := 0, 0
	for _, text := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		var c struct {
			ID, Query string
			Schema    []struct{ Name string }
			Expected  []json.RawMessage
		}
		if err := json.Unmarshal([]byte(text), &c); err != nil || !strings.Contains(c.Query, "series_") || !strings.HasPrefix(c.ID, "duckdb-kql/docs-corpus:series-") {
			continue
		}
		for _, k := range calls {
			if !strings.Contains(c.Query, k.in) {
				continue
			}
			found++
			row, err := types.ParseJSON(string(c.Expected[0]))
			if err != nil {
				t.Fatal(err)
			}
			first, y := len(row.Items), ""
			for i, col := range c.Schema {
				if col.Name == "y" {
					y = row.Items[i].String()
				}
				if first == len(row.Items) && (strings.HasPrefix(col.Name, "series_") || col.Name == "y_forcasted" || col.Name == "fit" || col.Name == "RSquare") {
					first = i
				}
			}
			numbers += compareParts(t, c.ID, k.call, types.JSONOf(evaluateWith(t, k.call, y)), row.Items[first:], strings.Contains(c.Query, "series_multiply(10"))
		}
	}
	if found < len(calls) || numbers < 20000 {
		t.Errorf("%d recorded calls were found for %d, with %d numbers", found, len(calls), numbers)
	}
}

func evaluateWith(t *testing.T, call, y string) types.Value {
	t.Helper()
	return evaluate(t, strings.Replace(call, "(y", "(dynamic("+y+")", 1))
}

func compareParts(t *testing.T, id, call string, got types.JSON, want []types.JSON, tenfold bool) (compared int) {
	t.Helper()
	for i, g := range got.Items {
		if i >= len(want) {
			break
		}
		w := want[i]
		if w.Kind == types.JSONReal || w.Kind == types.JSONLong {
			g, w = types.JSON{Items: []types.JSON{g}}, types.JSON{Items: []types.JSON{w}}
		}
		for k, e := range g.Items {
			if e.Kind == types.JSONArray || k >= len(w.Items) {
				continue
			}
			x, y := numberOf(e), numberOf(w.Items[k])
			compared++
			if tenfold && i == 0 {
				x *= 10
			}
			if math.Abs(x-y) > 1e-9*max(1, math.Abs(y)) {
				t.Errorf("%s: %s: part %d, element %d: %v, want %v", id, call, i, k, x, y)
				break
			}
		}
	}
	return compared
}
