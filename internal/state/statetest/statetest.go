// Package statetest is the suite that every implementation of state.Store passes. Call Run from the implementation's
// tests; it imports no driver.
package statetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// At is the time that the suite's records are from.
var At = time.Date(2026, 3, 2, 9, 0, 0, 1234500, time.UTC)

// Run runs the suite. open gives a fresh, empty store, which the suite closes; restore opens a backup as a store.
func Run(t *testing.T, open func(t *testing.T) state.Store, restore func(t *testing.T, file string) state.Store) {
	for _, c := range []struct {
		name string
		f    func(t *testing.T, s state.Store)
	}{
		{"rules", rules}, {"etags", etags}, {"positions", positions}, {"alerts", alerts}, {"incidents", incidents}, {"incident lists", incidentLists},
		{"watchlists", watchlists}, {"automations", automations}, {"documents", documents}, {"tokens", tokens}, {"outbox", outbox}, {"audit", audit},
		{"transactions", transactions}, {"views", views}, {"pages", pages},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			c.f(t, s)
		})
	}
	t.Run("backup", func(t *testing.T) { backup(t, open(t), restore) })
	t.Run("close", func(t *testing.T) { closing(t, open(t)) })
}

// update runs f, whose error fails the test.
func update(t *testing.T, s state.Store, f func(tx state.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v\nexpected %+v", what, got, want)
	}
}

func fails(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, expected %v", what, err, want)
	}
}

func rules(t *testing.T, s state.Store) {
	r := state.Rule{ID: "b", Kind: "Scheduled", Name: "N", Text: "name: N\n\x00é", Enabled: true, Created: At, Modified: At, By: "ann"}
	update(t, s, func(tx state.Tx) (err error) {
		r.ETag, err = tx.Rules().Put(r, state.Always)
		return err
	})
	update(t, s, func(tx state.Tx) error {
		got, err := tx.Rules().Get("B") // ids are GUIDs: letter case does not count
		same(t, "rule", got, r)
		if err != nil {
			return err
		}
		later := r
		later.Enabled, later.Reason, later.Created, later.Modified = false, "too slow", At.Add(time.Hour), At.Add(time.Hour)
		if later.ETag, err = tx.Rules().Put(later, state.Always); err != nil {
			return err
		}
		if got, err = tx.Rules().Get("b"); err != nil {
			return err
		}
		later.Created = At
		same(t, "rule put again", got, later)
		if later.ETag == r.ETag {
			t.Error("the etag stayed")
		}
		_, err = tx.Rules().Get("c")
		fails(t, "get no rule", err, state.ErrNotFound)
		fails(t, "delete no rule", tx.Rules().Delete("c", state.Always), state.ErrNotFound)
		return tx.Rules().Delete("b", state.Always)
	})
}

