package rule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// Fault is a kind of fault that Load, LoadTests or CheckColumns reports.
type Fault struct {
	Code     string
	Severity source.Severity
	Title    string
	Reason   string // why it is an Error or not
	Example  string // members of a rule file that bring the fault about; with Whole the whole file
	Whole    bool
	InTests  bool // the example is a test file
	Template bool // the example is a deployment template; without Whole, the properties of the rule in one
	// AlertOnly faults are Warnings in a hunting query, which raises no alert: it runs all the same.
	AlertOnly bool
}

type fault int

const (
	notYAML fault = iota
	notUTF8
	notOneRule
	duplicateField
	unknownField
	fieldCase
	missingField
	advisedField
	wrongType
	idNotGUID
	unknownKind
	kindMissing
	tooLong
	style
	versionForm
	badEnum
	enumSpelling
	badDuration
	durationTail
	durationRange
	periodShort
	oftenOverLong
	thresholdRange
	fieldIgnored
	starQuery
	unknownTactic
	techniqueForm
	unknownEntity
	unknownIdentifier
	repeatedIdentifier
	manyIdentifiers
	incompleteMapping
	manyMappings
	columnForm
	customDetail
	manyPlaceholders
	brokenPlaceholder
	legacyAlias
	emptySelection
	notMapped
	missingColumn
	badDatetime
	aliasesGrow
	testField
	testValue
	testMissing
	notJSON
	notTemplate
	badExpression
	techniqueDotted
	numFaults
)

