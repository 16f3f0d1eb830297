package conformance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// TestExamples runs every example of the catalogue. A scalar call runs as it stands, which folds it through
// the Go body, and with its arguments taken from columns, all of them and each alone, which runs the SQL.
// An aggregate's example is a whole query of one cell.
func TestExamples(t *testing.T) {
	e := emptyWorkspace(t)
	for _, f := range funcs.All().Funcs() {
		t.Run(f.Family+"/"+f.Name, func(t *testing.T) {
			if f.Class != funcs.Scalar && f.Class != funcs.Operator {
				for _, x := range f.Examples {
					runQueryExample(t, e, x)
				}
				return
			}
			var cases []exampleCase
			for _, x := range f.Examples {
				if isQuery(x.Query) {
					runQueryExample(t, e, x)
					continue
				}
				want, err := constant(e, x.Want)
				if err != nil {
					t.Errorf("the expected result %s of %s: %v", x.Want, x.Query, err)
					continue
				}
				for _, v := range variants(t, x.Query) {
					cases = append(cases, exampleCase{v, x.Query, want})
				}
			}
			runCases(t, e, f, cases)
		})
	}
}

// exampleCase is one form of an example: columns to be made first, and a call over them.
type exampleCase struct {
	variant
	example string
	want    types.Value
}

// runCases runs the cases in one query, and one by one if that fails.
func runCases(t *testing.T, e *query.Engine, f *funcs.Func, cases []exampleCase) {
	if len(cases) == 0 {
		return
	}
	if f.Vol != funcs.PerRow && f.Columns == nil {
		var columns, calls []string
		for i, c := range cases {
			for j, a := range c.columns {
				columns = append(columns, fmt.Sprintf("c%d_%d = %s", i, j, a))
			}
			calls = append(calls, fmt.Sprintf("x%d = %s", i, c.call(fmt.Sprintf("c%d_", i))))
		}
		if tbl, err := run(e, "print one = 1, "+strings.Join(append(columns, "two = 2"), ", ")+"\n| project "+strings.Join(calls, ", ")); err == nil {
			for i, c := range cases {
				c.judge(t, tbl.Rows[0][i])
			}
			return
		}
	}
	for _, c := range cases {
		text := "print x = " + c.call("")
		if len(c.columns) > 0 {
			var columns []string
			for j, a := range c.columns {
				columns = append(columns, fmt.Sprintf("c%d = %s", j, a))
			}
			text = "print " + strings.Join(columns, ", ") + " | project x = " + c.call("c")
		}
		tbl, err := run(e, text)
		switch {
		case err != nil:
			t.Errorf("%s: %v", text, err)
		case len(tbl.Rows) != 1:
			t.Errorf("%s: %d rows", text, len(tbl.Rows))
		case len(tbl.Schema) > 1:
			c.judge(t, gather(tbl.Rows[0]))
		default:
			c.judge(t, tbl.Rows[0][0])
		}
	}
}

// gather makes one value of the columns of a call that gives several: the array that the function's body
// returns, or null if all are.
func gather(cells []types.Value) types.Value {
	n := types.JSON{Kind: types.JSONArray}
	null := true
	for _, c := range cells {
		null = null && c.IsNull()
		n.Items = append(n.Items, types.JSONOf(c))
	}
	if null {
		return types.Null(types.Dynamic)
	}
	return n.Value()
}

func (c exampleCase) judge(t *testing.T, got types.Value) {
	if !equal(got, c.want) {
		t.Errorf("%s: got %s, want %s (with %s)", c.example, show(got), show(c.want), c.form())
	}
}

func runQueryExample(t *testing.T, e *query.Engine, x funcs.Example) {
	want, err := constant(e, x.Want)
	if err != nil {
		t.Errorf("the expected result %s of %s: %v", x.Want, x.Query, err)
		return
	}
	tbl, err := run(e, x.Query)
	if err != nil {
		t.Errorf("%s: %v", x.Query, err)
		return
	}
	if len(tbl.Rows) != 1 || len(tbl.Rows[0]) < 1 {
		t.Errorf("%s: %d rows, want one cell", x.Query, len(tbl.Rows))
		return
	}
	if got := tbl.Rows[0][0]; !equal(got, want) {
		t.Errorf("%s: got %s, want %s", x.Query, show(got), show(want))
	}
}

func constant(e *query.Engine, text string) (types.Value, error) {
	tbl, err := run(e, "print x = "+text)
	if err != nil {
		return types.Value{}, err
	}
	return tbl.Rows[0][0], nil
}

