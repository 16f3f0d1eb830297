package rule

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// loader reads one rule file.
type loader struct {
	reader
	form   *form
	r      *Rule
	root   *yaml.Node
	have   map[string]member // the fields that are there and not null
	places map[string]place  // places of parts that later checks report on

	query queryText
	names []string // the technique ids, checked after the tactics
}

type place = source.Span

// field is a member of a rule file and how it is read.
type field struct {
	name string
	read func(*loader, member)
}

// form is one of the two ways in which rules are written: as files, and as the REST API's resources.
type form struct {
	fields []field
	// required are the fields without which the service refuses a rule, for each kind.
	required map[Kind][]string
	resource bool
}

// fileForm is the form of rule files.
var fileForm = &form{fields: fields, required: map[Kind][]string{
	Scheduled: {"name", "severity", "query", "queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"},
	NRT:       {"name", "severity", "query"},
	Hunting:   {"name", "query"},
}}

// fields is the table of all members of a rule file.
var fields = []field{
	{"id", (*loader).id},
	{"kind", func(*loader, member) {}}, // read first, see kind
	{"name", (*loader).name},
	{"description", (*loader).description},
	{"version", (*loader).version},
	{"status", func(l *loader, m member) { l.r.Status, _ = l.str(m) }},
	{"severity", (*loader).severity},
	{"enabled", (*loader).enabled},
	{"tags", (*loader).tags},
	{"requiredDataConnectors", (*loader).connectors},
	{"query", (*loader).readQuery},
	{"queryFrequency", func(l *loader, m member) { l.r.QueryFrequency = l.schedule(m) }},
	{"queryPeriod", func(l *loader, m member) { l.r.QueryPeriod = l.schedule(m) }},
	{"triggerOperator", (*loader).triggerOperator},
	{"triggerThreshold", (*loader).triggerThreshold},
	{"startTimeUtc", (*loader).startTime},
	{"tactics", (*loader).tactics},
	{"relevantTechniques", (*loader).techniques},
	{"techniques", (*loader).techniques}, // the REST API's name, which some files use
	{"subTechniques", (*loader).techniques},
	{"entityMappings", (*loader).entityMappings},
	{"sentinelEntitiesMappings", (*loader).sentinelEntities},
	{"customDetails", (*loader).customDetails},
	{"alertDetailsOverride", (*loader).alertDetails},
	{"eventGroupingSettings", (*loader).eventGrouping},
	{"suppressionEnabled", func(l *loader, m member) { l.r.SuppressionEnabled, _ = l.boolean(m) }},
	{"suppressionDuration", (*loader).suppression},
	{"incidentConfiguration", (*loader).incident},
	{"metadata", func(*loader, member) {}},              // for the catalogue; no effect
	{"alertRuleTemplateName", func(*loader, member) {}}, // written by exports; no effect
	{"OriginalUri", func(*loader, member) {}},           // written by publishers; no effect
}

// nrtIgnored are the fields that only a Scheduled rule heeds.
var nrtIgnored = []string{"queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold", "startTimeUtc"}

// space is the name space of the ids that Load derives. It must never change: alerts hold such ids.
var space = uuid.MustParse("0f0b5b0e-3c57-5a0e-8a56-3b9d5c6b7e21")

// Load reads a rule file. A file whose name has a folder "Hunting Queries" in it is a hunting query whatever its
// kind says, as it is in content repositories. The rule is nil where the file holds none; otherwise it holds all
// that could be read, but it must not be run if one of the diagnostics is an Error. The diagnostics are in the
// file's order.
func Load(file *source.File) (*Rule, []source.Diagnostic) {
	l := newLoader(file, fileForm, newYAMLText(file.Text))
	if l.root = l.reader.root(); l.root == nil {
		return nil, l.diags.list
	}
	return l.load(l.kind)
}

func newLoader(file *source.File, f *form, text *yamlText) *loader {
	return &loader{reader: reader{file: file, text: text}, form: f, have: map[string]member{}, places: map[string]place{}}
}

// load reads the members of the root. kind says of what kind the rule is, before its other members are read.
func (l *loader) load(kind func()) (*Rule, []source.Diagnostic) {
	l.r = &Rule{File: l.file, Enabled: true, SuppressionDuration: DefaultSuppression,
		Incident: Incident{Create: true, Grouping: Grouping{Lookback: DefaultLookback}}}
	members := l.canonical(l.members(l.root))
	for _, m := range members {
		if !isNull(m.value) {
			l.have[m.name] = m
		}
	}
	kind()
	for _, m := range members {
		l.field(m)
	}
	l.finish()
	ds := source.Diagnostics{File: l.file, List: l.diags.list}
	ds.Sort()
	return l.r, ds.List
}

