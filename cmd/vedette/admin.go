package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/config"
	"github.com/vedette-siem/vedette/internal/geo/mmdb"
	"github.com/vedette-siem/vedette/internal/service"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/state/sqlite"
)

// serverFlags are the flags of commands that ask a running server.
type serverFlags struct{ url, token string }

func (f *serverFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.url, "server", envOr("VEDETTE_SERVER", "http://"+config.Default().Listen), "URL of the server (default $VEDETTE_SERVER)")
	cmd.Flags().StringVar(&f.token, "token", "", "token, if the server wants one (default $VEDETTE_TOKEN)")
}

func envOr(name, other string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return other
}

// maxAnswer bounds what is read of a server's answer.
const maxAnswer = 64 << 20

// call asks the server and decodes its answer.
func (f *serverFlags) call(ctx context.Context, method, path string, body, into any) error {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(f.url, "/")+path, in)
	if err != nil {
		return fmt.Errorf("--server: %w", err)
	}
	token := f.token
	if token == "" {
		token = os.Getenv("VEDETTE_TOKEN")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%w; does 'vedette serve' run there?", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		var no struct {
			Error struct{ Code, Message string }
		}
		if json.Unmarshal(text, &no) == nil && no.Error.Message != "" {
			return fmt.Errorf("%s answers %d %s: %s", f.url, res.StatusCode, no.Error.Code, no.Error.Message)
		}
		return fmt.Errorf("%s answers %s", f.url, res.Status)
	}
	return json.Unmarshal(text, into)
}

func (a *app) statusCommand() *cobra.Command {
	var f serverFlags
	var out outputFlag
	var all bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell how a running server stands",
		Long: `status asks a server for what it has taken in, what it keeps, how its rules stand, and what waits.

` + exitCodes + `
Found is a rule that failed or was disabled, or an error of the server's own.`,
		Example: `  vedette status
  vedette status --server https://siem.example.com --output json | jq .schedule`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var raw json.RawMessage
			if err := f.call(cmd.Context(), http.MethodGet, "/status", nil, &raw); err != nil {
				return err
			}
			var st service.Status
			if err := json.Unmarshal(raw, &st); err != nil {
				return fmt.Errorf("%s does not answer as a vedette: %w", f.url, err)
			}
			if out.value == "json" {
				fmt.Fprintln(a.out, string(raw))
			} else {
				a.writeStatus(&st, all)
			}
			if troubled(&st) {
				return errFound
			}
			return nil
		},
	}
	f.add(cmd)
	out.add(cmd, "text", "json")
	cmd.Flags().BoolVarP(&all, "all", "a", false, "list every rule, not only those that need attention")
	return cmd
}

func troubled(st *service.Status) bool {
	return st.Faults > 0 || slices.ContainsFunc(st.Rules, needsAttention)
}

func needsAttention(r service.RuleStatus) bool {
	return r.State == "AutoDisabled" || r.Failures > 0 || r.Waiting > 1
}

