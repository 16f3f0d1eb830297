package funcs

import (
	"errors"
	"math"

	"github.com/vedette-siem/vedette/internal/types"
)

// maxArray is the largest array that range() and repeat() make.
// https://learn.microsoft.com/kusto/query/range-function
const maxArray = 1 << 20

// maxRepeatBytes bounds the text of an array that repeat() makes: a large value many times is more memory
// than a query may take.
const maxRepeatBytes = 64 << 20

var errRepeatLong = errors.New("the array is larger than 64 MiB")

// arrayFuncs make dynamic arrays and rearrange them. What is not an array gives null.
var arrayFuncs = []*Func{
	{Name: "array_length", Aliases: []string{"arraylength"}, Class: Scalar, Sigs: Sigs(RetLong, P("array", Dynamic)), Page: "array-length-function",
		Doc: "Counts the elements of an array.",
		SQL: "CASE WHEN starts_with($1, '[') THEN CAST(json_array_length($1) AS BIGINT) END",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			n := types.JSONOf(a[0])
			if n.Kind != types.JSONArray {
				return types.Null(types.Long)
			}
			return types.LongOf(int64(len(n.Items)))
		},
		Examples: []Example{{`array_length(dynamic([1, 2, "x"]))`, `3`}, {`array_length(dynamic(null))`, `long(null)`}, {`array_length(dynamic({"a":1}))`, `long(null)`}}},
	{Name: "pack_array", Class: Scalar, Nulls: Own, Sigs: Sigs(RetDynamic, P("value", Any).RawType().Starred().Repeated()), Page: "pack-array-function",
		Doc: "Makes an array of values, or with * of all columns.",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			out := types.JSON{Kind: types.JSONArray}
			for _, v := range a {
				out.Items = append(out.Items, types.JSONOf(v))
			}
			return out.Value()
		},
		Lower: func(w Writer, c *Call) string {
			if len(c.Args) == 0 || len(c.Args) > 256 {
				return ""
			}
			s := "("
			for i, a := range c.Args {
				if i == 0 {
					s += "'[' || "
				} else {
					s += " || ',' || "
				}
				s += w.JSON(a)
			}
			return s + " || ']')"
		},
		Examples: []Example{{`pack_array(1, "x", 2s)`, `dynamic([1,"x","00:00:02"])`}, {`pack_array(int(null))`, `dynamic([null])`}, {`pack_array(dynamic([1]), "")`, `dynamic([[1],""])`}}},
	{Name: "array_concat", Class: Scalar, Sigs: Sigs(RetDynamic, P("array", Dynamic).Repeated()), Page: "array-concat-function",
		Doc: "Joins arrays into one.",
		Go: onArrays(func(in [][]types.JSON) types.JSON {
			out := types.JSON{Kind: types.JSONArray}
			for _, items := range in {
				out.Items = append(out.Items, items...)
			}
			return out
		}),
		Examples: []Example{{`array_concat(dynamic([1, 2]), dynamic(["a"]))`, `dynamic([1,2,"a"])`}, {`array_concat(dynamic([]), dynamic([]))`, `dynamic([])`}, {`array_concat(dynamic([1]))`, `dynamic([1])`}}},
	{Name: "array_slice", Class: Scalar, Sigs: Sigs(RetDynamic, P("array", Dynamic), P("start", Integer), P("end", Integer)), Page: "array-slice-function",
		Doc: "Takes the elements from a start to an end position, both included; negative positions count from the end.",
		Go: onArray(func(items []types.JSON, a []types.Value) types.JSON {
			n := int64(len(items))
			from, to := a[1].Int64(), a[2].Int64()
			if from < 0 {
				from += n
			}
			if to < 0 {
				to += n
			}
			from, to = max(from, 0), min(to, n-1)
			if from > to {
				return types.JSON{Kind: types.JSONArray}
			}
			return types.JSON{Kind: types.JSONArray, Items: items[from : to+1]}
		}),
		Examples: []Example{{`array_slice(dynamic([1,2,3,4,5]), -3, -2)`, `dynamic([3,4])`}, {`array_slice(dynamic(null), 0, 1)`, `dynamic(null)`}, {`array_slice(dynamic([1,2]), 1, 9)`, `dynamic([2])`}}},
	{Name: "array_split", Class: Scalar, Page: "array-split-function",
		Sigs: []Sig{
			S(RetDynamic, P("array", Dynamic), P("index", Integer)),
			S(RetDynamic, P("array", Dynamic), P("indices", Dynamic)),
		},
		Doc:      "Splits an array before one or several positions.",
		Go:       onArray(splitArray),
		Examples: []Example{{`array_split(dynamic([1,2,3,4,5]), 2)`, `dynamic([[1,2],[3,4,5]])`}, {`array_split(dynamic(null), 2)`, `dynamic(null)`}, {`array_split(dynamic([1,2,3,4,5]), dynamic([1,-2]))`, `dynamic([[1],[2,3],[4,5]])`}}},
	{Name: "array_reverse", Class: Scalar, Sigs: Sigs(RetDynamic, P("value", Dynamic)), Page: "array-reverse-function",
		Doc: "Reverses the order of an array.",
		Go: onArray(func(items []types.JSON, _ []types.Value) types.JSON {
			out := make([]types.JSON, len(items))
			for i, e := range items {
				out[len(items)-1-i] = e
			}
			return types.JSON{Kind: types.JSONArray, Items: out}
		}),
		Examples: []Example{{`array_reverse(dynamic([1,"a",3]))`, `dynamic([3,"a",1])`}, {`array_reverse(dynamic(null))`, `dynamic(null)`}, {`array_reverse(dynamic([]))`, `dynamic([])`}}},
	{Name: "array_rotate_left", Class: Scalar, Sigs: Sigs(RetDynamic, P("array", Dynamic), P("rotate_count", Integer)), Page: "array-rotate-left-function",
		Doc:      "Moves the elements to the left; those that fall out come in on the right.",
		Go:       rotateArray(1),
		Examples: []Example{{`array_rotate_left(dynamic([1,2,3,4,5]), 2)`, `dynamic([3,4,5,1,2])`}, {`array_rotate_left(dynamic([]), 2)`, `dynamic([])`}, {`array_rotate_left(dynamic([1,2,3]), -4)`, `dynamic([3,1,2])`}}},
	{Name: "array_rotate_right", Class: Scalar, Sigs: Sigs(RetDynamic, P("array", Dynamic), P("rotate_count", Integer)), Page: "array-rotate-right-function",
		Doc:      "Moves the elements to the right; those that fall out come in on the left.",
		Go:       rotateArray(-1),
		Examples: []Example{{`array_rotate_right(dynamic([1,2,3,4,5]), 2)`, `dynamic([4,5,1,2,3])`}, {`array_rotate_right(dynamic(null), 2)`, `dynamic(null)`}, {`array_rotate_right(dynamic([1,2,3]), -4)`, `dynamic([2,3,1])`}}},
	{Name: "array_shift_left", Class: Scalar, Nulls: Own, Sigs: Sigs(RetDynamic, P("array", Dynamic), P("shift_count", Integer), P("default_value", Any).RawType().Optional()), Page: "array-shift-left-function",
		Doc:      "Moves the elements to the left and fills up on the right.",
		Go:       shiftArray(1),
		Examples: []Example{{`array_shift_left(dynamic([1,2,3,4,5]), 2)`, `dynamic([3,4,5,null,null])`}, {`array_shift_left(dynamic(null), 2)`, `dynamic(null)`}, {`array_shift_left(dynamic([1,2,3]), -2, -1)`, `dynamic([-1,-1,1])`}}},
	{Name: "array_shift_right", Class: Scalar, Nulls: Own, Sigs: Sigs(RetDynamic, P("array", Dynamic), P("shift_count", Integer), P("default_value", Any).RawType().Optional()), Page: "array-shift-right-function",
		Doc:      "Moves the elements to the right and fills up on the left.",
		Go:       shiftArray(-1),
		Examples: []Example{{`array_shift_right(dynamic([1,2,3,4,5]), 2)`, `dynamic([null,null,1,2,3])`}, {`array_shift_right(dynamic(["a","b"]), 1)`, `dynamic(["","a"])`}, {`array_shift_right(dynamic([1,2,3]), 9, 0)`, `dynamic([0,0,0])`}}},
	{Name: "array_index_of", Class: Scalar, Page: "array-index-of-function",
		Sigs: Sigs(RetLong, P("array", Dynamic), P("value", Any).RawType(), P("start", Integer).Optional(), P("length", Integer).Optional(), P("occurrence", Integer).Constant().Optional()),
		Doc:  "Gives the position of a value in an array, -1 if it is not there.",
		Go:   indexOfArray,
		Examples: []Example{{`array_index_of(dynamic(["a","b","a"]), "a", 1)`, `2`}, {`array_index_of(dynamic(null), 1)`, `long(null)`},
			{`array_index_of(dynamic(["a","b","a"]), "a", 0, 2, 2)`, `-1`}}},
	{Name: "array_iff", Aliases: []string{"array_iif"}, Class: Scalar, Nulls: Own, Page: "array-iff-function",
		Sigs:     Sigs(RetDynamic, P("condition_array", Dynamic), P("when_true", Any).RawType(), P("when_false", Any).RawType()),
		Doc:      "Takes each element from one of two arrays or values, as an array of conditions says.",
		Go:       iffArray,
		Examples: []Example{{`array_iff(dynamic([true,false,5]), dynamic([1,2,3]), 0)`, `dynamic([1,0,3])`}, {`array_iff(dynamic(null), 1, 2)`, `dynamic(null)`}, {`array_iff(dynamic([true,"x",false]), dynamic(["a"]), dynamic([]))`, `dynamic(["a",null,null])`}}},
	{Name: "range", Class: Scalar, Page: "range-function",
		Sigs: Sigs(RetDynamic, P("start", Summable).RawType(), P("stop", Summable).RawType(), P("step", Summable).RawType().Optional()),
		Doc:  "Makes an array of equally spaced values, at most 1048576 of them.",
		Go:   rangeArray,
		Examples: []Example{{`range(1, 8, 3)`, `dynamic([1,4,7])`}, {`range(1, long(null))`, `dynamic(null)`}, {`range(1h, 3h)`, `dynamic(["01:00:00","02:00:00","03:00:00"])`},
			{`range(datetime(2024-01-01), datetime(2024-01-02), 1d)`, `dynamic(["2024-01-01T00:00:00.0000000Z","2024-01-02T00:00:00.0000000Z"])`}}},
	{Name: "repeat", Class: Scalar, Nulls: Own, Sigs: Sigs(RetDynamic, P("value", Any).RawType(), P("count", Integer)), Result: Prefixed("repeat"), Page: "repeat-function",
		Doc: "Makes an array that holds a value several times.",
		Go: func(c *Ctx, a []types.Value) types.Value {
			if a[1].IsNull() || a[1].Int64() < 0 {
				return types.Null(types.Dynamic)
			}
			out, e := types.JSON{Kind: types.JSONArray}, types.JSONOf(a[0])
			n := min(a[1].Int64(), maxArray)
			if int64(len(a[0].Text()))*n > maxRepeatBytes {
				return c.Fail(errRepeatLong)
			}
			for range n {
				out.Items = append(out.Items, e)
			}
			return out.Value()
		},
		Examples: []Example{{`repeat(1, 3)`, `dynamic([1,1,1])`}, {`repeat("a", 0)`, `dynamic([])`}, {`repeat(1, -1)`, `dynamic(null)`}}},
	{Name: "zip", Class: Scalar, Sigs: Sigs(RetDynamic, P("array", Dynamic), P("array", Dynamic).Repeated()), Page: "zip-function",
		Doc: "Makes an array of arrays that hold the elements of one position; a shorter array is filled up with null.",
		Go: onArrays(func(in [][]types.JSON) types.JSON {
			n := 0
			for _, items := range in {
				n = max(n, len(items))
			}
			out := types.JSON{Kind: types.JSONArray}
			for i := range n {
				row := types.JSON{Kind: types.JSONArray}
				for _, items := range in {
					row.Items = append(row.Items, elementAt(items, i))
				}
				out.Items = append(out.Items, row)
			}
			return out
		}),
		Examples: []Example{{`zip(dynamic([1,3]), dynamic([2,4]))`, `dynamic([[1,2],[3,4]])`}, {`zip(dynamic(null), dynamic([1]))`, `dynamic(null)`}, {`zip(dynamic(["A",1]), dynamic([{}]))`, `dynamic([["A",{}],[1,null]])`}}},
}

