package demo

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// userKind tells people of the company from guests and from accounts that machines use.
type userKind uint8

const (
	employee userKind = iota
	guest
	service
)

// span is a stretch of time in ticks; the zero span holds nothing.
type span struct{ from, to int64 }

func (s span) holds(at int64) bool { return at >= s.from && at < s.to }

// trip is a stay away from home.
type trip struct {
	span
	place *place
	ip    string
}

// user is an account of the tenant and the person or machine behind it.
type user struct {
	index                          int
	kind                           userKind
	id, sid, cloudSID, employeeID  string
	given, surname, display, alias string
	upn                            string    // as the directory spells it
	signInNames                    [2]string // the spellings with which sign-ins arrive; mostly equal
	mail                           string
	homeTenant, homeTenantName     string
	office                         *office
	group                          int // index of the office, or the one after the last for machines
	department                     *department
	title, manager                 string
	roles, groups                  []string
	blast                          string
	blastFactor                    int64
	created, disabled              int64 // ticks; disabled is beyond the end for most
	weight                         int64
	mfa                            mfaMethod
	home                           *place
	homeIPs                        [2]string // before and after the provider hands out a new one
	lease                          int64
	laptop, phone, own             *device // own: a private computer at home, of some people
	newLaptop                      *device // replaces laptop from newLaptopAt on, for some people
	newLaptopAt                    int64
	apps                           weighted // over world.apps
	trip                           trip
	holiday                        span
	prone                          bool   // locks accounts, tries new things; others sometimes decline a prompt by mistake
	insights                       string // JSON of UsersInsights
	changedAt                      int64  // when a group or a role below was added, 0 for never
	addedGroup, addedRole          string
}

// active tells whether the person signs in at all at a moment.
func (u *user) active(at int64) bool { return at >= u.created && !u.holiday.holds(at) }

// mfaMethod is how a user answers a second factor prompt.
type mfaMethod uint8

const (
	mfaPush mfaMethod = iota
	mfaCode
	mfaText
)

var mfaMethodNames = [...]string{"Mobile app notification", "Mobile app verification code", "Text message"}

// victimIndex is the place of the attack's victim among the people.
const victimIndex = 11

func (g *generator) buildPeople() {
	r := g.stream(streamPeople)
	var offices, depts weighted
	for _, o := range g.world.offices {
		offices.add(o.share)
	}
	for _, d := range departments {
		depts.add(d.share)
	}
	taken := make(map[string]int, g.opts.Users)
	services := max(2, g.opts.Users*15/1000)
	guests := max(2, g.opts.Users*5/100)
	admins := 0
	for i := range g.opts.Users {
		u := &user{index: i, id: g.guid(tagUser, uint64(i)), office: g.world.offices[offices.draw(r)], disabled: types.MaxDatetime}
		dept := depts.draw(r)
		if i == victimIndex {
			u.office, dept = g.world.offices[munich], departmentFinance
		} else if i < len(departments) {
			dept = i // one head for each department
		} else if i < minUsers {
			dept = departmentIT // so that the smallest tenant has administrators too
		}
		u.department = &departments[dept]
		switch {
		case i >= g.opts.Users-services:
			u.kind = service
		case i >= g.opts.Users-services-guests:
			u.kind = guest
		}
		u.group = indexOf(g.world.offices, u.office)
		h := g.hash(tagSID, uint64(i))
		u.sid = fmt.Sprintf("S-1-5-21-1004336348-1177238915-682003330-%d", 1100+i)
		u.cloudSID = fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", uint32(h), uint32(h>>32), uint32(mix(h)), uint32(mix(h)>>32))
		u.employeeID = fmt.Sprintf("%06d", 100200+7*i)
		g.nameUser(r, u, i-(g.opts.Users-services), taken)
		u.title = u.department.titles[0]
		if i >= len(departments) {
			u.title = u.department.titles[1:][min(r.IntN(len(u.department.titles)-1), r.IntN(len(u.department.titles)))]
		}
		if dept == departmentIT && u.kind == employee && i >= minUsers/2 && i != victimIndex && admins < len(adminRoles) {
			u.roles = adminRoles[admins]
			admins++
		}
		g.equip(r, u)
		g.planLife(r, u)
		g.people = append(g.people, u)
	}
	g.victim = g.people[victimIndex]
	g.appointVictim()
	g.assignGroups(r)
	for _, u := range g.people {
		u.blast, u.blastFactor = blastRadius(u.roles)
		u.insights = usersInsights(u, u.created >= g.start)
	}
}