func (a *app) writeStatus(st *service.Status, all bool) {
	s := a.term.style
	up := st.Now.Sub(st.Started).Round(time.Second)
	fmt.Fprintf(a.out, "%s up %s, %s on disk\n", s.bold("vedette"), up, sizeText(st.Bytes))
	e := st.Events
	fmt.Fprintf(a.out, "events    %s rows in %s batches, %s repeated, %s sent back; %s waiting\n", grouped(e.Rows), grouped(e.Batches), grouped(e.Duplicates), grouped(e.Busy), sizeText(e.Pending))
	c := st.Schedule
	saved := ""
	if c.Succeeded > 0 {
		saved = fmt.Sprintf(" (%d %%)", 100*c.ProvedNone/c.Succeeded)
	}
	fmt.Fprintf(a.out, "rules     %d on schedule; %s runs, %s%s needed no query, %s fired, %s failed, %s late; at most %s late\n", c.Rules, grouped(c.Runs), grouped(c.ProvedNone), saved,
		grouped(c.Fired), grouped(c.TransientFailures+c.PermanentFailures), grouped(c.Late), c.MaxLateness.Round(time.Millisecond))
	var open []string
	for _, k := range []string{"New", "Active", "Closed"} {
		if n := st.Open[k]; n > 0 {
			open = append(open, fmt.Sprintf("%d %s", n, strings.ToLower(k)))
		}
	}
	if len(open) == 0 {
		open = []string{"none"}
	}
	fmt.Fprintf(a.out, "incidents %s; %s alerts raised since the start\n", strings.Join(open, ", "), grouped(c.Alerts))
	for topic, n := range st.Waiting {
		fmt.Fprintf(a.out, "outbox    %d %s wait\n", n, topic)
	}
	if st.Faults > 0 {
		fmt.Fprintf(a.out, "%s\n", s.red(fmt.Sprintf("faults    %d; the server's log says which", st.Faults)))
	}
	if len(st.Sources) > 0 {
		fmt.Fprintln(a.out)
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "source\taccepted\trejected\trepeated\tunknown fields\tlast")
		for _, x := range st.Sources {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", x.Source, grouped(x.Accepted), grouped(x.Rejected), grouped(x.Duplicate), grouped(x.Unknown), x.Last.Format(time.RFC3339))
		}
		w.Flush()
	}
	if len(st.Tables) > 0 {
		fmt.Fprintln(a.out)
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "table\trows\tparts\tfrom\tto")
		for _, t := range st.Tables {
			from, to := "", ""
			if !t.From.IsZero() {
				from, to = t.From.Format(time.DateOnly), t.To.Format(time.DateOnly)
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", t.Name, grouped(t.Rows), t.Parts, from, to)
		}
		w.Flush()
	}
	var rules []service.RuleStatus
	for _, r := range st.Rules {
		if all || needsAttention(r) {
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 {
		return
	}
	fmt.Fprintln(a.out)
	for _, r := range rules {
		line := fmt.Sprintf("%-12s %s  %s", r.State, r.ID, r.Name)
		if needsAttention(r) {
			line = s.yellow(line)
		}
		fmt.Fprintln(a.out, line)
		if r.Reason != "" {
			fmt.Fprintf(a.out, "             %s\n", r.Reason)
		}
		if r.Waiting > 1 {
			fmt.Fprintf(a.out, "             %d windows wait; done up to %s\n", r.Waiting, r.Done.Format(time.RFC3339))
		}
	}
}

func sizeText(n int64) string {
	for _, u := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= u.size {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(u.size), u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check and print the server's configuration", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	for _, c := range []struct {
		use, short string
		run        func(config.Config) error
	}{
		{"check", "Say whether the configuration can be used", func(c config.Config) error {
			if err := a.checkConfig(c); err != nil {
				return err
			}
			fmt.Fprintln(a.out, "the configuration is sound")
			return nil
		}},
		{"print", "Print the configuration as it is with the defaults and the environment", func(c config.Config) error {
			text, err := yaml.Marshal(c)
			if err == nil {
				_, err = a.out.Write(text)
			}
			return err
		}},
	} {
		var f configFlags
		sub := &cobra.Command{Use: c.use, Short: c.short, Args: cobra.NoArgs, Example: "  vedette config " + c.use + " --config /etc/vedette/vedette.yaml",
			RunE: func(*cobra.Command, []string) error {
				conf, err := f.read()
				if err != nil {
					return err
				}
				return c.run(conf)
			}}
		f.add(sub)
		cmd.AddCommand(sub)
	}
	return cmd
}

// checkConfig looks at what a configuration points to.
func (a *app) checkConfig(c config.Config) error {
	var errs []error
	errs = append(errs, auth.CheckListen(auth.Listener{Address: c.Listen, TLS: c.TLS.Cert != "", Tokens: c.Auth.Tokens}))
	if _, err := service.Settings(c.Schedule); err != nil {
		errs = append(errs, fmt.Errorf("schedule: %w", err))
	}
	for _, p := range []struct {
		path  string
		files []string
	}{{"tls", []string{c.TLS.Cert, c.TLS.Key}}, {"content.rules", c.Content.Rules}, {"content.parsers", c.Content.Parsers}, {"content.tables", c.Content.Tables},
		{"ingest.rules", c.Ingest.Rules}, {"ingest.watch", []string{c.Ingest.Watch}}} {
		for _, f := range p.files {
			if f == "" {
				continue
			}
			if _, err := os.Stat(f); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", p.path, err))
			}
		}
	}
	if c.Content.GeoIP != "" {
		if _, err := mmdb.Open(c.Content.GeoIP); err != nil {
			errs = append(errs, fmt.Errorf("content.geoIP: %w", err))
		}
	}
	for name, file := range c.Actions.Secrets {
		if _, err := os.Stat(file); err != nil {
			errs = append(errs, fmt.Errorf("actions.secrets.%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func (a *app) tokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Make, list and revoke API tokens", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var create, list, revoke configFlags
	var name, role string
	var expires time.Duration
	c := &cobra.Command{Use: "create --name NAME --role ROLE", Short: "Make a token and print it, once",
		Long: `create makes a token and prints it; it is kept nowhere, only a digest of it. It works on the data folder, so the server
must not be running; a running one makes tokens at POST /tokens.

Roles: reader looks at everything, responder also works on incidents, contributor also changes rules, watchlists and
tokens, ingest-only hands in events and sees nothing.`,
		Example: "  vedette token create --name collector-1 --role ingest-only --expires 8760h", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.onState(cmd.Context(), &create, func(st state.Store) error {
				g := auth.Grant{Name: name, Role: auth.Role(role), By: "vedette token create"}
				if expires > 0 {
					g.Expires = time.Now().Add(expires)
				}
				var text string
				err := st.Update(cmd.Context(), func(tx state.Tx) (err error) {
					text, _, err = auth.Issue(tx, g, time.Now(), rand.Reader)
					return err
				})
				if err == nil {
					fmt.Fprintln(a.out, text)
				}
				return err
			})
		}}
	c.Flags().StringVar(&name, "name", "", "what the token is for")
	c.Flags().StringVar(&role, "role", string(auth.Reader), "reader, responder, contributor or ingest-only")
	c.Flags().DurationVar(&expires, "expires", 0, "how long it is good for; 0 is for ever")
	cobra.CheckErr(c.MarkFlagRequired("name"))
	create.add(c)
	l := &cobra.Command{Use: "list", Short: "List the tokens", Args: cobra.NoArgs, Example: "  vedette token list --data /var/lib/vedette",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.onState(cmd.Context(), &list, func(st state.Store) error {
				return st.View(cmd.Context(), func(tx state.Tx) error {
					tokens, err := tx.Tokens().List()
					w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
					fmt.Fprintln(w, "id\trole\tname\tcreated\texpires\tused")
					day := func(t time.Time) string {
						if t.IsZero() {
							return "never"
						}
						return t.Format(time.DateOnly)
					}
					for _, t := range tokens {
						fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Role, t.Name, day(t.Created), day(t.Expires), day(t.Used))
					}
					return errors.Join(err, w.Flush())
				})
			})
		}}
	list.add(l)
	r := &cobra.Command{Use: "revoke ID", Short: "Make a token good for nothing", Args: cobra.ExactArgs(1), Example: "  vedette token revoke 6f1c… --data /var/lib/vedette",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onState(cmd.Context(), &revoke, func(st state.Store) error {
				return st.Update(cmd.Context(), func(tx state.Tx) error { return tx.Tokens().Delete(args[0]) })
			})
		}}
	revoke.add(r)
	cmd.AddCommand(c, l, r)
	return cmd
}

