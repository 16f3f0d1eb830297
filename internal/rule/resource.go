package rule

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// resourceForm is the form of the REST API's alertRules.
// https://learn.microsoft.com/rest/api/securityinsights/alert-rules/create-or-update
var resourceForm = &form{resource: true, fields: resourceFields, required: map[Kind][]string{
	Scheduled: {"displayName", "enabled", "severity", "query", "queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold",
		"suppressionEnabled", "suppressionDuration"},
	NRT: {"displayName", "enabled", "severity", "query", "suppressionEnabled", "suppressionDuration"},
}}

// templateForm is that of rules in templates, some of which leave to the service what they do not change.
var templateForm = &form{resource: true, fields: resourceFields, required: map[Kind][]string{
	Scheduled: {"displayName", "severity", "query", "queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"},
	NRT:       {"displayName", "severity", "query"},
}}

// resourceFields is the table of the members of a rule resource's properties.
var resourceFields = func() []field {
	renamed := map[string]string{"name": "displayName", "version": "templateVersion", "relevantTechniques": ""}
	var out []field
	for _, f := range fields {
		if name, ok := renamed[f.name]; ok {
			f.name = name
		}
		switch f.name {
		case "", "id", "kind", "metadata": // of the envelope, or of files only
			continue
		case "techniques":
			f.read = (*loader).parents
		}
		out = append(out, f)
	}
	nothing := func(*loader, member) {}
	return append(out, field{"version", (*loader).version}, field{"lastModifiedUtc", nothing}, field{"createdDateUTC", nothing},
		field{"lastUpdatedDateUTC", nothing}, field{"alertRulesCreatedByTemplateCount", nothing})
}()

// parents reads the techniques of a resource, which has sub-techniques in a member of their own.
func (l *loader) parents(m member) {
	texts, at := l.strs(m)
	for i, s := range texts {
		if strings.Contains(s, ".") && techniquePattern.MatchString(strings.ToUpper(s)) {
			l.techniqueDotted(l.text.span(at[i].value), s)
		}
	}
	l.techniques(m)
}

// ParseKind reads the kind of a rule resource that can be run; the others, such as Fusion, are not ok.
func ParseKind(kind string) (Kind, bool) {
	for _, k := range []Kind{Scheduled, NRT} {
		if strings.EqualFold(k.String(), kind) {
			return k, true
		}
	}
	return UnknownKind, false
}

// LoadProperties reads the properties of a rule as the REST API has them: the text of file is a JSON object. id is the
// name of the resource. Faults count as they do in files. The rule is nil where there is none to be read.
func LoadProperties(file *source.File, id string, kind Kind) (*Rule, []source.Diagnostic) {
	return loadProperties(file, id, kind, false)
}

// CheckProperties is LoadProperties for a rule that someone writes: what the service's API refuses is an Error, also where
// shipped files have it, and so is a value of another type than it should have.
func CheckProperties(file *source.File, id string, kind Kind) (*Rule, []source.Diagnostic) {
	return loadProperties(file, id, kind, true)
}

func loadProperties(file *source.File, id string, kind Kind, strict bool) (*Rule, []source.Diagnostic) {
	root, text, fault := readJSON(file.Text)
	l := newLoader(file, resourceForm, text)
	l.strict, l.typed = strict, strict
	if fault == nil && root.Kind != yaml.MappingNode {
		l.notOneRule(text.span(root), kindName(root))
		return nil, l.diags.list
	}
	if fault != nil {
		l.notJSON(source.Span{Start: fault.at, End: fault.at}, fault.msg)
		return nil, l.diags.list
	}
	l.root = root
	return l.resource(id, kind)
}

func (l *loader) resource(id string, kind Kind) (*Rule, []source.Diagnostic) {
	r, list := l.load(func() { l.r.Kind = kind })
	if guid, ok := types.ParseGuid(id); ok {
		id = guid
	}
	r.ID = id
	return r, list
}

// Properties are the properties of a rule resource. Empty members are left out.
type Properties struct {
	DisplayName           string             `json:"displayName"`
	Description           string             `json:"description,omitempty"`
	Enabled               bool               `json:"enabled"`
	Severity              string             `json:"severity"`
	Query                 string             `json:"query"`
	QueryFrequency        string             `json:"queryFrequency,omitempty"`
	QueryPeriod           string             `json:"queryPeriod,omitempty"`
	TriggerOperator       string             `json:"triggerOperator,omitempty"`
	TriggerThreshold      *int               `json:"triggerThreshold,omitempty"`
	StartTime             string             `json:"startTimeUtc,omitempty"`
	SuppressionEnabled    bool               `json:"suppressionEnabled"`
	SuppressionDuration   string             `json:"suppressionDuration"`
	Tactics               []string           `json:"tactics"`
	Techniques            []string           `json:"techniques"`
	SubTechniques         []string           `json:"subTechniques"`
	EventGroupingSettings EventGrouping      `json:"eventGroupingSettings"`
	EntityMappings        []EntityMapping    `json:"entityMappings,omitempty"`
	SentinelEntities      []SentinelEntities `json:"sentinelEntitiesMappings,omitempty"`
	CustomDetails         map[string]string  `json:"customDetails,omitempty"`
	AlertDetails          *Overrides         `json:"alertDetailsOverride,omitempty"`
	Incident              IncidentProperties `json:"incidentConfiguration"`
	TemplateName          string             `json:"alertRuleTemplateName,omitempty"`
	TemplateVersion       string             `json:"templateVersion,omitempty"`
}

