package arm

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/desk"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
)

// relationProperties are those of a relation of an incident to an alert or a bookmark.
// https://learn.microsoft.com/azure/sentinel/relate-alerts-to-incidents
type relationProperties struct {
	ResourceID   string `json:"relatedResourceId"`
	ResourceName string `json:"relatedResourceName"`
	ResourceType string `json:"relatedResourceType"`
	ResourceKind string `json:"relatedResourceKind,omitempty"`
}

type relationInput struct {
	ResourceID *string `json:"relatedResourceId"`
}

// relationKind is the kind of the documents that keep the names people gave to relations. Relations that came about by
// themselves are named by what they lead to.
const relationKind = "incident relation"

func relationPrefix(incidentID string) string { return incidentID + "/" }

// relation is one of an incident's.
type relation struct {
	Name     string `json:"-"`
	Bookmark bool   `json:"bookmark,omitempty"` // else an alert
	ID       string `json:"id"`                 // of what it leads to
}

func relationRoutes() []route {
	type one = resource[relationProperties]
	return []route{
		{method: "GET", path: "/incidents/{incidentId}/relations", name: "IncidentRelations_List", summary: "Lists the alerts and bookmarks of an incident.", right: auth.Read,
			out: paged[one]{}, query: []string{"$filter", "$orderby", "$top", "$skipToken"}, do: listRelations},
		{method: "GET", path: "/incidents/{incidentId}/relations/{relationName}", name: "IncidentRelations_Get", summary: "Gets a relation of an incident.", right: auth.Read, out: one{}, do: getRelation},
		{method: "PUT", path: "/incidents/{incidentId}/relations/{relationName}", name: "IncidentRelations_CreateOrUpdate", summary: "Relates an alert or a bookmark to an incident.",
			right: auth.Respond, in: body[relationInput]{}, out: one{}, status: []int{200, 201}, do: putRelation},
		{method: "DELETE", path: "/incidents/{incidentId}/relations/{relationName}", name: "IncidentRelations_Delete", summary: "Takes an alert or a bookmark out of an incident.",
			right: auth.Respond, status: []int{200, 204}, do: deleteRelation},
		{method: "GET", path: "/bookmarks/{bookmarkId}/relations", name: "BookmarkRelations_List", summary: "Lists the incidents of a bookmark.", right: auth.Read, out: paged[one]{},
			query: []string{"$top", "$skipToken"}, do: listBookmarkRelations},
	}
}

// relations lists the relations of an incident, alerts first.
func relations(tx state.Tx, i *incident.Incident) ([]relation, error) {
	docs, _, err := tx.Documents().List(relationKind, relationPrefix(i.ID), state.Page{})
	if err != nil {
		return nil, err
	}
	names := map[relation]string{}
	for _, d := range docs {
		var r relation
		if err := json.Unmarshal(d.Data, &r); err != nil {
			return nil, err
		}
		r.ID = strings.ToLower(r.ID)
		names[r] = d.ID[len(relationPrefix(i.ID)):]
	}
	var out []relation
	add := func(r relation) {
		name, ok := names[relation{Bookmark: r.Bookmark, ID: strings.ToLower(r.ID)}]
		if r.Name = r.ID; ok {
			r.Name = name
		}
		out = append(out, r)
	}
	for _, a := range i.Alerts {
		add(relation{ID: a.ID})
	}
	for _, b := range i.Bookmarks {
		add(relation{ID: b, Bookmark: true})
	}
	return out, nil
}

// tag is the relation's etag: what it leads to never changes.
func (r relation) tag() string {
	return `"` + uuid.NewSHA1(partSpace, []byte(strings.ToLower(fmt.Sprint(r.Bookmark, r.ID)))).String() + `"`
}

func (a *API) relationResource(s state.Stored, r relation) resource[relationProperties] {
	p := relationProperties{a.id("entities", r.ID), r.ID, provider + "/entities", "SecurityAlert"}
	if r.Bookmark {
		p = relationProperties{a.id("bookmarks", r.ID), r.ID, provider + "/bookmarks", ""}
	}
	return envelope(a, p, r.tag(), nil, "incidents", s.ID, "relations", r.Name)
}

func listRelations(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		s, err := r.incident(tx)
		if err != nil {
			return err
		}
		all, err := relations(tx, s.Incident)
		if err != nil {
			return err
		}
		typ := func(x relation) string { return r.api.relationResource(s, x).Properties.ResourceType }
		out, err = selected(r, all, []property[relation]{
			{"name", textValue, nil, func(x relation) value { return textOf(x.Name) }},
			{"properties/relatedResourceName", textValue, nil, func(x relation) value { return textOf(x.ID) }},
			{"properties/relatedResourceType", textValue, nil, func(x relation) value { return textOf(typ(x)) }},
		}, []string{"name", "properties/relatedResourceType"}, []func(a, b relation) int{func(a, b relation) int { return strings.Compare(a.Name, b.Name) },
			func(a, b relation) int { return strings.Compare(typ(a), typ(b)) }},
			func(x relation) (resource[relationProperties], error) { return r.api.relationResource(s, x), nil })
		return err
	})
	return out, err
}

func named(all []relation, name string) (relation, bool) {
	n := slices.IndexFunc(all, func(x relation) bool { return strings.EqualFold(x.Name, name) })
	if n < 0 {
		return relation{}, false
	}
	return all[n], true
}