// onState opens the state of a data folder for f.
func (a *app) onState(ctx context.Context, flags *configFlags, f func(state.Store) error) error {
	c, err := flags.read()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}
	st, err := sqlite.Open(ctx, filepath.Join(c.Data, service.StateFile), sqlite.Options{})
	if err != nil {
		return hint(err, c.Data)
	}
	return errors.Join(f(st), st.Close())
}

func (a *app) backupCommand() *cobra.Command {
	var f serverFlags
	var name string
	cmd := &cobra.Command{Use: "backup", Short: "Have a running server write a backup of its data folder",
		Long: `backup has the server copy its data folder, as it is now, to a folder beside it, while it goes on taking events in. It
prints the folder's name. 'vedette restore' makes a data folder of it.`,
		Example: "  vedette backup\n  vedette backup --name before-upgrade", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out struct{ Folder string }
			p := a.progress()
			p.show("backing up")
			err := f.call(cmd.Context(), http.MethodPost, "/backup", map[string]string{"name": name}, &out)
			p.done()
			if err == nil {
				fmt.Fprintln(a.out, out.Folder)
			}
			return err
		}}
	f.add(cmd)
	cmd.Flags().StringVar(&name, "name", "", "name of the backup's folder (default: the time)")
	return cmd
}

func (a *app) restoreCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{Use: "restore BACKUP --data FOLDER", Short: "Make a data folder of a backup", Args: cobra.ExactArgs(1),
		Example: "  vedette restore vedette-data-backups/20261122T101500Z --data /var/lib/vedette",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := service.Restore(args[0], data); err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s is restored to %s; start it with: vedette serve --data %s\n", args[0], data, data)
			return nil
		}}
	cmd.Flags().StringVar(&data, "data", "", "the new data folder; it must be empty or not there")
	cobra.CheckErr(cmd.MarkFlagRequired("data"))
	return cmd
}
