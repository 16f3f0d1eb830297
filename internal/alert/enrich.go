package alert

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/types"
)

// entities collects the entities of the alert: mapping by mapping, in the order of the rows, each once. Each mapping
// has an equal share of MaxEntities; then entities go from the end until the column's text fits.
// https://learn.microsoft.com/azure/sentinel/map-data-fields-to-entities
func (e *evaluation) entities(a *Alert, rows [][]types.Value) {
	sources := len(e.r.EntityMappings) + len(e.r.SentinelEntities)
	if sources == 0 {
		return
	}
	share := MaxEntities / sources
	seen := map[string]bool{}
	add := func(x *entity.Entity, taken *int) {
		key := entity.Render([]*entity.Entity{x})
		if seen[key] {
			return
		}
		seen[key] = true
		if *taken == share {
			a.issue(EntityDropped, fmt.Sprintf("more than %d entities of one mapping", share), 1)
			return
		}
		*taken++
		a.Entities = append(a.Entities, x)
	}
	for _, m := range e.r.EntityMappings {
		taken := 0
		for _, row := range rows {
			x, issues, ok := entity.FromMapping(m, e.cell(row))
			for _, i := range issues {
				a.issue(EntityIssue, m.Kind.String()+": "+i.Msg, 1)
			}
			if ok {
				add(x, &taken)
			}
		}
	}
	for _, column := range e.r.SentinelEntities {
		taken := 0
		c := e.res.Schema.Index(column)
		if c < 0 {
			a.issue(EntityIssue, fmt.Sprintf("the result has no column '%s'", column), 1)
			continue
		}
		for _, row := range rows {
			list, err := entity.Parse(row[c].ToText())
			if err != nil {
				a.issue(EntityIssue, fmt.Sprintf("column '%s': %v", column, err), 1)
				continue
			}
			for _, x := range list {
				add(x, &taken)
			}
		}
	}
	if _, kept := entity.RenderWithin(a.Entities, MaxEntitiesBytes); kept < len(a.Entities) {
		a.issue(EntityDropped, fmt.Sprintf("the entities are larger than %d bytes", MaxEntitiesBytes), len(a.Entities)-kept)
		a.Entities = a.Entities[:kept]
	}
}

// details collects the values of the custom details. The service says that each has at most 50 values and all
// together 2 KB; that a value over the limit ends its detail is our reading.
// https://learn.microsoft.com/azure/sentinel/surface-custom-details-in-alerts
func (e *evaluation) details(a *Alert, rows [][]types.Value) {
	size := len("{}")
	for _, d := range e.r.CustomDetails {
		c := e.res.Schema.Index(d.Column)
		if c < 0 {
			a.issue(DetailIssue, fmt.Sprintf("'%s': the result has no column '%s'", d.Key, d.Column), 1)
			continue
		}
		out := Detail{Key: d.Key}
		seen := map[string]bool{}
		need := len(types.QuoteJSON(d.Key)) + len(":[],")
		for _, row := range rows {
			s := row[c].ToText()
			if s == "" || seen[s] {
				continue
			}
			seen[s] = true
			if len(out.Values) == MaxDetailValues {
				a.issue(DetailDropped, fmt.Sprintf("'%s' has more than %d values", d.Key, MaxDetailValues), 1)
				break
			}
			n := len(types.QuoteJSON(s)) + len(",")
			if size+need+n > MaxDetailsBytes {
				a.issue(DetailDropped, fmt.Sprintf("'%s': the custom details are larger than %d bytes", d.Key, MaxDetailsBytes), 1)
				break
			}
			need += n
			out.Values = append(out.Values, s)
		}
		if len(out.Values) > 0 {
			size += need
			a.CustomDetails = append(a.CustomDetails, out)
		}
	}
}

