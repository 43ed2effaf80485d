//! Pages of who may: signing in, set-up, partner search, API tokens.

pub mod account;
pub mod challenge;
pub mod confirm;
pub mod home;
pub mod login;
pub mod logout;
pub mod partners;
pub mod setup;
pub mod tokens;
