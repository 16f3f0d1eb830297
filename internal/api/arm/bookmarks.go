package arm

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/desk"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
)

// bookmarkKind is the kind of the documents that bookmarks are.
const bookmarkKind = "bookmark"

// bookmarkInput is what someone says of a bookmark. It is kept as it stands.
// https://learn.microsoft.com/rest/api/securityinsights/bookmarks/create-or-update
type bookmarkInput struct {
	DisplayName    *string         `json:"displayName"`
	Query          *string         `json:"query"`
	QueryResult    string          `json:"queryResult,omitempty"`
	Notes          string          `json:"notes,omitempty"`
	Labels         []string        `json:"labels"`
	EventTime      *instant        `json:"eventTime,omitempty"`
	QueryStartTime *instant        `json:"queryStartTime,omitempty"`
	QueryEndTime   *instant        `json:"queryEndTime,omitempty"`
	EntityMappings json.RawMessage `json:"entityMappings,omitempty"`
	Tactics        []string        `json:"tactics,omitempty"`
	Techniques     []string        `json:"techniques,omitempty"`
}

// storedBookmark is the JSON of the document.
type storedBookmark struct {
	bookmarkInput
	CreatedBy incident.Actor `json:"createdBy"`
	UpdatedBy incident.Actor `json:"updatedBy"`
}

type bookmarkProperties struct {
	bookmarkInput
	Created   *instant `json:"created,omitempty"`
	Updated   *instant `json:"updated,omitempty"`
	CreatedBy client   `json:"createdBy"`
	UpdatedBy client   `json:"updatedBy"`
}

// The limits of a bookmark's texts, which are ours: the service's are undocumented.
const (
	maxBookmarkName  = 200
	maxBookmarkNotes = 5000
)

func bookmarkRoutes() []route {
	type one = resource[bookmarkProperties]
	return []route{
		{method: "GET", path: "/bookmarks", name: "Bookmarks_List", summary: "Lists the hunting bookmarks.", right: auth.Read, out: paged[one]{},
			query: []string{"$top", "$skipToken"}, do: listBookmarks},
		{method: "GET", path: "/bookmarks/{bookmarkId}", name: "Bookmarks_Get", summary: "Gets a hunting bookmark.", right: auth.Read, out: one{}, do: getBookmark},
		{method: "PUT", path: "/bookmarks/{bookmarkId}", name: "Bookmarks_CreateOrUpdate", summary: "Writes a hunting bookmark.", right: auth.Respond,
			in: body[bookmarkInput]{}, out: one{}, status: []int{200, 201}, do: putBookmark},
		{method: "DELETE", path: "/bookmarks/{bookmarkId}", name: "Bookmarks_Delete", summary: "Deletes a hunting bookmark.", right: auth.Respond, status: []int{200, 204}, do: deleteBookmark},
		{method: "POST", path: "/incidents/{incidentId}/bookmarks", name: "Incidents_ListBookmarks", summary: "Lists the bookmarks of an incident.", right: auth.Read,
			out: paged[one]{}, do: incidentBookmarks},
	}
}

func (a *API) bookmarkResource(d state.Document) (resource[bookmarkProperties], error) {
	var b storedBookmark
	if err := json.Unmarshal(d.Data, &b); err != nil {
		return resource[bookmarkProperties]{}, err
	}
	b.Labels = full(b.Labels)
	p := bookmarkProperties{b.bookmarkInput, when(d.Created), when(d.Modified), clientOf(b.CreatedBy), clientOf(b.UpdatedBy)}
	return envelope(a, p, d.ETag, system(d.Created, d.Modified, d.By), "bookmarks", d.ID), nil
}

func listBookmarks(r *request) (out answer, err error) {
	p, err := r.page()
	if err != nil {
		return out, err
	}
	err = r.view(func(tx state.Tx) error {
		list, next, err := tx.Documents().List(bookmarkKind, "", p)
		if err != nil {
			return err
		}
		out, err = listOf(r, list, next, r.api.bookmarkResource)
		return err
	})
	return out, err
}

func getBookmark(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		d, err := tx.Documents().Get(bookmarkKind, r.param("bookmarkId"))
		if there, err := found(err); !there {
			return orNotFound(err, "bookmark", r.param("bookmarkId"))
		}
		res, err := r.api.bookmarkResource(d)
		out = ok(res)
		return err
	})
	return out, err
}

