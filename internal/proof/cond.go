package proof

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// Cond is a condition on one row of a stored table.
type Cond struct {
	// Key is the condition as text; conditions of one table with one key are the same.
	Key string
	// Cost is about how many nanoseconds it takes to evaluate on one row.
	Cost int

	expr rel.Expr // the number of a column is its place in cols, from 1
	cols []column
}

// column is a stored column.
type column struct {
	stored string
	typ    types.Type
}

// bind returns the condition over other numbers for its columns.
func (c *Cond) bind(number func(column) rel.ColID) rel.Expr {
	ids := map[rel.ColID]rel.Expr{}
	for i, col := range c.cols {
		ids[rel.ColID(i+1)] = &rel.ColRef{ID: number(col), T: col.typ}
	}
	budget := maxExpr
	return substitute(c.expr, ids, &budget)
}

// maxExpr bounds the size of a condition: what projections compute is put in place, which can grow without bound.
const maxExpr = 400

// substitute returns e with columns replaced; columns that to lacks stay. The result shares no call with e, because
// rewrites change calls in place. It is nil if e cannot be moved: it reads another plan, differs from row to row
// by itself, or grows too large.
func substitute(e rel.Expr, to map[rel.ColID]rel.Expr, budget *int) rel.Expr {
	if *budget--; *budget < 0 {
		return nil
	}
	switch e := e.(type) {
	case *rel.Lit:
		return e
	case *rel.ColRef:
		r, ok := to[e.ID]
		if !ok {
			return e
		}
		if _, plain := r.(*rel.ColRef); plain {
			return r
		}
		return substitute(r, nil, budget) // a copy
	case *rel.Call:
		if e.Fn.Vol == funcs.PerRow || e.Fn.Class != funcs.Scalar && e.Fn.Class != funcs.Operator {
			return nil
		}
		c := &rel.Call{Fn: e.Fn, Sig: e.Sig, T: e.T, Args: make([]rel.Expr, len(e.Args))}
		for i, a := range e.Args {
			if c.Args[i] = substitute(a, to, budget); c.Args[i] == nil {
				return nil
			}
		}
		return c
	}
	return nil
}

// reads tells whether an expression reads only columns that ok allows.
func reads(e rel.Expr, ok func(rel.ColID) bool) bool {
	all := true
	rel.WalkExpr(e, func(x rel.Expr) {
		if c, is := x.(*rel.ColRef); is && !ok(c.ID) {
			all = false
		}
	})
	return all
}

// conjuncts takes a predicate apart.
func conjuncts(e rel.Expr) []rel.Expr {
	if c, ok := e.(*rel.Call); ok && c.Fn.Class == funcs.Operator && c.Fn.Name == "and" {
		var out []rel.Expr
		for _, a := range c.Args {
			out = append(out, conjuncts(a)...)
		}
		return out
	}
	return []rel.Expr{e}
}

// condOf makes a condition of an expression over the columns of a scan; false if it is none that can be counted.
func condOf(e rel.Expr, of map[rel.ColID]column) (Cond, bool) {
	if e.Type() != types.Bool {
		return Cond{}, false
	}
	w := &keyWriter{of: of}
	w.expr(e)
	if w.bad || len(w.cols) == 0 {
		return Cond{}, false
	}
	to := map[rel.ColID]rel.Expr{}
	for i, id := range w.ids {
		to[id] = &rel.ColRef{ID: rel.ColID(i + 1), T: w.cols[i].typ}
	}
	budget := maxExpr
	local := substitute(e, to, &budget)
	if local == nil {
		return Cond{}, false
	}
	return Cond{Key: w.b.String(), Cost: w.cost, expr: local, cols: w.cols}, true
}

// keyWriter writes an expression as text and adds up what it costs.
type keyWriter struct {
	of   map[rel.ColID]column
	b    strings.Builder
	cost int
	bad  bool
	ids  []rel.ColID
	cols []column
}

func (w *keyWriter) expr(e rel.Expr) {
	if w.bad {
		return
	}
	switch e := e.(type) {
	case *rel.Lit:
		w.literal(e.V)
	case *rel.ColRef:
		col, ok := w.of[e.ID]
		if !ok {
			w.bad = true
			return
		}
		if !slices.Contains(w.ids, e.ID) {
			w.ids, w.cols = append(w.ids, e.ID), append(w.cols, col)
		}
		w.b.WriteString(columnName(col.stored))
	case *rel.Call:
		cost, ok := costOf(e)
		if !ok {
			w.bad = true
			return
		}
		w.cost += cost
		if e.Fn.Class == funcs.Operator && len(e.Args) == 2 {
			w.b.WriteByte('(')
			w.expr(e.Args[0])
			w.b.WriteString(" " + e.Fn.Name + " ")
			w.expr(e.Args[1])
			w.b.WriteByte(')')
			return
		}
		w.b.WriteString(e.Fn.Name + "(")
		for i, a := range e.Args {
			if i > 0 {
				w.b.WriteString(", ")
			}
			w.expr(a)
		}
		w.b.WriteByte(')')
	default:
		w.bad = true
	}
}

