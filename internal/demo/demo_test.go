package demo

import (
	"encoding/binary"
	"errors"
	"hash"
	"hash/fnv"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/types"
)

// builtin returns the schemas of the catalogue.
func builtin(t testing.TB) func(string) types.Schema {
	c := catalog.Builtin()
	return func(name string) types.Schema {
		table, ok := c.Table(name)
		if !ok {
			t.Fatalf("no table %s in the catalogue", name)
		}
		return table.Columns
	}
}

// only leaves out all tables but some.
func only(schemaOf func(string) types.Schema, tables ...string) func(string) types.Schema {
	return func(name string) types.Schema {
		if slices.Contains(tables, name) {
			return schemaOf(name)
		}
		return nil
	}
}

// reader gives a row's values by column name.
type reader struct {
	t      testing.TB
	schema types.Schema
	row    []types.Value
}

func (r reader) get(column string) types.Value {
	i := r.schema.Index(column)
	if i < 0 {
		r.t.Fatalf("no column %s", column)
	}
	return r.row[i]
}

func (r reader) text(column string) string { return r.get(column).Text() }
func (r reader) at() int64                 { return r.get("TimeGenerated").Int64() }

// path returns a member of a dynamic column, as tostring(Column.key) does.
func (r reader) path(column, key string) string {
	v := r.get(column)
	if v.IsNull() {
		return ""
	}
	n, err := types.ParseJSON(v.Text())
	if err != nil {
		r.t.Fatalf("%s holds %q: %v", column, v.Text(), err)
	}
	m, _ := n.Get(key)
	return m.Value().ToText()
}

