package entity

import "strings"

// Kind is an entity type. The zero value is Other: a type that is not in the table, whose name the Entity keeps.
type Kind uint8

// The entity types.
const (
	Other Kind = iota
	Account
	Host
	IP
	URL
	AzureResource
	CloudApplication
	DNS
	File
	FileHash
	Malware
	Process
	RegistryKey
	RegistryValue
	SecurityGroup
	Mailbox
	MailCluster
	MailMessage
	SubmissionMail
	IoTDevice
	numKinds
)

// Form is how the text of an identifier is read.
type Form uint8

// The forms of an identifier. Text takes any value; a value that does not read in the other forms is dropped.
const (
	Text Form = iota
	GuidForm
	BoolForm
	LongForm
	DatetimeForm
	ListForm // a JSON array is kept as one; anything else is text
)

// Identifier is a field of an entity that a rule may map a column to.
type Identifier struct {
	Name string
	Form Form
	// Alias marks an identifier that mappings may use and that is no field of the entity: its value is
	// split into other fields (FullName).
	Alias bool
}

// kindInfo is what is known of one entity type.
type kindInfo struct {
	name        string       // as rules write it
	keyword     string       // Type in the Entities JSON
	arm         string       // kind in the REST API
	identifiers []Identifier // in the order in which an entity's fields are written
	required    [][]string   // one of these sets must be mapped, and must have values
	strong      [][]string   // a complete set identifies the entity on its own; a leading * marks an inner entity
	weak        [][]string
}

func text(names ...string) []Identifier {
	ids := make([]Identifier, len(names))
	for i, n := range names {
		ids[i] = Identifier{Name: n}
	}
	return ids
}