// override replaces what the rule says by what its first row says. Which row counts is undocumented; ours is the
// first, as the query orders them. A value that is missing, empty or not allowed leaves the rule's own.
// https://learn.microsoft.com/azure/sentinel/customize-alert-details
func (e *evaluation) override(a *Alert, row []types.Value) {
	d := e.r.AlertDetails
	if s, ok := e.format(a, row, d.DisplayNameFormat, "alertDisplayNameFormat"); ok {
		a.Name = cut(s, MaxValueBytes)
	}
	if s, ok := e.format(a, row, d.DescriptionFormat, "alertDescriptionFormat"); ok {
		a.Description = cut(s, MaxTextBytes)
	}
	if v, ok := e.value(a, row, d.SeverityColumn, "alertSeverityColumnName"); ok {
		if s, ok := severity(v.ToText()); ok {
			a.Severity = s
		} else {
			a.invalid("alertSeverityColumnName", v)
		}
	}
	if v, ok := e.value(a, row, d.TacticsColumn, "alertTacticsColumnName"); ok {
		if t := tactics(v); len(t) > 0 {
			a.Tactics = t
		} else {
			a.invalid("alertTacticsColumnName", v)
		}
	}
	for _, p := range d.DynamicProperties {
		if v, ok := e.value(a, row, p.Column, p.Property); ok && !a.set(p.Property, v) {
			a.invalid(p.Property, v)
		}
	}
}

func (a *Alert) invalid(property string, v types.Value) {
	a.issue(Override, fmt.Sprintf("%s: '%s' is no value for it", property, cut(v.ToText(), 60)), 1)
}

// value returns the row's value of a column; an empty column name, or cell, is not an override.
func (e *evaluation) value(a *Alert, row []types.Value, column, property string) (types.Value, bool) {
	if column == "" {
		return types.Value{}, false
	}
	v, ok := e.cell(row)(column)
	if !ok {
		a.issue(Override, fmt.Sprintf("%s: the result has no column '%s'", property, column), 1)
		return v, false
	}
	return v, strings.TrimSpace(v.ToText()) != ""
}

// format fills the placeholders of a format; ok is false where one of them has no value.
func (e *evaluation) format(a *Alert, row []types.Value, format, property string) (string, bool) {
	if format == "" {
		return "", false
	}
	whole := true
	s := rule.Placeholder.ReplaceAllStringFunc(format, func(holder string) string {
		v, ok := e.value(a, row, strings.Trim(holder, "{}"), property)
		whole = whole && ok
		return v.ToText()
	})
	return s, whole && strings.TrimSpace(s) != ""
}

// cut shortens s to at most limit bytes, between characters.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

func severity(s string) (rule.Severity, bool) {
	for v := rule.Informational; v <= rule.High; v++ {
		if strings.EqualFold(strings.TrimSpace(s), v.String()) {
			return v, true
		}
	}
	return 0, false
}

