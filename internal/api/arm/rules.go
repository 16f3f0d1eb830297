package arm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// How many rules can be enabled. https://learn.microsoft.com/azure/sentinel/sentinel-service-limits#analytics-rule-limits
const (
	maxScheduled = 512
	maxNRT       = 50
)

func ruleRoutes() []route {
	type one = resource[ruleProperties]
	return []route{
		{method: "GET", path: "/alertRules", name: "AlertRules_List", summary: "Lists the analytics rules.", right: auth.Read,
			out: paged[one]{}, query: []string{"$top", "$skipToken"}, do: listRules},
		{method: "GET", path: "/alertRules/{ruleId}", name: "AlertRules_Get", summary: "Gets an analytics rule.", right: auth.Read, out: one{}, do: getRule},
		{method: "PUT", path: "/alertRules/{ruleId}", name: "AlertRules_CreateOrUpdate", summary: "Creates or replaces an analytics rule.",
			right: auth.Configure, in: body[rule.Properties]{}, out: one{}, status: []int{200, 201}, do: putRule},
		{method: "DELETE", path: "/alertRules/{ruleId}", name: "AlertRules_Delete", summary: "Deletes an analytics rule.", right: auth.Configure, status: []int{200, 204}, do: deleteRule},
		{method: "GET", path: "/alertRuleTemplates", name: "AlertRuleTemplates_List", summary: "Lists the rules that come with vedette.", right: auth.Read,
			out: paged[resource[templateProperties]]{}, query: []string{"$top", "$skipToken"}, do: listTemplates},
		{method: "GET", path: "/alertRuleTemplates/{alertRuleTemplateId}", name: "AlertRuleTemplates_Get", summary: "Gets a rule that comes with vedette.",
			right: auth.Read, out: resource[templateProperties]{}, do: getTemplate},
	}
}

// ruleProperties describe the answer about a rule that can be run; of other kinds the properties are what was written.
type ruleProperties struct {
	rule.Properties
	Modified *instant `json:"lastModifiedUtc,omitempty"`
}

// ruleResource makes the answer of a stored rule. Its properties are those that were written.
func (a *API) ruleResource(s state.Rule) (resource[json.RawMessage], error) {
	props, err := types.ParseJSON(s.Text)
	if err != nil {
		return resource[json.RawMessage]{}, fmt.Errorf("rule %s: %w", s.ID, err)
	}
	if _, known := rule.ParseKind(s.Kind); known { // others are given back as they came
		props.Set("enabled", types.JSON{Kind: types.JSONBool, Bool: s.Enabled})
		props.Set("lastModifiedUtc", text(types.FormatDatetime(types.TicksOf(s.Modified))))
	}
	out := envelope(a, json.RawMessage(props.String()), s.ETag, system(s.Created, s.Modified, s.By), "alertRules", s.ID)
	out.Kind = s.Kind
	return out, nil
}

func text(s string) types.JSON { return types.JSON{Kind: types.JSONString, Str: s} }

func listRules(r *request) (out answer, err error) {
	p, err := r.page()
	if err != nil {
		return out, err
	}
	err = r.view(func(tx state.Tx) error {
		list, next, err := tx.Rules().List(p)
		if err != nil {
			return err
		}
		out, err = listOf(r, list, next, r.api.ruleResource)
		return err
	})
	return out, err
}

func getRule(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		s, err := tx.Rules().Get(r.param("ruleId"))
		if there, err := found(err); !there {
			return orNotFound(err, "alert rule", r.param("ruleId"))
		}
		res, err := r.api.ruleResource(s)
		out = ok(res)
		return err
	})
	return out, err
}

// orNotFound is the fault of a resource that is not there, unless there is another.
func orNotFound(err error, kind, id string) error {
	if err != nil {
		return err
	}
	return notFound(kind, id)
}