// onArray makes a body from what it does with the elements of its first argument, which must be an array.
func onArray(f func(items []types.JSON, a []types.Value) types.JSON) Impl {
	return func(_ *Ctx, a []types.Value) types.Value {
		n := types.JSONOf(a[0])
		if n.Kind != types.JSONArray {
			return types.Null(types.Dynamic)
		}
		return f(n.Items, a).Value()
	}
}

// onArrays makes a body from what it does with the elements of its arguments, all of them arrays.
func onArrays(f func(in [][]types.JSON) types.JSON) Impl {
	return func(_ *Ctx, a []types.Value) types.Value {
		in := make([][]types.JSON, len(a))
		for i, v := range a {
			n := types.JSONOf(v)
			if n.Kind != types.JSONArray {
				return types.Null(types.Dynamic)
			}
			in[i] = n.Items
		}
		return f(in).Value()
	}
}

func elementAt(items []types.JSON, i int) types.JSON {
	if i < 0 || i >= len(items) {
		return types.JSON{}
	}
	return items[i]
}

func splitArray(items []types.JSON, a []types.Value) types.JSON {
	var at []types.JSON
	if n := types.JSONOf(a[1]); n.Kind == types.JSONArray {
		at = n.Items
	} else {
		at = []types.JSON{n}
	}
	n, from := int64(len(items)), int64(0)
	out := types.JSON{Kind: types.JSONArray}
	part := func(to int64) {
		out.Items = append(out.Items, types.JSON{Kind: types.JSONArray, Items: items[from:to]})
		from = to
	}
	for _, e := range at {
		if e.Kind != types.JSONLong {
			return types.JSON{}
		}
		i := e.Long
		if i < 0 {
			i += n
		}
		part(min(max(i, from), n))
	}
	part(n)
	return out
}