// etags are tried on every kind of record that has them.
func etags(t *testing.T, s state.Store) {
	update(t, s, func(tx state.Tx) error {
		_, err := tx.Watchlists().Put(state.Watchlist{Alias: "w"}, state.Always)
		return err
	})
	for _, k := range []struct {
		kind   string
		put    func(tx state.Tx, m state.Match) (string, error)
		delete func(tx state.Tx, m state.Match) error
	}{
		{"rule", func(tx state.Tx, m state.Match) (string, error) { return tx.Rules().Put(state.Rule{ID: "a"}, m) },
			func(tx state.Tx, m state.Match) error { return tx.Rules().Delete("a", m) }},
		{"incident", func(tx state.Tx, m state.Match) (string, error) {
			return tx.Incidents().Put(&incident.Incident{ID: "a"}, m)
		},
			func(tx state.Tx, m state.Match) error { return tx.Incidents().Delete("a", m) }},
		{"automation rule", func(tx state.Tx, m state.Match) (string, error) {
			return tx.Automations().Put(state.Automation{Rule: incident.Automation{ID: "a"}}, m)
		}, func(tx state.Tx, m state.Match) error { return tx.Automations().Delete("a", m) }},
		{"k", func(tx state.Tx, m state.Match) (string, error) {
			return tx.Documents().Put(state.Document{Kind: "k", ID: "a"}, m)
		}, func(tx state.Tx, m state.Match) error { return tx.Documents().Delete("k", "a", m) }},
		{"watchlist", func(tx state.Tx, m state.Match) (string, error) {
			return tx.Watchlists().Put(state.Watchlist{Alias: "a"}, m)
		},
			func(tx state.Tx, m state.Match) error { return tx.Watchlists().Delete("a", m) }},
		{"watchlist item", func(tx state.Tx, m state.Match) (string, error) {
			return tx.Watchlists().PutItem("w", state.Item{ID: "a", Fields: "{}"}, m)
		}, func(tx state.Tx, m state.Match) error { return tx.Watchlists().DeleteItem("w", "a", m) }},
	} {
		t.Run(k.kind, func(t *testing.T) {
			var first, second string
			try := func(what string, want error, f func(tx state.Tx) error) {
				t.Helper()
				err := s.Update(context.Background(), f)
				if want == nil && err != nil || want != nil && !errors.Is(err, want) {
					t.Errorf("%s: error %v, expected %v", what, err, want)
				}
				var c *state.Conflict
				if errors.As(err, &c) && (c.Kind != k.kind || c.ID != "a" || c.Have != second) {
					t.Errorf("%s: conflict %+v", what, c)
				}
			}
			put := func(m state.Match, tag *string) func(tx state.Tx) error {
				return func(tx state.Tx) (err error) {
					got, err := k.put(tx, m)
					if tag != nil && err == nil {
						*tag = got
					}
					return err
				}
			}
			remove := func(m state.Match) func(tx state.Tx) error {
				return func(tx state.Tx) error { return k.delete(tx, m) }
			}
			try("put where none is", state.ErrNotFound, put(state.Existing, nil))
			try("put with an etag where none is", state.ErrNotFound, put(`"x"`, nil))
			try("put as new", nil, put(state.Absent, &first))
			try("put as new again", state.ErrExists, put(state.Absent, nil))
			try("put with its etag", nil, put(state.Match(first), &second))
			if first == second || !strings.HasPrefix(first, `"`) || !strings.HasSuffix(first, `"`) {
				t.Errorf("etags %s and %s", first, second)
			}
			try("put with the old etag", state.ErrConflict, put(state.Match(first), nil))
			try("delete with the old etag", state.ErrConflict, remove(state.Match(first)))
			try("put over what is", nil, put(state.Existing, &second))
			try("delete with its etag", nil, remove(state.Match(second)))
			try("delete again", state.ErrNotFound, remove(state.Always))
		})
	}
}

func positions(t *testing.T, s state.Store) {
	want := []state.Position{{RuleID: "a", Next: At, Done: At.Add(-time.Hour), Data: []byte{0, 1}}, {RuleID: "b"}}
	update(t, s, func(tx state.Tx) error {
		for _, p := range []state.Position{{RuleID: "a", Data: []byte("old")}, want[1], want[0]} {
			if err := tx.Positions().Put(p); err != nil {
				return err
			}
		}
		got, err := tx.Positions().List()
		same(t, "positions", got, want)
		if err != nil {
			return err
		}
		one, err := tx.Positions().Get("a")
		same(t, "position", one, want[0])
		if err != nil {
			return err
		}
		if err := tx.Positions().Delete("a"); err != nil {
			return err
		}
		_, err = tx.Positions().Get("a")
		fails(t, "get", err, state.ErrNotFound)
		fails(t, "delete", tx.Positions().Delete("a"), state.ErrNotFound)
		return nil
	})
}

