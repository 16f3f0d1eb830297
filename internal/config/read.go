package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"
)

// EnvPrefix begins the names of the environment variables that are read.
const EnvPrefix = "VEDETTE_"

// maxFile bounds the file.
const maxFile = 1 << 20

// Read reads a configuration: the defaults, changed by the file, changed by the environment (a list of NAME=value). An
// empty name reads no file. Relative paths in the file are relative to its folder. All faults are reported together.
func Read(name string, environ []string) (Config, error) {
	c := Default()
	if name != "" {
		f, err := os.Open(name)
		if err != nil {
			return c, fmt.Errorf("configuration: %w", err)
		}
		defer f.Close()
		text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
		if err != nil {
			return c, fmt.Errorf("configuration: %w", err)
		}
		if len(text) > maxFile {
			return c, fmt.Errorf("configuration: %s has more than %d bytes", name, maxFile)
		}
		if err := c.decode(text); err != nil {
			return c, fmt.Errorf("configuration %s: %w", name, err)
		}
		c.resolve(filepath.Dir(name))
	}
	if err := c.override(environ); err != nil {
		return c, fmt.Errorf("configuration from the environment: %w", err)
	}
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("configuration: %w", err)
	}
	return c, nil
}

func (c *Config) decode(text []byte) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err := d.Decode(c)
	if errors.Is(err, io.EOF) { // nothing but comments
		return nil
	}
	var te *yaml.TypeError
	if errors.As(err, &te) {
		return errors.New(strings.Join(te.Errors, "; "))
	}
	if err == nil && d.Decode(new(any)) == nil {
		return errors.New("a second document; expected one")
	}
	return err
}

// resolve makes the file's relative paths relative to its folder.
func (c *Config) resolve(dir string) {
	defaults := Default()
	paths := []*string{&c.TLS.Cert, &c.TLS.Key, &c.Ingest.Watch, &c.Actions.Files, &c.Content.GeoIP}
	if c.Data != defaults.Data {
		paths = append(paths, &c.Data)
	}
	for _, list := range [][]string{c.Content.Rules, c.Content.Parsers, c.Content.Tables, c.Ingest.Rules} {
		for i := range list {
			paths = append(paths, &list[i])
		}
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	for _, list := range [][]string{c.Content.Watchlists, c.Content.External} {
		for i, s := range list {
			if key, file, ok := strings.Cut(s, "="); ok && !filepath.IsAbs(file) {
				list[i] = key + "=" + filepath.Join(dir, file)
			}
		}
	}
	for name, file := range c.Actions.Secrets {
		if !filepath.IsAbs(file) {
			c.Actions.Secrets[name] = filepath.Join(dir, file)
		}
	}
}

// override applies the environment. Lists are separated by commas; maps cannot be set so.
func (c *Config) override(environ []string) error {
	known := map[string]reflect.Value{}
	var names []string
	fields(reflect.ValueOf(c).Elem(), "", func(path string, v reflect.Value) {
		name := EnvPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
		known[name] = v
		names = append(names, name)
	})
	var errs []error
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		v, ok := known[name]
		switch {
		case !ok && strings.HasPrefix(name, EnvPrefix) && !slices.Contains(otherVariables, name):
			errs = append(errs, fmt.Errorf("%s is no setting", name))
		case !ok:
		case v.Kind() == reflect.Map:
			errs = append(errs, fmt.Errorf("%s cannot be set by a variable; use the file", name))
		case v.Kind() == reflect.Slice:
			var list []string
			for _, s := range strings.Split(value, ",") {
				if s = strings.TrimSpace(s); s != "" {
					list = append(list, s)
				}
			}
			v.Set(reflect.ValueOf(list))
		default:
			n := yaml.Node{Kind: yaml.ScalarNode, Value: value}
			if v.Kind() == reflect.String {
				n.Tag = "!!str"
			}
			if err := n.Decode(v.Addr().Interface()); err != nil {
				errs = append(errs, fmt.Errorf("%s: '%s' does not fit: %s", name, value, plain(err)))
			}
		}
	}
	return errors.Join(errs...)
}

// otherVariables begin like settings and are none.
var otherVariables = []string{EnvPrefix + "CONFIG", EnvPrefix + "SHARED", EnvPrefix + "TOKEN", EnvPrefix + "SERVER"}

func plain(err error) string {
	var te *yaml.TypeError
	if errors.As(err, &te) {
		return strings.TrimPrefix(strings.Join(te.Errors, "; "), "line 0: ")
	}
	return err.Error()
}

