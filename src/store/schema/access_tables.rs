//! Tables of access: who may.

diesel::table! {
    partners (id) {
        id -> BigInt,
        name -> Text,
        name_folded -> Text,
        kind -> Text,
        grants_all -> Bool,
        created_at -> BigInt,
        is_operator -> Bool,
        second_factor_required -> Bool,
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
        last_signed_in_at -> Nullable<BigInt>,
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
        form_id -> Nullable<Text>,
    }
}

diesel::table! {
    token_uses (token_id, scope, day) {
        token_id -> Text,
        scope -> Text,
        day -> BigInt,
        uses -> BigInt,
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
    recent_units (user_id, bu_id) {
        user_id -> Text,
        bu_id -> Text,
        session_id -> Text,
        opened_at -> BigInt,
    }
}

diesel::table! {
    one_time_links (digest) {
        digest -> Binary,
        purpose -> Text,
        partner_id -> Nullable<BigInt>,
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
