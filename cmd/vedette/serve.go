package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/vedette-siem/vedette/content"
	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/config"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/server"
	"github.com/vedette-siem/vedette/internal/service"
	"github.com/vedette-siem/vedette/internal/session"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/store"
)

// wall is the clock of the machine.
type wall struct{}

func (wall) Now() time.Time                         { return time.Now() }
func (wall) After(d time.Duration) <-chan time.Time { return time.After(d) }

// configFlags are the flags of commands that read the server's configuration.
type configFlags struct{ file, data, listen string }

func (f *configFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.file, "config", "c", os.Getenv(config.EnvPrefix+"CONFIG"), "configuration file (default $VEDETTE_CONFIG; without one, the defaults)")
	cmd.Flags().StringVar(&f.data, "data", "", "data folder, instead of the configured one")
}

func (f *configFlags) read() (config.Config, error) {
	c, err := config.Read(f.file, os.Environ())
	if f.data != "" {
		c.Data = f.data
	}
	if f.listen != "" {
		c.Listen = f.listen
		err = errors.Join(err, c.Validate())
	}
	return c, err
}

func (a *app) serveCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server: events in, rules on schedule, alerts and incidents out",
		Long: `serve keeps events in a data folder, runs the rules when they are due, and groups their alerts to incidents. It
answers on one address: ingestion (Azure Monitor's Logs Ingestion API and uploads), the rules, incidents and watchlists
on the paths of Microsoft.SecurityInsights (see /openapi.json), /status and /metrics.

Without a configuration file it listens on 127.0.0.1 and lets every program on this machine in. To listen elsewhere, set
auth.tokens and tls in the file, and make a token with 'vedette token create'.

It stops on SIGINT or SIGTERM: requests and runs under way come to their end first.

Exit codes: 0 stopped as told; 2 could not start, or could not go on.`,
		Example: `  vedette serve
  vedette serve --config /etc/vedette/vedette.yaml
  VEDETTE_CONTENT_RULES=Detections/ vedette serve --data /var/lib/vedette`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), &f) },
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.listen, "listen", "", "HOST:PORT to listen on, instead of the configured one")
	return cmd
}

// newLog is the server's log.
func newLog(c config.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	if level.UnmarshalText([]byte(c.Level)) != nil { // Validate has looked at it
		level = slog.LevelInfo
	}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

func (a *app) serve(ctx context.Context, f *configFlags) error {
	c, err := f.read()
	if err != nil {
		return err
	}
	if err := auth.CheckListen(auth.Listener{Address: c.Listen, TLS: c.TLS.Cert != "", Tokens: c.Auth.Tokens}); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := newLog(c.Log, a.err)
	svc, err := service.Open(ctx, service.Options{Config: c, Clock: wall{}, Log: log})
	if err != nil {
		return hint(err, c.Data)
	}
	templates, err := shippedRules()
	if err != nil {
		return errors.Join(err, svc.Close())
	}
	srv, err := server.New(server.Options{Config: c, Service: svc, Now: time.Now, Log: log, Templates: templates})
	if err != nil {
		return errors.Join(err, svc.Close())
	}
	if c.Auth.Tokens {
		var n int
		err := svc.State.View(ctx, func(tx state.Tx) error {
			list, err := tx.Tokens().List()
			n = len(list)
			return err
		})
		if err == nil && n == 0 {
			err = fmt.Errorf("auth.tokens is set and there is no token; make one first: vedette token create --data %s --role contributor --name NAME", c.Data)
		}
		if err != nil {
			return errors.Join(err, svc.Close())
		}
	}
	// Whichever ends first takes the other along.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ran := make(chan error, 1)
	go func() {
		ran <- svc.Run(ctx)
		cancel()
	}()
	err = srv.Serve(ctx, func(addr net.Addr) {
		log.Info("listening", "address", addr.String(), "data", c.Data, "rules", svc.Scheduler.Counters().Rules, "version", version)
	})
	cancel()
	log.Info("stopping")
	err = errors.Join(err, <-ran, svc.Close())
	log.Info("stopped")
	return err
}

// shippedRules are the rules that come with vedette, for the API's templates.
func shippedRules() ([]*rule.Rule, error) {
	var out []*rule.Rule
	err := fs.WalkDir(content.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !session.IsYAML(name) || session.IsTests(name) {
			return err
		}
		text, err := fs.ReadFile(content.FS, name)
		if err != nil {
			return err
		}
		r, faults := rule.Load(source.NewFile(name, string(text)))
		if ds := (&source.Diagnostics{List: faults}); ds.HasErrors() {
			return fmt.Errorf("shipped rule %s has faults", name)
		}
		out = append(out, r)
		return nil
	})
	return out, err
}

// hint says what to do about a data folder that cannot be opened.
func hint(err error, data string) error {
	switch {
	case errors.Is(err, state.ErrLocked), errors.Is(err, store.ErrLocked):
		return fmt.Errorf("%w; another vedette serves %s: stop it, or give --data another folder", err, data)
	case errors.Is(err, state.ErrCorrupt), errors.Is(err, store.ErrCorrupt):
		return fmt.Errorf("%w; restore a backup to a new folder: vedette restore BACKUP --data FOLDER", err)
	case errors.Is(err, store.ErrFull), errors.Is(err, state.ErrFull):
		return fmt.Errorf("%w; make room, shorten the retention, or lower ingest.minFree", err)
	}
	return err
}