func alerts(t *testing.T, s state.Store) {
	update(t, s, func(tx state.Tx) error {
		for n := range 5 {
			a := state.Alert{ID: fmt.Sprint("a", n), RuleID: fmt.Sprint("r", n%2), Generated: At.Add(time.Duration(n/2) * time.Minute), Data: []byte("x")}
			if added, err := tx.Alerts().Add(a); err != nil || !added {
				return fmt.Errorf("added %t: %w", added, err)
			}
			a.Data = []byte("another")
			if added, err := tx.Alerts().Add(a); err != nil || added {
				t.Errorf("added again: %t, %v", added, err)
			}
		}
		got, err := tx.Alerts().Get("A3")
		same(t, "alert", got, state.Alert{ID: "a3", RuleID: "r1", Generated: At.Add(time.Minute), Data: []byte("x")})
		if err != nil {
			return err
		}
		_, err = tx.Alerts().Get("b")
		fails(t, "get", err, state.ErrNotFound)
		ids := func(rule string) (out string) {
			p := state.Page{Limit: 2}
			for {
				list, next, err := tx.Alerts().List(rule, p)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range list {
					out += a.ID + " "
				}
				if next == "" {
					return strings.TrimSpace(out)
				}
				out, p.After = out+"| ", next
			}
		}
		same(t, "all", ids(""), "a4 a3 | a2 a1 | a0")
		same(t, "of a rule", ids("r0"), "a4 a2 | a0")
		n, err := tx.Alerts().Forget(At.Add(time.Minute))
		same(t, "forgotten", n, 2)
		same(t, "left", ids(""), "a4 a3 | a2")
		return err
	})
}

func thing(kind entity.Kind, field, value string) *entity.Entity {
	return &entity.Entity{Kind: kind, Fields: []entity.Field{{Name: field, Value: types.JSON{Kind: types.JSONString, Str: value}}}}
}

// Incident makes an incident with something in each of its members.
func Incident(number int) *incident.Incident {
	by := incident.Actor{Source: incident.User, Name: "Ann", ObjectID: "1"}
	return &incident.Incident{
		ID: fmt.Sprintf("i%d", number), Number: number, Title: fmt.Sprintf("T%d", number%3), Description: "d", Severity: incident.Severities()[number%4], SeverityPinned: true,
		Status: incident.Closed, Classification: incident.FalsePositive, Reason: incident.InaccurateData, ClosingComment: "oops",
		Owner: incident.Owner{Email: "b@c.com"}, Labels: []incident.Label{{Name: "x", Type: "User"}},
		Tasks:     []incident.Task{{ID: "t", Title: "Call", Status: incident.TaskNew, CreatedBy: by, ModifiedBy: by, Created: At, Modified: At}},
		Bookmarks: []string{"b"}, Group: &incident.Group{RuleID: "r", Key: "k", Since: At}, ProviderName: "Azure Sentinel", ProviderIncidentID: "1", URL: "u",
		Alerts: []incident.Related{
			{ID: fmt.Sprintf("a%d", number), RuleID: "r", Name: "A", Severity: incident.Low, Generated: At, Start: At, End: At, Tactics: []string{"Impact"},
				Entities: []*entity.Entity{thing(entity.IP, "Address", "8.8.8.8")}, CustomDetails: []alert.Detail{{Key: "k", Values: []string{"v"}}}},
			{ID: "shared", RuleID: fmt.Sprintf("r%d", number), Name: "B", Severity: incident.Low, Generated: At, Start: At, End: At}},
		FirstActivity: At, LastActivity: At, Created: At.Add(time.Duration(number) * time.Minute), FirstModified: At, LastModified: At.Add(-time.Duration(number) * time.Minute),
		ClosedTime: At, ModifiedBy: by, CommentCount: 2,
		Comments: []incident.Comment{{ID: "z", Message: "first", Author: by, Created: At, Modified: At}, {ID: "y", Message: "second", Author: by, Created: At, Modified: At}},
	}
}