// run generates and calls see for each row.
func run(t testing.TB, o Options, schemaOf func(string) types.Schema, see func(table string, r reader)) Story {
	t.Helper()
	s, err := Generate(o, schemaOf, func(table string, schema types.Schema, row []types.Value) error {
		see(table, reader{t, schema, row})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// addRow adds a row to a hash, types and nulls included.
func addRow(h hash.Hash64, row []types.Value) {
	var b []byte
	for _, v := range row {
		b = append(b, byte(v.Type()), 0)
		if v.IsNull() {
			b[len(b)-1] = 1
			continue
		}
		switch v.Type() {
		case types.Real:
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float64()))
		case types.String, types.Dynamic, types.Guid, types.Decimal:
			b = binary.LittleEndian.AppendUint32(b, uint32(len(v.Text())))
			b = append(b, v.Text()...)
		default:
			b = binary.LittleEndian.AppendUint64(b, uint64(v.Int64()))
		}
	}
	h.Write(b)
}

var small = Options{Users: 200, SignIns: 9000, Days: 9}

// pinned are columns whose values are the same in every release, whatever else the catalogue's schemas gain.
var pinned = map[string][]string{
	TableIdentityInfo:      {"TimeGenerated", "_ItemId", "AccountUPN", "AccountObjectId", "AssignedRoles", "GroupMembership", "Manager", "IsAccountEnabled"},
	TableSigninLogs:        {"TimeGenerated", "_ItemId", "UserPrincipalName", "UserId", "IPAddress", "ResultType", "Status", "DeviceDetail", "AuthenticationDetails", "AppId"},
	TableNonInteractive:    {"TimeGenerated", "_ItemId", "UserPrincipalName", "IPAddress", "ResultType", "LocationDetails"},
	TableAuditLogs:         {"TimeGenerated", "_ItemId", "OperationName", "InitiatedBy", "TargetResources"},
	TableBehaviorAnalytics: {"TimeGenerated", "_ItemId", "SourceRecordId", "InvestigationPriority", "ActivityInsights", "UsersInsights"},
}

func TestDeterminism(t *testing.T) {
	full := builtin(t)
	few := func(table string) types.Schema {
		var s types.Schema
		for _, c := range pinned[table] {
			s = append(s, full(table)[full(table).Index(c)])
		}
		return s
	}
	sum := func(o Options, schemaOf func(string) types.Schema) (uint64, Story) {
		h := fnv.New64a()
		s := run(t, o, schemaOf, func(table string, r reader) {
			h.Write([]byte(table))
			addRow(h, r.row)
		})
		return h.Sum64(), s
	}
	first, story := sum(small, full)
	again, storyAgain := sum(small, full)
	if first != again || story != storyAgain {
		t.Errorf("two runs differ: %x and %x", first, again)
	}
	explicit := small
	explicit.End = DefaultEnd()
	if got, _ := sum(explicit, full); got != first {
		t.Error("DefaultEnd given explicitly gives other rows")
	}
	other := small
	other.Seed = 1
	if got, _ := sum(other, full); got == first {
		t.Error("another seed gives the same rows")
	}
	// The same bits on every machine: a change of this number is a change that users see.
	const want = 0x8ca5697e1f0dc91d
	if got, _ := sum(small, few); got != want {
		t.Errorf("hash of the pinned columns is %#x, want %#x", got, uint64(want))
	}
}

// TestLeavingOut pins that NoAttack and DropDeclined take rows away and change none of the others.
func TestLeavingOut(t *testing.T) {
	rows := func(o Options) map[string]map[uint64]bool {
		all := map[string]map[uint64]bool{}
		for _, n := range Tables() {
			all[n] = map[uint64]bool{}
		}
		run(t, o, builtin(t), func(table string, r reader) {
			h := fnv.New64a()
			addRow(h, r.row)
			all[table][h.Sum64()] = true
		})
		return all
	}
	whole := rows(small)
	for _, c := range []struct {
		name string
		opts Options
		less map[string]int // rows fewer than in the whole; -1 for some
	}{
		{"NoAttack", Options{NoAttack: true}, map[string]int{TableSigninLogs: 18*2 + 5, TableNonInteractive: 4, TableAuditLogs: 1, TableIdentityInfo: 1, TableBehaviorAnalytics: -1}},
		{"DropDeclined", Options{DropDeclined: true}, map[string]int{TableSigninLogs: -1, TableBehaviorAnalytics: -1}},
	} {
		o := small
		o.NoAttack, o.DropDeclined = c.opts.NoAttack, c.opts.DropDeclined
		part := rows(o)
		for _, table := range Tables() {
			for h := range part[table] {
				if !whole[table][h] {
					t.Errorf("%s: %s has a row that the whole has not", c.name, table)
					break
				}
			}
			less := len(whole[table]) - len(part[table])
			if want := c.less[table]; want >= 0 && less != want || want < 0 && less == 0 {
				t.Errorf("%s: %s has %d rows fewer, want %d", c.name, table, less, want)
			}
		}
	}
}

// TestSchema checks every value of a tenant against its column: type, canonical JSON, order of time, period, constant texts.
func TestSchema(t *testing.T) {
	last, count := map[string]int64{}, map[string]int{}
	items := map[string]bool{}
	filled := map[string]map[string]bool{}
	start, end := types.TicksOf(DefaultEnd().AddDate(0, 0, -small.Days)), types.TicksOf(DefaultEnd())
	run(t, small, builtin(t), func(table string, r reader) {
		if filled[table] == nil {
			filled[table] = map[string]bool{}
		}
		count[table]++
		if len(r.row) != len(r.schema) {
			t.Fatalf("%s: row of %d values for %d columns", table, len(r.row), len(r.schema))
		}
		for i, c := range r.schema {
			v := r.row[i]
			if v.Type() != c.Type {
				t.Fatalf("%s.%s is %s, want %s", table, c.Name, v.Type(), c.Type)
			}
			if c.Type == types.String && v.IsNull() {
				t.Fatalf("%s.%s is a null string", table, c.Name)
			}
			if !v.IsNull() && (c.Type != types.String || v.Text() != "") {
				filled[table][c.Name] = true
			}
			if c.Type == types.Dynamic && !v.IsNull() {
				if canonical, err := types.CanonicalJSON(v.Text()); err != nil || canonical != v.Text() {
					t.Fatalf("%s.%s is %q, canonical %q (%v)", table, c.Name, v.Text(), canonical, err)
				}
			}
		}
		if at := r.at(); at < start || at >= end || at < last[table] {
			t.Fatalf("%s: time %s after %s", table, types.FormatDatetime(at), types.FormatDatetime(last[table]))
		}
		last[table] = r.at()
		if id := r.text("_ItemId"); items[id] || len(id) != 36 {
			t.Fatalf("%s: item id %q is empty or taken", table, id)
		} else {
			items[id] = true
		}
		if r.text("Type") != table || r.get("_TimeReceived").Int64() <= r.at() {
			t.Fatalf("%s: Type %q, received %s", table, r.text("Type"), types.FormatDatetime(r.get("_TimeReceived").Int64()))
		}
		switch table {
		case TableSigninLogs, TableNonInteractive:
			for _, c := range []string{"AuthenticationDetails", "AppliedConditionalAccessPolicies", "ConditionalAccessPolicies", "NetworkLocationDetails", "RiskEventTypes_V2", "DeviceDetail", "Status"} {
				i := r.schema.Index(c)
				if i < 0 {
					continue
				}
				if _, err := types.ParseJSON(r.row[i].Text()); err != nil {
					t.Fatalf("%s.%s is %q: %v", table, c, r.row[i].Text(), err)
				}
			}
			checkAddress(t, r.text("IPAddress"))
			if table == TableSigninLogs && r.path("Status", "errorCode") != r.text("ResultType") {
				t.Fatalf("Status %s with ResultType %s", r.text("Status"), r.text("ResultType"))
			}
		case TableBehaviorAnalytics:
			if p := r.get("InvestigationPriority").Int64(); p < 0 || p > 10 {
				t.Fatalf("InvestigationPriority %d", p)
			}
		}
	})
	for _, table := range Tables() {
		if count[table] == 0 {
			t.Errorf("%s is empty", table)
		}
		t.Logf("%s: %d rows, %d columns filled of %d", table, count[table], len(filled[table]), len(builtin(t)(table)))
	}
	for table, columns := range map[string][]string{
		TableSigninLogs:        {"Status", "UserId", "AADTenantId", "DeviceDetail", "LocationDetails", "ConditionalAccessPolicies", "MfaDetail", "SessionId", "TenantId", "_BilledSize", "IsInteractive"},
		TableIdentityInfo:      {"AccountUPN", "AssignedRoles", "GroupMembership", "UserType", "IsAccountEnabled", "JobTitle", "Manager", "BlastRadius", "AccountCreationTime"},
		TableBehaviorAnalytics: {"UsersInsights", "DevicesInsights", "ActivityInsights", "SourceIPAddress", "SourceRecordId", "TargetName", "TimeProcessed"},
		TableAuditLogs:         {"InitiatedBy", "TargetResources", "OperationName", "Category", "AdditionalDetails"},
		TableNonInteractive:    {"Status", "DeviceDetail", "LocationDetails", "SignInEventTypes", "ProcessingTimeInMs"},
	} {
		for _, c := range columns {
			if !filled[table][c] {
				t.Errorf("%s.%s is never filled", table, c)
			}
		}
	}
}

// nobodys are the address ranges that belong to no organisation.
var nobodys = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("2001:db8::/32"),
}

