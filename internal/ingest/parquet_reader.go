package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/vedette-siem/vedette/internal/types"
)

// parquetReader reads the rows of a Parquet file as records. Columns of scalars come as typed values, nested
// ones (lists, maps, groups) as dynamic.
type parquetReader struct {
	groups  []parquet.RowGroup
	rows    parquet.Rows
	columns []parquetColumn
	leaves  int
	keyText string
	keys    []field
	buf     []parquet.Row
	have    int
	at      int
	done    int64
	leafVal [][]parquet.Value
}

type parquetColumn struct {
	node  parquet.Node
	first int // first leaf
	last  int // behind the last leaf
}

func newParquetReader(r io.ReaderAt, size int64, l Limits) (p *parquetReader, err error) {
	defer catchParquet(&err)
	if err := checkFooter(r, size); err != nil {
		return nil, err
	}
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("open parquet: %w", err)
	}
	p = &parquetReader{groups: f.RowGroups(), buf: make([]parquet.Row, 64)}
	leaf := 0
	fields := f.Schema().Fields()
	if len(fields) > l.MaxFields {
		return nil, fmt.Errorf("file has %d columns, limit %d", len(fields), l.MaxFields)
	}
	var names strings.Builder
	for i, c := range fields {
		n := countLeaves(c)
		p.columns = append(p.columns, parquetColumn{c, leaf, leaf + n})
		leaf += n
		start := names.Len()
		names.WriteString(c.Name())
		p.keys = append(p.keys, field{keyStart: start, keyEnd: names.Len(), kind: kindValue, value: i})
	}
	p.leaves, p.keyText = leaf, names.String()
	p.leafVal = make([][]parquet.Value, leaf)
	return p, nil
}

// maxParquetFooter is far above what real files have: their footers grow with columns times row groups.
const maxParquetFooter = 256 << 20

// checkFooter looks at the length of the file's footer before the library allocates it.
func checkFooter(r io.ReaderAt, size int64) error {
	var tail [8]byte
	if size < 12 {
		return fmt.Errorf("open parquet: %d bytes are too few", size)
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return fmt.Errorf("open parquet: %w", err)
	}
	if string(tail[4:]) != parquetMagic {
		return errors.New("open parquet: the file does not end as Parquet files do")
	}
	if n := int64(binary.LittleEndian.Uint32(tail[:4])); n > min(size-12, maxParquetFooter) {
		return fmt.Errorf("open parquet: footer of %d bytes in a file of %d", n, size)
	}
	return nil
}

// catchParquet turns a panic of the Parquet library on a broken file into an error: the library checks much of
// a file, not all.
func catchParquet(err *error) {
	if x := recover(); x != nil {
		*err = fmt.Errorf("broken parquet file: %v", x)
	}
}

func countLeaves(n parquet.Node) int {
	if n.Leaf() {
		return 1
	}
	sum := 0
	for _, f := range n.Fields() {
		sum += countLeaves(f)
	}
	return sum
}

func (p *parquetReader) Close() error {
	if p.rows != nil {
		return p.rows.Close()
	}
	return nil
}

func (p *parquetReader) next(rec *record) (err error) {
	defer catchParquet(&err)
	for p.at == p.have {
		if p.rows == nil {
			if len(p.groups) == 0 {
				return io.EOF
			}
			p.rows = p.groups[0].Rows()
			p.groups = p.groups[1:]
		}
		n, err := p.rows.ReadRows(p.buf)
		p.have, p.at = n, 0
		if errors.Is(err, io.EOF) {
			if cerr := p.rows.Close(); cerr != nil {
				return cerr
			}
			p.rows = nil
		} else if err != nil {
			return fmt.Errorf("read parquet: %w", err)
		}
	}
	row := p.buf[p.at]
	p.at++
	p.done++
	for i := range p.leafVal {
		p.leafVal[i] = nil
	}
	row.Range(func(i int, vs []parquet.Value) bool {
		if i < len(p.leafVal) {
			p.leafVal[i] = vs
		}
		return true
	})
	rec.line, rec.text = p.done, p.keyText
	rec.fields = append(rec.fields[:0], p.keys...)
	rec.values = rec.values[:0]
	for i, c := range p.columns {
		v := p.value(c)
		if v.IsNull() {
			rec.fields[i].kind = kindNull
		}
		rec.values = append(rec.values, v)
	}
	return nil
}

