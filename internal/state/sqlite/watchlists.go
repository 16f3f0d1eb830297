package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/vedette-siem/vedette/internal/state"
)

type watchlists struct{ *tx }

const watchlistColumns = `alias, name, search_key, data, (SELECT count(*) FROM watchlist_items i WHERE i.alias = w.alias), etag, created, modified, author
	FROM watchlists w`

func scanWatchlist(scan func(...any) error) (state.Watchlist, error) {
	var w state.Watchlist
	var created, modified int64
	err := scan(&w.Alias, &w.Name, &w.SearchKey, &w.Data, &w.Items, &w.ETag, &created, &modified, &w.By)
	w.Created, w.Modified = timeOf(created), timeOf(modified)
	return w, err
}

func (t watchlists) Get(alias string) (state.Watchlist, error) {
	list, err := rows(t.tx, scanWatchlist, "SELECT "+watchlistColumns+" WHERE alias = ?", alias)
	if err == nil && len(list) == 0 {
		return state.Watchlist{}, missing("watchlist", alias)
	}
	if err != nil {
		return state.Watchlist{}, err
	}
	return list[0], nil
}

func (t watchlists) Put(w state.Watchlist, m state.Match) (string, error) {
	created, exists, err := t.demand("watchlist", w.Alias, m, "SELECT etag, created FROM watchlists WHERE alias = ?", w.Alias)
	if err != nil {
		return "", err
	}
	tag := t.etag()
	_, err = t.exec(`INSERT INTO watchlists (alias, name, search_key, data, etag, created, modified, author) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (alias) DO UPDATE SET name = excluded.name, search_key = excluded.search_key, data = excluded.data, etag = excluded.etag,
		modified = excluded.modified, author = excluded.author`,
		w.Alias, w.Name, w.SearchKey, blob(w.Data), tag, firstOr(created, exists, w.Created), ticks(w.Modified), w.By)
	return tag, err
}

func (t watchlists) Delete(alias string, m state.Match) error {
	return t.remove("watchlist", alias, m, "watchlists", "alias = ?", alias)
}

func (t watchlists) List(p state.Page) ([]state.Watchlist, string, error) {
	var from string
	if _, err := after(p, &from); err != nil {
		return nil, "", err
	}
	list, err := rows(t.tx, scanWatchlist, "SELECT "+watchlistColumns+" WHERE alias > ? ORDER BY alias LIMIT ?", from, limit(p))
	if err != nil {
		return nil, "", err
	}
	return paged(list, p, func(w state.Watchlist) []any { return []any{w.Alias} })
}

type numbered struct {
	seq int64
	state.Item
}

func scanItem(scan func(...any) error) (numbered, error) {
	var i numbered
	var created, modified int64
	err := scan(&i.seq, &i.ID, &i.Fields, &i.ETag, &created, &modified, &i.By)
	i.Created, i.Modified = timeOf(created), timeOf(modified)
	return i, err
}

const itemColumns = "seq, id, fields, etag, created, modified, author"

func (t watchlists) Item(alias, id string) (state.Item, error) {
	list, err := rows(t.tx, scanItem, "SELECT "+itemColumns+" FROM watchlist_items WHERE alias = ? AND id = ?", alias, id)
	if err == nil && len(list) == 0 {
		return state.Item{}, missing("watchlist item", id)
	}
	if err != nil {
		return state.Item{}, err
	}
	return list[0].Item, nil
}

func (t watchlists) PutItem(alias string, i state.Item, m state.Match) (string, error) {
	var there int
	if err := t.row("watchlist", alias, "SELECT 1 FROM watchlists WHERE alias = ?", []any{alias}, &there); err != nil {
		return "", err
	}
	created, exists, err := t.demand("watchlist item", i.ID, m, "SELECT etag, created FROM watchlist_items WHERE alias = ? AND id = ?", alias, i.ID)
	if err != nil {
		return "", err
	}
	tag := t.etag()
	_, err = t.exec(`INSERT INTO watchlist_items (alias, id, fields, etag, created, modified, author) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (alias, id) DO UPDATE SET fields = excluded.fields, etag = excluded.etag, modified = excluded.modified, author = excluded.author`,
		alias, i.ID, i.Fields, tag, firstOr(created, exists, i.Created), ticks(i.Modified), i.By)
	return tag, err
}

// addBatch is how many items one statement adds; SQLite's limit of parameters allows for more, but they gain nothing.
const addBatch = 100

func (t watchlists) AddItems(alias string, items []state.Item) error {
	var there int
	if err := t.row("watchlist", alias, "SELECT 1 FROM watchlists WHERE alias = ?", []any{alias}, &there); err != nil {
		return err
	}
	tag := t.etag()
	for part := range slices.Chunk(items, addBatch) {
		var args []any
		for _, i := range part {
			args = append(args, alias, i.ID, i.Fields, tag, ticks(i.Created), ticks(i.Modified), i.By)
		}
		_, err := t.exec("INSERT INTO watchlist_items (alias, id, fields, etag, created, modified, author) VALUES (?, ?, ?, ?, ?, ?, ?)"+
			strings.Repeat(", (?, ?, ?, ?, ?, ?, ?)", len(part)-1), args...)
		var e *driver.Error
		if errors.As(err, &e) && e.Code()&0xff == lib.SQLITE_CONSTRAINT {
			return fmt.Errorf("an item of watchlist %q: %w", alias, state.ErrExists)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t watchlists) DeleteItem(alias, id string, m state.Match) error {
	return t.remove("watchlist item", id, m, "watchlist_items", "alias = ? AND id = ?", alias, id)
}

func (t watchlists) Items(alias string, p state.Page) ([]state.Item, string, error) {
	var from int64
	if _, err := after(p, &from); err != nil {
		return nil, "", err
	}
	list, err := rows(t.tx, scanItem, "SELECT "+itemColumns+" FROM watchlist_items WHERE alias = ? AND seq > ? ORDER BY seq LIMIT ?", alias, from, limit(p))
	if err != nil {
		return nil, "", err
	}
	list, next, err := paged(list, p, func(i numbered) []any { return []any{i.seq} })
	var out []state.Item
	for _, i := range list {
		out = append(out, i.Item)
	}
	return out, next, err
}
