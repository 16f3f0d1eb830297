package ingestion

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/ingest"
)

// batchHeader names an upload, so that its batches are recognised when it is repeated.
const batchHeader = "X-Batch-Id"

// uploadBatch is how many bytes of records a batch of an upload has, about.
const uploadBatch = 2 << 20

// uploadMemory is what an upload holds: a batch, and a window of text with room for a record twice.
func uploadMemory(l ingest.Limits) int64 { return uploadBatch + 2*int64(l.MaxRecord) }

// Answer tells what became of an upload.
type Answer struct {
	Table         string           `json:"table"`
	Records       int64            `json:"records"` // the sum of the next three
	Accepted      int64            `json:"accepted"`
	Duplicate     int64            `json:"duplicate"` // of batches that were kept before
	Rejected      int64            `json:"rejected"`  // could not be read
	Faults        []AnswerFault    `json:"faults,omitempty"`
	UnknownFields map[string]int64 `json:"unknownFields,omitempty"` // fields without a column → records; they are kept in the unknown column, if the table has one
	BadValues     map[string]int64 `json:"badValues,omitempty"`     // columns → values that did not fit and became null
	Error         *errorDetail     `json:"error,omitempty"`         // what ended the upload early; what is counted as accepted is kept
}

// AnswerFault is one record that was not kept, or a fault of the text around records.
type AnswerFault struct {
	Record int64  `json:"record,omitempty"` // from 1
	Line   int64  `json:"line,omitempty"`
	Reason string `json:"reason"`
}

// formats are the types that bodies of uploads may have.
var formats = map[string]ingest.Format{
	"application/json": ingest.JSON, "application/x-ndjson": ingest.JSON, "application/ndjson": ingest.JSON, "application/jsonl": ingest.JSON, "application/x-jsonlines": ingest.JSON,
	"text/csv": ingest.CSV, "text/tab-separated-values": ingest.CSV,
	"application/vnd.apache.parquet": ingest.Parquet, "application/x-parquet": ingest.Parquet, "application/parquet": ingest.Parquet,
}

func formatOf(r *http.Request) (ingest.Format, error) {
	switch f := r.URL.Query().Get("format"); f {
	case "":
	case "json", "ndjson", "jsonl":
		return ingest.JSON, nil
	case "csv", "tsv":
		return ingest.CSV, nil
	case "parquet":
		return ingest.Parquet, nil
	default:
		return 0, &refusal{http.StatusBadRequest, "InvalidFormat", fmt.Sprintf("format=%s: expected json, csv or parquet", f)}
	}
	t, err := mediaType(r)
	if err != nil {
		return 0, err
	}
	f, ok := formats[t]
	if !ok {
		return 0, &refusal{http.StatusUnsupportedMediaType, "UnsupportedMediaType",
			fmt.Sprintf("Content-Type %q: expected application/json, application/x-ndjson, text/csv or application/vnd.apache.parquet; or say ?format=", t)}
	}
	return f, nil
}

// targets keeps what was learnt of tables.
type targets struct {
	mu sync.Mutex
	m  map[string]*ingest.Target
}

func (t *targets) of(table *catalog.Table) *ingest.Target {
	t.mu.Lock()
	defer t.mu.Unlock()
	have := t.m[table.Name]
	if have == nil || have.Table != table {
		if t.m == nil {
			t.m = map[string]*ingest.Target{}
		}
		have = ingest.NewTarget(table)
		t.m[table.Name] = have
	}
	return have
}

// upload takes a file into a table.
func (h *Handler) upload(w http.ResponseWriter, r *http.Request) {
	a := &Answer{}
	count, err := h.takeUpload(w, r, a)
	if count.Source != "" {
		count.Last, count.Bodies = h.opts.Now(), 1
		count.Received, count.Accepted, count.Rejected, count.Duplicate, count.Rows = a.Records, a.Accepted, a.Rejected, a.Duplicate, a.Accepted
		h.opts.Sources.Add(count)
	}
	if err == nil {
		h.answer(w, r, http.StatusOK, "", a)
		return
	}
	e := h.refusalOf(r, err)
	if e.status == http.StatusServiceUnavailable {
		e.status = http.StatusInsufficientStorage
	}
	if a.Table == "" {
		h.refuse(w, r, e)
		return
	}
	a.Error = &errorDetail{e.code, e.message}
	h.answer(w, r, e.status, e.code, a)
}

