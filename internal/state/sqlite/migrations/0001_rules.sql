-- Times are ticks of 100 ns since 0001-01-01T00:00:00Z; 0 is no time.

CREATE TABLE rules (
    id       TEXT PRIMARY KEY COLLATE NOCASE,
    kind     TEXT NOT NULL,
    name     TEXT NOT NULL,
    text     TEXT NOT NULL,
    enabled  INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    etag     TEXT NOT NULL,
    created  INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    author   TEXT NOT NULL
) STRICT;

-- no foreign key: a rule that comes back goes on where it was
CREATE TABLE positions (
    rule_id TEXT PRIMARY KEY COLLATE NOCASE,
    next    INTEGER NOT NULL,
    done    INTEGER NOT NULL,
    data    BLOB NOT NULL
) STRICT;

CREATE TABLE alerts (
    id        TEXT PRIMARY KEY COLLATE NOCASE,
    rule_id   TEXT NOT NULL COLLATE NOCASE,
    generated INTEGER NOT NULL,
    data      BLOB NOT NULL
) STRICT;
CREATE INDEX alerts_by_time ON alerts (generated, id);
CREATE INDEX alerts_by_rule ON alerts (rule_id, generated, id);
