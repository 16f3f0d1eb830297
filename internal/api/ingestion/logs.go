package ingestion

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/vedette-siem/vedette/internal/dcr"
	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/types"
)

// versions are the API versions that are served; they do not differ in what is served of them.
var versions = []string{"2023-01-01", "2021-11-01-preview"}

// logs is a call of the Logs Ingestion API.
func (h *Handler) logs(w http.ResponseWriter, r *http.Request) {
	count, err := h.takeLogs(w, r)
	if count.Source != "" {
		count.Last, count.Bodies = h.opts.Now(), 1
		h.opts.Sources.Add(count)
	}
	if err != nil {
		h.refuse(w, r, h.refusalOf(r, err))
		return
	}
	h.head(w, r)
	w.WriteHeader(http.StatusNoContent)
}

func (h *Handler) takeLogs(w http.ResponseWriter, r *http.Request) (count ingest.SourceCount, err error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return count, &refusal{http.StatusMethodNotAllowed, "MethodNotAllowed", "expected POST"}
	}
	if err := checkVersion(r); err != nil {
		return count, err
	}
	id, name := r.PathValue("rule"), r.PathValue("stream")
	rule, ok := h.opts.Rules(id)
	if ok && h.opts.Allow != nil && !h.opts.Allow(r, "dcr/"+rule.Name) {
		return count, forbidden("the data collection rule " + rule.Name)
	}
	if !ok {
		return count, &refusal{http.StatusNotFound, "NotFound", fmt.Sprintf("there is no data collection rule %q", id)}
	}
	stream, ok := rule.Stream(name)
	if !ok {
		return count, &refusal{http.StatusBadRequest, "InvalidStream", fmt.Sprintf("the data collection rule %s has no stream %q", rule.Name, name)}
	}
	count.Source = "dcr/" + rule.Name + "/" + stream.Name
	t, err := mediaType(r)
	if err != nil {
		return count, err
	}
	if t != "" && t != "application/json" {
		return count, &refusal{http.StatusUnsupportedMediaType, "UnsupportedMediaType", fmt.Sprintf("Content-Type %q: expected application/json", t)}
	}
	packed, err := compressed(r)
	if err != nil {
		return count, err
	}
	m := &room{h: h}
	defer m.release()
	b, err := h.wire(w, r, h.opts.MaxBody)
	if err != nil {
		return count, err
	}
	body, err := h.plain(r.Context(), b, packed, m)
	count.Bytes = b.n
	if err != nil {
		return count, err
	}
	b.done()
	return h.keep(r.Context(), rule, stream, body, r.Header.Get(requestID), count)
}

func checkVersion(r *http.Request) error {
	v := r.URL.Query().Get("api-version")
	switch {
	case v == "":
		return &refusal{http.StatusBadRequest, "MissingApiVersionParameter", "the query parameter api-version is missing"}
	case !slices.Contains(versions, v):
		return &refusal{http.StatusBadRequest, "InvalidApiVersionParameter", fmt.Sprintf("there is no api-version %q: %s", v, strings.Join(versions, ", "))}
	}
	return nil
}

func forbidden(what string) error {
	return &refusal{http.StatusForbidden, "OperationFailed", "the sender may not send to " + what}
}

// keep decodes a body and keeps it, all or nothing.
func (h *Handler) keep(ctx context.Context, rule *dcr.Rule, stream *dcr.Stream, body []byte, id string, count ingest.SourceCount) (ingest.SourceCount, error) {
	rows, rep, err := decodeAll(body, stream.Input, h.opts.Limits)
	if rep != nil {
		count.Received = rep.Rows + rep.Skipped
		count.Unknown, count.BadValues = rep.Values()
	}
	count.Rejected = count.Received // unless all goes well
	if err != nil {
		return count, err
	}
	stamp := h.stamp()
	batch := eventlog.Batch{Source: count.Source}
	for i, f := range stream.Flows {
		out, err := f.Run(rows, stamp, i == len(stream.Flows)-1)
		var at *dcr.RowError
		if errors.As(err, &at) {
			return count, &refusal{http.StatusBadRequest, "TransformationFailed", fmt.Sprintf("record %d: the transformation into %s: %v", at.Row+1, f.Table.Name, at.Err)}
		}
		if err != nil {
			return count, err
		}
		if len(out) > 0 {
			batch.Parts = append(batch.Parts, eventlog.Part{Table: f.Table, Rows: out})
		}
	}
	if id != "" {
		batch.ID = batchID("dcr", rule.ImmutableID, stream.Name, id, strconv.Itoa(len(body)), strconv.FormatUint(xxhash.Sum64(body), 16))
	}
	duplicate := false
	if len(batch.Parts) > 0 {
		if duplicate, err = h.append(ctx, batch); err != nil {
			return count, err
		}
	}
	count.Rejected = 0
	if duplicate {
		count.Duplicate = count.Received
	} else {
		count.Accepted, count.Rows = count.Received, int64(batch.Rows())
	}
	return count, nil
}

// decodeAll reads all records of a body; one that cannot be read refuses the body.
func decodeAll(body []byte, target *ingest.Target, limits ingest.Limits) ([][]types.Value, *ingest.FileReport, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil, &refusal{http.StatusBadRequest, "InvalidPayload", "the body is empty: expected a JSON array of objects"}
	}
	limits.MaxBody = int64(len(body))
	d, err := ingest.NewDecoder(bytes.NewReader(body), target, ingest.DecoderOptions{Limits: limits, BatchRows: 1 << 20, BatchBytes: 1 << 30})
	if err != nil {
		return nil, nil, &refusal{http.StatusBadRequest, "InvalidPayload", err.Error()}
	}
	var rows [][]types.Value
	for {
		batch, err := d.Next()
		rows = append(rows, batch...)
		if err != nil {
			if rep := d.Report(); rep.Unread() || !errors.Is(err, io.EOF) {
				text := faultText(rep)
				if text == "" {
					text = err.Error()
				}
				return nil, rep, &refusal{http.StatusBadRequest, "InvalidPayload", "nothing was kept, because of: " + text}
			}
			return rows, d.Report(), nil
		}
	}
}

// batchID names a batch by all that makes it the same. Lengths stand before the parts, so that no two lists of parts
// are spelt alike.
func batchID(kind string, parts ...string) string {
	s := sha256.New()
	for _, p := range parts {
		io.WriteString(s, strconv.Itoa(len(p))+":") //nolint:errcheck // a hash takes everything
		io.WriteString(s, p)                        //nolint:errcheck
	}
	return kind + "-" + hex.EncodeToString(s.Sum(nil)[:20])
}

// append keeps a batch, and waits a little where the log is busy.
func (h *Handler) append(ctx context.Context, b eventlog.Batch) (bool, error) {
	waiting, cancel := context.WithTimeout(ctx, h.opts.Wait)
	defer cancel()
	for pause := h.opts.Wait / 64; ; pause *= 2 {
		duplicate, err := h.opts.Log.Append(ctx, b)
		if !errors.Is(err, eventlog.ErrBusy) {
			return duplicate, err
		}
		nap, wake := context.WithTimeout(waiting, pause)
		<-nap.Done()
		wake()
		if waiting.Err() != nil {
			return false, err
		}
	}
}
