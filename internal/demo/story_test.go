package demo

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/types"
)

// declinedRow is what the founding rule reads of a sign-in that its filter keeps.
type declinedRow struct {
	at                   int64
	user, id, tenant, ip string
}

type scoreRow struct {
	at    int64
	ip    string
	score int64
}

type identityRow struct {
	at  int64
	upn string
}

// tenantRows are the rows that "MFA Rejected by User" can see in the whole period.
type tenantRows struct {
	declined   []declinedRow
	scores     []scoreRow
	identities []identityRow
}

// read applies the rule's filters: the code, the text of additionalDetails, the activity type, an address.
func (d *tenantRows) read(table string, r reader) {
	switch table {
	case TableSigninLogs:
		if r.text("ResultType") != "500121" {
			return
		}
		details := strings.ToLower(r.path("Status", "additionalDetails"))
		words := strings.FieldsFunc(details, func(c rune) bool { return c == ' ' || c == ';' })
		if details == "mfa denied; user declined the authentication" || slices.Contains(words, "fraud") {
			d.declined = append(d.declined, declinedRow{r.at(), strings.ToLower(r.text("UserPrincipalName")), r.text("UserId"), r.text("AADTenantId"), r.text("IPAddress")})
		}
	case TableBehaviorAnalytics:
		if a := r.text("ActivityType"); (a == "LogOn" || a == "FailedLogOn") && r.text("SourceIPAddress") != "" {
			d.scores = append(d.scores, scoreRow{r.at(), r.text("SourceIPAddress"), r.get("InvestigationPriority").Int64()})
		}
	case TableIdentityInfo:
		d.identities = append(d.identities, identityRow{r.at(), r.text("AccountUPN")})
	}
}

// finding is a row of the rule's result.
type finding struct {
	user, id, tenant, ip string
	start, end, score    int64
	known                bool // IdentityInfo has the user in the window
}

// evaluate runs the rule over [from, to): summarize, two left outer joins, the cut-off of 20.
func (d *tenantRows) evaluate(from, to int64) []finding {
	var found []finding
	for _, r := range d.declined {
		if r.at < from || r.at >= to {
			continue
		}
		i := slices.IndexFunc(found, func(f finding) bool {
			return f.user == r.user && f.id == r.id && f.tenant == r.tenant && f.ip == r.ip
		})
		if i < 0 {
			i = len(found)
			found = append(found, finding{user: r.user, id: r.id, tenant: r.tenant, ip: r.ip, start: math.MaxInt64})
		}
		found[i].start, found[i].end = min(found[i].start, r.at), max(found[i].end, r.at)
	}
	var out []finding
	for _, f := range found {
		for _, s := range d.scores {
			if s.at >= from && s.at < to && s.ip == f.ip {
				f.score += s.score
			}
		}
		spellings := map[string]bool{} // the right side has a row for each spelling
		for _, r := range d.identities {
			if r.at >= from && r.at < to && strings.ToLower(r.upn) == f.user {
				spellings[r.upn] = true
			}
		}
		f.known = len(spellings) > 0
		if f.score > 20 {
			for range max(1, len(spellings)) {
				out = append(out, f)
			}
		}
	}
	return out
}

const ruleHour = types.TicksPerHour

