-- Which units of others a login opened last, and in which session: what partner search offers first.
CREATE TABLE recent_units (
    user_id TEXT NOT NULL REFERENCES users (id),
    bu_id TEXT NOT NULL REFERENCES business_units (id),
    session_id TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, bu_id)
);
CREATE INDEX recent_units_by_time ON recent_units (user_id, opened_at);

-- Names sort by their letters alone, as on SQLite, so that the index finds what they start with.
ALTER TABLE partners ALTER COLUMN name_folded TYPE TEXT COLLATE "C";
