package funcs

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// membershipFuncs look for a value among others. A dynamic array among the values stands for its elements.
// Null is in no list of values, as null == value is false.
// https://learn.microsoft.com/kusto/query/in-operator
var membershipFuncs = []*Func{
	inOp("in", false, false, "in-cs-operator", "Tells whether a value equals one of several.",
		Example{`"abc" in ("123", "abc")`, "true"}, Example{`int(null) in (1, 2)`, "false"}, Example{`2 in (dynamic([1, 2]))`, "true"}),
	inOp("!in", false, true, "not-in-cs-operator", "Tells whether a value equals none of several.",
		Example{`"bca" !in ("123", "abc")`, "true"}, Example{`int(null) !in (1, 2)`, "true"}, Example{`"ABC" !in ("abc")`, "true"}),
	inOp("in~", true, false, "in-operator", "Tells whether a text equals one of several but for case.",
		Example{`"Abc" in~ ("123", "abc")`, "true"}, Example{`"" in~ ("a")`, "false"}, Example{`"MÜLLER" in~ ("müller", "x")`, "true"}),
	inOp("!in~", true, true, "not-in-operator", "Tells whether a text equals none of several but for case.",
		Example{`"bCa" !in~ ("123", "abc")`, "true"}, Example{`"" !in~ ("a")`, "true"}, Example{`"abc" !in~ (dynamic(["ABC"]))`, "false"}),
	hasManyOp("has_any", true, "has-any-operator", "Tells whether any of several terms occurs in a text.",
		Example{`"North America" has_any ("south", "north")`, "true"}, Example{`"" has_any ("a", "b")`, "false"}, Example{`"North America" has_any (dynamic(["nor", "ica"]))`, "false"}),
	hasManyOp("has_all", false, "has-all-operator", "Tells whether all of several terms occur in a text.",
		Example{`"North and South America" has_all ("south", "north")`, "true"}, Example{`"" has_all ("a")`, "false"}, Example{`"North America" has_all (dynamic(["north", "south"]))`, "false"}),
	betweenOp("between", false, "between-operator", "Tells whether a value lies between two others, both included; for a datetime the second may be a timespan from the first on.",
		Example{`5 between (1 .. 5)`, "true"}, Example{`int(null) between (1 .. 5)`, "bool(null)"}, Example{`datetime(2024-01-02) between (datetime(2024-01-01) .. 1d)`, "true"}),
	betweenOp("!between", true, "not-between-operator", "Tells whether a value lies outside two others.",
		Example{`6 !between (1 .. 5)`, "true"}, Example{`int(null) !between (1 .. 5)`, "bool(null)"}, Example{`2.5 !between (1 .. 5)`, "false"}),
}

// elements calls f for every value of a list, and for the elements of the arrays in it.
func elements(list []types.Value, f func(v types.Value) (more bool)) {
	for _, v := range list {
		if v.Type() != types.Dynamic || v.IsNull() {
			if !f(v) {
				return
			}
			continue
		}
		n := types.JSONOf(v)
		if n.Kind != types.JSONArray {
			n = types.JSON{Kind: types.JSONArray, Items: []types.JSON{n}}
		}
		for _, e := range n.Items {
			if !f(e.Scalar()) {
				return
			}
		}
	}
}

// sameValue tells whether two values are equal though their types may differ: numbers by value, a dynamic
// by its value in the other's type, and anything against a string by its text.
func sameValue(x, y types.Value) bool {
	if x.IsNull() || y.IsNull() {
		return false
	}
	switch xt, yt := x.Type(), y.Type(); {
	case xt == yt && xt != types.Dynamic:
		return Compare(x, y) == 0
	case xt == types.Dynamic && yt == types.Dynamic:
		return x.Text() == y.Text()
	case xt == types.Dynamic:
		return sameValue(y, dynamicAs(x, yt))
	case yt == types.Dynamic:
		return sameValue(x, dynamicAs(y, xt))
	case xt.IsNumeric() && yt.IsNumeric():
		switch {
		case xt == types.Decimal || yt == types.Decimal:
			return decimalCompare(x, y) == 0
		case xt == types.Real || yt == types.Real:
			return x.Float64() == y.Float64()
		}
		return x.Int64() == y.Int64()
	case xt == types.Guid && yt == types.String:
		g, ok := types.ParseGuid(y.Text())
		return ok && g == x.Text()
	case yt == types.Guid && xt == types.String:
		return sameValue(y, x)
	case xt == types.String || yt == types.String:
		return x.ToText() == y.ToText()
	}
	return false
}