func incidents(t *testing.T, s state.Store) {
	i := Incident(1)
	update(t, s, func(tx state.Tx) error {
		_, err := tx.Incidents().Put(i, state.Absent)
		return err
	})
	get := func(tx state.Tx, want *incident.Incident) state.Stored {
		t.Helper()
		got, err := tx.Incidents().Get(strings.ToUpper(want.ID))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "incident", got.Incident, want)
		return got
	}
	update(t, s, func(tx state.Tx) error {
		got := get(tx, i)
		// what an event makes of it is kept as a whole
		e, err := incident.Apply(got.Incident, incident.Change{Unrelate: "shared", DeleteComment: "z", AddComment: &incident.Comment{ID: "x", Message: "third"},
			EditComment: &incident.Comment{ID: "y", Message: "second, better"}}, i.ModifiedBy, At.Add(time.Hour))
		if err != nil {
			return err
		}
		if _, err := tx.Incidents().Put(e.After, state.Match(got.ETag)); err != nil {
			return err
		}
		get(tx, e.After)
		list, err := tx.Incidents().Matching("R", "k", At)
		same(t, "matching", list, []*incident.Incident{e.After})
		if err != nil {
			return err
		}
		for _, miss := range []struct {
			rule, key string
			from      time.Time
		}{{"q", "k", At}, {"r", "K", At}, {"r", "k", At.Add(time.Second)}} {
			if list, err := tx.Incidents().Matching(miss.rule, miss.key, miss.from); err != nil || len(list) > 0 {
				t.Errorf("%v found %d, %v", miss, len(list), err)
			}
		}
		bare := &incident.Incident{ID: "bare", Number: 2, Title: "T", Severity: incident.Low, Status: incident.New}
		if _, err := tx.Incidents().Put(bare, state.Always); err != nil {
			return err
		}
		get(tx, bare)
		count, err := tx.Incidents().Count()
		same(t, "count", count, map[incident.Status]int{incident.New: 1, incident.Closed: 1})
		if err != nil {
			return err
		}
		_, err = tx.Incidents().Put(&incident.Incident{ID: "bare", Partial: true}, state.Always)
		fails(t, "put a partial one", err, incident.ErrPartial)
		if err := tx.Incidents().Delete(i.ID, state.Existing); err != nil {
			return err
		}
		_, err = tx.Incidents().Get(i.ID)
		fails(t, "get", err, state.ErrNotFound)
		// nothing of it is left to turn up in one of the same id
		again := &incident.Incident{ID: i.ID, Number: 3}
		if _, err := tx.Incidents().Put(again, state.Absent); err != nil {
			return err
		}
		get(tx, again)
		return nil
	})
	if err := s.Update(context.Background(), func(tx state.Tx) error {
		_, err := tx.Incidents().Put(&incident.Incident{ID: "other", Number: 3}, state.Always)
		return err
	}); err == nil {
		t.Error("two incidents have one number")
	}
}