// isQuery tells whether an example is a whole query.
func isQuery(text string) bool {
	for _, w := range []string{"datatable", "range ", "print ", "let "} {
		if strings.HasPrefix(text, w) {
			return true
		}
	}
	return false
}

// variant is a call of which some arguments are taken from columns. pieces are the text around them.
type variant struct {
	pieces  []string
	columns []string
}

func (v variant) call(prefix string) string {
	var b strings.Builder
	for i, p := range v.pieces {
		if i > 0 {
			fmt.Fprintf(&b, "%s%d", prefix, i-1)
		}
		b.WriteString(p)
	}
	return b.String()
}

func (v variant) form() string {
	if len(v.columns) == 0 {
		return "constants only"
	}
	return "columns " + strings.Join(v.columns, ", ")
}

// variants returns a call as it is, with each argument alone and with all arguments as columns.
func variants(t *testing.T, call string) []variant {
	const head = "print x = "
	q, diags := syntax.Parse(source.NewFile("", head+call))
	for _, d := range diags {
		t.Errorf("%s: %s", call, d.Msg)
		return nil
	}
	out := []variant{{pieces: []string{call}}}
	var named *syntax.NamedExpr
	walk(q, func(n syntax.Node) bool {
		if x, ok := n.(*syntax.NamedExpr); ok && named == nil {
			named = x
		}
		return named == nil
	})
	var spans []source.Span
	for _, a := range operands(named.Value) {
		s := a.Span()
		spans = append(spans, source.Span{Start: s.Start - len(head), End: s.End - len(head)})
	}
	for i := range spans {
		out = append(out, split(call, spans[i:i+1]))
	}
	if len(spans) > 1 {
		out = append(out, split(call, spans))
	}
	return out
}

func split(call string, spans []source.Span) variant {
	var v variant
	from := 0
	for _, s := range spans {
		v.pieces = append(v.pieces, call[from:s.Start])
		v.columns = append(v.columns, call[s.Start:s.End])
		from = s.End
	}
	v.pieces = append(v.pieces, call[from:])
	return v
}

func walk(n syntax.Node, visit func(syntax.Node) bool) {
	if !visit(n) {
		return
	}
	for _, c := range n.Children() {
		walk(c, visit)
	}
}

// operands are the arguments of a call that may be columns as well.
func operands(e syntax.Expr) []syntax.Expr {
	switch e := e.(type) {
	case *syntax.ParenExpr:
		return operands(e.X)
	case *syntax.UnaryExpr:
		return values(e.X)
	case *syntax.BinaryExpr:
		out := values(e.X)
		switch y := e.Y.(type) {
		case *syntax.ListExpr:
			return append(out, values(y.Items...)...)
		case *syntax.RangeExpr:
			return append(out, values(y.Low, y.High)...)
		}
		return append(out, values(e.Y)...)
	case *syntax.PathExpr:
		return values(e.X)
	case *syntax.IndexExpr:
		return values(e.X, e.Index)
	case *syntax.CallExpr:
		var out []syntax.Expr
		for i, a := range e.Args {
			if !mustBeConstant(e.Name.Name, i, len(e.Args)) {
				out = append(out, values(a)...)
			}
		}
		return out
	}
	return nil
}

// values leaves out what is no value: types, names, stars, tables.
func values(list ...syntax.Expr) []syntax.Expr {
	var out []syntax.Expr
	for _, e := range list {
		switch e := e.(type) {
		case *syntax.TypeOfExpr, *syntax.Ident, *syntax.StarExpr, *syntax.Pipe, *syntax.DataTableExpr, *syntax.NamedExpr, *syntax.BracketExpr:
		case *syntax.ParenExpr:
			out = append(out, values(e.X)...)
		default:
			if !givesColumns(e) {
				out = append(out, e)
			}
		}
	}
	return out
}

// givesColumns tells whether an expression calls a function whose result is several columns where it
// stands alone, so that moving it into a column would change what it means.
func givesColumns(e syntax.Expr) bool {
	found := false
	walk(e, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok {
			if f, ok := funcs.All().Lookup(funcs.Scalar, c.Name.Name); ok && f.Columns != nil {
				found = true
			}
		}
		return !found
	})
	return found
}

func mustBeConstant(name string, i, n int) bool {
	f, ok := funcs.All().Lookup(funcs.Scalar, name)
	if !ok {
		return false
	}
	for j := range f.Sigs {
		if p, ok := f.Sigs[j].Param(i, n); ok && f.Sigs[j].Takes(n) && p.Const {
			return true
		}
	}
	return false
}
