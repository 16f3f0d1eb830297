CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

-- data is the incident as JSON; the other columns repeat what lists are filtered and ordered by
CREATE TABLE incidents (
    id          TEXT PRIMARY KEY COLLATE NOCASE,
    number      INTEGER NOT NULL UNIQUE,
    title       TEXT NOT NULL,
    status      TEXT NOT NULL,
    status_rank INTEGER NOT NULL,
    severity    INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    modified    INTEGER NOT NULL,
    group_rule  TEXT COLLATE NOCASE,
    group_key   TEXT,
    group_since INTEGER,
    etag        TEXT NOT NULL,
    data        TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_by_group ON incidents (group_rule, group_key, group_since) WHERE group_key IS NOT NULL;
CREATE INDEX incidents_by_created ON incidents (created, number);
CREATE INDEX incidents_by_modified ON incidents (modified, number);
CREATE INDEX incidents_by_status ON incidents (status_rank, number);

-- what an incident's alerts are about, apart from the incident because it is large and never changes
CREATE TABLE incident_alerts (
    incident_id TEXT NOT NULL COLLATE NOCASE REFERENCES incidents (id) ON DELETE CASCADE,
    alert_id    TEXT NOT NULL COLLATE NOCASE,
    rule_id     TEXT NOT NULL COLLATE NOCASE,
    evidence    TEXT NOT NULL,
    PRIMARY KEY (incident_id, alert_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_alerts_by_alert ON incident_alerts (alert_id);
CREATE INDEX incident_alerts_by_rule ON incident_alerts (rule_id);

CREATE TABLE incident_comments (
    incident_id TEXT NOT NULL COLLATE NOCASE REFERENCES incidents (id) ON DELETE CASCADE,
    id          TEXT NOT NULL,
    place       INTEGER NOT NULL,
    data        TEXT NOT NULL,
    PRIMARY KEY (incident_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE automations (
    id       TEXT PRIMARY KEY COLLATE NOCASE,
    place    INTEGER NOT NULL,
    data     TEXT NOT NULL,
    etag     TEXT NOT NULL,
    created  INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    author   TEXT NOT NULL
) STRICT;
