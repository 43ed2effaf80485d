//! Tables of webhooks: what is sent where.

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
        failing_warned_at -> Nullable<BigInt>,
        rest_hook -> Bool,
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
    webhook_texts (bu_id, webhook_id) {
        bu_id -> Text,
        webhook_id -> Text,
        folded -> Text,
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
        hex_since -> Nullable<BigInt>,
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