func (in bookmarkInput) check() error {
	for _, x := range []struct {
		name  string
		value *string
		limit int
	}{{"displayName", in.DisplayName, maxBookmarkName}, {"query", in.Query, smallBody}, {"notes", &in.Notes, maxBookmarkNotes}} {
		switch {
		case x.value == nil || x.name != "notes" && strings.TrimSpace(*x.value) == "":
			return invalid("properties.%s: is missing", x.name)
		case utf8.RuneCountInString(*x.value) > x.limit:
			return invalid("properties.%s: has more than %d characters", x.name, x.limit)
		}
	}
	if in.QueryStartTime != nil && in.QueryEndTime != nil && in.QueryEndTime.Before(in.QueryStartTime.Time) {
		return invalid("properties.queryEndTime: is before queryStartTime")
	}
	return nil
}

// row is the bookmark as its table has it.
func (b storedBookmark) row(d state.Document) desk.Bookmark {
	at := func(i *instant) instant {
		if i == nil {
			return instant{}
		}
		return *i
	}
	return desk.Bookmark{ID: d.ID, Name: deref(b.DisplayName), Notes: b.Notes, Query: deref(b.Query), QueryRow: b.QueryResult, Tags: strings.Join(b.Labels, ","),
		Created: d.Created, Updated: d.Modified, EventTime: at(b.EventTime).Time, QueryStart: at(b.QueryStartTime).Time, QueryEnd: at(b.QueryEndTime).Time,
		CreatedBy: b.CreatedBy, UpdatedBy: b.UpdatedBy}
}

func putBookmark(r *request) (answer, error) {
	in, b, err := read[bookmarkInput](r)
	if err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	return r.change(func(tx state.Tx) (answer, error) {
		d := state.Document{Kind: bookmarkKind, ID: r.param("bookmarkId"), Created: r.at, Modified: r.at, By: r.by.Name}
		kept := storedBookmark{in, r.actor(), r.actor()}
		was, err := tx.Documents().Get(bookmarkKind, d.ID)
		exists, err := found(err)
		if err != nil {
			return answer{}, err
		}
		if err := r.check(was.ETag, exists, b.ETag); err != nil {
			return answer{}, err
		}
		if exists {
			var old storedBookmark
			if err := json.Unmarshal(was.Data, &old); err != nil {
				return answer{}, err
			}
			kept.CreatedBy, d.Created, d.ID = old.CreatedBy, was.Created, was.ID
		}
		if d.Data, err = json.Marshal(kept); err != nil {
			return answer{}, err
		}
		if d.ETag, err = tx.Documents().Put(d, state.Always); err != nil {
			return answer{}, err
		}
		if err := r.api.Desk.Keep(tx, kept.row(d), r.at); err != nil {
			return answer{}, err
		}
		res, err := r.api.bookmarkResource(d)
		return written(res, exists), err
	})
}

func deleteBookmark(r *request) (answer, error) {
	id := r.param("bookmarkId")
	return r.change(func(tx state.Tx) (answer, error) {
		d, err := tx.Documents().Get(bookmarkKind, id)
		exists, err := found(err)
		if err != nil {
			return answer{}, err
		}
		if err := r.check(d.ETag, exists, ""); err != nil || !exists {
			return gone(exists), err
		}
		var b storedBookmark
		if err := json.Unmarshal(d.Data, &b); err != nil {
			return answer{}, err
		}
		row := b.row(d)
		row.Updated, row.UpdatedBy, row.Deleted = r.at, r.actor(), true
		if err := r.api.Desk.Keep(tx, row, r.at); err != nil {
			return answer{}, err
		}
		return gone(true), tx.Documents().Delete(bookmarkKind, id, state.Existing)
	})
}

// incidentBookmarks lists the bookmarks of an incident that were not deleted since.
func incidentBookmarks(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		s, err := r.incident(tx)
		if err != nil {
			return err
		}
		var list []state.Document
		for _, id := range s.Bookmarks {
			d, err := tx.Documents().Get(bookmarkKind, id)
			if there, err := found(err); err != nil {
				return err
			} else if there {
				list = append(list, d)
			}
		}
		out, err = listOf(r, list, "", func(d state.Document) (resource[bookmarkProperties], error) {
			res, err := r.api.bookmarkResource(d)
			res.ID, res.Type, res.Kind = r.api.id("entities", d.ID), provider+"/entities", "Bookmark"
			return res, err
		})
		return err
	})
	return out, err
}
