//! The second factor of a login: turning it on and off, its recovery codes, and the proof of it.

mod manage;
mod policy;
mod proof;

pub use manage::{
    Enabled, Proposal, State, TurnOffDraft, drop_of, enable, propose, propose_again, renew_codes, state,
    turn_off,
};
pub use policy::{has_one, is_required, require, require_of};

pub(super) use proof::{Left, examine, redeem};
