package demo

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// dimension is an aspect of an activity that UEBA compares with the past.
type dimension uint8

const (
	dimAction dimension = iota
	dimApp
	dimBrowser
	dimCountry
	dimDevice
	dimISP
	dimResource
	dimensions
)

// Flags of a dimension, from the weightiest to the lightest.
const (
	firstInTenant uint64 = 1 << iota
	firstByUser
	rareInTenant
	rareAmongPeers
	rareByUser
	flagBits = iota
)

// flagNames are the documented names of the flags in ActivityInsights, by dimension and flag.
// https://learn.microsoft.com/azure/sentinel/ueba-reference
var flagNames = [dimensions][flagBits]string{
	dimAction:   {"FirstTimeActionPerformedInTenant", "FirstTimeUserPerformedAction", "ActionUncommonlyPerformedInTenant", "ActionUncommonlyPerformedAmongPeers", "ActionUncommonlyPerformedByUser"},
	dimApp:      {"FirstTimeAppObservedInTenant", "FirstTimeUserUsedApp", "AppUncommonlyUsedInTenant", "AppUncommonlyUsedAmongPeers", "AppUncommonlyUsedByUser"},
	dimBrowser:  {"FirstTimeBrowserObservedInTenant", "FirstTimeUserConnectedViaBrowser", "BrowserUncommonlyUsedInTenant", "BrowserUncommonlyUsedAmongPeers", "BrowserUncommonlyUsedByUser"},
	dimCountry:  {"FirstTimeConnectionFromCountryObservedInTenant", "FirstTimeUserConnectedFromCountry", "CountryUncommonlyConnectedFromInTenant", "CountryUncommonlyConnectedFromAmongPeers", "CountryUncommonlyConnectedFromByUser"},
	dimDevice:   {"FirstTimeDeviceObservedInTenant", "FirstTimeUserConnectedFromDevice", "DeviceUncommonlyUsedInTenant", "DeviceUncommonlyUsedAmongPeers", "DeviceUncommonlyUsedByUser"},
	dimISP:      {"FirstTimeConnectionViaISPInTenant", "FirstTimeUserConnectedViaISP", "ISPUncommonlyUsedInTenant", "ISPUncommonlyUsedAmongPeers", "ISPUncommonlyUsedByUser"},
	dimResource: {"FirstTimeResourceAccessedInTenant", "FirstTimeUserAccessedResource", "ResourceUncommonlyAccessedInTenant", "ResourceUncommonlyAccessedAmongPeers", "ResourceUncommonlyAccessedByUser"},
}

// flagWeights say, in per cent, how odd a dimension is by its weightiest flag. They are the demo's own: Microsoft publishes none.
var flagWeights = [dimensions][flagBits]int64{
	dimAction:   {40, 20, 12, 10, 5},
	dimApp:      {30, 15, 10, 8, 4},
	dimBrowser:  {15, 10, 6, 5, 3},
	dimCountry:  {45, 35, 15, 15, 8},
	dimDevice:   {20, 15, 8, 6, 4},
	dimISP:      {20, 15, 8, 6, 4},
	dimResource: {30, 15, 10, 8, 4},
}

const (
	novelFor    = day      // a value stays new for a day after its first sight
	uncommonFor = 10 * day // and uncommon for some more
)

// sighting is when a value outside the habits of a user, or of the tenant, was first seen.
type sighting struct {
	dim   dimension
	value string
	first int64
}

// memory is the list of such values.
type memory []sighting

// age returns how long ago a value was first seen: zero for the first time, which it notes.
func (m *memory) age(dim dimension, value string, at int64) int64 {
	for _, s := range *m {
		if s.dim == dim && s.value == value {
			return at - s.first
		}
	}
	*m = append(*m, sighting{dim, value, at})
	return 0
}

// habits are what UEBA knows of a user beyond the profile.
type habits struct {
	memory
	hour     int64 // the hour of the clock in which failures were last counted
	failures int
}

// behaviorRow is a row of BehaviorAnalytics to be: of a sign-in, of a directory change, or of a logon to a server.
type behaviorRow struct {
	at     int64
	id     uint64
	signIn signIn
	change *directoryChange
	logon  *localLogon
	flags  uint64 // flagBits for each dimension
	burst  bool
	score  int64
}

