package arm

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/desk"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// entityResource is an entity or an alert, whose properties depend on its kind.
type entityResource = resource[map[string]any]

type entityCount struct {
	Kind  string `json:"entityKind"`
	Count int    `json:"count"`
}

type incidentEntitiesAnswer struct {
	Entities []entityResource `json:"entities"`
	MetaData []entityCount    `json:"metaData"`
}

func entityRoutes() []route {
	return []route{
		{method: "POST", path: "/incidents/{incidentId}/alerts", name: "Incidents_ListAlerts", summary: "Lists the alerts of an incident.", right: auth.Read, out: paged[entityResource]{}, do: incidentAlerts},
		{method: "POST", path: "/incidents/{incidentId}/entities", name: "Incidents_ListEntities", summary: "Lists what an incident is about.", right: auth.Read, out: incidentEntitiesAnswer{}, do: incidentEntities},
		{method: "GET", path: "/entities", name: "Entities_List", summary: "Lists what the alerts are about.", right: auth.Read, out: paged[entityResource]{}, query: []string{"$top", "$skipToken"}, do: listEntities},
		{method: "GET", path: "/entities/{entityId}", name: "Entities_Get", summary: "Gets an entity, or an alert.", right: auth.Read, out: entityResource{}, do: getEntity},
	}
}

// renamed are the fields whose name in the API is not that of the Entities column with a small letter.
// https://learn.microsoft.com/rest/api/securityinsights/entities/get
var renamed = map[entity.Kind]map[string]string{
	entity.Account:          {"Name": "accountName"},
	entity.CloudApplication: {"Name": "appName"},
	entity.File:             {"Name": "fileName"},
	entity.FileHash:         {"Value": "hashValue"},
	entity.Malware:          {"Name": "malwareName"},
	entity.RegistryValue:    {"Name": "valueName", "Value": "valueData"},
}

// camel gives a name a small letter at its beginning: HostName, AzureID, NTDomain and UPNSuffix become hostName, azureID,
// ntDomain and upnSuffix.
func camel(name string) string {
	n := 0
	for n < len(name) && name[n] >= 'A' && name[n] <= 'Z' {
		n++
	}
	if n > 1 && n < len(name) {
		n-- // the last capital begins the next word
	}
	return strings.ToLower(name[:n]) + name[n:]
}

// entityProperties are the fields of an entity as the API has them. Inner entities are named by their ids.
func entityProperties(e *entity.Entity) map[string]any {
	out := map[string]any{}
	for _, f := range e.Fields {
		name := renamed[e.Kind][f.Name]
		if name == "" {
			name = camel(f.Name)
		}
		switch {
		case f.List:
			var ids []string
			for _, in := range f.Inner {
				ids = append(ids, in.ID())
			}
			out[strings.TrimSuffix(name, "s")+"EntityIds"] = full(ids)
		case len(f.Inner) > 0:
			out[name+"EntityId"] = f.Inner[0].ID()
		default:
			out[name] = json.RawMessage(f.Value.String())
		}
	}
	out["friendlyName"] = friendly(e)
	return out
}

// friendly is what an entity is called among people: the first of its fields that is a text.
func friendly(e *entity.Entity) string {
	for _, name := range []string{"HostName", "Name", "Address", "Url", "DomainName"} {
		if s := e.Get(name); s != "" {
			return s
		}
	}
	for _, f := range e.Fields {
		if s := e.Get(f.Name); s != "" && f.Value.Kind == types.JSONString {
			return s
		}
	}
	return e.Keyword()
}

func (a *API) entityResource(e *entity.Entity) entityResource {
	out := envelope(a, entityProperties(e), "", nil, "entities", e.ID())
	if out.Kind = e.Kind.ARM(); out.Kind == "" {
		out.Kind = e.Keyword()
	}
	return out
}

// maxInner is how deep inner entities are followed; the JSON may hold cycles.
const maxInner = 4

// flat lists entities and those inside them, each thing once.
func flat(list []*entity.Entity) []*entity.Entity {
	var out []*entity.Entity
	var add func(list []*entity.Entity, depth int)
	add = func(list []*entity.Entity, depth int) {
		for _, e := range list {
			out = append(out, e)
			for _, f := range e.Fields {
				if depth < maxInner {
					add(f.Inner, depth+1)
				}
			}
		}
	}
	add(list, 0)
	return entity.Merge(out)
}

// alertProperties are those of an alert, of its row in SecurityAlert.
func alertProperties(row map[string]types.Value) map[string]any {
	out := map[string]any{}
	for name, column := range map[string]string{"alertDisplayName": "DisplayName", "alertType": "AlertType", "severity": "AlertSeverity", "status": "Status",
		"vendorName": "VendorName", "productName": "ProductName", "productComponentName": "ProductComponentName", "providerAlertId": "VendorOriginalId",
		"systemAlertId": "SystemAlertId", "description": "Description", "compromisedEntity": "CompromisedEntity", "confidenceLevel": "ConfidenceLevel",
		"alertLink": "AlertLink", "friendlyName": "DisplayName"} {
		if s := row[column].Text(); s != "" {
			out[name] = s
		}
	}
	for name, column := range map[string]string{"startTimeUtc": "StartTime", "endTimeUtc": "EndTime", "timeGenerated": "TimeGenerated", "processingEndTime": "ProcessingEndTime"} {
		if v := row[column]; !v.IsNull() {
			out[name] = instant{types.TimeOf(v.Int64())}
		}
	}
	for name, column := range map[string]string{"additionalData": "ExtendedProperties", "remediationSteps": "RemediationSteps", "techniques": "Techniques"} {
		if s := row[column].Text(); s != "" && json.Valid([]byte(s)) {
			out[name] = json.RawMessage(s)
		}
	}
	if v := row["ConfidenceScore"]; !v.IsNull() && !v.IsNaN() {
		out["confidenceScore"] = v.Float64()
	}
	tactics := []string{}
	if s := row["Tactics"].Text(); s != "" && s != "Unknown" {
		tactics = strings.Split(s, ",")
	}
	out["tactics"] = tactics
	return out
}

