package ingest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/vedette-siem/vedette/internal/types"
)

// jsonReader reads the objects of a JSON file as records, whichever way they are put together: one a line,
// one after the other, an array, or an envelope object whose "records" or "value" is an array.
//
// The text goes through a window that holds one record at least. A record is scanned and checked in the
// window in one pass; one that the window cuts is scanned again with more text.
type jsonReader struct {
	r      io.Reader
	limits Limits
	expand string // the key whose object's members become record.sub

	buf    []byte
	at     int // next byte of the window
	end    int // bytes in the window
	eof    bool
	line   int64 // of buf[at], from 1
	column int   // bytes between the line's start and buf[at]
	state  jsonState
	tail   []string // keys of an envelope that are no part of the usual ones
}

type jsonState uint8

const (
	jsonTop      jsonState = iota // between top-level values
	jsonArray                     // in a top-level array
	jsonEnvelope                  // in the array of an envelope
	jsonTail                      // behind the array of an envelope
)

func newJSONReader(r io.Reader, l Limits) *jsonReader {
	return &jsonReader{r: r, limits: l, buf: make([]byte, l.window()), line: 1}
}

// fill reads more text into the window; false means that there is no more, or no room.
func (j *jsonReader) fill() (bool, error) {
	if j.eof {
		return false, nil
	}
	if j.at > 0 {
		copy(j.buf, j.buf[j.at:j.end])
		j.end -= j.at
		j.at = 0
	}
	if j.end == len(j.buf) {
		if j.end >= 2*j.limits.MaxRecord {
			return false, nil
		}
		grown := make([]byte, min(2*len(j.buf), 2*j.limits.MaxRecord))
		copy(grown, j.buf[:j.end])
		j.buf = grown
	}
	n, err := io.ReadFull(j.r, j.buf[j.end:])
	j.end += n
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		j.eof = true
	case err != nil:
		return false, err
	}
	return n > 0, nil
}

// advance moves n bytes on, counting lines.
func (j *jsonReader) advance(n int) {
	passed := j.buf[j.at : j.at+n]
	if lines := bytes.Count(passed, []byte{'\n'}); lines > 0 {
		j.line += int64(lines)
		j.column = n - bytes.LastIndexByte(passed, '\n') - 1
	} else {
		j.column += n
	}
	j.at += n
}

// window is the text ahead, valid until the next fill. At the end of the file a line end closes it, so that
// a last number is complete.
func (j *jsonReader) window() string {
	return unsafe.String(unsafe.SliceData(j.buf[j.at:]), j.end-j.at)
}

// peek skips blanks (and the bytes of also) and returns the next byte; ok is false at the end.
func (j *jsonReader) peek(also string) (c byte, ok bool, err error) {
	for {
		w := j.window()
		n := 0
		for n < len(w) && (w[n] == ' ' || w[n] == '\n' || w[n] == '\t' || w[n] == '\r' || strings.IndexByte(also, w[n]) >= 0) {
			n++
		}
		j.advance(n)
		if n < len(w) {
			return w[n], true, nil
		}
		if more, err := j.fill(); err != nil || !more {
			return 0, false, err
		}
	}
}

func (j *jsonReader) next(rec *record) error {
	for {
		also := ","
		if j.state == jsonTail {
			also = ""
		}
		c, ok, err := j.peek(also)
		if err != nil {
			return err
		}
		if !ok {
			if j.state != jsonTop {
				j.state = jsonTop
				return &Fault{Line: j.line, Reason: "the text ends inside an array", noRecord: true}
			}
			return io.EOF
		}
		switch {
		case j.state == jsonTail:
			if err := j.skipTail(); err != nil {
				return err
			}
		case c == '{' && j.state == jsonTop:
			in, err := j.enterEnvelope()
			if err != nil {
				return err
			}
			if in {
				continue
			}
			return j.object(rec)
		case c == '{':
			return j.object(rec)
		case c == '[' && j.state == jsonTop:
			j.advance(1)
			j.state = jsonArray
		case c == ']' && j.state == jsonArray:
			j.advance(1)
			j.state = jsonTop
		case c == ']' && j.state == jsonEnvelope:
			j.advance(1)
			j.state = jsonTail
		default:
			return j.skipOther()
		}
	}
}