// dynamicAs converts a dynamic value for a comparison with a value of type t.
func dynamicAs(v types.Value, t types.Type) types.Value {
	if t.IsNumeric() {
		if s := types.JSONOf(v).Scalar(); s.Type().IsNumeric() {
			return s
		}
	}
	return v.To(t)
}

// inOp declares in and its kin.
func inOp(name string, fold, negated bool, page, doc string, examples ...Example) *Func {
	f := &Func{Name: name, Class: Operator, Nulls: Own, Page: page, Doc: doc, Examples: examples,
		Sigs: Sigs(RetBool, P("value", Any).RawType(), P("list", Any).RawType().Optional().Repeated())}
	if fold {
		f.Sigs = Sigs(RetBool, Str("value"), P("list", Any).RawType().Optional().Repeated())
	}
	f.Go = func(_ *Ctx, a []types.Value) types.Value {
		x, found := a[0], false
		if fold {
			x = types.StringOf(lowerText(x.ToText()))
		} else if x.Type() == types.Dynamic && x.IsNull() {
			x = types.StringOf("") // beside texts, a null dynamic is an empty one
		}
		elements(a[1:], func(v types.Value) bool {
			if fold {
				found = !v.IsNull() && x.Text() == lowerText(v.ToText())
			} else {
				found = sameValue(x, v)
			}
			return !found
		})
		return types.BoolOf(found != negated)
	}
	f.Lower = func(w Writer, c *Call) string { return lowerIn(w, c, fold, negated) }
	return f
}

// lowerIn writes IN over the values that the column can equal at all; the constants among them are
// converted here. It returns "" where the Go body must decide.
func lowerIn(w Writer, c *Call, fold, negated bool) string {
	x := c.Args[0]
	var items []string
	list, rest := constants(c.Args[1:])
	lowered := fold && !(len(rest) == 0 && allCaseless(list))
	switch {
	case fold || x.Type == types.String:
		elements(list, func(v types.Value) bool {
			if !v.IsNull() {
				text := v.ToText()
				if fold {
					text = lowerText(text)
				}
				items = append(items, w.Lit(types.StringOf(text)))
			}
			return true
		})
		for _, a := range rest {
			if a.Type == types.Dynamic || a.Type == types.Guid {
				return ""
			}
			s := w.Convert(a, types.String)
			if a.Type != types.String { // a null equals no text, not even the empty one
				s = "CASE WHEN " + a.SQL + " IS NOT NULL THEN " + s + " END"
			}
			if fold {
				s = "lower(" + s + ")"
			}
			items = append(items, s)
		}
	case len(rest) > 0:
		for _, a := range rest {
			if a.Type != x.Type || a.Type == types.Dynamic || a.Type == types.Real || a.Type == types.Decimal {
				return ""
			}
			items = append(items, a.SQL)
		}
		fallthrough
	default:
		ok := true
		elements(list, func(v types.Value) bool {
			var same []types.Value
			same, ok = literalsFor(x.Type, v)
			for _, s := range same {
				items = append(items, w.Lit(s))
			}
			return ok
		})
		if !ok {
			return ""
		}
	}
	if len(items) == 0 {
		return strconv.FormatBool(negated)
	}
	sql := x.SQL
	if lowered {
		sql = "lower(" + sql + ")"
	}
	op := " IN ("
	if negated {
		op = " NOT IN ("
	}
	among := strings.Join(items, ", ")
	if len(rest) == 0 && len(items) > fewItems && !strings.HasPrefix(sql, `"`) {
		among = "SELECT unnest([" + among + "])"
	}
	s := "(" + sql + op + among + "))"
	if x.Type == types.String && len(rest) == 0 || fold && len(rest) == 0 || c.Filter && !negated {
		return s
	}
	return "coalesce(" + s + ", " + strconv.FormatBool(negated) + ")"
}

// fewItems is how many values of a list the engine compares one by one about as fast as it looks them up. It
// makes a hash table of longer lists by itself only for a stored column, whose name is quoted, and not for an
// expression, which a column of a nested SELECT may be.
const fewItems = 12

// constants parts the constants of a list from its other arguments.
func constants(args []Arg) (list []types.Value, rest []Arg) {
	for _, a := range args {
		if a.Const != nil {
			list = append(list, *a.Const)
		} else {
			rest = append(rest, a)
		}
	}
	return list, rest
}

func allCaseless(list []types.Value) bool {
	all := true
	elements(list, func(v types.Value) bool {
		all = all && caseless(v.ToText())
		return all
	})
	return all
}

