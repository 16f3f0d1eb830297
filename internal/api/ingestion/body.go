package ingestion

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// stepBytes is how much of a body must come in each Options.ReadTimeout.
const stepBytes = 256 << 10

// wire reads a body as it comes: it counts, ends what is longer than its limit, and cuts off who is too slow.
type wire struct {
	h     *Handler
	body  io.Reader
	ctl   *http.ResponseController
	limit int64
	n     int64
	next  int64 // bytes at which the deadline moves on
}

func (h *Handler) wire(w http.ResponseWriter, r *http.Request, limit int64) (*wire, error) {
	if r.ContentLength > limit {
		return nil, tooLarge(limit, r.ContentLength)
	}
	b := &wire{h: h, body: r.Body, ctl: http.NewResponseController(w), limit: limit}
	return b, b.deadline()
}

func tooLarge(limit, have int64) error {
	msg := fmt.Sprintf("Maximum allowed content length: %d bytes, before and after decompression.", limit)
	if have > 0 {
		msg += fmt.Sprintf(" Provided content length: %d bytes.", have)
	}
	return &refusal{http.StatusRequestEntityTooLarge, "ContentLengthLimitExceeded", msg}
}

// deadline moves the deadline on. A writer that has none (of a test) is served without.
func (b *wire) deadline() error {
	b.next += stepBytes
	err := b.ctl.SetReadDeadline(b.h.opts.Now().Add(b.h.opts.ReadTimeout))
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// done lifts the deadline, for the next request on the connection.
func (b *wire) done() {
	if err := b.ctl.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return // the connection is gone
	}
}

func (b *wire) Read(p []byte) (int, error) {
	if int64(len(p)) > b.limit-b.n+1 {
		p = p[:b.limit-b.n+1]
	}
	n, err := b.body.Read(p)
	if b.n += int64(n); b.n > b.limit {
		return 0, tooLarge(b.limit, 0)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return n, &refusal{http.StatusRequestTimeout, "RequestTimeout", fmt.Sprintf("the body comes too slowly: %d bytes so far", b.n)}
	}
	if err == nil && b.n >= b.next {
		err = b.deadline()
	}
	return n, err
}

// room is memory that a body has been given.
type room struct {
	h *Handler
	n int64
}

// take waits for n bytes more.
func (m *room) take(ctx context.Context, n int64) error {
	if !m.h.memory.TryAcquire(n) {
		waiting, cancel := context.WithTimeout(ctx, m.h.opts.Wait)
		defer cancel()
		if err := m.h.memory.Acquire(waiting, n); err != nil {
			return &refusal{http.StatusTooManyRequests, "TooManyRequests", "too many bodies are being read; try again"}
		}
	}
	m.n += n
	return nil
}

func (m *room) release() {
	m.h.memory.Release(m.n)
	m.n = 0
}

// plain reads a whole body, decompressed, into memory. The room it takes grows with what has come, so that a sender
// holds no more than he has sent.
func (h *Handler) plain(ctx context.Context, b *wire, compressed bool, m *room) ([]byte, error) {
	var buf []byte
	var r io.Reader = b
	for {
		if len(buf) == cap(buf) {
			size := min(max(8<<10, 2*int64(cap(buf))), b.limit+1)
			if err := m.take(ctx, size-int64(cap(buf))); err != nil {
				return nil, err
			}
			grown := make([]byte, len(buf), size)
			copy(grown, buf)
			buf = grown
		}
		if compressed && r == io.Reader(b) {
			z, err := gzip.NewReader(b)
			if err != nil {
				return nil, gzipFault(err)
			}
			r = z
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > b.limit:
			return nil, tooLarge(b.limit, 0)
		case errors.Is(err, io.EOF):
			return buf, nil
		case err != nil && compressed:
			return nil, gzipFault(err)
		case err != nil:
			return nil, bodyFault(err)
		}
	}
}

// bodyFault is the answer to a body that breaks off.
func bodyFault(err error) error {
	var known *refusal
	if errors.As(err, &known) {
		return known
	}
	return &refusal{http.StatusBadRequest, "InvalidPayload", "the body breaks off: " + err.Error()}
}

func gzipFault(err error) error {
	var known *refusal
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &refusal{http.StatusBadRequest, "InvalidPayload", "the compressed body breaks off"}
	}
	return &refusal{http.StatusBadRequest, "InvalidPayload", "the body is not what Content-Encoding: gzip says: " + err.Error()}
}

// compressed tells whether a body is compressed with gzip, the only way there is.
func compressed(r *http.Request) (bool, error) {
	switch e := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ","))); e {
	case "", "identity":
		return false, nil
	case "gzip", "x-gzip":
		return true, nil
	default:
		return false, &refusal{http.StatusUnsupportedMediaType, "UnsupportedMediaType", fmt.Sprintf("Content-Encoding %q: expected gzip or none", e)}
	}
}

// mediaType returns the type of a body without its parameters, and checks that text is UTF-8.
func mediaType(r *http.Request) (string, error) {
	text := r.Header.Get("Content-Type")
	if text == "" {
		return "", nil
	}
	t, params, err := mime.ParseMediaType(text)
	if err != nil {
		return "", &refusal{http.StatusUnsupportedMediaType, "UnsupportedMediaType", fmt.Sprintf("Content-Type %q: %v", text, err)}
	}
	if c := strings.ToLower(params["charset"]); c != "" && c != "utf-8" && c != "utf8" && c != "us-ascii" {
		return "", &refusal{http.StatusUnsupportedMediaType, "UnsupportedMediaType", fmt.Sprintf("charset %q: expected utf-8", c)}
	}
	return t, nil
}

const gzipMagic = "\x1f\x8b"

// beginsAsGzip looks at the first bytes of a body, and gives them back.
func beginsAsGzip(r io.Reader) (io.Reader, error) {
	head := make([]byte, len(gzipMagic))
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, bodyFault(err)
	}
	if string(head[:n]) != gzipMagic {
		return nil, gzipFault(errors.New("it does not begin as gzip does"))
	}
	return io.MultiReader(bytes.NewReader(head), r), nil
}
