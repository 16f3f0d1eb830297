package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// loadWatchlists brings the kept watchlists into the catalogue.
func (s *Service) loadWatchlists(ctx context.Context) error {
	var lists []state.Watchlist
	err := s.State.View(ctx, func(tx state.Tx) (err error) {
		lists, _, err = tx.Watchlists().List(state.Page{})
		return err
	})
	if err != nil {
		return err
	}
	for _, w := range lists {
		if err := s.loadWatchlist(ctx, w.Alias); err != nil {
			return err
		}
	}
	return nil
}

// WatchlistChanged brings the catalogue in line with a watchlist that was written or deleted.
func (s *Service) WatchlistChanged(ctx context.Context, alias string) {
	s.fault("load watchlist "+alias, s.loadWatchlist(ctx, alias))
}

// loadWatchlist brings one watchlist into the catalogue. Its columns are the fields of its items, and, as in the service,
// SearchKey and those that tell of the item; all values are strings.
// https://learn.microsoft.com/azure/sentinel/watchlists-queries
func (s *Service) loadWatchlist(ctx context.Context, alias string) error {
	var w state.Watchlist
	var items []state.Item
	err := s.State.View(ctx, func(tx state.Tx) (err error) {
		if w, err = tx.Watchlists().Get(alias); err != nil {
			return err
		}
		items, _, err = tx.Watchlists().Items(alias, state.Page{})
		return err
	})
	if errors.Is(err, state.ErrNotFound) {
		s.Catalog.RemoveWatchlist(alias)
		return nil
	}
	if err != nil {
		return err
	}
	list := catalog.Watchlist{Alias: w.Alias, SearchKey: searchKey}
	list.Table.Schema = types.Schema{{Name: searchKey, Type: types.String}}
	var fields []types.JSON
	for _, i := range items {
		f, err := types.ParseJSON(i.Fields)
		if err != nil || f.Kind != types.JSONObject {
			return fmt.Errorf("watchlist %s: item %s holds no object", alias, i.ID)
		}
		for _, k := range f.Keys {
			if list.Table.Schema.Index(k) < 0 {
				list.Table.Schema = append(list.Table.Schema, types.Column{Name: k, Type: types.String})
			}
		}
		fields = append(fields, f)
	}
	own := types.Schema{{Name: "_DTItemId", Type: types.String}, {Name: "LastUpdatedTimeUTC", Type: types.Datetime}}
	own = slices.DeleteFunc(own, func(c types.Column) bool { return list.Table.Schema.Index(c.Name) >= 0 })
	for n, f := range fields {
		row := make([]types.Value, 0, len(list.Table.Schema)+len(own))
		for _, c := range list.Table.Schema {
			name := c.Name
			if _, has := f.Get(name); name == searchKey && !has {
				name = w.SearchKey
			}
			row = append(row, types.StringOf(textOf(f, name)))
		}
		for _, c := range own {
			if c.Type == types.Datetime {
				row = append(row, types.DatetimeOf(types.TicksOf(items[n].Modified)))
			} else {
				row = append(row, types.StringOf(items[n].ID))
			}
		}
		list.Table.Rows = append(list.Table.Rows, row)
	}
	list.Table.Schema = append(list.Table.Schema, own...)
	return s.Catalog.AddWatchlist(list)
}

const searchKey = "SearchKey"

// textOf is a field of an object as text; names compare without regard to case where none is equal.
func textOf(f types.JSON, name string) string {
	v, ok := f.Get(name)
	if !ok {
		for i, k := range f.Keys {
			if strings.EqualFold(k, name) {
				v = f.Items[i]
			}
		}
	}
	return v.Value().ToText()
}