// list reads a cell as several texts: the elements of an array (also as JSON in a string), or the parts between
// commas, or, where split is false, the text itself.
func list(v types.Value, split bool) []string {
	s := strings.TrimSpace(v.ToText())
	var out []string
	if strings.HasPrefix(s, "[") {
		if j, err := types.ParseJSON(s); err == nil && j.Kind == types.JSONArray {
			for _, item := range j.Items {
				if t := strings.TrimSpace(item.Value().ToText()); t != "" {
					out = append(out, t)
				}
			}
			return out
		}
	}
	if !split {
		return []string{s}
	}
	for _, p := range strings.Split(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// tactics reads the known tactics out of a cell.
func tactics(v types.Value) []string {
	var out []string
	for _, s := range list(v, true) {
		for _, t := range rule.Tactics() {
			if strings.EqualFold(strings.ReplaceAll(s, " ", ""), t) {
				out = appendOnce(out, t)
			}
		}
	}
	return out
}

func appendOnce(list []string, s string) []string {
	for _, x := range list {
		if x == s {
			return list
		}
	}
	return append(list, s)
}

var (
	techniquePattern    = regexp.MustCompile(`^T\d{4}$`)
	subTechniquePattern = regexp.MustCompile(`^T\d{4}\.\d{3}$`)
)

// set fills a dynamic property; false means that the value is not one the property can have.
func (a *Alert) set(property string, v types.Value) bool {
	p := &a.Properties
	single := func(to *string) bool {
		s := strings.TrimSpace(v.ToText())
		if len(s) > MaxValueBytes {
			return false
		}
		*to = s
		return true
	}
	ids := func(to *[]string, pattern *regexp.Regexp) bool {
		var out []string
		for _, s := range list(v, true) {
			if s = strings.ToUpper(s); pattern.MatchString(s) {
				out = appendOnce(out, s)
			}
		}
		if len(out) > 0 {
			*to = a.within(property, out)
		}
		return len(out) > 0
	}
	switch property {
	case "AlertLink":
		return single(&p.AlertLink)
	case "ProductName":
		return single(&p.ProductName)
	case "ProviderName":
		return single(&p.ProviderName)
	case "ProductComponentName":
		return single(&p.ProductComponentName)
	case "ConfidenceLevel":
		for _, level := range []string{"Low", "High", "Unknown"} {
			if strings.EqualFold(strings.TrimSpace(v.ToText()), level) {
				p.ConfidenceLevel = level
				return true
			}
		}
		return false
	case "ConfidenceScore":
		f, ok := types.ParseReal(v.ToText())
		if !ok || math.IsNaN(f) || f < 0 || f > 1 {
			return false
		}
		p.ConfidenceScore = &f
		return true
	case "ExtendedLinks":
		j, err := types.ParseJSON(v.ToText())
		if err != nil || j.Kind != types.JSONArray || len(j.Items) > MaxDetailValues || len(j.String()) > MaxTextBytes {
			return false
		}
		p.ExtendedLinks = j.String()
		return true
	case "RemediationSteps":
		p.RemediationSteps = a.within(property, list(v, false))
		return true
	case "Techniques":
		return ids(&a.Techniques, techniquePattern)
	case "SubTechniques":
		return ids(&a.SubTechniques, subTechniquePattern)
	}
	return false
}

// within keeps as many values, from the front, as a collection may have.
func (a *Alert) within(property string, values []string) []string {
	size := 0
	for i, s := range values {
		if size += len(s); i == MaxDetailValues || size > MaxTextBytes {
			a.issue(Override, property+": more values than an alert can hold", len(values)-i)
			return values[:i]
		}
	}
	return values
}

// queryAt returns the query with its evaluation time set, so that running it again gives the alert's events.
func queryAt(query string, at time.Time) string {
	return "// now() and ago() count from the evaluation time of the alert.\nset query_now = datetime(" +
		types.FormatDatetime(types.TicksOf(at)) + ");\n" + query
}

// carry makes the alert hold its row: a query of a compressed copy, because running the rule's query again would
// give all rows. Columns go from the end until the row fits.
func (e *evaluation) carry(a *Alert, row []types.Value) {
	event := types.JSON{Kind: types.JSONObject}
	for i, c := range e.res.Schema {
		event.Set(c.Name, types.JSONOf(row[i]))
	}
	text := event.String()
	for len(text) > MaxRowBytes && len(event.Keys) > 0 {
		a.issue(RowCut, fmt.Sprintf("the row is larger than %d bytes; columns are left out of the alert's copy", MaxRowBytes), 1)
		event.Keys, event.Items = event.Keys[:len(event.Keys)-1], event.Items[:len(event.Items)-1]
		text = event.String()
	}
	var b bytes.Buffer
	z := zlib.NewWriter(&b) // writes to a bytes.Buffer do not fail
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	a.Query = queryAt("datatable(compressedEvent_: string)\n['"+base64.StdEncoding.EncodeToString(b.Bytes())+"']\n"+
		"| extend event_ = todynamic(zlib_decompress_from_base64_string(compressedEvent_))\n"+
		"| project-away compressedEvent_\n| evaluate bag_unpack(event_)\n", a.Window.To)
}
