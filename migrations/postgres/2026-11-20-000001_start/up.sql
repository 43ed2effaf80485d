-- Times are microseconds since 1970-01-01T00:00:00Z. Ids are text: prefix and UUIDv7.
-- The three tables that every event writes to (events, deliveries, attempts) carry no foreign keys:
-- the transaction that writes them reads what they refer to, and retention removes them in its own order.

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Access

CREATE TABLE partners (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('channel', 'global')),
    grants_all BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX partners_by_name ON partners (name_folded);

CREATE TABLE business_units (
    id TEXT NOT NULL PRIMARY KEY,
    partner_id BIGINT NOT NULL REFERENCES partners (id),
    name TEXT NOT NULL,
    api_access BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX business_units_by_partner ON business_units (partner_id);

CREATE TABLE grants (
    partner_id BIGINT NOT NULL REFERENCES partners (id),
    bu_id TEXT NOT NULL REFERENCES business_units (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (partner_id, bu_id)
);
CREATE INDEX grants_by_bu ON grants (bu_id);

CREATE TABLE programmes (
    id TEXT NOT NULL PRIMARY KEY,
    bu_id TEXT NOT NULL REFERENCES business_units (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX programmes_by_bu ON programmes (bu_id, id);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT,
    totp_sealed BYTEA,
    totp_last_step BIGINT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE memberships (
    user_id TEXT NOT NULL REFERENCES users (id),
    partner_id BIGINT NOT NULL REFERENCES partners (id),
    role TEXT NOT NULL CHECK (role IN ('viewer', 'developer', 'admin', 'owner')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, partner_id)
);
CREATE INDEX memberships_by_partner ON memberships (partner_id, user_id);

CREATE TABLE teams (
    id TEXT NOT NULL PRIMARY KEY,
    bu_id TEXT NOT NULL REFERENCES business_units (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX teams_by_bu ON teams (bu_id, id);

CREATE TABLE team_members (
    team_id TEXT NOT NULL REFERENCES teams (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_by_user ON team_members (user_id);

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    bu_id TEXT NOT NULL REFERENCES business_units (id),
    name TEXT NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    last_four TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_by TEXT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    replaces TEXT REFERENCES tokens (id),
    last_used_at BIGINT,
    last_used_ip TEXT,
    last_used_agent TEXT
);
CREATE INDEX tokens_by_bu ON tokens (bu_id, id);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    level TEXT NOT NULL CHECK (level IN ('password', 'full')),
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    reauth_at BIGINT NOT NULL,
    remember BOOLEAN NOT NULL,
    ip TEXT,
    agent TEXT,
    last_bu TEXT
);
CREATE INDEX sessions_by_user ON sessions (user_id, id);

CREATE TABLE one_time_links (
    digest BYTEA NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('setup', 'invitation', 'password')),
    partner_id BIGINT REFERENCES partners (id),
    user_id TEXT REFERENCES users (id),
    email TEXT,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id),
    digest BYTEA NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (user_id, digest)
);

CREATE TABLE sign_in_throttles (
    key TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    window_started_at BIGINT NOT NULL
);

-- Webhooks

CREATE TABLE webhooks (
    id TEXT NOT NULL PRIMARY KEY,
    bu_id TEXT NOT NULL REFERENCES business_units (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'inactive')),
    inactive_reason TEXT,
    origin TEXT NOT NULL CHECK (origin IN ('global', 'programme')),
    programme_id TEXT REFERENCES programmes (id),
    reach TEXT NOT NULL CHECK (reach IN ('business_unit', 'partner')),
    reach_partner_id BIGINT REFERENCES partners (id),
    for_login TEXT REFERENCES users (id),
    for_team TEXT REFERENCES teams (id),
    created_by TEXT REFERENCES users (id),
    owner TEXT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT,
    deleted_at BIGINT,
    last_sent_at BIGINT,
    last_sent_ok BOOLEAN,
    failing_since BIGINT,
    CHECK (for_login IS NULL OR for_team IS NULL)
);
CREATE INDEX webhooks_by_bu ON webhooks (bu_id, id) WHERE deleted_at IS NULL;

CREATE TABLE endpoints (
    id TEXT NOT NULL PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id),
    bu_id TEXT NOT NULL REFERENCES business_units (id),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    headers_sealed BYTEA,
    static_header TEXT,
    static_secret_sealed BYTEA,
    timeout_ms INTEGER NOT NULL,
    retry TEXT NOT NULL,
    rate_per_second INTEGER,
    created_at BIGINT NOT NULL
);
CREATE INDEX endpoints_by_webhook ON endpoints (webhook_id, position);

CREATE TABLE triggers (
    id TEXT NOT NULL PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id),
    bu_id TEXT NOT NULL REFERENCES business_units (id),
    position INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    filter TEXT,
    note TEXT NOT NULL
);
CREATE UNIQUE INDEX triggers_by_webhook ON triggers (webhook_id, event_type);
CREATE INDEX triggers_by_type ON triggers (event_type, bu_id);

CREATE TABLE secrets (
    id TEXT NOT NULL PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id),
    endpoint_id TEXT REFERENCES endpoints (id),
    bu_id TEXT NOT NULL REFERENCES business_units (id),
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    retires_at BIGINT
);
CREATE INDEX secrets_by_webhook ON secrets (webhook_id, id);

