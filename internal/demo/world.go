package demo

import (
	"fmt"
	"math/rand/v2"

	"github.com/vedette-siem/vedette/internal/types"
)

// place is somewhere a sign-in comes from: a spot on the map behind one network.
type place struct {
	city, state, country string
	asn, isp             string
	location             string // JSON of LocationDetails
	trusted              bool   // a named location of the tenant
}

func newPlace(city, state, country, latitude, longitude, asn, isp string) *place {
	return &place{
		city: city, state: state, country: country, asn: asn, isp: isp,
		location: `{"city":` + types.QuoteJSON(city) + `,"state":` + types.QuoteJSON(state) +
			`,"countryOrRegion":` + types.QuoteJSON(country) +
			`,"geoCoordinates":{"latitude":` + latitude + `,"longitude":` + longitude + `}}`,
	}
}

// office is where people work. Its clock is a fixed distance from UTC: the demo reads no time zone file.
type office struct {
	site    *place
	egress  []string // addresses that the office shows to the Internet
	homes   []*place // towns around it, behind the country's broadband provider
	mobile  *place   // the country's mobile network
	mobiles []string // addresses of that network
	offset  int64    // ticks ahead of UTC
	share   int64    // of the people
}

// officeRow is an office as written in the list below.
type officeRow struct {
	city, state, country, latitude, longitude string
	offsetMinutes, share                      int64
	towns                                     [3][4]string // city, state, latitude, longitude
}

// officeRows are Contoso's offices. munich is where the attack's victim works.
var officeRows = []officeRow{
	{"Seattle", "Washington", "US", "47.6062", "-122.3321", -8 * 60, 26, [3][4]string{
		{"Bellevue", "Washington", "47.6101", "-122.2015"}, {"Tacoma", "Washington", "47.2529", "-122.4443"}, {"Everett", "Washington", "47.979", "-122.2021"}}},
	{"New York", "New York", "US", "40.7128", "-74.006", -5 * 60, 16, [3][4]string{
		{"Yonkers", "New York", "40.9312", "-73.8988"}, {"Hoboken", "New Jersey", "40.7439", "-74.0324"}, {"Stamford", "Connecticut", "41.0534", "-73.5387"}}},
	{"Dublin", "Dublin", "IE", "53.3498", "-6.2603", 0, 12, [3][4]string{
		{"Swords", "Dublin", "53.4597", "-6.2181"}, {"Bray", "Wicklow", "53.2009", "-6.1111"}, {"Naas", "Kildare", "53.2206", "-6.6593"}}},
	{"Munich", "Bayern", "DE", "48.1351", "11.582", 60, 18, [3][4]string{
		{"Dachau", "Bayern", "48.2629", "11.434"}, {"Freising", "Bayern", "48.4029", "11.7412"}, {"Rosenheim", "Bayern", "47.8571", "12.1181"}}},
	{"São Paulo", "São Paulo", "BR", "-23.5505", "-46.6333", -3 * 60, 8, [3][4]string{
		{"Osasco", "São Paulo", "-23.5329", "-46.7917"}, {"Santo André", "São Paulo", "-23.6737", "-46.5432"}, {"Guarulhos", "São Paulo", "-23.4538", "-46.5333"}}},
	{"Pune", "Maharashtra", "IN", "18.5204", "73.8567", 330, 14, [3][4]string{
		{"Pimpri", "Maharashtra", "18.6298", "73.7997"}, {"Hadapsar", "Maharashtra", "18.5089", "73.926"}, {"Wagholi", "Maharashtra", "18.5808", "73.9787"}}},
	{"Sydney", "New South Wales", "AU", "-33.8688", "151.2093", 11 * 60, 6, [3][4]string{
		{"Parramatta", "New South Wales", "-33.8151", "151.0011"}, {"Penrith", "New South Wales", "-33.7507", "150.6877"}, {"Gosford", "New South Wales", "-33.4267", "151.3417"}}},
}

const munich = 3

// app is an application that people sign in to. The ids of Microsoft's own are the public ones.
type app struct {
	name, id             string
	resource, resourceID string
	web, desktop, phone  bool // reached by a browser, by a desktop client, by a phone app
	departments          uint // bit set of the departments that use it every day
	weight               int64
}

const (
	resourceExchange   = "Office 365 Exchange Online|00000002-0000-0ff1-ce00-000000000000"
	resourceSharePoint = "Office 365 SharePoint Online|00000003-0000-0ff1-ce00-000000000000"
	resourceGraph      = "Microsoft Graph|00000003-0000-0000-c000-000000000000"
	resourceDirectory  = "Windows Azure Active Directory|00000002-0000-0000-c000-000000000000"
	resourceARM        = "Windows Azure Service Management API|797f4846-ba00-4fd7-ba43-dac1f8f63013"
	resourceTeams      = "Microsoft Teams Services|cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"
)