// canonical gives members whose names differ in letter case only their right names.
func (l *loader) canonical(members []member) []member {
	names := make([]string, len(l.form.fields))
	for i, f := range l.form.fields {
		names[i] = f.name
	}
	for i := range members {
		members[i].name = l.spell(members[i], names)
	}
	return members
}

// spell returns the name of the list that m has but for letter case, with a warning, or m's own name.
func (l *loader) spell(m member, names []string) string {
	fold := ""
	for _, n := range names {
		if n == m.name {
			return n
		}
		if strings.EqualFold(n, m.name) {
			fold = n
		}
	}
	if fold == "" {
		return m.name
	}
	l.fieldCase(l.text.span(m.key), m.name, fold)
	return fold
}

func (l *loader) field(m member) {
	var names []string
	for _, f := range l.form.fields {
		if f.name == m.name {
			if !isNull(m.value) {
				f.read(l, m)
			}
			return
		}
		names = append(names, f.name)
	}
	l.unknown(m, m.name, names)
}

// unknown keeps and reports a field that the format does not have.
func (l *loader) unknown(m member, path string, names []string) {
	span := l.text.span(m.key)
	l.unknownField(span, m.name, nearest(m.name, names))
	value := l.text.span(m.value)
	l.r.Unknown = append(l.r.Unknown, UnknownField{Name: path, Text: l.file.Text[value.Start:value.End], Span: span})
}

