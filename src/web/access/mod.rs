//! Pages of who may: signing in, set-up, partner search, API tokens, users, teams, programmes.

pub mod account;
pub mod ask;
pub mod challenge;
pub mod confirm;
pub mod fresh_link;
pub mod home;
pub mod login;
pub mod logout;
pub mod naming;
pub mod operator;
pub mod partners;
pub mod programmes;
pub mod setup;
pub mod teams;
pub mod tokens;
pub mod users;
