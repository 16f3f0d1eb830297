package exec

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// SchemaMerge is schema_merge: of rows [column, ordinal, type], which are the columns of several tables, it makes rows
// [column, ordinal, data type, type], the columns of one table that has them all.
//
// A column stands as far behind as in any of the tables, and in the order of the names where that leaves it open: a
// union tells neither which rows are of one table nor which table is the first, so the order of the rows has no say.
// https://learn.microsoft.com/kusto/query/schema-merge-plugin
type SchemaMerge struct {
	// PreserveOrder makes it an error that a column has several ordinals.
	PreserveOrder bool
	// DataTypes are the names of the types that the result shows in the data type.
	DataTypes map[types.Type]string
}

// Name implements rel.NativeOp.
func (*SchemaMerge) Name() string { return "schema_merge" }

// noPlace is the ordinal of a column with an error, and of one that has none.
const noPlace = -1

// outOfOrder is the type of a column that has several ordinals, as the documentation's example shows it.
const outOfOrder = "ERROR(columns are out of order)"

// mergedColumn is what the tables tell of a column.
type mergedColumn struct {
	name  string
	place int64 // the largest ordinal
	moved bool  // there are several ordinals
	words map[string]bool
}

// Run implements rel.NativeOp.
func (m *SchemaMerge) Run(ctx context.Context, rows [][]types.Value) ([][]types.Value, error) {
	p := &pulse{ctx: ctx}
	byName := map[string]*mergedColumn{}
	var list []*mergedColumn
	for _, r := range rows {
		if err := p.beat(); err != nil {
			return nil, err
		}
		name, place, word := r[0].Text(), int64(noPlace), r[2].Text()
		if name == "" {
			return nil, errors.New("a row of the schemas has an empty ColumnName")
		}
		if !r[1].IsNull() {
			place = max(r[1].Int64(), noPlace)
		}
		if t, ok := types.Parse(word); ok {
			word = t.String() // for aliases
		}
		c, ok := byName[name]
		if !ok {
			c = &mergedColumn{name: name, place: place, words: map[string]bool{}}
			byName[name] = c
			list = append(list, c)
		}
		c.moved = c.moved || place != c.place
		c.place = max(c.place, place)
		c.words[word] = true
	}
	err := sortStable(p, list, func(a, b *mergedColumn) int {
		if (a.place == noPlace) != (b.place == noPlace) {
			return cmp.Compare(b.place, a.place) // columns without a place come last
		}
		return cmp.Or(cmp.Compare(a.place, b.place), strings.Compare(a.name, b.name))
	})
	if err != nil {
		return nil, err
	}
	out := make([][]types.Value, len(list))
	for i, c := range list {
		if err := p.beat(); err != nil {
			return nil, err
		}
		word := commonType(c.words)
		if m.PreserveOrder && c.moved {
			word = outOfOrder
		}
		place, data := int32(i), ""
		if t, ok := types.Parse(word); ok {
			data = m.DataTypes[t]
		} else {
			place, data = noPlace, "ERROR(unknown CSL type:"+word+")"
		}
		out[i] = []types.Value{types.StringOf(c.name), types.IntOf(place), types.StringOf(data), types.StringOf(word)}
	}
	return out, nil
}

// commonType gives the type that stands for all of some: the only one, or the one of several numeric types to which
// arithmetic would convert the others.
func commonType(words map[string]bool) string {
	wide, left := "", len(words)
	for _, t := range []types.Type{types.Int, types.Long, types.Real, types.Decimal} {
		if words[t.String()] {
			wide = t.String()
			left--
		}
	}
	if left == 0 {
		return wide
	}
	var all []string
	for w := range words {
		all = append(all, w)
	}
	if len(all) == 1 {
		return all[0]
	}
	slices.Sort(all)
	return "ERROR(data types can't be reduced: " + strings.Join(all, ", ") + ")"
}