func TestStory(t *testing.T) {
	standard := Options{}
	if testing.Short() {
		standard = small
	}
	for _, c := range []struct {
		name string
		opts Options
	}{
		{"standard", standard},
		{"another seed", Options{Seed: 2, Users: 500, SignIns: 30_000}},
		{"smallest", Options{Seed: 3, Users: 20, SignIns: 1000, Days: 2}},
		{"odd end", Options{Seed: 4, Users: 100, SignIns: 4000, Days: 3, End: DefaultEnd().Add(-5*3600e9 + 17*60e9 + 300)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			schemaOf := only(builtin(t), TableSigninLogs, TableIdentityInfo, TableBehaviorAnalytics)
			var whole tenantRows
			s := run(t, c.opts, schemaOf, whole.read)
			end := types.TicksOf(s.EvaluateAt)
			got := whole.evaluate(end-ruleHour, end)
			want := []finding{{
				user: strings.ToLower(s.Victim), id: s.VictimID, tenant: s.TenantID, ip: s.AttackerIP,
				start: types.TicksOf(s.FirstDeclined), end: types.TicksOf(s.LastDeclined), score: int64(s.Score), known: true,
			}}
			if !slices.Equal(got, want) || s.ExpectedRows != 1 || s.Declined != attackPrompt-2 || s.Score < 60 {
				t.Fatalf("the rule finds %+v, want %+v (story %+v)", got, want, s)
			}
			// No other window of the month holds anything, wherever the hour begins: the scores of two hours around each
			// mistaken "no" stay below the cut-off.
			mistakes := 0
			for _, d := range whole.declined {
				if d.ip == s.AttackerIP {
					continue
				}
				mistakes++
				if near := whole.evaluate(d.at-ruleHour+1, min(d.at+ruleHour, end-ruleHour)); len(near) > 0 {
					t.Errorf("at %s: %+v", types.FormatDatetime(d.at), near)
				}
			}
			t.Logf("%d mistaken declines, score of the attack %d", mistakes, s.Score)
			if c.name == "standard" && !testing.Short() && mistakes < 20 {
				t.Errorf("%d mistaken declines: too few to need the score filter", mistakes)
			}

			quiet := c.opts
			quiet.DropDeclined = true
			var without tenantRows
			s = run(t, quiet, schemaOf, without.read)
			if f := without.evaluate(end-ruleHour, end); len(f) > 0 || len(without.declined) > 0 || s.ExpectedRows != 0 || s.Declined != 0 {
				t.Errorf("without declined prompts: %d such rows, findings %+v, story %+v", len(without.declined), f, s)
			}
			// It is the declined prompts that count: the address is as suspicious as before.
			if s.Score <= 20 {
				t.Errorf("without declined prompts the address scores %d, want above 20", s.Score)
			}

			peace := c.opts
			peace.NoAttack = true
			var calm tenantRows
			s = run(t, peace, schemaOf, calm.read)
			if f := calm.evaluate(end-ruleHour, end); len(f) > 0 || s.ExpectedRows != 0 || s.Attack {
				t.Errorf("without attack: findings %+v, story %+v", f, s)
			}
			if slices.ContainsFunc(calm.scores, func(r scoreRow) bool { return r.ip == attackerIP }) {
				t.Error("without attack the attacker's address has scores")
			}
		})
	}
}

func TestStoryString(t *testing.T) {
	for _, c := range []struct {
		opts       Options
		want, deny []string
	}{
		{small, []string{"Contoso, 2026-11-11 00:00 to 2026-11-20 00:00 (UTC).", "Treasury Manager in Munich", "203.0.113.77 (AS65551, Victoria, SC)", "16 prompts are declined", "2 are not answered", "returns 1 row(s): this user and address, UEBARiskScore "}, nil},
		{Options{Users: 20, SignIns: 1000, Days: 2, DropDeclined: true}, []string{"left out of the data, 2 are not answered", "returns 0 row(s)."}, []string{"UEBARiskScore"}},
		{Options{Users: 20, SignIns: 1000, Days: 2, NoAttack: true}, []string{"Nobody attacks: rule " + RuleID + " finds nothing"}, []string{"Victim", "203.0.113"}},
	} {
		s := run(t, c.opts, func(string) types.Schema { return nil }, nil)
		text := s.String()
		for _, w := range c.want {
			if !strings.Contains(text, w) {
				t.Errorf("no %q in:\n%s", w, text)
			}
		}
		for _, w := range c.deny {
			if strings.Contains(text, w) {
				t.Errorf("%q in:\n%s", w, text)
			}
		}
	}
}