func putRule(r *request) (answer, error) {
	id := r.param("ruleId")
	if guid, ok := types.ParseGuid(id); ok {
		id = guid
	}
	props, b, err := read[json.RawMessage](r)
	if err != nil {
		return answer{}, err
	}
	if b.Kind == "" {
		return answer{}, invalid("kind: is missing")
	}
	s := state.Rule{ID: id, Kind: b.Kind, Created: r.at, Modified: r.at, By: r.by.Name}
	if kind, known := rule.ParseKind(b.Kind); known {
		s.Kind = kind.String()
		if s.Text, s.Name, s.Enabled, err = r.api.readRule(r, id, kind, string(props)); err != nil {
			return answer{}, err
		}
	} else {
		j, err := types.ParseJSON(string(props))
		if err != nil || j.Kind != types.JSONObject {
			return answer{}, invalid("properties: expected an object")
		}
		if !namePattern.MatchString(b.Kind) {
			return answer{}, invalid("kind: '%s' is no kind of rule", cut(b.Kind, 40))
		}
		name, _ := j.Get("displayName")
		s.Text, s.Name, s.Reason = j.String(), name.Str, "rules of kind "+b.Kind+" are kept, and not run"
	}
	out, err := r.change(func(tx state.Tx) (answer, error) {
		was, err := tx.Rules().Get(id)
		exists, err := found(err)
		if err != nil {
			return answer{}, err
		}
		if err := r.check(was.ETag, exists, b.ETag); err != nil {
			return answer{}, err
		}
		if exists && !strings.EqualFold(was.Kind, s.Kind) {
			return answer{}, invalid("kind: the rule is of kind %s, which cannot be changed to %s; delete it first", was.Kind, s.Kind)
		}
		if exists {
			s.ID, s.Created = was.ID, was.Created
		}
		if err := limitRules(tx, s); err != nil {
			return answer{}, err
		}
		if s.ETag, err = tx.Rules().Put(s, state.Always); err != nil {
			return answer{}, err
		}
		res, err := r.api.ruleResource(s)
		return written(res, exists), err
	})
	if err == nil {
		notify(r.api.RuleChanged, s.ID)
	}
	return out, err
}

// limitRules refuses an enabled rule that is one too many.
func limitRules(tx state.Tx, s state.Rule) error {
	if !s.Enabled {
		return nil
	}
	limit := maxScheduled
	if s.Kind == rule.NRT.String() {
		limit = maxNRT
	}
	all, _, err := tx.Rules().List(state.Page{})
	if err != nil {
		return err
	}
	count := 1
	for _, x := range all {
		if x.Enabled && strings.EqualFold(x.Kind, s.Kind) && !strings.EqualFold(x.ID, s.ID) {
			count++
		}
	}
	if count > limit {
		return faultf(http.StatusBadRequest, "BadRequest", "There are %d enabled rules of kind %s, which is the limit.", limit, s.Kind)
	}
	return nil
}

// readRule checks the properties of a rule that can be run, and returns them as they are kept: whole, in the API's own
// words, with durations as they were written and without what the API does not know.
func (a *API) readRule(r *request, id string, kind rule.Kind, props string) (kept, name string, enabled bool, err error) {
	file := source.NewFile("", props)
	got, list := rule.CheckProperties(file, id, kind)
	if err := refuse(&source.Diagnostics{File: file, List: list}, "properties"); err != nil {
		return "", "", false, err
	}
	got.QueryFile = source.NewFile("", got.Query) // places are told in the query, not in the body
	if a.CompileRule != nil {
		ds := a.CompileRule(r.Context(), got)
		if ds.File == nil {
			ds.File = got.QueryFile
		}
		if err := refuse(&ds, "properties.query"); err != nil {
			return "", "", false, err
		}
	}
	had, err := types.ParseJSON(props)
	if err != nil {
		return "", "", false, invalid("properties: %s", err)
	}
	full, err := json.Marshal(rule.PropertiesOf(got))
	if err != nil {
		return "", "", false, err
	}
	out, err := types.ParseJSON(string(full))
	if err != nil {
		return "", "", false, err
	}
	for i, key := range had.Keys {
		n := slices.IndexFunc(passed, func(s string) bool { return strings.EqualFold(s, key) })
		v := had.Items[i]
		if n < 0 || v.Kind == types.JSONNull {
			continue
		}
		_, there := out.Get(passed[n])
		switch duration := strings.HasPrefix(passed[n], "query") || strings.HasPrefix(passed[n], "suppression"); {
		case duration && !there: // of an NRT rule
		case passed[n] == "tags" && v.Kind == types.JSONArray, v.Kind == types.JSONString:
			out.Set(passed[n], v)
		default:
			return "", "", false, invalid("properties.%s: is of another type than it should", passed[n])
		}
	}
	return out.String(), got.Name, got.Enabled, nil
}