func checkAddress(t testing.TB, text string) {
	t.Helper()
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.String() != text || !slices.ContainsFunc(nobodys, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		t.Fatalf("address %q is not a documentation address in its usual form (%v)", text, err)
	}
}

func TestOptions(t *testing.T) {
	none := func(string) types.Schema { return nil }
	for _, c := range []struct {
		name string
		opts Options
		want string // in the error, "" for none
	}{
		{"smallest", Options{Users: 20, SignIns: 1000, Days: 2}, ""},
		{"odd end", Options{Users: 20, SignIns: 1000, Days: 2, End: time.Date(2025, 3, 1, 10, 17, 5, 300, time.UTC)}, ""},
		{"few users", Options{Users: 19}, "Users is 19, want 20 to 200000"},
		{"negative users", Options{Users: -1}, "Users is -1"},
		{"many users", Options{Users: 200_001}, "Users is 200001"},
		{"one day", Options{Days: 1}, "Days is 1, want 2 to 366"},
		{"few sign-ins", Options{SignIns: 999}, "SignIns is 999, want 1000"},
		{"long ago", Options{End: time.Date(1066, 10, 14, 0, 0, 0, 0, time.UTC)}, "year of End is 1066"},
	} {
		_, err := Generate(c.opts, none, func(table string, _ types.Schema, _ []types.Value) error {
			t.Fatalf("%s: a row of %s, which was left out", c.name, table)
			return nil
		})
		if got := errText(err); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: error %q, want %q", c.name, got, c.want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestSchemaMismatch hands in schemas that are not those of Azure Monitor.
func TestSchemaMismatch(t *testing.T) {
	stop := errors.New("enough")
	for _, c := range []struct {
		table  string
		schema types.Schema
		want   string
	}{
		{TableSigninLogs, types.Schema{{Name: "TimeGenerated", Type: types.String}, {Name: "Status", Type: types.String}}, "column TimeGenerated of SigninLogs is string, want datetime\ndemo: column Status of SigninLogs is string, want dynamic"},
		{TableNonInteractive, types.Schema{{Name: "Status", Type: types.Dynamic}}, "column Status of AADNonInteractiveUserSignInLogs is dynamic, want string"},
		{TableBehaviorAnalytics, types.Schema{{Name: "InvestigationPriority", Type: types.Long}}, "column InvestigationPriority of BehaviorAnalytics is long, want int"},
		{TableAuditLogs, types.Schema{{Name: "Result", Type: types.Long}}, "column Result of AuditLogs is long, want string"},
		{TableIdentityInfo, types.Schema{{Name: "AssignedRoles", Type: types.String}}, "column AssignedRoles of IdentityInfo is string, want dynamic"},
		// A column that the demo does not know stays null, and the error of emit comes back.
		{TableIdentityInfo, types.Schema{{Name: "Mine", Type: types.Long}, {Name: "AccountUPN", Type: types.String}}, stop.Error()},
	} {
		_, err := Generate(small, func(name string) types.Schema {
			if name == c.table {
				return c.schema
			}
			return nil
		}, func(_ string, _ types.Schema, row []types.Value) error {
			if len(row) != 2 || !row[0].IsNull() || !strings.Contains(row[1].Text(), "@") {
				t.Errorf("%s: row %v", c.table, row)
			}
			return stop
		})
		if !strings.Contains(errText(err), c.want) {
			t.Errorf("%s: error %q, want %q", c.table, errText(err), c.want)
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	schemaOf := builtin(b)
	for b.Loop() {
		rows := 0
		run(b, Options{}, schemaOf, func(string, reader) { rows++ })
		b.ReportMetric(float64(rows), "rows")
	}
}
