//! Tables of all subjects may stand in one query.

use super::access_tables::{
    business_units, grants, memberships, one_time_links, partners, programmes, recent_units, recovery_codes,
    sessions, sign_in_throttles, team_members, teams, token_uses, tokens, users,
};
use super::event_tables::{
    attempts, deliveries, delivery_hours, delivery_minutes, event_sequences, events, idempotency_keys,
    replays, suspects, unit_hours,
};
use super::system_tables::{audit, audit_heads, settings};
use super::webhook_tables::{endpoints, event_types, secrets, triggers, webhook_texts, webhooks};

diesel::allow_tables_to_appear_in_same_query!(
    partners,
    business_units,
    grants,
    programmes,
    users,
    memberships,
    teams,
    team_members,
    tokens,
    token_uses,
    sessions,
    recent_units,
    one_time_links,
    recovery_codes,
    sign_in_throttles,
    webhooks,
    endpoints,
    webhook_texts,
    triggers,
    secrets,
    event_types,
    event_sequences,
    events,
    idempotency_keys,
    deliveries,
    suspects,
    attempts,
    replays,
    delivery_hours,
    delivery_minutes,
    unit_hours,
    settings,
    audit_heads,
    audit,
);
