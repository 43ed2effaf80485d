//! Pages of who may: signing in, set-up, partner search.

pub mod home;
pub mod login;
pub mod logout;
pub mod partners;
pub mod setup;
