package arm

import (
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// The limits of watchlists.
// https://learn.microsoft.com/azure/sentinel/sentinel-service-limits#watchlist-limits
const (
	maxWatchlistFile = 3_800_000 // bytes
	maxWatchlistLine = 10_240    // characters
	maxWatchlistRow  = 10 << 10  // bytes of an item
	maxColumns       = 250       // ours
)

// watchlistInput is what someone says of a watchlist.
// https://learn.microsoft.com/rest/api/securityinsights/watchlists/create-or-update
type watchlistInput struct {
	DisplayName     string   `json:"displayName"`
	Provider        string   `json:"provider"`
	Source          string   `json:"source,omitempty"`
	SourceType      string   `json:"sourceType,omitempty"`
	ItemsSearchKey  string   `json:"itemsSearchKey"`
	Description     string   `json:"description,omitempty"`
	WatchlistType   string   `json:"watchlistType,omitempty"`
	Labels          []string `json:"labels,omitempty"`
	DefaultDuration string   `json:"defaultDuration,omitempty"`
	LinesToSkip     int      `json:"numberOfLinesToSkip"`
	ContentType     string   `json:"contentType,omitempty"`
	Alias           string   `json:"watchlistAlias,omitempty"`
	RawContent      *string  `json:"rawContent,omitempty"`
}

// storedWatchlist is the JSON of a watchlist's Data.
type storedWatchlist struct {
	ID              string   `json:"id"`
	Provider        string   `json:"provider"`
	Source          string   `json:"source,omitempty"`
	SourceType      string   `json:"sourceType,omitempty"`
	Description     string   `json:"description,omitempty"`
	WatchlistType   string   `json:"type,omitempty"`
	Labels          []string `json:"labels,omitempty"`
	DefaultDuration string   `json:"defaultDuration,omitempty"`
	ContentType     string   `json:"contentType,omitempty"`
	LinesToSkip     int      `json:"linesToSkip,omitempty"`
	Columns         []string `json:"columns,omitempty"` // in the order of the first file
	CreatedBy       client   `json:"createdBy"`
	UpdatedBy       client   `json:"updatedBy"`
}

type watchlistProperties struct {
	WatchlistID     string   `json:"watchlistId"`
	Alias           string   `json:"watchlistAlias"`
	DisplayName     string   `json:"displayName"`
	Provider        string   `json:"provider"`
	Source          string   `json:"source,omitempty"`
	SourceType      string   `json:"sourceType,omitempty"`
	ItemsSearchKey  string   `json:"itemsSearchKey"`
	Description     string   `json:"description,omitempty"`
	WatchlistType   string   `json:"watchlistType,omitempty"`
	Labels          []string `json:"labels"`
	DefaultDuration string   `json:"defaultDuration,omitempty"`
	LinesToSkip     int      `json:"numberOfLinesToSkip"`
	ContentType     string   `json:"contentType,omitempty"`
	UploadStatus    string   `json:"uploadStatus"`
	ItemsCount      int      `json:"watchlistItemsCount"`
	IsDeleted       bool     `json:"isDeleted"`
	TenantID        string   `json:"tenantId"`
	Created         *instant `json:"created,omitempty"`
	Updated         *instant `json:"updated,omitempty"`
	CreatedBy       client   `json:"createdBy"`
	UpdatedBy       client   `json:"updatedBy"`
}

type itemInput struct {
	KeyValue map[string]any `json:"itemsKeyValue"`
}

type itemProperties struct {
	ItemType  string          `json:"watchlistItemType"`
	ItemID    string          `json:"watchlistItemId"`
	TenantID  string          `json:"tenantId"`
	IsDeleted bool            `json:"isDeleted"`
	Created   *instant        `json:"created,omitempty"`
	Updated   *instant        `json:"updated,omitempty"`
	UpdatedBy client          `json:"updatedBy"`
	KeyValue  json.RawMessage `json:"itemsKeyValue"`
}

func watchlistRoutes() []route {
	type one = resource[watchlistProperties]
	type item = resource[itemProperties]
	pages := []string{"$top", "$skipToken"}
	return []route{
		{method: "GET", path: "/watchlists", name: "Watchlists_List", summary: "Lists the watchlists, without their items.", right: auth.Read, out: paged[one]{}, query: pages, do: listWatchlists},
		{method: "GET", path: "/watchlists/{watchlistAlias}", name: "Watchlists_Get", summary: "Gets a watchlist, without its items.", right: auth.Read, out: one{}, do: getWatchlist},
		{method: "PUT", path: "/watchlists/{watchlistAlias}", name: "Watchlists_CreateOrUpdate",
			summary: "Writes a watchlist; rows of rawContent are added to the items there are, less those that are there already.",
			right:   auth.Configure, in: body[watchlistInput]{}, out: one{}, status: []int{200, 201}, large: true, do: putWatchlist},
		{method: "DELETE", path: "/watchlists/{watchlistAlias}", name: "Watchlists_Delete", summary: "Deletes a watchlist with its items.", right: auth.Configure, status: []int{200, 204}, do: deleteWatchlist},
		{method: "GET", path: "/watchlists/{watchlistAlias}/watchlistItems", name: "WatchlistItems_List", summary: "Lists the items of a watchlist.", right: auth.Read, out: paged[item]{}, query: pages, do: listItems},
		{method: "GET", path: "/watchlists/{watchlistAlias}/watchlistItems/{watchlistItemId}", name: "WatchlistItems_Get", summary: "Gets an item.", right: auth.Read, out: item{}, do: getItem},
		{method: "PUT", path: "/watchlists/{watchlistAlias}/watchlistItems/{watchlistItemId}", name: "WatchlistItems_CreateOrUpdate", summary: "Writes an item.", right: auth.Configure,
			in: body[itemInput]{}, out: item{}, status: []int{200, 201}, do: putItem},
		{method: "DELETE", path: "/watchlists/{watchlistAlias}/watchlistItems/{watchlistItemId}", name: "WatchlistItems_Delete", summary: "Deletes an item.", right: auth.Configure,
			status: []int{200, 204}, do: deleteItem},
	}
}

func (a *API) watchlistResource(w state.Watchlist) (resource[watchlistProperties], error) {
	var d storedWatchlist
	if err := json.Unmarshal(w.Data, &d); err != nil {
		return resource[watchlistProperties]{}, err
	}
	p := watchlistProperties{WatchlistID: d.ID, Alias: w.Alias, DisplayName: w.Name, Provider: d.Provider, Source: d.Source, SourceType: d.SourceType,
		ItemsSearchKey: w.SearchKey, Description: d.Description, WatchlistType: d.WatchlistType, Labels: full(d.Labels), DefaultDuration: d.DefaultDuration,
		LinesToSkip: d.LinesToSkip, ContentType: d.ContentType, UploadStatus: "Complete", ItemsCount: w.Items, TenantID: a.Workspace.ID,
		Created: when(w.Created), Updated: when(w.Modified), CreatedBy: d.CreatedBy, UpdatedBy: d.UpdatedBy}
	return envelope(a, p, w.ETag, system(w.Created, w.Modified, w.By), "watchlists", w.Alias), nil
}

// watchlist loads the watchlist of the path.
func (r *request) watchlist(tx state.Tx) (state.Watchlist, error) {
	w, err := tx.Watchlists().Get(r.param("watchlistAlias"))
	if there, err := found(err); !there {
		return w, orNotFound(err, "watchlist", r.param("watchlistAlias"))
	}
	return w, nil
}

func listWatchlists(r *request) (out answer, err error) {
	p, err := r.page()
	if err != nil {
		return out, err
	}
	err = r.view(func(tx state.Tx) error {
		list, next, err := tx.Watchlists().List(p)
		if err != nil {
			return err
		}
		out, err = listOf(r, list, next, r.api.watchlistResource)
		return err
	})
	return out, err
}

func getWatchlist(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		w, err := r.watchlist(tx)
		if err != nil {
			return err
		}
		res, err := r.api.watchlistResource(w)
		out = ok(res)
		return err
	})
	return out, err
}

