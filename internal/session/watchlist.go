package session

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/types"
)

// readWatchlist reads "alias=FILE" or "alias=FILE,SearchKey": a CSV or TSV file with a header. As in the
// service, every column is a string. The first column is the search key unless one is named; the columns that
// every watchlist has (SearchKey among them) are added.
// https://learn.microsoft.com/azure/sentinel/watchlists-create
func readWatchlist(text string) (catalog.Watchlist, error) {
	alias, file, ok := strings.Cut(text, "=")
	if !ok || alias == "" || file == "" {
		return catalog.Watchlist{}, fmt.Errorf("watchlist '%s': expected alias=FILE or alias=FILE,SearchKey", text)
	}
	key := ""
	if _, err := os.Stat(file); err != nil {
		if i := strings.LastIndexByte(file, ','); i > 0 {
			file, key = file[:i], file[i+1:]
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return catalog.Watchlist{}, fmt.Errorf("watchlist %s: %w", alias, err)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	if strings.EqualFold(filepath.Ext(file), ".tsv") {
		r.Comma = '\t'
	}
	r.LazyQuotes = true
	header, err := r.Read()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file has no header")
		}
		return catalog.Watchlist{}, fmt.Errorf("watchlist %s: %s: %w", alias, file, err)
	}
	at := 0
	if key != "" {
		if at = index(header, key); at < 0 {
			return catalog.Watchlist{}, fmt.Errorf("watchlist %s: %s has no column '%s'", alias, file, key)
		}
	}
	list := catalog.Watchlist{Alias: alias, SearchKey: "SearchKey"}
	hasKey := index(header, list.SearchKey) >= 0
	if !hasKey {
		list.Table.Schema = append(list.Table.Schema, types.Column{Name: list.SearchKey, Type: types.String})
	}
	for _, name := range header {
		list.Table.Schema = append(list.Table.Schema, types.Column{Name: strings.TrimSpace(name), Type: types.String})
	}
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return catalog.Watchlist{}, fmt.Errorf("watchlist %s: %s: %w", alias, file, err)
		}
		var row []types.Value
		if !hasKey {
			row = append(row, types.StringOf(rec[at]))
		}
		for _, v := range rec {
			row = append(row, types.StringOf(v))
		}
		list.Table.Rows = append(list.Table.Rows, row)
	}
}

func index(list []string, s string) int {
	for i, x := range list {
		if strings.TrimSpace(x) == s {
			return i
		}
	}
	return -1
}
