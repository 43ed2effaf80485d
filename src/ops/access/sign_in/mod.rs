//! Signing in and out, the session between, and the values that prove where a form came from.

mod attempt;
mod challenge;
mod confirm;
mod csrf;
mod device;
mod session;

pub use attempt::{LONGEST_WINDOW, SignInDraft, SignInError, sign_in};
pub use challenge::{Challenge, Passed, challenge, meet};
pub use confirm::{RECENT, Renewed, confirm, require_recent};
pub use csrf::{csrf_matches, csrf_token, pre_session, pre_session_matches, pre_session_token};
pub use session::{NewSession, is_live, session, sign_out};

pub(super) use attempt::Buckets;
pub(super) use confirm::{prove_password, renew};
pub(super) use session::begin;
