package arm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
)

// Fault is an answer that says what is wrong with a request.
// https://github.com/microsoft/api-guidelines/blob/vNext/azure/Guidelines.md#handling-errors
type Fault struct {
	Status  int
	Code    string
	Message string
	Target  string
	Details []Detail
	allow   string // of 405
}

// Detail is one of several things that are wrong.
type Detail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target,omitempty"`
}

func (f *Fault) Error() string { return f.Message }

// errorBody is the shape of a Fault.
type errorBody struct {
	Error struct {
		Code    string   `json:"code"`
		Message string   `json:"message"`
		Target  string   `json:"target,omitempty"`
		Details []Detail `json:"details,omitempty"`
	} `json:"error"`
}

func faultf(status int, code, format string, args ...any) *Fault {
	return &Fault{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// invalid is the service's answer to a resource that breaks its model. what begins with the path of the member.
func invalid(format string, args ...any) *Fault {
	return faultf(http.StatusBadRequest, "BadRequest", "Invalid data model. [%s]", fmt.Sprintf(format, args...))
}

func notFound(kind, id string) *Fault {
	return faultf(http.StatusNotFound, "NotFound", "There is no %s '%s'.", kind, id)
}

func internalFault() *Fault {
	return faultf(http.StatusInternalServerError, "InternalServerError", "The service failed; its log tells why.")
}

// sentence makes a message of an error of ours, which is in lower case without a full stop.
func sentence(err error) string {
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// explain is the one table of errors and answers. id is the request's.
func (a *API) explain(id string, err error) *Fault {
	var f *Fault
	var conflict *state.Conflict
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &large):
		return faultf(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The body is larger than %d bytes.", large.Limit)
	case errors.As(err, &conflict):
		return faultf(http.StatusConflict, "Conflict", "The %s '%s' was changed in the meantime.", conflict.Kind, conflict.ID)
	case errors.Is(err, state.ErrNotFound), errors.Is(err, incident.ErrNotFound):
		return faultf(http.StatusNotFound, "NotFound", "%s", sentence(err))
	case errors.Is(err, state.ErrExists), errors.Is(err, incident.ErrRelated):
		return faultf(http.StatusConflict, "Conflict", "%s", sentence(err))
	case errors.Is(err, state.ErrPage):
		return faultf(http.StatusBadRequest, "BadRequest", "The $skipToken is not one of this list.")
	case errors.Is(err, incident.ErrInvalid), errors.Is(err, incident.ErrLimit):
		return invalid("%s", err)
	case errors.Is(err, incident.ErrForbidden):
		return faultf(http.StatusForbidden, "Forbidden", "%s", sentence(err))
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return faultf(http.StatusServiceUnavailable, "ServiceUnavailable", "The request was given up.")
	case errors.Is(err, state.ErrFull), errors.Is(err, state.ErrClosed):
		a.fault(fmt.Errorf("request %s: %w", id, err))
		return faultf(http.StatusServiceUnavailable, "ServiceUnavailable", "The service cannot write at the moment; its log tells why.")
	}
	a.fault(fmt.Errorf("request %s: %w", id, err))
	return internalFault()
}

func writeFault(w http.ResponseWriter, f *Fault) {
	var body errorBody
	body.Error.Code, body.Error.Message, body.Error.Target, body.Error.Details = f.Code, f.Message, f.Target, f.Details
	if f.allow != "" {
		w.Header().Set("Allow", f.allow)
	}
	if f.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	writeJSON(w, f.Status, body)
}

// writeJSON writes an answer. A nil body is no body.
func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if body == nil {
		w.WriteHeader(status)
		return
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil { // our own shapes, which all marshal
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // whoever asked has gone
}