// rotateArray turns an array to the left (dir 1) or right (-1).
func rotateArray(dir int64) Impl {
	return onArray(func(items []types.JSON, a []types.Value) types.JSON {
		out := types.JSON{Kind: types.JSONArray}
		if n := int64(len(items)); n > 0 {
			by := positive(dir*(a[1].Int64()%n), n)
			out.Items = append(append(out.Items, items[by:]...), items[:by]...)
		}
		return out
	})
}

// shiftArray moves an array to the left (dir 1) or right (-1). Where no filling is given, an array of strings
// gets empty strings.
func shiftArray(dir int64) Impl {
	move := onArray(func(items []types.JSON, a []types.Value) types.JSON {
		var fill types.JSON
		if len(a) > 2 {
			fill = types.JSONOf(a[2])
		} else if len(items) > 0 {
			fill.Kind = types.JSONString
			for _, e := range items {
				if e.Kind != types.JSONString {
					fill.Kind = types.JSONNull
				}
			}
		}
		n := int64(len(items))
		by := dir * min(max(a[1].Int64(), -n), n)
		out := types.JSON{Kind: types.JSONArray}
		for i := range n {
			if from := i + by; from >= 0 && from < n {
				out.Items = append(out.Items, items[from])
			} else {
				out.Items = append(out.Items, fill)
			}
		}
		return out
	})
	return func(c *Ctx, a []types.Value) types.Value {
		if a[0].IsNull() || a[1].IsNull() {
			return types.Null(types.Dynamic)
		}
		return move(c, a)
	}
}