// TestVictim checks what surrounds the attack: both spellings of the name, a new country, one foreign address, no other
// activity of the sleeping victim, and the intruder's own phone in AuditLogs.
func TestVictim(t *testing.T) {
	names, codes := map[string]int{}, map[string]int{}
	audited, renewed, atRisk := 0, 0, 0
	var foreign []string
	story := run(t, small, func(string) types.Schema { return nil }, nil)
	end := types.TicksOf(story.End)
	run(t, small, builtin(t), func(table string, r reader) {
		switch table {
		case TableSigninLogs:
			if r.text("Location") == "SC" || r.text("AutonomousSystemNumber") == story.AttackerASN {
				names[r.text("UserPrincipalName")]++
				codes[r.text("ResultType")]++
				foreign = append(foreign, r.text("IPAddress"))
			} else if r.text("UserId") == story.VictimID && r.at() >= end-3*types.TicksPerHour && r.text("ClientAppUsed") != clientSMTP {
				t.Errorf("the victim signs in from %s while asleep", r.text("IPAddress"))
			}
		case TableNonInteractive:
			if r.text("IPAddress") == story.AttackerIP {
				renewed++
			}
		case TableAuditLogs:
			if strings.Contains(r.text("InitiatedBy"), story.AttackerIP) && r.text("OperationName") == "User registered security info" {
				audited++
			}
		case TableIdentityInfo:
			if r.text("RiskState") == "AtRisk" && r.text("AccountObjectId") == story.VictimID && r.text("AssignedRoles") == `["Billing Administrator"]` && r.get("IsAccountEnabled").Bool() {
				atRisk++
			}
		}
	})
	slices.Sort(foreign)
	if got := slices.Compact(foreign); !slices.Equal(got, []string{story.AttackerIP}) {
		t.Errorf("addresses from the attacker's country or network: %v", got)
	}
	if len(names) != 2 || names[story.Victim] == 0 || names[strings.ToLower(story.Victim)] == 0 {
		t.Errorf("spellings of the victim's name: %v", names)
	}
	if want := map[string]int{"50074": 19, "500121": 18, "0": 4}; fmt.Sprint(codes) != fmt.Sprint(want) {
		t.Errorf("result codes of the attack %v, want %v", codes, want)
	}
	if audited != 1 || renewed != 4 || atRisk != 1 {
		t.Errorf("%d audit rows, %d renewals, %d identity rows, want 1, 4, 1", audited, renewed, atRisk)
	}
}

