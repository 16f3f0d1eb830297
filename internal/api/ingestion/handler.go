package ingestion

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/dcr"
	"github.com/vedette-siem/vedette/internal/eventlog"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/types"
)

// Log keeps events. Append returns when they are durable; duplicate tells that a batch of this id was kept before.
type Log interface {
	Append(ctx context.Context, b eventlog.Batch) (duplicate bool, err error)
}

// Options say what the handler serves and within which bounds. A bound of 0 takes its default.
type Options struct {
	Rules   func(id string) (*dcr.Rule, bool)         // by immutable id or name
	Tables  func(name string) (*catalog.Table, bool)  // for uploads
	Suggest func(name string) []string                // names of tables near one that is not there; may be nil
	Log     Log                                       //
	Now     func() time.Time                          //
	NewID   func() string                             // new _ItemId and request ids; nil for none
	Sources *ingest.Sources                           // where the counts go; nil for nowhere
	Allow   func(r *http.Request, target string) bool // may the sender send to "dcr/RULE" or "table/TABLE"? nil: yes
	Failed  func(r *http.Request, err error)          // hears of faults that are not the sender's; may be nil

	MaxBody     int64         // bytes of a body of the Logs Ingestion API, before and after decompression; default 1 MiB
	MaxUpload   int64         // bytes of an upload, before and after decompression; default 1 GiB
	MaxInFlight int64         // bytes of bodies held at a time; their rows take about three times that beside; default 128 MiB
	ReadTimeout time.Duration // in which each 256 KiB of a body must come; default 30 s
	Wait        time.Duration // how long a body waits for room in memory or in the log; default 2 s
	RetryAfter  time.Duration // what a sender who finds no room is told; default 5 s
	Limits      ingest.Limits // of records; MaxRecord defaults to 1 MiB and MaxFields to 1024 here
}

// Handler serves both ways. It is safe for concurrent use.
type Handler struct {
	opts   Options
	memory *semaphore.Weighted
	mux    *http.ServeMux
	tables targets
}

// New makes a handler.
func New(opts Options) (*Handler, error) {
	if opts.Rules == nil || opts.Tables == nil || opts.Log == nil || opts.Now == nil {
		return nil, errors.New("ingestion: Rules, Tables, Log and Now are needed")
	}
	bound := func(n *int64, otherwise int64) {
		if *n <= 0 {
			*n = otherwise
		}
	}
	limit := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	bound(&opts.MaxBody, 1<<20)
	bound(&opts.MaxUpload, 1<<30)
	bound(&opts.MaxInFlight, 128<<20)
	limit(&opts.ReadTimeout, 30*time.Second)
	limit(&opts.Wait, 2*time.Second)
	limit(&opts.RetryAfter, 5*time.Second)
	if opts.Limits.MaxRecord <= 0 {
		opts.Limits.MaxRecord = 1 << 20
	}
	if opts.Limits.MaxFields <= 0 {
		opts.Limits.MaxFields = 1024
	}
	if opts.Sources == nil {
		opts.Sources = &ingest.Sources{}
	}
	if least := max(2*opts.MaxBody, uploadMemory(opts.Limits)); opts.MaxInFlight < least {
		return nil, fmt.Errorf("ingestion: MaxInFlight is %d, and one body alone may take %d", opts.MaxInFlight, least)
	}
	h := &Handler{opts: opts, memory: semaphore.NewWeighted(opts.MaxInFlight), mux: http.NewServeMux()}
	h.Register(h.mux)
	h.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		h.refuse(w, r, &refusal{http.StatusNotFound, "NotFound", "there is nothing at " + r.URL.Path})
	})
	return h, nil
}

// Register adds the two ways to a server's mux.
func (h *Handler) Register(mux *http.ServeMux) {
	mux.HandleFunc("/dataCollectionRules/{rule}/streams/{stream}", h.logs)
	mux.HandleFunc("/v1/upload/{table}", h.upload)
}

// ServeHTTP serves the two ways, and 404 beside them.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// Snapshot returns what came from each source since the start.
func (h *Handler) Snapshot() []ingest.SourceCount { return h.opts.Sources.Snapshot() }

// refusal is an answer that is no success, in Azure's form.
type refusal struct {
	status  int
	code    string
	message string
}

func (e *refusal) Error() string { return e.message }

// errorBody is how Azure's APIs tell of faults.
type errorBody struct {
	Error errorDetail `json:"error"`
}

type errorDetail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

const requestID = "x-ms-client-request-id"

// refuse answers with a fault.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, e *refusal) {
	h.answer(w, r, e.status, e.code, errorBody{errorDetail{e.code, e.message}})
}

// answer writes a JSON answer; code is that of a fault, or "".
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, status int, code string, body any) {
	h.head(w, r)
	if code != "" {
		w.Header().Set("x-ms-error-code", code)
	}
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInsufficientStorage:
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(h.opts.RetryAfter.Seconds()))))
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close") // the rest of the body is not waited for
	}
	text, err := json.Marshal(body)
	if err != nil {
		h.failed(r, err)
		status, text = http.StatusInternalServerError, []byte(`{"error":{"code":"InternalServerError","message":"the answer cannot be written"}}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if _, err := w.Write(text); err != nil {
		h.failed(r, err)
	}
}

// head sets the headers of every answer.
func (h *Handler) head(w http.ResponseWriter, r *http.Request) {
	if id := r.Header.Get(requestID); id != "" {
		w.Header().Set(requestID, id)
	}
	if h.opts.NewID != nil {
		w.Header().Set("x-ms-request-id", h.opts.NewID())
	}
}

func (h *Handler) failed(r *http.Request, err error) {
	if h.opts.Failed != nil && r.Context().Err() == nil {
		h.opts.Failed(r, err)
	}
}

// refusalOf turns a fault into an answer.
func (h *Handler) refusalOf(r *http.Request, err error) *refusal {
	var known *refusal
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, eventlog.ErrBusy):
		return &refusal{http.StatusTooManyRequests, "TooManyRequests", "more events come than can be written; try again"}
	case errors.Is(err, eventlog.ErrFull):
		return &refusal{http.StatusServiceUnavailable, "InsufficientStorage", "the server has no room left for events: its disk is full, or its limit is reached"}
	case r.Context().Err() != nil:
		return &refusal{http.StatusRequestTimeout, "RequestTimeout", "the request ended before its events were kept"}
	}
	h.failed(r, err)
	return &refusal{http.StatusInternalServerError, "InternalServerError", "the events could not be kept; the server's log says why"}
}

// stamp is what is said of the rows of a body.
func (h *Handler) stamp() ingest.Stamp {
	return ingest.Stamp{Received: types.TicksOf(h.opts.Now()), ItemID: h.opts.NewID}
}

// faultText renders the first faults of a body.
func faultText(rep *ingest.FileReport) string {
	var parts []string
	for i := range rep.Faults {
		if i == 3 {
			break
		}
		parts = append(parts, rep.Faults[i].Error())
	}
	if more := rep.Skipped - int64(len(parts)); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more records", more))
	}
	return strings.Join(parts, "; ")
}
