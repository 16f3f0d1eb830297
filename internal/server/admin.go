package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/service"
	"github.com/vedette-siem/vedette/internal/state"
)

// maxAdminBody bounds the bodies of the routes here.
const maxAdminBody = 1 << 20

// admin adds the routes that are vedette's own.
func (s *Server) admin(mux *http.ServeMux) {
	handle := func(pattern string, need auth.Right, f func(*http.Request) (any, error)) {
		mux.Handle(pattern, right(need, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxAdminBody)
			out, err := f(r)
			if need == auth.Configure {
				err = errors.Join(err, s.record(r, err))
			}
			if err != nil {
				no := refusal(err)
				if no.Status == http.StatusInternalServerError {
					s.opts.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
				}
				auth.WriteRefusal(w, r, no)
				return
			}
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			if err := json.NewEncoder(w).Encode(out); err != nil {
				s.opts.Log.Debug("answer not sent", "error", err)
			}
		})))
	}
	handle("GET /status", auth.Read, func(r *http.Request) (any, error) { return s.opts.Service.Status(r.Context()) })
	handle("GET /tables", auth.Read, func(*http.Request) (any, error) { return s.opts.Service.Tables(), nil })
	handle("PUT /tables/{name}", auth.Configure, s.putTable)
	handle("GET /tokens", auth.Configure, s.tokens)
	handle("POST /tokens", auth.Configure, s.postToken)
	handle("DELETE /tokens/{id}", auth.Configure, s.deleteToken)
	handle("POST /backup", auth.Configure, s.backup)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		auth.WriteRefusal(w, r, &auth.Refusal{Status: http.StatusNotFound, Code: "NotFound", Message: fmt.Sprintf("There is nothing at %s %s.", r.Method, r.URL.Path)})
	})
}

// badRequest is the caller's fault.
type badRequest struct{ error }

func (b badRequest) Unwrap() error { return b.error }

// refusal is how an error is answered.
func refusal(err error) *auth.Refusal {
	no := &auth.Refusal{Status: http.StatusInternalServerError, Code: "InternalServerError", Message: "The server could not do this; its log says why."}
	var bad badRequest
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		no = &auth.Refusal{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLarge", Message: fmt.Sprintf("The body has more than %d bytes.", large.Limit)}
	case errors.As(err, &bad), errors.Is(err, service.ErrTable):
		no = &auth.Refusal{Status: http.StatusBadRequest, Code: "BadRequest", Message: err.Error()}
	case errors.Is(err, state.ErrNotFound):
		no = &auth.Refusal{Status: http.StatusNotFound, Code: "NotFound", Message: err.Error()}
	}
	return no
}

// record leaves an entry in the audit trail.
func (s *Server) record(r *http.Request, failed error) error {
	if r.Method == http.MethodGet {
		return nil
	}
	by, _ := auth.From(r.Context())
	address, _, _ := net.SplitHostPort(r.RemoteAddr)
	e := auth.Entry{At: s.opts.Now(), By: by, Operation: r.Pattern,
		Target: r.URL.Path, Status: http.StatusOK, Address: address}
	if failed != nil {
		no := refusal(failed)
		e.Status, e.Code = no.Status, no.Code
	}
	return s.opts.Service.State.Update(context.WithoutCancel(r.Context()), func(tx state.Tx) error { return auth.Record(tx, e) })
}

// read decodes a body.
func read(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return err
		}
		return badRequest{fmt.Errorf("the body: %w", err)}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badRequest{errors.New("the body has more than one JSON value")}
	}
	return nil
}

func (s *Server) putTable(r *http.Request) (any, error) {
	var t service.TableSchema
	if err := read(r, &t); err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	if t.Name == "" {
		t.Name = name
	}
	if t.Name != name {
		return nil, badRequest{fmt.Errorf("the body names the table '%s' and the path '%s'", t.Name, name)}
	}
	if err := s.opts.Service.DeclareTable(r.Context(), t); err != nil {
		return nil, err
	}
	return t, s.loadCollectionRules()
}

// token is a token as the API shows it.
type token struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Role    string     `json:"role"`
	Token   string     `json:"token,omitempty"` // only when it is made
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty"`
	Used    *time.Time `json:"used,omitempty"`
	By      string     `json:"by,omitempty"`
}

func shown(t state.Token) token {
	out := token{ID: t.ID, Name: t.Name, Role: t.Role, Created: t.Created, By: t.By}
	if !t.Expires.IsZero() {
		out.Expires = &t.Expires
	}
	if !t.Used.IsZero() {
		out.Used = &t.Used
	}
	return out
}

func (s *Server) tokens(r *http.Request) (any, error) {
	out := []token{}
	err := s.opts.Service.State.View(r.Context(), func(tx state.Tx) error {
		list, err := tx.Tokens().List()
		for _, t := range list {
			out = append(out, shown(t))
		}
		return err
	})
	return out, err
}

func (s *Server) postToken(r *http.Request) (any, error) {
	var want struct {
		Name    string    `json:"name"`
		Role    auth.Role `json:"role"`
		Expires time.Time `json:"expires"`
	}
	if err := read(r, &want); err != nil {
		return nil, err
	}
	by, _ := auth.From(r.Context())
	var out token
	err := s.opts.Service.State.Update(r.Context(), func(tx state.Tx) error {
		text, kept, err := auth.Issue(tx, auth.Grant{Name: want.Name, Role: want.Role, Expires: want.Expires, By: by.Name}, s.opts.Now(), rand.Reader)
		out = shown(kept)
		out.Token = text
		return err
	})
	if err != nil {
		return nil, badRequest{err}
	}
	return out, nil
}

func (s *Server) deleteToken(r *http.Request) (any, error) {
	id := r.PathValue("id")
	return map[string]string{"deleted": id}, s.opts.Service.State.Update(r.Context(), func(tx state.Tx) error { return tx.Tokens().Delete(id) })
}

// backup writes a backup below the data folder's neighbour "backups": a caller says the name only, so that the API
// writes nowhere else.
func (s *Server) backup(r *http.Request) (any, error) {
	var want struct {
		Name string `json:"name"`
	}
	if err := read(r, &want); err != nil {
		return nil, err
	}
	if want.Name == "" {
		want.Name = s.opts.Now().UTC().Format("20060102T150405Z")
	}
	if !filepath.IsLocal(want.Name) || strings.ContainsAny(want.Name, `/\`) || strings.HasPrefix(want.Name, ".") {
		return nil, badRequest{fmt.Errorf("'%s' is no name of a folder", want.Name)}
	}
	data, err := filepath.Abs(s.opts.Config.Data)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(filepath.Dir(data), filepath.Base(data)+"-backups", want.Name)
	return map[string]string{"folder": folder}, s.opts.Service.Backup(r.Context(), folder)
}