// kinds is the table of entity types.
// https://learn.microsoft.com/azure/sentinel/entities-reference
var kinds = [numKinds]kindInfo{
	Other: {name: "Other"},
	Account: {name: "Account", keyword: "account", arm: "Account",
		identifiers: []Identifier{{Name: "Name"}, {Name: "FullName", Alias: true}, {Name: "NTDomain"}, {Name: "DnsDomain"},
			{Name: "UPNSuffix"}, {Name: "Sid"}, {Name: "AadTenantId", Form: GuidForm}, {Name: "AadUserId", Form: GuidForm},
			{Name: "PUID"}, {Name: "IsDomainJoined", Form: BoolForm}, {Name: "DisplayName"}, {Name: "ObjectGuid", Form: GuidForm}},
		required: [][]string{{"FullName"}, {"Sid"}, {"Name"}, {"AadUserId"}, {"PUID"}, {"ObjectGuid"}},
		strong: [][]string{{"Name", "UPNSuffix"}, {"AadUserId"}, {"Sid"}, {"Sid", "*Host"}, {"Name", "NTDomain"},
			{"Name", "NTDomain", "*Host"}, {"Name", "DnsDomain"}, {"PUID"}, {"ObjectGuid"}},
		weak: [][]string{{"Name"}}},
	Host: {name: "Host", keyword: "host", arm: "Host",
		identifiers: []Identifier{{Name: "DnsDomain"}, {Name: "NTDomain"}, {Name: "HostName"}, {Name: "FullName", Alias: true},
			{Name: "NetBiosName"}, {Name: "AzureID"}, {Name: "OMSAgentID"}, {Name: "OSFamily"}, {Name: "OSVersion"},
			{Name: "IsDomainJoined", Form: BoolForm}},
		required: [][]string{{"FullName"}, {"HostName"}, {"NetBiosName"}, {"AzureID"}, {"OMSAgentID"}},
		strong: [][]string{{"HostName", "NTDomain"}, {"HostName", "DnsDomain"}, {"NetBiosName", "NTDomain"},
			{"NetBiosName", "DnsDomain"}, {"AzureID"}, {"OMSAgentID"}, {"*IoTDevice"}},
		weak: [][]string{{"HostName"}, {"NetBiosName"}}},
	IP: {name: "IP", keyword: "ip", arm: "Ip", identifiers: text("Address", "AddressScope"),
		required: [][]string{{"Address"}},
		strong:   [][]string{{"Address"}, {"Address", "AddressScope"}}},
	URL: {name: "URL", keyword: "url", arm: "Url", identifiers: text("Url"),
		required: [][]string{{"Url"}}, strong: [][]string{{"Url"}}, weak: [][]string{{"Url"}}},
	AzureResource: {name: "AzureResource", keyword: "azure-resource", arm: "AzureResource", identifiers: text("ResourceId"),
		required: [][]string{{"ResourceId"}}, strong: [][]string{{"ResourceId"}}},
	CloudApplication: {name: "CloudApplication", keyword: "cloud-application", arm: "CloudApplication",
		identifiers: []Identifier{{Name: "AppId", Form: LongForm}, {Name: "Name"}, {Name: "InstanceName"}},
		required:    [][]string{{"AppId"}, {"Name"}},
		strong:      [][]string{{"AppId"}, {"Name"}, {"AppId", "InstanceName"}, {"Name", "InstanceName"}}},
	DNS: {name: "DNS", keyword: "dns", arm: "DnsResolution", identifiers: text("DomainName"),
		required: [][]string{{"DomainName"}},
		strong:   [][]string{{"DomainName", "*DnsServerIp", "*HostIpAddress"}}, weak: [][]string{{"DomainName", "*HostIpAddress"}}},
	File: {name: "File", keyword: "file", arm: "File", identifiers: text("Directory", "Name"),
		required: [][]string{{"Name"}},
		strong:   [][]string{{"Directory", "Name"}, {"Name", "*FileHashes"}, {"Directory", "Name", "*FileHashes"}}},
	FileHash: {name: "FileHash", keyword: "filehash", arm: "FileHash", identifiers: text("Algorithm", "Value"),
		required: [][]string{{"Algorithm", "Value"}}, strong: [][]string{{"Algorithm", "Value"}}},
	Malware: {name: "Malware", keyword: "malware", arm: "Malware", identifiers: text("Name", "Category"),
		required: [][]string{{"Name"}}, strong: [][]string{{"Name", "Category"}}},
	Process: {name: "Process", keyword: "process", arm: "Process",
		identifiers: []Identifier{{Name: "ProcessId"}, {Name: "CommandLine"}, {Name: "ElevationToken"},
			{Name: "CreationTimeUtc", Form: DatetimeForm}},
		required: [][]string{{"CommandLine"}, {"ProcessId"}},
		strong: [][]string{{"*Host", "ProcessId", "CreationTimeUtc"}, {"*Host", "*ParentProcess", "CreationTimeUtc", "CommandLine"},
			{"*Host", "ProcessId", "CreationTimeUtc", "*ImageFile"}},
		weak: [][]string{{"ProcessId", "CreationTimeUtc", "CommandLine"}, {"ProcessId", "CreationTimeUtc", "*ImageFile"}}},
	RegistryKey: {name: "RegistryKey", keyword: "registry-key", arm: "RegistryKey", identifiers: text("Hive", "Key"),
		required: [][]string{{"Hive"}, {"Key"}}, strong: [][]string{{"Hive", "Key"}}},
	RegistryValue: {name: "RegistryValue", keyword: "registry-value", arm: "RegistryValue",
		identifiers: text("Name", "Value", "ValueType"),
		required:    [][]string{{"Name"}}, strong: [][]string{{"*Key", "Name"}}, weak: [][]string{{"Name"}}},
	SecurityGroup: {name: "SecurityGroup", keyword: "security-group", arm: "SecurityGroup",
		identifiers: []Identifier{{Name: "DistinguishedName"}, {Name: "SID"}, {Name: "ObjectGuid", Form: GuidForm}},
		required:    [][]string{{"DistinguishedName"}, {"SID"}, {"ObjectGuid"}},
		strong:      [][]string{{"DistinguishedName"}, {"SID"}, {"ObjectGuid"}}},
	Mailbox: {name: "Mailbox", keyword: "mailbox", arm: "Mailbox",
		identifiers: []Identifier{{Name: "MailboxPrimaryAddress"}, {Name: "DisplayName"}, {Name: "Upn"},
			{Name: "ExternalDirectoryObjectId", Form: GuidForm}, {Name: "RiskLevel"}},
		required: [][]string{{"MailboxPrimaryAddress"}}, strong: [][]string{{"MailboxPrimaryAddress"}}},
	MailCluster: {name: "MailCluster", keyword: "mail-cluster", arm: "MailCluster",
		identifiers: []Identifier{{Name: "NetworkMessageIds", Form: ListForm}, {Name: "CountByDeliveryStatus"},
			{Name: "CountByThreatType"}, {Name: "CountByProtectionStatus"}, {Name: "Threats", Form: ListForm}, {Name: "Query"},
			{Name: "QueryTime", Form: DatetimeForm}, {Name: "MailCount", Form: LongForm}, {Name: "IsVolumeAnomaly", Form: BoolForm},
			{Name: "Source"}, {Name: "ClusterSourceIdentifier"}, {Name: "ClusterSourceType"},
			{Name: "ClusterQueryStartTime", Form: DatetimeForm}, {Name: "ClusterQueryEndTime", Form: DatetimeForm}, {Name: "ClusterGroup"}},
		required: [][]string{{"Query"}, {"Source"}}, strong: [][]string{{"Query", "Source"}}},
	MailMessage: {name: "MailMessage", keyword: "mail-message", arm: "MailMessage",
		identifiers: []Identifier{{Name: "Recipient"}, {Name: "Urls", Form: ListForm}, {Name: "Threats", Form: ListForm},
			{Name: "Sender"}, {Name: "P1Sender"}, {Name: "P1SenderDisplayName"}, {Name: "P1SenderDomain"}, {Name: "SenderIP"},
			{Name: "P2Sender"}, {Name: "P2SenderDisplayName"}, {Name: "P2SenderDomain"}, {Name: "ReceivedDate", Form: DatetimeForm},
			{Name: "NetworkMessageId", Form: GuidForm}, {Name: "InternetMessageId"}, {Name: "Subject"},
			{Name: "BodyFingerprintBin1"}, {Name: "BodyFingerprintBin2"}, {Name: "BodyFingerprintBin3"},
			{Name: "BodyFingerprintBin4"}, {Name: "BodyFingerprintBin5"}, {Name: "AntispamDirection"}, {Name: "DeliveryAction"},
			{Name: "DeliveryLocation"}, {Name: "Language"}, {Name: "ThreatDetectionMethods", Form: ListForm}},
		required: [][]string{{"NetworkMessageId"}, {"Recipient"}}, strong: [][]string{{"NetworkMessageId", "Recipient"}}},
	SubmissionMail: {name: "SubmissionMail", keyword: "SubmissionMail", arm: "SubmissionMail",
		identifiers: []Identifier{{Name: "NetworkMessageId", Form: GuidForm}, {Name: "Timestamp", Form: DatetimeForm},
			{Name: "Recipient"}, {Name: "Sender"}, {Name: "SenderIp"}, {Name: "Subject"}, {Name: "ReportType"},
			{Name: "SubmissionId", Form: GuidForm}, {Name: "SubmissionDate", Form: DatetimeForm}, {Name: "Submitter"}},
		required: [][]string{{"SubmissionId"}, {"NetworkMessageId"}, {"Recipient"}, {"Submitter"}},
		strong:   [][]string{{"SubmissionId", "NetworkMessageId", "Recipient", "Submitter"}}},
	IoTDevice: {name: "IoTDevice", keyword: "iotdevice", arm: "IoTDevice",
		identifiers: append(text("DeviceId", "DeviceName", "Manufacturer", "Model", "FirmwareVersion", "OperatingSystem",
			"MacAddress", "Protocols", "SerialNumber", "Source", "IoTSecurityAgentId"), Identifier{Name: "DeviceType"}),
		required: [][]string{{"DeviceId"}}, strong: [][]string{{"*IoTHub", "DeviceId"}}, weak: [][]string{{"DeviceId"}}},
}

