// Package demo makes up a tenant: Contoso, its people, and a month of their Entra ID sign-ins, directory
// changes, identity records and UEBA rows, with an MFA fatigue attack in the last hour. It turns Options
// into rows of five tables and a Story that tells what is to be found in them.
//
// Equal options give equal rows, bit for bit and on every machine: the package reads no clock, ranges over no
// map, loads no time zone file and computes with integers only. All addresses, autonomous systems and people
// are fictional: RFC 5737, RFC 2544, RFC 3849 and RFC 5398 ranges, and a short list of names.
//
// The package imports internal/types and nothing else of the project; in particular it knows neither
// storage nor internal/ueba, so its BehaviorAnalytics scores are an input, not a check of the engine.
// Start reading at Generate, then signins.go (everyday life) and attack.go (the story).
package demo

import (
	"fmt"
	"time"

	"github.com/vedette-siem/vedette/internal/types"
)

// The tables that Generate fills, in the order in which it emits them.
const (
	TableIdentityInfo      = "IdentityInfo"
	TableSigninLogs        = "SigninLogs"
	TableNonInteractive    = "AADNonInteractiveUserSignInLogs"
	TableAuditLogs         = "AuditLogs"
	TableBehaviorAnalytics = "BehaviorAnalytics"
)

// Tables returns the names of the tables that Generate fills, in the order of emission.
func Tables() []string {
	return []string{TableIdentityInfo, TableSigninLogs, TableNonInteractive, TableAuditLogs, TableBehaviorAnalytics}
}

// RuleID is the id of "MFA Rejected by User", the rule template that finds the attack.
const RuleID = "d99cf5c3-d660-436c-895b-8a8f8448da23"

// Options says what tenant to make up. The zero value is the standard demo: 2,000 users, 30 days, 300,000
// interactive sign-ins and the attack.
type Options struct {
	Seed         uint64    // other seeds give other people and other days, with the same story
	End          time.Time // end of the period, exclusive; zero means DefaultEnd
	Days         int       // length of the period; zero means 30
	Users        int       // people, guests and service accounts; zero means 2,000
	SignIns      int       // interactive sign-ins of everyday life; zero means 300,000; the attack comes on top
	NoAttack     bool      // leave the attack out; every other row stays as it is
	DropDeclined bool      // leave out each prompt that a user declined, with its UEBA row; every other row stays
}

// DefaultEnd is the end of the standard demo: a Thursday that ends, in UTC.
func DefaultEnd() time.Time { return time.Date(2026, time.November, 20, 0, 0, 0, 0, time.UTC) }

const (
	minUsers   = 20
	maxUsers   = 200_000
	minSignIns = 1_000
	maxSignIns = 50_000_000
	maxDays    = 366
)

// withDefaults fills in what is zero and refuses what makes no tenant.
func (o Options) withDefaults() (Options, error) {
	if o.End.IsZero() {
		o.End = DefaultEnd()
	}
	if o.Days == 0 {
		o.Days = 30
	}
	if o.Users == 0 {
		o.Users = 2000
	}
	if o.SignIns == 0 {
		o.SignIns = 300_000
	}
	for _, c := range []struct {
		name        string
		got, lo, hi int
	}{
		{"Days", o.Days, 2, maxDays},
		{"Users", o.Users, minUsers, maxUsers},
		{"SignIns", o.SignIns, minSignIns, maxSignIns},
		{"year of End", o.End.UTC().Year(), 1990, 9000},
	} {
		if c.got < c.lo || c.got > c.hi {
			return o, fmt.Errorf("demo: %s is %d, want %d to %d", c.name, c.got, c.lo, c.hi)
		}
	}
	return o, nil
}

// Emit receives the rows. The row belongs to the generator and is overwritten after the call: copy what is kept,
// change nothing. An error ends the generation.
type Emit func(table string, schema types.Schema, row []types.Value) error

// Generate makes up the tenant and hands its rows to emit: one table after the other, in the order of Tables,
// each table in the order of TimeGenerated. It asks schemaOf for the columns of each table and fills those it knows;
// others are null. A table whose schema is empty is left out. A column whose type is not the one that the
// table has in Azure Monitor is an error.
func Generate(opts Options, schemaOf func(table string) types.Schema, emit Emit) (Story, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return Story{}, err
	}
	g := newGenerator(opts)
	open := func(name string) *tableWriter { return newTableWriter(name, schemaOf(name), emit) }
	for _, write := range []func() error{
		func() error { return g.writeIdentities(open(TableIdentityInfo)) },
		func() error { return g.writeSignIns(open(TableSigninLogs)) },
		func() error { return g.writeNonInteractive(open(TableNonInteractive)) },
		func() error { return g.writeAudit(open(TableAuditLogs)) },
		func() error { return g.writeBehavior(open(TableBehaviorAnalytics)) },
	} {
		if err := write(); err != nil {
			return Story{}, err
		}
	}
	return g.story(), nil
}

// generator is the state of one run of Generate.
type generator struct {
	opts       Options
	start, end int64 // ticks
	tenant     string
	workspace  string
	world      *world
	people     []*user
	victim     *user
	changes    []directoryChange // of the directory, in order of time
	attack     attack
	behavior   *behavior
	seq        uint64 // number of the next event of everyday life; ids derive from it
}

func newGenerator(opts Options) *generator {
	g := &generator{opts: opts, end: types.TicksOf(opts.End)}
	g.start = g.end - int64(opts.Days)*day
	g.tenant = g.guid(tagTenant, 0)
	g.workspace = g.guid(tagTenant, 1)
	g.world = newWorld()
	g.buildPeople()
	g.planAttack()
	g.planChanges()
	g.behavior = newBehavior(g)
	return g
}