func (a *API) alertResource(s state.Alert) (entityResource, error) {
	_, row, err := desk.DecodeRow(s.Data)
	if err != nil {
		return entityResource{}, err
	}
	out := envelope(a, alertProperties(row), "", nil, "entities", s.ID)
	out.Kind = "SecurityAlert"
	return out, nil
}

func incidentAlerts(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		s, err := r.incident(tx)
		if err != nil {
			return err
		}
		var list []entityResource
		for _, rel := range s.Alerts {
			stored, err := tx.Alerts().Get(rel.ID)
			there, err := found(err)
			if err != nil {
				return err
			}
			var res entityResource
			if there {
				if res, err = r.api.alertResource(stored); err != nil {
					return err
				}
			} else { // the state forgets old alerts; the incident knows the gist of its own
				res = envelope(r.api, map[string]any{"systemAlertId": rel.ID, "alertDisplayName": rel.Name, "friendlyName": rel.Name, "severity": rel.Severity,
					"productName": rel.Product, "timeGenerated": when(rel.Generated), "startTimeUtc": when(rel.Start), "endTimeUtc": when(rel.End),
					"tactics": full(rel.Tactics)}, "", nil, "entities", rel.ID)
				res.Kind = "SecurityAlert"
			}
			list = append(list, res)
		}
		out, err = listOf(r, list, "", func(e entityResource) (entityResource, error) { return e, nil })
		return err
	})
	return out, err
}

func incidentEntities(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		s, err := r.incident(tx)
		if err != nil {
			return err
		}
		body := incidentEntitiesAnswer{Entities: []entityResource{}, MetaData: []entityCount{}}
		for _, e := range flat(s.Entities()) {
			res := r.api.entityResource(e)
			body.Entities = append(body.Entities, res)
			n := slices.IndexFunc(body.MetaData, func(c entityCount) bool { return c.Kind == res.Kind })
			if n < 0 {
				n = len(body.MetaData)
				body.MetaData = append(body.MetaData, entityCount{Kind: res.Kind})
			}
			body.MetaData[n].Count++
		}
		out = ok(body)
		return nil
	})
	return out, err
}

// entities returns what the alerts that the state remembers are about, by id. Want, where it is set, ends the search at
// the entity it names.
func entities(tx state.Tx, want string) ([]*entity.Entity, error) {
	p := state.Page{Limit: 500}
	var all []*entity.Entity
	for {
		alerts, next, err := tx.Alerts().List("", p)
		if err != nil {
			return nil, err
		}
		for _, a := range alerts {
			_, row, err := desk.DecodeRow(a.Data)
			if err != nil {
				return nil, err
			}
			list, err := entity.Parse(row["Entities"].Text())
			if err != nil {
				return nil, err
			}
			for _, e := range flat(list) {
				if want == "" || strings.EqualFold(e.ID(), want) {
					all = append(all, e)
				}
			}
		}
		all = entity.Merge(all)
		if p.After = next; next == "" {
			slices.SortFunc(all, func(a, b *entity.Entity) int { return strings.Compare(a.ID(), b.ID()) })
			return all, nil
		}
	}
}

func listEntities(r *request) (out answer, err error) {
	p, err := r.page()
	if err != nil {
		return out, err
	}
	err = r.view(func(tx state.Tx) error {
		all, err := entities(tx, "")
		if err != nil {
			return err
		}
		// a page goes on behind an id, since there may be new entities by then
		from, exact := slices.BinarySearchFunc(all, p.After, func(e *entity.Entity, id string) int { return strings.Compare(e.ID(), id) })
		if exact {
			from++
		}
		next := ""
		if all = all[from:]; len(all) > p.Limit {
			all = all[:p.Limit]
			next = all[p.Limit-1].ID()
		}
		out, err = listOf(r, all, next, func(e *entity.Entity) (entityResource, error) { return r.api.entityResource(e), nil })
		return err
	})
	return out, err
}

func getEntity(r *request) (out answer, err error) {
	id := r.param("entityId")
	err = r.view(func(tx state.Tx) error {
		a, err := tx.Alerts().Get(id)
		if there, err := found(err); err != nil {
			return err
		} else if there {
			res, err := r.api.alertResource(a)
			out = ok(res)
			return err
		}
		list, err := entities(tx, id)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return notFound("entity", id)
		}
		out = ok(r.api.entityResource(list[0]))
		return nil
	})
	return out, err
}