// columnName is a column as KQL writes it.
func columnName(s string) string {
	for i, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return "[" + strconv.Quote(s) + "]"
		}
	}
	return s
}

func (w *keyWriter) literal(v types.Value) {
	switch {
	case v.IsNull():
		w.b.WriteString(v.Type().String() + "(null)")
	case v.Type() == types.String:
		w.b.WriteString(strconv.Quote(v.Text()))
	default:
		w.b.WriteString(v.Type().String() + "(" + v.ToText() + ")")
	}
}

// What evaluating something on one row costs, in nanoseconds. They only decide what is worth counting and in
// which order conditions are asked.
const (
	costFlag  = 1   // looks at null or empty, or joins conditions
	costEqual = 4   // compares
	costFold  = 12  // compares regardless of case
	costText  = 25  // looks into a text
	costParse = 150 // takes JSON or a pattern apart
	costHeavy = 800 // calls back into Go
	costCheap = costText * 2
	// maxCost is what a condition may cost that is not the only one of its set.
	maxCost = 2 * costHeavy
)

// costs are the functions that a counted condition may call: none that can end a statement with a fault (integer
// overflow, a bad pattern), for that would stop rows from being stored.
var costs = map[string]int{
	"and": costFlag, "or": costFlag, "not": costFlag, "isnull": costFlag, "isnotnull": costFlag, "isempty": costFlag, "isnotempty": costFlag,
	"iff": costEqual, "case": costEqual, "coalesce": costEqual, "match.same": costEqual,
	"==": costEqual, "!=": costEqual, "<": costEqual, "<=": costEqual, ">": costEqual, ">=": costEqual, "between": costEqual, "!between": costEqual,
	"in": costEqual, "!in": costEqual, "in~": costFold, "!in~": costFold, "=~": costFold, "!~": costFold, "tolower": costFold, "toupper": costFold,
	"startswith": costFold, "!startswith": costFold, "endswith": costFold, "!endswith": costFold,
	"startswith_cs": costEqual, "!startswith_cs": costEqual, "endswith_cs": costEqual, "!endswith_cs": costEqual,
	"contains": costText, "!contains": costText, "contains_cs": costText, "!contains_cs": costText,
	"has": costText, "!has": costText, "has_cs": costText, "!has_cs": costText, ":": costText,
	"hasprefix": costText, "!hasprefix": costText, "hasprefix_cs": costText, "!hasprefix_cs": costText,
	"hassuffix": costText, "!hassuffix": costText, "hassuffix_cs": costText, "!hassuffix_cs": costText,
	"has_any": 4 * costText, "has_all": 4 * costText,
	"tostring": costText, "toint": costText, "tolong": costText, "toreal": costText, "todouble": costText, "tobool": costText,
	"strlen": costFold, "trim": costParse, "trim_start": costParse, "trim_end": costParse, "substring": costText, "strcat": costText, "split_at": costParse,
	"path": costParse, "text_path": costParse, ".": costParse, "[]": costParse, "parse_json": 4 * costHeavy, "todynamic": 4 * costHeavy,
	"matches regex": 2 * costParse, "array_length": costParse, "hourofday": costText, "dayofweek": costText, "extract": 2 * costParse,
	"ipv4_is_private": costHeavy, "ipv4_is_match": costHeavy, "ipv4_is_in_range": costHeavy, "bag_has_key": costHeavy, "set_has_element": costHeavy,
	"split": costHeavy, "indexof": costHeavy, "todatetime": costHeavy, "parse_url": costHeavy, "replace_string": costText, "toguid": costHeavy,
}

func costOf(c *rel.Call) (int, bool) {
	cost, ok := costs[c.Fn.Name]
	if !ok || c.Fn.Vol == funcs.PerRow || c.Fn.Class != funcs.Scalar && c.Fn.Class != funcs.Operator {
		return 0, false
	}
	switch c.Fn.Name {
	case "matches regex", "extract": // a pattern that comes with the row can be a bad one
		at := map[string]int{"matches regex": 1, "extract": 0}[c.Fn.Name]
		if _, isConst := rel.Const(c.Args[at]); !isConst {
			return 0, false
		}
	case "parse_json", "todynamic": // of a text; of a dynamic value it is nothing
		if c.Args[0].Type() == types.Dynamic {
			cost = costFlag
		}
	case "toint", "tolong", "toreal", "todouble", "tobool":
		if c.Args[0].Type() == types.Dynamic {
			cost = costHeavy
		}
	case "in", "!in", "has_any", "has_all", "in~", "!in~":
		cost += cost * len(c.Args) / 16
	}
	return cost, true
}
