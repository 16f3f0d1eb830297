package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/types"
)

// attack is the story of the last hour. Somebody at the other end of the world has the password of a finance manager in
// Munich, where it is past midnight, and asks for a second factor again and again. The victim declines, sleeps
// through some, and approves the last prompt to be left in peace. The intruder then looks around, registers a phone of
// their own and keeps a session open.
type attack struct {
	ip       string
	signIns  []signIn
	renewals []signIn // non-interactive sign-ins from the intruder's session
	declined int
	ignored  int
	first    int64 // first and last declined prompt, and the approved one
	last     int64
	approved int64
}

const (
	attackerIP   = "203.0.113.77"
	attackPrompt = 18 // prompts that were not approved
)

// appointVictim makes the person at victimIndex the story's victim.
func (g *generator) appointVictim() {
	v := g.victim
	v.title = "Treasury Manager"
	v.roles = []string{"Billing Administrator"}
	v.mfa, v.prone = mfaPush, false
	v.weight = 10
	v.lease = types.MaxDatetime
}

// planAttack fills in the attack's records.
func (g *generator) planAttack() {
	r, v := g.stream(streamAttack), g.victim
	a := &g.attack
	a.ip = attackerIP
	laptop := newDevice(lairModel, "", "")
	id := idAttack
	e := signIn{
		user: v, place: g.world.lair, ip: a.ip, device: laptop, client: clientBrowser,
		app: g.world.apps[appOfficeHome], risky: true,
	}
	record := func(at int64, o *outcome) {
		// The intruder types the name as found, now with capitals, now without.
		e.at, e.id, e.outcome, e.name = at, id, o, v.signInNames[id%3&1]
		id++
		a.signIns = append(a.signIns, e)
	}
	// Prompts come faster and faster: the gap shrinks from about three minutes to about one and a half.
	now := g.end - 54*minute + r.Int64N(2*minute)
	ignore := [2]int{4 + r.IntN(3), 10 + r.IntN(3)} // two prompts come while the victim has dropped off again
	for n := range attackPrompt {
		e.flow = id
		record(now, strongAuth)
		answer := now + between(r, 12, 28, second)
		if n == ignore[0] || n == ignore[1] {
			answer = now + minute
			record(answer, notAnswered)
			a.ignored++
		} else {
			record(answer, declined)
			a.declined++
			if a.first == 0 {
				a.first = answer
			}
			a.last = answer
		}
		now += (165-int64(n)*5)*second + r.Int64N(20*second)
	}
	e.flow = id
	record(now, strongAuth)
	a.approved = now + between(r, 12, 28, second)
	record(a.approved, okCompleted)
	for i, n := range []int{appExchange, appMySignins, appLedger} {
		e.flow, e.app = id, g.world.apps[n]
		record(a.approved+int64(i+1)*minute+r.Int64N(30*second), okClaim)
	}
	e.device, e.client, e.name = laptop, clientModern, v.signInNames[1]
	for i := range int64(4) {
		e.at, e.id, e.flow, e.outcome, e.app = a.approved+i*50*second+between(r, 5, 40, second), id, id, okClaim, g.world.apps[appExchange]
		id++
		a.renewals = append(a.renewals, e)
	}
}

// Story tells what Generate put into the tenant, for the command to print and for a test to check.
type Story struct {
	Start, End    time.Time // the period of the data, End exclusive
	TenantID      string    // AADTenantId
	Victim        string    // user principal name as the directory spells it
	VictimName    string
	VictimID      string // object id
	VictimTitle   string
	VictimCity    string
	Attack        bool      // whether the data holds the attack
	AttackerIP    string    // the only address it came from
	AttackerASN   string    // of the address, reserved for documentation
	AttackerPlace string    // city and country code
	FirstDeclined time.Time // first and last declined prompt
	LastDeclined  time.Time
	Declined      int       // prompts declined by the victim; 0 with DropDeclined
	Unanswered    int       // prompts that ran out of time
	Approved      time.Time // the prompt that let the intruder in
	Score         int       // sum of InvestigationPriority for the address: what the rule shows as UEBARiskScore
	RuleID        string    // the rule template that finds it
	EvaluateAt    time.Time // when to evaluate that rule, over the hour before
	ExpectedRows  int       // rows that the rule then returns
}

func (g *generator) story() Story {
	a, v := &g.attack, g.victim
	s := Story{
		Start: types.TimeOf(g.start), End: types.TimeOf(g.end), TenantID: g.tenant,
		Victim: v.upn, VictimName: v.display, VictimID: v.id, VictimTitle: v.title, VictimCity: v.office.site.city,
		Attack: !g.opts.NoAttack, RuleID: RuleID, EvaluateAt: types.TimeOf(g.end),
	}
	if g.opts.NoAttack {
		return s
	}
	s.AttackerIP, s.AttackerASN = a.ip, g.world.lair.asn
	s.AttackerPlace = g.world.lair.city + ", " + g.world.lair.country
	s.Unanswered, s.Approved = a.ignored, types.TimeOf(a.approved)
	s.Score = g.behavior.attackScore
	if !g.opts.DropDeclined {
		s.Declined, s.FirstDeclined, s.LastDeclined = a.declined, types.TimeOf(a.first), types.TimeOf(a.last)
		s.ExpectedRows = 1
	}
	return s
}

// String tells the story in a few lines.
func (s Story) String() string {
	const clock = "15:04:05"
	var b strings.Builder
	fmt.Fprintf(&b, "Contoso, %s to %s (UTC).\n", s.Start.Format("2006-01-02 15:04"), s.End.Format("2006-01-02 15:04"))
	if !s.Attack {
		fmt.Fprintf(&b, "Nobody attacks: rule %s finds nothing at %s.\n", s.RuleID, s.EvaluateAt.Format(time.RFC3339))
		return b.String()
	}
	fmt.Fprintf(&b, "Victim: %s, %s in %s, %s.\n", s.VictimName, s.VictimTitle, s.VictimCity, s.Victim)
	fmt.Fprintf(&b, "From %s (AS%s, %s) somebody who knows the password asks for MFA again and again.\n", s.AttackerIP, s.AttackerASN, s.AttackerPlace)
	if s.Declined > 0 {
		fmt.Fprintf(&b, "%d prompts are declined from %s to %s, %d are not answered; ", s.Declined,
			s.FirstDeclined.Format(clock), s.LastDeclined.Format(clock), s.Unanswered)
	} else {
		fmt.Fprintf(&b, "The declined prompts are left out of the data, %d are not answered; ", s.Unanswered)
	}
	fmt.Fprintf(&b, "one is approved at %s.\n", s.Approved.Format(clock))
	fmt.Fprintf(&b, "Rule %s, evaluated at %s over the hour before, returns %d row(s)", s.RuleID, s.EvaluateAt.Format(time.RFC3339), s.ExpectedRows)
	if s.ExpectedRows > 0 {
		fmt.Fprintf(&b, ": this user and address, UEBARiskScore %d", s.Score)
	}
	b.WriteString(".\n")
	return b.String()
}