func getRelation(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		s, err := r.incident(tx)
		if err != nil {
			return err
		}
		all, err := relations(tx, s.Incident)
		if err != nil {
			return err
		}
		x, there := named(all, r.param("relationName"))
		if !there {
			return notFound("relation", r.param("relationName"))
		}
		out = ok(r.api.relationResource(s, x))
		return nil
	})
	return out, err
}

// target reads the resource id of what is to be related.
func (a *API) target(id string) (relation, error) {
	rest, ok := cutFold(id, a.id()+"/")
	if !ok {
		return relation{}, invalid("properties.relatedResourceId: '%s' is not a resource of this workspace", cut(id, 200))
	}
	parts := strings.Split(rest, "/")
	if len(parts) == 2 && namePattern.MatchString(parts[1]) {
		switch strings.ToLower(parts[0]) {
		case "entities":
			return relation{ID: parts[1]}, nil
		case "bookmarks":
			return relation{ID: parts[1], Bookmark: true}, nil
		}
	}
	return relation{}, invalid("properties.relatedResourceId: '%s' is neither an alert (entities/…) nor a bookmark (bookmarks/…)", cut(id, 200))
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func putRelation(r *request) (answer, error) {
	in, b, err := read[relationInput](r)
	if err != nil {
		return answer{}, err
	}
	if in.ResourceID == nil {
		return answer{}, invalid("properties.relatedResourceId: is missing")
	}
	x, err := r.api.target(*in.ResourceID)
	if err != nil {
		return answer{}, err
	}
	x.Name = r.param("relationName")
	return r.change(func(tx state.Tx) (answer, error) {
		s, err := r.incident(tx)
		if err != nil {
			return answer{}, err
		}
		all, err := relations(tx, s.Incident)
		if err != nil {
			return answer{}, err
		}
		had, exists := named(all, x.Name)
		if err := r.check(had.tag(), exists, b.ETag); err != nil {
			return answer{}, err
		}
		if exists {
			if had.Bookmark != x.Bookmark || !strings.EqualFold(had.ID, x.ID) {
				return answer{}, faultf(http.StatusConflict, "Conflict", "The relation '%s' leads to another resource.", x.Name)
			}
			return ok(r.api.relationResource(s, had)), nil
		}
		var c incident.Change
		if x.Bookmark {
			d, err := tx.Documents().Get(bookmarkKind, x.ID)
			if there, err := found(err); !there {
				return answer{}, orNotFound(err, "bookmark", x.ID)
			}
			x.ID = d.ID
			c.RelateBookmark = x.ID
		} else {
			a, err := tx.Alerts().Get(x.ID)
			if there, err := found(err); !there {
				return answer{}, orNotFound(err, "alert", x.ID)
			}
			related, err := desk.Related(a)
			if err != nil {
				return answer{}, err
			}
			c.Relate, x.ID = &related, a.ID
		}
		e, err := incident.Apply(s.Incident, c, r.actor(), r.at)
		if err != nil {
			return answer{}, err
		}
		if s, err = r.commit(tx, e); err != nil {
			return answer{}, err
		}
		data, err := json.Marshal(x)
		if err != nil {
			return answer{}, err
		}
		doc := state.Document{Kind: relationKind, ID: relationPrefix(s.ID) + x.Name, Data: data, Created: r.at, Modified: r.at, By: r.by.Name}
		if _, err := tx.Documents().Put(doc, state.Always); err != nil {
			return answer{}, err
		}
		return written(r.api.relationResource(s, x), false), nil
	})
}

func deleteRelation(r *request) (answer, error) {
	return r.change(func(tx state.Tx) (answer, error) {
		s, err := r.incident(tx)
		if err != nil {
			return answer{}, err
		}
		all, err := relations(tx, s.Incident)
		if err != nil {
			return answer{}, err
		}
		x, exists := named(all, r.param("relationName"))
		if err := r.check(x.tag(), exists, ""); err != nil || !exists {
			return gone(exists), err
		}
		c := incident.Change{Unrelate: x.ID}
		if x.Bookmark {
			c = incident.Change{UnrelateBookmark: x.ID}
		}
		e, err := incident.Apply(s.Incident, c, r.actor(), r.at)
		if err != nil {
			return answer{}, err
		}
		if _, err := r.commit(tx, e); err != nil {
			return answer{}, err
		}
		err = tx.Documents().Delete(relationKind, relationPrefix(s.ID)+x.Name, state.Existing)
		if errors.Is(err, state.ErrNotFound) { // one that came about by itself
			err = nil
		}
		return gone(true), err
	})
}

func listBookmarkRelations(r *request) (out answer, err error) {
	id := r.param("bookmarkId")
	p, err := r.page()
	if err != nil {
		return out, err
	}
	err = r.view(func(tx state.Tx) error {
		_, err := tx.Documents().Get(bookmarkKind, id)
		if there, err := found(err); !there {
			return orNotFound(err, "bookmark", id)
		}
		list, next, err := tx.Incidents().List(state.IncidentQuery{Page: p, Where: func(i *incident.Incident) bool {
			return slices.ContainsFunc(i.Bookmarks, func(b string) bool { return strings.EqualFold(b, id) })
		}})
		if err != nil {
			return err
		}
		out, err = listOf(r, list, next, func(s state.Stored) (resource[relationProperties], error) {
			props := relationProperties{r.api.id("incidents", s.ID), s.ID, provider + "/incidents", ""}
			return envelope(r.api, props, relation{ID: s.ID}.tag(), nil, "bookmarks", id, "relations", s.ID), nil
		})
		return err
	})
	return out, err
}
