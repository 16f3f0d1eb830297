package demo

import (
	"math/rand/v2"
	"slices"

	"github.com/vedette-siem/vedette/internal/types"
)

// operation is a kind of directory change, as AuditLogs names it.
type operation struct {
	name, category, kind, service string // kind is AADOperationType
	target                        string // type of the first target resource
	weight                        int64  // among the changes made at random; 0 for those that a person's life brings
	bySelf                        bool   // the user does it, not an administrator
	identity                      bool   // IdentityInfo is written again
}

// The operations that a person's life brings.
var (
	opAddUser    = &operation{name: "Add user", category: "UserManagement", kind: "Add", service: "Core Directory", target: "User", identity: true}
	opDisable    = &operation{name: "Disable account", category: "UserManagement", kind: "Update", service: "Core Directory", target: "User", identity: true}
	opAddToGroup = &operation{name: "Add member to group", category: "GroupManagement", kind: "Assign", service: "Core Directory", target: "User", identity: true}
	opAddToRole  = &operation{name: "Add member to role", category: "RoleManagement", kind: "Assign", service: "Core Directory", target: "User", identity: true}
	opAddDevice  = &operation{name: "Add device", category: "Device", kind: "Add", service: "Device Registration Service", target: "Device", bySelf: true}
	opRegistered = &operation{name: "User registered security info", category: "UserManagement", kind: "Add", service: "Authentication Methods", target: "User", weight: 7, bySelf: true}
	opUpdateUser = &operation{name: "Update user", category: "UserManagement", kind: "Update", service: "Core Directory", target: "User", weight: 34, identity: true}
	otherChanges = []*operation{
		opUpdateUser,
		{name: "Reset user password", category: "UserManagement", kind: "Update", service: "Core Directory", target: "User", weight: 9},
		{name: "Change user password", category: "UserManagement", kind: "Update", service: "Core Directory", target: "User", weight: 22, bySelf: true},
		{name: "Reset password (self-service)", category: "UserManagement", kind: "Update", service: "Self-service Password Management", target: "User", weight: 8, bySelf: true},
		opRegistered,
		{name: "Remove member from group", category: "GroupManagement", kind: "Unassign", service: "Core Directory", target: "User", weight: 5},
		{name: "Update device", category: "Device", kind: "Update", service: "Core Directory", target: "Device", weight: 8},
		{name: "Consent to application", category: "ApplicationManagement", kind: "Assign", service: "Core Directory", target: "ServicePrincipal", weight: 2, bySelf: true},
		{name: "Add app role assignment grant to user", category: "UserManagement", kind: "Assign", service: "Core Directory", target: "User", weight: 4},
		{name: "Update application", category: "ApplicationManagement", kind: "Update", service: "Core Directory", target: "Application", weight: 1},
		{name: "Update conditional access policy", category: "Policy", kind: "Update", service: "Conditional Access", target: "Policy", weight: 1},
	}
)

const (
	idChange       uint64 = 1 << 60
	idAttackChange        = idChange + 1<<50
)

// directoryChange is a record of AuditLogs to be.
type directoryChange struct {
	at     int64
	id     uint64
	op     *operation
	actor  *user // nil when HR's import does it
	target *user
	thing  string // the group, role, device, application or policy
	ip     string
	agent  string
}

var extraGroups = []string{"VPN Users", "Project Aurora", "Project Basalt", "Shared Mailbox Orders", "Licence Power Users", "Meeting Rooms Editors"}

