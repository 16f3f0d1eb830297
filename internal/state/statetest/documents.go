package statetest

import (
	"fmt"
	"testing"

	"github.com/vedette-siem/vedette/internal/state"
)

func documents(t *testing.T, s state.Store) {
	update(t, s, func(tx state.Tx) (err error) {
		l := tx.Documents()
		all := map[string]state.Document{}
		for _, id := range []string{"b/2", "B/1", "b%", "ba", "a/1", "c"} {
			d := state.Document{Kind: "k", ID: id, Data: []byte(id), Created: At, Modified: At, By: "ann"}
			if d.ETag, err = l.Put(d, state.Absent); err != nil {
				return err
			}
			all[id] = d
		}
		if _, err := l.Put(state.Document{Kind: "other", ID: "c", Created: At, Modified: At}, state.Absent); err != nil {
			return err
		}
		got, err := l.Get("k", "b/1")
		same(t, "document", got, all["B/1"])
		if err != nil {
			return err
		}
		list, next, err := l.List("k", "", state.Page{Limit: 4})
		same(t, "documents", list, []state.Document{all["a/1"], all["b%"], all["B/1"], all["b/2"]})
		if err != nil || next == "" {
			return fmt.Errorf("next %q: %w", next, err)
		}
		list, next, err = l.List("k", "", state.Page{Limit: 4, After: next})
		same(t, "more documents", list, []state.Document{all["ba"], all["c"]})
		same(t, "next", next, "")
		if err != nil {
			return err
		}
		for prefix, want := range map[string][]state.Document{"b/": {all["B/1"], all["b/2"]}, "B": {all["b%"], all["B/1"], all["b/2"], all["ba"]},
			"b%": {all["b%"]}, "%": nil, "_": nil, "d": nil} {
			list, _, err := l.List("k", prefix, state.Page{})
			same(t, "documents that begin with "+prefix, list, want)
			if err != nil {
				return err
			}
		}
		if err := l.Delete("k", "C", state.Match(all["c"].ETag)); err != nil {
			return err
		}
		_, err = l.Get("k", "c")
		fails(t, "deleted document", err, state.ErrNotFound)
		_, err = l.Get("other", "c")
		return err
	})
}
