//! Who may: partners, business units, logins, roles, tokens.

pub mod name;
pub mod partner;
pub mod password;
pub mod permission;
pub mod second_factor;
pub mod session;
pub mod token;
pub mod user;
