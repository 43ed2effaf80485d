//! Tables of the system: settings and the audit log.

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
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
