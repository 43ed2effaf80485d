//! Rows of who may: partners, business units, grants, logins, teams, tokens, sessions.

pub mod grants;
pub mod links;
pub mod memberships;
pub mod partner_list;
pub mod partner_search;
pub mod partners;
pub mod people;
pub mod programmes;
pub mod recent_units;
pub mod second_factors;
pub mod sessions;
pub mod teams;
pub mod throttles;
pub mod token_uses;
pub mod tokens;
pub mod units;
pub mod users;