// faults is the table of all faults. Codes are stable: a fault that goes leaves its code unused.
var faults = [numFaults]Fault{
	notYAML: {Code: "VR001", Severity: source.Error, Title: "the file is no YAML", Whole: true,
		Reason: "nothing can be read from it", Example: "name: [A"},
	notUTF8: {Code: "VR002", Severity: source.Error, Title: "the file is not UTF-8", Whole: true,
		Reason: "places in it could not be told, and text would be changed on reading", Example: "name: caf\xe9"},
	notOneRule: {Code: "VR003", Severity: source.Error, Title: "the file does not hold one rule", Whole: true,
		Reason: "a rule is one mapping; which of several documents is meant cannot be known", Example: "- name: A"},
	duplicateField: {Code: "VR004", Severity: source.Warning, Title: "a field stands twice",
		Reason: "YAML forbids it, yet most readers take the last one, and so do we", Example: "status: Available\nstatus: Installed"},
	unknownField: {Code: "VR005", Severity: source.Warning, Title: "a field is not part of the format",
		Reason: "shipped rules carry fields of their publishers' tools; they are kept and have no effect", Example: "runbook: https://example.com"},
	fieldCase: {Code: "VR006", Severity: source.Warning, Title: "a field differs from the format's in letter case",
		Reason: "the meaning is plain, and shipped rules do it (datatypes)", Example: "requiredDataConnectors:\n  - connectorId: A\n    datatypes: [T]"},
	missingField: {Code: "VR007", Severity: source.Error, Title: "a required field is missing", Whole: true,
		Reason: "the rule cannot run, or the service refuses it, without", Example: "id: 9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11\nkind: Scheduled\nname: A"},
	advisedField: {Code: "VR008", Severity: source.Warning, Title: "a field is missing that rules should have",
		Reason:  "the service or the content repository wants it; the rule runs with the default that is named",
		Example: "incidentConfiguration:\n  createIncident: true\n  groupingConfiguration:\n    enabled: true"},
	wrongType: {Code: "VR009", Severity: source.Error, Title: "a field has another type than it should",
		Reason: "what is meant cannot be known", Example: "tactics: {a: b}"},
	idNotGUID: {Code: "VR010", Severity: source.Warning, Title: "the id is no GUID",
		Reason: "converters make a new GUID; we derive one from the text, so it is the same at every load", Example: "id: rule-1"},
	unknownKind: {Code: "VR011", Severity: source.Error, Title: "the kind of rule cannot be run",
		Reason: "Fusion, MLBehaviorAnalytics and the like have no query", Example: "kind: Fusion"},
	kindMissing: {Code: "VR012", Severity: source.Warning, Title: "the kind is missing", Whole: true,
		Reason:  "old content has none; a file with a schedule is a Scheduled rule, one without is a hunting query",
		Example: "id: 9d6dba5a-6d8b-4b2f-9b7e-6a4e2c0b8f11\nname: A\nquery: T\nqueryFrequency: 1h\nqueryPeriod: 1h\nseverity: Low\ntriggerOperator: gt\ntriggerThreshold: 0"},
	tooLong: {Code: "VR013", Severity: source.Error, Title: "a text is longer than the service takes", Reason: "the service refuses the rule",
		Example: "name: " + strings.Repeat("x", MaxName+1)},
	style: {Code: "VR014", Severity: source.Info, Title: "a text is against the content repository's style",
		Reason: "it has no effect", Example: "name: A rule whose name ends with a full stop."},
	versionForm: {Code: "VR015", Severity: source.Warning, Title: "the version is not three numbers",
		Reason: "updates of the rule cannot be told by it; the rule runs", Example: "version: 1.0"},
	badEnum: {Code: "VR016", Severity: source.Error, Title: "a value is none of those allowed", AlertOnly: true,
		Reason: "the service refuses the rule, and no meaning can be guessed", Example: "severity: Hight"},
	enumSpelling: {Code: "VR017", Severity: source.Warning, Title: "a value is spelt otherwise than the format has it",
		Reason: "the meaning is plain and shipped rules do it (GreaterThan for gt, CommandandControl)", Example: "triggerOperator: GreaterThan"},
	badDuration: {Code: "VR018", Severity: source.Error, Title: "a duration cannot be read",
		Reason: "the window of the query is not known", Example: "queryPeriod: a day"},
	durationTail: {Code: "VR019", Severity: source.Warning, Title: "text follows a duration",
		Reason: "a shipped rule has a // comment there, which YAML does not know; the duration itself is plain", Example: "queryPeriod: 2h // more"},
	durationRange: {Code: "VR020", Severity: source.Error, Title: "a duration is outside the service's range",
		Reason: "the service refuses the rule", Example: "queryFrequency: 1m"},
	periodShort: {Code: "VR021", Severity: source.Error, Title: "the query period is shorter than the frequency",
		Reason: "events between two windows would never be seen; the service refuses the rule", Example: "queryPeriod: 30m"},
	oftenOverLong: {Code: "VR022", Severity: source.Error, Title: "a rule over days runs more than once an hour",
		Reason: "the service refuses a frequency under 1 hour with a period of 2 days or more", Example: "queryPeriod: 2d\nqueryFrequency: 10m"},
	thresholdRange: {Code: "VR023", Severity: source.Error, Title: "the threshold is outside 0 to 10,000",
		Reason: "the service refuses the rule", Example: "triggerThreshold: -1"},
	fieldIgnored: {Code: "VR024", Severity: source.Warning, Title: "a field has no effect in a rule of this kind",
		Reason: "an NRT rule runs each minute and fires at the first row whatever stands there", Example: "kind: NRT\nqueryFrequency: 1h"},
	starQuery: {Code: "VR025", Severity: source.Error, Title: "the query reads every table", AlertOnly: true,
		Reason: "the service refuses search * and union * in rules", Example: "query: search * | take 1"},
	unknownTactic: {Code: "VR026", Severity: source.Warning, Title: "a tactic is unknown",
		Reason: "it is left out, as converters do; the query is not touched by it", Example: "tactics: [Ransomware]"},
	techniqueForm: {Code: "VR027", Severity: source.Warning, Title: "a technique is not T#### or T####.###",
		Reason: "it is left out, as converters do; the query is not touched by it", Example: "relevantTechniques: [TA0001]"},
	unknownEntity: {Code: "VR028", Severity: source.Error, Title: "an entity type is unknown", AlertOnly: true,
		Reason: "the service refuses the rule", Example: "entityMappings:\n  - entityType: Person\n    fieldMappings: [{identifier: Name, columnName: A}]"},
	unknownIdentifier: {Code: "VR029", Severity: source.Error, Title: "an entity type has no such identifier", AlertOnly: true,
		Reason: "the service refuses the rule", Example: "entityMappings:\n  - entityType: IP\n    fieldMappings: [{identifier: Address, columnName: A}, {identifier: Port, columnName: B}]"},
	repeatedIdentifier: {Code: "VR030", Severity: source.Error, Title: "an identifier is mapped twice", AlertOnly: true,
		Reason: "the service refuses the rule", Example: "entityMappings:\n  - entityType: IP\n    fieldMappings: [{identifier: Address, columnName: A}, {identifier: Address, columnName: B}]"},
	manyIdentifiers: {Code: "VR031", Severity: source.Warning, Title: "a mapping has more than three identifiers",
		Reason:  "the service's limit, yet a shipped rule has four and they make one entity well enough",
		Example: "entityMappings:\n  - entityType: Account\n    fieldMappings: [{identifier: Name, columnName: A}, {identifier: UPNSuffix, columnName: B}, {identifier: Sid, columnName: C}, {identifier: PUID, columnName: D}]"},
	incompleteMapping: {Code: "VR032", Severity: source.Warning, Title: "a mapping can never make an entity",
		Reason: "the service wants a required identifier, yet a shipped rule maps a hash without its algorithm; the rule runs without that entity", Example: "entityMappings:\n  - entityType: FileHash\n    fieldMappings: [{identifier: Value, columnName: A}]"},
	manyMappings: {Code: "VR033", Severity: source.Error, Title: "the rule has more than ten entity mappings", AlertOnly: true,
		Reason: "the service refuses the rule", Example: "entityMappings:\n" + strings.Repeat("  - entityType: IP\n    fieldMappings: [{identifier: Address, columnName: A}]\n", MaxEntityMappings+1)},
	columnForm: {Code: "VR034", Severity: source.Error, Title: "a column name cannot be one", AlertOnly: true,
		Reason: "the service takes a letter or underscore, then letters, digits and underscores, 500 at most", Example: "customDetails:\n  Who: User Name"},
	customDetail: {Code: "VR035", Severity: source.Error, Title: "custom details are too many or their key is not allowed",
		Reason: "the service takes 20, each with a key of at most 20 letters and digits", Example: "customDetails:\n  What happened: A"},
	manyPlaceholders: {Code: "VR036", Severity: source.Error, Title: "a format has more than three placeholders",
		Reason: "the service refuses the rule", Example: "alertDetailsOverride:\n  alertDisplayNameFormat: '{{A}} {{B}} {{C}} {{D}}'"},
	brokenPlaceholder: {Code: "VR037", Severity: source.Warning, Title: "a placeholder names no column",
		Reason: "the text inside the braces must be a column's name alone; the rule's own text is used instead", Example: "alertDetailsOverride:\n  alertDisplayNameFormat: '{{ A }}'"},
	legacyAlias: {Code: "VR038", Severity: source.Warning, Title: "the query makes a legacy entity column that is not mapped",
		Reason: "columns such as AccountCustomEntity were entities by their name once; now they need a mapping", Example: "query: T | extend AccountCustomEntity = U"},
	emptySelection: {Code: "VR039", Severity: source.Warning, Title: "alerts are to be matched by a selection that is empty",
		Reason:  "the service's API refuses it; imported content is grouped as with AnyAlert",
		Example: "incidentConfiguration:\n  createIncident: true\n  groupingConfiguration: {enabled: true, reopenClosedIncident: false, lookbackDuration: 5h, matchingMethod: Selected}"},
	notMapped: {Code: "VR040", Severity: source.Warning, Title: "alerts are to be matched by what the rule does not map",
		Reason:  "the service's API refuses it; by such a criterion no alert matches another",
		Example: "incidentConfiguration:\n  createIncident: true\n  groupingConfiguration: {enabled: true, reopenClosedIncident: false, lookbackDuration: 5h, matchingMethod: Selected, groupByEntities: [Host]}"},
	missingColumn: {Code: "VR041", Severity: source.Warning, Title: "the result has no column that the rule names",
		Reason: "shipped rules do it; the entity or detail stays empty", Example: "customDetails:\n  Who: NoSuchColumn"},
	badDatetime: {Code: "VR042", Severity: source.Error, Title: "a time cannot be read",
		Reason: "the first run is not known", Example: "startTimeUtc: tomorrow"},
	aliasesGrow: {Code: "VR043", Severity: source.Error, Title: "aliases make the file too large",
		Reason:  "a few lines of aliases to aliases can stand for more than any memory holds",
		Example: "x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + aliasExample() + "tags: *a5"},
	testField: {Code: "VR050", Severity: source.Error, Title: "a test has a member that tests do not have", InTests: true,
		Reason: "an expectation with a slip in its name would never be checked", Example: "tests:\n  - name: a\n    at: 2024-05-01T10:00:00Z\n    expect: {alert: 1}"},
	testValue: {Code: "VR051", Severity: source.Error, Title: "a value of a test cannot be used", InTests: true,
		Reason: "the test would not say what it means", Example: "tests:\n  - name: a\n    at: soon\n    expect: {alerts: 1}"},
	testMissing: {Code: "VR052", Severity: source.Error, Title: "a test lacks a member", InTests: true,
		Reason: "a test without an expectation or a time cannot fail", Example: "tests:\n  - name: a\n    at: 2024-05-01T10:00:00Z"},
	notJSON: {Code: "VR060", Severity: source.Error, Title: "the file is no JSON", Whole: true, Template: true,
		Reason: "nothing can be read from it", Example: `{"resources": [}`},
	notTemplate: {Code: "VR061", Severity: source.Error, Title: "the file is no deployment template with rules", Whole: true, Template: true,
		Reason: "there is nothing to run", Example: `{"resources": []}`},
	badExpression: {Code: "VR062", Severity: source.Error, Title: "an expression of a template cannot be evaluated", Template: true,
		Reason: "only what names a rule is evaluated here: concat, resourceId, parameters, variables and the like", Example: `"displayName": "[deployment().name]"`},
	techniqueDotted: {Code: "VR063", Severity: source.Warning, Title: "a sub-technique stands among the techniques", Template: true,
		Reason: "the service's API refuses it; what is meant is plain", Example: `"techniques": ["T1078.004"]`},
}

// aliasExample writes five lists, each of ten aliases of the one before.
func aliasExample() string {
	var b strings.Builder
	for i := range 5 {
		fmt.Fprintf(&b, "x-%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
	}
	return b.String()
}

// Faults lists every fault that this package reports, by code.
func Faults() []Fault { return append([]Fault(nil), faults[:]...) }

// diags collects diagnostics. soft makes AlertOnly faults Warnings.
type diags struct {
	list   []source.Diagnostic
	soft   bool
	strict bool // what the service's API refuses is an Error, though shipped files have it
}

// refused are the Warnings that strict makes Errors.
var refused = []fault{unknownTactic, techniqueForm, techniqueDotted, unknownEntity, unknownIdentifier, repeatedIdentifier, manyIdentifiers,
	incompleteMapping, manyMappings, columnForm, customDetail, manyPlaceholders, brokenPlaceholder, emptySelection, notMapped, advisedField, durationTail, kindMissing}

func (d *diags) report(f fault, span source.Span, hint, format string, args ...any) {
	info := faults[f]
	severity := info.Severity
	if d.soft && info.AlertOnly {
		severity = source.Warning
	}
	if d.strict && severity == source.Warning && slices.Contains(refused, f) {
		severity = source.Error
	}
	d.list = append(d.list, source.Diagnostic{Code: info.Code, Severity: severity, Span: span, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

func (d *diags) notYAML(s source.Span, msg string) {
	hint := ""
	if strings.Contains(msg, "tab") || strings.Contains(msg, "cannot start any token") {
		hint = "YAML is indented with blanks only"
	}
	d.report(notYAML, s, hint, "no YAML: %s", msg)
}

func (d *diags) notUTF8(s source.Span) {
	d.report(notUTF8, s, "save the file as UTF-8", "the text is not UTF-8 from here on")
}

func (d *diags) notOneRule(s source.Span, found string) {
	d.report(notOneRule, s, "", "expected one mapping, found %s", found)
}

func (d *diags) duplicateField(s source.Span, name string) {
	d.report(duplicateField, s, "", "field '%s' stands twice; the last one counts", name)
}

func (d *diags) unknownField(s source.Span, name, near string) {
	hint := ""
	if near != "" {
		hint = "did you mean '" + near + "'?"
	}
	d.report(unknownField, s, hint, "unknown field '%s'", name)
}

func (d *diags) fieldCase(s source.Span, name, right string) {
	d.report(fieldCase, s, "", "field '%s' is spelt '%s'", name, right)
}

func (d *diags) missingField(s source.Span, name, what string) {
	d.report(missingField, s, "", "%s needs the field '%s'", what, name)
}

func (d *diags) advisedField(s source.Span, name, instead string) {
	d.report(advisedField, s, "", "field '%s' is missing: %s", name, instead)
}

func (d *diags) wrongType(s source.Span, name, expected, found string) {
	d.report(wrongType, s, "", "field '%s': expected %s, found %s", name, expected, found)
}

func (d *diags) idNotGUID(s source.Span, id, derived string) {
	d.report(idNotGUID, s, "", "id '%s' is no GUID; %s is used", id, derived)
}

func (d *diags) unknownKind(s source.Span, kind string) {
	d.report(unknownKind, s, "Scheduled or NRT", "rules of kind '%s' cannot be run", kind)
}

func (d *diags) kindMissing(s source.Span) {
	d.report(kindMissing, s, "add 'kind: Scheduled'", "field 'kind' is missing; taken as Scheduled, for there is a schedule")
}

func (d *diags) tooLong(s source.Span, name string, found, limit int) {
	d.report(tooLong, s, "", "field '%s' has %d characters, at most %d are allowed", name, found, limit)
}

func (d *diags) style(s source.Span, format string, args ...any) {
	d.report(style, s, "", format, args...)
}

func (d *diags) versionForm(s source.Span, version string) {
	d.report(versionForm, s, "such as 1.0.0", "version '%s' is not three numbers with dots between", version)
}

func (d *diags) badEnum(s source.Span, name, value string, allowed []string) {
	hint := ""
	if near := nearest(value, allowed); near != "" {
		hint = "did you mean '" + near + "'?"
	}
	d.report(badEnum, s, hint, "field '%s': '%s' is none of %s", name, value, strings.Join(allowed, ", "))
}

func (d *diags) enumSpelling(s source.Span, name, value, right string) {
	d.report(enumSpelling, s, "", "field '%s': '%s' is spelt '%s'", name, value, right)
}

func (d *diags) badDuration(s source.Span, name, value string) {
	d.report(badDuration, s, "such as 5m, 1h, 14d or PT1H", "field '%s': '%s' is no duration", name, value)
}

func (d *diags) durationTail(s source.Span, name, tail string) {
	d.report(durationTail, s, "a YAML comment starts with #", "field '%s': '%s' after the duration is ignored", name, tail)
}

func (d *diags) durationRange(s source.Span, name string, value, low, high time.Duration) {
	d.report(durationRange, s, "", "field '%s': %s is outside %s to %s", name, FormatDuration(value), FormatDuration(low), FormatDuration(high))
}

func (d *diags) periodShort(s source.Span, period, frequency time.Duration) {
	d.report(periodShort, s, "", "queryPeriod %s is shorter than queryFrequency %s", FormatDuration(period), FormatDuration(frequency))
}

func (d *diags) oftenOverLong(s source.Span, period, frequency time.Duration) {
	d.report(oftenOverLong, s, "", "queryFrequency %s is under %s, which queryPeriod %s does not allow", FormatDuration(frequency),
		FormatDuration(MinLongFrequency), FormatDuration(period))
}

func (d *diags) thresholdRange(s source.Span, value string) {
	d.report(thresholdRange, s, "", "triggerThreshold %s is outside 0 to %d", value, MaxThreshold)
}

func (d *diags) fieldIgnored(s source.Span, name string, k Kind) {
	d.report(fieldIgnored, s, "", "field '%s' has no effect in a rule of kind %s", name, k)
}

func (d *diags) starQuery(s source.Span, text string) {
	d.report(starQuery, s, "name the tables", "'%s' is not allowed in a rule", text)
}

func (d *diags) unknownTactic(s source.Span, value, near string) {
	hint := ""
	if near != "" {
		hint = "did you mean '" + near + "'?"
	}
	d.report(unknownTactic, s, hint, "unknown tactic '%s' is left out", value)
}

func (d *diags) techniqueForm(s source.Span, value string) {
	d.report(techniqueForm, s, "such as T1078 or T1078.004", "technique '%s' is left out", value)
}

func (d *diags) unknownEntity(s source.Span, value string, near string) {
	hint := ""
	if near != "" {
		hint = "did you mean '" + near + "'?"
	}
	d.report(unknownEntity, s, hint, "unknown entity type '%s'", value)
}

func (d *diags) unknownIdentifier(s source.Span, msg, hint string) {
	d.report(unknownIdentifier, s, hint, "%s", msg)
}

func (d *diags) repeatedIdentifier(s source.Span, msg string) {
	d.report(repeatedIdentifier, s, "", "%s", msg)
}

func (d *diags) manyIdentifiers(s source.Span, msg, hint string) {
	d.report(manyIdentifiers, s, hint, "%s", msg)
}

func (d *diags) incompleteMapping(s source.Span, msg string) {
	d.report(incompleteMapping, s, "", "%s", msg)
}

func (d *diags) manyMappings(s source.Span, found int) {
	d.report(manyMappings, s, "", "%d entity mappings, at most %d are allowed", found, MaxEntityMappings)
}

func (d *diags) columnForm(s source.Span, name, column string) {
	d.report(columnForm, s, "", "%s: '%s' is no column name", name, column)
}

func (d *diags) manyDetails(s source.Span, found int) {
	d.report(customDetail, s, "", "%d custom details, at most %d are allowed", found, MaxCustomDetails)
}

func (d *diags) detailKey(s source.Span, key string) {
	d.report(customDetail, s, "a letter, then letters, digits and underscores", "custom detail '%s': a key has at most %d letters and digits", key, MaxDetailKey)
}

func (d *diags) manyPlaceholders(s source.Span, name string, found int) {
	d.report(manyPlaceholders, s, "", "field '%s' has %d placeholders, at most %d are allowed", name, found, MaxPlaceholders)
}

func (d *diags) brokenPlaceholder(s source.Span, name, text string) {
	d.report(brokenPlaceholder, s, "", "field '%s': placeholder '%s' names no column", name, text)
}

func (d *diags) legacyAlias(s source.Span, column string) {
	d.report(legacyAlias, s, "map it under entityMappings", "column '%s' of the query has no entity mapping", column)
}

func (d *diags) emptySelection(s source.Span) {
	d.report(emptySelection, s, "", "matchingMethod is Selected, and nothing is selected; every alert of the rule matches")
}

func (d *diags) notMapped(s source.Span, what, name string) {
	d.report(notMapped, s, "", "the rule has no %s '%s' to match alerts by", what, name)
}

func (d *diags) noColumn(s source.Span, what, column string, result types.Schema) {
	names := make([]string, len(result))
	for i, c := range result {
		names[i] = c.Name
	}
	hint := ""
	if near := nearest(column, names); near != "" {
		hint = "did you mean '" + near + "'?"
	}
	d.report(missingColumn, s, hint, "%s: the result has no column '%s'", what, column)
}

func (d *diags) badDatetime(s source.Span, name, value string) {
	d.report(badDatetime, s, "such as 2024-05-01T10:00:00Z", "field '%s': '%s' is no time", name, value)
}

func (d *diags) notJSON(s source.Span, msg string) { d.report(notJSON, s, "", "no JSON: %s", msg) }

func (d *diags) notTemplate(s source.Span, msg string) { d.report(notTemplate, s, "", "%s", msg) }

func (d *diags) badExpression(s source.Span, expression, msg string) {
	d.report(badExpression, s, "", "expression '%s': %s", expression, msg)
}

func (d *diags) techniqueDotted(s source.Span, value string) {
	d.report(techniqueDotted, s, "list it under subTechniques", "the technique '%s' is invalid: the expected format is 'T####'", value)
}

func (d *diags) aliasesGrow(s source.Span) {
	d.report(aliasesGrow, s, "", "with its aliases written out the file has more than %d values", maxValues)
}

func (d *diags) testField(s source.Span, name, where, near string) {
	hint := ""
	if near != "" {
		hint = "did you mean '" + near + "'?"
	}
	d.report(testField, s, hint, "unknown member '%s' in %s", name, where)
}

func (d *diags) testValue(s source.Span, name, expected, found string) {
	d.report(testValue, s, "", "%s: expected %s, found %s", name, expected, found)
}

func (d *diags) testMissing(s source.Span, name, where string) {
	d.report(testMissing, s, "", "%s needs '%s'", where, name)
}

// nearest returns the name of list that word was most likely meant to be, "" if none is near.
func nearest(word string, list []string) string {
	best, least := "", 3
	for _, name := range list {
		if abs(len(name)-len(word)) >= least {
			continue
		}
		if n := distance(strings.ToLower(word), strings.ToLower(name)); n < least && n < len(name) {
			best, least = name, n
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// distance counts the letters to change, add or drop to make a into b (Levenshtein).
func distance(a, b string) int {
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		cur := make([]int, len(b)+1)
		cur[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			cur[j+1] = min(prev[j]+cost, prev[j+1]+1, cur[j]+1)
		}
		prev = cur
	}
	return prev[len(b)]
}
