package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/config"
)

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "vedette.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestTheDefaultsAreSound(t *testing.T) {
	for _, name := range []string{"", write(t, ""), write(t, "# nothing\n")} {
		c, err := config.Read(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := yaml.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := config.Read(write(t, string(text)), nil)
		if err != nil {
			t.Fatalf("what is printed cannot be read: %v\n%s", err, text)
		}
		if second, _ := yaml.Marshal(again); string(second) != string(text) {
			t.Errorf("what is printed is read as\n%s\nnot as\n%s", second, text)
		}
	}
}

func TestReading(t *testing.T) {
	name := write(t, `
data: /var/lib/vedette
ingest: {maxBody: 2MB, watch: drop}
retention: {default: 30d, tables: {SigninLogs: 365d, Heartbeat: 12h}}
schedule: {delay: 1m, nrtEvery: 1s}
content: {rules: [rules, /etc/rules], watchlists: [vip=vip.csv], geoIP: city.mmdb}
actions: {secrets: {hook: secret.txt}}
`)
	c, err := config.Read(name, []string{"VEDETTE_LISTEN=[::1]:9000", "VEDETTE_QUERY_MEMORY=1GB", "VEDETTE_CONTENT_PARSERS=a, b", "VEDETTE_AUTH_TOKENS=true", "PATH=/bin",
		"VEDETTE_RETENTION_DEFAULT=7d", "VEDETTE_CONFIG=x"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(name)
	for _, x := range []struct {
		what      string
		got, want any
	}{
		{"data", c.Data, "/var/lib/vedette"}, {"maxBody", c.Ingest.MaxBody, config.Size(2 << 20)}, {"watch", c.Ingest.Watch, filepath.Join(dir, "drop")},
		{"rules", strings.Join(c.Content.Rules, " "), filepath.Join(dir, "rules") + " /etc/rules"}, {"watchlist", c.Content.Watchlists[0], "vip=" + filepath.Join(dir, "vip.csv")},
		{"locations", c.Content.GeoIP, filepath.Join(dir, "city.mmdb")},
		{"secret", c.Actions.Secrets["hook"], filepath.Join(dir, "secret.txt")},
		{"sign-ins", c.Retention.Keep("SigninLogs"), 365 * 24 * time.Hour}, {"heartbeats", c.Retention.Keep("Heartbeat"), 12 * time.Hour}, {"others", c.Retention.Keep("X"), 7 * 24 * time.Hour},
		{"delay", c.Schedule.Delay, time.Minute}, {"listen", c.Listen, "[::1]:9000"}, {"memory", c.Query.Memory, config.Size(1 << 30)}, {"tokens", c.Auth.Tokens, true},
		{"parsers", strings.Join(c.Content.Parsers, " "), "a b"}, {"workers", c.Schedule.Workers, 2},
	} {
		if x.got != x.want {
			t.Errorf("%s: %v, want %v", x.what, x.got, x.want)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		file string
		env  string
		want string
	}{
		{"dta: x", "", "line 1: field dta not found"},
		{"ingest:\n  maxBody: big", "", "'big' is no size"},
		{"retention: {default: soon}", "", "'soon' is no span of time"},
		{"schedule: {delay: 5}", "", "cannot unmarshal"},
		{"schedule: {delay: -5m}", "", "schedule.delay: is -5m0s, expected at least 0s"},
		{"listen: here", "", "listen: 'here' is no address"},
		{"tls: {cert: x}", "", "tls: has one of cert and key"},
		{"workspace: {id: x}", "", "workspace.id: 'x' is no GUID"},
		{"workspace: {name: a/b}", "", "workspace.name: 'a/b' cannot stand in a path"},
		{"ingest: {maxBody: 1GB}", "", "ingest.inflight: is 64MiB, expected at least 1GiB"},
		{"log: {level: loud}", "", "log.level: is 'loud', expected one of debug, info, warn, error"},
		{"schedule: {missed: never, workers: 0}", "", "schedule.workers: is 0, expected at least 1\nschedule.missed: is 'never', expected one of catchUp, skip"},
		{"a: 1\n---\nb: 2", "", "field a not found"},
		{"data: x\n---\ndata: y", "", "a second document"},
		{"data: [", "", "yaml:"},
		{"", "VEDETTE_LISTN=x", "VEDETTE_LISTN is no setting"},
		{"", "VEDETTE_QUERY_THREADS=many", "VEDETTE_QUERY_THREADS: 'many' does not fit"},
		{"", "VEDETTE_QUERY_TIMEOUT=1", "VEDETTE_QUERY_TIMEOUT: '1' does not fit"},
		{"", "VEDETTE_RETENTION_TABLES=x", "cannot be set by a variable"},
	} {
		_, err := config.Read(write(t, c.file), []string{c.env})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q %q\n got %v\nwant %s", c.file, c.env, err, c.want)
		}
	}
	if _, err := config.Read(filepath.Join(t.TempDir(), "none.yaml"), nil); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("a file that is not there: %v", err)
	}
}
