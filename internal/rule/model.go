package rule

import (
	"time"

	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// Kind is what a rule file holds.
type Kind uint8

// The kinds of rule. A Hunting query has no schedule and raises no alert.
const (
	UnknownKind Kind = iota
	Scheduled
	NRT
	Hunting
)

func (k Kind) String() string { return [...]string{"Unknown", "Scheduled", "NRT", "Hunting"}[k] }

// Severity is how bad an alert is.
type Severity uint8

// The severities, in rising order. NoSeverity is that of a hunting query.
const (
	NoSeverity Severity = iota
	Informational
	Low
	Medium
	High
)

func (s Severity) String() string {
	return [...]string{"", "Informational", "Low", "Medium", "High"}[s]
}

// Operator compares the number of result rows with the threshold.
type Operator uint8

// The trigger operators.
const (
	NoOperator Operator = iota
	GreaterThan
	LessThan
	Equal
	NotEqual
)

func (o Operator) String() string {
	return [...]string{"", "GreaterThan", "LessThan", "Equal", "NotEqual"}[o]
}

// Fires tells whether a result of rows rows meets the condition.
func (o Operator) Fires(rows, threshold int) bool {
	switch o {
	case GreaterThan:
		return rows > threshold
	case LessThan:
		return rows < threshold
	case Equal:
		return rows == threshold
	case NotEqual:
		return rows != threshold
	}
	return false
}

// Aggregation is how rows become alerts.
type Aggregation uint8

// The ways of event grouping.
const (
	SingleAlert    Aggregation = iota // one alert for all rows: what the service does unless told otherwise
	AlertPerResult                    // one alert for each row
)

func (a Aggregation) String() string { return [...]string{"SingleAlert", "AlertPerResult"}[a] }

// Matching is how an alert finds the incident it belongs to.
type Matching uint8

// The matching methods. AllEntities is the service's default.
const (
	AllEntities Matching = iota
	AnyAlert
	Selected
)

func (m Matching) String() string { return [...]string{"AllEntities", "AnyAlert", "Selected"}[m] }

// Rule is an analytics rule or a hunting query as its file describes it.
type Rule struct {
	File      *source.File // the file it was read from
	QueryFile *source.File // the query, whose positions are those in File

	ID          string // a GUID in lower case
	Kind        Kind
	Name        string
	Description string
	Version     string
	Status      string
	Severity    Severity
	Enabled     bool
	Tags        []string // scalars as they stand, members of maps as "key: value", nested lists flattened

	RequiredDataConnectors []Connector

	Query            string
	QueryFrequency   time.Duration // 0 for NRT and Hunting
	QueryPeriod      time.Duration // 0 for NRT and Hunting
	TriggerOperator  Operator      // GreaterThan for NRT
	TriggerThreshold int
	StartTime        time.Time // first run; zero: at once

	Tactics       []string // spelt as ATT&CK in Sentinel's enumeration, in the file's order
	Techniques    []string // T####, parents of sub-techniques included, sorted
	SubTechniques []string // T####.###, in the file's order

	EventGrouping    Aggregation
	EntityMappings   []entity.Mapping
	SentinelEntities []string // columns that hold ready-made Entities JSON
	CustomDetails    []CustomDetail
	AlertDetails     AlertDetails

	SuppressionEnabled  bool
	SuppressionDuration time.Duration

	Incident Incident

	Unknown []UnknownField // fields that are not part of the format, kept

	columns []columnUse
}

// Connector names a data connector and the tables it must bring. It has no effect on execution.
type Connector struct {
	ID        string
	DataTypes []string
}

// CustomDetail shows the values of a column in the alert under a key.
type CustomDetail struct {
	Key    string
	Column string
}

// AlertDetails overrides what an alert says by values of its first row. Empty members override nothing.
// https://learn.microsoft.com/azure/sentinel/customize-alert-details
type AlertDetails struct {
	DisplayNameFormat string // text with {{Column}} in it
	DescriptionFormat string
	TacticsColumn     string
	SeverityColumn    string
	DynamicProperties []DynamicProperty
}

// DynamicProperty fills a property of the alert from a column.
type DynamicProperty struct {
	Property string // one of DynamicProperties
	Column   string
}

// Incident says whether and how alerts become incidents.
type Incident struct {
	Create   bool
	Grouping Grouping
}

// Grouping says which alerts of the rule share an incident.
type Grouping struct {
	Enabled         bool
	ReopenClosed    bool
	Lookback        time.Duration
	Matching        Matching
	ByEntities      []entity.Kind
	ByDisplayName   bool
	BySeverity      bool
	ByCustomDetails []string
}

// UnknownField is a member of the file that the format does not have.
type UnknownField struct {
	Name string
	Text string // its value as it stands in the file, first line only for lists and maps
	Span source.Span
}

// columnUse is a place of the file that names a result column.
type columnUse struct {
	what   string
	column string
	span   source.Span
}

// CheckColumns returns a warning for each column that the rule names (in entity mappings, custom details, alert
// details) and its result lacks. The schema comes from the compiler; open tells that the result may have more
// columns than it lists, and then nothing can be said.
func (r *Rule) CheckColumns(result types.Schema, open bool) []source.Diagnostic {
	if open {
		return nil
	}
	var d diags
	for _, u := range r.columns {
		if result.Index(u.column) < 0 {
			d.noColumn(u.span, u.what, u.column, result)
		}
	}
	return d.list
}

// DynamicProperties lists the alert properties that alertDynamicProperties may fill.
func DynamicProperties() []string {
	return []string{"AlertLink", "ConfidenceLevel", "ConfidenceScore", "ExtendedLinks", "ProductName", "ProviderName",
		"ProductComponentName", "RemediationSteps", "Techniques", "SubTechniques"}
}

// Tactics lists the tactics that the service knows.
func Tactics() []string {
	return []string{"Collection", "CommandAndControl", "CredentialAccess", "DefenseEvasion", "Discovery", "Execution",
		"Exfiltration", "Impact", "ImpairProcessControl", "InhibitResponseFunction", "InitialAccess", "LateralMovement",
		"Persistence", "PreAttack", "PrivilegeEscalation", "Reconnaissance", "ResourceDevelopment"}
}

// The limits of the service. https://learn.microsoft.com/azure/sentinel/sentinel-service-limits
const (
	MaxName            = 256
	MaxDescription     = 5000
	MaxVersion         = 20
	MaxQuery           = 10000 // in UTF-16 units, as the service's own code counts text
	MaxThreshold       = 10000
	MaxEntityMappings  = 10
	MaxCustomDetails   = 20
	MaxDetailKey       = 20
	MaxColumn          = 500
	MaxPlaceholders    = 3
	MinSchedule        = 5 * time.Minute
	MaxSchedule        = 14 * 24 * time.Hour
	LongPeriod         = 2 * 24 * time.Hour // from here on a rule may run once an hour at most
	MinLongFrequency   = time.Hour
	MinLookback        = 5 * time.Minute
	MaxLookback        = 7 * 24 * time.Hour
	DefaultLookback    = 5 * time.Hour
	DefaultSuppression = time.Hour
	MaxSuppression     = 24 * time.Hour
)
