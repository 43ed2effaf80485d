//! What the last action did, told on the page that follows: one of a closed list, for a minute.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::domain::id::SessionId;
use crate::domain::words::words;
use crate::keys::{KeyRing, Purpose};
use crate::web::parts::Toast;

/// How long a browser keeps it, in seconds.
pub const SECONDS: i64 = 60;

words! {
    /// What was done.
    Flash {
        /// A webhook is active now.
        Resumed = "resumed",
        /// A webhook is inactive now.
        Paused = "paused",
        /// A webhook is gone.
        Deleted = "deleted",
        /// A webhook's name, description, status or scope changed.
        Changed = "changed",
        /// A webhook's triggers changed.
        TriggersChanged = "triggers_changed",
        /// A webhook has one more endpoint.
        EndpointAdded = "endpoint_added",
        /// How an endpoint is sent to changed.
        EndpointChanged = "endpoint_changed",
        /// A webhook has one endpoint less.
        EndpointRemoved = "endpoint_removed",
        /// An endpoint sends elsewhere, or with other credentials.
        Redirected = "redirected",
        /// An endpoint sends to another host, without the credentials that were sent to the one before.
        RedirectedBare = "redirected_bare",
        /// A secret was shown again.
        SecretRevealed = "secret_revealed",
        /// The hex signature is made with the newest secret.
        SecretSwitched = "secret_switched",
        /// Only the newest secret signs.
        OverlapEnded = "overlap_ended",
        /// A webhook was made.
        Created = "created",
        /// A webhook gets other events now.
        EventsChanged = "events_changed",
        /// A delivery is sent again.
        Resent = "resent",
        /// What was ticked in the matrix counts now.
        MatrixApplied = "matrix_applied",
        /// A replay has begun.
        ReplayStarted = "replay_started",
        /// A replay was stopped.
        ReplayCancelled = "replay_cancelled",
        /// An event type was added.
        TypeAdded = "type_added",
        /// An event type was changed.
        TypeChanged = "type_changed",
        /// An event type is gone.
        TypeRemoved = "type_removed",
        /// A webhook was made, and its secret shown.
        SecretShown = "secret_shown",
        /// A token was made, and its secret shown.
        TokenShown = "token_shown",
        /// A token is gone.
        TokenDeleted = "token_deleted",
        /// A token may do less now.
        TokenNarrowed = "token_narrowed",
        /// The password is another one.
        PasswordChanged = "password_changed",
        /// The second factor is on, and its codes were shown.
        FactorOn = "factor_on",
        /// The second factor is off.
        FactorOff = "factor_off",
        /// Recovery codes were made, and shown.
        CodesShown = "codes_shown",
        /// A session of the person's is over.
        SessionEnded = "session_ended",
        /// Every other session of the person's is over.
        SessionsEnded = "sessions_ended",
        /// Theme and shortcuts were chosen.
        LooksSaved = "looks_saved",
        /// A login was invited, and its link shown.
        LinkShown = "link_shown",
        /// A login has another name or role.
        UserChanged = "user_changed",
        /// A login cannot be used any more.
        UserDisabled = "user_disabled",
        /// A login can be used again.
        UserEnabled = "user_enabled",
        /// A login is signed out everywhere.
        UserSignedOut = "user_signed_out",
        /// A login has left the partner.
        UserRemoved = "user_removed",
        /// There is a new team.
        TeamCreated = "team_created",
        /// A team has another name.
        TeamRenamed = "team_renamed",
        /// A team is gone.
        TeamDeleted = "team_deleted",
        /// A team has one more member.
        MemberAdded = "member_added",
        /// A team has one member less.
        MemberRemoved = "member_removed",
        /// There is a new programme.
        ProgrammeCreated = "programme_created",
        /// A programme has another name.
        ProgrammeRenamed = "programme_renamed",
        /// A programme is gone.
        ProgrammeDeleted = "programme_deleted",
        /// A partner has another name.
        PartnerRenamed = "partner_renamed",
        /// A global partner may open more units.
        UnitsGranted = "units_granted",
        /// A global partner may open fewer units.
        UnitsWithdrawn = "units_withdrawn",
        /// API access is part of a plan.
        ApiAccessOn = "api_access_on",
        /// API access is not part of a plan.
        ApiAccessOff = "api_access_off",
        /// An owner was invited, and the link shown.
        OwnerLinkShown = "owner_link_shown",
        /// Every login of a partner needs a second factor.
        FactorRequired = "factor_required",
        /// A second factor is up to each login of a partner.
        FactorFree = "factor_free",
    }
}