// aliasPattern is what an alias may be: it is a name in queries.
var aliasPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

func (in *watchlistInput) check(alias string) error {
	for _, x := range []struct {
		name, value string
		limit       int
		required    bool
	}{{"displayName", in.DisplayName, 256, true}, {"provider", in.Provider, 256, true}, {"itemsSearchKey", in.ItemsSearchKey, 256, true},
		{"description", in.Description, 1000, false}, {"source", in.Source, 256, false}} {
		switch {
		case x.required && strings.TrimSpace(x.value) == "":
			return invalid("properties.%s: is missing", x.name)
		case utf8.RuneCountInString(x.value) > x.limit:
			return invalid("properties.%s: has more than %d characters", x.name, x.limit)
		}
	}
	switch {
	case !aliasPattern.MatchString(alias):
		return invalid("watchlistAlias: '%s' is no alias: letters, digits, - and _ are, up to 64 of them", alias)
	case in.Alias != "" && !strings.EqualFold(in.Alias, alias):
		return invalid("properties.watchlistAlias: '%s' is not the alias in the path", cut(in.Alias, 80))
	case in.LinesToSkip < 0:
		return invalid("properties.numberOfLinesToSkip: is negative")
	}
	switch strings.ToLower(strings.ReplaceAll(in.SourceType, " ", "")) {
	case "", "local", "localfile":
	default:
		return faultf(http.StatusBadRequest, "NotSupported", "Watchlists of sourceType '%s' are not supported here: send the file as rawContent.", cut(in.SourceType, 80))
	}
	return nil
}

