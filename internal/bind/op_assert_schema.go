package bind

import (
	"fmt"

	"github.com/vedette-siem/vedette/internal/syntax"
)

// assertSchema demands that the rows so far have exactly the given columns.
func (b *binder) assertSchema(in *table, o *syntax.AssertSchemaOp) *table {
	want, ok := b.rowSchema(o.Schema)
	if !ok {
		return nil
	}
	for i, c := range want {
		have, ok := in.col(c.Name)
		if !ok && !in.open {
			b.add("KS249", o.Schema.Columns[i].Span(), fmt.Sprintf("the table lacks the column '%s'", c.Name))
			return nil
		}
		if ok && have.Type != c.Type {
			b.errType(o.Schema.Columns[i].Span(), c.Type, have.Type)
			return nil
		}
	}
	if len(want) < len(in.cols) {
		for _, c := range in.cols {
			if colIndex(want, c.Name) < 0 {
				b.add("KS249", o.Schema.Span(), fmt.Sprintf("the table has a column '%s' that the schema does not name", c.Name))
				return nil
			}
		}
	}
	return in
}