// TestDistribution checks that the standard tenant looks like one.
func TestDistribution(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 300,000 sign-ins")
	}
	n := map[string]int{}
	users, addresses, countries := map[string]bool{}, map[string]bool{}, map[string]bool{}
	mixed, known := map[string]bool{}, map[string]bool{} // known to IdentityInfo in the last 14 days
	var perDay [30]int
	start := types.TicksOf(DefaultEnd()) - 30*types.TicksPerDay
	offsets := map[string]int64{}
	for _, o := range officeRows {
		offsets[o.country] = o.offsetMinutes * types.TicksPerMinute // New York's for the United States
	}
	failedSuccess := 0
	run(t, Options{}, only(builtin(t), TableSigninLogs, TableIdentityInfo, TableBehaviorAnalytics, TableAuditLogs, TableNonInteractive), func(table string, r reader) {
		n[table]++
		switch table {
		case TableIdentityInfo:
			if r.at() >= start+16*types.TicksPerDay {
				known[r.text("AccountObjectId")] = true
			}
			n["type "+r.text("UserType")]++
			if r.text("AssignedRoles") != "[]" {
				n["with roles"]++
			}
			if !r.get("IsAccountEnabled").Bool() {
				n["disabled"]++
			}
		case TableSigninLogs:
			n["code "+r.text("ResultType")]++
			perDay[(r.at()-start)/types.TicksPerDay]++
			if id := r.text("UserId"); id != "" {
				users[id] = true
			}
			addresses[r.text("IPAddress")] = true
			countries[r.text("Location")] = true
			if u := r.text("UserPrincipalName"); u != strings.ToLower(u) {
				mixed[u] = true
			}
			n["app "+r.text("AppDisplayName")]++
			n["client "+r.text("ClientAppUsed")]++
			n["user type "+r.text("UserType")]++
			n["requirement "+r.text("AuthenticationRequirement")]++
			n["ca "+r.text("ConditionalAccessStatus")]++
			n["os "+r.path("DeviceDetail", "operatingSystem")]++
			if off, ok := offsets[r.text("Location")]; ok && r.text("Location") != "US" && r.text("ClientAppUsed") != clientSMTP {
				n["local"]++
				if h := hourOf(r.at() + off); h >= 8 && h < 18 && !isWeekend(r.at()+off) {
					n["working"]++
				}
			}
			if r.text("ResultType") == "0" && r.text("ResultDescription") != "" {
				failedSuccess++
			}
		case TableBehaviorAnalytics:
			n["activity "+r.text("ActivityType")]++
			n["action "+r.text("ActionType")]++
			switch p := r.get("InvestigationPriority").Int64(); {
			case p == 0:
				n["priority 0"]++
			case p >= 5:
				n["priority 5+"]++
				if !strings.Contains(r.text("ActivityInsights"), `"True"`) {
					t.Errorf("priority %d without any flag: %s", p, r.text("ActivityInsights"))
				}
			}
			if r.text("ActivityInsights") == "" || r.text("UsersInsights") == "" {
				t.Error("empty insights")
			}
		}
	})
	if failedSuccess > 0 {
		t.Errorf("%d successes with a failure text", failedSuccess)
	}
	share := func(part, whole string) float64 { return float64(n[part]) / float64(n[whole]) }
	for _, c := range []struct {
		what       string
		got        float64
		from, upTo float64
	}{
		{"sign-ins", float64(n[TableSigninLogs]), 299_900, 300_200},
		{"non-interactive", float64(n[TableNonInteractive]), 49_000, 51_000},
		{"audit rows", float64(n[TableAuditLogs]), 3000, 6500},
		{"UEBA rows", float64(n[TableBehaviorAnalytics]), 40_000, 80_000},
		{"identity rows", float64(n[TableIdentityInfo]), 4000, 8000},
		{"success", share("code 0", TableSigninLogs), 0.84, 0.92},
		{"wrong password", share("code 50126", TableSigninLogs), 0.03, 0.07},
		{"MFA asked", share("code 50074", TableSigninLogs), 0.02, 0.06},
		{"stay signed in", share("code 50140", TableSigninLogs), 0.01, 0.04},
		{"MFA failed", float64(n["code 500121"]), 1000, 4000},
		{"locked", float64(n["code 50053"]), 50, 400},
		{"expired password", float64(n["code 50055"]), 300, 2000},
		{"unknown user", float64(n["code 50034"]), 200, 1000},
		{"disabled account", float64(n["code 50057"]), 10, 400},
		{"working hours", share("working", "local"), 0.75, 0.9},
		{"users", float64(len(users)), 1950, 2000},
		{"addresses", float64(len(addresses)), 3000, 8000},
		{"countries", float64(len(countries)), 10, 20},
		{"capitals in names", float64(len(mixed)), 40, 140},
		{"guests", share("user type Guest", TableSigninLogs), 0.003, 0.03},
		{"browser", share("client Browser", TableSigninLogs), 0.4, 0.75},
		{"multifactor", share("requirement multiFactorAuthentication", TableSigninLogs), 0.5, 0.8},
		{"Conditional Access success", share("ca success", TableSigninLogs), 0.5, 0.8},
		{"phones", share("os Ios 26.0", TableSigninLogs), 0.03, 0.2},
		{"Exchange", share("app Office 365 Exchange Online", TableSigninLogs), 0.05, 0.3},
		{"routine in UEBA", share("priority 0", TableBehaviorAnalytics), 0.6, 0.95},
		{"odd in UEBA", share("priority 5+", TableBehaviorAnalytics), 0.002, 0.1},
		{"failed logons", share("activity FailedLogOn", TableBehaviorAnalytics), 0.1, 0.6},
		{"file server accesses", float64(n["action ResourceAccess"]), 200, 1500},
		{"roles", float64(n["with roles"]), 20, 100},
		{"known in 14 days", float64(len(known)), 2000, 2000},
		{"disabled identities", float64(n["disabled"]), 10, 100},
		{"guests' identities", float64(n["type Guest"]), 150, 300},
	} {
		if t.Logf("%-28s %.4g", c.what, c.got); c.got < c.from || c.got > c.upTo {
			t.Errorf("%s: %.4g, want %.4g to %.4g", c.what, c.got, c.from, c.upTo)
		}
	}
	weekdays, weekends := 0, 0
	for d, count := range perDay {
		if isWeekend(start + int64(d)*types.TicksPerDay) {
			weekends += count
		} else {
			weekdays += count
		}
	}
	if ratio := float64(weekends) / 8 / (float64(weekdays) / 22); ratio < 0.05 || ratio > 0.3 {
		t.Errorf("a day of the weekend has %.2f of a weekday's sign-ins; days %v", ratio, perDay)
	}
}