// envelopeKeys are the keys whose array holds the records of a file: Event Hubs and CloudTrail, and Microsoft
// Graph and the Azure REST APIs.
func isEnvelopeKey(key string) bool {
	return strings.EqualFold(key, "records") || key == "value"
}

// isEnvelopeExtra tells whether a key stands beside an envelope's array as a matter of course.
func isEnvelopeExtra(key string) bool {
	return strings.HasPrefix(key, "@") || strings.EqualFold(key, "nextLink") || strings.EqualFold(key, "count")
}

// enterEnvelope looks whether the object ahead is an envelope, and if so goes into its array.
func (j *jsonReader) enterEnvelope() (bool, error) {
	for {
		n, err := envelopeStart(j.window())
		switch {
		case err == nil && n > 0:
			j.advance(n)
			j.state = jsonEnvelope
			return true, nil
		case !errors.Is(err, errMore) || j.end-j.at > 1<<16: // an envelope's array comes early
			return false, nil
		}
		if more, err := j.fill(); err != nil || !more {
			return false, err
		}
	}
}

// envelopeStart returns how far the opening of an envelope goes in s, behind the bracket of its array, or 0.
func envelopeStart(s string) (int, error) {
	i := skipBlanks(s, 1)
	for {
		if i >= len(s) {
			return 0, errMore
		}
		if s[i] != '"' {
			return 0, nil
		}
		k, _, _, err := scanString(s, i)
		if err != nil {
			return 0, err
		}
		key := s[i+1 : k-1]
		if !isEnvelopeKey(key) && !isEnvelopeExtra(key) {
			return 0, nil
		}
		i = skipBlanks(s, k)
		if i >= len(s) {
			return 0, errMore
		}
		if s[i] != ':' {
			return 0, nil
		}
		i = skipBlanks(s, i+1)
		if isEnvelopeKey(key) {
			if i >= len(s) {
				return 0, errMore
			}
			if s[i] != '[' {
				return 0, nil
			}
			e := skipBlanks(s, i+1)
			if e >= len(s) {
				return 0, errMore
			}
			if s[e] != '{' && s[e] != ']' {
				return 0, nil
			}
			return i + 1, nil
		}
		if i, _, err = scanValue(s, i, 1); err != nil {
			return 0, err
		}
		i = skipBlanks(s, i)
		if i >= len(s) {
			return 0, errMore
		}
		if s[i] != ',' {
			return 0, nil
		}
		i = skipBlanks(s, i+1)
	}
}

// skipTail passes what follows the array of an envelope.
func (j *jsonReader) skipTail() error {
	for {
		s := j.window()
		n, key, err := scanTailMember(s)
		switch {
		case err == nil:
			j.advance(n)
			if key == "" {
				j.state = jsonTop
				return nil
			}
			if !isEnvelopeExtra(key) && len(j.tail) < 10 {
				j.tail = append(j.tail, strings.Clone(key))
			}
			return nil
		case errors.Is(err, errMore):
			more, ferr := j.fill()
			if ferr != nil {
				return ferr
			}
			if more {
				continue
			}
		}
		j.state = jsonTop
		f := &Fault{Line: j.line, Reason: "the envelope is not closed as JSON is", noRecord: true}
		if err := j.resync(0); err != nil {
			return err
		}
		return f
	}
}

// scanTailMember reads `, "key": value` or the closing brace (then key is empty).
func scanTailMember(s string) (n int, key string, err error) {
	if s[0] == '}' {
		return 1, "", nil
	}
	if s[0] != ',' {
		return 0, "", &scanFault{0, "expected ,"}
	}
	i := skipBlanks(s, 1)
	if i >= len(s) {
		return 0, "", errMore
	}
	if s[i] != '"' {
		return 0, "", &scanFault{i, "expected a key"}
	}
	k, _, _, err := scanString(s, i)
	if err != nil {
		return 0, "", err
	}
	key = s[i+1 : k-1]
	i = skipBlanks(s, k)
	if i >= len(s) {
		return 0, "", errMore
	}
	if s[i] != ':' {
		return 0, "", &scanFault{i, "expected :"}
	}
	i, _, err = scanValue(s, skipBlanks(s, i+1), 1)
	return i, key, err
}

