-- When a login last signed in, and the audit log by who did what to what.
ALTER TABLE users ADD COLUMN last_signed_in_at BIGINT;

CREATE INDEX audit_by_actor ON audit (bu_id, actor_id, seq);
CREATE INDEX audit_by_target ON audit (bu_id, target_id, seq);
CREATE INDEX audit_by_action ON audit (bu_id, action, seq);
CREATE INDEX audit_by_time ON audit (bu_id, at, seq);

-- What stops when a login, a team or a programme goes.
CREATE INDEX webhooks_by_owner ON webhooks (owner) WHERE owner IS NOT NULL;
CREATE INDEX webhooks_by_team ON webhooks (for_team) WHERE for_team IS NOT NULL;
CREATE INDEX webhooks_by_programme ON webhooks (programme_id) WHERE programme_id IS NOT NULL;
