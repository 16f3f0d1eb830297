package arm

import (
	"net/http"
	"strings"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
)

// automationProperties are those of an automation rule.
// https://learn.microsoft.com/rest/api/securityinsights/automation-rules/get
type automationProperties struct {
	incident.Automation
	Created    *instant `json:"createdTimeUtc,omitempty"`
	Modified   *instant `json:"lastModifiedTimeUtc,omitempty"`
	ModifiedBy client   `json:"lastModifiedBy"`
}

func automationRoutes() []route {
	type one = resource[automationProperties]
	return []route{
		{method: "GET", path: "/automationRules", name: "AutomationRules_List", summary: "Lists the automation rules in the order they run.", right: auth.Read, out: paged[one]{},
			query: []string{"$top", "$skipToken"}, do: listAutomations},
		{method: "GET", path: "/automationRules/{automationRuleId}", name: "AutomationRules_Get", summary: "Gets an automation rule.", right: auth.Read, out: one{}, do: getAutomation},
		{method: "PUT", path: "/automationRules/{automationRuleId}", name: "AutomationRules_CreateOrUpdate", summary: "Creates or replaces an automation rule.", right: auth.Configure,
			in: body[incident.Automation]{}, out: one{}, status: []int{200, 201}, do: putAutomation},
		{method: "DELETE", path: "/automationRules/{automationRuleId}", name: "AutomationRules_Delete", summary: "Deletes an automation rule.", right: auth.Configure,
			status: []int{200, 204}, do: deleteAutomation},
	}
}

func (a *API) automationResource(s state.Automation) (resource[automationProperties], error) {
	p := automationProperties{s.Rule, when(s.Created), when(s.Modified), client{Name: s.By}}
	if p.Trigger.Conditions == nil {
		p.Trigger.Conditions = []incident.Condition{}
	}
	return envelope(a, p, s.ETag, system(s.Created, s.Modified, s.By), "automationRules", s.Rule.ID), nil
}

func listAutomations(r *request) (out answer, err error) {
	p, err := r.page()
	if err != nil {
		return out, err
	}
	err = r.view(func(tx state.Tx) error {
		all, err := tx.Automations().List()
		if err != nil {
			return err
		}
		list, next, err := slice(all, p)
		if err != nil {
			return err
		}
		out, err = listOf(r, list, next, r.api.automationResource)
		return err
	})
	return out, err
}

func getAutomation(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		s, err := tx.Automations().Get(r.param("automationRuleId"))
		if there, err := found(err); !there {
			return orNotFound(err, "automation rule", r.param("automationRuleId"))
		}
		res, err := r.api.automationResource(s)
		out = ok(res)
		return err
	})
	return out, err
}

// playbooks refuses an automation rule that would run what there is not.
func (a *API) playbooks(rule incident.Automation) error {
	for n, act := range rule.Actions {
		if act.Type == incident.RunPlaybook && !a.hasPlaybook(act.Config.PlaybookID) {
			return invalid("properties.actions[%d].actionConfiguration.logicAppResourceId: there is no playbook '%s'", n, cut(act.Config.PlaybookID, 200))
		}
	}
	return nil
}

func (a *API) hasPlaybook(id string) bool { return a.Playbook != nil && a.Playbook(id) }

func putAutomation(r *request) (answer, error) {
	in, b, err := read[incident.Automation](r)
	if err != nil {
		return answer{}, err
	}
	if err := in.Check(); err != nil {
		return answer{}, err
	}
	if err := r.api.playbooks(in); err != nil {
		return answer{}, err
	}
	in.ID = r.param("automationRuleId")
	return r.change(func(tx state.Tx) (answer, error) {
		all, err := tx.Automations().List()
		if err != nil {
			return answer{}, err
		}
		s, exists := state.Automation{Rule: in, Created: r.at, Modified: r.at, By: r.by.Name}, false
		etag := ""
		for _, x := range all {
			if strings.EqualFold(x.Rule.ID, in.ID) {
				exists, etag, s.Created, s.Rule.ID = true, x.ETag, x.Created, x.Rule.ID
			}
		}
		if err := r.check(etag, exists, b.ETag); err != nil {
			return answer{}, err
		}
		if !exists && len(all) >= incident.MaxAutomationRules {
			return answer{}, faultf(http.StatusBadRequest, "BadRequest", "There are %d automation rules, which is the limit.", incident.MaxAutomationRules)
		}
		if s.ETag, err = tx.Automations().Put(s, state.Always); err != nil {
			return answer{}, err
		}
		res, err := r.api.automationResource(s)
		return written(res, exists), err
	})
}

func deleteAutomation(r *request) (answer, error) {
	id := r.param("automationRuleId")
	return r.change(func(tx state.Tx) (answer, error) {
		s, err := tx.Automations().Get(id)
		exists, err := found(err)
		if err != nil {
			return answer{}, err
		}
		if err := r.check(s.ETag, exists, ""); err != nil || !exists {
			return gone(exists), err
		}
		return gone(true), tx.Automations().Delete(id, state.Existing)
	})
}