// indexOfArray searches from start over length elements (-1: all) for the given occurrence.
func indexOfArray(_ *Ctx, a []types.Value) types.Value {
	n := types.JSONOf(a[0])
	from, length, occurrence := int64(0), int64(-1), int64(1)
	for i, p := range []*int64{&from, &length, &occurrence} {
		if len(a) > i+2 {
			*p = a[i+2].Int64()
		}
	}
	if n.Kind != types.JSONArray || length < -1 || occurrence <= 0 {
		return types.Null(types.Long)
	}
	size := int64(len(n.Items))
	if from < 0 {
		from = max(from+size, 0)
	}
	to := size
	if length >= 0 && length < size-from {
		to = from + length
	}
	want := setKey(types.JSONOf(a[1]))
	for i := from; i < to; i++ {
		if setKey(n.Items[i]) == want {
			if occurrence--; occurrence == 0 {
				return types.LongOf(i)
			}
		}
	}
	return types.LongOf(-1)
}

// iffArray: a condition that is neither a bool nor a number makes its element null.
func iffArray(_ *Ctx, a []types.Value) types.Value {
	cond := types.JSONOf(a[0])
	if cond.Kind != types.JSONArray {
		return types.Null(types.Dynamic)
	}
	pick := func(v types.Value) func(i int) types.JSON {
		n := types.JSONOf(v)
		if v.Type() == types.Dynamic && n.Kind == types.JSONArray {
			return func(i int) types.JSON { return elementAt(n.Items, i) }
		}
		return func(int) types.JSON { return n }
	}
	yes, no := pick(a[1]), pick(a[2])
	out := types.JSON{Kind: types.JSONArray}
	for i, e := range cond.Items {
		var truth bool
		switch e.Kind {
		case types.JSONBool:
			truth = e.Bool
		case types.JSONLong:
			truth = e.Long != 0
		case types.JSONReal:
			truth = e.Real != 0
		default:
			out.Items = append(out.Items, types.JSON{})
			continue
		}
		if truth {
			out.Items = append(out.Items, yes(i))
		} else {
			out.Items = append(out.Items, no(i))
		}
	}
	return out.Value()
}

