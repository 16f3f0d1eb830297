package sqlite

import (
	"strings"

	"github.com/vedette-siem/vedette/internal/state"
)

type documents struct{ *tx }

const documentColumns = "kind, id, data, etag, created, modified, author"

func scanDocument(scan func(...any) error) (state.Document, error) {
	var d state.Document
	var created, modified int64
	err := scan(&d.Kind, &d.ID, &d.Data, &d.ETag, &created, &modified, &d.By)
	d.Created, d.Modified = timeOf(created), timeOf(modified)
	return d, err
}

func (t documents) Get(kind, id string) (state.Document, error) {
	list, err := rows(t.tx, scanDocument, "SELECT "+documentColumns+" FROM documents WHERE kind = ? AND id = ?", kind, id)
	if err == nil && len(list) == 0 {
		return state.Document{}, missing(kind, id)
	}
	if err != nil {
		return state.Document{}, err
	}
	return list[0], nil
}

func (t documents) Put(d state.Document, m state.Match) (string, error) {
	created, exists, err := t.demand(d.Kind, d.ID, m, "SELECT etag, created FROM documents WHERE kind = ? AND id = ?", d.Kind, d.ID)
	if err != nil {
		return "", err
	}
	tag := t.etag()
	_, err = t.exec(`INSERT INTO documents (`+documentColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data, etag = excluded.etag, modified = excluded.modified, author = excluded.author`,
		d.Kind, d.ID, blob(d.Data), tag, firstOr(created, exists, d.Created), ticks(d.Modified), d.By)
	return tag, err
}

func (t documents) Delete(kind, id string, m state.Match) error {
	return t.remove(kind, id, m, "documents", "kind = ? AND id = ?", kind, id)
}

func (t documents) List(kind, prefix string, p state.Page) ([]state.Document, string, error) {
	var from string
	if _, err := after(p, &from); err != nil {
		return nil, "", err
	}
	// LIKE would read % and _ in the prefix as its own
	list, err := rows(t.tx, scanDocument, "SELECT "+documentColumns+` FROM documents
		WHERE kind = ? AND id > ? AND id >= ? AND lower(substr(id, 1, ?)) = ? ORDER BY id LIMIT ?`,
		kind, from, prefix, len([]rune(prefix)), lower(prefix), limit(p))
	if err != nil {
		return nil, "", err
	}
	return paged(list, p, func(d state.Document) []any { return []any{d.ID} })
}

// lower folds letters as SQLite's lower and NOCASE do: those of ASCII only.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