// appRow is an application as written in the list below; an empty id is made up.
type appRow struct {
	name, id, resource string
	kind               string // b browser, d desktop, p phone
	departments        uint
	weight             int64
}

// Departments, as bits of app.departments.
const (
	engineering uint = 1 << iota
	sales
	marketing
	finance
	humanResources
	operations
	legal
	support
	informationTechnology
	executive
	everyone uint = 1<<iota - 1
)

var appRows = []appRow{
	{"Office 365 Exchange Online", "00000002-0000-0ff1-ce00-000000000000", resourceExchange, "bd", everyone, 150},
	{"OfficeHome", "4765445b-32c6-49b0-83e6-1d93765276ca", resourceGraph, "b", everyone, 170},
	{"Microsoft Teams", "1fec8e78-bce4-4aaf-ab1b-5451cc387264", resourceTeams, "dp", everyone, 160},
	{"Office 365 SharePoint Online", "00000003-0000-0ff1-ce00-000000000000", resourceSharePoint, "b", everyone, 110},
	{"Microsoft Office", "d3590ed6-52b3-4102-aeff-aad2292ab01c", resourceExchange, "d", everyone, 90},
	{"Outlook Mobile", "27922004-5251-4030-b22d-91ecd9a37ea4", resourceExchange, "p", everyone, 80},
	{"Windows Sign In", "38aa3b87-a06d-4817-b275-7a316988d93b", resourceDirectory, "d", everyone, 70},
	{"My Signins", "19db86c3-b2b9-44cc-b339-36da233a3be2", resourceGraph, "b", everyone, 6},
	{"Contoso Expenses", "", "", "bp", everyone, 25},
	{"Contoso HR Portal", "", "", "b", everyone, 25},
	{"Contoso Source Control", "", "", "bd", engineering | informationTechnology, 120},
	{"Contoso Build Farm", "", "", "b", engineering, 60},
	{"Azure Portal", "c44b4083-3bb0-49c1-b47d-974e53cbdf3c", resourceARM, "b", engineering | informationTechnology, 60},
	{"Microsoft Azure CLI", "04b07795-8ddb-461a-bbee-02f9e1bf7b46", resourceARM, "d", engineering | informationTechnology, 30},
	{"Microsoft Azure PowerShell", "1950a258-227b-4e31-a9cf-717495945fc2", resourceARM, "d", informationTechnology, 25},
	{"Fabrikam CRM", "", "", "bp", sales | marketing | support, 140},
	{"Contoso Campaigns", "", "", "b", marketing, 80},
	{"Contoso Ledger", "", "", "b", finance | executive, 120},
	{"Contoso Payments", "", "", "b", finance, 50},
	{"Contoso Talent", "", "", "b", humanResources, 110},
	{"Contoso Warehouse", "", "", "bp", operations, 130},
	{"Contoso Matters", "", "", "b", legal, 110},
	{"Contoso Tickets", "", "", "b", support | informationTechnology, 110},
}

// Positions in appRows of applications that the stories name.
const (
	appExchange   = 0
	appOfficeHome = 1
	appMySignins  = 7
	appLedger     = 17
)

// world is what the tenant's people move in.
type world struct {
	offices []*office
	away    []*place // where travellers stay, apart from the other offices
	hostile []*place // hosting providers that password sprays come from
	lair    *place   // where the attacker's address is registered: seen nowhere else
	apps    []*app
}

// Autonomous systems reserved for documentation (RFC 5398) are 64496-64511 and 65536-65551.
const (
	asnCorporate = 64496
	asnBroadband = 64497 // and one more for each office
	asnHotel     = 64507
	asnMobile    = 65536 // and one more for each office
	asnHosting   = 65545 // and one more for each provider
	asnLair      = 65551
)