// rows reads the file of a watchlist.
func (in *watchlistInput) rows() (columns []string, rows []fileRow, err error) {
	raw := strings.TrimPrefix(*in.RawContent, "\ufeff")
	if len(raw) > maxWatchlistFile {
		return nil, nil, faultf(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The file has %d bytes; a watchlist's has %d at most.", len(raw), maxWatchlistFile)
	}
	comma := ','
	switch strings.ToLower(in.ContentType) {
	case "", "text/csv":
	case "text/tsv":
		comma = '\t'
	default:
		return nil, nil, invalid("properties.contentType: '%s' is none of text/csv, text/tsv", cut(in.ContentType, 80))
	}
	for n := range in.LinesToSkip {
		_, rest, more := strings.Cut(raw, "\n")
		if !more {
			return nil, nil, invalid("properties.numberOfLinesToSkip: the file has %d lines", n+1)
		}
		raw = rest
	}
	reader := csv.NewReader(strings.NewReader(raw))
	reader.Comma, reader.ReuseRecord = comma, true
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var fault *csv.ParseError
		if errors.As(err, &fault) {
			return nil, nil, invalid("properties.rawContent: line %d, column %d: %s", fault.Line+in.LinesToSkip, fault.Column, fault.Err)
		} else if err != nil {
			return nil, nil, err
		}
		line, _ := reader.FieldPos(0)
		line += in.LinesToSkip
		size := 0
		for _, f := range record {
			size += utf8.RuneCountInString(f) + 1
		}
		if size > maxWatchlistLine {
			return nil, nil, invalid("properties.rawContent: line %d has more than %d characters", line, maxWatchlistLine)
		}
		if columns == nil {
			if columns, err = header(record); err != nil {
				return nil, nil, err
			}
			continue
		}
		row := types.JSON{Kind: types.JSONObject, Keys: columns, Items: make([]types.JSON, len(record))}
		for i, f := range record {
			row.Items[i] = text(strings.Clone(f))
		}
		fields := row.String()
		if n := len(fields); n > maxWatchlistRow {
			return nil, nil, invalid("properties.rawContent: line %d makes an item of %d bytes; it may have %d", line, n, maxWatchlistRow)
		}
		rows = append(rows, fileRow{fields, keyOf(row)})
	}
	if columns == nil {
		return nil, nil, invalid("properties.rawContent: there is no header line")
	}
	if !slices.Contains(columns, in.ItemsSearchKey) {
		return nil, nil, invalid("properties.itemsSearchKey: '%s' is no column of the file, which has %s", cut(in.ItemsSearchKey, 80), cut(strings.Join(columns, ", "), 500))
	}
	return columns, rows, nil
}

func header(record []string) ([]string, error) {
	var columns []string
	if len(record) > maxColumns {
		return nil, invalid("properties.rawContent: the header has more than %d columns", maxColumns)
	}
	for i, name := range record {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			return nil, invalid("properties.rawContent: column %d of the header has no name", i+1)
		case slices.Contains(columns, name):
			return nil, invalid("properties.rawContent: the header has the column '%s' twice", cut(name, 80))
		}
		columns = append(columns, name)
	}
	return columns, nil
}

func (r *request) client() client { return clientOf(r.actor()) }

