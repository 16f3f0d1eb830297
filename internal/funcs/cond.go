package funcs

import "github.com/vedette-siem/vedette/internal/types"

// condFuncs choose between values and ask about null and empty.
var condFuncs = []*Func{
	{Name: "iff", Aliases: []string{"iif"}, Class: Scalar, Nulls: Own,
		Sigs: Sigs(CommonNonDynamic, P("if", Bool), Common("then", Any), Common("else", Any)),
		SQL:  "CASE WHEN $1 THEN $2 ELSE $3 END",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			if !a[0].IsNull() && a[0].Bool() {
				return a[1]
			}
			return a[2]
		},
		Doc: "Gives the second argument where the first is true, else the third.", Page: "iff-function",
		Examples: []Example{{`iff(1 < 2, "a", "b")`, `"a"`}, {`iff(bool(null), "t", "f")`, `"f"`}, {`iff(false, 1, 2.5)`, `2.5`}}},
	{Name: "case", Class: Scalar, Nulls: Own,
		Sigs: Sigs(CommonNonDynamic, P("predicate", Bool).Repeated(), Common("then", Any).Repeated(), Common("else", Any)),
		Lower: func(_ Writer, c *Call) string {
			s := "CASE"
			for i := 0; i+1 < len(c.Args); i += 2 {
				s += " WHEN " + c.Args[i].SQL + " THEN " + c.Args[i+1].SQL
			}
			return s + " ELSE " + c.Args[len(c.Args)-1].SQL + " END"
		},
		Go: func(_ *Ctx, a []types.Value) types.Value {
			for i := 0; i+1 < len(a); i += 2 {
				if !a[i].IsNull() && a[i].Bool() {
					return a[i+1]
				}
			}
			return a[len(a)-1]
		},
		Doc: "Gives the value behind the first true predicate, else the last argument.", Page: "case-function",
		Examples: []Example{{`case(false, 1, true, 2, 3)`, `2`}, {`case(bool(null), "x", "y")`, `"y"`}, {`case(false, 1, 3.5)`, `3.5`}}},
	{Name: "coalesce", Class: Scalar, Nulls: Own,
		Sigs: Sigs(CommonType, Common("arg", Any), Common("arg", Any).Repeated()),
		Lower: func(_ Writer, c *Call) string {
			// Kusto: an empty string counts as null here.
			if c.Type == types.String {
				s := "coalesce("
				for _, a := range c.Args {
					s += "nullif(" + a.SQL + ", ''), "
				}
				return s + "'')"
			}
			return Expand("coalesce($*)", c)
		},
		Go: func(c *Ctx, a []types.Value) types.Value {
			for _, v := range a {
				if !v.IsNull() && (v.Type() != types.String || v.Text() != "") {
					return v
				}
			}
			return types.Null(c.Out)
		},
		Doc: "Gives the first argument that is not null (for strings: not empty).", Page: "coalesce-function",
		Examples: []Example{{`coalesce(int(null), 2)`, `2`}, {`coalesce("", "b")`, `"b"`}, {`coalesce(int(null), int(null))`, `int(null)`}}},
	{Name: "not", Class: Scalar, Sigs: Sigs(RetBool, P("expr", Bool)), SQL: "(NOT $1)",
		Go:  func(_ *Ctx, a []types.Value) types.Value { return types.BoolOf(!a[0].Bool()) },
		Doc: "Reverses a bool.", Page: "not-function",
		Examples: []Example{{`not(true)`, `false`}, {`not(bool(null))`, `bool(null)`}, {`not(1 > 2)`, `true`}}},
	{Name: "isnull", Class: Scalar, Nulls: Own, Sigs: Sigs(RetBool, P("value", Any).RawType()), Page: "isnull-function",
		Lower: func(_ Writer, c *Call) string {
			if c.Args[0].Type == types.String {
				return "false" // a string is never null
			}
			return "(" + c.Args[0].SQL + " IS NULL)"
		},
		Go:       func(_ *Ctx, a []types.Value) types.Value { return types.BoolOf(a[0].IsNull()) },
		Doc:      "Tells whether a value is null; a string never is.",
		Examples: []Example{{`isnull(int(null))`, `true`}, {`isnull("")`, `false`}, {`isnull(0)`, `false`}}},
	{Name: "isnotnull", Aliases: []string{"notnull"}, Class: Scalar, Nulls: Own, Sigs: Sigs(RetBool, P("value", Any).RawType()), Page: "isnotnull-function",
		Lower: func(_ Writer, c *Call) string {
			if c.Args[0].Type == types.String {
				return "true"
			}
			return "(" + c.Args[0].SQL + " IS NOT NULL)"
		},
		Go:       func(_ *Ctx, a []types.Value) types.Value { return types.BoolOf(!a[0].IsNull()) },
		Doc:      "Tells whether a value is not null.",
		Examples: []Example{{`isnotnull(int(null))`, `false`}, {`isnotnull("")`, `true`}, {`isnotnull(0)`, `true`}}},
	{Name: "isempty", Class: Scalar, Nulls: Own, Sigs: Sigs(RetBool, P("value", Any).RawType()), Page: "isempty-function", Lower: lowerEmpty(" = '')"),
		Go:       func(_ *Ctx, a []types.Value) types.Value { return types.BoolOf(a[0].ToText() == "") },
		Doc:      "Tells whether a value is an empty string or null.",
		Examples: []Example{{`isempty("")`, `true`}, {`isempty(int(null))`, `true`}, {`isempty("a")`, `false`}}},
	{Name: "isnotempty", Aliases: []string{"notempty"}, Class: Scalar, Nulls: Own, Sigs: Sigs(RetBool, P("value", Any).RawType()), Page: "isnotempty-function", Lower: lowerEmpty(" <> '')"),
		Go:       func(_ *Ctx, a []types.Value) types.Value { return types.BoolOf(a[0].ToText() != "") },
		Doc:      "Tells whether a value is neither an empty string nor null.",
		Examples: []Example{{`isnotempty("")`, `false`}, {`isnotempty(int(null))`, `false`}, {`isnotempty("a")`, `true`}}},
}

// lowerEmpty compares with the empty string; of the other types only null is empty, and of dynamic also
// the empty string inside it.
func lowerEmpty(test string) Lowering {
	return func(_ Writer, c *Call) string {
		switch a := c.Args[0]; a.Type {
		case types.String:
			return "(" + a.SQL + test
		case types.Dynamic:
			return `(coalesce(nullif(` + a.SQL + `, '""'), '')` + test
		default:
			if test == " = '')" {
				return "(" + a.SQL + " IS NULL)"
			}
			return "(" + a.SQL + " IS NOT NULL)"
		}
	}
}