// planChanges decides what administrators and people change in the directory. It reads people in their order and sets what
// the changes bring to each.
func (g *generator) planChanges() {
	r := g.stream(streamChanges)
	var admins, members []*user
	for _, u := range g.people {
		if u.kind != employee {
			continue
		}
		members = append(members, u)
		if len(u.roles) > 0 && u.department.bit == informationTechnology {
			admins = append(admins, u)
		}
	}
	add := func(at int64, op *operation, actor, target *user, thing string) {
		if at < g.start || at >= g.end {
			return
		}
		c := directoryChange{at: at, id: idChange + uint64(len(g.changes)), op: op, actor: actor, target: target, thing: thing}
		if actor != nil {
			_, ip, d := g.setting(r, actor, at)
			c.ip, c.agent = ip, d.userAgent
		}
		g.changes = append(g.changes, c)
	}
	for _, u := range members {
		if u.created >= g.start {
			add(u.created, opAddUser, nil, u, "")
			add(u.created+between(r, 30, 90, minute), opAddDevice, u, nil, u.laptop.name)
		}
		if u.disabled < g.end {
			add(u.disabled, opDisable, pick(r, admins), u, "")
		}
		if u.newLaptop != nil {
			add(u.newLaptopAt-between(r, 5, 50, minute), opAddDevice, u, nil, u.newLaptop.name)
		}
		dice, moment := r.IntN(1000), g.start+r.Int64N(g.end-g.start-day)
		switch {
		case u == g.victim || u.index < minUsers || moment < u.created || moment >= u.disabled:
		case dice < 120:
			u.changedAt, u.addedGroup = workingTime(u, moment), pick(r, extraGroups)
			if slices.Contains(u.groups, u.addedGroup) {
				u.changedAt, u.addedGroup = 0, ""
				continue
			}
			add(u.changedAt, opAddToGroup, pick(r, admins), u, u.addedGroup)
		case dice < 123 && len(u.roles) == 0 && u.department.bit == informationTechnology:
			u.changedAt, u.addedRole = workingTime(u, moment), "Directory Readers"
			add(u.changedAt, opAddToRole, pick(r, admins), u, u.addedRole)
		}
	}
	g.planOtherChanges(r, admins, members, add)
	if a := &g.attack; !g.opts.NoAttack { // the intruder registers a phone of their own for the next time
		g.changes = append(g.changes, directoryChange{
			at: a.approved + 3*minute, id: idAttackChange, op: opRegistered, actor: g.victim, target: g.victim,
			ip: a.ip, agent: lairModel.userAgent,
		})
	}
	slices.SortFunc(g.changes, func(a, b directoryChange) int {
		if a.at != b.at {
			return compare(a.at, b.at)
		}
		return compare(a.id, b.id)
	})
}

// planOtherChanges adds the everyday changes: one for every sixty sign-ins.
func (g *generator) planOtherChanges(r *rand.Rand, admins, members []*user, add func(int64, *operation, *user, *user, string)) {
	var ops weighted
	for _, op := range otherChanges {
		ops.add(op.weight)
	}
	for range g.opts.SignIns / 60 {
		op, u := otherChanges[ops.draw(r)], pick(r, members)
		moment := g.start + r.Int64N(g.end-g.start)
		actor := u
		if !op.bySelf {
			actor = pick(r, admins)
		}
		moment = workingTime(actor, moment)
		if u == g.victim || !u.active(moment) || moment >= u.disabled || !actor.active(moment) {
			continue
		}
		thing := ""
		switch op.target {
		case "Device":
			thing = u.laptop.name
		case "ServicePrincipal", "Application":
			thing = pick(r, g.world.apps).name
		case "Policy":
			thing = policyMFA
		case "User":
			switch op.category {
			case "GroupManagement":
				thing = u.groups[len(u.groups)-1]
			case "UserManagement":
				if op.kind == "Assign" {
					thing = pick(r, g.world.apps).name
				}
			}
		}
		add(moment, op, actor, u, thing)
	}
}

// workingTime moves a moment into the user's working day, keeping the date where it can.
func workingTime(u *user, moment int64) int64 {
	local := moment + u.office.offset
	for isWeekend(local) {
		local -= day
	}
	return local/day*day + 8*hour + (local%day)*10/24 - u.office.offset
}