func incidentLists(t *testing.T, s state.Store) {
	update(t, s, func(tx state.Tx) error {
		for n := 1; n <= 7; n++ {
			i := Incident(n)
			i.Status = incident.Statuses()[n%3]
			if _, err := tx.Incidents().Put(i, state.Always); err != nil {
				return err
			}
		}
		return nil
	})
	odd := func(i *incident.Incident) bool { return i.Number%2 == 1 }
	for _, c := range []struct {
		name string
		q    state.IncidentQuery
		want string
	}{
		{"all", state.IncidentQuery{}, "1 2 3 4 5 6 7"},
		{"descending", state.IncidentQuery{Descending: true}, "7 6 5 4 3 2 1"},
		{"created", state.IncidentQuery{Order: state.ByCreated}, "1 2 3 4 5 6 7"},
		{"modified", state.IncidentQuery{Order: state.ByModified}, "7 6 5 4 3 2 1"},
		{"severity", state.IncidentQuery{Order: state.BySeverity}, "4 1 5 2 6 3 7"},
		{"severity, descending", state.IncidentQuery{Order: state.BySeverity, Descending: true}, "7 3 6 2 5 1 4"},
		{"status", state.IncidentQuery{Order: state.ByStatus}, "3 6 1 4 7 2 5"},
		{"title", state.IncidentQuery{Order: state.ByTitle, Descending: true}, "5 2 7 4 1 6 3"},
		{"statuses", state.IncidentQuery{Statuses: []incident.Status{incident.New, incident.Closed}}, "2 3 5 6"},
		{"severities", state.IncidentQuery{Severities: []incident.Severity{incident.High}}, "3 7"},
		{"rule", state.IncidentQuery{RuleID: "R5"}, "5"},
		{"alert", state.IncidentQuery{AlertID: "shared"}, "1 2 3 4 5 6 7"},
		{"no alert", state.IncidentQuery{AlertID: "a9"}, ""},
		{"created in", state.IncidentQuery{Created: state.Range{From: At.Add(2 * time.Minute), To: At.Add(4 * time.Minute)}}, "2 3"},
		{"modified since", state.IncidentQuery{Modified: state.Range{From: At.Add(-2 * time.Minute)}}, "1 2"},
		{"where", state.IncidentQuery{Where: odd}, "1 3 5 7"},
		{"where, by title", state.IncidentQuery{Where: odd, Order: state.ByTitle}, "3 1 7 5"},
		{"nowhere", state.IncidentQuery{Where: func(*incident.Incident) bool { return false }}, ""},
		{"all of it", state.IncidentQuery{Where: odd, Statuses: []incident.Status{incident.Active}, Severities: []incident.Severity{incident.Low, incident.High}, RuleID: "r", Order: state.ByStatus}, "1 7"},
	} {
		for limit := range 4 {
			q := c.q
			q.Limit = limit
			var got []string
			if err := s.View(context.Background(), func(tx state.Tx) error {
				for {
					list, next, err := tx.Incidents().List(q)
					if err != nil {
						return err
					}
					for _, i := range list {
						got = append(got, fmt.Sprint(i.Number))
						if !i.Partial || i.ETag == "" || i.CommentCount != 2 || i.Comments != nil {
							t.Errorf("listed %+v", i)
						}
					}
					if limit > 0 && (len(list) > limit || next != "" && len(list) != limit) {
						t.Errorf("%s: page of %d, limit %d", c.name, len(list), limit)
					}
					if next == "" {
						return nil
					}
					q.After = next
				}
			}); err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("%s, %d a page: %q, expected %q", c.name, limit, text, c.want)
			}
		}
	}
}

func watchlists(t *testing.T, s state.Store) {
	w := state.Watchlist{Alias: "Vip", Name: "VIPs", SearchKey: "User", Data: []byte("{}"), Created: At, Modified: At, By: "ann"}
	update(t, s, func(tx state.Tx) (err error) {
		l := tx.Watchlists()
		_, err = l.PutItem("vip", state.Item{ID: "1"}, state.Always)
		fails(t, "item of no list", err, state.ErrNotFound)
		if w.ETag, err = l.Put(w, state.Absent); err != nil {
			return err
		}
		var want []state.Item
		for _, id := range []string{"3", "1", "2"} {
			i := state.Item{ID: id, Fields: `{"User":"` + id + `"}`, Created: At, Modified: At, By: "ann"}
			if i.ETag, err = l.PutItem("VIP", i, state.Absent); err != nil {
				return err
			}
			want = append(want, i)
		}
		w.Items = 3
		got, err := l.Get("vip")
		same(t, "watchlist", got, w)
		if err != nil {
			return err
		}
		items, next, err := l.Items("vip", state.Page{Limit: 2})
		same(t, "items", items, want[:2])
		if err != nil || next == "" {
			return fmt.Errorf("next %q: %w", next, err)
		}
		items, next, err = l.Items("vip", state.Page{Limit: 2, After: next})
		same(t, "more items", items, want[2:])
		same(t, "next", next, "")
		if err != nil {
			return err
		}
		item, err := l.Item("vip", "1")
		same(t, "item", item, want[1])
		if err != nil {
			return err
		}
		fails(t, "items of no list", l.AddItems("none", []state.Item{{ID: "1"}}), state.ErrNotFound)
		fails(t, "items that are there", l.AddItems("vip", []state.Item{{ID: "9"}, {ID: "2"}}), state.ErrExists)
		var many []state.Item
		for n := range 1234 {
			many = append(many, state.Item{ID: fmt.Sprint("m", n), Fields: "{}", Created: At, Modified: At, By: "ann"})
		}
		if err := errors.Join(l.AddItems("VIP", many), l.AddItems("vip", nil)); err != nil {
			return err
		}
		items, _, err = l.Items("vip", state.Page{})
		for n := range many {
			many[n].ETag = items[len(items)-1].ETag
		}
		same(t, "many items", items[len(items)-len(many):], many)
		if err != nil {
			return err
		}
		if err := l.Delete("VIP", state.Match(w.ETag)); err != nil {
			return err
		}
		_, err = l.Item("vip", "1")
		fails(t, "item of a deleted list", err, state.ErrNotFound)
		_, err = l.Get("vip")
		fails(t, "deleted list", err, state.ErrNotFound)
		list, _, err := l.List(state.Page{})
		same(t, "lists", len(list), 0)
		return err
	})
}

