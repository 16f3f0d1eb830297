package exec

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// day is a point on a timeline of days.
type day int64

const oneDay = types.TicksPerDay

// row makes values of Go values; nil is a null long.
func row(cells ...any) []types.Value {
	out := make([]types.Value, len(cells))
	for i, c := range cells {
		switch c := c.(type) {
		case int:
			out[i] = types.LongOf(int64(c))
		case float64:
			out[i] = types.RealOf(c)
		case string:
			out[i] = types.StringOf(c)
		case bool:
			out[i] = types.BoolOf(c)
		case day:
			out[i] = types.DatetimeOf(int64(c) * oneDay)
		case types.Value:
			out[i] = c
		default:
			out[i] = types.Null(types.Long)
		}
	}
	return out
}

// text renders rows: cells with commas, rows with semicolons; a datetime as the number of its day.
func text(rows [][]types.Value) string {
	var lines []string
	for _, r := range rows {
		var cells []string
		for _, v := range r {
			switch {
			case v.IsNull():
				cells = append(cells, "null")
			case v.Type() == types.Datetime:
				cells = append(cells, fmt.Sprint(float64(v.Int64())/float64(oneDay)))
			default:
				cells = append(cells, v.ToText())
			}
		}
		lines = append(lines, strings.Join(cells, ","))
	}
	return strings.Join(lines, "; ")
}

func mustRun(t *testing.T, op rel.NativeOp, rows ...[]types.Value) string {
	t.Helper()
	out, err := op.Run(t.Context(), rows)
	if err != nil {
		t.Fatalf("%s: %v", op.Name(), err)
	}
	return text(out)
}

// col and fnCall build expressions; the column's number is its place.
func col(id int, t types.Type) rel.Expr { return &rel.ColRef{ID: rel.ColID(id), T: t} }

func konst(v any) rel.Expr { return &rel.Lit{V: row(v)[0]} }

func fnCall(class funcs.Class, name string, out types.Type, args ...rel.Expr) rel.Expr {
	fn, ok := funcs.All().Lookup(class, name)
	if !ok {
		panic("no function " + name)
	}
	for i := range fn.Sigs {
		s := &fn.Sigs[i]
		fits := s.Takes(len(args))
		for j, a := range args {
			p, has := s.Param(j, len(args))
			fits = fits && has && p.Types.Has(a.Type())
		}
		if fits {
			return &rel.Call{Fn: fn, Sig: s, Args: args, T: out}
		}
	}
	panic("no overload of " + name)
}

func op(name string, out types.Type, args ...rel.Expr) rel.Expr {
	return fnCall(funcs.Operator, name, out, args...)
}

func slots(n int) map[rel.ColID]int {
	out := map[rel.ColID]int{}
	for i := range n {
		out[rel.ColID(i)] = i
	}
	return out
}

func TestEval(t *testing.T) {
	const L, S, B = types.Long, types.String, types.Bool
	x, s := col(0, L), col(1, S)
	fault := fnCall(funcs.Scalar, "assert", B, konst(false), konst("no"))
	for _, c := range []struct {
		name string
		e    rel.Expr
		row  []types.Value
		want string
	}{
		{"column", x, row(5, ""), "5"},
		{"sum", op("+", L, x, konst(2)), row(5, ""), "7"},
		{"null propagates", op("+", L, x, konst(2)), row(nil, ""), "null"},
		{"nested calls keep their arguments", op("+", L, op("+", L, x, konst(1)), op("+", L, x, konst(10))), row(1, ""), "13"},
		{"string is never null", fnCall(funcs.Scalar, "strlen", L, s), row(1, ""), "0"},
		{"iff takes one branch", fnCall(funcs.Scalar, "iff", B, op("==", B, x, konst(1)), konst(true), fault), row(1, ""), "True"},
		{"iff of null takes the second", fnCall(funcs.Scalar, "iff", L, op("==", B, x, konst(1)), konst(7), konst(8)), row(nil, ""), "8"},
		{"false and fault", op("and", B, konst(false), fault), row(1, ""), "False"},
		{"true or fault", op("or", B, konst(true), fault), row(1, ""), "True"},
		{"null and true", op("and", B, konst(types.Null(B)), konst(true)), row(1, ""), "null"},
	} {
		p, err := Compile(c.e, slots(2))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		v, err := p.Eval(c.row)
		if got := text([][]types.Value{{v}}); err != nil || got != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.name, got, err, c.want)
		}
	}
	p, err := Compile(fault, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a fault of one row is not that of the next
		if _, err := p.Eval(nil); err == nil || !strings.Contains(err.Error(), "assert") {
			t.Errorf("assert(false): %v", err)
		}
	}
	if _, err := Compile(col(9, L), slots(2)); err == nil {
		t.Error("a column that is not there compiled")
	}
	if _, err := Compile(&rel.Subquery{T: L}, nil); err == nil {
		t.Error("a subquery compiled")
	}
}

