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
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/config"
	"github.com/vedette-siem/vedette/internal/service"
)

// Options are what a Server works with.
type Options struct {
	Config  config.Config
	Service *service.Service
	Now     func() time.Time
	Log     *slog.Logger
}

// Server answers requests.
type Server struct {
	opts Options
	http *http.Server
	mux  *http.ServeMux
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
	registry := prometheus.NewRegistry()
	registry.MustRegister(o.Service, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	own := http.NewServeMux()
	s.admin(own)
	own.Handle("GET /metrics", right(auth.Read, promhttp.HandlerFor(registry, promhttp.HandlerOpts{})))
	s.mux.Handle("/", guard.Wrap(own))
	s.http = &http.Server{Handler: s.mux, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug)}
	return s, nil
}

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
