package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// signIn is one record of a sign-in, before it becomes a row.
type signIn struct {
	at      int64
	id      uint64 // number of the record; its ids derive from it
	flow    uint64 // number of the attempt; its records share a correlation id
	user    *user  // nil when the directory knows no such user
	name    string // user principal name as it arrives
	place   *place
	ip      string
	device  *device
	app     *app
	client  string // ClientAppUsed
	outcome *outcome
	risky   bool // Identity Protection raised its brows
}

// Numbers of records start here for what is no interactive sign-in of everyday life.
const (
	idNonInteractive uint64 = 1 << 61
	idAttack         uint64 = 1 << 62
)

const (
	clientBrowser = "Browser"
	clientModern  = "Mobile Apps and Desktop clients"
	clientSMTP    = "Authenticated SMTP"
)

// crowd groups people by the clock they live by and draws them by how active they are.
type crowd struct {
	members  [][]*user
	weights  []weighted
	activity []int64
}

func (g *generator) newCrowd() crowd {
	n := len(g.world.offices) + 1
	c := crowd{members: make([][]*user, n), weights: make([]weighted, n), activity: make([]int64, n)}
	for _, u := range g.people {
		c.members[u.group] = append(c.members[u.group], u)
		c.weights[u.group].add(u.weight)
		c.activity[u.group] += u.weight
	}
	return c
}

// eachDay deals total events out to the days by how busy each is, and hands every day's calendar and share on.
func (g *generator) eachDay(c crowd, total int, do func(c *calendar, quota int) error) error {
	days := make([]calendar, g.opts.Days)
	var mass weighted
	for i := range days {
		days[i] = newCalendar(g.world.offices, c.activity, g.start+int64(i)*day)
		mass.add(days[i].groups.total() / 1000) // keeps the product below within 64 bits
	}
	dealt := int64(0)
	for i := range days {
		upTo := int64(total) * mass[i] / mass.total()
		if err := do(&days[i], int(upTo-dealt)); err != nil {
			return err
		}
		dealt = upTo
	}
	return nil
}

// writeSignIns makes the interactive sign-ins day by day, lets UEBA look at each in order, and emits the rows.
func (g *generator) writeSignIns(w *tableWriter) error {
	table := g.newSignInTable(w, true)
	if err := w.ready(); err != nil {
		return err
	}
	r, crowd := g.stream(streamSignIns), g.newCrowd()
	sprays := g.planSprays()
	var events []signIn // of the day, and what of an attempt runs into the next
	err := g.eachDay(crowd, g.opts.SignIns, func(c *calendar, quota int) error {
		dayEnd, carried := c.start+day, len(events)
		for len(sprays) > 0 && sprays[0].from < dayEnd {
			events = g.spray(events, sprays[0], quota/10)
			sprays = sprays[1:]
		}
		for len(events)-carried < quota {
			group, moment := c.draw(r)
			u := crowd.members[group][crowd.weights[group].draw(r)]
			switch {
			case !u.active(moment):
			case u == g.victim && moment >= g.end-3*hour: // asleep when the attack comes
			case moment >= u.disabled && r.IntN(12) > 0: // who has left tries no more, mostly
			default:
				events = g.attempt(r, events, u, moment)
			}
		}
		if dayEnd == g.end && !g.opts.NoAttack {
			events = append(events, g.attack.signIns...)
		}
		slices.SortFunc(events, func(a, b signIn) int {
			if a.at != b.at {
				return compare(a.at, b.at)
			}
			return compare(a.id, b.id)
		})
		today := len(events)
		for today > 0 && events[today-1].at >= dayEnd {
			today--
		}
		for i := range events[:today] {
			e := &events[i]
			g.behavior.observe(e)
			if g.opts.DropDeclined && e.outcome.declined {
				continue
			}
			if err := table.write(e); err != nil {
				return err
			}
		}
		events = append(events[:0], events[today:]...)
		return nil
	})
	return err
}

