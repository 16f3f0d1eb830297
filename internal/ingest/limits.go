package ingest

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// Limits bound what one file can make LoadDir hold in memory or go through. A zero field takes its default.
type Limits struct {
	MaxRecord    int   // bytes of one record; default 16 MiB
	MaxExpansion int64 // how many times larger than its file the content of a .gz may be; default 300
	MaxFields    int   // fields of one record, columns of one CSV header; default 4096
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
	return l
}

// expansionAllowance is how much a compressed file may hold whatever its size: a small file of equal lines
// compresses far better than a large one.
const expansionAllowance = 64 << 20

// errExpansion ends a compressed file that grows beyond Limits.MaxExpansion.
var errExpansion = errors.New("compressed content is larger than the expansion limit allows")

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
		return n, fmt.Errorf("%w (%d bytes of %d, limit %d times)", errExpansion, e.out, e.in.n, e.ratio)
	}
	return n, err
}

const (
	gzipMagic    = "\x1f\x8b"
	parquetMagic = "PAR1"
)

// openText returns the text of a file: decompressed where it begins as gzip does, without a byte-order mark.
func openText(file *countingReader, l Limits) (io.Reader, error) {
	r := bufio.NewReaderSize(file, 1<<16)
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