func putWatchlist(r *request) (answer, error) {
	in, b, err := read[watchlistInput](r)
	if err != nil {
		return answer{}, err
	}
	alias := r.param("watchlistAlias")
	if err := in.check(alias); err != nil {
		return answer{}, err
	}
	var columns []string
	var rows []fileRow
	if in.RawContent != nil && *in.RawContent != "" {
		if columns, rows, err = in.rows(); err != nil {
			return answer{}, err
		}
	}
	out, err := r.change(func(tx state.Tx) (answer, error) {
		w := state.Watchlist{Alias: alias, Name: in.DisplayName, SearchKey: in.ItemsSearchKey, Created: r.at, Modified: r.at, By: r.by.Name}
		d := storedWatchlist{ID: r.api.NewID(), Provider: in.Provider, Source: in.Source, SourceType: in.SourceType, Description: in.Description,
			WatchlistType: in.WatchlistType, Labels: in.Labels, DefaultDuration: in.DefaultDuration, ContentType: in.ContentType, LinesToSkip: in.LinesToSkip,
			Columns: columns, CreatedBy: r.client(), UpdatedBy: r.client()}
		was, err := tx.Watchlists().Get(alias)
		exists, err := found(err)
		if err != nil {
			return answer{}, err
		}
		if err := r.check(was.ETag, exists, b.ETag); err != nil {
			return answer{}, err
		}
		if exists {
			var old storedWatchlist
			if err := json.Unmarshal(was.Data, &old); err != nil {
				return answer{}, err
			}
			d.ID, d.CreatedBy, w.Created, w.Alias = old.ID, old.CreatedBy, was.Created, was.Alias
			if old.Columns != nil {
				for _, c := range columns {
					if !slices.Contains(old.Columns, c) {
						old.Columns = append(old.Columns, c)
					}
				}
				d.Columns = old.Columns
			}
			if was.SearchKey != in.ItemsSearchKey && was.Items > 0 && d.Columns != nil && !slices.Contains(d.Columns, in.ItemsSearchKey) {
				return answer{}, invalid("properties.itemsSearchKey: '%s' is no column of the items, which have %s", cut(in.ItemsSearchKey, 80), cut(strings.Join(d.Columns, ", "), 500))
			}
		}
		if w.Data, err = json.Marshal(d); err != nil {
			return answer{}, err
		}
		if w.ETag, err = tx.Watchlists().Put(w, state.Always); err != nil {
			return answer{}, err
		}
		if err := r.addItems(tx, w.Alias, rows, exists); err != nil {
			return answer{}, err
		}
		kept, err := tx.Watchlists().Get(w.Alias)
		if err != nil {
			return answer{}, err
		}
		res, err := r.api.watchlistResource(kept)
		return written(res, exists), err
	})
	if err == nil {
		notify(r.api.WatchlistChanged, alias)
	}
	return out, err
}

// addItems adds rows to a watchlist. One that is there already, value for value, is not added again.
// https://learn.microsoft.com/azure/sentinel/watchlists-manage#bulk-update-a-watchlist
func (r *request) addItems(tx state.Tx, alias string, rows []fileRow, exists bool) error {
	known := map[string]bool{}
	if exists && len(rows) > 0 {
		items, _, err := tx.Watchlists().Items(alias, state.Page{})
		if err != nil {
			return err
		}
		for _, i := range items {
			known[canonical(i.Fields)] = true
		}
	}
	var items []state.Item
	id := series(r.api.NewID)
	for _, row := range rows {
		if !known[row.key] {
			known[row.key] = true
			items = append(items, state.Item{ID: id(), Fields: row.fields, Created: r.at, Modified: r.at, By: r.by.Name})
		}
	}
	return tx.Watchlists().AddItems(alias, items)
}

// series makes ids for many items: GUIDs of one random beginning, counted at the end. In a row they cost an index a tenth
// of what as many random ones do.
func series(newID func() string) func() string {
	base, err := uuid.Parse(newID())
	if err != nil {
		return newID
	}
	n := uint32(0)
	return func() string {
		n++
		binary.BigEndian.PutUint32(base[12:], n)
		return base.String()
	}
}

// fileRow is a row of a file: its values as they are kept, and a key that rows of equal values share.
type fileRow struct{ fields, key string }

func canonical(fields string) string {
	j, err := types.ParseJSON(fields)
	if err != nil {
		return fields
	}
	return keyOf(j)
}

// keyOf is an object's text with its keys in order.
func keyOf(j types.JSON) string {
	order := slices.Clone(j.Keys)
	slices.Sort(order)
	out := types.JSON{Kind: types.JSONObject}
	for _, k := range order {
		v, _ := j.Get(k)
		out.Set(k, v)
	}
	return out.String()
}

func deleteWatchlist(r *request) (answer, error) {
	alias, existed := r.param("watchlistAlias"), false
	out, err := r.change(func(tx state.Tx) (answer, error) {
		w, err := tx.Watchlists().Get(alias)
		if existed, err = found(err); err != nil {
			return answer{}, err
		}
		if err := r.check(w.ETag, existed, ""); err != nil || !existed {
			return gone(existed), err
		}
		return gone(true), tx.Watchlists().Delete(alias, state.Existing)
	})
	if err == nil && existed {
		notify(r.api.WatchlistChanged, alias)
	}
	return out, err
}