// rangeArray makes the values of range(): reals if any argument is one, else longs, or ticks shown as the
// type of the start.
func rangeArray(_ *Ctx, a []types.Value) types.Value {
	first := a[0].Type()
	ticks := first == types.Datetime || first == types.Timespan
	whole := true
	for i, v := range a {
		t := v.Type()
		if isTicks := t == types.Datetime || t == types.Timespan; isTicks != ticks {
			return types.Null(types.Dynamic)
		}
		if i < 2 && t != first && ticks || i == 2 && t == types.Datetime {
			return types.Null(types.Dynamic)
		}
		whole = whole && t != types.Real && t != types.Decimal
	}
	out := types.JSON{Kind: types.JSONArray}
	if !whole {
		from, to, step := a[0].Float64(), a[1].Float64(), 1.0
		if len(a) > 2 {
			step = a[2].Float64()
		}
		if step == 0 || math.IsNaN(from+to+step) || math.IsInf(from, 0) || math.IsInf(step, 0) {
			return types.Null(types.Dynamic)
		}
		for i := range maxArray {
			x := from + float64(i)*step
			if step > 0 && x > to || step < 0 && x < to {
				break
			}
			out.Items = append(out.Items, types.JSON{Kind: types.JSONReal, Real: x})
		}
		return out.Value()
	}
	from, to, step := a[0].Int64(), a[1].Int64(), int64(1)
	if ticks {
		step = types.TicksPerHour
	}
	if len(a) > 2 {
		step = a[2].Int64()
	}
	if step == 0 {
		return types.Null(types.Dynamic)
	}
	for x := from; step > 0 && x <= to || step < 0 && x >= to; x += step {
		v := types.LongOf(x)
		switch first {
		case types.Datetime:
			v = types.DatetimeOf(x)
		case types.Timespan:
			v = types.TimespanOf(x)
		}
		out.Items = append(out.Items, types.JSONOf(v))
		if len(out.Items) == maxArray || step > 0 && x > math.MaxInt64-step || step < 0 && x < math.MinInt64-step {
			break
		}
	}
	return out.Value()
}