func automations(t *testing.T, s state.Store) {
	rule := func(id string, order int) state.Automation {
		return state.Automation{Rule: incident.Automation{ID: id, Name: "N", Order: order, Trigger: incident.Trigger{Enabled: true, Expires: &At, Conditions: []incident.Condition{
			{Type: incident.PropertyCondition, Is: incident.Test{Property: "IncidentTitle", Operator: "Equals", Values: []string{"x"}}}}},
			Actions: []incident.Action{{Order: 1, Type: incident.CallWebhook, Config: incident.Config{URL: "u", Headers: map[string]string{"a": "b"}}}}}, Created: At, Modified: At, By: "ann"}
	}
	update(t, s, func(tx state.Tx) (err error) {
		var all []state.Automation
		for _, a := range []state.Automation{rule("b", 2), rule("c", 1), rule("a", 2)} {
			if a.ETag, err = tx.Automations().Put(a, state.Absent); err != nil {
				return err
			}
			all = append(all, a)
		}
		list, err := tx.Automations().List()
		same(t, "automation rules", list, []state.Automation{all[1], all[2], all[0]})
		if err != nil {
			return err
		}
		got, err := tx.Automations().Get("B")
		same(t, "automation rule", got, all[0])
		return err
	})
}

func tokens(t *testing.T, s state.Store) {
	k := state.Token{ID: "k", Name: "n", Role: "reader", Digest: []byte{1, 2}, Created: At, Expires: At.Add(time.Hour), By: "ann"}
	update(t, s, func(tx state.Tx) error {
		if err := tx.Tokens().Add(k); err != nil {
			return err
		}
		fails(t, "same id", tx.Tokens().Add(state.Token{ID: "k", Digest: []byte{3}}), state.ErrExists)
		fails(t, "same digest", tx.Tokens().Add(state.Token{ID: "l", Digest: []byte{1, 2}}), state.ErrExists)
		if err := tx.Tokens().Use("k", At.Add(time.Minute)); err != nil {
			return err
		}
		k.Used = At.Add(time.Minute)
		got, err := tx.Tokens().ByDigest([]byte{1, 2})
		same(t, "token", got, k)
		if err != nil {
			return err
		}
		got, err = tx.Tokens().Get("k")
		same(t, "token", got, k)
		if err != nil {
			return err
		}
		for _, digest := range [][]byte{nil, {1}, {1, 2, 0}} {
			_, err = tx.Tokens().ByDigest(digest)
			fails(t, "digest", err, state.ErrNotFound)
		}
		list, err := tx.Tokens().List()
		same(t, "tokens", list, []state.Token{k})
		if err != nil {
			return err
		}
		fails(t, "use", tx.Tokens().Use("l", At), state.ErrNotFound)
		fails(t, "delete", tx.Tokens().Delete("l"), state.ErrNotFound)
		return tx.Tokens().Delete("k")
	})
}