// object reads the object ahead.
func (j *jsonReader) object(rec *record) error {
	for {
		s := j.window()
		rec.expanded = false
		end, fields, err := scanMembers(s, 0, types.MaxJSONDepth-j.limits.MaxDepth, rec.fields[:0], j.expand, &rec.sub, &rec.expanded)
		rec.fields = fields
		var fault *scanFault
		switch {
		case err == nil && end > j.limits.MaxRecord:
			f := &Fault{Line: j.line, Reason: "record is larger than the limit"}
			j.advance(end)
			return f
		case err == nil && len(rec.fields)+len(rec.sub) > j.limits.MaxFields:
			f := &Fault{Line: j.line, Reason: "record has more fields than the limit"}
			j.advance(end)
			return f
		case err == nil:
			rec.line = j.line
			if !utf8.ValidString(s[:end]) {
				return j.repaired(rec, end)
			}
			rec.text = strings.Clone(s[:end])
			j.advance(end)
			return nil
		case errors.Is(err, errMore):
			more, ferr := j.fill()
			if ferr != nil {
				return ferr
			}
			if more {
				continue
			}
			if j.eof {
				fault = &scanFault{j.end - j.at, "the text ends inside a record"}
			} else {
				fault = &scanFault{j.end - j.at, "record is larger than the limit"}
			}
		case !errors.As(err, &fault):
			return err
		}
		s = j.window()
		out := &Fault{Line: j.line + int64(strings.Count(s[:min(fault.at, len(s))], "\n")), Reason: fault.msg}
		if err := j.resync(fault.at); err != nil {
			return err
		}
		return out
	}
}

// repaired reads a record whose text is not UTF-8: the bytes that are none become U+FFFD.
func (j *jsonReader) repaired(rec *record, end int) error {
	text := strings.ToValidUTF8(j.window()[:end], "\ufffd")
	j.advance(end)
	var err error
	rec.text = text
	_, rec.fields, err = scanMembers(text, 0, 0, rec.fields[:0], j.expand, &rec.sub, &rec.expanded)
	return err
}

// skipOther passes a value that is no object.
func (j *jsonReader) skipOther() error {
	for {
		s := j.window()
		end, _, err := scanValue(s, 0, 0)
		if errors.Is(err, errMore) {
			more, ferr := j.fill()
			if ferr != nil {
				return ferr
			}
			if more {
				continue
			}
			if j.eof {
				end, err = len(s), nil
			}
		}
		f := &Fault{Line: j.line, Reason: "expected an object, found " + quoteByte(s[0])}
		if err != nil {
			if rerr := j.resync(0); rerr != nil {
				return rerr
			}
			return f
		}
		j.advance(end)
		return f
	}
}

// resync goes on behind a broken record that begins at the start of the window and whose fault is at byte
// fault of it: behind its closing brace where that stands on the same line; else at the next line that begins
// with a brace (or closes the array) and is indented no deeper than the record was.
func (j *jsonReader) resync(fault int) error {
	s := j.window()
	if len(s) == 0 {
		return nil
	}
	fault = min(fault, len(s))
	lineStart := strings.LastIndexByte(s[:fault], '\n') + 1
	if fault > 0 && fault < len(s) && s[fault] == '{' && lineStart > 0 && strings.TrimSpace(s[lineStart:fault]) == "" {
		j.advance(fault)
		return nil
	}
	lineEnd := len(s)
	if n := strings.IndexByte(s[fault:], '\n'); n >= 0 {
		lineEnd = fault + n
	}
	if n := closingBrace(s[:lineEnd], fault); n > 0 {
		j.advance(n)
		return nil
	}
	indent := j.column
	j.advance(max(1, min(fault, len(s))))
	for {
		// to the end of the line
		w := j.window()
		n := strings.IndexByte(w, '\n')
		if n < 0 {
			j.advance(len(w))
			if more, err := j.fill(); err != nil || !more {
				return err
			}
			continue
		}
		j.advance(n + 1)
		c, ok, err := j.peek("")
		if err != nil || !ok {
			return err
		}
		if j.column <= indent && (c == '{' || c == ']' && j.state != jsonTop) {
			return nil
		}
	}
}

// closingBrace returns the place behind the brace that closes the object at the start of s, if it stands
// behind the byte from: braces are counted, whatever else is wrong.
func closingBrace(s string, from int) int {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == '\n':
			quoted = false
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				if i >= from {
					return i + 1
				}
				return 0
			}
		}
	}
	return 0
}