// writeAudit emits the rows of AuditLogs.
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/auditlogs
func (g *generator) writeAudit(w *tableWriter) error {
	if !w.wanted() {
		return nil
	}
	std := g.standardColumns(w, "Azure AD")
	w.texts("AADTenantId", g.tenant, "OperationVersion", "1.0", "ResultSignature", "None", "Level", "Informational", "Result", "success",
		"Resource", "Microsoft.aadiam", "ResourceGroup", "Microsoft.aadiam", "ResourceProvider", "Microsoft.aadiam",
		"ResourceId", "/tenants/"+g.tenant+"/providers/Microsoft.aadiam")
	w.constant("DurationMs", types.LongOf(0))
	operation, display, category, kind, service := w.str("OperationName"), w.str("ActivityDisplayName"), w.str("Category"), w.str("AADOperationType"), w.str("LoggedByService")
	moment, id, correlation, identity := w.col("ActivityDateTime", types.Datetime), w.str("Id"), w.str("CorrelationId"), w.str("Identity")
	initiated, targets, details := w.col("InitiatedBy", types.Dynamic), w.col("TargetResources", types.Dynamic), w.col("AdditionalDetails", types.Dynamic)
	if err := w.ready(); err != nil {
		return err
	}
	row, text := w.row, types.StringOf
	for i := range g.changes {
		c := &g.changes[i]
		h := g.hash(tagAudit, c.id)
		std.set(w, c.at, g.guid(tagItem, c.id), int64(120+h%300)*second, 1500+h>>8%700)
		row[moment] = types.DatetimeOf(c.at)
		row[operation], row[display], row[category], row[kind], row[service] = text(c.op.name), text(c.op.name), text(c.op.category), text(c.op.kind), text(c.op.service)
		row[id], row[correlation] = text("Directory_"+g.guid(tagAudit, c.id)), text(g.guid(tagFlow, c.id))
		row[identity] = text("HR Import")
		by := `{"app":{"appId":"` + g.guid(tagApp, 0) + `","displayName":"HR Import","servicePrincipalId":"` + g.guid(tagApp, 1) + `","servicePrincipalName":""}}`
		if a := c.actor; a != nil {
			row[identity] = text(a.display)
			by = `{"user":{"id":"` + a.id + `","displayName":` + types.QuoteJSON(a.display) + `,"userPrincipalName":"` + a.upn +
				`","ipAddress":"` + c.ip + `","roles":[]}}`
		}
		row[initiated], row[targets] = types.DynamicOf(by), types.DynamicOf(g.targets(c))
		row[details] = types.DynamicOf(`[]`)
		if c.agent != "" {
			row[details] = types.DynamicOf(`[{"key":"User-Agent","value":"` + c.agent + `"}]`)
		}
		if err := w.put(); err != nil {
			return err
		}
	}
	return nil
}

// targets renders TargetResources of a change.
func (g *generator) targets(c *directoryChange) string {
	modified := func(name, before, after string) string {
		return `{"displayName":"` + name + `","oldValue":` + types.QuoteJSON(before) + `,"newValue":` + types.QuoteJSON(after) + `}`
	}
	resource := func(kind, id, name, principal, properties string) string {
		return `{"id":"` + id + `","displayName":` + types.QuoteJSON(name) + `,"type":"` + kind + `","userPrincipalName":` + types.QuoteJSON(principal) +
			`,"modifiedProperties":[` + properties + `],"administrativeUnits":[]}`
	}
	if c.op.target != "User" {
		properties := ""
		if c.op.kind == "Update" {
			properties = modified("LastChange", "[]", `["`+c.op.category+`"]`)
		}
		id := g.guid(tagGroup, nameNumber(c.thing))
		if c.op.target == "Policy" {
			id = g.guid(tagPolicy, 0)
		}
		return "[" + resource(c.op.target, id, c.thing, "", properties) + "]"
	}
	properties := ""
	switch {
	case c.op == opAddUser:
		properties = modified("AccountEnabled", "[]", "[true]") + "," + modified("DisplayName", "[]", `["`+c.target.display+`"]`)
	case c.op == opDisable:
		properties = modified("AccountEnabled", "[true]", "[false]")
	case c.op == opUpdateUser:
		properties = modified("JobTitle", `["`+c.target.department.titles[1]+`"]`, `["`+c.target.title+`"]`)
	case c.op.category == "GroupManagement" && c.op.kind == "Assign":
		properties = modified("Group.DisplayName", "", `"`+c.thing+`"`)
	case c.op.category == "GroupManagement":
		properties = modified("Group.DisplayName", `"`+c.thing+`"`, "")
	case c.op.category == "RoleManagement":
		properties = modified("Role.DisplayName", "", `"`+c.thing+`"`)
	}
	list := "[" + resource("User", c.target.id, c.target.display, c.target.upn, properties)
	switch {
	case c.op.category == "GroupManagement":
		list += "," + resource("Group", g.guid(tagGroup, nameNumber(c.thing)), c.thing, "", "")
	case c.op.category == "RoleManagement":
		list += "," + resource("Role", g.guid(tagGroup, nameNumber(c.thing)), c.thing, "", "")
	case c.thing != "":
		list += "," + resource("ServicePrincipal", g.guid(tagGroup, nameNumber(c.thing)), c.thing, "", "")
	}
	return list + "]"
}

// nameNumber turns a name into a number, so that equal names get equal ids.
func nameNumber(name string) uint64 {
	n := uint64(len(name))
	for i := range len(name) {
		n = mix(n ^ uint64(name[i]))
	}
	return n
}