func indexOf[T comparable](list []T, x T) int {
	for i, e := range list {
		if e == x {
			return i
		}
	}
	return -1
}

var serviceNames = []string{"svc-backup", "svc-scanner", "svc-sync", "svc-reporting", "svc-monitor", "svc-mailrelay"}

func (g *generator) nameUser(r *rand.Rand, u *user, serviceIndex int, taken map[string]int) {
	if u.kind == service {
		name := serviceNames[serviceIndex%len(serviceNames)]
		if n := serviceIndex / len(serviceNames); n > 0 {
			name = fmt.Sprintf("%s-%02d", name, n)
		}
		u.display, u.alias, u.given = "Service "+strings.TrimPrefix(name, "svc-"), name, ""
		u.upn = name + "@" + domain
		u.mail, u.signInNames = "", [2]string{u.upn, u.upn}
		u.group = len(g.world.offices)
		return
	}
	u.given, u.surname = pick(r, givenNames), pick(r, surnames)
	u.display = u.given + " " + u.surname
	written := asciiLetters.Replace(u.given) + "." + asciiLetters.Replace(u.surname)
	taken[written]++
	if n := taken[written]; n > 1 {
		written += fmt.Sprint(n)
	}
	u.alias = strings.ToLower(written)
	switch {
	case u.kind == guest:
		p := partners[u.index%len(partners)]
		u.mail = u.alias + "@" + p.domain
		u.upn = u.alias + "_" + p.domain + "#EXT#@" + initialDomain
		u.homeTenant, u.homeTenantName = g.guid(tagTenant, uint64(10+u.index%len(partners))), p.name
		u.signInNames = [2]string{u.mail, u.mail}
	case u.index == victimIndex || r.IntN(25) == 0: // some accounts were made with capitals
		u.upn = written + "@Contoso.com"
		u.mail = u.alias + "@" + domain
		u.signInNames = [2]string{u.upn, strings.ToLower(u.upn)}
	default:
		u.upn = u.alias + "@" + domain
		u.mail = u.upn
		u.signInNames = [2]string{u.upn, u.upn}
	}
}

// address returns the n-th home address: RFC 2544's block, and documentation IPv6 where that ends or by chance.
func homeAddress(office, n int, v6 bool) string {
	if v6 || n >= 448*250 { // 198.19.192.0 and above are the mobile networks'
		return documentationIPv6(0x100+office, n)
	}
	block := n / 250
	return fmt.Sprintf("198.%d.%d.%d", 18+block/256, block%256, n%250+1)
}

// documentationIPv6 returns the n-th address of a network in RFC 3849's block, in its shortest form.
func documentationIPv6(network, n int) string {
	return netip.AddrFrom16([16]byte{
		0x20, 0x01, 0x0d, 0xb8, byte(network >> 8), byte(network), 0, byte(n>>16) + 1,
		14: byte(n >> 8), 15: byte(n),
	}).String()
}

// equip gives a user a home, devices, applications and habits.
func (g *generator) equip(r *rand.Rand, u *user) {
	site := indexOf(g.world.offices, u.office)
	u.home = pick(r, u.office.homes)
	for i := range u.homeIPs {
		u.homeIPs[i] = homeAddress(site, 2*u.index+i, u.index%3 == 0)
	}
	u.lease = g.start + between(r, 4, int64(2*24*g.opts.Days), hour)
	u.weight = pick(r, []int64{4, 6, 8, 8, 10, 10, 10, 12, 12, 16, 24})
	u.mfa = pick(r, []mfaMethod{mfaPush, mfaPush, mfaPush, mfaPush, mfaPush, mfaPush, mfaCode, mfaText})
	u.prone = u.index%5 == 0
	id := func(n int) string { return g.guid(tagDevice, uint64(u.index*4+n)) }
	switch {
	case u.kind == service:
		u.laptop = newDevice(serverModel, "", "")
		u.phone = u.laptop
		u.weight, u.prone = 6, false
	case u.kind == guest:
		u.laptop = newDevice(pick(r, privateModels), "", "")
		u.phone = newDevice(pick(r, phoneModels), "", "")
		u.weight = 2
	default:
		u.laptop = newDevice(pick(r, laptopModels), id(0), fmt.Sprintf("CONTOSO-LT-%05d", u.index))
		u.phone = newDevice(pick(r, phoneModels), id(1), fmt.Sprintf("CONTOSO-MB-%05d", u.index))
		if r.IntN(50) == 0 {
			u.newLaptop = newDevice(pick(r, laptopModels), id(2), fmt.Sprintf("CONTOSO-LT-%05d", g.opts.Users+u.index))
			u.newLaptopAt = g.start + r.Int64N(g.end-g.start)
		}
		if r.IntN(4) == 0 {
			u.own = newDevice(pick(r, privateModels), "", "")
		}
	}
	for i, a := range g.world.apps {
		switch {
		case u.kind == guest:
			u.apps.add(pickInt(a.name == "Microsoft Teams" || i == appOfficeHome || a.resource == "Office 365 SharePoint Online", a.weight))
		case u.kind == service:
			u.apps.add(pickInt(i == appExchange, a.weight))
		default:
			u.apps.add(pickInt(a.departments&u.department.bit != 0, a.weight))
		}
	}
}