// fields calls f for every setting, with its path in the file.
func fields(v reflect.Value, path string, f func(path string, v reflect.Value)) {
	t := v.Type()
	for i := range t.NumField() {
		p := strings.TrimPrefix(path+"."+t.Field(i).Tag.Get("yaml"), ".")
		if v.Field(i).Kind() == reflect.Struct {
			fields(v.Field(i), p, f)
			continue
		}
		f(p, v.Field(i))
	}
}

// Validate returns everything that is wrong with a configuration, joined.
func (c *Config) Validate() error {
	var errs []error
	bad := func(path, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: "+format, append([]any{path}, args...)...))
	}
	if c.Data == "" {
		bad("data", "is empty; expected a folder")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		bad("listen", "'%s' is no address; expected HOST:PORT", c.Listen)
	}
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		bad("tls", "has one of cert and key; expected both or neither")
	}
	if _, err := uuid.Parse(c.Workspace.ID); err != nil {
		bad("workspace.id", "'%s' is no GUID", c.Workspace.ID)
	}
	for _, s := range []struct{ path, value string }{{"workspace.subscription", c.Workspace.Subscription}, {"workspace.resourceGroup", c.Workspace.ResourceGroup},
		{"workspace.name", c.Workspace.Name}} {
		if s.value == "" || strings.ContainsAny(s.value, "/?#% ") {
			bad(s.path, "'%s' cannot stand in a path", s.value)
		}
	}
	for _, s := range []struct {
		path  string
		value Size
		least Size
	}{{"ingest.maxBody", c.Ingest.MaxBody, 1 << 10}, {"ingest.maxUpload", c.Ingest.MaxUpload, 1 << 10}, {"ingest.inflight", c.Ingest.Inflight, c.Ingest.MaxBody},
		{"ingest.pending", c.Ingest.Pending, 1 << 20}, {"query.memory", c.Query.Memory, 128 << 20}} {
		if s.value < s.least {
			bad(s.path, "is %s, expected at least %s", s.value, s.least)
		}
	}
	for _, d := range []struct {
		path  string
		value time.Duration
		least time.Duration
	}{{"ingest.bodyTimeout", c.Ingest.BodyTimeout, time.Second}, {"ingest.watchEvery", c.Ingest.WatchEvery, 100 * time.Millisecond}, {"query.timeout", c.Query.Timeout, time.Second},
		{"schedule.delay", c.Schedule.Delay, 0}, {"schedule.nrtEvery", c.Schedule.NRTEvery, 100 * time.Millisecond}, {"schedule.nrtDelay", c.Schedule.NRTDelay, 0},
		{"schedule.spread", c.Schedule.Spread, 0}, {"schedule.timeout", c.Schedule.Timeout, time.Second}, {"actions.timeout", c.Actions.Timeout, time.Second}} {
		if d.value < d.least {
			bad(d.path, "is %s, expected at least %s", d.value, d.least)
		}
	}
	for _, n := range []struct {
		path         string
		value, least int
	}{{"query.threads", c.Query.Threads, 0}, {"query.maxRows", c.Query.MaxRows, 1}, {"schedule.maxWaiting", c.Schedule.MaxWaiting, 0}, {"schedule.workers", c.Schedule.Workers, 1},
		{"schedule.disableAfter", c.Schedule.DisableAfter, 1}, {"actions.smtp.port", c.Actions.SMTP.Port, 1}} {
		if n.value < n.least {
			bad(n.path, "is %d, expected at least %d", n.value, n.least)
		}
	}
	for _, w := range []struct {
		path, value string
		words       []string
	}{{"schedule.missed", c.Schedule.Missed, []string{"catchUp", "skip"}}, {"actions.smtp.security", c.Actions.SMTP.Security, []string{"starttls", "tls", "none"}},
		{"log.level", c.Log.Level, []string{"debug", "info", "warn", "error"}}, {"log.format", c.Log.Format, []string{"text", "json"}}} {
		if !slices.Contains(w.words, w.value) {
			bad(w.path, "is '%s', expected one of %s", w.value, strings.Join(w.words, ", "))
		}
	}
	return errors.Join(errs...)
}

// Keep returns the retention of a table; 0 is for ever.
func (r Retention) Keep(table string) time.Duration {
	if d, ok := r.Tables[table]; ok {
		return d.Duration()
	}
	return r.Default.Duration()
}

// Paths lists every setting's path in the file and its value as the file would have it.
func (c *Config) Paths() [][2]string {
	var out [][2]string
	fields(reflect.ValueOf(c).Elem(), "", func(path string, v reflect.Value) {
		text, err := yaml.Marshal(v.Interface())
		if err != nil {
			text = fmt.Appendf(nil, "%v", v.Interface())
		}
		out = append(out, [2]string{path, strings.TrimSpace(string(text))})
	})
	return out
}