// behavior plays UEBA: it looks at activities in order and remembers what is worth a row. Routine sign-ins without any
// flag get a row in one case of eight.
type behavior struct {
	g           *generator
	users       []habits
	tenant      memory
	countries   []string // that the tenant has always worked from
	networks    []string
	rows        []behaviorRow
	attackScore int
}

func newBehavior(g *generator) *behavior {
	b := &behavior{g: g, users: make([]habits, len(g.people))}
	for _, o := range g.world.offices {
		b.countries = append(b.countries, o.site.country)
		b.networks = append(b.networks, o.site.asn, o.mobile.asn, o.homes[0].asn)
	}
	return b
}

// observe rates a sign-in; sign-ins must come in order.
func (b *behavior) observe(e *signIn) {
	u := e.user
	if u == nil {
		return
	}
	h := &b.users[u.index]
	var row behaviorRow
	see := func(dim dimension, value string, usual, usualInTenant bool) {
		if usual || value == "" {
			return
		}
		var flags uint64
		switch age := h.age(dim, value, e.at); {
		case age <= novelFor:
			flags = firstByUser | rareAmongPeers | rareByUser
		case age <= uncommonFor:
			flags = rareAmongPeers | rareByUser
		}
		if !usualInTenant {
			switch age := b.tenant.age(dim, value, e.at); {
			case age <= novelFor:
				flags |= firstInTenant | rareInTenant
			case age <= uncommonFor:
				flags |= rareInTenant
			}
		}
		row.flags |= flags << (uint(dim) * flagBits)
	}
	o, d := e.outcome, e.device
	if o.declined { // people rarely say no: odd for this user and for everyone
		row.flags |= (rareInTenant | rareAmongPeers | rareByUser) << (uint(dimAction) * flagBits)
	}
	mine := b.g.hasApp(u, e.app)
	see(dimApp, e.app.id, mine, true)
	see(dimResource, e.app.resourceID, mine || !strings.HasPrefix(e.app.id, "c0c0c0c0-"), true)
	own := d == u.laptop || d == u.phone || d == u.own
	see(dimBrowser, d.agentFamily, own || d.agentFamily == u.laptop.agentFamily, d.os != "" && d.os != "Linux")
	see(dimDevice, d.id, own, true)
	see(dimCountry, e.place.country, e.place.country == u.office.site.country, slices.Contains(b.countries, e.place.country))
	see(dimISP, e.place.asn, e.place.asn == u.office.site.asn || e.place.asn == u.home.asn || e.place.asn == u.office.mobile.asn,
		slices.Contains(b.networks, e.place.asn))

	failed := !o.succeeded() && !o.interrupt
	if failed {
		if h.hour != e.at/hour {
			h.hour, h.failures = e.at/hour, 0
		}
		h.failures++
	}
	burst := int64(0)
	if failed && h.failures >= 5 {
		row.burst, burst = true, 35
		if h.failures >= 10 {
			burst = 55
		}
	}
	row.score = score(row.flags, burst, u)
	if row.flags == 0 && !row.burst && !failed && b.g.hash(tagBehavior, e.id)%8 != 0 {
		return
	}
	if b.g.opts.DropDeclined && o.declined {
		return
	}
	if e.ip == b.g.attack.ip {
		b.attackScore += int(row.score)
	}
	row.at, row.id, row.signIn = e.at, e.id, *e
	b.rows = append(b.rows, row)
}

// hasApp tells whether an application is one that the user opens every day.
func (g *generator) hasApp(u *user, a *app) bool {
	if a.departments == everyone {
		return true
	}
	i := indexOf(g.world.apps, a) // above 0: the first is everyone's
	return u.apps[i] > u.apps[i-1]
}

