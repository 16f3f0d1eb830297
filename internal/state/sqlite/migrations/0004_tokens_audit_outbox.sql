CREATE TABLE tokens (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    role    TEXT NOT NULL,
    digest  BLOB NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    author  TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    operation TEXT NOT NULL,
    target    TEXT NOT NULL COLLATE NOCASE,
    data      BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_target ON audit (target, seq);
CREATE INDEX audit_by_time ON audit (at);

-- AUTOINCREMENT, because a number must never come back: receivers know a repetition by it
CREATE TABLE outbox (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    topic    TEXT NOT NULL,
    data     BLOB NOT NULL,
    not_till INTEGER NOT NULL,
    tries    INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_topic ON outbox (topic, seq);
