//! Every address of the browser's face, spelled once.

pub mod operator;
mod query;

use crate::domain::id::{
    BuId, DeliveryId, EndpointId, EventId, ProgrammeId, ReplayId, SessionId, TeamId, TokenId, UserId,
    WebhookId,
};

pub use query::with_query;

/// Where `/` leads to the right place for who signed in.
pub const HOME: &str = "/";
/// Sign in.
pub const LOGIN: &str = "/login";
/// The second factor, asked for after a right password.
pub const LOGIN_CODE: &str = "/login/code";
/// Sign out; POST only.
pub const LOGOUT: &str = "/logout";
/// Where a person who is signed in gives the password once more.
pub const CONFIRM: &str = "/confirm";
/// The account of the person signed in.
pub const ACCOUNT: &str = "/account";
/// Another password.
pub const ACCOUNT_PASSWORD: &str = "/account/password";
/// Turning the second factor on.
pub const ACCOUNT_FACTOR: &str = "/account/second-factor";
/// Turning the second factor off.
pub const ACCOUNT_FACTOR_OFF: &str = "/account/second-factor/off";
/// New recovery codes.
pub const ACCOUNT_CODES: &str = "/account/recovery-codes";
/// POST gives the recovery codes of the form as a file.
pub const ACCOUNT_CODES_FILE: &str = "/account/recovery-codes/file";
/// POST chooses the theme and the shortcuts of this browser.
pub const ACCOUNT_LOOKS: &str = "/account/looks";
/// POST ends every session but the one that asks.
pub const ACCOUNT_SESSIONS_END: &str = "/account/sessions/end-others";
/// Set-up of the first owner.
pub const SETUP: &str = "/setup";
/// Partner search, and where the chosen partner is sent to.
pub const PARTNERS: &str = "/partners";
/// The API's description as a file.
pub const OPENAPI: &str = "/api/v1/openapi.json";

/// The documentation of the REST API.
pub const API_DOCS: &str = "/docs/api";
/// How webhooks are set up, in the documentation.
pub const SET_UP: &str = "/docs/api#set-up";
/// The root of the REST API.
pub const API: &str = "/api/v1";

/// POST ends a session of the person signed in.
pub fn account_session_end(session: SessionId) -> String {
    format!("/account/sessions/{session}/end")
}

/// The overview of a business unit.
pub fn overview(bu: BuId) -> String {
    format!("/bu/{bu}")
}

/// Search in a business unit.
pub fn search(bu: BuId) -> String {
    format!("/bu/{bu}/search")
}

/// Admin › API, tab API.
pub fn api(bu: BuId) -> String {
    format!("/bu/{bu}/admin/api")
}

/// The page, or dialog, in which a token is made; POST makes it.
pub fn token_new(bu: BuId) -> String {
    format!("/bu/{bu}/admin/api/tokens/new")
}

/// The page, or dialog, that asks before a token is deleted; POST deletes it.
pub fn token_delete(bu: BuId, token: TokenId) -> String {
    format!("/bu/{bu}/admin/api/tokens/{token}/delete")
}

/// The page, or dialog, that asks how long a token goes on beside its successor; POST makes that.
pub fn token_rotate(bu: BuId, token: TokenId) -> String {
    format!("/bu/{bu}/admin/api/tokens/{token}/rotate")
}

/// POST takes the scopes from a token that it does not use.
pub fn token_narrow(bu: BuId, token: TokenId) -> String {
    format!("/bu/{bu}/admin/api/tokens/{token}/narrow")
}

/// Admin › API, tab Webhooks.
pub fn webhooks(bu: BuId) -> String {
    format!("/bu/{bu}/admin/webhooks")
}

/// The wizard that adds a webhook; POST takes each of its steps.
pub fn webhook_new(bu: BuId) -> String {
    format!("/bu/{bu}/admin/webhooks/new")
}

/// Webhook Details.
pub fn webhook(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}")
}

/// The stream of a webhook's deliveries as they are made and settle.
pub fn webhook_tail(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/tail")
}

/// The page, or dialog, in which name, description and scope are changed; POST changes them.
pub fn webhook_edit(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/edit")
}

/// The page, or dialog, in which one endpoint is changed; POST changes it.
pub fn webhook_endpoint(bu: BuId, webhook: WebhookId, endpoint: EndpointId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/endpoints/{endpoint}")
}

/// The page, or dialog, in which an endpoint is added; POST adds it.
pub fn webhook_endpoint_new(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/endpoints/new")
}

