//! Tables of events: what happened and went out.

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
    suspects (delivery_id) {
        delivery_id -> Text,
        crashes -> Integer,
        started_lease -> Nullable<BigInt>,
    }
}

diesel::table! {
    attempts (delivery_id, id) {
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
        detail -> Nullable<Text>,
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
        skipped -> BigInt,
        reason -> Nullable<Text>,
        next_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    unit_hours (bu_id, hour, shard) {
        bu_id -> Text,
        hour -> BigInt,
        shard -> Integer,
        delivered -> BigInt,
        exhausted -> BigInt,
        failed_attempts -> BigInt,
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
        begun -> BigInt,
        failed_first -> BigInt,
    }
}

diesel::table! {
    delivery_minutes (webhook_id, minute, endpoint_id) {
        webhook_id -> Text,
        minute -> BigInt,
        endpoint_id -> Text,
        bu_id -> Text,
        delivered -> BigInt,
        exhausted -> BigInt,
        failed_attempts -> BigInt,
        begun -> BigInt,
        failed_first -> BigInt,
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
