//! Who may: partners, logins, signing in, set-up, tokens.

pub mod account;
pub mod bearer;
pub mod operators;
pub mod partner_desk;
pub mod partner_search;
pub mod partners;
pub mod password;
pub mod plan;
pub mod programmes;
mod recovery;
pub mod second_factor;
pub mod setup;
pub mod sign_in;
pub mod teams;
pub mod tokens;
pub mod users;
