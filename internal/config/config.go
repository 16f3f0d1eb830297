// Package config is what an operator can set about a server: one YAML file with defaults that work without it, and
// environment variables that override it.
//
// Read turns a file and an environment into a Config, or into faults that say where in which of them. The names of the
// environment variables follow from the file's: ingest.maxBody is VEDETTE_INGEST_MAXBODY. The package opens nothing but
// the file; what a setting means is for those who use it. Start with Config.
package config

import (
	"time"
)

// Config is everything that can be set. The yaml names are the file's; the doc comments are what
// `vedette config print` writes beside them, so they are for operators.
type Config struct {
	// Data is the folder in which everything is kept: events, rules, incidents.
	Data string `yaml:"data"`
	// Listen is where the server listens, as HOST:PORT. Beyond this machine it needs tokens and TLS.
	Listen string `yaml:"listen"`
	// URL is how others reach the server, for links in alerts and incidents; empty: made from listen.
	URL string `yaml:"url"`

	TLS       TLS       `yaml:"tls"`
	Auth      Auth      `yaml:"auth"`
	Workspace Workspace `yaml:"workspace"`
	Content   Content   `yaml:"content"`
	Ingest    Ingest    `yaml:"ingest"`
	Retention Retention `yaml:"retention"`
	Query     Query     `yaml:"query"`
	Schedule  Schedule  `yaml:"schedule"`
	Actions   Actions   `yaml:"actions"`
	Log       Log       `yaml:"log"`
}

// TLS makes the server speak HTTPS.
type TLS struct {
	// Cert and Key are PEM files; both or neither.
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// Auth says who may call the server.
type Auth struct {
	// Tokens demands a token of every request. Off, the server listens on this machine only and lets everyone on it in.
	Tokens bool `yaml:"tokens"`
}

// Workspace is what the server calls itself in alerts and API paths.
type Workspace struct {
	Subscription  string `yaml:"subscription"`
	ResourceGroup string `yaml:"resourceGroup"`
	Name          string `yaml:"name"`
	// ID is the workspace's GUID, which the rows of alerts and incidents bear as TenantId.
	ID string `yaml:"id"`
}

// Content is what is loaded at start, besides what came through the API.
type Content struct {
	// Rules are folders or files of analytics rules. Rules that a file of an earlier start brought and that is gone are
	// deleted; rules that were changed through the API stay as they were changed.
	Rules []string `yaml:"rules"`
	// Parsers are folders of parser files, loaded as stored functions.
	Parsers []string `yaml:"parsers"`
	// Watchlists are ALIAS=FILE.csv[,SEARCHKEY], for watchlists that are not kept through the API.
	Watchlists []string `yaml:"watchlists"`
	// Tables are files that declare custom tables.
	Tables []string `yaml:"tables"`
	// XDR adds to the tables the columns that Defender's advanced hunting has beside those of Log Analytics.
	XDR bool `yaml:"xdr"`
	// External is URLPREFIX=FILE_OR_FOLDER: what externaldata may read, and what stands for it here.
	External []string `yaml:"external"`
	// EmptyExternal takes externaldata that External does not name for empty, with a warning.
	EmptyExternal bool `yaml:"emptyExternal"`
	// GeoIP is a City or Country database in MaxMind's format (.mmdb) that geo_info_from_ip_address() answers from; without
	// one the function is refused. The file is read at start.
	GeoIP string `yaml:"geoIP"`
}

// Ingest bounds how events come in.
type Ingest struct {
	// MaxBody bounds the body of a call of the Logs Ingestion API, and MaxUpload that of an upload, both before and after
	// unpacking.
	MaxBody   Size `yaml:"maxBody"`
	MaxUpload Size `yaml:"maxUpload"`
	// Inflight bounds the bodies that are in memory together, Pending the events that wait to be written; callers
	// beyond them are told to come again (429).
	Inflight Size `yaml:"inflight"`
	Pending  Size `yaml:"pending"`
	// BodyTimeout is how long the body of a request may take.
	BodyTimeout time.Duration `yaml:"bodyTimeout"`
	// Rules are files with data collection rules.
	Rules []string `yaml:"rules"`
	// Watch is a folder whose files are taken in; empty: none.
	Watch string `yaml:"watch"`
	// WatchEvery is how often the folder is looked at. A file is read when it has not changed for five times as long.
	WatchEvery time.Duration `yaml:"watchEvery"`
	// LogSize is how large the log of the event store may grow before it is brought into the tables. What is in it
	// takes some memory, and a start after a crash goes through it.
	LogSize Size `yaml:"logSize"`
	// MinFree is the disk space that stays free: with less, events are refused.
	MinFree Size `yaml:"minFree"`
}

// Retention is how long events are kept.
type Retention struct {
	// Default is for tables that are not named; 0 keeps for ever.
	Default Days `yaml:"default"`
	// Tables is by table.
	Tables map[string]Days `yaml:"tables"`
	// Alerts is for what the server remembers of alerts beside the SecurityAlert table, Audit for the audit trail.
	Alerts Days `yaml:"alerts"`
	Audit  Days `yaml:"audit"`
}

// Query bounds queries, those of rules and those of people.
type Query struct {
	// Memory bounds all queries together. The process takes about 500 MiB more.
	Memory Size `yaml:"memory"`
	// Threads is for one query; 0 is one for each processor.
	Threads int `yaml:"threads"`
	// Timeout bounds a query, MaxRows its result.
	Timeout time.Duration `yaml:"timeout"`
	MaxRows int           `yaml:"maxRows"`
}

// Schedule says when rules run.
type Schedule struct {
	// Delay is how long after the end of its window a scheduled rule runs, so that late events can arrive.
	Delay time.Duration `yaml:"delay"`
	// NRTEvery is how often near-real-time rules run, NRTDelay how long after the end of their window.
	NRTEvery time.Duration `yaml:"nrtEvery"`
	NRTDelay time.Duration `yaml:"nrtDelay"`
	// Spread is the span over which the first runs of rules without a start time are spread.
	Spread time.Duration `yaml:"spread"`
	// Missed says what becomes of windows that fell due while the server was down: catchUp runs them in order, skip
	// counts and reports them.
	Missed string `yaml:"missed"`
	// MaxWaiting and MaxAge bound what is caught up for one rule: windows, and the age of the oldest; 0 is no bound.
	MaxWaiting int  `yaml:"maxWaiting"`
	MaxAge     Days `yaml:"maxAge"`
	// Workers is how many rules run at a time; Timeout how long a run may take.
	Workers int           `yaml:"workers"`
	Timeout time.Duration `yaml:"timeout"`
	// DisableAfter is the number of permanent failures in a row after which a rule is disabled.
	DisableAfter int `yaml:"disableAfter"`
	// SkipEmpty leaves out runs that cannot return rows, as counters kept at ingestion prove.
	SkipEmpty bool `yaml:"skipEmpty"`
}

// Actions is what automation rules may do.
type Actions struct {
	// Secrets are files that hold a secret each, by the name that rules know it by.
	Secrets map[string]string `yaml:"secrets"`
	// Playbooks are what is called for playbooks, by their resource id.
	Playbooks map[string]Playbook `yaml:"playbooks"`
	// Files is the folder that WriteFile actions write in; empty: in the data folder.
	Files string `yaml:"files"`
	// Timeout bounds one action.
	Timeout time.Duration `yaml:"timeout"`
	// Hosts are the only hosts that webhooks may call, as siem.example.com or *.example.com; none: any.
	Hosts []string `yaml:"hosts"`
	// Networks are networks, as 127.0.0.0/8, that webhooks may call although they are the machine's own or its links'.
	Networks []string `yaml:"networks"`
	SMTP     SMTP     `yaml:"smtp"`
}

// Playbook is a URL that stands for a playbook.
type Playbook struct {
	URL string `yaml:"url"`
	// Secret is the name of the secret that signs the calls; empty: they are not signed.
	Secret string `yaml:"secret"`
}

// SMTP is the server that takes mail.
type SMTP struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"`
	// Security is starttls, tls or none.
	Security string `yaml:"security"`
	User     string `yaml:"user"`
	// Password is the name of a secret.
	Password string `yaml:"password"`
	From     string `yaml:"from"`
}