func (p *parquetReader) value(c parquetColumn) types.Value {
	if c.node.Leaf() && !c.node.Repeated() {
		if vs := p.leafVal[c.first]; len(vs) > 0 {
			return leafValue(c.node, vs[0])
		}
		return types.Null(types.String).As(types.Dynamic)
	}
	return assemble(c.node, p.leafVal[c.first:c.last], 0, 0).Value()
}

// assemble rebuilds a nested value from the values of its leaves and their levels.
// https://parquet.apache.org/docs/file-format/nestedencoding/
func assemble(n parquet.Node, leaves [][]parquet.Value, rep, def int) types.JSON {
	switch {
	case n.Optional():
		if !present(leaves, def+1) {
			return types.JSON{}
		}
		return assembleRequired(n, leaves, rep, def+1)
	case n.Repeated():
		out := types.JSON{Kind: types.JSONArray}
		if !present(leaves, def+1) {
			return out
		}
		for _, item := range split(leaves, rep+1) {
			out.Items = append(out.Items, assembleRequired(n, item, rep+1, def+1))
		}
		return out
	}
	return assembleRequired(n, leaves, rep, def)
}

// present tells whether the value at a definition level is there: all its leaves agree on that.
func present(leaves [][]parquet.Value, def int) bool {
	return len(leaves) > 0 && len(leaves[0]) > 0 && leaves[0][0].DefinitionLevel() >= def
}

// split cuts each leaf's values where a new element of the list at repetition level rep begins.
func split(leaves [][]parquet.Value, rep int) [][][]parquet.Value {
	var out [][][]parquet.Value
	for l, vs := range leaves {
		item := -1
		start := 0
		for i := 0; i <= len(vs); i++ {
			if i < len(vs) && i > 0 && vs[i].RepetitionLevel() > rep {
				continue
			}
			if i > start {
				item++
				for len(out) <= item {
					out = append(out, make([][]parquet.Value, len(leaves)))
				}
				out[item][l] = vs[start:i]
			}
			start = i
		}
	}
	return out
}

func assembleRequired(n parquet.Node, leaves [][]parquet.Value, rep, def int) types.JSON {
	if n.Leaf() {
		if len(leaves) == 0 || len(leaves[0]) == 0 {
			return types.JSON{}
		}
		v := leafValue(n, leaves[0][0])
		return types.JSONOf(v)
	}
	fields := n.Fields()
	if lt := n.Type().LogicalType(); lt != nil && len(fields) == 1 && fields[0].Repeated() && !fields[0].Leaf() {
		inner := assemble(fields[0], leaves, rep, def)
		switch {
		case lt.List != nil && len(fields[0].Fields()) == 1: // list.element
			for i, e := range inner.Items {
				if len(e.Items) == 1 {
					inner.Items[i] = e.Items[0]
				}
			}
			return inner
		case lt.Map != nil && len(fields[0].Fields()) == 2: // key_value{key, value}
			out := types.JSON{Kind: types.JSONObject}
			for _, e := range inner.Items {
				if len(e.Items) == 2 {
					out.Set(keyText(e.Items[0]), e.Items[1])
				}
			}
			return out
		}
	}
	out := types.JSON{Kind: types.JSONObject}
	at := 0
	for _, f := range fields {
		k := countLeaves(f)
		out.Set(f.Name(), assemble(f, leaves[at:at+k], rep, def))
		at += k
	}
	return out
}

func keyText(n types.JSON) string {
	if n.Kind == types.JSONString {
		return n.Str
	}
	return n.String()
}

