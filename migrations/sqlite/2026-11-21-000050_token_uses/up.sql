-- How often each scope of a token was used, by day: what shows which scopes a token does not need.
CREATE TABLE token_uses (
    token_id TEXT NOT NULL REFERENCES tokens (id),
    scope TEXT NOT NULL,
    day BIGINT NOT NULL,
    uses BIGINT NOT NULL,
    PRIMARY KEY (token_id, scope, day)
);
-- The form a token was made with: sent a second time, it makes no second token.
ALTER TABLE tokens ADD COLUMN form_id TEXT;
CREATE UNIQUE INDEX tokens_by_form ON tokens (form_id);
