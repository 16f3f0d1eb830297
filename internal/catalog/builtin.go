package catalog

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/vedette-siem/vedette/internal/types"
)

//go:generate go run ./gen -tables ../../../shared/corpus/schemas/tables.json -xdr ../../../shared/corpus/schemas/xdr-columns.json -out schemas.bin

//go:embed schemas.bin
var schemasBin []byte

var builtin = &builtinTables{open: sync.OnceValue(func() *schemaIndex {
	idx, err := decodeSchemas(schemasBin)
	if err != nil {
		panic("catalog: embedded schemas.bin: " + err.Error()) // the binary itself is broken
	}
	return idx
})}

// builtinTables hands out the embedded tables, each decoded once.
type builtinTables struct {
	open func() *schemaIndex
	done [2]sync.Map // name → *Table; without and with the columns of XDR
}

func (b *builtinTables) has(name string) bool {
	_, ok := b.open().tables[name]
	return ok
}

func (b *builtinTables) names() []string { return b.open().order }

func (b *builtinTables) table(name string, xdr bool) (*Table, bool) {
	done := &b.done[0]
	if xdr {
		done = &b.done[1]
	}
	if t, ok := done.Load(name); ok {
		return t.(*Table), true
	}
	idx := b.open()
	cols, ok := idx.tables[name]
	if !ok {
		return nil, false
	}
	t := &Table{Name: name, Columns: idx.schema(cols, nil)}
	if extra, ok := idx.extra[name]; ok && xdr {
		t.Columns = idx.schema(extra, t.Columns)
	}
	t.stored = t.StoredNames()
	kept, _ := done.LoadOrStore(name, t)
	return kept.(*Table), true
}

// schemaIndex is schemas.bin opened: the column dictionary decoded, the tables' lists still packed.
type schemaIndex struct {
	dict   []types.Column
	order  []string
	tables map[string]packedColumns
	extra  map[string]packedColumns
}

type packedColumns struct {
	n    int
	list []byte
}

// schema appends the columns of p to s.
func (x *schemaIndex) schema(p packedColumns, s types.Schema) types.Schema {
	out := make(types.Schema, len(s), len(s)+p.n)
	copy(out, s)
	at := int64(0)
	for list := p.list; len(list) > 0; {
		d, n := binary.Varint(list)
		list = list[n:]
		at += d
		out = append(out, x.dict[at])
	}
	return out
}

var errShortSchemas = errors.New("ends too early")

func decodeSchemas(b []byte) (*schemaIndex, error) {
	if len(b) < len(schemaMagic) || string(b[:len(schemaMagic)]) != schemaMagic {
		return nil, errors.New("not a schema list")
	}
	r := schemaReader{b: b[len(schemaMagic):]}
	x := &schemaIndex{}
	n := r.count()
	x.dict = make([]types.Column, 0, n)
	var name []byte
	for range n {
		name = r.shared(name)
		if r.err != nil || len(r.b) == 0 {
			return nil, errShortSchemas
		}
		x.dict = append(x.dict, types.Column{Name: string(name), Type: types.Type(r.b[0])})
		r.b = r.b[1:]
	}
	x.tables, x.order = r.tables(len(x.dict))
	x.extra, _ = r.tables(len(x.dict))
	if r.err == nil && len(r.b) != 0 {
		r.err = fmt.Errorf("%d bytes too many", len(r.b))
	}
	return x, r.err
}

// schemaReader reads schemas.bin; its first fault sticks.
type schemaReader struct {
	b   []byte
	err error
}

// count reads a number of things that take a byte each at least.
func (r *schemaReader) count() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > uint64(len(r.b)-n) {
		if r.err == nil {
			r.err = errShortSchemas
		}
		r.b = nil
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

// shared reads a name that begins as prev does, into prev's memory.
func (r *schemaReader) shared(prev []byte) []byte {
	keep := r.count()
	more := r.count()
	if keep > len(prev) || more > len(r.b) {
		r.err, r.b = errShortSchemas, nil
		return nil
	}
	prev = append(prev[:keep], r.b[:more]...)
	r.b = r.b[more:]
	return prev
}

func (r *schemaReader) tables(dict int) (map[string]packedColumns, []string) {
	n := r.count()
	out := make(map[string]packedColumns, n)
	order := make([]string, 0, n)
	var name []byte
	for range n {
		name = r.shared(name)
		p := packedColumns{n: r.count()}
		size := r.count()
		if r.err != nil || size > len(r.b) {
			r.err = errShortSchemas
			return out, order
		}
		p.list, r.b = r.b[:size:size], r.b[size:]
		if err := p.check(dict); err != nil {
			r.err = fmt.Errorf("table %s: %w", name, err)
			return out, order
		}
		out[string(name)] = p
		order = append(order, string(name))
	}
	return out, order
}

// check makes sure that schema can decode p without a look at bounds.
func (p packedColumns) check(dict int) error {
	at, got := int64(0), 0
	for list := p.list; len(list) > 0; got++ {
		d, n := binary.Varint(list)
		if n <= 0 {
			return errShortSchemas
		}
		list = list[n:]
		at += d
		if at < 0 || at >= int64(dict) {
			return fmt.Errorf("column %d is not in the dictionary", at)
		}
	}
	if got != p.n {
		return fmt.Errorf("%d columns, expected %d", got, p.n)
	}
	return nil
}
