package bind

import (
	"fmt"
	"strings"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// All the wording of the binder's errors. Codes are those of Microsoft's parser; VQ… are ours, for what it
// has no code for.

func hintFor(near string) string {
	if near == "" {
		return ""
	}
	return "did you mean '" + near + "'?"
}

// KS142: T | where NoSuchColumn == 1
func (b *binder) errName(span source.Span, name, near string) {
	b.addHint("KS142", span, fmt.Sprintf("no column, table, variable or function is called '%s'", name), hintFor(near))
}

// KS204: NoSuchTable | take 1
func (b *binder) errTable(span source.Span, name string) {
	b.misspelt[len(b.diags)] = name
	b.add("KS204", span, fmt.Sprintf("no table, tabular variable or function is called '%s'", name))
}

// KS211: print nosuchfunction(1)
func (b *binder) errFunction(span source.Span, name, near string) {
	if serviceFuncs[name] {
		b.errUnsupported(span, "the function '"+name+"', which tells about a service and its storage,")
		return
	}
	b.addHint("KS211", span, fmt.Sprintf("no function is called '%s'", name), hintFor(near))
}

// serviceFuncs are functions about the cluster, the caller, and how the tables are stored.
var serviceFuncs = map[string]bool{
	"current_cluster_endpoint": true, "current_database": true, "current_node_id": true,
	"current_principal": true, "current_principal_details": true, "current_principal_is_member_of": true,
	"cursor_after": true, "cursor_before_or_at": true, "cursor_current": true, "current_cursor": true,
	"extent_id": true, "extentid": true, "extent_tags": true, "row_id": true, "rowstore_ordinal_range": true,
}

// KS124: evaluate nosuchplugin()
func (b *binder) errPlugin(span source.Span, name string) {
	b.add("KS124", span, fmt.Sprintf("the plugin '%s' is not known", name))
}

// VQ001: a construct of KQL that vedette knows and does not run.
func (b *binder) errUnsupported(span source.Span, what string) {
	b.add("VQ001", span, what+" is not supported")
}

// VQ018: print assert(1 > 2, "one is more than two")
func (b *binder) errAssert(span source.Span, message string) {
	b.add("VQ018", span, "assert() has failed with message: '"+message+"'")
}

// VQ017: T | extend y = toscalar(U | where a == x), where x is a column of T
func (b *binder) errRowContext(span source.Span, what, column string) {
	if column == "" {
		column = "a column"
	} else {
		column = "'" + column + "'"
	}
	b.add("VQ017", span, fmt.Sprintf("%s cannot use %s, which is defined outside its row context", what, column))
}

// KS119, KS120, KS121: print strlen()
func (b *binder) errArity(span source.Span, fn *funcs.Func, n int) {
	least, most := fn.Arity()
	want, code := fmt.Sprintf("%d", least), "KS120"
	switch {
	case most < 0:
		want = fmt.Sprintf("at least %d", least)
	case most > least:
		want = fmt.Sprintf("%d to %d", least, most)
	default:
		code = "KS119"
	}
	if n >= least && (most < 0 || n <= most) {
		code = "KS121" // such as an even number of arguments for case
	}
	var forms []string
	for i := range fn.Sigs {
		forms = append(forms, fn.Signature(&fn.Sigs[i]))
	}
	b.addHint(code, span, fmt.Sprintf("%s expects %s arguments, found %d", fn.Name, want, n), strings.Join(dedup(forms), " or "))
}

func dedup(in []string) []string {
	var out []string
	for _, s := range in {
		if len(out) == 0 || out[len(out)-1] != s {
			out = append(out, s)
		}
	}
	return out
}

// KS106: print "a" - 1
func (b *binder) errOperator(span source.Span, op string, args []types.Type) {
	var w []string
	for _, t := range args {
		w = append(w, t.String())
	}
	b.add("KS106", span, fmt.Sprintf("the operator '%s' does not take %s", op, strings.Join(w, " and ")))
}

// KS107, KS134 …: print array_length("a")
func (b *binder) errArgument(span source.Span, fn string, p funcs.Param, got types.Type) {
	b.add(argumentCode(p, got), span, fmt.Sprintf("%s expects a %s for '%s', found %s", fn, p.Types, p.Name, got))
}

// argumentCode is the code of an argument of a wrong type: Microsoft's parser has one for each class of types.
func argumentCode(p funcs.Param, got types.Type) string {
	switch p.Types {
	case funcs.Dynamic:
		if strings.Contains(p.Name, "bag") || p.Name == "object" {
			return "KS235"
		}
		return "KS234"
	case funcs.Integer, funcs.Long, funcs.Int:
		return "KS134"
	case funcs.Number, funcs.NumberOrBool:
		return "KS137"
	case funcs.Summable:
		return "KS138"
	case funcs.Integer | funcs.Dynamic:
		return "KS136"
	case funcs.NotDynamic:
		if got == types.Dynamic {
			return "KS116"
		}
	case funcs.StringOrDynamic:
		if !p.Text {
			return "KS233"
		}
	case funcs.Any:
		return "KS141"
	}
	return "KS107"
}

// KS107: T | where 1.5
func (b *binder) errType(span source.Span, want, got types.Type) {
	b.add("KS107", span, fmt.Sprintf("expected a value of type %s, found %s", want, got))
}

// KS108: print T
func (b *binder) errScalarExpected(span source.Span) {
	b.add("KS108", span, "expected a scalar value, found a table")
}

// KS111: let x = 1; x | take 1
func (b *binder) errTabularExpected(span source.Span) {
	b.add("KS111", span, "expected a table, found a scalar value")
}

// KS129: T | take x
func (b *binder) errConstant(span source.Span, what string) {
	b.add("KS129", span, what+" must be a constant")
}

// KS171: datatable(a:long, a:long)[]
func (b *binder) errDuplicate(span source.Span, name string) {
	b.add("KS171", span, fmt.Sprintf("a column called '%s' is already declared", name))
}

// KS109: T | distinct a + 1
func (b *binder) errColumnExpected(span source.Span) {
	b.add("KS109", span, "expected the name of a column")
}

// KS144: T | where count() > 1
func (b *binder) errAggregate(span source.Span, name string) {
	b.add("KS144", span, fmt.Sprintf("the aggregate '%s' is not allowed here", name))
}

// KS232: print iff(true, 1, "a")
func (b *binder) errNoCommonType(span source.Span, name string) {
	b.add("KS232", span, fmt.Sprintf("the arguments of %s have no common type", name))
}

// VQ002: T | extend x = prev(y)
func (b *binder) errWindow(span source.Span, name string) {
	b.addHint("VQ002", span, fmt.Sprintf("%s needs rows in order", name), "sort the rows, or put '| serialize' before this operator")
}

// KS116: T | summarize count() by DynamicColumn
// key is a value that rows are grouped, sorted or parted by. A dynamic one is a fault, unless it comes out of an
// open table: then it is taken for its text.
func (b *binder) key(x rel.Expr, span source.Span) (rel.Expr, bool) {
	switch {
	case x.Type() != types.Dynamic:
		return x, true
	case !b.isUntyped(x):
		b.addHint("KS116", span, "a dynamic value cannot be a key", "convert it first, for instance with tostring()")
		return nil, false
	}
	return b.convert(x, types.String), true
}