func TestSession(t *testing.T) {
	d := func(minutes int) types.Value { return types.DatetimeOf(int64(minutes) * types.TicksPerMinute) }
	s := &Session{Time: 0, Restart: 1, FromFirst: 60 * types.TicksPerMinute, Between: 30 * types.TicksPerMinute}
	out, err := s.Run(t.Context(), [][]types.Value{row(d(0), false), row(d(20), false), row(d(60), false), row(types.Null(types.Datetime), false), row(d(70), true), row(d(80), nil)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range out {
		if r[2].IsNull() {
			got = append(got, "null")
			continue
		}
		got = append(got, fmt.Sprint(r[2].Int64()/types.TicksPerMinute))
	}
	if want := "0 0 60 null 70 70"; strings.Join(got, " ") != want {
		t.Errorf("sessions begin at %v, want %s", got, want)
	}
}

// The row that a scan's expressions see: x, the declared c, then x and c of each step.
func TestScan(t *testing.T) {
	const L, B = types.Long, types.Bool
	x := col(0, L)
	stepX := func(k int) rel.Expr { return col(2+2*k, L) }
	stepC := func(k int) rel.Expr { return col(3+2*k, L) }
	is := func(n int) rel.Expr { return op("==", B, x, konst(n)) }
	add := func(k int) []ScanAssign { return []ScanAssign{{1, op("+", L, x, stepC(k))}} }
	rows := [][]types.Value{row(1), row(2), row(3), row(4), row(1), row(9)}
	for _, c := range []struct {
		name  string
		steps []ScanStep
		want  string
	}{
		{"running sum", []ScanStep{{Condition: konst(true), Assign: add(0)}}, "1,1,0; 2,3,0; 3,6,0; 4,10,0; 1,11,0; 9,20,0"},
		{"two steps, a new match", []ScanStep{{Condition: is(1)}, {Condition: op("<", B, op("-", L, x, stepX(0)), konst(3))}},
			"1,0,0; 2,0,0; 3,0,0; 1,0,0; 1,0,1"},
		{"no output of the first", []ScanStep{{Condition: is(1), Output: ScanNone}, {Condition: is(3)}}, "3,0,0"},
		{"the last of a series", []ScanStep{{Condition: konst(true), Output: ScanLast}, {Condition: is(4), Output: ScanNone}}, "3,0,0; 9,0,1"},
		{"a column is not changed for the row itself", []ScanStep{{Condition: konst(true), Assign: []ScanAssign{{0, op("+", L, x, konst(10))}, {1, x}}}},
			"11,1,0; 12,2,0; 13,3,0; 14,4,0; 11,1,0; 19,9,0"},
		{"never", []ScanStep{{Condition: konst(types.Null(B))}}, ""},
		{"an optional step is passed over", []ScanStep{{Condition: is(1)}, {Condition: is(7), Optional: true}, {Condition: is(3)}}, "1,0,0; 3,0,0; 1,0,1"},
		{"a step that is not optional is not", []ScanStep{{Condition: is(1)}, {Condition: is(7)}, {Condition: is(3)}}, "1,0,0; 1,0,0"},
		{"an optional step that is met", []ScanStep{{Condition: is(1)}, {Condition: is(2), Optional: true}, {Condition: is(3)}}, "1,0,0; 2,0,0; 3,0,0; 1,0,1"},
		{"a sequence begins behind optional steps", []ScanStep{{Condition: is(7), Optional: true}, {Condition: is(2)}}, "2,0,0"},
	} {
		s := &Scan{In: Types{L}, Declared: row(0), Steps: c.steps, Slots: slots(2 + 2*len(c.steps))}
		if got := mustRun(t, Numberless{s}, rows...); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	// The rows are 1 2 3 4 1 9: those of one partition are scanned by themselves, here each value.
	parts := &Scan{In: Types{L}, Declared: row(0), Partition: []int{0}, Steps: []ScanStep{{Condition: konst(true), Assign: add(0)}}, Slots: slots(4)}
	if got, want := mustRun(t, Numberless{parts}, rows...), "1,1,0; 2,2,0; 3,3,0; 4,4,0; 1,2,0; 9,9,0"; got != want {
		t.Errorf("partitions: got %s, want %s", got, want)
	}
	s := &Scan{In: Types{L}, Declared: row(0), Slots: slots(4), Steps: []ScanStep{{Condition: fnCall(funcs.Scalar, "assert", B, konst(false), konst("no"))}}}
	if _, err := s.Run(t.Context(), rows); err == nil {
		t.Error("a fault in a condition was lost")
	}
}

// Numberless is an operator as it is: a name for what Numbered wraps.
type Numberless struct{ rel.NativeOp }

func TestNumbered(t *testing.T) {
	if got := mustRun(t, Numbered{&Near{}}, row(true, "a"), row(false, "b"), row(true, "c")); got != "a,0; c,1" {
		t.Errorf("got %s", got)
	}
}

func TestIPLookup(t *testing.T) {
	null := types.Null(types.Long)
	in := func(ip string) []types.Value { return row(0, ip, "", null) }
	net := func(cidr string, n int) []types.Value { return row(1, "", cidr, n) }
	got := mustRun(t, &IPLookup{Plugin: "ipv4_lookup", Parse: funcs.IPv4Prefix},
		in("10.1.2.3"), in("10.2.0.0/16"), in("11.0.0.1"), in("no address"), in(""),
		net("10.0.0.0/8", 1), net("10.1.0.0/16", 2), net("bad", 3), net("10.1.99.99/16", 4), net("11.0.0.1", 5), net("::/0", 6))
	if want := "10.1.2.3,2; 10.1.2.3,4; 10.1.2.3,1; 10.2.0.0/16,1; 11.0.0.1,5"; got != want {
		t.Errorf("ipv4: got %s, want %s", got, want)
	}
	got = mustRun(t, &IPLookup{Plugin: "ipv6_lookup", Parse: funcs.IPv6Prefix}, in("fe80::1"), in("10.0.0.1"), net("fe80::/64", 1), net("10.0.0.0/24", 2))
	if want := "fe80::1,1; 10.0.0.1,2"; got != want {
		t.Errorf("ipv6: got %s, want %s", got, want)
	}
}

func TestActivity(t *testing.T) {
	events := [][]types.Value{row("b", day(-2)), row("a", day(1)), row("b", day(1)), row("a", day(1)), row("a", day(2)), row("c", day(4)), row("a", day(9)), row("x", types.Null(types.Datetime))}
	line := Timeline{From: 1 * oneDay, To: 5 * oneDay, Step: oneDay}
	for _, c := range []struct {
		op   *Activity
		want string
	}{
		{&Activity{Plugin: "activity_counts_metrics", Line: line}, "1,3,2,2,2; 2,1,1,0,2; 4,1,1,1,3"},
		{&Activity{Plugin: "activity_metrics", Line: line}, "1,2,2,NaN,NaN; 2,1,0,0.5,0.5; 4,1,1,NaN,NaN"},
		{&Activity{Plugin: "sliding_window_counts", Line: line, Lookback: 3 * oneDay}, "1,3,2; 2,4,2; 3,4,2; 4,2,2; 5,1,1"},
		{&Activity{Plugin: "activity_engagement", Line: line, Lookback: 7 * oneDay}, "1,2,2,1.0; 2,1,2,0.5; 4,1,3,0.3333333333333333"},
		{&Activity{Plugin: "active_users_count", Line: line, Lookback: 3 * oneDay, Period: oneDay, Active: 2}, "2,1"},
		{&Activity{Plugin: "session_count", Line: line, Lookback: oneDay}, "1,2; 2,1; 4,1"},
		{&Activity{Plugin: "session_count", Line: line, Lookback: oneDay + 1}, "1,2; 4,1"},
	} {
		c.op.Time = types.Datetime
		if got := mustRun(t, c.op, events...); got != c.want {
			t.Errorf("%s: got %s, want %s", c.op.Plugin, got, c.want)
		}
	}
	got := mustRun(t, &Activity{Plugin: "activity_counts_metrics", Line: Timeline{From: 0, To: 9, Step: 5}, Time: types.Long},
		row("a", 1, "g"), row("a", 7, "h"), row("b", 7, "g"))
	if want := "0,g,1,1,1,1; 5,g,1,1,1,2; 5,h,1,1,1,1"; got != want {
		t.Errorf("with a dimension: got %s, want %s", got, want)
	}
	if _, err := (&Activity{Plugin: "activity_metrics", Line: Timeline{To: math.MaxInt64 / 2, Step: 1}}).Run(t.Context(), nil); err == nil {
		t.Error("a timeline of far too many periods was taken")
	}
}

func TestTimelineUnits(t *testing.T) {
	at := func(y, m, d int) int64 { ticks, _ := types.Civil{Year: y, Month: m, Day: d}.Ticks(); return ticks }
	for _, c := range []struct {
		unit string
		want []int64
	}{
		{"week", []int64{at(2024, 1, 28), at(2024, 2, 4), at(2024, 2, 11)}},
		{"month", []int64{at(2024, 2, 1)}},
		{"year", []int64{at(2024, 1, 1)}},
	} {
		got, err := Timeline{From: at(2024, 2, 1), To: at(2024, 2, 12), Unit: c.unit}.bins()
		if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: got %v, %v, want %v", c.unit, got, err, c.want)
		}
	}
	got, _ := Timeline{From: at(2023, 11, 30), To: at(2024, 2, 1), Unit: "month"}.bins()
	if want := []int64{at(2023, 11, 1), at(2023, 12, 1), at(2024, 1, 1), at(2024, 2, 1)}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("months: got %v, want %v", got, want)
	}
}

func TestCohorts(t *testing.T) {
	line := Timeline{From: 1 * oneDay, To: 3 * oneDay, Step: oneDay}
	rows := [][]types.Value{row(0, "a", day(1), "g", ""), row(0, "b", day(1), "g", ""), row(0, "b", day(2), "g", ""), row(0, "c", day(2), "g", ""), row(1, "", nil, "", "a")}
	if got, want := mustRun(t, &Cohorts{Line: line, Time: types.Datetime, Dims: 1}, rows...), strings.Join([]string{
		"1,1,g,1,1,0,1.0,0.0", "1,2,g,1,1,0,1.0,0.0", "1,3,g,0,0,1,0.0,1.0", "2,2,g,1,1,0,1.0,0.0", "2,3,g,0,0,1,0.0,1.0", "3,3,g,0,0,0,NaN,NaN"}, "; "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	only := 2 * oneDay
	if got, want := mustRun(t, &Cohorts{Line: line, Time: types.Datetime, Dims: 1, Only: &only}, rows...), "2,2,g,1,1,0,1.0,0.0; 2,3,g,0,0,1,0.0,1.0"; got != want {
		t.Errorf("one cohort: got %s, want %s", got, want)
	}
}

func TestRolling(t *testing.T) {
	rows := [][]types.Value{row(4, 0), row(1, 1), row(nil, 1), row(9, 11), row(5, 35), row(7, nil)}
	if got, want := mustRun(t, &Rolling{Percentile: 50, Step: 10, Bins: 2, Time: types.Long}, rows...), "0,1; 10,4; 30,5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSequences(t *testing.T) {
	s := &Sequences{Steps: 2, MaxStep: 2 * oneDay, Span: 3 * oneDay}
	got := mustRun(t, s, row(day(1), true, false, "u"), row(day(2), false, true, "u"), row(day(2), false, true, "u"), row(day(3), true, true, "u"),
		row(day(9), false, true, "u"), row(day(1), false, true, "w"), row(nil, true, true, "u"))
	if want := "u,1,2,1.00:00:00; u,1,3,2.00:00:00"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	three := &Sequences{Steps: 3, MaxStep: 2 * oneDay, Span: 3 * oneDay}
	got = mustRun(t, three, row(day(1), true, false, false), row(day(3), false, true, false), row(day(4), false, false, true), row(day(5), false, false, true))
	if want := "1,3,4,3.00:00:00"; got != want {
		t.Errorf("three steps: got %s, want %s", got, want)
	}
}

func TestFunnel(t *testing.T) {
	f := &Funnel{Line: Timeline{From: 0, To: 10 * oneDay, Step: 10 * oneDay}, Time: types.Datetime, States: row("x", "y", "z"),
		Periods: []types.Value{types.TimespanOf(oneDay), types.TimespanOf(9 * oneDay)}}
	got := mustRun(t, f, row("a", day(1), "x"), row("a", day(5), "x"), row("a", day(6), "y"), row("a", day(8), "z"), row("b", day(1), "y"), row("b", day(2), "x"), row("c", day(3), "q"))
	if want := "0,x,1.00:00:00,2; 0,y,1.00:00:00,1; 0,z,1.00:00:00,0; 0,x,9.00:00:00,2; 0,y,9.00:00:00,1; 0,z,9.00:00:00,1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNearAndNarrow(t *testing.T) {
	rows := [][]types.Value{row(true, 0), row(false, 1), row(false, 2), row(nil, 3), row(true, 4), row(false, 5), row(false, 6)}
	if got := mustRun(t, &Near{Before: 1, After: 0}, rows...); got != "0; 3; 4" {
		t.Errorf("near: got %s", got)
	}
	if got := mustRun(t, &Near{Before: math.MaxInt64 / 2, After: math.MaxInt64 / 2}, rows...); got != "0; 1; 2; 3; 4; 5; 6" {
		t.Errorf("near without bounds: got %s", got)
	}
	if got := mustRun(t, &Narrow{Columns: []rel.Col{{Name: "a"}, {Name: "b"}}}, row("x", "1"), row("y", "")); got != "0,a,x; 0,b,1; 1,a,y; 1,b," {
		t.Errorf("narrow: got %s", got)
	}
}

func TestBasket(t *testing.T) {
	b := &Basket{Threshold: 0.5, MaxDims: 5, Wildcards: []types.Value{types.StringOf("*"), types.Null(types.Long)}}
	rows := [][]types.Value{row(1, "x", 1), row(1, "x", 1), row(1, "x", 2), row(1, "y", 1)}
	if got, want := mustRun(t, b, rows...), "0,3,75.0,x,null; 1,3,75.0,*,1; 2,2,50.0,x,1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	rows[3] = row(10, "y", 1)
	if got, want := mustRun(t, b, rows...), "0,12,92.3076923076923,*,1; 1,10,76.92307692307692,y,1"; got != want {
		t.Errorf("weighted: got %s, want %s", got, want)
	}
	if got := mustRun(t, b); got != "" {
		t.Errorf("no rows: got %s", got)
	}
}

func TestIntersect(t *testing.T) {
	hll, _ := funcs.All().Lookup(funcs.Aggregate, "hll")
	set := func(from, to int) types.Value {
		var vals []types.Value
		for i := from; i <= to; i++ {
			vals = append(vals, types.LongOf(int64(i)))
		}
		return hll.Agg(&funcs.Ctx{Out: types.Dynamic, Args: []types.Type{types.Long}}, len(vals), [][]types.Value{vals})
	}
	out, err := (&Intersect{Sets: []int{0, 1, 2}}).Run(t.Context(), [][]types.Value{{set(1, 20), set(11, 40), set(15, 16)}, {set(1, 3), types.Null(types.Dynamic), set(1, 1)}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := text([][]types.Value{out[0][3:], out[1][3:]}), "20,10,2; 3,0,0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