// Kinds lists the entity types that a rule may map, in the order of the table.
func Kinds() []Kind {
	all := make([]Kind, 0, numKinds-1)
	for k := Other + 1; k < numKinds; k++ {
		all = append(all, k)
	}
	return all
}

// ParseKind returns the entity type that a rule calls name. Letter case and blanks do not matter, because
// shipped rules write both "FileHash" and "File hash".
func ParseKind(name string) (Kind, bool) {
	name = strings.ReplaceAll(name, " ", "")
	for _, k := range Kinds() {
		if strings.EqualFold(kinds[k].name, name) {
			return k, true
		}
	}
	return Other, false
}

// kindOfKeyword returns the entity type whose Type in the Entities JSON is word.
func kindOfKeyword(word string) Kind {
	for _, k := range Kinds() {
		if strings.EqualFold(kinds[k].keyword, word) {
			return k
		}
	}
	return Other
}

// String returns the name that rules use: Account, IP, FileHash …
func (k Kind) String() string {
	if k >= numKinds {
		return kinds[Other].name
	}
	return kinds[k].name
}

// Keyword returns what the Type member of the Entities JSON says: account, ip, filehash …
func (k Kind) Keyword() string { return kinds[k].keyword }

// ARM returns the kind that the REST API uses: Account, Ip, DnsResolution …
func (k Kind) ARM() string { return kinds[k].arm }

// Identifiers returns what a mapping of this type may name. The caller must not change it.
func (k Kind) Identifiers() []Identifier { return kinds[k].identifiers }

// Required returns the sets of identifiers of which one must be complete in a mapping. The caller must not
// change it.
func (k Kind) Required() [][]string { return kinds[k].required }

// Strong returns the sets of fields that identify an entity on their own; a name with a leading * is an inner
// entity, which no rule can map. The caller must not change it.
func (k Kind) Strong() [][]string { return kinds[k].strong }

// Weak returns the sets of fields that identify an entity only under some circumstances. The caller must
// not change it.
func (k Kind) Weak() [][]string { return kinds[k].weak }

// Identifier returns the identifier called name; exact tells whether the letter case agrees too.
func (k Kind) Identifier(name string) (id Identifier, exact, ok bool) {
	for _, id := range kinds[k].identifiers {
		if id.Name == name {
			return id, true, true
		}
		if strings.EqualFold(id.Name, name) {
			return id, false, true
		}
	}
	return Identifier{}, false, false
}
