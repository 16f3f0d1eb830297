package ingest

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/vedette-siem/vedette/internal/types"
)

// Limits bound what one file or body can make LoadDir or a Decoder hold in memory or go through. A zero field takes
// its default.
type Limits struct {
	MaxRecord    int   // bytes of one record; default 16 MiB
	MaxExpansion int64 // how many times larger than its file the content of a .gz may be; default 300
	MaxFields    int   // fields of one record, columns of one CSV header; default 4096
	MaxValue     int   // bytes of one value of a record; default MaxRecord
	MaxDepth     int   // how deep the JSON of a record may nest; default and at most types.MaxJSONDepth
	MaxBody      int64 // bytes that a Decoder reads, after decompression; default 4 GiB

	size int // of the whole text where it is known and small: then no more is held
}

func (l Limits) withDefaults() Limits {
	if l.MaxRecord <= 0 {
		l.MaxRecord = 16 << 20
	}
	if l.MaxExpansion <= 0 {
		l.MaxExpansion = 300
	}
	if l.MaxFields <= 0 {
		l.MaxFields = 4096
	}
	if l.MaxValue <= 0 {
		l.MaxValue = l.MaxRecord
	}
	if l.MaxDepth <= 0 || l.MaxDepth > types.MaxJSONDepth {
		l.MaxDepth = types.MaxJSONDepth
	}
	if l.MaxBody <= 0 {
		l.MaxBody = 4 << 30
	}
	return l
}

// window is how many bytes of text a reader holds to begin with.
func (l Limits) window() int {
	n := min(1<<18, 2*l.MaxRecord)
	if l.size > 0 {
		n = min(n, l.size+1) // a byte more, to see the end
	}
	return n
}

// expansionAllowance is how much a compressed file may hold whatever its size: a small file of equal lines
// compresses far better than a large one.
const expansionAllowance = 64 << 20

// ErrExpansion ends a compressed file that grows beyond Limits.MaxExpansion.
var ErrExpansion = errors.New("compressed content is larger than the expansion limit allows")

// countingReader counts the bytes read through it.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// expansionReader stops a decompressor whose output outgrows its input.
type expansionReader struct {
	in    *countingReader
	r     io.Reader
	out   int64
	ratio int64
}

func (e *expansionReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.out += int64(n)
	if e.out > expansionAllowance && e.out/e.ratio > e.in.n {
		return n, fmt.Errorf("%w (%d bytes of %d, limit %d times)", ErrExpansion, e.out, e.in.n, e.ratio)
	}
	return n, err
}

const (
	gzipMagic    = "\x1f\x8b"
	parquetMagic = "PAR1"
)

// openText returns the text of a file: decompressed where it begins as gzip does, without a byte-order mark.
func openText(file *countingReader, l Limits) (*bufio.Reader, error) {
	size := 1 << 16
	if n, ok := file.r.(interface{ Len() int }); ok { // a body in memory
		size = max(16, min(size, n.Len()+1))
	}
	r := bufio.NewReaderSize(file, size)
	head, err := r.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(head) == gzipMagic {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("open gzip: %w", err)
		}
		r = bufio.NewReaderSize(&expansionReader{in: file, r: z, ratio: l.MaxExpansion}, 1<<16)
	}
	head, err = r.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case string(head) == "\xef\xbb\xbf":
		if _, err := r.Discard(3); err != nil {
			return nil, err
		}
	case len(head) >= 2 && (string(head[:2]) == "\xff\xfe" || string(head[:2]) == "\xfe\xff"):
		return nil, errors.New("UTF-16 text: expected UTF-8")
	}
	return r, nil
}

// tooLong is the fault of a record with a value that is longer than the limit, or nil.
func (l Limits) tooLong(rec *record) *Fault {
	if l.MaxValue >= l.MaxRecord {
		return nil
	}
	for _, fields := range [][]field{rec.fields, rec.sub} {
		for i := range fields {
			if f := &fields[i]; f.end-f.start > l.MaxValue || f.kind == kindValue && len(rec.values[f.value].Text()) > l.MaxValue {
				return &Fault{Line: rec.line, Reason: fmt.Sprintf("the value of %s is longer than the limit of %d bytes", quoteShort(rec.key(f)), l.MaxValue)}
			}
		}
		if !rec.expanded {
			break // sub is of an earlier record
		}
	}
	return nil
}
