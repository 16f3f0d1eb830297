package rule

import (
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/vedette-siem/vedette/internal/entity"
)

// tactics reads the tactics, spelt as the service does: blanks and letter case do not matter.
func (l *loader) tactics(m member) {
	known := Tactics()
	texts, at := l.strs(m)
	for i, s := range texts {
		name := ""
		for _, t := range known {
			if strings.EqualFold(strings.ReplaceAll(s, " ", ""), t) {
				name = t
			}
		}
		switch {
		case name == "":
			l.unknownTactic(l.text.span(at[i].value), s, nearest(strings.ReplaceAll(s, " ", ""), known))
			continue
		case name != s:
			l.enumSpelling(l.text.span(at[i].value), "tactics", s, name)
		}
		if !has(l.r.Tactics, name) {
			l.r.Tactics = append(l.r.Tactics, name)
		}
	}
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

var techniquePattern = regexp.MustCompile(`^T\d{4}(?:\.\d{3})?$`)

func (l *loader) techniques(m member) {
	texts, at := l.strs(m)
	for i, s := range texts {
		up := strings.ToUpper(s)
		if !techniquePattern.MatchString(up) {
			l.techniqueForm(l.text.span(at[i].value), s)
			continue
		}
		if up != s {
			l.enumSpelling(l.text.span(at[i].value), m.name, s, up)
		}
		l.names = append(l.names, up)
	}
}

// finishTechniques splits the ids as the service keeps them: techniques are parents, sorted, and
// sub-techniques stand apart in the file's order.
func (l *loader) finishTechniques() {
	for _, id := range l.names {
		parent, _, sub := strings.Cut(id, ".")
		if sub && !has(l.r.SubTechniques, id) {
			l.r.SubTechniques = append(l.r.SubTechniques, id)
		}
		if !has(l.r.Techniques, parent) {
			l.r.Techniques = append(l.r.Techniques, parent)
		}
	}
	sort.Strings(l.r.Techniques)
}

var columnPattern = regexp.MustCompile(`^[A-Za-z_]\w*$`)

// column reads the name of a result column and remembers it for CheckColumns.
func (l *loader) column(m member, what string) string {
	s, ok := l.str(m)
	if !ok {
		return ""
	}
	s = strings.TrimSpace(s)
	span := l.text.span(m.value)
	if !columnPattern.MatchString(s) || len(s) > MaxColumn {
		l.columnForm(span, what, s)
		return s
	}
	l.r.columns = append(l.r.columns, columnUse{what, s, span})
	return s
}

func (l *loader) entityMappings(m member) {
	for _, e := range l.list(m) {
		var em entity.Mapping
		var spans []place
		known, typed := false, false
		l.object(e, map[string]func(member){
			"entityType": func(in member) {
				typed = true
				s, ok := l.str(in)
				if !ok {
					return
				}
				em.Kind, known = entity.ParseKind(s)
				switch {
				case !known:
					l.unknownEntity(l.text.span(in.value), s, nearest(s, kindNames()))
				case em.Kind.String() != s:
					l.enumSpelling(l.text.span(in.value), "entityType", s, em.Kind.String())
				}
			},
			"fieldMappings": func(in member) {
				for _, f := range l.list(in) {
					var fm entity.FieldMapping
					span := l.text.span(f.value)
					l.object(f, map[string]func(member){
						"identifier": func(x member) {
							s, _ := l.str(x)
							fm.Identifier = strings.TrimSpace(s)
							span = l.text.span(x.value)
						},
						"columnName": func(x member) { fm.Column = l.column(x, "entity mapping") },
					})
					if fm.Identifier == "" || fm.Column == "" {
						l.missingField(span, map[bool]string{true: "identifier", false: "columnName"}[fm.Identifier == ""], "a field mapping")
						continue
					}
					em.Fields, spans = append(em.Fields, fm), append(spans, span)
				}
			},
		})
		span := l.text.span(e.value)
		if !typed {
			l.missingField(span, "entityType", "an entity mapping")
		}
		if !known {
			continue
		}
		for _, p := range em.Check() {
			at := span
			if p.Field >= 0 && p.Field < len(spans) {
				at = spans[p.Field]
			}
			switch p.Kind {
			case entity.UnknownIdentifier:
				l.unknownIdentifier(at, p.Msg, p.Hint)
			case entity.MisspeltIdentifier:
				id, _, _ := em.Kind.Identifier(em.Fields[p.Field].Identifier)
				l.enumSpelling(at, "identifier", em.Fields[p.Field].Identifier, id.Name)
				em.Fields[p.Field].Identifier = id.Name
			case entity.RepeatedIdentifier:
				l.repeatedIdentifier(at, p.Msg)
			case entity.TooManyIdentifiers:
				l.manyIdentifiers(at, p.Msg, p.Hint)
			case entity.MissingRequired:
				l.incompleteMapping(at, p.Msg)
			}
		}
		l.r.EntityMappings = append(l.r.EntityMappings, em)
	}
}

func kindNames() []string {
	var names []string
	for _, k := range entity.Kinds() {
		names = append(names, k.String())
	}
	return names
}

func (l *loader) sentinelEntities(m member) {
	for _, e := range l.list(m) {
		l.object(e, map[string]func(member){"columnName": func(in member) {
			if c := l.column(in, "sentinel entities mapping"); c != "" {
				l.r.SentinelEntities = append(l.r.SentinelEntities, c)
			}
		}})
	}
}

// finishEntities checks what concerns all mappings and the query together.
func (l *loader) finishEntities() {
	// Whether the service counts sentinelEntitiesMappings among the ten is not documented; they are not counted.
	if n := len(l.r.EntityMappings); n > MaxEntityMappings {
		l.manyMappings(l.text.span(l.have["entityMappings"].key), n)
	}
	if l.r.Kind == Hunting || l.r.Query == "" { // there the names themselves still make the entities
		return
	}
	mapped := map[string]bool{}
	for _, em := range l.r.EntityMappings {
		for _, f := range em.Fields {
			mapped[f.Column] = true
		}
	}
	columns, spans := l.query.legacy()
	for i, c := range columns {
		if !mapped[c] {
			l.legacyAlias(spans[i], c)
		}
	}
}

var detailKeyPattern = regexp.MustCompile(`^[A-Za-z]\w{0,19}$`)

func (l *loader) customDetails(m member) {
	members := l.mapping(m)
	if len(members) > MaxCustomDetails {
		l.manyDetails(l.text.span(m.key), len(members))
	}
	for _, in := range members {
		if !detailKeyPattern.MatchString(in.name) {
			l.detailKey(l.text.span(in.key), in.name)
		}
		if c := l.column(in, "custom detail '"+in.name+"'"); c != "" {
			l.r.CustomDetails = append(l.r.CustomDetails, CustomDetail{in.name, c})
		}
	}
}

func (l *loader) alertDetails(m member) {
	a := &l.r.AlertDetails
	l.object(m, map[string]func(member){
		"alertDisplayNameFormat":  func(in member) { a.DisplayNameFormat = l.format(in, MaxName) },
		"alertDescriptionFormat":  func(in member) { a.DescriptionFormat = l.format(in, MaxDescription) },
		"alertTacticsColumnName":  func(in member) { a.TacticsColumn = l.column(in, in.name) },
		"alertSeverityColumnName": func(in member) { a.SeverityColumn = l.column(in, in.name) },
		"alertDynamicProperties":  l.dynamicProperties,
	})
}

var (
	// Placeholder is the form of a placeholder in a format: {{Column}}.
	Placeholder   = regexp.MustCompile(`\{\{([^{}]+)\}\}`)
	anyHolderText = regexp.MustCompile(`\{\{[^{}]*\}\}`)
)

// format reads a text with placeholders.
func (l *loader) format(m member, limit int) string {
	s, ok := l.str(m)
	if !ok {
		return ""
	}
	span := l.text.span(m.value)
	if n := utf8.RuneCountInString(s); n > limit {
		l.tooLong(span, m.name, n, limit)
	}
	holders := anyHolderText.FindAllString(s, -1)
	if len(holders) > MaxPlaceholders {
		l.manyPlaceholders(span, m.name, len(holders))
	}
	for _, h := range holders {
		c := strings.Trim(h, "{}")
		if !columnPattern.MatchString(c) {
			l.brokenPlaceholder(span, m.name, h)
			continue
		}
		l.r.columns = append(l.r.columns, columnUse{m.name, c, span})
	}
	return s
}

func (l *loader) dynamicProperties(m member) {
	for _, e := range l.list(m) {
		var p DynamicProperty
		l.object(e, map[string]func(member){
			"alertProperty": func(in member) {
				if i, ok := l.enum(in, DynamicProperties(), nil); ok {
					p.Property = DynamicProperties()[i]
				}
			},
			"value": func(in member) { p.Column = l.column(in, "alertDynamicProperties") },
		})
		if p.Property != "" && p.Column != "" {
			l.r.AlertDetails.DynamicProperties = append(l.r.AlertDetails.DynamicProperties, p)
		}
	}
}

func (l *loader) eventGrouping(m member) {
	l.object(m, map[string]func(member){"aggregationKind": func(in member) {
		if i, ok := l.enum(in, []string{"SingleAlert", "AlertPerResult"}, nil); ok {
			l.r.EventGrouping = Aggregation(i)
		}
	}})
}

// suppression reads the suppression. Its least value is not documented, its greatest is the portal's.
func (l *loader) suppression(m member) {
	d, ok := l.duration(m)
	if !ok {
		return
	}
	if d <= 0 || d > MaxSuppression {
		l.durationRange(l.text.span(m.value), m.name, d, MinSchedule, MaxSuppression)
		return
	}
	l.r.SuppressionDuration = d
}

func (l *loader) incident(m member) {
	l.object(m, map[string]func(member){
		"createIncident": func(in member) {
			if b, ok := l.boolean(in); ok {
				l.r.Incident.Create = b
			}
		},
		"groupingConfiguration": l.grouping,
	})
}

func (l *loader) grouping(m member) {
	g := &l.r.Incident.Grouping
	set := map[string]bool{}
	l.places["grouping"] = l.text.span(m.key)
	l.object(m, map[string]func(member){
		"enabled":              func(in member) { g.Enabled, set["enabled"] = must(l.boolean(in)), true },
		"reopenClosedIncident": func(in member) { g.ReopenClosed, set["reopenClosedIncident"] = must(l.boolean(in)), true },
		"lookbackDuration": func(in member) {
			set["lookbackDuration"] = true
			if d, ok := l.duration(in); ok && (d < MinLookback || d > MaxLookback) {
				l.durationRange(l.text.span(in.value), in.name, d, MinLookback, MaxLookback)
			} else if ok {
				g.Lookback = d
			}
		},
		"matchingMethod": func(in member) {
			set["matchingMethod"] = true
			if i, ok := l.enum(in, []string{"AllEntities", "AnyAlert", "Selected"}, nil); ok {
				g.Matching = Matching(i)
			}
			l.places["matchingMethod"] = l.text.span(in.value)
		},
		"groupByEntities": func(in member) {
			texts, at := l.strs(in)
			for i, s := range texts {
				k, ok := entity.ParseKind(s)
				if !ok {
					l.badEnum(l.text.span(at[i].value), in.name, s, kindNames())
					continue
				}
				g.ByEntities = append(g.ByEntities, k)
				l.places["entity "+k.String()] = l.text.span(at[i].value)
			}
		},
		"groupByAlertDetails": func(in member) {
			for _, e := range l.list(in) {
				if i, ok := l.enum(e, []string{"DisplayName", "Severity"}, nil); ok {
					g.ByDisplayName = g.ByDisplayName || i == 0
					g.BySeverity = g.BySeverity || i == 1
				}
			}
		},
		"groupByCustomDetails": func(in member) {
			texts, at := l.strs(in)
			for i, s := range texts {
				g.ByCustomDetails = append(g.ByCustomDetails, s)
				l.places["detail "+s] = l.text.span(at[i].value)
			}
		},
	})
	for _, f := range []struct{ name, instead string }{{"enabled", "false is used"}, {"reopenClosedIncident", "false is used"},
		{"lookbackDuration", FormatDuration(DefaultLookback) + " is used"}, {"matchingMethod", "AllEntities is used"}} {
		if !set[f.name] {
			l.advisedField(l.text.span(m.key), f.name, f.instead)
		}
	}
}

func must(value, ok bool) bool { return value && ok }

// finishGrouping checks the grouping against what the rule maps.
func (l *loader) finishGrouping() {
	g := &l.r.Incident.Grouping
	if g.Matching != Selected {
		return
	}
	if len(g.ByEntities) == 0 && len(g.ByCustomDetails) == 0 && !g.ByDisplayName && !g.BySeverity {
		l.emptySelection(l.places["matchingMethod"])
		g.Matching = AnyAlert
		return
	}
	mapped := map[entity.Kind]bool{}
	for _, m := range l.r.EntityMappings {
		mapped[m.Kind] = true
	}
	for _, k := range g.ByEntities {
		// Columns of ready-made entities may hold any type.
		if !mapped[k] && len(l.r.SentinelEntities) == 0 {
			l.notMapped(l.places["entity "+k.String()], "entity mapping", k.String())
		}
	}
	for _, key := range g.ByCustomDetails {
		found := false
		for _, c := range l.r.CustomDetails {
			found = found || c.Key == key
		}
		if !found {
			l.notMapped(l.places["detail "+key], "custom detail", key)
		}
	}
}