func outbox(t *testing.T, s state.Store) {
	pending := func(tx state.Tx, topic string, now time.Time) (out string) {
		list, err := tx.Outbox().Pending(topic, now, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			out += fmt.Sprintf("%s:%d ", m.Data, m.Tries)
		}
		return strings.TrimSpace(out)
	}
	var last int64
	update(t, s, func(tx state.Tx) error {
		var seqs []int64
		for _, m := range []string{"a", "b", "c"} {
			seq, err := tx.Outbox().Add("rows", []byte(m))
			if err != nil || seq <= last {
				return fmt.Errorf("number %d after %d: %w", seq, last, err)
			}
			last, seqs = seq, append(seqs, seq)
		}
		same(t, "pending", pending(tx, "rows", At), "a:0 b:0")
		same(t, "of another topic", pending(tx, "mail", At), "")
		if err := tx.Outbox().Retry(seqs[0], At.Add(time.Minute)); err != nil {
			return err
		}
		same(t, "put off", pending(tx, "rows", At), "b:0 c:0")
		same(t, "later", pending(tx, "rows", At.Add(time.Minute)), "a:1 b:0")
		count, err := tx.Outbox().Count()
		same(t, "count", count, map[string]int{"rows": 3})
		fails(t, "retry", tx.Outbox().Retry(last+1, At), state.ErrNotFound)
		return errors.Join(err, tx.Outbox().Done(seqs...))
	})
	update(t, s, func(tx state.Tx) error { // a number never comes back
		if seq, err := tx.Outbox().Add("rows", nil); err != nil || seq <= last {
			t.Errorf("number %d after %d, %v", seq, last, err)
		}
		return nil
	})
}

func audit(t *testing.T, s state.Store) {
	update(t, s, func(tx state.Tx) error {
		for n := range 4 {
			data, _ := json.Marshal(n)
			e := state.AuditEntry{At: At.Add(time.Duration(n) * time.Hour), Actor: "ann", Operation: "Updated", Target: fmt.Sprint("t", n%2), Data: data}
			if err := tx.Audit().Add(e); err != nil {
				return err
			}
		}
		list, next, err := tx.Audit().List("", state.Page{Limit: 3})
		if err != nil || len(list) != 3 || next == "" || string(list[0].Data) != "3" || !list[0].At.Equal(At.Add(3*time.Hour)) {
			t.Errorf("audit trail %+v, next %q, %v", list, next, err)
		}
		list, next, err = tx.Audit().List("", state.Page{Limit: 3, After: next})
		if err != nil || len(list) != 1 || next != "" || string(list[0].Data) != "0" {
			t.Errorf("audit trail %+v, next %q, %v", list, next, err)
		}
		list, _, err = tx.Audit().List("T1", state.Page{})
		if err != nil || len(list) != 2 {
			t.Errorf("audit trail of a target %+v, %v", list, err)
		}
		n, err := tx.Audit().Forget(At.Add(2 * time.Hour))
		same(t, "forgotten", n, 2)
		return err
	})
}

func transactions(t *testing.T, s state.Store) {
	ctx := context.Background()
	fail := errors.New("changed my mind")
	write := func(tx state.Tx) error {
		n, err := tx.Incidents().NextNumber()
		if err != nil {
			return err
		}
		_, e1 := tx.Incidents().Put(&incident.Incident{ID: fmt.Sprint("i", n), Number: n}, state.Absent)
		_, e2 := tx.Alerts().Add(state.Alert{ID: fmt.Sprint("a", n)})
		_, e3 := tx.Outbox().Add("rows", nil)
		return errors.Join(e1, e2, e3, tx.Positions().Put(state.Position{RuleID: "r", Data: fmt.Append(nil, n)}))
	}
	update(t, s, write)
	if err := s.Update(ctx, func(tx state.Tx) error { return errors.Join(write(tx), fail) }); !errors.Is(err, fail) {
		t.Errorf("error %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is gone")
			}
		}()
		_ = s.Update(ctx, func(tx state.Tx) error {
			if err := write(tx); err != nil {
				t.Error(err)
			}
			panic("oh")
		})
	}()
	cancelled, cancel := context.WithCancel(ctx)
	if err := s.Update(cancelled, func(tx state.Tx) error { err := write(tx); cancel(); return err }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := s.Update(cancelled, write); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	update(t, s, write)
	if err := s.View(ctx, func(tx state.Tx) error {
		p, err := tx.Positions().Get("r")
		same(t, "position", string(p.Data), "2") // the numbers that failed writes took are given back
		list, _, err2 := tx.Alerts().List("", state.Page{})
		same(t, "alerts", len(list), 2)
		count, err3 := tx.Outbox().Count()
		same(t, "messages", count["rows"], 2)
		return errors.Join(err, err2, err3)
	}); err != nil {
		t.Error(err)
	}
	// many at once, one after the other
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if err := s.Update(ctx, write); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	update(t, s, func(tx state.Tx) error {
		n, err := tx.Incidents().NextNumber()
		same(t, "number", n, 23)
		return err
	})
}