func (h *Handler) takeUpload(w http.ResponseWriter, r *http.Request, a *Answer) (count ingest.SourceCount, err error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return count, &refusal{http.StatusMethodNotAllowed, "MethodNotAllowed", "expected POST"}
	}
	name := r.PathValue("table")
	if h.opts.Allow != nil && !h.opts.Allow(r, "table/"+name) {
		return count, forbidden("the table " + strconv.Quote(name))
	}
	table, ok := h.opts.Tables(name)
	if !ok {
		msg := fmt.Sprintf("there is no table %q", name)
		if h.opts.Suggest != nil {
			if near := h.opts.Suggest(name); len(near) > 0 {
				msg += "; did you mean " + strings.Join(near, ", ") + "?"
			}
		}
		return count, &refusal{http.StatusNotFound, "NotFound", msg}
	}
	format, err := formatOf(r)
	if err != nil {
		return count, err
	}
	packed, err := compressed(r)
	if err != nil {
		return count, err
	}
	limit := h.opts.MaxUpload
	if format == ingest.Parquet { // which is read from its end, and so is held whole
		limit = min(limit, h.opts.MaxInFlight/4)
	}
	b, err := h.wire(w, r, limit)
	if err != nil {
		return count, err
	}
	count.Source, a.Table = "upload/"+table.Name, table.Name
	defer func() { count.Bytes = b.n }()
	m := &room{h: h}
	defer m.release()
	if err := m.take(r.Context(), uploadMemory(h.opts.Limits)); err != nil {
		return count, err
	}
	var text io.Reader = b
	switch {
	case format == ingest.Parquet:
		whole, err := h.plain(r.Context(), b, packed, m)
		if err != nil {
			return count, err
		}
		text = bytes.NewReader(whole)
	case packed:
		if text, err = beginsAsGzip(b); err != nil {
			return count, err
		}
	}
	opts := ingest.DecoderOptions{Format: format, Limits: h.opts.Limits, Recognise: true, BatchBytes: uploadBatch}
	opts.Limits.MaxBody = limit
	d, err := ingest.NewDecoder(text, h.tables.of(table), opts)
	if err != nil {
		return count, h.uploadFault(err, limit)
	}
	err = h.batches(r, d, table, a)
	rep := d.Report()
	count.Unknown, count.BadValues = rep.Values()
	a.Records, a.Rejected = d.Records(), d.Records()-a.Accepted-a.Duplicate
	a.UnknownFields, a.BadValues = rep.UnknownColumns, rep.BadValues
	for _, f := range rep.Faults {
		a.Faults = append(a.Faults, AnswerFault{f.Record, f.Line, f.Reason})
	}
	if err != nil {
		return count, h.uploadFault(err, limit)
	}
	b.done()
	if len(rep.Faults) > 0 && a.Accepted+a.Duplicate == 0 {
		return count, &refusal{http.StatusBadRequest, "InvalidPayload", "no record could be read: " + faultText(rep)}
	}
	return count, nil
}

// batches keeps what a decoder gives.
func (h *Handler) batches(r *http.Request, d *ingest.Decoder, table *catalog.Table, a *Answer) error {
	stamper := ingest.NewStamper(table, h.stamp())
	id := r.Header.Get(batchHeader)
	for {
		rows, err := d.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		batch := eventlog.Batch{Source: "upload/" + table.Name, Parts: []eventlog.Part{{Table: table, Rows: rows}}}
		if id != "" {
			batch.ID = batchID("upload", table.Name, id, strconv.FormatInt(d.Before(), 10), strconv.Itoa(len(rows)), strconv.FormatUint(ingest.Fingerprint(rows), 16))
		}
		for _, row := range rows {
			stamper.Fill(row)
		}
		duplicate, err := h.append(r.Context(), batch)
		switch {
		case err != nil:
			return &appendError{err}
		case duplicate:
			a.Duplicate += int64(len(rows))
		default:
			a.Accepted += int64(len(rows))
		}
	}
}

// appendError is a fault of the log, to be told from one of the body.
type appendError struct{ err error }

func (e *appendError) Error() string { return e.err.Error() }

func (e *appendError) Unwrap() error { return e.err }

// uploadFault is the answer to what ended an upload.
func (h *Handler) uploadFault(err error, limit int64) error {
	var known *refusal
	switch {
	case errors.As(err, &known), errors.As(err, new(*appendError)):
		return err
	case errors.Is(err, ingest.ErrBodyTooLarge), errors.Is(err, ingest.ErrExpansion):
		e := tooLarge(limit, 0)
		if errors.Is(err, ingest.ErrExpansion) {
			e = &refusal{http.StatusRequestEntityTooLarge, "ContentLengthLimitExceeded", err.Error()}
		}
		return e
	}
	return &refusal{http.StatusBadRequest, "InvalidPayload", err.Error()}
}
