package incident

import (
	"slices"
	"strings"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/entity"
)

// property is something that a condition can name.
type property struct {
	name        string
	of          func(*facts) []string
	ofAlert     bool // rules on alerts know it
	alertOnly   bool // and no others do
	onlyUpdated bool
}

// properties lists what conditions can name, but for the properties of entities.
// https://learn.microsoft.com/azure/sentinel/automation-rule-reference
var properties = []property{
	{name: "IncidentTitle", of: func(f *facts) []string { return []string{f.now.Title} }},
	{name: "IncidentDescription", of: func(f *facts) []string { return []string{f.now.Description} }},
	{name: "IncidentSeverity", of: func(f *facts) []string { return []string{string(f.now.Severity)} }},
	{name: "IncidentStatus", of: func(f *facts) []string { return []string{string(f.now.Status)} }},
	{name: "IncidentRelatedAnalyticRuleIds", of: func(f *facts) []string { return f.now.RuleIDs() }},
	{name: "IncidentTactics", of: func(f *facts) []string { return f.now.Tactics() }},
	{name: "IncidentLabel", of: func(f *facts) []string { return labelNames(f.now) }},
	{name: "IncidentProviderName", of: func(f *facts) []string { return []string{f.now.ProviderName} }},
	{name: "IncidentUpdatedBySource", onlyUpdated: true, of: func(f *facts) []string { return []string{string(f.event.By.Source)} }},
	{name: "IncidentCustomDetailsKey", of: (*facts).detailKeys},
	{name: "IncidentCustomDetailsValue", of: (*facts).detailValues},
	{name: "AlertProductNames", ofAlert: true, of: func(f *facts) []string {
		if f.alert != nil {
			return []string{RelatedOf(*f.alert).Product}
		}
		return f.now.Products()
	}},
	{name: "AlertAnalyticRuleIds", ofAlert: true, alertOnly: true, of: func(f *facts) []string { return []string{f.alert.RuleID} }},
}

// entityProperties says which field of which entities a condition's property is.
var entityProperties = []struct {
	name  string
	kind  entity.Kind
	field string
}{
	{"AccountAadTenantId", entity.Account, "AadTenantId"}, {"AccountAadUserId", entity.Account, "AadUserId"},
	{"AccountName", entity.Account, "Name"}, {"AccountNTDomain", entity.Account, "NTDomain"}, {"AccountPUID", entity.Account, "PUID"},
	{"AccountSid", entity.Account, "Sid"}, {"AccountObjectGuid", entity.Account, "ObjectGuid"}, {"AccountUPNSuffix", entity.Account, "UPNSuffix"},
	{"AzureResourceResourceId", entity.AzureResource, "ResourceId"}, {"AzureResourceSubscriptionId", entity.AzureResource, "SubscriptionId"},
	{"CloudApplicationAppId", entity.CloudApplication, "AppId"}, {"CloudApplicationAppName", entity.CloudApplication, "Name"},
	{"DNSDomainName", entity.DNS, "DomainName"}, {"FileDirectory", entity.File, "Directory"}, {"FileName", entity.File, "Name"},
	{"FileHashValue", entity.FileHash, "Value"}, {"HostAzureID", entity.Host, "AzureID"}, {"HostName", entity.Host, "HostName"},
	{"HostNetBiosName", entity.Host, "NetBiosName"}, {"HostNTDomain", entity.Host, "NTDomain"}, {"HostOSVersion", entity.Host, "OSVersion"},
	{"IoTDeviceId", entity.IoTDevice, "DeviceId"}, {"IoTDeviceName", entity.IoTDevice, "DeviceName"}, {"IoTDeviceType", entity.IoTDevice, "DeviceType"},
	{"IoTDeviceVendor", entity.IoTDevice, "Manufacturer"}, {"IoTDeviceModel", entity.IoTDevice, "Model"},
	{"IoTDeviceOperatingSystem", entity.IoTDevice, "OperatingSystem"}, {"IPAddress", entity.IP, "Address"},
	{"MailboxDisplayName", entity.Mailbox, "DisplayName"}, {"MailboxPrimaryAddress", entity.Mailbox, "MailboxPrimaryAddress"},
	{"MailboxUPN", entity.Mailbox, "Upn"}, {"MailMessageDeliveryAction", entity.MailMessage, "DeliveryAction"},
	{"MailMessageDeliveryLocation", entity.MailMessage, "DeliveryLocation"}, {"MailMessageRecipient", entity.MailMessage, "Recipient"},
	{"MailMessageSenderIP", entity.MailMessage, "SenderIP"}, {"MailMessageSubject", entity.MailMessage, "Subject"},
	{"MailMessageP1Sender", entity.MailMessage, "P1Sender"}, {"MailMessageP2Sender", entity.MailMessage, "P2Sender"},
	{"MalwareCategory", entity.Malware, "Category"}, {"MalwareName", entity.Malware, "Name"},
	{"ProcessCommandLine", entity.Process, "CommandLine"}, {"ProcessId", entity.Process, "ProcessId"},
	{"RegistryKey", entity.RegistryKey, "Key"}, {"RegistryValueData", entity.RegistryValue, "Value"}, {"Url", entity.URL, "Url"},
}

