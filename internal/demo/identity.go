package demo

import (
	"slices"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// identityWrite is one writing of a user's row in IdentityInfo.
type identityWrite struct {
	at     int64
	id     uint64
	user   *user
	source string // ChangeSource
	atRisk bool
}

const resync = 14 * day // every user is written again this often

// planIdentities lists the writings of IdentityInfo: a full resync of each user every 14 days, spread over them, and one
// about 20 minutes after each change. The victim's row is written in the last hour, because Identity Protection takes notice.
// https://learn.microsoft.com/azure/sentinel/ueba-reference#identityinfo-table
func (g *generator) planIdentities() []identityWrite {
	r := g.stream(streamIdentity)
	var list []identityWrite
	add := func(at int64, u *user, source string, atRisk bool) {
		list = append(list, identityWrite{at, uint64(len(list)), u, source, atRisk})
	}
	for _, u := range g.people {
		for at := g.start + r.Int64N(resync); at < g.end; at += resync {
			if at >= u.created {
				add(at, u, "FullSync", false)
			}
		}
	}
	for i := range g.changes {
		c := &g.changes[i]
		at := c.at + between(r, 15, 30, minute)
		if c.op.identity && at < g.end {
			add(at, c.target, "AzureActiveDirectory", false)
		}
	}
	if !g.opts.NoAttack {
		add(g.attack.signIns[0].at+between(r, 16, 20, minute), g.victim, "AzureActiveDirectory", true)
	}
	slices.SortFunc(list, func(a, b identityWrite) int {
		if a.at != b.at {
			return compare(a.at, b.at)
		}
		return compare(a.id, b.id)
	})
	return list
}

// writeIdentities emits the rows of IdentityInfo. Columns that UEBA lists but leaves empty stay empty here too.
func (g *generator) writeIdentities(w *tableWriter) error {
	if !w.wanted() {
		return nil
	}
	std := g.standardColumns(w, "AzureActiveDirectory")
	w.texts("AccountTenantId", g.tenant)
	object, name, upn, display, accountDomain := w.str("AccountObjectId"), w.str("AccountName"), w.str("AccountUPN"), w.str("AccountDisplayName"), w.str("AccountDomain")
	sid, cloudSID, sam, dn := w.str("AccountSID"), w.str("AccountCloudSID"), w.str("SAMAccountName"), w.str("OnPremisesDistinguishedName")
	created, given, surname, mail := w.col("AccountCreationTime", types.Datetime), w.str("GivenName"), w.str("Surname"), w.str("MailAddress")
	others, roles, groups, control := w.col("AdditionalMailAddresses", types.Dynamic), w.col("AssignedRoles", types.Dynamic), w.col("GroupMembership", types.Dynamic), w.col("UserAccountControl", types.Dynamic)
	blast, source, city, country, state, street := w.str("BlastRadius"), w.str("ChangeSource"), w.str("City"), w.str("Country"), w.str("State"), w.str("StreetAddress")
	company, department, employeeID, title, manager, phone := w.str("CompanyName"), w.str("Department"), w.str("EmployeeId"), w.str("JobTitle"), w.str("Manager"), w.str("Phone")
	enabled, userState, stateSince, userType := w.col("IsAccountEnabled", types.Bool), w.str("UserState"), w.col("UserStateChangedOn", types.Datetime), w.str("UserType")
	risk, riskState, riskDetails := w.str("RiskLevel"), w.str("RiskState"), w.str("RiskLevelDetails")
	if err := w.ready(); err != nil {
		return err
	}
	row, text := w.row, types.StringOf
	for _, d := range g.planIdentities() {
		u, site := d.user, d.user.office.site
		h := g.hash(tagIdentity, d.id)
		std.set(w, d.at, g.guid(tagIdentity, d.id), int64(30+h%240)*second, 1900+h>>8%500)
		row[object], row[upn], row[display] = text(u.id), text(u.upn), text(u.display)
		local, _, _ := strings.Cut(u.upn, "@")
		row[name], row[accountDomain] = text(local), text(domain)
		row[cloudSID], row[employeeID], row[source] = text(u.cloudSID), text(""), text(d.source)
		row[sid], row[sam], row[dn] = text(""), text(""), text("")
		row[company], row[userType], row[phone] = text("Contoso"), text("Member"), text("")
		switch u.kind {
		case guest:
			row[company], row[userType] = text(u.homeTenantName), text("Guest")
		case employee:
			row[employeeID] = text(u.employeeID)
			row[phone] = text("+1 555 01" + u.employeeID[2:4] + " " + u.employeeID[4:])
			fallthrough
		default: // from the directory on premises
			row[sid], row[sam] = text(u.sid), text(u.alias[:min(20, len(u.alias))])
			row[dn] = text("CN=" + u.display + ",OU=" + u.department.name + ",DC=corp,DC=contoso,DC=com")
		}
		row[created] = types.DatetimeOf(u.created)
		row[given], row[surname], row[mail] = text(u.given), text(u.surname), text(u.mail)
		row[others] = types.DynamicOf("[]")
		memberOf, assigned := u.groups, u.roles
		if u.changedAt > 0 && d.at >= u.changedAt {
			if u.addedGroup != "" {
				memberOf = append(slices.Clip(memberOf), u.addedGroup)
			} else {
				assigned = append(slices.Clip(assigned), u.addedRole)
			}
		}
		row[groups], row[roles] = types.DynamicOf(jsonList(memberOf)), types.DynamicOf(jsonList(assigned))
		row[control] = types.DynamicOf(`["NormalAccount"]`)
		row[blast] = text(u.blast)
		row[city], row[country], row[state], row[street] = text(site.city), text(site.country), text(site.state), text("1 Contoso Way")
		row[department], row[title], row[manager] = text(u.department.name), text(u.title), text(u.manager)
		on := d.at < u.disabled
		row[enabled], row[userState], row[stateSince] = types.BoolOf(on), text("Active"), types.DatetimeOf(u.created)
		if !on {
			row[userState], row[stateSince] = text("Disabled"), types.DatetimeOf(u.disabled)
		}
		row[risk], row[riskState], row[riskDetails] = text("None"), text("None"), text("None")
		if d.atRisk {
			row[risk], row[riskState], row[riskDetails] = text("Medium"), text("AtRisk"), text("None")
		}
		if err := w.put(); err != nil {
			return err
		}
	}
	return nil
}