func newWorld() *world {
	w := &world{}
	for i, r := range officeRows {
		o := &office{
			site: newPlace(r.city, r.state, r.country, r.latitude, r.longitude,
				fmt.Sprint(asnCorporate), "Contoso Corporate Network"),
			egress: []string{fmt.Sprintf("192.0.2.%d", 10*i+10), fmt.Sprintf("192.0.2.%d", 10*i+11)},
			mobile: newPlace(r.city, r.state, r.country, r.latitude, r.longitude,
				fmt.Sprint(asnMobile+i), r.country+" Example Mobile"),
			offset: r.offsetMinutes * minute,
			share:  r.share,
		}
		o.site.trusted = true
		for _, t := range r.towns {
			o.homes = append(o.homes, newPlace(t[0], t[1], r.country, t[2], t[3],
				fmt.Sprint(asnBroadband+i), r.country+" Example Broadband"))
		}
		for n := range 240 { // addresses of RFC 2544's block stand for the public IPv4 Internet
			o.mobiles = append(o.mobiles, fmt.Sprintf("198.19.%d.%d", 200+i, n+1))
		}
		w.offices = append(w.offices, o)
	}
	hotel := fmt.Sprint(asnHotel)
	w.away = []*place{
		newPlace("Lisbon", "Lisboa", "PT", "38.7223", "-9.1393", hotel, "Example Guest Wi-Fi"),
		newPlace("Toronto", "Ontario", "CA", "43.6532", "-79.3832", hotel, "Example Guest Wi-Fi"),
		newPlace("Singapore", "Singapore", "SG", "1.3521", "103.8198", hotel, "Example Guest Wi-Fi"),
		newPlace("Copenhagen", "Hovedstaden", "DK", "55.6761", "12.5683", hotel, "Example Guest Wi-Fi"),
	}
	for i, r := range [][5]string{
		{"Amsterdam", "Noord-Holland", "NL", "52.3676", "4.9041"},
		{"Warsaw", "Mazowieckie", "PL", "52.2297", "21.0122"},
		{"Montreal", "Quebec", "CA", "45.5019", "-73.5674"},
		{"Osaka", "Osaka", "JP", "34.6937", "135.5023"},
	} {
		w.hostile = append(w.hostile, newPlace(r[0], r[1], r[2], r[3], r[4],
			fmt.Sprint(asnHosting+i), fmt.Sprintf("Example Hosting %d", i+1)))
	}
	w.lair = newPlace("Victoria", "English River", "SC", "-4.6191", "55.4513", fmt.Sprint(asnLair), "Example Offshore Servers")
	for i, r := range appRows {
		a := &app{name: r.name, id: r.id, departments: r.departments, weight: r.weight}
		if a.id == "" { // the tenant's own: the same in every demo, so that content can name it
			a.id = fmt.Sprintf("c0c0c0c0-0000-4000-8000-%012x", i)
			a.resource, a.resourceID = a.name, a.id
		} else {
			for j := range r.resource {
				if r.resource[j] == '|' {
					a.resource, a.resourceID = r.resource[:j], r.resource[j+1:]
				}
			}
		}
		for _, k := range r.kind {
			a.web = a.web || k == 'b'
			a.desktop = a.desktop || k == 'd'
			a.phone = a.phone || k == 'p'
		}
		w.apps = append(w.apps, a)
	}
	return w
}

// Weight of each hour of a person's day, by the local clock.
var (
	workday = [24]int64{3, 2, 2, 2, 3, 6, 15, 60, 160, 220, 170, 140, 100, 150, 150, 130, 110, 80, 35, 25, 25, 20, 12, 6}
	weekend = [24]int64{1, 1, 0, 0, 0, 1, 2, 4, 8, 12, 13, 12, 10, 10, 10, 10, 9, 9, 9, 10, 10, 8, 5, 2}
)

// isWeekend tells whether the local day of a tick is a Saturday or a Sunday. 0001-01-01 was a Monday.
func isWeekend(local int64) bool { return local/day%7 >= 5 }

// hourOf returns the hour of the local clock.
func hourOf(local int64) int { return int(local / hour % 24) }

// calendar draws moments of one day of the tenant (24 hours from start) for the people of each office.
type calendar struct {
	start  int64
	groups weighted
	hours  []weighted // of each group
}

// newCalendar weighs the hours of a day; people holds the activity of each office's people, and last that of the
// machines, which never sleep.
func newCalendar(offices []*office, people []int64, start int64) calendar {
	c := calendar{start: start}
	for i, activity := range people {
		var w weighted
		for h := range int64(24) {
			if i == len(offices) {
				w.add(50)
				continue
			}
			local := start + h*hour + offices[i].offset
			if isWeekend(local) {
				w.add(weekend[hourOf(local)])
			} else {
				w.add(workday[hourOf(local)])
			}
		}
		c.hours = append(c.hours, w)
		c.groups.add(activity * w.total())
	}
	return c
}

// draw returns a group and a moment of the day.
func (c *calendar) draw(r *rand.Rand) (group int, moment int64) {
	group = c.groups.draw(r)
	return group, c.start + int64(c.hours[group].draw(r))*hour + r.Int64N(hour)
}