// The parts of Properties.
type (
	// EventGrouping is how rows become alerts.
	EventGrouping struct {
		AggregationKind string `json:"aggregationKind"`
	}
	// EntityMapping says which columns make an entity.
	EntityMapping struct {
		EntityType    string         `json:"entityType"`
		FieldMappings []FieldMapping `json:"fieldMappings"`
	}
	// FieldMapping fills an identifier of an entity from a column.
	FieldMapping struct {
		Identifier string `json:"identifier"`
		ColumnName string `json:"columnName"`
	}
	// SentinelEntities names a column of ready-made entities.
	SentinelEntities struct {
		ColumnName string `json:"columnName"`
	}
	// Overrides are what columns say instead of the rule.
	Overrides struct {
		DisplayNameFormat string             `json:"alertDisplayNameFormat,omitempty"`
		DescriptionFormat string             `json:"alertDescriptionFormat,omitempty"`
		TacticsColumn     string             `json:"alertTacticsColumnName,omitempty"`
		SeverityColumn    string             `json:"alertSeverityColumnName,omitempty"`
		DynamicProperties []PropertyOverride `json:"alertDynamicProperties,omitempty"`
	}
	// PropertyOverride fills a property of the alert from a column.
	PropertyOverride struct {
		Property string `json:"alertProperty"`
		Value    string `json:"value"`
	}
	// IncidentProperties say whether and how alerts become incidents.
	IncidentProperties struct {
		Create   bool               `json:"createIncident"`
		Grouping GroupingProperties `json:"groupingConfiguration"`
	}
	// GroupingProperties say which alerts share an incident.
	GroupingProperties struct {
		Enabled         bool     `json:"enabled"`
		ReopenClosed    bool     `json:"reopenClosedIncident"`
		Lookback        string   `json:"lookbackDuration"`
		Matching        string   `json:"matchingMethod"`
		ByEntities      []string `json:"groupByEntities"`
		ByAlertDetails  []string `json:"groupByAlertDetails"`
		ByCustomDetails []string `json:"groupByCustomDetails"`
	}
)

// PropertiesOf returns a rule as the REST API has it. LoadProperties gives the rule back, but for what resources do not
// have: the connectors, and fields of other tools.
func PropertiesOf(r *Rule) Properties {
	p := Properties{
		DisplayName: r.Name, Description: r.Description, Enabled: r.Enabled, Severity: r.Severity.String(), Query: r.Query,
		SuppressionEnabled: r.SuppressionEnabled, SuppressionDuration: FormatDuration(r.SuppressionDuration),
		Tactics: full(r.Tactics), Techniques: full(r.Techniques), SubTechniques: full(r.SubTechniques),
		EventGroupingSettings: EventGrouping{r.EventGrouping.String()}, TemplateVersion: r.Version,
	}
	if r.Kind == Scheduled {
		p.QueryFrequency, p.QueryPeriod = FormatDuration(r.QueryFrequency), FormatDuration(r.QueryPeriod)
		p.TriggerOperator, p.TriggerThreshold = r.TriggerOperator.String(), &r.TriggerThreshold
		if !r.StartTime.IsZero() {
			p.StartTime = types.FormatDatetime(types.TicksOf(r.StartTime))
		}
	}
	for _, m := range r.EntityMappings {
		em := EntityMapping{EntityType: m.Kind.String()}
		for _, f := range m.Fields {
			em.FieldMappings = append(em.FieldMappings, FieldMapping{f.Identifier, f.Column})
		}
		p.EntityMappings = append(p.EntityMappings, em)
	}
	for _, c := range r.SentinelEntities {
		p.SentinelEntities = append(p.SentinelEntities, SentinelEntities{c})
	}
	for _, d := range r.CustomDetails {
		if p.CustomDetails == nil {
			p.CustomDetails = map[string]string{}
		}
		p.CustomDetails[d.Key] = d.Column
	}
	if a := r.AlertDetails; a.DisplayNameFormat != "" || a.DescriptionFormat != "" || a.TacticsColumn != "" || a.SeverityColumn != "" || len(a.DynamicProperties) > 0 {
		p.AlertDetails = &Overrides{DisplayNameFormat: a.DisplayNameFormat, DescriptionFormat: a.DescriptionFormat,
			TacticsColumn: a.TacticsColumn, SeverityColumn: a.SeverityColumn}
		for _, d := range a.DynamicProperties {
			p.AlertDetails.DynamicProperties = append(p.AlertDetails.DynamicProperties, PropertyOverride{d.Property, d.Column})
		}
	}
	g := r.Incident.Grouping
	p.Incident = IncidentProperties{Create: r.Incident.Create, Grouping: GroupingProperties{Enabled: g.Enabled, ReopenClosed: g.ReopenClosed,
		Lookback: FormatDuration(g.Lookback), Matching: g.Matching.String(), ByEntities: full(entityNames(g.ByEntities)), ByAlertDetails: []string{},
		ByCustomDetails: full(g.ByCustomDetails)}}
	if g.ByDisplayName {
		p.Incident.Grouping.ByAlertDetails = append(p.Incident.Grouping.ByAlertDetails, "DisplayName")
	}
	if g.BySeverity {
		p.Incident.Grouping.ByAlertDetails = append(p.Incident.Grouping.ByAlertDetails, "Severity")
	}
	return p
}

func entityNames(kinds []entity.Kind) []string {
	var out []string
	for _, k := range kinds {
		out = append(out, k.String())
	}
	return out
}

// full makes no list an empty one, which JSON writes as [].
func full(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