// pickInt returns v where the condition holds, else 0.
func pickInt(condition bool, v int64) int64 {
	if condition {
		return v
	}
	return 0
}

// planLife decides when an account appears, travels, rests and is disabled.
func (g *generator) planLife(r *rand.Rand, u *user) {
	length := g.end - g.start
	u.created = g.start - between(r, 40, 3000, day)
	fate, leave, stay := r.IntN(1000), r.Int64N(length), between(r, 2, 6, day)
	if u.kind != employee || u.index < minUsers {
		return
	}
	switch {
	case fate < 12: // joins within the period, on the hour HR's import runs
		u.created = g.start + leave*9/10
	case fate < 22:
		u.disabled = g.start + length/10 + leave*8/10
	case fate < 100:
		u.trip = trip{span: span{g.start + leave*9/10, g.start + leave*9/10 + stay}}
		n := u.index
		if r.IntN(2) == 0 {
			u.trip.place = g.world.away[n%len(g.world.away)]
		} else { // a visit to another office, staying behind its country's mobile network
			u.trip.place = g.world.offices[(u.group+1+n%(len(g.world.offices)-1))%len(g.world.offices)].mobile
		}
		if n < 250 {
			u.trip.ip = fmt.Sprintf("198.51.100.%d", n+1)
		} else {
			u.trip.ip = documentationIPv6(0xf00, n)
		}
	case fate < 330:
		u.holiday = span{g.start + leave, g.start + leave + 2*stay}
	}
}

// assignGroups fills in groups and managers.
func (g *generator) assignGroups(r *rand.Rand) {
	heads := map[*department]string{}
	managers := map[[2]string][]string{}
	place := func(u *user) [2]string { return [2]string{u.department.name, u.office.site.city} }
	for i, u := range g.people {
		if i < len(departments) {
			heads[u.department] = u.alias
		} else if u.kind == employee && u.title == u.department.titles[1] {
			managers[place(u)] = append(managers[place(u)], u.alias)
		}
	}
	chief := g.people[len(departments)-1].alias
	for i, u := range g.people {
		switch {
		case u.kind == service:
			u.groups = []string{"Service Accounts", "MFA Exclusions"}
			u.department = &departments[departmentIT]
			u.title = "Service account"
			continue
		case u.kind == guest:
			u.groups = []string{"External Partners"}
			u.title = "Consultant"
			continue
		}
		u.groups = []string{"All Employees", "Dept " + u.department.name, "Office " + u.office.site.city, "Team " + u.department.name + " " + u.office.site.city}
		if r.IntN(3) == 0 {
			u.groups = append(u.groups, "VPN Users")
		}
		if len(u.roles) > 0 {
			u.groups = append(u.groups, "Privileged Administrators")
		}
		if u == g.victim {
			u.groups = append(u.groups, "Payment Approvers")
		}
		switch list := managers[place(u)]; {
		case u.alias == chief:
		case i < len(departments):
			u.manager = chief
		case len(list) > 0 && list[i%len(list)] != u.alias:
			u.manager = list[i%len(list)]
		default:
			u.manager = heads[u.department]
		}
	}
}

// jsonList renders strings as a JSON array.
func jsonList(list []string) string {
	b := []byte{'['}
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, types.QuoteJSON(s)...)
	}
	return string(append(b, ']'))
}