// literalsFor returns the values of a column of type t that equal v, none if no value can; ok is false
// where they cannot be told.
func literalsFor(t types.Type, v types.Value) (same []types.Value, ok bool) {
	if v.IsNull() {
		return nil, true
	}
	switch {
	case t == types.Decimal || v.Type() == types.Decimal:
		return nil, false
	case t == types.Dynamic:
		// Kusto's text of a dynamic has one form for each value, so the texts can be compared.
		text := v.ToText()
		if v.Type() != types.String || text == "" {
			return nil, false
		}
		same = append(same, types.JSON{Kind: types.JSONString, Str: text}.Value())
		if n, err := types.ParseJSON(text); err == nil && n.Kind != types.JSONString && n.Kind != types.JSONNull && n.String() == text {
			same = append(same, n.Value())
		}
		if strings.EqualFold(text, "true") || strings.EqualFold(text, "false") {
			return nil, false
		}
		return same, true
	case t == v.Type():
		return []types.Value{v}, !v.IsNaN()
	case t.IsInteger() && v.Type().IsInteger():
		if t == types.Int {
			if v.Int64() != int64(int32(v.Int64())) {
				return nil, true
			}
			return []types.Value{types.IntOf(int32(v.Int64()))}, true
		}
		return []types.Value{types.LongOf(v.Int64())}, true
	case t.IsInteger() && v.Type() == types.Real:
		f := v.Float64()
		if f != math.Trunc(f) || math.IsNaN(f) {
			return nil, true
		}
		if math.Abs(f) >= 1<<53 {
			return nil, false
		}
		return literalsFor(t, types.LongOf(int64(f)))
	case t == types.Real && v.Type().IsInteger():
		return []types.Value{types.RealOf(v.Float64())}, true
	case t == types.Guid && v.Type() == types.String:
		if g, ok := types.ParseGuid(v.Text()); ok {
			return []types.Value{types.GuidOf(g)}, true
		}
		return nil, true
	}
	return nil, v.Type() != types.String && v.Type() != types.Dynamic
}

// hasManyOp declares has_any and has_all.
func hasManyOp(name string, any bool, page, doc string, examples ...Example) *Func {
	test := termTest(true, true)
	return &Func{Name: name, Class: Operator, Nulls: Own, Page: page, Doc: doc, Examples: examples,
		Sigs: Sigs(RetBool, Str("text"), P("terms", Any).RawType().Optional().Repeated()),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			text, result := lowerText(a[0].ToText()), !any
			elements(a[1:], func(v types.Value) bool {
				if v.IsNull() {
					return true
				}
				if test.holds(text, lowerText(v.ToText())) == any {
					result = any
					return false
				}
				return true
			})
			return types.BoolOf(result)
		},
		Lower: func(w Writer, c *Call) string {
			list, rest := constants(c.Args[1:])
			if len(rest) > 0 {
				return ""
			}
			var needles []string
			seen := make(map[string]bool)
			elements(list, func(v types.Value) bool {
				if n := lowerText(v.ToText()); !v.IsNull() && !seen[n] {
					seen[n] = true
					needles = append(needles, n)
				}
				return true
			})
			return lowerHasMany(w, test, c.Args[0], needles, any)
		}}
}

// fewNeedles is how many single searches are not slower than one regular expression for all of them.
const fewNeedles = 4

func lowerHasMany(w Writer, test textTest, x Arg, needles []string, any bool) string {
	if len(needles) == 0 {
		return strconv.FormatBool(!any)
	}
	if !any || len(needles) <= fewNeedles {
		var parts []string
		for _, n := range needles {
			parts = append(parts, test.constant(w, "has", x, n, false))
		}
		op := " AND "
		if any {
			op = " OR "
		}
		return "(" + strings.Join(parts, op) + ")"
	}
	var searches []string
	for _, chunk := range chunks(needles) {
		searches = append(searches, anyTerm(w, test, x, chunk))
	}
	return "(" + strings.Join(searches, " OR ") + ")"
}

// maxPattern bounds the needles of one regular expression: RE2 refuses programs that are too large.
const maxPattern = 16 << 10

func chunks(needles []string) [][]string {
	var out [][]string
	size := maxPattern
	for _, n := range needles {
		if size+len(n) > maxPattern {
			out, size = append(out, nil), 0
		}
		out[len(out)-1] = append(out[len(out)-1], n)
		size += len(n)
	}
	return out
}