// Log is what the server says of itself on stderr.
type Log struct {
	// Level is debug, info, warn or error; Format is text or json.
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// Default is the configuration without a file.
func Default() Config {
	return Config{
		Data:   "vedette-data",
		Listen: "127.0.0.1:8480",
		Workspace: Workspace{Subscription: "00000000-0000-0000-0000-000000000000", ResourceGroup: "vedette", Name: "vedette",
			ID: "00000000-0000-0000-0000-000000000000"},
		Ingest: Ingest{MaxBody: 1 << 20, MaxUpload: 1 << 30, Inflight: 64 << 20, Pending: 128 << 20, BodyTimeout: 30 * time.Second,
			WatchEvery: 2 * time.Second, LogSize: 128 << 20, MinFree: 512 << 20},
		Retention: Retention{Default: 90 * day, Alerts: 180 * day, Audit: 365 * day},
		Query:     Query{Memory: 2 << 30, Timeout: 10 * time.Minute, MaxRows: 500_000},
		Schedule: Schedule{Delay: 5 * time.Minute, NRTEvery: time.Second, Spread: 5 * time.Minute, Missed: "catchUp",
			MaxAge: 14 * day, Workers: 2, Timeout: 10 * time.Minute, DisableAfter: 10, SkipEmpty: true},
		Actions: Actions{Timeout: 30 * time.Second, SMTP: SMTP{Port: 587, Security: "starttls"}},
		Log:     Log{Level: "info", Format: "text"},
	}
}
