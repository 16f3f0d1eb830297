CREATE TABLE watchlists (
    alias      TEXT PRIMARY KEY COLLATE NOCASE,
    name       TEXT NOT NULL,
    search_key TEXT NOT NULL,
    data       BLOB NOT NULL,
    etag       TEXT NOT NULL,
    created    INTEGER NOT NULL,
    modified   INTEGER NOT NULL,
    author     TEXT NOT NULL
) STRICT;

CREATE TABLE watchlist_items (
    seq      INTEGER PRIMARY KEY,
    alias    TEXT NOT NULL COLLATE NOCASE REFERENCES watchlists (alias) ON DELETE CASCADE,
    id       TEXT NOT NULL COLLATE NOCASE,
    fields   TEXT NOT NULL,
    etag     TEXT NOT NULL,
    created  INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    author   TEXT NOT NULL,
    UNIQUE (alias, id)
) STRICT;
CREATE INDEX watchlist_items_in_order ON watchlist_items (alias, seq);