// anyTerm searches for any of the needles between its boundaries, first for the needles alone. Boundaries are
// written once for all needles that need the same ones, which keeps the patterns small.
func anyTerm(w Writer, test textTest, x Arg, needles []string) string {
	byEnds := make(map[[2]bool][]string)
	terms := types.JSON{Kind: types.JSONArray}
	var all []string
	for _, n := range needles {
		left, right := test.bounds(n)
		quoted := regexp.QuoteMeta(n)
		all = append(all, quoted)
		byEnds[[2]bool{left, right}] = append(byEnds[[2]bool{left, right}], quoted)
		terms.Items = append(terms.Items, types.JSON{Kind: types.JSONString, Str: n})
	}
	var patterns boundedRegex
	for _, ends := range [][2]bool{{true, true}, {true, false}, {false, true}, {false, false}} {
		if len(byEnds[ends]) == 0 {
			continue
		}
		b := bounded("(?:"+strings.Join(byEnds[ends], "|")+")", ends[0], ends[1])
		patterns.sure = append(patterns.sure, b.sure...)
		patterns.open = append(patterns.open, b.open...)
	}
	list := terms.Value()
	exact := w.UDF("has_any", types.Bool, x, Arg{SQL: w.Lit(list), Type: types.Dynamic, Const: &list})
	text := "lower(" + x.SQL + ")"
	return "CASE WHEN regexp_matches(" + text + ", " + w.Lit(types.StringOf(strings.Join(all, "|"))) + ") THEN " + patterns.sql(w, text, exact) + " ELSE false END"
}

// betweenOp declares between and !between: x >= start and x <= end, in three-valued logic.
func betweenOp(name string, negated bool, page, doc string, examples ...Example) *Func {
	f := &Func{Name: name, Class: Operator, Nulls: Own, Page: page, Doc: doc, Examples: examples}
	body := func(end func(a []types.Value) types.Value) Impl {
		return func(_ *Ctx, a []types.Value) types.Value {
			v := logic([]types.Value{atLeast(a[0], a[1]), atLeast(end(a), a[0])}, false)
			if negated && !v.IsNull() {
				return types.BoolOf(!v.Bool())
			}
			return v
		}
	}
	last := func(a []types.Value) types.Value { return a[2] }
	sql := func(end string) string {
		if negated {
			return "($1 NOT BETWEEN $2 AND " + end + ")"
		}
		return "($1 BETWEEN $2 AND " + end + ")"
	}
	same := func(ts TypeSet) []Param { return []Param{P("value", ts), P("start", ts), P("end", ts)} }
	f.Sigs = []Sig{
		{Params: same(Integer), Out: RetBool, Go: body(last), SQL: sql("$3")},
		{Params: same(Integer | Real), Out: RetBool, Go: body(last), Lower: func(_ Writer, c *Call) string {
			// DuckDB holds NaN for the largest number, so only an upper bound that is none can be trusted.
			for _, a := range c.Args[1:] {
				if a.Const == nil || a.Const.IsNaN() {
					return ""
				}
			}
			return Expand(sql("$3"), c)
		}},
		{Params: same(Number), Out: RetBool, Go: body(last)},
		{Params: same(Datetime), Out: RetBool, Go: body(last), SQL: sql("$3")},
		{Params: same(Timespan), Out: RetBool, Go: body(last), SQL: sql("$3")},
		{Params: []Param{P("value", Datetime), P("start", Datetime), P("length", Timespan)}, Out: RetBool,
			Go: body(func(a []types.Value) types.Value {
				if a[1].IsNull() || a[2].IsNull() {
					return types.Null(types.Datetime)
				}
				sum, ok := addTicks(a[1].Int64(), a[2].Int64())
				if !ok {
					return types.Null(types.Datetime)
				}
				return types.DatetimeOf(sum)
			}),
			Lower: unlessExact(sql("kql_datetime($2 + $3)"))},
		{Params: []Param{P("value", Number|Dynamic).RawType(), P("start", Number|Dynamic).RawType(), P("end", Number|Dynamic).RawType()}, Out: RetBool, Go: body(last)},
	}
	return f
}

// atLeast is x >= y over values of one type or over numbers of any, null if either is null.
func atLeast(x, y types.Value) types.Value {
	if x.Type() == types.Dynamic {
		x = dynamicAs(x, types.Real)
	}
	if y.Type() == types.Dynamic {
		y = dynamicAs(y, types.Real)
	}
	if x.IsNull() || y.IsNull() {
		return types.Null(types.Bool)
	}
	var c int
	switch {
	case x.Type() == y.Type() || x.Type().IsInteger() && y.Type().IsInteger():
		c = Compare(x, y)
	case x.Type() == types.Decimal || y.Type() == types.Decimal:
		c = decimalCompare(x, y)
	default:
		c = Compare(types.RealOf(x.Float64()), types.RealOf(y.Float64()))
	}
	return types.BoolOf(c == 0 || c == 1)
}