func compare[T int64 | uint64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// setting returns where a user is at a moment and with which device.
func (g *generator) setting(r *rand.Rand, u *user, moment int64) (*place, string, *device) {
	laptop := u.laptop
	if u.newLaptop != nil && moment >= u.newLaptopAt {
		laptop = u.newLaptop
	}
	dice := r.IntN(100)
	switch {
	case u.kind == service:
		return u.office.site, u.office.egress[0], u.laptop
	case u.trip.holds(moment):
		if dice < 60 {
			return u.trip.place, u.trip.ip, laptop
		}
		return u.trip.place, u.trip.ip, u.phone
	}
	local := moment + u.office.offset
	h := hourOf(local)
	atHome := isWeekend(local) || h < 8 || h >= 18 || u.kind == guest ||
		g.hash(tagSession, uint64(u.index)<<32|uint64(local/day))%10 < 3 // three days in ten at home
	switch {
	case !atHome && dice < 92:
		return u.office.site, u.office.egress[u.index%len(u.office.egress)], laptop
	case !atHome || dice >= 80:
		return u.office.mobile, u.office.mobiles[r.IntN(len(u.office.mobiles))], u.phone
	}
	ip := u.homeIPs[0]
	if moment >= u.lease {
		ip = u.homeIPs[1]
	}
	switch {
	case dice < 20:
		return u.home, ip, u.phone
	case dice < 28 && u.own != nil:
		return u.home, ip, u.own
	}
	return u.home, ip, laptop
}

// choose returns an application that the user has and the device can open, and the kind of client.
func (g *generator) choose(r *rand.Rand, u *user, d *device) (*app, string) {
	if u.kind == service {
		return g.world.apps[appExchange], clientSMTP
	}
	for {
		a := g.world.apps[u.apps.draw(r)]
		if u.prone && r.IntN(150) == 0 { // somebody else's application
			a = pick(r, g.world.apps)
		}
		switch mobile := d == u.phone && u.kind == employee; {
		case mobile && a.phone:
			return a, clientModern
		case mobile && a.web && r.IntN(8) == 0, !mobile && a.web:
			return a, clientBrowser
		case !mobile && a.desktop && d.managed:
			return a, clientModern
		}
	}
}

// attempt appends the records of one attempt of a user to sign in: mostly one, sometimes a small story.
func (g *generator) attempt(r *rand.Rand, events []signIn, u *user, moment int64) []signIn {
	e := signIn{at: moment, user: u, name: u.signInNames[0]}
	if u.signInNames[1] != e.name && r.IntN(3) > 0 {
		e.name = u.signInNames[1]
	}
	e.place, e.ip, e.device = g.setting(r, u, moment)
	e.app, e.client = g.choose(r, u, e.device)
	g.seq++
	e.flow = g.seq
	record := func(o *outcome) {
		e.id, e.outcome = g.seq, o
		events = append(events, e)
		g.seq++
		e.at += between(r, 4, 70, second)
	}
	if moment >= u.disabled {
		record(disabledAccount)
		return events
	}
	if u.kind == service {
		if r.IntN(400) == 0 {
			record(wrongPassword)
		}
		record(okSingle)
		return events
	}
	success := g.successOf(r, &e)
	dice := r.IntN(10_000)
	switch {
	case dice < 280:
		record(keepSignedIn)
		record(success)
	case dice < 680:
		for record(wrongPassword); r.IntN(4) == 0; {
			record(wrongPassword)
		}
		if r.IntN(8) > 0 {
			record(success)
		}
	case dice < 1020:
		record(strongAuth)
		record(okCompleted)
	case dice < 1110:
		record(strongAuth)
		record(g.unluckyPrompt(r, u))
		if r.IntN(10) < 7 {
			e.at += between(r, 20, 200, second)
			record(okCompleted)
		}
	case dice < 1120 && g.mayDecline(&e):
		// A prompt that came while the phone was asked for something else: declined by mistake, from home.
		record(strongAuth)
		if r.IntN(25) == 0 {
			record(reportedFraud)
		} else {
			record(declined)
		}
		if r.IntN(10) < 8 {
			record(okCompleted)
		}
	case dice < 1160:
		record(expiredPassword)
		e.at += between(r, 20, 90, second)
		record(success)
	case dice < 1175 && u.prone:
		for range 5 + r.IntN(4) {
			record(wrongPassword)
		}
		for range 1 + r.IntN(3) {
			record(lockedOut)
		}
	case dice < 1200:
		record(blockedByPolicy)
	case dice < 1230:
		record(notAssigned)
	case dice < 1250:
		record(needsConsent)
		record(success)
	case dice < 1270:
		record(mustEnrol)
	case dice < 1285:
		record(mustRegister)
		e.at += between(r, 60, 240, second)
		record(okCompleted)
	case dice < 1300:
		record(extChallenge)
		record(okCompleted)
	case dice < 1320:
		record(deviceAuth)
		record(success)
	case dice < 1335:
		record(mfaByLocation)
		record(okCompleted)
	case dice < 1350: // a slip in the name
		known := e
		e.user, e.name = nil, misspell(r, strings.ToLower(e.name))
		record(unknownUser)
		e.user, e.name = known.user, known.name
		record(success)
	default:
		record(success)
	}
	return events
}

// successOf returns how a sign-in that goes well is told.
func (g *generator) successOf(r *rand.Rand, e *signIn) *outcome {
	switch dice := r.IntN(100); {
	case e.user.kind == guest:
		return okPartner
	case e.place.trusted && dice < 45: // the policy asks for less on trusted networks
		return okSingle
	case dice < 88:
		return okClaim
	}
	return okCompleted
}

func (g *generator) unluckyPrompt(r *rand.Rand, u *user) *outcome {
	if u.mfa != mfaPush {
		return wrongCode
	}
	return pick(r, []*outcome{notAnswered, notAnswered, notAnswered, wrongNumber, duplicate})
}

// mayDecline tells whether a prompt of this attempt may be declined by mistake. Only from home, where nobody else's
// scores count for the address, and only by people who otherwise do nothing unusual: these are the prompts
// that the rule's score filter must leave out.
func (g *generator) mayDecline(e *signIn) bool {
	u := e.user
	return u.kind == employee && u.mfa == mfaPush && !u.prone && u != g.victim && e.place == u.home
}

// misspell doubles, drops or swaps a letter of the part of a name before the @.
func misspell(r *rand.Rand, name string) string {
	i := 1 + r.IntN(max(1, strings.IndexByte(name, '@')-2))
	switch r.IntN(3) {
	case 0:
		return name[:i] + name[i:i+1] + name[i:]
	case 1:
		return name[:i] + name[i+1:]
	}
	return name[:i] + name[i+1:i+2] + name[i:i+1] + name[i+2:]
}

// sprayPlan is one password spray: a few guesses at each of many accounts from one address.
type sprayPlan struct {
	from  int64
	place *place
	ip    string
	tries int
	seed  uint64
}

// planSprays decides on which days somebody tries common passwords: about one in three.
func (g *generator) planSprays() []sprayPlan {
	r := g.stream(streamSpray)
	var plans []sprayPlan
	for d := range int64(g.opts.Days) {
		if r.IntN(3) > 0 {
			continue
		}
		plans = append(plans, sprayPlan{
			from:  g.start + d*day + between(r, 0, 21, hour),
			place: pick(r, g.world.hostile),
			ip:    fmt.Sprintf("203.0.113.%d", 100+r.IntN(100)),
			tries: 25 + r.IntN(100),
			seed:  r.Uint64(),
		})
	}
	return plans
}

var (
	sprayDevice = newDevice(model{"", "", "Other", "Other", "python-requests/2.32.3", "Python Requests", ""}, "", "")
	sprayNames  = []string{"admin", "administrator", "info", "test", "sales", "support", "office", "backup", "scan", "user1"}
)

// spray appends the records of a password spray, at most limit of them.
func (g *generator) spray(events []signIn, p sprayPlan, limit int) []signIn {
	r := rand.New(rand.NewPCG(p.seed, streamSpray))
	e := signIn{at: p.from, place: p.place, ip: p.ip, device: sprayDevice, app: g.world.apps[appExchange], client: clientSMTP}
	for range min(p.tries, limit) {
		e.at += between(r, 3, 60, second)
		e.user, e.outcome = pick(r, g.people), wrongPassword
		switch dice := r.IntN(100); {
		case dice < 12:
			e.user, e.outcome = nil, unknownUser
			e.name = pick(r, sprayNames) + "@" + domain
		case dice < 20:
			e.outcome = blockedAddress
		}
		if e.user != nil {
			if e.user.kind == guest || !e.user.active(e.at) {
				continue
			}
			e.name = strings.ToLower(e.user.upn)
			if e.at >= e.user.disabled {
				e.outcome = disabledAccount
			}
		}
		g.seq++
		e.id, e.flow = g.seq, g.seq
		events = append(events, e)
	}
	return events
}

// nonInteractiveOutcomes are how clients fare that renew their tokens by themselves, with weights per thousand.
var nonInteractiveOutcomes = []struct {
	outcome *outcome
	weight  int
}{
	{tokenRevoked, 6}, {sessionExpired, 6}, {tokenInactive, 5}, {mfaByLocation, 7}, {noSession, 4}, {needsConsent, 2}, {blockedByPolicy, 1},
}

// writeNonInteractive makes the sign-ins that clients do on behalf of their users: one for every six interactive ones.
func (g *generator) writeNonInteractive(w *tableWriter) error {
	if !w.wanted() {
		return nil
	}
	table := g.newSignInTable(w, false)
	if err := w.ready(); err != nil {
		return err
	}
	r, crowd := g.stream(streamNonInteractive), g.newCrowd()
	id := idNonInteractive
	return g.eachDay(crowd, g.opts.SignIns/6, func(c *calendar, quota int) error {
		var events []signIn
		for len(events) < quota {
			group, moment := c.draw(r)
			u := crowd.members[group][crowd.weights[group].draw(r)]
			if !u.active(moment) || moment >= u.disabled || u.kind == service || u == g.victim && moment >= g.end-3*hour {
				continue
			}
			e := signIn{at: moment, id: id, flow: id, user: u, name: u.signInNames[1], outcome: okClaim}
			id++
			e.place, e.ip, e.device = g.setting(r, u, moment)
			e.app, _ = g.choose(r, u, e.device)
			e.client = clientModern
			if u.kind == guest {
				e.outcome = okPartner
			}
			dice := r.IntN(1000)
			for _, o := range nonInteractiveOutcomes {
				if dice -= o.weight; dice < 0 {
					e.outcome = o.outcome
					break
				}
			}
			events = append(events, e)
		}
		if c.start+day == g.end && !g.opts.NoAttack {
			events = append(events, g.attack.renewals...)
		}
		slices.SortFunc(events, func(a, b signIn) int {
			if a.at != b.at {
				return compare(a.at, b.at)
			}
			return compare(a.id, b.id)
		})
		for i := range events {
			if err := table.write(&events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}