/// The page, or dialog, in which an endpoint's address and credentials are changed; POST changes them.
pub fn webhook_destination(bu: BuId, webhook: WebhookId, endpoint: EndpointId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/endpoints/{endpoint}/destination")
}

/// The page, or dialog, that asks before an endpoint is removed; POST removes it.
pub fn webhook_endpoint_remove(bu: BuId, webhook: WebhookId, endpoint: EndpointId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/endpoints/{endpoint}/remove")
}

/// The page, or dialog, in which the triggers are changed; POST changes them.
pub fn webhook_triggers(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/triggers")
}

/// The page, or dialog, that shows the signing secret; POST shows it.
pub fn webhook_secret(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/secret")
}

/// The page, or dialog, in which the signing secret is rotated; POST rotates it.
pub fn webhook_rotate(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/rotate")
}

/// POST has the hex signature made with the newest secret.
pub fn webhook_switch(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/rotate/switch")
}

/// POST ends the time in which older secrets sign beside the newest.
pub fn webhook_end_overlap(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/rotate/end")
}

/// The page, or dialog, that sends a test event; POST sends it.
pub fn webhook_test(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/test")
}

/// The page, or dialog, that asks before a webhook is deleted; POST deletes it.
pub fn webhook_delete(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/delete")
}

/// POST makes an active webhook inactive.
pub fn webhook_pause(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/pause")
}

/// POST makes an inactive webhook active.
pub fn webhook_resume(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/admin/webhooks/{webhook}/resume")
}

/// Admin › Users.
pub fn users(bu: BuId) -> String {
    format!("/bu/{bu}/admin/users")
}

/// POST has every login need a second factor, or leaves it to each.
pub fn users_factor(bu: BuId) -> String {
    format!("/bu/{bu}/admin/users/second-factor")
}

/// The page, or dialog, in which somebody is invited; POST invites.
pub fn user_new(bu: BuId) -> String {
    format!("/bu/{bu}/admin/users/new")
}

/// The page, or dialog, in which a login gets another name or role; POST changes it.
pub fn user_edit(bu: BuId, user: UserId) -> String {
    format!("/bu/{bu}/admin/users/{user}/edit")
}

/// POST makes a new invitation link.
pub fn user_link(bu: BuId, user: UserId) -> String {
    format!("/bu/{bu}/admin/users/{user}/link")
}

/// POST ends the sessions of a login.
pub fn user_sign_out(bu: BuId, user: UserId) -> String {
    format!("/bu/{bu}/admin/users/{user}/sign-out")
}

/// The page, or dialog, that asks before a login is switched off; POST does it.
pub fn user_disable(bu: BuId, user: UserId) -> String {
    format!("/bu/{bu}/admin/users/{user}/disable")
}

/// POST switches a login on again.
pub fn user_enable(bu: BuId, user: UserId) -> String {
    format!("/bu/{bu}/admin/users/{user}/enable")
}

/// The page, or dialog, that asks before a login is removed; POST does it.
pub fn user_remove(bu: BuId, user: UserId) -> String {
    format!("/bu/{bu}/admin/users/{user}/remove")
}

/// Admin › Teams.
pub fn teams(bu: BuId) -> String {
    format!("/bu/{bu}/admin/teams")
}

/// The page, or dialog, in which a team is made; POST makes it.
pub fn team_new(bu: BuId) -> String {
    format!("/bu/{bu}/admin/teams/new")
}

/// One team with its members.
pub fn team(bu: BuId, team: TeamId) -> String {
    format!("/bu/{bu}/admin/teams/{team}")
}

/// The page, or dialog, in which a team is renamed; POST renames it.
pub fn team_edit(bu: BuId, team: TeamId) -> String {
    format!("/bu/{bu}/admin/teams/{team}/edit")
}

/// The page, or dialog, that asks before a team is deleted; POST deletes it.
pub fn team_delete(bu: BuId, team: TeamId) -> String {
    format!("/bu/{bu}/admin/teams/{team}/delete")
}

/// POST adds a member to a team.
pub fn team_members(bu: BuId, team: TeamId) -> String {
    format!("/bu/{bu}/admin/teams/{team}/members")
}

/// POST takes a member out of a team.
pub fn team_member_remove(bu: BuId, team: TeamId, user: UserId) -> String {
    format!("/bu/{bu}/admin/teams/{team}/members/{user}/remove")
}

