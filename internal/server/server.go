// Package server is the network of `vedette serve`: one HTTP server with the APIs on it, behind one guard.
//
// New puts together what there is: the resource manager's API (internal/api/arm), ingestion (internal/api/ingestion), and
// the few of its own in admin.go: status, metrics, custom tables, tokens, backups. Serve listens until it is told to stop,
// and then lets requests that are under way come to their end. Start with New.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vedette-siem/vedette/internal/api/arm"
	"github.com/vedette-siem/vedette/internal/api/ingestion"
	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/config"
	"github.com/vedette-siem/vedette/internal/dcr"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/service"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
)

// Options are what a Server works with.
type Options struct {
	Config  config.Config
	Service *service.Service
	Now     func() time.Time
	Log     *slog.Logger
	// Templates are the rules that ship.
	Templates []*rule.Rule
}

// Server answers requests.
type Server struct {
	opts Options
	http *http.Server
	mux  *http.ServeMux

	collection atomic.Pointer[dcr.Set] // data collection rules
}

// Limits of what a client may take its time with.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
	stopTimeout   = 15 * time.Second
)

// New returns a server that does not listen yet.
func New(o Options) (*Server, error) {
	s := &Server{opts: o, mux: http.NewServeMux()}
	guard := &auth.Guard{Store: o.Service.State, Now: o.Now, Open: !o.Config.Auth.Tokens,
		Fault: func(err error) { o.Log.Error("tokens", "error", err) }}
	api, err := arm.New(arm.Options{Workspace: o.Service.Workspace(), Store: o.Service.State, Desk: o.Service.Desk, Now: o.Now, CompileRule: o.Service.CompileRule,
		RuleChanged:      func(id string) { o.Service.RuleChanged(context.Background(), id) },
		WatchlistChanged: func(alias string) { o.Service.WatchlistChanged(context.Background(), alias) },
		Playbook:         func(id string) bool { _, ok := o.Config.Actions.Playbooks[id]; return ok },
		Templates:        o.Templates, URL: o.Config.URL,
		Fault: func(err error) { o.Log.Error("API", "error", err) }})
	if err != nil {
		return nil, err
	}
	for _, at := range []string{"/subscriptions/", "/health", "/health/", "/openapi.json"} {
		s.mux.Handle(at, s.timely(api.Handler(guard)))
	}
	in, err := ingestion.New(ingestion.Options{Rules: s.ruleOf, Tables: o.Service.Stored().Table, Suggest: o.Service.Catalog.SuggestTable, Log: o.Service.Events, Now: o.Now,
		NewID: uuid.NewString, Sources: &o.Service.Sources, Failed: func(r *http.Request, err error) { o.Log.Error("ingestion", "path", r.URL.Path, "error", err) },
		MaxBody: int64(o.Config.Ingest.MaxBody), MaxUpload: int64(o.Config.Ingest.MaxUpload), MaxInFlight: int64(o.Config.Ingest.Inflight), ReadTimeout: o.Config.Ingest.BodyTimeout})
	if err != nil {
		return nil, err
	}
	for _, at := range []string{"/dataCollectionRules/", "/v1/upload/"} {
		s.mux.Handle(at, guard.Wrap(right(auth.Ingest, in)))
	}
	if err := s.loadCollectionRules(); err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(o.Service, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	own := http.NewServeMux()
	s.admin(own)
	for at, f := range map[string]http.HandlerFunc{"": pprof.Index, "profile": pprof.Profile, "trace": pprof.Trace, "symbol": pprof.Symbol} {
		own.Handle("GET /debug/pprof/"+at, right(auth.Configure, f))
	}
	own.Handle("GET /metrics", right(auth.Read, promhttp.HandlerFor(registry, promhttp.HandlerOpts{})))
	s.mux.Handle("/", s.timely(guard.Wrap(own)))
	s.http = &http.Server{Handler: s.mux, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug)}
	return s, nil
}

// timely gives the body of a request a time by which it must have come. Ingestion, whose bodies may be large, sees to its own.
func (s *Server) timely(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).SetReadDeadline(s.opts.Now().Add(s.opts.Config.Ingest.BodyTimeout)); err != nil {
			s.opts.Log.Debug("no deadline for the body", "error", err)
		}
		next.ServeHTTP(w, r)
	})
}

// loadCollectionRules reads the configured data collection rules over the tables that there are now.
func (s *Server) loadCollectionRules() error {
	cat := s.opts.Service.Stored()
	rules := []*dcr.Rule{dcr.Default(cat)}
	files, err := session.Files(s.opts.Config.Ingest.Rules, func(name string) bool { return session.IsYAML(name) || filepath.Ext(name) == ".json" })
	if err != nil {
		return fmt.Errorf("ingest.rules: %w", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("ingest.rules: %w", err)
		}
		r, faults := dcr.Load(source.NewFile(filepath.ToSlash(name), string(text)), cat)
		if faults.HasErrors() {
			return fmt.Errorf("ingest.rules: %w", &faults)
		}
		rules = append(rules, r)
	}
	set, err := dcr.NewSet(rules...)
	if err != nil {
		return fmt.Errorf("ingest.rules: %w", err)
	}
	s.collection.Store(set)
	return nil
}

func (s *Server) ruleOf(id string) (*dcr.Rule, bool) { return s.collection.Load().Rule(id) }

// right lets requests through whose principal has a right.
func right(r auth.Right, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if no := auth.Permit(req.Context(), r, req.Method+" "+req.URL.Path); no != nil {
			auth.WriteRefusal(w, req, no)
			return
		}
		next.ServeHTTP(w, req)
	})
}

// ServeHTTP implements http.Handler, for tests.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Serve answers requests at the configured address until ctx ends. ready is told the address once it listens.
func (s *Server) Serve(ctx context.Context, ready func(net.Addr)) error {
	c := s.opts.Config
	if err := auth.CheckListen(auth.Listener{Address: c.Listen, TLS: c.TLS.Cert != "", Tokens: c.Auth.Tokens}); err != nil {
		return err
	}
	var certs []tls.Certificate
	if c.TLS.Cert != "" {
		cert, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
		if err != nil {
			return fmt.Errorf("tls: %w", err)
		}
		certs = append(certs, cert)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	if len(certs) > 0 {
		l = tls.NewListener(l, &tls.Config{Certificates: certs, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	ready(l.Addr())
	done := make(chan error, 1)
	go func() { done <- s.http.Serve(l) }()
	select {
	case err = <-done:
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if err = s.http.Shutdown(stop); err != nil {
			err = errors.Join(s.http.Close(), ignoreTimeout(err))
		}
		<-done
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// ignoreTimeout makes requests that were cut off at the end no error of the server.
func ignoreTimeout(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}