func views(t *testing.T, s state.Store) {
	ctx := context.Background()
	fails(t, "write in a view", s.View(ctx, func(tx state.Tx) error {
		return tx.Positions().Put(state.Position{RuleID: "r"})
	}), state.ErrReadOnly)
	// a view sees one state, and holds up no update
	if err := s.View(ctx, func(tx state.Tx) error {
		list, err := tx.Positions().List()
		same(t, "before", len(list), 0)
		if err != nil {
			return err
		}
		update(t, s, func(tx state.Tx) error { return tx.Positions().Put(state.Position{RuleID: "r"}) })
		list, err = tx.Positions().List()
		same(t, "during", len(list), 0)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	// an update holds up no view, which does not see it
	update(t, s, func(tx state.Tx) error {
		if err := tx.Positions().Put(state.Position{RuleID: "q"}); err != nil {
			return err
		}
		return s.View(ctx, func(tx state.Tx) error {
			list, err := tx.Positions().List()
			same(t, "beside", len(list), 1)
			return err
		})
	})
}

func pages(t *testing.T, s state.Store) {
	update(t, s, func(tx state.Tx) error {
		for _, after := range []string{"x", "!", "bnVsbA", "W10", "W3t9XQ", "W1siYSJdXQ"} {
			p := state.Page{Limit: 1, After: after}
			_, _, e1 := tx.Rules().List(p)
			_, _, e2 := tx.Alerts().List("", p)
			_, _, e3 := tx.Incidents().List(state.IncidentQuery{Page: p})
			_, _, e4 := tx.Watchlists().Items("w", p)
			_, _, e5 := tx.Audit().List("", p)
			for _, err := range []error{e1, e2, e3, e4, e5} {
				fails(t, "page after "+after, err, state.ErrPage)
			}
		}
		return nil
	})
}

func backup(t *testing.T, s state.Store, restore func(t *testing.T, file string) state.Store) {
	ctx := context.Background()
	update(t, s, func(tx state.Tx) error {
		_, err := tx.Incidents().Put(Incident(1), state.Always)
		return errors.Join(err, tx.Positions().Put(state.Position{RuleID: "r"}))
	})
	file := filepath.Join(t.TempDir(), "state ?#%20'é.backup")
	update(t, s, func(tx state.Tx) error { // while something is being written
		if err := tx.Positions().Put(state.Position{RuleID: "later"}); err != nil {
			return err
		}
		return s.Backup(ctx, file)
	})
	if err := s.Backup(ctx, file); err == nil {
		t.Error("a backup was written over another")
	}
	if err := s.Backup(ctx, filepath.Join(t.TempDir(), "none", "x")); err == nil {
		t.Error("a backup was written into no folder")
	}
	update(t, s, func(tx state.Tx) error { return tx.Incidents().Delete("i1", state.Always) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r := restore(t, file)
	update(t, r, func(tx state.Tx) error {
		got, err := tx.Incidents().Get("i1")
		same(t, "restored", got.Incident, Incident(1))
		list, err2 := tx.Positions().List()
		same(t, "positions", len(list), 1)
		return errors.Join(err, err2)
	})
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func closing(t *testing.T, s state.Store) {
	ctx := context.Background()
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	none := func(state.Tx) error { return nil }
	for what, err := range map[string]error{"update": s.Update(ctx, none), "view": s.View(ctx, none), "backup": s.Backup(ctx, filepath.Join(t.TempDir(), "b"))} {
		fails(t, what, err, state.ErrClosed)
	}
}