// object calls the function that names gives for each member of m's mapping, and reports the others.
func (l *loader) object(m member, read map[string]func(member)) {
	names := make([]string, 0, len(read))
	for n := range read {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, in := range l.mapping(m) {
		in.name = l.spell(in, names)
		f, ok := read[in.name]
		if !ok {
			l.unknown(in, m.name+"."+in.name, names)
			continue
		}
		if !isNull(in.value) {
			f(in)
		}
	}
}

// huntingFolder is where content repositories keep hunting queries; all in it is one, whatever its kind says.
var huntingFolder = regexp.MustCompile(`(?i)(?:^|[/\\])hunting[ _-]?queries[/\\]`)

// kind tells what the file holds before anything else is read, since it decides how faults count.
func (l *loader) kind() {
	m, ok := l.have["kind"]
	if huntingFolder.MatchString(l.file.Name) {
		l.r.Kind = Hunting
		if ok {
			l.fieldIgnored(l.text.span(m.key), "kind", Hunting)
		}
	} else if !ok {
		l.r.Kind = Hunting
		for _, name := range nrtIgnored {
			if f, ok := l.have[name]; ok {
				l.r.Kind = Scheduled
				l.kindMissing(l.text.span(f.key))
				break
			}
		}
	} else if s, ok := l.str(m); ok {
		kinds := map[string]Kind{"scheduled": Scheduled, "nrt": NRT, "hunting": Hunting}
		s = strings.TrimSpace(s)
		k, ok := kinds[strings.ToLower(s)]
		switch {
		case !ok:
			l.unknownKind(l.text.span(m.value), s)
		case k.String() != s:
			l.enumSpelling(l.text.span(m.value), "kind", s, k.String())
		}
		l.r.Kind = k
	}
	l.soft = l.r.Kind == Hunting
}

// text reads a text of at most limit characters.
func (l *loader) limited(m member, limit int) string {
	s, _ := l.str(m)
	if n := utf8.RuneCountInString(s); n > limit {
		l.tooLong(l.text.span(m.value), m.name, n, limit)
	}
	return s
}

func (l *loader) id(m member) {
	s, ok := l.str(m)
	if !ok {
		return
	}
	s = strings.TrimSpace(s)
	if id, ok := types.ParseGuid(s); ok {
		l.r.ID = id
		return
	}
	l.r.ID = uuid.NewSHA1(space, []byte("id|"+s)).String()
	l.idNotGUID(l.text.span(m.value), s, l.r.ID)
}

// The content repository's style. https://github.com/Azure/Azure-Sentinel/wiki/Query-Style-Guide
const (
	styleName        = 50
	styleDescription = 255
)

func (l *loader) name(m member) {
	l.r.Name = strings.TrimSpace(l.limited(m, MaxName))
	span := l.text.span(m.value)
	if n := utf8.RuneCountInString(l.r.Name); n > styleName && n <= MaxName {
		l.style(span, "the name has %d characters, the content repository's style is at most %d", n, styleName)
	}
	if strings.HasSuffix(l.r.Name, ".") {
		l.style(span, "the name ends with a full stop")
	}
}

func (l *loader) description(m member) {
	l.r.Description = l.limited(m, MaxDescription)
	if n := utf8.RuneCountInString(l.r.Description); n > styleDescription && n <= MaxDescription {
		l.style(l.text.span(m.value), "the description has %d characters, the content repository's style is at most %d", n, styleDescription)
	}
}

var versionPattern = regexp.MustCompile(`^\d+\.\d+\.\d+$`)

func (l *loader) version(m member) {
	l.r.Version = strings.TrimSpace(l.limited(m, MaxVersion))
	if !versionPattern.MatchString(l.r.Version) && utf8.RuneCountInString(l.r.Version) <= MaxVersion {
		l.versionForm(l.text.span(m.value), l.r.Version)
	}
}

// enum returns the index in names of m's value. Other letter case and the synonyms are taken with a warning.
func (l *loader) enum(m member, names []string, synonyms map[string]string) (int, bool) {
	s, ok := l.str(m)
	if !ok {
		return 0, false
	}
	s = strings.TrimSpace(s)
	want := s
	for syn, name := range synonyms {
		if strings.EqualFold(syn, s) {
			want = name
		}
	}
	for i, n := range names {
		if strings.EqualFold(n, want) {
			if n != s {
				l.enumSpelling(l.text.span(m.value), m.name, s, n)
			}
			return i, true
		}
	}
	l.badEnum(l.text.span(m.value), m.name, s, names)
	return 0, false
}

func (l *loader) severity(m member) {
	if i, ok := l.enum(m, []string{"Informational", "Low", "Medium", "High"}, nil); ok {
		l.r.Severity = Informational + Severity(i)
	}
}

func (l *loader) enabled(m member) {
	if b, ok := l.boolean(m); ok {
		l.r.Enabled = b
	}
}

// tags takes whatever stands there: old files have lists and maps among the tags.
func (l *loader) tags(m member) {
	var walk func(n *yaml.Node, prefix string, depth int)
	walk = func(n *yaml.Node, prefix string, depth int) {
		if n = follow(n); depth > 8 || isNull(n) || !l.spend(n) {
			return
		}
		switch n.Kind {
		case yaml.ScalarNode:
			l.r.Tags = append(l.r.Tags, prefix+n.Value)
		case yaml.SequenceNode:
			for _, c := range n.Content {
				walk(c, prefix, depth+1)
			}
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(n.Content[i+1], prefix+n.Content[i].Value+": ", depth+1)
			}
		}
	}
	walk(m.value, "", 0)
}

func (l *loader) connectors(m member) {
	for _, e := range l.list(m) {
		var c Connector
		l.object(e, map[string]func(member){
			"connectorId": func(in member) { c.ID, _ = l.str(in) },
			"dataTypes":   func(in member) { c.DataTypes, _ = l.strs(in) },
		})
		l.r.RequiredDataConnectors = append(l.r.RequiredDataConnectors, c)
	}
}

// readQuery keeps the query with its place.
func (l *loader) readQuery(m member) {
	s, ok := l.str(m)
	if !ok || strings.TrimSpace(s) == "" {
		delete(l.have, "query")
		return
	}
	p, ok := l.text.scalar(m.value, m.indent)
	outer := p.outer
	if !ok { // the places inside are not known: all of it is where it starts
		start := l.text.start(m.value)
		outer = func(int) int { return start }
	}
	l.r.Query = s
	l.r.QueryFile = source.Embed(l.file, s, outer)
	l.query = newQueryText(s, outer)
	if n := len(utf16.Encode([]rune(s))); n > MaxQuery && l.r.Kind != Hunting {
		l.tooLong(l.text.span(m.value), m.name, n, MaxQuery)
	}
	if text, span, ok := l.query.star(); ok {
		l.starQuery(span, text)
	}
}

