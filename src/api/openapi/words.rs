//! The words, ids and moments of the domain as schemas: the domain itself knows nothing of OpenAPI.

use std::borrow::Cow;

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, SchemaFormat, schema::KnownFormat, schema::Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::access::permission::{Permission, Scopes};
use crate::domain::events::attempt::HeaderLines;
use crate::domain::events::cause::Cause;
use crate::domain::events::delivery::{DeliveryKind, DeliveryState};
use crate::domain::events::replay::{ReplayState, StopReason};
use crate::domain::id::{
    AttemptKind, BuKind, DeliveryKind as DeliveryIdKind, EndpointKind, EventKind, Id, Kind, ProgrammeKind,
    ReplayKind, TeamKind, TokenKind, TriggerKind, UserKind, WebhookKind,
};
use crate::domain::time::Ts;
use crate::domain::webhooks::filter::Operator;
use crate::domain::webhooks::webhook::{Health, InactiveReason, Origin, Reach, WebhookStatus};

/// The body of the ids in examples: the prefix stands before it.
const SAMPLE_ID: &str = "01ks8pge00e8z8g4m6qv2r9t5x";

macro_rules! named {
    ($($type:ty => $name:expr, $schema:expr;)*) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema
            }
        }
        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )*};
}

macro_rules! words {
    ($($type:ident $about:literal;)*) => {
        named! {$(
            $type => stringify!($type), choice($about, $type::ALL.iter().map(|word| word.as_str()));
        )*}
    };
}

macro_rules! ids {
    ($($kind:ident $name:literal $about:literal;)*) => {
        named! {$( Id<$kind> => $name, id::<$kind>($about); )*}
    };
}

words! {
    Cause "Why something was not delivered.";
    DeliveryKind "Why a delivery exists.";
    DeliveryState "Where a delivery stands. It changes by itself while it is `ready` or `leased`.";
    Health "How the webhook's deliveries have been going.";
    InactiveReason "Why the webhook is inactive.";
    Operator "How a condition compares what it finds with its value.";
    Origin "Where the webhook was made.";
    Permission "One thing a token may do.";
    Reach "Whose events a global webhook hears.";
    ReplayState "Where the replay stands. Only `running` changes by itself.";
    StopReason "Why the replay could not go on.";
    WebhookStatus "Whether the webhook takes part in routing.";
}

ids! {
    AttemptKind "AttemptId" "The id of an attempt.";
    BuKind "BusinessUnitId" "The id of a business unit.";
    DeliveryIdKind "DeliveryId" "The id of a delivery.";
    EndpointKind "EndpointId" "The id of an endpoint.";
    EventKind "EventId" "The id of an event, the same at every attempt.";
    ProgrammeKind "ProgrammeId" "The id of a programme.";
    ReplayKind "ReplayId" "The id of a replay.";
    TeamKind "TeamId" "The id of a team.";
    TokenKind "TokenId" "The id of a token.";
    TriggerKind "TriggerId" "The id of a trigger.";
    UserKind "UserId" "The id of a login.";
    WebhookKind "WebhookId" "The id of a webhook.";
}

named! {
    Ts => "Timestamp", ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some("A moment in UTC, to the microsecond."))
        .examples(["2026-03-15T08:30:00Z"])
        .into();
    Scopes => "Scopes", utoipa::openapi::ArrayBuilder::new()
        .items(Permission::schema())
        .description(Some("What the token may do."))
        .examples([["events:write", "webhooks:read"]])
        .into();
    HeaderLines => "HeaderLines", utoipa::openapi::ArrayBuilder::new()
        .items(pair())
        .description(Some("Header lines in their order, each a pair of name and value."))
        .examples([[["content-type", "application/json"]]])
        .into();
}

fn choice(about: &str, words: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about)).enum_values(Some(words)).into()
}

fn id<K: Kind>(about: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(about))
        .pattern(Some(format!("^{}[0-7][0-9a-hjkmnp-tv-z]{{25}}$", K::PREFIX)))
        .examples([format!("{}{SAMPLE_ID}", K::PREFIX)])
        .into()
}

fn pair() -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    utoipa::openapi::ArrayBuilder::new().items(text).min_items(Some(2)).max_items(Some(2)).into()
}
