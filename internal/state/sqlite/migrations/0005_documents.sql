CREATE TABLE documents (
    kind     TEXT NOT NULL,
    id       TEXT NOT NULL COLLATE NOCASE,
    data     BLOB NOT NULL,
    etag     TEXT NOT NULL,
    created  INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    author   TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