// score combines what is odd into 0 to 10: one minus the product of what each dimension leaves, in millionths.
func score(flags uint64, burst int64, u *user) int64 {
	const one = 1_000_000
	left := int64(one)
	for d := range dimensions {
		f := flags >> (uint(d) * flagBits) & (1<<flagBits - 1)
		for bit := range flagBits {
			if f>>bit&1 != 0 {
				left = left * (100 - flagWeights[d][bit]) / 100
				break
			}
		}
	}
	left = left * (100 - burst) / 100
	if left == one {
		return 0
	}
	if strings.Contains(u.insights, `"IsNewAccount":"True"`) {
		left = left * 80 / 100
	}
	return min(10, ((one-left)*u.blastFactor/10+one/2)/one)
}

// insights renders ActivityInsights of sign-ins.
func insights(flags uint64, burst bool, country string) string {
	b := []byte{'{'}
	for d := range dimensions {
		for bit, name := range flagNames[d] {
			b = append(b, '"')
			b = append(b, name...)
			b = appendFlag(append(b, `":`...), flags>>(uint(d)*flagBits+uint(bit))&1 != 0)
			b = append(b, ',')
		}
	}
	b = appendFlag(append(b, `"UncommonHighVolumeOfOperations":`...), burst)
	return string(append(b, `,"SourceIPLocation":"`+country+`"}`...))
}

// appendFlag appends a flag as UEBA stores it, which is text.
func appendFlag(b []byte, set bool) []byte {
	if set {
		return append(b, `"True"`...)
	}
	return append(b, `"False"`...)
}

// localLogon is a logon to a file server over the network, which UEBA learns from the domain controllers.
type localLogon struct {
	user   *user
	server string
}

// addOthers adds rows for what is no sign-in: directory changes and accesses to file servers.
func (b *behavior) addOthers() {
	for i := range b.g.changes {
		c := &b.g.changes[i]
		if c.actor == nil || c.op.category == "Policy" {
			continue
		}
		row := behaviorRow{at: c.at, id: c.id, change: c}
		if age := b.users[c.actor.index].age(dimAction, c.op.name, c.at); age <= novelFor {
			row.flags = (firstByUser | rareByUser) << (uint(dimAction) * flagBits)
		}
		row.score = score(row.flags, 0, c.actor)
		b.rows = append(b.rows, row)
	}
	r := b.g.stream(streamLocalLogons)
	for n := range b.g.opts.SignIns / 200 {
		u := pick(r, b.g.people)
		l := &localLogon{user: u, server: "CONTOSO-FS-0" + strconv.Itoa(1+r.IntN(6))}
		at := b.g.start + r.Int64N(b.g.end-b.g.start)
		if h := hourOf(at + u.office.offset); u.kind == employee && u.active(at) && at < u.disabled && h >= 7 && h < 19 && !isWeekend(at+u.office.offset) {
			b.rows = append(b.rows, behaviorRow{at: at, id: idNonInteractive<<2 + uint64(n), logon: l})
		}
	}
	slices.SortFunc(b.rows, func(x, y behaviorRow) int {
		if x.at != y.at {
			return compare(x.at, y.at)
		}
		return compare(x.id, y.id)
	})
}

