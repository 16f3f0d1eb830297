package exec

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// anything is a wildcard for each of n text columns.
func anything(n int) []types.Value {
	out := make([]types.Value, n)
	for i := range out {
		out[i] = types.StringOf("*")
	}
	return out
}

// signins are made-up rows [1, user, app, address, result, id] with one attack in them: every eighth row.
func signins(n int) [][]types.Value {
	r := rand.New(rand.NewSource(1))
	users := rand.NewZipf(r, 1.3, 2, 199)
	var rows [][]types.Value
	for i := range n {
		app, result, address := fmt.Sprint("app", int(r.ExpFloat64()*3)), "ok", fmt.Sprint("10.0.", r.Intn(10), ".", r.Intn(100))
		if r.Float64() < 0.1 {
			result = "fail"
		}
		if i%8 == 0 {
			app, result, address = "app1", "fail", "1.2.3.4"
		}
		rows = append(rows, row(1, fmt.Sprint("u", users.Uint64()), app, address, result, fmt.Sprint("id", i)))
	}
	return rows
}

// shuffled gives rows in another order.
func shuffled(rows [][]types.Value) [][]types.Value {
	out := append([][]types.Value(nil), rows...)
	rand.New(rand.NewSource(2)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func TestAutocluster(t *testing.T) {
	rows := signins(5000)
	run := func(sizeWeight float64, seeds int, rows [][]types.Value) string {
		return mustRun(t, &Autocluster{SizeWeight: sizeWeight, Seeds: seeds, Wildcards: anything(5)}, rows...)
	}
	half := run(0.5, 25, rows)
	if !strings.HasPrefix(half, "0,625,12.5,*,app1,1.2.3.4,fail,*") {
		t.Errorf("the attack is not first: %s", half)
	}
	if got := run(0.5, 25, shuffled(rows)); got != half {
		t.Errorf("the order of the rows matters: %s, and %s", got, half)
	}
	patterns := func(s string) int { return strings.Count(s, ";") + 1 }
	if small, large := patterns(run(0.2, 25, rows)), patterns(run(0.9, 25, rows)); small < patterns(half) || large >= patterns(half) {
		t.Errorf("a larger weight of size gives more patterns: %d, %d, %d", small, patterns(half), large)
	}
	if got := run(0.5, 1, rows); strings.Contains(got, ";") {
		t.Errorf("one seed gives %s", got)
	}

	null := types.Null(types.Long)
	for _, c := range []struct {
		name, want string
		rows       [][]types.Value
	}{
		{"no rows", "", nil},
		{"one row", "0,1,100.0,x,y", [][]types.Value{row(1, "x", "y")}},
		{"rows without values", "", [][]types.Value{row(1, "", null), row(1, "", null)}},
		{"rows without weight", "", [][]types.Value{row(0, "x", "y"), row(null, "x", "y"), row(-1, "x", "y")}},
		{"nothing in common", "", [][]types.Value{row(1, "a", "b"), row(1, "c", "d")}},
		{"a value that goes with another is shown", "0,2,66.66666666666667,x,y", [][]types.Value{row(1, "x", "y"), row(1, "x", "y"), row(1, "z", "")}},
		{"weights", "0,7,63.63636363636363,*,z; 1,10,90.9090909090909,x,*", [][]types.Value{row(4, "x", "y"), row(6, "x", "z"), row(1, "v", "z")}},
	} {
		if got := mustRun(t, &Autocluster{SizeWeight: 0.6, Seeds: 5, Wildcards: anything(2)}, c.rows...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDiffpatterns(t *testing.T) {
	var rows [][]types.Value
	for _, r := range signins(5000) {
		rows = append(rows, []types.Value{r[4], r[0], r[1], r[2], r[3], r[5]})
	}
	p := &Diffpatterns{A: "ok", B: "fail", Threshold: 0.05, Wildcards: anything(4)}
	got := mustRun(t, p, rows...)
	if !strings.HasPrefix(got, "0,0,625,0.0,") || !strings.Contains(got, ",*,app1,1.2.3.4,*; 1,") {
		t.Errorf("the attack is not first: %s", got)
	}
	if again := mustRun(t, p, shuffled(rows)...); again != got {
		t.Errorf("the order of the rows matters: %s, and %s", again, got)
	}

	for _, c := range []struct {
		name, want string
		threshold  float64
		dims       int
		rows       [][]types.Value
	}{
		{"no rows", "", 0.05, 0, nil},
		{"one set", "", 0.05, 0, [][]types.Value{row("a", 1, "x", "y")}},
		{"the same", "", 0.05, 0, [][]types.Value{row("a", 1, "x", "y"), row("b", 1, "x", "y"), row("c", 1, "z", "z")}},
		{"a value is added where that makes the difference larger", "0,4,0,66.67,0.0,66.67,x,y; 1,1,4,16.67,80.0,63.33,*,w; 2,1,3,16.67,60.0,43.33,z,*", 0.05, 0, [][]types.Value{
			row("a", 4, "x", "y"), row("a", 1, "x", "w"), row("a", 1, "z", "y"), row("b", 2, "x", "w"), row("b", 1, "z", "y"), row("b", 2, "z", "w")}},
		{"but not beyond the dimensions", "0,1,4,16.67,80.0,63.33,*,w; 1,5,1,83.33,20.0,63.33,*,y; 2,5,2,83.33,40.0,43.33,x,*; 3,1,3,16.67,60.0,43.33,z,*", 0.05, 1, [][]types.Value{
			row("a", 4, "x", "y"), row("a", 1, "x", "w"), row("a", 1, "z", "y"), row("b", 2, "x", "w"), row("b", 1, "z", "y"), row("b", 2, "z", "w")}},
		{"the threshold counts too", "0,6,3,100.0,75.0,25.0,x,*; 1,0,1,0.0,25.0,25.0,y,1", 0.25, 0, [][]types.Value{row("a", 5, "x", "1"), row("b", 3, "x", "1"), row("b", 1, "y", "1"), row("a", 1, "x", "2")}},
	} {
		op := &Diffpatterns{A: "a", B: "b", Threshold: c.threshold, MaxDims: c.dims, Wildcards: anything(2)}
		if got := mustRun(t, op, c.rows...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDiffpatternsText(t *testing.T) {
	lines := func(side bool, texts ...string) (out [][]types.Value) {
		for _, s := range texts {
			out = append(out, row(s, side))
		}
		return out
	}
	storm := append(lines(true, "Below normal temperatures in Maine", "Temperatures far below normal rain", "Cold and below normal rain", "Dry"),
		lines(false, "winds from the north brought snow", "winds in the night brought heavy snow", "strong winds with the squall brought some snow", "Dry")...)
	for _, c := range []struct {
		name, want string
		op         DiffpatternsText
		rows       [][]types.Value
	}{
		{"no rows", "", DiffpatternsText{MinTokens: 1, MaxTokens: 20, Threshold: 0.05}, nil},
		{"one set", "", DiffpatternsText{MinTokens: 1, MaxTokens: 20, Threshold: 0.05}, lines(true, "a", "b")},
		{"neither set", "", DiffpatternsText{MinTokens: 1, MaxTokens: 20, Threshold: 0.05}, [][]types.Value{row("a", true), row("c", types.Null(types.Bool))}},
		{"tokens with others between", "3,0,75.0,0.0,normal; 0,3,0.0,75.0,winds * the * brought", DiffpatternsText{MinTokens: 1, MaxTokens: 20, Threshold: 0.6}, storm},
		{"a pattern has at least", "0,3,0.0,75.0,winds * the * brought", DiffpatternsText{MinTokens: 2, MaxTokens: 20, Threshold: 0.6}, storm},
		{"and at most so many tokens", "3,0,75.0,0.0,normal; 0,3,0.0,75.0,the * brought", DiffpatternsText{MinTokens: 1, MaxTokens: 3, Threshold: 0.6}, storm},
		{"more tokens than the difference wants", "2,0,50.0,0.0,below normal rain", DiffpatternsText{MinTokens: 3, MaxTokens: 3, Threshold: 0.5}, storm},
		{"no text so long", "", DiffpatternsText{MinTokens: 9, MaxTokens: 20, Threshold: 0.05}, storm},
	} {
		if got := mustRun(t, &c.op, c.rows...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if got := mustRun(t, &c.op, c.rows...); got != c.want {
			t.Errorf("%s: the second time %q", c.name, got)
		}
	}
}

func TestReduce(t *testing.T) {
	repeat := func(n int, s string) []string { return strings.Split(strings.Repeat(s+"\n", n-1)+s, "\n") }
	numbers := func(format string, n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprintf(format, i))
		}
		return out
	}
	join := func(lists ...[]string) (out []string) {
		for _, l := range lists {
			out = append(out, l...)
		}
		return out
	}
	for _, c := range []struct {
		name, want string
		op         Reduce
		texts      []string
	}{
		{"no rows", "", Reduce{Threshold: 0.1}, nil},
		{"one text", "a b,5,a b", Reduce{Threshold: 1}, repeat(5, "a b")},
		{"nothing in common", "others,10,", Reduce{Threshold: 0.1}, numbers("foo%d", 10)},
		{"but one is frequent", "Moscow,3,Moscow; others,10,", Reduce{Threshold: 0.1}, join(numbers("foo%d", 10), repeat(3, "Moscow"))},
		{"a signs stays", "San *,3,San Jose", Reduce{Threshold: 0.1}, []string{"San Jose", "San Juan Capistrano", "San Diego"}},
		{"a text that is the beginning of another", "San*,2,San", Reduce{Threshold: 0.1}, []string{"San", "San Jose"}},
		{"the middle", "* -on- *,2,One -on- One", Reduce{Threshold: 0.1}, []string{"One -on- One", "Stoke -on- Trent"}},
		{"signs alone", "--,2,--; +,1,+", Reduce{Threshold: 0.1}, []string{"--", "+", "--"}},
		{"signs that differ", "a*b,2,a-b", Reduce{Threshold: 0.1}, []string{"a-b", "a b"}},
		{"signs around", "(took * ms),2,(took 1 ms)", Reduce{Threshold: 0.1}, []string{"(took 1 ms)", "(took 2 ms)"}},
		{"a letter separates", "foo*,2,fooZ1", Reduce{Threshold: 0.1, Characters: "Z"}, []string{"fooZ1", "fooZ2"}},
		{"a sign does not", "others,2,", Reduce{Threshold: 0.6, Characters: "-"}, []string{"foo-1", "foo-2"}},
		{"letters of any script", "вход *,2,вход ада", Reduce{Threshold: 0.1}, []string{"вход ада", "вход боб"}},
		{"different ends", "user* in,2,user a logged in", Reduce{Threshold: 0}, []string{"user a logged in", "user-b was in"}},
		{"the fewest groups", "user * logged *,4,user a logged in", Reduce{Threshold: 0}, []string{"user a logged in", "user b logged in", "user c logged out", "user d logged out"}},
		{"some of them", "user * logged in,2,user a logged in; user * logged out,2,user c logged out", Reduce{Threshold: 0.5},
			[]string{"user a logged in", "user b logged in", "user c logged out", "user d logged out"}},
		{"all of them", "x *,2,x 1; x *,1,x 2", Reduce{Threshold: 1}, []string{"x 1", "x 2", "x 1"}},
		{"terms that few have are not shown", "x 1,9,x 1; x *,2,x 2", Reduce{Threshold: 0.5}, append(repeat(9, "x 1"), "x 2", "x 3")},
	} {
		var rows [][]types.Value
		for _, s := range c.texts {
			rows = append(rows, row(s))
		}
		if got := mustRun(t, &c.op, rows...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		c.op.Source = true
		for i := range rows {
			rows[i] = row(c.texts[i], i)
		}
		out, err := c.op.Run(t.Context(), rows)
		if err != nil || len(out) != len(rows) {
			t.Fatalf("%s: %d rows of %d, %v", c.name, len(out), len(rows), err)
		}
		for i, r := range out {
			if r[0].Int64() != int64(i) || !strings.Contains(c.want, text([][]types.Value{r[1:]})) {
				t.Errorf("%s: row %d has %s", c.name, i, text([][]types.Value{r}))
			}
		}
	}
}

func TestMiningIsBounded(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	var rows, split [][]types.Value
	for i := range 4000 {
		cells := row(1)
		for range 30 {
			cells = append(cells, types.LongOf(int64(r.Intn(2))))
		}
		rows = append(rows, cells)
		split = append(split, append(row([]string{"a", "b"}[i%2]), cells...))
	}
	wild := anything(30)
	for _, c := range []struct {
		op   rel.NativeOp
		rows [][]types.Value
		want string
	}{
		{&Autocluster{SizeWeight: 0.5, Seeds: 25, Wildcards: wild}, rows[:800], ""},
		{&Autocluster{SizeWeight: 0.5, Seeds: 100_000, Wildcards: wild}, rows, "fewer rows, columns or seeds"},
		{&Basket{Threshold: 0.01, MaxDims: 30, Wildcards: wild}, rows[:800], "more than 200000 patterns"},
		{&Diffpatterns{A: "a", B: "b", Threshold: 0.015, Wildcards: wild}, split[:800], ""},
		{&DiffpatternsText{MinTokens: 1, MaxTokens: 20, Threshold: 0.05, most: 1000}, [][]types.Value{
			row(strings.Repeat("a b ", 300), true), row(strings.Repeat("c d ", 300), false)}, "more than 1000 cells; fewer rows or tokens"},
	} {
		switch out, err := c.op.Run(t.Context(), c.rows); {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.op.Name(), err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %d rows, error %v, want one with %q", c.op.Name(), len(out), err, c.want)
		}
	}
}