func propertyNamed(name string) (property, bool) {
	for _, p := range properties {
		if p.name == name {
			return p, true
		}
	}
	for _, p := range entityProperties {
		if p.name == name {
			return property{name: name, of: func(f *facts) []string { return f.entityField(p.kind, p.field) }}, true
		}
	}
	return property{}, false
}

// ConditionProperties lists the properties that a condition can name.
func ConditionProperties() []string {
	var out []string
	for _, p := range properties {
		out = append(out, p.name)
	}
	for _, p := range entityProperties {
		out = append(out, p.name)
	}
	return out
}

// facts are what conditions are held against.
type facts struct {
	event  *Event       // what set the rules off
	now    *Incident    // as earlier rules left it
	alert  *alert.Alert // for rules on alerts, instead of both
	detail *alert.Detail
	value  *string
}

func (f *facts) holds(c Condition) bool {
	switch c.Type {
	case PropertyCondition:
		p, ok := propertyNamed(c.Is.Property)
		return ok && compare(p.of(f), c.Is, c.Is.Property)
	case ChangedCondition:
		return f.changed(c.Is)
	case ArrayChangedCondition:
		return f.added(c.Is.Array)
	case ArrayCondition:
		return f.anyItem(c.Is)
	case BooleanCondition:
		if c.Is.Operator == "Or" {
			return slices.ContainsFunc(c.Is.Inner, f.holds)
		}
		return !slices.ContainsFunc(c.Is.Inner, func(c Condition) bool { return !f.holds(c) })
	}
	return false
}

// compare holds a property's values against those of a condition: a positive operator wants some pair to match, its
// negation none. Letter case does not count; what the service does is undocumented.
func compare(have []string, is Test, name string) bool {
	positive := is.Operator
	negated := operators[is.Operator] != ""
	if negated {
		positive = operators[is.Operator]
	}
	for _, h := range have {
		for _, w := range is.Values {
			if matches(positive, h, w, name) {
				return !negated
			}
		}
	}
	return negated
}

func matches(operator, have, want, name string) bool {
	have, want = strings.ToLower(have), strings.ToLower(want)
	switch name {
	case "IncidentRelatedAnalyticRuleIds", "AlertAnalyticRuleIds":
		// clients name rules by their whole path in the API
		want = want[strings.LastIndexByte(want, '/')+1:]
	case "IncidentUpdatedBySource":
		have, want = strings.ReplaceAll(have, " ", ""), strings.ReplaceAll(want, " ", "")
	}
	switch operator {
	case "Equals":
		return have == want
	case "Contains":
		return strings.Contains(have, want)
	case "StartsWith":
		return strings.HasPrefix(have, want)
	case "EndsWith":
		return strings.HasSuffix(have, want)
	}
	return false
}

