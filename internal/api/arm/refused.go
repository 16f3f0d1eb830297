package arm

import (
	"net/http"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/state"
)

// none is a list that is empty because nothing that could be in it can be made here.
func none(r *request) (answer, error) {
	if _, err := r.page(); err != nil {
		return answer{}, err
	}
	return ok(paged[resource[map[string]any]]{Value: []resource[map[string]any]{}}), nil
}

// refusing answers that what is asked for is not to be had here, and why.
func refusing(why string) func(*request) (answer, error) {
	return func(*request) (answer, error) {
		return answer{}, faultf(http.StatusBadRequest, "NotSupported", "This service does not have that: %s.", why)
	}
}

// missing answers that there is no such resource, as none can be made.
func missing(kind, param string) func(*request) (answer, error) {
	return func(r *request) (answer, error) { return answer{}, notFound(kind, r.param(param)) }
}

// collection is the routes of a kind of resource that cannot be made here.
func collection(path, operations, kind, why string) []route {
	type one = resource[map[string]any]
	item := path + "/{name}"
	return []route{
		{method: "GET", path: path, name: operations + "_List", summary: "Lists none: " + why + ".", right: auth.Read, out: paged[one]{}, query: []string{"$top", "$skipToken"}, do: none},
		{method: "GET", path: item, name: operations + "_Get", summary: "Finds none: " + why + ".", right: auth.Read, out: one{}, do: missing(kind, "name")},
		{method: "PUT", path: item, name: operations + "_CreateOrUpdate", summary: "Is refused: " + why + ".", right: auth.Configure, in: body[map[string]any]{}, out: one{}, do: refusing(why)},
		{method: "DELETE", path: item, name: operations + "_Delete", summary: "Finds none: " + why + ".", right: auth.Configure, status: []int{204},
			do: func(r *request) (answer, error) {
				return r.change(func(state.Tx) (answer, error) { return gone(false), nil })
			}},
	}
}

// refusedRoutes are the parts of the service's API that have no counterpart here. They are there so that a client is told
// so, and not that the path is wrong.
func refusedRoutes() []route {
	type one = resource[map[string]any]
	refused := func(method, path, name, why string, right auth.Right) route {
		r := route{method: method, path: path, name: name, summary: "Is refused: " + why + ".", right: right, out: one{}, do: refusing(why)}
		if method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
			r.in = map[string]any{}
		}
		return r
	}
	const (
		teams      = "there is no Microsoft Teams"
		graph      = "there is no entity graph; query the tables instead"
		connectors = "sources are set up in the service's configuration"
		indicators = "threat indicators are rows of their table, which are ingested"
		anomalies  = "anomalies are set up in the service's configuration"
		triggers   = "rules do not start Logic Apps; an automation rule can call a webhook"
		catalogue  = "content is not managed in packages"
		inverse    = "relate the bookmark from the incident's side"
	)
	out := []route{
		refused("POST", "/incidents/{incidentId}/createTeam", "Incidents_CreateTeam", teams, auth.Respond),
		refused("POST", "/entities/{entityId}/expand", "Entities_Expand", graph, auth.Read),
		refused("POST", "/entities/{entityId}/getTimeline", "EntitiesGetTimeline_List", graph, auth.Read),
		refused("POST", "/entities/{entityId}/getInsights", "Entities_GetInsights", graph, auth.Read),
		refused("GET", "/entities/{entityId}/queries", "Entities_Queries", graph, auth.Read),
		refused("GET", "/entities/{entityId}/relations", "EntitiesRelations_List", graph, auth.Read),
		refused("GET", "/entities/{entityId}/relations/{relationName}", "EntityRelations_GetRelation", graph, auth.Read),
		refused("POST", "/bookmarks/{bookmarkId}/expand", "Bookmark_Expand", graph, auth.Read),
		refused("PUT", "/bookmarks/{bookmarkId}/relations/{relationName}", "BookmarkRelations_CreateOrUpdate", inverse, auth.Respond),
		refused("DELETE", "/bookmarks/{bookmarkId}/relations/{relationName}", "BookmarkRelations_Delete", inverse, auth.Respond),
		refused("PUT", "/alertRules/{ruleId}/actions/{actionId}", "Actions_CreateOrUpdate", triggers, auth.Configure),
		refused("POST", "/dataConnectors/{name}/connect", "DataConnectors_Connect", connectors, auth.Configure),
		refused("POST", "/dataConnectors/{name}/disconnect", "DataConnectors_Disconnect", connectors, auth.Configure),
		refused("GET", "/threatIntelligence/main/indicators", "ThreatIntelligenceIndicators_List", indicators, auth.Read),
		refused("GET", "/threatIntelligence/main/indicators/{name}", "ThreatIntelligenceIndicator_Get", indicators, auth.Read),
		refused("PUT", "/threatIntelligence/main/indicators/{name}", "ThreatIntelligenceIndicator_Create", indicators, auth.Configure),
		refused("DELETE", "/threatIntelligence/main/indicators/{name}", "ThreatIntelligenceIndicator_Delete", indicators, auth.Configure),
		refused("POST", "/threatIntelligence/main/indicators/{name}/appendTags", "ThreatIntelligenceIndicator_AppendTags", indicators, auth.Configure),
		refused("POST", "/threatIntelligence/main/indicators/{name}/replaceTags", "ThreatIntelligenceIndicator_ReplaceTags", indicators, auth.Configure),
		refused("POST", "/threatIntelligence/main/createIndicator", "ThreatIntelligenceIndicator_CreateIndicator", indicators, auth.Configure),
		refused("POST", "/threatIntelligence/main/queryIndicators", "ThreatIntelligenceIndicator_QueryIndicators", indicators, auth.Read),
		refused("GET", "/threatIntelligence/main/metrics", "ThreatIntelligenceIndicatorMetrics_List", indicators, auth.Read),
		refused("PATCH", "/metadata/{name}", "Metadata_Update", catalogue, auth.Configure),
		{method: "GET", path: "/alertRules/{ruleId}/actions", name: "Actions_ListByAlertRule", summary: "Lists none: " + triggers + ".", right: auth.Read, out: paged[one]{},
			query: []string{"$top", "$skipToken"}, do: ruleActions},
		{method: "GET", path: "/alertRules/{ruleId}/actions/{actionId}", name: "Actions_Get", summary: "Finds none: " + triggers + ".", right: auth.Read, out: one{}, do: missing("action", "actionId")},
		{method: "DELETE", path: "/alertRules/{ruleId}/actions/{actionId}", name: "Actions_Delete", summary: "Finds none: " + triggers + ".", right: auth.Configure, status: []int{204},
			do: func(r *request) (answer, error) {
				return r.change(func(state.Tx) (answer, error) { return gone(false), nil })
			}},
		{method: "POST", path: "/incidents/{incidentId}/runPlaybook", name: "Incidents_RunPlaybook", summary: "Runs a playbook on an incident.", right: auth.Respond,
			in: playbookInput{}, status: []int{204}, do: runPlaybook},
	}
	out = append(out, collection("/dataConnectors", "DataConnectors", "data connector", connectors)...)
	out = append(out, collection("/entityQueries", "EntityQueries", "entity query", graph)...)
	out = append(out, collection("/securityMLAnalyticsSettings", "SecurityMLAnalyticsSettings", "setting", anomalies)...)
	return append(out, collection("/metadata", "Metadata", "metadata", catalogue)...)
}