// duration reads a duration. Text behind it is left out with a warning.
func (l *loader) duration(m member) (time.Duration, bool) {
	s, ok := l.str(m)
	if !ok {
		return 0, false
	}
	s = strings.TrimSpace(s)
	if d, ok := ParseDuration(s); ok {
		return d, true
	}
	if head, tail, cut := strings.Cut(s, " "); cut {
		if d, ok := ParseDuration(head); ok {
			l.durationTail(l.text.span(m.value), m.name, strings.TrimSpace(tail))
			return d, true
		}
	}
	l.badDuration(l.text.span(m.value), m.name, s)
	return 0, false
}

// schedule reads queryFrequency or queryPeriod; only a Scheduled rule has them.
func (l *loader) schedule(m member) time.Duration {
	d, ok := l.duration(m)
	if l.r.Kind != Scheduled {
		return 0
	}
	if ok && (d < MinSchedule || d > MaxSchedule) {
		l.durationRange(l.text.span(m.value), m.name, d, MinSchedule, MaxSchedule)
		return 0
	}
	return d
}

func (l *loader) triggerOperator(m member) {
	// The REST API's long names, and Equals, which a converter writes.
	names, others := []string{"gt", "lt", "eq", "ne"}, map[string]string{"GreaterThan": "gt", "LessThan": "lt", "Equal": "eq", "Equals": "eq", "NotEqual": "ne"}
	if l.form.resource {
		names, others = []string{"GreaterThan", "LessThan", "Equal", "NotEqual"},
			map[string]string{"gt": "GreaterThan", "lt": "LessThan", "eq": "Equal", "Equals": "Equal", "ne": "NotEqual"}
	}
	if i, ok := l.enum(m, names, others); ok && l.r.Kind == Scheduled {
		l.r.TriggerOperator = GreaterThan + Operator(i)
	}
}

func (l *loader) triggerThreshold(m member) {
	s, ok := l.other(m, "!!int", "a whole number")
	if !ok {
		return
	}
	n, ok := types.ParseLong(s)
	switch {
	case !ok:
		l.wrongType(l.text.span(m.value), m.name, "a whole number", "'"+s+"'")
	case n < 0 || n > MaxThreshold:
		l.thresholdRange(l.text.span(m.value), s)
	case l.r.Kind == Scheduled:
		l.r.TriggerThreshold = int(n)
	}
}

func (l *loader) startTime(m member) {
	s, ok := l.str(m)
	if !ok {
		return
	}
	t, ok := types.ParseDatetime(s)
	if !ok {
		l.badDatetime(l.text.span(m.value), m.name, s)
		return
	}
	l.r.StartTime = types.TimeOf(t)
}

// finish checks what needs more than one field.
func (l *loader) finish() {
	r := l.r
	top := source.Span{Start: l.text.start(l.root), End: l.text.lineEnd(l.text.start(l.root))}
	if l.form.resource {
		top = l.text.span(l.root)
	}
	for _, name := range l.form.required[r.Kind] {
		if _, ok := l.have[name]; !ok {
			l.missingField(top, name, "a rule of kind "+r.Kind.String())
		}
	}
	if _, ok := l.have["id"]; !ok && r.Name != "" && !l.form.resource {
		r.ID = uuid.NewSHA1(space, []byte("name|"+r.Name)).String()
		l.advisedField(top, "id", fmt.Sprintf("%s, derived from the name, is used", r.ID))
	}
	if !l.form.resource && (r.Kind == NRT || r.Kind == Scheduled) {
		if _, ok := l.have["description"]; !ok {
			l.advisedField(top, "description", "alerts have none")
		}
		if _, ok := l.have["version"]; !ok {
			r.Version = "1.0.0" // as the converter does
			l.advisedField(top, "version", "1.0.0 is used")
		}
	}
	if r.Kind == NRT {
		r.TriggerOperator = GreaterThan
		for _, name := range nrtIgnored {
			if m, ok := l.have[name]; ok {
				l.fieldIgnored(l.text.span(m.key), name, NRT)
			}
		}
	}
	if f, p := r.QueryFrequency, r.QueryPeriod; f > 0 && p > 0 {
		if p < f {
			l.periodShort(l.text.span(l.have["queryPeriod"].value), p, f)
		}
		if p >= LongPeriod && f < MinLongFrequency {
			l.oftenOverLong(l.text.span(l.have["queryFrequency"].value), p, f)
		}
	}
	l.finishTechniques()
	l.finishEntities()
	l.finishGrouping()
}