// leafValue returns a Parquet value as a KQL value, by the column's logical type.
func leafValue(n parquet.Node, v parquet.Value) types.Value {
	if v.IsNull() {
		return types.Null(types.Dynamic)
	}
	lt := n.Type().LogicalType()
	if lt == nil {
		lt = &format.LogicalType{}
	}
	switch v.Kind() {
	case parquet.Boolean:
		return types.BoolOf(v.Boolean())
	case parquet.Int32, parquet.Int64:
		return intValue(lt, v)
	case parquet.Int96:
		return int96Time(v.Int96())
	case parquet.Float:
		return types.RealOf(float64(v.Float()))
	case parquet.Double:
		return types.RealOf(v.Double())
	}
	b := v.ByteArray()
	switch {
	case lt.Decimal != nil:
		return decimalValue(new(big.Int).SetBytes(b), len(b), b, int(lt.Decimal.Scale))
	case lt.UUID != nil && len(b) == 16:
		if g, ok := types.ParseGuid(fmt.Sprintf("%x", b)); ok {
			return types.GuidOf(g)
		}
	case lt.Json != nil:
		if j, err := types.CanonicalJSON(string(b)); err == nil {
			return types.DynamicOf(j)
		}
	}
	return types.StringOf(strings.ToValidUTF8(string(b), "\ufffd"))
}

func intValue(lt *format.LogicalType, v parquet.Value) types.Value {
	n := int64(0)
	if v.Kind() == parquet.Int32 {
		n = int64(v.Int32())
	} else {
		n = v.Int64()
	}
	switch {
	case lt.Timestamp != nil:
		return unixTicks(n, lt.Timestamp.Unit)
	case lt.Date != nil:
		return types.DatetimeOf(types.UnixEpochTicks + n*types.TicksPerDay)
	case lt.Time != nil:
		t, ok := unitTicks(n, lt.Time.Unit)
		if !ok {
			return types.Null(types.Timespan)
		}
		return types.TimespanOf(t)
	case lt.Decimal != nil:
		return decimalOf(big.NewInt(n), int(lt.Decimal.Scale))
	case lt.Integer != nil && !lt.Integer.IsSigned && n < 0:
		if v.Kind() == parquet.Int32 {
			return types.LongOf(int64(uint32(n)))
		}
		return types.RealOf(float64(uint64(n))) // beyond long
	}
	return types.LongOf(n)
}

func unitTicks(n int64, u format.TimeUnit) (int64, bool) {
	switch {
	case u.Nanos != nil:
		return n / 100, true
	case u.Micros != nil && n <= math.MaxInt64/10 && n >= math.MinInt64/10:
		return n * types.TicksPerMicrosecond, true
	case u.Millis != nil && n <= math.MaxInt64/10000 && n >= math.MinInt64/10000:
		return n * types.TicksPerMillisecond, true
	}
	return 0, false
}

func unixTicks(n int64, u format.TimeUnit) types.Value {
	t, ok := unitTicks(n, u)
	if !ok || t > types.MaxDatetime-types.UnixEpochTicks {
		return types.Null(types.Datetime)
	}
	return types.DatetimeOf(types.UnixEpochTicks + t)
}

// int96Time reads the outdated timestamp form: nanoseconds of the day, and the Julian day.
func int96Time(i deprecated.Int96) types.Value {
	nanos := int64(i[1])<<32 | int64(i[0])
	days := int64(i[2]) - 2440588 // the Julian day of 1970-01-01
	t := time.Duration(nanos)
	return types.DatetimeOf(types.UnixEpochTicks + days*types.TicksPerDay + types.DurationTicks(t))
}

// decimalValue reads a two's complement number.
func decimalValue(n *big.Int, size int, b []byte, scale int) types.Value {
	if size > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	return decimalOf(n, scale)
}

func decimalOf(n *big.Int, scale int) types.Value {
	digits := new(big.Int).Abs(n).String()
	if scale > 0 {
		if len(digits) <= scale {
			digits = strings.Repeat("0", scale-len(digits)+1) + digits
		}
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if n.Sign() < 0 {
		digits = "-" + digits
	}
	if d, ok := types.ParseDecimal(digits); ok {
		return types.DecimalOf(d)
	}
	return types.Null(types.Decimal)
}