// writeBehavior emits the rows of BehaviorAnalytics.
func (g *generator) writeBehavior(w *tableWriter) error {
	std := g.standardColumns(w, "UEBA")
	w.texts("EventVendor", "Microsoft", "EventProductVersion", "1.0")
	processed := w.col("TimeProcessed", types.Datetime)
	native, source, activity, action := w.str("NativeTableName"), w.str("EventSource"), w.str("ActivityType"), w.str("ActionType")
	userName, principal, actor, actorPrincipal := w.str("UserName"), w.str("UserPrincipalName"), w.str("ActorName"), w.str("ActorPrincipalName")
	target, targetPrincipal := w.str("TargetName"), w.str("TargetPrincipalName")
	ip, country, sourceDevice, machine, server := w.str("SourceIPAddress"), w.str("SourceIPLocation"), w.str("SourceDevice"), w.str("Device"), w.str("DestinationDevice")
	users, devices, activities := w.col("UsersInsights", types.Dynamic), w.col("DevicesInsights", types.Dynamic), w.col("ActivityInsights", types.Dynamic)
	priority, record := w.col("InvestigationPriority", types.Int), w.str("SourceRecordId")
	if err := w.ready(); err != nil {
		return err
	}
	if !w.wanted() {
		return nil
	}
	g.behavior.addOthers()
	type key struct {
		flags   uint64
		burst   bool
		country string
	}
	rendered := map[key]string{} // looked up only, never ranged over
	row, text := w.row, types.StringOf
	for i := range g.behavior.rows {
		b := &g.behavior.rows[i]
		h := g.hash(tagBehavior, b.id)
		std.set(w, b.at, g.guid(tagBehavior, b.id), int64(3+h%6)*minute+int64(h>>30%600_000_000), 1800+h>>8%600)
		row[processed] = types.DatetimeOf(b.at + int64(2+h%6)*minute)
		row[priority] = types.IntOf(int32(b.score))
		for _, c := range []int{target, targetPrincipal, ip, country, sourceDevice, machine, server} {
			row[c] = text("")
		}
		var u *user
		k := key{flags: b.flags, burst: b.burst}
		switch {
		case b.change != nil:
			c := b.change
			u = c.actor
			row[native], row[source], row[activity], row[action] = text(TableAuditLogs), text("Azure AD"), text(c.op.category), text(c.op.name)
			row[record] = text(g.guid(tagItem, c.id))
			row[ip] = text(c.ip)
			if c.target != nil {
				row[target], row[targetPrincipal] = text(c.target.alias), text(strings.ToLower(c.target.upn))
			}
			row[devices] = types.DynamicOf(`{}`)
		case b.logon != nil:
			u = b.logon.user
			row[native], row[source], row[activity], row[action] = text("SecurityEvent"), text("Windows Security Events"), text("LogOn"), text("ResourceAccess")
			row[record] = text(g.guid(tagItem, b.id))
			row[ip] = text("10." + strconv.Itoa(u.group) + "." + strconv.Itoa(u.index/250%250) + "." + strconv.Itoa(u.index%250+1))
			row[machine], row[server] = text(b.logon.server), text(b.logon.server)
			row[sourceDevice] = text(u.laptop.name)
			row[devices] = types.DynamicOf(`{"DeviceFamily":"` + u.laptop.family + `","DeviceType":"` + u.laptop.kind + `"}`)
		default:
			e := &b.signIn
			u = e.user
			row[native], row[source], row[action] = text(TableSigninLogs), text("Azure AD"), text("Sign-in")
			row[activity] = text("FailedLogOn")
			if e.outcome.succeeded() {
				row[activity] = text("LogOn")
			}
			row[record] = text(g.guid(tagItem, e.id))
			row[ip], row[country], k.country = text(e.ip), text(e.place.country), e.place.country
			row[sourceDevice], row[machine] = text(e.device.name), text(e.device.name)
			d := e.device
			row[devices] = types.DynamicOf(`{"Browser":"` + d.agentFamily + `","DeviceFamily":"` + d.family + `","DeviceType":"` + d.kind +
				`","ISP":"` + e.place.isp + `","OperatingSystem":"` + d.os + `","UserAgent":"` + d.userAgent + `","UserAgentFamily":"` + d.agentFamily + `"}`)
		}
		row[userName], row[actor] = text(u.alias), text(u.alias)
		row[principal] = text(strings.ToLower(u.upn))
		row[actorPrincipal] = row[principal]
		row[users] = types.DynamicOf(u.insights)
		done, ok := rendered[k]
		if !ok {
			done = insights(k.flags, k.burst, k.country)
			rendered[k] = done
		}
		row[activities] = types.DynamicOf(done)
		if err := w.put(); err != nil {
			return err
		}
	}
	return nil
}

// usersInsights renders UsersInsights of a user.
func usersInsights(u *user, isNew bool) string {
	b := []byte(`{"AccountDisplayName":` + types.QuoteJSON(u.display) + `,"AccountDomain":"` + domain +
		`","AccountObjectID":"` + u.id + `","BlastRadius":"` + u.blast + `","IsDormantAccount":"False","IsNewAccount":`)
	return string(append(appendFlag(b, isNew), `,"OnPremisesSID":"`+u.sid+`"}`...))
}