impl Flash {
    /// The value of its cookie, good in this session only.
    pub fn seal(self, keys: &KeyRing, session: SessionId) -> String {
        let mac = keys.mac(Purpose::Csrf, self.message(session).as_bytes());
        format!("{self}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// Reads the value of the cookie; `None` when it was not made here for this session.
    pub fn open(value: &str, keys: &KeyRing, session: SessionId) -> Option<Self> {
        let (word, mac) = value.split_once('.')?;
        let (flash, mac) = (word.parse::<Self>().ok()?, URL_SAFE_NO_PAD.decode(mac).ok()?);
        let message = flash.message(session);
        let mut ours = keys.macs(Purpose::Csrf, message.as_bytes());
        ours.any(|own| bool::from(own.as_slice().ct_eq(&mac))).then_some(flash)
    }

    /// What is said.
    pub fn toast(self) -> Toast {
        let (title, text) = match self {
            Self::Resumed => ("Webhook active", "Matching events are delivered from now on."),
            Self::Paused => ("Webhook inactive", "Matching events are recorded as skipped."),
            Self::Deleted => ("Webhook deleted", "Nothing more is sent to it."),
            Self::Created => ("Webhook added", "Matching events are delivered from now on."),
            Self::EventsChanged => ("Changes applied", "The chosen events are sent from now on."),
            Self::SecretShown => ("The secret was shown once", "If it was not stored, rotate it."),
            Self::TokenShown => ("The secret was shown once", "If it was not stored, rotate the token."),
            Self::TokenDeleted => ("Token deleted", "Requests with it are answered 401 from now on."),
            Self::TokenNarrowed => ("Token narrowed", "It keeps the permissions it has used."),
            Self::PasswordChanged => ("Password changed", "Every other session has ended."),
            Self::FactorOn => {
                ("Second factor on", "Its recovery codes were shown once. Every other session has ended.")
            }
            Self::FactorOff => {
                ("Second factor off", "Your password alone signs you in. Every other session has ended.")
            }
            Self::CodesShown => {
                ("New recovery codes made", "They were shown once. The earlier ones are no longer taken.")
            }
            Self::SessionEnded => ("Session ended", "Whoever uses it has to sign in again."),
            Self::SessionsEnded => ("Other sessions ended", "You are signed in here only."),
            Self::LooksSaved => ("Saved for this browser", ""),
            Self::MatrixApplied => ("Changes applied", "They count from the next event on."),
            Self::ReplayStarted => ("Replay started", "It goes on by itself, also when you leave this page."),
            Self::ReplayCancelled => ("Replay stopped", "What was sent on its way already is delivered."),
            Self::TypeAdded => ("Event type added", "It can be chosen everywhere from now on."),
            Self::TypeChanged => ("Event type changed", "The change counts from the next event on."),
            Self::TypeRemoved => ("Event type deleted", "Events of it are refused from now on."),
            Self::Changed => ("Webhook changed", "The change counts from now on."),
            Self::TriggersChanged => ("Triggers changed", "The next event goes by them."),
            Self::EndpointAdded => ("Endpoint added", "It gets every event of this webhook from now on."),
            Self::EndpointChanged => ("Endpoint changed", "The next attempt goes by it."),
            Self::EndpointRemoved => ("Endpoint removed", "Nothing more is sent to it."),
            Self::Redirected => ("Destination changed", "The next attempt goes there."),
            Self::RedirectedBare => (
                "Destination changed",
                "The host is another one, so credentials that were not typed again were dropped.",
            ),
            Self::SecretRevealed => ("The secret was shown", "This stands in the audit log."),
            Self::SecretSwitched => {
                ("Switched to the new secret", "X-Webhook-Signature is made with it from now on.")
            }
            Self::OverlapEnded => ("The overlap has ended", "Only the newest secret signs from now on."),
            Self::LinkShown => {
                ("The link was shown once", "If it was not sent, make another in the menu beside the user.")
            }
            Self::UserChanged => ("User changed", "Another role counts from the next request on."),
            Self::UserDisabled => ("User switched off", "They are signed out everywhere."),
            Self::UserEnabled => ("User switched on", "They can sign in again."),
            Self::UserSignedOut => ("Signed out everywhere", "They can sign in again at once."),
            Self::UserRemoved => ("User removed", "What they did stays in the logs."),
            Self::PartnerRenamed => ("Partner renamed", ""),
            Self::UnitsGranted => ("Granted", "The partner may open them from its next request on."),
            Self::UnitsWithdrawn => ("Withdrawn", "The partner may not open them from its next request on."),
            Self::ApiAccessOn => ("API access given", "Webhooks that stopped for the plan go on."),
            Self::ApiAccessOff => ("API access taken", "Its webhooks have stopped; nothing was deleted."),
            Self::OwnerLinkShown => {
                ("The link was shown once", "If it was not sent, make another beside the owner.")
            }
            Self::FactorRequired => {
                ("Second factor required", "Whoever has none sets it up before anything else.")
            }
            Self::FactorFree => ("Second factor up to each", "Those that are set up stay on."),
            Self::TeamCreated => ("Team created", "Now add its members."),
            Self::TeamRenamed => ("Team renamed", ""),
            Self::TeamDeleted => ("Team deleted", "Its members stay what they are."),
            Self::MemberAdded => ("Member added", "It counts from the next event on."),
            Self::MemberRemoved => ("Member taken out", "It counts from the next event on."),
            Self::ProgrammeCreated => ("Programme created", ""),
            Self::ProgrammeRenamed => ("Programme renamed", ""),
            Self::ProgrammeDeleted => ("Programme deleted", ""),
            Self::Resent => ("Sent again", "The new delivery stands below the others."),
        };
        Toast { bad: false, title: title.to_owned(), text: text.to_owned() }
    }

    fn message(self, session: SessionId) -> String {
        format!("flash|{session}|{self}")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_what_was_made_here_for_this_session_is_told() {
        let (keys, session) = (KeyRing::fresh(), SessionId::from_uuid(Uuid::from_u128(1)));
        let sealed = Flash::Paused.seal(&keys, session);
        assert_eq!(Flash::open(&sealed, &keys, session), Some(Flash::Paused));
        assert_eq!(Flash::open(&sealed, &keys, SessionId::from_uuid(Uuid::from_u128(2))), None);
        for bad in ["", "paused", "paused.", &sealed.replace("paused", "deleted"), "evil.x"] {
            assert_eq!(Flash::open(bad, &keys, session), None, "{bad}");
        }
    }
}