// changed tells whether the event changed a property, from or to one of the values if the condition says so.
func (f *facts) changed(is Test) bool {
	if f.event == nil || f.event.Before == nil {
		return false
	}
	var was, became []string
	switch a, b := f.event.Before, f.event.After; is.Property {
	case "IncidentSeverity":
		was, became = []string{string(a.Severity)}, []string{string(b.Severity)}
	case "IncidentStatus":
		was, became = []string{string(a.Status)}, []string{string(b.Status)}
	case "IncidentOwner":
		was, became = ownerNames(a.Owner), ownerNames(b.Owner)
	}
	switch {
	case slices.Equal(was, became):
		return false
	case is.Change == "ChangedFrom":
		return compare(was, is, is.Property)
	case is.Change == "ChangedTo":
		return compare(became, is, is.Property)
	}
	return true
}

func ownerNames(o Owner) []string {
	var out []string
	for _, s := range []string{o.ObjectID, o.UserPrincipalName, o.Email, o.AssignedTo} {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func labelNames(i *Incident) []string {
	var out []string
	for _, l := range i.Labels {
		out = append(out, l.Name)
	}
	return out
}

// added tells whether the event brought the incident a new member of a list.
func (f *facts) added(array string) bool {
	if f.event == nil || f.event.Before == nil {
		return false
	}
	of := func(i *Incident) (out []string) {
		switch array {
		case "Alerts":
			return i.alertIDs()
		case "Labels":
			return labelNames(i)
		case "Tactics":
			return i.Tactics()
		case "Comments":
			for _, c := range i.Comments {
				out = append(out, c.ID)
			}
		}
		return out
	}
	was := of(f.event.Before)
	return slices.ContainsFunc(of(f.event.After), func(s string) bool { return !slices.Contains(was, s) })
}

// anyItem tells whether some custom detail, or some value of one, meets all conditions on it.
func (f *facts) anyItem(is Test) bool {
	all := func(item facts) bool {
		return !slices.ContainsFunc(is.Items, func(c Condition) bool { return !item.holds(c) })
	}
	switch is.Array {
	case "CustomDetails":
		for _, d := range f.now.CustomDetails() {
			item := *f
			item.detail = &d
			if all(item) {
				return true
			}
		}
	case "CustomDetailValues":
		for _, v := range f.detailValues() {
			item := *f
			item.value = &v
			if all(item) {
				return true
			}
		}
	}
	return false
}

func (f *facts) detailKeys() []string {
	if f.detail != nil {
		return []string{f.detail.Key}
	}
	var out []string
	for _, d := range f.now.CustomDetails() {
		out = append(out, d.Key)
	}
	return out
}

func (f *facts) detailValues() []string {
	switch {
	case f.value != nil:
		return []string{*f.value}
	case f.detail != nil:
		return f.detail.Values
	}
	var out []string
	for _, d := range f.now.CustomDetails() {
		out = union(out, d.Values)
	}
	return out
}

// entityField collects a field of all entities of a kind, inner ones included.
func (f *facts) entityField(kind entity.Kind, field string) []string {
	var out []string
	seen := map[*entity.Entity]bool{} // inner entities may refer back to outer ones
	var walk func(list []*entity.Entity)
	walk = func(list []*entity.Entity) {
		for _, e := range list {
			if e == nil || seen[e] {
				continue
			}
			seen[e] = true
			if e.Kind == kind {
				v := e.Get(field)
				if v == "" && field == "SubscriptionId" {
					v = subscription(e.Get("ResourceId"))
				}
				out = union(out, one(v))
			}
			for _, inner := range e.Fields {
				walk(inner.Inner)
			}
		}
	}
	for _, a := range f.now.Alerts {
		walk(a.Entities)
	}
	return out
}

// subscription returns the subscription in an Azure resource id, /subscriptions/<id>/….
func subscription(resource string) string {
	parts := strings.Split(resource, "/")
	for n := 1; n+1 < len(parts); n++ {
		if strings.EqualFold(parts[n], "subscriptions") {
			return parts[n+1]
		}
	}
	return ""
}
