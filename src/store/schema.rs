//! The tables as Diesel sees them: one description for both databases.

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    partners (id) {
        id -> BigInt,
        name -> Text,
        name_folded -> Text,
        kind -> Text,
        grants_all -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    business_units (id) {
        id -> Text,
        partner_id -> BigInt,
        name -> Text,
        api_access -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    grants (partner_id, bu_id) {
        partner_id -> BigInt,
        bu_id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    programmes (id) {
        id -> Text,
        bu_id -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        number -> BigInt,
        email -> Text,
        name -> Text,
        password_hash -> Nullable<Text>,
        totp_sealed -> Nullable<Binary>,
        totp_last_step -> Nullable<BigInt>,
        disabled_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    memberships (user_id, partner_id) {
        user_id -> Text,
        partner_id -> BigInt,
        role -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    teams (id) {
        id -> Text,
        bu_id -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    team_members (team_id, user_id) {
        team_id -> Text,
        user_id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    tokens (id) {
        id -> Text,
        bu_id -> Text,
        name -> Text,
        digest -> Binary,
        last_four -> Text,
        scopes -> Text,
        created_by -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        replaces -> Nullable<Text>,
        last_used_at -> Nullable<BigInt>,
        last_used_ip -> Nullable<Text>,
        last_used_agent -> Nullable<Text>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        digest -> Binary,
        user_id -> Text,
        level -> Text,
        created_at -> BigInt,
        last_seen_at -> BigInt,
        reauth_at -> BigInt,
        remember -> Bool,
        ip -> Nullable<Text>,
        agent -> Nullable<Text>,
        last_bu -> Nullable<Text>,
    }
}

diesel::table! {
    one_time_links (digest) {
        digest -> Binary,
        purpose -> Text,
        partner_id -> BigInt,
        user_id -> Nullable<Text>,
        email -> Nullable<Text>,
        role -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    recovery_codes (user_id, digest) {
        user_id -> Text,
        digest -> Binary,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sign_in_throttles (key) {
        key -> Text,
        failures -> Integer,
        window_started_at -> BigInt,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Text,
        bu_id -> Text,
        name -> Text,
        description -> Text,
        status -> Text,
        inactive_reason -> Nullable<Text>,
        origin -> Text,
        programme_id -> Nullable<Text>,
        reach -> Text,
        reach_partner_id -> Nullable<BigInt>,
        for_login -> Nullable<Text>,
        for_team -> Nullable<Text>,
        created_by -> Nullable<Text>,
        owner -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
        last_sent_at -> Nullable<BigInt>,
        last_sent_ok -> Nullable<Bool>,
        failing_since -> Nullable<BigInt>,
    }
}

diesel::table! {
    endpoints (id) {
        id -> Text,
        webhook_id -> Text,
        bu_id -> Text,
        position -> Integer,
        name -> Text,
        url -> Text,
        headers_sealed -> Nullable<Binary>,
        static_header -> Nullable<Text>,
        static_secret_sealed -> Nullable<Binary>,
        timeout_ms -> Integer,
        retry -> Text,
        rate_per_second -> Nullable<Integer>,
        created_at -> BigInt,
    }
}

diesel::table! {
    triggers (id) {
        id -> Text,
        webhook_id -> Text,
        bu_id -> Text,
        position -> Integer,
        event_type -> Text,
        filter -> Nullable<Text>,
        note -> Text,
    }
}

diesel::table! {
    secrets (id) {
        id -> Text,
        webhook_id -> Text,
        endpoint_id -> Nullable<Text>,
        bu_id -> Text,
        sealed -> Binary,
        created_at -> BigInt,
        retires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    event_types (bu_id, name) {
        bu_id -> Text,
        name -> Text,
        label -> Text,
        description -> Text,
        group_name -> Text,
        partner_only -> Bool,
        deprecated -> Bool,
        schema -> Nullable<Text>,
        sample -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    event_sequences (bu_id) {
        bu_id -> Text,
        last_seq -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        bu_id -> Text,
        seq -> BigInt,
        event_type -> Text,
        subject -> Nullable<Text>,
        programme_id -> Nullable<Text>,
        source -> Text,
        created_at -> BigInt,
        received_at -> BigInt,
        body -> Binary,
        data_at -> Integer,
    }
}

diesel::table! {
    idempotency_keys (bu_id, key) {
        bu_id -> Text,
        key -> Text,
        digest -> Binary,
        event_id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        bu_id -> Text,
        event_id -> Text,
        event_type -> Text,
        webhook_id -> Text,
        endpoint_id -> Text,
        kind -> Text,
        state -> Text,
        cause -> Nullable<Text>,
        attempts -> Integer,
        interruptions -> Integer,
        next_at -> Nullable<BigInt>,
        lease_owner -> Nullable<Text>,
        lease_no -> BigInt,
        lease_until -> Nullable<BigInt>,
        last_status -> Nullable<Integer>,
        last_duration_ms -> Nullable<Integer>,
        created_at -> BigInt,
        settled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    attempts (id) {
        id -> Text,
        delivery_id -> Text,
        bu_id -> Text,
        endpoint_id -> Text,
        number -> Integer,
        started_at -> BigInt,
        duration_ms -> Integer,
        status -> Nullable<Integer>,
        cause -> Nullable<Text>,
        url -> Text,
        request_headers -> Text,
        response_headers -> Text,
        response_body -> Binary,
        response_cut -> Bool,
    }
}

diesel::table! {
    replays (id) {
        id -> Text,
        bu_id -> Text,
        webhook_id -> Text,
        selection -> Text,
        pace_per_second -> Nullable<Integer>,
        state -> Text,
        total -> BigInt,
        done -> BigInt,
        position -> Nullable<Text>,
        created_by -> Nullable<Text>,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    delivery_hours (webhook_id, endpoint_id, hour) {
        webhook_id -> Text,
        endpoint_id -> Text,
        hour -> BigInt,
        bu_id -> Text,
        delivered -> BigInt,
        exhausted -> BigInt,
        failed_attempts -> BigInt,
        le_10 -> BigInt,
        le_25 -> BigInt,
        le_50 -> BigInt,
        le_100 -> BigInt,
        le_250 -> BigInt,
        le_500 -> BigInt,
        le_1000 -> BigInt,
        le_2500 -> BigInt,
        le_5000 -> BigInt,
        le_10000 -> BigInt,
        le_30000 -> BigInt,
    }
}

diesel::table! {
    audit_heads (id) {
        id -> Integer,
        seq -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    audit (seq) {
        seq -> BigInt,
        id -> Text,
        at -> BigInt,
        bu_id -> Nullable<Text>,
        actor_kind -> Text,
        actor_id -> Nullable<Text>,
        actor_name -> Text,
        action -> Text,
        target_kind -> Text,
        target_id -> Text,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        ip -> Nullable<Text>,
        request_id -> Nullable<Text>,
        previous_hash -> Text,
        hash -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    partners,
    business_units,
    grants,
    programmes,
    users,
    memberships,
    teams,
    team_members,
    tokens,
    sessions,
    one_time_links,
    recovery_codes,
    sign_in_throttles,
    webhooks,
    endpoints,
    triggers,
    secrets,
    event_types,
    event_sequences,
    events,
    idempotency_keys,
    deliveries,
    attempts,
    replays,
    delivery_hours,
    audit_heads,
    audit,
);