-- Types added at run time; the built-in ones live in the program. bu_id '' is the whole installation.
CREATE TABLE event_types (
    bu_id TEXT NOT NULL,
    name TEXT NOT NULL,
    label TEXT NOT NULL,
    description TEXT NOT NULL,
    group_name TEXT NOT NULL,
    partner_only BOOLEAN NOT NULL,
    deprecated BOOLEAN NOT NULL,
    schema TEXT,
    sample TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT,
    PRIMARY KEY (bu_id, name)
);

-- Events

-- One row for each business unit that ever published: its row lock orders commits, so that seq follows them.
CREATE TABLE event_sequences (
    bu_id TEXT NOT NULL PRIMARY KEY,
    last_seq BIGINT NOT NULL
);

CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    bu_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    subject TEXT,
    programme_id TEXT,
    source TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    data_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX events_by_bu ON events (bu_id, seq);

CREATE TABLE idempotency_keys (
    bu_id TEXT NOT NULL,
    key TEXT NOT NULL,
    digest BYTEA NOT NULL,
    event_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (bu_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    bu_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    cause TEXT,
    attempts INTEGER NOT NULL,
    interruptions INTEGER NOT NULL,
    next_at BIGINT,
    lease_owner TEXT,
    lease_no BIGINT NOT NULL,
    lease_until BIGINT,
    last_status INTEGER,
    last_duration_ms INTEGER,
    created_at BIGINT NOT NULL,
    settled_at BIGINT
);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'ready';
CREATE INDEX deliveries_waiting ON deliveries (webhook_id) WHERE state = 'ready';
CREATE INDEX deliveries_held ON deliveries (lease_until) WHERE state = 'leased';
CREATE INDEX deliveries_by_event ON deliveries (event_id);
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, id);

CREATE TABLE attempts (
    id TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    bu_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    started_at BIGINT NOT NULL,
    duration_ms INTEGER NOT NULL,
    status INTEGER,
    cause TEXT,
    url TEXT NOT NULL,
    request_headers TEXT NOT NULL,
    response_headers TEXT NOT NULL,
    response_body BYTEA NOT NULL,
    response_cut BOOLEAN NOT NULL,
    PRIMARY KEY (delivery_id, id)
);

CREATE TABLE replays (
    id TEXT NOT NULL PRIMARY KEY,
    bu_id TEXT NOT NULL REFERENCES business_units (id),
    webhook_id TEXT NOT NULL REFERENCES webhooks (id),
    selection TEXT NOT NULL,
    pace_per_second INTEGER,
    state TEXT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    position TEXT,
    created_by TEXT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX replays_by_bu ON replays (bu_id, id);

-- What charts read: an hour of one endpoint. le_N counts attempts answered within N milliseconds.
CREATE TABLE delivery_hours (
    webhook_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    hour BIGINT NOT NULL,
    bu_id TEXT NOT NULL,
    delivered BIGINT NOT NULL,
    exhausted BIGINT NOT NULL,
    failed_attempts BIGINT NOT NULL,
    le_10 BIGINT NOT NULL,
    le_25 BIGINT NOT NULL,
    le_50 BIGINT NOT NULL,
    le_100 BIGINT NOT NULL,
    le_250 BIGINT NOT NULL,
    le_500 BIGINT NOT NULL,
    le_1000 BIGINT NOT NULL,
    le_2500 BIGINT NOT NULL,
    le_5000 BIGINT NOT NULL,
    le_10000 BIGINT NOT NULL,
    le_30000 BIGINT NOT NULL,
    PRIMARY KEY (webhook_id, endpoint_id, hour)
);
CREATE INDEX delivery_hours_by_bu ON delivery_hours (bu_id, hour);

-- System

CREATE TABLE audit_heads (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_heads (id, seq, hash) VALUES (1, 0, '');

CREATE TABLE audit (
    seq BIGINT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at BIGINT NOT NULL,
    bu_id TEXT,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    before TEXT,
    after TEXT,
    ip TEXT,
    request_id TEXT,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_by_bu ON audit (bu_id, seq);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM settings WHERE name = 'audit_retention') THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is not changed';
END $$;
CREATE TRIGGER audit_keeps_its_rows BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();

-- Rows of the queue change a few times soon after they are made: room on the page keeps that cheap.
ALTER TABLE deliveries SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