/// Programmes.
pub fn programmes(bu: BuId) -> String {
    format!("/bu/{bu}/programmes")
}

/// The page, or dialog, in which a programme is made; POST makes it.
pub fn programme_new(bu: BuId) -> String {
    format!("/bu/{bu}/programmes/new")
}

/// The page, or dialog, in which a programme is renamed; POST renames it.
pub fn programme_edit(bu: BuId, programme: ProgrammeId) -> String {
    format!("/bu/{bu}/programmes/{programme}/edit")
}

/// The page, or dialog, that asks before a programme is deleted; POST deletes it.
pub fn programme_delete(bu: BuId, programme: ProgrammeId) -> String {
    format!("/bu/{bu}/programmes/{programme}/delete")
}

/// Admin › Audit log.
pub fn audit(bu: BuId) -> String {
    format!("/bu/{bu}/admin/audit")
}

/// POST hands the audit log out as a file.
pub fn audit_export(bu: BuId) -> String {
    format!("/bu/{bu}/admin/audit/export")
}

/// The Webhooks Dashboard.
pub fn webhooks_dashboard(bu: BuId) -> String {
    format!("/bu/{bu}/webhooks")
}

/// Create Webhook: the form for a global webhook; POST makes it.
pub fn webhook_create(bu: BuId) -> String {
    format!("/bu/{bu}/webhooks/new")
}

/// Manage Events of a webhook; POST applies the changes.
pub fn webhook_events(bu: BuId, webhook: WebhookId) -> String {
    format!("/bu/{bu}/webhooks/{webhook}/events")
}

/// The Integrations Dashboard of a programme.
pub fn programme(bu: BuId, programme: ProgrammeId) -> String {
    format!("/bu/{bu}/programmes/{programme}")
}

/// Create Webhook in a programme; POST makes it.
pub fn programme_webhook_create(bu: BuId, programme: ProgrammeId) -> String {
    format!("/bu/{bu}/programmes/{programme}/webhooks/new")
}

/// A login's Connect page, for tools that collect notifications.
pub fn connect(bu: BuId, login: i64) -> String {
    format!("/bu/{bu}/connect/{login}")
}

/// The event matrix; POST takes its ticks.
pub fn matrix(bu: BuId) -> String {
    format!("/bu/{bu}/matrix")
}

/// The event catalogue.
pub fn catalogue(bu: BuId) -> String {
    format!("/bu/{bu}/catalogue")
}

/// The form that adds an event type; POST adds it.
pub fn event_type_new(bu: BuId) -> String {
    format!("/bu/{bu}/catalogue/new")
}

/// One event type of the catalogue.
pub fn event_type(bu: BuId, name: &str) -> String {
    format!("/bu/{bu}/catalogue/{name}")
}

/// The form that changes an event type; POST changes it.
pub fn event_type_edit(bu: BuId, name: &str) -> String {
    format!("/bu/{bu}/catalogue/{name}/edit")
}

/// The page, or dialog, that asks before an event type is removed; POST removes it.
pub fn event_type_delete(bu: BuId, name: &str) -> String {
    format!("/bu/{bu}/catalogue/{name}/delete")
}

/// Replays of the business unit, newest first.
pub fn replays(bu: BuId) -> String {
    format!("/bu/{bu}/replays")
}

/// The form that starts a replay; POST counts, then starts it.
pub fn replay_new(bu: BuId) -> String {
    format!("/bu/{bu}/replays/new")
}

/// One replay and how far it is.
pub fn replay(bu: BuId, replay: ReplayId) -> String {
    format!("/bu/{bu}/replays/{replay}")
}

/// POST stops a replay.
pub fn replay_cancel(bu: BuId, replay: ReplayId) -> String {
    format!("/bu/{bu}/replays/{replay}/cancel")
}

/// Event Logs of the business unit.
pub fn log(bu: BuId) -> String {
    format!("/bu/{bu}/logs")
}

/// The stream of what comes into Event Logs and changes there.
pub fn log_tail(bu: BuId) -> String {
    format!("/bu/{bu}/logs/tail")
}

/// One event, with deliveries and attempts.
pub fn event(bu: BuId, event: EventId) -> String {
    format!("/bu/{bu}/logs/{event}")
}

/// POST sends one delivery again.
pub fn resend(bu: BuId, event: EventId, delivery: DeliveryId) -> String {
    format!("/bu/{bu}/logs/{event}/deliveries/{delivery}/resend")
}