func (a *API) itemResource(alias string, i state.Item) resource[itemProperties] {
	p := itemProperties{ItemType: "watchlist-item", ItemID: i.ID, TenantID: a.Workspace.ID, Created: when(i.Created), Updated: when(i.Modified),
		UpdatedBy: client{Name: i.By}, KeyValue: json.RawMessage(i.Fields)}
	return envelope(a, p, i.ETag, system(i.Created, i.Modified, i.By), "watchlists", alias, "watchlistItems", i.ID)
}

func listItems(r *request) (out answer, err error) {
	p, err := r.page()
	if err != nil {
		return out, err
	}
	err = r.view(func(tx state.Tx) error {
		w, err := r.watchlist(tx)
		if err != nil {
			return err
		}
		list, next, err := tx.Watchlists().Items(w.Alias, p)
		if err != nil {
			return err
		}
		out, err = listOf(r, list, next, func(i state.Item) (resource[itemProperties], error) { return r.api.itemResource(w.Alias, i), nil })
		return err
	})
	return out, err
}

func getItem(r *request) (out answer, err error) {
	err = r.view(func(tx state.Tx) error {
		w, err := r.watchlist(tx)
		if err != nil {
			return err
		}
		i, err := tx.Watchlists().Item(w.Alias, r.param("watchlistItemId"))
		if there, err := found(err); !there {
			return orNotFound(err, "watchlist item", r.param("watchlistItemId"))
		}
		out = ok(r.api.itemResource(w.Alias, i))
		return nil
	})
	return out, err
}

// fields checks the values of an item, and writes them as they are kept. All values of a watchlist are texts.
func (in itemInput) fields(searchKey string) (string, error) {
	if in.KeyValue == nil {
		return "", invalid("properties.itemsKeyValue: is missing")
	}
	if _, there := in.KeyValue[searchKey]; !there {
		return "", invalid("properties.itemsKeyValue: the search key '%s' is missing", searchKey)
	}
	if len(in.KeyValue) > maxColumns {
		return "", invalid("properties.itemsKeyValue: has more than %d columns", maxColumns)
	}
	out := types.JSON{Kind: types.JSONObject}
	var names []string
	for name := range in.KeyValue {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if strings.TrimSpace(name) == "" {
			return "", invalid("properties.itemsKeyValue: a column has no name")
		}
		switch v := in.KeyValue[name].(type) {
		case string:
			out.Set(name, text(v))
		case nil:
			out.Set(name, text(""))
		default:
			j, err := json.Marshal(v)
			if err != nil {
				return "", err
			}
			out.Set(name, text(string(j)))
		}
	}
	s := out.String()
	if len(s) > maxWatchlistRow {
		return "", invalid("properties.itemsKeyValue: has %d bytes; an item may have %d", len(s), maxWatchlistRow)
	}
	return s, nil
}

func putItem(r *request) (answer, error) {
	in, b, err := read[itemInput](r)
	if err != nil {
		return answer{}, err
	}
	alias := r.param("watchlistAlias")
	out, err := r.change(func(tx state.Tx) (answer, error) {
		w, err := r.watchlist(tx)
		if err != nil {
			return answer{}, err
		}
		i := state.Item{ID: r.param("watchlistItemId"), Created: r.at, Modified: r.at, By: r.by.Name}
		if i.Fields, err = in.fields(w.SearchKey); err != nil {
			return answer{}, err
		}
		was, err := tx.Watchlists().Item(w.Alias, i.ID)
		exists, err := found(err)
		if err != nil {
			return answer{}, err
		}
		if err := r.check(was.ETag, exists, b.ETag); err != nil {
			return answer{}, err
		}
		if exists {
			i.ID, i.Created = was.ID, was.Created
		}
		if i.ETag, err = tx.Watchlists().PutItem(w.Alias, i, state.Always); err != nil {
			return answer{}, err
		}
		return written(r.api.itemResource(w.Alias, i), exists), nil
	})
	if err == nil {
		notify(r.api.WatchlistChanged, alias)
	}
	return out, err
}

func deleteItem(r *request) (answer, error) {
	alias, id, existed := r.param("watchlistAlias"), r.param("watchlistItemId"), false
	out, err := r.change(func(tx state.Tx) (answer, error) {
		w, err := r.watchlist(tx)
		if err != nil {
			return answer{}, err
		}
		i, err := tx.Watchlists().Item(w.Alias, id)
		if existed, err = found(err); err != nil {
			return answer{}, err
		}
		if err := r.check(i.ETag, existed, ""); err != nil || !existed {
			return gone(existed), err
		}
		return gone(true), tx.Watchlists().DeleteItem(w.Alias, id, state.Existing)
	})
	if err == nil && existed {
		notify(r.api.WatchlistChanged, alias)
	}
	return out, err
}