func ruleActions(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		_, err := tx.Rules().Get(r.param("ruleId"))
		if there, err := found(err); !there {
			return orNotFound(err, "alert rule", r.param("ruleId"))
		}
		out, err = none(r)
		return err
	})
	return out, err
}

type playbookInput struct {
	LogicApp string `json:"logicAppsResourceId"`
	TenantID string `json:"tenantId,omitempty"`
}

// runPlaybook runs a playbook by hand, as an automation rule would.
func runPlaybook(r *request) (answer, error) {
	var in playbookInput
	if err := r.decode(&in); err != nil {
		return answer{}, err
	}
	if in.LogicApp == "" {
		return answer{}, invalid("logicAppsResourceId: is missing")
	}
	if !r.api.hasPlaybook(in.LogicApp) {
		return answer{}, faultf(http.StatusBadRequest, "PlaybookNotFound", "There is no playbook '%s'.", cut(in.LogicApp, 200))
	}
	return r.change(func(tx state.Tx) (answer, error) {
		s, err := r.incident(tx)
		if err != nil {
			return answer{}, err
		}
		return answer{status: http.StatusNoContent}, r.api.Desk.Play(tx, s.Incident, in.LogicApp, in.TenantID, r.actor(), r.at)
	})
}

// onboarding are the properties of the state that says that the workspace has Sentinel. It has, or nothing would answer.
type onboarding struct {
	CustomerManagedKey bool `json:"customerManagedKey"`
}

func onboardingRoutes() []route {
	type one = resource[onboarding]
	state := func(a *API) one { return envelope(a, onboarding{}, "", nil, "onboardingStates", "default") }
	isDefault := func(r *request) error {
		if r.param("sentinelOnboardingStateName") != "default" {
			return notFound("onboarding state", r.param("sentinelOnboardingStateName"))
		}
		return nil
	}
	return []route{
		{method: "GET", path: "/onboardingStates", name: "SentinelOnboardingStates_List", summary: "Says that the workspace is onboarded.", right: auth.Read, out: paged[one]{},
			do: func(r *request) (answer, error) { return ok(paged[one]{Value: []one{state(r.api)}}), nil }},
		{method: "GET", path: "/onboardingStates/{sentinelOnboardingStateName}", name: "SentinelOnboardingStates_Get", summary: "Says that the workspace is onboarded.", right: auth.Read, out: one{},
			do: func(r *request) (answer, error) { return ok(state(r.api)), isDefault(r) }},
		{method: "PUT", path: "/onboardingStates/{sentinelOnboardingStateName}", name: "SentinelOnboardingStates_Create", summary: "Finds the workspace onboarded.", right: auth.Configure,
			in: body[onboarding]{}, out: one{}, do: putOnboarding(isDefault, state)},
		{method: "DELETE", path: "/onboardingStates/{sentinelOnboardingStateName}", name: "SentinelOnboardingStates_Delete", summary: "Is refused: the workspace cannot be offboarded.",
			right: auth.Configure, do: refusing("a workspace cannot be offboarded; stop the service instead")},
	}
}

func putOnboarding(isDefault func(*request) error, onboarded func(*API) resource[onboarding]) func(*request) (answer, error) {
	return func(r *request) (answer, error) {
		var b body[onboarding]
		if err := r.decode(&b); err != nil {
			return answer{}, err
		}
		if err := isDefault(r); err != nil {
			return answer{}, err
		}
		if b.Properties != nil && b.Properties.CustomerManagedKey {
			return answer{}, faultf(http.StatusBadRequest, "NotSupported", "This service does not have that: keys of customers.")
		}
		return r.change(func(state.Tx) (answer, error) { return ok(onboarded(r.api)), nil })
	}
}
