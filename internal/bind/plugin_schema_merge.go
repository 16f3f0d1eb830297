package bind

import (
	"fmt"

	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// schemaMerge makes one schema of the rows that getschema gives for several tables. The type tells all that the
// data type does, which is therefore not looked at.
// https://learn.microsoft.com/kusto/query/schema-merge-plugin
func schemaMerge(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 0, "PreserveOrder")
	a.none()
	preserve := true
	if n, ok := a.at["PreserveOrder"].(*syntax.NamedExpr); ok {
		b.add("KS196", n.Span(), "'schema_merge' has no parameter of this name; it has 'PreserveOrder'")
		return nil
	}
	if a.has("PreserveOrder") {
		v := a.typed("PreserveOrder", types.Bool)
		if !a.bad && v.IsNull() {
			b.add("KS140", a.span("PreserveOrder"), "'PreserveOrder' of schema_merge takes true or false")
			return nil
		}
		preserve = v.Bool()
	}
	name := a.schemaColumn("ColumnName", types.String)
	place := a.schemaColumn("ColumnOrdinal", types.Long, types.Int)
	word := a.schemaColumn("ColumnType", types.String)
	if a.bad {
		return nil
	}
	node, args := b.computed(a.in, name, place, word)
	out := []rel.Col{
		b.newCol("ColumnName", types.String), b.newCol("ColumnOrdinal", types.Int),
		b.newCol("DataType", types.String), b.newCol("ColumnType", types.String),
	}
	merged := b.native(&exec.SchemaMerge{PreserveOrder: preserve, DataTypes: dotnet}, node, a.in.order, args, out)
	merged.explicit = true // a schema is its columns in their order
	return merged
}

// schemaColumn is a column that the input must have, as a value of the first of the types that it may have.
func (a *pluginArgs) schemaColumn(name string, want ...types.Type) rel.Expr {
	if a.bad {
		return rel.Bad{}
	}
	at := a.call.Name.Span()
	const hint = "getschema gives the rows that schema_merge takes"
	col, ok := a.in.col(name)
	if !ok && a.in.open {
		return a.b.convert(a.openColumn(name).Ref(), want[0]) // of a dynamic value
	}
	if !ok {
		a.b.addHint("KS249", at, fmt.Sprintf("the table lacks the column '%s'", name), hint)
		a.bad = true
		return rel.Bad{}
	}
	for _, t := range want {
		if col.Type == t {
			return a.b.convert(col.Ref(), want[0])
		}
	}
	a.b.addHint("KS249", at, fmt.Sprintf("the column '%s' must be of type %s, it is %s", name, want[0], col.Type), hint)
	a.bad = true
	return rel.Bad{}
}
