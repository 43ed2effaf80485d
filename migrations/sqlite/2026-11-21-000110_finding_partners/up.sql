-- Which units of others a login opened last, and in which session: what partner search offers first.
CREATE TABLE recent_units (
    user_id TEXT NOT NULL REFERENCES users (id),
    bu_id TEXT NOT NULL REFERENCES business_units (id),
    session_id TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, bu_id)
) WITHOUT ROWID;
CREATE INDEX recent_units_by_time ON recent_units (user_id, opened_at);

-- Three letters at a time, so that a search for the middle of a name reads no name that does not hold it.
CREATE VIRTUAL TABLE partner_names USING fts5(
    name_folded, tokenize = 'trigram', content = '', contentless_delete = 1
);
INSERT INTO partner_names (rowid, name_folded) SELECT id, name_folded FROM partners;
CREATE TRIGGER partner_names_grow AFTER INSERT ON partners
BEGIN INSERT INTO partner_names (rowid, name_folded) VALUES (new.id, new.name_folded); END;
CREATE TRIGGER partner_names_change AFTER UPDATE OF name_folded ON partners
BEGIN
    DELETE FROM partner_names WHERE rowid = old.id;
    INSERT INTO partner_names (rowid, name_folded) VALUES (new.id, new.name_folded);
END;
CREATE TRIGGER partner_names_shrink AFTER DELETE ON partners
BEGIN DELETE FROM partner_names WHERE rowid = old.id; END;
