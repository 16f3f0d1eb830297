package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// csvReader reads the lines of a CSV file with a header as records. Cells may be quoted and hold line ends;
// a quote inside an unquoted cell, or text behind a closing quote, is taken as it stands, as spreadsheets do.
type csvReader struct {
	r      io.Reader
	limits Limits
	comma  byte

	buf  []byte
	at   int
	end  int
	eof  bool
	line int64

	header  []string
	keyText string // all keys in one string; each record's text begins with it
	keys    []field
	cells   []cell
	text    []byte
}

type cell struct{ start, end int } // in csvReader.text

// newCSVReader reads the header.
func newCSVReader(r io.Reader, l Limits) (*csvReader, error) {
	c := &csvReader{r: r, limits: l, comma: ',', buf: make([]byte, l.window()), line: 1}
	if _, err := c.fill(); err != nil {
		return nil, err
	}
	first := c.buf[:c.end]
	if n := bytes.IndexByte(first, '\n'); n >= 0 {
		first = first[:n]
	}
	if !bytes.ContainsRune(first, ',') {
		switch {
		case bytes.ContainsRune(first, ';'):
			c.comma = ';'
		case bytes.ContainsRune(first, '\t'):
			c.comma = '\t'
		}
	}
	if _, err := c.row(); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("no header line")
		}
		return nil, fmt.Errorf("header: %w", err)
	}
	if len(c.cells) > c.limits.MaxFields {
		return nil, fmt.Errorf("header has %d columns, limit %d", len(c.cells), c.limits.MaxFields)
	}
	text := strings.ToValidUTF8(string(c.text), "?")
	if len(text) != len(c.text) {
		return nil, errors.New("header is not UTF-8")
	}
	for _, h := range c.cells {
		c.header = append(c.header, text[h.start:h.end])
		c.keys = append(c.keys, field{keyStart: h.start, keyEnd: h.end, kind: kindText})
	}
	c.keyText = text
	return c, nil
}

// fill reads more text into the window; false means that there is no more, or no room.
func (c *csvReader) fill() (bool, error) {
	if c.eof {
		return false, nil
	}
	if c.at > 0 {
		copy(c.buf, c.buf[c.at:c.end])
		c.end -= c.at
		c.at = 0
	}
	if c.end == len(c.buf) {
		if c.end >= 2*c.limits.MaxRecord {
			return false, nil
		}
		grown := make([]byte, min(2*len(c.buf), 2*c.limits.MaxRecord))
		copy(grown, c.buf[:c.end])
		c.buf = grown
	}
	n, err := io.ReadFull(c.r, c.buf[c.end:])
	c.end += n
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		c.eof = true
	case err != nil:
		return false, err
	}
	return n > 0, nil
}

// row reads one line into cells and text and returns the line number it began on; blank lines are passed.
func (c *csvReader) row() (int64, error) {
	for {
		w := c.buf[c.at:c.end]
		n, err := c.split(w, c.eof)
		if errors.Is(err, errMore) {
			more, ferr := c.fill()
			switch {
			case ferr != nil:
				return c.line, ferr
			case more || c.eof:
				continue
			}
			return c.line, c.passLine("record is larger than the limit")
		}
		if err != nil {
			return c.line, c.passLine(err.Error())
		}
		if n == 0 {
			return c.line, io.EOF
		}
		line := c.line
		c.line += int64(bytes.Count(w[:n], []byte{'\n'}))
		c.at += n
		if len(bytes.TrimSpace(w[:n])) == 0 {
			continue
		}
		if n > c.limits.MaxRecord {
			return line, &Fault{Line: line, Reason: "record is larger than the limit"}
		}
		return line, nil
	}
}

// passLine goes on behind the line that begins the window: an open quote takes only its own line along.
func (c *csvReader) passLine(reason string) error {
	f := &Fault{Line: c.line, Reason: reason}
	for {
		w := c.buf[c.at:c.end]
		if n := bytes.IndexByte(w, '\n'); n >= 0 {
			c.at += n + 1
			c.line++
			return f
		}
		c.at = c.end
		if more, err := c.fill(); err != nil {
			return err
		} else if !more {
			return f
		}
	}
}

var errOpenQuote = errors.New("a quote is not closed")

// split cuts the line at the start of w into cells and returns its length, line end included; 0 at the end.
func (c *csvReader) split(w []byte, last bool) (int, error) {
	c.cells, c.text = c.cells[:0], c.text[:0]
	i := 0
	if len(w) == 0 {
		if last {
			return 0, nil
		}
		return 0, errMore
	}
	for {
		start := len(c.text)
		if i < len(w) && w[i] == '"' {
			i++
			for {
				n := bytes.IndexByte(w[i:], '"')
				if n < 0 {
					if last {
						return 0, errOpenQuote
					}
					return 0, errMore
				}
				c.text = append(c.text, w[i:i+n]...)
				i += n + 1
				if i >= len(w) && !last {
					return 0, errMore
				}
				if i < len(w) && w[i] == '"' {
					c.text = append(c.text, '"')
					i++
					continue
				}
				break
			}
		}
		plain := i
		for i < len(w) && w[i] != c.comma && w[i] != '\n' {
			i++
		}
		if i >= len(w) && !last {
			return 0, errMore
		}
		more := w[plain:i]
		if i >= len(w) || w[i] == '\n' {
			more = bytes.TrimSuffix(more, []byte{'\r'})
		}
		c.text = append(c.text, more...)
		c.cells = append(c.cells, cell{start, len(c.text)})
		if i >= len(w) {
			return i, nil
		}
		i++
		if w[i-1] == '\n' {
			return i, nil
		}
	}
}

func (c *csvReader) next(rec *record) error {
	line, err := c.row()
	if err != nil {
		return err
	}
	if len(c.cells) > len(c.header) {
		// empty cells at the end say nothing
		n := len(c.cells)
		for n > len(c.header) && c.cells[n-1].start == c.cells[n-1].end {
			n--
		}
		c.cells = c.cells[:n]
	}
	if len(c.cells) != len(c.header) {
		return &Fault{Line: line, Reason: fmt.Sprintf("expected %d cells, found %d", len(c.header), len(c.cells))}
	}
	rec.line = line
	text := c.keyText + string(c.text)
	if !utf8.Valid(c.text) {
		// replacing bytes moves the cells
		var b strings.Builder
		b.WriteString(c.keyText)
		for i, p := range c.cells {
			from := b.Len() - len(c.keyText)
			b.WriteString(strings.ToValidUTF8(string(c.text[p.start:p.end]), "\ufffd"))
			c.cells[i] = cell{from, b.Len() - len(c.keyText)}
		}
		text = b.String()
	}
	rec.text = text
	rec.fields = append(rec.fields[:0], c.keys...)
	base := len(c.keyText)
	for i, p := range c.cells {
		rec.fields[i].start, rec.fields[i].end = base+p.start, base+p.end
	}
	return nil
}
