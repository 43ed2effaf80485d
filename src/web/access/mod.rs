//! Pages of who may: signing in, set-up, partner search.

pub mod login;
pub mod partners;
pub mod setup;
