package funcs

import (
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

// TestNumberExamples runs the examples of the families on numbers, time and conversion.
func TestNumberExamples(t *testing.T) {
	for _, family := range [][]*Func{convertFuncs, datetimeFuncs, datetimeCalcFuncs, datetimeFormatFuncs, datetimeZoneFuncs, mathFuncs, mathStatFuncs, mathUnitFuncs} {
		for _, f := range family {
			whole := f.Go != nil
			for _, s := range f.Sigs {
				whole = whole || s.Go != nil
			}
			if len(f.Examples) < 3 || f.Doc == "" || f.Page == "" || !whole {
				t.Errorf("%s: the declaration is not whole", f.Name)
			}
			for _, x := range f.Examples {
				checkCalls(t, All(), [][2]string{{x.Query, x.Want}})
			}
		}
	}
}

func TestConversions(t *testing.T) {
	checkCalls(t, All(), [][2]string{
		{`toint(tolong("42"))`, `int(42)`}, {`tolong(toint("7"))`, `7`}, {`toint(real(nan))`, `int(null)`}, {`toint(3000000000)`, `int(-1294967296)`},
		{`tolong(real(+inf))`, `long(null)`}, {`tolong(guid(70fc66f7-8279-44fc-9092-d364d70fce44))`, `long(null)`}, {`toint(dynamic(1.9))`, `int(1)`},
		{`todouble(dynamic("x"))`, `real(null)`}, {`todouble(datetime(1970-01-01))`, `621355968000000000.0`}, {`tobool(dynamic(1))`, `true`}, {`tobool(dynamic({}))`, `bool(null)`},
		{`todatetime(real(1.5))`, `datetime(0001-01-01 00:00:00.0000001)`}, {`todatetime(-1)`, `datetime(null)`}, {`todatetime(dynamic("2020-01-01"))`, `datetime(2020-01-01)`},
		{`totimespan(864000000000)`, `1d`}, {`totime("2h")`, `2h`}, {`toguid(dynamic("x"))`, `guid(null)`}, {`todecimal(real(0.1))`, `decimal(0.1)`},
		{`parse_json(" [1, {\"a\" : null}] ")`, `dynamic([1,{"a":null}])`}, {`parse_json("{")`, `dynamic("{")`}, {`parse_json("123")`, `dynamic(123)`}, {`parse_json(" ")`, `dynamic(null)`},
		{`gettype(parse_json(""))`, `"null"`}, {`gettype(int(null))`, `"int"`}, {`gettype(1d)`, `"timespan"`}, {`gettype(dynamic([]))`, `"array"`}, {`gettype(dynamic(true))`, `"bool"`},
		{`tohex(0)`, `"0"`}, {`tohex(255, 30)`, `"00000000000000ff"`}, {`tohex(255, -3)`, `"ff"`}, {`tohex(toint(-1))`, `"ffffffff"`},
		{`dynamic_to_json(dynamic(["b",{"z":1,"y":[{"d":1,"c":2}]}]))`, `"[\"b\",{\"y\":[{\"c\":2,\"d\":1}],\"z\":1}]"`},
		{`isfinite(3)`, `true`}, {`isnan(3)`, `false`},
	})
}

// TestConversionsAreTotal: the binder may ask for a conversion from any type to any other.
func TestConversionsAreTotal(t *testing.T) {
	for _, name := range []string{"tostring", "toint", "tolong", "toreal", "todecimal", "tobool", "todatetime", "totimespan"} {
		f, ok := All().Lookup(Scalar, name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		for _, typ := range types.Scalars() {
			n := 0
			for _, s := range f.Sigs {
				if s.Params[0].Types.Has(typ) {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s takes %s in %d overloads, want 1", name, typ, n)
			}
		}
	}
}

// TestTemplates: what a template writes out is balanced and leaves no mark of an argument behind.
func TestTemplates(t *testing.T) {
	for _, f := range All().Funcs() {
		for _, sql := range append([]string{f.SQL}, sigSQL(f)...) {
			c := &Call{Args: []Arg{{SQL: "a"}, {SQL: "b"}, {SQL: "c"}}}
			if out := Expand(sql, c); strings.Contains(out, "$") || strings.Count(out, "(") != strings.Count(out, ")") {
				t.Errorf("%s: %s", f.Name, out)
			}
		}
	}
}

func sigSQL(f *Func) (out []string) {
	for _, s := range f.Sigs {
		out = append(out, s.SQL)
	}
	return out
}