// passed are the properties that are kept as they were written.
var passed = []string{"queryFrequency", "queryPeriod", "suppressionDuration", "alertRuleTemplateName", "status", "OriginalUri", "tags"}

// refuse makes a fault of the errors among diagnostics; nil where there are none.
func refuse(ds *source.Diagnostics, target string) error {
	if !ds.HasErrors() {
		return nil
	}
	var msgs []string
	f := &Fault{Status: http.StatusBadRequest, Code: "BadRequest", Target: target}
	for _, d := range ds.List {
		if d.Severity != source.Error {
			continue
		}
		p := ds.File.Position(d.Span.Start)
		msg := fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, d.Msg)
		if d.Hint != "" {
			msg += "; " + d.Hint
		}
		f.Details = append(f.Details, Detail{d.Code, msg, target})
		msgs = append(msgs, target+": "+msg)
	}
	f.Message = invalid("%s", strings.Join(msgs, "; ")).Message
	return f
}

func deleteRule(r *request) (answer, error) {
	id := r.param("ruleId")
	existed := false
	out, err := r.change(func(tx state.Tx) (answer, error) {
		was, err := tx.Rules().Get(id)
		if existed, err = found(err); err != nil {
			return answer{}, err
		}
		if err := r.check(was.ETag, existed, ""); err != nil || !existed {
			return gone(existed), err
		}
		if err := tx.Rules().Delete(id, state.Existing); err != nil {
			return answer{}, err
		}
		// one of the same id that is made later starts anew
		if _, err := found(tx.Positions().Delete(was.ID)); err != nil {
			return answer{}, err
		}
		id = was.ID
		return gone(true), nil
	})
	if err == nil && existed {
		notify(r.api.RuleChanged, id)
	}
	return out, err
}

// templateProperties are those of a rule that comes with vedette.
type templateProperties struct {
	rule.Properties
	Version                string      `json:"version,omitempty"`
	Status                 string      `json:"status"`
	RequiredDataConnectors []connector `json:"requiredDataConnectors"`
	RulesCreated           int         `json:"alertRulesCreatedByTemplateCount"`
}

type connector struct {
	ConnectorID string   `json:"connectorId"`
	DataTypes   []string `json:"dataTypes"`
}

// templateUse counts the rules that were made of each template.
func templateUse(tx state.Tx) (map[string]int, error) {
	all, _, err := tx.Rules().List(state.Page{})
	if err != nil {
		return nil, err
	}
	use := map[string]int{}
	for _, s := range all {
		var p struct {
			Template string `json:"alertRuleTemplateName"`
		}
		if err := json.Unmarshal([]byte(s.Text), &p); err == nil && p.Template != "" { // of other kinds it may be anything
			use[strings.ToLower(p.Template)]++
		}
	}
	return use, nil
}

func (a *API) templateResource(t *rule.Rule, use map[string]int) resource[templateProperties] {
	p := templateProperties{Properties: rule.PropertiesOf(t), Version: t.Version, Status: "Available", RequiredDataConnectors: []connector{}, RulesCreated: use[t.ID]}
	p.TemplateVersion = ""
	if p.RulesCreated > 0 {
		p.Status = "Installed"
	}
	for _, c := range t.RequiredDataConnectors {
		p.RequiredDataConnectors = append(p.RequiredDataConnectors, connector{c.ID, append([]string{}, c.DataTypes...)})
	}
	out := envelope(a, p, "", nil, "alertRuleTemplates", t.ID)
	out.Kind = t.Kind.String()
	return out
}

func listTemplates(r *request) (out answer, err error) {
	p, err := r.page()
	if err != nil {
		return out, err
	}
	list, next, err := slice(r.api.Templates, p)
	if err != nil {
		return out, err
	}
	err = r.view(func(tx state.Tx) error {
		use, err := templateUse(tx)
		if err != nil {
			return err
		}
		out, err = listOf(r, list, next, func(t *rule.Rule) (resource[templateProperties], error) { return r.api.templateResource(t, use), nil })
		return err
	})
	return out, err
}

func getTemplate(r *request) (out answer, err error) {
	id := r.param("alertRuleTemplateId")
	for _, t := range r.api.Templates {
		if strings.EqualFold(t.ID, id) {
			err = r.view(func(tx state.Tx) error {
				use, err := templateUse(tx)
				out = ok(r.api.templateResource(t, use))
				return err
			})
			return out, err
		}
	}
	return out, notFound("alert rule template", id)
}
