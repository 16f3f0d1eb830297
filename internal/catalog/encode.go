package catalog

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/vedette-siem/vedette/internal/types"
)

// The form of schemas.bin. Numbers are varints, signed ones zigzag-coded.
//
//	magic
//	columns: count; then of each distinct (name, type), in byte order: bytes shared with the name before,
//	         bytes that follow, those bytes, type
//	tables:  count; then of each, in byte order of names: the name (shared, following, bytes), number of
//	         columns, bytes of the list, and the list: position of each column in columns, as a difference
//	         from the one before
//	extra:   the same as tables; columns that WithXDR adds
//
// Names share prefixes and tables share columns, so the list needs no further compression, and a table is
// decoded without touching the others.
const schemaMagic = "vedette-schemas-1\n"

// EncodeSchemas returns the embedded form of tables and of the columns that WithXDR adds to some of them.
// Only gen uses it.
func EncodeSchemas(tables, extra []Table) ([]byte, error) {
	var dict []types.Column
	for _, list := range [][]Table{tables, extra} {
		for _, t := range list {
			dict = append(dict, t.Columns...)
		}
	}
	slices.SortFunc(dict, func(a, b types.Column) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type))
	})
	dict = slices.Compact(dict)
	index := make(map[types.Column]int, len(dict))
	out := append([]byte(schemaMagic), binary.AppendUvarint(nil, uint64(len(dict)))...)
	prev := ""
	for i, c := range dict {
		if c.Type == types.Unknown || c.Name == "" {
			return nil, fmt.Errorf("column %q of type %s cannot be embedded", c.Name, c.Type)
		}
		index[c] = i
		out = appendShared(out, prev, c.Name)
		out = append(out, byte(c.Type))
		prev = c.Name
	}
	for _, list := range [][]Table{tables, extra} {
		list = slices.Clone(list)
		slices.SortFunc(list, func(a, b Table) int { return cmp.Compare(a.Name, b.Name) })
		out = binary.AppendUvarint(out, uint64(len(list)))
		prev = ""
		for _, t := range list {
			out = appendShared(out, prev, t.Name)
			prev = t.Name
			var cols []byte
			last := 0
			for _, c := range t.Columns {
				cols = binary.AppendVarint(cols, int64(index[c]-last))
				last = index[c]
			}
			out = binary.AppendUvarint(out, uint64(len(t.Columns)))
			out = binary.AppendUvarint(out, uint64(len(cols)))
			out = append(out, cols...)
		}
	}
	return out, nil
}

func appendShared(out []byte, prev, name string) []byte {
	n := 0
	for n < len(prev) && n < len(name) && prev[n] == name[n] {
		n++
	}
	out = binary.AppendUvarint(out, uint64(n))
	out = binary.AppendUvarint(out, uint64(len(name)-n))
	return append(out, name[n:]...)
}
